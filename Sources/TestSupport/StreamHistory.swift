public import Domain
import Synchronization

#if canImport(FoundationEssentials)
public import FoundationEssentials
#else
public import Foundation
#endif

/// What concurrent clients saw of one stream, and the proof that it was one total order (M4). Every append writes events
/// that nobody else writes, so that the stream itself says who came when, as in Elle's list-append.
public struct StreamHistory: Sendable {
    /// One call and its answer. Times count calls and answers of all clients, so that they tell what was over before
    /// something else began.
    public struct Operation: Sendable {
        public enum Outcome: Sendable {
            /// Success, with the position that was given.
            case appended(Int64)
            /// A wrong expected version; the actual one as told.
            case conflict(Int64)
            /// A read, with what it gave.
            case read([String])
            /// No answer that says whether it happened.
            case unknown
        }
        public let began: Int
        public let ended: Int
        public let expected: ExpectedVersion
        /// What it wrote; an append of nothing only demands its version.
        public let written: [String]
        public let outcome: Outcome

        public init(began: Int, ended: Int, expected: ExpectedVersion, written: [String], outcome: Outcome) {
            self.began = began
            self.ended = ended
            self.expected = expected
            self.written = written
            self.outcome = outcome
        }
    }

    /// One event as stored.
    public struct Stored: Sendable {
        public let version: Int64
        public let position: Int64
        public let text: String
        public init(version: Int64, position: Int64, text: String) {
            self.version = version
            self.position = position
            self.text = text
        }
    }

    public var operations: [Operation]
    /// The stream in the end.
    public var stored: [Stored]

    public init(operations: [Operation], stored: [Stored]) {
        self.operations = operations
        self.stored = stored
    }

    /// What an operation shows of the order: it wrote up to a version, or saw one, at some moment between two times.
    private struct Mark {
        let began: Int
        let ended: Int
        /// Twice the version, and one more for who only looked: who looks comes after who wrote.
        let rank: Int64
        let what: String
    }

    /// Looks for anything that no total order explains.
    /// - Returns: One line for each contradiction; empty when the history is sound.
    public func contradictions() -> [String] {
        var found: [String] = []
        if stored.map(\.version) != stored.indices.map({ Int64($0) + 1 }) {
            found.append("versions are not 1, 2, 3 …: \(stored.map(\.version))")
        }
        for (earlier, later) in zip(stored, stored.dropFirst()) where earlier.position >= later.position {
            found.append("version \(later.version) has no later position than the one before")
        }
        var places: [String: Int] = [:]
        for (index, event) in stored.enumerated() {
            if places.updateValue(index, forKey: event.text) != nil { found.append("\(event.text) is stored twice") }
        }

        var marks: [Mark] = []
        var explained = Set<String>()
        // Between two appends: only there can anybody have looked.
        var ends: Set<Int64> = [0]
        for operation in operations where !operation.written.isEmpty {
            let first = operation.written.first.flatMap { places[$0] }
            switch operation.outcome {
            case .appended(let position):
                guard let first else {
                    found.append("\(operation.written) was acknowledged and is not stored")
                    continue
                }
                found += isWhole(operation, at: first)
                let last = first + operation.written.count - 1
                if last < stored.count, stored[last].position != position {
                    found.append("\(operation.written) was told position \(position), not \(stored[last].position)")
                }
            case .unknown:
                guard let first else { continue }
                found += isWhole(operation, at: first)
            case .conflict, .read:
                if first != nil { found.append("\(operation.written) was refused and is stored") }
                continue
            }
            explained.formUnion(operation.written)
            guard let first else { continue }
            let version = Int64(first + operation.written.count)
            ends.insert(version)
            if !Self.allows(operation.expected, Int64(first)) {
                found.append("\(operation.written) expected \(operation.expected) and came after version \(first)")
            }
            // Nobody knows when one without an answer took effect, only that it had begun.
            var ended = operation.ended
            if case .unknown = operation.outcome { ended = .max }
            marks.append(
                Mark(began: operation.began, ended: ended, rank: 2 * version, what: "\(operation.written)"))
        }
        for event in stored where !explained.contains(event.text) { found.append("nobody wrote \(event.text)") }

        for operation in operations {
            let seen: Int64
            switch operation.outcome {
            case .read(let texts):
                seen = Int64(texts.count)
                if texts != stored.prefix(texts.count).map(\.text) {
                    found.append("a read saw \(texts.suffix(3)), which was never the stream")
                }
            case .conflict(let actual):
                seen = actual
                if Self.allows(operation.expected, actual) {
                    found.append("\(operation.expected) was refused at version \(actual), which it asks for")
                }
            case .appended where operation.written.isEmpty:
                switch operation.expected {
                case .any: continue
                case .noStream: seen = 0
                case .exactly(let version): seen = version
                }
            case .appended, .unknown: continue
            }
            if !ends.contains(seen) { found.append("somebody saw version \(seen), the middle of an append") }
            marks.append(
                Mark(
                    began: operation.began, ended: operation.ended, rank: 2 * seen + 1,
                    what: "a look at version \(seen)"))
        }
        return found + Self.disorder(marks)
    }

