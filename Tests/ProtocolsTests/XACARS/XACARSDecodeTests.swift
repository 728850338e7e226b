import Domain
import Protocols
import Testing

@Suite struct XACARSDecodeTests {
    private let adapter = XACARSAdapter()

    private func text(_ frame: RawFrame) throws -> String {
        adapter.encode(try #require(adapter.decode(frame).error), to: frame).text
    }
    private func progress(_ frame: RawFrame) throws -> (key: FlightKey, progress: FlightProgress) {
        guard case .progress(let key, let progress)? = adapter.decode(frame).request else {
            throw Unexpected(what: "\(adapter.decode(frame).outcome)")
        }
        return (key, progress)
    }
    private func filing(_ data: String) throws -> (key: FlightKey, filing: FilingRequest) {
        let frame = XACARSSample.report(data)
        guard case .file(let key, let filing)? = adapter.decode(frame).request else {
            throw Unexpected(what: "\(adapter.decode(frame).outcome)")
        }
        return (key, filing)
    }
    private func start(_ frame: RawFrame) throws -> FlightStart {
        guard case .begin(let start)? = adapter.decode(frame).request else {
            throw Unexpected(what: "\(adapter.decode(frame).outcome)")
        }
        return start
    }
    struct Unexpected: Error { let what: String }

    // MARK: Transport and faults

    /// X-01, X-02.
    @Test(arguments: [("VMS0001", 1), (" vms0001", 1), ("VMS9999", 9999)])
    func testNamesAPilot(_ user: String, _ number: Int) {
        let decoded = adapter.decode(XACARSSample.live(("DATA2", "test"), ("DATA3", user)))
        #expect(decoded.request == .identify)
        #expect(decoded.credential == .pilot(.number(number), secret: nil))
        #expect(decoded.client == "XACARS|1.1")
    }

    /// X-03.
    @Test func wantsKnownClients() throws {
        #expect(try text(XACARSSample.live(("DATA2", "TEST"), version: nil)) == "0|Invalid Data1")
        #expect(try text(XACARSSample.live()) == "0|Invalid Data2")
        for version in ["FOO|1.0", "XACARS", "XACARS|", "XACARSX|1.0", "|1.0"] {
            let frame = XACARSSample.live(("DATA2", "TEST"), ("DATA3", "VMS0001"), version: version)
            #expect(try text(frame) == "0|Invalid XAcars Version", "\(version)")
        }
        for version in ["XACARS|9.9", "XACARS_MSFS|2.5", "xacars|3.0"] {
            let frame = XACARSSample.live(("DATA2", "TEST"), ("DATA3", "VMS0001"), version: version)
            #expect(adapter.decode(frame).request == .identify, "\(version)")
        }
        #expect(
            try text(XACARSSample.report(XACARSSample.report, version: "FOO|1.0"))
                == "0|ERROR: Unknown XAcars version!")
        #expect(try text(XACARSSample.report(XACARSSample.report, version: nil)) == "0|Invalid Data1")
        #expect(try text(XACARSSample.report("")) == "0|Invalid Data2")
    }

