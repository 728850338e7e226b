import Testing

@testable import Server

@Suite struct JSONTextTests {
    @Test func writesNestedValuesWithCommas() {
        let text = JSONText.object { text in
            text.field("a", 1)
            text.field("b", nil as String?)
            text.array("c") { text in
                text.add("x")
                text.add(nil as Int?)
                text.object { text in text.field("d", true) }
            }
            text.object("e") { _ in }
        }
        #expect(String(decoding: text.bytes, as: UTF8.self) == #"{"a":1,"b":null,"c":["x",null,{"d":true}],"e":{}}"#)
    }

    @Test func escapesWhatJSONAndPagesCannotHold() {
        var text = JSONText()
        text.add("\"\\\n\u{0}</script>é")
        #expect(String(decoding: text.bytes, as: UTF8.self) == #""\"\\\u000a\u0000\u003c/script>é""#)
    }

    @Test(arguments: [
        (51.4775, 6, "51.477500"), (-0.000_000_4, 6, "0.000000"), (-0.5, 0, "-1"), (0.4, 0, "0"), (0, 6, "0.000000"),
        (-179.999_999, 6, "-179.999999"), (35_000, 0, "35000"), (0.05, 1, "0.1"), (-12.25, 2, "-12.25"),
    ]) func writesFixedDecimals(_ value: Double, _ decimals: Int, _ expected: String) {
        #expect(String(decoding: JSONText.fixed(value, decimals: decimals), as: UTF8.self) == expected)
    }

    @Test func writesNoNumberThatJSONDoesNotHave() {
        var text = JSONText()
        text.array { text in
            text.add(Double.nan, decimals: 2)
            text.add(Double.infinity, decimals: 2)
        }
        #expect(String(decoding: text.bytes, as: UTF8.self) == "[null,null]")
    }
}
