import Foundation
import NIOCore
import NIOHTTP1
import Testing

extension EndToEnd {
    /// A1, A3, A5, A8 in their short form: whatever arrives, the server answers, keeps its state and serves the others.
    @Suite(.serialized)
    struct HostileTests {
        static let seed: UInt64 = 20_261_121
        static let canary = "canary-password-5e1f"

        /// One request of the storm: over a proper client, or as bytes on a socket.
        enum Attack: Sendable {
            case call(method: String, path: String, type: String, hasToken: Bool, body: [UInt8])
            case bytes([UInt8])
        }

        // MARK: The storm

        @Test(.timeLimit(.minutes(10)))
        func survivesTenThousandMalformedRequests() async throws {
            print("hostile test: seed \(Self.seed)")
            try await withServer { server in
                let airline = try await Airline.make(on: server, spare: 3)
                for (number, name) in [(7, "Ada Kern"), (9, "Hostile")] {
                    try await airline.addUser(number, name: name)
                }
                let good = try await airline.tracker(7)
                let hostile = try await airline.tracker(9)
                let goodFlight = try await good.begin("1000")
                let badFlight = try await hostile.begin("1001")
                try await hostile.report(badFlight, latitude: 10)
                let staff = try await airline.staff()
                let before = try await state(staff, without: [goodFlight.id, badFlight.id])

                let attacks = Self.attacks(count: 10_000, Self.seed, server.port, hostile, badFlight)
                let next = Counter()
                let storedByHostile = Counter()
                let statuses = Shared<[Int: Int]>([:])
                let isOver = Flag()
                let goodSent = Shared<[Double]>([])

                try await withThrowingTaskGroup(of: Void.self) { group in
                    // The honest neighbour.
                    group.addTask {
                        var index = 0
                        while !isOver.isSet {
                            let latitude = decimal(48, index % 60_000, 50)
                            try await good.report(goodFlight, latitude: latitude)
                            goodSent.withLock { $0.append(latitude) }
                            index += 1
                        }
                    }
                    group.addTask {
                        try await withThrowingTaskGroup(of: Void.self) { storm in
                            for _ in 0..<32 {
                                storm.addTask {
                                    while true {
                                        let index = next.next()
                                        guard index < attacks.count else { return }
                                        let status = try await Self.perform(
                                            attacks[index], server, hostile.token, index)
                                        statuses.withLock { $0[status, default: 0] += 1 }
                                        if case .call(_, "flights/update", _, true, _) = attacks[index], status == 200 {
                                            _ = storedByHostile.next()
                                        }
                                    }
                                }
                            }
                            try await storm.waitForAll()
                        }
                        isOver.set()
                    }
                    try await group.waitForAll()
                }
                let counted = statuses.withLock { $0 }
                print(
                    "hostile test: answers by status \(counted.sorted { $0.key < $1.key }.map { "\($0.key): \($0.value)" })"
                )
                #expect(counted.values.reduce(0, +) == attacks.count)
                #expect(counted.filter { $0.key >= 500 }.isEmpty)

                #expect(try await Web.send("GET", "\(server.url)/healthz").status == 200)
                let track = try await staff.track(goodFlight.id).latitudes
                #expect(track == goodSent.withLock { $0 }, "the honest flight lost or changed something")
                #expect(!track.isEmpty)
                // Of the hostile pilot's flight nothing is stored that was not answered 200, and nothing impossible.
                let hostileTrack = try await staff.track(badFlight.id)
                #expect(hostileTrack.points.count <= storedByHostile.count + 1)
                for point in hostileTrack.points {
                    #expect((-90...90).contains(point.latitude) && (-180...180).contains(point.longitude))
                }
                let after = try await state(staff, without: [goodFlight.id, badFlight.id])
                #expect(after == before)
                #expect(try await good.complete(goodFlight).status == 200)
                try await checkQuarantine(server, staff)
            }
        }

