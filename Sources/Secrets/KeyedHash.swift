import COpenSSL
public import Domain

/// HMAC-SHA-256 (RFC 2104) under one key. The two hash states that the key alone decides are kept, so a short text costs
/// two blocks of SHA-256 and no call into OpenSSL's provider machinery.
public struct KeyedHash: Sendable {
    private let inner: SHA256_CTX
    private let outer: SHA256_CTX

    /// - Parameter key: Any length; 32 random bytes are the measure.
    public init(key: [UInt8]) {
        let block = 64
        var padded = key.count > block ? sha256(key) : key
        padded += [UInt8](repeating: 0, count: block - padded.count)
        func state(_ pad: UInt8) -> SHA256_CTX {
            var context = SHA256_CTX()
            SHA256_Init(&context)
            SHA256_Update(&context, padded.map { $0 ^ pad }, block)
            return context
        }
        inner = state(0x36)
        outer = state(0x5C)
    }

    public init(_ secret: ServerSecret) { self.init(key: secret.bytes) }

    /// - Returns: 32 bytes.
    public func digest(of bytes: [UInt8]) -> [UInt8] { bytes.withUnsafeBytes { digest($0) } }

    private func digest(_ bytes: UnsafeRawBufferPointer) -> [UInt8] {
        var context = inner
        if bytes.count > 0 { SHA256_Update(&context, bytes.baseAddress, bytes.count) }
        let size = Int(SHA256_DIGEST_LENGTH)
        return [UInt8](unsafeUninitializedCapacity: size) { result, count in
            SHA256_Final(result.baseAddress, &context)
            context = outer
            SHA256_Update(&context, result.baseAddress, size)
            SHA256_Final(result.baseAddress, &context)
            count = size
        }
    }
}

extension KeyedHash: TokenHashing {
    public func digest(of token: String) -> [UInt8] {
        var token = token
        return token.withUTF8 { digest(UnsafeRawBufferPointer($0)) }
    }

    public func makeToken() -> String { SecretToken.make() }

    public func makeSessionToken(subject: Int, expires: Timestamp) -> String {
        SecretToken.makeSession(subject: subject, expires: expires)
    }
}
