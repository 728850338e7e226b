import Domain
import Testing

@testable import Validation

@Suite struct PositionGapTests {
    /// 62 min airborne with holes in the cruise, in minutes.
    private func flight(_ holes: [Double]) -> Case {
        var flight = SyntheticFlight(interval: 5).flight
        var from = SyntheticFlight().off + .minutes(21)
        for hole in holes {
            flight.samples = flight.samples.cutting(from: from, to: from + .minutes(hole))
            from = from + .minutes(hole + 1)
        }
        return flight
    }
    @Test func passesOneShortHole() throws {
        // 8.6.1.
        let judgement = flight([7]).judge()
        let finding = try #require(judgement["position-gap"])
        #expect(finding.verdict == .pass)
        #expect(try (#require(finding.measured).value - 11.3).magnitude < 0.2)
        #expect(finding.evidence.count == 1)
        #expect(judgement.figures.gaps == finding.evidence)
        #expect(judgement.outcome == .accept)
    }
    @Test func findsTwoHolesThatAreTooMuchTogether() throws {
        // 8.6.2.
        let finding = try #require(flight([6, 8]).finding("position-gap"))
        #expect(finding.verdict == .violated)
        #expect(finding.action == .flag)
        #expect(finding.points == 0)
        #expect(try (#require(finding.measured).value - 22.6).magnitude < 0.3)
        #expect(finding.evidence.count == 2)
    }
    @Test func findsOneLongHole() throws {
        let finding = try #require(flight([11]).finding("position-gap"))
        #expect(finding.verdict == .violated)
        #expect(finding.threshold == .init(10, "min"))
    }
    @Test func leavesNoTraceOfBufferedSamples() {
        // 8.6.3.
        var flight = SyntheticFlight(interval: 5).flight
        let expected = flight.judge()
        for index in 300..<600 { flight.samples[index].receivedAt = flight.samples[index].receivedAt + .minutes(25) }
        #expect(flight.judge().bytes == expected.bytes)
    }
    @Test func doesNotTakeAPauseForAHole() {
        var flight = SyntheticFlight(interval: 5).flight
        let pause = SyntheticFlight().off + .minutes(21)
        // Everything after the pause is twelve minutes later; the first sample of it says that time stood still.
        flight.samples = flight.samples.map { sample in
            guard sample.eventTime > pause else { return sample }
            var sample = sample
            sample.eventTime = sample.eventTime + .minutes(12)
            return sample
        }
        flight.samples = flight.samples.changing(from: pause - .seconds(4), to: pause) { $0.simulationRate = 0 }
        let judgement = flight.judge()
        #expect(judgement["position-gap"]?.verdict == .pass)
        #expect(judgement.figures.gaps.isEmpty)
        #expect(judgement["teleport"]?.verdict == .pass)
    }
    @Test func seesAFlightThatNobodySaw() {
        var flight = SyntheticFlight(interval: 5).flight
        flight.samples = flight.samples.cutting(from: SyntheticFlight().off - .seconds(5), to: SyntheticFlight().on)
        #expect(flight.verdict("position-gap") == .violated)
    }
    @Test func cannotJudgeWithoutAFlight() {
        #expect(Case().verdict("position-gap") == .inconclusive)
    }
}

@Suite struct LogTooSparseTests {
    @Test func passesASampleEachFiveSeconds() {
        #expect(SyntheticFlight(interval: 5).flight.verdict("log-too-sparse") == .pass)
    }
    @Test func findsTooFewSamples() throws {
        var flight = SyntheticFlight(interval: 5).flight
        flight.samples = Array(flight.samples.prefix(19))
        let finding = try #require(flight.finding("log-too-sparse"))
        #expect(finding.verdict == .violated)
        #expect(finding.measured == .init(19, "positions"))
    }
    @Test func findsASlowTracker() throws {
        #expect(SyntheticFlight(interval: 61).flight.finding("log-too-sparse")?.measured == .init(61, "s"))
        #expect(SyntheticFlight(interval: 30).flight.finding("log-too-sparse")?.threshold == .init(10, "s"))
    }
    @Test func acceptsEventsInsteadOfSamples() {
        var flight = SyntheticFlight(interval: 30).flight
        flight.events = [.said("Takeoff", at: nil), .said("Touchdown at -212 fpm", at: nil)]
        #expect(flight.verdict("log-too-sparse") == .pass)
    }
}

