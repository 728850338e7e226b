import Domain
import Protocols
import Testing

@Suite struct FSACARS4Tests {
    static let adapter = FSACARS4Adapter()
    static let position =
        "user=VMS0001&fhash=a1b2c3&lat2=41.000000&lon2=-72.500000&msl=18012&gskts=412&hdgtrue=52&onground=0"
        + "&aircraft=Embraer ERJ145&orig=KJFK&dest=KBOS&etime=1234"
    static let report =
        "user=VMS0001&pass=secret&auth=&verf=FSACARS&version=4.2.5&fhash=a1b2c3&datestamp=1795262400&dateshort=11/21/26"
        + "&fnum=VMS1000&aircraft=Embraer ERJ145&atcData=N845MJ/1000/Meridian/E145&lat1=40.6398&lon1=-73.7789"
        + "&lat2=42.3655&lon2=-71.0096&lat3=42.3643&lon3=-71.0052&timeout=1032&timeoff=1045&timeon=1131&timein=1144"
        + "&blocktime=1,2&airtime=0,77&directNM=162&actualNM=171,5&fuelstart=9800&fuelstop=5680&enroutefuel=3900"
        + "&blockfuel=4200&zfw=34500&landingFPM=-187&landingG=1.2&landingFR=VFR&crashed=0&pause=12&gmax=1.3"
        + "&pirep=nice+flight"

    private func frame(
        _ call: String, _ form: String, inQuery: Bool = false, options: [String: String] = [:]
    ) -> RawFrame {
        var frame = RawFrame(
            method: inQuery ? "GET" : "POST", path: call, query: inQuery ? form : "",
            contentType: "application/x-www-form-urlencoded", authorization: nil, body: inQuery ? [] : Array(form.utf8),
            receivedAt: FixtureCorpus.receivedAt)
        frame.site = FixtureCorpus.site
        frame.site.options = options
        return frame
    }
    private func decode(_ call: String, _ form: String, options: [String: String] = [:]) -> DecodedFrame {
        Self.adapter.decode(frame(call, form, options: options))
    }
    private func answer(_ reply: TrackerReply, to call: String) -> String {
        Self.adapter.encode(reply, to: frame(call, "")).text
    }

    // MARK: Who asks

    @Test(arguments: ["userquery", "UserQuery.php", "some/folder/userquery.php", "userquery/"])
    func findsTheCall(_ path: String) {
        for inQuery in [true, false] {
            let decoded = Self.adapter.decode(frame(path, "user=VMS0001&pass=secret", inQuery: inQuery))
            #expect(decoded.request == .identify)
            #expect(decoded.credential == .pilot(.number(1), secret: "secret"))
        }
    }

    @Test(arguments: ["", "nosuch", "pirep.asp", "userquery/x"]) func answersUnknownCallsWithNothing(_ path: String) {
        let decoded = decode(path, "user=VMS0001")
        #expect(decoded.credential == .none && decoded.error?.code == .unknownEndpoint)
        guard let error = decoded.error else { return }
        let answer = Self.adapter.encode(error, to: frame(path, ""))
        #expect(answer.status == 200 && answer.body.isEmpty)
    }

    @Test(arguments: [
        ("user=VMS0001&pass=secret", Credential.pilot(.number(1), secret: "secret")),
        ("user=1&hash=5ebe2294", .pilot(.number(1), secret: "5ebe2294")),
        ("user=ada@demo.example&pass=a&hash=b", .pilot(.email("ada@demo.example"), secret: "a")),
        ("user=VMS0001&pass=&hash=b", .pilot(.number(1), secret: "b")),
        ("user=VMS0001", .pilot(.number(1), secret: nil)), ("user=VMS0001&pass=", .pilot(.number(1), secret: nil)),
        ("user=XYZ0001&pass=x", .pilot(.unusable, secret: "x")), ("", .pilot(nil, secret: nil)),
        ("user=VMS0001&pass=%20s%20", .pilot(.number(1), secret: " s ")),
    ])
    func readsTheCredential(_ form: String, _ credential: Credential) {
        for call in ["userquery", "dispatch", "posrep", "pirep"] {
            #expect(decode(call, form).credential == credential)
        }
    }

    @Test func ignoresTheServerPasswordWhenThereIsNone() {
        #expect(decode("pirep", "user=VMS0001&pass=p&auth=any").credential == .pilot(.number(1), secret: "p"))
    }

