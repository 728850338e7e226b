import BrokerRabbitMQ
import CRabbitMQ
import Domain
import Foundation

/// The broker by hand: what the bus has no call for.
final class RawBroker {
    private let connection: amqp_connection_state_t

    init(url: String) throws {
        let (host, port) = try TestBroker.place(url)
        guard let connection = amqp_new_connection(), let socket = amqp_tcp_socket_new(connection) else {
            throw TestFailure("no memory for a connection")
        }
        self.connection = connection
        guard amqp_socket_open(socket, host, Int32(port)) == AMQP_STATUS_OK.rawValue else {
            throw TestFailure("no broker at \(host):\(port)")
        }
        let reply = crabbit_login(connection, "/", 131_072, 0, "guest", "guest", "test")
        guard reply.reply_type == AMQP_RESPONSE_NORMAL else { throw TestFailure("the test broker refused guest") }
        amqp_channel_open(connection, 1)
    }

    deinit {
        amqp_connection_close(connection, AMQP_REPLY_SUCCESS)
        amqp_destroy_connection(connection)
    }

    private func bytes<T>(_ text: String, _ body: (amqp_bytes_t) -> T) -> T {
        var text = text
        return text.withUTF8 { bytes in
            body(amqp_bytes_t(len: bytes.count, bytes: UnsafeMutableRawPointer(mutating: bytes.baseAddress)))
        }
    }

    /// Publishes bytes that no bus made, straight to a queue.
    func publish(_ body: String, to queue: String) throws {
        var properties = amqp_basic_properties_t()
        properties._flags = amqp_flags_t(AMQP_BASIC_DELIVERY_MODE_FLAG)
        properties.delivery_mode = 2
        let status = bytes(queue) { queue in
            bytes(body) { body in
                amqp_basic_publish(
                    connection, 1, amqp_bytes_t(len: 0, bytes: nil), queue, 0, 0, &properties, body)
            }
        }
        guard status == AMQP_STATUS_OK.rawValue else { throw TestFailure("publishing by hand failed") }
    }

    /// A queue that takes so many messages, refuses any other, and goes with this connection.
    func declare(_ queue: String, limit: Int64, exchange: String, pattern: String) throws {
        var entries = [amqp_table_entry_t(), amqp_table_entry_t()]
        let one = bytes("x-max-length") { length in
            bytes("x-overflow") { overflow in
                bytes("reject-publish") { refusal in
                    entries[0].key = length
                    entries[0].value.kind = UInt8(AMQP_FIELD_KIND_I64.rawValue)
                    entries[0].value.value.i64 = limit
                    entries[1].key = overflow
                    entries[1].value.kind = UInt8(AMQP_FIELD_KIND_UTF8.rawValue)
                    entries[1].value.value.bytes = refusal
                    return entries.withUnsafeMutableBufferPointer { entries in
                        let table = amqp_table_t(num_entries: 2, entries: entries.baseAddress)
                        return bytes(queue) { amqp_queue_declare(connection, 1, $0, 0, 0, 1, 0, table) != nil }
                    }
                }
            }
        }
        let none = amqp_table_t(num_entries: 0, entries: nil)
        let two = bytes(queue) { queue in
            bytes(exchange) { exchange in
                bytes(pattern) { amqp_queue_bind(connection, 1, queue, exchange, $0, none) != nil }
            }
        }
        guard one, two else { throw TestFailure("cannot declare \(queue)") }
    }

    /// Messages that are ready in a queue.
    func count(_ queue: String) throws -> Int {
        let none = amqp_table_t(num_entries: 0, entries: nil)
        let answer = bytes(queue) { amqp_queue_declare(connection, 1, $0, 1, 1, 0, 0, none)?.pointee.message_count }
        guard let answer else { throw TestFailure("there is no queue \(queue)") }
        return Int(answer)
    }

    struct Message {
        let routingKey: String
        let id: String
        let isPersistent: Bool
        /// Texts, and numbers as text.
        let headers: [String: String]
        let body: [UInt8]
    }

    /// Takes a message out of a queue.
    func get(_ queue: String) throws -> Message? {
        let reply = bytes(queue) { amqp_basic_get(connection, 1, $0, 1) }
        guard reply.reply_type == AMQP_RESPONSE_NORMAL, let fields = reply.reply.decoded,
            reply.reply.id == amqp_method_number_t(AMQP_BASIC_GET_OK_METHOD)
        else { return nil }
        let key = text(fields.assumingMemoryBound(to: amqp_basic_get_ok_t.self).pointee.routing_key)
        var message = amqp_message_t()
        guard amqp_read_message(connection, 1, &message, 0).reply_type == AMQP_RESPONSE_NORMAL else { return nil }
        defer { amqp_destroy_message(&message) }
        var headers: [String: String] = [:]
        for place in 0..<Int(message.properties.headers.num_entries) {
            let entry = message.properties.headers.entries[place]
            switch Int32(entry.value.kind) {
            case Int32(AMQP_FIELD_KIND_I64.rawValue): headers[text(entry.key)] = "\(entry.value.value.i64)"
            case Int32(AMQP_FIELD_KIND_UTF8.rawValue): headers[text(entry.key)] = text(entry.value.value.bytes)
            default: break
            }
        }
        return Message(
            routingKey: key, id: text(message.properties.message_id),
            isPersistent: message.properties.delivery_mode == 2, headers: headers,
            body: Array(UnsafeRawBufferPointer(start: message.body.bytes, count: message.body.len)))
    }

    private func text(_ bytes: amqp_bytes_t) -> String {
        String(decoding: UnsafeRawBufferPointer(start: bytes.bytes, count: bytes.len), as: UTF8.self)
    }

    /// Deletes everything that a bus with these options declares.
    func remove(_ options: RabbitMQBus.Options) throws {
        let queues = options.groups.flatMap { group in
            Partitions.all.map { Self.queue(options, group, $0) }
        }
        for queue in queues + [options.prefix + ".dead"] {
            _ = bytes(queue) { amqp_queue_delete(connection, 1, $0, 0, 0) }
        }
        for exchange in [options.prefix + ".events", options.prefix + ".dead"] {
            _ = bytes(exchange) { amqp_exchange_delete(connection, 1, $0, 0) }
        }
    }

    static func queue(_ options: RabbitMQBus.Options, _ group: String, _ partition: Int) -> String {
        "\(options.prefix).\(group).p\(partition < 10 ? "0" : "")\(partition)"
    }
}
