import Testing

@testable import Server

@Suite struct AccessTests {
    @Test(arguments: [
        ("http://127.0.0.1:8080", "127.0.0.1:8080", true), ("https://va.example", "va.example:443", true),
        ("http://VA.example", "va.example", true), ("http://va.example:80", "va.example", true),
        ("http://evil.example", "va.example", false), ("http://va.example:8081", "va.example:8080", false),
        ("null", "va.example", false), ("file://", "va.example", false),
        ("http://va.example.evil", "va.example", false),
    ]) func comparesOrigins(_ origin: String, _ authority: String, _ isSame: Bool) {
        #expect(Access.isSameOrigin(origin, authority: authority) == isSame)
    }

    @Test func readsTargets() {
        let target = Target("/v1/de%6Do//x?a=1&b=%20+&a=2&c")
        #expect(target.segments == ["v1", "demo", "x"])
        #expect(target.query == ["a": "1", "b": "  ", "c": ""])
        // An encoded slash stays inside its segment.
        #expect(Target("/static/h/..%2Fx").segments == ["static", "h", "../x"])
    }

    @Test(
        arguments: [
            (nil, false), ("gzip", true), ("br, GZIP;q=0.5", true), ("gzip;q=0", false), ("identity", false),
            ("*", true),
        ] as [(String?, Bool)]) func readsAcceptEncoding(_ header: String?, _ takes: Bool)
    {
        #expect(WebPages.takesGzip(header) == takes)
    }

    @Test(arguments: [
        ("/", true), ("/login", true), ("/demo", true), ("/demo/live", true), ("/demo/live/abc", true),
        ("/demo/flights/abc", true), ("/demo/nothing", false), ("/favicon.ico", false), ("/.git/config", false),
        ("/action.php", false), ("/admin", false), ("/demo/../x", false),
    ]) func knowsItsPages(_ path: String, _ isPage: Bool) {
        #expect(WebPages.isPage(Target(path).segments) == isPage)
    }

    @Test func refusesDeepJSONBeforeParsing() {
        #expect(RequestBodies.isShallow(Array("{\"a\":[\"[[[[[[[[[[[[[[[[[[[[\"]}".utf8)))
        #expect(!RequestBodies.isShallow([UInt8](repeating: UInt8(ascii: "["), count: 100_000)))
    }

    @Test func inflatesStoredAndFixedBlocks() {
        // python3: gzip.compress(b"albatross " * 3, 9, mtime=0) and level 0.
        let fixed: [UInt8] = [
            31, 139, 8, 0, 0, 0, 0, 0, 2, 3, 75, 204, 73, 74, 44, 41, 202, 47, 46, 86, 72, 196, 194, 2, 0, 208, 17, 227,
            234, 30, 0, 0, 0,
        ]
        let stored: [UInt8] = [31, 139, 8, 0, 0, 0, 0, 0, 4, 255, 1, 2, 0, 253, 255, 104, 105, 0, 0, 0, 0, 2, 0, 0, 0]
        #expect(
            fixed.withUnsafeBufferPointer { Inflate.gzip($0, size: 30) } == Array("albatross albatross albatross ".utf8)
        )
        #expect(stored.withUnsafeBufferPointer { Inflate.gzip($0, size: 2) } == Array("hi".utf8))
        #expect(fixed.prefix(16).withUnsafeBufferPointer { Inflate.gzip($0, size: 30) } == nil)
    }
}
