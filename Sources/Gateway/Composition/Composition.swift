import Application
import Domain
import EventSchema
import Ingest
import Logging
import Protocols
import Secrets
import ServiceLifecycle
import Validation

#if canImport(FoundationEssentials)
import FoundationEssentials
#else
import Foundation
#endif

/// The parts of one process, put together. This folder is the only place that names a concrete store, bus or cache.
final class Composition: Sendable {
    let settings: Settings
    /// The trackers that this process speaks with.
    let adapters: AdapterRegistry
    let opened: OpenedStore
    /// What this process shares with others.
    let shared: SharedParts
    var store: any CompleteStore { opened.store }
    let executor: CommandExecutor
    let directory: Directory
    let administration: Administration
    let bookings: Bookings
    let flights: Flights
    let queries: FlightQueries
    let maintenance: Maintenance
    let accounts: Accounts
    let board: LiveBoard
    let tail: LogTail
    let airports = BuiltInAirports()
    let evaluator: Evaluator
    let passwords: any PasswordHashing
    let tokens: any TokenHashing
    /// The server's own secret; keys of one purpose are derived from it.
    let secret: ServerSecret
    let logger: Logger

    /// The time of day in milliseconds.
    static let now: @Sendable () -> Timestamp = { WallClock.shared.now() }

    /// Opens the store and makes the parts.
    /// - Throws: ``SettingsError``, ``StoreOpenError`` and their like: each one line for the operator.
    static func make(
        settings: Settings, logger: Logger, adapters: AdapterRegistry = AdapterRegistry()
    ) async throws -> Composition {
        let opened = try await OpenedStore.open(settings, now: now)
        do {
            let secret = try settings.secret() ?? ServerSecret.load(directory: settings.folder())
            try await opened.hold(to: secret)
            let shared = try await SharedParts.connect(settings, store: opened.store, logger: logger)
            return Composition(
                settings: settings, adapters: adapters, opened: opened, shared: shared, secret: secret, logger: logger)
        } catch {
            await opened.close()
            throw error
        }
    }

    private init(
        settings: Settings, adapters: AdapterRegistry, opened: OpenedStore, shared: SharedParts, secret: ServerSecret,
        logger: Logger
    ) {
        self.settings = settings
        self.adapters = adapters
        self.opened = opened
        self.shared = shared
        self.secret = secret
        self.logger = logger
        let now = Self.now
        let store = opened.store
        tokens = KeyedHash(secret)
        passwords = PasswordHasher()
        let hints = shared.hints
        executor = CommandExecutor(store: store, committed: { hints?.committed() }, now: now)
        directory = Directory(store: store)
        administration = Administration(executor: executor, store: store)
        bookings = Bookings(executor: executor, store: store, airports: airports)
        flights = Flights(executor: executor, store: store, airports: airports) { _ in Ruleset.balanced.reference }
        tail = LogTail()
        queries = FlightQueries(store: store, models: store, tail: tail)
        maintenance = Maintenance(store: store, models: store)
        accounts = Accounts(
            directory: directory, sessions: shared.sessions ?? store, passwords: passwords, tokens: tokens,
            loginsPerMinute: settings.limitLoginsPerMinute, now: now)
        board = LiveBoard(now: now)
        evaluator = Evaluator(airports: airports)
    }

    func trackerGateway(_ notes: TrackerNotes) -> TrackerGateway {
        TrackerGateway(
            accounts: accounts, directory: directory, bookings: bookings, flights: flights, airports: airports,
            quarantine: store, notes: notes,
            limits: TrackerGateway.Limits(
                credentialPerSecond: settings.limitCredentialPerSecond,
                addressPerSecond: settings.limitAddressPerSecond),
            logger: logger, now: Self.now)
    }

    func trackerNotes() -> TrackerNotes {
        TrackerNotes(
            quarantine: store, heard: heard, limits: TrackerNotes.Limits(samples: settings.frameSamples), logger: logger
        )
    }

    /// Past any cache of sessions: what is asked for is what another process wrote last.
    var heard: HeardTrackers { HeardTrackers(store) }

    /// What follows the log in this process, by its roles, in the order in which it starts.
    func followers() -> [any Service] {
        let accounts = accounts
        let executor = executor
        tail.observe { envelope, event in accounts.observe(envelope, event) }
        let board = board
        tail.observe { envelope, event in
            guard case .user(.erased) = event else { return }
            executor.forget(envelope.stream.tenant)
            board.forget(envelope.stream.tenant, UserID(envelope.stream.id))
        }
        tail.observeEnvelopes { envelope in executor.observe(envelope.stream, version: envelope.version) }
        var services: [any Service] = []
        if let sessions = shared.sessions {
            sessions.onEnd { tenant, user in accounts.forget(tenant, user) }
            tail.observe { envelope, event in sessions.observe(envelope, event) }
            services.append(sessions)
        }
        if let hints = shared.hints { services.append(hints) }
        let roles = settings.roles
        let duty: Projector.Duty =
            !roles.contains(.query) ? .tellsCaches : shared.bus == nil ? .keepsModel : .feedsBoard
        services.append(
            Projector(
                duty, store: store, models: store, directory: directory, board: board, tail: tail,
                hints: shared.hints, logger: logger))
        guard roles.contains(.project) else { return services }
        let evaluation = evaluation()
        let housekeeping = Housekeeping(parts: self)
        guard let bus = shared.bus else { return services + [evaluation, housekeeping] }
        let hints = shared.hints
        let relay = Relay(store: store, models: store, publisher: bus, logger: logger)
        return services + [
            ProjectionWorkers(
                store: store, models: store, directory: directory, subscriber: bus, logger: logger,
                committed: { _ in hints?.committed() }),
            Leased("relay", leases: store, logger: logger) { await relay.run() },
            Leased("evaluation", leases: store, logger: logger) { try await evaluation.run() },
            Leased("housekeeping", leases: store, logger: logger) { try await housekeeping.run() },
        ]
    }

    func erasure() -> Erasure {
        Erasure(
            executor: executor, store: store, sessions: shared.sessions ?? store, rewriter: opened.rewriter,
            maintenance: maintenance)
    }

    func evaluation() -> EvaluationProcess {
        let adapters = adapters
        return EvaluationProcess(
            store: store, models: store, executor: executor, directory: directory, evaluator: evaluator,
            // What a tracker's protocol can carry, by adapter id as stored with a flight.
            capabilities: { adapters.adapter($0)?.capabilities ?? AdapterCapabilities([:]) }, logger: logger)
    }

    /// Ends connections and writes what waits.
    func close() async {
        await shared.close()
        await opened.close()
    }
}
