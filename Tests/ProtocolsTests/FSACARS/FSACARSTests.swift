import Domain
import Protocols
import Testing

@Suite struct FSACARSTests {
    typealias Wire = FSACARSWire
    static let owner = Credential.pilot(.number(1), secret: nil)

    private func status(_ query: String) -> DecodedFrame { Wire.adapter.decode(Wire.get("status", query)) }

    // MARK: Paths

    @Test(arguments: [
        "action.php/acars/fsacars/status", "ACTION.php/Acars/FSACARS/Status", "index.php/acars/fsacars/status/",
        "acars/fsacars/status", "fsacars/status", "status",
    ])
    func findsTheAction(_ path: String) {
        let decoded = Wire.adapter.decode(Wire.get("", Wire.status).with(path: path))
        #expect(decoded.sample?.position.latitude == 40.622543)
        #expect(decoded.credential == Self.owner)
    }

    @Test func findsTheActionInTheQuery() {
        let frame = Wire.get("", "q=/acars/fsacars/flightplans&pilot=VMS0001").with(path: "action.php")
        #expect(Wire.adapter.decode(frame).request == .nextBooking)
    }

    /// `acars` and `fsacars` are folders and actions.
    @Test(arguments: ["acars/fsacars/acars", "acars/fsacars/fsacars", "fsacars/acars", "acars", "fsacars"])
    func tellsMessagesFromFolders(_ path: String) {
        let frame = Wire.get("", "pilotnumber=VMS0001&mcontent=x").with(path: path)
        #expect(Wire.adapter.decode(frame).inFlight?.lines.count == 1)
    }

