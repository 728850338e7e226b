import Domain

/// The group roles that a transaction works as; see the first migration for what each may do.
enum Role: String {
    case app = "albatross_app"
    case relay = "albatross_relay"
    case maintenance = "albatross_maintenance"
}

extension Duration {
    /// Whole milliseconds, as PostgreSQL takes its timeouts.
    var wholeMilliseconds: Int64 {
        components.seconds * 1000 + components.attoseconds / 1_000_000_000_000_000
    }
}

extension Connection {
    /// Queues the settings of the transaction that the segment is part of. They end with it, whatever its end.
    /// - Parameter tenant: Whose rows the role `albatross_app` sees from here on; none when `nil`.
    func become(_ role: Role, _ tenant: TenantID?, timeout: Duration) throws(PostgresFailure) {
        try send(
            """
            SELECT set_config('role', $1, true), set_config('albatross.tenant', $2, true),
              set_config('statement_timeout', $3, true)
            """,
            [.text(role.rawValue), .text(tenant?.description ?? ""), .text("\(timeout.wholeMilliseconds)")])
    }

    /// Queues the start of a transaction of several segments, for the role `albatross_app`.
    func begin(
        _ tenant: TenantID?, timeout: Duration, lockTimeout: Duration, idleTimeout: Duration
    ) throws(PostgresFailure) {
        try send("BEGIN ISOLATION LEVEL READ COMMITTED")
        try send(
            """
            SELECT set_config('role', $1, true), set_config('albatross.tenant', $2, true),
              set_config('statement_timeout', $3, true), set_config('lock_timeout', $4, true),
              set_config('idle_in_transaction_session_timeout', $5, true)
            """,
            [.text(Role.app.rawValue), .text(tenant?.description ?? "")]
                + [timeout, lockTimeout, idleTimeout].map { .text("\($0.wholeMilliseconds)") })
    }

    /// Queues a change of the tenant unless it is the one that is set.
    /// - Returns: Whether a statement was queued.
    func set(_ tenant: TenantID, instead current: inout TenantID?) throws(PostgresFailure) -> Bool {
        if current == tenant { return false }
        current = tenant
        try set(tenant)
        return true
    }

    /// Queues a change of the tenant within a transaction of the role `albatross_app`.
    func set(_ tenant: TenantID) throws(PostgresFailure) {
        try send("SELECT set_config('albatross.tenant', $1, true)", [.text(tenant.description)])
    }

    /// Sends a segment that ends with COMMIT, and waits for its answers.
    /// - Parameter isUnlimited: Whether the transaction has switched its timeout off already.
    func commit(isUnlimited: Bool = false) throws(PostgresFailure) -> [ResultSet] {
        // A commit that waits for a standby must not be cut off by a timeout: the server would call it done.
        if !isUnlimited { try send("SELECT set_config('statement_timeout', '0', true)") }
        try send("COMMIT")
        try sync()
        let results = try receive()
        guard results.last?.command == "COMMIT" else { throw .lost("the server did not commit") }
        return results
    }

    /// The server gives a statement up by itself; its word for that comes within this time, or the connection is lost.
    static let slack = Duration.seconds(1)

    /// One statement in a transaction of its own.
    func query(
        _ role: Role, _ tenant: TenantID?, _ sql: String, _ parameters: [Parameter] = [], timeout: Duration
    ) throws(PostgresFailure) -> ResultSet {
        deadline = .now + timeout + Self.slack
        try become(role, tenant, timeout: timeout)
        return try run(sql, parameters)
    }
}
