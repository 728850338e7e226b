import Domain
import EventSchema
import Testing

#if canImport(FoundationEssentials)
import FoundationEssentials
#else
import Foundation
#endif

/// A value of one event, with the type name it must have.
struct EventSample: Sendable, CustomTestStringConvertible {
    enum Variant: String, Sendable {
        /// Every field present, with a value of its own. The golden files hold these: never change one.
        case full
        /// Whatever may be absent is absent, lists are empty.
        case minimal
        /// Whatever may be absent is present, and zero or empty.
        case zero
        /// Largest, smallest and odd values.
        case extreme
        /// The fields that were added to a message after its golden file was written, each with a value. Golden too.
        case added
    }
    let type: String
    let variant: Variant
    let event: DomainEvent
    var testDescription: String { "\(type) \(variant.rawValue)" }

    init(_ type: String, _ variant: Variant, _ event: DomainEvent) {
        self.type = type
        self.variant = variant
        self.event = event
    }
}

extension EventSample {
    static let all = full + minimal + zero + extreme + added

    static let full: [EventSample] = [
        EventSample("tenant.created", .full, .tenant(.created(.full))),
        EventSample("tenant.host-added", .full, .tenant(.hostAdded("acars.vms.example"))),
        EventSample("tenant.host-removed", .full, .tenant(.hostRemoved("old.vms.example"))),
        EventSample("tenant.settings-changed", .full, .tenant(.settingsChanged(.full))),
        EventSample("tenant.notice-posted", .full, .tenant(.noticePosted(.full))),
        EventSample("tenant.notice-withdrawn", .full, .tenant(.noticeWithdrawn(.sample(9)))),
        EventSample("user.created", .full, .user(.created(.full, passwordHash: "$scrypt$ln=15,r=8,p=1$c2FsdA$aGFzaA"))),
        EventSample("user.password-changed", .full, .user(.passwordChanged("$scrypt$ln=15,r=8,p=1$b3RoZXI$bmV3"))),
        EventSample("user.confirmed", .full, .user(.confirmed)),
        EventSample("user.disabled", .full, .user(.disabled)),
        EventSample("user.enabled", .full, .user(.enabled)),
        EventSample("user.erased", .full, .user(.erased(at: .sample(9)))),
        EventSample("apikey.created", .full, .apiKey(.created(.full))),
        EventSample("apikey.revoked", .full, .apiKey(.revoked)),
        EventSample("aircraft.registered", .full, .aircraft(.registered(.full))),
        EventSample("aircraft.updated", .full, .aircraft(.updated(.full))),
        EventSample("schedule.published", .full, .schedule(.published(.full))),
        EventSample("schedule.updated", .full, .schedule(.updated(.full))),
        EventSample("schedule.withdrawn", .full, .schedule(.withdrawn)),
        EventSample("booking.made", .full, .booking(.made(.full))),
        EventSample("booking.aircraft-changed", .full, .booking(.aircraftChanged(12))),
        EventSample("booking.cancelled", .full, .booking(.cancelled)),
        EventSample("booking.closed", .full, .booking(.closed(by: .sample(0xF1)))),
        EventSample("flight.opened", .full, .flight(.opened(.full))),
        EventSample(
            "flight.positions-recorded", .full,
            .flight(.positionsRecorded([.full, .second], clockShift: Milliseconds(-61_250)))
        ),
        EventSample("flight.log-recorded", .full, .flight(.linesRecorded(FlightLine.full))),
        EventSample("flight.details-changed", .full, .flight(.detailsChanged(.full, at: .sample(12)))),
        EventSample("flight.paused", .full, .flight(.paused(at: .sample(13)))),
        EventSample("flight.resumed", .full, .flight(.resumed(at: .sample(14)))),
        EventSample("flight.commented", .full, .flight(.commented(.full))),
        EventSample("flight.cancelled", .full, .flight(.cancelled(at: .sample(9000)))),
        EventSample("flight.abandoned", .full, .flight(.abandoned(at: .sample(86_400_000)))),
        EventSample("flight.ended", .full, .flight(.ended(at: .sample(7_200_001)))),
        EventSample("pirep.filed", .full, .pirep(.filed(.full))),
        EventSample("pirep.amended", .full, .pirep(.amended(.added))),
        EventSample("pirep.withdrawn", .full, .pirep(.withdrawn(at: .sample(15)))),
        EventSample("pirep.judged", .full, .pirep(.judged(.full))),
        EventSample("pirep.reviewed", .full, .pirep(.reviewed(.full))),
    ]

