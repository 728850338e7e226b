import Foundation
import NIOHTTP1
import Testing

extension EndToEnd {
    /// The conformance cases FK-01 to FK-15 of the wire page, over real sockets. A case's number stands in its test's name.
    @Suite(.serialized, .keyedWorld)
    struct FSFKConformanceTests {
        /// A way to reach the addresses of the protocol.
        enum Way: String, Sendable, CaseIterable, CustomTestStringConvertible {
            case path = "by path"
            case index = "by path, index.php in capitals"
            case host = "by host, /k/KEY/action.php/fsfk/"
            case named = "by host, /fsfk/k/KEY/"
            var testDescription: String { rawValue }

            /// - Parameter key: nil leaves it out.
            func address(_ world: KeyedWorld, key: String?, _ action: String) -> (path: String, host: String?) {
                let key = key.map { "k/\($0)/" } ?? ""
                return switch self {
                case .path: ("/acars/demo/fsfk/\(key)action.php/fsfk/\(action)", nil)
                case .index: ("/acars/demo/fsfk/\(key)index.php/FSFK/\(action.uppercased())/", nil)
                case .host: ("/\(key)action.php/fsfk/\(action)", KeyedWorld.host)
                case .named: ("/fsfk/\(key)action.php/fsfk/\(action)", KeyedWorld.host)
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

            init(_ world: KeyedWorld, _ pilot: KeyedWorld.Pilot, _ way: Way = .path) {
                self.world = world
                self.pilot = pilot
                self.way = way
                key = pilot.key
            }

            /// Everything that holds for every answer is checked here: status 200, text, no redirect.
            func post(
                _ action: String, _ body: [UInt8], sourceLocation: SourceLocation = #_sourceLocation
            ) async throws -> Answer {
                let address = way.address(world, key: key, action)
                var headers = [("Content-Type", "application/x-www-form-urlencoded")]
                if let host = address.host { headers.append(("Host", host)) }
                let answer = try await Web.send(
                    "POST", world.airline.server.url + address.path, headers: headers, body: body)
                #expect(answer.status == 200, "\(answer.text)", sourceLocation: sourceLocation)
                let type = answer.headers["Content-Type"].joined()
                #expect(type.hasPrefix("text/"), "\(type)", sourceLocation: sourceLocation)
                return answer
            }

            func send(
                _ fields: [(String, String)], version: String? = "FLKEEPER|3.0.1",
                sourceLocation: SourceLocation = #_sourceLocation
            ) async throws -> String {
                let all = (version.map { [("DATA1", $0)] } ?? []) + fields
                let body = all.map { "\($0.0)=\($0.1.queryEscaped)" }.joined(separator: "&")
                return try await post("acars", Array(body.utf8), sourceLocation: sourceLocation).text
            }

            func live(
                _ command: String, _ data: String? = nil, _ more: String? = nil,
                sourceLocation: SourceLocation = #_sourceLocation
            ) async throws -> String {
                var fields = [("DATA2", command)]
                if let data { fields.append(("DATA3", data)) }
                if let more { fields.append(("DATA4", more)) }
                return try await send(fields, sourceLocation: sourceLocation)
            }

            func begin(
                _ number: String = "1000", sourceLocation: SourceLocation = #_sourceLocation
            ) async throws -> String {
                let answer = try await live("BEGINFLIGHT", Wire.begin(pilot, number), sourceLocation: sourceLocation)
                try #require(answer.hasPrefix("1|"), "\(answer)", sourceLocation: sourceLocation)
                let id = String(answer.dropFirst(2))
                #expect(
                    (10...15).contains(id.count) && id.allSatisfy(\.isNumber), "\(id)", sourceLocation: sourceLocation)
                return id
            }

            /// Files a report; the template is Latin-1.
            func report(_ xml: String, sourceLocation: SourceLocation = #_sourceLocation) async throws -> Answer {
                let bytes = xml.data(using: .isoLatin1).map { Array($0) } ?? Array(xml.utf8)
                let escaped = bytes.map { byte -> String in
                    let character = Character(Unicode.Scalar(byte))
                    return character.isASCII && (character.isLetter || character.isNumber)
                        ? String(character) : "%" + String(format: "%02X", byte)
                }
                return try await post(
                    "pirep", Array("DATA2=\(escaped.joined())".utf8), sourceLocation: sourceLocation)
            }
        }

