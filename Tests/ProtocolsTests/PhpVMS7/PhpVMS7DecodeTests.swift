import Domain
import Protocols
import Testing

@Suite struct PhpVMS7DecodeTests {
    static let adapter = PhpVMS7Adapter()
    static let id = "0199a3f2-7c11-7abc-8def-0123456789ab"

    static func frame(
        _ method: String, _ path: String, _ body: String = "", query: String = "", key: String? = "ka",
        authorization: String? = nil
    ) -> RawFrame {
        var frame = RawFrame(
            method: method, path: path, query: query, contentType: body.isEmpty ? nil : "application/json",
            authorization: authorization, body: Array(body.utf8), receivedAt: FixtureCorpus.receivedAt)
        frame.apiKey = key
        frame.site = FixtureCorpus.site
        return frame
    }
    static func decode(_ method: String, _ path: String, _ body: String = "", query: String = "") -> DecodedFrame {
        adapter.decode(frame(method, path, body, query: query))
    }
    static func write(_ call: String, _ body: String) -> DecodedFrame {
        decode("POST", "api/pireps/\(id)/\(call)", body)
    }

    // MARK: Paths, methods, keys

    @Test(arguments: [
        ("api", TrackerRequest.probe), ("api/", .probe), ("/api/status", .probe), ("api//version/", .probe),
        ("api/users/me", .identify), ("api/users/12", .profile(12)), ("api/subfleet", .subfleets),
        ("api/bids/7", .booking(7)), ("api/airports/nearest", .airportsNamed(["nearest"])),
        ("api/pireps/a%2Db", .flight(id: "a-b")), ("api/airlines/2", .airlines),
    ])
    func findsTheCall(_ path: String, _ request: TrackerRequest) {
        #expect(Self.decode("GET", path).request == request)
    }

    @Test(arguments: [
        "", "status", "API/status", "api/nothing", "api/pireps/x/acars", "api/acars/live", "api/acars/x/logs",
        "api/airports/KAUS/aircraft", "api/settings", "api/user/bids/1/2", "api/pireps/x/acars/position/1",
    ])
    func knowsNoOtherCall(_ path: String) {
        let decoded = Self.decode("GET", path)
        #expect(decoded.error?.code == .unknownEndpoint && decoded.error?.status == 404)
        // Unknown to everybody, with a key or without.
        #expect(decoded.credential == .none)
    }

    @Test(arguments: [
        ("PUT", "api/user", "GET, HEAD"), ("GET", "api/pireps/x/file", "POST"),
        ("POST", "api/pireps/x/cancel", "PUT, DELETE"),
        ("DELETE", "api/pireps/x", "GET, HEAD, PUT, POST, PATCH"), ("BREW", "api/status", "GET, HEAD"),
    ])
    func refusesOtherMethods(_ method: String, _ path: String, _ allowed: String) throws {
        let frame = Self.frame(method, path)
        let error = try #require(Self.adapter.decode(frame).error)
        let reply = Self.adapter.encode(error, to: frame)
        #expect(reply.status == 405)
        #expect(reply.header("Allow") == allowed)
        #expect(reply.text.contains("http-exception"))
    }

    @Test func takesTheKeyFromEitherHeader() {
        func credential(_ key: String?, _ authorization: String?) -> Credential {
            Self.adapter.decode(Self.frame("GET", "api/user", key: key, authorization: authorization)).credential
        }
        #expect(credential("ka", nil) == .key("ka"))
        #expect(credential(nil, "ka") == .key("ka"))
        #expect(credential(nil, "Bearer ka") == .key("ka"))
        // Present, it alone counts, right or wrong.
        #expect(credential("", "ka") == .key(""))
        #expect(credential("kb", "ka") == .key("kb"))
        #expect(credential(nil, nil) == .key(nil))
    }

