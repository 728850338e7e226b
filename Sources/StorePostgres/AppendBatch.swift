import Domain

#if canImport(FoundationEssentials)
import FoundationEssentials
#else
import Foundation
#endif

/// What one transaction writes.
struct AppendBatch {
    struct Part {
        let tenant: TenantID
        var events = EventColumns()
        /// Reservations as they will stand; `nil` is given back.
        var owners: [Reservation: UUID?] = [:]
        var documents = DocumentColumns()
    }
    var parts: [Part] = []
    private var places: [TenantID: Int] = [:]
    /// Position of the last event.
    var head: Int64
    let recordedAt: Timestamp
    private let storedOwners: [TenantReservation: UUID?]

    /// - Parameter storedOwners: As the tables have them, of all that is reserved.
    init(head: Int64, recordedAt: Timestamp, storedOwners: [TenantReservation: UUID?]) {
        self.head = head
        self.recordedAt = recordedAt
        self.storedOwners = storedOwners
    }

    mutating func index(of tenant: TenantID) -> Int {
        if let place = places[tenant] { return place }
        places[tenant] = parts.count
        parts.append(Part(tenant: tenant))
        return parts.count - 1
    }

    /// Queues everything but the COMMIT.
    /// - Parameter tenant: The one that is set.
    func send(
        on connection: Connection, _ tenant: TenantID?, from stored: Int64
    ) throws(PostgresFailure) {
        var tenant = tenant
        for part in parts {
            _ = try connection.set(part.tenant, instead: &tenant)
            if part.events.count > 0 { try part.events.send(part.tenant, recordedAt, on: connection) }
            try send(part.owners, of: part.tenant, on: connection)
            try part.documents.send(to: "lookup", [("tenant", .uuid(part.tenant.uuid))], on: connection)
        }
        if head != stored {
            try connection.send(
                """
                UPDATE albatross.event_head SET position = $1 WHERE id = 1
                RETURNING set_config('statement_timeout', '0', true)
                """, [.integer(head)])
        }
    }

    private func send(
        _ owners: [Reservation: UUID?], of tenant: TenantID, on connection: Connection
    ) throws(PostgresFailure) {
        var new = ReservationColumns()
        var changed = ReservationColumns()
        var given = ReservationColumns()
        for (reservation, owner) in owners {
            guard let owner else {
                given.append(reservation, owner: tenant.uuid)
                continue
            }
            let stored = storedOwners[TenantReservation(tenant, reservation)] ?? nil
            if stored == nil { new.append(reservation, owner: owner) }
            if let stored, stored != owner { changed.append(reservation, owner: owner) }
        }
        try given.send(ReservationColumns.remove, tenant, on: connection)
        try new.send(ReservationColumns.insert, tenant, on: connection)
        try changed.send(ReservationColumns.change, tenant, on: connection)
    }
}
