import Domain
import Testing

@testable import Validation

/// AFR34ZG of 2024-07-06, LFPG to LFBO, gate to gate.
///
/// OOOI worked out by hand from the rows of `full-flight-surface-2024-07-06.csv`:
/// - OUT 06:46:50.212: until 06:46:45.242 ground speed is at most 0.4 kt and the position stays within 2 m of the stand;
///   from 06:46:50.212 (2.8 kt) the aircraft is pushed west at 3 kt until 06:47:32, 75 m in all (0.00103° of longitude at
///   49° N); it stands until 06:49:15 and then taxies. The push lasts over 5 s and over 30 m, so its first sample is OUT.
/// - OFF 06:59:22.288: the first row with `on_ground` 0, at 725 ft pressure altitude, one second after 06:59:21.144 on the
///   ground at 165 kt; from there it climbs without touching again.
/// - ON 07:58:43.160: the first row with `on_ground` 1, after 07:58:42.393 in the air; 140 kt, decelerating to 5 kt.
/// - IN 08:02:34.227: 1.5 kt at 08:02:33.350, then 0.8, 0.8, 0.2, 0.9, 0.1 … kt, always below 1, until the recording
///   ends 13 s later, within 2 m.
@Suite struct RecordedFlightTests {
    static let oooi = (
        out: Timestamp("2024-07-06T06:46:50.212Z"), off: Timestamp("2024-07-06T06:59:22.288Z"),
        on: Timestamp("2024-07-06T07:58:43.160Z"), inBlock: Timestamp("2024-07-06T08:02:34.227Z")
    )
    static var withFlag: AdapterCapabilities {
        var capabilities = Case.smartCARS
        capabilities.fields[.onGround] = .measured
        return capabilities
    }
    static func recorded(_ recording: Recording) -> Case {
        var flight = Case(recording.samples)
        flight.capabilities = withFlag
        return flight
    }

    @Test func findsTheTimesOfAFR34ZG() {
        let figures = Self.recorded(.full).judge().figures
        #expect(figures.out == Self.oooi.out)
        #expect(figures.off == Self.oooi.off)
        #expect(figures.on == Self.oooi.on)
        #expect(figures.inBlock == Self.oooi.inBlock)
        #expect(figures.departure?.code == "LFPG")
        #expect(figures.arrival?.code == "LFBO")
        #expect(figures.blockTime == Minutes(76))
        #expect(figures.airTime == Minutes(59))
        #expect(figures.landings == 1)
        #expect(figures.positions == 4416)
        #expect(figures.gaps.isEmpty)
    }

