public import Domain

/// What trackers ask for: the closed vocabulary that every wire protocol is translated to. One frame is one request.
public enum TrackerRequest: Hashable, Sendable {
    /// Who are you? No credential.
    case probe
    /// A request of the transport that needs no credential and has no effect (CORS preflight, HEAD), or one whose answer
    /// is in the frame and its site.
    case preflight

    // Identity
    case logIn(LogIn)
    /// Gives the pilot of a session; `renew` issues a new token.
    case session(token: String, renew: Bool)
    /// Opens the session `new` for the pilot whose session `old` is still good (smartCARS 2); `new` nil only looks.
    case clientSession(pilot: Int, old: String, new: String?)
    /// The pilot whom the credential proves, with everything about them.
    case identify
    /// Another pilot of the airline by number.
    case profile(Int)
    case statistics

    // What the airline has
    case airlines
    /// Airports that the airline's flights use.
    case airports
    /// These airports, in this order; refused when one is unknown.
    case airportsNamed([String])
    case aircraft
    /// An aircraft of the fleet, in service or not; refused when there is none.
    case findAircraft(number: Int?, registration: String?)
    case subfleets
    case flightTypes
    case news
    case searchSchedules(ScheduleQuery)
    /// A timetable entry by the wire's id (number or UUID text).
    case schedule(id: String)
    /// A timetable entry by airline code (nil: any of the airline's) and number.
    case scheduleNumbered(airline: String?, number: String)

    // Bids
    case bookings
    case booking(Int)
    /// The pilot's oldest open bid, which old servers call the latest.
    case nextBooking
    /// Books a schedule entry, given by the wire's id (number or UUID text).
    /// - Parameter repeatIsSame: The pilot's own bid on it is given back instead of a refusal.
    case book(schedule: String, aircraft: Int?, repeatIsSame: Bool)
    case changeBookedAircraft(booking: Int, aircraft: Int)
    case cancelBooking(BookingKey)
    case charter(CharterRequest)

    // A flight
    /// Starts tracking the flight of a bid.
    case startFlight(booking: Int)
    /// Opens a flight from what the client says of it.
    case begin(FlightStart)
    case progress(FlightKey, FlightProgress)
    case comment(FlightKey, String)
    /// - Parameter withdraws: Takes back a filed report too while nobody decided on it, and refuses what is cancelled already
    ///   (phpVMS); otherwise a second cancel succeeds and a filed flight is unknown.
    case cancelFlight(FlightKey, withdraws: Bool)
    case file(FlightKey, FilingRequest)

    // Flights and reports, read
    /// Any flight of the airline by an id that the gateway gave.
    case flight(id: String)
    /// The same, with its positions.
    case track(id: String)
    /// The pilot's own flights and reports, newest first.
    case flights(FlightQuery)
    /// Every flight of the airline that is under way and has a position.
    case runningFlights
    case searchReports(ReportQuery)
    case latestReport
    case reportDetails(id: String)

    /// Whether it may be answered to somebody who only names a pilot (smartCARS 2 proves nobody when it reads).
    public var isOpenReading: Bool {
        switch self {
        case .statistics, .airports, .aircraft, .subfleets, .news, .searchSchedules, .bookings, .searchReports,
            .reportDetails:
            true
        default: false
        }
    }
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
    /// A session token that the client made up and wants to use from now on.
    public let session: String?
    public init(name: Name, password: String, session: String? = nil) {
        self.name = name
        self.password = password
        self.session = session
    }
}

