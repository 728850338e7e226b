/// An airport of the reference data.
public struct Airport: Hashable, Sendable, Codable {
    public let icao: ICAOLocation
    public let iata: String?
    public let name: String
    public let country: String
    public let position: Position
    public let elevation: Feet?
    public init(
        icao: ICAOLocation, iata: String?, name: String, country: String, position: Position, elevation: Feet?
    ) {
        self.icao = icao
        self.iata = iata
        self.name = name
        self.country = country
        self.position = position
        self.elevation = elevation
    }
}

/// Looks airports up. Pure data: no I/O at look-up time.
public protocol AirportDirectory: Sendable {
    func airport(_ icao: ICAOLocation) -> Airport?
    /// Airports within `radius` of a position, nearest first.
    func airports(near position: Position, within radius: NauticalMiles) -> [Airport]
    /// Version of the data, recorded with decisions.
    var version: String { get }
}
