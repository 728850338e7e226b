import Foundation
import NIOHTTP1
import Testing

extension EndToEnd {
    /// The conformance cases X-01 to X-25 of the wire page, over real sockets. A case's number stands in its test's name.
    @Suite(.serialized, .keyedWorld)
    struct XACARSConformanceTests {
        /// A way to reach the three addresses of the protocol.
        enum Way: String, Sendable, CaseIterable, CustomTestStringConvertible {
            case path = "by path"
            case index = "by path, index.php in capitals"
            case demo = "by path, the demonstration server's names"
            case host = "by host, /k/KEY/action.php/acars/xacars/"
            case named = "by host, /xacars/k/KEY/"
            var testDescription: String { rawValue }

            /// - Parameter key: nil leaves it out.
            func address(_ world: KeyedWorld, key: String?, _ endpoint: Endpoint) -> (path: String, host: String?) {
                let key = key.map { "k/\($0)/" } ?? ""
                let root = "/acars/demo/xacars/\(key)"
                return switch self {
                case .path: ("\(root)action.php/acars/xacars/\(endpoint.rawValue)", nil)
                case .index: ("\(root)index.php/ACARS/XACARS/\(endpoint.rawValue.uppercased())/", nil)
                case .demo: (root + endpoint.file, nil)
                case .host: ("/\(key)action.php/acars/xacars/\(endpoint.rawValue)", KeyedWorld.host)
                case .named: ("/xacars/\(key)action.php/acars/xacars/\(endpoint.rawValue)", KeyedWorld.host)
                }
            }
        }
        enum Endpoint: String, Sendable {
            case live = "acars"
            case info = "data"
            case report = "pirep"
            var file: String {
                switch self {
                case .live: "liveacars.php"
                case .info: "flightdata.php"
                case .report: "pirep.php"
                }
            }
        }

        /// What a client of this protocol sends.
        struct Client: Sendable {
            let world: KeyedWorld
            let pilot: KeyedWorld.Pilot
            var way = Way.path
            /// Nil sends no key.
            var key: String?
            var version: String? = "XACARS|1.1"

            init(_ world: KeyedWorld, _ pilot: KeyedWorld.Pilot, _ way: Way = .path) {
                self.world = world
                self.pilot = pilot
                self.way = way
                key = pilot.key
            }

            /// Everything that holds for every answer is checked here: status 200, text, no redirect.
            func post(
                _ endpoint: Endpoint, _ body: [UInt8], query: String = "",
                sourceLocation: SourceLocation = #_sourceLocation
            ) async throws -> String {
                let address = way.address(world, key: key, endpoint)
                var headers = [("Content-Type", "application/x-www-form-urlencoded")]
                if let host = address.host { headers.append(("Host", host)) }
                let answer = try await Web.send(
                    "POST", world.airline.server.url + address.path + query, headers: headers, body: body)
                #expect(answer.status == 200, "\(answer.text)", sourceLocation: sourceLocation)
                let type = answer.headers["Content-Type"].joined()
                #expect(type.hasPrefix("text/"), "\(type)", sourceLocation: sourceLocation)
                return answer.text
            }

            func send(
                _ endpoint: Endpoint = .live, _ fields: [(String, String)],
                sourceLocation: SourceLocation = #_sourceLocation
            ) async throws -> String {
                let all = (version.map { [("DATA1", $0)] } ?? []) + fields
                let body = all.map { "\($0.0)=\($0.1.queryEscaped)" }.joined(separator: "&")
                return try await post(endpoint, Array(body.utf8), sourceLocation: sourceLocation)
            }

            func live(
                _ command: String, _ data: String? = nil, _ more: String? = nil,
                sourceLocation: SourceLocation = #_sourceLocation
            ) async throws -> String {
                var fields = [("DATA2", command)]
                if let data { fields.append(("DATA3", data)) }
                if let more { fields.append(("DATA4", more)) }
                return try await send(.live, fields, sourceLocation: sourceLocation)
            }

