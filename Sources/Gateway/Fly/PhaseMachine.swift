import Domain

/// smartCARS 3's names of the phases that a flight from a recording goes through.
enum SmartCARSPhase: String, Sendable {
    case boarding = "BOARDING"
    case pushBack = "PUSH_BACK"
    case taxi = "TAXI"
    case takeOff = "TAKE_OFF"
    case climbOut = "CLIMB_OUT"
    case climb = "CLIMB"
    case cruise = "CRUISE"
    case descent = "DESCENT"
    case approach = "APPROACH"
    case final = "FINAL"
    case goAround = "GO_AROUND"
    case landed = "LANDED"
    case taxiToGate = "TAXI_TO_GATE"
    case deboarding = "DEBOARDING"
}

/// Gives each sample its phase, in order of time: from the phase before and what the aircraft does now.
struct PhaseMachine {
    private let samples: [FlightProfile.Sample]
    private let arrivalElevation: Double
    private let top: Double
    private var index = 0
    private var phase = SmartCARSPhase.boarding
    private var departureElevation: Double
    private var lowest = Double.infinity
    private var highest = -Double.infinity
    /// Where the last movement on the ground was measured from.
    private var anchor: Position
    private var hasFlown = false
    /// First sample of the movement off the stand, nil when the recording begins in the air.
    let out: Int?
    /// First sample of the last standstill, nil when the recording ends moving.
    let inBlock: Int?

    /// - Parameter samples: By time.
    init(_ samples: [FlightProfile.Sample], arrivalElevation: Feet?) {
        self.samples = samples
        departureElevation = samples.first?.altitude.rawValue ?? 0
        self.arrivalElevation = arrivalElevation?.rawValue ?? 0
        top = samples.map(\.altitude.rawValue).max() ?? 0
        anchor = samples[0].position
        out = Self.firstMovement(samples)
        inBlock = Self.lastStandstill(samples)
        if samples.first?.isOnGround == false {
            phase = .climb
            hasFlown = true
        }
    }

    /// A place is the same within this distance, metres: the scatter of recorded positions at a stand.
    private static let scatter = 12.0

    private static func distance(_ a: FlightProfile.Sample, _ b: FlightProfile.Sample) -> Double {
        greatCircleDistance(from: a.position, to: b.position).metres
    }

    private static func firstMovement(_ samples: [FlightProfile.Sample]) -> Int? {
        guard let first = samples.first, first.isOnGround,
            var index = samples.indices.first(where: { distance(samples[$0], first) > scatter })
        else { return nil }
        while index > 0, samples[index - 1].groundSpeed >= Knots(1), distance(samples[index - 1], first) > 1 {
            index -= 1
        }
        return index
    }

    private static func lastStandstill(_ samples: [FlightProfile.Sample]) -> Int? {
        guard let last = samples.last, last.isOnGround, last.groundSpeed < Knots(3) else { return nil }
        guard let moving = samples.indices.last(where: { distance(samples[$0], last) > scatter }) else { return nil }
        // The last metres are rolled too.
        var index = moving + 1
        while index < samples.count - 1, samples[index].groundSpeed >= Knots(1) { index += 1 }
        return index
    }

    mutating func next() -> SmartCARSPhase {
        let sample = samples[index]
        phase = sample.isOnGround ? onGround(sample) : inAir(sample)
        index += 1
        return phase
    }

    private mutating func onGround(_ sample: FlightProfile.Sample) -> SmartCARSPhase {
        let speed = sample.groundSpeed.rawValue
        switch phase {
        case .boarding, .pushBack, .taxi:
            guard let out, index >= out else { return .boarding }
            if speed >= 40, isAccelerating { return .takeOff }
            return rollingOut(sample)
        case .takeOff:
            if speed < 40, !hasFlown { return .taxi }  // A rejected take-off.
            departureElevation = sample.altitude.rawValue
            return .takeOff
        case .climbOut, .climb, .cruise, .descent, .approach, .final, .goAround:
            return speed >= 40 ? .landed : .taxiToGate
        case .landed, .taxiToGate:
            if speed >= 40 { return liftsOffAgain ? .takeOff : .landed }
            if let inBlock, index >= inBlock { return .deboarding }
            return .taxiToGate
        case .deboarding: return .deboarding
        }
    }

