public import Domain
import GRDB

#if canImport(FoundationEssentials)
import FoundationEssentials
#else
import Foundation
#endif

extension SQLiteStore: TransferStore {
    public func exportRecords(
        _ scope: TransferScope, leavingOut projections: Set<String>,
        _ take: @escaping @Sendable ([TransferRecord]) throws -> Void
    ) async throws(EventStoreError) {
        try await read { [self] db in
            let head = try db.prepared("SELECT position FROM event_head WHERE id = 1").first { $0.integer(0) } ?? 0
            try take([.head(head)])
            try exportEvents(db, scope, take)
            // NULL is every tenant.
            let tenant = scope.tenant.map { SQLValue.uuid($0.uuid) } ?? .null
            let entry = scope.entry
            try take(
                db.prepared(
                    """
                    SELECT tenant, scope, key, owner FROM reservation
                    WHERE ?1 IS NULL OR tenant = ?1 OR tenant = ?2 AND owner = ?3 ORDER BY tenant, scope, key
                    """
                ).all([
                    tenant, entry.map { .uuid($0.tenant.uuid) } ?? .null, entry.map { .uuid($0.id) } ?? .null,
                ]) { row in
                    row.tenant(0).flatMap { tenant in
                        row.uuid(3).map {
                            TransferRecord.reservation(tenant, scope: row.text(1), key: row.text(2), owner: $0)
                        }
                    }
                }.known())
            try take(
                db.prepared(
                    "SELECT tenant, kind, next FROM sequence WHERE ?1 IS NULL OR tenant = ?1 ORDER BY tenant, kind"
                ).all([tenant]) { row in
                    row.tenant(0).map { .sequence($0, kind: row.text(1), next: row.integer(2)) }
                }.known())
            try take(
                db.prepared(
                    """
                    SELECT tenant, kind, hash, user, expires FROM session WHERE ?1 IS NULL OR tenant = ?1
                    ORDER BY tenant, kind, hash
                    """
                ).all([tenant]) { row in
                    row.tenant(0).flatMap { tenant in
                        row.uuid(3).map {
                            .session(
                                SessionRecord(
                                    tenant: tenant, kind: row.text(1), hash: row.blob(2), user: UserID($0),
                                    expires: Timestamp(milliseconds: row.integer(4))))
                        }
                    }
                }.known())
            try exportFrames(db, tenant, take)
            try exportDocuments(db, tenant, projections, take)
        }
    }

    private static let page = 2000

    private func exportEvents(
        _ db: Database, _ scope: TransferScope, _ take: ([TransferRecord]) throws -> Void
    ) throws {
        var condition = ""
        var values: [SQLValue] = []
        if let tenant = scope.tenant {
            condition = " AND (tenant = ?"
            values.append(.uuid(tenant.uuid))
            if let entry = scope.entry {
                condition += " OR tenant = ? AND category = ? AND stream = ?"
                values += [.uuid(entry.tenant.uuid), .text(entry.category.rawValue), .uuid(entry.id)]
            }
            condition += ")"
        }
        let sql = "SELECT \(EventRow.columns) FROM event WHERE position > ?\(condition) ORDER BY position LIMIT ?"
        var position: Int64 = 0
        while true {
            let page = try events(
                db, sql, [.integer(position)] + values + [.integer(Self.page)], limit: Self.page)
            try take(page.map { .event($0) })
            guard page.count == Self.page, let last = page.last else { return }
            position = last.position
        }
    }

    /// One by one: a frame can be large.
    private func exportFrames(_ db: Database, _ tenant: SQLValue, _ take: ([TransferRecord]) throws -> Void) throws {
        let statement = try db.prepared(
            """
            SELECT tenant, number, id, adapter, code, detail, method, path, received_at, bytes FROM quarantine
            WHERE ?1 IS NULL OR tenant = ?1 ORDER BY tenant, number
            """)
        defer { statement.reset() }
        try statement.bind([tenant])
        while try statement.step() {
            let row = SQLiteRow(handle: statement.handle)
            guard let tenant = row.tenant(0) else { throw TransferStop.strangeKey }
            let frame = QuarantinedFrame(
                id: row.text(2), adapter: row.text(3), code: row.text(4), detail: row.text(5), method: row.text(6),
                path: row.text(7), bytes: row.blob(9), receivedAt: Timestamp(milliseconds: row.integer(8)))
            try take([.quarantined(tenant, number: row.integer(1), frame)])
        }
    }

    private func exportDocuments(
        _ db: Database, _ tenant: SQLValue, _ projections: Set<String>, _ take: ([TransferRecord]) throws -> Void
    ) throws {
        let names = try db.prepared("SELECT DISTINCT projection FROM checkpoint").all { $0.text(0) }
        for name in names.sorted() where !projections.contains(name) {
            let generation =
                try db.prepared("SELECT generation FROM projection WHERE name = ?")
                .first([.text(name)]) { $0.integer(0) } ?? 1
            let statement = try db.prepared(
                """
                SELECT tenant, kind, key, value FROM read_model
                WHERE projection = ?2 AND generation = ?3 AND (?1 IS NULL OR tenant = ?1) ORDER BY tenant, kind, key
                """)
            defer { statement.reset() }
            try statement.bind([tenant, .text(name), .integer(generation)])
            while try statement.step() {
                let row = SQLiteRow(handle: statement.handle)
                guard let tenant = row.tenant(0) else { throw TransferStop.strangeKey }
                try take([
                    .document(tenant, projection: name, kind: row.text(1), key: row.text(2), value: row.blob(3))
                ])
            }
            try take(
                db.prepared(
                    "SELECT part, position FROM checkpoint WHERE projection = ? AND generation = ? ORDER BY part"
                )
                .all([.text(name), .integer(generation)]) {
                    .checkpoint(projection: name, partition: Int($0.integer(0)), position: $0.integer(1))
                })
        }
    }

