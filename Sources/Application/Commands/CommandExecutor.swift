public import Domain
public import EventSchema
import Synchronization

#if canImport(FoundationEssentials)
public import FoundationEssentials
#else
public import Foundation
#endif

/// An aggregate that commands can run on: its events have a stored form, and its state gives the lookups that are written
/// in the append transaction.
public typealias StoredAggregate = EventCodable & LookupSource

/// Runs commands. Inside the process the commands of one stream run one after the other against a cached state in which
/// what is decided but not yet committed counts (decisions A4); the group commit of the store turns many into one
/// transaction. A success value is returned only after the commit.
public final class CommandExecutor: Sendable {
    fileprivate struct Entry: Sendable {
        var state: any Aggregate
        var version: Int64
        /// Appends on their way to the store.
        var pending: Int
        /// Of the last append that was begun.
        var fate: AppendFate?
        /// The last state known to be committed, while appends are on their way.
        var base: (state: any Aggregate, version: Int64)?
        /// The stream has grown elsewhere: what was written after `version` is read before anything is decided.
        var isStale = false
        /// When this entry was loaded: an append that began on an entry since dropped says nothing about this one.
        let birth: UInt64
        var used: UInt64
    }
    /// A reference, so that a transaction can look into it without copying; only touched under the lock.
    fileprivate final class Cache {
        var entries: [StreamName: Entry] = [:]
        var clock: UInt64 = 0
    }

    private let store: any EventStore
    private let cache = Mutex(Cache())
    private let capacity: Int
    private let committed: @Sendable () -> Void
    public let now: @Sendable () -> Timestamp

    /// - Parameters:
    ///   - capacity: Aggregates kept in memory.
    ///   - committed: Called after every commit; must not block.
    public init(
        store: any EventStore, capacity: Int = 20_000, committed: @escaping @Sendable () -> Void = {},
        now: @escaping @Sendable () -> Timestamp
    ) {
        self.store = store
        self.capacity = capacity
        self.committed = committed
        self.now = now
    }

    /// Decides and appends, all or nothing. `body` may run several times and must have no effect outside the transaction.
    /// - Throws: What `body` throws, or ``EventStoreError``.
    @discardableResult
    public func transact<Value: Sendable>(
        _ tenant: TenantID, correlation: UUID? = nil, causation: UUID? = nil,
        _ body: @escaping @Sendable (inout Transaction) throws -> Value
    ) async throws -> Value {
        let correlation = correlation ?? UUID.version7(at: now())
        var conflicts = 0
        while true {
            do {
                return try await attempt(tenant, correlation, causation, body)
            } catch let missing as Transaction.Missing {
                try await load(missing)
            } catch EventStoreError.wrongExpectedVersion where conflicts < 10 {
                conflicts += 1
            } catch let refused as Transaction.Refused {
                // An append proves that its decision was not stale; a refusal appends nothing, so it is proven here.
                guard conflicts < 10, try await isStale(refused.versions) else { throw refused.error }
                conflicts += 1
            }
        }
    }

    /// Whether another process has written past what a decision rested on; what is stale is dropped.
    private func isStale(_ versions: [StreamName: Int64]) async throws(EventStoreError) -> Bool {
        var found = false
        for (stream, version) in versions {
            guard let newest = try await store.readStream(stream, after: version, limit: 1).last else { continue }
            observe(stream, version: newest.version)
            found = true
        }
        return found
    }

