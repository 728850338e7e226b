import Domain
import Protocols
import Testing

@Suite struct FSPassengersTests {
    private func decode(_ frame: RawFrame) -> DecodedFrame { FSPassengers.adapter.decode(frame) }
    private func details(_ changes: [String: String?], options: [String: String] = [:]) -> FlightDetails? {
        decode(FSPassengers.register(changes, options: options)).filing?.content.details
    }

    // MARK: Transport

    @Test(arguments: ["GET", "HEAD", "PUT"])
    func fp11AnswersOtherMethodsWithNothing(_ method: String) {
        let frame = FSPassengers.frame(Array(FSPassengers.body().utf8), method: method)
        let decoded = decode(frame)
        #expect(decoded.credential == .none)
        #expect(decoded.error?.code == .wrongMethod)
        let reply = decoded.error.map { FSPassengers.adapter.encode($0, to: frame) }
        #expect(reply?.status == 200 && reply?.body == [])
    }

    @Test(arguments: [
        "", "UserName=VMS0001", "FsPAskConnexion=YES&UserName=VMS0001&Password=secret", "FsPAskConnexion=1",
        "FsPAskToRegister=Yes&FlightId=VMS1000", "fspaskconnexion=yes", "&&&=", "{}",
    ])
    func fp10SaysNothingWithoutACommand(_ body: String) {
        let frame = FSPassengers.frame(body)
        let decoded = decode(frame)
        #expect(decoded.credential == .none)
        #expect(decoded.error?.code == .unknownEndpoint)
        let reply = decoded.error.map { FSPassengers.adapter.encode($0, to: frame) }
        #expect(reply?.status == 200 && reply?.body == [])
    }

    @Test(arguments: ["", "action.php/acars/fspax", "ACTION.PHP/Acars/FsPax/", "index.php/acars/fspax", "acars/fspax"])
    func takesEveryShapeOfThePath(_ path: String) {
        #expect(decode(FSPassengers.connect().with(path: path)).request == .identify)
    }
    @Test(arguments: ["action.php/acars", "action.php/acars/xacars/data", "action.php/kacars_free", "x"])
    func saysNothingOnOtherPaths(_ path: String) {
        #expect(decode(FSPassengers.connect().with(path: path)).error?.code == .unknownEndpoint)
    }
    @Test func knowsItsHostPaths() {
        func root(_ path: String) -> Int? { FSPassengersAdapter.hostRoot(path.split(separator: "/")) }
        #expect(root("action.php/acars/fspax") == 0 && root("Index.php/ACARS/FSPAX") == 0)
        #expect(root("action.php/acars/xacars") == nil && root("acars/fspax") == nil)
    }

    // MARK: Connection test

    @Test func fp01AsksWhoTheCredentialProves() {
        let decoded = decode(FSPassengers.connect())
        #expect(decoded.credential == .pilot(.number(1), secret: "secret"))
        #expect(decoded.request == .identify)
    }

    @Test func checksThePasswordAsTyped() {
        #expect(decode(FSPassengers.connect("1", " p+%& ")).credential == .pilot(.number(1), secret: " p+%& "))
        // Missing is wrong, not unasked.
        #expect(decode(FSPassengers.connect("1", "")).credential == .pilot(.number(1), secret: ""))
        let missing = decode(FSPassengers.frame("FsPAskConnexion=yes&UserName=VMS0001")).credential
        #expect(missing == .pilot(.number(1), secret: ""))
    }

    @Test func noneIsAPasswordUnlessTheAirlineAllowsIt() {
        #expect(decode(FSPassengers.connect("1", "none")).credential == .pilot(.number(1), secret: "none"))
        let allowed = ["fspassengers.allow-none": "1"]
        let open = decode(FSPassengers.connect("1", "none", options: allowed)).credential
        #expect(open == .pilot(.number(1), secret: nil))
        let wrong = decode(FSPassengers.connect("1", "None", options: allowed)).credential
        #expect(wrong == .pilot(.number(1), secret: "None"))
    }

    @Test(
        arguments: [
            ("VMS0001", .number(1)), (" vms0001", .number(1)), ("1", .number(1)), ("XYZ0001", .unusable),
            ("", .unusable), ("ada@demo.example", .email("ada@demo.example")),
        ] as [(String, PilotName)])
    func namesThePilot(_ text: String, _ name: PilotName) {
        #expect(decode(FSPassengers.connect(text)).credential == .pilot(name, secret: "secret"))
        #expect(decode(FSPassengers.register(["UserName": text])).credential == .pilot(name, secret: "secret"))
    }

