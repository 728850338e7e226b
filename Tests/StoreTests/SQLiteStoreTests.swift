import Domain
import GRDB
@testable import StoreSQLite
import TestSupport
import Testing

#if canImport(FoundationEssentials)
import FoundationEssentials
#endif
import Foundation

@Suite struct SQLiteStoreTests {
    let folder = TemporaryFolder("sqlite")
    let clock = ManualClock()
    let tenant = TenantID.make(at: ManualClock().now)

    func open(_ options: SQLiteStore.Options = SQLiteStore.Options(), in directory: String? = nil) throws -> SQLiteStore
    {
        try SQLiteStore.open(directory: directory ?? folder.path, options: options, now: clock.read)
    }
    func stream() -> StreamName { StreamName(tenant, .flight, .version7(at: clock.now)) }
    func request(_ stream: StreamName, _ expected: ExpectedVersion, payload: [UInt8] = [1, 2, 3]) -> AppendRequest {
        AppendRequest(
            tenant: stream.tenant,
            writes: [
                StreamWrite(
                    stream: stream, expected: expected,
                    events: [EncodedEvent(type: "flight.positions-recorded", schema: 1, payload: payload)])
            ], correlation: stream.id)
    }
    func problems(_ store: SQLiteStore) async throws -> [StoreProblem] {
        var found: [StoreProblem] = []
        for try await problem in store.verify() { found.append(problem) }
        return found
    }
    /// Another program on the same folder, which may hold the write lock as long as it likes.
    func otherProgram() throws -> DatabaseQueue {
        var configuration = Configuration()
        configuration.allowsUnsafeTransactions = true
        return try DatabaseQueue(path: folder.path + "/" + SQLiteStore.fileName, configuration: configuration)
    }
    /// Changes the files of a closed store.
    func tamper(_ sql: String) throws {
        let queue = try DatabaseQueue(path: folder.path + "/" + SQLiteStore.fileName)
        try queue.write { try $0.execute(sql: sql) }
        try queue.close()
    }

    @Test func syncsEachCommit() async throws {
        let store = try open()
        #expect(try await store.synchronousLevel() == 2)
        #expect(try await store.pool.read { try String.fetchOne($0, sql: "PRAGMA journal_mode") } == "wal")
        await store.close()
    }

    @Test func keepsFilesToItsOwner() async throws {
        let store = try open()
        _ = try await store.append(request(stream(), .noStream))
        for (file, mode) in [
            ("", 0o700), ("/albatross.sqlite", 0o600), ("/albatross.sqlite-wal", 0o600), ("/albatross.lock", 0o600),
        ] {
            let attributes = try FileManager.default.attributesOfItem(atPath: folder.path + file)
            #expect(attributes[.posixPermissions] as? Int == mode, "\(file)")
        }
        await store.close()
    }

    @Test func refusesASchemaOfALaterRelease() async throws {
        await (try open()).close()
        try tamper("INSERT INTO schema_version VALUES (1000, 0)")
        #expect(throws: StoreOpenError.newerSchema(found: 1000, known: Migration.current)) { try open() }
    }

    @Test func refusesAFolderThatCannotBeMade() async throws {
        #expect(throws: StoreOpenError.self) { try open(in: "/proc/none/store") }
        #expect(throws: StoreOpenError.self) { try open(in: "/dev/null") }
    }

    @Test func migrationsAreNumberedWithoutGaps() {
        #expect(Migration.all.map(\.version) == Array(1...Migration.all.count))
    }

    /// A folder as the first schema left it.
    @Test func anOlderCheckpointHoldsForEveryPartition() async throws {
        try FileManager.default.createDirectory(atPath: folder.path, withIntermediateDirectories: true)
        try tamper(
            """
            CREATE TABLE schema_version (version INTEGER PRIMARY KEY, applied_at INTEGER NOT NULL);
            INSERT INTO schema_version VALUES (1, 0);
            \(Migration.log.sql)
            INSERT INTO checkpoint (projection, generation, position, active)
              VALUES ('flights', 3, 70, 1), ('flights', 4, 20, 0), ('stats', 1, 9, 1);
            """)
        let store = try open()
        let all = { [Int64](repeating: $0, count: Partitions.count) }
        #expect(try await store.progress("flights") == ProjectionProgress(generation: 3, positions: all(70)))
        #expect(try await store.progress("stats") == ProjectionProgress(generation: 1, positions: all(9)))
        try await store.activate("flights", generation: 4)
        #expect(try await store.progress("flights") == ProjectionProgress(generation: 4, positions: all(20)))
        await store.close()
    }

    @Test func twoStoresMakeOneFolderAtOnce() async throws {
        try await withThrowingTaskGroup(of: SQLiteStore.self) { group in
            for _ in 0..<4 { group.addTask { try open() } }
            for try await store in group { await store.close() }
        }
    }

