import Domain

/// A position jump that the aircraft could not have flown. A single far-off position that the next sample takes back is
/// a receiver fault and never gets here (decisions D7).
struct Teleport: Rule {
    static let id = "teleport"
    static let inputs = RuleInputs(measured: [.position])
    var tolerancePercent = 25.0
    var slackAir = 2.0
    var slackGround = 0.3

    var parameters: [Parameter] {
        [
            Parameter("tolerance_pct", tolerancePercent, "%"), Parameter("slack_air_nm", slackAir, "NM"),
            Parameter("slack_ground_nm", slackGround, "NM"), Parameter("fallback_speed_kt", "category cap"),
        ]
    }

    func evaluate(_ evidence: Evidence) -> Verdict {
        guard let range = evidence.underWay, range.count > 1 else {
            return .inconclusive(
                "Fewer than two positions between OUT and IN",
                pilot: "We received too few positions to follow your flight.")
        }
        let points = evidence.points
        var worst: (index: Int, jump: Jump)?
        var seen = Observation()
        for index in range.dropFirst() {
            // Nothing that moved less than the smaller slack needs a closer look.
            guard evidence.legs[index] > slackGround else { continue }
            let (a, b) = (points[index - 1], points[index])
            let isGround =
                evidence.ground.source != .none && !evidence.isAirborne(index - 1) && !evidence.isAirborne(index)
            let jump = Jump(
                from: a, to: b, speedCap: evidence.cap, distance: evidence.legs[index], isGround: isGround,
                pausedSeconds: evidence.pauses.isEmpty ? 0 : evidence.pausedSeconds(from: a.time, to: b.time),
                tolerance: tolerancePercent / 100, slackAir: slackAir, slackGround: slackGround
            )
            guard jump.isTooFar else { continue }
            seen.evidence.append(evidence.span(index - 1, index).interval)
            // The first of equally large ones: a jump there and back is marked where it began.
            if jump.distance - jump.limit > (worst.map { $0.jump.distance - $0.jump.limit } ?? 0) + 1 {
                worst = (index, jump)
            }
            if worst == nil { worst = (index, jump) }
        }
        guard let worst else {
            var seen = Observation(staff: "No jump in \(range.count) positions")
            seen.confidence = .measured
            return .pass(seen)
        }
        let (index, jump) = worst
        seen.start = points[index - 1].position
        seen.end = points[index].position
        seen.measured = .init(rounded(jump.distance, 2), "NM")
        seen.threshold = .init(rounded(jump.limit, 2), "NM")
        seen.confidence = .measured
        let elapsed = evidence.seconds(from: index - 1, to: index)
        let more = seen.evidence.count > 1 ? " and \(seen.evidence.count - 1) more" : ""
        seen.pilot =
            "Your position jumped \(Wording.miles(jump.distance)) within \(Wording.duration(elapsed)) "
            + "at \(Wording.time(points[index - 1].timestamp)) \(evidence.place(index - 1))\(more.isEmpty ? "" : " (\(more.dropFirst(5)))"); "
            + "in that time the aircraft could fly \(Wording.miles(jump.limit))."
        seen.advice = "Lost connection? Tell us what happened."
        seen.staff =
            "\(Wording.miles(jump.distance)) in \(Wording.duration(elapsed)), could fly \(Wording.miles(jump.limit)) at "
            + "\(Wording.plain(jump.speed, 0)) kt\(more.isEmpty ? "" : ";\(more) of this kind"); "
            + (evidence.pauses.isEmpty ? "no pause" : "\(evidence.pauses.count) pauses in the flight")
        return .violated(seen)
    }
}
