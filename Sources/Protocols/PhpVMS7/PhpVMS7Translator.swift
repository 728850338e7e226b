import Domain

/// Message -> request: the only place where units and codes change on the way in.
struct PhpVMS7Translator {
    let frame: RawFrame

    /// Code of the airline with this number.
    func airline(_ number: Int) -> String? {
        frame.site.codes.indices.contains(number - 1) ? frame.site.codes[number - 1] : nil
    }

    // MARK: A flight as a whole

    /// A repeat of a prefile within this time means the same flight, because its answer was lost.
    private static let repeatTime = Milliseconds.minutes(10)

    func start(_ report: PhpVMS7Report) -> FlightStart {
        var start = FlightStart(details(report))
        // Whatever was sent.
        start.details.status = PhpVMS7Status.initiated.rawValue
        start.schedule = report.flightID
        start.reuseWithin = Self.repeatTime
        start.isStrict = true
        return start
    }

    func update(_ report: PhpVMS7Report) -> FlightProgress {
        var progress = FlightProgress(details: details(report))
        if let state = report.state { progress.pause = state == 7 }
        progress.takesLate = true
        progress.needsUndecided = true
        progress.wantsFlight = true
        return progress
    }

    func filing(_ report: PhpVMS7Report, isUpdate: Bool) -> FilingRequest {
        var details = details(report)
        if !isUpdate || details.status == nil { details.status = PhpVMS7Status.arrived.rawValue }
        var filing = FilingRequest(details)
        filing.fuelUsedAsSent = report.fuelUsed
        return filing
    }

    private func details(_ report: PhpVMS7Report) -> FlightDetails {
        var details = FlightDetails()
        details.airline = report.airlineID.flatMap(airline)
        details.aircraft = report.aircraftID
        details.flightNumber = report.flightNumber.map { $0.filter { $0 != " " }.uppercased() }
        details.departure = airport(report.departure, "dpt_airport_id", &details)
        details.arrival = airport(report.arrival, "arr_airport_id", &details)
        details.alternate = airport(report.alternate, "alt_airport_id", &details)
        details.flightType = report.flightType
        details.routeCode = report.routeCode
        details.routeLeg = report.routeLeg
        details.status = report.status.map { String($0.prefix(3)) }
        details.level = report.level.map { Int($0.rounded()) }
        details.distance = report.distance.map { NauticalMiles($0) }
        details.plannedDistance = report.plannedDistance.map { NauticalMiles($0) }
        details.flightTime = report.flightTime.map { Minutes($0) }
        details.plannedTime = report.plannedFlightTime.map { Minutes($0) }
        details.blockTime = report.blockTime.map { Minutes($0) }
        details.zeroFuelWeight = mass(report.zfw, "zeroFuelWeight", &details)
        details.blockFuel = mass(report.blockFuel, "blockFuel", &details)
        details.fuelUsed = mass(report.fuelUsed, "fuelUsed", &details)
        details.landingRate = report.landingRate.map { FeetPerMinute($0) }
        details.score = report.score
        details.route = report.route.map {
            $0.split(whereSeparator: \.isWhitespace).joined(separator: " ").uppercased()
        }
        details.notes = report.notes
        details.client = report.sourceName
        details.out = report.blockOff
        details.inBlock = report.blockOn
        details.fields = report.fields
        details.network = network(report.fields)
        details.fares = report.fares
        details.asSent["source"] = report.source.map { String($0) }
        details.asSent["created_at"] = report.created?.iso8601
        details.asSent["submitted_at"] = report.submitted?.iso8601
        return details
    }

    /// What is no airport's code is kept as it was sent.
    private func airport(_ code: String?, _ name: String, _ details: inout FlightDetails) -> ICAOLocation? {
        guard let code else { return nil }
        guard let airport = ICAOLocation(code) else {
            details.asSent[name] = code
            return nil
        }
        return airport
    }

    private func mass(_ pounds: Double?, _ name: String, _ details: inout FlightDetails) -> Kilograms? {
        guard let pounds else { return nil }
        details.asSent[name] = "\(PhpVMS7Translator.text(pounds)) lb"
        return Kilograms(Pounds(pounds))
    }

