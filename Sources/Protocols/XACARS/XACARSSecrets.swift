/// Cuts passwords and flight ids out of fields that hold them at a position. In doubt it cuts more.
enum XACARSSecrets {
    private static let mark = "[redacted]"
    /// Stands where the id of a flight stood: what is kept can be decoded again.
    private static func code(_ flight: String) -> String {
        XACARSDecoder.isCode(flight) ? String(repeating: "0", count: flight.utf8.count) : mark
    }

    static func cut(_ frame: RawFrame) -> RawFrame {
        let form = LegacyForm(frame)
        let isReport = XACARSEndpoint(frame) == .report
        let command = form.text("DATA2")?.uppercased() ?? ""
        func pairs(_ bytes: [UInt8]) -> [UInt8] {
            let parts = bytes.split(separator: UInt8(ascii: "&"), omittingEmptySubsequences: false)
            return Array(parts.map { pair($0) }.joined(separator: [UInt8(ascii: "&")]))
        }
        func pair(_ bytes: ArraySlice<UInt8>) -> [UInt8] {
            let single = LegacyForm(query: String(decoding: bytes, as: UTF8.self))
            guard let name = single.names.first, let value = single[name] else { return Array(bytes) }
            let kept: String
            switch name.uppercased() {
            case "DATA1", "DATA4": return Array(bytes)
            case "DATA2":
                guard isReport || value.contains("~") else { return Array(bytes) }
                kept = report(value)
            case "DATA3":
                if command == "TEST" { return Array(bytes) }
                kept = command == "BEGINFLIGHT" ? begin(value) : code(LegacyText.trimmed(value))
            // The rest of a password with an ampersand in it looks like a name.
            default: return Array(mark.utf8)
            }
            return Array("\(name)=\(kept)".utf8)
        }
        return frame.with(
            query: String(decoding: pairs(Array(frame.query.utf8)), as: UTF8.self), body: pairs(frame.body))
    }

    /// Without field 1, 17 and all that follow: a separator inside a password moves what is behind it.
    private static func begin(_ text: String) -> String {
        var fields = text.split(separator: "|", omittingEmptySubsequences: false).map(String.init)
        if fields.count > 17 { fields[17...] = [mark] }
        if fields.count > 1, !fields[1].isEmpty { fields[1] = mark }
        return fields.joined(separator: "|")
    }

    /// Without field 1; with a number of fields that no report has, a password may reach into the next.
    private static func report(_ text: String) -> String {
        var fields = text.split(separator: "~", omittingEmptySubsequences: false).map(String.init)
        guard fields.count > 1 else { return text }
        if fields.count == XACARSMessage.Report.short || fields.count == XACARSMessage.Report.long {
            fields[1] = mark
        } else {
            fields[1...] = [mark]
        }
        return fields.joined(separator: "~")
    }
}
