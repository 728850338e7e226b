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
        let process = EvaluationProcess(
            store: world.store, models: world.store, executor: world.executor, directory: world.directory,
            evaluator: Evaluator(airports: World.airports),
            capabilities: { _ in
                AdapterCapabilities([
                    .altitudeMSL: .measured, .groundSpeed: .measured, .onGround: .measured, .touchdownRate: .reported,
                    .aircraftType: .measured, .clientTime: .measured,
                ])
            }, logger: Logger(label: "test"))
        let running = Task { try await process.run() }
        defer { running.cancel() }
        let deadline = ContinuousClock.now + .seconds(60)
        while ContinuousClock.now < deadline {
            if let found = try await world.executor.read(PIREP.self, world.id, flight.uuid).state.judgement {
                running.cancel()
                await world.close()
                return found
            }
            await Task.yield()
        }
        throw CancellationError()
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
