public import Domain
import GRDB

extension SQLiteStore: SessionStore {
    public func saveSession(_ session: SessionRecord) async throws(EventStoreError) {
        try await write(.tenant(session.tenant)) { writer throws(WriteStop) in try writer.saveSession(session) }
    }

    public func session(
        _ tenant: TenantID, kind: String, hash: [UInt8]
    ) async throws(EventStoreError) -> SessionRecord? {
        try await read { db in
            try db.prepared("SELECT user, expires FROM session WHERE tenant = ? AND kind = ? AND hash = ?")
                .first([.uuid(tenant.uuid), .text(kind), .blob(hash)]) { row in
                    row.uuid(0).map {
                        SessionRecord(
                            tenant: tenant, kind: kind, hash: hash, user: UserID($0),
                            expires: Timestamp(milliseconds: row.integer(1)))
                    }
                } ?? nil
        }
    }

    public func endSessions(
        _ tenant: TenantID, kind: String?, user: UserID, hash: [UInt8]?
    ) async throws(EventStoreError) -> Bool {
        try await write(.tenant(tenant)) { writer throws(WriteStop) in
            try writer.endSessions(tenant, kind: kind, user: user, hash: hash)
        }
    }

    public func removeExpiredSessions(before time: Timestamp) async throws(EventStoreError) {
        try await write(.maintenance) { writer throws(WriteStop) in try writer.removeExpiredSessions(before: time) }
    }
}

extension SQLiteStore: QuarantineStore {
    public func quarantine(_ tenant: TenantID, _ frames: [QuarantinedFrame]) async throws(EventStoreError) {
        if frames.isEmpty { return }
        let (most, samples) = (options.quarantineLimit, options.sampleLimit)
        let bytes = frames.reduce(512) { $0 + 256 + $1.bytes.count + $1.detail.utf8.count + $1.path.utf8.count }
        try await write(.tenant(tenant), bytes: bytes) { writer throws(WriteStop) in
            try writer.quarantine(tenant, frames, keeping: most, samples: samples)
        }
    }

    public func quarantined(
        _ tenant: TenantID, _ filter: FrameFilter, past: String?, limit: Int
    ) async throws(EventStoreError) -> [QuarantinedFrame] {
        var values: [SQLValue] = [.uuid(tenant.uuid), .text(QuarantinedFrame.sampleCode)]
        var condition = filter.samples ? " AND code = ?2" : " AND code <> ?2"
        if let adapter = filter.adapter {
            condition += " AND adapter = ?"
            values.append(.text(adapter))
        }
        if let past {
            // A cursor that is gone was the oldest once: nothing is left past it.
            condition += " AND number < (SELECT number FROM quarantine WHERE tenant = ?1 AND id = ?)"
            values.append(.text(past))
        }
        values.append(.integer(max(0, limit)))
        return try await frames("tenant = ?1\(condition) ORDER BY number DESC LIMIT ?", values)
    }

    public func quarantined(_ tenant: TenantID, id: String) async throws(EventStoreError) -> QuarantinedFrame? {
        try await frames("tenant = ? AND id = ?", [.uuid(tenant.uuid), .text(id)]).first
    }

    private func frames(
        _ condition: String, _ values: [SQLValue]
    ) async throws(EventStoreError) -> [QuarantinedFrame] {
        try await read { db in
            try db.prepared(
                """
                SELECT id, adapter, code, detail, method, path, received_at, bytes FROM quarantine
                WHERE \(condition)
                """
            ).all(values) { row in
                QuarantinedFrame(
                    id: row.text(0), adapter: row.text(1), code: row.text(2), detail: row.text(3), method: row.text(4),
                    path: row.text(5), bytes: row.blob(7), receivedAt: Timestamp(milliseconds: row.integer(6)))
            }
        }
    }

    public func removeFrames(_ tenant: TenantID, before time: Timestamp) async throws(EventStoreError) {
        try await write(.tenant(tenant)) { writer throws(WriteStop) in try writer.removeFrames(tenant, before: time) }
    }
}