        /// What `/v1` lists, leaving out flights that change by design.
        private func state(_ staff: Reader, without flights: Set<String>) async throws -> [String: String] {
            var state: [String: String] = [:]
            for list in ["flights", "pireps", "schedules", "fleet", "pilots"] {
                let items = try await staff.all(list).filter { !flights.contains($0["id"]?.text ?? "") }
                state[list] = JSON.array(items).canonical
            }
            return state
        }

        private func checkQuarantine(_ server: AlbatrossServer, _ staff: Reader) async throws {
            let frames = try await staff.json("quarantine?limit=100")
            #expect(frames["items"]?.items?.isEmpty == false, "malformed frames are kept")
            #expect(!frames.canonical.contains(Self.canary))
            let encoded = Data(Self.canary.utf8).base64EncodedString().prefix(24)
            #expect(!frames.canonical.contains(encoded))
            #expect(try !server.dataHolds(Self.canary), "the canary password lies in the data folder")
            #expect(!server.log.contains(Self.canary), "the canary password lies in the log")
            let kept = try await server.sqlite("SELECT count(*) FROM quarantine")
            #expect((Int(kept) ?? 0) > 100)
        }

        /// - Returns: Status of the answer; 0 for a connection that was closed without one.
        private static func perform(
            _ attack: Attack, _ server: AlbatrossServer, _ token: String, _ index: Int
        ) async throws -> Int {
            switch attack {
            case .call(let method, let path, let type, let hasToken, let body):
                var headers = [("Content-Type", type)]
                if hasToken { headers.append(("Authorization", "Bearer \(token)")) }
                let answer = try await Web.send(
                    method, "\(server.url)/acars/demo/smartcars3/\(path)", headers: headers,
                    body: method == "GET" ? nil : body, within: .seconds(10))
                #expect(
                    answer.status < 500,
                    "attack \(index): \(method) \(path) \(String(decoding: body.prefix(300), as: UTF8.self))")
                return answer.status
            case .bytes(let bytes):
                let socket = try await RawSocket(port: server.port)
                do {
                    // The server may close before it has taken everything.
                    try? await socket.send(bytes)
                    let head = try await socket.head(within: .seconds(10))
                    await socket.close()
                    #expect(head.status < 500, "attack \(index)")
                    return head.status
                } catch is RawSocket.Closed {
                    await socket.close()
                    return 0
                } catch is TimedOut where isUnfinished(bytes) {
                    // It rightly waits for the rest, up to its own limits; this side goes away.
                    await socket.close()
                    return 0
                } catch {
                    await socket.close()
                    throw error
                }
            }
        }

        /// Attacks that leave a request open are marked by how they are made.
        private static func isUnfinished(_ bytes: [UInt8]) -> Bool {
            String(decoding: bytes.prefix(2000), as: UTF8.self).contains("X-Unfinished: 1")
        }

        // MARK: Making attacks

