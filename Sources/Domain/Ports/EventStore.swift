import Synchronization

#if canImport(FoundationEssentials)
public import FoundationEssentials
#else
public import Foundation
#endif

/// What became of an append, for those that were decided on top of it before it was answered.
public final class AppendFate: Sendable {
    private let failed = Atomic(false)
    public init() {}

    /// Whether nothing of the append was stored, or nobody knows.
    public var hasFailed: Bool { failed.load(ordering: .acquiring) }

    /// Said by the store as soon as it refuses the append, and before its completion runs.
    public func fail() { failed.store(true, ordering: .releasing) }
}

/// What one stream gets in an append. With no events it only demands the expected version, in the same transaction.
public struct StreamWrite: Sendable {
    public let stream: StreamName
    public let expected: ExpectedVersion
    public let events: [EncodedEvent]
    /// The append that is to write the expected version. When that one failed, an equal version is another writer's, and
    /// the write is refused all the same.
    public let after: AppendFate?

    public init(
        stream: StreamName, expected: ExpectedVersion, events: [EncodedEvent], after: AppendFate? = nil
    ) {
        self.stream = stream
        self.expected = expected
        self.events = events
        self.after = after
    }
}

/// A set rule across aggregates: inside a tenant a (scope, key) has at most one owner.
public struct Reservation: Hashable, Sendable {
    /// The closed set of scopes.
    public enum Scope: String, Sendable, CaseIterable {
        case email
        case pilotCode = "pilot-code"
        case slug, host, registration
        case scheduleCode = "schedule-code"
        case bidSlot = "bid-slot"
        case openFlight = "open-flight"
        case filing
    }
    public let scope: Scope
    public let key: String

    public init(_ scope: Scope, _ key: String) {
        self.scope = scope
        self.key = key
    }
}

/// A (kind, key) document kept in the append transaction (`put`) or taken away (`delete`): what decisions and tracker
/// replies read, so that a reader sees its own writes at once.
public enum DocumentWrite: Hashable, Sendable {
    case put(kind: String, key: String, value: [UInt8])
    case delete(kind: String, key: String)
}

/// One atomic append of one tenant: all or nothing.
public struct AppendRequest: Sendable {
    public let tenant: TenantID
    public var writes: [StreamWrite]
    /// Taken for the owner; refused with ``EventStoreError/reservationTaken(_:owner:)`` when another owner holds it.
    public var reserve: [(Reservation, owner: UUID)]
    /// Given back, before `reserve` takes: naming one in both hands it over. One that is not held is ignored.
    public var release: [Reservation]
    public var lookups: [DocumentWrite]
    public var correlation: UUID
    public var causation: UUID?
    /// For appends that are decided on top of this one.
    public let fate = AppendFate()

    public init(
        tenant: TenantID, writes: [StreamWrite], reserve: [(Reservation, owner: UUID)] = [],
        release: [Reservation] = [], lookups: [DocumentWrite] = [], correlation: UUID, causation: UUID? = nil
    ) {
        self.tenant = tenant
        self.writes = writes
        self.reserve = reserve
        self.release = release
        self.lookups = lookups
        self.correlation = correlation
        self.causation = causation
    }
}

/// Why an append or a read did not happen. Nothing of a failed append is stored.
public enum EventStoreError: Error, Hashable, Sendable {
    /// Somebody else wrote first: reload and decide again.
    case wrongExpectedVersion(stream: StreamName, actual: Int64)
    case reservationTaken(Reservation, owner: UUID)
    /// The store cannot be written or read now; the caller may try again later.
    case unavailable(String)
    /// A stored row does not match its checksum.
    case corrupted(position: Int64)
}

/// Appends events. Requests are committed in the order of submission; many share one transaction (group commit).
public protocol EventAppender: Sendable {
    /// Queues an append; `completion` runs once, after the transaction is on stable storage or has failed. It must not block.
    /// The value is the global position of the last event written, or of the log's head when there was none.
    func submit(
        _ request: AppendRequest, completion: @escaping @Sendable (Result<Int64, EventStoreError>) -> Void
    )
}

extension EventAppender {
    /// ``submit(_:completion:)`` for callers that wait.
    public func append(_ request: AppendRequest) async throws(EventStoreError) -> Int64 {
        let result = await withCheckedContinuation { continuation in
            submit(request) { continuation.resume(returning: $0) }
        }
        return try result.get()
    }
}

/// Reads events.
public protocol EventReader: Sendable {
    /// Events of one stream with a version above `version`, ascending.
    func readStream(
        _ stream: StreamName, after version: Int64, limit: Int
    ) async throws(EventStoreError) -> [EventEnvelope]
    /// Events of every tenant with a global position above `position`, ascending; a page that is not full is the end.
    /// A corrupted event fails the whole page: read up to it with a smaller `limit`, then on after it.
    func readAll(after position: Int64, limit: Int) async throws(EventStoreError) -> [EventEnvelope]
    /// Global position of the last event, 0 in an empty log.
    func head() async throws(EventStoreError) -> Int64
    /// Yields after something was (or may have been) committed by this or another process; only a hint.
    func commits() -> AsyncStream<Void>
}

/// An event store is both.
public typealias EventStore = EventAppender & EventReader
