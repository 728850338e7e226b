import Application
import Domain
import HTTPTypes
import Hummingbird
import HummingbirdCore

/// One request below `/v1`.
struct V1: Sendable {
    let server: QueryServer
    let request: Request
    let target: Target
    let peer: String

    var isRead: Bool { request.method == .get || request.method == .head }
    var segments: ArraySlice<String> { target.segments.dropFirst() }

    func answer() async throws -> Response {
        let segments = Array(segments)
        switch (segments.first, segments.count) {
        case ("tenants", 1):
            try expect("GET")
            return try await tenants()
        case ("login", 1):
            try expect("POST")
            return try await SessionController(v1: self).logIn()
        case ("session", 1):
            try expect("DELETE")
            return try await SessionController(v1: self).end()
        case ("session", 2) where segments[1] == "refresh":
            try expect("POST")
            return try await SessionController(v1: self).refresh()
        default: break
        }
        guard segments.count >= 2, let tenant = try await server.recent.tenant(slug: segments[0]), let id = tenant.id
        else { throw Problem.notFound }
        let principal = try await server.access.principal(id, authorization: request.headers[.authorization])
        let scope = TenantScope(
            v1: self, tenant: tenant, id: id, principal: principal, rest: Array(segments.dropFirst()))
        return try await scope.answer()
    }

    /// - Throws: 405 when the method is another; `GET` includes `HEAD`.
    func expect(_ method: String) throws {
        guard request.method.rawValue == method || (method == "GET" && isRead) else {
            throw QueryServer.notAllowed(method)
        }
    }

    private func tenants() async throws -> Response {
        let tenants = try await server.directory.tenants().filter(\.settings.livePublic)
        return Self.list(tenants, next: nil) { tenant, text in
            text.object { text in
                text.field("slug", tenant.slug)
                text.field("name", tenant.name)
                text.field("icao", tenant.icao)
                text.field("live_public", true)
            }
        }
    }

    static func list<Item>(
        _ items: [Item], next: String?, _ write: (Item, inout JSONText) throws -> Void
    ) rethrows -> Response {
        .json(
            try JSONText.object(capacity: items.count * 300 + 64) { text in
                try text.array("items") { text in for item in items { try write(item, &text) } }
                text.field("next_cursor", next)
            })
    }
}

/// One request below `/v1/{tenant}`, with who asks.
struct TenantScope: Sendable {
    let v1: V1
    let tenant: Tenant
    let id: TenantID
    /// nil for a visitor.
    let principal: Principal?
    let rest: [String]

    var server: QueryServer { v1.server }
    var query: [String: String] { v1.target.query }

