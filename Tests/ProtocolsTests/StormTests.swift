import Domain
import Protocols
import Testing

/// What every adapter stands, a new one too: 10,000 frames by grammar, 10,000 by chance, and numbers that are none.
@Suite struct StormTests {
    private static let ids = AdapterRegistry.all.map { $0.id.rawValue }

    private func corpus(_ id: String) throws -> (type: any TrackerAdapter.Type, frames: [RawFrame]) {
        let frames = FixtureCorpus.wireCases.filter { $0.adapter.id.rawValue == id }.map(\.frame)
        return (try #require(AdapterRegistry.adapter(id)), try #require(frames.isEmpty ? nil : frames))
    }

    @Test(arguments: ids)
    func standsMutatedFrames(_ id: String) throws {
        let (type, frames) = try corpus(id)
        let outcome = Storm.run(type, rounds: Storm.rounds) {
            Storm.mutated(frames[Int.random(in: 0..<frames.count, using: &$0)], &$0)
        }
        // Neither may be the only one, or the test tests nothing.
        #expect(outcome.requests > 500 && outcome.errors > 500, "\(outcome)")
    }

    @Test(arguments: ids)
    func standsRandomFrames(_ id: String) throws {
        let (type, frames) = try corpus(id)
        let outcome = Storm.run(type, seed: Storm.seed + 1, rounds: Storm.rounds) {
            Storm.noise(like: frames[Int.random(in: 0..<frames.count, using: &$0)], &$0)
        }
        // To smartCARS 2 whatever names no known action is the client's probe.
        #expect(outcome.errors > 1000 || id == "smartcars2" && outcome.requests == Storm.rounds, "\(outcome)")
    }

    /// Numbers that are none, too large, too long or written as elsewhere, in place of each number of each captured frame.
    @Test(arguments: ids)
    func readsNoNumberThatIsNone(_ id: String) throws {
        let (type, frames) = try corpus(id)
        let adapter = type.init()
        let numbers = [
            "NaN", "nan", "Infinity", "-Infinity", "inf", "1e400", "-1e400", "1e308", "-0", "-0.0", "1e-400",
            "12345678901234567890", "-12345678901234567890", "99999999999999999999.9", "9223372036854775808", "1,5",
            "1.234.567,8", "0x1F", "1_000", "\u{0661}\u{0662}",
        ]
        var tried = 0
        for frame in frames {
            for (isBody, bytes) in [(true, frame.body), (false, Array(frame.query.utf8))] {
                var index = 0
                while index < bytes.count, tried < 5_000 {
                    let end = bytes[index...].firstIndex { !Self.isNumeric($0) } ?? bytes.count
                    guard end > index else {
                        index += 1
                        continue
                    }
                    for number in numbers {
                        var changed = bytes
                        changed.replaceSubrange(index..<end, with: number.utf8)
                        let hostile =
                            isBody
                            ? frame.with(body: changed) : frame.with(query: String(decoding: changed, as: UTF8.self))
                        let decoded = adapter.decode(hostile)
                        tried += 1
                        for report in decoded.progress?.positions ?? [] {
                            #expect(report.sample.isSane, "\(id): \(number) at \(index) of \(frame.path)")
                        }
                        if let details = decoded.filing?.content.details {
                            #expect(details.isFinite, "\(id): \(number) at \(index) of \(frame.path)")
                        }
                        if let error = decoded.error {
                            #expect(adapter.encode(error, to: hostile).status < 500)
                        }
                    }
                    index = end
                }
            }
        }
        print("numbers \(id): \(tried) frames")
        #expect(tried > 300)
    }

    private static func isNumeric(_ byte: UInt8) -> Bool {
        (0x30...0x39).contains(byte) || byte == UInt8(ascii: ".") || byte == UInt8(ascii: "-")
    }
}

extension FlightDetails {
    fileprivate var isFinite: Bool {
        let values = [
            distance?.rawValue, plannedDistance?.rawValue, zeroFuelWeight?.rawValue, blockFuel?.rawValue,
            fuelUsed?.rawValue, cargo?.rawValue, landingRate?.rawValue,
        ]
        return values.allSatisfy { $0?.isFinite ?? true }
    }
}
