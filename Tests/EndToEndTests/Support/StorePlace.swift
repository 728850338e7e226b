import Foundation

/// Where a server under test keeps its store, and another program's eye on it.
enum StoreKind: String, Sendable, CaseIterable { case sqlite, postgres }

/// A database of its own on the PostgreSQL server that the tests use.
final class OwnDatabase: Sendable {
    private let admin: String
    private let name = "own_" + UUID().uuidString.replacingOccurrences(of: "-", with: "").lowercased()
    private static let login = "albatross_tests"
    /// For the administrator, whom row-level security does not bind.
    let administrator: String
    /// For the service.
    let url: String

    init() throws {
        guard let admin = ProcessInfo.processInfo.environment["ALBATROSS_TEST_POSTGRES"],
            var parts = URLComponents(string: admin)
        else { throw AlbatrossServer.Failure(description: "ALBATROSS_TEST_POSTGRES is not set: run `make test`") }
        self.admin = admin
        parts.path = "/" + name
        administrator = parts.string ?? ""
        parts.user = Self.login
        url = parts.string ?? ""
        _ = try? Self.psql(admin, "CREATE ROLE \(Self.login) LOGIN NOINHERIT")  // There already.
        _ = try Self.psql(admin, "CREATE DATABASE \(name)")
        _ = try Self.run(Paths.binary, ["migrate", "--url", administrator, "--service-login", Self.login])
    }

    func query(_ sql: String) throws -> String { try Self.psql(administrator, sql) }

    /// The whole database as SQL text.
    func dump() throws -> String { try Self.run("/usr/bin/pg_dump", [administrator]) }

    func drop() {
        // Throw-away data on a throw-away server: what cannot be dropped goes with it.
        _ = try? Self.psql(admin, "DROP DATABASE IF EXISTS \(name) WITH (FORCE)")
    }

    private static func psql(_ url: String, _ sql: String) throws -> String {
        try run("/usr/bin/psql", ["-qAtX", "-v", "ON_ERROR_STOP=1", url, "-c", sql])
            .trimmingCharacters(in: .whitespacesAndNewlines)
    }

    private static func run(_ program: String, _ arguments: [String]) throws -> String {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: program)
        process.arguments = arguments
        let output = Pipe()
        process.standardOutput = output
        process.standardError = output
        try process.run()
        let text = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        process.waitUntilExit()
        guard process.terminationStatus == 0 else {
            throw AlbatrossServer.Failure(description: "\(program): \(text.suffix(2000))")
        }
        return text
    }
}

/// A server on a store of either kind, and SQL that both kinds understand.
struct PlacedServer: Sendable {
    let kind: StoreKind
    let server: AlbatrossServer
    private let database: OwnDatabase?

    /// - Parameter secret: Base64 of the server's secret; nil lets the folder make one.
    init(_ kind: StoreKind, secret: String? = nil) throws {
        self.kind = kind
        database = kind == .postgres ? try OwnDatabase() : nil
        var environment = database.map { ["DATABASE_URL": $0.url] } ?? [:]
        if let secret { environment["ALBATROSS_SECRET"] = secret }
        server = try AlbatrossServer(environment: environment)
    }

    func cleanUp() async {
        await server.cleanUp()
        database?.drop()
    }

    /// - Parameter sql: Tables without their schema; `hex(…)` and `real hex` alike give upper-case digits.
    func query(_ sql: String) async throws -> String {
        guard let database else { return try await server.sqlite(sql) }
        return try database.query("SET search_path = albatross; " + sql)
    }

    /// PostgreSQL's whole content as SQL; nil for SQLite, whose content is its files.
    func dump() throws -> String? { try database?.dump() }

    private func hex(_ column: String) -> String {
        kind == .sqlite ? "hex(\(column))" : "upper(encode(\(column), 'hex'))"
    }
    private func id(_ column: String) -> String {
        kind == .sqlite ? "lower(hex(\(column)))" : "replace(\(column)::text, '-', '')"
    }

    /// The read model `flights`, every document of the generation that is read.
    func flights() async throws -> String {
        try await query(
            """
            SELECT \(id("tenant")), kind, key, \(hex("value")) FROM read_model WHERE projection = 'flights'
            AND generation = coalesce((SELECT generation FROM projection WHERE name = 'flights'), 1) ORDER BY 1, 2, 3
            """)
    }

