import Domain
import Foundation
import Protocols

/// The calls of an unmodified smartCARS 2 client to `frame.php`, in its own words: docs/protocols/smartcars2.md.
struct SmartCARS2Client: TrackerClient {
    private let http: TrackerHTTP
    private let user: String
    private let password: String
    /// Made up by the client, as the real one does.
    private let session: String
    private var pilot = ""
    /// Of the flight: ids as the server wrote them.
    private var bid = Bid()
    private var registration = ""
    let tellsDecision = true

    private struct Bid {
        var id = ""
        var route = ""
        var aircraft = ""
        var flight = AssignedFlight()
    }

    static let usualInterval = 15.0
    private static let clientVersion = "2.1.34.3"

    init(http: TrackerHTTP, pilot: FlightOrder.Pilot) throws {
        self.http = http
        user = SmartCARS3Client.username(try pilot.neededUser())
        password = try pilot.neededPassword()
        let letters = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789")
        session = String((0..<64).map { _ in letters.randomElement() ?? "A" })
    }

    // MARK: Calls

    private var signed: [(String, String)] { [("dbid", pilot), ("sessionid", session)] }

    private func read(_ action: String, _ query: [(String, String)]) async throws -> String {
        try text(action, try await http.send(.get("frame.php", [("action", action)] + query)))
    }
    private func write(
        _ action: String, _ query: [(String, String)], _ form: [(String, String)]
    ) async throws -> String {
        try text(action, try await http.send(.post("frame.php", [("action", action)] + query, form: form)))
    }
    private func text(_ action: String, _ answer: TrackerHTTP.Answer) throws -> String {
        guard answer.isSuccess else {
            throw Refused(
                "\(action) refused with \(answer.status) (\(answer.message)): give the adapter's root as --url")
        }
        let text = answer.text
        switch text {
        case "AUTH_FAILED":
            throw Refused("\(action): AUTH_FAILED: see that the user is of this airline and the password is right")
        case "ACCOUNT_INACTIVE": throw Refused("\(action): the pilot's account is disabled: enable it first")
        case "ACCOUNT_UNCONFIRMED": throw Refused("\(action): the pilot's account is not confirmed: confirm it first")
        default: break
        }
        if text.hasPrefix("Script OK") || text.hasPrefix("<") {
            throw Refused("\(http.root) is no smartCARS 2 server: give the adapter's root as --url")
        }
        return text
    }
    private func records(_ text: String, _ separator: Character) -> [[String]] {
        guard !text.isEmpty, text != "NONE", text != "NO_DATA" else { return [] }
        return text.split(separator: ";").map {
            $0.split(separator: separator, omittingEmptySubsequences: false).map(String.init)
        }
    }

    // MARK: Before the flight

    mutating func assign(_ wanted: WantedFlight) async throws -> AssignedFlight {
        let login = try await write(
            "manuallogin", [("userid", user), ("sessionid", session), ("new", "true")], [("password", password)]
        ).split(separator: ",", omittingEmptySubsequences: false)
        guard login.count >= 8 else {
            throw Refused("the log-in was answered with something that is no smartCARS 2 answer: see --url")
        }
        pilot = String(login[0])
        _ = try await read("getpilotcenterdata", [("dbid", pilot)])
        _ = try await read("getairports", [("dbid", pilot)])
        let fleet = records(try await read("getaircraft", [("dbid", pilot)]), ",")
        var chosen = try await bids().first { wanted.name == nil || $0.flight.name == wanted.name }
        if chosen == nil { chosen = try await book(wanted) }
        guard var chosen else {
            throw Refused("the flight was bid on, but is not among the bids: see `albatross booking list`")
        }
        guard let aircraft = fleet.first(where: { $0.first == chosen.aircraft }) ?? fleet.first, aircraft.count >= 4
        else { throw Refused("no aircraft in service may fly \(chosen.flight.name): see the fleet") }
        chosen.aircraft = aircraft[0]
        chosen.flight.aircraftType = aircraft[2]
        chosen.flight.registration = aircraft[3]
        chosen.flight.pilot = String(login[1] + login[2])
        registration = aircraft[3]
        bid = chosen
        return chosen.flight
    }

    private func bids() async throws -> [Bid] {
        records(try await read("getbidflights", [("dbid", pilot)]), "|").filter { $0.count >= 15 }.map { fields in
            var flight = AssignedFlight()
            flight.code = fields[2]
            flight.number = fields[3]
            flight.departure = fields[4]
            flight.arrival = fields[5]
            flight.route = fields[6].split(separator: " ").map(String.init)
            flight.level = fields[7]
            return Bid(id: fields[0], route: fields[1], aircraft: fields[8], flight: flight)
        }
    }

