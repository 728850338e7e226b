public import Domain
public import Logging
public import ServiceLifecycle

/// Keeps the read model `flights` from the bus, beside other processes that do the same: each partition belongs to one of
/// them at a time. A batch is acknowledged after its commit; what comes twice changes nothing, what is missing is read
/// from the store.
public struct ProjectionWorkers: Service {
    let store: any EventStore
    let models: any ReadModelStore
    let directory: Directory
    let subscriber: any EventSubscriber
    /// Called after a commit with the position that was reached.
    let committed: @Sendable (Int64) async -> Void
    let logger: Logger

    /// Consumer group on the bus.
    public static let group = FlightProjection.name

    public init(
        store: any EventStore, models: any ReadModelStore, directory: Directory, subscriber: any EventSubscriber,
        logger: Logger, committed: @escaping @Sendable (Int64) async -> Void
    ) {
        self.store = store
        self.models = models
        self.directory = directory
        self.subscriber = subscriber
        self.logger = logger
        self.committed = committed
    }

    public func run() async throws {
        await cancelWhenGracefulShutdown {
            await withTaskGroup(of: Void.self) { group in
                var lines: [Int: AsyncStream<BusBatch>.Continuation] = [:]
                for await batch in subscriber.batches(group: Self.group) {
                    let line: AsyncStream<BusBatch>.Continuation
                    if let known = lines[batch.partition] {
                        line = known
                    } else {
                        // Holds one batch, and after a loss of the connection a few that came again.
                        let (stream, continuation) = AsyncStream.makeStream(of: BusBatch.self)
                        lines[batch.partition] = continuation
                        line = continuation
                        let partition = batch.partition
                        group.addTask { await work(partition, stream) }
                    }
                    line.yield(batch)
                }
                for line in lines.values { line.finish() }
            }
        }
    }

    private func work(_ partition: Int, _ batches: AsyncStream<BusBatch>) async {
        var projection: FlightProjection?
        for await batch in batches {
            var failures = 0
            while !Task.isCancelled {
                do {
                    var current: FlightProjection
                    if let known = projection { current = known } else { current = try await load(partition) }
                    // Set again only when all went well: after a failure it is read anew.
                    projection = nil
                    try await take(batch, &current)
                    projection = current
                    batch.acknowledge()
                    await committed(current.position)
                    break
                } catch is ProjectionMoved {
                    continue
                } catch {
                    if Task.isCancelled { return }
                    failures += 1
                    logger.error(
                        "projection of a partition failed, trying again",
                        metadata: ["partition": "\(partition)", "error": "\(error)"])
                    // In place, never by giving the batch back: that would break the order. Cancelled at shutdown.
                    try? await Task.sleep(for: .milliseconds(min(5000, 100 << min(failures, 6))))
                }
            }
        }
    }

    private func load(_ partition: Int) async throws(EventStoreError) -> FlightProjection {
        var projection = FlightProjection(
            models: models, store: store, progress: try await models.progress(FlightProjection.name),
            partitions: partition..<partition + 1, mode: .writes)
        try await projection.loadParked(of: try await directory.tenants().compactMap(\.id))
        return projection
    }

    private func take(_ batch: BusBatch, _ projection: inout FlightProjection) async throws {
        guard let first = batch.events.first, let last = batch.events.last else { return }
        if last.envelope.position <= projection.position { return }
        if first.previous > projection.position {
            try await catchUp(&projection, to: first.envelope.position - 1)
        }
        _ = try await projection.apply(batch.events.map(\.envelope), through: last.envelope.position)
        guard try await models.progress(FlightProjection.name).generation == projection.generation else {
            throw ProjectionMoved()
        }
        try await projection.flush()
    }

    /// The bus did not bring everything (a purged queue, a new consumer group): the store has it.
    private func catchUp(_ projection: inout FlightProjection, to position: Int64) async throws {
        let reader = LogReader(store: store)
        var reached = projection.position
        while reached < position {
            var page = try await reader.page(after: reached, limit: Projector.page)
            page.events.removeAll { $0.position > position }
            reached = page.isEnd ? position : min(page.position, position)
            _ = try await projection.apply(page.events, through: reached)
        }
    }
}
