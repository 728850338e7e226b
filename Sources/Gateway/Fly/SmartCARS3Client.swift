import Domain
import Foundation
import Protocols

/// The calls of an unmodified smartCARS 3 client, in its own words: docs/protocols/smartcars3.md.
struct SmartCARS3Client: Sendable {
    let http: TrackerHTTP
    /// As the client would type them.
    let user: String
    let password: String

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
            "the probe of \(http.root)", try await http.get(""), next: "give the adapter's root as --url")
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
        let username = Self.percentEncoded(Self.username(user))
        let body = JSONWriter.bytes { $0.member("password", password) }
        http.token = ""
        let answer = try call(
            "log-in of \(user)", try await http.post("pilot/login?username=\(username)", body),
            next: "see that the user is of this airline and the password is right")
        let pilot = try object("log-in", answer)
        guard case .string(let session)? = pilot["session"] else {
            throw Refused("the log-in was answered without a session")
        }
        http.token = session
        func text(_ name: String) -> String { if case .string(let text)? = pilot[name] { text } else { "" } }
        return (text("pilotID"), text("firstName") + " " + text("lastName"))
    }

    /// ICAO codes that the airline's flights use.
    func airports() async throws -> Set<String> {
        let answer = try call("data/airports", try await http.get("data/airports"), next: "log in again")
        return Set(
            try list("data/airports", answer).compactMap {
                if case .object(let airport) = $0, case .string(let code)? = airport["code"] { code } else { nil }
            })
    }

    /// ICAO types by aircraft number.
    func aircraft() async throws -> [Int: String] {
        let answer = try call("data/aircraft", try await http.get("data/aircraft"), next: "log in again")
        var types: [Int: String] = [:]
        for value in try list("data/aircraft", answer) {
            guard case .object(let aircraft) = value, let id = aircraft["id"]?.numeric.flatMap({ Int(exactly: $0) })
            else { continue }
            if case .string(let code)? = aircraft["code"] { types[id] = code } else { types[id] = "" }
        }
        return types
    }

    func bookings() async throws -> [Listed] {
        let answer = try call("flights/bookings", try await http.get("flights/bookings"), next: "log in again")
        return try list("flights/bookings", answer).compactMap(Listed.init)
    }

    func search(_ query: [(String, String)]) async throws -> [Listed] {
        let text = query.map { "\($0.0)=\(Self.percentEncoded($0.1))" }.joined(separator: "&")
        let answer = try call(
            "flights/search", try await http.get("flights/search?\(text)"),
            next: "see that the flight is in the timetable")
        return try list("flights/search", answer).compactMap(Listed.init)
    }

    /// Books a timetable entry and finds it among the bookings, as the client does.
    func book(_ flight: Listed) async throws -> Listed {
        guard let id = flight.id else { throw Refused("\(flight.name) has no id to book it by") }
        let answer = try await http.post("flights/book", JSONWriter.bytes { $0.member("flightID", id) })
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
            try await http.post("flights/start", JSONWriter.bytes { $0.member("bidID", booking) }),
            next: "see that the booking has an aircraft in service")
        guard case .string(let id)? = try object("flights/start", answer)["trackingID"] else {
            throw Refused("flights/start was answered without a trackingID")
        }
        return id
    }

    func update(_ body: [UInt8]) async throws {
        _ = try await signedIn("a position", next: "see the server's log") {
            try await http.post("flights/update", body)
        }
    }

    /// - Returns: The report's id as the server gave it, number or text.
    func complete(_ body: [UInt8]) async throws -> JSONValue {
        let answer = try await signedIn("the report", next: "the flight stays open: file it again") {
            try await http.post("flights/complete", body)
        }
        guard let id = try object("flights/complete", answer)["pirepID"] else {
            throw Refused("flights/complete was answered without a pirepID")
        }
        return id
    }

    /// `Pending`, `Accepted` or `Rejected`; nil while the report is not listed.
    func status(of report: JSONValue) async throws -> String? {
        let answer = try call("pireps/search", try await http.get("pireps/search"), next: "log in again")
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
            "pireps/details", try await http.get("pireps/details?id=\(Self.percentEncoded(Self.text(report)))"),
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

    private static func percentEncoded(_ text: String) -> String {
        var allowed = CharacterSet.alphanumerics
        allowed.formIntersection(CharacterSet(charactersIn: Unicode.Scalar(0)..<Unicode.Scalar(128)))
        allowed.insert(charactersIn: "-._~@")
        return text.addingPercentEncoding(withAllowedCharacters: allowed) ?? text
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