    public func importRecords(
        _ source: @escaping @Sendable () throws -> @Sendable () throws -> TransferRecord?
    ) async throws(EventStoreError) {
        // A change that is refused may have cost the lock that was held.
        defer { _ = lock.change(to: .shared) }
        guard lock.change(to: .exclusive) else {
            throw .unavailable("another albatross process uses the folder: stop it and try again")
        }
        try await write(.maintenance) { writer throws(WriteStop) in try writer.load(source) }
    }
}

/// Why a transfer ends.
enum TransferStop: Error, CustomStringConvertible {
    /// A row whose tenant or owner is not 16 bytes long.
    case strangeKey
    var description: String { "a row has a key that is not one of ours: run albatross verify" }
}

extension [TransferRecord?] {
    /// - Throws: ``TransferStop/strangeKey`` when one is missing.
    fileprivate func known() throws -> [TransferRecord] {
        let known = compactMap(\.self)
        guard known.count == count else { throw TransferStop.strangeKey }
        return known
    }
}

extension SQLiteRow {
    fileprivate func tenant(_ column: Int32) -> TenantID? { uuid(column).map { TenantID($0) } }
}

extension LogWriter {
    /// Takes a whole store in. Nothing else may be in it.
    func load(_ source: () throws -> () throws -> TransferRecord?) throws(WriteStop) {
        let rows: Int64?
        do throws(SQLiteFailure) {
            rows = try statement(
                "SELECT EXISTS (SELECT 1 FROM event) + EXISTS (SELECT 1 FROM sequence) + EXISTS (SELECT 1 FROM quarantine)"
            ).first { $0.integer(0) }
        } catch { throw .failed(error) }
        guard head == 0, rows == 0 else {
            throw .refused(.unavailable("the store is not empty: give an empty folder or database"))
        }
        do {
            let next = try source()
            while let record = try next() { try load(record) }
        } catch let error as SQLiteFailure { throw .failed(error) } catch let error as EventStoreError {
            throw .failed(SQLiteFailure(refusal: error))
        } catch { throw .failed(SQLiteFailure(refusal: .unavailable("\(error)"))) }
    }

    private func load(_ record: TransferRecord) throws(SQLiteFailure) {
        switch record {
        case .head(let position): head = position
        case .event(let envelope): try load(envelope)
        case .reservation(let tenant, let scope, let key, let owner):
            try statement("INSERT INTO reservation (tenant, scope, key, owner) VALUES (?, ?, ?, ?)")
                .run([.uuid(tenant.uuid), .text(scope), .text(key), .uuid(owner)])
        case .sequence(let tenant, let kind, let next):
            try statement("INSERT INTO sequence (tenant, kind, next) VALUES (?, ?, ?)")
                .run([.uuid(tenant.uuid), .text(kind), .integer(next)])
        case .session(let session):
            try statement("INSERT INTO session (tenant, kind, hash, user, expires) VALUES (?, ?, ?, ?, ?)").run([
                .uuid(session.tenant.uuid), .text(session.kind), .blob(session.hash), .uuid(session.user.uuid),
                .integer(session.expires.milliseconds),
            ])
        case .quarantined(let tenant, let number, let frame):
            try statement(
                """
                INSERT INTO quarantine (tenant, number, id, adapter, code, detail, method, path, received_at, bytes)
                VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
                """
            ).run([
                .uuid(tenant.uuid), .integer(number), .text(frame.id), .text(frame.adapter), .text(frame.code),
                .text(frame.detail), .text(frame.method), .text(frame.path), .integer(frame.receivedAt.milliseconds),
                .blob(frame.bytes),
            ])
        case .document(let tenant, let projection, let kind, let key, let value):
            try statement(
                "INSERT INTO read_model (projection, generation, tenant, kind, key, value) VALUES (?, 1, ?, ?, ?, ?)"
            ).run([.text(projection), .uuid(tenant.uuid), .text(kind), .text(key), .blob(value)])
        case .checkpoint(let projection, let partition, let position):
            try statement("INSERT INTO checkpoint (projection, generation, part, position) VALUES (?, 1, ?, ?)")
                .run([.text(projection), .integer(partition), .integer(position)])
        case .lookup(let tenant, let kind, let key, let value):
            try statement("INSERT INTO lookup (tenant, kind, key, value) VALUES (?, ?, ?, ?)")
                .run([.uuid(tenant.uuid), .text(kind), .text(key), .blob(value)])
        }
    }

    /// Everything of the event as it was, its place included; only the checksum is made here.
    private func load(_ envelope: EventEnvelope) throws(SQLiteFailure) {
        let insert = try statement(EventRow.insert)
        let type = try type(named: envelope.event.type)
        row.header.begin(
            envelope.stream, correlation: envelope.correlation, causation: envelope.causation,
            recordedAt: envelope.recordedAt)
        row.header.next(
            position: envelope.position, version: envelope.version, id: envelope.id,
            schema: Int64(envelope.event.schema), length: envelope.event.payload.count)
        try row.write(
            insert, category: Self.categories[envelope.stream.category] ?? [], type: type.name, typeID: type.id,
            payload: envelope.event.payload)
    }
}
