/// The fields of a query string and a form body, escaped or not, in whatever encoding. In doubt the body's value counts,
/// and of several in one place the last.
public struct LegacyForm: Sendable {
    private var fields: [String: String] = [:]
    /// There were too many pairs.
    public private(set) var isTooLong = false

    public init(_ frame: RawFrame) {
        take(Array(frame.query.utf8))
        if frame.contentType?.lowercased().hasPrefix("multipart/") != true { take(frame.body) }
    }
    public init(query: String) { take(Array(query.utf8)) }

    private mutating func take(_ bytes: [UInt8]) {
        var pairs = 0
        for pair in bytes.split(separator: UInt8(ascii: "&")) {
            pairs += 1
            guard pairs <= FormDecoder.pairLimit else {
                isTooLong = true
                return
            }
            let equals = pair.firstIndex(of: UInt8(ascii: "=")) ?? pair.endIndex
            let value = equals == pair.endIndex ? [] : pair[pair.index(after: equals)...]
            fields[LegacyText.decode(Self.unescaped(pair[..<equals]))] = LegacyText.decode(Self.unescaped(value))
        }
    }

    /// `+` is a blank, `%` and two hexadecimal digits are a byte, a stray `%` is itself.
    private static func unescaped(_ bytes: ArraySlice<UInt8>) -> [UInt8] {
        var result: [UInt8] = []
        result.reserveCapacity(bytes.count)
        var index = bytes.startIndex
        while index < bytes.endIndex {
            let byte = bytes[index]
            if byte == UInt8(ascii: "%"), index + 2 < bytes.endIndex, let high = hexDigit(bytes[index + 1]),
                let low = hexDigit(bytes[index + 2])
            {
                result.append(high << 4 | low)
                index += 3
                continue
            }
            result.append(byte == UInt8(ascii: "+") ? UInt8(ascii: " ") : byte)
            index += 1
        }
        return result
    }

    /// Nil when the field is missing.
    public subscript(name: String) -> String? { fields[name] }
    /// Trimmed; nil when the field is missing or holds only white space.
    public func text(_ name: String) -> String? {
        guard let value = fields[name] else { return nil }
        let text = LegacyText.trimmed(value)
        return text.isEmpty ? nil : text
    }
    public func number(_ name: String) -> Double? { text(name).flatMap(LegacyNumber.read) }

    public var names: Set<String> { Set(fields.keys) }
    /// What is left when the fields named are taken away: values cut to 256 characters, secrets never, at most 32.
    public func unrecognised(beyond known: Set<String>) -> [String: String] {
        var result: [String: String] = [:]
        for (name, value) in fields.sorted(by: { $0.key < $1.key })
        where !known.contains(name) && name.utf8.count <= 64 && result.count < 32 {
            result[name] = Redaction.isSecret(name) ? "[redacted]" : LegacyText.cut(value, to: 256)
        }
        return result
    }
}
