#if canImport(FoundationEssentials)
import FoundationEssentials
#else
import Foundation
#endif

import CRabbitMQ
import Domain

/// Why a message is no event of ours.
struct NotAnEvent: Error, Hashable, CustomStringConvertible {
    let description: String
    init(_ description: String) { self.description = description }
}

/// Headers of a message. The body is the event's payload, `message-id` its id.
enum MessageHeader: Int, CaseIterable {
    case position, prev, tenant, stream, category, version, type, schema, recordedAt, correlation
    /// Left out when the event has none; the last, so that the others keep their places.
    case causation

    /// Name on the wire.
    var name: StaticString {
        switch self {
        case .position: "position"
        case .prev: "prev"
        case .tenant: "tenant"
        case .stream: "stream"
        case .category: "category"
        case .version: "version"
        case .type: "type"
        case .schema: "schema"
        case .recordedAt: "recorded-at"
        case .correlation: "correlation"
        case .causation: "causation"
        }
    }
}

/// Bounds of what is sent, and of what is taken in.
enum MessageLimits {
    /// The routing key, of which the type is a part, has at most 255 bytes (AMQP 0-9-1, short string).
    static let type = 190
    static let payload = 16 << 20

    /// Why an event cannot be sent; `nil` when it can.
    static func refusal(_ event: BusEvent) -> String? {
        let encoded = event.envelope.event
        if encoded.type.utf8.count > type { return "an event type has more than \(type) bytes" }
        if encoded.payload.count > payload { return "an event has more than \(payload) bytes" }
        return nil
    }
}

/// Writes events as messages. All memory is reserved once; nothing is allocated for an event.
struct MessageWriter: ~Copyable {
    /// Where the texts of one message lie; ids take 36 bytes each.
    private enum Place {
        static let id = 0
        static let tenant = 36
        static let stream = 72
        static let correlation = 108
        static let causation = 144
        static let category = 180
        static let type = 200
        static let key = 400
        static let end = 660
    }
    private let entries: UnsafeMutablePointer<amqp_table_entry_t>
    private let texts: UnsafeMutablePointer<UInt8>
    private let exchange: UnsafeMutableBufferPointer<UInt8>

    init(exchange name: String) {
        texts = .allocate(capacity: Place.end)
        texts.initialize(repeating: 0, count: Place.end)
        exchange = .allocate(capacity: name.utf8.count)
        _ = exchange.initialize(from: name.utf8)
        entries = .allocate(capacity: MessageHeader.allCases.count)
        for header in MessageHeader.allCases {
            let name = header.name
            var entry = amqp_table_entry_t()
            entry.key = amqp_bytes_t(
                len: name.utf8CodeUnitCount, bytes: UnsafeMutableRawPointer(mutating: name.utf8Start))
            switch header {
            case .position, .prev, .version, .schema, .recordedAt:
                entry.value.kind = UInt8(AMQP_FIELD_KIND_I64.rawValue)
            case .tenant, .stream, .category, .type, .correlation, .causation:
                entry.value.kind = UInt8(AMQP_FIELD_KIND_UTF8.rawValue)
            }
            (entries + header.rawValue).initialize(to: entry)
        }
    }

    deinit {
        entries.deallocate()
        texts.deallocate()
        exchange.deallocate()
    }

