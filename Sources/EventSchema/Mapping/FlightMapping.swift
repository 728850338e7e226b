internal import Domain
internal import SwiftProtobuf

extension ProtoFlightOpened: EventMessage {
    static let eventType = "flight.opened"
    init(_ opening: FlightOpening) {
        self.init()
        id = opening.id.data
        number = Int64(opening.number)
        user = opening.user.data
        pilotIdent = opening.pilotIdent
        pilotName = opening.pilotName
        adapter = opening.adapter
        if let value = opening.booking { booking = ProtoBookingDetails(value) }
        if let value = opening.schedule { schedule = ProtoScheduleDetails(value) }
        if let value = opening.aircraft { aircraft = ProtoAircraftDetails(value) }
        callsign = opening.callsign
        flightNumber = opening.flightNumber
        if let value = opening.departure { departure = value.code }
        if let value = opening.arrival { arrival = value.code }
        if let value = opening.alternate { alternate = value.code }
        if let value = opening.network { network = value }
        ruleset = ProtoRulesetReference(opening.ruleset)
        openedAtMs = opening.openedAt.milliseconds
        if let value = opening.code { code = value }
        if let value = opening.clientKey { clientKey = value }
    }
    func event() throws(FieldError) -> DomainEvent {
        guard hasRuleset else { throw FieldError("FlightOpened.ruleset") }
        let opening = FlightOpening(
            id: try FlightID(id, "FlightOpened.id"), number: Int(number), user: try UserID(user, "FlightOpened.user"),
            pilotIdent: pilotIdent, pilotName: pilotName, adapter: adapter,
            booking: hasBooking ? try booking.value() : nil, schedule: hasSchedule ? try schedule.value() : nil,
            aircraft: hasAircraft ? try aircraft.value() : nil, callsign: callsign, flightNumber: flightNumber,
            departure: hasDeparture ? try ICAOLocation(departure, "FlightOpened.departure") : nil,
            arrival: hasArrival ? try ICAOLocation(arrival, "FlightOpened.arrival") : nil,
            alternate: hasAlternate ? try ICAOLocation(alternate, "FlightOpened.alternate") : nil,
            network: hasNetwork ? network : nil, ruleset: ruleset.value,
            openedAt: Timestamp(milliseconds: openedAtMs), code: hasCode ? code : nil,
            clientKey: hasClientKey ? clientKey : nil
        )
        return .flight(.opened(opening))
    }
}

extension ProtoFlightPositionsRecorded: EventMessage {
    static let eventType = "flight.positions-recorded"
    init(_ samples: [PositionSample], _ clockShift: Milliseconds) {
        self.init()
        self.samples = samples.map(ProtoPositionSample.init)
        clockShiftMs = clockShift.rawValue
    }
    func event() throws(FieldError) -> DomainEvent {
        var values: [PositionSample] = []
        values.reserveCapacity(samples.count)
        for sample in samples { values.append(try sample.value()) }
        return .flight(.positionsRecorded(values, clockShift: Milliseconds(clockShiftMs)))
    }
}

extension ProtoFlightLogRecorded: EventMessage {
    static let eventType = "flight.log-recorded"
    func event() throws(FieldError) -> DomainEvent {
        var values: [FlightLine] = []
        values.reserveCapacity(lines.count)
        for line in lines { values.append(try line.value()) }
        return .flight(.linesRecorded(values))
    }
}

extension ProtoFlightLine {
    init(_ line: FlightLine) {
        self.init()
        kind =
            switch line.kind {
            case .log: .log
            case .event: .event
            case .message: .message
            case .out: .out
            case .off: .off
            case .on: .on
            case .inBlock: .in
            }
        text = line.text
        if let value = line.time { timeMs = value.milliseconds }
        if let value = line.position { position = ProtoPosition(value) }
        if let value = line.clientID { clientID = value }
        receivedAtMs = line.receivedAt.milliseconds
    }
    func value() throws(FieldError) -> FlightLine {
        let kind: FlightLine.Kind =
            switch kind {
            case .log: .log
            case .event: .event
            case .message: .message
            case .out: .out
            case .off: .off
            case .on: .on
            case .in: .inBlock
            case .unspecified, .UNRECOGNIZED: throw FieldError("FlightLine.kind")
            }
        return FlightLine(
            kind, text, time: Timestamp(timeMs, if: hasTimeMs),
            position: hasPosition ? try position.value("FlightLine.position") : nil,
            clientID: hasClientID ? clientID : nil, receivedAt: Timestamp(milliseconds: receivedAtMs)
        )
    }
}

extension ProtoFlightDetailsChanged: EventMessage {
    static let eventType = "flight.details-changed"
    init(_ details: FlightDetails, _ at: Timestamp) {
        self.init()
        self.details = ProtoFlightDetails(details)
        atMs = at.milliseconds
    }
    func event() throws(FieldError) -> DomainEvent {
        .flight(.detailsChanged(try details.value(), at: Timestamp(milliseconds: atMs)))
    }
}

extension ProtoFlightPaused: EventMessage {
    static let eventType = "flight.paused"
    func event() -> DomainEvent { .flight(.paused(at: Timestamp(milliseconds: atMs))) }
}

extension ProtoFlightResumed: EventMessage {
    static let eventType = "flight.resumed"
    func event() -> DomainEvent { .flight(.resumed(at: Timestamp(milliseconds: atMs))) }
}

extension ProtoFlightCommented: EventMessage {
    static let eventType = "flight.commented"
    init(_ comment: FlightComment) {
        self.init()
        number = Int64(comment.number)
        user = comment.user.data
        ident = comment.ident
        name = comment.name
        text = comment.text
        atMs = comment.at.milliseconds
    }
    func event() throws(FieldError) -> DomainEvent {
        let comment = FlightComment(
            number: Int(number), user: try UserID(user, "FlightCommented.user"), ident: ident, name: name, text: text,
            at: Timestamp(milliseconds: atMs)
        )
        return .flight(.commented(comment))
    }
}

