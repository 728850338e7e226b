public import Domain

#if canImport(FoundationEssentials)
public import FoundationEssentials
#else
public import Foundation
#endif

extension DocumentRange {
    /// The condition on the column `key`, its values, and the order.
    /// - Parameter taken: Parameters before these.
    fileprivate func sql(after taken: Int) -> (text: String, values: [Parameter]) {
        var condition = ""
        var values: [Parameter] = []
        func place(_ value: Parameter) -> String {
            values.append(value)
            return "$\(taken + values.count)"
        }
        if !prefix.isEmpty {
            condition += " AND key >= \(place(.text(prefix)))"
            if let end = Self.end(of: prefix) { condition += " AND key < \(place(.text(end)))" }
        }
        if let past { condition += " AND key \(descending ? "<" : ">") \(place(.text(past)))" }
        return (condition + " ORDER BY key\(descending ? " DESC" : "") LIMIT \(place(.integer(max(0, limit))))", values)
    }

    /// The first text that no longer begins with the prefix: its last character that is not the highest one, raised.
    /// - Returns: `nil` when every text past the prefix begins with it.
    private static func end(of prefix: String) -> String? {
        var scalars = prefix.unicodeScalars
        while let last = scalars.popLast() {
            // Between U+D7FF and U+E000 there are no characters.
            let next = last.value == 0xD7FF ? 0xE000 : last.value + 1
            if let raised = Unicode.Scalar(next) {
                scalars.append(raised)
                return String(scalars)
            }
        }
        return nil
    }
}

extension ResultSet {
    /// A UUID column as text, lower case.
    fileprivate func identifier(_ row: Int, _ column: Int) -> String {
        uuid(row, column)?.uuidString.lowercased() ?? "?"
    }
    /// Key and value columns.
    fileprivate var documents: [Document] { (0..<count).map { Document(key: text($0, 0), value: blob($0, 1)) } }
    /// Tenant, kind, key and value columns.
    fileprivate func lines(_ word: String) -> [String] {
        (0..<count).map { row in
            "\(word) \(identifier(row, 0)) \(text(row, 1)) \(text(row, 2)) \(String(decoding: bytes(row, 3), as: UTF8.self))"
        }
    }
}

extension PostgresStore: LookupReader {
    public func lookup(_ tenant: TenantID, kind: String, key: String) async throws(EventStoreError) -> [UInt8]? {
        try await read(
            tenant, "SELECT value FROM albatross.lookup WHERE tenant = $1 AND kind = $2 AND key = $3",
            [.uuid(tenant.uuid), .text(kind), .text(key)]
        ) { $0.count > 0 ? $0.blob(0, 0) : nil }
    }

    public func lookups(
        _ tenant: TenantID, kind: String, _ range: DocumentRange
    ) async throws(EventStoreError) -> [Document] {
        let (condition, values) = range.sql(after: 2)
        return try await read(
            tenant, "SELECT key, value FROM albatross.lookup WHERE tenant = $1 AND kind = $2\(condition)",
            [.uuid(tenant.uuid), .text(kind)] + values
        ) { $0.documents }
    }

    public func owner(_ tenant: TenantID, of reservation: Reservation) async throws(EventStoreError) -> UUID? {
        try await read(
            tenant, "SELECT owner FROM albatross.reservation WHERE tenant = $1 AND scope = $2 AND key = $3",
            [.uuid(tenant.uuid), .text(reservation.scope.rawValue), .text(reservation.key)]
        ) { $0.count > 0 ? $0.uuid(0, 0) : nil }
    }

    public func nextNumber(_ tenant: TenantID, kind: String, wanted: Int?) async throws(EventStoreError) -> Int {
        let largest = Int(Int32.max)
        // 0 lies below everything that is handed out.
        let wanted = wanted.flatMap { (1...largest).contains($0) ? $0 : nil } ?? 0
        return try await writeOne(
            tenant,
            """
            INSERT INTO albatross.sequence AS s (tenant, kind, next) VALUES ($1, $2, greatest($3, 1) + 1)
            ON CONFLICT (tenant, kind) DO UPDATE SET next = greatest(s.next, $3) + 1
            WHERE greatest(s.next, $3) <= $4
            RETURNING s.next - 1
            """, [.uuid(tenant.uuid), .text(kind), .integer(wanted), .integer(largest)]
        ) { result throws(PostgresFailure) in
            guard result.count == 1 else { throw .refused(.unavailable("the numbers of \(kind) are used up")) }
            return Int(result.integer(0, 0))
        }
    }

