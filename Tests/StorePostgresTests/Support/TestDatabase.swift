import Domain
@testable import StorePostgres
import Synchronization
import TestSupport

import Foundation

/// The server that the tests use, by an administrator's URL in `ALBATROSS_TEST_POSTGRES`.
enum TestServer {
    struct Missing: Error, CustomStringConvertible {
        let description =
            "ALBATROSS_TEST_POSTGRES is not set: give the URL of a PostgreSQL server's administrator, postgres://USER@HOST:PORT/postgres"
    }

    /// Login of the service, and of the tables' owner.
    static let service = "albatross_test", owner = "albatross_test_owner"
    private static let password = "only-for-tests"

    /// URL of a database for the administrator or one of the logins.
    static func url(database: String? = nil, login: String? = nil) throws -> String {
        guard let text = ProcessInfo.processInfo.environment["ALBATROSS_TEST_POSTGRES"],
            var parts = URLComponents(string: text)
        else { throw Missing() }
        if let database { parts.path = "/" + database }
        if let login {
            parts.user = login
            parts.password = password
        }
        guard let url = parts.string else { throw Missing() }
        return url
    }

    /// Does something on a connection of its own.
    static func connected<T: Sendable>(
        _ url: String, _ body: @escaping @Sendable (Connection) throws(PostgresFailure) -> T
    ) async throws -> T {
        let result: Result<T, PostgresFailure> = await onThread("test") {
            do throws(PostgresFailure) {
                let connection = try Connection(ConnectionTarget(url: url, timeoutSeconds: 10))
                connection.deadline = .now + .seconds(120)
                return .success(try body(connection))
            } catch { return .failure(error) }
        }
        return try result.get()
    }

    /// A database that is migrated, for copying. Made once in a process.
    static func template() async throws -> String { try await shared.value }

    private static let shared = Task {
        let admin = try url()
        try await connected(admin) { connection throws(PostgresFailure) in
            // Other test processes may make the same roles at this moment.
            try connection.script(
                """
                DO $$
                DECLARE line text;
                BEGIN
                  FOREACH line IN ARRAY ARRAY['albatross_app NOLOGIN', 'albatross_relay NOLOGIN',
                    'albatross_maintenance NOLOGIN', '\(service) LOGIN NOINHERIT PASSWORD ''\(password)''',
                    '\(owner) LOGIN NOINHERIT CREATEROLE PASSWORD ''\(password)''']
                  LOOP
                    BEGIN
                      EXECUTE 'CREATE ROLE ' || line;
                    EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL;
                    END;
                  END LOOP;
                END
                $$
                """)
            for _ in 0..<20 {
                do throws(PostgresFailure) {
                    return try connection.script(
                        "GRANT albatross_app, albatross_relay, albatross_maintenance TO \(owner) WITH ADMIN OPTION")
                } catch {
                    guard case .server(let state, _) = error, ["XX000", "23505"].contains(state) else { throw error }
                }
            }
        }
        let name = try await create(nil)
        _ = try await PostgresStore.migrate(url: url(database: name, login: owner), serviceLogin: service)
        return name
    }

    /// Databases are left to the server, which is thrown away with them: dropping one takes as long as filling it.
    /// - Parameter template: Database to copy; `nil` makes an empty one.
    static func create(_ template: String?) async throws -> String {
        let name = "albatross_" + UUID().uuidString.lowercased().replacing("-", with: "")
        let copy = template.map { " TEMPLATE \($0)" } ?? ""
        try await connected(url()) { connection throws(PostgresFailure) in
            try connection.script("CREATE DATABASE \(name) OWNER \(owner)\(copy)")
        }
        return name
    }
}

/// A database for one test.
struct TestDatabase: Sendable {
    let name: String

    /// One with the tables of this release.
    init() async throws {
        _ = try TestServer.url()
        name = try await TestServer.create(TestServer.template())
    }

    /// One without any.
    init(empty: Void) async throws {
        _ = try await TestServer.template()
        name = try await TestServer.create(nil)
    }

    var serviceURL: String { get throws { try TestServer.url(database: name, login: TestServer.service) } }
    var ownerURL: String { get throws { try TestServer.url(database: name, login: TestServer.owner) } }
    var adminURL: String { get throws { try TestServer.url(database: name) } }

    /// With patience for a machine that is busy with other tests.
    static var options: PostgresStore.Options {
        var options = PostgresStore.Options()
        options.connectTimeout = 30
        options.answerTimeout = .seconds(60)
        options.lockTimeout = .seconds(50)
        options.statementTimeout = .seconds(60)
        return options
    }

    func open(
        _ options: PostgresStore.Options = Self.options, readURL: String? = nil,
        now: @escaping @Sendable () -> Timestamp = ManualClock().read
    ) async throws -> PostgresStore {
        try await PostgresStore.open(url: serviceURL, readURL: readURL, options: options, now: now)
    }

    /// What an administrator may do behind the store's back.
    func tamper(_ sql: String) async throws {
        try await TestServer.connected(adminURL) { connection throws(PostgresFailure) in try connection.script(sql) }
    }

    /// A copy of the database as it is now; nobody may be connected to it.
    func copy() async throws -> TestDatabase { TestDatabase(name: try await TestServer.create(name)) }

    private init(name: String) { self.name = name }

    /// A number that an administrator sees.
    func count(_ sql: String) async throws -> Int64 {
        try await TestServer.connected(adminURL) { connection throws(PostgresFailure) in
            try connection.run("SELECT (\(sql))::bigint").integer(0, 0)
        }
    }
}

/// A value that closures share.
final class Shared<Value: Sendable>: Sendable {
    private let state: Mutex<Value>
    init(_ value: Value) { state = Mutex(value) }
    var value: Value { state.withLock { $0 } }
    func change(_ body: @Sendable (inout Value) -> Void) {
        state.withLock { value in
            var copy = value
            body(&copy)
            value = copy
        }
    }
}
