import Domain
import Logging
import Synchronization

/// What a consumer tells the thread that serves it.
final class SubscriberMailbox: Sendable {
    /// That a batch is done.
    struct Acknowledgement: Sendable {
        /// Tells connections apart: the numbers of messages begin anew on each.
        let connection: Int
        let partition: Int
        let tag: UInt64
    }
    private struct State {
        var acknowledgements: [Acknowledgement] = []
        var isStopped = false
    }
    private let state = Mutex(State())
    private let wake: WakeUp

    init(wake: WakeUp) { self.wake = wake }

    func acknowledge(_ acknowledgement: Acknowledgement) {
        state.withLock { $0.acknowledgements.append(acknowledgement) }
        wake.signal()
    }

    func stop() {
        state.withLock { $0.isStopped = true }
        wake.signal()
    }

    var isStopped: Bool { state.withLock { $0.isStopped } }

    func take() -> [Acknowledgement] {
        state.withLock { state in
            let taken = state.acknowledgements
            state.acknowledgements = []
            return taken
        }
    }

    func wait(for socket: Int32 = -1, upTo timeout: Duration) { wake.wait(for: socket, upTo: timeout) }

    /// Waits for the end of the time or of the subscription.
    func pause(for timeout: Duration) {
        let end = ContinuousClock.now + timeout
        while !isStopped {
            let left = end - ContinuousClock.now
            if left <= .zero { return }
            wake.wait(upTo: left)
        }
    }
}

/// The thread of one subscription: one connection, one channel for each partition, so that a partition is acknowledged
/// and held back without the others.
struct SubscriberLoop {
    /// What came from one partition's queue and is not handed out yet.
    private struct Lane {
        var waiting: [(tag: UInt64, event: BusEvent)] = []
        var start = 0
        /// Last message of the batch that the consumer has.
        var outstanding: UInt64?
        var count: Int { waiting.count - start }

        mutating func take(_ limit: Int) -> (events: [BusEvent], last: UInt64)? {
            let end = min(start + limit, waiting.count)
            guard end > start else { return nil }
            let taken = waiting[start..<end]
            let batch = (taken.map(\.event), waiting[end - 1].tag)
            if end == waiting.count {
                waiting.removeAll(keepingCapacity: true)
                start = 0
            } else {
                start = end
            }
            outstanding = batch.1
            return batch
        }
    }
    /// Messages taken in one go before acknowledgements are looked for.
    private static let framesPerTurn = 1000

    let group: String
    let settings: LinkSettings
    let batchLimit: Int
    let mailbox: SubscriberMailbox
    let output: AsyncStream<BusBatch>.Continuation
    let meter: BusMeter
    let logger: Logger

    /// The thread's body.
    func run() {
        var log = LossLog(logger: logger, what: "consumer \(group)")
        var backoff = Backoff(settings.retry)
        var connection = 0
        while !mailbox.isStopped {
            let start = ContinuousClock.now
            connection += 1
            do throws(LinkError) {
                try serve(connection, &log)
            } catch {
                log.lost(error)
                if ContinuousClock.now - start > settings.retry.upperBound { backoff.reset() }
                mailbox.pause(for: backoff.next())
            }
        }
        output.finish()
    }

    /// Works on one connection until it is lost or the subscription ends.
    private func serve(_ connection: Int, _ log: inout LossLog) throws(LinkError) {
        var link = try settings.open(group)
        for partition in Partitions.all { try link.openChannel(channel(partition)) }
        try link.declare(settings.topology)
        try link.declare(settings.topology, group: group)
        for partition in Partitions.all {
            // Twice a batch, so that the next one is on its way while the consumer works.
            try link.consume(
                settings.topology.queue(group, partition), channel: channel(partition),
                prefetch: UInt16(clamping: batchLimit * 2))
        }
        if log.isBack(at: settings.address.place) { meter.add(to: \.reconnects) }
        var lanes = [Lane](repeating: Lane(), count: Partitions.count)
        while true {
            // Looked at first: what was acknowledged before the end still counts.
            let isStopped = mailbox.isStopped
            let acknowledged = try acknowledge(connection, &lanes, link)
            if isStopped { return link.close() }
            let heard = try hear(&lanes, &link)
            handOut(connection, &lanes)
            if !acknowledged, heard == 0 { mailbox.wait(for: link.socket, upTo: settings.idle) }
        }
    }

    private func channel(_ partition: Int) -> UInt16 { UInt16(partition + 1) }

    /// - Returns: Whether there was something to acknowledge.
    private func acknowledge(
        _ connection: Int, _ lanes: inout [Lane], _ link: borrowing BrokerLink
    ) throws(LinkError) -> Bool {
        var any = false
        // One of a lost connection, or a second one for the same batch, means nothing any more.
        for one in mailbox.take() where one.connection == connection && lanes[one.partition].outstanding == one.tag {
            lanes[one.partition].outstanding = nil
            try link.acknowledge(channel: channel(one.partition), upTo: one.tag)
            any = true
        }
        return any
    }

    /// - Returns: How many messages came.
    private func hear(_ lanes: inout [Lane], _ link: inout BrokerLink) throws(LinkError) -> Int {
        var heard = 0
        while heard < Self.framesPerTurn {
            switch try link.next() {
            case .nothing: return heard
            case .confirmed, .refused, .blocked, .unblocked: break
            case .delivered(let delivery):
                let partition = Int(delivery.channel) - 1
                switch delivery.content {
                case .success(let event): lanes[partition].waiting.append((delivery.tag, event))
                case .failure(let reason):
                    try link.reject(delivery)
                    meter.add(to: \.dead)
                    let queue = settings.topology.queue(group, partition)
                    logger.error("RabbitMQ consumer \(group): a message in \(queue) is no event: \(reason)")
                }
            }
            heard += 1
        }
        return heard
    }

    /// Gives the consumer a batch of each partition of which it has none.
    private func handOut(_ connection: Int, _ lanes: inout [Lane]) {
        for partition in lanes.indices where lanes[partition].outstanding == nil {
            guard let (events, last) = lanes[partition].take(batchLimit) else { continue }
            let acknowledgement = SubscriberMailbox.Acknowledgement(
                connection: connection, partition: partition, tag: last)
            meter.add(events.count, to: \.delivered)
            output.yield(
                BusBatch(partition: partition, events: events) { [mailbox] in mailbox.acknowledge(acknowledgement) })
        }
    }
}
