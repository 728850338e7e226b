import NIOCore
import NIOPosix
import Synchronization

/// Sends prepared HTTP/1.1 requests over keep-alive connections, one at a time on each, and measures each answer: the load
/// driver of the benchmarks. It understands just enough of HTTP to find the end of an answer.
final class LoadClient: Sendable {
    struct Outcome: Sendable {
        /// By status.
        var statuses: [Int: Int] = [:]
        /// Microseconds, in order of arrival.
        var latencies: [UInt32] = []
        var broken = 0
    }

    private final class Total: Sendable {
        private let sum = Mutex(Outcome())
        var outcome: Outcome { sum.withLock { $0 } }
        func add(_ outcome: Outcome) {
            sum.withLock { sum in
                sum.latencies += outcome.latencies
                sum.broken += outcome.broken
                sum.statuses.merge(outcome.statuses, uniquingKeysWith: +)
            }
        }
    }

    private let group: MultiThreadedEventLoopGroup
    init(threads: Int = 1) { group = MultiThreadedEventLoopGroup(numberOfThreads: threads) }
    func close() async throws { try await group.shutdownGracefully() }

    /// Runs until `next` has no more requests for any connection.
    /// - Parameter next: Gives the next request of a connection; called on an event loop.
    func run(
        host: String, port: Int, connections: Int, next: @escaping @Sendable (Int) -> ByteBuffer?
    ) async throws -> Outcome {
        let total = Total()
        try await withThrowingTaskGroup(of: Void.self) { tasks in
            for index in 0..<connections {
                tasks.addTask { [group] in
                    let done = group.next().makePromise(of: Void.self)
                    let bootstrap = ClientBootstrap(group: group)
                        .channelOption(.tcpOption(.tcp_nodelay), value: 1)
                        .channelInitializer { channel in
                            channel.eventLoop.makeCompletedFuture {
                                try channel.pipeline.syncOperations.addHandler(
                                    RequestLoop(next: { next(index) }) { outcome in
                                        total.add(outcome)
                                        done.succeed()
                                    })
                            }
                        }
                    do {
                        let channel = try await bootstrap.connect(host: host, port: port).get()
                        try await done.futureResult.get()
                        try? await channel.close()  // The server may have closed it first.
                    } catch {
                        done.succeed()
                        throw error
                    }
                }
            }
            try await tasks.waitForAll()
        }
        return total.outcome
    }
}

private final class RequestLoop: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private let next: () -> ByteBuffer?
    private let finished: (LoadClient.Outcome) -> Void
    private var outcome = LoadClient.Outcome()
    private var received = ByteBuffer()
    private var sentAt = NIODeadline.now()
    private var isDone = false

    init(next: @escaping () -> ByteBuffer?, finished: @escaping (LoadClient.Outcome) -> Void) {
        self.next = next
        self.finished = finished
    }

    func channelActive(context: ChannelHandlerContext) { send(context) }

    private func send(_ context: ChannelHandlerContext) {
        guard let request = next() else { return finish() }
        sentAt = .now()
        context.writeAndFlush(wrapOutboundOut(request), promise: nil)
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        var bytes = unwrapInboundIn(data)
        received.writeBuffer(&bytes)
        guard let status = completed() else { return }
        let nanoseconds = (NIODeadline.now() - sentAt).nanoseconds
        outcome.latencies.append(UInt32(clamping: nanoseconds / 1000))
        outcome.statuses[status, default: 0] += 1
        received.clear()
        send(context)
    }

    /// Status of the answer when all of it is here.
    private func completed() -> Int? {
        let view = received.readableBytesView
        guard view.count > 12 else { return nil }
        var end: Int?
        var length = 0
        var lineStart = view.startIndex
        var index = view.startIndex
        while index < view.endIndex {
            if view[index] == 10 {
                let line = view[lineStart..<index]
                if line.count <= 1 {
                    end = index + 1
                    break
                }
                if line.count > 15, line.first.map({ $0 | 32 }) == UInt8(ascii: "c"),
                    line.prefix(15).map({ $0 | 32 }).elementsEqual("content-length\u{3a}".utf8.map { $0 | 32 })
                {
                    length = 0
                    for byte in line.dropFirst(15) where (48...57).contains(byte) {
                        length = length * 10 + Int(byte - 48)
                    }
                }
                lineStart = index + 1
            }
            index += 1
        }
        guard let end, view.endIndex - end >= length else { return nil }
        let digits = view.dropFirst(9).prefix(3)
        return digits.reduce(0) { $0 * 10 + Int($1) - 48 }
    }

    private func finish() {
        guard !isDone else { return }
        isDone = true
        finished(outcome)
    }

    func channelInactive(context: ChannelHandlerContext) {
        if !isDone { outcome.broken += 1 }
        finish()
    }
    func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }
}
