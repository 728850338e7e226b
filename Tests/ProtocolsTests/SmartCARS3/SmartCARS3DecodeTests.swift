import Domain
import Protocols
import Testing

@Suite struct SmartCARS3DecodeTests {
    static let d5 = SmartCARS3Adapter()
    static let d7 = SmartCARS3V7Adapter()
    static let both: [any TrackerAdapter] = [d5, d7]

    // MARK: Order of checks

    @Test(arguments: [
        ("", Credential.none), ("pilot/login", .none), ("pilot/resume", .none), ("pilot/verify", .none),
        ("pilot/statistics", .session("a.b.c")), ("flights/nope", .session("a.b.c")), ("pilot", .session("a.b.c")),
        ("Pilot/login", .session("a.b.c")), ("pilot/login/x", .session("a.b.c")),
        ("/pilot//login/", .none), ("..%2f..", .session("a.b.c")),
    ])
    func asksForASession(_ path: String, _ credential: Credential) {
        for adapter in Self.both { #expect(adapter.decode(.get(path)).credential == credential) }
    }

    @Test(
        arguments: [
            (nil, ""), ("", ""), ("Bearer", ""), ("bearer x", ""), ("Basic x", ""), ("Bearer x y", "x y"),
            ("Bearer ", ""),
        ] as [(String?, String)])
    func takesTheTokenBehindTheExactScheme(_ header: String?, _ token: String) {
        let frame = RawFrame.get("data/news", authorization: header)
        #expect(Self.d5.decode(frame).credential == .session(token))
    }

    @Test(arguments: ["OPTIONS", "HEAD"])
    func answersPreflightsWithoutLooking(_ method: String) {
        let frame = RawFrame(
            method: method, path: "flights/nope", query: "", contentType: nil, authorization: nil, body: [],
            receivedAt: FixtureCorpus.receivedAt
        )
        for adapter in Self.both {
            #expect(adapter.decode(frame).credential == .none)
            #expect(adapter.decode(frame).request == .preflight)
        }
    }

    @Test func knowsWhichMethodACallTakes() {
        let post =
            ["login", "resume", "verify"].map { "pilot/\($0)" }
            + ["book", "rebook", "unbook", "charter", "start", "update", "cancel", "complete"].map { "flights/\($0)" }
        for path in post {
            let error = Self.d5.decode(.get(path)).error
            #expect(error?.status == 405)
            #expect(error?.message == "POST request method expected, received a GET request instead.")
        }
        for path in ["", "pilot/statistics", "data/news", "flights/search", "flights/bookings", "pireps/latest"] {
            #expect(Self.d5.decode(.post(path, "")).error?.status == 405, "\(path)")
        }
        #expect(Self.d5.decode(.post("data/airports", "")).error?.status == 405)
        #expect(Self.d7.decode(.post("data/airports", "")).request == .airports)
        #expect(Self.d5.decode(.get("data/subfleets")).error?.status == 404)
        #expect(Self.d7.decode(.get("data/subfleets")).request == .subfleets)
    }

    // MARK: Log-in

    @Test(
        arguments: [
            ("7", .number(7)), ("0007", .number(7)), ("Ada@Demo.example", .email("ada@demo.example")),
            ("DEM0007", .unusable),
            ("", .unusable), ("0", .unusable), ("-7", .unusable), ("7.0", .unusable),
            ("99999999999999999999", .unusable),
            ("2147483648", .unusable), ("%D9%A7", .unusable), ("7%00", .unusable),
        ] as [(String, LogIn.Name)])
    func readsTheNameOfAPilot(_ username: String, _ name: LogIn.Name) {
        let base = RawFrame.post("pilot/login", #"{"password":"p"}"#)
        let frame = RawFrame(
            method: "POST", path: base.path, query: "username=\(username)", contentType: nil, authorization: nil,
            body: base.body, receivedAt: base.receivedAt
        )
        for adapter in Self.both {
            let decoded = adapter.decode(frame)
            if username == "7%00" {
                #expect(decoded.error?.status == 400)
            } else {
                #expect(decoded.request == .logIn(LogIn(name: name, password: "p")))
            }
        }
    }

    @Test(arguments: [
        ("", #"{"password":"x"}"#, "Username is a required parameter (type `string`)"),
        ("username=7", "", "Password is a required field (type `string`)"),
        ("username=7", "{}", "Password is a required field (type `string`)"),
        ("username=7", "{", "Password is a required field (type `string`)"),
        ("username=7", #"{"password":null}"#, "Password is a required field (type `string`)"),
        ("username=7", #"{"password":1234}"#, "Invalid type for password (expected `string` [Raw Type: `integer`])"),
        ("username=7", #"{"password":1.5}"#, "Invalid type for password (expected `string` [Raw Type: `double`])"),
        ("username=7", #"{"password":true}"#, "Invalid type for password (expected `string` [Raw Type: `boolean`])"),
        ("username=7", #"{"password":["x"]}"#, "Invalid type for password (expected `string` [Raw Type: `array`])"),
        ("username[]=7", #"{"password":"x"}"#, "Invalid type for username (expected `string` [Raw Type: `array`])"),
    ])
    func refusesALogIn(_ query: String, _ body: String, _ message: String) {
        let frame = RawFrame(
            method: "POST", path: "pilot/login", query: query, contentType: "application/json", authorization: nil,
            body: Array(body.utf8), receivedAt: FixtureCorpus.receivedAt
        )
        let error = Self.d5.decode(frame).error
        #expect(error?.message == message)
        #expect(error?.status == 400)
    }

    @Test(arguments: [
        ("{}", 400, "Session is a required field (type `string`)"),
        (#"{"session":"abc"}"#, 400, "The session provided was not in valid JWT format"),
        (#"{"session":"a.b.c"}"#, 400, "The session provided was not in valid JWT format"),
        (#"{"session":"e30.e30"}"#, 400, "The session provided was not in valid JWT format"),
        (#"{"session":"e30.e30.x"}"#, 401, "The session given was not signed by this website"),
        // {"typ":"JWT","alg":"none"} . {"sub":7,"exp":1}
        (
            #"{"session":"eyJ0eXAiOiJKV1QiLCJhbGciOiJub25lIn0.eyJzdWIiOjcsImV4cCI6MX0.x"}"#, 401,
            "The session given was not signed by this website"
        ),
        // {"typ":"JWT","alg":"HS256"} . {"sub":7}
        (
            #"{"session":"eyJ0eXAiOiJKV1QiLCJhbGciOiJIUzI1NiJ9.eyJzdWIiOjd9.x"}"#, 401,
            "The session given was not signed by this website"
        ),
    ])
    func refusesASession(_ body: String, _ status: Int, _ message: String) {
        for path in ["pilot/verify", "pilot/resume"] {
            let error = Self.d5.decode(.post(path, body)).error
            #expect(error?.status == status)
            #expect(error?.message == message)
        }
    }

    // MARK: Numbers

    static let numbers: [(String, String, Double?)] = [
        ("latitude", "90", 90), ("latitude", "90.0001", nil), ("latitude", "-90", -90), ("latitude", "-90.0001", nil),
        ("latitude", #""50.5""#, 50.5), ("latitude", #""NaN""#, nil), ("latitude", "NaN", nil),
        ("latitude", #""50,5""#, nil), ("latitude", "1e-400", 0), ("latitude", "-0", 0), ("latitude", "true", nil),
        ("latitude", "null", nil), ("latitude", "", nil), ("latitude", "[1]", nil),
        ("longitude", "180", 180), ("longitude", "-180", 180), ("longitude", "180.0001", nil),
        ("heading", "0", 0), ("heading", "360", 0), ("heading", "359.9", 359.9), ("heading", "361", nil),
        ("heading", "-1", nil), ("altitude", "-2000", -2000), ("altitude", "-2001", nil),
        ("altitude", "100000", 100_000), ("altitude", "100001", nil), ("altitude", "1e308", nil),
        ("altitude", "1e400", nil), ("altitude", #""1e400""#, nil), ("altitude", "33012.5", 33012.5),
        ("altitude", "99999999999999999999", nil), ("groundSpeed", "2500", 2500), ("groundSpeed", "2500.1", nil),
        ("groundSpeed", "-1", nil), ("groundSpeed", "-0.0", 0), ("groundSpeed", #""Infinity""#, nil),
        ("distanceRemaining", "0", 0), ("distanceRemaining", "20001", nil), ("distanceRemaining", "-1", nil),
        ("timeRemaining", "0.31", 19), ("timeRemaining", "-24", -1440), ("timeRemaining", "200.1", nil),
    ]

    @Test(arguments: numbers)
    func checksNumbersOfAnUpdate(_ field: String, _ json: String, _ expected: Double?) throws {
        for adapter in Self.both {
            let decoded = adapter.decode(Wire.update([field: json]))
            let sample = decoded.sample
            let value: Double? =
                switch field {
                case "latitude": sample?.position.latitude
                case "longitude": sample?.position.longitude
                case "heading": sample?.heading?.rawValue
                case "altitude": sample?.altitudeMSL?.rawValue
                case "groundSpeed": sample?.groundSpeed?.rawValue
                case "distanceRemaining": sample?.distanceRemaining?.rawValue
                default: sample?.timeRemaining.map { Double($0.rawValue) }
                }
            #expect(value == expected)
            #expect(value?.sign != .minus || value != 0)
            #expect((expected == nil) == (decoded.error?.status == 400))
        }
    }

    @Test(arguments: [
        ("aircraft", #""B738""#, false), ("bidID", #""7""#, true), ("bidID", "1.5", true), ("bidID", "1e300", true),
        ("bidID", "-1", true), ("bidID", "true", false),
    ])
    func takesAnyNumberAsAnID(_ field: String, _ json: String, _ isTaken: Bool) {
        #expect((Self.d5.decode(Wire.update([field: json])).request != nil) == isTaken)
    }

    @Test func whatNamesNothingIsBookingZero() {
        for json in ["1.5", "1e300", "-1", "0", "2147483648"] {
            guard
                case .cancelBooking(.number(0))? = Self.d5.decode(.post("flights/unbook", "{\"bidID\":\(json)}"))
                    .request
            else {
                Issue.record("\(json)")
                continue
            }
        }
    }

    // MARK: Update

    @Test func namesAllBadFieldsInOrder() {
        let error = Self.d5.decode(Wire.update(["latitude": "91", "phase": #""PARKED""#, "bidID": #""x""#])).error
        #expect(
            error?.message
                == "Invalid types for bidID (expected `integer` [Raw Type: `string`]), latitude (expected `latitude` [Raw Type: `integer`]), phase (expected `phase` [Raw Type: `string`])"
        )
        #expect(error?.code == .invalidField && error?.field == "bidID" && error?.status == 400)
        let order = [
            "bidID", "timeRemaining", "latitude", "longitude", "heading", "altitude", "groundSpeed",
            "distanceRemaining", "route", "phase", "network", "aircraft",
        ]
        let text = Self.d5.decode(.post("flights/update", "{}")).error?.message ?? ""
        let names = text.split(separator: "(expected").dropLast().compactMap { $0.split(separator: " ").last }
        #expect(names.map(String.init) == order)
    }

    @Test(arguments: [
        (["groundSpeed": "-1"], "Ground speed must be above 0"),
        (["distanceRemaining": "-1"], "Distance remaining must be above 0"),
        (["distanceRemaining": "-1", "groundSpeed": "-1"], "Distance remaining must be above 0"),
        (
            ["groundSpeed": "-1", "heading": "361"],
            "Invalid type for heading (expected `heading` [Raw Type: `integer`])"
        ),
        (["eventTimestamp": "5"], "Invalid type for eventTimestamp (expected `date` [Raw Type: `integer`])"),
        (
            ["eventTimestamp": #""2026-02-30T00:00:00Z""#],
            "Invalid type for eventTimestamp (expected `date` [Raw Type: `string`])"
        ),
        (["route": #""MID""#], "Invalid type for route (expected `array` [Raw Type: `string`])"),
        (["route": "[[]]"], "Invalid type for route (expected `array` [Raw Type: `array`])"),
        (["network": #""SATCO""#], "Invalid type for network (expected `network` [Raw Type: `string`])"),
    ])
    func refusesAnUpdate(_ changes: [String: String], _ message: String) {
        #expect(Self.d5.decode(Wire.update(changes)).error?.message == message)
        #expect(Self.d7.decode(Wire.update(changes)).error?.message == message)
    }

    @Test(
        arguments: [
            ("BOARDING", .boarding), ("PUSH_BACK", .pushback), ("TAXI", .taxiOut), ("TAKE_OFF", .takeoff),
            ("REJECTED_TAKE_OFF", .taxiOut), ("CLIMB_OUT", .climb), ("CLIMB", .climb), ("CRUISE", .cruise),
            ("DESCENT", .descent), ("APPROACH", .approach), ("FINAL", .approach), ("LANDED", .landing),
            ("GO_AROUND", .climb), ("TAXI_TO_GATE", .taxiIn), ("DEBOARDING", .arrived), ("DIVERTED", .approach),
        ] as [(String, PhaseOfFlight)])
    func readsPhasesInAnyCase(_ name: String, _ phase: PhaseOfFlight) {
        for text in [name, name.lowercased()] {
            #expect(Self.d5.decode(Wire.update(["phase": "\"\(text)\""])).sample?.claimedPhase == phase)
        }
    }

    @Test(
        arguments: [
            ("Offline", nil), ("offline", nil), ("VATSIM", "VATSIM"), ("vatsim", "VATSIM"), ("pilotedge", "PilotEdge"),
            ("ivao", "IVAO"), ("POSCON", "POSCON"),
        ] as [(String, String?)])
    func readsNetworksInAnyCase(_ name: String, _ network: String?) {
        let decoded = Self.d5.decode(Wire.update(["network": "\"\(name)\""]))
        #expect(decoded.sample != nil && decoded.sample?.network == network)
    }

    @Test func keepsAbsentApart() throws {
        let d7 = Self.d7.decode(
            Wire.update([
                "bidID": "", "distanceRemaining": "", "timeRemaining": "", "route": "", "network": "", "aircraft": "",
            ])
        )
        let sample = try #require(d7.sample)
        #expect(sample.distanceRemaining == nil && sample.timeRemaining == nil && sample.network == nil)
        #expect(sample.onGround == nil && sample.fuel == nil && sample.clientTime == nil)
        guard case .progress(let key, let progress)? = d7.request else { return }
        let reports = progress.positions
        #expect(key.booking == nil && reports[0].route == nil && reports[0].aircraft == nil)
    }

    @Test func takesOurTimestampAndOurIDsOnly() throws {
        let timed = Self.d5.decode(Wire.update(["eventTimestamp": #""2026-11-21T10:00:01.250+01:00""#]))
        #expect(timed.sample?.clientTime?.iso8601 == "2026-11-21T09:00:01.250Z")
        #expect(Self.d5.decode(Wire.update(["eventTimestamp": "null"])).sample?.clientTime == nil)
        for (uuid, kept) in [
            (#""LlAX9Maai3rO""#, false), ("7", false), ("", false), (#""0199a3f2-7c11-7abc-8def-0123456789ab""#, true),
        ] {
            guard case .progress(let key, _)? = Self.d5.decode(Wire.update(["uuid": uuid])).request else {
                Issue.record("\(uuid)")
                continue
            }
            #expect((key.id != nil) == kept && key.booking == 1)
        }
        #expect(
            Self.d7.decode(Wire.update(["uuid": ""])).error?.message
                == "Invalid type for uuid (expected `string` [Raw Type: `NULL`])")
    }

    @Test func boundsRoutes() {
        let many = "[" + Array(repeating: "\"A\"", count: 2000).joined(separator: ",") + "]"
        #expect(Self.d5.decode(Wire.update(["route": many])).sample != nil)
        #expect(Self.d5.decode(Wire.update(["route": many.dropLast() + ",\"A\"]"])).error?.status == 400)
        guard case .progress(_, let progress)? = Self.d5.decode(Wire.update(["route": #"["MID","","xamab"]"#])).request
        else {
            Issue.record("refused")
            return
        }
        #expect(progress.positions[0].route == "MID xamab")
    }

    @Test func showsUnknownFieldsButNoSecrets() {
        let decoded = Self.d5.decode(
            Wire.update(["pitch": "2.5", "mySessionKey": #""CANARY""#, "nested": #"{"password":"CANARY"}"#]))
        #expect(decoded.unrecognised == ["pitch": "2.5", "mySessionKey": "[redacted]", "nested": "array"])
        let broken = RawFrame.post("flights/update", #"{"password":"CANARY""#, type: nil)
        #expect(Self.d5.decode(broken).unrecognised.isEmpty)
    }

    // MARK: Complete

    private func filing(_ changes: [String: String] = [:], _ adapter: any TrackerAdapter = d5) -> FilingRequest? {
        if case .file(_, let filing)? = adapter.decode(Wire.complete(changes)).request { return filing }
        return nil
    }

    @Test func convertsUnitsOfAReport() throws {
        let filing = try #require(self.filing())
        #expect(filing.content.flightTime == Minutes(75) && filing.flightTimeHours == 1.25)
        #expect(filing.fuelUsedAsSent == 5321.4)
        #expect(abs(try #require(filing.content.fuelUsed).rawValue - 2413.746) < 0.001)
        #expect(filing.content.landingRate == FeetPerMinute(-182) && filing.content.load == 150)
        #expect(filing.content.log == ["a", "b"] && filing.content.events.isEmpty)
    }

    @Test(
        arguments: [
            ("flightLog", #""*""#, "Invalid flight log"), ("flightLog", #""YQ""#, nil),
            ("flightLog", #""YQp\niCg==""#, nil),
            ("flightLog", #""/w==""#, nil), ("flightLog", #""""#, nil),
            ("flightData", #""aGk=""#, "Invalid flight data"), ("flightData", #""*""#, "Invalid flight data"),
            ("flightData", #""bnVsbA==""#, "Invalid flight data"), ("flightData", #""e30=""#, "Invalid flight data"),
            ("flightData", #""WzFd""#, "Invalid flight data"), ("flightData", #""W3t9XQ==""#, nil),
            ("flightTime", #""x""#, "Invalid type for flightTime (expected `double` [Raw Type: `string`])"),
            ("flightTime", "72.1", "Invalid type for flightTime (expected `double` [Raw Type: `double`])"),
            ("flightTime", "-1", "Invalid type for flightTime (expected `double` [Raw Type: `integer`])"),
            ("landingRate", "-10001", "Invalid type for landingRate (expected `int` [Raw Type: `integer`])"),
            ("landingRate", #""-182.4""#, nil),
            ("fuelUsed", "-1", "Invalid type for fuelUsed (expected `float` [Raw Type: `integer`])"),
            ("fuelUsed", "1000001", "Invalid type for fuelUsed (expected `float` [Raw Type: `integer`])"),
            ("remainingLoad", "1e7", "Invalid type for remainingLoad (expected `int` [Raw Type: `double`])"),
            ("comments", "[]", "Invalid type for comments (expected `string` [Raw Type: `array`])"),
            ("comments", "7", nil),
            ("flightLog", "[]", "Invalid type for flightLog (expected `string` [Raw Type: `array`])"),
        ] as [(String, String, String?)])
    func checksAReport(_ field: String, _ json: String, _ message: String?) {
        let error = Self.d5.decode(Wire.complete([field: json])).error
        #expect(error?.message == message)
        #expect(error == nil || error?.status == 400)
    }

    @Test func readsLogsAndEvents() throws {
        let events =
            #"[{"eventId":7,"eventElapsedTime":"12.5","eventTimestamp":"later","message":"a*b\u0000c","type":"x"}]"#
        let plain = try #require(filing(["flightLog": #"["a*b","c\r"]"#, "flightData": events], Self.d7))
        #expect(plain.content.log == ["a*b", "c\r"])
        let event = try #require(plain.content.events.first)
        #expect(event.id == "7" && event.elapsedSeconds == 12.5 && event.time == nil && event.timeText == "later")
        #expect(event.message == "a*bc" && event.type == "x" && event.condition == nil)
        // "a*b\r\nc\n"
        #expect(filing(["flightLog": #""YSpiDQpjCg==""#])?.content.log == ["a*b", "c"])
    }

    @Test func boundsLogsAndComments() {
        let lines = { (count: Int) in "[" + Array(repeating: "\"x\"", count: count).joined(separator: ",") + "]" }
        #expect(filing(["flightLog": lines(50_000)], Self.d7) != nil)
        #expect(filing(["flightLog": lines(50_001)], Self.d7) == nil)
        let events = { (count: Int) in "[" + Array(repeating: "{}", count: count).joined(separator: ",") + "]" }
        #expect(filing(["flightData": events(50_000)], Self.d7) != nil)
        #expect(filing(["flightData": events(50_001)], Self.d7) == nil)
        let log = { (megabytes: Int) in "\"" + String(repeating: "YWFh", count: megabytes << 20 / 3) + "\"" }
        #expect(filing(["flightLog": log(2)]) != nil)
        #expect(filing(["flightLog": log(3)]) == nil)
        #expect(filing(["comments": "\"" + String(repeating: "x", count: 65_536) + "\""]) != nil)
        #expect(filing(["comments": "\"" + String(repeating: "x", count: 65_537) + "\""]) == nil)
    }

    // MARK: The rest

    @Test(arguments: [
        ("departureAirport=", "Invalid type for departureAirport (expected `airport` [Raw Type: `string`])"),
        ("aircraft=B738", "Invalid type for aircraft (expected `int` [Raw Type: `string`])"),
        ("minimumFlightTime=a", "Invalid type for minimumFlightTime (expected `float` [Raw Type: `string`])"),
        ("limit=-1", "Invalid type for limit (expected `int` [Raw Type: `string`])"),
        ("arrivalAirport=&aircraft=x", "Invalid type for arrivalAirport (expected `airport` [Raw Type: `string`])"),
    ])
    func refusesASearch(_ query: String, _ message: String) {
        #expect(Self.d5.decode(.get("flights/search", query)).error?.message == message)
    }

    @Test(arguments: [
        ("status=Accepted", 200), ("status=REJECTED", 200), ("status=open", 400), ("startDate=2026-11-01", 200),
        ("endDate=2026-11-31", 400), ("startDate=x", 400), ("startDate=2026-11-01T10:00:00Z", 200), ("aircraft=x", 400),
    ])
    func checksAReportSearch(_ query: String, _ status: Int) {
        #expect((Self.d5.decode(.get("pireps/search", query)).error?.status ?? 200) == status)
    }

    @Test(arguments: [
        ("number", #""""#), ("number", #""ABCDEFGHIJKLMNOPQ""#), ("number", "5"), ("departure", #""E""#),
        ("route", "null"),
        ("aircraft", #""x""#), ("cruise", "-1"), ("cruise", "1e9"), ("type", "1"), ("departureTime", #""24:00""#),
        ("arrivalTime", #""soon""#),
    ])
    func refusesACharter(_ field: String, _ json: String) {
        var fields = [
            "number": #""DEM927""#, "departure": #""EGLL""#, "arrival": #""LFPG""#, "route": "[\"\"]",
            "aircraft": "\"1\"",
            "cruise": "\"350\"", "type": "\"C\"", "departureTime": "\"9:05\"", "arrivalTime": "\"10:20:00\"",
        ]
        let good = Self.d5.decode(.post("flights/charter", Wire.body([], fields))).request
        #expect(
            good
                == .charter(
                    CharterRequest(
                        callsign: "DEM927", departure: "EGLL", arrival: "LFPG", route: [], aircraft: 1, cruise: 350,
                        isCargo: true, departureTime: "09:05", arrivalTime: "10:20")
                )
        )
        fields[field] = json
        let error = Self.d5.decode(.post("flights/charter", Wire.body([], fields))).error
        #expect(error?.status == 400 && error?.message.contains(field) == true)
    }

    @Test func allowsLargeReportsOnly() {
        #expect(SmartCARS3Adapter.bodyLimit(method: "POST", path: "flights/complete") == 4 << 20)
        #expect(SmartCARS3Adapter.bodyLimit(method: "POST", path: "//flights/complete/") == 4 << 20)
        #expect(SmartCARS3V7Adapter.bodyLimit(method: "POST", path: "flights/update") == 1 << 20)
    }

    @Test func statesWhatItCarries() {
        let capabilities = SmartCARS3Adapter.capabilities
        #expect(capabilities[.altitudeMSL] == .measured && capabilities[.groundSpeed] == .measured)
        #expect(capabilities[.touchdownRate] == .reported && capabilities[.clientTime] == .reported)
        #expect(capabilities[.fuel] == .absent && capabilities[.onGround] == .absent)
    }
}
