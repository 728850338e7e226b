import Foundation
import Synchronization

/// Servers of one's own, to kill and to start again, through `scripts/services.sh`. They end with this object, or with the
/// process, however that ends.
public final class PrivateServices: Sendable {
    public enum Server: String, Sendable {
        case postgres, rabbitmq, redis
        case redisTLS = "redis-tls"
    }
    /// One line on what went wrong.
    public struct Failure: Error, CustomStringConvertible {
        public let description: String
    }

    /// Holds the servers' logs, data and certificates.
    public let folder: String
    private static let script = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().appendingPathComponent("scripts/services.sh").path

    /// Starts them and waits until they answer.
    public init(_ servers: Server...) async throws {
        folder = FileManager.default.temporaryDirectory.appendingPathComponent("albatross-\(UUID().uuidString)").path
        try await Self.run(["start", "--owner", "\(getpid())", folder] + servers.map(\.rawValue))
    }

    deinit {
        // Nobody waits for it; the watcher that the script left tries again when this process ends.
        let folder = self.folder
        Thread {
            let process = Process()
            process.executableURL = URL(fileURLWithPath: Self.script)
            process.arguments = ["stop", folder]
            guard (try? process.run()) != nil else { return }
            process.waitUntilExit()
            try? FileManager.default.removeItem(atPath: folder)
        }.start()
    }

    /// A line of the script's `env` file, such as `ALBATROSS_TEST_REDIS`.
    public func variable(_ name: String) throws -> String {
        let lines = try String(contentsOfFile: folder + "/env", encoding: .utf8).split(separator: "\n")
        guard let line = lines.first(where: { $0.hasPrefix("export \(name)=") }) else {
            throw Failure(description: "\(folder)/env has no \(name)")
        }
        return String(line.dropFirst("export \(name)=".utf8.count))
    }

    /// SIGKILL; returns when the process and its children are gone.
    public func kill(_ server: Server) async throws {
        if server == .rabbitmq { try await Self.letNamesReachTheDisk() }
        try await Self.run(["kill", folder, server.rawValue])
    }

    /// RabbitMQ's names of quorum queues reach the disk half a second after the last of them was made or recovered: killed
    /// before, it may never open that queue again, whoever its client is. Sleeps well past that.
    private static func letNamesReachTheDisk() async throws { try await Task.sleep(for: .seconds(3)) }
    /// Starts it again on the same port and data; ends it gracefully first if it runs.
    public func restart(_ server: Server) async throws { try await Self.run(["restart", folder, server.rawValue]) }
    public func stop(_ server: Server) async throws { try await Self.run(["stop", folder, server.rawValue]) }

    private static func run(_ arguments: [String]) async throws {
        let process = Process()
        let output = Pipe()
        process.executableURL = URL(fileURLWithPath: script)
        process.arguments = arguments
        process.standardOutput = FileHandle.nullDevice
        process.standardError = output
        let status: Int32 = try await withCheckedThrowingContinuation { continuation in
            process.terminationHandler = { continuation.resume(returning: $0.terminationStatus) }
            do { try process.run() } catch { continuation.resume(throwing: error) }
        }
        guard status == 0 else {
            let text = String(decoding: output.fileHandleForReading.availableData, as: UTF8.self)
            throw Failure(description: text.trimmingCharacters(in: .whitespacesAndNewlines))
        }
    }
}
