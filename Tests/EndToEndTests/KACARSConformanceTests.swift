import Foundation
import NIOHTTP1
import Testing

extension EndToEnd {
    /// The conformance cases K-01 to K-26 of the wire page, over real sockets. A case's number stands in its test's name.
    @Suite(.serialized, .keyedWorld)
    struct KACARSConformanceTests {
        /// A way to reach the one address of the protocol.
        enum Way: String, Sendable, CaseIterable, CustomTestStringConvertible {
            case path = "by path"
            case root = "by path, the bare root"
            case index = "by path, index.php in capitals"
            case host = "by host, /k/KEY/action.php/kacars_free"
            case named = "by host, /kacars/k/KEY/"
            var testDescription: String { rawValue }

            /// - Parameter key: nil leaves it out.
            func address(_ world: KeyedWorld, key: String?) -> (url: String, host: String?) {
                let url = world.airline.server.url
                let key = key.map { "k/\($0)/" } ?? ""
                return switch self {
                case .path: ("\(url)/acars/demo/kacars/\(key)action.php/kacars_free", nil)
                case .root: ("\(url)/acars/demo/kacars/\(key)", nil)
                case .index: ("\(url)/acars/demo/kacars/\(key)index.php/KACARS_FREE/", nil)
                case .host: ("\(url)/\(key)action.php/kacars_free", KeyedWorld.host)
                case .named: ("\(url)/kacars/\(key)action.php/kacars_free", KeyedWorld.host)
                }
            }
        }

        /// What a client of this protocol sends.
        struct Client: Sendable {
            let world: KeyedWorld
            let key: String?
            var way = Way.path

            init(_ world: KeyedWorld, _ pilot: KeyedWorld.Pilot, _ way: Way = .path) {
                self.init(world, key: pilot.key, way)
            }
            init(_ world: KeyedWorld, key: String?, _ way: Way = .path) {
                self.world = world
                self.key = key
                self.way = way
            }

            /// Everything that holds for every answer is checked here: no redirect, and a status of 200.
            func raw(
                _ body: [UInt8]?, method: String = "POST", status: Int = 200,
                sourceLocation: SourceLocation = #_sourceLocation
            ) async throws -> Answer {
                let address = way.address(world, key: key)
                var headers = address.host.map { [("Host", $0)] } ?? []
                if body != nil { headers.append(("Content-Type", "application/x-www-form-urlencoded")) }
                let answer = try await Web.send(method, address.url, headers: headers, body: body)
                #expect(answer.status == status, "\(answer.text)", sourceLocation: sourceLocation)
                return answer
            }

            func send(
                _ action: String, pilot: String? = nil, password: String? = nil, _ rest: String = "",
                sourceLocation: SourceLocation = #_sourceLocation
            ) async throws -> Answer {
                let password = password.map { "<password>\($0)</password>" } ?? ""
                let verify = pilot.map { "<verify><pilotID>\($0)</pilotID>\(password)</verify>" } ?? ""
                let body = "<kacars><switch><data>\(action)</data></switch>\(verify)\(rest)</kacars>"
                return try await raw(Array(body.utf8), sourceLocation: sourceLocation)
            }
        }

        /// The values of an answer, in order.
        struct Info {
            let root: String
            let values: [(name: String, text: String)]
            var names: [String] { values.map(\.name) }
            subscript(name: String) -> String? { values.first { $0.name == name }?.text }

            init(_ answer: Answer, sourceLocation: SourceLocation = #_sourceLocation) throws {
                let type = answer.headers["Content-Type"].joined()
                #expect(type.hasPrefix("text/xml"), "\(type)", sourceLocation: sourceLocation)
                let text = answer.text
                #expect(text.hasPrefix("<?xml version=\"1.0\"?>\n"), "\(text)", sourceLocation: sourceLocation)
                #expect(text.hasSuffix(">\n"), "\(text)", sourceLocation: sourceLocation)
                let document = try XMLDocumentReader.read(text)
                root = document.root
                values = document.values
            }
        }

        private func client(_ number: Int, _ way: Way = .path) throws -> Client {
            let world = try keyedWorld()
            return Client(world, try world.pilot(number), way)
        }
        private func fresh() async throws -> (world: KeyedWorld, pilot: KeyedWorld.Pilot, client: Client) {
            let world = try keyedWorld()
            let pilot = try await world.freshPilot()
            return (world, pilot, Client(world, pilot))
        }