        /// Texts of the wire page.
        enum Wire {
            static func begin(_ pilot: KeyedWorld.Pilot, _ number: String, password: String? = nil) -> String {
                "\(pilot.ident)|pilot@example.org|\(number)|AIRBUS A320|VMS|KJFK~MERIT~KBOS|N40 38.3851 W73 46.7355|13|||130243"
                    + "|9800|44|31012|14|IFR|162|\(password ?? pilot.password)|31|40.6398~41.3817~42.3643"
                    + "|-73.7789~-73.1375~-71.0052"
            }
            static func message(_ body: String, label: String = "PB") -> String {
                "[11/21/2026 14:35Z]\r\nACARS Mode: 2 Aircraft Reg: ......N845MJ\r\n"
                    + "Msg Label: \(label) Block ID: 01 Msg No: M01A\r\nFlight ID: 1000\r\nMessage:\r\n\(body)\r\n"
            }
            static let brakes = message(
                "BRK ON\r\n/ALT 13\r\n/HDG 44\r\n/HDT 31\r\n/IAS 0 /TAS 0\r\n/WND 31012 /OAT 14 /TAT 14\r\n/FOB 9800\r\n"
            )
            static let position = message(
                "POS N41 12.5000 W72 48.2500 [ROBUC]\r\n/HDG 52 /HDT 39\r\n/ALT 12040\r\n/IAS 285 /TAS 341\r\n/FOB 8650",
                label: "PR")

            /// - Parameter changes: Text by element.
            static func report(
                _ pilot: KeyedWorld.Pilot, _ number: String, _ changes: [String: String] = [:]
            ) -> String {
                let elements = [
                    ("PilotID", pilot.ident), ("PilotName", "Ada"), ("AircraftTitle", "ERJ-145"),
                    ("AircraftTailNumber", "N845MJ"), ("FlightNumber", number), ("FlightLevel", "18000"),
                    ("FlightType", "IFR"), ("Passenger", "44"), ("Cargo", "800"), ("OriginICAO", "KJFK - Kennedy Intl"),
                    ("DestinationICAO", "KBOS - Logan Intl"), ("AlternateICAO", "KBDL"), ("BlockTime", "01:12"),
                    ("BlockFuel", "4120"), ("ONVS", "-206.76"), ("FlightScore", "57.50%"),
                ]
                let lines = elements.map { name, text in
                    "\t<\(name)>\(changes[name] ?? text)</\(name)>" + (name == "FlightType" ? "~" : "")
                }
                return "<FLIGHTDATA>\r\n\(lines.joined(separator: "\r\n"))\r\n"
                    + "\t<COMMENT><![CDATA[ smooth & quiet ]]></COMMENT>\r\n</FLIGHTDATA>\r\n"
            }
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

        // MARK: Live

        @Test(arguments: Way.allCases)
        func fk01Test(_ way: Way) async throws {
            let client = try first(way)
            #expect(try await client.live("TEST", "VMS0001") == "1|30")
            for user in ["VMS9999", "VMS0002", "XYZ0001"] {
                #expect(try await client.live("TEST", user) == "0|Unknown ID \(user)")
            }
            var keyless = client
            keyless.key = nil
            #expect(try await keyless.live("TEST", "VMS0001") == "0|Unknown ID VMS0001")
        }

        @Test(arguments: Way.allCases)
        func fk02Begin(_ way: Way) async throws {
            let client = try await fresh(way)
            _ = try await client.begin()
            let flight = try await live(client)
            #expect(flight["callsign"] == "VMS1000" && flight["dep"] == "KJFK" && flight["arr"] == "KBOS")
            #expect(isNear(flight, 40.639752, -73.778925))
            #expect(flight["hdg"]?.number == 31)
        }

        @Test func fk03RefusedBegins() async throws {
            let client = try await fresh()
            let fields = Wire.begin(client.pilot, "1000").split(separator: "|", omittingEmptySubsequences: false)
            let cut = fields.prefix(9).joined(separator: "|")
            #expect(try await client.live("BEGINFLIGHT", cut) == "0|Invalid login data")
            let wrong = Wire.begin(client.pilot, "1000", password: "wrong")
            #expect(try await client.live("BEGINFLIGHT", wrong) == "0|Login failed")
            try await Task.sleep(for: .milliseconds(500))
            #expect(try await client.world.live(client.pilot) == nil)
        }

        @Test(arguments: [Way.path, .host])
        func fk04Event(_ way: Way) async throws {
            let client = try await fresh(way)
            let id = try await client.begin()
            #expect(try await client.live("MESSAGE", id, Wire.brakes) == "1|")
            let flight = try await live(client)
            #expect(isNear(flight, 40.639752, -73.778925))
            #expect(flight["alt_ft"]?.number == 13 && flight["hdg"]?.number == 31)
            #expect(try client.world.airline.server.dataHolds("BRK ON"))
        }