            /// Bytes of a GET whose target holds what no URL should, as some clients send it.
            func raw(_ endpoint: Endpoint, _ query: [UInt8]) async throws -> String {
                let address = way.address(world, key: key, endpoint)
                let socket = try await RawSocket(port: world.airline.server.port)
                let head = "GET \(address.path)?"
                let rest = " HTTP/1.1\r\nHost: \(address.host ?? "127.0.0.1")\r\nConnection: close\r\n\r\n"
                try await socket.send(Array(head.utf8) + query + Array(rest.utf8))
                let (answer, body) = try await socket.answer()
                await socket.close()
                #expect(answer.status == 200)
                return String(decoding: body, as: UTF8.self)
            }

            func begin(
                _ number: String = "VMS1000", sourceLocation: SourceLocation = #_sourceLocation
            ) async throws -> String {
                let answer = try await live(
                    "BEGINFLIGHT", Wire.begin(pilot, number), "", sourceLocation: sourceLocation)
                try #require(answer.hasPrefix("1|"), "\(answer)", sourceLocation: sourceLocation)
                let id = String(answer.dropFirst(2))
                #expect(
                    (10...15).contains(id.count) && id.allSatisfy(\.isNumber), "\(id)", sourceLocation: sourceLocation)
                return id
            }

            func report(_ data: String, sourceLocation: SourceLocation = #_sourceLocation) async throws -> String {
                try await send(.report, [("DATA2", data)], sourceLocation: sourceLocation)
            }
        }

        /// Texts of the wire page.
        enum Wire {
            static func begin(_ pilot: KeyedWorld.Pilot, _ number: String, password: String? = nil) -> String {
                "\(pilot.ident)||\(number)|N845MJ||KJFK~MERIT~ROBUC3~KBOS|N40 38.3851 W73 46.7355|13||||9800|44|31012|14|IFR|0|"
                    + "\(password ?? pilot.password)|"
            }
            static func message(_ label: String, _ body: String, number: String = "M07A") -> String {
                "[11/21/2026 14:32Z]\nACARS Mode: 2 Aircraft Reg: ......N845MJ\n"
                    + "Msg Label: \(label) Block ID: 01 Msg No: \(number)\nFlight ID: VMS1000\nMessage:\n\(body)"
            }
            static let position = message(
                "PR",
                "POS N41 12.5000 W72 48.2500 [ROBUC]\n/HDG 52 /HDT 39\n/ALT 12040 CLIMB\n/IAS 285 /TAS 341\n"
                    + "/WND 31045 /OAT -12 /TAT 2\n/FOB 8650\n/DST 52 - 162")
            static func report(
                _ pilot: KeyedWorld.Pilot, _ number: String, password: String? = nil, time: String = "01:04"
            ) -> String {
                "\(pilot.ident)~\(password ?? pilot.password)~\(number)~N845MJ~FL180~IFR~KJFK~KBOS~KBDL~21.11.2026 14:10~01:25~"
                    + "\(time)~4120~3650~44~800~VATSIM"
            }
            /// Off block at 14:10, 85 minutes later on block; 64 of them in the air.
            static let times =
                "~1795270200~1795270920~1795274760~1795275300~38000~42000~39000~N40 38.3851~W73 46.7355~13"
                + "~N42 21.8608~W71 0.3109~20~2347~3202~290~450"
        }

        private func first(_ way: Way = .path) throws -> Client {
            let world = try keyedWorld()
            return Client(world, try world.pilot(1), way)
        }
        private func fresh(_ way: Way = .path) async throws -> Client {
            let world = try keyedWorld()
            return Client(world, try await world.freshPilot(), way)
        }

        /// The live flight once it is on the map.
        private func live(_ client: Client, where isThere: (JSON) -> Bool = { _ in true }) async throws -> JSON {
            try await eventually("live flight of \(client.pilot.ident)") {
                try await client.world.live(client.pilot).flatMap { isThere($0) ? $0 : nil }
            }
        }
        private func isNear(_ flight: JSON, _ latitude: Double, _ longitude: Double) -> Bool {
            abs((flight["lat"]?.number ?? 0) - latitude) < 1e-4 && abs((flight["lon"]?.number ?? 0) - longitude) < 1e-4
        }

