import Domain

/// Applies migrations. Works as the tables' owner, in one transaction, behind a lock of the table that records them.
struct Migrator {
    private let connection: Connection

    init(_ target: ConnectionTarget) throws(PostgresOpenError) {
        do throws(PostgresFailure) {
            connection = try Connection(target)
            connection.deadline = .now + .seconds(30)
        } catch { throw .database(Self.reason(error)) }
    }

    private static func reason(_ failure: PostgresFailure) -> String {
        switch failure {
        case .lost(let reason): reason
        case .silent: "no answer in time"
        case .server(let state, let message): "\(message) (PostgreSQL \(state))"
        case .refused(let error): "\(error)"
        }
    }

    private func attempt<T>(_ body: () throws(PostgresFailure) -> T) throws(PostgresOpenError) -> T {
        do { return try body() } catch { throw .database(Self.reason(error)) }
    }

    /// - Returns: Schema before and after.
    func migrate(serviceLogin: String?) throws(PostgresOpenError) -> (from: Int, to: Int) {
        try makeRoles()
        try attempt { () throws(PostgresFailure) in try makeSchema() }
        let found = try attempt { () throws(PostgresFailure) in
            // No advisory lock: a proxy that pools transactions would leave it with some other session.
            _ = try connection.run("BEGIN")
            _ = try connection.run("SET LOCAL lock_timeout = '20s'")
            _ = try connection.run("LOCK TABLE albatross.schema_version IN EXCLUSIVE MODE")
            return Int(try connection.run("SELECT max(version)::bigint FROM albatross.schema_version").integer(0, 0))
        }
        if found > Migration.current { throw .newerSchema(found: found, known: Migration.current) }
        try attempt { () throws(PostgresFailure) in
            for migration in Migration.all where migration.version > found {
                try connection.script(migration.sql)
                connection.deadline = .now + .seconds(30)
                _ = try connection.run(
                    "INSERT INTO albatross.schema_version (version) VALUES ($1)", [.integer(migration.version)])
                KillPoint.reach(.midMigration)
            }
            _ = try connection.commit()
            if let serviceLogin {
                let name = serviceLogin.split(separator: "\"", omittingEmptySubsequences: false).joined(
                    separator: "\"\"")
                try grant("GRANT albatross_app, albatross_relay, albatross_maintenance TO \"\(name)\"")
            }
        }
        return (found, Migration.current)
    }

    /// The roles belong to the whole cluster: another database of it may have made them, or be making them now.
    private func makeRoles() throws(PostgresOpenError) {
        do throws(PostgresFailure) {
            try connection.script(
                """
                DO $$
                DECLARE name text;
                BEGIN
                  FOREACH name IN ARRAY ARRAY['albatross_app', 'albatross_relay', 'albatross_maintenance'] LOOP
                    BEGIN
                      IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = name) THEN
                        EXECUTE format('CREATE ROLE %I NOLOGIN', name);
                      END IF;
                    EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL;
                    END;
                  END LOOP;
                END
                $$
                """)
        } catch {
            guard case .server(let state, _) = error, state == "42501" else { throw .database(Self.reason(error)) }
            throw .role(
                "the login of this URL may not create roles: let an administrator run `CREATE ROLE albatross_app; CREATE ROLE albatross_relay; CREATE ROLE albatross_maintenance`, then run `albatross migrate` again"
            )
        }
    }

    private func makeSchema() throws(PostgresFailure) {
        let exists = try connection.run(
            """
            SELECT EXISTS (SELECT FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
              WHERE n.nspname = 'albatross' AND c.relname = 'schema_version')
            """
        ).bool(0, 0)
        if exists { return }
        do throws(PostgresFailure) {
            try connection.script(
                """
                CREATE SCHEMA IF NOT EXISTS albatross;
                CREATE TABLE IF NOT EXISTS albatross.schema_version (
                  version bigint PRIMARY KEY,
                  applied_at timestamptz NOT NULL DEFAULT now()
                );
                """)
        } catch {
            // 23505, 42P06, 42P07: another process made the same in this very moment.
            guard case .server(let state, _) = error, ["23505", "42P06", "42P07"].contains(state) else { throw error }
        }
    }

    /// Two grants of one role at once, perhaps for two databases, make one of them fail.
    private func grant(_ sql: String) throws(PostgresFailure) {
        for _ in 0..<20 {
            do throws(PostgresFailure) { return try connection.script(sql) } catch {
                guard case .server(let state, _) = error, ["23505", "XX000"].contains(state) else { throw error }
            }
        }
        try connection.script(sql)
    }
}
