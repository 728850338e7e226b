import BrokerRabbitMQ
import Domain
import Foundation
import Logging
import Testing

/// A consumer of its own on the bus: what reaches it is what reaches any other. Every event committed since it listens must
/// come, in the order of its partition; what comes again has the same id.
final class BusOracle: Sendable {
    private struct Seen: Sendable {
        let position: Int64
        let previous: Int64
        let id: UUID
    }
    private let server: AlbatrossServer
    private let cluster: Cluster
    private let bus: RabbitMQBus
    private let seen = Shared<[Int: [Seen]]>([:])
    /// The last event of each partition that may have been relayed before.
    private let start: Int64
    private let task: Task<Void, Never>

    /// - Parameter url: Of the broker, past any proxy.
    init(_ server: AlbatrossServer, url: String) async throws {
        self.server = server
        cluster = try #require(server.cluster)
        var options = RabbitMQBus.Options()
        options.prefix = cluster.name
        options.groups = ["oracle"]
        bus = try RabbitMQBus(url: url, options: options, logger: Logger(label: "oracle"))
        try await bus.check()
        start = try #require(Int64(cluster.query("SELECT position FROM albatross.event_head")))
        task = Task { [bus, seen] in
            for await batch in bus.batches(group: "oracle") {
                let events = batch.events.map {
                    Seen(position: $0.envelope.position, previous: $0.previous, id: $0.envelope.id)
                }
                seen.withLock { $0[batch.partition, default: []] += events }
                batch.acknowledge()
            }
        }
    }

    /// Ids of what is committed by now since it listens, by position.
    private func committed() throws -> [Int64: UUID] {
        let rows = try cluster.query("SELECT position, event_id FROM albatross.event WHERE position > \(start)")
        var ids: [Int64: UUID] = [:]
        for row in rows.split(separator: "\n") {
            let parts = row.split(separator: "|")
            ids[try #require(Int64(parts[0]))] = try #require(UUID(uuidString: String(parts[1])))
        }
        return ids
    }

    /// Waits until everything that is committed by now has come.
    func caughtUp(within limit: Duration = .seconds(100)) async throws {
        let positions = Set(try committed().keys)
        try await eventually("all events on the bus", within: limit) {
            seen.withLock { positions.subtracting($0.values.joined().map(\.position)).isEmpty } ? true : nil
        }
    }

    /// - Returns: What came, in a few words.
    func check(within limit: Duration = .seconds(100)) async throws -> String {
        try await caughtUp(within: limit)
        task.cancel()
        let came = seen.withLock { $0 }
        // Reports may have been judged since, and that have come too.
        let wanted = try committed()
        var repeats = 0
        for (partition, events) in came {
            var last: Int64?
            for event in events where event.position > start {
                #expect(wanted[event.position] == event.id, "another id the second time")
                if let last, event.position <= last {
                    repeats += 1
                    continue
                }
                // Nothing is left out on the way: each names the one before it.
                if let last {
                    #expect(event.previous == last, "partition \(partition): \(event.previous), not \(last)")
                }
                last = event.position
            }
        }
        bus.close()
        return "\(wanted.count) events on the bus in order, \(repeats) of them again"
    }
}
