import Foundation
import Synchronization
import TestSupport
import Testing

/// A server that keeps what it gets and sends it back.
private final class EchoServer: Sendable {
    let port: Int
    private let listener: Int32
    private let kept: Kept

    final class Kept: Sendable {
        let state = Mutex((bytes: [UInt8](), ends: [String]()))
    }

    init() throws {
        let listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        var address = loopback(0)
        var size = socklen_t(MemoryLayout<sockaddr_in>.size)
        let isReady = withUnsafeMutablePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(listener, $0, size) == 0 && listen(listener, 16) == 0 && getsockname(listener, $0, &size) == 0
            }
        }
        try #require(isReady)
        self.listener = listener
        port = Int(UInt16(bigEndian: address.sin_port))
        let kept = Kept()
        self.kept = kept
        Thread {
            while true {
                let client = accept(listener, nil, nil)
                guard client >= 0 else { return }
                Thread { Self.serve(client, kept) }.start()
            }
        }.start()
    }

    deinit {
        shutdown(listener, Int32(SHUT_RDWR))
        close(listener)
    }

    var bytes: [UInt8] { kept.state.withLock { $0.bytes } }
    /// How each connection ended.
    var ends: [String] { kept.state.withLock { $0.ends } }

    private static func serve(_ client: Int32, _ kept: Kept) {
        var buffer = [UInt8](repeating: 0, count: 1 << 16)
        var end: String?
        while end == nil {
            let count = recv(client, &buffer, buffer.count, 0)
            if count <= 0 {
                end = count == 0 ? "end" : errno == ECONNRESET ? "reset" : String(cString: strerror(errno))
                break
            }
            kept.state.withLock { $0.bytes += buffer[..<count] }
            var start = 0
            while start < count, end == nil {
                let sent = buffer[start..<count].withUnsafeBytes {
                    send(client, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
                }
                // A reset is told once: to the call that comes first.
                if sent <= 0 { end = "reset" }
                start += sent
            }
        }
        close(client)
        let ending = end ?? ""
        kept.state.withLock { $0.ends.append(ending) }
    }
}

private func loopback(_ port: Int) -> sockaddr_in {
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = UInt16(port).bigEndian
    address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
    return address
}

/// A client that never blocks the thread it runs on, and waits for nothing longer than 20 s.
private final class Client: Sendable {
    private let descriptor: Int32
    /// 0 when it is connected.
    let failure: Int32

    init(_ port: Int) {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        self.descriptor = descriptor
        var address = loopback(port)
        let result = withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        failure = result == 0 ? 0 : errno
    }

    deinit { close(descriptor) }

    /// Ends early when the connection does.
    func write(_ bytes: [UInt8]) async throws {
        var rest = bytes[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes {
                send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL) | Int32(MSG_DONTWAIT))
            }
            if count < 0 {
                guard errno == EAGAIN else { return }
                try await eventually("room to write") { self.polls(POLLOUT) }
            } else {
                rest = rest.dropFirst(count)
            }
        }
    }

    func finish() { shutdown(descriptor, Int32(SHUT_WR)) }

    /// Up to so many bytes, and how it ended before that: 0 for an orderly end, else errno.
    func read(_ wanted: Int) async throws -> (bytes: [UInt8], end: Int32?) {
        var all: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 1 << 16)
        while all.count < wanted {
            try await eventually("\(wanted) bytes, after \(all.count)") { self.polls(POLLIN) }
            let count = recv(descriptor, &buffer, min(buffer.count, wanted - all.count), Int32(MSG_DONTWAIT))
            if count == 0 { return (all, 0) }
            if count < 0 { return (all, errno) }
            all += buffer[..<count]
        }
        return (all, nil)
    }

    /// Whether anything comes within a tenth of a second.
    func hears() async throws -> Bool {
        let end = ContinuousClock.now + .milliseconds(100)
        while ContinuousClock.now < end, !polls(POLLIN) { try await Task.sleep(for: .milliseconds(5)) }
        return polls(POLLIN)
    }

    func polls(_ events: Int32) -> Bool {
        var entry = pollfd(fd: descriptor, events: Int16(events), revents: 0)
        return poll(&entry, 1, 0) > 0
    }
}

