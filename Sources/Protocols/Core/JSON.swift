/// A JSON value with the types that a PHP server would see, because some protocols name them in their error texts.
public enum JSONValue: Hashable, Sendable {
    case null
    case bool(Bool)
    /// Written without fraction and exponent, and inside `Int64`.
    case integer(Int64)
    /// Always finite.
    case double(Double)
    case string(String)
    case array([JSONValue])
    case object(JSONObject)
}

/// The members of an object in the order they were sent.
public struct JSONObject: Hashable, Sendable {
    public struct Member: Hashable, Sendable {
        public let name: String
        public var value: JSONValue
        public init(_ name: String, _ value: JSONValue) {
            self.name = name
            self.value = value
        }
    }
    public var members: [Member]
    public init(_ members: [Member] = []) { self.members = members }

    /// - Returns: The last member of that name, as PHP and browsers do; `nil` when there is none.
    public subscript(name: String) -> JSONValue? {
        var index = members.count
        while index > 0 {
            index -= 1
            if members[index].name == name { return members[index].value }
        }
        return nil
    }
}

extension JSONValue {
    /// What PHP's `gettype` calls the decoded value; lists and objects are both arrays there.
    public var phpType: String {
        switch self {
        case .null: "NULL"
        case .bool: "boolean"
        case .integer: "integer"
        case .double: "double"
        case .string: "string"
        case .array, .object: "array"
        }
    }

    /// The number that PHP sees in a number or a numeric string.
    /// - Returns: `nil` for anything else and for what no finite `Double` holds.
    public var numeric: Double? {
        switch self {
        case .integer(let value): Double(value)
        case .double(let value): value
        case .string(let text): NumericText.double(text)
        default: nil
        }
    }
}

/// Why bytes are no JSON value for us. Offsets count bytes.
public enum JSONError: Error, Hashable, Sendable {
    case unexpected(offset: Int)
    case notUTF8(offset: Int)
    case loneSurrogate(offset: Int)
    case numberOutOfRange(offset: Int)
    case tooDeep
    case tooMany
}

/// Strict, bounded JSON (RFC 8259) in linear time. No byte sequence makes it trap.
///
/// Not accepted: byte order mark, bytes after the value, raw control characters in strings, lone surrogates,
/// overlong or broken UTF-8, numbers beyond `Double`, more than ``Limits`` allow.
public enum JSON {
    public struct Limits: Hashable, Sendable {
        public var depth = 64
        /// Of one object.
        public var members = 512
        /// Values of all kinds and levels.
        public var values = 200_000
        /// Characters of one number.
        public var digits = 400
        public init() {}
    }

    public static func decode(_ bytes: [UInt8], limits: Limits = Limits()) throws(JSONError) -> JSONValue {
        var result: Result<JSONValue, JSONError> = .failure(.unexpected(offset: 0))
        bytes.withUnsafeBufferPointer { buffer in
            var reader = JSONReader(bytes: buffer, limits: limits)
            result = reader.document()
        }
        return try result.get()
    }
}

/// Reads one document. A read past the end gives NUL, which JSON allows nowhere: so every such read ends in an error.
private struct JSONReader {
    let bytes: UnsafeBufferPointer<UInt8>
    let limits: JSON.Limits
    var index = 0
    var values = 0

    init(bytes: UnsafeBufferPointer<UInt8>, limits: JSON.Limits) {
        self.bytes = bytes
        self.limits = limits
    }

    @inline(__always)
    private func byte(_ index: Int) -> UInt8 { index < bytes.count ? bytes[index] : 0 }

    mutating func document() -> Result<JSONValue, JSONError> {
        do throws(JSONError) {
            skipSpace()
            let value = try value(depth: 0)
            skipSpace()
            guard index == bytes.count else { throw .unexpected(offset: index) }
            return .success(value)
        } catch { return .failure(error) }
    }

    @inline(__always)
    private mutating func skipSpace() {
        while true {
            switch byte(index) {
            case 0x20, 0x09, 0x0A, 0x0D: index += 1
            default: return
            }
        }
    }

    private mutating func value(depth: Int) throws(JSONError) -> JSONValue {
        values += 1
        guard values <= limits.values else { throw .tooMany }
        switch byte(index) {
        case UInt8(ascii: "\""): return .string(try string())
        case UInt8(ascii: "{"): return try object(depth: depth + 1)
        case UInt8(ascii: "["): return try array(depth: depth + 1)
        case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"): return try number()
        case UInt8(ascii: "t"): return try word("true", .bool(true))
        case UInt8(ascii: "f"): return try word("false", .bool(false))
        case UInt8(ascii: "n"): return try word("null", .null)
        default: throw .unexpected(offset: index)
        }
    }

    private mutating func word(_ text: StaticString, _ value: JSONValue) throws(JSONError) -> JSONValue {
        for offset in 0..<text.utf8CodeUnitCount where byte(index + offset) != text.utf8Start[offset] {
            throw .unexpected(offset: index + offset)
        }
        index += text.utf8CodeUnitCount
        return value
    }

    private mutating func array(depth: Int) throws(JSONError) -> JSONValue {
        guard depth <= limits.depth else { throw .tooDeep }
        index += 1
        skipSpace()
        var elements: [JSONValue] = []
        if byte(index) == UInt8(ascii: "]") {
            index += 1
            return .array(elements)
        }
        while true {
            elements.append(try value(depth: depth))
            skipSpace()
            switch byte(index) {
            case UInt8(ascii: ","):
                index += 1
                skipSpace()
            case UInt8(ascii: "]"):
                index += 1
                return .array(elements)
            default: throw .unexpected(offset: index)
            }
        }
    }

