import Domain

#if canImport(FoundationEssentials)
import FoundationEssentials
#else
import Foundation
#endif

/// The appending side of the database. Lives on the append loop's thread and has a connection of its own.
final class LogWriter {
    private let target: ConnectionTarget
    private let options: PostgresStore.Options
    private let now: @Sendable () -> Timestamp
    private var connection: Connection?
    /// Whether the last try to connect failed.
    private(set) var couldNotConnect = false

    // What is known of the tables; right as long as the head is where this process left it.
    private var head: Int64?
    private var versions: [StreamName: Int64] = [:]
    private static let versionsKept = 200_000
    private var isAlone = true

    /// Whether other processes have not been told of the last commit.
    private(set) var owesNotice = false
    private var lastNotice = ContinuousClock.now
    static let noticeInterval = Duration.milliseconds(10)

    private let header = EventHeader()
    private var random = RandomWords()
    private static let categories = Dictionary(
        uniqueKeysWithValues: StreamCategory.allCases.map { ($0, Array($0.rawValue.utf8)) })

    init(_ target: ConnectionTarget, _ options: PostgresStore.Options, now: @escaping @Sendable () -> Timestamp) {
        self.target = target
        self.options = options
        self.now = now
    }

    // MARK: Connection

    /// Connects anew, and makes sure that what the server calls committed is.
    func connect() throws(PostgresFailure) {
        disconnect()
        couldNotConnect = true
        let opened = try Connection(target)
        opened.deadline = .now + options.answerTimeout
        let state = try opened.run("SELECT current_setting('synchronous_commit'), pg_is_in_recovery()")
        if state.bool(0, 1) { throw .lost("it is a standby") }
        guard PostgresStore.durable.contains(state.text(0, 0)) else {
            throw .lost("synchronous_commit=\(state.text(0, 0)) would not keep what is acknowledged")
        }
        connection = opened
        couldNotConnect = false
    }

    func disconnect() {
        connection = nil
        forget()
    }

    private func forget() {
        head = nil
        versions.removeAll(keepingCapacity: true)
    }

    // MARK: Transaction

    /// Writes requests in one transaction that is on stable storage when this returns, each whole or refused.
    func commit(_ requests: [AppendRequest]) throws(PostgresFailure) -> [Result<Int64, EventStoreError>] {
        if let connection, !connection.isReady() { self.connection = nil }
        if connection == nil { try connect() }
        guard let connection else { throw .lost("not connected") }
        do throws(PostgresFailure) { return try commit(requests, on: connection) } catch {
            forget()
            // What failed is rolled back now, as it holds the head; when that cannot be done the server does it.
            if error.endsConnection || !connection.isReady() { disconnect() }
            throw error
        }
    }

    private func commit(
        _ requests: [AppendRequest], on connection: Connection
    ) throws(PostgresFailure) -> [Result<Int64, EventStoreError>] {
        if isAlone, let head, AppendQuestions(requests, answers: AppendAnswers(), versions: versions).isEmpty {
            do throws(PostgresFailure) { return try commitInOneGo(requests, from: head, on: connection) } catch {
                guard case .server(Self.headHasMoved, _) = error else { throw error }
                versions.removeAll(keepingCapacity: true)
                guard connection.isReady() else { throw .lost("the connection did not come back") }
            }
        }
        connection.deadline = .now + options.answerTimeout
        var answers = AppendAnswers()
        var tenant = requests.first?.tenant
        let stored = try lockHead(connection, requests, &answers, &tenant)
        if stored != head {
            // Somebody else has written: what was remembered is asked for again, now that the head is locked.
            isAlone = head == nil
            versions.removeAll(keepingCapacity: true)
            var questions = AppendQuestions(requests, answers: answers, versions: versions)
            if !questions.isEmpty {
                try questions.send(on: connection, &tenant)
                try connection.sync()
                try questions.read(connection.receive(), into: &answers)
            }
        } else {
            isAlone = true
        }
        for (stream, version) in answers.versions { versions[stream] = version }
        let (batch, results) = decide(requests, from: stored, answers)
        connection.deadline = .now + options.answerTimeout
        try finish(batch, tenant, from: stored, on: connection)
        return results
    }

    /// When everything is known already, all of it is one round trip, and other processes wait no longer than the server
    /// works. The server refuses if the head is not where this process left it.
    private func commitInOneGo(
        _ requests: [AppendRequest], from head: Int64, on connection: Connection
    ) throws(PostgresFailure) -> [Result<Int64, EventStoreError>] {
        let (batch, results) = decide(requests, from: head, AppendAnswers())
        let tenant = requests.first?.tenant
        connection.deadline = .now + options.answerTimeout
        try begin(tenant, on: connection)
        try connection.send("SELECT albatross.lock_head($1)", [.integer(head)])
        try finish(batch, tenant, from: head, on: connection)
        return results
    }
    /// What `albatross.lock_head` raises.
    private static let headHasMoved = "AB001"

    private func begin(_ tenant: TenantID?, on connection: Connection) throws(PostgresFailure) {
        try connection.begin(
            tenant, timeout: options.statementTimeout, lockTimeout: options.lockTimeout,
            idleTimeout: options.answerTimeout)
    }

