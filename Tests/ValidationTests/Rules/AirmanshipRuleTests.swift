import Domain
import Testing

@testable import Validation

@Suite struct HardLandingTests {
    private func flight(_ rate: Double?, type: String = "A320") -> Case {
        var flight = SyntheticFlight().flight
        flight.landingRate = rate
        flight.aircraft = Case.aircraft(1, type)
        return flight
    }
    @Test(arguments: [
        (-180.0, Finding.Verdict.pass, 0, Finding.Action.accept), (-400, .pass, 0, .accept),
        (-401, .violated, -5, .accept), (-640, .violated, -20, .flag), (-1200, .violated, -40, .flag),
    ])
    func weighsTheFiledRate(rate: Double, verdict: Finding.Verdict, points: Int, action: Finding.Action) throws {
        // 8.12.1.
        let finding = try #require(flight(rate).finding("hard-landing"))
        #expect(finding.verdict == verdict)
        #expect(finding.points == points)
        #expect(finding.action == action)
        #expect(finding.measured == .init(rate, "fpm"))
        #expect(finding.confidence == .reported)
    }
    @Test func writesForPilotAndStaff() throws {
        let finding = try #require(flight(-640).finding("hard-landing"))
        #expect(
            finding.pilotText
                == "You touched down at 640 fpm at LFBO, 09:12:35Z. Our limit is 600 fpm. A reviewer will look at it."
        )
        #expect(finding.staffText == "Touchdown \u{2212}640 fpm (reported), tier 2 limit 600, margin +40; 1 contact")
    }
    @Test func rejectsOnlyInTheStrictPreset() {
        var flight = flight(-1200)
        flight.ruleset = .strict
        #expect(flight.finding("hard-landing")?.action == .reject)
        flight.ruleset = .relaxed
        #expect(flight.finding("hard-landing")?.action == .accept)
    }
    @Test func derivesARateFromHeights() throws {
        var flight = flight(nil)
        flight.samples = SyntheticFlight(sink: 480).samples
        let judgement = flight.judge()
        let finding = try #require(judgement["hard-landing"])
        #expect(finding.verdict == .violated)
        #expect(finding.confidence == .derived)
        #expect(try (#require(finding.measured).value + 480).magnitude <= 5)
        #expect(judgement.figures.touchdownSource == "derived")
        flight.samples = SyntheticFlight(interval: 5, sink: 480).samples
        #expect(flight.verdict("hard-landing") == .inconclusive)
    }
    @Test func distrustsCoarseHeights() {
        var flight = flight(nil)
        flight.samples = SyntheticFlight(sink: 480).samples.map { sample in
            var sample = sample
            sample.heightAGL = sample.heightAGL.map { Feet(($0.rawValue / 25).rounded(.up) * 25) }
            sample.altitudeMSL = nil
            return sample
        }
        #expect(flight.verdict("hard-landing") == .inconclusive)
    }
    @Test(arguments: [2.1, 0, -19, -5001])
    func cannotUseAnImplausibleRate(rate: Double) {
        var flight = flight(rate)
        flight.samples = SyntheticFlight(interval: 5).samples
        #expect(flight.verdict("hard-landing") == .inconclusive)
    }
    @Test func judgesABounceByItsWorstContact() throws {
        // 8.12.2: −310 fpm, then after 3 s at 8 ft −720 fpm.
        var flight = flight(-310)
        let on = SyntheticFlight().on
        let heights = [1.0: 5.0, 2: 8, 3: 8]
        flight.samples = flight.samples.map { sample in
            guard let height = heights[(sample.eventTime - on).seconds] else { return sample }
            var sample = sample
            sample.onGround = false
            sample.heightAGL = Feet(height)
            return sample
        }
        flight.events = [.said("Touchdown: -310 fpm", at: on), .said("Touchdown: -720 fpm", at: on + .seconds(4))]
        let judgement = flight.judge()
        let finding = try #require(judgement["hard-landing"])
        #expect(finding.verdict == .violated)
        #expect(finding.severity == .major)
        #expect(finding.action == .flag)
        #expect(finding.measured == .init(-720, "fpm"))
        #expect(finding.staffText.hasSuffix("2 contacts"))
        #expect(judgement.figures.landings == 1)
        #expect(judgement.figures.on == on)
        // Without the events the second contact is derived from 8 ft in the last second.
        flight.events = []
        #expect(flight.finding("hard-landing")?.measured == .init(-480, "fpm"))
    }
    @Test func usesLowerTiersForHelicopters() {
        // 8.12.3.
        #expect(flight(-320, type: "EC35").finding("hard-landing")?.points == -5)
        #expect(flight(-320).verdict("hard-landing") == .pass)
    }
    @Test func doesNotApplyWithoutAnyWayToKnow() {
        var flight = flight(nil)
        for field in [AdapterCapabilities.Field.touchdownRate, .heightAGL, .altitudeMSL] {
            flight.capabilities.fields[field] = .absent
        }
        #expect(flight.verdict("hard-landing") == .notApplicable)
    }
}