extension TrackerEvent {
    static func said(_ message: String, at time: Timestamp?) -> TrackerEvent {
        TrackerEvent(
            id: message, elapsedSeconds: nil, time: time, timeText: nil, condition: nil, message: message, type: nil
        )
    }
}

@Suite struct TouchdownNotObservedTests {
    @Test func passesAContactWithinASecond() throws {
        // 8.7.1.
        let finding = try #require(SyntheticFlight().flight.finding("touchdown-not-observed"))
        #expect(finding.verdict == .pass)
        #expect(finding.measured == .init(1, "s"))
    }
    @Test func findsADisconnectBeforeTheLanding() throws {
        // 8.7.2: from 900 ft until 95 s later on the runway.
        var flight = SyntheticFlight().flight
        let on = SyntheticFlight().on
        flight.samples = flight.samples.cutting(from: on - .seconds(48), to: on + .seconds(47))
        flight.landingRate = 2.1
        let judgement = flight.judge()
        let finding = try #require(judgement["touchdown-not-observed"])
        #expect(finding.verdict == .violated)
        #expect(finding.action == .flag)
        #expect(finding.measured == .init(95, "s"))
        #expect(finding.evidence == [.init(first: on - .seconds(48), last: on + .seconds(47))])
        #expect(finding.pilotText.contains("until 95 s later"))
        #expect(judgement["hard-landing"]?.verdict == .inconclusive)
        #expect(judgement.figures.touchdownSource == "none")
    }
    @Test func takesTheTrackersEventForEvidence() throws {
        // 8.7.3.
        var flight = SyntheticFlight(interval: 30).flight
        flight.landingRate = nil
        flight.events = [.said("Touchdown at -212 fpm", at: SyntheticFlight().on)]
        let judgement = flight.judge()
        #expect(judgement["touchdown-not-observed"]?.verdict == .pass)
        #expect(judgement["touchdown-not-observed"]?.confidence == .reported)
        #expect(judgement["hard-landing"]?.verdict == .pass)
        #expect(judgement["hard-landing"]?.measured == .init(-212, "fpm"))
        #expect(judgement.figures.touchdownRate == FeetPerMinute(-212))
    }
    @Test func cannotJudgeAFlightThatNeverLeft() {
        var flight = SyntheticFlight().flight
        flight.samples = Array(flight.samples.prefix(500))
        #expect(flight.verdict("touchdown-not-observed") == .inconclusive)
    }
    @Test func doesNotApplyWhenNothingTellsGroundFromAir() {
        var flight = SyntheticFlight(interval: 5).flight
        for index in flight.samples.indices {
            flight.samples[index].onGround = nil
            flight.samples[index].heightAGL = nil
            flight.samples[index].altitudeMSL = nil
            flight.samples[index].groundSpeed = nil
        }
        #expect(flight.verdict("touchdown-not-observed") == .notApplicable)
        #expect(flight.verdict("hard-landing") == .notApplicable)
    }
    /// Decisions D6: above 300 ft over the nearest field, or none near, the landing is missing; lower it is not known.
    @Test(arguments: [(1000.0, Finding.Verdict.violated), (20, .inconclusive)])
    func judgesATrackThatEndsInTheAir(height: Double, expected: Finding.Verdict) {
        var flight = SyntheticFlight().flight
        flight.capabilities = Case.smartCARS
        flight.samples = flight.samples.filter { $0.eventTime < SyntheticFlight().on }.map { sample in
            var sample = sample
            sample.onGround = nil
            return sample
        }
        flight.samples.removeAll { sample in
            sample.eventTime > SyntheticFlight().off + .minutes(30) && (sample.heightAGL ?? .zero) < Feet(height)
        }
        for index in flight.samples.indices { flight.samples[index].heightAGL = nil }
        #expect(flight.verdict("touchdown-not-observed") == expected)
    }
}
