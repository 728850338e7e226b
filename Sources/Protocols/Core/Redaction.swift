/// The frame as ``RawFrame/init(captured:receivedAt:)`` reads it, without the values of fields that hold secrets
/// (`password`, `session`, `token` …), so that it may be kept. It works on any bytes; when in doubt it cuts more.
///
/// - Parameter secrets: Values that are known to be secret, wherever they stand.
public func redacted(_ frame: RawFrame, without secrets: [String] = []) -> [UInt8] {
    var result: [UInt8] = []
    func line(_ text: [UInt8]) {
        result.append(contentsOf: text.map { $0 < 0x20 ? UInt8(ascii: " ") : $0 })
        result.append(0x0A)
    }
    var request = Array(frame.method.utf8) + [UInt8(ascii: " ")] + Redaction.cut(Array(keyless(frame.path).utf8))
    if !frame.query.isEmpty { request += [UInt8(ascii: "?")] + Redaction.cut(Array(frame.query.utf8)) }
    line(request)
    if let type = frame.contentType { line(Array("Content-Type: ".utf8) + Redaction.cut(Array(type.utf8))) }
    if frame.authorization != nil { line(Array("Authorization: Bearer [redacted]".utf8)) }
    if frame.apiKey != nil { line(Array("X-API-Key: [redacted]".utf8)) }
    if let agent = frame.userAgent { line(Array("User-Agent: ".utf8) + Redaction.cut(Array(agent.utf8))) }
    result.append(0x0A)
    if frame.contentType?.lowercased().contains("multipart") == true {
        result.append(contentsOf: Redaction.mark)
    } else {
        result.append(contentsOf: Redaction.cut(frame.body))
    }
    return Redaction.cut(
        result, values: secrets + [frame.trackerKey, frame.apiKey, frame.authorization].compactMap { $0 })
}

/// The path alone, in the same way.
public func redactedPath(_ frame: RawFrame, without secrets: [String] = []) -> String {
    let known = secrets + [frame.trackerKey, frame.apiKey, frame.authorization].compactMap { $0 }
    return String(
        decoding: Redaction.cut(Redaction.cut(Array(keyless(frame.path).utf8)), values: known), as: UTF8.self)
}

/// A path without what stands behind a segment `k`: where a tracker key was pasted twice, the second one is path.
public func keyless(_ path: String) -> String {
    var parts = path.split(separator: "/", omittingEmptySubsequences: false).map(String.init)
    for index in parts.indices.dropFirst() where parts[index - 1].lowercased() == "k" { parts[index] = "[redacted]" }
    return parts.joined(separator: "/")
}

/// A text without these values.
public func redacted(_ text: String, without secrets: [String]) -> String {
    String(decoding: Redaction.cut(Redaction.cut(Array(text.utf8)), values: secrets), as: UTF8.self)
}

enum Redaction {
    static let mark = Array("[redacted]".utf8)
    /// A field whose name holds one of these holds a secret.
    static let words = [
        "passw", "passphrase", "pwd", "session", "token", "secret", "apikey", "api_key", "api-key", "authori",
        "credential",
    ].map { Array($0.utf8) }
    /// Names that are secret only as a whole: FSACARS 4.
    static let names = ["pass", "hash", "auth", "serverpass"].map { Array($0.utf8) }

    /// Whether a field of this name may hold a secret.
    static func isSecret(_ name: String) -> Bool {
        let bytes = Array(name.lowercased().utf8)
        if names.contains(bytes) { return true }
        return bytes.indices.contains { start in words.contains { bytes[start...].starts(with: $0) } }
    }

    /// Cuts these values out, however they are written: as they are, percent-encoded, or with JSON's escapes. Values of
    /// less than four bytes are words of everyday: cutting them would leave nothing to read.
    static func cut(_ bytes: [UInt8], values: [String]) -> [UInt8] {
        var wanted: Set<[UInt8]> = []
        for value in values {
            // `Bearer`, `Basic`: the scheme is no secret, what follows is.
            for part in [value] + value.split(separator: " ").map(String.init) where part.utf8.count >= 4 {
                if part.lowercased() != "bearer", part.lowercased() != "basic" { wanted.insert(Array(part.utf8)) }
            }
        }
        if wanted.isEmpty { return bytes }
        var result: [UInt8] = []
        result.reserveCapacity(bytes.count)
        var index = 0
        // Longest first: a value may begin another.
        let sorted = wanted.sorted { $0.count > $1.count }
        outer: while index < bytes.count {
            for value in sorted {
                if let end = endExactly(of: value, in: bytes, at: index) {
                    result.append(contentsOf: mark)
                    index = end
                    continue outer
                }
            }
            result.append(bytes[index])
            index += 1
        }
        return result
    }

