import Domain
import Protocols
import Testing

@Suite struct SmartCARS2EncodeTests {
    typealias Wire = SmartCARS2Wire

    /// A1, A2
    @Test(arguments: ["", "action=nosuch"]) func showsTheSelfTest(_ query: String) {
        let text = Wire.answer(.probe, to: query)
        #expect(text.hasPrefix("Script OK, Frame Version: ") && text.contains(", Interface Version: "))
        #expect(!text.hasSuffix("\n"))
    }

    @Test func saysPlainTextThatNoBrowserRuns() {
        let reply = Wire.adapter.encode(.progress(count: nil, nil), to: Wire.call("action=positionreport"))
        #expect(reply.status == 200 && reply.text == "SUCCESS")
        #expect(reply.header("Content-Type") == "text/html; charset=UTF-8")
        #expect(reply.header("Content-Security-Policy") == "default-src 'none'; sandbox")
        #expect(reply.header("X-Content-Type-Options") == "nosniff")
    }

    // MARK: Pilot

    private func profile(name: String = "Ada, Jr Kern", rank: String = "Captain, Sr") throws -> ProfileReply {
        let pilot = UserProfile(
            id: Sample.pilot.id, number: 7, ident: "VMS0007", name: name, email: "ada@demo.example", role: .pilot,
            rank: rank, isConfirmed: true)
        return ProfileReply(
            profile: pilot, airline: Sample.airline, statistics: Sample.statistics, location: nil, home: nil,
            lastReport: nil, bookings: [], subfleets: [], session: Wire.session)
    }

    /// A3, A7
    @Test(arguments: ["action=manuallogin&userid=7", "action=automaticlogin&dbid=7"])
    func answersALogIn(_ query: String) throws {
        let text = Wire.answer(.profile(try profile()), to: query)
        #expect(text == "7,VMS,0007,\(Wire.session),Ada Jr,Kern,ada@demo.example,0,Captain Sr")
    }

    @Test func leavesTheAddressOutForOldClients() throws {
        var frame = Wire.call("action=manuallogin")
        frame.site.options = ["smartcars2.login-fields": "8"]
        let text = Wire.adapter.encode(.profile(try profile()), to: frame).text
        #expect(text == "7,VMS,0007,\(Wire.session),Ada Jr,Kern,0,Captain Sr")
    }

    @Test(arguments: [("Ada", "Ada,"), ("", ","), ("Ada Kern", "Ada,Kern"), (" Ada  Maria Kern ", "Ada Maria,Kern")])
    func splitsNamesAtTheLastBlank(_ name: String, _ expected: String) throws {
        let text = Wire.answer(.profile(try profile(name: name)), to: "action=verifysession")
        #expect(text == "\(Wire.session),\(expected)")
    }

    /// A9
    @Test func answersAVerification() throws {
        #expect(Wire.answer(.profile(try profile()), to: "action=verifysession") == "\(Wire.session),Ada Jr,Kern")
    }

    /// A4, A6, A8
    @Test(arguments: [
        (Refusal.credentialsWrong, "AUTH_FAILED"), (.pilotUnknown, "AUTH_FAILED"), (.sessionInvalid, "AUTH_FAILED"),
        (.pilotUnconfirmed, "ACCOUNT_UNCONFIRMED"), (.pilotInactive, "ACCOUNT_INACTIVE"),
        (.adapterOff, "AUTH_FAILED"), (.unavailable(retryAfterSeconds: 5), "ERROR"),
        (.tooManyRequests(retryAfterSeconds: 5), "ERROR"), (.overloaded(retryAfterSeconds: 5), "ERROR"),
    ])
    func refusesLogIns(_ refusal: Refusal, _ text: String) {
        for action in ["manuallogin", "automaticlogin"] {
            let reply = Wire.adapter.encode(.refused(refusal), to: Wire.call("action=\(action)"))
            #expect(reply.status == 200 && reply.text == text)
            #expect(reply.header("Retry-After") == (refusal.retryAfter == nil ? nil : "5"))
        }
        let verification = Wire.answer(.refused(refusal), to: "action=verifysession")
        #expect(verification == (refusal.retryAfter == nil ? "AUTH_FAILED" : "ERROR"))
    }

