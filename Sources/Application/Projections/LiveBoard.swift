public import Domain
import Synchronization

#if canImport(FoundationEssentials)
import FoundationEssentials
#else
import Foundation
#endif

/// What changed for the live map and for those who watch one flight.
public struct LiveChange: Sendable {
    public let tenant: TenantID
    /// Global position of the last event in it.
    public let sequence: Int64
    public let flight: FlightView
    /// `flight.positions-recorded`, `pirep.filed` …
    public let events: [String]
}

/// Live state in memory: the newest view of every flight under way (and of those that just landed), a short ring of
/// changes for resuming, and subscribers with a bounded buffer each.
public final class LiveBoard: Sendable {
    private struct TenantBoard {
        var flights: [FlightID: FlightView] = [:]
        /// Changes of the last minute, ascending by sequence.
        var ring: [(at: Timestamp, sequence: Int64, flight: FlightID)] = []
        /// Up to here the ring holds every change after.
        var ringStart: Int64 = 0
        var subscribers: [UInt64: AsyncStream<LiveChange>.Continuation] = [:]

        /// In place: a copy of the board would cost every flight on it for each change of one.
        /// - Returns: Who is to hear of it.
        mutating func take(
            _ change: LiveChange, isShown: Bool, at now: Timestamp
        ) -> [AsyncStream<LiveChange>.Continuation] {
            flights[change.flight.id] = isShown ? change.flight : nil
            ring.append((now, change.sequence, change.flight.id))
            // In strides: taking one off the front moves all the others.
            let span = LiveBoard.ringSpan
            if ring.count > LiveBoard.ringCapacity * 5 / 4
                || ring.first.map({ now - $0.at > span + .seconds(15) }) == true
            {
                let surplus = max(0, ring.count - LiveBoard.ringCapacity)
                let dropped = max(surplus, ring.prefix { now - $0.at > span }.count)
                if dropped > 0 {
                    ringStart = ring[dropped - 1].sequence
                    ring.removeFirst(dropped)
                }
            }
            return Array(subscribers.values)
        }
    }
    private struct State {
        var tenants: [TenantID: TenantBoard] = [:]
        var sequence: Int64 = 0
        var nextSubscriber: UInt64 = 0
        var isReady = false
    }
    private let state = Mutex(State())
    private let now: @Sendable () -> Timestamp

    /// A landed flight stays on the map this long.
    static let landedSpan = Milliseconds.minutes(20)
    /// Silence after which a flight leaves the map: decisions B5.
    static let silentSpan = Milliseconds.minutes(60)
    static let ringSpan = Milliseconds.seconds(60)
    static let ringCapacity = 20_000

    public init(now: @escaping @Sendable () -> Timestamp) { self.now = now }

    /// Whether a flight is on the map at a time.
    static func isShown(_ view: FlightView, at now: Timestamp) -> Bool {
        guard let latest = view.latest else { return false }
        switch view.flight {
        case .open: return now - latest.seenAt < silentSpan
        case .filed: return view.endedAt.map { now - $0 < landedSpan } ?? false
        case .none, .cancelled, .abandoned: return false
        }
    }

    func publish(_ changes: [LiveChange], upTo sequence: Int64) {
        let now = now()
        let deliveries: [(AsyncStream<LiveChange>.Continuation, LiveChange)] = state.withLock { state in
            state.sequence = max(state.sequence, sequence)
            var deliveries: [(AsyncStream<LiveChange>.Continuation, LiveChange)] = []
            for change in changes {
                let isShown = Self.isShown(change.flight, at: now)
                let subscribers = state.tenants[
                    change.tenant, default: TenantBoard(ringStart: state.isReady ? 0 : sequence)
                ].take(change, isShown: isShown, at: now)
                for subscriber in subscribers { deliveries.append((subscriber, change)) }
            }
            return deliveries
        }
        for (continuation, change) in deliveries { continuation.yield(change) }
    }

    /// Fills the board at start, before the first change.
    func fill(_ flights: [(TenantID, FlightView)], sequence: Int64) {
        let now = now()
        state.withLock { state in
            state.sequence = sequence
            for (tenant, view) in flights where Self.isShown(view, at: now) {
                state.tenants[tenant, default: TenantBoard(ringStart: sequence)].flights[view.id] = view
            }
            for tenant in state.tenants.keys { state.tenants[tenant]?.ringStart = sequence }
        }
    }

    /// Called once the log was read to its end: what was committed after the last checkpoint is on the board too.
    func markReady() { state.withLock { $0.isReady = true } }

    /// Whether the board holds what the store held at start.
    public var isReady: Bool { state.withLock { $0.isReady } }
    /// Global position up to which the board has seen events.
    public var sequence: Int64 { state.withLock { $0.sequence } }

    /// Takes a pilot's flights off the map and out of memory.
    public func forget(_ tenant: TenantID, _ user: UserID) {
        state.withLock { state in
            let flights = state.tenants[tenant]?.flights.values.filter { $0.user == user }.map(\.id) ?? []
            for id in flights { state.tenants[tenant]?.flights[id] = nil }
        }
    }

    /// The flights on a tenant's map now.
    public func snapshot(_ tenant: TenantID) -> (sequence: Int64, flights: [FlightView]) {
        let now = now()
        return state.withLock { state in
            let flights = state.tenants[tenant]?.flights.values.filter { Self.isShown($0, at: now) } ?? []
            return (state.sequence, flights.sorted { $0.id.uuid < $1.id.uuid })
        }
    }

    /// A flight that is on a tenant's map now.
    public func flight(_ tenant: TenantID, _ id: FlightID) -> FlightView? {
        let now = now()
        return state.withLock { state in
            state.tenants[tenant]?.flights[id].flatMap { Self.isShown($0, at: now) ? $0 : nil }
        }
    }

    /// What changed after a sequence number.
    /// - Returns: `nil` when that is not known any more (or never was): the caller takes a snapshot.
    public func changes(
        _ tenant: TenantID, after sequence: Int64
    ) -> (sequence: Int64, upsert: [FlightView], remove: [FlightID])? {
        let now = now()
        return state.withLock { state in
            guard sequence <= state.sequence, sequence > 0 else { return nil }
            guard let board = state.tenants[tenant] else { return nil }
            guard sequence >= board.ringStart else { return nil }
            var changed: Set<FlightID> = []
            for entry in board.ring.reversed() {
                if entry.sequence <= sequence { break }
                changed.insert(entry.flight)
            }
            var upsert: [FlightView] = []
            var remove: [FlightID] = []
            for id in changed.sorted(by: { $0.uuid < $1.uuid }) {
                if let view = board.flights[id], Self.isShown(view, at: now) {
                    upsert.append(view)
                } else {
                    remove.append(id)
                }
            }
            return (state.sequence, upsert, remove)
        }
    }

    /// Every change of a tenant from now on. The buffer keeps the newest `capacity` changes; a reader that finds it has
    /// lost some takes a fresh snapshot.
    public func subscribe(_ tenant: TenantID, capacity: Int) -> AsyncStream<LiveChange> {
        let (stream, continuation) = AsyncStream.makeStream(
            of: LiveChange.self, bufferingPolicy: .bufferingNewest(capacity))
        let id = state.withLock { state in
            state.nextSubscriber += 1
            state.tenants[tenant, default: TenantBoard(ringStart: state.sequence)].subscribers[state.nextSubscriber] =
                continuation
            return state.nextSubscriber
        }
        continuation.onTermination = { [weak self] _ in
            self?.state.withLock { state in _ = state.tenants[tenant]?.subscribers.removeValue(forKey: id) }
        }
        return stream
    }
}
