import Domain
import Foundation
import Protocols

/// The calls of a kACARS_Free client, XML to one address: docs/protocols/kacars.md.
struct KACARSClient: TrackerClient {
    private let http: TrackerHTTP
    private let user: String
    private let password: String

    static let usualInterval = 30.0
    private static let path = "action.php/kacars_free"

    init(http: TrackerHTTP, pilot: FlightOrder.Pilot) throws {
        self.http = http
        user = try pilot.neededUser()
        password = try pilot.neededPassword()
    }

    // MARK: XML

    private static func element(_ name: String, _ text: String) -> String {
        text.isEmpty ? "<\(name)/>" : "<\(name)>\(escaped(text))</\(name)>"
    }
    private static func element(_ name: String, _ children: [(String, String)]) -> String {
        "<\(name)>" + children.map { element($0.0, $0.1) }.joined() + "</\(name)>"
    }
    static func escaped(_ text: String) -> String {
        text.replacing("&", with: "&amp;").replacing("<", with: "&lt;").replacing(">", with: "&gt;")
    }

    private func message(_ action: String, _ verify: [(String, String)], _ more: String = "") -> TrackerHTTP.Request {
        let text =
            "<kacars>" + Self.element("switch", [("data", action)]) + Self.element("verify", verify) + more
            + "</kacars>"
        return .post(Self.path, [], Array(text.utf8), type: "text/xml")
    }

    /// The values of an answer. The client cuts it at the declaration and reads flat elements; so does this.
    private func values(_ what: String, _ answer: TrackerHTTP.Answer) throws -> [String: String] {
        guard answer.isSuccess, let start = answer.text.firstRange(of: "<?xml") else {
            throw Refused(
                "\(what) was answered \(answer.status) (\(answer.message)): give the adapter's root with /k/KEY/ as --url"
            )
        }
        var values: [String: String] = [:]
        var rest = answer.text[start.upperBound...]
        while let open = rest.firstIndex(of: "<"), let close = rest[open...].firstIndex(of: ">") {
            let name = rest[rest.index(after: open)..<close]
            rest = rest[rest.index(after: close)...]
            guard !name.hasPrefix("/"), !name.hasSuffix("/"), let end = rest.firstRange(of: "</\(name)>") else {
                continue
            }
            let text = rest[..<end.lowerBound]
            guard !text.contains("<") else { continue }
            values[String(name)] = String(
                text.replacing("&lt;", with: "<").replacing("&gt;", with: ">").replacing("&amp;", with: "&"))
            rest = rest[end.upperBound...]
        }
        return values
    }

    // MARK: The flight

    mutating func assign(_ wanted: WantedFlight) async throws -> AssignedFlight {
        let login = try values(
            "verify", try await http.send(message("verify", [("pilotID", user), ("password", password)])))
        guard login["loginStatus"] == "1" else {
            throw Refused(
                "loginStatus \(login["loginStatus"] ?? "missing"): see that the tracker key in --url is the pilot's, and the password right"
            )
        }
        var found = try values("getbid", try await http.send(message("getbid", [("pilotID", user)])))
        if found["flightStatus"] == "3" {
            throw Refused("the aircraft of the bid is out of service: choose another one for the booking")
        }
        if let name = wanted.name, found["flightNumber"] != name {
            // Typed in place of the booking's.
            let number = "<pirep>" + Self.element("flightNumber", name) + "</pirep>"
            found = try values("getflight", try await http.send(message("getflight", [], number)))
        }
        guard found["flightStatus"] == "1", let name = found["flightNumber"] else {
            throw Refused(
                "flightStatus \(found["flightStatus"] ?? "missing"): no \(wanted.name ?? "bid"): book a flight with `albatross booking create`"
            )
        }
        var flight = AssignedFlight()
        flight.pilot = user
        (flight.code, flight.number) = WantedFlight.parts(of: name)
        flight.departure = found["depICAO"] ?? ""
        flight.arrival = found["arrICAO"] ?? ""
        flight.route = (found["route"] ?? "").split(separator: " ").map(String.init)
        flight.level = found["flightLevel"] ?? ""
        flight.registration = found["aircraftReg"] ?? ""
        flight.aircraftType = found["aircraftICAO"] ?? ""
        return flight
    }

    mutating func fly(_ index: Int, of script: FlightScript) async throws {
        let sample = script.sample(index)
        let departed = script.out.flatMap { $0 <= script.time(index) ? Wire.minuteClock($0) : nil }
        let update = Self.element(
            "liveupdate",
            [
                ("flightNumber", script.flight.name), ("registration", script.flight.registration),
                ("depICAO", script.flight.departure), ("arrICAO", script.flight.arrival),
                ("depTime", departed ?? "null"), ("route", script.flight.route.joined(separator: " ")),
                ("latitude", Wire.fixed(sample.position.latitude, 6)),
                ("longitude", Wire.fixed(sample.position.longitude, 6)),
                ("heading", Wire.whole(sample.heading.rawValue)), ("altitude", Wire.whole(sample.altitude.rawValue)),
                ("groundSpeed", Wire.whole(sample.groundSpeed.rawValue)), ("status", Self.status(sample.phase)),
            ])
        // The answer is empty whatever became of it, and the client does not look at it.
        _ = try await http.sendOnce(message("liveupdate", [("pilotID", user)], update))
    }

    private static func status(_ phase: SmartCARSPhase) -> String {
        switch phase {
        case .boarding: "Boarding"
        case .pushBack: "Pushback"
        case .taxi, .taxiToGate: "Taxi"
        case .takeOff: "Takeoff"
        case .climbOut, .climb, .goAround: "Climb"
        case .cruise: "Cruise"
        case .descent, .approach, .final: "Descent"
        case .landed: "Landing"
        case .deboarding: "Disembarking"
        }
    }

    mutating func file(_ script: FlightScript) async throws -> JSONValue? {
        let minutes = Int((script.blockSeconds / 60).rounded())
        let log = script.log.map { "[\(Wire.minuteClock($0.time))] \($0.message)<br />" }.joined()
        let report = Self.element(
            "pirep",
            [
                ("flightNumber", script.flight.name), ("depICAO", script.flight.departure),
                ("arrICAO", script.flight.arrival), ("registration", script.flight.registration),
                ("pax", String(FlightScript.passengers)), ("cargo", "0"),
                ("fuelUsed", Wire.whole(script.burn.rawValue)),
                ("flightTime", "\(minutes / 60).\(Wire.two(minutes % 60))"), ("flightType", "P"),
                ("landing", Wire.whole(script.landingRate)), ("comments", FlightScript.comment), ("log", log),
            ])
        let answer = try values("pirep", try await http.send(message("pirep", [("pilotID", user)], report)))
        guard answer["pirepStatus"] == "1" else {
            throw Refused("pirepStatus \(answer["pirepStatus"] ?? "missing"): the report was not stored: file it again")
        }
        return nil
    }
}