    private func attempt<Value: Sendable>(
        _ tenant: TenantID, _ correlation: UUID, _ causation: UUID?,
        _ body: @escaping @Sendable (inout Transaction) throws -> Value
    ) async throws -> Value {
        let outcome: Result<Value, any Error> = await withCheckedContinuation { continuation in
            // Decided and queued under one lock, so that the order of the queue is the order of the versions.
            let step: Step<Value> = cache.withLock { cache in
                var transaction = Transaction(tenant: tenant, cache: cache)
                do {
                    let value = try body(&transaction)
                    guard let request = transaction.request(correlation: correlation, causation: causation) else {
                        self.touch(transaction.streams, in: cache)
                        return .decided(.success(value))
                    }
                    var streams: [StreamName: UInt64] = [:]
                    for (stream, touched) in transaction.touched {
                        cache.clock += 1
                        let entry = cache.entries[stream]
                        let birth = entry?.birth ?? cache.clock
                        let base = entry.flatMap { $0.pending > 0 ? $0.base : (state: $0.state, version: $0.version) }
                        cache.entries[stream] = Entry(
                            state: touched.state, version: touched.version, pending: (entry?.pending ?? 0) + 1,
                            fate: request.fate, base: base, birth: birth, used: cache.clock
                        )
                        streams[stream] = birth
                    }
                    self.trim(cache)
                    let begun = streams
                    let receipt = Receipt { result in
                        self.finished(begun, succeeded: (try? result.get()) != nil)
                        switch result {
                        case .success:
                            self.committed()
                            continuation.resume(returning: .success(value))
                        case .failure(let error): continuation.resume(returning: .failure(error))
                        }
                    }
                    self.store.submit(request) { receipt.take($0) }
                    return .queued(receipt)
                } catch let missing as Transaction.Missing {
                    return .decided(.failure(missing))
                } catch {
                    let versions = transaction.touched.compactMapValues { $0.hadPending ? nil : $0.loadedVersion }
                    return .decided(.failure(Transaction.Refused(error: error, versions: versions)))
                }
            }
            switch step {
            case .decided(let result): continuation.resume(returning: result)
            case .queued(let receipt): receipt.release()
            }
        }
        return try outcome.get()
    }

    private enum Step<Value: Sendable>: Sendable {
        /// Nothing is written.
        case decided(Result<Value, any Error>)
        case queued(Receipt)
    }

    /// The outcome of an append, which may be known before the call that queued it has returned: a store that is away refuses
    /// at once. It is acted upon when the executor's lock is free.
    private final class Receipt: Sendable {
        private struct State {
            var isFree = false
            var early: Result<Int64, EventStoreError>?
        }
        private let state = Mutex(State())
        private let settle: @Sendable (Result<Int64, EventStoreError>) -> Void

        init(_ settle: @escaping @Sendable (Result<Int64, EventStoreError>) -> Void) { self.settle = settle }

        func take(_ result: Result<Int64, EventStoreError>) {
            let isFree = state.withLock { state in
                if !state.isFree { state.early = result }
                return state.isFree
            }
            if isFree { settle(result) }
        }

        /// The lock is free.
        func release() {
            let early = state.withLock { state in
                state.isFree = true
                return state.early
            }
            if let early { settle(early) }
        }
    }

    private func finished(_ streams: [StreamName: UInt64], succeeded: Bool) {
        cache.withLock { cache in
            for (stream, birth) in streams where cache.entries[stream]?.birth == birth {
                if succeeded {
                    cache.entries[stream]?.pending -= 1
                    if cache.entries[stream]?.pending == 0 { cache.entries[stream]?.base = nil }
                } else {
                    // Whatever was decided on top of this is wrong: it fails too and is decided again.
                    cache.clock += 1
                    let (birth, base) = (cache.clock, cache.entries[stream]?.base)
                    cache.entries[stream] = base.map {
                        Entry(
                            state: $0.state, version: $0.version, pending: 0, isStale: true, birth: birth, used: birth)
                    }
                }
            }
        }
    }

    private func touch(_ streams: [StreamName], in cache: Cache) {
        for stream in streams {
            cache.clock += 1
            cache.entries[stream]?.used = cache.clock
        }
    }

    private func trim(_ cache: Cache) {
        guard cache.entries.count > capacity else { return }
        let idle = cache.entries.filter { $0.value.pending == 0 }.sorted { $0.value.used < $1.value.used }
        for (stream, _) in idle.prefix(max(1, capacity / 10)) { cache.entries[stream] = nil }
    }

    private func load(_ missing: Transaction.Missing) async throws(EventStoreError) {
        let loaded = try await missing.load(store)
        cache.withLock { cache in
            if let known = cache.entries[missing.stream] {
                // What has grown elsewhere is brought up to date; else only a richer state of the same version replaces
                // what is there.
                guard known.pending == 0,
                    known.isStale
                        ? loaded.version >= known.version : missing.replaces && known.version == loaded.version
                else { return }
            }
            cache.clock += 1
            cache.entries[missing.stream] = Entry(
                state: loaded.state, version: loaded.version, pending: 0, birth: cache.clock, used: cache.clock
            )
        }
    }

