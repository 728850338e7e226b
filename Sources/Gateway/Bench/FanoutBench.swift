import StoreSQLite
import Application
import Domain
import Foundation
import NIOCore
import NIOPosix
import Synchronization

/// Frames and bytes that all viewers of a run received.
private final class ViewerCounts: Sendable {
    let frames = Counter()
    let bytes = Counter()
}

/// P8: every update to every viewer. Viewers open real WebSockets; frames are counted as they arrive.
extension Bench {
    static let viewers = 500

    func fanout(_ directory: String) async throws -> BenchResult {
        let world: BenchWorld
        do {
            let parts = try await composition(directory)
            world = try await BenchWorld.make(parts, slug: "bench", pilots: 100, points: 0)
            var settings = TenantSettings()
            settings.livePublic = true
            try await parts.administration.changeSettings(world.tenant, settings)
            await parts.close()
        }
        let server = try BenchServer(data: directory)
        defer { server.stop() }
        let port = server.port
        let counts = ViewerCounts()
        let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
        var sockets: [any Channel] = []
        for _ in 0..<Self.viewers {
            sockets.append(
                try await ClientBootstrap(group: group)
                    .channelInitializer { channel in
                        channel.eventLoop.makeCompletedFuture {
                            try channel.pipeline.syncOperations.addHandler(Viewer(counts))
                        }
                    }
                    .connect(host: "127.0.0.1", port: port).get())
        }
        let client = LoadClient()
        let counter = Counter()
        let pilots = world.pilots
        func leg(_ duration: Int) async throws -> LoadClient.Outcome {
            let end = NIODeadline.now() + .seconds(Int64(duration))
            return try await client.run(host: "127.0.0.1", port: port, connections: 4) { _ in
                guard NIODeadline.now() < end else { return nil }
                let number = counter.add()
                return Self.update(pilots[number % pilots.count], step: number / pilots.count)
            }
        }
        _ = try await leg(max(2, warmup / 3))
        let before = (counts.frames.value, counts.bytes.value)
        let cpu = ProcessFigures.cpuSeconds(server.pid)
        let start = NIODeadline.now()
        let outcome = try await leg(seconds)
        let elapsed = Double((NIODeadline.now() - start).nanoseconds) / 1e9
        let used = ProcessFigures.cpuSeconds(server.pid) - cpu
        let received = counts.frames.value - before.0
        let size = counts.bytes.value - before.1
        let peak = ProcessFigures.peakRSSMegabytes(server.pid)
        try await client.close()
        for socket in sockets { try? await socket.close() }  // Some may be closed already.
        try await group.shutdownGracefully()
        return BenchResult(
            name: "P8 fanout-raw", work: "\(Self.viewers) viewers, 100 aircraft", operations: received,
            seconds: elapsed,
            perSecond: Double(received) / elapsed, cpuMicroseconds: used / Double(max(1, received)) * 1e6,
            peakRSSMegabytes: peak,
            notes: [
                String(format: "%.0f frames per CPU-second, ingest included", Double(received) / max(used, 0.001)),
                "\(outcome.statuses[200] ?? 0) positions stored meanwhile", "\(size / max(1, received)) bytes a frame",
            ])
    }
}

/// One viewer: shakes hands, subscribes to the live topic, counts frames.
private final class Viewer: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private let counts: ViewerCounts
    private var buffer = ByteBuffer()
    private var isOpen = false

    init(_ counts: ViewerCounts) { self.counts = counts }

    func channelActive(context: ChannelHandlerContext) {
        let request =
            "GET /v1/bench/stream HTTP/1.1\r\nHost: bench\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
        context.writeAndFlush(wrapOutboundOut(ByteBuffer(string: request)), promise: nil)
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        var read = unwrapInboundIn(data)
        buffer.writeBuffer(&read)
        if !isOpen {
            guard let text = buffer.getString(at: buffer.readerIndex, length: buffer.readableBytes),
                let end = text.range(of: "\r\n\r\n")
            else { return }
            buffer.moveReaderIndex(forwardBy: text[..<end.upperBound].utf8.count)
            isOpen = true
            // Masked with zeros: the mask is there, and the text stays readable.
            let payload = Array("{\"op\":\"subscribe\",\"topic\":\"live\"}".utf8)
            var frame = ByteBuffer(bytes: [0x81, 0x80 | UInt8(payload.count), 0, 0, 0, 0])
            frame.writeBytes(payload)
            context.writeAndFlush(wrapOutboundOut(frame), promise: nil)
        }
        while let (opcode, length, header) = frameHeader(), buffer.readableBytes >= header + length {
            if opcode == 1 {
                counts.frames.add()
                counts.bytes.add(length)
            }
            if opcode == 9 {
                context.writeAndFlush(wrapOutboundOut(ByteBuffer(bytes: [0x8A, 0x80, 0, 0, 0, 0])), promise: nil)
            }
            buffer.moveReaderIndex(forwardBy: header + length)
        }
        buffer.discardReadBytes()
    }

    private func frameHeader() -> (opcode: UInt8, length: Int, header: Int)? {
        let start = buffer.readerIndex
        guard let first = buffer.getInteger(at: start, as: UInt8.self),
            let second = buffer.getInteger(at: start + 1, as: UInt8.self)
        else { return nil }
        switch second & 0x7F {
        case 126:
            guard let length = buffer.getInteger(at: start + 2, as: UInt16.self) else { return nil }
            return (first & 0x0F, Int(length), 4)
        case 127:
            guard let length = buffer.getInteger(at: start + 2, as: UInt64.self) else { return nil }
            return (first & 0x0F, Int(clamping: length), 10)
        default: return (first & 0x0F, Int(second & 0x7F), 2)
        }
    }
}
