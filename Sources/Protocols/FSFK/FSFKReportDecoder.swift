import XMLReader

/// Reads the report: a template that the client filled in without escaping anything.
struct FSFKReportDecoder {
    let frame: RawFrame
    let form: LegacyForm

    static let invalid = "Invalid PIREP data"

    func report() throws(DecodeError) -> FSFKMessage.Report {
        let bytes = Array(text().utf8)
        guard let element = Self.read(bytes) else {
            throw FSFKDecoder.refusal(.malformed, "DATA2", Self.invalid)
        }
        return FSFKMessage.Report(element: element)
    }

    private static func read(_ bytes: [UInt8]) -> XMLElement? {
        do {
            return flightData(try XMLReader.read(bytes))
        } catch .malformed {
            // Most often an ampersand in a name. One that stays is worth no further try.
            guard let root = try? XMLReader.read(escapingAmpersands(bytes)) else { return nil }
            return flightData(root)
        } catch {
            return nil
        }
    }

    private static func flightData(_ root: XMLElement) -> XMLElement? {
        root.name.uppercased() == "FLIGHTDATA" ? root : nil
    }

    /// DATA2. Where the XML stands in the form as it is, its own ampersands must not end the field.
    private func text() -> String {
        for bytes in [frame.body, Array(frame.query.utf8)] {
            guard let raw = Self.rawXML(in: bytes) else { continue }
            if raw.contains(where: { $0 == 0x20 || $0 == 0x0A || $0 == 0x0D }) { return LegacyText.decode(raw) }
            // Blanks are escaped, so other characters are too.
            let field = Array("DATA2=".utf8) + raw.flatMap { $0 == UInt8(ascii: "&") ? Array("%26".utf8) : [$0] }
            return LegacyForm(frame.with(query: "", body: field))["DATA2"] ?? ""
        }
        return form["DATA2"] ?? ""
    }

    /// The value of DATA2 up to the end of its root element, if it begins with `<` itself.
    private static func rawXML(in bytes: [UInt8]) -> ArraySlice<UInt8>? {
        let name = Array("DATA2=".utf8)
        var start = 0
        while start + name.count < bytes.count {
            let isFirst = start == 0 || bytes[start - 1] == UInt8(ascii: "&")
            if isFirst, bytes[start...].starts(with: name) {
                let value = bytes[(start + name.count)...].drop { $0 == 0x20 || (0x09...0x0D).contains($0) }
                guard value.first == UInt8(ascii: "<") else { return nil }
                let end = Array("</FLIGHTDATA>".utf8)
                guard let last = value.lastRange(of: end) else { return value }
                return value[..<last.upperBound]
            }
            // The next field begins behind an ampersand.
            guard let next = bytes[start...].firstIndex(of: UInt8(ascii: "&")) else { return nil }
            start = next + 1
        }
        return nil
    }

    /// Every ampersand that begins no reference becomes one; CDATA stays as it is.
    static func escapingAmpersands(_ bytes: [UInt8]) -> [UInt8] {
        let open = Array("<![CDATA[".utf8)
        let close = Array("]]>".utf8)
        var result: [UInt8] = []
        result.reserveCapacity(bytes.count + 64)
        var index = 0
        while index < bytes.count {
            let byte = bytes[index]
            if byte == UInt8(ascii: "<"), bytes[index...].starts(with: open) {
                let end = bytes[index...].firstRange(of: close)?.upperBound ?? bytes.count
                result.append(contentsOf: bytes[index..<end])
                index = end
                continue
            }
            result.append(byte)
            index += 1
            if byte == UInt8(ascii: "&"), !isReference(bytes[index...]) { result.append(contentsOf: "amp;".utf8) }
        }
        return result
    }

    /// `amp;`, `#160;` …: what stands behind an ampersand that XML itself knows.
    private static func isReference(_ bytes: ArraySlice<UInt8>) -> Bool {
        let name = bytes.prefix(10).prefix { $0 != UInt8(ascii: ";") }
        guard name.count < bytes.prefix(10).count else { return false }
        let text = String(decoding: name, as: UTF8.self)
        if ["amp", "lt", "gt", "quot", "apos"].contains(text) { return true }
        let digits = text.dropFirst(text.hasPrefix("#x") ? 2 : 1)
        guard text.hasPrefix("#"), !digits.isEmpty else { return false }
        guard let value = UInt32(digits, radix: text.hasPrefix("#x") ? 16 : 10) else { return false }
        // XML 1.0, section 2.2: a reference to another character is no reference.
        return value == 9 || value == 10 || value == 13 || (value >= 0x20 && Unicode.Scalar(value) != nil)
    }
}

extension ArraySlice<UInt8> {
    /// Where the pattern stands last.
    fileprivate func lastRange(of pattern: [UInt8]) -> Range<Int>? {
        guard let first = pattern.first, count >= pattern.count else { return nil }
        var index = endIndex - pattern.count
        while index >= startIndex {
            if self[index] == first, self[index...].starts(with: pattern) { return index..<(index + pattern.count) }
            index -= 1
        }
        return nil
    }
}
