public import Domain

#if canImport(FoundationEssentials)
public import FoundationEssentials
#else
public import Foundation
#endif

extension PostgresStore: SessionStore {
    public func saveSession(_ session: SessionRecord) async throws(EventStoreError) {
        try await writeOne(
            session.tenant,
            """
            INSERT INTO albatross.session (tenant, kind, hash, user_id, expires) VALUES ($1, $2, $3, $4, $5)
            ON CONFLICT (tenant, kind, hash) DO UPDATE SET user_id = excluded.user_id, expires = excluded.expires
            """,
            [
                .uuid(session.tenant.uuid), .text(session.kind), .bytes(session.hash), .uuid(session.user.uuid),
                .integer(session.expires.milliseconds),
            ]
        ) { _ in }
    }

    public func session(
        _ tenant: TenantID, kind: String, hash: [UInt8]
    ) async throws(EventStoreError) -> SessionRecord? {
        try await read(
            tenant, "SELECT user_id, expires FROM albatross.session WHERE tenant = $1 AND kind = $2 AND hash = $3",
            [.uuid(tenant.uuid), .text(kind), .bytes(hash)]
        ) { result in
            guard result.count > 0, let user = result.uuid(0, 0) else { return nil }
            return SessionRecord(
                tenant: tenant, kind: kind, hash: hash, user: UserID(user),
                expires: Timestamp(milliseconds: result.integer(0, 1)))
        }
    }

    public func endSessions(
        _ tenant: TenantID, kind: String?, user: UserID, hash: [UInt8]?
    ) async throws(EventStoreError) -> Bool {
        var sql = "DELETE FROM albatross.session WHERE tenant = $1 AND user_id = $2"
        var values: [Parameter] = [.uuid(tenant.uuid), .uuid(user.uuid)]
        if let kind {
            values.append(.text(kind))
            sql += " AND kind = $\(values.count)"
        }
        if let hash {
            values.append(.bytes(hash))
            sql += " AND hash = $\(values.count)"
        }
        // Of two deletes of one row the second waits for the first and then finds nothing.
        return try await writeOne(tenant, sql, values) { $0.changes > 0 }
    }

    public func removeExpiredSessions(before time: Timestamp) async throws(EventStoreError) {
        let timeout = options.maintenanceTimeout
        try await write(nil, timeout: timeout) { connection throws(PostgresFailure) in
            try connection.become(.maintenance, nil, timeout: timeout)
            try connection.send("DELETE FROM albatross.session WHERE expires < $1", [.integer(time.milliseconds)])
            _ = try connection.commit()
        }
    }
}

extension PostgresStore: QuarantineStore {
    public func quarantine(_ tenant: TenantID, _ frames: [QuarantinedFrame]) async throws(EventStoreError) {
        var known = Set<String>()
        let frames = frames.filter { known.insert($0.id).inserted }
        if frames.isEmpty { return }
        let (most, samples) = (options.quarantineLimit, options.sampleLimit)
        let sampled = Set(frames.filter(\.isSample).map(\.adapter)).sorted()
        try await write(tenant) { connection throws(PostgresFailure) in
            try connection.send(
                """
                INSERT INTO albatross.quarantine_head AS h (tenant, number) VALUES ($1, 0)
                ON CONFLICT (tenant) DO UPDATE SET number = h.number
                """, [.uuid(tenant.uuid)])
            // A statement of its own, so that it sees what whoever held the lock before has written.
            try connection.send(
                """
                WITH fresh AS (
                  SELECT f.*, row_number() OVER (ORDER BY f.n) AS place
                  FROM unnest($2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[], $8::bigint[],
                    $9::bytea[]) WITH ORDINALITY AS f (id, adapter, code, detail, method, path, received_at, bytes, n)
                  WHERE NOT EXISTS (SELECT FROM albatross.quarantine q WHERE q.tenant = $1 AND q.id = f.id)
                ), added AS (
                  INSERT INTO albatross.quarantine (tenant, number, id, adapter, code, detail, method, path, received_at,
                    bytes)
                  SELECT $1, h.number + f.place, f.id, f.adapter, f.code, f.detail, f.method, f.path, f.received_at, f.bytes
                  FROM fresh f, albatross.quarantine_head h WHERE h.tenant = $1
                )
                UPDATE albatross.quarantine_head SET number = number + (SELECT count(*) FROM fresh) WHERE tenant = $1
                """, [.uuid(tenant.uuid)] + Self.columns(of: frames))
            try connection.send(
                """
                DELETE FROM albatross.quarantine WHERE tenant = $1
                AND number <= (SELECT h.number FROM albatross.quarantine_head h WHERE h.tenant = $1) - $2
                """, [.uuid(tenant.uuid), .integer(most)])
            for adapter in sampled {
                try connection.send(
                    """
                    DELETE FROM albatross.quarantine WHERE tenant = $1 AND adapter = $2 AND code = $3 AND number <= (
                      SELECT q.number FROM albatross.quarantine q WHERE q.tenant = $1 AND q.adapter = $2 AND q.code = $3
                      ORDER BY q.number DESC LIMIT 1 OFFSET $4)
                    """,
                    [.uuid(tenant.uuid), .text(adapter), .text(QuarantinedFrame.sampleCode), .integer(samples)])
            }
            _ = try connection.commit()
        }
    }

