import Foundation
import NIOHTTP1
import Testing

extension EndToEnd {
    /// The conformance cases S-18 to S-23 of the wire page, over real sockets. A case's number stands in its test's name.
    @Suite(.serialized, .keyedWorld)
    struct FSACARS4ConformanceTests {
        /// A way to reach the calls.
        enum Way: String, Sendable, CaseIterable, CustomTestStringConvertible {
            case path = "by path"
            case host = "by host, /fsacars4/"
            var testDescription: String { rawValue }

            /// - Parameter key: nil leaves it out.
            func address(_ world: KeyedWorld, key: String?, _ call: String) -> (url: String, host: String?) {
                let url = world.airline.server.url
                let key = key.map { "k/\($0)/" } ?? ""
                return switch self {
                case .path: ("\(url)/acars/demo/fsacars4/\(key)\(call)", nil)
                case .host: ("\(url)/fsacars4/\(key)\(call)", KeyedWorld.host)
                }
            }
        }

        /// What a client of this protocol sends.
        struct Client: Sendable {
            let world: KeyedWorld
            /// Of the path.
            let key: String?
            var way = Way.path

            /// Everything that holds for every answer is checked here: 200, plain text, no redirect.
            func send(
                _ call: String, _ fields: [(String, String)], inQuery: Bool = false,
                sourceLocation: SourceLocation = #_sourceLocation
            ) async throws -> String {
                let form = fields.map { "\($0.0)=\($0.1.queryEscaped)" }.joined(separator: "&")
                let address = way.address(world, key: key, call)
                var headers = address.host.map { [("Host", $0)] } ?? []
                if !inQuery { headers.append(("Content-Type", "application/x-www-form-urlencoded")) }
                let answer = try await Web.send(
                    inQuery ? "GET" : "POST", address.url + (inQuery ? "?" + form : ""), headers: headers,
                    body: inQuery ? nil : Array(form.utf8))
                #expect(answer.status == 200, "\(answer.text)", sourceLocation: sourceLocation)
                let type = answer.headers["Content-Type"].joined()
                #expect(type.hasPrefix("text/plain"), "\(type)", sourceLocation: sourceLocation)
                #expect(answer.headers["Location"].isEmpty, sourceLocation: sourceLocation)
                return answer.text
            }
        }

        private func fresh(
            _ way: Way = .path
        ) async throws -> (world: KeyedWorld, pilot: KeyedWorld.Pilot, client: Client) {
            let world = try keyedWorld()
            let pilot = try await world.freshPilot()
            return (world, pilot, Client(world: world, key: pilot.key, way: way))
        }

        static func position(_ pilot: String, hash: String) -> [(String, String)] {
            [
                ("user", pilot), ("fhash", hash), ("lat2", "41,000000"), ("lon2", "-72,500000"), ("msl", "18012"),
                ("gskts", "412"), ("hdgtrue", "52"), ("onground", "0"), ("aircraft", "Embraer ERJ145"),
                ("orig", "KJFK"), ("dest", "KBOS"), ("etime", "1234"),
            ]
        }
        static func report(
            _ pilot: String, _ password: String, flight: String, hash: String
        ) -> [(String, String)] {
            [
                ("user", pilot), ("pass", password), ("auth", ""), ("verf", "FSACARS"), ("version", "4.2.5"),
                ("fhash", hash), ("datestamp", String(Int(Date().timeIntervalSince1970))), ("fnum", flight),
                ("aircraft", "Embraer ERJ145"), ("atcData", "N845MJ/1000/Demo/E145"), ("lat1", "40.6398"),
                ("lon1", "-73.7789"), ("lat2", "42.3655"), ("lon2", "-71.0096"), ("lat3", "42.3643"),
                ("lon3", "-71.0052"), ("timeout", "1032"), ("timeoff", "1045"), ("timeon", "1131"), ("timein", "1144"),
                ("blocktime", "1,2"), ("airtime", "0,77"), ("actualNM", "171,5"), ("fuelstart", "9800"),
                ("fuelstop", "5680"), ("landingFPM", "-187"), ("crashed", "0"), ("pirep", "nice flight"),
            ]
        }
        private static func hash() -> String { UUID().uuidString.filter { $0 != "-" } }

        // MARK: Log-in

