/// A person inside one tenant. A person in two airlines is two users.
public struct User: Aggregate, Codable, Equatable {
    public static let category = StreamCategory.user

    public var profile: UserProfile?
    /// scrypt, in the encoding of `Secrets`.
    public var passwordHash: String?
    public var isDisabled = false
    /// When what names the person was taken out of the store, for good.
    public var erasedAt: Timestamp?

    public init() {}

    public func decide(_ command: UserCommand) throws(UserRejection) -> [UserEvent] {
        switch command {
        case .create(let profile, let passwordHash):
            if let known = self.profile { throw .alreadyCreated(known.ident) }
            return [.created(profile, passwordHash: passwordHash)]
        case .changePassword(let hash):
            guard profile != nil else { throw .unknown }
            guard erasedAt == nil else { throw .erased }
            return [.passwordChanged(hash)]
        case .confirm:
            guard let profile else { throw .unknown }
            return profile.isConfirmed ? [] : [.confirmed]
        case .disable:
            guard profile != nil else { throw .unknown }
            return isDisabled ? [] : [.disabled]
        case .enable:
            guard profile != nil else { throw .unknown }
            guard erasedAt == nil else { throw .erased }
            return isDisabled ? [.enabled] : []
        case .erase(let at):
            guard profile != nil else { throw .unknown }
            return erasedAt == nil ? [.erased(at: at)] : []
        }
    }

    public mutating func apply(_ event: UserEvent) {
        switch event {
        case .created(let profile, let hash):
            self.profile = profile
            passwordHash = hash
        case .passwordChanged(let hash): passwordHash = hash
        case .confirmed: profile?.isConfirmed = true
        case .disabled: isDisabled = true
        case .enabled: isDisabled = false
        case .erased(let at):
            profile = profile?.erased
            passwordHash = nil
            isDisabled = true
            erasedAt = at
        }
    }
}

/// The five roles, from least to most within a tenant; `admin` in the tenant `platform` is a platform admin.
public enum Role: String, Sendable, Codable, CaseIterable {
    case pilot, dispatcher, staff, admin
    /// May decide on reports.
    public var reviews: Bool { self == .staff || self == .admin }
}

public struct UserProfile: Hashable, Sendable, Codable {
    public let id: UserID
    /// 1...2³¹−1 inside the tenant; `dbID` and `pilot_id` of every protocol.
    public let number: Int
    /// Airline code and zero-padded number, e.g. `VMS0007`, upper case.
    public let ident: String
    public let name: String
    /// Lower case.
    public let email: String
    public let role: Role
    public let rank: String
    public var isConfirmed: Bool
    public init(
        id: UserID, number: Int, ident: String, name: String, email: String, role: Role, rank: String,
        isConfirmed: Bool
    ) {
        self.id = id
        self.number = number
        self.ident = ident
        self.name = name
        self.email = email
        self.role = role
        self.rank = rank
        self.isConfirmed = isConfirmed
    }

    /// Name of whoever was erased.
    public static let erasedName = "Former pilot"
    /// Without what names the person: decisions on personal data.
    public var erased: UserProfile {
        UserProfile(
            id: id, number: number, ident: ident, name: Self.erasedName, email: "", role: role, rank: rank,
            isConfirmed: isConfirmed)
    }
}

public enum UserCommand: Sendable {
    case create(UserProfile, passwordHash: String?)
    case changePassword(String)
    case confirm
    case disable
    case enable
    case erase(at: Timestamp)
}

public enum UserEvent: Hashable, Sendable {
    case created(UserProfile, passwordHash: String?)
    case passwordChanged(String)
    case confirmed
    case disabled
    case enabled
    case erased(at: Timestamp)
}

public enum UserRejection: Error, Hashable, Sendable {
    case unknown
    case alreadyCreated(String)
    case erased
}
