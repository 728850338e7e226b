internal import SwiftProtobuf

/// A message that is stored: one per event type and schema version.
protocol EventMessage: SwiftProtobuf.Message {
    /// `<category>.<past-participle-phrase>`.
    static var eventType: String { get }
    /// From 1.
    static var schema: Int { get }
    /// Today's value of the event. The message of a retired schema is upcast here.
    func event() throws(FieldError) -> DomainEvent
}

extension EventMessage {
    static var schema: Int { 1 }
}

/// A field whose value is missing or out of range: `Message.field`.
struct FieldError: Error {
    let field: String
    init(_ field: String) { self.field = field }
}

/// Reads the payloads of one schema version of one event type.
struct PayloadReader: Sendable {
    let type: String
    let schema: Int
    let read: @Sendable (_ payload: [UInt8]) throws(FieldError) -> DomainEvent

    init(
        type: String, schema: Int,
        read: @escaping @Sendable (_ payload: [UInt8]) throws(FieldError) -> DomainEvent
    ) {
        self.type = type
        self.schema = schema
        self.read = read
    }

    init<M: EventMessage>(_ message: M.Type) {
        type = M.eventType
        schema = M.schema
        read = { payload throws(FieldError) in
            let message: M
            do {
                message = try M(serializedBytes: payload, partial: true)
            } catch {
                // What SwiftProtobuf says (cut short, bad UTF-8, wrong wire type) names no field.
                throw FieldError("payload")
            }
            return try message.event()
        }
    }
}
