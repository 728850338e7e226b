import Domain

/// Whether the aircraft is on the ground or in the air, sample by sample: validation rules, section 2, decisions D6.
struct GroundState {
    enum Source { case flag, height, derived, none }
    private enum Guess { case ground, air, unknown }

    private(set) var isAirborne: [Bool]
    /// What most samples were judged by.
    private(set) var source: Source
    /// The last samples show neither ground nor air.
    private(set) var endsUnknown = false

    init(_ track: Track, profile: TypeProfile, finder: inout AirportFinder) {
        let points = track.points
        var guesses = [Guess](repeating: .unknown, count: points.count)
        var counts = (flag: 0, height: 0, derived: 0)
        let standing = Self.standingHeight(points, profile)
        for (index, point) in points.enumerated() {
            if let onGround = point.onGround {
                guesses[index] = onGround ? .ground : .air
                counts.flag += 1
            } else if let height = point.height {
                guesses[index] = height < standing ? .ground : .air
                counts.height += 1
            } else {
                guesses[index] = Self.guess(point, profile: profile, finder: &finder)
                if guesses[index] != .unknown { counts.derived += 1 }
            }
        }
        source =
            counts.flag > 0 && counts.flag >= counts.height
            ? .flag : counts.height > 0 ? .height : counts.derived > 0 ? .derived : .none
        isAirborne = []
        isAirborne.reserveCapacity(points.count)
        resolve(guesses, points, profile)
    }

    /// Below this AGL the aircraft is on the ground: 1 ft (decisions D6), or more where the simulator measures from a
    /// point above the wheels and even the parked aircraft never shows less.
    private static func standingHeight(_ points: [Point], _ profile: TypeProfile) -> Double {
        guard profile.category != .helicopter else { return 1 }
        var lowest = Double.infinity
        for point in points {
            if let height = point.height, let speed = point.groundSpeed, speed < 1 { lowest = min(lowest, height) }
        }
        return (1...30).contains(lowest) ? lowest + 2 : 1
    }

    private static func guess(_ point: Point, profile: TypeProfile, finder: inout AirportFinder) -> Guess {
        let isFast = (point.groundSpeed ?? 0) >= profile.liftOffSpeed
        let isSlow = point.groundSpeed.map { $0 < profile.slowestFlight } ?? false
        guard let altitude = point.altitude else {
            // Pressure altitude says nothing about a field's elevation; speed alone decides what is left.
            if isSlow, point.pressureAltitude.map({ $0 < 15_000 }) ?? true { return .ground }
            if isFast, let pressure = point.pressureAltitude, pressure > 15_500 { return .air }
            return byClaim(point)
        }
        // No field lies higher (Daocheng Yading, 14 472 ft).
        if altitude > 15_500 { return .air }
        let candidates = finder.candidates(near: point.position)
        let highest = candidates.reduce(-Double.infinity) { max($0, $1.elevation?.rawValue ?? -.infinity) }
        if isFast, altitude >= highest + 50 { return .air }
        var above: Double?
        for airport in candidates {
            guard let elevation = airport.elevation?.rawValue else { continue }
            let difference = altitude - elevation
            // An airport's elevation is that of its highest point, so that a taxiway may lie well below.
            guard difference > -300, difference.magnitude < above?.magnitude ?? .infinity,
                greatCircleDistance(from: airport.position, to: point.position).rawValue <= AirportFinder.reach
            else { continue }
            above = difference
        }
        guard let above else { return isFast ? byClaim(point, otherwise: .air) : .unknown }
        if above >= 50 { return isSlow && above < 300 ? .ground : .air }
        if isSlow { return .ground }
        if profile.category == .helicopter { return isFast ? .unknown : .ground }
        // Level with the field and rolling or just above it: the claim decides, else the trend (see `resolve`).
        return byClaim(point)
    }

    private static func byClaim(_ point: Point, otherwise: Guess = .unknown) -> Guess {
        switch point.claimedPhase {
        // Trackers claim `landing` from the touchdown on (`Landed`); what comes before it is `approach`.
        case .boarding, .pushback, .taxiOut, .landing, .taxiIn, .arrived: .ground
        case .climb, .cruise, .descent: .air
        case .takeoff, .approach, nil: otherwise
        }
    }

    /// Decides what the samples themselves left open from their neighbours: a level stretch that touches the ground
    /// was rolled, a climb or descent was flown.
    private mutating func resolve(_ guesses: [Guess], _ points: [Point], _ profile: TypeProfile) {
        var index = 0
        while index < guesses.count {
            guard guesses[index] == .unknown else {
                isAirborne.append(guesses[index] == .air)
                index += 1
                continue
            }
            var end = index
            while end < guesses.count, guesses[end] == .unknown { end += 1 }
            let before = index == 0 ? nil : isAirborne[index - 1]
            let after = end == guesses.count ? nil : guesses[end] == .air
            switch (before, after) {
            case (false?, false?), (nil, false?), (false?, nil):
                isAirborne += Array(repeating: false, count: end - index)
            case (false?, true?):
                let split = Self.levelPrefix(points, from: index - 1, to: end)
                for i in index..<end { isAirborne.append(i > split) }
            case (true?, false?):
                let split = Self.levelSuffix(points, from: index, to: end)
                for i in index..<end { isAirborne.append(i < split) }
            case (nil, true?):
                for i in index..<end {
                    let isSlow = points[i].groundSpeed.map { $0 < profile.slowestFlight } ?? false
                    isAirborne.append(!isSlow)
                }
            case (true?, nil), (nil, nil):
                isAirborne += Array(repeating: true, count: end - index)
                endsUnknown = true
            case (true?, true?):
                isAirborne += Array(repeating: true, count: end - index)
            }
            index = end
        }
    }

    /// Rolling changes altitude by less than this, ft per second: a runway of 2 % slope at 100 kt.
    private static let rollingSlope = 3.5
    private static func isLevel(_ a: Point, _ b: Point) -> Bool {
        guard let from = a.anyAltitude, let to = b.anyAltitude else { return false }
        return (to - from).magnitude <= max(4, rollingSlope * Double(b.time - a.time) / 1000)
    }
    private static func levelPrefix(_ points: [Point], from start: Int, to end: Int) -> Int {
        var last = start
        while last + 1 < end, isLevel(points[last], points[last + 1]) { last += 1 }
        return last
    }
    private static func levelSuffix(_ points: [Point], from start: Int, to end: Int) -> Int {
        var first = end
        while first > start, isLevel(points[first - 1], points[first]) { first -= 1 }
        return first
    }
}
