import Domain

/// Everything that a rule may read about one flight: validation rules, section 1.2. Derived once, the same from the same
/// inputs, whatever the order and the repetition of the samples.
struct Evidence {
    /// One ground contact.
    struct Contact {
        /// First sample on the ground.
        let index: Int
        /// Last sample in the air before it.
        let lastAirborne: Int
        /// Rate from the height lost in the last second, fpm, negative down.
        let derivedRate: Double?
    }
    /// Contacts less than 15 s apart with less than 50 ft between them.
    struct Landing {
        var contacts: [Contact]
        var first: Contact { contacts[0] }
    }
    /// A stretch of event time, ms.
    struct Span: Equatable {
        let from: Int64
        let to: Int64
        var seconds: Double { Double(to - from) / 1000 }
        var interval: Finding.Interval {
            Finding.Interval(first: Timestamp(milliseconds: from), last: Timestamp(milliseconds: to))
        }
    }

    let opening: FlightOpening?
    let report: FiledReport?
    let capabilities: AdapterCapabilities
    let earlier: [EarlierReport]
    let aircraft: AircraftDetails?
    let diversion: DeclaredDiversion?
    let airports: any AirportDirectory

    let profile: TypeProfile
    let caps: SpeedCaps
    let track: Track
    let ground: GroundState
    var points: [Point] { track.points }
    var legs: [Double] { track.legs }
    /// ms; 0 with fewer than two samples.
    let medianInterval: Int64
    /// Indices into `points`.
    private(set) var out: Int?
    private(set) var off: Int?
    private(set) var on: Int?
    private(set) var inBlock: Int?
    /// OUT, which a released parking brake can put before the movement.
    private(set) var outTime: Int64?
    private(set) var landings: [Landing] = []
    private(set) var touchAndGoes = 0
    private(set) var goArounds = 0
    private(set) var pauses: [Span] = []
    /// Holes longer than max(120 s, 4 × median): index of the sample after each.
    private(set) var gaps: [Int] = []
    /// True where a sample starts a new segment (section 1.5).
    private(set) var startsSegment: [Bool] = []
    /// Height over the nearest field within 5 NM, for the few samples where it matters.
    private var finder: AirportFinder

    init(
        samples: [PositionSample], opening: FlightOpening?, report: FiledReport?, capabilities: AdapterCapabilities,
        earlier: [EarlierReport], aircraft: AircraftDetails?, diversion: DeclaredDiversion?,
        airports: any AirportDirectory, caps: SpeedCaps, isEnded: Bool
    ) {
        self.opening = opening
        self.report = report
        self.capabilities = capabilities
        self.earlier = earlier
        self.aircraft = aircraft
        self.diversion = diversion
        self.airports = airports
        self.caps = caps
        profile = TypeProfile.of(aircraft?.type)
        track = Track(samples, speedCap: caps[profile.category])
        medianInterval = track.medianInterval ?? 0
        finder = AirportFinder(airports)
        ground = GroundState(track, profile: profile, finder: &finder)
        findPauses()
        findHoles()
        findFlights()
        findOut()
        findIn(isEnded: isEnded)
        findGoArounds()
    }

    // MARK: Answers