        static let settings = ["logTimeSetting", "logPauseSetting", "version", "forceOut", "charter"]

        static func update(_ flight: String, _ changes: [String: String?] = [:]) -> String {
            let fields = [
                ("flightNumber", flight), ("registration", "N845MJ"), ("depICAO", "KJFK"), ("arrICAO", "KBOS"),
                ("depTime", "14:05"), ("route", "MERIT ROBUC3"), ("latitude", "41.000000"),
                ("longitude", "-73.000000"), ("heading", "52"), ("altitude", "12040"), ("groundSpeed", "300"),
                ("status", "Climb"),
            ]
            return "<liveupdate>\(elements(fields, changes))</liveupdate>"
        }
        static func pirep(_ flight: String, _ changes: [String: String?] = [:]) -> String {
            let fields = [
                ("flightNumber", flight), ("depICAO", "KJFK"), ("arrICAO", "KBOS"), ("registration", "N845MJ"),
                ("pax", "44"), ("cargo", "800"), ("fuelUsed", "4120"), ("flightTime", "1.12"), ("landing", "-187"),
                ("log", "[14:05] Off block&lt;br /&gt;[15:17] On block&lt;br /&gt;"),
            ]
            return "<pirep>\(elements(fields, changes))</pirep>"
        }
        /// - Parameter changes: Text by element; nil leaves the element out.
        private static func elements(_ fields: [(String, String)], _ changes: [String: String?]) -> String {
            let added = changes.filter { change in !fields.contains { $0.0 == change.key } }
            let all = fields.map { ($0.0, changes[$0.0] ?? $0.1) } + added.sorted { $0.key < $1.key }.map { ($0, $1) }
            return all.map { name, text in text.map { "<\(name)>\($0)</\(name)>" } ?? "" }.joined()
        }

        // MARK: Log-in

        @Test(arguments: Way.allCases)
        func k01LogIn(_ way: Way) async throws {
            let answer = try await client(1, way).send("verify", pilot: "VMS0001", password: "secret")
            let info = try Info(answer)
            #expect(info.root == "sitedata")
            #expect(info["loginStatus"] == "1")
            #expect(info.names == ["loginStatus"] + Self.settings)
            #expect(info["version"] == "1.0.1.1")
        }

        @Test func k02WrongPassword() async throws {
            let info = try Info(try await client(1).send("verify", pilot: "VMS0001", password: "wrong"))
            #expect(info["loginStatus"] == "0")
            #expect(info.names == ["loginStatus"] + Self.settings)
        }

        @Test func k03InactivePilot() async throws {
            let info = try Info(try await client(3).send("verify", pilot: "VMS0003", password: "secret3"))
            #expect(info["loginStatus"] == "0")
        }

        @Test func k04CapitalsAndSmallLetters() async throws {
            let info = try Info(try await client(1).send("VERIFY", pilot: "vms0001", password: "secret"))
            #expect(info["loginStatus"] == "1")
        }

        @Test(arguments: ["VMS0001", "vms0001", " VMS0001 ", "VMSVMS0001", "1", "0001"])
        func c01NamesOfAPilot(_ name: String) async throws {
            let info = try Info(try await client(1).send("verify", pilot: name, password: "secret"))
            #expect(info["loginStatus"] == "1")
        }

        @Test func c04PasswordOfAnotherAirline() async throws {
            let world = try keyedWorld()
            let wrong = try await client(1).send("verify", pilot: "VMS0001", password: "elsewhere")
            #expect(try Info(wrong)["loginStatus"] == "0")
            // Another airline's key opens nothing here.
            let foreign = Client(world, world.stranger)
            let answer = try await foreign.send("verify", pilot: "VMS0001", password: "elsewhere")
            #expect(try Info(answer)["loginStatus"] == "0")
            #expect(try Info(try await foreign.send("getbid", pilot: "VMS0001"))["flightStatus"] == "2")
        }

