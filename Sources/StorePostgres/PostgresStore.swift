public import Domain

/// The store of one PostgreSQL database: the event log and every other port.
///
/// Several processes may have the database open. Each commits appends through its own append loop (``AppendLoop``);
/// positions are handed out under the lock of one row that is taken first, so commit order is position order and a reader
/// never skips one. Everything else goes over a bounded pool of connections. libpq is used on threads of its own: nothing
/// here blocks an event loop or the cooperative pool.
///
/// The login of the URL owns nothing and is a member of `albatross_app`, `albatross_relay` and `albatross_maintenance`
/// that inherits none of them. An administrator makes it, and the owner of the tables, once:
///
///     CREATE ROLE albatross_owner LOGIN CREATEROLE PASSWORD '…';
///     CREATE ROLE albatross LOGIN NOINHERIT PASSWORD '…';
///     CREATE DATABASE albatross OWNER albatross_owner;
///
/// after which ``migrate(url:serviceLogin:)`` with the owner's URL makes the tables and grants the three roles to
/// `albatross`. TLS is set in the URL (`?sslmode=verify-full&sslrootcert=…`).
public final class PostgresStore: Sendable {
    /// Sizes that the defaults suit for everything but tests.
    public struct Options: Sendable {
        /// Requests that may wait for the append loop; one more is refused.
        public var queueLimit = 20_000
        /// Bytes that may wait for the append loop.
        public var queueBytes = 64 << 20
        /// Connections for reading; as many again to the read replica when there is one.
        public var readConnections = 4
        /// Connections for what is written outside of appends.
        public var writeConnections = 2
        /// Reads, and writes outside of appends, that may wait for a connection; one more is refused.
        public var waitingLimit = 2000
        /// How long a transaction waits for another one's lock.
        public var lockTimeout = Duration.seconds(3)
        /// How long a statement may run. With this, the wait for a connection and one more try nobody is kept waiting for more than
        /// ten seconds when the network is parted.
        public var statementTimeout = Duration.seconds(5)
        /// How long a statement over all tenants may run: digests, rebuilds, verification.
        public var maintenanceTimeout = Duration.seconds(120)
        /// How long an append waits for each answer of the server before it is given up, with unknown outcome.
        public var answerTimeout = Duration.seconds(5)
        /// Whole seconds to wait for a connection.
        public var connectTimeout = 3
        /// Whether each connection keeps its statements parsed and planned, which makes small appends twice as cheap. Switch it
        /// off behind a proxy that pools transactions and knows nothing of prepared statements.
        public var preparesStatements = true
        /// How often to look for commits of other processes.
        public var pollInterval = Duration.milliseconds(250)
        /// Quarantined frames kept for each tenant.
        public var quarantineLimit = 10_000
        /// Samples among them kept for each tenant and adapter.
        public var sampleLimit = 200

        public init() {}
    }

    let options: Options
    let reads: ConnectionPool
    let writes: ConnectionPool
    /// Serves documents of read models only; see ``ReplicaFloor``.
    let replica: ConnectionPool?
    let floor = ReplicaFloor()
    let loop: AppendLoop
    let signal = CommitSignal()
    private let watch: CommitWatch

    /// Values of `synchronous_commit` under which an answered commit is on the primary's stable storage and no less safe
    /// than the operator asked for.
    static let durable = ["on", "remote_apply"]

    /// Opens a database whose schema is the one of this release.
    /// - Parameters:
    ///   - url: Of the primary, as libpq reads it, for the service's login.
    ///   - readURL: Of a read replica, for the same login. Only documents of read models are read there, and only when it
    ///     has all that this process has seen of their projection; lookups, streams and the log never are.
    ///   - now: The clock of `recordedAt`. Leases run on the server's.
    public static func open(
        url: String, readURL: String? = nil, options: Options = Options(), now: @escaping @Sendable () -> Timestamp
    ) async throws(PostgresOpenError) -> PostgresStore {
        for url in [url, readURL].compactMap(\.self) where !Connection.accepts(url: url) { throw .malformedURL }
        let target = ConnectionTarget(
            url: url, prepares: options.preparesStatements, timeoutSeconds: options.connectTimeout)
        let replica = readURL.map {
            ConnectionTarget(url: $0, prepares: options.preparesStatements, timeoutSeconds: options.connectTimeout)
        }
        if let problem = await onThread("open", { Self.problem(of: target) }) { throw problem }
        return PostgresStore(target, replica, options, now: now)
    }

