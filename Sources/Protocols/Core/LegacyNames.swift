public import Domain

/// Pilot codes and flight numbers as old clients send them.
public enum LegacyNames {
    /// Reads a pilot: an e-mail address, a code with one of the airline's codes in front (more than once counts as once),
    /// or a bare number; the printed number is the pilot's number plus the airline's offset.
    /// - Returns: `.unusable` for what can name nobody of this airline.
    public static func pilot(_ text: some StringProtocol, _ site: TrackerSite) -> PilotName {
        var rest = LegacyText.trimmed(text)[...]
        if rest.utf8.contains(UInt8(ascii: "@")) {
            return rest.utf8.count <= 254 ? .email(rest.lowercased()) : .unusable
        }
        let codes = site.codes.filter { !$0.isEmpty }.sorted { $0.utf8.count > $1.utf8.count }
        while let code = codes.first(where: { rest.uppercased().hasPrefix($0) }) {
            rest = rest.dropFirst(code.count)
        }
        guard !rest.isEmpty, rest.utf8.count <= 10, rest.utf8.allSatisfy(isDigit), let printed = Int(rest) else {
            return .unusable
        }
        let number = printed - site.pilotOffset
        return (1...Int(Int32.max)).contains(number) ? .number(number) : .unusable
    }

    /// A pilot's code as it is printed: the airline's code and at least four digits.
    public static func printed(_ number: Int, _ site: TrackerSite) -> String {
        let digits = String(number + site.pilotOffset)
        return site.code + String(repeating: "0", count: max(0, 4 - digits.utf8.count)) + digits
    }

    /// Splits `VMS1000`: the longest of the airline's codes at the start, else the first in alphabetical order found
    /// anywhere, is the code; the rest is the number.
    /// - Returns: Upper case; nil for an empty text. The airline is nil when the text holds none of the codes.
    public static func flight(_ text: some StringProtocol, _ site: TrackerSite) -> (airline: String?, number: String)? {
        let text = LegacyText.trimmed(text).uppercased()
        guard !text.isEmpty, text.utf8.count <= 32 else { return nil }
        var longest: String?
        for code in site.codes where code.utf8.count > longest?.utf8.count ?? 0 && text.hasPrefix(code) {
            longest = code
        }
        if let code = longest { return (code, LegacyText.trimmed(text.dropFirst(code.count))) }
        if let code = site.codes.filter({ !$0.isEmpty }).sorted().first(where: { text.contains($0) }) {
            return (code, LegacyText.trimmed(text.split(separator: code, omittingEmptySubsequences: true).joined()))
        }
        return (nil, text)
    }

    /// The code at the start of `KJFK - Kennedy Intl`, or a code alone.
    public static func airport(_ text: some StringProtocol) -> ICAOLocation? {
        let code = LegacyText.trimmed(text).utf8.prefix { isDigit($0) || isLetter($0) }
        return code.count <= 4 ? ICAOLocation(String(decoding: code, as: UTF8.self)) : nil
    }

    /// Digits alone up to 600 are a flight level, above that feet; `FL` in front means flight level.
    /// - Returns: Feet.
    public static func level(_ text: some StringProtocol) -> Int? {
        let text = LegacyText.trimmed(text).uppercased()
        let isLevel = text.hasPrefix("FL")
        guard let value = LegacyNumber.whole(isLevel ? LegacyText.trimmed(text.dropFirst(2)) : text, in: 0...100_000)
        else { return nil }
        return isLevel || value <= 600 ? value * 100 : value
    }

    private static func isLetter(_ byte: UInt8) -> Bool { (byte | 0x20) &- UInt8(ascii: "a") < 26 }
}
