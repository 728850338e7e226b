import Domain

/// Worst contact of the final landing.
struct HardLanding: Rule {
    static let id = "hard-landing"
    /// Without a rate by the tracker one can be derived from heights, if they come each second and fine enough.
    static let inputs = RuleInputs(
        measured: [.position], reported: [.touchdownRate], either: [.altitudeMSL, .heightAGL, .onGround])
    struct Tier: Sendable {
        /// fpm.
        let over: Double
        let severity: Finding.Severity
        let points: Int
        let action: Finding.Action
    }
    struct Tiers: Sendable {
        let aeroplane: [Tier]
        let helicopter: [Tier]
        static func make(_ second: Finding.Action, _ third: Finding.Action) -> Tiers {
            func tiers(_ limits: [Double]) -> [Tier] {
                [
                    Tier(over: limits[0], severity: .minor, points: -5, action: .accept),
                    Tier(over: limits[1], severity: .major, points: -20, action: second),
                    Tier(over: limits[2], severity: .critical, points: -40, action: third),
                ]
            }
            return Tiers(aeroplane: tiers([400, 600, 1000]), helicopter: tiers([250, 400, 700]))
        }
        static let relaxed = make(.accept, .accept)
        static let balanced = make(.flag, .flag)
        static let strict = make(.flag, .reject)
    }
    var tiers = Tiers.balanced
    /// Decides whether there is a landing to judge.
    var touchdown = TouchdownNotObserved()

    var parameters: [Parameter] {
        func text(_ tiers: [Tier]) -> String {
            tiers.map { "over \(Wording.plain($0.over)) fpm: \($0.severity) \($0.points) \($0.action)" }
                .joined(separator: ", ")
        }
        return [
            Parameter("tiers", text(tiers.aeroplane)), Parameter("helicopter_tiers", text(tiers.helicopter)),
            Parameter("all_landings", "false"),
        ]
    }

    func evaluate(_ evidence: Evidence) -> Verdict {
        let capabilities = evidence.capabilities
        if capabilities[.touchdownRate] == .absent, capabilities[.heightAGL] == .absent,
            capabilities[.altitudeMSL] == .absent
        {
            return .notApplicable("The tracker sends neither a touchdown rate nor heights")
        }
        let contact = touchdown.contact(evidence)
        if case .unknowable = contact { return .notApplicable("The tracker sends nothing that tells ground from air") }
        let filed = evidence.report?.content.landingRate?.rawValue
        guard contact.isObserved else {
            return .inconclusive(
                "Touchdown not observed" + (filed.map { "; filed \(Wording.signed($0)) fpm is not used" } ?? ""),
                pilot: "We did not see your touchdown, so it could not be judged."
            )
        }
        guard let touched = evidence.touchdownRate(contact: contact) else {
            return .inconclusive(
                filed.map {
                    "Filed rate \(Wording.signed($0)) fpm is not plausible (20 to 5 000 fpm down), and none could be derived"
                }
                    ?? "No rate was filed, and the samples are too coarse to derive one",
                pilot: "We have no touchdown rate for your landing."
            )
        }
        let list = evidence.profile.category == .helicopter ? tiers.helicopter : tiers.aeroplane
        let magnitude = -touched.rate
        let contacts = evidence.landings.last?.contacts.count ?? 1
        var seen = Observation()
        seen.measured = .init(rounded(touched.rate, 0), "fpm")
        seen.confidence = touched.source
        if let contact = touched.contact { seen.mark(evidence, contact.lastAirborne, contact.index) }
        let number = list.indices.last { magnitude > list[$0].over }
        let margin = number.map { magnitude - list[$0].over }
        let source =
            touched.source == .derived
            ? "derived, \(Wording.plain(1000 / Double(max(1, evidence.medianInterval)), 0)) Hz"
            : touched.source.rawValue
        seen.staff =
            "Touchdown \(Wording.grouped(touched.rate)) fpm (\(source))"
            + (number.map {
                ", tier \($0 + 1) limit \(Wording.plain(list[$0].over)), margin +\(Wording.plain(margin ?? 0, 0))"
            }
                ?? ", limit \(Wording.plain(list[0].over))")
            + (touched.source == .derived ? filed.map { "; tracker said \(Wording.grouped($0))" } ?? "" : "")
            + "; \(contacts) contact\(contacts == 1 ? "" : "s")"
        guard let number else {
            seen.threshold = .init(list[0].over, "fpm")
            return .pass(seen)
        }
        let tier = list[number]
        seen.tier = "over \(Wording.plain(tier.over)) fpm"
        seen.threshold = .init(tier.over, "fpm")
        seen.consequence = .init(severity: tier.severity, action: tier.action, points: tier.points)
        var place = ""
        if let index = touched.contact?.index ?? evidence.on {
            place = " \(evidence.place(index)), \(Wording.time(evidence.points[index].timestamp))"
        }
        seen.pilot =
            "You touched down at \(Wording.grouped(magnitude)) fpm\(place). Our limit is \(Wording.plain(tier.over)) fpm."
        return .violated(seen)
    }
}