        @Test func fk05Position() async throws {
            let client = try await fresh()
            let id = try await client.begin()
            #expect(try await client.live("MESSAGE", id, Wire.position) == "1|")
            let flight = try await live(client) { isNear($0, 41.208333, -72.804167) }
            #expect(flight["alt_ft"]?.number == 12040 && flight["hdg"]?.number == 39)
            let key = try #require(flight["id"]?.text)
            let track = try await client.world.staff().track(key)
            #expect(track.points.count == 2)
            // Fuel: 9,800 lb at the gate, then 8,650 lb.
            let profile = try await client.world.staff().json("flights/\(key)/profile")
            let fuel = (profile["fuel_kg"]?.items ?? []).compactMap(\.number)
            #expect(fuel.count == 2 && abs((fuel.last ?? 0) - 3923.6) < 1)
        }

        @Test func fk06UnknownFlights() async throws {
            let client = try await fresh()
            let id = try await client.begin()
            let second = Client(client.world, try client.world.pilot(2))
            for command in ["MESSAGE", "PAUSEFLIGHT", "ENDFLIGHT", "UPDATEFLIGHTPLAN"] {
                for made in ["482910573846", "1", "VMS0001", ""] {
                    #expect(try await client.live(command, made, "1") == "0|Unknown Flight ID", "\(command) \(made)")
                }
                #expect(try await second.live(command, id, "1||||||") == "0|Unknown Flight ID")
            }
            let key = try #require(try await live(client)["id"]?.text)
            #expect(try await client.world.staff().track(key).points.count == 1)
        }

        @Test func fk07Plan() async throws {
            let client = try await fresh()
            let id = try await client.begin()
            let short = "KJFK~KALB|40.6~42.7|-73.8~-73.8|KJFK|KALB|150"
            #expect(try await client.live("UPDATEFLIGHTPLAN", id, short) == "0|Invalid flight plan data")
            #expect(try await client.live("UPDATEFLIGHTPLAN", id, short + "|KALB") == "1|")
        }

        @Test func fk08Faults() async throws {
            let client = try first()
            #expect(try await client.send([]) == "0|Invalid Data")
            #expect(try await client.send([("DATA2", "TEST"), ("DATA3", "VMS0001")], version: nil) == "0|Invalid Data")
            #expect(try await client.live("JUMP") == "0|Wrong Function")
            let nothing = try await client.post("livewatch", [])
            #expect(nothing.body.isEmpty)
        }

        /// Not in the page's list: pauses, ends and what comes after.
        @Test func pausesAndEnds() async throws {
            let client = try await fresh()
            let id = try await client.begin()
            for (command, state) in [("PAUSEFLIGHT", "1"), ("PAUSEFLIGHT", "0"), ("ENDFLIGHT", ""), ("ENDFLIGHT", "")] {
                #expect(try await client.live(command, id, state) == "1|")
            }
        }

        @Test(arguments: ["OUT", "OFF", "TNG", "ON", "IN"])
        func takesEveryEvent(_ event: String) async throws {
            let client = try await fresh()
            let id = try await client.begin()
            let text = Wire.message("\(event)\r\n/POS N41 12.5000 W72 48.2500\r\n/ALT 13", label: "PR")
            #expect(try await client.live("MESSAGE", id, text) == "1|")
            let phase = ["OUT": "taxiOut", "OFF": "takeoff", "TNG": "takeoff", "ON": "landing", "IN": "arrived"][event]
            _ = try await live(client) { $0["phase"]?.text == phase }
        }

        // MARK: Reports

        @Test(arguments: Way.allCases)
        func fk09Report(_ way: Way) async throws {
            let client = try await fresh(way)
            let number = try client.world.freshFlight()
            let answer = try await client.report(Wire.report(client.pilot, number))
            #expect(answer.headers["Content-Type"].joined().hasPrefix("text/html"))
            #expect(answer.text.contains("<a href=\"http") && !answer.text.contains("<script"))
            let report = try await client.world.report(of: client.pilot)
            #expect(report["flight_time_min"]?.number == 72 && report["block_min"]?.number == 72)
            // 4,120 lb.
            #expect(abs((report["fuel_used_kg"]?.number ?? 0) - 1868.8) < 0.1)
            #expect(report["landing_rate_fpm"]?.number == -206.8)
            #expect(report["dep"] == "KJFK" && report["arr"] == "KBOS" && report["callsign"]?.text == number)
            #expect(report["comments"]?.text == "smooth & quiet")
            if way == .path {
                let id = try #require(report["flight_id"]?.text)
                #expect(answer.text.contains("\(client.world.airline.server.url)/demo/flights/\(id)"))
            }
        }

        @Test func fk10NoAirport() async throws {
            let client = try await fresh()
            let number = try client.world.freshFlight()
            let answer = try await client.report(Wire.report(client.pilot, number, ["DestinationICAO": ""]))
            #expect(answer.text == "The departure or arrival airports are blank")
            try await client.world.expectReports(0, of: client.pilot)
        }

