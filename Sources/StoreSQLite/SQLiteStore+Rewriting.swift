public import Domain
import GRDB
import GRDBSQLite

extension SQLiteStore: EventRewriter {
    public func rewrite(_ tenant: TenantID, _ payloads: [Int64: [UInt8]]) async throws(EventStoreError) {
        let bytes = payloads.values.reduce(512) { $0 + $1.count + 64 }
        try await write(.maintenance, bytes: bytes) { [self] writer throws(WriteStop) in
            for (position, payload) in payloads.sorted(by: { $0.key < $1.key }) {
                try writer.rewrite(tenant, position, payload) { types.knownName($0) }
            }
        }
    }

    public func removeQuarantined(_ tenant: TenantID, ids: [String]) async throws(EventStoreError) {
        try await write(.maintenance) { writer throws(WriteStop) in
            do throws(SQLiteFailure) {
                for id in ids {
                    try writer.statement("DELETE FROM quarantine WHERE tenant = ? AND id = ?")
                        .run([.uuid(tenant.uuid), .text(id)])
                }
            } catch { throw .failed(error) }
        }
    }

    /// Deleted and replaced bytes stay in free pages and in the write-ahead log until both are made anew.
    public func compact() async throws(EventStoreError) {
        for attempt in 1...10 {
            do {
                return try await pool.writeWithoutTransaction { db in
                    try db.execute(sql: "VACUUM")
                    let isBusy = try Int.fetchOne(db, sql: "PRAGMA wal_checkpoint(TRUNCATE)") ?? 1
                    guard isBusy == 0 else { throw DatabaseError(resultCode: .SQLITE_BUSY) }
                }
            } catch let error as DatabaseError where error.resultCode == .SQLITE_BUSY && attempt < 10 {
                // Another process reads or writes at this moment. Cancelled: the next attempt ends it.
                try? await Task.sleep(for: .milliseconds(200))
            } catch {
                throw .unavailable(
                    "what was erased is still in free pages of the file: run the command again (\(error))")
            }
        }
    }
}

extension LogWriter {
    /// Replaces the payload of one event.
    func rewrite(
        _ tenant: TenantID, _ position: Int64, _ payload: [UInt8], _ name: (Int64) -> String?
    ) throws(WriteStop) {
        do throws(SQLiteFailure) {
            let found = try statement("SELECT \(EventRow.columns) FROM event WHERE position = ? AND tenant = ?")
                .first([.integer(position), .uuid(tenant.uuid)]) { row in
                    Result { () throws(EventStoreError) in
                        try self.row.read(row) { id throws(EventStoreError) in name(id) ?? "" }
                    }
                }
            guard case .success(let envelope)? = found else {
                throw SQLiteFailure(refusal: .corrupted(position: position))
            }
            row.header.begin(
                envelope.stream, correlation: envelope.correlation, causation: envelope.causation,
                recordedAt: envelope.recordedAt)
            row.header.next(
                position: position, version: envelope.version, id: envelope.id, schema: Int64(envelope.event.schema),
                length: payload.count)
            var type = envelope.event.type
            let crc = (Self.categories[envelope.stream.category] ?? []).withUnsafeBytes { category in
                type.withUTF8 { type in
                    payload.withUnsafeBytes {
                        row.header.checksum(category: category, type: UnsafeRawBufferPointer(type), payload: $0)
                    }
                }
            }
            try statement("UPDATE event SET payload = ?, crc = ? WHERE position = ?")
                .run([.blob(payload), .integer(Int64(crc)), .integer(position)])
        } catch { throw .failed(error) }
    }
}