    /// Publishes an event that ``MessageLimits/refusal(_:)`` lets through, persistent.
    /// - Returns: Status of the library.
    func publish(_ event: BusEvent, on connection: amqp_connection_state_t, channel: UInt16) -> Int32 {
        let envelope = event.envelope
        let stream = envelope.stream
        set(.position, envelope.position)
        set(.prev, event.previous)
        set(.version, envelope.version)
        set(.schema, Int64(envelope.event.schema))
        set(.recordedAt, envelope.recordedAt.milliseconds)
        set(.tenant, id(stream.tenant.uuid, Place.tenant))
        set(.stream, id(stream.id, Place.stream))
        set(.correlation, id(envelope.correlation, Place.correlation))
        let category = text(stream.category.rawValue, Place.category)
        set(.category, category)
        let type = text(envelope.event.type, Place.type)
        set(.type, type)
        var properties = amqp_basic_properties_t()
        properties._flags =
            amqp_flags_t(AMQP_BASIC_DELIVERY_MODE_FLAG) | amqp_flags_t(AMQP_BASIC_MESSAGE_ID_FLAG)
            | amqp_flags_t(AMQP_BASIC_HEADERS_FLAG)
        properties.delivery_mode = UInt8(AMQP_DELIVERY_PERSISTENT.rawValue)
        properties.message_id = id(envelope.id, Place.id)
        properties.headers.entries = entries
        properties.headers.num_entries = Int32(MessageHeader.causation.rawValue)
        if let causation = envelope.causation {
            set(.causation, id(causation, Place.causation))
            properties.headers.num_entries += 1
        }
        let key = routingKey(partition: event.partition, category: category.len, type: type.len)
        return envelope.event.payload.withUnsafeBytes { payload in
            amqp_basic_publish(
                connection, channel, amqp_bytes_t(len: exchange.count, bytes: exchange.baseAddress), key, 0, 0,
                &properties,
                amqp_bytes_t(len: payload.count, bytes: UnsafeMutableRawPointer(mutating: payload.baseAddress)))
        }
    }

    private func set(_ header: MessageHeader, _ number: Int64) { entries[header.rawValue].value.value.i64 = number }
    private func set(_ header: MessageHeader, _ text: amqp_bytes_t) {
        entries[header.rawValue].value.value.bytes = text
    }

    private func id(_ id: UUID, _ place: Int) -> amqp_bytes_t {
        UUIDText.write(id, to: texts + place)
        return amqp_bytes_t(len: UUIDText.length, bytes: texts + place)
    }

    private func text(_ text: String, _ place: Int) -> amqp_bytes_t {
        var text = text
        let count = text.withUTF8 { bytes in
            if let start = bytes.baseAddress { (texts + place).update(from: start, count: bytes.count) }
            return bytes.count
        }
        return amqp_bytes_t(len: count, bytes: texts + place)
    }

    /// `pNN.<tenant>.<category>.<event>`; the texts of the message are in their places.
    private func routingKey(partition: Int, category: Int, type: Int) -> amqp_bytes_t {
        let start = texts + Place.key
        var end = start
        func append(_ source: UnsafePointer<UInt8>, _ count: Int) {
            end.update(from: source, count: count)
            end += count
        }
        func append(_ byte: UInt8) {
            end.pointee = byte
            end += 1
        }
        append(UInt8(ascii: "p"))
        append(UInt8(ascii: "0") + UInt8(partition / 10))
        append(UInt8(ascii: "0") + UInt8(partition % 10))
        append(UInt8(ascii: "."))
        append(texts + Place.tenant, UUIDText.length)
        append(UInt8(ascii: "."))
        append(texts + Place.category, category)
        append(UInt8(ascii: "."))
        var phrase = 0
        if type > category, texts[Place.type + category] == UInt8(ascii: "."),
            (0..<category).allSatisfy({ texts[Place.type + $0] == texts[Place.category + $0] })
        {
            phrase = category + 1
        }
        append(texts + Place.type + phrase, type - phrase)
        return amqp_bytes_t(len: end - start, bytes: start)
    }
}

/// An event but for its payload, read from the properties of a message.
struct MessageHead {
    private let stream: StreamName
    private let position: Int64
    private let previous: Int64
    private let version: Int64
    private let id: UUID
    private let type: String
    private let schema: Int
    private let correlation: UUID
    private let causation: UUID?
    private let recordedAt: Timestamp

