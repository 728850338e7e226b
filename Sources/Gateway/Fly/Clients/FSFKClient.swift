import Domain
import Foundation
import Protocols

/// The calls of FS Flight Keeper 3.0.1: docs/protocols/fsfk.md.
struct FSFKClient: TrackerClient {
    private let http: TrackerHTTP
    private let user: String
    private let password: String
    private let registration: String
    private var flightCode = ""
    private var messages = MessageNumbers()
    private var told: Set<Int> = []

    static let usualInterval = 120.0
    private static let path = "action.php/fsfk/"
    private static let client = ("DATA1", "FLKEEPER|3.0.1")

    init(http: TrackerHTTP, pilot: FlightOrder.Pilot) throws {
        self.http = http
        user = try pilot.neededUser()
        password = pilot.password ?? ""
        registration = pilot.registration ?? ""
    }

    private func live(_ data: String...) -> TrackerHTTP.Request {
        .post(Self.path + "acars", form: [Self.client] + data.enumerated().map { ("DATA\($0.offset + 2)", $0.element) })
    }

    // MARK: The flight

    mutating func assign(_ wanted: WantedFlight) async throws -> AssignedFlight {
        let flight = try wanted.typed(user: user, registration: registration)
        _ = try DataAnswer.good(
            "TEST", try await http.send(live("TEST", user)), next: "see that the tracker key in --url is the pilot's")
        return flight
    }

    mutating func begin(_ script: FlightScript) async throws {
        let index = script.first
        let sample = script.sample(index)
        let heading = Wire.whole(sample.heading.rawValue)
        let ends = [script.departure, script.arrival].compactMap { $0?.position }
        let fields = [
            user, "", script.flight.number, script.flight.aircraftType, script.flight.code,
            DataText.plan(script.flight), DataText.position(sample.position), Wire.whole(sample.altitude.rawValue),
            String(FlightScript.passengers), "0", "", Wire.whole(script.fuel(index).rawValue), heading, DataText.calm,
            DataText.temperature(sample), "IFR", Wire.whole(script.directDistance), password, heading,
            ends.map { Wire.fixed($0.latitude, 4) }.joined(separator: "~"),
            ends.map { Wire.fixed($0.longitude, 4) }.joined(separator: "~"),
        ]
        flightCode = try DataAnswer.good(
            "BEGINFLIGHT", try await http.send(live("BEGINFLIGHT", fields.joined(separator: "|"))),
            next: "see the pilot's password")
    }

    mutating func fly(_ index: Int, of script: FlightScript) async throws {
        let sample = script.sample(index)
        let position = DataText.position(sample.position)
        var event = "POS \(position)"
        if let moment = script.moment(index), told.insert(index).inserted {
            let word =
                switch moment {
                case .out: "OUT"
                case .off: "OFF"
                case .on: "ON"
                case .inBlock: "IN"
                }
            event = "\(word)\r\n/POS \(position)"
        }
        let heading = Wire.whole(sample.heading.rawValue)
        let temperature = DataText.temperature(sample)
        let lines = [
            event, "/HDG \(heading) /HDT \(heading)", "/ALT \(Wire.whole(sample.altitude.rawValue))",
            "/IAS \(Wire.whole(script.indicatedAirspeed(index))) /TAS \(Wire.whole(script.trueAirspeed(index)))",
            "/WND \(DataText.calm) /OAT \(temperature) /TAT \(temperature)",
            "/FOB \(Wire.whole(script.fuel(index).rawValue))",
            "/DST \(DataText.flown(index, script)) - \(Wire.whole(script.directDistance))", "",
        ]
        let text =
            DataText.header(script, index, label: "PR", numbers: &messages, flight: script.flight.number, line: "\r\n")
            + "Message:\r\n" + lines.joined(separator: "\r\n")
        guard let answer = try await http.sendOnce(live("MESSAGE", flightCode, text)) else { return }
        _ = try DataAnswer.good("MESSAGE", answer, next: "begin the flight again")
    }

    mutating func endTrack(_ script: FlightScript) async throws {
        _ = try await http.sendOnce(live("ENDFLIGHT", flightCode))
    }

    // MARK: The report

    /// The template of the set-up page, filled.
    mutating func file(_ script: FlightScript) async throws -> JSONValue? {
        let flight = script.flight
        func airport(_ code: String, _ airport: Airport?) -> String { airport.map { "\(code) - \($0.name)" } ?? code }
        func date(_ time: Timestamp?) -> String { time.map(DataText.dayFirst) ?? "" }
        let fuel = Wire.whole(script.burn.rawValue)
        let elements = [
            ("PilotID", user), ("PilotName", ""), ("AircraftTitle", flight.aircraftType),
            ("AircraftType", flight.aircraftType), ("AircraftTailNumber", flight.registration),
            ("AircraftAirline", flight.code), ("FlightNumber", flight.number),
            ("FlightLevel", String(script.topAltitude)), ("FlightType", "IFR"),
            ("Passenger", String(FlightScript.passengers)), ("Cargo", "0"), ("ZFW", ""),
            ("OriginICAO", airport(flight.departure, script.departure)),
            ("DestinationICAO", airport(flight.arrival, script.arrival)), ("AlternateICAO", ""),
            ("FlightDistance", Wire.whole(script.distanceFlown)), ("RouteDistance", Wire.whole(script.directDistance)),
            ("OUTTime", date(script.out)), ("OFFTime", date(script.off)), ("ONTime", date(script.on)),
            ("INTime", date(script.inBlock)), ("BlockTime", Wire.duration(script.blockSeconds)),
            ("FlightTime", Wire.duration(script.airSeconds)), ("BlockFuel", fuel), ("FlightFuel", fuel),
            ("ONVS", Wire.fixed(script.landingRate, 2)),
        ]
        // The client fills the template without escaping anything.
        let text =
            "<FLIGHTDATA>\r\n" + elements.map { "\t<\($0.0)>\($0.1)</\($0.0)>\r\n" }.joined()
            + "\t<COMMENT>\r\n\t<![CDATA[\r\n\t\(FlightScript.comment)\r\n\t]]>\r\n\t</COMMENT>\r\n"
            + "\t<FLIGHTCRITIQUE>\r\n\t<![CDATA[\r\n"
            + script.log.map { "\t\(Wire.minuteClock($0.time)) \($0.message)\r\n" }.joined()
            + "\t]]>\r\n\t</FLIGHTCRITIQUE>\r\n</FLIGHTDATA>\r\n"
        let answer = try await http.send(.post(Self.path + "pirep", form: [("DATA2", text)]))
        // A page when it was stored, a sentence when it was not.
        guard answer.isSuccess, answer.text.contains("<") else {
            throw Refused("the report: \(answer.status) \(answer.message): see pilot and airports, and file it again")
        }
        return nil
    }
}
