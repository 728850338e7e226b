import Domain
import Protocols
import Testing

@Suite struct KACARSEncodeTests {
    private func encode(_ reply: TrackerReply, _ frame: RawFrame) -> EncodedReply {
        KACARS.adapter.encode(reply, to: frame)
    }
    private func document(_ info: String, root: String = "sitedata") -> String {
        "<?xml version=\"1.0\"?>\n<\(root)><info>\(info)</info></\(root)>\n"
    }
    private static let settings =
        "<logTimeSetting>0</logTimeSetting><logPauseSetting>0</logPauseSetting><version>1.0.1.1</version>"
        + "<forceOut>1</forceOut><charter>1</charter>"

    // MARK: Log-in

    @Test func k01AcceptsALogIn() throws {
        let reply = encode(.profile(try Sample.profile()), KACARS.verify())
        #expect(reply.status == 200)
        #expect(reply.header("Content-Type") == "text/xml")
        #expect(reply.text == document("<loginStatus>1</loginStatus>" + Self.settings))
    }

    @Test(arguments: [
        Refusal.pilotUnknown, .credentialsWrong, .pilotInactive, .pilotUnconfirmed, .sessionInvalid, .adapterOff,
    ])
    func k02RefusesALogInWithTheSettings(_ refusal: Refusal) {
        let reply = encode(.refused(refusal), KACARS.verify())
        #expect(reply.status == 200)
        #expect(reply.text == document("<loginStatus>0</loginStatus>" + Self.settings))
    }

