import Application
import Domain
import Hummingbird
import HummingbirdCore

#if canImport(FoundationEssentials)
import FoundationEssentials
#else
import Foundation
#endif

/// Who one is, airports, fleet, timetable, people, quarantine, counts.
struct CatalogueController: Sendable {
    let scope: TenantScope
    private var server: QueryServer { scope.server }

    func me(_ principal: Principal) async throws -> Response {
        guard let profile = try await server.recent.user(scope.id, principal.user)?.profile else {
            throw Problem.unauthorized
        }
        return .json(
            .object { text in
                text.field("id", "\(profile.id)")
                text.field("ident", profile.ident)
                text.field("name", profile.name)
                text.field("email", profile.email)
                text.field("role", profile.role.rawValue)
                text.field("rank", profile.rank)
                text.field("tenant", scope.tenant.slug)
                text.object("airline") { text in
                    text.field("slug", scope.tenant.slug)
                    text.field("name", scope.tenant.name)
                    text.field("icao", scope.tenant.icao)
                    text.field("live_public", scope.tenant.settings.livePublic)
                }
            })
    }

    static func write(_ airport: Airport, to text: inout JSONText) {
        text.object { text in
            text.field("icao", airport.icao.code)
            text.field("name", airport.name)
            text.field("lat", airport.position.latitude, decimals: 6)
            text.field("lon", airport.position.longitude, decimals: 6)
            text.field("elevation_ft", airport.elevation?.rawValue, decimals: 0)
        }
    }

    func airports() -> Response {
        let codes = (scope.query["codes"] ?? "").split(separator: ",").prefix(500)
        var known: Set<ICAOLocation> = []
        let found = codes.compactMap { ICAOLocation($0) }.filter { known.insert($0).inserted }
            .compactMap { server.airports.airport($0) }
        return V1.list(found, next: nil) { Self.write($0, to: &$1) }
    }

    /// A page of what is in memory already, by ascending number.
    private func page<Item>(_ items: [Item], _ number: (Item) -> Int) throws -> (items: [Item], next: String?) {
        var past = 0
        if let cursor = scope.query["cursor"], !cursor.isEmpty {
            guard let value = Int(cursor) else {
                throw Problem.invalid("cursor", "cursor is a next_cursor of the page before")
            }
            past = value
        }
        let limit = try scope.limit(default: 100)
        let rest = items.filter { number($0) > past }.sorted { number($0) < number($1) }
        let page = Array(rest.prefix(limit))
        return (page, rest.count > limit ? page.last.map { String(number($0)) } : nil)
    }

    func fleet() async throws -> Response {
        let (items, next) = try page(try await server.directory.fleet(scope.id)) { $0.number }
        return V1.list(items, next: next) { aircraft, text in
            text.object { text in
                text.field("id", "\(aircraft.id)")
                text.field("number", aircraft.number)
                text.field("reg", aircraft.registration)
                text.field("type", aircraft.type)
                text.field("name", aircraft.name)
                text.field("subfleet", aircraft.subfleet)
                text.field("active", aircraft.isActive)
                text.field("location", aircraft.location?.code)
                text.field("max_pax", aircraft.maximumPassengers)
                text.field("max_cargo_kg", aircraft.maximumCargo.rawValue, decimals: 0)
            }
        }
    }

    /// 350 and 35000 both mean flight level 350.
    static func feet(_ level: Int) -> Int? { level <= 0 ? nil : level < 1000 ? level * 100 : level }

    func schedules() async throws -> Response {
        var before: Int?
        if let cursor = scope.query["cursor"], !cursor.isEmpty {
            guard let value = Int(cursor) else {
                throw Problem.invalid("cursor", "cursor is a next_cursor of the page before")
            }
            before = value
        }
        let (entries, next) = try await server.directory.schedules(
            scope.id, before: before, limit: try scope.limit(default: 100))
        return V1.list(entries, next: next.map { String($0) }) { entry, text in
            text.object { text in
                text.field("id", "\(entry.id)")
                text.field("number", entry.number)
                text.field("callsign", entry.airline + entry.flightNumber)
                text.field("airline", entry.airline)
                text.field("flight_number", entry.flightNumber)
                text.field("dep", entry.departure.code)
                text.field("arr", entry.arrival.code)
                text.field("alternate", entry.alternate?.code)
                text.field("route", entry.route)
                text.field("level_ft", Self.feet(entry.level))
                text.field("distance_nm", entry.distance.rawValue, decimals: 1)
                text.field("departure", entry.departureTime)
                text.field("arrival", entry.arrivalTime)
                text.field("flight_time_min", entry.flightTime.rawValue)
                text.field("days", entry.days)
                text.field("flight_type", entry.flightType)
                text.field("subfleets", strings: entry.subfleets)
                text.field("notes", entry.notes)
            }
        }
    }

    func pilots() async throws -> Response {
        let users = try await server.directory.users(scope.id)
        let (items, next) = try page(users) { $0.profile?.number ?? 0 }
        return V1.list(items, next: next) { user, text in
            text.object { text in
                text.field("id", user.profile.map { "\($0.id)" })
                text.field("ident", user.profile?.ident)
                text.field("name", user.profile?.name)
                text.field("email", user.profile?.email)
                text.field("role", user.profile?.role.rawValue)
                text.field("rank", user.profile?.rank)
                text.field("confirmed", user.profile?.isConfirmed)
                text.field("disabled", user.isDisabled)
            }
        }
    }

    func quarantine() async throws -> Response {
        let limit = try scope.limit()
        let cursor = scope.query["cursor"].flatMap { $0.isEmpty ? nil : $0 }
        var filter = FrameFilter()
        switch scope.query["samples"] ?? "false" {
        case "true": filter.samples = true
        case "false", "": break
        default: throw Problem.invalid("samples", "samples is true or false")
        }
        filter.adapter = scope.query["adapter"].flatMap { $0.isEmpty ? nil : $0 }
        let frames = try await server.quarantine.quarantined(scope.id, filter, past: cursor, limit: limit)
        return V1.list(frames, next: frames.count == limit ? frames.last?.id : nil) { frame, text in
            text.object { text in
                text.field("id", frame.id)
                text.field("adapter", frame.adapter)
                text.field("code", frame.code)
                text.field("detail", frame.detail)
                text.field("method", frame.method)
                text.field("path", frame.path)
                text.field("received_at", frame.receivedAt)
                text.field("size", frame.bytes.count)
                text.field("frame", String(validating: frame.bytes, as: UTF8.self))
                text.field("frame_base64", Data(frame.bytes).base64EncodedString())
            }
        }
    }

    func stats() async throws -> Response {
        let live = server.board.snapshot(scope.id).flights
        let waiting = try await server.queries.flights(
            scope.id, .all, state: "in-review", text: nil, cursor: nil, limit: 200)
        return .json(
            .object { text in
                text.field("flights_live", live.filter { $0.flight == .open }.count)
                text.field("flights_landed", live.filter { $0.flight == .filed }.count)
                text.field("reports_in_review", waiting.items.count)
                text.field("more_in_review", waiting.next != nil)
            })
    }
}