    public func removeFrames(_ tenant: TenantID, before time: Timestamp) async throws(EventStoreError) {
        try await write(tenant) { connection throws(PostgresFailure) in
            try connection.send(
                "DELETE FROM albatross.quarantine WHERE tenant = $1 AND received_at < $2",
                [.uuid(tenant.uuid), .integer(time.milliseconds)])
            _ = try connection.commit()
        }
    }

    private static func columns(of frames: [QuarantinedFrame]) -> [Parameter] {
        let texts: [(QuarantinedFrame) -> String] = [
            { $0.id }, { $0.adapter }, { $0.code }, { $0.detail }, { $0.method }, { $0.path },
        ]
        var columns: [Parameter] = []
        for text in texts {
            var column = ArrayParameter.texts
            for frame in frames { column.append(text(frame)) }
            columns.append(.array(column))
        }
        var (times, bodies) = (ArrayParameter.integers, ArrayParameter.blobs)
        for frame in frames {
            times.append(frame.receivedAt.milliseconds)
            bodies.append(frame.bytes)
        }
        return columns + [.array(times), .array(bodies)]
    }

    public func quarantined(
        _ tenant: TenantID, _ filter: FrameFilter, past: String?, limit: Int
    ) async throws(EventStoreError) -> [QuarantinedFrame] {
        var values: [Parameter] = [
            .uuid(tenant.uuid), .integer(max(0, limit)), .text(QuarantinedFrame.sampleCode),
        ]
        var condition = filter.samples ? " AND code = $3" : " AND code <> $3"
        if let adapter = filter.adapter {
            values.append(.text(adapter))
            condition += " AND adapter = $\(values.count)"
        }
        if let past {
            // A cursor that is gone was the oldest once: nothing is left past it.
            values.append(.text(past))
            condition += """
                 AND number < (SELECT q.number FROM albatross.quarantine q WHERE q.tenant = $1 AND q.id = $\(values.count))
                """
        }
        return try await frames(tenant, "tenant = $1\(condition) ORDER BY number DESC LIMIT $2", values)
    }

    public func quarantined(_ tenant: TenantID, id: String) async throws(EventStoreError) -> QuarantinedFrame? {
        try await frames(tenant, "tenant = $1 AND id = $2", [.uuid(tenant.uuid), .text(id)]).first
    }

    private func frames(
        _ tenant: TenantID, _ condition: String, _ values: [Parameter]
    ) async throws(EventStoreError) -> [QuarantinedFrame] {
        try await read(
            tenant,
            """
            SELECT id, adapter, code, detail, method, path, received_at, bytes FROM albatross.quarantine
            WHERE \(condition)
            """, values
        ) { result in
            (0..<result.count).map { row in
                QuarantinedFrame(
                    id: result.text(row, 0), adapter: result.text(row, 1), code: result.text(row, 2),
                    detail: result.text(row, 3), method: result.text(row, 4), path: result.text(row, 5),
                    bytes: result.blob(row, 7), receivedAt: Timestamp(milliseconds: result.integer(row, 6)))
            }
        }
    }
}

/// Leases run on the server's clock, which is the same for every process.
extension PostgresStore: LeaseStore {
    public func lease(_ name: String, holder: UUID, seconds: Int) async throws(EventStoreError) -> Bool {
        try await writeOne(
            nil,
            """
            INSERT INTO albatross.lease AS l (name, holder, until)
            VALUES ($1, $2, clock_timestamp() + $3 * interval '1 second')
            ON CONFLICT (name) DO UPDATE SET holder = excluded.holder, until = excluded.until
            WHERE l.holder = excluded.holder OR l.until <= clock_timestamp()
            """, [.text(name), .uuid(holder), .integer(seconds)]
        ) { $0.changes > 0 }
    }

    public func releaseLease(_ name: String, holder: UUID) async throws(EventStoreError) {
        try await writeOne(
            nil, "DELETE FROM albatross.lease WHERE name = $1 AND holder = $2", [.text(name), .uuid(holder)]
        ) { _ in }
    }
}
