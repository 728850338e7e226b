import Domain

/// One sample as the rules see it: what was sent, without receipt, client time and text.
struct Point {
    /// Event time, ms since 1970.
    let time: Int64
    let position: Position
    let altitude: Double?
    let height: Double?
    let pressureAltitude: Double?
    let groundSpeed: Double?
    let indicatedAirspeed: Double?
    let heading: Double?
    let fuel: Double?
    let rate: Double?
    let onGround: Bool?
    let parkingBrake: Bool?
    let enginesRunning: Bool?
    let claimedPhase: PhaseOfFlight?

    init(_ sample: PositionSample) {
        time = sample.eventTime.milliseconds
        position = sample.position
        altitude = sample.altitudeMSL?.rawValue
        height = sample.heightAGL?.rawValue
        pressureAltitude = sample.pressureAltitude?.rawValue
        groundSpeed = sample.groundSpeed?.rawValue
        indicatedAirspeed = sample.indicatedAirspeed?.rawValue
        heading = sample.heading?.rawValue
        fuel = sample.fuel?.rawValue
        rate = sample.simulationRate
        onGround = sample.onGround
        parkingBrake = sample.parkingBrake
        enginesRunning = sample.enginesRunning
        claimedPhase = sample.claimedPhase
    }

    var timestamp: Timestamp { Timestamp(milliseconds: time) }
    /// True altitude, else pressure altitude: for shape and display, never against an elevation.
    var anyAltitude: Double? { altitude ?? pressureAltitude }

    /// Equal for equal content, on every machine.
    var content: UInt64 {
        var hash = EvidenceHash()
        combine(into: &hash)
        return hash.first
    }
    func combine(into hash: inout EvidenceHash) {
        hash.combine(UInt64(bitPattern: time))
        hash.combine(position.latitude)
        hash.combine(position.longitude)
        hash.combine(altitude)
        hash.combine(height)
        hash.combine(pressureAltitude)
        hash.combine(groundSpeed)
        hash.combine(indicatedAirspeed)
        hash.combine(heading)
        hash.combine(fuel)
        hash.combine(rate)
        func code(_ flag: Bool?) -> UInt64 { flag.map { $0 ? 2 : 1 } ?? 0 }
        let phase = claimedPhase.flatMap(PhaseOfFlight.allCases.firstIndex) ?? 15
        hash.combine(code(onGround) | code(parkingBrake) << 2 | code(enginesRunning) << 4 | UInt64(phase) << 6)
    }
}

/// The same 128 bits for the same evidence, in every process. It recognises equal evidence; it is not a seal against
/// somebody who builds collisions on purpose.
struct EvidenceHash {
    private(set) var first: UInt64 = 0x243f_6a88_85a3_08d3
    private(set) var second: UInt64 = 0x1319_8a2e_0370_7344

    mutating func combine(_ word: UInt64) {
        first = (first ^ word) &* 0x9e37_79b9_7f4a_7c15
        first ^= first >> 29
        second = (second << 23 | second >> 41) ^ word
        second = second &* 0xff51_afd7_ed55_8ccd
        second ^= second >> 32
    }
    mutating func combine(_ number: Double) { combine((number == 0 ? 0 : number).bitPattern) }
    mutating func combine(_ number: Double?) {
        // The bit pattern of a signalling NaN stands for "not sent"; no decoded value has it.
        guard let number else { return combine(UInt64(0x7ff0_0000_0000_0001)) }
        combine(number)
    }
    mutating func combine(_ text: String?) {
        guard let text else { return combine(UInt64.max) }
        var word: UInt64 = 0
        var count: UInt64 = 0
        for byte in text.utf8 {
            word = word << 8 | UInt64(byte)
            count += 1
            if count % 8 == 0 {
                combine(word)
                word = 0
            }
        }
        combine(word)
        combine(count)
    }
    var text: String { hexadecimal(first) + hexadecimal(second) }
}

func hexadecimal(_ word: UInt64) -> String {
    let digits = String(word, radix: 16)
    return String(repeating: "0", count: 16 - digits.utf8.count) + digits
}

/// The samples of one flight in order of event time, without repeats and receiver faults.
struct Track {
    private(set) var points: [Point] = []
    /// Great-circle distance from the point before, NM; 0 for the first.
    private(set) var legs: [Double] = []
    /// Far-off single positions that the next sample took back: left out of `points`.
    private(set) var faults: [Point] = []
    /// ms; nil with fewer than two points.
    private(set) var medianInterval: Int64?
    /// Of the ordered points, faults included.
    private(set) var hash = EvidenceHash()

