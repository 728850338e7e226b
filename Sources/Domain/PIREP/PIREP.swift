/// A flight report: what the pilot claims, what the rules found, what was decided. Same id and number as its flight.
public struct PIREP: Aggregate, Codable, Equatable {
    public static let category = StreamCategory.pirep

    public enum State: String, Sendable, Codable {
        case none, filed
        case inReview = "in-review"
        case accepted, rejected
        /// Taken back by the pilot before anybody decided.
        case withdrawn
    }
    public var state = State.none
    public var report: FiledReport?
    public var judgement: Judgement?
    public var review: Review?

    public init() {}

    public func decide(_ command: PIREPCommand) throws(PIREPRejection) -> [PIREPEvent] {
        switch command {
        case .file(let report):
            guard let known = self.report else { return [.filed(report)] }
            if known.repeats(report) { return [] }
            throw .alreadyFiled(number: known.number)
        case .amend(let content):
            guard let report, state != .withdrawn else { throw .unknown }
            return report.content == content ? [] : [.amended(content)]
        case .withdraw(let at):
            guard report != nil else { throw .unknown }
            if state == .withdrawn { return [] }
            guard state == .filed || state == .inReview, review == nil else { throw .decided(state) }
            return [.withdrawn(at: at)]
        case .judge(let judgement):
            guard report != nil else { throw .unknown }
            if state == .withdrawn { return [] }
            guard let known = self.judgement else { return [.judged(judgement)] }
            if known.evidenceHash == judgement.evidenceHash, known.ruleset == judgement.ruleset { return [] }
            if review != nil { return [] }
            // New evidence never silently worsens an automatic decision (decisions D2): a worse outcome goes to review.
            if judgement.outcome.severity > known.outcome.severity, judgement.outcome == .reject {
                return [.judged(judgement.withOutcome(.flag))]
            }
            return [.judged(judgement)]
        case .review(let new):
            guard let report, state != .withdrawn else { throw .unknown }
            if new.reviewer == report.user { throw .ownReport }
            if let review {
                if review.outcome == new.outcome, review.reviewer == new.reviewer, review.reason == new.reason {
                    return []
                }
                throw .alreadyReviewed(by: review.reviewerIdent)
            }
            if new.outcome == .reject, new.reason.trimmed.count < 10 { throw .reasonNeeded }
            return [.reviewed(new)]
        }
    }

    public mutating func apply(_ event: PIREPEvent) {
        switch event {
        case .filed(let report):
            self.report = report
            state = .filed
        case .amended(let content): report = report?.with(content)
        case .withdrawn: state = .withdrawn
        case .judged(let judgement):
            self.judgement = judgement
            switch judgement.outcome {
            case .accept: state = .accepted
            case .flag: state = .inReview
            case .reject: state = .rejected
            }
        case .reviewed(let review):
            self.review = review
            state = review.outcome == .accept ? .accepted : .rejected
        }
    }
}

extension String {
    var trimmed: Substring {
        var text = self[...]
        while let first = text.first, first.isWhitespace { text.removeFirst() }
        while let last = text.last, last.isWhitespace { text.removeLast() }
        return text
    }
}

