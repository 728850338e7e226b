import Foundation
import Logging

/// The life of one connection on its thread: connect, serve, lose, wait, and again.
struct RedisLink: Sendable {
    let address: RedisAddress
    let options: RedisCache.Options
    let waker: Waker
    let logger: Logger
    let tally: Tally
    /// What the connection is for, in logs.
    let purpose: String

    /// Starts a thread that blocks as it likes.
    static func start(_ name: String, _ body: @escaping @Sendable () -> Void) {
        let thread = Thread(block: body)
        thread.name = name
        thread.stackSize = 1 << 20
        thread.start()
    }

    /// Returns when nobody wants it any more.
    /// - Parameters:
    ///   - opened: Comes before `serve`.
    ///   - serve: Until it throws what went wrong, or returns since nobody wants the connection.
    ///   - lost: The connection could not be made or broke; nothing on it will be answered.
    func run(
        isWanted: () -> Bool, opened: () -> Void, serve: (RedisConnection) throws(RedisCacheError) -> Void,
        lost: (RedisCacheError) -> Void
    ) {
        var backoff = Backoff(longest: options.probeInterval)
        var reported: RedisCacheError.Code?
        var connections = 0
        while isWanted() {
            var openedAt: ContinuousClock.Instant?
            do throws(RedisCacheError) {
                let connection = try RedisConnection(
                    to: address, within: options.connectTimeout, maxReply: options.maxReplyBytes, waker: waker,
                    isWanted: isWanted)
                connections += 1
                if connections > 1 { tally.add { $0.reconnects += 1 } }
                openedAt = .now
                if reported != nil { logger.notice("Redis is back", metadata: ["for": "\(purpose)"]) }
                reported = nil
                opened()
                try serve(connection)
            } catch {
                lost(error)
                if isWanted(), reported != error.code {
                    logger.warning(
                        "Redis is away; going on without it", metadata: ["for": "\(purpose)", "why": "\(error)"])
                    reported = error.code
                }
            }
            guard isWanted() else { break }
            // One that breaks at once, again and again, is no reason to hurry.
            if let openedAt, .now - openedAt > options.probeInterval { backoff.reset() }
            waker.wait(backoff.next())
        }
    }
}