    static let minimal: [EventSample] = [
        EventSample("tenant.created", .minimal, .tenant(.created(.minimal))),
        EventSample("tenant.host-added", .minimal, .tenant(.hostAdded(""))),
        EventSample("tenant.host-removed", .minimal, .tenant(.hostRemoved(""))),
        EventSample("tenant.settings-changed", .minimal, .tenant(.settingsChanged(TenantSettings()))),
        EventSample("tenant.notice-posted", .minimal, .tenant(.noticePosted(.minimal))),
        EventSample("tenant.notice-withdrawn", .minimal, .tenant(.noticeWithdrawn(.sample(0)))),
        EventSample("user.created", .minimal, .user(.created(.minimal, passwordHash: nil))),
        EventSample("user.password-changed", .minimal, .user(.passwordChanged(""))),
        EventSample("user.confirmed", .minimal, .user(.confirmed)),
        EventSample("user.disabled", .minimal, .user(.disabled)),
        EventSample("user.enabled", .minimal, .user(.enabled)),
        EventSample("user.erased", .minimal, .user(.erased(at: .zero))),
        EventSample("apikey.created", .minimal, .apiKey(.created(.minimal))),
        EventSample("apikey.revoked", .minimal, .apiKey(.revoked)),
        EventSample("aircraft.registered", .minimal, .aircraft(.registered(.minimal))),
        EventSample("aircraft.updated", .minimal, .aircraft(.updated(.minimal))),
        EventSample("schedule.published", .minimal, .schedule(.published(.minimal))),
        EventSample("schedule.updated", .minimal, .schedule(.updated(.minimal))),
        EventSample("schedule.withdrawn", .minimal, .schedule(.withdrawn)),
        EventSample("booking.made", .minimal, .booking(.made(.minimal))),
        EventSample("booking.aircraft-changed", .minimal, .booking(.aircraftChanged(0))),
        EventSample("booking.cancelled", .minimal, .booking(.cancelled)),
        EventSample("booking.closed", .minimal, .booking(.closed(by: .sample(0)))),
        EventSample("flight.opened", .minimal, .flight(.opened(.minimal))),
        EventSample(
            "flight.positions-recorded", .minimal, .flight(.positionsRecorded([.minimal], clockShift: Milliseconds(0)))
        ),
        EventSample("flight.log-recorded", .minimal, .flight(.linesRecorded([]))),
        EventSample("flight.details-changed", .minimal, .flight(.detailsChanged(FlightDetails(), at: .zero))),
        EventSample("flight.paused", .minimal, .flight(.paused(at: .zero))),
        EventSample("flight.resumed", .minimal, .flight(.resumed(at: .zero))),
        EventSample("flight.commented", .minimal, .flight(.commented(.minimal))),
        EventSample("flight.cancelled", .minimal, .flight(.cancelled(at: .zero))),
        EventSample("flight.abandoned", .minimal, .flight(.abandoned(at: .zero))),
        EventSample("flight.ended", .minimal, .flight(.ended(at: .zero))),
        EventSample("pirep.filed", .minimal, .pirep(.filed(.minimal))),
        EventSample("pirep.amended", .minimal, .pirep(.amended(FiledReport.Content()))),
        EventSample("pirep.withdrawn", .minimal, .pirep(.withdrawn(at: .zero))),
        EventSample("pirep.judged", .minimal, .pirep(.judged(.minimal))),
        EventSample("pirep.reviewed", .minimal, .pirep(.reviewed(.minimal))),
    ]

    static let zero: [EventSample] = [
        EventSample("tenant.created", .zero, .tenant(.created(.zero))),
        EventSample("tenant.settings-changed", .zero, .tenant(.settingsChanged(.zero))),
        EventSample("user.created", .zero, .user(.created(.minimal, passwordHash: ""))),
        EventSample("aircraft.updated", .zero, .aircraft(.updated(.zero))),
        EventSample("schedule.updated", .zero, .schedule(.updated(.zero))),
        EventSample("booking.made", .zero, .booking(.made(.zero))),
        EventSample("flight.opened", .zero, .flight(.opened(.zero))),
        EventSample(
            "flight.positions-recorded", .zero, .flight(.positionsRecorded([.zero], clockShift: Milliseconds(0)))
        ),
        EventSample("pirep.filed", .zero, .pirep(.filed(.zero))),
        EventSample("pirep.judged", .zero, .pirep(.judged(.zero))),
    ]

