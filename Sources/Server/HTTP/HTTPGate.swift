import HTTPTypes
import HummingbirdCore
import NIOCore
import NIOHTTP1
import NIOHTTPTypesHTTP1

/// Tells the gate that bytes came in, before they are a message. Stands in front of the decoder.
final class HeadMeter: ChannelInboundHandler, RemovableChannelHandler {
    typealias InboundIn = ByteBuffer
    typealias InboundOut = ByteBuffer
    fileprivate weak var gate: HTTPGate?
    private var scan = HeadScan()

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard let gate, !gate.isPassing else { return context.fireChannelRead(data) }
        gate.bytesCame()
        if gate.isAtHead {
            // llhttp forgives a few things that another server in front of this one may read otherwise.
            switch scan.look(at: unwrapInboundIn(data)) {
            case .sound: break
            case .ambiguous: return gate.fail(.badRequest, context)
            case .tooLong: return gate.fail(.requestHeaderFieldsTooLarge, context)
            }
        }
        context.fireChannelRead(data)
    }
    fileprivate func headEnded() { scan = HeadScan() }
}

/// Looks through the bytes of a request's head for what RFC 9112 forbids and parsers forgive: a line feed without a
/// carriage return, a continued line, a space before the colon.
struct HeadScan: Equatable, Sendable {
    enum Verdict: Equatable, Sendable { case sound, ambiguous, tooLong }
    /// Of request line and header fields.
    static let limit = 16 * 1024
    /// nil before the first byte, which need not be where a line begins.
    private var last: UInt8?
    private var isAtLineStart = false
    private var isEmptyLine = true
    private var isFirstLine = true
    private var length = 0
    private var isDone = false

    mutating func look(at buffer: ByteBuffer) -> Verdict {
        guard !isDone else { return .sound }
        return buffer.withUnsafeReadableBytes { bytes in
            for byte in bytes {
                length += 1
                if length > Self.limit { return .tooLong }
                if byte == UInt8(ascii: "\n") {
                    guard last == UInt8(ascii: "\r") || last == nil else { return .ambiguous }
                    if isEmptyLine, !isFirstLine {
                        isDone = true
                        return .sound
                    }
                    // Empty lines before a request line are allowed (RFC 9112, section 2.2).
                    if !isEmptyLine { isFirstLine = false }
                    isAtLineStart = true
                    isEmptyLine = true
                } else {
                    if last == UInt8(ascii: "\r") { return .ambiguous }
                    if isAtLineStart, !isFirstLine, byte == UInt8(ascii: " ") || byte == UInt8(ascii: "\t") {
                        return .ambiguous
                    }
                    if byte != UInt8(ascii: "\r") { isEmptyLine = false }
                    isAtLineStart = false
                }
                last = byte
            }
            return .sound
        }
    }
}