    @Test func theAirlineSetsTheSettings() throws {
        let options = [
            "kacars.version": "2.0 <ü&>", "kacars.force-out": "0", "kacars.charter": "0", "kacars.log-time": "1",
            "kacars.log-pause": "1",
        ]
        #expect(Set(options.keys).isSubset(of: KACARSAdapter.options.map(\.name)))
        let frame = KACARS.frame(KACARS.verify().body, options: options)
        #expect(
            encode(.profile(try Sample.profile()), frame).text
                == document(
                    "<loginStatus>1</loginStatus><logTimeSetting>1</logTimeSetting><logPauseSetting>1</logPauseSetting>"
                        + "<version>2.0 &lt;&#xFC;&amp;&gt;</version><forceOut>0</forceOut><charter>0</charter>"))
    }

    // MARK: Flights

    private static let flight =
        "<flightStatus>1</flightStatus><flightNumber>VMS1000</flightNumber><aircraftReg>N845MJ</aircraftReg>"
        + "<aircraftICAO>E145</aircraftICAO><aircraftFullName>ERJ-145</aircraftFullName>"
        + "<flightLevel>18000</flightLevel><aircraftMaxPax>50</aircraftMaxPax><aircraftCargo>2000</aircraftCargo>"
        + "<depICAO>KJFK</depICAO><arrICAO>KBOS</arrICAO><route>MERIT ROBUC3</route><depTime>10:00</depTime>"
        + "<arrTime>11:10</arrTime><flightTime>1.1</flightTime><flightType>P</flightType>"
        + "<aircraftName>ERJ-145</aircraftName><aircraftRange>0</aircraftRange><aircraftWeight/>"
        + "<aircraftCruise>0</aircraftCruise>"

    @Test func k05GivesTheBookedFlight() throws {
        #expect(encode(.booking(try Sample.plan()), KACARS.request("getbid")).text == document(Self.flight))
    }

    @Test func k06HasNoBid() {
        #expect(encode(.booking(nil), KACARS.request("getbid")).text == document("<flightStatus>2</flightStatus>"))
        for refusal in [Refusal.pilotUnknown, .bookingUnknown, .pilotInactive, .credentialsWrong] {
            let reply = encode(.refused(refusal), KACARS.request("getbid"))
            #expect(reply.text == document("<flightStatus>2</flightStatus>"))
            #expect(reply.status == 200)
        }
    }

    private func grounded() -> AircraftDetails {
        AircraftDetails(
            id: Sample.id(Aircraft.self), number: 2, registration: "N900XX", type: "B752", name: "757",
            subfleet: "B752", isActive: false, location: nil)
    }

    @Test func k07ShowsAnAircraftOutOfService() throws {
        let reply = encode(.booking(try Sample.plan(aircraft: grounded())), KACARS.request("getbid"))
        #expect(reply.text == document("<flightStatus>3</flightStatus>"))
    }

    @Test func k09LooksUpAFlight() throws {
        let frame = KACARS.request("getflight", "<pirep><flightNumber>vms1000</flightNumber></pirep>")
        #expect(encode(.schedule(try Sample.plan(booked: false)), frame).text == document(Self.flight))
        // Nobody asks for its aircraft here.
        let reply = encode(.schedule(try Sample.plan(aircraft: grounded(), booked: false)), frame)
        #expect(reply.text.contains("<flightStatus>1</flightStatus>"))
        #expect(encode(.refused(.scheduleUnknown), frame).text == document("<flightStatus>2</flightStatus>"))
    }

    @Test func sendsDigitsAloneWhereTheClientReadsNumbers() throws {
        let aircraft = AircraftDetails(
            id: Sample.id(Aircraft.self), number: 1, registration: "G-ABCD", type: "A320", name: "A320", subfleet: "A",
            isActive: true, location: nil, maximumPassengers: 180, maximumCargo: Kilograms(1000.4))
        let pounds = encode(.booking(try Sample.plan(aircraft: aircraft)), KACARS.request("getbid")).text
        #expect(pounds.contains("<aircraftCargo>2206</aircraftCargo>"))
        let frame = KACARS.frame(KACARS.request("getbid").body, options: ["kacars.weight": "kg"])
        let kilograms = encode(.booking(try Sample.plan(aircraft: aircraft)), frame).text
        #expect(kilograms.contains("<aircraftCargo>1000</aircraftCargo>"))
        let none = encode(.booking(try Sample.plan(aircraft: nil)), KACARS.request("getbid")).text
        #expect(none.contains("<aircraftReg/>") && none.contains("<aircraftMaxPax>0</aircraftMaxPax>"))
        #expect(none.contains("<aircraftCargo>0</aircraftCargo>"))
    }

    @Test(
        arguments: [
            (70, "1.1"), (72, "1.12"), (60, "1"), (65, "1.05"), (90, "1.3"), (0, "0"), (9, "0.09"), (600, "10"),
            (754, "12.34"),
        ])
    func writesTimesAsPHPPrintsNumbers(_ minutes: Int, _ text: String) throws {
        let plan = try plan(minutes: minutes)
        #expect(encode(.booking(plan), KACARS.request("getbid")).text.contains("<flightTime>\(text)</flightTime>"))
    }

    @Test(arguments: [("J", "P"), ("F", "C"), ("H", "C"), ("C", "H"), ("O", "H"), ("", "P")])
    func writesTheTypeOfFlight(_ letter: String, _ text: String) throws {
        let reply = encode(.booking(try plan(type: letter)), KACARS.request("getbid")).text
        #expect(reply.contains("<flightType>\(text)</flightType>"))
    }

    @Test func writesACharterAndAnEmptyEntry() throws {
        let reply = encode(.booking(try plan(type: "F", charter: true)), KACARS.request("getbid")).text
        #expect(reply.contains("<flightType>H</flightType>"))
        #expect(reply.contains("<flightLevel/>") && reply.contains("<depTime>N/A</depTime>"))
        #expect(reply.contains("<route/>"))
    }

    private func plan(minutes: Int = 70, type: String = "J", charter: Bool = false) throws -> PlanReply {
        let schedule = ScheduleDetails(
            id: Sample.id(Schedule.self), number: 1, airline: "VMS", flightNumber: "1",
            departure: try Sample.icao("KJFK"),
            arrival: try Sample.icao("KBOS"), route: "", level: 0, distance: NauticalMiles(162.0), departureTime: nil,
            arrivalTime: nil, flightTime: Minutes(minutes), flightType: type,
            charterOf: charter ? Sample.pilot.id : nil)
        return PlanReply(
            schedule: schedule, booking: Sample.booking, aircraft: nil, departure: nil, arrival: nil, subfleets: [])
    }

    // MARK: Aircraft

    @Test func k11ListsThePairsByType() {
        func aircraft(_ registration: String, _ type: String) -> AircraftDetails {
            AircraftDetails(
                id: Sample.id(Aircraft.self), number: 3, registration: registration, type: type, name: type,
                subfleet: type, isActive: true, location: nil)
        }
        let fleet = [aircraft("N846MJ", "E145"), grounded(), aircraft("N1", "A320"), aircraft("N845MJ", "E145")]
        #expect(
            encode(.aircraft(fleet), KACARS.request("aircraft", pilot: nil)).text
                == document(
                    "<aircraftICAO>A320</aircraftICAO><aircraftReg>N1</aircraftReg>"
                        + "<aircraftICAO>E145</aircraftICAO><aircraftReg>N845MJ</aircraftReg>"
                        + "<aircraftICAO>E145</aircraftICAO><aircraftReg>N846MJ</aircraftReg>", root: "aircraftdata"))
        let none = "<?xml version=\"1.0\"?>\n<aircraftdata><info/></aircraftdata>\n"
        #expect(encode(.aircraft([]), KACARS.request("aircraft")).text == none)
        #expect(encode(.refused(.pilotUnknown), KACARS.request("aircraft")).text == none)
    }

    @Test func k12GivesNineValuesOfAnAircraft() {
        #expect(
            encode(.aircraft([Sample.aircraft]), KACARS.request("aircraftinfo")).text
                == document(
                    "<aircraftReg>N845MJ</aircraftReg><aircraftICAO>E145</aircraftICAO>"
                        + "<aircraftFullName>ERJ-145</aircraftFullName><aircraftMaxPax>50</aircraftMaxPax>"
                        + "<aircraftCargo>2000</aircraftCargo><aircraftName>ERJ-145</aircraftName>"
                        + "<aircraftRange>0</aircraftRange><aircraftWeight/><aircraftCruise>0</aircraftCruise>"))
    }

    @Test func k13GivesNineEmptyValuesOfNone() {
        let empty = document(
            "<aircraftReg/><aircraftICAO/><aircraftFullName/><aircraftMaxPax/><aircraftCargo/><aircraftName/>"
                + "<aircraftRange/><aircraftWeight/><aircraftCruise/>")
        let reply = encode(.refused(.aircraftUnknown), KACARS.request("aircraftinfo"))
        #expect(reply.text == empty && reply.status == 200)
        #expect(encode(.aircraft([]), KACARS.request("aircraftinfo")).text == empty)
    }

    // MARK: Positions and reports

    @Test func k14SaysNothingToAPosition() {
        for reply in [
            TrackerReply.progress(count: nil, nil), .refused(.pilotUnknown), .refused(.flightUnknown),
            .refused(.flightOfAnother),
        ] {
            let answer = encode(reply, KACARS.update())
            #expect(answer.status == 200 && answer.body.isEmpty)
        }
    }

    @Test func k17StoresAReportAndKnowsItAgain() throws {
        for isRepeat in [false, true] {
            let reply = encode(.filed(try Sample.flight(state: .filed), isRepeat: isRepeat), KACARS.pirep())
            #expect(reply.text == document("<pirepStatus>1</pirepStatus>"))
            #expect(reply.header("Content-Type") == "text/xml")
        }
    }

    @Test(arguments: [
        Refusal.pilotUnknown, .credentialsWrong, .alreadyFiled, .flightOfAnother, .adapterOff, .flightDecided,
    ])
    func k20StoresNothingOfNobody(_ refusal: Refusal) {
        let reply = encode(.refused(refusal), KACARS.pirep())
        #expect(reply.text == document("<pirepStatus>2</pirepStatus>"))
        #expect(reply.status == 200)
    }

    // MARK: Out of order

    @Test func failsInItsOwnWordsOrWithAStatus() {
        let down = TrackerReply.refused(.unavailable(retryAfterSeconds: 5))
        let pirep = encode(down, KACARS.pirep())
        #expect(pirep.status == 200 && pirep.text == document("<pirepStatus>2</pirepStatus>"))
        let verify = encode(down, KACARS.verify())
        #expect(verify.status == 200 && verify.text.contains("<loginStatus>0</loginStatus>"))
        for frame in [KACARS.update(), KACARS.request("getbid"), KACARS.request("aircraft")] {
            let reply = encode(down, frame)
            #expect(reply.status == 503 && reply.body.isEmpty)
            #expect(reply.header("Retry-After") == "5")
        }
        for refusal in [Refusal.tooManyRequests(retryAfterSeconds: 0), .overloaded(retryAfterSeconds: 1)] {
            let reply = encode(.refused(refusal), KACARS.pirep())
            #expect(reply.status == 429 && reply.text == document("<pirepStatus>2</pirepStatus>"))
            #expect(reply.header("Retry-After") == "1")
            #expect(encode(.refused(refusal), KACARS.update()).status == 429)
        }
    }

    @Test func readsNoSuccessIntoAReplyOfOthers() {
        #expect(encode(.probe, KACARS.pirep()).text == document("<pirepStatus>2</pirepStatus>"))
        #expect(encode(.bookingCancelled, KACARS.verify()).text.contains("<loginStatus>0</loginStatus>"))
        #expect(encode(.bookingCancelled, KACARS.request("getbid")).text == document("<flightStatus>2</flightStatus>"))
    }

    @Test func tooMuchIsTold() {
        let error = DecodeError(.tooLarge, message: "over 1048576 bytes", status: 413)
        let reply = KACARS.adapter.encode(error, to: KACARS.frame(""))
        #expect(reply.status == 413 && reply.text == "over 1048576 bytes")
    }

    @Test func tellsThePilotWhatToType() {
        let texts = KACARSAdapter.setUp(
            root: "https://va.example/acars/demo/kacars/k/9f/", pilot: "VMS0001", site: FixtureCorpus.site)
        #expect(texts.first?.text == "https://va.example/acars/demo/kacars/k/9f/action.php/kacars_free")
        #expect(texts.contains { $0.text == "VMS0001" })
    }

    @Test func leavesOutWhatXMLCannotHold() throws {
        let aircraft = AircraftDetails(
            id: Sample.id(Aircraft.self), number: 1, registration: "A\u{1}B\u{FFFE}\u{85}", type: "😀",
            name: "a \"b\" 'c'",
            subfleet: "", isActive: true, location: nil)
        let text = encode(.aircraft([aircraft]), KACARS.request("aircraftinfo")).text
        #expect(text.contains("<aircraftReg>AB</aircraftReg>"))
        #expect(text.contains("<aircraftICAO>&#x1F600;</aircraftICAO>"))
        #expect(text.contains("<aircraftName>a &quot;b&quot; 'c'</aircraftName>"))
        #expect(text.utf8.allSatisfy { $0 < 0x80 })
    }
}
