import Domain

#if canImport(FoundationEssentials)
import FoundationEssentials
#else
import Foundation
#endif

/// Takes events out of what a statement over ``columns`` gave, each checked against its checksum.
struct EventRow {
    static let columns =
        "position, tenant, category, stream, version, event_id, type, schema, correlation, causation, recorded_at, crc, payload"
    private let header = EventHeader()

    func read(_ result: ResultSet, _ row: Int) throws(EventStoreError) -> EventEnvelope {
        let position = result.integer(row, 0)
        let payload = result.bytes(row, 12)
        let category = result.bytes(row, 2)
        guard let tenant = result.uuid(row, 1), let kind = StreamCategory(spelling: category),
            let stream = result.uuid(row, 3), let id = result.uuid(row, 5), let correlation = result.uuid(row, 8)
        else { throw .corrupted(position: position) }
        let causation = result.isNull(row, 9) ? nil : result.uuid(row, 9)
        let name = StreamName(TenantID(tenant), kind, stream)
        let recordedAt = Timestamp(milliseconds: result.integer(row, 10))
        let version = result.integer(row, 4)
        let schema = result.integer(row, 7)
        var type = result.text(row, 6)
        header.begin(name, correlation: correlation, causation: causation, recordedAt: recordedAt)
        header.next(position: position, version: version, id: id, schema: schema, length: payload.count)
        let crc = type.withUTF8 {
            header.checksum(category: category, type: UnsafeRawBufferPointer($0), payload: payload)
        }
        guard Int64(crc) == result.integer(row, 11) else { throw .corrupted(position: position) }
        return EventEnvelope(
            position: position, stream: name, version: version, id: id,
            event: EncodedEvent(type: type, schema: Int(schema), payload: [UInt8](payload)), correlation: correlation,
            causation: causation, recordedAt: recordedAt)
    }

    /// Every row.
    func all(_ result: ResultSet) throws(PostgresFailure) -> [EventEnvelope] {
        var found: [EventEnvelope] = []
        found.reserveCapacity(result.count)
        for row in 0..<result.count {
            do throws(EventStoreError) { found.append(try read(result, row)) } catch { throw .refused(error) }
        }
        return found
    }
}
