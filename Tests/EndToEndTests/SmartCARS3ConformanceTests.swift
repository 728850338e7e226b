import Foundation
import NIOHTTP1
import Testing

extension EndToEnd {
    /// The conformance cases C1 to C38 of the wire page, over real sockets. A case's number stands in its test's name.
    @Suite(.serialized, .world(spare: 88))
    struct SmartCARS3ConformanceTests {
        /// A way to reach the interface.
        enum Way: String, Sendable, CaseIterable, CustomTestStringConvertible {
            case d5 = "D5 by path"
            case d7 = "D7 by path"
            case d5Folder = "D5 by host, /va/api/phpvms5/"
            case d5Host = "D5 by host, /api/phpvms5/"
            case d7Host = "D7 by host, /api/smartcars/"
            case d5Named = "D5 by host, /smartcars3/"
            var testDescription: String { rawValue }

            static let paths: [Way] = [.d5, .d7]

            func access(_ world: World) -> Access {
                let url = world.airline.server.url
                let host = "trackers.example"
                return switch self {
                case .d5: world.airline.access(.d5)
                case .d7: world.airline.access(.d7)
                case .d5Folder: Access(url: url + "/va/api/phpvms5/", dialect: .d5, host: host)
                case .d5Host: Access(url: url + "/api/phpvms5/", dialect: .d5, host: host)
                case .d7Host: Access(url: url + "/api/smartcars/", dialect: .d7, host: host)
                case .d5Named: Access(url: url + "/smartcars3/", dialect: .d5, host: host)
                }
            }
        }

        private func pilot7(_ way: Way) async throws -> (World, Tracker) {
            let world = try suiteWorld()
            return (world, try await Tracker.logIn(way.access(world), 7, password: world.airline.password))
        }
        private func fresh(_ way: Way) async throws -> (World, Tracker) {
            let world = try suiteWorld()
            return (world, try await world.pilot(way.access(world)))
        }
        private func begun(_ way: Way) async throws -> (World, Tracker, Tracker.Flight) {
            let (world, tracker) = try await fresh(way)
            return (world, tracker, try await tracker.begin(try world.entry()))
        }
        /// Body of a success that has nothing to say.
        private func isDone(_ answer: Answer, _ dialect: Dialect) throws -> Bool {
            guard answer.status == 200 else { return false }
            return dialect == .d5 ? answer.body.isEmpty : try answer.json() == ["status": 200]
        }

        // MARK: Transport

        @Test(arguments: Way.allCases)
        func c1ProbeAnswersWithAndWithoutSlash(_ way: Way) async throws {
            let access = way.access(try suiteWorld())
            for url in [access.url, String(access.url.dropLast())] {
                let answer = try await Access(url: url, dialect: access.dialect, host: access.host).send("GET", "")
                #expect(answer.status == 200)
                let probe = try answer.json()
                #expect(probe["handler"] == .string(access.dialect == .d5 ? "phpvms5" : "phpvms7"))
                let version = try #require(probe["apiVersion"]?.text)
                #expect(version.split(separator: ".").count == 3 && version.allSatisfy { $0.isNumber || $0 == "." })
            }
        }