    private static func allows(_ expected: ExpectedVersion, _ version: Int64) -> Bool {
        switch expected {
        case .any: true
        case .noStream: version == 0
        case .exactly(let wanted): version == wanted
        }
    }

    private func isWhole(_ operation: Operation, at first: Int) -> [String] {
        let there = stored[first...].prefix(operation.written.count).map(\.text)
        return there == operation.written ? [] : ["\(operation.written) is stored as \(there)"]
    }

    /// What was over before something else began must not come after it.
    private static func disorder(_ marks: [Mark]) -> [String] {
        var found: [String] = []
        let sorted = marks.sorted { $0.rank > $1.rank }
        var earliest: Mark?
        var index = 0
        while index < sorted.count {
            // Of one rank, all before any of them counts: they may stand in any order.
            let rank = sorted[index].rank
            let group = sorted[index...].prefix { $0.rank == rank }
            for mark in group {
                if let earliest, earliest.ended < mark.began {
                    found.append("\(mark.what) began after the end of \(earliest.what), which follows it")
                }
            }
            for mark in group where mark.ended < earliest?.ended ?? .max { earliest = mark }
            index += group.count
        }
        return found
    }
}

/// Makes histories: clients that append to and read many streams at once, with expected versions that are right, outdated
/// or not asked for, and with appends of nothing.
public struct HistoryRun: Sendable {
    /// What a run has done.
    public struct Summary: Sendable, CustomStringConvertible {
        public var streams = 0
        public var appended = 0
        public var refused = 0
        public var empty = 0
        public var reads = 0
        public var contradictions: [String] = []
        public var description: String {
            "\(streams) streams, \(appended) appends, \(refused) refused, \(empty) of nothing, \(reads) reads"
        }
    }

    let stores: [any EventStore]
    let tenant: TenantID
    let streams: [StreamName]
    let clients: Int
    let steps: Int
    let seed: UInt64

    /// - Parameters:
    ///   - stores: One place, opened as often as there are processes at work; clients take them in turn.
    ///   - clients: All of them write to the first stream too.
    ///   - steps: Calls of each client.
    public init(
        stores: [any EventStore], tenant: TenantID, now: Timestamp, streams: Int = 1000, clients: Int = 32, steps: Int,
        seed: UInt64
    ) {
        self.stores = stores
        self.tenant = tenant
        self.streams = (0..<streams).map { _ in StreamName(tenant, .flight, .version7(at: now)) }
        self.clients = clients
        self.steps = steps
        self.seed = seed
    }

    private final class Clock: Sendable {
        private let count = Atomic(0)
        func tick() -> Int { count.wrappingAdd(1, ordering: .sequentiallyConsistent).newValue }
    }