    private static func text(_ number: Double) -> String {
        Int(exactly: number).map { String($0) } ?? number.description
    }

    /// vmsACARS tells the network in a field of its own.
    private func network(_ fields: [String: String]) -> String? {
        guard let name = fields["Network Online"]?.uppercased() else { return nil }
        return ["VATSIM": "VATSIM", "IVAO": "IVAO", "PILOTEDGE": "PilotEdge", "POSCON": "POSCON"][name]
    }

    func fields(_ map: [String: String]) -> FlightProgress {
        var progress = FlightProgress()
        progress.details.fields = map
        progress.details.network = network(map)
        progress.takesLate = true
        progress.wantsFlight = true
        return progress
    }

    // MARK: On the way

    func positions(_ positions: [PhpVMS7Position]) -> FlightProgress {
        var progress = FlightProgress(positions: positions.compactMap(report))
        progress.takesLate = true
        progress.count = positions.count
        return progress
    }

    /// - Returns: Nil for a point that is not on the earth.
    private func report(_ wire: PhpVMS7Position) -> PositionReport? {
        guard let position = Position(latitude: wire.latitude, longitude: wire.longitude) else { return nil }
        var sample = PositionSample(eventTime: frame.receivedAt, receivedAt: frame.receivedAt, position: position)
        sample.clientID = wire.id
        sample.clientTime = wire.simTime ?? wire.created
        // `altitude` alone stands for both in answers, but it is no height: at a field of 2000 ft it would be airborne.
        sample.altitudeMSL = (wire.altitudeMSL ?? wire.altitude).map { Feet($0) }
        sample.heightAGL = wire.altitudeAGL.map { Feet($0) }
        sample.heading = wire.heading.map { Degrees($0 == 360 ? 0 : $0) }
        sample.verticalSpeed = wire.verticalSpeed.map { FeetPerMinute($0) }
        sample.groundSpeed = wire.groundSpeed.map { Knots($0) }
        sample.indicatedAirspeed = wire.indicatedAirspeed.map { Knots($0) }
        sample.fuel = wire.fuel.map { Kilograms(Pounds($0)) }
        sample.fuelFlow = wire.fuelFlow.map { Kilograms(Pounds($0)) }
        sample.extras = wire.others
        sample.extras["distance"] = wire.distance.map { PhpVMS7Translator.text($0) }
        if let status = wire.status {
            sample.claimedPhase = PhpVMS7Status(rawValue: String(status.prefix(3)))?.phase
            sample.extras["status"] = String(status.prefix(3))
        }
        if wire.simTime != nil { sample.extras["created_at"] = wire.created?.iso8601 }
        return PositionReport(sample: sample)
    }

    func lines(_ lines: [PhpVMS7Line], _ kind: FlightLine.Kind) -> FlightProgress {
        var progress = FlightProgress()
        progress.lines = lines.map { line in
            var position: Position?
            if let latitude = line.latitude, let longitude = line.longitude {
                position = Position(latitude: latitude, longitude: longitude)
            }
            return FlightLine(
                kind, LegacyText.cut(line.text, to: 1000), time: line.simTime ?? line.created, position: position,
                clientID: line.id, receivedAt: frame.receivedAt)
        }
        progress.takesLate = true
        progress.count = lines.count
        return progress
    }

    func route(_ points: [PhpVMS7Waypoint]) -> FlightProgress {
        var progress = FlightProgress()
        progress.details.waypoints = points.compactMap { point in
            Position(latitude: point.latitude, longitude: point.longitude).map {
                FlightDetails.Waypoint(
                    id: point.id, name: point.name, order: point.order, position: $0, kind: point.kind)
            }
        }
        progress.takesLate = true
        progress.count = points.count
        return progress
    }
}

extension FlightReply.State {
    /// Decisions B4.
    var phpVMS: Int {
        switch self {
        case .open, .abandoned: 0
        case .filed, .inReview: 1
        case .accepted: 2
        case .cancelled: 3
        case .rejected: 6
        case .paused: 7
        }
    }
}