        @Test func nobodyWithoutAKey() async throws {
            let world = try keyedWorld()
            for key in [nil, "0123456789"] {
                let client = Client(world, key: key)
                let verify = try await client.send("verify", pilot: "VMS0001", password: "secret")
                #expect(try Info(verify)["loginStatus"] == "0")
                #expect(try Info(try await client.send("getbid", pilot: "VMS0001"))["flightStatus"] == "2")
                #expect(try Info(try await client.send("aircraft")).values.isEmpty)
                let filed = try await client.send("pirep", pilot: "VMS0002", Self.pirep("VMS1000"))
                #expect(try Info(filed)["pirepStatus"] == "2")
            }
            // A key opens its owner's things alone.
            let other = try await self.client(2).send("getbid", pilot: "VMS0001")
            #expect(try Info(other)["flightStatus"] == "2")
            try await world.expectReports(0, of: try world.pilot(2))
        }

        // MARK: Lists

        @Test(arguments: [Way.path, .host])
        func k05BookedFlight(_ way: Way) async throws {
            let info = try Info(try await client(1, way).send("getbid", pilot: "VMS0001"))
            #expect(
                info.names == [
                    "flightStatus", "flightNumber", "aircraftReg", "aircraftICAO", "aircraftFullName", "flightLevel",
                    "aircraftMaxPax", "aircraftCargo", "depICAO", "arrICAO", "route", "depTime", "arrTime",
                    "flightTime", "flightType", "aircraftName", "aircraftRange", "aircraftWeight", "aircraftCruise",
                ])
            for (name, text) in [
                ("flightStatus", "1"), ("flightNumber", "VMS1000"), ("aircraftReg", "N845MJ"),
                ("aircraftICAO", "E145"), ("flightLevel", "18000"), ("depICAO", "KJFK"), ("arrICAO", "KBOS"),
                ("route", "MERIT ROBUC3"), ("depTime", "10:00"), ("arrTime", "11:10"), ("flightTime", "1.1"),
                ("flightType", "P"), ("aircraftName", "ERJ-145"),
            ] {
                #expect(info[name] == text, "\(name)")
            }
            for name in ["aircraftMaxPax", "aircraftCargo", "aircraftRange", "aircraftCruise"] {
                #expect(info[name].flatMap { Int($0) } != nil, "\(name)")
            }
        }

        @Test func k06NoBid() async throws {
            let info = try Info(try await client(2).send("getbid", pilot: "VMS0002"))
            #expect(info.names == ["flightStatus"] && info["flightStatus"] == "2")
        }

        @Test func k07AircraftOutOfService() async throws {
            let info = try Info(try await client(4).send("getbid", pilot: "VMS0004"))
            #expect(info.names == ["flightStatus"] && info["flightStatus"] == "3")
        }

        @Test func k08UnknownPilot() async throws {
            for name in ["XYZ0001", "VMS9999", "", "VMS", "VMS-1"] {
                let info = try Info(try await client(1).send("getbid", pilot: name))
                #expect(info.names == ["flightStatus"] && info["flightStatus"] == "2", "\(name)")
            }
        }

        @Test func k09FlightByNumber() async throws {
            let rest = "<pirep><flightNumber>vms1000</flightNumber></pirep>"
            let info = try Info(try await client(2).send("getflight", rest))
            #expect(info["flightStatus"] == "1" && info["flightNumber"] == "VMS1000")
            // Its aircraft is not looked at.
            let other = "<pirep><flightNumber>VMS2000</flightNumber></pirep>"
            #expect(try Info(try await client(2).send("getflight", other))["flightStatus"] == "1")
        }

        @Test func k10UnknownFlight() async throws {
            for number in ["VMS9999", "1000"] {
                let rest = "<pirep><flightNumber>\(number)</flightNumber></pirep>"
                let info = try Info(try await client(1).send("getflight", rest))
                #expect(info.names == ["flightStatus"] && info["flightStatus"] == "2", "\(number)")
            }
        }

        @Test(arguments: [Way.path, .named])
        func k11Fleet(_ way: Way) async throws {
            let info = try Info(try await client(1, way).send("aircraft"))
            #expect(info.root == "aircraftdata")
            #expect(info.names == ["aircraftICAO", "aircraftReg"])
            #expect(info.values.map(\.text) == ["E145", "N845MJ"])
        }

        static let nine = [
            "aircraftReg", "aircraftICAO", "aircraftFullName", "aircraftMaxPax", "aircraftCargo", "aircraftName",
            "aircraftRange", "aircraftWeight", "aircraftCruise",
        ]

