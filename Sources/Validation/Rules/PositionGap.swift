import Domain

/// Holes in the airborne part of the track, on event time: what was buffered and sent later leaves none.
struct PositionGap: Rule {
    static let id = "position-gap"
    static let inputs: RuleInputs = .groundedTrack
    var maximumSingle = 10.0
    var maximumTotalPercent = 15.0

    var parameters: [Parameter] {
        [
            Parameter("gap_s", "max(120 s, 4 × median interval)"), Parameter("max_single_min", maximumSingle, "min"),
            Parameter("max_total_pct", maximumTotalPercent, "% of airborne time"), Parameter("ground_gaps", "ignored"),
        ]
    }

    func evaluate(_ evidence: Evidence) -> Verdict {
        let points = evidence.points
        guard points.count > 1, evidence.ground.source != .none else {
            return .inconclusive(
                "No track that shows when the aircraft was airborne", pilot: "We received no track of your flight.")
        }
        let holes = evidence.gaps.filter { index in
            // From parked here to parked there is a flight that nobody saw.
            evidence.isAirborne(index - 1) || evidence.isAirborne(index) || evidence.legs[index] > 5
        }
        var airborne = 0.0
        for index in 1..<points.count where evidence.isAirborne(index - 1) {
            airborne += evidence.seconds(from: index - 1, to: index)
        }
        for index in holes where !evidence.isAirborne(index - 1) {
            airborne += evidence.seconds(from: index - 1, to: index)
        }
        guard airborne > 0 else {
            return .inconclusive("No airborne sample", pilot: "We saw no airborne part of your flight.")
        }
        let lengths = holes.map {
            evidence.seconds(from: $0 - 1, to: $0)
                - evidence.pausedSeconds(from: points[$0 - 1].time, to: points[$0].time)
        }
        let total = lengths.reduce(0, +)
        let longest = lengths.max() ?? 0
        let percent = total / airborne * 100
        var seen = Observation()
        for index in holes { seen.mark(evidence, index - 1, index) }
        seen.confidence = .measured
        let counted = "\(holes.count) hole\(holes.count == 1 ? "" : "s")"
        seen.staff =
            holes.isEmpty
            ? "No hole in \(Wording.duration(airborne)) airborne"
            : "\(counted), longest \(Wording.duration(longest)) (limit \(Wording.plain(maximumSingle)) min), together "
                + "\(Wording.plain(percent, 1)) % of \(Wording.duration(airborne)) airborne (limit \(Wording.plain(maximumTotalPercent)) %)"
        if longest > maximumSingle * 60 {
            seen.measured = .init(rounded(longest / 60, 1), "min")
            seen.threshold = .init(maximumSingle, "min")
        } else {
            seen.measured = .init(rounded(percent, 1), "%")
            seen.threshold = .init(maximumTotalPercent, "%")
        }
        guard longest > maximumSingle * 60 || percent > maximumTotalPercent, let first = holes.first else {
            return .pass(seen)
        }
        seen.pilot =
            "We received nothing for \(Wording.duration(total)) of your flight (\(counted), the first at "
            + "\(Wording.time(points[first - 1].timestamp)) \(evidence.place(first - 1))); up to \(Wording.plain(maximumSingle)) min at a time and "
            + "\(Wording.plain(maximumTotalPercent)) % in all is fine."
        seen.advice = "If your connection or the simulator failed, tell us."
        return .violated(seen)
    }
}
