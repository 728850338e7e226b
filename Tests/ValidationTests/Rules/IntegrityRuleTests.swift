import Domain
import Foundation
import Testing

@testable import Validation

/// Samples of an airborne stretch by hand.
private func airborne(
    _ points: [(seconds: Double, latitude: Double, longitude: Double, speed: Double?)]
) -> [PositionSample] {
    points.compactMap { point in
        guard let position = Position(latitude: point.latitude, longitude: point.longitude) else { return nil }
        let time = Case.start + .seconds(point.seconds)
        var sample = PositionSample(eventTime: time, receivedAt: time, position: position)
        sample.onGround = false
        sample.altitudeMSL = Feet(35_000)
        sample.groundSpeed = point.speed.map { Knots($0) }
        return sample
    }
}
/// Degrees of latitude of a distance.
private func degrees(_ miles: Double) -> Double { miles / earthRadius.rawValue * 180 / .pi }

@Suite struct TeleportTests {
    @Test func passesWhatTheAircraftCouldFly() {
        // Validation rules, 8.2.1: 3.75 NM in 30 s at 450 kt, limit 6.69 NM.
        let samples = airborne([(0, 50, 10, 450), (30, 50 + degrees(3.75), 10, 450)])
        #expect(Case(samples).verdict("teleport") == .pass)
        let jump = Jump(from: Point(samples[0]), to: Point(samples[1]), speedCap: 780)
        #expect((jump.limit - 6.69).magnitude < 0.01)
    }
    @Test func findsAJumpAndItsPlace() throws {
        // 8.2.2: 90.1 NM in 60 s at 445 kt, limit 11.27 NM.
        let samples = airborne([(0, 50, 10, 440), (60, 50 + degrees(90.1), 10, 445)])
        let finding = try #require(Case(samples).finding("teleport"))
        #expect(finding.verdict == .violated)
        #expect(finding.severity == .critical)
        #expect(finding.action == .flag)
        #expect(finding.points == -40)
        #expect(finding.measured == .init(90.1, "NM"))
        #expect(finding.threshold == .init(11.27, "NM"))
        #expect(finding.evidence == [.init(first: samples[0].eventTime, last: samples[1].eventTime)])
        #expect(finding.start == samples[0].position)
        #expect(finding.end == samples[1].position)
        #expect(finding.parameters["tolerance_pct"] == "25 %")
        #expect(finding.staffText.contains("90.1 NM in 60 s, could fly 11.3 NM at 445 kt"))
        var flight = Case(samples)
        flight.ruleset = .strict
        #expect(flight.finding("teleport")?.action == .reject)
    }
    @Test func crossesTheDateLine() {
        // 8.2.3.
        #expect(Case(airborne([(0, -20, 179.98, 450), (30, -20, -179.96, 450)])).verdict("teleport") == .pass)
    }
    @Test func takesTheCategoryCapWithoutSpeeds() {
        let near = airborne([(0, 50, 10, nil), (30, 50 + degrees(10), 10, nil)])
        #expect(Case(near).verdict("teleport") == .pass)
        var helicopter = Case(near)
        helicopter.aircraft = Case.aircraft(1, "EC35")
        #expect(helicopter.verdict("teleport") == .violated)
    }
    @Test func ignoresChoosingAnotherStand() {
        var flight = SyntheticFlight(interval: 5).flight
        for index in 0..<4 {
            let sample = flight.samples[index]
            var moved = PositionSample(
                eventTime: sample.eventTime, receivedAt: sample.receivedAt,
                position: Position(latitude: 49.02, longitude: 2.55) ?? sample.position
            )
            moved.onGround = true
            moved.groundSpeed = .zero
            moved.parkingBrake = true
            flight.samples[index] = moved
        }
        #expect(flight.verdict("teleport") == .pass)
    }
    @Test func findsAJumpFromTheRunwayToTheStand() {
        var flight = SyntheticFlight(interval: 1).flight
        let landed = SyntheticFlight().on + .seconds(40)
        flight.samples = flight.samples.map { sample in
            guard sample.eventTime > landed, let position = Position(latitude: 43.62, longitude: 1.37) else {
                return sample
            }
            var moved = PositionSample(eventTime: sample.eventTime, receivedAt: sample.receivedAt, position: position)
            moved.onGround = true
            moved.groundSpeed = .zero
            moved.parkingBrake = true
            moved.enginesRunning = false
            return moved
        }
        let finding = flight.finding("teleport")
        #expect(finding?.verdict == .violated)
        #expect(finding?.evidence == [.init(first: landed, last: landed + .seconds(1))])
    }
    @Test func countsOnlyTimeThatRan() {
        // Paused for five minutes, yet 20 NM further on.
        var samples = airborne([(0, 50, 10, 450), (300, 50 + degrees(20), 10, 450)])
        samples[0].simulationRate = 0
        #expect(Case(samples).verdict("teleport") == .violated)
        samples[0].simulationRate = 1
        #expect(Case(samples).verdict("teleport") == .pass)
    }
    @Test func allowsForAReportedRate() {
        var samples = airborne([(0, 50, 10, 450), (30, 50 + degrees(14), 10, 450)])
        #expect(Case(samples).verdict("teleport") == .violated)
        samples[1].simulationRate = 4
        #expect(Case(samples).verdict("teleport") == .pass)
    }
    @Test func cannotJudgeASinglePosition() {
        let finding = Case(airborne([(0, 50, 10, 450)])).finding("teleport")
        #expect(finding?.verdict == .inconclusive)
        #expect(finding?.action == .flag)
    }
}