        static func attacks(
            count: Int, _ seed: UInt64, _ port: Int, _ hostile: Tracker, _ flight: Tracker.Flight
        ) -> [Attack] {
            var random = RandomSource(seed: seed)
            // Ids of nothing: where a mutation leaves a body valid, it still changes no state.
            let nothing = Tracker.Flight(bid: 999_999, id: "00000000-0000-7000-8000-000000000000")
            let charter = SmartCARS3ConformanceTests.charter.with(["departure": "ZZZQ", "arrival": "ZZZR"])
            let valid: [(path: String, body: JSON)] = [
                ("pilot/login?username=7", ["password": .string(canary)]),
                ("pilot/verify", ["session": .string(String(hostile.token.dropLast(3)))]),
                ("pilot/resume", ["session": .string(String(hostile.token.dropLast(3)))]),
                ("flights/book", ["flightID": "999999", "aircraftID": 2]),
                ("flights/rebook", ["bidID": 999_999, "aircraftID": 2]),
                ("flights/unbook", ["bidID": 999_999]),
                ("flights/charter", charter),
                ("flights/start", ["bidID": 999_999]),
                ("flights/update", Bodies.update(nothing)),
                ("flights/update", Bodies.update(flight)),
                ("flights/cancel", nothing.key),
                ("flights/complete", Bodies.complete(nothing)),
            ]
            return (0..<count).map { index in
                switch index % 10 {
                case 0: return .bytes(brokenFraming(&random))
                case 1:
                    // Queries have their own decoders.
                    let path =
                        ["flights/search", "pireps/search", "pireps/details", "data/airports", "flights/liveFlights"]
                        .randomElement(using: &random) ?? ""
                    let names = ["departureAirport", "aircraft", "limit", "id", "startDate", "status", "callsign", "v"]
                    let query = (0..<Int.random(in: 0...3, using: &random)).map { _ in
                        (names.randomElement(using: &random) ?? "") + "="
                            + ([
                                "", "%00", "%", "%zz", "-1", "1e400", "EGLL", "'%20OR%201=1--", "..%2f..%2f", "%C3%28",
                                "NaN",
                            ]
                            .randomElement(using: &random) ?? "")
                    }.joined(separator: "&")
                    return .call(
                        method: "GET", path: path + "?" + query, type: "application/json", hasToken: random.chance(0.9),
                        body: [])
                case 2:
                    let path = valid.randomElement(using: &random)?.path ?? ""
                    return .call(
                        method: "POST", path: path, type: "application/json", hasToken: random.chance(0.8),
                        body: random.bytes(Int.random(in: 0...400, using: &random)))
                default:
                    let (path, body) = valid.randomElement(using: &random) ?? valid[0]
                    let isText = random.chance(0.5)
                    let bytes = isText ? mutatedText(body.bytes, &random) : Array(mutated(body, &random).utf8)
                    let types = [
                        "application/json", "application/x-www-form-urlencoded", "text/plain", "multipart/form-data",
                    ]
                    return .call(
                        method: random.chance(0.97)
                            ? "POST" : ["PUT", "DELETE", "PATCH"].randomElement(using: &random) ?? "PUT",
                        path: path,
                        type: random.chance(0.8) ? types[0] : types.randomElement(using: &random) ?? types[0],
                        hasToken: random.chance(0.95), body: bytes)
                }
            }
        }

        /// JSON texts that no field expects.
        static let values = [
            "null", "true", "[]", "{}", "\"\"", "0", "-0", "-1", "1e400", "-1e400", "1e-400", "1e308",
            "12345678901234567890",
            "123456789012345678901234567890", "0.1e", "01", "+1", ".5", "5.", "NaN", "Infinity", "-Infinity", "\"NaN\"",
            "\"1,5\"", "\"0x10\"", "\"\\u0000\"", "\"\\ud800\"", "\"\\udc00\\ud800\"", "\"\\x41\"", "'single'",
            "[[[[[[[[]]]]]]]]",
            "{\"a\":{\"a\":{\"a\":1}}}", "\"<script>alert(1)</script>\"", "\"=cmd|' /C calc'!A0\"",
            "\"'; DROP TABLE event;--\"",
            "\"../../etc/passwd\"", "\"\\r\\nSet-Cookie: a=b\"", "\"\\u001b[31m\"", "91", "181", "361", "2147483648",
            "9223372036854775807", "9223372036854775808", "\"999999999999999999999\"", "1.7976931348623157e308",
            "[null]",
            "[1,2,3]", "[\"A\",null]", "\"\u{FEFF}\"", "\"\u{202E}abc\"",
        ]

        /// Grammar mutations: one or more members changed, dropped, doubled, renamed or added.
        static func mutated(_ body: JSON, _ random: inout RandomSource) -> String {
            var members = (body.members ?? [:]).sorted { $0.key < $1.key }.map {
                (JSON.quoted($0.key), $0.value.canonical)
            }
            for _ in 0..<Int.random(in: 1...3, using: &random) {
                guard !members.isEmpty else { break }
                let index = Int.random(in: 0..<members.count, using: &random)
                switch Int.random(in: 0..<7, using: &random) {
                case 0, 1, 2: members[index].1 = values.randomElement(using: &random) ?? "null"
                case 3: members.remove(at: index)
                case 4: members.append((members[index].0, values.randomElement(using: &random) ?? "null"))
                case 5: members[index].0 = members[index].0.uppercased()
                default:
                    let size = [10, 1000, 20_000].randomElement(using: &random) ?? 10
                    members[index].1 = "\"" + String(repeating: "A", count: size) + "\""
                }
            }
            return "{" + members.map { $0.0 + ":" + $0.1 }.joined(separator: ",") + "}"
        }

