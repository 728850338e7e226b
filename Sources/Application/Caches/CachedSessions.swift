public import Domain
public import EventSchema
public import ServiceLifecycle
import Synchronization

#if canImport(FoundationEssentials)
import FoundationEssentials
#else
import Foundation
#endif

/// Sessions, with the shared cache in front of the store: what one gateway looked up, the others need not.
///
/// An entry is believed only while the user's mark in the cache is the one it was written under. Ending sessions changes
/// the mark, and so does every event by which a user's sessions may have become worthless, in every process that sees
/// it; where the cache could not be told, this process stays away from it for as long as an entry may live.
public final class CachedSessions: SessionStore, Service {
    private struct Entry: Codable {
        let user: UserID
        let expires: Timestamp
        let mark: String
    }
    private struct UserKey: Hashable {
        let tenant: TenantID
        let user: UserID
    }
    private struct State {
        /// Users whose entries may be stale, and until when.
        var avoided: [UserKey: ContinuousClock.Instant] = [:]
        /// Look-ups under way: many requests of one token ask once.
        var underWay: [String: Task<Result<SessionRecord?, EventStoreError>, Never>] = [:]
    }

    private let store: any SessionStore
    private let cache: any SharedCache
    private let state = Mutex(State())
    private let ended = Mutex<(@Sendable (TenantID, UserID) -> Void)?>(nil)

    /// Decisions A12: five minutes.
    static let life = 300
    static let channel = "sessions-ended"

    public init(_ store: any SessionStore, cache: any SharedCache) {
        self.store = store
        self.cache = cache
    }

    /// - Parameter body: Called when another process ended sessions of a user.
    public func onEnd(_ body: @escaping @Sendable (TenantID, UserID) -> Void) { ended.withLock { $0 = body } }

    /// Listens to what other processes end.
    public func run() async throws {
        await cancelWhenGracefulShutdown {
            for await message in self.cache.messages(Self.channel) {
                let parts = String(decoding: message, as: UTF8.self).split(separator: "/")
                guard parts.count == 2, let tenant = UUID(uuidString: String(parts[0])),
                    let user = UUID(uuidString: String(parts[1]))
                else { continue }
                self.ended.withLock { $0 }?(TenantID(tenant), UserID(user))
            }
        }
    }

    private static func key(_ tenant: TenantID, _ kind: String, _ hash: [UInt8]) -> String {
        "session:\(tenant):\(kind):\(hash.reduce(into: "") { $0 += String($1, radix: 16) + "." })"
    }
    private static func markKey(_ tenant: TenantID, _ user: UserID) -> String { "session-mark:\(tenant):\(user)" }

    private func mark(_ tenant: TenantID, _ user: UserID) async -> String {
        await cache.value(Self.markKey(tenant, user)).map { String(decoding: $0, as: UTF8.self) } ?? ""
    }

    private func isAvoided(_ tenant: TenantID, _ user: UserID) -> Bool {
        state.withLock { state in
            let key = UserKey(tenant: tenant, user: user)
            guard let until = state.avoided[key] else { return false }
            if until > .now { return true }
            state.avoided[key] = nil
            return false
        }
    }

    public func session(
        _ tenant: TenantID, kind: String, hash: [UInt8]
    ) async throws(EventStoreError) -> SessionRecord? {
        let key = Self.key(tenant, kind, hash)
        if let bytes = await cache.value(key), let entry = DocumentCoding.decode(Entry.self, bytes),
            !isAvoided(tenant, entry.user), await mark(tenant, entry.user) == entry.mark
        {
            return SessionRecord(tenant: tenant, kind: kind, hash: hash, user: entry.user, expires: entry.expires)
        }
        let lookUp = state.withLock { state in
            if let known = state.underWay[key] { return known }
            let task = Task { () -> Result<SessionRecord?, EventStoreError> in
                let found = await self.lookUp(tenant, kind: kind, hash: hash, key: key)
                self.state.withLock { $0.underWay[key] = nil }
                return found
            }
            state.underWay[key] = task
            return task
        }
        return try await lookUp.value.get()
    }

    private func lookUp(
        _ tenant: TenantID, kind: String, hash: [UInt8], key: String
    ) async -> Result<SessionRecord?, EventStoreError> {
        do throws(EventStoreError) {
            guard let first = try await store.session(tenant, kind: kind, hash: hash) else { return .success(nil) }
            // The mark first, then what stands under it: a session that ends in between is not written under the new mark.
            let mark = await mark(tenant, first.user)
            guard let record = try await store.session(tenant, kind: kind, hash: hash) else { return .success(nil) }
            let entry = Entry(user: record.user, expires: record.expires, mark: mark)
            await cache.set(key, DocumentCoding.encode(entry), seconds: Self.life)
            return .success(record)
        } catch { return .failure(error) }
    }

    public func saveSession(_ session: SessionRecord) async throws(EventStoreError) {
        try await store.saveSession(session)
    }

    public func endSessions(
        _ tenant: TenantID, kind: String?, user: UserID, hash: [UInt8]?
    ) async throws(EventStoreError) -> Bool {
        let had = try await store.endSessions(tenant, kind: kind, user: user, hash: hash)
        await outdate(tenant, user)
        await cache.publish(Self.channel, Array("\(tenant)/\(user)".utf8))
        return had
    }

    public func removeExpiredSessions(before: Timestamp) async throws(EventStoreError) {
        try await store.removeExpiredSessions(before: before)
    }

    private func outdate(_ tenant: TenantID, _ user: UserID) async {
        avoid(tenant, user)
        // Lives longer than any entry written under the mark before.
        await cache.set(Self.markKey(tenant, user), Array(UUID().uuidString.utf8), seconds: Self.life * 2)
    }

    private func avoid(_ tenant: TenantID, _ user: UserID) {
        state.withLock { state in
            if state.avoided.count > 100_000 { state.avoided = state.avoided.filter { $0.value > .now } }
            state.avoided[UserKey(tenant: tenant, user: user)] = .now + .seconds(Self.life)
        }
    }

    /// Called for every event of the log that is no flight's, in order.
    public func observe(_ envelope: EventEnvelope, _ event: DomainEvent) {
        if case .user = event { avoid(envelope.stream.tenant, UserID(envelope.stream.id)) }
    }
}
