import Domain
import Foundation
import Protocols
import Testing

/// One captured request and what it must decode to.
struct WireCase: Sendable, CustomTestStringConvertible {
    let adapter: any TrackerAdapter.Type
    let name: String
    let frame: RawFrame
    let expected: JSONValue?
    var testDescription: String { "\(adapter.id)/\(name)" }
}

/// `Fixtures/wire/<adapter-id>/NNN-what.raw` with `NNN-what.json`.
enum FixtureCorpus {
    static let receivedAt = Timestamp(milliseconds: 1_795_262_400_000)
    /// The airline of the frames.
    static let site: TrackerSite = {
        var site = TrackerSite()
        site.name = "Virtual Meridian"
        site.codes = ["VMS"]
        site.iata = "VM"
        site.root = "https://va.example/acars/demo/"
        return site
    }()
    static let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().deletingLastPathComponent().appendingPathComponent("Fixtures/wire")

    static let wireCases: [WireCase] = AdapterRegistry.all.flatMap { adapter in
        let folder = root.appendingPathComponent(adapter.id.rawValue)
        let files = (try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? []
        return files.filter { $0.hasSuffix(".raw") }.sorted().compactMap { file -> WireCase? in
            guard let bytes = try? Data(contentsOf: folder.appendingPathComponent(file)),
                let frame = RawFrame(captured: Array(bytes), receivedAt: receivedAt, site: site)
            else { return nil }
            let name = String(file.dropLast(4))
            let expected = try? Data(contentsOf: folder.appendingPathComponent("\(name).json"))
            return WireCase(
                adapter: adapter, name: name, frame: frame, expected: expected.flatMap { try? JSON.decode(Array($0)) })
        }
    }

    static func files(_ adapter: String) -> [String] {
        (try? FileManager.default.contentsOfDirectory(atPath: root.appendingPathComponent(adapter).path)) ?? []
    }
}
