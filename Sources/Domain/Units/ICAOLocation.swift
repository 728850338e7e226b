/// An ICAO location indicator as trackers send it: 3 or 4 letters or digits, upper case (`EGLL`; some virtual airlines
/// use 3-character codes of small fields).
public struct ICAOLocation: Hashable, Comparable, Sendable, Codable, CustomStringConvertible {
    public let code: String

    /// - Returns: `nil` unless the trimmed text is 3 or 4 ASCII letters or digits; lower case is raised.
    public init?(_ text: some StringProtocol) {
        var code = ""
        for character in text.utf8 {
            switch character {
            case UInt8(ascii: "a")...UInt8(ascii: "z"): code.unicodeScalars.append(Unicode.Scalar(character - 32))
            case UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "0")...UInt8(ascii: "9"):
                code.unicodeScalars.append(Unicode.Scalar(character))
            case UInt8(ascii: " "), UInt8(ascii: "\t"): continue
            default: return nil
            }
        }
        guard (3...4).contains(code.utf8.count) else { return nil }
        self.code = code
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