    /// A10
    @Test func showsThePilotCenter() {
        let query = "action=getpilotcenterdata&dbid=7"
        #expect(Wire.answer(.statistics(Sample.statistics), to: query) == "12.5,2,-187,2")
        let none = StatisticsReply(flightTime: Minutes(0), flights: 0, reports: 3, averageLandingRate: nil)
        #expect(Wire.answer(.statistics(none), to: query) == "0,0,N/A,0")
        let third = StatisticsReply(
            flightTime: Minutes(20), flights: 1, reports: 1, averageLandingRate: FeetPerMinute(-1.6))
        #expect(Wire.answer(.statistics(third), to: query) == "0.33,1,-2,1")
        #expect(Wire.answer(.refused(.pilotUnknown), to: query) == "NO_DATA")
    }

    // MARK: Reference data

    /// A11
    @Test func listsAirports() throws {
        let heathrow = Airport(
            icao: try Sample.icao("egll"), iata: nil, name: "London; Heath|row", country: "GB",
            position: try #require(Position(latitude: 51.4775, longitude: -0.4614)), elevation: nil)
        let nowhere = Airport(
            icao: try Sample.icao("AAAA"), iata: nil, name: "A", country: "",
            position: try #require(Position(latitude: 0.00001, longitude: -170)), elevation: nil)
        let text = Wire.answer(.airports([heathrow, nowhere]), to: "action=getairports&dbid=7")
        #expect(text == "1|EGLL|London Heathrow|51.4775|-0.4614|GB;2|AAAA|A|0.00001|-170|")
        #expect(Wire.answer(.airports([]), to: "action=getairports&dbid=7") == "")
    }

    /// A12
    @Test func listsAircraft() {
        let aircraft = AircraftDetails(
            id: Sample.aircraft.id, number: 1, registration: "G-DEMA", type: "B738", name: "Boeing 737,-800",
            subfleet: "B738", isActive: true, location: nil, maximumPassengers: 189,
            maximumCargo: Kilograms(20_000.0))
        let text = Wire.answer(.aircraft([aircraft, Sample.aircraft]), to: "action=getaircraft&dbid=7")
        #expect(text == "1,Boeing 737-800,B738,G-DEMA,189,20000,0;1,ERJ-145,E145,N845MJ,50,907,0")
        #expect(Wire.answer(.aircraft([]), to: "action=getaircraft") == "")
    }

    // MARK: Flights

    /// A13, A16
    @Test func listsBids() throws {
        let bid = BookingReply(booking: Sample.booking, schedule: try Sample.schedule())
        let query = "action=getbidflights&dbid=7"
        #expect(
            Wire.answer(.bookings([bid], subfleets: []), to: query)
                == "7|1000|VMS|1000|KJFK|KBOS|MERIT ROBUC3|18000|1|1.10|10:00|11:10|randomopen|P|0123456")
        #expect(Wire.answer(.bookings([], subfleets: []), to: query) == "NONE")
        #expect(Wire.answer(.refused(.pilotUnknown), to: query) == "NONE")
    }

    private func schedule(days: Int, flightType: String = "J", level: Int = 350) throws -> ScheduleDetails {
        ScheduleDetails(
            id: Sample.id(Schedule.self), number: 101, airline: "DEM", flightNumber: "101",
            departure: try Sample.icao("EGLL"), arrival: try Sample.icao("LFPG"), route: "MID; UN615|XAMAB",
            level: level, distance: NauticalMiles(188.0), departureTime: nil, arrivalTime: nil,
            flightTime: Minutes(65), days: days, flightType: flightType)
    }

    @Test func writesFlightsWithoutSeparatorsInThem() throws {
        let booking = BookingDetails(
            id: Sample.id(Booking.self), number: 12, user: Sample.pilot.id, schedule: Sample.id(Schedule.self),
            aircraft: nil, madeAt: Sample.time)
        let bid = BookingReply(
            booking: booking, schedule: try schedule(days: 0b100_0001, flightType: "F", level: 0))
        let text = Wire.answer(.bookings([bid, bid], subfleets: []), to: "action=getbidflights")
        let record = "12|101|DEM|101|EGLL|LFPG|MID UN615XAMAB|||1.05|||randomopen|C|01"
        #expect(text == "\(record);\(record)")
        #expect(record.split(separator: "|", omittingEmptySubsequences: false).count == 15)
    }

    @Test(arguments: [(127, "0123456"), (0b000_0001, "1"), (0b100_0000, "0"), (0b010_0000, "6"), (0, "")])
    func countsDaysFromSunday(_ days: Int, _ expected: String) throws {
        let text = Wire.answer(.schedules(Sample.page([try schedule(days: days)])), to: "action=searchflights")
        #expect(text.split(separator: "|", omittingEmptySubsequences: false).last.map(String.init) == expected)
    }

    /// A17
    @Test func listsFlights() throws {
        let page = Sample.page([try Sample.schedule(), try schedule(days: 127)])
        #expect(
            Wire.answer(.schedules(page), to: "action=searchflights&dbid=7")
                == "101|DEM|101|EGLL|LFPG|MID UN615XAMAB|350||1.05|||0123456;"
                + "1000|VMS|1000|KJFK|KBOS|MERIT ROBUC3|18000|1|1.10|10:00|11:10|0123456")
        #expect(Wire.answer(.schedules(Sample.page([])), to: "action=searchflights&dbid=7") == "NONE")
    }

