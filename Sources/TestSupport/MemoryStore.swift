public import Domain
import Synchronization

#if canImport(FoundationEssentials)
public import FoundationEssentials
#else
public import Foundation
#endif

/// Every port of the store in memory, with the same promises as the real ones but outliving nothing.
public final class MemoryStore: Sendable {
    /// Text as a database compares it: by its UTF-8 bytes, not by Unicode equivalence.
    private struct Key: Hashable, Comparable {
        let bytes: [UInt8]
        init(_ text: String) { bytes = Array(text.utf8) }
        var text: String { String(decoding: bytes, as: UTF8.self) }
        static func < (lhs: Key, rhs: Key) -> Bool { lhs.bytes.lexicographicallyPrecedes(rhs.bytes) }
    }
    private struct Place: Hashable {
        let tenant: TenantID
        let kind: Key
    }
    private struct Model: Hashable {
        let projection: String
        let generation: Int
    }
    private struct SessionKey: Hashable {
        let tenant: TenantID
        let kind: String
        let hash: [UInt8]
    }
    /// Documents of one tenant and kind.
    private typealias Shelf = [Key: [UInt8]]

    private struct State {
        var events: [EventEnvelope] = []
        var streams: [StreamName: [Int]] = [:]
        var reservations: [Place: [Key: UUID]] = [:]
        var lookups: [Place: Shelf] = [:]
        var numbers: [Place: Int] = [:]
        var models: [Model: [Place: Shelf]] = [:]
        var checkpoints: [Model: [Int64]] = [:]
        var active: [String: Int] = [:]
        var sessions: [SessionKey: SessionRecord] = [:]
        var quarantine: [TenantID: [QuarantinedFrame]] = [:]
        var leases: [String: (holder: UUID, until: Timestamp)] = [:]
        var followers: [Int: AsyncStream<Void>.Continuation] = [:]
        var nextFollower = 0
        var failure: EventStoreError?
    }
    private let state = Mutex(State())
    private let now: @Sendable () -> Timestamp
    private let quarantineLimit: Int
    private let sampleLimit: Int

    public init(now: @escaping @Sendable () -> Timestamp, quarantineLimit: Int = 10_000, sampleLimit: Int = 200) {
        self.now = now
        self.quarantineLimit = quarantineLimit
        self.sampleLimit = sampleLimit
    }

    /// Every call fails with this until it is set to nil: a store that is down.
    public func fail(with error: EventStoreError?) { state.withLock { $0.failure = error } }

    private func perform<T>(
        _ body: (inout State) throws(EventStoreError) -> sending T
    ) throws(EventStoreError) -> T {
        try state.withLock { (state: inout sending State) throws(EventStoreError) -> sending T in
            if let failure = state.failure { throw failure }
            return try body(&state)
        }
    }
}

extension MemoryStore: EventAppender, EventReader {
    public func submit(
        _ request: AppendRequest, completion: @escaping @Sendable (Result<Int64, EventStoreError>) -> Void
    ) {
        let time = now()
        let result: Result<Int64, EventStoreError>
        do throws(EventStoreError) {
            result = .success(
                try perform { state throws(EventStoreError) in
                    try Self.check(request, state)
                    Self.apply(request, at: time, &state)
                    return Int64(state.events.count)
                })
        } catch {
            request.fate.fail()
            result = .failure(error)
        }
        completion(result)
        for follower in state.withLock({ Array($0.followers.values) }) { follower.yield() }
    }

    private static func check(_ request: AppendRequest, _ state: State) throws(EventStoreError) {
        var ahead: [StreamName: Int64] = [:]
        for write in request.writes {
            let actual = ahead[write.stream] ?? Int64(state.streams[write.stream]?.count ?? 0)
            switch write.expected {
            case _ where write.after?.hasFailed == true:
                throw .wrongExpectedVersion(stream: write.stream, actual: actual)
            case .any: break
            case .noStream where actual == 0: break
            case .exactly(actual): break
            case .noStream, .exactly: throw .wrongExpectedVersion(stream: write.stream, actual: actual)
            }
            ahead[write.stream] = actual + Int64(write.events.count)
        }
        let released = Set(
            request.release.map { Place(tenant: request.tenant, kind: Key("\($0.scope.rawValue)/\($0.key)")) })
        var taken: [Place: UUID] = [:]
        for (reservation, owner) in request.reserve {
            let name = Place(tenant: request.tenant, kind: Key("\(reservation.scope.rawValue)/\(reservation.key)"))
            let stored = state.reservations[Place(tenant: request.tenant, kind: Key(reservation.scope.rawValue))]?[
                Key(reservation.key)]
            let holder = taken[name] ?? (released.contains(name) ? nil : stored)
            if let holder, holder != owner { throw .reservationTaken(reservation, owner: holder) }
            taken[name] = owner
        }
    }

