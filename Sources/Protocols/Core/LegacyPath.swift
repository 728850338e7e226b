/// Paths of the phpVMS family: `action.php/<module>/<action>/…`, also `index.php/…` and `?q=/module/action`.
public enum LegacyPath {
    /// Module, action and parameters in lower case, without `action.php`; empty when the path names none.
    public static func segments(_ frame: RawFrame) -> [String] {
        guard frame.path.utf8.count <= 1024 else { return [] }
        var parts = frame.path.utf8.split(separator: UInt8(ascii: "/")).map(segment)
        if let first = parts.first, isScript(first) {
            parts.removeFirst()
            if parts.isEmpty, let rewritten = LegacyForm(query: frame.query)["q"] {
                parts = rewritten.split(separator: "/").map { $0.lowercased() }
            }
        }
        return parts
    }

    private static func segment(_ bytes: Substring.UTF8View) -> String {
        let isPlain = bytes.allSatisfy {
            $0 < 0x80 && $0 != UInt8(ascii: "%") && $0 != UInt8(ascii: "+") && !(0x41...0x5A).contains($0)
        }
        return isPlain ? String(Substring(bytes)) : FormDecoder.unescaped(bytes).lowercased()
    }

    private static func isScript(_ segment: String) -> Bool { segment == "action.php" || segment == "index.php" }

    /// For ``TrackerAdapter/hostRoot(_:)``: 0 when the path begins with a script and these segments, in any case.
    public static func hostRoot(_ path: [Substring], _ names: String...) -> Int? {
        guard path.count > names.count, isScript(path[0].lowercased()) else { return nil }
        return zip(path.dropFirst(), names).allSatisfy { $0.lowercased() == $1 } ? 0 : nil
    }
}

extension EncodedReply {
    /// Text with a status of 200, as old servers answer good and bad alike.
    public static func legacy(_ text: String, type: String = "text/html; charset=UTF-8") -> EncodedReply {
        // What a tracker said may come back in the text: in a browser it is to be text and nothing else.
        EncodedReply(
            status: 200,
            headers: [
                ("Content-Type", type), ("Content-Security-Policy", "default-src 'none'; sandbox"),
                ("X-Content-Type-Options", "nosniff"),
            ], body: Array(text.utf8))
    }
}
