public import Domain

/// Everything an evaluation reads, as it was when the flight started: validation rules, section 1.2.
public struct EvaluationInput: Sendable {
    /// Plan as of flight start.
    public var opening: FlightOpening
    public var report: FiledReport
    /// As stored: any order, repeats possible.
    public var samples: [PositionSample]
    public var capabilities: AdapterCapabilities
    /// Version of the flight's stream that the samples are from.
    public var flightVersion: Int64
    /// Other reports of the tenant, for `duplicate-report`.
    public var earlier: [EarlierReport]
    /// Fleet entry that the report names; nil: the aircraft of the opening.
    public var flownAircraft: AircraftDetails?
    /// A diversion that the pilot or the tracker declared.
    public var diversion: DeclaredDiversion?
    public init(
        opening: FlightOpening, report: FiledReport, samples: [PositionSample], capabilities: AdapterCapabilities,
        flightVersion: Int64, earlier: [EarlierReport] = [], flownAircraft: AircraftDetails? = nil,
        diversion: DeclaredDiversion? = nil
    ) {
        self.opening = opening
        self.report = report
        self.samples = samples
        self.capabilities = capabilities
        self.flightVersion = flightVersion
        self.earlier = earlier
        self.flownAircraft = flownAircraft
        self.diversion = diversion
    }
}

/// What is known of another report when one is checked for being the same flight.
public struct EarlierReport: Hashable, Sendable, Codable {
    public var flight: FlightID
    public var user: UserID
    public var filedAt: Timestamp
    public var flightNumber: String
    public var departure: ICAOLocation?
    public var arrival: ICAOLocation?
    /// As derived; without a log as the report claims.
    public var out: Timestamp?
    public var inBlock: Timestamp?
    /// ``Evaluator/fingerprint(of:)`` of its samples; empty without a log.
    public var track: [TrackPoint]
    public init(
        flight: FlightID, user: UserID, filedAt: Timestamp, flightNumber: String, departure: ICAOLocation?,
        arrival: ICAOLocation?, out: Timestamp?, inBlock: Timestamp?, track: [TrackPoint]
    ) {
        self.flight = flight
        self.user = user
        self.filedAt = filedAt
        self.flightNumber = flightNumber
        self.departure = departure
        self.arrival = arrival
        self.out = out
        self.inBlock = inBlock
        self.track = track
    }
}

/// One point of a thinned track.
public struct TrackPoint: Hashable, Sendable, Codable {
    /// Event time.
    public var time: Timestamp
    public var position: Position
    public init(time: Timestamp, position: Position) {
        self.time = time
        self.position = position
    }
}

public struct DeclaredDiversion: Hashable, Sendable, Codable {
    public var airport: ICAOLocation?
    public var hasReason: Bool
    public init(airport: ICAOLocation?, hasReason: Bool) {
        self.airport = airport
        self.hasReason = hasReason
    }
}

/// Judges filed reports. A pure function of its inputs: no clock, no look-up but the airports, no order of arrival.
public struct Evaluator: Sendable {
    /// Changes whenever the same inputs may give another judgement.
    public static let engineVersion = "3"

    private let airports: any AirportDirectory

    public init(airports: any AirportDirectory) { self.airports = airports }

    /// Runs every rule; never fails. Missing data is neither a pass nor held against the pilot.
    public func evaluate(_ input: EvaluationInput, ruleset: Ruleset) -> Judgement {
        let speedRule = ruleset.entries.lazy.compactMap { $0.rule as? UnrealisticGroundSpeed }.first
        let evidence = Evidence(
            samples: input.samples, opening: input.opening, report: input.report, capabilities: input.capabilities,
            earlier: input.earlier, aircraft: input.flownAircraft ?? input.opening.aircraft,
            diversion: input.diversion, airports: airports, caps: speedRule?.caps ?? SpeedCaps(), isEnded: true
        )
        var findings: [Finding] = []
        var decided = 0
        var applicable = 0
        for entry in ruleset.entries {
            let finding = entry.finding(entry.rule.evaluate(evidence))
            findings.append(finding)
            if finding.verdict != .notApplicable { applicable += entry.weight }
            if finding.verdict == .pass || finding.verdict == .violated { decided += entry.weight }
        }
        if let faults = DataFault.finding(evidence) { findings.append(faults) }
        let score = min(100, max(0, 100 + findings.reduce(0) { $0 + $1.points }))
        let confidence = applicable == 0 ? 0 : decided * 100 / applicable
        findings.append(ScoreBelowThreshold.finding(score: score, confidence: confidence, ruleset: ruleset))

        let outcome: Judgement.Outcome
        if findings.contains(where: { $0.action == .reject }) {
            outcome = .reject
        } else if findings.contains(where: { $0.action == .flag }) || !ruleset.acceptsAutomatically {
            outcome = .flag
        } else {
            outcome = .accept
        }
        return Judgement(
            ruleset: ruleset.reference, engine: Self.engineVersion, evidenceHash: Self.hash(evidence, input),
            flightVersion: input.flightVersion, outcome: outcome, score: score, confidence: confidence,
            findings: findings, figures: evidence.figures()
        )
    }

