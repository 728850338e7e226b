import AsyncHTTPClient
import Foundation
import NIOCore
import NIOHTTP1
import Synchronization
import Testing

/// Trackers that work while something is broken under them, and the oracle of the fault matrix: what was acknowledged is
/// stored, what is stored was sent, nothing is there twice, and every read model equals a replay.
///
/// Each pilot books, reports positions, files, and books again. What got no answer, or was refused because the service is
/// away, is sent again until it is answered. Every send and every answer is in `load.log` beside the server's data.
final class FaultLoad: Sendable {
    /// What one pilot sent and what was answered.
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
        /// Sends without an answer.
        var unknown = 0
        var slowest = Duration.zero
    }

    private struct State {
        var url: String?
        var isOver = false
        var acknowledged = 0
        var refused = 0
        var ledgers: [Ledger] = []
    }

    let server: AlbatrossServer
    let airline: Airline
    let name: String
    let seed: UInt64
    /// Whether an answer may be that the service is away, with `Retry-After`.
    let mayRefuse: Bool
    /// Whether every position has its own time. Without, a repeat is known for 30 s only.
    let isStamped: Bool
    private let pilots: [(number: Int, token: String)]
    private let log: FileHandle?
    private let state = Mutex(State())

    private init(
        server: AlbatrossServer, airline: Airline, name: String, seed: UInt64, mayRefuse: Bool, isStamped: Bool,
        pilots: [(number: Int, token: String)]
    ) {
        self.server = server
        self.airline = airline
        self.name = name
        self.seed = seed
        self.mayRefuse = mayRefuse
        self.isStamped = isStamped
        self.pilots = pilots
        let path = server.folder + "/load.log"
        FileManager.default.createFile(atPath: path, contents: nil)
        log = FileHandle(forWritingAtPath: path)
    }

    /// An airline on the running server, with its pilots logged in.
    static func make(
        _ name: String, on server: AlbatrossServer, writers: Int, seed: UInt64, mayRefuse: Bool = false,
        isStamped: Bool = false
    ) async throws -> FaultLoad {
        let airline = try await Airline.make(on: server, spare: writers)
        var pilots: [(number: Int, token: String)] = []
        for index in 0..<writers {
            try await airline.addUser(100 + index, name: "Writer \(index)")
            pilots.append((100 + index, try await airline.tracker(100 + index).token))
        }
        Soak.say("\(name): seed \(seed), \(writers) writers")
        return FaultLoad(
            server: server, airline: airline, name: name, seed: seed, mayRefuse: mayRefuse, isStamped: isStamped,
            pilots: pilots)
    }

    // MARK: Driving

    /// Tells the pilots where the server is; nil while there is none.
    func set(url: String?) { state.withLock { $0.url = url } }
    private var isOver: Bool { state.withLock { $0.isOver } }
    /// Positions that were answered with success so far.
    var acknowledged: Int { state.withLock { $0.acknowledged } }
    private var ledgers: [Ledger] { state.withLock { $0.ledgers } }
    var unknown: Int { ledgers.reduce(0) { $0 + $1.unknown } }
    /// Answers so far that the service is away.
    var refused: Int { state.withLock { $0.refused } }
    /// The longest that a request waited for its answer, whatever that was.
    var slowest: Duration { ledgers.map(\.slowest).max() ?? .zero }

    /// Waits until so many more positions were acknowledged: the service works.
    func progress(_ count: Int, within limit: Duration = .seconds(100)) async throws {
        let wanted = acknowledged + count
        try await eventually("\(count) more acknowledged positions", within: limit) {
            acknowledged >= wanted ? true : nil
        }
    }

    /// SIGKILL of the server, and a new start.
    /// - Returns: From the start to the ready line.
    func killAndRestart(environment: [String: String] = [:]) async throws -> Duration {
        set(url: nil)
        await server.kill()
        return try await restart(environment: environment)
    }

    func restart(environment: [String: String] = [:]) async throws -> Duration {
        let begin = ContinuousClock.now
        try await server.start(environment: environment)
        let time = ContinuousClock.now - begin
        set(url: server.url)
        return time
    }

    /// The pilots work while `faults` does its worst. Afterwards the server runs and every pilot has its last answer.
    func run(_ faults: @escaping @Sendable (FaultLoad) async throws -> Void) async throws {
        set(url: server.url)
        try await withThrowingTaskGroup(of: Void.self) { group in
            for index in pilots.indices {
                group.addTask {
                    let ledger = try await self.write(index)
                    self.state.withLock { $0.ledgers.append(ledger) }
                }
            }
            group.addTask {
                defer { self.state.withLock { $0.isOver = true } }
                try await faults(self)
                // What is still unknown is settled before the end.
                try await self.progress(self.pilots.count)
            }
            try await group.waitForAll()
        }
    }

    private static func latitude(_ number: Int) -> Double { decimal(40, number, 10) }
    private static func number(_ latitude: Double) -> Int { Int(((latitude - 40) / 0.0001).rounded()) }

    private func note(_ line: @autoclosure () -> String) { log?.write(Data((line() + "\n").utf8)) }

    /// Sends until there is an answer that is none of the service being away; nil when the load is over.
    private func ask(
        _ ledger: inout Ledger, _ index: Int, _ method: String, _ path: String, _ body: JSON? = nil
    ) async throws -> Answer? {
        while true {
            // No answer is owed while no server runs.
            let url = try await eventually("server", within: .seconds(300)) { () -> String?? in
                state.withLock { $0.isOver ? .some(nil) : $0.url.map { .some($0) } }
            }
            guard let url else { return nil }
            let begin = ContinuousClock.now
            note("\(index) > \(method) \(path) \(body?.canonical ?? "")")
            do {
                let answer = try await Web.send(
                    method, "\(url)/acars/demo/smartcars3/\(path)",
                    headers: [
                        ("Authorization", "Bearer \(pilots[index].token)"), ("Content-Type", "application/json"),
                    ], body: body?.bytes)
                ledger.slowest = max(ledger.slowest, ContinuousClock.now - begin)
                note("\(index) < \(answer.status) \(answer.text)")
                guard answer.status >= 500 else { return answer }
                state.withLock { $0.refused += 1 }
                #expect(mayRefuse && answer.status == 503, "\(method) \(path): \(answer.status) \(answer.text)")
                #expect(answer.headers.first(name: "Retry-After").flatMap { Int($0) } != nil, "\(answer.headers)")
            } catch is CancellationError {
                throw CancellationError()
            } catch {
                ledger.slowest = max(ledger.slowest, ContinuousClock.now - begin)
                ledger.unknown += 1
                note("\(index) < nothing: \(error)")
            }
            // Not at once again: the service is away, and a client that spins would take the machine from it.
            try await Task.sleep(for: .milliseconds(10))
        }
    }

    /// One pilot.
    private func write(_ index: Int) async throws -> Ledger {
        var ledger = Ledger()
        var random = RandomSource(seed: seed &+ UInt64(index) &* 7919)
        let entry = String(1000 + index)

        flights: while !isOver {
            // A booking whose answer was lost is found in the list.
            guard let found = try await ask(&ledger, index, "GET", "flights/search?callsign=\(entry)"),
                let id = try found.json()[0]?["id"]?.integer,
                let booked = try await ask(
                    &ledger, index, "POST", "flights/book", ["flightID": .string(String(id)), "aircraftID": 1])
            else { break }
            #expect([200, 409].contains(booked.status), "\(booked.text)")
            guard let bookings = try await ask(&ledger, index, "GET", "flights/bookings") else { break }
            let bid = try #require(
                try bookings.json()[0]?["bidID"]?.integer, "\(index): \(booked.text) \(bookings.text)")
            guard let started = try await ask(&ledger, index, "POST", "flights/start", ["bidID": .int(bid)]) else {
                break
            }
            let flightID = try #require(try started.json()["trackingID"]?.text, "\(started.text)")
            let flight = Tracker.Flight(bid: bid, id: flightID)
            var flown = Ledger.Flown(flight: flight)
            defer { ledger.flights.append(flown) }

            let length = Int.random(in: 20...120, using: &random)
            for step in 0..<length {
                if isOver { break flights }
                var change: [String: JSON?] = [
                    "latitude": .double(Self.latitude(step)), "longitude": .double(Double(index)),
                    "altitude": .int(10_000 + step),
                ]
                // Half the pilots send the time with it, which is the other way of telling a repeat.
                if isStamped || index.isMultiple(of: 2) {
                    change["eventTimestamp"] = .string(EndToEnd.PositionTests.stamp(Date()))
                }
                flown.sent.insert(step)
                guard
                    let answer = try await ask(&ledger, index, "POST", "flights/update", Bodies.update(flight, change))
                else { break flights }
                #expect(answer.status == 200, "\(answer.text)")
                if answer.isSuccess {
                    flown.acknowledged.insert(step)
                    state.withLock { $0.acknowledged += 1 }
                }
            }
            flown.mayBeFiled = true
            guard let filed = try await ask(&ledger, index, "POST", "flights/complete", Bodies.complete(flight)) else {
                break
            }
            #expect(filed.status == 200, "\(filed.text)")
            flown.report = try filed.json()["pirepID"]?.integer
        }
        return ledger
    }

    // MARK: Oracle

    /// Holds the ledgers against what is stored.
    /// - Returns: What was shown, in a few words.
    @discardableResult
    func check() async throws -> String {
        let staff = try await airline.staff()
        let flights = ledgers.flatMap(\.flights)
        let reports = flights.filter { $0.report != nil }
        #expect(ledgers.count == pilots.count)
        #expect(acknowledged > pilots.count, "the load was too small to show anything")

        var (lost, twice) = (0, 0)
        for flown in flights where !flown.sent.isEmpty {
            let stored = try await staff.track(flown.flight.id).latitudes.map(Self.number)
            let missing = flown.acknowledged.subtracting(stored)
            lost += missing.count
            twice += stored.count - Set(stored).count
            #expect(missing.isEmpty, "flight \(flown.flight.id) lost \(missing.sorted())")
            #expect(Set(stored).count == stored.count, "flight \(flown.flight.id) holds repeats: \(stored)")
            #expect(Set(stored).isSubset(of: flown.sent))
        }

        let listed = try await eventually("every report in the list", within: .seconds(100)) {
            let listed = try await staff.all("pireps")
            let ids = Set(listed.compactMap(Self.flight))
            return reports.allSatisfy { ids.contains($0.flight.id) } ? listed : nil
        }
        let counts = Dictionary(grouping: listed) { Self.flight($0) ?? "" }.mapValues(\.count)
        for flown in reports { #expect(counts[flown.flight.id] == 1) }
        let possible = Set(flights.filter(\.mayBeFiled).map(\.flight.id))
        #expect(Set(counts.keys).isSubset(of: possible))
        let numbers = reports.compactMap(\.report)
        #expect(Set(numbers).count == numbers.count)

        // Everything filed gets its decision, also what was filed just before a fault.
        for flown in reports { _ = try await staff.judged(flown.flight.id) }

        try await checkStore()
        let flown = flights.count { !$0.sent.isEmpty }
        try await eventually("every flight in the list", within: .seconds(100)) {
            try await staff.all("flights").count >= flown ? true : nil
        }
        // What positions alone have changed is written down half a second late.
        try await Task.sleep(for: .seconds(2))
        let before = try await staff.all("flights")
        // M3, twice over: `verify` compares with a replay, and so does what a rebuild from zero leaves.
        try await verify()
        let rebuilt = try await server.cli("rebuild")
        #expect(rebuilt.status == 0, "\(rebuilt.output)\(rebuilt.errors)")
        let after = try await staff.all("flights")
        #expect(JSON.array(before).canonical == JSON.array(after).canonical)
        try await verify()
        return
            "\(flights.count) flights, \(acknowledged) positions and \(reports.count) reports acknowledged, \(lost) lost, \(twice) twice; \(unknown) answers lost, \(refused) refused, longest \(Self.milliseconds(slowest)) ms"
    }

    static func milliseconds(_ duration: Duration) -> Int { Int(duration / .milliseconds(1)) }

    private static func flight(_ report: JSON) -> String? { report["flight_id"]?.text ?? report["id"]?.text }

    private func verify() async throws {
        let verified = try await server.cli("verify")
        #expect(verified.status == 0, "\(verified.output)\(verified.errors)")
    }

    /// The store as another program sees it.
    private func checkStore() async throws {
        let table = server.cluster == nil ? "event" : "albatross.event"
        func ask(_ sql: String) async throws -> String {
            if let cluster = server.cluster { try cluster.query(sql) } else { try await server.sqlite(sql) }
        }
        if server.cluster == nil { #expect(try await ask("PRAGMA integrity_check") == "ok") }
        let broken = try await ask(
            """
            SELECT count(*) FROM (
              SELECT tenant, category, stream FROM \(table) GROUP BY tenant, category, stream
              HAVING min(version) <> 1 OR max(version) <> count(*) OR count(DISTINCT version) <> count(*)) AS broken
            """)
        #expect(broken == "0", "\(broken) streams have holes in their versions")
        // Positions rise along each stream, and none is missing.
        let positions = try await ask("SELECT min(position), max(position), count(*) FROM \(table)")
        let parts = positions.split(separator: "|").compactMap { Int($0) }
        #expect(parts.count == 3 && parts[0] == 1 && parts[1] == parts[2], "positions have holes: \(positions)")
        let disorder = try await ask(
            """
            SELECT count(*) FROM (
              SELECT position, lag(position) OVER (PARTITION BY tenant, category, stream ORDER BY version) AS earlier
              FROM \(table)) AS steps WHERE earlier >= position
            """)
        #expect(disorder == "0", "\(disorder) events stand before their predecessor")
        #expect(try await ask("SELECT count(*) - count(DISTINCT event_id) FROM \(table)") == "0")
    }
}
