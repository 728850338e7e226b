import Domain

#if canImport(FoundationEssentials)
import FoundationEssentials
#endif
import Foundation
import Synchronization

/// What a benchmark measured; written as JSON and as a line of a table.
struct BenchResult: Codable, Sendable {
    var name: String
    var work: String
    var operations: Int
    var seconds: Double
    var perSecond: Double
    /// User and system time of the server's process (of the codec's thread in P15) for one operation, in microseconds.
    var cpuMicroseconds: Double?
    var p50Milliseconds: Double?
    var p99Milliseconds: Double?
    var p999Milliseconds: Double?
    var peakRSSMegabytes: Double?
    var bytesPerCPUSecond: Double?
    /// Allocations for one operation.
    var allocationsEach: Double?
    var canaryBefore: Double?
    var canaryAfter: Double?
    var notes: [String] = []

    var row: String {
        func text(_ value: Double?, _ digits: Int = 2) -> String {
            value.map { String(format: "%.\(digits)f", $0) } ?? "–"
        }
        return
            "| \(name) | \(work) | \(operations) | \(text(perSecond, 0)) | \(text(cpuMicroseconds, 1)) | \(text(p50Milliseconds)) | \(text(p99Milliseconds)) | \(text(p999Milliseconds)) | \(text(peakRSSMegabytes, 0)) | \(text(canaryBefore, 0)) / \(text(canaryAfter, 0)) | \(notes.joined(separator: "; ")) |"
    }
    static let header = """
        | name | work | operations | per second | CPU µs each | p50 ms | p99 ms | p99.9 ms | peak RSS MB | canary before / after | notes |
        |---|---|---|---|---|---|---|---|---|---|---|
        """
}

/// Reads what the kernel knows about a process.
enum ProcessFigures {
    /// User and system time so far, in seconds.
    static func cpuSeconds(_ pid: Int32) -> Double {
        guard let text = try? String(contentsOfFile: "/proc/\(pid)/stat", encoding: .utf8),
            let end = text.lastIndex(of: ")")
        else { return 0 }
        let fields = text[text.index(after: end)...].split(separator: " ")
        guard fields.count > 13, let user = Double(fields[11]), let system = Double(fields[12]) else { return 0 }
        return (user + system) / Double(sysconf(Int32(_SC_CLK_TCK)))
    }
    static func peakRSSMegabytes(_ pid: Int32) -> Double? {
        guard let text = try? String(contentsOfFile: "/proc/\(pid)/status", encoding: .utf8) else { return nil }
        for line in text.split(separator: "\n") where line.hasPrefix("VmHWM:") {
            return line.split(separator: " ").compactMap { Double($0) }.first.map { $0 / 1024 }
        }
        return nil
    }
}

/// 4 KiB overwrite and fdatasync for two seconds: what the disk gives at this moment, writes a second.
func canary(in directory: String) -> Double {
    let path = directory + "/canary"
    let file = open(path, O_CREAT | O_RDWR, 0o600)
    guard file >= 0 else { return 0 }
    defer {
        close(file)
        unlink(path)
    }
    let block = [UInt8](repeating: 7, count: 4096)
    var count = 0
    let clock = ContinuousClock()
    let start = clock.now
    while clock.now - start < .seconds(2) {
        guard pwrite(file, block, block.count, 0) == block.count, fdatasync(file) == 0 else { return 0 }
        count += 1
    }
    return Double(count) / 2
}

extension Array where Element == UInt32 {
    /// The value below which this share of the values lies.
    func quantile(_ share: Double) -> Double? {
        guard !isEmpty else { return nil }
        let ordered = sorted()
        return Double(ordered[Swift.min(ordered.count - 1, Int(Double(ordered.count) * share))]) / 1000
    }
}

/// A count that closures share.
final class Counter: Sendable {
    private let count = Atomic<Int>(0)
    var value: Int { count.load(ordering: .relaxed) }
    /// - Returns: The count after it rose.
    @discardableResult
    func add(_ amount: Int = 1) -> Int { count.add(amount, ordering: .relaxed).newValue }
}

/// A server of this very program in a process of its own, on a port of the kernel's choice.
final class BenchServer {
    let process = Process()
    let port: Int
    var pid: Int32 { process.processIdentifier }

    /// - Throws: ``SettingsError`` when it does not come up.
    init(data: String) throws {
        process.executableURL = URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath()
        process.arguments = ["serve", "--data", data, "--http", "127.0.0.1:0"]
        var environment = ProcessInfo.processInfo.environment
        for name in ["CREDENTIAL_PER_SECOND", "ADDRESS_PER_SECOND", "LOGINS_PER_MINUTE"] {
            environment["ALBATROSS_LIMIT_" + name] = "0"
        }
        process.environment = environment
        let output = Pipe()
        process.standardOutput = output
        try process.run()
        var line = ""
        while !line.contains("\n") {
            let data = output.fileHandleForReading.availableData
            guard !data.isEmpty else {
                throw SettingsError("the server to be measured did not start: run albatross serve to see why")
            }
            line += String(decoding: data, as: UTF8.self)
        }
        guard let field = line.split(whereSeparator: \.isWhitespace).first(where: { $0.hasPrefix("http=") }),
            let port = field.split(separator: ":").last.flatMap({ Int($0) })
        else { throw SettingsError("the server to be measured did not say its port") }
        self.port = port
    }

    func stop() {
        process.terminate()
        process.waitUntilExit()
    }
}
