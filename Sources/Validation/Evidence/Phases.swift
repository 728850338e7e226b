import Domain

extension Evidence {
    /// The phases of the flight, always derived: validation rules, section 2.
    func phases() -> [FlightFigures.PhaseInterval] {
        guard let lastPoint = points.last, ground.source != .none else { return [] }
        var marks: [(phase: PhaseOfFlight, from: Int64)] = []
        if !isAirborne(0) {
            marks.append((.boarding, points[0].time))
            if let out, let outTime {
                let taxi = endOfPushback(from: out)
                if taxi != nil { marks.append((.pushback, outTime)) }
                marks.append((.taxiOut, taxi.map { points[$0].time } ?? outTime))
            }
        }
        if let off {
            var roll = off
            while roll > 0, !isAirborne(roll - 1), speed(roll - 1) ?? 0 >= 40 { roll -= 1 }
            marks.append((.takeoff, points[roll].time))
        }
        if let first = off ?? (isAirborne(0) ? 0 : nil) { markAir(from: first, into: &marks) }
        if let on {
            var roll = on
            while roll < points.count - 1, speed(roll) ?? 0 >= 40 { roll += 1 }
            marks.append((.taxiIn, points[roll].time))
        }
        if let inBlock { marks.append((.arrived, points[inBlock].time)) }
        var intervals: [FlightFigures.PhaseInterval] = []
        for (number, mark) in marks.enumerated() {
            let to = marks.dropFirst(number + 1).map(\.from).min() ?? lastPoint.time
            let from = max(mark.from, intervals.last?.to.milliseconds ?? mark.from)
            guard to > from || number == marks.count - 1 else { continue }
            intervals.append(
                .init(
                    phase: mark.phase, from: Timestamp(milliseconds: from), to: Timestamp(milliseconds: max(from, to))
                )
            )
        }
        return intervals
    }

    private func markAir(from first: Int, into marks: inout [(phase: PhaseOfFlight, from: Int64)]) {
        let end = on ?? points.count
        guard first < end else { return }
        func altitude(_ index: Int) -> Double? { points[index].anyAltitude }
        let start = altitude(first) ?? 0
        // The take-off ends 1500 ft above the runway, at the latest after two minutes.
        var climb = first
        if off != nil {
            while climb < end - 1, (altitude(climb) ?? start) < start + 1500, seconds(from: first, to: climb) < 120 {
                climb += 1
            }
        }
        marks.append((.climb, points[climb].time))
        var top = -Double.infinity
        for index in first..<end { top = max(top, altitude(index) ?? -.infinity) }
        guard top.isFinite else { return }
        // Cruise: from the first to the last level minute in the upper quarter of the flight.
        let upper = top * 0.75
        var toc: Int?
        var ahead = climb
        for index in climb..<end {
            guard let now = altitude(index), now >= upper else { continue }
            ahead = max(ahead, index)
            while ahead < end - 1, seconds(from: index, to: ahead) < 60 { ahead += 1 }
            if seconds(from: index, to: ahead) >= 60, ((altitude(ahead) ?? now) - now).magnitude <= 300 {
                toc = index
                break
            }
        }
        var tod: Int?
        var behind = end - 1
        for index in stride(from: end - 1, through: climb, by: -1) {
            guard let now = altitude(index), now >= upper else { continue }
            behind = min(behind, index)
            while behind > climb, seconds(from: behind, to: index) < 60 { behind -= 1 }
            if seconds(from: behind, to: index) >= 60, ((altitude(behind) ?? now) - now).magnitude <= 300 {
                tod = index
                break
            }
        }
        if let toc { marks.append((.cruise, points[toc].time)) }
        let highest = (climb..<end).first { altitude($0) == top } ?? climb
        let descent = max(tod ?? highest, toc ?? climb)
        // Still climbing or level at the end of a track that goes on: no descent yet.
        let isDescending = altitude(end - 1).map { $0 < (altitude(descent) ?? top) - 300 } ?? false
        guard on != nil || isDescending else { return }
        marks.append((.descent, points[descent].time))
        let field = planned.arrival.flatMap(airports.airport)?.elevation?.rawValue
        let reference = on == nil ? field : altitude(end - 1)
        guard let reference else { return }
        var approach = end - 1
        while approach > descent, (altitude(approach - 1) ?? .infinity) <= reference + 3000 { approach -= 1 }
        if altitude(approach) ?? .infinity <= reference + 3000 { marks.append((.approach, points[approach].time)) }
        guard let on else { return }
        var landing = on
        while landing > approach,
            seconds(from: landing - 1, to: on) <= 15 || (altitude(landing - 1) ?? .infinity) <= reference + 50
        {
            landing -= 1
        }
        marks.append((.landing, points[landing].time))
    }

    /// First sample that rolls forward, when the flight began backward.
    private func endOfPushback(from out: Int) -> Int? {
        var anchor = max(0, out - 1)
        var wentBack = false
        for index in out..<(off ?? points.count) {
            guard greatCircleDistance(from: points[anchor].position, to: points[index].position).metres >= 8 else {
                continue
            }
            guard let heading = points[index].heading else { return nil }
            let course = initialCourse(from: points[anchor].position, to: points[index].position).rawValue
            var turn = (course - heading).magnitude.truncatingRemainder(dividingBy: 360)
            if turn > 180 { turn = 360 - turn }
            if turn > 110 {
                wentBack = true
            } else if turn < 70 {
                return wentBack ? anchor : nil
            }
            anchor = index
        }
        return nil
    }
}
