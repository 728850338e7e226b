import Domain
import Protocols
import Testing

@Suite struct SmartCARS2DecodeTests {
    typealias Wire = SmartCARS2Wire

    // MARK: Self-test

    @Test(arguments: ["", "action=", "action=nosuch", "action=ManualLogin", "dbid=7", "action=%FF", "&&&=&"])
    func answersEverythingUnknownWithTheSelfTest(_ query: String) {
        let decoded = Wire.adapter.decode(Wire.call(query))
        #expect(decoded.request == .probe)
        #expect(decoded.credential == .none)
    }

    @Test(arguments: ["GET", "POST", "PUT", "HEAD"]) func doesNotLookAtTheMethod(_ method: String) {
        let frame = Wire.call("action=getairports&dbid=7", method: method)
        #expect(Wire.adapter.decode(frame).request == .airports)
    }

    @Test(arguments: ["", "frame.php", "legacy/frame.php", "/"]) func takesAnyPath(_ path: String) {
        let frame = Wire.call("action=getaircraft&dbid=7").with(path: path)
        #expect(Wire.adapter.decode(frame).request == .aircraft)
    }

    // MARK: Sessions

    private func logIn(_ query: String, _ body: String) -> LogIn? {
        let decoded = Wire.adapter.decode(Wire.call("action=manuallogin&" + query, body: body, method: "POST"))
        #expect(decoded.credential == .none)
        if case .logIn(let logIn)? = decoded.request { return logIn }
        return nil
    }

    @Test func readsALogIn() {
        let found = logIn("userid=7&sessionid=\(Wire.session)&new=true", "password=s3cr%26t%2B%C3%A9")
        #expect(found == LogIn(name: .number(7), password: "s3cr&t+é", session: Wire.session))
    }

    @Test(arguments: [
        ("0007", LogIn.Name.number(7)), ("VMS0007", .number(7)), ("vms7", .number(7)),
        ("Ada%40Demo.example", .email("ada@demo.example")), ("", .unusable), ("XYZ0007", .unusable),
        ("0", .unusable), ("99999999999999999999", .unusable), ("-7", .unusable),
    ])
    func readsWhoLogsIn(_ text: String, _ name: LogIn.Name) {
        #expect(logIn("userid=\(text)&sessionid=s", "password=x")?.name == name)
    }

    /// A5
    @Test func doesNotLookForAPasswordInTheQuery() {
        #expect(logIn("userid=7&sessionid=s&password=s3cret", "")?.password == "")
        #expect(logIn("userid=7&sessionid=s&password=s3cret", "password=other")?.password == "other")
    }

    @Test func takesNoSessionIDOverSixtyFourCharacters() {
        let long = String(repeating: "a", count: 65)
        #expect(logIn("userid=7&sessionid=\(long)", "password=x")?.session == "")
        #expect(logIn("userid=7&sessionid=\(long.dropLast())", "password=x")?.session == String(long.dropLast()))
        #expect(logIn("userid=7", "password=x")?.session == "")
        let write = Wire.adapter.decode(Wire.call("action=bidonflight&dbid=7&routeid=1&sessionid=\(long)"))
        #expect(write.credential == .clientSession(pilot: 7, token: ""))
    }

    @Test func readsAutomaticLogInAndVerification() {
        let resumed = Wire.adapter.decode(
            Wire.call("action=automaticlogin&dbid=7&oldsessionid=S1&sessionid=S2&new=true"))
        #expect(resumed.request == .clientSession(pilot: 7, old: "S1", new: "S2"))
        let renewedWithNothing = Wire.adapter.decode(Wire.call("action=automaticlogin&dbid=7&oldsessionid=S1"))
        #expect(renewedWithNothing.request == .clientSession(pilot: 7, old: "S1", new: ""))
        let looked = Wire.adapter.decode(Wire.call("action=verifysession&dbid=7&sessionid=S2"))
        #expect(looked.request == .clientSession(pilot: 7, old: "S2", new: nil))
    }

    @Test(arguments: ["bidonflight", "deletebidflight", "createflight", "positionreport", "filepirep"])
    func provesWhoWrites(_ action: String) {
        let proven = Wire.adapter.decode(Wire.call("action=\(action)&dbid=7&sessionid=S1"))
        #expect(proven.credential == .clientSession(pilot: 7, token: "S1"))
        let nobody = Wire.adapter.decode(Wire.call("action=\(action)"))
        #expect(nobody.credential == .clientSession(pilot: 0, token: ""))
    }

