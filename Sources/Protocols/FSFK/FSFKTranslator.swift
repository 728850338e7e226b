import Domain

/// Turns messages into requests; pounds, feet and local words end here. Reports: `FSFKTranslator+Report.swift`.
struct FSFKTranslator {
    let frame: RawFrame
    let form: LegacyForm

    var site: TrackerSite { frame.site }
    private static let fields: Set<String> = ["DATA1", "DATA2", "DATA3", "DATA4"]

    func decoded(_ message: FSFKMessage) -> DecodedFrame {
        var subject: FlightKey?
        var credential = Credential.pilot(nil, secret: nil)
        let outcome: Result<TrackerRequest, DecodeError>
        switch message {
        case .file: return DecodedFrame(credential: .none, outcome: .success(.preflight))
        case .test(let user):
            credential = .pilot(LegacyNames.pilot(user, site), secret: nil)
            outcome = .success(.identify)
        case .begin(let begin):
            credential = .pilot(LegacyNames.pilot(begin[0] ?? "", site), secret: begin[17])
            outcome = .success(.begin(start(begin)))
        case .message(let flight, let text): outcome = progress(flight, contents(text))
        case .pause(let flight, let state):
            var progress = FlightProgress()
            progress.pause = state == "1"
            outcome = self.progress(flight, progress)
        case .plan(let flight, let plan):
            if plan.fields.count < FSFKMessage.Plan.least {
                subject = FSFKDecoder.isCode(flight) ? FlightKey(id: flight) : nil
                outcome =
                    subject == nil
                    ? progress(flight, FlightProgress())
                    : .failure(FSFKDecoder.refusal(.missingField, "DATA4", FSFKEncoder.invalidPlan))
            } else {
                outcome = progress(flight, FlightProgress(details: details(plan)))
            }
        case .end(let flight):
            var progress = FlightProgress()
            progress.ends = true
            outcome = self.progress(flight, progress)
        case .report(let report): return file(report)
        }
        var decoded = DecodedFrame(
            credential: credential, outcome: outcome, unrecognised: form.unrecognised(beyond: Self.fields))
        decoded.subject = subject
        return decoded
    }

    private func progress(_ flight: String, _ progress: FlightProgress) -> Result<TrackerRequest, DecodeError> {
        guard FSFKDecoder.isCode(flight) else {
            return .failure(FSFKDecoder.refusal(.invalidField, "DATA3", FSFKEncoder.unknownFlight))
        }
        var progress = progress
        // A client that files first says afterwards that the flight is over.
        progress.takesLate = true
        return .success(.progress(FlightKey(id: flight), progress))
    }

    // MARK: Begin

    private func start(_ begin: FSFKMessage.Begin) -> FlightStart {
        var details = FlightDetails()
        let number = number(begin[2], airline: begin[4])
        details.airline = number?.airline
        details.flightNumber = number?.number
        details.aircraftText = begin[3]
        let plan = Self.list(begin[5])
        details.departure = plan.first.flatMap { LegacyNames.airport($0) }
        if plan.count > 1 { details.arrival = plan.last.flatMap { LegacyNames.airport($0) } }
        details.route = Self.route(plan, from: plan.first, to: plan.count > 1 ? plan.last : nil)
        details.waypoints = Self.waypoints(plan, Self.list(begin[19]), Self.list(begin[20]))
        details.passengers = begin[8].flatMap { LegacyNumber.whole($0, in: 0...10_000) }
        details.cargo = pounds(begin[9])
        details.zeroFuelWeight = pounds(begin[10])
        details.flightRules = rules(begin[15])
        details.plannedDistance = miles(begin[16])
        details.client = form.text("DATA1")
        for (name, text) in [("cargo", begin[9]), ("zeroFuelWeight", begin[10])] {
            if let text { details.asSent[name] = LegacyText.cut(text, to: 32) + " lb" }
        }
        var start = FlightStart(details)
        start.replacesOpenFlight = true
        start.givesCode = true
        if let sample = sample(begin) {
            start.progress.positions = [PositionReport(sample: sample, aircraftText: begin[3])]
        }
        return start
    }

    /// A number without a code of the airline's gets the airline that is sent beside it, if that is one of them.
    func number(_ text: String?, airline: String?) -> (airline: String?, number: String)? {
        guard let text, let number = LegacyNames.flight(text, site) else { return nil }
        guard number.airline == nil, let airline = airline?.uppercased(), site.codes.contains(airline) else {
            return number
        }
        return (airline, number.number)
    }

    private func sample(_ begin: FSFKMessage.Begin) -> PositionSample? {
        let position = begin[6].flatMap { LegacyPosition.read($0)?.position }
        guard let anywhere = Position(latitude: 0, longitude: 0) else { return nil }
        var sample = PositionSample(
            eventTime: frame.receivedAt, receivedAt: frame.receivedAt, position: position ?? anywhere)
        sample.positionIsHeld = position == nil
        sample.altitudeMSL = begin[7].flatMap { LegacyNumber.read($0) }.map { Feet($0) }
        sample.fuel = begin[11].flatMap { LegacyNumber.mass($0, standard: .pounds) }
        sample.heading = (begin[18] ?? begin[12]).flatMap { LegacyNumber.read($0) }
            .flatMap { (0...360).contains($0) ? Degrees($0 == 360 ? 0 : $0) : nil }
        for (name, text) in [("HDG", begin[12]), ("HDT", begin[18])] {
            if let text { sample.extras[name] = LegacyText.cut(text, to: 32) }
        }
        if let wind = begin[13].flatMap({ LegacyPosition.wind($0) }) {
            sample.windDirection = wind.from
            sample.windSpeed = wind.speed
        }
        sample.outsideTemperature = begin[14].flatMap { LegacyNumber.read($0) }
        sample.claimedPhase = .boarding
        return sample.plausible
    }

