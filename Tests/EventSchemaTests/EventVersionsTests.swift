import Domain
@testable import EventSchema
import Testing

#if canImport(FoundationEssentials)
import FoundationEssentials
#else
import Foundation
#endif

/// What happens when an event type gets a second schema version: no type has one yet, so the second version here is the
/// tests' own. What stands in its place is the released reader of version 1, reading the file that was written with it.
@Suite struct EventVersionsTests {
    /// `flight.ended` as a later release might write it: the time as seconds in text instead of milliseconds.
    private static let second = PayloadReader(type: "flight.ended", schema: 2) { payload throws(FieldError) in
        guard let seconds = Int64(String(decoding: payload, as: UTF8.self)) else { throw FieldError("FlightEnded.at") }
        return .flight(.ended(at: Timestamp(milliseconds: seconds * 1000)))
    }
    private static let first = PayloadReader(ProtoFlightEnded.self)

    private static func golden() throws -> EncodedEvent {
        let file = GoldenFileTests.folder.appendingPathComponent("flight.ended-v1.bin")
        return EncodedEvent(type: "flight.ended", schema: 1, payload: [UInt8](try Data(contentsOf: file)))
    }

    @Test func readsTheFirstVersionAfterTheSecondCame() throws {
        let before = EventVersions([Self.first])
        let after = EventVersions([Self.first, Self.second])
        let old = try Self.golden()
        #expect(try after.decode(old) == before.decode(old))
        guard case .flight(.ended(let at)) = try after.decode(old) else {
            Issue.record("another event")
            return
        }
        // What the second version holds is the same event to whoever is behind the reader.
        let new = EncodedEvent(type: "flight.ended", schema: 2, payload: Array("\(at.milliseconds / 1000)".utf8))
        #expect(try after.decode(new) == .flight(.ended(at: Timestamp(milliseconds: at.milliseconds / 1000 * 1000))))
    }

    @Test func takesNeitherForTheOther() throws {
        let old = try Self.golden()
        let new = EncodedEvent(type: "flight.ended", schema: 2, payload: Array("1767323045".utf8))
        #expect(throws: EventSchemaError(.unknownSchema, type: "flight.ended", schema: 2)) {
            try EventVersions([Self.first]).decode(new)
        }
        #expect(throws: EventSchemaError(.unknownSchema, type: "flight.ended", schema: 1)) {
            try EventVersions([Self.second]).decode(old)
        }
        let versions = EventVersions([Self.first, Self.second])
        #expect(throws: EventSchemaError(.malformed(field: "FlightEnded.at"), type: "flight.ended", schema: 2)) {
            try versions.decode(EncodedEvent(type: "flight.ended", schema: 2, payload: old.payload))
        }
    }
}