    /// X-16.
    @Test func refusesOtherCommandsAndPaths() throws {
        #expect(try text(XACARSSample.live(("DATA2", "JUMP"))) == "0|Wrong Function")
        for path in ["action.php/acars/xacars/nope", "action.php/acars/xacars", "", "action.php/acars/fsacars/acars"] {
            let frame = XACARSSample.frame(path, XACARSSample.form([("DATA2", "TEST")]), prefix: "")
            let reply = adapter.encode(try #require(adapter.decode(frame).error), to: frame)
            #expect(reply.status == 200 && reply.body.isEmpty, "\(path)")
        }
        let preflight = XACARSSample.frame("acars", XACARSSample.form([("DATA2", "TEST")]), method: "HEAD")
        #expect(adapter.decode(preflight).request == .preflight)
        let other = XACARSSample.frame("acars", XACARSSample.form([("DATA2", "TEST")]), method: "PUT")
        #expect(adapter.decode(other).error?.code == .wrongMethod)
    }

    @Test(arguments: [
        "ACTION.PHP/x", "action.php/ACARS/XACARS/ACARS/", "index.php/acars/xacars/acars",
        "action.php/acars/xacars/xacars",
        "liveacars.php", "folder/liveacars.php",
    ])
    func findsItsPaths(_ path: String) {
        let decoded = adapter.decode(
            XACARSSample.frame(path, XACARSSample.form([("DATA2", "TEST"), ("DATA3", "1")]), prefix: ""))
        #expect((decoded.request == .identify) == !path.hasPrefix("ACTION.PHP/x"))
    }

    @Test func standsOnAHostOfItsOwn() {
        func root(_ path: String) -> Int? { XACARSAdapter.hostRoot(path.split(separator: "/")) }
        #expect(root("action.php/acars/xacars/acars") == 0 && root("index.php/ACARS/xacars/pirep") == 0)
        #expect(root("liveacars.php") == 0 && root("legacy_ACARS/XACARS/flightdata.php") == 2)
        #expect(root("action.php/acars/fsacars/pirep") == nil && root("") == nil && root("api/xacars") == nil)
    }

    // MARK: Begin

    private func checkBegin(_ frame: RawFrame) throws {
        let decoded = adapter.decode(frame)
        #expect(decoded.credential == .pilot(.number(1), secret: "secret"))
        let start = try start(frame)
        #expect(start.replacesOpenFlight && start.givesCode && !start.isStrict)
        let details = start.details
        #expect(details.airline == "VMS" && details.flightNumber == "1000" && details.aircraftText == "N845MJ")
        #expect(details.departure?.code == "KJFK" && details.arrival?.code == "KBOS")
        #expect(details.route == "MERIT ROBUC3" && details.flightRules == "IFR" && details.plannedDistance == nil)
        #expect(details.client == "XACARS|1.1")
        let position = try #require(start.progress.positions.first)
        #expect(position.aircraftText == "N845MJ")
        let sample = position.sample
        #expect(abs(sample.position.latitude - 40.639752) < 1e-6)
        #expect(abs(sample.position.longitude + 73.778925) < 1e-6)
        #expect(!sample.positionIsHeld && sample.altitudeMSL == Feet(13.0) && sample.heading == Degrees(44.0))
        #expect(sample.fuel == Kilograms(Pounds(9800.0)))
        #expect(sample.windDirection == Degrees(310.0) && sample.windSpeed == Knots(12.0))
        #expect(sample.outsideTemperature == 14 && sample.claimedPhase == .boarding && sample.groundSpeed == nil)
    }

    /// X-04, X-07, X-08.
    @Test func beginsAFlightInEveryEncoding() throws {
        try checkBegin(XACARSSample.live(("DATA2", "BEGINFLIGHT"), ("DATA3", XACARSSample.begin), ("DATA4", "")))
        let raw = "DATA1=XACARS|1.1&DATA2=BEGINFLIGHT&DATA3=\(XACARSSample.begin)&DATA4="
        try checkBegin(XACARSSample.frame("acars", raw))
        try checkBegin(XACARSSample.frame("acars", raw.replacing(" ", with: "%20"), method: "GET"))
        // The body's value counts where a name is in both.
        let both = XACARSSample.frame("acars", raw)
        try checkBegin(both.with(query: "DATA2=TEST&DATA3=VMS0002"))
    }

    @Test func beginsWithWhatIsThere() throws {
        var fields = XACARSSample.begin.split(separator: "|", omittingEmptySubsequences: false).map(String.init)
        fields[1] = "other"
        func begin(_ change: (inout [String]) -> Void) throws -> (DecodedFrame, FlightStart) {
            var changed = fields
            change(&changed)
            let frame = XACARSSample.live(("DATA2", "BEGINFLIGHT"), ("DATA3", changed.joined(separator: "|")))
            return (adapter.decode(frame), try start(frame))
        }
        // X-Airline's place for the password counts only where the usual one is empty.
        #expect(try begin { _ in }.0.credential == .pilot(.number(1), secret: "secret"))
        #expect(try begin { $0.removeLast(2) }.0.credential == .pilot(.number(1), secret: "other"))
        #expect(
            try begin {
                $0[17] = "a"
                $0.append("b")
            }.0.credential == .pilot(.number(1), secret: "a"))
        let empty = try begin {
            $0[1] = ""
            for index in 2..<18 { $0[index] = "" }
        }
        #expect(empty.0.credential == .pilot(.number(1), secret: nil))
        #expect(empty.1.details.flightNumber == nil && empty.1.details.departure == nil)
        #expect(empty.1.progress.positions.first?.sample.positionIsHeld == true)
        // Elements of the plan may be empty.
        let gaps = try begin { $0[5] = "KJFK~~merit~" }.1.details
        #expect(gaps.departure?.code == "KJFK" && gaps.arrival == nil && gaps.route == "MERIT")
        let single = try begin { $0[5] = "KJFK" }.1.details
        #expect(single.departure?.code == "KJFK" && single.arrival == nil && single.route == nil)
        #expect(try begin { $0[16] = "162" }.1.details.plannedDistance == NauticalMiles(162.0))
    }