    private static func apply(_ request: AppendRequest, at time: Timestamp, _ state: inout State) {
        for write in request.writes {
            for event in write.events {
                let version = Int64(state.streams[write.stream]?.count ?? 0) + 1
                state.streams[write.stream, default: []].append(state.events.count)
                state.events.append(
                    EventEnvelope(
                        position: Int64(state.events.count) + 1, stream: write.stream, version: version,
                        id: .version7(at: time), event: event, correlation: request.correlation,
                        causation: request.causation, recordedAt: time))
            }
        }
        for reservation in request.release {
            state.reservations[Place(tenant: request.tenant, kind: Key(reservation.scope.rawValue))]?[
                Key(reservation.key)] = nil
        }
        for (reservation, owner) in request.reserve {
            state.reservations[Place(tenant: request.tenant, kind: Key(reservation.scope.rawValue)), default: [:]][
                Key(reservation.key)] = owner
        }
        for document in request.lookups { Self.put(document, request.tenant, &state.lookups) }
    }

    private static func put(_ document: DocumentWrite, _ tenant: TenantID, _ shelves: inout [Place: Shelf]) {
        switch document {
        case .put(let kind, let key, let value):
            shelves[Place(tenant: tenant, kind: Key(kind)), default: [:]][Key(key)] = value
        case .delete(let kind, let key): shelves[Place(tenant: tenant, kind: Key(kind))]?[Key(key)] = nil
        }
    }

    public func readStream(
        _ stream: StreamName, after version: Int64, limit: Int
    ) async throws(EventStoreError) -> [EventEnvelope] {
        try perform { state throws(EventStoreError) in
            let places = state.streams[stream] ?? []
            return places.dropFirst(Int(max(0, version))).prefix(max(0, limit)).map { state.events[$0] }
        }
    }

    public func readAll(after position: Int64, limit: Int) async throws(EventStoreError) -> [EventEnvelope] {
        try perform { state throws(EventStoreError) in
            Array(state.events.dropFirst(Int(max(0, position))).prefix(max(0, limit)))
        }
    }

    public func head() async throws(EventStoreError) -> Int64 {
        try perform { state throws(EventStoreError) in Int64(state.events.count) }
    }

    public func commits() -> AsyncStream<Void> {
        let (stream, continuation) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))
        let id = state.withLock { state in
            state.nextFollower += 1
            state.followers[state.nextFollower] = continuation
            return state.nextFollower
        }
        continuation.onTermination = { [weak self] _ in
            self?.state.withLock { _ = $0.followers.removeValue(forKey: id) }
        }
        return stream
    }
}

extension MemoryStore: LookupReader {
    private static func scan(_ shelf: Shelf?, _ range: DocumentRange) -> [Document] {
        let prefix = Array(range.prefix.utf8)
        let past = range.past.map { Key($0) }
        let keys = (shelf ?? [:]).keys.filter { key in
            guard key.bytes.starts(with: prefix) else { return false }
            guard let past else { return true }
            return range.descending ? key < past : past < key
        }
        let sorted = keys.sorted { range.descending ? $1 < $0 : $0 < $1 }
        return sorted.prefix(max(0, range.limit)).map { Document(key: $0.text, value: shelf?[$0] ?? []) }
    }

    public func lookup(_ tenant: TenantID, kind: String, key: String) async throws(EventStoreError) -> [UInt8]? {
        try perform { state throws(EventStoreError) in state.lookups[Place(tenant: tenant, kind: Key(kind))]?[Key(key)]
        }
    }

    public func lookups(
        _ tenant: TenantID, kind: String, _ range: DocumentRange
    ) async throws(EventStoreError) -> [Document] {
        try perform { state throws(EventStoreError) in
            Self.scan(state.lookups[Place(tenant: tenant, kind: Key(kind))], range)
        }
    }

    public func owner(_ tenant: TenantID, of reservation: Reservation) async throws(EventStoreError) -> UUID? {
        try perform { state throws(EventStoreError) in
            state.reservations[Place(tenant: tenant, kind: Key(reservation.scope.rawValue))]?[Key(reservation.key)]
        }
    }

