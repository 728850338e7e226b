import HTTPTypes
import Testing

@testable import Server

@Suite struct TrustedProxiesTests {
    private func seen(
        _ trusted: [String], peer: String, _ forwarded: [String], proto: [String] = []
    ) throws -> (client: String, scheme: String?) {
        var head = HTTPRequest(method: .get, scheme: "http", authority: "va.example", path: "/")
        for (name, values) in [("X-Forwarded-For", forwarded), ("X-Forwarded-Proto", proto)] {
            let name = try #require(HTTPField.Name(name))
            for value in values { head.headerFields.append(HTTPField(name: name, value: value)) }
        }
        let client = try TrustedProxies(trusted).client(&head, peer: peer)
        return (client, head.scheme)
    }

    @Test(arguments: [
        // Nobody is trusted, or not this one.
        ([], "10.0.0.1", ["203.0.113.7"], "10.0.0.1"),
        (["10.0.0.0/8"], "192.0.2.1", ["203.0.113.7"], "192.0.2.1"),
        (["10.0.0.0/8"], "10.0.0.1", [], "10.0.0.1"),
        (["10.0.0.0/8"], "10.0.0.1", ["203.0.113.7"], "203.0.113.7"),
        // What a client wrote stands in front of what the proxy added.
        (["10.0.0.0/8"], "10.0.0.1", ["198.51.100.1, 203.0.113.7"], "203.0.113.7"),
        (["10.0.0.0/8"], "10.0.0.1", ["198.51.100.1", "203.0.113.7,\t10.9.9.9 "], "203.0.113.7"),
        (["10.0.0.0/8"], "10.0.0.1", ["203.0.113.7:50123"], "203.0.113.7"),
        (["10.0.0.0/8"], "10.0.0.1", ["[2001:db8::7]:443"], "2001:db8::7"),
        (["10.0.0.0/8"], "10.0.0.1", ["2001:db8::7"], "2001:db8::7"),
        // Behind what is no address nothing is known.
        (["10.0.0.0/8"], "10.0.0.1", ["203.0.113.7, unknown"], "10.0.0.1"),
        (["10.0.0.0/8"], "10.0.0.1", ["203.0.113.7, <script>, 10.2.2.2"], "10.2.2.2"),
        (["10.0.0.0/8"], "10.0.0.1", [", ,"], "10.0.0.1"),
        // All of them are ours: the first.
        (["10.0.0.0/8"], "10.0.0.1", ["10.3.3.3, 10.2.2.2"], "10.3.3.3"),
        (["10.1.2.3"], "10.1.2.4", ["203.0.113.7"], "10.1.2.4"),
        (["192.0.2.128/25"], "192.0.2.127", ["203.0.113.7"], "192.0.2.127"),
        (["192.0.2.128/25"], "192.0.2.128", ["203.0.113.7"], "203.0.113.7"),
        (["fd00::/8", "::1"], "fdab::1", ["203.0.113.7"], "203.0.113.7"),
        (["10.0.0.0/8"], "::ffff:10.0.0.1", ["203.0.113.7"], "203.0.113.7"),
        (["0.0.0.0/0"], "2001:db8::1", ["203.0.113.7"], "2001:db8::1"),
    ]) func findsTheClient(_ trusted: [String], _ peer: String, _ forwarded: [String], _ wanted: String) throws {
        #expect(try seen(trusted, peer: peer, forwarded).client == wanted)
    }

    @Test func believesTheSchemeOfATrustedProxyAlone() throws {
        #expect(try seen(["10.0.0.0/8"], peer: "10.0.0.1", [], proto: ["https"]).scheme == "https")
        #expect(try seen(["10.0.0.0/8"], peer: "10.0.0.1", [], proto: ["http, HTTPS"]).scheme == "https")
        #expect(try seen(["10.0.0.0/8"], peer: "192.0.2.1", [], proto: ["https"]).scheme == "http")
        #expect(try seen(["10.0.0.0/8"], peer: "10.0.0.1", [], proto: ["gopher"]).scheme == "http")
    }

    @Test(arguments: ["10.0.0.0/33", "10.0.0.0/-1", "10.0.0/8", "proxy.example", "", "fd00::/129", "10.0.0.0/8/8"])
    func refusesWhatIsNoNetwork(_ text: String) {
        #expect(throws: TrustedProxies.Failure.self) { try TrustedProxies([text]) }
    }
}
