import Domain
import Foundation
import Protocols

/// The calls of the classic FSACARS, queries one and all: docs/protocols/fsacars.md.
struct FSACARSClient: TrackerClient {
    private let http: TrackerHTTP
    private let user: String

    static let usualInterval = 30.0
    private static let path = "action.php/acars/fsacars/"
    /// A part of the log in one query: the client keeps its calls under 2 kB.
    private static let partLimit = 900

    init(http: TrackerHTTP, pilot: FlightOrder.Pilot) throws {
        self.http = http
        user = try pilot.neededUser()
    }

    mutating func assign(_ wanted: WantedFlight) async throws -> AssignedFlight {
        let answer = try await http.send(.get(Self.path + "flightplans", [("pilot", user)]))
        let lines = answer.text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
        guard answer.isSuccess, lines.first == "OK", lines.count >= 16 else {
            throw Refused(
                "flightplans was answered \(answer.status) (\(answer.message)): give the adapter's root with the pilot's /k/KEY/ as --url"
            )
        }
        guard !lines[8].isEmpty else {
            throw Refused("no flight is booked: book one with `albatross booking create`")
        }
        guard wanted.name == nil || wanted.name == lines[8] else {
            throw Refused(
                "\(lines[8]) is booked, not \(wanted.name ?? ""): FSACARS flies the oldest booking, cancel it first")
        }
        var flight = AssignedFlight()
        flight.pilot = user
        flight.code = lines[10]
        flight.number = String(lines[8].dropFirst(lines[8].hasPrefix(lines[10]) ? lines[10].count : 0))
        flight.departure = lines[1]
        flight.arrival = lines[2]
        flight.level = lines[4]
        flight.registration = lines[9]
        flight.route = lines[11].split(separator: " ").map(String.init)
        return flight
    }

    mutating func fly(_ index: Int, of script: FlightScript) async throws {
        let sample = script.sample(index)
        let flight = script.flight
        let (coarse, fine) = Self.phase(sample.phase)
        let answer = try await http.sendOnce(
            .get(
                Self.path + "status",
                [
                    ("lat", Wire.fixed(sample.position.latitude, 6)),
                    ("long", Wire.fixed(sample.position.longitude, 6)),
                    ("GS", Wire.whole(sample.groundSpeed.rawValue)), ("Alt", Wire.whole(sample.altitude.rawValue)),
                    ("IATA", flight.name), ("pnumber", user), ("depaptICAO", flight.departure),
                    ("destaptICAO", flight.arrival), ("depapt", script.departure?.name ?? ""),
                    ("destapt", script.arrival?.name ?? ""), ("disdepapt", DataText.flown(index, script)),
                    ("disdestapt", Wire.fixed(script.remaining(index), 1)),
                    ("timedepapt", Wire.duration((script.time(index) - script.start).seconds)),
                    ("timedestapt", Wire.duration(script.hoursRemaining(index) * 3600)), ("Ph", String(coarse)),
                    ("detailph", String(fine)), ("cargo", "0"), ("Regist", flight.registration), ("Online", "No"),
                ]))
        guard let answer, answer.isSuccess, answer.text != "OK" else { return }
        throw Refused(
            "a position was answered \"\(answer.message)\" instead of OK: see that --url is the adapter's root")
    }

    private static func phase(_ phase: SmartCARSPhase) -> (coarse: Int, fine: Int) {
        switch phase {
        case .boarding, .pushBack: (1, 1)
        case .taxi: (2, 2)
        case .takeOff: (2, 3)
        case .climbOut, .climb, .goAround: (2, 4)
        case .cruise, .descent: (3, 5)
        case .approach, .final: (3, 6)
        case .landed: (4, 7)
        case .taxiToGate: (4, 8)
        case .deboarding: (4, 9)
        }
    }

    // MARK: The report

    mutating func file(_ script: FlightScript) async throws -> JSONValue? {
        let flight = script.flight
        let day = script.start.components
        let date = "\(day.year)/\(Wire.two(day.month))/\(Wire.two(day.day))"
        let time = Wire.clock(script.start)
        let fields = [
            ("pilot", flight.code + user), ("date", date), ("time", time), ("callsign", ""),
            ("reg", flight.registration), ("origin", flight.departure), ("dest", flight.arrival), ("alt", ""),
            ("equipment", flight.aircraftType), ("fuel", Wire.whole(script.burn.rawValue)),
            ("duration", Wire.duration(script.blockSeconds)), ("distance", Wire.whole(script.distanceFlown)),
            ("version", "4015"),
        ]
        var rest = Substring(log(script, "\(date) \(time)"))
        var more = "0"
        repeat {
            let part = rest.prefix(Self.partLimit)
            rest = rest.dropFirst(part.count)
            let answer = try await http.send(
                .get(Self.path + "pirep", fields + [("more", more), ("log", String(part))]))
            guard answer.isSuccess, answer.text.uppercased() == "OK" else {
                throw Refused(
                    "the report was answered \"\(answer.message)\" instead of OK: see that the tracker key in --url is the pilot's and the flight is in the timetable"
                )
            }
            more = "1"
        } while !rest.isEmpty
        return nil
    }

    /// Entries between stars; events have a clock and no date.
    private func log(_ script: FlightScript, _ begun: String) -> String {
        let flight = script.flight
        var entries = [
            "[\(begun)]", "Flight IATA:\(flight.name)", "Pilot Number:\(user)", "Company ICAO:\(flight.code)",
            "Aircraft Type:\(flight.aircraftType)", "PAX:\(FlightScript.passengers)",
            "Aircraft Registration:\(flight.registration)", "Departing Airport: \(flight.departure)",
            "Destination Airport: \(flight.arrival)", "Online: No", "Route:\(flight.route.joined(separator: " "))",
            "Flight Level:\(flight.level)",
        ]
        var events = script.log.map { (time: $0.time, text: $0.message) }
        func event(_ time: Timestamp?, _ texts: String...) {
            guard let time else { return }
            for text in texts { events.append((time, text)) }
        }
        event(script.out, "Parking Brakes off")
        event(script.off, "Take-off")
        let speed = script.profile.samples.first { $0.time == script.profile.on }?.groundSpeed.rawValue ?? 0
        event(
            script.on, "Land",
            "TouchDown:Rate \(Wire.whole(script.landingRate)) ft/min Speed: \(Wire.whole(speed)) Knots")
        event(
            script.inBlock, "Parking brakes on", "Flight Duration: \(Wire.duration(script.airSeconds))",
            "Block to Block Duration: \(Wire.duration(script.blockSeconds))")
        event(
            script.end, "Final Fuel: \(Wire.whole(script.blockFuel.rawValue - script.burn.rawValue)) Lbls",
            "Spent Fuel: \(Wire.whole(script.burn.rawValue)) Lbls",
            "Flight Length: \(Wire.whole(script.distanceFlown)) NM")
        entries += events.enumerated().sorted { ($0.element.time, $0.offset) < ($1.element.time, $1.offset) }.map {
            "\(Wire.minuteClock($0.element.time))  \($0.element.text)"
        }
        return entries.joined(separator: "*") + "*"
    }
}