@Suite struct UnrealisticGroundSpeedTests {
    private func flight(_ speed: Double, seconds: Int, every interval: Int = 1, type: String = "A320") -> Case {
        var longitude = 10.0
        var points: [(Double, Double, Double, Double?)] = []
        for second in stride(from: 0, through: 600, by: interval) {
            let fast = second >= 200 && second < 200 + seconds
            points.append((Double(second), 0, longitude, fast ? speed : 450))
            longitude += degrees((fast ? speed : 450) * Double(interval) / 3600)
        }
        var flight = Case(airborne(points))
        flight.aircraft = Case.aircraft(1, type)
        return flight
    }
    @Test func passesAStrongTailWind() {
        #expect(flight(770, seconds: 300).verdict("unrealistic-ground-speed") == .pass)
        #expect(flight(900, seconds: 50).verdict("unrealistic-ground-speed") == .pass)
    }
    @Test func findsMoreThanTheCategoryCan() throws {
        let finding = try #require(flight(900, seconds: 90).finding("unrealistic-ground-speed"))
        #expect(finding.verdict == .violated)
        #expect(try #require(finding.measured).value >= 900)
        #expect(finding.threshold == .init(780, "kt"))
        #expect(finding.evidence.count == 1)
        #expect(flight(500, seconds: 300, type: "AT76").verdict("unrealistic-ground-speed") == .violated)
        #expect(flight(1100, seconds: 300, type: "CONC").verdict("unrealistic-ground-speed") == .pass)
        #expect(flight(500, seconds: 300, type: "????").verdict("unrealistic-ground-speed") == .pass)
    }
    @Test func seesImpliedSpeedToo() {
        var fast = flight(900, seconds: 90)
        for index in fast.samples.indices { fast.samples[index].groundSpeed = Knots(450) }
        #expect(fast.finding("unrealistic-ground-speed")?.confidence == .derived)
    }
    @Test func cannotTellFromSingleSlowSamples() {
        var slow = flight(450, seconds: 0, every: 60)
        slow.samples[5].groundSpeed = Knots(900)
        let finding = slow.finding("unrealistic-ground-speed")
        #expect(finding?.verdict == .inconclusive)
        #expect(finding?.evidence == [.init(first: slow.samples[5].eventTime, last: slow.samples[5].eventTime)])
    }
}

