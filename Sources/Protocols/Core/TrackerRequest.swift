public import Domain

/// What trackers ask for: the closed vocabulary that every wire protocol is translated to.
public enum TrackerRequest: Hashable, Sendable {
    /// Who are you? No credential.
    case probe
    /// A request of the transport that needs no credential and has no effect (CORS preflight, HEAD).
    case preflight
    case logIn(LogIn)
    /// Gives the pilot of a session; `renew` issues a new token.
    case session(token: String, renew: Bool)
    case statistics
    case airports
    case aircraft
    case subfleets
    case flightTypes
    case news
    case searchSchedules(ScheduleQuery)
    case bookings
    /// Books a schedule entry, given by the wire's id (number or UUID text).
    case book(schedule: String, aircraft: Int?)
    case changeBookedAircraft(booking: Int, aircraft: Int)
    case cancelBooking(Int)
    case charter(CharterRequest)
    case startFlight(booking: Int)
    case positions(FlightKey, [PositionReport])
    case cancelFlight(FlightKey)
    case file(FlightKey, FilingRequest)
    case searchReports(ReportQuery)
    case latestReport
    case reportDetails(id: String)
}

public struct LogIn: Hashable, Sendable {
    /// Number, ident or e-mail address, as the protocol allows.
    public enum Name: Hashable, Sendable {
        case number(Int)
        case email(String)
        case ident(String)
        /// What cannot name anybody; refused like an unknown pilot.
        case unusable
    }
    public let name: Name
    public let password: String
    public init(name: Name, password: String) {
        self.name = name
        self.password = password
    }
}

public struct ScheduleQuery: Hashable, Sendable {
    public var departure: String?
    public var arrival: String?
    public var minimumFlightTimeHours: Double?
    public var maximumFlightTimeHours: Double?
    public var minimumDistance: NauticalMiles?
    public var maximumDistance: NauticalMiles?
    /// Number of an aircraft: matches every aircraft of the same type name.
    public var aircraft: Int?
    /// Number of a subfleet: matches every aircraft of it.
    public var subfleet: Int?
    /// Part of code + number, upper case.
    public var callsign: String?
    public var limit = 100
    public init() {}
}

public struct CharterRequest: Hashable, Sendable {
    /// As typed: code and number in one.
    public let callsign: String
    public let departure: String
    public let arrival: String
    public let route: [String]
    public let aircraft: Int
    public let cruise: Int
    public let isCargo: Bool
    public let departureTime: String
    public let arrivalTime: String
    public init(
        callsign: String, departure: String, arrival: String, route: [String], aircraft: Int, cruise: Int,
        isCargo: Bool, departureTime: String, arrivalTime: String
    ) {
        self.callsign = callsign
        self.departure = departure
        self.arrival = arrival
        self.route = route
        self.aircraft = aircraft
        self.cruise = cruise
        self.isCargo = isCargo
        self.departureTime = departureTime
        self.arrivalTime = arrivalTime
    }
}

/// How a request names its flight: decisions B3.
public struct FlightKey: Hashable, Sendable {
    /// An id that the gateway gave (`trackingID`, phpVMS PIREP id).
    public var id: String?
    public var booking: Int?
    public init(id: String? = nil, booking: Int? = nil) {
        self.id = id
        self.booking = booking
    }
}

/// One position as the tracker gave it, in the gateway's units; the gateway adds receipt and event time.
public struct PositionReport: Hashable, Sendable {
    /// `eventTime` and `receivedAt` are the frame's receipt until the flight decides.
    public var sample: PositionSample
    /// Number of the aircraft the tracker says it flies.
    public var aircraft: Int?
    public var route: String?
    public init(sample: PositionSample, aircraft: Int? = nil, route: String? = nil) {
        self.sample = sample
        self.aircraft = aircraft
        self.route = route
    }
}

public struct FilingRequest: Hashable, Sendable {
    public let content: FiledReport.Content
    public let flightTimeHours: Double?
    public let fuelUsedAsSent: Double?
    public init(content: FiledReport.Content, flightTimeHours: Double?, fuelUsedAsSent: Double?) {
        self.content = content
        self.flightTimeHours = flightTimeHours
        self.fuelUsedAsSent = fuelUsedAsSent
    }
}

public struct ReportQuery: Hashable, Sendable {
    public enum Status: String, Hashable, Sendable { case accepted, pending, rejected }
    public var departure: String?
    public var arrival: String?
    /// First and last instant of the days asked for, inclusive.
    public var from: Timestamp?
    public var to: Timestamp?
    public var status: Status?
    public var aircraft: Int?
    public init() {}
}
