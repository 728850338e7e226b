import Domain

/// Writes JSON text from left to right, without a tree in between.
struct JSONText: Sendable {
    private(set) var bytes: [UInt8] = []
    private var needsComma = false

    init(capacity: Int = 512) { bytes.reserveCapacity(capacity) }

    /// One object as a whole text.
    static func object(capacity: Int = 512, _ body: (inout JSONText) throws -> Void) rethrows -> JSONText {
        var text = JSONText(capacity: capacity)
        try text.object(body)
        return text
    }

    // MARK: Structure

    mutating func object(_ body: (inout JSONText) throws -> Void) rethrows {
        separate()
        bytes.append(UInt8(ascii: "{"))
        needsComma = false
        try body(&self)
        bytes.append(UInt8(ascii: "}"))
        needsComma = true
    }
    mutating func object(_ key: String, _ body: (inout JSONText) throws -> Void) rethrows {
        name(key)
        try object(body)
    }
    mutating func array(_ key: String, _ body: (inout JSONText) throws -> Void) rethrows {
        name(key)
        try array(body)
    }
    mutating func array(_ body: (inout JSONText) throws -> Void) rethrows {
        separate()
        bytes.append(UInt8(ascii: "["))
        needsComma = false
        try body(&self)
        bytes.append(UInt8(ascii: "]"))
        needsComma = true
    }

    // MARK: Fields; nil is written as null

    mutating func field(_ key: String, _ value: String?) {
        name(key)
        add(value)
    }
    mutating func field(_ key: String, _ value: Int?) {
        name(key)
        add(value)
    }
    mutating func field(_ key: String, _ value: Int64?) {
        name(key)
        add(value.map { Int($0) })
    }
    mutating func field(_ key: String, _ value: Bool?) {
        name(key)
        separate()
        bytes += (value.map { $0 ? "true" : "false" } ?? "null").utf8
        needsComma = true
    }
    mutating func field(_ key: String, _ value: Timestamp?) { field(key, value?.iso8601) }
    /// - Parameter decimals: Digits after the point.
    mutating func field(_ key: String, _ value: Double?, decimals: Int) {
        name(key)
        add(value, decimals: decimals)
    }
    mutating func field(_ key: String, strings: some Sequence<String>) {
        array(key) { text in for each in strings { text.add(each) } }
    }
    mutating func null(_ key: String) {
        name(key)
        add(nil as String?)
    }
    /// Text that is JSON already.
    mutating func field(_ key: String, json: [UInt8]) {
        name(key)
        separate()
        bytes += json
        needsComma = true
    }

    // MARK: Elements

    mutating func add(_ value: String?) {
        separate()
        if let value { quote(value) } else { bytes += "null".utf8 }
        needsComma = true
    }
    mutating func add(_ value: Int?) {
        separate()
        if let value { append(value) } else { bytes += "null".utf8 }
        needsComma = true
    }
    mutating func add(_ value: Bool?) {
        separate()
        bytes += (value.map { $0 ? "true" : "false" } ?? "null").utf8
        needsComma = true
    }
    mutating func add(_ value: Double?, decimals: Int) {
        separate()
        if let value, value.isFinite {
            bytes += Self.fixed(value, decimals: decimals)
        } else {
            bytes += "null".utf8
        }
        needsComma = true
    }
    mutating func add(json: [UInt8]) {
        separate()
        bytes += json
        needsComma = true
    }

    // MARK: Parts

    private mutating func separate() {
        if needsComma { bytes.append(UInt8(ascii: ",")) }
    }
    private mutating func name(_ key: String) {
        separate()
        quote(key)
        bytes.append(UInt8(ascii: ":"))
        needsComma = false
    }
    private mutating func append(_ value: Int) {
        if value < 0 { bytes.append(UInt8(ascii: "-")) }
        var rest = value.magnitude
        if rest == 0 {
            bytes.append(UInt8(ascii: "0"))
            return
        }
        let start = bytes.count
        while rest > 0 {
            bytes.append(UInt8(ascii: "0") + UInt8(truncatingIfNeeded: rest % 10))
            rest /= 10
        }
        bytes[start...].reverse()
    }

    private mutating func quote(_ value: String) {
        bytes.append(UInt8(ascii: "\""))
        for byte in value.utf8 {
            switch byte {
            case UInt8(ascii: "\""), UInt8(ascii: "\\"):
                bytes.append(UInt8(ascii: "\\"))
                bytes.append(byte)
            case 0..<0x20, 0x7F:
                bytes += "\\u00".utf8
                bytes.append(Self.hex[Int(byte >> 4)])
                bytes.append(Self.hex[Int(byte & 15)])
            // Never `</script>` inside JSON, wherever it may be pasted.
            case UInt8(ascii: "<"): bytes += "\\u003c".utf8
            default: bytes.append(byte)
            }
        }
        bytes.append(UInt8(ascii: "\""))
    }
    private static let hex = Array("0123456789abcdef".utf8)

    /// A number with a fixed count of decimals; `-0` becomes `0`.
    static func fixed(_ value: Double, decimals: Int) -> [UInt8] {
        var factor = 1.0
        for _ in 0..<decimals { factor *= 10 }
        let scaled = (value * factor).rounded()
        guard scaled.magnitude < 9e15 else { return Array("\(value)".utf8) }
        let whole = Int64(scaled)
        var digits: [UInt8] = []
        digits.reserveCapacity(24)
        var rest = whole.magnitude
        var count = 0
        while rest > 0 || count <= decimals {
            if count == decimals, decimals > 0 { digits.append(UInt8(ascii: ".")) }
            digits.append(UInt8(ascii: "0") + UInt8(truncatingIfNeeded: rest % 10))
            rest /= 10
            count += 1
        }
        if whole < 0 { digits.append(UInt8(ascii: "-")) }
        digits.reverse()
        return digits
    }
}
