import Domain
@testable import StorePostgres
import TestSupport
import Testing

import Foundation

extension PostgresTests {
    /// What is left when the server, or the way to it, fails.
    @Suite struct PostgresFaultTests {
        let clock = ManualClock()
        let tenant = TenantID.make(at: ManualClock().now)

        private func request(_ stream: StreamName, _ expected: ExpectedVersion, _ text: String) -> AppendRequest {
            AppendRequest(
                tenant: stream.tenant,
                writes: [
                    StreamWrite(
                        stream: stream, expected: expected,
                        events: [EncodedEvent(type: "flight.opened", schema: 1, payload: Array(text.utf8))])
                ], correlation: stream.id)
        }
        private func stream() -> StreamName { StreamName(tenant, .flight, .version7(at: clock.now)) }
        private func texts(_ store: PostgresStore, _ stream: StreamName) async throws(EventStoreError) -> [String] {
            try await store.readStream(stream, after: 0, limit: 10_000).map {
                String(decoding: $0.event.payload, as: UTF8.self)
            }
        }

        /// A store behind a proxy that can play dead.
        private func proxied(
            _ options: PostgresStore.Options = PostgresStore.Options()
        ) async throws -> (
            store: PostgresStore, proxy: FaultProxy, database: TestDatabase
        ) {
            let database = try await TestDatabase()
            var parts = try #require(URLComponents(string: try database.serviceURL))
            let proxy = try FaultProxy(to: UInt16(parts.port ?? 5432))
            parts.host = "127.0.0.1"
            parts.port = Int(proxy.port)
            let store = try await PostgresStore.open(url: try #require(parts.string), options: options, now: clock.read)
            return (store, proxy, database)
        }

        /// Asks again until the answer is no longer that the store is away.
        private func retried<T>(_ body: () async throws(EventStoreError) -> T) async throws -> T {
            while true {
                do throws(EventStoreError) { return try await body() } catch {
                    guard case .unavailable = error else { throw error }
                    try await Task.sleep(for: .milliseconds(5))
                }
            }
        }

        /// Connections are ended by an administrator while 16 appenders work over two stores.
        @Test(.timeLimit(.minutes(2))) func killedConnectionsLoseAndRepeatNothing() async throws {
            let database = try await TestDatabase()
            let stores = [try await database.open(), try await database.open()]
            let (writers, steps) = (16, 150)
            let done = Shared(0)
            let unknown = Shared(0)
            let streams = (0..<writers).map { _ in stream() }
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask {
                    while done.value < writers {
                        _ = try await database.count(
                            """
                            SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity
                            WHERE usename = '\(TestServer.service)' AND datname = '\(database.name)' AND random() < 0.7
                            """)
                        try await Task.sleep(for: .milliseconds(40))
                    }
                }
                for writer in 0..<writers {
                    group.addTask {
                        let name = streams[writer]
                        for step in 0..<steps {
                            while true {
                                do throws(EventStoreError) {
                                    _ = try await stores[(writer + step) % 2].append(
                                        request(name, .exactly(Int64(step)), "\(step)"))
                                    break
                                } catch {
                                    switch error {
                                    case .unavailable:
                                        // Perhaps it is stored: only the stream knows.
                                        unknown.change { $0 += 1 }
                                        if try await retried({ () throws(EventStoreError) in
                                            try await texts(stores[writer % 2], name)
                                        }).count > step {
                                            break
                                        }
                                        continue
                                    default: throw error
                                    }
                                    break
                                }
                            }
                        }
                        done.change { $0 += 1 }
                    }
                }
                try await group.waitForAll()
            }
            #expect(unknown.value > 0, "nothing was hit")
            for name in streams {
                #expect(
                    try await retried { () throws(EventStoreError) in try await texts(stores[0], name) }
                        == (0..<steps).map { "\($0)" })
            }
            let log = try await retried { () throws(EventStoreError) in
                try await stores[1].readAll(after: 0, limit: writers * steps + 1)
            }
            #expect(log.map(\.position) == Array(1...Int64(writers * steps)))
            for store in stores { await store.close() }
        }