    static let added: [EventSample] = [
        EventSample("tenant.settings-changed", .added, .tenant(.settingsChanged(.added))),
        EventSample("apikey.created", .added, .apiKey(.created(.added))),
        EventSample("flight.opened", .added, .flight(.opened(.added))),
        EventSample(
            "flight.positions-recorded", .added,
            .flight(.positionsRecorded([.added], clockShift: Milliseconds(0)))
        ),
        EventSample("pirep.filed", .added, .pirep(.filed(.added))),
    ]

    static let extreme: [EventSample] = [
        EventSample("flight.details-changed", .extreme, .flight(.detailsChanged(.empty, at: .sample()))),
        EventSample("tenant.host-added", .extreme, .tenant(.hostAdded("e\u{301}\0\u{1F6EB}\u{FFFD}\n"))),
        EventSample("tenant.settings-changed", .extreme, .tenant(.settingsChanged(.extreme))),
        EventSample("booking.aircraft-changed", .extreme, .booking(.aircraftChanged(.min))),
        EventSample(
            "flight.positions-recorded", .extreme, .flight(.positionsRecorded([], clockShift: Milliseconds(.min)))
        ),
        EventSample(
            "flight.positions-recorded", .extreme,
            .flight(.positionsRecorded(PositionSample.extremes, clockShift: Milliseconds(.max)))
        ),
        EventSample("flight.ended", .extreme, .flight(.ended(at: Timestamp(milliseconds: .min)))),
        EventSample("flight.ended", .extreme, .flight(.ended(at: Timestamp(milliseconds: .max)))),
    ]
}

extension Timestamp {
    static let zero = Timestamp(milliseconds: 0)
    /// 2026-03-04T05:06:07.089Z and as many milliseconds later.
    static func sample(_ offset: Int64 = 0) -> Timestamp { Timestamp(milliseconds: 1_772_600_767_089 + offset) }
}

extension Identifier {
    static func sample(_ last: UInt64) -> Identifier {
        Identifier(UUID(high: 0x019C_B6A1_1E31_7ABC, low: 0x8000_0000_0000_0000 | last))
    }
}

extension ICAOLocation {
    static let eddf = ICAOLocation("EDDF")!
    static let lirf = ICAOLocation("LIRF")!
    static let short = ICAOLocation("0Z9")!
}

extension TenantDetails {
    static let full = TenantDetails(
        id: .sample(1), slug: "vms", name: "Virtuelle Müßig-Airline", icao: "VMS", iata: "V1")
    static let minimal = TenantDetails(id: .sample(1), slug: "", name: "", icao: "", iata: nil)
    static let zero = TenantDetails(id: .sample(1), slug: "", name: "", icao: "", iata: "")
}

extension TenantSettings {
    static let full = TenantSettings(
        livePublic: true, bookingExclusive: true, chartersAllowed: true, liveMinutes: 20, abandonHours: 36
    )
    static let zero = TenantSettings(
        livePublic: false, bookingExclusive: false, chartersAllowed: false, liveMinutes: 0, abandonHours: 0
    )
    static let extreme = TenantSettings(
        livePublic: true, bookingExclusive: false, chartersAllowed: true, liveMinutes: .min, abandonHours: .max
    )
    init(livePublic: Bool, bookingExclusive: Bool, chartersAllowed: Bool, liveMinutes: Int, abandonHours: Int) {
        self.init()
        self.livePublic = livePublic
        self.bookingExclusive = bookingExclusive
        self.chartersAllowed = chartersAllowed
        self.liveMinutes = liveMinutes
        self.abandonHours = abandonHours
    }
}

extension TenantSettings {
    static let added: TenantSettings = {
        var settings = full
        settings.airlineCodes = ["VMX", "VM"]
        settings.pilotOffset = -100
        settings.hub = "EDDF"
        settings.bookingMaximum = 3
        settings.sameAddressMinutes = 30
        settings.disabledAdapters = ["fsacars", "kacars"]
        settings.trackerOptions = ["kacars.version": "1.0.1.1", "fspassengers.welcome": "Grüß Gott"]
        return settings
    }()
}