/// What the tracker filed.
public struct FiledReport: Hashable, Sendable, Codable {
    /// What a repeat must repeat.
    public struct Content: Hashable, Sendable, Codable {
        /// Number of the aircraft actually flown.
        public var aircraft: Int?
        /// Pounds, kilograms … are converted by the translator; passengers or cargo as the tracker's load figure.
        public var load: Double?
        public var flightTime: Minutes?
        public var blockTime: Minutes?
        public var landingRate: FeetPerMinute?
        public var fuelUsed: Kilograms?
        public var distance: NauticalMiles?
        public var route: String
        public var comments: String?
        /// Log lines as text.
        public var log: [String]
        public var events: [TrackerEvent]
        /// Everything the report said, the figures above included where the protocol carries them.
        public var details = FlightDetails()
        /// A report whose figures are these details.
        public init(
            _ details: FlightDetails, comments: String? = nil, log: [String] = [], events: [TrackerEvent] = []
        ) {
            self.init(route: details.route ?? "", log: log, events: events)
            self.comments = comments
            self.details = details
            aircraft = details.aircraft
            load = details.passengers.map(Double.init)
            flightTime = details.flightTime
            blockTime = details.blockTime
            landingRate = details.landingRate
            fuelUsed = details.fuelUsed
            distance = details.distance
        }
        public init(route: String = "", log: [String] = [], events: [TrackerEvent] = []) {
            self.route = route
            self.log = log
            self.events = events
        }
    }
    public let flight: FlightID
    public let number: Int
    public let user: UserID
    public let filedAt: Timestamp
    /// Decimal hours as sent, where the protocol sends such (the answer shows the same figure again).
    public let flightTimeHours: Double?
    /// As sent, in the unit of the wire.
    public let fuelUsedAsSent: Double?
    public let content: Content
    /// Hash of what was sent, where the gateway completed the content; a repeat has the same.
    public let sentHash: UInt64?
    /// An earlier report of the same pilot, number and airports that this one may repeat.
    public let possibleRepeat: FlightID?
    public init(
        flight: FlightID, number: Int, user: UserID, filedAt: Timestamp, flightTimeHours: Double?,
        fuelUsedAsSent: Double?, content: Content, sentHash: UInt64? = nil, possibleRepeat: FlightID? = nil
    ) {
        self.sentHash = sentHash
        self.possibleRepeat = possibleRepeat
        self.flight = flight
        self.number = number
        self.user = user
        self.filedAt = filedAt
        self.flightTimeHours = flightTimeHours
        self.fuelUsedAsSent = fuelUsedAsSent
        self.content = content
    }

    /// Whether `other` is this report, sent again.
    func repeats(_ other: FiledReport) -> Bool {
        if let sentHash, let sent = other.sentHash { return sentHash == sent }
        return content == other.content
    }
    func with(_ content: Content) -> FiledReport {
        FiledReport(
            flight: flight, number: number, user: user, filedAt: filedAt, flightTimeHours: flightTimeHours,
            fuelUsedAsSent: fuelUsedAsSent, content: content, sentHash: sentHash, possibleRepeat: possibleRepeat
        )
    }
}

/// An event that the tracker itself logged (smartCARS 3 `flightData`).
public struct TrackerEvent: Hashable, Sendable, Codable {
    public let id: String
    public let elapsedSeconds: Double?
    public let time: Timestamp?
    /// As sent, so that it can be given back as sent.
    public let timeText: String?
    public let condition: String?
    public let message: String
    public let type: String?
    public init(
        id: String, elapsedSeconds: Double?, time: Timestamp?, timeText: String?, condition: String?, message: String,
        type: String?
    ) {
        self.id = id
        self.elapsedSeconds = elapsedSeconds
        self.time = time
        self.timeText = timeText
        self.condition = condition
        self.message = message
        self.type = type
    }
}

/// What the rules decided and why.
public struct Judgement: Hashable, Sendable, Codable {
    public enum Outcome: String, Sendable, Codable {
        case accept, flag, reject
        var severity: Int { self == .accept ? 0 : self == .flag ? 1 : 2 }
    }
    public let ruleset: RulesetReference
    public let engine: String
    /// Hash of ordered telemetry, tracker events and report.
    public let evidenceHash: String
    /// Version of the flight's stream that was judged.
    public let flightVersion: Int64
    public let outcome: Outcome
    /// 0...100.
    public let score: Int
    /// Percent.
    public let confidence: Int
    public let findings: [Finding]
    public let figures: FlightFigures
    public init(
        ruleset: RulesetReference, engine: String, evidenceHash: String, flightVersion: Int64, outcome: Outcome,
        score: Int, confidence: Int, findings: [Finding], figures: FlightFigures
    ) {
        self.ruleset = ruleset
        self.engine = engine
        self.evidenceHash = evidenceHash
        self.flightVersion = flightVersion
        self.outcome = outcome
        self.score = score
        self.confidence = confidence
        self.findings = findings
        self.figures = figures
    }
    func withOutcome(_ outcome: Outcome) -> Judgement {
        Judgement(
            ruleset: ruleset, engine: engine, evidenceHash: evidenceHash, flightVersion: flightVersion,
            outcome: outcome, score: score, confidence: confidence, findings: findings, figures: figures
        )
    }
}

