import Foundation
import NIOHTTP1
import Testing

extension EndToEnd {
    /// The conformance cases 1 to 40 of the wire page, over real sockets. A case's number stands in its test's name.
    @Suite(.serialized, .world(spare: 60))
    struct PhpVMS7ConformanceTests {
        /// A way to reach the interface.
        enum Way: String, Sendable, CaseIterable, CustomTestStringConvertible {
            case path = "by path"
            case host = "by host, /api/"
            case folder = "by host, /va/api/"
            var testDescription: String { rawValue }

            func site(_ world: World) -> PhpVMSSite {
                let url = world.airline.server.url
                return switch self {
                case .path: PhpVMSSite(url: "\(url)/acars/\(world.airline.slug)/phpvms7", host: nil)
                case .host: PhpVMSSite(url: url, host: "trackers.example")
                case .folder: PhpVMSSite(url: "\(url)/va", host: "trackers.example")
                }
            }
        }

        /// A pilot nobody used before, with a key.
        private func fresh(_ way: Way = .path) async throws -> (World, PhpVMSClient) {
            let world = try suiteWorld()
            let number = try await world.pilot(world.airline.access(.d5)).number
            return (world, try await PhpVMSClient.make(way.site(world), world.airline, number))
        }
        private func pilot7(_ way: Way = .path) async throws -> (World, PhpVMSClient) {
            let world = try suiteWorld()
            return (world, try await PhpVMSClient.make(way.site(world), world.airline, 7))
        }
        /// A pilot with a fresh PIREP of an entry of his own.
        private func prefiled(_ way: Way = .path) async throws -> (World, PhpVMSClient, String) {
            let (world, client) = try await fresh(way)
            return (world, client, try await client.prefile(try world.entry()))
        }

        // MARK: Site and keys

        @Test(arguments: Way.allCases)
        func case1StatusNeedsNoKey(_ way: Way) async throws {
            let site = way.site(try suiteWorld())
            for path in ["api/status", "api", "api/version/"] {
                let answer = try await site.send("GET", path, key: nil)
                #expect(answer.status == 200)
                let status = try answer.json()
                #expect(status["name"]?.text?.isEmpty == false && status["php"]?.text?.isEmpty == false)
                #expect(status["version"]?.text?.hasPrefix("7.") == true)
                #expect(status["data"] == nil)
            }
        }

        @Test(arguments: Way.allCases)
        func case2WithoutKey(_ way: Way) async throws {
            let answer = try await way.site(try suiteWorld()).send("GET", "api/user", key: nil)
            #expect(answer.status == 401)
            let error = try answer.json()["error"]
            #expect(error?["code"] == "401")
            #expect(error?["http_code"] == "Unauthorized")
            #expect(error?["message"] == "Invalid or missing API key (X-API-KEY header missing)")
        }

        @Test(arguments: Way.allCases)
        func case3WithWrongKey(_ way: Way) async throws {
            let site = way.site(try suiteWorld())
            for path in ["api/user", "api/user/bids", "api/flights/search"] {
                let answer = try await site.send("GET", path, key: "nope", keyHeader: "x-api-key")
                #expect(answer.status == 401)
                #expect(!answer.text.contains("nope"))
            }
            let write = try await site.send("POST", "api/pireps/prefile", key: "nope", body: [:])
            #expect(write.status == 401, "the key is looked at before the body")
        }

        @Test(arguments: Way.allCases)
        func case4ThePilot(_ way: Way) async throws {
            let (_, client) = try await pilot7(way)
            for path in ["api/user", "//api/user", "api/users/me/"] {
                let answer = try await client.get(path)
                #expect(answer.status == 200)
                let user = try #require(try answer.json()["data"])
                #expect(user["ident"] == "DEM0007" && user["name"] == "Ada K")
                #expect(user["id"] == 7 && user["pilot_id"] == 7 && user["state"] == 1)
                #expect(user["curr_airport"]?.text != nil && user["home_airport"]?.text != nil)
                // Null there locks one client out.
                #expect(user["ivao_id"] == nil)
                #expect(user["airline"]?["country"]?.text != nil && user["rank"]?["name"]?.text != nil)
                #expect(!answer.text.contains("ada@demo.example"))
            }
        }

        @Test(arguments: Way.allCases)
        func case5KeyInAuthorization(_ way: Way) async throws {
            let (_, client) = try await pilot7(way)
            for value in [client.key, "Bearer \(client.key)"] {
                let answer = try await client.site.send(
                    "GET", "api/user", key: value, keyHeader: "Authorization")
                #expect(answer.status == 200)
            }
            // Present, X-API-Key alone counts.
            let both = try await client.site.send(
                "GET", "api/user", key: "wrong", headers: [("Authorization", client.key)])
            #expect(both.status == 401)
        }

        @Test(arguments: Way.allCases)
        func case6UnknownRoutes(_ way: Way) async throws {
            let (_, client) = try await pilot7(way)
            for path in ["api/nothing", "api/pireps/x/acars", "api/acars/live", "api/acars/x/logs", "api/settings"] {
                let answer = try await client.get(path)
                #expect(answer.status == 404 && answer.slug == "not-found", "\(path)")
            }
            #expect(try await client.get("api/airports/nearest").status == 404)
        }

