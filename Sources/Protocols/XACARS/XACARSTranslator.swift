import Domain

/// Turns messages into requests; pounds, feet and local words end here.
struct XACARSTranslator {
    let frame: RawFrame
    let form: LegacyForm

    private var site: TrackerSite { frame.site }
    private static let fields: Set<String> = ["DATA1", "DATA2", "DATA3", "DATA4", "DATA5"]

    func decoded(_ message: XACARSMessage) -> DecodedFrame {
        var subject: FlightKey?
        let credential: Credential
        let outcome: Result<TrackerRequest, DecodeError>
        switch message {
        case .test(let user):
            credential = .pilot(LegacyNames.pilot(user, site), secret: nil)
            outcome = .success(.identify)
        case .begin(let begin):
            credential = .pilot(LegacyNames.pilot(begin[0] ?? "", site), secret: begin.password)
            outcome = .success(.begin(start(begin)))
        case .message(let flight, let text):
            credential = .pilot(nil, secret: nil)
            outcome = self.message(flight, text)
            subject = flight.isEmpty ? nil : FlightKey(id: flight)
        case .pause(let flight, let state):
            credential = .pilot(nil, secret: nil)
            var progress = FlightProgress()
            // Without a word it is a pause: the gateway ends one by itself once the aircraft moves.
            progress.pause = state != "0"
            outcome = self.progress(flight, progress, mayBeEmpty: true)
        case .end(let flight):
            credential = .pilot(nil, secret: nil)
            var progress = FlightProgress()
            progress.ends = true
            outcome = self.progress(flight, progress, mayBeEmpty: true)
        case .info(let info):
            credential = .pilot(info.pilot.map { LegacyNames.pilot($0, site) }, secret: info.password)
            outcome = self.info(info)
        case .report(let report):
            credential = .pilot(LegacyNames.pilot(report[0] ?? "", site), secret: report[1])
            outcome = file(report)
        }
        var decoded = DecodedFrame(
            credential: credential, outcome: outcome, unrecognised: form.unrecognised(beyond: Self.fields))
        if case .failure = outcome, let subject, XACARSDecoder.isCode(subject.id ?? "") { decoded.subject = subject }
        return decoded
    }

    // MARK: Live

    private func start(_ begin: XACARSMessage.Begin) -> FlightStart {
        var details = FlightDetails()
        if let number = LegacyNames.flight(begin[2] ?? "", site) {
            details.airline = number.airline
            details.flightNumber = number.number
        }
        details.aircraftText = begin[3]
        let plan = begin.plan
        details.departure = plan.first.flatMap { LegacyNames.airport($0) }
        if plan.count > 1 {
            details.arrival = plan.last.flatMap { LegacyNames.airport($0) }
            let route = plan[1..<(plan.count - 1)].filter { !$0.isEmpty }
            if !route.isEmpty { details.route = route.joined(separator: " ").uppercased() }
        }
        details.flightRules = rules(begin[15])
        // Some clients mean the distance flown, which is 0 now.
        details.plannedDistance = begin[16].flatMap { Self.number($0, in: 0...20_000) }
            .flatMap { $0 > 0 ? NauticalMiles($0) : nil }
        details.client = form.text("DATA1")
        var start = FlightStart(details)
        start.replacesOpenFlight = true
        start.givesCode = true
        if let sample = sample(begin) {
            start.progress.positions = [PositionReport(sample: sample, aircraftText: begin[3])]
        }
        return start
    }

    private func sample(_ begin: XACARSMessage.Begin) -> PositionSample? {
        let position = begin[6].flatMap { LegacyPosition.read($0)?.position }
        guard let anywhere = Position(latitude: 0, longitude: 0) else { return nil }
        var sample = PositionSample(
            eventTime: frame.receivedAt, receivedAt: frame.receivedAt, position: position ?? anywhere)
        sample.positionIsHeld = position == nil
        sample.altitudeMSL = begin[7].flatMap { LegacyNumber.read($0) }.map { Feet($0) }
        sample.fuel = begin[11].flatMap { LegacyNumber.mass($0, standard: .pounds) }
        sample.heading = begin[12].flatMap { Self.number($0, in: 0...360) }.map { Degrees($0 == 360 ? 0 : $0) }
        if let wind = begin[13].flatMap({ LegacyPosition.wind($0) }) {
            sample.windDirection = wind.from
            sample.windSpeed = wind.speed
        }
        sample.outsideTemperature = begin[14].flatMap { LegacyNumber.read($0) }
        sample.claimedPhase = .boarding
        return sample.plausible
    }

    private func rules(_ text: String?) -> String? {
        let text = text?.uppercased()
        return text == "IFR" || text == "VFR" ? text : nil
    }

