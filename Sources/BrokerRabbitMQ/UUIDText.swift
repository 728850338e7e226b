#if canImport(FoundationEssentials)
import FoundationEssentials
#else
import Foundation
#endif

import Domain

/// Hexadecimal digits, upper or lower case.
enum HexDigit {
    static func value(_ byte: UInt8) -> UInt8? {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): byte - UInt8(ascii: "0")
        case UInt8(ascii: "a")...UInt8(ascii: "f"): byte - UInt8(ascii: "a") + 10
        case UInt8(ascii: "A")...UInt8(ascii: "F"): byte - UInt8(ascii: "A") + 10
        default: nil
        }
    }
}

/// The 36-character form of a UUID as bytes. Six of them travel with every event, and a `String` each would cost more
/// than the rest of a message.
enum UUIDText {
    static let length = 36
    /// Where the hyphens stand (RFC 9562, section 4).
    private static func isHyphen(_ place: Int) -> Bool { place == 8 || place == 13 || place == 18 || place == 23 }

    /// Writes 36 bytes, lower case.
    static func write(_ id: UUID, to target: UnsafeMutablePointer<UInt8>) {
        withUnsafeBytes(of: id.uuid) { bytes in
            var place = 0
            for byte in bytes {
                if isHyphen(place) {
                    target[place] = UInt8(ascii: "-")
                    place += 1
                }
                target[place] = digit(byte >> 4)
                target[place + 1] = digit(byte & 15)
                place += 2
            }
        }
    }

    private static func digit(_ value: UInt8) -> UInt8 {
        value < 10 ? UInt8(ascii: "0") + value : UInt8(ascii: "a") + value - 10
    }

    static func read(_ text: UnsafeRawBufferPointer) -> UUID? {
        guard text.count == length else { return nil }
        var (high, low): (UInt64, UInt64) = (0, 0)
        for place in 0..<length {
            if isHyphen(place) {
                guard text[place] == UInt8(ascii: "-") else { return nil }
            } else {
                guard let value = HexDigit.value(text[place]) else { return nil }
                if place < 18 { high = high << 4 | UInt64(value) } else { low = low << 4 | UInt64(value) }
            }
        }
        return UUID(high: high, low: low)
    }
}
