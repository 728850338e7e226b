import Domain
import GRDB
import GRDBSQLite

#if canImport(FoundationEssentials)
import FoundationEssentials
#else
import Foundation
#endif
#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#endif

/// Why a write stops.
enum WriteStop: Error {
    /// This request only; nothing of it is written.
    case refused(EventStoreError)
    /// The transaction has to be rolled back.
    case failed(SQLiteFailure)
}

/// The writing side of the database. Lives on the append loop's thread and uses the pool's writer connection.
final class LogWriter {
    private let pool: DatabasePool
    private let now: @Sendable () -> Timestamp
    private let busyTimeout: Duration
    let row = EventRow()

    /// The writer connection; set while a closure runs on its queue.
    private var connection: OpaquePointer?
    private var statements: [String: SQLiteStatement] = [:]
    private var insert: SQLiteStatement?

    // What is known of the tables; right as long as no other connection commits, which `data_version` shows.
    private var dataVersion: Int64 = -1
    var head: Int64 = 0
    private var storedHead: Int64 = 0
    private var isHeadKnown = false
    private var versions: [StreamName: Int64] = [:]
    private static let versionsKept = 200_000
    private var types: [String: EventType] = [:]
    struct EventType {
        let id: Int64
        let name: [UInt8]
    }
    private let random = RandomWords()
    private var recordedAt = Timestamp(milliseconds: 0)

    static let categories = Dictionary(
        uniqueKeysWithValues: StreamCategory.allCases.map { ($0, Array($0.rawValue.utf8)) })

    init(pool: DatabasePool, busyTimeout: Duration, now: @escaping @Sendable () -> Timestamp) {
        self.pool = pool
        self.busyTimeout = busyTimeout
        self.now = now
    }

    // MARK: Transactions

    private func onConnection<T>(_ body: () throws(SQLiteFailure) -> T) throws(SQLiteFailure) -> T {
        // Typed through a result: GRDB rethrows untyped.
        let result: Result<T, SQLiteFailure> = pool.writeWithoutTransaction { db in
            if connection == nil, let opened = db.sqliteConnection {
                connection = opened
                // The wait for other processes is in `begin`, which also looks for their commits meanwhile.
                sqlite3_busy_timeout(opened, 0)
            }
            do throws(SQLiteFailure) { return .success(try body()) } catch { return .failure(error) }
        }
        return try result.get()
    }

    /// The prepared form of a statement, kept until ``finish()``.
    func statement(_ sql: String) throws(SQLiteFailure) -> SQLiteStatement {
        if let known = statements[sql] { return known }
        var handle: OpaquePointer?
        guard sqlite3_prepare_v3(connection, sql, -1, UInt32(SQLITE_PREPARE_PERSISTENT), &handle, nil) == SQLITE_OK,
            let handle
        else { throw SQLiteFailure(connection) }
        let statement = SQLiteStatement(handle: handle)
        statements[sql] = statement
        return statement
    }

    /// Runs `body` in one transaction that is on stable storage when this returns.
    /// - Parameter onWait: Called when another process committed while this one waited for its turn.
    func transaction(
        _ body: () throws(SQLiteFailure) -> Void, onWait: () -> Void
    ) throws(SQLiteFailure) {
        try onConnection { () throws(SQLiteFailure) in
            try begin(onWait: onWait)
            do throws(SQLiteFailure) {
                if try dataVersionChanged() { forget() }
                try loadHead()
                recordedAt = now()
                try body()
                if head != storedHead {
                    try statement("UPDATE event_head SET position = ? WHERE id = 1").run([.integer(head)])
                    KillPoint.reach(.beforeCommit)
                }
                try statement("COMMIT").run()
                if head != storedHead { KillPoint.reach(.afterCommit) }
                storedHead = head
                if versions.count > Self.versionsKept { versions.removeAll(keepingCapacity: true) }
            } catch {
                forget()
                rollBack()
                throw error
            }
        }
    }

