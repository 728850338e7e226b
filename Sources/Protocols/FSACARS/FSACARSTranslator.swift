import Domain

/// Message -> request: the only place where units and codes change on the way in.
struct FSACARSTranslator {
    let receivedAt: Timestamp
    let site: TrackerSite

    func request(_ message: FSACARSMessage) -> TrackerRequest {
        switch message {
        case .status(let status): .progress(key(status), progress(status))
        case .message(let text):
            .progress(
                FlightKey(), FlightProgress(lines: [FlightLine(.message, text, receivedAt: receivedAt)]))
        case .flightPlan: .nextBooking
        case .report(let report): file(report)
        }
    }

    // MARK: In flight

    /// Without number and departure it is the pilot's open flight.
    private func key(_ status: FSACARSStatus) -> FlightKey {
        let flight = status.flight.flatMap { LegacyNames.flight($0, site) }
        let departure = status.departure.flatMap { LegacyNames.airport($0) }
        guard flight != nil || departure != nil else { return FlightKey() }
        return FlightKey(
            legs: FlightLegs(
                airline: flight?.airline, number: flight?.number ?? "", departure: departure,
                arrival: status.arrival.flatMap { LegacyNames.airport($0) }))
    }

    private func progress(_ status: FSACARSStatus) -> FlightProgress {
        var progress = FlightProgress()
        if let anywhere = Position(latitude: 0, longitude: 0) {
            var sample = PositionSample(
                eventTime: receivedAt, receivedAt: receivedAt, position: status.position ?? anywhere)
            sample.positionIsHeld = status.position == nil
            sample.groundSpeed = status.groundSpeed.map { Knots($0) }
            sample.altitudeMSL = status.altitude.map { Feet($0) }
            sample.distanceRemaining = status.distanceRemaining.map { NauticalMiles($0) }
            sample.timeRemaining = status.timeRemaining
            sample.claimedPhase = status.phase.flatMap(phase)
            sample.network = network(status.online)
            sample.extras = status.others
            progress.positions = [PositionReport(sample: sample, aircraftText: status.registration)]
        }
        if let flight = status.flight.flatMap({ LegacyNames.flight($0, site) }) {
            progress.details.airline = flight.airline
            progress.details.flightNumber = flight.number
        }
        progress.details.departure = status.departure.flatMap { LegacyNames.airport($0) }
        progress.details.arrival = status.arrival.flatMap { LegacyNames.airport($0) }
        progress.details.aircraftText = status.registration
        if status.isCargo { progress.details.flightType = "F" }
        // The only end that this protocol has: the client was closed, or says that it arrived.
        progress.ends = status.phase == 0 || status.phase == 9
        return progress
    }

    private func phase(_ index: Int) -> PhaseOfFlight? {
        switch index {
        case 1: .boarding
        case 2: .taxiOut
        case 3: .takeoff
        case 4: .climb
        case 5: .cruise
        case 6: .approach
        case 7: .landing
        case 8: .taxiIn
        case 9: .arrived
        default: nil
        }
    }

    /// `Yes` names none.
    private func network(_ text: String?) -> String? {
        guard let text, !["no", "yes", "offline", "online"].contains(text.lowercased()) else { return nil }
        return LegacyText.cut(text, to: 32)
    }

    // MARK: Reports

    private func file(_ report: FSACARSReport) -> TrackerRequest {
        let log = report.log
        var details = FlightDetails()
        if let flight = log.header["flight iata"].flatMap({ LegacyNames.flight($0, site) }) {
            details.airline = flight.airline
            details.flightNumber = flight.number
        }
        details.departure = airport(report.origin, log.header["departing airport"])
        details.arrival = airport(report.destination, log.header["destination airport"])
        details.alternate = airport(report.alternate, log.header["alternate airport"])
        details.aircraftText = report.registration ?? log.header["aircraft registration"]
        details.level = log.header["flight level"].flatMap { LegacyNames.level($0) }
        details.route = log.header["route"].map {
            $0.uppercased().split { $0.isWhitespace }.joined(separator: " ")
        }
        details.network = network(log.header["online"])
        details.passengers = log.header["pax"].flatMap { LegacyNumber.whole($0, in: 0...10_000) }
        details.client = report.client
        figures(report, into: &details)
        times(report, into: &details)
        for (name, value) in [
            ("date", "\(report.date) \(report.time)"), ("callsign", report.callsign ?? ""),
            ("equipment", report.equipment ?? ""), ("tour", report.tour ?? ""),
        ] {
            let value = LegacyText.trimmed(value)
            if !value.isEmpty { details.asSent[name] = value }
        }
        var filing = FilingRequest(details, log: log.entries)
        filing.fuelUsedAsSent = report.fuel.flatMap { LegacyNumber.read($0) }.flatMap {
            details.fuelUsed == nil ? nil : $0
        }
        // The number stands in the first part.
        filing.scheduleNeed = report.continues ? nil : .bareNumberKnown
        filing.piece = report.piece
        filing.continues = report.continues
        return .file(key(report, details), filing)
    }

