import Domain
import Foundation
import Protocols

/// The calls of XACARS 3.0 for X-Plane: docs/protocols/xacars.md.
struct XACARSClient: TrackerClient {
    private let http: TrackerHTTP
    private let user: String
    private let password: String
    private var flightCode = ""
    private var messages = MessageNumbers()
    /// Messages of events, each sent once.
    private var told: Set<Int> = []

    static let usualInterval = 60.0
    private static let path = "action.php/acars/xacars/"
    private static let client = ("DATA1", "XACARS|3.0")

    init(http: TrackerHTTP, pilot: FlightOrder.Pilot) throws {
        self.http = http
        user = try pilot.neededUser()
        password = try pilot.neededPassword()
    }

    private func live(_ data: String...) -> TrackerHTTP.Request {
        .post(Self.path + "acars", form: [Self.client] + data.enumerated().map { ("DATA\($0.offset + 2)", $0.element) })
    }

    // MARK: The flight

    mutating func assign(_ wanted: WantedFlight) async throws -> AssignedFlight {
        _ = try DataAnswer.good(
            "TEST", try await http.send(live("TEST", user)), next: "see that the tracker key in --url is the pilot's")
        let answer = try DataAnswer.good(
            "flight info",
            try await http.send(
                .get(
                    Self.path + "data",
                    [Self.client, ("DATA2", wanted.name ?? "bid"), ("DATA4", user), ("DATA5", password)])),
            next: "book a flight with `albatross booking create`")
        let lines = answer.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
        guard lines.count >= 9 else { throw Refused("the flight info is no XACARS answer: see --url") }
        var flight = AssignedFlight()
        flight.pilot = user
        flight.departure = lines[1]
        flight.arrival = lines[2]
        flight.route = lines[4] == "DCT" ? [] : lines[4].split(separator: " ").map(String.init)
        flight.registration = lines[8]
        flight.level = lines.count > 9 ? lines[9] : ""
        // The answer does not name the flight: the pilot types what was booked.
        guard let name = wanted.name else {
            throw Refused("XACARS is not told the number of a booked flight: give --flight")
        }
        (flight.code, flight.number) = WantedFlight.parts(of: name)
        return flight
    }

    mutating func begin(_ script: FlightScript) async throws {
        let index = script.first
        let sample = script.sample(index)
        let fields = [
            user, "", script.flight.name, script.flight.registration, "", DataText.plan(script.flight),
            DataText.position(sample.position), Wire.whole(sample.altitude.rawValue), "", "", "",
            Wire.whole(script.fuel(index).rawValue), Wire.whole(sample.heading.rawValue), DataText.calm,
            DataText.temperature(sample), "IFR", Wire.whole(script.directDistance), password, "",
        ]
        flightCode = try DataAnswer.good(
            "BEGINFLIGHT", try await http.send(live("BEGINFLIGHT", fields.joined(separator: "|"), "")),
            next: "see the pilot's password")
    }

    mutating func fly(_ index: Int, of script: FlightScript) async throws {
        let sample = script.sample(index)
        var label = "PR"
        var first = ""
        if let moment = script.moment(index), told.insert(index).inserted {
            let time = Wire.minuteClock(script.time(index))
            switch moment {
            case .out: (label, first) = ("QA", "OUT \(time)\n/AP \(script.flight.departure)\n/")
            case .off: (label, first) = ("QB", "OFF \(time)\n/")
            case .on: (label, first) = ("QC", "ON \(time)\n/AP \(script.flight.arrival)\n/")
            case .inBlock: (label, first) = ("QD", "IN \(time)\n/")
            }
        } else if [.climb, .cruise, .descent].contains(sample.phase), script.beginsPhase(index),
            told.insert(index).inserted
        {
            label = "AR"
        }
        var trend = ""
        if !sample.isOnGround {
            let rate = script.verticalSpeed(index)
            trend = rate > 300 ? " CLIMB" : rate < -300 ? " DESC" : " LEVEL"
        }
        let heading = Wire.whole(sample.heading.rawValue)
        let lines = [
            "POS \(DataText.position(sample.position))", "/HDG \(heading) /HDT \(heading)",
            "/ALT \(Wire.whole(sample.altitude.rawValue))\(trend)",
            "/IAS \(Wire.whole(script.indicatedAirspeed(index))) /TAS \(Wire.whole(script.trueAirspeed(index)))",
            "/WND \(DataText.calm) /OAT \(DataText.temperature(sample))",
            "/FOB \(Wire.whole(script.fuel(index).rawValue))",
            "/DST \(DataText.flown(index, script)) - \(Wire.whole(script.directDistance))",
        ]
        let text =
            DataText.header(script, index, label: label, numbers: &messages, flight: script.flight.name, line: "\n")
            + "Message:\n" + first + lines.joined(separator: "\n")
        guard let answer = try await http.sendOnce(live("MESSAGE", flightCode, text)) else { return }
        _ = try DataAnswer.good("MESSAGE \(label)", answer, next: "begin the flight again")
    }

    mutating func endTrack(_ script: FlightScript) async throws {
        _ = try await http.sendOnce(live("ENDFLIGHT", flightCode))
    }

    mutating func file(_ script: FlightScript) async throws -> JSONValue? {
        let flight = script.flight
        let first = script.sample(script.first)
        let last = script.sample(script.last)
        func unix(_ time: Timestamp?, or other: Timestamp) -> String { String((time ?? other).milliseconds / 1000) }
        func apart(_ position: Position) -> [String] {
            let text = DataText.position(position).split(separator: " ")
            return [text.prefix(2).joined(separator: " "), text.suffix(2).joined(separator: " ")]
        }
        let rates = script.profile.samples.indices.map(script.verticalSpeed)
        let fuel = Wire.whole(script.burn.rawValue)
        var fields = [user, password, flight.name, flight.registration]
        fields += [
            flight.level.isEmpty ? String(script.topAltitude) : flight.level, "IFR", flight.departure, flight.arrival,
            flight.arrival, DataText.dayFirst(script.out ?? script.start), Wire.duration(script.blockSeconds),
            Wire.duration(script.airSeconds), fuel, fuel, String(FlightScript.passengers), "0", "OFFLINE",
        ]
        fields += [
            unix(script.out, or: script.start), unix(script.off, or: script.start), unix(script.on, or: script.end),
            unix(script.inBlock, or: script.end), "", "", "",
        ]
        fields += apart(first.position) + [Wire.whole(first.altitude.rawValue)]
        fields += apart(last.position) + [Wire.whole(last.altitude.rawValue)]
        fields += [
            Wire.whole(max(0, rates.max() ?? 0)), Wire.whole(max(0, -(rates.min() ?? 0))),
            Wire.whole(script.profile.samples.indices.map(script.indicatedAirspeed).max() ?? 0),
            Wire.whole(script.profile.samples.map(\.groundSpeed.rawValue).max() ?? 0),
        ]
        _ = try DataAnswer.good(
            "the report",
            try await http.send(
                .post(Self.path + "pirep", form: [Self.client, ("DATA2", fields.joined(separator: "~"))])),
            next: "see password and airports, and file it again")
        return nil
    }
}