@Suite struct FaultProxyTests {
    private let server: EchoServer
    private let proxy: FaultProxy

    init() throws {
        server = try EchoServer()
        proxy = try FaultProxy(to: server.port)
    }

    private static let text = (0..<300_000).map { UInt8(truncatingIfNeeded: $0 &* 7 &+ $0 / 256) }

    @Test func passesBothWaysAndTheEndToo() async throws {
        let client = Client(proxy.port)
        try await client.write(Self.text)
        client.finish()
        let (bytes, end) = try await client.read(Self.text.count + 1)
        #expect(bytes == Self.text)
        #expect(end == 0)
        try await eventually("the end") { proxy.counters.open == 0 }
        #expect(server.ends == ["end"])
        let counters = proxy.counters
        #expect(counters.accepted == 1)
        #expect(counters.broken == 0)
        #expect(counters.bytesToServer == Self.text.count)
        #expect(counters.bytesToClient == Self.text.count)
    }

    @Test func servesManyAtOnce() async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
            let port = proxy.port
            for number in 0..<20 {
                group.addTask {
                    let client = Client(port)
                    let own = (0..<20_000).map { UInt8(truncatingIfNeeded: $0 &* (number + 3)) }
                    try await client.write(own)
                    #expect(try await client.read(own.count).bytes == own)
                }
            }
            try await group.waitForAll()
        }
        #expect(proxy.counters.accepted == 20)
    }

    @Test func holdsEverythingBackAndLosesNothing() async throws {
        let client = Client(proxy.port)
        try await client.write([1])
        #expect(try await client.read(1).bytes == [1])
        proxy.set(.blackhole)
        try await client.write([2, 3])
        #expect(try await !client.hears())
        #expect(server.bytes == [1])
        let late = Client(proxy.port)
        #expect(late.failure == 0, "taken, as by a machine whose answers get lost")
        try await late.write([9])
        #expect(try await !late.hears())
        proxy.set(.pass)
        #expect(try await client.read(2).bytes == [2, 3])
        #expect(try await late.read(1).bytes == [9])
    }

    @Test func holdsBackOneWay() async throws {
        let client = Client(proxy.port)
        proxy.set(.blackhole([.toClient]))
        try await client.write([1, 2])
        try await eventually("the server to get it") { server.bytes == [1, 2] }
        #expect(try await !client.hears())
        proxy.set(.blackhole([.toServer]))
        #expect(try await client.read(2).bytes == [1, 2])
        try await client.write([3])
        #expect(try await !client.hears())
        #expect(server.bytes == [1, 2])
    }

    @Test func delaysInOrder() async throws {
        proxy.set(.delay(milliseconds: 60, jitter: 40))
        let client = Client(proxy.port)
        let began = ContinuousClock.now
        for byte in 0..<20 { try await client.write([UInt8(byte)]) }
        #expect(try await client.read(20).bytes == Array(0..<20))
        // There and back, 20 ms at the least each.
        #expect(ContinuousClock.now - began >= .milliseconds(40))
    }

    @Test func throttles() async throws {
        proxy.set(.throttle(bytesPerSecond: 20_000))
        let client = Client(proxy.port)
        let began = ContinuousClock.now
        try await client.write([UInt8](repeating: 7, count: 10_000))
        #expect(try await client.read(10_000).bytes.count == 10_000)
        // The last twentieth of a second goes at once.
        #expect(ContinuousClock.now - began >= .milliseconds(440))
        proxy.set(.pass)
        try await client.write(Self.text)
        #expect(try await client.read(Self.text.count).bytes == Self.text)
    }

    @Test func resetsBothEnds() async throws {
        let client = Client(proxy.port)
        try await client.write([1])
        #expect(try await client.read(1).bytes == [1])
        proxy.reset()
        #expect(proxy.counters.open == 0)
        #expect(proxy.counters.broken == 1)
        #expect(try await client.read(1).end == ECONNRESET)
        try await eventually("the server to see it") { server.ends == ["reset"] }
        let next = Client(proxy.port)
        try await next.write([2])
        #expect(try await next.read(1).bytes == [2])
    }

    @Test(arguments: [0, 1, 2, 99, 100, 65_536, 200_000])
    func cutsAnswersAfterExactlySoManyBytes(_ offset: Int) async throws {
        proxy.set(.cut(after: offset, .toClient))
        let client = Client(proxy.port)
        // With nothing to come it would be the write that is told of the reset.
        if offset > 0 { try await client.write(Self.text) }
        let (bytes, end) = try await client.read(Self.text.count)
        #expect(bytes == Array(Self.text.prefix(offset)))
        #expect(end == ECONNRESET)
        #expect(proxy.counters.broken == 1)
    }

    @Test(arguments: [1, 2, 99, 65_536])
    func cutsRequestsAfterExactlySoManyBytes(_ offset: Int) async throws {
        proxy.set(.cut(after: offset, .toServer))
        let client = Client(proxy.port)
        try await client.write(Self.text)
        try await eventually("the server to see it") { !server.ends.isEmpty }
        #expect(server.bytes == Array(Self.text.prefix(offset)))
        #expect(server.ends == ["reset"])
    }

    @Test func countsACutFromTheChange() async throws {
        let client = Client(proxy.port)
        try await client.write([1, 2, 3])
        #expect(try await client.read(3).bytes == [1, 2, 3])
        proxy.set(.cut(after: 2, .toClient))
        try await client.write([4, 5, 6])
        let (bytes, end) = try await client.read(3)
        #expect(bytes == [4, 5])
        #expect(end == ECONNRESET)
    }

    @Test func refusesAndTakesAgainOnTheSamePort() async throws {
        let client = Client(proxy.port)
        try await client.write([1])
        #expect(try await client.read(1).bytes == [1])
        for _ in 0..<3 {
            proxy.set(.refuse)
            #expect(Client(proxy.port).failure == ECONNREFUSED)
            try await client.write([2])
            #expect(try await client.read(1).bytes == [2], "what is connected goes on")
            proxy.set(.pass)
            let next = Client(proxy.port)
            try await next.write([3])
            #expect(try await next.read(1).bytes == [3])
        }
    }

    @Test func resetsWhenNobodyIsBehindIt() async throws {
        let nobody = try FaultProxy(to: 1, mode: .refuse)
        let front = try FaultProxy(to: nobody.port)
        #expect(try await Client(front.port).read(1).end == ECONNRESET)
        try await eventually("nothing to be open") { front.counters.open == 0 }
        #expect(front.counters.broken == 0)
    }

    @Test func passesAResetOn() async throws {
        do {
            let client = Client(proxy.port)
            try await client.write(Self.text)
            // Closed with unread bytes, which makes the kernel send a reset.
            try await eventually("an answer") { client.polls(POLLIN) }
        }
        try await eventually("the server to see it") { !server.ends.isEmpty }
        try await eventually("nothing to be open") { proxy.counters.open == 0 }
    }

    @Test func closesWithItsOwner() async throws {
        let port: Int
        let client: Client
        do {
            let proxy = try FaultProxy(to: server.port)
            port = proxy.port
            client = Client(port)
            try await client.write([1])
            #expect(try await client.read(1).bytes == [1])
            proxy.close()
            proxy.close()
            proxy.set(.pass)
        }
        #expect(try await client.read(1).end == ECONNRESET)
        #expect(Client(port).failure == ECONNREFUSED)
    }
}
