internal import Domain
internal import SwiftProtobuf

extension ProtoApiKeyCreated: EventMessage {
    static let eventType = "apikey.created"
    init(_ details: ApiKeyDetails) {
        self.init()
        id = details.id.data
        user = details.user.data
        kind =
            switch details.kind {
            case .api: .api
            case .tracker: .tracker
            }
        hash = details.hash
        prefix = details.prefix
        digests = details.digests ?? []
    }
    func event() throws(FieldError) -> DomainEvent {
        let kind: ApiKeyDetails.Kind =
            switch kind {
            case .api: .api
            case .tracker: .tracker
            case .unspecified, .UNRECOGNIZED: throw FieldError("ApiKeyCreated.kind")
            }
        let details = ApiKeyDetails(
            id: try ApiKeyID(id, "ApiKeyCreated.id"), user: try UserID(user, "ApiKeyCreated.user"), kind: kind,
            hash: hash, prefix: prefix, digests: digests.isEmpty ? nil : digests
        )
        return .apiKey(.created(details))
    }
}

extension ProtoApiKeyRevoked: EventMessage {
    static let eventType = "apikey.revoked"
    func event() -> DomainEvent { .apiKey(.revoked) }
}
