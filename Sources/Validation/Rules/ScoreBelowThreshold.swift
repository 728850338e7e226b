import Domain

/// Evaluated last, over the score of all others.
enum ScoreBelowThreshold {
    static let id = "score-below-threshold"
    static let title = "Low score"

    static func parameters(_ ruleset: Ruleset) -> [Parameter] {
        [
            Parameter("flag_below", Double(ruleset.flagBelowScore), ""), Parameter("reject_below", "none"),
            Parameter("min_confidence_pct", Double(ruleset.minimumConfidence), "%"),
        ]
    }

    static func finding(score: Int, confidence: Int, ruleset: Ruleset) -> Finding {
        let isLow = score < ruleset.flagBelowScore
        let isSure = confidence >= ruleset.minimumConfidence
        var finding = Finding(
            rule: id, verdict: !isLow ? .pass : isSure ? .violated : .inconclusive, severity: .info,
            action: isLow && isSure ? ruleset.lowScoreAction : .accept, points: 0
        )
        finding.title = title
        finding.measured = .init(Double(score), "points")
        finding.threshold = .init(Double(ruleset.flagBelowScore), "points")
        finding.confidence = .derived
        for parameter in parameters(ruleset) { finding.parameters[parameter.name] = parameter.value }
        finding.staffText =
            "Score \(score) (limit \(ruleset.flagBelowScore)), confidence \(confidence) % (minimum \(ruleset.minimumConfidence))"
        if isLow {
            finding.pilotText =
                isSure
                ? "All findings together leave a score of \(score); reports below \(ruleset.flagBelowScore) are looked at."
                : "The score of \(score) rests on too little to say anything. Nothing is held against you."
        }
        return finding
    }
}

/// Faults of the data, not of the flight: shown, never counted (decisions D7).
enum DataFault {
    static let id = "data-fault"

    static func finding(_ evidence: Evidence) -> Finding? {
        let faults = evidence.track.faults
        guard let first = faults.first else { return nil }
        var finding = Finding(rule: id, verdict: .inconclusive, severity: .info, action: .accept, points: 0)
        finding.title = "Receiver fault"
        finding.evidence = faults.map { Finding.Interval(first: $0.timestamp, last: $0.timestamp) }
        finding.start = first.position
        finding.end = first.position
        finding.measured = .init(Double(faults.count), "positions")
        finding.confidence = .derived
        let some = faults.count == 1 ? "One position was" : "\(faults.count) positions were"
        finding.pilotText =
            "\(some) far off and taken back by the next, first at \(Wording.time(first.timestamp)). We left that out; nothing is held against you."
        finding.staffText = "\(some) far off and taken back by the next sample: left out of the track"
        return finding
    }
}
