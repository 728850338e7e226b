import Domain

/// Message -> request: the only place where units and codes change on the way in.
struct SmartCARS2Translator {
    let receivedAt: Timestamp
    let site: TrackerSite

    /// The official server gives no more rows.
    static let searchLimit = 1001

    func request(_ message: SmartCARS2Message) -> TrackerRequest {
        switch message {
        case .probe: .probe
        case .logIn(let user, let session, let password):
            .logIn(LogIn(name: LegacyNames.pilot(user, site), password: password, session: session))
        case .session(let pilot, let old, let new): .clientSession(pilot: pilot, old: old, new: new)
        case .pilotCenter: .statistics
        case .airports: .airports
        case .aircraft: .aircraft
        case .bids: .bookings
        case .bid(let route): .book(schedule: route, aircraft: nil, repeatIsSame: false)
        case .deleteBid(let bid): .cancelBooking(.number(bid))
        case .searchFlights(let search): .searchSchedules(query(search))
        case .charter(let charter): .charter(request(charter))
        case .position(let position): .progress(FlightKey(booking: position.bidID), progress(position))
        case .report(let report): .file(FlightKey(booking: report.bidID), filing(report))
        case .searchReports(let search): .searchReports(query(search))
        case .reportData(let id): .reportDetails(id: id)
        }
    }

    static func client(of message: SmartCARS2Message) -> String? {
        if case .report(let report) = message { return report.log.client }
        return nil
    }

    private func query(_ search: SmartCARS2FlightSearch) -> ScheduleQuery {
        var query = ScheduleQuery()
        query.departure = search.departure?.uppercased()
        query.arrival = search.arrival?.uppercased()
        query.minimumFlightTimeHours = search.minimumTime
        query.maximumFlightTimeHours = search.maximumTime
        query.aircraftName = search.aircraft
        query.limit = Self.searchLimit
        return query
    }

    private func query(_ search: SmartCARS2ReportSearch) -> ReportQuery {
        var query = ReportQuery()
        query.departure = search.departure?.uppercased()
        query.arrival = search.arrival?.uppercased()
        query.from = search.from
        query.to = search.to
        query.aircraftName = search.aircraft
        switch search.status {
        case 1: query.status = .accepted
        case 2: query.status = .pending
        case 3: query.status = .rejected
        default: break
        }
        return query
    }

    /// Code that the official server gives a charter without one.
    private static let charterCode = "SCC"

    private func request(_ charter: SmartCARS2Charter) -> CharterRequest {
        let code = (charter.code.isEmpty ? Self.charterCode : charter.code).uppercased()
        let number = charter.number.uppercased()
        var request = CharterRequest(
            callsign: LegacyText.cut(number.hasPrefix(code) ? number : code + number, to: 32),
            departure: charter.departure, arrival: charter.arrival,
            route: points(charter.route), aircraft: charter.aircraft, cruise: charter.level,
            isCargo: charter.isCargo, departureTime: charter.departureTime, arrivalTime: charter.arrivalTime)
        request.flightTime = charter.flightTime
        request.distance = charter.distance.flatMap { $0 > 0 ? NauticalMiles($0) : nil }
        return request
    }

    private func points(_ route: String) -> [String] { route.uppercased().split { $0.isWhitespace }.map(String.init) }
    private func route(_ text: String?) -> String? { text.map { points($0).joined(separator: " ") } }

    private func progress(_ report: SmartCARS2Position) -> FlightProgress {
        var sample = PositionSample(eventTime: receivedAt, receivedAt: receivedAt, position: report.position)
        sample.altitudeMSL = report.altitude.map { Feet($0) }
        sample.groundSpeed = report.groundSpeed.map { Knots($0) }
        sample.heading = report.trueHeading.map {
            Degrees(($0 + 360).truncatingRemainder(dividingBy: 360))
        }
        sample.distanceRemaining = report.distanceRemaining.map { NauticalMiles($0) }
        sample.timeRemaining = report.timeRemaining
        sample.claimedPhase = report.phase.flatMap(phase)
        sample.network = report.network.flatMap {
            $0.lowercased() == "offline" ? nil : LegacyText.cut($0, to: 32)
        }
        sample.extras = report.others
        var progress = FlightProgress(positions: [PositionReport(sample: sample, aircraftText: report.aircraft)])
        progress.details.route = route(report.route)
        return progress
    }

    private func phase(_ index: Int) -> PhaseOfFlight? {
        switch index {
        case 0: .boarding
        case 1: .pushback
        case 2: .taxiOut
        case 3: .takeoff
        case 4: .climb
        case 5: .cruise
        case 6: .descent
        case 7, 8: .approach
        case 9: .landing
        case 10: .taxiIn
        case 11, 12: .arrived
        default: nil
        }
    }

    private func filing(_ report: SmartCARS2Report) -> FilingRequest {
        var details = FlightDetails()
        if let number = report.number.flatMap({ LegacyNames.flight($0, site) }) {
            details.airline = number.airline ?? report.code?.uppercased()
            details.flightNumber = number.number
        }
        details.departure = report.departure.flatMap { ICAOLocation($0) }
        details.arrival = report.arrival.flatMap { ICAOLocation($0) }
        details.aircraftText = report.aircraft
        details.aircraft = report.aircraft.flatMap { LegacyNumber.measure($0) }.flatMap { number, unit in
            unit.isEmpty ? Int(exactly: number).flatMap { (1...Int(Int32.max)).contains($0) ? $0 : nil } : nil
        }
        details.landingRate = report.landingRate.map { FeetPerMinute($0) }
        details.fuelUsed = report.fuelUsed.map { Kilograms(Pounds($0)) }
        details.flightTime = report.flightTime
        details.route = route(report.route)
        details.client = report.log.client
        if let fuel = report.fuelUsed { details.asSent["fuelUsed"] = "\(SmartCARS2Encoder.plain(fuel)) lb" }
        var filing = FilingRequest(
            details, comments: report.comments.map { LegacyText.cut($0, to: 65_536) }, log: report.log.entries)
        // Passengers or cargo: the bid's type says which.
        filing.content.load = report.load
        filing.fuelUsedAsSent = report.fuelUsed
        filing.flightTimeHours = report.flightTime.map { Double($0.rawValue) / 60 }
        return filing
    }
}