        @Test func k12Aircraft() async throws {
            let rest = "<pirep><registration>n845mj</registration></pirep>"
            let info = try Info(try await client(1).send("aircraftinfo", rest))
            #expect(info.names == Self.nine)
            #expect(info["aircraftReg"] == "N845MJ" && info["aircraftICAO"] == "E145")
        }

        @Test func k13UnknownAircraft() async throws {
            for rest in ["<pirep><registration>NOPE</registration></pirep>", ""] {
                let info = try Info(try await client(1).send("aircraftinfo", rest))
                #expect(info.names == Self.nine)
                #expect(info.values.allSatisfy { $0.text.isEmpty })
            }
        }

        // MARK: Positions

        private func expectLive(
            _ world: KeyedWorld, _ pilot: KeyedWorld.Pilot, latitude: Double,
            sourceLocation: SourceLocation = #_sourceLocation
        ) async throws {
            let flight = try await eventually("flight of \(pilot.ident) at \(latitude)") { () -> JSON? in
                let flight = try await world.live(pilot)
                return flight?["lat"]?.number == latitude ? flight : nil
            }
            #expect(flight["lon"]?.number == -73, sourceLocation: sourceLocation)
            #expect(flight["gs_kt"]?.number == 300, sourceLocation: sourceLocation)
            #expect(flight["alt_ft"]?.number == 12040, sourceLocation: sourceLocation)
        }

        @Test(arguments: [Way.path, .host])
        func k14Position(_ way: Way) async throws {
            let (world, pilot, _) = try await fresh()
            let client = Client(world, pilot, way)
            let answer = try await client.send("liveupdate", pilot: pilot.ident, Self.update("VMS1000"))
            #expect(answer.body.isEmpty)
            try await expectLive(world, pilot, latitude: 41)
        }

        @Test func k15PositionWithCommas() async throws {
            let (world, pilot, client) = try await fresh()
            let commas = Self.update("VMS1000", ["latitude": "41,000000", "longitude": "-73,000000"])
            #expect(try await client.send("liveupdate", pilot: pilot.ident, commas).body.isEmpty)
            try await expectLive(world, pilot, latitude: 41)
        }

        @Test func k16PositionWithoutLatitude() async throws {
            let (world, pilot, client) = try await fresh()
            _ = try await client.send("liveupdate", pilot: pilot.ident, Self.update("VMS1000"))
            for latitude in [nil, "", "garbage", "91"] as [String?] {
                let update = Self.update("VMS1000", ["latitude": latitude, "longitude": "-50", "altitude": "12040"])
                #expect(try await client.send("liveupdate", pilot: pilot.ident, update).body.isEmpty)
            }
            try await expectLive(world, pilot, latitude: 41)
        }

        @Test func theLastPositionWins() async throws {
            let (world, pilot, client) = try await fresh()
            for latitude in ["41.5", "41.25", "41.75"] {
                let update = Self.update("VMS1000", ["latitude": latitude])
                #expect(try await client.send("liveupdate", pilot: pilot.ident, update).body.isEmpty)
            }
            try await expectLive(world, pilot, latitude: 41.75)
        }

        // MARK: Reports

        @Test(arguments: [Way.path, .host])
        func k17Report(_ way: Way) async throws {
            let (world, pilot, _) = try await fresh()
            let client = Client(world, pilot, way)
            let flight = try world.freshFlight()
            try await world.book(flight, for: pilot)
            #expect(try Info(try await client.send("getbid", pilot: pilot.ident))["flightNumber"] == flight)
            let info = try Info(try await client.send("pirep", pilot: pilot.ident, Self.pirep(flight)))
            #expect(info.names == ["pirepStatus"] && info["pirepStatus"] == "1")
            let report = try await world.report(of: pilot)
            #expect(report["flight_time_min"] == 72)
            #expect(abs((report["fuel_used_kg"]?.number ?? 0) - 1868.8) < 0.1)
            #expect(report["pax"] == 44)
            #expect(report["landing_rate_fpm"] == -187)
            #expect(report["log"] == ["[14:05] Off block", "[15:17] On block"])
            #expect(report["dep"] == "KJFK" && report["arr"] == "KBOS" && report["reg"] == "N845MJ")
            #expect(report["route"] == "MERIT ROBUC3")
            #expect(try Info(try await client.send("getbid", pilot: pilot.ident))["flightStatus"] == "2")
        }

