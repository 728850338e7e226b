public import Domain

/// A flight as lists, the live map and the review desk show it. Built from the flight's and the report's events.
public struct FlightView: Codable, Hashable, Sendable {
    /// The last known place of the aircraft.
    public struct Latest: Codable, Hashable, Sendable {
        public var position: Position
        public var altitude: Feet?
        public var groundSpeed: Knots?
        public var heading: Degrees?
        public var verticalSpeed: FeetPerMinute?
        public var eventTime: Timestamp
        public var seenAt: Timestamp
    }
    public var id: FlightID
    public var number: Int
    public var user: UserID
    public var pilotIdent: String
    public var pilotName: String
    public var adapter: String
    public var callsign: String
    public var flightNumber: String
    public var departure: ICAOLocation?
    public var arrival: ICAOLocation?
    public var type: String?
    public var registration: String?
    public var network: String?
    public var openedAt: Timestamp
    public var endedAt: Timestamp?
    public var flight: Flight.State = .open
    public var report: PIREP.State = .none
    public var phase: PhaseOfFlight = .boarding
    public var highestAltitude: Feet?
    public var positions = 0
    public var latest: Latest?
    public var filedAt: Timestamp?
    public var figures: FlightFigures?
    public var landingRate: FeetPerMinute?
    public var outcome: Judgement.Outcome?
    public var score: Int?
    /// Titles of the findings that led to the outcome, most severe first.
    public var reason: String?
    public var reviewedBy: String?
    /// Versions of the flight's and the report's stream that are in it: an event is applied once, and after the one before.
    var flightVersion: Int64 = 0
    var reportVersion: Int64 = 0

    init(_ opening: FlightOpening) {
        id = opening.id
        number = opening.number
        user = opening.user
        pilotIdent = opening.pilotIdent
        pilotName = opening.pilotName
        adapter = opening.adapter
        callsign = opening.callsign
        flightNumber = opening.flightNumber
        departure = opening.departure
        arrival = opening.arrival
        type = opening.aircraft?.type
        registration = opening.aircraft?.registration
        network = opening.network
        openedAt = opening.openedAt
    }

    /// One word for where flight and report stand: decisions B4.
    public var state: String {
        if report != .none { return report.rawValue }
        return flight.rawValue
    }

    /// `open` in progress, `landed` once filed.
    public var isLive: Bool { flight == .open }

    mutating func apply(_ event: FlightEvent) {
        switch event {
        case .opened(let opening):
            type = opening.aircraft?.type ?? type
            registration = opening.aircraft?.registration ?? registration
            network = opening.network ?? network
        case .positionsRecorded(let samples, _):
            if flight == .abandoned { flight = .open }
            for sample in samples {
                positions += 1
                if let network = sample.network { self.network = network }
                if let altitude = sample.altitudeMSL ?? sample.pressureAltitude {
                    highestAltitude = max(highestAltitude ?? altitude, altitude)
                }
                // The map never shows an older position after a newer one.
                if let latest, sample.eventTime < latest.eventTime { continue }
                let before = latest
                let altitude = sample.altitudeMSL ?? sample.pressureAltitude
                var vertical = sample.verticalSpeed
                if vertical == nil, let before, let from = before.altitude, let to = altitude {
                    let seconds = (sample.eventTime - before.eventTime).seconds
                    if seconds >= 0.9, seconds <= 120 {
                        vertical = FeetPerMinute((to - from).rawValue / seconds * 60)
                    } else {
                        vertical = before.verticalSpeed
                    }
                }
                latest = Latest(
                    position: sample.position, altitude: altitude, groundSpeed: sample.groundSpeed,
                    heading: sample.heading, verticalSpeed: vertical, eventTime: sample.eventTime,
                    seenAt: sample.receivedAt
                )
                phase = livePhase(after: phase, sample, vertical: vertical)
            }
        case .linesRecorded, .detailsChanged, .paused, .resumed: if flight == .abandoned { flight = .open }
        case .commented: break
        case .cancelled(let at):
            flight = .cancelled
            endedAt = at
        case .abandoned(let at):
            flight = .abandoned
            endedAt = at
        case .ended(let at):
            flight = .filed
            endedAt = at
            phase = .arrived
        }
    }

    /// A quick phase for the map while the flight is under way; the one that counts is derived when the report is judged.
    private func livePhase(
        after phase: PhaseOfFlight, _ sample: PositionSample, vertical: FeetPerMinute?
    ) -> PhaseOfFlight {
        if let claimed = sample.claimedPhase { return claimed }
        let speed = sample.groundSpeed?.rawValue ?? 0
        let climb = vertical?.rawValue ?? 0
        if speed < 40 {
            if highestAltitude.map({ $0.rawValue > 3000 }) ?? false, phase != .boarding, phase != .taxiOut {
                return .taxiIn
            }
            return speed < 1 ? (phase == .boarding ? .boarding : phase) : .taxiOut
        }
        return climb > 400 ? .climb : climb < -400 ? .descent : .cruise
    }

    mutating func apply(_ event: PIREPEvent) {
        switch event {
        case .filed(let report):
            self.report = .filed
            filedAt = report.filedAt
            landingRate = report.content.landingRate
        case .amended(let content): landingRate = content.landingRate
        case .withdrawn: report = .withdrawn
        case .judged(let judgement):
            switch judgement.outcome {
            case .accept: report = .accepted
            case .flag: report = .inReview
            case .reject: report = .rejected
            }
            outcome = judgement.outcome
            score = judgement.score
            figures = judgement.figures
            figures?.phases = []
            figures?.gaps = []
            if let rate = judgement.figures.touchdownRate { landingRate = rate }
            let causes = judgement.findings.filter {
                $0.action != .accept && $0.verdict != .pass && $0.verdict != .notApplicable
            }
            reason = causes.isEmpty ? nil : causes.map(\.title).joined(separator: "; ")
        case .reviewed(let review):
            report = review.outcome == .accept ? .accepted : .rejected
            reviewedBy = review.reviewerIdent
        }
    }
}
