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

/// Every role in one process: listener, trackers' ingest, projections, judging, query server.
struct RunningServer {
    let group: ServiceGroup
    /// `127.0.0.1:8080`, with the port that was really bound.
    let address: String

    /// Binds and puts the services together; nothing is served before ``ServiceGroup/run()``.
    static func prepare(_ parts: Composition) async throws -> RunningServer {
        let (host, port) = try splitAddress(parts.settings.http)
        let gateway = parts.trackerGateway()
        let routes = TenantRoutes(directory: parts.directory)
        let trackers = TrackerEndpoint(routes: routes, gateway: gateway, now: Composition.now)
        var settings = QueryServer.Settings()
        settings.webRoot = parts.settings.webRoot
        let store = parts.store
        let opened = parts.opened
        let queries = QueryServer(
            directory: parts.directory, accounts: parts.accounts, queries: parts.queries, flights: parts.flights,
            board: parts.board, store: store, quarantine: store, airports: parts.airports,
            secret: parts.secret.derived(for: "access-tokens").bytes,
            settings: settings, logger: parts.logger, now: Composition.now,
            metrics: {
                (gateway.counters.lines + ["albatross_store_queue \(opened.queueDepth())"])
                    .map { $0 + "\n" }.joined()
            })
        let listener: HTTPListener
        do {
            listener = try await HTTPListener.bind(
                host: host, port: port, logger: parts.logger,
                responder: { request, peer in
                    if let answer = await trackers.respond(to: request, peer: peer) { return answer }
                    return await queries.respond(to: request, peer: peer)
                },
                authorizeUpgrade: { head, peer in await queries.authorizeUpgrade(head, peer: peer) })
        } catch {
            throw SettingsError("cannot listen on \(parts.settings.http) (\(error)): choose another --http ADDR:PORT")
        }
        let projector = parts.projector(.keepsModel)
        parts.tail.observe { envelope, event in gateway.observe(envelope, event) }
        parts.tail.observe { envelope, event in routes.observe(envelope, event) }
        parts.tail.observe { envelope, event in queries.observe(envelope, event) }
        // Services end in the reverse order: the listener first, so that everything answered is also projected.
        let group = ServiceGroup(
            configuration: .init(
                services: [
                    .init(service: projector), .init(service: parts.evaluation()),
                    .init(service: Housekeeping(parts: parts)), .init(service: queries), .init(service: listener),
                ],
                gracefulShutdownSignals: [.sigterm, .sigint],
                logger: parts.logger))
        return RunningServer(group: group, address: listener.address)
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