    /// A14, A15, A27, A28
    @Test func answersBids() throws {
        let bid = "action=bidonflight&dbid=7&sessionid=S1&routeid=101"
        #expect(Wire.answer(.booked(try Sample.plan()), to: bid) == "FLIGHT_BID")
        #expect(Wire.answer(.refused(.bookingTaken), to: bid) == "FLIGHT_ALREADY_BID")
        #expect(Wire.answer(.refused(.bookingLimit), to: bid) == "FLIGHT_ALREADY_BID")
        #expect(Wire.answer(.refused(.scheduleUnknown), to: bid) == "INVALID_ROUTEID")
        #expect(Wire.answer(.refused(.sessionInvalid), to: bid) == "AUTH_FAILED")
        let charter = "action=createflight&dbid=7&sessionid=S1"
        #expect(Wire.answer(.booked(try Sample.plan()), to: charter) == "SUCCESS")
        for refusal in [Refusal.aircraftUnknown, .airportUnknown("ZZZZ"), .chartersOff, .bookingLimit] {
            #expect(Wire.answer(.refused(refusal), to: charter) == "ERROR")
        }
        let cancel = "action=deletebidflight&dbid=7&sessionid=S1&bidid=12"
        #expect(Wire.answer(.bookingCancelled, to: cancel) == "FLIGHT_DELETED")
        #expect(Wire.answer(.refused(.bookingUnknown), to: cancel) == "FLIGHT_DELETED")
        #expect(Wire.answer(.refused(.sessionInvalid), to: cancel) == "AUTH_FAILED")
    }

    /// A22 to A24
    @Test func answersPositionsAndReports() throws {
        for action in ["positionreport", "filepirep", "createflight"] {
            let query = "action=\(action)&dbid=7&sessionid=S1&bidid=12"
            for refusal in [Refusal.flightUnknown, .flightOfAnother, .flightCancelled, .bookingUnknown] {
                #expect(Wire.answer(.refused(refusal), to: query) == "ERROR")
            }
            for refusal in [Refusal.sessionInvalid, .pilotInactive, .adapterOff] {
                #expect(Wire.answer(.refused(refusal), to: query) == "AUTH_FAILED")
            }
            let reply = Wire.adapter.encode(.refused(.unavailable(retryAfterSeconds: 5)), to: Wire.call(query))
            #expect(reply.status == 200 && reply.text == "ERROR")
        }
        let filing = "action=filepirep&dbid=7&sessionid=S1&bidid=12"
        #expect(Wire.answer(.filed(try Sample.flight(state: .filed), isRepeat: false), to: filing) == "SUCCESS")
        #expect(Wire.answer(.filed(try Sample.flight(state: .filed), isRepeat: true), to: filing) == "SUCCESS")
        #expect(Wire.answer(.refused(.alreadyFiled), to: filing) == "SUCCESS")
        #expect(Wire.answer(.refused(.alreadyFiled), to: "action=positionreport") == "ERROR")
    }

