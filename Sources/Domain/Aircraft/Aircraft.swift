/// One aircraft of a fleet.
public struct Aircraft: Aggregate, Codable, Equatable {
    public static let category = StreamCategory.aircraft

    public var details: AircraftDetails?

    public init() {}

    public func decide(_ command: AircraftCommand) throws(AircraftRejection) -> [AircraftEvent] {
        switch command {
        case .register(let new):
            guard let details else { return [.registered(new)] }
            if details == new { return [] }
            return [.updated(new)]
        }
    }

    public mutating func apply(_ event: AircraftEvent) {
        switch event {
        case .registered(let new), .updated(let new): details = new
        }
    }
}

public struct AircraftDetails: Hashable, Sendable, Codable {
    public let id: AircraftID
    public let number: Int
    /// As painted, upper case.
    public let registration: String
    /// ICAO type designator, e.g. `B738`.
    public let type: String
    public let name: String
    public let subfleet: String
    public let isActive: Bool
    public let location: ICAOLocation?
    public let serviceCeiling: Feet
    public let maximumPassengers: Int
    public let maximumCargo: Kilograms
    public let minimumRank: String?
    public init(
        id: AircraftID, number: Int, registration: String, type: String, name: String, subfleet: String,
        isActive: Bool, location: ICAOLocation?, serviceCeiling: Feet = Feet(40_000), maximumPassengers: Int = 0,
        maximumCargo: Kilograms = .zero, minimumRank: String? = nil
    ) {
        self.id = id
        self.number = number
        self.registration = registration
        self.type = type
        self.name = name
        self.subfleet = subfleet
        self.isActive = isActive
        self.location = location
        self.serviceCeiling = serviceCeiling
        self.maximumPassengers = maximumPassengers
        self.maximumCargo = maximumCargo
        self.minimumRank = minimumRank
    }
}

public enum AircraftCommand: Sendable { case register(AircraftDetails) }
public enum AircraftEvent: Hashable, Sendable {
    case registered(AircraftDetails)
    case updated(AircraftDetails)
}
public enum AircraftRejection: Error, Hashable, Sendable {}
