public import Domain
import EventSchema

#if canImport(FoundationEssentials)
import FoundationEssentials
#else
import Foundation
#endif

/// Reads what the projections keep, and single flights from their own streams.
public struct FlightQueries: Sendable {
    let store: any EventReader & LookupReader
    let models: any ReadModelStore
    let tail: LogTail?

    /// - Parameter tail: What this process has seen of the log, where it follows it.
    public init(store: any EventReader & LookupReader, models: any ReadModelStore, tail: LogTail? = nil) {
        self.store = store
        self.models = models
        self.tail = tail
    }

    /// Who may be shown.
    public enum Scope: Sendable {
        case all
        /// Flights of one pilot.
        case own(UserID)
    }

    /// Flights, newest first.
    /// - Parameters:
    ///   - state: One of ``FlightView/state``; nil for all.
    ///   - text: Part of callsign, pilot ident, registration or airport; nil for all.
    ///   - cursor: As given with the page before.
    public func flights(
        _ tenant: TenantID, _ scope: Scope, state: String?, text: String?, cursor: String?, limit: Int
    ) async throws(EventStoreError) -> (items: [FlightView], next: String?) {
        var items: [FlightView] = []
        var past = cursor
        let needle = text?.uppercased()
        // A filter that matches little must not read a whole airline for one page.
        for _ in 0..<50 {
            let keys: [String]
            var range = DocumentRange(past: past, descending: true, limit: max(limit, 100))
            switch (scope, state) {
            case (.all, "in-review"):
                keys = try await models.documents(
                    tenant, FlightProjection.name, kind: FlightProjection.reviewKind, range
                ).map(\.key)
            case (.all, _):
                keys = []
            case (.own(let user), _):
                range.prefix = "\(user)/"
                range.past = past.map { "\(user)/\($0)" }
                keys = try await models.documents(
                    tenant, FlightProjection.name, kind: FlightProjection.userKind, range
                ).map { String($0.key.dropFirst(range.prefix.count)) }
            }
            var page: [FlightView] = []
            var count = keys.count
            if case .all = scope, state != "in-review" {
                let documents = try await models.documents(
                    tenant, FlightProjection.name, kind: FlightProjection.flightKind, range)
                page = documents.compactMap { DocumentCoding.decode(FlightView.self, $0.value) }
                count = documents.count
                past = documents.last?.key ?? past
            } else {
                for key in keys {
                    guard let id = FlightID(key), let view = try await flight(tenant, id) else { continue }
                    page.append(view)
                }
                past = keys.last ?? past
            }
            for view in page {
                if let state, view.state != state { continue }
                if let needle,
                    ![
                        view.callsign, view.pilotIdent, view.registration ?? "", view.departure?.code ?? "",
                        view.arrival?.code ?? "",
                    ]
                    .contains(where: { $0.uppercased().contains(needle) })
                {
                    continue
                }
                items.append(view)
                if items.count == limit { return (items, "\(view.id)") }
            }
            if count < range.limit { return (items, nil) }
        }
        return (items, past)
    }

    public func flight(_ tenant: TenantID, _ id: FlightID) async throws(EventStoreError) -> FlightView? {
        guard
            let bytes = try await models.document(
                tenant, FlightProjection.name, kind: FlightProjection.flightKind, key: "\(id)")
        else { return nil }
        return DocumentCoding.decode(FlightView.self, bytes)
    }

    /// Flights under way, oldest first, as the projection last saw them.
    public func openFlights(_ tenant: TenantID) async throws(EventStoreError) -> [FlightView] {
        var found: [FlightView] = []
        var range = DocumentRange()
        while true {
            let page = try await models.documents(
                tenant, FlightProjection.name, kind: FlightProjection.openKind, range)
            for document in page {
                guard let id = FlightID(document.key), let view = try await flight(tenant, id) else { continue }
                found.append(view)
            }
            guard page.count == range.limit, let last = page.last else { return found }
            range.past = last.key
        }
    }

    /// One line of a flight's history.
    public struct HistoryEntry: Sendable {
        public let at: Timestamp
        /// Event type, `flight.opened` …
        public let event: String
        public let by: String
        public let text: String
    }

    /// A flight with its report, its recorded positions and its history, read from its own streams: as committed.
    public struct Details: Sendable {
        public let opening: FlightOpening
        /// As lists show it.
        public let view: FlightView
        public let flight: Flight.State
        public let pirep: PIREP
        /// In the order of their own time, repeats removed.
        public let samples: [PositionSample]
        public let history: [HistoryEntry]
    }

