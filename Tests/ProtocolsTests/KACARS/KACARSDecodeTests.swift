import Domain
import Protocols
import Testing

@Suite struct KACARSDecodeTests {
    private func decode(_ frame: RawFrame) -> DecodedFrame { KACARS.adapter.decode(frame) }

    // MARK: Transport

    @Test(arguments: ["GET", "HEAD", "PUT", "OPTIONS"])
    func k21AnswersOtherMethodsWithNothing(_ method: String) {
        let frame = KACARS.frame("", method: method)
        let decoded = decode(frame)
        #expect(decoded.credential == .none)
        #expect(decoded.error?.code == .wrongMethod)
        #expect(decoded.error.map { KACARS.adapter.encode($0, to: frame) }?.body == [])
        #expect(decoded.error?.status == 200)
    }

    @Test(arguments: [
        "", "action.php/kacars_free", "action.php/KACARS_FREE/", "index.php/kacars_free", "kacars_free",
        "action.php/Kacars%5FFree",
    ])
    func c14TakesEveryShapeOfThePath(_ path: String) {
        let frame = KACARS.frame(KACARS.verify().body, path: path)
        #expect(decode(frame).request == .identify)
    }

    @Test func takesTheRewrittenPath() {
        let frame = KACARS.frame(KACARS.verify().body, path: "action.php", query: "q=/kacars_free")
        #expect(decode(frame).request == .identify)
        let other = KACARS.frame(KACARS.verify().body, path: "action.php", query: "q=/acars/fspax")
        #expect(decode(other).error?.code == .unknownEndpoint)
    }

    @Test(arguments: ["action.php/acars/fspax", "action.php/kacars_free/extra", "action.php/cavacars_free", "x"])
    func saysNothingOnOtherPaths(_ path: String) {
        let decoded = decode(KACARS.frame(KACARS.verify().body, path: path))
        #expect(decoded.error?.code == .unknownEndpoint)
        #expect(decoded.error?.status == 200)
        #expect(decoded.error?.message == "")
    }

    @Test func knowsItsHostPaths() {
        func root(_ path: String) -> Int? { KACARSAdapter.hostRoot(path.split(separator: "/")) }
        #expect(root("action.php/kacars_free") == 0)
        #expect(root("INDEX.PHP/KACARS_Free") == 0)
        #expect(root("action.php/acars/xacars/acars") == nil)
        #expect(root("kacars_free") == nil)
    }

    // MARK: Envelope

    @Test func k01AsksWhoTheCredentialProves() {
        let decoded = decode(KACARS.verify())
        #expect(decoded.credential == .pilot(.number(1), secret: "secret"))
        #expect(decoded.request == .identify)
        #expect(decoded.unrecognised.isEmpty)
    }

    @Test func k04TakesTheActionInAnyCase() {
        let decoded = decode(KACARS.verify("vms0001", action: "VERIFY"))
        #expect(decoded.credential == .pilot(.number(1), secret: "secret"))
        #expect(decoded.request == .identify)
        // Compared as it stands: nothing trims it.
        #expect(decode(KACARS.verify(action: " verify")).error?.code == .unknownEndpoint)
    }