    func time(_ index: Int?) -> Timestamp? { index.map { points[$0].timestamp } }
    func isAirborne(_ index: Int) -> Bool { ground.isAirborne[index] }
    func seconds(from a: Int, to b: Int) -> Double { Double(points[b].time - points[a].time) / 1000 }
    func span(_ a: Int, _ b: Int) -> Span { Span(from: points[a].time, to: points[b].time) }
    var cap: Double { caps[profile.category] }
    var planned: (departure: ICAOLocation?, arrival: ICAOLocation?, alternate: ICAOLocation?) {
        (
            opening?.departure ?? opening?.schedule?.departure, opening?.arrival ?? opening?.schedule?.arrival,
            opening?.alternate ?? opening?.schedule?.alternate
        )
    }
    /// Samples after OUT and before IN; without those, all.
    var underWay: ClosedRange<Int>? {
        guard !points.isEmpty else { return nil }
        return (out ?? 0)...max(out ?? 0, inBlock ?? points.count - 1)
    }
    /// Ground speed as sent, else from the last leg.
    func speed(_ index: Int) -> Double? {
        if let speed = points[index].groundSpeed { return speed }
        guard index > 0, points[index].time > points[index - 1].time else { return nil }
        return legs[index] / Double(points[index].time - points[index - 1].time) * 3_600_000
    }
    /// Seconds of pause inside an interval.
    func pausedSeconds(from: Int64, to: Int64) -> Double {
        var sum: Int64 = 0
        for pause in pauses where pause.to > from && pause.from < to {
            sum += min(pause.to, to) - max(pause.from, from)
        }
        return Double(sum) / 1000
    }
    var blockSeconds: Double? {
        guard let outTime, let inBlock else { return nil }
        return Double(points[inBlock].time - outTime) / 1000
    }
    var airSeconds: Double? {
        guard let off, let on else { return nil }
        return seconds(from: off, to: on)
    }
    /// Height over ground: as measured, else over the nearest field within 5 NM.
    func height(_ index: Int) -> Double? {
        if let height = points[index].height { return height }
        guard let altitude = points[index].altitude else { return nil }
        var finder = finder
        return finder.nearest(to: points[index].position)?.elevation.map { altitude - $0.rawValue }
    }
    func match(_ index: Int, radius: Double, planned: ICAOLocation?) -> Airport? {
        airports.match(
            points[index].position, radius: radius, planned: planned,
            groundAltitude: isAirborne(index) ? nil : points[index].altitude
        )
    }
    /// ICAO code of a field nearby, or the level, or the coordinates: where something happened, in words.
    func place(_ index: Int) -> String {
        let point = points[index]
        if let height = height(index), height < 3000,
            let airport = airports.airports(near: point.position, within: NauticalMiles(5)).first
        {
            return "at \(airport.icao)"
        }
        if let level = point.pressureAltitude ?? point.altitude, level >= 10_000 {
            return "at FL\(Wording.plain(level / 100, 0))"
        }
        if let altitude = point.anyAltitude { return "at \(Wording.grouped(altitude)) ft" }
        return "at \(Wording.coordinates(point.position))"
    }

    // MARK: Pauses, holes and segments

    private mutating func findPauses() {
        let points = self.points
        guard points.count > 1 else { return }
        func add(_ from: Int64, _ to: Int64) {
            if let last = pauses.last, last.to >= from {
                pauses[pauses.count - 1] = Span(from: last.from, to: max(last.to, to))
            } else {
                pauses.append(Span(from: from, to: to))
            }
        }
        var anchor = 0
        var index = 1
        while index < points.count {
            // Declared: rate 0 until the next sample that runs again.
            if points[index - 1].rate == 0 {
                add(points[index - 1].time, points[index].time)
                anchor = index
                index += 1
                continue
            }
            // Derived: airborne and frozen. A helicopter hovers.
            guard ground.isAirborne[index], ground.isAirborne[anchor], profile.category != .helicopter,
                ground.source != .none
            else {
                anchor = index
                index += 1
                continue
            }
            if legs[index] <= 0.01,
                greatCircleDistance(from: points[anchor].position, to: points[index].position).rawValue <= 0.01
            {
                if points[index].time - points[anchor].time >= 60_000 { add(points[anchor].time, points[index].time) }
            } else {
                anchor = index
            }
            index += 1
        }
    }

    private mutating func findHoles() {
        startsSegment = Array(repeating: false, count: points.count)
        guard points.count > 1 else { return }
        let segment = max(60_000, 4 * medianInterval)
        let hole = max(120_000, 4 * medianInterval)
        var pause = 0
        for index in 1..<points.count {
            let (from, to) = (points[index - 1].time, points[index].time)
            while pause < pauses.count, pauses[pause].to <= from { pause += 1 }
            let isPaused = pause < pauses.count && pauses[pause].from < to
            if to - from > segment || isPaused { startsSegment[index] = true }
            if to - from > hole, Double(to - from) / 1000 - pausedSeconds(from: from, to: to) > Double(hole) / 1000 {
                gaps.append(index)
            }
        }
    }

    // MARK: OFF, landings, ON