    /// - Parameter partition: The partition of the queue that the message came from.
    init(_ properties: borrowing amqp_basic_properties_t, partition: Int) throws(NotAnEvent) {
        guard properties._flags & amqp_flags_t(AMQP_BASIC_HEADERS_FLAG) != 0 else { throw NotAnEvent("no headers") }
        let headers = Headers(properties.headers)
        position = try headers.number(.position, from: 1)
        previous = try headers.number(.prev, from: 0)
        guard previous < position else { throw NotAnEvent("header prev is not below position") }
        version = try headers.number(.version, from: 1)
        schema = Int(try headers.number(.schema, from: 1))
        recordedAt = Timestamp(milliseconds: try headers.number(.recordedAt, from: .min))
        correlation = try headers.id(.correlation)
        causation = headers.has(.causation) ? try headers.id(.causation) : nil
        type = try headers.text(.type)
        guard let category = StreamCategory(rawValue: try headers.text(.category)) else {
            throw NotAnEvent("header category is none of ours")
        }
        stream = StreamName(TenantID(try headers.id(.tenant)), category, try headers.id(.stream))
        guard Partitions.partition(of: stream) == partition else {
            throw NotAnEvent("the stream belongs to another partition")
        }
        guard properties._flags & amqp_flags_t(AMQP_BASIC_MESSAGE_ID_FLAG) != 0,
            let id = UUIDText.read(UnsafeRawBufferPointer(properties.message_id))
        else { throw NotAnEvent("message-id is no UUID") }
        self.id = id
    }

    func event(payload: [UInt8]) -> BusEvent {
        BusEvent(
            envelope: EventEnvelope(
                position: position, stream: stream, version: version, id: id,
                event: EncodedEvent(type: type, schema: schema, payload: payload), correlation: correlation,
                causation: causation, recordedAt: recordedAt),
            previous: previous)
    }
}

/// The headers of one message by their meaning. Valid only as long as the frame they came in.
private struct Headers {
    private var values = [amqp_field_value_t?](repeating: nil, count: MessageHeader.allCases.count)

    init(_ table: amqp_table_t) {
        for place in 0..<Int(table.num_entries) {
            let entry = table.entries[place]
            // Messages of ours have them in this order, so the first comparison is nearly always the last.
            let expected = MessageHeader(rawValue: place)
            if let expected, Self.matches(entry.key, expected) {
                values[place] = entry.value
            } else if let header = MessageHeader.allCases.first(where: { Self.matches(entry.key, $0) }) {
                values[header.rawValue] = entry.value
            }
        }
    }

    private static func matches(_ key: amqp_bytes_t, _ header: MessageHeader) -> Bool {
        let name = header.name
        return UnsafeRawBufferPointer(key).elementsEqual(
            UnsafeRawBufferPointer(start: name.utf8Start, count: name.utf8CodeUnitCount))
    }

    func has(_ header: MessageHeader) -> Bool { values[header.rawValue] != nil }

    func number(_ header: MessageHeader, from lowest: Int64) throws(NotAnEvent) -> Int64 {
        guard let value = values[header.rawValue], value.kind == UInt8(AMQP_FIELD_KIND_I64.rawValue),
            value.value.i64 >= lowest
        else { throw NotAnEvent("header \(header.name) is missing or wrong") }
        return value.value.i64
    }

    private func bytes(_ header: MessageHeader) throws(NotAnEvent) -> UnsafeRawBufferPointer {
        guard let value = values[header.rawValue], value.kind == UInt8(AMQP_FIELD_KIND_UTF8.rawValue) else {
            throw NotAnEvent("header \(header.name) is missing or wrong")
        }
        return UnsafeRawBufferPointer(value.value.bytes)
    }

    func text(_ header: MessageHeader) throws(NotAnEvent) -> String {
        guard let text = String(validating: try bytes(header), as: UTF8.self), text.utf8.count <= MessageLimits.type
        else { throw NotAnEvent("header \(header.name) is missing or wrong") }
        return text
    }

    func id(_ header: MessageHeader) throws(NotAnEvent) -> UUID {
        guard let id = UUIDText.read(try bytes(header)) else {
            throw NotAnEvent("header \(header.name) is no UUID")
        }
        return id
    }
}

extension UnsafeRawBufferPointer {
    /// What the library points at; valid as long as its owner.
    init(_ bytes: amqp_bytes_t) { self.init(start: bytes.bytes, count: bytes.len) }
}