    /// S-16
    @Test(arguments: ["fsacars/unknown", "", "action.php", "action.php/acars/fsacars", "action.php/kacars_free"])
    func answersUnknownActionsWithNothing(_ path: String) {
        let frame = Wire.get("", "").with(path: path)
        let decoded = Wire.adapter.decode(frame)
        if path.hasSuffix("acars/fsacars") { return #expect(decoded.error?.code == .missingField) }
        #expect(decoded.credential == .none)
        #expect(decoded.error?.code == .unknownEndpoint && decoded.error?.isWorthKeeping == false)
        guard let error = decoded.error else { return }
        let answer = Wire.adapter.encode(error, to: frame)
        #expect(answer.status == 200 && answer.body.isEmpty)
    }

    @Test(arguments: [
        ("action.php/acars/fsacars/status", 0), ("index.php/Acars/FsAcars", 0), ("action.php/acars/xacars/data", nil),
        ("acars/fsacars/status", nil),
    ])
    func standsWherePHPVMSStood(_ path: String, _ root: Int?) {
        #expect(FSACARSAdapter.hostRoot(path.split(separator: "/")) == root)
    }

    // MARK: Pilots

    @Test(arguments: [
        ("VMS0001", Credential.pilot(.number(1), secret: nil)), ("VMSVMS0001", .pilot(.number(1), secret: nil)),
        ("vms0001", .pilot(.number(1), secret: nil)), ("1", .pilot(.number(1), secret: nil)),
        ("XYZ0001", .pilot(.unusable, secret: nil)), ("VMS-1", .pilot(.unusable, secret: nil)),
        ("", .pilot(nil, secret: nil)),
    ])
    func namesThePilot(_ text: String, _ credential: Credential) {
        #expect(Wire.adapter.decode(Wire.get("flightplans", "pilot=\(text)")).credential == credential)
        #expect(Wire.report(["pilot": text]).credential == credential)
        #expect(status("pnumber=\(text)").credential == credential)
        #expect(Wire.adapter.decode(Wire.get("acars", "pilotnumber=\(text)&mcontent=x")).credential == credential)
    }

    @Test func needsAKeyOfThePilot() { #expect(FSACARSAdapter.needsTrackerKey) }

    // MARK: Positions

    /// S-01
    @Test func readsAPosition() throws {
        let decoded = status(Wire.status)
        #expect(decoded.credential == Self.owner)
        let sample = try #require(decoded.sample)
        #expect(sample.position == Position(latitude: 40.622543, longitude: -73.786499))
        #expect(!sample.positionIsHeld)
        #expect(sample.groundSpeed == Knots(0) && sample.altitudeMSL == Feet(16))
        #expect(sample.claimedPhase == .boarding && sample.network == nil && sample.heading == nil)
        let departure = ICAOLocation("KJFK")
        let arrival = ICAOLocation("KBOS")
        #expect(
            decoded.key
                == FlightKey(
                    legs: FlightLegs(airline: "VMS", number: "1000", departure: departure, arrival: arrival)))
        let details = try #require(decoded.inFlight?.details)
        #expect(details.airline == "VMS" && details.flightNumber == "1000" && details.aircraftText == nil)
        #expect(details.departure == departure && details.arrival == arrival && details.flightType == nil)
        #expect(decoded.inFlight?.ends == false)
        #expect(decoded.unrecognised.isEmpty)
    }

    @Test func readsTheRestOfAPosition() throws {
        let decoded = status(
            "lat=41,5&long=-72,25&GS=451.5&Alt=35000&IATA=1000&pnumber=VMS0001&depaptICAO=KJFK&destaptICAO=KBOS"
                + "&depapt=John F Kennedy&destapt=Logan&disdepapt=12.5&disdestapt=101.2&timedepapt=00:24"
                + "&timedestapt=1:05&Ph=3&detailph=5&cargo=1&Regist=N845MJ&Online=VATSIM&extra=1")
        let report = try #require(decoded.inFlight?.positions.first)
        #expect(report.aircraftText == "N845MJ")
        let sample = report.sample
        #expect(sample.position == Position(latitude: 41.5, longitude: -72.25))
        #expect(sample.groundSpeed == Knots(451.5) && sample.claimedPhase == .cruise)
        #expect(sample.distanceRemaining == NauticalMiles(101.2) && sample.timeRemaining == Minutes(65))
        #expect(sample.network == "VATSIM" && sample.extras == ["disdepapt": "12.5", "timedepapt": "00:24"])
        #expect(decoded.inFlight?.details.flightType == "F" && decoded.inFlight?.details.airline == nil)
        #expect(decoded.unrecognised == ["extra": "1"])
    }

    @Test(
        arguments: zip(
            0...9,
            [nil, PhaseOfFlight.boarding, .taxiOut, .takeoff, .climb, .cruise, .approach, .landing, .taxiIn, .arrived]
        ))
    func readsPhases(_ index: Int, _ phase: PhaseOfFlight?) throws {
        let decoded = status("lat=1&long=2&detailph=\(index)&Ph=3")
        #expect(try #require(decoded.sample).claimedPhase == phase)
        #expect(decoded.inFlight?.ends == (index == 0 || index == 9))
    }

    /// S-02
    @Test(arguments: [
        ("1", PhaseOfFlight.boarding), ("2", .takeoff), ("3", .cruise), ("4", .arrived), ("", .boarding),
        ("77", .boarding),
    ])
    func takesTheCoarsePhase(_ text: String, _ phase: PhaseOfFlight) throws {
        #expect(try #require(status("lat=1&long=2&Ph=\(text)").sample).claimedPhase == phase)
        #expect(try #require(status("lat=1&long=2&Ph=\(text)&detailph=").sample).claimedPhase == phase)
    }

    /// S-03
    @Test(arguments: ["42", "-1", "x", "1e300"]) func knowsNoOtherPhase(_ text: String) throws {
        let decoded = status("lat=1&long=2&Ph=3&detailph=\(text)")
        #expect(try #require(decoded.sample).claimedPhase == nil)
        #expect(decoded.inFlight?.ends == false)
    }

    /// C-07: the call succeeds, the last position is kept.
    @Test(arguments: [
        "", "lat=&long=", "lat=garbage&long=1", "lat=91&long=0", "lat=1&long=-181", "lat=1", "lat=NaN&long=0",
    ])
    func holdsPositionsThatAreNone(_ query: String) throws {
        let decoded = status(query + "&GS=100")
        let sample = try #require(decoded.sample)
        #expect(sample.positionIsHeld && sample.groundSpeed == Knots(100))
        #expect(decoded.key == FlightKey())
    }

    @Test(arguments: ["-1", "1e300", "99999999999999999999999999", "x", "2501"]) func leavesOutWhatCannotBe(
        _ text: String
    ) {
        let sample = status("lat=1&long=2&GS=\(text)&Alt=1e300&disdestapt=-4").sample
        #expect(sample?.groundSpeed == nil && sample?.altitudeMSL == nil && sample?.distanceRemaining == nil)
    }

    @Test(arguments: ["No", "no", "Yes", "ONLINE", "", "Offline"]) func namesNoNetwork(_ text: String) throws {
        #expect(try #require(status("lat=1&long=2&Online=\(text)").sample).network == nil)
    }

    // MARK: Messages

    /// S-05
    @Test(arguments: [
        ("Message%20content:%20%A3HELLO", "HELLO"), ("Message%20content:%20%C2%A3HELLO", "HELLO"),
        ("Message%20content:%20%C3%82%C2%A3HELLO", "HELLO"), ("Message+content:+%EF%BF%BDHELLO", "HELLO"),
        ("Message%20content:%20HELLO+THERE", "HELLO THERE"), ("HELLO", "HELLO"), ("%A3%205%20each", "£ 5 each"),
    ])
    func readsAMessage(_ sent: String, _ text: String) {
        let decoded = Wire.adapter.decode(Wire.get("acars", "pilotnumber=VMS0001&mcontent=\(sent)"))
        #expect(decoded.credential == Self.owner)
        #expect(
            decoded.request
                == .progress(
                    FlightKey(),
                    FlightProgress(lines: [FlightLine(.message, text, receivedAt: FixtureCorpus.receivedAt)])))
    }

