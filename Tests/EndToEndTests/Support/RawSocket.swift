import NIOCore
import NIOPosix
import Synchronization

/// A TCP connection that sends any bytes and keeps what comes back.
final class RawSocket: Sendable {
    private struct State {
        var received: [UInt8] = []
        var isClosed = false
    }
    private final class Collector: ChannelInboundHandler, Sendable {
        typealias InboundIn = ByteBuffer
        let state = Mutex(State())

        func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            let bytes = Self.unwrapInboundIn(data)
            state.withLock { $0.received.append(contentsOf: bytes.readableBytesView) }
        }
        func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
            if case .some(.inputClosed) = event as? ChannelEvent { state.withLock { $0.isClosed = true } }
            context.fireUserInboundEventTriggered(event)
        }
        func channelInactive(context: ChannelHandlerContext) { state.withLock { $0.isClosed = true } }
        func errorCaught(context: ChannelHandlerContext, error: any Error) {
            state.withLock { $0.isClosed = true }
            context.close(promise: nil)
        }
    }

    private let channel: any Channel
    private let collector: Collector

    /// - Parameter receiveBuffer: Small for a reader that falls behind at once.
    init(port: Int, receiveBuffer: Int? = nil) async throws {
        let collector = Collector()
        var bootstrap = ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .channelOption(.tcpOption(.tcp_nodelay), value: 1)
            .channelOption(.allowRemoteHalfClosure, value: true)
            .connectTimeout(.seconds(10))
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture { try channel.pipeline.syncOperations.addHandler(collector) }
            }
        if let receiveBuffer {
            bootstrap = bootstrap.channelOption(.socketOption(.so_rcvbuf), value: numericCast(receiveBuffer))
        }
        self.collector = collector
        channel = try await bootstrap.connect(host: "127.0.0.1", port: port).get()
    }

    func send(_ bytes: some Sequence<UInt8>) async throws {
        try await channel.writeAndFlush(ByteBuffer(bytes: bytes)).get()
    }
    func send(_ text: String) async throws { try await send(text.utf8) }

    /// Ends it from this side, both ways.
    func close() async { try? await channel.close().get() }  // It may be closed already.

    /// Stops taking bytes from the kernel, or starts again.
    func setReading(_ reads: Bool) async throws {
        try await channel.setOption(.autoRead, value: reads).get()
        if reads { channel.read() }
    }

    var received: [UInt8] { collector.state.withLock { $0.received } }
    /// The other side has closed, and everything it sent is in `received`.
    var isClosed: Bool { collector.state.withLock { $0.isClosed } }

    /// Takes bytes out of the front of what was received.
    /// - Parameter take: Gives how many bytes make up one unit; nil when there are not enough yet.
    func next<Unit: Sendable>(
        _ what: String, within limit: Duration, _ take: @Sendable ([UInt8]) throws -> (Unit, Int)?
    ) async throws -> Unit {
        let clock = ContinuousClock()
        let end = clock.now + limit
        while true {
            let (unit, closed) = try collector.state.withLock { state -> (Unit?, Bool) in
                guard let (unit, count) = try take(state.received) else { return (nil, state.isClosed) }
                state.received.removeFirst(count)
                return (unit, false)
            }
            if let unit { return unit }
            if closed { throw Closed(what: what, last: received) }
            guard clock.now < end else { throw TimedOut(description: "no \(what) within \(limit)") }
            try await Task.sleep(for: .milliseconds(2))
        }
    }

    struct Closed: Error, CustomStringConvertible {
        let what: String
        let last: [UInt8]
        var description: String {
            "the connection was closed before \(what); left: \(String(decoding: last.prefix(300), as: UTF8.self))"
        }
    }

    /// The head of an HTTP answer.
    struct Head: Sendable {
        let status: Int
        /// Names in lower case.
        let fields: [(name: String, value: String)]
        subscript(name: String) -> String? { fields.first { $0.name == name }?.value }
    }

    func head(within limit: Duration = .seconds(10)) async throws -> Head {
        try await next("answer", within: limit) { bytes in
            guard let end = Self.endOfHead(bytes) else { return nil }
            let lines = String(decoding: bytes[..<end], as: UTF8.self).split(whereSeparator: {
                $0 == "\r\n" || $0 == "\n"
            })
            let words = lines.first?.split(separator: " ") ?? []
            guard words.count >= 2, words[0].hasPrefix("HTTP/1."), let status = Int(words[1]) else {
                throw TimedOut(description: "no HTTP answer: \(String(decoding: bytes.prefix(200), as: UTF8.self))")
            }
            let fields = lines.dropFirst().compactMap { line -> (name: String, value: String)? in
                guard let colon = line.firstIndex(of: ":") else { return nil }
                let value = line[line.index(after: colon)...]
                return (line[..<colon].lowercased(), String(value.drop { $0 == " " }))
            }
            return (Head(status: status, fields: fields), end)
        }
    }

    /// A whole HTTP answer with a body of known length.
    func answer(within limit: Duration = .seconds(10)) async throws -> (head: Head, body: [UInt8]) {
        let head = try await head(within: limit)
        let length = head["content-length"].flatMap { Int($0) } ?? 0
        let body = try await next("body", within: limit) { bytes in
            bytes.count >= length ? (Array(bytes.prefix(length)), length) : nil
        }
        return (head, body)
    }

    private static func endOfHead(_ bytes: [UInt8]) -> Int? {
        guard bytes.count >= 4 else { return nil }
        for index in 3..<bytes.count
        where bytes[index] == 10 && bytes[index - 1] == 13 && bytes[index - 2] == 10 && bytes[index - 3] == 13 {
            return index + 1
        }
        return nil
    }
}
