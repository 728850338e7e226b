import Domain

/// A handful of airports, optionally mirrored.
struct TestAirports: AirportDirectory {
    let list: [Airport]
    var version: String { "test" }

    init(_ mirror: Mirror = .none) {
        list = Self.facts.compactMap { code, latitude, longitude, elevation in
            guard let icao = ICAOLocation(code), let position = Position(latitude: latitude, longitude: longitude)
            else {
                return nil
            }
            return Airport(
                icao: icao, iata: nil, name: code, country: "XX", position: mirror(position), elevation: Feet(elevation)
            )
        }
    }
    func airport(_ icao: ICAOLocation) -> Airport? { list.first { $0.icao == icao } }
    func airports(near position: Position, within radius: NauticalMiles) -> [Airport] {
        list.map { ($0, greatCircleDistance(from: $0.position, to: position)) }
            .filter { $0.1 <= radius }.sorted { $0.1 < $1.1 }.map(\.0)
    }

    private static let facts: [(String, Double, Double, Double)] = [
        ("LFPG", 49.009722, 2.547778, 392), ("LFBO", 43.635, 1.367778, 499), ("LFPB", 48.969444, 2.441389, 218),
        ("LIRF", 41.800278, 12.238889, 15), ("LLBG", 32.011389, 34.886667, 134), ("EHAM", 52.308613, 4.763889, -11),
        ("LTFM", 41.275278, 28.751944, 325), ("LPPR", 41.248056, -8.681389, 228), ("LSZH", 47.464722, 8.549167, 1416),
        ("KDEN", 39.861667, -104.673056, 5431), ("EGLL", 51.4775, -0.461389, 83), ("EGKK", 51.148056, -0.190278, 202),
        ("NZAA", -37.008056, 174.791667, 23),
    ]
}

/// Moves a flight elsewhere on the globe without changing its shape.
enum Mirror: String, Sendable, CaseIterable {
    case none
    /// To the other hemisphere.
    case equator
    /// East and west of the date line.
    case antimeridian

    func callAsFunction(_ position: Position) -> Position {
        switch self {
        case .none: return position
        case .equator:
            return Position(latitude: -position.latitude, longitude: position.longitude) ?? position
        case .antimeridian:
            // AFR34ZG lies between 1.2° and 2.6° east: the date line cuts it in two.
            var longitude = position.longitude + 178.2
            if longitude > 180 { longitude -= 360 }
            return Position(latitude: position.latitude, longitude: longitude) ?? position
        }
    }
}
