#if canImport(FoundationEssentials)
public import FoundationEssentials
#else
public import Foundation
#endif

/// An event as a store keeps it: the store sees bytes only.
public struct EncodedEvent: Hashable, Sendable {
    /// `<category>.<past-participle-phrase>`, e.g. `pirep.filed`; the same string everywhere.
    public let type: String
    /// Version of the payload's schema, from 1.
    public let schema: Int
    public let payload: [UInt8]

    public init(type: String, schema: Int, payload: [UInt8]) {
        self.type = type
        self.schema = schema
        self.payload = payload
    }
}

/// A stored event with its place in the stream (*version*) and in the log (*global position*).
public struct EventEnvelope: Hashable, Sendable {
    public let position: Int64
    public let stream: StreamName
    public let version: Int64
    /// UUIDv7.
    public let id: UUID
    public let event: EncodedEvent
    public let correlation: UUID
    public let causation: UUID?
    public let recordedAt: Timestamp

    public init(
        position: Int64, stream: StreamName, version: Int64, id: UUID, event: EncodedEvent, correlation: UUID,
        causation: UUID?, recordedAt: Timestamp
    ) {
        self.position = position
        self.stream = stream
        self.version = version
        self.id = id
        self.event = event
        self.correlation = correlation
        self.causation = causation
        self.recordedAt = recordedAt
    }
}
