import Domain
import Foundation
import NIOCore
import StorePostgres

extension Bench {
    private static let appenders = 32
    private static let rounds = 3

    /// P4: the PostgreSQL store alone. With one tenant each leg stands in rounds with pgbench's plain INSERTs on the same server;
    /// a ratio is one round's, and the median of the rounds counts.
    func postgresAppends(_ directory: String) async throws -> [BenchResult] {
        let database = try BenchDatabase()
        defer { try? database.drop() }  // Throw-away data on a throw-away server.
        _ = try await PostgresStore.migrate(url: database.owner, serviceLogin: BenchDatabase.loginName)
        let length = max(2, seconds / 3)
        var legs: [Int: [BenchResult]] = [:]
        var plain: [(one: Double, hundred: Double)] = []
        for _ in 0..<Self.rounds {
            for batch in [1, 10, 100] {
                legs[batch, default: []].append(try await leg(database, tenants: 1, batch: batch, seconds: length))
            }
            guard let programs = BenchPeers.value(BenchPeers.programs) else { continue }
            let rates = BenchPeers.rates(
                try BenchPeers.run(
                    programs + "/Postgres/pgbench.sh", [database.owner, "\(Self.appenders)", "\(length)"]))
            if rates.count == 2 { plain.append((rates[0], rates[1])) }
        }
        var results: [BenchResult] = []
        for batch in [1, 10, 100] {
            let ordered = (legs[batch] ?? []).sorted { $0.perSecond < $1.perSecond }
            guard !ordered.isEmpty else { continue }
            var result = ordered[ordered.count / 2]
            let rates = (legs[batch] ?? []).map(\.perSecond)
            result.notes.append("rounds " + rates.map { String(format: "%.0f", $0) }.joined(separator: ", "))
            let peers = batch == 100 ? plain.map(\.hundred) : plain.map(\.one)
            if batch != 10, let ratio = zip(rates, peers).map({ $0 / $1 }).median, let peer = peers.median {
                let form = batch == 1 ? "INSERT" : "100-row INSERT"
                result.notes.append(
                    String(format: "%.2f× ", ratio) + "pgbench's \(form)" + String(format: " (%.0f/s)", peer))
            }
            results.append(result)
        }
        for batch in [1, 10, 100] {
            results.append(try await leg(database, tenants: 64, batch: batch, seconds: length))
        }
        return results
    }

    /// 200-byte events over 1,000 streams, expected versions checked; each appender waits for its append, as requests do.
    private func leg(
        _ database: BenchDatabase, tenants count: Int, batch: Int, seconds: Int
    ) async throws -> BenchResult {
        let store = try await PostgresStore.open(url: database.service, now: Composition.now)
        let before = try await store.head()
        let tenants = (0..<count).map { _ in TenantID.make(at: Composition.now()) }
        let streams = (0..<1000).map { StreamName(tenants[$0 % count], .flight, UUID.version7(at: Composition.now())) }
        let event = EncodedEvent(
            type: "flight.positions-recorded", schema: 1, payload: [UInt8](repeating: 42, count: 200))
        let written = Counter()
        let cpu = ProcessFigures.cpuSeconds(getpid())
        let start = NIODeadline.now()
        let end = start + .seconds(Int64(seconds))
        let latencies = try await withThrowingTaskGroup(of: [UInt32].self) { group in
            for appender in 0..<Self.appenders {
                group.addTask {
                    var versions = [Int64](repeating: 0, count: streams.count)
                    var latencies: [UInt32] = []
                    var index = appender
                    while NIODeadline.now() < end {
                        let known = versions[index]
                        let asked = NIODeadline.now()
                        _ = try await store.append(
                            AppendRequest(
                                tenant: streams[index].tenant,
                                writes: [
                                    StreamWrite(
                                        stream: streams[index], expected: known == 0 ? .noStream : .exactly(known),
                                        events: [EncodedEvent](repeating: event, count: batch))
                                ], correlation: streams[index].id))
                        latencies.append(UInt32(clamping: (NIODeadline.now() - asked).nanoseconds / 1000))
                        versions[index] += Int64(batch)
                        written.add(batch)
                        index += Self.appenders
                        if index >= streams.count { index = appender }
                    }
                    return latencies
                }
            }
            return try await group.reduce(into: [UInt32]()) { $0 += $1 }
        }
        let elapsed = Double((NIODeadline.now() - start).nanoseconds) / 1e9
        let used = ProcessFigures.cpuSeconds(getpid()) - cpu
        let stored = try await store.head() - before
        await store.close()
        return BenchResult(
            name: "P4 append-postgres",
            work: "\(Self.appenders) appenders, \(count) tenant\(count == 1 ? "" : "s"), \(batch) events an append",
            operations: written.value, seconds: elapsed, perSecond: Double(written.value) / elapsed,
            cpuMicroseconds: used / Double(max(1, written.value)) * 1e6, p50Milliseconds: latencies.quantile(0.5),
            p99Milliseconds: latencies.quantile(0.99), p999Milliseconds: latencies.quantile(0.999),
            notes: [stored == Int64(written.value) ? "all stored" : "STORED \(stored)", "CPU of this process alone"])
    }
}