        @Test func case7WrongMethod() async throws {
            let (_, client) = try await pilot7()
            let answer = try await client.send("PUT", "api/user", [:])
            #expect(answer.status == 405 && answer.slug == "http-exception")
            #expect(answer.headers["Allow"].joined().contains("GET"))
        }

        // MARK: Reference data

        @Test(arguments: Way.allCases)
        func case8AnAirportInAnyCase(_ way: Way) async throws {
            let (_, client) = try await pilot7(way)
            for code in ["egll", "EGLL"] {
                let airport = try #require(try await client.get("api/airports/\(code)").json()["data"])
                #expect(airport["icao"] == "EGLL" && airport["id"] == "EGLL")
                #expect(abs((airport["lat"]?.number ?? 0) - 51.47) < 0.05 && airport["lon"]?.number != nil)
                #expect(airport["elevation"]?.number != nil && airport["hub"]?.flag != nil)
            }
        }

        @Test func case9AnUnknownAirport() async throws {
            let (_, client) = try await pilot7()
            let answer = try await client.get("api/airports/ZZZZ")
            #expect(answer.status == 404 && answer.slug == "not-found")
            #expect(try await client.get("api/airports/ZZZZ/lookup").text == #"{"data":[]}"#)
            let distance = try #require(try await client.get("api/airports/KJFK/distance/KSFO").json()["data"])
            #expect(distance["fromIcao"] == "KJFK" && distance["toIcao"] == "KSFO")
            #expect(abs((distance["distance"]?["nmi"]?.number ?? 0) / 2244.33 - 1) < 0.005)
        }

        @Test(arguments: Way.allCases)
        func case10Pages(_ way: Way) async throws {
            let (_, client) = try await pilot7(way)
            let zeroth = try await client.get("api/airports/?limit=1&page=0").json()
            let first = try await client.get("api/airports?limit=1&page=1").json()
            let second = try await client.get("api/airports?limit=1&page=2").json()
            #expect(zeroth == first)
            #expect(first["data"]?[0]?["icao"] != second["data"]?[0]?["icao"])
            #expect(first["meta"]?["per_page"] == 1 && first["meta"]?["last_page"]?.integer == 4)
            #expect(first["links"]?["next"] == .null)
            let next = try #require(first["meta"]?["next_page"]?.text)
            #expect(next.hasPrefix("http://") && next.contains("page=2"))
            #expect(second["meta"]?["prev_page"]?.text?.contains("page=1") == true)
        }

        @Test func fleetInTypesThatClientsTake() async throws {
            let (_, client) = try await pilot7()
            let fleet = try await client.get("api/fleet?limit=100&page=1").json()
            #expect(fleet["meta"]?["last_page"] == 1 && fleet["meta"]?["per_page"] == 100)
            let own = try await client.get("api/user/fleet").json()
            #expect(own["meta"] == nil && own["data"]?.items?.count == fleet["data"]?.items?.count)
            let subfleet = try #require(own["data"]?.items?.first { $0["type"] == "B738" })
            for name in ["cost_block_hour", "cost_delay_minute", "cargo_capacity", "fuel_capacity", "gross_weight"] {
                #expect(subfleet[name] == .null)
            }
            let aircraft = try #require(subfleet["aircraft"]?[0])
            #expect(aircraft["registration"] == "G-DEMA" && aircraft["status"] == "A")
            #expect(aircraft["mtow"]?["kg"]?.number != nil)
            let one = try await client.get("api/fleet/aircraft/1").json()
            #expect(one["data"]?["ident"] == "G-DEMA (B738)")
            let named = try await client.get("api/fleet/aircraft/G-DEMB?type=registration").json()
            #expect(named["data"]?["id"] == 2)
            #expect(try await client.get("api/fleet/aircraft/999").status == 404)
            #expect(try await client.get("api/airlines/1").json()["data"]?["icao"] == "DEM")
        }

        // MARK: Timetable and bids

        @Test(arguments: Way.allCases)
        func case11SearchByNumber(_ way: Way) async throws {
            let (_, client) = try await pilot7(way)
            let answer = try await client.get(
                "api/flights/search?dep_icao=egll&flight_number=101&pilot_id=7&available=1")
            #expect(answer.status == 200)
            let found = try answer.json()
            #expect(found["data"]?.items?.count == 1 && found["meta"]?["last_page"] == 1)
            let flight = try #require(found["data"]?[0])
            #expect(flight["flight_number"] == 101 && flight["distance"]?["nmi"] == 188)
            #expect(flight["flight_time"] == 75 && flight["level"]?.integer != nil)
            #expect(flight["dpt_airport_id"] == "EGLL" && flight["route"] == "MID UN615 XAMAB")
            #expect(flight["subfleets"]?[0]?["aircraft"]?[0]?["registration"] == "G-DEMA")
            let id = try #require(flight["id"]?.text)
            #expect(try await client.get("api/flights/\(id)").json()["data"]?["id"] == .string(id))
            #expect(try await client.get("api/flights/\(id)/aircraft").json()[0]?["registration"] == "G-DEMA")
            #expect(try await client.get("api/flights/nope").slug == "not-found")
            let bare = try await client.get("api/flights/search?flight_number=101&with=").json()
            #expect(bare["data"]?[0]?["subfleets"] == nil)
        }