        /// Byte mutations: cut, flipped, doubled, inserted.
        static func mutatedText(_ bytes: [UInt8], _ random: inout RandomSource) -> [UInt8] {
            var bytes = bytes
            for _ in 0..<Int.random(in: 1...4, using: &random) {
                guard !bytes.isEmpty else { break }
                let index = Int.random(in: 0..<bytes.count, using: &random)
                switch Int.random(in: 0..<5, using: &random) {
                case 0: bytes = Array(bytes.prefix(index))
                case 1: bytes[index] ^= 1 << UInt8.random(in: 0..<8, using: &random)
                case 2: bytes.insert(contentsOf: bytes[index...].prefix(40), at: index)
                case 3: bytes.insert(UInt8.random(in: 0...255, using: &random), at: index)
                default: bytes.removeSubrange(index..<min(bytes.count, index + Int.random(in: 1...10, using: &random)))
                }
            }
            return bytes
        }

        /// A8: requests that two readers could read differently, or that no reader can.
        static func brokenFraming(_ random: inout RandomSource) -> [UInt8] {
            let start = "POST /acars/demo/smartcars3/flights/update HTTP/1.1\r\nHost: 127.0.0.1\r\n"
            let text: String
            switch Int.random(in: 0..<17, using: &random) {
            case 0:
                text =
                    start
                    + "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nGET /healthz HTTP/1.1\r\nHost: a\r\n\r\n"
            case 1: text = start + "Content-Length: 5\r\nContent-Length: 6\r\n\r\n{\"a\":1"
            case 2: text = "GET /healthz HTTP/1.1\nHost: 127.0.0.1\n\n"
            case 3: text = start + "X-Folded: a\r\n b\r\nContent-Length: 2\r\n\r\n{}"
            case 4:
                text = start + "X-Long: " + String(repeating: "a", count: 100 << 10) + "\r\nContent-Length: 0\r\n\r\n"
            case 5: text = start + "X-Unfinished: 1\r\nContent-Length: 100\r\n\r\n{\"a\":1}"
            case 6: text = start + "Content-Length: -1\r\n\r\n"
            case 7: text = start + "Content-Length: 18446744073709551616\r\n\r\n{}"
            case 8: text = start + "Transfer-Encoding: chunked\r\n\r\nFFFFFFFFFFFFFFFFF\r\n{}\r\n0\r\n\r\n"
            case 9: text = start + "Transfer-Encoding: chunked\r\n\r\nzz\r\n{}\r\n0\r\n\r\n"
            case 10: text = start + "Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n"
            case 11: text = start + "Content Length: 2\r\nContent-Length : 2\r\n\r\n{}"
            case 12: text = "POST  /acars HTTP/1.1\r\n\r\n"
            case 13: text = "GET /\u{0} HTTP/1.1\r\nHost: a\r\n\r\n"
            case 14: text = "GET / HTTP/9.9\r\nHost: a\r\n\r\n"
            case 15:
                text =
                    start + "Transfer-Encoding: chunked\r\n\r\n2;" + String(repeating: "x", count: 20_000)
                    + "\r\n{}\r\n0\r\n\r\n"
            default: return random.bytes(Int.random(in: 16...600, using: &random)) + Array("\r\n\r\n".utf8)
            }
            return Array(text.utf8)
        }

        // MARK: Framing, one by one

