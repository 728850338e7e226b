import Foundation
import NIOHTTP1
import Testing

extension EndToEnd {
    /// The conformance cases A1 to A29 of the wire page, over real sockets. A case's number stands in its test's name.
    @Suite(.serialized, .world(spare: 40))
    struct SmartCARS2ConformanceTests {
        /// A way to reach the script.
        enum Way: String, Sendable, CaseIterable, CustomTestStringConvertible {
            case path = "by path"
            case bare = "by path, without frame.php"
            case host = "by host, /frame.php"
            case folder = "by host, /va/smartCARS/frame.php"
            case named = "by host, /smartcars2/frame.php"
            var testDescription: String { rawValue }

            func script(_ world: World) -> Script {
                let url = world.airline.server.url
                let host = "trackers.example"
                return switch self {
                case .path: Script(url: url + "/acars/demo/smartcars2/frame.php", host: nil)
                case .bare: Script(url: url + "/acars/demo/smartcars2/", host: nil)
                case .host: Script(url: url + "/frame.php", host: host)
                case .folder: Script(url: url + "/va/smartCARS/frame.php", host: host)
                case .named: Script(url: url + "/smartcars2/frame.php", host: host)
                }
            }
        }

        /// `frame.php` as a client calls it.
        struct Script: Sendable {
            let url: String
            /// Sent instead of the address' own name.
            let host: String?

            /// Everything that holds for every answer is checked here: 200, text, no line break at the end, no redirect.
            func call(
                _ action: String?, _ query: [(String, String)] = [], body: [(String, String)]? = nil,
                method: String? = nil, sourceLocation: SourceLocation = #_sourceLocation
            ) async throws -> String {
                let arguments = (action.map { [("action", $0)] } ?? []) + query
                let text = Self.form(arguments)
                var headers = host.map { [("Host", $0)] } ?? []
                if body != nil { headers.append(("Content-Type", "application/x-www-form-urlencoded")) }
                let answer = try await Web.send(
                    method ?? (body == nil ? "GET" : "POST"), url + (text.isEmpty ? "" : "?" + text),
                    headers: headers, body: body.map { Array(Self.form($0).utf8) })
                #expect(answer.status == 200, "\(answer.text)", sourceLocation: sourceLocation)
                #expect(answer.headers["Location"].isEmpty, sourceLocation: sourceLocation)
                let type = answer.headers["Content-Type"].joined()
                #expect(type == "text/html; charset=UTF-8", sourceLocation: sourceLocation)
                #expect(!answer.text.hasSuffix("\n"), "\(answer.text)", sourceLocation: sourceLocation)
                return answer.text
            }

            private static func form(_ pairs: [(String, String)]) -> String {
                pairs.map { "\($0.0)=\($0.1.queryEscaped)" }.joined(separator: "&")
            }

            func logIn(
                _ user: String, password: String = "s3cret", session: String = Script.session(),
                sourceLocation: SourceLocation = #_sourceLocation
            ) async throws -> String {
                try await call(
                    "manuallogin", [("userid", user), ("sessionid", session), ("new", "true")],
                    body: [("password", password)], sourceLocation: sourceLocation)
            }

            /// 64 letters and digits.
            static func session() -> String {
                (UUID().uuidString + UUID().uuidString).filter { $0 != "-" }
            }
        }

        /// A client that is logged in.
        struct Client: Sendable {
            let script: Script
            let world: World
            let number: Int
            let session: String

            static func logIn(_ script: Script, _ world: World, _ number: Int) async throws -> Client {
                let session = Script.session()
                let answer = try await script.logIn(String(number), session: session)
                guard answer.hasPrefix("\(number),") else {
                    throw TimedOut(description: "pilot \(number) could not log in: \(answer)")
                }
                return Client(script: script, world: world, number: number, session: session)
            }

            func write(
                _ action: String, _ query: [(String, String)], body: [(String, String)]? = nil,
                sourceLocation: SourceLocation = #_sourceLocation
            ) async throws -> String {
                try await script.call(
                    action, [("dbid", String(number)), ("sessionid", session)] + query, body: body,
                    sourceLocation: sourceLocation)
            }
            func read(
                _ action: String, _ query: [(String, String)] = [], sourceLocation: SourceLocation = #_sourceLocation
            ) async throws -> String {
                try await script.call(action, [("dbid", String(number))] + query, sourceLocation: sourceLocation)
            }

