public import Application
public import Domain
public import EventSchema
public import Logging
public import Protocols
import Synchronization

/// Takes what trackers send: authenticates, turns requests into commands, answers in the tracker's own words, and only
/// after the events are durable.
public final class TrackerGateway: Sendable {
    public struct Limits: Sendable {
        /// 0 is off.
        public var credentialPerSecond: Double
        public var addressPerSecond: Double
        public init(credentialPerSecond: Double, addressPerSecond: Double) {
            self.credentialPerSecond = credentialPerSecond
            self.addressPerSecond = addressPerSecond
        }
    }

    /// Kind of the sessions that trackers get; they open nothing under `/v1`.
    static let sessionKind = "smartcars"
    static let sessionLifetime = Milliseconds.hours(24 * 7)

    let accounts: Accounts
    let directory: Directory
    let bookings: Bookings
    let flights: Flights
    let airports: any AirportDirectory
    let quarantine: any QuarantineStore
    let notes: TrackerNotes
    public let counters: IngestCounters
    let logger: Logger
    let now: @Sendable () -> Timestamp
    private let perCredential: RateLimiter
    private let perAddress: RateLimiter
    /// Open flights by pilot and key as sent: saves the hot path its look-ups. An entry that is wrong costs one look-up.
    private let bindings = Mutex<[BindingKey: FlightID]>([:])
    private let usedAirports = Mutex<[TenantID: [Airport]]>([:])

    private struct BindingKey: Hashable {
        let tenant: TenantID
        let user: UserID
        let adapter: String
        let key: FlightKey
    }
    static let bindingCapacity = 50_000

    public init(
        accounts: Accounts, directory: Directory, bookings: Bookings, flights: Flights, airports: any AirportDirectory,
        quarantine: any QuarantineStore, notes: TrackerNotes, limits: Limits, logger: Logger,
        now: @escaping @Sendable () -> Timestamp
    ) {
        self.accounts = accounts
        self.directory = directory
        self.bookings = bookings
        self.flights = flights
        self.airports = airports
        self.quarantine = quarantine
        self.notes = notes
        self.logger = logger
        self.now = now
        counters = notes.counters
        perCredential = RateLimiter(perSecond: limits.credentialPerSecond, burst: limits.credentialPerSecond * 5)
        perAddress = RateLimiter(perSecond: limits.addressPerSecond, burst: limits.addressPerSecond * 5)
    }

    /// Answers one request below an adapter's root. Positions and what else a flight reports under way are worked on where the
    /// caller runs, so that they change threads as little as can be.
    /// - Parameter address: The peer's, for limits.
    public func handle(
        _ tenant: Tenant, adapter type: any TrackerAdapter.Type, _ frame: RawFrame, address: String
    ) async -> EncodedReply {
        let adapter = type.init()
        let id = type.id.rawValue
        var frame = frame
        frame.site = site(tenant, root: frame.site.root)
        counters.add("requests_total", adapter: id)
        guard let tenantID = tenant.id else { return adapter.encode(.refused(.sessionInvalid), to: frame) }
        if let wait = perAddress.take(address, at: frame.receivedAt) {
            return refuse(.tooManyRequests(retryAfterSeconds: wait), adapter, frame)
        }
        if tenant.settings.disabledAdapters.contains(id) { return refuse(.adapterOff, adapter, frame) }
        let decoded = adapter.decode(frame)
        do {
            let authentication = TrackerAuthentication(
                gateway: self, tenant: tenant, id: tenantID, adapter: type, frame: frame, address: address)
            let principal = try await authentication.principal(decoded)
            if let principal, let wait = perCredential.take("\(principal.user)", at: frame.receivedAt) {
                return refuse(.tooManyRequests(retryAfterSeconds: wait), adapter, frame)
            }
            let session = TrackerSession(
                gateway: self, tenant: tenant, id: tenantID, principal: principal, adapter: id, codec: adapter,
                frame: frame, address: address)
            switch decoded.outcome {
            case .failure(let error):
                counters.add("rejected_frames_total", adapter: id, code: error.code.rawValue)
                if error.isWorthKeeping {
                    // What asks for no session may carry a password, and in broken bytes nobody can say where it ends.
                    let kept = decoded.credential == .none ? frame.withoutBody : frame
                    try await keep(
                        tenantID, id, adapter.withoutSecrets(kept), without: decoded.credential.secrets,
                        error.code.rawValue, error.message)
                }
                if let subject = decoded.subject { try await session.demand(subject) }
                return adapter.encode(error, to: frame)
            case .success(let request):
                KillPoint.reach(.validated)
                let reply: EncodedReply
                if case .progress = request {
                    reply = adapter.encode(try await session.perform(request), to: frame)
                } else {
                    // Timetables, fleets and reports may take long to read and to write down.
                    reply = try await withTaskExecutorPreference(globalConcurrentExecutor) { [frame] in
                        adapter.encode(try await session.perform(request), to: frame)
                    }
                }
                if let principal { notes.note(tenantID, principal.user, type, frame, decoded) }
                return reply
            }
        } catch let refusal as Refusal {
            return refuse(refusal, adapter, frame)
        } catch let error as EventStoreError {
            logger.error("store failed", metadata: ["error": "\(error)", "adapter": "\(id)"])
            return refuse(.unavailable(retryAfterSeconds: 5), adapter, frame)
        } catch {
            logger.error("request failed", metadata: ["error": "\(error)", "adapter": "\(id)"])
            return refuse(.unavailable(retryAfterSeconds: 5), adapter, frame)
        }
    }