        @Test func case12SearchByDistance() async throws {
            let (_, client) = try await pilot7()
            func numbers(_ query: String) async throws -> [Int] {
                let found = try await client.get("api/flights/search?limit=100&\(query)").json()
                return (found["data"]?.items ?? []).compactMap { $0["flight_number"]?.integer }
            }
            #expect(try await numbers("dgt=188&dlt=188").contains(101))
            #expect(try await !numbers("dlt=100").contains(101))
            #expect(try await !numbers("dgt=189").contains(101))
        }

        @Test func case13To15Bids() async throws {
            let (world, first) = try await fresh()
            let (_, second) = try await fresh()
            let flight = try await first.flightID(try world.entry())
            let body: JSON = ["flight_id": .string(flight), "user_id": 9]
            let made = try await first.send("PUT", "api/user/bids", body)
            #expect(made.status == 200)
            let bid = try #require(try made.json()["data"]?["id"])
            #expect(try made.json()["data"]?["flight"]?["id"] == .string(flight))
            let again = try await first.send("POST", "api/user/bids", body)
            #expect(again.status == 200)
            #expect(try again.json()["data"]?["id"] == bid)
            let listed = try await first.get("api/user/bids").json()["data"]
            #expect(listed?.items?.count == 1)
            #expect(listed?[0]?["flight"]?["has_bid"] == true)

            let taken = try await second.send("PUT", "api/user/bids", body)
            #expect(taken.status == 409 && taken.slug == "bid-exists")
            #expect(try taken.json()["details"] == "A bid already exists for this flight")
            // Another pilot's bid is none.
            #expect(try await second.send("DELETE", "api/user/bids", ["bid_id": bid]).status == 404)

            let gone = try await first.send("DELETE", "api/user/bids", ["flight_id": .string(flight)])
            #expect(gone.status == 200)
            #expect(try gone.json()["data"] == [])
            #expect(try await first.get("api/bids").json()["data"] == [])
            // Gone already: by bid that is 404, by flight success.
            #expect(try await first.send("DELETE", "api/user/bids", ["bid_id": bid]).slug == "bid-not-found")
            #expect(
                try await first.send("DELETE", "api/user/bids", ["flight_id": .string(flight)]).status == 200)
            #expect(try await first.send("PUT", "api/user/bids", ["flight_id": "nope"]).status == 404)
        }

        // MARK: Prefile

        @Test func case16WithoutAirline() async throws {
            let (world, client) = try await fresh()
            let body = try await client.prefileBody(try world.entry()).with(["airline_id": .some(nil)])
            let answer = try await client.send("POST", "api/pireps/prefile", body)
            #expect(answer.status == 400 && answer.slug == "validation-exception")
            #expect(try answer.json()["errors"]?["airline_id"]?[0] == "An airline is required")
            #expect(try answer.json()["title"] == "Validation Error")
        }

