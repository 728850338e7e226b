public import Domain

/// Numbers as people and their systems write them: comma or dot, with or without a unit. Missing is nil, never 0.
public enum LegacyNumber {
    /// The number that the text begins with: `41,000000`, `-187`, `1998 lbs`, `1.234,5`.
    /// - Returns: nil for an empty text, no digit at the start, and what no finite `Double` holds.
    public static func read(_ text: some StringProtocol) -> Double? { parse(text)?.value }

    /// The number and what follows it, trimmed, in lower case: `9800 lbs` is 9800 and `lbs`.
    public static func measure(_ text: some StringProtocol) -> (value: Double, unit: String)? {
        parse(text).map { ($0.value, LegacyText.trimmed($0.rest).lowercased()) }
    }

    /// The first number anywhere in the text, with its sign: `Rate -215 ft/min` is -215.
    public static func first(in text: some StringProtocol) -> Double? {
        var rest = text[...]
        while let start = rest.firstIndex(where: { $0.isASCII && ($0.isNumber || $0 == "-" || $0 == "+") }) {
            if let found = parse(rest[start...]) { return found.value }
            rest = rest[rest.index(after: start)...]
        }
        return nil
    }

    /// A whole number within the range, rounded.
    public static func whole(_ text: some StringProtocol, in range: ClosedRange<Int> = 0...Int(Int32.max)) -> Int? {
        guard let value = read(text), let whole = Int(exactly: value.rounded()), range.contains(whole) else {
            return nil
        }
        return whole
    }

    /// A mass with the unit it names: `kg`, `lbs` (also the spelling `lbls`); without one `standard` holds.
    public static func mass(_ text: some StringProtocol, standard: MassUnit) -> Kilograms? {
        guard let (value, unit) = measure(text) else { return nil }
        let named: MassUnit = unit.hasPrefix("kg") ? .kilograms : unit.hasPrefix("lb") ? .pounds : standard
        return named == .kilograms ? Kilograms(value) : Kilograms(Pounds(value))
    }
    public enum MassUnit: Sendable { case kilograms, pounds }

    private static func parse(_ text: some StringProtocol) -> (value: Double, rest: String)? {
        let bytes = Array(text.utf8.prefix(256).drop { $0 == 0x20 || (0x09...0x0D).contains($0) })
        var index = 0
        if index < bytes.count, bytes[index] == UInt8(ascii: "-") || bytes[index] == UInt8(ascii: "+") { index += 1 }
        let start = index
        var marks: [Int] = []
        while index < bytes.count {
            if isDigit(bytes[index]) {
                index += 1
            } else if bytes[index] == UInt8(ascii: ".") || bytes[index] == UInt8(ascii: ","),
                index + 1 < bytes.count, isDigit(bytes[index + 1])
            {
                marks.append(index)
                index += 1
            } else {
                break
            }
        }
        guard index > start else { return nil }
        // Of two kinds of mark the last is the decimal one; the same mark more than once only groups digits.
        var decimal = marks.last
        if marks.count > 1, let last = marks.last, marks.dropLast().contains(where: { bytes[$0] == bytes[last] }) {
            decimal = nil
        }
        var token: [UInt8] = []
        for position in 0..<index {
            if position == decimal {
                token.append(UInt8(ascii: "."))
            } else if !marks.contains(position) {
                token.append(bytes[position])
            }
        }
        // An exponent, as some systems write what is near zero: `1.5E-05`.
        var end = index
        if end < bytes.count, bytes[end] | 0x20 == UInt8(ascii: "e") {
            var cursor = end + 1
            if cursor < bytes.count, bytes[cursor] == UInt8(ascii: "-") || bytes[cursor] == UInt8(ascii: "+") {
                cursor += 1
            }
            let digits = cursor
            while cursor < bytes.count, isDigit(bytes[cursor]) { cursor += 1 }
            if cursor > digits {
                token += bytes[end..<cursor]
                end = cursor
            }
        }
        guard let value = token.withUnsafeBufferPointer({ NumericText.double($0) }) else { return nil }
        return (value, String(decoding: bytes[end...], as: UTF8.self))
    }
}
