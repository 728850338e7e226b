#if canImport(Glibc)
import Glibc
#else
import Musl
#endif

import CRabbitMQ
import Domain

/// A connection that cannot be opened or used any more; one line.
struct LinkError: Error, Hashable, CustomStringConvertible {
    let description: String
    init(_ description: String) { self.description = description }
}

/// A message that was delivered. The number tells it from others of its channel, for the acknowledgement.
struct Delivery {
    let channel: UInt16
    let tag: UInt64
    let content: Result<BusEvent, NotAnEvent>
}

/// What the broker says by itself.
enum LinkEvent {
    /// Nothing more has come so far.
    case nothing
    case confirmed(tag: UInt64, multiple: Bool)
    case refused(tag: UInt64, multiple: Bool)
    case blocked(String)
    case unblocked
    case delivered(Delivery)
}

/// One connection to the broker. It belongs to the thread that opened it, and its calls may block that thread: connecting
/// and declaring for the time-outs below, sending until the kernel gives the connection up.
struct BrokerLink: ~Copyable {
    /// Argument of a queue.
    enum Argument {
        case text(String)
        case number(Int64)
        case flag(Bool)
    }
    /// A message whose parts are coming in.
    private struct Partial {
        let tag: UInt64
        var head: Result<MessageHead, NotAnEvent>?
        var missing = 0
        var body: [UInt8] = []
    }
    /// Largest frame to be taken in, as the broker suggests it too.
    private static let frameLimit: Int32 = 131_072

    private let connection: amqp_connection_state_t
    private let writer: MessageWriter
    /// By channel; a channel carries the messages of the partition below its number.
    private var partials: [Partial?]
    let socket: Int32

    /// - Parameters:
    ///   - name: How the broker calls the connection in its lists and logs.
    ///   - timeout: For connecting, and again for the log-in and for every declaration.
    ///   - patience: How long sent bytes may stay unacknowledged by the peer's kernel before the connection counts as
    ///     lost.
    init(
        _ address: RabbitMQAddress, name: String, topology: Topology, heartbeat: Duration, timeout: Duration,
        patience: Duration
    ) throws(LinkError) {
        (connection, socket) = try Self.connect(address, name, heartbeat, timeout, patience)
        writer = MessageWriter(exchange: topology.events)
        partials = Array(repeating: nil, count: Partitions.count + 1)
    }

    deinit { amqp_destroy_connection(connection) }

    private static func connect(
        _ address: RabbitMQAddress, _ name: String, _ heartbeat: Duration, _ timeout: Duration, _ patience: Duration
    ) throws(LinkError) -> (amqp_connection_state_t, Int32) {
        guard let connection = amqp_new_connection() else { throw LinkError("out of memory") }
        var time = timeval(address.connectionTimeout.map { .milliseconds($0) } ?? timeout)
        amqp_set_handshake_timeout(connection, &time)
        amqp_set_rpc_timeout(connection, &time)
        do throws(LinkError) {
            let socket = try open(connection, address, time, patience)
            try logIn(connection, address, name, heartbeat)
            return (connection, socket)
        } catch {
            amqp_destroy_connection(connection)
            throw error
        }
    }

