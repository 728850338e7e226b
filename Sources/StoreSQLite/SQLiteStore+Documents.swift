public import Domain
import GRDB

#if canImport(FoundationEssentials)
public import FoundationEssentials
#else
public import Foundation
#endif

extension DocumentRange {
    /// The condition on the column `key`, its values, and the order.
    fileprivate var sql: (condition: String, values: [SQLValue], order: String) {
        var condition = ""
        var values: [SQLValue] = []
        if !prefix.isEmpty {
            let first = Array(prefix.utf8)
            condition += " AND key >= ?"
            values.append(.textBytes(first))
            // The first text that no longer begins with the prefix. UTF-8 has no byte 255, so the last one can be raised.
            var end = first
            end[end.count - 1] += 1
            condition += " AND key < ?"
            values.append(.textBytes(end))
        }
        if let past {
            condition += descending ? " AND key < ?" : " AND key > ?"
            values.append(.text(past))
        }
        return (
            condition, values + [.integer(max(0, limit))],
            descending ? " ORDER BY key DESC LIMIT ?" : " ORDER BY key LIMIT ?"
        )
    }
}

extension SQLiteStore: LookupReader {
    public func lookup(_ tenant: TenantID, kind: String, key: String) async throws(EventStoreError) -> [UInt8]? {
        try await read { db in
            try db.prepared("SELECT value FROM lookup WHERE tenant = ? AND kind = ? AND key = ?")
                .first([.uuid(tenant.uuid), .text(kind), .text(key)]) { $0.blob(0) }
        }
    }

    public func lookups(
        _ tenant: TenantID, kind: String, _ range: DocumentRange
    ) async throws(EventStoreError) -> [Document] {
        let (condition, values, order) = range.sql
        return try await read { db in
            try db.prepared("SELECT key, value FROM lookup WHERE tenant = ? AND kind = ?\(condition)\(order)")
                .all([.uuid(tenant.uuid), .text(kind)] + values) { Document(key: $0.text(0), value: $0.blob(1)) }
        }
    }

    public func owner(_ tenant: TenantID, of reservation: Reservation) async throws(EventStoreError) -> UUID? {
        try await read { db in
            try db.prepared("SELECT owner FROM reservation WHERE tenant = ? AND scope = ? AND key = ?")
                .first([.uuid(tenant.uuid), .text(reservation.scope.rawValue), .text(reservation.key)]) { $0.uuid(0) }
                ?? nil
        }
    }

    public func nextNumber(_ tenant: TenantID, kind: String, wanted: Int?) async throws(EventStoreError) -> Int {
        try await write(.tenant(tenant)) { writer throws(WriteStop) in
            try writer.nextNumber(tenant, kind: kind, wanted: wanted)
        }
    }

    public func replaceLookups(
        upTo position: Int64, documents: [(TenantID, DocumentWrite)], reservations: [(TenantID, Reservation, UUID)]
    ) async throws(EventStoreError) {
        // Of no account for the queue's bound: the caller holds it all in memory already.
        try await write(.maintenance) { writer throws(WriteStop) in
            try writer.replaceLookups(upTo: position, documents: documents, reservations: reservations)
        }
    }

    public func lookupDigest() async throws(EventStoreError) -> [String] {
        try await read { db in
            let lookups = try db.prepared("SELECT tenant, kind, key, value FROM lookup ORDER BY tenant, kind, key")
                .all { "lookup \($0.identifier(0)) \($0.text(1)) \($0.text(2)) \($0.text(3))" }
            let reservations = try db.prepared(
                "SELECT tenant, scope, key, owner FROM reservation ORDER BY tenant, scope, key"
            )
            .all { "reservation \($0.identifier(0)) \($0.text(1)) \($0.text(2)) \($0.identifier(3))" }
            return lookups + reservations
        }
    }
}

extension SQLiteStore: ReadModelStore {
    private static let active =
        "coalesce((SELECT generation FROM projection WHERE name = ?1), 1)"

    public func commit(
        _ projection: String, generation: Int, partitions: Range<Int>, writes: [(TenantID, DocumentWrite)],
        checkpoint: Int64
    ) async throws(EventStoreError) {
        let bytes = writes.reduce(512) { $0 + $1.1.size }
        try await write(.projection(projection), bytes: bytes) { writer throws(WriteStop) in
            try writer.commit(
                projection, generation: generation, partitions: partitions, writes: writes, checkpoint: checkpoint)
        }
    }

    public func progress(_ projection: String) async throws(EventStoreError) -> ProjectionProgress {
        try await read { db in
            let generation =
                try db.prepared("SELECT generation FROM projection WHERE name = ?")
                .first([.text(projection)]) { Int($0.integer(0)) } ?? 1
            var positions = [Int64](repeating: 0, count: Partitions.count)
            let stored = try db.prepared(
                "SELECT part, position FROM checkpoint WHERE projection = ? AND generation = ?"
            )
            .all([.text(projection), .integer(generation)]) { (Int($0.integer(0)), $0.integer(1)) }
            for (partition, position) in stored where Partitions.all.contains(partition) {
                positions[partition] = position
            }
            return ProjectionProgress(generation: generation, positions: positions)
        }
    }

    public func activate(_ projection: String, generation: Int) async throws(EventStoreError) {
        try await write(.projection(projection)) { writer throws(WriteStop) in
            try writer.activate(projection, generation: generation)
        }
        // In pieces, so that appends do not wait for a large model to go.
        let piece = 1000
        var dropped = piece
        while dropped == piece {
            dropped = try await write(.projection(projection)) { writer throws(WriteStop) in
                try writer.dropDocuments(projection, below: generation, limit: piece)
            }
        }
    }

    public func document(
        _ tenant: TenantID, _ projection: String, kind: String, key: String
    ) async throws(EventStoreError) -> [UInt8]? {
        try await read { db in
            try db.prepared(
                """
                SELECT value FROM read_model
                WHERE projection = ?1 AND generation = \(Self.active) AND tenant = ?2 AND kind = ?3 AND key = ?4
                """
            ).first([.text(projection), .uuid(tenant.uuid), .text(kind), .text(key)]) { $0.blob(0) }
        }
    }

    public func documents(
        _ tenant: TenantID, _ projection: String, kind: String, _ range: DocumentRange
    ) async throws(EventStoreError) -> [Document] {
        let (condition, values, order) = range.sql
        return try await read { db in
            try db.prepared(
                """
                SELECT key, value FROM read_model
                WHERE projection = ?1 AND generation = \(Self.active) AND tenant = ?2 AND kind = ?3\(condition)\(order)
                """
            ).all([.text(projection), .uuid(tenant.uuid), .text(kind)] + values) {
                Document(key: $0.text(0), value: $0.blob(1))
            }
        }
    }

    public func readModelDigest(_ projection: String, generation: Int) async throws(EventStoreError) -> [String] {
        try await read { db in
            try db.prepared(
                """
                SELECT tenant, kind, key, value FROM read_model WHERE projection = ? AND generation = ?
                ORDER BY tenant, kind, key
                """
            ).all([.text(projection), .integer(generation)]) {
                "document \($0.identifier(0)) \($0.text(1)) \($0.text(2)) \($0.text(3))"
            }
        }
    }
}

extension SQLiteRow {
    /// A UUID column as text, lower case.
    fileprivate func identifier(_ column: Int32) -> String { uuid(column)?.uuidString.lowercased() ?? "?" }
}
