import Domain
import Testing

@testable import Validation

@Suite struct RulesetTests {
    @Test func namesThreePresetsByContent() {
        let references = [Ruleset.relaxed, .balanced, .strict].map(\.reference)
        #expect(references.map(\.id) == ["relaxed", "balanced", "strict"])
        #expect(Set(references.map(\.hash)).count == 3)
        #expect(references.allSatisfy { $0.version == 1 && $0.hash.count == 32 })
        #expect(Ruleset(.balanced).reference == Ruleset.balanced.reference)
        #expect(Ruleset.named("balanced")?.reference == Ruleset.balanced.reference)
        #expect(Ruleset.named("other") == nil)
    }
    @Test func changesItsHashWithAnyThreshold() {
        #expect(Ruleset.balanced.replacing(Teleport(slackAir: 3)).reference.hash != Ruleset.balanced.reference.hash)
    }
    /// The index of validation rules, section 6: strongest action in relaxed, balanced and strict; severity; points.
    @Test(arguments: [
        ("teleport", "ffr", "critical", -40), ("unrealistic-ground-speed", "ffr", "critical", -30),
        ("implied-speed-mismatch", "fff", "major", -15), ("fuel-added", "ffr", "critical", -25),
        ("position-gap", "aff", "minor", 0), ("log-too-sparse", "aff", "minor", 0),
        ("touchdown-not-observed", "fff", "major", -10), ("no-matching-booking", "ffr", "major", -10),
        ("wrong-departure-airport", "ffr", "major", -10), ("landed-elsewhere", "fff", "major", -10),
        ("diversion", "aff", "info", 0), ("wrong-aircraft-type", "ffr", "major", -15),
        ("block-time-deviation", "aff", "minor", -5), ("duplicate-report", "rrr", "critical", 0),
        ("score-below-threshold", "aff", "info", 0),
    ])
    func followsTheCatalogue(rule: String, actions: String, severity: String, points: Int) throws {
        for (ruleset, letter) in zip([Ruleset.relaxed, .balanced, .strict], actions) {
            let setting = try #require(ruleset.settings.first { $0.rule == rule })
            #expect(setting.action.rawValue.first == letter)
            #expect(setting.severity.rawValue == severity)
            #expect(setting.points == points)
        }
    }
    @Test func flagsWhatCannotBeJudgedOnlyForGraveIntegrityAndEvidence() {
        let flagged = Ruleset.balanced.settings.filter { $0.onInconclusive == .flag }.map(\.rule)
        #expect(
            flagged == [
                "teleport", "unrealistic-ground-speed", "implied-speed-mismatch", "fuel-added",
                "touchdown-not-observed",
            ]
        )
    }
}

@Suite struct TypeProfileTests {
    @Test func knowsCategoriesAndFamilies() {
        #expect(TypeProfile.of("a20n").family == TypeProfile.of("A320").family)
        #expect(TypeProfile.of("A321").family != TypeProfile.of("A320").family)
        #expect(TypeProfile.of("DH8D").category == .turboprop)
        #expect(TypeProfile.of("B77W").weight == .heavy)
        #expect(TypeProfile.of("C172").weight == .light)
        #expect(TypeProfile.of("CONC").category == .supersonic)
        #expect(TypeProfile.of("H500").category == .helicopter)
    }
    @Test(arguments: [nil, "", "ZZZZ"])
    func judgesAnUnknownTypeAsAJet(type: String?) {
        #expect(TypeProfile.of(type) == .unknown)
        #expect(TypeProfile.unknown.category == .jet)
    }
}

@Suite struct WordingTests {
    @Test func writesFigures() {
        #expect(Wording.grouped(1180) == "1\u{2009}180")
        #expect(Wording.grouped(-640) == "\u{2212}640")
        #expect(Wording.grouped(1_234_567) == "1\u{2009}234\u{2009}567")
        #expect(Wording.plain(11.27) == "11.27")
        #expect(Wording.plain(1.05) == "1.05")
        #expect(Wording.plain(-0.5) == "\u{2212}0.5")
        #expect(Wording.plain(0.999) == "1")
        #expect(Wording.plain(25) == "25")
        #expect(Wording.miles(12.44) == "12.4 NM")
        #expect(Wording.miles(2987) == "2\u{2009}987 NM")
        #expect(Wording.duration(22) == "22 s")
        #expect(Wording.duration(7 * 3600 + 180) == "7 h 03 min")
        #expect(Wording.time(Timestamp("2026-01-02T08:47:03.400Z")) == "08:47:03Z")
    }
    @Test func readsRatesFromTheTrackersWords() {
        #expect(TrackerEvent.said("Touchdown at -212 fpm", at: nil).touchdownRate == -212)
        #expect(TrackerEvent.said("TouchDown:Rate -215 ft/min Speed: 119 Knots", at: nil).touchdownRate == -215)
        #expect(TrackerEvent.said("Landed at LFBO", at: nil).touchdownRate == nil)
        #expect(TrackerEvent.said("Landed at LFBO", at: nil).isTouchdown)
        #expect(!TrackerEvent.said("Gear down", at: nil).isTouchdown)
    }
}
