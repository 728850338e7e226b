public import Domain

#if canImport(Glibc)
import Glibc
#elseif canImport(Darwin)
import Darwin
#endif

/// Positions as text, and what is left to fly.
public enum LegacyPosition {
    /// `N51 28.3151 W0 26.8892`: hemisphere, whole degrees, a separator (blank, degree sign, also damaged), decimal
    /// minutes with dot or comma; latitude first. What follows is not part of the position.
    /// - Returns: The position and what follows it, trimmed; nil for anything else and for what is not on the earth.
    public static func read(_ text: some StringProtocol) -> (position: Position, rest: String)? {
        var bytes = Array(text.utf8.prefix(256))[...]
        guard let latitude = angle(&bytes, "N", "S"), let longitude = angle(&bytes, "E", "W"),
            let position = Position(latitude: latitude, longitude: longitude)
        else { return nil }
        return (position, LegacyText.trimmed(String(decoding: bytes, as: UTF8.self)))
    }

    private static func angle(_ bytes: inout ArraySlice<UInt8>, _ positive: Character, _ negative: Character) -> Double?
    {
        bytes = bytes.drop { $0 == 0x20 || $0 == 0x09 }
        guard let letter = bytes.first, let positiveByte = positive.asciiValue, let negativeByte = negative.asciiValue,
            letter & 0xDF == positiveByte || letter & 0xDF == negativeByte
        else { return nil }
        bytes = bytes.dropFirst()
        let whole = bytes.prefix(while: isDigit)
        guard (1...3).contains(whole.count), let degrees = Int(String(decoding: whole, as: UTF8.self)) else {
            return nil
        }
        bytes = bytes.dropFirst(whole.count)
        let separator = bytes.prefix { !isDigit($0) }
        guard (1...6).contains(separator.count) else { return nil }
        bytes = bytes.dropFirst(separator.count)
        let minutesText = bytes.prefix { isDigit($0) || $0 == UInt8(ascii: ".") || $0 == UInt8(ascii: ",") }
        guard minutesText.count <= 12, let minutes = LegacyNumber.read(String(decoding: minutesText, as: UTF8.self)),
            minutes < 60
        else { return nil }
        bytes = bytes.dropFirst(minutesText.count)
        let value = Double(degrees) + minutes / 60
        return letter & 0xDF == negativeByte ? -value : value
    }

    /// Decimal degrees in two texts, with dot or comma.
    public static func read(latitude: String?, longitude: String?) -> Position? {
        guard let latitude = latitude.flatMap({ LegacyNumber.measure($0) }), latitude.unit.isEmpty,
            let longitude = longitude.flatMap({ LegacyNumber.measure($0) }), longitude.unit.isEmpty
        else { return nil }
        return Position(latitude: latitude.value, longitude: longitude.value)
    }

    /// What phpVMS tells clients is left: whole nautical miles on its own sphere, and `h:mm` at the speed of now.
    /// - Source: phpVMS 5.5, core/common/SchedulesData.class.php: radius 3443.92 NM.
    public static func left(
        from position: Position, to airport: Position, at speed: Knots?
    ) -> (distance: Int, time: String) {
        let miles = greatCircleDistance(from: position, to: airport).rawValue * 3443.92 / earthRadius.rawValue
        let distance = Int(miles.rounded())
        guard let speed, speed.rawValue > 0 else { return (distance, "00:00") }
        return (distance, LegacyTime.shown(Minutes(Int((Double(distance) / speed.rawValue * 60).rounded()))))
    }

    /// Wind as `DDDSS` or `DDDSSS`: degrees it comes from and knots.
    public static func wind(_ text: some StringProtocol) -> (from: Degrees, speed: Knots)? {
        let text = LegacyText.trimmed(text)
        guard (4...6).contains(text.utf8.count), text.utf8.allSatisfy(isDigit), let from = Double(text.prefix(3)),
            from <= 360, let speed = Double(text.dropFirst(3))
        else { return nil }
        return (Degrees(from == 360 ? 0 : from), Knots(speed))
    }

    /// Ground speed of an aircraft that points along `heading` through a wind.
    public static func groundSpeed(
        true airspeed: Knots, heading: Degrees, wind: (from: Degrees, speed: Knots)
    ) -> Knots {
        let angle = (wind.from.rawValue - heading.rawValue) * Double.pi / 180
        let speed = wind.speed.rawValue
        // |a − w|² by the cosine rule: a headwind (angle 0) takes its whole speed away.
        let square = airspeed.rawValue * airspeed.rawValue + speed * speed - 2 * airspeed.rawValue * speed * cos(angle)
        return Knots(max(0, square).squareRoot())
    }
}
