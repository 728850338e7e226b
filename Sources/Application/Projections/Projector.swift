public import Domain
public import EventSchema
public import Logging
public import ServiceLifecycle

/// Follows the log: keeps the read model `flights`, feeds the live board, tells caches what changed.
public struct Projector: Service {
    let store: any EventStore
    let models: any ReadModelStore
    let directory: Directory
    let board: LiveBoard
    let observers: [@Sendable (EventEnvelope, DomainEvent) -> Void]
    let logger: Logger
    let clock = ContinuousClock()

    /// - Parameter observers: Called for every event of the log, in order, soon after its commit; they must not block.
    public init(
        store: any EventStore, models: any ReadModelStore, directory: Directory, board: LiveBoard, logger: Logger,
        observers: [@Sendable (EventEnvelope, DomainEvent) -> Void] = []
    ) {
        self.store = store
        self.models = models
        self.directory = directory
        self.board = board
        self.logger = logger
        self.observers = observers
    }

    static let page = 2000
    /// How long a changed view may wait for its write.
    static let flushInterval = Duration.milliseconds(150)

    public func run() async throws {
        await cancelWhenGracefulShutdown {
            var failures = 0
            while !Task.isCancelled {
                do {
                    try await follow()
                    return
                } catch is CancellationError {
                    return
                } catch is ProjectionMoved {
                    continue
                } catch {
                    failures += 1
                    logger.error("projection stopped, trying again", metadata: ["error": "\(error)"])
                    try? await Task.sleep(for: .milliseconds(min(5000, 100 << min(failures, 6))))
                }
            }
        }
    }

    private func follow() async throws {
        let (generation, checkpoint) = try await models.checkpoint(FlightProjection.name)
        var projection = FlightProjection(models: models, store: store, generation: generation, position: checkpoint)
        if !board.isReady { board.fill(try await shown(), sequence: checkpoint) }
        var position = checkpoint
        var lastFlush = clock.now
        let signal = Signal()
        async let pump: Void = signal.pump(store.commits())
        while !Task.isCancelled {
            let page = try await store.readAll(after: position, limit: Self.page)
            if !page.isEmpty {
                var decoded: [(EventEnvelope, DomainEvent)] = []
                decoded.reserveCapacity(page.count)
                for envelope in page {
                    let event = try EventCodec.decode(envelope.event)
                    decoded.append((envelope, event))
                    for observer in observers { observer(envelope, event) }
                }
                let changes = try await projection.apply(decoded)
                position = page[page.count - 1].position
                board.publish(changes, upTo: position)
            }
            let full = page.count == Self.page
            if !full { board.markReady() }
            if projection.isDirty, clock.now - lastFlush >= Self.flushInterval || projection.dirtyCount > 5000 {
                guard try await models.checkpoint(FlightProjection.name).generation == projection.generation else {
                    // A rebuild took over: go on from its checkpoint.
                    throw ProjectionMoved()
                }
                try await projection.flush()
                lastFlush = clock.now
                continue
            }
            if full { continue }
            await signal.wait(atMost: projection.isDirty ? Self.flushInterval : .seconds(1))
        }
        if projection.isDirty { try await projection.flush() }
        await pump
    }

    /// Flights that the map shows at start.
    private func shown() async throws(EventStoreError) -> [(TenantID, FlightView)] {
        var found: [(TenantID, FlightView)] = []
        for tenant in try await directory.tenants() {
            guard let id = tenant.id else { continue }
            var keys = Set<String>()
            for document in try await models.documents(
                id, FlightProjection.name, kind: FlightProjection.openKind, DocumentRange(descending: true, limit: 5000)
            ) { keys.insert(document.key) }
            for document in try await models.documents(
                id, FlightProjection.name, kind: FlightProjection.flightKind,
                DocumentRange(descending: true, limit: 500)
            ) { keys.insert(document.key) }
            for key in keys {
                guard
                    let bytes = try await models.document(
                        id, FlightProjection.name, kind: FlightProjection.flightKind, key: key),
                    let view = DocumentCoding.decode(FlightView.self, bytes)
                else { continue }
                found.append((id, view))
            }
        }
        return found
    }
}

/// The projection's generation changed under the projector.
struct ProjectionMoved: Error {}
