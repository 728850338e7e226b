/// A point in time: milliseconds since 1970-01-01T00:00:00Z, UTC without leap seconds.
public struct Timestamp: Hashable, Comparable, Sendable, Codable {
    public let milliseconds: Int64

    public init(milliseconds: Int64) { self.milliseconds = milliseconds }
    public init(seconds: Double) { milliseconds = Int64((seconds * 1000).rounded()) }

    public var seconds: Double { Double(milliseconds) / 1000 }

    public static func < (lhs: Timestamp, rhs: Timestamp) -> Bool { lhs.milliseconds < rhs.milliseconds }
    public static func + (lhs: Timestamp, rhs: Milliseconds) -> Timestamp {
        Timestamp(milliseconds: lhs.milliseconds &+ rhs.rawValue)
    }
    public static func - (lhs: Timestamp, rhs: Milliseconds) -> Timestamp {
        Timestamp(milliseconds: lhs.milliseconds &- rhs.rawValue)
    }
    public static func - (lhs: Timestamp, rhs: Timestamp) -> Milliseconds {
        Milliseconds(lhs.milliseconds &- rhs.milliseconds)
    }

    public init(from decoder: any Decoder) throws {
        milliseconds = try decoder.singleValueContainer().decode(Int64.self)
    }
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(milliseconds)
    }
}

/// A span of time in milliseconds; negative when the later point comes first.
public struct Milliseconds: Hashable, Comparable, Sendable, Codable {
    public let rawValue: Int64
    public init(_ value: Int64) { rawValue = value }
    public var seconds: Double { Double(rawValue) / 1000 }
    public static func seconds(_ value: Double) -> Milliseconds { Milliseconds(Int64((value * 1000).rounded())) }
    public static func minutes(_ value: Double) -> Milliseconds { seconds(value * 60) }
    public static func hours(_ value: Double) -> Milliseconds { seconds(value * 3600) }
    public static func < (lhs: Milliseconds, rhs: Milliseconds) -> Bool { lhs.rawValue < rhs.rawValue }
    public static func + (lhs: Milliseconds, rhs: Milliseconds) -> Milliseconds { .init(lhs.rawValue + rhs.rawValue) }
    /// Rounded to the nearest whole minute.
    public var wholeMinutes: Minutes { Minutes(Int((seconds / 60).rounded())) }
}

extension Timestamp {
    /// A date and time of the proleptic Gregorian calendar, UTC.
    /// - Returns: `nil` when a field is out of range (month 13, 30 February, hour 24 …).
    public init?(
        year: Int, month: Int, day: Int, hour: Int = 0, minute: Int = 0, second: Int = 0, millisecond: Int = 0
    ) {
        guard (1...9999).contains(year), (1...12).contains(month), (1...31).contains(day), (0...23).contains(hour),
            (0...59).contains(minute), (0...59).contains(second), (0...999).contains(millisecond)
        else { return nil }
        let days = Self.days(year: year, month: month, day: day)
        guard Self.civil(days: days) == (year, month, day) else { return nil }
        let seconds = ((days * 24 + Int64(hour)) * 60 + Int64(minute)) * 60 + Int64(second)
        milliseconds = seconds * 1000 + Int64(millisecond)
    }

    /// Days since 1970-01-01. Source: H. Hinnant, "chrono-Compatible Low-Level Date Algorithms", days_from_civil.
    static func days(year: Int, month: Int, day: Int) -> Int64 {
        let shiftedYear = month <= 2 ? year - 1 : year
        let era = (shiftedYear >= 0 ? shiftedYear : shiftedYear - 399) / 400
        let yearOfEra = shiftedYear - era * 400
        let dayOfYear = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1
        let dayOfEra = yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear
        return Int64(era * 146_097 + dayOfEra - 719_468)
    }

    /// The inverse of ``days(year:month:day:)``.
    static func civil(days: Int64) -> (year: Int, month: Int, day: Int) {
        let shifted = Int(days) + 719_468
        let era = (shifted >= 0 ? shifted : shifted - 146_096) / 146_097
        let dayOfEra = shifted - era * 146_097
        let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let shiftedMonth = (5 * dayOfYear + 2) / 153
        let day = dayOfYear - (153 * shiftedMonth + 2) / 5 + 1
        let month = shiftedMonth + (shiftedMonth < 10 ? 3 : -9)
        return (yearOfEra + era * 400 + (month <= 2 ? 1 : 0), month, day)
    }

