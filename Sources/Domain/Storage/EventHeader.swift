#if canImport(FoundationEssentials)
package import FoundationEssentials
#else
package import Foundation
#endif

/// The fixed-width columns of a stored event, one behind the other in a buffer, and the checksum that every store keeps
/// with the event: CRC-32C of this buffer, then category, type name and payload. The buffer holds
///
/// tenant, stream, event id, correlation, causation (zeros when there is none), 16 bytes each; position, version, schema,
/// recorded-at, payload length, causation present, 8 bytes each, little-endian.
package final class EventHeader {
    package enum Offset {
        package static let tenant = 0, stream = 16, id = 32, correlation = 48, causation = 64
        package static let position = 80, version = 88, schema = 96, recordedAt = 104, length = 112, hasCausation = 120
        static let end = 128
    }
    private let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: Offset.end, alignment: 8)

    package init() {}

    deinit { buffer.deallocate() }

    private func put(_ value: UUID, _ offset: Int) {
        buffer.storeBytes(of: value.uuid, toByteOffset: offset, as: uuid_t.self)
    }
    private func put(_ value: Int64, _ offset: Int) {
        buffer.storeBytes(of: value.littleEndian, toByteOffset: offset, as: Int64.self)
    }

    /// Columns that all events of one stream in one append share.
    package func begin(_ stream: StreamName, correlation: UUID, causation: UUID?, recordedAt: Timestamp) {
        put(stream.tenant.uuid, Offset.tenant)
        put(stream.id, Offset.stream)
        put(correlation, Offset.correlation)
        put(causation ?? UUID(uuid: (0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0)), Offset.causation)
        put(causation == nil ? 0 : 1, Offset.hasCausation)
        put(recordedAt.milliseconds, Offset.recordedAt)
    }

    /// Columns of one event.
    package func next(position: Int64, version: Int64, id: UUID, schema: Int64, length: Int) {
        put(position, Offset.position)
        put(version, Offset.version)
        put(id, Offset.id)
        put(schema, Offset.schema)
        put(Int64(length), Offset.length)
    }

    /// One of the 8-byte columns.
    package func integer(_ offset: Int) -> Int64 {
        Int64(littleEndian: buffer.load(fromByteOffset: offset, as: Int64.self))
    }

    /// Start of a column, good until the next change.
    package func address(_ offset: Int) -> UnsafeRawPointer? {
        buffer.baseAddress.map { UnsafeRawPointer($0 + offset) }
    }

    package func checksum(
        category: UnsafeRawBufferPointer, type: UnsafeRawBufferPointer, payload: UnsafeRawBufferPointer
    ) -> UInt32 {
        var crc = CRC32C()
        crc.update(UnsafeRawBufferPointer(buffer))
        crc.update(category)
        crc.update(type)
        crc.update(payload)
        return crc.value
    }
}

extension StreamCategory {
    /// The category spelled by these bytes, without making a string.
    package init?(spelling: UnsafeRawBufferPointer) {
        guard let found = Self.spellings.first(where: { spelling.elementsEqual($0.bytes) }) else { return nil }
        self = found.category
    }
    private static let spellings = allCases.map { (bytes: Array($0.rawValue.utf8), category: $0) }
}
