import Domain

#if canImport(FoundationEssentials)
import FoundationEssentials
#else
import Foundation
#endif

/// Random bits for event ids. They need to differ, not to be secret: one system call per id would be a good part of an
/// append. SplitMix64 (G. Steele, D. Lea, C. Flood, "Fast Splittable Pseudorandom Number Generators", 2014), twice, each
/// seeded by the system.
struct RandomWords {
    private var states: (UInt64, UInt64)

    init() {
        var system = SystemRandomNumberGenerator()
        states = (system.next(), system.next())
    }

    private static func next(_ state: inout UInt64) -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var word = state
        word = (word ^ word >> 30) &* 0xBF58_476D_1CE4_E5B9
        word = (word ^ word >> 27) &* 0x94D0_49BB_1331_11EB
        return word ^ word >> 31
    }

    mutating func version7(at time: Timestamp) -> UUID {
        let high = UInt64(bitPattern: time.milliseconds) & 0xFFFF_FFFF_FFFF
        return UUID(
            high: high << 16 | 0x7000 | Self.next(&states.0) & 0x0FFF,
            low: 0x8000_0000_0000_0000 | Self.next(&states.1) >> 2)
    }
}
