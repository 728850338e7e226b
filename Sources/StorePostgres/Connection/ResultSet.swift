import CLibPQ

#if canImport(FoundationEssentials)
import FoundationEssentials
#else
import Foundation
#endif

/// What the server answered to one statement, in binary form. Stays on its connection's thread; what points into it is
/// good as long as it lives.
final class ResultSet {
    private let handle: OpaquePointer

    init(handle: OpaquePointer) { self.handle = handle }

    deinit { PQclear(handle) }

    var count: Int { Int(PQntuples(handle)) }

    /// Rows that an INSERT, UPDATE or DELETE changed.
    var changes: Int { PQcmdTuples(handle).flatMap { Int(String(cString: $0)) } ?? 0 }

    /// The command that was done, e.g. `COMMIT`.
    var command: String { PQcmdStatus(handle).map { String(cString: $0) } ?? "" }

    func isNull(_ row: Int, _ column: Int) -> Bool { PQgetisnull(handle, Int32(row), Int32(column)) == 1 }

    func bytes(_ row: Int, _ column: Int) -> UnsafeRawBufferPointer {
        UnsafeRawBufferPointer(
            start: PQgetvalue(handle, Int32(row), Int32(column)),
            count: Int(PQgetlength(handle, Int32(row), Int32(column))))
    }

    func blob(_ row: Int, _ column: Int) -> [UInt8] { [UInt8](bytes(row, column)) }

    func text(_ row: Int, _ column: Int) -> String { String(stored: bytes(row, column)) }

    /// A `bigint`, or 0 for NULL.
    func integer(_ row: Int, _ column: Int) -> Int64 {
        let bytes = bytes(row, column)
        guard bytes.count == 8 else { return 0 }
        return Int64(bigEndian: bytes.loadUnaligned(as: Int64.self))
    }

    func bool(_ row: Int, _ column: Int) -> Bool { bytes(row, column).first == 1 }

    /// - Returns: `nil` unless the column holds 16 bytes.
    func uuid(_ row: Int, _ column: Int) -> UUID? {
        let bytes = bytes(row, column)
        guard bytes.count == 16 else { return nil }
        return UUID(uuid: bytes.loadUnaligned(as: uuid_t.self))
    }
}
