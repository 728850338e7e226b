import Domain

/// The landing is missing from the evidence. Voids what is judged from the touchdown, so that leaving before the
/// landing cannot buy a good score.
struct TouchdownNotObserved: Rule {
    static let id = "touchdown-not-observed"
    static let inputs: RuleInputs = .groundedTrack
    var maximumTransition = 10.0
    var maximumLastHeight = 300.0

    var parameters: [Parameter] {
        [
            Parameter("max_transition_s", maximumTransition, "s"),
            Parameter("max_last_agl_ft", maximumLastHeight, "ft"),
        ]
    }

    enum Contact {
        /// Air to ground without a hole.
        case observed(seconds: Double, height: Double?)
        /// The tracker logged it.
        case event(TrackerEvent)
        /// The indices of the last sample in the air and the first on the ground, where there is one.
        case missing(last: Int?, next: Int?, seconds: Double?, height: Double?)
        /// The track ends too low and too near a field to say.
        case undecided(last: Int, height: Double)
        /// The protocol has no positions, and no event told it either.
        case reportOnly
        case neverAirborne
        case unknowable
        var isObserved: Bool {
            switch self {
            case .observed, .event: true
            case .missing, .undecided, .reportOnly, .neverAirborne, .unknowable: false
            }
        }
    }

    func contact(_ evidence: Evidence) -> Contact {
        let points = evidence.points
        let events = evidence.report?.content.events.filter(\.isTouchdown) ?? []
        if let landing = evidence.landings.last?.first, evidence.on != nil {
            let (last, next) = (landing.lastAirborne, landing.index)
            let elapsed = evidence.seconds(from: last, to: next)
            let height = evidence.height(last)
            if elapsed <= maximumTransition, height ?? 0 <= maximumLastHeight {
                return .observed(seconds: elapsed, height: height)
            }
            let slack: Int64 = 5000
            if let event = events.first(where: { event in
                guard let time = event.time?.milliseconds else { return true }
                return time >= points[last].time - slack && time <= points[next].time + slack
            }) {
                return .event(event)
            }
            return .missing(last: last, next: next, seconds: elapsed, height: height)
        }
        if evidence.ground.source == .none {
            if let event = events.first { return .event(event) }
            if points.isEmpty, evidence.capabilities[.position] == .absent { return .reportOnly }
            return points.isEmpty ? .missing(last: nil, next: nil, seconds: nil, height: nil) : .unknowable
        }
        guard let last = points.indices.last else { return .missing(last: nil, next: nil, seconds: nil, height: nil) }
        guard evidence.isAirborne(last) else { return .neverAirborne }
        if let event = events.last(where: { $0.time.map { $0 >= points[last].timestamp } ?? true }) {
            return .event(event)
        }
        let height = evidence.height(last)
        if evidence.ground.endsUnknown, let height, height <= maximumLastHeight {
            return .undecided(last: last, height: height)
        }
        return .missing(last: last, next: nil, seconds: nil, height: height)
    }

    func evaluate(_ evidence: Evidence) -> Verdict {
        let points = evidence.points
        switch contact(evidence) {
        case .observed(let elapsed, let height):
            var seen = Observation(
                staff: "Contact within \(Wording.plain(elapsed, 1)) s"
                    + (height.map { ", last airborne sample \(Wording.grouped($0)) ft above the field" } ?? "")
            )
            seen.measured = .init(rounded(elapsed, 1), "s")
            seen.threshold = .init(maximumTransition, "s")
            seen.confidence = evidence.ground.source == .derived ? .derived : .measured
            return .pass(seen)
        case .event(let event):
            var seen = Observation(staff: "Reported by the tracker: \(event.message)")
            seen.confidence = .reported
            return .pass(seen)
        case .neverAirborne:
            return .inconclusive(
                "The track never leaves the ground", pilot: "We saw no landing because we saw no flight.")
        case .reportOnly:
            return .inconclusive(
                "The tracker sends no positions, only a report",
                pilot: "Your tracker sends a report and no positions, so we could not see your landing.")
        case .unknowable:
            return .notApplicable("The tracker sends nothing that tells ground from air")
        case .undecided(let last, let height):
            var seen = Observation(
                pilot:
                    "Your track ends \(Wording.grouped(height)) ft above the field at \(Wording.time(points[last].timestamp)), so we could not see the landing itself.",
                staff: "Last sample \(Wording.grouped(height)) ft above the field, ground or air not known"
            )
            seen.mark(evidence, last, last)
            return .inconclusive(seen)
        case .missing(let last, let next, let elapsed, let height):
            var seen = Observation()
            seen.confidence = .measured
            if let last { seen.mark(evidence, last, next ?? last) }
            if let elapsed, elapsed > maximumTransition {
                seen.measured = .init(rounded(elapsed, 1), "s")
                seen.threshold = .init(maximumTransition, "s")
            } else if let height {
                seen.measured = .init(rounded(height, 0), "ft")
                seen.threshold = .init(maximumLastHeight, "ft")
            }
            let from: String
            if let height {
                from = "\(Wording.grouped(height)) ft"
            } else if let last, let altitude = points[last].anyAltitude {
                from = "\(Wording.grouped(altitude)) ft"
            } else {
                from = last == nil ? "the whole flight" : "the last position in the air"
            }
            let at = last.map { " at \(Wording.time(points[$0].timestamp))" } ?? ""
            if let elapsed {
                seen.pilot =
                    "We received nothing from \(from)\(at) until \(Wording.duration(elapsed)) later on the ground, so your "
                    + "landing could not be judged (limits \(Wording.plain(maximumLastHeight)) ft and \(Wording.plain(maximumTransition)) s)."
            } else if last == nil {
                seen.pilot = "We received no positions of your flight, so your landing could not be judged."
            } else {
                seen.pilot =
                    "We received nothing after \(from)\(at), so your landing could not be judged "
                    + "(we need your track down to the ground)."
            }
            seen.advice = "If your connection or the simulator failed, tell us."
            let filed = evidence.report?.content.landingRate.map { "; filed \(Wording.signed($0.rawValue)) fpm" } ?? ""
            seen.staff =
                "Last airborne sample \(last == nil ? "none" : from)\(height == nil ? "" : " above the field"), "
                + (elapsed.map { "\(Wording.plain($0, 1)) s gap" } ?? "no sample on the ground after it")
                + " (limits \(Wording.plain(maximumLastHeight)) ft, \(Wording.plain(maximumTransition)) s); landing not judged\(filed)"
            return .violated(seen)
        }
    }
}
