public import Domain
import Synchronization

/// A token bucket per key, with a bound on keys.
public final class RateLimiter: Sendable {
    private struct Bucket {
        var tokens: Double
        var at: Timestamp
    }
    private let buckets = Mutex<[String: Bucket]>([:])
    private let rate: Double
    private let burst: Double
    private let capacity = 100_000

    /// - Parameters:
    ///   - perSecond: Tokens a second; 0 turns the limit off.
    ///   - burst: Tokens in a full bucket.
    public init(perSecond: Double, burst: Double) {
        rate = perSecond
        self.burst = burst
    }

    /// Takes a token.
    /// - Returns: Seconds to wait when there is none, else nil.
    public func take(_ key: String, at now: Timestamp) -> Int? { spend(key, 1, at: now) }

    /// Whether a token is there, without taking it.
    public func wouldWait(_ key: String, at now: Timestamp) -> Int? { spend(key, 0, at: now) }

    private func spend(_ key: String, _ amount: Double, at now: Timestamp) -> Int? {
        guard rate > 0 else { return nil }
        return buckets.withLock { buckets in
            if buckets.count > capacity {
                // A full bucket says nothing that a new one would not.
                buckets = buckets.filter { $0.value.tokens + (now - $0.value.at).seconds * rate < burst }
                if buckets.count > capacity { buckets.removeAll(keepingCapacity: true) }
            }
            var bucket = buckets[key] ?? Bucket(tokens: burst, at: now)
            bucket.tokens = min(burst, bucket.tokens + max(0, (now - bucket.at).seconds) * rate)
            bucket.at = now
            defer { buckets[key] = bucket }
            guard bucket.tokens >= 1 else { return max(1, Int(((1 - bucket.tokens) / rate).rounded(.up))) }
            bucket.tokens -= amount
            return nil
        }
    }
}