        @Test func case17WithoutAirports() async throws {
            let (world, client) = try await fresh()
            let body = try await client.prefileBody(try world.entry())
                .with(["dpt_airport_id": .some(.null), "arr_airport_id": .some("")])
            let answer = try await client.send("POST", "api/pireps/prefile", body)
            #expect(answer.status == 400)
            #expect(
                try answer.json()["details"] == "A departure airport is required, An arrival airport is required")
        }

        @Test func case18UnknownAirport() async throws {
            let (world, client) = try await fresh()
            let body = try await client.prefileBody(try world.entry()).with(["arr_airport_id": "ZZZZ"])
            let answer = try await client.send("POST", "api/pireps/prefile", body)
            #expect(answer.status == 404 && answer.slug == "airport-not-found")
            #expect(try answer.json()["icao"] == "ZZZZ")
        }

        @Test(arguments: Way.allCases)
        func case19And20PrefileTwice(_ way: Way) async throws {
            let (world, client) = try await fresh(way)
            let body = try await client.prefileBody(try world.entry())
            let answer = try await client.send(
                "POST", "api/pireps/prefile", body.with(["status": "BST", "state": "in_progress"]))
            #expect(answer.status == 200)
            let pirep = try #require(try answer.json()["data"])
            #expect(pirep["state"] == 0 && pirep["status"] == "INI" && pirep["source"] == 1)
            #expect(pirep["planned_distance"]?["nmi"] == 260)
            #expect(pirep["flight_number"]?.text == body["flight_number"]?.text)
            #expect(pirep["fields"]?["Simulator"] == "X-Plane 12")
            #expect(pirep["flight_time"] == 0 && pirep["user_id"] == .int(client.number))
            #expect(pirep["dpt_airport"]?["elevation"] == .null && pirep["dpt_airport"]?["icao"] == "LEMD")
            #expect(pirep["aircraft"]?["registration"] == "G-DEMA")
            let id = try #require(pirep["id"]?.text)
            #expect((16...36).contains(id.count))

            let again = try await client.send("POST", "api/pireps/prefile", body)
            #expect(again.status == 200)
            #expect(try again.json()["data"]?["id"] == .string(id))
            let listed = try await client.get("api/user/pireps?state=0").json()["data"]
            #expect(listed?.items?.count == 1 && listed?[0]?["id"] == .string(id))
        }

        @Test func prefileRaced() async throws {
            let (world, client) = try await fresh()
            let body = try await client.prefileBody(try world.entry())
            let ids = try await withThrowingTaskGroup(of: String.self) { group in
                for _ in 0..<8 {
                    group.addTask {
                        let answer = try await client.send("POST", "api/pireps/prefile", body)
                        return try answer.json()["data"]?["id"]?.text ?? "\(answer.status) \(answer.text)"
                    }
                }
                var ids = Set<String>()
                for try await id in group { ids.insert(id) }
                return ids
            }
            #expect(ids.count == 1, "\(ids)")
        }

        @Test func case21UnitObjects() async throws {
            let (_, client) = try await fresh()
            let body = try await client.prefileBody(nil).with(["planned_distance": 400, "flight_number": "9001"])
            let answer = try await client.send("POST", "api/pireps/prefile", body)
            #expect(answer.status == 200)
            #expect(
                try answer.json()["data"]?["planned_distance"]
                    == ["m": 740_800, "km": 740.8, "mi": 460.31, "nmi": 400])
            #expect(try answer.json()["data"]?["block_fuel"] == ["kg": 10886.22, "lbs": 24000])
            #expect(try answer.json()["data"]?["flight_id"] == .null)
        }

        @Test func case22AircraftNotAvailable() async throws {
            let (world, client) = try await fresh()
            let fleet = Airline.fleet + "\nB738,738,B738,,,Boeing 737-800,G-DEMX,,,,,,M\n"
            let server = world.airline.server
            try await server.run(
                "fleet", "import", "--tenant", world.airline.slug, try server.file("fleet.csv", fleet))
            let body = try await client.prefileBody(try world.entry()).with(["aircraft_id": 3])
            let answer = try await client.send("POST", "api/pireps/prefile", body)
            #expect(answer.status == 400 && answer.text.contains("aircraft-not-available"), "\(answer.text)")
            let unknown = try await client.send("POST", "api/pireps/prefile", body.with(["aircraft_id": 999]))
            #expect(try unknown.json()["errors"]?["aircraft_id"]?[0] == "The aircraft doesn't exist")
        }

        // MARK: Update

        @Test func case23And24Update() async throws {
            let (_, client, id) = try await prefiled()
            let answer = try await client.send(
                "POST", "api/pireps/\(id)/update",
                ["status": "TKO", "distance": 20, "flight_time": 60, "fields": ["Simulator": "other"]])
            #expect(answer.status == 200)
            let pirep = try #require(try answer.json()["data"])
            #expect(pirep["status"] == "TKO" && pirep["status_text"] == "Enroute" && pirep["phase"] == "TKO")
            #expect(pirep["fields"]?["Simulator"] == "other" && pirep["fields"]?["Network Online"] == "VATSIM")
            #expect(pirep["distance"]?["nmi"] == 20 && pirep["planned_distance"]?["nmi"] == 260)
            #expect(pirep["flight_time"] == 60 && pirep["source_name"] == "vmsacars")

            let heartbeat = try await client.send(
                "PUT", "api/pireps/\(id)", ["status": "", "distance": 0, "fuel_used": 0, "flight_time": 0])
            #expect(heartbeat.status == 200)
            #expect(try heartbeat.json()["data"]?["status"] == "TKO")
            #expect(try heartbeat.json()["data"]?["distance"]?["nmi"] == 0)
            let empty = try await client.site.send("PUT", "api/pireps/\(id)", key: client.key)
            #expect(empty.status == 200)
        }

        @Test func case25UpdateMustNotEmpty() async throws {
            let (_, client, id) = try await prefiled()
            let answer = try await client.send("POST", "api/pireps/\(id)/update", ["dpt_airport_id": ""])
            #expect(answer.status == 400)
            #expect(try answer.json()["details"] == "A departure airport is required")
        }

        @Test func case26NobodyAcceptsHisOwnReport() async throws {
            let (_, client, id) = try await prefiled()
            let answer = try await client.send("POST", "api/pireps/\(id)/update", ["state": 2])
            #expect(answer.status == 200)
            #expect(try answer.json()["data"]?["state"] == 0)
            // A phase never changes a state.
            for status in ["DX", "PSD", "XYZ"] {
                let update = try await client.send("PUT", "api/pireps/\(id)", ["status": .string(status)])
                #expect(try update.json()["data"]?["state"] == 0)
                #expect(try update.json()["data"]?["status"] == .string(status))
            }
            let paused = try await client.send("PUT", "api/pireps/\(id)", ["state": 7])
            #expect(try paused.json()["data"]?["state"] == 7)
            let resumed = try await client.send("PUT", "api/pireps/\(id)", ["state": 0])
            #expect(try resumed.json()["data"]?["state"] == 0)
        }

        // MARK: Positions

        @Test func case27EmptyBatch() async throws {
            let (_, client, id) = try await prefiled()
            for body: JSON in [[:], ["positions": []], ["positions": .null]] {
                let answer = try await client.send("POST", "api/pireps/\(id)/acars/position", body)
                #expect(answer.status == 400)
                #expect(try answer.json()["errors"]?["positions"]?.items?.isEmpty == false)
            }
        }

        @Test(arguments: Way.allCases)
        func case28RepeatedBatch(_ way: Way) async throws {
            let (_, client, id) = try await prefiled(way)
            let body: JSON = [
                "positions": [
                    client.point("x1", latitude: 40.5, secondsAgo: 10),
                    client.point("x2", latitude: 40.6, secondsAgo: 5),
                ]
            ]
            for _ in 0..<2 {
                let answer = try await client.send("POST", "api/pireps/\(id)/acars/position", body)
                #expect(answer.status == 200)
                #expect(answer.text == #"{"message":"2 positions added","attrs":[],"count":2}"#)
            }
            let track = try #require(try await client.get("api/pireps/\(id)/acars/position").json()["data"]?.items)
            #expect(track.compactMap { $0["id"]?.text } == ["x1", "x2"])
            #expect(track[0]["lat"] == 40.5 && track[0]["distance"]?["nmi"] == 44 && track[0]["fuel"]?["lbs"] == 21000)
            #expect(track[0]["status"] == "ENR" && track[0]["altitude_agl"] == 11480)
        }

        @Test func case29TextForANumber() async throws {
            let (_, client, id) = try await prefiled()
            let answer = try await client.send(
                "POST", "api/pireps/\(id)/acars/position",
                ["positions": [client.point("y1", latitude: 40), ["lat": 30.2, "lon": "abc"]]])
            #expect(answer.status == 400)
            #expect(try answer.json()["errors"]?["positions.1.lon"] != nil)
            #expect(try await client.get("api/pireps/\(id)/acars/position").json()["data"] == [], "nothing is stored")
            let first = try await client.send(
                "POST", "api/pireps/\(id)/acars/position", ["positions": [["lat": 30.2, "lon": "abc"]]])
            #expect(try first.json()["errors"]?["positions.0.lon"] != nil)
        }

        @Test func case30AltitudeForBoth() async throws {
            let (_, client, id) = try await prefiled()
            let answer = try await client.send(
                "POST", "api/pireps/\(id)/acars/positions",
                ["positions": [["lat": 31, "lon": -96, "altitude": 1000]]])
            #expect(answer.status == 200)
            let track = try await client.get("api/pireps/\(id)/acars/position").json()["data"]
            #expect(track?[0]?["altitude_agl"] == 1000 && track?[0]?["altitude_msl"] == 1000)
        }

        @Test func pointsOffTheEarthAreCountedAndDropped() async throws {
            let (_, client, id) = try await prefiled()
            let answer = try await client.send(
                "POST", "api/pireps/\(id)/acars/position",
                ["positions": [["lat": 91, "lon": 0], client.point("z1", latitude: 40)]])
            #expect(try answer.json()["count"] == 2)
            #expect(try await client.get("api/pireps/\(id)/acars/position").json()["data"]?.items?.count == 1)
        }

        @Test func case31UnknownFlight() async throws {
            let (_, client) = try await fresh()
            let bodies: [JSON] = [["positions": [client.point("x", latitude: 40)]], [:], ["positions": 7]]
            for body in bodies {
                let answer = try await client.send("POST", "api/pireps/DOESNTEXIST/acars/position", body)
                #expect(answer.status == 404 && answer.slug == "not-found")
            }
            let broken = try await client.site.send(
                "POST", "api/pireps/DOESNTEXIST/acars/position", key: client.key, raw: Array("{\"pos".utf8))
            #expect(broken.status == 404)
        }

        @Test func case32AnotherPilotsFlight() async throws {
            let (_, client, id) = try await prefiled()
            let (_, other) = try await fresh()
            let calls: [(String, String, JSON)] = [
                ("POST", "acars/position", ["positions": [other.point("x", latitude: 40)]]),
                ("POST", "update", ["status": "ENR"]), ("POST", "acars/logs", ["logs": [["log": "x"]]]),
                ("POST", "route", ["route": [["name": "A", "order": 1, "lat": 1, "lon": 2]]]), ("DELETE", "route", [:]),
                ("POST", "fields", ["fields": ["a": "b"]]), ("POST", "comments", ["comment": "x"]),
                ("POST", "file", ["flight_time": 1, "distance": 1]), ("PUT", "cancel", [:]), ("DELETE", "cancel", [:]),
                ("POST", "acars/position", [:]),
            ]
            for (method, call, body) in calls {
                let answer = try await other.send(method, "api/pireps/\(id)/\(call)", body)
                #expect(answer.status == 403 && answer.slug == "unauthorized", "\(method) \(call): \(answer.text)")
            }
            #expect(try await client.get("api/pireps/\(id)/acars/position").json()["data"] == [])
            // Reading is open within the airline.
            let read = try await other.get("api/pireps/\(id)").json()["data"]
            #expect(read?["state"] == 0 && read?["status"] == "INI" && read?["comments"] == [])
        }

        @Test func case33LogsAndEvents() async throws {
            let (_, client, id) = try await prefiled()
            _ = try await client.send(
                "POST", "api/pireps/\(id)/acars/position", ["positions": [client.point("x1", latitude: 40)]])
            let before = try await client.get("api/pireps/\(id)/acars/position").body
            for (call, body) in [
                ("logs", ["logs": [["log": "Gear up"]]]), ("events", ["events": [["event": "Takeoff"]]]),
            ] as [(String, JSON)] {
                let answer = try await client.send("POST", "api/pireps/\(id)/acars/\(call)", body)
                #expect(answer.text == #"{"message":"1 logs added","attrs":[],"count":1}"#)
            }
            #expect(try await client.get("api/pireps/\(id)/acars/position").body == before)
            #expect(try await client.send("POST", "api/pireps/\(id)/acars/logs", ["logs": []]).status == 400)
        }

        @Test func case34Route() async throws {
            let (_, client, id) = try await prefiled()
            let body: JSON = [
                "route": [
                    ["name": "C", "order": 3, "lat": 3, "lon": 3],
                    ["name": "A", "order": 1, "lat": 1, "lon": 1, "nav_type": 2048, "id": "A"],
                    ["name": "B", "order": 2, "lat": 2, "lon": 2],
                ]
            ]
            for _ in 0..<2 {
                let answer = try await client.send("POST", "api/pireps/\(id)/route", body)
                #expect(answer.text == #"{"message":"3 points added","attrs":[],"count":3}"#)
            }
            let route = try await client.get("api/pireps/\(id)/route").json()["data"]?.items
            #expect(route?.compactMap { $0["name"]?.text } == ["A", "B", "C"])
            #expect(route?[0]["type"] == 1 && route?[0]["nav_type"] == 2048)
            let deleted = try await client.site.send("DELETE", "api/pireps/\(id)/route", key: client.key)
            #expect(deleted.text == #"{"message":"Route deleted","attrs":[]}"#)
            #expect(try await client.get("api/pireps/\(id)/route").json()["data"] == [])
        }

        @Test(arguments: Way.allCases)
        func case35LiveFlights(_ way: Way) async throws {
            let (_, client, id) = try await prefiled(way)
            _ = try await client.send(
                "POST", "api/pireps/\(id)/acars/position", ["positions": [client.point("x1", latitude: 40.5)]])
            let live = try await client.site.send("GET", "api/acars", key: nil)
            #expect(live.status == 200)
            let flight = try #require(
                try live.json()["data"]?.items?.first { $0["id"] == .string(id) }, "\(live.text)")
            #expect(flight["position"]?["lat"] == 40.5)
            #expect(flight["user"]?["name"]?.text != nil && flight["comments"] == nil)
            for secret in ["@", client.key] { #expect(!live.text.contains(secret)) }
            let map = try await client.site.send("GET", "api/acars/geojson", key: nil).json()
            let feature = try #require(
                map["data"]?["features"]?.items?.first { $0["properties"]?["pirep_id"] == .string(id) })
            #expect(feature["geometry"]?["coordinates"]?[0] == -3.56 && feature["geometry"]?["coordinates"]?[1] == 40.5)
            let track = try await client.site.send("GET", "api/pireps/\(id)/acars/geojson", key: nil).json()
            #expect(track["data"]?["position"]?["lat"] == 40.5)
            #expect(track["data"]?["line"]?["features"] == [], "one point is no line")
            #expect(track["data"]?["airports"]?["d"]?["icao"] == "LEMD")
            let unknown = try await client.site.send("GET", "api/pireps/nope/acars/geojson", key: nil)
            #expect(unknown.status == 404 && unknown.slug == "pirep-not-found")
        }

        // MARK: Filing

        @Test func case36FilingNeedsFigures() async throws {
            let (_, client, id) = try await prefiled()
            let empty = try await client.send("POST", "api/pireps/\(id)/file", [:])
            #expect(empty.status == 400)
            #expect(try empty.json()["errors"]?["distance"] != nil && empty.json()["errors"]?["flight_time"] != nil)
            let clock = try await client.send(
                "POST", "api/pireps/\(id)/file", ["flight_time": "1:30", "distance": 400])
            #expect(clock.status == 400)
            #expect(try clock.json()["details"]?.text?.contains("Flight time, in minutes, is required") == true)
            #expect(try await client.get("api/pireps/\(id)").json()["data"]?["state"] == 0)
        }

        @Test(arguments: Way.allCases)
        func case37To39File(_ way: Way) async throws {
            let (world, client) = try await fresh(way)
            let entry = try world.entry()
            let flight = try await client.flightID(entry)
            let bid = try await client.send("PUT", "api/user/bids", ["flight_id": .string(flight)]).json()["data"]?[
                "id"]
            let id = try await client.prefile(entry)
            let body: JSON = ["flight_time": 130, "fuel_used": 8000.19, "distance": 400]
            let answer = try await client.send("POST", "api/pireps/\(id)/file", body)
            #expect(answer.status == 200)
            let pirep = try #require(try answer.json()["data"])
            #expect([1, 2].contains(pirep["state"]?.integer) && pirep["status"] == "ARR")
            for time in ["submitted_at", "block_off_time", "block_on_time"] { #expect(pirep[time]?.text != nil) }
            #expect(pirep["fuel_used"]?["lbs"] == 8000.19 && pirep["flight_time"] == 130)
            // Its bid went with it: by bid unknown, by flight success.
            #expect(try await client.get("api/user/bids").json()["data"] == [])
            #expect(try await client.send("DELETE", "api/user/bids", ["bid_id": try #require(bid)]).status == 404)
            #expect(
                try await client.send("DELETE", "api/user/bids", ["flight_id": .string(flight)]).status == 200)

            // The answer was lost: the same once more.
            #expect(try await client.send("POST", "api/pireps/\(id)/file", body).status == 200)
            let other = try await client.send("POST", "api/pireps/\(id)/file", body.with(["flight_time": 131]))
            #expect(other.status == 400 && other.slug == "pirep-error")
            #expect(try other.json()["pirep_id"] == .string(id))

            let comment = try await client.send("POST", "api/pireps/\(id)/comments", ["comment": "A"])
            #expect(comment.status == 201)
            let comments = try await client.get("api/pireps/\(id)/comments").json()["data"]
            #expect(comments?.items?.count == 1 && comments?[0]?["comment"] == "A")
            #expect(comments?[0]?["user"]?["ident"] == .string(world.airline.ident(client.number)))
            let reports = try await client.get("api/user/pireps").json()["data"]
            #expect(reports?.items?.count == 1 && reports?[0]?["id"] == .string(id))
            #expect(try await client.get("api/pireps/\(id)/finances").json()["data"] == [])
        }

        @Test func positionsAfterFilingAreTaken() async throws {
            let (_, client, id) = try await prefiled()
            _ = try await client.send("POST", "api/pireps/\(id)/file", ["flight_time": 75, "distance": 260])
            let late = try await client.send(
                "POST", "api/pireps/\(id)/acars/position",
                ["positions": [client.point("late", latitude: 40, secondsAgo: 600)]])
            #expect(late.status == 200, "\(late.text)")
            let fields = try await client.send(
                "POST", "api/pireps/\(id)/fields", ["fields": ["Departure Gate": "G26"]])
            #expect(try fields.json()["data"]?["Departure Gate"] == "G26")
        }

        // MARK: Cancelling

        @Test(arguments: Way.allCases)
        func case40Cancel(_ way: Way) async throws {
            let (_, client, id) = try await prefiled(way)
            let cancelled = try await client.site.send("PUT", "api/pireps/\(id)/cancel", key: client.key)
            #expect(cancelled.status == 200)
            #expect(try cancelled.json()["message"] == .string("PIREP \(id) cancelled"))
            let late = try await client.send(
                "POST", "api/pireps/\(id)/acars/position", ["positions": [client.point("x", latitude: 40)]])
            #expect(late.status == 400 && late.slug == "pirep-cancelled")
            #expect(try late.json()["pirep_id"] == .string(id))
            let pirep = try await client.get("api/pireps/\(id)").json()["data"]
            #expect(pirep?["state"] == 3 && pirep?["status"] == "DX")
            let again = try await client.site.send("DELETE", "api/pireps/\(id)/cancel", key: client.key)
            #expect(again.status == 400 && again.slug == "pirep-cancel-not-allowed")
            #expect(try again.json()["state"] == 3)
            let unknown = try await client.site.send("DELETE", "api/pireps/8QxZ0vK1mNbPq3Rt/cancel", key: client.key)
            #expect(unknown.status == 200)
            #expect(try await client.get("api/user/pireps").json()["data"] == [])
            #expect(try await client.get("api/user/pireps?state=3").json()["data"]?.items?.count == 1)
        }

        // MARK: The add-on

        @Test func settingsOfTheAddOn() async throws {
            let (_, client) = try await fresh()
            let config = try await client.get("api/vmsacars/config").json()
            #expect(config["data"] == nil && config["acars_user_id"] == .int(client.number))
            #expect(config["units"]?["w"] == "lbs" && config["rules"] == [])
            #expect(try await client.get("api/vmsacars/rules").text == #"{"data":[]}"#)
            let found = try await client.get("api/vmsacars/search?flight_number=101").json()
            #expect(found["data"]?[0]?["flight_number"] == 101 && found["data"]?[0]?["subfleets"] == nil)
        }

        /// A key of another airline opens nothing here.
        @Test func keysStayInTheirAirline() async throws {
            let (world, client, id) = try await prefiled()
            let other = try await Airline.make(on: world.airline.server, "vms7", icao: "VMS", name: "Other")
            let stranger = try await PhpVMSClient.make(Way.path.site(world), other, 1)
            #expect(try await stranger.get("api/user").status == 401)
            let inside = try await PhpVMSClient.make(
                PhpVMSSite(url: "\(world.airline.server.url)/acars/vms7/phpvms7", host: nil), other, 1)
            #expect(try await inside.get("api/user").status == 200)
            for method in ["GET", "PUT"] {
                #expect(try await inside.send(method, "api/pireps/\(id)", [:]).status == 404)
            }
            #expect(try await client.get("api/pireps/\(id)").status == 200)
        }
    }
}

