import Application
import Domain
import HTTPTypes
import Hummingbird
import HummingbirdCore

/// `/pireps` and the decision on one.
struct ReportController: Sendable {
    let scope: TenantScope
    private var server: QueryServer { scope.server }

    private struct ReviewBody: Decodable {
        let action: String?
        let reason: String?
    }
    static let reasonLimit = 2000

    func list(_ principal: Principal) async throws -> Response {
        let limit = try scope.limit()
        let state = scope.query["state"].flatMap { $0.isEmpty ? nil : $0 }
        let own = principal.role == .pilot || scope.query["pilot"] == "me"
        var cursor = try FlightController(scope: scope).cursor()
        var items: [[UInt8]] = []
        var hasMore = true
        // Flights without a report lie between those with one.
        for _ in 0..<20 where hasMore && items.count < limit {
            let (views, next) = try await server.queries.flights(
                scope.id, own ? .own(principal.user) : .all, state: state, text: nil, cursor: cursor,
                limit: limit - items.count)
            for view in views where view.report != .none {
                guard let (pirep, judgedAt) = try await server.queries.report(scope.id, view.id) else { continue }
                items.append(
                    try await json(pirep, judgedAt: judgedAt, view: view, schedule: nil, aircraft: nil, principal))
            }
            cursor = next
            hasMore = next != nil
        }
        return V1.list(items, next: hasMore ? cursor : nil) { item, text in text.add(json: item) }
    }

    func one(_ text: String, _ principal: Principal) async throws -> Response {
        .json(try await report(try scope.flightID(text), principal))
    }

    /// A report that this person may see, as committed.
    private func report(_ id: FlightID, _ principal: Principal) async throws -> JSONText {
        guard let (pirep, judgedAt) = try await server.queries.report(scope.id, id),
            let opening = try await server.directory.flight(scope.id, id)?.opening,
            principal.role != .pilot || opening.user == principal.user
        else { throw Problem.notFound }
        let view: FlightView?
        if let known = try await server.queries.flight(scope.id, id) {
            view = known
        } else {
            view = try await server.queries.details(scope.id, id)?.view
        }
        guard let view else { throw Problem.notFound }
        let bytes = try await json(
            pirep, judgedAt: judgedAt, view: view, schedule: opening.schedule, aircraft: opening.aircraft, principal)
        var text = JSONText(capacity: bytes.count)
        text.add(json: bytes)
        return text
    }

    func review(_ text: String, _ principal: Principal) async throws -> Response {
        guard principal.role.reviews else { throw Problem.forbidden }
        let id = try scope.flightID(text)
        let body = try await RequestBodies.decode(ReviewBody.self, scope.v1.request)
        guard let outcome = body.action.flatMap({ Review.Outcome(rawValue: $0) }) else {
            throw Problem.invalid("action", "action is accept or reject")
        }
        let reason = body.reason ?? ""
        guard reason.utf8.count <= Self.reasonLimit else {
            throw Problem.invalid("reason", "reason is at most \(Self.reasonLimit) bytes")
        }
        do {
            try await server.flights.review(
                scope.id, id,
                Review(
                    outcome: outcome, reason: reason, reviewer: principal.user, reviewerIdent: principal.ident,
                    at: server.now()))
        } catch let rejection as PIREPRejection {
            switch rejection {
            case .unknown: throw Problem.notFound
            case .ownReport:
                throw Problem(
                    .forbidden, "Your own report", detail: "Nobody decides on the own flight: leave it to a colleague.")
            case .reasonNeeded:
                throw Problem.invalid("reason", "A rejection needs a reason of at least 10 characters.")
            case .alreadyReviewed(let ident):
                throw Problem(.conflict, "Decided already", detail: "\(ident) has decided on this report.")
            case .alreadyFiled, .decided: throw Problem(.conflict, "Filed already")
            }
        }
        var headers: HTTPFields = [:]
        if let name = QueryServer.positionHeader { headers[name] = String(try await server.store.head()) }
        return .json(try await report(id, principal), headers: headers)
    }