    private static func open(
        _ connection: amqp_connection_state_t, _ address: RabbitMQAddress, _ timeout: timeval, _ patience: Duration
    ) throws(LinkError) -> Int32 {
        let created = address.tls == nil ? amqp_tcp_socket_new(connection) : amqp_ssl_socket_new(connection)
        guard let socket = created else { throw LinkError("no socket for \(address.place)") }
        if let tls = address.tls {
            guard crabbit_secure(socket, tls.authorities, tls.serverName, tls.verifiesPeer ? 1 : 0) == 1 else {
                throw LinkError("the certificates in \(tls.authorities ?? "the system's store") cannot be used")
            }
            if let certificate = tls.certificate, let key = tls.key,
                amqp_ssl_socket_set_key(socket, certificate, key) != AMQP_STATUS_OK.rawValue
            {
                throw LinkError("the certificate \(certificate) or its key cannot be used")
            }
        }
        var timeout = timeout
        let status = amqp_socket_open_noblock(socket, address.host, Int32(address.port), &timeout)
        guard status == AMQP_STATUS_OK.rawValue else {
            switch status {
            case AMQP_STATUS_SSL_CONNECTION_FAILED.rawValue, AMQP_STATUS_SSL_PEER_VERIFY_FAILED.rawValue,
                AMQP_STATUS_SSL_ERROR.rawValue:
                let reason = crabbit_refusal(socket).map { String(cString: $0) } ?? text(of: status)
                throw LinkError("TLS with \(address.place) failed: \(reason)")
            default: throw LinkError("cannot connect to \(address.place): \(text(of: status))")
            }
        }
        let descriptor = amqp_get_sockfd(connection)
        var milliseconds = UInt32(max(1, min(patience / .milliseconds(1), 1e9)))
        setsockopt(
            descriptor, Int32(IPPROTO_TCP), TCP_USER_TIMEOUT, &milliseconds, socklen_t(MemoryLayout<UInt32>.size))
        return descriptor
    }

    private static func logIn(
        _ connection: amqp_connection_state_t, _ address: RabbitMQAddress, _ name: String, _ heartbeat: Duration
    ) throws(LinkError) {
        let seconds = address.heartbeat ?? max(1, Int(heartbeat.components.seconds))
        let reply = crabbit_login(
            connection, address.virtualHost, frameLimit, Int32(seconds), address.user, address.password, name)
        do throws(LinkError) { try check(reply) } catch {
            throw LinkError("\(address.place) refused the log-in: \(error)")
        }
    }

    private static func text(of status: Int32) -> String { String(cString: amqp_error_string2(status)) }

    private static func text(_ bytes: amqp_bytes_t) -> String {
        Printable.line(String(decoding: UnsafeRawBufferPointer(bytes), as: UTF8.self))
    }

    private static func check(_ reply: amqp_rpc_reply_t) throws(LinkError) {
        switch reply.reply_type {
        case AMQP_RESPONSE_NORMAL: return
        case AMQP_RESPONSE_SERVER_EXCEPTION: throw closing(reply.reply)
        case AMQP_RESPONSE_LIBRARY_EXCEPTION: throw LinkError(text(of: reply.library_error))
        default: throw LinkError("the broker closed the connection")
        }
    }

    /// The broker's reason for closing a channel or the connection.
    private static func closing(_ method: amqp_method_t) -> LinkError {
        guard let fields = method.decoded else { return LinkError("the broker closed the connection") }
        switch method.id {
        case amqp_method_number_t(AMQP_CONNECTION_CLOSE_METHOD):
            return LinkError(text(fields.assumingMemoryBound(to: amqp_connection_close_t.self).pointee.reply_text))
        case amqp_method_number_t(AMQP_CHANNEL_CLOSE_METHOD):
            return LinkError(text(fields.assumingMemoryBound(to: amqp_channel_close_t.self).pointee.reply_text))
        default: return LinkError("the broker answered with method \(method.id)")
        }
    }

    private func check(_ status: Int32) throws(LinkError) {
        guard status == AMQP_STATUS_OK.rawValue else { throw LinkError(Self.text(of: status)) }
    }

    /// Says good-bye, so that the broker gives unacknowledged messages to the next consumer at once.
    consuming func close() { _ = amqp_connection_close(connection, AMQP_REPLY_SUCCESS) }
}

// MARK: - Topology

extension BrokerLink {
    func openChannel(_ channel: UInt16) throws(LinkError) {
        _ = amqp_channel_open(connection, channel)
        try Self.check(amqp_get_rpc_reply(connection))
    }

    func declareExchange(_ name: String, type: String) throws(LinkError) {
        var texts = Texts()
        defer { texts.free() }
        _ = amqp_exchange_declare(
            connection, 1, texts.bytes(name), texts.bytes(type), 0, 1, 0, 0, amqp_table_t(num_entries: 0, entries: nil))
        try Self.check(amqp_get_rpc_reply(connection))
    }

