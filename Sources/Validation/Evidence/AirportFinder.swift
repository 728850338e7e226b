import Domain

/// Asks the directory once for a stretch of the track instead of once per sample.
struct AirportFinder {
    let directory: any AirportDirectory
    private var anchor: Position?
    private var around: [Airport] = []
    /// Radius asked for, and how far from the anchor its answer still covers `reach`.
    private static let radius = 16.0
    static let reach = 5.0

    init(_ directory: any AirportDirectory) { self.directory = directory }

    /// The airports that may lie within 5 NM of a position; some lie further away.
    mutating func candidates(near position: Position) -> [Airport] {
        if let anchor, greatCircleDistance(from: anchor, to: position).rawValue <= Self.radius - Self.reach {
            return around
        }
        anchor = position
        around = directory.airports(near: position, within: NauticalMiles(Self.radius))
        return around
    }

    /// The nearest airport of known elevation within 5 NM.
    mutating func nearest(to position: Position) -> Airport? {
        var best: (airport: Airport, distance: Double)?
        for airport in candidates(near: position) where airport.elevation != nil {
            let distance = greatCircleDistance(from: airport.position, to: position).rawValue
            if distance <= Self.reach, distance < best?.distance ?? .infinity { best = (airport, distance) }
        }
        return best?.airport
    }
}

extension AirportDirectory {
    /// The airport that a position belongs to: the planned one when it is inside the radius, else the nearest.
    /// - Parameter altitude: MSL, of an aircraft on the ground: within 500 ft of the field.
    func match(_ position: Position, radius: Double, planned: ICAOLocation?, groundAltitude: Double? = nil) -> Airport?
    {
        func fits(_ airport: Airport) -> Bool {
            guard let groundAltitude, let elevation = airport.elevation else { return true }
            return (groundAltitude - elevation.rawValue).magnitude <= 500
        }
        let near = airports(near: position, within: NauticalMiles(radius)).filter(fits)
        // A planned field may have been looked up by a name that the list of neighbours does not carry.
        if let planned {
            if let airport = near.first(where: { $0.icao == planned }) { return airport }
            if let airport = airport(planned), fits(airport),
                greatCircleDistance(from: airport.position, to: position).rawValue <= radius
            {
                return airport
            }
        }
        return near.first
    }
}