        @Test(arguments: Way.allCases)
        func s18UserQuery(_ way: Way) async throws {
            let world = try keyedWorld()
            // With the key in the address, and without it: the secret is enough.
            for key in [nil, try world.pilot(1).key] {
                let client = Client(world: world, key: key, way: way)
                for inQuery in [false, true] {
                    let right = [("user", "VMS0001"), ("pass", "secret")]
                    #expect(try await client.send("userquery", right, inQuery: inQuery) == "USEROK")
                    let wrong = [("user", "VMS0001"), ("pass", "wrong")]
                    #expect(try await client.send("userquery", wrong, inQuery: inQuery) == "NOUSR")
                }
            }
        }

        @Test func s18OthersAndNobody() async throws {
            let world = try keyedWorld()
            let client = Client(world: world, key: nil)
            for (user, pass) in [
                ("VMS0003", "secret3"), ("VMS0001", "elsewhere"), ("VMS9999", "secret"), ("", "secret"),
                ("VMS0001", ""),
                ("VMS0001", "secret2"),
            ] {
                #expect(try await client.send("userquery", [("user", user), ("pass", pass)]) == "NOUSR", "\(user)")
            }
            #expect(try await client.send("userquery", [("user", "vms0001"), ("hash", "secret")]) == "USEROK")
        }

        /// Hash modes: a digest of the tracker key, never of the password.
        @Test func s18Digests() async throws {
            let world = try keyedWorld()
            let pilot = try world.pilot(1)
            let client = Client(world: world, key: nil)
            #expect(try await client.send("userquery", [("user", pilot.ident), ("pass", pilot.key)]) == "USEROK")
            for program in ["md5sum", "sha1sum", "sha256sum", "sha512sum"] {
                for (text, answer) in [(pilot.key, "USEROK"), (pilot.password, "NOUSR")] {
                    let server = world.airline.server
                    let process = try ChildProcess(
                        "/usr/bin/\(program)", [], environment: server.environment, folder: server.folder,
                        input: Array(text.utf8))
                    #expect(try await process.exitCode(within: .seconds(60)) == 0)
                    let digest = String(process.output.prefix { !$0.isWhitespace })
                    #expect(
                        try await client.send("userquery", [("user", pilot.ident), ("pass", digest)]) == answer,
                        "\(program)")
                }
            }
        }

        @Test func theServerPassword() async throws {
            let world = try keyedWorld()
            let server = world.airline.server
            let guarded = Airline(server: server, slug: "guarded", icao: "GRD", password: "s3cret")
            try await server.run("tenant", "create", "guarded", "--name", "Guarded", "--icao", "GRD")
            try await guarded.addUser(1, name: "Ada Kern")
            try await server.run("tenant", "set", "guarded", "--tracker", "fsacars4.serverpass=air")
            let url = "\(server.url)/acars/guarded/fsacars4/pirep"
            for (fields, answer) in [
                ("pass=s3cret", "#RXOK#|Invalid login|"), ("pass=s3cret&auth=wrong", "#RXOK#|Invalid login|"),
                ("pass=s3cret&auth=air", "#RXOK#|Report received|"),
                ("pass=air&hash=s3cret&fhash=2", "#RXOK#|Report received|"),
            ] {
                let body = "user=GRD0001&fnum=GRD1&orig=KJFK&dest=KBOS&\(fields)"
                let reply = try await Web.send(
                    "POST", url, headers: [("Content-Type", "application/x-www-form-urlencoded")],
                    body: Array(body.utf8))
                #expect(reply.text == answer, "\(fields)")
            }
        }

        // MARK: Dispatch

        @Test(arguments: Way.allCases)
        func s19Dispatch(_ way: Way) async throws {
            let world = try keyedWorld()
            func ask(_ number: Int, key: Int?) async throws -> String {
                let client = Client(world: world, key: try key.map { try world.pilot($0).key }, way: way)
                return try await client.send(
                    "dispatch", [("user", "VMS000\(number)"), ("orig", "KJFK"), ("dest", ""), ("rqst", "dest")])
            }
            let booked = try await ask(1, key: 1)
            #expect(booked.hasPrefix("KJFK|KBOS|") && booked.hasSuffix("|VMS1000|RESERVED|"))
            #expect(booked.split(separator: "|", omittingEmptySubsequences: false).count == 6)
            let none = "|No active booking found|N/A|"
            #expect(try await ask(2, key: 2) == none)
            // Another pilot's booking is not shown, nor anybody's without a key.
            #expect(try await ask(1, key: 2) == none)
            #expect(try await ask(1, key: nil) == none)
        }

        // MARK: Positions