    func declareQueue(_ name: String, _ arguments: [(String, Argument)]) throws(LinkError) {
        var texts = Texts()
        defer { texts.free() }
        var entries: [amqp_table_entry_t] = []
        for (key, argument) in arguments {
            var entry = amqp_table_entry_t()
            entry.key = texts.bytes(key)
            switch argument {
            case .text(let text):
                entry.value.kind = UInt8(AMQP_FIELD_KIND_UTF8.rawValue)
                entry.value.value.bytes = texts.bytes(text)
            case .number(let number):
                entry.value.kind = UInt8(AMQP_FIELD_KIND_I64.rawValue)
                entry.value.value.i64 = number
            case .flag(let flag):
                entry.value.kind = UInt8(AMQP_FIELD_KIND_BOOLEAN.rawValue)
                entry.value.value.boolean = flag ? 1 : 0
            }
            entries.append(entry)
        }
        let queue = texts.bytes(name)
        entries.withUnsafeMutableBufferPointer { entries in
            let table = amqp_table_t(num_entries: Int32(entries.count), entries: entries.baseAddress)
            _ = amqp_queue_declare(connection, 1, queue, 0, 1, 0, 0, table)
        }
        try Self.check(amqp_get_rpc_reply(connection))
    }

    func bind(queue: String, to exchange: String, key: String) throws(LinkError) {
        var texts = Texts()
        defer { texts.free() }
        _ = amqp_queue_bind(
            connection, 1, texts.bytes(queue), texts.bytes(exchange), texts.bytes(key),
            amqp_table_t(num_entries: 0, entries: nil))
        try Self.check(amqp_get_rpc_reply(connection))
    }

    /// Confirms for everything published on channel 1 from now on.
    func selectConfirms() throws(LinkError) {
        _ = amqp_confirm_select(connection, 1)
        try Self.check(amqp_get_rpc_reply(connection))
    }

    /// Starts deliveries from a queue.
    /// - Parameter prefetch: How many messages may be unacknowledged.
    func consume(_ queue: String, channel: UInt16, prefetch: UInt16) throws(LinkError) {
        _ = amqp_basic_qos(connection, channel, 0, prefetch, 0)
        try Self.check(amqp_get_rpc_reply(connection))
        var texts = Texts()
        defer { texts.free() }
        let none = amqp_bytes_t(len: 0, bytes: nil)
        _ = amqp_basic_consume(
            connection, channel, texts.bytes(queue), none, 0, 0, 0, amqp_table_t(num_entries: 0, entries: nil))
        do throws(LinkError) { try Self.check(amqp_get_rpc_reply(connection)) } catch {
            throw LinkError("cannot consume from \(queue): \(error)")
        }
    }
}

/// Texts as the library takes them, for the time of a call.
private struct Texts {
    private var kept: [UnsafeMutablePointer<UInt8>] = []

    mutating func bytes(_ text: String) -> amqp_bytes_t {
        let count = text.utf8.count
        let bytes = UnsafeMutablePointer<UInt8>.allocate(capacity: max(1, count))
        _ = UnsafeMutableBufferPointer(start: bytes, count: count).initialize(from: text.utf8)
        kept.append(bytes)
        return amqp_bytes_t(len: count, bytes: bytes)
    }

    func free() { for bytes in kept { bytes.deallocate() } }
}

// MARK: - Messages

extension BrokerLink {
    func publish(_ event: BusEvent) throws(LinkError) {
        try check(writer.publish(event, on: connection, channel: 1))
    }

    /// Acknowledges every message of the channel up to this one.
    func acknowledge(channel: UInt16, upTo tag: UInt64) throws(LinkError) {
        try check(amqp_basic_ack(connection, channel, tag, 1))
    }

    /// Sends a message to the dead-letter exchange of its queue.
    func reject(_ delivery: Delivery) throws(LinkError) {
        try check(amqp_basic_reject(connection, delivery.channel, delivery.tag, 0))
    }

    /// What has come in, without waiting. Answers heartbeats and notices when the broker's stay away, so it is to be
    /// called at least every half heartbeat.
    mutating func next() throws(LinkError) -> LinkEvent {
        while true {
            var frame = amqp_frame_t()
            var now = timeval()
            let status = amqp_simple_wait_frame_noblock(connection, &frame, &now)
            if status == AMQP_STATUS_TIMEOUT.rawValue { return .nothing }
            try check(status)
            // Everything needed is copied here: the frame's memory is used again after the next line.
            let event = try take(frame)
            amqp_maybe_release_buffers_on_channel(connection, frame.channel)
            if let event { return event }
        }
    }

