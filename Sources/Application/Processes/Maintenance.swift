public import Domain
import EventSchema

#if canImport(FoundationEssentials)
import FoundationEssentials
#else
import Foundation
#endif

/// Rebuilding what follows from the log, and checking it against the log.
public struct Maintenance: Sendable {
    let store: any EventStore & LookupReader
    let models: any ReadModelStore

    public init(store: any EventStore & LookupReader, models: any ReadModelStore) {
        self.store = store
        self.models = models
    }

    /// What can be rebuilt by name.
    public static let names = [FlightProjection.name]

    /// Fills a new generation of a read model from the log while the old one is read, and switches.
    /// - Parameter progress: Called with events done and events in all.
    public func rebuild(
        _ name: String, progress: @Sendable (Int64, Int64) -> Void
    ) async throws {
        let generation = try await models.progress(name).generation + 1
        var projection = FlightProjection(
            models: models, store: store,
            progress: ProjectionProgress(
                generation: generation, positions: [Int64](repeating: 0, count: Partitions.count)), mode: .rebuilds)
        let reader = LogReader(store: store)
        let total = try await store.head()
        var page = try await reader.page(after: 0, limit: Self.page)
        while true {
            // The next page is read while this one is applied.
            let current = page
            async let following = Self.page(reader, behind: current)
            _ = try await projection.apply(current.events, through: current.position)
            // Nobody reads the generation yet, and one that is cut off is begun anew: a flight is written when it is done,
            // not with every page that it is in.
            if projection.dirtyCount > 10_000 || current.isEnd { try await projection.flush() }
            progress(current.position, max(total, current.position))
            guard let next = try await following else { break }
            page = next
        }
        try await models.activate(name, generation: generation)
    }

    private static let page = 5000

    /// - Returns: `nil` when a page is the last one.
    private static func page(_ reader: LogReader, behind page: LogPage) async throws -> LogPage? {
        page.isEnd ? nil : try await reader.page(after: page.position, limit: Self.page)
    }

    /// Takes a parked flight up again: makes its view anew from its streams.
    /// - Throws: What is still wrong with the streams, else ``EventStoreError``.
    public func takeUp(_ tenant: TenantID, _ flight: FlightID) async throws {
        guard let view = try await FlightProjection.replay(store, tenant, flight) else {
            throw MissingEvents(stream: StreamName(tenant, .flight, flight.uuid))
        }
        let name = FlightProjection.name
        let partition = Partitions.partition(of: StreamName(tenant, .flight, flight.uuid))
        for attempt in 1...5 {
            let progress = try await models.progress(name)
            let old = try await models.document(
                tenant, name, kind: FlightProjection.flightKind, key: "\(flight)"
            ).flatMap { DocumentCoding.decode(FlightView.self, $0) }
            let writes =
                FlightProjection.writes(tenant, old: old, new: view) + [
                    (tenant, .delete(kind: FlightProjection.parkedKind, key: "\(flight)"))
                ]
            do {
                return try await models.commit(
                    name, generation: progress.generation, partitions: partition..<partition + 1, writes: writes,
                    checkpoint: progress.positions[partition])
            } catch {
                // The worker at it moved on between the two steps.
                if attempt == 5 { throw error }
            }
        }
    }

    /// Flights that projections left aside, with the reason.
    public func parked(
        _ tenant: TenantID
    ) async throws(EventStoreError) -> [(projection: String, flight: String, stream: ParkedStream)] {
        var found: [(projection: String, flight: String, stream: ParkedStream)] = []
        for (name, kind) in [
            (FlightProjection.name, FlightProjection.parkedKind),
            (EvaluationProcess.name, EvaluationProcess.parkedKind),
        ] {
            for document in try await models.documents(tenant, name, kind: kind, DocumentRange()) {
                guard let stream = DocumentCoding.decode(ParkedStream.self, document.value) else { continue }
                found.append((name, document.key, stream))
            }
        }
        return found
    }

    /// Lookups and reservations as a replay of the whole log gives them, and the read model `flights`, compared with what
    /// is stored.
    /// - Returns: One sentence for each difference; empty when all is sound.
    public func compareWithReplay(progress: @Sendable (Int64, Int64) -> Void) async throws -> [String] {
        var problems: [String] = []
        var replay = LookupReplay()
        let total = try await store.head()
        var position: Int64 = 0
        while true {
            let page = try await store.readAll(after: position, limit: 5000)
            for envelope in page {
                try replay.apply(envelope)
                position = envelope.position
            }
            progress(position, max(position, total))
            if page.count < 5000 { break }
        }
        let stored = try await store.lookupDigest().filter { $0.hasPrefix("lookup ") }
        let expected = replay.digest
        for line in Set(expected).subtracting(stored).sorted().prefix(20) {
            problems.append("lookup missing or different: \(line.prefix(160))")
        }
        for line in Set(stored).subtracting(expected).sorted().prefix(20) {
            problems.append("lookup that no event explains: \(line.prefix(160))")
        }
        return problems
    }
}

/// Folds the log into the lookups that the appends wrote.
public struct LookupReplay: Sendable {
    private struct Place: Hashable {
        let tenant: TenantID
        let kind: String
        let key: String
    }
    private var states: [StreamName: any Aggregate] = [:]
    private var documents: [Place: [UInt8]] = [:]

    public init() {}

    /// Takes the log's next event.
    public mutating func apply(_ envelope: EventEnvelope) throws {
        let stream = envelope.stream
        func fold<A: StoredAggregate>(
            _ type: A.Type, _ states: inout [StreamName: any Aggregate]
        ) throws -> [DocumentWrite] {
            guard let event = A.unwrap(try EventCodec.decode(envelope.event)) else { return [] }
            // Taken out, so that the state is changed in place and not copied for each event.
            var state = states.removeValue(forKey: stream) as? A ?? A()
            let before = state
            state.apply(event)
            let writes = A.lookups(id: stream.id, before: before, after: state)
            states[stream] = state
            return writes
        }
        let writes: [DocumentWrite]
        switch stream.category {
        case .tenant: writes = try fold(Tenant.self, &states)
        case .user: writes = try fold(User.self, &states)
        case .apikey: writes = try fold(ApiKey.self, &states)
        case .aircraft: writes = try fold(Aircraft.self, &states)
        case .schedule: writes = try fold(Schedule.self, &states)
        case .booking: writes = try fold(Booking.self, &states)
        case .flight: writes = try fold(Flight.self, &states)
        case .pirep: writes = try fold(PIREP.self, &states)
        }
        for write in writes {
            switch write {
            case .put(let kind, let key, let value):
                documents[Place(tenant: stream.tenant, kind: kind, key: key)] = value
            case .delete(let kind, let key): documents[Place(tenant: stream.tenant, kind: kind, key: key)] = nil
            }
        }
    }

    /// The lookups as they stand.
    public var lookups: [(tenant: TenantID, kind: String, key: String, value: [UInt8])] {
        documents.map { ($0.key.tenant, $0.key.kind, $0.key.key, $0.value) }
    }

    /// In the form of ``LookupReader/lookupDigest()``.
    var digest: [String] {
        documents.map {
            "lookup \($0.key.tenant) \($0.key.kind) \($0.key.key) \(String(decoding: $0.value, as: UTF8.self))"
        }.sorted()
    }
}