    /// What codecs need to know of the airline.
    private func site(_ tenant: Tenant, root: String) -> TrackerSite {
        var site = TrackerSite()
        site.name = tenant.name
        site.codes = tenant.codes
        site.iata = tenant.iata
        site.pilotOffset = tenant.settings.pilotOffset
        site.options = tenant.settings.trackerOptions
        site.root = root
        return site
    }

    private func refuse(_ refusal: Refusal, _ adapter: any TrackerAdapter, _ frame: RawFrame) -> EncodedReply {
        let name = "\(refusal)".prefix { $0 != "(" }
        counters.add("refused_total", adapter: Swift.type(of: adapter).id.rawValue, code: String(name))
        return adapter.encode(.refused(refusal), to: frame)
    }

    /// A frame that does not decode is durable before its answer leaves.
    func keep(
        _ tenant: TenantID, _ adapter: String, _ frame: RawFrame, without secrets: [String], _ code: String,
        _ detail: String
    ) async throws(EventStoreError) {
        let kept = QuarantinedFrame(
            id: "\(FlightID.make(at: frame.receivedAt))", adapter: adapter, code: code, detail: detail, frame, secrets)
        try await quarantine.quarantine(tenant, [kept])
    }

    // MARK: What the sessions share

    func binding(_ tenant: TenantID, _ user: UserID, _ adapter: String, _ key: FlightKey) -> FlightID? {
        bindings.withLock { $0[BindingKey(tenant: tenant, user: user, adapter: adapter, key: key)] }
    }
    func bind(_ tenant: TenantID, _ user: UserID, _ adapter: String, _ key: FlightKey, to flight: FlightID?) {
        bindings.withLock { bindings in
            if bindings.count >= Self.bindingCapacity { bindings.removeAll(keepingCapacity: true) }
            bindings[BindingKey(tenant: tenant, user: user, adapter: adapter, key: key)] = flight
        }
    }

    /// Airports that the tenant's flights use, charters included: a client draws no flight whose airports it was not told.
    func airports(_ tenant: TenantID) async throws(EventStoreError) -> [Airport] {
        if let known = usedAirports.withLock({ $0[tenant] }) { return known }
        var codes = Set<ICAOLocation>()
        var before: Int?
        repeat {
            let page = try await directory.schedules(tenant, before: before, limit: 1000, withCharters: true)
            for entry in page.entries {
                codes.insert(entry.departure)
                codes.insert(entry.arrival)
            }
            before = page.next
        } while before != nil
        let found = codes.sorted().compactMap { airports.airport($0) }
        usedAirports.withLock { known in
            if known.count > 1000 { known.removeAll() }
            known[tenant] = found
        }
        return found
    }

    /// Called for every event of the log, in order.
    public func observe(_ envelope: EventEnvelope, _ event: DomainEvent) {
        if case .schedule = event { usedAirports.withLock { $0[envelope.stream.tenant] = nil } }
    }
}

extension QuarantinedFrame {
    /// The frame as it may be kept: without secrets, and no longer than 64 KiB.
    init(id: String, adapter: String, code: String, detail: String, _ frame: RawFrame, _ secrets: [String]) {
        self.init(
            id: id, adapter: adapter, code: code, detail: detail, method: frame.method,
            path: redactedPath(frame, without: secrets),
            bytes: Array(redacted(frame, without: secrets).prefix(65_536)), receivedAt: frame.receivedAt)
    }
}
