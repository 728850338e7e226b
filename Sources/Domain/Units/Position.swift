#if canImport(FoundationEssentials)
import FoundationEssentials
#else
import Foundation
#endif
#if canImport(Glibc)
import Glibc
#elseif canImport(Darwin)
import Darwin
#endif

/// A point on the earth: latitude -90...90, longitude in (-180, 180], degrees WGS-84.
public struct Position: Hashable, Sendable, Codable {
    public let latitude: Double
    public let longitude: Double

    /// - Returns: `nil` when a value is not finite or out of range. A longitude of -180 becomes 180.
    public init?(latitude: Double, longitude: Double) {
        guard latitude.isFinite, longitude.isFinite, (-90...90).contains(latitude), (-180...180).contains(longitude)
        else { return nil }
        self.latitude = latitude
        self.longitude = longitude == -180 ? 180 : longitude
    }

    public init(from decoder: any Decoder) throws {
        let values = try decoder.container(keyedBy: CodingKeys.self)
        guard
            let position = Position(
                latitude: try values.decode(Double.self, forKey: .latitude),
                longitude: try values.decode(Double.self, forKey: .longitude))
        else {
            throw DecodingError.dataCorrupted(
                .init(codingPath: decoder.codingPath, debugDescription: "not on the earth"))
        }
        self = position
    }

    private enum CodingKeys: String, CodingKey {
        case latitude = "lat"
        case longitude = "lon"
    }
}

/// Mean earth radius used for every great-circle distance: validation rules, section 1.3.
public let earthRadius = NauticalMiles(3440.065)

/// Great-circle distance between two positions (haversine, sphere of radius 3440.065 NM).
/// - Parameters:
///   - a: Start.
///   - b: End; antipodal points are allowed, and a pair across the date line is as near as it is on the globe.
/// - Returns: Nautical miles, 0...10807.3; within 0.6 % of the ellipsoidal distance.
/// - Source: R. W. Sinnott, "Virtues of the Haversine", Sky & Telescope 68 (1984).
public func greatCircleDistance(from a: Position, to b: Position) -> NauticalMiles {
    let toRadians = Double.pi / 180
    let halfLatitude = sin((b.latitude - a.latitude) * toRadians / 2)
    let halfLongitude = sin((b.longitude - a.longitude) * toRadians / 2)
    let chord =
        halfLatitude * halfLatitude
        + cos(a.latitude * toRadians) * cos(b.latitude * toRadians) * halfLongitude * halfLongitude
    return NauticalMiles(2 * earthRadius.rawValue * asin(min(1, chord.squareRoot())))
}

/// Initial true course of the great circle from `a` to `b`.
/// - Returns: Degrees 0..<360; 0 when the points coincide.
public func initialCourse(from a: Position, to b: Position) -> Degrees {
    let toRadians = Double.pi / 180
    let difference = (b.longitude - a.longitude) * toRadians
    let y = sin(difference) * cos(b.latitude * toRadians)
    let x =
        cos(a.latitude * toRadians) * sin(b.latitude * toRadians)
        - sin(a.latitude * toRadians) * cos(b.latitude * toRadians) * cos(difference)
    let degrees = atan2(y, x) / toRadians
    return Degrees(degrees < 0 ? degrees + 360 : degrees)
}
