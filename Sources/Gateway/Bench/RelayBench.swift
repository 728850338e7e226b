import Application
import BrokerRabbitMQ
import Domain
import Foundation
import Logging
import NIOCore
import StoreSQLite

extension Bench {
    private static let relayPairs = 3

    /// P7: the relay from a store to RabbitMQ, persistent and confirmed, in pairs with the C program; the ratio is one pair's.
    func relays(_ directory: String) async throws -> [BenchResult] {
        let address = try BenchPeers.required(BenchPeers.rabbitmq)
        guard let parts = URLComponents(string: address), let host = parts.host, let port = parts.port else {
            throw SettingsError("\(BenchPeers.rabbitmq) is no amqp://HOST:PORT")
        }
        let count = events ?? 100_000
        var results: [BenchResult] = []
        var ratios: [Double] = []
        for pair in 0..<Self.relayPairs {
            // A log of its own for each: what was relayed is relayed.
            let store = try SQLiteStore.open(directory: directory + "/relay-\(pair)", now: Composition.now)
            try await fill(store, count)
            let result = try await relay(store, address, count, pair)
            await store.close()
            results.append(result)
            guard let programs = BenchPeers.value(BenchPeers.programs) else { continue }
            let text = try BenchPeers.run(programs + "/confirm", [host, "\(port)", "\(count)", "500"])
            guard
                let rate = text.split(separator: " ").first(where: { $0.hasSuffix("/s,") }).flatMap({
                    Double($0.dropLast(3))
                })
            else { continue }
            ratios.append(result.perSecond / rate)
            results[pair].notes.append(String(format: "%.2f× the C program's %.0f/s", result.perSecond / rate, rate))
        }
        let ordered = results.sorted { $0.perSecond < $1.perSecond }
        var result = ordered[ordered.count / 2]
        if let ratio = ratios.median {
            result.notes.append(String(format: "median of %d pairs %.2f×", ratios.count, ratio))
        }
        return [result]
    }

    /// Events of 190 bytes over all partitions.
    private func fill(_ store: SQLiteStore, _ count: Int) async throws {
        let tenant = TenantID.make(at: Composition.now())
        let event = EncodedEvent(
            type: "flight.positions-recorded", schema: 1, payload: [UInt8](repeating: 42, count: 190))
        var left = count
        while left > 0 {
            let size = min(left, 500)
            // Streams in turn, so that neighbours in the log go to different partitions.
            let streams = (0..<16).map { _ in StreamName(tenant, .flight, UUID.version7(at: Composition.now())) }
            let writes = (0..<size).map { StreamWrite(stream: streams[$0 % 16], expected: .any, events: [event]) }
            _ = try await store.append(AppendRequest(tenant: tenant, writes: writes, correlation: tenant.uuid))
            left -= size
        }
    }

    private func relay(
        _ store: SQLiteStore, _ address: String, _ count: Int, _ pair: Int
    ) async throws -> BenchResult {
        var logger = Logger(label: "bench")
        logger.logLevel = .error
        var options = RabbitMQBus.Options()
        options.prefix = "bench-\(getpid())-\(pair)"
        options.groups = [ProjectionWorkers.group]
        let bus = try RabbitMQBus(url: address, options: options, logger: logger)
        try await bus.check()
        let relay = Relay(store: store, models: store, publisher: bus, logger: logger)
        let cpu = ProcessFigures.cpuSeconds(getpid())
        let start = NIODeadline.now()
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { await relay.run() }
            while try await relay.backlog() > 0 {
                try await Task.sleep(for: .milliseconds(1))
            }
            group.cancelAll()
        }
        let elapsed = Double((NIODeadline.now() - start).nanoseconds) / 1e9
        let used = ProcessFigures.cpuSeconds(getpid()) - cpu
        let counters = bus.counters
        bus.close()
        return BenchResult(
            name: "P7 relay", work: "190 B, persistent, confirmed, 16 quorum queues", operations: count,
            seconds: elapsed, perSecond: Double(count) / elapsed, cpuMicroseconds: used / Double(count) * 1e6,
            notes: [counters.confirmed == count ? "all confirmed" : "CONFIRMED \(counters.confirmed)"])
    }
}
