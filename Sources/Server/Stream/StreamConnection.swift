import Application
import Domain
import NIOCore
import NIOWebSocket

/// Server to connection: finish what is under way, then close. Fired through the pipeline as a user event.
public struct ConnectionShutdown: Sendable {
    public init() {}
}

/// How a stream is written.
enum StreamForm: Sendable {
    case webSocket
    /// Server-sent events, which begin with what this message asks for; the client cannot ask for more.
    case events([UInt8])
}

/// Writes bytes past the frame encoder: shared frames are encoded once, not once a socket.
final class StreamOutlet: ChannelOutboundHandler {
    typealias OutboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer
    let form: StreamForm
    private var context: ChannelHandlerContext?

    init(_ form: StreamForm) { self.form = form }

    func handlerAdded(context: ChannelHandlerContext) { self.context = context }
    func handlerRemoved(context: ChannelHandlerContext) { self.context = nil }
    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        context.write(data, promise: promise)
    }
    /// - Parameter frame: As a WebSocket gets it.
    func send(_ frame: ByteBuffer) {
        let bytes =
            switch form {
            case .webSocket: frame
            case .events: StreamFrames.event(frame)
            }
        context?.writeAndFlush(wrapOutboundOut(bytes), promise: nil)
    }
}

/// One WebSocket of `/v1/{tenant}/stream`, or one answer of `/v1/{tenant}/events`: performs what ``StreamSession`` says. Confined to its event loop.
final class StreamConnection: ChannelInboundHandler {
    typealias InboundIn = WebSocketFrame
    typealias OutboundOut = ByteBuffer

    static let messageLimit = 16 * 1024
    /// Events that wait for a slow socket; more than these and it is too slow.
    static let eventLimit = 256
    /// A slow reader may still fetch what the kernel and the channel hold, and then its close code.
    static let slowGrace = TimeAmount.seconds(60)
    static let closeGrace = TimeAmount.seconds(2)

    let tenant: TenantID
    /// nil for a visitor.
    let principal: Principal?
    let isByKey: Bool
    private let hub: StreamHub
    private let outlet: StreamOutlet
    private let mayWatch: @Sendable (FlightID) async -> Bool
    private var session: StreamSession
    private var backlog = StreamBacklog()
    private var feed: LiveFeed?
    private var channel: (any Channel)?
    private var timer: RepeatedTask?
    private var live: (box: BoundingBox?, sequence: Int64)?
    private var waiting: [ByteBuffer] = []
    private var partial: ByteBuffer?

    init(
        tenant: TenantID, principal: Principal?, isByKey: Bool, hub: StreamHub, outlet: StreamOutlet,
        subscriptionLimit: Int, mayWatch: @escaping @Sendable (FlightID) async -> Bool
    ) {
        self.tenant = tenant
        self.principal = principal
        self.isByKey = isByKey
        self.hub = hub
        self.outlet = outlet
        self.mayWatch = mayWatch
        session = StreamSession(
            reviews: principal?.role.reviews ?? false, subscriptionLimit: subscriptionLimit, at: hub.now())
        if case .events = outlet.form { session.isOneWay = true }
    }

    // MARK: Life

    func handlerAdded(context: ChannelHandlerContext) {
        channel = context.channel
        feed = hub.join(self, loop: context.eventLoop)
        let bound = NIOLoopBound(self, eventLoop: context.eventLoop)
        timer = context.eventLoop.scheduleRepeatedTask(initialDelay: .seconds(2), delay: .seconds(2)) { _ in
            bound.value.tick()
        }
        if hub.isClosing { close(1001, "the server stops") }
        if case .events(let opening) = outlet.form { perform(session.received(text: opening)) }
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        timer?.cancel()
        for topic in session.topics { forget(topic) }
        feed?.leave()
        hub.leave(self, loop: context.eventLoop)
        feed = nil
        channel = nil
        waiting = []
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if event is ConnectionShutdown {
            close(1001, "the server stops")
        } else if let event = event as? ChannelEvent, event == .inputClosed {
            context.close(promise: nil)
        } else {
            context.fireUserInboundEventTriggered(event)
        }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        switch error as? NIOWebSocketError {
        case .some(.invalidFrameLength): close(1009, "a message is at most 16 KiB")
        case .some: close(1002, "no WebSocket frame")
        // What follows a broken frame is read and dropped until the grace is over: bytes left unread would make the end a
        // reset, which overtakes the close frame at a proxy.
        case .none where error is ByteToMessageDecoderError: break
        case .none: context.close(promise: nil)
        }
    }

    private func tick() {
        perform(session.tick(at: hub.now()))
        if backlog.check(at: hub.now()) == .giveUp { closeSlow() }
    }

