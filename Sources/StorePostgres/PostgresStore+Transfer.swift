public import Domain

#if canImport(FoundationEssentials)
import FoundationEssentials
#else
import Foundation
#endif

extension PostgresStore: TransferStore {
    private static let page = 2000

    public func exportRecords(
        _ scope: TransferScope, leavingOut projections: Set<String>,
        _ take: @escaping @Sendable ([TransferRecord]) throws -> Void
    ) async throws(EventStoreError) {
        let timeout = options.maintenanceTimeout
        // One connection and one snapshot for as long as it takes.
        try await reads.run(isRepeatable: false) { connection throws(PostgresFailure) in
            let export = Export(connection: connection, scope: scope, timeout: timeout, take: take)
            try export.begin()
            try export.events()
            let tenants = try export.tenants()
            try export.reservations()
            for tenant in tenants { try export.rows(of: tenant) }
            try export.documents(leavingOut: projections)
            connection.deadline = .now + timeout
            _ = try connection.run("COMMIT")
        }
    }

    /// The steps of an export, in the transaction that the first one begins.
    private struct Export {
        let connection: Connection
        let scope: TransferScope
        let timeout: Duration
        let take: ([TransferRecord]) throws -> Void

        private func give(_ records: [TransferRecord]) throws(PostgresFailure) {
            do { try take(records) } catch let error as EventStoreError { throw .refused(error) } catch {
                throw .refused(.unavailable("\(error)"))
            }
        }
        /// Runs a statement as a role, in the snapshot.
        private func rows(
            _ role: Role, _ tenant: TenantID? = nil, _ sql: String, _ values: [Parameter] = []
        ) throws(PostgresFailure) -> ResultSet {
            connection.deadline = .now + timeout + Connection.slack
            try connection.become(role, tenant, timeout: timeout)
            return try connection.run(sql, values)
        }
        private func tenant(_ result: ResultSet, _ row: Int) throws(PostgresFailure) -> TenantID {
            guard let id = result.uuid(row, 0) else { throw .lost("answers do not match the statements") }
            return TenantID(id)
        }

