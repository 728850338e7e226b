import Domain
import GRDBSQLite

#if canImport(FoundationEssentials)
import FoundationEssentials
#else
import Foundation
#endif

/// Puts events into the table `event` and takes them out.
final class EventRow {
    /// What the next ``write(_:category:type:typeID:payload:)`` binds.
    let header = EventHeader()

    static let columns =
        "position, tenant, category, stream, version, event_id, type, schema, correlation, causation, recorded_at, crc, payload"
    static let insert = "INSERT INTO event (\(columns)) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"

    /// Binds what ``header`` holds and inserts it. Nothing is copied: SQLite reads the buffers during the step.
    func write(
        _ statement: SQLiteStatement, category: [UInt8], type: [UInt8], typeID: Int64, payload: [UInt8]
    ) throws(SQLiteFailure) {
        let code = payload.withUnsafeBytes { payload in
            category.withUnsafeBytes { category in
                type.withUnsafeBytes {
                    insert(statement.handle, category: category, type: $0, typeID: typeID, payload: payload)
                }
            }
        }
        guard code == SQLITE_DONE else { throw SQLiteFailure(sqlite3_db_handle(statement.handle)) }
    }

    private func insert(
        _ handle: OpaquePointer, category: UnsafeRawBufferPointer, type: UnsafeRawBufferPointer, typeID: Int64,
        payload: UnsafeRawBufferPointer
    ) -> Int32 {
        let crc = header.checksum(category: category, type: type, payload: payload)
        func bindUUID(_ column: Int32, _ offset: Int) {
            sqlite3_bind_blob(handle, column, header.address(offset), 16, nil)
        }
        sqlite3_bind_int64(handle, 1, header.integer(EventHeader.Offset.position))
        bindUUID(2, EventHeader.Offset.tenant)
        sqlite3_bind_text(
            handle, 3, category.assumingMemoryBound(to: CChar.self).baseAddress, Int32(category.count), nil)
        bindUUID(4, EventHeader.Offset.stream)
        sqlite3_bind_int64(handle, 5, header.integer(EventHeader.Offset.version))
        bindUUID(6, EventHeader.Offset.id)
        sqlite3_bind_int64(handle, 7, typeID)
        sqlite3_bind_int64(handle, 8, header.integer(EventHeader.Offset.schema))
        bindUUID(9, EventHeader.Offset.correlation)
        if header.integer(EventHeader.Offset.hasCausation) == 1 {
            bindUUID(10, EventHeader.Offset.causation)
        } else {
            sqlite3_bind_null(handle, 10)
        }
        sqlite3_bind_int64(handle, 11, header.integer(EventHeader.Offset.recordedAt))
        sqlite3_bind_int64(handle, 12, Int64(crc))
        // The last one can be refused: a payload may be longer than SQLite takes.
        let bound =
            payload.count == 0
            ? sqlite3_bind_zeroblob(handle, 13, 0)
            : sqlite3_bind_blob64(handle, 13, payload.baseAddress, UInt64(payload.count), nil)
        let stepped = bound == SQLITE_OK ? sqlite3_step(handle) : bound
        sqlite3_reset(handle)
        return stepped
    }

    /// Reads the row a statement over ``columns`` stands on.
    /// - Parameter typeName: Name of an interned type.
    func read(
        _ row: SQLiteRow, typeName: (Int64) throws(EventStoreError) -> String
    ) throws(EventStoreError) -> EventEnvelope {
        let position = row.integer(0)
        let payload = row.bytes(12)
        let category = row.bytes(2)
        guard let tenant = row.uuid(1), let kind = StreamCategory(spelling: category), let stream = row.uuid(3),
            let id = row.uuid(5), let correlation = row.uuid(8)
        else { throw .corrupted(position: position) }
        let causation = row.isNull(9) ? nil : row.uuid(9)
        let name = StreamName(TenantID(tenant), kind, stream)
        let recordedAt = Timestamp(milliseconds: row.integer(10))
        var type = try typeName(row.integer(6))
        header.begin(name, correlation: correlation, causation: causation, recordedAt: recordedAt)
        header.next(position: position, version: row.integer(4), id: id, schema: row.integer(7), length: payload.count)
        let crc = type.withUTF8 {
            header.checksum(category: category, type: UnsafeRawBufferPointer($0), payload: payload)
        }
        guard Int64(crc) == row.integer(11) else { throw .corrupted(position: position) }
        return EventEnvelope(
            position: position, stream: name, version: row.integer(4), id: id,
            event: EncodedEvent(type: type, schema: Int(row.integer(7)), payload: [UInt8](payload)),
            correlation: correlation, causation: causation, recordedAt: recordedAt
        )
    }
}
