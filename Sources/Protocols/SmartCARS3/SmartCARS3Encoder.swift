import Domain

/// Reply -> bytes. Every answer is JSON by its header and carries the CORS headers, errors and empty bodies too.
struct SmartCARS3Encoder {
    let dialect: SmartCARS3.Dialect
    let frame: RawFrame

    private static let headers: [(String, String)] = [
        ("Content-Type", "application/json"),
        ("Access-Control-Allow-Methods", "GET, POST, OPTIONS, HEAD"),
        (
            "Access-Control-Allow-Headers",
            "Content-Type, Access-Control-Allow-Headers, Authorization, X-Requested-With"
        ),
        ("Access-Control-Allow-Origin", "*"),
    ]

    func encode(_ error: DecodeError) -> EncodedReply {
        var headers = Self.headers
        if error.code == .wrongMethod, let endpoint = SmartCARS3Endpoint(path: frame.path, dialect: dialect) {
            headers.append(("Allow", "\(endpoint.method), OPTIONS, HEAD"))
        }
        return EncodedReply(status: error.status, headers: headers, body: message(error.message))
    }

    func encode(_ reply: TrackerReply) -> EncodedReply {
        switch reply {
        case .probe:
            return object {
                $0.member("apiVersion", dialect == .d5 ? "1.0.2" : "1.0.3")
                $0.member("handler", dialect == .d5 ? "phpvms5" : "phpvms7")
            }
        case .preflight: return dialect == .d7 && frame.method != "HEAD" ? object { _ in } : empty
        case .pilot(let pilot): return self.pilot(pilot)
        case .statistics(let statistics): return self.statistics(statistics)
        case .airports(let airports): return list(airports, airport)
        case .aircraft(let fleet): return aircraft(fleet)
        case .subfleets(let subfleets): return list(subfleets, subfleet)
        case .flightTypes: return flightTypes
        case .news(let news): return self.news(news.first)
        case .schedules(let page): return list(page.entries) { schedule($1, nil, into: &$0) }
        case .bookings(let bookings, subfleets: _):
            return list(bookings) { schedule($1.schedule, $1.booking, into: &$0) }
        case .booked(let plan): return object { $0.member("bidID", plan.booking?.number) }
        case .bookingChanged(let booking): return object { $0.member("bidID", booking) }
        case .bookingCancelled, .flightCancelled: return dialect == .d5 ? empty : object { $0.member("status", 200) }
        case .started(let flight): return object { $0.member("trackingID", flight.description) }
        case .progress: return empty
        case .filed(let flight, isRepeat: _):
            return object {
                if dialect == .d5 {
                    $0.member("pirepID", flight.number)
                } else {
                    $0.member("pirepID", flight.id.description)
                }
            }
        case .reports(let reports): return list(reports) { report($1, into: &$0, dateOnly: false) }
        case .latestReport(let latest):
            guard dialect == .d7, let latest else {
                return list(latest.map { [$0] } ?? []) { report($1, into: &$0, dateOnly: false) }
            }
            var writer = JSONWriter()
            report(latest, into: &writer, dateOnly: true)
            return EncodedReply(status: 200, headers: Self.headers, body: writer.bytes)
        case .reportDetails(let details): return self.details(details)
        case .refused(let refusal): return refused(refusal)
        // Answers to questions that this protocol has not.
        case .profile, .airlines, .schedule, .booking, .begun, .commented, .flight, .track, .flights:
            return refused(.unavailable(retryAfterSeconds: 60))
        }
    }

    // MARK: Building blocks

    private var empty: EncodedReply { EncodedReply(status: 200, headers: Self.headers, body: []) }

    private func object(_ members: (inout JSONWriter) -> Void) -> EncodedReply {
        var writer = JSONWriter()
        writer.object(members)
        return EncodedReply(status: 200, headers: Self.headers, body: writer.bytes)
    }

    private func list<Element>(
        _ elements: [Element], _ element: (inout JSONWriter, Element) -> Void
    ) -> EncodedReply {
        var writer = JSONWriter(capacity: 64 + elements.count * 128)
        writer.array(elements, element)
        return EncodedReply(status: 200, headers: Self.headers, body: writer.bytes)
    }

    private func message(_ text: String) -> [UInt8] {
        var writer = JSONWriter()
        writer.object { $0.member("message", text) }
        return writer.bytes
    }

    // MARK: Pilot

