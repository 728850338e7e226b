import Foundation
import NIOHTTP1
import Testing

/// An airline made through the command line, as an operator would.
struct Airline: Sendable {
    let server: AlbatrossServer
    let slug: String
    let icao: String
    /// Every account's password.
    let password: String

    static let fleet = """
        subfleet,iata,icao,hub_id,airport_id,name,registration,fin,hex_code,selcal,mtow,zfw,status
        B738,738,B738,,,Boeing 737-800,G-DEMA,,,,,,A
        A320,320,A320,,,Airbus A320,G-DEMB,,,,,,A
        """
    static let scheduleHeader =
        "airline,flight_number,route_code,callsign,route_leg,dpt_airport,arr_airport,alt_airport,days,dpt_time,arr_time,level,distance,flight_time,flight_type,load_factor,load_factor_variance,pilot_pay,route,notes,start_date,end_date,active,subfleets,fares,fields"

    /// One line of the timetable in phpVMS 7's columns.
    static func scheduleRow(
        _ airline: String, _ number: String, _ departure: String, _ arrival: String, from: String, to: String,
        minutes: Int, distance: Int = 188, route: String = "", subfleets: String = "", notes: String = ""
    ) -> String {
        "\(airline),\(number),,,,\(departure),\(arrival),,,\(from),\(to),350,\(distance),\(minutes),J,,,,\(route),\(notes),,,1,\(subfleets),,"
    }

    /// DEM101, DEM102 and a number of entries for cases of their own.
    static func timetable(_ icao: String, spare: Int) -> String {
        var rows = [
            scheduleHeader,
            scheduleRow(
                icao, "101", "EGLL", "LFPG", from: "10:00", to: "11:15", minutes: 75, route: "MID UN615 XAMAB",
                subfleets: "B738"),
            scheduleRow(icao, "102", "LFPG", "EGLL", from: "12:00", to: "13:10", minutes: 70, subfleets: "A320"),
        ]
        for index in 0..<spare {
            rows.append(
                scheduleRow(
                    icao, String(1000 + index), "LEMD", "LEBL", from: "08:00", to: "09:15", minutes: 75, distance: 260,
                    route: "MID UN615 XAMAB", subfleets: "B738;A320"))
        }
        return rows.joined(separator: "\n") + "\n"
    }

    /// Makes the tenant, its fleet, its timetable and the staff account `…0001`.
    static func make(
        on server: AlbatrossServer, _ slug: String = "demo", icao: String = "DEM", name: String = "Demo",
        password: String = "s3cret", fleet: String = Airline.fleet, timetable: String? = nil, spare: Int = 0
    ) async throws -> Airline {
        let airline = Airline(server: server, slug: slug, icao: icao, password: password)
        try await server.run("tenant", "create", slug, "--name", name, "--icao", icao)
        try await airline.addUser(1, role: "staff", name: "Sam Staff", email: "staff@\(slug).example")
        try await server.run("fleet", "import", "--tenant", slug, try server.file("fleet.csv", fleet))
        try await server.run(
            "schedule", "import", "--tenant", slug,
            try server.file("schedule.csv", timetable ?? Self.timetable(icao, spare: spare)))
        return airline
    }

    func ident(_ number: Int) -> String { icao + String(format: "%04d", number) }

    func addUser(
        _ number: Int, role: String = "pilot", name: String, email: String? = nil, password: String? = nil,
        confirmed: Bool = true
    ) async throws {
        let arguments = [
            "user", "create", "--tenant", slug, "--role", role, "--id", ident(number), "--email",
            email ?? "pilot\(number)@\(slug).example", "--name", name, "--password-stdin",
        ]
        let result = try await server.cli(
            confirmed ? arguments : arguments + ["--unconfirmed"], stdin: password ?? self.password)
        guard result.status == 0 else {
            throw AlbatrossServer.Failure(description: "user create exited \(result.status): \(result.errors)")
        }
    }

    /// Where a tracker finds this airline.
    func access(_ dialect: Dialect = .d5) -> Access {
        Access(url: "\(server.url)/acars/\(slug)/\(dialect.adapter)/", dialect: dialect, host: nil)
    }

    func tracker(_ number: Int, _ dialect: Dialect = .d5, password: String? = nil) async throws -> Tracker {
        try await Tracker.logIn(access(dialect), number, password: password ?? self.password)
    }

    func staff() async throws -> Reader { try await Reader.logIn(self, ident(1), password: password) }
}

