import Application
import Domain
import HTTPTypes
import Hummingbird
import HummingbirdCore

/// Log-in, refresh, log-out.
struct SessionController: Sendable {
    let v1: V1
    private var server: QueryServer { v1.server }

    static let kind = "refresh"
    static let lifetime = Milliseconds.hours(24 * 30)
    static let cookie = "albatross_refresh"

    /// A number in JSON, or text.
    private struct NumberOrText: Decodable {
        let text: String
        init(from decoder: any Decoder) throws {
            let container = try decoder.singleValueContainer()
            if let number = try? container.decode(Int.self) {
                text = String(number)
            } else {
                text = try container.decode(String.self)
            }
        }
    }
    private struct LogIn: Decodable {
        let tenant: String?
        let id: NumberOrText?
        let email: String?
        let password: String?
        let session: String?
    }
    private struct Refresh: Decodable {
        let refresh_token: String?
    }

    func logIn() async throws -> Response {
        let body = try await RequestBodies.decode(LogIn.self, v1.request)
        guard let slug = body.tenant, !slug.isEmpty else {
            throw Problem.invalid("tenant", "tenant is the airline's short name")
        }
        guard let password = body.password, !password.isEmpty, password.utf8.count <= 1024 else {
            throw Problem.invalid("password", "password is missing")
        }
        guard let name = Self.name(id: body.id?.text, email: body.email) else {
            throw Problem.invalid("id", "give id or email")
        }
        let tenant = try await server.recent.tenant(slug: slug)
        let profile: UserProfile
        do {
            if let id = tenant?.id {
                profile = try await server.accounts.logIn(id, name, password: password, address: v1.peer)
            } else {
                // Takes as long as a wrong password, and is counted apart from anybody's.
                _ = try await server.accounts.logIn(
                    platformTenant, .ident("?" + slug.prefix(40)), password: password, address: v1.peer)
                throw LogInRefusal.wrong
            }
        } catch let refusal as LogInRefusal {
            throw Self.problem(refusal)
        }
        guard let id = tenant?.id, let user = try await server.directory.user(id, profile.id) else {
            throw Self.problem(.wrong)
        }
        return try await answer(id, slug: slug, user, profile, inCookie: body.session == "cookie")
    }

    private static func name(id: String?, email: String?) -> Accounts.Name? {
        if let email, !email.isEmpty, email.utf8.count <= 254 { return .email(email) }
        guard let id, !id.isEmpty, id.utf8.count <= 254 else { return nil }
        if id.contains("@") { return .email(id) }
        if id.utf8.allSatisfy({ (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }) {
            return id.utf8.count <= 10 ? Int(id).map { .number($0) } ?? .unusable : .unusable
        }
        return .ident(id.uppercased())
    }

    private static func problem(_ refusal: LogInRefusal) -> Problem {
        switch refusal {
        case .wrong: Problem(.unauthorized, "Not signed in", detail: "Airline, id or password is wrong.")
        case .unconfirmed:
            Problem(.forbidden, "Not confirmed", detail: "Your airline has not confirmed this account yet.")
        case .tooMany(let seconds), .busy(let seconds):
            Problem(.tooManyRequests, "Too many tries", detail: "Try again in \(seconds) s.", retryAfter: seconds)
        }
    }

    /// Opens a session and answers with its tokens.
    private func answer(
        _ tenant: TenantID, slug: String, _ user: User, _ profile: UserProfile, inCookie: Bool
    ) async throws -> Response {
        let now = server.now()
        // The mark binds the session to the password: a changed one ends it wherever it was changed.
        let secret = server.accounts.tokens.makeToken() + "." + server.tokens.mark(user)
        try await server.accounts.open(
            tenant, profile.id, kind: Self.kind, token: secret, expires: now + Self.lifetime)
        let refresh = slug + "." + secret
        let token = try await server.tokens.make(tenant, user, profile, at: now)
        let text = JSONText.object { text in
            text.field("access_token", token)
            text.field("token_type", "Bearer")
            text.field("expires_in", Int(AccessTokens.lifetime.seconds))
            if !inCookie { text.field("refresh_token", refresh) }
            text.object("user") { text in
                text.field("id", "\(profile.id)")
                text.field("ident", profile.ident)
                text.field("name", profile.name)
                text.field("role", profile.role.rawValue)
                text.field("tenant", slug)
            }
        }
        var headers: HTTPFields = [:]
        if inCookie { headers[.setCookie] = cookie(refresh, maxAge: Int(Self.lifetime.seconds)) }
        return .json(text, headers: headers)
    }

    private func cookie(_ value: String, maxAge: Int) -> String {
        let isSecure = v1.request.head.scheme == "https"
        return "\(Self.cookie)=\(value); Path=/v1/session; Max-Age=\(maxAge); HttpOnly; SameSite=Strict"
            + (isSecure ? "; Secure" : "")
    }

    /// The token that came in the body, or in the cookie.
    private func presented() async throws -> (token: String, inCookie: Bool)? {
        let body = try await RequestBodies.decode(Refresh.self, v1.request, isOptional: true)
        if let token = body.refresh_token { return (token, false) }
        for header in v1.request.headers[values: .cookie] {
            for pair in header.split(separator: ";") {
                let pair = pair.drop { $0 == " " }
                if pair.hasPrefix(Self.cookie + "=") { return (String(pair.dropFirst(Self.cookie.count + 1)), true) }
            }
        }
        return nil
    }

    private func session(
        _ token: String
    ) async throws -> (tenant: TenantID, slug: String, secret: String, user: User, profile: UserProfile)? {
        guard token.utf8.count <= 512, let dot = token.firstIndex(of: ".") else { return nil }
        let slug = String(token[..<dot])
        let secret = String(token[token.index(after: dot)...])
        guard let tenant = try await server.recent.tenant(slug: slug)?.id,
            let found = try await server.accounts.session(tenant, kind: Self.kind, token: secret),
            let user = try await server.directory.user(tenant, found.profile.id), !user.isDisabled,
            secret.hasSuffix("." + server.tokens.mark(user))
        else { return nil }
        return (tenant, slug, secret, user, found.profile)
    }

    private func checkOrigin() throws {
        for origin in v1.request.headers[values: .origin]
        where !Access.isSameOrigin(origin, authority: v1.request.head.authority) {
            throw Problem(.forbidden, "Not from there", detail: "Pages of another site may not use this session.")
        }
    }

    func refresh() async throws -> Response {
        try checkOrigin()
        guard let (token, inCookie) = try await presented() else { throw Problem.unauthorized }
        // Of several who use one token at once exactly one is told true.
        guard let session = try await session(token),
            try await server.accounts.end(
                session.tenant, user: session.user.profile?.id ?? session.profile.id, kind: Self.kind,
                token: session.secret)
        else {
            // The cookie is left alone: another tab may have put a new one there a moment ago.
            throw Problem.unauthorized
        }
        return try await answer(session.tenant, slug: session.slug, session.user, session.profile, inCookie: inCookie)
    }

    func end() async throws -> Response {
        try checkOrigin()
        if let (token, _) = try await presented(), let session = try await session(token) {
            _ = try await server.accounts.end(
                session.tenant, user: session.profile.id, kind: Self.kind, token: session.secret)
        }
        return Response(status: .noContent, headers: [.setCookie: cookie("", maxAge: 0)])
    }
}
