import Domain
@testable import StorePostgres
import TestSupport
import Testing

import Foundation

extension PostgresTests {
    /// A1: positions are in the order of the commits, so no reader can pass by an event that is committed later.
    @Suite struct GlobalOrderTests {
        /// 32 appenders over two stores, commits that dawdle at random, readers with small and large pages on both.
        @Test(.timeLimit(.minutes(4))) func everyReaderSeesEveryEventOnce() async throws {
            let database = try await TestDatabase()
            // A commit that dawdles after its positions were handed out is what a reader could overtake.
            try await database.tamper(
                """
                CREATE FUNCTION dawdle() RETURNS trigger LANGUAGE plpgsql AS
                  $$ BEGIN IF random() < 0.2 THEN PERFORM pg_sleep(random() * 0.02); END IF; RETURN NULL; END $$;
                CREATE TRIGGER dawdle AFTER UPDATE ON albatross.event_head FOR EACH ROW EXECUTE FUNCTION dawdle()
                """)
            let clock = ManualClock()
            let stores = [try await database.open(), try await database.open()]
            let tenants = (0..<5).map { _ in TenantID.make(at: clock.now) }
            let (writers, batches, size) = (32, 125, 25)
            let total = writers * batches * size
            try await withThrowingTaskGroup(of: Void.self) { group in
                for (store, limit) in [(stores[0], 17), (stores[1], 19), (stores[0], 4000), (stores[1], 20_000)] {
                    group.addTask { try await Self.follow(store, pages: limit, until: total) }
                }
                for writer in 0..<writers {
                    group.addTask {
                        let stream = StreamName(tenants[writer % tenants.count], .flight, .version7(at: clock.now))
                        for batch in 0..<batches {
                            let first = batch * size
                            let events = (first..<first + size).map {
                                EncodedEvent(
                                    type: "flight.positions-recorded", schema: 1, payload: Array("\(writer) \($0)".utf8)
                                )
                            }
                            _ = try await stores[(writer + batch) % 2].append(
                                AppendRequest(
                                    tenant: stream.tenant,
                                    writes: [
                                        StreamWrite(stream: stream, expected: .exactly(Int64(first)), events: events)
                                    ],
                                    correlation: stream.id))
                        }
                    }
                }
                try await group.waitForAll()
            }
            #expect(try await stores[0].head() == Int64(total))
            #expect(try await database.count("SELECT count(*) FROM albatross.event") == Int64(total))
            for store in stores { await store.close() }
        }

        private struct Violation: Error { let what: String }

        /// Reads to the end of the log, page by page, as events come.
        private static func follow(_ store: PostgresStore, pages limit: Int, until total: Int) async throws {
            var position: Int64 = 0
            var versions: [StreamName: Int64] = [:]
            var commits = store.commits().makeAsyncIterator()
            while position < Int64(total) {
                let page = try await store.readAll(after: position, limit: limit)
                for envelope in page {
                    guard envelope.position == position + 1 else {
                        throw Violation(what: "\(envelope.position) after \(position), pages of \(limit)")
                    }
                    guard envelope.version == versions[envelope.stream, default: 0] + 1 else {
                        throw Violation(what: "version \(envelope.version) of \(envelope.stream) out of order")
                    }
                    position = envelope.position
                    versions[envelope.stream] = envelope.version
                }
                if page.count < limit, position < Int64(total) {
                    guard await commits.next() != nil else { throw Violation(what: "nothing more to come") }
                }
            }
            guard versions.count == 32 else { throw Violation(what: "\(versions.count) streams") }
        }
    }
}
