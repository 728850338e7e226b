import Domain
import Protocols
import Testing

/// Malformed frames by grammar and by chance: reliability A1.
@Suite struct KACARSFuzzTests {
    static let values = [
        "", "0", "-0", "-1", "91", "361", "1e308", "1e400", "99999999999999999999", "NaN", "-Infinity", "1,5", "1.2.3",
        "null", "&#0;", "&#xD800;", "&amp;", "&x;", "<![CDATA[*]]>", "<a><b/></a>", "é😀", "\u{202E}'; DROP TABLE--",
        "VMSVMSVMS", "VMS", "99999999999:99", "<br />*<br>", "KJFK - Kennedy", "-9223372036854775808", "0x10", "%00",
    ]

    @Test func alwaysGivesAnOutcomeInTime() {
        let outcome = Storm.run(KACARSAdapter.self, statuses: 200...200) { Self.frame(&$0) }
        // Neither may be the only one, or the test tests nothing.
        #expect(outcome.requests > 200 && outcome.errors > 200, "\(outcome)")
    }

    @Test func readsOnlyWhatMakesSense() throws {
        var random = SeededGenerator(seed: Storm.seed)
        var samples = 0
        for _ in 0..<1000 {
            guard let sample = KACARS.adapter.decode(Self.frame(&random)).sample else { continue }
            samples += 1
            #expect(sample.altitudeMSL.map { (-2000...100_000).contains($0.rawValue) } ?? true)
            #expect(sample.groundSpeed.map { (0...2500).contains($0.rawValue) } ?? true)
        }
        #expect(samples > 20)
    }

    @Test func survivesEveryCut() {
        for frame in [KACARS.verify(), KACARS.update(), KACARS.pirep()] {
            for length in 0..<frame.body.count {
                let decoded = KACARS.adapter.decode(frame.with(body: Array(frame.body.prefix(length))))
                #expect(decoded.error?.message == "not xml", "\(length)")
                // What is cut off names nobody and proves nothing.
                #expect(decoded.credential == .pilot(nil, secret: nil))
            }
        }
    }

    private static func frame(_ random: inout SeededGenerator) -> RawFrame {
        let actions = [
            "verify", "getbid", "getflight", "liveupdate", "pirep", "aircraft", "aircraftinfo", "PIREP", "x",
        ]
        let action = actions.randomElement(using: &random) ?? ""
        var position = KACARS.position
        var report = KACARS.report
        for _ in 0..<Int.random(in: 0...4, using: &random) {
            change(&position, &random)
            change(&report, &random)
        }
        func text(_ fields: [(name: String, text: String)]) -> String {
            fields.map { "<\($0.name)>\($0.text)</\($0.name)>" }.joined()
        }
        var body = Array(
            ("<kacars><switch><data>\(action)</data></switch><verify><pilotID>"
                + (["VMS0001", values.randomElement(using: &random) ?? ""].randomElement(using: &random) ?? "")
                + "</pilotID><password>p</password></verify><liveupdate>\(text(position))</liveupdate>"
                + "<pirep>\(text(report))</pirep></kacars>").utf8)
        switch Int.random(in: 0...9, using: &random) {
        case 0:
            for _ in 0..<Int.random(in: 1...8, using: &random) {
                body[Int.random(in: 0..<body.count, using: &random)] = UInt8.random(in: 0...255, using: &random)
            }
        case 1: body.removeSubrange(Int.random(in: 0..<body.count, using: &random)...)
        case 2: body += body
        case 3:
            body = (0..<Int.random(in: 0...300, using: &random)).map { _ in UInt8.random(in: 0...255, using: &random) }
        default: break
        }
        return KACARS.frame(body)
    }

    private static func change(_ fields: inout [(name: String, text: String)], _ random: inout SeededGenerator) {
        guard let place = fields.indices.randomElement(using: &random) else { return }
        switch Int.random(in: 0...3, using: &random) {
        case 0: fields.remove(at: place)
        case 1: fields.append((fields[place].name, values.randomElement(using: &random) ?? "0"))
        default: fields[place].text = values.randomElement(using: &random) ?? "0"
        }
    }
}
