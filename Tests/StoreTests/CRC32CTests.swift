import Domain
import Testing

@Suite struct CRC32CTests {
    static let published: [([UInt8], UInt32)] = [
        ([UInt8](repeating: 0, count: 32), 0x8A91_36AA),
        ([UInt8](repeating: 0xFF, count: 32), 0x62A8_AB43),
        (Array(0..<32), 0x46DD_794E),
        (Array((0..<32).reversed()), 0x113F_DB5C),
        (Array("123456789".utf8), 0xE306_9283),
        ([], 0),
    ]

    /// Source: RFC 3720, appendix B.4, and the check value of the CRC catalogue.
    @Test(arguments: published)
    func givesThePublishedValue(_ bytes: [UInt8], _ value: UInt32) {
        #expect(CRC32C.checksum(bytes) == value)
    }

    @Test func isTheSameInPieces() {
        let bytes = (0..<257).map { UInt8(truncatingIfNeeded: $0 &* 31) }
        for cut in 0...bytes.count {
            var crc = CRC32C()
            bytes[..<cut].withUnsafeBytes { crc.update($0) }
            bytes[cut...].withUnsafeBytes { crc.update($0) }
            #expect(crc.value == CRC32C.checksum(bytes))
        }
    }
}