        @Test func k18TheSameReportAgain() async throws {
            let (world, pilot, client) = try await fresh()
            let flight = try world.freshFlight()
            for _ in 0..<2 {
                let answer = try await client.send("pirep", pilot: pilot.ident, Self.pirep(flight))
                #expect(try Info(answer)["pirepStatus"] == "1")
            }
            try await world.expectReports(1, of: pilot)
        }

        @Test func c13TheSameReportTwiceAtOnce() async throws {
            let (world, pilot, client) = try await fresh()
            let flight = try world.freshFlight()
            let answers = try await withThrowingTaskGroup(of: Answer.self) { group in
                for _ in 0..<8 {
                    group.addTask { try await client.send("pirep", pilot: pilot.ident, Self.pirep(flight)) }
                }
                return try await group.reduce(into: []) { $0.append($1) }
            }
            for answer in answers { #expect(try Info(answer)["pirepStatus"] == "1") }
            try await world.expectReports(1, of: pilot)
        }

        @Test func k19ReportWithoutArrival() async throws {
            let (world, pilot, client) = try await fresh()
            for changes in [["arrICAO": ""], ["arrICAO": nil], ["depICAO": " "]] as [[String: String?]] {
                let answer = try await client.send("pirep", pilot: pilot.ident, Self.pirep("VMS1000", changes))
                #expect(try Info(answer)["pirepStatus"] == "2")
            }
            try await world.expectReports(0, of: pilot)
        }

        @Test func k20ReportOfNobody() async throws {
            let (world, pilot, client) = try await fresh()
            for name in ["XYZ0001", "VMS9999", "VMS0002", ""] {
                let answer = try await client.send("pirep", pilot: name, Self.pirep("VMS1000"))
                #expect(try Info(answer)["pirepStatus"] == "2", "\(name)")
            }
            try await world.expectReports(0, of: pilot)
            try await world.expectReports(0, of: try world.pilot(2))
        }

        @Test func positionsAndReportAreOneFlight() async throws {
            let (world, pilot, client) = try await fresh()
            let flight = try world.freshFlight()
            _ = try await client.send("liveupdate", pilot: pilot.ident, Self.update(flight))
            let live = try await eventually("flight on the map") { try await world.live(pilot) }
            #expect(
                try Info(try await client.send("pirep", pilot: pilot.ident, Self.pirep(flight)))["pirepStatus"] == "1")
            #expect(try await world.report(of: pilot)["flight_id"] == live["id"])
        }

        @Test func reportWithUnreadableFigures() async throws {
            let (world, pilot, client) = try await fresh()
            let changes = ["flightTime": "abc", "landing": "", "pax": "0", "fuelUsed": "-1"]
            let answer = try await client.send(
                "pirep", pilot: pilot.ident, Self.pirep(try world.freshFlight(), changes))
            #expect(try Info(answer)["pirepStatus"] == "1")
            let report = try await world.report(of: pilot)
            #expect(report["flight_time_min"]?.isNull ?? true)
            #expect(report["pax"] == 0)
            #expect(report["fuel_used_kg"]?.isNull ?? true)
        }

        // MARK: Errors

        @Test(arguments: [Way.path, .host])
        func k21Get(_ way: Way) async throws {
            #expect(try await client(1, way).raw(nil, method: "GET").body.isEmpty)
        }

        @Test(arguments: ["pilotID=VMS0001", "", "<kacars><switch>", "<kacars/>"])
        func k22NotXML(_ body: String) async throws {
            let answer = try await client(1).raw(Array(body.utf8))
            #expect(answer.text == "not xml")
        }

        @Test func k23UnknownAction() async throws {
            #expect(try await client(1).send("teleport", pilot: "VMS0001").body.isEmpty)
        }

        @Test func k24ExternalEntity() async throws {
            let world = try keyedWorld()
            // The file says what would give a bid, were it read.
            let file = try world.airline.server.file("pilot.txt", "VMS0001")
            for place in ["file://\(file)", "\(world.airline.server.url)/healthz"] {
                let body =
                    "<!DOCTYPE kacars [<!ENTITY x SYSTEM \"\(place)\">]><kacars><switch><data>getbid</data></switch>"
                    + "<verify><pilotID>&x;</pilotID></verify></kacars>"
                #expect(try await client(1).raw(Array(body.utf8)).text == "not xml")
            }
        }

