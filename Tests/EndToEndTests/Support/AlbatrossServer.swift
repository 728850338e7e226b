import Foundation
import Synchronization
import Testing

/// Where things are.
enum Paths {
    /// The package's root.
    static let package: String = {
        var url = URL(fileURLWithPath: #filePath)
        for _ in 0..<4 { url.deleteLastPathComponent() }
        return url.path
    }()
    static let binary: String =
        ProcessInfo.processInfo.environment["ALBATROSS_BINARY"] ?? package + "/.build/debug/albatross"
    static func flight(_ name: String) -> String { "\(package)/Fixtures/flights/\(name)" }
}

/// What a command did.
struct CommandResult: Sendable {
    let status: Int32
    let output: String
    let errors: String
    /// The one value that `--json` prints.
    func json() throws -> JSON { try JSON(text: output) }
}

/// The executable with a data folder of its own: `serve` in a process of its own, and every other command beside it.
final class AlbatrossServer: Sendable {
    struct Failure: Error, CustomStringConvertible { let description: String }

    /// Holds `data` and what the processes print.
    let folder: String
    let data: String
    let environment: [String: String]
    /// Runs on PostgreSQL, and perhaps in roles over processes; nil is one process on SQLite.
    let cluster: Cluster?
    /// Stands in front of every command, such as `nsenter` and its arguments.
    let wrapper: [String]
    private struct Running {
        let processes: [ChildProcess]
        let port: Int
    }
    private let running = Mutex<Running?>(nil)

    static let limitsOff = [
        "ALBATROSS_LIMIT_CREDENTIAL_PER_SECOND": "0", "ALBATROSS_LIMIT_ADDRESS_PER_SECOND": "0",
        "ALBATROSS_LIMIT_LOGINS_PER_MINUTE": "0",
    ]

    /// What the data lies in.
    enum Backing: Sendable {
        /// As the test run says: SQLite, or with `ALBATROSS_TEST_SHAPE=split` roles over processes.
        case configured
        case sqlite
        /// One process on these.
        case servers(ServerAddresses)
    }

    /// A fresh folder; nothing runs yet.
    /// - Parameters:
    ///   - data: Another place for the data than below the folder.
    ///   - isMigrated: Whether a database of PostgreSQL gets its tables.
    init(
        environment extra: [String: String] = [:], on backing: Backing = .configured, data: String? = nil,
        wrapper: [String] = [], isMigrated: Bool = true
    ) throws {
        self.wrapper = wrapper
        folder = "\(NSTemporaryDirectory())/albatross-e2e-\(UUID().uuidString)".replacingOccurrences(
            of: "//", with: "/")
        self.data = data ?? folder + "/data"
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        var environment = ProcessInfo.processInfo.environment
        for name in environment.keys where name.hasPrefix("ALBATROSS_") || name == "DATABASE_URL" {
            environment[name] = nil
        }
        environment.merge(Self.limitsOff) { $1 }
        cluster =
            switch backing {
            case .configured: try Cluster.wanted(folder: folder)
            case .sqlite: nil
            case .servers(let addresses): try Cluster(folder: folder, addresses, isMigrated: isMigrated)
            }
        if let cluster { environment.merge(cluster.environment) { $1 } }
        environment.merge(extra) { $1 }
        self.environment = environment
    }

    var isRunning: Bool { running.withLock { $0?.processes.allSatisfy(\.isRunning) ?? false } }
    /// Of the processes that serve.
    var pids: [pid_t] { running.withLock { $0?.processes.map(\.pid) ?? [] } }
    var port: Int { running.withLock { $0?.port ?? 0 } }
    var url: String { "http://127.0.0.1:\(port)" }
    /// What the running server printed so far.
    var log: String { running.withLock { ($0?.processes ?? []).map { $0.output + $0.errors }.joined() } }

