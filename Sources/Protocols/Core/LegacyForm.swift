/// The fields of a query string and a form body, escaped or not, in whatever encoding. In doubt the body's value counts,
/// and of several in one place the last.
public struct LegacyForm: Sendable {
    private var fields: [String: String] = [:]
    /// There were too many pairs.
    public private(set) var isTooLong = false

    public init(_ frame: RawFrame) {
        take(frame.query)
        takeBody(frame)
    }
    public init(query: String) { take(query) }
    /// The body's fields alone.
    public init(body frame: RawFrame) { takeBody(frame) }

    private mutating func takeBody(_ frame: RawFrame) {
        guard !frame.body.isEmpty, frame.contentType?.lowercased().hasPrefix("multipart/") != true else { return }
        frame.body.withUnsafeBufferPointer { take($0) }
    }

    private mutating func take(_ text: String) {
        guard !text.isEmpty else { return }
        var text = text
        text.withUTF8 { take($0) }
    }

    private mutating func take(_ bytes: UnsafeBufferPointer<UInt8>) {
        var pairs = 0
        var start = 0
        while start < bytes.count {
            let end = bytes[start...].firstIndex(of: UInt8(ascii: "&")) ?? bytes.count
            let pair = bytes[start..<end]
            start = end + 1
            guard !pair.isEmpty else { continue }
            pairs += 1
            guard pairs <= FormDecoder.pairLimit else {
                isTooLong = true
                return
            }
            let equals = pair.firstIndex(of: UInt8(ascii: "=")) ?? pair.endIndex
            let value = equals == pair.endIndex ? pair[equals...] : pair[(equals + 1)...]
            fields[Self.text(pair[..<equals])] = Self.text(value)
        }
    }

    private static func text(_ bytes: Slice<UnsafeBufferPointer<UInt8>>) -> String {
        let isEscaped = bytes.contains { $0 == UInt8(ascii: "%") || $0 == UInt8(ascii: "+") }
        return isEscaped ? LegacyText.decode(unescaped(bytes)) : LegacyText.decode(bytes)
    }

    /// `+` is a blank, `%` and two hexadecimal digits are a byte, a stray `%` is itself.
    private static func unescaped(_ bytes: Slice<UnsafeBufferPointer<UInt8>>) -> [UInt8] {
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
        let others = fields.filter { !known.contains($0.key) && $0.key.utf8.count <= 64 }
        guard !others.isEmpty else { return result }
        for (name, value) in others.sorted(by: { $0.key < $1.key }).prefix(32) {
            result[name] = Redaction.isSecret(name) ? "[redacted]" : LegacyText.cut(value, to: 256)
        }
        return result
    }
}