    // MARK: Reports

    private func report(
        _ status: ReportQuery.Status, aircraft: Int? = 1, rate: FeetPerMinute? = FeetPerMinute(-182.0)
    ) throws -> ReportReply {
        ReportReply(
            flight: Sample.id(Flight.self), number: 55, filedAt: Sample.time, airline: "DEM", flightNumber: "101",
            route: "MID", distance: NauticalMiles(188.0), isCargo: false, flightType: "J",
            departure: try Sample.icao("EGLL"), arrival: try Sample.icao("LFPG"), aircraft: aircraft, status: status,
            flightTimeHours: 1.25, landingRate: rate, fuelUsed: 5321)
    }

    /// A25
    @Test func listsReports() throws {
        let query = "action=searchpireps&dbid=7"
        let text = Wire.answer(.reports([try report(.pending), try report(.accepted, aircraft: nil)]), to: query)
        #expect(text == "55|DEM|101|11/21/2026|EGLL|LFPG|1;55|DEM|101|11/21/2026|EGLL|LFPG|")
        #expect(Wire.answer(.reports([]), to: query) == "NONE")
    }

    /// A26
    @Test(arguments: [(ReportQuery.Status.pending, "0"), (.accepted, "1"), (.rejected, "2")])
    func showsAReport(_ status: ReportQuery.Status, _ digit: String) throws {
        let filing = try #require(Wire.report().filing)
        let details = ReportDetailsReply(
            log: filing.content.log, track: [], events: [], summary: try report(status))
        let text = Wire.answer(.reportDetails(details), to: "action=getpirepdata&dbid=7&pirepid=55")
        #expect(
            text
                == "1.15,-182,5321,\(digit),smartCARS version 2.1.34.3 2026/11/21 UTC*[10:00:00] Preflight started "
                + "flying offline*[10:03:00] Pushing back with 10883 lb of fuel*[11:15:00] Arrived flight duration: 01:15"
        )
    }

    @Test func showsNothingOfAnUnknownReport() throws {
        let query = "action=getpirepdata&dbid=7&pirepid=99"
        #expect(Wire.answer(.refused(.reportUnknown), to: query) == ",,,,")
        let silent = ReportDetailsReply(log: [], track: [], events: [], summary: try report(.pending, rate: nil))
        #expect(Wire.answer(.reportDetails(silent), to: query) == "1.15,0,5321,0,")
    }

    /// An empty list would be a lie when nobody could look.
    @Test(arguments: [
        "getpilotcenterdata", "getairports", "getaircraft", "getbidflights", "searchflights", "searchpireps",
        "getpirepdata",
    ])
    func saysWithAStatusThatNobodyCouldLook(_ action: String) {
        let frame = Wire.call("action=\(action)&dbid=7")
        let down = Wire.adapter.encode(.refused(.unavailable(retryAfterSeconds: 5)), to: frame)
        #expect(down.status == 503 && down.header("Retry-After") == "5")
        let busy = Wire.adapter.encode(.refused(.tooManyRequests(retryAfterSeconds: 2)), to: frame)
        #expect(busy.status == 429 && busy.header("Retry-After") == "2")
    }

    @Test(arguments: [1e300, -1e300, .infinity, .nan]) func writesNoNumberThatIsNone(_ value: Double) throws {
        let reply = StatisticsReply(
            flightTime: Minutes(0), flights: 0, reports: 0, averageLandingRate: FeetPerMinute(value))
        #expect(Wire.answer(.statistics(reply), to: "action=getpilotcenterdata") == "0,0,0,0")
    }
}
