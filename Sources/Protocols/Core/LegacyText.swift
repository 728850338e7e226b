/// Text of clients that do not say how they encode it.
public enum LegacyText {
    /// UTF-8 when the bytes are valid UTF-8 (a byte order mark is skipped), else Windows-1252, which never fails. Control
    /// characters other than tab, carriage return and line feed are dropped.
    public static func decode(_ bytes: some Collection<UInt8>) -> String {
        // Nearly all of what comes is plain ASCII, which is the same in every encoding: one look at each byte will do.
        let plain = bytes.withContiguousStorageIfAvailable { isPlain($0) ? String(decoding: $0, as: UTF8.self) : nil }
        if let plain, let text = plain { return text }
        var bytes = Array(bytes)
        if bytes.starts(with: [0xEF, 0xBB, 0xBF]) { bytes.removeFirst(3) }
        if bytes.contains(where: isDropped) { bytes.removeAll(where: isDropped) }
        if let text = String(validating: bytes, as: UTF8.self) { return text }
        var text = String.UnicodeScalarView()
        for byte in bytes { text.append(scalar(byte)) }
        return String(text)
    }

    /// The bytes as UTF-8, for parsers that take nothing else.
    public static func utf8(_ bytes: [UInt8]) -> [UInt8] {
        bytes.withUnsafeBufferPointer(isPlain) ? bytes : Array(decode(bytes).utf8)
    }

    /// Whether every byte is ASCII that stays.
    private static func isPlain(_ bytes: UnsafeBufferPointer<UInt8>) -> Bool {
        bytes.allSatisfy { $0 < 0x80 && !isDropped($0) }
    }

    private static func isDropped(_ byte: UInt8) -> Bool {
        (byte < 0x20 && byte != 0x09 && byte != 0x0A && byte != 0x0D) || byte == 0x7F
    }

    private static func scalar(_ byte: UInt8) -> Unicode.Scalar {
        (0x80...0x9F).contains(byte) ? high[Int(byte - 0x80)] : Unicode.Scalar(byte)
    }

    /// Bytes 80 to 9F. Source: WHATWG Encoding Standard, index windows-1252 (unassigned bytes are C1 controls there).
    private static let high: [Unicode.Scalar] = Array(
        ("\u{20AC}\u{81}\u{201A}\u{192}\u{201E}\u{2026}\u{2020}\u{2021}\u{2C6}\u{2030}\u{160}\u{2039}\u{152}\u{8D}\u{17D}\u{8F}"
            + "\u{90}\u{2018}\u{2019}\u{201C}\u{201D}\u{2022}\u{2013}\u{2014}\u{2DC}\u{2122}\u{161}\u{203A}\u{153}\u{9D}\u{17E}\u{178}")
            .unicodeScalars)

    /// Without white space around.
    public static func trimmed(_ text: some StringProtocol) -> String {
        let text = String(text)
        let bytes = text.utf8
        var start = bytes.startIndex
        var end = bytes.endIndex
        while start < end, isSpace(bytes[start]) { start = bytes.index(after: start) }
        while start < end {
            let last = bytes.index(before: end)
            guard isSpace(bytes[last]) else { break }
            end = last
        }
        guard start < end else { return "" }
        if bytes[start] < 0x80, bytes[bytes.index(before: end)] < 0x80 {
            return start == bytes.startIndex && end == bytes.endIndex ? text : String(text[start..<end])
        }
        // White space beyond ASCII is a matter of whole characters.
        var rest = text[start..<end]
        while let first = rest.first, first.isWhitespace { rest.removeFirst() }
        while let last = rest.last, last.isWhitespace { rest.removeLast() }
        return String(rest)
    }

    /// What stands between ASCII white space.
    static func words(_ text: some StringProtocol, atMost limit: Int = .max) -> [Substring] {
        let text = Substring(String(text))
        var words: [Substring] = []
        var rest = text.utf8.drop(while: isSpace)
        while rest.startIndex < rest.endIndex, words.count < limit {
            let end = rest.firstIndex(where: isSpace) ?? rest.endIndex
            words.append(Substring(rest[..<end]))
            rest = rest[end...].drop(while: isSpace)
        }
        return words
    }

    private static func isSpace(_ byte: UInt8) -> Bool { byte == 0x20 || (0x09...0x0D).contains(byte) }

    /// Cuts a text to a number of characters.
    public static func cut(_ text: String, to limit: Int) -> String {
        text.utf8.count <= limit ? text : String(text.prefix(limit))
    }
}
