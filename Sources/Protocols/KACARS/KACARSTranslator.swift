import Domain

/// Message -> request: the only place where units and codes change on the way in.
struct KACARSTranslator {
    let frame: RawFrame
    private var site: TrackerSite { frame.site }

    /// Who asks. Three actions carry no identity at all.
    func credential(_ message: KACARSMessage) -> Credential {
        switch message.action {
        case .getflight, .aircraft, .aircraftinfo: .pilot(nil, secret: nil)
        case .verify, .getbid, .liveupdate, .pirep:
            .pilot(LegacyNames.pilot(message.pilotID ?? "", site), secret: message.password)
        }
    }

    func request(_ message: KACARSMessage) throws(DecodeError) -> TrackerRequest {
        switch message.action {
        case .verify: return .identify
        case .getbid: return .nextBooking
        case .getflight:
            let number = named(message.report.flightNumber)
            // A number without airline code finds nothing, and no airline has an empty code.
            return .scheduleNumbered(airline: number.airline ?? "", number: number.number ?? "")
        case .aircraft: return .aircraft
        case .aircraftinfo:
            return .findAircraft(number: nil, registration: message.report.registration?.uppercased() ?? "")
        case .liveupdate:
            let progress = progress(message.update)
            return .progress(key(progress.details), progress)
        case .pirep: return try filing(message)
        }
    }

    // MARK: Positions

    private func key(_ details: FlightDetails) -> FlightKey {
        FlightKey(
            legs: FlightLegs(
                airline: details.airline, number: details.flightNumber ?? "", departure: details.departure,
                arrival: details.arrival))
    }

    private func progress(_ update: KACARSMessage.Update) -> FlightProgress {
        var details = FlightDetails()
        (details.airline, details.flightNumber) = named(update.flightNumber)
        details.departure = update.depICAO.flatMap { LegacyNames.airport($0) }
        details.arrival = update.arrICAO.flatMap { LegacyNames.airport($0) }
        details.aircraftText = update.registration
        details.route = Self.route(update.route)
        details.status = update.status
        // Off the blocks or off the ground: no client says which.
        if let time = update.depTime, LegacyTime.clock(time, near: frame.receivedAt) != nil {
            details.asSent["depTime"] = time
        }
        var progress = FlightProgress(details: details)
        if let sample = sample(update) {
            progress.positions = [
                PositionReport(sample: sample, aircraftText: update.registration, route: details.route)
            ]
        }
        return progress
    }

    private func sample(_ update: KACARSMessage.Update) -> PositionSample? {
        guard let anywhere = Position(latitude: 0, longitude: 0) else { return nil }
        let position = LegacyPosition.read(latitude: update.latitude, longitude: update.longitude)
        var sample = PositionSample(
            eventTime: frame.receivedAt, receivedAt: frame.receivedAt, position: position ?? anywhere)
        sample.positionIsHeld = position == nil
        sample.altitudeMSL = Self.number(update.altitude, -2000...100_000).map { Feet($0) }
        sample.groundSpeed = Self.number(update.groundSpeed, 0...2500).map { Knots($0) }
        sample.heading = Self.number(update.heading, 0...360).map { Degrees($0 == 360 ? 0 : $0) }
        sample.claimedPhase = update.status.flatMap(Self.phase)
        return sample
    }

    /// The words of the independent client; the Windows client's are not known.
    private static func phase(_ status: String) -> PhaseOfFlight? {
        switch status.prefix(16).lowercased() {
        case "boarding": .boarding
        case "pushback": .pushback
        case "taxi": .taxiOut
        case "takeoff": .takeoff
        case "climb": .climb
        case "cruise": .cruise
        case "descent": .descent
        case "landing": .landing
        case "disembarking": .arrived
        default: nil
        }
    }

    // MARK: The report

