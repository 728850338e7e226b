import Foundation
import NIOHTTP1
import Testing

extension EndToEnd {
    /// The conformance cases FP-01 to FP-12 of the wire page, over real sockets. A case's number stands in its test's name.
    @Suite(.serialized, .keyedWorld)
    struct FSPassengersConformanceTests {
        enum Way: String, Sendable, CaseIterable, CustomTestStringConvertible {
            case path = "by path"
            case root = "by path, the bare root"
            case host = "by host, /k/KEY/action.php/acars/fspax"
            case named = "by host, /fspassengers/k/KEY/index.php/…"
            var testDescription: String { rawValue }

            func address(_ world: KeyedWorld, key: String?) -> (url: String, host: String?) {
                let url = world.airline.server.url
                let key = key.map { "k/\($0)/" } ?? ""
                return switch self {
                case .path: ("\(url)/acars/demo/fspassengers/\(key)action.php/acars/fspax", nil)
                case .root: ("\(url)/acars/demo/fspassengers/\(key)", nil)
                case .host: ("\(url)/\(key)action.php/acars/fspax", KeyedWorld.host)
                case .named: ("\(url)/fspassengers/\(key)index.php/ACARS/FsPax/", KeyedWorld.host)
                }
            }
        }

        static let wrong = "#Answer# Error - Username don't exist or wrong password;"
        static let saved = "#Answer# Ok - Saved;"
        static let exists = "#Answer#exist# Error - Flight already exist in database;"
        static let invalid = "#Answer# Error - Invalid flight ID;"
        static let connected =
            "#Answer# Ok - connected;Weight=1 Dist=2 Speed=1 Alt=1 Liqu=3#welcome#phpVMS/FSPAX ACARS#endwelcome#"

        /// Sends a form; every answer has status 200.
        private func post(
            _ world: KeyedWorld, _ key: String?, _ fields: [(String, String)], _ way: Way = .path,
            sourceLocation: SourceLocation = #_sourceLocation
        ) async throws -> Answer {
            let address = way.address(world, key: key)
            let headers =
                [("Content-Type", "application/x-www-form-urlencoded")] + (address.host.map { [("Host", $0)] } ?? [])
            let body = fields.map { "\($0.0)=\($0.1.queryEscaped)" }.joined(separator: "&")
            let answer = try await Web.send("POST", address.url, headers: headers, body: Array(body.utf8))
            #expect(answer.status == 200, "\(answer.text)", sourceLocation: sourceLocation)
            let type = answer.headers["Content-Type"].joined()
            #expect(type.hasPrefix("text/html"), "\(type)", sourceLocation: sourceLocation)
            return answer
        }

        private func connect(_ user: String, _ password: String) -> [(String, String)] {
            [("FsPAskConnexion", "yes"), ("UserName", user), ("Password", password)]
        }

        /// - Parameter changes: Text by field; nil leaves the field out.
        private func report(
            _ pilot: KeyedWorld.Pilot, _ flight: String, _ changes: [String: String?] = [:]
        ) -> [(String, String)] {
            let fields = [
                ("FsPAskToRegister", "yes"), ("UserName", pilot.ident), ("Password", pilot.password),
                ("CompanyName", "Demo"), ("PilotName", "A Pilot"), ("FlightId", flight), ("OnlineNetworkNbr", "0"),
                ("FlightDate", "2026-11-21"), ("AircraftName", "ERJ-145"), ("AircraftType", "MEJ"),
                ("NbrPassengers", "44"), ("CargoWeight", "1998 lbs"), ("StartFuelQuantity", "9800 lbs"),
                ("EndFuelQuantity", "5680 lbs"), ("DepartureIcaoName", "KJFK - Kennedy Intl - USA"),
                ("ArrivalIcaoName", "KBOS - Logan Intl - USA"), ("ArrivalLocalHour", "10:18"),
                ("TotalBlockTime", "01:12:16"), ("TotalDistance", "162 Nm"), ("TouchDownVertSpeedFt", "-203.08"),
                ("CrashFlag", "0"), ("PassengersOpinionText", "-Liked it.<br>\n"),
            ]
            return fields.compactMap { name, text in (changes[name] ?? text).map { (name, $0) } }
        }

        private func fresh() async throws -> (world: KeyedWorld, pilot: KeyedWorld.Pilot, flight: String) {
            let world = try keyedWorld()
            return (world, try await world.freshPilot(), try world.freshFlight())
        }

        @Test(arguments: Way.allCases)
        func fp01ConnectionTest(_ way: Way) async throws {
            let world = try keyedWorld()
            let pilot = try world.pilot(1)
            let answer = try await post(world, pilot.key, connect("VMS0001", "secret"), way)
            #expect(answer.text == Self.connected)
            // The key is as good as the password.
            #expect(try await post(world, pilot.key, connect("vms0001", pilot.key), way).text == Self.connected)
        }

        @Test func fp02WrongPasswordOrName() async throws {
            let world = try keyedWorld()
            let key = try world.pilot(1).key
            for (user, password) in [
                ("VMS0001", "wrong"), ("VMS0001", ""), ("VMS0001", "none"), ("VMS9999", "secret"),
                ("XYZ0001", "secret"), ("", "secret"), ("VMS0002", "secret2"), ("VMS0001", "elsewhere"),
            ] {
                #expect(try await post(world, key, connect(user, password)).text == Self.wrong, "\(user) \(password)")
            }
            // An inactive pilot, no key, another airline's key.
            #expect(
                try await post(world, try world.pilot(3).key, connect("VMS0003", "secret3")).text == Self.wrong)
            #expect(try await post(world, nil, connect("VMS0001", "secret")).text == Self.wrong)
            #expect(try await post(world, world.stranger.key, connect("VMS0001", "elsewhere")).text == Self.wrong)
        }