        func begin() throws(PostgresFailure) {
            connection.deadline = .now + timeout
            _ = try connection.run("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
            let head = try rows(.app, nil, "SELECT position FROM albatross.event_head WHERE id = 1")
            try give([.head(head.integer(0, 0))])
        }

        func events() throws(PostgresFailure) {
            var condition = ""
            var values: [Parameter] = []
            if let tenant = scope.tenant {
                condition = " AND (tenant = $3"
                values.append(.uuid(tenant.uuid))
                if let entry = scope.entry {
                    condition += " OR tenant = $4 AND category = $5 AND stream = $6"
                    values += [.uuid(entry.tenant.uuid), .text(entry.category.rawValue), .uuid(entry.id)]
                }
                condition += ")"
            }
            let sql = """
                SELECT \(EventRow.columns) FROM albatross.event WHERE position > $1\(condition) ORDER BY position LIMIT $2
                """
            var position: Int64 = 0
            while true {
                let result = try rows(.relay, nil, sql, [.integer(position), .integer(PostgresStore.page)] + values)
                let page = try EventRow().all(result)
                try give(page.map { .event($0) })
                guard page.count == PostgresStore.page, let last = page.last else { return }
                position = last.position
            }
        }

        /// Whoever has an event has a lookup.
        func tenants() throws(PostgresFailure) -> [TenantID] {
            if let tenant = scope.tenant { return [tenant] }
            let result = try rows(.maintenance, nil, "SELECT DISTINCT tenant FROM albatross.lookup ORDER BY tenant")
            var tenants: [TenantID] = []
            for row in 0..<result.count { tenants.append(try tenant(result, row)) }
            return tenants
        }

        func reservations() throws(PostgresFailure) {
            var condition = ""
            var values: [Parameter] = []
            if let tenant = scope.tenant {
                condition = " WHERE tenant = $1"
                values.append(.uuid(tenant.uuid))
                if let entry = scope.entry {
                    condition += " OR tenant = $2 AND owner = $3"
                    values += [.uuid(entry.tenant.uuid), .uuid(entry.id)]
                }
            }
            let result = try rows(
                .maintenance, nil,
                "SELECT tenant, scope, key, owner FROM albatross.reservation\(condition) ORDER BY tenant, scope, key",
                values)
            var records: [TransferRecord] = []
            for row in 0..<result.count {
                guard let owner = result.uuid(row, 3) else { throw .lost("answers do not match the statements") }
                records.append(
                    .reservation(
                        try tenant(result, row), scope: result.text(row, 1), key: result.text(row, 2), owner: owner))
            }
            try give(records)
        }

        /// What only the tenant itself may see.
        func rows(of tenant: TenantID) throws(PostgresFailure) {
            let id = Parameter.uuid(tenant.uuid)
            let numbers = try rows(
                .app, tenant, "SELECT kind, next FROM albatross.sequence WHERE tenant = $1 ORDER BY kind", [id])
            try give(
                (0..<numbers.count).map { .sequence(tenant, kind: numbers.text($0, 0), next: numbers.integer($0, 1)) })
            let sessions = try rows(
                .app, tenant,
                "SELECT user_id, kind, hash, expires FROM albatross.session WHERE tenant = $1 ORDER BY kind, hash", [id]
            )
            try give(
                (0..<sessions.count).compactMap { row in
                    sessions.uuid(row, 0).map {
                        .session(
                            SessionRecord(
                                tenant: tenant, kind: sessions.text(row, 1), hash: sessions.blob(row, 2),
                                user: UserID($0), expires: Timestamp(milliseconds: sessions.integer(row, 3))))
                    }
                })
            var number: Int64 = -1
            while true {
                let frames = try rows(
                    .app, tenant,
                    """
                    SELECT number, id, adapter, code, detail, method, path, received_at, bytes FROM albatross.quarantine
                    WHERE tenant = $1 AND number > $2 ORDER BY number LIMIT 100
                    """, [id, .integer(number)])
                try give(
                    (0..<frames.count).map { row in
                        .quarantined(
                            tenant, number: frames.integer(row, 0),
                            QuarantinedFrame(
                                id: frames.text(row, 1), adapter: frames.text(row, 2), code: frames.text(row, 3),
                                detail: frames.text(row, 4), method: frames.text(row, 5), path: frames.text(row, 6),
                                bytes: frames.blob(row, 8), receivedAt: Timestamp(milliseconds: frames.integer(row, 7)))
                        )
                    })
                guard frames.count == 100 else { return }
                number = frames.integer(99, 0)
            }
        }

        func documents(leavingOut projections: Set<String>) throws(PostgresFailure) {
            let found = try rows(
                .app, nil, "SELECT name, generation FROM albatross.projection ORDER BY name")
            for index in 0..<found.count where !projections.contains(found.text(index, 0)) {
                let (name, generation) = (found.text(index, 0), found.integer(index, 1))
                let condition = scope.tenant == nil ? "" : " AND tenant = $3"
                let values: [Parameter] =
                    [.text(name), .integer(generation)] + (scope.tenant.map { [.uuid($0.uuid)] } ?? [])
                let result = try rows(
                    .maintenance, nil,
                    """
                    SELECT tenant, kind, key, value FROM albatross.read_model
                    WHERE projection = $1 AND generation = $2\(condition) ORDER BY tenant, kind, key
                    """, values)
                var records: [TransferRecord] = []
                for row in 0..<result.count {
                    records.append(
                        .document(
                            try tenant(result, row), projection: name, kind: result.text(row, 1),
                            key: result.text(row, 2), value: result.blob(row, 3)))
                }
                try give(records)
                let places = try rows(
                    .app, nil,
                    "SELECT part, position FROM albatross.checkpoint WHERE projection = $1 AND generation = $2 ORDER BY part",
                    [.text(name), .integer(generation)])
                try give(
                    (0..<places.count).map {
                        .checkpoint(
                            projection: name, partition: Int(places.integer($0, 0)), position: places.integer($0, 1))
                    })
            }
        }
    }