            /// Records of a list; none for `NONE`.
            func list(
                _ action: String, _ query: [(String, String)] = [], sourceLocation: SourceLocation = #_sourceLocation
            ) async throws -> [[String]] {
                let text = try await read(action, query, sourceLocation: sourceLocation)
                return text == "NONE" ? [] : records(text)
            }

            /// Number of a timetable entry.
            func routeID(_ flight: String, from departure: String = "LEMD") async throws -> String {
                let all = try await list("searchflights", [("departureicao", departure)])
                return try #require(all.first { $0[2] == flight }, "no \(flight)")[0]
            }

            /// A bid on an entry nobody booked before.
            func bid() async throws -> Bid {
                let flight = try world.entry()
                let route = try await routeID(flight)
                #expect(try await write("bidonflight", [("routeid", route)]) == "FLIGHT_BID")
                let bid = try #require(try await list("getbidflights").first { $0[1] == route })
                return Bid(id: bid[0], route: route, flight: flight)
            }

            func position(
                _ bid: Bid, _ changes: [String: String?] = [:], sourceLocation: SourceLocation = #_sourceLocation
            ) async throws -> String {
                try await write(
                    "positionreport", changed(bid.position, changes), body: [("route", "MID")],
                    sourceLocation: sourceLocation)
            }
            func file(
                _ bid: Bid, _ changes: [String: String?] = [:], sourceLocation: SourceLocation = #_sourceLocation
            ) async throws -> String {
                try await write(
                    "filepirep", changed(bid.report, changes),
                    body: [("route", "MID UN615 XAMAB"), ("comments", "nice flight"), ("log", Bid.log)],
                    sourceLocation: sourceLocation)
            }

            private func changed(_ fields: [(String, String)], _ changes: [String: String?]) -> [(String, String)] {
                fields.compactMap { name, value in (changes[name] ?? value).map { (name, $0) } }
            }
        }

        struct Bid: Sendable {
            let id: String
            let route: String
            let flight: String

            static let log =
                "smartCARS version 2.1.34.3, 2026/11/21 UTC[10:00:00] Preflight started, flying offline[10:03:00] Pushing "
                + "back with 10883 lb of fuel[11:15:00] Arrived, flight duration: 01:15"
            var position: [(String, String)] {
                [
                    ("code", "DEM"), ("flightnumber", "DEM\(flight)"), ("routeid", route), ("bidid", id),
                    ("departureicao", "LEMD"), ("arrivalicao", "LEBL"), ("aircraft", "G-DEMA"), ("altitude", "1140"),
                    ("magneticheading", "76"), ("trueheading", "72"), ("latitude", "53.413018235782"),
                    ("longitude", "-6.33512218056819"), ("groundspeed", "145"), ("distanceremaining", "2"),
                    ("phase", "8"), ("departuretime", "19:45:51"), ("timeremaining", "0:01"),
                    ("arrivaltime", "19:51:00"), ("onlinenetwork", "Offline"),
                ]
            }
            var report: [(String, String)] {
                [
                    ("code", "DEM"), ("flightnumber", flight), ("departureicao", "LEMD"), ("arrivalicao", "LEBL"),
                    ("aircraft", "1"), ("routeid", route), ("bidid", id), ("landingrate", "-182"),
                    ("fuelused", "5321"), ("load", "150"), ("flighttime", "01.15"),
                ]
            }
        }

        /// Records between `;`, fields between `|`.
        static func records(_ text: String) -> [[String]] {
            text.split(separator: ";", omittingEmptySubsequences: false).map {
                $0.split(separator: "|", omittingEmptySubsequences: false).map(String.init)
            }
        }
        static func fields(_ text: String) -> [String] {
            text.split(separator: ",", omittingEmptySubsequences: false).map(String.init)
        }

        private func pilot7(_ way: Way = .path) async throws -> (World, Client) {
            let world = try suiteWorld()
            return (world, try await Client.logIn(way.script(world), world, 7))
        }
        /// A pilot nobody used before, logged in.
        private func fresh(_ way: Way = .path) async throws -> (World, Client) {
            let world = try suiteWorld()
            let number = try await world.pilot(world.airline.access()).number
            return (world, try await Client.logIn(way.script(world), world, number))
        }

