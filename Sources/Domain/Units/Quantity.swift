/// A physical quantity in one fixed unit. A bare `Double` never crosses a target boundary as a quantity; converting
/// from one unit to another is spelled out.
public protocol Quantity: RawRepresentable<Double>, Comparable, Hashable, Sendable, Codable {
    init(rawValue: Double)
    /// The unit's symbol as people read it, e.g. `kt`.
    static var unit: String { get }
}

extension Quantity {
    public init(_ value: Double) { self.init(rawValue: value) }
    public init(_ value: Int) { self.init(rawValue: Double(value)) }
    public var magnitude: Self { Self(rawValue: rawValue.magnitude) }
    public static var zero: Self { Self(rawValue: 0) }
    public static func < (lhs: Self, rhs: Self) -> Bool { lhs.rawValue < rhs.rawValue }
    public static func + (lhs: Self, rhs: Self) -> Self { Self(rawValue: lhs.rawValue + rhs.rawValue) }
    public static func - (lhs: Self, rhs: Self) -> Self { Self(rawValue: lhs.rawValue - rhs.rawValue) }
    public static func * (lhs: Self, rhs: Double) -> Self { Self(rawValue: lhs.rawValue * rhs) }
    public static func / (lhs: Self, rhs: Self) -> Double { lhs.rawValue / rhs.rawValue }
    public static prefix func - (value: Self) -> Self { Self(rawValue: -value.rawValue) }

    public init(from decoder: any Decoder) throws {
        self.init(rawValue: try decoder.singleValueContainer().decode(Double.self))
    }
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(rawValue)
    }
}

/// Feet (1 ft = 0.3048 m).
public struct Feet: Quantity {
    public static let unit = "ft"
    public let rawValue: Double
    public init(rawValue: Double) { self.rawValue = rawValue }
}

/// Knots: nautical miles per hour.
public struct Knots: Quantity {
    public static let unit = "kt"
    public let rawValue: Double
    public init(rawValue: Double) { self.rawValue = rawValue }
}

/// Feet per minute; negative is down.
public struct FeetPerMinute: Quantity {
    public static let unit = "fpm"
    public let rawValue: Double
    public init(rawValue: Double) { self.rawValue = rawValue }
}

/// Nautical miles (1 NM = 1852 m).
public struct NauticalMiles: Quantity {
    public static let unit = "NM"
    public let rawValue: Double
    public init(rawValue: Double) { self.rawValue = rawValue }
    public var feet: Feet { Feet(rawValue * 1852 / 0.3048) }
    public var metres: Double { rawValue * 1852 }
}

/// Degrees of arc: headings 0..<360 clockwise from true north, latitudes and longitudes WGS-84.
public struct Degrees: Quantity {
    public static let unit = "°"
    public let rawValue: Double
    public init(rawValue: Double) { self.rawValue = rawValue }
}

/// Kilograms, the only mass unit inside.
public struct Kilograms: Quantity {
    public static let unit = "kg"
    public let rawValue: Double
    public init(rawValue: Double) { self.rawValue = rawValue }
    public init(_ pounds: Pounds) { self.init(rawValue: pounds.rawValue * 0.453_592_37) }
}

/// International avoirdupois pounds; only wire formats use them.
public struct Pounds: Quantity {
    public static let unit = "lb"
    public let rawValue: Double
    public init(rawValue: Double) { self.rawValue = rawValue }
    public init(_ kilograms: Kilograms) { self.init(rawValue: kilograms.rawValue / 0.453_592_37) }
}

/// Whole minutes, the unit of reported block and flight times.
public struct Minutes: Hashable, Comparable, Sendable, Codable {
    public let rawValue: Int
    public init(_ value: Int) { rawValue = value }
    public static func < (lhs: Minutes, rhs: Minutes) -> Bool { lhs.rawValue < rhs.rawValue }
    public init(from decoder: any Decoder) throws { rawValue = try decoder.singleValueContainer().decode(Int.self) }
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(rawValue)
    }
}
