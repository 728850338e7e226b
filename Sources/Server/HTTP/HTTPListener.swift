import Domain
public import HTTPTypes
public import HummingbirdCore
public import Logging
public import NIOCore
import NIOHTTP1
import NIOHTTPTypesHTTP1
public import NIOPosix
import NIOSSL
import NIOWebSocket
public import ServiceLifecycle
import Synchronization

/// One port for HTTP/1.1 and WebSocket.
///
/// A request is read whole on the event loop, within the limits below, and then answered by one call. Connections that
/// are slow, silent or ambiguous are ended here and cost no task.
public final class HTTPListener: Service {
    /// What one connection may take; the defaults suit trackers and browsers.
    public struct Limits: Sendable {
        /// All header fields of a request, in bytes.
        public var headers = 8 * 1024
        /// A body, in bytes; who answers wants less, and can then say so in its own words to a client that has sent all of it.
        public var body = 8 * 1024 * 1024
        /// From the connection, or the first byte of a later request, to the end of its headers.
        public var headerTime = TimeAmount.seconds(10)
        /// From the end of the headers to the end of the body.
        public var bodyTime = TimeAmount.seconds(30)
        /// Between two requests of a connection.
        public var idleTime = TimeAmount.seconds(75)
        /// A client that takes nothing of an answer for so long is cut off.
        public var sendTime = TimeAmount.seconds(60)
        /// Requests under way get this long at shutdown.
        public var shutdownTime = TimeAmount.seconds(4)
        /// Connections that the kernel holds until they are taken.
        public var backlog: Int32 = 1024
        /// The defaults.
        public init() {}
    }

    /// Called on the connection's event loop: what computes for more than a moment goes to `globalConcurrentExecutor` first.
    /// - Parameter peer: The client's address without port.
    public typealias Responder = @Sendable (_ request: Request, _ peer: String) async throws -> Response
    /// Asked with the head of a WebSocket handshake; see ``UpgradeDecision``.
    public typealias UpgradeAuthorizer = @Sendable (_ head: HTTPRequest, _ peer: String) async -> UpgradeDecision

    fileprivate enum Negotiated: Sendable {
        case http(NIOAsyncChannel<IncomingRequest, OutgoingResponse>)
        case webSocket
    }
    private struct Connection: Sendable {
        let channel: any Channel
        let peer: String
        let negotiated: EventLoopFuture<Negotiated>
    }
    private struct State {
        var channels: [ObjectIdentifier: any Channel] = [:]
        var isStopping = false
    }

    private let server: NIOAsyncChannel<Connection, Never>
    private let responder: Responder
    private let limits: Limits
    private let logger: Logger
    private let state: Registry
    /// One for each event loop; they outlive the tasks on them.
    private let executors: [ObjectIdentifier: EventLoopExecutor]
    /// The port that is really bound.
    public let port: Int
    /// Address and port, as the ready line shows them.
    public let address: String

    /// Open channels, so that shutdown can reach them.
    private final class Registry: Sendable {
        private let state = Mutex(State())
        /// - Returns: `false` when the listener stops.
        func add(_ channel: any Channel) -> Bool {
            let key = ObjectIdentifier(channel)
            let isOpen = state.withLock { state in
                state.channels[key] = channel
                return !state.isStopping
            }
            channel.closeFuture.whenComplete { _ in
                self.state.withLock { state in _ = state.channels.removeValue(forKey: key) }
            }
            return isOpen
        }
        func stop() -> [any Channel] {
            state.withLock { state in
                state.isStopping = true
                return Array(state.channels.values)
            }
        }
        var open: [any Channel] { state.withLock { Array($0.channels.values) } }
    }