    private mutating func object(depth: Int) throws(JSONError) -> JSONValue {
        guard depth <= limits.depth else { throw .tooDeep }
        index += 1
        skipSpace()
        var members: [JSONObject.Member] = []
        if byte(index) == UInt8(ascii: "}") {
            index += 1
            return .object(JSONObject(members))
        }
        members.reserveCapacity(8)
        while true {
            guard byte(index) == UInt8(ascii: "\"") else { throw .unexpected(offset: index) }
            guard members.count < limits.members else { throw .tooMany }
            let name = try string()
            skipSpace()
            guard byte(index) == UInt8(ascii: ":") else { throw .unexpected(offset: index) }
            index += 1
            skipSpace()
            members.append(JSONObject.Member(name, try value(depth: depth)))
            skipSpace()
            switch byte(index) {
            case UInt8(ascii: ","):
                index += 1
                skipSpace()
            case UInt8(ascii: "}"):
                index += 1
                return .object(JSONObject(members))
            default: throw .unexpected(offset: index)
            }
        }
    }

    /// At an opening quote; ends behind the closing one.
    private mutating func string() throws(JSONError) -> String {
        index += 1
        let start = index
        var allBits: UInt8 = 0
        while true {
            let next = byte(index)
            if next == UInt8(ascii: "\"") { break }
            if next == UInt8(ascii: "\\") { return try escapedString(from: start) }
            guard next >= 0x20 else { throw .unexpected(offset: index) }
            allBits |= next
            index += 1
        }
        let slice = UnsafeBufferPointer(rebasing: bytes[start..<index])
        index += 1
        if allBits < 0x80 { return String(decoding: slice, as: UTF8.self) }
        guard let text = String(validating: slice, as: UTF8.self) else { throw .notUTF8(offset: start) }
        return text
    }

    /// The slow way: at the first backslash, with the bytes from `start` to here already accepted.
    private mutating func escapedString(from start: Int) throws(JSONError) -> String {
        var copied: [UInt8] = []
        copied.append(contentsOf: bytes[start..<index])
        while true {
            let next = byte(index)
            switch next {
            case UInt8(ascii: "\""):
                index += 1
                guard let text = String(validating: copied, as: UTF8.self) else { throw .notUTF8(offset: start) }
                return text
            case UInt8(ascii: "\\"):
                let code = byte(index + 1)
                index += 2
                switch code {
                case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): copied.append(code)
                case UInt8(ascii: "b"): copied.append(0x08)
                case UInt8(ascii: "f"): copied.append(0x0C)
                case UInt8(ascii: "n"): copied.append(0x0A)
                case UInt8(ascii: "r"): copied.append(0x0D)
                case UInt8(ascii: "t"): copied.append(0x09)
                case UInt8(ascii: "u"): copied.append(contentsOf: Array(String(try escapedScalar()).utf8))
                default: throw .unexpected(offset: index - 1)
                }
            default:
                guard next >= 0x20 else { throw .unexpected(offset: index) }
                copied.append(next)
                index += 1
            }
        }
    }

    /// Behind `\u`.
    private mutating func escapedScalar() throws(JSONError) -> Unicode.Scalar {
        let first = try hexUnit()
        if let scalar = Unicode.Scalar(first) { return scalar }
        let offset = index
        guard (0xD800...0xDBFF).contains(first), byte(index) == UInt8(ascii: "\\"),
            byte(index + 1) == UInt8(ascii: "u")
        else { throw .loneSurrogate(offset: offset) }
        index += 2
        let second = try hexUnit()
        guard (0xDC00...0xDFFF).contains(second),
            let scalar = Unicode.Scalar(0x1_0000 + (first - 0xD800) << 10 + (second - 0xDC00))
        else { throw .loneSurrogate(offset: offset) }
        return scalar
    }

    private mutating func hexUnit() throws(JSONError) -> UInt32 {
        var value: UInt32 = 0
        for _ in 0..<4 {
            guard let digit = hexDigit(byte(index)) else { throw .unexpected(offset: index) }
            value = value << 4 | UInt32(digit)
            index += 1
        }
        return value
    }

    private mutating func number() throws(JSONError) -> JSONValue {
        let start = index
        if byte(index) == UInt8(ascii: "-") { index += 1 }
        if byte(index) == UInt8(ascii: "0") {
            index += 1
        } else {
            try digits()
        }
        var isWhole = true
        if byte(index) == UInt8(ascii: ".") {
            isWhole = false
            index += 1
            try digits()
        }
        if byte(index) | 0x20 == UInt8(ascii: "e") {
            isWhole = false
            index += 1
            if byte(index) == UInt8(ascii: "+") || byte(index) == UInt8(ascii: "-") { index += 1 }
            try digits()
        }
        guard index - start <= limits.digits else { throw .numberOutOfRange(offset: start) }
        let token = UnsafeBufferPointer(rebasing: bytes[start..<index])
        if isWhole, let value = NumericText.integer(token) { return .integer(value) }
        guard let value = NumericText.double(token) else { throw .numberOutOfRange(offset: start) }
        return .double(value)
    }

    private mutating func digits() throws(JSONError) {
        let start = index
        while isDigit(byte(index)) { index += 1 }
        guard index > start else { throw .unexpected(offset: index) }
    }
}

@inline(__always)
func isDigit(_ byte: UInt8) -> Bool { byte &- UInt8(ascii: "0") < 10 }

func hexDigit(_ byte: UInt8) -> UInt8? {
    switch byte {
    case UInt8(ascii: "0")...UInt8(ascii: "9"): byte - UInt8(ascii: "0")
    case UInt8(ascii: "a")...UInt8(ascii: "f"): byte - UInt8(ascii: "a") + 10
    case UInt8(ascii: "A")...UInt8(ascii: "F"): byte - UInt8(ascii: "A") + 10
    default: nil
    }
}
