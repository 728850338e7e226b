public import Domain
public import EventSchema
import Synchronization

/// What this process has seen of the log, and who wants to hear of it.
public final class LogTail: Sendable {
    /// Called with every event that is no flight's and no report's, in order, soon after its commit; must not block.
    public typealias Observer = @Sendable (EventEnvelope, DomainEvent) -> Void
    /// Called with every event, undecoded.
    public typealias EnvelopeObserver = @Sendable (EventEnvelope) -> Void

    private struct State {
        var position: Int64 = 0
        var caughtUpAt: ContinuousClock.Instant?
        /// Position of the last flight's or report's event in each partition.
        var lasts = [Int64](repeating: 0, count: Partitions.count)
        var parked = 0
        var observers: [Observer] = []
        var envelopeObservers: [EnvelopeObserver] = []
    }
    private let state = Mutex(State())

    public init() {}

    /// To be called before the log is followed.
    public func observe(_ observer: @escaping Observer) { state.withLock { $0.observers.append(observer) } }
    /// To be called before the log is followed.
    public func observeEnvelopes(_ observer: @escaping EnvelopeObserver) {
        state.withLock { $0.envelopeObservers.append(observer) }
    }

    func see(_ page: LogPage) {
        let (observers, envelopeObservers) = state.withLock { ($0.observers, $0.envelopeObservers) }
        for envelope in page.events {
            for observer in envelopeObservers { observer(envelope) }
            switch envelope.stream.category {
            case .flight, .pirep: continue
            case .tenant, .user, .apikey, .aircraft, .schedule, .booking: break
            }
            // What a newer release wrote is no business of a cache here; projections stop at it.
            guard let event = try? EventCodec.decode(envelope.event) else { continue }
            for observer in observers { observer(envelope, event) }
        }
        state.withLock { state in
            state.position = max(state.position, page.position)
            for envelope in page.events
            where envelope.stream.category == .flight || envelope.stream.category == .pirep {
                state.lasts[Partitions.partition(of: envelope.stream)] = envelope.position
            }
        }
    }

    func caughtUp() { state.withLock { $0.caughtUpAt = .now } }

    /// Global position up to which this process has seen the log.
    public var position: Int64 { state.withLock { $0.position } }

    /// Whether this process saw the end of the log within the last five seconds: older knowledge must not vouch for a
    /// credential (decisions A7).
    public var isFresh: Bool {
        state.withLock { state in state.caughtUpAt.map { ContinuousClock.now - $0 < .seconds(5) } ?? false }
    }

    /// Flights that the projection here left aside.
    public internal(set) var parked: Int {
        get { state.withLock { $0.parked } }
        set { state.withLock { $0.parked = newValue } }
    }

    /// Position up to which a projection with this progress holds everything that this process has seen: a partition in
    /// which nothing happened is not behind.
    func reached(_ progress: ProjectionProgress) -> Int64 {
        state.withLock { state in
            progress.positions.enumerated().map { partition, position in
                position >= state.lasts[partition] ? max(position, state.position) : position
            }.min() ?? 0
        }
    }
}
