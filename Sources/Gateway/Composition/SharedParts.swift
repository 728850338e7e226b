import Application
import BrokerRabbitMQ
import CacheRedis
import Domain
import Logging

/// What processes share besides the store: the bus and the cache that the settings name.
struct SharedParts: Sendable {
    let bus: (any EventPublisher & EventSubscriber)?
    let hints: CommitHints?
    let sessions: CachedSessions?
    /// Lines for `/metrics`.
    let metrics: @Sendable () -> [String]
    let close: @Sendable () async -> Void

    /// - Throws: ``SettingsError`` when an address is wrong, or refused for good (a certificate that is not right). A bus or
    ///   cache that is merely away stops nobody.
    static func connect(
        _ settings: Settings, store: any CompleteStore, logger: Logger
    ) async throws -> SharedParts {
        var bus: RabbitMQBus?
        if let url = settings.rabbitmqURL {
            var options = RabbitMQBus.Options()
            options.prefix = settings.prefix
            options.groups = [ProjectionWorkers.group]
            do { bus = try RabbitMQBus(url: url, options: options, logger: logger) } catch {
                throw SettingsError("RABBITMQ_URL: \(error.description)")
            }
        }
        var cache: RedisCache?
        if let url = settings.redisURL {
            var options = RedisCache.Options()
            options.prefix = settings.prefix + ":"
            do { cache = try RedisCache(url: url, options: options, logger: logger) } catch {
                throw SettingsError("REDIS_URL: \(error.description)")
            }
        }
        return SharedParts(
            bus: bus, hints: cache.map { CommitHints(cache: $0) },
            sessions: cache.map { CachedSessions(store, cache: $0) },
            metrics: { [bus, cache] in
                (bus.map { lines($0.counters) } ?? []) + (cache.map { lines($0.counters, $0.isReachable) } ?? [])
            },
            close: { [bus, cache] in
                bus?.close()
                await cache?.close()
            })
    }

    private static func lines(_ counters: BusCounters) -> [String] {
        [
            "albatross_bus_published_total \(counters.published)",
            "albatross_bus_confirmed_total \(counters.confirmed)", "albatross_bus_nacked_total \(counters.nacked)",
            "albatross_bus_delivered_total \(counters.delivered)", "albatross_bus_dead_total \(counters.dead)",
            "albatross_bus_reconnects_total \(counters.reconnects)",
        ]
    }
    private static func lines(_ counters: RedisCache.Counters, _ isReachable: Bool) -> [String] {
        [
            "albatross_cache_hits_total \(counters.hits)", "albatross_cache_misses_total \(counters.misses)",
            "albatross_cache_failures_total \(counters.failures)",
            "albatross_cache_dropped_total \(counters.dropped)",
            "albatross_cache_reconnects_total \(counters.reconnects)",
            "albatross_cache_reachable \(isReachable ? 1 : 0)",
        ]
    }
}
