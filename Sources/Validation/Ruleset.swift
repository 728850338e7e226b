public import Domain

/// Rules with their thresholds and what follows from them: validation rules, sections 3 to 5.
public struct Ruleset: Sendable {
    public enum Preset: String, Sendable, CaseIterable { case relaxed, balanced, strict }
    public enum Group: String, Sendable, Codable {
        case integrity, evidence, schedule, policy, airmanship
        case fuelWeight = "fuel-weight"
        case aggregate
    }
    /// One rule as a ruleset sets it, for display.
    public struct Setting: Sendable, Hashable, Codable {
        public let rule: String
        public let title: String
        public let group: Group
        public let severity: Finding.Severity
        public let action: Finding.Action
        public let points: Int
        /// `.flag` or `.accept`.
        public let onInconclusive: Finding.Action
        /// By name, with unit, in the catalogue's order.
        public let parameters: [String]
    }
    struct Entry: Sendable {
        let rule: any Rule
        let group: Group
        let severity: Finding.Severity
        let action: Finding.Action
        let points: Int
        let title: String
        var id: String { type(of: rule).id }
        var onInconclusive: Finding.Action {
            (group == .integrity || group == .evidence) && (severity == .major || severity == .critical)
                ? .flag : .accept
        }
        /// Weight in the confidence.
        var weight: Int { max(1, points.magnitude.clamped) }
    }

    public let id: String
    public let version: Int
    let entries: [Entry]
    /// Section 5, step 3; the parameters of `score-below-threshold`.
    let flagBelowScore: Int
    let minimumConfidence: Int
    let lowScoreAction: Finding.Action
    let acceptsAutomatically: Bool
    /// Id, version and a hash of every setting.
    public let reference: RulesetReference

    public static let relaxed = Ruleset(.relaxed)
    public static let balanced = Ruleset(.balanced)
    public static let strict = Ruleset(.strict)
    /// The rulesets built in, by id.
    public static func named(_ id: String) -> Ruleset? {
        switch id {
        case "relaxed": relaxed
        case "balanced": balanced
        case "strict": strict
        default: nil
        }
    }

    public init(_ preset: Preset) {
        self.init(
            id: preset.rawValue, version: 1, entries: Self.entries(preset), flagBelowScore: 60, minimumConfidence: 50,
            lowScoreAction: preset == .relaxed ? .accept : .flag, acceptsAutomatically: true
        )
    }
    init(
        id: String, version: Int, entries: [Entry], flagBelowScore: Int, minimumConfidence: Int,
        lowScoreAction: Finding.Action, acceptsAutomatically: Bool
    ) {
        self.id = id
        self.version = version
        self.entries = entries
        self.flagBelowScore = flagBelowScore
        self.minimumConfidence = minimumConfidence
        self.lowScoreAction = lowScoreAction
        self.acceptsAutomatically = acceptsAutomatically
        var hash = EvidenceHash()
        hash.combine(
            Self.canonicalText(entries, flagBelowScore, minimumConfidence, lowScoreAction, acceptsAutomatically)
        )
        reference = RulesetReference(id: id, version: version, hash: hash.text)
    }
    /// The same ruleset with one rule's thresholds replaced.
    func replacing(_ rule: any Rule) -> Ruleset {
        let entries = entries.map { entry in
            guard entry.id == type(of: rule).id else { return entry }
            return Entry(
                rule: rule, group: entry.group, severity: entry.severity, action: entry.action, points: entry.points,
                title: entry.title
            )
        }
        return Ruleset(
            id: id, version: version, entries: entries, flagBelowScore: flagBelowScore,
            minimumConfidence: minimumConfidence, lowScoreAction: lowScoreAction,
            acceptsAutomatically: acceptsAutomatically
        )
    }