    /// A failed COMMIT may have rolled back by itself, so nothing is left to do then.
    private func rollBack() {
        if sqlite3_get_autocommit(connection) == 0 { _ = sqlite3_exec(connection, "ROLLBACK", nil, nil, nil) }
    }

    /// Takes the write lock. Waits in short steps: the lock is not queued for, so whoever asks often gets it.
    private func begin(onWait: () -> Void) throws(SQLiteFailure) {
        rollBack()
        let begin = try statement("BEGIN IMMEDIATE")
        let start = ContinuousClock.now
        var lastLook = start
        while true {
            let failure: SQLiteFailure
            do throws(SQLiteFailure) { return try begin.run() } catch { failure = error }
            let time = ContinuousClock.now
            guard failure.primary == SQLITE_BUSY, time - start < busyTimeout else { throw failure }
            if time - lastLook > .milliseconds(100) {
                lastLook = time
                if try dataVersionChanged() {
                    forget()
                    onWait()
                }
            }
            // The append thread is ours alone: nothing else waits while it sleeps between two tries for the lock.
            usleep(1000)
        }
    }

    /// Whether another connection committed since the last look.
    private func dataVersionChanged() throws(SQLiteFailure) -> Bool {
        let version = try statement("PRAGMA data_version").first([]) { $0.integer(0) } ?? 0
        defer { dataVersion = version }
        return version != dataVersion
    }

    /// Whether another process committed since the last look. A failure is answered by "perhaps".
    func sawOtherCommits() -> Bool {
        do throws(SQLiteFailure) {
            return try onConnection { () throws(SQLiteFailure) in
                guard try dataVersionChanged() else { return false }
                forget()
                return true
            }
        } catch { return true }
    }

    private func forget() {
        isHeadKnown = false
        versions.removeAll(keepingCapacity: true)
        types.removeAll(keepingCapacity: true)
    }

    private func loadHead() throws(SQLiteFailure) {
        if isHeadKnown { return }
        guard let found = try statement("SELECT position FROM event_head WHERE id = 1").first([], { $0.integer(0) })
        else {
            throw SQLiteFailure(code: SQLITE_CORRUPT, message: "event_head is empty")
        }
        head = found
        storedHead = found
        isHeadKnown = true
    }

    /// Gives the connection back clean: checkpointed, no statement left.
    func finish() {
        // What was committed is safe already; a checkpoint that fails is done at the next opening.
        try? onConnection { () throws(SQLiteFailure) in
            sqlite3_wal_checkpoint_v2(connection, nil, SQLITE_CHECKPOINT_TRUNCATE, nil, nil)
            for statement in statements.values { sqlite3_finalize(statement.handle) }
            statements = [:]
            insert = nil
        }
        // Readers that are still at work keep their connections until they are done.
        try? pool.close()
    }

    // MARK: Appending

    /// Last version of a stream, 0 when it does not exist.
    private func version(of stream: StreamName) throws(SQLiteFailure) -> Int64 {
        if let known = versions[stream] { return known }
        let found =
            try statement("SELECT max(version) FROM event WHERE tenant = ? AND category = ? AND stream = ?")
            .first([.uuid(stream.tenant.uuid), .text(stream.category.rawValue), .uuid(stream.id)]) { $0.integer(0) }
            ?? 0
        versions[stream] = found
        return found
    }

    private func owner(_ tenant: TenantID, _ reservation: Reservation) throws(SQLiteFailure) -> UUID? {
        try statement("SELECT owner FROM reservation WHERE tenant = ? AND scope = ? AND key = ?")
            .first([.uuid(tenant.uuid), .text(reservation.scope.rawValue), .text(reservation.key)]) { $0.uuid(0) }
            ?? nil
    }

    /// Checks a request against the tables and what was written before it in this transaction, then writes it.
    /// - Returns: Position of the last event.
    func append(_ request: AppendRequest) throws(WriteStop) -> Int64 {
        let refusal: EventStoreError?
        do throws(SQLiteFailure) {
            refusal = try refusalOf(request)
            if refusal == nil { try apply(request) }
        } catch { throw .failed(error) }
        if let refusal {
            request.fate.fail()
            throw .refused(refusal)
        }
        return head
    }

