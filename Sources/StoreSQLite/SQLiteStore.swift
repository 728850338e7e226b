import Dispatch
public import Domain
import GRDB
import GRDBSQLite

#if canImport(FoundationEssentials)
import FoundationEssentials
#endif
import Foundation

/// The store of one folder: the event log and every other port, in one SQLite database.
///
/// Several processes may have the folder open. Each commits through its own append loop (``AppendLoop``) with
/// `synchronous=FULL`; positions are handed out under the write lock, so commit order is position order and a reader never
/// skips one. Readers never wait for writers.
public final class SQLiteStore: Sendable {
    /// Sizes that the defaults suit for everything but tests.
    public struct Options: Sendable {
        /// Requests that may wait for the append loop; one more is refused.
        public var queueLimit = 20_000
        /// Bytes that may wait for the append loop.
        public var queueBytes = 64 << 20
        /// How long a write waits for another process.
        public var busyTimeout = Duration.seconds(5)
        /// Pages in the write-ahead log that start a checkpoint.
        public var checkpointPages = 4000
        /// Quarantined frames kept for each tenant.
        public var quarantineLimit = 10_000
        /// Samples among them kept for each tenant and adapter.
        public var sampleLimit = 200

        public init() {}
    }

    let pool: DatabasePool
    let loop: AppendLoop
    let reads: ReadLoop
    let options: Options
    let types = TypeNames()
    /// Held while the store is open.
    let lock: FolderLock

    /// File name of the database in its folder.
    public static let fileName = "albatross.sqlite"

    /// Opens the store of a folder, makes both where they are missing, and brings the schema up to date.
    /// - Parameters:
    ///   - directory: Made with mode 0700, the files in it with 0600.
    ///   - now: The clock of `recordedAt`.
    public static func open(
        directory: String, options: Options = Options(), now: @escaping @Sendable () -> Timestamp
    ) throws(StoreOpenError) -> SQLiteStore {
        try prepare(directory)
        let lock = try FolderLock(directory: directory, .shared)
        let pool: DatabasePool
        do {
            pool = try DatabasePool(path: directory + "/" + fileName, configuration: configuration(options))
        } catch { throw .database("\(error)") }
        do throws(StoreOpenError) {
            try migrate(pool, lock, directory: directory, at: now())
            try makeDurable(pool)
        } catch {
            // The reason is thrown; a connection that cannot be closed ends with the pool.
            try? pool.close()
            throw error
        }
        return SQLiteStore(pool: pool, lock: lock, options: options, now: now)
    }

    private init(pool: DatabasePool, lock: FolderLock, options: Options, now: @escaping @Sendable () -> Timestamp) {
        self.pool = pool
        self.lock = lock
        self.options = options
        let loop = AppendLoop(queueLimit: options.queueLimit, queueBytes: options.queueBytes)
        self.loop = loop
        reads = ReadLoop(pool: pool)
        let timeout = options.busyTimeout
        let thread = Thread { loop.run(LogWriter(pool: pool, busyTimeout: timeout, now: now)) }
        thread.name = "append"
        thread.stackSize = 1 << 20
        thread.start()
    }

    deinit { loop.stop() }

    /// Writes what waits, checkpoints and closes. What comes after is answered ``EventStoreError/unavailable(_:)``.
    public func close() async { await loop.close() }

    /// Requests that wait for the append loop, for metrics.
    public var queueDepth: Int { loop.depth }

    // MARK: Opening

