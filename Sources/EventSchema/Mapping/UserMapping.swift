internal import Domain
internal import SwiftProtobuf

extension ProtoUserCreated: EventMessage {
    static let eventType = "user.created"
    init(_ profile: UserProfile, _ passwordHash: String?) {
        self.init()
        self.profile = ProtoUserProfile(profile)
        if let passwordHash { self.passwordHash = passwordHash }
    }
    func event() throws(FieldError) -> DomainEvent {
        guard hasProfile else { throw FieldError("UserCreated.profile") }
        return .user(.created(try profile.value(), passwordHash: hasPasswordHash ? passwordHash : nil))
    }
}

extension ProtoUserPasswordChanged: EventMessage {
    static let eventType = "user.password-changed"
    func event() -> DomainEvent { .user(.passwordChanged(passwordHash)) }
}

extension ProtoUserConfirmed: EventMessage {
    static let eventType = "user.confirmed"
    func event() -> DomainEvent { .user(.confirmed) }
}

extension ProtoUserDisabled: EventMessage {
    static let eventType = "user.disabled"
    func event() -> DomainEvent { .user(.disabled) }
}

extension ProtoUserEnabled: EventMessage {
    static let eventType = "user.enabled"
    func event() -> DomainEvent { .user(.enabled) }
}

extension ProtoUserErased: EventMessage {
    static let eventType = "user.erased"
    func event() -> DomainEvent { .user(.erased(at: Timestamp(milliseconds: atMs))) }
}

extension ProtoUserProfile {
    init(_ profile: UserProfile) {
        self.init()
        id = profile.id.data
        number = Int64(profile.number)
        ident = profile.ident
        name = profile.name
        email = profile.email
        role = ProtoRole(profile.role)
        rank = profile.rank
        confirmed = profile.isConfirmed
    }
    func value() throws(FieldError) -> UserProfile {
        UserProfile(
            id: try UserID(id, "UserProfile.id"), number: Int(number), ident: ident, name: name, email: email,
            role: try role.value("UserProfile.role"), rank: rank, isConfirmed: confirmed
        )
    }
}

extension ProtoRole {
    init(_ role: Role) {
        self =
            switch role {
            case .pilot: .pilot
            case .dispatcher: .dispatcher
            case .staff: .staff
            case .admin: .admin
            }
    }
    func value(_ field: @autoclosure () -> String) throws(FieldError) -> Role {
        switch self {
        case .pilot: .pilot
        case .dispatcher: .dispatcher
        case .staff: .staff
        case .admin: .admin
        case .unspecified, .UNRECOGNIZED: throw FieldError(field())
        }
    }
}
