public import Domain
public import Logging
public import ServiceLifecycle

/// Follows the log in a process: keeps the read model `flights` where nobody else does, feeds the live board where there is
/// one, tells caches what changed.
public struct Projector: Service {
    /// What this process does with the log.
    public enum Duty: Sendable {
        /// Keeps the read model and feeds the board: everything in one process.
        case keepsModel
        /// Feeds the board; workers elsewhere keep the read model.
        case feedsBoard
        /// Only tells caches what changed.
        case tellsCaches
    }

    let duty: Duty
    let store: any EventStore
    let models: any ReadModelStore
    let directory: Directory
    let board: LiveBoard
    let tail: LogTail
    let hints: CommitHints?
    let logger: Logger
    let clock = ContinuousClock()

    /// - Parameters:
    ///   - tail: Told of what it sees.
    ///   - hints: Of commits in other processes.
    public init(
        _ duty: Duty, store: any EventStore, models: any ReadModelStore, directory: Directory, board: LiveBoard,
        tail: LogTail, hints: CommitHints? = nil, logger: Logger
    ) {
        self.duty = duty
        self.store = store
        self.models = models
        self.directory = directory
        self.board = board
        self.tail = tail
        self.hints = hints
        self.logger = logger
    }

    static let page = 2000
    /// How long a changed view may wait for its write.
    static let flushInterval = Duration.milliseconds(150)
    /// As long as only positions changed it, which the live board shows meanwhile.
    static let positionsInterval = Duration.milliseconds(500)
    /// Turns under load are at least so far apart.
    static let pace = Duration.milliseconds(10)

    public func run() async throws {
        await persistently("projection", logger) {
            switch duty {
            case .keepsModel, .feedsBoard: try await follow()
            case .tellsCaches: try await followForCaches()
            }
        }
    }

    private func follow() async throws {
        let progress = try await models.progress(FlightProjection.name)
        var projection = FlightProjection(
            models: models, store: store, progress: progress, mode: duty == .keepsModel ? .writes : .follows)
        if duty == .feedsBoard {
            // Idle partitions lag behind for ever; what was relayed and reached is done.
            projection.start(at: try await Relay.reached(progress, models))
        } else {
            try await projection.loadParked(of: try await directory.tenants().compactMap(\.id))
        }
        if !board.isReady { board.fill(try await shown(), sequence: projection.position) }
        let reader = LogReader(store: store)
        var lastFlush = clock.now
        var pace = Pace(Self.pace)
        let signal = Signal()
        async let pump: Void = signal.pump(store.commits())
        async let hintPump: Void = hear(signal)
        while !Task.isCancelled {
            let page = try await reader.page(after: projection.position, limit: Self.page)
            if page.position > projection.position {
                tell(page)
                let changes = try await projection.apply(page.events, through: page.position)
                board.publish(changes, upTo: page.position)
            }
            if page.isEnd {
                board.markReady()
                tail.caughtUp()
            }
            tail.parked = projection.parkedCount
            let interval = projection.isUrgent ? Self.flushInterval : Self.positionsInterval
            switch duty {
            case .keepsModel:
                if projection.isCommittable,
                    projection.isLagging
                        || projection.isDirty
                            && (clock.now - lastFlush >= interval || projection.dirtyCount > 5000)
                {
                    guard try await models.progress(FlightProjection.name).generation == projection.generation else {
                        // A rebuild took over: go on from its checkpoint.
                        throw ProjectionMoved()
                    }
                    try await projection.flush()
                    lastFlush = clock.now
                    continue
                }
            case .feedsBoard, .tellsCaches: projection.forget()
            }
            if !page.isEnd { continue }
            await signal.wait(atMost: duty == .keepsModel && projection.isDirty ? interval : .seconds(1))
            await pace.wait()
        }
        if duty == .keepsModel {
            // After an orderly end everything that was answered is also in the read model; a long arrear is left to the next start.
            let end = clock.now + .seconds(1)
            var isEnd = false
            while !isEnd, clock.now < end {
                let page = try await reader.page(after: projection.position, limit: Self.page)
                _ = try await projection.apply(page.events, through: page.position)
                isEnd = page.isEnd
            }
            if projection.isDirty, projection.isCommittable { try await projection.flush() }
        }
        await pump
        await hintPump
    }

    /// Caches are empty at the start, so only what comes from now on matters.
    private func followForCaches() async throws {
        let reader = LogReader(store: store)
        var position = tail.position
        if position == 0 { position = try await store.head() }
        let signal = Signal()
        async let pump: Void = signal.pump(store.commits())
        async let hintPump: Void = hear(signal)
        while !Task.isCancelled {
            let page = try await reader.page(after: position, limit: Self.page)
            tell(page)
            position = page.position
            if page.isEnd {
                tail.caughtUp()
                await signal.wait(atMost: .seconds(1))
            }
        }
        await pump
        await hintPump
    }

    private func hear(_ signal: Signal) async {
        if let hints { await signal.pump(hints.hints()) }
    }

    private func tell(_ page: LogPage) {
        for position in page.damaged {
            logger.error(
                "an event does not match its checksum; run albatross verify", metadata: ["position": "\(position)"])
        }
        tail.see(page)
    }

    /// Flights that the map shows at start.
    private func shown() async throws(EventStoreError) -> [(TenantID, FlightView)] {
        var found: [(TenantID, FlightView)] = []
        for tenant in try await directory.tenants() {
            guard let id = tenant.id else { continue }
            var documents: [String: [UInt8]] = [:]
            for document in try await models.documents(
                id, FlightProjection.name, kind: FlightProjection.flightKind,
                DocumentRange(descending: true, limit: 500)
            ) { documents[document.key] = document.value }
            for document in try await models.documents(
                id, FlightProjection.name, kind: FlightProjection.openKind, DocumentRange(descending: true, limit: 5000)
            ) where documents[document.key] == nil {
                documents[document.key] = try await models.document(
                    id, FlightProjection.name, kind: FlightProjection.flightKind, key: document.key)
            }
            for bytes in documents.values {
                guard let view = DocumentCoding.decode(FlightView.self, bytes) else { continue }
                found.append((id, view))
            }
        }
        return found
    }
}