    @Test func keepsAPasswordAsTyped() {
        #expect(
            decode(KACARS.verify("VMS0001", " a&amp;b<![CDATA[<c>]]> ")).credential
                == .pilot(.number(1), secret: " a&b<c> "))
        #expect(decode(KACARS.verify("VMS0001", "")).credential == .pilot(.number(1), secret: nil))
    }

    @Test(
        arguments: [
            ("VMS0001", .number(1)), (" vms0001 ", .number(1)), ("VMSVMS0001", .number(1)), ("1", .number(1)),
            ("Ada@demo.example", .email("ada@demo.example")), ("XYZ0001", .unusable), ("", .unusable),
            ("VMS", .unusable), ("VMS-1", .unusable), ("VMS99999999999999999999", .unusable),
        ] as [(String, PilotName)])
    func c01NamesThePilot(_ text: String, _ name: PilotName) {
        for action in ["getbid", "liveupdate", "pirep"] {
            #expect(decode(KACARS.request(action, pilot: text)).credential == .pilot(name, secret: nil), "\(action)")
        }
    }

    @Test func aMissingPilotIsNobody() {
        #expect(decode(KACARS.request("getbid", pilot: nil)).credential == .pilot(.unusable, secret: nil))
    }

    @Test(arguments: ["getflight", "aircraft", "aircraftinfo"])
    func needsNoPilotForWhatIsSaidToAll(_ action: String) {
        for pilot in [nil, "VMS0001", "XYZ"] {
            #expect(decode(KACARS.request(action, pilot: pilot)).credential == .pilot(nil, secret: nil))
        }
    }

    @Test(arguments: [
        "pilotID=VMS0001", "", "<kacars><switch>", "<kacars/>", "<kacars></kacars>", "\u{FEFF}", "   ", "<a></b>",
        "<kacars>&nope;</kacars>", "<kacars>\u{FFFF}</kacars>",
    ])
    func k22IsNotXML(_ body: String) {
        let frame = KACARS.frame(body)
        let decoded = decode(frame)
        // The owner of the key: nobody else fills the quarantine.
        #expect(decoded.credential == .pilot(nil, secret: nil))
        #expect(decoded.error?.code == .malformed)
        let reply = decoded.error.map { KACARS.adapter.encode($0, to: frame) }
        #expect(reply?.status == 200)
        #expect(reply?.text == "not xml")
        #expect(reply?.header("Content-Type")?.hasPrefix("text/html") == true)
        // The same when nobody proves who sent it.
        #expect(KACARS.adapter.encode(.refused(.pilotUnknown), to: frame).text == "not xml")
    }

    @Test(arguments: ["teleport", "", "verify2", "GetBid "])
    func k23SaysNothingToOtherActions(_ action: String) {
        let frame = KACARS.request(action)
        let decoded = decode(frame)
        #expect(decoded.credential == .none)
        #expect(decoded.error?.code == .unknownEndpoint)
        #expect(decoded.error.map { KACARS.adapter.encode($0, to: frame) }?.body == [])
        #expect(decode(KACARS.frame("<kacars><verify/></kacars>")).error?.code == .unknownEndpoint)
    }

    @Test func k24RefusesEveryDocumentType() {
        for declaration in [
            "<!DOCTYPE kacars [<!ENTITY x SYSTEM \"file:///etc/hostname\">]>", "<!DOCTYPE kacars>",
            "<!DOCTYPE kacars SYSTEM \"http://127.0.0.1:9/x.dtd\">",
        ] {
            let body =
                declaration + "<kacars><switch><data>getbid</data></switch><verify><pilotID>&x;</pilotID></verify>"
                + "</kacars>"
            #expect(decode(KACARS.frame(body)).error?.message == "not xml", "\(declaration)")
        }
    }

    @Test func k25RefusesEntitiesThatGrowAtOnce() {
        var body = "<!DOCTYPE k [<!ENTITY a0 \"aaaaaaaaaa\">"
        for level in 1...12 {
            body += "<!ENTITY a\(level) \"" + String(repeating: "&a\(level - 1);", count: 10) + "\">"
        }
        body += "]><kacars><switch><data>&a12;</data></switch></kacars>"
        let clock = ContinuousClock()
        var decoded: DecodedFrame?
        let time = clock.measure { decoded = decode(KACARS.frame(body)) }
        #expect(decoded?.error?.message == "not xml")
        #expect(time < .milliseconds(100))
    }

    @Test func boundsDepthAndElements() {
        let deep = String(repeating: "<a>", count: 40) + String(repeating: "</a>", count: 40)
        #expect(decode(KACARS.request("verify", deep)).error?.message == "not xml")
        #expect(decode(KACARS.request("verify", String(repeating: "<a/>", count: 3000))).error?.message == "not xml")
    }

    @Test(arguments: [
        "<?xml version=\"1.0\" encoding=\"utf-16\"?>", "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\r\n", "\u{FEFF}",
        "\n  ", "",
    ])
    func readsUTF8WhateverTheDeclarationSays(_ head: String) {
        let body = head + String(decoding: KACARS.pirep(["comments": "Zürich"]).body, as: UTF8.self) + "\n "
        #expect(decode(KACARS.frame(body)).filing?.content.comments == "Zürich")
    }

    @Test func k26ReadsWindows1252() {
        let body = KACARS.pirep(["comments": "Z~rich"]).body.map { $0 == UInt8(ascii: "~") ? 0xFC : $0 }
        #expect(decode(KACARS.frame(body)).filing?.content.comments == "Zürich")
        let declared = Array("<?xml version=\"1.0\" encoding=\"ISO-8859-1\"?>".utf8) + body
        #expect(decode(KACARS.frame(declared)).filing?.content.comments == "Zürich")
    }

    @Test func takesTheFirstOfSeveralAndAnyRoot() {
        let body =
            "<x><verify><pilotID>VMS0001</pilotID><pilotID>VMS0002</pilotID></verify>"
            + "<verify><pilotID>3</pilotID></verify><switch><data>getbid</data><data>pirep</data></switch></x>"
        let decoded = decode(KACARS.frame(body))
        #expect(decoded.request == .nextBooking)
        #expect(decoded.credential == .pilot(.number(1), secret: nil))
    }

    @Test func namesAreCaseSensitive() {
        let body = "<kacars><switch><data>getbid</data></switch><verify><pilotid>VMS0001</pilotid></verify></kacars>"
        let decoded = decode(KACARS.frame(body))
        #expect(decoded.credential == .pilot(.unusable, secret: nil))
        #expect(decoded.unrecognised == ["verify/pilotid": "VMS0001"])
    }

    @Test func showsWhatItDoesNotRead() {
        let rest = "<liveupdate><vs> -1200 </vs><password>x</password></liveupdate><extra>1</extra>"
        let decoded = decode(KACARS.request("liveupdate", rest))
        #expect(
            decoded.unrecognised == ["liveupdate/vs": "-1200", "liveupdate/password": "[redacted]", "extra": "1"])
    }

    // MARK: Lists

    @Test func k05AsksForTheOldestBid() { #expect(decode(KACARS.request("getbid")).request == .nextBooking) }

    @Test(
        arguments: [
            ("vms1000", "VMS", "1000"), ("VMS9999", "VMS", "9999"), ("1000", "", "1000"), ("", "", ""),
            ("VMS", "", ""),
        ])
    func k09SplitsTheNumber(_ text: String, _ airline: String, _ number: String) {
        let rest = "<pirep><flightNumber>\(text)</flightNumber></pirep>"
        #expect(
            decode(KACARS.request("getflight", rest)).request
                == .scheduleNumbered(airline: airline, number: number))
    }

    @Test func k11AsksForTheFleet() { #expect(decode(KACARS.request("aircraft", pilot: nil)).request == .aircraft) }

    @Test func k12FindsAnAircraft() {
        let rest = "<pirep><registration> n845mj </registration></pirep>"
        #expect(
            decode(KACARS.request("aircraftinfo", rest)).request
                == .findAircraft(number: nil, registration: "N845MJ"))
        #expect(decode(KACARS.request("aircraftinfo")).request == .findAircraft(number: nil, registration: ""))
    }

    // MARK: Positions

    @Test func k14ReadsAPosition() throws {
        let decoded = decode(KACARS.update())
        #expect(decoded.credential == .pilot(.number(1), secret: nil))
        guard case .progress(let key, let progress)? = decoded.request else {
            Issue.record("no progress")
            return
        }
        let legs = FlightLegs(
            airline: "VMS", number: "1000", departure: try Sample.icao("KJFK"), arrival: try Sample.icao("KBOS"))
        #expect(key == FlightKey(legs: legs))
        let report = try #require(progress.positions.first)
        #expect(progress.positions.count == 1 && progress.lines.isEmpty && !progress.ends)
        #expect(report.aircraftText == "N845MJ")
        #expect(report.route == "MERIT ROBUC3")
        #expect(report.sample.position == Position(latitude: 41, longitude: -73))
        #expect(!report.sample.positionIsHeld)
        #expect(report.sample.altitudeMSL == Feet(12040.0))
        #expect(report.sample.groundSpeed == Knots(300.0))
        #expect(report.sample.heading == Degrees(52.0))
        #expect(report.sample.claimedPhase == .climb)
        #expect(report.sample.clientTime == nil && report.sample.onGround == nil && report.sample.fuel == nil)
        #expect(progress.details.airline == "VMS" && progress.details.flightNumber == "1000")
        #expect(progress.details.departure?.code == "KJFK" && progress.details.arrival?.code == "KBOS")
        #expect(progress.details.status == "Climb")
        #expect(progress.details.asSent == ["depTime": "14:05"])
    }

    @Test func k15TakesCommasInEveryNumber() {
        let dots = decode(KACARS.update(["heading": "52.5", "altitude": "12040.5", "groundSpeed": "300.5"]))
        let commas = decode(
            KACARS.update([
                "latitude": "41,000000", "longitude": "-73,000000", "heading": "52,5", "altitude": "12040,5",
                "groundSpeed": "300,5",
            ]))
        #expect(commas.request != nil && commas.request == dots.request)
    }

    @Test(arguments: [nil, "", "garbage", "91", "1e999", "41.0N", "NaN"])
    func k16HoldsThePositionItCannotRead(_ latitude: String?) {
        let sample = decode(KACARS.update(["latitude": latitude])).sample
        #expect(sample?.positionIsHeld == true)
        #expect(sample?.groundSpeed == Knots(300.0))
    }

    @Test(
        arguments: [
            ("heading", ""), ("heading", "-1"), ("heading", "361"), ("heading", "1e308"), ("altitude", ""),
            ("altitude", "100001"), ("altitude", "-2001"), ("altitude", "x"), ("groundSpeed", ""),
            ("groundSpeed", "-1"), ("groundSpeed", "9e99"), ("groundSpeed", "99999999999999999999999999"),
        ])
    func leavesOutWhatIsMissingOrImpossible(_ name: String, _ text: String) {
        let sample = decode(KACARS.update([name: text])).sample
        #expect(sample != nil)
        switch name {
        case "heading": #expect(sample?.heading == nil)
        case "altitude": #expect(sample?.altitudeMSL == nil)
        default: #expect(sample?.groundSpeed == nil)
        }
        #expect(sample?.positionIsHeld == false)
    }

    @Test func northIsZero() { #expect(decode(KACARS.update(["heading": "360"])).sample?.heading == Degrees(0.0)) }

    @Test(
        arguments: [
            ("Boarding", .boarding), ("PUSHBACK", .pushback), ("Taxi", .taxiOut), ("takeoff", .takeoff),
            ("Climb", .climb), ("Cruise", .cruise), ("Descent", .descent), ("Landing", .landing),
            ("Disembarking", .arrived), ("", nil), ("Somewhere", nil),
        ] as [(String, PhaseOfFlight?)])
    func knowsTheClientsPhases(_ status: String, _ phase: PhaseOfFlight?) {
        let decoded = decode(KACARS.update(["status": status]))
        #expect(decoded.sample?.claimedPhase == phase)
        #expect(decoded.progress?.details.status == (status.isEmpty ? nil : status))
    }

    @Test(arguments: ["null", "", "25:00", "soon"])
    func aDepartureTimeMayBeMissing(_ text: String) {
        let decoded = decode(KACARS.update(["depTime": text]))
        #expect(decoded.progress?.details.asSent == [:])
        #expect(decoded.sample != nil)
    }

    @Test func takesAPositionWithoutAnythingElse() {
        let decoded = decode(KACARS.request("liveupdate"))
        guard case .progress(let key, let progress)? = decoded.request else {
            Issue.record("no progress")
            return
        }
        #expect(key.legs == FlightLegs(airline: nil, number: "", departure: nil, arrival: nil))
        #expect(progress.positions.first?.sample.positionIsHeld == true)
        #expect(progress.details.isEmpty)
    }

    // MARK: Reports

    @Test func k17ReadsAReport() throws {
        let decoded = decode(KACARS.pirep())
        guard case .file(let key, let filing)? = decoded.request else {
            Issue.record("no report: \(decoded.outcome)")
            return
        }
        let legs = FlightLegs(
            airline: "VMS", number: "1000", departure: try Sample.icao("KJFK"), arrival: try Sample.icao("KBOS"))
        #expect(key == FlightKey(legs: legs))
        #expect(filing.standsAlone)
        let content = filing.content
        #expect(content.flightTime == Minutes(72))
        #expect(content.blockTime == nil)
        #expect(content.fuelUsed == Kilograms(Pounds(4120.0)))
        #expect(content.details.passengers == 44)
        #expect(content.load == 44)
        #expect(content.details.cargo == Kilograms(Pounds(800.0)))
        #expect(content.landingRate == FeetPerMinute(-187.0))
        #expect(content.log == ["[14:05] Off block", "[15:17] On block"])
        #expect(content.comments == nil)
        #expect(content.details.aircraftText == "N845MJ")
        #expect(
            content.details.asSent == [
                "fuelUsed": "4120 lb", "cargo": "800 lb", "flightTime": "1.12", "landingRate": "-187",
                "logSeparator": "<br />",
            ])
        #expect(filing.scheduleNeed == nil)
    }

    @Test(
        arguments: [
            ("arrICAO", nil), ("arrICAO", ""), ("depICAO", " "), ("depICAO", "K"), ("flightNumber", ""),
            ("flightNumber", "VMS"),
        ] as [(String, String?)])
    func k19RefusesAReportThatNamesNoFlight(_ name: String, _ text: String?) {
        let frame = KACARS.pirep([name: text])
        let decoded = decode(frame)
        #expect(decoded.credential == .pilot(.number(1), secret: nil))
        #expect(decoded.error?.field == "pirep/\(name)")
        let reply = decoded.error.map { KACARS.adapter.encode($0, to: frame) }
        #expect(reply?.status == 200)
        #expect(
            reply?.text == "<?xml version=\"1.0\"?>\n<sitedata><info><pirepStatus>2</pirepStatus></info></sitedata>\n")
        #expect(reply?.header("Content-Type") == "text/xml")
    }

    @Test(
        arguments: [
            ("02:04", 124), ("3.45", 225), ("1.3", 90), ("1.5", 110), ("0:20", 20), ("01:13:16", 73), ("2", 120),
            ("1,12", 72), ("", nil), ("abc", nil), ("-1:00", nil), ("99999999:00", nil),
        ] as [(String, Int?)])
    func c08ReadsFlightTimes(_ text: String, _ minutes: Int?) {
        #expect(decode(KACARS.pirep(["flightTime": text])).filing?.content.flightTime == minutes.map { Minutes($0) })
    }

    @Test(
        arguments: [
            ("-187", -187), ("187", 187), ("-187.6", -187.6), ("-187,6", -187.6), ("-187 fpm", -187),
            ("Rate: -215 ft/min", -215), ("", nil), ("soft", nil), ("-99999", nil), ("1e300", nil),
        ] as [(String, Double?)])
    func takesTheFirstSignedNumberOfALanding(_ text: String, _ rate: Double?) {
        let details = decode(KACARS.pirep(["landing": text])).filing?.content.details
        #expect(details?.landingRate?.rawValue == rate)
        #expect(details?.asSent["landingRate"] == (text.isEmpty ? nil : text))
    }

    @Test func keepsPassengersAndCargoApart() {
        let none = decode(KACARS.pirep(["pax": "0"])).filing?.content
        #expect(none?.details.passengers == 0 && none?.load == 0)
        #expect(none?.details.cargo == Kilograms(Pounds(800.0)))
        let missing = decode(KACARS.pirep(["pax": nil])).filing?.content
        #expect(missing?.details.passengers == nil && missing?.load == nil)
        #expect(decode(KACARS.pirep(["pax": "-3"])).filing?.content.details.passengers == nil)
        #expect(decode(KACARS.pirep(["pax": "1e18"])).filing?.content.details.passengers == nil)
    }

    @Test(
        arguments: [
            ("4120", 4120 * 0.453_592_37, "4120 lb"), ("4120.5", 4120.5 * 0.453_592_37, "4120.5 lb"),
            ("1869 kg", 1869, "1869 kg"), ("-5", nil, "-5 lb"), ("1e300", nil, "1e300 lb"), ("full", nil, "full"),
            ("", nil, nil),
        ] as [(String, Double?, String?)])
    func readsFuelInPounds(_ text: String, _ kilograms: Double?, _ asSent: String?) {
        let details = decode(KACARS.pirep(["fuelUsed": text])).filing?.content.details
        #expect(details?.fuelUsed?.rawValue == kilograms)
        #expect(details?.asSent["fuelUsed"] == asSent)
    }

    @Test func readsCargoInTheSitesUnit() {
        let frame = KACARS.frame(KACARS.pirep().body, options: ["kacars.weight": "kg"])
        let details = decode(frame).filing?.content.details
        #expect(details?.cargo == Kilograms(800.0))
        #expect(details?.asSent["cargo"] == "800 kg")
    }

    @Test(arguments: [("P", "J"), ("c", "F"), ("H", "C"), ("X", nil), ("", nil)] as [(String, String?)])
    func readsTheTypeOfFlight(_ text: String, _ letter: String?) {
        #expect(decode(KACARS.pirep(["flightType": text])).filing?.content.details.flightType == letter)
    }

    @Test func takesTheRouteOfThePositionFirst() {
        let both = KACARS.request(
            "pirep",
            "<liveupdate><route>merit  robuc3</route></liveupdate><pirep>"
                + KACARS.fields(KACARS.report, ["route": "HAPIE"]) + "</pirep>")
        #expect(decode(both).filing?.content.route == "MERIT ROBUC3")
        #expect(decode(KACARS.pirep(["route": "hapie"])).filing?.content.route == "HAPIE")
        let none = decode(KACARS.pirep()).filing?.content
        #expect(none?.route == "" && none?.details.route == nil)
    }

    @Test(
        arguments: [
            ("a*b*", ["a", "b"], "*"), ("a&lt;BR&gt;b", ["a", "b"], "<BR>"),
            ("<![CDATA[a<br/>b<br />c]]>", ["a", "b", "c"], "<br/>"), ("one", ["one"], nil), ("", [], nil),
            ("a&lt;b&gt;c", ["a<b>c"], nil), ("a&lt;br", ["a<br"], nil), ("a%20+*b", ["a%20+", "b"], "*"),
            ("a&lt;br class='x'&gt;b", ["a<br class='x'>b"], nil),
            ("&lt;script&gt;*x", ["<script>", "x"], "*"),
        ] as [(String, [String], String?)])
    func splitsTheLog(_ text: String, _ lines: [String], _ separator: String?) {
        let content = decode(KACARS.pirep(["log": text])).filing?.content
        #expect(content?.log == lines)
        #expect(content?.details.asSent["logSeparator"] == separator)
    }

    @Test func boundsTheLinesOfALog() {
        let content = decode(KACARS.pirep(["log": String(repeating: "a*", count: 60_000)])).filing?.content
        #expect(content?.log.count == 50_001)
        #expect(content?.log.last?.utf8.count == 20_000)
    }

    @Test func keepsCommentsAsTextAlone() {
        let escaped = decode(KACARS.pirep(["comments": "a &lt;b&gt; %20+"])).filing?.content.comments
        #expect(escaped == "a <b> %20+")
        #expect(decode(KACARS.pirep(["comments": "<![CDATA[a <b> %20+]]>"])).filing?.content.comments == escaped)
        #expect(decode(KACARS.pirep(["comments": "  "])).filing?.content.comments == nil)
    }

    // MARK: Secrets

    @Test(arguments: [
        "<password>hunter2</password>", "<password><![CDATA[hunter2]]></password>",
        "<password><![CDATA[</x>hunter2]]></password>", "<PassWord a='1'>hun<!-- -->ter2</PassWord>",
        "<password>hunter2",
        "<verify password='hunter2'/>",
    ])
    func cutsPasswordsOutOfWhatIsKept(_ text: String) {
        let frame = KACARS.frame("<kacars><verify><pilotID>VMS0001</pilotID>\(text)")
        let kept = String(decoding: redacted(KACARS.adapter.withoutSecrets(frame)), as: UTF8.self)
        #expect(!kept.contains("hunter2") && !kept.contains("ter2"))
        #expect(kept.contains("VMS0001"))
    }

    @Test(arguments: [
        ("<password>hunter2</password>", "<password>[redacted]</password>"),
        ("<password><![CDATA[</x>hunter2]]></password>", "<password>[redacted]</password>"),
        (
            "<Password>hunter2</Password><password><![CDATA[hunter2]]></password>",
            "<Password>[redacted]</Password><password>[redacted]</password>"
        ),
        ("<PassWord a='>hunter2'>hun<!-- -->ter2</PassWord>", "<PassWord>[redacted]</PassWord>"),
        ("<password><x>hunter2</x><x/></password><y/>", "<password>[redacted]</password><y/>"),
        ("<password a='hunter2'/>", "<password/>"),
    ])
    func keepsADocumentWithoutItsPassword(_ text: String, _ wanted: String) {
        func document(_ text: String) -> [UInt8] {
            Array(
                "<?xml version='1.0'?><kacars><switch><data>verify</data></switch><verify>\(text)</verify></kacars>"
                    .utf8)
        }
        let kept = KACARS.adapter.withoutSecrets(KACARS.frame(document(text)))
        #expect(kept.body == document(wanted))
        let again = RawFrame(captured: redacted(kept), receivedAt: kept.receivedAt)
        #expect(again.flatMap { KACARSAdapter.call(of: $0) } == "verify")
    }

    /// Elsewhere nobody can say where it ends.
    @Test(arguments: [
        "<!-- the password is hunter2 -->", "<password>x</password><comments>password: hunter2 password</comments>",
        "<x password='hunter2'/>", "<x><![CDATA[<password>hunter2</password>]]></x>",
    ])
    func cutsWhatStandsBesideAPasswordsName(_ text: String) {
        let kept = KACARS.adapter.withoutSecrets(KACARS.frame("<kacars><verify>\(text)</verify></kacars>"))
        #expect(!String(decoding: kept.body, as: UTF8.self).contains("hunter2"))
    }

    @Test func keepsNoTextOfSixteenBits() {
        let body = "<password>hunter2</password>".utf16.flatMap { [UInt8(truncatingIfNeeded: $0), UInt8(0)] }
        #expect(KACARS.adapter.withoutSecrets(KACARS.frame(body)).body.isEmpty)
    }
}
