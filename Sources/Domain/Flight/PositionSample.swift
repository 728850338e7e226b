/// One report of where the aircraft is. Absent is nil, never 0.
public struct PositionSample: Hashable, Sendable {
    /// When the sample was taken, corrected by the flight's clock offset: the time that rules and the map use.
    public var eventTime: Timestamp
    public var receivedAt: Timestamp
    /// As sent; nil where the protocol has no time.
    public var clientTime: Timestamp?
    public var position: Position
    /// True altitude.
    public var altitudeMSL: Feet?
    public var heightAGL: Feet?
    public var pressureAltitude: Feet?
    public var groundSpeed: Knots?
    public var indicatedAirspeed: Knots?
    public var verticalSpeed: FeetPerMinute?
    /// True.
    public var heading: Degrees?
    public var onGround: Bool?
    public var fuel: Kilograms?
    /// 1 is real time; 0 is paused.
    public var simulationRate: Double?
    public var parkingBrake: Bool?
    public var enginesRunning: Bool?
    /// The tracker's own word, for display and comparison only.
    public var claimedPhase: PhaseOfFlight?
    public var distanceRemaining: NauticalMiles?
    public var timeRemaining: Minutes?
    /// `VATSIM`, `IVAO` …; nil when offline or unknown.
    public var network: String?
    public var trueAirspeed: Knots?
    /// Where the wind comes from, true.
    public var windDirection: Degrees?
    public var windSpeed: Knots?
    /// Degrees Celsius, static.
    public var outsideTemperature: Double?
    /// An hour.
    public var fuelFlow: Kilograms?
    /// The client's own id of the sample: within a flight the last sample of an id is the one that counts.
    public var clientID: String?
    /// The frame had no usable position: this is the flight's last one, and only the other values are new.
    public var positionIsHeld = false
    /// What the protocol carries beyond this, by its wire name.
    public var extras: [String: String] = [:]

    public init(eventTime: Timestamp, receivedAt: Timestamp, position: Position) {
        self.eventTime = eventTime
        self.receivedAt = receivedAt
        self.position = position
    }

    /// Hash of everything that was sent, without the times the gateway adds: equal for a repeat, the same on every machine.
    public var contentHash: UInt32 {
        var hash = StableHash()
        hash.combine(clientTime?.milliseconds ?? .min)
        hash.combine(position.latitude)
        hash.combine(position.longitude)
        for value in [
            altitudeMSL?.rawValue, heightAGL?.rawValue, pressureAltitude?.rawValue, groundSpeed?.rawValue,
            indicatedAirspeed?.rawValue, verticalSpeed?.rawValue, heading?.rawValue, fuel?.rawValue, simulationRate,
            distanceRemaining?.rawValue,
        ] { hash.combine(value) }
        hash.combine(onGround)
        hash.combine(parkingBrake)
        hash.combine(enginesRunning)
        hash.combine(UInt64(bitPattern: Int64(timeRemaining?.rawValue ?? -1)))
        hash.combine(optional: claimedPhase?.rawValue)
        hash.combine(optional: network)
        // Absent values leave the hash as it was before these fields were known.
        for (tag, value) in [
            (1, trueAirspeed?.rawValue), (2, windDirection?.rawValue), (3, windSpeed?.rawValue),
            (4, outsideTemperature), (5, fuelFlow?.rawValue),
        ] as [(UInt64, Double?)] where value != nil {
            hash.combine(tag)
            hash.combine(value)
        }
        if let clientID { hash.combine(clientID) }
        if positionIsHeld { hash.combine(true) }
        for (name, value) in extras.sorted(by: { $0.key < $1.key }) {
            hash.combine(name)
            hash.combine(value)
        }
        return UInt32(truncatingIfNeeded: hash.value ^ hash.value >> 32)
    }
}

extension Sequence<PositionSample> {
    /// The samples that show where the aircraft was, in stored order: of several with one client id the last, and none
    /// that only holds the position before it.
    public var track: [PositionSample] {
        var places: [String: Int] = [:]
        var result: [PositionSample?] = []
        for sample in self where !sample.positionIsHeld {
            if let id = sample.clientID {
                if let place = places[id] { result[place] = nil }
                places[id] = result.count
            }
            result.append(sample)
        }
        return result.compactMap { $0 }
    }
}

/// Phases of flight; so spelled in code, JSON and rulesets.
public enum PhaseOfFlight: String, Sendable, Codable, CaseIterable {
    case boarding, pushback, taxiOut, takeoff, climb, cruise, descent, approach, landing, taxiIn, arrived
}
