public import Domain

/// Tickets that open one WebSocket: a browser cannot send a header there, and a token in a URL would live too long. They are
/// sessions of a kind of their own, so any query server takes what another one gave.
extension Accounts {
    static let ticketKind = "ticket"
    public static let ticketLifetime = Milliseconds.seconds(30)

    public func makeTicket(_ principal: Principal) async throws(EventStoreError) -> String {
        let ticket = tokens.makeToken()
        try await open(
            principal.tenant, principal.user, kind: Self.ticketKind, token: ticket, expires: now() + Self.ticketLifetime
        )
        return ticket
    }

    /// Uses a ticket up.
    /// - Returns: Whose it was; nil when it is unknown, too old or was used before.
    public func takeTicket(_ tenant: TenantID, _ ticket: String) async throws(EventStoreError) -> Principal? {
        guard
            let principal = try await session(tenant, kind: Self.ticketKind, token: ticket).map({
                Principal(tenant: tenant, profile: $0.profile)
            })
        else { return nil }
        let hash = tokens.digest(of: ticket)
        // Of several that come with it at once only one is told `true`.
        guard
            try await sessions.endSessions(tenant, kind: Self.ticketKind, user: principal.user, hash: hash)
        else { return nil }
        return principal
    }
}