/// Decides about upgrades, keeps the times and limits of a connection, and makes whole requests out of parts.
final class HTTPGate: ChannelDuplexHandler, RemovableChannelHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias InboundOut = IncomingRequest
    typealias OutboundIn = OutgoingResponse
    typealias OutboundOut = ByteBuffer

    enum Decision {
        case http
        case webSocket(install: @Sendable (any Channel) throws -> Void)
    }
    private enum Mode {
        case undecided, deciding, http
        /// Everything goes through to a WebSocket.
        case passing
        /// An answer without end goes out, and nothing comes in any more.
        case streaming
    }
    private enum Wait { case head, body, idle }
    private struct Reading {
        let head: HTTPRequest
        let keepsAlive: Bool
        let answer: Response?
        var body: ByteBuffer?
    }

    private let limits: HTTPListener.Limits
    private let meter: HeadMeter
    private let peer: String
    private let isSecure: Bool
    private let authorizeUpgrade: HTTPListener.UpgradeAuthorizer
    private let decided: (HTTPGate, ChannelHandlerContext, Decision) -> Void
    private var mode = Mode.undecided
    /// Somebody behind takes requests.
    private var isServed = false
    private var reading: Reading?
    private var held: [HTTPServerRequestPart] = []
    /// Requests handed on and not answered.
    private var outstanding = 0
    /// Nothing more is read.
    private var isDeaf = false
    private var isClosing = false
    private var isInputClosed = false
    private var failure: HTTPResponse.Status?
    private var wait: (for: Wait, until: NIODeadline)?
    private var sendUntil: NIODeadline?
    private var timer: RepeatedTask?

    init(
        limits: HTTPListener.Limits, meter: HeadMeter, peer: String, isSecure: Bool,
        authorizeUpgrade: @escaping HTTPListener.UpgradeAuthorizer,
        decided: @escaping (HTTPGate, ChannelHandlerContext, Decision) -> Void
    ) {
        self.limits = limits
        self.meter = meter
        self.peer = peer
        self.isSecure = isSecure
        self.authorizeUpgrade = authorizeUpgrade
        self.decided = decided
    }

    // MARK: Life

    func handlerAdded(context: ChannelHandlerContext) {
        meter.gate = self
        wait = (.head, .now() + limits.headerTime)
        let bound = NIOLoopBound((self, context), eventLoop: context.eventLoop)
        // One coarse timer a connection instead of several a request.
        timer = context.eventLoop.scheduleRepeatedTask(initialDelay: .seconds(1), delay: .seconds(1)) { _ in
            let (gate, context) = bound.value
            gate.checkTime(context)
        }
    }
    func handlerRemoved(context: ChannelHandlerContext) {
        timer?.cancel()
        timer = nil
        held = []
    }
    func channelInactive(context: ChannelHandlerContext) {
        timer?.cancel()
        timer = nil
        context.fireChannelInactive()
    }

    fileprivate var isPassing: Bool { mode == .passing }
    fileprivate var isAtHead: Bool { reading == nil && !isDeaf && mode != .deciding }
    /// The first byte of a next request starts the clock for its headers.
    fileprivate func bytesCame() {
        if wait?.for == .idle { wait = (.head, .now() + limits.headerTime) }
    }

    private func checkTime(_ context: ChannelHandlerContext) {
        let now = NIODeadline.now()
        if let sendUntil, now >= sendUntil { return context.close(promise: nil) }
        guard let wait, now >= wait.until else { return }
        self.wait = nil
        if wait.for == .body, outstanding == 0 { fail(.requestTimeout, context) } else { context.close(promise: nil) }
    }

    func channelWritabilityChanged(context: ChannelHandlerContext) {
        sendUntil = context.channel.isWritable ? nil : .now() + limits.sendTime
        context.fireChannelWritabilityChanged()
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if mode == .passing || mode == .streaming { return context.fireUserInboundEventTriggered(event) }
        if event is ConnectionShutdown {
            isClosing = true
            if outstanding == 0, reading == nil, mode != .deciding { context.close(promise: nil) }
        } else if let event = event as? ChannelEvent, event == .inputClosed {
            isInputClosed = true
            // Half a request is none; whole ones get their answers first.
            if outstanding == 0 || failure != nil { context.close(promise: nil) }
            isClosing = true
        } else {
            context.fireUserInboundEventTriggered(event)
        }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        guard mode != .passing else { return context.fireErrorCaught(error) }
        switch error as? HTTPParserError {
        case .some(.headerOverflow): fail(.requestHeaderFieldsTooLarge, context)
        case .some: fail(.badRequest, context)
        case .none: context.close(promise: nil)
        }
    }

    // MARK: In

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        if mode == .passing { return context.fireChannelRead(data) }
        guard !isDeaf else { return }
        if mode == .deciding {
            guard held.count < 64 else { return context.close(promise: nil) }
            held.append(unwrapInboundIn(data))
            return
        }
        take(unwrapInboundIn(data), context)
    }

    func channelReadComplete(context: ChannelHandlerContext) { context.fireChannelReadComplete() }

    private func take(_ part: HTTPServerRequestPart, _ context: ChannelHandlerContext) {
        switch part {
        case .head(let head):
            wait = nil
            meter.headEnded()
            guard HTTPFraming.isSound(head), let request = HTTPFraming.request(head, isSecure: isSecure) else {
                return fail(.badRequest, context)
            }
            if mode == .undecided, HTTPFraming.wantsWebSocket(head) {
                guard HTTPFraming.isHandshake(head) else {
                    return begin(request, head, answer: HTTPFraming.noHandshake, context)
                }
                decide(request, head, context)
            } else if outstanding == 0, HTTPFraming.wantsEvents(head) {
                decide(request, head, context)
            } else if outstanding == 0, HTTPFraming.wantsWebSocket(head), HTTPFraming.isHandshake(head) {
                // Only a new connection can be upgraded. A proxy that keeps connections open takes the next one when this
                // one ends without an answer, which it may for a request that has no effect (RFC 9110, section 9.2.2).
                context.close(promise: nil)
            } else {
                begin(request, head, answer: nil, context)
            }
        case .body(var bytes):
            guard let size = reading?.body?.readableBytes, size + bytes.readableBytes <= limits.body else {
                if reading == nil { return }
                guard bytes.readableBytes <= limits.body, reading?.body == nil else {
                    return fail(.contentTooLarge, context)
                }
                reading?.body = bytes
                return
            }
            reading?.body?.writeBuffer(&bytes)
        case .end:
            guard let done = reading else { return }
            reading = nil
            wait = nil
            outstanding += 1
            if !done.keepsAlive { isDeaf = true }
            let request = Request(head: done.head, body: RequestBody(buffer: done.body ?? ByteBuffer()))
            context.fireChannelRead(
                wrapInboundOut(IncomingRequest(request: request, keepsAlive: done.keepsAlive, answer: done.answer)))
        }
    }

    private func begin(
        _ request: HTTPRequest, _ head: HTTPRequestHead, answer: Response?, _ context: ChannelHandlerContext
    ) {
        serve(context)
        reading = Reading(head: request, keepsAlive: head.isKeepAlive && !isClosing, answer: answer, body: nil)
        wait = (.body, .now() + limits.bodyTime)
        if let length = head.headers.first(name: "content-length").flatMap({ Int($0) }), length > limits.body {
            return fail(.contentTooLarge, context)
        }
        if head.version == .http1_1, let expect = head.headers.first(name: "expect"),
            expect.lowercased() == "100-continue"
        {
            context.writeAndFlush(wrapOutboundOut(ByteBuffer(string: "HTTP/1.1 100 Continue\r\n\r\n")), promise: nil)
        }
    }

    private func serve(_ context: ChannelHandlerContext) {
        mode = .http
        guard !isServed else { return }
        isServed = true
        decided(self, context, .http)
    }

    private func decide(_ request: HTTPRequest, _ head: HTTPRequestHead, _ context: ChannelHandlerContext) {
        mode = .deciding
        let authorizeUpgrade = authorizeUpgrade
        let peer = peer
        let bound = NIOLoopBound((self, context), eventLoop: context.eventLoop)
        context.eventLoop.makeFutureWithTask { await authorizeUpgrade(request, peer) }.whenComplete { result in
            let (gate, context) = bound.value
            // The task cannot throw; a connection that ended meanwhile has no use for the answer.
            guard case .success(let decision) = result, context.channel.isActive else { return }
            gate.decided(decision, request, head, context)
        }
    }

    private func decided(
        _ decision: UpgradeDecision, _ request: HTTPRequest, _ head: HTTPRequestHead, _ context: ChannelHandlerContext
    ) {
        let held = held
        self.held = []
        switch decision {
        case .refuse(let answer):
            begin(request, head, answer: answer, context)
            for part in held where !isDeaf { take(part, context) }
        case .accept(let install):
            mode = .passing
            decided(self, context, .webSocket(install: install))
            context.fireChannelRead(NIOAny(HTTPServerRequestPart.head(head)))
            for part in held { context.fireChannelRead(NIOAny(part)) }
        case .stream(let head, let install):
            serve(context)
            mode = .streaming
            isDeaf = true
            wait = nil
            context.writeAndFlush(wrapOutboundOut(OutgoingResponse.head(head)), promise: nil)
            do { try install(context.channel) } catch { context.close(promise: nil) }
        }
        context.fireChannelReadComplete()
    }

    // MARK: Out

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        if mode == .passing { return context.write(data, promise: promise) }
        if mode == .streaming {
            promise?.fail(ChannelError.outputClosed)
            return
        }
        let response = unwrapOutboundIn(data)
        outstanding -= 1
        let ends = response.closes || (outstanding == 0 && isClosing && reading == nil)
        context.write(wrapOutboundOut(response.bytes), promise: promise)
        if ends {
            close(context)
        } else if outstanding == 0 {
            if let failure { return refuse(failure, context) }
            if reading == nil, wait == nil { wait = (.idle, .now() + limits.idleTime) }
        }
    }

    /// Ends the connection with a status, after the answers that are due.
    fileprivate func fail(_ status: HTTPResponse.Status, _ context: ChannelHandlerContext) {
        guard !isDeaf else { return }
        isDeaf = true
        reading = nil
        wait = nil
        guard mode != .deciding, mode != .passing else { return context.close(promise: nil) }
        if outstanding == 0 { refuse(status, context) } else { failure = status }
    }

    private func refuse(_ status: HTTPResponse.Status, _ context: ChannelHandlerContext) {
        context.write(wrapOutboundOut(OutgoingResponse(status: status, closes: true).bytes), promise: nil)
        close(context)
    }

    /// Sends what is written, ends the output, and gives the client a moment to read before the socket is gone.
    private func close(_ context: ChannelHandlerContext) {
        isDeaf = true
        wait = nil
        context.flush()
        if isInputClosed { return context.close(promise: nil) }
        context.close(mode: .output, promise: nil)
        let bound = NIOLoopBound(context, eventLoop: context.eventLoop)
        context.eventLoop.scheduleTask(in: .seconds(1)) { bound.value.close(promise: nil) }
    }
}

