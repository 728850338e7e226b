import Protocols
import Testing

/// Malformed frames by grammar and by chance: reliability A1.
@Suite struct PhpVMS7FuzzTests {
    static let rounds = 10_000
    static let seed: UInt64 = 20_261_121

    @Test func alwaysGivesAnOutcome() throws {
        print("fuzz phpvms7: seed \(Self.seed), \(Self.rounds) frames")
        let corpus = FixtureCorpus.wireCases.filter { $0.adapter.id == PhpVMS7Adapter.id }.map(\.frame)
        try #require(corpus.count > 50)
        let adapter = PhpVMS7Adapter()
        var random = SeededGenerator(seed: Self.seed)
        var successes = 0
        var failures = 0
        var longest = Duration.zero
        let clock = ContinuousClock()
        for round in 0..<Self.rounds {
            let frame = Self.mutated(corpus[Int.random(in: 0..<corpus.count, using: &random)], &random)
            let start = clock.now
            let decoded = adapter.decode(frame)
            switch decoded.outcome {
            case .success: successes += 1
            case .failure(let error):
                failures += 1
                let reply = adapter.encode(error, to: frame)
                #expect((400..<500).contains(reply.status), "round \(round)")
                #expect(throws: Never.self, "round \(round)") { try JSON.decode(reply.body) }
            }
            let refused = adapter.encode(.refused(.bookingUnknown), to: frame)
            #expect(throws: Never.self, "round \(round)") { try JSON.decode(refused.body) }
            longest = max(longest, start.duration(to: clock.now))
            if round % 10 == 0 { _ = redacted(frame) }
        }
        // Neither answer may be the only one, or the test tests nothing.
        #expect(successes > 500 && failures > 500, "\(successes) and \(failures)")
        // Once in ten thousand the machine itself takes a pause; a decoder that is slow is slow every time.
        #expect(longest < .milliseconds(50) || Self.isFast(adapter, corpus), "\(longest)")
    }

    private static func isFast(_ adapter: PhpVMS7Adapter, _ corpus: [RawFrame]) -> Bool {
        let clock = ContinuousClock()
        return corpus.allSatisfy { frame in
            (0..<5).map { _ in clock.measure { _ = adapter.decode(frame) } }.min().map { $0 < .milliseconds(20) }
                ?? false
        }
    }

    static func mutated(_ frame: RawFrame, _ random: inout SeededGenerator) -> RawFrame {
        var body = frame.body
        var path = Array(frame.path.utf8)
        var query = Array(frame.query.utf8)
        for _ in 0..<Int.random(in: 1...4, using: &random) {
            switch Int.random(in: 0...9, using: &random) {
            case 0: flip(&path, &random)
            case 1: flip(&query, &random)
            case 2:
                body = (0..<Int.random(in: 0...300, using: &random)).map { _ in .random(in: 0...255, using: &random) }
            case 3: body.removeSubrange(Int.random(in: 0...body.count, using: &random)...)
            case 4: body += body
            case 5, 6: flip(&body, &random)
            default: exchange(&body, &random)
            }
        }
        return frame.with(
            path: String(decoding: path, as: UTF8.self), query: String(decoding: query, as: UTF8.self), body: body)
    }

    private static func flip(_ bytes: inout [UInt8], _ random: inout SeededGenerator) {
        guard !bytes.isEmpty else { return bytes.append(UInt8.random(in: 0...255, using: &random)) }
        bytes[Int.random(in: 0..<bytes.count, using: &random)] = .random(in: 0...255, using: &random)
    }

    /// Another value behind one of the colons.
    private static func exchange(_ body: inout [UInt8], _ random: inout SeededGenerator) {
        let colons = body.indices.filter { body[$0] == UInt8(ascii: ":") }
        guard let colon = colons.randomElement(using: &random) else { return }
        let end = body[(colon + 1)...].firstIndex { ",}]".utf8.contains($0) } ?? body.count
        body.replaceSubrange(
            (colon + 1)..<end, with: (SmartCARS3FuzzTests.values.randomElement(using: &random) ?? "0").utf8)
    }

    @Test(arguments: [
        String(repeating: "[", count: 100_000), "{\"positions\":" + String(repeating: "[", count: 100_000),
        "{\"positions\":[" + String(repeating: "7,", count: 200_000) + "7]}",
        "{\"positions\":[" + String(repeating: "{},", count: 100_000) + "{}]}",
        "{\"fields\":{" + (0..<500).map { "\"f\($0)\":\"\($0)\"" }.joined(separator: ",") + "}}",
    ])
    func boundsWhatOneFrameCosts(_ body: String) {
        for path in ["acars/position", "update", "file", "route"] {
            let frame = PhpVMS7DecodeTests.frame("POST", "api/pireps/x/\(path)", body)
            let decoded = PhpVMS7DecodeTests.adapter.decode(frame)
            if let error = decoded.error {
                let reply = PhpVMS7DecodeTests.adapter.encode(error, to: frame)
                #expect(reply.status == 400 && reply.body.count < 64_000)
            }
        }
    }
}