    /// - Parameter mayBeEmpty: An empty id means the pilot's open flight.
    private func progress(
        _ flight: String, _ progress: FlightProgress, mayBeEmpty: Bool = false
    ) -> Result<TrackerRequest, DecodeError> {
        var progress = progress
        // A client that files first says afterwards that the flight is over.
        progress.takesLate = true
        if flight.isEmpty, mayBeEmpty { return .success(.progress(FlightKey(), progress)) }
        guard XACARSDecoder.isCode(flight) else {
            return .failure(XACARSDecoder.refusal(.invalidField, "DATA3", XACARSEncoder.unknownFlight))
        }
        return .success(.progress(FlightKey(id: flight), progress))
    }

    private func message(_ flight: String, _ text: String) -> Result<TrackerRequest, DecodeError> {
        func refuse(_ text: String) -> Result<TrackerRequest, DecodeError> {
            .failure(XACARSDecoder.refusal(.invalidField, "DATA4", text))
        }
        guard XACARSDecoder.isCode(flight) else { return progress(flight, FlightProgress()) }
        guard text.utf8.count >= 32 else { return refuse("0|Invalid XACARS Message") }
        let message = LegacyMessage(text)
        guard let label = message.label else { return refuse("0|No Message Label") }
        guard let body = message.body else { return refuse("0|No Message Body") }
        return progress(flight, contents(message, label, body))
    }

    private func contents(_ message: LegacyMessage, _ label: String, _ body: String) -> FlightProgress {
        var progress = FlightProgress()
        func line(_ kind: FlightLine.Kind, _ text: String, at time: Timestamp? = nil) {
            progress.lines.append(
                FlightLine(
                    kind, LegacyText.cut(text, to: 4000), time: time ?? message.time, clientID: message.number,
                    receivedAt: frame.receivedAt))
        }
        func clock(_ name: String) -> Timestamp? {
            message.items[name].flatMap { LegacyTime.clock($0.prefix(5), near: message.time ?? frame.receivedAt) }
        }
        switch label {
        case "PR", "AR": break
        case "QA": line(.out, body, at: clock("OUT"))
        case "QB": line(.off, body, at: clock("OFF"))
        case "QC": line(.on, body, at: clock("ON"))
        case "QD": line(.inBlock, body, at: clock("IN"))
        case "CM":
            line(.message, body)
            return progress
        case "QM", "WX": line(.log, body)
        default:
            line(.event, body)
            return progress
        }
        let phase = phase(message, label)
        var sample = message.sample(receivedAt: frame.receivedAt, prefersMagnetic: true)?.plausible
        if sample == nil, phase != nil, let anywhere = Position(latitude: 0, longitude: 0) {
            // Only the phase is new.
            sample = PositionSample(eventTime: frame.receivedAt, receivedAt: frame.receivedAt, position: anywhere)
            sample?.positionIsHeld = true
        }
        if var sample {
            sample.claimedPhase = phase
            progress.positions = [PositionReport(sample: sample, aircraftText: message.registration)]
        } else if progress.lines.isEmpty {
            line(.log, body)
        }
        return progress
    }

    /// What VAOS makes of a label: docs/protocols/xacars.md, labels.
    private func phase(_ message: LegacyMessage, _ label: String) -> PhaseOfFlight? {
        switch label {
        case "QA": return .taxiOut
        case "QB": return .takeoff
        case "QC": return .landing
        case "QD", "QM": return .arrived
        case "AR":
            // `52 - 162`: flown and planned.
            let parts = (message.items["DST"] ?? "").split(separator: "-").map { LegacyNumber.read($0) }
            let flown = parts.first ?? nil
            let planned = parts.count > 1 ? parts[1] : nil
            switch message.trend {
            case "LEVEL": return .cruise
            case "CLIMB": return flown.map { $0 > 30 } ?? false ? .cruise : .climb
            case "DESC":
                guard let flown, let planned else { return .descent }
                return planned - flown > 100 ? .cruise : .descent
            default: return nil
            }
        default: return nil
        }
    }

    // MARK: Flight info

    private func info(_ info: XACARSMessage.Info) -> Result<TrackerRequest, DecodeError> {
        if info.isBid { return .success(.nextBooking) }
        if info.what.utf8.allSatisfy(isDigit) {
            return .failure(XACARSDecoder.refusal(.unknownEndpoint, "DATA2", "0|No airline code entered!"))
        }
        guard let number = LegacyNames.flight(info.what, site), let airline = number.airline else {
            return .failure(XACARSDecoder.refusal(.unknownEndpoint, "DATA2", XACARSEncoder.unknownNumber))
        }
        return .success(.scheduleNumbered(airline: airline, number: number.number))
    }

    // MARK: Report

