public import Domain

#if canImport(FoundationEssentials)
import FoundationEssentials
#else
import Foundation
#endif

extension PostgresStore {
    /// What `albatross verify` looks at: the schema, checksums, positions against the head, versions of each stream.
    public func verify() -> StoreVerification { StoreVerification(self) }
}

extension PostgresStore: VerifiedStore {
    /// What PostgreSQL's own files hold is the business of its checksums (`initdb --data-checksums`) and `pg_amcheck`.
    package func checkFile() async throws(EventStoreError) -> [StoreProblem] {
        try await read(
            nil,
            """
            SELECT format('index %s is not valid', i.indexrelid::regclass) FROM pg_index i
            JOIN pg_class c ON c.oid = i.indexrelid JOIN pg_namespace n ON n.oid = c.relnamespace
            WHERE n.nspname = 'albatross' AND NOT (i.indisvalid AND i.indisready)
            UNION ALL
            SELECT format('row-level security is not forced on table %s', c.relname) FROM pg_class c
            JOIN pg_namespace n ON n.oid = c.relnamespace
            JOIN pg_attribute a ON a.attrelid = c.oid AND a.attname = 'tenant' AND NOT a.attisdropped
            WHERE n.nspname = 'albatross' AND c.relkind IN ('r', 'p') AND NOT (c.relrowsecurity AND c.relforcerowsecurity)
            """
        ) { result in (0..<result.count).map { .file(result.text($0, 0)) } }
    }

    package func checkPage(
        after position: Int64, limit: Int
    ) async throws(EventStoreError) -> (last: Int64?, count: Int, corrupted: [Int64]) {
        try await read(
            nil, as: .relay,
            "SELECT \(EventRow.columns) FROM albatross.event WHERE position > $1 ORDER BY position LIMIT $2",
            [.integer(position), .integer(limit)], timeout: options.maintenanceTimeout
        ) { result throws(PostgresFailure) in
            let codec = EventRow()
            var (last, corrupted): (Int64?, [Int64]) = (nil, [])
            for row in 0..<result.count {
                last = result.integer(row, 0)
                do throws(EventStoreError) { _ = try codec.read(result, row) } catch {
                    guard case .corrupted(let position) = error else { throw .refused(error) }
                    corrupted.append(position)
                }
            }
            return (last, result.count, corrupted)
        }
    }

    package func checkHead() async throws(EventStoreError) -> [StoreProblem] {
        try await read(
            nil, as: .relay,
            """
            SELECT h.position, coalesce((SELECT max(e.position) FROM albatross.event e), 0)
            FROM albatross.event_head h WHERE h.id = 1
            """
        ) { result in
            let head = result.count > 0 ? result.integer(0, 0) : -1
            let last = result.count > 0 ? result.integer(0, 1) : 0
            if last > head { return [.beyondHead(position: last, head: head)] }
            return last < head ? [.missingTail(last: last, head: head)] : []
        }
    }

    package func versions(after row: VersionRow?, limit: Int) async throws(EventStoreError) -> [VersionRow] {
        let (tenant, stream) = (row.flatMap { UUID(bytes: $0.tenant) }, row.flatMap { UUID(bytes: $0.stream) })
        let zeros = UUID(uuid: (0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0))
        return try await read(
            nil, as: .relay,
            """
            SELECT tenant, category, stream, version, position FROM albatross.event
            WHERE (tenant, category, stream, version) > ($1, $2, $3, $4)
            ORDER BY tenant, category, stream, version LIMIT $5
            """,
            [
                .uuid(tenant ?? zeros), .text(row?.category ?? ""), .uuid(stream ?? zeros),
                .integer(row?.version ?? -1), .integer(limit),
            ], timeout: options.maintenanceTimeout
        ) { result in
            (0..<result.count).map { row in
                VersionRow(
                    tenant: result.blob(row, 0), category: result.text(row, 1), stream: result.blob(row, 2),
                    version: result.integer(row, 3), position: result.integer(row, 4))
            }
        }
    }
}
