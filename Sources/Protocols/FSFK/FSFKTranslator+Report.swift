import Domain
import XMLReader

/// The report.
extension FSFKTranslator {
    static let airportsBlank = "The departure or arrival airports are blank"

    func file(_ report: FSFKMessage.Report) -> DecodedFrame {
        let pilot = report["PilotID"].map { LegacyNames.pilot($0, site) }
        let credential = Credential.pilot(pilot, secret: nil)
        var details = FlightDetails()
        // `KJFK - Kennedy Intl`.
        details.departure = report["OriginICAO"].flatMap { LegacyNames.airport($0.prefix(4)) }
        details.arrival = report["DestinationICAO"].flatMap { LegacyNames.airport($0.prefix(4)) }
        guard details.departure != nil, details.arrival != nil else {
            let error = FSFKDecoder.refusal(.missingField, "DestinationICAO", Self.airportsBlank)
            return DecodedFrame(credential: credential, outcome: .failure(error))
        }
        details.alternate = report["AlternateICAO"].flatMap { LegacyNames.airport($0.prefix(4)) }
        let number = number(report["FlightNumber"], airline: report["AircraftAirline"])
        details.airline = number?.airline
        details.flightNumber = number?.number
        details.aircraftText = report["AircraftTailNumber"] ?? report["AircraftType"]
        details.level = report["FlightLevel"].flatMap { LegacyNames.level($0) }
        details.flightRules = rules(report["FlightType"])
        details.passengers = report["Passenger"].flatMap { LegacyNumber.whole($0, in: 0...10_000) }
        details.cargo = pounds(report["Cargo"])
        details.zeroFuelWeight = pounds(report["ZFW"])
        details.distance = miles(report["FlightDistance"])
        details.plannedDistance = miles(report["RouteDistance"])
        details.blockTime = report["BlockTime"].flatMap { LegacyTime.duration($0) }
        // phpVMS counts the block time as the flight's.
        details.flightTime = details.blockTime ?? report["FlightTime"].flatMap { LegacyTime.duration($0) }
        details.fuelUsed = pounds(report["BlockFuel"])
        details.landingRate = landingRate(report["ONVS"])
        details.score = report["FlightScore"].flatMap { LegacyNumber.whole($0, in: 0...100) }
        details.route = route(report, details)
        details.asSent = asSent(report)
        let legs = FlightLegs(
            airline: number?.airline, number: number?.number ?? "", departure: details.departure,
            arrival: details.arrival)
        let filing = FilingRequest(
            details, comments: report["COMMENT"], log: report.lines("FLIGHTPLAN") + report.lines("FLIGHTCRITIQUE"))
        let unknown = report.element.children.map(\.name).filter { !Self.known.contains($0) }
        return DecodedFrame(
            credential: credential, outcome: .success(.file(FlightKey(legs: legs), filing)),
            unrecognised: Dictionary(
                unknown.prefix(32).map { (LegacyText.cut($0, to: 64), LegacyText.cut(report[$0] ?? "", to: 256)) }
            ) { first, _ in first })
    }

    /// Feet per minute, negative down, whatever sign a template gives it.
    private func landingRate(_ text: String?) -> FeetPerMinute? {
        text.flatMap { LegacyNumber.read($0) }
            .flatMap { (-10_000...10_000).contains($0) ? FeetPerMinute(-abs($0)) : nil }
    }

    /// Names of the plan's lines (`number|name|type|time|…`) between the airports.
    private func route(_ report: FSFKMessage.Report, _ details: FlightDetails) -> String? {
        var names = report.lines("FLIGHTPLAN").compactMap { line -> String? in
            let parts = line.split(separator: "|", omittingEmptySubsequences: false)
            guard parts.count > 1 else { return nil }
            let name = LegacyText.trimmed(parts[1]).uppercased()
            return (1...16).contains(name.utf8.count) && !name.contains(" ") ? name : nil
        }
        if names.first == details.departure?.code { names.removeFirst() }
        if let last = names.last, last == details.arrival?.code { names.removeLast() }
        return names.isEmpty ? nil : names.joined(separator: " ")
    }

    /// Elements that no property holds, or in another unit, with that unit. Times may be local: they stay text.
    private static let sent: [(element: String, name: String, unit: String)] = [
        ("PilotName", "PilotName", ""), ("AircraftTitle", "AircraftTitle", ""), ("AircraftType", "AircraftType", ""),
        ("AircraftAirline", "AircraftAirline", ""), ("FlightLevel", "level", ""), ("Cargo", "cargo", " lb"),
        ("ZFW", "zeroFuelWeight", " lb"), ("OriginGate", "OriginGate", ""), ("OriginRunway", "OriginRunway", ""),
        ("OriginTransitionAltitude", "OriginTransitionAltitude", ""), ("DestinationGate", "DestinationGate", ""),
        ("DestinationRunway", "DestinationRunway", ""),
        ("DestinationTransitionAltitude", "DestinationTransitionAltitude", ""), ("SID", "SID", ""),
        ("STARS", "STARS", ""), ("OUTTime", "OUTTime", ""), ("OFFTime", "OFFTime", ""), ("ONTime", "ONTime", ""),
        ("INTime", "INTime", ""), ("DayFlightTime", "DayFlightTime", ""), ("NightFlightTime", "NightFlightTime", ""),
        ("BlockTime", "blockTime", ""), ("FlightTime", "FlightTime", ""), ("BlockFuel", "fuelUsed", " lb"),
        ("FlightFuel", "FlightFuel", " lb"), ("TOIAS", "TOIAS", " kt"), ("LAIAS", "LAIAS", " kt"),
        ("ONVS", "landingRate", " ft/min"), ("FlightScore", "score", ""),
    ]
    private static let known = Set(
        sent.map(\.element) + [
            "PilotID", "AircraftTailNumber", "FlightNumber", "FlightType", "Passenger", "OriginICAO", "DestinationICAO",
            "AlternateICAO", "FlightDistance", "RouteDistance", "FLIGHTPLAN", "COMMENT", "FLIGHTCRITIQUE", "FLIGHTMAPS",
        ])

    private func asSent(_ report: FSFKMessage.Report) -> [String: String] {
        var result: [String: String] = [:]
        for entry in Self.sent {
            guard let text = report[entry.element] else { continue }
            // A template that names the unit keeps it.
            let isBare = LegacyNumber.measure(text).map { $0.unit.isEmpty } ?? false
            result[entry.name] = LegacyText.cut(text, to: 128) + (isBare ? entry.unit : "")
        }
        return result
    }
}