    func answer() async throws -> Response {
        let flights = FlightController(scope: self)
        let reports = ReportController(scope: self)
        let lists = CatalogueController(scope: self)
        let trackers = TrackerController(scope: self)
        switch (rest.first, rest.count) {
        case ("me", 1):
            try v1.expect("GET")
            return try await lists.me(try member())
        case ("me", 2) where rest[1] == "trackers":
            try v1.expect("GET")
            return try await trackers.list(try member())
        case ("me", 3) where rest[1] == "trackers" && rest[2] == "keys":
            try v1.expect("POST")
            return try await trackers.makeKey(try member())
        case ("me", 4) where rest[1] == "trackers" && rest[2] == "keys":
            try v1.expect("DELETE")
            return try await trackers.revokeKey(rest[3], try member())
        case ("live", 1):
            try v1.expect("GET")
            guard principal != nil || tenant.settings.livePublic else { throw Problem.unauthorized }
            try await reachPosition(models: false)
            return flights.live()
        case ("stream", 1):
            try v1.expect("GET")
            var problem = Problem(.upgradeRequired, "WebSocket", detail: "Ask for this with Upgrade: websocket.")
            problem.headers[.upgrade] = "websocket"
            throw problem
        case ("events", 1):
            // One that is alone on its connection never comes here: see ``HTTPGate``.
            try v1.expect("GET")
            throw Problem(
                .badRequest, "Not alone",
                detail: "Ask for events without a body and without requests waiting before it.")
        case ("stream", 2) where rest[1] == "ticket":
            try v1.expect("POST")
            return try await ticket(try member())
        case ("flights", 1):
            try v1.expect("GET")
            try await reachPosition(models: true)
            return try await flights.list(try member())
        case ("flights", 2):
            try v1.expect("GET")
            try await reachPosition(models: false)
            return try await flights.one(rest[1], try member())
        case ("flights", 3):
            try v1.expect("GET")
            try await reachPosition(models: false)
            if rest[2] == "profile" { return try await flights.profile(rest[1], try member()) }
            return try await flights.track(rest[1], file: rest[2])
        case ("pireps", 1):
            try v1.expect("GET")
            try await reachPosition(models: true)
            return try await reports.list(try member())
        case ("pireps", 2):
            try v1.expect("GET")
            try await reachPosition(models: false)
            return try await reports.one(rest[1], try member())
        case ("pireps", 3) where rest[2] == "review":
            try v1.expect("POST")
            return try await reports.review(rest[1], try member())
        case ("airports", 1):
            try v1.expect("GET")
            guard principal != nil || tenant.settings.livePublic else { throw Problem.unauthorized }
            return lists.airports()
        case ("fleet", 1):
            try v1.expect("GET")
            _ = try member()
            return try await lists.fleet()
        case ("schedules", 1):
            try v1.expect("GET")
            _ = try member()
            return try await lists.schedules()
        case ("pilots", 1):
            try v1.expect("GET")
            guard try member().role != .pilot else { throw Problem.forbidden }
            return try await lists.pilots()
        case ("quarantine", 1):
            try v1.expect("GET")
            guard try member().role.reviews else { throw Problem.forbidden }
            return try await lists.quarantine()
        case ("stats", 1):
            try v1.expect("GET")
            _ = try member()
            return try await lists.stats()
        default: throw Problem.notFound
        }
    }

    func member() throws -> Principal {
        guard let principal else { throw Problem.unauthorized }
        return principal
    }

    /// `?limit=`, 1 to 200.
    func limit(default value: Int = 50) throws -> Int {
        guard let text = query["limit"] else { return value }
        guard let limit = Int(text), limit > 0 else { throw Problem.invalid("limit", "limit is a number of 1 or more") }
        return min(200, limit)
    }

    /// The id in a path; another tenant's looks like an unknown one because all reading is by tenant.
    func flightID(_ text: String) throws -> FlightID {
        guard let id = FlightID(text) else { throw Problem.notFound }
        return id
    }

    private func ticket(_ principal: Principal) async throws -> Response {
        let ticket = try await server.accounts.makeTicket(principal)
        return .json(
            .object { text in
                text.field("ticket", ticket)
                text.field("expires_in", Int(Accounts.ticketLifetime.seconds))
            })
    }

    /// Waits until what the caller wrote can be read: decisions A5.
    /// - Parameter models: The answer comes from the read models, which are written a moment after the live board.
    private func reachPosition(models: Bool) async throws {
        guard let name = QueryServer.positionHeader, let text = v1.request.headers[name] else { return }
        guard let wanted = Int64(text) else {
            throw Problem(
                .badRequest, "Not understood", detail: "Albatross-Position is a number that a write answered.")
        }
        let clock = ContinuousClock()
        let end = clock.now + .seconds(2)
        var seen: ContinuousClock.Instant?
        while true {
            if server.board.sequence >= wanted {
                if !models { return }
                if try await server.queries.position() >= wanted { return }
                // The checkpoint stands still while nothing that the models keep happens; a flush is never this late.
                if let seen, clock.now - seen > .milliseconds(600) { return }
                seen = seen ?? clock.now
            }
            guard clock.now < end else {
                throw Problem(
                    .serviceUnavailable, "Not there yet", detail: "The read side has not reached this position.",
                    retryAfter: 1)
            }
            try await Task.sleep(for: .milliseconds(15))
        }
    }
}
