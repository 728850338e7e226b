import Domain
import Testing

@testable import Validation

@Suite struct DuplicateReportTests {
    private static let synthetic = SyntheticFlight(interval: 5)

    private func earlier(
        _ samples: [PositionSample], user: UserID = Case.user, filedAt: Timestamp = Case.start
    ) -> EarlierReport {
        EarlierReport(
            flight: FlightID.make(at: Case.start - .hours(1)), user: user, filedAt: filedAt, flightNumber: "AFR34ZG",
            departure: ICAOLocation("LFPG"), arrival: ICAOLocation("LFBO"),
            out: samples.isEmpty ? nil : SyntheticFlight.out, inBlock: samples.isEmpty ? nil : Self.synthetic.inBlock,
            track: Evaluator.fingerprint(of: samples)
        )
    }
    private var flight: Case { Self.synthetic.flight }

    @Test func findsTheSameFlightFiledThroughTwoTrackers() throws {
        // 8.11.2: the other tracker samples at other times.
        let other = SyntheticFlight(interval: 1).samples.enumerated().filter { $0.offset % 7 == 3 }.map(\.element)
        var flight = flight
        flight.earlier = [earlier(other)]
        let judgement = flight.judge()
        let finding = try #require(judgement["duplicate-report"])
        #expect(finding.verdict == .violated)
        #expect(finding.action == .reject)
        #expect(finding.related == [flight.earlier[0].flight])
        #expect(try #require(finding.measured).value >= 96)
        #expect(judgement.outcome == .reject)
    }
    @Test func leavesTheFirstReportAlone() {
        var flight = flight
        flight.earlier = [earlier(flight.samples, filedAt: flight.filedAt + .minutes(1))]
        #expect(flight.verdict("duplicate-report") == .pass)
        // The flight's own report is not another one: 8.11.1.
        var own = earlier(flight.samples)
        own.flight = flight.flight
        flight.earlier = [own]
        #expect(flight.verdict("duplicate-report") == .pass)
    }
    @Test func flagsTwoPilotsWithOneTrack() {
        var flight = flight
        flight.earlier = [earlier(flight.samples, user: UserID.make(at: Case.start))]
        #expect(flight.finding("duplicate-report")?.verdict == .violated)
        #expect(flight.finding("duplicate-report")?.action == .flag)
    }
    @Test func passesTheSameRouteAtAnotherTime() {
        // 8.11.3.
        var flight = flight
        let morning = flight.samples.map { sample in
            var sample = sample
            sample.eventTime = sample.eventTime - .hours(7)
            return sample
        }
        var report = earlier(morning)
        report.out = SyntheticFlight.out - .hours(7)
        report.inBlock = Self.synthetic.inBlock - .hours(7)
        flight.earlier = [report]
        #expect(flight.verdict("duplicate-report") == .pass)
    }
    @Test func passesAnotherFlightAtTheSameTime() {
        var flight = flight
        var report = earlier(flight.samples)
        report.track = report.track.compactMap { point in
            Position(latitude: point.position.latitude + 0.01, longitude: point.position.longitude)
                .map { TrackPoint(time: point.time, position: $0) }
        }
        flight.earlier = [report]
        #expect(flight.verdict("duplicate-report") == .pass)
    }
    @Test func flagsTheSameTimesWithoutALog() {
        var flight = flight
        var report = earlier([])
        report.out = SyntheticFlight.out + .minutes(4)
        report.inBlock = Self.synthetic.inBlock - .minutes(4)
        flight.earlier = [report]
        #expect(flight.finding("duplicate-report")?.verdict == .violated)
        #expect(flight.finding("duplicate-report")?.action == .flag)
        report.inBlock = Self.synthetic.inBlock + .minutes(30)
        flight.earlier = [report]
        #expect(flight.verdict("duplicate-report") == .pass)
    }
    @Test func cannotTellWithoutTimes() {
        var flight = Case()
        flight.earlier = [earlier([])]
        #expect(flight.verdict("duplicate-report") == .inconclusive)
        flight.flightNumber = "AFR1"
        #expect(flight.verdict("duplicate-report") == .pass)
        // Every day the same flight.
        flight = Case()
        flight.earlier = [earlier([], filedAt: flight.filedAt - .hours(25))]
        #expect(flight.verdict("duplicate-report") == .pass)
    }
    @Test func takesTheTimesThatReportsWithoutALogClaim() {
        var flight = Case()
        flight.details.out = SyntheticFlight.out
        flight.details.inBlock = Self.synthetic.inBlock
        var report = earlier([])
        report.out = SyntheticFlight.out - .minutes(9)
        report.inBlock = Self.synthetic.inBlock + .minutes(9)
        flight.earlier = [report]
        #expect(flight.finding("duplicate-report")?.verdict == .violated)
        #expect(flight.finding("duplicate-report")?.action == .flag)
        report.out = SyntheticFlight.out - .hours(7)
        report.inBlock = Self.synthetic.inBlock - .hours(7)
        flight.earlier = [report]
        #expect(flight.verdict("duplicate-report") == .pass)
    }
}
