import Domain

/// Block time without pauses, far from the scheduled one.
struct BlockTimeDeviation: Rule {
    static let id = "block-time-deviation"
    static let inputs: RuleInputs = .groundedTrack
    var longPercent = 25.0
    var longMinutes = 30.0
    var shortPercent = 25.0
    var shortMinutes = 20.0

    var parameters: [Parameter] {
        [
            Parameter("long_pct", longPercent, "%"), Parameter("long_min", longMinutes, "min"),
            Parameter("short_pct", shortPercent, "%"), Parameter("short_min", shortMinutes, "min"),
            Parameter("reference", "schedule"),
        ]
    }

    func evaluate(_ evidence: Evidence) -> Verdict {
        guard let schedule = evidence.opening?.schedule, schedule.flightTime.rawValue > 0 else {
            return .notApplicable("No block time is scheduled")
        }
        guard let block = evidence.blockSeconds, let out = evidence.out, let outTime = evidence.outTime,
            let inBlock = evidence.inBlock
        else {
            return .inconclusive(
                "OUT or IN not seen",
                pilot: "We did not see your whole flight, so its block time could not be compared.")
        }
        let paused = evidence.pausedSeconds(from: outTime, to: evidence.points[inBlock].time)
        let actual = (block - paused) / 60
        var scheduled = Double(schedule.flightTime.rawValue)
        var note = ""
        if case .diverted = evidence.arrival(radius: 5),
            let from = evidence.airports.airport(schedule.departure),
            let to = evidence.airports.airport(schedule.arrival)
        {
            // After a diversion the schedule is scaled by the distance flown.
            let direct = greatCircleDistance(from: from.position, to: to.position).rawValue
            if direct > 1 {
                scheduled *= evidence.distance(out...inBlock) / direct
                note = ", scaled by the distance flown"
            }
        }
        let long = max(scheduled * (1 + longPercent / 100), scheduled + longMinutes)
        let short = min(scheduled * (1 - shortPercent / 100), scheduled - shortMinutes)
        var seen = Observation()
        seen.measured = .init(rounded(actual, 1), "min")
        seen.confidence = .derived
        let pauses = paused > 0 ? " without \(Wording.duration(paused)) of pauses" : ""
        seen.staff =
            "Block \(Wording.plain(actual, 1)) min\(pauses), scheduled \(Wording.plain(scheduled, 1)) min\(note) "
            + "(fine from \(Wording.plain(short, 1)) to \(Wording.plain(long, 1)))"
        guard actual > long || actual < short else {
            seen.threshold = .init(rounded(actual > scheduled ? long : short, 1), "min")
            return .pass(seen)
        }
        let isLong = actual > long
        seen.tier = isLong ? "long" : "short"
        seen.threshold = .init(rounded(isLong ? long : short, 1), "min")
        seen.mark(evidence, out, inBlock)
        seen.pilot =
            "Your block time was \(Wording.duration(actual * 60))\(pauses), from \(Wording.time(Timestamp(milliseconds: outTime))) to "
            + "\(Wording.time(evidence.points[inBlock].timestamp)); the schedule says \(Wording.duration(scheduled * 60)), and "
            + "\(isLong ? "up to \(Wording.duration(long * 60))" : "\(Wording.duration(short * 60)) or more") is fine."
        seen.advice = isLong ? "Holding, weather, a long taxi? Tell us." : "If you know why, tell us."
        return .violated(seen)
    }
}
