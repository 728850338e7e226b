import Domain

/// The same flight was reported before. The later report is linked to the first, which stays as it is (decisions D7).
struct DuplicateReport: Rule {
    static let id = "duplicate-report"
    static let inputs: RuleInputs = .none
    var overlapPercent = 50.0
    var matchPercent = 80.0
    var matchSeconds = 1.0
    var matchMiles = 0.1
    /// Fewer common points than this say nothing.
    private let minimumPoints = 5
    /// Reports without times that lie further apart are of two flights.
    private static let sameDay = Milliseconds.hours(24)

    var parameters: [Parameter] {
        [
            Parameter("overlap_pct", overlapPercent, "%"), Parameter("match_pct", matchPercent, "%"),
            Parameter("match_time_s", matchSeconds, "s"), Parameter("match_nm", matchMiles, "NM"),
        ]
    }

    func evaluate(_ evidence: Evidence) -> Verdict {
        guard let opening = evidence.opening, let report = evidence.report else { return .notApplicable("No report") }
        let own = interval(evidence)
        var found: (earlier: EarlierReport, percent: Double?, overlap: Double)?
        var undecided: EarlierReport?
        // The first report filed is the one that stands.
        let candidates = evidence.earlier.filter {
            $0.flight != opening.id
                && ($0.filedAt, $0.flight.description) < (report.filedAt, opening.id.description)
        }.sorted { ($0.filedAt, $0.flight.description) < ($1.filedAt, $1.flight.description) }
        for earlier in candidates where found == nil {
            let other = interval(earlier)
            if evidence.points.isEmpty || earlier.track.isEmpty {
                guard earlier.user == opening.user, isSameFlight(earlier, opening) else { continue }
                guard let own, let other else {
                    // One who files twice does so soon; the same number on another day is another flight.
                    if report.filedAt - earlier.filedAt <= Self.sameDay { undecided = undecided ?? earlier }
                    continue
                }
                if (own.from - other.from).magnitude <= 600_000, (own.to - other.to).magnitude <= 600_000 {
                    found = (earlier, nil, 100)
                }
                continue
            }
            guard let own, let other else { continue }
            let common = Evidence.Span(from: max(own.from, other.from), to: min(own.to, other.to))
            let shorter = min(own.seconds, other.seconds)
            guard common.seconds > 0, shorter > 0, common.seconds / shorter * 100 >= overlapPercent else { continue }
            let points = earlier.track.filter {
                $0.time.milliseconds >= common.from && $0.time.milliseconds <= common.to
            }
            guard points.count >= minimumPoints else { continue }
            let percent = Double(coinciding(points, evidence)) / Double(points.count) * 100
            if percent >= matchPercent { found = (earlier, percent, common.seconds / shorter * 100) }
        }
        guard let found else {
            if let undecided {
                var seen = Observation(
                    pilot:
                        "You reported the same flight number between the same airports before; without times we could not tell whether it is the same flight.",
                    staff: "Same number and airports as an earlier report, but no block times to compare"
                )
                seen.related = [undecided.flight]
                return .inconclusive(seen)
            }
            return .pass("No other report shows this flight (\(evidence.earlier.count) compared)")
        }
        var seen = Observation()
        seen.related = [found.earlier.flight]
        if let own { seen.evidence = [own.interval] }
        seen.start = evidence.points.first?.position
        seen.end = evidence.points.last?.position
        let filed = "\(Wording.time(found.earlier.filedAt))"
        if let percent = found.percent {
            seen.measured = .init(rounded(percent, 1), "%")
            seen.threshold = .init(matchPercent, "%")
            seen.confidence = .measured
            let isOwn = found.earlier.user == opening.user
            seen.pilot =
                isOwn
                ? "You already reported this flight at \(filed): \(Wording.plain(percent, 0)) % of the positions are the same (limit \(Wording.plain(matchPercent)) %)."
                : "Another pilot reported a flight with \(Wording.plain(percent, 0)) % of the same positions at \(filed) (limit \(Wording.plain(matchPercent)) %)."
            seen.advice =
                isOwn ? "The first report counts; you need not do anything." : "Did you share a cockpit? Tell us."
            seen.staff =
                "\(Wording.plain(percent, 1)) % of positions coincide within \(Wording.plain(matchSeconds)) s and \(Wording.plain(matchMiles)) NM, "
                + "intervals overlap \(Wording.plain(found.overlap, 0)) %; \(isOwn ? "same pilot" : "another pilot: shared cockpit?"); first report filed \(filed)"
            if !isOwn { seen.consequence = .init(severity: .critical, action: .flag) }
        } else {
            seen.tier = "no-log"
            seen.confidence = .reported
            seen.consequence = .init(severity: .critical, action: .flag)
            seen.pilot =
                "You reported \(opening.flightNumber) between the same airports with the same block times at \(filed)."
            seen.advice = "If these were two flights, tell us."
            seen.staff = "No log: same number, airports and block times within 10 min; first report filed \(filed)"
        }
        return .violated(seen)
    }