    /// - Returns: `nil` when it says nothing, or not all of it yet.
    private mutating func take(_ frame: amqp_frame_t) throws(LinkError) -> LinkEvent? {
        switch Int32(frame.frame_type) {
        case AMQP_FRAME_METHOD: return try take(frame.payload.method, frame.channel)
        case AMQP_FRAME_HEADER:
            let place = Int(frame.channel)
            guard partials.indices.contains(place), let fields = frame.payload.properties.decoded,
                partials[place] != nil
            else { throw LinkError("the broker sent a header without a message") }
            let properties = fields.assumingMemoryBound(to: amqp_basic_properties_t.self)
            let size = frame.payload.properties.body_size
            partials[place]?.missing = Int(clamping: size)
            if size > MessageLimits.payload {
                partials[place]?.head = .failure(NotAnEvent("more than \(MessageLimits.payload) bytes"))
            } else {
                partials[place]?.head = Result { () throws(NotAnEvent) in
                    try MessageHead(properties.pointee, partition: place - 1)
                }
                partials[place]?.body.reserveCapacity(Int(size))
            }
            return finished(place)
        case AMQP_FRAME_BODY:
            let place = Int(frame.channel)
            let fragment = UnsafeRawBufferPointer(frame.payload.body_fragment)
            guard partials.indices.contains(place), case .some(let head) = partials[place]?.head else {
                throw LinkError("the broker sent a body without a message")
            }
            partials[place]?.missing -= fragment.count
            if case .success = head { partials[place]?.body.append(contentsOf: fragment) }
            return finished(place)
        default: return nil
        }
    }

    private mutating func finished(_ place: Int) -> LinkEvent? {
        guard let partial = partials[place], partial.missing <= 0, let head = partial.head else { return nil }
        partials[place] = nil
        return .delivered(
            Delivery(
                channel: UInt16(place), tag: partial.tag, content: head.map { $0.event(payload: partial.body) }))
    }

    private mutating func take(_ method: amqp_method_t, _ channel: UInt16) throws(LinkError) -> LinkEvent? {
        guard let fields = method.decoded else { return nil }
        switch method.id {
        case amqp_method_number_t(AMQP_BASIC_DELIVER_METHOD):
            let place = Int(channel)
            guard partials.indices.contains(place), place > 0 else {
                throw LinkError("the broker delivered on channel \(channel)")
            }
            let deliver = fields.assumingMemoryBound(to: amqp_basic_deliver_t.self).pointee
            partials[place] = Partial(tag: deliver.delivery_tag)
            return nil
        case amqp_method_number_t(AMQP_BASIC_ACK_METHOD):
            let ack = fields.assumingMemoryBound(to: amqp_basic_ack_t.self).pointee
            return .confirmed(tag: ack.delivery_tag, multiple: ack.multiple != 0)
        case amqp_method_number_t(AMQP_BASIC_NACK_METHOD):
            let nack = fields.assumingMemoryBound(to: amqp_basic_nack_t.self).pointee
            return .refused(tag: nack.delivery_tag, multiple: nack.multiple != 0)
        case amqp_method_number_t(AMQP_CONNECTION_BLOCKED_METHOD):
            let reason = fields.assumingMemoryBound(to: amqp_connection_blocked_t.self).pointee.reason
            return .blocked(Self.text(reason))
        case amqp_method_number_t(AMQP_CONNECTION_UNBLOCKED_METHOD): return .unblocked
        case amqp_method_number_t(AMQP_BASIC_CANCEL_METHOD):
            throw LinkError("the broker ended a consumer: its queue was deleted or moved")
        case amqp_method_number_t(AMQP_CHANNEL_CLOSE_METHOD), amqp_method_number_t(AMQP_CONNECTION_CLOSE_METHOD):
            throw Self.closing(method)
        default: return nil
        }
    }
}

extension timeval {
    fileprivate init(_ duration: Duration) {
        let (seconds, attoseconds) = duration.components
        self.init(tv_sec: Int(seconds), tv_usec: Int(attoseconds / 1_000_000_000_000))
    }
}
