import Foundation
import NIOHTTP1
import Synchronization
import Testing

extension EndToEnd {
    /// T1 and T2: two airlines with the same pilots, flights, registrations and passwords never see each other.
    @Suite(.serialized)
    struct IsolationTests {
        /// Who may use a route.
        enum Access: Sendable {
            /// Anybody, no tenant in it.
            case open
            /// Visitors when the live map is public; members always.
            case live
            /// Everybody of the tenant.
            case member
            /// Those who decide on reports.
            case staff
            /// Not looked at here: what the path itself is the secret of.
            case ticket
        }
        struct Route: Sendable, CustomTestStringConvertible {
            let method: String
            /// As `openapi.yaml` writes it.
            let path: String
            let access: Access
            /// Body of a request that would be accepted.
            var body: JSON?
            /// `{id}` is a flight's id, which is its report's id as well.
            var testDescription: String { "\(method) \(path)" }
            var namesFlight: Bool { path.contains("{id}") }

            init(_ method: String, _ path: String, _ access: Access, body: JSON? = nil) {
                self.method = method
                self.path = path
                self.access = access
                self.body = body
            }
        }

        /// Every route of `/v1`. A route of `openapi.yaml` that is missing here fails ``everyRouteHasARow()``.
        static let routes: [Route] = [
            Route("GET", "/healthz", .open), Route("GET", "/readyz", .open), Route("GET", "/metrics", .open),
            Route("POST", "/v1/login", .open), Route("POST", "/v1/session/refresh", .open),
            Route("DELETE", "/v1/session", .open), Route("GET", "/v1/tenants", .open),
            Route("GET", "/v1/{tenant}/live", .live), Route("GET", "/v1/{tenant}/stream", .ticket),
            // In `EventsTests`: its answer does not end.
            Route("GET", "/v1/{tenant}/events", .ticket),
            Route("POST", "/v1/{tenant}/stream/ticket", .member, body: [:]),
            Route("GET", "/v1/{tenant}/me", .member), Route("GET", "/v1/{tenant}/me/trackers", .member),
            Route("POST", "/v1/{tenant}/me/trackers/keys", .member, body: ["adapter": "xacars"]),
            Route("DELETE", "/v1/{tenant}/me/trackers/keys/{key}", .member),
            Route("GET", "/v1/{tenant}/flights", .member), Route("GET", "/v1/{tenant}/flights/{id}", .member),
            Route("GET", "/v1/{tenant}/flights/{id}/track", .member),
            Route("GET", "/v1/{tenant}/flights/{id}/track.gpx", .member),
            Route("GET", "/v1/{tenant}/flights/{id}/track.kml", .member),
            Route("GET", "/v1/{tenant}/flights/{id}/track.csv", .member),
            Route("GET", "/v1/{tenant}/flights/{id}/profile", .member),
            Route("GET", "/v1/{tenant}/pireps", .member), Route("GET", "/v1/{tenant}/pireps/{id}", .member),
            Route(
                "POST", "/v1/{tenant}/pireps/{id}/review", .staff,
                body: ["action": "accept", "outcome": "accept", "reason": "seen by a person"]),
            Route("GET", "/v1/{tenant}/schedules", .member),
            Route("GET", "/v1/{tenant}/fleet", .member), Route("GET", "/v1/{tenant}/pilots", .staff),
            Route("GET", "/v1/{tenant}/airports", .live),
            Route("GET", "/v1/{tenant}/stats", .member), Route("GET", "/v1/{tenant}/quarantine", .staff),
        ]

        static let absent = "00000000-0000-7000-8000-000000000000"
        static let canaryA = "CANARYALPHA"
        static let canaryB = "CANARYBRAVO"

        /// One of the two airlines: same slugs of idents, same password, same everything but the canary in every text.
        struct Side: Sendable {
            let airline: Airline
            let tracker: Tracker
            let trackerV7: Tracker
            let staff: Reader
            let pilot: Reader
            /// Open, with positions.
            let open: Tracker.Flight
            /// Filed, with a report.
            let filed: Tracker.Flight
            let report: Int
            let key: String

