public import Domain
import Synchronization

#if canImport(FoundationEssentials)
import FoundationEssentials
#else
import Foundation
#endif

/// A kind of shared cache to hold against the contract.
public struct CacheSubject: Sendable, CustomStringConvertible {
    public let description: String
    /// Messages that it keeps for one reader.
    public let subscriberBuffer: Int
    let open: @Sendable (_ place: String) async throws -> any SharedCache
    let close: @Sendable (any SharedCache) async throws -> Void

    /// - Parameters:
    ///   - subscriberBuffer: What `open` asks for; small, so that a check can pass it.
    ///   - open: A process's view of a place, reachable already. A new name is an empty cache.
    public init(
        _ description: String, subscriberBuffer: Int,
        open: @escaping @Sendable (_ place: String) async throws -> any SharedCache,
        close: @escaping @Sendable (any SharedCache) async throws -> Void
    ) {
        self.description = description
        self.subscriberBuffer = subscriberBuffer
        self.open = open
        self.close = close
    }
}

/// One promise of ``SharedCache``, as a function that throws when it is not kept. Pass ``CacheContract/all`` and the
/// subjects as `arguments:` of one test.
public struct CacheCheck: Sendable, CustomStringConvertible {
    public let description: String
    let body: @Sendable (CacheRun) async throws -> Void

    init(_ description: String, _ body: @escaping @Sendable (CacheRun) async throws -> Void) {
        self.description = description
        self.body = body
    }

    public func run(on subject: CacheSubject) async throws {
        let place = UUID().uuidString
        let run = CacheRun(
            subscriberBuffer: subject.subscriberBuffer, here: try await subject.open(place),
            there: try await subject.open(place), elsewhere: try await subject.open(place + "-other"))
        do {
            try await body(run)
        } catch {
            for cache in [run.here, run.there, run.elsewhere] { try await subject.close(cache) }
            throw error
        }
        for cache in [run.here, run.there, run.elsewhere] { try await subject.close(cache) }
    }
}

/// Two processes on one cache, and one on another.
struct CacheRun: Sendable {
    let subscriberBuffer: Int
    let here: any SharedCache
    let there: any SharedCache
    let elsewhere: any SharedCache

    /// Readers of a channel that are known to get what is published on it from now on.
    func readers(of channel: String, by caches: [any SharedCache]) async throws -> [MessageLog] {
        let logs = caches.map { MessageLog($0.messages(channel)) }
        try await eventually("readers of \(channel)") {
            await here.publish(channel, MessageLog.greeting)
            return logs.allSatisfy { !$0.everything.isEmpty }
        }
        return logs
    }
}

/// Reads a stream of messages and keeps them.
public final class MessageLog: Sendable {
    /// Published until a reader is known to be there; not among its messages.
    public static let greeting = Array("hello".utf8)

    private let kept: Kept
    private let task: Task<Void, Never>

    private final class Kept: Sendable {
        let messages = Mutex<[[UInt8]]>([])
    }

    public init(_ stream: AsyncStream<[UInt8]>) {
        let kept = Kept()
        self.kept = kept
        task = Task {
            for await message in stream { kept.messages.withLock { $0.append(message) } }
        }
    }

    deinit { task.cancel() }

    /// Greetings included.
    public var everything: [[UInt8]] { kept.messages.withLock { $0 } }
    /// Without greetings.
    public var messages: [[UInt8]] { everything.filter { $0 != Self.greeting } }

    /// Stops reading, as a reader does whose task is cancelled.
    public func stop() async {
        task.cancel()
        await task.value
    }
}

/// Asks again and again until it holds.
/// - Parameter patience: Only guards against waiting for ever.
public func eventually(
    _ what: String, within patience: Duration = .seconds(20), line: Int = #line, _ holds: () async throws -> Bool
) async throws {
    let deadline = ContinuousClock.now + patience
    while try await !holds() {
        try require(ContinuousClock.now < deadline, "still not after \(patience): \(what)", line: line)
        try await Task.sleep(for: .milliseconds(5))
    }
}

/// The contract of ``SharedCache``, one check a promise.
public enum CacheContract {
    public static let all: [CacheCheck] = values + messages