    // MARK: Messages

    private func contents(_ text: String) -> FlightProgress {
        let message = LegacyMessage(text, eventStandsApart: true)
        var progress = FlightProgress()
        func line(_ kind: FlightLine.Kind, _ text: String) {
            progress.lines = [
                FlightLine(
                    kind, LegacyText.cut(text, to: 4000), time: message.time, clientID: message.number,
                    receivedAt: frame.receivedAt)
            ]
        }
        let body = message.body ?? LegacyText.trimmed(text)
        guard message.label != "CM" else {
            line(.message, body)
            return progress
        }
        // The event stands before the first item.
        let event = LegacyText.trimmed(body.utf8.firstIndex(of: UInt8(ascii: "/")).map { body[..<$0] } ?? body[...])
        var phase: PhaseOfFlight?
        let word = LegacyText.words(event, atMost: 1).first?.uppercased() ?? ""
        switch word {
        case "OUT":
            line(.out, event)
            phase = .taxiOut
        case "OFF":
            line(.off, event)
            phase = .takeoff
        case "TNG":
            line(.event, event)
            phase = .takeoff
        case "ON":
            line(.on, event)
            phase = .landing
        case "IN":
            line(.inBlock, event)
            phase = .arrived
        case "POS", "ALT": break
        case "": break
        default: line(.event, event)
        }
        var sample = message.sample(receivedAt: frame.receivedAt, prefersMagnetic: false)?.plausible
        if sample == nil, phase != nil, let anywhere = Position(latitude: 0, longitude: 0) {
            // Only the phase is new.
            sample = PositionSample(eventTime: frame.receivedAt, receivedAt: frame.receivedAt, position: anywhere)
            sample?.positionIsHeld = true
        }
        if var sample {
            sample.claimedPhase = phase
            if word == "POS", let waypoint = LegacyMessage.waypoint(in: event) {
                sample.extras["waypoint"] = LegacyText.cut(waypoint, to: 32)
            }
            progress.positions = [PositionReport(sample: sample, aircraftText: message.registration)]
        } else if progress.lines.isEmpty, !body.isEmpty {
            line(.log, body)
        }
        return progress
    }

    // MARK: Plan

    private func details(_ plan: FSFKMessage.Plan) -> FlightDetails {
        var details = FlightDetails()
        let names = Self.list(plan[0])
        details.departure = plan[3].flatMap { LegacyNames.airport($0) }
        details.arrival = plan[4].flatMap { LegacyNames.airport($0) }
        details.route = Self.route(names, from: details.departure?.code, to: details.arrival?.code)
        details.waypoints = Self.waypoints(names, Self.list(plan[1]), Self.list(plan[2]))
        details.plannedDistance = miles(plan[5])
        if let waypoint = plan[6] { details.asSent["currentWaypoint"] = LegacyText.cut(waypoint, to: 32) }
        return details
    }

    private static func list(_ text: String?) -> [String] {
        (text ?? "").split(separator: "~", omittingEmptySubsequences: false).prefix(2000).map(LegacyText.trimmed)
    }

    /// The way points between two ends that the plan may hold too.
    private static func route(_ plan: [String], from: String?, to: String?) -> String? {
        var points = plan[...]
        if let from, points.first?.uppercased() == from.uppercased() { points.removeFirst() }
        if let to, points.last?.uppercased() == to.uppercased() { points.removeLast() }
        let route = points.filter { !$0.isEmpty }.joined(separator: " ").uppercased()
        return route.isEmpty ? nil : route
    }

    /// - Returns: nil unless every point has a place on the earth.
    private static func waypoints(
        _ names: [String], _ latitudes: [String], _ longitudes: [String]
    ) -> [FlightDetails.Waypoint]? {
        guard !names.isEmpty, names.count == latitudes.count, names.count == longitudes.count else { return nil }
        var points: [FlightDetails.Waypoint] = []
        for (index, name) in names.enumerated() {
            guard !name.isEmpty,
                let position = LegacyPosition.read(latitude: latitudes[index], longitude: longitudes[index])
            else { return nil }
            points.append(
                .init(id: nil, name: LegacyText.cut(name, to: 32), order: index, position: position, kind: nil))
        }
        return points
    }

    // MARK: Values

    func rules(_ text: String?) -> String? {
        let text = text?.uppercased()
        return text == "IFR" || text == "VFR" ? text : nil
    }
    func pounds(_ text: String?) -> Kilograms? {
        text.flatMap { LegacyNumber.mass($0, standard: .pounds) }
            .flatMap { (0...1_000_000).contains($0.rawValue) ? $0 : nil }
    }
    func miles(_ text: String?) -> NauticalMiles? {
        text.flatMap { LegacyNumber.read($0) }.flatMap { (0...20_000).contains($0) ? NauticalMiles($0) : nil }
    }
}
