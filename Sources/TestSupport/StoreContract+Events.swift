import Domain
import Synchronization

#if canImport(FoundationEssentials)
import FoundationEssentials
#else
import Foundation
#endif

/// Answers of several appends, given together.
private final class Collected: Sendable {
    typealias Answer = Result<Int64, EventStoreError>
    private let answers: Mutex<[Int: Answer]> = Mutex([:])
    private let count: Int
    private let done: @Sendable ([Answer]) -> Void

    init(of count: Int, done: @escaping @Sendable ([Answer]) -> Void) {
        self.count = count
        self.done = done
    }

    func set(_ index: Int, _ answer: Answer) {
        let all = answers.withLock { answers in
            answers[index] = answer
            return answers.count == count ? answers : nil
        }
        if let all { done(all.sorted { $0.key < $1.key }.map(\.value)) }
    }
}

extension StoreContract {
    /// Appending and reading, one caller at a time.
    public static let events: [StoreCheck] = [
        StoreCheck("an empty log has head 0 and no events") { run in
            try requireEqual(try await run.store.head(), 0, "head")
            try require(try await run.log().isEmpty, "events in an empty log")
            try require(try await run.texts(run.stream()).isEmpty, "events in an unknown stream")
        },
        StoreCheck("noStream lets only the first append through") { run in
            let stream = run.stream()
            try requireEqual(try await run.append(stream, .noStream, "a", "b"), 2, "position of the last event")
            try await requireFailure(.wrongExpectedVersion(stream: stream, actual: 2), "second noStream") {
                try await run.append(stream, .noStream, "c")
            }
            try requireEqual(try await run.texts(stream), ["a", "b"], "stream")
        },
        StoreCheck("exactly lets only the true version through") { run in
            let stream = run.stream()
            try await requireFailure(.wrongExpectedVersion(stream: stream, actual: 0), "version of no stream") {
                try await run.append(stream, .exactly(1), "x")
            }
            try await run.append(stream, .exactly(0), "a")
            try await run.append(stream, .exactly(1), "b", "c")
            for wrong: Int64 in [0, 1, 2, 4] {
                try await requireFailure(.wrongExpectedVersion(stream: stream, actual: 3), "version \(wrong)") {
                    try await run.append(stream, .exactly(wrong), "x")
                }
            }
            try await run.append(stream, .exactly(3), "d")
            try requireEqual(try await run.texts(stream), ["a", "b", "c", "d"], "stream")
        },
        StoreCheck("any lets every append through") { run in
            let stream = run.stream()
            try await run.append(stream, .any, "a")
            try await run.append(stream, .any, "b")
            try requireEqual(
                try await run.store.readStream(stream, after: 0, limit: 10).map(\.version), [1, 2], "versions")
        },
        StoreCheck("a write without events checks the version and writes nothing") { run in
            let stream = run.stream()
            try await run.append(stream, .noStream, "a")
            try requireEqual(try await run.append(stream, .exactly(1)), 1, "position of the head")
            try await requireFailure(.wrongExpectedVersion(stream: stream, actual: 1), "empty write") {
                try await run.append(stream, .noStream)
            }
            try await requireFailure(.wrongExpectedVersion(stream: stream, actual: 1), "empty write beside another") {
                try await run.store.append(
                    run.request([
                        StreamWrite(stream: run.stream(), expected: .noStream, events: [run.event("x")]),
                        StreamWrite(stream: stream, expected: .exactly(2), events: []),
                    ]))
            }
            try requireEqual(try await run.store.head(), 1, "head")
        },
        StoreCheck("an append of several streams is all or nothing") { run in
            let (first, second) = (run.stream(.booking), run.stream(.pirep))
            try await run.append(second, .noStream, "taken")
            let reservation = Reservation(.filing, "f1")
            let request = run.request(
                [
                    StreamWrite(stream: first, expected: .noStream, events: [run.event("a")]),
                    StreamWrite(stream: second, expected: .noStream, events: [run.event("b")]),
                ], reserve: [(reservation, owner: run.id())], lookups: [.put(kind: "booking", key: "k", value: [1])])
            try await requireFailure(.wrongExpectedVersion(stream: second, actual: 1), "conflict in the second stream")
            {
                try await run.store.append(request)
            }
            try require(try await run.texts(first).isEmpty, "the first stream was written")
            try requireEqual(try await run.store.owner(run.tenant, of: reservation), nil, "owner")
            try requireEqual(try await run.store.lookup(run.tenant, kind: "booking", key: "k"), nil, "lookup")
            try requireEqual(try await run.store.head(), 1, "head")
            try await run.append(second, .exactly(1), "next")
            try requireEqual(try await run.log().map(\.position), [1, 2], "positions")
        },
        StoreCheck("what was decided on top of a failed append fails too, though another writer made the version fit") {
            run in
            let stream = run.stream()
            try await run.append(stream, .noStream, "theirs")
            let ours = run.request([StreamWrite(stream: stream, expected: .noStream, events: [run.event("ours")])])
            let next = run.request([
                StreamWrite(stream: stream, expected: .exactly(1), events: [run.event("next")], after: ours.fate)
            ])
            let conflict = EventStoreError.wrongExpectedVersion(stream: stream, actual: 1)
            // Both are on their way before the first is answered, as the commands of a process are.
            let results = await withCheckedContinuation { continuation in
                let results = Collected(of: 2) { continuation.resume(returning: $0) }
                run.store.submit(ours) { results.set(0, $0) }
                run.store.submit(next) { results.set(1, $0) }
            }
            for result in results { try requireEqual(result, .failure(conflict), "result") }
            let kept = run.request([StreamWrite(stream: stream, expected: .exactly(1), events: [run.event("a")])])
            _ = try await run.store.append(kept)
            _ = try await run.store.append(
                run.request([
                    StreamWrite(stream: stream, expected: .exactly(2), events: [run.event("b")], after: kept.fate)
                ]))
            try requireEqual(try await run.texts(stream), ["theirs", "a", "b"], "stream")
        },
        StoreCheck("a stream named twice in one append goes on from itself") { run in
            let stream = run.stream()
            _ = try await run.store.append(
                run.request([
                    StreamWrite(stream: stream, expected: .noStream, events: [run.event("a")]),
                    StreamWrite(stream: stream, expected: .exactly(1), events: [run.event("b")]),
                ]))
            try requireEqual(try await run.texts(stream), ["a", "b"], "stream")
        },
        StoreCheck("an event comes back as it was written, with its envelope") { run in
            let stream = run.stream(.pirep)
            let payload = (0...255).map { UInt8($0) }
            let written = [
                EncodedEvent(type: "pirep.filed", schema: 3, payload: payload),
                EncodedEvent(type: "pirep.commented", schema: 1, payload: []),
                EncodedEvent(type: "pirep.größe", schema: 2, payload: [UInt8](repeating: 7, count: 300_000)),
            ]
            let (correlation, causation) = (run.id(), run.id())
            run.clock.advance(by: .seconds(5))
            _ = try await run.store.append(
                AppendRequest(
                    tenant: run.tenant, writes: [StreamWrite(stream: stream, expected: .noStream, events: written)],
                    correlation: correlation, causation: causation))
            let found = try await run.store.readStream(stream, after: 0, limit: 10)
            try requireEqual(found.map(\.event), written, "events")
            try requireEqual(found.map(\.version), [1, 2, 3], "versions")
            try requireEqual(found.map(\.position), [1, 2, 3], "positions")
            for envelope in found {
                try requireEqual(envelope.stream, stream, "stream")
                try requireEqual(envelope.correlation, correlation, "correlation")
                try requireEqual(envelope.causation, causation, "causation")
                try requireEqual(envelope.recordedAt, run.clock.now, "recorded-at")
                try requireEqual(envelope.id.uuid.6 >> 4, 7, "version of the event id")
            }
            try requireEqual(Set(found.map(\.id)).count, 3, "different event ids")
            try requireEqual(try await run.log(), found, "the log")
            try await run.append(run.stream(), .noStream, "x")
            try requireEqual(try await run.log().last?.causation, nil, "no causation")
        },
        StoreCheck("streams and the log are read in pages") { run in
            let stream = run.stream()
            for index in 0..<25 {
                try await run.append(index % 5 == 4 ? run.stream() : stream, .any, "\(index)")
            }
            var position: Int64 = 0
            var seen: [Int64] = []
            while true {
                let page = try await run.store.readAll(after: position, limit: 7)
                seen += page.map(\.position)
                position = page.last?.position ?? position
                if page.count < 7 { break }
            }
            try requireEqual(seen, Array(1...25), "positions over pages")
            let page = try await run.store.readStream(stream, after: 3, limit: 4)
            try requireEqual(page.map(\.version), [4, 5, 6, 7], "page of a stream")
            try require(try await run.store.readStream(stream, after: 20, limit: 4).isEmpty, "page past the end")
            try require(try await run.store.readAll(after: 25, limit: 4).isEmpty, "page past the head")
        },
        StoreCheck("appends of one tenant commit in the order of submission") { run in
            let stream = run.stream()
            let texts = (0..<500).map { "\($0)" }
            try await withThrowingTaskGroup(of: Void.self) { group in
                for text in texts {
                    // Submitted here, one after the other; only the waiting is concurrent.
                    let (answers, continuation) = AsyncStream.makeStream(of: Result<Int64, EventStoreError>.self)
                    run.store.submit(
                        run.request([StreamWrite(stream: stream, expected: .any, events: [run.event(text)])])
                    ) {
                        continuation.yield($0)
                        continuation.finish()
                    }
                    group.addTask { for await answer in answers { _ = try answer.get() } }
                }
                try await group.waitForAll()
            }
            try requireEqual(try await run.texts(stream), texts, "order")
        },
        StoreCheck("a conflict fails only its own request") { run in
            let stream = run.stream()
            let results = try await withThrowingTaskGroup(of: Bool.self) { group in
                for index in 0..<200 {
                    let target = index % 2 == 0 ? stream : run.stream()
                    group.addTask {
                        do throws(EventStoreError) {
                            try await run.append(target, .noStream, "\(index)")
                            return true
                        } catch {
                            guard case .wrongExpectedVersion = error else { throw error }
                            return false
                        }
                    }
                }
                return try await group.reduce(into: 0) { $0 += $1 ? 1 : 0 }
            }
            try requireEqual(results, 101, "appends that went through")
            try requireEqual(try await run.log().map(\.position), Array(1...101), "positions")
        },
        StoreCheck("tenants do not see each other's streams, even with the same id") { run in
            let stream = run.stream()
            let foreign = StreamName(run.other, stream.category, stream.id)
            try await run.append(stream, .noStream, "mine")
            try require(try await run.texts(foreign).isEmpty, "a stream of another tenant")
            try await run.append(foreign, .noStream, "theirs")
            try await run.append(StreamName(run.tenant, .pirep, stream.id), .noStream, "report")
            try requireEqual(try await run.texts(stream), ["mine"], "own stream")
            try requireEqual(try await run.texts(foreign), ["theirs"], "other stream")
        },
        StoreCheck("what was appended is there after opening again") { run in
            let stream = run.stream()
            try await run.append(stream, .noStream, "a", "b")
            try await run.reopened { store in
                try requireEqual(try await store.head(), 2, "head")
                try requireEqual(
                    try await store.readStream(stream, after: 0, limit: 9).map(\.version), [1, 2], "versions")
                try await requireFailure(.wrongExpectedVersion(stream: stream, actual: 2), "version kept") {
                    try await store.append(
                        run.request([StreamWrite(stream: stream, expected: .noStream, events: [run.event("x")])]))
                }
            }
        },
    ]

