import Testing

@testable import Protocols

@Suite struct FormDecoderTests {
    private func decode(_ text: String) -> JSONObject? { FormDecoder.decode(Array(text.utf8)) }

    @Test(
        arguments: [
            ("a=1&b=2", "b", .string("2")), ("a=1&a=2", "a", .string("2")), ("a", "a", .string("")),
            ("a=", "a", .string("")),
            ("a=x+y%20z", "a", .string("x y z")), ("a=%zz%4", "a", .string("%zz%4")), ("a=b=c", "a", .string("b=c")),
            ("n%61me=%C3%A9", "name", .string("é")), ("a=%FF", "a", .string("\u{FFFD}")), ("&&a=1&", "a", .string("1")),
            ("r[]=A&r[]=B", "r", .array([.string("A"), .string("B")])), ("r%5B%5D=A", "r", .array([.string("A")])),
            ("r[0]=A&r[1]=B", "r", .array([.string("A"), .string("B")])), ("r[]=A&r=B", "r", .string("B")),
            ("r=B&r[]=A", "r", .array([.string("A")])), ("[]=A", "[]", .string("A")),
        ] as [(String, String, JSONValue)])
    func reads(_ text: String, _ name: String, _ value: JSONValue) throws {
        #expect(try #require(decode(text))[name] == value)
    }

    @Test func isBoundedAndLinear() {
        #expect(decode(String(repeating: "r[]=A&", count: FormDecoder.pairLimit))?.members.count == 1)
        #expect(decode(String(repeating: "r[]=A&", count: FormDecoder.pairLimit + 1)) == nil)
        // Were it quadratic it would take hours; a busy machine takes seconds.
        let clock = ContinuousClock()
        #expect(clock.measure { _ = decode("a=" + String(repeating: "%41", count: 1_000_000)) } < .seconds(60))
    }

    @Test(
        arguments: [
            ("", []), ("YQ==", [0x61]), ("YQ", [0x61]), ("YWI=", [0x61, 0x62]), ("YWJj", [0x61, 0x62, 0x63]),
            ("YW\r\nJj\n", [0x61, 0x62, 0x63]), ("Y", nil), ("YQ=", nil), ("Y=Q=", nil), ("YQ==YQ==", nil),
            ("YW Jj", nil),
            ("Y-_j", nil), ("YWJ*", nil), ("====", nil), ("YWJj====", nil),
        ] as [(String, [UInt8]?)])
    func readsBase64Strictly(_ text: String, _ bytes: [UInt8]?) {
        #expect(Base64.decode(text, limit: 100) == bytes)
    }

    @Test func boundsBase64() {
        #expect(Base64.decode("YWJjZA==", limit: 4)?.count == 4)
        #expect(Base64.decode("YWJjZGU=", limit: 4) == nil)
        #expect(Base64.decode("-_-_", alphabet: .url, limit: 4) == [0xFB, 0xFF, 0xBF])
    }
}