    /// SplitMix64.
    private struct Random: RandomNumberGenerator {
        var state: UInt64
        mutating func next() -> UInt64 {
            state &+= 0x9E37_79B9_7F4A_7C15
            var word = state
            word = (word ^ (word >> 30)) &* 0xBF58_476D_1CE4_E5B9
            word = (word ^ (word >> 27)) &* 0x94D0_49BB_1331_11EB
            return word ^ (word >> 31)
        }
    }

    /// Runs all clients to their end, then checks every stream.
    public func run() async throws -> Summary {
        let clock = Clock()
        var histories = [[StreamHistory.Operation]](repeating: [], count: streams.count)
        try await withThrowingTaskGroup(of: [(Int, StreamHistory.Operation)].self) { group in
            for client in 0..<clients { group.addTask { try await self.work(client, clock) } }
            for try await operations in group {
                for (stream, operation) in operations { histories[stream].append(operation) }
            }
        }
        var summary = Summary()
        summary.streams = streams.count
        for (stream, operations) in zip(streams, histories) {
            let stored = try await stores[0].readStream(stream, after: 0, limit: .max).map {
                StreamHistory.Stored(
                    version: $0.version, position: $0.position,
                    text: String(decoding: $0.event.payload, as: UTF8.self))
            }
            for operation in operations {
                switch operation.outcome {
                case .appended where operation.written.isEmpty: summary.empty += 1
                case .appended: summary.appended += 1
                case .conflict: summary.refused += 1
                case .read: summary.reads += 1
                case .unknown: break
                }
            }
            let found = StreamHistory(operations: operations, stored: stored).contradictions()
            summary.contradictions += found.map { "\(stream.id): \($0)" }
        }
        return summary
    }

    private func work(_ client: Int, _ clock: Clock) async throws -> [(Int, StreamHistory.Operation)] {
        let store = stores[client % stores.count]
        var random = Random(state: seed &+ UInt64(client) &* 7919)
        var known = [Int64](repeating: 0, count: streams.count)
        var operations: [(Int, StreamHistory.Operation)] = []
        for step in 0..<steps {
            // A part of the calls goes to the first stream; the rest moves over all of them, so that clients meet.
            let index =
                Int.random(in: 0..<6, using: &random) == 0
                ? 0 : (step * streams.count / steps + Int.random(in: 0..<6, using: &random)) % streams.count
            let stream = streams[index]
            let began = clock.tick()
            if Int.random(in: 0..<4, using: &random) == 0 {
                let texts = try await store.readStream(stream, after: 0, limit: .max).map {
                    String(decoding: $0.event.payload, as: UTF8.self)
                }
                known[index] = Int64(texts.count)
                operations.append(
                    (
                        index,
                        StreamHistory.Operation(
                            began: began, ended: clock.tick(), expected: .any, written: [], outcome: .read(texts))
                    ))
                continue
            }
            let expected: ExpectedVersion =
                switch Int.random(in: 0..<10, using: &random) {
                case 0: .noStream
                case 1, 2: .any
                default: known[index] == 0 ? .noStream : .exactly(known[index])
                }
            let written = (0..<Int.random(in: 0...3, using: &random)).map { "\(client).\(step).\($0)" }
            let events = written.map {
                EncodedEvent(type: "flight.positions-recorded", schema: 1, payload: Array($0.utf8))
            }
            let outcome: StreamHistory.Operation.Outcome
            do throws(EventStoreError) {
                let position = try await store.append(
                    AppendRequest(
                        tenant: tenant, writes: [StreamWrite(stream: stream, expected: expected, events: events)],
                        correlation: stream.id))
                outcome = .appended(position)
                switch expected {
                case .any: break
                case .noStream: known[index] = Int64(written.count)
                case .exactly(let version): known[index] = version + Int64(written.count)
                }
            } catch {
                guard case .wrongExpectedVersion(_, let actual) = error else { throw error }
                outcome = .conflict(actual)
                known[index] = actual
            }
            operations.append(
                (
                    index,
                    StreamHistory.Operation(
                        began: began, ended: clock.tick(), expected: expected, written: written, outcome: outcome)
                ))
        }
        return operations
    }
}
