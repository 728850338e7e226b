/// Base64 without padding, in the two alphabets of RFC 4648.
enum Base64 {
    enum Alphabet {
        /// Section 4.
        case standard
        /// Section 5: safe in a URL.
        case url

        fileprivate var digits: [UInt8] {
            Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789\(self == .url ? "-_" : "+/")".utf8)
        }
    }

    static func encode(_ bytes: some Collection<UInt8>, _ alphabet: Alphabet) -> String {
        let digits = alphabet.digits
        var text: [UInt8] = []
        text.reserveCapacity((bytes.count * 4 + 2) / 3)
        var (held, bits) = (0 as UInt32, 0 as UInt32)
        for byte in bytes {
            held = held << 8 | UInt32(byte)
            bits += 8
            while bits >= 6 {
                bits -= 6
                text.append(digits[Int(held >> bits & 63)])
            }
        }
        if bits > 0 { text.append(digits[Int(held << (6 - bits) & 63)]) }
        return String(decoding: text, as: UTF8.self)
    }

    /// - Returns: `nil` for any character outside the alphabet, padding included, and for bits that no byte owns.
    static func decode(_ text: some StringProtocol, _ alphabet: Alphabet) -> [UInt8]? {
        let digits = alphabet.digits
        var bytes: [UInt8] = []
        bytes.reserveCapacity(text.utf8.count * 3 / 4)
        var (held, bits) = (0 as UInt32, 0 as UInt32)
        for character in text.utf8 {
            guard let value = digits.firstIndex(of: character) else { return nil }
            held = held << 6 | UInt32(value)
            bits += 6
            if bits >= 8 {
                bits -= 8
                bytes.append(UInt8(truncatingIfNeeded: held >> bits))
            }
            held &= (1 << bits) - 1
        }
        return bits < 6 && held == 0 ? bytes : nil
    }
}
