import Protocols
import Testing

/// Malformed frames by grammar and by chance: reliability A1.
@Suite struct SmartCARS3FuzzTests {
    static let paths = [
        "", "pilot/login", "pilot/verify", "flights/update", "flights/update", "flights/complete", "flights/charter",
        "flights/book", "flights/rebook", "flights/unbook", "flights/cancel", "flights/start", "flights/search",
        "pireps/search", "pireps/details", "nope",
    ]
    static let values = [
        "null", "true", "0", "-0", "-1", "91", "361", "1e308", "1e400", "99999999999999999999", "1e-400", #""NaN""#,
        #""-Infinity""#, #""1,5""#, #""""#, #""\u0000""#, #""\ud800""#, "[]", "{}", "[[[[]]]]", #"["",null,1]"#,
        #"{"a":{"a":[]}}"#, #""W10=""#, #""aGk=""#, #""é😀""#, "\"\u{202E}'; DROP TABLE--\"", #"" <script>""#, "01",
        "tru",
    ]

    @Test(arguments: ["smartcars3", "smartcars3-v7"])
    func alwaysGivesAnOutcomeInTime(_ id: String) throws {
        let type = try #require(AdapterRegistry.adapter(id))
        let outcome = Storm.run(type, statuses: 400...499, check: { (try? JSON.decode($0.body)) != nil }) {
            Self.frame(&$0)
        }
        // Neither may be the only one, or the test tests nothing.
        #expect(outcome.requests > 20 && outcome.errors > 200, "\(outcome)")
    }

    static func frame(_ random: inout SeededGenerator) -> RawFrame {
        let path = paths.randomElement(using: &random) ?? ""
        var fields = path == "flights/complete" ? Wire.complete : Wire.update
        fields += [("flightID", "\"1\""), ("password", "\"x\""), ("session", "\"a.b.c\""), ("aircraftID", "2")]
        for _ in 0..<Int.random(in: 0...3, using: &random) {
            let place = Int.random(in: 0..<fields.count, using: &random)
            switch Int.random(in: 0...3, using: &random) {
            case 0: fields.remove(at: place)
            case 1: fields.append((fields[place].name, values.randomElement(using: &random) ?? "0"))
            default: fields[place].json = values.randomElement(using: &random) ?? "0"
            }
        }
        var body = Array(Wire.body(fields).utf8)
        switch Int.random(in: 0...9, using: &random) {
        case 0:
            for _ in 0..<Int.random(in: 1...8, using: &random) {
                body[Int.random(in: 0..<body.count, using: &random)] = UInt8.random(in: 0...255, using: &random)
            }
        case 1: body.removeSubrange(Int.random(in: 0..<body.count, using: &random)...)
        case 2: body += body
        case 3:
            body = (0..<Int.random(in: 0...300, using: &random)).map { _ in UInt8.random(in: 0...255, using: &random) }
        case 4:
            body = fields.map { "\($0.name)=\($0.json)" }.joined(separator: "&").utf8
                .map { Int.random(in: 0...60, using: &random) == 0 ? UInt8(ascii: "%") : $0 }
        default: break
        }
        let isQuery = path.hasSuffix("search") || path.hasSuffix("details") || path.isEmpty
        return RawFrame(
            method: isQuery ? "GET" : "POST", path: path,
            query: isQuery ? String(decoding: body, as: UTF8.self) : "username=7",
            contentType: [nil, "application/json", "application/x-www-form-urlencoded"].randomElement(using: &random)
                ?? nil,
            authorization: "Bearer x", body: body, receivedAt: FixtureCorpus.receivedAt
        )
    }
}
