import Domain

/// Message -> request: the only place where units and codes change on the way in.
struct SmartCARS3Translator {
    let receivedAt: Timestamp
    let dialect: SmartCARS3.Dialect

    func request(_ message: SmartCARS3Message) -> TrackerRequest {
        switch message {
        case .probe: return .probe
        case .login(let login): return .logIn(LogIn(name: Self.name(login.username), password: login.password))
        case .session(let token, let renew): return .session(token: token, renew: renew)
        case .statistics: return .statistics
        case .airports: return .airports
        case .aircraft: return .aircraft
        case .news: return .news
        case .subfleets: return .subfleets
        case .flightTypes: return .flightTypes
        case .bookings: return .bookings
        case .latestReport: return .latestReport
        case .search(let search): return .searchSchedules(query(search))
        case .book(let flight, let aircraft):
            return .book(
                schedule: flight.filter { $0 != " " }, aircraft: aircraft.map(Self.number), repeatIsSame: dialect == .d7
            )
        case .rebook(let bid, let aircraft):
            return .changeBookedAircraft(booking: Self.number(bid), aircraft: Self.number(aircraft))
        case .unbook(let bid): return .cancelBooking(.number(Self.number(bid)))
        case .charter(let charter): return .charter(request(charter))
        case .start(let bid): return .startFlight(booking: Self.number(bid))
        case .update(let update): return .progress(key(update.key), FlightProgress(positions: [report(update)]))
        case .cancel(let key): return .cancelFlight(self.key(key), withdraws: false)
        case .complete(let complete): return .file(key(complete.key), filing(complete))
        case .searchReports(let search): return .searchReports(query(search))
        case .reportDetails(let id): return .reportDetails(id: id.filter { $0 != " " })
        }
    }

    /// The number of an entity, 1...2³¹−1; 0, which names nothing, for every other number.
    static func number(_ value: Double?) -> Int {
        guard let value, let number = Int(exactly: value), (1...Int(Int32.max)).contains(number) else { return 0 }
        return number
    }

    /// An aircraft of which only one that can exist is worth mentioning.
    private static func aircraft(_ value: Double?) -> Int? {
        let number = number(value)
        return number == 0 ? nil : number
    }

    private static func name(_ username: String) -> LogIn.Name {
        if username.utf8.contains(UInt8(ascii: "@")) {
            return username.utf8.count <= 254 ? .email(username.lowercased()) : .unusable
        }
        guard !username.isEmpty, username.utf8.count <= 18, username.utf8.allSatisfy(isDigit),
            let number = Int(username), (1...Int(Int32.max)).contains(number)
        else { return .unusable }
        return .number(number)
    }

    private func key(_ key: SmartCARS3Key) -> FlightKey {
        FlightKey(id: key.uuid, booking: key.bidID.map(Self.number))
    }

    private func report(_ update: SmartCARS3Update) -> PositionReport {
        var sample = PositionSample(eventTime: receivedAt, receivedAt: receivedAt, position: update.position)
        sample.clientTime = update.eventTimestamp
        sample.altitudeMSL = update.altitude.map { Feet($0) }
        sample.groundSpeed = update.groundSpeed.map { Knots($0) }
        sample.heading = update.heading.map { Degrees($0 == 360 ? 0 : $0) }
        sample.distanceRemaining = update.distanceRemaining.map { NauticalMiles($0) }
        sample.timeRemaining = update.timeRemaining.map(minutes)
        sample.claimedPhase = update.phase.map(phase)
        sample.network = update.network.flatMap { $0 == .offline ? nil : $0.rawValue }
        return PositionReport(
            sample: sample, aircraft: Self.aircraft(update.aircraft), route: update.route.map(joined)
        )
    }

    private func filing(_ complete: SmartCARS3Complete) -> FilingRequest {
        var content = FiledReport.Content(
            route: joined(complete.route ?? []), log: complete.flightLog, events: complete.flightData
        )
        content.aircraft = Self.aircraft(complete.aircraft)
        content.load = complete.remainingLoad
        content.flightTime = minutes(complete.flightTime)
        content.landingRate = FeetPerMinute(complete.landingRate)
        content.fuelUsed = Kilograms(Pounds(complete.fuelUsed))
        content.comments = complete.comments
        return FilingRequest(
            content: content, flightTimeHours: complete.flightTime, fuelUsedAsSent: complete.fuelUsed
        )
    }

    private func request(_ charter: SmartCARS3Charter) -> CharterRequest {
        CharterRequest(
            callsign: charter.number, departure: charter.departure, arrival: charter.arrival,
            route: charter.route.filter { !$0.isEmpty }, aircraft: Self.number(charter.aircraft),
            cruise: Int(charter.cruise.rounded()), isCargo: charter.type == "C",
            departureTime: charter.departureTime, arrivalTime: charter.arrivalTime
        )
    }

    private func query(_ search: SmartCARS3Search) -> ScheduleQuery {
        var query = ScheduleQuery()
        query.departure = search.departureAirport?.uppercased()
        query.arrival = search.arrivalAirport?.uppercased()
        query.minimumFlightTimeHours = search.minimumFlightTime
        query.maximumFlightTimeHours = search.maximumFlightTime
        query.minimumDistance = search.minimumDistance.map { NauticalMiles($0) }
        query.maximumDistance = search.maximumDistance.map { NauticalMiles($0) }
        // The phpVMS 7 module is given the id of a subfleet.
        if dialect == .d5 {
            query.aircraft = search.aircraft.map(Self.number)
        } else {
            query.subfleet = search.aircraft.map(Self.number)
        }
        query.callsign = search.callsign.flatMap { $0.isEmpty ? nil : $0.uppercased() }
        query.limit = Int(min(100, search.limit ?? 100))
        return query
    }

    private func query(_ search: SmartCARS3ReportSearch) -> ReportQuery {
        var query = ReportQuery()
        query.departure = search.departureAirport?.uppercased()
        query.arrival = search.arrivalAirport?.uppercased()
        query.from = search.startDate
        query.to = search.endDate
        query.status = search.status.flatMap { ReportQuery.Status(rawValue: $0 == "denied" ? "rejected" : $0) }
        query.aircraft = search.aircraft.map(Self.number)
        return query
    }

    /// Single spaces; the client splits its text at every space, so entries may be empty.
    private func joined(_ route: [String]) -> String { route.filter { !$0.isEmpty }.joined(separator: " ") }

    /// Decimal hours, already checked to be within days.
    private func minutes(_ hours: Double) -> Minutes { Minutes(Int((hours * 60).rounded())) }

    private func phase(_ phase: SmartCARS3Phase) -> PhaseOfFlight {
        switch phase {
        case .boarding: .boarding
        case .pushBack: .pushback
        case .taxi, .rejectedTakeOff: .taxiOut
        case .takeOff: .takeoff
        case .climbOut, .climb, .goAround: .climb
        case .cruise: .cruise
        case .descent: .descent
        case .approach, .final, .diverted: .approach
        case .landed: .landing
        case .taxiToGate: .taxiIn
        case .deboarding: .arrived
        }
    }
}