    private func airport(_ field: String?, _ entry: String?) -> ICAOLocation? {
        field.flatMap { LegacyNames.airport($0) } ?? entry.flatMap { LegacyNames.airport($0) }
    }

    /// Parts of one report have date, time and airports in common.
    private func key(_ report: FSACARSReport, _ details: FlightDetails) -> FlightKey {
        let legs = FlightLegs(
            airline: details.airline, number: details.flightNumber ?? "", departure: details.departure,
            arrival: details.arrival)
        guard !report.date.isEmpty, !report.time.isEmpty else { return FlightKey(legs: legs) }
        let parts = [report.date, report.time, report.origin ?? "", report.destination ?? ""]
        return FlightKey(
            client: parts.map { LegacyText.cut($0.uppercased(), to: 16) }.joined(separator: "|"), legs: legs)
    }

    private func figures(_ report: FSACARSReport, into details: inout FlightDetails) {
        let log = report.log
        func time(_ text: String?) -> Minutes? {
            text.flatMap { LegacyTime.duration($0) }.flatMap { $0.rawValue <= 72 * 60 ? $0 : nil }
        }
        details.blockTime = time(report.duration) ?? time(log.last("block to block duration"))
        details.flightTime = time(log.last("flight duration"))
        if let text = report.duration { details.asSent["duration"] = text }
        // The query's figure has no unit; the log says which one the client is set to.
        let spent = log.last("spent fuel")
        let isMetric = spent.flatMap { LegacyNumber.measure($0) }?.unit.hasPrefix("kg") == true
        let unit: LegacyNumber.MassUnit = isMetric ? .kilograms : .pounds
        func mass(_ text: String?) -> Kilograms? {
            text.flatMap { LegacyNumber.mass($0, standard: unit) }.flatMap {
                (0...1_000_000).contains($0.rawValue) ? $0 : nil
            }
        }
        details.fuelUsed = mass(report.fuel) ?? mass(spent)
        if let text = report.fuel {
            details.asSent["fuelUsed"] =
                LegacyNumber.measure(text)?.unit.isEmpty == false ? text : "\(text) \(isMetric ? "kg" : "lb")"
        }
        let weights = log.last("zero fuel weight")
        details.zeroFuelWeight = mass(weights)
        details.blockFuel = mass(
            weights?.lowercased().split(separator: "fuel weight:").dropFirst().first.map(String.init))
        let length = report.distance ?? log.last("flight length")
        details.distance = length.flatMap { LegacyNumber.read($0) }.flatMap {
            (0...20_000).contains($0) ? NauticalMiles($0) : nil
        }
        details.landingRate = log.last("touchdown").flatMap { LegacyNumber.first(in: $0) }.flatMap {
            (-10_000...10_000).contains($0) ? FeetPerMinute($0) : nil
        }
    }

    /// Events have a clock and no date: each is taken on the day that puts it nearest to the one before.
    private func times(_ report: FSACARSReport, into details: inout FlightDetails) {
        var last = report.log.startedAt ?? LegacyTime.yearFirst("\(report.date) \(report.time)") ?? receivedAt
        for event in report.log.events {
            guard let time = LegacyTime.clock(event.clock, near: last) else { continue }
            last = time
            switch event.text.lowercased() {
            case "parking brakes off": details.out = details.out ?? time
            case "take-off": details.off = details.off ?? time
            case "land": details.on = time
            case "parking brakes on": if details.on != nil { details.inBlock = time }
            default: continue
            }
        }
    }
}
