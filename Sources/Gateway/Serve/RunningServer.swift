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
    /// The same for TLS; nil without.
    let secureAddress: String?
    /// Whether what is answered rests on the whole log.
    let isReady: @Sendable () -> Bool

    /// Binds and puts the services together; nothing is served before ``ServiceGroup/run()``.
    static func prepare(_ parts: Composition) async throws -> RunningServer {
        parts.airports.load()
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
        let proxies: TrustedProxies
        let certificate: ServerCertificate?
        do {
            proxies = try TrustedProxies(parts.settings.trustedProxies)
            certificate = try Self.certificate(parts)
        } catch let error as TrustedProxies.Failure {
            throw SettingsError("--trusted-proxy: \(error)")
        } catch let error as ServerCertificate.Failure {
            throw SettingsError("\(error)")
        }
        func listen(_ option: String, _ address: String, _ certificate: ServerCertificate?) async throws -> HTTPListener
        {
            let (host, port) = try splitAddress(address, option: option)
            do {
                return try await HTTPListener.bind(
                    host: host, port: port, certificate: certificate, logger: parts.logger,
                    responder: { request, peer in
                        var head = request.head
                        let client = proxies.client(&head, peer: peer)
                        let request = Request(head: head, body: request.body)
                        if let answer = await trackers?.respond(to: request, peer: client) { return answer }
                        return await withTaskExecutorPreference(globalConcurrentExecutor) {
                            await queries.respond(to: request, peer: client)
                        }
                    },
                    authorizeUpgrade: { head, peer in
                        var head = head
                        let client = proxies.client(&head, peer: peer)
                        return await queries.authorizeUpgrade(head, peer: client)
                    })
            } catch {
                throw SettingsError("cannot listen on \(address) (\(error)): choose another \(option) ADDR:PORT")
            }
        }
        let listener = try await listen("--http", parts.settings.http, nil)
        var secure: HTTPListener?
        if let address = parts.settings.https, let certificate {
            secure = try await listen("--https", address, certificate)
        }
        // Services end in the reverse order: the listener first, so that everything answered is also projected.
        var services: [any Service] = parts.followers() + [notes, queries, listener]
        if let secure, let certificate { services += [certificate, secure] }
        let group = ServiceGroup(
            configuration: .init(
                services: services.map { .init(service: $0) }, gracefulShutdownSignals: [.sigterm, .sigint],
                logger: parts.logger))
        let board = parts.board
        let tail = parts.tail
        return RunningServer(group: group, address: listener.address, secureAddress: secure?.address) {
            roles.contains(.query) ? board.isReady : tail.isFresh
        }
    }

    private static func certificate(_ parts: Composition) throws -> ServerCertificate? {
        let settings = parts.settings
        switch (settings.https, settings.tlsCertificate, settings.tlsKey) {
        case (nil, nil, nil): return nil
        case (.some, .some(let chain), .some(let key)):
            return try ServerCertificate(chain: chain, key: key, logger: parts.logger)
        default: throw SettingsError("--https, --tls-cert and --tls-key go together: set all three or none")
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
    static func splitAddress(_ text: String, option: String = "--http") throws -> (host: String, port: Int) {
        guard let colon = text.lastIndex(of: ":"), let port = Int(text[text.index(after: colon)...]),
            (0...65_535).contains(port), colon != text.startIndex
        else { throw SettingsError("\(option) \(text) is no ADDR:PORT: write e.g. 127.0.0.1:8080") }
        let host = text[..<colon]
        if host.hasPrefix("["), host.hasSuffix("]") { return (String(host.dropFirst().dropLast()), port) }
        return (String(host), port)
    }
}