    static let values: [CacheCheck] = [
        CacheCheck("a value is what was set, whatever its bytes and its key") { run in
            let values: [[UInt8]] = [
                [], [0], Array(0...255), Array("\r\n$-1\r\n".utf8), [UInt8](repeating: 0xFF, count: 1 << 20),
            ]
            for (index, value) in values.enumerated() {
                for key in ["plain", "with blank", "line\r\nbreak", "Ü 🛫", "", "nul\u{0}", "%s%n"] {
                    await run.here.set("\(key)\(index)", value, seconds: 60)
                    let found = await run.here.value("\(key)\(index)")
                    try require(
                        found == value, "\(value.count) bytes under '\(key)' came back as \(found?.count ?? -1)")
                }
            }
            try require(run.here.isReachable, "not reachable after it answered")
        },
        CacheCheck("every process finds it, and those of another installation do not") { run in
            await run.here.set("k", [1], seconds: 60)
            try await requireValue([1], "k", run.there)
            try await requireValue(nil, "k", run.elsewhere)
            await run.elsewhere.remove(["k"])
            await run.elsewhere.set("k", [9], seconds: 60)
            try await requireValue([1], "k", run.here)
        },
        CacheCheck("a new value replaces the old one, with its life") { run in
            await run.here.set("k", [1], seconds: 1)
            await run.there.set("k", [2], seconds: 3_600)
            await run.here.set("witness", [3], seconds: 1)
            try await eventually("the witness to end") { await run.here.value("witness") == nil }
            try await requireValue([2], "k", run.here)
        },
        CacheCheck("an entry ends with its time and no other does") { run in
            let began = ContinuousClock.now
            await run.here.set("short", [1], seconds: 1)
            await run.here.set("none", [1], seconds: 0)
            await run.here.set("long", [1], seconds: 3_600)
            try await requireValue([1], "long", run.here)
            try await eventually("the short ones to end") {
                let short = await run.here.value("short")
                let none = await run.here.value("none")
                return short == nil && none == nil
            }
            try require(ContinuousClock.now - began > .milliseconds(900), "ended before its time")
            try await requireValue([1], "long", run.here)
        },
        CacheCheck("what is removed is gone, and nothing else") { run in
            try await requireValue(nil, "never", run.here)
            let keys = (0..<1_200).map { "key \($0)" }
            for key in keys { await run.here.set(key, Array(key.utf8), seconds: 60) }
            await run.here.set("kept", [1], seconds: 60)
            await run.there.remove([])
            try await requireValue(Array("key 7".utf8), "key 7", run.here)
            await run.there.remove(keys + ["never"])
            for key in keys { try await requireValue(nil, key, run.here) }
            try await requireValue([1], "kept", run.here)
        },
        CacheCheck("of 200 callers at once each gets its own answer") { run in
            try await withThrowingTaskGroup(of: Void.self) { group in
                for caller in 0..<200 {
                    group.addTask {
                        for round in 0..<20 {
                            let value = Array("\(caller)/\(round)".utf8)
                            await run.here.set("k\(caller)", value, seconds: 60)
                            let reader = caller.isMultiple(of: 2) ? run.here : run.there
                            try await requireValue(value, "k\(caller)", reader)
                            try await requireValue(nil, "absent\(caller)", run.here)
                        }
                    }
                }
                try await group.waitForAll()
            }
        },
    ]

    static let messages: [CacheCheck] = [
        CacheCheck("each reader in each process gets each message, in order, whatever its bytes") { run in
            let logs = try await run.readers(of: "news", by: [run.here, run.here, run.there])
            let sent = (0..<100).map { Array("\($0)\r\n".utf8) + [0, 255, UInt8($0)] }
            // No faster than they are read: a slow reader may lose some.
            for (index, message) in sent.enumerated() {
                await run.here.publish("news", message)
                let expected = max(0, index - run.subscriberBuffer / 2)
                try await eventually("message \(expected)") { logs.allSatisfy { $0.messages.count >= expected } }
            }
            for log in logs { try await eventually("all messages") { log.messages.count >= sent.count } }
            for log in logs { try require(log.messages == sent, "not the messages that were sent, or not in order") }
        },
        CacheCheck("channels, and installations, stay apart") { run in
            let logs = try await run.readers(of: "a", by: [run.here]) + run.readers(of: "b", by: [run.here])
            let other = MessageLog(run.elsewhere.messages("a"))
            try await eventually("a reader of the other installation") {
                await run.elsewhere.publish("a", MessageLog.greeting)
                return !other.everything.isEmpty
            }
            await run.there.publish("a", [1])
            await run.there.publish("b", [2])
            await run.there.publish("c", [3])
            await run.there.publish("a", [4])
            await run.elsewhere.publish("a", [5])
            try await eventually("the messages") {
                logs[0].messages.count >= 2 && logs[1].messages.count >= 1 && other.messages.count >= 1
            }
            try require(logs[0].messages == [[1], [4]], "channel a got \(logs[0].messages)")
            try require(logs[1].messages == [[2]], "channel b got \(logs[1].messages)")
            try require(other.messages == [[5]], "the other installation got \(other.messages)")
        },
        CacheCheck("a reader that leaves disturbs nobody, and may come back") { run in
            let logs = try await run.readers(of: "news", by: [run.here, run.here])
            await logs[0].stop()
            await run.there.publish("news", [1])
            try await eventually("the message") { logs[1].messages == [[1]] }
            await logs[1].stop()
            await run.there.publish("news", [2])
            let again = try await run.readers(of: "news", by: [run.here])
            await run.there.publish("news", [3])
            // The one published before may have been on its way still.
            try await eventually("the message after the return") { again[0].messages.last == [3] }
            try require(logs[0].messages.isEmpty, "a reader that left got \(logs[0].messages)")
        },
        CacheCheck("a slow reader loses the oldest, others lose nothing") { run in
            let slow = run.here.messages("news")
            let fast = try await run.readers(of: "news", by: [run.here])[0]
            let sent = (0..<(run.subscriberBuffer * 3)).map { Array("\($0)".utf8) }
            for (index, message) in sent.enumerated() {
                await run.there.publish("news", message)
                try await eventually("message \(index)") { fast.messages.count > index }
            }
            // Both readers are served before the next message is, so at the second mark the slow one has the first.
            for mark in 1...2 {
                await run.there.publish("news", Array("mark \(mark)".utf8))
                try await eventually("mark \(mark)") { fast.messages.last == Array("mark \(mark)".utf8) }
            }
            var got: [[UInt8]] = []
            for await message in slow {
                if message == Array("mark 1".utf8) { break }
                got.append(message)
            }
            try require(
                (run.subscriberBuffer - 2...run.subscriberBuffer).contains(got.count),
                "the slow reader has \(got.count) of at most \(run.subscriberBuffer)")
            try require(got == Array(sent.suffix(got.count)), "the slow reader has others than the newest")
        },
    ]
}

private func requireValue(
    _ expected: [UInt8]?, _ key: String, _ cache: any SharedCache, line: Int = #line
) async throws {
    let found = await cache.value(key)
    try require(found == expected, "\(key): found \(found ?? []), expected \(expected ?? [])", line: line)
}