/// How a request names a bid.
public enum BookingKey: Hashable, Sendable {
    case number(Int)
    /// The pilot's bid on this timetable entry, by the wire's id.
    case schedule(String)
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
    /// Name of an aircraft: matches every aircraft of this name or type.
    public var aircraftName: String?
    /// Airline code and flight number, exact, upper case.
    public var airline: String?
    public var flightNumber: String?
    /// Wire ids that the answer is restricted to.
    public var ids: [String]?
    /// ICAO type designator.
    public var type: String?
    /// phpVMS letter.
    public var flightType: String?
    public var limit = 100
    /// Matches left out before the first; nil is none.
    public var offset: Int?
    /// The answer gives the number of all matches.
    public var countsAll = false
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
    /// Airline code for a callsign without one; nil is the airline's own.
    public var airline: String?
    public var flightTime: Minutes?
    public var distance: NauticalMiles?
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

/// How a request names its flight: decisions B3. The first that is there counts, in the order of the properties; with
/// nothing at all it is the pilot's open flight of the adapter.
public struct FlightKey: Hashable, Sendable {
    /// An id that the gateway gave: UUID text, a flight's number, or the digits of ``FlightStart/givesCode``.
    public var id: String?
    public var booking: Int?
    /// A key that the client made (`fhash`): the first request with it opens the flight.
    public var client: String?
    /// Number and airports alone: the pilot's open flight of the adapter with the same, else a new one in its place.
    public var legs: FlightLegs?
    public init(id: String? = nil, booking: Int? = nil, client: String? = nil, legs: FlightLegs? = nil) {
        self.id = id
        self.booking = booking
        self.client = client
        self.legs = legs
    }
}

/// What a protocol without ids tells flights apart by.
public struct FlightLegs: Hashable, Sendable {
    /// Airline code, upper case; nil when the client sent a bare number.
    public let airline: String?
    public let number: String
    public let departure: ICAOLocation?
    public let arrival: ICAOLocation?
    public init(airline: String?, number: String, departure: ICAOLocation?, arrival: ICAOLocation?) {
        self.airline = airline
        self.number = number
        self.departure = departure
        self.arrival = arrival
    }
}

/// Opens a flight.
public struct FlightStart: Hashable, Sendable {
    /// Airline, number, airports, aircraft, route, plan … as the client says.
    public var details: FlightDetails
    /// A timetable entry by the wire's id.
    public var schedule: String?
    /// The pilot has one open flight of the adapter: the one before ends as abandoned.
    public var replacesOpenFlight = false
    /// The flight gets a code of 10 to 15 digits: ``FlightReply/code``.
    public var givesCode = false
    /// An open flight of the same pilot, number and airports that was opened within this time is given back.
    public var reuseWithin: Milliseconds?
    /// Refused when the aircraft, an airport or the schedule is unknown; otherwise the unknown is left out.
    public var isStrict = false
    /// The first position, where the protocol sends one with the start.
    public var progress = FlightProgress()
    public init(_ details: FlightDetails) { self.details = details }
}

/// What happened in flight since the last frame, stored in one append.
public struct FlightProgress: Hashable, Sendable {
    public var positions: [PositionReport] = []
    public var lines: [FlightLine] = []
    /// What the client said of the flight as a whole; ``FlightDetails/airline``, numbers and airports also name a new flight.
    public var details = FlightDetails()
    /// The tracker declared a pause (true) or its end.
    public var pause: Bool?
    /// The tracker says the flight is over; a report may follow.
    public var ends = false
    /// Taken also after the report was filed (phpVMS); otherwise such a frame finds no flight.
    public var takesLate = false
    /// Refused (``Refusal/flightDecided``) once the report was decided on (a phpVMS update, but not its fields or route).
    public var needsUndecided = false
    /// The answer shows the flight as it is then.
    public var wantsFlight = false
    /// Elements that the client sent, for an answer that counts them.
    public var count: Int?
    public init(positions: [PositionReport] = [], lines: [FlightLine] = [], details: FlightDetails = FlightDetails()) {
        self.positions = positions
        self.lines = lines
        self.details = details
    }
}

/// One position as the tracker gave it, in the gateway's units; the gateway adds receipt and event time.
public struct PositionReport: Hashable, Sendable {
    /// `eventTime` and `receivedAt` are the frame's receipt until the flight decides. A frame without a usable position
    /// sets `positionIsHeld` (and any position): the flight's last one is taken.
    public var sample: PositionSample
    /// Number of the aircraft the tracker says it flies.
    public var aircraft: Int?
    /// Registration (or number) of the aircraft as sent.
    public var aircraftText: String?
    public var route: String?
    public init(sample: PositionSample, aircraft: Int? = nil, aircraftText: String? = nil, route: String? = nil) {
        self.sample = sample
        self.aircraft = aircraft
        self.aircraftText = aircraftText
        self.route = route
    }
}

/// Files a report.
public struct FilingRequest: Hashable, Sendable {
    /// Which flight numbers a report may have.
    public enum ScheduleNeed: String, Hashable, Sendable {
        /// The timetable must have the number, whatever its airline code.
        case numberKnown
        /// A number without airline code must be in the timetable.
        case bareNumberKnown
    }
    /// What is claimed, as sent; the gateway completes route, aircraft and airports from the flight.
    public var content: FiledReport.Content
    public var flightTimeHours: Double?
    /// In the unit of the wire; pounds where the adapter leaves it out.
    public var fuelUsedAsSent: Double?
    /// Taken without a flight before it; otherwise (smartCARS 3) a flight with a position must be there.
    public var standsAlone = false
    /// Nil: any number will do.
    public var scheduleNeed: ScheduleNeed?
    /// The raw text of this part of a report that comes in parts; the gateway joins them.
    public var piece: String?
    /// Not the first part. The gateway decodes the frame once more with ``RawFrame/earlierParts`` filled in, so that the
    /// content is the whole report's.
    public var continues = false
    /// Positions and lines that come with the report.
    public var progress = FlightProgress()
    public init(content: FiledReport.Content, flightTimeHours: Double?, fuelUsedAsSent: Double?) {
        self.content = content
        self.flightTimeHours = flightTimeHours
        self.fuelUsedAsSent = fuelUsedAsSent
    }
    /// A report that needs no flight before it.
    public init(
        _ details: FlightDetails, comments: String? = nil, log: [String] = [], events: [TrackerEvent] = []
    ) {
        content = FiledReport.Content(details, comments: comments, log: log, events: events)
        flightTimeHours = nil
        fuelUsedAsSent = nil
        standsAlone = true
    }
}

/// Which of the pilot's flights and reports.
public struct FlightQuery: Hashable, Sendable {
    /// Only these; empty is all.
    public var states: [FlightReply.State] = []
    public var limit = 20
    /// Matches left out before the first.
    public var offset = 0
    public init() {}
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
    /// Name or type of the aircraft.
    public var aircraftName: String?
    public init() {}
}
