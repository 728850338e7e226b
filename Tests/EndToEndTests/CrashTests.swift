import AsyncHTTPClient
import Foundation
import NIOCore
import Synchronization
import Testing

extension EndToEnd {
    /// F1 in its short form: kill -9 under load, again and again; then what was acknowledged is compared with what is there.
    @Suite(.serialized)
    struct CrashTests {
        static let seed: UInt64 = 0xF1
        static let cycles = 25
        static let writers = 16

        /// What the writers share: where the server is now, and when to stop.
        final class Driver: Sendable {
            private struct State {
                var url: String?
                var isOver = false
            }
            private let state = Mutex(State())
            func set(url: String?) { state.withLock { $0.url = url } }
            func finish() { state.withLock { $0.isOver = true } }
            var isOver: Bool { state.withLock { $0.isOver } }
            /// Waits while no server runs; nil when the test is over.
            func url() async throws -> String? {
                let found = try await eventually("server", within: .seconds(120)) { () -> String?? in
                    state.withLock { state in state.isOver ? .some(nil) : state.url.map { .some($0) } }
                }
                return found
            }
        }

        /// What one writer sent and what was answered, in memory.
        struct Ledger: Sendable {
            struct Flown: Sendable {
                let flight: Tracker.Flight
                var sent: Set<Int> = []
                var acknowledged: Set<Int> = []
                /// As answered.
                var report: Int?
                var mayBeFiled = false
            }
            var flights: [Flown] = []
            var retries = 0
        }

        @Test(.timeLimit(.minutes(10)))
        func losesNothingAcknowledged() async throws {
            print("crash test: seed \(Self.seed), \(Self.cycles) cycles, \(Self.writers) writers")
            try await withServer { server in
                let airline = try await Airline.make(on: server, spare: Self.writers)
                var pilots: [(number: Int, token: String)] = []
                for index in 0..<Self.writers {
                    try await airline.addUser(100 + index, name: "Writer \(index)")
                    pilots.append((100 + index, try await airline.tracker(100 + index).token))
                }
                let driver = Driver()
                driver.set(url: server.url)
                let ledgers = try await withThrowingTaskGroup(of: Ledger?.self) { group in
                    for (index, pilot) in pilots.enumerated() {
                        group.addTask {
                            try await Self.write(index, pilot.number, pilot.token, driver)
                        }
                    }
                    group.addTask {
                        defer { driver.finish() }
                        var random = RandomSource(seed: Self.seed)
                        for _ in 0..<Self.cycles {
                            // The moment is random by intent; nothing waits for a state here.
                            try await Task.sleep(for: .milliseconds(Int.random(in: 5...500, using: &random)))
                            driver.set(url: nil)
                            await server.kill()
                            let clock = ContinuousClock()
                            let begin = clock.now
                            try await server.start()
                            #expect(clock.now - begin < .seconds(100), "ready again within 10 s, ten times over")
                            driver.set(url: server.url)
                        }
                        // The last server takes what is still unknown.
                        try await Task.sleep(for: .milliseconds(200))
                        return nil
                    }
                    return try await group.reduce(into: [Ledger]()) { if let ledger = $1 { $0.append(ledger) } }
                }
                try await check(server, airline, ledgers)
            }
        }

        private static func latitude(_ number: Int) -> Double { decimal(40, number, 10) }
        private static func number(_ latitude: Double) -> Int { Int(((latitude - 40) / 0.0001).rounded()) }