    public func replaceLookups(
        upTo position: Int64, documents: [(TenantID, DocumentWrite)], reservations: [(TenantID, Reservation, UUID)]
    ) async throws(EventStoreError) {
        let timeout = options.maintenanceTimeout
        try await write(nil, timeout: timeout) { connection throws(PostgresFailure) in
            // As an append does: nobody writes until this transaction ends.
            try connection.send("SELECT position FROM albatross.event_head WHERE id = 1 FOR UPDATE")
            try connection.sync()
            let head = try connection.receive().last?.integer(0, 0) ?? 0
            guard head <= position else {
                throw .refused(
                    .unavailable("the log has grown to \(head), past \(position): replay the rest and try again"))
            }
            connection.deadline = .now + timeout + Connection.slack
            try connection.become(.maintenance, nil, timeout: timeout)
            try connection.send("DELETE FROM albatross.lookup")
            try connection.send("DELETE FROM albatross.reservation")
            try connection.become(.app, nil, timeout: timeout)
            var columns: [TenantID: DocumentColumns] = [:]
            for (tenant, document) in documents { columns[tenant, default: DocumentColumns()].put(document) }
            for (tenant, columns) in columns {
                try connection.set(tenant)
                try columns.send(to: "lookup", [("tenant", .uuid(tenant.uuid))], on: connection)
            }
            var owners: [TenantID: [Reservation: UUID]] = [:]
            for (tenant, reservation, owner) in reservations { owners[tenant, default: [:]][reservation] = owner }
            for (tenant, owners) in owners {
                var columns = ReservationColumns()
                for (reservation, owner) in owners { columns.append(reservation, owner: owner) }
                try connection.set(tenant)
                try columns.send(ReservationColumns.insert, tenant, on: connection)
            }
            _ = try connection.commit()
        }
    }

    public func lookupDigest() async throws(EventStoreError) -> [String] {
        let timeout = options.maintenanceTimeout
        return try await reads.run(isRepeatable: true) { connection throws(PostgresFailure) in
            connection.deadline = .now + timeout + Connection.slack
            // One snapshot for both.
            try connection.send("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
            try connection.become(.maintenance, nil, timeout: timeout)
            try connection.send("SELECT tenant, kind, key, value FROM albatross.lookup ORDER BY tenant, kind, key")
            try connection.send(
                "SELECT tenant, scope, key, owner FROM albatross.reservation ORDER BY tenant, scope, key")
            let results = try connection.commit()
            let owners = results[3]
            return results[2].lines("lookup")
                + (0..<owners.count).map { row in
                    "reservation \(owners.identifier(row, 0)) \(owners.text(row, 1)) \(owners.text(row, 2)) \(owners.identifier(row, 3))"
                }
        }
    }
}

extension PostgresStore: ReadModelStore {
    /// The generation that readers use. Bare, as row-level security lets the index be searched only for what cannot give a
    /// row away, and PostgreSQL does not count COALESCE among it; a projection that never ran has no documents anyway.
    private static let active = "(SELECT p.generation FROM albatross.projection p WHERE p.name = $1)"