    /// Many callers at once.
    public static let concurrency: [StoreCheck] = [
        StoreCheck("a follower sees every event once, ascending, with 8 writers") { run in
            let (writers, each) = (8, 150)
            try await withThrowingTaskGroup(of: Void.self) { group in
                for limit in [1, 7, 1000] {
                    group.addTask {
                        var position: Int64 = 0
                        var seen = Set<UUID>()
                        let commits = run.store.commits()
                        func drain() async throws {
                            while true {
                                let page = try await run.store.readAll(after: position, limit: limit)
                                for envelope in page {
                                    try require(
                                        envelope.position > position, "position \(envelope.position) after \(position)")
                                    try requireEqual(envelope.position, position + 1, "no position skipped")
                                    position = envelope.position
                                    try require(seen.insert(envelope.id).inserted, "event \(envelope.id) twice")
                                }
                                if page.count < limit { return }
                            }
                        }
                        try await drain()
                        if seen.count < writers * each {
                            for await _ in commits {
                                try await drain()
                                if seen.count >= writers * each { break }
                            }
                        }
                        try requireEqual(seen.count, writers * each, "events seen by a follower with pages of \(limit)")
                    }
                }
                for writer in 0..<writers {
                    group.addTask {
                        let tenant = writer % 2 == 0 ? run.tenant : run.other
                        let stream = run.stream(of: tenant)
                        for index in 0..<each {
                            try await run.append(stream, .exactly(Int64(index)), "\(writer) \(index)")
                        }
                    }
                }
                try await group.waitForAll()
            }
        },
        StoreCheck("concurrent histories: each of 1,000 streams is one total order") { run in try await histories(run)
        },
    ]