        // MARK: Connection

        @Test(arguments: Way.allCases)
        func x01Test(_ way: Way) async throws {
            let client = try first(way)
            for user in ["VMS0001", "vms0001", "VMSVMS0001", "1", "0001"] {
                #expect(try await client.live("TEST", user) == "1|OK")
            }
        }

        @Test(arguments: Way.allCases)
        func x02TestOfNobody(_ way: Way) async throws {
            let client = try first(way)
            for user in ["VMS9999", "XYZ0001", "VMS", "VMS-1", "VMS0002"] {
                #expect(try await client.live("TEST", user) == "0|Unknown PilotID \(user)")
            }
            var keyless = client
            keyless.key = nil
            #expect(try await keyless.live("TEST", "VMS0001") == "0|Unknown PilotID VMS0001")
            var wrong = client
            wrong.key = "nobodys-key"
            #expect(try await wrong.live("TEST", "VMS0001") == "0|Unknown PilotID VMS0001")
        }

        @Test func x03WantsAKnownClient() async throws {
            var client = try first()
            #expect(try await client.send(.live, []) == "0|Invalid Data2")
            client.version = nil
            #expect(try await client.live("TEST", "VMS0001") == "0|Invalid Data1")
            client.version = "FOO|1.0"
            #expect(try await client.live("TEST", "VMS0001") == "0|Invalid XAcars Version")
            #expect(
                try await client.report(Wire.report(client.pilot, "VMS1000")) == "0|ERROR: Unknown XAcars version!")
            for version in ["XACARS|9.9", "XACARS_MSFS|2.5"] {
                client.version = version
                #expect(try await client.live("TEST", "VMS0001") == "1|OK")
            }
        }

        // MARK: Begin

        private func checkBegun(_ client: Client, _ answer: String) async throws {
            try #require(answer.hasPrefix("1|"), "\(answer)")
            let id = answer.dropFirst(2)
            #expect((10...15).contains(id.count) && id.allSatisfy(\.isNumber))
            let flight = try await live(client)
            #expect(flight["dep"] == "KJFK" && flight["arr"] == "KBOS" && flight["callsign"] == "VMS1000")
            #expect(isNear(flight, 40.639752, -73.778925))
            #expect(flight["hdg"]?.number == 44)
        }

        @Test(arguments: Way.allCases)
        func x04Begin(_ way: Way) async throws {
            let client = try await fresh(way)
            try await checkBegun(
                client, try await client.live("BEGINFLIGHT", Wire.begin(client.pilot, "VMS1000"), ""))
        }

        @Test func x05WrongPassword() async throws {
            let client = try await fresh()
            let data = Wire.begin(client.pilot, "VMS1000", password: "wrong")
            #expect(try await client.live("BEGINFLIGHT", data) == "0|Login failed")
            let other = Wire.begin(try client.world.pilot(2), "VMS1000")
            #expect(try await client.live("BEGINFLIGHT", other) == "0|Login failed")
            let off = Client(client.world, try client.world.pilot(3))
            #expect(try await off.live("BEGINFLIGHT", Wire.begin(off.pilot, "VMS1000")) == "0|Login failed")
            // The other tenant's pilot 1 has this password.
            var stranger = try first()
            stranger.key = nil
            #expect(
                try await stranger.live("BEGINFLIGHT", Wire.begin(stranger.pilot, "VMS1000", password: "elsewhere"))
                    == "0|Login failed")
            try await Task.sleep(for: .milliseconds(500))
            #expect(try await client.world.live(client.pilot) == nil)
        }

        @Test func x06CountsFields() async throws {
            let client = try first()
            let fields = Wire.begin(client.pilot, "VMS1000").split(separator: "|", omittingEmptySubsequences: false)
            let cut = fields.prefix(7).joined(separator: "|")
            #expect(try await client.live("BEGINFLIGHT", cut) == "0|Invalid login data (7)")
        }

        @Test(arguments: [Way.path, .host])
        func x07UnescapedBody(_ way: Way) async throws {
            let client = try await fresh(way)
            let body = "DATA1=XACARS|1.1&DATA2=BEGINFLIGHT&DATA3=\(Wire.begin(client.pilot, "VMS1000"))&DATA4="
            try await checkBegun(client, try await client.post(.live, Array(body.utf8)))
        }

        @Test(arguments: [Way.path, .host])
        func x08RawTarget(_ way: Way) async throws {
            let client = try await fresh(way)
            let query = "DATA1=XACARS|1.1&DATA2=BEGINFLIGHT&DATA3=\(Wire.begin(client.pilot, "VMS1000"))"
                .replacingOccurrences(of: " ", with: "%20")
            try await checkBegun(client, try await client.raw(.live, Array(query.utf8)))
        }

        /// Not in the page's list: brackets in the target, bytes that are no UTF-8 in the body.
        @Test func takesUnescapedTexts() async throws {
            let client = try await fresh()
            let id = try await client.begin()
            let text = Wire.message("CM", "[Gr?sse]")
            let form = "DATA1=XACARS|1.1&DATA2=MESSAGE&DATA3=\(id)&DATA4="
            let query = (form + text).replacingOccurrences(of: " ", with: "%20")
                .replacingOccurrences(of: "\n", with: "%0A")
            #expect(try await client.raw(.live, Array(query.utf8)) == "1|Success")
            let body = (form + text).utf8.map { $0 == UInt8(ascii: "?") ? 0xFC : $0 }
            #expect(try await client.post(.live, body) == "1|Success")
            #expect(try client.world.airline.server.dataHolds("[Gr\u{FC}sse]"))
        }

        @Test func aSecondBeginReplacesTheFirst() async throws {
            let client = try await fresh()
            let old = try await client.begin(try client.world.freshFlight())
            let number = try client.world.freshFlight()
            let new = try await client.begin(number)
            #expect(old != new)
            _ = try await live(client) { $0["callsign"]?.text == number }
            let staff = try await client.world.staff()
            try await eventually("both flights in the list") {
                let flights = try await staff.all("flights").filter { $0["pilot"]?.text == client.pilot.ident }
                return flights.count == 2 ? true : nil
            }
        }

        // MARK: Messages

        @Test(arguments: [Way.path, .host])
        func x09Position(_ way: Way) async throws {
            let client = try await fresh(way)
            let id = try await client.begin()
            #expect(try await client.live("MESSAGE", id, Wire.position) == "1|Success")
            let flight = try await live(client) { isNear($0, 41.208333, -72.804167) }
            #expect(flight["alt_ft"]?.number == 12040 && flight["hdg"]?.number == 52)
            let key = try #require(flight["id"]?.text)
            let profile = try await client.world.staff().json("flights/\(key)/profile")
            // 9,800 lb at the gate, then 8,650 lb.
            let fuel = (profile["fuel_kg"]?.items ?? []).compactMap(\.number)
            #expect(fuel.count == 2 && abs((fuel.last ?? 0) - 3923.6) < 1)
        }

        @Test func x10LinesWithCarriageReturns() async throws {
            let client = try await fresh()
            let id = try await client.begin()
            let text = Wire.position.replacingOccurrences(of: "\n", with: "\r\n")
            #expect(try await client.live("MESSAGE", id, text) == "1|Success")
            let flight = try await live(client) { isNear($0, 41.208333, -72.804167) }
            #expect(flight["alt_ft"]?.number == 12040 && flight["hdg"]?.number == 52)
        }

        @Test func x11ForeignFlights() async throws {
            let client = try await fresh()
            let id = try await client.begin()
            let world = client.world
            let stranger = Client(world, world.stranger)
            // Through the other airline's address.
            let url =
                "\(world.airline.server.url)/acars/other/xacars/k/\(stranger.pilot.key)/action.php/acars/xacars/acars"
            func other(_ fields: [(String, String)]) async throws -> String {
                let body = ([("DATA1", "XACARS|1.1")] + fields).map { "\($0.0)=\($0.1.queryEscaped)" }
                return try await Web.send(
                    "POST", url, headers: [("Content-Type", "application/x-www-form-urlencoded")],
                    body: Array(body.joined(separator: "&").utf8)
                ).text
            }
            let theirs = try await other([
                ("DATA2", "BEGINFLIGHT"), ("DATA3", Wire.begin(stranger.pilot, "VMS1000")),
            ])
            try #require(theirs.hasPrefix("1|"), "\(theirs)")
            let second = Client(world, try world.pilot(2))
            for made in [String(theirs.dropFirst(2)), "482910573846", "1", "no-id", ""] {
                #expect(try await client.live("MESSAGE", made, Wire.position) == "0|Invalid Flight ID")
            }
            #expect(try await second.live("MESSAGE", id, Wire.position) == "0|Invalid Flight ID")
            #expect(
                try await other([("DATA2", "MESSAGE"), ("DATA3", id), ("DATA4", Wire.position)])
                    == "0|Invalid Flight ID")
            let flight = try await live(client)
            let key = try #require(flight["id"]?.text)
            #expect(isNear(flight, 40.639752, -73.778925))
            #expect(try await world.staff().track(key).points.count == 1)
        }

        @Test func x12BrokenMessages() async throws {
            let client = try await fresh()
            let id = try await client.begin()
            let label = Wire.position.replacingOccurrences(of: "Msg Label: ", with: "")
            let body = Wire.position.replacingOccurrences(of: "Message:\n", with: "")
            #expect(try await client.live("MESSAGE", id, label) == "0|No Message Label")
            #expect(try await client.live("MESSAGE", id, body) == "0|No Message Body")
            #expect(try await client.live("MESSAGE", id, "short") == "0|Invalid XACARS Message")
            // Kept for those who look after the airline.
            let kept = try await eventually("quarantine") {
                let frames = try await client.world.staff().all("quarantine")
                return frames.count { $0["adapter"]?.text == "xacars" } >= 3 ? frames : nil
            }
            #expect(!kept.contains { $0.canonical.contains(id) || $0.canonical.contains(client.pilot.password) })
        }

        @Test func x13Events() async throws {
            let client = try await fresh()
            let id = try await client.begin()
            for (label, item, phase) in [
                ("QB", "OFF 14:22", "takeoff"), ("QC", "ON 15:26", "landing"), ("QD", "IN 15:35", "arrived"),
            ] {
                let text = Wire.message(label, item + "\n/POS N41 12.5000 W72 48.2500\n/FOB 8000", number: label)
                #expect(try await client.live("MESSAGE", id, text) == "1|Success")
                _ = try await live(client) { $0["phase"]?.text == phase }
            }
            for time in ["OFF 14:22", "ON 15:26", "IN 15:35"] {
                #expect(try client.world.airline.server.dataHolds(time), "\(time)")
            }
        }

        @Test func x14Texts() async throws {
            let client = try await fresh()
            let id = try await client.begin()
            #expect(try await client.live("MESSAGE", id, Wire.message("CM", "HELLO")) == "1|Success")
            #expect(try await client.live("MESSAGE", id, Wire.message("ZZ", "HELLO AGAIN")) == "1|Success")
            let flight = try await live(client)
            #expect(isNear(flight, 40.639752, -73.778925))
            let key = try #require(flight["id"]?.text)
            #expect(try await client.world.staff().track(key).points.count == 1)
            #expect(try client.world.airline.server.dataHolds("HELLO AGAIN"))
        }

        @Test func x15PauseAndEnd() async throws {
            let client = try await fresh()
            let id = try await client.begin()
            #expect(try await client.live("PAUSEFLIGHT", id) == "1|OK")
            #expect(try await client.live("ENDFLIGHT", id) == "1|OK")
            #expect(try await client.live("ENDFLIGHT", id) == "1|OK")
            #expect(try await client.live("ENDFLIGHT", "") == "1|OK")
            for command in ["PAUSEFLIGHT", "ENDFLIGHT"] {
                #expect(try await client.live(command, "482910573846") == "0|Invalid Flight ID")
            }
            // Of a pilot who never flew.
            let idle = try await fresh()
            #expect(try await idle.live("ENDFLIGHT", "") == "1|OK")
            // Also once the report is in.
            let number = try client.world.freshFlight()
            let next = try await client.begin(number)
            #expect(try await client.report(Wire.report(client.pilot, number)) == "1|Success")
            #expect(try await client.live("ENDFLIGHT", next) == "1|OK")
        }

        @Test func x16OtherCommands() async throws {
            let client = try first()
            #expect(try await client.live("JUMP") == "0|Wrong Function")
            let world = client.world
            let url = "\(world.airline.server.url)/acars/demo/xacars/k/\(client.pilot.key)/action.php/acars/xacars/nope"
            let answer = try await Web.send("GET", url + "?DATA1=XACARS|1.1".replacingOccurrences(of: "|", with: "%7C"))
            #expect(answer.status == 200 && answer.body.isEmpty)
        }

        // MARK: Flight info

        @Test(arguments: Way.allCases)
        func x17Bid(_ way: Way) async throws {
            let client = try first(way)
            for word in ["Bid", "bid", "BID"] {
                let answer = try await client.send(.info, [("DATA2", word), ("DATA4", "VMS0001")])
                let lines = answer.split(separator: "\n", omittingEmptySubsequences: false)
                try #require(lines.count == 11 && lines[10].isEmpty, "\(answer)")
                #expect(lines[..<5] == ["1|flightplan", "KJFK", "KBOS", "KBOS", "MERIT ROBUC3"])
                let passengers = try #require(Int(lines[5]))
                #expect((1...50).contains(passengers))
                #expect(lines[6..<10] == ["0", "IFR", "N845MJ", "18000"])
            }
            var second = client
            second.version = "XACARS|2.0"
            let fields = [("DATA2", "VMS0001"), ("DATA3", "flightplan"), ("DATA4", "VMS0001"), ("DATA5", "secret")]
            #expect(try await second.send(.info, fields).hasPrefix("1|flightplan\nKJFK\nKBOS\n"))
        }

        @Test func x18NoBids() async throws {
            let world = try keyedWorld()
            let client = Client(world, try world.pilot(2))
            #expect(try await client.send(.info, [("DATA2", "bid"), ("DATA4", "VMS0002")]) == "0|No bids found!")
            // Not the bid of another pilot either.
            #expect(try await client.send(.info, [("DATA2", "bid"), ("DATA4", "VMS0001")]) == "0|No bids found!")
        }

        @Test func x19ByNumber() async throws {
            let client = try first()
            let unknown = "0|Flight not found, make sure you include the flight code!"
            #expect(try await client.send(.info, [("DATA2", "1000")]) == "0|No airline code entered!")
            #expect(try await client.send(.info, [("DATA2", "VMS9999")]) == unknown)
            #expect(try await client.send(.info, [("DATA2", "XYZ1000")]) == unknown)
            #expect(try await client.send(.info, [("DATA2", "vms1000")]).hasPrefix("1|flightplan\nKJFK\nKBOS\n"))
        }

        // MARK: Reports

        @Test(arguments: Way.allCases)
        func x20ShortReport(_ way: Way) async throws {
            let client = try await fresh(way)
            let number = try client.world.freshFlight()
            try await client.world.book(number, for: client.pilot)
            let bid = [("DATA2", "bid"), ("DATA4", client.pilot.ident)]
            #expect(try await client.send(.info, bid).hasPrefix("1|"))
            #expect(try await client.report(Wire.report(client.pilot, number)) == "1|Success")
            let report = try await client.world.report(of: client.pilot)
            #expect(report["flight_time_min"]?.number == 64 && report["block_min"]?.number == 85)
            // 4,120 lb.
            #expect(abs((report["fuel_used_kg"]?.number ?? 0) - 1868.8) < 0.1)
            #expect(report["callsign"]?.text == number && report["dep"] == "KJFK" && report["arr"] == "KBOS")
            #expect(report["pax"]?.number == 44 && report["network"] == "VATSIM" && report["reg"] == "N845MJ")
            #expect(try await client.send(.info, bid) == "0|No bids found!")
        }

        @Test func x21LongReport() async throws {
            let client = try await fresh()
            let number = try client.world.freshFlight()
            #expect(try await client.report(Wire.report(client.pilot, number) + Wire.times) == "1|Success")
            let report = try await client.world.report(of: client.pilot)
            #expect(report["flight_time_min"]?.number == 64 && report["block_min"]?.number == 85)
            #expect(abs((report["fuel_used_kg"]?.number ?? 0) - 1868.8) < 0.1)
        }

        @Test func x22TheSameAgain() async throws {
            let client = try await fresh()
            let number = try client.world.freshFlight()
            let id = try await client.begin(number)
            #expect(try await client.live("MESSAGE", id, Wire.position) == "1|Success")
            let data = Wire.report(client.pilot, number)
            let answers = try await withThrowingTaskGroup(of: String.self) { group in
                for _ in 0..<6 { group.addTask { try await client.report(data) } }
                return try await group.reduce(into: [String]()) { $0.append($1) }
            }
            #expect(answers == Array(repeating: "1|Success", count: 6))
            #expect(try await client.report(data) == "1|Success")
            try await client.world.expectReports(1, of: client.pilot)
            // The report belongs to the flight that was tracked.
            let report = try await client.world.report(of: client.pilot)
            let key = try #require(report["flight_id"]?.text)
            #expect(try await client.world.staff().track(key).points.count == 2)
        }

        @Test func x23WrongPassword() async throws {
            let client = try await fresh()
            let number = try client.world.freshFlight()
            let wrong = Wire.report(client.pilot, number, password: "wrong")
            #expect(try await client.report(wrong) == "0|ERROR: Invalid login!")
            let other = Wire.report(try client.world.pilot(2), number)
            #expect(try await client.report(other) == "0|ERROR: Invalid login!")
            var keyless = client
            keyless.key = nil
            #expect(try await keyless.report(wrong) == "0|ERROR: Invalid login!")
            try await client.world.expectReports(0, of: client.pilot)
        }

        @Test func x24NoReport() async throws {
            let client = try await fresh()
            let ident = client.pilot.ident
            let number = try client.world.freshFlight()
            for data in [
                "\(ident)~\(client.pilot.password)~VMS1000",
                Wire.report(client.pilot, number).replacingOccurrences(of: "~KBOS~", with: "~~"),
            ] { #expect(try await client.report(data) == "0|ERROR") }
            try await client.world.expectReports(0, of: client.pilot)
        }

        @Test func x25LongFlight() async throws {
            let client = try await fresh()
            let number = try client.world.freshFlight()
            #expect(try await client.report(Wire.report(client.pilot, number, time: "10:30")) == "1|Success")
            #expect(try await client.world.report(of: client.pilot)["flight_time_min"]?.number == 630)
        }

        /// C-15: far more than a call may have.
        @Test func refusesWhatIsTooLong() async throws {
            let client = try await fresh()
            let address = Way.path.address(client.world, key: client.key, .report)
            let answer = try await Web.send(
                "POST", client.world.airline.server.url + address.path,
                headers: [("Content-Type", "application/x-www-form-urlencoded")],
                body: Array("DATA1=XACARS|1.1&DATA2=".utf8) + Array(repeating: UInt8(ascii: "x"), count: 3 << 19))
            #expect(answer.status == 413 && answer.text == "0|ERROR")
            #expect(try await client.live("TEST", client.pilot.ident) == "1|OK")
        }
    }
}
