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
        return UInt32(truncatingIfNeeded: hash.value ^ hash.value >> 32)
    }
}

/// Phases of flight; so spelled in code, JSON and rulesets.
public enum PhaseOfFlight: String, Sendable, Codable, CaseIterable {
    case boarding, pushback, taxiOut, takeoff, climb, cruise, descent, approach, landing, taxiIn, arrived
}
