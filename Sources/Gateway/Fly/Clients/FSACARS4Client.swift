import Domain
import Foundation
import Protocols

/// The calls of FSACARS 4.2.5: docs/protocols/fsacars4.md.
struct FSACARS4Client: TrackerClient {
    private let http: TrackerHTTP
    private let user: String
    private let password: String
    private let registration: String

    static let usualInterval = 10.0

    init(http: TrackerHTTP, pilot: FlightOrder.Pilot) throws {
        self.http = http
        user = try pilot.neededUser()
        password = try pilot.neededPassword()
        registration = pilot.registration ?? ""
    }

    mutating func assign(_ wanted: WantedFlight) async throws -> AssignedFlight {
        let login = try await http.send(.post("userquery", form: [("user", user), ("pass", password)]))
        guard login.isSuccess, login.text == "USEROK" else {
            throw Refused(
                "userquery was answered \(login.status) \(login.message): see the user, the password and that --url is the adapter's root"
            )
        }
        let answer = try await http.send(
            .post(
                "dispatch",
                form: [
                    ("user", user), ("orig", wanted.departure ?? ""), ("dest", wanted.arrival ?? ""),
                    ("rqst", wanted.name ?? "dest"),
                ]))
        let parts = answer.text.split(separator: "|", omittingEmptySubsequences: false).map(String.init)
        guard answer.isSuccess, parts.count >= 4, !parts[0].isEmpty else {
            throw Refused(
                "dispatch: \(parts.count > 1 ? parts[1] : answer.message): book a flight with `albatross booking create`, and give the root with the pilot's /k/KEY/ as --url"
            )
        }
        guard wanted.name == nil || wanted.name == parts[3] else {
            throw Refused(
                "\(parts[3]) is booked, not \(wanted.name ?? ""): FSACARS 4 is told the oldest booking, cancel it first"
            )
        }
        var flight = AssignedFlight()
        flight.pilot = user
        (flight.code, flight.number) = WantedFlight.parts(of: parts[3])
        flight.departure = parts[0]
        flight.arrival = parts[1]
        flight.registration = registration
        return flight
    }

    /// The same in all calls of a flight.
    private func hash(_ script: FlightScript) -> String {
        script.clientID.uuidString.lowercased().replacing("-", with: "")
    }

    mutating func fly(_ index: Int, of script: FlightScript) async throws {
        let sample = script.sample(index)
        // The answer is not looked at.
        _ = try await http.sendOnce(
            .post(
                "posrep",
                form: [
                    ("user", user), ("fhash", hash(script)), ("lat2", Wire.fixed(sample.position.latitude, 6)),
                    ("lon2", Wire.fixed(sample.position.longitude, 6)), ("msl", Wire.whole(sample.altitude.rawValue)),
                    ("gskts", Wire.whole(sample.groundSpeed.rawValue)),
                    ("hdgtrue", Wire.whole(sample.heading.rawValue)), ("onground", sample.isOnGround ? "1" : "0"),
                    ("aircraft", script.flight.aircraftType), ("orig", script.flight.departure),
                    ("dest", script.flight.arrival),
                    ("etime", Wire.whole((script.time(index) - script.start).seconds)),
                ]))
    }

    mutating func file(_ script: FlightScript) async throws -> JSONValue? {
        let flight = script.flight
        let end = script.end.components
        func clock(_ time: Timestamp?) -> String { time.map { Wire.minuteClock($0).replacing(":", with: "") } ?? "" }
        func place(_ number: Int, _ sample: FlightProfile.Sample?) -> [(String, String)] {
            guard let position = sample?.position else { return [] }
            return [
                ("lat\(number)", Wire.fixed(position.latitude, 6)), ("lon\(number)", Wire.fixed(position.longitude, 6)),
            ]
        }
        var fields = [
            ("user", user), ("pass", password), ("auth", ""), ("verf", "FSACARS"), ("version", "4.2.5"),
            ("fhash", hash(script)), ("datestamp", String(script.end.milliseconds / 1000)),
            ("dateshort", "\(Wire.two(end.month))/\(Wire.two(end.day))/\(Wire.two(end.year % 100))"),
            ("fnum", flight.name), ("aircraft", flight.aircraftType),
            ("atcData", "\(flight.registration)/\(flight.number)/\(flight.code)/\(flight.aircraftType)"),
            ("atcModel", flight.aircraftType),
        ]
        fields += place(1, script.sample(script.first))
        fields += place(2, script.profile.samples.first { $0.time == script.profile.on })
        fields += place(3, script.sample(script.last))
        fields += [
            ("timeout", clock(script.out)), ("timeoff", clock(script.off)), ("timeon", clock(script.on)),
            ("timein", clock(script.inBlock)), ("blocktime", Wire.fixed(script.blockSeconds / 3600, 2)),
            ("airtime", Wire.fixed(script.airSeconds / 3600, 2)), ("directNM", Wire.whole(script.directDistance)),
            ("actualNM", Wire.fixed(script.distanceFlown, 1)), ("fuelstart", Wire.whole(script.blockFuel.rawValue)),
            ("fuelstop", Wire.whole(script.blockFuel.rawValue - script.burn.rawValue)),
            ("blockfuel", Wire.whole(script.burn.rawValue)), ("landingFPM", Wire.whole(script.landingRate)),
            ("crashed", "0"), ("refuel", "0"), ("pirep", FlightScript.comment),
        ]
        let answer = try await http.send(.post("pirep", form: fields))
        guard answer.isSuccess, answer.text.hasPrefix("#RXOK#|Report received") else {
            throw Refused("the report was answered \"\(answer.message)\": see the password, and file it again")
        }
        return nil
    }
}