    /// Why a request must not be written; nothing is written to find out.
    private func refusalOf(_ request: AppendRequest) throws(SQLiteFailure) -> EventStoreError? {
        // A stream named twice: the second write is checked against what the first will have written.
        var ahead: [StreamName: Int64] = [:]
        for write in request.writes {
            let actual: Int64
            if let known = ahead[write.stream] { actual = known } else { actual = try version(of: write.stream) }
            switch write.expected {
            case _ where write.after?.hasFailed == true:
                return .wrongExpectedVersion(stream: write.stream, actual: actual)
            case .any: break
            case .noStream where actual == 0: break
            case .exactly(actual): break
            case .noStream, .exactly: return .wrongExpectedVersion(stream: write.stream, actual: actual)
            }
            if request.writes.count > 1 { ahead[write.stream] = actual + Int64(write.events.count) }
        }
        if request.reserve.isEmpty { return nil }
        var taken: [Reservation: UUID] = [:]
        for (reservation, owner) in request.reserve {
            let holder: UUID?
            if let other = taken[reservation] {
                holder = other
            } else if request.release.contains(reservation) {
                holder = nil
            } else {
                holder = try self.owner(request.tenant, reservation)
            }
            if let holder, holder != owner { return .reservationTaken(reservation, owner: holder) }
            taken[reservation] = owner
        }
        return nil
    }

    private func apply(_ request: AppendRequest) throws(SQLiteFailure) {
        for write in request.writes where !write.events.isEmpty { try self.write(write, of: request) }
        for reservation in request.release {
            try statement("DELETE FROM reservation WHERE tenant = ? AND scope = ? AND key = ?")
                .run([.uuid(request.tenant.uuid), .text(reservation.scope.rawValue), .text(reservation.key)])
        }
        for (reservation, owner) in request.reserve { try reserve(request.tenant, reservation, owner: owner) }
        for document in request.lookups { try write(document, of: request.tenant) }
    }

    private func write(_ write: StreamWrite, of request: AppendRequest) throws(SQLiteFailure) {
        var version = try version(of: write.stream)
        let insert: SQLiteStatement
        if let known = self.insert {
            insert = known
        } else {
            insert = try statement(EventRow.insert)
            self.insert = insert
        }
        let category = Self.categories[write.stream.category] ?? []
        row.header.begin(
            write.stream, correlation: request.correlation, causation: request.causation, recordedAt: recordedAt)
        for event in write.events {
            let type = try type(named: event.type)
            head += 1
            version += 1
            row.header.next(
                position: head, version: version, id: random.version7(at: recordedAt), schema: Int64(event.schema),
                length: event.payload.count)
            try row.write(insert, category: category, type: type.name, typeID: type.id, payload: event.payload)
        }
        versions[write.stream] = version
    }

    /// The number that stands for an event type name in the table; a new name gets one.
    func type(named name: String) throws(SQLiteFailure) -> EventType {
        if let known = types[name] { return known }
        try statement("INSERT INTO event_type (name) VALUES (?) ON CONFLICT DO NOTHING").run([.text(name)])
        guard let id = try statement("SELECT id FROM event_type WHERE name = ?").first([.text(name)], { $0.integer(0) })
        else {
            throw SQLiteFailure(code: SQLITE_CORRUPT, message: "event type without a number")
        }
        let type = EventType(id: id, name: Array(name.utf8))
        types[name] = type
        return type
    }

    private func reserve(_ tenant: TenantID, _ reservation: Reservation, owner: UUID) throws(SQLiteFailure) {
        try statement(
            """
            INSERT INTO reservation (tenant, scope, key, owner) VALUES (?, ?, ?, ?)
            ON CONFLICT DO UPDATE SET owner = excluded.owner
            """
        ).run([.uuid(tenant.uuid), .text(reservation.scope.rawValue), .text(reservation.key), .uuid(owner)])
    }

