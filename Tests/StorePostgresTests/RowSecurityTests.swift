import Domain
@testable import StorePostgres
import TestSupport
import Testing

import Foundation

extension PostgresTests {
    /// Tenants are kept apart by the database itself, whatever the program asks.
    @Suite struct RowSecurityTests {
        let clock = ManualClock()
        let mine = TenantID.make(at: ManualClock().now)
        let theirs = TenantID.make(at: ManualClock().now)

        /// Names of the tables with a column `tenant` (or without), from the catalogue.
        private func tables(_ database: TestDatabase, withTenant: Bool) async throws -> [String] {
            try await TestServer.connected(database.adminURL) { connection throws(PostgresFailure) in
                let found = try connection.run(
                    """
                    SELECT c.relname::text FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
                    WHERE n.nspname = 'albatross' AND c.relkind IN ('r', 'p', 'v', 'm') AND (EXISTS (
                      SELECT FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attname = 'tenant')) = \(withTenant)
                    ORDER BY 1
                    """)
                return (0..<found.count).map { found.text($0, 0) }
            }
        }

        /// A store with something of two tenants in every table.
        private func filled(_ database: TestDatabase) async throws -> PostgresStore {
            let store = try await database.open(now: clock.read)
            for tenant in [mine, theirs] {
                let id = UUID.version7(at: clock.now)
                _ = try await store.append(
                    AppendRequest(
                        tenant: tenant,
                        writes: [
                            StreamWrite(
                                stream: StreamName(tenant, .flight, id), expected: .noStream,
                                events: [EncodedEvent(type: "flight.opened", schema: 1, payload: [1])])
                        ], reserve: [(Reservation(.email, "a@b.c"), owner: id)],
                        lookups: [.put(kind: "user", key: "a", value: [1])], correlation: id))
                _ = try await store.nextNumber(tenant, kind: "flight", wanted: nil)
                try await store.commit(
                    "flights", generation: 1, partitions: Partitions.all,
                    writes: [(tenant, .put(kind: "f", key: "a", value: [1]))], checkpoint: 1)
                try await store.saveSession(
                    SessionRecord(tenant: tenant, kind: "web", hash: [1], user: UserID(id), expires: clock.now))
                try await store.quarantine(
                    tenant,
                    [
                        QuarantinedFrame(
                            id: "f", adapter: "a", code: "c", detail: "d", method: "GET", path: "/", bytes: [1],
                            receivedAt: clock.now)
                    ])
            }
            return store
        }

