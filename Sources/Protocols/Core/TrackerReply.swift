public import Domain

/// What the gateway answers; each adapter words it in its own protocol.
public enum TrackerReply: Sendable {
    case probe
    case preflight
    case pilot(PilotReply)
    case statistics(StatisticsReply)
    case airports([Airport])
    case aircraft([AircraftDetails])
    case subfleets([SubfleetReply])
    case flightTypes
    case news(NewsReply?)
    case schedules([ScheduleDetails])
    case bookings([BookingReply])
    case booked(booking: Int)
    case bookingChanged(booking: Int)
    case bookingCancelled
    case started(FlightID)
    case positionsStored
    case flightCancelled
    case filed(number: Int, FlightID)
    case reports([ReportReply])
    case latestReport(ReportReply?)
    case reportDetails(ReportDetailsReply)
    case refused(Refusal)
}

/// Why a request was understood and refused.
public enum Refusal: Error, Hashable, Sendable {
    case credentialsWrong
    case pilotUnconfirmed
    /// No token, an unknown one, an expired one, one of another tenant: one answer.
    case sessionInvalid
    case scheduleUnknown
    case bookingTaken
    case bookingUnknown
    case bookingLimit
    case aircraftUnknown
    case airportUnknown
    case chartersOff
    /// Starting or filing: no flight under this key for this pilot.
    case flightUnknown
    case noAircraftOnBooking
    case reportUnknown
    /// Another report was filed under this key.
    case alreadyFiled
    case overloaded(retryAfterSeconds: Int)
    case tooManyRequests(retryAfterSeconds: Int)
    case unavailable(retryAfterSeconds: Int)
}

public struct PilotReply: Sendable {
    public let profile: UserProfile
    public let token: String
    public let expires: Timestamp
    public init(profile: UserProfile, token: String, expires: Timestamp) {
        self.profile = profile
        self.token = token
        self.expires = expires
    }
}

public struct StatisticsReply: Sendable {
    public let flightTime: Minutes
    /// Accepted reports.
    public let flights: Int
    public let reports: Int
    public let averageLandingRate: FeetPerMinute?
    public init(flightTime: Minutes, flights: Int, reports: Int, averageLandingRate: FeetPerMinute?) {
        self.flightTime = flightTime
        self.flights = flights
        self.reports = reports
        self.averageLandingRate = averageLandingRate
    }
}

public struct SubfleetReply: Sendable {
    public let number: Int
    public let name: String
    public let type: String
    public let airline: String
    public init(number: Int, name: String, type: String, airline: String) {
        self.number = number
        self.name = name
        self.type = type
        self.airline = airline
    }
}

public struct NewsReply: Sendable {
    public let title: String
    public let body: String
    public let postedAt: Timestamp
    public let postedBy: String
    public init(title: String, body: String, postedAt: Timestamp, postedBy: String) {
        self.title = title
        self.body = body
        self.postedAt = postedAt
        self.postedBy = postedBy
    }
}

public struct BookingReply: Sendable {
    public let booking: BookingDetails
    public let schedule: ScheduleDetails
    public init(booking: BookingDetails, schedule: ScheduleDetails) {
        self.booking = booking
        self.schedule = schedule
    }
}

/// A schedule entry with the aircraft that may fly it is answered from ``ScheduleDetails`` alone; where it names no
/// aircraft the gateway fills in the whole active fleet before it replies.
public struct ReportReply: Sendable {
    public let flight: FlightID
    public let number: Int
    public let filedAt: Timestamp
    public let airline: String
    public let flightNumber: String
    public let route: String
    public let distance: NauticalMiles
    public let isCargo: Bool
    /// phpVMS letter.
    public let flightType: String
    public let departure: ICAOLocation
    public let arrival: ICAOLocation
    public let aircraft: Int?
    public let status: ReportQuery.Status
    public let flightTimeHours: Double
    public let landingRate: FeetPerMinute?
    /// As the tracker sent it.
    public let fuelUsed: Double
    public init(
        flight: FlightID, number: Int, filedAt: Timestamp, airline: String, flightNumber: String, route: String,
        distance: NauticalMiles, isCargo: Bool, flightType: String, departure: ICAOLocation, arrival: ICAOLocation,
        aircraft: Int?, status: ReportQuery.Status, flightTimeHours: Double, landingRate: FeetPerMinute?,
        fuelUsed: Double
    ) {
        self.flight = flight
        self.number = number
        self.filedAt = filedAt
        self.airline = airline
        self.flightNumber = flightNumber
        self.route = route
        self.distance = distance
        self.isCargo = isCargo
        self.flightType = flightType
        self.departure = departure
        self.arrival = arrival
        self.aircraft = aircraft
        self.status = status
        self.flightTimeHours = flightTimeHours
        self.landingRate = landingRate
        self.fuelUsed = fuelUsed
    }
}

public struct ReportDetailsReply: Sendable {
    public let log: [String]
    /// In event order, oldest first.
    public let track: [PositionSample]
    public let events: [TrackerEvent]
    public init(log: [String], track: [PositionSample], events: [TrackerEvent]) {
        self.log = log
        self.track = track
        self.events = events
    }
}
