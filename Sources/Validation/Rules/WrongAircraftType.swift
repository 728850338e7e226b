import Domain

/// The type flown is not the type booked, nor of its family.
struct WrongAircraftType: Rule {
    static let id = "wrong-aircraft-type"
    static let inputs = RuleInputs(reported: [.aircraftType])
    enum Match: String, Sendable { case exact, family, fleet }
    var match = Match.family

    var parameters: [Parameter] { [Parameter("match", match.rawValue), Parameter("unknown_title", "flag-once")] }

    func evaluate(_ evidence: Evidence) -> Verdict {
        guard let opening = evidence.opening else { return .notApplicable("No plan") }
        guard Self.inputs.areCarried(by: evidence.capabilities) else {
            return .notApplicable("The tracker does not say which aircraft was flown")
        }
        let booked = opening.aircraft
        let isBooked = opening.booking?.aircraft != nil
        let schedule = opening.schedule
        guard isBooked || !(schedule?.aircraft.isEmpty ?? true) || !(schedule?.subfleets.isEmpty ?? true) else {
            return .notApplicable("Any aircraft may fly it")
        }
        guard let flown = evidence.aircraft, !TypeProfile.normalised(flown.type).isEmpty else {
            return .inconclusive(
                "The report names no aircraft of the fleet", pilot: "We do not know the aircraft you flew yet.")
        }
        var seen = Observation()
        seen.confidence = .reported
        if isBooked {
            guard let booked, booked.number == opening.booking?.aircraft else {
                return .inconclusive(
                    "The booked aircraft is not in the fleet any more", pilot: "We do not know the aircraft you booked."
                )
            }
            if isSame(flown, booked) {
                seen.staff = "Flown \(flown.type), booked \(booked.type)"
                return .pass(seen)
            }
            seen.pilot =
                "You flew \(flown.registration), a \(flown.type); your booking was for a \(booked.type) (\(booked.registration))."
            seen.advice = "If the aircraft was changed for a reason, tell us."
            seen.staff =
                "Flown \(flown.type) (\(flown.registration)), booked \(booked.type) (\(booked.registration)), match \(match.rawValue)"
            return .violated(seen)
        }
        guard let schedule else { return .notApplicable("Any aircraft may fly it") }
        if schedule.aircraft.contains(flown.number) { return .pass("\(flown.registration) is planned for this flight") }
        if !flown.subfleet.isEmpty, schedule.subfleets.contains(flown.subfleet) {
            return .pass("\(flown.registration) belongs to \(flown.subfleet), planned for this flight")
        }
        if let booked, schedule.aircraft.contains(booked.number), isSame(flown, booked) {
            return .pass("Flown \(flown.type), planned \(booked.type)")
        }
        return .inconclusive(
            "Flown \(flown.type) (\(flown.registration)) is not among the aircraft of this flight; their types were not recorded at the start",
            pilot: "You flew \(flown.registration), a \(flown.type), which is not on the list for this flight."
        )
    }

    private func isSame(_ flown: AircraftDetails, _ booked: AircraftDetails) -> Bool {
        let (a, b) = (TypeProfile.normalised(flown.type), TypeProfile.normalised(booked.type))
        if a == b { return true }
        switch match {
        case .exact: return false
        case .fleet: return !flown.subfleet.isEmpty && flown.subfleet == booked.subfleet
        case .family:
            let family = TypeProfile.of(a).family
            return !family.isEmpty && family == TypeProfile.of(b).family
        }
    }
}