    /// Every rule in the catalogue's order; the aggregate rule is last.
    public var settings: [Setting] {
        entries.map { entry in
            Setting(
                rule: entry.id, title: entry.title, group: entry.group, severity: entry.severity, action: entry.action,
                points: entry.points, onInconclusive: entry.onInconclusive,
                parameters: entry.rule.parameters.map { "\($0.name) = \($0.value)" }
            )
        } + [
            Setting(
                rule: ScoreBelowThreshold.id, title: ScoreBelowThreshold.title, group: .aggregate, severity: .info,
                action: lowScoreAction, points: 0, onInconclusive: .accept,
                parameters: ScoreBelowThreshold.parameters(self).map { "\($0.name) = \($0.value)" }
            )
        ]
    }
    /// Whether a protocol carries what a rule needs; true for rules that need nothing of it.
    public func carriesInputs(of rule: String, _ capabilities: AdapterCapabilities) -> Bool {
        entries.first { $0.id == rule }.map { type(of: $0.rule).inputs.areCarried(by: capabilities) } ?? true
    }
    /// Every setting as text, one line a rule: what ``reference`` is the hash of.
    public var canonicalText: String {
        Self.canonicalText(entries, flagBelowScore, minimumConfidence, lowScoreAction, acceptsAutomatically)
    }
    private static func canonicalText(
        _ entries: [Entry], _ flagBelowScore: Int, _ minimumConfidence: Int, _ lowScoreAction: Finding.Action,
        _ acceptsAutomatically: Bool
    ) -> String {
        var lines = entries.map { entry in
            let parameters = entry.rule.parameters.map { "\($0.name)=\($0.value)" }.joined(separator: "; ")
            return "\(entry.id) \(entry.severity) \(entry.action) \(entry.points) inconclusive=\(entry.onInconclusive) "
                + "{\(parameters)}"
        }
        lines.append(
            "decision flag_below_score=\(flagBelowScore) min_confidence_pct=\(minimumConfidence) "
                + "low_score=\(lowScoreAction) auto_accept=\(acceptsAutomatically)"
        )
        return lines.joined(separator: "\n")
    }

    private static func entries(_ preset: Preset) -> [Entry] {
        func pick<T>(_ relaxed: T, _ balanced: T, _ strict: T) -> T {
            switch preset {
            case .relaxed: relaxed
            case .balanced: balanced
            case .strict: strict
            }
        }
        typealias Actions = (Finding.Action, Finding.Action, Finding.Action)
        func entry(
            _ rule: any Rule, _ group: Group, _ severity: Finding.Severity, _ actions: Actions, _ points: Int,
            _ title: String
        ) -> Entry {
            Entry(
                rule: rule, group: group, severity: severity, action: pick(actions.0, actions.1, actions.2),
                points: points, title: title
            )
        }
        let (a, f, r) = (Finding.Action.accept, Finding.Action.flag, Finding.Action.reject)
        // Severity, actions and points: the index of the catalogue (validation rules, section 6), in its order.
        return [
            entry(Teleport(), .integrity, .critical, (f, f, r), -40, "Position jumped"),
            entry(UnrealisticGroundSpeed(), .integrity, .critical, (f, f, r), -30, "Faster than the aircraft can fly"),
            entry(ImpliedSpeedMismatch(), .integrity, .major, (f, f, f), -15, "Track and ground speed do not fit"),
            entry(FuelAdded(), .integrity, .critical, (f, f, r), -25, "Fuel rose during the flight"),
            entry(PositionGap(), .evidence, .minor, (a, f, f), 0, "Holes in the track"),
            entry(LogTooSparse(), .evidence, .minor, (a, f, f), 0, "Too few positions"),
            entry(TouchdownNotObserved(), .evidence, .major, (f, f, f), -10, "Landing not seen"),
            entry(NoMatchingBooking(), .schedule, .major, (f, f, r), -10, "No booking fits"),
            entry(WrongDepartureAirport(), .schedule, .major, (f, f, r), -10, "Departed elsewhere"),
            entry(LandedElsewhere(), .schedule, .major, (f, f, f), -10, "Landed elsewhere"),
            entry(Diversion(), .schedule, .info, (a, f, f), 0, "Diverted"),
            entry(WrongAircraftType(), .schedule, .major, (f, f, r), -15, "Another aircraft type"),
            entry(BlockTimeDeviation(), .schedule, .minor, (a, f, f), -5, "Block time far from schedule"),
            entry(DuplicateReport(), .policy, .critical, (r, r, r), 0, "Reported twice"),
            entry(
                OverspeedLowAltitude(tiers: pick(.relaxed, .balanced, .strict)), .airmanship, .minor, (a, a, a), -5,
                "Fast below 10 000 ft"),
            entry(
                HardLanding(tiers: pick(.relaxed, .balanced, .strict)), .airmanship, .minor, (a, a, a), -5,
                "Hard landing"),
        ]
    }
}

extension UInt {
    fileprivate var clamped: Int { Int(Swift.min(self, 1000)) }
}
