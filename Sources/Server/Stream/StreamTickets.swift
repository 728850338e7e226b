import Application
import Domain
import Synchronization

/// Tickets that open one WebSocket: a browser cannot send a header there, and a token in a URL would live too long.
final class StreamTickets: Sendable {
    private struct Ticket {
        let principal: Principal
        let expires: Timestamp
    }
    private let tickets = Mutex<[String: Ticket]>([:])
    static let lifetime = Milliseconds.seconds(30)
    static let capacity = 50_000

    /// - Returns: `false` when too many wait to be used.
    func add(_ ticket: String, for principal: Principal, at now: Timestamp) -> Bool {
        tickets.withLock { tickets in
            if tickets.count >= Self.capacity { tickets = tickets.filter { $0.value.expires > now } }
            guard tickets.count < Self.capacity else { return false }
            tickets[ticket] = Ticket(principal: principal, expires: now + Self.lifetime)
            return true
        }
    }

    /// Uses a ticket up.
    func take(_ ticket: String, of tenant: TenantID, at now: Timestamp) -> Principal? {
        let found = tickets.withLock { $0.removeValue(forKey: ticket) }
        guard let found, found.expires > now, found.principal.tenant == tenant else { return nil }
        return found.principal
    }
}
