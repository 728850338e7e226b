import Domain
import Testing

@testable import Validation

@Suite struct EvidenceTests {
    private func evidence(_ samples: [PositionSample], type: String = "A320") -> Evidence {
        Evidence(
            samples: samples, opening: Case().opening, report: nil, capabilities: Case.everything, earlier: [],
            aircraft: Case.aircraft(1, type), diversion: nil, airports: TestAirports(), caps: SpeedCaps(), isEnded: true
        )
    }
    /// The synthetic flight with another stretch of ground flags and heights after its landing.
    private func landing(_ change: @escaping (_ seconds: Double, _ sample: inout PositionSample) -> Void) -> Evidence {
        let on = SyntheticFlight().on
        return evidence(
            SyntheticFlight().samples.map { sample in
                var sample = sample
                change((sample.eventTime - on).seconds, &sample)
                return sample
            }
        )
    }

    @Test func takesABounceForOneLanding() {
        // 8.14.2.
        let evidence = landing { seconds, sample in
            guard (2...4).contains(seconds) else { return }
            sample.onGround = false
            sample.heightAGL = Feet(4)
        }
        #expect(evidence.landings.count == 1)
        #expect(evidence.landings.first?.contacts.count == 2)
        #expect(evidence.time(evidence.on) == SyntheticFlight().on)
        #expect(evidence.touchAndGoes == 0)
    }
    @Test func takesACircuitForAnotherLanding() {
        // 8.14.3, with a shorter circuit: contact, 900 ft, contact.
        let evidence = landing { seconds, sample in
            guard (5...125).contains(seconds) else { return }
            sample.onGround = false
            sample.groundSpeed = Knots(140)
            let height = min(seconds - 4, 126 - seconds) * 15
            sample.heightAGL = Feet(height)
            sample.altitudeMSL = Feet(499 + height)
        }
        #expect(evidence.landings.count == 2)
        #expect(evidence.touchAndGoes == 1)
        #expect(evidence.time(evidence.on) == SyntheticFlight().on + .seconds(126))
    }
    @Test func takesAGoAroundForNoLanding() {
        let samples = SyntheticFlight().samples
        let on = SyntheticFlight().on
        // Down to 200 ft, up to 2000 ft, and down again.
        let evidence = evidence(
            samples.map { sample in
                var sample = sample
                let seconds = (on - sample.eventTime).seconds
                guard (40...300).contains(seconds) else { return sample }
                let height =
                    seconds > 150
                    ? 200 + (seconds - 150) * 30
                    : seconds > 100 ? 200 + (150 - seconds) * 40 : 610 + (seconds - 40) * 26.5
                sample.heightAGL = Feet(height)
                sample.altitudeMSL = Feet(499 + height)
                return sample
            }
        )
        #expect(evidence.landings.count == 1)
        #expect(evidence.goArounds == 1)
    }
    @Test func takesAHopForNoTakeOff() {
        let off = SyntheticFlight().off
        let evidence = evidence(
            SyntheticFlight().samples.changing(from: off - .seconds(20), to: off - .seconds(15)) { sample in
                sample.onGround = false
                sample.heightAGL = Feet(3)
            }
        )
        #expect(evidence.time(evidence.off) == off)
        #expect(evidence.landings.count == 1)
    }
    @Test func waitsForBrakeOrEnginesToSayIn() {
        // Holding on a taxiway for 20 s with the engines running is not IN.
        let hold = SyntheticFlight().on + .seconds(100)
        var samples = SyntheticFlight().samples
        let held = samples.first { $0.eventTime == hold }
        samples = samples.changing(from: hold, to: hold + .seconds(20)) { sample in
            if let held {
                sample = PositionSample(
                    eventTime: sample.eventTime, receivedAt: sample.eventTime, position: held.position)
                sample.onGround = true
                sample.groundSpeed = .zero
                sample.heightAGL = .zero
                sample.parkingBrake = false
                sample.enginesRunning = true
            }
        }
        #expect(evidence(samples).time(evidence(samples).inBlock) == SyntheticFlight().inBlock)
    }
    @Test func takesTheLastSampleForInWhenTheAircraftNeverStops() {
        let samples = SyntheticFlight().samples.filter { $0.eventTime <= SyntheticFlight().on + .seconds(200) }
        let evidence = evidence(samples)
        #expect(evidence.inBlock == samples.count - 1)
    }
    @Test func doesNotTakeAHoverForAPause() {
        let off = SyntheticFlight().off
        func frozen(_ type: String) -> Int {
            var samples = SyntheticFlight().samples
            let held = samples.first { $0.eventTime == off + .seconds(300) }?.position
            samples = samples.changing(from: off + .seconds(300), to: off + .seconds(400)) { sample in
                guard let held else { return }
                var copy = PositionSample(eventTime: sample.eventTime, receivedAt: sample.eventTime, position: held)
                copy.onGround = false
                copy.groundSpeed = .zero
                copy.altitudeMSL = sample.altitudeMSL
                sample = copy
            }
            return evidence(samples, type: type).pauses.count
        }
        #expect(frozen("A320") == 1)
        #expect(frozen("EC35") == 0)
    }
    @Test func bridgesAShortDipAtOneHertz() throws {
        let evidence = evidence(SyntheticFlight().samples)
        let all = evidence.episodes(in: 0...100, sustain: 10) { $0 != 50 && $0 > 20 }
        #expect(all.map(\.first) == [21])
        let dipped = evidence.episodes(in: 0...100, sustain: 10) { $0 > 20 && !(50...52).contains($0) }
        #expect(dipped.map(\.first) == [21, 53])
        let single = try #require(evidence.episodes(in: 0...100, sustain: 10) { $0 == 30 }.first)
        #expect(evidence.duration(single) == 0)
        #expect(!single.isSlow)
    }
    @Test func endsAnEpisodeAtAHole() {
        let samples = SyntheticFlight().samples
        let from = SyntheticFlight().off + .minutes(10)
        let evidence = evidence(samples.cutting(from: from, to: from + .seconds(90)))
        #expect(evidence.episodes(in: 0...evidence.points.count - 1, sustain: 10) { _ in true }.count == 2)
        #expect(evidence.gaps.isEmpty)
    }
    @Test func readsHeightsThatAreMeasuredAboveTheWheels() {
        let samples = SyntheticFlight().samples.map { sample in
            var sample = sample
            sample.onGround = nil
            sample.heightAGL = sample.heightAGL.map { $0 + Feet(12) }
            return sample
        }
        let evidence = evidence(samples)
        #expect(evidence.time(evidence.off).map { ($0 - SyntheticFlight().off).rawValue.magnitude <= 2000 } == true)
        #expect(evidence.time(evidence.on).map { ($0 - SyntheticFlight().on).rawValue.magnitude <= 2000 } == true)
    }
    @Test func takesLessThanAFootForGround() {
        let samples = SyntheticFlight().samples.map { sample in
            var sample = sample
            sample.onGround = nil
            return sample
        }
        let evidence = evidence(samples)
        #expect(evidence.ground.source == .height)
        #expect(evidence.time(evidence.off) == SyntheticFlight().off)
        #expect(evidence.time(evidence.on) == SyntheticFlight().on)
    }
    @Test func letsTheTrackersPhaseDecideTies() {
        // Level with the field at 120 kt: rolling, unless the tracker says it climbs.
        func isAirborne(_ phase: PhaseOfFlight?) -> Bool {
            var samples = Recording.asSmartCARS(Recording.full.samples)
            guard let index = samples.firstIndex(where: { $0.eventTime >= Timestamp("2024-07-06T06:59:05Z") }) else {
                return false
            }
            for i in index..<samples.count { samples[i].claimedPhase = phase }
            let evidence = Evidence(
                samples: samples, opening: nil, report: nil, capabilities: Case.smartCARS, earlier: [], aircraft: nil,
                diversion: nil, airports: TestAirports(), caps: SpeedCaps(), isEnded: true
            )
            return evidence.isAirborne(index)
        }
        #expect(!isAirborne(nil))
        #expect(isAirborne(.climb))
        #expect(!isAirborne(.takeoff))
    }
    @Test func aTrackThatEndsInTheRollOutHasLandedWhenTheTrackerSaysSo() throws {
        let all = Recording.asSmartCARS(Recording.full.samples)
        // Level with the field of Toulouse, still at more than 40 kt.
        let touchdown = try #require(
            all.firstIndex {
                $0.eventTime > Timestamp("2024-07-06T07:30:00Z") && $0.altitudeMSL.map { $0 <= Feet(499) } ?? false
            })
        func on(_ phase: PhaseOfFlight?) -> Int? {
            var samples = Array(all.prefix(touchdown + 3))
            for i in touchdown..<samples.count { samples[i].claimedPhase = phase }
            #expect((samples.last?.groundSpeed?.rawValue ?? 0) > 40)
            return Evidence(
                samples: samples, opening: nil, report: nil, capabilities: Case.smartCARS, earlier: [], aircraft: nil,
                diversion: nil, airports: TestAirports(), caps: SpeedCaps(), isEnded: true
            ).on
        }
        #expect(on(.landing) != nil)
        #expect(on(.approach) == nil)
    }
    @Test func dropsTheOriginOfTheGlobe() throws {
        var samples = SyntheticFlight(interval: 5).samples
        let zero = try #require(Position(latitude: 0, longitude: 0))
        samples.insert(
            PositionSample(
                eventTime: samples[0].eventTime - .seconds(5), receivedAt: samples[0].receivedAt, position: zero
            ), at: 0
        )
        let evidence = evidence(samples)
        #expect(evidence.track.faults.count == 1)
        #expect(evidence.points.count == samples.count - 1)
    }
}
