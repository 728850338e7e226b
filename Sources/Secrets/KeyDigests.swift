import COpenSSL

/// The plain digests that trackers with a "hash algorithm" setting send in place of a key: decisions B7. Only for random
/// keys, never for passwords: what is stored of them goes through the keyed hash first.
public enum KeyDigests {
    /// MD5, SHA-1, SHA-256 and SHA-512 of a key's UTF-8 bytes, lower-case hex.
    public static func all(of key: String) -> [String] {
        [EVP_md5(), EVP_sha1(), EVP_sha256(), EVP_sha512()].compactMap { hex(Array(key.utf8), $0) }
    }

    private static func hex(_ bytes: [UInt8], _ algorithm: OpaquePointer?) -> String? {
        var digest = [UInt8](repeating: 0, count: Int(EVP_MAX_MD_SIZE))
        var size: UInt32 = 0
        guard EVP_Digest(bytes, bytes.count, &digest, &size, algorithm, nil) == 1 else { return nil }
        let digits = Array("0123456789abcdef".utf8)
        return String(
            decoding: digest[..<Int(size)].flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }, as: UTF8.self)
    }
}
