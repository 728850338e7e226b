/// One route of an airline's timetable, or a pilot's charter (a hidden entry that goes with its booking).
public struct Schedule: Aggregate, Codable, Equatable {
    public static let category = StreamCategory.schedule

    public var details: ScheduleDetails?
    public var isWithdrawn = false

    public init() {}

    public func decide(_ command: ScheduleCommand) throws(ScheduleRejection) -> [ScheduleEvent] {
        switch command {
        case .publish(let new):
            guard let details else { return [.published(new)] }
            if details == new, !isWithdrawn { return [] }
            return [.updated(new)]
        case .withdraw:
            guard details != nil else { throw .unknown }
            return isWithdrawn ? [] : [.withdrawn]
        }
    }

    public mutating func apply(_ event: ScheduleEvent) {
        switch event {
        case .published(let new), .updated(let new):
            details = new
            isWithdrawn = false
        case .withdrawn: isWithdrawn = true
        }
    }
}

public struct ScheduleDetails: Hashable, Sendable, Codable {
    public let id: ScheduleID
    public let number: Int
    /// Airline code in front of the flight number, e.g. `VMS`.
    public let airline: String
    /// Digits and letters after the code, e.g. `101`.
    public let flightNumber: String
    public let departure: ICAOLocation
    public let arrival: ICAOLocation
    public let alternate: ICAOLocation?
    /// Way points separated by single spaces, without the airports; empty when none is given.
    public let route: String
    /// As the airline wrote it: 350 and 35000 both occur.
    public let level: Int
    public let distance: NauticalMiles
    /// `HH:MM` UTC.
    public let departureTime: String?
    public let arrivalTime: String?
    public let flightTime: Minutes
    /// Bit 0 is Monday … bit 6 is Sunday; 127 is daily.
    public let days: Int
    /// phpVMS flight type letter (`J` scheduled passenger, `F` cargo …).
    public let flightType: String
    public let notes: String
    /// Numbers of the aircraft that may fly it; empty is any.
    public private(set) var aircraft: [Int]
    public let subfleets: [String]
    /// The pilot whose charter this is; nil for the timetable.
    public let charterOf: UserID?
    public let isActive: Bool
    public init(
        id: ScheduleID, number: Int, airline: String, flightNumber: String, departure: ICAOLocation,
        arrival: ICAOLocation, alternate: ICAOLocation? = nil, route: String, level: Int, distance: NauticalMiles,
        departureTime: String?, arrivalTime: String?, flightTime: Minutes, days: Int = 127, flightType: String = "J",
        notes: String = "", aircraft: [Int] = [], subfleets: [String] = [], charterOf: UserID? = nil,
        isActive: Bool = true
    ) {
        self.id = id
        self.number = number
        self.airline = airline
        self.flightNumber = flightNumber
        self.departure = departure
        self.arrival = arrival
        self.alternate = alternate
        self.route = route
        self.level = level
        self.distance = distance
        self.departureTime = departureTime
        self.arrivalTime = arrivalTime
        self.flightTime = flightTime
        self.days = days
        self.flightType = flightType
        self.notes = notes
        self.aircraft = aircraft
        self.subfleets = subfleets
        self.charterOf = charterOf
        self.isActive = isActive
    }
    /// The same entry with other aircraft.
    public func with(aircraft: [Int]) -> ScheduleDetails {
        var copy = self
        copy.aircraft = aircraft
        return copy
    }
    /// Whether the flight carries cargo only: smartCARS `C`, kACARS `C`.
    public var isCargo: Bool { "FAHIKMPTWX".contains(flightType) && flightType.utf8.count == 1 }
}

public enum ScheduleCommand: Sendable {
    case publish(ScheduleDetails)
    case withdraw
}
public enum ScheduleEvent: Hashable, Sendable {
    case published(ScheduleDetails)
    case updated(ScheduleDetails)
    case withdrawn
}
public enum ScheduleRejection: Error, Hashable, Sendable { case unknown }
