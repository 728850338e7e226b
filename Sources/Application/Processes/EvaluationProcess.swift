public import Domain
import EventSchema
public import Logging
public import ServiceLifecycle
public import Validation

/// Judges filed reports: after the filing was stored and answered, never before (decisions D1). Evidence that arrives
/// after a judgement is judged again.
public struct EvaluationProcess: Service {
    let store: any EventStore
    let models: any ReadModelStore
    let executor: CommandExecutor
    let directory: Directory
    let evaluator: Evaluator
    let capabilities: @Sendable (String) -> AdapterCapabilities
    let logger: Logger

    /// Its checkpoint's name; its documents are the fingerprints that duplicates are found by.
    static let name = "evaluation"
    static let fingerprintKind = "fingerprint"
    /// Key `slot/cell/flight`, or `of/user/number/flight` for reports of which one has no log.
    static let markKind = "mark"
    /// Key: flight id; the value is a ``ParkedStream``.
    static let parkedKind = "parked"

    public init(
        store: any EventStore, models: any ReadModelStore, executor: CommandExecutor, directory: Directory,
        evaluator: Evaluator, capabilities: @escaping @Sendable (String) -> AdapterCapabilities, logger: Logger
    ) {
        self.store = store
        self.models = models
        self.executor = executor
        self.directory = directory
        self.evaluator = evaluator
        self.capabilities = capabilities
        self.logger = logger
    }

    public func run() async throws {
        await persistently("evaluation", logger) { try await follow() }
    }

    private func follow() async throws {
        let progress = try await models.progress(Self.name)
        var position = progress.position
        var saved = position
        let reader = LogReader(store: store)
        var pace = Pace(.milliseconds(50))
        let signal = Signal()
        async let pump: Void = signal.pump(store.commits())
        while !Task.isCancelled {
            let page = try await reader.page(after: position, limit: 2000)
            var writes: [(TenantID, DocumentWrite)] = []
            let due = page.events.filter { $0.event.type == "pirep.filed" }
            for start in stride(from: 0, to: due.count, by: Self.atOnce) {
                try Task.checkCancellation()
                let chunk = due[start..<min(due.count, start + Self.atOnce)]
                writes += try await judgeOrPark(chunk.map { ($0.stream.tenant, FlightID($0.stream.id)) })
            }
            position = page.position
            if !due.isEmpty || position - saved > 20_000 {
                try await models.commit(
                    Self.name, generation: progress.generation, partitions: Partitions.all, writes: writes,
                    checkpoint: position)
                saved = position
            }
            if page.isEnd {
                await signal.wait(atMost: .seconds(1))
                await pace.wait()
            }
        }
        await pump
    }

    /// Reports whose evidence cannot be read stop nobody else: after a few tries they are left aside (decisions A9), to
    /// be judged by `pirep re-run` once what is wrong was mended.
    private func judgeOrPark(
        _ reports: [(TenantID, FlightID)]
    ) async throws -> [(TenantID, DocumentWrite)] {
        do { return try await judge(reports) } catch let error where Self.isOfTheReport(error) {
            guard reports.count == 1, let (tenant, flight) = reports.first else {
                var writes: [(TenantID, DocumentWrite)] = []
                for report in reports { writes += try await judgeOrPark([report]) }
                return writes
            }
            logger.error("a report cannot be judged", metadata: ["flight": "\(flight)", "error": "\(error)"])
            let parked = ParkedStream(category: .pirep, version: 1, position: 0, error: "\(error)")
            return [(tenant, .put(kind: Self.parkedKind, key: "\(flight)", value: DocumentCoding.encode(parked)))]
        }
    }

    private static func isOfTheReport(_ error: any Error) -> Bool {
        if error is EventSchemaError { return true }
        if case .corrupted? = error as? EventStoreError { return true }
        return false
    }

    /// Reports that are read and judged side by side.
    private static let atOnce = 32

    /// A report with everything that it is judged by.
    private struct Case: Sendable {
        let tenant: TenantID
        var input: EvaluationInput
        let marks: [String]

        /// What it has in common with the reports that it is compared with.
        var ties: [String] { marks.map { "\(tenant)/\($0)" } }
    }

    /// Judges reports as the evidence stands now; all of them or, when the store fails, none is marked done.
    /// - Returns: The fingerprints to keep.
    private func judge(_ reports: [(TenantID, FlightID)]) async throws -> [(TenantID, DocumentWrite)] {
        let cases = try await withThrowingTaskGroup(of: (Int, Case?).self) { group in
            for (index, (tenant, flight)) in reports.enumerated() {
                group.addTask { (index, try await self.read(tenant, flight)) }
            }
            var found = [Case?](repeating: nil, count: reports.count)
            for try await (index, one) in group { found[index] = one }
            return found.compactMap { $0 }
        }
        let shared = cases.flatMap(\.ties).reduce(into: [String: Int]()) { $0[$1, default: 0] += 1 }
        func isAlone(_ one: Case) -> Bool { one.ties.allSatisfy { shared[$0] == 1 } }
        var judged = await withTaskGroup(of: (Case, Judgement).self) { group in
            for one in cases where isAlone(one) {
                group.addTask { (one, self.evaluator.evaluate(one.input, ruleset: .balanced)) }
            }
            var judged: [(one: Case, judgement: Judgement, entry: EarlierReport)] = []
            for await (one, judgement) in group { judged.append((one, judgement, Self.entry(one, judgement))) }
            return judged
        }
        // One that may show the same flight as another of these is judged after it.
        for var one in cases where !isAlone(one) {
            let others = judged.filter { $0.one.tenant == one.tenant }.map(\.entry)
            one.input.earlier = Self.before(one.input.report, others + one.input.earlier)
            let judgement = evaluator.evaluate(one.input, ruleset: .balanced)
            judged.append((one, judgement, Self.entry(one, judgement)))
        }
        let decisions = judged.map { ($0.one.tenant, $0.one.input.report.flight, $0.judgement) }
        try await withThrowingTaskGroup(of: Void.self) { group in
            for (tenant, flight, judgement) in decisions {
                group.addTask {
                    _ = try await self.executor.transact(tenant) { transaction in
                        try transaction.perform(PIREP.self, flight.uuid, .judge(judgement))
                    }
                }
            }
            try await group.waitForAll()
        }
        return judged.flatMap { one, _, entry in
            [
                (
                    one.tenant,
                    .put(kind: Self.fingerprintKind, key: "\(entry.flight)", value: DocumentCoding.encode(entry))
                )
            ]
                + one.marks.map { (one.tenant, .put(kind: Self.markKind, key: "\($0)/\(entry.flight)", value: [])) }
        }
    }