    public func details(_ tenant: TenantID, _ id: FlightID) async throws(EventStoreError) -> Details? {
        var opening: FlightOpening?
        var samples: [PositionSample] = []
        var history: [HistoryEntry] = []
        var flight = Flight()
        var view: FlightView?
        var pirep = PIREP()
        for category in [StreamCategory.flight, .pirep] {
            let stream = StreamName(tenant, category, id.uuid)
            var version: Int64 = 0
            while true {
                let page = try await store.readStream(stream, after: version, limit: 1000)
                for envelope in page {
                    version = envelope.version
                    guard let event = try? EventCodec.decode(envelope.event) else {
                        throw EventStoreError.corrupted(position: envelope.position)
                    }
                    var by = opening?.pilotIdent ?? ""
                    var text = ""
                    switch event {
                    case .flight(let event):
                        flight.apply(event)
                        view?.apply(event)
                        switch event {
                        case .opened(let details):
                            opening = details
                            view = view ?? FlightView(details)
                            by = details.pilotIdent
                            text =
                                "Flight opened by \(details.adapter), to be judged by ruleset \(details.ruleset.id) version \(details.ruleset.version)"
                        case .positionsRecorded(let more, _):
                            samples += more
                            continue
                        case .linesRecorded, .detailsChanged, .commented: continue
                        case .paused: text = "Paused"
                        case .resumed: text = "Resumed"
                        case .cancelled: text = "Flight cancelled"
                        case .abandoned:
                            by = "gateway"
                            text = "Flight ended after long silence"
                        case .ended: text = "Flight ended"
                        }
                    case .pirep(let event):
                        pirep.apply(event)
                        view?.apply(event)
                        switch event {
                        case .filed: text = "Report filed"
                        case .amended: text = "A further part of the report came"
                        case .withdrawn: text = "Report withdrawn"
                        case .judged(let judgement):
                            by = "rules"
                            text =
                                "Judged by ruleset \(judgement.ruleset.id) version \(judgement.ruleset.version): \(judgement.outcome.rawValue), score \(judgement.score)"
                        case .reviewed(let review):
                            by = review.reviewerIdent
                            text =
                                (review.outcome == .accept ? "Accepted" : "Not accepted")
                                + (review.reason.isEmpty ? "" : ": \(review.reason)")
                        }
                    case .tenant, .user, .apiKey, .aircraft, .schedule, .booking: continue
                    }
                    history.append(
                        HistoryEntry(at: envelope.recordedAt, event: envelope.event.type, by: by, text: text))
                }
                if page.count < 1000 { break }
            }
        }
        guard let opening, let view else { return nil }
        return Details(
            opening: opening, view: view, flight: flight.state, pirep: pirep, samples: Self.ordered(samples.track),
            history: history)
    }

    /// A report as committed, and when the rules decided; nil when none was filed.
    public func report(
        _ tenant: TenantID, _ id: FlightID
    ) async throws(EventStoreError) -> (pirep: PIREP, judgedAt: Timestamp?)? {
        var pirep = PIREP()
        var judgedAt: Timestamp?
        for envelope in try await store.readStream(StreamName(tenant, .pirep, id.uuid), after: 0, limit: 1000) {
            guard case .pirep(let event) = try? EventCodec.decode(envelope.event) else {
                throw EventStoreError.corrupted(position: envelope.position)
            }
            if case .judged = event { judgedAt = envelope.recordedAt }
            pirep.apply(event)
        }
        return pirep.report == nil ? nil : (pirep, judgedAt)
    }

    /// Global position up to which the read model of flights is written.
    public func position() async throws(EventStoreError) -> Int64 {
        let progress = try await models.progress(FlightProjection.name)
        return tail?.reached(progress) ?? progress.position
    }

    /// Samples by their own time, without repeats.
    static func ordered(_ samples: [PositionSample]) -> [PositionSample] {
        var seen = Set<String>()
        return samples.enumerated().sorted { ($0.element.eventTime, $0.offset) < ($1.element.eventTime, $1.offset) }
            .map(\.element)
            .filter {
                seen.insert("\($0.eventTime.milliseconds)/\($0.position.latitude)/\($0.position.longitude)").inserted
            }
    }
}
