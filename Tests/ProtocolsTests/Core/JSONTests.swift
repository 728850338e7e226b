import Protocols
import Testing

@Suite struct JSONTests {
    private func decode(_ text: String) throws(JSONError) -> JSONValue { try JSON.decode(Array(text.utf8)) }

    @Test(
        arguments: [
            ("null", .null), (" true\n", .bool(true)), ("0", .integer(0)), ("-12", .integer(-12)),
            ("9223372036854775807", .integer(.max)), ("-9223372036854775808", .integer(.min)),
            ("9223372036854775808", .double(9_223_372_036_854_775_808)), ("1.5", .double(1.5)), ("1e3", .double(1000)),
            ("-0", .double(-0.0)), ("1e-400", .double(0)), ("1e308", .double(1e308)), ("1E+2", .double(100)),
            ("12345678901234567890", .double(12_345_678_901_234_567_168)), ("0.1", .double(0.1)),
            ("2.2250738585072014e-308", .double(2.2250738585072014e-308)), ("[]", .array([])),
            ("{}", .object(JSONObject())),
            (#""a\u00e9\ud83d\ude00\n\/""#, .string("aé😀\n/")), (#""é""#, .string("é")),
            ("[1,[2]]", .array([.integer(1), .array([.integer(2)])])),
        ] as [(String, JSONValue)])
    func reads(_ text: String, _ value: JSONValue) throws {
        #expect(try decode(text) == value)
    }

    @Test(arguments: [
        "", " ", "nul", "tru", "NaN", "Infinity", "-Infinity", "+1", "01", "1.", ".5", "1e", "1e400", "-1e400", "0x10",
        "1,5", "--1", "[1,]", "[,1]", "[1", "{", #"{"a"}"#, #"{"a":}"#, #"{"a":1,}"#, #"{a:1}"#, #"{'a':1}"#, "1 2",
        "{}x",
        #""a"#, #""\x""#, #""\u12""#, #""\u123g""#, #""\ud800""#, #""\udc00""#, #""\ud800\u0041""#, "\"\u{1}\"",
        "\"a\nb\"", "\u{FEFF}{}", "[1]]", "//1", "[1 2]", "\u{0}", "1\u{0}",
    ])
    func refuses(_ text: String) {
        #expect(throws: JSONError.self) { try decode(text) }
    }

    @Test(
        arguments: [
            [0x22, 0x80, 0x22], [0x22, 0xC0, 0xAF, 0x22], [0x22, 0xED, 0xA0, 0x80, 0x22], [0x22, 0xF8, 0x22],
            [0xFF, 0xFE, 0x31, 0x00], [0x22, 0xE2, 0x82, 0x22], [0x22, 0x5C, 0x6E, 0xFF, 0x22],
        ] as [[UInt8]])
    func refusesBrokenUTF8(_ bytes: [UInt8]) {
        #expect(throws: JSONError.self) { try JSON.decode(bytes) }
    }

    @Test func theLastOfEqualNamesWins() throws {
        guard case .object(let object) = try decode(#"{"a":1,"b":2,"a":"x"}"#) else { throw JSONError.tooDeep }
        #expect(object["a"] == .string("x"))
        #expect(object["c"] == nil)
    }

    @Test func stopsAtItsLimits() throws {
        #expect(throws: JSONError.tooDeep) { try decode(String(repeating: "[", count: 100_000)) }
        #expect(throws: JSONError.tooDeep) { try decode(String(repeating: #"{"a":"#, count: 100_000)) }
        let deepest = String(repeating: "[", count: 64) + String(repeating: "]", count: 64)
        #expect(throws: Never.self) { try decode(deepest) }
        #expect(throws: JSONError.tooDeep) { try decode("[\(deepest)]") }
        let keys = "{" + (0..<1_000_000).map { "\"k\($0)\":1" }.joined(separator: ",") + "}"
        let clock = ContinuousClock()
        let took = clock.measure { #expect(throws: JSONError.tooMany) { try decode(keys) } }
        #expect(took < .milliseconds(500))
        #expect(throws: JSONError.tooMany) { try decode("[" + String(repeating: "1,", count: 300_000) + "1]") }
        #expect(throws: JSONError.self) { try decode(String(repeating: "9", count: 1_000_000)) }
    }

    @Test(arguments: [
        ("1", "integer"), ("1.0", "double"), ("\"1\"", "string"), ("true", "boolean"), ("null", "NULL"),
        ("[]", "array"), ("{}", "array"),
    ])
    func namesTypesAsPHPDoes(_ text: String, _ type: String) throws {
        #expect(try decode(text).phpType == type)
    }

    @Test(
        arguments: [
            ("12", 12), (" 12", 12), ("12 ", 12), ("+1.5", 1.5), ("-.5", -0.5), ("5.", 5), ("1e3", 1000), ("1.e2", 100),
            ("0007", 7), ("123456789012345678901234567890.5", 123_456_789_012_345_678_901_234_567_890.5),
            ("", nil), (" ", nil), ("NaN", nil), ("nan", nil), ("INF", nil), ("Infinity", nil), ("1e400", nil),
            ("0x1A", nil), ("1,5", nil),
            ("1e", nil), (".", nil), ("-", nil), ("1 2", nil), ("12a", nil), ("1e-400", 0),
        ] as [(String, Double?)])
    func readsNumericStringsAsPHPDoes(_ text: String, _ number: Double?) {
        #expect(JSONValue.string(text).numeric == number)
    }

    /// Our conversion agrees with the standard library's, digit by digit.
    @Test func roundsAsTheStandardLibraryDoes() throws {
        var random = SeededGenerator(seed: 3)
        for _ in 0..<20_000 {
            let value = Double(bitPattern: random.next())
            guard value.isFinite else { continue }
            let digits = Int.random(in: 1...24, using: &random)
            let exponent = Int.random(in: -330...320, using: &random)
            let number =
                "\(Int.random(in: 1...9, using: &random))."
                + (0..<digits).map { _ in "\(Int.random(in: 0...9, using: &random))" }.joined()
            for text in ["\(value)", "\(number)e\(exponent)", number] {
                let expected = Double(text) ?? 0
                if expected.isFinite {
                    #expect(try decode(text).numeric == expected, "\(text)")
                } else {
                    #expect(throws: JSONError.self) { try decode(text) }
                }
            }
        }
    }

    @Test func writesAsPHPDoes() throws {
        var writer = JSONWriter()
        writer.object {
            $0.member("text", "a/b\"\\\n\u{1}é")
            $0.member("whole", 188.0)
            $0.member("part", 1.1666666666666667)
            $0.member("none", Double.nan)
            $0.member("nothing", String?.none)
            $0.name("list")
            $0.array([1, 2]) { $0.integer($1) }
            $0.name("empty")
            $0.object { _ in }
        }
        let text = String(decoding: writer.bytes, as: UTF8.self)
        #expect(
            text
                == #"{"text":"a\/b\"\\\n\u0001é","whole":188,"part":1.1666666666666667,"none":null,"nothing":null,"list":[1,2],"empty":{}}"#
        )
        #expect(throws: Never.self) { try decode(text) }
    }
}