    // MARK: In

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        let frame = unwrapInboundIn(data)
        guard !session.isClosed || frame.opcode == .connectionClose else { return }
        perform(session.heard(at: hub.now()))
        guard frame.maskKey != nil, !frame.rsv1, !frame.rsv2, !frame.rsv3 else {
            return close(1002, "frames of a client are masked")
        }
        switch frame.opcode {
        case .text where partial == nil, .continuation where partial != nil:
            var message = partial ?? ByteBuffer()
            message.writeImmutableBuffer(frame.unmaskedData)
            guard message.readableBytes <= Self.messageLimit else { return close(1009, "a message is at most 16 KiB") }
            guard frame.fin else {
                partial = message
                return
            }
            partial = nil
            perform(session.received(text: Array(message.readableBytesView)))
        case .text, .continuation: close(1002, "no WebSocket message")
        case .binary: perform(session.receivedBinary())
        case .ping: outlet.send(StreamFrames.control(0xA, Array(frame.unmaskedData.readableBytesView)))
        case .pong: break
        case .connectionClose:
            if !session.isClosed {
                _ = session.close(1000, "")
                outlet.send(StreamFrames.control(0x8, Array(frame.unmaskedData.readableBytesView.prefix(2))))
            }
            context.close(promise: nil)
        default: close(1002, "unknown opcode")
        }
    }

    private func perform(_ action: StreamSession.Action) {
        guard let feed else { return }
        let withPilot = principal != nil
        switch action {
        case .none: break
        case .startLive(let box):
            let (sequence, frame) = feed.snapshot(box, withPilot: withPilot)
            begin(box, sequence, frame)
        case .resumeLive(let after, let box):
            let (sequence, frame) = feed.resume(after: after, box, withPilot: withPilot)
            begin(box, sequence, frame)
        case .stopLive:
            live = nil
            _ = backlog.settle()
        case .checkFlight(let id): check(id)
        case .startFlight(let id): feed.watch(id)
        case .stopFlight(let id): feed.unwatch(id)
        case .startReview: feed.watchReview()
        case .stopReview: feed.unwatchReview()
        case .refuse(let detail):
            let text = JSONText.object { text in
                text.field("type", "error")
                text.field("detail", detail)
            }
            send(StreamFrames.text(text.bytes))
        case .ping: outlet.send(StreamFrames.control(0x9, []))
        case .close(let code, let reason): sendClose(code, reason, grace: Self.closeGrace)
        }
    }

    private func begin(_ box: BoundingBox?, _ sequence: Int64, _ frame: ByteBuffer) {
        live = (box, sequence)
        // What was owed is part of the frame that goes out now.
        _ = backlog.settle()
        send(frame)
    }

    private func check(_ id: FlightID) {
        guard let channel else { return }
        let mayWatch = mayWatch
        let bound = NIOLoopBound(self, eventLoop: channel.eventLoop)
        channel.eventLoop.makeFutureWithTask { await mayWatch(id) }.whenComplete { result in
            let connection = bound.value
            let isAllowed = (try? result.get()) ?? false  // The task cannot throw.
            connection.perform(connection.session.flightChecked(id, isAllowed: isAllowed))
        }
    }

    private func forget(_ topic: StreamSession.Topic) {
        switch topic {
        case .live: live = nil
        case .flight(let id): feed?.unwatch(id)
        case .review: feed?.unwatchReview()
        }
    }

    // MARK: Out

    func deliver(_ delta: LiveDelta) {
        guard let live, !session.isClosed, delta.isSweep || delta.sequence > live.sequence, let channel else { return }
        self.live?.sequence = max(live.sequence, delta.sequence)
        let withPilot = principal != nil
        let isWritable = channel.isWritable && waiting.isEmpty
        let step: StreamBacklog.Step
        if let box = live.box {
            let changes = delta.changes(in: box)
            guard !changes.isEmpty else { return }
            step = backlog.offer(changes.lazy.map(\.id), isWritable: isWritable, at: hub.now())
            if step == .send { outlet.send(delta.frame(changes, in: box, withPilot: withPilot)) }
        } else {
            step = backlog.offer(delta.changes.lazy.map(\.id), isWritable: isWritable, at: hub.now())
            if step == .send { outlet.send(delta.frame(withPilot: withPilot)) }
        }
        if step == .giveUp { closeSlow() }
    }

    func deliver(_ frame: ByteBuffer, of topic: StreamSession.Topic) {
        guard session.topics.contains(topic), !session.isClosed else { return }
        send(frame)
    }

    /// For what must not be lost.
    private func send(_ frame: ByteBuffer) {
        guard let channel else { return }
        if channel.isWritable, waiting.isEmpty {
            outlet.send(frame)
        } else if waiting.count < Self.eventLimit {
            waiting.append(frame)
        } else {
            closeSlow()
        }
    }

    func channelWritabilityChanged(context: ChannelHandlerContext) {
        if context.channel.isWritable, !session.isClosed {
            while context.channel.isWritable, !waiting.isEmpty { outlet.send(waiting.removeFirst()) }
            if context.channel.isWritable, waiting.isEmpty {
                let owed = backlog.settle()
                if !owed.isEmpty, let feed, let live {
                    outlet.send(
                        feed.latest(owed, live.box, sequence: live.sequence, withPilot: principal != nil))
                }
            }
        }
        context.fireChannelWritabilityChanged()
    }

    func close(_ code: UInt16, _ reason: String) { perform(session.close(code, reason)) }

    private func closeSlow() {
        guard case .close(let code, let reason) = session.close(4008, "too slow") else { return }
        sendClose(code, reason, grace: Self.slowGrace)
    }

    private func sendClose(_ code: UInt16, _ reason: String, grace: TimeAmount) {
        guard let channel else { return }
        waiting = []
        outlet.send(StreamFrames.close(code, reason: reason))
        channel.eventLoop.scheduleTask(in: grace) { channel.close(promise: nil) }
    }
}
