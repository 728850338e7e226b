import Domain
import Protocols
import Testing

@Suite struct FSFKEncodeTests {
    private let adapter = FSFKAdapter()
    private func call(_ command: String, _ data: String = FSFKSample.flight) -> RawFrame {
        FSFKSample.live(("DATA2", command), ("DATA3", data), ("DATA4", "1"))
    }
    private func answer(_ reply: TrackerReply, _ frame: RawFrame) -> String {
        let encoded = adapter.encode(reply, to: frame)
        #expect(encoded.status == 200 && encoded.header("Content-Type") == "text/plain; charset=UTF-8")
        return encoded.text
    }
    private let report = FSFKSample.report(FSFKSample.xml())

    @Test func answersWhatWentWell() throws {
        #expect(answer(.profile(try Sample.profile()), call("TEST", "VMS0001")) == "1|30")
        #expect(answer(.begun(try Sample.flight(code: "482910573846")), call("BEGINFLIGHT")) == "1|482910573846")
        for command in ["MESSAGE", "PAUSEFLIGHT", "UPDATEFLIGHTPLAN", "ENDFLIGHT"] {
            #expect(answer(.progress(count: nil, nil), call(command)) == "1|")
        }
        #expect(answer(.preflight, call("TEST")) == "")
    }

    /// FK-09, FK-15.
    @Test(arguments: [false, true])
    func showsAPageForAReport(_ isRepeat: Bool) throws {
        let flight = try Sample.flight(state: .filed) { $0.flightNumber = "10<00\"&" }
        var frame = report
        frame.site.root = "https://va.example/acars/demo/fsfk/"
        let reply = adapter.encode(.filed(flight, isRepeat: isRepeat), to: frame)
        #expect(reply.status == 200 && reply.header("Content-Type") == "text/html; charset=UTF-8")
        #expect(reply.text.contains("<a href=\"https://va.example/demo/flights/\(Sample.uuid)\">"))
        #expect(reply.text.contains("VMS10&lt;00&quot;&amp; KJFK-KBOS</a>") && !reply.text.contains("<script"))
        frame.site.root = "https://va.example/"
        #expect(
            adapter.encode(.filed(flight, isRepeat: isRepeat), to: frame).text.contains("href=\"https://va.example/\""))
    }

    @Test(arguments: [Refusal.pilotUnknown, .credentialsWrong, .pilotInactive, .pilotUnconfirmed])
    func refusesStrangers(_ refusal: Refusal) {
        #expect(answer(.refused(refusal), call("TEST", "VMS9999")) == "0|Unknown ID VMS9999")
        #expect(answer(.refused(refusal), call("BEGINFLIGHT", FSFKSample.begin)) == "0|Login failed")
        #expect(answer(.refused(refusal), call("MESSAGE")) == "0|Unknown Flight ID")
        #expect(answer(.refused(refusal), report) == "Unknown pilot")
    }

    /// FK-06.
    @Test(arguments: ["MESSAGE", "PAUSEFLIGHT", "ENDFLIGHT", "UPDATEFLIGHTPLAN"])
    func refusesUnknownFlights(_ command: String) {
        for refusal in [Refusal.flightUnknown, .flightOfAnother, .flightCancelled, .flightDecided] {
            #expect(answer(.refused(refusal), call(command)) == "0|Unknown Flight ID")
        }
    }

    /// Nothing that a client could take for success, and a time to wait.
    @Test func failsWithoutSuccess() {
        for frame in [call("MESSAGE"), call("BEGINFLIGHT"), report] {
            let isReport = frame.path.hasSuffix("pirep")
            let down = adapter.encode(.refused(.unavailable(retryAfterSeconds: 5)), to: frame)
            #expect(down.status == (isReport ? 200 : 503) && down.header("Retry-After") == "5")
            let busy = adapter.encode(.refused(.tooManyRequests(retryAfterSeconds: 0)), to: frame)
            #expect(busy.status == 429 && busy.header("Retry-After") == "1")
            #expect(adapter.encode(.probe, to: frame).status == (isReport ? 200 : 503))
            for reply in [down, busy] { #expect(!reply.text.hasPrefix("1") && !reply.text.contains("<")) }
            let large = DecodeError(.tooLarge, message: "over", status: 413)
            #expect(adapter.encode(large, to: frame).status == 413)
        }
        #expect(answer(.refused(.adapterOff), report).contains("not stored"))
    }
}
