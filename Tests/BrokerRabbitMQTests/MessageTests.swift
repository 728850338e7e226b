import CRabbitMQ
import Domain
import Foundation
import TestSupport
import Testing

@testable import BrokerRabbitMQ

/// What is read out of a message, header by header. That whole events survive the way through a broker is in the contract.
@Suite struct MessageTests {
    private enum Value {
        case text(String)
        case number(Int64)
    }

    private static let stream = StreamName(
        TenantID(UUID(high: 1, low: 2)), .flight, UUID(high: 0x0194_222f_a0b0_7000, low: 0x8000_0000_0000_0001))
    private static let good: [(String, Value)] = [
        ("position", .number(12)), ("prev", .number(3)), ("tenant", .text(stream.tenant.description)),
        ("stream", .text(stream.id.uuidString)), ("category", .text("flight")), ("version", .number(4)),
        ("type", .text("flight.ended")), ("schema", .number(2)), ("recorded-at", .number(-5)),
        ("correlation", .text(UUID(high: 5, low: 6).uuidString)),
    ]

    private func read(
        _ headers: [(String, Value)]?, id: String? = UUID(high: 7, low: 8).uuidString, partition: Int? = nil
    ) throws -> BusEvent {
        var kept: [UnsafeMutablePointer<CChar>] = []
        defer { for pointer in kept { free(pointer) } }
        func bytes(_ text: String) -> amqp_bytes_t {
            guard let copy = strdup(text) else { return amqp_bytes_t(len: 0, bytes: nil) }
            kept.append(copy)
            return amqp_bytes_t(len: text.utf8.count, bytes: copy)
        }
        var properties = amqp_basic_properties_t()
        if let id {
            properties._flags |= amqp_flags_t(AMQP_BASIC_MESSAGE_ID_FLAG)
            properties.message_id = bytes(id)
        }
        var entries = (headers ?? []).map { key, value in
            var entry = amqp_table_entry_t()
            entry.key = bytes(key)
            switch value {
            case .text(let text):
                entry.value.kind = UInt8(AMQP_FIELD_KIND_UTF8.rawValue)
                entry.value.value.bytes = bytes(text)
            case .number(let number):
                entry.value.kind = UInt8(AMQP_FIELD_KIND_I64.rawValue)
                entry.value.value.i64 = number
            }
            return entry
        }
        if headers != nil { properties._flags |= amqp_flags_t(AMQP_BASIC_HEADERS_FLAG) }
        return try entries.withUnsafeMutableBufferPointer { entries in
            properties.headers = amqp_table_t(num_entries: Int32(entries.count), entries: entries.baseAddress)
            return try MessageHead(properties, partition: partition ?? Partitions.partition(of: Self.stream))
                .event(payload: [1, 2])
        }
    }

    private func changed(_ key: String, _ value: Value?) -> [(String, Value)] {
        Self.good.compactMap { $0.0 == key ? value.map { (key, $0) } : $0 }
    }

    @Test func readsAnEnvelope() throws {
        let event = try read(Self.good + [("causation", .text(UUID(high: 9, low: 10).uuidString))])
        #expect(
            event
                == BusEvent(
                    envelope: EventEnvelope(
                        position: 12, stream: Self.stream, version: 4, id: UUID(high: 7, low: 8),
                        event: EncodedEvent(type: "flight.ended", schema: 2, payload: [1, 2]),
                        correlation: UUID(high: 5, low: 6), causation: UUID(high: 9, low: 10),
                        recordedAt: Timestamp(milliseconds: -5)), previous: 3))
    }

    @Test func takesHeadersInAnyOrderAmongOthers() throws {
        let event = try read(Self.good)
        #expect(event.envelope.causation == nil)
        #expect(try read([("x-death", .text("once"))] + Self.good.reversed()) == event)
    }

    @Test(arguments: good.map(\.0))
    func refusesAMessageWithoutOne(_ key: String) {
        #expect(throws: NotAnEvent.self) { try read(changed(key, nil)) }
    }

    @Test(arguments: good.map(\.0))
    func refusesAnotherKindOfValue(_ key: String) {
        let isText = if case .some((_, .text)) = Self.good.first(where: { $0.0 == key }) { true } else { false }
        #expect(throws: NotAnEvent.self) { try read(changed(key, isText ? .number(1) : .text("1"))) }
    }

    @Test(arguments: [
        ("position", Int64(0)), ("position", -1), ("position", 3), ("prev", -1), ("prev", 12), ("version", 0),
        ("schema", 0), ("schema", -7),
    ])
    func refusesNumbersOutOfRange(_ key: String, _ value: Int64) {
        #expect(throws: NotAnEvent.self) { try read(changed(key, .number(value))) }
    }

    @Test(arguments: [
        ("tenant", ""), ("tenant", "00000000-0000-0001-0000-00000000000g"),
        ("stream", "0194222fa0b0-7000-8000-00000000000001"),
        ("correlation", "x"), ("category", "ship"), ("category", "Flight"),
        ("type", String(repeating: "x", count: 191)),
    ])
    func refusesTextsThatMeanNothing(_ key: String, _ value: String) {
        #expect(throws: NotAnEvent.self) { try read(changed(key, .text(value))) }
    }

    @Test func refusesWhatIsNotAMessageOfThisPartition() {
        #expect(throws: NotAnEvent.self) { try read(nil) }
        #expect(throws: NotAnEvent.self) { try read([]) }
        #expect(throws: NotAnEvent.self) { try read(Self.good, id: nil) }
        #expect(throws: NotAnEvent.self) { try read(Self.good, id: "12") }
        let other = (Partitions.partition(of: Self.stream) + 1) % Partitions.count
        #expect(throws: NotAnEvent.self) { try read(Self.good, partition: other) }
    }

    @Test func writesIDsAsEverybodyElse() {
        for _ in 0..<100 {
            let id = UUID()
            var text = [UInt8](repeating: 0, count: UUIDText.length)
            text.withUnsafeMutableBufferPointer { buffer in
                if let start = buffer.baseAddress { UUIDText.write(id, to: start) }
            }
            #expect(String(decoding: text, as: UTF8.self) == id.uuidString.lowercased())
            #expect(text.withUnsafeBytes { UUIDText.read($0) } == id)
            #expect(Array(id.uuidString.utf8).withUnsafeBytes { UUIDText.read($0) } == id)
        }
    }

    @Test func refusesToSendWhatNobodyCouldTakeIn() {
        func refusal(type: Int, payload: Int) -> String? {
            let event = EncodedEvent(
                type: String(repeating: "t", count: type), schema: 1, payload: [UInt8](repeating: 0, count: payload))
            return MessageLimits.refusal(
                BusEvent(
                    envelope: EventEnvelope(
                        position: 1, stream: Self.stream, version: 1, id: UUID(), event: event, correlation: UUID(),
                        causation: nil, recordedAt: Timestamp(milliseconds: 0)), previous: 0))
        }
        #expect(refusal(type: 190, payload: 16 << 20) == nil)
        #expect(refusal(type: 191, payload: 0) != nil)
        #expect(refusal(type: 1, payload: (16 << 20) + 1) != nil)
    }
}
