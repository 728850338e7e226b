public import Domain
import Synchronization

/// ``SharedCache`` in memory: everybody who holds it is another process on the same cache.
public final class MemoryCache: SharedCache {
    private struct Entry {
        let value: [UInt8]
        let end: Timestamp
    }
    private typealias Reader = AsyncStream<[UInt8]>.Continuation
    private struct State {
        var entries: [[UInt8]: Entry] = [:]
        var readers: [[UInt8]: [Int: Reader]] = [:]
        var nextReader = 0
        var isAway = false
    }
    private let state = Mutex(State())
    private let now: @Sendable () -> Timestamp
    private let subscriberBuffer: Int

    /// - Parameter subscriberBuffer: Messages that wait for one reader; then the oldest go.
    public init(now: @escaping @Sendable () -> Timestamp, subscriberBuffer: Int = 256) {
        self.now = now
        self.subscriberBuffer = subscriberBuffer
    }

    /// Away, calls find and do nothing; back, it is as empty as a server that was started again, and each reader gets the
    /// empty message.
    public func setAway(_ isAway: Bool) {
        let readers: [Reader] = state.withLock { state in
            defer { state.isAway = isAway }
            guard state.isAway, !isAway else { return [] }
            state.entries = [:]
            return state.readers.values.flatMap(\.values)
        }
        for reader in readers { reader.yield([]) }
    }

    public var isReachable: Bool { state.withLock { !$0.isAway } }

    public func value(_ key: String) async -> [UInt8]? {
        let key = Array(key.utf8)
        let time = now()
        return state.withLock { state in
            guard !state.isAway, let entry = state.entries[key] else { return nil }
            if entry.end > time { return entry.value }
            state.entries[key] = nil
            return nil
        }
    }

    public func set(_ key: String, _ value: [UInt8], seconds: Int) async {
        let entry = Entry(value: value, end: now() + Milliseconds(Int64(max(1, seconds)) * 1_000))
        state.withLock { state in
            if !state.isAway { state.entries[Array(key.utf8)] = entry }
        }
    }

    public func remove(_ keys: [String]) async {
        state.withLock { state in
            guard !state.isAway else { return }
            for key in keys { state.entries[Array(key.utf8)] = nil }
        }
    }

    public func publish(_ channel: String, _ message: [UInt8]) async {
        let readers = state.withLock { $0.isAway ? [] : Array(($0.readers[Array(channel.utf8)] ?? [:]).values) }
        for reader in readers { reader.yield(message) }
    }

    public func messages(_ channel: String) -> AsyncStream<[UInt8]> {
        let channel = Array(channel.utf8)
        let (stream, reader) = AsyncStream.makeStream(
            of: [UInt8].self, bufferingPolicy: .bufferingNewest(subscriberBuffer))
        let id = state.withLock { state in
            state.nextReader += 1
            state.readers[channel, default: [:]][state.nextReader] = reader
            return state.nextReader
        }
        reader.onTermination = { [weak self] _ in
            self?.state.withLock { state in
                state.readers[channel]?[id] = nil
                if state.readers[channel]?.isEmpty == true { state.readers[channel] = nil }
            }
        }
        return stream
    }
}
