import Protocols
import Testing

@Suite struct FixtureTests {
    @Test(arguments: FixtureCorpus.wireCases)
    func decodesToExpectedRequest(_ fixture: WireCase) throws {
        let expected = try #require(fixture.expected, "no expected result beside the frame")
        let decoded = fixture.adapter.init().decode(fixture.frame)
        #expect(Snapshot.sorted(Snapshot.of(decoded)) == Snapshot.sorted(expected))
    }

    /// Cut at every byte, the body is a request or a ``DecodeError`` below 500, never a trap.
    @Test(arguments: FixtureCorpus.wireCases)
    func survivesTruncation(_ fixture: WireCase) {
        let adapter = fixture.adapter.init()
        let frame = fixture.frame
        for length in 0...frame.body.count {
            let cut = frame.with(body: Array(frame.body.prefix(length)))
            let decoded = adapter.decode(cut)
            // Old protocols name the pilot in the body itself.
            if !fixture.adapter.needsTrackerKey, fixture.adapter.id != AdapterID("fsacars4") {
                #expect(decoded.credential == adapter.decode(frame).credential)
            }
            if case .failure(let error) = decoded.outcome {
                // Old protocols say everything with 200.
                #expect((200..<500).contains(adapter.encode(error, to: cut).status))
            }
        }
    }

    @Test func everyAdapterHasFixturesAndEveryFixtureAResult() {
        let ids = AdapterRegistry.all.map { $0.id.rawValue }
        for id in ids {
            let files = FixtureCorpus.files(id)
            #expect(files.contains("README.md"), "\(id)")
            let names = { (ending: String) in Set(files.filter { $0.hasSuffix(ending) }.map { $0.prefix { $0 != "." } })
            }
            #expect(!names(".raw").isEmpty && names(".raw") == names(".json"), "\(id)")
        }
        #expect(FixtureCorpus.files("").allSatisfy { ids.contains($0) })
    }

    @Test func findsAdaptersByID() {
        for id in ["smartcars3", "smartcars3-v7"] {
            let found = AdapterRegistry.adapter(id).map { $0.id.rawValue }
            #expect(found == id)
        }
        let unknown = AdapterRegistry.adapter("SMARTCARS3") == nil
        #expect(unknown)
    }
}
