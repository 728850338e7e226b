public import Domain
public import Logging

/// ``SharedCache`` on Redis: one connection for calls, one for messages, each with a thread of its own.
///
/// Everything works without Redis, only slower: while it is away calls return at once, and both connections come back by
/// themselves. End it with ``close()``.
public final class RedisCache: SharedCache {
    private let calls: CommandLoop
    private let subscriber: SubscriberLoop
    private let tally = Tally()
    private let prefix: [UInt8]
    private let name: String
    /// Keys that one command removes.
    private static let keysPerCommand = 500

    /// Begins to connect; ``check()`` tells how that ends.
    /// - Parameter url: `redis://[[user]:password@]host[:port][/database]`, or `rediss://` for TLS, which checks the
    ///   certificate and the host name and takes `?ca_file=/path.pem` for an authority of one's own.
    /// - Throws: ``RedisCacheError/Code/invalidURL``, or `unavailable` without file descriptors.
    public init(url: String, options: Options = Options(), logger: Logger) throws(RedisCacheError) {
        let address = try RedisAddress(url)
        guard let callWaker = Waker(), let messageWaker = Waker() else {
            throw RedisCacheError(.unavailable, "no file descriptors are left for the cache")
        }
        calls = CommandLoop(
            RedisLink(
                address: address, options: options, waker: callWaker, logger: logger, tally: tally, purpose: "calls"))
        subscriber = SubscriberLoop(
            RedisLink(
                address: address, options: options, waker: messageWaker, logger: logger, tally: tally,
                purpose: "messages"))
        prefix = Array(options.prefix.utf8)
        name = address.name
        RedisLink.start("redis", calls.run)
        RedisLink.start("redis-messages", subscriber.run)
    }

    deinit {
        calls.stop()
        subscriber.stop()
    }

    /// Connects, if that is not done yet, and tries a write and a message: for the start of a process, so that a wrong
    /// certificate or password is told to whom configured it. The cache goes on trying whatever comes out.
    public func check() async throws(RedisCacheError) {
        if let error = await calls.attempt() { throw error }
        for (command, rest) in [("SET", ["1", "EX", "1"]), ("PUBLISH", ["1"])] {
            switch await calls.call([Array(command.utf8), prefixed("check")] + rest.map { Array($0.utf8) }) {
            case nil: throw RedisCacheError(.unavailable, "\(name) does not answer in time")
            case .error(let text): throw RedisCacheError(.refused, "\(name) refuses \(command): \(text)")
            default: break
            }
        }
    }

    /// Closes both connections and ends all streams of messages. Later calls return at once, without effect.
    public func close() async {
        await calls.close()
        await subscriber.close()
    }

    public var counters: Counters { tally.value }

    public var isReachable: Bool { calls.isReachable }

    public func value(_ key: String) async -> [UInt8]? {
        guard let reply = await calls.call([Array("GET".utf8), prefixed(key)]) else { return nil }
        switch reply {
        case .bytes(let value):
            tally.add { $0.hits += 1 }
            return value
        case .nothing: tally.add { $0.misses += 1 }
        case .integer, .list, .error: tally.add { $0.failures += 1 }
        }
        return nil
    }

    public func set(_ key: String, _ value: [UInt8], seconds: Int) async {
        await effect([Array("SET".utf8), prefixed(key), value, Array("EX".utf8), Array("\(max(1, seconds))".utf8)])
    }

    public func remove(_ keys: [String]) async {
        var rest = keys[...]
        while !rest.isEmpty {
            await effect([Array("UNLINK".utf8)] + rest.prefix(Self.keysPerCommand).map(prefixed))
            rest = rest.dropFirst(Self.keysPerCommand)
        }
    }

    public func publish(_ channel: String, _ message: [UInt8]) async {
        await effect([Array("PUBLISH".utf8), prefixed(channel), message])
    }

    public func messages(_ channel: String) -> AsyncStream<[UInt8]> { subscriber.messages(prefixed(channel)) }

    private func prefixed(_ name: String) -> [UInt8] { prefix + Array(name.utf8) }

    /// A call whose answer says nothing but whether it was obeyed.
    private func effect(_ arguments: [[UInt8]]) async {
        if case .error = await calls.call(arguments) { tally.add { $0.failures += 1 } }
    }
}
