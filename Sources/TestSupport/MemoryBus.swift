public import Domain
import Synchronization

/// The event bus inside one process, with the same promises as the real one but outliving nothing.
public final class MemoryBus: EventPublisher, EventSubscriber {
    private struct Queue {
        var events: [BusEvent] = []
        /// The batch that the consumer has: the first of `events`.
        var outstanding: (batch: Int, count: Int)?
    }
    private struct Consumer {
        let id: Int
        let output: AsyncStream<BusBatch>.Continuation
    }
    private struct Group {
        var queues = [Queue](repeating: Queue(), count: Partitions.count)
        /// Every partition goes to the first; the others wait for it to leave.
        var consumers: [Consumer] = []
    }
    private struct State {
        var groups: [String: Group] = [:]
        var failure: EventBusError?
        var nextID = 0
    }
    private let state = Mutex(State())
    private let batchLimit: Int

    /// - Parameters:
    ///   - groups: Get what is published from now on; any other group from its first subscription.
    ///   - batchLimit: Most events in a batch.
    public init(groups: [String] = [], batchLimit: Int = 200) {
        self.batchLimit = batchLimit
        state.withLock { state in for group in groups { state.groups[group] = Group() } }
    }

    /// Every call of ``publish(_:)`` fails with this until it is set to nil: a broker that is down. Consumers keep what
    /// they have.
    public func fail(with error: EventBusError?) { state.withLock { $0.failure = error } }

    /// Puts events into the queues of one group as they are: repeats, in another order, with gaps.
    public func deliver(_ events: [BusEvent], to group: String) {
        state.withLock { state in
            for event in events { state.groups[group, default: Group()].queues[event.partition].events.append(event) }
        }
        handOut(group)
    }

    /// Forgets what a group has not been given yet.
    public func purge(_ group: String) {
        state.withLock { state in
            for partition in Partitions.all {
                let kept = state.groups[group]?.queues[partition].outstanding?.count ?? 0
                let queued = state.groups[group]?.queues[partition].events.count ?? 0
                state.groups[group]?.queues[partition].events.removeLast(queued - kept)
            }
        }
    }

    public func publish(_ events: [BusEvent]) async throws(EventBusError) {
        let (groups, failure) = state.withLock { state in
            if let failure = state.failure { return ([String](), EventBusError?.some(failure)) }
            for group in state.groups.keys {
                for event in events { state.groups[group]?.queues[event.partition].events.append(event) }
            }
            return (Array(state.groups.keys), nil)
        }
        if let failure { throw failure }
        for group in groups { handOut(group) }
    }

    public func batches(group: String) -> AsyncStream<BusBatch> {
        let (stream, output) = AsyncStream.makeStream(of: BusBatch.self)
        let id = state.withLock { state in
            state.nextID += 1
            state.groups[group, default: Group()].consumers.append(Consumer(id: state.nextID, output: output))
            return state.nextID
        }
        output.onTermination = { [weak self] _ in self?.leave(group, id) }
        handOut(group)
        return stream
    }

    private func leave(_ group: String, _ consumer: Int) {
        state.withLock { state in
            guard var left = state.groups[group] else { return }
            if left.consumers.first?.id == consumer {
                for partition in Partitions.all { left.queues[partition].outstanding = nil }
            }
            left.consumers.removeAll { $0.id == consumer }
            state.groups[group] = left
        }
        handOut(group)
    }

    /// Gives the consumer of a group a batch of each partition of which it has none.
    private func handOut(_ name: String) {
        let (output, batches) = state.withLock { state in
            guard let consumer = state.groups[name]?.consumers.first else {
                return (AsyncStream<BusBatch>.Continuation?.none, [(partition: Int, batch: Int, events: [BusEvent])]())
            }
            var given: [(partition: Int, batch: Int, events: [BusEvent])] = []
            for partition in Partitions.all {
                guard let queue = state.groups[name]?.queues[partition], queue.outstanding == nil,
                    !queue.events.isEmpty
                else { continue }
                state.nextID += 1
                let events = Array(queue.events.prefix(batchLimit))
                state.groups[name]?.queues[partition].outstanding = (state.nextID, events.count)
                given.append((partition, state.nextID, events))
            }
            return (consumer.output, given)
        }
        for (partition, batch, events) in batches {
            output?.yield(
                BusBatch(partition: partition, events: events) { [weak self] in
                    self?.acknowledge(name, partition, batch)
                })
        }
    }

    private func acknowledge(_ group: String, _ partition: Int, _ batch: Int) {
        state.withLock { state in
            guard let outstanding = state.groups[group]?.queues[partition].outstanding, outstanding.batch == batch
            else { return }
            state.groups[group]?.queues[partition].events.removeFirst(outstanding.count)
            state.groups[group]?.queues[partition].outstanding = nil
        }
        handOut(group)
    }
}
