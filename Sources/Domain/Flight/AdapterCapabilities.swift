/// What a tracker's protocol can carry, field by field: validation rules, section 1.6.
public struct AdapterCapabilities: Hashable, Sendable, Codable {
    public enum Field: String, Sendable, Codable, CaseIterable {
        /// A track: without it the flight exists through its report only.
        case position
        case altitudeMSL, heightAGL, groundSpeed, indicatedAirspeed, verticalSpeed, onGround, fuel, simulationRate
        case parkingBrake, engines, touchdownRate, pause, aircraftType, clientTime
    }
    public enum Availability: String, Sendable, Codable { case measured, reported, absent }
    public var fields: [Field: Availability]
    public init(_ fields: [Field: Availability]) { self.fields = fields }
    public subscript(_ field: Field) -> Availability { fields[field] ?? .absent }
}