extension ProtoFlightCancelled: EventMessage {
    static let eventType = "flight.cancelled"
    func event() -> DomainEvent { .flight(.cancelled(at: Timestamp(milliseconds: atMs))) }
}

extension ProtoFlightAbandoned: EventMessage {
    static let eventType = "flight.abandoned"
    func event() -> DomainEvent { .flight(.abandoned(at: Timestamp(milliseconds: atMs))) }
}

extension ProtoFlightEnded: EventMessage {
    static let eventType = "flight.ended"
    func event() -> DomainEvent { .flight(.ended(at: Timestamp(milliseconds: atMs))) }
}

extension ProtoPositionSample {
    /// The offsets wrap around, and so does adding them again: every pair of times comes back.
    init(_ sample: PositionSample) {
        self.init()
        eventTimeMs = sample.eventTime.milliseconds
        receivedOffsetMs = sample.receivedAt.milliseconds &- sample.eventTime.milliseconds
        if let value = sample.clientTime { clientOffsetMs = value.milliseconds &- sample.eventTime.milliseconds }
        latitude = sample.position.latitude
        longitude = sample.position.longitude
        if let value = sample.altitudeMSL { altitudeMslFt = value.rawValue }
        if let value = sample.heightAGL { heightAglFt = value.rawValue }
        if let value = sample.groundSpeed { groundSpeedKt = value.rawValue }
        if let value = sample.indicatedAirspeed { indicatedAirspeedKt = value.rawValue }
        if let value = sample.verticalSpeed { verticalSpeedFpm = value.rawValue }
        if let value = sample.heading { headingDeg = value.rawValue }
        if let value = sample.onGround { onGround = value }
        if let value = sample.fuel { fuelKg = value.rawValue }
        if let value = sample.distanceRemaining { distanceRemainingNm = value.rawValue }
        if let value = sample.claimedPhase { claimedPhase = ProtoPhaseOfFlight(value) }
        if let value = sample.pressureAltitude { pressureAltitudeFt = value.rawValue }
        if let value = sample.simulationRate { simulationRate = value }
        if let value = sample.parkingBrake { parkingBrake = value }
        if let value = sample.enginesRunning { enginesRunning = value }
        if let value = sample.timeRemaining { timeRemainingMin = Int64(value.rawValue) }
        if let value = sample.network { network = value }
        if let value = sample.trueAirspeed { trueAirspeedKt = value.rawValue }
        if let value = sample.windDirection { windDirectionDeg = value.rawValue }
        if let value = sample.windSpeed { windSpeedKt = value.rawValue }
        if let value = sample.outsideTemperature { outsideTemperatureC = value }
        if let value = sample.fuelFlow { fuelFlowKg = value.rawValue }
        if let value = sample.clientID { clientID = value }
        positionIsHeld = sample.positionIsHeld
        if !sample.extras.isEmpty { extras = ProtoNamedText.list(sample.extras) }
    }
    func value() throws(FieldError) -> PositionSample {
        guard let position = Position(latitude: latitude, longitude: longitude) else {
            throw FieldError("PositionSample.latitude")
        }
        var sample = PositionSample(
            eventTime: Timestamp(milliseconds: eventTimeMs),
            receivedAt: Timestamp(milliseconds: eventTimeMs &+ receivedOffsetMs), position: position
        )
        sample.clientTime = Timestamp(eventTimeMs &+ clientOffsetMs, if: hasClientOffsetMs)
        sample.altitudeMSL = Feet(altitudeMslFt, if: hasAltitudeMslFt)
        sample.heightAGL = Feet(heightAglFt, if: hasHeightAglFt)
        sample.groundSpeed = Knots(groundSpeedKt, if: hasGroundSpeedKt)
        sample.indicatedAirspeed = Knots(indicatedAirspeedKt, if: hasIndicatedAirspeedKt)
        sample.verticalSpeed = FeetPerMinute(verticalSpeedFpm, if: hasVerticalSpeedFpm)
        sample.heading = Degrees(headingDeg, if: hasHeadingDeg)
        if hasOnGround { sample.onGround = onGround }
        sample.fuel = Kilograms(fuelKg, if: hasFuelKg)
        sample.distanceRemaining = NauticalMiles(distanceRemainingNm, if: hasDistanceRemainingNm)
        if hasClaimedPhase { sample.claimedPhase = try claimedPhase.value("PositionSample.claimed_phase") }
        sample.pressureAltitude = Feet(pressureAltitudeFt, if: hasPressureAltitudeFt)
        if hasSimulationRate { sample.simulationRate = simulationRate }
        if hasParkingBrake { sample.parkingBrake = parkingBrake }
        if hasEnginesRunning { sample.enginesRunning = enginesRunning }
        sample.timeRemaining = Minutes(timeRemainingMin, if: hasTimeRemainingMin)
        if hasNetwork { sample.network = network }
        sample.trueAirspeed = Knots(trueAirspeedKt, if: hasTrueAirspeedKt)
        sample.windDirection = Degrees(windDirectionDeg, if: hasWindDirectionDeg)
        sample.windSpeed = Knots(windSpeedKt, if: hasWindSpeedKt)
        if hasOutsideTemperatureC { sample.outsideTemperature = outsideTemperatureC }
        sample.fuelFlow = Kilograms(fuelFlowKg, if: hasFuelFlowKg)
        if hasClientID { sample.clientID = clientID }
        sample.positionIsHeld = positionIsHeld
        if !extras.isEmpty { sample.extras = try extras.values("PositionSample.extras") }
        return sample
    }
}
