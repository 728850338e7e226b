import CacheRedis
import Domain
import Foundation
import Logging
import TestSupport

@testable import struct CacheRedis.RedisAddress
@testable import enum CacheRedis.RedisCommand
@testable import class CacheRedis.RedisConnection
@testable import enum CacheRedis.RedisReply
@testable import class CacheRedis.Waker

/// The servers of these tests.
enum TestRedis {
    /// What is missing, in one line.
    struct Missing: Error, CustomStringConvertible {
        let description: String
    }

    static let quiet = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }

    /// The server that `scripts/test.sh` started.
    static func url() throws -> String {
        let name = "ALBATROSS_TEST_REDIS"
        guard let url = ProcessInfo.processInfo.environment[name], !url.isEmpty else {
            throw Missing(description: "\(name) is not set: run scripts/test.sh, or scripts/services.sh start FOLDER")
        }
        return url
    }

    /// One with TLS for all tests of the process, made at first use.
    static let secure = Task { try await PrivateServices(.redisTLS) }

    static func secureURL() async throws -> String {
        let services = try await secure.value
        return try services.variable("ALBATROSS_TEST_REDIS_TLS") + "?ca_file="
            + services.variable("ALBATROSS_TEST_REDIS_CA")
    }

    /// A cache that is connected.
    /// - Parameter patience: What one call may last. The default of the product is short, and a busy machine is no fault.
    static func cache(
        _ url: String, prefix: String = "test-\(UUID().uuidString):", patience: Duration = .seconds(20),
        _ change: (inout RedisCache.Options) -> Void = { _ in }
    ) async throws -> RedisCache {
        var options = RedisCache.Options()
        options.prefix = prefix
        options.callTimeout = patience
        options.connectTimeout = .seconds(20)
        change(&options)
        let cache = try RedisCache(url: url, options: options, logger: quiet)
        // A short patience is what some tests are about; that the machine is busy at the start is not.
        for _ in 0..<100 {
            if (try? await cache.check()) != nil { return cache }
            try await Task.sleep(for: .milliseconds(100))
        }
        try await cache.check()
        return cache
    }

    static func port(of url: String) throws -> Int { try RedisAddress(url).port }

    /// Sends one command over a connection of its own.
    @discardableResult
    static func command(_ words: String..., to url: String) async throws -> RedisReply {
        let wire = RedisCommand.encoded(words.map { Array($0.utf8) })
        return try await withCheckedThrowingContinuation { continuation in
            Thread {
                continuation.resume(
                    with: Result {
                        guard let waker = Waker() else { throw Missing(description: "no pipe") }
                        let connection = try RedisConnection(
                            to: RedisAddress(url), within: .seconds(20), maxReply: 1 << 20, waker: waker,
                            isWanted: { true })
                        try connection.send(wire)
                        while true {
                            if let reply = try connection.next() { return reply }
                            try connection.wait(for: waker, until: .now + .seconds(20))
                        }
                    })
            }.start()
        }
    }
}
