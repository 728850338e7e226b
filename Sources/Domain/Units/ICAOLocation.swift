/// An ICAO location indicator as trackers send it: 3 or 4 letters or digits, upper case (`EGLL`; some virtual airlines
/// use 3-character codes of small fields).
public struct ICAOLocation: Hashable, Comparable, Sendable, Codable, CustomStringConvertible {
    public let code: String

    /// - Returns: `nil` unless the trimmed text is 3 or 4 ASCII letters or digits; lower case is raised.
    public init?(_ text: some StringProtocol) {
        var letters: (UInt8, UInt8, UInt8, UInt8) = (0, 0, 0, 0)
        var count = 0
        for character in text.utf8 {
            let letter: UInt8
            switch character {
            case UInt8(ascii: "a")...UInt8(ascii: "z"): letter = character - 32
            case UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "0")...UInt8(ascii: "9"): letter = character
            case UInt8(ascii: " "), UInt8(ascii: "\t"): continue
            default: return nil
            }
            switch count {
            case 0: letters.0 = letter
            case 1: letters.1 = letter
            case 2: letters.2 = letter
            case 3: letters.3 = letter
            default: return nil
            }
            count += 1
        }
        guard count >= 3 else { return nil }
        code = withUnsafeBytes(of: letters) { String(decoding: $0.prefix(count), as: UTF8.self) }
    }
    public var description: String { code }
    public static func < (lhs: ICAOLocation, rhs: ICAOLocation) -> Bool { lhs.code < rhs.code }

    public init(from decoder: any Decoder) throws {
        let text = try decoder.singleValueContainer().decode(String.self)
        guard let value = ICAOLocation(text) else {
            throw DecodingError.dataCorrupted(
                .init(codingPath: decoder.codingPath, debugDescription: "not an ICAO code"))
        }
        self = value
    }
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(code)
    }
}
