import Application
import Domain
import JWTKit

#if canImport(FoundationEssentials)
import FoundationEssentials
#else
import Foundation
#endif

/// Access tokens: JWT, HS256, a quarter of an hour.
struct AccessTokens: Sendable {
    struct Claims: JWTPayload {
        /// User id.
        let sub: String
        /// Tenant id.
        let tenant: String
        let role: String
        /// Which password was in force: a token dies with it.
        let pwd: String
        let iat: Int64
        let exp: Int64
        func verify(using algorithm: some JWTAlgorithm) throws {}
    }
    static let lifetime = Milliseconds.minutes(15)

    private let keys = JWTKeyCollection()
    private let digest: @Sendable (String) -> [UInt8]
    private let signingKey: [UInt8]

    /// - Parameters:
    ///   - secret: The server's secret, or something made from it: never used as the signing key itself.
    ///   - tokens: Makes the signing key and the marks of passwords.
    init(secret: [UInt8], tokens: any TokenHashing) {
        digest = { tokens.digest(of: $0) }
        let text = secret.map { String($0) }.joined(separator: ",")
        signingKey = tokens.digest(of: "albatross access token v1 \(text)")
    }

    /// Before the first token is made or read.
    func prepare() async {
        await keys.add(hmac: HMACKey(from: signingKey), digestAlgorithm: .sha256)
    }

    /// A short mark of a password hash; equal for equal hashes only.
    func mark(_ user: User) -> String {
        digest("albatross password mark \(user.passwordHash ?? "")").prefix(9).map { byte in
            let text = String(byte, radix: 16)
            return text.utf8.count == 1 ? "0" + text : text
        }.joined()
    }

    func make(_ tenant: TenantID, _ user: User, _ profile: UserProfile, at now: Timestamp) async throws -> String {
        try await keys.sign(
            Claims(
                sub: "\(profile.id)", tenant: "\(tenant)", role: profile.role.rawValue, pwd: mark(user),
                iat: now.milliseconds / 1000, exp: (now + Self.lifetime).milliseconds / 1000))
    }

    /// - Returns: `nil` for anything that this server did not sign, and for what has expired.
    func read(_ token: String, at now: Timestamp) async -> Claims? {
        guard token.utf8.count <= 2048, let claims = try? await keys.verify(token, as: Claims.self),
            claims.exp > now.milliseconds / 1000
        else { return nil }
        return claims
    }
}
