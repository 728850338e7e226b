/// A pilot's bid on a schedule entry.
public struct Booking: Aggregate, Codable, Equatable {
    public static let category = StreamCategory.booking

    public enum State: String, Sendable, Codable { case none, open, cancelled, closed }
    public var state = State.none
    public var details: BookingDetails?

    public init() {}

    public func decide(_ command: BookingCommand) throws(BookingRejection) -> [BookingEvent] {
        switch command {
        case .make(let details): return state == .none ? [.made(details)] : []
        case .changeAircraft(let number):
            guard state == .open, let details else { throw .notOpen }
            return details.aircraft == number ? [] : [.aircraftChanged(number)]
        case .cancel:
            guard details != nil, state != .closed else { throw .notOpen }
            return state == .cancelled ? [] : [.cancelled]
        case .close(let flight):
            guard state == .open else { return [] }
            return [.closed(by: flight)]
        }
    }

    public mutating func apply(_ event: BookingEvent) {
        switch event {
        case .made(let details):
            self.details = details
            state = .open
        case .aircraftChanged(let number): details?.aircraft = number
        case .cancelled: state = .cancelled
        case .closed: state = .closed
        }
    }
}

public struct BookingDetails: Hashable, Sendable, Codable {
    public let id: BookingID
    /// `bidID` on the wire.
    public let number: Int
    public let user: UserID
    public let schedule: ScheduleID
    /// Number of the aircraft chosen; nil while none is.
    public var aircraft: Int?
    public let madeAt: Timestamp
    public init(id: BookingID, number: Int, user: UserID, schedule: ScheduleID, aircraft: Int?, madeAt: Timestamp) {
        self.id = id
        self.number = number
        self.user = user
        self.schedule = schedule
        self.aircraft = aircraft
        self.madeAt = madeAt
    }
}

public enum BookingCommand: Sendable {
    case make(BookingDetails)
    case changeAircraft(Int)
    case cancel
    case close(FlightID)
}
public enum BookingEvent: Hashable, Sendable {
    case made(BookingDetails)
    case aircraftChanged(Int)
    case cancelled
    case closed(by: FlightID)
}
public enum BookingRejection: Error, Hashable, Sendable { case notOpen }