    public func importRecords(
        _ source: @escaping @Sendable () throws -> @Sendable () throws -> TransferRecord?
    ) async throws(EventStoreError) {
        let timeout = options.maintenanceTimeout
        try await writes.run(isRepeatable: false) { connection throws(PostgresFailure) in
            connection.deadline = .now + timeout + Connection.slack
            try connection.begin(nil, timeout: timeout, lockTimeout: .seconds(3), idleTimeout: timeout)
            try connection.send("SELECT position FROM albatross.event_head WHERE id = 1 FOR UPDATE")
            try connection.become(.relay, nil, timeout: timeout)
            try connection.send("SELECT 1 FROM albatross.event LIMIT 1")
            try connection.become(.maintenance, nil, timeout: timeout)
            try connection.send("SELECT 1 FROM albatross.lookup LIMIT 1")
            try connection.become(.app, nil, timeout: timeout)
            try connection.sync()
            let found = try connection.receive()
            // BEGIN, its settings, the head; then a role in front of each question.
            guard found[2].integer(0, 0) == 0, found[4].count == 0, found[6].count == 0 else {
                throw .refused(.unavailable("the store is not empty: give an empty folder or database"))
            }
            var load = Load(connection: connection, timeout: timeout)
            do {
                let next = try source()
                while let record = try next() { try load.take(record) }
            } catch let error as PostgresFailure { throw error } catch let error as EventStoreError {
                throw .refused(error)
            } catch { throw .refused(.unavailable("\(error)")) }
            try load.finish()
        }
    }

    /// The steps of an import, in a transaction that holds the head.
    private struct Load {
        let connection: Connection
        let timeout: Duration
        private let header = EventHeader()
        private static let categories = Dictionary(
            uniqueKeysWithValues: StreamCategory.allCases.map { ($0, Array($0.rawValue.utf8)) })
        private var head: Int64 = 0
        private var tenant: TenantID?
        private var waiting = 0
        private var events: [TenantID: EventColumns] = [:]
        private var lookups: [TenantID: DocumentColumns] = [:]
        private var documents: [String: [TenantID: DocumentColumns]] = [:]
        private var reservations: [TenantID: ReservationColumns] = [:]
        private var highestFrame: [TenantID: Int64] = [:]

        init(connection: Connection, timeout: Duration) {
            self.connection = connection
            self.timeout = timeout
        }

        mutating func take(_ record: TransferRecord) throws {
            switch record {
            case .head(let position): head = position
            case .event(let envelope):
                events[envelope.stream.tenant, default: EventColumns()].append(envelope, crc: checksum(envelope))
                waiting += envelope.event.payload.count + 256
            case .reservation(let tenant, let scope, let key, let owner):
                guard let scope = Reservation.Scope(rawValue: scope) else {
                    throw EventStoreError.unavailable("reservation \"\(scope)\" is of a later release: run that one")
                }
                reservations[tenant, default: ReservationColumns()].append(Reservation(scope, key), owner: owner)
                waiting += 128
            case .lookup(let tenant, let kind, let key, let value):
                lookups[tenant, default: DocumentColumns()].put(.put(kind: kind, key: key, value: value))
                waiting += value.count + 128
            case .document(let tenant, let projection, let kind, let key, let value):
                documents[projection, default: [:]][tenant, default: DocumentColumns()].put(
                    .put(kind: kind, key: key, value: value))
                waiting += value.count + 128
            case .sequence(let tenant, let kind, let next):
                try send(
                    tenant, "INSERT INTO albatross.sequence (tenant, kind, next) VALUES ($1, $2, $3)",
                    [.text(kind), .integer(next)])
            case .session(let session):
                try send(
                    session.tenant,
                    "INSERT INTO albatross.session (tenant, kind, hash, user_id, expires) VALUES ($1, $2, $3, $4, $5)",
                    [
                        .text(session.kind), .bytes(session.hash), .uuid(session.user.uuid),
                        .integer(session.expires.milliseconds),
                    ])
            case .quarantined(let tenant, let number, let frame):
                highestFrame[tenant] = max(highestFrame[tenant] ?? 0, number)
                try send(
                    tenant,
                    """
                    INSERT INTO albatross.quarantine (tenant, number, id, adapter, code, detail, method, path, received_at,
                      bytes) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
                    """,
                    [
                        .integer(number), .text(frame.id), .text(frame.adapter), .text(frame.code),
                        .text(frame.detail), .text(frame.method), .text(frame.path),
                        .integer(frame.receivedAt.milliseconds), .bytes(frame.bytes),
                    ])
                waiting += frame.bytes.count
            case .checkpoint(let projection, let partition, let position):
                try connection.send(
                    "INSERT INTO albatross.projection (name, generation) VALUES ($1, 1) ON CONFLICT (name) DO NOTHING",
                    [.text(projection)])
                try connection.send(
                    """
                    INSERT INTO albatross.checkpoint (projection, generation, part, position) VALUES ($1, 1, $2, $3)
                    """, [.text(projection), .integer(partition), .integer(position)])
                waiting += 512
            }
            if waiting > 1 << 20 { try flush() }
        }