        @Test func k25NestedEntities() async throws {
            var body = "<!DOCTYPE k [<!ENTITY a0 \"aaaaaaaaaa\">"
            for level in 1...12 {
                body += "<!ENTITY a\(level) \"" + String(repeating: "&a\(level - 1);", count: 10) + "\">"
            }
            body += "]><kacars><switch><data>&a12;</data></switch></kacars>"
            let bytes = Array(body.utf8)
            let client = try client(1)
            let text = try await within(.seconds(20), "the answer") { try await client.raw(bytes).text }
            #expect(text == "not xml")
        }

        @Test func k26Windows1252() async throws {
            let (world, pilot, client) = try await fresh()
            let document =
                "<kacars><switch><data>pirep</data></switch><verify><pilotID>\(pilot.ident)</pilotID></verify>"
                + Self.pirep(try world.freshFlight(), ["comments": "Z~rich"]) + "</kacars>"
            let answer = try await client.raw(document.utf8.map { $0 == UInt8(ascii: "~") ? 0xFC : $0 })
            #expect(try Info(answer)["pirepStatus"] == "1")
            #expect(try await world.report(of: pilot)["comments"] == "Zürich")
        }

        @Test func c15TooLong() async throws {
            let (world, pilot, _) = try await fresh()
            let address = Way.path.address(world, key: pilot.key)
            let comments = String(repeating: "x", count: 3 << 19)
            let body =
                "<kacars><switch><data>pirep</data></switch><verify><pilotID>\(pilot.ident)</pilotID></verify>"
                + Self.pirep("VMS1000", ["comments": comments]) + "</kacars>"
            // The server may stop reading before all of it is sent.
            if let answer = try? await Web.send("POST", address.url, body: Array(body.utf8)) {
                #expect(answer.status == 413 || !answer.text.contains("<pirepStatus>1"))
            }
            try await world.expectReports(0, of: pilot)
        }
    }
}

/// Reads answers of two levels below the root, without any of the server's own code.
enum XMLDocumentReader {
    struct Malformed: Error, CustomStringConvertible { let description: String }

    static func read(_ text: String) throws -> (root: String, values: [(name: String, text: String)]) {
        var tokens = tokens(of: text)[...]
        func next() throws -> Token {
            guard let token = tokens.popFirst() else { throw Malformed(description: "ends early: \(text)") }
            return token
        }
        guard case .declaration = try next(), case .open(let root) = try next() else {
            throw Malformed(description: "no root: \(text)")
        }
        var values: [(name: String, text: String)] = []
        switch try next() {
        case .empty("info"): break
        case .open("info"):
            reading: while true {
                switch try next() {
                case .close("info"): break reading
                case .empty(let name): values.append((name, ""))
                case .open(let name):
                    guard case .text(let value) = try next(), case .close(name) = try next() else {
                        throw Malformed(description: "\(name) in \(text)")
                    }
                    values.append((name, value))
                default: throw Malformed(description: text)
                }
            }
        default: throw Malformed(description: "no info: \(text)")
        }
        guard case .close(root) = try next(), tokens.isEmpty else { throw Malformed(description: "no end: \(text)") }
        return (root, values)
    }

    private enum Token {
        case declaration
        case open(String)
        case close(String)
        case empty(String)
        case text(String)
    }

    /// White space between tags is none of them.
    private static func tokens(of text: String) -> [Token] {
        var tokens: [Token] = []
        var rest = text[...]
        while let start = rest.firstIndex(of: "<"), let end = rest[start...].firstIndex(of: ">") {
            let before = String(rest[..<start])
            if !before.allSatisfy(\.isWhitespace) { tokens.append(.text(unescaped(before))) }
            let tag = rest[rest.index(after: start)..<end]
            if tag.hasPrefix("?") {
                tokens.append(.declaration)
            } else if tag.hasPrefix("/") {
                tokens.append(.close(String(tag.dropFirst())))
            } else if tag.hasSuffix("/") {
                tokens.append(.empty(String(tag.dropLast())))
            } else {
                tokens.append(.open(String(tag)))
            }
            rest = rest[rest.index(after: end)...]
        }
        return tokens
    }

    private static func unescaped(_ text: String) -> String {
        var result = text
        for (entity, character) in [("&lt;", "<"), ("&gt;", ">"), ("&quot;", "\""), ("&amp;", "&")] {
            result = result.replacingOccurrences(of: entity, with: character)
        }
        return result
    }
}
