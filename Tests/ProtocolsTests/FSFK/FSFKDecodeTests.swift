import Domain
import Protocols
import Testing

@Suite struct FSFKDecodeTests {
    private let adapter = FSFKAdapter()
    struct Unexpected: Error { let what: String }

    private func text(_ frame: RawFrame) throws -> String {
        adapter.encode(try #require(adapter.decode(frame).error), to: frame).text
    }
    private func progress(_ frame: RawFrame) throws -> FlightProgress {
        guard case .progress(let key, let progress)? = adapter.decode(frame).request else {
            throw Unexpected(what: "\(adapter.decode(frame).outcome)")
        }
        #expect(key == FlightKey(id: FSFKSample.flight) && progress.takesLate)
        #expect(adapter.decode(frame).credential == .pilot(nil, secret: nil))
        return progress
    }
    private func start(_ data: String) throws -> FlightStart {
        let frame = FSFKSample.live(("DATA2", "BEGINFLIGHT"), ("DATA3", data))
        guard case .begin(let start)? = adapter.decode(frame).request else {
            throw Unexpected(what: "\(adapter.decode(frame).outcome)")
        }
        return start
    }
    private func filing(_ frame: RawFrame) throws -> (key: FlightKey, filing: FilingRequest) {
        guard case .file(let key, let filing)? = adapter.decode(frame).request else {
            throw Unexpected(what: "\(adapter.decode(frame).outcome)")
        }
        return (key, filing)
    }
    private func details(_ changes: [String: String]) throws -> FlightDetails {
        try filing(FSFKSample.report(FSFKSample.xml(changes))).filing.content.details
    }

    // MARK: Live

    /// FK-01.
    @Test func testNamesAPilot() {
        let decoded = adapter.decode(FSFKSample.live(("DATA2", "test"), ("DATA3", "vms0001")))
        #expect(decoded.request == .identify && decoded.credential == .pilot(.number(1), secret: nil))
        #expect(decoded.client == "FLKEEPER|3.0.1")
    }

    /// FK-08.
    @Test func refusesWhatItDoesNotKnow() throws {
        #expect(try text(FSFKSample.live(version: nil)) == "0|Invalid Data")
        #expect(try text(FSFKSample.live()) == "0|Invalid Data")
        #expect(try text(FSFKSample.live(("DATA2", "TEST"), version: nil)) == "0|Invalid Data")
        #expect(try text(FSFKSample.live(("DATA2", "JUMP"))) == "0|Wrong Function")
        for action in ["", "nope", "livewatch", "acars/more"] {
            let frame = FSFKSample.frame(action, "")
            let reply = adapter.encode(try #require(adapter.decode(frame).error), to: frame)
            #expect(reply.status == 200 && reply.body.isEmpty)
        }
        let preflight = FSFKSample.frame("acars", FSFKSample.form([("DATA2", "TEST")]), method: "OPTIONS")
        #expect(adapter.decode(preflight).request == .preflight)
    }

    @Test func standsOnAHostOfItsOwn() {
        func root(_ path: String) -> Int? { FSFKAdapter.hostRoot(path.split(separator: "/")) }
        #expect(root("action.php/fsfk/acars") == 0 && root("index.php/FSFK/pirep") == 0)
        #expect(root("action.php/acars/fspax") == nil && root("fsfk/acars") == nil)
    }

    /// FK-02.
    @Test func beginsAFlight() throws {
        let frame = FSFKSample.live(("DATA2", "BEGINFLIGHT"), ("DATA3", FSFKSample.begin))
        #expect(adapter.decode(frame).credential == .pilot(.number(1), secret: "secret"))
        let start = try start(FSFKSample.begin)
        #expect(start.replacesOpenFlight && start.givesCode)
        let details = start.details
        #expect(details.airline == "VMS" && details.flightNumber == "1000" && details.aircraftText == "AIRBUS A320")
        #expect(details.departure?.code == "KJFK" && details.arrival?.code == "KBOS" && details.route == "MERIT")
        #expect(details.zeroFuelWeight == Kilograms(Pounds(130243.0)) && details.flightRules == "IFR")
        #expect(details.plannedDistance == NauticalMiles(162.0) && details.passengers == nil)
        let waypoints = try #require(details.waypoints)
        #expect(waypoints.map(\.name) == ["KJFK", "MERIT", "KBOS"] && waypoints.map(\.order) == [0, 1, 2])
        #expect(waypoints[1].position == Position(latitude: 41.3817, longitude: -73.1375))
        let sample = try #require(start.progress.positions.first?.sample)
        #expect(sample.heading == Degrees(31.0) && sample.extras["HDG"] == "44")
        #expect(abs(sample.position.latitude - 40.639752) < 1e-6 && sample.altitudeMSL == Feet(13.0))
        #expect(sample.fuel == Kilograms(Pounds(9800.0)) && sample.windDirection == Degrees(310.0))
    }

    /// Versions 1.0, 1.1, 2.5 and 2.7 send fewer fields.
    @Test(arguments: [10, 16, 17, 18, 19])
    func beginsWithFewerFields(_ count: Int) throws {
        let fields = FSFKSample.begin.split(separator: "|", omittingEmptySubsequences: false).prefix(count)
        let start = try start(fields.joined(separator: "|"))
        #expect(start.details.arrival?.code == "KBOS" && start.details.waypoints == nil)
        let heading = start.progress.positions.first?.sample.heading
        #expect(heading == (count > 18 ? Degrees(31.0) : count > 12 ? Degrees(44.0) : nil))
        let frame = FSFKSample.live(("DATA2", "BEGINFLIGHT"), ("DATA3", fields.joined(separator: "|")))
        #expect(adapter.decode(frame).credential == .pilot(.number(1), secret: count > 17 ? "secret" : nil))
    }

    /// FK-03.
    @Test func wantsTenFields() throws {
        let fields = FSFKSample.begin.split(separator: "|", omittingEmptySubsequences: false).prefix(9)
        let frame = FSFKSample.live(("DATA2", "BEGINFLIGHT"), ("DATA3", fields.joined(separator: "|")))
        #expect(try text(frame) == "0|Invalid login data")
        #expect(try text(FSFKSample.live(("DATA2", "BEGINFLIGHT"))) == "0|Invalid login data")
    }

    @Test(
        arguments: [
            ("|1000|AIRBUS A320|VMS|", "|1000|AIRBUS A320|vms|", "VMS", "1000"),
            ("|1000|AIRBUS A320|VMS|", "|VMS1000|AIRBUS A320|VMS|", "VMS", "1000"),
            ("|1000|AIRBUS A320|VMS|", "|1000|AIRBUS A320|Delta|", nil, "1000"),
            ("|1000|AIRBUS A320|VMS|", "||AIRBUS A320|VMS|", nil, nil),
        ] as [(String, String, String?, String?)])
    func putsTheAirlineInFront(_ old: String, _ new: String, _ airline: String?, _ number: String?) throws {
        let details = try start(FSFKSample.begin.replacing(old, with: new)).details
        #expect(details.airline == airline && details.flightNumber == number)
    }

    @Test func takesPointsOnlyWholly() throws {
        for (old, new) in [
            ("~41.3817~", "~"), ("~41.3817~", "~91~"), ("~41.3817~", "~x~"), ("~MERIT~", "~~"),
            ("~-73.1375~", "~1e400~"),
        ] {
            #expect(try start(FSFKSample.begin.replacing(old, with: new)).details.waypoints == nil, "\(new)")
        }
        #expect(try start(FSFKSample.begin.replacing("41.3817", with: "41,3817")).details.waypoints?.count == 3)
    }

    /// FK-04.
    @Test(arguments: ["\n", "\r\n"])
    func readsAnEvent(_ end: String) throws {
        let progress = try progress(FSFKSample.message(FSFKSample.brakes.replacing("\n", with: end)))
        let sample = try #require(progress.positions.first?.sample)
        #expect(sample.positionIsHeld && sample.altitudeMSL == Feet(13.0) && sample.heading == Degrees(31.0))
        #expect(sample.fuel == Kilograms(Pounds(9800.0)) && sample.groundSpeed == Knots(0.0))
        #expect(sample.windSpeed == Knots(12.0) && sample.outsideTemperature == 14 && sample.claimedPhase == nil)
        #expect(progress.lines.map(\.text) == ["BRK ON"] && progress.lines.first?.kind == .event)
        #expect(progress.lines.first?.time?.iso8601 == "2026-11-21T14:35:00Z")
    }

    /// FK-05, and both places where a position may stand.
    @Test(arguments: [
        "POS N41 12.5000 W72 48.2500 [ROBUC]\r\n/ALT 12040",
        "POS [ROBUC]\r\n/POS N41 12.5000 W72 48.2500\r\n/ALT 12040",
        "ALT CLIMB\r\n/POS N41 12.5000 W72 48.2500 [ROBUC] /ALT 12040",
        "/POS N41 12.5000 W72 48.2500 [ROBUC]\r\n/ALT 12040",
    ])
    func readsAPosition(_ body: String) throws {
        let progress = try progress(FSFKSample.message(FSFKSample.text(body)))
        let sample = try #require(progress.positions.first?.sample)
        #expect(!sample.positionIsHeld)
        #expect(abs(sample.position.latitude - 41.208333) < 1e-6)
        #expect(abs(sample.position.longitude + 72.804167) < 1e-6)
        #expect(sample.altitudeMSL == Feet(12040.0) && sample.extras["waypoint"] == "ROBUC")
        #expect(progress.lines.isEmpty)
    }

    @Test(arguments: [
        ("OUT", FlightLine.Kind.out, PhaseOfFlight.taxiOut), ("OFF", .off, .takeoff), ("TNG", .event, .takeoff),
        ("ON", .on, .landing), ("IN", .inBlock, .arrived), ("in", .inBlock, .arrived),
    ])
    func readsOOOI(_ event: String, _ kind: FlightLine.Kind, _ phase: PhaseOfFlight) throws {
        for body in [event, "\(event)\r\n/ALT 13\r\n/FOB 9800", "\(event) KJFK\r\n/POS N41 12.5000 W72 48.2500"] {
            let progress = try progress(FSFKSample.message(FSFKSample.text(body)))
            #expect(progress.lines.map(\.kind) == [kind])
            #expect(progress.lines.first?.time?.iso8601 == "2026-11-21T14:35:00Z")
            let sample = try #require(progress.positions.first?.sample)
            #expect(sample.claimedPhase == phase && sample.positionIsHeld != body.contains("POS"))
        }
    }

    @Test func keepsTexts() throws {
        let message = try progress(FSFKSample.message(FSFKSample.text("HELLO /ALT 5", label: "CM")))
        #expect(message.positions.isEmpty && message.lines.map(\.text) == ["HELLO /ALT 5"])
        #expect(message.lines.first?.kind == .message)
        let bare = try progress(FSFKSample.message("no header at all"))
        #expect(bare.positions.isEmpty && bare.lines.map(\.text) == ["no header at all"])
        let empty = try progress(FSFKSample.message(""))
        #expect(empty.positions.isEmpty && empty.lines.isEmpty)
    }

    /// FK-06, as far as the codec sees it.
    @Test(arguments: ["MESSAGE", "PAUSEFLIGHT", "ENDFLIGHT", "UPDATEFLIGHTPLAN"])
    func knowsWhatIsNoFlightID(_ command: String) throws {
        for flight in ["", "1", "VMS0001", "1234567890123456"] {
            let frame = FSFKSample.live(("DATA2", command), ("DATA3", flight), ("DATA4", "1"))
            #expect(try text(frame) == "0|Unknown Flight ID")
        }
    }

    @Test func pausesAndEnds() throws {
        for (state, paused) in [("1", true), ("0", false), ("", false)] {
            let frame = FSFKSample.live(("DATA2", "PAUSEFLIGHT"), ("DATA3", FSFKSample.flight), ("DATA4", state))
            #expect(try progress(frame).pause == paused)
        }
        let end = try progress(FSFKSample.live(("DATA2", "ENDFLIGHT"), ("DATA3", FSFKSample.flight)))
        #expect(end.ends && end.pause == nil)
    }

    private static let plan = "KJFK~MERIT~KALB|40.6~41.4~42.7|-73.8~-73.1~-73.8|KJFK|KALB|150|MERIT"

    /// FK-07.
    @Test func changesThePlan() throws {
        func frame(_ plan: String) -> RawFrame {
            FSFKSample.live(("DATA2", "UPDATEFLIGHTPLAN"), ("DATA3", FSFKSample.flight), ("DATA4", plan))
        }
        let details = try progress(frame(Self.plan)).details
        #expect(details.departure?.code == "KJFK" && details.arrival?.code == "KALB" && details.route == "MERIT")
        #expect(details.plannedDistance == NauticalMiles(150.0) && details.waypoints?.count == 3)
        #expect(details.asSent["currentWaypoint"] == "MERIT")
        let short = frame(String(Self.plan.dropLast("|MERIT".count)))
        #expect(try text(short) == "0|Invalid flight plan data")
        #expect(adapter.decode(short).subject == FlightKey(id: FSFKSample.flight))
    }

    // MARK: Report

    /// FK-09.
    @Test func filesAReport() throws {
        let frame = FSFKSample.report(FSFKSample.xml())
        #expect(adapter.decode(frame).credential == .pilot(.number(1), secret: nil))
        #expect(adapter.decode(frame).unrecognised.isEmpty)
        let (key, filing) = try filing(frame)
        let legs = FlightLegs(
            airline: "VMS", number: "1000", departure: ICAOLocation("KJFK"), arrival: ICAOLocation("KBOS"))
        #expect(key == FlightKey(legs: legs) && filing.standsAlone)
        let content = filing.content
        #expect(content.flightTime == Minutes(72) && content.blockTime == Minutes(72))
        #expect(content.fuelUsed == Kilograms(Pounds(4120.0)) && content.details.asSent["fuelUsed"] == "4120 lb")
        #expect(content.landingRate == FeetPerMinute(-206.76) && content.details.score == 58)
        #expect(content.details.aircraftText == "N845MJ" && content.details.level == 18000)
        #expect(content.details.passengers == 44 && content.details.cargo == Kilograms(Pounds(800.0)))
        #expect(content.details.alternate?.code == "KBDL" && content.distance == NauticalMiles(165.0))
        #expect(content.route == "MERIT ROBUC" && content.comments == "smooth & quiet, <b>thanks</b>")
        #expect(content.log.count == 5 && content.log.last == "Landing lights off late|-5")
        #expect(content.details.flightRules == "IFR" && content.details.out == nil)
        #expect(content.details.asSent["OUTTime"] == "21.11.2026 14:05" && content.details.asSent["SID"] == nil)
    }

    /// FK-10.
    @Test(arguments: ["DestinationICAO", "OriginICAO"])
    func wantsAirports(_ element: String) throws {
        for text in ["", "  ", " - Nowhere"] {
            let frame = FSFKSample.report(FSFKSample.xml([element: text]))
            #expect(try self.text(frame) == "The departure or arrival airports are blank")
            #expect(adapter.decode(frame).credential == .pilot(.number(1), secret: nil))
        }
    }

    /// FK-11.
    @Test(arguments: ["Smith & Sons", "A&B;C", "&nbsp;", "&amp; &", "&#0;", "&#x110000;", "&#;", "a&", "&lt"])
    func escapesStrayAmpersands(_ title: String) throws {
        let details = try details(["AircraftTitle": title])
        #expect(details.asSent["AircraftTitle"] == LegacyText.trimmed(title.replacing("&amp;", with: "&")))
        // What stands in CDATA stays.
        let content = try filing(FSFKSample.report(FSFKSample.xml(["AircraftTitle": title]))).filing.content
        #expect(content.comments == "smooth & quiet, <b>thanks</b>")
    }

    @Test func readsXMLThatIsNotEscapedInTheForm() throws {
        let xml = FSFKSample.xml(["AircraftTitle": "Smith & Sons + 1%"])
        let whole = FSFKSample.frame("pirep", "DATA1=FLKEEPER|3.0.1&DATA2=\(xml)&DATA3=x")
        #expect(try filing(whole).filing.content.details.asSent["AircraftTitle"] == "Smith & Sons + 1%")
        let query = "DATA2=" + xml.replacing("%", with: "%25").replacing(" ", with: "%20").replacing("\n", with: "%0A")
        let target = FSFKSample.frame("pirep", query.replacing("\t", with: ""), method: "GET")
        #expect(try filing(target).filing.content.details.asSent["AircraftTitle"]?.hasPrefix("Smith & Sons") == true)
        // Latin-1, as the client writes it.
        let latin =
            Array("DATA2=".utf8)
            + Array(FSFKSample.xml(["PilotName": "J?rg"]).utf8).map {
                $0 == UInt8(ascii: "?") ? 0xF6 : $0
            }
        let details = try filing(whole.with(body: latin)).filing.content.details
        #expect(details.asSent["PilotName"] == "Jörg")
    }

    /// FK-12, FK-13.
    @Test func refusesWhatIsNoReport() throws {
        let entity = "<!DOCTYPE FLIGHTDATA [<!ENTITY x SYSTEM \"file:///etc/passwd\">]>"
        for xml in [
            "", "hello", "<FLIGHTDATA>", "<OTHER></OTHER>", "<FLIGHTDATA><A></B></FLIGHTDATA>",
            entity + FSFKSample.xml(["PilotName": "&x;"]), "<!DOCTYPE FLIGHTDATA>" + FSFKSample.xml(),
            FSFKSample.xml(["PilotName": "a < b"]),
        ] {
            let frame = FSFKSample.report(xml)
            #expect(try text(frame) == "Invalid PIREP data", "\(xml.prefix(40))")
            #expect(adapter.decode(frame).credential == .pilot(nil, secret: nil))
        }
        #expect(try text(FSFKSample.frame("pirep", "")) == "Invalid PIREP data")
        // Without a document type the name is no entity, just text.
        #expect(try details(["PilotName": "&x;"]).asSent["PilotName"] == "&x;")
    }

    /// FK-14.
    @Test func keepsPassengersAndCargoApart() throws {
        let details = try details(["Passenger": ""])
        #expect(details.passengers == nil && details.cargo == Kilograms(Pounds(800.0)))
        #expect(details.asSent["cargo"] == "800 lb")
    }

    @Test func readsOtherTemplates() throws {
        #expect(try details(["BlockTime": ""]).flightTime == Minutes(58))
        #expect(try details(["ONVS": "206.76"]).landingRate == FeetPerMinute(-206.76))
        #expect(try details(["FlightNumber": "1000"]).airline == "VMS")
        #expect(try details(["FlightNumber": "1000", "AircraftAirline": "Delta"]).airline == nil)
        #expect(try details(["AircraftTailNumber": ""]).aircraftText == "E145")
        for text in ["1e308", "-1", "NaN", "x"] {
            let details = try details(["BlockFuel": text, "ZFW": text, "ONVS": "1e9", "Passenger": text])
            #expect(details.fuelUsed == nil && details.zeroFuelWeight == nil && details.landingRate == nil)
            #expect(details.passengers == nil)
        }
        let unnamed = FSFKSample.report(FSFKSample.xml(["PilotID": ""]))
        #expect(adapter.decode(unnamed).credential == .pilot(nil, secret: nil))
        let more = FSFKSample.xml().replacing("<SID></SID>", with: "<SID></SID><Extra>7</Extra>")
        #expect(adapter.decode(FSFKSample.report(more)).unrecognised == ["Extra": "7"])
    }

    // MARK: Files and secrets

    @Test func servesItsFiles() throws {
        for (action, name, section) in [
            ("vaconfig_template", "VA-Template.txt", "[VA_CONFIG]"),
            ("liveacars_template", "LiveACARS.txt", "[ACARS_CONFIG]"), ("pirep_template", "Web.txt", "[WEB_CONFIG]"),
        ] {
            var frame = FSFKSample.frame(action, "", method: "GET")
            frame.trackerKey = "abc"
            frame.site.root = "https://va.example:8443/acars/demo/fsfk/"
            let decoded = adapter.decode(frame)
            #expect(decoded.request == .preflight && decoded.credential == .none)
            let reply = adapter.encode(.preflight, to: frame)
            #expect(reply.header("Content-Disposition") == "attachment; filename=\"\(name)\"")
            #expect(reply.text.hasPrefix(section + "\r\n") && reply.text.contains("/fsfk/k/abc/action.php/fsfk/"))
            #expect(!reply.text.replacing("\r\n", with: "").contains { $0.isNewline })
            if action != "vaconfig_template" { #expect(reply.text.contains("\r\nPORT=8443\r\n")) }
            let texts = FSFKAdapter.setUp(
                root: "https://va.example:8443/acars/demo/fsfk/k/abc/", pilot: "", site: FixtureCorpus.site)
            #expect(texts.first { $0.title == name }?.text == reply.text)
        }
        let named = FSFKAdapter.setUp(root: "http://va.example/k/abc/", pilot: "VMS0001", site: FixtureCorpus.site)
        #expect(named.count == 3 && named[1].text.contains("USER=VMS0001\r\n") && named[1].text.contains("PORT=80\r\n"))
    }

    /// What our own template makes of a flight is a report for us.
    @Test func readsItsOwnTemplate() throws {
        let web = FSFKAdapter.setUp(root: "http://va.example/", pilot: "VMS0001", site: FixtureCorpus.site)[2].text
        var xml = String(web.split(separator: "[DATA]\r\n", maxSplits: 1)[1])
        for (name, value) in FSFKSample.elements + [("STAR", "ROBUC3"), ("Comment", "fine & <well>")] {
            xml = xml.replacing("$@$\(name)$@$", with: value)
        }
        let content = try filing(FSFKSample.report(xml)).filing.content
        #expect(content.flightTime == Minutes(72) && content.comments == "fine & <well>")
        #expect(content.details.asSent["STARS"] == "ROBUC3")
        #expect(adapter.decode(FSFKSample.report(xml)).unrecognised.isEmpty)
    }

    @Test func cutsSecretsOutOfKeptFrames() {
        for data in [
            FSFKSample.begin, FSFKSample.begin.replacing("|secret|", with: "|a|secret|b|"),
            FSFKSample.begin.replacing("|secret|", with: "|a&secret|"),
        ] {
            for text in [data, data.replacing("|", with: "%7C")] {
                let frame = FSFKSample.frame("acars", "DATA1=FLKEEPER|3.0.1&DATA2=BEGINFLIGHT&DATA3=\(text)")
                let kept = String(decoding: adapter.withoutSecrets(frame).body, as: UTF8.self)
                #expect(!kept.contains("secret") && kept.contains("VMS0001"), "\(kept)")
            }
        }
        let message = FSFKSample.frame("acars", "DATA2=MESSAGE&DATA3=secret&DATA4=x&secret", method: "GET")
        #expect(adapter.withoutSecrets(message).query == "DATA2=MESSAGE&DATA3=[redacted]&DATA4=x&[redacted]")
        let running = FSFKSample.frame("acars", "DATA1=FLKEEPER|3.0.1&DATA2=PAUSEFLIGHT&DATA3=482910573846&DATA4=0")
        let kept = adapter.withoutSecrets(running)
        #expect(!String(decoding: kept.body, as: UTF8.self).contains("482910573846"))
        #expect((try? adapter.decode(kept).outcome.get()) != nil)
        let report = FSFKSample.report(FSFKSample.xml())
        #expect(adapter.withoutSecrets(report).body == report.body)
    }
}
