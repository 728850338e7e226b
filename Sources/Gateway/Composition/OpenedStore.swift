import Application
import Domain
import Secrets
import StorePostgres
import StoreSQLite

/// The store that the settings name, and what can be asked of it besides its ports.
struct OpenedStore: Sendable {
    let store: any CompleteStore
    /// Writes what waits and closes.
    let close: @Sendable () async -> Void
    /// Requests that wait for the append loop.
    let queueDepth: @Sendable () -> Int
    /// Looks through the whole log and gives what is wrong with it.
    let verify: @Sendable () -> StoreVerification

    static func open(_ settings: Settings, now: @escaping @Sendable () -> Timestamp) async throws -> OpenedStore {
        if let url = settings.databaseURL {
            let store = try await PostgresStore.open(url: url, readURL: settings.databaseReadURL, now: now)
            return OpenedStore(
                store: store, close: { await store.close() }, queueDepth: { store.queueDepth },
                verify: { store.verify() })
        }
        let store = try SQLiteStore.open(directory: settings.data, now: now)
        return OpenedStore(
            store: store, close: { await store.close() }, queueDepth: { store.queueDepth },
            verify: { store.verify() })
    }

    private static let secretName = "server-secret"

    /// Refuses a secret other than the one that the store was first used with: sessions, keys and tokens that one process
    /// makes must be good in every other.
    func hold(to secret: ServerSecret) async throws {
        let mark = secret.derived(for: "store-mark").bytes
        let name = Self.secretName
        if let known = try await store.document(platformTenant, name, kind: name, key: name) {
            guard known == mark else {
                throw SettingsError(
                    "this store was made with another server secret: set ALBATROSS_SECRET, or copy secret.key from the folder of a process that works"
                )
            }
            return
        }
        try await store.commit(
            name, generation: 1, partitions: Partitions.all,
            writes: [(platformTenant, .put(kind: name, key: name, value: mark))], checkpoint: 0)
    }
}