    private func interval(_ evidence: Evidence) -> Evidence.Span? {
        guard let first = evidence.points.first, let last = evidence.points.last else {
            guard let details = evidence.report?.content.details, let out = details.out, let inBlock = details.inBlock
            else { return nil }
            return Evidence.Span(from: out.milliseconds, to: inBlock.milliseconds)
        }
        let to = evidence.inBlock.map { evidence.points[$0].time } ?? last.time
        return Evidence.Span(from: evidence.outTime ?? first.time, to: to)
    }
    private func interval(_ report: EarlierReport) -> Evidence.Span? {
        guard let from = report.out ?? report.track.map(\.time).min(),
            let to = report.inBlock ?? report.track.map(\.time).max()
        else { return nil }
        return Evidence.Span(from: from.milliseconds, to: to.milliseconds)
    }
    private func isSameFlight(_ earlier: EarlierReport, _ opening: FlightOpening) -> Bool {
        TypeProfile.normalised(earlier.flightNumber) == TypeProfile.normalised(opening.flightNumber)
            && earlier.departure == opening.departure && earlier.arrival == opening.arrival
    }

    /// How many points of another track this one passes within `matchMiles` and `matchSeconds`.
    private func coinciding(_ others: [TrackPoint], _ evidence: Evidence) -> Int {
        let points = evidence.points
        let slack = Int64(matchSeconds * 1000)
        var count = 0
        var index = 0
        for other in others.sorted(by: { $0.time < $1.time }) {
            let (from, to) = (other.time.milliseconds - slack, other.time.milliseconds + slack)
            while index + 1 < points.count, points[index + 1].time < from { index += 1 }
            // The stretch of the track that lies within the second before and after.
            var leg = index
            while leg < points.count, points[leg].time <= to {
                let a = points[leg]
                let b = leg + 1 < points.count ? points[leg + 1] : a
                if nearest(other.position, a, b, from: from, to: to) <= matchMiles {
                    count += 1
                    break
                }
                leg += 1
            }
        }
        return count
    }

    /// Distance from a position to the part of a leg between two times, NM; flat-earth, which is exact enough for 0.1 NM.
    private func nearest(_ position: Position, _ a: Point, _ b: Point, from: Int64, to: Int64) -> Double {
        guard b.time > a.time else {
            return a.time >= from && a.time <= to
                ? greatCircleDistance(from: position, to: a.position).rawValue : .infinity
        }
        let span = Double(b.time - a.time)
        let first = max(0, Double(from - a.time) / span)
        let last = min(1, Double(to - a.time) / span)
        // A leg of more than a minute is not a line one can interpolate on.
        guard first <= last, span <= 60_000 else { return .infinity }
        let east = greatCircleScale(position.latitude)
        func flat(_ other: Position) -> (x: Double, y: Double) {
            var longitude = other.longitude - position.longitude
            if longitude > 180 { longitude -= 360 }
            if longitude < -180 { longitude += 360 }
            return (longitude * east, (other.latitude - position.latitude) * 60)
        }
        let (p, q) = (flat(a.position), flat(b.position))
        let (dx, dy) = (q.x - p.x, q.y - p.y)
        let length = dx * dx + dy * dy
        let ideal = length == 0 ? 0 : -(p.x * dx + p.y * dy) / length
        let t = min(last, max(first, ideal))
        let (x, y) = (p.x + t * dx, p.y + t * dy)
        return (x * x + y * y).squareRoot()
    }
    /// Nautical miles per degree of longitude.
    private func greatCircleScale(_ latitude: Double) -> Double {
        guard let a = Position(latitude: latitude, longitude: 0), let b = Position(latitude: latitude, longitude: 0.1)
        else {
            return 60
        }
        return greatCircleDistance(from: a, to: b).rawValue * 10
    }
}
