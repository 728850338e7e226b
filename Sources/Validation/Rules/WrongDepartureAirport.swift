import Domain

/// Departed from another airport than booked.
struct WrongDepartureAirport: Rule {
    static let id = "wrong-departure-airport"
    static let inputs: RuleInputs = .groundedTrack
    var radius = 5.0

    var parameters: [Parameter] { [Parameter("radius_nm", radius, "NM")] }

    func evaluate(_ evidence: Evidence) -> Verdict {
        guard let planned = evidence.planned.departure else { return .notApplicable("No departure was planned") }
        guard let index = evidence.departureIndex else {
            return .inconclusive(
                "The track does not show where the flight began", pilot: "We did not see where you departed.")
        }
        guard let field = evidence.airports.airport(planned) else {
            return .inconclusive(
                "\(planned) is not in the list of airports", pilot: "We do not know the airport \(planned).")
        }
        let point = evidence.points[index]
        let distance = greatCircleDistance(from: point.position, to: field.position).rawValue
        let actual = evidence.match(index, radius: radius, planned: planned)
        var seen = Observation()
        seen.measured = .init(rounded(distance, 1), "NM")
        seen.threshold = .init(radius, "NM")
        seen.confidence = .derived
        if actual?.icao == planned {
            seen.staff = "\(Wording.miles(distance)) from \(planned)"
            return .pass(seen)
        }
        seen.mark(evidence, index, index)
        let place = actual.map { "from \($0.icao)" } ?? "away from any airport we know"
        seen.pilot =
            "You departed \(place) at \(Wording.time(point.timestamp)), \(Wording.miles(distance)) from the planned "
            + "\(planned); up to \(Wording.plain(radius)) NM is fine."
        seen.advice = "If the plan changed, tell us."
        seen.staff =
            "Departed \(Wording.miles(distance)) from \(planned), nearest \(actual?.icao.code ?? "none within \(Wording.plain(radius)) NM")"
        return .violated(seen)
    }
}
