import Application
import ArgumentParser
import Domain
import EventSchema
import Foundation
import Logging
import NIOCore
import StoreSQLite
import Synchronization

/// `albatross bench WORKLOAD`: runs a workload end to end against a server process of its own and counts what it stored.
struct Bench: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "run",
        abstract: "Run a workload, the default of bench.",
        discussion: """
            append-postgres and relay need servers of their own: ALBATROSS_BENCH_POSTGRES, the URL of a PostgreSQL
            administrator, and ALBATROSS_BENCH_RABBITMQ, an AMQP address. scripts/bench.sh starts both, and names the programs
            they are compared with in ALBATROSS_BENCH_PEERS.
            """)

    @Argument(help: "\(workloads.joined(separator: ", ")), or all, which is all but decode.")
    var workload: String
    @Option(help: "Seconds that are timed.")
    var seconds = 30
    @Option(help: "Seconds of warm-up.")
    var warmup = 10
    @Option(help: "Folder for the data of the run; removed afterwards.")
    var scratch = NSTemporaryDirectory()
    @Option(help: "Captured frames for decode: Fixtures/wire of the sources.")
    var fixtures = "Fixtures/wire"
    @Option(help: "Write the results as JSON to this file.")
    var output: String?
    @Option(help: "Events that replay reads (default 1,000,000) and relay publishes (100,000).")
    var events: Int?

    /// `decode` stands last: it needs the sources' fixtures, and no server.
    static let workloads =
        BenchTracker.allCases.map(\.rawValue) + [
            "pirep-http", "append-sqlite", "append-postgres", "relay", "fanout-raw", "replay", "decode",
        ]

    /// What a workload cannot run without.
    private static let needs = ["append-postgres": BenchPeers.postgres, "relay": BenchPeers.rabbitmq]

    func run() async throws {
        let names = workload == "all" ? Self.workloads.dropLast() : [workload]
        guard names.allSatisfy(Self.workloads.contains) else {
            throw ArgumentParser.ValidationError(
                "unknown workload \(workload): choose one of \(Self.workloads.joined(separator: ", ")) or all")
        }
        var results: [BenchResult] = []
        print(BenchResult.header)
        for name in names {
            if workload == "all", let missing = Self.needs[name], BenchPeers.value(missing) == nil {
                Terminal.note("\(name) was not run: \(missing) is not set")
                continue
            }
            for result in try await measured(name) {
                results.append(result)
                print(result.row)
            }
        }
        if let output {
            let encoder = JSONEncoder()
            encoder.outputFormatting = [.prettyPrinted, .sortedKeys]
            try encoder.encode(results).write(to: URL(fileURLWithPath: output))
        }
    }

    private func folder() throws -> String {
        let path = scratch + "/albatross-bench-\(UUID().uuidString)"
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
        return path
    }

    /// A leg is repeated (twice at most) when the disk was busy with somebody else's work.
    private func measured(_ name: String) async throws -> [BenchResult] {
        if name == "decode" {
            return try DecodeBench(budget: Double(seconds) / 30, fixtures: fixtures).results()
        }
        for attempt in 1...3 {
            let directory = try folder()
            defer { try? FileManager.default.removeItem(atPath: directory) }
            let before = canary(in: directory)
            var results: [BenchResult]
            if let tracker = BenchTracker(rawValue: name) {
                results = [try await positions(directory, tracker)]
            } else {
                switch name {
                case "pirep-http": results = try await reports(directory)
                case "append-sqlite": results = try await appends(directory)
                case "append-postgres": results = try await postgresAppends(directory)
                case "relay": results = try await relays(directory)
                case "replay": results = [try await replay(directory)]
                default: results = [try await fanout(directory)]
                }
            }
            let after = canary(in: directory)
            for index in results.indices {
                results[index].canaryBefore = before
                results[index].canaryAfter = after
            }
            if min(before, after) >= 5000 || attempt == 3 {
                if min(before, after) < 5000 {
                    for index in results.indices {
                        results[index].notes.append("disk busy: canary under 5,000/s three times")
                    }
                }
                return results
            }
        }
        return []
    }

    func composition(_ directory: String) async throws -> Composition {
        var logger = Logger(label: "bench")
        logger.logLevel = .error
        return try await Composition.make(settings: Settings(data: directory), logger: logger)
    }

    // MARK: P1 and P1b

    private func positions(_ directory: String, _ tracker: BenchTracker) async throws -> BenchResult {
        let world: BenchWorld
        do {
            let parts = try await composition(directory)
            world = try await BenchWorld.make(parts, slug: "bench", pilots: 500, points: 0, key: tracker.key)
            await parts.close()
        }
        let server = try BenchServer(data: directory)
        defer { server.stop() }
        let port = server.port
        let client = LoadClient()
        let counter = Counter()
        let pilots = try await tracker.begun(world.pilots, port: port)
        // The clients' clocks start two hours ago: they send more than one position for each second of the run.
        let clock = Composition.now() - .hours(2)
        func leg(_ duration: Int) async throws -> LoadClient.Outcome {
            let end = NIODeadline.now() + .seconds(Int64(duration))
            return try await client.run(host: "127.0.0.1", port: port, connections: 64) { _ in
                guard NIODeadline.now() < end else { return nil }
                let number = counter.add()
                return tracker.request(pilots[number % pilots.count], step: number / pilots.count, start: clock)
            }
        }
        // Health checks beside the load show whether an event loop is ever blocked.
        _ = try await leg(warmup)
        let sentBefore = counter.value
        let cpu = ProcessFigures.cpuSeconds(server.pid)
        let start = NIODeadline.now()
        let health = LoadClient()
        let healthEnd = start + .seconds(Int64(seconds))
        async let checks = health.run(host: "127.0.0.1", port: port, connections: 1) { _ in
            guard NIODeadline.now() < healthEnd else { return nil }
            return ByteBuffer(string: "GET /healthz HTTP/1.1\r\nHost: bench\r\n\r\n")
        }
        let outcome = try await leg(seconds)
        let healthOutcome = try await checks
        let elapsed = Double((NIODeadline.now() - start).nanoseconds) / 1e9
        let used = ProcessFigures.cpuSeconds(server.pid) - cpu
        let peak = ProcessFigures.peakRSSMegabytes(server.pid)
        try await client.close()
        try await health.close()
        server.stop()
        let stored = try await storedPositions(directory)
        let good = outcome.statuses[200] ?? 0
        // XACARS tells where it is when it begins, too.
        let first = tracker == .xacars ? pilots.count : 0
        let promised = (sentBefore + good) * tracker.batch + first
        var notes = ["\(stored - first) stored in all of \(counter.value * tracker.batch) sent"]
        if stored < promised { notes.append("LOST \(promised - stored)") }
        if good != outcome.latencies.count { notes.append("answers \(outcome.statuses)") }
        notes.append(
            String(format: "/healthz p99 %.2f ms under this load", healthOutcome.latencies.quantile(0.99) ?? -1))
        let positions = good * tracker.batch
        return BenchResult(
            name: tracker.result, work: tracker.work, operations: positions, seconds: elapsed,
            perSecond: Double(positions) / elapsed, cpuMicroseconds: used / Double(max(1, positions)) * 1e6,
            p50Milliseconds: outcome.latencies.quantile(0.5), p99Milliseconds: outcome.latencies.quantile(0.99),
            p999Milliseconds: outcome.latencies.quantile(0.999), peakRSSMegabytes: peak, notes: notes)
    }

    static func update(_ pilot: BenchWorld.Pilot, step: Int) -> ByteBuffer {
        let latitude = 49.0 + Double(step % 50_000) * 0.0001
        let body =
            "{\"bidID\":\(pilot.booking),\"latitude\":\(latitude),\"longitude\":2.5,\"heading\":124,\"altitude\":33012,\"groundSpeed\":447,\"distanceRemaining\":104,\"timeRemaining\":0.31,\"route\":[\"MID\",\"UN615\",\"XAMAB\"],\"phase\":\"CRUISE\",\"network\":\"VATSIM\",\"aircraft\":1}"
        return ByteBuffer(
            string:
                "POST /acars/bench/smartcars3/flights/update HTTP/1.1\r\nHost: bench\r\nAuthorization: Bearer \(pilot.token)\r\nContent-Type: application/json\r\nContent-Length: \(body.utf8.count)\r\n\r\n\(body)"
        )
    }

    private func storedPositions(_ directory: String) async throws -> Int {
        let parts = try await composition(directory)
        var position: Int64 = 0
        var count = 0
        while true {
            let page = try await parts.store.readAll(after: position, limit: 5000)
            for envelope in page {
                if envelope.event.type == "flight.positions-recorded",
                    case .flight(.positionsRecorded(let samples, _)) = try EventCodec.decode(envelope.event)
                {
                    count += samples.count
                }
                position = envelope.position
            }
            if page.count < 5000 { break }
        }
        await parts.close()
        return count
    }

    // MARK: P2

    private func reports(_ directory: String) async throws -> [BenchResult] {
        var results: [BenchResult] = []
        for (label, count) in [
            ("100 points each, fresh store", 1500), ("100 points each, 300,000 points stored", 3000),
        ] {
            let data = directory + "/\(count)"
            let world: BenchWorld
            do {
                let parts = try await composition(data)
                world = try await BenchWorld.make(parts, slug: "bench", pilots: count, points: 100)
                await parts.close()
            }
            let server = try BenchServer(data: data)
            let client = LoadClient()
            let counter = Counter()
            let pilots = world.pilots
            let cpu = ProcessFigures.cpuSeconds(server.pid)
            let start = NIODeadline.now()
            let outcome = try await client.run(host: "127.0.0.1", port: server.port, connections: 64) { _ in
                let number = counter.add() - 1
                return number < pilots.count ? Self.completion(pilots[number]) : nil
            }
            let answered = Double((NIODeadline.now() - start).nanoseconds) / 1e9
            // Only judged reports score.
            let parts = try await composition(data)
            var judged = 0
            var position: Int64 = 0
            while judged < pilots.count, NIODeadline.now() < start + .seconds(300) {
                let page = try await parts.store.readAll(after: position, limit: 5000)
                judged += page.count { $0.event.type == "pirep.judged" }
                position = page.last?.position ?? position
                if page.isEmpty { try await Task.sleep(for: .milliseconds(20)) }
            }
            let elapsed = Double((NIODeadline.now() - start).nanoseconds) / 1e9
            let used = ProcessFigures.cpuSeconds(server.pid) - cpu
            results.append(
                BenchResult(
                    name: "P2 pirep-http", work: label, operations: judged, seconds: elapsed,
                    perSecond: Double(judged) / elapsed, cpuMicroseconds: used / Double(max(1, judged)) * 1e6,
                    p50Milliseconds: outcome.latencies.quantile(0.5), p99Milliseconds: outcome.latencies.quantile(0.99),
                    p999Milliseconds: outcome.latencies.quantile(0.999),
                    peakRSSMegabytes: ProcessFigures.peakRSSMegabytes(server.pid),
                    notes: [
                        String(format: "filed and answered at %.0f/s", Double(outcome.statuses[200] ?? 0) / answered),
                        "answers \(outcome.statuses)",
                    ]))
            server.stop()
            await parts.close()
            try await client.close()
        }
        return results
    }

    private static func completion(_ pilot: BenchWorld.Pilot) -> ByteBuffer {
        var log = ""
        for minute in 0..<75 {
            log += "[10:\(minute % 60 < 10 ? "0" : "")\(minute % 60):00] Cruise check, fuel and weather noted by crew\n"
        }
        let events = (0..<22).map {
            "{\"eventId\":\"e\($0)\",\"eventElapsedTime\":\($0 * 60),\"eventTimestamp\":\"2026-11-21T10:00:01.000Z\",\"eventCondition\":null,\"message\":\"Event number \($0) of the flight\"}"
        }
        let body =
            "{\"bidID\":\(pilot.booking),\"aircraft\":1,\"remainingLoad\":150,\"flightTime\":1.25,\"landingRate\":-182,\"fuelUsed\":5321.4,\"route\":[\"MID\",\"UN615\"],\"comments\":\"nice flight\",\"flightLog\":\"\(Data(log.utf8).base64EncodedString())\",\"flightData\":\"\(Data("[\(events.joined(separator: ","))]".utf8).base64EncodedString())\"}"
        return ByteBuffer(
            string:
                "POST /acars/bench/smartcars3/flights/complete HTTP/1.1\r\nHost: bench\r\nAuthorization: Bearer \(pilot.token)\r\nContent-Type: application/json\r\nContent-Length: \(body.utf8.count)\r\n\r\n\(body)"
        )
    }

    // MARK: P3

    private func appends(_ directory: String) async throws -> [BenchResult] {
        var results: [BenchResult] = []
        for batch in [1, 10, 100] {
            let data = directory + "/append-\(batch)"
            let store = try SQLiteStore.open(directory: data, now: Composition.now)
            let tenant = TenantID.make(at: Composition.now())
            let streams = (0..<1000).map { _ in StreamName(tenant, .flight, UUID.version7(at: Composition.now())) }
            let payload = [UInt8](repeating: 42, count: 200)
            let event = EncodedEvent(type: "flight.positions-recorded", schema: 1, payload: payload)
            let end = NIODeadline.now() + .seconds(Int64(max(3, seconds / 3)))
            let written = Counter()
            let cpu = ProcessFigures.cpuSeconds(getpid())
            let start = NIODeadline.now()
            // Each writer owns its streams and waits for each append, as requests do; the loop groups what waits.
            try await withThrowingTaskGroup(of: Void.self) { group in
                for writer in 0..<64 {
                    group.addTask {
                        var versions = [Int64](repeating: 0, count: streams.count)
                        var index = writer
                        while NIODeadline.now() < end {
                            let known = versions[index]
                            _ = try await store.append(
                                AppendRequest(
                                    tenant: tenant,
                                    writes: [
                                        StreamWrite(
                                            stream: streams[index], expected: known == 0 ? .noStream : .exactly(known),
                                            events: [EncodedEvent](repeating: event, count: batch))
                                    ],
                                    correlation: tenant.uuid))
                            versions[index] += Int64(batch)
                            written.add(batch)
                            index += 64
                            if index >= streams.count { index = writer }
                        }
                    }
                }
                try await group.waitForAll()
            }
            let elapsed = Double((NIODeadline.now() - start).nanoseconds) / 1e9
            let used = ProcessFigures.cpuSeconds(getpid()) - cpu
            let count = written.value
            let head = try await store.head()
            await store.close()
            results.append(
                BenchResult(
                    name: "P3 append-sqlite", work: "64 writers, \(batch) events an append", operations: count,
                    seconds: elapsed, perSecond: Double(count) / elapsed,
                    cpuMicroseconds: used / Double(max(1, count)) * 1e6,
                    notes: head == Int64(count) ? ["all stored"] : ["STORED \(head)"]))
        }
        return results
    }
}