        @Test func fk11Ampersand() async throws {
            let client = try await fresh()
            let number = try client.world.freshFlight()
            let xml = Wire.report(client.pilot, number, ["AircraftTitle": "Smith & Sons", "PilotName": "J\u{F6}rg"])
            #expect(try await client.report(xml).text.contains("<a href="))
            _ = try await client.world.report(of: client.pilot)
            // The same, unescaped in the form, is the same report.
            let raw = Array("DATA2=".utf8) + Array(xml.data(using: .isoLatin1) ?? Data())
            #expect(try await client.post("pirep", raw).text.contains("<a href="))
            try await client.world.expectReports(1, of: client.pilot)
        }

        @Test func fk12NoXML() async throws {
            let client = try await fresh()
            let number = try client.world.freshFlight()
            let whole = Wire.report(client.pilot, number)
            for xml in ["hello", "", "<FLIGHTDATA>", "<X></X>", String(whole.dropLast(20))] {
                #expect(try await client.report(xml).text == "Invalid PIREP data")
            }
            try await client.world.expectReports(0, of: client.pilot)
        }

        @Test func fk13DocumentType() async throws {
            let client = try await fresh()
            let number = try client.world.freshFlight()
            let secret = try client.world.airline.server.file("secret.txt", "never-to-be-read")
            for kind in ["SYSTEM \"file://\(secret)\"", "\"inside\""] {
                let xml =
                    "<!DOCTYPE FLIGHTDATA [<!ENTITY x \(kind)>]>"
                    + Wire.report(client.pilot, number, ["AircraftTitle": "&x;"])
                #expect(try await client.report(xml).text == "Invalid PIREP data")
            }
            #expect(try !client.world.airline.server.dataHolds("never-to-be-read"))
            try await client.world.expectReports(0, of: client.pilot)
        }

        @Test func fk14CargoOnly() async throws {
            let client = try await fresh()
            let number = try client.world.freshFlight()
            #expect(
                try await client.report(Wire.report(client.pilot, number, ["Passenger": ""])).text.contains("<a href="))
            let passengers = try await client.world.report(of: client.pilot)["pax"]?.number
            #expect(passengers == nil || passengers == 0)
            #expect(try client.world.airline.server.dataHolds("800 lb"))
        }

        @Test func fk15TheSameAgain() async throws {
            let client = try await fresh()
            let number = try client.world.freshFlight()
            let id = try await client.begin(number)
            #expect(try await client.live("MESSAGE", id, Wire.position) == "1|")
            let xml = Wire.report(client.pilot, number)
            let first = try await client.report(xml)
            #expect(first.text.contains("<a href="))
            #expect(try await client.report(xml).body == first.body)
            #expect(try await client.live("ENDFLIGHT", id) == "1|")
            try await client.world.expectReports(1, of: client.pilot)
            // The report belongs to the flight that was tracked.
            let key = try #require(try await client.world.report(of: client.pilot)["flight_id"]?.text)
            #expect(try await client.world.staff().track(key).points.count == 2)
        }

        @Test func refusesReportsOfOthers() async throws {
            let client = try await fresh()
            let number = try client.world.freshFlight()
            let other = Wire.report(try client.world.pilot(2), number)
            #expect(try await client.report(other).text == "Unknown pilot")
            var keyless = client
            keyless.key = nil
            #expect(try await keyless.report(Wire.report(client.pilot, number)).text == "Unknown pilot")
            try await client.world.expectReports(0, of: client.pilot)
        }

        // MARK: Files

        @Test(arguments: [Way.path, .host])
        func servesItsFiles(_ way: Way) async throws {
            let client = try first(way)
            for (action, section) in [
                ("vaconfig_template", "[VA_CONFIG]"), ("liveacars_template", "[ACARS_CONFIG]"),
                ("pirep_template", "[WEB_CONFIG]"),
            ] {
                let answer = try await client.post(action, [])
                #expect(answer.text.hasPrefix("\(section)\r\n"))
                #expect(answer.headers["Content-Disposition"].joined().hasPrefix("attachment; filename="))
                #expect(answer.text.contains("/k/\(client.pilot.key)/action.php/fsfk/"))
            }
            // The address in the file is one that answers.
            let file = try await client.post("liveacars_template", []).text
            let line = try #require(file.split(separator: "\r\n").first { $0.hasPrefix("ADDRESS=") })
            let url = String(line.dropFirst("ADDRESS=".count))
            guard way == .path else { return }
            let query = "DATA1=FLKEEPER%7C3.0.1&DATA2=TEST&DATA3=VMS0001"
            #expect(try await Web.send("GET", "\(url)?\(query)").text == "1|30")
        }
    }
}