    private func write(_ document: DocumentWrite, of tenant: TenantID) throws(SQLiteFailure) {
        switch document {
        case .put(let kind, let key, let value):
            try statement(
                """
                INSERT INTO lookup (tenant, kind, key, value) VALUES (?, ?, ?, ?)
                ON CONFLICT DO UPDATE SET value = excluded.value
                """
            ).run([.uuid(tenant.uuid), .text(kind), .text(key), .blob(value)])
        case .delete(let kind, let key):
            try statement("DELETE FROM lookup WHERE tenant = ? AND kind = ? AND key = ?")
                .run([.uuid(tenant.uuid), .text(kind), .text(key)])
        }
    }

    // MARK: The other ports

    /// The work of the other ports fails as appends do.
    private func attempt<T>(_ body: () throws(SQLiteFailure) -> T) throws(WriteStop) -> T {
        do { return try body() } catch { throw .failed(error) }
    }

    func replaceLookups(
        upTo position: Int64, documents: [(TenantID, DocumentWrite)], reservations: [(TenantID, Reservation, UUID)]
    ) throws(WriteStop) {
        guard head <= position else {
            throw .refused(
                .unavailable("the log has grown to \(head), past \(position): replay the rest and try again"))
        }
        try attempt { () throws(SQLiteFailure) in
            try statement("DELETE FROM lookup").run()
            try statement("DELETE FROM reservation").run()
            for (tenant, document) in documents { try write(document, of: tenant) }
            for (tenant, reservation, owner) in reservations { try reserve(tenant, reservation, owner: owner) }
        }
    }

    func nextNumber(_ tenant: TenantID, kind: String, wanted: Int?) throws(WriteStop) -> Int {
        let largest = Int64(Int32.max)
        let next = try attempt { () throws(SQLiteFailure) in
            try statement("SELECT next FROM sequence WHERE tenant = ? AND kind = ?")
                .first([.uuid(tenant.uuid), .text(kind)]) { $0.integer(0) } ?? 1
        }
        var number = next
        if let wanted, Int64(wanted) >= next, Int64(wanted) <= largest { number = Int64(wanted) }
        guard number <= largest else { throw .refused(.unavailable("the numbers of \(kind) are used up")) }
        try attempt { () throws(SQLiteFailure) in
            try statement(
                """
                INSERT INTO sequence (tenant, kind, next) VALUES (?, ?, ?)
                ON CONFLICT DO UPDATE SET next = excluded.next
                """
            ).run([.uuid(tenant.uuid), .text(kind), .integer(number + 1)])
        }
        return Int(number)
    }

    /// Generation that readers of a projection use; 1 before its first commit.
    private func activeGeneration(_ projection: String) throws(SQLiteFailure) -> Int64 {
        try statement("SELECT generation FROM projection WHERE name = ?")
            .first([.text(projection)]) { $0.integer(0) } ?? 1
    }

    func commit(
        _ projection: String, generation: Int, partitions: Range<Int>, writes: [(TenantID, DocumentWrite)],
        checkpoint: Int64
    ) throws(WriteStop) {
        let place: [SQLValue] = [.text(projection), .integer(generation)]
        let active = try attempt { () throws(SQLiteFailure) in try activeGeneration(projection) }
        let stored = try attempt { () throws(SQLiteFailure) in
            try statement(
                """
                SELECT max(position) FROM checkpoint
                WHERE projection = ? AND generation = ? AND part >= ? AND part < ?
                """
            ).first(place + [.integer(partitions.lowerBound), .integer(partitions.upperBound)]) { $0.integer(0) } ?? 0
        }
        if generation < active {
            throw .refused(.unavailable("generation \(generation) of \(projection) is gone, readers use \(active)"))
        }
        if generation == active, checkpoint < stored {
            throw .refused(.unavailable("\(projection) is at \(stored) already, past \(checkpoint)"))
        }
        try attempt { () throws(SQLiteFailure) in
            if checkpoint < stored {
                // A rebuild that was cut off is begun again.
                try statement("DELETE FROM read_model WHERE projection = ? AND generation = ?").run(place)
                try statement("DELETE FROM checkpoint WHERE projection = ? AND generation = ?").run(place)
            }
            let put = try statement(
                """
                INSERT INTO read_model (projection, generation, tenant, kind, key, value) VALUES (?, ?, ?, ?, ?, ?)
                ON CONFLICT DO UPDATE SET value = excluded.value
                """)
            let delete = try statement(
                "DELETE FROM read_model WHERE projection = ? AND generation = ? AND tenant = ? AND kind = ? AND key = ?"
            )
            for (tenant, document) in writes {
                let place = place + [.uuid(tenant.uuid)]
                switch document {
                case .put(let kind, let key, let value):
                    try put.run(place + [.text(kind), .text(key), .blob(value)])
                case .delete(let kind, let key): try delete.run(place + [.text(kind), .text(key)])
                }
            }
            KillPoint.reach(.midCheckpoint)
            let move = try statement(
                """
                INSERT INTO checkpoint (projection, generation, part, position) VALUES (?, ?, ?, ?)
                ON CONFLICT DO UPDATE SET position = excluded.position
                """)
            for partition in partitions { try move.run(place + [.integer(partition), .integer(checkpoint)]) }
        }
    }

