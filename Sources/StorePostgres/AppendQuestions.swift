import Domain

#if canImport(FoundationEssentials)
import FoundationEssentials
#else
import Foundation
#endif

/// A reservation names its tenant only by its place in a request.
struct TenantReservation: Hashable {
    let tenant: TenantID
    let reservation: Reservation

    init(_ tenant: TenantID, _ reservation: Reservation) {
        self.tenant = tenant
        self.reservation = reservation
    }
}

/// What the tables said, under the lock of the head.
struct AppendAnswers {
    var versions: [StreamName: Int64] = [:]
    /// Later also what the requests before leave.
    var owners: [TenantReservation: UUID?] = [:]
}

/// What has to be asked before a batch can be decided, tenant by tenant.
struct AppendQuestions {
    private struct Part {
        let tenant: TenantID
        /// Whether its statements follow one that sets the tenant.
        var isSwitched = false
        var streams: [StreamName] = []
        var reservations: [Reservation] = []
    }
    private var parts: [Part] = []
    var isEmpty: Bool { parts.isEmpty }

    /// - Parameters:
    ///   - answers: What was asked before.
    ///   - versions: What need not be asked.
    init(_ requests: [AppendRequest], answers: AppendAnswers, versions: [StreamName: Int64]) {
        var places: [TenantID: Int] = [:]
        var streams = Set<StreamName>()
        var reservations = Set<TenantReservation>()
        func place(_ tenant: TenantID) -> Int {
            if let place = places[tenant] { return place }
            places[tenant] = parts.count
            parts.append(Part(tenant: tenant))
            return parts.count - 1
        }
        for request in requests {
            // A stream of another tenant is refused without a question.
            for write in request.writes
            where write.stream.tenant == request.tenant && versions[write.stream] == nil
                && answers.versions[write.stream] == nil
                && streams.insert(write.stream).inserted
            {
                parts[place(request.tenant)].streams.append(write.stream)
            }
            for (reservation, _) in request.reserve {
                let name = TenantReservation(request.tenant, reservation)
                if answers.owners[name] == nil, reservations.insert(name).inserted {
                    parts[place(request.tenant)].reservations.append(reservation)
                }
            }
        }
    }

    /// - Parameter tenant: The one that is set, before and after.
    mutating func send(on connection: Connection, _ tenant: inout TenantID?) throws(PostgresFailure) {
        for index in parts.indices {
            parts[index].isSwitched = try connection.set(parts[index].tenant, instead: &tenant)
            let part = parts[index]
            if !part.streams.isEmpty {
                var (categories, ids) = (ArrayParameter.texts, ArrayParameter.uuids)
                for stream in part.streams {
                    categories.append(stream.category.rawValue)
                    ids.append(stream.id)
                }
                try connection.send(
                    """
                    SELECT coalesce((SELECT max(e.version) FROM albatross.event e
                      WHERE e.tenant = $1 AND e.category = s.category AND e.stream = s.stream), 0)
                    FROM unnest($2::text[], $3::uuid[]) WITH ORDINALITY AS s (category, stream, n) ORDER BY s.n
                    """, [.uuid(part.tenant.uuid), .array(categories), .array(ids)])
            }
            if !part.reservations.isEmpty {
                var (scopes, keys) = (ArrayParameter.texts, ArrayParameter.texts)
                for reservation in part.reservations {
                    scopes.append(reservation.scope.rawValue)
                    keys.append(reservation.key)
                }
                try connection.send(
                    """
                    SELECT (SELECT r.owner FROM albatross.reservation r
                      WHERE r.tenant = $1 AND r.scope = s.scope AND r.key = s.key)
                    FROM unnest($2::text[], $3::text[]) WITH ORDINALITY AS s (scope, key, n) ORDER BY s.n
                    """, [.uuid(part.tenant.uuid), .array(scopes), .array(keys)])
            }
        }
    }

    /// - Parameter results: Of the statements that ``send(on:_:)`` queued.
    func read(_ results: [ResultSet], into answers: inout AppendAnswers) throws(PostgresFailure) {
        var next = results.makeIterator()
        func table(rows: Int) throws(PostgresFailure) -> ResultSet {
            guard let result = next.next(), result.count == rows else { throw .lost("answers are missing") }
            return result
        }
        for part in parts {
            if part.isSwitched { _ = try table(rows: 1) }
            if !part.streams.isEmpty {
                let found = try table(rows: part.streams.count)
                for (row, stream) in part.streams.enumerated() { answers.versions[stream] = found.integer(row, 0) }
            }
            if !part.reservations.isEmpty {
                let found = try table(rows: part.reservations.count)
                for (row, reservation) in part.reservations.enumerated() {
                    answers.owners[TenantReservation(part.tenant, reservation)] = .some(found.uuid(row, 0))
                }
            }
        }
    }
}
