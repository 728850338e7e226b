public import Domain
public import EventSchema
import Synchronization

/// Who asks, proven.
public struct Principal: Hashable, Sendable {
    public let tenant: TenantID
    public let user: UserID
    public let number: Int
    public let ident: String
    public let name: String
    public let role: Role
    public init(tenant: TenantID, profile: UserProfile) {
        self.tenant = tenant
        user = profile.id
        number = profile.number
        ident = profile.ident
        name = profile.name
        role = profile.role
    }
}

/// Why a log-in was refused.
public enum LogInRefusal: Error, Hashable, Sendable {
    /// Nobody by this name, a wrong password, a disabled account: one answer.
    case wrong
    /// Known, but staff have not confirmed the account.
    case unconfirmed
    case tooMany(retryAfterSeconds: Int)
    case busy(retryAfterSeconds: Int)
}

/// Log-ins, sessions and keys of one process: verified against lookups, remembered for minutes under a keyed hash, and
/// forgotten as soon as the log says that a user or key changed.
public final class Accounts: Sendable {
    private struct Remembered {
        let principal: Principal
        let expires: Timestamp
        let checkedAt: Timestamp
    }
    private struct Cache {
        var sessions: [[UInt8]: Remembered] = [:]
        /// When a pilot last proved who they are, by tenant, user and address.
        var seen: [String: Timestamp] = [:]
        /// Rises when something is forgotten: what was read before may not be remembered after.
        var epoch: UInt64 = 0
    }

    /// Nothing is believed for longer without looking: decisions A7.
    static let rememberFor = Milliseconds.minutes(5)
    static let capacity = 100_000

    let directory: Directory
    let sessions: any SessionStore
    let passwords: any PasswordHashing
    public let tokens: any TokenHashing
    public let now: @Sendable () -> Timestamp
    private let cache = Mutex(Cache())
    private let failuresByAccount: RateLimiter
    private let failuresByAddress: RateLimiter

    /// - Parameter loginsPerMinute: Failed log-ins a minute for one account; six times as many for one address. 0 is off.
    public init(
        directory: Directory, sessions: any SessionStore, passwords: any PasswordHashing, tokens: any TokenHashing,
        loginsPerMinute: Int, now: @escaping @Sendable () -> Timestamp
    ) {
        self.directory = directory
        self.sessions = sessions
        self.passwords = passwords
        self.tokens = tokens
        self.now = now
        failuresByAccount = RateLimiter(perSecond: Double(loginsPerMinute) / 60, burst: Double(loginsPerMinute))
        failuresByAddress = RateLimiter(perSecond: Double(loginsPerMinute) / 10, burst: Double(loginsPerMinute) * 6)
    }

    /// How a person is named at log-in.
    public enum Name: Hashable, Sendable {
        case number(Int)
        case email(String)
        case ident(String)
        case unusable
    }

    /// The account of a name, whatever its state.
    public func user(_ tenant: TenantID, _ name: Name) async throws(EventStoreError) -> User? {
        switch name {
        case .number(let number): try await directory.user(tenant, number: number)
        case .email(let email): try await directory.user(tenant, email: email)
        case .ident(let ident): try await directory.user(tenant, ident: ident)
        case .unusable: nil
        }
    }

    /// Proves a password.
    public func logIn(
        _ tenant: TenantID, _ name: Name, password: String, address: String
    ) async throws -> UserProfile {
        let (profile, isDisabled) = try await prove(tenant, name, password: password, address: address)
        if isDisabled { throw LogInRefusal.wrong }
        return profile
    }

    /// Proves a password, also of an account that is switched off.
    public func prove(
        _ tenant: TenantID, _ name: Name, password: String, address: String
    ) async throws -> (profile: UserProfile, isDisabled: Bool) {
        let account = "\(tenant)/\(name)"
        let now = now()
        for wait in [failuresByAccount.wouldWait(account, at: now), failuresByAddress.wouldWait(address, at: now)] {
            if let wait { throw LogInRefusal.tooMany(retryAfterSeconds: wait) }
        }
        let user = try await user(tenant, name)
        if let profile = user?.profile, !profile.isConfirmed { throw LogInRefusal.unconfirmed }
        let isRight: Bool
        do {
            isRight = try await passwords.verify(password, against: user?.passwordHash)
        } catch PasswordHashingError.busy {
            throw LogInRefusal.busy(retryAfterSeconds: 2)
        }
        guard isRight, let profile = user?.profile else {
            _ = failuresByAccount.take(account, at: now)
            _ = failuresByAddress.take(address, at: now)
            throw LogInRefusal.wrong
        }
        return (profile, user?.isDisabled == true)
    }

