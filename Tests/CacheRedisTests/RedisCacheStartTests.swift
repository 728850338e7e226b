import Foundation
import TestSupport
import Testing

@testable import CacheRedis

/// What ``RedisCache/check()`` says to whom configured it.
@Suite struct RedisCacheStartTests {
    private func failure(_ url: String, timeout: Duration = .seconds(20)) async throws -> RedisCacheError? {
        var options = RedisCache.Options()
        options.connectTimeout = timeout
        options.callTimeout = .seconds(20)
        let cache = try RedisCache(url: url, options: options, logger: TestRedis.quiet)
        var failure: RedisCacheError?
        do { try await cache.check() } catch { failure = error }
        let began = ContinuousClock.now
        await cache.close()
        #expect(ContinuousClock.now - began < .seconds(100))
        #expect(failure?.description.contains("\n") != true)
        return failure
    }

    @Test func findsNothingWrong() async throws {
        #expect(try await failure(TestRedis.url()) == nil)
        #expect(try await failure(TestRedis.secureURL()) == nil)
        let named = try await TestRedis.secureURL().replacing("127.0.0.1", with: "localhost")
        #expect(try await failure(named) == nil)
    }

    @Test func saysThatNobodyListens() async throws {
        let proxy = try FaultProxy(to: 1, mode: .refuse)
        let error = try #require(try await failure("redis://127.0.0.1:\(proxy.port)/0"))
        #expect(error.code == .unavailable)
        #expect(error.description == "redis://127.0.0.1:\(proxy.port)/0 cannot be reached: Connection refused")
    }

    @Test func saysThatNobodyAnswers() async throws {
        let proxy = try FaultProxy(to: TestRedis.port(of: TestRedis.url()), mode: .blackhole)
        let began = ContinuousClock.now
        let error = try await failure("redis://127.0.0.1:\(proxy.port)", timeout: .milliseconds(200))
        #expect(error?.code == .unavailable)
        #expect(error?.description.hasSuffix("takes the connection but does not answer") == true)
        #expect(ContinuousClock.now - began < .seconds(100))
    }

    @Test func saysThatTheHostIsUnknown() async throws {
        let error = try await failure("redis://name.invalid")
        #expect(error?.code == .unavailable)
        #expect(error?.description.hasPrefix("the host of redis://name.invalid:6379/0 cannot be found") == true)
    }

    @Test func trustsOnlyItsAuthority() async throws {
        let url = try await TestRedis.secureURL()
        let other = url.replacing("/ca.pem", with: "/other-ca.pem")
        #expect(other != url)
        let system = String(url.prefix { $0 != "?" })
        for wrong in [other, system] {
            let error = try #require(try await failure(wrong))
            #expect(error.code == .untrusted)
            #expect(error.description.hasPrefix("the certificate of 127.0.0.1 is not trusted: "))
        }
    }

    @Test func wantsACertificateOfTheHostThatItCalls() async throws {
        let url = try await TestRedis.secureURL()
        // The server listens there too; its certificate names 127.0.0.1 and localhost alone.
        let address = try #require(try await failure(url.replacing("127.0.0.1", with: "127.0.0.2")))
        #expect(address.code == .untrusted)
        #expect(address.description == "the certificate of 127.0.0.2 is not trusted: IP address mismatch")
        // The same address, written in a way that makes it a name to compare.
        let name = try #require(try await failure(url.replacing("127.0.0.1", with: "127.1")))
        #expect(name.code == .untrusted)
        #expect(name.description == "the certificate of 127.1 is not trusted: hostname mismatch")
    }

    @Test func saysThatTheFileOfTheAuthorityIsMissing() async throws {
        let error = try await failure("rediss://127.0.0.1:1?ca_file=/nonexistent.pem")
        #expect(error?.code == .invalidURL)
        #expect(error?.description == "no certificates of authorities can be read from /nonexistent.pem")
    }

    @Test func doesNotTakeTLSForPlainTextOrTheReverse() async throws {
        let secure = try await TestRedis.secureURL()
        let plain = try TestRedis.url()
        let first = try await failure("redis://127.0.0.1:\(TestRedis.port(of: secure))")
        #expect(first?.code == .unavailable)
        let second = try await failure("rediss://127.0.0.1:\(TestRedis.port(of: plain))", timeout: .milliseconds(500))
        #expect(second?.code == .unavailable)
    }

    @Test func saysThatTheLoginIsRefused() async throws {
        let plain = try TestRedis.url()
        let place = "127.0.0.1:\(try TestRedis.port(of: plain))"
        let user = "u\(Int.random(in: 0..<1_000_000_000))"
        try await TestRedis.command(
            "ACL", "SETUSER", user, "on", ">right", "allkeys", "allchannels", "+@all", to: plain)
        #expect(try await failure("redis://\(user):right@\(place)") == nil)
        let wrong = try #require(try await failure("redis://\(user):wr0ng-one@\(place)"))
        #expect(wrong.code == .refused)
        #expect(wrong.description == "redis://\(place)/0 refuses the user name or password (WRONGPASS)")
        let database = try #require(try await failure("redis://\(user):right@\(place)/99"))
        #expect(database.code == .refused)
        try await TestRedis.command("ACL", "SETUSER", user, "-set", to: plain)
        let write = try #require(try await failure("redis://\(user):right@\(place)"))
        #expect(write.code == .refused)
        #expect(write.description.contains("refuses SET: NOPERM"))
    }

    @Test func usesTheDatabaseOfItsURL() async throws {
        let url = try TestRedis.url()
        let cache = try await TestRedis.cache(url.replacing("/0", with: "/3"), prefix: "albatross:")
        let key = UUID().uuidString
        await cache.set(key, [1], seconds: 60)
        #expect(try await TestRedis.command("EXISTS", "albatross:" + key, to: url) == .integer(0))
        let third = url.replacing("/0", with: "/3")
        #expect(try await TestRedis.command("EXISTS", "albatross:" + key, to: third) == .integer(1))
        await cache.close()
    }
}
