import Application
import Domain
import EventSchema
import HTTPTypes
import HummingbirdCore
import Ingest
import Logging
import Secrets
import Server
import ServiceLifecycle
import UnixSignals

/// The roles of this process: listener, trackers' ingest, projections, judging, query server.
struct RunningServer {
    let group: ServiceGroup
    /// `127.0.0.1:8080`, with the port that was really bound.
    let address: String
    /// Whether what is answered rests on the whole log.
    let isReady: @Sendable () -> Bool

    /// Binds and puts the services together; nothing is served before ``ServiceGroup/run()``.
    static func prepare(_ parts: Composition) async throws -> RunningServer {
        parts.airports.load()
        let (host, port) = try splitAddress(parts.settings.http)
        let roles = parts.settings.roles
        let trackers: TrackerEndpoint?
        let notes = parts.trackerNotes()
        let gateway = parts.trackerGateway(notes)
        if roles.contains(.ingest) {
            let routes = TenantRoutes(directory: parts.directory, adapters: parts.adapters)
            trackers = TrackerEndpoint(routes: routes, gateway: gateway, now: Composition.now)
            parts.tail.observe { envelope, event in gateway.observe(envelope, event) }
            parts.tail.observe { envelope, event in routes.observe(envelope, event) }
        } else {
            trackers = nil
        }
        let queries = queryServer(parts, gateway)
        parts.tail.observe { envelope, event in queries.observe(envelope, event) }
        let listener: HTTPListener
        do {
            listener = try await HTTPListener.bind(
                host: host, port: port, logger: parts.logger,
                responder: { request, peer in
                    if let answer = await trackers?.respond(to: request, peer: peer) { return answer }
                    return await withTaskExecutorPreference(globalConcurrentExecutor) {
                        await queries.respond(to: request, peer: peer)
                    }
                },
                authorizeUpgrade: { head, peer in await queries.authorizeUpgrade(head, peer: peer) })
        } catch {
            throw SettingsError("cannot listen on \(parts.settings.http) (\(error)): choose another --http ADDR:PORT")
        }
        // Services end in the reverse order: the listener first, so that everything answered is also projected.
        let services: [any Service] = parts.followers() + [notes, queries, listener]
        let group = ServiceGroup(
            configuration: .init(
                services: services.map { .init(service: $0) }, gracefulShutdownSignals: [.sigterm, .sigint],
                logger: parts.logger))
        let board = parts.board
        let tail = parts.tail
        return RunningServer(group: group, address: listener.address) {
            roles.contains(.query) ? board.isReady : tail.isFresh
        }
    }

    private static func queryServer(_ parts: Composition, _ gateway: TrackerGateway) -> QueryServer {
        var settings = QueryServer.Settings()
        settings.webRoot = parts.settings.webRoot
        settings.servesQueries = parts.settings.roles.contains(.query)
        let tail = parts.tail
        let opened = parts.opened
        let shared = parts.shared
        return QueryServer(
            directory: parts.directory, accounts: parts.accounts, queries: parts.queries, flights: parts.flights,
            board: parts.board, store: parts.store, quarantine: parts.store, airports: parts.airports,
            setUp: parts.trackerSetUp(), secret: parts.secret.derived(for: "access-tokens").bytes, settings: settings,
            logger: parts.logger,
            now: Composition.now,
            metrics: {
                let lines =
                    gateway.counters.lines + shared.metrics() + [
                        "albatross_store_queue \(opened.queueDepth())", "albatross_parked_flights \(tail.parked)",
                    ]
                return lines.map { $0 + "\n" }.joined()
            },
            hindrance: { tail.isFresh ? nil : "the end of the log was not seen for more than five seconds" })
    }

    /// `ADDR:PORT`; an IPv6 address stands in brackets.
    static func splitAddress(_ text: String) throws -> (host: String, port: Int) {
        guard let colon = text.lastIndex(of: ":"), let port = Int(text[text.index(after: colon)...]),
            (0...65_535).contains(port), colon != text.startIndex
        else { throw SettingsError("--http \(text) is no ADDR:PORT: write e.g. 127.0.0.1:8080") }
        let host = text[..<colon]
        if host.hasPrefix("["), host.hasSuffix("]") { return (String(host.dropFirst().dropLast()), port) }
        return (String(host), port)
    }
}
