public import Domain

#if canImport(FoundationEssentials)
import FoundationEssentials
#else
import Foundation
#endif

/// Both sides of a bus.
public typealias EventBus = EventPublisher & EventSubscriber

/// A kind of bus to hold against the contract.
public struct BusSubject: Sendable, CustomStringConvertible {
    public let description: String
    let open: @Sendable (_ groups: [String]) async throws -> any EventBus
    let close: @Sendable (any EventBus) async throws -> Void

    /// - Parameters:
    ///   - open: A bus that nothing was published on, with these groups declared. Batches have at most 200 events.
    ///   - close: Takes away what it left behind.
    public init(
        _ description: String, open: @escaping @Sendable (_ groups: [String]) async throws -> any EventBus,
        close: @escaping @Sendable (any EventBus) async throws -> Void
    ) {
        self.description = description
        self.open = open
        self.close = close
    }
}

/// One promise of the ports of the bus, as a function that throws when it is not kept. Pass ``BusContract/all`` and the
/// subjects as `arguments:` of one test.
public struct BusCheck: Sendable, CustomStringConvertible {
    public let description: String
    /// The consumer groups it needs.
    public let groups: [String]
    let body: @Sendable (any EventBus) async throws -> Void

    init(
        _ description: String, groups: [String] = ["a"],
        _ body: @escaping @Sendable (any EventBus) async throws -> Void
    ) {
        self.description = description
        self.groups = groups
        self.body = body
    }

    public func run(on subject: BusSubject) async throws {
        let bus = try await subject.open(groups)
        // A guard against hanging, far above what any check takes.
        try await withThrowingTaskGroup(of: Bool.self) { tasks in
            tasks.addTask {
                try await body(bus)
                return true
            }
            tasks.addTask {
                try await Task.sleep(for: .seconds(180))
                return false
            }
            let isDone = try await tasks.next() ?? false
            tasks.cancelAll()
            try require(isDone, "not done within three minutes")
        }
        try await subject.close(bus)
    }
}

/// Makes events with ascending positions, each naming the one before it in its partition. One stream a partition.
public struct BusEvents: Sendable {
    private let streams: [StreamName]
    private var position: Int64
    private var last = [Int64](repeating: 0, count: Partitions.count)
    private var versions = [Int64](repeating: 0, count: Partitions.count)

    /// - Parameter position: Of the event before the first.
    public init(after position: Int64 = 0) {
        self.position = position
        let now = Timestamp(milliseconds: 1_767_323_045_000)
        let tenant = TenantID.make(at: now)
        var found = [StreamName?](repeating: nil, count: Partitions.count)
        while found.contains(nil) {
            let stream = StreamName(tenant, .flight, .version7(at: now))
            found[Partitions.partition(of: stream)] = stream
        }
        streams = found.compactMap { $0 }
    }

    /// - Parameter size: Bytes of the payload; the first eight are the position.
    public mutating func next(in partition: Int, size: Int = 40) -> BusEvent {
        position += 1
        versions[partition] += 1
        let now = Timestamp(milliseconds: 1_767_323_045_000 + position)
        var payload = withUnsafeBytes(of: position.bigEndian) { Array($0) }
        payload += [UInt8](repeating: 7, count: max(0, size - payload.count))
        let event = BusEvent(
            envelope: EventEnvelope(
                position: position, stream: streams[partition], version: versions[partition], id: .version7(at: now),
                event: EncodedEvent(type: "flight.positions-recorded", schema: 1, payload: payload),
                correlation: .version7(at: now), causation: nil, recordedAt: now), previous: last[partition])
        last[partition] = position
        return event
    }

    /// Round-robin over the partitions.
    public mutating func next(_ count: Int, in partitions: [Int] = Array(Partitions.all)) -> [BusEvent] {
        (0..<count).map { next(in: partitions[$0 % partitions.count]) }
    }
}

/// A consumer with a task of its own, which can be cancelled.
public struct BusReader {
    private var arrived: AsyncStream<BusBatch>.Iterator
    private let task: Task<Void, Never>

    public init(_ bus: any EventSubscriber, group: String = "a") {
        let (stream, output) = AsyncStream.makeStream(of: BusBatch.self)
        arrived = stream.makeAsyncIterator()
        task = Task {
            for await batch in bus.batches(group: group) { output.yield(batch) }
            output.finish()
        }
    }

