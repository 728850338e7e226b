import Domain
import EventSchema
import Foundation
import Logging
import Testing
import Validation

@testable import Application

@Suite struct JudgementTests {
    enum Order: String, CaseIterable { case live, shuffled, duplicated, lateBatch }

    /// Flies the recording in an order of its own and waits for the decision of the real process.
    private func judgement(_ order: Order) async throws -> Judgement {
        let world = try await World.make()
        let flight = try await world.openFlight(try await world.pilot(1))
        let samples = try recordedSamples()
        switch order {
        case .live:
            for start in stride(from: 0, to: samples.count, by: 50) {
                try await world.flights.record(world.id, flight, Array(samples[start..<min(samples.count, start + 50)]))
            }
        case .shuffled:
            var generator = SplitMix(seed: 7)
            for sample in samples.shuffled(using: &generator) {
                try await world.flights.record(world.id, flight, [sample])
            }
        case .duplicated:
            for start in stride(from: 0, to: samples.count, by: 50) {
                let part = Array(samples[start..<min(samples.count, start + 50)])
                try await world.flights.record(world.id, flight, part + part)
                try await world.flights.record(world.id, flight, part)
            }
        case .lateBatch: try await world.flights.record(world.id, flight, samples)
        }
        var content = FiledReport.Content(route: "", log: ["[06:46:50] Pushing back"])
        content.aircraft = 1
        content.flightTime = Minutes(76)
        content.landingRate = FeetPerMinute(-180)
        _ = try await world.file(flight, content, flightTimeHours: 1.27, fuelUsedAsSent: 5000)
        let running = Self.judging(world)
        defer { running.cancel() }
        let found = try await Self.judged(world, flight)
        running.cancel()
        await world.close()
        return found
    }

    private static func judging(_ world: World) -> Task<Void, any Error> {
        let process = EvaluationProcess(
            store: world.store, models: world.store, executor: world.executor, directory: world.directory,
            evaluator: Evaluator(airports: World.airports),
            capabilities: { _ in
                AdapterCapabilities([
                    .altitudeMSL: .measured, .groundSpeed: .measured, .onGround: .measured, .touchdownRate: .reported,
                    .aircraftType: .measured, .clientTime: .measured,
                ])
            }, logger: Logger(label: "test"))
        return Task { try await process.run() }
    }

    private static func judged(_ world: World, _ flight: FlightID) async throws -> Judgement {
        let deadline = ContinuousClock.now + .seconds(60)
        while ContinuousClock.now < deadline {
            if let found = try await world.executor.read(PIREP.self, world.id, flight.uuid).state.judgement {
                return found
            }
            await Task.yield()
        }
        throw CancellationError()
    }

    /// Reports without a log show no track that they could be found by.
    @Test(arguments: [true, false]) func findsAFlightThatWasReportedTwiceWithoutALog(apart: Bool) async throws {
        let world = try await World.make()
        let out = World.now() - .hours(3)
        func file(_ pilot: Flights.Pilot, _ number: String, _ comment: String) async throws -> FlightID {
            var details = FlightDetails()
            details.airline = "DEM"
            details.flightNumber = number
            details.departure = ICAOLocation("LFPG")
            details.arrival = ICAOLocation("LFBO")
            details.out = out
            details.inBlock = out + .minutes(76)
            var content = FiledReport.Content(events: [])
            content.comments = comment
            content.details = details
            var filing = Flights.Filing(content: content, at: World.now())
            filing.standsAlone = true
            let beginning = Flights.Beginning(
                pilot: pilot, adapter: "fspassengers", details: details, at: World.now())
            return try await world.flights.fileAlone(world.tenant, beginning, filing).id
        }
        let (pilot, other) = (try await world.pilot(1), try await world.pilot(2))
        var running = Self.judging(world)
        var first: FlightID?
        if apart {
            first = try await file(pilot, "34", "first")
            _ = try await Self.judged(world, try #require(first))
            running.cancel()
            running = Self.judging(world)
        } else {
            first = try await file(pilot, "34", "first")
        }
        let again = try await file(pilot, "34", "second")
        let unlike = try await file(pilot, "35", "third")
        let theirs = try await file(other, "34", "fourth")
        let finding = try await Self.judged(world, again).findings.first { $0.rule == "duplicate-report" }
        #expect(finding?.verdict == .violated && finding?.action == .flag, "\(finding?.staffText ?? "none")")
        #expect(finding?.related == [try #require(first)])
        for flight in [try #require(first), unlike, theirs] {
            let finding = try await Self.judged(world, flight).findings.first { $0.rule == "duplicate-report" }
            #expect(finding?.verdict == .pass, "\(finding?.staffText ?? "none")")
        }
        running.cancel()
        await world.close()
    }

    @Test func theOrderOfArrivalChangesNoByteOfTheDecision() async throws {
        let live = try await judgement(.live)
        #expect(live.outcome == .accept, "\(live.findings.filter { $0.action != .accept }.map(\.staffText))")
        let encoder = JSONEncoder()
        encoder.outputFormatting = .sortedKeys
        func bytes(_ judgement: Judgement) throws -> String {
            // The stream's version counts appends; everything else must be equal.
            let plain = Judgement(
                ruleset: judgement.ruleset, engine: judgement.engine, evidenceHash: judgement.evidenceHash,
                flightVersion: 0, outcome: judgement.outcome, score: judgement.score,
                confidence: judgement.confidence, findings: judgement.findings, figures: judgement.figures)
            return String(decoding: try encoder.encode(plain), as: UTF8.self)
        }
        let expected = try bytes(live)
        for order in Order.allCases where order != .live {
            #expect(try bytes(try await judgement(order)) == expected, "\(order)")
        }
    }
}

/// A small generator with a seed, so that a failing order can be had again.
struct SplitMix: RandomNumberGenerator {
    private var state: UInt64
    init(seed: UInt64) { state = seed }
    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var value = state
        value = (value ^ (value >> 30)) &* 0xBF58_476D_1CE4_E5B9
        value = (value ^ (value >> 27)) &* 0x94D0_49BB_1331_11EB
        return value ^ (value >> 31)
    }
}
