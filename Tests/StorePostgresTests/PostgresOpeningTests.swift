import Domain
@testable import StorePostgres
import TestSupport
import Testing

extension PostgresTests {
    /// What opens, what is refused, and in which words.
    @Suite struct PostgresOpeningTests {
        private func refusal(_ url: String) async -> PostgresOpenError? {
            do throws(PostgresOpenError) {
                await (try await PostgresStore.open(url: url, now: ManualClock().read)).close()
                return nil
            } catch { return error }
        }

        @Test func migrationsAreNumberedWithoutGaps() {
            #expect(Migration.all.map(\.version) == Array(1...Migration.all.count))
        }

        @Test func refusesASchemaOfALaterRelease() async throws {
            let database = try await TestDatabase()
            try await database.tamper("INSERT INTO albatross.schema_version (version) VALUES (1000)")
            let newer = PostgresOpenError.newerSchema(found: 1000, known: Migration.current)
            #expect(await refusal(try database.serviceURL) == newer)
            await #expect(throws: newer) { try await PostgresStore.migrate(url: try database.ownerURL) }
        }

        @Test func refusesADatabaseThatIsNotMigrated() async throws {
            let database = try await TestDatabase(empty: ())
            #expect(await refusal(try database.serviceURL) == .olderSchema(found: 0, known: Migration.current))
            let migrated = try await TestDatabase()
            try await migrated.tamper("DELETE FROM albatross.schema_version WHERE version = \(Migration.current)")
            #expect(
                await refusal(try migrated.serviceURL)
                    == .olderSchema(found: Migration.current - 1, known: Migration.current))
        }

        @Test func severalProcessesMigrateOneDatabaseAtOnce() async throws {
            let database = try await TestDatabase(empty: ())
            let url = try database.ownerURL
            let steps = try await withThrowingTaskGroup(of: (from: Int, to: Int).self) { group in
                for _ in 0..<4 {
                    group.addTask { try await PostgresStore.migrate(url: url, serviceLogin: TestServer.service) }
                }
                return try await group.reduce(into: []) { $0.append($1) }
            }
            #expect(steps.map(\.from).sorted() == [0] + [Int](repeating: Migration.current, count: 3))
            #expect(steps.allSatisfy { $0.to == Migration.current })
            #expect(await refusal(try database.serviceURL) == nil)
        }

        @Test func refusesALoginThatRowSecurityDoesNotHold() async throws {
            let database = try await TestDatabase()
            for url in [try database.adminURL, try database.ownerURL] {
                guard case .role = await refusal(url) else {
                    Issue.record("opened as one who passes by row-level security or owns the tables")
                    continue
                }
            }
        }

        @Test func refusesALoginThatIsNoMemberOrInheritsWhatItMustNot() async throws {
            let database = try await TestDatabase()
            // Roles belong to the whole server: one of their own for each run.
            let login = "albatross_login_\(database.name.suffix(12))"
            try await database.tamper("CREATE ROLE \(login) LOGIN INHERIT PASSWORD 'only-for-tests'")
            let url = try TestServer.url(database: database.name, login: login)
            guard case .role(let missing) = await refusal(url) else {
                Issue.record("opened by a login without roles")
                return
            }
            #expect(missing.contains("GRANT albatross_app, albatross_relay, albatross_maintenance TO \(login)"))
            try await database.tamper("GRANT albatross_app, albatross_relay, albatross_maintenance TO \(login)")
            guard case .role(let inherits) = await refusal(url) else {
                Issue.record("opened by a login that sees all tenants")
                return
            }
            #expect(inherits.contains("NOINHERIT"))
            try await database.tamper("DROP ROLE \(login)")
        }

        @Test func refusesAServerThatAnswersBeforeTheDataIsSafe() async throws {
            let database = try await TestDatabase()
            try await database.tamper("ALTER DATABASE \(database.name) SET synchronous_commit = off")
            #expect(await refusal(try database.serviceURL) == .notDurable(setting: "off"))
            try await database.tamper("ALTER DATABASE \(database.name) RESET synchronous_commit")
            #expect(await refusal(try database.serviceURL) == nil)
        }

        @Test func saysNothingOfTheURLThatItRefuses() async throws {
            let secret = "s3cr3t"
            for url in [
                "postgres://user:\(secret)@host:notaport/db", "\(secret) nonsense", "postgres://\(secret)@[::1/db",
                "postgres://user:p@\(secret)@127.0.0.1/db", "postgres://user:\(secret)/x@127.0.0.1/db",
                "postgresql://user:p:\(secret)@127.0.0.1:5432:1/db",
            ] {
                let refusal = await refusal(url)
                #expect(refusal == .malformedURL)
                #expect(refusal?.description.contains(secret) == false)
            }
            for url in [
                "postgres://u@[::1]:5432/db", "postgres://u:p@a:1,b:2/db?target_session_attrs=primary",
                "postgres:///db",
            ] {
                #expect(Connection.accepts(url: url), "\(url)")
            }
            // Nobody listens on port 1.
            let refusal = await refusal("postgres://user:\(secret)@127.0.0.1:1/db")
            #expect(refusal?.description.contains(secret) == false)
            #expect(refusal?.description.contains("\n") == false)
        }
    }
}
