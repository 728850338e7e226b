import Foundation

/// Servers and programs that `scripts/bench.sh` has ready for a benchmark.
enum BenchPeers {
    /// URL of the administrator of a PostgreSQL server whose data may be thrown away.
    static let postgres = "ALBATROSS_BENCH_POSTGRES"
    /// Address of a RabbitMQ broker whose data may be thrown away.
    static let rabbitmq = "ALBATROSS_BENCH_RABBITMQ"
    /// Folder with the programs that results are compared with.
    static let programs = "ALBATROSS_BENCH_PEERS"

    static func value(_ name: String) -> String? {
        ProcessInfo.processInfo.environment[name].flatMap { $0.isEmpty ? nil : $0 }
    }

    static func required(_ name: String) throws -> String {
        guard let value = value(name) else {
            throw SettingsError("\(name) is not set: run scripts/bench.sh, which starts what the benchmark needs")
        }
        return value
    }

    /// Runs a program to its end.
    /// - Returns: What it printed.
    /// - Throws: ``SettingsError`` when it fails.
    static func run(_ program: String, _ arguments: [String]) throws -> String {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = [program] + arguments
        let output = Pipe()
        process.standardOutput = output
        process.standardError = output
        // A thread of the pool may have signals blocked, its child inherits that, and pgbench's clock is a signal.
        var (none, mask) = (sigset_t(), sigset_t())
        sigemptyset(&none)
        pthread_sigmask(SIG_SETMASK, &none, &mask)
        defer { pthread_sigmask(SIG_SETMASK, &mask, nil) }
        try process.run()
        let text = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        process.waitUntilExit()
        guard process.terminationStatus == 0 else {
            throw SettingsError("\(program) ended with \(process.terminationStatus): \(text.suffix(500))")
        }
        return text
    }

    /// The number in front of ` events/s`, of each line that has one.
    static func rates(_ text: String) -> [Double] {
        text.split(separator: "\n").compactMap { line in
            guard let end = line.range(of: " events/s") else { return nil }
            return line[..<end.lowerBound].split(separator: " ").last.flatMap { Double($0) }
        }
    }
}

extension Array where Element == Double {
    /// The middle value; of an even number of values the upper one.
    var median: Double? { isEmpty ? nil : sorted()[count / 2] }
}

/// A migrated database of a benchmark's own.
struct BenchDatabase {
    private let admin: String
    private let name = "bench_" + UUID().uuidString.replacingOccurrences(of: "-", with: "").lowercased()
    private static let login = "albatross_bench"
    /// For the owner of the tables, and for the service.
    let owner: String
    let service: String

    init() throws {
        admin = try BenchPeers.required(BenchPeers.postgres)
        guard var parts = URLComponents(string: admin) else {
            throw SettingsError("\(BenchPeers.postgres) is no address")
        }
        parts.path = "/" + name
        owner = parts.string ?? ""
        parts.user = Self.login
        service = parts.string ?? ""
        let known = try BenchPeers.run(
            "psql", ["-qAtX", admin, "-c", "SELECT 1 FROM pg_roles WHERE rolname = '\(Self.login)'"])
        if known.isEmpty {
            _ = try BenchPeers.run("psql", ["-qAtX", admin, "-c", "CREATE ROLE \(Self.login) LOGIN NOINHERIT"])
        }
        _ = try BenchPeers.run("psql", ["-qAtX", admin, "-c", "CREATE DATABASE \(name)"])
    }

    static var loginName: String { login }

    func drop() throws {
        _ = try BenchPeers.run("psql", ["-qAtX", admin, "-c", "DROP DATABASE IF EXISTS \(name) WITH (FORCE)"])
    }
}