    @Test(arguments: [
        "getpilotcenterdata", "getairports", "getaircraft", "getbidflights", "searchflights", "searchpireps",
        "getpirepdata",
    ])
    func readsForANameThatNothingProves(_ action: String) throws {
        let decoded = Wire.adapter.decode(Wire.call("action=\(action)&dbid=7&sessionid=unknown"))
        #expect(decoded.credential == .named(.number(7)))
        #expect(try decoded.outcome.get().isOpenReading)
        #expect(decoded.unrecognised.isEmpty)
    }

    @Test(arguments: ["", "-1", "0", "7x", "7.5", "2147483648", "99999999999999999999", "%00"])
    func namesNobodyByWhatIsNoNumber(_ text: String) {
        let decoded = Wire.adapter.decode(Wire.call("action=getairports&dbid=\(text)"))
        #expect(decoded.credential == .named(.number(0)))
    }

    // MARK: Bids and searches

    @Test func readsBids() {
        let bid = Wire.adapter.decode(Wire.call("action=bidonflight&dbid=7&sessionid=S1&routeid=101"))
        #expect(bid.request == .book(schedule: "101", aircraft: nil, repeatIsSame: false))
        let wrong = Wire.adapter.decode(Wire.call("action=bidonflight&dbid=7&sessionid=S1&routeid=abc"))
        #expect(wrong.request == .book(schedule: "0", aircraft: nil, repeatIsSame: false))
        let gone = Wire.adapter.decode(Wire.call("action=deletebidflight&dbid=7&sessionid=S1&bidid=12"))
        #expect(gone.request == .cancelBooking(.number(12)))
    }

    /// A17
    @Test func readsAFlightSearch() {
        let decoded = Wire.adapter.decode(
            Wire.call(
                "action=searchflights&dbid=7&departureicao=egll&arrivalicao=&mintime=0,5&maxtime=x&aircraft=Boeing+737")
        )
        var query = ScheduleQuery()
        query.departure = "EGLL"
        query.minimumFlightTimeHours = 0.5
        query.aircraftName = "Boeing 737"
        query.limit = 1001
        #expect(decoded.request == .searchSchedules(query))
    }

    @Test(arguments: [("1", ReportQuery.Status.accepted), ("2", .pending), ("3", .rejected), ("", nil), ("9", nil)])
    func readsAReportSearch(_ status: String, _ expected: ReportQuery.Status?) {
        let decoded = Wire.adapter.decode(
            Wire.call(
                "action=searchpireps&dbid=7&startdate=11/02/2026&enddate=2026-11-21&aircraft=A320&status=\(status)"))
        var query = ReportQuery()
        query.from = Timestamp(year: 2026, month: 11, day: 2)
        query.to = Timestamp(
            year: 2026, month: 11, day: 21, hour: 23, minute: 59, second: 59, millisecond: 999)
        query.aircraftName = "A320"
        query.status = expected
        #expect(decoded.request == .searchReports(query))
    }

    @Test(arguments: ["abc", "13/40/2026", "1/1", "999999999999/1/1", "--"]) func ignoresDatesThatAreNone(
        _ text: String
    ) {
        let decoded = Wire.adapter.decode(Wire.call("action=searchpireps&dbid=7&startdate=\(text)&enddate=\(text)"))
        #expect(decoded.request == .searchReports(ReportQuery()))
    }

    /// A27
    @Test func readsACharter() {
        let decoded = Wire.adapter.decode(
            Wire.call(
                "action=createflight&dbid=7&sessionid=S1&flightcode=&flightnumber=927&ticketprice=100"
                    + "&departureicao=egll&arrivalicao=LFPG&aircraft=1&flighttype=1&departuretime=Time&arrivaltime=11:15"
                    + "&flighttime=1.15&cruisealtitude=35000&distance=188,5",
                body: "route=mid+UN615++xamab", method: "POST"))
        var charter = CharterRequest(
            callsign: "SCC927", departure: "egll", arrival: "LFPG", route: ["MID", "UN615", "XAMAB"], aircraft: 1,
            cruise: 35_000, isCargo: true, departureTime: "", arrivalTime: "11:15")
        charter.flightTime = Minutes(75)
        charter.distance = NauticalMiles(188.5)
        #expect(decoded.request == .charter(charter))
        #expect(decoded.unrecognised.isEmpty)
    }