    private func pilot(_ reply: PilotReply) -> EncodedReply {
        let words = reply.profile.name.split(whereSeparator: \.isWhitespace)
        // The phpVMS 7 module keeps two words only.
        let family = dialect == .d5 ? words.dropFirst().joined(separator: " ") : String(words.dropFirst().first ?? "")
        return object {
            $0.member("dbID", reply.profile.number)
            $0.member("pilotID", reply.profile.ident)
            $0.member("firstName", String(words.first ?? ""))
            $0.member("lastName", family)
            $0.member("email", reply.profile.email)
            $0.member("rank", reply.profile.rank)
            $0.member("rankImage", String?.none)
            $0.member("rankLevel", 0)
            $0.member("avatar", String?.none)
            $0.member("session", reply.token)
            $0.member("expiry", Int(reply.expires.milliseconds / 1000))
        }
    }

    private func statistics(_ reply: StatisticsReply) -> EncodedReply {
        let rate = reply.averageLandingRate?.rawValue
        return object {
            $0.member("hoursFlown", hours(reply.flightTime))
            $0.member("flightsFlown", reply.flights)
            $0.member("averageLandingRate", dialect == .d5 ? (rate ?? 0).rounded() : rate)
            $0.member("pirepsFiled", dialect == .d5 ? reply.flights : reply.reports)
        }
    }

    /// Decimal hours; the phpVMS 7 module gives two decimals.
    private func hours(_ minutes: Minutes) -> Double {
        let hours = Double(minutes.rawValue) / 60
        return dialect == .d5 ? hours : (hours * 100).rounded() / 100
    }

    // MARK: Reference data

    private func airport(_ writer: inout JSONWriter, _ airport: Airport) {
        writer.object {
            $0.member("id", airport.icao.code)
            $0.member("code", airport.icao.code)
            $0.member("name", airport.name)
            $0.member("latitude", airport.position.latitude)
            $0.member("longitude", airport.position.longitude)
        }
    }

    private func aircraft(_ fleet: [AircraftDetails]) -> EncodedReply {
        let shown = dialect == .d5 ? fleet.filter(\.isActive) : fleet
        return list(shown.sorted { ($0.name, $0.number) < ($1.name, $1.number) }) { writer, aircraft in
            writer.object {
                $0.member("id", aircraft.number)
                $0.member("code", aircraft.type)
                let status = aircraft.isActive ? "Active" : "Maintenance"
                if dialect == .d5 {
                    $0.member("name", aircraft.name)
                    $0.member("registration", aircraft.registration)
                } else {
                    $0.member("name", "\(aircraft.name) (\(aircraft.registration)) - \(status)")
                    $0.member("status", status)
                }
                $0.member("serviceCeiling", Self.whole(aircraft.serviceCeiling.rawValue))
                // The module's constants stand in for what is not known.
                let isD7 = dialect == .d7
                $0.member(
                    "maximumPassengers",
                    isD7 && aircraft.maximumPassengers == 0 ? 300 : aircraft.maximumPassengers
                )
                $0.member(
                    "maximumCargo",
                    isD7 && aircraft.maximumCargo.rawValue == 0 ? 1000 : aircraft.maximumCargo.rawValue
                )
                if isD7 { $0.member("minimumRank", 0) } else { $0.member("minimumRank", aircraft.minimumRank) }
            }
        }
    }

    private static func whole(_ value: Double) -> String { Int(exactly: value.rounded()).map { String($0) } ?? "0" }

    private func subfleet(_ writer: inout JSONWriter, _ subfleet: SubfleetReply) {
        writer.object {
            $0.member("id", subfleet.number)
            $0.member("type", subfleet.type)
            $0.member("name", subfleet.name)
            $0.name("airline")
            $0.object {
                $0.member("icao", subfleet.airline)
                $0.member("name", subfleet.airline)
            }
        }
    }

    /// Names and letters of phpVMS 7's flight types.
    private var flightTypes: EncodedReply {
        object {
            for (name, letter) in [
                ("SCHED_PAX", "J"), ("SCHED_CARGO", "F"), ("CHARTER_PAX_ONLY", "C"), ("ADDTL_CARGO_MAIL", "A"),
                ("VIP", "E"), ("ADDTL_PAX", "G"), ("CHARTER_CARGO_MAIL", "H"), ("AMBULANCE", "I"), ("TRAINING", "K"),
                ("MAIL_SERVICE", "M"), ("CHARTER_SPECIAL", "O"), ("POSITIONING", "P"), ("TECHNICAL_TEST", "T"),
                ("MILITARY", "W"), ("TECHNICAL_STOP", "X"),
            ] { $0.member(name, letter) }
        }
    }

