import Domain
import Foundation
import Protocols

/// The calls of an unmodified smartCARS 3 client, in its own words: docs/protocols/smartcars3.md. Both dialects: the client
/// is the same.
struct SmartCARS3Client: TrackerClient {
    private let http: TrackerHTTP
    /// As the client would type them.
    private let user: String
    private let password: String
    private(set) var flightID = ""
    private var booking = 0
    private var aircraft = 0
    private var report: JSONValue?
    let tellsDecision = true

    init(http: TrackerHTTP, pilot: FlightOrder.Pilot) throws {
        self.http = http
        user = try pilot.neededUser()
        password = try pilot.neededPassword()
        http.setHeader("Accept", "application/json")
    }

    /// A flight as `flights/search` and `flights/bookings` list it.
    struct Listed: Sendable {
        /// Of a timetable entry: number or text, sent back as text.
        var id: String?
        var booking: Int?
        let code: String
        let number: String
        let departure: String
        let arrival: String
        let route: [String]
        let aircraft: [Int]
        var name: String { code + number }

        init?(_ value: JSONValue) {
            guard case .object(let object) = value else { return nil }
            func text(_ name: String) -> String? {
                switch object[name] {
                case .string(let text)?: text
                case .integer(let number)?: String(number)
                default: nil
                }
            }
            guard let code = text("code"), let number = text("number"), let departure = text("departureAirport"),
                let arrival = text("arrivalAirport")
            else { return nil }
            self.code = code
            self.number = number
            self.departure = departure
            self.arrival = arrival
            id = text("id") ?? text("flightID")
            booking = object["bidID"]?.numeric.flatMap { Int(exactly: $0) }
            switch object["route"] {
            case .array(let points)?:
                route = points.compactMap { if case .string(let point) = $0 { point } else { nil } }
            default: route = []
            }
            switch object["aircraft"] {
            case .array(let several)?: aircraft = several.compactMap { $0.numeric.flatMap { Int(exactly: $0) } }
            case let single?: aircraft = single.numeric.flatMap { Int(exactly: $0) }.map { [$0] } ?? []
            case nil: aircraft = []
            }
        }
    }

    // MARK: The flight

    mutating func assign(_ wanted: WantedFlight) async throws -> AssignedFlight {
        _ = try await probe()
        let pilot = try await logIn().ident
        let known = try await airports()
        let types = try await aircraftTypes()
        let listed = try await chosen(wanted)
        guard let booking = listed.booking else { throw Refused("\(listed.name) is listed without a bidID") }
        guard known.contains(listed.departure), known.contains(listed.arrival) else {
            throw Refused(
                "\(listed.name) flies \(listed.departure)-\(listed.arrival), which data/airports does not list: a client would not show it"
            )
        }
        guard
            let aircraft = listed.aircraft.first(where: { types[$0] != nil })
                ?? (listed.aircraft.isEmpty ? types.keys.min() : nil)
        else {
            throw Refused("no aircraft in service may fly \(listed.name): see the fleet")
        }
        self.booking = booking
        self.aircraft = aircraft
        var flight = AssignedFlight()
        flight.pilot = pilot
        flight.code = listed.code
        flight.number = listed.number
        flight.departure = listed.departure
        flight.arrival = listed.arrival
        flight.route = listed.route
        flight.aircraftType = types[aircraft] ?? ""
        return flight
    }

    /// The flight to fly: booked already, or searched and booked now.
    private func chosen(_ wanted: WantedFlight) async throws -> Listed {
        let ends = [
            wanted.departure.map { ("departureAirport", $0) }, wanted.arrival.map { ("arrivalAirport", $0) },
        ].compactMap { $0 }
        let bookings = try await bookings()
        guard let name = wanted.name else {
            if let first = bookings.first { return first }
            var found = try await search(ends)
            if found.isEmpty { found = try await search([]) }
            guard let first = found.first else {
                throw Refused("the timetable has no flight to book: add flights with `albatross schedule import`")
            }
            return try await book(first)
        }
        if let match = bookings.first(where: { $0.name == name }) { return match }
        var entry = try await search([("callsign", name)]).first { $0.name == name }
        // The phpVMS 7 module ignores that filter and lists the newest hundred.
        if entry == nil { entry = try await search(ends).first { $0.name == name } }
        guard let entry else {
            throw Refused(
                "no flight \(name) in the timetable: see flights/search, or add it with `albatross schedule import`")
        }
        return try await book(entry)
    }

    mutating func begin(_ script: FlightScript) async throws { flightID = try await start(booking: booking) }

    func fly(_ index: Int, of script: FlightScript) async throws { try await update(position(index, script)) }

    mutating func file(_ script: FlightScript) async throws -> JSONValue? {
        report = try await complete(completion(script))
        return report
    }

    func decision() async throws -> String? {
        guard let report else { return nil }
        return try await status(of: report)
    }

    func positionsShown() async throws -> Int? {
        guard let report else { return nil }
        return try await details(of: report).positions
    }

