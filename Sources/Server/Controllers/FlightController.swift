import Application
import Domain
import HTTPTypes
import Hummingbird
import HummingbirdCore

/// `/live` and `/flights`.
struct FlightController: Sendable {
    let scope: TenantScope
    private var server: QueryServer { scope.server }

    func live() -> Response {
        let (sequence, flights) = server.board.snapshot(scope.id)
        return .json(
            .object(capacity: flights.count * 360 + 128) { text in
                text.field("now", server.now())
                text.field("seq", sequence)
                text.array("flights") { text in
                    for view in flights { LiveJSON.write(view, withPilot: scope.principal != nil, to: &text) }
                }
            })
    }

    func list(_ principal: Principal) async throws -> Response {
        let cursor = try cursor()
        let (items, next) = try await server.queries.flights(
            scope.id, principal.role == .pilot || scope.query["pilot"] == "me" ? .own(principal.user) : .all,
            state: scope.query["state"].flatMap { $0.isEmpty ? nil : $0 },
            text: scope.query["q"].flatMap { $0.isEmpty ? nil : String($0.prefix(64)) }, cursor: cursor,
            limit: try scope.limit())
        return V1.list(items, next: next) { view, text in text.object { Self.summary(view, to: &$0) } }
    }

    func cursor() throws -> String? {
        guard let cursor = scope.query["cursor"], !cursor.isEmpty else { return nil }
        guard let id = FlightID(cursor) else {
            throw Problem.invalid("cursor", "cursor is a next_cursor of the page before")
        }
        return "\(id)"
    }

    static func summary(_ view: FlightView, to text: inout JSONText) {
        text.field("id", "\(view.id)")
        text.field("callsign", view.callsign)
        text.field("flight_number", view.flightNumber)
        text.field("pilot", view.pilotIdent)
        text.field("pilot_name", view.pilotName)
        text.field("dep", view.departure?.code)
        text.field("arr", view.arrival?.code)
        text.field("type", view.type)
        text.field("reg", view.registration)
        text.field("phase", view.phase.rawValue)
        text.field("state", view.state)
        text.field("opened_at", view.openedAt)
        text.field("out_at", view.figures?.out)
        text.field("in_at", view.figures?.inBlock)
        text.field("block_min", view.figures?.blockTime?.rawValue)
        text.field("landing_rate_fpm", view.landingRate?.rawValue, decimals: 0)
        text.field("score", view.score)
        text.field("outcome", view.outcome?.rawValue)
        text.field("reason", view.reason)
    }

    /// A flight that this person may see.
    private func details(_ text: String, _ principal: Principal) async throws -> FlightQueries.Details {
        guard let details = try await server.queries.details(scope.id, try scope.flightID(text)),
            principal.role != .pilot || details.opening.user == principal.user
        else { throw Problem.notFound }
        return details
    }

    func one(_ text: String, _ principal: Principal) async throws -> Response {
        let details = try await details(text, principal)
        let reports = ReportController(scope: scope)
        var report: [UInt8]?
        if details.pirep.report != nil {
            let judgedAt = details.history.last { $0.event == "pirep.judged" }?.at
            report = try await reports.json(
                details.pirep, judgedAt: judgedAt, view: details.view, schedule: details.opening.schedule,
                aircraft: details.opening.aircraft, principal)
        }
        return .json(
            .object(capacity: 8192) { text in
                Self.summary(details.view, to: &text)
                text.field("adapter", details.opening.adapter)
                text.field("network", details.view.network)
                write(details, to: &text)
                if let report { text.field("pirep", json: report) } else { text.null("pirep") }
                text.array("history") { text in
                    for entry in details.history {
                        text.object { text in
                            text.field("at", entry.at)
                            text.field("event", entry.event)
                            text.field("by", entry.by)
                            text.field("text", entry.text)
                        }
                    }
                }
            })
    }

