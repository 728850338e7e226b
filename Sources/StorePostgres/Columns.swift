import Domain

#if canImport(FoundationEssentials)
import FoundationEssentials
#else
import Foundation
#endif

/// Events of one tenant and one transaction, column by column: one statement inserts them all. (COPY would be faster
/// still, but the server refuses it on tables with row-level security.)
struct EventColumns {
    private var positions = ArrayParameter.integers
    private var versions = ArrayParameter.integers
    private var crcs = ArrayParameter.integers
    private var schemas = ArrayParameter.integers
    private var streams = ArrayParameter.uuids
    private var ids = ArrayParameter.uuids
    private var correlations = ArrayParameter.uuids
    private var causations = ArrayParameter.uuids
    private var categories = ArrayParameter.texts
    private var types = ArrayParameter.texts
    private var payloads = ArrayParameter.blobs
    /// Of each event, where they are not of one moment.
    private var times = ArrayParameter.integers

    var count: Int { positions.count }

    mutating func append(
        position: Int64, version: Int64, id: UUID, event: EncodedEvent, crc: UInt32, stream: StreamName,
        correlation: UUID, causation: UUID?
    ) {
        positions.append(position)
        versions.append(version)
        crcs.append(Int64(crc))
        schemas.append(Int64(event.schema))
        streams.append(stream.id)
        ids.append(id)
        correlations.append(correlation)
        causations.append(causation)
        categories.append(stream.category.rawValue)
        types.append(event.type)
        payloads.append(event.payload)
    }

    /// An event as it is elsewhere.
    mutating func append(_ envelope: EventEnvelope, crc: UInt32) {
        append(
            position: envelope.position, version: envelope.version, id: envelope.id, event: envelope.event, crc: crc,
            stream: envelope.stream, correlation: envelope.correlation, causation: envelope.causation)
        times.append(envelope.recordedAt.milliseconds)
    }

    /// What ``append(_:crc:)`` took.
    func send(_ tenant: TenantID, on connection: Connection) throws(PostgresFailure) {
        try connection.send(
            """
            INSERT INTO albatross.event (tenant, recorded_at, position, version, crc, schema, stream, event_id, correlation,
              causation, category, type, payload)
            SELECT $1, e.* FROM unnest($2::bigint[], $3::bigint[], $4::bigint[], $5::bigint[], $6::bigint[], $7::uuid[],
              $8::uuid[], $9::uuid[], $10::uuid[], $11::text[], $12::text[], $13::bytea[]) AS e
            """,
            [.uuid(tenant.uuid)]
                + [
                    times, positions, versions, crcs, schemas, streams, ids, correlations, causations, categories,
                    types, payloads,
                ].map { .array($0) })
    }

    func send(_ tenant: TenantID, _ recordedAt: Timestamp, on connection: Connection) throws(PostgresFailure) {
        try connection.send(
            """
            INSERT INTO albatross.event (tenant, recorded_at, position, version, crc, schema, stream, event_id, correlation,
              causation, category, type, payload)
            SELECT $1, $2, e.* FROM unnest($3::bigint[], $4::bigint[], $5::bigint[], $6::bigint[], $7::uuid[], $8::uuid[],
              $9::uuid[], $10::uuid[], $11::text[], $12::text[], $13::bytea[]) AS e
            """,
            [.uuid(tenant.uuid), .integer(recordedAt.milliseconds)]
                + [
                    positions, versions, crcs, schemas, streams, ids, correlations, causations, categories, types,
                    payloads,
                ].map { .array($0) })
    }
}

/// Reservations of one tenant that one statement inserts, changes or removes.
struct ReservationColumns {
    private var scopes = ArrayParameter.texts
    private var keys = ArrayParameter.texts
    private var owners = ArrayParameter.uuids

    mutating func append(_ reservation: Reservation, owner: UUID) {
        scopes.append(reservation.scope.rawValue)
        keys.append(reservation.key)
        owners.append(owner)
    }

