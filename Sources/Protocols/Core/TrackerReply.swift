public import Domain

/// What the gateway answers; each adapter words it in its own protocol.
public enum TrackerReply: Sendable {
    case probe
    case preflight
    case pilot(PilotReply)
    /// Of ``TrackerRequest/clientSession(pilot:old:new:)``, ``TrackerRequest/identify``, ``TrackerRequest/profile(_:)`` and a
    /// log-in with a session of the client's own.
    case profile(ProfileReply)
    case statistics(StatisticsReply)
    case airlines([AirlineReply])
    case airports([Airport])
    case aircraft([AircraftDetails])
    case subfleets([SubfleetReply])
    case flightTypes
    /// Newest first.
    case news([NewsReply])
    case schedules(SchedulePage)
    case schedule(PlanReply)
    case bookings([BookingReply], subfleets: [SubfleetReply])
    /// Of ``TrackerRequest/nextBooking``: nil without a bid; ``TrackerRequest/booking(_:)`` is refused instead.
    case booking(PlanReply?)
    case booked(PlanReply)
    case bookingChanged(booking: Int)
    case bookingCancelled
    case started(FlightID)
    case begun(FlightReply)
    /// ``FlightProgress/count`` again, and the flight as it is now where ``FlightProgress/wantsFlight`` asked for it.
    case progress(count: Int?, FlightReply?)
    case commented(FlightComment)
    case flightCancelled
    case filed(FlightReply, isRepeat: Bool)
    case flight(FlightReply)
    case track(FlightReply, [PositionSample])
    case flights([FlightReply], total: Int)
    case reports([ReportReply])
    case latestReport(ReportReply?)
    case reportDetails(ReportDetailsReply)
    case refused(Refusal)
}

/// Why a request was understood and refused.
public enum Refusal: Error, Hashable, Sendable {
    case credentialsWrong
    case pilotUnconfirmed
    /// The secret is right and the account switched off.
    case pilotInactive
    /// A name that is nobody's, or whom nothing proves.
    case pilotUnknown
    /// No token, an unknown one, an expired one, one of another tenant: one answer.
    case sessionInvalid
    case scheduleUnknown
    case bookingTaken
    case bookingUnknown
    case bookingLimit
    case aircraftUnknown
    /// Known and out of service.
    case aircraftNotAvailable(Int)
    case airportUnknown(String)
    case airlineUnknown
    case chartersOff
    /// Starting or filing: no flight under this key for this pilot.
    case flightUnknown
    /// Known, and another pilot's. Protocols without a word for it answer as for an unknown one.
    case flightOfAnother
    /// A write to a cancelled flight.
    case flightCancelled
    /// A write to a report that was decided on.
    case flightDecided
    /// The state does not allow to cancel.
    case cancelNotAllowed(FlightReply.State)
    case noAircraftOnBooking
    case reportUnknown
    /// Another report was filed under this key.
    case alreadyFiled
    /// The adapter is switched off for this airline.
    case adapterOff
    case overloaded(retryAfterSeconds: Int)
    case tooManyRequests(retryAfterSeconds: Int)
    case unavailable(retryAfterSeconds: Int)

    /// Seconds for `Retry-After`.
    public var retryAfter: Int? {
        switch self {
        case .overloaded(let seconds), .tooManyRequests(let seconds), .unavailable(let seconds): seconds
        default: nil
        }
    }
}

/// A pilot in full.
public struct ProfileReply: Sendable {
    public let profile: UserProfile
    public let airline: AirlineReply
    public let statistics: StatisticsReply
    /// Where the pilot's last report ended, else the home.
    public let location: ICAOLocation?
    public let home: ICAOLocation?
    public let lastReport: FlightID?
    public let bookings: [BookingReply]
    public let subfleets: [SubfleetReply]
    /// The session token that the client made, of a log-in with one.
    public let session: String?
    public init(
        profile: UserProfile, airline: AirlineReply, statistics: StatisticsReply, location: ICAOLocation?,
        home: ICAOLocation?, lastReport: FlightID?, bookings: [BookingReply], subfleets: [SubfleetReply],
        session: String?
    ) {
        self.profile = profile
        self.airline = airline
        self.statistics = statistics
        self.location = location
        self.home = home
        self.lastReport = lastReport
        self.bookings = bookings
        self.subfleets = subfleets
        self.session = session
    }
}