    @Test(arguments: [("DEM", "927", "DEM927"), ("dem", "DEM927", "DEM927"), ("", "scc1", "SCC1")])
    func joinsCodeAndNumberOfACharter(_ code: String, _ number: String, _ callsign: String) {
        let decoded = Wire.adapter.decode(
            Wire.call("action=createflight&dbid=7&sessionid=S1&flightcode=\(code)&flightnumber=\(number)"))
        guard case .charter(let charter)? = decoded.request else {
            Issue.record("no charter")
            return
        }
        #expect(charter.callsign == callsign)
        #expect(!charter.isCargo)
    }

    // MARK: Positions

    /// A18
    @Test func readsAPosition() throws {
        let decoded = Wire.position()
        #expect(decoded.credential == .clientSession(pilot: 7, token: Wire.session))
        #expect(decoded.flightKey == FlightKey(booking: 12))
        let report = try #require(decoded.progress?.positions.first)
        let sample = report.sample
        #expect(report.aircraft == nil && report.aircraftText == "G-DEMA")
        #expect(sample.position == Position(latitude: 53.413018235782, longitude: -6.33512218056819))
        #expect(sample.altitudeMSL == Feet(1140))
        #expect(sample.heading == Degrees(72))
        #expect(sample.groundSpeed == Knots(145))
        #expect(sample.distanceRemaining == NauticalMiles(2))
        #expect(sample.timeRemaining == Minutes(1))
        #expect(sample.claimedPhase == .approach)
        #expect(sample.network == "VATSIM")
        #expect(sample.clientTime == nil && sample.eventTime == FixtureCorpus.receivedAt)
        #expect(
            sample.extras == ["magneticheading": "76", "departuretime": "19:45:51", "arrivaltime": "19:51:00"])
        #expect(decoded.progress?.details.route == "MID")
        #expect(decoded.unrecognised.isEmpty)
    }

    /// A19
    @Test func readsDecimalCommas() {
        let sample = Wire.position(["latitude": "53,413", "longitude": "-6,335"]).sample
        #expect(sample?.position == Position(latitude: 53.413, longitude: -6.335))
    }

    @Test(arguments: ["1.5E-05", "1,5e-5", "+0.000015", "%200.000015%20"]) func readsNumbersNearZero(_ text: String) {
        #expect(Wire.position(["latitude": text]).sample?.position.latitude == 0.000015)
    }

    /// A20
    @Test func takesWhatIsNotKnown() throws {
        let sample = try #require(
            Wire.position(["timeremaining": "N/A", "arrivaltime": "N/A", "altitude": "", "groundspeed": nil]).sample)
        #expect(sample.timeRemaining == nil && sample.extras["arrivaltime"] == nil)
        #expect(sample.altitudeMSL == nil && sample.groundSpeed == nil)
        let bare = Wire.adapter.decode(Wire.call("action=positionreport&bidid=1&latitude=1&longitude=2"))
        #expect(
            bare.sample?.claimedPhase == nil && bare.sample?.heading == nil && bare.progress?.details.isEmpty == true)
    }

    /// A21
    @Test(arguments: [
        ("phase", "99"), ("phase", "-1"), ("phase", "1.5"), ("phase", "x"), ("latitude", "abc"), ("latitude", ""),
        ("latitude", "90.1"), ("latitude", "NaN"), ("latitude", "1e999"), ("latitude", "53.4N"), ("longitude", "181"),
        ("longitude", "inf"), ("altitude", "high"), ("altitude", "1e300"), ("groundspeed", "-1"),
        ("groundspeed", "99999999999999999999999999"), ("trueheading", "361"), ("distanceremaining", "-5"),
    ])
    func refusesPositionsThatAreNone(_ name: String, _ value: String) {
        let frame = Wire.frame(Wire.position, [name: value], body: "route=MID")
        let decoded = Wire.adapter.decode(frame)
        #expect(decoded.credential == .clientSession(pilot: 7, token: Wire.session))
        guard let error = decoded.error else {
            Issue.record("taken")
            return
        }
        #expect(error.isWorthKeeping && error.field == name)
        let answer = Wire.adapter.encode(error, to: frame)
        #expect(answer.status == 200 && answer.text == "ERROR")
    }

    @Test(
        arguments: zip(
            0...12,
            [
                PhaseOfFlight.boarding, .pushback, .taxiOut, .takeoff, .climb, .cruise, .descent, .approach, .approach,
                .landing, .taxiIn, .arrived, .arrived,
            ]))
    func readsPhases(_ index: Int, _ phase: PhaseOfFlight) {
        #expect(Wire.position(["phase": String(index)]).sample?.claimedPhase == phase)
    }

    @Test(arguments: [("360", 0.0), ("-10", 350), ("0", 0), ("-360", 0)]) func bringsHeadingsIntoTheCircle(
        _ text: String, _ heading: Double
    ) {
        #expect(Wire.position(["trueheading": text]).sample?.heading == Degrees(heading))
    }

    @Test(arguments: ["Offline", "OFFLINE", "N/A", ""]) func namesNoNetworkWhenOffline(_ text: String) throws {
        let sample = try #require(Wire.position(["onlinenetwork": text]).sample)
        #expect(sample.network == nil)
    }

    @Test func readsTextsOfOldWindowsClients() {
        #expect(Wire.position([:], body: "route=M%FCN+%E9").progress?.details.route == "MÜN É")
        #expect(Wire.position(["onlinenetwork": "%FFnet"]).sample?.network == "ÿnet")
    }

    // MARK: Reports

    /// A23
    @Test func readsAReport() throws {
        let decoded = Wire.report()
        #expect(decoded.flightKey == FlightKey(booking: 12))
        let filing = try #require(decoded.filing)
        let details = filing.content.details
        #expect(filing.standsAlone)
        #expect(filing.content.flightTime == Minutes(75) && filing.flightTimeHours == 1.25)
        #expect(filing.content.landingRate == FeetPerMinute(-182))
        #expect(filing.content.fuelUsed == Kilograms(Pounds(5321)) && filing.fuelUsedAsSent == 5321)
        #expect(details.asSent == ["fuelUsed": "5321 lb"])
        #expect(filing.content.load == 150 && details.passengers == nil && details.cargo == nil)
        #expect(filing.content.route == "MID UN615 XAMAB" && filing.content.comments == "nice flight")
        #expect(details.airline == "VMS" && details.flightNumber == "101")
        #expect(details.departure == ICAOLocation("EGLL") && details.arrival == ICAOLocation("LFPG"))
        #expect(details.aircraft == 1 && details.aircraftText == "1")
        #expect(
            filing.content.log == [
                "smartCARS version 2.1.34.3, 2026/11/21 UTC", "[10:00:00] Preflight started, flying offline",
                "[10:03:00] Pushing back with 10883 lb of fuel", "[11:15:00] Arrived, flight duration: 01:15",
            ])
        #expect(decoded.client == "smartCARS 2.1.34.3" && details.client == "smartCARS 2.1.34.3")
        #expect(decoded.unrecognised.isEmpty)
    }

    @Test(arguments: [("VMS101", "VMS", "VMS", "101"), ("VMS101", "", "VMS", "101"), ("101", "", nil, "101")])
    func splitsTheFlightNumber(_ number: String, _ code: String, _ airline: String?, _ expected: String) {
        let details = Wire.report(["flightnumber": number, "code": code]).filing?.content.details
        #expect(details?.airline == airline && details?.flightNumber == expected)
    }

    @Test func takesARegistrationForTheAircraft() {
        let details = Wire.report(["aircraft": "G-DEMA"]).filing?.content.details
        #expect(details?.aircraft == nil && details?.aircraftText == "G-DEMA")
    }

    @Test func takesAReportWithoutMostThings() throws {
        let filing = try #require(
            Wire.adapter.decode(Wire.call("action=filepirep&dbid=7&sessionid=S1&bidid=12", method: "POST")).filing)
        #expect(filing.content.log.isEmpty && filing.content.comments == nil && filing.content.flightTime == nil)
        #expect(filing.content.landingRate == nil && filing.content.fuelUsed == nil && filing.content.load == nil)
    }

    @Test(arguments: [
        ("flighttime", "abc"), ("flighttime", "-1.00"), ("flighttime", "9999.00"), ("landingrate", "hard"),
        ("landingrate", "-1e9"), ("fuelused", "-1"), ("fuelused", "1e400"), ("load", "many"),
    ])
    func refusesReportsThatCannotBeRead(_ name: String, _ value: String) {
        let frame = Wire.frame(Wire.report, [name: value], body: Wire.reportBody)
        guard let error = Wire.adapter.decode(frame).error else {
            Issue.record("taken")
            return
        }
        #expect(error.isWorthKeeping && Wire.adapter.encode(error, to: frame).text == "ERROR")
    }

    @Test(arguments: [
        ("", []), ("no entries", ["no entries"]), ("[1] a[2] b", ["[1] a", "[2] b"]),
        ("h \\r\\n[10:00:00 AM] Flying [HD] 737\\n", ["h", "[10:00:00 AM] Flying", "[HD] 737"]), ("[[", ["[", "["]),
        ("[a]\\", ["[a]\\"]),
    ])
    func cutsTheLogBeforeBrackets(_ log: String, _ entries: [String]) {
        #expect(Wire.report([:], body: "log=\(Wire.escaped(log))").filing?.content.log == entries)
    }

    @Test func boundsTheLog() throws {
        let body = "log=" + String(repeating: "%5Bx", count: 30_000)
        let log = try #require(Wire.report([:], body: body).filing?.content.log)
        #expect(log.count == 10_000)
        #expect(log.joined().utf8.count == 60_000)
    }

    @Test func refusesFormsOfTooManyFields() {
        let body = String(repeating: "a=1&", count: 5000)
        #expect(Wire.report([:], body: body).error?.code == .malformed)
    }

    // MARK: Bounds

    @Test func survivesEveryCut() {
        for frame in [
            Wire.frame(Wire.position, body: "route=MID+%C3%A9"), Wire.frame(Wire.report, body: Wire.reportBody),
        ] {
            for length in 0...frame.query.utf8.count {
                let cut = frame.with(query: String(decoding: frame.query.utf8.prefix(length), as: UTF8.self))
                check(Wire.adapter.decode(cut), cut)
            }
            let credential = Wire.adapter.decode(frame).credential
            for length in 0...frame.body.count {
                let cut = frame.with(body: Array(frame.body.prefix(length)))
                let decoded = Wire.adapter.decode(cut)
                #expect(decoded.credential == credential)
                check(decoded, cut)
            }
        }
    }

    private func check(_ decoded: DecodedFrame, _ frame: RawFrame) {
        if let error = decoded.error { #expect(Wire.adapter.encode(error, to: frame).status == 200) }
    }

    @Test func keepsNoSecrets() {
        let frame = Wire.call(
            "action=manuallogin&userid=7&sessionid=\(Wire.session)&password=inquery", body: "password=s3cret&x=1",
            method: "POST")
        let decoded = Wire.adapter.decode(frame)
        #expect(decoded.unrecognised == ["password": "[redacted]", "x": "1"])
        let kept = String(decoding: redacted(Wire.adapter.withoutSecrets(frame)), as: UTF8.self)
        #expect(!kept.contains("s3cret") && !kept.contains("inquery") && !kept.contains(Wire.session))
        let write = Wire.frame(Wire.report, ["flighttime": "x", "oldsessionid": Wire.session], body: Wire.reportBody)
        let keptWrite = String(decoding: redacted(write), as: UTF8.self)
        #expect(!keptWrite.contains(Wire.session) && keptWrite.contains("landingrate=-182"))
    }

    @Test(arguments: [
        ("frame.php", 0), ("acars/frame.php", 1), ("legacy_ACARS/smartCARS/frame.php", 2), ("smartcars", 1),
        ("smartcars/", 1), ("api/smartcars", nil), ("action.php", nil), ("smartcars/x", nil), ("", nil),
    ])
    func standsWhereFramePHPStood(_ path: String, _ root: Int?) {
        let segments = path.split(separator: "/", omittingEmptySubsequences: false)
        #expect(SmartCARS2Adapter.hostRoot(path.isEmpty ? [] : segments) == root)
    }

    @Test func tellsThePilotWhatToType() {
        let texts = SmartCARS2Adapter.setUp(root: "https://va.example/r/", pilot: "VMS0007", site: FixtureCorpus.site)
        #expect(texts.map(\.text) == ["https://va.example/r/frame.php", "VMS0007"])
    }
}