    /// No ON CONFLICT: should anybody have got past the lock of the head, the key refuses the whole transaction.
    static let insert = """
        INSERT INTO albatross.reservation (tenant, scope, key, owner)
        SELECT $1, n.scope, n.key, n.owner FROM unnest($2::text[], $3::text[], $4::uuid[]) AS n (scope, key, owner)
        """
    static let change = """
        UPDATE albatross.reservation r SET owner = n.owner
        FROM unnest($2::text[], $3::text[], $4::uuid[]) AS n (scope, key, owner)
        WHERE r.tenant = $1 AND r.scope = n.scope AND r.key = n.key
        """
    static let remove = """
        DELETE FROM albatross.reservation r USING unnest($2::text[], $3::text[], $4::uuid[]) AS n (scope, key, owner)
        WHERE r.tenant = $1 AND r.scope = n.scope AND r.key = n.key
        """

    /// - Parameter sql: Over the tenant as `$1` and the columns as `$2` to `$4`.
    func send(_ sql: String, _ tenant: TenantID, on connection: Connection) throws(PostgresFailure) {
        if keys.count == 0 { return }
        try connection.send(sql, [.uuid(tenant.uuid), .array(scopes), .array(keys), .array(owners)])
    }
}

/// Documents as a transaction leaves them: of two writes of one key the later one counts.
struct DocumentColumns {
    private struct Name: Hashable, Comparable {
        let kind: String
        let key: [UInt8]
        static func < (lhs: Name, rhs: Name) -> Bool {
            lhs.kind == rhs.kind ? lhs.key.lexicographicallyPrecedes(rhs.key) : lhs.kind < rhs.kind
        }
    }
    private var values: [Name: [UInt8]?] = [:]

    mutating func put(_ write: DocumentWrite) {
        switch write {
        // By bytes, as the database compares keys: to Swift two texts of other bytes may be one.
        case .put(let kind, let key, let value): values[Name(kind: kind, key: Array(key.utf8))] = value
        case .delete(let kind, let key): values[Name(kind: kind, key: Array(key.utf8))] = .some(nil)
        }
    }

    /// - Parameters:
    ///   - table: With the fixed columns, kind and key as its primary key, and a value.
    ///   - fixed: Columns that all the documents share.
    func send(
        to table: String, _ fixed: [(column: String, value: Parameter)], on connection: Connection
    ) throws(PostgresFailure) {
        var put = (kinds: ArrayParameter.texts, keys: ArrayParameter.texts, values: ArrayParameter.blobs)
        var deleted = (kinds: ArrayParameter.texts, keys: ArrayParameter.texts)
        // In order, so that two transactions that write the same rows wait for each other instead of for themselves.
        for (name, value) in values.sorted(by: { $0.key < $1.key }) {
            let key = String(decoding: name.key, as: UTF8.self)
            if let value {
                put.kinds.append(name.kind)
                put.keys.append(key)
                put.values.append(value)
            } else {
                deleted.kinds.append(name.kind)
                deleted.keys.append(key)
            }
        }
        let columns = fixed.map(\.column).joined(separator: ", ")
        let places = fixed.indices.map { "$\($0 + 1)" }
        let next = fixed.count + 1
        if deleted.keys.count > 0 {
            let condition = zip(fixed, places).map { "t.\($0.column) = \($1)" }.joined(separator: " AND ")
            try connection.send(
                """
                DELETE FROM albatross.\(table) t USING unnest($\(next)::text[], $\(next + 1)::text[]) AS d (kind, key)
                WHERE \(condition) AND t.kind = d.kind AND t.key = d.key
                """, fixed.map(\.value) + [.array(deleted.kinds), .array(deleted.keys)])
        }
        if put.keys.count > 0 {
            try connection.send(
                """
                INSERT INTO albatross.\(table) (\(columns), kind, key, value)
                SELECT \(places.joined(separator: ", ")), d.kind, d.key, d.value
                FROM unnest($\(next)::text[], $\(next + 1)::text[], $\(next + 2)::bytea[]) AS d (kind, key, value)
                ON CONFLICT (\(columns), kind, key) DO UPDATE SET value = excluded.value
                """, fixed.map(\.value) + [.array(put.kinds), .array(put.keys), .array(put.values)])
        }
    }
}