        @Test func everyTableOfTenantsForcesRowSecurity() async throws {
            let database = try await TestDatabase()
            let store = try await database.open()
            #expect(try await store.checkFile() == [])
            // What has no tenant is named here, so that nobody forgets the column.
            #expect(
                try await tables(database, withTenant: false)
                    == ["checkpoint", "event_head", "lease", "projection", "schema_version"])
            try await database.tamper(
                """
                CREATE TABLE albatross.forgotten (tenant uuid);
                ALTER TABLE albatross.lookup NO FORCE ROW LEVEL SECURITY
                """)
            #expect(
                try await store.checkFile().map(\.description).sorted() == [
                    "database: row-level security is not forced on table forgotten",
                    "database: row-level security is not forced on table lookup",
                ])
            await store.close()
        }

        @Test func theServiceIsNeitherOwnerNorSuperuser() async throws {
            let database = try await TestDatabase()
            let owned = try await database.count(
                """
                SELECT count(*) FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace JOIN pg_roles r ON r.oid = c.relowner
                WHERE n.nspname = 'albatross' AND pg_has_role('\(TestServer.service)', r.oid, 'MEMBER')
                """)
            #expect(owned == 0)
            let strong = try await database.count(
                """
                SELECT count(*) FROM pg_roles WHERE rolname IN ('\(TestServer.service)', '\(TestServer.owner)', 'albatross_app',
                  'albatross_relay', 'albatross_maintenance') AND (rolsuper OR rolbypassrls)
                """)
            #expect(strong == 0)
        }

        @Test func withoutATenantNoRowIsSeen() async throws {
            let database = try await TestDatabase()
            let store = try await filled(database)
            let (mine, theirs) = (mine, theirs)
            let tables = try await tables(database, withTenant: true)
            #expect(tables.count >= 8)
            for table in tables {
                let all = try await database.count("SELECT count(*) FROM albatross.\(table)")
                let name = "albatross.\(table)"
                try await TestServer.connected(database.serviceURL) { connection throws(PostgresFailure) in
                    func count(_ tenant: TenantID?, _ condition: String = "true") throws(PostgresFailure) -> Int64 {
                        try connection.query(
                            .app, tenant, "SELECT count(*) FROM \(name) WHERE \(condition)", timeout: .seconds(5)
                        ).integer(0, 0)
                    }
                    func isRefused(_ body: () throws(PostgresFailure) -> ResultSet) -> Bool {
                        do { return try body().changes == 0 } catch {
                            guard case .server("42501", _) = error else { return false }
                            return true
                        }
                    }
                    #expect(
                        isRefused { () throws(PostgresFailure) in try connection.run("SELECT * FROM \(name)") },
                        "\(name)")
                    #expect(try count(nil) == 0, "\(name)")
                    let own = try count(mine)
                    #expect(own > 0 && own < all, "\(name)")
                    #expect(try count(mine, "tenant <> '\(mine)'") == 0, "\(name)")
                    // Set, used, and gone: what is left of the setting is an empty text.
                    #expect(try count(nil) == 0, "\(name)")
                    for change in [
                        "UPDATE \(name) SET tenant = '\(theirs)'",
                        "UPDATE \(name) SET tenant = tenant WHERE tenant = '\(theirs)'",
                        "DELETE FROM \(name) WHERE tenant = '\(theirs)'",
                        "INSERT INTO \(name) SELECT * FROM \(name) WHERE tenant = '\(theirs)'",
                    ] {
                        #expect(
                            isRefused { () throws(PostgresFailure) in
                                try connection.query(.app, mine, change, timeout: .seconds(5))
                            }, "\(change)")
                    }
                    #expect(try count(theirs) == all - own, "\(name)")
                }
                // FORCED: not even the owner, who is held by no policy but that there is none.
                try await TestServer.connected(database.ownerURL) { connection throws(PostgresFailure) in
                    #expect(try connection.run("SELECT count(*) FROM \(name)").integer(0, 0) == 0, "\(name)")
                }
            }
            await store.close()
        }

        /// A new tenant's rows cannot be written under another's name either.
        @Test func aRowOfAnotherTenantIsNotWritten() async throws {
            let database = try await TestDatabase()
            let store = try await filled(database)
            let (mine, theirs) = (mine, theirs)
            try await TestServer.connected(database.serviceURL) { connection throws(PostgresFailure) in
                for tenant in [mine, nil] {
                    do throws(PostgresFailure) {
                        _ = try connection.query(
                            .app, tenant,
                            "INSERT INTO albatross.lookup (tenant, kind, key, value) VALUES ($1, 'k', 'k', '')",
                            [.uuid(theirs.uuid)], timeout: .seconds(5))
                        Issue.record("written as \(String(describing: tenant))")
                    } catch { guard case .server("42501", _) = error else { throw error } }
                }
            }
            let stream = StreamName(theirs, .flight, UUID())
            func append(as tenant: TenantID, _ expected: ExpectedVersion) async throws {
                let write = StreamWrite(
                    stream: stream, expected: expected, events: [EncodedEvent(type: "t", schema: 1, payload: [])])
                _ = try await store.append(AppendRequest(tenant: tenant, writes: [write], correlation: UUID()))
            }
            try await append(as: theirs, .noStream)
            // Another store remembers nothing of the stream, and nothing wrong after the refusal.
            let other = try await database.open()
            for expected in [ExpectedVersion.any, .noStream, .exactly(1)] {
                await #expect(throws: EventStoreError.self) {
                    let write = StreamWrite(
                        stream: stream, expected: expected, events: [EncodedEvent(type: "t", schema: 1, payload: [])])
                    _ = try await other.append(AppendRequest(tenant: mine, writes: [write], correlation: UUID()))
                }
            }
            _ = try await other.append(
                AppendRequest(
                    tenant: theirs, writes: [StreamWrite(stream: stream, expected: .exactly(1), events: [])],
                    correlation: UUID()))
            await other.close()
            await store.close()
        }

        @Test func theRolesMayNoMoreThanTheyNeed() async throws {
            let database = try await TestDatabase()
            func may(_ role: String, _ right: String) async throws -> [String] {
                try await TestServer.connected(database.adminURL) { connection throws(PostgresFailure) in
                    let found = try connection.run(
                        """
                        SELECT c.relname::text FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
                        WHERE n.nspname = 'albatross' AND c.relkind = 'r' AND has_table_privilege('albatross_\(role)', c.oid, '\(right)')
                        ORDER BY 1
                        """)
                    return (0..<found.count).map { found.text($0, 0) }
                }
            }
            #expect(try await may("relay", "SELECT") == ["event", "event_head"])
            #expect(try await may("relay", "INSERT, UPDATE, DELETE, TRUNCATE") == [])
            let rebuilt = ["lookup", "read_model", "reservation", "session"]
            #expect(try await may("maintenance", "SELECT") == ["event"] + rebuilt)
            #expect(try await may("maintenance", "DELETE") == rebuilt)
            #expect(try await may("maintenance", "INSERT, UPDATE, TRUNCATE") == [])
            // An erasure replaces a payload and its checksum, and can touch nothing else of an event.
            let changeable = try await TestServer.connected(database.adminURL) { connection throws(PostgresFailure) in
                let found = try connection.run(
                    """
                    SELECT a.attname::text FROM pg_attribute a WHERE a.attrelid = 'albatross.event'::regclass AND a.attnum > 0
                    AND has_column_privilege('albatross_maintenance', a.attrelid, a.attnum, 'UPDATE') ORDER BY 1
                    """)
                return (0..<found.count).map { found.text($0, 0) }
            }
            #expect(changeable == ["crc", "payload"])
            #expect(try await !may("app", "UPDATE, DELETE, TRUNCATE").contains("event"))
            #expect(try await may("app", "TRUNCATE, REFERENCES, TRIGGER") == [])
        }

        /// T3: transactions of two tenants and of none, good ones and broken ones, take turns on a few connections.
        /// `ALBATROSS_TEST_LONG=1` runs ten times as many.
        @Test(.timeLimit(.minutes(10))) func nothingIsCarriedOverOnAPooledConnection() async throws {
            let database = try await TestDatabase()
            let store = try await filled(database)
            let transactions = ProcessInfo.processInfo.environment["ALBATROSS_TEST_LONG"] == nil ? 10_000 : 100_000
            let tenants = [mine, theirs]
            let (workers, each) = (8, 20)
            try await withThrowingTaskGroup(of: Void.self) { group in
                for worker in 0..<workers {
                    group.addTask {
                        var random = StableHash()
                        for round in 0..<transactions / workers / each {
                            random.combine(Int64(worker * 1_000_000 + round))
                            let seed = random.value
                            do throws(EventStoreError) {
                                try await store.reads.run(isRepeatable: false) { connection throws(PostgresFailure) in
                                    try Self.transact(connection, tenants, seed, each)
                                }
                            } catch { #expect(error == .unavailable("division by zero (PostgreSQL 22012)")) }
                        }
                    }
                }
                try await group.waitForAll()
            }
            await store.close()
        }

        /// Some transactions in one go, the last of them left in a state that a careless program might leave.
        private static func transact(
            _ connection: Connection, _ tenants: [TenantID], _ seed: UInt64, _ count: Int
        ) throws(PostgresFailure) {
            let seen = """
                SELECT coalesce(string_agg(DISTINCT tenant::text, ','), ''), coalesce(current_setting('albatross.tenant', true), ''),
                  current_user::text FROM albatross.event
                """
            connection.deadline = .now + .seconds(60)
            // What went before on this connection left nothing.
            let before = try connection.run(
                "SELECT coalesce(current_setting('albatross.tenant', true), ''), current_user::text")
            #expect(before.text(0, 0) == "" && before.text(0, 1) == TestServer.service)
            var random = StableHash()
            random.combine(seed)
            let kinds = (1..<count).map { _ in
                random.combine(seed)
                return random.value >> 24
            }
            for kind in kinds {
                let tenant = tenants[Int(kind & 1)]
                try connection.become(.app, kind & 6 == 0 ? nil : tenant, timeout: .seconds(30))
                if kind & 24 == 0 { try connection.send("SELECT 1 / 0") }
                try connection.send(seen)
                try connection.sync()
            }
            for kind in kinds {
                let wanted = kind & 6 == 0 ? "" : tenants[Int(kind & 1)].description
                do throws(PostgresFailure) {
                    let found = try connection.receive()[1]
                    #expect(kind & 24 != 0)
                    #expect(
                        found.text(0, 0) == wanted && found.text(0, 1) == wanted && found.text(0, 2) == "albatross_app")
                } catch {
                    guard case .server("22012", _) = error, kind & 24 == 0 else { throw error }
                }
            }
            let tenant = tenants[Int(seed & 1)]
            switch seed >> 1 & 3 {
            case 0: break
            case 1:
                try connection.begin(tenant, timeout: .seconds(30), lockTimeout: .seconds(9), idleTimeout: .seconds(30))
                _ = try connection.run("SELECT 1 / 0")
            case 2:
                // Forgotten in the middle, as somebody who sees everything.
                try connection.begin(tenant, timeout: .seconds(30), lockTimeout: .seconds(9), idleTimeout: .seconds(30))
                try connection.become(.relay, tenant, timeout: .seconds(30))
                _ = try connection.run(seen)
            default:
                // Never waited for.
                try connection.become(.app, tenant, timeout: .seconds(30))
                try connection.send(seen)
                try connection.sync()
            }
        }
    }
}
