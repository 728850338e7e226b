/// What a tracker says of its flight as a whole, before, while and after it flies. An absent field was not said; a later
/// word replaces an earlier one field by field.
public struct FlightDetails: Hashable, Sendable, Codable {
    /// Airline code in front of the flight number, upper case; nil when the client sent a bare number.
    public var airline: String?
    /// Without the code, upper case.
    public var flightNumber: String?
    public var routeCode: String?
    public var routeLeg: String?
    /// phpVMS letter (`J` scheduled passenger, `F` cargo …).
    public var flightType: String?
    public var departure: ICAOLocation?
    public var arrival: ICAOLocation?
    public var alternate: ICAOLocation?
    /// Number of the aircraft in the fleet.
    public var aircraft: Int?
    /// Registration, type or title as the client sent it.
    public var aircraftText: String?
    /// Feet or flight level, as sent.
    public var level: Int?
    /// Way points separated by single spaces, upper case, without the airports.
    public var route: String?
    public var notes: String?
    /// Name and version of the client.
    public var client: String?
    /// The protocol's own word for the phase (`ENR`), for answers only.
    public var status: String?
    public var network: String?
    /// `IFR` or `VFR`.
    public var flightRules: String?
    public var plannedDistance: NauticalMiles?
    /// Flown so far, or at the end.
    public var distance: NauticalMiles?
    public var plannedTime: Minutes?
    public var flightTime: Minutes?
    public var blockTime: Minutes?
    public var blockFuel: Kilograms?
    public var fuelUsed: Kilograms?
    public var zeroFuelWeight: Kilograms?
    public var passengers: Int?
    public var cargo: Kilograms?
    public var landingRate: FeetPerMinute?
    public var score: Int?
    /// Times as the client claims them.
    public var out: Timestamp?
    public var off: Timestamp?
    public var on: Timestamp?
    public var inBlock: Timestamp?
    /// Where the client says that the flight began and ended.
    public var start: Position?
    public var stop: Position?
    /// The simulator crashed the aircraft.
    public var crashed: Bool?
    /// Custom fields by name; each replaces the one of the same name.
    public var fields: [String: String] = [:]
    /// Replaces all fares when not nil.
    public var fares: [Fare]?
    /// The planned route as points, in order; replaces all points when not nil.
    public var waypoints: [Waypoint]?
    /// Values with their units as sent, by the name of the property here (`fuelUsed`: `4120 lb`), and what the protocol
    /// carries beyond the properties, by its wire name.
    public var asSent: [String: String] = [:]

    public init() {}

    /// Seats or cargo sold in one fare class.
    public struct Fare: Hashable, Sendable, Codable {
        public let id: String
        public let count: Double
        public init(id: String, count: Double) {
            self.id = id
            self.count = count
        }
    }

    /// A point of the planned route.
    public struct Waypoint: Hashable, Sendable, Codable {
        public let id: String?
        public let name: String
        /// As sent: from 0 or from 1.
        public let order: Int
        public let position: Position
        /// phpVMS `nav_type` bits.
        public let kind: Int?
        public init(id: String?, name: String, order: Int, position: Position, kind: Int?) {
            self.id = id
            self.name = name
            self.order = order
            self.position = position
            self.kind = kind
        }
    }

    /// Nothing was said.
    public var isEmpty: Bool { self == FlightDetails() }

    /// These details with what was said later.
    public func merging(_ later: FlightDetails) -> FlightDetails {
        var merged = self
        func take<Value>(_ property: WritableKeyPath<FlightDetails, Value?>) {
            if let value = later[keyPath: property] { merged[keyPath: property] = value }
        }
        take(\.airline)
        take(\.flightNumber)
        take(\.routeCode)
        take(\.routeLeg)
        take(\.flightType)
        take(\.departure)
        take(\.arrival)
        take(\.alternate)
        take(\.aircraft)
        take(\.aircraftText)
        take(\.level)
        take(\.route)
        take(\.notes)
        take(\.client)
        take(\.status)
        take(\.network)
        take(\.flightRules)
        take(\.plannedDistance)
        take(\.distance)
        take(\.plannedTime)
        take(\.flightTime)
        take(\.blockTime)
        take(\.blockFuel)
        take(\.fuelUsed)
        take(\.zeroFuelWeight)
        take(\.passengers)
        take(\.cargo)
        take(\.landingRate)
        take(\.score)
        take(\.out)
        take(\.off)
        take(\.on)
        take(\.inBlock)
        take(\.start)
        take(\.stop)
        take(\.crashed)
        take(\.fares)
        take(\.waypoints)
        merged.fields.merge(later.fields) { _, new in new }
        merged.asSent.merge(later.asSent) { _, new in new }
        return merged
    }
}
