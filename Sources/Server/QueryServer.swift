public import Application
public import Domain
public import EventSchema
public import HTTPTypes
import Hummingbird
public import HummingbirdCore
public import Logging
public import NIOCore
import NIOWebSocket
public import ServiceLifecycle
import Synchronization

/// What becomes of a request to open a WebSocket, or an answer that goes on.
public enum UpgradeDecision: Sendable {
    /// - Parameter install: Called on the channel's event loop once its pipeline speaks WebSocket frames.
    case accept(install: @Sendable (any Channel) throws -> Void)
    /// - Parameters:
    ///   - head: Goes out first; it has no body.
    ///   - install: Called on the channel's event loop after that.
    case stream(head: Response, install: @Sendable (any Channel) throws -> Void)
    case refuse(Response)
}

/// The read side: `/v1`, the stream, the web UI, health. Answers one request at a time; the listener owns sockets.
///
/// `run()` follows the live board for the stream; without it sockets get snapshots but no changes.
public final class QueryServer: Service {
    public struct Settings: Sendable {
        /// Names this build to the pages: `Albatross-Build`.
        public var build = "dev"
        /// Open WebSockets a user may have; 0 is no limit.
        public var socketsPerUser = 4
        /// Subscriptions a socket may have.
        public var subscriptionsPerSocket = 32
        /// Serves the web UI from this folder instead of from the executable.
        public var webRoot: String?
        /// Whether `/v1`, the stream and the web UI are answered; without them only health and metrics are.
        public var servesQueries = true
        public init() {}
    }

    let directory: Directory
    let accounts: Accounts
    let queries: FlightQueries
    let flights: Flights
    let board: LiveBoard
    let store: any EventReader
    let quarantine: any QuarantineStore
    let airports: any AirportDirectory
    let setUp: TrackerSetUp
    let settings: Settings
    let logger: Logger
    let now: @Sendable () -> Timestamp
    let tokens: AccessTokens
    let recent: RecentLookups
    let access: Access
    let hub: StreamHub
    let pages: WebPages
    private let moreMetrics: @Sendable () -> String
    private let hindrance: @Sendable () -> String?
    private let isPrepared = Mutex(false)
    private let answers = Mutex<[Int: Int]>([:])

    /// - Parameters:
    ///   - secret: The server's secret; the signing key of access tokens is made from it.
    ///   - metrics: More lines for `/metrics`, each ended by a line feed.
    ///   - hindrance: Why the process is not ready, beside what the query server knows itself; nil when it is.
    public init(
        directory: Directory, accounts: Accounts, queries: FlightQueries, flights: Flights, board: LiveBoard,
        store: any EventReader, quarantine: any QuarantineStore, airports: any AirportDirectory, setUp: TrackerSetUp,
        secret: [UInt8], settings: Settings, logger: Logger, now: @escaping @Sendable () -> Timestamp,
        metrics: @escaping @Sendable () -> String = { "" }, hindrance: @escaping @Sendable () -> String? = { nil }
    ) {
        self.directory = directory
        self.accounts = accounts
        self.queries = queries
        self.flights = flights
        self.board = board
        self.store = store
        self.quarantine = quarantine
        self.airports = airports
        self.setUp = setUp
        self.settings = settings
        self.logger = logger
        self.now = now
        moreMetrics = metrics
        self.hindrance = hindrance
        tokens = AccessTokens(secret: secret, tokens: accounts.tokens)
        recent = RecentLookups(directory: directory, now: now)
        access = Access(accounts: accounts, tokens: tokens, recent: recent, now: now)
        hub = StreamHub(board: board, now: now)
        pages = WebPages(root: settings.webRoot)
    }

    public func run() async throws {
        await prepare()
        await withGracefulShutdownHandler {
            await hub.run()
        } onGracefulShutdown: {
            self.hub.closeAll()
        }
    }

    /// Called for every event of the log, in order.
    public func observe(_ envelope: EventEnvelope, _ event: DomainEvent) {
        switch event {
        case .user: recent.forget(envelope.stream.tenant, UserID(envelope.stream.id))
        case .tenant: recent.forgetTenants()
        case .apiKey: break
        case .aircraft, .schedule, .booking, .flight, .pirep: return
        }
        hub.observe(envelope, event)
    }

    private func prepare() async {
        guard !isPrepared.withLock({ $0 }) else { return }
        await tokens.prepare()
        isPrepared.withLock { $0 = true }
    }

    // MARK: Requests