    private func book(_ wanted: WantedFlight) async throws -> Bid? {
        var rows: [[String]] = []
        for ends in [(wanted.departure ?? "", wanted.arrival ?? ""), ("", "")] where rows.isEmpty {
            rows = records(
                try await read(
                    "searchflights",
                    [
                        ("dbid", pilot), ("departureicao", ends.0), ("arrivalicao", ends.1), ("mintime", ""),
                        ("maxtime", ""), ("aircraft", ""),
                    ]), "|"
            ).filter { $0.count >= 12 && (wanted.name == nil || $0[1] + $0[2] == wanted.name) }
        }
        guard let row = rows.first else {
            throw Refused(
                "no flight \(wanted.name ?? "") in the timetable: add it with `albatross schedule import`")
        }
        let answer = try await read("bidonflight", signed + [("routeid", row[0])])
        guard answer == "FLIGHT_BID" || answer == "FLIGHT_ALREADY_BID" else {
            throw Refused("bidonflight: \(answer): choose another flight with --flight, or wait until it is free")
        }
        let name = row[1] + row[2]
        guard let bid = try await bids().first(where: { $0.flight.name == name }) else {
            throw Refused("\(name): \(answer): choose another flight with --flight, or wait until it is free")
        }
        return bid
    }

    // MARK: The flight

    mutating func fly(_ index: Int, of script: FlightScript) async throws {
        let sample = script.sample(index)
        let flight = script.flight
        let hours = script.hoursRemaining(index)
        let minutes = Int((hours * 60).rounded())
        let heading = Wire.whole(sample.heading.rawValue)
        let answer = try await write(
            "positionreport",
            signed + [
                ("code", flight.code), ("flightnumber", flight.name), ("routeid", bid.route), ("bidid", bid.id),
                ("departureicao", flight.departure), ("arrivalicao", flight.arrival), ("aircraft", registration),
                ("altitude", Wire.whole(sample.altitude.rawValue)), ("magneticheading", heading),
                ("trueheading", heading), ("latitude", "\(sample.position.latitude)"),
                ("longitude", "\(sample.position.longitude)"),
                ("groundspeed", Wire.whole(sample.groundSpeed.rawValue)),
                ("distanceremaining", Wire.whole(script.remaining(index))), ("phase", String(phase(index, script))),
                ("departuretime", script.out.map(Wire.clock) ?? "N/A"),
                ("timeremaining", "\(minutes / 60):\(Wire.two(minutes % 60))"),
                ("arrivaltime", Wire.clock(script.time(index) + .hours(hours))), ("onlinenetwork", "Offline"),
            ], [("route", flight.route.joined(separator: " "))])
        guard answer == "SUCCESS" else {
            throw Refused("a position was answered \(answer): see that the bid is still there, and the server's log")
        }
    }

    private func phase(_ index: Int, _ script: FlightScript) -> Int {
        switch script.sample(index).phase {
        case .boarding: 0
        case .pushBack: 1
        case .taxi: 2
        case .takeOff: 3
        case .climbOut, .climb, .goAround: 4
        case .cruise: 5
        case .descent: 6
        case .approach: 7
        case .final: 8
        case .landed: 9
        case .taxiToGate: 10
        case .deboarding: index == script.last ? 12 : 11
        }
    }

    mutating func file(_ script: FlightScript) async throws -> JSONValue? {
        let flight = script.flight
        let day = script.start.components
        let log =
            "smartCARS version \(Self.clientVersion), \(day.year)/\(day.month)/\(day.day) UTC"
            + script.log.map { "[\(Wire.clock($0.time))] \($0.message)" }.joined()
        let time = Wire.duration(script.blockSeconds).split(separator: ":").joined(separator: ".")
        let answer = try await write(
            "filepirep",
            signed + [
                ("code", flight.code), ("flightnumber", flight.number), ("departureicao", flight.departure),
                ("arrivalicao", flight.arrival), ("aircraft", bid.aircraft), ("routeid", bid.route), ("bidid", bid.id),
                ("landingrate", Wire.whole(script.landingRate)), ("fuelused", Wire.whole(script.burn.rawValue)),
                ("load", String(FlightScript.passengers)), ("flighttime", time),
            ],
            [
                ("route", flight.route.joined(separator: " ")), ("comments", FlightScript.comment), ("log", log),
            ])
        guard answer == "SUCCESS" else {
            throw Refused("filepirep was answered \(answer): the flight stays open: file it again")
        }
        return nil
    }

    func decision() async throws -> String? {
        // The newest is the last of the list; the answer carries no time of day.
        let rows = records(
            try await read(
                "searchpireps",
                [
                    ("dbid", pilot), ("departureicao", bid.flight.departure), ("arrivalicao", bid.flight.arrival),
                    ("startdate", ""), ("enddate", ""), ("aircraft", ""), ("status", ""),
                ]), "|"
        ).filter { $0.count >= 7 && $0[1] + $0[2] == bid.flight.name }
        guard let id = rows.compactMap({ Int($0[0]) }).max() else { return nil }
        let data = try await read("getpirepdata", [("dbid", pilot), ("pirepid", String(id))])
            .split(separator: ",", omittingEmptySubsequences: false)
        guard data.count >= 5 else { return nil }
        return ["0": "Pending", "1": "Accepted", "2": "Rejected"][data[3]]
    }
}