        /// A8: ambiguous framing is refused with 400, or the connection is closed; nothing after it is read as a request.
        @Test(arguments: [
            ("length and chunks", "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"),
            ("two lengths", "Content-Length: 2\r\nContent-Length: 3\r\n\r\n{}"),
            ("folded header", "X-Folded: a\r\n b\r\nContent-Length: 2\r\n\r\n{}"),
            ("space before colon", "Content-Length : 2\r\n\r\n{}"),
            ("negative length", "Content-Length: -2\r\n\r\n{}"),
            ("unknown coding", "Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n"),
            ("long header", "X-Long: LONG\r\n\r\n"),
        ])
        func refusesAmbiguousFraming(_ name: String, _ rest: String) async throws {
            try await withServer { server in
                let airline = try await Airline.make(on: server)
                let socket = try await RawSocket(port: server.port)
                let smuggled = "GET /acars/\(airline.slug)/smartcars3/ HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"
                try? await socket.send(
                    "POST /acars/demo/smartcars3/pilot/login?username=7 HTTP/1.1\r\nHost: 127.0.0.1\r\n"
                        + rest.replacingOccurrences(of: "LONG", with: String(repeating: "a", count: 100 << 10))
                        + smuggled)
                try await eventually("closed connection", within: .seconds(20)) { socket.isClosed ? true : nil }
                let answers = String(decoding: socket.received, as: UTF8.self)
                #expect(!answers.contains("apiVersion"), "\(name): what followed was read as a request")
                if !answers.isEmpty {
                    #expect(
                        answers.hasPrefix("HTTP/1.1 4") || answers.hasPrefix("HTTP/1.0 4"),
                        "\(name): \(answers.prefix(200))")
                }
                await socket.close()
                #expect(try await Web.send("GET", "\(server.url)/healthz").status == 200)
            }
        }

        /// A7 in small: unfinished headers do not hold a connection for ever.
        @Test func closesUnfinishedHeaders() async throws {
            try await withServer { server in
                let socket = try await RawSocket(port: server.port)
                try await socket.send("GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\nX-")
                try await eventually("closed connection", within: .seconds(100)) { socket.isClosed ? true : nil }
                await socket.close()
            }
        }

        // MARK: Tables

        /// A3: what each number means. `stored` is what the track shows; nil is a refusal.
        @Test func followsTheNumberTable() async throws {
            try await withServer { server in
                let airline = try await Airline.make(on: server, spare: 1)
                try await airline.addUser(7, name: "Ada Kern")
                let tracker = try await airline.tracker(7)
                let flight = try await tracker.begin("1000")
                let staff = try await airline.staff()
                var stored: [Double] = []
                let template = Bodies.update(flight, ["latitude": "@"]).canonical
                for (text, value) in [
                    ("NaN", nil), ("Infinity", nil), ("-Infinity", nil), ("1e400", nil), ("-1e400", nil),
                    ("1e308", nil),
                    ("90.0001", nil), ("-90.0001", nil), ("91", nil), ("12345678901234567890", nil), ("1,5", nil),
                    ("\"1,5\"", nil), ("\"NaN\"", nil), ("\"Infinity\"", nil), ("\"\"", nil), ("null", nil),
                    ("true", nil),
                    ("\"0x10\"", nil), ("[1]", nil), ("01", nil), ("90", 90), ("-90", -90), ("12.5", 12.5),
                    ("\"13.5\"", 13.5),
                    ("1.45e1", 14.5), ("15.5000000000000000000000001", 15.5),
                ] as [(String, Double?)] {
                    let body = template.replacingOccurrences(of: "\"@\"", with: text)
                    let answer = try await tracker.access.send(
                        "POST", "flights/update", token: tracker.token, body: Array(body.utf8))
                    #expect(
                        answer.status == (value == nil ? 400 : 200), "latitude \(text): \(answer.status) \(answer.text)"
                    )
                    if let value { stored.append(value) }
                }
                #expect(try await staff.track(flight.id).latitudes == stored)
                // Nearly nothing is nothing, or refused; never an error.
                for text in ["1e-400", "-0", "0"] {
                    let body = template.replacingOccurrences(of: "\"@\"", with: text)
                    let answer = try await tracker.access.send(
                        "POST", "flights/update", token: tracker.token, body: Array(body.utf8))
                    #expect([200, 400].contains(answer.status), "latitude \(text)")
                }
                for (field, good, bad) in [
                    ("longitude", ["180", "-180", "0"], ["180.0001", "-180.0001", "1e400"]),
                    ("heading", ["0", "360", "359.9"], ["360.1", "-0.1", "NaN"]),
                    ("altitude", ["-1000", "60000", "\"33000\""], ["999999999", "-99999", "1e308"]),
                    ("groundSpeed", ["0", "600"], ["99999999", "-1", "1e400"]),
                    ("bidID", ["\"\(flight.bid)\""], ["\(flight.bid).5e400", "\"\"", "null", "[]"]),
                ] {
                    let template = Bodies.update(flight, [field: "@"]).canonical
                    for (texts, status) in [(good, 200), (bad, 400)] {
                        for text in texts {
                            let body = template.replacingOccurrences(of: "\"@\"", with: text)
                            let answer = try await tracker.access.send(
                                "POST", "flights/update", token: tracker.token, body: Array(body.utf8))
                            #expect(answer.status == status, "\(field) \(text): \(answer.status) \(answer.text)")
                        }
                    }
                }
            }
        }

        /// A5: deep, wide, doubled, broken.
        @Test func followsTheJSONTable() async throws {
            try await withServer { server in
                let airline = try await Airline.make(on: server, spare: 1)
                try await airline.addUser(7, name: "Ada Kern")
                let tracker = try await airline.tracker(7)
                let flight = try await tracker.begin("1000")
                func post(_ path: String, _ body: String) async throws -> Answer {
                    try await within(.seconds(60), path) {
                        try await tracker.access.send("POST", path, token: tracker.token, body: Array(body.utf8))
                    }
                }
                let good = Bodies.update(flight).canonical
                let deep = String(repeating: "[", count: 100_000) + String(repeating: "]", count: 100_000)
                let deepObject =
                    String(repeating: "{\"a\":", count: 100_000) + "1" + String(repeating: "}", count: 100_000)
                for body in [deep, deepObject, String(repeating: "[", count: 500_000), "{\"bidID\":\(deep)}"] {
                    #expect(try await post("flights/update", body).status == 400)
                }
                // 600,000 keys fit into the 4 MiB of a report; a million do not.
                let wide = { (count: Int) in "{" + String(repeating: "\"k\":1,", count: count) + "\"k\":1}" }
                #expect(try await post("flights/complete", wide(600_000)).status == 400)
                #expect(try await post("flights/complete", wide(1_000_000)).status == 413)
                #expect(try await post("flights/update", wide(1_000_000)).status == 413)
                let different = "{" + (0..<100_000).map { "\"k\($0)\":0" }.joined(separator: ",") + "}"
                #expect([400, 413].contains(try await post("flights/complete", different).status))
                // A byte order mark, a lone surrogate, bytes behind the end: refused or understood, never an error.
                for body in [
                    "\u{FEFF}" + good, good + "x", good + good, good.replacingOccurrences(of: "MID", with: "\\ud800"),
                ] {
                    let answer = try await post("flights/update", body)
                    #expect([200, 400].contains(answer.status), "\(answer.status)")
                }
                #expect(try await post("flights/update", good + "x").status == 400)
                // A key given twice has one meaning, and it is not a position nobody sent.
                let twice = String(good.dropLast()) + ",\"latitude\":12.25}"
                #expect([200, 400].contains(try await post("flights/update", twice).status))
                let latitudes = try await airline.staff().track(flight.id).latitudes
                #expect(Set(latitudes).isSubset(of: [50.2101, 12.25]))
            }
        }

        /// Bodies over the limit: 413 in the tracker's words, whether the length is announced or not.
        @Test func refusesBodiesOverTheLimit() async throws {
            try await withServer { server in
                let airline = try await Airline.make(on: server, spare: 1)
                try await airline.addUser(7, name: "Ada Kern")
                let tracker = try await airline.tracker(7)
                let flight = try await tracker.begin("1000")
                try await tracker.report(flight, latitude: 50)
                for (path, size) in [
                    ("flights/update", 1 << 20), ("pilot/login?username=7", 1 << 20), ("flights/complete", 4 << 20),
                ] {
                    let over = try await tracker.access.send(
                        "POST", path, token: tracker.token, body: [UInt8](repeating: 0x20, count: size + 1))
                    #expect(over.status == 413, "\(path): \(over.status) \(over.text)")
                    let under = try await tracker.access.send(
                        "POST", path, token: tracker.token, body: [UInt8](repeating: 0x20, count: size - 10))
                    #expect(under.status == 400, "\(path): \(under.status) \(under.text)")
                }
                // Large but lawful: 3 MiB of log would be over the inflated limit, 1 MiB is not.
                let log = String(repeating: "[10:00:01] Cruise, nothing to report\n", count: 20_000)
                let big = try await tracker.complete(
                    flight, ["flightLog": .string(Data(log.utf8).base64EncodedString())])
                #expect(big.status == 200, "\(big.text.prefix(200))")

                // Without a length, chunk by chunk.
                let socket = try await RawSocket(port: server.port)
                try await socket.send(
                    "POST /acars/demo/smartcars3/flights/update HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer \(tracker.token)\r\nTransfer-Encoding: chunked\r\n\r\n"
                )
                let chunk = Array("10000\r\n".utf8) + [UInt8](repeating: 0x20, count: 0x10000) + Array("\r\n".utf8)
                for _ in 0..<40 where !socket.isClosed { try? await socket.send(chunk) }
                try? await socket.send("0\r\n\r\n")
                let head = try await socket.head(within: .seconds(20))
                #expect(head.status == 413)
                await socket.close()
            }
        }

        /// A14 in small: guessing is slowed, and the owner on another address is not locked out by it for ever.
        @Test func slowsPasswordGuessing() async throws {
            try await withServer(environment: ["ALBATROSS_LIMIT_LOGINS_PER_MINUTE": "5"]) { server in
                let airline = try await Airline.make(on: server)
                try await airline.addUser(7, name: "Ada Kern")
                try await airline.addUser(9, name: "Ida Bell")
                var statuses: [Int] = []
                var refused: Answer?
                for _ in 0..<12 {
                    let answer = try await airline.access().logIn("7", password: "wrong")
                    statuses.append(answer.status)
                    if answer.status == 429 { refused = answer }
                }
                #expect(statuses.prefix(4).allSatisfy { $0 == 401 })
                let answer = try #require(refused, "\(statuses)")
                #expect(answer.headers["Retry-After"].first.flatMap { Int($0) }.map { $0 > 0 } == true)
                // Another account is not concerned.
                #expect(try await airline.access().logIn("9", password: "s3cret").status == 200)
            }
        }

        /// A13: tokens that were never given out.
        @Test func refusesForgedTokens() async throws {
            try await withServer { server in
                let airline = try await Airline.make(on: server)
                try await airline.addUser(7, name: "Ada Kern")
                let tracker = try await airline.tracker(7)
                let staff = try await airline.staff()
                func encoded(_ text: String) -> String {
                    Data(text.utf8).base64EncodedString().replacingOccurrences(of: "=", with: "")
                        .replacingOccurrences(of: "+", with: "-").replacingOccurrences(of: "/", with: "_")
                }
                let parts = staff.token.split(separator: ".").map(String.init)
                var forged = ["", "x", "Bearer", tracker.token, "..", "null"]
                if parts.count == 3 {
                    forged += [
                        encoded(#"{"alg":"none","typ":"JWT"}"#) + "." + parts[1] + ".",
                        encoded(#"{"alg":"HS256","typ":"JWT"}"#) + "." + parts[1] + "." + encoded("signature"),
                        parts[0] + "." + encoded(#"{"sub":"1","role":"admin","exp":99999999999}"#) + "." + parts[2],
                    ]
                }
                for token in forged {
                    let answer = try await Web.send(
                        "GET", "\(server.url)/v1/demo/flights", headers: [("Authorization", "Bearer \(token)")])
                    #expect(answer.status == 401, "\(token.prefix(40)): \(answer.status)")
                }
                // A web token opens no tracker interface, a tracker's token nothing under /v1.
                #expect(try await tracker.access.send("GET", "flights/bookings", token: staff.token).status == 401)
            }
        }
    }
}
