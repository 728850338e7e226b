import Domain
import Protocols
import Testing

@Suite struct SmartCARS3EncodeTests {
    static let d5 = SmartCARS3Adapter()
    static let d7 = SmartCARS3V7Adapter()
    static let uuid = "0199a3f2-7c11-7abc-8def-0123456789ab"
    static let time = Timestamp(iso8601: "2026-11-21T11:20:05.250Z") ?? Timestamp(milliseconds: 0)

    static func id<Entity>(_ type: Entity.Type) -> Identifier<Entity> {
        Identifier(uuid) ?? .make(at: Timestamp(milliseconds: 0))
    }
    static func icao(_ code: String) throws -> ICAOLocation { try #require(ICAOLocation(code)) }

    static func schedule(
        route: String = "MID UN615 XAMAB", aircraft: [Int] = [1], days: Int = 0b001_0001, type: String = "J",
        departureTime: String? = "10:00"
    ) throws -> ScheduleDetails {
        ScheduleDetails(
            id: id(Schedule.self), number: 1, airline: "DEM", flightNumber: "101", departure: try icao("EGLL"),
            arrival: try icao("LFPG"), route: route, level: 350, distance: NauticalMiles(188.0),
            departureTime: departureTime, arrivalTime: "11:15", flightTime: Minutes(70), days: days, flightType: type,
            notes: "Daily", aircraft: aircraft
        )
    }
    static func booking(aircraft: Int?) -> BookingDetails {
        BookingDetails(
            id: id(Booking.self), number: 3, user: id(User.self), schedule: id(Schedule.self), aircraft: aircraft,
            madeAt: time
        )
    }
    static func report(landingRate: FeetPerMinute? = FeetPerMinute(-182.4)) throws -> ReportReply {
        ReportReply(
            flight: id(Flight.self), number: 2, filedAt: time, airline: "DEM", flightNumber: "101",
            route: "MID UN615 XAMAB", distance: NauticalMiles(100.0), isCargo: true, flightType: "F",
            departure: try icao("EGLL"), arrival: try icao("LFPG"), aircraft: 1, status: .pending,
            flightTimeHours: 1.25, landingRate: landingRate, fuelUsed: 5321.4
        )
    }

    private func body(_ reply: TrackerReply, _ path: String = "x", d7: Bool = false) -> String {
        let reply = d7 ? Self.d7.encode(reply, to: .get(path)) : Self.d5.encode(reply, to: .get(path))
        #expect(reply.status == 200)
        return reply.text
    }

    // MARK: Headers

    @Test func everyAnswerIsJSONWithCORS() {
        let error = DecodeError(.unknownEndpoint, message: "x", status: 404)
        for reply in [
            Self.d5.encode(.probe, to: .get("")), Self.d5.encode(.progress(count: 1, nil), to: .get("x")),
            Self.d7.encode(.refused(.sessionInvalid), to: .get("x")), Self.d7.encode(error, to: .get("x")),
        ] {
            #expect(reply.header("Content-Type") == "application/json")
            #expect(reply.header("Access-Control-Allow-Origin") == "*")
            #expect(reply.header("Access-Control-Allow-Methods") == "GET, POST, OPTIONS, HEAD")
            #expect(
                reply.header("Access-Control-Allow-Headers")
                    == "Content-Type, Access-Control-Allow-Headers, Authorization, X-Requested-With"
            )
            #expect(reply.header("Location") == nil)
        }
    }

    // MARK: Success

    @Test func namesItself() {
        #expect(body(.probe) == #"{"apiVersion":"1.0.2","handler":"phpvms5"}"#)
        #expect(body(.probe, d7: true) == #"{"apiVersion":"1.0.3","handler":"phpvms7"}"#)
        #expect(body(.preflight).isEmpty && body(.preflight, d7: true) == "{}")
    }

