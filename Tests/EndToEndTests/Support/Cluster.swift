import Foundation
import Testing

/// Where the servers are that a gateway works with.
struct ServerAddresses: Sendable {
    /// The administrator's, for the tests themselves.
    var postgres: String
    var rabbitmq: String?
    var redis: String?
    /// Ports of proxies in the gateway's way, which the tests do not go through.
    var postgresPort: Int?
    var rabbitmqPort: Int?
    var redisPort: Int?

    /// Those that `scripts/services.sh` started for the whole run.
    static func shared() throws -> ServerAddresses {
        func address(_ name: String) throws -> String {
            guard let value = ProcessInfo.processInfo.environment[name] else {
                throw Cluster.Failure(description: "\(name) is not set: run the tests through `make test`")
            }
            return value
        }
        return ServerAddresses(
            postgres: try address("ALBATROSS_TEST_POSTGRES"), rabbitmq: try address("ALBATROSS_TEST_RABBITMQ"),
            redis: try address("ALBATROSS_TEST_REDIS"))
    }

    /// The same address, at the port of a proxy when there is one.
    static func through(_ port: Int?, _ url: String) -> String {
        guard let port, var parts = URLComponents(string: url) else { return url }
        parts.port = port
        return parts.string ?? url
    }

    static func port(of url: String) throws -> Int {
        guard let port = URLComponents(string: url)?.port else {
            throw Cluster.Failure(description: "\(url) has no port")
        }
        return port
    }
}

/// A database and names of its own on running servers; with split roles also nginx as the balancer in front of two gateways
/// and two query servers.
final class Cluster: Sendable {
    struct Failure: Error, CustomStringConvertible { let description: String }

    /// Roles over processes, not one process.
    let isSplit: Bool
    private let folder: String
    private let admin: String
    private let owner: String
    /// Of the database, and first part of every name in broker and cache.
    let name = "e2e_" + UUID().uuidString.replacingOccurrences(of: "-", with: "").lowercased()
    private static let login = "albatross_tests"
    let environment: [String: String]

    /// The cluster of a test run with `ALBATROSS_TEST_SHAPE=split`, nil without.
    static func wanted(folder: String) throws -> Cluster? {
        guard ProcessInfo.processInfo.environment["ALBATROSS_TEST_SHAPE"] == "split" else { return nil }
        return try Cluster(folder: folder, .shared(), isSplit: true)
    }

    /// - Parameter isMigrated: Without it the database is empty.
    init(folder: String, _ addresses: ServerAddresses, isSplit: Bool = false, isMigrated: Bool = true) throws {
        self.folder = folder
        self.isSplit = isSplit
        admin = addresses.postgres
        guard var parts = URLComponents(string: admin) else {
            throw Failure(description: "\(admin) is no address")
        }
        parts.path = "/" + name
        owner = parts.string ?? ""
        parts.user = Self.login
        var environment = [
            "DATABASE_URL": ServerAddresses.through(addresses.postgresPort, parts.string ?? ""),
            "ALBATROSS_PREFIX": name,
            "ALBATROSS_SECRET": Data((0..<32).map { _ in UInt8.random(in: 0...255) }).base64EncodedString(),
        ]
        environment["RABBITMQ_URL"] = addresses.rabbitmq.map { ServerAddresses.through(addresses.rabbitmqPort, $0) }
        environment["REDIS_URL"] = addresses.redis.map { ServerAddresses.through(addresses.redisPort, $0) }
        self.environment = environment
        // It may be there already.
        _ = try? Self.run("psql", ["-qAt", admin, "-c", "CREATE ROLE \(Self.login) LOGIN NOINHERIT"], folder)
        try Self.run("psql", ["-qAt", admin, "-c", "CREATE DATABASE \(name)"], folder)
        if isMigrated { try Self.run(Paths.binary, migration, folder) }
    }

    /// Arguments that bring the database to the schema of this release.
    var migration: [String] { ["migrate", "--url", owner, "--service-login", Self.login] }

    @discardableResult
    private static func run(_ program: String, _ arguments: [String], _ folder: String) throws -> String {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: program.hasPrefix("/") ? program : "/usr/bin/\(program)")
        process.arguments = arguments
        let output = Pipe()
        process.standardOutput = output
        process.standardError = output
        try process.run()
        let text = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        process.waitUntilExit()
        guard process.terminationStatus == 0 else {
            throw Failure(description: "\(program) \(arguments.joined(separator: " ")): \(text)")
        }
        return text
    }

    /// Trackers' paths and mapped host names to the gateways, everything else to the query servers, request by request.
    func balance(ingest: [Int], query: [Int]) async throws -> (process: ChildProcess, port: Int) {
        func servers(_ ports: [Int]) -> String {
            ports.map { "server 127.0.0.1:\($0) max_fails=0;" }.joined(separator: " ")
        }
        for _ in 0..<10 {
            let port = Int.random(in: 20_000..<32_000)
            let configuration = """
                daemon off; worker_processes 1; pid \(folder)/nginx.pid; error_log \(folder)/nginx.log crit;
                events { worker_connections 4096; }
                http {
                  access_log off; client_max_body_size 16m; client_body_temp_path \(folder)/nb; proxy_temp_path \(folder)/np;
                  fastcgi_temp_path \(folder)/nf; uwsgi_temp_path \(folder)/nu; scgi_temp_path \(folder)/ns;
                  upstream ingest { \(servers(ingest)) keepalive 64; }
                  upstream query { \(servers(query)) keepalive 64; }
                  upstream stream { \(servers(query)) }
                  map $http_upgrade $connection_upgrade { default upgrade; '' ''; }
                  map $host $by_host { default ingest; 127.0.0.1 query; localhost query; }
                  map $uri $target { default $by_host; ~^/acars(/|$) ingest; ~^/v1/[^/]+/stream$ stream; }
                  server {
                    listen 127.0.0.1:\(port);
                    location / {
                      proxy_pass http://$target; proxy_http_version 1.1; proxy_request_buffering off; proxy_buffering off;
                      proxy_set_header Host $http_host; proxy_set_header Upgrade $http_upgrade;
                      proxy_set_header Connection $connection_upgrade; proxy_read_timeout 120s;
                    }
                  }
                }
                """
            let path = "\(folder)/nginx.conf"
            try Data(configuration.utf8).write(to: URL(fileURLWithPath: path))
            try? FileManager.default.removeItem(atPath: "\(folder)/nginx.pid")  // Of the one before.
            let process = try ChildProcess(
                "/usr/sbin/nginx", ["-c", path, "-e", "\(folder)/nginx.log"], environment: ["PATH": "/usr/bin:/bin"],
                folder: folder)
            let isUp = try? await eventually("nginx", within: .seconds(10)) { () -> Bool? in
                if !process.isRunning { return false }
                return FileManager.default.fileExists(atPath: "\(folder)/nginx.pid") ? true : nil
            }
            if isUp == true { return (process, port) }
        }
        throw Failure(description: "nginx could not be started: see \(folder)/nginx.log")
    }

    /// Asks the store with psql: an eye that shares no code with the server.
    func query(_ sql: String) throws -> String {
        guard var parts = URLComponents(string: admin) else { return "" }
        parts.path = "/" + name
        return try Self.run("psql", ["-qAt", parts.string ?? "", "-c", sql], folder)
            .trimmingCharacters(in: .whitespacesAndNewlines)
    }

    func drop() async {
        // Throw-away data on a throw-away server: what cannot be dropped goes with it.
        _ = try? Self.run("psql", ["-qAt", admin, "-c", "DROP DATABASE IF EXISTS \(name) WITH (FORCE)"], folder)
    }
}
