import Domain

/// Names of what the bus has in the broker.
struct Topology: Sendable {
    let prefix: String

    /// Topic exchange; the routing key is `pNN.<tenant>.<category>.<event>`.
    var events: String { prefix + ".events" }
    /// Fanout exchange and queue for bytes that are no envelope of ours.
    var dead: String { prefix + ".dead" }
    /// What the dead-letter queue keeps, oldest dropped first: enough to see what came, bounded whoever sends it.
    static let deadLimit = 10_000
    static let deadBytes = 64 << 20

    func queue(_ group: String, _ partition: Int) -> String { "\(prefix).\(group).\(Self.word(partition))" }

    /// First word of the routing keys of a partition, `p00` to `p15`.
    static func word(_ partition: Int) -> String { partition < 10 ? "p0\(partition)" : "p\(partition)" }
    static func pattern(_ partition: Int) -> String { word(partition) + ".#" }

    /// Prefix and group are parts of queue names, which have at most 255 bytes (AMQP 0-9-1, short string).
    static func isName(_ text: String) -> Bool {
        (1...64).contains(text.utf8.count)
            && text.utf8.allSatisfy { byte in
                (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte)
                    || (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(byte)
                    || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) || byte == UInt8(ascii: "-")
                    || byte == UInt8(ascii: "_") || byte == UInt8(ascii: ".")
            }
    }
}

extension BrokerLink {
    /// Exchange for events, exchange and queue for dead letters. Declaring again what is there changes nothing.
    func declare(_ topology: Topology) throws(LinkError) {
        try declareExchange(topology.events, type: "topic")
        try declareExchange(topology.dead, type: "fanout")
        try declareQueue(
            topology.dead,
            [
                ("x-queue-type", .text("quorum")), ("x-max-length", .number(Int64(Topology.deadLimit))),
                ("x-max-length-bytes", .number(Int64(Topology.deadBytes))), ("x-overflow", .text("drop-head")),
            ])
        try bind(queue: topology.dead, to: topology.dead, key: "")
    }

    /// The queues of a consumer group, one for each partition.
    func declare(_ topology: Topology, group: String) throws(LinkError) {
        for partition in Partitions.all {
            let queue = topology.queue(group, partition)
            try declareQueue(
                queue,
                [
                    ("x-queue-type", .text("quorum")), ("x-single-active-consumer", .flag(true)),
                    ("x-dead-letter-exchange", .text(topology.dead)),
                ])
            try bind(queue: queue, to: topology.events, key: Topology.pattern(partition))
        }
    }
}