    private func filing(_ message: KACARSMessage) throws(DecodeError) -> TrackerRequest {
        let report = message.report
        var details = FlightDetails()
        (details.airline, details.flightNumber) = named(report.flightNumber)
        guard let number = details.flightNumber else { throw Self.missing("flightNumber", report.flightNumber) }
        details.departure = report.depICAO.flatMap { LegacyNames.airport($0) }
        guard details.departure != nil else { throw Self.missing("depICAO", report.depICAO) }
        details.arrival = report.arrICAO.flatMap { LegacyNames.airport($0) }
        guard details.arrival != nil else { throw Self.missing("arrICAO", report.arrICAO) }
        details.aircraftText = report.registration
        // The module looks into the other element of the same request first.
        details.route = Self.route(message.update.route) ?? Self.route(report.route)
        details.passengers = report.pax.flatMap { LegacyNumber.whole($0, in: 0...1_000_000) }
        take(report.cargo, standard: cargoUnit, \.cargo, "cargo", &details)
        take(report.fuelUsed, standard: .pounds, \.fuelUsed, "fuelUsed", &details)
        details.flightTime = report.flightTime.flatMap { LegacyTime.duration($0) }
        details.asSent["flightTime"] = report.flightTime
        details.flightType = report.flightType.flatMap(Self.flightType)
        details.asSent["flightType"] = report.flightType
        if let landing = report.landing {
            let rate = LegacyNumber.first(in: landing).flatMap { (-10_000...10_000).contains($0) ? $0 : nil }
            details.landingRate = rate.map { FeetPerMinute($0) }
            details.asSent["landingRate"] = landing
        }
        let log = KACARSLog(report.log ?? "")
        details.asSent["logSeparator"] = log.separator
        let legs = FlightLegs(
            airline: details.airline, number: number, departure: details.departure, arrival: details.arrival)
        return .file(
            FlightKey(legs: legs), FilingRequest(details, comments: report.comments, log: log.lines))
    }

    private var cargoUnit: LegacyNumber.MassUnit { site.value(KACARSAdapter.weight) == "kg" ? .kilograms : .pounds }

    /// A mass in kilograms, and as sent with its unit.
    private func take(
        _ text: String?, standard: LegacyNumber.MassUnit, _ property: WritableKeyPath<FlightDetails, Kilograms?>,
        _ name: String, _ details: inout FlightDetails
    ) {
        guard let text else { return }
        let unit = LegacyNumber.measure(text)?.unit.isEmpty == true ? standard == .pounds ? " lb" : " kg" : ""
        details.asSent[name] = text + unit
        guard let mass = LegacyNumber.mass(text, standard: standard), (0...1_000_000).contains(mass.rawValue) else {
            return
        }
        details[keyPath: property] = mass
    }

    /// The official server stores no report without airports; without a number no report can be told from another.
    private static func missing(_ field: String, _ text: String?) -> DecodeError {
        DecodeError(
            text == nil ? .missingField : .invalidField, field: "pirep/\(field)", message: KACARSEncoder.notStored,
            status: 200)
    }

    private static func flightType(_ letter: String) -> String? {
        switch letter.uppercased() {
        case "P": "J"
        case "C": "F"
        case "H": "C"
        default: nil
        }
    }

    // MARK: Values

    /// Code and number; neither when the text names no flight.
    private func named(_ text: String?) -> (airline: String?, number: String?) {
        guard let found = text.flatMap({ LegacyNames.flight($0, site) }), !found.number.isEmpty else {
            return (nil, nil)
        }
        return (found.airline, found.number)
    }

    private static func number(_ text: String?, _ range: ClosedRange<Double>) -> Double? {
        text.flatMap { LegacyNumber.read($0) }.flatMap { range.contains($0) ? $0 : nil }
    }

    private static func route(_ text: String?) -> String? {
        guard let text else { return nil }
        return LegacyText.words(text.uppercased()).joined(separator: " ")
    }
}

/// The log of a report, as lines.
struct KACARSLog {
    private(set) var lines: [String] = []
    /// What stood behind the first line as sent: `*` or a line break of HTML.
    private(set) var separator: String?
    /// More lines than this stay in one.
    static let lineLimit = 50_000

    init(_ text: String) {
        let bytes = Array(text.utf8)
        var start = 0
        var index = 0
        while index < bytes.count {
            guard lines.count < Self.lineLimit, let length = Self.separator(in: bytes, at: index) else {
                index += 1
                continue
            }
            add(bytes[start..<index])
            separator = separator ?? String(decoding: bytes[index..<index + length], as: UTF8.self)
            index += length
            start = index
        }
        add(bytes[start...])
    }

    private mutating func add(_ bytes: ArraySlice<UInt8>) {
        let line = LegacyText.trimmed(String(decoding: bytes, as: UTF8.self))
        if !line.isEmpty { lines.append(line) }
    }

    /// Bytes of a separator that starts here: `*`, or `<br>` in any case, with blanks and a slash in it.
    private static func separator(in bytes: [UInt8], at index: Int) -> Int? {
        if bytes[index] == UInt8(ascii: "*") { return 1 }
        guard bytes[index] == UInt8(ascii: "<"), index + 3 < bytes.count,
            bytes[index + 1] | 0x20 == UInt8(ascii: "b"), bytes[index + 2] | 0x20 == UInt8(ascii: "r")
        else { return nil }
        let inner = bytes[(index + 3)...].prefix(8).prefix { $0 == 0x20 || $0 == UInt8(ascii: "/") }
        return inner.endIndex < bytes.count && bytes[inner.endIndex] == UInt8(ascii: ">")
            ? inner.endIndex + 1 - index : nil
    }
}
