import Domain
import Foundation
import Protocols

/// P15: each codec alone over its captured frames, without server and store.
struct DecodeBench {
    /// Most that reading one position may cost.
    static let goalMicroseconds = 10.0
    /// Processor time spent on each codec and kind of frame, in seconds; a third of it warms up.
    let budget: Double
    /// `Fixtures/wire`: a folder for each adapter.
    let fixtures: String

    /// The airline of the captured frames.
    private static let site: TrackerSite = {
        var site = TrackerSite()
        site.name = "Virtual Meridian"
        site.codes = ["VMS"]
        site.iata = "VM"
        site.root = "https://va.example/acars/demo/"
        return site
    }()

    /// - Returns: Two results an adapter, its whole corpus and its positions alone; one where no frame is a position.
    func results() throws -> [BenchResult] {
        var results: [BenchResult] = []
        for type in AdapterRegistry.all {
            let adapter = type.init()
            let frames = try corpus(type.id)
            guard !frames.isEmpty else { throw SettingsError("\(fixtures)/\(type.id) holds no frames") }
            var all = measured("P15 decode \(type.id)", adapter, frames, positions: nil)
            all.work = "\(frames.count) frames, \(Self.bytes(frames)) bytes"
            results.append(all)
            let reports = frames.filter { Self.positions(adapter.decode($0)) > 0 }
            guard !reports.isEmpty else { continue }
            let count = reports.reduce(0) { $0 + Self.positions(adapter.decode($1)) }
            var one = measured("P15 decode \(type.id)", adapter, reports, positions: count)
            one.work = "one position (\(count) in \(reports.count) frames)"
            if let cost = one.cpuMicroseconds, cost > Self.goalMicroseconds { one.notes.append("ABOVE 10 µs") }
            results.append(one)
        }
        return results
    }

    private func corpus(_ id: AdapterID) throws -> [RawFrame] {
        let folder = "\(fixtures)/\(id)"
        let received = Timestamp(milliseconds: 1_795_262_400_000)
        guard let files = try? FileManager.default.contentsOfDirectory(atPath: folder) else {
            throw SettingsError("\(folder) cannot be read: give --fixtures, the folder Fixtures/wire of the sources")
        }
        return try files.filter { $0.hasSuffix(".raw") }.sorted().compactMap { file in
            let bytes = try Data(contentsOf: URL(fileURLWithPath: "\(folder)/\(file)"))
            return RawFrame(captured: Array(bytes), receivedAt: received, site: Self.site)
        }
    }

    private static func bytes(_ frames: [RawFrame]) -> Int {
        frames.reduce(0) { $0 + $1.path.utf8.count + $1.query.utf8.count + $1.body.count }
    }

    private static func positions(_ frame: DecodedFrame) -> Int {
        guard case .success(.progress(_, let progress)) = frame.outcome else { return 0 }
        return progress.positions.count
    }

    /// - Parameter positions: In all frames together, to count them in place of the frames.
    private func measured(
        _ name: String, _ adapter: any TrackerAdapter, _ frames: [RawFrame], positions: Int?
    ) -> BenchResult {
        _ = spend(budget / 3, adapter, frames)
        // The median of five: other work of the machine shows in the processor's time through its caches.
        let slices = (0..<5).map { _ in spend(budget * 2 / 15, adapter, frames) }.sorted { $0.each < $1.each }
        let middle = slices[2]
        let units = Double(positions ?? frames.count)
        let microseconds = middle.each / units * 1e6
        var result = BenchResult(
            name: name, work: "", operations: slices.reduce(0) { $0 + $1.rounds } * Int(units),
            seconds: slices.reduce(0) { $0 + $1.seconds }, perSecond: 1e6 / microseconds,
            cpuMicroseconds: microseconds)
        let rate = Double(Self.bytes(frames)) / middle.each
        result.bytesPerCPUSecond = rate
        result.notes = [String(format: "%.1f MB per CPU-second", rate / 1e6)]
        if let each = allocations(adapter, frames) {
            result.allocationsEach = each / units
            result.notes.append(String(format: "%.1f allocations", each / units))
        }
        return result
    }

    /// Decodes the frames again and again for a time.
    /// - Returns: Rounds over all frames, the processor time of this thread, and that of one round, in seconds.
    private func spend(
        _ seconds: Double, _ adapter: any TrackerAdapter, _ frames: [RawFrame]
    ) -> (rounds: Int, seconds: Double, each: Double) {
        var rounds = 0
        let start = Self.processorSeconds
        var used = 0.0
        while used < seconds || rounds == 0 {
            for frame in frames { _ = adapter.decode(frame) }
            rounds += 1
            used = Self.processorSeconds - start
        }
        return (rounds, used, used / Double(rounds))
    }

    private static var processorSeconds: Double {
        var time = timespec()
        clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
        return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
    }

    /// Allocations of one round; nil unless `Benchmarks/C/allocations.c` was preloaded to count them.
    private func allocations(_ adapter: any TrackerAdapter, _ frames: [RawFrame]) -> Double? {
        guard let symbol = dlsym(nil, "albatross_allocations") else { return nil }
        // SAFETY: the only definition of this name takes nothing and returns an unsigned 64-bit integer.
        let count = unsafeBitCast(symbol, to: (@convention(c) () -> UInt64).self)
        let rounds = 100
        let before = count()
        for _ in 0..<rounds { for frame in frames { _ = adapter.decode(frame) } }
        return Double(count() - before) / Double(rounds)
    }
}
