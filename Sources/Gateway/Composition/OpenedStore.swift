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
    /// Gives the whole store away, or takes one in.
    let transfer: any TransferStore
    /// Takes personal data out of events.
    let rewriter: any EventRewriter

    static func open(_ settings: Settings, now: @escaping @Sendable () -> Timestamp) async throws -> OpenedStore {
        if let url = settings.databaseURL {
            var options = PostgresStore.Options()
            options.sampleLimit = settings.frameSamples
            let store = try await PostgresStore.open(
                url: url, readURL: settings.databaseReadURL, options: options, now: now)
            return OpenedStore(
                store: store, close: { await store.close() }, queueDepth: { store.queueDepth },
                verify: { store.verify() }, transfer: store, rewriter: store)
        }
        var options = SQLiteStore.Options()
        options.sampleLimit = settings.frameSamples
        let store = try SQLiteStore.open(directory: settings.data, options: options, now: now)
        return OpenedStore(
            store: store, close: { await store.close() }, queueDepth: { store.queueDepth },
            verify: { store.verify() }, transfer: store, rewriter: store)
    }

    /// The projection that holds the mark of the server's secret, and nothing of the log.
    static let secretName = "server-secret"

    /// What tells two secrets apart and gives neither away.
    static func mark(of secret: ServerSecret) -> [UInt8] { secret.derived(for: "store-mark").bytes }

    /// Refuses a secret other than the one that the store was first used with: sessions, keys and tokens that one process
    /// makes must be good in every other.
    func hold(to secret: ServerSecret) async throws {
        let mark = Self.mark(of: secret)
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
