public import Domain
import GRDB

extension SQLiteStore: EventAppender, EventReader {
    public func submit(
        _ request: AppendRequest, completion: @escaping @Sendable (Result<Int64, EventStoreError>) -> Void
    ) {
        loop.submit(
            PendingWrite(
                lane: .tenant(request.tenant), bytes: request.size, work: .append(request, completion: completion)))
    }

    public func readStream(
        _ stream: StreamName, after version: Int64, limit: Int
    ) async throws(EventStoreError) -> [EventEnvelope] {
        try await read { [self] db in
            try events(
                db,
                """
                SELECT \(EventRow.columns) FROM event WHERE tenant = ? AND category = ? AND stream = ? AND version > ?
                ORDER BY version LIMIT ?
                """,
                [
                    .uuid(stream.tenant.uuid), .text(stream.category.rawValue), .uuid(stream.id), .integer(version),
                    .integer(limit),
                ], limit: limit)
        }
    }

    public func readAll(after position: Int64, limit: Int) async throws(EventStoreError) -> [EventEnvelope] {
        try await read { [self] db in
            try events(
                db, "SELECT \(EventRow.columns) FROM event WHERE position > ? ORDER BY position LIMIT ?",
                [.integer(position), .integer(limit)], limit: limit)
        }
    }

    public func head() async throws(EventStoreError) -> Int64 {
        try await read { db in
            try db.prepared("SELECT position FROM event_head WHERE id = 1").first { $0.integer(0) } ?? 0
        }
    }

    public func commits() -> AsyncStream<Void> { loop.commits.stream() }
}
