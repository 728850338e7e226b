/// A part of the map. `west > east` crosses the date line.
struct BoundingBox: Hashable, Sendable {
    let west: Double
    let south: Double
    let east: Double
    let north: Double

    /// - Parameter values: West, south, east, north in degrees. Longitudes past ±180 (a map that was turned on) are
    ///   brought back; 360° or more is the whole way round.
    /// - Returns: `nil` unless these are four finite numbers with south not above north.
    init?(_ values: [Double]) {
        guard values.count == 4, values.allSatisfy({ $0.isFinite && $0.magnitude <= 3600 }), values[1] <= values[3]
        else {
            return nil
        }
        south = max(-90, values[1])
        north = min(90, values[3])
        if values[2] - values[0] >= 360 {
            west = -180
            east = 180
        } else {
            west = Self.normalised(values[0])
            east = Self.normalised(values[2])
        }
    }

    private static func normalised(_ longitude: Double) -> Double {
        guard longitude < -180 || longitude > 180 else { return longitude }
        let turned = (longitude + 180).truncatingRemainder(dividingBy: 360)
        return (turned < 0 ? turned + 360 : turned) - 180
    }

    func contains(latitude: Double, longitude: Double) -> Bool {
        guard latitude >= south, latitude <= north else { return false }
        return west <= east
            ? (longitude >= west && longitude <= east) || (longitude == 180 && west == -180)
            : longitude >= west || longitude <= east
    }
}
