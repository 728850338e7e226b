import Foundation
import Synchronization
import TestSupport
import Testing

@testable import CacheRedis

/// Redis goes away, is slow or lies still: calls stay short, answers stay right, and all comes back by itself. Times are
/// guards against hanging, far from what is promised: a busy machine is no fault.
@Suite struct RedisCacheFaultTests {
    private static let bar: Duration = .seconds(10)

    /// Callers that never stop, and what they saw.
    private final class Load: Sendable {
        struct Seen {
            var longest = Duration.zero
            var right = 0
            var nothing = 0
            var wrong = 0
        }
        private let state = Mutex((seen: Seen(), isOver: false))
        var seen: Seen { state.withLock { $0.seen } }

        func run(_ cache: RedisCache, callers: Int) async {
            await withTaskGroup(of: Void.self) { group in
                for caller in 0..<callers {
                    group.addTask {
                        var round = 0
                        while !self.state.withLock({ $0.isOver }) {
                            round += 1
                            let key = "\(caller)/\(round % 5)"
                            let value = Array("\(key) of \(round)".utf8) + [0, 13, 10]
                            await self.measure { await cache.set(key, value, seconds: 60) }
                            var found: [UInt8]?
                            await self.measure { found = await cache.value(key) }
                            let answer = found
                            // A set may be forgotten; then the one before it is found. Another key's value never is.
                            self.state.withLock { state in
                                switch answer {
                                case nil: state.seen.nothing += 1
                                case .some(value): state.seen.right += 1
                                case .some(let other) where other.starts(with: Array("\(key) of ".utf8)): break
                                case .some: state.seen.wrong += 1
                                }
                            }
                            if answer == nil { await Task.yield() }
                        }
                    }
                }
            }
        }

        private func measure(_ body: () async -> Void) async {
            let began = ContinuousClock.now
            await body()
            let took = ContinuousClock.now - began
            state.withLock { $0.seen.longest = max($0.seen.longest, took) }
        }

        func stop() { state.withLock { $0.isOver = true } }
    }

