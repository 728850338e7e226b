extension RedisCache {
    /// Settings, with defaults for a Redis in the same data centre.
    public struct Options: Sendable {
        /// Before every key and every channel, so that several installations can share one Redis.
        public var prefix = "albatross:"
        /// What a call may last.
        public var callTimeout: Duration = .milliseconds(250)
        /// What connecting, the TLS handshake and the login may last together.
        public var connectTimeout: Duration = .seconds(2)
        /// How often an idle connection is tried, and the longest wait before a lost one is made again.
        public var probeInterval: Duration = .seconds(1)
        /// Calls that wait for the connection; what is more is dropped. As many may be on their way.
        public var queueLimit = 10_000
        /// Bytes of the calls that wait.
        public var queueBytes = 8 << 20
        /// Messages that wait for one reader of ``RedisCache/messages(_:)``; then the oldest go.
        public var subscriberBuffer = 256
        /// Bytes of one value or message; a longer one costs the connection.
        public var maxReplyBytes = 16 << 20

        public init() {}

        /// A connection that says nothing for so long although an answer is due is given up.
        var longestSilence: Duration { max(probeInterval, callTimeout) }
    }

    /// What the cache did since it was made, for `/metrics`.
    public struct Counters: Hashable, Sendable {
        /// Values found.
        public var hits = 0
        /// Values that Redis does not have.
        public var misses = 0
        /// Calls without effect: Redis was away, late, or refused.
        public var failures = 0
        /// Calls that found the queue full, and messages that a slow reader lost.
        public var dropped = 0
        /// Connections made after the first, of the one for calls and the one for messages.
        public var reconnects = 0

        public init() {}
    }
}
