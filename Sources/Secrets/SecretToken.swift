public import Domain

/// Random tokens. They prove nothing by themselves: whoever takes one looks its keyed hash up.
public enum SecretToken {
    /// 32 random bytes, base64url without padding: 43 characters.
    public static func make() -> String { Base64.encode(SecureRandom.bytes(32), .url) }

    /// A token of the shape of a JSON Web Token (RFC 7519), because smartCARS splits it at its dots and reads `exp`. Its
    /// third part is 32 random bytes, not a signature.
    public static func makeSession(subject: Int, expires: Timestamp) -> String {
        let header = Base64.encode(Array(#"{"typ":"JWT","alg":"HS256"}"#.utf8), .url)
        let seconds = expires.milliseconds / 1000
        let payload = Base64.encode(Array(#"{"sub":\#(subject),"exp":\#(seconds)}"#.utf8), .url)
        return "\(header).\(payload).\(make())"
    }
}