    @Test func ordersThePhasesOfAFR34ZG() {
        let phases = Self.recorded(.full).judge().figures.phases
        #expect(phases.map(\.phase) == PhaseOfFlight.allCases)
        for (a, b) in zip(phases, phases.dropFirst()) { #expect(a.to == b.from) }
        #expect(phases.first { $0.phase == .pushback }?.from == Self.oooi.out)
        #expect(phases.first { $0.phase == .arrived }?.from == Self.oooi.inBlock)
    }

    @Test(arguments: [0, 2000, 5000])
    func findsTheTimesWithoutAGroundFlag(interval: Int64) throws {
        var flight = Case(Recording.asSmartCARS(Recording.full.samples, every: Milliseconds(interval)))
        flight.capabilities = Case.smartCARS
        let judgement = flight.judge()
        let figures = judgement.figures
        func isNear(_ time: Timestamp?, _ expected: Timestamp) throws -> Bool {
            (try #require(time) - expected).rawValue.magnitude <= 30_000
        }
        #expect(try isNear(figures.out, Self.oooi.out))
        #expect(try isNear(figures.off, Self.oooi.off))
        #expect(try isNear(figures.on, Self.oooi.on))
        #expect(try isNear(figures.inBlock, Self.oooi.inBlock))
        #expect(figures.touchdownSource == "reported")
        #expect(judgement.outcome == .accept)
        #expect(judgement.score == 100)
        #expect(judgement.findings.allSatisfy { $0.verdict == .pass || $0.verdict == .notApplicable })
    }

    @Test func acceptsTheOrdinaryFlightInEveryPreset() {
        for ruleset in [Ruleset.relaxed, .balanced, .strict] {
            var flight = Self.recorded(.full)
            flight.ruleset = ruleset
            #expect(flight.judge().outcome == .accept)
        }
    }

    @Test func marksTheJumpThereAndBack() throws {
        let judgement = Self.recorded(.jump).judge()
        let finding = try #require(judgement["teleport"])
        #expect(finding.verdict == .violated)
        #expect(
            finding.evidence == [
                .init(first: Timestamp("2024-07-06T07:27:09.185Z"), last: Timestamp("2024-07-06T07:27:10.113Z")),
                .init(first: Timestamp("2024-07-06T07:32:09.447Z"), last: Timestamp("2024-07-06T07:32:10.482Z")),
            ]
        )
        #expect(try (#require(finding.measured).value - 60).magnitude < 0.5)
        #expect(judgement.outcome == .flag)
        #expect(judgement.figures.on == Self.oooi.on)
    }

    @Test(arguments: [false, true])
    func marksTheCutLanding(asSmartCARS: Bool) throws {
        var flight = Self.recorded(.cut)
        if asSmartCARS {
            flight.samples = Recording.asSmartCARS(Recording.cut.samples)
            flight.capabilities = Case.smartCARS
        }
        let judgement = flight.judge()
        let finding = try #require(judgement["touchdown-not-observed"])
        let end = Timestamp("2024-07-06T07:52:46.589Z")
        #expect(finding.verdict == .violated)
        #expect(finding.evidence == [.init(first: end, last: end)])
        #expect(judgement["hard-landing"]?.verdict == .inconclusive)
        #expect(judgement["landed-elsewhere"]?.verdict == .inconclusive)
        #expect(judgement.figures.on == nil)
        #expect(judgement.figures.inBlock == nil)
        #expect(judgement.figures.touchdownRate == nil)
        #expect(judgement.outcome == .flag)
    }

    static let integrity = Ruleset.balanced.settings.filter { $0.group == .integrity }.map(\.rule)

    @Test(arguments: Recording.honest)
    func raisesNoIntegrityRuleOnHonestRecordings(recording: Recording) {
        let verdicts = Self.recorded(recording).judge().verdicts
        for rule in Self.integrity { #expect(verdicts[rule] == .pass || verdicts[rule] == .notApplicable, "\(rule)") }
    }

    @Test(arguments: Recording.faulty)
    func seesTheFaultsOfFaultyRecordings(recording: Recording) {
        #expect(Self.recorded(recording).verdict("teleport") == .violated)
    }

    // MARK: Conformance checks of validation rules, section 9

    @Test(arguments: [Recording.full, .jump, .cut] + Recording.honest.dropFirst() + Recording.faulty)
    func judgesShuffledRepeatedAndLateSamplesAlike(recording: Recording) {
        var flight = Self.recorded(recording)
        let expected = flight.judge()
        var generator = Seeded(state: 7)
        let repeated = flight.samples.filter { _ in generator.next() % 3 == 0 }.map { sample in
            var sample = sample
            sample.receivedAt = sample.receivedAt + .hours(1)
            return sample
        }
        flight.samples = (flight.samples + repeated).shuffled(using: &generator)
        let actual = flight.judge()
        #expect(actual.bytes == expected.bytes)
        #expect(!expected.bytes.isEmpty)
    }

    @Test(arguments: Recording.honest, [2000, 5000, 10_000, 20_000, 45_000, 90_000])
    func neverAccusesAThinnedFlight(recording: Recording, interval: Int64) {
        var flight = Self.recorded(recording)
        let full = flight.judge()
        flight.samples = recording.samples.thinned(to: Milliseconds(interval))
        let thinned = flight.judge()
        let groups = Dictionary(uniqueKeysWithValues: Ruleset.balanced.settings.map { ($0.rule, $0.group) })
        for finding in full.findings where groups[finding.rule] == .integrity || groups[finding.rule] == .airmanship {
            guard finding.verdict == .pass else { continue }
            #expect(
                thinned[finding.rule]?.verdict != .violated,
                "\(finding.rule): \(thinned[finding.rule]?.staffText ?? "")")
        }
    }

    @Test(arguments: [Recording.full, .jump, .cut], [Mirror.equator, .antimeridian])
    func judgesAlikeEverywhereOnTheGlobe(recording: Recording, mirror: Mirror) {
        var flagless = Case(Recording.asSmartCARS(recording.samples))
        flagless.capabilities = Case.smartCARS
        for original in [Self.recorded(recording), flagless] {
            let expected = original.judge()
            var flight = original
            flight.airports = TestAirports(mirror)
            flight.samples = flight.samples.map { sample in
                var copy = PositionSample(
                    eventTime: sample.eventTime, receivedAt: sample.receivedAt, position: mirror(sample.position)
                )
                copy.pressureAltitude = sample.pressureAltitude
                copy.altitudeMSL = sample.altitudeMSL
                copy.groundSpeed = sample.groundSpeed
                copy.onGround = sample.onGround
                return copy
            }
            let actual = flight.judge()
            #expect(actual.verdicts == expected.verdicts)
            #expect(actual.outcome == expected.outcome)
            #expect(actual.figures.out == expected.figures.out)
            #expect(actual.figures.on == expected.figures.on)
            #expect(actual.figures.arrival == expected.figures.arrival)
            #expect(actual.findings.map(\.evidence) == expected.findings.map(\.evidence))
        }
    }

    @Test func judgesAlikeHoweverTheTrackWasSplitIntoLiveAndBuffered() {
        let expected = Self.recorded(.full).judge().bytes
        for split in [1, 700, 2500, 4200] {
            var flight = Self.recorded(.full)
            for index in split..<flight.samples.count {
                flight.samples[index].receivedAt = flight.samples[index].receivedAt + .hours(1)
            }
            #expect(flight.judge().bytes == expected)
        }
    }
}

/// The same numbers in every run.
struct Seeded: RandomNumberGenerator {
    var state: UInt64
    mutating func next() -> UInt64 {
        state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
        return state ^ state >> 29
    }
}