            static func make(_ server: AlbatrossServer, _ slug: String, _ canary: String) async throws -> Side {
                let airline = try await Airline.make(
                    on: server, slug, name: "Airline \(canary)",
                    fleet: Airline.fleet.replacingOccurrences(of: "Boeing", with: canary),
                    timetable: Airline.timetable("DEM", spare: 0)
                        + Airline.scheduleRow(
                            "DEM", "103", "LEMD", "LEBL", from: "08:00", to: "09:15", minutes: 75, notes: canary) + "\n"
                )
                try await airline.addUser(7, name: "\(canary) Kern", email: "ada@\(canary.lowercased()).example")
                let tracker = try await airline.tracker(7)
                let filed = try await tracker.begin("101")
                try await tracker.report(filed, latitude: 51)
                let answer = try await tracker.complete(
                    filed, ["comments": .string(canary), "route": [.string(String(canary.prefix(8)) + "X")]])
                let report = try #require(try answer.json()["pirepID"]?.integer, "\(answer.text)")
                let open = try await tracker.begin("102")
                try await tracker.report(open, latitude: 49)
                // Something for the quarantine.
                _ = try await tracker.post("flights/charter", ["number": .string(canary)])
                let key = try await server.run(
                    "apikey", "create", "--tenant", slug, "--user", "DEM0001", "--json"
                ).json()["key"]?.text
                return Side(
                    airline: airline, tracker: tracker, trackerV7: try await airline.tracker(7, .d7),
                    staff: try await airline.staff(),
                    pilot: try await Reader.logIn(airline, "DEM0007", password: airline.password), open: open,
                    filed: filed,
                    report: report, key: try #require(key))
            }
        }

        private func withSides(_ body: (AlbatrossServer, Side, Side) async throws -> Void) async throws {
            try await withServer { server in
                let first = try await Side.make(server, "alpha", Self.canaryA)
                let second = try await Side.make(server, "bravo", Self.canaryB)
                for side in [first, second] { _ = try await side.staff.judged(side.filed.id) }
                try await body(server, first, second)
            }
        }

        private func send(
            _ server: AlbatrossServer, _ route: Route, tenant: String, flight: String, token: String?
        ) async throws -> Answer {
            let path = route.path.replacingOccurrences(of: "{tenant}", with: tenant)
                .replacingOccurrences(of: "{id}", with: flight)
                .replacingOccurrences(of: "{key}", with: Self.absent)
            var headers: [(String, String)] = []
            if let token { headers.append(("Authorization", "Bearer \(token)")) }
            if route.body != nil { headers.append(("Content-Type", "application/json")) }
            return try await Web.send(route.method, server.url + path, headers: headers, body: route.body?.bytes)
        }

        // MARK: The table

        @Test func everyRouteHasARow() throws {
            let text = try String(contentsOfFile: Paths.package + "/openapi.yaml", encoding: .utf8)
            var described: Set<String> = []
            var path: String?
            var isInPaths = false
            for line in text.split(separator: "\n") {
                if !line.hasPrefix(" ") { isInPaths = line.hasPrefix("paths:") }
                guard isInPaths else { continue }
                let indent = line.prefix { $0 == " " }.count
                let word = line.dropFirst(indent).split(separator: ":").first.map {
                    String($0).trimmingCharacters(in: ["\"", "'"])
                }
                if indent == 2, let word, word.hasPrefix("/") { path = word }
                if indent == 4, let word, let path, ["get", "post", "put", "patch", "delete", "head"].contains(word) {
                    described.insert("\(word.uppercased()) \(path)")
                }
            }
            try #require(described.count > 10, "openapi.yaml could not be read")
            let rows = Set(Self.routes.map(\.testDescription))
            #expect(
                described.subtracting(rows).isEmpty, "routes without a row: \(described.subtracting(rows).sorted())")
            #expect(
                rows.subtracting(described).isEmpty, "rows without a route: \(rows.subtracting(described).sorted())")
        }

        // MARK: The query server

