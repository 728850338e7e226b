import Domain

/// Ground speed, reported or implied by the track, beyond what the aircraft's category can reach.
struct UnrealisticGroundSpeed: Rule {
    static let id = "unrealistic-ground-speed"
    static let inputs = RuleInputs(measured: [.position])
    var caps = SpeedCaps()
    var sustain = 60.0

    var parameters: [Parameter] {
        [
            Parameter("cap_piston_kt", caps.piston, "kt"), Parameter("cap_turboprop_kt", caps.turboprop, "kt"),
            Parameter("cap_jet_kt", caps.jet, "kt"), Parameter("cap_supersonic_kt", caps.supersonic, "kt"),
            Parameter("cap_helicopter_kt", caps.helicopter, "kt"), Parameter("sustain_s", sustain, "s"),
        ]
    }

    func evaluate(_ evidence: Evidence) -> Verdict {
        guard let range = evidence.underWay, range.count > 1 else {
            return .inconclusive(
                "Fewer than two positions between OUT and IN",
                pilot: "We received too few positions to follow your flight.")
        }
        let cap = caps[evidence.profile.category]
        let points = evidence.points
        func fastest(_ index: Int) -> Double {
            var speed = points[index].groundSpeed ?? 0
            // Not across holes. Accelerated time is judged by its own rule.
            if index > range.lowerBound, !evidence.startsSegment[index], points[index].time > points[index - 1].time {
                let rate = max(1, points[index].rate ?? 1, points[index - 1].rate ?? 1)
                let elapsed = Double(points[index].time - points[index - 1].time) / 3_600_000
                speed = max(speed, evidence.legs[index] / elapsed / rate)
            }
            return speed
        }
        let episodes = evidence.episodes(in: range, sustain: sustain) { fastest($0) > cap }
        let long = episodes.filter { evidence.duration($0) >= sustain }
        let category = evidence.profile.isKnown ? evidence.profile.category.rawValue : "unknown type, judged as jet"
        if let first = long.first {
            let peak = long.lazy.flatMap { $0.first...$0.last }.max { fastest($0) < fastest($1) } ?? first.first
            var seen = Observation()
            for episode in long { seen.mark(evidence, episode.first, episode.last) }
            let lasted = long.map(evidence.duration).max() ?? 0
            seen.measured = .init(rounded(fastest(peak), 1), "kt")
            seen.threshold = .init(cap, "kt")
            seen.confidence = (points[peak].groundSpeed ?? 0) > cap ? .measured : .derived
            seen.pilot =
                "Your ground speed reached \(Wording.grouped(fastest(peak))) kt for \(Wording.duration(lasted)) from "
                + "\(Wording.time(points[first.first].timestamp)) \(evidence.place(first.first)); this kind of aircraft "
                + "stays below \(Wording.grouped(cap)) kt."
            seen.advice = "If the simulator ran fast or the type is set wrongly, tell us."
            seen.staff =
                "GS max \(Wording.grouped(fastest(peak))) kt (cap \(Wording.grouped(cap)), \(category)), above it for "
                + "\(Wording.duration(lasted)) (limit \(Wording.plain(sustain)) s)"
            return .violated(seen)
        }
        if let slow = episodes.first(where: \.isSlow) {
            var seen = Observation(
                pilot: "Single positions show over \(Wording.grouped(cap)) kt, too far apart to tell for how long.",
                staff:
                    "Above \(Wording.grouped(cap)) kt on single samples only; sampling slower than \(Wording.plain(sustain)) s"
            )
            seen.mark(evidence, slow.first, slow.last)
            return .inconclusive(seen)
        }
        var seen = Observation(
            staff: "Never above \(Wording.grouped(cap)) kt for \(Wording.plain(sustain)) s (\(category))")
        seen.threshold = .init(cap, "kt")
        seen.confidence = .measured
        return .pass(seen)
    }
}
