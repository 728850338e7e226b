import Domain
import Protocols
import Testing

@Suite struct PhpVMS7EncodeTests {
    static let adapter = PhpVMS7Adapter()
    static let id = Sample.uuid

    private func reply(
        _ reply: TrackerReply, _ path: String, query: String = "", key: String? = "ka"
    ) -> EncodedReply {
        Self.adapter.encode(reply, to: PhpVMS7DecodeTests.frame("GET", path, query: query, key: key))
    }
    private func reply(_ reply: TrackerReply, _ method: String, _ path: String, _ body: String) -> EncodedReply {
        Self.adapter.encode(reply, to: PhpVMS7DecodeTests.frame(method, path, body))
    }
    private func object(_ encoded: EncodedReply, status: Int = 200) throws -> JSONObject {
        #expect(encoded.status == status, "\(encoded.text)")
        #expect(encoded.header("Content-Type") == "application/json")
        guard case .object(let object) = try JSON.decode(encoded.body) else {
            Issue.record("no object: \(encoded.text)")
            return JSONObject()
        }
        return object
    }
    private func data(_ encoded: EncodedReply) throws -> JSONObject {
        guard case .object(let data)? = try object(encoded)["data"] else {
            Issue.record("no data: \(encoded.text)")
            return JSONObject()
        }
        return data
    }
    private func rows(_ encoded: EncodedReply) throws -> [JSONObject] {
        guard case .array(let rows)? = try object(encoded)["data"] else {
            Issue.record("no list: \(encoded.text)")
            return []
        }
        return rows.compactMap { if case .object(let row) = $0 { row } else { nil } }
    }

    // MARK: Envelope

    @Test func namesTheSite() throws {
        #expect(
            reply(.probe, "api/status").text
                == #"{"name":"Virtual Meridian","version":"7.0.10","php":"8.2.0"}"#)
    }