/// The two official servers' ways.
enum Dialect: String, Sendable, CaseIterable {
    case d5, d7
    var adapter: String { self == .d5 ? "smartcars3" : "smartcars3-v7" }
}

/// Root of a tracker interface.
struct Access: Sendable {
    let url: String
    let dialect: Dialect
    /// Sent instead of the address' own name.
    let host: String?

    /// One call below the root. Everything that holds for every answer is checked here: JSON, CORS, no redirect, no 5xx.
    func send(
        _ method: String, _ path: String, query: [(String, String)] = [], token: String? = nil, body: [UInt8]? = nil,
        type: String = "application/json", sourceLocation: SourceLocation = #_sourceLocation
    ) async throws -> Answer {
        var headers: [(String, String)] = []
        if let token { headers.append(("Authorization", "Bearer \(token)")) }
        if body != nil { headers.append(("Content-Type", type)) }
        if let host { headers.append(("Host", host)) }
        let text = query.map { "\($0.0)=\($0.1.queryEscaped)" }.joined(separator: "&")
        let answer = try await Web.send(
            method, url + path + (text.isEmpty ? "" : "?" + text), headers: headers, body: body)
        check(answer, "\(method) \(path)", sourceLocation)
        return answer
    }

    private func check(_ answer: Answer, _ what: String, _ sourceLocation: SourceLocation) {
        #expect(
            answer.status < 500, "\(what) answered \(answer.status): \(answer.text)", sourceLocation: sourceLocation)
        #expect(!(300..<400).contains(answer.status), "\(what) redirects", sourceLocation: sourceLocation)
        #expect(answer.headers["Location"].isEmpty, sourceLocation: sourceLocation)
        let type = answer.headers["Content-Type"].joined()
        #expect(type.hasPrefix("application/json"), "\(what) is \(type)", sourceLocation: sourceLocation)
        #expect(answer.headers["Access-Control-Allow-Origin"] == ["*"], "\(what)", sourceLocation: sourceLocation)
        for (name, words) in [
            ("Access-Control-Allow-Methods", ["GET", "POST", "OPTIONS", "HEAD"]),
            ("Access-Control-Allow-Headers", ["Content-Type", "Authorization", "X-Requested-With"]),
        ] {
            let value = answer.headers[name].joined(separator: ",")
            for word in words {
                #expect(value.contains(word), "\(what): \(name) is \(value)", sourceLocation: sourceLocation)
            }
        }
        if answer.status >= 400 {
            #expect(answer.message?.isEmpty == false, "\(what): \(answer.text)", sourceLocation: sourceLocation)
        }
    }

    func logIn(
        _ user: String, password: String, sourceLocation: SourceLocation = #_sourceLocation
    ) async throws -> Answer {
        try await send(
            "POST", "pilot/login", query: [("username", user)], body: (["password": .string(password)] as JSON).bytes,
            sourceLocation: sourceLocation)
    }
}

/// A smartCARS 3 client that is logged in.
struct Tracker: Sendable {
    let access: Access
    let token: String
    let number: Int

    static func logIn(_ access: Access, _ number: Int, password: String) async throws -> Tracker {
        let answer = try await access.logIn(String(number), password: password)
        guard answer.status == 200, let token = try answer.json()["session"]?.text else {
            throw TimedOut(description: "pilot \(number) could not log in: \(answer.status) \(answer.text)")
        }
        return Tracker(access: access, token: token, number: number)
    }

    func get(
        _ path: String, _ query: [(String, String)] = [], sourceLocation: SourceLocation = #_sourceLocation
    ) async throws -> Answer {
        try await access.send("GET", path, query: query, token: token, sourceLocation: sourceLocation)
    }
    func post(
        _ path: String, _ body: JSON, sourceLocation: SourceLocation = #_sourceLocation
    ) async throws -> Answer {
        try await access.send("POST", path, token: token, body: body.bytes, sourceLocation: sourceLocation)
    }

    /// A flight from booking to its end. `id` is the flight's id everywhere.
    struct Flight: Sendable {
        let bid: Int
        let id: String
        var key: JSON { ["bidID": .int(bid), "uuid": .string(id)] }
    }