        private mutating func send(
            _ tenant: TenantID, _ sql: String, _ values: [Parameter]
        ) throws(PostgresFailure) {
            _ = try connection.set(tenant, instead: &self.tenant)
            try connection.send(sql, [.uuid(tenant.uuid)] + values)
            waiting += 512
        }

        private func checksum(_ envelope: EventEnvelope) -> UInt32 {
            header.begin(
                envelope.stream, correlation: envelope.correlation, causation: envelope.causation,
                recordedAt: envelope.recordedAt)
            header.next(
                position: envelope.position, version: envelope.version, id: envelope.id,
                schema: Int64(envelope.event.schema), length: envelope.event.payload.count)
            var type = envelope.event.type
            return (Self.categories[envelope.stream.category] ?? []).withUnsafeBytes { category in
                type.withUTF8 { type in
                    envelope.event.payload.withUnsafeBytes {
                        header.checksum(category: category, type: UnsafeRawBufferPointer(type), payload: $0)
                    }
                }
            }
        }

        /// Sends what waits and sees that it was taken.
        private mutating func flush() throws(PostgresFailure) {
            connection.deadline = .now + timeout + Connection.slack
            for (tenant, columns) in events {
                _ = try connection.set(tenant, instead: &self.tenant)
                try columns.send(tenant, on: connection)
            }
            for (tenant, columns) in reservations {
                _ = try connection.set(tenant, instead: &self.tenant)
                try columns.send(ReservationColumns.insert, tenant, on: connection)
            }
            for (tenant, columns) in lookups {
                _ = try connection.set(tenant, instead: &self.tenant)
                try columns.send(to: "lookup", [("tenant", .uuid(tenant.uuid))], on: connection)
            }
            for (projection, shelves) in documents {
                for (tenant, columns) in shelves {
                    _ = try connection.set(tenant, instead: &self.tenant)
                    try columns.send(
                        to: "read_model",
                        [
                            ("projection", .text(projection)), ("generation", .integer(1)),
                            ("tenant", .uuid(tenant.uuid)),
                        ], on: connection)
                }
            }
            (events, reservations, lookups, documents, waiting) = ([:], [:], [:], [:], 0)
            try connection.sync()
            _ = try connection.receive()
        }

        mutating func finish() throws(PostgresFailure) {
            for (tenant, number) in highestFrame {
                try send(
                    tenant, "INSERT INTO albatross.quarantine_head (tenant, number) VALUES ($1, $2)",
                    [.integer(number)])
            }
            try flush()
            connection.deadline = .now + timeout + Connection.slack
            try connection.send("UPDATE albatross.event_head SET position = $1 WHERE id = 1", [.integer(head)])
            _ = try connection.commit()
        }
    }
}
