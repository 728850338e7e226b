import Domain
import EventSchema

#if canImport(FoundationEssentials)
import FoundationEssentials
#else
import Foundation
#endif

/// The read model `flights`: one ``FlightView`` a flight, an index by time, and one of reports that wait for staff.
///
/// A batch of events is applied to views in memory; documents and checkpoint are committed together, each changed flight
/// once, so a flight at 1 Hz does not cost a write a second.
struct FlightProjection {
    static let name = "flights"
    /// Key: flight id. UUIDv7 ids sort by the time they were made.
    static let flightKind = "flight"
    static let reviewKind = "review"
    static let openKind = "open"
    /// Key `user/flight`.
    static let userKind = "user"

    private let models: any ReadModelStore
    private let store: any EventReader
    private(set) var generation: Int
    private(set) var position: Int64
    private var views: [TenantID: [FlightID: FlightView]] = [:]
    private var before: [TenantID: [FlightID: FlightView?]] = [:]
    private var viewCount = 0
    /// A rebuild keeps every view: the generation it fills is not read.
    private let isRebuild: Bool

    init(
        models: any ReadModelStore, store: any EventReader, generation: Int, position: Int64, isRebuild: Bool = false
    ) {
        self.isRebuild = isRebuild
        self.models = models
        self.store = store
        self.generation = generation
        self.position = position
    }

    var isDirty: Bool { !before.isEmpty }
    var dirtyCount: Int { before.values.reduce(0) { $0 + $1.count } }

    private func stored(_ tenant: TenantID, _ id: FlightID) async throws(EventStoreError) -> FlightView? {
        guard let bytes = try await models.document(tenant, Self.name, kind: Self.flightKind, key: "\(id)") else {
            return nil
        }
        return DocumentCoding.decode(FlightView.self, bytes)
    }

    /// Applies events in order.
    /// - Returns: What changed, each flight once.
    mutating func apply(
        _ events: [(EventEnvelope, DomainEvent)]
    ) async throws(EventStoreError) -> [LiveChange] {
        var changed: [TenantID: [FlightID: (Int64, [String])]] = [:]
        for (envelope, event) in events {
            let tenant = envelope.stream.tenant
            let id = FlightID(envelope.stream.id)
            switch event {
            case .flight, .pirep: break
            case .tenant, .user, .apiKey, .aircraft, .schedule, .booking:
                position = envelope.position
                continue
            }
            var view = views[tenant]?[id]
            if view == nil, !isRebuild { view = try await stored(tenant, id) }
            let old = view
            switch event {
            case .flight(.opened(let opening)):
                if view == nil { view = FlightView(opening) } else { view?.apply(.opened(opening)) }
            case .flight(let event): view?.apply(event)
            case .pirep(let event): view?.apply(event)
            case .tenant, .user, .apiKey, .aircraft, .schedule, .booking: break
            }
            position = envelope.position
            guard let view else { continue }
            if before[tenant]?[id] == nil { before[tenant, default: [:]][id] = .some(old) }
            if views[tenant]?[id] == nil { viewCount += 1 }
            views[tenant, default: [:]][id] = view
            var entry = changed[tenant]?[id] ?? (0, [])
            entry.0 = envelope.position
            if !entry.1.contains(envelope.event.type) { entry.1.append(envelope.event.type) }
            changed[tenant, default: [:]][id] = entry
        }
        var changes: [LiveChange] = []
        for (tenant, flights) in changed {
            for (id, (sequence, types)) in flights {
                guard let view = views[tenant]?[id] else { continue }
                changes.append(LiveChange(tenant: tenant, sequence: sequence, flight: view, events: types))
            }
        }
        return changes.sorted { $0.sequence < $1.sequence }
    }

    /// Writes what changed and the checkpoint, in one transaction.
    mutating func flush() async throws(EventStoreError) {
        var writes: [(TenantID, DocumentWrite)] = []
        for (tenant, flights) in before {
            for (id, old) in flights {
                guard let view = views[tenant]?[id] else { continue }
                let key = "\(id)"
                writes.append((tenant, .put(kind: Self.flightKind, key: key, value: DocumentCoding.encode(view))))
                if old == nil {
                    writes.append((tenant, .put(kind: Self.userKind, key: "\(view.user)/\(key)", value: [])))
                }
                if old?.isLive != view.isLive {
                    writes.append(
                        (
                            tenant,
                            view.isLive
                                ? .put(kind: Self.openKind, key: key, value: [])
                                : .delete(kind: Self.openKind, key: key)
                        ))
                }
                let waits = view.report == .inReview
                if (old?.report == .inReview) != waits {
                    writes.append(
                        (
                            tenant,
                            waits
                                ? .put(kind: Self.reviewKind, key: key, value: [])
                                : .delete(kind: Self.reviewKind, key: key)
                        ))
                }
            }
        }
        try await models.commit(Self.name, generation: generation, writes: writes, checkpoint: position)
        before = [:]
        if viewCount > 50_000, !isRebuild {
            views = [:]
            viewCount = 0
        }
    }

    /// Forgets what a failed flush did not write.
    mutating func reset() async throws(EventStoreError) {
        let (generation, position) = try await models.checkpoint(Self.name)
        self.generation = generation
        self.position = position
        views = [:]
        viewCount = 0
        before = [:]
    }
}