extension Notice {
    static let full = Notice(
        id: .sample(9), number: 3, title: "Hub moved", body: "<p>From 1 May.</p>", postedBy: "Zoë", postedAt: .sample())
    static let minimal = Notice(id: .sample(9), number: 0, title: "", body: "", postedBy: "", postedAt: .zero)
}

extension FlightLine {
    static let full: [FlightLine] = [
        FlightLine(
            .log, "Gear up", time: .sample(1), position: Position(latitude: 50, longitude: 8), clientID: "x1",
            receivedAt: .sample(2)),
        FlightLine(.event, "Takeoff", receivedAt: .sample(3)), FlightLine(.message, "Grüße", receivedAt: .sample(4)),
        FlightLine(.out, "", time: .sample(5), receivedAt: .sample(5)), FlightLine(.off, "QB", receivedAt: .zero),
        FlightLine(.on, "QC", receivedAt: .zero), FlightLine(.inBlock, "QD", receivedAt: .zero),
    ]
}

extension FlightComment {
    static let full = FlightComment(
        number: 2, user: .sample(2), ident: "VMS0007", name: "Zoë Ångström", text: "Smooth.\nNice.", at: .sample(6))
    static let minimal = FlightComment(number: 0, user: .sample(2), ident: "", name: "", text: "", at: .zero)
}

extension FlightDetails {
    static let full: FlightDetails = {
        var details = FlightDetails()
        details.airline = "VMS"
        details.flightNumber = "101A"
        details.routeCode = "A"
        details.routeLeg = "1"
        details.flightType = "J"
        details.departure = .eddf
        details.arrival = .lirf
        details.alternate = .short
        details.aircraft = 12
        details.aircraftText = "D-AVMS"
        details.level = 350
        details.route = "ANEKI Y163 NATOR"
        details.notes = "Notes"
        details.client = "AeroACARS/1.7.0"
        details.status = "ENR"
        details.network = "VATSIM"
        details.flightRules = "IFR"
        details.plannedDistance = NauticalMiles(519.4)
        details.distance = NauticalMiles(44.5)
        details.plannedTime = Minutes(105)
        details.flightTime = Minutes(12)
        details.blockTime = Minutes(20)
        details.blockFuel = Kilograms(10_886.22)
        details.fuelUsed = Kilograms(500.31)
        details.zeroFuelWeight = Kilograms(62_731.83)
        details.passengers = 174
        details.cargo = Kilograms(1_000.5)
        details.landingRate = FeetPerMinute(-187.5)
        details.score = 98
        details.out = .sample(1)
        details.off = .sample(2)
        details.on = .sample(3)
        details.inBlock = .sample(4)
        details.start = Position(latitude: 50, longitude: 8)
        details.stop = Position(latitude: -41.8, longitude: 12.2)
        details.crashed = false
        details.fields = ["Simulator": "X-Plane 12", "Departure Gate": "G26"]
        details.fares = [Fare(id: "6", count: 120), Fare(id: "7", count: 0.5)]
        details.waypoints = [
            Waypoint(
                id: "ANEKI", name: "ANEKI", order: 0, position: Position(latitude: 49.3, longitude: 8.4)!, kind: 2048),
            Waypoint(id: nil, name: "", order: -1, position: Position(latitude: 0, longitude: 0)!, kind: nil),
        ]
        details.asSent = ["fuelUsed": "1103 lb", "MTOW": "174200"]
        return details
    }()
    /// Lists that are there and hold nothing are not lists that are missing.
    static let empty: FlightDetails = {
        var details = FlightDetails()
        details.fares = []
        details.waypoints = []
        details.crashed = true
        return details
    }()
}

extension FiledReport.Content {
    static let added: FiledReport.Content = {
        var content = FiledReport.Content(FlightDetails.full, comments: "Smooth", log: ["[10:00] Off block"])
        content.load = 174
        return content
    }()
}

extension FiledReport {
    static let added = FiledReport(
        flight: .sample(0xF1), number: 90_210, user: .sample(2), filedAt: .sample(7), flightTimeHours: nil,
        fuelUsedAsSent: 1103, content: .added, sentHash: .max, possibleRepeat: .sample(0xF0))
}