    /// Reads one aggregate as committed, past the cache.
    public func read<A: StoredAggregate>(
        _ type: A.Type, _ tenant: TenantID, _ id: UUID
    ) async throws(EventStoreError) -> (state: A, version: Int64) {
        let stream = StreamName(tenant, A.category, id)
        let loaded = try await Transaction.Missing(type, stream, from: A()).load(store)
        return (loaded.state as? A ?? A(), loaded.version)
    }

    /// One aggregate as committed, from the cached state and what was written after it: cheap for a flight under way,
    /// however long it is, and right whoever wrote.
    public func current<A: StoredAggregate>(
        _ type: A.Type, _ tenant: TenantID, _ id: UUID
    ) async throws(EventStoreError) -> (state: A, version: Int64) {
        let stream = StreamName(tenant, A.category, id)
        let known = cache.withLock { cache -> (state: A, version: Int64, birth: UInt64)? in
            guard let entry = cache.entries[stream], entry.pending == 0, let state = entry.state as? A else {
                return nil
            }
            return (state, entry.version, entry.birth)
        }
        let missing = Transaction.Missing(type, stream, from: known?.state ?? A(), after: known?.version ?? 0)
        let loaded = try await missing.load(store)
        cache.withLock { cache in
            let entry = cache.entries[stream]
            // What was read is kept only on top of what it was read from, or where nothing is.
            guard loaded.version > (known?.version ?? 0) || entry?.isStale == true, entry?.birth == known?.birth,
                entry?.pending ?? 0 == 0,
                entry?.version == known?.version
            else { return }
            cache.clock += 1
            cache.entries[stream] = Entry(
                state: loaded.state, version: loaded.version, pending: 0, birth: cache.clock, used: cache.clock)
            trim(cache)
        }
        return (loaded.state as? A ?? A(), loaded.version)
    }

    /// Drops what is cached of a tenant: events that it rests on were rewritten.
    public func forget(_ tenant: TenantID) {
        cache.withLock { cache in
            for (stream, entry) in cache.entries where stream.tenant == tenant && entry.pending == 0 {
                cache.entries[stream] = nil
            }
        }
    }

    /// Told that another process may have written past a cached state.
    public func observe(_ stream: StreamName, version: Int64) {
        cache.withLock { cache in
            guard let entry = cache.entries[stream], entry.pending == 0, entry.version < version else { return }
            cache.entries[stream]?.isStale = true
        }
    }
}

/// What one `transact` has decided so far.
public struct Transaction {
    /// A stream that has to be read before the body can go on.
    struct Missing: Error, Sendable {
        let stream: StreamName
        /// Takes the place of a cached state of the same version.
        let replaces: Bool
        let load: @Sendable (any EventReader) async throws(EventStoreError) -> (state: any Aggregate, version: Int64)

        /// - Parameter after: The version that `initial` is the state of.
        init<A: StoredAggregate>(
            _ type: A.Type, _ stream: StreamName, from initial: A, after known: Int64 = 0, replaces: Bool = false
        ) {
            self.stream = stream
            self.replaces = replaces
            load = { (reader: any EventReader) async throws(EventStoreError) in
                var state = initial
                var version = known
                while true {
                    let page = try await reader.readStream(stream, after: version, limit: 1000)
                    for envelope in page {
                        guard let event = (try? EventCodec.decode(envelope.event)).flatMap(A.unwrap) else {
                            throw EventStoreError.corrupted(position: envelope.position)
                        }
                        state.apply(event)
                        version = envelope.version
                    }
                    if page.count < 1000 { return (state, version) }
                }
            }
        }
    }
    /// What the body threw, and the versions it had looked at.
    struct Refused: Error {
        let error: any Error
        let versions: [StreamName: Int64]
    }
    struct Touched {
        var state: any Aggregate
        var version: Int64
        let loadedVersion: Int64
        let hadPending: Bool
        /// Of the append that makes `loadedVersion`, when that is on its way.
        let after: AppendFate?
        var isDemanded = false
        var events: [EncodedEvent] = []
    }

