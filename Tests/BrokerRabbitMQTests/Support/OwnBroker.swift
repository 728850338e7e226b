import Foundation
import Testing

/// A broker of its own for tests that stop it, starve it or change its settings; run by `scripts/services.sh`.
final class OwnBroker: Sendable {
    @TaskLocal static var current: OwnBroker?
    static func require() throws -> OwnBroker {
        guard let current else { throw TestFailure("the test has no broker of its own") }
        return current
    }

    let folder: String
    let url: String

    private static var script: String {
        // Tests may be built from a package that only links to this folder.
        let file = URL(fileURLWithPath: #filePath).resolvingSymlinksInPath()
        var root = file
        for _ in 0..<4 { root.deleteLastPathComponent() }
        return root.path + "/scripts/services.sh"
    }

    init() async throws {
        folder = NSTemporaryDirectory() + "albatross-broker-\(UUID().uuidString)"
        let output = try await Self.run(["bash", Self.script, "start", folder, "rabbitmq"])
        let prefix = "export ALBATROSS_TEST_RABBITMQ="
        guard let line = output.split(separator: "\n").first(where: { $0.hasPrefix(prefix) }) else {
            throw TestFailure("scripts/services.sh gave no address")
        }
        url = String(line.dropFirst(prefix.count))
    }

    func stop() async throws {
        _ = try await Self.run(["bash", Self.script, "stop", folder])
        try FileManager.default.removeItem(atPath: folder)
    }

    /// SIGKILL.
    func kill() async throws { _ = try await Self.run(["bash", Self.script, "kill", folder, "rabbitmq"]) }
    /// On the same port and data.
    func restart() async throws { _ = try await Self.run(["bash", Self.script, "restart", folder, "rabbitmq"]) }

    /// `rabbitmqctl` on this broker.
    @discardableResult
    func control(_ arguments: String...) async throws -> String {
        let place = folder + "/rabbitmq"
        let port = try String(contentsOfFile: place + "/epmd.port", encoding: .utf8)
            .trimmingCharacters(in: .whitespacesAndNewlines)
        var environment = ProcessInfo.processInfo.environment
        environment["HOME"] = place + "/home"
        environment["ERL_EPMD_ADDRESS"] = "127.0.0.1"
        environment["ERL_EPMD_PORT"] = port
        environment["RABBITMQ_CONF_ENV_FILE"] = place + "/env.conf"
        return try await Self.run(
            ["/usr/lib/rabbitmq/bin/rabbitmqctl", "-n", "albatross@localhost"] + arguments, environment)
    }

    static func run(_ command: [String], _ environment: [String: String]? = nil) async throws -> String {
        try await withCheckedThrowingContinuation { continuation in
            let thread = Thread {
                let process = Process()
                process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
                process.arguments = command
                if let environment { process.environment = environment }
                let (output, errors) = (Pipe(), Pipe())
                process.standardOutput = output
                process.standardError = errors
                do {
                    try process.run()
                    let text = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
                    process.waitUntilExit()
                    if process.terminationStatus == 0 { return continuation.resume(returning: text) }
                    let reason = String(decoding: errors.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
                    throw TestFailure("\(command.joined(separator: " ")): \(reason)")
                } catch { continuation.resume(throwing: error) }
            }
            thread.start()
        }
    }
}

/// Starts a broker for a suite and ends it afterwards.
struct OwnBrokerTrait: SuiteTrait, TestScoping {
    @concurrent
    func provideScope(
        for test: Test, testCase: Test.Case?, performing function: @concurrent @Sendable () async throws -> Void
    ) async throws {
        let broker = try await OwnBroker()
        do { try await OwnBroker.$current.withValue(broker) { try await function() } } catch {
            try await broker.stop()
            throw error
        }
        try await broker.stop()
    }
}

extension Trait where Self == OwnBrokerTrait {
    static var ownBroker: Self { Self() }
}