    public func nextNumber(_ tenant: TenantID, kind: String, wanted: Int?) async throws(EventStoreError) -> Int {
        try perform { state throws(EventStoreError) in
            let place = Place(tenant: tenant, kind: Key(kind))
            let next = state.numbers[place] ?? 1
            var number = next
            if let wanted, wanted >= next, wanted <= Int(Int32.max) { number = wanted }
            guard number <= Int(Int32.max) else { throw .unavailable("the numbers of \(kind) are used up") }
            state.numbers[place] = number + 1
            return number
        }
    }

    public func replaceLookups(
        upTo position: Int64, documents: [(TenantID, DocumentWrite)], reservations: [(TenantID, Reservation, UUID)]
    ) async throws(EventStoreError) {
        try perform { state throws(EventStoreError) in
            let head = Int64(state.events.count)
            guard head <= position else {
                throw .unavailable("the log has grown to \(head), past \(position): replay the rest and try again")
            }
            state.lookups = [:]
            state.reservations = [:]
            for (tenant, document) in documents { Self.put(document, tenant, &state.lookups) }
            for (tenant, reservation, owner) in reservations {
                state.reservations[Place(tenant: tenant, kind: Key(reservation.scope.rawValue)), default: [:]][
                    Key(reservation.key)] = owner
            }
        }
    }

    private static func lines(_ word: String, _ shelves: [Place: Shelf]) -> [String] {
        let places = shelves.keys.sorted {
            ($0.tenant.description, $0.kind) < ($1.tenant.description, $1.kind)
        }
        return places.flatMap { place in
            (shelves[place] ?? [:]).sorted { $0.key < $1.key }.map {
                "\(word) \(place.tenant) \(place.kind.text) \($0.key.text) \(String(decoding: $0.value, as: UTF8.self))"
            }
        }
    }

    public func lookupDigest() async throws(EventStoreError) -> [String] {
        try perform { state throws(EventStoreError) in
            let owners = state.reservations.mapValues { shelf in
                shelf.mapValues { Array($0.uuidString.lowercased().utf8) }
            }
            return Self.lines("lookup", state.lookups) + Self.lines("reservation", owners)
        }
    }
}

extension MemoryStore: ReadModelStore {
    public func commit(
        _ projection: String, generation: Int, partitions: Range<Int>, writes: [(TenantID, DocumentWrite)],
        checkpoint: Int64
    ) async throws(EventStoreError) {
        try perform { state throws(EventStoreError) in
            let active = state.active[projection] ?? 1
            let model = Model(projection: projection, generation: generation)
            var positions = state.checkpoints[model] ?? Self.start
            let stored = positions[partitions].max() ?? 0
            if generation < active {
                throw .unavailable("generation \(generation) of \(projection) is gone, readers use \(active)")
            }
            if checkpoint < stored {
                if generation == active {
                    throw .unavailable("\(projection) is at \(stored) already, past \(checkpoint)")
                }
                state.models[model] = nil
                positions = Self.start
            }
            for (tenant, document) in writes { Self.put(document, tenant, &state.models[model, default: [:]]) }
            for partition in partitions { positions[partition] = checkpoint }
            state.checkpoints[model] = positions
        }
    }

    private static let start = [Int64](repeating: 0, count: Partitions.count)

    public func progress(_ projection: String) async throws(EventStoreError) -> ProjectionProgress {
        try perform { state throws(EventStoreError) in
            let generation = state.active[projection] ?? 1
            let model = Model(projection: projection, generation: generation)
            return ProjectionProgress(generation: generation, positions: state.checkpoints[model] ?? Self.start)
        }
    }

    public func activate(_ projection: String, generation: Int) async throws(EventStoreError) {
        try perform { state throws(EventStoreError) in
            let active = state.active[projection] ?? 1
            if generation < active {
                throw .unavailable("generation \(generation) of \(projection) is gone, readers use \(active)")
            }
            state.active[projection] = generation
            for model in Array(state.checkpoints.keys)
            where model.projection == projection && model.generation < generation {
                state.checkpoints[model] = nil
                state.models[model] = nil
            }
        }
    }

    private static func shelf(
        _ state: State, _ tenant: TenantID, _ projection: String, _ kind: String
    ) -> Shelf? {
        let model = Model(projection: projection, generation: state.active[projection] ?? 1)
        return state.models[model]?[Place(tenant: tenant, kind: Key(kind))]
    }