    /// Brings the schema of a database up to this release, while servers of the release before run on.
    /// - Parameters:
    ///   - url: For the login that owns the tables, or will, and may make roles where they are missing.
    ///   - serviceLogin: Login that is made a member of the three group roles; `nil` leaves that to an administrator.
    /// - Returns: Schema before and after.
    public static func migrate(
        url: String, serviceLogin: String? = nil
    ) async throws(PostgresOpenError) -> (from: Int, to: Int) {
        guard Connection.accepts(url: url) else { throw .malformedURL }
        let target = ConnectionTarget(url: url, timeoutSeconds: 10)
        let result: Result<(from: Int, to: Int), PostgresOpenError> = await onThread("migrate") {
            do throws(PostgresOpenError) {
                return .success(try Migrator(target).migrate(serviceLogin: serviceLogin))
            } catch { return .failure(error) }
        }
        return try result.get()
    }

    /// Schema that this release works with.
    public static var schemaVersion: Int { Migration.current }

    private init(
        _ target: ConnectionTarget, _ replica: ConnectionTarget?, _ options: Options,
        now: @escaping @Sendable () -> Timestamp
    ) {
        self.options = options
        reads = ConnectionPool("read", target, size: options.readConnections, limit: options.waitingLimit)
        writes = ConnectionPool("write", target, size: options.writeConnections, limit: options.waitingLimit)
        self.replica = replica.map {
            ConnectionPool("replica", $0, size: options.readConnections, limit: options.waitingLimit)
        }
        watch = CommitWatch(target, interval: options.pollInterval, commits: signal)
        let loop = AppendLoop(queueLimit: options.queueLimit, queueBytes: options.queueBytes, commits: signal)
        self.loop = loop
        startThread("append") { loop.run(LogWriter(target, options, now: now)) }
    }

    deinit {
        loop.stop()
        watch.stop()
        reads.stop()
        writes.stop()
        replica?.stop()
    }

    /// Writes what waits and closes. What comes after is answered ``EventStoreError/unavailable(_:)``.
    public func close() async {
        await loop.close()
        await watch.close()
        await reads.close()
        await writes.close()
        await replica?.close()
        signal.finish()
    }

    /// Requests that wait for the append loop, for metrics.
    public var queueDepth: Int { loop.depth }

    // MARK: Opening

    /// Why a database cannot be the store.
    private static func problem(of target: ConnectionTarget) -> PostgresOpenError? {
        do throws(PostgresFailure) {
            let connection = try Connection(target)
            connection.deadline = .now + .seconds(10)
            if let problem = try problemOfServer(connection) { return problem }
            if let problem = try problemOfLogin(connection) { return problem }
            let found = Int(
                try connection.query(
                    .app, nil, "SELECT coalesce(max(version), 0)::bigint FROM albatross.schema_version",
                    timeout: .seconds(10)
                ).integer(0, 0))
            if found > Migration.current { return .newerSchema(found: found, known: Migration.current) }
            if found < Migration.current { return .olderSchema(found: found, known: Migration.current) }
            return nil
        } catch {
            switch error {
            case .lost(let reason): return .database(reason)
            case .silent: return .database("no answer in time")
            case .server(let state, let message): return .database("\(message) (PostgreSQL \(state))")
            case .refused(let reason): return .database("\(reason)")
            }
        }
    }

