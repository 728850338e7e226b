internal import Domain
internal import SwiftProtobuf

extension ProtoPIREPFiled: EventMessage {
    static let eventType = "pirep.filed"
    init(_ report: FiledReport) {
        self.init()
        flight = report.flight.data
        number = Int64(report.number)
        user = report.user.data
        filedAtMs = report.filedAt.milliseconds
        if let value = report.flightTimeHours { flightTimeHours = value }
        if let value = report.fuelUsedAsSent { fuelUsedAsSent = value }
        content = ProtoReportContent(report.content)
        if let value = report.sentHash { sentHash = value }
        if let value = report.possibleRepeat { possibleRepeat = value.data }
    }
    func event() throws(FieldError) -> DomainEvent {
        guard hasContent else { throw FieldError("PIREPFiled.content") }
        let report = FiledReport(
            flight: try FlightID(flight, "PIREPFiled.flight"), number: Int(number),
            user: try UserID(user, "PIREPFiled.user"), filedAt: Timestamp(milliseconds: filedAtMs),
            flightTimeHours: hasFlightTimeHours ? flightTimeHours : nil,
            fuelUsedAsSent: hasFuelUsedAsSent ? fuelUsedAsSent : nil, content: try content.value(),
            sentHash: hasSentHash ? sentHash : nil,
            possibleRepeat: hasPossibleRepeat ? try FlightID(possibleRepeat, "PIREPFiled.possible_repeat") : nil
        )
        return .pirep(.filed(report))
    }
}

extension ProtoPIREPAmended: EventMessage {
    static let eventType = "pirep.amended"
    func event() throws(FieldError) -> DomainEvent {
        guard hasContent else { throw FieldError("PIREPAmended.content") }
        return .pirep(.amended(try content.value()))
    }
}

extension ProtoPIREPWithdrawn: EventMessage {
    static let eventType = "pirep.withdrawn"
    func event() -> DomainEvent { .pirep(.withdrawn(at: Timestamp(milliseconds: atMs))) }
}

extension ProtoReportContent {
    init(_ content: FiledReport.Content) {
        self.init()
        if let value = content.aircraft { aircraft = Int64(value) }
        if let value = content.load { load = value }
        if let value = content.flightTime { flightTimeMin = Int64(value.rawValue) }
        if let value = content.blockTime { blockTimeMin = Int64(value.rawValue) }
        if let value = content.landingRate { landingRateFpm = value.rawValue }
        if let value = content.fuelUsed { fuelUsedKg = value.rawValue }
        if let value = content.distance { distanceNm = value.rawValue }
        route = content.route
        if let value = content.comments { comments = value }
        log = content.log
        events = content.events.map(ProtoTrackerEvent.init)
        if !content.details.isEmpty { details = ProtoFlightDetails(content.details) }
    }
    func value() throws(FieldError) -> FiledReport.Content {
        var content = FiledReport.Content(route: route, log: log, events: events.map(\.value))
        if hasAircraft { content.aircraft = Int(aircraft) }
        if hasLoad { content.load = load }
        content.flightTime = Minutes(flightTimeMin, if: hasFlightTimeMin)
        content.blockTime = Minutes(blockTimeMin, if: hasBlockTimeMin)
        content.landingRate = FeetPerMinute(landingRateFpm, if: hasLandingRateFpm)
        content.fuelUsed = Kilograms(fuelUsedKg, if: hasFuelUsedKg)
        content.distance = NauticalMiles(distanceNm, if: hasDistanceNm)
        if hasComments { content.comments = comments }
        if hasDetails { content.details = try details.value() }
        return content
    }
}

extension ProtoTrackerEvent {
    init(_ event: TrackerEvent) {
        self.init()
        id = event.id
        if let value = event.elapsedSeconds { elapsedSeconds = value }
        if let value = event.time { timeMs = value.milliseconds }
        if let value = event.timeText { timeText = value }
        if let value = event.condition { condition = value }
        message = event.message
        if let value = event.type { type = value }
    }
    var value: TrackerEvent {
        TrackerEvent(
            id: id, elapsedSeconds: hasElapsedSeconds ? elapsedSeconds : nil, time: Timestamp(timeMs, if: hasTimeMs),
            timeText: hasTimeText ? timeText : nil, condition: hasCondition ? condition : nil, message: message,
            type: hasType ? type : nil
        )
    }
}