    @Test func tellsWhyAKeyIsRefused() {
        let missing = reply(.refused(.sessionInvalid), "api/user", key: nil)
        #expect(missing.status == 401)
        #expect(
            missing.text
                == #"{"error":{"code":"401","http_code":"Unauthorized","message":"Invalid or missing API key (X-API-KEY header missing)"}}"#
        )
        let wrong = reply(.refused(.sessionInvalid), "api/user", key: "nope")
        #expect(wrong.text.contains("(No user matches the provided key)") && !wrong.text.contains("nope"))
        let inactive = reply(.refused(.pilotInactive), "api/user")
        #expect(inactive.text.contains("(User is not ACTIVE, please contact an administrator)"))
    }

    @Test func cutsListsIntoPages() throws {
        let airports = [try Sample.kennedy(), try Sample.logan()]
        let first = reply(.airports(airports), "api/airports", query: "limit=1&page=0")
        #expect(first.body == reply(.airports(airports), "api/airports", query: "limit=1&page=0").body)
        let one = try rows(first)
        #expect(one.map { $0["id"] } == [.string("KBOS")])
        #expect(
            first.text.contains(
                #""links":{"first":null,"last":null,"prev":null,"next":null},"meta":{"current_page":1,"from":1,"last_page":2,"path":"https:\/\/va.example\/acars\/demo\/api\/airports","per_page":1,"to":1,"total":2,"prev_page":null,"next_page":"https:\/\/va.example\/acars\/demo\/api\/airports?limit=1&page=2"}"#
            ), "\(first.text)")
        let second = reply(.airports(airports), "api/airports", query: "limit=1&page=2")
        #expect(try rows(second).map { $0["id"] } == [.string("KJFK")])
        #expect(second.text.contains(#""prev_page":"https"#) && second.text.contains(#""next_page":null"#))
        let past = reply(.airports([]), "api/airports")
        #expect(past.text.contains(#""from":null,"last_page":1"#) && past.text.contains(#""to":null,"total":0"#))
    }

    // MARK: Airline

    @Test func givesThePilot() throws {
        let user = try data(reply(.profile(try Sample.profile()), "api/user"))
        #expect(user["id"] == .integer(1) && user["pilot_id"] == .integer(1) && user["state"] == .integer(1))
        #expect(user["ident"] == .string("VMS0001") && user["name"] == .string("Ada K"))
        #expect(user["home_airport"] == .string("KJFK") && user["curr_airport"] == .string("KJFK"))
        // A client fails on null there.
        #expect(user["ivao_id"] == nil)
        #expect(user["flight_time"] == .integer(750))
        guard case .object(let rank)? = user["rank"], case .array(let bids)? = user["bids"],
            case .object(let airline)? = user["airline"]
        else {
            Issue.record("rank, bids or airline missing")
            return
        }
        #expect(rank["name"] == .string("Captain") && rank["subfleets"] != nil)
        #expect(airline["country"] == .string("") && airline["iata"] == .string("VM"))
        #expect(bids.count == 1)
        let bare = try data(reply(.profile(try Sample.profile()), "api/user", query: "with=bids"))
        guard case .object(let bareRank)? = bare["rank"] else { return }
        #expect(bareRank["subfleets"] == nil)
    }

    @Test func showsTheFleetInTypesThatClientsTake() throws {
        let subfleet = try #require(try rows(reply(.subfleets([Sample.subfleet]), "api/user/fleet")).first)
        for name in ["cost_block_hour", "cost_delay_minute", "cargo_capacity", "fuel_capacity", "gross_weight"] {
            #expect(subfleet[name] == .null, "\(name)")
        }
        #expect(subfleet["ground_handling_multiplier"] == .integer(100) && subfleet["fuel_type"] == .integer(1))
        guard case .array(let list)? = subfleet["aircraft"], case .object(let aircraft)? = list.first else {
            Issue.record("no aircraft")
            return
        }
        #expect(aircraft["subfleet_id"] == .integer(1) && aircraft["registration"] == .string("N845MJ"))
        #expect(aircraft["mtow"] == .object(JSONObject([.init("kg", .integer(0)), .init("lbs", .integer(0))])))
        #expect(aircraft["status"] == .string("A") && aircraft["ident"] == .string("N845MJ (E145)"))
        #expect(reply(.subfleets([Sample.subfleet]), "api/user/fleet").text.contains("meta") == false)
        #expect(reply(.subfleets([Sample.subfleet]), "api/fleet").text.contains(#""last_page":1"#))
    }

    @Test func showsAirports() throws {
        let airport = try data(reply(.airports([try Sample.kennedy()]), "api/airports/kjfk"))
        #expect(airport["icao"] == .string("KJFK") && airport["elevation"] == .integer(13))
        #expect(airport["lat"]?.numeric == 40.639751 && airport["hub"] == .bool(false))
        #expect(airport["description"] == .string("KJFK - KJFK"))
        #expect(reply(.refused(.airportUnknown("ZZZZ")), "api/airports/ZZZZ").status == 404)
        #expect(reply(.refused(.airportUnknown("ZZZZ")), "api/airports/ZZZZ").text.contains("not-found"))
        #expect(reply(.refused(.airportUnknown("ZZZZ")), "api/airports/ZZZZ/lookup").text == #"{"data":[]}"#)
    }

    @Test func measuresDistances() throws {
        let from = try Sample.airport("KJFK", 40.6399257, -73.7786950)
        let to = try Sample.airport("KSFO", 37.6188056, -122.3754167)
        let answer = try data(reply(.airports([from, to]), "api/airports/KJFK/distance/KSFO"))
        #expect(answer["fromIcao"] == .string("KJFK") && answer["toIcao"] == .string("KSFO"))
        guard case .object(let distance)? = answer["distance"] else { return }
        #expect(abs((distance["nmi"]?.numeric ?? 0) / 2244.33 - 1) < 0.005)
    }

    @Test(arguments: [
        ("search=icao:kb", ["KBOS"]), ("search=ICAO:K", ["KJFK", "KBOS"]), ("search=name:jfk", ["KJFK"]),
        ("search=bos", ["KBOS"]), ("search=icao:x;name:bos", ["KBOS"]), ("search=city:x", []), ("", ["KJFK", "KBOS"]),
        ("search=icao:k&hubs=1", []),
    ])
    func searchesAirports(_ query: String, _ codes: [String]) throws {
        let airports = [try Sample.kennedy(), try Sample.logan()]
        let found = try rows(reply(.airports(airports), "api/airports/search", query: query))
        #expect(found.map { $0["icao"] } == codes.map { .string($0) })
    }

    @Test func showsNews() throws {
        let news = NewsReply(
            number: 3, title: "Hub moved", body: "<p>x</p>", postedAt: Sample.time, postedBy: "Ada Kern")
        let row = try #require(try rows(reply(.news([news]), "api/news")).first)
        #expect(row["subject"] == .string("Hub moved") && row["body"] == .string("<p>x</p>"))
        #expect(row["created_at"] == .string("2026-11-21T11:20:05.250000Z"))
    }

    // MARK: Timetable

    @Test func showsSchedules() throws {
        let page = SchedulePage(
            entries: [try Sample.schedule()], total: 57, subfleets: [Sample.subfleet], booked: [1000])
        let encoded = reply(.schedules(page), "api/flights/search")
        let flight = try #require(try rows(encoded).first)
        #expect(flight["id"] == .string(Self.id) && flight["flight_number"] == .integer(1000))
        #expect(flight["flight_time"] == .integer(70) && flight["has_bid"] == .bool(true))
        #expect(flight["ident"] == .string("VM1000") && flight["fields"] == .object(JSONObject()))
        #expect(encoded.text.contains(#""distance":{"m":300024,"km":300.02,"mi":186.43,"nmi":162}"#))
        #expect(encoded.text.contains(#""total":57"#) && encoded.text.contains(#""last_page":3"#))
        // Nobody knows where the aircraft is, so it is where the flight begins.
        #expect(encoded.text.contains(#""airport_id":"KJFK""#))
        for without in ["api/flights?with=simbrief", "api/vmsacars/search"] {
            let parts = without.split(separator: "?").map(String.init)
            let bare = reply(.schedules(page), parts[0], query: parts.count > 1 ? parts[1] : "")
            #expect(try rows(bare).first?["subfleets"] == nil)
        }
    }

    @Test func showsAPlan() throws {
        let plan = TrackerReply.schedule(try Sample.plan(booked: false))
        #expect(try data(reply(plan, "api/flights/\(Self.id)"))["has_bid"] == .bool(false))
        let aircraft = reply(plan, "api/flights/\(Self.id)/aircraft")
        #expect(aircraft.text.hasPrefix(#"[{"id":1,"subfleet_id":1,"#))
        #expect(reply(plan, "api/flights/\(Self.id)/route").text == #"{"data":[]}"#)
        #expect(reply(.refused(.scheduleUnknown), "api/flights/x").text.contains("[Flight] x"))
    }

    @Test func showsBids() throws {
        let bid = try data(reply(.booked(try Sample.plan()), "PUT", "api/user/bids", #"{"flight_id":"x"}"#))
        #expect(bid["id"] == .integer(7) && bid["aircraft_id"] == .integer(1))
        guard case .object(let flight)? = bid["flight"] else { return }
        #expect(flight["id"] == .string(Self.id) && flight["subfleets"] != nil)
        #expect(reply(.bookingCancelled, "DELETE", "api/user/bids", #"{"flight_id":"x"}"#).text == #"{"data":[]}"#)
        let listed = try rows(
            reply(
                .bookings([BookingReply(booking: Sample.booking, schedule: try Sample.schedule())], subfleets: []),
                "api/user/bids"))
        #expect(listed.count == 1)
    }

    @Test func refusesBids() throws {
        let taken = try object(
            reply(.refused(.bookingTaken), "PUT", "api/user/bids", #"{"flight_id":"f"}"#), status: 409)
        #expect(taken["type"] == .string("https://phpvms.net/errors/bid-exists"))
        #expect(taken["details"] == .string("A bid already exists for this flight"))
        #expect(taken["flight_id"] == .string("f"))
        let unknown = try object(
            reply(.refused(.bookingUnknown), "DELETE", "api/user/bids", #"{"bid_id":11}"#), status: 404)
        #expect(unknown["details"] == .string("The bid 11 was not found") && unknown["bid_id"] == .integer(11))
        // The bid went away with the filing.
        #expect(reply(.refused(.bookingUnknown), "DELETE", "api/user/bids", #"{"flight_id":"f"}"#).status == 200)
        #expect(reply(.refused(.scheduleUnknown), "DELETE", "api/user/bids", #"{"flight_id":"f"}"#).status == 404)
        #expect(reply(.refused(.bookingUnknown), "api/bids/11").text.contains("bid-not-found"))
        #expect(reply(.refused(.bookingLimit), "POST", "api/user/bids", "{}").text.contains("user-bid-limit"))
    }

    // MARK: PIREPs

    private func pirep(
        _ state: FlightReply.State = .open, change: (inout FlightDetails) -> Void = { _ in }
    ) throws -> JSONObject {
        try data(reply(.begun(try Sample.flight(state: state, change: change)), "POST", "api/pireps/prefile", "{}"))
    }

    @Test func showsAPIREPInTypesThatClientsTake() throws {
        let pirep = try pirep {
            $0.status = "INI"
            $0.plannedDistance = NauticalMiles(400.0)
            $0.blockFuel = Kilograms(Pounds(24000.0))
            $0.fields = ["Simulator": "X-Plane 12"]
        }
        #expect(pirep["id"] == .string(Self.id) && pirep["flight_number"] == .string("1000"))
        #expect(pirep["state"] == .integer(0) && pirep["status"] == .string("INI"))
        #expect(pirep["source"] == .integer(1) && pirep["flight_time"] == .integer(0))
        #expect(pirep["user_id"] == .integer(1) && pirep["airline_id"] == .integer(1))
        #expect(pirep["aircraft_id"] == .integer(1) && pirep["flight_id"] == .string(Self.id))
        for name in ["submitted_at", "block_off_time", "block_on_time", "event_id", "score", "route_leg", "zfw"] {
            #expect(pirep[name] == .null, "\(name)")
        }
        #expect(pirep["created_at"] == .string("2026-11-21T11:20:05.250000Z"))
        #expect(pirep["comments"] == .array([]) && pirep["flight"] == .null && pirep["position"] == .null)
        guard case .object(let departure)? = pirep["dpt_airport"], case .object(let user)? = pirep["user"] else {
            Issue.record("no airport or user")
            return
        }
        #expect(departure["elevation"] == .null && departure["hub"] == .bool(false))
        #expect(user["name"] == .string("Ada K") && user["airline"] == nil && user["email"] == nil)
        let text = reply(
            .begun(
                try Sample.flight {
                    $0.plannedDistance = NauticalMiles(400.0)
                    $0.blockFuel = Kilograms(Pounds(24000.0))
                }), "POST", "api/pireps/prefile", "{}"
        ).text
        #expect(text.contains(#""planned_distance":{"m":740800,"km":740.8,"mi":460.31,"nmi":400}"#))
        #expect(text.contains(#""block_fuel":{"kg":10886.22,"lbs":24000}"#))
        #expect(text.contains(#""fuel_used":{"kg":0,"lbs":0}"#))
        #expect(!text.contains("ada@demo.example"))
    }

    @Test(arguments: [
        (FlightReply.State.open, 0, "INI"), (.paused, 7, "INI"), (.abandoned, 0, "INI"), (.cancelled, 3, "DX"),
        (.filed, 1, "ARR"), (.inReview, 1, "ARR"), (.accepted, 2, "ARR"), (.rejected, 6, "ARR"),
    ])
    func translatesStates(_ state: FlightReply.State, _ code: Int, _ status: String) throws {
        let pirep = try pirep(state)
        #expect(pirep["state"]?.numeric == Double(code) && pirep["status"] == .string(status))
        #expect(pirep["phase"] == .string(status))
    }

    @Test func showsAFiledReport() throws {
        let filed = try pirep(.filed) {
            $0.fuelUsed = Kilograms(Pounds(8000.19))
            $0.flightTime = Minutes(130)
            $0.status = "ARR"
        }
        #expect(filed["submitted_at"] == .string("2026-11-21T11:20:05.250000Z"))
        #expect(filed["block_on_time"] == .string("2026-11-21T11:20:05Z"))
        #expect(filed["block_off_time"] == .string("2026-11-21T09:10:05Z"))
        #expect(filed["status_text"] == .string("Arrived"))
        guard case .object(let fuel)? = filed["fuel_used"] else { return }
        #expect(fuel["lbs"]?.numeric == 8000.19)
    }

    @Test func translatesPhases() throws {
        #expect(try pirep { $0.status = "TKO" }["status_text"] == .string("Enroute"))
        #expect(try pirep { $0.status = "XYZ" }["status_text"] == .string("XYZ"))
    }

    @Test func listsWithoutDetails() throws {
        let list = reply(.flights([try Sample.flight()], total: 1), "api/user/pireps")
        let row = try #require(try rows(list).first)
        for name in ["comments", "flight", "simbrief", "position", "user"] { #expect(row[name] == nil, "\(name)") }
        #expect(row["fields"] != nil && list.text.contains(#""total":1"#))
        // No flight here is ever a draft.
        let drafts = reply(.flights([try Sample.flight()], total: 1), "api/user/pireps", query: "state=5")
        #expect(try rows(drafts).isEmpty && drafts.text.contains(#""total":0"#))
    }

    // MARK: Positions

    private func sample(_ change: (inout PositionSample) -> Void = { _ in }) throws -> PositionSample {
        var sample = PositionSample(
            eventTime: Sample.time, receivedAt: Sample.time,
            position: try #require(Position(latitude: 31.2, longitude: -96.01)))
        change(&sample)
        return sample
    }

    @Test func showsATrack() throws {
        let first = try sample {
            $0.clientID = "x1"
            $0.clientTime = Timestamp(iso8601: "2026-08-22T11:59:50Z")
            $0.altitudeMSL = Feet(12000.0)
            $0.heightAGL = Feet(11480.0)
            $0.fuel = Kilograms(Pounds(21000.0))
            $0.extras = ["status": "ENR", "distance": "44", "transponder": "2000", "autopilot": "1"]
        }
        let second = try sample {
            $0.clientTime = Timestamp(iso8601: "2026-08-22T11:59:40Z")
            $0.altitudeMSL = Feet(1000.0)
        }
        let encoded = reply(.track(try Sample.flight(), [first, second]), "api/pireps/\(Self.id)/acars/position")
        let track = try rows(encoded)
        #expect(track.map { $0["sim_time"] } == [.string("2026-08-22T11:59:40Z"), .string("2026-08-22T11:59:50Z")])
        // `altitude` fills what is missing.
        for name in ["altitude", "altitude_agl", "altitude_msl"] { #expect(track[0][name] == .integer(1000)) }
        #expect(track[1]["id"] == .string("x1") && track[1]["altitude_agl"] == .integer(11480))
        #expect(track[1]["status"] == .string("ENR") && track[1]["transponder"] == .integer(2000))
        #expect(track[1]["autopilot"] == .string("1") && track[0]["type"] == .integer(0))
        #expect(encoded.text.contains(#""distance":{"m":81488,"km":81.49,"mi":50.63,"nmi":44}"#))
        #expect(encoded.text.contains(#""fuel":{"kg":9525.44,"lbs":21000}"#))
        #expect(!encoded.text.contains("meta"))
    }

    @Test func drawsMaps() throws {
        let points = [try sample { $0.altitudeMSL = Feet(12000.0) }, try sample()]
        let map = reply(.track(try Sample.flight(), points), "api/pireps/\(Self.id)/acars/geojson").text
        #expect(map.hasPrefix(#"{"data":{"position":{"lat":31.2,"lon":-96.01},"line":{"type":"FeatureCollection""#))
        #expect(map.contains(#""coordinates":[[-96.01,31.2],[-96.01,31.2]]"#))
        #expect(map.contains(#""airports":{"a":{"icao":"KBOS","lat":42.364347,"lon":-71.005181},"d":{"icao":"KJFK""#))
        let empty = reply(.track(try Sample.flight(), []), "api/pireps/\(Self.id)/acars/geojson").text
        #expect(empty.contains(#""position":{"lat":42.364347"#))
        #expect(empty.contains(#""line":{"type":"FeatureCollection","features":[]}"#))
        let unknown = reply(.refused(.flightUnknown), "api/pireps/x/acars/geojson")
        #expect(unknown.status == 404 && unknown.text.contains("pirep-not-found"))
    }

    @Test func showsTheLiveFlights() throws {
        let flight = try Sample.flight().with(latest: try sample { $0.altitudeMSL = Feet(12000.0) })
        let row = try #require(try rows(reply(.flights([flight], total: 1), "api/acars", key: nil)).first)
        #expect(row["position"] != nil && row["user"] != nil && row["comments"] == nil)
        let map = reply(.flights([flight], total: 1), "api/acars/geojson", key: nil).text
        #expect(map.contains(#""geometry":{"type":"Point","coordinates":[-96.01,31.2,12000]}"#))
        #expect(map.contains(#""properties":{"pirep_id":"\#(Self.id)","alt":12000,"heading":0}"#))
    }

    // MARK: Commands

    @Test(arguments: [
        ("POST", "acars/position", 3, #"{"message":"3 positions added","attrs":[],"count":3}"#),
        ("POST", "acars/positions", 1, #"{"message":"1 positions added","attrs":[],"count":1}"#),
        ("POST", "acars/logs", 1, #"{"message":"1 logs added","attrs":[],"count":1}"#),
        ("POST", "acars/events", 1, #"{"message":"1 logs added","attrs":[],"count":1}"#),
        ("POST", "route", 7, #"{"message":"7 points added","attrs":[],"count":7}"#),
        ("DELETE", "route", 0, #"{"message":"Route deleted","attrs":[]}"#),
    ])
    func countsWhatWasTaken(_ method: String, _ call: String, _ count: Int, _ text: String) {
        #expect(reply(.progress(count: count, nil), method, "api/pireps/\(Self.id)/\(call)", "{}").text == text)
    }

    @Test func answersUpdatesAndFieldsWithTheFlight() throws {
        let flight = try Sample.flight { $0.fields = ["Simulator": "X-Plane 12", "Departure Gate": "G26"] }
        let update = try data(reply(.progress(count: nil, flight), "PUT", "api/pireps/\(Self.id)", "{}"))
        #expect(update["id"] == .string(Self.id))
        #expect(
            reply(.progress(count: nil, flight), "POST", "api/pireps/\(Self.id)/fields", "{}").text
                == #"{"data":{"Departure Gate":"G26","Simulator":"X-Plane 12"}}"#)
        #expect(
            reply(.flight(flight), "api/pireps/\(Self.id)/fields").text
                == #"{"data":{"Departure Gate":"G26","Simulator":"X-Plane 12"}}"#)
        #expect(reply(.flight(flight), "api/pireps/\(Self.id)/finances").text == #"{"data":[]}"#)
    }

    @Test func answersComments() throws {
        let comment = FlightComment(
            number: 4, user: Sample.pilot.id, ident: "VMS0007", name: "Ada Kern", text: "Nice flight", at: Sample.time)
        let encoded = reply(.commented(comment), "POST", "api/pireps/\(Self.id)/comments", "{}")
        #expect(encoded.status == 201)
        #expect(
            encoded.text
                == #"{"data":{"id":4,"comment":"Nice flight","created_at":"2026-11-21T11:20:05.250000Z","user":{"id":7,"pilot_id":7,"ident":"VMS0007","name":"Ada K"}}}"#
        )
    }

    @Test func showsTheRoute() throws {
        let flight = try Sample.flight {
            $0.waypoints = [("B", 2), ("A", 1)].compactMap { name, order in
                Position(latitude: 1, longitude: 2).map {
                    .init(id: nil, name: name, order: order, position: $0, kind: 2048)
                }
            }
        }
        let route = try rows(reply(.flight(flight), "api/pireps/\(Self.id)/route"))
        #expect(route.map { $0["name"] } == [.string("A"), .string("B")])
        #expect(route.first?["type"] == .integer(1) && route.first?["nav_type"] == .integer(2048))
    }

    // MARK: Refusals

    @Test(arguments: [
        (Refusal.flightUnknown, "update", 404, "not-found"), (.flightOfAnother, "update", 403, "unauthorized"),
        (.flightCancelled, "acars/position", 400, "pirep-cancelled"), (.flightDecided, "file", 400, "pirep-error"),
        (.alreadyFiled, "file", 400, "pirep-error"), (.flightOfAnother, "cancel", 403, "unauthorized"),
        (.cancelNotAllowed(.accepted), "cancel", 400, "pirep-cancel-not-allowed"),
        (.aircraftNotAvailable(12), "update", 400, "aircraft-not-available"),
        (.airportUnknown("ZZZZ"), "update", 404, "airport-not-found"),
        (.tooManyRequests(retryAfterSeconds: 3), "acars/position", 429, "http-exception"),
        (.unavailable(retryAfterSeconds: 5), "acars/position", 503, "internal-error"),
        (.adapterOff, "acars/position", 503, "internal-error"),
    ])
    func refuses(_ refusal: Refusal, _ call: String, _ status: Int, _ slug: String) throws {
        let method = call == "cancel" ? "PUT" : "POST"
        let encoded = reply(.refused(refusal), method, "api/pireps/\(Self.id)/\(call)", "{}")
        let problem = try object(encoded, status: status)
        #expect(problem["type"] == .string("https://phpvms.net/errors/\(slug)"))
        #expect(problem["title"] == problem["details"])
        guard case .object(let error)? = problem["error"] else {
            Issue.record("no error")
            return
        }
        #expect(error["message"] == problem["details"] && error["status"] == .integer(Int64(status)))
        if slug.hasPrefix("pirep-") { #expect(problem["pirep_id"] == .string(Self.id)) }
        if let seconds = refusal.retryAfter { #expect(encoded.header("Retry-After") == String(seconds)) }
    }

    @Test func refusesInExactWords() {
        func text(_ refusal: Refusal, _ path: String) -> String { reply(.refused(refusal), "POST", path, "{}").text }
        let path = "api/pireps/\(Self.id)/file"
        #expect(
            text(.flightCancelled, path)
                == #"{"type":"https:\/\/phpvms.net\/errors\/pirep-cancelled","title":"PIREP has been cancelled, updates are not allowed","details":"PIREP has been cancelled, updates are not allowed","status":400,"error":{"status":400,"message":"PIREP has been cancelled, updates are not allowed"},"pirep_id":"\#(Self.id)"}"#
        )
        #expect(text(.flightDecided, path).contains("PIREP is read-only"))
        #expect(text(.alreadyFiled, path).contains("PIREP has already been submitted"))
        #expect(text(.cancelNotAllowed(.rejected), path).contains(#""state":6"#))
        #expect(text(.airportUnknown("ZZZZ"), "api/pireps/prefile").contains(#""icao":"ZZZZ""#))
        #expect(
            text(.aircraftUnknown, "api/pireps/prefile").contains(
                #""errors":{"aircraft_id":["The aircraft doesn't exist"]}"#))
    }

    @Test func cancelsWhatIsNotThere() {
        for known: TrackerReply in [.flightCancelled, .refused(.flightUnknown)] {
            #expect(
                reply(known, "DELETE", "api/pireps/8QxZ0vK1mNbPq3Rt/cancel", "").text
                    == #"{"message":"PIREP 8QxZ0vK1mNbPq3Rt cancelled","attrs":[]}"#)
        }
    }

    @Test func tellsEveryFault() throws {
        let frame = PhpVMS7DecodeTests.frame(
            "POST", "api/pireps/prefile",
            Wire.body(PhpVMS7DecodeTests.prefile, ["dpt_airport_id": "null", "arr_airport_id": "null"]))
        let error = try #require(Self.adapter.decode(frame).error)
        #expect(
            Self.adapter.encode(error, to: frame).text
                == #"{"type":"https:\/\/phpvms.net\/errors\/validation-exception","title":"Validation Error","details":"A departure airport is required, An arrival airport is required","status":400,"error":{"status":400,"message":"A departure airport is required, An arrival airport is required"},"errors":{"dpt_airport_id":["A departure airport is required"],"arr_airport_id":["An arrival airport is required"]}}"#
        )
    }

    @Test func saysTheSettingsOfTheAddOn() throws {
        let config = try object(reply(.profile(try Sample.profile()), "api/vmsacars/config"))
        #expect(config["data"] == nil && config["acars_user_id"] == .integer(1))
        #expect(config["disable_free_flights"] == .bool(false) && config["acars_update_timer"] == .integer(30))
        #expect(reply(.preflight, "api/vmsacars/rules").text == #"{"data":[]}"#)
    }
}

extension FlightReply {
    fileprivate func with(latest: PositionSample) -> FlightReply {
        FlightReply(
            opening: opening, details: details, state: state, report: report, latest: latest, positionCount: 1,
            heardAt: heardAt, endedAt: endedAt, comments: comments, pilot: pilot, airline: airline, aircraft: aircraft,
            departure: departure, arrival: arrival)
    }
}