@Suite struct ImpliedSpeedMismatchTests {
    private func flight(factor: Double, from: Int = 0, to: Int = 1200, every interval: Int = 5) -> Case {
        var longitude = 10.0
        var points: [(Double, Double, Double, Double?)] = []
        for second in stride(from: 0, through: 1200, by: interval) {
            points.append((Double(second), 0, longitude, 450))
            longitude += degrees(450 * Double(interval) / 3600 * (second >= from && second < to ? factor : 1))
        }
        return Case(airborne(points))
    }
    @Test func passesATrackThatFitsItsSpeed() throws {
        #expect(flight(factor: 1.14).verdict("implied-speed-mismatch") == .pass)
        #expect(
            try #require(flight(factor: 0.7).finding("implied-speed-mismatch")).staffText.contains("pause or stutter"))
    }
    @Test func findsTimeThatRanFaster() throws {
        let flight = flight(factor: 2, from: 400, to: 800)
        let finding = try #require(flight.finding("implied-speed-mismatch"))
        #expect(finding.verdict == .violated)
        #expect(try (#require(finding.measured).value - 2).magnitude < 0.01)
        let interval = try #require(finding.evidence.first)
        #expect(interval.first >= Case.start + .seconds(400 - 180))
        #expect(interval.last <= Case.start + .seconds(800 + 180))
    }
    @Test func needsGroundSpeedAsACapability() {
        var flight = flight(factor: 2)
        flight.capabilities.fields[.groundSpeed] = .absent
        #expect(flight.verdict("implied-speed-mismatch") == .notApplicable)
    }
    @Test func leavesReportedAccelerationToItsOwnRule() {
        var flight = flight(factor: 2)
        for index in flight.samples.indices { flight.samples[index].simulationRate = 2 }
        #expect(flight.verdict("implied-speed-mismatch") == .inconclusive)
    }
    @Test func cannotJudgeAShortTrack() {
        var flight = flight(factor: 2)
        flight.samples = Array(flight.samples.prefix(20))
        #expect(flight.verdict("implied-speed-mismatch") == .inconclusive)
    }
    @Test func isNotFooledByMixedSampling() {
        // Decisions D7: 1 s in the slow part and 4 s in the fast one shift a plain mean of samples, not a weighted one.
        var longitude = 10.0
        var points: [(Double, Double, Double, Double?)] = []
        var second = 0.0
        while second < 1200 {
            let speed = second.truncatingRemainder(dividingBy: 200) < 100 ? 200.0 : 450
            points.append((second, 0, longitude, speed))
            let step = speed == 200 ? 1.0 : 4
            longitude += degrees(speed * step / 3600)
            second += step
        }
        #expect(Case(airborne(points)).verdict("implied-speed-mismatch") == .pass)
    }
}

@Suite struct FuelAddedTests {
    /// Fuel by seconds after OUT, linear between.
    private func flight(_ marks: [(Double, Double)], type: String = "A320", every interval: Double = 5) -> Case {
        var flight = SyntheticFlight(interval: interval).flight
        flight.aircraft = Case.aircraft(1, type)
        for index in flight.samples.indices {
            let t = (flight.samples[index].eventTime - SyntheticFlight.out).seconds
            var value = marks[0].1
            for (a, b) in zip(marks, marks.dropFirst()) where t >= a.0 {
                value = b.0 == a.0 ? b.1 : a.1 + (b.1 - a.1) * min(1, (t - a.0) / (b.0 - a.0))
            }
            flight.samples[index].fuel = Kilograms(value)
        }
        return flight
    }
    @Test func passesSloshing() {
        // 8.5.1.
        #expect(flight([(0, 6400), (1500, 5120), (1510, 5160), (3000, 4000)]).verdict("fuel-added") == .pass)
    }
    @Test func findsSlowRefuelling() throws {
        // 8.5.2: 2300 to 3480 kg by 60 kg each 30 s.
        let finding = try #require(
            flight([(0, 6400), (2000, 2300), (2590, 3480), (4000, 3000)]).finding("fuel-added")
        )
        #expect(finding.verdict == .violated)
        #expect(try (#require(finding.measured).value - 1180).magnitude <= 15)
        #expect(try (#require(finding.threshold).value - 96).magnitude < 0.5)
        #expect(finding.pilotText.contains("in the air"))
        #expect(finding.evidence.count == 1)
    }
    @Test func takesAChangeOfUnitForADataFault() throws {
        // 8.5.3.
        let finding = try #require(
            flight([(0, 6400), (1000, 5000), (1004, 11_023), (4000, 8000)]).finding("fuel-added"))
        #expect(finding.verdict == .inconclusive)
        #expect(finding.points == 0)
    }
    @Test func ignoresSpikesAndZeros() {
        var flight = SyntheticFlight(interval: 5).flight
        flight.samples[300].fuel = Kilograms(0)
        flight.samples[400].fuel = Kilograms(9000)
        flight.samples[500].fuel = Kilograms(100)
        #expect(flight.verdict("fuel-added") == .pass)
    }
    @Test func scalesWithTheAircraft() {
        // 40 kg are nothing for a jet and a lot for a light aircraft.
        let marks = [(0.0, 120.0), (1000, 100), (1040, 140), (4000, 120)]
        #expect(flight(marks, type: "C172").verdict("fuel-added") == .violated)
        #expect(flight(marks, type: "A320").verdict("fuel-added") == .pass)
    }
    @Test func doesNotApplyWithoutFuel() {
        var flight = SyntheticFlight(interval: 5).flight
        flight.capabilities.fields[.fuel] = .reported
        #expect(flight.verdict("fuel-added") == .notApplicable)
        flight.capabilities.fields[.fuel] = .measured
        for index in flight.samples.indices { flight.samples[index].fuel = nil }
        #expect(flight.verdict("fuel-added") == .inconclusive)
    }
}