    @Test(arguments: [
        "api/status", "api/acars", "api/acars/geojson", "api/pireps/x", "api/pireps/x/acars/geojson",
        "api/airports/hubs", "api/airports/search", "api/news",
    ])
    func asksForNoKey(_ path: String) { #expect(Self.decode("GET", path).credential == .none) }

    @Test func asksForAKeyToWrite() {
        #expect(Self.decode("PUT", "api/pireps/x").credential == .key("ka"))
        #expect(Self.decode("GET", "api/pireps/x/route").credential == .key("ka"))
        #expect(Self.decode("GET", "api/airports").credential == .key("ka"))
    }

    @Test func findsItsRootOnAHost() {
        func root(_ path: String) -> Int? {
            PhpVMS7Adapter.hostRoot(path.split(separator: "/", omittingEmptySubsequences: false))
        }
        #expect(root("api/user") == 0)
        #expect(root("/api/user") == 0)
        #expect(root("phpvms/public/api/user") == 2)
        #expect(root("user") == nil)
        #expect(root("a/b/c/d/api/user") == nil)
    }

    @Test func leavesTheAddOnOutWhereItIsOff() {
        var frame = Self.frame("GET", "api/vmsacars/config")
        #expect(Self.adapter.decode(frame).request == .identify)
        frame.site.options = ["phpvms7.vmsacars": "off"]
        #expect(Self.adapter.decode(frame).error?.status == 404)
    }

    @Test func allowsLargeBatches() {
        #expect(PhpVMS7Adapter.bodyLimit(method: "POST", path: "api/pireps/x/acars/position") == 4 << 20)
        #expect(PhpVMS7Adapter.bodyLimit(method: "POST", path: "api/pireps/prefile") == 1 << 20)
        #expect(PhpVMS7Adapter.bodyLimit(method: "POST", path: "?") == 1 << 20)
    }

    @Test func tellsWhatToPaste() {
        let texts = PhpVMS7Adapter.setUp(
            root: "https://va.example/acars/demo/phpvms7/", pilot: "VMS0007", site: FixtureCorpus.site)
        #expect(texts.first?.text == "https://va.example/acars/demo/phpvms7")
        #expect(
            texts.last?.text
                == #"{"ApiKey":"API-KEY-OF-VMS0007","Domain":"va.example","Name":"Virtual Meridian","Url":"https:\/\/va.example\/acars\/demo\/phpvms7"}"#
        )
    }

    // MARK: Prefile