    @Test func givesThePilot() throws {
        let profile = UserProfile(
            id: Self.id(User.self), number: 7, ident: "DEM0007", name: "Ada  Maria Kern", email: "ada@demo.example",
            role: .pilot, rank: "Captain", isConfirmed: true
        )
        let reply = TrackerReply.pilot(PilotReply(profile: profile, token: "a.b.c", expires: Self.time))
        #expect(
            body(reply)
                == #"{"dbID":7,"pilotID":"DEM0007","firstName":"Ada","lastName":"Maria Kern","email":"ada@demo.example","rank":"Captain","rankImage":null,"rankLevel":0,"avatar":null,"session":"a.b.c","expiry":1795260005}"#
        )
        #expect(body(reply, d7: true).contains(#""lastName":"Maria","#))
    }

    @Test func givesStatistics() {
        let flown = StatisticsReply(
            flightTime: Minutes(70), flights: 2, reports: 3, averageLandingRate: FeetPerMinute(-186.6))
        #expect(
            body(.statistics(flown))
                == #"{"hoursFlown":1.1666666666666667,"flightsFlown":2,"averageLandingRate":-187,"pirepsFiled":2}"#
        )
        #expect(
            body(.statistics(flown), d7: true)
                == #"{"hoursFlown":1.17,"flightsFlown":2,"averageLandingRate":-186.6,"pirepsFiled":3}"#
        )
        let none = StatisticsReply(flightTime: Minutes(0), flights: 0, reports: 0, averageLandingRate: nil)
        #expect(body(.statistics(none)).contains(#""averageLandingRate":0"#))
        #expect(body(.statistics(none), d7: true).contains(#""averageLandingRate":null"#))
    }

    @Test func listsAirportsAndAircraft() throws {
        let airport = Airport(
            icao: try Self.icao("EGLL"), iata: "LHR", name: "London Heathrow", country: "GB",
            position: try #require(Position(latitude: 51.4775, longitude: -0.4614)), elevation: nil
        )
        #expect(
            body(.airports([airport]))
                == #"[{"id":"EGLL","code":"EGLL","name":"London Heathrow","latitude":51.4775,"longitude":-0.4614}]"#
        )
        let fleet = [("Boeing 737-800", true, 2), ("Airbus A320", true, 1), ("Old", false, 3)].map {
            AircraftDetails(
                id: Self.id(Aircraft.self), number: $0.2, registration: "G-DEM", type: "A320", name: $0.0,
                subfleet: "S", isActive: $0.1, location: nil, serviceCeiling: Feet(39_000), maximumPassengers: 180,
                maximumCargo: Kilograms(18_000), minimumRank: nil
            )
        }
        let d5 = body(.aircraft(fleet))
        #expect(
            d5.hasPrefix(
                #"[{"id":1,"code":"A320","name":"Airbus A320","registration":"G-DEM","serviceCeiling":"39000","maximumPassengers":180,"maximumCargo":18000,"minimumRank":null},{"id":2,"#
            )
        )
        #expect(!d5.contains("Old"))
        #expect(
            body(.aircraft(fleet), d7: true).contains(#""name":"Old (G-DEM) - Maintenance","status":"Maintenance""#))
    }

    @Test func givesNews() {
        let news = NewsReply(number: 1, title: "A/B", body: "x", postedAt: Self.time, postedBy: "Ops")
        #expect(
            body(.news([news])) == #"{"title":"A\/B","body":"x","postedAt":"2026-11-21 11:20:05","postedBy":"Ops"}"#
        )
        #expect(body(.news([news]), d7: true).contains(#""postedAt":"2026-11-21T11:20:05.250000Z""#))
        #expect(body(.news([])) == "{}")
    }

    @Test func listsSchedules() throws {
        #expect(body(.schedules(Sample.page([]))) == "[]")
        #expect(
            body(.schedules(Sample.page([try Self.schedule()])))
                == #"[{"id":1,"code":"DEM","number":"101","type":"P","departureAirport":"EGLL","arrivalAirport":"LFPG","route":["MID","UN615","XAMAB"],"aircraft":1,"flightLevel":350,"distance":188,"departureTime":"10:00","arrivalTime":"11:15","flightTime":1.1666666666666667,"daysOfWeek":["Monday","Friday"],"notes":"Daily"}]"#
        )
        let d7 = body(.schedules(Sample.page([try Self.schedule(route: "", aircraft: [1, 2])])), d7: true)
        #expect(d7.contains(#""id":"\#(Self.uuid)""#) && d7.contains(#""route":null,"aircraft":[1,2]"#))
        #expect(d7.contains(#""flightTime":1.17,"daysOfWeek":[]"#))
        let bare = body(
            .schedules(Sample.page([try Self.schedule(route: "", aircraft: [], days: 127, departureTime: nil)])))
        #expect(!bare.contains("route") && bare.contains(#""aircraft":[]"#) && bare.contains(#""departureTime":"""#))
        #expect(bare.contains(#"["Sunday","Monday","Tuesday","Wednesday","Thursday","Friday","Saturday"]"#))
    }

    @Test(arguments: [
        ("J", "\"P\"", "\"P\""), ("F", "\"C\"", "\"C\""), ("H", "\"C\"", "\"C\""), ("Z", "\"P\"", "null"),
    ])
    func namesTheKindOfFlight(_ letter: String, _ d5: String, _ d7: String) throws {
        let reply = TrackerReply.schedules(Sample.page([try Self.schedule(type: letter)]))
        #expect(body(reply).contains("\"type\":\(d5),"))
        #expect(body(reply, d7: true).contains("\"type\":\(d7),"))
    }

    @Test func listsBookings() throws {
        let chosen = TrackerReply.bookings(
            [
                BookingReply(booking: Self.booking(aircraft: 9), schedule: try Self.schedule())
            ], subfleets: [])
        #expect(body(chosen).hasPrefix(#"[{"bidID":3,"code":"DEM""#) && body(chosen).contains(#""aircraft":9,"#))
        #expect(!body(chosen).contains(#""id":"#))
        let open = TrackerReply.bookings(
            [
                BookingReply(booking: Self.booking(aircraft: nil), schedule: try Self.schedule(aircraft: [4]))
            ], subfleets: [])
        #expect(body(open).contains(#""aircraft":4,"#))
        let d7 = body(open, d7: true)
        #expect(d7.hasPrefix(#"[{"bidID":3,"flightID":"\#(Self.uuid)","#))
        #expect(d7.contains(#""aircraft":[4],"#) && d7.contains(#""daysOfWeek":17"#))
    }

    @Test func acknowledges() throws {
        let flight = Self.id(Flight.self)
        #expect(body(.booked(try Sample.plan())) == #"{"bidID":7}"#)
        #expect(body(.bookingChanged(booking: 3), d7: true) == #"{"bidID":3}"#)
        #expect(body(.started(flight)) == #"{"trackingID":"\#(Self.uuid)"}"#)
        #expect(body(.filed(try Sample.flight(), isRepeat: false)) == #"{"pirepID":2}"#)
        #expect(body(.filed(try Sample.flight(), isRepeat: false), d7: true) == #"{"pirepID":"\#(Self.uuid)"}"#)
        #expect(body(.progress(count: 1, nil)).isEmpty && body(.progress(count: 1, nil), d7: true).isEmpty)
        for reply in [TrackerReply.bookingCancelled, .flightCancelled] {
            #expect(body(reply).isEmpty && body(reply, d7: true) == #"{"status":200}"#)
        }
    }

    @Test func listsReports() throws {
        let report = try Self.report()
        #expect(
            body(.reports([report]))
                == #"[{"id":2,"submitDate":"2026-11-21T11:20:05+00:00","airlineCode":"DEM","number":"101","route":"MID UN615 XAMAB","distance":100,"flightType":"C","departureAirport":"EGLL","arrivalAirport":"LFPG","aircraft":1,"status":"Pending","flightTime":1.25,"landingRate":-182,"fuelUsed":5321.4}]"#
        )
        let d7 = body(.reports([report]), d7: true)
        #expect(d7.contains(#""id":"\#(Self.uuid)","submitDate":"2026-11-21 11:20:05""#))
        #expect(d7.contains(#""distance":115.08,"flightType":"F""#) && d7.contains(#""landingRate":-182.4"#))
        #expect(body(.latestReport(nil)) == "[]" && body(.latestReport(nil), d7: true) == "[]")
        #expect(body(.latestReport(report)).hasPrefix(#"[{"id":2,"#))
        #expect(body(.latestReport(report), d7: true).hasPrefix(#"{"id":"\#(Self.uuid)","submitDate":"2026-11-21","#))
    }

    @Test func givesTheDetailsOfAReport() throws {
        let track = try [(50.1, 1.2, Degrees(120.5)), (51.4775, -0.4614, nil)].map {
            var sample = PositionSample(
                eventTime: Self.time, receivedAt: Self.time,
                position: try #require(Position(latitude: $0.0, longitude: $0.1)))
            sample.heading = $0.2
            return sample
        }
        let events = ["e1", "e2"].map {
            TrackerEvent(
                id: $0, elapsedSeconds: 12.5, time: nil, timeText: "2026-11-21T10:00:01.000Z", condition: nil,
                message: "Boarding", type: nil
            )
        }
        let reply = TrackerReply.reportDetails(ReportDetailsReply(log: ["a*b"], track: track, events: [events[0]]))
        #expect(
            body(reply)
                == #"{"flightLog":["a*b"],"locationData":[{"heading":null,"latitude":51.4775,"longitude":-0.4614},{"heading":120.5,"latitude":50.1,"longitude":1.2}],"flightData":[{"eventId":"e1","eventElapsedTime":12.5,"eventTimestamp":"2026-11-21T10:00:01.000Z","eventCondition":null,"message":"Boarding"}]}"#
        )
        let d7 = body(.reportDetails(ReportDetailsReply(log: [], track: [], events: events)), d7: true)
        #expect(d7.hasPrefix(#"{"flightLog":[],"locationData":null,"flightData":[{"eventId":"e2""#))
    }

    @Test func listsTypesAndSubfleets() {
        #expect(body(.flightTypes, d7: true).hasPrefix(#"{"SCHED_PAX":"J","SCHED_CARGO":"F","#))
        let subfleet = SubfleetReply(number: 3, name: "Airbus", type: "A320", airline: "DEM")
        #expect(
            body(.subfleets([subfleet]), d7: true)
                == #"[{"id":3,"type":"A320","name":"Airbus","airline":{"icao":"DEM","name":"DEM"}}]"#
        )
    }

    // MARK: Refusals

    static let refusals: [(Refusal, String, Int, String, Int, String)] = [
        (
            .credentialsWrong, "pilot/login", 401, "The username or password was not correct", 401,
            "The username or password is incorrect"
        ),
        (
            .pilotUnconfirmed, "pilot/login", 409, "The pilot has not been confirmed with this airline yet", 401,
            "The username or password is incorrect"
        ),
        (.sessionInvalid, "data/airports", 401, "The session provided is not valid", 401, "Invalid Token"),
        (.sessionInvalid, "flights/nope", 401, "The session provided is not valid", 401, "Invalid Token"),
        (
            .sessionInvalid, "pilot/verify", 401, "The session given was not valid", 404,
            "The session given was not valid"
        ),
        (
            .scheduleUnknown, "flights/book", 404, "A flight with this ID could not be found", 404,
            "A flight with this ID could not be found"
        ),
        (
            .bookingTaken, "flights/book", 409, "A different pilot has already booked this flight", 409,
            "A bid already exists for this flight"
        ),
        (
            .bookingUnknown, "flights/unbook", 404, "No bids with the given ID were found", 404,
            "No bids with the given ID were found"
        ),
        (
            .airportUnknown("ZZZZ"), "flights/charter", 400, "Departure or arrival airport not found.", 400,
            "Departure or arrival airport not found."
        ),
        (
            .flightUnknown, "flights/update", 404, "There is flight with the specified bid ID", 404, "No active flight"
        ),
        (.flightUnknown, "flights/complete", 404, "There is no ongoing flight", 404, "No active flight"),
        (.flightUnknown, "/flights/cancel/", 404, "There is no ongoing flight", 404, "No active flight"),
        (
            .flightUnknown, "flights/start", 404, "No bids with the given ID were found", 404,
            "No bids with the given ID were found"
        ),
        (
            .noAircraftOnBooking, "flights/start", 409, "No aircraft attached to bid", 409,
            "No aircraft attached to bid"
        ),
        (
            .reportUnknown, "pireps/details", 404, "A PIREP with this ID was not found", 404,
            "A PIREP with this ID was not found"
        ),
    ]

    @Test(arguments: refusals.indices)
    func wordsRefusals(_ index: Int) {
        let (refusal, path, status5, text5, status7, text7) = Self.refusals[index]
        let d5 = Self.d5.encode(.refused(refusal), to: .get(path))
        #expect(d5.status == status5 && d5.text == "{\"message\":\"\(text5)\"}")
        let d7 = Self.d7.encode(.refused(refusal), to: .get(path))
        #expect(d7.status == status7 && d7.text == "{\"message\":\"\(text7)\"}")
    }

    @Test(
        arguments: [
            (Refusal.chartersOff, 403, nil), (.alreadyFiled, 409, nil), (.bookingLimit, 409, nil),
            (.aircraftUnknown, 404, nil),
            (.tooManyRequests(retryAfterSeconds: 9), 429, "9"), (.overloaded(retryAfterSeconds: 0), 429, "1"),
            (.unavailable(retryAfterSeconds: 5), 503, "5"),
        ] as [(Refusal, Int, String?)])
    func asksToComeBack(_ refusal: Refusal, _ status: Int, _ seconds: String?) {
        for adapter in [Self.d5, Self.d7] as [any TrackerAdapter] {
            let reply = adapter.encode(.refused(refusal), to: .get("flights/charter"))
            #expect(reply.status == status && reply.header("Retry-After") == seconds)
        }
    }

    @Test func saysWhichMethodIsAllowed() {
        let frame = RawFrame.get("flights/update")
        let error = SmartCARS3Adapter().decode(frame).error
        let reply = error.map { Self.d5.encode($0, to: frame) }
        #expect(reply?.status == 405 && reply?.header("Allow") == "POST, OPTIONS, HEAD")
        #expect(reply?.text == #"{"message":"POST request method expected, received a GET request instead."}"#)
    }
}