/// What may follow from a request's head.
enum HTTPFraming {
    /// Whether there is one way to read where the request ends and whom it is for: RFC 9112, sections 3.2 and 6.3.
    static func isSound(_ head: HTTPRequestHead) -> Bool {
        guard head.version == .http1_1 || head.version == .http1_0 else { return false }
        let hosts = head.headers[canonicalForm: "host"]
        guard hosts.count == 1 || (hosts.isEmpty && head.version == .http1_0) else { return false }
        let lengths = head.headers["content-length"]
        guard lengths.count <= 1 else { return false }
        if let length = lengths.first {
            guard (1...15).contains(length.utf8.count), length.utf8.allSatisfy({ (0x30...0x39).contains($0) }) else {
                return false
            }
        }
        let codings = head.headers["transfer-encoding"]
        guard !codings.isEmpty else { return true }
        return codings.count == 1 && codings[0].lowercased() == "chunked" && lengths.isEmpty && head.version == .http1_1
    }

    /// - Returns: nil for a target that is neither a path nor an `http` URL.
    static func request(_ head: HTTPRequestHead, isSecure: Bool) -> HTTPRequest? {
        var head = head
        if !head.uri.hasPrefix("/") {
            let uri = head.uri
            guard let colon = uri.firstIndex(of: ":"), ["http", "https"].contains(uri[..<colon].lowercased()),
                uri[colon...].hasPrefix("://")
            else { return nil }
            let rest = uri[colon...].dropFirst(3)
            head.uri = rest.firstIndex(of: "/").map { String(rest[$0...]) } ?? "/"
        }
        return try? HTTPRequest(head, secure: isSecure, splitCookie: false)
    }

