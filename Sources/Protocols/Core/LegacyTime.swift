public import Domain

/// Durations, clock times and dates as old clients write them.
public enum LegacyTime {
    /// `hh:mm`, `h:mm:ss`, and `h.mm` whose digits after the dot are minutes (`1.3` is an hour and a half; two digits above
    /// 60 are hundredths of an hour). A comma is a dot; a bare number is hours.
    /// - Returns: Whole minutes, seconds dropped; nil for anything else, also for a negative duration.
    public static func duration(_ text: some StringProtocol) -> Minutes? {
        let text = LegacyText.trimmed(text)
        guard !text.isEmpty, text.utf8.count <= 16 else { return nil }
        func digits(_ part: Substring) -> Int? {
            part.utf8.count <= 4 && !part.isEmpty && part.utf8.allSatisfy(isDigit) ? Int(part) : nil
        }
        let clock = text.split(separator: ":", omittingEmptySubsequences: false)
        if clock.count > 1 {
            guard clock.count <= 3, let hours = digits(clock[0]), let minutes = digits(clock[1]),
                clock.count == 2 || digits(clock[2]) != nil
            else { return nil }
            return Minutes(hours * 60 + minutes)
        }
        let parts = text.split(omittingEmptySubsequences: false) { $0 == "." || $0 == "," }
        guard parts.count <= 2, let hours = digits(parts[0]) else { return nil }
        guard parts.count == 2 else { return Minutes(hours * 60) }
        guard let after = digits(parts[1]) else { return nil }
        switch parts[1].utf8.count {
        case 1: return Minutes(hours * 60 + after * 10)
        case 2 where after <= 60: return Minutes(hours * 60 + after)
        case 2: return Minutes(hours * 60 + (after * 60 + 50) / 100)
        default: return LegacyNumber.read(text).map { Minutes(Int(($0 * 60).rounded())) }
        }
    }

    /// `h:mm`, the hour without a zero in front, as lists of flights show time to go.
    public static func shown(_ minutes: Minutes) -> String {
        let rest = minutes.rawValue % 60
        return "\(minutes.rawValue / 60):\(rest < 10 ? "0" : "")\(rest)"
    }
    /// `hh.mm`, both two digits.
    public static func dotted(_ minutes: Minutes) -> String {
        let hours = minutes.rawValue / 60
        let rest = minutes.rawValue % 60
        return "\(hours < 10 ? "0" : "")\(hours).\(rest < 10 ? "0" : "")\(rest)"
    }

    /// `dd.mm.yyyy hh:mm` (seconds allowed), read as UTC.
    public static func dayFirst(_ text: some StringProtocol) -> Timestamp? { date(text, order: [2, 1, 0]) }
    /// `MM/DD/YYYY hh:mm`, a `Z` after it allowed, read as UTC.
    public static func monthFirst(_ text: some StringProtocol) -> Timestamp? { date(text, order: [2, 0, 1]) }
    /// `YYYY/MM/DD hh:mm:ss`, read as UTC.
    public static func yearFirst(_ text: some StringProtocol) -> Timestamp? { date(text, order: [0, 1, 2]) }

    /// - Parameter order: Where year, month and day stand.
    private static func date(_ text: some StringProtocol, order: [Int]) -> Timestamp? {
        guard text.utf8.count <= 32 else { return nil }
        let numbers = text.utf8.split { !isDigit($0) }.map {
            $0.count <= 4 ? Int(String(decoding: $0, as: UTF8.self)) : nil
        }
        guard (5...6).contains(numbers.count), let year = numbers[order[0]], let month = numbers[order[1]],
            let day = numbers[order[2]], let hour = numbers[3], let minute = numbers[4]
        else { return nil }
        return Timestamp(
            year: year, month: month, day: day, hour: hour, minute: minute,
            second: numbers.count == 6 ? numbers[5] ?? 0 : 0)
    }

    /// `HH:MM` or `HHMM` on the day that puts it nearest to `near`.
    public static func clock(_ text: some StringProtocol, near: Timestamp) -> Timestamp? {
        let digits = text.utf8.filter(isDigit)
        guard text.utf8.count <= 8, (3...6).contains(digits.count),
            text.utf8.allSatisfy({ isDigit($0) || $0 == UInt8(ascii: ":") || $0 == 0x20 })
        else { return nil }
        let parts = text.split(separator: ":").compactMap { Int(LegacyText.trimmed($0)) }
        let hour: Int
        let minute: Int
        if parts.count >= 2 {
            (hour, minute) = (parts[0], parts[1])
        } else {
            guard let number = parts.first, digits.count <= 4 else { return nil }
            (hour, minute) = (number / 100, number % 100)
        }
        let today = near.components
        guard
            let same = Timestamp(
                year: today.year, month: today.month, day: today.day, hour: hour, minute: minute)
        else { return nil }
        return [same, same - .hours(24), same + .hours(24)].min {
            abs(($0 - near).rawValue) < abs(($1 - near).rawValue)
        }
    }
}