    /// Starts `serve` and waits for its ready line. A busy machine may be slow; the limit only ends a hang.
    /// - Parameter more: Environment of this start alone.
    func start(within limit: Duration = .seconds(100), environment more: [String: String] = [:]) async throws {
        guard let cluster, cluster.isSplit else {
            let process = try serve([], more)
            running.withLock { $0 = Running(processes: [process], port: 0) }
            let port = try await ready(process, within: limit)
            running.withLock { $0 = Running(processes: [process], port: port) }
            return
        }
        var processes: [ChildProcess] = []
        for role in ["project", "project", "ingest", "ingest", "query", "query"] {
            processes.append(try serve(["--roles", role], more))
            running.withLock { [processes] in $0 = Running(processes: processes, port: 0) }
        }
        var ports: [Int] = []
        for process in processes { ports.append(try await ready(process, within: limit)) }
        let balancer = try await cluster.balance(ingest: Array(ports[2..<4]), query: Array(ports[4..<6]))
        running.withLock { [processes] in $0 = Running(processes: processes + [balancer.process], port: balancer.port) }
    }

    private func serve(_ more: [String], _ extra: [String: String]) throws -> ChildProcess {
        try process(["serve", "--data", data, "--http", "127.0.0.1:0"] + more, extra)
    }

    private func process(
        _ arguments: [String], _ extra: [String: String] = [:], input: [UInt8]? = nil
    ) throws -> ChildProcess {
        let command = wrapper + [Paths.binary] + arguments
        return try ChildProcess(
            command[0], Array(command.dropFirst()), environment: environment.merging(extra) { $1 }, folder: folder,
            input: input)
    }

    /// Waits until the server ended by itself, and takes note of it.
    /// - Returns: Its exit status; 128 + n after signal n.
    func ended(within limit: Duration = .seconds(100)) async throws -> Int32 {
        guard let process = running.withLock({ $0?.processes.first }) else { return 0 }
        let status = try await process.exitCode(within: limit)
        running.withLock { $0 = nil }
        return status
    }

    /// Starts `serve` where it is expected to end by itself, and waits for that.
    func run(serveWith more: [String: String], within limit: Duration = .seconds(100)) async throws -> CommandResult {
        let process = try serve([], more)
        let status = try await process.exitCode(within: limit)
        return CommandResult(status: status, output: process.output, errors: process.errors)
    }

    private func ready(_ process: ChildProcess, within limit: Duration) async throws -> Int {
        try await eventually("ready line", within: limit) { () -> Result<Int, Failure>? in
            if let port = Self.port(in: process.output) { return .success(port) }
            if process.isRunning { return nil }
            return .failure(
                Failure(description: "serve ended before it was ready: \(process.output) \(process.errors)"))
        }.get()
    }

    private static func port(in output: String) -> Int? {
        for line in output.split(separator: "\n") where line.hasPrefix("ready ") {
            guard output.hasSuffix("\n") else { return nil }
            for field in line.split(separator: " ") where field.hasPrefix("http=") {
                return field.split(separator: ":").last.flatMap { Int($0) }
            }
        }
        return nil
    }

    /// SIGTERM: an orderly end, exit status 0.
    func stop(sourceLocation: SourceLocation = #_sourceLocation) async throws {
        guard let processes = running.withLock({ $0?.processes }) else { return }
        // The balancer last: what the servers say as they go must reach their clients.
        let servers = cluster?.isSplit == true ? Array(processes.dropLast()) : processes
        for group in [servers, Array(processes.dropFirst(servers.count))] {
            for process in group { process.signal(SIGTERM) }
            for process in group {
                let code = try await process.exitCode(within: .seconds(80))
                #expect(
                    code == 0, "serve ended after SIGTERM with \(code): \(process.errors.suffix(2000))",
                    sourceLocation: sourceLocation)
            }
        }
        running.withLock { $0 = nil }
    }

    /// SIGKILL, as a crash would end it.
    func kill() async {
        guard let processes = running.withLock({ $0?.processes }) else { return }
        for process in processes { process.signal(SIGKILL) }
        for process in processes { _ = await process.exitCode() }
        running.withLock { $0 = nil }
    }