    static func wantsWebSocket(_ head: HTTPRequestHead) -> Bool {
        head.method == .GET && head.headers[canonicalForm: "upgrade"].contains { $0.lowercased() == "websocket" }
    }

    /// Server-sent events: `/v1/{tenant}/events`.
    static func wantsEvents(_ head: HTTPRequestHead) -> Bool {
        head.method == .GET && head.uri.hasPrefix("/v1/") && head.uri.prefix { $0 != "?" }.hasSuffix("/events")
            && !head.headers.contains(name: "content-length") && !head.headers.contains(name: "transfer-encoding")
    }

    /// RFC 6455, section 4.2.1.
    static func isHandshake(_ head: HTTPRequestHead) -> Bool {
        let keys = head.headers["sec-websocket-key"]
        let versions = head.headers["sec-websocket-version"]
        return keys.count == 1 && keys[0].utf8.count == 24 && versions == ["13"] && head.version == .http1_1
            && head.headers[canonicalForm: "connection"].contains { $0.lowercased() == "upgrade" }
            && !head.headers.contains(name: "content-length") && !head.headers.contains(name: "transfer-encoding")
    }

    static let noHandshake: Response = {
        var headers: HTTPFields = [:]
        if let name = HTTPField.Name("Sec-WebSocket-Version") { headers[name] = "13" }
        return Response(status: .badRequest, headers: headers)
    }()
}