    /// Writes what was decided, and commits it.
    /// - Parameter tenant: The one that is set.
    private func finish(
        _ batch: AppendBatch, _ tenant: TenantID?, from stored: Int64, on connection: Connection
    ) throws(PostgresFailure) {
        try batch.send(on: connection, tenant, from: stored)
        if batch.head != stored { KillPoint.reach(.beforeCommit) }
        _ = try connection.commit(isUnlimited: batch.head != stored)
        if batch.head != stored { KillPoint.reach(.afterCommit) }
        head = batch.head
        if batch.head != stored {
            owesNotice = true
            if ContinuousClock.now - lastNotice > Self.noticeInterval { giveNotice() }
        }
        if versions.count > Self.versionsKept { versions.removeAll(keepingCapacity: true) }
    }

    /// Tells other processes that something was committed. A hint: nobody waits for its answer, and when it does not go out
    /// they look by themselves.
    func giveNotice() {
        owesNotice = false
        lastNotice = .now
        // A connection that cannot send shows it again with the next batch.
        try? connection?.send("SELECT pg_notify('\(CommitWatch.channel)', '')")
        try? connection?.sync()
    }

    /// Locks the head before anything else, and asks behind the lock, in the same round trip, for what is not known.
    /// - Returns: Position of the last event.
    private func lockHead(
        _ connection: Connection, _ requests: [AppendRequest], _ answers: inout AppendAnswers, _ tenant: inout TenantID?
    ) throws(PostgresFailure) -> Int64 {
        // With another process at work what is remembered is out of date more often than not.
        var questions = AppendQuestions(requests, answers: answers, versions: isAlone ? versions : [:])
        try begin(tenant, on: connection)
        try connection.send("SELECT position FROM albatross.event_head WHERE id = 1 FOR UPDATE")
        try questions.send(on: connection, &tenant)
        try connection.sync()
        var results = try connection.receive()
        guard results.count > 2, results[2].count == 1 else { throw .lost("event_head is empty") }
        let position = results[2].integer(0, 0)
        results.removeFirst(3)
        try questions.read(results, into: &answers)
        return position
    }

    // MARK: Decision

    /// Decides each request in turn, on what is known and what those before it will have written.
    private func decide(
        _ requests: [AppendRequest], from stored: Int64, _ answers: AppendAnswers
    ) -> (AppendBatch, [Result<Int64, EventStoreError>]) {
        var answers = answers
        var batch = AppendBatch(head: stored, recordedAt: now(), storedOwners: answers.owners)
        var results: [Result<Int64, EventStoreError>] = []
        results.reserveCapacity(requests.count)
        for request in requests {
            if let refusal = refusal(of: request, answers) {
                request.fate.fail()
                results.append(.failure(refusal))
            } else {
                apply(request, &batch, &answers)
                results.append(.success(batch.head))
            }
        }
        return (batch, results)
    }

    /// Why a request must not be written; nothing is written to find out.
    private func refusal(of request: AppendRequest, _ answers: AppendAnswers) -> EventStoreError? {
        // A stream named twice: the second write is checked against what the first will have written.
        var ahead: [StreamName: Int64] = [:]
        for write in request.writes {
            if write.stream.tenant != request.tenant {
                return .unavailable("an append of one tenant names a stream of another")
            }
            let actual = ahead[write.stream] ?? versions[write.stream] ?? 0
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
                holder = answers.owners[TenantReservation(request.tenant, reservation)] ?? nil
            }
            if let holder, holder != owner { return .reservationTaken(reservation, owner: holder) }
            taken[reservation] = owner
        }
        return nil
    }

    private func apply(_ request: AppendRequest, _ batch: inout AppendBatch, _ answers: inout AppendAnswers) {
        let index = batch.index(of: request.tenant)
        for write in request.writes where !write.events.isEmpty {
            var version = versions[write.stream] ?? 0
            let category = Self.categories[write.stream.category] ?? []
            header.begin(
                write.stream, correlation: request.correlation, causation: request.causation,
                recordedAt: batch.recordedAt)
            for event in write.events {
                batch.head += 1
                version += 1
                let id = random.version7(at: batch.recordedAt)
                header.next(
                    position: batch.head, version: version, id: id, schema: Int64(event.schema),
                    length: event.payload.count)
                batch.parts[index].events.append(
                    position: batch.head, version: version, id: id, event: event, crc: checksum(event, category),
                    stream: write.stream, correlation: request.correlation, causation: request.causation)
            }
            versions[write.stream] = version
        }
        for reservation in request.release {
            batch.parts[index].owners[reservation] = .some(nil)
            answers.owners[TenantReservation(request.tenant, reservation)] = .some(nil)
        }
        for (reservation, owner) in request.reserve {
            batch.parts[index].owners[reservation] = owner
            answers.owners[TenantReservation(request.tenant, reservation)] = owner
        }
        for document in request.lookups { batch.parts[index].documents.put(document) }
    }

    private func checksum(_ event: EncodedEvent, _ category: [UInt8]) -> UInt32 {
        var type = event.type
        return type.withUTF8 { type in
            category.withUnsafeBytes { category in
                event.payload.withUnsafeBytes {
                    header.checksum(category: category, type: UnsafeRawBufferPointer(type), payload: $0)
                }
            }
        }
    }
}
