/// FNV-1a, 64 bit: the same value in every process and on every machine, unlike `Hasher`.
/// Not for secrets. Source: draft-eastlake-fnv, section 2.
public struct StableHash: Sendable {
    public private(set) var value: UInt64 = 0xcbf2_9ce4_8422_2325

    public init() {}
    public mutating func combine(_ byte: UInt8) { value = (value ^ UInt64(byte)) &* 0x0000_0100_0000_01b3 }
    public mutating func combine(_ text: some StringProtocol) {
        for byte in text.utf8 { combine(byte) }
        combine(UInt8(0xFF))
    }
    public mutating func combine(_ word: UInt64) {
        for shift in stride(from: 0, to: UInt64(64), by: 8) { combine(UInt8(truncatingIfNeeded: word >> shift)) }
    }
    public mutating func combine(_ number: Int64) { combine(UInt64(bitPattern: number)) }
    public mutating func combine(_ number: Double?) {
        guard let number else { return combine(UInt8(0)) }
        combine(UInt8(1))
        combine((number == 0 ? 0 : number).bitPattern)
    }
    public mutating func combine(_ flag: Bool?) { combine(UInt8(flag.map { $0 ? 2 : 1 } ?? 0)) }
    public mutating func combine(optional text: String?) {
        combine(UInt8(text == nil ? 0 : 1))
        if let text { combine(text) }
    }
}
