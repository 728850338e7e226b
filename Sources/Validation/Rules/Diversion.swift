import Domain

/// The flight ended at a filed alternate, a declared diversion or back where it began.
struct Diversion: Rule {
    static let id = "diversion"
    static let inputs: RuleInputs = .groundedTrack
    var radius = 5.0
    var acceptsAlternates = true
    var needsReason = true

    var parameters: [Parameter] {
        [
            Parameter("alternates_accept", "\(acceptsAlternates)"), Parameter("max_distance_from_plan_nm", "none"),
            Parameter("reason_required", "\(needsReason)"), Parameter("next_position", "stay"),
        ]
    }

    func evaluate(_ evidence: Evidence) -> Verdict {
        let planned = evidence.planned.arrival?.code ?? ""
        switch evidence.arrival(radius: radius) {
        case .unplanned: return .notApplicable("No arrival was planned")
        case .unseen:
            return .inconclusive(
                "The track does not show where the flight ended", pilot: "We did not see where you landed.")
        case .unknownAirport(let icao):
            return .inconclusive("\(icao) is not in the list of airports", pilot: "We do not know the airport \(icao).")
        case .planned: return .pass("Arrived as planned")
        case .elsewhere, .offAirport: return .pass("No diversion was filed or declared: see landed-elsewhere")
        case .diverted(let airport, let kind, let distance):
            let hasReason = evidence.diversion?.hasReason ?? false
            var seen = Observation()
            seen.tier = kind.rawValue
            seen.measured = .init(rounded(distance, 1), "NM")
            seen.threshold = .init(radius, "NM")
            seen.confidence = .derived
            if let on = evidence.on, let index = evidence.arrivalIndex { seen.mark(evidence, on, index) }
            if hasReason || !needsReason, kind != .alternate || acceptsAlternates {
                seen.consequence = .init(severity: .info, action: .accept)
            }
            let at = evidence.arrivalIndex.map { " at \(Wording.time(evidence.points[$0].timestamp))" } ?? ""
            seen.pilot =
                "You \(kind == .returned ? "returned" : "diverted") to \(airport.icao)\(at), \(Wording.plain(distance, 0)) NM from "
                + "the planned \(planned)."
            seen.advice = hasReason ? "" : "Please give a reason."
            seen.staff =
                "Ended at \(airport.icao) (\(kind.rawValue)), \(Wording.miles(distance)) from \(planned); "
                + (hasReason ? "reason given" : "no reason given")
            return .violated(seen)
        }
    }
}