    /// The next batch, of whatever partition.
    public mutating func next() async throws -> BusBatch {
        guard let batch = await arrived.next(isolation: #isolation) else {
            throw ContractViolation(what: "the stream of batches ended, or the time was over", line: #line)
        }
        try require(!batch.events.isEmpty, "an empty batch")
        try require(batch.events.allSatisfy { $0.partition == batch.partition }, "a batch of several partitions")
        return batch
    }

    /// Reads and acknowledges until there are so many events.
    public mutating func take(_ count: Int) async throws -> [BusEvent] {
        var events: [BusEvent] = []
        while events.count < count {
            let batch = try await next()
            events += batch.events
            batch.acknowledge()
        }
        return events
    }

    /// Ends the consumer as a cancelled task does.
    public func cancel() async {
        task.cancel()
        await task.value
    }
}

private func positions(_ events: [BusEvent], in partition: Int? = nil) -> [Int64] {
    events.filter { partition == nil || $0.partition == partition }.map(\.envelope.position)
}

/// The contract of the bus, one check a promise.
public enum BusContract {
    public static let all: [BusCheck] = publishing + consuming + handOver

    /// Publishing, and what arrives.
    public static let publishing: [BusCheck] = [
        BusCheck("publishing nothing succeeds") { bus in try await bus.publish([]) },
        BusCheck("an event arrives as it was published, with its envelope") { bus in
            let now = Timestamp(milliseconds: 1_767_323_045_678)
            let tenant = TenantID.make(at: now)
            func event(_ position: Int64, _ category: StreamCategory, _ encoded: EncodedEvent) -> BusEvent {
                BusEvent(
                    envelope: EventEnvelope(
                        position: position, stream: StreamName(tenant, category, .version7(at: now)),
                        version: max(1, .max - position), id: .version7(at: now), event: encoded,
                        correlation: .version7(at: now), causation: position % 2 == 0 ? .version7(at: now) : nil,
                        recordedAt: Timestamp(milliseconds: position - 3)), previous: position - 1)
            }
            let payload = (0...255).map { UInt8($0) }
            let long = [UInt8](repeating: 9, count: 300_000)
            let sent = [
                event(1, .pirep, EncodedEvent(type: "pirep.filed", schema: 3, payload: payload)),
                event(2, .booking, EncodedEvent(type: "booking.größe-changed", schema: 1, payload: [])),
                event(3, .flight, EncodedEvent(type: "other", schema: 2, payload: long)),
                event(.max, .tenant, EncodedEvent(type: "tenant.named", schema: .max, payload: payload)),
            ]
            try await bus.publish(sent)
            var reader = BusReader(bus)
            let found = try await reader.take(sent.count)
            for event in sent {
                try require(found.contains(event), "\(event.envelope.event.type) did not arrive as it was")
            }
            await reader.cancel()
        },
        BusCheck("every group gets every event", groups: ["a", "b"]) { bus in
            var events = BusEvents()
            let sent = events.next(100)
            try await bus.publish(sent)
            for group in ["a", "b"] {
                var reader = BusReader(bus, group: group)
                let found = try await reader.take(sent.count)
                try requireEqual(Set(found), Set(sent), "events of \(group)")
                await reader.cancel()
            }
        },
        BusCheck("what is published before a consumer comes waits for it") { bus in
            var events = BusEvents()
            let sent = events.next(40)
            try await bus.publish(Array(sent[..<20]))
            try await bus.publish(Array(sent[20...]))
            var reader = BusReader(bus)
            try requireEqual(Set(try await reader.take(40)), Set(sent), "events")
            await reader.cancel()
        },
        BusCheck("the events of a partition come in the order of publishing") { bus in
            var events = BusEvents()
            let sent = events.next(3000)
            var reader = BusReader(bus)
            for start in stride(from: 0, to: sent.count, by: 700) {
                try await bus.publish(Array(sent[start..<min(start + 700, sent.count)]))
            }
            let found = try await reader.take(sent.count)
            for partition in Partitions.all {
                try requireEqual(
                    positions(found, in: partition), positions(sent, in: partition), "partition \(partition)")
            }
            await reader.cancel()
        },
    ]