extension ProtoPIREPJudged: EventMessage {
    static let eventType = "pirep.judged"
    init(_ judgement: Judgement) {
        self.init()
        ruleset = ProtoRulesetReference(judgement.ruleset)
        engine = judgement.engine
        evidenceHash = judgement.evidenceHash
        flightVersion = judgement.flightVersion
        outcome =
            switch judgement.outcome {
            case .accept: .accept
            case .flag: .flag
            case .reject: .reject
            }
        score = Int64(judgement.score)
        confidencePercent = Int64(judgement.confidence)
        findings = judgement.findings.map(ProtoFinding.init)
        figures = ProtoFlightFigures(judgement.figures)
    }
    func event() throws(FieldError) -> DomainEvent {
        guard hasRuleset else { throw FieldError("PIREPJudged.ruleset") }
        guard hasFigures else { throw FieldError("PIREPJudged.figures") }
        let outcome: Judgement.Outcome =
            switch outcome {
            case .accept: .accept
            case .flag: .flag
            case .reject: .reject
            case .unspecified, .UNRECOGNIZED: throw FieldError("PIREPJudged.outcome")
            }
        var findings: [Finding] = []
        findings.reserveCapacity(self.findings.count)
        for finding in self.findings { findings.append(try finding.value()) }
        let judgement = Judgement(
            ruleset: ruleset.value, engine: engine, evidenceHash: evidenceHash, flightVersion: flightVersion,
            outcome: outcome, score: Int(score), confidence: Int(confidencePercent), findings: findings,
            figures: try figures.value()
        )
        return .pirep(.judged(judgement))
    }
}

extension ProtoFinding {
    init(_ finding: Finding) {
        self.init()
        rule = finding.rule
        verdict =
            switch finding.verdict {
            case .pass: .pass
            case .violated: .violated
            case .inconclusive: .inconclusive
            case .notApplicable: .notApplicable
            }
        severity =
            switch finding.severity {
            case .info: .info
            case .minor: .minor
            case .major: .major
            case .critical: .critical
            }
        action =
            switch finding.action {
            case .accept: .accept
            case .flag: .flag
            case .reject: .reject
            }
        points = Int64(finding.points)
        if let value = finding.tier { tier = value }
        if let value = finding.measured { measured = Measure(value) }
        if let value = finding.threshold { threshold = Measure(value) }
        if let value = finding.confidence {
            confidence =
                switch value {
                case .measured: .measured
                case .derived: .derived
                case .reported: .reported
                }
        }
        evidence = finding.evidence.map(ProtoInterval.init)
        if let value = finding.start { start = ProtoPosition(value) }
        if let value = finding.end { end = ProtoPosition(value) }
        parameters = finding.parameters.sorted { $0.key.utf8.lexicographicallyPrecedes($1.key.utf8) }.map {
            name, value in
            Parameter.with {
                $0.name = name
                $0.value = value
            }
        }
        title = finding.title
        pilotText = finding.pilotText
        staffText = finding.staffText
        related = finding.related.map(\.data)
    }

    func value() throws(FieldError) -> Finding {
        let verdict: Finding.Verdict =
            switch verdict {
            case .pass: .pass
            case .violated: .violated
            case .inconclusive: .inconclusive
            case .notApplicable: .notApplicable
            case .unspecified, .UNRECOGNIZED: throw FieldError("Finding.verdict")
            }
        let severity: Finding.Severity =
            switch severity {
            case .info: .info
            case .minor: .minor
            case .major: .major
            case .critical: .critical
            case .unspecified, .UNRECOGNIZED: throw FieldError("Finding.severity")
            }
        let action: Finding.Action =
            switch action {
            case .accept: .accept
            case .flag: .flag
            case .reject: .reject
            case .unspecified, .UNRECOGNIZED: throw FieldError("Finding.action")
            }
        var finding = Finding(rule: rule, verdict: verdict, severity: severity, action: action, points: Int(points))
        if hasTier { finding.tier = tier }
        if hasMeasured { finding.measured = measured.finding }
        if hasThreshold { finding.threshold = threshold.finding }
        if hasConfidence {
            finding.confidence =
                switch confidence {
                case .measured: .measured
                case .derived: .derived
                case .reported: .reported
                case .unspecified, .UNRECOGNIZED: throw FieldError("Finding.confidence")
                }
        }
        finding.evidence = evidence.map(\.value)
        if hasStart { finding.start = try start.value("Finding.start") }
        if hasEnd { finding.end = try end.value("Finding.end") }
        for parameter in parameters {
            guard finding.parameters.updateValue(parameter.value, forKey: parameter.name) == nil else {
                throw FieldError("Finding.parameters")
            }
        }
        finding.title = title
        finding.pilotText = pilotText
        finding.staffText = staffText
        finding.related.reserveCapacity(related.count)
        for flight in related { finding.related.append(try FlightID(flight, "Finding.related")) }
        return finding
    }
}

extension ProtoFinding.Measure {
    init(_ measure: Finding.Measure) {
        self.init()
        value = measure.value
        unit = measure.unit
    }
    var finding: Finding.Measure { Finding.Measure(value, unit) }
}