    public func commit(
        _ projection: String, generation: Int, partitions: Range<Int>, writes: [(TenantID, DocumentWrite)],
        checkpoint: Int64
    ) async throws(EventStoreError) {
        let timeout = options.statementTimeout
        let place: [Parameter] = [.text(projection), .integer(generation)]
        try await write(nil) { connection throws(PostgresFailure) in
            // Shared with the other partitions' commits, but not with a change of the generation.
            try connection.send(
                "INSERT INTO albatross.projection (name, generation) VALUES ($1, 1) ON CONFLICT (name) DO NOTHING",
                [.text(projection)])
            try connection.send(
                "SELECT generation FROM albatross.projection WHERE name = $1 FOR SHARE", [.text(projection)])
            let parts = place + [.integer(partitions.lowerBound), .integer(partitions.upperBound)]
            try connection.send(
                """
                INSERT INTO albatross.checkpoint (projection, generation, part, position)
                SELECT $1, $2, part, 0 FROM generate_series($3, $4 - 1) AS part ON CONFLICT DO NOTHING
                """, parts)
            try connection.send(
                """
                SELECT coalesce(max(position), 0)::bigint FROM (
                  SELECT position FROM albatross.checkpoint
                  WHERE projection = $1 AND generation = $2 AND part >= $3 AND part < $4 ORDER BY part FOR UPDATE
                ) AS locked
                """, parts)
            try connection.sync()
            let results = try connection.receive()
            let active = results[results.count - 3].integer(0, 0)
            let stored = results[results.count - 1].integer(0, 0)
            if generation < active {
                throw .refused(
                    .unavailable("generation \(generation) of \(projection) is gone, readers use \(active)"))
            }
            if generation == active, checkpoint < stored {
                throw .refused(.unavailable("\(projection) is at \(stored) already, past \(checkpoint)"))
            }
            connection.deadline = .now + timeout + Connection.slack
            if checkpoint < stored {
                // A rebuild that was cut off is begun again.
                try connection.become(.maintenance, nil, timeout: timeout)
                try connection.send(
                    "DELETE FROM albatross.read_model WHERE projection = $1 AND generation = $2", place)
                try connection.become(.app, nil, timeout: timeout)
                try connection.send(
                    "UPDATE albatross.checkpoint SET position = 0 WHERE projection = $1 AND generation = $2", place)
            }
            var columns: [TenantID: DocumentColumns] = [:]
            for (tenant, document) in writes { columns[tenant, default: DocumentColumns()].put(document) }
            for (tenant, columns) in columns.sorted(by: { $0.key.description < $1.key.description }) {
                try connection.set(tenant)
                try columns.send(
                    to: "read_model",
                    [
                        ("projection", .text(projection)), ("generation", .integer(generation)),
                        ("tenant", .uuid(tenant.uuid)),
                    ], on: connection)
            }
            KillPoint.reach(.midCheckpoint)
            try connection.send(
                """
                UPDATE albatross.checkpoint SET position = $5
                WHERE projection = $1 AND generation = $2 AND part >= $3 AND part < $4
                """, parts + [.integer(checkpoint)])
            _ = try connection.commit()
        }
    }

    public func progress(_ projection: String) async throws(EventStoreError) -> ProjectionProgress {
        let progress = try await read(
            nil,
            """
            SELECT g.generation, c.part, c.position FROM (SELECT coalesce(\(Self.active), 1) AS generation) AS g
            LEFT JOIN albatross.checkpoint c ON c.projection = $1 AND c.generation = g.generation
            """, [.text(projection)]
        ) { result in
            var positions = [Int64](repeating: 0, count: Partitions.count)
            for row in 0..<result.count where !result.isNull(row, 1) {
                let part = Int(result.integer(row, 1))
                if Partitions.all.contains(part) { positions[part] = result.integer(row, 2) }
            }
            return ProjectionProgress(generation: Int(result.integer(0, 0)), positions: positions)
        }
        if replica != nil { floor.told(projection, progress) }
        return progress
    }

