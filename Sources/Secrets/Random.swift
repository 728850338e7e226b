import COpenSSL

/// Secret random bytes from OpenSSL's generator, which the system seeds.
enum SecureRandom {
    static func bytes(_ count: Int) -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: count)
        if RAND_bytes(&bytes, Int32(count)) == 1 { return bytes }
        // OpenSSL could not seed itself: the system is asked directly, which does not fail.
        var system = SystemRandomNumberGenerator()
        return (0..<count).map { _ in system.next() }
    }
}

/// Compares secrets in a time that depends only on their length.
public func constantTimeEqual(_ first: [UInt8], _ second: [UInt8]) -> Bool {
    first.count == second.count && CRYPTO_memcmp(first, second, first.count) == 0
}

/// SHA-256 of bytes (FIPS 180-4): 32 bytes.
public func sha256(_ bytes: [UInt8]) -> [UInt8] {
    var digest = [UInt8](repeating: 0, count: Int(SHA256_DIGEST_LENGTH))
    SHA256(bytes, bytes.count, &digest)
    return digest
}