        @Test(arguments: Way.allCases)
        func c2PreflightNeedsNoToken(_ way: Way) async throws {
            let access = way.access(try suiteWorld())
            for path in ["flights/update", "pilot/login", "no/such/thing", ""] {
                let answer = try await access.send("OPTIONS", path)
                #expect(answer.status == 200)
                if access.dialect == .d5 { #expect(answer.body.isEmpty) }
                #expect(try await access.send("HEAD", path).status == 200)
            }
        }

        // MARK: Sessions

        @Test(arguments: Way.allCases)
        func c3LogInByNumber(_ way: Way) async throws {
            let world = try suiteWorld()
            let access = way.access(world)
            for name in ["7", "0007"] {
                let answer = try await access.logIn(name, password: "s3cret")
                #expect(answer.status == 200)
                let pilot = try answer.json()
                #expect(pilot["dbID"] == 7)
                #expect(pilot["pilotID"] == "DEM0007")
                #expect(pilot["firstName"] == "Ada")
                #expect(pilot["lastName"] == "Kern")
                #expect(pilot["email"] == "ada@demo.example")
                #expect(pilot["rank"]?.text != nil)
                #expect(pilot["rankLevel"] == 0)
                for key in ["rankImage", "avatar"] { #expect(pilot.members?.keys.contains(key) == true) }
                let session = try #require(pilot["session"]?.text)
                #expect(session.split(separator: ".", omittingEmptySubsequences: false).count == 3)
                #expect(session.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber || "-_.".contains($0)) })
                if access.dialect == .d5 {
                    let expiry = try #require(pilot["expiry"]?.integer)
                    #expect(abs(Double(expiry) - Date().timeIntervalSince1970 - 604_800) < 300)
                }
            }
        }

        @Test(arguments: Way.paths)
        func c4LogInByMailWithForm(_ way: Way) async throws {
            let access = way.access(try suiteWorld())
            let answer = try await access.send(
                "POST", "pilot/login", query: [("username", "ada@demo.example")], body: Array("password=s3cret".utf8),
                type: "application/x-www-form-urlencoded")
            #expect(answer.status == 200)
            #expect(try answer.json()["pilotID"] == "DEM0007")
        }

        @Test(arguments: Way.paths)
        func c5LogInWithGet(_ way: Way) async throws {
            let access = way.access(try suiteWorld())
            let answer = try await access.send("GET", "pilot/login", query: [("username", "7")])
            #expect(answer.status == 405)
            #expect(answer.message?.contains("GET") == true)
            if access.dialect == .d5 {
                #expect(answer.message == "POST request method expected, received a GET request instead.")
            }
        }

        @Test(arguments: Way.paths)
        func c6LogInWithoutNameOrPassword(_ way: Way) async throws {
            let access = way.access(try suiteWorld())
            let noName = try await access.send("POST", "pilot/login", body: Array(#"{"password":"s3cret"}"#.utf8))
            let query = [("username", "7")]
            let noPassword = try await access.send("POST", "pilot/login", query: query, body: Array("{}".utf8))
            let noBody = try await access.send("POST", "pilot/login", query: query)
            let broken = try await access.send("POST", "pilot/login", query: query, body: Array("{\"passw".utf8))
            guard access.dialect == .d5 else {
                for answer in [noName, noPassword, noBody, broken] { #expect([400, 401].contains(answer.status)) }
                return
            }
            #expect(noName.status == 400)
            #expect(noName.message == "Username is a required parameter (type `string`)")
            for answer in [noPassword, noBody, broken] {
                #expect(answer.status == 400)
                #expect(answer.message == "Password is a required field (type `string`)")
            }
        }

        @Test(arguments: Way.paths)
        func c7PasswordAsNumber(_ way: Way) async throws {
            let access = way.access(try suiteWorld())
            let answer = try await access.send(
                "POST", "pilot/login", query: [("username", "7")], body: Array(#"{"password":1234}"#.utf8))
            if access.dialect == .d5 {
                #expect(answer.status == 400)
                #expect(answer.message == "Invalid type for password (expected `string` [Raw Type: `integer`])")
            } else {
                #expect([400, 401].contains(answer.status))
            }
        }

        @Test(arguments: Way.paths)
        func c8WrongPasswordLooksLikeUnknownPilot(_ way: Way) async throws {
            let access = way.access(try suiteWorld())
            let wrong = try await access.logIn("7", password: "wrong")
            let unknown = try await access.logIn("999", password: "s3cret")
            let ident = try await access.logIn("DEM0007", password: "s3cret")
            let text =
                access.dialect == .d5
                ? "The username or password was not correct" : "The username or password is incorrect"
            for answer in [wrong, unknown, ident] {
                #expect(answer.status == 401)
                #expect(answer.body == wrong.body)
                #expect(answer.message == text)
            }
        }

        @Test(arguments: Way.paths)
        func c9UnconfirmedPilot(_ way: Way) async throws {
            let access = way.access(try suiteWorld())
            for password in ["s3cret", "wrong"] {
                let answer = try await access.logIn("8", password: password)
                if access.dialect == .d5 {
                    #expect(answer.status == 409)
                    #expect(answer.message == "The pilot has not been confirmed with this airline yet")
                } else {
                    #expect([401, 409].contains(answer.status))
                }
            }
        }

        @Test(arguments: Way.allCases)
        func c10VerifyGivesTheSameSession(_ way: Way) async throws {
            let (_, tracker) = try await pilot7(way)
            let answer = try await tracker.access.send(
                "POST", "pilot/verify", body: (["session": .string(tracker.token)] as JSON).bytes)
            #expect(answer.status == 200)
            let pilot = try answer.json()
            #expect(pilot["session"] == .string(tracker.token))
            #expect(pilot["pilotID"] == "DEM0007")
            if way.access(try suiteWorld()).dialect == .d5 { #expect(pilot["expiry"]?.integer != nil) }
        }

        @Test(arguments: Way.paths)
        func c11ResumeGivesAWorkingSession(_ way: Way) async throws {
            let (_, tracker) = try await pilot7(way)
            let answer = try await tracker.access.send(
                "POST", "pilot/resume", body: (["session": .string(tracker.token)] as JSON).bytes)
            #expect(answer.status == 200)
            let renewed = try #require(try answer.json()["session"]?.text)
            if way == .d5 { #expect(renewed != tracker.token) }
            let statistics = try await tracker.access.send("GET", "pilot/statistics", token: renewed)
            #expect(statistics.status == 200)
            let figures = try statistics.json()
            for key in ["hoursFlown", "flightsFlown", "averageLandingRate", "pirepsFiled"] {
                #expect(figures[key]?.number != nil || way == .d7 && figures[key] == .null, "\(key)")
            }
        }

        @Test(arguments: Way.paths)
        func c12VerifyOfWhatIsNoSession(_ way: Way) async throws {
            let access = way.access(try suiteWorld())
            func encoded(_ text: String) -> String {
                Data(text.utf8).base64EncodedString().replacingOccurrences(of: "=", with: "")
                    .replacingOccurrences(of: "+", with: "-").replacingOccurrences(of: "/", with: "_")
            }
            let expiry = Int(Date().timeIntervalSince1970) + 600_000
            let stranger =
                encoded(#"{"typ":"JWT","alg":"HS256"}"#) + "." + encoded(#"{"sub":7,"exp":\#(expiry)}"#) + "."
                + encoded("a signature of somebody")
            for (session, status, message) in [
                ("abc", 400, "The session provided was not in valid JWT format"),
                ("a.b.c", 400, "The session provided was not in valid JWT format"),
                (stranger, 401, "The session given was not valid"),
            ] {
                let body = (["session": .string(session)] as JSON).bytes
                for path in ["pilot/verify", "pilot/resume"] {
                    let answer = try await access.send("POST", path, body: body)
                    if access.dialect == .d5 {
                        #expect(answer.status == status, "\(session)")
                        #expect(answer.message == message)
                    } else {
                        #expect([400, 401, 404].contains(answer.status), "\(session)")
                    }
                }
            }
        }

        @Test(arguments: Way.allCases)
        func c13WithoutOrWithBrokenToken(_ way: Way) async throws {
            let (_, tracker) = try await pilot7(way)
            let access = tracker.access
            let text = access.dialect == .d5 ? "The session provided is not valid" : "Invalid Token"
            let tampered = String(tracker.token.dropLast()) + (tracker.token.hasSuffix("A") ? "B" : "A")
            for token in [nil, "broken", tampered, tracker.token + "x", ""] {
                for (method, path) in [
                    ("GET", "data/airports"), ("GET", "flights/bookings"), ("POST", "flights/update"),
                    ("POST", "flights/complete"),
                ] {
                    let answer = try await access.send(
                        method, path, token: token, body: method == "POST" ? Array("{}".utf8) : nil)
                    #expect(answer.status == 401)
                    #expect(answer.message == text)
                }
            }
        }

        // MARK: Reference data

        @Test(arguments: Way.paths)
        func c14UnknownEndpoint(_ way: Way) async throws {
            let (_, tracker) = try await pilot7(way)
            #expect(try await tracker.get("flights/nope").status == 404)
            #expect(try await tracker.access.send("GET", "flights/nope").status == 401)
            if way == .d5 {
                #expect(try await tracker.get("flights/nope").message == "The handler provided could not be found")
                // Everything after the root is a file name there, and those have a case.
                #expect(try await tracker.get("Data/Airports").status == 404)
            }
        }

        @Test(arguments: Way.allCases)
        func c15SlashesDoNotMatter(_ way: Way) async throws {
            let (_, tracker) = try await pilot7(way)
            let plain = try await tracker.get("data/airports")
            #expect(plain.status == 200)
            let airports = try #require(try plain.json().items)
            let codes = Set(airports.compactMap { $0["code"]?.text })
            #expect(codes.isSuperset(of: ["EGLL", "LFPG", "LEMD", "LEBL"]))
            for airport in airports {
                #expect(airport["latitude"]?.number != nil && airport["longitude"]?.number != nil)
                #expect(airport["name"]?.text != nil && airport["id"] != nil)
            }
            let heathrow = try #require(airports.first { $0["code"] == "EGLL" })
            #expect(abs((heathrow["latitude"]?.number ?? 0) - 51.47) < 0.05)
            #expect(try await tracker.get("data/airports/").body == plain.body)
            if way == .d5 { #expect(try await tracker.get("/data//airports/").body == plain.body) }
        }

        @Test(arguments: Way.paths)
        func c16Aircraft(_ way: Way) async throws {
            let (_, tracker) = try await pilot7(way)
            let aircraft = try #require(try await tracker.get("data/aircraft").json().items)
            #expect(aircraft.compactMap { $0["id"]?.integer } == [2, 1], "by name: Airbus before Boeing")
            #expect(aircraft.compactMap { $0["code"]?.text } == ["A320", "B738"])
            for item in aircraft {
                #expect(item["serviceCeiling"]?.text.flatMap { Int($0) } != nil)
                #expect(item["maximumPassengers"]?.number != nil && item["maximumCargo"]?.number != nil)
            }
            if way == .d5 {
                #expect(aircraft.compactMap { $0["registration"]?.text } == ["G-DEMB", "G-DEMA"])
                #expect(aircraft.compactMap { $0["name"]?.text } == ["Airbus A320", "Boeing 737-800"])
            } else {
                #expect(aircraft[0]["name"]?.text?.contains("G-DEMB") == true)
                #expect(aircraft.allSatisfy { $0["registration"] == nil })
            }
            let news = try await tracker.get("data/news")
            #expect(news.status == 200)
        }

        // MARK: Timetable

        @Test(arguments: Way.paths)
        func c17SearchByDeparture(_ way: Way) async throws {
            let (_, tracker) = try await pilot7(way)
            for airport in ["EGLL", "egll"] {
                let found = try await tracker.get("flights/search", [("departureAirport", airport)]).json()
                #expect(found.items?.count == 1)
                let flight = try #require(found[0])
                #expect(flight["code"] == "DEM" && flight["number"] == "101")
                #expect(flight["departureAirport"] == "EGLL" && flight["arrivalAirport"] == "LFPG")
                #expect(flight["route"] == ["MID", "UN615", "XAMAB"])
                #expect(flight["type"] == "P")
                #expect(flight["departureTime"] == "10:00" && flight["arrivalTime"] == "11:15")
                #expect(flight["flightTime"]?.number == 1.25)
                #expect(flight["distance"]?.number != nil)
                #expect(flight["flightLevel"]?.integer == 350)
                if way == .d5 {
                    #expect(flight["id"]?.integer == 1)
                    #expect(flight["aircraft"] == 1)
                    #expect(flight["daysOfWeek"]?.items != nil)
                    #expect(flight["notes"]?.text != nil)
                } else {
                    #expect(flight["id"]?.text?.count == 36)
                    #expect(flight["aircraft"] == 1)
                }
            }
        }

        @Test(arguments: Way.paths)
        func c18NoRouteIsNoText(_ way: Way) async throws {
            let (_, tracker) = try await pilot7(way)
            let found = try #require(try await tracker.get("flights/search").json().items)
            #expect(found.count <= 100)
            let second = try #require(found.first { $0["number"] == "102" })
            #expect(second["route"] == nil || second["route"] == .null)
            if way == .d5 {
                let ids = found.compactMap { $0["id"]?.integer }
                #expect(ids == ids.sorted(by: >))
                #expect(second["route"] == nil)
            }
            let few = try await tracker.get("flights/search", [("limit", "3")]).json()
            #expect(few.items?.count == 3)
        }

        @Test(arguments: Way.paths)
        func c19BadFilters(_ way: Way) async throws {
            let (_, tracker) = try await pilot7(way)
            for query in [("departureAirport", ""), ("aircraft", "B738")] {
                let answer = try await tracker.get("flights/search", [query])
                if way == .d5 {
                    #expect(answer.status == 400)
                    #expect(answer.message?.hasPrefix("Invalid type for \(query.0) (expected `") == true)
                } else {
                    #expect([200, 400].contains(answer.status))
                }
            }
        }

        // MARK: Bookings

        @Test(arguments: Way.allCases)
        func c20NoBookings(_ way: Way) async throws {
            let (_, tracker) = try await fresh(way)
            let answer = try await tracker.get("flights/bookings")
            #expect(answer.status == 200)
            #expect(answer.text == "[]")
        }

        @Test(arguments: Way.allCases)
        func c21BookAndFindIt(_ way: Way) async throws {
            let (world, tracker) = try await fresh(way)
            let entry = try world.entry()
            let flightID = try await tracker.flightID(entry)
            let answer = try await tracker.post("flights/book", ["flightID": .string(flightID), "aircraftID": 2])
            #expect(answer.status == 200)
            let bid = try #require(try answer.json()["bidID"])
            #expect(bid.integer != nil)
            let bookings = try #require(try await tracker.get("flights/bookings").json().items)
            #expect(bookings.count == 1)
            #expect(bookings[0]["bidID"] == bid)
            #expect(bookings[0]["aircraft"] == 2)
            #expect(bookings[0]["number"] == .string(entry))
            #expect(bookings[0]["route"] == ["MID", "UN615", "XAMAB"])
            if tracker.access.dialect == .d7 { #expect(bookings[0]["flightID"] == .string(flightID)) }
            // Another aircraft for the same bid.
            let changed = try await tracker.post("flights/rebook", ["bidID": bid, "aircraftID": 1])
            #expect(try changed.json()["bidID"] == bid)
            #expect(try await tracker.get("flights/bookings").json()[0]?["aircraft"] == 1)
            // A second booking of one's own: refused in one dialect, the same bid in the other.
            let again = try await tracker.post("flights/book", ["flightID": .string(flightID), "aircraftID": 2])
            if tracker.access.dialect == .d5 {
                #expect(again.status == 409)
                #expect(again.message == "A different pilot has already booked this flight")
            } else {
                #expect(again.status == 200)
                #expect(try again.json()["bidID"] == bid)
            }
        }

        @Test(arguments: Way.paths)
        func c22BookWhatDoesNotExist(_ way: Way) async throws {
            let (_, tracker) = try await pilot7(way)
            let unknown = try await tracker.post("flights/book", ["flightID": "999"])
            #expect(unknown.status == 404)
            let missing = try await tracker.post("flights/book", [:])
            #expect(missing.status == 400)
            if way == .d5 {
                #expect(unknown.message == "A flight with this ID could not be found")
                #expect(missing.message == "Invalid type for flightID (expected `string` [Raw Type: `NULL`])")
                let number = try await tracker.post("flights/book", ["flightID": 1])
                #expect(number.status == 400)
                #expect(number.message == "Invalid type for flightID (expected `string` [Raw Type: `integer`])")
            }
        }

        @Test(arguments: Way.paths)
        func c23BookWhatAnotherPilotBooked(_ way: Way) async throws {
            let (world, first) = try await fresh(way)
            let (_, second) = try await fresh(way)
            let entry = try world.entry()
            let bid = try await first.book(entry)
            let answer = try await second.post(
                "flights/book", ["flightID": .string(try await second.flightID(entry))])
            #expect(answer.status == 409)
            #expect(try await second.get("flights/bookings").text == "[]")
            // Another pilot's bid is no bid at all.
            for path in ["flights/unbook", "flights/start"] {
                #expect(try await second.post(path, ["bidID": .int(bid)]).status == 404)
            }
            #expect(try await second.post("flights/rebook", ["bidID": .int(bid), "aircraftID": 2]).status == 404)
            #expect(try await first.get("flights/bookings").json()[0]?["bidID"] == .int(bid))
        }

        // MARK: A flight in progress

        @Test(arguments: Way.paths)
        func c24Start(_ way: Way) async throws {
            let (world, tracker) = try await fresh(way)
            let bid = try await tracker.book(try world.entry())
            let flight = try await tracker.start(bid)
            #expect(flight.id.count == 36)
            #expect(try await tracker.start(bid).id == flight.id, "starting again is the same flight")
            #expect(try await tracker.post("flights/start", ["bidID": 999_999]).status == 404)
        }

        @Test(arguments: Way.allCases)
        func c25UpdatesHaveNoBody(_ way: Way) async throws {
            let (_, tracker, flight) = try await begun(way)
            for (index, phase) in [
                "BOARDING", "push_back", "TAXI", "Take_Off", "REJECTED_TAKE_OFF", "CLIMB_OUT", "climb", "CRUISE",
                "DESCENT", "APPROACH", "final", "LANDED", "GO_AROUND", "TAXI_TO_GATE", "DEBOARDING", "DIVERTED",
            ].enumerated() {
                let network: JSON = index.isMultiple(of: 2) ? "VATSIM" : "offline"
                let answer = try await tracker.update(
                    flight, ["phase": .string(phase), "network": network, "altitude": .int(1000 + index)])
                #expect(answer.status == 200, "\(phase): \(answer.text)")
                #expect(answer.body.isEmpty)
            }
            // Numbers may be text.
            let text = try await tracker.update(flight, ["latitude": "50.5", "altitude": "33000"])
            #expect(text.status == 200)
        }

        @Test(arguments: Way.paths)
        func c26SeveralBadFieldsInOneMessage(_ way: Way) async throws {
            let (_, tracker, flight) = try await begun(way)
            let answer = try await tracker.update(flight, ["latitude": 91, "phase": "PARKED"])
            #expect(answer.status == 400)
            if way == .d5 {
                #expect(
                    answer.message
                        == "Invalid types for latitude (expected `latitude` [Raw Type: `integer`]), phase (expected `phase` [Raw Type: `string`])"
                )
            }
            // Unanchored patterns took these once.
            for (field, value) in [
                ("phase", "xxcruisexx" as JSON), ("network", "VATSIMx"), ("altitude", 999_999_999),
                ("groundSpeed", 99_999_999), ("latitude", true), ("longitude", "east"), ("route", "MID"),
                ("heading", nil),
            ] {
                #expect(try await tracker.update(flight, [field: value]).status == 400, "\(field)")
            }
        }

        @Test(arguments: Way.paths)
        func c27HeadingOfAFullCircle(_ way: Way) async throws {
            let (_, tracker, flight) = try await begun(way)
            #expect(try await tracker.update(flight, ["heading": 360]).status == 200)
            #expect(try await tracker.update(flight, ["heading": 361]).status == 400)
            #expect(try await tracker.update(flight, ["heading": -1]).status == 400)
        }

        @Test(arguments: Way.paths)
        func c28NegativeSpeedAndDistance(_ way: Way) async throws {
            let (_, tracker, flight) = try await begun(way)
            let speed = try await tracker.update(flight, ["groundSpeed": -1])
            let distance = try await tracker.update(flight, ["distanceRemaining": -1])
            #expect(speed.status == 400 && distance.status == 400)
            if way == .d5 {
                #expect(speed.message == "Ground speed must be above 0")
                #expect(distance.message == "Distance remaining must be above 0")
            }
            #expect(try await tracker.update(flight, ["groundSpeed": 0, "distanceRemaining": 0]).status == 200)
        }

        @Test(arguments: Way.paths)
        func c29UpdateOfAnotherPilotsFlight(_ way: Way) async throws {
            let (world, _, flight) = try await begun(way)
            let other = try await world.pilot(way.access(world))
            let foreign = try await other.update(flight)
            let unknown = try await other.update(Tracker.Flight(bid: 999_999, id: UUID().uuidString.lowercased()))
            for answer in [foreign, unknown] {
                #expect(answer.status == 404)
                #expect(answer.body == foreign.body)
                #expect(
                    answer.message
                        == (way == .d5 ? "There is flight with the specified bid ID" : "No active flight"))
            }
            #expect(try await other.complete(flight).status == 404)
            #expect(try await other.post("flights/cancel", flight.key).status == 404)
            let staff = try await world.airline.staff()
            #expect(try await staff.track(flight.id).points.isEmpty)
        }

        @Test(arguments: Way.paths)
        func c30CompleteBeforeAnyUpdate(_ way: Way) async throws {
            let (world, tracker) = try await fresh(way)
            let bid = try await tracker.book(try world.entry())
            let answer = try await tracker.complete(
                Tracker.Flight(bid: bid, id: UUID().uuidString.lowercased()))
            #expect(answer.status == 404)
            if way == .d5 { #expect(answer.message == "There is no ongoing flight") }
            #expect(try await tracker.get("flights/bookings").json().items?.count == 1)
        }

        @Test(arguments: Way.paths)
        func c31BrokenFlightData(_ way: Way) async throws {
            let (_, tracker, flight) = try await begun(way)
            #expect(try await tracker.update(flight).status == 200)
            let data = try await tracker.complete(
                flight, ["flightData": .string(Data("hi".utf8).base64EncodedString())])
            let log = try await tracker.complete(flight, ["flightLog": "not base64 !"])
            #expect(data.status == 400 && log.status == 400)
            if way == .d5 {
                #expect(data.message == "Invalid flight data")
                #expect(log.message == "Invalid flight log")
            }
            #expect(try await tracker.get("flights/bookings").json()[0]?["bidID"] == .int(flight.bid))
            #expect(try await tracker.get("pireps/search").text == "[]")
        }

        @Test(arguments: Way.allCases)
        func c32FileAReport(_ way: Way) async throws {
            let (world, tracker, flight) = try await begun(way)
            try await tracker.report(flight, latitude: 51.4775, longitude: -0.4614)
            try await tracker.report(flight, latitude: 50.1, longitude: 1.2)
            let answer = try await tracker.complete(flight)
            #expect(answer.status == 200)
            let id = try #require(try answer.json()["pirepID"])
            #expect(tracker.access.dialect == .d5 ? id.integer != nil : id.text != nil)
            #expect(try await tracker.get("flights/bookings").text == "[]")

            let reports = try await tracker.get("pireps/search").json()
            #expect(reports.items?.count == 1)
            let report = try #require(reports[0])
            #expect(report["id"] == id)
            // Judged after the answer: pending until then.
            #expect(["Pending", "Accepted", "Rejected"].contains(report["status"]?.text))
            #expect(report["flightTime"]?.number == 1.25)
            #expect(report["landingRate"]?.number == -182)
            #expect(report["fuelUsed"]?.number == 5321.4)
            #expect(report["route"] == "MID UN615 XAMAB")
            #expect(report["airlineCode"] == "DEM")
            #expect(report["departureAirport"] == "LEMD" && report["arrivalAirport"] == "LEBL")
            #expect(report["aircraft"] == 1)
            let latest = try await tracker.get("pireps/latest").json()
            #expect((tracker.access.dialect == .d5 ? latest[0] : latest)?["id"] == id)

            let text = id.text ?? id.integer.map(String.init) ?? ""
            let details = try await tracker.get("pireps/details", [("id", text)]).json()
            #expect(details["flightLog"]?.items?.count == 2 || tracker.access.dialect == .d7)
            if tracker.access.dialect == .d5 {
                #expect(
                    details["flightLog"] == [
                        "[10:00:01] Boarding started", "[10:03:00] Pushing back with 5000 lbs of fuel",
                    ])
                #expect(details["flightData"]?[0]?["message"] == "Boarding started")
                #expect(details["flightData"]?[0]?["eventTimestamp"] == "2026-11-21T10:00:01.000Z")
                #expect(details["flightData"]?[0]?["eventElapsedTime"]?.number == 12.5)
            }
            let points = try #require(details["locationData"]?.items)
            #expect(points.count == 2)
            #expect(Set(points.compactMap { $0["latitude"]?.number }) == [51.4775, 50.1])
            if tracker.access.dialect == .d5 { #expect(points.first?["latitude"]?.number == 50.1, "newest first") }

            // Unknown and foreign reports look the same.
            let other = try await world.pilot(way.access(world))
            let foreign = try await other.get("pireps/details", [("id", text)])
            let absent = try await other.get("pireps/details", [("id", "999999")])
            #expect(foreign.status == 404 && absent.status == 404)
            #expect(foreign.body == absent.body)
            #expect(try await other.get("pireps/search").text == "[]")
        }

        @Test(arguments: Way.paths)
        func c33TheSameReportAgain(_ way: Way) async throws {
            let (world, tracker, flight) = try await begun(way)
            try await tracker.report(flight, latitude: 50.1)
            let first = try await tracker.complete(flight)
            #expect(first.status == 200)
            for _ in 0..<3 {
                let again = try await tracker.complete(flight)
                #expect(again.status == 200)
                #expect(again.body == first.body)
            }
            #expect(try await tracker.get("pireps/search").json().items?.count == 1)
            let staff = try await world.airline.staff()
            _ = try await staff.judged(flight.id)
            // The list follows the log within a second.
            try await eventually("one report in the list") {
                let reports = try await staff.all("pireps")
                return reports.count { $0["flight_id"]?.text == flight.id } == 1 ? true : nil
            }
        }

        @Test(arguments: Way.paths)
        func c34CancelKeepsTheBooking(_ way: Way) async throws {
            let (world, tracker, flight) = try await begun(way)
            try await tracker.report(flight, latitude: 50.1)
            let staff = try await world.airline.staff()
            func isLive() async throws -> Bool {
                try await staff.json("live")["flights"]?.items?.contains { $0["id"]?.text == flight.id } == true
            }
            try await eventually("flight on the map") { try await isLive() ? true : nil }
            let answer = try await tracker.post("flights/cancel", flight.key)
            #expect(try isDone(answer, tracker.access.dialect), "\(answer.status) \(answer.text)")
            #expect(try await tracker.get("flights/bookings").json()[0]?["bidID"] == .int(flight.bid))
            try await eventually("flight off the map") { try await isLive() ? nil : true }
            #expect(try await tracker.complete(flight).status == 404)
        }

        // MARK: Charters, unbooking, tenants

        @Test(arguments: Way.paths)
        func c35Charter(_ way: Way) async throws {
            let (_, tracker) = try await fresh(way)
            let answer = try await tracker.post("flights/charter", Self.charter)
            #expect(answer.status == 200, "\(answer.text)")
            let bid = try #require(try answer.json()["bidID"])
            #expect(bid.integer != nil)
            let bookings = try #require(try await tracker.get("flights/bookings").json().items)
            #expect(bookings.count == 1)
            #expect(bookings[0]["bidID"] == bid)
            #expect(bookings[0]["code"] == "DEM" && bookings[0]["number"] == "927")
            #expect(bookings[0]["departureAirport"] == "EGLL" && bookings[0]["arrivalAirport"] == "LFPG")
            let found = try #require(try await tracker.get("flights/search", [("callsign", "927")]).json().items)
            #expect(!found.contains { $0["number"] == "927" })
            // A bare number belongs to the airline.
            let bare = try await tracker.post("flights/charter", Self.charter.with(["number": "928", "route": [""]]))
            #expect(bare.status == 200)
            let both = try #require(try await tracker.get("flights/bookings").json().items)
            #expect(both.contains { $0["code"] == "DEM" && $0["number"] == "928" })
            for booking in both {
                #expect(
                    try isDone(
                        try await tracker.post("flights/unbook", ["bidID": booking["bidID"] ?? nil]), way.dialect))
            }
        }

        static let charter: JSON = [
            "number": "DEM927", "departure": "EGLL", "arrival": "LFPG", "route": ["MID", "UN615", "XAMAB"],
            "aircraft": "1", "cruise": "350", "type": "P", "departureTime": "10:00", "arrivalTime": "11:15",
            "airlineID": 77,
        ]

        @Test(arguments: Way.paths)
        func c36BadCharters(_ way: Way) async throws {
            let (_, tracker) = try await fresh(way)
            let type = try await tracker.post("flights/charter", Self.charter.with(["type": "X"]))
            let airport = try await tracker.post("flights/charter", Self.charter.with(["departure": "ZZZQ"]))
            #expect(type.status == 400)
            #expect([400, 404].contains(airport.status))
            if way == .d5 {
                #expect(type.message == "Invalid type for type (expected `C` or `P` [Raw Type: `string`])")
                #expect(airport.status == 400)
                #expect(airport.message == "Departure or arrival airport not found.")
            }
            #expect(try await tracker.get("flights/bookings").text == "[]")
        }

        @Test(arguments: Way.paths)
        func c37UnbookTwice(_ way: Way) async throws {
            let (world, tracker) = try await fresh(way)
            let entry = try world.entry()
            let bid = try await tracker.book(entry)
            let first = try await tracker.post("flights/unbook", ["bidID": .int(bid)])
            #expect(try isDone(first, tracker.access.dialect), "\(first.status) \(first.text)")
            let second = try await tracker.post("flights/unbook", ["bidID": .int(bid)])
            #expect(second.status == 404)
            if way == .d5 { #expect(second.message == "No bids with the given ID were found") }
            #expect(try await tracker.get("flights/bookings").text == "[]")
            // The entry is free again, and the number is never used again.
            #expect(try await tracker.book(entry) > bid)
        }

        @Test(arguments: Way.paths)
        func c38TokenOfAnotherTenant(_ way: Way) async throws {
            let (world, tracker) = try await pilot7(way)
            let server = world.airline.server
            let slug = "other-\(way == .d5 ? "five" : "seven")"
            let other = try await Airline.make(on: server, slug, icao: "OTH", name: "Other")
            try await other.addUser(7, name: "Other Seven")
            let foreign = try await other.tracker(7, tracker.access.dialect)
            for (access, token) in [(tracker.access, foreign.token), (foreign.access, tracker.token)] {
                #expect(try await access.send("GET", "flights/bookings", token: token).status == 401)
                #expect(try await access.send("GET", "pilot/statistics", token: token).status == 401)
            }
            let body = (["session": .string(foreign.token)] as JSON).bytes
            #expect([401, 404].contains(try await tracker.access.send("POST", "pilot/verify", body: body).status))
            #expect([401, 404].contains(try await tracker.access.send("POST", "pilot/resume", body: body).status))
            // An unknown tenant, adapter or host gives nothing away.
            let unknown = try await Web.send("GET", "\(server.url)/acars/nobody/smartcars3/")
            #expect(unknown.status == 404)
            #expect(try await Web.send("GET", "\(server.url)/acars/demo/nothing/").status == 404)
            #expect(
                try await Web.send("GET", "\(server.url)/api/phpvms5/", headers: [("Host", "unknown.example")]).status
                    == 404)
        }
    }
}

extension EndToEnd.SmartCARS3ConformanceTests.Way {
    var dialect: Dialect { self == .d7 || self == .d7Host ? .d7 : .d5 }
}