    @Test func restoreIsRefusedWhileTheStoreIsOpen() async throws {
        let store = try open()
        #expect(throws: StoreOpenError.inUse(path: folder.path)) { try FolderLock(directory: folder.path, .exclusive) }
        await store.close()
    }

    @Test func twoProcessesShareALog() async throws {
        let (first, second) = (try open(), try open())
        let shared = stream()
        let stores = [first, second]
        try await withThrowingTaskGroup(of: Void.self) { group in
            for (index, store) in stores.enumerated() {
                group.addTask {
                    let own = stream()
                    for step in 0..<100 {
                        _ = try await store.append(request(own, .exactly(Int64(step))))
                        while true {
                            let version = try await store.readStream(shared, after: 0, limit: 1000).count
                            do throws(EventStoreError) {
                                _ = try await store.append(
                                    request(shared, .exactly(Int64(version)), payload: [UInt8(index)]))
                                break
                            } catch { guard case .wrongExpectedVersion = error else { throw error } }
                        }
                    }
                }
            }
            try await group.waitForAll()
        }
        let log = try await first.readAll(after: 0, limit: 1000)
        #expect(log.map(\.position) == Array(1...400))
        #expect(try await second.readAll(after: 0, limit: 1000) == log)
        #expect(try await first.readStream(shared, after: 0, limit: 1000).map(\.version) == Array(1...200))
        #expect(try await problems(second) == [])
        await first.close()
        await second.close()
    }

    @Test(.timeLimit(.minutes(1))) func hearsOfAnotherProcessesCommits() async throws {
        let (first, second) = (try open(), try open())
        var commits = second.commits().makeAsyncIterator()
        _ = try await first.append(request(stream(), .noStream))
        _ = await commits.next()
        #expect(try await second.head() == 1)
        await first.close()
        await second.close()
        // What may still be buffered, then the end.
        while await commits.next() != nil {}
    }

    @Test func waitsForAnotherProcessThenGivesUp() async throws {
        var options = SQLiteStore.Options()
        options.busyTimeout = .milliseconds(300)
        let store = try open(options)
        let other = try otherProgram()
        let name = stream()
        try await other.writeWithoutTransaction { try $0.execute(sql: "BEGIN IMMEDIATE") }
        await #expect(throws: EventStoreError.self) { try await store.append(request(name, .noStream)) }
        async let late = store.append(request(name, .noStream))
        try await other.writeWithoutTransaction { try $0.execute(sql: "COMMIT") }
        #expect(try await late == 1)
        try other.close()
        await store.close()
    }

    @Test func opensACopyTakenInMidFlight() async throws {
        let store = try open()
        let acknowledged = Shared<Int64>(0)
        let copies = try await withThrowingTaskGroup(of: Void.self) { group in
            for _ in 0..<8 {
                let own = stream()
                group.addTask {
                    for step in 0..<100 {
                        let position = try await store.append(
                            request(own, .exactly(Int64(step)), payload: [UInt8](repeating: 9, count: 500)))
                        acknowledged.change { $0 = max($0, position) }
                    }
                }
            }
            var copies: [(String, Int64)] = []
            for index in 0..<5 {
                // What was acknowledged before the copy began must be in it. The log goes first, as a checkpoint between
                // the two copies moves pages from it to the main file.
                while acknowledged.value < index * 150 { await Task.yield() }
                let floor = acknowledged.value
                let target = folder.path + "/copy-\(index)"
                try FileManager.default.createDirectory(atPath: target, withIntermediateDirectories: true)
                for suffix in ["-wal", ""] {
                    let name = "/" + SQLiteStore.fileName + suffix
                    try FileManager.default.copyItem(atPath: folder.path + name, toPath: target + name)
                }
                copies.append((target, floor))
            }
            try await group.waitForAll()
            return copies
        }
        await store.close()
        for (path, floor) in copies {
            let copy = try open(in: path)
            #expect(try await copy.head() >= floor)
            #expect(try await problems(copy) == [])
            _ = try await copy.append(request(stream(), .noStream))
            await copy.close()
        }
    }