/// A site as a phpVMS client is set up with it.
struct PhpVMSSite: Sendable {
    /// Without a slash at the end.
    let url: String
    /// Sent instead of the address' own name.
    let host: String?

    /// One call. Everything that holds for every answer is checked here: JSON, no redirect, no 5xx, the error's shape.
    func send(
        _ method: String, _ path: String, key: String?, keyHeader: String = "X-API-Key",
        headers extra: [(String, String)] = [], body: JSON? = nil, raw: [UInt8]? = nil,
        sourceLocation: SourceLocation = #_sourceLocation
    ) async throws -> Answer {
        var headers = extra
        if let key { headers.append((keyHeader, key)) }
        let bytes = raw ?? body?.bytes
        if bytes != nil { headers.append(("Content-Type", "application/json")) }
        if let host { headers.append(("Host", host)) }
        let answer = try await Web.send(
            method, url + (path.hasPrefix("/") ? path : "/" + path), headers: headers, body: bytes)
        let what = "\(method) \(path)"
        #expect(
            answer.status < 500, "\(what) answered \(answer.status): \(answer.text)", sourceLocation: sourceLocation)
        #expect(!(300..<400).contains(answer.status), "\(what) redirects", sourceLocation: sourceLocation)
        let type = answer.headers["Content-Type"].joined()
        #expect(type.hasPrefix("application/json"), "\(what) is \(type)", sourceLocation: sourceLocation)
        if answer.status >= 400, answer.status != 401 {
            let problem = try answer.json()
            #expect(answer.slug != nil, "\(what): \(answer.text)", sourceLocation: sourceLocation)
            #expect(problem["status"] == .int(answer.status), sourceLocation: sourceLocation)
            #expect(problem["error"]?["message"] == problem["details"], sourceLocation: sourceLocation)
        }
        return answer
    }
}

