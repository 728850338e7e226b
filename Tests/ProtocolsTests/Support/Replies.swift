import Domain
import Protocols
import Testing

/// Values for replies, to be encoded: an airline, a pilot, a flight.
enum Sample {
    static let uuid = "0199a3f2-7c11-7abc-8def-0123456789ab"
    static let time = Timestamp(iso8601: "2026-11-21T11:20:05.250Z") ?? Timestamp(milliseconds: 0)
    static func id<Entity>(_ type: Entity.Type) -> Identifier<Entity> {
        Identifier(uuid) ?? .make(at: Timestamp(milliseconds: 0))
    }
    static func icao(_ code: String) throws -> ICAOLocation { try #require(ICAOLocation(code)) }

    static let airline = AirlineReply(number: 1, icao: "VMS", iata: "VM", name: "Virtual Meridian")
    static let pilot = UserProfile(
        id: id(User.self), number: 1, ident: "VMS0001", name: "Ada Kern", email: "ada@demo.example", role: .pilot,
        rank: "Captain", isConfirmed: true)
    static let aircraft = AircraftDetails(
        id: id(Aircraft.self), number: 1, registration: "N845MJ", type: "E145", name: "ERJ-145", subfleet: "E145",
        isActive: true, location: nil, maximumPassengers: 50, maximumCargo: Kilograms(Pounds(2000.0)))
    static let subfleet = SubfleetReply(number: 1, name: "E145", type: "E145", airline: "VMS", aircraft: [aircraft])
    static let statistics = StatisticsReply(
        flightTime: Minutes(750), flights: 2, reports: 2, averageLandingRate: FeetPerMinute(-187.0))

    static func airport(_ code: String, _ latitude: Double, _ longitude: Double) throws -> Airport {
        Airport(
            icao: try icao(code), iata: nil, name: code, country: "US",
            position: try #require(Position(latitude: latitude, longitude: longitude)), elevation: Feet(13.0))
    }
    static func kennedy() throws -> Airport { try airport("KJFK", 40.639751, -73.778925) }
    static func logan() throws -> Airport { try airport("KBOS", 42.364347, -71.005181) }

    static func schedule() throws -> ScheduleDetails {
        ScheduleDetails(
            id: id(Schedule.self), number: 1000, airline: "VMS", flightNumber: "1000", departure: try icao("KJFK"),
            arrival: try icao("KBOS"), route: "MERIT ROBUC3", level: 18000, distance: NauticalMiles(162.0),
            departureTime: "10:00", arrivalTime: "11:10", flightTime: Minutes(70), aircraft: [1])
    }
    static let booking = BookingDetails(
        id: id(Booking.self), number: 7, user: pilot.id, schedule: id(Schedule.self), aircraft: 1, madeAt: time)

    static func plan(aircraft: AircraftDetails? = aircraft, booked: Bool = true) throws -> PlanReply {
        PlanReply(
            schedule: try schedule(), booking: booked ? booking : nil, aircraft: aircraft, departure: try kennedy(),
            arrival: try logan(), subfleets: [subfleet])
    }

    /// - Parameter change: What the tracker said since the flight was opened.
    static func flight(
        state: FlightReply.State = .open, code: String? = nil, change: (inout FlightDetails) -> Void = { _ in }
    ) throws -> FlightReply {
        let schedule = try schedule()
        let opening = FlightOpening(
            id: id(Flight.self), number: 2, user: pilot.id, pilotIdent: pilot.ident, pilotName: pilot.name,
            adapter: "test", booking: booking, schedule: schedule, aircraft: aircraft, callsign: "VMS1000",
            flightNumber: "1000", departure: schedule.departure, arrival: schedule.arrival, alternate: nil,
            network: nil, ruleset: RulesetReference(id: "balanced", version: 1, hash: "0"), openedAt: time, code: code)
        var details = FlightDetails()
        details.airline = "VMS"
        details.flightNumber = "1000"
        details.departure = schedule.departure
        details.arrival = schedule.arrival
        details.aircraft = 1
        details.route = schedule.route
        change(&details)
        var report: FiledReport?
        if state.isFiled {
            report = FiledReport(
                flight: opening.id, number: 2, user: pilot.id, filedAt: time, flightTimeHours: nil,
                fuelUsedAsSent: nil, content: FiledReport.Content(details))
        }
        return FlightReply(
            opening: opening, details: details, state: state, report: report, latest: nil, positionCount: 0,
            heardAt: time, endedAt: state == .open ? nil : time, comments: [], pilot: pilot, airline: airline,
            aircraft: aircraft, departure: try kennedy(), arrival: try logan())
    }

    static func page(_ entries: [ScheduleDetails]) -> SchedulePage {
        SchedulePage(entries: entries, total: entries.count, subfleets: [subfleet], booked: [])
    }
    static func profile(session: String? = nil) throws -> ProfileReply {
        ProfileReply(
            profile: pilot, airline: airline, statistics: statistics, location: try icao("KJFK"),
            home: try icao("KJFK"), lastReport: nil,
            bookings: [BookingReply(booking: booking, schedule: try schedule())], subfleets: [subfleet],
            session: session)
    }
}