    func activate(_ projection: String, generation: Int) throws(WriteStop) {
        let active = try attempt { () throws(SQLiteFailure) in try activeGeneration(projection) }
        if generation < active {
            throw .refused(.unavailable("generation \(generation) of \(projection) is gone, readers use \(active)"))
        }
        try attempt { () throws(SQLiteFailure) in
            try statement("DELETE FROM checkpoint WHERE projection = ? AND generation < ?")
                .run([.text(projection), .integer(generation)])
            try statement(
                """
                INSERT INTO projection (name, generation) VALUES (?, ?)
                ON CONFLICT DO UPDATE SET generation = excluded.generation
                """
            ).run([.text(projection), .integer(generation)])
        }
    }

    /// Drops documents that no reader uses any more, at most `limit`.
    /// - Returns: How many were dropped.
    func dropDocuments(_ projection: String, below generation: Int, limit: Int) throws(WriteStop) -> Int {
        try attempt { () throws(SQLiteFailure) in
            try statement(
                """
                DELETE FROM read_model WHERE (projection, generation, tenant, kind, key) IN (
                  SELECT projection, generation, tenant, kind, key FROM read_model
                  WHERE projection = ? AND generation < ? LIMIT ?)
                """
            ).run([.text(projection), .integer(generation), .integer(limit)])
            return Int(sqlite3_changes(connection))
        }
    }

    /// A lease that has run out, or that nobody has, goes to whoever asks first.
    func lease(_ name: String, holder: UUID, seconds: Int) throws(WriteStop) -> Bool {
        let time = recordedAt.milliseconds
        return try attempt { () throws(SQLiteFailure) in
            try statement(
                """
                INSERT INTO lease (name, holder, until) VALUES (?, ?, ?)
                ON CONFLICT DO UPDATE SET holder = excluded.holder, until = excluded.until
                WHERE holder = excluded.holder OR until <= ?
                """
            ).run([.text(name), .uuid(holder), .integer(time + Int64(seconds) * 1000), .integer(time)])
            return sqlite3_changes(connection) > 0
        }
    }

    func releaseLease(_ name: String, holder: UUID) throws(WriteStop) {
        try attempt { () throws(SQLiteFailure) in
            try statement("DELETE FROM lease WHERE name = ? AND holder = ?").run([.text(name), .uuid(holder)])
        }
    }

    func saveSession(_ session: SessionRecord) throws(WriteStop) {
        try attempt { () throws(SQLiteFailure) in
            try statement(
                """
                INSERT INTO session (tenant, kind, hash, user, expires) VALUES (?, ?, ?, ?, ?)
                ON CONFLICT DO UPDATE SET user = excluded.user, expires = excluded.expires
                """
            ).run([
                .uuid(session.tenant.uuid), .text(session.kind), .blob(session.hash), .uuid(session.user.uuid),
                .integer(session.expires.milliseconds),
            ])
        }
    }

