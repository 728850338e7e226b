import Domain

/// Message -> request: the only place where units and codes change on the way in.
struct FSACARS4Translator {
    let receivedAt: Timestamp
    let site: TrackerSite

    func request(_ message: FSACARS4Message) -> TrackerRequest {
        switch message {
        case .userQuery: return .identify
        case .dispatch: return .nextBooking
        case .position(let position):
            let progress = progress(position)
            return .progress(key(position.flight, progress.details), progress)
        case .report(let report):
            let filing = filing(report)
            return .file(key(report.flight, filing.content.details), filing)
        }
    }

    /// The client's own key of the flight, else number and airports, else the pilot's open flight.
    private func key(_ flight: String?, _ details: FlightDetails) -> FlightKey {
        var legs: FlightLegs?
        if details.flightNumber != nil || details.departure != nil {
            legs = FlightLegs(
                airline: details.airline, number: details.flightNumber ?? "", departure: details.departure,
                arrival: details.arrival)
        }
        return FlightKey(client: flight.map { LegacyText.cut($0, to: 128) }, legs: legs)
    }

    private func name(_ number: String?, into details: inout FlightDetails) {
        guard let number, let flight = LegacyNames.flight(number, site) else { return }
        details.airline = flight.airline
        details.flightNumber = flight.number
    }

    private func progress(_ report: FSACARS4Position) -> FlightProgress {
        var progress = FlightProgress()
        if let anywhere = Position(latitude: 0, longitude: 0) {
            var sample = PositionSample(
                eventTime: receivedAt, receivedAt: receivedAt, position: report.position ?? anywhere)
            sample.positionIsHeld = report.position == nil
            sample.altitudeMSL = report.altitude.map { Feet($0) }
            sample.groundSpeed = report.groundSpeed.map { Knots($0) }
            sample.heading = report.heading.map { Degrees($0 == 360 ? 0 : $0) }
            sample.onGround = report.onGround
            if let elapsed = report.elapsed { sample.extras["etime"] = elapsed }
            progress.positions = [PositionReport(sample: sample)]
        }
        name(report.number, into: &progress.details)
        progress.details.departure = report.origin.flatMap { LegacyNames.airport($0) }
        progress.details.arrival = report.destination.flatMap { LegacyNames.airport($0) }
        // A simulator's title names no aircraft of a fleet: the one that is booked stands.
        if let title = report.aircraft { progress.details.asSent["aircraft"] = title }
        return progress
    }

    private func filing(_ report: FSACARS4Report) -> FilingRequest {
        var details = FlightDetails()
        func part(_ index: Int) -> String? {
            report.atcData.indices.contains(index) && !report.atcData[index].isEmpty ? report.atcData[index] : nil
        }
        name(report.number ?? part(1), into: &details)
        // Airports as fields are not to be relied on: the gateway takes those nearest to where the aircraft stood.
        details.start = report.start
        details.stop = report.stop
        if report.start == nil { details.departure = report.origin.flatMap { LegacyNames.airport($0) } }
        if report.stop == nil { details.arrival = report.destination.flatMap { LegacyNames.airport($0) } }
        details.aircraftText = part(0)
        details.blockTime = report.blockTime.map(minutes)
        details.flightTime = report.airTime.map(minutes)
        details.plannedDistance = report.directDistance.map { NauticalMiles($0) }
        details.distance = report.flownDistance.map { NauticalMiles($0) }
        details.blockFuel = report.fuelStart.map { Kilograms(Pounds($0)) }
        details.zeroFuelWeight = report.zeroFuelWeight.map { Kilograms(Pounds($0)) }
        details.landingRate = report.landingRate.map { FeetPerMinute($0) }
        details.crashed = report.crashed
        details.client = report.client
        details.asSent = report.others
        if let title = report.aircraft { details.asSent["aircraft"] = title }
        if !report.atcData.isEmpty { details.asSent["atcData"] = report.atcData.joined(separator: "/") }
        let used = fuelUsed(report)
        if let used {
            details.fuelUsed = Kilograms(Pounds(used))
            details.asSent["fuelUsed"] = "\(used == used.rounded() ? String(Int(used)) : String(used)) lb"
        }
        times(report, into: &details)
        var filing = FilingRequest(details, comments: report.comment)
        filing.fuelUsedAsSent = used
        return filing
    }

    /// What is missing at the end is what was used, unless it was filled up on the way.
    private func fuelUsed(_ report: FSACARS4Report) -> Double? {
        if let start = report.fuelStart, let stop = report.fuelStop, start >= stop { return start - stop }
        return report.blockFuel ?? report.enrouteFuel
    }

    private func minutes(_ hours: Double) -> Minutes { Minutes(Int((hours * 60).rounded())) }

    /// Clocks without a date, the last of them not after the report: each is before the one that follows it.
    private func times(_ report: FSACARS4Report, into details: inout FlightDetails) {
        var next = (report.filedAt ?? receivedAt) + .hours(12)
        var isFirst = true
        func before(_ text: String?) -> Timestamp? {
            guard let text, text.utf8.count == 4 else { return nil }
            guard var time = LegacyTime.clock(text, near: isFirst ? next - .hours(12) : next) else { return nil }
            if time > next { time = time - .hours(24) }
            next = time
            isFirst = false
            return time
        }
        details.inBlock = before(report.inBlock)
        details.on = before(report.on)
        details.off = before(report.off)
        details.out = before(report.out)
    }
}
