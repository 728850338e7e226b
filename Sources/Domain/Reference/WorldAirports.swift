/// Airports in memory, found by code and by place.
public struct WorldAirports: AirportDirectory {
    public let version: String
    private let byCode: [ICAOLocation: Airport]
    /// One-degree cells, so that a search looks at a few airports and not at all of them.
    private let cells: [Cell: [Airport]]

    private struct Cell: Hashable {
        let latitude: Int
        let longitude: Int
    }

    public init(_ airports: some Sequence<Airport>, version: String) {
        self.version = version
        var byCode: [ICAOLocation: Airport] = [:]
        var cells: [Cell: [Airport]] = [:]
        for airport in airports {
            byCode[airport.icao] = airport
            cells[Self.cell(airport.position), default: []].append(airport)
        }
        self.byCode = byCode
        self.cells = cells
    }

    /// Reads lines of `icao, iata, name, country, lat, lon, elevation_ft` separated by tabs; a line that is not such is left
    /// out.
    public init(tabSeparated text: some StringProtocol, version: String) {
        let airports = text.utf8.split(separator: UInt8(ascii: "\n")).compactMap { line -> Airport? in
            let fields = line.split(separator: UInt8(ascii: "\t"), omittingEmptySubsequences: false).map {
                String(decoding: $0, as: UTF8.self)
            }
            guard fields.count == 7, let icao = ICAOLocation(fields[0]), let latitude = Double(fields[4]),
                let longitude = Double(fields[5]), let position = Position(latitude: latitude, longitude: longitude)
            else { return nil }
            return Airport(
                icao: icao, iata: fields[1].isEmpty ? nil : fields[1], name: fields[2], country: fields[3],
                position: position, elevation: Double(fields[6]).map { Feet($0) }
            )
        }
        self.init(airports, version: version)
    }

    public func airport(_ icao: ICAOLocation) -> Airport? { byCode[icao] }

    public func airports(near position: Position, within radius: NauticalMiles) -> [Airport] {
        let reach = Int((radius.rawValue / 60).rounded(.up)) + 1
        let centre = Self.cell(position)
        // Near the poles a degree of longitude is short; look all the way round there.
        let widening = max(0.02, (1 - (position.latitude / 90) * (position.latitude / 90)))
        let reachEast = min(180, Int((Double(reach) / widening).rounded(.up)))
        var found: [(Airport, NauticalMiles)] = []
        for latitude in (centre.latitude - reach)...(centre.latitude + reach) {
            for offset in -reachEast...reachEast {
                var longitude = centre.longitude + offset
                if longitude < -180 { longitude += 360 } else if longitude > 179 { longitude -= 360 }
                for airport in cells[Cell(latitude: latitude, longitude: longitude)] ?? [] {
                    let distance = greatCircleDistance(from: position, to: airport.position)
                    if distance <= radius { found.append((airport, distance)) }
                }
            }
        }
        return found.sorted { ($0.1, $0.0.icao) < ($1.1, $1.0.icao) }.map(\.0)
    }

    private static func cell(_ position: Position) -> Cell {
        let longitude = Int(position.longitude.rounded(.down))
        return Cell(latitude: Int(position.latitude.rounded(.down)), longitude: longitude > 179 ? -180 : longitude)
    }
}
