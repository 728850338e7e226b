import BrokerRabbitMQ
import Domain
import Foundation
import Logging
import Synchronization
import TestSupport

/// A reason for a test to fail, in one line.
struct TestFailure: Error, CustomStringConvertible {
    let description: String
    init(_ description: String) { self.description = description }
}

/// The broker that all tests share.
enum TestBroker {
    /// `amqp://…` with a user that may do everything in its virtual host.
    static func url() throws -> String {
        guard let url = ProcessInfo.processInfo.environment["ALBATROSS_TEST_RABBITMQ"], !url.isEmpty else {
            throw TestFailure("ALBATROSS_TEST_RABBITMQ is not set: scripts/services.sh start FOLDER rabbitmq gives it")
        }
        return url
    }

    /// Host and port of an address of the form that ``url()`` has.
    static func place(_ url: String) throws -> (host: String, port: Int) {
        guard let parts = URLComponents(string: url), let host = parts.host, let port = parts.port else {
            throw TestFailure("the address of the test broker names no host and port")
        }
        return (host, port)
    }

    /// The address with another host, port, or more behind it.
    static func url(_ url: String, port: Int, query: String = "") throws -> String {
        var parts = URLComponents(string: url) ?? URLComponents()
        parts.host = "127.0.0.1"
        parts.port = port
        guard let text = parts.string else { throw TestFailure("no address for port \(port)") }
        return query.isEmpty ? text : text + "?" + query
    }

    /// Options with names of their own, short pauses, and patience for a machine that has much else to do.
    static func options(groups: [String] = ["a"]) -> RabbitMQBus.Options {
        var options = RabbitMQBus.Options()
        options.prefix = "test-\(UUID().uuidString.prefix(8).lowercased())"
        options.groups = groups
        options.retry = .milliseconds(20) ... .milliseconds(200)
        options.connectTimeout = .seconds(60)
        options.publishTimeout = .seconds(60)
        return options
    }

    /// Runs a test with a bus, and takes away what it left in the broker.
    static func with(
        _ options: RabbitMQBus.Options = options(), url: String? = nil, logger: Logger = .silent,
        _ body: (RabbitMQBus) async throws -> Void
    ) async throws {
        let bus = try RabbitMQBus(url: try url ?? Self.url(), options: options, logger: logger)
        do { try await body(bus) } catch {
            bus.close()
            try RawBroker(url: Self.url()).remove(options)
            throw error
        }
        bus.close()
        try RawBroker(url: Self.url()).remove(options)
    }
}

/// Waits until something holds; fails after two minutes, which is far above what any of it takes.
func eventually(_ what: String, _ holds: () async throws -> Bool) async throws {
    let end = ContinuousClock.now + .seconds(120)
    while try await !holds() {
        if ContinuousClock.now > end { throw TestFailure("not within 120 s: \(what)") }
        try await Task.sleep(for: .milliseconds(5))
    }
}

/// Fails a test that hangs.
func within<T: Sendable>(
    _ seconds: Int = 180, _ body: @escaping @Sendable () async throws -> T
) async throws -> T {
    try await withThrowingTaskGroup(of: T?.self) { tasks in
        tasks.addTask { try await body() }
        tasks.addTask {
            try await Task.sleep(for: .seconds(seconds))
            return nil
        }
        defer { tasks.cancelAll() }
        guard case .some(.some(let value)) = try await tasks.next() else {
            throw TestFailure("not done within \(seconds) s")
        }
        return value
    }
}

/// Publishes as the relay does: again and again until it is confirmed.
func publishUntilConfirmed(_ events: [BusEvent], on bus: RabbitMQBus) async throws {
    try await eventually("\(events.count) events are confirmed") {
        do { try await bus.publish(events) } catch { return false }
        return true
    }
}

extension Logger {
    static var silent: Logger { Logger(label: "test") { _ in SwiftLogNoOpLogHandler() } }
}

/// A log that can be read.
final class LogLines: Sendable {
    private let lines = Mutex<[String]>([])
    var all: [String] { lines.withLock { $0 } }
    func add(_ line: String) { lines.withLock { $0.append(line) } }
    var logger: Logger {
        Logger(label: "test") { _ in Handler(lines: self) }
    }

    private struct Handler: LogHandler {
        let lines: LogLines
        var metadata: Logger.Metadata = [:]
        var logLevel = Logger.Level.trace
        init(lines: LogLines) { self.lines = lines }
        subscript(metadataKey key: String) -> Logger.Metadata.Value? {
            get { metadata[key] }
            set { metadata[key] = newValue }
        }
        func log(event: LogEvent) { lines.add("\(event.level) \(event.message)") }
    }
}
