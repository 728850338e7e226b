import Domain
import GRDBSQLite

#if canImport(FoundationEssentials)
import FoundationEssentials
#else
import Foundation
#endif

/// Puts events into the table `event` and takes them out. Its fixed-width columns lie one behind the other in a buffer,
/// which is what the checksum covers, before category, type name and payload:
///
/// tenant, stream, event id, correlation, causation (zeros when there is none), 16 bytes each; position, version, schema,
/// recorded-at, payload length, causation present, 8 bytes each, little-endian.
final class EventRow {
    private enum Offset {
        static let tenant = 0, stream = 16, id = 32, correlation = 48, causation = 64
        static let position = 80, version = 88, schema = 96, recordedAt = 104, length = 112, hasCausation = 120
        static let end = 128
    }
    private let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: Offset.end, alignment: 8)

    deinit { buffer.deallocate() }

    static let columns =
        "position, tenant, category, stream, version, event_id, type, schema, correlation, causation, recorded_at, crc, payload"
    static let insert = "INSERT INTO event (\(columns)) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"

    private func put(_ value: UUID, _ offset: Int) {
        buffer.storeBytes(of: value.uuid, toByteOffset: offset, as: uuid_t.self)
    }
    private func put(_ value: Int64, _ offset: Int) {
        buffer.storeBytes(of: value.littleEndian, toByteOffset: offset, as: Int64.self)
    }

    /// Columns that all events of one stream in one append share.
    func begin(_ stream: StreamName, correlation: UUID, causation: UUID?, recordedAt: Timestamp) {
        put(stream.tenant.uuid, Offset.tenant)
        put(stream.id, Offset.stream)
        put(correlation, Offset.correlation)
        put(causation ?? UUID(uuid: (0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0)), Offset.causation)
        put(causation == nil ? 0 : 1, Offset.hasCausation)
        put(recordedAt.milliseconds, Offset.recordedAt)
    }

    /// Columns of one event.
    func next(position: Int64, version: Int64, id: UUID, schema: Int64, length: Int) {
        put(position, Offset.position)
        put(version, Offset.version)
        put(id, Offset.id)
        put(schema, Offset.schema)
        put(Int64(length), Offset.length)
    }

    private func checksum(
        category: UnsafeRawBufferPointer, type: UnsafeRawBufferPointer, payload: UnsafeRawBufferPointer
    ) -> UInt32 {
        var crc = CRC32C()
        crc.update(UnsafeRawBufferPointer(buffer))
        crc.update(category)
        crc.update(type)
        crc.update(payload)
        return crc.value
    }

    /// Binds what ``begin(_:correlation:causation:recordedAt:)`` and ``next(position:version:id:schema:length:)`` laid
    /// out and inserts it. Nothing is copied: SQLite reads the buffers during the step.
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
        let crc = checksum(category: category, type: type, payload: payload)
        func integer(_ offset: Int) -> Int64 {
            Int64(littleEndian: buffer.load(fromByteOffset: offset, as: Int64.self))
        }
        func bindUUID(_ column: Int32, _ offset: Int) {
            sqlite3_bind_blob(handle, column, buffer.baseAddress.map { $0 + offset }, 16, nil)
        }
        sqlite3_bind_int64(handle, 1, integer(Offset.position))
        bindUUID(2, Offset.tenant)
        sqlite3_bind_text(
            handle, 3, category.assumingMemoryBound(to: CChar.self).baseAddress, Int32(category.count), nil)
        bindUUID(4, Offset.stream)
        sqlite3_bind_int64(handle, 5, integer(Offset.version))
        bindUUID(6, Offset.id)
        sqlite3_bind_int64(handle, 7, typeID)
        sqlite3_bind_int64(handle, 8, integer(Offset.schema))
        bindUUID(9, Offset.correlation)
        if integer(Offset.hasCausation) == 1 { bindUUID(10, Offset.causation) } else { sqlite3_bind_null(handle, 10) }
        sqlite3_bind_int64(handle, 11, integer(Offset.recordedAt))
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
        guard let tenant = row.uuid(1), let kind = Self.category(category), let stream = row.uuid(3),
            let id = row.uuid(5), let correlation = row.uuid(8)
        else { throw .corrupted(position: position) }
        let causation = row.isNull(9) ? nil : row.uuid(9)
        let name = StreamName(TenantID(tenant), kind, stream)
        let recordedAt = Timestamp(milliseconds: row.integer(10))
        var type = try typeName(row.integer(6))
        begin(name, correlation: correlation, causation: causation, recordedAt: recordedAt)
        next(position: position, version: row.integer(4), id: id, schema: row.integer(7), length: payload.count)
        let crc = type.withUTF8 { checksum(category: category, type: UnsafeRawBufferPointer($0), payload: payload) }
        guard Int64(crc) == row.integer(11) else { throw .corrupted(position: position) }
        return EventEnvelope(
            position: position, stream: name, version: row.integer(4), id: id,
            event: EncodedEvent(type: type, schema: Int(row.integer(7)), payload: [UInt8](payload)),
            correlation: correlation, causation: causation, recordedAt: recordedAt
        )
    }

    /// The category spelled by these bytes, without making a string.
    private static func category(_ bytes: UnsafeRawBufferPointer) -> StreamCategory? {
        for (spelling, category) in spellings where bytes.elementsEqual(spelling) { return category }
        return nil
    }
    private static let spellings = StreamCategory.allCases.map { (Array($0.rawValue.utf8), $0) }
}