    @Test(arguments: [PrivateServices.Server.redis, .redisTLS])
    func survivesKillAndRestartUnderLoad(_ server: PrivateServices.Server) async throws {
        let services = try await PrivateServices(server)
        var url = try services.variable(server == .redis ? "ALBATROSS_TEST_REDIS" : "ALBATROSS_TEST_REDIS_TLS")
        if server == .redisTLS { url += try "?ca_file=" + services.variable("ALBATROSS_TEST_REDIS_CA") }
        let cache = try await TestRedis.cache(url, patience: .milliseconds(250))
        let log = MessageLog(cache.messages("news"))
        try await eventually("the reader") {
            await cache.publish("news", MessageLog.greeting)
            return !log.everything.isEmpty
        }
        let load = Load()
        async let running: Void = load.run(cache, callers: 32)
        // The callers are waited for whatever goes wrong here.
        defer { load.stop() }
        for round in 1...3 {
            let before = load.seen.right
            try await eventually("round \(round) to work") { load.seen.right > before + 500 }
            try await services.kill(server)
            try await eventually("to be away") { !cache.isReachable }
            let began = ContinuousClock.now
            for _ in 0..<1_000 { #expect(await cache.value("k") == nil) }
            #expect(ContinuousClock.now - began < Self.bar, "1,000 calls while Redis is away")
            try await services.restart(server)
            try await eventually("to come back") { cache.isReachable }
            try await eventually("one empty message") { log.messages.count >= 2 * round - 1 }
            await cache.publish("news", [UInt8(round)])
            try await eventually("a message after it") { log.messages.count >= 2 * round }
        }
        load.stop()
        await running
        #expect(load.seen.wrong == 0)
        #expect(load.seen.longest < Self.bar, "longest call \(load.seen.longest)")
        #expect(log.messages == [[], [1], [], [2], [], [3]])
        // Each connection once a round; the load may also have made the short time limit break one.
        #expect(cache.counters.reconnects >= 6)
        #expect(cache.counters.failures > 3_000)
        await cache.close()
    }

    @Test(arguments: [Set([FaultProxy.Direction.toServer]), [.toClient], [.toServer, .toClient]])
    func returnsInTimeFromABlackHole(_ directions: Set<FaultProxy.Direction>) async throws {
        let proxy = try FaultProxy(to: TestRedis.port(of: TestRedis.url()))
        let cache = try await TestRedis.cache("redis://127.0.0.1:\(proxy.port)", patience: .milliseconds(250)) {
            $0.connectTimeout = .milliseconds(500)
        }
        let log = MessageLog(cache.messages("news"))
        try await eventually("the reader") {
            await cache.publish("news", MessageLog.greeting)
            return !log.everything.isEmpty
        }
        try await eventually("a value") {
            await cache.set("k", [1], seconds: 60)
            return await cache.value("k") == [1]
        }
        proxy.set(.blackhole(directions))
        let began = ContinuousClock.now
        #expect(await cache.value("k") == nil)
        let first = ContinuousClock.now - began
        #expect(first > .milliseconds(200) && first < Self.bar, "the first call took \(first)")
        #expect(!cache.isReachable)
        let second = ContinuousClock.now
        for _ in 0..<1_000 { #expect(await cache.value("k") == nil) }
        #expect(ContinuousClock.now - second < Self.bar)
        // The silent connections are given up, new ones get no further.
        try await eventually("new connections") { proxy.counters.accepted >= 6 }
        proxy.set(.pass)
        try await eventually("to come back") { cache.isReachable }
        try await eventually("the value") { await cache.value("k") == [1] }
        try await eventually("the empty message") { log.messages.first == [] }
        await cache.close()
        #expect(cache.counters.hits >= 2)
    }

    @Test func noticesAnIdleConnectionThatDied() async throws {
        let proxy = try FaultProxy(to: TestRedis.port(of: TestRedis.url()))
        let cache = try await TestRedis.cache("redis://127.0.0.1:\(proxy.port)", patience: .milliseconds(250)) {
            $0.probeInterval = .milliseconds(100)
            $0.connectTimeout = .milliseconds(500)
        }
        let before = cache.counters.failures
        proxy.set(.blackhole)
        try await eventually("to notice without a call") { !cache.isReachable }
        proxy.set(.pass)
        try await eventually("to come back without a call") { cache.isReachable }
        #expect(cache.counters.failures == before)
        await cache.close()
    }

    /// The answer comes after the caller has gone; the next caller must not get it.
    @Test func keepsAnswersApartWhenTheyComeLate() async throws {
        let proxy = try FaultProxy(to: TestRedis.port(of: TestRedis.url()))
        let cache = try await TestRedis.cache("redis://127.0.0.1:\(proxy.port)", patience: .milliseconds(250)) {
            $0.probeInterval = .seconds(20)
        }
        try await eventually("a value") {
            await cache.set("old", [1], seconds: 60)
            await cache.set("new", [2], seconds: 60)
            return await cache.value("new") == [2]
        }
        for _ in 0..<5 {
            proxy.set(.blackhole([.toClient]))
            #expect(await cache.value("old") == nil)
            #expect(!cache.isReachable)
            proxy.set(.pass)
            try await eventually("the late answer") { cache.isReachable }
            for _ in 0..<20 {
                let found = await cache.value("new")
                #expect(found == [2] || found == nil)
            }
        }
        #expect(proxy.counters.accepted == 1, "the connection was kept")
        await cache.close()
    }

    @Test func survivesACutAtEveryByteOfAnAnswer() async throws {
        let url = try TestRedis.url()
        let proxy = try FaultProxy(to: TestRedis.port(of: url))
        let prefix = "cut-\(UUID().uuidString):"
        let direct = try await TestRedis.cache(url, prefix: prefix)
        let value = Array("0123456789\r\n".utf8)
        await direct.set("k", value, seconds: 600)
        let cache = try await TestRedis.cache("redis://127.0.0.1:\(proxy.port)", prefix: prefix) {
            $0.probeInterval = .milliseconds(20)
        }
        // "$12\r\n" and "\r\n" around the value.
        for offset in 0...(value.count + 7) {
            try await eventually("the connection before offset \(offset)") { cache.isReachable }
            let broken = proxy.counters.broken
            proxy.set(.cut(after: offset, .toClient))
            let found = await cache.value("k")
            // An idle probe's answer may have used up some of the bytes.
            #expect(found == nil || found == value)
            try await eventually("the cut") { proxy.counters.broken > broken }
            proxy.set(.pass)
            try await eventually("the value after offset \(offset)") { await cache.value("k") == value }
        }
        await cache.close()
        await direct.close()
    }

    @Test func worksOverASlowAndUnevenLine() async throws {
        let proxy = try FaultProxy(to: TestRedis.port(of: TestRedis.url()), mode: .delay(milliseconds: 30, jitter: 25))
        let cache = try await TestRedis.cache("redis://127.0.0.1:\(proxy.port)")
        await withTaskGroup(of: Void.self) { group in
            for caller in 0..<50 {
                group.addTask {
                    for round in 0..<5 {
                        await cache.set("\(caller)", [UInt8(caller), UInt8(round)], seconds: 60)
                        #expect(await cache.value("\(caller)") == [UInt8(caller), UInt8(round)])
                    }
                }
            }
        }
        proxy.set(.throttle(bytesPerSecond: 200_000))
        let large = (0..<100_000).map { UInt8(truncatingIfNeeded: $0 &* 31) }
        await cache.set("large", large, seconds: 60)
        #expect(await cache.value("large") == large)
        #expect(cache.counters.failures == 0)
        #expect(proxy.counters.accepted == 1)
        await cache.close()
    }

    @Test func dropsWhatTheQueueDoesNotHold() async throws {
        let proxy = try FaultProxy(to: TestRedis.port(of: TestRedis.url()))
        let cache = try await TestRedis.cache("redis://127.0.0.1:\(proxy.port)", patience: .seconds(1)) {
            $0.queueLimit = 50
            $0.probeInterval = .seconds(20)
        }
        proxy.set(.blackhole([.toClient]))
        let began = ContinuousClock.now
        await withTaskGroup(of: Void.self) { group in
            for index in 0..<2_000 {
                group.addTask { await cache.set("\(index)", [UInt8](repeating: 1, count: 1_000), seconds: 60) }
            }
        }
        #expect(ContinuousClock.now - began < .seconds(10))
        let counters = cache.counters
        // At most twice the limit are on their way, and as many wait.
        #expect(counters.dropped >= 1_800)
        #expect(counters.dropped + counters.failures == 2_000)
        proxy.set(.pass)
        try await eventually("to come back") { cache.isReachable }
        await cache.close()
    }

    @Test func dropsWhatHasTooManyBytes() async throws {
        let cache = try await TestRedis.cache(TestRedis.url()) { $0.queueBytes = 10_000 }
        await cache.set("large", [UInt8](repeating: 1, count: 10_000), seconds: 60)
        #expect(cache.counters.dropped == 1)
        await cache.set("small", [1], seconds: 60)
        #expect(await cache.value("large") == nil)
        #expect(await cache.value("small") == [1])
        await cache.close()
    }

    @Test func doesNotTakeAnAnswerWithoutBound() async throws {
        let url = try TestRedis.url()
        let prefix = "large-\(UUID().uuidString):"
        let other = try await TestRedis.cache(url, prefix: prefix)
        await other.set("large", [UInt8](repeating: 1, count: 4 << 20), seconds: 60)
        let cache = try await TestRedis.cache(url, prefix: prefix) { $0.maxReplyBytes = 1 << 20 }
        #expect(await cache.value("large") == nil)
        try await eventually("to come back") { cache.isReachable }
        #expect(cache.counters.reconnects == 1)
        #expect(cache.counters.failures == 1)
        #expect(await other.value("large")?.count == 4 << 20)
        await cache.close()
        await other.close()
    }

    @Test func missesAfterAFlushAndHearsOn() async throws {
        let services = try await PrivateServices(.redis)
        let url = try services.variable("ALBATROSS_TEST_REDIS")
        let cache = try await TestRedis.cache(url)
        let log = MessageLog(cache.messages("news"))
        try await eventually("the reader") {
            await cache.publish("news", MessageLog.greeting)
            return !log.everything.isEmpty
        }
        await cache.set("k", [1], seconds: 60)
        #expect(await cache.value("k") == [1])
        try await TestRedis.command("FLUSHALL", to: url)
        #expect(await cache.value("k") == nil)
        await cache.set("k", [2], seconds: 60)
        #expect(await cache.value("k") == [2])
        await cache.publish("news", [3])
        try await eventually("the message") { log.messages == [[3]] }
        let counters = cache.counters
        #expect(counters.hits == 2)
        #expect(counters.misses == 1)
        #expect(counters.failures == 0 && counters.dropped == 0 && counters.reconnects == 0)
        await cache.close()
    }

    @Test func leavesAServerThatBecameAReplica() async throws {
        let services = try await PrivateServices(.redis)
        let url = try services.variable("ALBATROSS_TEST_REDIS")
        let cache = try await TestRedis.cache(url)
        try await TestRedis.command("REPLICAOF", "127.0.0.1", "1", to: url)
        await cache.set("k", [1], seconds: 60)
        #expect(cache.counters.failures == 1)
        try await eventually("a new connection") { cache.counters.reconnects >= 1 }
        try await TestRedis.command("REPLICAOF", "NO", "ONE", to: url)
        try await eventually("to write again") {
            await cache.set("k", [2], seconds: 60)
            return await cache.value("k") == [2]
        }
        await cache.close()
    }

    @Test func tellsAReaderThatCameWhileRedisWasAway() async throws {
        let proxy = try FaultProxy(to: TestRedis.port(of: TestRedis.url()), mode: .refuse)
        var options = RedisCache.Options()
        options.prefix = "test-\(UUID().uuidString):"
        options.callTimeout = .seconds(20)
        let cache = try RedisCache(
            url: "redis://127.0.0.1:\(proxy.port)", options: options, logger: TestRedis.quiet)
        await #expect(throws: RedisCacheError.self) { try await cache.check() }
        let first = MessageLog(cache.messages("news"))
        await #expect(throws: RedisCacheError.self) { try await cache.check() }
        await #expect(throws: RedisCacheError.self) { try await cache.check() }
        proxy.set(.pass)
        try await cache.check()
        try await eventually("the empty message") { first.messages == [[]] }
        await cache.publish("news", [1])
        try await eventually("the message") { first.messages == [[], [1]] }
        await cache.close()
    }

    @Test func endsEverythingWhenItIsClosed() async throws {
        let url = try TestRedis.url()
        let proxy = try FaultProxy(to: TestRedis.port(of: url))
        let cache = try await TestRedis.cache("redis://127.0.0.1:\(proxy.port)")
        let log = MessageLog(cache.messages("news"))
        try await eventually("the reader") {
            await cache.publish("news", MessageLog.greeting)
            return !log.everything.isEmpty
        }
        #expect(proxy.counters.open == 2)
        proxy.set(.blackhole([.toClient]))
        async let pending = cache.value("k")
        try await eventually("the call to be on its way") { proxy.counters.bytesToServer > 0 }
        let began = ContinuousClock.now
        await cache.close()
        #expect(await pending == nil)
        #expect(ContinuousClock.now - began < .seconds(10), "a call that may wait 20 s ends with the cache")
        proxy.set(.pass)
        try await eventually("the connections to close") { proxy.counters.open == 0 }
        #expect(await cache.value("k") == nil)
        #expect(!cache.isReachable)
        for await _ in cache.messages("news") { Issue.record("a message after the end") }
        let error = await #expect(throws: RedisCacheError.self) { try await cache.check() }
        #expect(error?.description == "the cache is closed")
        await cache.close()
    }

    @Test func endsItsConnectionsWithTheLastReference() async throws {
        let proxy = try FaultProxy(to: TestRedis.port(of: TestRedis.url()))
        do {
            let cache = try await TestRedis.cache("redis://127.0.0.1:\(proxy.port)")
            await cache.set("k", [1], seconds: 1)
            #expect(proxy.counters.open == 1)
        }
        try await eventually("the connection to close") { proxy.counters.open == 0 }
    }
}