    private static func entry(_ one: Case, _ judgement: Judgement) -> EarlierReport {
        let (opening, report) = (one.input.opening, one.input.report)
        return EarlierReport(
            flight: report.flight, user: report.user, filedAt: report.filedAt, flightNumber: opening.flightNumber,
            departure: opening.departure, arrival: opening.arrival,
            out: judgement.figures.out ?? report.content.details.out,
            inBlock: judgement.figures.inBlock ?? report.content.details.inBlock,
            track: Evaluator.fingerprint(of: one.input.samples))
    }

    private func read(_ tenant: TenantID, _ flight: FlightID) async throws -> Case? {
        guard var input = try await evidence(tenant, flight) else { return nil }
        let number = Evaluator.key(flightNumber: input.opening.flightNumber)
        let marks = Self.marks(of: input.samples) + ["of/\(input.report.user)/\(number)"]
        input.earlier = Self.before(input.report, try await stored(tenant, marks))
        return Case(tenant: tenant, input: input, marks: marks)
    }

    /// Judges one report again by what is stored now. The same evidence under the same ruleset changes nothing, and a
    /// person's decision stands.
    public func judgeAgain(_ tenant: TenantID, _ flight: FlightID) async throws {
        // Its fingerprint is kept since the first judgement.
        _ = try await judge([(tenant, flight)])
    }

    /// Everything an evaluation reads, as stored, without earlier reports.
    private func evidence(_ tenant: TenantID, _ flight: FlightID) async throws -> EvaluationInput? {
        let (pirep, _) = try await executor.read(PIREP.self, tenant, flight.uuid)
        guard let report = pirep.report else { return nil }
        var opening: FlightOpening?
        var samples: [PositionSample] = []
        var version: Int64 = 0
        let stream = StreamName(tenant, Flight.category, flight.uuid)
        while true {
            let page = try await store.readStream(stream, after: version, limit: 1000)
            for envelope in page {
                switch try EventCodec.decode(envelope.event) {
                case .flight(.opened(let details)): opening = details
                case .flight(.positionsRecorded(let more, _)): samples += more
                default: break
                }
                version = envelope.version
            }
            if page.count < 1000 { break }
        }
        guard let opening else { return nil }
        var flown = opening.aircraft
        if let number = report.content.aircraft, number != flown?.number {
            flown = try await directory.aircraft(tenant, number: number) ?? flown
        }
        return EvaluationInput(
            opening: opening, report: report, samples: samples.track, capabilities: capabilities(opening.adapter),
            flightVersion: version, earlier: [], flownAircraft: flown
        )
    }

    /// Of one mark, the latest first.
    private static let candidateLimit = 100

    /// Reports that may show the same flight: they share a mark.
    private func stored(_ tenant: TenantID, _ marks: [String]) async throws -> [EarlierReport] {
        var candidates = Set<String>()
        for mark in marks {
            let page = try await models.documents(
                tenant, Self.name, kind: Self.markKind,
                DocumentRange(prefix: mark + "/", descending: true, limit: Self.candidateLimit))
            for document in page { candidates.insert(String(document.key.dropFirst(mark.count + 1))) }
        }
        var found: [EarlierReport] = []
        for key in candidates {
            guard let bytes = try await models.document(tenant, Self.name, kind: Self.fingerprintKind, key: key),
                let entry = DocumentCoding.decode(EarlierReport.self, bytes)
            else { continue }
            found.append(entry)
        }
        return found
    }

    /// Those that were filed before a report, each once, in the order of filing.
    private static func before(_ report: FiledReport, _ others: [EarlierReport]) -> [EarlierReport] {
        let own = (report.filedAt, report.flight.description)
        var seen: Set<FlightID> = [report.flight]
        return others.filter { ($0.filedAt, $0.flight.description) < own && seen.insert($0.flight).inserted }
            .sorted { ($0.filedAt, $0.flight.description) < ($1.filedAt, $1.flight.description) }
    }

    /// Where the flight was at every full five minutes (the first sample at or after them) and at its start, as slot and
    /// half-degree cell: two records of one flight share nearly all of them.
    static func marks(of samples: [PositionSample]) -> [String] {
        let ordered = samples.sorted { $0.eventTime < $1.eventTime }
        var marks: [String] = []
        var last: Int64?
        for sample in ordered {
            let slot = sample.eventTime.milliseconds / 300_000
            guard slot != last else { continue }
            last = slot
            let latitude = Int((sample.position.latitude * 2).rounded(.down))
            let longitude = Int((sample.position.longitude * 2).rounded(.down))
            marks.append("\(slot)/\(latitude),\(longitude)")
        }
        // Two dozen spread over the flight find a duplicate as surely as all of them.
        guard marks.count > 24 else { return marks }
        return (0..<24).map { marks[$0 * marks.count / 24] }
    }
}