    @Test func fp01AnswersInOneLine() throws {
        let good = "#Answer# Ok - connected;Weight=1 Dist=2 Speed=1 Alt=1 Liqu=3#welcome#phpVMS/FSPAX ACARS#endwelcome#"
        let reply = FSPassengers.adapter.encode(.profile(try Sample.profile()), to: FSPassengers.connect())
        #expect(reply.status == 200 && reply.text == good)
        #expect(reply.header("Content-Type")?.hasPrefix("text/html") == true)
    }

    @Test func fp01AnswersWithTheAirlinesUnitsAndWelcome() throws {
        let options = [
            "fspassengers.weight": "0", "fspassengers.distance": "1", "fspassengers.speed": "0",
            "fspassengers.altitude": "0", "fspassengers.fuel": "2", "fspassengers.welcome": "Grüß #Gott#\nHi",
        ]
        #expect(Set(options.keys).isSubset(of: FSPassengersAdapter.options.map(\.name)))
        let reply = FSPassengers.adapter.encode(
            .profile(try Sample.profile()), to: FSPassengers.connect(options: options))
        #expect(
            reply.text
                == "#Answer# Ok - connected;Weight=0 Dist=1 Speed=0 Alt=0 Liqu=2#welcome#Grüß  Gott  Hi#endwelcome#")
    }

    @Test(arguments: [
        Refusal.pilotUnknown, .credentialsWrong, .pilotInactive, .pilotUnconfirmed, .sessionInvalid, .adapterOff,
    ])
    func fp02And07RefuseInTheClientsWords(_ refusal: Refusal) {
        for frame in [FSPassengers.connect(), FSPassengers.register()] {
            let reply = FSPassengers.adapter.encode(.refused(refusal), to: frame)
            #expect(reply.status == 200)
            #expect(reply.text == "#Answer# Error - Username don't exist or wrong password;")
        }
    }

    // MARK: Reports

    @Test func fp03ReadsAReport() throws {
        let decoded = decode(FSPassengers.register())
        #expect(decoded.credential == .pilot(.number(1), secret: "secret"))
        #expect(decoded.unrecognised.isEmpty)
        guard case .file(let key, let filing)? = decoded.request else {
            Issue.record("no report: \(decoded.outcome)")
            return
        }
        let legs = FlightLegs(
            airline: "VMS", number: "1000", departure: try Sample.icao("KJFK"), arrival: try Sample.icao("KBOS"))
        #expect(key == FlightKey(legs: legs))
        #expect(filing.standsAlone && filing.scheduleNeed == .numberKnown)
        let content = filing.content
        #expect(content.blockTime == Minutes(72) && content.flightTime == Minutes(72))
        #expect(abs((content.fuelUsed?.rawValue ?? 0) - 4120 * 0.453_592_37) < 1e-9)
        #expect(content.details.asSent["fuelUsed"] == "4120 lb")
        #expect(content.details.blockFuel == Kilograms(Pounds(9800.0)))
        #expect(content.details.passengers == 44 && content.load == 44)
        #expect(content.details.cargo == Kilograms(Pounds(1998.0)))
        #expect(content.landingRate == FeetPerMinute(-203.08))
        #expect(content.distance == NauticalMiles(162.0))
        #expect(content.details.crashed == false)
        #expect(content.details.aircraftText == nil)
        #expect(content.details.asSent["AircraftName"] == "ERJ-145")
        #expect(content.details.asSent["PassengersOpinionText"] == nil)
        #expect(content.comments == nil)
        #expect(content.log.first == "CompanyName=Virtual")
        #expect(content.log.suffix(3) == ["FlightResult=Perfect", "PassengersOpinionText=-Good.<br>", "-Fine.<br>"])
        #expect(!content.log.contains { $0.contains("secret") || $0.contains("VMS0001") })
    }

    @Test(
        arguments: [
            ("9800 lbs", "5680 lbs", 4120 * 0.453_592_37, "4120 lb"), ("4445 kg", "2576 kg", 1869, "1869 kg"),
            ("9800", "5680", 4120 * 0.453_592_37, "4120 lb"), ("100 l", "40 l", 60 * 0.8075, "60 l"),
            ("100 gallons", "40.5 gallons", 59.5 * 3.785_411_784 * 0.8075, "59.5 gal"),
            ("4445 kg", "5680 lbs", 4445 - 5680 * 0.453_592_37, nil), ("100 kg", "200 kg", nil, nil),
            ("1e300 kg", "0 kg", nil, nil), ("full", "5680 lbs", nil, nil), ("9800 lbs", "", nil, nil),
            ("9800,5 lbs", "5680,2 lbs", 4120.3 * 0.453_592_37, "4120.3 lb"),
        ] as [(String, String, Double?, String?)])
    func fp05TakesEndFromStart(_ start: String, _ end: String, _ kilograms: Double?, _ asSent: String?) {
        let found = details(["StartFuelQuantity": start, "EndFuelQuantity": end])
        #expect(found != nil)
        if let kilograms {
            #expect(abs((found?.fuelUsed?.rawValue ?? .infinity) - kilograms) < 1e-6)
        } else {
            #expect(found?.fuelUsed == nil)
        }
        #expect(found?.asSent["fuelUsed"] == asSent)
        #expect(found?.asSent["StartFuelQuantity"] == start)
    }

    @Test func fp05IsFP03InKilograms() {
        let found = details(["StartFuelQuantity": "4445 kg", "EndFuelQuantity": "2576 kg"])?.fuelUsed
        #expect(found == Kilograms(1869.0))
        #expect(found.map { abs(Pounds($0).rawValue - 4120) < 1 } == true)
    }

    @Test(arguments: [("0", 0.8075), ("1", 3.785_411_784 * 0.8075), ("2", 1), ("3", 0.453_592_37)])
    func aBareFigureHasTheUnitAskedFor(_ option: String, _ kilograms: Double) {
        let found = details(
            ["StartFuelQuantity": "300", "EndFuelQuantity": "200"], options: ["fspassengers.fuel": option])
        #expect(abs((found?.fuelUsed?.rawValue ?? 0) - 100 * kilograms) < 1e-9)
    }

    @Test(
        arguments: [
            ("162 Nm", 162), ("162", 162), ("300 km", 300 / 1.852), ("186 mi", 186 * 1.609_344 / 1.852),
            ("186 sm", 186 * 1.609_344 / 1.852), ("162Nm", 162), ("-1 Nm", nil), ("far", nil), ("1e9 Nm", nil),
        ] as [(String, Double?)])
    func readsDistances(_ text: String, _ miles: Double?) {
        let found = details(["TotalDistance": text])?.distance?.rawValue
        #expect(found == miles || abs((found ?? .infinity) - (miles ?? 0)) < 1e-9)
        #expect((found == nil) == (miles == nil))
    }

    @Test func bareFiguresFollowTheSettings() {
        let options = ["fspassengers.distance": "0", "fspassengers.weight": "0"]
        let found = details(["TotalDistance": "185.2", "CargoWeight": "500"], options: options)
        #expect(found?.distance.map { abs($0.rawValue - 100) < 1e-9 } == true)
        #expect(found?.cargo == Kilograms(500.0))
        let miles = details(["TotalDistance": "100"], options: ["fspassengers.distance": "1"])?.distance
        #expect(miles.map { abs($0.rawValue - 86.8976) < 1e-3 } == true)
    }

    @Test(
        arguments: [
            ("01:12:16", 72), ("00:59:59", 59), ("12:00", 720), ("", nil), ("-01:00:00", nil), ("abc", nil),
        ] as [(String, Int?)])
    func readsTheBlockTime(_ text: String, _ minutes: Int?) {
        #expect(details(["TotalBlockTime": text])?.blockTime?.rawValue == minutes)
    }

    @Test(
        arguments: [
            ("-203.08", -203.08), ("-203,08", -203.08), ("203", 203), ("", nil), ("-99999", nil), ("soft", nil),
        ] as [(String, Double?)])
    func readsTheTouchdown(_ text: String, _ rate: Double?) {
        #expect(details(["TouchDownVertSpeedFt": text])?.landingRate?.rawValue == rate)
    }

    @Test(arguments: [("VMS9999", "9999"), ("vms1000", "1000"), ("1000", "1000")])
    func fp06LeavesTheNumberToTheTimetable(_ text: String, _ number: String) {
        let decoded = decode(FSPassengers.register(["FlightId": text]))
        guard case .file(let key, let filing)? = decoded.request else {
            Issue.record("no report")
            return
        }
        #expect(key.legs?.number == number)
        #expect(filing.scheduleNeed == .numberKnown)
    }

    @Test(arguments: ["", " ", "VMS", nil])
    func fp06RefusesAFlightWithoutNumber(_ text: String?) {
        let frame = FSPassengers.register(["FlightId": text])
        let decoded = decode(frame)
        #expect(decoded.credential == .pilot(.number(1), secret: "secret"))
        let reply = decoded.error.map { FSPassengers.adapter.encode($0, to: frame) }
        #expect(reply?.status == 200 && reply?.text == "#Answer# Error - Invalid flight ID;")
        #expect(
            FSPassengers.adapter.encode(.refused(.scheduleUnknown), to: frame).text
                == "#Answer# Error - Invalid flight ID;")
    }

    @Test(
        arguments: [
            ("KJFK", "KJFK"), ("KJFK - Kennedy", "KJFK"), ("k1g4 - Field", "K1G4"), (" KJFK-Kennedy ", "KJFK"),
        ])
    func fp08ReadsTheCodeOfAnAirport(_ text: String, _ code: String) {
        #expect(details(["DepartureIcaoName": text])?.departure?.code == code)
        #expect(details(["ArrivalIcaoName": text])?.arrival?.code == code)
    }

    @Test(arguments: [
        ("DepartureIcaoName", "#Answer# Error - Departure airport is missing;"),
        ("ArrivalIcaoName", "#Answer# Error - Arrival airport is missing;"),
    ])
    func refusesAReportWithoutAirports(_ name: String, _ text: String) {
        for value in [nil, "", " - Kennedy", "Kennedy"] as [String?] {
            let frame = FSPassengers.register([name: value])
            let error = decode(frame).error
            #expect(error?.field == name)
            #expect(error.map { FSPassengers.adapter.encode($0, to: frame).text } == text)
        }
    }

    @Test func fp09KeepsTextAsText() {
        let text = "-Good.<br>\r\n<script>alert('x')</script>"
        let content = decode(FSPassengers.register(["PassengersOpinionText": text])).filing?.content
        #expect(content?.log.suffix(2) == ["PassengersOpinionText=-Good.<br>", "<script>alert('x')</script>"])
    }

    @Test(arguments: [("1", true), ("0", false), ("", nil), ("yes", nil)] as [(String, Bool?)])
    func fp12MarksACrash(_ text: String, _ crashed: Bool?) {
        #expect(details(["CrashFlag": text])?.crashed == crashed)
    }

    @Test func readsWindows1252() {
        let body = FSPassengers.body() + "&FailureText=Z%FCrich"
        #expect(decode(FSPassengers.frame(body)).filing?.content.log.last == "FailureText=Zürich")
        let raw = Array((FSPassengers.body() + "&FailureText=Z").utf8) + [0xFC] + Array("rich".utf8)
        #expect(decode(FSPassengers.frame(raw)).filing?.content.log.last == "FailureText=Zürich")
    }

    @Test func showsWhatItDoesNotRead() {
        let decoded = decode(FSPassengers.register(["Mood": "fine", "SessionToken": "x"]))
        #expect(decoded.unrecognised == ["Mood": "fine", "SessionToken": "[redacted]"])
        #expect(decoded.filing?.content.log.last == "Mood=fine")
        #expect(decoded.filing?.content.log.contains { $0.hasPrefix("SessionToken") } == false)
    }

    @Test func boundsTheLog() {
        let body = FSPassengers.body() + "&FailureText=" + String(repeating: "x%0A", count: 20_000)
        #expect(decode(FSPassengers.frame(body)).filing?.content.log.count == 5000)
    }

    // MARK: Answers

    @Test func fp03And04AnswerInTheClientsWords() throws {
        let flight = try Sample.flight(state: .filed)
        let frame = FSPassengers.register()
        let adapter = FSPassengers.adapter
        #expect(adapter.encode(.filed(flight, isRepeat: false), to: frame).text == "#Answer# Ok - Saved;")
        let exists = "#Answer#exist# Error - Flight already exist in database;"
        #expect(adapter.encode(.filed(flight, isRepeat: true), to: frame).text == exists)
        #expect(adapter.encode(.refused(.alreadyFiled), to: frame).text == exists)
    }

    @Test func readsNoSuccessIntoAnythingElse() {
        let replies: [TrackerReply] = [
            .probe, .bookingCancelled, .refused(.flightUnknown), .refused(.flightOfAnother),
            .refused(.unavailable(retryAfterSeconds: 5)), .refused(.overloaded(retryAfterSeconds: 0)),
        ]
        for reply in replies {
            let answer = FSPassengers.adapter.encode(reply, to: FSPassengers.register())
            #expect(answer.text.hasPrefix("#Answer# Error - ") && answer.text.hasSuffix(";"))
            #expect(answer.text.split(separator: ";").count == 1)
        }
        let down = FSPassengers.adapter.encode(replies[4], to: FSPassengers.register())
        #expect(down.status == 200)
        let busy = FSPassengers.adapter.encode(replies[5], to: FSPassengers.register())
        #expect(busy.status == 429 && busy.header("Retry-After") == "1")
    }

    @Test func tellsThePilotWhatToType() {
        func texts(_ root: String) -> [String: String] {
            let texts = FSPassengersAdapter.setUp(root: root, pilot: "VMS0001", site: FixtureCorpus.site)
            return Dictionary(texts.map { ($0.title, $0.text) }) { first, _ in first }
        }
        #expect(
            texts("https://va.example/acars/demo/fspassengers/k/9f/") == [
                "base_url": "https://va.example/acars/demo/fspassengers/k/9f", "path_export": "action.php/acars/fspax",
                "username": "VMS0001", "password": "9f",
            ])
        #expect(texts("https://va.example/")["password"] == nil)
    }

    @Test func keepsNoPassword() {
        let kept = redacted(FSPassengers.adapter.withoutSecrets(FSPassengers.register(["FlightId": ""])))
        let text = String(decoding: kept, as: UTF8.self)
        #expect(!text.contains("secret") && text.contains("VMS0001"))
    }

    // MARK: Hostile input

    @Test func survivesEveryCut() {
        for frame in [FSPassengers.connect(), FSPassengers.register()] {
            for length in 0...frame.body.count {
                let cut = frame.with(body: Array(frame.body.prefix(length)))
                let decoded = decode(cut)
                if let error = decoded.error {
                    #expect(FSPassengers.adapter.encode(error, to: cut).status == 200)
                }
                // A cut name or password is a wrong one, never nobody's.
                if case .pilot(_, let secret) = decoded.credential { #expect(secret != nil) }
            }
        }
    }

    static let values = [
        "", "0", "-0", "-1", "1e308", "1e400", "99999999999999999999", "NaN", "-Infinity", "1,5", "1.2.3", "yes",
        "9800 lbs", "4445 kg", "1e-300 gal", "é😀", "\u{202E}'; DROP TABLE--", "VMS", "VMSVMS0001", "99999:99:99",
        "<br>\n<script>", "KJFK - Kennedy", " - ", "-9223372036854775808", "\u{0}", "+", "a=b&c=d",
    ]

    @Test func alwaysGivesAnOutcomeInTime() {
        let outcome = Storm.run(FSPassengersAdapter.self, statuses: 200...200) { random in
            let frame = Self.frame(&random)
            if let details = FSPassengers.adapter.decode(frame).filing?.content.details { Self.expectSense(details) }
            return frame
        }
        // Neither may be the only one, or the test tests nothing.
        #expect(outcome.requests > 200 && outcome.errors > 200, "\(outcome)")
    }

    private static func expectSense(_ details: FlightDetails) {
        for mass in [details.fuelUsed, details.blockFuel, details.cargo] {
            #expect(mass.map { (0...1_000_000).contains($0.rawValue) } ?? true)
        }
        #expect(details.blockTime.map { $0.rawValue >= 0 } ?? true)
        #expect(details.distance.map { $0.rawValue.isFinite && $0.rawValue >= 0 } ?? true)
        #expect(details.landingRate.map { $0.magnitude.rawValue <= 10_000 } ?? true)
    }

    private static func frame(_ random: inout SeededGenerator) -> RawFrame {
        var fields = FSPassengers.report
        for _ in 0..<Int.random(in: 0...5, using: &random) {
            guard let place = fields.indices.randomElement(using: &random) else { break }
            switch Int.random(in: 0...3, using: &random) {
            case 0: fields.remove(at: place)
            case 1: fields.append((fields[place].name, values.randomElement(using: &random) ?? ""))
            default: fields[place].text = values.randomElement(using: &random) ?? ""
            }
        }
        if Int.random(in: 0...9, using: &random) == 0 { fields.append(("FsPAskConnexion", "yes")) }
        let isEscaped = Bool.random(using: &random)
        var body = Array(
            fields.map { "\($0.name)=\(isEscaped ? FSPassengers.escaped($0.text) : $0.text)" }
                .joined(separator: "&").utf8)
        switch Int.random(in: 0...9, using: &random) {
        case 0:
            for _ in 0..<Int.random(in: 1...8, using: &random) {
                body[Int.random(in: 0..<body.count, using: &random)] = UInt8.random(in: 0...255, using: &random)
            }
        case 1: body.removeSubrange(Int.random(in: 0..<body.count, using: &random)...)
        case 2: body += body
        case 3:
            body = (0..<Int.random(in: 0...300, using: &random)).map { _ in UInt8.random(in: 0...255, using: &random) }
        case 4: body = body.map { Int.random(in: 0...40, using: &random) == 0 ? UInt8(ascii: "%") : $0 }
        default: break
        }
        return FSPassengers.frame(body)
    }
}