    private mutating func inAir(_ sample: FlightProfile.Sample) -> SmartCARSPhase {
        let altitude = sample.altitude.rawValue
        let isNew = !hasFlown
        hasFlown = true
        let isLow = altitude < arrivalElevation + 3000 && top > arrivalElevation + 3000
        switch phase {
        case .boarding, .pushBack, .taxi, .takeOff, .landed, .taxiToGate, .deboarding:
            lowest = altitude
            highest = altitude
            return isNew || altitude < departureElevation + 400 ? .takeOff : .climbOut
        case .climbOut:
            highest = max(highest, altitude)
            return altitude < departureElevation + 1500 ? .climbOut : .climb
        case .climb:
            highest = max(highest, altitude)
            if altitude < highest - 1000 { return enter(.descent, altitude) }
            return altitude >= 0.75 * top && isLevel(ahead: 60) ? .cruise : .climb
        case .cruise:
            highest = max(highest, altitude)
            return altitude < highest - 1000 && !isLevel(ahead: 60) ? enter(.descent, altitude) : .cruise
        case .descent:
            lowest = min(lowest, altitude)
            if altitude > lowest + 2000 {
                highest = altitude
                return .climb
            }
            // A step down, or one altitude that was wrong: a descent does not stay level for minutes so high up.
            if altitude >= 0.75 * top, isLevel(ahead: 180) {
                highest = altitude
                return .cruise
            }
            return isLow ? .approach : .descent
        case .approach, .final:
            lowest = min(lowest, altitude)
            if altitude > lowest + 500 {
                highest = altitude
                return .goAround
            }
            return altitude < arrivalElevation + 1000 ? .final : .approach
        case .goAround:
            highest = max(highest, altitude)
            if altitude < highest - 300 { return enter(isLow ? .approach : .descent, altitude) }
            return altitude > arrivalElevation + 3000 ? .climb : .goAround
        }
    }

    private mutating func enter(_ phase: SmartCARSPhase, _ altitude: Double) -> SmartCARSPhase {
        lowest = altitude
        return phase
    }

    /// Pushed backward or rolling forward: the way it goes against the way it points.
    private mutating func rollingOut(_ sample: FlightProfile.Sample) -> SmartCARSPhase {
        if phase == .taxi { return .taxi }
        let current: SmartCARSPhase = phase == .boarding ? .taxi : phase
        guard greatCircleDistance(from: anchor, to: sample.position).metres >= 8 else {
            return phase == .boarding && isPushedNext ? .pushBack : current
        }
        defer { anchor = sample.position }
        switch turn(from: anchor, to: sample) {
        case 110...: return .pushBack
        case ..<70: return .taxi
        default: return current
        }
    }

    private func turn(from start: Position, to sample: FlightProfile.Sample) -> Double {
        let course = initialCourse(from: start, to: sample.position).rawValue
        let turn = (course - sample.heading.rawValue).magnitude.truncatingRemainder(dividingBy: 360)
        return turn > 180 ? 360 - turn : turn
    }

    /// The first movement is too short to have a direction: the next samples have it.
    private var isPushedNext: Bool {
        guard
            let ahead = samples[index...].first(where: {
                greatCircleDistance(from: anchor, to: $0.position).metres >= 8
            })
        else { return false }
        return turn(from: anchor, to: ahead) >= 110
    }

    private var isAccelerating: Bool {
        let now = samples[index].groundSpeed.rawValue
        for sample in samples[index...].dropFirst() {
            let seconds = (sample.time - samples[index].time).seconds
            if !sample.isOnGround { return true }
            if seconds >= 6 { return sample.groundSpeed.rawValue > now + 8 }
        }
        return false
    }

    private var liftsOffAgain: Bool {
        for sample in samples[index...] {
            if !sample.isOnGround { return true }
            if sample.groundSpeed < Knots(40) { return false }
        }
        return false
    }

    /// Less than 300 ft up or down after so many seconds.
    private func isLevel(ahead seconds: Double) -> Bool {
        let now = samples[index]
        guard let ahead = samples[index...].first(where: { ($0.time - now.time).seconds >= seconds }) else {
            return false
        }
        return (ahead.altitude - now.altitude).magnitude < Feet(300)
    }
}
