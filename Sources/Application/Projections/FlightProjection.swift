public import Domain
import EventSchema

#if canImport(FoundationEssentials)
import FoundationEssentials
#else
import Foundation
#endif

/// The read model `flights`: one ``FlightView`` a flight, an index by time, and one of reports that wait for staff.
///
/// A batch of events is applied to views in memory; documents and checkpoint are committed together, each changed flight
/// once, so a flight at 1 Hz does not cost a write a second. Every view knows the versions it holds, so a repeated event
/// changes nothing and a missing one is seen: the view is then made anew from the flight's own streams, and where that
/// fails the flight is parked (decisions A9) while the others go on.
struct FlightProjection {
    static let name = "flights"
    /// Key: flight id. UUIDv7 ids sort by the time they were made.
    static let flightKind = "flight"
    static let reviewKind = "review"
    static let openKind = "open"
    /// Key `user/flight`.
    static let userKind = "user"
    /// Key: flight id; the value is a ``ParkedStream``.
    static let parkedKind = "parked"
    private static let positions = "flight.positions-recorded"

    enum Mode {
        /// Keeps the read model.
        case writes
        /// Fills a generation that nobody reads yet.
        case rebuilds
        /// Follows without writing, for a live board.
        case follows
    }
    private struct Key: Hashable {
        let tenant: TenantID
        let id: FlightID
    }
    private enum Step {
        case known, next, gap
    }

    private let models: any ReadModelStore
    private let store: any EventReader
    private let mode: Mode
    let generation: Int
    let partitions: Range<Int>
    /// Everything of these partitions up to here is in it.
    private(set) var position: Int64
    /// Where the last commit stood.
    private var committed: Int64
    /// What the read model already held of each partition at the start.
    private let floors: [Int64]
    private let highestFloor: Int64
    private var views: [Key: FlightView] = [:]
    /// As stored, of the views that changed since the last commit.
    private var before: [Key: FlightView?] = [:]
    private var parked: Set<Key> = []
    /// Parking to be written (a value) or taken back (nil) with the next commit.
    private var parkings: [Key: ParkedStream?] = [:]
    /// More than positions changed since the last commit.
    private(set) var isUrgent = false

    /// - Parameter progress: As the store gives it; for a rebuild the generation to fill, at position 0.
    init(
        models: any ReadModelStore, store: any EventReader, progress: ProjectionProgress,
        partitions: Range<Int> = Partitions.all, mode: Mode
    ) {
        self.models = models
        self.store = store
        self.mode = mode
        self.partitions = partitions
        generation = progress.generation
        floors = progress.positions
        let own = partitions.map { progress.positions[$0] }
        position = own.min() ?? 0
        committed = position
        highestFloor = own.max() ?? 0
    }

    /// Begins before what the read model holds: what is known already is recognised by its version.
    mutating func start(at position: Int64) { self.position = position }

    /// Learns which flights are parked.
    mutating func loadParked(of tenants: [TenantID]) async throws(EventStoreError) {
        for tenant in tenants {
            for document in try await models.documents(tenant, Self.name, kind: Self.parkedKind, DocumentRange()) {
                if let id = FlightID(document.key) { parked.insert(Key(tenant: tenant, id: id)) }
            }
        }
    }

    var isDirty: Bool { !before.isEmpty || !parkings.isEmpty }
    var dirtyCount: Int { before.count }
    /// Much was read since the last commit that no flight is in: without one, a start would read it again.
    var isLagging: Bool { position - committed > 20_000 }
    /// A checkpoint below what a partition has reached already would be refused.
    var isCommittable: Bool { position >= highestFloor }
    var parkedCount: Int { parked.count }

    private func stored(_ key: Key) async throws(EventStoreError) -> FlightView? {
        guard mode != .rebuilds,
            let bytes = try await models.document(key.tenant, Self.name, kind: Self.flightKind, key: "\(key.id)")
        else { return nil }
        return DocumentCoding.decode(FlightView.self, bytes)
    }