    /// Answers everything that is not a tracker's. `HEAD` is answered as `GET`; the listener leaves the body out.
    /// - Parameter peer: The client's address, for the limits on log-ins.
    public func respond(to request: Request, peer: String) async -> Response {
        await prepare()
        let target = Target(request.head.path ?? "/")
        var response: Response
        do {
            response = try await answer(request, target, peer: peer)
        } catch let problem as Problem {
            response = problem.response
        } catch let error as EventStoreError {
            logger.error("store failed", metadata: ["error": "\(error)"])
            response = Problem.unavailable.response
        } catch {
            logger.error("request failed", metadata: ["error": "\(error)"])
            response = Problem(.internalServerError, "Something went wrong").response
        }
        if target.segments.first == "v1" {
            if let name = Self.buildHeader { response.headers[name] = settings.build }
            response.headers[.xContentTypeOptions] = "nosniff"
            if response.headers[.cacheControl] == nil { response.headers[.cacheControl] = "no-store" }
        }
        let status = response.status.code
        answers.withLock { $0[status, default: 0] += 1 }
        return response
    }

    static let buildHeader = HTTPField.Name("Albatross-Build")
    static let positionHeader = HTTPField.Name("Albatross-Position")

    private func answer(_ request: Request, _ target: Target, peer: String) async throws -> Response {
        let isRead = request.method == .get || request.method == .head
        let isAboutTheProcess = ["healthz", "readyz", "metrics"].contains(target.segments.first)
        guard settings.servesQueries || isAboutTheProcess else { throw Problem.notFound }
        switch target.segments.first {
        case "v1": return try await V1(server: self, request: request, target: target, peer: peer).answer()
        case "healthz" where target.segments.count == 1 && isRead: return Self.healthy
        case "readyz" where target.segments.count == 1 && isRead: return await readiness()
        case "metrics" where target.segments.count == 1 && isRead: return metrics()
        case "static":
            guard isRead else { throw Self.notAllowed("GET") }
            return pages.file(target.segments, request)
        default:
            guard WebPages.isPage(target.segments) else { throw Problem.notFound }
            guard isRead else { throw Self.notAllowed("GET") }
            return pages.page(request)
        }
    }

    static func notAllowed(_ methods: String) -> Problem {
        var problem = Problem(.methodNotAllowed, "Not this method")
        problem.headers[.allow] = methods
        return problem
    }

    private static let healthy = Response.bytes(
        Array("{\"status\":\"ok\"}".utf8), type: "application/json", headers: [.cacheControl: "no-store"])

    private func readiness() async -> Response {
        var reason: String?
        if hub.isClosing {
            reason = "the server stops"
        } else if settings.servesQueries, !board.isReady {
            reason = "the live board is being filled"
        } else if let hindrance = hindrance() {
            reason = hindrance
        } else {
            do {
                _ = try await store.head()
            } catch {
                reason = "the store cannot be read"
            }
        }
        let text = JSONText.object { text in
            text.field("status", reason == nil ? "ready" : "not ready")
            if let reason { text.field("reason", reason) }
            text.field("position", board.sequence)
        }
        return .json(text, status: reason == nil ? .ok : .serviceUnavailable, headers: [.cacheControl: "no-store"])
    }

    private func metrics() -> Response {
        var text = """
            # HELP albatross_query_responses_total Answers of the query server by status.
            # TYPE albatross_query_responses_total counter

            """
        for (status, count) in answers.withLock({ $0 }).sorted(by: { $0.key < $1.key }) {
            text += "albatross_query_responses_total{status=\"\(status)\"} \(count)\n"
        }
        text += """
            # HELP albatross_stream_sockets Open WebSockets.
            # TYPE albatross_stream_sockets gauge
            albatross_stream_sockets \(hub.socketCount)
            # HELP albatross_live_position Global position up to which the live board has seen events.
            # TYPE albatross_live_position gauge
            albatross_live_position \(board.sequence)
            # HELP albatross_ready Whether the live board is filled.
            # TYPE albatross_ready gauge
            albatross_ready \(board.isReady ? 1 : 0)

            """
        text += moreMetrics()
        return .bytes(
            Array(text.utf8), type: "text/plain; version=0.0.4; charset=utf-8", headers: [.cacheControl: "no-store"])
    }

    // MARK: Streams

    /// Decides on a `GET` with `Upgrade: websocket` and on one of `/v1/{tenant}/events`, before anything is sent.
    public func authorizeUpgrade(_ head: HTTPRequest, peer: String) async -> UpgradeDecision {
        await prepare()
        do {
            let target = Target(head.path ?? "/")
            guard settings.servesQueries, target.segments.count == 3, target.segments[0] == "v1",
                target.segments[2] == (head.headerFields[.upgrade] == nil ? "events" : "stream")
            else { throw Problem.notFound }
            let viewer = try await viewer(head, target)
            if target.segments[2] == "stream" { return .accept(install: install(viewer, .webSocket)) }
            let opening = try await opening(head, target, viewer)
            var headers: HTTPFields = [.contentType: "text/event-stream", .cacheControl: "no-store"]
            // nginx would keep events back until it has a page of them.
            if let name = HTTPField.Name("X-Accel-Buffering") { headers[name] = "no" }
            return .stream(head: Response(status: .ok, headers: headers), install: install(viewer, .events(opening)))
        } catch let problem as Problem {
            return .refuse(problem.response)
        } catch {
            return .refuse(Problem.unavailable.response)
        }
    }