/// A phpVMS client with a key.
struct PhpVMSClient: Sendable {
    let site: PhpVMSSite
    let key: String
    let number: Int

    static func make(_ site: PhpVMSSite, _ airline: Airline, _ number: Int) async throws -> PhpVMSClient {
        let made = try await airline.server.run(
            "apikey", "create", "--tenant", airline.slug, "--user", airline.ident(number), "--json")
        return PhpVMSClient(site: site, key: try #require(try made.json()["key"]?.text), number: number)
    }

    func get(_ path: String, sourceLocation: SourceLocation = #_sourceLocation) async throws -> Answer {
        try await site.send("GET", path, key: key, sourceLocation: sourceLocation)
    }
    func send(
        _ method: String, _ path: String, _ body: JSON, sourceLocation: SourceLocation = #_sourceLocation
    ) async throws -> Answer {
        try await site.send(
            method, path, key: key, body: method == "GET" ? nil : body, sourceLocation: sourceLocation)
    }

    /// Id of a timetable entry.
    func flightID(_ number: String, sourceLocation: SourceLocation = #_sourceLocation) async throws -> String {
        let found = try await get("api/flights/search?flight_number=\(number)", sourceLocation: sourceLocation).json()
        return try #require(
            found["data"]?[0]?["id"]?.text, "no \(number) in \(found.canonical.prefix(500))",
            sourceLocation: sourceLocation)
    }