    static let prefile: [(name: String, json: String)] = [
        ("airline_id", "1"), ("aircraft_id", "12"), ("flight_number", #""102""#), ("flight_id", "\"\(id)\""),
        ("dpt_airport_id", #""KAUS""#), ("arr_airport_id", #""KJFK""#), ("source_name", #""vmsacars""#),
        ("planned_distance", "1320"), ("block_fuel", "24000"),
    ]
    static func prefiled(_ changes: [String: String] = [:]) -> DecodedFrame {
        decode("POST", "api/pireps/prefile", Wire.body(prefile, changes))
    }
    static func start(_ changes: [String: String] = [:]) -> FlightStart? {
        if case .begin(let start)? = prefiled(changes).request { return start }
        return nil
    }

    @Test func opensAFlight() throws {
        let start = try #require(Self.start(["status": #""BST""#, "state": #""in_progress""#]))
        #expect(start.isStrict && start.reuseWithin == .minutes(10) && start.schedule == Self.id)
        #expect(start.details.status == "INI" && start.details.asSent["source"] == nil)
        #expect(start.details.airline == "VMS" && start.details.aircraft == 12 && start.details.flightNumber == "102")
        #expect(start.details.plannedDistance == NauticalMiles(1320.0))
        #expect(start.details.blockFuel == Kilograms(Pounds(24000.0)))
        #expect(start.details.asSent["blockFuel"] == "24000 lb")
        #expect(start.details.client == "vmsacars")
    }

    @Test(arguments: [
        ("airline_id", "", "An airline is required"), ("airline_id", "null", "An airline is required"),
        ("airline_id", "2", "The airline doesn't exist"), ("airline_id", "[]", "The airline doesn't exist"),
        ("aircraft_id", #""""#, "An aircraft is required"), ("aircraft_id", "-1", "The aircraft doesn't exist"),
        ("dpt_airport_id", "null", "A departure airport is required"),
        ("arr_airport_id", #"" ""#, "An arrival airport is required"), ("source_name", "", "PIREP Source is required"),
        ("flight_number", "", "The flight number field is required."),
        ("planned_flight_time", #""1:30""#, "Flight time, in minutes, is required"),
        ("flight_time", "130.5", "Flight time, in minutes, is required"),
        ("level", "true", "The level must be a number."), ("zfw", "1e300", "The zfw must be a number."),
        ("block_off_time", "1755855600", "The block off time is not a valid date."),
        ("route", "{}", "The route must be a string."),
        ("fares", #"[{"id":1}]"#, "The fares.0.count field is required."),
    ])
    func saysWhatIsWrong(_ name: String, _ json: String, _ message: String) throws {
        let error = try #require(Self.prefiled([name: json]).error)
        #expect(error.status == 400 && error.message == message)
        #expect(error.faults.map(\.message) == [message])
        #expect(error.faults.first?.field == (name == "fares" ? "fares.0.count" : name))
    }

    @Test func joinsWhatIsWrong() {
        let error = Self.prefiled(["dpt_airport_id": "null", "arr_airport_id": "null"]).error
        #expect(error?.message == "A departure airport is required, An arrival airport is required")
    }

    @Test func takesNullForAbsent() throws {
        let names = [
            "flight_id", "alt_airport_id", "level", "zfw", "planned_distance", "block_fuel", "score", "fields", "fares",
            "block_time", "created_at", "notes", "route",
        ]
        let start = try #require(Self.start(Dictionary(uniqueKeysWithValues: names.map { ($0, "null") })))
        #expect(start.schedule == nil && start.details.fares == nil && start.details.plannedDistance == nil)
    }

    @Test(arguments: ["somewhere", "K", "ÄÖÜ"])
    func answersForWhatIsNoAirport(_ code: String) throws {
        let frame = Self.frame(
            "POST", "api/pireps/prefile", Wire.body(Self.prefile, ["arr_airport_id": "\"\(code)\""]))
        let error = try #require(Self.adapter.decode(frame).error)
        let reply = Self.adapter.encode(error, to: frame)
        #expect(reply.status == 404)
        #expect(reply.text.contains(#"\/errors\/airport-not-found""#))
    }

    // MARK: Update

    static func progress(_ decoded: DecodedFrame) -> FlightProgress? {
        if case .progress(_, let progress)? = decoded.request { return progress }
        return nil
    }

    @Test func changesOnlyWhatIsGiven() throws {
        let progress = try #require(
            Self.progress(Self.write("update", #"{"status":"ENR","distance":44,"fuel_used":1103,"flight_time":12}"#)))
        var details = FlightDetails()
        details.status = "ENR"
        details.distance = NauticalMiles(44.0)
        details.fuelUsed = Kilograms(Pounds(1103.0))
        details.flightTime = Minutes(12)
        details.asSent = ["fuelUsed": "1103 lb"]
        #expect(progress.details == details)
        #expect(progress.pause == nil && progress.takesLate && progress.needsUndecided && progress.wantsFlight)
    }

    @Test func readsAnEmptyTextAsNotGiven() throws {
        let progress = try #require(
            Self.progress(Self.decode("PUT", "api/pireps/\(Self.id)", #"{"status":"","route":"","distance":0}"#)))
        #expect(progress.details.status == nil && progress.details.route == nil)
        #expect(progress.details.distance == .zero)
        #expect(Self.write("update", #"{"dpt_airport_id":""}"#).error?.message == "A departure airport is required")
        #expect(Self.write("update", #"{"flight_number":null}"#).error?.status == 400)
    }

    @Test func letsNobodyAcceptHimself() throws {
        for state in ["2", "3", "6", "-1", "1.5", "true", #""in_progress""#, "[]", "null"] {
            let progress = try #require(Self.progress(Self.write("update", #"{"state":\#(state)}"#)), "\(state)")
            #expect(progress.pause == nil && progress.details.isEmpty)
        }
        #expect(Self.progress(Self.write("update", #"{"state":7}"#))?.pause == true)
        #expect(Self.progress(Self.write("update", #"{"state":"0"}"#))?.pause == false)
        guard case .file? = Self.write("update", #"{"state":1}"#).request else {
            Issue.record("state 1 is no filing")
            return
        }
    }

    @Test(arguments: ["DX", "PSD", "XYZ", "WXYZ"])
    func keepsThePhaseAsAWord(_ status: String) throws {
        let progress = try #require(Self.progress(Self.write("update", #"{"status":"\#(status)"}"#)))
        #expect(progress.details.status == String(status.prefix(3)) && progress.pause == nil && !progress.ends)
    }

    @Test func asksForTheFlightBeforeItTellsFaults() {
        for path in ["acars/position", "acars/logs", "route", "fields", "comments", "file", "update"] {
            let decoded = Self.decode("POST", "api/pireps/DOESNTEXIST/\(path)", "{")
            #expect(decoded.subject == FlightKey(id: "DOESNTEXIST"), "\(path)")
            #expect(decoded.error?.status == 400)
        }
        #expect(Self.decode("GET", "api/pireps/x").subject == nil)
    }

    // MARK: Positions

    private func samples(_ elements: String) -> [PositionSample]? {
        Self.progress(Self.write("acars/position", #"{"positions":[\#(elements)]}"#))?.positions.map(\.sample)
    }

    @Test func readsAPosition() throws {
        let sample = try #require(
            samples(
                #"{"id":"x1","lat":31.2,"lon":"-96.01","altitude_agl":0.4,"altitude_msl":542,"heading":360,"vs":"-120","gs":3,"fuel":21000,"fuel_flow":5200,"distance":44.5,"status":"TXI","autopilot":true,"transponder":2000,"sim_time":"2026-08-22T11:59:50.1234567Z","created_at":"2026-08-22T11:59:51Z","pitch":2.5}"#
            )?.first)
        #expect(sample.clientID == "x1" && sample.clientTime == Timestamp(iso8601: "2026-08-22T11:59:50.123Z"))
        #expect(sample.heightAGL == Feet(0.4) && sample.altitudeMSL == Feet(542.0) && sample.heading == Degrees(0.0))
        #expect(sample.fuel == Kilograms(Pounds(21000.0)) && sample.verticalSpeed == FeetPerMinute(-120.0))
        #expect(sample.claimedPhase == .taxiOut)
        #expect(
            sample.extras == [
                "status": "TXI", "autopilot": "1", "transponder": "2000", "pitch": "2.5", "distance": "44.5",
                "created_at": "2026-08-22T11:59:51Z",
            ])
        #expect(sample.onGround == nil)
    }

    /// `altitude` is no height above ground: rules would see the parked aircraft in the air.
    @Test func takesAltitudeForAltitudeOnly() throws {
        let sample = try #require(samples(#"{"lat":31,"lon":-96,"altitude":1000}"#)?.first)
        #expect(sample.altitudeMSL == Feet(1000.0) && sample.heightAGL == nil)
        #expect(sample.clientTime == nil && sample.clientID == nil)
        let created = try #require(samples(#"{"lat":31,"lon":-96,"created_at":"2026-08-22 11:00:00"}"#)?.first)
        #expect(created.clientTime == Timestamp(iso8601: "2026-08-22T11:00:00Z"))
    }

    @Test func dropsPointsOffTheEarthAndCountsThem() throws {
        let progress = try #require(
            Self.progress(
                Self.write(
                    "acars/positions",
                    #"{"positions":[{"lat":90.1,"lon":0},{"lat":1,"lon":181},{"lat":1,"lon":-180},{"lat":1e300,"lon":0}]}"#
                )))
        #expect(progress.positions.count == 1 && progress.count == 4 && progress.takesLate)
    }

    @Test(arguments: [
        ("{}", "positions"), (#"{"positions":[]}"#, "positions"), (#"{"positions":{}}"#, "positions"),
        (#"{"positions":[{"lat":30.2,"lon":"abc"}]}"#, "positions.0.lon"),
        (#"{"positions":[{"lat":30.2,"lon":1},{"lon":1}]}"#, "positions.1.lat"),
        (#"{"positions":[{"lat":1,"lon":1,"heading":-0.1}]}"#, "positions.0.heading"),
        (#"{"positions":[{"lat":1,"lon":1,"heading":360.1}]}"#, "positions.0.heading"),
        (#"{"positions":[{"lat":1,"lon":1,"sim_time":1755855600}]}"#, "positions.0.sim_time"),
        (#"{"positions":[{"lat":1,"lon":1,"fuel":"much"}]}"#, "positions.0.fuel"),
        (#"{"positions":[7]}"#, "positions.0.lat"),
    ])
    func refusesTheWholeBatch(_ body: String, _ field: String) {
        let error = Self.write("acars/position", body).error
        #expect(error?.status == 400 && error?.faults.first?.field == field)
    }

    @Test func takesAnyScalarWhereClientsDiffer() throws {
        for value in ["null", #""""#, #""none""#, "true", "1e300", #""2000""#] {
            let body = ["vs", "gs", "ias", "transponder", "autopilot"].map { "\"\($0)\":\(value)" }
            #expect(samples("{\"lat\":1,\"lon\":1,\(body.joined(separator: ","))}")?.count == 1, "\(value)")
        }
    }

    @Test func takesThousandsOfPositions() throws {
        let element =
            #"{"id":"%","lat":31.2,"lon":-96.01,"altitude_agl":11480,"altitude_msl":12000,"heading":42,"vs":1500,"gs":320,"sim_time":"2026-08-22T11:59:50Z"}"#
        let elements = (0..<5000).map { element.replacing("%", with: "p\($0)") }.joined(separator: ",")
        #expect(samples(elements)?.count == 5000)
    }

    // MARK: Lines and way points

    @Test func readsLogsAndEvents() throws {
        let long = String(repeating: "x", count: 2000)
        let logs = try #require(
            Self.progress(
                Self.write(
                    "acars/logs",
                    #"{"logs":[{"log":"Gear up","lat":30.2,"lon":-97.6,"created_at":"2026-08-22T11:45:00Z"},{"log":"\#(long)","id":"l1"}]}"#
                )))
        #expect(logs.lines.map(\.kind) == [.log, .log] && logs.count == 2)
        #expect(logs.lines[0].position != nil && logs.lines[0].time == Timestamp(iso8601: "2026-08-22T11:45:00Z"))
        #expect(logs.lines[1].text.count == 1000 && logs.lines[1].clientID == "l1")
        let events = try #require(Self.progress(Self.write("acars/events", #"{"events":[{"event":"Takeoff"}]}"#)))
        #expect(events.lines.map(\.kind) == [.event] && events.positions.isEmpty)
        #expect(
            Self.write("acars/events", #"{"events":[{"log":"Takeoff"}]}"#).error?.faults.first?.field
                == "events.0.event")
    }

    @Test func replacesTheRoute() throws {
        let body =
            #"{"route":[{"name":"A","order":0,"lat":1,"lon":2},{"name":"B","order":1,"lat":3,"lon":4,"id":"B"}]}"#
        let route = try #require(Self.progress(Self.write("route", body)))
        #expect(route.details.waypoints?.map(\.name) == ["A", "B"] && route.count == 2)
        #expect(Self.progress(Self.decode("DELETE", "api/pireps/\(Self.id)/route"))?.details.waypoints == [])
        #expect(
            Self.write("route", #"{"route":[{"name":"A","lat":1,"lon":2}]}"#).error?.faults.first?.field
                == "route.0.order")
    }

    // MARK: Filing

    @Test func filesAReport() throws {
        let decoded = Self.write(
            "file", #"{"flight_time":130,"fuel_used":8000.19,"distance":400,"state":2,"submitted_at":1}"#)
        guard case .file(let key, let filing)? = decoded.request else {
            Issue.record("no filing: \(decoded)")
            return
        }
        #expect(key == FlightKey(id: Self.id) && filing.standsAlone)
        #expect(filing.content.flightTime == Minutes(130) && filing.content.distance == NauticalMiles(400.0))
        #expect(filing.fuelUsedAsSent == 8000.19 && filing.content.details.status == "ARR")
        #expect(filing.content.details.asSent == ["fuelUsed": "8000.19 lb"])
    }

    @Test func needsFiguresToFile() {
        #expect(Self.write("file", "{}").error?.faults.map(\.field) == ["distance", "flight_time"])
        let error = Self.write("file", #"{"flight_time":"1:30","distance":400}"#).error
        #expect(error?.message.contains("Flight time, in minutes, is required") == true)
        #expect(Self.write("file", "{\"distance\":1").error?.code == .malformed)
    }

    // MARK: Lists

    @Test func readsPages() throws {
        func query(_ text: String) -> FlightQuery? {
            if case .flights(let query)? = Self.decode("GET", "api/user/pireps", query: text).request { return query }
            return nil
        }
        #expect(query("")?.limit == 20 && query("")?.offset == 0)
        #expect(query("page=0&limit=1")?.offset == 0)
        #expect(query("page=3&limit=1000").map { [$0.limit, $0.offset] } == [100, 200])
        #expect(query("limit=-5&page=x")?.limit == 20)
        #expect(query("page=99999999999999999999")?.offset == 0)
        #expect(query("state=0")?.states == [.open])
        #expect(query("state=1")?.states == [.filed, .inReview])
        #expect(query("")?.states.contains(.cancelled) == false)
        #expect(query("state=3")?.states == [.cancelled])
    }

    @Test func searchesTheTimetable() throws {
        func query(_ text: String) -> ScheduleQuery? {
            if case .searchSchedules(let query)? = Self.decode("GET", "api/flights/search", query: text).request {
                return query
            }
            return nil
        }
        let query1 = try #require(query("dep_icao=kaus&flight_number=102&available=1&pilot_id=7"))
        #expect(query1.departure == "KAUS" && query1.flightNumber == "102" && query1.countsAll && query1.limit == 20)
        #expect(query("dgt=1320&dlt=1320")?.minimumDistance == NauticalMiles(1320.0))
        #expect(query("airline_id=1")?.airline == "VMS" && query("airline_id=9")?.airline == "-")
        #expect(query("flight_type=0")?.flightType == nil && query("flight_type=f")?.flightType == "F")
        #expect(query("route_code=A")?.ids == [] && query("dep_icao=KAUS&dpt_airport_id=KJFK")?.ids == [])
        #expect(query("tgt=90")?.minimumFlightTimeHours == 1.5)
    }

    @Test func readsBids() {
        #expect(Self.decode("DELETE", "api/user/bids", #"{"bid_id":"11"}"#).request == .cancelBooking(.number(11)))
        #expect(Self.decode("DELETE", "api/user/bids", query: "flight_id=f").request == .cancelBooking(.schedule("f")))
        #expect(
            Self.decode("POST", "api/user/bids", #"{"flight_id":"f","aircraft_id":null}"#).request
                == .book(schedule: "f", aircraft: nil, repeatIsSame: true))
        #expect(Self.decode("PUT", "api/user/bids", "{}").error?.status == 400)
    }
}
