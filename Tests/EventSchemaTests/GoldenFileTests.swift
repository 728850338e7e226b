import Domain
import EventSchema
import Testing

#if canImport(FoundationEssentials)
import FoundationEssentials
#else
import Foundation
#endif

/// `Fixtures/events/<type>-v<schema>.bin` holds the payload of the full sample of every event type and schema version
/// ever written. What a store holds must stay readable, so a file is never changed or removed.
///
/// For a new event or schema version run the tests once with `ALBATROSS_WRITE_GOLDEN=1`, which writes the files that are
/// missing and touches no other, and commit them.
@Suite(.serialized) struct GoldenFileTests {
    struct Golden: Sendable, CustomTestStringConvertible {
        let type: String
        let schema: Int
        /// What the file must decode to: for a retired schema the upcast value.
        let event: DomainEvent
        /// Of a file that holds fields which came after the first: `-added`.
        var ending = ""
        var name: String { "\(type)-v\(schema)\(ending).bin" }
        var testDescription: String { name }
    }

    /// When a schema changes, its old line stays here with the old number, beside the sample of the new one.
    static let goldens =
        EventSample.full.map { Golden(type: $0.type, schema: 1, event: $0.event) }
        + EventSample.added.map { Golden(type: $0.type, schema: 1, event: $0.event, ending: "-added") }

    static let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().appendingPathComponent("Fixtures/events")

    init() throws {
        guard ProcessInfo.processInfo.environment["ALBATROSS_WRITE_GOLDEN"] == "1" else { return }
        try FileManager.default.createDirectory(at: Self.folder, withIntermediateDirectories: true)
        for golden in Self.goldens {
            let encoded = EventCodec.encode(golden.event)
            let file = Self.folder.appendingPathComponent(golden.name)
            guard encoded.schema == golden.schema, !FileManager.default.fileExists(atPath: file.path) else { continue }
            try Data(encoded.payload).write(to: file)
        }
    }

    @Test(arguments: goldens)
    func readsWhatWasEverWritten(_ golden: Golden) throws {
        let payload = [UInt8](try Data(contentsOf: Self.folder.appendingPathComponent(golden.name)))
        let stored = EncodedEvent(type: golden.type, schema: golden.schema, payload: payload)
        #expect(try EventCodec.decode(stored) == golden.event)
        let encoded = EventCodec.encode(golden.event)
        if encoded.schema == golden.schema { #expect(encoded == stored) }
    }

    @Test func everyEventHasAFileAndEveryFileAnEvent() throws {
        let files = try FileManager.default.contentsOfDirectory(atPath: Self.folder.path).filter {
            $0.hasSuffix(".bin")
        }
        #expect(files.sorted() == Self.goldens.map(\.name).sorted())
        for type in EventCodec.allTypes { #expect(files.contains("\(type)-v1.bin")) }
    }
}
