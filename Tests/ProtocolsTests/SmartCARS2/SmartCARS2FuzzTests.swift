import Domain
import Protocols
import Testing

/// Mutated and random frames: reliability A1.
@Suite struct SmartCARS2FuzzTests {
    static let values = [
        "", "0", "-0", "-1", "99", "1e308", "1e400", "99999999999999999999", "1e-400", "NaN", "-Infinity", "1,5",
        "1.234,5", "%", "%%", "%0", "%00", "%FF%FE", "%F0%9F%98%80", "[[[[", "|;,", "+", "++1", "N/A", "Time", "a&b",
        "=", "===", "%26", "'; DROP TABLE--", "<script>", "0:0:0:0", "24:99", "1.2.3.4",
    ]

    @Test func alwaysGivesAnOutcomeInTime() {
        let outcome = Storm.run(SmartCARS2Adapter.self, statuses: 200...200) { Self.frame(&$0) }
        // Neither may be the only one, or the test tests nothing.
        #expect(outcome.requests > 200 && outcome.errors > 200, "\(outcome)")
    }

    static func frame(_ random: inout SeededGenerator) -> RawFrame {
        typealias Wire = SmartCARS2Wire
        var arguments = Bool.random(using: &random) ? Wire.position : Wire.report
        if Int.random(in: 0...4, using: &random) == 0 {
            arguments += [
                ("userid", "7"), ("oldsessionid", "S"), ("pirepid", "1"), ("flighttype", "1"), ("mintime", "1"),
                ("startdate", "11/21/2026"), ("flightcode", ""), ("cruisealtitude", "350"),
            ]
            let actions = [
                "manuallogin", "automaticlogin", "createflight", "searchflights", "searchpireps", "bidonflight", "x",
            ]
            arguments[0].value = actions.randomElement(using: &random) ?? ""
        }
        for _ in 0..<Int.random(in: 0...3, using: &random) {
            let place = Int.random(in: 1..<arguments.count, using: &random)
            switch Int.random(in: 0...3, using: &random) {
            case 0: arguments.remove(at: place)
            case 1: arguments.append((arguments[place].name, values.randomElement(using: &random) ?? ""))
            default: arguments[place].value = values.randomElement(using: &random) ?? ""
            }
        }
        var body = Array(Wire.reportBody.utf8)
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
        var query = arguments.map { "\($0.name)=\($0.value)" }.joined(separator: "&")
        if Int.random(in: 0...19, using: &random) == 0 {
            query = String(
                decoding: query.utf8.map { Int.random(in: 0...30, using: &random) == 0 ? UInt8(ascii: "%") : $0 },
                as: UTF8.self)
        }
        return Wire.call(query, method: "POST").with(body: body)
    }
}
