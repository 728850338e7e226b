import Domain
import Testing

@testable import Validation

/// What a tracker's protocol cannot carry is never held against its pilot: validation rules, section 1.6.
@Suite struct CapabilityTests {
    /// FSPassengers: a report with a landing rate, and no positions.
    private static let reportOnly = AdapterCapabilities([.touchdownRate: .reported, .aircraftType: .reported])

    @Test func judgesAReportWithoutPositionsByWhatItsTrackerCanSend() throws {
        var flight = Case([])
        flight.capabilities = Self.reportOnly
        let judgement = flight.judge()
        let violated = judgement.findings.filter { $0.verdict == .violated }.map(\.rule)
        #expect(violated.isEmpty, "\(violated)")
        #expect(judgement["touchdown-not-observed"]?.verdict == .inconclusive)
        #expect(judgement["log-too-sparse"]?.verdict == .inconclusive)
        // Nothing is held against the pilot, but nobody saw the flight either: staff look at it.
        #expect(judgement.score == 100)
        #expect(judgement.outcome == .flag)
    }
    @Test func holdsMissingPositionsAgainstATrackerThatSendsThem() {
        var flight = Case([])
        flight.capabilities = Case.smartCARS
        #expect(flight.verdict("touchdown-not-observed") == .violated)
        #expect(flight.verdict("log-too-sparse") == .violated)
    }
    /// Positions that are there are judged, whatever the adapter says of itself.
    @Test func judgesPositionsThatCameNevertheless() {
        var flight = SyntheticFlight(interval: 30).flight
        flight.capabilities = Self.reportOnly
        #expect(flight.verdict("log-too-sparse") == .violated)
    }
    @Test func knowsWhatRulesNeed() {
        let ruleset = Ruleset.balanced
        func carried(_ capabilities: AdapterCapabilities) -> Set<String> {
            Set(ruleset.settings.map(\.rule).filter { ruleset.carriesInputs(of: $0, capabilities) })
        }
        #expect(carried(Case.everything) == Set(ruleset.settings.map(\.rule)))
        #expect(
            carried(Self.reportOnly) == [
                "no-matching-booking", "wrong-aircraft-type", "duplicate-report", "score-below-threshold",
            ])
        let missing = Set(ruleset.settings.map(\.rule)).subtracting(carried(Case.smartCARS))
        #expect(missing == ["fuel-added", "overspeed-low-altitude"])
        // A speed that is only worked out is none to hold a track against.
        var worked = Case.smartCARS
        worked.fields[.groundSpeed] = .reported
        #expect(!ruleset.carriesInputs(of: "implied-speed-mismatch", worked))
    }
    /// A rule whose inputs a protocol does not carry says neither pass nor violated.
    @Test func saysNothingWithoutItsInputs() {
        var flight = SyntheticFlight(interval: 5).flight
        for index in flight.samples.indices {
            flight.samples[index].fuel = nil
            flight.samples[index].indicatedAirspeed = nil
        }
        var capabilities = Case.everything
        for field in [AdapterCapabilities.Field.fuel, .indicatedAirspeed, .groundSpeed] {
            capabilities.fields[field] = .absent
        }
        flight.capabilities = capabilities
        let judgement = flight.judge()
        for rule in flight.ruleset.settings.map(\.rule)
        where !flight.ruleset.carriesInputs(of: rule, capabilities) {
            #expect(judgement[rule]?.verdict == .notApplicable, "\(rule)")
        }
    }
}
