import Domain
import Foundation

@testable import Validation

/// A flight to judge, by default an ordinary one: LFPG to LFBO, A320, booked, with a track of its own making.
struct Case {
    static let start = Timestamp(milliseconds: 1_750_000_000_000)
    static let user = UserID.make(at: start)
    static let everything = AdapterCapabilities(
        Dictionary(uniqueKeysWithValues: AdapterCapabilities.Field.allCases.map { ($0, .measured) })
    )
    /// smartCARS 3: no airspeed, fuel, rate, flag or brake with its positions; the landing rate comes with the report.
    static let smartCARS = AdapterCapabilities([
        .position: .measured, .altitudeMSL: .measured, .groundSpeed: .measured, .touchdownRate: .reported,
        .aircraftType: .reported,
    ])

    var airports: any AirportDirectory = TestAirports()
    var capabilities = everything
    var samples: [PositionSample] = []
    var departure = ICAOLocation("LFPG")
    var arrival = ICAOLocation("LFBO")
    var alternate: ICAOLocation?
    var flightNumber = "AFR34ZG"
    var scheduledNumber = "34ZG"
    var scheduledDeparture = ICAOLocation("LFPG")
    var scheduledArrival = ICAOLocation("LFBO")
    var scheduledMinutes = 80
    var isBooked = true
    var hasSchedule = true
    var bookedAircraft: Int? = 1
    var scheduleAircraft: [Int] = []
    var aircraft: AircraftDetails? = Case.aircraft(1, "A320")
    var flown: AircraftDetails?
    var landingRate: Double? = -182
    var events: [TrackerEvent] = []
    /// Of the report.
    var details = FlightDetails()
    var earlier: [EarlierReport] = []
    var diversion: DeclaredDiversion?
    var flight = FlightID.make(at: start)
    var user = Case.user
    var filedAt = start + .hours(5)
    var ruleset = Ruleset.balanced

    init() {}
    init(_ samples: [PositionSample]) { self.samples = samples }

    static func aircraft(_ number: Int, _ type: String, subfleet: String = "") -> AircraftDetails {
        AircraftDetails(
            id: AircraftID.make(at: start), number: number, registration: "F-TEST\(number)", type: type, name: type,
            subfleet: subfleet, isActive: true, location: nil
        )
    }

    var schedule: ScheduleDetails? {
        guard hasSchedule, let scheduledDeparture, let scheduledArrival else { return nil }
        return ScheduleDetails(
            id: ScheduleID.make(at: Case.start), number: 1, airline: "AFR", flightNumber: scheduledNumber,
            departure: scheduledDeparture, arrival: scheduledArrival, route: "", level: 350,
            distance: NauticalMiles(326), departureTime: nil, arrivalTime: nil, flightTime: Minutes(scheduledMinutes),
            aircraft: scheduleAircraft
        )
    }
    var opening: FlightOpening {
        let booking = BookingDetails(
            id: BookingID.make(at: Case.start), number: 1, user: user, schedule: ScheduleID.make(at: Case.start),
            aircraft: bookedAircraft, madeAt: Case.start
        )
        return FlightOpening(
            id: flight, number: 1, user: user, pilotIdent: "AFR1", pilotName: "A Pilot", adapter: "smartcars3",
            booking: isBooked ? booking : nil, schedule: schedule, aircraft: aircraft, callsign: flightNumber,
            flightNumber: flightNumber, departure: departure, arrival: arrival, alternate: alternate, network: nil,
            ruleset: ruleset.reference, openedAt: Case.start
        )
    }
    var report: FiledReport {
        var content = FiledReport.Content(events: events)
        content.landingRate = landingRate.map { FeetPerMinute($0) }
        content.details = details
        return FiledReport(
            flight: flight, number: 1, user: user, filedAt: filedAt, flightTimeHours: nil, fuelUsedAsSent: nil,
            content: content
        )
    }
    var input: EvaluationInput {
        EvaluationInput(
            opening: opening, report: report, samples: samples, capabilities: capabilities, flightVersion: 7,
            earlier: earlier, flownAircraft: flown, diversion: diversion
        )
    }
    func judge() -> Judgement { Evaluator(airports: airports).evaluate(input, ruleset: ruleset) }
    func finding(_ rule: String) -> Finding? { judge().findings.first { $0.rule == rule } }
    func verdict(_ rule: String) -> Finding.Verdict? { finding(rule)?.verdict }
}

extension Judgement {
    subscript(_ rule: String) -> Finding? { findings.first { $0.rule == rule } }
    /// The bytes that are stored.
    var bytes: Data {
        let encoder = JSONEncoder()
        encoder.outputFormatting = .sortedKeys
        return (try? encoder.encode(self)) ?? Data()
    }
    var verdicts: [String: Finding.Verdict] {
        Dictionary(findings.map { ($0.rule, $0.verdict) }) { first, _ in first }
    }
}

extension Timestamp {
    init(_ text: String) { self = Timestamp(iso8601: text) ?? Timestamp(milliseconds: 0) }
}