    // MARK: Bodies

    /// Body of `flights/update`.
    private func position(_ index: Int, _ script: FlightScript) -> [UInt8] {
        let sample = script.sample(index)
        return JSONWriter.bytes { writer in
            writer.member("bidID", booking)
            writer.member("uuid", flightID)
            writer.member("latitude", sample.position.latitude)
            writer.member("longitude", sample.position.longitude)
            writer.member("heading", Wire.rounded(sample.heading.rawValue, 1))
            writer.member("altitude", Int(sample.altitude.rawValue.rounded()))
            writer.member("groundSpeed", Wire.rounded(sample.groundSpeed.rawValue, 1))
            writer.member("distanceRemaining", Wire.rounded(script.remaining(index), 1))
            writer.member("timeRemaining", Wire.rounded(script.hoursRemaining(index), 3))
            writer.member("route", .array(script.flight.route.map(JSONValue.string)))
            writer.member("phase", sample.phase.rawValue)
            writer.member("network", "Offline")
            writer.member("aircraft", aircraft)
            writer.member("eventTimestamp", Wire.stamp(script.time(index)))
        }
    }

    /// Body of `flights/complete`.
    private func completion(_ script: FlightScript) -> [UInt8] {
        let lines = script.log.map { "[\(Wire.clock($0.time))] \($0.message)" }
        let start = script.log.first?.time ?? Timestamp(milliseconds: 0)
        var events = JSONWriter()
        events.array(script.log.enumerated()) { writer, entry in
            writer.object {
                $0.member("eventId", "\(flightID)-\(entry.offset)")
                $0.member("eventElapsedTime", (entry.element.time - start).seconds)
                $0.member("eventTimestamp", Wire.stamp(entry.element.time))
                $0.member("eventCondition", JSONValue.null)
                $0.member("message", entry.element.message)
            }
        }
        return JSONWriter.bytes { writer in
            writer.member("bidID", booking)
            writer.member("uuid", flightID)
            writer.member("aircraft", aircraft)
            writer.member("remainingLoad", FlightScript.passengers)
            writer.member("flightTime", Wire.rounded(script.blockSeconds / 3600, 4))
            writer.member("landingRate", Wire.rounded(script.landingRate, 1))
            writer.member("fuelUsed", script.burn.rawValue)
            writer.member("route", .array(script.flight.route.map(JSONValue.string)))
            writer.member("comments", FlightScript.comment)
            writer.member("flightLog", Data(lines.joined(separator: "\n").utf8).base64EncodedString())
            writer.member("flightData", Data(events.bytes).base64EncodedString())
        }
    }

    // MARK: Calls

    private func call(_ what: String, _ answer: TrackerHTTP.Answer, next: String) throws -> TrackerHTTP.Answer {
        guard (200..<300).contains(answer.status) else {
            throw Refused("\(what) refused with \(answer.status) (\(answer.message)): \(next)")
        }
        return answer
    }
    private func object(_ what: String, _ answer: TrackerHTTP.Answer) throws -> JSONObject {
        guard case .object(let object)? = answer.json else {
            throw Refused(
                "\(what) was answered with something that is no smartCARS answer: give the adapter's root as --url")
        }
        return object
    }
    private func list(_ what: String, _ answer: TrackerHTTP.Answer) throws -> [JSONValue] {
        guard case .array(let list)? = answer.json else {
            throw Refused(
                "\(what) was answered with something that is no smartCARS answer: give the adapter's root as --url")
        }
        return list
    }

    /// Who is there: `phpvms5` or `phpvms7`.
    func probe() async throws -> String {
        let answer = try call(
            "the probe of \(http.root)", try await http.send(.get("")), next: "give the adapter's root as --url")
        guard case .string(let handler)? = try object("the probe", answer)["handler"] else {
            throw Refused("\(http.root) is no smartCARS 3 server: give the adapter's root as --url")
        }
        return handler
    }

    /// smartCARS sends the pilot's number, `VMS0001` as 0001, or an e-mail address.
    static func username(_ user: String) -> String {
        if user.contains("@") { return user }
        let digits = user.reversed().prefix { $0.isNumber }.reversed()
        return digits.isEmpty ? user : String(digits)
    }

    func logIn() async throws -> (ident: String, name: String) {
        let body = JSONWriter.bytes { $0.member("password", password) }
        http.setHeader("Authorization", nil)
        let answer = try call(
            "log-in of \(user)",
            try await http.send(
                .post("pilot/login", [("username", Self.username(user))], body, type: "application/json")),
            next: "see that the user is of this airline and the password is right")
        let pilot = try object("log-in", answer)
        guard case .string(let session)? = pilot["session"] else {
            throw Refused("the log-in was answered without a session")
        }
        http.setHeader("Authorization", "Bearer \(session)")
        func text(_ name: String) -> String { if case .string(let text)? = pilot[name] { text } else { "" } }
        return (text("pilotID"), text("firstName") + " " + text("lastName"))
    }