    /// Applies events in order.
    /// - Parameter through: Everything up to here was seen, events of other partitions included.
    /// - Returns: What changed, each flight once.
    /// - Throws: ``EventStoreError``, and ``EventSchemaError`` for an event of a release that this one does not know: it
    ///   must not be skipped (decisions G3).
    mutating func apply(_ events: [EventEnvelope], through: Int64) async throws -> [LiveChange] {
        var changed: [Key: (sequence: Int64, types: [String])] = [:]
        for envelope in events where envelope.position > position || mode == .follows {
            switch envelope.stream.category {
            case .flight, .pirep: break
            case .tenant, .user, .apikey, .aircraft, .schedule, .booking: continue
            }
            let partition = Partitions.partition(of: envelope.stream)
            guard partitions.contains(partition), mode == .follows || envelope.position > floors[partition] else {
                continue
            }
            let key = Key(tenant: envelope.stream.tenant, id: FlightID(envelope.stream.id))
            guard try await take(envelope, key) else { continue }
            if envelope.event.type != Self.positions { isUrgent = true }
            KillPoint.reach(.midProjection)
            var entry = changed[key] ?? (0, [])
            entry.sequence = envelope.position
            if !entry.types.contains(envelope.event.type) { entry.types.append(envelope.event.type) }
            changed[key] = entry
        }
        position = max(position, through)
        return changed.compactMap { key, entry in
            views[key].map {
                LiveChange(tenant: key.tenant, sequence: entry.sequence, flight: $0, events: entry.types)
            }
        }.sorted { $0.sequence < $1.sequence }
    }

    /// - Returns: Whether the flight's view changed.
    private mutating func take(_ envelope: EventEnvelope, _ key: Key) async throws -> Bool {
        if parked.contains(key) {
            // Taken up again by `rebuild --stream`, or still to be left alone.
            guard
                try await models.document(key.tenant, Self.name, kind: Self.parkedKind, key: "\(key.id)") == nil,
                parkings[key] == nil
            else { return false }
            parked.remove(key)
            views[key] = nil
        }
        var view = views[key]
        if view == nil { view = try await stored(key) }
        let old = view
        var pause = 20
        // A follower leaves it to the one that writes to try harder.
        let tries = mode == .follows ? 1 : 5
        for attempt in 1...tries {
            do {
                switch Self.step(envelope, after: view) {
                case .known:
                    if views[key] == nil, let view { views[key] = view }
                    return false
                case .next: view = try Self.applying(envelope, to: view)
                case .gap: view = try await Self.replay(store, key.tenant, key.id)
                }
                break
            } catch let error as EventSchemaError where error.code == .unknownType || error.code == .unknownSchema {
                throw error
            } catch let error where Self.isOfTheStream(error) {
                guard attempt == tries else {
                    try await Task.sleep(for: .milliseconds(pause))
                    pause *= 2
                    view = old
                    continue
                }
                parked.insert(key)
                views[key] = nil
                if mode != .follows {
                    parkings[key] = ParkedStream(
                        category: envelope.stream.category, version: envelope.version, position: envelope.position,
                        error: "\(error)")
                }
                return false
            }
        }
        guard let view else { return false }
        if before[key] == nil { before[key] = .some(old) }
        views[key] = view
        return true
    }

    /// Whether an error lies in the stream itself; the store being away does not.
    private static func isOfTheStream(_ error: any Error) -> Bool {
        if error is EventSchemaError || error is MissingEvents { return true }
        if case .corrupted? = error as? EventStoreError { return true }
        return false
    }

    private static func step(_ envelope: EventEnvelope, after view: FlightView?) -> Step {
        let isFlight = envelope.stream.category == .flight
        guard let view else { return isFlight && envelope.version == 1 ? .next : .gap }
        let version = isFlight ? view.flightVersion : view.reportVersion
        return envelope.version <= version ? .known : envelope.version == version + 1 ? .next : .gap
    }

