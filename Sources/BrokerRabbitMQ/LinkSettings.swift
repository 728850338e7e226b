import Logging

/// How the threads of a bus connect.
struct LinkSettings: Sendable {
    let address: RabbitMQAddress
    let topology: Topology
    let heartbeat: Duration
    let connectTimeout: Duration
    /// How long the broker's machine may be silent to what was sent.
    let patience: Duration
    let retry: ClosedRange<Duration>

    /// Payload that may be unconfirmed, so that a window of large events does not fill the kernel's buffers.
    static let windowBytes = 4 << 20

    /// How long a thread may sleep without serving heartbeats.
    var idle: Duration {
        (address.heartbeat.map { .seconds($0) } ?? heartbeat) / 4
    }

    func open(_ name: String) throws(LinkError) -> BrokerLink {
        try BrokerLink(
            address, name: "\(topology.prefix) \(name)", topology: topology, heartbeat: heartbeat,
            timeout: connectTimeout, patience: patience)
    }
}

/// Tells the log about a connection once for each change, however often it is tried.
struct LossLog {
    let logger: Logger
    let what: String
    private var reason: String?
    private var wasConnected = false

    init(logger: Logger, what: String) {
        self.logger = logger
        self.what = what
    }

    mutating func lost(_ error: LinkError) {
        if reason == error.description { return }
        reason = error.description
        logger.warning("RabbitMQ \(what): \(error)")
    }

    /// - Returns: Whether there was a connection before.
    mutating func isBack(at place: String) -> Bool {
        defer {
            reason = nil
            wasConnected = true
        }
        logger.info("RabbitMQ \(what): connected to \(place)")
        return wasConnected
    }
}