    public let tenant: TenantID
    fileprivate var touched: [StreamName: Touched] = [:]
    private var order: [StreamName] = []
    private var reserve: [(Reservation, owner: UUID)] = []
    private var release: [Reservation] = []
    private var lookups: [DocumentWrite] = []
    private let cache: CommandExecutor.Cache

    fileprivate init(tenant: TenantID, cache: CommandExecutor.Cache) {
        self.tenant = tenant
        self.cache = cache
    }

    fileprivate var streams: [StreamName] { order }

    /// The aggregate as it is now, earlier commands of this transaction included.
    public mutating func state<A: StoredAggregate>(_ type: A.Type, _ id: UUID) throws -> A {
        let stream = StreamName(tenant, A.category, id)
        if let known = touched[stream]?.state as? A { return known }
        guard let entry = cache.entries[stream], let state = entry.state as? A else {
            throw Missing(type, stream, from: A())
        }
        if entry.isStale { throw Missing(type, stream, from: state, after: entry.version) }
        touched[stream] = Touched(
            state: state, version: entry.version, loadedVersion: entry.version, hadPending: entry.pending > 0,
            after: entry.pending > 0 ? entry.fate : nil)
        order.append(stream)
        return state
    }

    /// Has the aggregate decide on a command and takes its events.
    /// - Returns: The events; empty for a repeat.
    @discardableResult
    public mutating func perform<A: StoredAggregate>(
        _ type: A.Type, _ id: UUID, _ command: A.Command
    ) throws -> [A.Event] {
        var state = try state(type, id)
        let before = state
        let events = try state.decide(command)
        guard !events.isEmpty else { return [] }
        let stream = StreamName(tenant, A.category, id)
        for event in events {
            state.apply(event)
            touched[stream]?.events.append(EventCodec.encode(A.wrap(event)))
            touched[stream]?.version += 1
        }
        touched[stream]?.state = state
        lookups += A.lookups(id: id, before: before, after: state)
        return events
    }

    /// Performs a flight's `recordPositions`, reading the flight's index of samples first when it is needed.
    @discardableResult
    public mutating func record(_ samples: [PositionSample], of id: FlightID) throws -> [FlightEvent] {
        do {
            return try perform(Flight.self, id.uuid, .recordPositions(samples))
        } catch FlightRejection.indexNeeded {
            var initial = Flight()
            initial.index = []
            let stream = StreamName(tenant, Flight.category, id.uuid)
            throw Missing(Flight.self, stream, from: initial, replaces: true)
        }
    }

    /// Has the append fail (and be decided again) when the stream grows before it: for a decision that rests on another
    /// aggregate's state without changing it.
    public mutating func demand<A: StoredAggregate>(_ type: A.Type, _ id: UUID) throws {
        _ = try state(type, id)
        touched[StreamName(tenant, A.category, id)]?.isDemanded = true
    }

    public mutating func reserve(_ reservation: Reservation, owner: UUID) { reserve.append((reservation, owner)) }
    public mutating func release(_ reservation: Reservation) { release.append(reservation) }
    /// Writes a lookup that does not follow from the events of this transaction alone.
    mutating func write(_ document: DocumentWrite) { lookups.append(document) }

    /// - Returns: `nil` when there is nothing to write and nothing under way to wait for.
    fileprivate func request(correlation: UUID, causation: UUID?) -> AppendRequest? {
        var writes: [StreamWrite] = []
        for stream in order {
            guard let touched = touched[stream],
                !touched.events.isEmpty || touched.hadPending || touched.isDemanded
            else { continue }
            // Without events this waits for (and depends on) an append that is still on its way: a repeat must not be
            // answered before what it repeats is durable.
            writes.append(
                StreamWrite(
                    stream: stream,
                    expected: touched.loadedVersion == 0 ? .noStream : .exactly(touched.loadedVersion),
                    events: touched.events, after: touched.after
                )
            )
        }
        guard !writes.isEmpty || !reserve.isEmpty || !release.isEmpty else { return nil }
        return AppendRequest(
            tenant: tenant, writes: writes, reserve: reserve, release: release, lookups: lookups,
            correlation: correlation, causation: causation
        )
    }
}