    private func file(_ report: XACARSMessage.Report) -> Result<TrackerRequest, DecodeError> {
        guard report.fields.count >= XACARSMessage.Report.short else {
            return .failure(XACARSDecoder.refusal(.missingField, "DATA2", XACARSEncoder.failure))
        }
        var details = FlightDetails()
        details.departure = report[6].flatMap { LegacyNames.airport($0) }
        details.arrival = report[7].flatMap { LegacyNames.airport($0) }
        guard details.departure != nil, details.arrival != nil else {
            return .failure(XACARSDecoder.refusal(.invalidField, "DATA2", XACARSEncoder.failure))
        }
        details.alternate = report[8].flatMap { LegacyNames.airport($0) }
        let number = LegacyNames.flight(report[2] ?? "", site)
        details.airline = number?.airline
        details.flightNumber = number?.number
        details.aircraftText = report[3]
        details.level = report[4].flatMap { LegacyNames.level($0) }
        details.flightRules = rules(report[5])
        details.blockTime = report[10].flatMap { LegacyTime.duration($0) }
        details.flightTime = report[11].flatMap { LegacyTime.duration($0) }
        details.fuelUsed = pounds(report[12])
        details.passengers = report[14].flatMap { LegacyNumber.whole($0, in: 0...10_000) }
        details.cargo = pounds(report[15])
        details.network = network(report[16])
        details.zeroFuelWeight = pounds(report[21])
        details.start = position(report[24], report[25])
        details.stop = position(report[27], report[28])
        details.client = form.text("DATA1")
        times(report, &details)
        details.asSent = asSent(report)
        let legs = FlightLegs(
            airline: number?.airline, number: number?.number ?? "", departure: details.departure,
            arrival: details.arrival)
        return .success(.file(FlightKey(legs: legs), FilingRequest(details)))
    }

    /// The four times count when all are there and in order, and then they say how long the flight was.
    private func times(_ report: XACARSMessage.Report, _ details: inout FlightDetails) {
        let times = (17...20).compactMap { index in
            report[index].flatMap { LegacyNumber.whole($0, in: 1...Int(Int32.max)) }
        }
        guard times.count == 4, times == times.sorted(), times[3] - times[0] <= 72 * 3600 else { return }
        func moment(_ index: Int) -> Timestamp { Timestamp(milliseconds: Int64(times[index]) * 1000) }
        details.out = moment(0)
        details.off = moment(1)
        details.on = moment(2)
        details.inBlock = moment(3)
        details.blockTime = (moment(3) - moment(0)).wholeMinutes
        details.flightTime = (moment(2) - moment(1)).wholeMinutes
    }

    private func position(_ latitude: String?, _ longitude: String?) -> Position? {
        guard let latitude, let longitude else { return nil }
        return LegacyPosition.read("\(latitude) \(longitude)")?.position
            ?? LegacyPosition.read(latitude: latitude, longitude: longitude)
    }

    private func network(_ text: String?) -> String? {
        switch text?.uppercased() {
        case nil, "OFFLINE", "NONE", "0", "-": nil
        // A slip of the official field list.
        case "ICAO": "IVAO"
        case let name?: LegacyText.cut(name, to: 32)
        }
    }

    private func pounds(_ text: String?) -> Kilograms? {
        text.flatMap { LegacyNumber.mass($0, standard: .pounds) }
            .flatMap { (0...1_000_000).contains($0.rawValue) ? $0 : nil }
    }

    /// Names of fields that no property holds, or that were in another unit, with that unit.
    private static let sent: [(field: Int, name: String, unit: String)] = [
        (4, "level", ""), (9, "departureTime", ""), (10, "blockTime", ""), (11, "flightTime", ""),
        (12, "fuelUsed", " lb"), (13, "flightFuel", " lb"), (15, "cargo", " lb"), (16, "network", ""),
        (21, "zeroFuelWeight", " lb"), (22, "takeoffWeight", " lb"), (23, "landingWeight", " lb"),
        (26, "outAltitude", " ft"), (29, "inAltitude", " ft"), (30, "greatestClimb", " ft/min"),
        (31, "greatestDescent", " ft/min"), (32, "greatestIAS", " kt"), (33, "greatestGroundSpeed", " kt"),
    ]

    private func asSent(_ report: XACARSMessage.Report) -> [String: String] {
        var result: [String: String] = [:]
        for entry in Self.sent {
            guard let text = report[entry.field] else { continue }
            // A client that names its unit keeps it.
            let isBare = LegacyNumber.measure(text).map { $0.unit.isEmpty } ?? false
            result[entry.name] = LegacyText.cut(text, to: 64) + (isBare ? entry.unit : "")
        }
        return result
    }

    private static func number(_ text: String, in range: ClosedRange<Double>) -> Double? {
        LegacyNumber.read(text).flatMap { range.contains($0) ? $0 : nil }
    }
}