    private func write(_ details: FlightQueries.Details, to text: inout JSONText) {
        let figures = details.pirep.judgement?.figures
        let opening = details.opening
        text.object("oooi") { text in
            text.field("out_at", figures?.out)
            text.field("off_at", figures?.off)
            text.field("on_at", figures?.on)
            text.field("in_at", figures?.inBlock)
        }
        text.object("planned") { text in
            let schedule = opening.schedule
            text.field("dep", opening.departure?.code)
            text.field("arr", opening.arrival?.code)
            text.field("alternate", opening.alternate?.code)
            text.field("route", schedule?.route)
            text.field("level_ft", schedule.flatMap { CatalogueController.feet($0.level) })
            text.field("block_min", schedule?.flightTime.rawValue)
            text.field("departure", schedule?.departureTime)
            text.field("arrival", schedule?.arrivalTime)
            text.field("type", opening.aircraft?.type)
            text.field("distance_nm", schedule?.distance.rawValue, decimals: 1)
        }
        text.object("figures") { text in
            text.field("block_min", figures?.blockTime?.rawValue)
            text.field("air_min", figures?.airTime?.rawValue)
            text.field("distance_nm", figures?.distanceFlown?.rawValue, decimals: 1)
            text.field("great_circle_nm", figures?.greatCircle?.rawValue, decimals: 1)
            text.field("touchdown_rate_fpm", figures?.touchdownRate?.rawValue, decimals: 0)
            text.field("touchdown_source", figures?.touchdownSource ?? "none")
            text.field("max_alt_ft", (figures?.maximumAltitude ?? details.view.highestAltitude)?.rawValue, decimals: 0)
            text.field("fuel_used_kg", figures?.fuelUsed?.rawValue, decimals: 1)
            text.field("positions", figures?.positions ?? details.samples.count)
            text.field("median_interval_s", figures?.medianInterval?.seconds, decimals: 1)
        }
        text.array("phases") { text in
            for phase in figures?.phases ?? [] {
                text.object { text in
                    text.field("phase", phase.phase.rawValue)
                    text.field("from", phase.from)
                    text.field("to", phase.to)
                }
            }
        }
        text.array("gaps") { text in
            for gap in figures?.gaps ?? [] {
                text.object { text in
                    text.field("from", gap.first)
                    text.field("to", gap.last)
                }
            }
        }
        var codes: [ICAOLocation] = []
        for code in [opening.departure, opening.arrival, opening.alternate, figures?.departure, figures?.arrival] {
            if let code, !codes.contains(code) { codes.append(code) }
        }
        text.array("airports") { text in
            for airport in codes.compactMap({ server.airports.airport($0) }) {
                CatalogueController.write(airport, to: &text)
            }
        }
    }

    /// The samples of a flight; visitors only those of a flight that is on a public map now.
    private func track(of id: FlightID) async throws -> FlightQueries.Details {
        if let principal = scope.principal { return try await details("\(id)", principal) }
        guard scope.tenant.settings.livePublic, server.board.flight(scope.id, id) != nil else {
            throw Problem.unauthorized
        }
        guard let details = try await server.queries.details(scope.id, id) else { throw Problem.notFound }
        return details
    }

    /// - Parameter file: `track`, or with a suffix `track.gpx`.
    func track(_ text: String, file: String) async throws -> Response {
        let parts = file.split(separator: ".", omittingEmptySubsequences: false)
        guard parts.first == "track", parts.count <= 2,
            let format = parts.count == 1 ? .geojson : TrackExport.Format(rawValue: String(parts[1]))
        else { throw Problem.notFound }
        let details = try await track(of: try scope.flightID(text))
        let export = TrackExport(
            id: "\(details.opening.id)", callsign: details.opening.callsign,
            departure: details.opening.departure?.code, arrival: details.opening.arrival?.code,
            samples: details.samples)
        var headers: HTTPFields = [:]
        if parts.count == 2 {
            headers[.contentDisposition] = "attachment; filename=\"\(export.fileName).\(format.rawValue)\""
        }
        return .bytes(export.bytes(format), type: format.contentType, headers: headers)
    }

    func profile(_ text: String, _ principal: Principal) async throws -> Response {
        func time(_ name: String) throws -> Timestamp? {
            guard let text = scope.query[name], !text.isEmpty else { return nil }
            if let milliseconds = Int64(text) { return Timestamp(milliseconds: milliseconds) }
            guard let time = Timestamp(iso8601: text) else { throw Problem.invalid(name, "\(name) is a time") }
            return time
        }
        let from = try time("from")
        let to = try time("to")
        let points = min(20_000, max(10, Int(scope.query["points"] ?? "") ?? 4000))
        let all = try await details(text, principal).samples
        let samples = all.filter { sample in
            sample.eventTime >= from ?? sample.eventTime && sample.eventTime <= to ?? sample.eventTime
        }
        let chosen = ProfileThinning.indices(
            count: samples.count, limit: points,
            series: [
                { TrackExport.altitude(samples[$0]) }, { samples[$0].groundSpeed?.rawValue },
                { samples[$0].verticalSpeed?.rawValue },
            ])
        let hasFuel = samples.contains { $0.fuel != nil }
        return .json(
            .object(capacity: chosen.count * 48 + 128) { text in
                text.array("t") { text in for index in chosen { text.add(Int(samples[index].eventTime.milliseconds)) } }
                text.array("alt_ft") { text in
                    for index in chosen { text.add(TrackExport.altitude(samples[index]), decimals: 0) }
                }
                text.array("gs_kt") { text in
                    for index in chosen { text.add(samples[index].groundSpeed?.rawValue, decimals: 1) }
                }
                text.array("vs_fpm") { text in
                    for index in chosen { text.add(samples[index].verticalSpeed?.rawValue, decimals: 0) }
                }
                if hasFuel {
                    text.array("fuel_kg") { text in
                        for index in chosen { text.add(samples[index].fuel?.rawValue, decimals: 1) }
                    }
                } else {
                    text.null("fuel_kg")
                }
                text.array("on_ground") { text in for index in chosen { text.add(samples[index].onGround) } }
            })
    }
}
