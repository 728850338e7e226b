import Application
import Domain
import Foundation
import NIOCore

extension Bench {
    /// P11: every read model anew from the log, which then has to be what the live followers made of it, byte for byte.
    func replay(_ directory: String) async throws -> BenchResult {
        let parts = try await composition(directory)
        let wanted = events ?? 1_000_000
        let made = try await StoreGenerator(parts: parts, seed: 1, events: wanted).run { done, wanted in
            Terminal.progress("making the log: \(done) of \(wanted) events")
        }
        var notes: [String] = []
        var seconds = 0.0
        let cpu = ProcessFigures.cpuSeconds(getpid())
        for name in Maintenance.names {
            let generation = try await parts.store.progress(name).generation
            let live = try await parts.store.readModelDigest(name, generation: generation)
            let start = NIODeadline.now()
            try await parts.maintenance.rebuild(name) { _, _ in }
            seconds += Double((NIODeadline.now() - start).nanoseconds) / 1e9
            let next = try await parts.store.progress(name).generation
            let replayed = try await parts.store.readModelDigest(name, generation: next)
            notes.append(
                live == replayed
                    ? "\(name): \(live.count) documents, equal to the live ones"
                    : "\(name): DIFFERS from the live model, \(Set(live).symmetricDifference(replayed).count) documents"
            )
        }
        let used = ProcessFigures.cpuSeconds(getpid()) - cpu
        await parts.close()
        return BenchResult(
            name: "P11 replay", work: "\(made.flights) flights, \(Maintenance.names.count) read models",
            operations: Int(made.events), seconds: seconds, perSecond: Double(made.events) / seconds,
            cpuMicroseconds: used / Double(max(1, made.events)) * 1e6,
            peakRSSMegabytes: ProcessFigures.peakRSSMegabytes(getpid()), notes: notes)
    }
}
