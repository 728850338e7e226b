import Domain

/// Too few samples to judge the flight.
struct LogTooSparse: Rule {
    static let id = "log-too-sparse"
    static let inputs = RuleInputs(measured: [.position])
    var maximumMedian = 60.0
    var minimumSamples = 20
    var criticalInterval = 10.0

    var parameters: [Parameter] {
        [
            Parameter("max_median_interval_s", maximumMedian, "s"),
            Parameter("min_samples", Double(minimumSamples), ""),
            Parameter("critical_phase_interval_s", criticalInterval, "s"),
        ]
    }

    func evaluate(_ evidence: Evidence) -> Verdict {
        let points = evidence.points
        let median = Double(evidence.medianInterval) / 1000
        if points.isEmpty, evidence.capabilities[.position] == .absent {
            // Its own way of sending: no fault, and nothing to judge a flight by either.
            return .inconclusive(
                "The tracker sends no positions, only a report", pilot: "Your tracker sends a report and no positions.")
        }
        var seen = Observation()
        seen.confidence = .measured
        if points.count > 1 { seen.mark(evidence, 0, points.count - 1) }
        seen.advice = "This is often the tracker's own rate; nothing you need to do."
        if points.count < minimumSamples {
            seen.measured = .init(Double(points.count), "positions")
            seen.threshold = .init(Double(minimumSamples), "positions")
            seen.pilot =
                "We received \(points.count) positions of your flight; we need at least \(minimumSamples) to judge it."
            seen.staff =
                "\(points.count) samples (minimum \(minimumSamples)), median interval \(Wording.plain(median, 1)) s"
            return .violated(seen)
        }
        if median > maximumMedian {
            seen.measured = .init(rounded(median, 1), "s")
            seen.threshold = .init(maximumMedian, "s")
            seen.pilot =
                "Your positions came every \(Wording.plain(median, 0)) s; we need one each \(Wording.plain(maximumMedian)) s to judge a flight."
            seen.staff =
                "Median interval \(Wording.plain(median, 1)) s (limit \(Wording.plain(maximumMedian))), \(points.count) samples"
            return .violated(seen)
        }
        let events = evidence.report?.content.events ?? []
        let critical: [(name: String, at: Int?, isReported: Bool)] = [
            ("take-off", evidence.off, events.contains(where: \.isTakeOff)),
            ("landing", evidence.on, events.contains(where: \.isTouchdown)),
        ]
        for phase in critical {
            guard let at = phase.at, !phase.isReported else { continue }
            let interval = self.interval(evidence, around: at)
            guard interval > criticalInterval else { continue }
            seen.evidence = []
            (seen.start, seen.end) = (nil, nil)
            seen.mark(evidence, at - 1, at)
            seen.measured = .init(rounded(interval, 1), "s")
            seen.threshold = .init(criticalInterval, "s")
            seen.pilot =
                "Around your \(phase.name) at \(Wording.time(points[at].timestamp)) \(evidence.place(at)) positions came every "
                + "\(Wording.plain(interval, 0)) s; we need one each \(Wording.plain(criticalInterval)) s there."
            seen.staff =
                "Median interval around \(phase.name) \(Wording.plain(interval, 1)) s (limit \(Wording.plain(criticalInterval))), "
                + "no event from the tracker; \(Wording.plain(median, 1)) s over the flight"
            return .violated(seen)
        }
        seen.evidence = []
        (seen.start, seen.end) = (nil, nil)
        seen.measured = .init(rounded(median, 1), "s")
        seen.threshold = .init(maximumMedian, "s")
        seen.staff = "\(points.count) samples, median interval \(Wording.plain(median, 1)) s"
        return .pass(seen)
    }

    /// Median interval from half a minute before to half a minute after.
    private func interval(_ evidence: Evidence, around index: Int) -> Double {
        let points = evidence.points
        var first = index
        while first > 0, points[index].time - points[first].time < 30_000 { first -= 1 }
        var last = index
        while last + 1 < points.count, points[last].time - points[index].time < 30_000 { last += 1 }
        var intervals: [Int64] = []
        for i in first..<last { intervals.append(points[i + 1].time - points[i].time) }
        intervals.sort()
        return intervals.isEmpty ? 0 : Double(intervals[(intervals.count - 1) / 2]) / 1000
    }
}
