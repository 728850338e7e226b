public import Domain

/// Numbers as people and their systems write them: comma or dot, with or without a unit. Missing is nil, never 0.
public enum LegacyNumber {
    /// The number that the text begins with: `41,000000`, `-187`, `1998 lbs`, `1.234,5`.
    /// - Returns: nil for an empty text, no digit at the start, and what no finite `Double` holds.
    public static func read(_ text: some StringProtocol) -> Double? { parsed(text, keepsRest: false)?.value }

    /// The number and what follows it, trimmed, in lower case: `9800 lbs` is 9800 and `lbs`.
    public static func measure(_ text: some StringProtocol) -> (value: Double, unit: String)? {
        parsed(text).map { ($0.value, $0.rest.isEmpty ? "" : LegacyText.trimmed($0.rest).lowercased()) }
    }

    /// The first number anywhere in the text, with its sign: `Rate -215 ft/min` is -215.
    public static func first(in text: some StringProtocol) -> Double? {
        var rest = text[...]
        while let start = rest.firstIndex(where: { $0.isASCII && ($0.isNumber || $0 == "-" || $0 == "+") }) {
            if let found = parsed(rest[start...], keepsRest: false) { return found.value }
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

    /// - Parameter keepsRest: Whether what follows the number is wanted.
    private static func parsed(
        _ text: some StringProtocol, keepsRest: Bool = true
    ) -> (value: Double, rest: String)? {
        let found = text.utf8.withContiguousStorageIfAvailable { parsed(bytes: $0, keepsRest) }
        // A text that does not lie in one piece is copied.
        return found ?? Array(text.utf8.prefix(sizeLimit)).withUnsafeBufferPointer { parsed(bytes: $0, keepsRest) }
    }
    /// Bytes that are looked at.
    private static let sizeLimit = 256

    private static func parsed(
        bytes text: UnsafeBufferPointer<UInt8>, _ keepsRest: Bool
    ) -> (value: Double, rest: String)? {
        var text = UnsafeBufferPointer(rebasing: text.prefix(sizeLimit))
        let blanks = text.prefix { $0 == 0x20 || (0x09...0x0D).contains($0) }
        text = UnsafeBufferPointer(rebasing: text[blanks.endIndex...])
        guard let (value, end) = parsed(bytes: text) else { return nil }
        return (value, keepsRest && end < text.count ? String(decoding: text[end...], as: UTF8.self) : "")
    }

    /// - Returns: The number and where it ends.
    private static func parsed(bytes: UnsafeBufferPointer<UInt8>) -> (value: Double, end: Int)? {
        var index = 0
        if index < bytes.count, bytes[index] == UInt8(ascii: "-") || bytes[index] == UInt8(ascii: "+") { index += 1 }
        let start = index
        var marks = 0
        var lastMark = 0
        var isGrouped = false
        while index < bytes.count {
            if isDigit(bytes[index]) {
                index += 1
            } else if bytes[index] == UInt8(ascii: ".") || bytes[index] == UInt8(ascii: ","),
                index + 1 < bytes.count, isDigit(bytes[index + 1])
            {
                isGrouped = marks > 0 && bytes[start..<index].contains(bytes[index])
                marks += 1
                lastMark = index
                index += 1
            } else {
                break
            }
        }
        guard index > start else { return nil }
        // An exponent, as some systems write what is near zero: `1.5E-05`.
        var end = index
        if end < bytes.count, bytes[end] | 0x20 == UInt8(ascii: "e") {
            var cursor = end + 1
            if cursor < bytes.count, bytes[cursor] == UInt8(ascii: "-") || bytes[cursor] == UInt8(ascii: "+") {
                cursor += 1
            }
            let digits = cursor
            while cursor < bytes.count, isDigit(bytes[cursor]) { cursor += 1 }
            if cursor > digits { end = cursor }
        }
        if marks == 0 || (marks == 1 && bytes[lastMark] == UInt8(ascii: ".")) {
            return NumericText.double(UnsafeBufferPointer(rebasing: bytes[..<end])).map { ($0, end) }
        }
        // Of two kinds of mark the last is the decimal one; the same mark more than once only groups digits.
        let decimal = isGrouped ? nil : lastMark
        var token: [UInt8] = []
        token.reserveCapacity(end)
        for position in 0..<end {
            let byte = bytes[position]
            if position == decimal {
                token.append(UInt8(ascii: "."))
            } else if position >= index || (byte != UInt8(ascii: ".") && byte != UInt8(ascii: ",")) {
                token.append(byte)
            }
        }
        return token.withUnsafeBufferPointer { NumericText.double($0) }.map { ($0, end) }
    }
}