/// What one rule found: validation rules, section 1.7.
public struct Finding: Hashable, Sendable, Codable {
    public enum Verdict: String, Sendable, Codable {
        case pass, violated, inconclusive
        case notApplicable = "not-applicable"
    }
    public enum Severity: String, Sendable, Codable, CaseIterable { case info, minor, major, critical }
    public enum Action: String, Sendable, Codable { case accept, flag, reject }
    public enum Confidence: String, Sendable, Codable { case measured, derived, reported }
    public struct Interval: Hashable, Sendable, Codable {
        public let first: Timestamp
        public let last: Timestamp
        public init(first: Timestamp, last: Timestamp) {
            self.first = first
            self.last = last
        }
    }
    public struct Measure: Hashable, Sendable, Codable {
        public let value: Double
        public let unit: String
        public init(_ value: Double, _ unit: String) {
            self.value = value
            self.unit = unit
        }
    }
    public let rule: String
    public let verdict: Verdict
    public var severity: Severity
    public var action: Action
    public var points: Int
    public var tier: String?
    public var measured: Measure?
    public var threshold: Measure?
    public var confidence: Confidence?
    public var evidence: [Interval] = []
    public var start: Position?
    public var end: Position?
    /// Resolved parameters by name, as text with unit.
    public var parameters: [String: String] = [:]
    /// Short title, e.g. `Landed hard`.
    public var title = ""
    /// What was seen, with number, limit, time and place, for the pilot and for staff; English.
    public var pilotText = ""
    public var staffText = ""
    /// Flights this finding refers to (an earlier report).
    public var related: [FlightID] = []
    public init(rule: String, verdict: Verdict, severity: Severity, action: Action, points: Int) {
        self.rule = rule
        self.verdict = verdict
        self.severity = severity
        self.action = action
        self.points = points
    }
}

/// Figures derived from the recorded positions; nil where the evidence does not show them.
public struct FlightFigures: Hashable, Sendable, Codable {
    public var out: Timestamp?
    public var off: Timestamp?
    public var on: Timestamp?
    public var inBlock: Timestamp?
    public var blockTime: Minutes?
    public var airTime: Minutes?
    /// Sum of legs.
    public var distanceFlown: NauticalMiles?
    public var greatCircle: NauticalMiles?
    /// Negative is down.
    public var touchdownRate: FeetPerMinute?
    /// `derived`, `reported` or `none`.
    public var touchdownSource = "none"
    public var departure: ICAOLocation?
    public var arrival: ICAOLocation?
    public var maximumAltitude: Feet?
    public var fuelUsed: Kilograms?
    public var positions = 0
    public var medianInterval: Milliseconds?
    public var landings = 0
    public var phases: [PhaseInterval] = []
    public var gaps: [Finding.Interval] = []
    public init() {}
    public struct PhaseInterval: Hashable, Sendable, Codable {
        public let phase: PhaseOfFlight
        public let from: Timestamp
        public let to: Timestamp
        public init(phase: PhaseOfFlight, from: Timestamp, to: Timestamp) {
            self.phase = phase
            self.from = from
            self.to = to
        }
    }
}

/// A person's decision.
public struct Review: Hashable, Sendable, Codable {
    public enum Outcome: String, Sendable, Codable { case accept, reject }
    public let outcome: Outcome
    public let reason: String
    public let reviewer: UserID
    public let reviewerIdent: String
    public let at: Timestamp
    public init(outcome: Outcome, reason: String, reviewer: UserID, reviewerIdent: String, at: Timestamp) {
        self.outcome = outcome
        self.reason = reason
        self.reviewer = reviewer
        self.reviewerIdent = reviewerIdent
        self.at = at
    }
}

public enum PIREPCommand: Sendable {
    case file(FiledReport)
    /// A further part of the same report has come: the content as it is now.
    case amend(FiledReport.Content)
    case withdraw(at: Timestamp)
    case judge(Judgement)
    case review(Review)
}
public enum PIREPEvent: Hashable, Sendable {
    case filed(FiledReport)
    case amended(FiledReport.Content)
    case withdrawn(at: Timestamp)
    case judged(Judgement)
    case reviewed(Review)
}
public enum PIREPRejection: Error, Hashable, Sendable {
    case unknown
    case alreadyFiled(number: Int)
    /// It cannot be taken back any more.
    case decided(PIREP.State)
    case alreadyReviewed(by: String)
    case ownReport
    case reasonNeeded
}
