/// Hashing of passwords: slow on purpose, away from event loops, with a bound on how much waits.
public protocol PasswordHashing: Sendable {
    func hash(_ password: String) async throws(PasswordHashingError) -> String
    /// - Parameter hash: As ``hash(_:)`` gave it; nil (nobody by this name) costs the same time and is never right.
    func verify(_ password: String, against hash: String?) async throws(PasswordHashingError) -> Bool
}

public enum PasswordHashingError: Error, Hashable, Sendable {
    /// Too much waits already: try again later.
    case busy
    case failed(String)
}

/// Tokens and keys: random when made, kept and looked up only by a keyed hash.
public protocol TokenHashing: Sendable {
    /// HMAC-SHA-256 under the server's secret, 32 bytes.
    func digest(of token: String) -> [UInt8]
    /// 32 random bytes, base64url without padding.
    func makeToken() -> String
    /// A token of three dot-separated parts, as smartCARS expects: JWT-shaped, proof of nothing by itself.
    func makeSessionToken(subject: Int, expires: Timestamp) -> String
}
