import COpenSSL
public import Domain
import Foundation

/// Tokens: random, and remembered only as HMAC-SHA-256 under the server's secret.
public struct KeyedTokens: TokenHashing {
    private let secret: [UInt8]
    public init(secret: [UInt8]) { self.secret = secret }

    public func digest(of token: String) -> [UInt8] { Self.hmac(Array(token.utf8), key: secret) }

    static func hmac(_ message: [UInt8], key: [UInt8]) -> [UInt8] {
        var digest = [UInt8](repeating: 0, count: 32)
        var length: UInt32 = 32
        HMAC(EVP_sha256(), key, Int32(key.count), message, message.count, &digest, &length)
        return digest
    }

    public func makeToken() -> String { Self.base64URL(randomBytes(32)) }

    public func makeSessionToken(subject: Int, expires: Timestamp) -> String {
        let header = Self.base64URL(Array("{\"typ\":\"JWT\",\"alg\":\"HS256\"}".utf8))
        let payload = Self.base64URL(Array("{\"sub\":\(subject),\"exp\":\(expires.milliseconds / 1000)}".utf8))
        return "\(header).\(payload).\(makeToken())"
    }

    static func base64URL(_ bytes: [UInt8]) -> String {
        Data(bytes).base64EncodedString().replacingOccurrences(of: "+", with: "-")
            .replacingOccurrences(of: "/", with: "_").replacingOccurrences(of: "=", with: "")
    }
}

/// The secret of one installation: 32 random bytes beside its data.
public enum ServerSecret {
    public static let fileName = "secret.key"

    /// Reads the secret of a folder, and makes it the first time. Two processes at once get the same one.
    public static func load(directory: String) throws -> [UInt8] {
        let path = directory + "/" + fileName
        for _ in 0..<2 {
            if let data = FileManager.default.contents(atPath: path) {
                guard data.count == 32 else { throw ServerSecretError(path: path, reason: "it is not 32 bytes long") }
                return Array(data)
            }
            // Written under another name and linked into place: whoever links first wins, and nobody reads half a secret.
            let draft = path + ".\(UUID().uuidString)"
            guard FileManager.default.createFile(
                atPath: draft, contents: Data(randomBytes(32)), attributes: [.posixPermissions: 0o600])
            else { throw ServerSecretError(path: path, reason: "the folder cannot be written") }
            defer { unlink(draft) }
            guard link(draft, path) == 0 || errno == EEXIST else {
                throw ServerSecretError(path: path, reason: String(cString: strerror(errno)))
            }
        }
        throw ServerSecretError(path: path, reason: "it cannot be read")
    }
}

/// The server's secret is not to be had.
public struct ServerSecretError: Error, CustomStringConvertible {
    public let path: String
    public let reason: String
    public var description: String {
        "the server's secret \(path) cannot be used: \(reason); restore it from a backup, or remove it (everybody then signs in again)"
    }
}
