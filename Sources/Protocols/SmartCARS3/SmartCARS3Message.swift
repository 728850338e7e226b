import Domain

/// The bodies and queries of smartCARS 3 exactly as sent: wire names, wire units, optional where a field may be absent.
/// A number that names something may carry a fraction or be far too large; the translator settles that.
enum SmartCARS3Message: Sendable {
    case probe
    case login(SmartCARS3Login)
    case session(String, renew: Bool)
    case statistics, airports, aircraft, news, subfleets, flightTypes, bookings, latestReport
    case search(SmartCARS3Search)
    case book(flightID: String, aircraftID: Double?)
    case rebook(bidID: Double, aircraftID: Double)
    case unbook(bidID: Double)
    case charter(SmartCARS3Charter)
    case start(bidID: Double)
    case update(SmartCARS3Update)
    case cancel(SmartCARS3Key)
    case complete(SmartCARS3Complete)
    case searchReports(SmartCARS3ReportSearch)
    case reportDetails(id: String)
}

struct SmartCARS3Login: Sendable {
    let username: String
    let password: String
}

struct SmartCARS3Search: Sendable {
    var departureAirport: String?
    var arrivalAirport: String?
    /// Decimal hours.
    var minimumFlightTime: Double?
    var maximumFlightTime: Double?
    /// Nautical miles.
    var minimumDistance: Double?
    var maximumDistance: Double?
    var aircraft: Double?
    var callsign: String?
    var limit: Double?
}

struct SmartCARS3Charter: Sendable {
    let number: String
    let departure: String
    let arrival: String
    let route: [String]
    let aircraft: Double
    let cruise: Double
    let type: String
    let departureTime: String
    let arrivalTime: String
}

struct SmartCARS3Key: Sendable {
    var bidID: Double?
    var uuid: String?
}

struct SmartCARS3Update: Sendable {
    let key: SmartCARS3Key
    let position: Position
    /// Degrees, 0...360.
    let heading: Double?
    /// Feet.
    let altitude: Double?
    /// Knots.
    let groundSpeed: Double?
    /// Nautical miles.
    let distanceRemaining: Double?
    /// Decimal hours.
    let timeRemaining: Double?
    let route: [String]?
    let phase: SmartCARS3Phase?
    let network: SmartCARS3Network?
    let aircraft: Double?
    /// Our extension.
    let eventTimestamp: Timestamp?
}

struct SmartCARS3Complete: Sendable {
    let key: SmartCARS3Key
    let aircraft: Double?
    let remainingLoad: Double?
    /// Decimal hours.
    let flightTime: Double
    /// Feet per minute.
    let landingRate: Double
    /// Pounds.
    let fuelUsed: Double
    let route: [String]?
    let comments: String?
    let flightLog: [String]
    let flightData: [TrackerEvent]
}

struct SmartCARS3ReportSearch: Sendable {
    var departureAirport: String?
    var arrivalAirport: String?
    var startDate: Timestamp?
    /// The last instant of that day.
    var endDate: Timestamp?
    var status: String?
    var aircraft: Double?
}

enum SmartCARS3Phase: String, Sendable, CaseIterable {
    case boarding = "BOARDING"
    case pushBack = "PUSH_BACK"
    case taxi = "TAXI"
    case takeOff = "TAKE_OFF"
    case rejectedTakeOff = "REJECTED_TAKE_OFF"
    case climbOut = "CLIMB_OUT"
    case climb = "CLIMB"
    case cruise = "CRUISE"
    case descent = "DESCENT"
    case approach = "APPROACH"
    case final = "FINAL"
    case landed = "LANDED"
    case goAround = "GO_AROUND"
    case taxiToGate = "TAXI_TO_GATE"
    case deboarding = "DEBOARDING"
    case diverted = "DIVERTED"

    /// Any case.
    init?(wire text: String) {
        guard let phase = Self(rawValue: text) ?? Self(rawValue: String(text.prefix(20)).uppercased()) else {
            return nil
        }
        self = phase
    }
}

enum SmartCARS3Network: String, Sendable, CaseIterable {
    case offline = "Offline"
    case vatsim = "VATSIM"
    case pilotEdge = "PilotEdge"
    case ivao = "IVAO"
    case poscon = "POSCON"

    /// Any case.
    init?(wire text: String) {
        if let network = Self(rawValue: text) {
            self = network
            return
        }
        let folded = String(text.prefix(12)).lowercased()
        guard let network = Self.allCases.first(where: { $0.rawValue.lowercased() == folded }) else { return nil }
        self = network
    }
}
