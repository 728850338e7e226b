public import Domain

#if canImport(FoundationEssentials)
import FoundationEssentials
#else
import Foundation
#endif

/// A kind of store to hold against the contract.
public struct StoreSubject: Sendable, CustomStringConvertible {
    public let description: String
    /// Frames that the stores it opens keep for each tenant.
    public let quarantineLimit: Int
    public let sampleLimit: Int
    let open: @Sendable (_ place: String, _ clock: ManualClock) async throws -> any CompleteStore
    let close: @Sendable (any CompleteStore) async throws -> Void
    let elapse: @Sendable (_ clock: ManualClock, _ span: Milliseconds) async throws -> Void

    /// - Parameters:
    ///   - open: The store of a place: a new name is an empty store, a name used before is the one closed there.
    ///   - quarantineLimit: What `open` asks for; small, so that a check can pass it.
    ///   - sampleLimit: The same for samples; well below the other.
    ///   - elapse: Lets time pass on the clock that the store's leases run on: the given one unless said otherwise.
    public init(
        _ description: String, quarantineLimit: Int, sampleLimit: Int,
        open: @escaping @Sendable (_ place: String, _ clock: ManualClock) async throws -> any CompleteStore,
        close: @escaping @Sendable (any CompleteStore) async throws -> Void,
        elapse: @escaping @Sendable (_ clock: ManualClock, _ span: Milliseconds) async throws -> Void = {
            $0.advance(by: $1)
        }
    ) {
        self.description = description
        self.quarantineLimit = quarantineLimit
        self.sampleLimit = sampleLimit
        self.open = open
        self.close = close
        self.elapse = elapse
    }
}

/// A promise that was not kept.
public struct ContractViolation: Error, CustomStringConvertible {
    public let what: String
    public let line: Int
    public var description: String { "\(what) (contract, line \(line))" }
}

/// One promise of the ports, as a function that throws when it is not kept. Pass ``StoreContract/all`` and the subjects as
/// `arguments:` of one test.
public struct StoreCheck: Sendable, CustomStringConvertible {
    public let description: String
    let body: @Sendable (ContractRun) async throws -> Void

    init(_ description: String, _ body: @escaping @Sendable (ContractRun) async throws -> Void) {
        self.description = description
        self.body = body
    }

    public func run(on subject: StoreSubject) async throws {
        let clock = ManualClock()
        let place = UUID().uuidString
        let store = try await subject.open(place, clock)
        let run = ContractRun(subject: subject, place: place, clock: clock, store: store)
        try await body(run)
        try await subject.close(store)
    }
}

/// The contract of the ports, one check a promise.
public enum StoreContract {
    public static let all: [StoreCheck] = events + concurrency + lookups + models + sessions + quarantine + leases
}

/// A store under one check, and short ways to ask it.
struct ContractRun: Sendable {
    let subject: StoreSubject
    let place: String
    let clock: ManualClock
    let store: any CompleteStore
    let tenant = TenantID.make(at: Timestamp(milliseconds: 1_767_323_045_000))
    let other = TenantID.make(at: Timestamp(milliseconds: 1_767_323_045_001))

    /// Closes the store and opens it again, for the time of `body`.
    func reopened(_ body: (any CompleteStore) async throws -> Void) async throws {
        try await subject.close(store)
        let again = try await subject.open(place, clock)
        try await body(again)
        try await subject.close(again)
    }

    /// Commits to every partition of a projection.
    func project(
        _ projection: String, generation: Int = 1, _ writes: [(TenantID, DocumentWrite)], checkpoint: Int64
    ) async throws(EventStoreError) {
        try await store.commit(
            projection, generation: generation, partitions: Partitions.all, writes: writes, checkpoint: checkpoint)
    }

    func id() -> UUID { .version7(at: clock.now) }
    func stream(_ category: StreamCategory = .flight, of tenant: TenantID? = nil) -> StreamName {
        StreamName(tenant ?? self.tenant, category, id())
    }
    func event(_ text: String, type: String = "flight.positions-recorded") -> EncodedEvent {
        EncodedEvent(type: type, schema: 1, payload: Array(text.utf8))
    }
    func request(
        _ writes: [StreamWrite], of tenant: TenantID? = nil, reserve: [(Reservation, owner: UUID)] = [],
        release: [Reservation] = [], lookups: [DocumentWrite] = []
    ) -> AppendRequest {
        AppendRequest(
            tenant: tenant ?? self.tenant, writes: writes, reserve: reserve, release: release, lookups: lookups,
            correlation: id())
    }
    @discardableResult
    func append(
        _ stream: StreamName, _ expected: ExpectedVersion, _ texts: String...
    ) async throws(EventStoreError) -> Int64 {
        try await store.append(
            request(
                [StreamWrite(stream: stream, expected: expected, events: texts.map { event($0) })], of: stream.tenant))
    }
    func texts(_ stream: StreamName) async throws -> [String] {
        try await store.readStream(stream, after: 0, limit: 100_000).map {
            String(decoding: $0.event.payload, as: UTF8.self)
        }
    }
    func log() async throws -> [EventEnvelope] { try await store.readAll(after: 0, limit: 1_000_000) }
}

func require(_ holds: Bool, _ what: @autoclosure () -> String, line: Int = #line) throws {
    if !holds { throw ContractViolation(what: what(), line: line) }
}

func requireEqual<T: Equatable>(_ found: T, _ wanted: T, _ what: @autoclosure () -> String, line: Int = #line) throws {
    if found != wanted { throw ContractViolation(what: "\(what()): \(found) instead of \(wanted)", line: line) }
}

/// The call must fail with this error.
func requireFailure<T>(
    _ wanted: EventStoreError, _ what: String, line: Int = #line, _ body: () async throws -> T
) async throws {
    do { _ = try await body() } catch let error as EventStoreError {
        return try requireEqual(error, wanted, what, line: line)
    }
    throw ContractViolation(what: "\(what): no error instead of \(wanted)", line: line)
}