    init(_ samples: [PositionSample], speedCap: Double) {
        var ordered = samples.map(Point.init)
        if !zip(ordered, ordered.dropFirst()).allSatisfy({ $0.time < $1.time }) {
            let sent = ordered
            let sorted = sent.indices.sorted { i, j in
                if sent[i].time != sent[j].time { return sent[i].time < sent[j].time }
                let (a, b) = (sent[i].position, sent[j].position)
                if a.latitude != b.latitude { return a.latitude < b.latitude }
                if a.longitude != b.longitude { return a.longitude < b.longitude }
                return sent[i].content < sent[j].content
            }
            ordered.removeAll(keepingCapacity: true)
            for index in sorted {
                // The same event time and position is the same sample, sent again.
                if let last = ordered.last, last.time == sent[index].time, last.position == sent[index].position {
                    continue
                }
                ordered.append(sent[index])
            }
        }
        for point in ordered { point.combine(into: &hash) }
        removeFaults(ordered, speedCap: speedCap)
        medianInterval = Self.median(of: points)
    }

    private mutating func removeFaults(_ ordered: [Point], speedCap: Double) {
        points.reserveCapacity(ordered.count)
        legs.reserveCapacity(ordered.count)
        for (index, point) in ordered.enumerated() {
            guard let previous = points.last else {
                // Trackers send 0/0 while the simulator is still loading.
                if point.position.latitude == 0, point.position.longitude == 0, index + 1 < ordered.count,
                    Jump(from: point, to: ordered[index + 1], speedCap: speedCap).isTooFar
                {
                    faults.append(point)
                    continue
                }
                points.append(point)
                legs.append(0)
                continue
            }
            let jump = Jump(from: previous, to: point, speedCap: speedCap)
            if jump.isTooFar, index + 1 < ordered.count {
                let next = ordered[index + 1]
                if Jump(from: point, to: next, speedCap: speedCap).isTooFar,
                    !Jump(from: previous, to: next, speedCap: speedCap).isTooFar
                {
                    faults.append(point)
                    continue
                }
            }
            points.append(point)
            legs.append(jump.distance)
        }
    }

    private static func median(of points: [Point]) -> Int64? {
        guard points.count > 1 else { return nil }
        var intervals: [Int64] = []
        intervals.reserveCapacity(points.count)
        for index in 1..<points.count { intervals.append(points[index].time - points[index - 1].time) }
        intervals.sort()
        return intervals[(intervals.count - 1) / 2]
    }
}

/// Two neighbouring samples, and how far the aircraft could have come between them: the test of `teleport`.
struct Jump {
    let distance: Double
    let limit: Double
    let speed: Double
    let seconds: Double
    var isTooFar: Bool { distance > limit }

    /// - Parameters:
    ///   - isGround: Both on the ground; nil takes the samples' own flags.
    ///   - pausedSeconds: Part of the interval in which the simulation stood still.
    init(
        from a: Point, to b: Point, speedCap: Double, distance: Double? = nil, isGround: Bool? = nil,
        pausedSeconds: Double = 0, tolerance: Double = 0.25, slackAir: Double = 2, slackGround: Double = 0.3
    ) {
        self.distance = distance ?? greatCircleDistance(from: a.position, to: b.position).rawValue
        let elapsed = Double(b.time - a.time) / 1000
        seconds = max(0, elapsed - pausedSeconds)
        let ground = isGround ?? (a.onGround == true && b.onGround == true)
        var speed: Double
        switch (a.groundSpeed, b.groundSpeed) {
        case (let x?, let y?): speed = max(x, y)
        case (let x?, nil), (nil, let x?): speed = x
        case (nil, nil): speed = speedCap
        }
        // An aircraft may have taxied and stopped again between two samples that both show a standstill.
        if ground, elapsed > 10 { speed = max(speed, 40) }
        if elapsed > 60 { speed = speedCap }
        self.speed = speed
        // 0 is a pause, not a rate: its time is taken off above.
        let rate = max((a.rate ?? 1) > 0 ? a.rate ?? 1 : 1, (b.rate ?? 1) > 0 ? b.rate ?? 1 : 1)
        limit = speed * seconds / 3600 * rate * (1 + tolerance) + (ground ? slackGround : slackAir)
    }
}
