public import Domain
public import Logging

/// Carries the log to the bus: the event table is the outbox (decisions A8). One process at a time does this, under a
/// lease; after a loss of the bus it goes on where the broker's last confirmation left it.
public struct Relay: Sendable {
    let store: any EventStore
    let models: any ReadModelStore
    let publisher: any EventPublisher
    let logger: Logger

    static let name = "relay"
    /// One document: the position of the last event in each partition.
    private static let lastsKind = "lasts"
    private static let lastsKey = "partitions"
    static let page = 2000

    public init(
        store: any EventStore, models: any ReadModelStore, publisher: any EventPublisher, logger: Logger
    ) {
        self.store = store
        self.models = models
        self.publisher = publisher
        self.logger = logger
    }

    private static func lasts(_ models: any ReadModelStore) async throws(EventStoreError) -> [Int64] {
        guard
            let bytes = try await models.document(platformTenant, name, kind: lastsKind, key: lastsKey),
            let lasts = DocumentCoding.decode([Int64].self, bytes), lasts.count == Partitions.count
        else { return [Int64](repeating: 0, count: Partitions.count) }
        return lasts
    }

    /// Position up to which workers that consume from the bus have everything: a partition in which nothing happened since
    /// does not hold this back. Without a relay it is the lowest partition's.
    static func reached(
        _ progress: ProjectionProgress, _ models: any ReadModelStore
    ) async throws(EventStoreError) -> Int64 {
        // In this order: what is relayed meanwhile is in `lasts` at least.
        let relayed = try await models.progress(name).position
        let lasts = try await lasts(models)
        return progress.positions.enumerated().map { partition, position in
            position >= lasts[partition] ? max(position, relayed) : position
        }.min() ?? 0
    }

    /// Relays until the task is cancelled.
    public func run() async {
        await persistently("relay", logger) { try await follow() }
    }

    private func follow() async throws {
        let progress = try await models.progress(Self.name)
        var position = progress.position
        var lasts = try await Self.lasts(models)
        let reader = LogReader(store: store)
        let signal = Signal()
        async let pump: Void = signal.pump(store.commits())
        while !Task.isCancelled {
            let page = try await reader.page(after: position, limit: Self.page)
            if page.position > position {
                var events: [BusEvent] = []
                events.reserveCapacity(page.events.count)
                for envelope in page.events {
                    let partition = Partitions.partition(of: envelope.stream)
                    events.append(BusEvent(envelope: envelope, previous: lasts[partition]))
                    lasts[partition] = envelope.position
                }
                KillPoint.reach(.beforeRelay)
                if !events.isEmpty { try await publisher.publish(events) }
                try await models.commit(
                    Self.name, generation: progress.generation, partitions: Partitions.all,
                    writes: [
                        (
                            platformTenant,
                            .put(kind: Self.lastsKind, key: Self.lastsKey, value: DocumentCoding.encode(lasts))
                        )
                    ], checkpoint: page.position)
                position = page.position
            }
            if page.isEnd { await signal.wait(atMost: .seconds(1)) }
        }
        await pump
    }

    /// Events that are committed and not yet confirmed by the broker, as far as positions tell.
    public func backlog() async throws(EventStoreError) -> Int64 {
        max(0, try await store.head() - (try await models.progress(Self.name).position))
    }
}