    /// X-06.
    @Test func countsFields() throws {
        let cut = XACARSSample.begin.split(separator: "|", omittingEmptySubsequences: false)
        for (count, shown) in [(7, "7"), (1, "1"), (16, "16")] {
            let frame = XACARSSample.live(
                ("DATA2", "BEGINFLIGHT"), ("DATA3", cut.prefix(count).joined(separator: "|")))
            #expect(try text(frame) == "0|Invalid login data (\(shown))")
            #expect(adapter.decode(frame).credential == .none)
        }
        #expect(try text(XACARSSample.live(("DATA2", "BEGINFLIGHT"))) == "0|Invalid login data (0)")
        _ = try start(XACARSSample.live(("DATA2", "BEGINFLIGHT"), ("DATA3", cut.prefix(17).joined(separator: "|"))))
    }

    @Test(arguments: [
        ("7", "1e308"), ("7", "-99999"), ("7", "NaN"), ("11", "-1"), ("11", "1e300"), ("12", "361"), ("12", "-1"),
        ("13", "99999"), ("13", "abc"), ("14", "1e99"), ("16", "-5"), ("16", "1e400"), ("6", "N91 0.0 W0 0.0"),
    ])
    func dropsHostileNumbers(_ field: String, _ value: String) throws {
        var fields = XACARSSample.begin.split(separator: "|", omittingEmptySubsequences: false).map(String.init)
        fields[try #require(Int(field))] = value
        let begun = try start(
            XACARSSample.live(("DATA2", "BEGINFLIGHT"), ("DATA3", fields.joined(separator: "|"))))
        let sample = try #require(begun.progress.positions.first?.sample)
        switch field {
        case "7": #expect(sample.altitudeMSL == nil)
        case "11": #expect(sample.fuel == nil)
        case "12": #expect(sample.heading == nil)
        case "13": #expect(sample.windSpeed == nil)
        case "14": #expect(sample.outsideTemperature == nil)
        case "16": #expect(begun.details.plannedDistance == nil)
        default: #expect(sample.positionIsHeld)
        }
    }

    // MARK: Messages

    /// X-09, X-10.
    @Test(arguments: ["\n", "\r\n"])
    func readsAPosition(_ end: String) throws {
        let (key, progress) = try progress(
            XACARSSample.message(XACARSSample.message.replacing("\n", with: end)))
        #expect(key == FlightKey(id: XACARSSample.flight) && progress.takesLate && progress.lines.isEmpty)
        let position = try #require(progress.positions.first)
        let sample = position.sample
        #expect(abs(sample.position.latitude - 41.208333) < 1e-6)
        #expect(abs(sample.position.longitude + 72.804167) < 1e-6)
        #expect(sample.altitudeMSL == Feet(12040.0) && sample.heading == Degrees(52.0))
        #expect(sample.fuel == Kilograms(Pounds(8650.0)) && sample.extras["waypoint"] == "ROBUC")
        #expect(sample.indicatedAirspeed == Knots(285.0) && sample.trueAirspeed == Knots(341.0))
        #expect(sample.outsideTemperature == -12 && sample.claimedPhase == nil && sample.clientTime == nil)
        #expect(position.aircraftText == "N845MJ")
        let decoded = adapter.decode(XACARSSample.message(XACARSSample.message))
        #expect(decoded.credential == .pilot(nil, secret: nil))
    }

    @Test func speedIsTheBestThatIsSent() throws {
        func speed(_ body: String) throws -> Double? {
            try progress(XACARSSample.message(XACARSSample.text("PR", body))).progress.positions.first?.sample
                .groundSpeed?.rawValue
        }
        // A headwind of 40 kt; without wind; without true airspeed; without any.
        let headwind = try #require(try speed("POS N41 0.0 W72 0.0 /HDG 90 /IAS 200 /TAS 300 /WND 09040"))
        #expect(abs(headwind - 260) < 0.01)
        #expect(try speed("POS N41 0.0 W72 0.0 /HDG 90 /IAS 200 /TAS 300") == 300)
        #expect(try speed("POS N41 0.0 W72 0.0 /HDG 90 /IAS 200") == 200)
        #expect(try speed("POS N41 0.0 W72 0.0 /HDG 90") == nil)
        #expect(try speed("POS N41 0.0 W72 0.0 /TAS 1e308 /WND 09040 /HDG 9") == nil)
    }

    /// X-11, as far as the codec sees it.
    @Test(arguments: ["", "1", "123456789", "1234567890123456", "48291057384a", "0199a3f2-7c11-7abc-8def-0123456789ab"])
    func knowsWhatIsNoFlightID(_ flight: String) throws {
        for command in ["MESSAGE", "PAUSEFLIGHT", "ENDFLIGHT"] where !flight.isEmpty || command == "MESSAGE" {
            let frame = XACARSSample.live(("DATA2", command), ("DATA3", flight), ("DATA4", XACARSSample.message))
            #expect(try text(frame) == "0|Invalid Flight ID")
            #expect(adapter.decode(frame).credential == .pilot(nil, secret: nil))
        }
    }

    /// X-12.
    @Test func wantsLabelAndBody() throws {
        func fault(_ text: String) throws -> String { try self.text(XACARSSample.message(text)) }
        #expect(
            try fault(XACARSSample.message.replacing("Msg Label: PR", with: "")) == "0|No Message Label")
        #expect(try fault(XACARSSample.message.replacing("Message:\n", with: "")) == "0|No Message Body")
        #expect(try fault("Msg Label: PR\nMessage:\nx") == "0|Invalid XACARS Message")
        #expect(try fault("") == "0|Invalid XACARS Message")
        // Whose flight it is is told first.
        let decoded = adapter.decode(XACARSSample.message("short"))
        #expect(decoded.subject == FlightKey(id: XACARSSample.flight))
    }

