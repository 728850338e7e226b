import CRabbitMQ
public import Domain
import Foundation
public import Logging
import Synchronization

/// The event bus over RabbitMQ.
///
/// Nobody has to connect: the publisher does with its first call, each subscription by itself, and both do it again, with
/// growing pauses, as often as a connection is lost. Each has a connection and a thread of its own.
///
/// What it has in the broker, declared by whoever comes first: topic exchange `<prefix>.events`; for each consumer group
/// and partition a durable quorum queue `<prefix>.<group>.pNN` with a single active consumer, bound by `pNN.#`; exchange
/// and queue `<prefix>.dead` for messages that are no events of ours. A message has the routing key
/// `pNN.<tenant>.<category>.<event>`, the event's id as `message-id`, the envelope in its headers and the payload as body.
public final class RabbitMQBus: EventPublisher, EventSubscriber {
    /// How the bus behaves. Prefix and groups take letters, digits, `-`, `_` and `.`, at most 64 of them.
    public struct Options: Sendable {
        /// First part of every name in the broker.
        public var prefix = "albatross"
        /// Consumer groups whose queues exist before anything is published. What is published before a group has its
        /// queues does not reach it.
        public var groups: [String] = []
        /// Events that may be sent and not confirmed.
        public var window = 500
        /// Events that may wait to be confirmed, sent or not; a single call of more is taken when nothing else waits.
        public var queueLimit = 10_000
        /// After which a call of ``RabbitMQBus/publish(_:)`` fails.
        public var publishTimeout: Duration = .seconds(10)
        /// Most events in a batch, at most 30,000. Twice as many are asked for in advance, for each partition.
        public var batchLimit = 200
        /// For connecting, and again for the log-in and each declaration. The address's `connection_timeout` has
        /// precedence.
        public var connectTimeout: Duration = .seconds(5)
        /// A peer that is silent for twice as long is lost. The address's `heartbeat` has precedence.
        public var heartbeat: Duration = .seconds(10)
        /// Shortest and longest pause between two attempts to connect.
        public var retry: ClosedRange<Duration> = .milliseconds(100) ... .seconds(5)

        public init() {}
    }

    private let queue: PublishQueue
    private let settings: LinkSettings
    private let options: Options
    private let meter = BusMeter()
    private let logger: Logger

    /// - Parameter url: `amqp://user:password@host:port/vhost` or `amqps://…`, with the query options `cacertfile`,
    ///   `certfile`, `keyfile`, `verify` (`verify_peer`, the default, or `verify_none`), `server_name_indication`,
    ///   `heartbeat` (seconds) and `connection_timeout` (milliseconds). Over TLS the certificate must be for the host, or
    ///   for the name in `server_name_indication`; `disable` there checks no name.
    /// - Throws: One line on what is wrong with the address or the options. The broker is not asked.
    public init(url: String, options: Options = Options(), logger: Logger) throws(RabbitMQAddressError) {
        let address = try RabbitMQAddress(url)
        for name in [options.prefix] + options.groups where !Topology.isName(name) {
            throw RabbitMQAddressError("\(Printable.line(name)) cannot be part of a RabbitMQ queue's name")
        }
        guard options.window > 0, options.queueLimit > 0, (1...30_000).contains(options.batchLimit),
            options.publishTimeout > .zero, options.connectTimeout > .zero, options.heartbeat >= .seconds(1),
            options.retry.lowerBound > .zero
        else { throw RabbitMQAddressError("an option of the RabbitMQ bus is not positive") }
        guard let wake = WakeUp() else { throw RabbitMQAddressError("no file descriptors are left") }
        self.options = options
        self.logger = logger
        settings = LinkSettings(
            address: address, topology: Topology(prefix: options.prefix), heartbeat: options.heartbeat,
            connectTimeout: options.connectTimeout, patience: options.publishTimeout, retry: options.retry)
        queue = PublishQueue(limit: options.queueLimit, timeout: options.publishTimeout, wake: wake)
        let loop = PublisherLoop(
            queue: queue, settings: settings, groups: options.groups, window: options.window, meter: meter,
            logger: logger)
        Self.start("bus-publisher") { loop.run() }
    }

    deinit { queue.close() }

    private static func start(_ name: String, _ body: @escaping @Sendable () -> Void) {
        let thread = Thread {
            // Foundation's own `name` reaches the kernel or not, as its start goes.
            crabbit_name_thread(name)
            body()
        }
        thread.stackSize = 1 << 20
        thread.start()
    }

    /// Whether events can be published now.
    public var state: BusState { queue.busState }
    /// What was done so far, by all threads together.
    public var counters: BusCounters { meter.value }

    /// Fails what waits to be published and ends the publisher. Subscriptions end with the tasks that read them.
    public func close() { queue.close() }

    /// Connects, declares what ``Options/groups`` need, and leaves again: for a start that wants to know.
    /// - Throws: One line on why it does not work.
    public func check() async throws(EventBusError) {
        let (settings, groups) = (settings, options.groups)
        let result: Result<Void, EventBusError> = await withCheckedContinuation { continuation in
            Self.start("bus-check") {
                do throws(LinkError) {
                    let link = try settings.open("check")
                    try link.openChannel(1)
                    try link.declare(settings.topology)
                    for group in groups { try link.declare(settings.topology, group: group) }
                    link.close()
                    continuation.resume(returning: .success(()))
                } catch { continuation.resume(returning: .failure(EventBusError("RabbitMQ: \(error)"))) }
            }
        }
        try result.get()
    }

    // MARK: - EventPublisher

    public func publish(_ events: [BusEvent]) async throws(EventBusError) {
        let result = await withCheckedContinuation { continuation in
            submit(events) { continuation.resume(returning: $0) }
        }
        try result.get()
    }

    /// ``publish(_:)`` for a caller that keeps several calls going: they are published in the order of submission. When
    /// one fails, so does every call behind it, so that nothing overtakes what is published again.
    /// - Parameter completion: Runs once, within ``Options/publishTimeout``; it must not block.
    public func submit(
        _ events: [BusEvent], completion: @escaping @Sendable (Result<Void, EventBusError>) -> Void
    ) {
        queue.submit(events, completion: completion)
    }

    // MARK: - EventSubscriber

    /// - Parameter group: As in ``Options/groups``; with any other name the stream ends at once.
    public func batches(group: String) -> AsyncStream<BusBatch> {
        // Unbounded, but never more than one batch of each partition is in it.
        let (stream, output) = AsyncStream.makeStream(of: BusBatch.self)
        guard Topology.isName(group), let wake = WakeUp() else {
            logger.error("RabbitMQ consumer \(Printable.line(group)): a wrong name, or no file descriptors are left")
            output.finish()
            return stream
        }
        let mailbox = SubscriberMailbox(wake: wake)
        output.onTermination = { _ in mailbox.stop() }
        let loop = SubscriberLoop(
            group: group, settings: settings, batchLimit: options.batchLimit, mailbox: mailbox, output: output,
            meter: meter, logger: logger)
        Self.start("bus-\(group)") { loop.run() }
        return stream
    }
}
