public import Domain

extension PostgresStore: EventAppender, EventReader {
    public func submit(
        _ request: AppendRequest, completion: @escaping @Sendable (Result<Int64, EventStoreError>) -> Void
    ) {
        loop.submit(PendingAppend(request, completion: completion))
    }

    public func readStream(
        _ stream: StreamName, after version: Int64, limit: Int
    ) async throws(EventStoreError) -> [EventEnvelope] {
        try await read(
            stream.tenant,
            """
            SELECT \(EventRow.columns) FROM albatross.event
            WHERE tenant = $1 AND category = $2 AND stream = $3 AND version > $4 ORDER BY version LIMIT $5
            """,
            [
                .uuid(stream.tenant.uuid), .text(stream.category.rawValue), .uuid(stream.id), .integer(version),
                .integer(max(0, limit)),
            ]
        ) { result throws(PostgresFailure) in try EventRow().all(result) }
    }

    public func readAll(after position: Int64, limit: Int) async throws(EventStoreError) -> [EventEnvelope] {
        try await read(
            nil, as: .relay,
            "SELECT \(EventRow.columns) FROM albatross.event WHERE position > $1 ORDER BY position LIMIT $2",
            [.integer(position), .integer(max(0, limit))]
        ) { result throws(PostgresFailure) in try EventRow().all(result) }
    }

    public func head() async throws(EventStoreError) -> Int64 {
        try await read(nil, "SELECT position FROM albatross.event_head WHERE id = 1") { $0.integer(0, 0) }
    }

    public func commits() -> AsyncStream<Void> { signal.stream() }
}