    /// X-13.
    @Test(arguments: [
        ("QA", "OUT 14:10\n/AP KJFK\n/FOB 9700", PhaseOfFlight.taxiOut, FlightLine.Kind.out, "14:10"),
        ("QB", "OFF 14:22\n/FOB 9500", .takeoff, .off, "14:22"), ("QC", "ON 15:26\n/AP KBOS", .landing, .on, "15:26"),
        ("QD", "IN 15:35", .arrived, .inBlock, "15:35"), ("QB", "airborne", .takeoff, .off, "14:32"),
    ])
    func readsOOOI(
        _ label: String, _ body: String, _ phase: PhaseOfFlight, _ kind: FlightLine.Kind, _ time: String
    ) throws {
        let progress = try progress(XACARSSample.message(XACARSSample.text(label, body))).progress
        let sample = try #require(progress.positions.first?.sample)
        #expect(sample.claimedPhase == phase && sample.positionIsHeld)
        let line = try #require(progress.lines.first)
        #expect(line.kind == kind && line.time?.iso8601 == "2026-11-21T\(time):00Z" && line.text == body)
        #expect(line.clientID == "M07A" && progress.lines.count == 1)
    }

    @Test(arguments: [
        ("LEVEL", "52 - 162", PhaseOfFlight.cruise), ("CLIMB", "12 - 162", .climb), ("CLIMB", "52 - 162", .cruise),
        ("CLIMB", "", .climb), ("DESC", "52 - 162", .cruise), ("DESC", "110 - 162", .descent), ("DESC", "", .descent),
    ])
    func readsTheTrend(_ trend: String, _ distance: String, _ phase: PhaseOfFlight) throws {
        let body = "POS N41 12.5000 W72 48.2500\n/ALT 12040 \(trend)\n/DST \(distance)"
        let altitude = try progress(XACARSSample.message(XACARSSample.text("AR", body))).progress
        #expect(altitude.positions.first?.sample.claimedPhase == phase)
        let report = try progress(XACARSSample.message(XACARSSample.text("PR", body))).progress
        #expect(report.positions.first?.sample.claimedPhase == nil)
    }