    /// Who opens a stream.
    private struct Viewer: Sendable {
        let tenant: TenantID
        /// nil for a visitor.
        let principal: Principal?
        let isByKey: Bool
        let mayWatch: @Sendable (FlightID) async -> Bool
    }

    private func viewer(_ head: HTTPRequest, _ target: Target) async throws -> Viewer {
        guard let tenant = try await recent.tenant(slug: target.segments[1]), let id = tenant.id else {
            throw Problem.notFound
        }
        for origin in head.headerFields[values: .origin] where !Access.isSameOrigin(origin, authority: head.authority) {
            throw Problem(.forbidden, "Not from there", detail: "Pages of another site may not open this stream.")
        }
        let principal: Principal?
        let isByKey: Bool
        if let authorization = head.headerFields[.authorization] {
            principal = try await access.principal(id, authorization: authorization)
            isByKey = authorization.utf8.count(where: { $0 == UInt8(ascii: ".") }) != 2
        } else if let ticket = target.query["ticket"] {
            guard let found = try await accounts.takeTicket(id, ticket) else { throw Problem.unauthorized }
            principal = found
            isByKey = false
        } else {
            principal = nil
            isByKey = false
        }
        guard principal != nil || tenant.settings.livePublic else { throw Problem.unauthorized }
        guard !hub.isClosing else { throw Problem.unavailable }
        if let principal, settings.socketsPerUser > 0, hub.socketCount(id, principal.user) >= settings.socketsPerUser {
            throw Problem(
                .tooManyRequests, "Too many streams",
                detail: "At most \(settings.socketsPerUser) streams are open at a time for one user.", retryAfter: 10)
        }
        return Viewer(tenant: id, principal: principal, isByKey: isByKey) { [queries, board] flight in
            if let principal, principal.role == .pilot {
                // No answer is no permission.
                return (try? await queries.flight(id, flight))?.user == principal.user
                    || board.flight(id, flight)?.user == principal.user
            }
            if board.flight(id, flight) != nil { return true }
            guard principal != nil else { return false }
            return (try? await queries.flight(id, flight)) != nil
        }
    }

    /// What a client of server-sent events asks for by its query, as the message that a WebSocket would send.
    private func opening(_ head: HTTPRequest, _ target: Target, _ viewer: Viewer) async throws -> [UInt8] {
        let topic = target.query["topic"] ?? "live"
        var box: [Double]?
        var sequence: Int64?
        switch topic {
        case "live":
            if let text = target.query["bbox"] {
                let values = text.split(separator: ",", omittingEmptySubsequences: false).map { Double($0) ?? .nan }
                guard BoundingBox(values) != nil else {
                    throw Problem.invalid("bbox", "bbox is west,south,east,north in degrees")
                }
                box = values
            }
            sequence = (head.headerFields[Self.lastEventID] ?? target.query["seq"]).flatMap { Int64($0) }
        case "flight":
            guard let flight = target.query["id"].flatMap({ FlightID($0) }), await viewer.mayWatch(flight) else {
                throw Problem.notFound
            }
        case "review": guard viewer.principal?.role.reviews ?? false else { throw Problem.forbidden }
        default: throw Problem.invalid("topic", "topic is live, flight or review")
        }
        return JSONText.object { text in
            text.field("op", sequence == nil ? "subscribe" : "resume")
            text.field("topic", topic)
            text.field("id", target.query["id"])
            if let sequence { text.field("seq", Int(sequence)) }
            if let box { text.array("bbox") { text in for value in box { text.add(value, decimals: 6) } } }
        }.bytes
    }

    // A fixed name: it is sound.
    private static let lastEventID = HTTPField.Name("Last-Event-ID")!

    private func install(_ viewer: Viewer, _ form: StreamForm) -> @Sendable (any Channel) throws -> Void {
        let hub = hub
        let limit = settings.subscriptionsPerSocket
        return { channel in
            // A viewer that does not read must show soon, not after megabytes in the kernel.
            channel.setOption(.socketOption(.so_sndbuf), value: 64 * 1024).whenFailure { _ in }
            try channel.syncOptions?.setOption(.writeBufferWaterMark, value: .init(low: 32 * 1024, high: 128 * 1024))
            let pipeline = channel.pipeline.syncOperations
            let outlet = StreamOutlet(form)
            let connection = StreamConnection(
                tenant: viewer.tenant, principal: viewer.principal, isByKey: viewer.isByKey, hub: hub, outlet: outlet,
                subscriptionLimit: limit, mayWatch: viewer.mayWatch)
            // Between what encodes and the socket (or TLS).
            switch form {
            case .webSocket:
                try pipeline.addHandler(
                    outlet, position: .before(try pipeline.handler(type: WebSocketFrameEncoder.self)))
                try pipeline.addHandler(connection)
            case .events:
                let gate = try pipeline.handler(type: HTTPGate.self)
                try pipeline.addHandler(outlet, position: .before(gate))
                try pipeline.addHandler(connection, position: .after(gate))
            }
        }
    }
}