    private func news(_ news: NewsReply?) -> EncodedReply {
        object {
            guard let news else { return }
            $0.member("title", news.title)
            $0.member("body", news.body)
            $0.member("postedAt", dialect == .d5 ? news.postedAt.spaced : news.postedAt.withMicroseconds)
            $0.member("postedBy", news.postedBy)
        }
    }

    // MARK: Flights

    private static let days = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"]

    private func schedule(_ schedule: ScheduleDetails, _ booking: BookingDetails?, into writer: inout JSONWriter) {
        writer.object { members(of: schedule, booking, into: &$0) }
    }

    private func members(of schedule: ScheduleDetails, _ booking: BookingDetails?, into writer: inout JSONWriter) {
        if let booking {
            writer.member("bidID", booking.number)
            if dialect == .d7 { writer.member("flightID", schedule.id.description) }
        } else if dialect == .d5 {
            writer.member("id", schedule.number)
        } else {
            writer.member("id", schedule.id.description)
        }
        writer.member("code", schedule.airline)
        writer.member("number", schedule.flightNumber)
        writer.member("type", type(schedule))
        writer.member("departureAirport", schedule.departure.code)
        writer.member("arrivalAirport", schedule.arrival.code)
        // A text here stops the client's page: an array, or for no route nothing (D5) or null (D7).
        if !schedule.route.isEmpty {
            writer.name("route")
            writer.array(schedule.route.split(separator: " ")) { $0.string(String($1)) }
        } else if dialect == .d7 {
            writer.member("route", String?.none)
        }
        writer.name("aircraft")
        if let chosen = booking?.aircraft {
            writer.integer(chosen)
        } else if schedule.aircraft.count == 1, booking == nil || dialect == .d5 {
            writer.integer(schedule.aircraft[0])
        } else {
            writer.array(schedule.aircraft) { $0.integer($1) }
        }
        writer.member("flightLevel", schedule.level)
        writer.member("distance", schedule.distance.rawValue)
        let absent: String? = dialect == .d5 ? "" : nil
        writer.member("departureTime", schedule.departureTime ?? absent)
        writer.member("arrivalTime", schedule.arrivalTime ?? absent)
        writer.member("flightTime", hours(schedule.flightTime))
        if dialect == .d7, booking != nil {
            writer.member("daysOfWeek", schedule.days)
        } else {
            let sundayFirst = dialect == .d7 ? [] : [6, 0, 1, 2, 3, 4, 5].filter { schedule.days >> $0 & 1 == 1 }
            writer.name("daysOfWeek")
            writer.array(sundayFirst) { $0.string(Self.days[$1]) }
        }
        writer.member("notes", schedule.notes)
    }

    private func type(_ schedule: ScheduleDetails) -> String? {
        if schedule.isCargo { return "C" }
        return dialect == .d5 || ["J", "E", "C", "G", "O"].contains(schedule.flightType) ? "P" : nil
    }

    // MARK: Reports

    private static let statuteMilesPerNauticalMile = 1.852 / 1.609_344

    private func report(_ report: ReportReply, into writer: inout JSONWriter, dateOnly: Bool) {
        writer.object {
            if dialect == .d5 { $0.member("id", report.number) } else { $0.member("id", report.flight.description) }
            let filed = report.filedAt
            $0.member("submitDate", dialect == .d5 ? filed.withOffset : dateOnly ? filed.day : filed.spaced)
            $0.member("airlineCode", report.airline)
            $0.member("number", report.flightNumber)
            $0.member("route", report.route)
            let distance = report.distance.rawValue
            $0.member(
                "distance",
                dialect == .d5 ? distance : (distance * Self.statuteMilesPerNauticalMile * 100).rounded() / 100
            )
            $0.member("flightType", dialect == .d7 ? report.flightType : report.isCargo ? "C" : "P")
            $0.member("departureAirport", report.departure.code)
            $0.member("arrivalAirport", report.arrival.code)
            $0.member("aircraft", report.aircraft)
            $0.member("status", status(report.status))
            $0.member("flightTime", report.flightTimeHours)
            let rate = report.landingRate?.rawValue
            $0.member("landingRate", dialect == .d5 ? (rate ?? 0).rounded() : rate)
            $0.member("fuelUsed", report.fuelUsed)
        }
    }

    private func status(_ status: ReportQuery.Status) -> String {
        switch status {
        case .accepted: "Accepted"
        case .pending: "Pending"
        case .rejected: "Rejected"
        }
    }