    /// X-14.
    @Test(arguments: [
        ("CM", "HELLO", FlightLine.Kind.message), ("CM", "POS N41 0.0 W72 0.0 /ALT 5", .message),
        ("ZZ", "what", .event),
        ("ZZ", "POS N41 0.0 W72 0.0", .event), ("WX", "KBOS 211354Z 31012KT", .log), ("PR", "nothing", .log),
    ])
    func keepsTexts(_ label: String, _ body: String, _ kind: FlightLine.Kind) throws {
        let progress = try progress(XACARSSample.message(XACARSSample.text(label, body))).progress
        #expect(progress.positions.isEmpty)
        #expect(progress.lines.map(\.kind) == [kind] && progress.lines.first?.text == body)
    }

    /// X-15.
    @Test func pausesAndEnds() throws {
        func sent(_ command: String, _ flight: String, _ state: String?) throws -> (FlightKey, FlightProgress) {
            var fields = [("DATA2", command), ("DATA3", flight)]
            if let state { fields.append(("DATA4", state)) }
            return try progress(XACARSSample.frame("acars", XACARSSample.form(fields)))
        }
        let id = FlightKey(id: XACARSSample.flight)
        for (state, paused) in [(nil, true), ("1", true), ("0", false)] as [(String?, Bool)] {
            let (key, progress) = try sent("pauseflight", XACARSSample.flight, state)
            #expect(key == id && progress.pause == paused && !progress.ends)
        }
        let (key, end) = try sent("ENDFLIGHT", XACARSSample.flight, nil)
        #expect(key == id && end.ends && end.takesLate && end.pause == nil)
        #expect(try sent("ENDFLIGHT", "", nil).0 == FlightKey())
    }

    // MARK: Flight info

    private func info(_ fields: [(String, String)], version: String = "XACARS|1.1") -> RawFrame {
        XACARSSample.frame("data", XACARSSample.form(fields, version: version), method: "GET")
    }