    /// Id of a timetable entry as this dialect writes it.
    func flightID(_ number: String, sourceLocation: SourceLocation = #_sourceLocation) async throws -> String {
        let found = try await get("flights/search", [("callsign", number)], sourceLocation: sourceLocation).json()
        let entry = try #require(
            found.items?.first { $0["number"]?.text == number }, "no \(number) in \(found.canonical.prefix(500))",
            sourceLocation: sourceLocation)
        switch entry["id"] {
        case .int(let id)?: return String(id)
        case .string(let id)?: return id
        default: throw TimedOut(description: "a flight without id: \(entry.canonical)")
        }
    }

    func book(
        _ number: String, aircraft: Int? = 1, sourceLocation: SourceLocation = #_sourceLocation
    ) async throws -> Int {
        var body: JSON = ["flightID": .string(try await flightID(number, sourceLocation: sourceLocation))]
        if let aircraft { body = body.with(["aircraftID": .int(aircraft)]) }
        let answer = try await post("flights/book", body, sourceLocation: sourceLocation)
        #expect(answer.status == 200, "\(answer.text)", sourceLocation: sourceLocation)
        return try #require(answer.json()["bidID"]?.integer, "\(answer.text)", sourceLocation: sourceLocation)
    }

    func start(_ bid: Int, sourceLocation: SourceLocation = #_sourceLocation) async throws -> Flight {
        let answer = try await post("flights/start", ["bidID": .int(bid)], sourceLocation: sourceLocation)
        #expect(answer.status == 200, "\(answer.text)", sourceLocation: sourceLocation)
        let id = try #require(answer.json()["trackingID"]?.text, "\(answer.text)", sourceLocation: sourceLocation)
        return Flight(bid: bid, id: id)
    }

    /// Books and starts.
    func begin(_ number: String, sourceLocation: SourceLocation = #_sourceLocation) async throws -> Flight {
        try await start(try await book(number, sourceLocation: sourceLocation), sourceLocation: sourceLocation)
    }

    func update(
        _ flight: Flight, _ changes: [String: JSON?] = [:], sourceLocation: SourceLocation = #_sourceLocation
    ) async throws -> Answer {
        try await post("flights/update", Bodies.update(flight, changes), sourceLocation: sourceLocation)
    }

    /// An update that has to succeed.
    func report(
        _ flight: Flight, latitude: Double, longitude: Double = 0.9312, at time: String? = nil,
        sourceLocation: SourceLocation = #_sourceLocation
    ) async throws {
        var changes: [String: JSON?] = ["latitude": .double(latitude), "longitude": .double(longitude)]
        if let time { changes["eventTimestamp"] = .string(time) }
        let answer = try await update(flight, changes, sourceLocation: sourceLocation)
        #expect(
            answer.status == 200 && answer.body.isEmpty, "\(answer.status) \(answer.text)",
            sourceLocation: sourceLocation)
    }

    func complete(
        _ flight: Flight, _ changes: [String: JSON?] = [:], sourceLocation: SourceLocation = #_sourceLocation
    ) async throws -> Answer {
        try await post("flights/complete", Bodies.complete(flight, changes), sourceLocation: sourceLocation)
    }
}

/// Bodies of the wire page's examples.
enum Bodies {
    static func update(_ flight: Tracker.Flight, _ changes: [String: JSON?] = [:]) -> JSON {
        let body: JSON = [
            "bidID": .int(flight.bid), "uuid": .string(flight.id), "latitude": 50.2101, "longitude": 0.9312,
            "heading": 124, "altitude": 33012, "groundSpeed": 447, "distanceRemaining": 104, "timeRemaining": 0.31,
            "route": ["MID", "UN615", "XAMAB"], "phase": "CRUISE", "network": "VATSIM", "aircraft": 1,
        ]
        return body.with(changes)
    }

    static let log = "[10:00:01] Boarding started\n[10:03:00] Pushing back with 5000 lbs of fuel"
    static let events =
        #"[{"eventId":"e1","eventElapsedTime":12.5,"eventTimestamp":"2026-11-21T10:00:01.000Z","eventCondition":null,"message":"Boarding started"}]"#

    static func complete(_ flight: Tracker.Flight, _ changes: [String: JSON?] = [:]) -> JSON {
        let body: JSON = [
            "bidID": .int(flight.bid), "uuid": .string(flight.id), "aircraft": 1, "remainingLoad": 150,
            "flightTime": 1.25, "landingRate": -182, "fuelUsed": 5321.4, "route": ["MID", "UN615", "XAMAB"],
            "comments": "nice flight", "flightLog": .string(Data(log.utf8).base64EncodedString()),
            "flightData": .string(Data(events.utf8).base64EncodedString()),
        ]
        return body.with(changes)
    }
}

/// Somebody who reads `/v1`.
struct Reader: Sendable {
    let airline: Airline
    let token: String

