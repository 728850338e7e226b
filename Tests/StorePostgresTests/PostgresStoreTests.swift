import Domain
@testable import StorePostgres
import TestSupport
import Testing

import Foundation

extension PostgresTests {
    @Suite struct PostgresStoreTests {
        let clock = ManualClock()
        let tenant = TenantID.make(at: ManualClock().now)

        func stream(_ tenant: TenantID? = nil) -> StreamName {
            StreamName(tenant ?? self.tenant, .flight, .version7(at: clock.now))
        }
        func request(
            _ stream: StreamName, _ expected: ExpectedVersion, payload: [UInt8] = [1, 2, 3], events: Int = 1
        )
            -> AppendRequest
        {
            AppendRequest(
                tenant: stream.tenant,
                writes: [
                    StreamWrite(
                        stream: stream, expected: expected,
                        events: [EncodedEvent](
                            repeating: EncodedEvent(type: "flight.positions-recorded", schema: 1, payload: payload),
                            count: events))
                ], correlation: stream.id)
        }
        func problems(_ store: PostgresStore) async throws -> [StoreProblem] {
            var found: [StoreProblem] = []
            for try await problem in store.verify() { found.append(problem) }
            return found
        }

        // MARK: Damage

        @Test func findsAFlippedBitAtExactlyItsPosition() async throws {
            let database = try await TestDatabase()
            let store = try await database.open()
            let name = stream()
            for index in 0..<20 {
                _ = try await store.append(
                    request(name, .exactly(Int64(index)), payload: [UInt8](repeating: 0x5A, count: 100)))
            }
            #expect(try await problems(store) == [])
            try await database.tamper(
                "UPDATE albatross.event SET payload = set_bit(payload, 400, 1 - get_bit(payload, 400)) WHERE position = 13"
            )
            await #expect(throws: EventStoreError.corrupted(position: 13)) {
                try await store.readAll(after: 0, limit: 100)
            }
            await #expect(throws: EventStoreError.corrupted(position: 13)) {
                try await store.readStream(name, after: 12, limit: 1)
            }
            #expect(try await store.readAll(after: 0, limit: 12).count == 12)
            #expect(try await store.readAll(after: 13, limit: 12).count == 7)
            #expect(try await problems(store) == [.corrupted(position: 13)])
            await store.close()
        }

        /// Each column of an event is under its checksum: the columns come from the catalogue.
        @Test func findsAChangeOfAnyColumn() async throws {
            let database = try await TestDatabase()
            let store = try await database.open()
            let columns = try await TestServer.connected(database.adminURL) { connection throws(PostgresFailure) in
                let found = try connection.run(
                    """
                    SELECT a.attname::text, format_type(a.atttypid, NULL) FROM pg_attribute a
                    WHERE a.attrelid = 'albatross.event'::regclass AND a.attnum > 0 AND NOT a.attisdropped
                    """)
                return (0..<found.count).map { (name: found.text($0, 0), type: found.text($0, 1)) }
            }
            #expect(columns.count == 13)
            for (index, column) in columns.enumerated() {
                let position = Int64(index) + 1
                _ = try await store.append(request(stream(), .noStream))
                let change =
                    switch column.type {
                    case "bigint": "\(column.name) # 4096"
                    case "uuid":
                        "coalesce(overlay(\(column.name)::text PLACING 'a5a5' FROM 3)::uuid, gen_random_uuid())"
                    case "text": "CASE \(column.name) WHEN 'flight' THEN 'pirep' ELSE \(column.name) || 'x' END"
                    default: "set_byte(\(column.name), 1, 77)"
                    }
                try await database.tamper(
                    "UPDATE albatross.event SET \(column.name) = \(change) WHERE position = \(position)")
            }
            let found = try await problems(store).filter { if case .corrupted = $0 { true } else { false } }
            let moved = columns.firstIndex { $0.name == "position" }.map { Int64($0) + 1 } ?? 0
            let wanted = columns.indices.map { Int64($0) + 1 }.filter { $0 != moved } + [moved ^ 4096]
            #expect(found == wanted.map { .corrupted(position: $0) })
            await store.close()
        }

        @Test func verifyFindsGapsAndAWrongHead() async throws {
            let database = try await TestDatabase()
            let store = try await database.open()
            let name = stream()
            for index in 0..<5 { _ = try await store.append(request(name, .exactly(Int64(index)))) }
            try await database.tamper("DELETE FROM albatross.event WHERE position IN (3, 5)")
            #expect(
                try await problems(store) == [
                    .missingTail(last: 4, head: 5), .versionGap(stream: name, expected: 3, found: 4),
                ])
            #expect(try await store.append(request(stream(), .noStream)) == 6, "a position is never given again")
            try await database.tamper("UPDATE albatross.event_head SET position = 2")
            #expect(try await problems(store).contains(.beyondHead(position: 6, head: 2)))
            await store.close()
        }

        // MARK: Batches

        /// The database refuses some rows when the transaction is under way already.
        @Test func onlyTheOffendersOfABatchFail() async throws {
            let database = try await TestDatabase()
            try await database.tamper(
                """
                CREATE FUNCTION poison() RETURNS trigger LANGUAGE plpgsql AS
                  $$ BEGIN IF new.payload = '\\x66' THEN RAISE 'poison'; END IF; RETURN new; END $$;
                CREATE TRIGGER poison BEFORE INSERT ON albatross.event FOR EACH ROW EXECUTE FUNCTION poison()
                """)
            let store = try await database.open()
            let tenants = (0..<5).map { _ in TenantID.make(at: clock.now) }
            let failures = await withTaskGroup(of: EventStoreError?.self) { group in
                for index in 0..<200 {
                    group.addTask {
                        do throws(EventStoreError) {
                            _ = try await store.append(
                                request(stream(tenants[index % 5]), .noStream, payload: [index % 100 == 50 ? 0x66 : 1]))
                            return nil
                        } catch { return error }
                    }
                }
                return await group.reduce(into: [EventStoreError]()) { if let error = $1 { $0.append(error) } }
            }
            #expect(failures == [.unavailable("poison (PostgreSQL P0001)"), .unavailable("poison (PostgreSQL P0001)")])
            #expect(try await store.head() == 198)
            #expect(try await problems(store) == [])
            await store.close()
        }

        @Test func aBatchIsHalvedByTenantsFirst() {
            let tenants = (0..<3).map { _ in TenantID.make(at: clock.now) }
            let batch = (0..<9).map { index in PendingAppend(request(stream(tenants[index % 3]), .any)) { _ in } }
            let ids = { (batch: [PendingAppend]) in batch.map(\.request.correlation) }
            let halves = AppendLoop.halves(of: batch)
            #expect(halves.map { Set($0.map(\.request.tenant)).count } == [1, 2])
            #expect(ids(halves[0]) == [0, 3, 6].map { batch[$0].request.correlation })
            #expect(ids(halves[1]) == [1, 2, 4, 5, 7, 8].map { batch[$0].request.correlation })
            #expect(AppendLoop.halves(of: halves[0]).map(ids) == [[ids(batch)[0]], [ids(batch)[3], ids(batch)[6]]])
        }

        /// Holds the head as another process would, for as long as `body` runs.
        private func holdingTheHead(_ database: TestDatabase, _ body: @Sendable () async throws -> Void) async throws {
            let (held, go) = AsyncStream.makeStream(of: Void.self)
            let release = DispatchSemaphore(value: 0)
            async let holder: Void = TestServer.connected(database.adminURL) { connection throws(PostgresFailure) in
                _ = try connection.run("BEGIN")
                _ = try connection.run("SELECT position FROM albatross.event_head FOR UPDATE")
                go.finish()
                release.wait()
                _ = try connection.run("COMMIT")
            }
            for await _ in held {}
            do { try await body() } catch {
                release.signal()
                throw error
            }
            release.signal()
            try await holder
        }

        @Test func waitsForAnotherProcessThenGivesUp() async throws {
            let database = try await TestDatabase()
            var options = TestDatabase.options
            options.lockTimeout = .milliseconds(300)
            let store = try await database.open(options)
            let name = stream()
            try await holdingTheHead(database) {
                await #expect(
                    throws: EventStoreError.unavailable("canceling statement due to lock timeout (PostgreSQL 55P03)")
                ) {
                    try await store.append(request(name, .noStream))
                }
            }
            #expect(try await store.append(request(name, .noStream)) == 1)
            await store.close()
        }

        @Test func refusesWhatTheQueueCannotHold() async throws {
            let database = try await TestDatabase()
            var options = TestDatabase.options
            options.queueLimit = 50
            let store = try await database.open(options)
            let results = Shared<[Result<Int64, EventStoreError>]>([])
            let (answers, continuation) = AsyncStream.makeStream(of: Void.self)
            let (total, name) = (200, stream())
            try await holdingTheHead(database) {
                for _ in 0..<total {
                    store.submit(request(name, .any)) { result in
                        results.change { $0.append(result) }
                        continuation.yield()
                    }
                }
                // The loop may have taken one batch before the queue filled.
                let refused = results.value
                #expect(refused.count >= total - 2 * 50)
                #expect(refused.allSatisfy { $0 == .failure(.unavailable("queue full")) })
                #expect(store.queueDepth <= 50)
            }
            var answered = 0
            for await _ in answers {
                answered += 1
                if answered == total { break }
            }
            let stored = results.value.count { (try? $0.get()) != nil }
            #expect(stored >= 50)
            #expect(try await store.head() == Int64(stored))
            await store.close()
        }

        @Test func answersUnavailableAfterClosing() async throws {
            let store = try await TestDatabase().open()
            _ = try await store.append(request(stream(), .noStream))
            await store.close()
            await store.close()
            await #expect(throws: EventStoreError.unavailable("the store is closed")) {
                try await store.append(request(stream(), .noStream))
            }
            await #expect(throws: EventStoreError.unavailable("the store is closed")) { try await store.head() }
            await #expect(throws: EventStoreError.unavailable("the store is closed")) {
                try await store.nextNumber(tenant, kind: "flight", wanted: nil)
            }
        }

        // MARK: Two processes

        @Test(.timeLimit(.minutes(1))) func hearsOfAnotherProcessesCommits() async throws {
            let database = try await TestDatabase()
            let (first, second) = (try await database.open(), try await database.open())
            var commits = second.commits().makeAsyncIterator()
            // Until the watch has looked once.
            _ = await commits.next()
            _ = try await first.append(request(stream(), .noStream))
            while try await second.head() == 0 { _ = await commits.next() }
            await first.close()
            await second.close()
            // What may still be buffered, then the end.
            while await commits.next() != nil {}
        }

        @Test func aReservationRacedFromTwoStoresHasOneWinner() async throws {
            let database = try await TestDatabase()
            let stores = [try await database.open(), try await database.open()]
            for round in 0..<20 {
                let reservation = Reservation(.bidSlot, "VMS\(round)")
                let results = try await withThrowingTaskGroup(of: (winner: UUID, isOwn: Bool).self) { group in
                    for index in 0..<20 {
                        group.addTask {
                            let owner = UUID.version7(at: clock.now)
                            var request = request(StreamName(tenant, .booking, owner), .noStream)
                            request.reserve = [(reservation, owner: owner)]
                            do throws(EventStoreError) {
                                _ = try await stores[index % 2].append(request)
                                return (owner, true)
                            } catch {
                                guard case .reservationTaken(reservation, let winner) = error else { throw error }
                                return (winner, false)
                            }
                        }
                    }
                    return try await group.reduce(into: []) { $0.append($1) }
                }
                #expect(results.count { $0.isOwn } == 1)
                #expect(Set(results.map(\.winner)).count == 1)
                #expect(try await stores[round % 2].owner(tenant, of: reservation) == results[0].winner)
            }
            #expect(try await stores[0].head() == 20)
            for store in stores { await store.close() }
        }

        /// Somebody writes without the lock of the head: what the store remembers is wrong, and only the keys know.
        @Test func theKeysAreTheLastGuard() async throws {
            let database = try await TestDatabase()
            let store = try await database.open()
            let name = stream()
            _ = try await store.append(request(name, .noStream))
            try await database.tamper(
                """
                CREATE TEMP TABLE twin AS SELECT * FROM albatross.event;
                UPDATE twin SET version = 2, position = 9;
                INSERT INTO albatross.event SELECT * FROM twin
                """)
            let version = EventStoreError.unavailable(
                "duplicate key value violates unique constraint \"event_version\" (PostgreSQL 23505)")
            await #expect(throws: version) { try await store.append(request(name, .exactly(1))) }
            // After the failure nothing is remembered.
            await #expect(throws: EventStoreError.wrongExpectedVersion(stream: name, actual: 2)) {
                try await store.append(request(name, .exactly(1)))
            }
            try await database.tamper("UPDATE albatross.event_head SET position = 8")
            let position = EventStoreError.unavailable(
                "duplicate key value violates unique constraint \"event_position\" (PostgreSQL 23505)")
            await #expect(throws: position) { try await store.append(request(name, .exactly(2))) }

            let taken = Reservation(.slug, "x")
            try await database.tamper(
                """
                CREATE FUNCTION thief() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS $$ BEGIN
                  IF new.owner <> '\(name.id)' THEN
                    INSERT INTO albatross.reservation VALUES (new.tenant, new.scope, new.key, '\(name.id)');
                  END IF;
                  RETURN new;
                END $$;
                CREATE TRIGGER thief BEFORE INSERT ON albatross.reservation FOR EACH ROW EXECUTE FUNCTION thief()
                """)
            await #expect(
                throws: EventStoreError.unavailable(
                    "duplicate key value violates unique constraint \"reservation_pkey\" (PostgreSQL 23505)")
            ) {
                try await store.append(
                    AppendRequest(tenant: tenant, writes: [], reserve: [(taken, owner: UUID())], correlation: UUID()))
            }
            await store.close()
        }

        // MARK: Text

        @Test func keysMayHoldAnyCharacter() async throws {
            let store = try await TestDatabase().open()
            let keys = [
                "", "\0", "\0\0", "\0\u{1}", "\u{1}", "\u{1}\0", "\u{2}", "a", "a\0", "a\0b", "a\u{1}", "\u{D7FF}",
                "\u{E000}", "\u{10FFFF}", "\u{10FFFF}a",
            ]
            _ = try await store.append(
                AppendRequest(
                    tenant: tenant, writes: [], reserve: [(Reservation(.email, "a\0b"), owner: tenant.uuid)],
                    lookups: keys.map { .put(kind: "k\0", key: $0, value: Array($0.utf8)) }, correlation: UUID()))
            let sorted = keys.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
            func scan(_ range: DocumentRange) async throws -> [String] {
                try await store.lookups(tenant, kind: "k\0", range).map(\.key)
            }
            #expect(try await scan(DocumentRange()) == sorted)
            for prefix in keys {
                let wanted = sorted.filter { Array($0.utf8).starts(with: prefix.utf8) }
                #expect(try await scan(DocumentRange(prefix: prefix)) == wanted)
                #expect(try await store.lookup(tenant, kind: "k\0", key: prefix) == Array(prefix.utf8))
                #expect(
                    try await scan(DocumentRange(past: prefix))
                        == sorted.filter { prefix.utf8.lexicographicallyPrecedes($0.utf8) })
            }
            #expect(try await store.owner(tenant, of: Reservation(.email, "a\0b")) == tenant.uuid)
            #expect(try await store.owner(tenant, of: Reservation(.email, "a")) == nil)
            await store.close()
        }

        // MARK: Plans

        /// What is asked all day is answered by indexes, also through the policies of row-level security.
        @Test func nothingHotReadsAWholeTable() async throws {
            let database = try await TestDatabase()
            let (mine, name) = (tenant, stream())
            try await database.tamper(
                """
                INSERT INTO albatross.event (position, version, recorded_at, crc, schema, tenant, stream, event_id, correlation,
                  category, type, payload)
                  SELECT g, g, 0, 0, 1, '\(mine)', gen_random_uuid(), gen_random_uuid(), gen_random_uuid(), 'flight', 't', '\\x00'
                  FROM generate_series(1, 30000) AS g;
                UPDATE albatross.event_head SET position = 30000;
                INSERT INTO albatross.projection VALUES ('m', 1);
                INSERT INTO albatross.read_model SELECT 'm', 1, '\(mine)', 'k', 'a/' || g, '\\x00' FROM generate_series(1, 30000) AS g;
                INSERT INTO albatross.lookup SELECT '\(mine)', 'k', 'a/' || g, '\\x00' FROM generate_series(1, 30000) AS g;
                INSERT INTO albatross.reservation SELECT '\(mine)', 'email', 'a/' || g, gen_random_uuid() FROM generate_series(1, 30000) AS g;
                INSERT INTO albatross.session SELECT '\(mine)', 'web', int8send(g), gen_random_uuid(), g FROM generate_series(1, 30000) AS g;
                """)
            let tables = ["event", "read_model", "lookup", "reservation", "session"]
            for table in tables { try await database.tamper("ANALYZE albatross.\(table)") }
            let store = try await database.open()
            let range = DocumentRange(prefix: "a/2", past: "a/20", limit: 5)
            // Often enough for the server to have chosen a plan that it keeps.
            for step in 0..<12 {
                var append = request(name, .exactly(Int64(step)))
                append.reserve = [(Reservation(.email, "b"), owner: name.id)]
                append.lookups = [.put(kind: "k", key: "b", value: []), .delete(kind: "k", key: "c")]
                _ = try await store.append(append)
                _ = try await store.readStream(name, after: 0, limit: 5)
                _ = try await store.readAll(after: 30_000, limit: 5)
                _ = try await store.lookup(mine, kind: "k", key: "a/7")
                _ = try await store.lookups(mine, kind: "k", range)
                _ = try await store.owner(mine, of: Reservation(.email, "a/7"))
                _ = try await store.document(mine, "m", kind: "k", key: "a/7")
                _ = try await store.documents(mine, "m", kind: "k", range)
                _ = try await store.session(mine, kind: "web", hash: [1])
                _ = try await store.endSessions(mine, kind: "web", user: UserID(name.id), hash: nil)
                try await store.commit(
                    "m", generation: 1, partitions: 0..<1,
                    writes: [(mine, .put(kind: "k", key: "b", value: [])), (mine, .delete(kind: "k", key: "c"))],
                    checkpoint: Int64(step))
            }
            // Counters of a connection are sure to have arrived when it is gone.
            await store.close()
            let open =
                "SELECT count(*) FROM pg_stat_activity WHERE usename = '\(TestServer.service)' AND datname = '\(database.name)'"
            while try await database.count(open) > 0 {}
            for table in tables {
                let scans = try await database.count(
                    "SELECT seq_scan FROM pg_stat_user_tables WHERE schemaname = 'albatross' AND relname = '\(table)'")
                #expect(scans == 0, "\(table)")
                let found = try await database.count(
                    "SELECT idx_scan FROM pg_stat_user_tables WHERE schemaname = 'albatross' AND relname = '\(table)'")
                #expect(found >= 12, "\(table)")
            }
        }

        // MARK: Replica

        /// The "replica" is a copy of the database at some moment.
        @Test func aReplicaThatIsBehindWhatWasToldIsNotAsked() async throws {
            let database = try await TestDatabase()
            let (one, two) = (tenant, "m")
            func write(_ store: PostgresStore, _ value: UInt8, _ checkpoint: Int64) async throws {
                try await store.commit(
                    two, generation: 1, partitions: 3..<4, writes: [(one, .put(kind: "k", key: "a", value: [value]))],
                    checkpoint: checkpoint)
            }
            let first = try await database.open()
            try await write(first, 1, 10)
            await first.close()
            let replica = try await database.copy()
            let store = try await database.open(readURL: try replica.serviceURL)
            func read() async throws -> [UInt8?] {
                [
                    try await store.document(one, two, kind: "k", key: "a")?.first,
                    try await store.documents(one, two, kind: "k", DocumentRange()).first?.value.first,
                ]
            }
            #expect(try await read() == [1, 1])
            try await write(store, 2, 20)
            #expect(try await read() == [1, 1], "nobody was told of the second")
            #expect(try await store.progress(two).positions[3] == 20)
            #expect(try await read() == [2, 2], "from the primary")
            try await database.tamper("UPDATE albatross.read_model SET value = '\\x07'")
            #expect(try await read() == [7, 7], "from the primary")
            // Never from the replica, whatever it has: lookups, streams, the log.
            _ = try await store.append(request(stream(), .noStream))
            #expect(try await store.head() == 1)
            #expect(try await store.readAll(after: 0, limit: 9).count == 1)
            await store.close()
        }

        @Test func aReplicaThatIsAwayIsNotMissed() async throws {
            let database = try await TestDatabase()
            let store = try await database.open(readURL: "postgres://nobody@127.0.0.1:1/none")
            try await store.commit(
                "m", generation: 1, partitions: Partitions.all,
                writes: [(tenant, .put(kind: "k", key: "a", value: [1]))], checkpoint: 1)
            #expect(try await store.document(tenant, "m", kind: "k", key: "a") == [1])
            await store.close()
        }
    }
}
