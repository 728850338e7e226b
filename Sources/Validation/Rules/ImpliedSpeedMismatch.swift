import Domain

/// The track advances faster than the reported ground speed: time ran faster than the tracker says.
///
/// Compared with the time-weighted mean of the ground speed inside one segment (decisions D7).
struct ImpliedSpeedMismatch: Rule {
    static let id = "implied-speed-mismatch"
    static let inputs = RuleInputs(measured: [.position, .groundSpeed])
    var ratio = 1.15
    var window = 180.0
    var minimumSpeed = 80.0

    var parameters: [Parameter] {
        [
            Parameter("ratio", ratio, "×"), Parameter("window_s", window, "s"),
            Parameter("min_gs_kt", minimumSpeed, "kt"),
        ]
    }

    func evaluate(_ evidence: Evidence) -> Verdict {
        guard Self.inputs.areCarried(by: evidence.capabilities) else {
            return .notApplicable("The tracker sends no ground speed")
        }
        let nothing = Verdict.inconclusive(
            "No \(Wording.plain(window)) s of unbroken track above \(Wording.plain(minimumSpeed)) kt with ground speed",
            pilot: "We received too little to compare your track with your speed."
        )
        guard let range = evidence.underWay, range.count > 1 else { return nothing }
        let points = evidence.points
        var first = range.lowerBound
        var path = 0.0
        var reported = 0.0
        var legs: [Double] = []
        var judged = 0
        var lowest = Double.infinity
        var highest = 0.0
        var worst: (first: Int, last: Int, ratio: Double, implied: Double, mean: Double)?
        var spans: [Evidence.Span] = []
        // legs[k] is the reported distance from sample first + k to the next.
        var head = 0
        for index in range.dropFirst() {
            let (a, b) = (points[index - 1], points[index])
            guard !evidence.startsSegment[index], let from = a.groundSpeed, let to = b.groundSpeed,
                (a.rate ?? 1) == 1, (b.rate ?? 1) == 1
            else {
                first = index
                path = 0
                reported = 0
                legs.removeAll(keepingCapacity: true)
                head = 0
                continue
            }
            let elapsed = Double(b.time - a.time) / 1000
            // Between samples far apart the speed may have been the higher one all the time.
            let mean = elapsed <= 10 ? (from + to) / 2 : max(from, to)
            legs.append(mean * elapsed / 3600)
            reported += mean * elapsed / 3600
            path += evidence.legs[index]
            while evidence.seconds(from: first + 1, to: index) >= window {
                reported -= legs[head]
                path -= evidence.legs[first + 1]
                head += 1
                first += 1
            }
            let length = evidence.seconds(from: first, to: index)
            guard length >= window, reported / length * 3600 >= minimumSpeed else { continue }
            judged += 1
            let quotient = path / reported
            lowest = min(lowest, quotient)
            highest = max(highest, quotient)
            guard quotient >= ratio else { continue }
            let span = evidence.span(first, index)
            if let last = spans.last, span.from <= last.to {
                spans[spans.count - 1] = Evidence.Span(from: last.from, to: span.to)
            } else {
                spans.append(span)
            }
            if quotient > worst?.ratio ?? 0 {
                worst = (first, index, quotient, path / length * 3600, reported / length * 3600)
            }
        }
        guard judged > 0 else { return nothing }
        guard let worst else {
            var seen = Observation(
                staff:
                    "Track against ground speed: \(Wording.plain(lowest)) to \(Wording.plain(highest)) over \(Wording.plain(window)) s"
            )
            if lowest < 0.85 { seen.staff += "; below 0.85 suggests a pause or stutter that was not declared" }
            seen.measured = .init(rounded(highest, 3), "×")
            seen.threshold = .init(ratio, "×")
            seen.confidence = .measured
            return .pass(seen)
        }
        var seen = Observation()
        seen.evidence = spans.map(\.interval)
        seen.start = points[worst.first].position
        seen.end = points[worst.last].position
        seen.measured = .init(rounded(worst.ratio, 3), "×")
        seen.threshold = .init(ratio, "×")
        seen.confidence = .measured
        let lasted = evidence.seconds(from: worst.first, to: worst.last)
        seen.pilot =
            "From \(Wording.time(points[worst.first].timestamp)) \(evidence.place(worst.first)) your track advanced at "
            + "\(Wording.grouped(worst.implied)) kt for \(Wording.duration(lasted)) while the ground speed was "
            + "\(Wording.grouped(worst.mean)) kt; up to \(Wording.plain(ratio)) times is fine."
        seen.advice = "If the simulation ran faster than real time, tell us."
        seen.staff =
            "Implied \(Wording.grouped(worst.implied)) kt over mean GS \(Wording.grouped(worst.mean)) kt = "
            + "\(Wording.plain(worst.ratio)) (limit \(Wording.plain(ratio))) in \(Wording.duration(lasted)); "
            + (evidence.capabilities[.simulationRate] == .absent ? "simulation rate not reported" : "reported rate 1")
        return .violated(seen)
    }
}
