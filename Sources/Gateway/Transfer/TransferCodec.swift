import Domain

#if canImport(FoundationEssentials)
import FoundationEssentials
#else
import Foundation
#endif

/// Why a file is not taken; one line for the operator.
struct TransferFileError: Error, Hashable, CustomStringConvertible {
    let description: String
    init(_ description: String) { self.description = description }
}

/// The bytes of one record: a tag, then its fields. Numbers are LEB128 of their 64 bits, ids 16 bytes, texts and bytes
/// stand behind their length. docs/operations.md has the whole format.
enum TransferCodec {
    private enum Tag: UInt8 {
        case head = 1, event, reservation, sequence, session, quarantined, document, checkpoint
    }

    static func append(_ record: TransferRecord, to bytes: inout [UInt8]) throws(TransferFileError) {
        var out = ByteSink(bytes: bytes)
        bytes = []
        switch record {
        case .head(let position):
            out.tag(Tag.head.rawValue)
            out.number(position)
        case .event(let envelope): event(envelope, &out)
        case .reservation(let tenant, let scope, let key, let owner):
            out.tag(Tag.reservation.rawValue)
            out.id(tenant.uuid)
            out.text(scope)
            out.text(key)
            out.id(owner)
        case .sequence(let tenant, let kind, let next):
            out.tag(Tag.sequence.rawValue)
            out.id(tenant.uuid)
            out.text(kind)
            out.number(next)
        case .session(let session):
            out.tag(Tag.session.rawValue)
            out.id(session.tenant.uuid)
            out.text(session.kind)
            out.bytes(session.hash)
            out.id(session.user.uuid)
            out.number(session.expires.milliseconds)
        case .quarantined(let tenant, let number, let frame):
            out.tag(Tag.quarantined.rawValue)
            out.id(tenant.uuid)
            out.number(number)
            for text in [frame.id, frame.adapter, frame.code, frame.detail, frame.method, frame.path] { out.text(text) }
            out.bytes(frame.bytes)
            out.number(frame.receivedAt.milliseconds)
        case .document(let tenant, let projection, let kind, let key, let value):
            out.tag(Tag.document.rawValue)
            out.id(tenant.uuid)
            for text in [projection, kind, key] { out.text(text) }
            out.bytes(value)
        case .checkpoint(let projection, let partition, let position):
            out.tag(Tag.checkpoint.rawValue)
            out.text(projection)
            out.number(Int64(partition))
            out.number(position)
        case .lookup: throw TransferFileError("a lookup follows from the events and is not written")
        }
        bytes = out.bytes
    }

    private static func event(_ envelope: EventEnvelope, _ out: inout ByteSink) {
        out.tag(Tag.event.rawValue)
        out.number(envelope.position)
        out.id(envelope.stream.tenant.uuid)
        out.text(envelope.stream.category.rawValue)
        out.id(envelope.stream.id)
        out.number(envelope.version)
        out.id(envelope.id)
        out.text(envelope.event.type)
        out.number(Int64(envelope.event.schema))
        out.id(envelope.correlation)
        out.tag(envelope.causation == nil ? 0 : 1)
        if let causation = envelope.causation { out.id(causation) }
        out.number(envelope.recordedAt.milliseconds)
        out.bytes(envelope.event.payload)
    }

    /// Takes the next record off the front.
    static func record(_ source: inout ByteSource) throws(TransferFileError) -> TransferRecord {
        guard let tag = Tag(rawValue: try source.tag()) else {
            throw TransferFileError("it holds a kind of record that this release does not know")
        }
        switch tag {
        case .head: return .head(try source.number())
        case .event: return .event(try event(&source))
        case .reservation:
            return .reservation(
                TenantID(try source.id()), scope: try source.text(), key: try source.text(), owner: try source.id())
        case .sequence:
            return .sequence(TenantID(try source.id()), kind: try source.text(), next: try source.number())
        case .session:
            return .session(
                SessionRecord(
                    tenant: TenantID(try source.id()), kind: try source.text(), hash: try source.bytes(),
                    user: UserID(try source.id()), expires: Timestamp(milliseconds: try source.number())))
        case .quarantined:
            let (tenant, number) = (TenantID(try source.id()), try source.number())
            return .quarantined(
                tenant, number: number,
                QuarantinedFrame(
                    id: try source.text(), adapter: try source.text(), code: try source.text(),
                    detail: try source.text(), method: try source.text(), path: try source.text(),
                    bytes: try source.bytes(), receivedAt: Timestamp(milliseconds: try source.number())))
        case .document:
            return .document(
                TenantID(try source.id()), projection: try source.text(), kind: try source.text(),
                key: try source.text(), value: try source.bytes())
        case .checkpoint:
            let (projection, partition) = (try source.text(), try source.number())
            guard let partition = Int(exactly: partition), Partitions.all.contains(partition) else {
                throw TransferFileError("it names a partition of the log that there is not")
            }
            return .checkpoint(projection: projection, partition: partition, position: try source.number())
        }
    }