    @Test(arguments: ["", "mcontent=", "mcontent=Message%20content:%20%A3"]) func takesNoEmptyMessage(_ query: String) {
        let frame = Wire.get("acars", "pilotnumber=VMS0001&\(query)")
        guard let error = Wire.adapter.decode(frame).error else {
            Issue.record("taken")
            return
        }
        #expect(Wire.adapter.encode(error, to: frame).body.isEmpty)
    }

    // MARK: Reports

    /// S-08
    @Test func readsAReport() throws {
        let decoded = Wire.report()
        #expect(decoded.credential == Self.owner && decoded.client == "FSACARS 4015")
        let filing = try #require(decoded.reportFiling)
        let details = filing.content.details
        #expect(details.airline == "VMS" && details.flightNumber == "1000")
        #expect(
            details.departure?.code == "KJFK" && details.arrival?.code == "KBOS" && details.alternate?.code == "KLGA")
        #expect(details.aircraftText == "N845MJ" && details.route == "MERIT ROBUC3")
        #expect(filing.content.blockTime == Minutes(20) && details.flightTime == nil)
        #expect(filing.content.fuelUsed == Kilograms(Pounds(1638)) && filing.fuelUsedAsSent == 1638)
        #expect(details.asSent["fuelUsed"] == "1638 lb" && details.asSent["equipment"] == "E145")
        #expect(details.passengers == 44 && filing.content.load == 44)
        #expect(filing.content.landingRate == FeetPerMinute(-215) && filing.content.distance == NauticalMiles(56))
        #expect(details.off == Timestamp(year: 2026, month: 11, day: 21, hour: 14, minute: 10) && details.on == nil)
        #expect(filing.content.log.count == 6 && filing.content.log[4] == "14:10  Take-off")
        #expect(filing.scheduleNeed == .bareNumberKnown && filing.standsAlone && !filing.continues)
        #expect(filing.piece == Wire.firstLog + Wire.secondLog)
        #expect(decoded.key?.client == "2026/11/21|14:05:00|KJFK|KBOS" && decoded.key?.legs?.number == "1000")
        #expect(decoded.unrecognised.isEmpty)
    }

    @Test func readsAWholeLog() throws {
        let log =
            "[2026/11/21 23:40:00]*Flight IATA: VMS1000*Pilot Number:VMS0001*Company ICAO:VMS*Aircraft Type:E145*"
            + "Aircraft Registration:N845MJ*PAX:115*Departing Airport: KJFK*Destination Airport: KBOS*"
            + "Alternate Airport:KLGA*Online: No*Route:merit  robuc3*Flight Level:180*"
            + "23:41  Zero fuel Weight: 54844 Lbs, Fuel Weight: 19448 Lbs*23:42  Parking Brakes off*"
            + "23:43  Com1 Freq=128.30*23:50  Take-off*23:51  Gear Up: 221 Knots*00:02  TOC*00:05 Land*"
            + "00:05  TouchDown:Rate -215 ft/min Speed: 119 Knots*00:05 POS N40%B0 38%B4 13%B4%B4 W073%B0 46%B4 26%B4%B4*"
            + "00:09  Parking brakes on*00:09  Flight Duration: 00:17*00:09  Block to Block Duration: 00:27*"
            + "00:09  Final Fuel: 17810 Lbls*00:09  Spent Fuel: 1638 Lbls*00:09  Flight Length: 56 NM"
        let decoded = Wire.report([
            "log": log, "reg": nil, "origin": nil, "dest": nil, "alt": nil, "fuel": nil, "duration": nil,
            "distance": nil,
        ])
        let details = try #require(decoded.reportDetails)
        #expect(
            details.departure?.code == "KJFK" && details.arrival?.code == "KBOS" && details.alternate?.code == "KLGA")
        #expect(details.aircraftText == "N845MJ" && details.passengers == 115 && details.network == nil)
        #expect(details.route == "MERIT ROBUC3" && details.level == 18_000)
        #expect(details.zeroFuelWeight == Kilograms(Pounds(54_844)) && details.blockFuel == Kilograms(Pounds(19_448)))
        #expect(details.fuelUsed == Kilograms(Pounds(1638)) && details.distance == NauticalMiles(56))
        #expect(details.flightTime == Minutes(17) && details.blockTime == Minutes(27))
        #expect(details.landingRate == FeetPerMinute(-215))
        #expect(details.out?.iso8601 == "2026-11-21T23:42:00Z" && details.off?.iso8601 == "2026-11-21T23:50:00Z")
        #expect(details.on?.iso8601 == "2026-11-22T00:05:00Z" && details.inBlock?.iso8601 == "2026-11-22T00:09:00Z")
        // S-14: text stays readable.
        let filing = try #require(decoded.reportFiling)
        #expect(filing.content.log.contains("00:05 POS N40° 38´ 13´´ W073° 46´ 26´´"))
    }

    @Test func readsFuelInTheUnitOfTheClient() throws {
        let filing = try #require(
            Wire.report(["fuel": "743", "log": Wire.firstLog + "14:40  Spent Fuel: 743 Kgs*"]).reportFiling)
        #expect(filing.content.fuelUsed == Kilograms(743.0) && filing.fuelUsedAsSent == 743)
        #expect(filing.content.details.asSent["fuelUsed"] == "743 kg")
    }

    /// S-09, S-10
    @Test func readsPartsTogether() throws {
        let first = Wire.report(["log": Wire.firstLog])
        #expect(first.reportFiling?.content.landingRate == nil && first.reportFiling?.piece == Wire.firstLog)
        let second = Wire.get("pirep", Wire.query(Wire.report, ["log": Wire.secondLog, "more": "1"]))
        let alone = Wire.adapter.decode(second)
        #expect(alone.reportFiling?.continues == true && alone.reportFiling?.piece == Wire.secondLog)
        // The timetable is asked once, for the part that has the number.
        #expect(alone.reportFiling?.scheduleNeed == nil)
        #expect(alone.key?.client == first.key?.client && alone.key?.client != nil)
        var whole = second
        whole.earlierParts = Wire.firstLog
        #expect(Wire.adapter.decode(whole).reportFiling?.content == Wire.report().reportFiling?.content)
    }

    /// Parts are cut inside a line.
    @Test func joinsPartsWithNothingBetween() {
        let log = Wire.firstLog + Wire.secondLog
        let expected = Wire.report().reportFiling?.content
        for cut in stride(from: 1, to: log.count, by: 7) {
            var frame = Wire.get(
                "pirep", Wire.query(Wire.report, ["log": String(log.dropFirst(cut)), "more": "1"]))
            frame.earlierParts = String(log.prefix(cut))
            #expect(Wire.adapter.decode(frame).reportFiling?.content == expected)
        }
    }

    /// S-12
    @Test func leavesABareNumberToTheTimetable() throws {
        let log = Wire.firstLog.replacing("VMS1000", with: "7777")
        let details = try #require(Wire.report(["log": log]).reportDetails)
        #expect(details.airline == nil && details.flightNumber == "7777")
    }

    /// S-13
    @Test func readsAForm() {
        let body = Wire.query(Wire.report)
        let decoded = Wire.adapter.decode(Wire.get("pirep", "", method: "POST", body: body))
        #expect(decoded.request == Wire.report().request && decoded.credential == Self.owner)
    }

    /// S-14
    @Test func takesAReportWithoutRegistration() throws {
        let log = Wire.firstLog + "14:20  Wind:303%B0@023 Knots*"
        let filing = try #require(Wire.report(["reg": "", "log": log]).reportFiling)
        #expect(filing.content.details.aircraftText == nil && filing.content.aircraft == nil)
        #expect(filing.content.log.last == "14:20  Wind:303°@023 Knots")
    }

    /// S-15
    @Test(arguments: [nil, "", " "] as [String?]) func storesNoReportWithoutLog(_ log: String?) {
        let frame = Wire.get("pirep", Wire.query(Wire.report, ["log": log]))
        let decoded = Wire.adapter.decode(frame)
        #expect(decoded.credential == Self.owner)
        guard let error = decoded.error else {
            Issue.record("taken")
            return
        }
        let answer = Wire.adapter.encode(error, to: frame)
        #expect(answer.status == 200 && answer.body.isEmpty)
    }

    /// S-17
    @Test func readsALongQuery() throws {
        let log = Wire.firstLog + String(repeating: "14:12  Flaps:1 at 208 Knots*", count: 2500)
        let filing = try #require(Wire.report(["log": log]).reportFiling)
        #expect(filing.content.log.count == 2505)
    }

    @Test(arguments: [
        ("duration", "abc"), ("duration", "-1:00"), ("duration", "9999:00"), ("fuel", "-5"), ("fuel", "1e400"),
        ("distance", "1e300"), ("distance", "far"),
    ])
    func takesReportsWithFiguresThatAreNone(_ name: String, _ value: String) throws {
        let details = try #require(Wire.report([name: value]).reportDetails)
        switch name {
        case "duration": #expect(details.blockTime == nil && details.asSent["duration"] == value)
        case "fuel": #expect(details.fuelUsed == nil)
        default: #expect(details.distance == nil)
        }
    }

    @Test func keysReportsWithoutDateByTheirLegs() {
        let key = Wire.report(["date": "", "time": ""]).key
        #expect(key?.client == nil && key?.legs?.number == "1000")
    }

    // MARK: Answers

    /// S-06
    @Test func answersTheBookedFlight() throws {
        let text = Wire.answer(.booking(try Sample.plan()), to: "flightplans")
        #expect(
            text
                == "OK\nKJFK\nKBOS\n\n18000\nERJ-145\n\n\nVMS1000\nN845MJ\nVMS\nMERIT ROBUC3\n\n\n41\n")
        #expect(text.split(separator: "\n", omittingEmptySubsequences: false).count == 16)
    }

    @Test func givesCargoItsOwnLine() throws {
        let plan = try Sample.plan()
        let schedule = plan.schedule
        let cargo = PlanReply(
            schedule: ScheduleDetails(
                id: schedule.id, number: 1, airline: "VMS", flightNumber: "1\n0", departure: schedule.departure,
                arrival: schedule.arrival, route: "A\r\nB", level: 0, distance: .zero, departureTime: nil,
                arrivalTime: nil, flightTime: Minutes(1), flightType: "F"),
            booking: plan.booking, aircraft: plan.aircraft, departure: nil, arrival: nil, subfleets: [])
        #expect(
            Wire.answer(.booking(cargo), to: "flightplans")
                == "OK\nKJFK\nKBOS\n\n\nERJ-145\n\n\nVMS10\nN845MJ\nVMS\nAB\n\n\n\n1640")
        let bare = Wire.answer(.booking(try Sample.plan(aircraft: nil)), to: "schedules")
        #expect(bare == "OK\nKJFK\nKBOS\n\n18000\n\n\n\nVMS1000\n\nVMS\nMERIT ROBUC3\n\n\n\n")
    }

    /// S-07
    @Test func answersWithEmptyLinesWithoutABid() {
        let nothing = "OK" + String(repeating: "\n", count: 15)
        #expect(Wire.answer(.booking(nil), to: "flightplans") == nothing)
        #expect(Wire.answer(.refused(.pilotUnknown), to: "flightplans") == nothing)
    }

    /// S-04, S-05, S-08, S-11, S-12
    @Test func answersInFewWords() throws {
        #expect(Wire.answer(.progress(count: nil, nil), to: "status") == "OK")
        for refusal in [Refusal.pilotUnknown, .flightUnknown, .flightOfAnother, .flightCancelled, .adapterOff] {
            #expect(Wire.answer(.refused(refusal), to: "status") == "OK")
            #expect(Wire.answer(.refused(refusal), to: "acars") == "")
        }
        #expect(Wire.answer(.progress(count: nil, nil), to: "acars") == "")
        #expect(Wire.answer(.filed(try Sample.flight(state: .filed), isRepeat: false), to: "pirep") == "OK")
        #expect(Wire.answer(.filed(try Sample.flight(state: .filed), isRepeat: true), to: "pirep") == "OK")
        #expect(Wire.answer(.progress(count: nil, nil), to: "pirep") == "OK")
        #expect(Wire.answer(.refused(.pilotUnknown), to: "pirep") == "Invalid Pilot!")
        #expect(Wire.answer(.refused(.pilotInactive), to: "pirep") == "Invalid Pilot!")
        #expect(Wire.answer(.refused(.scheduleUnknown), to: "pirep") == "")
        #expect(Wire.answer(.refused(.alreadyFiled), to: "pirep") == "")
    }

    @Test(arguments: ["status", "acars", "flightplans", "pirep"]) func saysNoOKWhenNothingCouldBeStored(
        _ action: String
    ) {
        let frame = Wire.get(action, "")
        let down = Wire.adapter.encode(.refused(.unavailable(retryAfterSeconds: 5)), to: frame)
        #expect(down.status == 503 && down.body.isEmpty && down.header("Retry-After") == "5")
        let busy = Wire.adapter.encode(.refused(.overloaded(retryAfterSeconds: 2)), to: frame)
        #expect(busy.status == 429 && busy.body.isEmpty)
        let large = DecodeError(.tooLarge, message: "", status: 413)
        #expect(Wire.adapter.encode(large, to: frame).status == 413)
    }

    @Test func writesTheSettingsFile() throws {
        let texts = FSACARSAdapter.setUp(
            root: "https://va.example/acars/demo/fsacars/k/KEY/", pilot: "VMS0001", site: FixtureCorpus.site)
        let file = try #require(texts.first)
        #expect(file.title == "VMS.ini")
        let lines = file.text.split(separator: "\r\n").map(String.init)
        let base = "https://va.example/acars/demo/fsacars/k/KEY/action.php/acars/fsacars/"
        for line in [
            "[Log]", "Log=\(base)pirep", "StatusSite=\(base)status", "AcarsSite=\(base)acars",
            "FPSite=\(base)flightplans", "CompanyICAO=VMS", "PilotNumber=VMS0001", "UnitSystem=GB", "[SendLog]",
            "Password=0", "SpentFuel=1",
        ] {
            #expect(lines.contains(line), "\(line)")
        }
        #expect(file.text.hasSuffix("\r\n") && !file.text.replacing("\r\n", with: "").contains("\n"))
    }

    // MARK: Bounds

    @Test func survivesEveryCut() {
        let queries = [("status", Wire.status), ("pirep", Wire.query(Wire.report)), ("acars", "mcontent=%A3%C2%A3")]
        for (action, query) in queries {
            for length in 0...query.utf8.count {
                let cut = String(decoding: query.utf8.prefix(length), as: UTF8.self)
                for frame in [Wire.get(action, cut), Wire.get(action, "", method: "POST", body: cut)] {
                    let decoded = Wire.adapter.decode(frame)
                    if let error = decoded.error { #expect(Wire.adapter.encode(error, to: frame).status == 200) }
                }
            }
        }
    }

    @Test func alwaysGivesAnOutcomeInTime() {
        let values = [
            "", "0", "-1", "1e308", "1e400", "99999999999999999999", "NaN", "1,5", "%", "%%", "%FF%FE", "*", "***",
            "[", "[]", "[2026/99/99 99:99:99]", "99:99  Take-off", "::", "a:b:c", "24:00  TouchDown:Rate --", "=", "&&",
            "[9999/12/31 23:59:59]*00:01  Land", "Flight IATA:", "Flight IATA:\u{1F600}", "0001:00", "1:2:3:4",
        ]
        var round = 0
        let outcome = Storm.run(FSACARSAdapter.self, statuses: 200...200) { random in
            round += 1
            var fields = Wire.report
            let isReport = Bool.random(using: &random)
            if !isReport {
                fields = Wire.status.split(separator: "&").map {
                    let pair = $0.split(separator: "=", omittingEmptySubsequences: false)
                    return (String(pair[0]), String(pair[1]))
                }
            }
            for _ in 0..<Int.random(in: 0...4, using: &random) {
                let place = Int.random(in: 0..<fields.count, using: &random)
                switch Int.random(in: 0...3, using: &random) {
                case 0: fields.remove(at: place)
                case 1: fields.append((fields[place].name, values.randomElement(using: &random) ?? ""))
                default:
                    fields[place].value =
                        Bool.random(using: &random)
                        ? values.randomElement(using: &random) ?? ""
                        : fields[place].value + "*" + (values.randomElement(using: &random) ?? "")
                }
            }
            var bytes = Array(Wire.query(fields).utf8)
            for _ in 0..<Int.random(in: 0...3, using: &random) where !bytes.isEmpty {
                bytes[Int.random(in: 0..<bytes.count, using: &random)] = UInt8.random(in: 0...255, using: &random)
            }
            let action =
                round % 20 == 0
                ? ["acars", "flightplans", "x"].randomElement(using: &random) ?? "" : isReport ? "pirep" : "status"
            var frame = Wire.get(action, "", method: "POST").with(body: bytes)
            if round % 7 == 0 { frame.earlierParts = Wire.firstLog }
            return frame
        }
        // Neither may be the only one, or the test tests nothing.
        #expect(outcome.requests > 200 && outcome.errors > 60, "\(outcome)")
    }
}