extension UserProfile {
    static let full = UserProfile(
        id: .sample(2), number: 7, ident: "VMS0007", name: "Zoë Ångström", email: "zoe@vms.example", role: .dispatcher,
        rank: "Senior Captain", isConfirmed: true
    )
    static let minimal = UserProfile(
        id: .sample(2), number: 0, ident: "", name: "", email: "", role: .pilot, rank: "", isConfirmed: false
    )
    static func role(_ role: Role) -> UserProfile {
        UserProfile(
            id: .sample(2), number: 1, ident: "VMS0001", name: "A", email: "a@vms.example", role: role, rank: "Cadet",
            isConfirmed: false
        )
    }
}

extension ApiKeyDetails {
    static let full = ApiKeyDetails(
        id: .sample(3), user: .sample(2), kind: .tracker, hash: "0123456789abcdef0123456789abcdef", prefix: "alb_12ab"
    )
    static let added = ApiKeyDetails(
        id: .sample(3), user: .sample(2), kind: .tracker, hash: "01", prefix: "alb", digests: ["aa", "bb", "cc", "dd"])
    static let minimal = ApiKeyDetails(id: .sample(3), user: .sample(2), kind: .api, hash: "", prefix: "")
}

extension AircraftDetails {
    static let full = AircraftDetails(
        id: .sample(4), number: 12, registration: "D-AVMS", type: "B738", name: "Frankfurt (Oder)", subfleet: "738-W",
        isActive: true, location: .eddf, serviceCeiling: Feet(41_000), maximumPassengers: 189,
        maximumCargo: Kilograms(8_390.5), minimumRank: "Captain"
    )
    static let minimal = AircraftDetails(
        id: .sample(4), number: 0, registration: "", type: "", name: "", subfleet: "", isActive: false, location: nil
    )
    static let zero = AircraftDetails(
        id: .sample(4), number: 0, registration: "", type: "", name: "", subfleet: "", isActive: false,
        location: .short, serviceCeiling: .zero, maximumPassengers: 0, maximumCargo: .zero, minimumRank: ""
    )
}

extension ScheduleDetails {
    static let full = ScheduleDetails(
        id: .sample(5), number: 101, airline: "VMS", flightNumber: "101A", departure: .eddf, arrival: .lirf,
        alternate: .short, route: "ANEKI7S ANEKI Y163 NATOR", level: 35_000, distance: NauticalMiles(519.4),
        departureTime: "06:55", arrivalTime: "08:40", flightTime: Minutes(105), days: 0b101_0101, flightType: "F",
        notes: "Night stop.\nCrew meal.", aircraft: [12, 3, 12], subfleets: ["738-W", ""], charterOf: .sample(2),
        isActive: true
    )
    static let minimal = ScheduleDetails(
        id: .sample(5), number: 0, airline: "", flightNumber: "", departure: .eddf, arrival: .eddf, route: "", level: 0,
        distance: .zero, departureTime: nil, arrivalTime: nil, flightTime: Minutes(0), days: 0, flightType: "",
        isActive: false
    )
    static let zero = ScheduleDetails(
        id: .sample(0), number: 0, airline: "", flightNumber: "", departure: .short, arrival: .short, alternate: .short,
        route: "", level: -1, distance: .zero, departureTime: "", arrivalTime: "", flightTime: Minutes(-1),
        aircraft: [0], subfleets: [""], charterOf: UserID(UUID(high: 0, low: 0))
    )
}

extension BookingDetails {
    static let full = BookingDetails(
        id: .sample(6), number: 4711, user: .sample(2), schedule: .sample(5), aircraft: 12, madeAt: .sample(-3_600_000)
    )
    static let minimal = BookingDetails(
        id: .sample(6), number: 0, user: .sample(2), schedule: .sample(5), aircraft: nil, madeAt: .zero
    )
    static let zero = BookingDetails(
        id: .sample(6), number: 0, user: .sample(2), schedule: .sample(5), aircraft: 0, madeAt: .zero
    )
}

extension RulesetReference {
    static let full = RulesetReference(id: "standard", version: 3, hash: "sha256:5f70bf18a086007016e948b04aed3b82")
    static let minimal = RulesetReference(id: "", version: 0, hash: "")
}