        /// One pilot: books, reports positions, files, books again; what got no answer is sent again until it does.
        private static func write(_ index: Int, _ number: Int, _ token: String, _ driver: Driver) async throws -> Ledger
        {
            var ledger = Ledger()
            var random = RandomSource(seed: seed &+ UInt64(index) &* 7919)
            let entry = String(1000 + index)

            /// Asks until there is an answer; nil when the test is over.
            func ask(
                _ work: (Tracker) async throws -> Answer
            ) async throws -> Answer? {
                while let url = try await driver.url() {
                    let access = Access(url: "\(url)/acars/demo/smartcars3/", dialect: .d5, host: nil)
                    do {
                        return try await work(Tracker(access: access, token: token, number: number))
                    } catch is CancellationError {
                        throw CancellationError()
                    } catch {
                        ledger.retries += 1
                        // The server is gone or going; its successor is announced by the driver.
                        try await Task.sleep(for: .milliseconds(5))
                    }
                }
                return nil
            }

            flights: while !driver.isOver {
                // A booking whose answer was lost is found in the list.
                guard let found = try await ask({ try await $0.get("flights/search", [("callsign", entry)]) }),
                    let id = try found.json()[0]?["id"]?.integer,
                    let booked = try await ask({
                        try await $0.post("flights/book", ["flightID": .string(String(id)), "aircraftID": 1])
                    })
                else { break }
                #expect([200, 409].contains(booked.status), "\(booked.text)")
                guard let bookings = try await ask({ try await $0.get("flights/bookings") }) else { break }
                let bid = try #require(try bookings.json()[0]?["bidID"]?.integer, "\(booked.text) \(bookings.text)")
                guard let started = try await ask({ try await $0.post("flights/start", ["bidID": .int(bid)]) }) else {
                    break
                }
                let flightID = try #require(try started.json()["trackingID"]?.text, "\(started.text)")
                let flight = Tracker.Flight(bid: bid, id: flightID)
                var flown = Ledger.Flown(flight: flight)
                defer { ledger.flights.append(flown) }

                let length = Int.random(in: 20...120, using: &random)
                for step in 0..<length {
                    if driver.isOver { break flights }
                    var change: [String: JSON?] = [
                        "latitude": .double(latitude(step)), "longitude": .double(Double(index)),
                        "altitude": .int(10_000 + step),
                    ]
                    // Half the writers send the time with it, which is the other way of telling a repeat.
                    if index.isMultiple(of: 2) { change["eventTimestamp"] = .string(PositionTests.stamp(Date())) }
                    let body = Bodies.update(flight, change)
                    flown.sent.insert(step)
                    guard let answer = try await ask({ try await $0.post("flights/update", body) }) else {
                        break flights
                    }
                    #expect(answer.status == 200, "\(answer.text)")
                    if answer.isSuccess { flown.acknowledged.insert(step) }
                }
                flown.mayBeFiled = true
                guard let filed = try await ask({ try await $0.complete(flight) }) else { break }
                #expect(filed.status == 200, "\(filed.text)")
                flown.report = try filed.json()["pirepID"]?.integer
            }
            return ledger
        }