    /// - Parameters:
    ///   - schedule: As the flight was opened; nil in lists.
    ///   - aircraft: As the flight was opened.
    func json(
        _ pirep: PIREP, judgedAt: Timestamp?, view: FlightView, schedule: ScheduleDetails?, aircraft: AircraftDetails?,
        _ principal: Principal
    ) async throws -> [UInt8] {
        guard let report = pirep.report else { return Array("null".utf8) }
        let content = report.content
        var registration = view.registration
        if let flown = content.aircraft, flown != aircraft?.number,
            let found = try await server.directory.aircraft(scope.id, number: flown)
        {
            registration = found.registration
        }
        let isOwn = report.user == principal.user
        let all = scope.query["all"] == "1"
        let judgement = pirep.judgement
        return JSONText.object(capacity: 4096) { text in
            text.field("id", "\(report.flight)")
            text.field("flight_id", "\(report.flight)")
            text.field("flight_number", view.flightNumber)
            text.field("callsign", view.callsign)
            text.field("pilot", view.pilotIdent)
            text.field("pilot_name", view.pilotName)
            text.field("dep", view.departure?.code)
            text.field("arr", view.arrival?.code)
            text.field("type", view.type)
            text.field("reg", registration)
            text.field("route", content.route.isEmpty ? schedule?.route ?? "" : content.route)
            text.field("network", view.network)
            let isCargo = schedule?.isCargo ?? false
            text.field("pax", isCargo ? nil : content.load.flatMap { Int(exactly: $0.rounded()) })
            text.field("cargo_kg", isCargo ? content.load : content.details.cargo?.rawValue, decimals: 0)
            text.field("crashed", content.details.crashed)
            text.field("fuel_used_kg", content.fuelUsed?.rawValue, decimals: 1)
            let rate = (content.landingRate ?? judgement?.figures.touchdownRate)?.rawValue
            // Trackers that give tenths get them back: two reports are told apart by them.
            text.field("landing_rate_fpm", rate, decimals: rate == rate?.rounded() ? 0 : 1)
            text.field("flight_time_min", content.flightTime?.rawValue)
            text.field("block_min", (content.blockTime ?? judgement?.figures.blockTime)?.rawValue)
            text.field("comments", content.comments)
            text.field("log", strings: content.log.isEmpty ? content.events.map(\.message) : content.log)
            text.field("state", pirep.state.rawValue)
            Self.decision(pirep, judgedAt: judgedAt, reason: view.reason, to: &text)
            text.field("score", judgement?.score)
            text.array("findings") { text in
                for finding in judgement?.findings ?? [] {
                    guard all || (finding.verdict != .pass && finding.verdict != .notApplicable) else { continue }
                    Self.write(finding, forPilot: isOwn, to: &text)
                }
            }
            text.field("filed_at", report.filedAt)
        }.bytes
    }

    private static func decision(_ pirep: PIREP, judgedAt: Timestamp?, reason: String?, to text: inout JSONText) {
        guard pirep.judgement != nil || pirep.review != nil else { return text.null("decision") }
        text.object("decision") { text in
            text.field("outcome", pirep.review?.outcome.rawValue ?? pirep.judgement?.outcome.rawValue)
            text.field("score", pirep.judgement?.score)
            text.field("confidence", pirep.judgement?.confidence)
            if let ruleset = pirep.judgement?.ruleset {
                text.object("ruleset") { text in
                    text.field("id", ruleset.id)
                    text.field("version", ruleset.version)
                    text.field("hash", ruleset.hash)
                }
            } else {
                text.null("ruleset")
            }
            text.field("by", pirep.review?.reviewerIdent ?? "rules")
            text.field("at", pirep.review?.at ?? judgedAt)
            text.field("reason", pirep.review.map { $0.reason.isEmpty ? nil : $0.reason } ?? reason)
        }
    }

    private static func write(_ finding: Finding, forPilot: Bool, to text: inout JSONText) {
        func measure(_ name: String, _ value: Finding.Measure?, _ text: inout JSONText) {
            guard let value else { return text.null(name) }
            text.object(name) { text in
                text.field("value", value.value, decimals: 3)
                text.field("unit", value.unit)
            }
        }
        func place(_ name: String, _ value: Position?, _ text: inout JSONText) {
            guard let value else { return text.null(name) }
            text.object(name) { text in
                text.field("lat", value.latitude, decimals: 6)
                text.field("lon", value.longitude, decimals: 6)
            }
        }
        text.object { text in
            text.field("rule", finding.rule)
            text.field("verdict", finding.verdict.rawValue)
            text.field("severity", finding.severity.rawValue)
            text.field("action", finding.action.rawValue)
            text.field("points", finding.points)
            if let tier = finding.tier { text.field("tier", tier) }
            text.field("title", finding.title)
            text.field("text", forPilot || finding.staffText.isEmpty ? finding.pilotText : finding.staffText)
            measure("measured", finding.measured, &text)
            measure("threshold", finding.threshold, &text)
            text.field("confidence", finding.confidence?.rawValue)
            text.array("evidence") { text in
                for interval in finding.evidence {
                    text.object { text in
                        text.field("first", interval.first)
                        text.field("last", interval.last)
                    }
                }
            }
            place("start", finding.start, &text)
            place("end", finding.end, &text)
            text.object("params") { text in
                for (name, value) in finding.parameters.sorted(by: { $0.key < $1.key }) { text.field(name, value) }
            }
            // Another pilot's flight is nothing for a pilot.
            if !forPilot, !finding.related.isEmpty { text.field("related", strings: finding.related.map { "\($0)" }) }
        }
    }
}