    func endSessions(_ tenant: TenantID, kind: String?, user: UserID, hash: [UInt8]?) throws(WriteStop) -> Bool {
        try attempt { () throws(SQLiteFailure) in
            var sql = "DELETE FROM session WHERE tenant = ? AND user = ?"
            var values: [SQLValue] = [.uuid(tenant.uuid), .uuid(user.uuid)]
            if let kind {
                sql += " AND kind = ?"
                values.append(.text(kind))
            }
            if let hash {
                sql += " AND hash = ?"
                values.append(.blob(hash))
            }
            try statement(sql).run(values)
            return sqlite3_changes(connection) > 0
        }
    }

    func removeExpiredSessions(before time: Timestamp) throws(WriteStop) {
        try attempt { () throws(SQLiteFailure) in
            try statement("DELETE FROM session WHERE expires < ?").run([.integer(time.milliseconds)])
        }
    }

    func quarantine(
        _ tenant: TenantID, _ frames: [QuarantinedFrame], keeping most: Int, samples: Int
    ) throws(WriteStop) {
        try attempt { () throws(SQLiteFailure) in
            let id = SQLValue.uuid(tenant.uuid)
            var number =
                try statement("SELECT max(number) FROM quarantine WHERE tenant = ?").first([id]) { $0.integer(0) } ?? 0
            for frame in frames {
                let known =
                    try statement("SELECT 1 FROM quarantine WHERE tenant = ? AND id = ?")
                    .first([id, .text(frame.id)]) { _ in true } ?? false
                if known { continue }
                number += 1
                try statement(
                    """
                    INSERT INTO quarantine (tenant, number, id, adapter, code, detail, method, path, received_at, bytes)
                    VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
                    """
                ).run([
                    id, .integer(number), .text(frame.id), .text(frame.adapter), .text(frame.code), .text(frame.detail),
                    .text(frame.method), .text(frame.path), .integer(frame.receivedAt.milliseconds), .blob(frame.bytes),
                ])
            }
            try statement("DELETE FROM quarantine WHERE tenant = ? AND number <= ?").run([
                id, .integer(number - Int64(most)),
            ])
            for adapter in Set(frames.filter(\.isSample).map(\.adapter)) {
                try statement(
                    """
                    DELETE FROM quarantine WHERE tenant = ?1 AND adapter = ?2 AND code = ?3 AND number <= (
                      SELECT number FROM quarantine WHERE tenant = ?1 AND adapter = ?2 AND code = ?3
                      ORDER BY number DESC LIMIT 1 OFFSET ?4)
                    """
                ).run([id, .text(adapter), .text(QuarantinedFrame.sampleCode), .integer(samples)])
            }
        }
    }

    func removeFrames(_ tenant: TenantID, before time: Timestamp) throws(WriteStop) {
        try attempt { () throws(SQLiteFailure) in
            try statement("DELETE FROM quarantine WHERE tenant = ? AND received_at < ?").run([
                .uuid(tenant.uuid), .integer(time.milliseconds),
            ])
        }
    }

    /// Value of `PRAGMA synchronous` on this connection.
    func synchronousLevel() throws(WriteStop) -> Int {
        try attempt { () throws(SQLiteFailure) in Int(try statement("PRAGMA synchronous").first { $0.integer(0) } ?? -1)
        }
    }
}

/// Random bits for event ids. They need to differ, not to be secret, so SQLite's generator (seeded by the system) serves:
/// one system call per id would be a tenth of an append.
struct RandomWords {
    func version7(at time: Timestamp) -> UUID {
        var words: (UInt64, UInt64) = (0, 0)
        withUnsafeMutableBytes(of: &words) { sqlite3_randomness(Int32($0.count), $0.baseAddress) }
        let clock = UInt64(bitPattern: time.milliseconds) & 0xFFFF_FFFF_FFFF
        return UUID(high: clock << 16 | 0x7000 | (words.0 & 0x0FFF), low: 0x8000_0000_0000_0000 | words.1 >> 2)
    }
}
