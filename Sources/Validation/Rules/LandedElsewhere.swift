import Domain

/// The flight ended away from the planned arrival, and it was no diversion.
struct LandedElsewhere: Rule {
    static let id = "landed-elsewhere"
    static let inputs: RuleInputs = .groundedTrack
    var radius = 5.0

    var parameters: [Parameter] {
        [
            Parameter("radius_nm", radius, "NM"), Parameter("return_to_field", "diversion"),
            Parameter("off_airport", "critical"),
        ]
    }

    func evaluate(_ evidence: Evidence) -> Verdict {
        var seen = Observation()
        seen.confidence = .derived
        seen.threshold = .init(radius, "NM")
        let planned = evidence.planned.arrival?.code ?? ""
        switch evidence.arrival(radius: radius) {
        case .unplanned: return .notApplicable("No arrival was planned")
        case .unseen:
            return .inconclusive(
                "The track does not show where the flight ended", pilot: "We did not see where you landed.")
        case .unknownAirport(let icao):
            return .inconclusive("\(icao) is not in the list of airports", pilot: "We do not know the airport \(icao).")
        case .planned(let distance):
            seen.measured = .init(rounded(distance, 1), "NM")
            seen.staff = "Stopped \(Wording.miles(distance)) from \(planned)"
            return .pass(seen)
        case .diverted(let airport, let kind, let distance):
            seen.measured = .init(rounded(distance, 1), "NM")
            seen.staff = "Stopped at \(airport.icao) (\(kind.rawValue)): see diversion"
            return .pass(seen)
        case .elsewhere(let airport, let distance):
            seen.measured = .init(rounded(distance, 1), "NM")
            seen.pilot =
                "Your flight ended at \(airport.icao)\(at(evidence)), \(Wording.plain(distance, 0)) NM from the planned "
                + "\(planned); up to \(Wording.plain(radius)) NM is fine."
            seen.advice = "Was it a diversion? Choose a reason."
            seen.staff =
                "Stopped \(Wording.miles(distance)) from \(planned), nearest \(airport.icao), not a filed alternate"
        case .offAirport(let distance):
            seen.measured = .init(rounded(distance, 1), "NM")
            seen.tier = "off-airport"
            seen.consequence = .init(severity: .critical)
            seen.title = "Landed away from any airport"
            seen.pilot =
                "Your flight ended away from any airport we know\(at(evidence)), \(Wording.plain(distance, 0)) NM from the "
                + "planned \(planned)."
            seen.advice = "Tell us what happened."
            seen.staff =
                "Stopped \(Wording.miles(distance)) from \(planned), no airport within \(Wording.plain(radius)) NM"
        }
        if let on = evidence.on, let index = evidence.arrivalIndex { seen.mark(evidence, on, index) }
        return .violated(seen)
    }

    private func at(_ evidence: Evidence) -> String {
        evidence.arrivalIndex.map { " at \(Wording.time(evidence.points[$0].timestamp))" } ?? ""
    }
}