extension FlightOpening {
    static let full = FlightOpening(
        id: .sample(0xF1), number: 90_210, user: .sample(2), pilotIdent: "VMS0007", pilotName: "Zoë Ångström",
        adapter: "smartcars3", booking: .full, schedule: .full, aircraft: .full, callsign: "VMS101A",
        flightNumber: "101A", departure: .eddf, arrival: .lirf, alternate: .short, network: "VATSIM", ruleset: .full,
        openedAt: .sample()
    )
    static let added = FlightOpening(
        id: .sample(0xF1), number: 90_211, user: .sample(2), pilotIdent: "VMS0007", pilotName: "Zoë Ångström",
        adapter: "xacars", booking: nil, schedule: nil, aircraft: nil, callsign: "VMS101A", flightNumber: "101A",
        departure: nil, arrival: nil, alternate: nil, network: nil, ruleset: .full, openedAt: .sample(),
        code: "123456789012", clientKey: "4f3a"
    )
    static let minimal = FlightOpening(
        id: .sample(0xF1), number: 0, user: .sample(2), pilotIdent: "", pilotName: "", adapter: "", booking: nil,
        schedule: nil, aircraft: nil, callsign: "", flightNumber: "", departure: nil, arrival: nil, alternate: nil,
        network: nil, ruleset: .minimal, openedAt: .zero
    )
    static let zero = FlightOpening(
        id: .sample(0xF1), number: 0, user: .sample(2), pilotIdent: "", pilotName: "", adapter: "", booking: .minimal,
        schedule: .minimal, aircraft: .minimal, callsign: "", flightNumber: "", departure: .short, arrival: .short,
        alternate: .short, network: "", ruleset: .minimal, openedAt: .zero
    )
}

extension PositionSample {
    static let full: PositionSample = {
        var sample = PositionSample(
            eventTime: .sample(), receivedAt: .sample(412),
            position: Position(latitude: 50.033_333_333_333_3, longitude: 8.570_555_555_555_6)!
        )
        sample.clientTime = .sample(-61_250)
        sample.altitudeMSL = Feet(34_987.25)
        sample.heightAGL = Feet(34_100.1)
        sample.pressureAltitude = Feet(35_000)
        sample.groundSpeed = Knots(451.7)
        sample.indicatedAirspeed = Knots(272.3)
        sample.verticalSpeed = FeetPerMinute(-123.4)
        sample.heading = Degrees(179.9)
        sample.onGround = false
        sample.fuel = Kilograms(6_123.456)
        sample.simulationRate = 1
        sample.parkingBrake = false
        sample.enginesRunning = true
        sample.claimedPhase = .cruise
        sample.distanceRemaining = NauticalMiles(212.6)
        sample.timeRemaining = Minutes(31)
        sample.network = "VATSIM"
        return sample
    }()
    static let added: PositionSample = {
        var sample = full
        sample.trueAirspeed = Knots(451.2)
        sample.windDirection = Degrees(310)
        sample.windSpeed = Knots(45.5)
        sample.outsideTemperature = -56.5
        sample.fuelFlow = Kilograms(2_358.7)
        sample.clientID = "0b6f0c5e-3a0e-4f6e-9a52-6f2f7f0a1111"
        sample.positionIsHeld = true
        sample.extras = ["transponder": "2000", "autopilot": "1", "ö": ""]
        return sample
    }()
    /// With a part of the fields, other than those of ``full``.
    static let second: PositionSample = {
        var sample = PositionSample(
            eventTime: .sample(1000), receivedAt: .sample(1000), position: Position(latitude: -0.1, longitude: -179.9)!
        )
        sample.groundSpeed = Knots(0.1 + 0.2)
        sample.onGround = true
        sample.claimedPhase = .taxiIn
        return sample
    }()
    static let minimal = PositionSample(
        eventTime: .zero, receivedAt: .zero, position: Position(latitude: 0, longitude: 0)!
    )
    static let zero: PositionSample = {
        var sample = minimal
        sample.clientTime = .zero
        sample.altitudeMSL = .zero
        sample.heightAGL = .zero
        sample.pressureAltitude = .zero
        sample.groundSpeed = .zero
        sample.indicatedAirspeed = .zero
        sample.verticalSpeed = .zero
        sample.heading = .zero
        sample.onGround = false
        sample.fuel = .zero
        sample.simulationRate = 0
        sample.parkingBrake = false
        sample.enginesRunning = false
        sample.claimedPhase = .boarding
        sample.distanceRemaining = .zero
        sample.timeRemaining = Minutes(0)
        sample.network = ""
        return sample
    }()
    /// Every phase, and times and figures at the ends of their ranges.
    static let extremes: [PositionSample] = {
        let times: [Int64] = [.min, .min + 1, -1, 0, 1, .max - 1, .max]
        let figures: [Double] = [
            -0.0, .leastNonzeroMagnitude, -.leastNonzeroMagnitude, .leastNormalMagnitude, .greatestFiniteMagnitude,
            -.greatestFiniteMagnitude, .infinity, -.infinity, .pi, 0.1, 1e15 + 0.5,
        ]
        let corners = [(90.0, 180.0), (-90, 180), (90, -179.999_999_999_999_97), (-0.0, -0.0), (1e-300, -1e-300)]
        var samples: [PositionSample] = []
        for (index, phase) in PhaseOfFlight.allCases.enumerated() {
            let corner = corners[index % corners.count]
            var sample = PositionSample(
                eventTime: Timestamp(milliseconds: times[index % times.count]),
                receivedAt: Timestamp(milliseconds: times[(index * 3 + 6) % times.count]),
                position: Position(latitude: corner.0, longitude: corner.1)!
            )
            sample.clientTime = Timestamp(milliseconds: times[(index * 5 + 2) % times.count])
            sample.claimedPhase = phase
            sample.altitudeMSL = Feet(rawValue: figures[index % figures.count])
            sample.fuel = Kilograms(rawValue: figures[(index + 4) % figures.count])
            sample.simulationRate = figures[(index + 7) % figures.count]
            sample.timeRemaining = Minutes(index.isMultiple(of: 2) ? .min : .max)
            sample.network = "\0"
            samples.append(sample)
        }
        return samples
    }()
}