public struct AirlineReply: Hashable, Sendable {
    /// 1 is the airline's own.
    public let number: Int
    public let icao: String
    public let iata: String?
    public let name: String
    public init(number: Int, icao: String, iata: String?, name: String) {
        self.number = number
        self.icao = icao
        self.iata = iata
        self.name = name
    }
}

/// A flight as it is now: what it was opened with, everything the tracker said since, and where its report stands.
public struct FlightReply: Sendable {
    /// Decisions B4.
    public enum State: String, Hashable, Sendable, CaseIterable {
        case open, paused, cancelled, abandoned, filed, accepted, rejected
        case inReview = "in-review"
        /// Filed, or further.
        public var isFiled: Bool {
            self == .filed || self == .inReview || self == .accepted || self == .rejected
        }
    }
    public let opening: FlightOpening
    /// Airline, number, airports and aircraft are filled in from the opening where nobody said them later.
    public let details: FlightDetails
    public let state: State
    public let report: FiledReport?
    public let latest: PositionSample?
    public let positionCount: Int
    /// Last activity.
    public let heardAt: Timestamp
    public let endedAt: Timestamp?
    public let comments: [FlightComment]
    public let pilot: UserProfile
    public let airline: AirlineReply
    public let aircraft: AircraftDetails?
    public let departure: Airport?
    public let arrival: Airport?
    public init(
        opening: FlightOpening, details: FlightDetails, state: State, report: FiledReport?, latest: PositionSample?,
        positionCount: Int, heardAt: Timestamp, endedAt: Timestamp?, comments: [FlightComment], pilot: UserProfile,
        airline: AirlineReply, aircraft: AircraftDetails?, departure: Airport?, arrival: Airport?
    ) {
        self.opening = opening
        self.details = details
        self.state = state
        self.report = report
        self.latest = latest
        self.positionCount = positionCount
        self.heardAt = heardAt
        self.endedAt = endedAt
        self.comments = comments
        self.pilot = pilot
        self.airline = airline
        self.aircraft = aircraft
        self.departure = departure
        self.arrival = arrival
    }
    public var id: FlightID { opening.id }
    public var number: Int { opening.number }
    /// Digits for protocols that want them.
    public var code: String { opening.code ?? String(opening.number) }
}

/// A page of the timetable.
public struct SchedulePage: Sendable {
    public let entries: [ScheduleDetails]
    /// All matches when they were asked for, else those of this page.
    public let total: Int
    /// Every subfleet with its aircraft: entries name aircraft by number.
    public let subfleets: [SubfleetReply]
    /// Numbers of entries that the pilot has a bid on.
    public let booked: Set<Int>
    public init(entries: [ScheduleDetails], total: Int, subfleets: [SubfleetReply], booked: Set<Int>) {
        self.entries = entries
        self.total = total
        self.subfleets = subfleets
        self.booked = booked
    }
}

/// A timetable entry with all that stands behind it, and the pilot's bid on it.
public struct PlanReply: Sendable {
    public let schedule: ScheduleDetails
    public let booking: BookingDetails?
    /// The aircraft of the bid, else the first that may fly it; it may be out of service.
    public let aircraft: AircraftDetails?
    public let departure: Airport?
    public let arrival: Airport?
    public let subfleets: [SubfleetReply]
    public init(
        schedule: ScheduleDetails, booking: BookingDetails?, aircraft: AircraftDetails?, departure: Airport?,
        arrival: Airport?, subfleets: [SubfleetReply]
    ) {
        self.schedule = schedule
        self.booking = booking
        self.aircraft = aircraft
        self.departure = departure
        self.arrival = arrival
        self.subfleets = subfleets
    }
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
    /// Aircraft in service.
    public let aircraft: [AircraftDetails]
    public init(number: Int, name: String, type: String, airline: String, aircraft: [AircraftDetails] = []) {
        self.aircraft = aircraft
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
    public let number: Int
    public init(number: Int, title: String, body: String, postedAt: Timestamp, postedBy: String) {
        self.number = number
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
    public let summary: ReportReply?
    public init(
        log: [String], track: [PositionSample], events: [TrackerEvent], summary: ReportReply? = nil
    ) {
        self.summary = summary
        self.log = log
        self.track = track
        self.events = events
    }
}