        /// The COMMIT arrives, its answer does not.
        @Test(.timeLimit(.minutes(1))) func aCommitWithoutAnAnswerIsNotCalledDoneAndNotDoneAgain() async throws {
            var options = TestDatabase.options
            options.answerTimeout = .seconds(1)
            let (store, proxy, database) = try await proxied(options)
            // The commit waits long enough for the proxy to go deaf.
            try await database.tamper(
                """
                CREATE FUNCTION dawdle() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM pg_sleep(0.4); RETURN NULL; END $$;
                CREATE TRIGGER dawdle AFTER UPDATE ON albatross.event_head FOR EACH ROW EXECUTE FUNCTION dawdle()
                """)
            for step in 0..<2 {
                let name = stream()
                async let answer = append(store, request(name, .any, "once"))
                // Until the transaction sits in its trigger.
                while try await database.count(
                    "SELECT count(*) FROM pg_stat_activity WHERE datname = '\(database.name)' AND wait_event = 'PgSleep'"
                ) == 0 {}
                proxy.set(.mute)
                // The first time the connection stays, silent; the second time it breaks.
                if step == 1 {
                    while try await database.count("SELECT count(*) FROM albatross.event") < 2 {}
                    proxy.cut()
                }
                guard case .failure(.unavailable) = await answer else {
                    Issue.record("answered \(await answer)")
                    return
                }
                #expect(try await database.count("SELECT count(*) FROM albatross.event") == Int64(step + 1))
                proxy.cut()
                proxy.set(.pass)
                #expect(try await retried { () throws(EventStoreError) in try await texts(store, name) } == ["once"])
                // Who asks again is told that it is there.
                while true {
                    do throws(EventStoreError) {
                        _ = try await store.append(request(name, .noStream, "twice"))
                        Issue.record("written twice")
                    } catch {
                        if case .unavailable = error {
                            try await Task.sleep(for: .milliseconds(10))
                            continue
                        }
                        #expect(error == .wrongExpectedVersion(stream: name, actual: 1))
                    }
                    break
                }
            }
            await store.close()
            proxy.close()
        }

        private func append(_ store: PostgresStore, _ request: AppendRequest) async -> Result<Int64, EventStoreError> {
            do throws(EventStoreError) { return .success(try await store.append(request)) } catch {
                return .failure(error)
            }
        }

        /// Refused connections, then a way that swallows everything: an answer comes within 5 s (10 times that is a hang), what
        /// follows is refused at once, and it all comes back by itself.
        @Test(.timeLimit(.minutes(2)), arguments: [FaultProxy.Mode.refuse, .silent])
        func whileTheServerIsAwayEveryCallIsAnswered(_ mode: FaultProxy.Mode) async throws {
            let (store, proxy, _) = try await proxied()
            _ = try await store.append(request(stream(), .noStream, "before"))
            _ = try await store.nextNumber(tenant, kind: "flight", wanted: nil)
            proxy.set(mode)
            if mode == .refuse { proxy.cut() }
            let start = ContinuousClock.now
            let answers = await withTaskGroup(of: Bool.self) { group in
                for index in 0..<40 {
                    group.addTask {
                        do throws(EventStoreError) {
                            switch index % 3 {
                            case 0: _ = try await store.append(request(stream(), .noStream, "away"))
                            case 1: _ = try await store.lookup(tenant, kind: "k", key: "k")
                            default: _ = try await store.nextNumber(tenant, kind: "flight", wanted: nil)
                            }
                            return false
                        } catch {
                            guard case .unavailable = error else { return false }
                            return true
                        }
                    }
                }
                return await group.reduce(into: [Bool]()) { $0.append($1) }
            }
            #expect(answers.allSatisfy { $0 })
            #expect(ContinuousClock.now - start < .seconds(50))
            // Known to be away by now: no append waits for the network any more.
            let later = ContinuousClock.now
            for _ in 0..<200 {
                guard case .failure(.unavailable) = await append(store, request(stream(), .noStream, "later")) else {
                    Issue.record("written while away")
                    continue
                }
            }
            #expect(ContinuousClock.now - later < .seconds(2))
            #expect(store.queueDepth == 0)
            proxy.set(.pass)
            if mode == .silent { proxy.cut() }
            let name = stream()
            _ = try await retried { () throws(EventStoreError) in
                try await store.append(request(name, .noStream, "after"))
            }
            #expect(try await retried { () throws(EventStoreError) in try await texts(store, name) } == ["after"])
            await store.close()
            proxy.close()
        }

        /// A server that restarted closed every idle connection: nobody notices.
        @Test func idleConnectionsThatWereClosedAreReplaced() async throws {
            let database = try await TestDatabase()
            let store = try await database.open()
            for step in 0..<5 {
                let name = stream()
                _ = try await store.append(request(name, .noStream, "\(step)"))
                #expect(try await store.nextNumber(tenant, kind: "flight", wanted: nil) == step + 1)
                #expect(try await texts(store, name) == ["\(step)"])
                let open =
                    "FROM pg_stat_activity WHERE datname = '\(database.name)' AND usename = '\(TestServer.service)'"
                _ = try await database.count("SELECT count(pg_terminate_backend(pid, 5000)) \(open)")
            }
            await store.close()
        }
    }
}
