import CacheRedis
import Domain
import TestSupport
import Testing

#if canImport(FoundationEssentials)
import FoundationEssentials
#endif
import Foundation
import Synchronization

@Suite struct CacheContractTests {
    @Test(arguments: CacheContract.all, [memory, plain, secure])
    func keepsThePromise(_ check: CacheCheck, _ subject: CacheSubject) async throws {
        try await check.run(on: subject)
    }

    static let memory: CacheSubject = {
        let places = Places()
        return CacheSubject("memory", subscriberBuffer: 16) { place in
            places.cache(of: place)
        } close: { _ in
        }
    }()
    static let plain = subject("redis://") { try TestRedis.url() }
    static let secure = subject("rediss://") { try await TestRedis.secureURL() }

    private static func subject(
        _ name: String, _ url: @escaping @Sendable () async throws -> String
    ) -> CacheSubject {
        CacheSubject(name, subscriberBuffer: 16) { place in
            try await TestRedis.cache(url(), prefix: place + ":") { $0.subscriberBuffer = 16 }
        } close: { cache in
            if let cache = cache as? RedisCache { await cache.close() }
        }
    }

    private final class Places: Sendable {
        private let caches = Mutex<[String: MemoryCache]>([:])

        func cache(of place: String) -> MemoryCache {
            caches.withLock { caches in
                let cache =
                    caches[place]
                    ?? MemoryCache(now: { Timestamp(seconds: Date().timeIntervalSince1970) }, subscriberBuffer: 16)
                caches[place] = cache
                return cache
            }
        }
    }
}

@Suite struct MemoryCacheTests {
    @Test func isEmptyAndTellsItsReadersWhenItComesBack() async throws {
        let clock = ManualClock()
        let cache = MemoryCache(now: clock.read)
        let log = MessageLog(cache.messages("news"))
        await cache.set("k", [1], seconds: 10)
        cache.setAway(true)
        #expect(!cache.isReachable)
        #expect(await cache.value("k") == nil)
        await cache.publish("news", [1])
        await cache.set("k", [2], seconds: 10)
        cache.setAway(false)
        await cache.publish("news", [2])
        #expect(await cache.value("k") == nil)
        try await eventually("two messages") { log.everything.count >= 2 }
        #expect(log.everything == [[], [2]])
    }

    @Test func forgetsByItsClock() async {
        let clock = ManualClock()
        let cache = MemoryCache(now: clock.read)
        await cache.set("k", [1], seconds: 10)
        clock.advance(by: Milliseconds(9_999))
        #expect(await cache.value("k") == [1])
        clock.advance(by: Milliseconds(1))
        #expect(await cache.value("k") == nil)
    }
}
