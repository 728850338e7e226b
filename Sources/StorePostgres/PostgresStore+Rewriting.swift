public import Domain

extension PostgresStore: EventRewriter {
    public func rewrite(_ tenant: TenantID, _ payloads: [Int64: [UInt8]]) async throws(EventStoreError) {
        let timeout = options.maintenanceTimeout
        try await write(tenant, timeout: timeout) { connection throws(PostgresFailure) in
            try connection.become(.maintenance, tenant, timeout: timeout)
            var wanted = ArrayParameter.integers
            for position in payloads.keys { wanted.append(position) }
            try connection.send(
                "SELECT \(EventRow.columns) FROM albatross.event WHERE position = ANY ($1) FOR UPDATE",
                [.array(wanted)])
            try connection.sync()
            guard let result = try connection.receive().last, result.count == payloads.count else {
                throw .refused(.unavailable("an event that was to be rewritten is not there"))
            }
            var (positions, bytes, crcs) = (ArrayParameter.integers, ArrayParameter.blobs, ArrayParameter.integers)
            let header = EventHeader()
            for envelope in try EventRow().all(result) {
                guard let payload = payloads[envelope.position] else { continue }
                header.begin(
                    envelope.stream, correlation: envelope.correlation, causation: envelope.causation,
                    recordedAt: envelope.recordedAt)
                header.next(
                    position: envelope.position, version: envelope.version, id: envelope.id,
                    schema: Int64(envelope.event.schema), length: payload.count)
                positions.append(envelope.position)
                bytes.append(payload)
                crcs.append(Int64(header.checksum(of: envelope, payload: payload)))
            }
            connection.deadline = .now + timeout + Connection.slack
            try connection.send(
                """
                UPDATE albatross.event e SET payload = n.payload, crc = n.crc
                FROM unnest($1::bigint[], $2::bytea[], $3::bigint[]) AS n (position, payload, crc)
                WHERE e.position = n.position
                """, [.array(positions), .array(bytes), .array(crcs)])
            let results = try connection.commit()
            guard results[results.count - 3].changes == payloads.count else {
                throw .refused(.unavailable("not every event could be rewritten: run the command again"))
            }
        }
    }

    public func removeQuarantined(_ tenant: TenantID, ids: [String]) async throws(EventStoreError) {
        var names = ArrayParameter.texts
        for id in ids { names.append(id) }
        try await writeOne(
            tenant, "DELETE FROM albatross.quarantine WHERE tenant = $1 AND id = ANY ($2)",
            [.uuid(tenant.uuid), .array(names)]
        ) { _ in }
    }

    /// Only the owner of the tables may: dead rows go with autovacuum, or at once with his `VACUUM FULL`.
    public func compact() async throws(EventStoreError) {}
}

extension EventHeader {
    /// The checksum of an event with another payload, its columns set before.
    func checksum(of envelope: EventEnvelope, payload: [UInt8]) -> UInt32 {
        var type = envelope.event.type
        return Array(envelope.stream.category.rawValue.utf8).withUnsafeBytes { category in
            type.withUTF8 { type in
                payload.withUnsafeBytes {
                    checksum(category: category, type: UnsafeRawBufferPointer(type), payload: $0)
                }
            }
        }
    }
}