    private mutating func findFlights() {
        let points = self.points
        guard ground.source != .none else { return }
        var runs: [Range<Int>] = []
        var start = 0
        for index in points.indices
        where index + 1 == points.count
            || ground.isAirborne[index + 1] != ground.isAirborne[index]
        {
            runs.append(start..<index + 1)
            start = index + 1
        }
        var hasFlown = false
        var landedBefore: Contact?
        for (number, run) in runs.enumerated() where ground.isAirborne[run.lowerBound] {
            let isFirst = number == 0
            let isLast = number == runs.count - 1
            let end = isLast ? run.upperBound - 1 : run.upperBound
            let lasted = points[end].time - points[run.lowerBound].time
            let peak = peakHeight(of: run)
            let isFlight = isFirst || lasted >= 30_000 || peak >= 100
            if isFlight {
                if !hasFlown, !isFirst { off = run.lowerBound }
                if landedBefore != nil { touchAndGoes += 1 }
                hasFlown = true
                landedBefore = nil
            }
            guard hasFlown, !isLast else { continue }
            let contact = Contact(
                index: run.upperBound, lastAirborne: run.upperBound - 1, derivedRate: derivedRate(at: run.upperBound)
            )
            if !isFlight, lasted < 15_000, peak < 50, !landings.isEmpty {
                landings[landings.count - 1].contacts.append(contact)
            } else {
                landings.append(Landing(contacts: [contact]))
            }
            landedBefore = contact
        }
        if landedBefore != nil { on = landings.last?.first.index }
    }

    /// Highest point of a stretch in the air above the ground before (or after) it, ft; 0 when nothing shows it.
    private func peakHeight(of run: Range<Int>) -> Double {
        var peak = 0.0
        let reference =
            (run.lowerBound > 0 ? points[run.lowerBound - 1].anyAltitude : nil)
            ?? (run.upperBound < points.count ? points[run.upperBound].anyAltitude : nil)
        for index in run {
            if let height = points[index].height {
                peak = max(peak, height)
            } else if let altitude = points[index].anyAltitude, let reference {
                peak = max(peak, altitude - reference)
            }
            if peak >= 100 { break }
        }
        return peak
    }

    /// AGL (else MSL) lost in the last second before a contact × 60; needs samples each second and heights finer than
    /// 10 ft.
    private func derivedRate(at contact: Int) -> Double? {
        guard contact >= 2 else { return nil }
        let heights: (Int) -> Double?
        if points[contact].height != nil, points[contact - 1].height != nil {
            heights = { points[$0].height }
        } else if points[contact].altitude != nil, points[contact - 1].altitude != nil {
            heights = { points[$0].altitude }
        } else {
            return nil
        }
        guard points[contact].time - points[contact - 1].time <= 1200,
            points[contact - 1].time - points[contact - 2].time <= 1200
        else { return nil }
        var step = Double.infinity
        for index in max(1, contact - 20)...contact {
            guard let a = heights(index - 1), let b = heights(index), a != b else { continue }
            step = min(step, (a - b).magnitude)
        }
        guard step < 10 else { return nil }
        var from = contact - 1
        while from > 0, points[contact].time - points[from].time < 900,
            points[contact].time - points[from - 1].time <= 1200
        {
            from -= 1
        }
        let elapsed = seconds(from: from, to: contact)
        guard elapsed >= 0.5, let above = heights(from), let below = heights(contact) else { return nil }
        return (below - above) / elapsed * 60
    }

    // MARK: OUT and IN