    @Test func findsAFlippedBitAtExactlyItsPosition() async throws {
        var store = try open()
        let name = stream()
        for index in 0..<20 {
            _ = try await store.append(
                request(name, .exactly(Int64(index)), payload: [UInt8](repeating: 0x5A, count: 100)))
        }
        await store.close()
        try tamper(
            "UPDATE event SET payload = CAST(substr(payload, 1, 49) || x'5B' || substr(payload, 51) AS BLOB) WHERE position = 13"
        )
        store = try open()
        await #expect(throws: EventStoreError.corrupted(position: 13)) { try await store.readAll(after: 0, limit: 100) }
        await #expect(throws: EventStoreError.corrupted(position: 13)) {
            try await store.readStream(name, after: 12, limit: 1)
        }
        #expect(try await store.readAll(after: 0, limit: 12).count == 12)
        #expect(try await store.readAll(after: 13, limit: 12).count == 7)
        #expect(try await problems(store) == [.corrupted(position: 13)])
        await store.close()
    }

    /// Every byte of one event's row as it lies in the file, one at a time.
    @Test func findsAFlipOfAnyByteOfAnEvent() async throws {
        let payload = Array("the payload that is looked for".utf8)
        let store = try open()
        _ = try await store.append(request(stream(), .noStream))
        _ = try await store.append(request(stream(), .noStream, payload: payload))
        let wanted = try await store.readAll(after: 0, limit: 10)
        await store.close()
        let file = folder.path + "/" + SQLiteStore.fileName
        let bytes = try [UInt8](Data(contentsOf: URL(fileURLWithPath: file)))
        let start = try #require(bytes.indices.first { bytes[$0...].starts(with: payload) })
        // The whole row lies before its payload: tenant to checksum.
        for offset in stride(from: start - 95, to: start + payload.count, by: 1) {
            var flipped = bytes
            flipped[offset] ^= 0x10
            try Data(flipped).write(to: URL(fileURLWithPath: file))
            let store = try open()
            let found = try? await store.readAll(after: 0, limit: 10)
            #expect(found == nil || found == wanted, "byte \(offset - start) of the payload changed an event unseen")
            #expect(found == nil, "byte \(offset - start)")
            await store.close()
        }
    }

    @Test func verifyFindsGapsAndAWrongHead() async throws {
        var store = try open()
        let name = stream()
        for index in 0..<5 { _ = try await store.append(request(name, .exactly(Int64(index)))) }
        await store.close()
        try tamper("DELETE FROM event WHERE position IN (3, 5)")
        store = try open()
        let found = try await problems(store)
        #expect(found == [.missingTail(last: 4, head: 5), .versionGap(stream: name, expected: 3, found: 4)])
        #expect(try await store.append(request(stream(), .noStream)) == 6, "a position is never given again")
        await store.close()
    }

    @Test func refusesWhatTheQueueCannotHold() async throws {
        var options = SQLiteStore.Options()
        options.queueLimit = 50
        let store = try open(options)
        let blocker = try otherProgram()
        try await blocker.writeWithoutTransaction { try $0.execute(sql: "BEGIN IMMEDIATE") }
        let results = Shared<[Result<Int64, EventStoreError>]>([])
        let (answers, continuation) = AsyncStream.makeStream(of: Void.self)
        let total = 200
        for _ in 0..<total {
            store.submit(request(stream(), .noStream)) { result in
                results.change { $0.append(result) }
                continuation.yield()
            }
        }
        // The loop may have taken one batch before the queue filled.
        let refused = results.value
        #expect(refused.count >= total - 2 * 50)
        #expect(refused.allSatisfy { $0 == .failure(.unavailable("queue full")) })
        try await blocker.writeWithoutTransaction { try $0.execute(sql: "COMMIT") }
        var answered = 0
        for await _ in answers {
            answered += 1
            if answered == total { break }
        }
        let stored = results.value.count { (try? $0.get()) != nil }
        #expect(stored == total - refused.count)
        #expect(try await store.head() == Int64(stored))
        try blocker.close()
        await store.close()
    }

    @Test func answersUnavailableAfterClosing() async throws {
        let store = try open()
        _ = try await store.append(request(stream(), .noStream))
        await store.close()
        await store.close()
        await #expect(throws: EventStoreError.unavailable("the store is closed")) {
            try await store.append(request(stream(), .noStream))
        }
        await #expect(throws: EventStoreError.self) { try await store.head() }
    }

    @Test func onlyTheOffenderOfABatchFails() async throws {
        let store = try open()
        // SQLite refuses this row when the transaction is under way already.
        try await store.pool.write { db in
            try db.execute(
                sql:
                    "CREATE TRIGGER poison BEFORE INSERT ON event WHEN new.payload = x'66' BEGIN SELECT raise(ABORT, 'poison'); END"
            )
        }
        let failures = await withTaskGroup(of: EventStoreError?.self) { group in
            for index in 0..<100 {
                group.addTask {
                    do throws(EventStoreError) {
                        _ = try await store.append(request(stream(), .noStream, payload: [index == 50 ? 0x66 : 1]))
                        return nil
                    } catch { return error }
                }
            }
            return await group.reduce(into: []) { found, error in if let error { found.append(error) } }
        }
        #expect(failures.count == 1)
        #expect(try await store.head() == 99)
        #expect(try await problems(store) == [])
        await store.close()
    }
}