    static func logIn(_ airline: Airline, _ ident: String, password: String) async throws -> Reader {
        let answer = try await Web.send(
            "POST", "\(airline.server.url)/v1/login", headers: [("Content-Type", "application/json")],
            body: (["tenant": .string(airline.slug), "id": .string(ident), "password": .string(password)] as JSON).bytes
        )
        guard answer.status == 200, let token = try answer.json()["access_token"]?.text else {
            throw TimedOut(description: "\(ident) could not log in to /v1: \(answer.status) \(answer.text)")
        }
        return Reader(airline: airline, token: token)
    }

    /// - Parameter path: Below `/v1/{tenant}/`.
    func get(_ path: String, headers: [(String, String)] = []) async throws -> Answer {
        try await Web.send(
            "GET", "\(airline.server.url)/v1/\(airline.slug)/\(path)",
            headers: [("Authorization", "Bearer \(token)"), ("Accept", "application/json")] + headers)
    }

    func post(_ path: String, _ body: JSON) async throws -> Answer {
        try await Web.send(
            "POST", "\(airline.server.url)/v1/\(airline.slug)/\(path)",
            headers: [("Authorization", "Bearer \(token)"), ("Content-Type", "application/json")], body: body.bytes)
    }

    func delete(_ path: String) async throws -> Answer {
        try await Web.send(
            "DELETE", "\(airline.server.url)/v1/\(airline.slug)/\(path)",
            headers: [("Authorization", "Bearer \(token)")])
    }

    func json(_ path: String, sourceLocation: SourceLocation = #_sourceLocation) async throws -> JSON {
        let answer = try await get(path)
        try #require(answer.status == 200, "\(path): \(answer.status) \(answer.text)", sourceLocation: sourceLocation)
        return try answer.json()
    }

    /// Every item of a list, page by page.
    func all(_ path: String, sourceLocation: SourceLocation = #_sourceLocation) async throws -> [JSON] {
        var items: [JSON] = []
        var cursor: String?
        repeat {
            let query = cursor.map { (path.contains("?") ? "&" : "?") + "cursor=\($0.queryEscaped)" } ?? ""
            let page = try await json(path + query, sourceLocation: sourceLocation)
            items += try #require(
                page["items"]?.items, "\(path): \(page.canonical.prefix(300))", sourceLocation: sourceLocation)
            cursor = page["next_cursor"]?.text
        } while cursor != nil
        return items
    }

    func track(_ flight: String, sourceLocation: SourceLocation = #_sourceLocation) async throws -> Track {
        let answer = try await get("flights/\(flight)/track")
        try #require(answer.status == 200, "\(answer.status) \(answer.text)", sourceLocation: sourceLocation)
        return Track(try answer.json())
    }

    /// The report once the rules have judged it.
    func judged(_ flight: String, sourceLocation: SourceLocation = #_sourceLocation) async throws -> JSON {
        try await eventually("decision on \(flight)", within: .seconds(60)) {
            let report = try await json("pireps/\(flight)", sourceLocation: sourceLocation)
            // `nil` alone would be JSON's null here.
            return report["decision"]?["outcome"]?.text == nil ? Optional<JSON>.none : .some(report)
        }
    }
}

/// Coordinates of a GeoJSON answer, in order.
struct Track: Sendable {
    struct Point: Hashable, Sendable {
        let longitude: Double
        let latitude: Double
    }
    let points: [Point]

    init(_ json: JSON) {
        var points: [Point] = []
        func position(_ value: JSON) -> Point? {
            guard let longitude = value[0]?.number, let latitude = value[1]?.number else { return nil }
            return Point(longitude: longitude, latitude: latitude)
        }
        func add(_ value: JSON?) {
            guard let value else { return }
            switch value["type"]?.text {
            case "FeatureCollection": for feature in value["features"]?.items ?? [] { add(feature) }
            case "Feature": add(value["geometry"])
            case "LineString": points += (value["coordinates"]?.items ?? []).compactMap(position)
            case "MultiLineString":
                for line in value["coordinates"]?.items ?? [] { points += (line.items ?? []).compactMap(position) }
            default: break
            }
        }
        add(json)
        self.points = points
    }
    var latitudes: [Double] { points.map(\.latitude) }
}

/// `whole` and a number of steps of 0.00001 each: the very `Double` that its decimal text reads as.
func decimal(_ whole: Int, _ index: Int, _ step: Int) -> Double { Double(whole * 100_000 + index * step) / 100_000 }