extension ProtoFlightFigures {
    init(_ figures: FlightFigures) {
        self.init()
        if let value = figures.out { outMs = value.milliseconds }
        if let value = figures.off { offMs = value.milliseconds }
        if let value = figures.on { onMs = value.milliseconds }
        if let value = figures.inBlock { inMs = value.milliseconds }
        if let value = figures.blockTime { blockTimeMin = Int64(value.rawValue) }
        if let value = figures.airTime { airTimeMin = Int64(value.rawValue) }
        if let value = figures.distanceFlown { distanceFlownNm = value.rawValue }
        if let value = figures.greatCircle { greatCircleNm = value.rawValue }
        if let value = figures.touchdownRate { touchdownRateFpm = value.rawValue }
        touchdownSource = figures.touchdownSource
        if let value = figures.departure { departure = value.code }
        if let value = figures.arrival { arrival = value.code }
        if let value = figures.maximumAltitude { maximumAltitudeFt = value.rawValue }
        if let value = figures.fuelUsed { fuelUsedKg = value.rawValue }
        positions = Int64(figures.positions)
        if let value = figures.medianInterval { medianIntervalMs = value.rawValue }
        landings = Int64(figures.landings)
        phases = figures.phases.map(PhaseInterval.init)
        gaps = figures.gaps.map(ProtoInterval.init)
    }

    func value() throws(FieldError) -> FlightFigures {
        var figures = FlightFigures()
        figures.out = Timestamp(outMs, if: hasOutMs)
        figures.off = Timestamp(offMs, if: hasOffMs)
        figures.on = Timestamp(onMs, if: hasOnMs)
        figures.inBlock = Timestamp(inMs, if: hasInMs)
        figures.blockTime = Minutes(blockTimeMin, if: hasBlockTimeMin)
        figures.airTime = Minutes(airTimeMin, if: hasAirTimeMin)
        figures.distanceFlown = NauticalMiles(distanceFlownNm, if: hasDistanceFlownNm)
        figures.greatCircle = NauticalMiles(greatCircleNm, if: hasGreatCircleNm)
        figures.touchdownRate = FeetPerMinute(touchdownRateFpm, if: hasTouchdownRateFpm)
        figures.touchdownSource = touchdownSource
        if hasDeparture { figures.departure = try ICAOLocation(departure, "FlightFigures.departure") }
        if hasArrival { figures.arrival = try ICAOLocation(arrival, "FlightFigures.arrival") }
        figures.maximumAltitude = Feet(maximumAltitudeFt, if: hasMaximumAltitudeFt)
        figures.fuelUsed = Kilograms(fuelUsedKg, if: hasFuelUsedKg)
        figures.positions = Int(positions)
        if hasMedianIntervalMs { figures.medianInterval = Milliseconds(medianIntervalMs) }
        figures.landings = Int(landings)
        figures.phases.reserveCapacity(phases.count)
        for phase in phases { figures.phases.append(try phase.interval()) }
        figures.gaps = gaps.map(\.value)
        return figures
    }
}

extension ProtoFlightFigures.PhaseInterval {
    init(_ interval: FlightFigures.PhaseInterval) {
        self.init()
        phase = ProtoPhaseOfFlight(interval.phase)
        fromMs = interval.from.milliseconds
        toMs = interval.to.milliseconds
    }
    func interval() throws(FieldError) -> FlightFigures.PhaseInterval {
        FlightFigures.PhaseInterval(
            phase: try phase.value("FlightFigures.PhaseInterval.phase"), from: Timestamp(milliseconds: fromMs),
            to: Timestamp(milliseconds: toMs)
        )
    }
}

extension ProtoPIREPReviewed: EventMessage {
    static let eventType = "pirep.reviewed"
    init(_ review: Review) {
        self.init()
        outcome =
            switch review.outcome {
            case .accept: .accept
            case .reject: .reject
            }
        reason = review.reason
        reviewer = review.reviewer.data
        reviewerIdent = review.reviewerIdent
        atMs = review.at.milliseconds
    }
    func event() throws(FieldError) -> DomainEvent {
        let outcome: Review.Outcome =
            switch outcome {
            case .accept: .accept
            case .reject: .reject
            case .flag, .unspecified, .UNRECOGNIZED: throw FieldError("PIREPReviewed.outcome")
            }
        let review = Review(
            outcome: outcome, reason: reason, reviewer: try UserID(reviewer, "PIREPReviewed.reviewer"),
            reviewerIdent: reviewerIdent, at: Timestamp(milliseconds: atMs)
        )
        return .pirep(.reviewed(review))
    }
}