    private static func endExactly(of value: [UInt8], in bytes: [UInt8], at start: Int) -> Int? {
        var index = start
        for expected in value {
            guard index < bytes.count else { return nil }
            // A byte that stands for itself may be the one that begins an escape.
            if bytes[index] == expected {
                index += 1
                continue
            }
            if bytes[index] == UInt8(ascii: "+"), expected == UInt8(ascii: " ") {
                index += 1
                continue
            }
            if bytes[index] == UInt8(ascii: "\\"), index + 1 < bytes.count, bytes[index + 1] == expected {
                index += 2
                continue
            }
            guard bytes[index] == UInt8(ascii: "%") || bytes[index] == UInt8(ascii: "\\"),
                let next = escaped(in: bytes, at: index), next.length > 1, next.byte == expected
            else { return nil }
            index += next.length
        }
        return index
    }

    /// Cuts the values behind secret names out of JSON, form data, query strings or what is left of them.
    static func cut(_ bytes: [UInt8]) -> [UInt8] {
        var result: [UInt8] = []
        result.reserveCapacity(bytes.count)
        var index = 0
        while index < bytes.count {
            guard mayStart(bytes[index]) else {
                result.append(bytes[index])
                index += 1
                continue
            }
            guard let value = secretValue(in: bytes, at: index) else {
                result.append(bytes[index])
                index += 1
                continue
            }
            result.append(contentsOf: bytes[index..<value.lowerBound])
            result.append(contentsOf: mark)
            index = value.upperBound
        }
        return result
    }

    /// Whether the first byte of a word, plain or escaped, can be this one.
    private static func mayStart(_ byte: UInt8) -> Bool {
        switch byte | 0x20 {
        case UInt8(ascii: "p"), UInt8(ascii: "s"), UInt8(ascii: "t"), UInt8(ascii: "a"), UInt8(ascii: "c"),
            UInt8(ascii: "h"):
            true
        default: byte == UInt8(ascii: "%") || byte == UInt8(ascii: "\\")
        }
    }

