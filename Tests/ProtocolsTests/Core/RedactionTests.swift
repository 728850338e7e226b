import Protocols
import Testing

@Suite struct RedactionTests {
    static let canary = "CANARY9"

    @Test(arguments: [
        #"{"password":"CANARY9"}"#, #"{ "Password" : "CANARY9" , "a":1}"#, #"{"password":"x\"CANARY9","a":1}"#,
        #"{"session":"CANARY9.b.c"}"#, #"{"accessToken":"CANARY9"}"#, #"{"a":{"api_key":"CANARY9"}}"#,
        #"{"password":"CANARY9"#, #"{"password":CANARY9}"#, #"{"password":["CANARY9"]}"#,
        #"{"password":{"a":"CANARY9"}}"#,
        #"{"\u0070assword":"CANARY9"}"#, #"{"pass\u0077ord":"CANARY9"}"#, "password=CANARY9",
        "a=1&PASSWORD=CANARY9&b=2",
        "pass%77ord=CANARY9", "password=a,CANARY9", "password%3DCANARY9", #"{"password":"a"CANARY9"}"#,
        #"{"x":"a"b","password":"CANARY9"}"#,
        "{\"password\"\n:\n\"CANARY9\"}", #"{\"password\":\"CANARY9\"}"#, "password[]=CANARY9",
        "{'password':'CANARY9'}", "password:CANARY9",
        #"{"password":"\\","password":"CANARY9"}"#, #"{"password":1234,"token":"CANARY9"}"#,
        #"{"password":null,"pwd":"CANARY9"}"#, "user=1&pass=CANARY9&x=1", "hash=CANARY9", "a=1&AUTH=CANARY9",
        "<verify><pilotID>1</pilotID><password>CANARY9</password></verify>", "<Password >CANARY9",
        "<password><![CDATA[CANARY9]]></password>", "<password>a<!-- < -->CANARY9<![CDATA[<]]>CANARY9</password>",
        "<password><![CDATA[</x>CANARY9", "<password><!--CANARY9",
    ])
    func cutsSecrets(_ body: String) {
        for type in ["application/json", nil] {
            let text = String(decoding: redacted(.post("pilot/login", body, type: type)), as: UTF8.self)
            #expect(!text.contains(Self.canary), "\(text)")
            #expect(text.contains("[redacted]"))
        }
    }

    @Test func cutsKnownValuesHoweverTheyAreWritten() throws {
        let secret = "Gi/he+im \"1%2"
        var frame = RawFrame(
            method: "POST", path: "x/\("Gi%2Fhe%2Bim%20%221%252")/K/other",
            query: "a=Gi/he%2bim+%221%2&b=%47i/he+im%20%221%252",
            contentType: nil, authorization: "Bearer abc.def-123",
            body: Array(#"{"n":"Gi\/he+im \"1%2","t":"abc.def-123"}"#.utf8),
            receivedAt: FixtureCorpus.receivedAt)
        frame.trackerKey = "the-tracker-key"
        frame.userAgent = "the-tracker-key/1"
        let text = String(decoding: redacted(frame, without: [secret]), as: UTF8.self)
        for word in ["he+im", "he%2bim", "he%2Bim", "abc.def", "tracker-key", "other"] {
            #expect(!text.contains(word), "\(word) in \(text)")
        }
        #expect(
            text.contains("a=[redacted]&b=[redacted]") && text.contains(#"{"n":"[redacted]","t":"[redacted]"}"#),
            "\(text)")
        #expect(!redactedPath(frame, without: [secret]).contains("he"))
        // Words of everyday stay.
        #expect(redacted("yes, no", without: ["no", "yes"]) == "yes, no")
    }

    @Test func cutsSecretsOfHeadersQueriesAndForms() {
        let frame = RawFrame(
            method: "POST", path: "pilot/login", query: "username=7&token=CANARY9", contentType: "multipart/form-data",
            authorization: "Bearer CANARY9", body: Array("name=\"password\"\r\n\r\nCANARY9".utf8),
            receivedAt: FixtureCorpus.receivedAt
        )
        let text = String(decoding: redacted(frame), as: UTF8.self)
        #expect(!text.contains(Self.canary))
        #expect(text.hasPrefix("POST pilot/login?username=7&token=[redacted]\n"))
    }

    @Test func keepsTheRestReadable() throws {
        let frame = RawFrame.post(
            "flights/update", #"{"password":"x","latitude":"north","message":"session was fine"}"#)
        let bytes = redacted(frame)
        let again = try #require(RawFrame(captured: bytes, receivedAt: FixtureCorpus.receivedAt))
        #expect(again.path == frame.path && again.contentType == frame.contentType)
        #expect(
            String(decoding: again.body, as: UTF8.self)
                == #"{"password":[redacted],"latitude":"north","message":"session was fine"}"#
        )
    }

    @Test func survivesAnyBytesInLinearTime() {
        var random = SeededGenerator(seed: 9)
        for _ in 0..<2000 {
            let noise = (0..<Int.random(in: 0...200, using: &random)).map { _ in
                Array("\"\\{}:=&%u0passwordsessiontoken ".utf8).randomElement(using: &random) ?? 0
            }
            _ = redacted(RawFrame.post("x", "").with(body: noise))
        }
        for unit in [
            "password", "\"password\":", "pass", "{\"token\":", "%", "\\u0070", "password=&", "session ", "<password>",
            "<password><![CDATA[",
            "<password><!--",
        ] {
            let body = Array(String(repeating: unit, count: 256 << 10 / unit.utf8.count).utf8)
            let clock = ContinuousClock()
            #expect(clock.measure { _ = redacted(RawFrame.post("x", "").with(body: body)) } < .seconds(4), "\(unit)")
        }
    }
}