        /// The flight of a pilot on the map, once it is at this latitude.
        private func live(_ client: Client, latitude: Double) async throws -> JSON {
            let staff = try await client.world.airline.staff()
            let ident = client.world.airline.ident(client.number)
            return try await eventually("flight of \(ident) at \(latitude)") { () -> JSON? in
                let flights = try await staff.json("live")["flights"]?.items ?? []
                return flights.first { flight in
                    flight["pilot"]?.text == ident && abs((flight["lat"]?.number ?? 0) - latitude) < 0.000_001
                }
            }
        }
        private func reports(_ client: Client) async throws -> [JSON] {
            let ident = client.world.airline.ident(client.number)
            return try await client.world.airline.staff().all("pireps").filter { $0["pilot"]?.text == ident }
        }

        // MARK: Self-test

        @Test(arguments: Way.allCases)
        func a1SelfTest(_ way: Way) async throws {
            let text = try await way.script(try suiteWorld()).call(nil)
            #expect(text.hasPrefix("Script OK, Frame Version: "))
            #expect(text.contains(", Interface Version: "))
        }

        @Test func a2UnknownAction() async throws {
            let script = Way.path.script(try suiteWorld())
            for action in ["nosuch", "ManualLogin", ""] {
                #expect(try await script.call(action).hasPrefix("Script OK, Frame Version: "))
            }
        }

        // MARK: Sessions

        @Test(arguments: Way.allCases)
        func a3LogIn(_ way: Way) async throws {
            let world = try suiteWorld()
            let number = try await world.pilot(world.airline.access()).number
            let session = Script.session()
            let fields = Self.fields(try await way.script(world).logIn(String(number), session: session))
            #expect(
                fields == [
                    String(number), "DEM", String(format: "%04d", number), session, "Pilot", String(number),
                    "pilot\(number)@demo.example", "0", fields.last ?? "",
                ])
            #expect(fields.count == 9 && fields.last?.isEmpty == false)
        }

        @Test func a3NamesLoseTheirCommas() async throws {
            let world = try suiteWorld()
            try await world.airline.addUser(70, name: "Ada, Jr Kern")
            let fields = Self.fields(try await Way.path.script(world).logIn("70"))
            #expect(fields.count == 9 && fields[4] == "Ada Jr" && fields[5] == "Kern")
        }

        @Test(arguments: ["7", "0007", "DEM0007", "dem7", "ada@demo.example"])
        func a3NamesOfAPilot(_ name: String) async throws {
            #expect(try await Way.path.script(try suiteWorld()).logIn(name).hasPrefix("7,DEM,0007,"))
        }