    public func activate(_ projection: String, generation: Int) async throws(EventStoreError) {
        let place: [Parameter] = [.text(projection), .integer(generation)]
        try await write(nil) { connection throws(PostgresFailure) in
            try connection.send(
                "INSERT INTO albatross.projection (name, generation) VALUES ($1, 1) ON CONFLICT (name) DO NOTHING",
                [.text(projection)])
            try connection.send(
                "UPDATE albatross.projection SET generation = $2 WHERE name = $1 AND generation <= $2", place)
            try connection.send("SELECT generation FROM albatross.projection WHERE name = $1", [.text(projection)])
            try connection.send("DELETE FROM albatross.checkpoint WHERE projection = $1 AND generation < $2", place)
            try connection.sync()
            let results = try connection.receive()
            let active = results[results.count - 2].integer(0, 0)
            if active > generation {
                throw .refused(
                    .unavailable("generation \(generation) of \(projection) is gone, readers use \(active)"))
            }
            _ = try connection.commit()
        }
        // In pieces, so that no transaction is long.
        let piece = 5000
        let timeout = options.maintenanceTimeout
        var dropped = piece
        while dropped == piece {
            dropped = try await write(nil, timeout: timeout) { connection throws(PostgresFailure) in
                try connection.become(.maintenance, nil, timeout: timeout)
                try connection.send(
                    """
                    DELETE FROM albatross.read_model WHERE ctid = ANY (ARRAY(
                      SELECT ctid FROM albatross.read_model WHERE projection = $1 AND generation < $2 LIMIT $3))
                    """, place + [.integer(piece)])
                let results = try connection.commit()
                return results[results.count - 3].changes
            }
        }
    }

    public func document(
        _ tenant: TenantID, _ projection: String, kind: String, key: String
    ) async throws(EventStoreError) -> [UInt8]? {
        let sql = """
            SELECT value FROM albatross.read_model
            WHERE projection = $1 AND generation = \(Self.active) AND tenant = $2 AND kind = $3 AND key = $4
            """
        let values: [Parameter] = [.text(projection), .uuid(tenant.uuid), .text(kind), .text(key)]
        // A document that is not there is asked for where nothing can be missing.
        if let found = await readReplica(tenant, projection, sql, values, { $0.count > 0 ? $0.blob(0, 0) : nil }) {
            return found
        }
        return try await read(tenant, sql, values) { $0.count > 0 ? $0.blob(0, 0) : nil }
    }

    public func documents(
        _ tenant: TenantID, _ projection: String, kind: String, _ range: DocumentRange
    ) async throws(EventStoreError) -> [Document] {
        let (condition, values) = range.sql(after: 3)
        let sql = """
            SELECT key, value FROM albatross.read_model
            WHERE projection = $1 AND generation = \(Self.active) AND tenant = $2 AND kind = $3\(condition)
            """
        let parameters: [Parameter] = [.text(projection), .uuid(tenant.uuid), .text(kind)] + values
        if let found = await readReplica(tenant, projection, sql, parameters, { $0.documents }) { return found }
        return try await read(tenant, sql, parameters) { $0.documents }
    }

    /// Reads on the replica.
    /// - Returns: `nil` when there is none, when it does not answer, and when it has less than this process has seen.
    private func readReplica<T: Sendable>(
        _ tenant: TenantID, _ projection: String, _ sql: String, _ values: [Parameter],
        _ body: @escaping @Sendable (ResultSet) -> T?
    ) async -> T? {
        guard let replica else { return nil }
        let (wanted, timeout) = (floor.floor(of: projection), options.statementTimeout)
        do throws(EventStoreError) {
            return try await replica.run(isRepeatable: true) { connection throws(PostgresFailure) in
                connection.deadline = .now + timeout + Connection.slack
                // One snapshot for the model and how far it is.
                try connection.send("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
                try connection.become(.app, tenant, timeout: timeout)
                try connection.send(
                    """
                    SELECT coalesce(\(Self.active), 1), coalesce((SELECT sum(position)::bigint FROM albatross.checkpoint c
                      WHERE c.projection = $1 AND c.generation = \(Self.active)), 0)
                    """, [.text(projection)])
                try connection.send(sql, values)
                let results = try connection.commit()
                let (generation, sum) = (Int(results[2].integer(0, 0)), results[2].integer(0, 1))
                return ReplicaFloor.Mark(generation: generation, sum: sum) < wanted ? nil : body(results[3])
            }
        } catch {
            // The primary can do the same.
            return nil
        }
    }

    public func readModelDigest(_ projection: String, generation: Int) async throws(EventStoreError) -> [String] {
        try await read(
            nil, as: .maintenance,
            """
            SELECT tenant, kind, key, value FROM albatross.read_model WHERE projection = $1 AND generation = $2
            ORDER BY tenant, kind, key
            """, [.text(projection), .integer(generation)], timeout: options.maintenanceTimeout
        ) { $0.lines("document") }
    }
}