        private func check(_ server: AlbatrossServer, _ airline: Airline, _ ledgers: [Ledger]) async throws {
            let staff = try await airline.staff()
            let flights = ledgers.flatMap(\.flights)
            let acknowledged = flights.reduce(0) { $0 + $1.acknowledged.count }
            let reports = flights.filter { $0.report != nil }
            print(
                "crash test: \(flights.count) flights, \(acknowledged) positions and \(reports.count) reports acknowledged, \(ledgers.reduce(0) { $0 + $1.retries }) unknown"
            )
            #expect(acknowledged > Self.cycles * Self.writers, "the load was too small to show anything")
            #expect(reports.count > Self.writers / 2)

            for flown in flights where !flown.sent.isEmpty {
                let stored = try await staff.track(flown.flight.id).latitudes.map(Self.number)
                let lost = flown.acknowledged.subtracting(stored)
                #expect(lost.isEmpty, "flight \(flown.flight.id) lost \(lost.sorted())")
                #expect(Set(stored).count == stored.count, "flight \(flown.flight.id) holds repeats")
                #expect(Set(stored).isSubset(of: flown.sent))
            }

            let listed = try await eventually("every report in the list", within: .seconds(60)) {
                let listed = try await staff.all("pireps")
                let ids = Set(listed.compactMap { $0["flight_id"]?.text ?? $0["id"]?.text })
                return reports.allSatisfy { ids.contains($0.flight.id) } ? listed : nil
            }
            let counts = Dictionary(grouping: listed) { $0["flight_id"]?.text ?? $0["id"]?.text ?? "" }.mapValues(
                \.count)
            for flown in reports { #expect(counts[flown.flight.id] == 1) }
            let possible = Set(flights.filter(\.mayBeFiled).map(\.flight.id))
            #expect(Set(counts.keys).isSubset(of: possible))
            let numbers = reports.compactMap(\.report)
            #expect(Set(numbers).count == numbers.count)

            // Everything filed gets its decision, also what was filed just before a kill.
            for flown in reports { _ = try await staff.judged(flown.flight.id) }

            try await contiguous(server)
            let before = try await staff.all("flights")
            #expect(before.count >= flights.count { !$0.sent.isEmpty })
            let verified = try await server.cli("verify")
            #expect(verified.status == 0, "\(verified.output)\(verified.errors)")
            let rebuilt = try await server.cli("rebuild")
            #expect(rebuilt.status == 0, "\(rebuilt.output)\(rebuilt.errors)")
            let after = try await staff.all("flights")
            #expect(JSON.array(before).canonical == JSON.array(after).canonical)
            let again = try await server.cli("verify")
            #expect(again.status == 0, "\(again.output)\(again.errors)")
        }

        /// The store as another program sees it.
        private func contiguous(_ server: AlbatrossServer) async throws {
            #expect(try await server.sqlite("PRAGMA integrity_check") == "ok")
            let broken = try await server.sqlite(
                """
                SELECT count(*) FROM (
                  SELECT tenant, category, stream FROM event GROUP BY tenant, category, stream
                  HAVING min(version) <> 1 OR max(version) <> count(*) OR count(DISTINCT version) <> count(*))
                """)
            #expect(broken == "0", "\(broken) streams have holes in their versions")
            let positions = try await server.sqlite("SELECT min(position), max(position), count(*) FROM event")
            let parts = positions.split(separator: "|").compactMap { Int($0) }
            #expect(parts.count == 3 && parts[0] == 1 && parts[1] == parts[2], "positions have holes: \(positions)")
            let ids = try await server.sqlite("SELECT count(*) - count(DISTINCT event_id) FROM event")
            #expect(ids == "0")
        }

        /// Stop while requests are under way: what was answered is there, and the exit is orderly.
        @Test func losesNothingAtAnOrderlyStop() async throws {
            try await withServer { server in
                let airline = try await Airline.make(on: server, spare: 8)
                var begun: [(Tracker, Tracker.Flight)] = []
                for index in 0..<8 {
                    try await airline.addUser(100 + index, name: "Writer \(index)")
                    let tracker = try await airline.tracker(100 + index)
                    begun.append((tracker, try await tracker.begin(String(1000 + index))))
                }
                let acknowledged = Shared<[String: Set<Int>]>([:])
                try await withThrowingTaskGroup(of: Void.self) { group in
                    for (tracker, flight) in begun {
                        group.addTask {
                            for step in 0..<100_000 {
                                let body = Bodies.update(flight, ["latitude": .double(Self.latitude(step))]).bytes
                                guard
                                    let answer = try? await Web.send(
                                        "POST", tracker.access.url + "flights/update",
                                        headers: [("Authorization", "Bearer \(tracker.token)")], body: body)
                                else { return }
                                guard answer.status == 200 else {
                                    #expect(answer.status == 503, "\(answer.status) \(answer.text)")
                                    return
                                }
                                acknowledged.withLock { _ = $0[flight.id, default: []].insert(step) }
                            }
                        }
                    }
                    group.addTask {
                        try await eventually("load") {
                            acknowledged.withLock { $0.values.reduce(0) { $0 + $1.count } } > 200 ? true : nil
                        }
                        try await server.stop()
                    }
                    try await group.waitForAll()
                }
                try await server.start()
                let staff = try await airline.staff()
                for (flight, steps) in acknowledged.withLock({ $0 }) {
                    let stored = try await staff.track(flight).latitudes.map(Self.number)
                    #expect(steps.isSubset(of: stored))
                    #expect(Set(stored).count == stored.count)
                }
            }
        }
    }
}
