import Application
import CReferenceData
import Domain
import EventSchema
import Ingest
import Logging
import Protocols
import Secrets
import StoreSQLite
import Validation

#if canImport(FoundationEssentials)
import FoundationEssentials
#else
import Foundation
#endif

/// The parts of one process, put together: the only place that names a concrete store.
final class Composition: Sendable {
    let settings: Settings
    let store: SQLiteStore
    let executor: CommandExecutor
    let directory: Directory
    let administration: Administration
    let bookings: Bookings
    let flights: Flights
    let queries: FlightQueries
    let maintenance: Maintenance
    let accounts: Accounts
    let board: LiveBoard
    let airports: WorldAirports
    let evaluator: Evaluator
    let passwords: any PasswordHashing
    let tokens: any TokenHashing
    /// The server's own secret; keys of one purpose are derived from it.
    let secret: ServerSecret
    let logger: Logger

    /// Milliseconds of the system's clock.
    static let now: @Sendable () -> Timestamp = {
        Timestamp(milliseconds: Int64((Date().timeIntervalSince1970 * 1000).rounded(.down)))
    }

    /// Opens the store (creating and migrating it) and makes the parts.
    init(settings: Settings, logger: Logger) throws {
        self.settings = settings
        self.logger = logger
        let now = Self.now
        store = try SQLiteStore.open(directory: settings.data, now: now)
        secret = try ServerSecret.load(directory: settings.data)
        tokens = KeyedHash(secret)
        passwords = PasswordHasher()
        airports = Self.worldAirports()
        executor = CommandExecutor(store: store, now: now)
        directory = Directory(store: store)
        administration = Administration(executor: executor, store: store)
        bookings = Bookings(executor: executor, store: store, airports: airports)
        flights = Flights(executor: executor, store: store, airports: airports) { _ in Ruleset.balanced.reference }
        queries = FlightQueries(store: store, models: store)
        maintenance = Maintenance(store: store, models: store)
        accounts = Accounts(
            directory: directory, sessions: store, passwords: passwords, tokens: tokens,
            loginsPerMinute: settings.limitLoginsPerMinute, now: now)
        board = LiveBoard(now: now)
        evaluator = Evaluator(airports: airports)
    }

    /// What a tracker's protocol can carry, by adapter id as stored with a flight.
    static let capabilities: @Sendable (String) -> AdapterCapabilities = { id in
        AdapterRegistry.adapter(id)?.capabilities ?? AdapterCapabilities([:])
    }

    func trackerGateway() -> TrackerGateway {
        TrackerGateway(
            accounts: accounts, directory: directory, bookings: bookings, flights: flights, airports: airports,
            quarantine: store,
            limits: TrackerGateway.Limits(
                credentialPerSecond: settings.limitCredentialPerSecond,
                addressPerSecond: settings.limitAddressPerSecond),
            logger: logger, now: Self.now)
    }

    /// - Parameter observers: Told of every event soon after its commit.
    func projector(observers: [@Sendable (EventEnvelope, DomainEvent) -> Void]) -> Projector {
        let accounts = accounts
        let executor = executor
        return Projector(
            store: store, models: store, directory: directory, board: board, logger: logger,
            observers: [
                { envelope, event in accounts.observe(envelope, event) },
                { envelope, _ in executor.observe(envelope.stream, version: envelope.version) },
            ] + observers)
    }

    func evaluation() -> EvaluationProcess {
        EvaluationProcess(
            store: store, models: store, executor: executor, directory: directory, evaluator: evaluator,
            capabilities: Self.capabilities, logger: logger)
    }

    static func worldAirports() -> WorldAirports {
        var length = 0
        guard let bytes = alb_airports_tsv(&length) else { return WorldAirports([], version: "none") }
        let text = bytes.withMemoryRebound(to: UInt8.self, capacity: length) {
            String(decoding: UnsafeBufferPointer(start: $0, count: length), as: UTF8.self)
        }
        return WorldAirports(tabSeparated: text, version: "airportsdata-20260905")
    }
}