    private init(
        server: NIOAsyncChannel<Connection, Never>, responder: @escaping Responder, limits: Limits, registry: Registry,
        group: any EventLoopGroup, logger: Logger
    ) {
        self.server = server
        self.responder = responder
        self.limits = limits
        self.logger = logger
        state = registry
        executors = Dictionary(
            uniqueKeysWithValues: group.makeIterator().map { (ObjectIdentifier($0), EventLoopExecutor($0)) })
        port = server.channel.localAddress?.port ?? 0
        let host = server.channel.localAddress?.ipAddress ?? ""
        address = (host.contains(":") ? "[\(host)]" : host) + ":\(port)"
    }

    /// Binds; connections are served once ``run()`` is called.
    /// - Parameters:
    ///   - host: Address or name; port 0 lets the kernel choose.
    ///   - certificate: With it the port speaks TLS.
    ///   - authorizeUpgrade: Asked before a WebSocket is opened; what it refuses gets its answer and stays HTTP.
    public static func bind(
        host: String, port: Int, certificate: ServerCertificate? = nil, limits: Limits = Limits(),
        group: any EventLoopGroup = MultiThreadedEventLoopGroup.singleton,
        logger: Logger, responder: @escaping Responder, authorizeUpgrade: @escaping UpgradeAuthorizer
    ) async throws -> HTTPListener {
        let registry = Registry()
        let server = try await ServerBootstrap(group: group)
            .serverChannelOption(.backlog, value: limits.backlog)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .childChannelOption(.tcpOption(.tcp_nodelay), value: 1)
            .childChannelOption(.allowRemoteHalfClosure, value: true)
            .bind(host: host, port: port) { channel in
                channel.eventLoop.makeCompletedFuture {
                    let peer = channel.remoteAddress?.ipAddress ?? "unknown"
                    if let certificate {
                        try channel.pipeline.syncOperations.addHandler(
                            NIOSSLServerHandler(context: certificate.context))
                    }
                    let negotiated = try Self.setUp(
                        channel, peer: peer, isSecure: certificate != nil, limits: limits, authorizeUpgrade)
                    if !registry.add(channel) { channel.close(promise: nil) }
                    return Connection(channel: channel, peer: peer, negotiated: negotiated)
                }
            }
        return HTTPListener(
            server: server, responder: responder, limits: limits, registry: registry, group: group, logger: logger)
    }

    // MARK: Pipeline

    /// On the channel's event loop.
    private static func setUp(
        _ channel: any Channel, peer: String, isSecure: Bool, limits: Limits,
        _ authorizeUpgrade: @escaping UpgradeAuthorizer
    ) throws -> EventLoopFuture<Negotiated> {
        let promise = channel.eventLoop.makePromise(of: Negotiated.self)
        var decoderLimits = NIOHTTPDecoderLimitConfiguration()
        decoderLimits.maxHeaderListSize = limits.headers
        decoderLimits.maxHeaderFieldSize = limits.headers
        decoderLimits.maxHeaderFieldCount = 100
        let meter = HeadMeter()
        let decoder = ByteToMessageHandler(
            HTTPRequestDecoder(leftOverBytesStrategy: .forwardBytes, limitConfiguration: decoderLimits))
        let gate = HTTPGate(
            limits: limits, meter: meter, peer: peer, isSecure: isSecure, authorizeUpgrade: authorizeUpgrade
        ) { gate, context, decision in
            do {
                switch decision {
                case .http:
                    promise.succeed(.http(try NIOAsyncChannel(wrappingChannelSynchronously: context.channel)))
                case .webSocket(let install):
                    try Self.upgrade(context, meter, [decoder, gate], install, promise)
                }
            } catch {
                promise.fail(error)
                context.close(promise: nil)
            }
        }
        channel.closeFuture.whenComplete { _ in promise.fail(ChannelError.eof) }
        try channel.pipeline.syncOperations.addHandlers([meter, decoder, gate])
        return promise.futureResult
    }