    /// X-17, X-18, X-19.
    @Test func asksForFlights() throws {
        for word in ["Bid", "bid", "BID"] {
            let decoded = adapter.decode(info([("DATA2", word), ("DATA4", "VMS0001")]))
            #expect(decoded.request == .nextBooking)
            #expect(decoded.credential == .pilot(.number(1), secret: nil))
        }
        let second = adapter.decode(
            info(
                [("DATA2", "VMS0001"), ("DATA3", "flightplan"), ("DATA4", "vms0001"), ("DATA5", "secret")],
                version: "XACARS|2.0"))
        #expect(second.request == .nextBooking && second.credential == .pilot(.number(1), secret: "secret"))
        let number = adapter.decode(info([("DATA2", "vms1000")]))
        #expect(number.request == .scheduleNumbered(airline: "VMS", number: "1000"))
        #expect(number.credential == .pilot(nil, secret: nil))
        #expect(try text(info([("DATA2", "1000")])) == "0|No airline code entered!")
        #expect(
            try text(info([("DATA2", "XYZ1")])) == "0|Flight not found, make sure you include the flight code!")
        #expect(try text(info([("DATA4", "VMS0001")])) == "0|Invalid Data2")
    }

    // MARK: Report

    /// X-20.
    @Test func filesTheShortForm() throws {
        let decoded = adapter.decode(XACARSSample.report(XACARSSample.report))
        #expect(decoded.credential == .pilot(.number(1), secret: "secret"))
        let (key, filing) = try filing(XACARSSample.report)
        let legs = FlightLegs(
            airline: "VMS", number: "1000", departure: ICAOLocation("KJFK"), arrival: ICAOLocation("KBOS"))
        #expect(key == FlightKey(legs: legs) && filing.standsAlone && filing.scheduleNeed == nil)
        let details = filing.content.details
        #expect(filing.content.flightTime == Minutes(64) && filing.content.blockTime == Minutes(85))
        #expect(filing.content.fuelUsed == Kilograms(Pounds(4120.0)) && details.asSent["fuelUsed"] == "4120 lb")
        #expect(details.level == 18000 && details.passengers == 44 && filing.content.load == 44)
        #expect(details.cargo == Kilograms(Pounds(800.0)) && details.asSent["flightFuel"] == "3650 lb")
        #expect(details.network == "VATSIM" && details.aircraftText == "N845MJ" && details.alternate?.code == "KBDL")
        #expect(details.flightRules == "IFR" && details.out == nil && details.start == nil)
        #expect(details.asSent["departureTime"] == "21.11.2026 14:10" && details.landingRate == nil)
    }

    /// X-21.
    @Test func filesTheLongForm() throws {
        let details = try filing(XACARSSample.longReport).filing.content.details
        #expect(details.flightTime == Minutes(64) && details.blockTime == Minutes(85))
        #expect(details.out?.iso8601 == "2026-11-21T14:10:00Z" && details.off?.iso8601 == "2026-11-21T14:22:00Z")
        #expect(details.on?.iso8601 == "2026-11-21T15:26:00Z" && details.inBlock?.iso8601 == "2026-11-21T15:35:00Z")
        #expect(details.zeroFuelWeight == Kilograms(Pounds(38000.0)))
        #expect(details.asSent["takeoffWeight"] == "42000 lb" && details.asSent["landingWeight"] == "39000 lb")
        let start = try #require(details.start)
        let stop = try #require(details.stop)
        #expect(abs(start.latitude - 40.639752) < 1e-6 && abs(stop.longitude + 71.005182) < 1e-6)
        #expect(details.asSent["greatestDescent"] == "3202 ft/min" && details.asSent["greatestIAS"] == "290 kt")
    }

    /// The four times win over the fields, unless one is missing or out of order.
    @Test func trustsTimesOnlyTogether() throws {
        func details(_ change: (inout [String]) -> Void) throws -> FlightDetails {
            var fields = XACARSSample.longReport.split(separator: "~").map(String.init)
            fields[10] = "02:00"
            fields[11] = "01:30"
            change(&fields)
            return try filing(fields.joined(separator: "~")).filing.content.details
        }
        let good = try details { _ in }
        #expect(good.flightTime == Minutes(64) && good.blockTime == Minutes(85))
        for change in [
            { $0[18] = "" }, { $0.swapAt(17, 18) }, { $0[20] = "99999999999" }, { $0[17] = "1" }, { $0[19] = "-1" },
        ] as [(inout [String]) -> Void] {
            let other = try details(change)
            #expect(other.flightTime == Minutes(90) && other.blockTime == Minutes(120) && other.out == nil)
        }
        // 33 fields are the short form.
        let short = try details { $0.removeLast() }
        #expect(short.flightTime == Minutes(90) && short.start == nil)
    }

    /// X-23, X-24.
    @Test func refusesWhatIsNoReport() throws {
        let wrong = adapter.decode(XACARSSample.report(XACARSSample.report.replacing("secret", with: "wrong")))
        #expect(wrong.credential == .pilot(.number(1), secret: "wrong"))
        let short = XACARSSample.report("VMS0001~secret~VMS1000")
        #expect(try text(short) == "0|ERROR")
        #expect(adapter.decode(short).credential == .pilot(.number(1), secret: "secret"))
        for airport in ["KJFK", "KBOS"] {
            for other in ["", " ", "?"] {
                let data = XACARSSample.report.replacing("~\(airport)~", with: "~\(other)~")
                #expect(try text(XACARSSample.report(data)) == "0|ERROR")
            }
        }
    }

    /// X-25, and field 4.
    @Test func readsDurationsAndLevels() throws {
        func details(_ old: String, _ new: String) throws -> FlightDetails {
            try filing(XACARSSample.report.replacing(old, with: new)).filing.content.details
        }
        #expect(try details("01:04", "10:30").flightTime == Minutes(630))
        #expect(try details("01:04", "abc").flightTime == nil)
        for (text, feet) in [("FL180", 18000), ("18000", 18000), ("180", 18000), ("600", 60000), ("601", 601)] {
            #expect(try details("FL180", text).level == feet)
        }
        #expect(try details("VATSIM", "ICAO").network == "IVAO")
        #expect(try details("VATSIM", "OFFLINE").network == nil)
        for text in ["~~", "~1e9~"] { #expect(try details("~44~", text).passengers == nil) }
        for text in ["~1e308~", "~-5~"] { #expect(try details("~4120~", text).fuelUsed == nil) }
        #expect(try details("~4120~", "~1869 kg~").asSent["fuelUsed"] == "1869 kg")
    }

    // MARK: Secrets

    @Test func cutsSecretsOutOfKeptFrames() {
        let report = XACARSSample.report + "~"
        let begin = XACARSSample.begin.replacing("||VMS1000", with: "|secret|VMS1000")
        let forms = [
            "DATA1=XACARS|1.1&DATA2=BEGINFLIGHT&DATA3=\(begin)",
            "DATA1=XACARS|1.1&DATA2=BEGINFLIGHT&DATA3=VMS0001|secret|x",
            "DATA1=XACARS|1.1&DATA2=BEGINFLIGHT&DATA3=\(begin.replacing("|secret|", with: "|a&secret|"))",
            "DATA1=XACARS|1.1&DATA2=BEGINFLIGHT&DATA3=\(XACARSSample.begin.replacing("|secret|", with: "|a|secret|"))",
            "DATA1=XACARS|1.1&DATA2=FLY&DATA3=secret", "DATA3=\(begin)", "DATA2=Bid&DATA4=VMS0001&DATA5=secret",
            "DATA2=\(report)", "DATA2=\(XACARSSample.report)", "DATA2=VMS0001~se~secret~VMS1000",
            "DATA2=MESSAGE&DATA3=secret&DATA4=x", "secret&=secret&secret=1",
        ]
        for form in forms {
            for escaped in [form, form.replacing("|", with: "%7C").replacing("~", with: "%7e")] {
                for (action, method) in [("acars", "POST"), ("pirep", "GET"), ("data", "GET"), ("pirep", "POST")] {
                    let isReport = form.contains("VMS0001~")
                    guard isReport == (action == "pirep") || method == "POST" && action == "pirep" else { continue }
                    let kept = adapter.withoutSecrets(XACARSSample.frame(action, escaped, method: method))
                    let text = kept.query + String(decoding: kept.body, as: UTF8.self)
                    #expect(!text.contains("secret"), "\(text)")
                }
            }
        }
        let message = XACARSSample.frame("acars", "DATA1=XACARS|1.1&DATA2=MESSAGE&DATA3=482910573846&DATA4=what was it")
        let kept = adapter.withoutSecrets(message)
        #expect(
            String(decoding: kept.body, as: UTF8.self)
                == "DATA1=XACARS|1.1&DATA2=MESSAGE&DATA3=000000000000&DATA4=what was it")
        let running = XACARSSample.frame("acars", "DATA1=XACARS|1.1&DATA2=PAUSEFLIGHT&DATA3=482910573846&DATA4=0")
        #expect((try? adapter.decode(adapter.withoutSecrets(running)).outcome.get()) != nil)
    }

    @Test func writesTheIniFile() throws {
        let texts = XACARSAdapter.setUp(
            root: "https://va.example/acars/demo/xacars/k/abc/", pilot: "VMS0001", site: FixtureCorpus.site)
        #expect(texts.count == 1 && texts[0].title == "xacars.ini")
        let lines = texts[0].text.components(separatedBy: "\r\n")
        #expect(
            lines.first == "[Server]" && lines.last == "" && !texts[0].text.replacing("\r\n", with: "").contains("\n"))
        #expect(lines.contains("Address=https://va.example/acars/demo/xacars/k/abc/action.php/acars/xacars/acars"))
        #expect(lines.contains("User=VMS0001") && lines.contains("POSReportTime=1") && lines.contains("AutoPIREP=1"))
        for (key, endpoint) in [("Address", "acars"), ("PIREP", "pirep"), ("FlightInfo", "data")] {
            let line = try #require(lines.first { $0.hasPrefix("\(key)=") })
            let path = String(line.split(separator: "/k/abc/")[1])
            #expect(path == "action.php/acars/xacars/\(endpoint)")
        }
    }
}

extension String {
    fileprivate func components(separatedBy separator: String) -> [String] {
        split(separator: separator, omittingEmptySubsequences: false).map(String.init)
    }
}
