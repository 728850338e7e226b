import Domain
import Foundation
import Protocols

/// The two calls of FSPassengers: docs/protocols/fspassengers.md. No position is sent: the flight exists through its report.
struct FSPassengersClient: TrackerClient {
    private let http: TrackerHTTP
    private let user: String
    private let password: String

    static let sendsPositions = false
    private static let path = "action.php/acars/fspax"

    init(http: TrackerHTTP, pilot: FlightOrder.Pilot) throws {
        self.http = http
        user = try pilot.neededUser()
        password = try pilot.neededPassword()
    }

    private func call(_ command: String, _ fields: [(String, String)] = []) async throws -> String {
        let answer = try await http.send(
            .post(Self.path, form: [(command, "yes"), ("UserName", user), ("Password", password)] + fields))
        guard answer.isSuccess, answer.text.hasPrefix("#Answer#") else {
            throw Refused(
                "FSPassengers was answered \(answer.status) (\(answer.message)): give the adapter's root with /k/KEY/ as --url"
            )
        }
        return answer.text
    }

    mutating func assign(_ wanted: WantedFlight) async throws -> AssignedFlight {
        let flight = try wanted.typed(user: user, registration: "")
        let answer = try await call("FsPAskConnexion")
        guard answer.hasPrefix("#Answer# Ok - connected;") else {
            throw Refused(
                "\(answer.dropFirst(9)) See that the tracker key in --url is the pilot's, and the password right")
        }
        return flight
    }

    mutating func fly(_ index: Int, of script: FlightScript) async throws {}

    mutating func file(_ script: FlightScript) async throws -> JSONValue? {
        let flight = script.flight
        func airport(_ code: String, _ airport: Airport?) -> String { airport.map { "\(code) - \($0.name)" } ?? code }
        func span(_ seconds: Double) -> String {
            let seconds = Int(max(0, seconds).rounded())
            return "\(Wire.two(seconds / 3600)):\(Wire.two(seconds / 60 % 60)):\(Wire.two(seconds % 60))"
        }
        let out = script.out ?? script.start
        let end = script.inBlock ?? script.end
        let day = out.components
        let speed = script.profile.samples.first { $0.time == script.profile.on }?.groundSpeed.rawValue ?? 0
        let cruise = script.profile.samples.filter { $0.phase == .cruise }.map(\.groundSpeed.rawValue).max() ?? 0
        let answer = try await call(
            "FsPAskToRegister",
            [
                ("CompanyName", ""), ("PilotName", ""), ("FlightId", flight.name), ("OnlineNetworkNbr", "0"),
                ("FlightDate", "\(day.year)-\(Wire.two(day.month))-\(Wire.two(day.day))"), ("AircraftName", ""),
                ("AircraftType", "MEJ"), ("NbrPassengers", String(FlightScript.passengers)), ("CargoWeight", "0 lbs"),
                ("StartFuelQuantity", "\(Wire.whole(script.blockFuel.rawValue)) lbs"),
                ("EndFuelQuantity", "\(Wire.whole(script.blockFuel.rawValue - script.burn.rawValue)) lbs"),
                ("DepartureIcaoName", airport(flight.departure, script.departure)),
                ("ArrivalIcaoName", airport(flight.arrival, script.arrival)),
                ("DepartureLocalHour", Wire.minuteClock(out)), ("ArrivalLocalHour", Wire.minuteClock(end)),
                ("DepartureGmtHour", Wire.clock(out)), ("ArrivalGmtHour", Wire.clock(end)),
                ("TotalBlockTime", span(script.blockSeconds)), ("TotalBlockTimeNight", "00:00:00"),
                ("TotalAirbornTime", span(script.airSeconds)),
                ("TotalTimeOnGround", span(script.blockSeconds - script.airSeconds)),
                ("TotalDistance", "\(Wire.whole(script.distanceFlown)) Nm"), ("MaxAltitude", "\(script.topAltitude)ft"),
                ("CruiseSpeed", "\(Wire.whole(cruise)) kt"), ("LandingSpeed", "\(Wire.whole(speed)) kt"),
                ("TouchDownVertSpeedFt", Wire.fixed(script.landingRate, 2)), ("CaptainSentMayday", "0"),
                ("CrashFlag", "0"), ("FlightResult", ""), ("PassengersOpinion", ""),
                ("PassengersOpinionText", FlightScript.comment),
            ])
        // The client takes a repeat as delivered.
        guard answer.hasPrefix("#Answer# Ok - Saved;") || answer.hasPrefix("#Answer#exist#") else {
            throw Refused("\(answer.dropFirst(9)) See that \(flight.name) is in the timetable, and file it again")
        }
        return nil
    }
}
