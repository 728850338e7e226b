import Foundation
import Testing

/// H4: a build in a year gets what was tested.
@Suite struct ManifestTests {
    private struct Resolved: Decodable {
        struct Pin: Decodable {
            struct State: Decodable { let version: String? }
            let identity: String
            let location: String
            let state: State
        }
        let pins: [Pin]
    }

    /// Identity of a package as SwiftPM makes it of its address.
    private static func identity(_ location: some StringProtocol) -> String {
        var name = location.split(separator: "/").last.map { $0.lowercased() } ?? ""
        if name.hasSuffix(".git") { name.removeLast(4) }
        return name
    }

    private func pinned() throws -> [String: String] {
        let manifest = try String(contentsOfFile: Paths.package + "/Package.swift", encoding: .utf8)
        let exact = /\.package\(url: "([^"]+)", exact: "([^"]+)"/
        var pinned: [String: String] = [:]
        for match in manifest.matches(of: exact) { pinned[Self.identity(match.1)] = String(match.2) }
        let packages = manifest.matches(of: /\.package\(\s*(url|path|id|name):/).count
        #expect(pinned.count == packages, "a package is named twice, or not with exact:")
        return pinned
    }

    @Test func everyResolvedPackageIsPinned() throws {
        let pinned = try pinned()
        #expect(pinned.count > 10)
        let data = try Data(contentsOf: URL(fileURLWithPath: Paths.package + "/Package.resolved"))
        let resolved = try JSONDecoder().decode(Resolved.self, from: data)
        #expect(resolved.pins.count > 10)
        for pin in resolved.pins {
            let version = pinned[pin.identity] ?? pinned[Self.identity(pin.location)]
            #expect(
                version != nil,
                "\(pin.identity) is resolved to \(pin.state.version ?? "no version") and not named in Package.swift")
            if let version { #expect(pin.state.version == version, "\(pin.identity)") }
        }
    }
}