    /// Batches and acknowledgements.
    public static let consuming: [BusCheck] = [
        BusCheck("a batch has at most 200 events") { bus in
            var events = BusEvents()
            let sent = events.next(1000, in: [5])
            try await bus.publish(sent)
            var reader = BusReader(bus)
            var found: [BusEvent] = []
            while found.count < sent.count {
                let batch = try await reader.next()
                try require(batch.events.count <= 200, "\(batch.events.count) events in a batch")
                found += batch.events
                batch.acknowledge()
            }
            try requireEqual(positions(found), positions(sent), "events")
            await reader.cancel()
        },
        BusCheck("the next batch of a partition waits for the acknowledgement, others do not") { bus in
            var events = BusEvents()
            try await bus.publish([events.next(in: 1)])
            var reader = BusReader(bus)
            let held = try await reader.next()
            try requireEqual(held.partition, 1, "partition")
            for round in 0..<30 {
                try await bus.publish([events.next(in: 1), events.next(in: 2 + round % 14)])
                let batch = try await reader.next()
                try requireEqual(batch.partition, 2 + round % 14, "partition while 1 is not acknowledged")
                batch.acknowledge()
            }
            held.acknowledge()
            let rest = try await reader.take(30)
            try requireEqual(Set(rest.map(\.partition)), [1], "partitions of what was held back")
            try requireEqual(positions(rest), positions(rest).sorted(), "order")
            await reader.cancel()
        },
        BusCheck("acknowledging twice is as good as once") { bus in
            var events = BusEvents()
            let sent = events.next(300, in: [3])
            try await bus.publish(Array(sent[..<1]))
            var reader = BusReader(bus)
            let first = try await reader.next()
            first.acknowledge()
            try await bus.publish(Array(sent[1...]))
            let second = try await reader.next()
            first.acknowledge()
            second.acknowledge()
            var found = first.events + second.events
            while found.count < sent.count {
                let batch = try await reader.next()
                first.acknowledge()
                batch.acknowledge()
                second.acknowledge()
                found += batch.events
            }
            try requireEqual(positions(found), positions(sent), "events")
            await reader.cancel()
        },
        BusCheck("two groups do not wait for each other", groups: ["a", "b"]) { bus in
            var events = BusEvents()
            let sent = events.next(400, in: [9])
            try await bus.publish(sent)
            var slow = BusReader(bus, group: "a")
            var fast = BusReader(bus, group: "b")
            let held = try await slow.next()
            try requireEqual(positions(try await fast.take(400)), positions(sent), "events of the other group")
            held.acknowledge()
            let rest = try await slow.take(400 - held.events.count)
            try requireEqual(positions(held.events + rest), positions(sent), "events of the slow group")
            await slow.cancel()
            await fast.cancel()
        },
    ]

    /// From one consumer to the next.
    public static let handOver: [BusCheck] = [
        BusCheck("what a cancelled consumer did not acknowledge comes again, first and in order") { bus in
            var events = BusEvents()
            let sent = events.next(500, in: [4])
            try await bus.publish(sent)
            var first = BusReader(bus)
            let done = try await first.next()
            done.acknowledge()
            let lost = try await first.next()
            await first.cancel()
            try await bus.publish(events.next(20, in: [4]))
            var second = BusReader(bus)
            let found = try await second.take(520 - done.events.count)
            try requireEqual(
                positions(found), Array(Int64(done.events.count + 1)...520),
                "what comes after \(done.events.count) acknowledged and \(lost.events.count) not acknowledged")
            await second.cancel()
        },
        BusCheck("an acknowledgement after the end changes nothing") { bus in
            var events = BusEvents()
            try await bus.publish(events.next(10, in: [4]))
            var first = BusReader(bus)
            let kept = try await first.next()
            await first.cancel()
            var second = BusReader(bus)
            let again = try await second.next()
            kept.acknowledge()
            try requireEqual(positions(again.events).first, 1, "first event of the second consumer")
            await second.cancel()
            var third = BusReader(bus)
            try requireEqual(positions(try await third.take(10)), Array(1...10), "events of the third consumer")
            await third.cancel()
        },
        BusCheck("a partition has one consumer of its group at a time") { bus in
            var events = BusEvents()
            try await bus.publish(events.next(16))
            var first = BusReader(bus)
            _ = try await first.take(16)
            var second = BusReader(bus)
            // The first goes on getting everything, so the second gets nothing while it is there.
            for _ in 0..<20 {
                try await bus.publish(events.next(16))
                _ = try await first.take(16)
            }
            await first.cancel()
            let sent = events.next(64)
            try await bus.publish(sent)
            let found = try await second.take(64)
            for partition in Partitions.all {
                try requireEqual(
                    positions(found, in: partition), positions(sent, in: partition), "partition \(partition)")
            }
            await second.cancel()
        },
        BusCheck("events flow on while consumers come and go") { bus in
            var events = BusEvents()
            let sent = events.next(4000)
            let publishing = Task {
                for start in stride(from: 0, to: sent.count, by: 250) {
                    try await bus.publish(Array(sent[start..<start + 250]))
                }
            }
            var seen = [Int64](repeating: 0, count: Partitions.count)
            var done = 0
            for round in 0..<6 {
                var reader = BusReader(bus)
                var batches = 0
                while done < sent.count, round == 5 || batches < 4 {
                    let batch = try await reader.next()
                    batches += 1
                    // One in four is not acknowledged, and its partition rests until the next consumer.
                    if batches % 4 == 0, round < 5 { continue }
                    for event in batch.events where event.envelope.position > seen[batch.partition] {
                        try requireEqual(event.previous, seen[batch.partition], "event before the next one")
                        seen[batch.partition] = event.envelope.position
                        done += 1
                    }
                    batch.acknowledge()
                }
                await reader.cancel()
            }
            try await publishing.value
            try requireEqual(done, sent.count, "events in order, each counted once")
        },
    ]
}
