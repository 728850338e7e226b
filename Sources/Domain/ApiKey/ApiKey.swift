/// A key of one user; only its hash is kept.
public struct ApiKey: Aggregate, Codable, Equatable {
    public static let category = StreamCategory.apikey

    public var details: ApiKeyDetails?
    public var isRevoked = false

    public init() {}

    public func decide(_ command: ApiKeyCommand) throws(ApiKeyRejection) -> [ApiKeyEvent] {
        switch command {
        case .create(let details): return self.details == nil ? [.created(details)] : []
        case .revoke:
            guard details != nil else { throw .unknown }
            return isRevoked ? [] : [.revoked]
        }
    }

    public mutating func apply(_ event: ApiKeyEvent) {
        switch event {
        case .created(let details): self.details = details
        case .revoked: isRevoked = true
        }
    }
}

public struct ApiKeyDetails: Hashable, Sendable, Codable {
    public enum Kind: String, Sendable, Codable, CaseIterable { case api, tracker }
    public let id: ApiKeyID
    public let user: UserID
    public let kind: Kind
    /// Lower-case hex of the keyed hash.
    public let hash: String
    /// First characters, for lists.
    public let prefix: String
    /// Keyed hashes of the key's plain digests (MD5, SHA-1, SHA-256, SHA-512 in lower-case hex), for trackers that send one
    /// in place of the key: decisions B7. Only tracker keys have them.
    public let digests: [String]?
    public init(
        id: ApiKeyID, user: UserID, kind: Kind, hash: String, prefix: String, digests: [String]? = nil
    ) {
        self.digests = digests
        self.id = id
        self.user = user
        self.kind = kind
        self.hash = hash
        self.prefix = prefix
    }
}

public enum ApiKeyCommand: Sendable {
    case create(ApiKeyDetails)
    case revoke
}

public enum ApiKeyEvent: Hashable, Sendable {
    case created(ApiKeyDetails)
    case revoked
}

public enum ApiKeyRejection: Error, Hashable, Sendable { case unknown }