    private static func prepare(_ directory: String) throws(StoreOpenError) {
        func failure(_ reason: Int32) -> StoreOpenError {
            .folder(path: directory, reason: String(cString: strerror(reason)))
        }
        do {
            var isDirectory: ObjCBool = false
            if !FileManager.default.fileExists(atPath: directory, isDirectory: &isDirectory) {
                try FileManager.default.createDirectory(
                    atPath: directory, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
            } else if !isDirectory.boolValue {
                throw failure(ENOTDIR)
            }
        } catch let error as StoreOpenError { throw error } catch {
            throw .folder(path: directory, reason: error.localizedDescription)
        }
        // SQLite gives its side files the mode of the main one. One that is there is not opened here: to close it would take
        // the locks away that other stores of this process have on it (POSIX advisory locks).
        let path = directory + "/" + fileName
        let descriptor = Foundation.open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        if descriptor >= 0 {
            Foundation.close(descriptor)
        } else {
            guard errno == EEXIST, access(path, R_OK | W_OK) == 0 else { throw failure(errno) }
        }
        // A power cut must not take the new name away.
        let folder = Foundation.open(directory, O_RDONLY | O_CLOEXEC)
        guard folder >= 0 else { throw failure(errno) }
        defer { Foundation.close(folder) }
        guard fsync(folder) == 0 else { throw failure(errno) }
    }

    private static func configuration(_ options: Options) -> Configuration {
        var configuration = Configuration()
        configuration.label = "store"
        configuration.maximumReaderCount = 4
        // A transaction that a failing disk does not let end must not trap: `LogWriter` ends it before the next one.
        configuration.allowsUnsafeTransactions = true
        let wait = options.busyTimeout
        let seconds = Double(wait.components.seconds) + Double(wait.components.attoseconds) / 1e18
        configuration.busyMode = .timeout(seconds)
        let pages = options.checkpointPages
        configuration.prepareDatabase { db in
            try db.execute(sql: "PRAGMA cache_size = -8192")
            // No mmap: a read error of the disk would be a signal instead of an answer.
            try db.execute(sql: "PRAGMA mmap_size = 0")
            try db.execute(sql: "PRAGMA temp_store = MEMORY")
            if !db.configuration.readonly {
                try db.execute(sql: "PRAGMA wal_autocheckpoint = \(pages)")
                try db.execute(sql: "PRAGMA journal_size_limit = 67108864")
            }
        }
        return configuration
    }

    /// `DatabasePool` sets `synchronous` to NORMAL after `prepareDatabase`, so the level is set afterwards and read back.
    private static func makeDurable(_ pool: DatabasePool) throws(StoreOpenError) {
        let level: Int
        do {
            level = try pool.writeWithoutTransaction { db in
                try db.execute(sql: "PRAGMA synchronous = FULL")
                return try Int.fetchOne(db, sql: "PRAGMA synchronous") ?? -1
            }
        } catch { throw .database("\(error)") }
        guard level == 2 else { throw .notDurable(level: level) }
    }

    private static func schema(_ db: Database) throws -> Int {
        guard try db.tableExists("schema_version") else { return 0 }
        return try Int.fetchOne(db, sql: "SELECT max(version) FROM schema_version") ?? 0
    }

    private static func migrate(
        _ pool: DatabasePool, _ lock: FolderLock, directory: String, at time: Timestamp
    ) throws(StoreOpenError) {
        do {
            let found = try pool.read { db in try schema(db) }
            if found > Migration.current { throw StoreOpenError.newerSchema(found: found, known: Migration.current) }
            if found == Migration.current { return }
            // A running server of the older release would not know the new tables. A new folder has no such server, and
            // two processes may be making it at once.
            if found > 0, !lock.change(to: .exclusive) { throw StoreOpenError.inUse(path: directory) }
            defer { if found > 0 { _ = lock.change(to: .shared) } }
            try pool.writeWithoutTransaction { db in
                try db.inTransaction(.immediate) {
                    let found = try schema(db)
                    try db.execute(
                        sql:
                            "CREATE TABLE IF NOT EXISTS schema_version (version INTEGER PRIMARY KEY, applied_at INTEGER NOT NULL)"
                    )
                    for migration in Migration.all where migration.version > found {
                        try db.execute(sql: migration.sql)
                        try db.execute(
                            sql: "INSERT INTO schema_version (version, applied_at) VALUES (?, ?)",
                            arguments: [migration.version, time.milliseconds])
                        KillPoint.reach(.midMigration)
                    }
                    return .commit
                }
            }
        } catch let error as StoreOpenError { throw error } catch { throw .database("\(error)") }
    }

    // MARK: Access for the ports

    /// Reads one snapshot, off the cooperative pool.
    func read<T: Sendable>(_ body: @escaping @Sendable (Database) throws -> T) async throws(EventStoreError) -> T {
        let result: Result<T, any Error> = await withCheckedContinuation { continuation in
            reads.submit { connection in
                continuation.resume(returning: Result { try body(connection.get()) })
            }
        }
        do { return try result.get() } catch let error as EventStoreError { throw error } catch let error
            as SQLiteFailure
        {
            throw .unavailable("\(error.message) (SQLite \(error.code))")
        } catch let error as DatabaseError {
            throw .unavailable("\(error.message ?? "no message") (SQLite \(error.extendedResultCode.rawValue))")
        } catch { throw .unavailable("\(error)") }
    }

    /// Runs in the append loop's next transaction.
    func write<T: Sendable>(
        _ lane: Lane, bytes: Int = 512, _ body: @escaping @Sendable (LogWriter) throws(WriteStop) -> T
    ) async throws(EventStoreError) -> T {
        let result: Result<T, EventStoreError> = await withCheckedContinuation { continuation in
            loop.submit(
                PendingWrite(
                    lane: lane, bytes: bytes,
                    work: .other(
                        perform: { writer throws(WriteStop) in
                            let value = try body(writer)
                            return { continuation.resume(returning: .success(value)) }
                        },
                        failed: { continuation.resume(returning: .failure($0)) }
                    )))
        }
        return try result.get()
    }

    /// Reads the events a statement over ``EventRow/columns`` gives.
    func events(_ db: Database, _ sql: String, _ values: [SQLValue], limit: Int) throws -> [EventEnvelope] {
        let statement = try db.prepared(sql)
        defer { statement.reset() }
        try statement.bind(values)
        let row = EventRow()
        var found: [EventEnvelope] = []
        found.reserveCapacity(min(limit, 512))
        while try statement.step() {
            found.append(
                try row.read(SQLiteRow(handle: statement.handle)) { id throws(EventStoreError) in try types.name(id, db)
                })
        }
        return found
    }

    /// Name of an interned event type.
    func typeName(_ id: Int64, _ db: Database) throws(EventStoreError) -> String { try types.name(id, db) }

    /// Value of `PRAGMA synchronous` on the writer: 2 is FULL.
    func synchronousLevel() async throws(EventStoreError) -> Int {
        try await write(.maintenance) { writer throws(WriteStop) in try writer.synchronousLevel() }
    }
}