    private func details(_ details: ReportDetailsReply) -> EncodedReply {
        object {
            $0.name("flightLog")
            $0.array(details.log) { $0.string($1) }
            $0.name("locationData")
            if details.track.isEmpty {
                $0.null()
            } else {
                $0.array(dialect == .d5 ? details.track.reversed() : details.track) { writer, sample in
                    writer.object {
                        $0.member("heading", sample.heading?.rawValue)
                        $0.member("latitude", sample.position.latitude)
                        $0.member("longitude", sample.position.longitude)
                    }
                }
            }
            $0.name("flightData")
            $0.array(dialect == .d5 ? details.events : details.events.reversed()) { writer, event in
                writer.object {
                    $0.member("eventId", event.id)
                    $0.member("eventElapsedTime", event.elapsedSeconds)
                    $0.member("eventTimestamp", event.timeText ?? event.time?.iso8601)
                    $0.member("eventCondition", event.condition)
                    $0.member("message", event.message)
                    if let type = event.type { $0.member("type", type) }
                }
            }
        }
    }

    // MARK: Refusals

    private func refused(_ refusal: Refusal) -> EncodedReply {
        let (status, text, retry) = answer(to: refusal)
        var headers = Self.headers
        if let retry { headers.append(("Retry-After", String(max(1, retry)))) }
        return EncodedReply(status: status, headers: headers, body: message(text))
    }

    private func answer(to refusal: Refusal) -> (status: Int, text: String, retry: Int?) {
        let isD5 = dialect == .d5
        let endpoint = SmartCARS3Endpoint(path: frame.path, dialect: dialect)
        let wrongPassword =
            isD5 ? "The username or password was not correct" : "The username or password is incorrect"
        switch refusal {
        case .credentialsWrong, .pilotInactive, .pilotUnknown: return (401, wrongPassword, nil)
        case .pilotUnconfirmed:
            if !isD5 { return (401, wrongPassword, nil) }
            return (409, "The pilot has not been confirmed with this airline yet", nil)
        case .sessionInvalid:
            if endpoint?.isOpen == true { return (isD5 ? 401 : 404, "The session given was not valid", nil) }
            return (401, isD5 ? "The session provided is not valid" : "Invalid Token", nil)
        case .scheduleUnknown: return (404, "A flight with this ID could not be found", nil)
        case .bookingTaken:
            return (
                409,
                isD5 ? "A different pilot has already booked this flight" : "A bid already exists for this flight", nil
            )
        case .bookingUnknown: return (404, "No bids with the given ID were found", nil)
        case .bookingLimit: return (409, "You have the maximum number of bids", nil)
        case .aircraftUnknown, .aircraftNotAvailable: return (404, "An aircraft with this ID could not be found", nil)
        case .airportUnknown, .airlineUnknown: return (400, "Departure or arrival airport not found.", nil)
        case .chartersOff: return (403, "This airline does not allow charter flights", nil)
        case .flightUnknown, .flightOfAnother, .flightCancelled, .flightDecided, .cancelNotAllowed:
            switch endpoint {
            case .start: return (404, "No bids with the given ID were found", nil)
            case .update where isD5: return (404, "There is flight with the specified bid ID", nil)  // sic
            default: return (404, isD5 ? "There is no ongoing flight" : "No active flight", nil)
            }
        case .noAircraftOnBooking: return (409, "No aircraft attached to bid", nil)
        case .reportUnknown: return (404, "A PIREP with this ID was not found", nil)
        case .alreadyFiled: return (409, "Another report has already been filed for this flight", nil)
        case .adapterOff: return (404, "The handler provided could not be found", nil)
        case .overloaded(let seconds): return (429, "The server is busy. Please try again later", seconds)
        case .tooManyRequests(let seconds): return (429, "Too many requests. Please try again later", seconds)
        case .unavailable(let seconds): return (503, "The service is not available at the moment", seconds)
        }
    }
}

extension Timestamp {
    private var wholeSeconds: Timestamp {
        Timestamp(milliseconds: milliseconds - (milliseconds % 1000 + 1000) % 1000)
    }
    /// `2026-11-21`.
    fileprivate var day: String { String(iso8601.prefix(10)) }
    /// `2026-11-21 11:20:05`.
    fileprivate var spaced: String { "\(day) \(wholeSeconds.iso8601.dropFirst(11).prefix(8))" }
    /// `2026-11-21T11:20:05+00:00`.
    fileprivate var withOffset: String { "\(wholeSeconds.iso8601.prefix(19))+00:00" }
    /// `2026-11-21T11:20:05.250000Z`.
    fileprivate var withMicroseconds: String {
        let fraction = String(1000 + (milliseconds % 1000 + 1000) % 1000).dropFirst()
        return "\(wholeSeconds.iso8601.prefix(19)).\(fraction)000Z"
    }
}