    /// Proves a secret that a tracker sends with every call: the pilot's tracker key, a plain digest of it in hex, or the
    /// password. What was right is remembered for minutes under a keyed hash, so that it does not cost a scrypt each time.
    /// - Returns: nil for an account that is switched off.
    public func prove(
        _ tenant: TenantID, _ name: Name, secret: String, address: String
    ) async throws -> Principal? {
        let epoch = cache.withLock { $0.epoch }
        guard let user = try await user(tenant, name), let profile = user.profile else {
            // Costs what a known name costs.
            _ = try await prove(tenant, name, password: secret, address: address)
            return nil
        }
        let cacheKey = key(tenant, "secret", tokens.digest(of: "\(profile.id)/\(secret)"))
        let now = now()
        let known = cache.withLock { $0.sessions[cacheKey] }
        if let known, now - known.checkedAt < Self.rememberFor { return known.principal }
        for sent in Set([secret, secret.lowercased()]) {
            guard let principal = try await self.principal(tenant, apiKey: sent, kind: .tracker, orDigest: true)
            else { continue }
            if principal.user == profile.id { return principal }
        }
        let (_, isDisabled) = try await prove(tenant, name, password: secret, address: address)
        if isDisabled { return nil }
        let principal = Principal(tenant: tenant, profile: profile)
        remember(cacheKey, principal, until: now + Self.rememberFor, epoch: epoch)
        return principal
    }

    /// A pilot whom nothing proves; nil for nobody, the unconfirmed and who is switched off.
    public func named(_ tenant: TenantID, _ name: Name) async throws(EventStoreError) -> Principal? {
        guard let user = try await user(tenant, name), let profile = user.profile, !user.isDisabled, profile.isConfirmed
        else { return nil }
        return Principal(tenant: tenant, profile: profile)
    }

    // MARK: The same-address window

    private func seenKey(_ tenant: TenantID, _ user: UserID, _ address: String) -> String {
        "\(tenant)/\(user)/\(address)"
    }
    /// Notes that a pilot proved who they are from an address. Kept by this process only.
    public func sawPilot(_ tenant: TenantID, _ user: UserID, address: String) {
        let now = now()
        cache.withLock { cache in
            if cache.seen.count >= Self.capacity { cache.seen.removeAll(keepingCapacity: true) }
            cache.seen[seenKey(tenant, user, address)] = now
        }
    }
    /// Whether a pilot proved who they are from an address within a time.
    public func hasSeenPilot(
        _ tenant: TenantID, _ user: UserID, address: String, within: Milliseconds
    ) -> Bool {
        let now = now()
        return cache.withLock { cache in
            cache.seen[seenKey(tenant, user, address)].map { now - $0 < within } ?? false
        }
    }
    /// Counts a wrong key against an address.
    /// - Returns: Seconds to wait when there were too many.
    public func countWrongKey(address: String) -> Int? {
        let now = now()
        if let wait = failuresByAddress.wouldWait(address, at: now) { return wait }
        _ = failuresByAddress.take(address, at: now)
        return nil
    }

    /// Opens a session under a token that was made for it.
    public func open(
        _ tenant: TenantID, _ user: UserID, kind: String, token: String, expires: Timestamp
    ) async throws(EventStoreError) {
        try await sessions.saveSession(
            SessionRecord(tenant: tenant, kind: kind, hash: tokens.digest(of: token), user: user, expires: expires))
    }

    private func key(_ tenant: TenantID, _ kind: String, _ digest: [UInt8]) -> [UInt8] {
        digest + tenant.uuid.bytes + Array(kind.utf8)
    }

    /// Who a session belongs to, from memory alone.
    public func remembered(_ tenant: TenantID, kind: String, token: String) -> Principal? {
        let key = key(tenant, kind, tokens.digest(of: token))
        let now = now()
        return cache.withLock { cache in
            guard let known = cache.sessions[key], known.expires > now, now - known.checkedAt < Self.rememberFor else {
                return nil
            }
            return known.principal
        }
    }