    /// ICAO codes that the airline's flights use.
    func airports() async throws -> Set<String> {
        let answer = try call("data/airports", try await http.send(.get("data/airports")), next: "log in again")
        return Set(
            try list("data/airports", answer).compactMap {
                if case .object(let airport) = $0, case .string(let code)? = airport["code"] { code } else { nil }
            })
    }

    /// ICAO types by aircraft number.
    func aircraftTypes() async throws -> [Int: String] {
        let answer = try call("data/aircraft", try await http.send(.get("data/aircraft")), next: "log in again")
        var types: [Int: String] = [:]
        for value in try list("data/aircraft", answer) {
            guard case .object(let aircraft) = value, let id = aircraft["id"]?.numeric.flatMap({ Int(exactly: $0) })
            else { continue }
            if case .string(let code)? = aircraft["code"] { types[id] = code } else { types[id] = "" }
        }
        return types
    }

    func bookings() async throws -> [Listed] {
        let answer = try call("flights/bookings", try await http.send(.get("flights/bookings")), next: "log in again")
        return try list("flights/bookings", answer).compactMap(Listed.init)
    }

    func search(_ query: [(String, String)]) async throws -> [Listed] {
        let answer = try call(
            "flights/search", try await http.send(.get("flights/search", query)),
            next: "see that the flight is in the timetable")
        return try list("flights/search", answer).compactMap(Listed.init)
    }

    /// Books a timetable entry and finds it among the bookings, as the client does.
    func book(_ flight: Listed) async throws -> Listed {
        guard let id = flight.id else { throw Refused("\(flight.name) has no id to book it by") }
        let answer = try await http.send(.post("flights/book", json: JSONWriter.bytes { $0.member("flightID", id) }))
        let mine = try await bookings().filter { $0.name == flight.name && $0.departure == flight.departure }
        // A booking whose answer was lost is there all the same.
        if let known = mine.first { return known }
        _ = try call(
            "booking \(flight.name)", answer, next: "choose another flight with --flight, or wait until it is free")
        throw Refused("\(flight.name) was booked, but is not among the bookings")
    }

    /// The id that the client sends back as `uuid`.
    func start(booking: Int) async throws -> String {
        let answer = try call(
            "starting the flight",
            try await http.send(.post("flights/start", json: JSONWriter.bytes { $0.member("bidID", booking) })),
            next: "see that the booking has an aircraft in service")
        guard case .string(let id)? = try object("flights/start", answer)["trackingID"] else {
            throw Refused("flights/start was answered without a trackingID")
        }
        return id
    }

    func update(_ body: [UInt8]) async throws {
        _ = try await signedIn("a position", next: "see the server's log") {
            try await http.send(.post("flights/update", json: body))
        }
    }

    /// - Returns: The report's id as the server gave it, number or text.
    func complete(_ body: [UInt8]) async throws -> JSONValue {
        let answer = try await signedIn("the report", next: "the flight stays open: file it again") {
            try await http.send(.post("flights/complete", json: body))
        }
        guard let id = try object("flights/complete", answer)["pirepID"] else {
            throw Refused("flights/complete was answered without a pirepID")
        }
        return id
    }

    /// `Pending`, `Accepted` or `Rejected`; nil while the report is not listed.
    func status(of report: JSONValue) async throws -> String? {
        let answer = try call("pireps/search", try await http.send(.get("pireps/search")), next: "log in again")
        for value in try list("pireps/search", answer) {
            guard case .object(let listed) = value, let id = listed["id"], Self.text(id) == Self.text(report) else {
                continue
            }
            if case .string(let status)? = listed["status"] { return status }
        }
        return nil
    }

    /// Positions and log lines that the server shows of a report.
    func details(of report: JSONValue) async throws -> (positions: Int, log: Int) {
        let answer = try call(
            "pireps/details", try await http.send(.get("pireps/details", [("id", Self.text(report))])),
            next: "log in again")
        let details = try object("pireps/details", answer)
        func count(_ name: String) -> Int { if case .array(let list)? = details[name] { list.count } else { 0 } }
        return (count("locationData"), count("flightLog"))
    }

    static func text(_ value: JSONValue) -> String {
        switch value {
        case .string(let text): text
        case .integer(let number): String(number)
        default: ""
        }
    }

    /// A session may end while a flight is under way: the client logs in again and repeats the call.
    private func signedIn(
        _ what: String, next: String, _ send: () async throws -> TrackerHTTP.Answer
    ) async throws -> TrackerHTTP.Answer {
        let answer = try await send()
        guard answer.status == 401 else { return try call(what, answer, next: next) }
        _ = try await logIn()
        return try call(what, try await send(), next: next)
    }
}

extension JSONWriter {
    /// The bytes of one object.
    static func bytes(_ members: (inout JSONWriter) -> Void) -> [UInt8] {
        var writer = JSONWriter()
        writer.object(members)
        return writer.bytes
    }
}