    /// The body of the wire page's example.
    /// - Parameter entry: Flight number of a timetable entry; nil leaves it to the caller.
    func prefileBody(
        _ entry: String?, sourceLocation: SourceLocation = #_sourceLocation
    ) async throws -> JSON {
        var flight: JSON = .null
        if let entry { flight = .string(try await flightID(entry, sourceLocation: sourceLocation)) }
        return [
            "airline_id": 1, "aircraft_id": 1, "flight_number": .string(entry ?? ""), "flight_id": flight,
            "flight_type": "J", "dpt_airport_id": "LEMD", "arr_airport_id": "LEBL", "alt_airport_id": "",
            "route": "MID UN615 XAMAB", "level": 35000, "planned_distance": 260, "planned_flight_time": 75,
            "block_fuel": 24000, "source": 1, "source_name": "vmsacars",
            "fields": ["Simulator": "X-Plane 12", "Network Online": "VATSIM"],
        ]
    }

    /// - Returns: The PIREP's id.
    func prefile(_ entry: String, sourceLocation: SourceLocation = #_sourceLocation) async throws -> String {
        let answer = try await send(
            "POST", "api/pireps/prefile", try await prefileBody(entry, sourceLocation: sourceLocation),
            sourceLocation: sourceLocation)
        #expect(answer.status == 200, "\(answer.text)", sourceLocation: sourceLocation)
        return try #require(answer.json()["data"]?["id"]?.text, "\(answer.text)", sourceLocation: sourceLocation)
    }

    /// An element of `positions`.
    func point(_ id: String, latitude: Double, secondsAgo: Double = 0) -> JSON {
        let time = Date(timeIntervalSinceNow: -secondsAgo).formatted(.iso8601)
        return [
            "id": .string(id), "lat": .double(latitude), "lon": -3.56, "altitude_agl": 11480, "altitude_msl": 12000,
            "heading": 42, "vs": 1500, "gs": 320, "ias": 260, "transponder": 2000, "autopilot": true, "fuel": 21000,
            "fuel_flow": 5200, "distance": 44, "status": "ENR", "sim_time": .string(time),
        ]
    }
}

extension Answer {
    /// The end of `type` of a phpVMS error.
    fileprivate var slug: String? {
        guard let type = (try? json())?["type"]?.text, type.hasPrefix("https://phpvms.net/errors/") else { return nil }
        return String(type.dropFirst("https://phpvms.net/errors/".count))
    }
}