    private static func problemOfServer(_ connection: Connection) throws(PostgresFailure) -> PostgresOpenError? {
        // `schema_version` is there before the first step is done, without any rights; the log comes with the step.
        let found = try connection.run(
            """
            SELECT current_setting('synchronous_commit'), pg_is_in_recovery(),
              EXISTS (SELECT FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
                WHERE n.nspname = 'albatross' AND c.relname = 'event_head')
            """)
        if found.bool(0, 1) { return .readOnly }
        if !durable.contains(found.text(0, 0)) { return .notDurable(setting: found.text(0, 0)) }
        if !found.bool(0, 2) { return .olderSchema(found: 0, known: Migration.current) }
        return nil
    }

    private static func problemOfLogin(_ connection: Connection) throws(PostgresFailure) -> PostgresOpenError? {
        // A superuser is a member of every role.
        let found = try connection.run(
            """
            SELECT session_user::text, r.rolsuper OR r.rolbypassrls,
              EXISTS (SELECT FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
                WHERE n.nspname = 'albatross' AND pg_has_role(c.relowner, 'MEMBER')),
              (SELECT count(*) FROM pg_roles g WHERE g.rolname LIKE 'albatross\\_%'
                AND g.rolname IN ('albatross_app', 'albatross_relay', 'albatross_maintenance')
                AND pg_has_role(g.oid, 'MEMBER')),
              (SELECT count(*) FROM pg_roles g WHERE g.rolname IN ('albatross_relay', 'albatross_maintenance')
                AND pg_has_role(g.oid, 'USAGE'))
            FROM pg_roles r WHERE r.rolname = session_user
            """)
        let login = found.text(0, 0)
        if found.bool(0, 1) {
            return .role("the login \(login) passes by row-level security: give the URL of one that does not")
        }
        if found.bool(0, 2) {
            return .role("the login \(login) owns the tables: give the URL of the service's login, not the owner's")
        }
        if found.integer(0, 3) < 3 {
            return .role(
                "the login \(login) is not a member of albatross_app, albatross_relay and albatross_maintenance: run `GRANT albatross_app, albatross_relay, albatross_maintenance TO \(login)`"
            )
        }
        if found.integer(0, 4) > 0 {
            return .role(
                "the login \(login) inherits the rights over all tenants: run `ALTER ROLE \(login) NOINHERIT` (from PostgreSQL 16 on, grant the roles anew with `WITH INHERIT FALSE`)"
            )
        }
        return nil
    }

    // MARK: Access for the ports

    /// One statement that reads, repeated when its connection was lost.
    func read<T: Sendable>(
        _ tenant: TenantID?, as role: Role = .app, _ sql: String, _ parameters: [Parameter] = [],
        timeout: Duration? = nil, _ body: @escaping @Sendable (ResultSet) throws(PostgresFailure) -> T
    ) async throws(EventStoreError) -> T {
        let timeout = timeout ?? options.statementTimeout
        return try await reads.run(isRepeatable: true) { connection throws(PostgresFailure) in
            try body(try connection.query(role, tenant, sql, parameters, timeout: timeout))
        }
    }

    /// A transaction that writes. When its connection is lost nobody knows whether it was done.
    func write<T: Sendable>(
        _ tenant: TenantID?, timeout: Duration? = nil,
        _ body: @escaping @Sendable (Connection) throws(PostgresFailure) -> T
    ) async throws(EventStoreError) -> T {
        let (lock, timeout) = (options.lockTimeout, timeout ?? options.statementTimeout)
        return try await writes.run(isRepeatable: false) { connection throws(PostgresFailure) in
            connection.deadline = .now + timeout + Connection.slack
            try connection.begin(tenant, timeout: timeout, lockTimeout: lock, idleTimeout: timeout)
            return try body(connection)
        }
    }

    /// A transaction of one statement that writes.
    func writeOne<T: Sendable>(
        _ tenant: TenantID?, _ sql: String, _ parameters: [Parameter],
        _ body: @escaping @Sendable (ResultSet) throws(PostgresFailure) -> T
    ) async throws(EventStoreError) -> T {
        try await write(tenant) { connection throws(PostgresFailure) in
            try connection.send(sql, parameters)
            let results = try connection.commit()
            // Behind: the setting for the commit, and the commit.
            return try body(results[results.count - 3])
        }
    }
}
