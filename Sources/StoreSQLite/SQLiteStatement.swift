import Domain
import GRDB
import GRDBSQLite

#if canImport(FoundationEssentials)
import FoundationEssentials
#else
import Foundation
#endif

/// What SQLite answered when it did not do as asked. Carries no bound value.
struct SQLiteFailure: Error {
    /// Extended result code.
    let code: Int32
    let message: String
    /// What the caller is told, when it was not SQLite that ended the transaction.
    let refusal: EventStoreError?

    init(code: Int32, message: String) {
        self.code = code
        self.message = message
        refusal = nil
    }
    /// Ends a transaction that SQLite has nothing against.
    init(refusal: EventStoreError) {
        code = SQLITE_ABORT
        message = "given up"
        self.refusal = refusal
    }
    init(_ connection: OpaquePointer?) {
        refusal = nil
        code = sqlite3_extended_errcode(connection)
        message = sqlite3_errmsg(connection).map { String(cString: $0) } ?? "no message"
    }

    /// Result code without its extension.
    var primary: Int32 { code & 0xFF }
    /// The kernel did not bring the data to stable storage. What it dropped cannot be asked for again, so nothing may be
    /// promised until the store is opened anew.
    var isLostSync: Bool {
        // SQLITE_IOERR_FSYNC, SQLITE_IOERR_DIR_FSYNC: macros of two terms, which Swift does not import.
        code == SQLITE_IOERR | 4 << 8 || code == SQLITE_IOERR | 5 << 8
    }
}

/// A value to bind.
enum SQLValue {
    case integer(Int64)
    case text(String)
    /// Bytes that SQLite compares as text: a bound of a key range need not be whole characters.
    case textBytes([UInt8])
    case blob([UInt8])
    case null

    static func integer(_ value: Int) -> SQLValue { .integer(Int64(value)) }
    static func uuid(_ value: UUID) -> SQLValue { .blob(value.bytes) }
}

/// A prepared statement of one connection, used only on that connection's queue.
struct SQLiteStatement {
    let handle: OpaquePointer

    /// Asks SQLite to copy what is bound.
    private static let transient = unsafeBitCast(-1, to: sqlite3_destructor_type.self)

    func bind(_ values: [SQLValue]) throws(SQLiteFailure) {
        for (index, value) in values.enumerated() {
            let column = Int32(index + 1)
            let code: Int32
            switch value {
            case .integer(let number): code = sqlite3_bind_int64(handle, column, number)
            case .text(let text):
                var text = text
                code = text.withUTF8 { bytes in
                    // An empty text has no address, and no address would bind NULL.
                    guard let base = bytes.baseAddress else {
                        return sqlite3_bind_text(handle, column, "", 0, Self.transient)
                    }
                    return base.withMemoryRebound(to: CChar.self, capacity: bytes.count) {
                        sqlite3_bind_text(handle, column, $0, Int32(bytes.count), Self.transient)
                    }
                }
            case .textBytes(let bytes):
                code = bytes.withUnsafeBufferPointer { bytes in
                    guard let base = bytes.baseAddress else {
                        return sqlite3_bind_text(handle, column, "", 0, Self.transient)
                    }
                    return base.withMemoryRebound(to: CChar.self, capacity: bytes.count) {
                        sqlite3_bind_text(handle, column, $0, Int32(bytes.count), Self.transient)
                    }
                }
            case .blob(let bytes):
                code = bytes.withUnsafeBytes { bytes in
                    guard bytes.count > 0 else { return sqlite3_bind_zeroblob(handle, column, 0) }
                    return sqlite3_bind_blob64(handle, column, bytes.baseAddress, UInt64(bytes.count), Self.transient)
                }
            case .null: code = sqlite3_bind_null(handle, column)
            }
            guard code == SQLITE_OK else { throw SQLiteFailure(sqlite3_db_handle(handle)) }
        }
    }

    /// - Returns: `true` while there is a row.
    func step() throws(SQLiteFailure) -> Bool {
        switch sqlite3_step(handle) {
        case SQLITE_ROW: return true
        case SQLITE_DONE: return false
        default: throw SQLiteFailure(sqlite3_db_handle(handle))
        }
    }

    func reset() { sqlite3_reset(handle) }

    /// Runs a statement that gives no row.
    func run(_ values: [SQLValue] = []) throws(SQLiteFailure) {
        defer { reset() }
        try bind(values)
        while try step() {}
    }

    /// The first row, if any.
    func first<T>(_ values: [SQLValue] = [], _ read: (SQLiteRow) -> T) throws(SQLiteFailure) -> T? {
        defer { reset() }
        try bind(values)
        return try step() ? read(SQLiteRow(handle: handle)) : nil
    }

    /// Every row.
    func all<T>(_ values: [SQLValue] = [], _ read: (SQLiteRow) -> T) throws(SQLiteFailure) -> [T] {
        defer { reset() }
        try bind(values)
        var found: [T] = []
        while try step() { found.append(read(SQLiteRow(handle: handle))) }
        return found
    }
}

/// The row a statement stands on; what points into it is good until the next step.
struct SQLiteRow {
    let handle: OpaquePointer

    func integer(_ column: Int32) -> Int64 { sqlite3_column_int64(handle, column) }

    func bytes(_ column: Int32) -> UnsafeRawBufferPointer {
        let start = sqlite3_column_blob(handle, column)
        return UnsafeRawBufferPointer(start: start, count: start == nil ? 0 : Int(sqlite3_column_bytes(handle, column)))
    }

    func blob(_ column: Int32) -> [UInt8] { [UInt8](bytes(column)) }

    func text(_ column: Int32) -> String { String(decoding: bytes(column), as: UTF8.self) }

    func isNull(_ column: Int32) -> Bool { sqlite3_column_type(handle, column) == SQLITE_NULL }

    /// - Returns: `nil` unless the column holds 16 bytes.
    func uuid(_ column: Int32) -> UUID? {
        let bytes = bytes(column)
        guard bytes.count == 16 else { return nil }
        return UUID(uuid: bytes.loadUnaligned(as: uuid_t.self))
    }
}

extension Database {
    /// A statement that the connection keeps prepared.
    func prepared(_ sql: String) throws -> SQLiteStatement {
        SQLiteStatement(handle: try cachedStatement(sql: sql).sqliteStatement)
    }
}