    /// One character, lower-case, written raw, as `%70` or as `\u0070`, and how many bytes it takes.
    private static func character(in bytes: [UInt8], at index: Int) -> (byte: UInt8, length: Int)? {
        guard var next = escaped(in: bytes, at: index) else { return nil }
        if (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(next.byte) { next.byte += 32 }
        return next
    }

    /// The same in the case that it has.
    private static func escaped(in bytes: [UInt8], at index: Int) -> (byte: UInt8, length: Int)? {
        guard index < bytes.count else { return nil }
        var byte = bytes[index]
        var length = 1
        if byte == UInt8(ascii: "%"), index + 2 < bytes.count, let high = hexDigit(bytes[index + 1]),
            let low = hexDigit(bytes[index + 2])
        {
            byte = high << 4 | low
            length = 3
        } else if byte == UInt8(ascii: "\\"), index + 5 < bytes.count, bytes[index + 1] == UInt8(ascii: "u"),
            bytes[index + 2] == UInt8(ascii: "0"), bytes[index + 3] == UInt8(ascii: "0"),
            let high = hexDigit(bytes[index + 4]), let low = hexDigit(bytes[index + 5])
        {
            byte = high << 4 | low
            length = 6
        }
        return (byte, length)
    }

    /// - Returns: Where the value is, if a secret's name starts at `start`.
    private static func secretValue(in bytes: [UInt8], at start: Int) -> Range<Int>? {
        guard let first = character(in: bytes, at: start) else { return nil }
        var nameEnd: Int?
        for word in words where nameEnd == nil && word[0] == first.byte {
            nameEnd = end(of: word, in: bytes, at: start)
        }
        if nameEnd == nil {
            for name in names where name[0] == first.byte {
                guard let end = end(of: name, in: bytes, at: start) else { continue }
                let follower = character(in: bytes, at: end)?.byte
                if follower.map({ isFiller($0) || "=:>".utf8.contains($0) }) ?? true { nameEnd = end }
            }
        }
        guard var index = nameEnd else { return nil }
        // The rest of the name, then quotes and space up to the colon or equals sign.
        var budget = 64
        while budget > 0, let next = character(in: bytes, at: index), isNamePart(next.byte) {
            index += next.length
            budget -= 1
        }
        while let next = character(in: bytes, at: index), isFiller(next.byte) { index += next.length }
        guard let delimiter = character(in: bytes, at: index) else { return nil }
        if delimiter.byte == UInt8(ascii: ">") {
            index += delimiter.length
            return index..<elementEnd(in: bytes, from: index)
        }
        guard delimiter.byte == UInt8(ascii: ":") || delimiter.byte == UInt8(ascii: "=") else {
            // A name too long to follow may still be one.
            return budget == 0 ? index..<bytes.count : nil
        }
        index += delimiter.length
        if delimiter.byte == UInt8(ascii: "=") {
            return index..<(bytes[index...].firstIndex(of: UInt8(ascii: "&")) ?? bytes.count)
        }
        while index < bytes.count, isSpace(bytes[index]) { index += 1 }
        let from = index
        if index < bytes.count, bytes[index] == UInt8(ascii: "\"") {
            index += 1
            while index < bytes.count, bytes[index] != UInt8(ascii: "\"") {
                index += bytes[index] == UInt8(ascii: "\\") ? 2 : 1
            }
            index += 1
        } else {
            while index < bytes.count, isScalarPart(bytes[index]) { index += 1 }
        }
        guard index < bytes.count else { return from..<bytes.count }
        var follower = index
        while follower < bytes.count, isSpace(bytes[follower]) { follower += 1 }
        let isClean =
            follower == bytes.count || bytes[follower] == UInt8(ascii: ",") || bytes[follower] == UInt8(ascii: "}")
        return from..<(isClean ? index : bytes.count)
    }

    /// Where the text of an element ends: at the next tag. CDATA sections and comments are text too.
    private static func elementEnd(in bytes: [UInt8], from start: Int) -> Int {
        var index = start
        while index < bytes.count {
            guard bytes[index] == UInt8(ascii: "<") else {
                index += 1
                continue
            }
            guard let section = XMLSection.all.first(where: { bytes[index...].starts(with: $0.opening) }) else { break }
            index = section.end(in: bytes, from: index) ?? bytes.count
        }
        return index
    }

    private static func end(of word: [UInt8], in bytes: [UInt8], at start: Int) -> Int? {
        var index = start
        for expected in word {
            guard let next = character(in: bytes, at: index), next.byte == expected else { return nil }
            index += next.length
        }
        return index
    }

    private static func isNamePart(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"),
            UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "["), UInt8(ascii: "]"):
            true
        default: byte >= 0x80
        }
    }
    private static func isFiller(_ byte: UInt8) -> Bool {
        isSpace(byte) || byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "'") || byte == UInt8(ascii: "\\")
    }
    private static func isSpace(_ byte: UInt8) -> Bool { byte == 0x20 || (0x09...0x0D).contains(byte) }
    /// Characters of numbers, `true`, `false` and `null`.
    private static func isScalarPart(_ byte: UInt8) -> Bool {
        isDigit(byte) || "+-.eEtrufalsn".utf8.contains(byte)
    }
}

/// Markup within which `<` begins no tag.
struct XMLSection: Sendable {
    let opening: [UInt8]
    let closing: [UInt8]

    static let comment = XMLSection(opening: Array("<!--".utf8), closing: Array("-->".utf8))
    static let characters = XMLSection(opening: Array("<![CDATA[".utf8), closing: Array("]]>".utf8))
    static let instruction = XMLSection(opening: Array("<?".utf8), closing: Array("?>".utf8))
    static let all = [comment, characters, instruction]

    /// - Returns: The index behind the section that begins at `start`; nil when it does not end.
    func end(in bytes: [UInt8], from start: Int) -> Int? {
        bytes[(start + opening.count)...].firstRange(of: closing)?.upperBound
    }
}
