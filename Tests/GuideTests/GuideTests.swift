import Application
import AsyncHTTPClient
import Domain
import Foundation
import Logging
import NIOCore
import NIOHTTP1
import Protocols
import ServiceLifecycle
import Testing

@testable import Gateway

/// docs/guides/add-a-tracker.md, followed to the letter: a folder of an adapter and one line. The product's code does not
/// know of it, and no other line was changed for it.
@Suite(.serialized) struct GuideTests {
    /// The one line.
    static let registry = AdapterRegistry(AdapterRegistry.all + [KestrelAdapter.self])

    private static var fixtures: String {
        URL(fileURLWithPath: #filePath).deletingLastPathComponent().appendingPathComponent("Kestrel/Fixtures").path
    }

    private func frame(_ name: String) throws -> RawFrame {
        let bytes = try Data(contentsOf: URL(fileURLWithPath: "\(Self.fixtures)/\(name).raw"))
        var site = TrackerSite()
        site.codes = ["VMS"]
        return try #require(
            RawFrame(captured: Array(bytes), receivedAt: Timestamp(milliseconds: 1_795_262_400_000), site: site))
    }

    @Test func findsTheAdapterByItsID() {
        let found = Self.registry.adapter("kestrel") == nil ? "" : "kestrel"
        #expect(found == "kestrel")
        let product = AdapterRegistry.adapter("kestrel") == nil
        #expect(product)
    }

    @Test(arguments: ["001-hello", "010-here", "020-done"])
    func survivesEveryCut(_ name: String) throws {
        let adapter = KestrelAdapter()
        let whole = try frame(name)
        for length in 0...whole.body.count {
            let cut = whole.with(body: Array(whole.body.prefix(length)))
            if case .failure(let error) = adapter.decode(cut).outcome {
                #expect((400..<500).contains(adapter.encode(error, to: cut).status))
            }
        }
    }

    @Test func keepsWhatItDoesNotUnderstand() throws {
        #expect(KestrelAdapter().decode(try frame("001-hello")).unrecognised == ["MOOD": "good"])
    }

    /// Log-in, positions, report, judgement: over a real socket, with the fixtures' own bytes.
    @Test(.timeLimit(.minutes(5)))
    func fliesFromLogInToJudgement() async throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: "albatross-guide-\(UUID().uuidString)")
            .path()
        defer { try? FileManager.default.removeItem(atPath: folder) }  // a leftover hurts nobody
        var settings = Settings(data: folder)
        settings.http = "127.0.0.1:0"
        var logger = Logger(label: "guide")
        logger.logLevel = .error
        let parts = try await Composition.make(settings: settings, logger: logger, adapters: Self.registry)
        let tenant = try await parts.administration.createTenant(slug: "demo", name: "Demo", icao: "VMS", iata: nil)
        _ = try await parts.administration.createUser(
            tenant, role: .pilot, ident: "VMS0007", name: "Ada Kern", email: "ada@demo.example",
            passwordHash: try await parts.passwords.hash("secret"))
        let server = try await RunningServer.prepare(parts)
        try await withThrowingTaskGroup(of: Void.self) { tasks in
            tasks.addTask { try await server.group.run() }
            try await fly(parts, "http://\(server.address)/acars/demo/kestrel/")
            await server.group.triggerGracefulShutdown()
            try await tasks.waitForAll()
        }
        await parts.close()
    }

    private func fly(_ parts: Composition, _ root: String) async throws {
        #expect(try await post(root, "001-hello") == (200, "OK Ada Kern"))
        #expect(try await post(root, "001-hello", replacing: ("secret", "wrong")).status == 403)
        #expect(try await post(root, "010-here", replacing: ("LAT 41.1", "LAT 91")) == (400, "NO that is nowhere"))
        for step in 0..<3 {
            #expect(try await post(root, "010-here", replacing: ("LAT 41.1", "LAT 41.\(step)")) == (200, "OK"))
        }
        #expect(try await post(root, "020-done") == (200, "OK filed"))
        // A repeat is the same report.
        #expect(try await post(root, "020-done") == (200, "OK filed"))
        let clock = ContinuousClock()
        let end = clock.now + .seconds(100)
        var types: [String] = []
        while !types.contains("pirep.judged"), clock.now < end {
            types = try await parts.store.readAll(after: 0, limit: 1000).map(\.event.type)
            try await Task.sleep(for: .milliseconds(10))
        }
        #expect(types.count { $0 == "flight.positions-recorded" } == 3)
        #expect(types.count { $0 == "pirep.filed" } == 1, "\(types)")
        #expect(types.count { $0 == "pirep.judged" } == 1, "\(types)")
    }

    private func post(
        _ root: String, _ name: String, replacing change: (from: String, to: String)? = nil
    ) async throws -> (status: Int, text: String) {
        let frame = try frame(name)
        var body = String(decoding: frame.body, as: UTF8.self)
        if let change {
            #expect(body.contains(change.from))
            body = body.replacingOccurrences(of: change.from, with: change.to)
        }
        var request = HTTPClientRequest(url: root + frame.path)
        request.method = .POST
        request.body = .bytes(ByteBuffer(string: body))
        let response = try await HTTPClient.shared.execute(request, timeout: .seconds(60))
        return (Int(response.status.code), String(buffer: try await response.body.collect(upTo: 1 << 16)))
    }
}
