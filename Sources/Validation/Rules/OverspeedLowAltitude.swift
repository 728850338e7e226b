import Domain

/// Indicated airspeed above 250 kt below 10 000 ft.
struct OverspeedLowAltitude: Rule {
    static let id = "overspeed-low-altitude"
    static let inputs = RuleInputs(measured: [.position, .indicatedAirspeed, .altitudeMSL])
    struct Tier: Sendable {
        /// Above the limit, kt; the lowest tier starts at the tolerance.
        let over: Double
        let severity: Finding.Severity
        let points: Int
        let action: Finding.Action
    }
    struct Tiers: Sendable {
        let list: [Tier]
        static func make(_ top: Finding.Action) -> Tiers {
            Tiers(list: [
                Tier(over: 10, severity: .minor, points: -5, action: .accept),
                Tier(over: 30, severity: .major, points: -15, action: .accept),
                Tier(over: 60, severity: .major, points: -25, action: top),
            ])
        }
        static let relaxed = make(.accept)
        static let balanced = make(.flag)
        static let strict = make(.flag)
    }
    var limit = 250.0
    var ceiling = 10_000.0
    var altitudeBuffer = 100.0
    var sustain = 10.0
    var cooldown = 60.0
    /// Episodes that cost points.
    var maximumCount = 3
    var tiers = Tiers.balanced

    var parameters: [Parameter] {
        [
            Parameter("limit_kt", limit, "kt"), Parameter("tolerance_kt", tiers.list[0].over, "kt"),
            Parameter("ceiling_ft", ceiling, "ft"), Parameter("altitude_buffer_ft", altitudeBuffer, "ft"),
            Parameter("reference", "MSL"), Parameter("sustain_s", sustain, "s"),
            Parameter("cooldown_s", cooldown, "s"), Parameter("max_count", Double(maximumCount), ""),
            Parameter(
                "tiers",
                tiers.list.map { "over \(Wording.plain($0.over)) kt: \($0.severity) \($0.points) \($0.action)" }
                    .joined(separator: ", ")
            ),
        ]
    }

    func evaluate(_ evidence: Evidence) -> Verdict {
        guard evidence.capabilities[.indicatedAirspeed] == .measured else {
            return .notApplicable("The tracker sends no indicated airspeed")
        }
        let points = evidence.points
        guard evidence.ground.source != .none, !points.isEmpty else {
            return .inconclusive(
                "No track that shows when the aircraft was airborne", pilot: "We received no track of your flight.")
        }
        let range = 0...points.count - 1
        func altitude(_ index: Int) -> Double? { points[index].altitude ?? points[index].pressureAltitude }
        func isLow(_ index: Int) -> Bool {
            evidence.isAirborne(index) && altitude(index).map { $0 < ceiling - altitudeBuffer } ?? false
        }
        var judged = 0
        for index in range where isLow(index) && points[index].indicatedAirspeed != nil { judged += 1 }
        guard judged > 0 else {
            return .inconclusive(
                "No sample below \(Wording.grouped(ceiling)) ft with airspeed and altitude",
                pilot: "We received no airspeed below \(Wording.grouped(ceiling)) ft.")
        }
        func episodes(over: Double) -> [Episode] {
            evidence.episodes(in: range, sustain: sustain) {
                isLow($0) && points[$0].indicatedAirspeed ?? 0 > limit + over
            }
        }
        let all = episodes(over: tiers.list[0].over)
        let long = all.filter { evidence.duration($0) >= sustain }
        guard let first = long.first else {
            if let slow = all.first(where: \.isSlow) {
                let speed = points[slow.first].indicatedAirspeed ?? 0
                var seen = Observation(
                    pilot:
                        "One position shows \(Wording.plain(speed, 0)) kt at \(Wording.grouped(altitude(slow.first) ?? 0)) ft, too far from the next to tell for how long.",
                    staff:
                        "IAS \(Wording.plain(speed, 0)) kt on samples too far apart to show \(Wording.plain(sustain)) s"
                )
                seen.mark(evidence, slow.first, slow.last)
                return .inconclusive(seen)
            }
            var seen = Observation(
                staff:
                    "\(judged) samples below \(Wording.grouped(ceiling)) ft, none over \(Wording.plain(limit + tiers.list[0].over)) kt for \(Wording.plain(sustain)) s"
            )
            seen.threshold = .init(limit + tiers.list[0].over, "kt")
            seen.confidence = .measured
            return .pass(seen)
        }
        // Each counted episode costs the points of the highest tier that it sustains.
        let higher = tiers.list.map { tier in episodes(over: tier.over).filter { evidence.duration($0) >= sustain } }
        func tier(_ episode: Episode) -> Int {
            tiers.list.indices.last { number in
                higher[number].contains { $0.first >= episode.first && $0.last <= episode.last }
            } ?? 0
        }
        var cost = 0
        var counted = 0
        var lastEnd: Int?
        var top = 0
        var worst = first
        var seen = Observation()
        for episode in long {
            seen.mark(evidence, episode.first, episode.last)
            let reached = tier(episode)
            if reached > top {
                top = reached
                worst = episode
            }
            if let lastEnd, evidence.seconds(from: lastEnd, to: episode.first) < cooldown { continue }
            lastEnd = episode.last
            counted += 1
            if counted <= maximumCount { cost += tiers.list[reached].points }
        }
        let peak =
            (worst.first...worst.last).max {
                points[$0].indicatedAirspeed ?? 0 < points[$1].indicatedAirspeed ?? 0
            } ?? worst.first
        let speed = points[peak].indicatedAirspeed ?? 0
        let lasted = evidence.duration(worst)
        let reached = tiers.list[top]
        seen.tier = top == 0 ? reached.severity.rawValue : "over \(Wording.plain(reached.over)) kt"
        seen.consequence = .init(severity: reached.severity, action: reached.action, points: cost)
        seen.measured = .init(rounded(speed, 1), "kt")
        seen.threshold = .init(limit + tiers.list[0].over, "kt")
        seen.confidence = .measured
        let height = Wording.grouped(altitude(peak) ?? 0)
        seen.pilot =
            "You flew \(Wording.plain(speed, 0)) kt at \(height) ft for \(Wording.duration(lasted)) from "
            + "\(Wording.time(points[worst.first].timestamp)); below \(Wording.grouped(ceiling)) ft the limit is "
            + "\(Wording.plain(limit)) kt plus \(Wording.plain(tiers.list[0].over))."
        seen.staff =
            "IAS max \(Wording.plain(speed, 0)) kt at \(height) ft, \(Wording.plain(speed - limit, 0)) over for "
            + "\(Wording.duration(lasted)) (limit \(Wording.plain(sustain)) s), \(reached.severity) tier; "
            + "\(long.count) time\(long.count == 1 ? "" : "s"); samples each \(Wording.plain(Double(evidence.medianInterval) / 1000, 0)) s"
        return .violated(seen)
    }
}