        @Test(arguments: [Way.path, .host])
        func fp03Report(_ way: Way) async throws {
            let (world, pilot, flight) = try await fresh()
            #expect(try await post(world, pilot.key, report(pilot, flight), way).text == Self.saved)
            let report = try await world.report(of: pilot)
            #expect(report["flight_time_min"] == 72 && report["block_min"] == 72)
            #expect(abs((report["fuel_used_kg"]?.number ?? 0) - 1868.8) < 0.1)
            #expect(report["pax"] == 44)
            #expect(abs((report["landing_rate_fpm"]?.number ?? 0) + 203.08) < 0.5)
            #expect(report["dep"] == "KJFK" && report["arr"] == "KBOS")
            #expect(report["log"]?.items?.contains("TouchDownVertSpeedFt=-203.08") == true)
            #expect(!report.canonical.contains(pilot.password))
        }

        @Test func fp04TheSameReportAgain() async throws {
            let (world, pilot, flight) = try await fresh()
            #expect(try await post(world, pilot.key, report(pilot, flight)).text == Self.saved)
            for _ in 0..<2 { #expect(try await post(world, pilot.key, report(pilot, flight)).text == Self.exists) }
            try await world.expectReports(1, of: pilot)
        }

        @Test func fp05Kilograms() async throws {
            let (world, pilot, flight) = try await fresh()
            let fields = report(pilot, flight, ["StartFuelQuantity": "4445 kg", "EndFuelQuantity": "2576 kg"])
            #expect(try await post(world, pilot.key, fields).text == Self.saved)
            let kilograms = try #require(try await world.report(of: pilot)["fuel_used_kg"]?.number)
            #expect(kilograms == 1869)
            #expect(abs(kilograms / 0.453_592_37 - 4120) < 1)
        }

        @Test func fp06UnknownFlight() async throws {
            let (world, pilot, _) = try await fresh()
            for flight in ["VMS9999", "", "VMS"] {
                #expect(try await post(world, pilot.key, report(pilot, flight)).text == Self.invalid, "\(flight)")
            }
            try await world.expectReports(0, of: pilot)
        }

        @Test func fp07ReportWithWrongPassword() async throws {
            let (world, pilot, flight) = try await fresh()
            for password in ["wrong", "", "none"] {
                let fields = report(pilot, flight, ["Password": password])
                #expect(try await post(world, pilot.key, fields).text == Self.wrong, "\(password)")
            }
            try await world.expectReports(0, of: pilot)
        }

        @Test func fp08CodeAlone() async throws {
            let (world, pilot, flight) = try await fresh()
            let fields = report(pilot, flight, ["DepartureIcaoName": "KJFK"])
            #expect(try await post(world, pilot.key, fields).text == Self.saved)
            #expect(try await world.report(of: pilot)["dep"] == "KJFK")
        }

        @Test func fp09TextStaysText() async throws {
            let (world, pilot, flight) = try await fresh()
            let fields = report(pilot, flight, ["PassengersOpinionText": "Good.<br>\n<script>alert(1)</script>"])
            #expect(try await post(world, pilot.key, fields).text == Self.saved)
            let log = try await world.report(of: pilot)["log"]?.items ?? []
            #expect(log.contains("PassengersOpinionText=Good.<br>") && log.contains("<script>alert(1)</script>"))
        }

        @Test func fp10NoCommand() async throws {
            let world = try keyedWorld()
            let key = try world.pilot(1).key
            let user = [("UserName", "VMS0001"), ("Password", "secret")]
            for fields in [user, [("FsPAskConnexion", "YES")] + user, []] {
                #expect(try await post(world, key, fields).body.isEmpty)
            }
        }

        @Test(arguments: [Way.path, .host])
        func fp11Get(_ way: Way) async throws {
            let world = try keyedWorld()
            let address = way.address(world, key: try world.pilot(1).key)
            let answer = try await Web.send("GET", address.url, headers: address.host.map { [("Host", $0)] } ?? [])
            #expect(answer.status == 200 && answer.body.isEmpty)
        }

        @Test func fp12Crash() async throws {
            let (world, pilot, flight) = try await fresh()
            #expect(try await post(world, pilot.key, report(pilot, flight, ["CrashFlag": "1"])).text == Self.saved)
            #expect(try await world.report(of: pilot)["log"]?.items?.contains("CrashFlag=1") == true)
        }

        /// Last: it changes what the airline tells everybody.
        @Test func fp13TheAirlinesUnitsAndWelcome() async throws {
            let world = try keyedWorld()
            let pilot = try world.pilot(2)
            let server = world.airline.server
            try await server.run(
                "tenant", "set", "demo", "--tracker", "fspassengers.fuel=2", "--tracker", "fspassengers.weight=0",
                "--tracker", "fspassengers.welcome=Hello", "--tracker", "fspassengers.allow-none=1")
            try await eventually("new settings") {
                let answer = try await post(world, pilot.key, connect("VMS0002", "none"))
                return answer.text
                    == "#Answer# Ok - connected;Weight=0 Dist=2 Speed=1 Alt=1 Liqu=2#welcome#Hello#endwelcome#"
                    ? true : nil
            }
            try await server.run(
                "tenant", "set", "demo", "--tracker", "fspassengers.fuel=", "--tracker", "fspassengers.weight=",
                "--tracker", "fspassengers.welcome=", "--tracker", "fspassengers.allow-none=")
            try await eventually("old settings") {
                try await post(world, pilot.key, connect("VMS0002", "secret2")).text == Self.connected ? true : nil
            }
            #expect(try await post(world, pilot.key, connect("VMS0002", "none")).text == Self.wrong)
        }
    }
}