        @Test func a4WrongPasswordLooksLikeUnknownPilot() async throws {
            let script = Way.path.script(try suiteWorld())
            #expect(try await script.logIn("7", password: "wrong") == "AUTH_FAILED")
            for name in ["99999", "OTH0007", "", "x"] { #expect(try await script.logIn(name) == "AUTH_FAILED") }
            for session in ["", String(repeating: "a", count: 65)] {
                #expect(try await script.logIn("7", session: session) == "AUTH_FAILED")
            }
        }

        @Test func a5PasswordInTheQuery() async throws {
            let script = Way.path.script(try suiteWorld())
            let query = [("userid", "7"), ("sessionid", Script.session()), ("password", "s3cret")]
            #expect(try await script.call("manuallogin", query, body: []) == "AUTH_FAILED")
            #expect(try await script.call("manuallogin", query) == "AUTH_FAILED")
        }

        @Test func a6UnconfirmedAndRetired() async throws {
            let world = try suiteWorld()
            let script = Way.path.script(world)
            #expect(try await script.logIn("8") == "ACCOUNT_UNCONFIRMED")
            try await world.airline.addUser(90, name: "Old Hand")
            try await world.airline.server.run("user", "disable", "--tenant", "demo", "--id", "DEM0090")
            #expect(try await script.logIn("90") == "ACCOUNT_INACTIVE")
            #expect(try await script.logIn("90", password: "wrong") == "AUTH_FAILED")
        }

        @Test(arguments: [Way.path, .host])
        func a7AutomaticLogIn(_ way: Way) async throws {
            let (_, client) = try await fresh(way)
            let session = Script.session()
            let answer = try await client.script.call(
                "automaticlogin",
                [
                    ("dbid", String(client.number)), ("oldsessionid", client.session), ("sessionid", session),
                    ("new", "true"),
                ])
            let fields = Self.fields(answer)
            #expect(fields.count == 9 && fields[3] == session)
            // Both are good from then on.
            for good in [session, client.session] {
                let answer = try await client.script.call(
                    "verifysession", [("dbid", String(client.number)), ("sessionid", good)])
                #expect(answer == "\(good),Pilot,\(client.number)")
            }
        }

        @Test func a8AutomaticLogInWithAStrangersSession() async throws {
            let (_, client) = try await pilot7()
            for (dbid, old) in [
                ("7", Script.session()), ("8", client.session), ("9", client.session), ("", client.session),
                ("7", ""), ("99999", client.session),
            ] {
                let answer = try await client.script.call(
                    "automaticlogin", [("dbid", dbid), ("oldsessionid", old), ("sessionid", Script.session())])
                #expect(answer == "AUTH_FAILED")
            }
        }

        @Test func a9Verification() async throws {
            let (_, client) = try await pilot7()
            let answer = try await client.write("verifysession", [])
            #expect(answer == "\(client.session),Ada,Kern")
            let stranger = try await client.script.call(
                "verifysession", [("dbid", "7"), ("sessionid", Script.session())])
            #expect(stranger == "AUTH_FAILED")
        }

        // MARK: Lists

        @Test(arguments: [Way.path, .named])
        func a10PilotCenter(_ way: Way) async throws {
            let (_, client) = try await fresh(way)
            #expect(try await client.read("getpilotcenterdata") == "0,0,N/A,0")
            #expect(try await client.script.call("getpilotcenterdata", [("dbid", "99999")]) == "NO_DATA")
        }

        @Test func a11Airports() async throws {
            let (_, client) = try await pilot7()
            let text = try await client.read("getairports")
            #expect(!text.hasSuffix(";"))
            let airports = Self.records(text)
            #expect(airports.allSatisfy { $0.count == 6 && Int($0[0]) != nil })
            #expect(Set(airports.map { $0[1] }).isSuperset(of: ["EGLL", "LFPG", "LEMD", "LEBL"]))
            let heathrow = try #require(airports.first { $0[1] == "EGLL" })
            #expect(abs((Double(heathrow[3]) ?? 0) - 51.47) < 0.05 && abs((Double(heathrow[4]) ?? 0) + 0.45) < 0.05)
        }

        @Test func a12Aircraft() async throws {
            let world = try suiteWorld()
            let row = "subfleet,iata,icao,name,registration,status\nB738,738,B738,\"Boeing; 737,-800\",G-DEMC,A\n"
            try await world.airline.server.run(
                "fleet", "import", "--tenant", "demo", try world.airline.server.file("more.csv", row))
            let (_, client) = try await pilot7()
            let aircraft = try await client.read("getaircraft").split(separator: ";").map { Self.fields(String($0)) }
            #expect(aircraft.allSatisfy { $0.count == 7 })
            #expect(aircraft.first { $0[0] == "1" }?.prefix(4) == ["1", "Boeing 737-800", "B738", "G-DEMA"])
            #expect(aircraft.first { $0[3] == "G-DEMC" }?[1] == "Boeing 737-800")
        }

        @Test func a13NoBids() async throws {
            let (_, client) = try await fresh()
            #expect(try await client.read("getbidflights") == "NONE")
        }

        // MARK: Bids

        @Test(arguments: [Way.path, .host])
        func a14a16Bid(_ way: Way) async throws {
            let (world, client) = try await fresh(way)
            let flight = try world.entry()
            let route = try await client.routeID(flight)
            #expect(try await client.write("bidonflight", [("routeid", route)]) == "FLIGHT_BID")
            #expect(try await client.write("bidonflight", [("routeid", route)]) == "FLIGHT_ALREADY_BID")
            for unknown in ["99999", "0", "-1", "abc", ""] {
                #expect(try await client.write("bidonflight", [("routeid", unknown)]) == "INVALID_ROUTEID")
            }
            let bids = try await client.list("getbidflights")
            #expect(bids.count == 1)
            let bid = try #require(bids.first)
            #expect(bid.count == 15)
            #expect(Int(bid[0]) != nil && bid[1] == route && bid[2] == "DEM" && bid[3] == flight)
            #expect(bid[4] == "LEMD" && bid[5] == "LEBL" && bid[6] == "MID UN615 XAMAB")
            #expect(bid[9] == "1.15" && bid[10] == "08:00" && bid[11] == "09:15")
            #expect(["randomopen", "randomlocked"].contains(bid[12]) || Int(bid[12]) != nil)
            #expect(bid[13] == "P" && bid[14] == "0123456")
            // Somebody else finds it taken.
            let (_, other) = try await fresh()
            #expect(try await other.write("bidonflight", [("routeid", route)]) == "FLIGHT_ALREADY_BID")
        }

        @Test func a15BidWithAWrongSession() async throws {
            let (world, client) = try await fresh()
            let route = try await client.routeID(try world.entry())
            for (dbid, session) in [
                (String(client.number), Script.session()), ("7", client.session), (String(client.number), ""),
                ("", client.session), (String(client.number), client.session + "x"),
            ] {
                let answer = try await client.script.call(
                    "bidonflight", [("dbid", dbid), ("sessionid", session), ("routeid", route)])
                #expect(answer == "AUTH_FAILED")
            }
            #expect(try await client.read("getbidflights") == "NONE")
        }

        @Test func a17FlightSearch() async throws {
            let (_, client) = try await pilot7()
            let empty = [("arrivalicao", ""), ("mintime", ""), ("maxtime", ""), ("aircraft", "")]
            let found = try await client.list("searchflights", [("departureicao", "EGLL")] + empty)
            #expect(found.count == 1)
            let flight = try #require(found.first)
            #expect(flight.count == 12 && Int(flight[0]) != nil)
            #expect(Array(flight[1...6]) == ["DEM", "101", "EGLL", "LFPG", "MID UN615 XAMAB", "350"])
            #expect(flight[7] == "1" && flight[8] == "1.15" && flight[11] == "0123456")
            #expect(try await client.read("searchflights", [("departureicao", "ZZZZ")] + empty) == "NONE")
            let named = try await client.list("searchflights", [("aircraft", "Airbus A320"), ("maxtime", "1.2")])
            #expect(named.map { $0[2] } == ["102"])
        }

        // MARK: Positions

        @Test(arguments: [Way.path, .folder])
        func a18Position(_ way: Way) async throws {
            let (_, client) = try await fresh(way)
            let bid = try await client.bid()
            #expect(try await client.position(bid) == "SUCCESS")
            let flight = try await live(client, latitude: 53.413018235782)
            #expect(flight["callsign"]?.text == "DEM\(bid.flight)")
            #expect(flight["reg"]?.text == "G-DEMA")
            #expect(flight["phase"] == "approach" && flight["gs_kt"] == 145 && flight["alt_ft"] == 1140)
        }

        @Test func a19PositionWithCommas() async throws {
            let (_, client) = try await fresh()
            let bid = try await client.bid()
            #expect(try await client.position(bid, ["latitude": "53,413", "longitude": "-6,335"]) == "SUCCESS")
            let flight = try await live(client, latitude: 53.413)
            #expect(flight["lon"]?.number == -6.335)
        }

        @Test func a20PositionWithoutTimes() async throws {
            let (_, client) = try await fresh()
            let bid = try await client.bid()
            let changes = ["timeremaining": "N/A", "arrivaltime": "N/A", "departuretime": "N/A"]
            #expect(try await client.position(bid, changes) == "SUCCESS")
            _ = try await live(client, latitude: 53.413018235782)
        }

        @Test func a21PositionsThatAreNone() async throws {
            let (_, client) = try await fresh()
            let bid = try await client.bid()
            for changes in [
                ["phase": "99"], ["latitude": "abc"], ["latitude": nil], ["longitude": "181"], ["altitude": "1e999"],
                ["groundspeed": "fast"],
            ] as [[String: String?]] {
                #expect(try await client.position(bid, changes) == "ERROR", "\(changes)")
            }
            // They opened nothing.
            let staff = try await client.world.airline.staff()
            #expect(try await staff.all("flights?q=\(client.world.airline.ident(client.number))").isEmpty)
        }

        @Test func a22PositionOfNoBidOfTheirs() async throws {
            let (_, client) = try await fresh()
            let bid = try await client.bid()
            let (_, other) = try await fresh()
            #expect(try await other.position(bid) == "ERROR")
            for id in ["99999", "", "0", "x"] { #expect(try await client.position(bid, ["bidid": id]) == "ERROR") }
            let query = [("dbid", String(client.number)), ("sessionid", Script.session())] + bid.position
            #expect(try await client.script.call("positionreport", query, body: []) == "AUTH_FAILED")
        }

        // MARK: Reports

        @Test(arguments: [Way.path, .host])
        func a23a24Report(_ way: Way) async throws {
            let (world, client) = try await fresh(way)
            let bid = try await client.bid()
            #expect(try await client.position(bid) == "SUCCESS")
            let flight = try #require(try await live(client, latitude: 53.413018235782)["id"]?.text)
            #expect(try await client.file(bid) == "SUCCESS")
            #expect(try await client.read("getbidflights") == "NONE")
            let report = try await world.airline.staff().judged(flight)
            #expect(report["flight_time_min"] == 75 && report["landing_rate_fpm"] == -182 && report["pax"] == 150)
            #expect(abs((report["fuel_used_kg"]?.number ?? 0) - 2413.6) < 0.1)
            #expect(report["reg"] == "G-DEMA" && report["route"] == "MID UN615 XAMAB")
            #expect(report["comments"] == "nice flight")
            #expect(report["log"]?.items?.count == 4)
            #expect(report["log"]?[1] == "[10:00:00] Preflight started, flying offline")
            // Again, and again with other content: the first one stays.
            #expect(try await client.file(bid) == "SUCCESS")
            #expect(try await client.file(bid, ["landingrate": "-50"]) == "SUCCESS")
            #expect(try await reports(client).count == 1)
            #expect(try await world.airline.staff().json("pireps/\(flight)")["landing_rate_fpm"] == -182)
            #expect(try await client.position(bid) == "ERROR")
        }

        @Test func a23ReportWithoutAPosition() async throws {
            let (_, client) = try await fresh()
            let bid = try await client.bid()
            #expect(try await client.file(bid, ["aircraft": "G-DEMB"]) == "SUCCESS")
            #expect(try await client.read("getbidflights") == "NONE")
            let report = try await eventually("report") { try await reports(client).first }
            #expect(report["callsign"]?.text == "DEM\(bid.flight)")
        }

        @Test func a23ReportsThatCannotBeRead() async throws {
            let (_, client) = try await fresh()
            let bid = try await client.bid()
            for changes in [["flighttime": "abc"], ["landingrate": "hard"], ["fuelused": "-1"], ["bidid": "99999"]] {
                #expect(try await client.file(bid, changes) == "ERROR", "\(changes)")
            }
            #expect(try await client.list("getbidflights").count == 1)
            let (_, other) = try await fresh()
            #expect(try await other.file(bid) == "ERROR")
        }

        @Test func a24TheSameReportTwiceAtOnce() async throws {
            let (_, client) = try await fresh()
            let bid = try await client.bid()
            #expect(try await client.position(bid) == "SUCCESS")
            let answers = try await withThrowingTaskGroup(of: String.self) { group in
                for _ in 0..<8 { group.addTask { try await client.file(bid) } }
                return try await group.reduce(into: []) { $0.append($1) }
            }
            #expect(answers.allSatisfy { $0 == "SUCCESS" })
            _ = try await eventually("report") { try await reports(client).first }
            try await Task.sleep(for: .milliseconds(1200))
            #expect(try await reports(client).count == 1)
        }

        @Test func a25a26ReportsRead() async throws {
            let (world, client) = try await fresh()
            let bid = try await client.bid()
            #expect(try await client.position(bid) == "SUCCESS")
            let flight = try #require(try await live(client, latitude: 53.413018235782)["id"]?.text)
            #expect(try await client.read("searchpireps", [("status", "")]) == "NONE")
            #expect(try await client.file(bid) == "SUCCESS")
            let empty = ["departureicao", "arrivalicao", "startdate", "enddate", "aircraft"].map { ($0, "") }
            let all = try await client.list("searchpireps", empty + [("status", "")])
            let listed = try #require(all.first)
            #expect(all.count == 1 && listed.count == 7)
            let day = Date().formatted(
                .verbatim(
                    "\(month: .twoDigits)/\(day: .twoDigits)/\(year: .padded(4))", locale: Locale(identifier: "en"),
                    timeZone: .gmt, calendar: Calendar(identifier: .gregorian)))
            #expect(Array(listed[1...]) == ["DEM", bid.flight, day, "LEMD", "LEBL", "1"])
            // What the rules made of it decides under which filter it is found.
            let report = try await world.airline.staff().judged(flight)
            let (filter, digit) =
                switch report["state"]?.text {
                case "accepted": ("1", "1")
                case "rejected": ("3", "2")
                default: ("2", "0")
                }
            for status in ["1", "2", "3"] {
                let found = try await client.list("searchpireps", empty + [("status", status)])
                #expect(found.count == (status == filter ? 1 : 0), "\(status)")
            }
            let data = try await client.read("getpirepdata", [("pirepid", listed[0])])
            #expect(
                data
                    == "1.15,-182,5321,\(digit),smartCARS version 2.1.34.3 2026/11/21 UTC*[10:00:00] Preflight started "
                    + "flying offline*[10:03:00] Pushing back with 10883 lb of fuel*[11:15:00] Arrived flight duration: 01:15"
            )
            // Another pilot's is unknown.
            let (_, other) = try await fresh()
            #expect(try await other.read("getpirepdata", [("pirepid", listed[0])]) == ",,,,")
        }

        // MARK: Charters

        @Test func a27a28Charter() async throws {
            let (_, client) = try await fresh()
            let charter = [
                ("flightcode", ""), ("flightnumber", "927"), ("ticketprice", "100"), ("departureicao", "LEMD"),
                ("arrivalicao", "EGLL"), ("aircraft", "1"), ("flighttype", "1"), ("departuretime", "Time"),
                ("arrivaltime", "Time"), ("flighttime", "2.20"), ("cruisealtitude", "35000"), ("distance", "671"),
            ]
            #expect(try await client.write("createflight", charter, body: [("route", "MID")]) == "SUCCESS")
            let bids = try await client.list("getbidflights")
            let bid = try #require(bids.first)
            #expect(bids.count == 1 && bid.count == 15)
            #expect(Array(bid[2...9]) == ["SCC", "927", "LEMD", "EGLL", "MID", "35000", "1", "2.20"])
            #expect(bid[10] == "" && bid[11] == "" && bid[13] == "C")
            // It is nobody else's to find.
            let (_, other) = try await fresh()
            let found = try await other.list("searchflights", [("departureicao", "LEMD"), ("arrivalicao", "EGLL")])
            #expect(found.isEmpty)
            #expect(try await other.write("deletebidflight", [("bidid", bid[0])]) == "FLIGHT_DELETED")
            #expect(try await client.list("getbidflights").count == 1)
            for _ in 0..<2 {
                #expect(try await client.write("deletebidflight", [("bidid", bid[0])]) == "FLIGHT_DELETED")
            }
            #expect(try await client.read("getbidflights") == "NONE")
            let nowhere = charter.map { $0.0 == "arrivalicao" ? ($0.0, "ZZZZ") : $0 }
            #expect(try await client.write("createflight", nowhere, body: []) == "ERROR")
        }

        // MARK: Tenants

        @Test func a29SessionOfAnotherAirline() async throws {
            let (world, client) = try await pilot7()
            let other = try await Airline.make(
                on: world.airline.server, "other", icao: "OTH", name: "Other", password: "elsewhere")
            try await other.addUser(7, name: "Ada Other")
            let script = Script(url: world.airline.server.url + "/acars/other/smartcars2/frame.php", host: nil)
            let credential = [("dbid", "7"), ("sessionid", client.session)]
            #expect(try await script.call("verifysession", credential) == "AUTH_FAILED")
            #expect(try await script.call("bidonflight", credential + [("routeid", "1")]) == "AUTH_FAILED")
            #expect(try await script.logIn("7") == "AUTH_FAILED")
            #expect(try await script.logIn("7", password: "elsewhere").hasPrefix("7,OTH,0007,"))
        }

        @Test func eightFieldsForOldClients() async throws {
            let world = try suiteWorld()
            let old = try await Airline.make(
                on: world.airline.server, "old", icao: "OLD", name: "Old", password: "s3cret")
            try await old.addUser(7, name: "Ada Kern")
            try await world.airline.server.run("tenant", "set", "old", "--tracker", "smartcars2.login-fields=8")
            let script = Script(url: world.airline.server.url + "/acars/old/smartcars2/frame.php", host: nil)
            let fields = Self.fields(try await script.logIn("7"))
            #expect(fields.count == 8 && fields[5] == "Kern" && fields[6] == "0")
        }
    }
}