        @Test func ownCredentialsOpenWhatTheyShould() async throws {
            try await withSides { server, alpha, bravo in
                for route in Self.routes where route.method == "GET" && ![.open, .ticket].contains(route.access) {
                    for (side, other) in [(alpha, Self.canaryB), (bravo, Self.canaryA)] {
                        let flight = side.filed.id
                        for token in [side.staff.token, side.key] {
                            let answer = try await send(
                                server, route, tenant: side.airline.slug, flight: flight, token: token)
                            #expect(
                                answer.status == 200,
                                "\(route.testDescription): \(answer.status) \(answer.text.prefix(200))")
                            #expect(
                                !answer.text.uppercased().contains(other),
                                "\(route.testDescription) shows the other tenant")
                        }
                        let pilot = try await send(
                            server, route, tenant: side.airline.slug, flight: flight, token: side.pilot.token)
                        if route.access == .staff { #expect(pilot.status == 403, "\(route.testDescription) as pilot") }
                        #expect(!pilot.text.uppercased().contains(other))
                    }
                }
                // The canary is in what they may see: the test would notice.
                let own = try await alpha.staff.get("pireps/\(alpha.filed.id)")
                #expect(own.text.contains(Self.canaryA))
            }
        }

        @Test func otherCredentialsOpenNothing() async throws {
            try await withSides { server, alpha, bravo in
                for route in Self.routes where ![.open, .ticket].contains(route.access) {
                    for token in [
                        nil, bravo.staff.token, bravo.pilot.token, bravo.key, bravo.tracker.token, alpha.tracker.token,
                        "nonsense", "a.b.c",
                    ] {
                        let answer = try await send(
                            server, route, tenant: "alpha", flight: alpha.filed.id, token: token)
                        #expect(
                            answer.status == 401,
                            "\(route.testDescription) with \(token?.prefix(8) ?? "no credential"): \(answer.status)")
                        #expect(!answer.text.uppercased().contains(Self.canaryA))
                        #expect(!answer.text.uppercased().contains(Self.canaryB))
                    }
                    // A tenant that is not there looks the same to a stranger.
                    let real = try await send(server, route, tenant: "bravo", flight: Self.absent, token: nil)
                    let none = try await send(server, route, tenant: "charlie", flight: Self.absent, token: nil)
                    #expect([real.status, 404].contains(none.status), "\(route.testDescription): \(none.status)")
                }
            }
        }

        @Test func otherIdsLookAbsent() async throws {
            try await withSides { server, alpha, bravo in
                for route in Self.routes where route.namesFlight {
                    for token in [alpha.staff.token, alpha.pilot.token, alpha.key] {
                        let absent = try await send(server, route, tenant: "alpha", flight: Self.absent, token: token)
                        for id in [bravo.filed.id, bravo.open.id, bravo.filed.id.uppercased()] {
                            let foreign = try await send(server, route, tenant: "alpha", flight: id, token: token)
                            #expect(foreign.status == absent.status, "\(route.testDescription)")
                            #expect(
                                foreign.body == absent.body,
                                "\(route.testDescription): \(foreign.text) and \(absent.text)")
                            #expect([403, 404].contains(foreign.status))
                        }
                        for id in ["1", "x", "%00", "..%2f..%2fbravo%2fflights", "%27%20OR%201=1"] {
                            let malformed = try await send(server, route, tenant: "alpha", flight: id, token: token)
                            #expect(
                                (400..<500).contains(malformed.status),
                                "\(route.testDescription) \(id): \(malformed.status)")
                            #expect(!malformed.text.uppercased().contains(Self.canaryB))
                        }
                    }
                }
                // Nothing of the other side was changed by it.
                let report = try await bravo.staff.json("pireps/\(bravo.filed.id)")
                #expect(report["decision"]?["by"]?.text?.contains("DEM0001") != true)
            }
        }

        /// Keys of trackers: made and revoked by their owner alone.
        @Test func keysAreTheirOwners() async throws {
            try await withSides { server, alpha, bravo in
                let made = try await bravo.pilot.post("me/trackers/keys", ["adapter": "xacars"])
                #expect(made.status == 201, "\(made.text)")
                let id = try #require(try made.json()["id"]?.text)
                let key = try #require(try made.json()["key"]?.text)
                let absent = try await alpha.pilot.delete("me/trackers/keys/\(Self.absent)")
                // Another airline's, and a colleague's.
                for reader in [alpha.pilot, alpha.staff, bravo.staff] {
                    let foreign = try await reader.delete("me/trackers/keys/\(id)")
                    #expect(foreign.status == 404 && foreign.body == absent.body)
                }
                let call = "k/\(key)/action.php/acars/xacars/acars?DATA1=XACARS%7C1.1&DATA2=TEST&DATA3=DEM0007"
                func answer(_ slug: String) async throws -> String {
                    try await Web.send("GET", "\(server.url)/acars/\(slug)/xacars/\(call)").text
                }
                #expect(try await answer("bravo").hasPrefix("1|"))
                #expect(try await answer("alpha").hasPrefix("0|"))
                let heard = try await eventually("the call") {
                    let trackers = try await bravo.pilot.json("me/trackers")["trackers"]?.items
                    return trackers?.first { $0["adapter"] == "xacars" && $0["last_heard_at"]?.text != nil }
                }
                #expect(heard["texts"]?[0]?["text"]?.text?.contains(key) == false)
                for reader in [alpha.pilot, bravo.staff] {
                    let others = try await reader.json("me/trackers")
                    #expect(!others.canonical.contains(id))
                    #expect(
                        others["trackers"]?.items?.allSatisfy {
                            $0["last_heard_at"]?.text == nil || $0["adapter"] != "xacars"
                        } == true)
                }
                #expect(try await bravo.pilot.delete("me/trackers/keys/\(id)").status == 204)
                if server.cluster?.isSplit == true {
                    // Within a second everywhere; the limit here only ends a hang.
                    try await eventually("the key is refused") {
                        try await answer("bravo").hasPrefix("0|") ? true : nil
                    }
                } else {
                    #expect(try await answer("bravo").hasPrefix("0|"))
                }
                #expect(try await bravo.pilot.delete("me/trackers/keys/\(id)").status == 404)
                for adapter in ["smartcars3", "nothing", ""] {
                    let refused = try await bravo.pilot.post("me/trackers/keys", ["adapter": .string(adapter)])
                    #expect(refused.status == 422)
                }
                for origin in ["javascript:alert(1)", "https://", "https://a/b", "ftp://a", "https://a b"] {
                    #expect(try await bravo.pilot.get("me/trackers?origin=\(origin.queryEscaped)").status == 422)
                }
                let texts = try await bravo.pilot.json("me/trackers?origin=https%3A%2F%2Fva.example%3A8443")
                #expect(texts.canonical.contains("https://va.example:8443/acars/bravo/smartcars3/"))
            }
        }

        @Test func listsHoldOneTenant() async throws {
            try await withSides { _, alpha, bravo in
                for (side, other, canary) in [(alpha, bravo, Self.canaryB), (bravo, alpha, Self.canaryA)] {
                    for list in ["flights", "pireps", "schedules", "fleet", "pilots", "quarantine"] {
                        let items = try await side.staff.all(list)
                        #expect(!items.isEmpty, "\(list)")
                        let text = JSON.array(items).canonical.uppercased()
                        #expect(!text.contains(canary), "\(list)")
                        for id in [other.open.id, other.filed.id] {
                            #expect(!text.contains(id.uppercased()), "\(list)")
                        }
                    }
                    for filter in [
                        "?q=\(canary)", "?pilot=DEM0007", "?state=accepted", "?cursor=\(other.filed.id)",
                        "?tenant=bravo",
                    ] {
                        let answer = try await side.staff.get("flights\(filter)")
                        #expect(!answer.text.uppercased().contains(canary))
                        #expect(!answer.text.contains(other.open.id) && !answer.text.contains(other.filed.id))
                    }
                }
            }
        }

        /// Mass assignment: what a body says about tenant, pilot, state or points is not believed.
        @Test func bodiesChooseNoTenant() async throws {
            try await withSides { _, alpha, bravo in
                var extra: [String: JSON?] = [
                    "tenant": "bravo", "tenant_id": "bravo", "pilotID": 1, "user": "DEM0001", "state": "accepted",
                    "status": "Accepted",
                    "points": 100, "score": 100, "decision": "accept",
                ]
                extra["latitude"] = .double(48.5)
                #expect(try await alpha.tracker.update(alpha.open, extra).status == 200)
                extra["latitude"] = .some(nil)
                let filed = try await alpha.tracker.complete(alpha.open, extra)
                #expect(filed.status == 200)
                let report = try await alpha.staff.judged(alpha.open.id)
                #expect(report["pilot"] == "DEM0007")
                #expect(report["score"]?.number != 100 || report["decision"]?["by"]?.text != "DEM0007")
                #expect(try await bravo.staff.all("pireps").count == 1)
            }
        }

        // MARK: Trackers

        @Test(arguments: Dialect.allCases)
        func trackersSeeTheirOwnAirline(_ dialect: Dialect) async throws {
            try await withSides { _, alpha, bravo in
                let own = dialect == .d5 ? alpha.tracker : alpha.trackerV7
                let foreign = dialect == .d5 ? bravo.tracker : bravo.trackerV7
                var gets: [(String, [(String, String)])] = [
                    ("pilot/statistics", []), ("data/airports", []), ("data/aircraft", []), ("data/news", []),
                    ("flights/search", []), ("flights/bookings", []), ("pireps/search", []), ("pireps/latest", []),
                    ("pireps/details", [("id", dialect == .d5 ? String(alpha.report) : alpha.filed.id)]),
                ]
                if dialect == .d7 { gets += [("data/subfleets", []), ("data/flight_types", [])] }
                for (path, query) in gets {
                    let answer = try await own.get(path, query)
                    #expect(answer.status == 200, "\(path): \(answer.status) \(answer.text)")
                    #expect(!answer.text.uppercased().contains(Self.canaryB), "\(path)")
                    let refused = try await own.access.send("GET", path, query: query, token: foreign.token)
                    #expect(refused.status == 401, "\(path)")
                    #expect(!refused.text.uppercased().contains(Self.canaryA))
                    #expect(try await own.access.send("GET", path, query: query).status == 401, "\(path)")
                }

                // Ids of the other side look like ids of nothing. Their numbers are the same, so only UUIDs can tell.
                func same(_ path: String, _ other: JSON, _ none: JSON) async throws {
                    let foreign = try await own.post(path, other)
                    let absent = try await own.post(path, none)
                    #expect(
                        foreign.status == 404 || foreign.status == 400, "\(path): \(foreign.status) \(foreign.text)")
                    #expect(foreign.status == absent.status && foreign.body == absent.body, "\(path)")
                    #expect(!foreign.text.uppercased().contains(Self.canaryB))
                }
                let schedule = try await bravo.trackerV7.flightID("103")
                try await same("flights/book", ["flightID": .string(schedule)], ["flightID": .string(Self.absent)])
                let nothing = Tracker.Flight(bid: 999_999, id: Self.absent)
                let theirs = Tracker.Flight(bid: 999_999, id: bravo.open.id)
                try await same("flights/update", Bodies.update(theirs), Bodies.update(nothing))
                try await same("flights/cancel", theirs.key, nothing.key)
                try await same("flights/complete", Bodies.complete(theirs), Bodies.complete(nothing))
                if dialect == .d7 {
                    let details = try await own.get("pireps/details", [("id", bravo.filed.id)])
                    let none = try await own.get("pireps/details", [("id", Self.absent)])
                    #expect(details.status == 404 && details.body == none.body)
                }
                // Every writing endpoint refuses the other side's token, and does nothing.
                for (path, body) in [
                    ("flights/book", ["flightID": "1"]), ("flights/rebook", ["bidID": 1, "aircraftID": 1]),
                    ("flights/unbook", ["bidID": 1]), ("flights/start", ["bidID": 1]),
                    ("flights/charter", SmartCARS3ConformanceTests.charter),
                    ("flights/update", Bodies.update(alpha.open)),
                    ("flights/cancel", alpha.open.key), ("flights/complete", Bodies.complete(alpha.open)),
                ] as [(String, JSON)] {
                    for token in [foreign.token, nil, alpha.staff.token, bravo.staff.token, alpha.key] {
                        let answer = try await own.access.send("POST", path, token: token, body: body.bytes)
                        #expect(answer.status == 401, "\(path): \(answer.status)")
                    }
                }
                #expect(try await alpha.staff.track(alpha.open.id).points.count == 1)
                #expect(try await bravo.staff.track(bravo.open.id).points.count == 1)
                #expect(try await own.get("flights/bookings").json().items?.count == 1)
            }
        }

        // MARK: Streams

        @Test func socketsOpenForTheirTenantOnly() async throws {
            try await withSides { server, alpha, bravo in
                func status(_ path: String, token: String? = nil, headers: [(String, String)] = []) async throws -> Int
                {
                    do {
                        let socket = try await WebSocketClient.connect(server, path, token: token, headers: headers)
                        await socket.close()
                        return 101
                    } catch let refused as WebSocketClient.Refused {
                        #expect(
                            !refused.body.uppercased().contains(Self.canaryA)
                                && !refused.body.uppercased().contains(Self.canaryB))
                        return refused.status
                    }
                }
                let path = "/v1/alpha/stream"
                #expect(try await status(path, token: alpha.staff.token) == 101)
                for token in [bravo.staff.token, bravo.pilot.token, bravo.key, alpha.tracker.token, "x", "a.b.c"] {
                    #expect(try await status(path, token: token) == 401)
                }
                #expect([401, 403].contains(try await status(path)), "the live map is private")
                // The ticket of another tenant; and one of one's own, which opens one socket.
                let foreign = try #require(try await bravo.staff.post("stream/ticket", [:]).json()["ticket"]?.text)
                #expect(try await status("\(path)?ticket=\(foreign.queryEscaped)") == 401)
                let own = try #require(try await alpha.staff.post("stream/ticket", [:]).json()["ticket"]?.text)
                #expect(try await status("\(path)?ticket=\(own.queryEscaped)") == 101)
                #expect(try await status("\(path)?ticket=\(own.queryEscaped)") == 401)
                // A page of somebody else's.
                #expect(
                    [401, 403].contains(
                        try await status(path, token: alpha.staff.token, headers: [("Origin", "https://evil.example")]))
                )
                #expect([401, 404].contains(try await status("/v1/charlie/stream", token: alpha.staff.token)))
            }
        }

        @Test func socketsCarryTheirTenantOnly() async throws {
            try await withSides { server, alpha, bravo in
                let socket = try await WebSocketClient.connect(server, "/v1/alpha/stream", token: alpha.staff.token)
                var received = ""
                try await socket.send(["op": "subscribe", "topic": "live"])
                let snapshot = try await socket.next("snapshot") { $0["type"] == "snapshot" }
                received += snapshot.canonical
                #expect(snapshot["flights"]?.items?.contains { $0["id"]?.text == alpha.open.id } == true)
                // A flight of the other side answers as one that is not there.
                var answers: [JSON] = []
                for id in [bravo.open.id, Self.absent] {
                    try await socket.send(["op": "subscribe", "topic": "flight", "id": .string(id)])
                    let answer = try await socket.next("refusal") { $0["type"] == "error" }
                    received += answer.canonical
                    answers.append(answer.with(["id": nil, "seq": nil]))
                }
                #expect(answers[0] == answers[1])
                try await bravo.tracker.report(bravo.open, latitude: 49.5)
                try await alpha.tracker.report(alpha.open, latitude: 49.25)
                _ = try await socket.next("own delta") { message in
                    received += message.canonical
                    return message["upsert"]?.items?.contains { $0["lat"]?.number == 49.25 } == true
                }
                #expect(!received.uppercased().contains(Self.canaryB))
                #expect(!received.contains(bravo.open.id.lowercased()) || answers[0]["id"] == nil)
                await socket.close()
            }
        }
    }
}