    private static func applying(_ envelope: EventEnvelope, to view: FlightView?) throws -> FlightView? {
        var view = view
        switch try EventCodec.decode(envelope.event) {
        case .flight(.opened(let opening)) where view == nil: view = FlightView(opening)
        case .flight(let event): view?.apply(event)
        case .pirep(let event): view?.apply(event)
        case .tenant, .user, .apiKey, .aircraft, .schedule, .booking: return view
        }
        if envelope.stream.category == .flight {
            view?.flightVersion = envelope.version
        } else {
            view?.reportVersion = envelope.version
        }
        return view
    }

    /// A flight's view from its own streams as they are now; nil when there is no such flight.
    /// - Throws: ``MissingEvents`` when versions are missing, else as reading and decoding do.
    static func replay(
        _ store: any EventReader, _ tenant: TenantID, _ id: FlightID
    ) async throws -> FlightView? {
        var events: [EventEnvelope] = []
        for category in [StreamCategory.flight, .pirep] {
            var version: Int64 = 0
            while true {
                let page = try await store.readStream(
                    StreamName(tenant, category, id.uuid), after: version, limit: 1000)
                for envelope in page {
                    guard envelope.version == version + 1 else { throw MissingEvents(stream: envelope.stream) }
                    version = envelope.version
                }
                events += page
                if page.count < 1000 { break }
            }
        }
        events.sort { $0.position < $1.position }
        var view: FlightView?
        for envelope in events { view = try applying(envelope, to: view) }
        return view
    }

    /// Writes what changed and the checkpoint, in one transaction.
    mutating func flush() async throws(EventStoreError) {
        var writes: [(TenantID, DocumentWrite)] = []
        for (key, old) in before {
            guard let view = views[key] else { continue }
            writes += Self.writes(key.tenant, old: old, new: view)
        }
        for (key, parking) in parkings {
            let id = "\(key.id)"
            writes.append(
                (
                    key.tenant,
                    parking.map { .put(kind: Self.parkedKind, key: id, value: DocumentCoding.encode($0)) }
                        ?? .delete(kind: Self.parkedKind, key: id)
                ))
        }
        try await models.commit(
            Self.name, generation: generation, partitions: partitions, writes: writes, checkpoint: position)
        committed = position
        forget()
    }

    /// Lets go of what is not needed to go on: at the end of a commit, or when nothing is written at all.
    mutating func forget() {
        before = [:]
        parkings = [:]
        isUrgent = false
        guard views.count > 50_000 else { return }
        // A rebuild cannot read back what it wrote: a flight it let go of is made anew from its streams when one more event
        // comes, which after its end is rare.
        views = mode == .rebuilds ? views.filter { $0.value.isLive } : [:]
    }

    /// What a changed view means for documents and indexes.
    static func writes(_ tenant: TenantID, old: FlightView?, new view: FlightView) -> [(TenantID, DocumentWrite)] {
        let key = "\(view.id)"
        var writes: [(TenantID, DocumentWrite)] = [
            (tenant, .put(kind: flightKind, key: key, value: DocumentCoding.encode(view)))
        ]
        func index(_ kind: String, was: Bool?, `is`: Bool) {
            if was == `is` { return }
            writes.append((tenant, `is` ? .put(kind: kind, key: key, value: []) : .delete(kind: kind, key: key)))
        }
        if old == nil { writes.append((tenant, .put(kind: userKind, key: "\(view.user)/\(key)", value: []))) }
        index(openKind, was: old?.isLive, is: view.isLive)
        index(reviewKind, was: old.map { $0.report == .inReview } ?? false, is: view.report == .inReview)
        return writes
    }
}

/// A stream that a projection left aside: decisions A9.
public struct ParkedStream: Codable, Hashable, Sendable {
    public let category: StreamCategory
    public let version: Int64
    public let position: Int64
    public let error: String
}

/// A stream lacks events.
struct MissingEvents: Error, CustomStringConvertible {
    let stream: StreamName
    var description: String { "events are missing from stream \(stream)" }
}