    @Test(arguments: [
        ("user=1&pass=p&auth=air", "p"), ("user=1&pass=p&serverpass=air", "p"), ("user=1&pass=air&hash=p", "p"),
        ("user=1&pass=air&hash=p&auth=x", "p"), ("user=1&pass=p&auth=wrong", nil), ("user=1&pass=p&auth=ai", nil),
        ("user=1&pass=p", nil),
    ])
    func asksForTheServerPassword(_ form: String, _ secret: String?) {
        let credential = decode("pirep", form, options: ["fsacars4.serverpass": "air"]).credential
        #expect(credential == .pilot(secret == nil ? .unusable : .number(1), secret: secret))
    }

    /// Only reports are known to carry it.
    @Test func asksOtherCallsForTheServerPasswordOnlyWhenTheySendOne() {
        let options = ["fsacars4.serverpass": "air"]
        #expect(decode("posrep", "user=1", options: options).credential == .pilot(.number(1), secret: nil))
        #expect(
            decode("userquery", "user=1&pass=p&auth=x", options: options).credential == .pilot(.unusable, secret: nil))
    }

    // MARK: Positions

    /// S-20
    @Test func readsAPosition() throws {
        let decoded = decode("posrep", Self.position.replacing("41.000000", with: "41,000000"))
        let sample = try #require(decoded.sample)
        #expect(sample.position == Position(latitude: 41, longitude: -72.5) && !sample.positionIsHeld)
        #expect(sample.altitudeMSL == Feet(18_012) && sample.groundSpeed == Knots(412))
        #expect(sample.heading == Degrees(52) && sample.onGround == false && sample.extras == ["etime": "1234"])
        let departure = ICAOLocation("KJFK")
        let arrival = ICAOLocation("KBOS")
        #expect(
            decoded.key
                == FlightKey(
                    client: "a1b2c3",
                    legs: FlightLegs(airline: nil, number: "", departure: departure, arrival: arrival)))
        let details = try #require(decoded.inFlight?.details)
        #expect(details.departure == departure && details.arrival == arrival && details.flightNumber == nil)
        #expect(details.aircraftText == nil && details.asSent == ["aircraft": "Embraer ERJ145"])
        #expect(decoded.unrecognised.isEmpty)
    }

    @Test func keysAPositionWithoutHash() {
        #expect(decode("posrep", "user=1&lat2=1&lon2=2").key == FlightKey())
        #expect(decode("posrep", "user=1&fnum=vms1000&lat2=1&lon2=2").key?.legs?.number == "1000")
    }

    @Test(arguments: ["lat2=0&lon2=0", "lat2=91&lon2=0", "lat2=x&lon2=1", ""]) func holdsPositionsThatAreNone(
        _ form: String
    ) {
        let sample = decode("posrep", form + "&msl=1e300&gskts=-1&hdgtrue=999&onground=maybe").sample
        #expect(sample?.positionIsHeld == true && sample?.altitudeMSL == nil && sample?.groundSpeed == nil)
        #expect(sample?.heading == nil && sample?.onGround == nil)
    }

    @Test func knowsTheGround() {
        #expect(decode("posrep", "lat2=1&lon2=2&onground=1&hdgtrue=360").sample?.onGround == true)
        #expect(decode("posrep", "lat2=1&lon2=2&onground=1&hdgtrue=360").sample?.heading == Degrees(0))
        #expect(decode("posrep", "lat2=1&lon2=2").sample?.onGround == nil)
    }

    // MARK: Reports

    /// S-21
    @Test func readsAReport() throws {
        let decoded = decode("pirep", Self.report)
        #expect(decoded.credential == .pilot(.number(1), secret: "secret") && decoded.client == "FSACARS 4.2.5")
        #expect(decoded.key?.client == "a1b2c3")
        let filing = try #require(decoded.reportFiling)
        let details = filing.content.details
        #expect(details.airline == "VMS" && details.flightNumber == "1000")
        #expect(details.departure == nil && details.arrival == nil)
        #expect(details.start == Position(latitude: 40.6398, longitude: -73.7789))
        #expect(details.stop == Position(latitude: 42.3643, longitude: -71.0052))
        #expect(filing.content.blockTime == Minutes(72) && filing.content.flightTime == Minutes(46))
        #expect(filing.content.landingRate == FeetPerMinute(-187) && filing.content.distance == NauticalMiles(171.5))
        #expect(details.plannedDistance == NauticalMiles(162) && details.crashed == false)
        #expect(details.blockFuel == Kilograms(Pounds(9800)) && details.zeroFuelWeight == Kilograms(Pounds(34_500)))
        #expect(filing.content.fuelUsed == Kilograms(Pounds(4120)) && filing.fuelUsedAsSent == 4120)
        #expect(details.asSent["fuelUsed"] == "4120 lb" && details.asSent["landingG"] == "1.2")
        #expect(details.asSent["pause"] == "12" && details.asSent["atcData"] == "N845MJ/1000/Meridian/E145")
        #expect(details.aircraftText == "N845MJ" && details.asSent["aircraft"] == "Embraer ERJ145")
        #expect(details.out?.iso8601 == "2026-11-21T10:32:00Z" && details.off?.iso8601 == "2026-11-21T10:45:00Z")
        #expect(details.on?.iso8601 == "2026-11-21T11:31:00Z" && details.inBlock?.iso8601 == "2026-11-21T11:44:00Z")
        #expect(filing.content.comments == "nice flight" && filing.standsAlone && filing.piece == nil)
        #expect(decoded.unrecognised.isEmpty)
    }

    @Test func countsClocksBackFromTheReport() throws {
        let form = "datestamp=1795262400&timeout=2150&timeoff=2205&timeon=1130&timein=1145"
        let details = try #require(decode("pirep", form).reportDetails)
        #expect(details.out?.iso8601 == "2026-11-20T21:50:00Z" && details.off?.iso8601 == "2026-11-20T22:05:00Z")
        #expect(details.on?.iso8601 == "2026-11-21T11:30:00Z" && details.inBlock?.iso8601 == "2026-11-21T11:45:00Z")
    }

    @Test func takesTheNumberOfTheSimulatorAndNamedAirports() throws {
        let details = try #require(
            decode("pirep", "atcData=N845MJ/1000/Meridian/E145&orig=KJFK&dest=kbos&lat1=0&lon1=0").reportDetails)
        #expect(details.airline == nil && details.flightNumber == "1000")
        #expect(details.departure?.code == "KJFK" && details.arrival?.code == "KBOS" && details.start == nil)
        let titled = try #require(decode("pirep", "atcData=&aircraft=ERJ").reportDetails)
        #expect(titled.aircraftText == nil && titled.flightNumber == nil && titled.asSent == ["aircraft": "ERJ"])
    }

    @Test(arguments: [
        ("fuelstart=9800&fuelstop=5680&blockfuel=1", 4120.0), ("fuelstart=100&fuelstop=5680&blockfuel=4200", 4200),
        ("enroutefuel=3900", 3900), ("fuelstart=5", nil), ("blockfuel=-1", nil),
    ])
    func countsFuel(_ form: String, _ used: Double?) {
        #expect(decode("pirep", form).reportFiling?.fuelUsedAsSent == used)
    }

    @Test(arguments: ["blocktime=abc", "blocktime=1e400", "blocktime=-1", "blocktime=73", "blocktime="])
    func leavesOutWhatCannotBe(_ form: String) throws {
        let filing = try #require(
            decode("pirep", form + "&landingFPM=1e99&timeout=9999&timein=24x0&datestamp=1e300&lat1=x").reportFiling)
        #expect(filing.content.blockTime == nil && filing.content.landingRate == nil)
        #expect(filing.content.details.out == nil && filing.content.details.inBlock == nil)
    }

    // MARK: Answers

    /// S-18
    @Test func answersUserQueries() throws {
        #expect(answer(.profile(try Sample.profile()), to: "userquery") == "USEROK")
        for refusal in [Refusal.credentialsWrong, .pilotUnknown, .pilotInactive, .pilotUnconfirmed, .adapterOff] {
            #expect(answer(.refused(refusal), to: "userquery") == "NOUSR")
        }
        let reply = Self.adapter.encode(.profile(try Sample.profile()), to: frame("userquery", ""))
        #expect(reply.header("Content-Type") == "text/plain; charset=UTF-8" && reply.status == 200)
    }

    /// S-19
    @Test func answersDispatch() throws {
        #expect(decode("dispatch", "user=1&orig=KJFK&dest=&rqst=dest").request == .nextBooking)
        #expect(
            answer(.booking(try Sample.plan()), to: "dispatch")
                == "KJFK|KBOS|N845MJ, MERIT ROBUC3, level 18000|VMS1000|RESERVED|")
        #expect(answer(.booking(nil), to: "dispatch") == "|No active booking found|N/A|")
        #expect(answer(.refused(.pilotUnknown), to: "dispatch") == "|No active booking found|N/A|")
    }

    /// S-20 to S-23
    @Test func answersPositionsAndReports() throws {
        #expect(answer(.progress(count: nil, nil), to: "posrep") == "")
        #expect(answer(.refused(.pilotUnknown), to: "posrep") == "")
        let filed = try Sample.flight(state: .filed)
        #expect(answer(.filed(filed, isRepeat: false), to: "pirep") == "#RXOK#|Report received|")
        #expect(answer(.filed(filed, isRepeat: true), to: "pirep") == "#RXOK#|Report received|")
        for refusal in [Refusal.credentialsWrong, .pilotUnknown, .pilotInactive] {
            #expect(answer(.refused(refusal), to: "pirep") == "#RXOK#|Invalid login|")
        }
        #expect(answer(.refused(.alreadyFiled), to: "pirep").hasPrefix("#RXOK#|"))
        #expect(answer(.refused(.flightUnknown), to: "pirep").hasPrefix("#RXOK#|"))
    }

    @Test(arguments: ["userquery", "dispatch", "posrep", "pirep"]) func letsTheClientTryAgain(_ call: String) {
        let down = Self.adapter.encode(.refused(.unavailable(retryAfterSeconds: 5)), to: frame(call, ""))
        #expect(down.status == 503 && down.body.isEmpty && down.header("Retry-After") == "5")
        let busy = Self.adapter.encode(.refused(.tooManyRequests(retryAfterSeconds: 5)), to: frame(call, ""))
        #expect(busy.status == 429 && busy.body.isEmpty)
    }

    @Test func tellsWhatGoesIntoTheSettings() {
        let texts = FSACARS4Adapter.setUp(root: "https://va.example/r/", pilot: "VMS0001", site: FixtureCorpus.site)
        #expect(texts.contains(SetUpText(title: "org.cfg: posrep", text: "https://va.example/r/posrep")))
        #expect(texts.contains(SetUpText(title: "org.cfg: hashalgo", text: "HTTPS")))
    }

    // MARK: Bounds

    @Test func keepsNoSecrets() {
        let frame = frame("pirep", "user=1&pass=s3cret&hash=h4sh&auth=4uth&serverpass=s3rver&x=1")
        #expect(Self.adapter.decode(frame).unrecognised == ["x": "1"])
        let kept = String(decoding: redacted(Self.adapter.withoutSecrets(frame)), as: UTF8.self)
        for secret in ["s3cret", "h4sh", "4uth", "s3rver"] { #expect(!kept.contains(secret)) }
    }

    @Test func refusesFormsOfTooManyFields() {
        let frame = frame("pirep", Self.report + String(repeating: "&a=1", count: 5000))
        let decoded = Self.adapter.decode(frame)
        #expect(decoded.error?.code == .malformed && decoded.credential == .pilot(.number(1), secret: "secret"))
    }

    @Test func survivesEveryCut() {
        for (call, form) in [("posrep", Self.position), ("pirep", Self.report)] {
            for length in 0...form.utf8.count {
                let cut = String(decoding: form.utf8.prefix(length), as: UTF8.self)
                for inQuery in [true, false] {
                    #expect(Self.adapter.decode(frame(call, cut, inQuery: inQuery)).request != nil)
                }
            }
        }
    }

    @Test func alwaysGivesAnOutcomeInTime() {
        let values = [
            "", "0", "-1", "1e308", "1e400", "99999999999999999999", "NaN", "1,5", "%", "%%", "%FF%FE", "/",
            "////////////",
            "9999", "2400", "-0", "=", "&&", "%00", "\u{1F600}", "253402300799", "-1e99", "N/A",
        ]
        var round = 0
        var samples = 0
        let outcome = Storm.run(FSACARS4Adapter.self, statuses: 200...200) { random in
            round += 1
            let isReport = Bool.random(using: &random)
            var fields = (isReport ? Self.report : Self.position).split(separator: "&").map { String($0) }
            for _ in 0..<Int.random(in: 0...4, using: &random) {
                let place = Int.random(in: 0..<fields.count, using: &random)
                let name = fields[place].prefix { $0 != "=" }
                switch Int.random(in: 0...3, using: &random) {
                case 0: fields.remove(at: place)
                case 1: fields.append("\(name)=\(values.randomElement(using: &random) ?? "")")
                default: fields[place] = "\(name)=\(values.randomElement(using: &random) ?? "")"
                }
            }
            var bytes = Array(fields.joined(separator: "&").utf8)
            for _ in 0..<Int.random(in: 0...3, using: &random) where !bytes.isEmpty {
                bytes[Int.random(in: 0..<bytes.count, using: &random)] = UInt8.random(in: 0...255, using: &random)
            }
            let call = round % 20 == 0 ? "dispatch" : isReport ? "pirep" : "posrep"
            let made = frame(call, "").with(body: bytes)
            if Self.adapter.decode(made).sample?.positionIsHeld == false { samples += 1 }
            return made
        }
        // Nothing in a position or a report can be wrong enough to refuse it.
        #expect(outcome.errors == 0 && samples > 200, "\(outcome)")
    }
}