        @Test(arguments: Way.allCases)
        func s20Position(_ way: Way) async throws {
            let (world, pilot, client) = try await fresh(way)
            let position = Self.position(pilot.ident, hash: Self.hash())
            #expect(try await client.send("posrep", position) == "")
            let flight = try await eventually("flight of \(pilot.ident)") { try await world.live(pilot) }
            #expect(flight["lat"] == 41 && flight["lon"]?.number == -72.5)
            #expect(flight["gs_kt"] == 412 && flight["alt_ft"] == 18012)
            #expect(flight["dep"] == "KJFK" && flight["arr"] == "KBOS")
        }

        @Test func s20PositionOfNobody() async throws {
            let (world, pilot, client) = try await fresh()
            #expect(try await client.send("posrep", Self.position("VMS0002", hash: Self.hash())) == "")
            let stranger = Client(world: world, key: nil)
            #expect(try await stranger.send("posrep", Self.position(pilot.ident, hash: Self.hash())) == "")
            try await Task.sleep(for: .milliseconds(1200))
            #expect(try await world.live(pilot) == nil)
            #expect(try await world.live(try world.pilot(2)) == nil)
        }

        // MARK: Reports

        @Test(arguments: Way.allCases)
        func s21s22Report(_ way: Way) async throws {
            let (world, pilot, keyed) = try await fresh(way)
            let flight = try world.freshFlight()
            let hash = Self.hash()
            try await world.book(flight, for: pilot)
            #expect(try await keyed.send("posrep", Self.position(pilot.ident, hash: hash)) == "")
            let live = try await eventually("flight on the map") { try await world.live(pilot) }
            let client = Client(world: world, key: nil, way: way)
            let report = Self.report(pilot.ident, pilot.password, flight: flight, hash: hash)
            for _ in 0..<2 { #expect(try await client.send("pirep", report) == "#RXOK#|Report received|") }
            let filed = try await world.report(of: pilot)
            #expect(filed["flight_id"] == live["id"])
            #expect(filed["block_min"] == 72 && filed["flight_time_min"] == 46)
            #expect(filed["landing_rate_fpm"] == -187)
            #expect(filed["dep"] == "KJFK" && filed["arr"] == "KBOS" && filed["reg"] == "N845MJ")
            #expect(abs((filed["fuel_used_kg"]?.number ?? 0) - 1868.8) < 0.1)
            #expect(filed["comments"] == "nice flight")
            // Other content under the same key is received and not stored.
            let other = report.map { $0.0 == "landingFPM" ? ($0.0, "-20") : $0 }
            #expect(try await client.send("pirep", other).hasPrefix("#RXOK#|"))
            try await world.expectReports(1, of: pilot)
            #expect(try await world.report(of: pilot)["landing_rate_fpm"] == -187)
        }

        @Test func s21ReportWithoutPositions() async throws {
            let (world, pilot, client) = try await fresh()
            let flight = try world.freshFlight()
            let report = Self.report(pilot.ident, pilot.password, flight: flight, hash: Self.hash())
            #expect(try await client.send("pirep", report, inQuery: true) == "#RXOK#|Report received|")
            let filed = try await world.report(of: pilot)
            #expect(filed["callsign"]?.text == flight && filed["dep"] == "KJFK" && filed["arr"] == "KBOS")
        }

        @Test func s22TheSameReportTwiceAtOnce() async throws {
            let (world, pilot, client) = try await fresh()
            let report = Self.report(
                pilot.ident, pilot.password, flight: try world.freshFlight(), hash: Self.hash())
            let answers = try await withThrowingTaskGroup(of: String.self) { group in
                for _ in 0..<8 { group.addTask { try await client.send("pirep", report) } }
                return try await group.reduce(into: []) { $0.append($1) }
            }
            #expect(answers.allSatisfy { $0.hasPrefix("#RXOK#|") })
            try await world.expectReports(1, of: pilot)
        }

        @Test func s23WrongPassword() async throws {
            let (world, pilot, client) = try await fresh()
            for (user, pass) in [(pilot.ident, "wrong"), ("VMS9999", "secret"), ("VMS0002", pilot.password)] {
                let report = Self.report(user, pass, flight: "VMS1000", hash: Self.hash())
                for client in [client, Client(world: world, key: nil)] {
                    #expect(try await client.send("pirep", report) == "#RXOK#|Invalid login|")
                }
            }
            try await world.expectReports(0, of: pilot)
        }
    }
}
