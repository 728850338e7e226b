import Domain

/// Fuel above its lowest confirmed value since OUT.
struct FuelAdded: Rule {
    static let id = "fuel-added"
    static let inputs = RuleInputs(measured: [.position, .fuel])
    var relativePercent = 1.5
    var light = 5.0
    var medium = 50.0
    var heavy = 150.0
    var confirm = 20.0

    var parameters: [Parameter] {
        [
            Parameter("rel_pct", relativePercent, "% of fuel at OUT"), Parameter("abs_light_kg", light, "kg"),
            Parameter("abs_medium_kg", medium, "kg"), Parameter("abs_heavy_kg", heavy, "kg"),
            Parameter("confirm_s", confirm, "s"), Parameter("technical_stop_allowed", "false"),
        ]
    }

    func evaluate(_ evidence: Evidence) -> Verdict {
        guard Self.inputs.areCarried(by: evidence.capabilities) else {
            return .notApplicable("The tracker sends no fuel with its positions")
        }
        let points = evidence.points
        // 0 is "not known" in many trackers.
        let samples = (evidence.underWay.map(Array.init) ?? []).filter { points[$0].fuel ?? 0 > 0 }
        guard samples.count >= 3, let atOut = points[samples[0]].fuel else {
            return .inconclusive(
                "Fewer than three fuel values between OUT and IN", pilot: "We received no fuel figures to compare.")
        }
        func fuel(_ k: Int) -> Double { points[samples[k]].fuel ?? 0 }
        for k in 1..<samples.count {
            let factor = fuel(k) / fuel(k - 1)
            // kg and lb, confirmed by the value after it.
            guard (factor - 2.204_62).magnitude < 0.03 || (factor - 0.453_59).magnitude < 0.006 else { continue }
            guard k + 1 == samples.count || (fuel(k + 1) / fuel(k) - 1).magnitude < 0.05 else { continue }
            var seen = Observation(
                pilot:
                    "Your tracker changed the unit of its fuel figures during the flight, so they could not be compared.",
                staff:
                    "Step \(Wording.grouped(fuel(k - 1))) → \(Wording.grouped(fuel(k))) kg, factor \(Wording.plain(factor, 3)): a change of unit (kg, lb); a data fault of the tracker"
            )
            seen.mark(evidence, samples[k - 1], samples[k])
            return .inconclusive(seen)
        }
        let absolute =
            switch evidence.profile.weight {
            case .light: light
            case .medium: medium
            case .heavy: heavy
            }
        let limit = max(atOut * relativePercent / 100, absolute)
        var lowest = fuel(0)
        var lowestAt = samples[0]
        var rise: (first: Int, last: Int, count: Int, low: Double, lowAt: Int, peak: Double)?
        var found: (first: Int, last: Int, count: Int, low: Double, lowAt: Int, peak: Double)?
        for k in 1..<samples.count {
            // A value counts as low when the one before it was as low: spikes of one sample do not.
            let confirmed = max(fuel(k), fuel(k - 1))
            if confirmed < lowest {
                lowest = confirmed
                lowestAt = samples[k]
            }
            if fuel(k) - lowest > limit {
                if rise == nil { rise = (samples[k], samples[k], 0, lowest, lowestAt, fuel(k)) }
                rise?.last = samples[k]
                rise?.count += 1
                let peak = max(rise?.peak ?? 0, fuel(k))
                rise?.peak = peak
                if let rise, rise.count >= 2, evidence.seconds(from: rise.first, to: rise.last) >= confirm,
                    rise.peak - rise.low >= (found.map { $0.peak - $0.low } ?? 0)
                {
                    found = rise
                }
            } else {
                rise = nil
            }
        }
        guard let found else {
            if let rise {
                var seen = Observation(
                    pilot:
                        "Your last fuel figure is \(Wording.grouped(rise.peak - rise.low)) kg above an earlier one; a single figure says too little.",
                    staff:
                        "Rise of \(Wording.grouped(rise.peak - rise.low)) kg (limit \(Wording.grouped(limit))) on the last \(rise.count) samples, not confirmed over \(Wording.plain(confirm)) s"
                )
                seen.mark(evidence, rise.first, rise.last)
                return .inconclusive(seen)
            }
            var seen = Observation(
                staff: "No rise above \(Wording.grouped(limit)) kg; lowest \(Wording.grouped(lowest)) kg")
            seen.threshold = .init(rounded(limit, 1), "kg")
            seen.confidence = .measured
            return .pass(seen)
        }
        let amount = found.peak - found.low
        var seen = Observation()
        seen.mark(evidence, found.lowAt, found.last)
        seen.measured = .init(rounded(amount, 1), "kg")
        seen.threshold = .init(rounded(limit, 1), "kg")
        seen.confidence = .measured
        let isAirborne = evidence.ground.source != .none && evidence.isAirborne(found.first)
        seen.pilot =
            "Your fuel rose by \(Wording.grouped(amount)) kg \(isAirborne ? "in the air" : "after leaving the stand") from "
            + "\(Wording.time(points[found.lowAt].timestamp)) \(evidence.place(found.lowAt)); up to \(Wording.grouped(limit)) kg is fine."
        seen.advice = "If you refuelled in the simulator by mistake, say so here."
        seen.staff =
            "Rise \(Wording.grouped(amount)) kg above the lowest \(Wording.grouped(found.low)) kg, limit "
            + "\(Wording.grouped(limit)), confirmed over \(found.count) samples"
        return .violated(seen)
    }
}