    private mutating func findOut() {
        let points = self.points
        let limit = off ?? points.count
        guard points.count > 1, ground.source != .none, !ground.isAirborne[0] else { return }
        let bridges = medianInterval <= 1100
        var index = 0
        search: while index < limit {
            guard let speed = speed(index), speed >= 2, !ground.isAirborne[index] else {
                index += 1
                continue
            }
            var last = index
            var next = index + 1
            while next < limit, !startsSegment[next] {
                if let speed = self.speed(next), speed >= 2 {
                    if next > last + 1, !bridges || seconds(from: last, to: next) >= 3 { break }
                    last = next
                } else if seconds(from: last, to: next) >= 2 {
                    break
                }
                next += 1
            }
            guard seconds(from: index, to: last) >= 5 else {
                index = last + 1
                continue
            }
            // The aircraft keeps moving until a standstill of 10 s.
            var end = last
            var standing: Int?
            while end + 1 < limit {
                end += 1
                if let speed = self.speed(end), speed < 1 {
                    if standing == nil { standing = end }
                    if let standing, seconds(from: standing, to: end) >= 10 { break }
                } else {
                    standing = nil
                }
            }
            let origin = points[max(0, index - 1)].position
            for later in index...max(index, end)
            where greatCircleDistance(from: origin, to: points[later].position).metres >= 30 {
                out = index
                break search
            }
            index = max(end, last) + 1
        }
        if out == nil, let off {
            // Too few samples for the rule: the first one that is displaced.
            let origin = points[0].position
            for index in 1...off where greatCircleDistance(from: origin, to: points[index].position).metres >= 30 {
                out = index == off ? max(0, off - 1) : index
                break
            }
            if out == nil { out = max(0, off - 1) }
        }
        guard let out else { return }
        outTime = points[out].time
        var released = out
        while released > 0, points[out].time - points[released - 1].time <= 300_000 {
            if points[released].parkingBrake == false, points[released - 1].parkingBrake == true {
                outTime = points[released].time
                break
            }
            released -= 1
        }
    }

    private mutating func findIn(isEnded: Bool) {
        let points = self.points
        guard let on else { return }
        var index = on
        // Set, or engines off, at this sample or later.
        var lastSecured: Int?
        var tells = false
        for later in on..<points.count {
            if points[later].parkingBrake != nil || points[later].enginesRunning != nil { tells = true }
            if points[later].parkingBrake == true || points[later].enginesRunning == false { lastSecured = later }
        }
        while index < points.count {
            guard let speed = speed(index), speed < 1, !ground.isAirborne[index] else {
                index += 1
                continue
            }
            var last = index
            while last + 1 < points.count, let speed = self.speed(last + 1), speed < 1 { last += 1 }
            let isSecured = !tells || (lastSecured ?? -1) >= index
            if seconds(from: index, to: last) >= 10, isSecured {
                let stand = points[index].position
                var isLasting = true
                for later in last..<points.count
                where greatCircleDistance(from: stand, to: points[later].position).metres > 50 {
                    isLasting = false
                    break
                }
                if isLasting {
                    inBlock = index
                    return
                }
            }
            index = last + 1
        }
        if isEnded { inBlock = points.count - 1 }
    }

    private mutating func findGoArounds() {
        guard ground.source != .none, !points.isEmpty else { return }
        var low: Int?
        var high = -Double.infinity
        for index in points.indices {
            guard ground.isAirborne[index], let altitude = points[index].anyAltitude else {
                low = nil
                high = -.infinity
                continue
            }
            if let lowest = low, let bottom = points[lowest].anyAltitude {
                if altitude < bottom {
                    low = index
                } else if altitude >= bottom + 500 {
                    if height(lowest, within: 10) ?? .infinity < 1500 { goArounds += 1 }
                    low = nil
                    high = altitude
                }
            } else if altitude <= high - 500 {
                low = index
            }
            high = max(high, altitude)
        }
    }

    private func height(_ index: Int, within radius: Double) -> Double? {
        let near = airports.airports(near: points[index].position, within: NauticalMiles(radius))
        guard let field = near.first(where: { $0.elevation != nil }) else { return nil }
        if let height = points[index].height { return height }
        guard let altitude = points[index].anyAltitude, let elevation = field.elevation else { return nil }
        return altitude - elevation.rawValue
    }
}

/// Ground speeds that no aircraft of a category exceeds, with tail wind, kt.
struct SpeedCaps: Sendable {
    var piston = 350.0
    var turboprop = 480.0
    var jet = 780.0
    var supersonic = 1450.0
    var helicopter = 240.0
    subscript(_ category: TypeProfile.Category) -> Double {
        switch category {
        case .piston: piston
        case .turboprop: turboprop
        case .jet: jet
        case .supersonic: supersonic
        case .helicopter: helicopter
        }
    }
}