    /// Waits until the running server's read model holds the whole log.
    func caughtUp() async throws {
        try await eventually("the end of the log in the read model", within: .seconds(100)) {
            try await query(
                """
                SELECT CASE WHEN min(c.position) = h.position THEN 1 ELSE 0 END FROM checkpoint c, event_head h
                WHERE c.projection = 'flights'
                AND c.generation = coalesce((SELECT generation FROM projection WHERE name = 'flights'), 1)
                GROUP BY h.position
                """) == "1" ? true : nil
        }
    }

    /// Everything that is not made from the log, and the log, in one form for both kinds.
    func everything() async throws -> [String: String] {
        let type = kind == .sqlite ? "(SELECT name FROM event_type t WHERE t.id = e.type)" : "type"
        let user = kind == .sqlite ? "user" : "user_id"
        let tables = [
            "event":
                """
            SELECT position, \(id("tenant")), category, \(id("stream")), version, \(id("event_id")), \(type), schema,
            \(id("correlation")), \(id("causation")), recorded_at, crc, \(hex("payload")) FROM event e ORDER BY 1
            """,
            "head": "SELECT position FROM event_head",
            "lookup": "SELECT \(id("tenant")), kind, key, \(hex("value")) FROM lookup ORDER BY 1, 2, 3",
            "reservation":
                "SELECT \(id("tenant")), scope, key, \(id("owner")) FROM reservation ORDER BY 1, 2, 3",
            "sequence": "SELECT \(id("tenant")), kind, next FROM sequence ORDER BY 1, 2",
            "session":
                "SELECT \(id("tenant")), kind, \(hex("hash")), \(id(user)), expires FROM session ORDER BY 1, 2, 3",
            "quarantine":
                """
            SELECT \(id("tenant")), number, id, adapter, code, detail, method, path, received_at, \(hex("bytes"))
            FROM quarantine ORDER BY 1, 2
            """,
            "kept":
                """
            SELECT projection, \(id("tenant")), kind, key, \(hex("value")) FROM read_model
            WHERE projection NOT IN ('flights', 'server-secret') ORDER BY 1, 2, 3, 4
            """,
            "checkpoint":
                """
            SELECT projection, part, position FROM checkpoint
            WHERE projection NOT IN ('flights', 'server-secret') ORDER BY 1, 2
            """,
        ]
        var found: [String: String] = [:]
        for (name, sql) in tables { found[name] = try await query(sql) }
        return found
    }

    /// Turns one bit of one event's payload, past the server.
    func damage(position: Int) async throws {
        if let database {
            _ = try database.query(
                "UPDATE albatross.event SET payload = set_byte(payload, 0, get_byte(payload, 0) # 4) WHERE position = \(position)"
            )
            return
        }
        let payload = try await server.sqlite("SELECT hex(payload) FROM event WHERE position = \(position)")
        guard let first = UInt8(payload.prefix(2), radix: 16) else {
            throw AlbatrossServer.Failure(description: "no event at \(position)")
        }
        let changed = String(format: "%02X", first ^ 4) + payload.dropFirst(2)
        let process = try ChildProcess(
            "/usr/bin/sqlite3",
            [
                "\(server.data)/albatross.sqlite",
                "UPDATE event SET payload = X'\(changed)' WHERE position = \(position)",
            ],
            environment: server.environment, folder: server.folder)
        guard try await process.exitCode(within: .seconds(60)) == 0 else {
            throw AlbatrossServer.Failure(description: process.errors)
        }
    }
}

/// Runs a test with such a server; it is ended afterwards, however the test ends.
func withPlaced<Value>(
    _ kind: StoreKind, secret: String? = nil, _ body: (PlacedServer) async throws -> Value
) async throws -> Value {
    let placed = try PlacedServer(kind, secret: secret)
    do {
        let value = try await body(placed)
        await placed.cleanUp()
        return value
    } catch {
        let log = placed.server.log
        if !log.isEmpty { print("the server last said:\n\(log.suffix(3000))") }
        await placed.cleanUp()
        throw error
    }
}