extension FiledReport {
    static let full: FiledReport = {
        var content = Content(
            route: "ANEKI7S ANEKI Y163 NATOR", log: ["06:55 Pushback", "", "08:31 Landed at −187 ft/min"],
            events: [
                TrackerEvent(
                    id: "a1", elapsedSeconds: 12.5, time: .sample(12_500), timeText: "2026-03-04 05:06:19.589",
                    condition: "Taxi", message: "Taxi light on", type: "info"
                ),
                TrackerEvent(
                    id: "a2", elapsedSeconds: nil, time: nil, timeText: nil, condition: nil, message: "Overspeed",
                    type: nil
                ),
            ]
        )
        content.aircraft = 12
        content.load = 163.5
        content.flightTime = Minutes(98)
        content.blockTime = Minutes(113)
        content.landingRate = FeetPerMinute(-187.3)
        content.fuelUsed = Kilograms(4_321.0987)
        content.distance = NauticalMiles(531.25)
        content.comments = "Smooth.\nThank you."
        return FiledReport(
            flight: .sample(0xF1), number: 90_210, user: .sample(2), filedAt: .sample(6_780_000), flightTimeHours: 1.63,
            fuelUsedAsSent: 9_526.39, content: content
        )
    }()
    static let minimal = FiledReport(
        flight: .sample(0xF1), number: 0, user: .sample(2), filedAt: .zero, flightTimeHours: nil, fuelUsedAsSent: nil,
        content: Content()
    )
    static let zero: FiledReport = {
        var content = Content(
            log: [""],
            events: [
                TrackerEvent(
                    id: "", elapsedSeconds: 0, time: .zero, timeText: "", condition: "", message: "", type: ""
                )
            ]
        )
        content.aircraft = 0
        content.load = 0
        content.flightTime = Minutes(0)
        content.blockTime = Minutes(0)
        content.landingRate = .zero
        content.fuelUsed = .zero
        content.distance = .zero
        content.comments = ""
        return FiledReport(
            flight: .sample(0xF1), number: 0, user: .sample(2), filedAt: .zero, flightTimeHours: 0, fuelUsedAsSent: 0,
            content: content
        )
    }()
}

extension Judgement {
    static let full = judgement(.flag, [.full, .second, .minimal], .full)
    static let minimal = Judgement(
        ruleset: .minimal, engine: "", evidenceHash: "", flightVersion: 0, outcome: .accept, score: 0, confidence: 0,
        findings: [], figures: FlightFigures()
    )
    static let zero = judgement(.reject, [.zero], .zero)

    static func judgement(_ outcome: Outcome, _ findings: [Finding], _ figures: FlightFigures) -> Judgement {
        Judgement(
            ruleset: .full, engine: "1.0.0", evidenceHash: "9f86d081884c7d659a2feaa0c55ad015", flightVersion: 7204,
            outcome: outcome, score: 85, confidence: 92, findings: findings, figures: figures
        )
    }
}