    /// Who a session belongs to, and until when.
    public func session(
        _ tenant: TenantID, kind: String, token: String
    ) async throws(EventStoreError) -> (profile: UserProfile, expires: Timestamp)? {
        let digest = tokens.digest(of: token)
        let epoch = cache.withLock { $0.epoch }
        guard let record = try await sessions.session(tenant, kind: kind, hash: digest), record.expires > now(),
            let user = try await directory.user(tenant, record.user), let profile = user.profile, !user.isDisabled
        else { return nil }
        remember(
            key(tenant, kind, digest), Principal(tenant: tenant, profile: profile), until: record.expires, epoch: epoch)
        return (profile, record.expires)
    }

    /// Who a session belongs to.
    public func principal(
        _ tenant: TenantID, kind: String, token: String
    ) async throws(EventStoreError) -> Principal? {
        if let known = remembered(tenant, kind: kind, token: token) { return known }
        return try await session(tenant, kind: kind, token: token).map {
            Principal(tenant: tenant, profile: $0.profile)
        }
    }

    /// Who an API key belongs to.
    /// - Parameter orDigest: A plain digest of the key (MD5 …, lower-case hex) counts as well. Only where the client also
    ///   says who it is: a digest is no key.
    public func principal(
        _ tenant: TenantID, apiKey: String, kind: ApiKeyDetails.Kind, orDigest: Bool = false
    ) async throws(EventStoreError) -> Principal? {
        let digest = tokens.digest(of: apiKey)
        let cacheKey = key(tenant, "apikey-\(kind.rawValue)\(orDigest ? "-digest" : "")", digest)
        let now = now()
        let (known, epoch) = cache.withLock { ($0.sessions[cacheKey], $0.epoch) }
        if let known, now - known.checkedAt < Self.rememberFor { return known.principal }
        let hex = digest.map { byte in
            let digits = Array("0123456789abcdef".utf8)
            return String(decoding: [digits[Int(byte >> 4)], digits[Int(byte & 15)]], as: UTF8.self)
        }.joined()
        guard let found = try await directory.apiKey(tenant, hash: hex), let details = found.details, !found.isRevoked,
            details.kind == kind, orDigest || details.hash == hex,
            let user = try await directory.user(tenant, details.user), let profile = user.profile,
            !user.isDisabled
        else { return nil }
        let principal = Principal(tenant: tenant, profile: profile)
        remember(cacheKey, principal, until: now + Self.rememberFor, epoch: epoch)
        return principal
    }

    private func remember(_ key: [UInt8], _ principal: Principal, until expires: Timestamp, epoch: UInt64) {
        let now = now()
        cache.withLock { cache in
            guard cache.epoch == epoch else { return }
            if cache.sessions.count >= Self.capacity { cache.sessions.removeAll(keepingCapacity: true) }
            cache.sessions[key] = Remembered(principal: principal, expires: expires, checkedAt: now)
        }
    }

    /// Ends a session, or all sessions of a user.
    public func end(
        _ tenant: TenantID, user: UserID, kind: String?, token: String?
    ) async throws(EventStoreError) -> Bool {
        defer { forget(tenant, user) }
        return try await sessions.endSessions(tenant, kind: kind, user: user, hash: token.map { tokens.digest(of: $0) })
    }

    /// Lets go of what is remembered of a user.
    public func forget(_ tenant: TenantID, _ user: UserID) {
        cache.withLock { cache in
            cache.epoch += 1
            cache.sessions = cache.sessions.filter {
                $0.value.principal.user != user || $0.value.principal.tenant != tenant
            }
            cache.seen = cache.seen.filter { !$0.key.hasPrefix("\(tenant)/\(user)/") }
        }
    }

    /// Called for every event of the log, in order.
    public func observe(_ envelope: EventEnvelope, _ event: DomainEvent) {
        switch event {
        case .user(.passwordChanged), .user(.disabled), .user(.enabled), .user(.confirmed), .user(.erased):
            forget(envelope.stream.tenant, UserID(envelope.stream.id))
        case .apiKey(.revoked):
            // The key's user is not in the event; keys are few and look-ups cheap.
            cache.withLock { cache in
                cache.epoch += 1
                cache.sessions = cache.sessions.filter { $0.value.principal.tenant != envelope.stream.tenant }
            }
        default: break
        }
    }
}