    private static func event(_ source: inout ByteSource) throws(TransferFileError) -> EventEnvelope {
        let (position, tenant, spelling) = (try source.number(), try source.id(), try source.text())
        guard let category = StreamCategory(rawValue: spelling) else {
            throw TransferFileError("it holds streams of a kind that this release does not know: \(spelling)")
        }
        let (stream, version, id) = (try source.id(), try source.number(), try source.id())
        let (type, schema, correlation) = (try source.text(), try source.number(), try source.id())
        let causation = try source.tag() == 1 ? source.id() : nil
        let recordedAt = Timestamp(milliseconds: try source.number())
        return EventEnvelope(
            position: position, stream: StreamName(TenantID(tenant), category, stream), version: version, id: id,
            event: EncodedEvent(type: type, schema: Int(schema), payload: try source.bytes()),
            correlation: correlation, causation: causation, recordedAt: recordedAt)
    }
}

/// Appends fields to bytes.
struct ByteSink {
    var bytes: [UInt8]

    mutating func tag(_ value: UInt8) { bytes.append(value) }
    mutating func number(_ value: Int64) {
        var rest = UInt64(bitPattern: value)
        while rest > 0x7F {
            bytes.append(UInt8(truncatingIfNeeded: rest) | 0x80)
            rest >>= 7
        }
        bytes.append(UInt8(truncatingIfNeeded: rest))
    }
    mutating func id(_ value: UUID) { withUnsafeBytes(of: value.uuid) { bytes.append(contentsOf: $0) } }
    mutating func bytes(_ value: [UInt8]) {
        number(Int64(value.count))
        bytes += value
    }
    mutating func text(_ value: String) { bytes(Array(value.utf8)) }
}

/// Takes fields off bytes; nothing in them is trusted.
struct ByteSource {
    private let content: [UInt8]
    private(set) var place = 0

    init(_ content: [UInt8]) { self.content = content }

    var isAtEnd: Bool { place == content.count }

    private static let short = TransferFileError("a record in it is cut short")

    mutating func tag() throws(TransferFileError) -> UInt8 {
        guard place < content.count else { throw Self.short }
        defer { place += 1 }
        return content[place]
    }
    mutating func number() throws(TransferFileError) -> Int64 {
        var value: UInt64 = 0
        for shift in stride(from: 0, to: 64, by: 7) {
            let byte = try tag()
            value |= UInt64(byte & 0x7F) << UInt64(shift)
            if byte & 0x80 == 0 { return Int64(bitPattern: value) }
        }
        throw TransferFileError("a number in it is too long")
    }
    private mutating func take(_ count: Int64) throws(TransferFileError) -> ArraySlice<UInt8> {
        guard count >= 0, count <= content.count - place else { throw Self.short }
        defer { place += Int(count) }
        return content[place..<place + Int(count)]
    }
    mutating func id() throws(TransferFileError) -> UUID {
        guard let id = UUID(bytes: try take(16)) else { throw Self.short }
        return id
    }
    mutating func bytes() throws(TransferFileError) -> [UInt8] { Array(try take(try number())) }
    mutating func text() throws(TransferFileError) -> String {
        guard let text = String(validating: try take(try number()), as: UTF8.self) else {
            throw TransferFileError("a text in it is not UTF-8")
        }
        return text
    }
}
