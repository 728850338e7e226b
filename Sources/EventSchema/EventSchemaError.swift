/// A stored event that cannot be read. It is never skipped: the reader stops at it and says which.
public struct EventSchemaError: Error, Hashable, Sendable, CustomStringConvertible {
    public enum Code: Hashable, Sendable {
        /// No event has this type name.
        case unknownType
        /// The type is known, this version of its schema is not: a newer release wrote it.
        case unknownSchema
        /// The payload is not a message of its type, or a value in it is out of range. `field` is `Message.field` as
        /// spelled in `proto/`, or `payload` when the bytes as a whole are no message.
        case malformed(field: String)
    }
    public let code: Code
    public let type: String
    public let schema: Int

    public init(_ code: Code, type: String, schema: Int) {
        self.code = code
        self.type = type
        self.schema = schema
    }

    /// One line without any value of the event.
    public var description: String {
        switch code {
        case .unknownType: "unknown event type \(type) (schema \(schema))"
        case .unknownSchema: "unknown schema \(schema) of \(type)"
        case .malformed(let field): "malformed \(field) in \(type) (schema \(schema))"
        }
    }
}
