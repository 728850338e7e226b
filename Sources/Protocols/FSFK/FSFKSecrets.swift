/// Cuts passwords and flight ids out of fields that hold them at a position. In doubt it cuts more.
enum FSFKSecrets {
    private static let mark = "[redacted]"
    /// Stands where the id of a flight stood: what is kept can be decoded again.
    private static func code(_ flight: String) -> String {
        FSFKDecoder.isCode(flight) ? String(repeating: "0", count: flight.utf8.count) : mark
    }

    static func cut(_ frame: RawFrame) -> RawFrame {
        // Reports carry no password, and their XML may hold ampersands of its own.
        guard FSFKEndpoint(frame) != .report else { return frame }
        let command = LegacyForm(frame).text("DATA2")?.uppercased() ?? ""
        func pairs(_ bytes: [UInt8]) -> [UInt8] {
            let parts = bytes.split(separator: UInt8(ascii: "&"), omittingEmptySubsequences: false)
            return Array(parts.map { pair($0) }.joined(separator: [UInt8(ascii: "&")]))
        }
        func pair(_ bytes: ArraySlice<UInt8>) -> [UInt8] {
            let single = LegacyForm(query: String(decoding: bytes, as: UTF8.self))
            guard let name = single.names.first, let value = single[name] else { return Array(bytes) }
            switch name.uppercased() {
            case "DATA1", "DATA2", "DATA4": return Array(bytes)
            case "DATA3":
                if command == "TEST" { return Array(bytes) }
                return Array(
                    "\(name)=\(command == "BEGINFLIGHT" ? begin(value) : code(LegacyText.trimmed(value)))".utf8)
            // The rest of a password with an ampersand in it looks like a name.
            default: return Array(mark.utf8)
            }
        }
        return frame.with(
            query: String(decoding: pairs(Array(frame.query.utf8)), as: UTF8.self), body: pairs(frame.body))
    }

    /// Without field 17; with more fields than there are, a separator in the password moved what is behind it.
    private static func begin(_ text: String) -> String {
        var fields = text.split(separator: "|", omittingEmptySubsequences: false).map(String.init)
        if fields.count > 21 { fields[17...] = [mark] } else if fields.count > 17 { fields[17] = mark }
        return fields.joined(separator: "|")
    }
}
