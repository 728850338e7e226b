import Synchronization

/// Counters that both threads and all callers add to.
final class Tally: Sendable {
    private let counters = Mutex(RedisCache.Counters())

    var value: RedisCache.Counters { counters.withLock { $0 } }

    func add(_ change: (inout RedisCache.Counters) -> Void) { counters.withLock { change(&$0) } }
}