    /// Adds what NIO needs to answer the handshake behind the gate, which then lets the request through to it.
    private static func upgrade(
        _ context: ChannelHandlerContext, _ meter: HeadMeter, _ handlers: [any RemovableChannelHandler],
        _ install: @escaping @Sendable (any Channel) throws -> Void, _ promise: EventLoopPromise<Negotiated>
    ) throws {
        let upgrader = NIOTypedWebSocketServerUpgrader<Negotiated>(
            maxFrameSize: 16 * 1024, enableAutomaticErrorHandling: false,
            shouldUpgrade: { channel, _ in channel.eventLoop.makeSucceededFuture([:]) },
            upgradePipelineHandler: { channel, _ in
                channel.eventLoop.makeCompletedFuture {
                    try install(channel)
                    return .webSocket
                }
            })
        let encoder = HTTPResponseEncoder()
        let configuration = NIOTypedHTTPServerUpgradeConfiguration<Negotiated>(
            upgraders: [upgrader],
            notUpgradingCompletionHandler: { channel in
                // The gate lets only sound handshakes through.
                channel.close(promise: nil)
                return channel.eventLoop.makeFailedFuture(ChannelError.eof)
            })
        let handler = NIOTypedHTTPServerUpgradeHandler(
            httpEncoder: encoder, extraHTTPHandlers: [meter] + handlers, upgradeConfiguration: configuration)
        let pipeline = context.channel.pipeline.syncOperations
        // Behind TLS.
        try pipeline.addHandler(encoder, position: .before(meter))
        try pipeline.addHandler(handler)
        handler.upgradeResultFuture.cascade(to: promise)
    }

    // MARK: Serving

    /// Serves until the task is cancelled or shut down gracefully.
    public func run() async throws {
        try await withGracefulShutdownHandler {
            try await withThrowingDiscardingTaskGroup { group in
                do {
                    try await server.executeThenClose { inbound in
                        for try await connection in inbound {
                            let loop = connection.channel.eventLoop
                            group.addTask(executorPreference: self.executors[ObjectIdentifier(loop)]) {
                                await self.serve(connection)
                            }
                        }
                    }
                } catch {
                    // Closing the socket at shutdown ends the loop this way.
                    if !Task.isShuttingDownGracefully, !Task.isCancelled { throw error }
                }
            }
        } onGracefulShutdown: {
            self.stop()
        }
    }

    private func stop() {
        server.channel.close(promise: nil)
        for channel in state.stop() {
            channel.eventLoop.execute { channel.pipeline.fireUserInboundEventTriggered(ConnectionShutdown()) }
        }
        let state = state
        server.channel.eventLoop.scheduleTask(in: limits.shutdownTime) {
            for channel in state.open { channel.close(promise: nil) }
        }
    }

    private func serve(_ connection: Connection) async {
        // A connection may end before its first request.
        guard let negotiated = try? await connection.negotiated.get() else { return }
        switch negotiated {
        case .webSocket:
            // Its handlers live on the event loop; the task only keeps the count of what is open.
            try? await connection.channel.closeFuture.get()
        case .http(let channel):
            do {
                try await channel.executeThenClose { inbound, outbound in
                    for try await incoming in inbound {
                        // The gate closes the channel after the last answer; that ends the loop.
                        try await outbound.write(await respond(to: incoming, connection.peer))
                        KillPoint.reach(.afterAnswer)
                    }
                }
            } catch {
                logger.trace("connection ended", metadata: ["error": "\(error)"])
            }
        }
    }

    private func respond(to incoming: IncomingRequest, _ peer: String) async -> OutgoingResponse {
        var response: Response
        if let answer = incoming.answer {
            response = answer
        } else {
            do {
                response = try await responder(incoming.request, peer)
            } catch {
                logger.error("request failed", metadata: ["error": "\(error)"])
                response = Response(status: .internalServerError)
            }
        }
        do {
            return try await OutgoingResponse(response, to: incoming)
        } catch {
            logger.error("response failed", metadata: ["error": "\(error)"])
            return OutgoingResponse(status: .internalServerError, closes: true)
        }
    }
}

/// A request as it was read, whole.
struct IncomingRequest: Sendable {
    let request: Request
    let keepsAlive: Bool
    /// Answered already: an upgrade that was refused.
    let answer: Response?
}
