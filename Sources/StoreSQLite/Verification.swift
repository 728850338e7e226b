public import Domain
import GRDB

extension SQLiteStore {
    /// What `albatross verify` looks at: the file, checksums, positions against the head, versions of each stream.
    public func verify() -> StoreVerification { StoreVerification(self) }
}

extension SQLiteStore: VerifiedStore {
    package func checkFile() async throws(EventStoreError) -> [StoreProblem] {
        try await read { db in
            try String.fetchAll(db, sql: "PRAGMA integrity_check(100)").filter { $0 != "ok" }.map {
                StoreProblem.file($0)
            }
        }
    }

    /// Positions ascend by themselves: they are the table's key.
    package func checkPage(
        after position: Int64, limit: Int
    ) async throws(EventStoreError) -> (last: Int64?, count: Int, corrupted: [Int64]) {
        try await read { [self] db in
            let statement = try db.prepared(
                "SELECT \(EventRow.columns) FROM event WHERE position > ? ORDER BY position LIMIT ?")
            defer { statement.reset() }
            try statement.bind([.integer(position), .integer(limit)])
            let codec = EventRow()
            var (last, count, corrupted): (Int64?, Int, [Int64]) = (nil, 0, [])
            while try statement.step() {
                let row = SQLiteRow(handle: statement.handle)
                last = row.integer(0)
                count += 1
                do throws(EventStoreError) {
                    _ = try codec.read(row) { id throws(EventStoreError) in try self.typeName(id, db) }
                } catch {
                    guard case .corrupted(let position) = error else { throw error }
                    corrupted.append(position)
                }
            }
            return (last, count, corrupted)
        }
    }

    package func checkHead() async throws(EventStoreError) -> [StoreProblem] {
        try await read { db in
            let head = try db.prepared("SELECT position FROM event_head WHERE id = 1").first { $0.integer(0) } ?? -1
            let last = try db.prepared("SELECT max(position) FROM event").first { $0.integer(0) } ?? 0
            if last > head { return [.beyondHead(position: last, head: head)] }
            return last < head ? [.missingTail(last: last, head: head)] : []
        }
    }

    package func versions(after row: VersionRow?, limit: Int) async throws(EventStoreError) -> [VersionRow] {
        try await read { db in
            try db.prepared(
                """
                SELECT tenant, category, stream, version, position FROM event
                WHERE (tenant, category, stream, version) > (?, ?, ?, ?)
                ORDER BY tenant, category, stream, version LIMIT ?
                """
            ).all([
                .blob(row?.tenant ?? []), .text(row?.category ?? ""), .blob(row?.stream ?? []),
                .integer(row?.version ?? -1), .integer(limit),
            ]) { row in
                VersionRow(
                    tenant: row.blob(0), category: row.text(1), stream: row.blob(2), version: row.integer(3),
                    position: row.integer(4))
            }
        }
    }
}