    public func document(
        _ tenant: TenantID, _ projection: String, kind: String, key: String
    ) async throws(EventStoreError) -> [UInt8]? {
        try perform { state throws(EventStoreError) in Self.shelf(state, tenant, projection, kind)?[Key(key)] }
    }

    public func documents(
        _ tenant: TenantID, _ projection: String, kind: String, _ range: DocumentRange
    ) async throws(EventStoreError) -> [Document] {
        try perform { state throws(EventStoreError) in Self.scan(Self.shelf(state, tenant, projection, kind), range) }
    }

    public func readModelDigest(_ projection: String, generation: Int) async throws(EventStoreError) -> [String] {
        try perform { state throws(EventStoreError) in
            Self.lines("document", state.models[Model(projection: projection, generation: generation)] ?? [:])
        }
    }
}

extension MemoryStore: LeaseStore {
    public func lease(_ name: String, holder: UUID, seconds: Int) async throws(EventStoreError) -> Bool {
        let time = now()
        return try perform { state throws(EventStoreError) in
            if let lease = state.leases[name], lease.holder != holder, lease.until > time { return false }
            state.leases[name] = (holder, time + .seconds(Double(seconds)))
            return true
        }
    }

    public func releaseLease(_ name: String, holder: UUID) async throws(EventStoreError) {
        try perform { state throws(EventStoreError) in
            if state.leases[name]?.holder == holder { state.leases[name] = nil }
        }
    }
}

extension MemoryStore: SessionStore {
    public func saveSession(_ session: SessionRecord) async throws(EventStoreError) {
        try perform { state throws(EventStoreError) in
            state.sessions[SessionKey(tenant: session.tenant, kind: session.kind, hash: session.hash)] = session
        }
    }

    public func session(
        _ tenant: TenantID, kind: String, hash: [UInt8]
    ) async throws(EventStoreError) -> SessionRecord? {
        try perform { state throws(EventStoreError) in
            state.sessions[SessionKey(tenant: tenant, kind: kind, hash: hash)]
        }
    }

    public func endSessions(
        _ tenant: TenantID, kind: String?, user: UserID, hash: [UInt8]?
    ) async throws(EventStoreError) -> Bool {
        try perform { state throws(EventStoreError) in
            let ended = state.sessions.filter { key, session in
                key.tenant == tenant && session.user == user && (kind == nil || key.kind == kind)
                    && (hash == nil || key.hash == hash)
            }
            for key in ended.keys { state.sessions[key] = nil }
            return !ended.isEmpty
        }
    }

    public func removeExpiredSessions(before time: Timestamp) async throws(EventStoreError) {
        try perform { state throws(EventStoreError) in
            state.sessions = state.sessions.filter { $0.value.expires >= time }
        }
    }
}

extension MemoryStore: QuarantineStore {
    public func quarantine(_ tenant: TenantID, _ frames: [QuarantinedFrame]) async throws(EventStoreError) {
        try perform { state throws(EventStoreError) in
            var kept = state.quarantine[tenant] ?? []
            for frame in frames where !kept.contains(where: { $0.id == frame.id }) { kept.append(frame) }
            kept = kept.suffix(quarantineLimit)
            for adapter in Set(frames.filter(\.isSample).map(\.adapter)) {
                let samples = kept.filter { $0.isSample && $0.adapter == adapter }
                let gone = Set(samples.dropLast(sampleLimit).map(\.id))
                kept.removeAll { gone.contains($0.id) }
            }
            state.quarantine[tenant] = kept
        }
    }

    public func quarantined(
        _ tenant: TenantID, _ filter: FrameFilter, past: String?, limit: Int
    ) async throws(EventStoreError) -> [QuarantinedFrame] {
        try perform { state throws(EventStoreError) in
            var kept = state.quarantine[tenant] ?? []
            if let past {
                guard let place = kept.firstIndex(where: { $0.id == past }) else { return [] }
                kept = Array(kept[..<place])
            }
            kept.removeAll { $0.isSample != filter.samples || (filter.adapter ?? $0.adapter) != $0.adapter }
            return Array(kept.reversed().prefix(max(0, limit)))
        }
    }

    public func quarantined(_ tenant: TenantID, id: String) async throws(EventStoreError) -> QuarantinedFrame? {
        try perform { state throws(EventStoreError) in state.quarantine[tenant]?.first { $0.id == id } }
    }

    public func removeFrames(_ tenant: TenantID, before time: Timestamp) async throws(EventStoreError) {
        try perform { state throws(EventStoreError) in
            state.quarantine[tenant]?.removeAll { $0.receivedAt < time }
        }
    }
}