    /// M4: writers append with expected versions, empty writes among them, and note every answer. Each stream must then be
    /// exactly what was acknowledged, in the order of the acknowledged versions.
    private static func histories(_ run: ContractRun) async throws {
        struct Answer: Sendable {
            let stream: Int
            let version: Int64
            let position: Int64
            let text: String
        }
        let streams = (0..<1000).map { index in run.stream(of: index % 3 == 0 ? run.other : run.tenant) }
        let answers = try await withThrowingTaskGroup(of: [Answer].self) { group in
            for writer in 0..<32 {
                group.addTask {
                    var answers: [Answer] = []
                    var known = [Int64](repeating: 0, count: streams.count)
                    var random = StableHash()
                    random.combine(Int64(writer))
                    for step in 0..<100 {
                        random.combine(Int64(step))
                        // Every fourth step goes to the one stream that all 32 fight for.
                        let index = step % 4 == 0 ? 0 : Int(random.value % 1000)
                        let stream = streams[index]
                        let text = "\(writer)/\(step)"
                        for attempt in 0... {
                            known[index] += Int64(
                                try await run.store.readStream(stream, after: known[index], limit: 100_000).count)
                            // Half of the first tries believe something old on purpose.
                            let believed = max(0, known[index] - (attempt == 0 ? Int64(random.value >> 32 & 1) : 0))
                            let events = step % 10 == 9 ? [] : [run.event(text)]
                            do throws(EventStoreError) {
                                let position = try await run.store.append(
                                    run.request(
                                        [StreamWrite(stream: stream, expected: .exactly(believed), events: events)],
                                        of: stream.tenant))
                                if !events.isEmpty {
                                    answers.append(
                                        Answer(stream: index, version: believed + 1, position: position, text: text))
                                }
                            } catch {
                                guard case .wrongExpectedVersion(stream, let actual) = error else { throw error }
                                try require(actual != believed, "refused although \(actual) was right")
                                continue
                            }
                            break
                        }
                    }
                    return answers
                }
            }
            return try await group.reduce(into: []) { $0 += $1 }
        }
        let log = try await run.log()
        try requireEqual(log.count, answers.count, "stored events are the acknowledged ones")
        try requireEqual(log.map(\.position), Array(1...Int64(log.count)), "positions")
        var stored: [StreamName: [EventEnvelope]] = [:]
        for envelope in log { stored[envelope.stream, default: []].append(envelope) }
        for envelopes in stored.values {
            try requireEqual(envelopes.map(\.version), Array(1...Int64(envelopes.count)), "versions in log order")
        }
        for answer in answers {
            let envelopes = stored[streams[answer.stream]] ?? []
            try require(Int(answer.version) <= envelopes.count, "acknowledged version \(answer.version) is missing")
            let envelope = envelopes[Int(answer.version) - 1]
            try requireEqual(
                String(decoding: envelope.event.payload, as: UTF8.self), answer.text, "event at its version")
            try requireEqual(envelope.position, answer.position, "acknowledged position")
        }
    }
}
