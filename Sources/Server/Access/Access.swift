import Application
import Domain
import HTTPTypes
import Hummingbird
import HummingbirdCore
import Synchronization

/// Tenants by slug and people by id, believed for one second, so that a change made anywhere holds everywhere soon.
final class RecentLookups: Sendable {
    private struct State {
        var tenants: [String: (value: Tenant?, at: Timestamp)] = [:]
        var users: [UserKey: (value: User?, at: Timestamp)] = [:]
    }
    private struct UserKey: Hashable {
        let tenant: TenantID
        let user: UserID
    }
    private let state = Mutex(State())
    private let directory: Directory
    private let now: @Sendable () -> Timestamp
    static let span = Milliseconds.seconds(1)
    static let capacity = 20_000

    init(directory: Directory, now: @escaping @Sendable () -> Timestamp) {
        self.directory = directory
        self.now = now
    }

    func tenant(slug: String) async throws(EventStoreError) -> Tenant? {
        if slug == "platform" {
            var platform = Tenant()
            platform.id = platformTenant
            platform.slug = slug
            platform.name = "Platform"
            return platform
        }
        guard TenantSlug.isValid(slug) else { return nil }
        let now = now()
        if let known = state.withLock({ $0.tenants[slug] }), now - known.at < Self.span { return known.value }
        let found = try await directory.tenant(slug: slug)
        state.withLock { state in
            if state.tenants.count >= Self.capacity { state.tenants.removeAll(keepingCapacity: true) }
            state.tenants[slug] = (found, now)
        }
        return found
    }

    func user(_ tenant: TenantID, _ id: UserID) async throws(EventStoreError) -> User? {
        let key = UserKey(tenant: tenant, user: id)
        let now = now()
        if let known = state.withLock({ $0.users[key] }), now - known.at < Self.span { return known.value }
        let found = try await directory.user(tenant, id)
        state.withLock { state in
            if state.users.count >= Self.capacity { state.users.removeAll(keepingCapacity: true) }
            state.users[key] = (found, now)
        }
        return found
    }

    func forget(_ tenant: TenantID, _ user: UserID) {
        state.withLock { state in _ = state.users.removeValue(forKey: UserKey(tenant: tenant, user: user)) }
    }
    func forgetTenants() { state.withLock { $0.tenants.removeAll() } }
}

/// Who asks, by the request's `Authorization`.
struct Access: Sendable {
    let accounts: Accounts
    let tokens: AccessTokens
    let recent: RecentLookups
    let now: @Sendable () -> Timestamp

    /// - Returns: `nil` for a visitor.
    /// - Throws: ``Problem`` 401 for a credential that is not valid here: a wrong one is never read as none.
    func principal(_ tenant: TenantID, authorization: String?) async throws -> Principal? {
        guard let authorization else { return nil }
        guard let token = Self.bearer(authorization), !token.isEmpty, token.utf8.count <= 2048 else {
            throw Problem.unauthorized
        }
        if token.utf8.count(where: { $0 == UInt8(ascii: ".") }) == 2 {
            guard let claims = await tokens.read(token, at: now()), claims.tenant == "\(tenant)",
                let id = UserID(claims.sub), let user = try await recent.user(tenant, id), let profile = user.profile,
                !user.isDisabled, tokens.mark(user) == claims.pwd
            else { throw Problem.unauthorized }
            return Principal(tenant: tenant, profile: profile)
        }
        // The key may be remembered for minutes; whether its owner may still come in is looked up.
        guard let principal = try await accounts.principal(tenant, apiKey: token, kind: .api),
            let user = try await recent.user(tenant, principal.user), let profile = user.profile, !user.isDisabled
        else { throw Problem.unauthorized }
        return Principal(tenant: tenant, profile: profile)
    }

    private static func bearer(_ authorization: String) -> String? {
        guard let space = authorization.firstIndex(of: " "), authorization[..<space].lowercased() == "bearer" else {
            return nil
        }
        return authorization[authorization.index(after: space)...].split(separator: " ").first.map { String($0) }
    }

    /// Whether an `Origin` is this server's own pages. Compares host and port with what the client asked for.
    static func isSameOrigin(_ origin: String, authority: String?) -> Bool {
        guard let authority, let colon = origin.firstIndex(of: ":") else { return false }
        let scheme = origin[..<colon].lowercased()
        let rest = origin[origin.index(after: colon)...]
        guard rest.hasPrefix("//"), scheme == "http" || scheme == "https" else { return false }
        let port = scheme == "https" ? ":443" : ":80"
        func canonical(_ host: some StringProtocol) -> String {
            let host = host.lowercased()
            return host.hasSuffix(port) ? String(host.dropLast(port.utf8.count)) : host
        }
        return canonical(rest.dropFirst(2)) == canonical(authority)
    }
}

/// What a request asks for: path segments and query, decoded once.
struct Target: Sendable {
    let path: String
    let segments: [String]
    let query: [String: String]

    init(_ target: String) {
        let mark = target.utf8.firstIndex(of: UInt8(ascii: "?"))
        path = String(target[..<(mark ?? target.endIndex)])
        segments = path.utf8.split(separator: UInt8(ascii: "/")).map { Self.decoded($0, plusIsSpace: false) }
        var query: [String: String] = [:]
        if let mark {
            for pair in target.utf8[target.index(after: mark)...].split(separator: UInt8(ascii: "&")).prefix(64) {
                let equals = pair.firstIndex(of: UInt8(ascii: "="))
                let name = Self.decoded(pair[..<(equals ?? pair.endIndex)], plusIsSpace: true)
                let value = equals.map { Self.decoded(pair[pair.index(after: $0)...], plusIsSpace: true) } ?? ""
                if query[name] == nil { query[name] = value }
            }
        }
        self.query = query
    }

    private static func decoded(_ text: some Collection<UInt8>, plusIsSpace: Bool) -> String {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(text.count)
        var index = text.startIndex
        func digit(_ byte: UInt8) -> UInt8? {
            switch byte {
            case UInt8(ascii: "0")...UInt8(ascii: "9"): byte - UInt8(ascii: "0")
            case UInt8(ascii: "a")...UInt8(ascii: "f"): byte - UInt8(ascii: "a") + 10
            case UInt8(ascii: "A")...UInt8(ascii: "F"): byte - UInt8(ascii: "A") + 10
            default: nil
            }
        }
        while index != text.endIndex {
            let byte = text[index]
            if byte == UInt8(ascii: "%"), let second = text.index(index, offsetBy: 2, limitedBy: text.endIndex),
                second != text.endIndex, let high = digit(text[text.index(after: index)]), let low = digit(text[second])
            {
                bytes.append(high << 4 | low)
                index = text.index(after: second)
                continue
            }
            bytes.append(byte == UInt8(ascii: "+") && plusIsSpace ? UInt8(ascii: " ") : byte)
            index = text.index(after: index)
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}
