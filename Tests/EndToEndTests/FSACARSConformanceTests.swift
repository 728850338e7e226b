import Foundation
import NIOHTTP1
import Testing

extension EndToEnd {
    /// The conformance cases S-01 to S-17 of the wire page, over real sockets. A case's number stands in its test's name.
    @Suite(.serialized, .keyedWorld)
    struct FSACARSConformanceTests {
        /// A way to reach the calls.
        enum Way: String, Sendable, CaseIterable, CustomTestStringConvertible {
            case path = "by path"
            case index = "by path, index.php in capitals"
            case short = "by path, the action alone"
            case host = "by host, /k/KEY/action.php/acars/fsacars/"
            case named = "by host, /fsacars/k/KEY/"
            var testDescription: String { rawValue }

            /// - Parameter key: nil leaves it out.
            func address(_ world: KeyedWorld, key: String?, _ action: String) -> (url: String, host: String?) {
                let url = world.airline.server.url
                let key = key.map { "k/\($0)/" } ?? ""
                return switch self {
                case .path: ("\(url)/acars/demo/fsacars/\(key)action.php/acars/fsacars/\(action)", nil)
                case .index: ("\(url)/acars/demo/fsacars/\(key)index.php/ACARS/FSACARS/\(action.uppercased())", nil)
                case .short: ("\(url)/acars/demo/fsacars/\(key)\(action)", nil)
                case .host: ("\(url)/\(key)action.php/acars/fsacars/\(action)", KeyedWorld.host)
                case .named: ("\(url)/fsacars/\(key)action.php/acars/fsacars/\(action)", KeyedWorld.host)
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

            /// Everything that holds for every answer is checked here: 200, text, no redirect.
            /// - Parameter query: Escaped already.
            func send(
                _ action: String, _ query: String, form: String? = nil,
                sourceLocation: SourceLocation = #_sourceLocation
            ) async throws -> String {
                let address = way.address(world, key: key, action)
                var headers = address.host.map { [("Host", $0)] } ?? []
                if form != nil { headers.append(("Content-Type", "application/x-www-form-urlencoded")) }
                let answer = try await Web.send(
                    form == nil ? "GET" : "POST", address.url + (query.isEmpty ? "" : "?" + query), headers: headers,
                    body: form.map { Array($0.utf8) })
                #expect(answer.status == 200, "\(answer.text)", sourceLocation: sourceLocation)
                let type = answer.headers["Content-Type"].joined()
                #expect(type.hasPrefix("text/html"), "\(type)", sourceLocation: sourceLocation)
                #expect(answer.headers["Location"].isEmpty, sourceLocation: sourceLocation)
                return answer.text
            }
        }

        private func client(_ number: Int, _ way: Way = .path) throws -> Client {
            let world = try keyedWorld()
            return Client(world, try world.pilot(number), way)
        }
        private func fresh(
            _ way: Way = .path
        ) async throws -> (world: KeyedWorld, pilot: KeyedWorld.Pilot, client: Client) {
            let world = try keyedWorld()
            let pilot = try await world.freshPilot()
            return (world, pilot, Client(world, pilot, way))
        }

        static func status(_ pilot: String, _ flight: String = "VMS1000", phase: String = "Ph=1&detailph=1") -> String {
            "lat=40.622543&long=-73.786499&GS=0&Alt=16&IATA=\(flight)&pnumber=\(pilot)&depaptICAO=KJFK&destaptICAO=KBOS"
                + "&\(phase)&cargo=0&Regist=&Online=No"
        }
        static let first = "[2026/11/21 14:05:00]*Flight IATA:%F*PAX:44*Route:MERIT ROBUC3*14:10  Take-off*"
        static let second = "14:28  TouchDown:Rate -215 ft/min Speed: 119 Knots*"

        /// - Parameters:
        ///   - log: `%F` is the flight.
        ///   - changes: Text by field; nil leaves the field out.
        static func report(
            _ pilot: String, _ flight: String, log: String = first + second, more: Int = 0,
            _ changes: [String: String?] = [:]
        ) -> String {
            let fields = [
                ("pilot", "VMS\(pilot)"), ("date", "2026/11/21"), ("time", "14:05:00"), ("callsign", ""),
                ("reg", "N845MJ"), ("origin", "KJFK"), ("dest", "KBOS"), ("alt", "KLGA"), ("equipment", "E145"),
                ("fuel", "1638"), ("duration", "00:20"), ("distance", "56"), ("version", "4015"),
                ("more", String(more)), ("log", log.replacingOccurrences(of: "%F", with: flight)),
            ]
            return fields.compactMap { name, text in
                (changes[name] ?? text).map { "\(name)=\($0.queryEscaped)" }
            }.joined(separator: "&")
        }

        private func expectReport(
            _ world: KeyedWorld, _ pilot: KeyedWorld.Pilot, _ flight: String,
            sourceLocation: SourceLocation = #_sourceLocation
        ) async throws {
            let report = try await eventually("report with its landing rate") { () -> JSON? in
                try await world.reports(of: pilot).first { $0["landing_rate_fpm"] == -215 }
            }
            #expect(report["callsign"]?.text == flight, sourceLocation: sourceLocation)
            #expect(report["block_min"] == 20, sourceLocation: sourceLocation)
            #expect(abs((report["fuel_used_kg"]?.number ?? 0) - 743) < 0.1, sourceLocation: sourceLocation)
            #expect(report["pax"] == 44, sourceLocation: sourceLocation)
            #expect(report["dep"] == "KJFK" && report["arr"] == "KBOS", sourceLocation: sourceLocation)
            #expect(report["reg"] == "N845MJ" && report["route"] == "MERIT ROBUC3", sourceLocation: sourceLocation)
            #expect(report["log"]?.items?.count == 6, sourceLocation: sourceLocation)
        }

        // MARK: Positions

        private func expectLive(
            _ world: KeyedWorld, _ pilot: KeyedWorld.Pilot, phase: JSON?,
            sourceLocation: SourceLocation = #_sourceLocation
        ) async throws {
            let flight = try await eventually("flight of \(pilot.ident)") { try await world.live(pilot) }
            #expect(flight["lat"]?.number == 40.622543, sourceLocation: sourceLocation)
            #expect(flight["lon"]?.number == -73.786499, sourceLocation: sourceLocation)
            if let phase { #expect(flight["phase"] == phase, sourceLocation: sourceLocation) }
        }

        @Test(arguments: Way.allCases)
        func s01Position(_ way: Way) async throws {
            let (world, pilot, client) = try await fresh(way)
            #expect(try await client.send("status", Self.status(pilot.ident)) == "OK")
            try await expectLive(world, pilot, phase: "boarding")
        }

        @Test func s02CoarsePhase() async throws {
            let (world, pilot, client) = try await fresh()
            #expect(try await client.send("status", Self.status(pilot.ident, phase: "Ph=3")) == "OK")
            try await expectLive(world, pilot, phase: "cruise")
        }

        @Test func s03PhaseThatIsNone() async throws {
            let (world, pilot, client) = try await fresh()
            #expect(try await client.send("status", Self.status(pilot.ident, phase: "Ph=1&detailph=42")) == "OK")
            try await expectLive(world, pilot, phase: nil)
        }

        @Test func s04UnknownPilot() async throws {
            let (world, pilot, client) = try await fresh()
            for name in ["VMS9999", "XYZ0001", "VMS0002", "VMS"] {
                #expect(try await client.send("status", Self.status(name)) == "OK")
            }
            for key in [nil, "0123456789", world.stranger.key] {
                #expect(try await Client(world, key: key).send("status", Self.status(pilot.ident)) == "OK")
            }
            try await Task.sleep(for: .milliseconds(1200))
            #expect(try await world.live(pilot) == nil)
            #expect(try await world.live(try world.pilot(2)) == nil)
        }

        @Test func c07PositionThatIsNone() async throws {
            let (world, pilot, client) = try await fresh()
            let good = Self.status(pilot.ident)
            #expect(try await client.send("status", good) == "OK")
            for position in ["lat=&long=", "lat=garbage&long=-50", "lat=91&long=0", "GS=9"] {
                let bad = good.replacingOccurrences(of: "lat=40.622543&long=-73.786499", with: position)
                #expect(try await client.send("status", bad) == "OK")
            }
            try await expectLive(world, pilot, phase: nil)
        }

        // MARK: Messages

        @Test func s05Message() async throws {
            let (world, pilot, client) = try await fresh()
            #expect(try await client.send("status", Self.status(pilot.ident)) == "OK")
            let word = "HELLO\(UUID().uuidString.filter { $0 != "-" })"
            let query = "pilotnumber=\(pilot.ident)&mcontent=Message%20content:%20%A3\(word)"
            #expect(try await client.send("acars", query) == "")
            #expect(try world.airline.server.dataHolds(word))
            #expect(try !world.airline.server.dataHolds("\u{A3}\(word)"))
            // Nobody's message is nobody's.
            let stray = "STRAY\(UUID().uuidString.filter { $0 != "-" })"
            #expect(try await client.send("acars", "pilotnumber=VMS9999&mcontent=\(stray)") == "")
            #expect(try !world.airline.server.dataHolds(stray))
        }

        // MARK: Booked flight

        @Test(arguments: [Way.path, .host])
        func s06BookedFlight(_ way: Way) async throws {
            let text = try await client(1, way).send("flightplans", "pilot=VMS0001")
            let lines = text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
            #expect(lines.count == 16)
            guard lines.count == 16 else { return }
            #expect(
                Array(lines[..<14]) == [
                    "OK", "KJFK", "KBOS", "", "18000", "ERJ-145", "", "", "VMS1000", "N845MJ", "VMS", "MERIT ROBUC3",
                    "",
                    "",
                ])
            // The imported fleet does not say how many seats there are.
            #expect(lines[14].isEmpty || (Int(lines[14]).map { (1...50).contains($0) } ?? false))
            #expect(lines[15].isEmpty)
        }

        @Test func s07NoBid() async throws {
            let nothing = "OK" + String(repeating: "\n", count: 15)
            #expect(try await client(2).send("flightplans", "pilot=VMS0002") == nothing)
            #expect(try await client(2).send("schedules", "pilot=VMS0002") == nothing)
            // Another pilot's bid is not shown.
            #expect(try await client(2).send("flightplans", "pilot=VMS0001") == nothing)
        }

        // MARK: Reports

        @Test(arguments: [Way.path, .host])
        func s08Report(_ way: Way) async throws {
            let (world, pilot, client) = try await fresh(way)
            let flight = try world.freshFlight()
            try await world.book(flight, for: pilot)
            #expect(try await client.send("pirep", Self.report(pilot.ident, flight)) == "OK")
            try await expectReport(world, pilot, flight)
            #expect(try await client.send("flightplans", "pilot=\(pilot.ident)").hasPrefix("OK\n\n"))
            // C-13
            #expect(try await client.send("pirep", Self.report(pilot.ident, flight)) == "OK")
            try await world.expectReports(1, of: pilot)
        }

        @Test func s09s10Parts() async throws {
            let (world, pilot, client) = try await fresh()
            let flight = try world.freshFlight()
            #expect(try await client.send("pirep", Self.report(pilot.ident, flight, log: Self.first)) == "OK")
            for _ in 0..<2 {
                let part = Self.report(pilot.ident, flight, log: Self.second, more: 1)
                #expect(try await client.send("pirep", part) == "OK")
            }
            try await expectReport(world, pilot, flight)
            // The first part again, as a client sends it that got no answer: nothing is lost, nothing is there twice.
            #expect(try await client.send("pirep", Self.report(pilot.ident, flight, log: Self.first)) == "OK")
            let again = Self.report(pilot.ident, flight, log: Self.second, more: 1)
            #expect(try await client.send("pirep", again) == "OK")
            try await world.expectReports(1, of: pilot)
            try await expectReport(world, pilot, flight)
        }

        @Test func s09PartsCutInsideALine() async throws {
            let (world, pilot, client) = try await fresh()
            let flight = try world.freshFlight()
            let log = Self.first.replacingOccurrences(of: "%F", with: flight) + Self.second
            let cuts = [0, 60, 95, 110, log.count]
            for (index, (from, to)) in zip(cuts, cuts.dropFirst()).enumerated() {
                let piece = String(log.dropFirst(from).prefix(to - from))
                let part = Self.report(pilot.ident, flight, log: piece, more: min(index, 1))
                #expect(try await client.send("pirep", part) == "OK")
            }
            try await expectReport(world, pilot, flight)
            try await world.expectReports(1, of: pilot)
        }

        @Test func aPartWithoutTheFirstIsKeptAside() async throws {
            let (world, pilot, client) = try await fresh()
            let part = Self.report(pilot.ident, "VMS1000", log: Self.second, more: 1)
            #expect(try await client.send("pirep", part) == "OK")
            try await world.expectReports(0, of: pilot)
        }

        @Test func s11ReportOfNobody() async throws {
            let (world, pilot, client) = try await fresh()
            for name in ["VMS9999", "XYZ0001", "VMS0002"] {
                #expect(try await client.send("pirep", Self.report(name, "VMS1000")) == "Invalid Pilot!")
            }
            for key in [nil, "0123456789", world.stranger.key] {
                let answer = try await Client(world, key: key).send("pirep", Self.report(pilot.ident, "VMS1000"))
                #expect(answer == "Invalid Pilot!")
            }
            try await world.expectReports(0, of: pilot)
            try await world.expectReports(0, of: try world.pilot(2))
        }

        @Test func s12NumberNobodyKnows() async throws {
            let (world, pilot, client) = try await fresh()
            #expect(try await client.send("pirep", Self.report(pilot.ident, "7777")) == "")
            try await world.expectReports(0, of: pilot)
            // A bare number that the timetable has is taken.
            let flight = try world.freshFlight()
            #expect(try await client.send("pirep", Self.report(pilot.ident, String(flight.dropFirst(3)))) == "OK")
            try await expectReport(world, pilot, flight)
        }

        @Test func s13Form() async throws {
            let (world, pilot, client) = try await fresh()
            let flight = try world.freshFlight()
            #expect(try await client.send("pirep", "", form: Self.report(pilot.ident, flight)) == "OK")
            try await expectReport(world, pilot, flight)
        }

        @Test func s14DegreeSignsAndNoRegistration() async throws {
            let (world, pilot, client) = try await fresh()
            let flight = try world.freshFlight()
            let query =
                Self.report(pilot.ident, flight, log: Self.first, ["reg": ""])
                + "14:28%20%20POS%20N40%B0%2038%B4%2013%B4%B4%20W073%B0%2046%B4%2026%B4%B4*"
            #expect(try await client.send("pirep", query) == "OK")
            let report = try await world.report(of: pilot)
            #expect(report["log"]?.items?.last?.text == "14:28  POS N40° 38´ 13´´ W073° 46´ 26´´")
        }

        @Test func s15NoLog() async throws {
            let (world, pilot, client) = try await fresh()
            for log in [nil, ""] as [String?] {
                let query = Self.report(pilot.ident, "VMS1000", ["log": log])
                #expect(try await client.send("pirep", query) == "")
            }
            try await world.expectReports(0, of: pilot)
        }

        @Test func s16UnknownAction() async throws {
            #expect(try await client(1).send("unknown", "pilot=VMS0001") == "")
            #expect(try await Client(try keyedWorld(), key: nil).send("unknown", "") == "")
        }

        @Test func s17LongQuery() async throws {
            let (world, pilot, client) = try await fresh()
            let flight = try world.freshFlight()
            let log = Self.first + String(repeating: "14:12  Flaps:1 at 208 Knots*", count: 2400) + Self.second
            let address = Way.path.address(world, key: client.key, "pirep")
            // The server may close the line before all of it is sent.
            if let answer = try? await Web.send(
                "GET", "\(address.url)?\(Self.report(pilot.ident, flight, log: log))")
            {
                #expect([200, 413, 414, 431].contains(answer.status))
                if answer.status == 200 {
                    #expect(answer.text == "OK")
                    #expect(try await world.report(of: pilot)["landing_rate_fpm"] == -215)
                }
            }
            #expect(try await client.send("status", Self.status(pilot.ident)) == "OK")
        }

        @Test func positionsAndReportAreOneFlight() async throws {
            let (world, pilot, client) = try await fresh()
            let flight = try world.freshFlight()
            #expect(try await client.send("status", Self.status(pilot.ident, flight)) == "OK")
            let live = try await eventually("flight on the map") { try await world.live(pilot) }
            let arrived = Self.status(pilot.ident, flight, phase: "Ph=4&detailph=9")
            #expect(try await client.send("status", arrived) == "OK")
            #expect(try await client.send("pirep", Self.report(pilot.ident, flight)) == "OK")
            #expect(try await world.report(of: pilot)["flight_id"] == live["id"])
            try await world.expectReports(1, of: pilot)
        }
    }
}