    /// Year, month, day, hour, minute, second, millisecond in UTC.
    public var components: (year: Int, month: Int, day: Int, hour: Int, minute: Int, second: Int, millisecond: Int) {
        var days = milliseconds / 86_400_000
        var rest = milliseconds % 86_400_000
        if rest < 0 {
            days -= 1
            rest += 86_400_000
        }
        let date = Self.civil(days: days)
        let value = Int(rest)
        return (
            date.year, date.month, date.day, value / 3_600_000, value / 60_000 % 60, value / 1000 % 60, value % 1000
        )
    }

    /// `2026-01-02T03:04:05Z`, with milliseconds (`.250`) only where they are not zero.
    public var iso8601: String {
        let parts = components
        var text = [UInt8]()
        text.reserveCapacity(24)
        func append(_ value: Int, digits: Int) {
            var divisor = 1
            for _ in 1..<digits { divisor *= 10 }
            var rest = value
            for _ in 0..<digits {
                text.append(UInt8(ascii: "0") + UInt8(truncatingIfNeeded: rest / divisor % 10))
                rest %= divisor
                divisor = max(1, divisor / 10)
            }
        }
        append(parts.year, digits: 4)
        text.append(UInt8(ascii: "-"))
        append(parts.month, digits: 2)
        text.append(UInt8(ascii: "-"))
        append(parts.day, digits: 2)
        text.append(UInt8(ascii: "T"))
        append(parts.hour, digits: 2)
        text.append(UInt8(ascii: ":"))
        append(parts.minute, digits: 2)
        text.append(UInt8(ascii: ":"))
        append(parts.second, digits: 2)
        if parts.millisecond != 0 {
            text.append(UInt8(ascii: "."))
            append(parts.millisecond, digits: 3)
        }
        text.append(UInt8(ascii: "Z"))
        return String(decoding: text, as: UTF8.self)
    }

    /// Reads `YYYY-MM-DD`, `T` or space, `HH:MM:SS`, 0 to 9 fractional digits, then `Z`, `±HH:MM`, `±HHMM` or nothing
    /// (which means UTC). Digits past the millisecond are dropped.
    /// - Returns: `nil` for anything else, also for a bare date or number.
    public init?(iso8601 text: some StringProtocol) {
        let bytes = Array(text.utf8)
        var index = 0
        func number(_ digits: Int) -> Int? {
            guard index + digits <= bytes.count else { return nil }
            var value = 0
            for _ in 0..<digits {
                let digit = bytes[index]
                guard (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(digit) else { return nil }
                value = value * 10 + Int(digit - UInt8(ascii: "0"))
                index += 1
            }
            return value
        }
        func skip(_ accepted: String) -> Bool {
            guard index < bytes.count, accepted.utf8.contains(bytes[index]) else { return false }
            index += 1
            return true
        }
        guard let year = number(4), skip("-"), let month = number(2), skip("-"), let day = number(2), skip("Tt "),
            let hour = number(2), skip(":"), let minute = number(2), skip(":"), let second = number(2)
        else { return nil }
        var millisecond = 0
        if skip(".,") {
            var digits = 0
            while index < bytes.count, let digit = number(1) {
                if digits < 3 { millisecond = millisecond * 10 + digit }
                digits += 1
            }
            guard (1...9).contains(digits) else { return nil }
            for _ in 0..<max(0, 3 - digits) { millisecond *= 10 }
        }
        var offset = 0
        if index < bytes.count, !skip("Zz") {
            let sign = bytes[index] == UInt8(ascii: "-") ? -1 : 1
            guard skip("+-"), let hours = number(2) else { return nil }
            _ = skip(":")
            guard let minutes = number(2), hours <= 23, minutes <= 59 else { return nil }
            offset = sign * (hours * 60 + minutes)
        }
        guard index == bytes.count,
            let local = Timestamp(
                year: year, month: month, day: day, hour: hour, minute: minute, second: second, millisecond: millisecond
            )
        else { return nil }
        self = local - .minutes(Double(offset))
    }
}
