/// Base64 (RFC 4648, sections 4 and 5).
enum Base64 {
    enum Alphabet { case standard, url }

    /// Strict, except that line breaks are skipped and padding may be left out.
    /// - Returns: `nil` for any other character, padding in the middle, a single left-over digit, or more than `limit`
    ///   bytes of result.
    static func decode(_ text: some StringProtocol, alphabet: Alphabet = .standard, limit: Int) -> [UInt8]? {
        var result: [UInt8] = []
        result.reserveCapacity(min(limit, text.utf8.count / 4 * 3 + 3))
        var word: UInt32 = 0
        var digits = 0
        var padding = 0
        for byte in text.utf8 {
            if byte == 0x0A || byte == 0x0D { continue }
            if byte == UInt8(ascii: "=") {
                padding += 1
                continue
            }
            guard padding == 0, let digit = digit(byte, alphabet) else { return nil }
            word = word << 6 | digit
            digits += 1
            if digits == 4 {
                result.append(UInt8(truncatingIfNeeded: word >> 16))
                result.append(UInt8(truncatingIfNeeded: word >> 8))
                result.append(UInt8(truncatingIfNeeded: word))
                guard result.count <= limit else { return nil }
                word = 0
                digits = 0
            }
        }
        guard digits != 1, padding == 0 || (digits > 1 && digits + padding == 4) else { return nil }
        if digits == 2 { result.append(UInt8(truncatingIfNeeded: word >> 4)) }
        if digits == 3 {
            result.append(UInt8(truncatingIfNeeded: word >> 10))
            result.append(UInt8(truncatingIfNeeded: word >> 2))
        }
        return result.count <= limit ? result : nil
    }

    private static func digit(_ byte: UInt8, _ alphabet: Alphabet) -> UInt32? {
        switch byte {
        case UInt8(ascii: "A")...UInt8(ascii: "Z"): UInt32(byte - UInt8(ascii: "A"))
        case UInt8(ascii: "a")...UInt8(ascii: "z"): UInt32(byte - UInt8(ascii: "a")) + 26
        case UInt8(ascii: "0")...UInt8(ascii: "9"): UInt32(byte - UInt8(ascii: "0")) + 52
        case UInt8(ascii: "+"): alphabet == .standard ? 62 : nil
        case UInt8(ascii: "/"): alphabet == .standard ? 63 : nil
        case UInt8(ascii: "-"): alphabet == .url ? 62 : nil
        case UInt8(ascii: "_"): alphabet == .url ? 63 : nil
        default: nil
        }
    }
}
