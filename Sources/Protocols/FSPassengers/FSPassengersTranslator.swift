import Domain

/// Message -> request: the only place where units and codes change on the way in.
struct FSPassengersTranslator {
    let frame: RawFrame
    private var site: TrackerSite { frame.site }

    /// A name and a password, both checked; the client's default password may be none at all.
    func credential(_ message: FSPassengersMessage) -> Credential {
        let pilot = message.pilot
        let isNone = pilot.password == "none" && site.value(FSPassengersAdapter.allowNone) == "1"
        return .pilot(LegacyNames.pilot(pilot.userName, site), secret: isNone ? nil : pilot.password)
    }

    func request(_ message: FSPassengersMessage) throws(DecodeError) -> TrackerRequest {
        switch message {
        case .connect: return .identify
        case .register(_, let report): return try filing(report)
        }
    }

    private func filing(_ report: FSPassengersMessage.Report) throws(DecodeError) -> TrackerRequest {
        var details = FlightDetails()
        guard let flight = report["FlightId"].flatMap({ LegacyNames.flight($0, site) }), !flight.number.isEmpty else {
            throw Self.fault("FlightId", report, FSPassengersEncoder.invalidFlight)
        }
        details.airline = flight.airline
        details.flightNumber = flight.number
        details.departure = report["DepartureIcaoName"].flatMap { LegacyNames.airport($0) }
        details.arrival = report["ArrivalIcaoName"].flatMap { LegacyNames.airport($0) }
        guard details.departure != nil else {
            throw Self.fault("DepartureIcaoName", report, FSPassengersEncoder.error("Departure airport is missing"))
        }
        guard details.arrival != nil else {
            throw Self.fault("ArrivalIcaoName", report, FSPassengersEncoder.error("Arrival airport is missing"))
        }
        // phpVMS counts the block time as the time of the flight, so pilots' hours are the same as there.
        details.blockTime = report["TotalBlockTime"].flatMap { LegacyTime.duration($0) }
        details.flightTime = details.blockTime
        details.passengers = report["NbrPassengers"].flatMap { LegacyNumber.whole($0, in: 0...1_000_000) }
        details.cargo = report["CargoWeight"].flatMap { Self.within(LegacyNumber.mass($0, standard: weightUnit)) }
        details.distance = report["TotalDistance"].flatMap { distance($0) }
        let rate = report["TouchDownVertSpeedFt"].flatMap { LegacyNumber.read($0) }
        details.landingRate = rate.flatMap { (-10_000...10_000).contains($0) ? FeetPerMinute($0) : nil }
        details.crashed = report["CrashFlag"].flatMap { ["0": false, "1": true][$0] }
        takeFuel(report, &details)
        for name in FSPassengersMessage.Report.names where !FSPassengersMessage.Report.texts.contains(name) {
            if let text = report[name] { details.asSent[name] = text }
        }
        let legs = FlightLegs(
            airline: details.airline, number: flight.number, departure: details.departure, arrival: details.arrival)
        var filing = FilingRequest(details, log: Self.log(report))
        filing.scheduleNeed = .numberKnown
        return .file(FlightKey(legs: legs), filing)
    }

    private static func fault(
        _ field: String, _ report: FSPassengersMessage.Report, _ text: String
    ) -> DecodeError {
        DecodeError(report[field] == nil ? .missingField : .invalidField, field: field, message: text, status: 200)
    }

    // MARK: Units

    private var weightUnit: LegacyNumber.MassUnit {
        site.value(FSPassengersAdapter.weight) == "0" ? .kilograms : .pounds
    }

    private static func within(_ mass: Kilograms?) -> Kilograms? {
        mass.flatMap { (0...1_000_000).contains($0.rawValue) ? $0 : nil }
    }

    private enum FuelUnit: String {
        case litres = "l"
        case gallons = "gal"
        case kilograms = "kg"
        case pounds = "lb"

        /// Kilograms of one unit. Jet fuel weighs 0.8075 kg a litre in phpVMS 5.5; a US gallon is 3.785411784 litres.
        var kilograms: Double {
            switch self {
            case .litres: 0.8075
            case .gallons: 3.785_411_784 * 0.8075
            case .kilograms: 1
            case .pounds: 0.453_592_37
            }
        }
    }

    /// The unit that the text names, else the one that the airline asked for.
    private func fuel(_ text: String) -> (amount: Double, unit: FuelUnit)? {
        guard let (value, name) = LegacyNumber.measure(text) else { return nil }
        for unit in [FuelUnit.kilograms, .pounds, .gallons, .litres] where name.hasPrefix(unit.rawValue) {
            return (value, unit)
        }
        let asked = Int(site.value(FSPassengersAdapter.fuel)) ?? 3
        let units: [FuelUnit] = [.litres, .gallons, .kilograms, .pounds]
        return (value, units.indices.contains(asked) ? units[asked] : .pounds)
    }

    /// Fuel on board before, and what was burnt: start minus end.
    private func takeFuel(_ report: FSPassengersMessage.Report, _ details: inout FlightDetails) {
        guard let start = report["StartFuelQuantity"].flatMap({ fuel($0) }) else { return }
        let before = Kilograms(start.amount * start.unit.kilograms)
        details.blockFuel = Self.within(before)
        guard let end = report["EndFuelQuantity"].flatMap({ fuel($0) }) else { return }
        guard start.unit == end.unit else {
            details.fuelUsed = Self.within(before - Kilograms(end.amount * end.unit.kilograms))
            return
        }
        let used = start.amount - end.amount
        details.fuelUsed = Self.within(Kilograms(used * start.unit.kilograms))
        if details.fuelUsed != nil { details.asSent["fuelUsed"] = "\(Self.shown(used)) \(start.unit.rawValue)" }
    }

    /// At most three decimals, none of them without need.
    private static func shown(_ value: Double) -> String {
        let rounded = (value * 1000).rounded() / 1000
        return Int(exactly: rounded).map(String.init) ?? "\(rounded)"
    }

    private func distance(_ text: String) -> NauticalMiles? {
        guard let (value, name) = LegacyNumber.measure(text), (0...50_000).contains(value) else { return nil }
        if name.hasPrefix("nm") || name.hasPrefix("na") { return NauticalMiles(value) }
        if name.hasPrefix("km") || name.hasPrefix("ki") { return NauticalMiles(value / 1.852) }
        if name.hasPrefix("mi") || name.hasPrefix("s") { return NauticalMiles(value * 1.609_344 / 1.852) }
        switch site.value(FSPassengersAdapter.distance) {
        case "0": return NauticalMiles(value / 1.852)
        case "1": return NauticalMiles(value * 1.609_344 / 1.852)
        default: return NauticalMiles(value)
        }
    }

    // MARK: Log

    /// More lines than this are left out.
    private static let lineLimit = 5000

    /// `name=value` for every field, as phpVMS keeps them; secrets never.
    private static func log(_ report: FSPassengersMessage.Report) -> [String] {
        let known = Set(FSPassengersMessage.Report.names)
        let others = report.fields.keys.filter { !known.contains($0) && !Redaction.isSecret($0) }.sorted()
        var lines: [String] = []
        for name in FSPassengersMessage.Report.names + others {
            guard let text = report.fields[name] else { continue }
            for line in "\(name)=\(text)".split(whereSeparator: \.isNewline) where lines.count < lineLimit {
                let line = LegacyText.trimmed(line)
                if !line.isEmpty { lines.append(line) }
            }
        }
        return lines
    }
}