    /// The figures of a flight, also of one that is still under way: then what has not happened yet is nil.
    /// - Parameters:
    ///   - samples: Any order, repeats possible.
    ///   - opening: For the planned airports and the aircraft's type.
    ///   - report: For a filed landing rate.
    ///   - aircraft: The aircraft flown; nil: that of the opening.
    ///   - isEnded: Without a lasting standstill the last sample is IN.
    public func derive(
        _ samples: [PositionSample], opening: FlightOpening?, report: FiledReport? = nil,
        aircraft: AircraftDetails? = nil, isEnded: Bool = false
    ) -> FlightFigures {
        Evidence(
            samples: samples, opening: opening, report: report, capabilities: AdapterCapabilities([:]), earlier: [],
            aircraft: aircraft ?? opening?.aircraft, diversion: nil, airports: airports, caps: SpeedCaps(),
            isEnded: isEnded
        ).figures()
    }

    /// Two reports of one pilot with equal keys may be of one flight.
    public static func key(flightNumber: String) -> String { TypeProfile.normalised(flightNumber) }

    /// The first sample of every half minute: what ``EarlierReport/track`` holds and `duplicate-report` compares.
    public static func fingerprint(of samples: [PositionSample]) -> [TrackPoint] {
        var points: [TrackPoint] = []
        for point in Track(samples, speedCap: SpeedCaps().jet).points {
            if let last = points.last, point.time.slot == last.time.milliseconds.slot { continue }
            points.append(TrackPoint(time: point.timestamp, position: point.position))
        }
        return points
    }

    /// Over ordered telemetry (event time, not receipt), the tracker's events and the report; not over comments and
    /// names, which can be erased (decisions G1).
    private static func hash(_ evidence: Evidence, _ input: EvaluationInput) -> String {
        var hash = evidence.track.hash
        let content = input.report.content
        hash.combine(content.aircraft.map(Double.init))
        hash.combine(content.load)
        hash.combine(content.flightTime.map { Double($0.rawValue) })
        hash.combine(content.blockTime.map { Double($0.rawValue) })
        hash.combine(content.landingRate?.rawValue)
        hash.combine(content.fuelUsed?.rawValue)
        hash.combine(content.distance?.rawValue)
        hash.combine(content.route)
        hash.combine(UInt64(content.log.count))
        for line in content.log { hash.combine(line) }
        hash.combine(UInt64(content.events.count))
        for event in content.events {
            hash.combine(event.id)
            hash.combine(event.elapsedSeconds)
            hash.combine(event.time.map { Double($0.milliseconds) })
            hash.combine(event.condition)
            hash.combine(event.message)
            hash.combine(event.type)
        }
        return hash.text
    }
}

extension Int64 {
    fileprivate var slot: Int64 { self >= 0 ? self / 30_000 : (self - 29_999) / 30_000 }
}

extension Ruleset.Entry {
    /// The verdict with what the ruleset makes of it.
    func finding(_ verdict: Verdict) -> Finding {
        var finding: Finding
        switch verdict {
        case .pass(let seen):
            finding = Finding(rule: id, verdict: .pass, severity: severity, action: .accept, points: 0)
            fill(&finding, seen)
            finding.title = seen.title ?? title
        case .notApplicable(let why):
            finding = Finding(rule: id, verdict: .notApplicable, severity: severity, action: .accept, points: 0)
            finding.title = title
            finding.staffText = why
            return finding
        case .inconclusive(let seen):
            finding = Finding(rule: id, verdict: .inconclusive, severity: severity, action: onInconclusive, points: 0)
            fill(&finding, seen)
            finding.title = seen.title ?? title
            finding.pilotText = sentences(
                seen.pilot, onInconclusive == .flag ? "A reviewer will look at it." : "Nothing is held against you.",
                seen.advice
            )
        case .violated(let seen):
            finding = Finding(
                rule: id, verdict: .violated, severity: seen.consequence?.severity ?? severity,
                action: seen.consequence?.action ?? action, points: seen.consequence?.points ?? points
            )
            fill(&finding, seen)
            finding.title = seen.title ?? title
            let follows: String
            switch finding.action {
            case .reject: follows = "The report was not accepted."
            case .flag: follows = "A reviewer will look at it."
            case .accept:
                follows =
                    finding.points == 0
                    ? "" : "It cost \(-finding.points) point\(finding.points == -1 ? "" : "s")."
            }
            finding.pilotText = sentences(seen.pilot, follows, seen.advice)
        }
        for parameter in rule.parameters { finding.parameters[parameter.name] = parameter.value }
        return finding
    }

    private func fill(_ finding: inout Finding, _ seen: Observation) {
        finding.tier = seen.tier
        finding.measured = seen.measured
        finding.threshold = seen.threshold
        finding.confidence = seen.confidence
        finding.evidence = seen.evidence
        finding.start = seen.start
        finding.end = seen.end
        finding.pilotText = seen.pilot
        finding.staffText = seen.staff
        finding.related = seen.related
    }
    private func sentences(_ parts: String...) -> String { parts.filter { !$0.isEmpty }.joined(separator: " ") }
}