extension Finding {
    static let full: Finding = {
        var finding = Finding(rule: "hard-landing", verdict: .violated, severity: .major, action: .flag, points: 15)
        finding.tier = "hard"
        finding.measured = Measure(-612.5, "fpm")
        finding.threshold = Measure(-600, "fpm")
        finding.confidence = .derived
        finding.evidence = [
            Interval(first: .sample(5_700_000), last: .sample(5_701_000)), Interval(first: .sample(), last: .sample()),
        ]
        finding.start = Position(latitude: 41.8, longitude: 12.25)!
        finding.end = Position(latitude: 41.81, longitude: 12.26)!
        finding.parameters = [
            "hard": "-600 fpm", "severe": "-1000 fpm", "Window": "2 s", "é": "", "": "unnamed", "z\u{0}": "\u{0}",
        ]
        finding.title = "Landed hard"
        finding.pilotText = "Touchdown at 612 ft/min, limit 600 ft/min, 06:41:07 UTC at LIRF."
        finding.staffText = "Derived from 2 samples, 1.0 s apart."
        finding.related = [.sample(0xF0), .sample(0xEF)]
        return finding
    }()
    static let second: Finding = {
        var finding = Finding(
            rule: "excessive-pause", verdict: .notApplicable, severity: .minor, action: .accept, points: -1
        )
        finding.confidence = .reported
        return finding
    }()
    static let minimal = Finding(rule: "", verdict: .pass, severity: .info, action: .accept, points: 0)
    static let zero: Finding = {
        var finding = minimal
        finding.tier = ""
        finding.measured = Measure(0, "")
        finding.threshold = Measure(0, "")
        finding.confidence = .measured
        finding.evidence = [Interval(first: .zero, last: .zero)]
        finding.start = Position(latitude: 0, longitude: 0)!
        finding.end = Position(latitude: 0, longitude: 0)!
        finding.parameters = ["": ""]
        finding.related = [FlightID(UUID(high: 0, low: 0))]
        return finding
    }()
}

extension FlightFigures {
    static let full: FlightFigures = {
        var figures = FlightFigures()
        figures.out = .sample(1000)
        figures.off = .sample(600_250)
        figures.on = .sample(5_700_500)
        figures.inBlock = .sample(6_300_750)
        figures.blockTime = Minutes(105)
        figures.airTime = Minutes(85)
        figures.distanceFlown = NauticalMiles(531.27)
        figures.greatCircle = NauticalMiles(515.9)
        figures.touchdownRate = FeetPerMinute(-612.5)
        figures.touchdownSource = "derived"
        figures.departure = .eddf
        figures.arrival = .lirf
        figures.maximumAltitude = Feet(35_012.5)
        figures.fuelUsed = Kilograms(4_300.25)
        figures.positions = 7200
        figures.medianInterval = Milliseconds(1000)
        figures.landings = 2
        figures.phases = PhaseOfFlight.allCases.enumerated().map { index, phase in
            PhaseInterval(phase: phase, from: .sample(Int64(index) * 60_000), to: .sample(Int64(index + 1) * 60_000))
        }
        figures.gaps = [
            Finding.Interval(first: .sample(3_000_000), last: .sample(3_040_000)),
            Finding.Interval(first: .sample(4_000_000), last: .sample(4_090_000)),
        ]
        return figures
    }()
    static let zero: FlightFigures = {
        var figures = FlightFigures()
        figures.out = .zero
        figures.off = .zero
        figures.on = .zero
        figures.inBlock = .zero
        figures.blockTime = Minutes(0)
        figures.airTime = Minutes(0)
        figures.distanceFlown = .zero
        figures.greatCircle = .zero
        figures.touchdownRate = .zero
        figures.touchdownSource = ""
        figures.departure = .short
        figures.arrival = .short
        figures.maximumAltitude = .zero
        figures.fuelUsed = .zero
        figures.medianInterval = Milliseconds(0)
        return figures
    }()
}

extension Review {
    static let full = Review(
        outcome: .reject, reason: "Landed at the wrong airport; see the map.", reviewer: .sample(8),
        reviewerIdent: "VMS0001", at: .sample(90_000_000)
    )
    static let minimal = Review(outcome: .accept, reason: "", reviewer: .sample(8), reviewerIdent: "", at: .zero)
}
