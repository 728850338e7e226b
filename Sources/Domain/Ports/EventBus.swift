#if canImport(FoundationEssentials)
import FoundationEssentials
#else
import Foundation
#endif

/// The partitions of the log: a flight and its report share one, so that whoever follows a partition sees both in order.
public enum Partitions {
    /// Fixed for the life of a store: it is part of queue names, routing keys and checkpoints.
    public static let count = 16
    public static let all = 0..<count

    /// FNV-1a 64 of tenant and entity id, modulo ``count``.
    public static func partition(of stream: StreamName) -> Int {
        var hash: UInt64 = 0xcbf2_9ce4_8422_2325
        func mix(_ id: UUID) {
            withUnsafeBytes(of: id.uuid) { bytes in
                for byte in bytes { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01b3 }
            }
        }
        mix(stream.tenant.uuid)
        mix(stream.id)
        return Int(hash % UInt64(count))
    }
}

/// An event on its way through the bus.
public struct BusEvent: Hashable, Sendable {
    public let envelope: EventEnvelope
    /// Global position of the event before it in its partition, 0 for the first: a consumer that has not seen that one
    /// reads what is missing from the store first.
    public let previous: Int64
    public var partition: Int { Partitions.partition(of: envelope.stream) }

    public init(envelope: EventEnvelope, previous: Int64) {
        self.envelope = envelope
        self.previous = previous
    }
}

/// The bus cannot be used now; nothing of the call counts as done.
public struct EventBusError: Error, Hashable, Sendable, CustomStringConvertible {
    public let description: String
    public init(_ description: String) { self.description = description }
}

/// Carries committed events to the bus, at least once and in order.
public protocol EventPublisher: Sendable {
    /// Publishes in the given order; returns once the broker has confirmed every one. After an error any of them may have
    /// arrived: they are published again, with the same ids.
    func publish(_ events: [BusEvent]) async throws(EventBusError)
}

/// Some events of one partition, ascending by position, for one consumer group.
public struct BusBatch: Sendable {
    public let partition: Int
    public let events: [BusEvent]
    /// Tells the broker that this batch and everything before it in the partition is done. Called once, after the
    /// consumer's own commit; without it the events come again, to this or another consumer.
    public let acknowledge: @Sendable () -> Void

    public init(partition: Int, events: [BusEvent], acknowledge: @escaping @Sendable () -> Void) {
        self.partition = partition
        self.events = events
        self.acknowledge = acknowledge
    }
}

/// Hands out the log's events to competing consumers: each partition goes to one consumer of a group at a time.
public protocol EventSubscriber: Sendable {
    /// Batches of whatever partitions this consumer is given, until the task is cancelled. Reconnects by itself. The next
    /// batch of a partition comes only after the one before was acknowledged; repeats and events of the past may come
    /// at any time.
    func batches(group: String) -> AsyncStream<BusBatch>
}
