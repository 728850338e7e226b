import Domain

/// The calls as sent; every field may be absent.
enum FSACARS4Message: Sendable {
    case userQuery
    case dispatch
    case position(FSACARS4Position)
    case report(FSACARS4Report)
}

struct FSACARS4Position: Sendable {
    /// Of the flight, made by the client.
    let flight: String?
    let number: String?
    let position: Position?
    /// Feet.
    let altitude: Double?
    /// Knots.
    let groundSpeed: Double?
    /// Degrees, true.
    let heading: Double?
    let onGround: Bool?
    /// Title of the simulator's aircraft.
    let aircraft: String?
    let origin: String?
    let destination: String?
    /// Seconds under way, as sent.
    let elapsed: String?
}

struct FSACARS4Report: Sendable {
    let flight: String?
    let number: String?
    /// Identifier, flight number, airline, type.
    let atcData: [String]
    let aircraft: String?
    let origin: String?
    let destination: String?
    let start: Position?
    let stop: Position?
    let filedAt: Timestamp?
    /// `HHmm`, UTC.
    let out: String?
    let off: String?
    let on: String?
    let inBlock: String?
    /// Decimal hours.
    let blockTime: Double?
    let airTime: Double?
    /// Nautical miles.
    let directDistance: Double?
    let flownDistance: Double?
    /// Pounds.
    let fuelStart: Double?
    let fuelStop: Double?
    let blockFuel: Double?
    let enrouteFuel: Double?
    let zeroFuelWeight: Double?
    /// Feet per minute.
    let landingRate: Double?
    let crashed: Bool?
    let comment: String?
    let version: String?
    /// What has no place of its own, by wire name.
    let others: [String: String]

    var client: String? { version.map { "FSACARS \(LegacyText.cut($0, to: 32))" } }
}