    /// Ends whatever still runs and removes the folder.
    func cleanUp() async {
        await kill()
        await cluster?.drop()
        if ProcessInfo.processInfo.environment["ALBATROSS_KEEP"] == nil {
            try? FileManager.default.removeItem(atPath: folder)
        }
    }

    /// Runs a command on this server's data.
    /// - Parameter stdin: What it reads to the end of input.
    func cli(_ arguments: String..., stdin: String? = nil) async throws -> CommandResult {
        try await cli(arguments, stdin: stdin)
    }

    /// - Parameter usesData: False for commands that talk to a server and take no `--data`.
    func cli(
        _ arguments: [String], stdin: String? = nil, usesData: Bool = true, environment more: [String: String] = [:],
        within limit: Duration = .seconds(300)
    ) async throws -> CommandResult {
        let process = try process(
            usesData ? arguments + ["--data", data] : arguments, more, input: stdin.map { Array($0.utf8) })
        let status = try await process.exitCode(within: limit)
        return CommandResult(status: status, output: process.output, errors: process.errors)
    }

    /// Runs a command that has to succeed.
    @discardableResult
    func run(
        _ arguments: String..., stdin: String? = nil, sourceLocation: SourceLocation = #_sourceLocation
    ) async throws
        -> CommandResult
    {
        let result = try await cli(arguments, stdin: stdin)
        guard result.status == 0 else {
            throw Failure(
                description:
                    "albatross \(arguments.joined(separator: " ")) exited \(result.status): \(result.output)\(result.errors)"
            )
        }
        return result
    }

    /// Writes a file beside the data.
    func file(_ name: String, _ content: String) throws -> String {
        let path = "\(folder)/\(UUID().uuidString)-\(name)"
        try Data(content.utf8).write(to: URL(fileURLWithPath: path))
        return path
    }

    /// Asks the store with the sqlite3 program: an eye that shares no code with the server.
    func sqlite(_ query: String) async throws -> String {
        let command = wrapper + ["/usr/bin/sqlite3", "-readonly", "\(data)/albatross.sqlite", query]
        let process = try ChildProcess(
            command[0], Array(command.dropFirst()), environment: environment, folder: folder)
        let status = try await process.exitCode(within: .seconds(60))
        guard status == 0 else { throw Failure(description: "sqlite3 exited \(status): \(process.errors)") }
        return process.output.trimmingCharacters(in: .whitespacesAndNewlines)
    }

    /// Whether any file below the data folder holds these bytes.
    func dataHolds(_ text: String) throws -> Bool {
        let needle = Data(text.utf8)
        let names = try FileManager.default.subpathsOfDirectory(atPath: data)
        return names.contains { name in
            guard let bytes = try? Data(contentsOf: URL(fileURLWithPath: "\(data)/\(name)")) else { return false }
            return bytes.range(of: needle) != nil
        }
    }
}

/// Runs a test with a server of its own; the server is ended afterwards, however the test ends.
func withServer<Value>(
    environment: [String: String] = [:], on backing: AlbatrossServer.Backing = .configured, started: Bool = true,
    sourceLocation: SourceLocation = #_sourceLocation, _ body: (AlbatrossServer) async throws -> Value
) async throws -> Value {
    let server = try AlbatrossServer(environment: environment, on: backing)
    return try await withServer(server, started: started, sourceLocation: sourceLocation, body)
}

/// The same with a server that was made already.
func withServer<Value>(
    _ server: AlbatrossServer, started: Bool = true, sourceLocation: SourceLocation = #_sourceLocation,
    _ body: (AlbatrossServer) async throws -> Value
) async throws -> Value {
    do {
        if started { try await server.start() }
        let value = try await body(server)
        try await server.stop(sourceLocation: sourceLocation)
        await server.cleanUp()
        return value
    } catch {
        let log = server.log
        if !log.isEmpty { print("the server last said:\n\(log.suffix(3000))") }
        await server.cleanUp()
        throw error
    }
}
