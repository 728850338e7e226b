import Domain

/// One rule of the catalogue with its thresholds. A rule states what it saw; what follows is the ruleset's business.
protocol Rule: Sendable {
    /// Stable: it appears in events, the API and notifications.
    static var id: String { get }
    /// What the tracker's protocol must carry for a verdict of pass or violation; what else is read is a bonus.
    static var inputs: RuleInputs { get }
    /// Every threshold by its catalogue name, in catalogue order.
    var parameters: [Parameter] { get }
    func evaluate(_ evidence: Evidence) -> Verdict
}

/// What a rule needs of a tracker's protocol: validation rules, section 1.6.
struct RuleInputs: Sendable {
    /// A value with each position.
    var measured: [AdapterCapabilities.Field] = []
    /// At least as an event or in the report.
    var reported: [AdapterCapabilities.Field] = []
    /// One of these, whichever way.
    var either: [AdapterCapabilities.Field] = []

    static let none = RuleInputs()
    /// Where the aircraft was, and when it was on the ground.
    static let groundedTrack = RuleInputs(measured: [.position], either: [.altitudeMSL, .heightAGL, .onGround])

    func areCarried(by capabilities: AdapterCapabilities) -> Bool {
        measured.allSatisfy { capabilities[$0] == .measured } && reported.allSatisfy { capabilities[$0] != .absent }
            && (either.isEmpty || either.contains { capabilities[$0] != .absent })
    }
}

struct Parameter: Sendable {
    let name: String
    let value: String
    init(_ name: String, _ value: Double, _ unit: String) {
        self.name = name
        self.value = unit.isEmpty ? Wording.plain(value) : "\(Wording.plain(value)) \(unit)"
    }
    init(_ name: String, _ value: String) {
        self.name = name
        self.value = value
    }
}

/// Exactly one per rule and flight: validation rules, section 1.1.
enum Verdict {
    case pass(Observation)
    case violated(Observation)
    case inconclusive(Observation)
    case notApplicable(String)

    static func pass(_ text: String) -> Verdict { .pass(Observation(staff: text)) }
    static func inconclusive(_ why: String, pilot: String) -> Verdict {
        .inconclusive(Observation(pilot: pilot, staff: why))
    }
}

/// What a rule saw.
struct Observation {
    /// What the ruleset's entry says, replaced by a tier.
    struct Consequence {
        var severity: Finding.Severity
        var action: Finding.Action?
        var points: Int?
    }
    var measured: Finding.Measure?
    var threshold: Finding.Measure?
    var confidence: Finding.Confidence?
    var evidence: [Finding.Interval] = []
    var start: Position?
    var end: Position?
    var tier: String?
    var consequence: Consequence?
    /// Replaces the entry's title.
    var title: String?
    /// What was seen, with number, limit, time and place.
    var pilot = ""
    /// What the pilot can do.
    var advice = ""
    var staff = ""
    var related: [FlightID] = []

    init(pilot: String = "", staff: String = "") {
        self.pilot = pilot
        self.staff = staff
    }
    mutating func mark(_ evidence: Evidence, _ first: Int, _ last: Int) {
        self.evidence.append(evidence.span(first, last).interval)
        if start == nil { start = evidence.points[first].position }
        if end == nil { end = evidence.points[last].position }
    }
}

/// How figures are written in findings: web UI, sections 3.1 and 4.1.
enum Wording {
    static func grouped(_ value: Double) -> String {
        guard value.magnitude < 1e15 else { return "\(value)" }
        let digits = String(Int(value.rounded().magnitude))
        var text = ""
        for (index, digit) in digits.enumerated() {
            // Thin space.
            if index > 0, (digits.count - index) % 3 == 0 { text += "\u{2009}" }
            text.append(digit)
        }
        return value.rounded() < 0 ? "\u{2212}" + text : text
    }
    /// At most `digits` decimals, no trailing zeros.
    static func plain(_ value: Double, _ digits: Int = 2) -> String {
        let value = rounded(value, digits)
        guard value.magnitude < 1e15 else { return "\(value)" }
        let whole = Int64(value)
        if Double(whole) == value { return String(whole) }
        var text = "\(value.magnitude - Double(whole.magnitude))"
        text = String(String(rounded(value.magnitude - Double(whole.magnitude), digits)).dropFirst())
        return (value < 0 ? "\u{2212}" : "") + String(whole.magnitude) + text
    }
    static func signed(_ value: Double) -> String { value < 0 ? grouped(value) : "+" + grouped(value) }
    static func miles(_ value: Double) -> String {
        value < 100 ? "\(plain(value, 1)) NM" : "\(grouped(value)) NM"
    }
    static func time(_ time: Timestamp) -> String {
        let parts = time.components
        return "\(two(parts.hour)):\(two(parts.minute)):\(two(parts.second))Z"
    }
    /// `7 h 03 min`, `22 s`.
    static func duration(_ seconds: Double) -> String {
        guard seconds.magnitude < 1e15 else { return "\(seconds) s" }
        let seconds = seconds.rounded()
        if seconds < 120 { return "\(Int(seconds)) s" }
        let minutes = Int((seconds / 60).rounded())
        return minutes < 120 ? "\(minutes) min" : "\(minutes / 60) h \(two(minutes % 60)) min"
    }
    static func coordinates(_ position: Position) -> String {
        let (latitude, longitude) = (position.latitude, position.longitude)
        return "\(plain(latitude.magnitude, 2))°\(latitude < 0 ? "S" : "N") "
            + "\(plain(longitude.magnitude, 2))°\(longitude < 0 ? "W" : "E")"
    }
    private static func two(_ value: Int) -> String { value < 10 ? "0\(value)" : "\(value)" }
}
