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
    /// Key `slot/cell/flight`.
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
            if page.isEnd { await signal.wait(atMost: .seconds(1)) }
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

    /// Reports whose evidence is read side by side.
    private static let atOnce = 32

    /// Judges reports as the evidence stands now; all of them or, when the store fails, none is marked done.
    /// - Returns: The fingerprints to keep.
    private func judge(_ reports: [(TenantID, FlightID)]) async throws -> [(TenantID, DocumentWrite)] {
        let evidence = try await withThrowingTaskGroup(of: (Int, EvaluationInput?).self) { group in
            for (index, (tenant, flight)) in reports.enumerated() {
                group.addTask { (index, try await self.evidence(tenant, flight)) }
            }
            var found = [EvaluationInput?](repeating: nil, count: reports.count)
            for try await (index, input) in group { found[index] = input }
            return found
        }
        var writes: [(TenantID, DocumentWrite)] = []
        var judged: [(TenantID, EarlierReport)] = []
        var decisions: [(TenantID, FlightID, Judgement)] = []
        for (index, (tenant, flight)) in reports.enumerated() {
            guard var input = evidence[index] else { continue }
            let marks = Self.marks(of: input.samples)
            input.earlier = try await earlier(tenant, input, marks: marks, beside: judged)
            let judgement = evaluator.evaluate(input, ruleset: .balanced)
            let entry = EarlierReport(
                flight: flight, user: input.report.user, filedAt: input.report.filedAt,
                flightNumber: input.opening.flightNumber, departure: input.opening.departure,
                arrival: input.opening.arrival, out: judgement.figures.out, inBlock: judgement.figures.inBlock,
                track: Evaluator.fingerprint(of: input.samples)
            )
            judged.append((tenant, entry))
            writes.append(
                (tenant, .put(kind: Self.fingerprintKind, key: "\(flight)", value: DocumentCoding.encode(entry))))
            writes += marks.map { (tenant, .put(kind: Self.markKind, key: "\($0)/\(flight)", value: [])) }
            decisions.append((tenant, flight, judgement))
        }
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
        return writes
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

    /// Reports that were filed before and may show the same flight: they share a mark.
    private func earlier(
        _ tenant: TenantID, _ input: EvaluationInput, marks: [String], beside: [(TenantID, EarlierReport)]
    ) async throws -> [EarlierReport] {
        var candidates = Set<String>()
        for mark in marks {
            let page = try await models.documents(
                tenant, Self.name, kind: Self.markKind, DocumentRange(prefix: mark + "/", limit: 200))
            for document in page { candidates.insert(String(document.key.dropFirst(mark.count + 1))) }
        }
        var found = beside.filter { $0.0 == tenant }.map(\.1)
        for key in candidates.sorted() {
            guard let bytes = try await models.document(tenant, Self.name, kind: Self.fingerprintKind, key: key),
                let entry = DocumentCoding.decode(EarlierReport.self, bytes)
            else { continue }
            if !found.contains(where: { $0.flight == entry.flight }) { found.append(entry) }
        }
        let own = (input.report.filedAt, input.report.flight.description)
        return found.filter { $0.flight != input.report.flight && ($0.filedAt, $0.flight.description) < own }
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