@Suite struct OverspeedLowAltitudeTests {
    /// Airspeed for some seconds of the descent at an altitude of about 9000 ft.
    private func flight(_ speed: Double, seconds: Double, every interval: Double = 1) -> Case {
        var flight = SyntheticFlight(interval: interval).flight
        let from = SyntheticFlight().on - .seconds(320)
        flight.samples = flight.samples.changing(from: from, to: from + .seconds(seconds)) {
            $0.indicatedAirspeed = Knots(speed)
        }
        return flight
    }
    @Test func passesWhatIsWithinTheTolerance() {
        // 8.13.1.
        #expect(flight(256, seconds: 40).verdict("overspeed-low-altitude") == .pass)
        #expect(flight(268, seconds: 7).verdict("overspeed-low-altitude") == .pass)
    }
    @Test func findsTheMajorTier() throws {
        // 8.13.2.
        let finding = try #require(flight(284, seconds: 22).finding("overspeed-low-altitude"))
        #expect(finding.verdict == .violated)
        #expect(finding.severity == .major)
        #expect(finding.points == -15)
        #expect(finding.action == .accept)
        #expect(finding.measured == .init(284, "kt"))
        #expect(finding.pilotText.hasSuffix("below 10\u{2009}000 ft the limit is 250 kt plus 10. It cost 15 points."))
    }
    @Test func usesEachTier() {
        #expect(flight(270, seconds: 22).finding("overspeed-low-altitude")?.points == -5)
        #expect(flight(320, seconds: 22).finding("overspeed-low-altitude")?.action == .flag)
        // A short peak does not raise the tier.
        var peak = flight(270, seconds: 40)
        let from = SyntheticFlight().on - .seconds(310)
        peak.samples = peak.samples.changing(from: from, to: from + .seconds(5)) { $0.indicatedAirspeed = Knots(320) }
        #expect(peak.finding("overspeed-low-altitude")?.points == -5)
    }
    @Test func cannotTellFromOneSlowSample() throws {
        // 8.13.3.
        var flight = flight(240, seconds: 0, every: 30)
        let index = try #require(flight.samples.lastIndex { ($0.heightAGL ?? .zero) > Feet(7000) })
        flight.samples[index].indicatedAirspeed = Knots(268)
        #expect(flight.verdict("overspeed-low-altitude") == .inconclusive)
        #expect(flight.finding("overspeed-low-altitude")?.action == .accept)
    }
    @Test func doesNotApplyWithoutAirspeed() {
        var flight = flight(320, seconds: 22)
        flight.capabilities.fields[.indicatedAirspeed] = .absent
        #expect(flight.verdict("overspeed-low-altitude") == .notApplicable)
        flight.capabilities.fields[.indicatedAirspeed] = .measured
        for index in flight.samples.indices { flight.samples[index].indicatedAirspeed = nil }
        #expect(flight.verdict("overspeed-low-altitude") == .inconclusive)
    }
}
