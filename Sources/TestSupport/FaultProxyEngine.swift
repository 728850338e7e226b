import Foundation
import Synchronization

enum ProxySocket {
    /// Never blocks, and stays with this process.
    static func prepare(_ descriptor: Int32) {
        _ = fcntl(descriptor, F_SETFL, O_NONBLOCK)
        _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC)
    }

    static func make() throws -> Int32 {
        let flags = Int32(SOCK_STREAM.rawValue | SOCK_NONBLOCK.rawValue | SOCK_CLOEXEC.rawValue)
        let descriptor = socket(AF_INET, flags, 0)
        guard descriptor >= 0 else {
            throw FaultProxy.Failure(description: "no socket: \(String(cString: strerror(errno)))")
        }
        var on: Int32 = 1
        setsockopt(descriptor, Int32(IPPROTO_TCP), TCP_NODELAY, &on, socklen_t(MemoryLayout<Int32>.size))
        setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &on, socklen_t(MemoryLayout<Int32>.size))
        return descriptor
    }

    static func withLoopback<Result>(_ port: UInt16, _ body: (UnsafePointer<sockaddr>, socklen_t) -> Result) -> Result {
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = port.bigEndian
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        let size = socklen_t(MemoryLayout<sockaddr_in>.size)
        return withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { body($0, size) }
        }
    }

    /// A port that the kernel chooses is lost when its socket stops to listen, one that was asked for by number stays. So
    /// the number comes from a first socket, which holds it until the second has it.
    static func listener() throws -> (descriptor: Int32, port: Int) {
        let first = try make()
        defer { Foundation.close(first) }
        var address = sockaddr_in()
        var size = socklen_t(MemoryLayout<sockaddr_in>.size)
        let isBound = withLoopback(0) { bind(first, $0, $1) } == 0
        let isNamed = withUnsafeMutablePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { getsockname(first, $0, &size) }
        }
        let second = try make()
        let port = UInt16(bigEndian: address.sin_port)
        guard isBound, isNamed == 0, withLoopback(port, { bind(second, $0, $1) }) == 0, listen(second, 1_024) == 0
        else {
            let reason = String(cString: strerror(errno))
            Foundation.close(second)
            throw FaultProxy.Failure(description: "cannot listen on 127.0.0.1: \(reason)")
        }
        return (second, Int(port))
    }

    /// Closes so that the other end sees a reset.
    static func reset(_ descriptor: Int32) {
        var abrupt = linger(l_onoff: 1, l_linger: 0)
        setsockopt(descriptor, SOL_SOCKET, SO_LINGER, &abrupt, socklen_t(MemoryLayout<linger>.size))
        Foundation.close(descriptor)
    }

    /// Bytes that the other end's kernel has not acknowledged.
    static func unsent(_ descriptor: Int32) -> Int32 {
        var count: Int32 = 0
        return ioctl(descriptor, UInt(TIOCOUTQ), &count) == 0 ? count : 0
    }
}

/// One direction of one connection.
private final class ProxyFlow {
    let direction: FaultProxy.Direction
    let source: Int32
    let target: Int32
    /// What was read and may go on at its time.
    private var pieces: [(bytes: ArraySlice<UInt8>, due: ContinuousClock.Instant)] = []
    private var held = 0
    private var sourceEnded = false
    private(set) var targetEnded = false
    /// With ``FaultProxy/Mode/throttle(bytesPerSecond:)``: when the next byte may go.
    private var nextByte = ContinuousClock.now
    private var forwarded = 0
    private var sourceIsReady = true
    private var targetIsFull = false

    static let limit = 256 << 10

    init(_ direction: FaultProxy.Direction, from source: Int32, to target: Int32) {
        self.direction = direction
        self.source = source
        self.target = target
    }

    func modeChanged() { forwarded = 0 }

    func isHeldUp(_ mode: FaultProxy.Mode) -> Bool {
        if case .blackhole(let directions) = mode { return directions.contains(direction) }
        return false
    }

    func isCut(_ mode: FaultProxy.Mode) -> Bool {
        if case .cut(let after, direction) = mode { return forwarded >= after }
        return false
    }

    func wantsToRead(_ mode: FaultProxy.Mode) -> Bool {
        !sourceEnded && held < Self.limit && !isHeldUp(mode) && !isCut(mode)
    }

    func wantsToWrite() -> Bool { targetIsFull && held > 0 }

    /// When there is something to do that no socket tells.
    func nextTime(_ mode: FaultProxy.Mode) -> ContinuousClock.Instant? {
        guard let first = pieces.first, !targetIsFull, !isHeldUp(mode), !isCut(mode) else { return nil }
        if case .throttle = mode { return max(first.due, nextByte) }
        return first.due
    }

    /// - Returns: False when the source broke the connection.
    func read(_ mode: FaultProxy.Mode, _ buffer: inout [UInt8]) -> Bool {
        while sourceIsReady, wantsToRead(mode) {
            let count = buffer.withUnsafeMutableBytes { recv(source, $0.baseAddress, $0.count, 0) }
            if count < 0 {
                if errno == EINTR { continue }
                sourceIsReady = false
                return errno == EAGAIN
            }
            if count == 0 {
                sourceEnded = true
                return true
            }
            var due = ContinuousClock.now
            if case .delay(let milliseconds, let jitter) = mode {
                due += .milliseconds(max(0, milliseconds + Int.random(in: -jitter...jitter)))
                if let last = pieces.last { due = max(due, last.due) }
            }
            pieces.append((Array(buffer[..<count])[...], due))
            held += count
        }
        return true
    }

    func becameReadable() { sourceIsReady = true }
    func becameWritable() { targetIsFull = false }

    /// - Returns: Bytes that went on, nil when the target broke the connection.
    func write(_ mode: FaultProxy.Mode) -> Int? {
        var total = 0
        while let first = pieces.first, !targetIsFull, !isHeldUp(mode) {
            let now = ContinuousClock.now
            guard first.due <= now else { break }
            var allowed = first.bytes.count
            switch mode {
            // A twentieth of a second at a time.
            case .throttle(let rate): allowed = nextByte <= now ? min(allowed, max(1, rate / 20)) : 0
            case .cut(let after, direction): allowed = min(allowed, after - forwarded)
            case .pass, .blackhole, .delay, .cut, .refuse: break
            }
            guard allowed > 0 else { break }
            let count = first.bytes.prefix(allowed).withUnsafeBytes {
                send(target, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
            }
            if count < 0 {
                if errno == EINTR { continue }
                guard errno == EAGAIN else { return nil }
                targetIsFull = true
                break
            }
            if case .throttle(let rate) = mode {
                nextByte = max(nextByte, now) + .seconds(1) * (Double(count) / Double(max(1, rate)))
            }
            forwarded += count
            held -= count
            total += count
            if count == first.bytes.count {
                pieces.removeFirst()
            } else {
                pieces[0].bytes = first.bytes.dropFirst(count)
            }
        }
        if sourceEnded, held == 0, !targetEnded, !isHeldUp(mode) {
            shutdown(target, Int32(SHUT_WR))
            targetEnded = true
        }
        return total
    }
}

private final class ProxyConnection {
    let client: Int32
    let server: Int32
    let flows: [ProxyFlow]
    var isConnected = false

    init(client: Int32, server: Int32) {
        self.client = client
        self.server = server
        flows = [
            ProxyFlow(.toServer, from: client, to: server), ProxyFlow(.toClient, from: server, to: client),
        ]
    }
}

/// The thread of a proxy: one `poll` over all sockets.
final class ProxyEngine {
    private let listener: Int32
    private let serverPort: UInt16
    private let control: ProxyControl
    private var connections: [ProxyConnection] = []
    private var buffer = [UInt8](repeating: 0, count: 64 << 10)
    private var mode = FaultProxy.Mode.pass
    private var modeNumber = -1
    private var isListening = true

    init(listener: Int32, serverPort: UInt16, control: ProxyControl) {
        self.listener = listener
        self.serverPort = serverPort
        self.control = control
    }

    func run() {
        while true {
            let wanted = control.state.withLock { state in
                defer { state.resets = false }
                return state
            }
            if wanted.modeNumber != modeNumber {
                modeNumber = wanted.modeNumber
                mode = wanted.mode
                for flow in connections.flatMap(\.flows) { flow.modeChanged() }
                listenOrNot()
            }
            if wanted.resets { connections.forEach { drop($0, breaks: true) } }
            if wanted.isClosed {
                connections.forEach { drop($0) }
                close(listener)
                return control.answer(.max)
            }
            serveAll()
            control.answer(wanted.asked)
            wait()
        }
    }

    private func listenOrNot() {
        if mode == .refuse, isListening {
            shutdown(listener, Int32(SHUT_RD))
            isListening = false
        } else if mode != .refuse, !isListening {
            listen(listener, 1_024)
            isListening = true
        }
    }

    /// Moves what can be moved, and ends what has ended.
    private func serveAll() {
        for connection in connections where connection.isConnected {
            for flow in connection.flows {
                guard flow.read(mode, &buffer), let count = flow.write(mode) else {
                    drop(connection)
                    break
                }
                control.state.withLock { state in
                    switch flow.direction {
                    case .toServer: state.counters.bytesToServer += count
                    case .toClient: state.counters.bytesToClient += count
                    }
                }
                // What went on has to arrive before the reset does, which would overtake it.
                if flow.isCut(mode), ProxySocket.unsent(flow.target) == 0 {
                    drop(connection, breaks: true)
                    break
                }
            }
            if connection.flows.allSatisfy(\.targetEnded) { drop(connection, gracefully: true) }
        }
    }

    private func wait() {
        var entries = [
            pollfd(fd: control.wakeDescriptor, events: Int16(POLLIN), revents: 0),
            pollfd(fd: isListening ? listener : -1, events: Int16(POLLIN), revents: 0),
        ]
        var wake: ContinuousClock.Instant?
        for connection in connections {
            guard connection.isConnected else {
                entries.append(pollfd(fd: -1, events: 0, revents: 0))
                entries.append(pollfd(fd: connection.server, events: Int16(POLLOUT), revents: 0))
                continue
            }
            for flow in connection.flows {
                var events: Int32 = 0
                // The other direction's writes go to the socket that this one reads from.
                let other = connection.flows[flow.direction == .toServer ? 1 : 0]
                if flow.wantsToRead(mode) { events |= POLLIN }
                if other.wantsToWrite(), !other.isHeldUp(mode) { events |= POLLOUT }
                // A socket of which nothing is wanted is left out: its end would wake this loop without end.
                entries.append(pollfd(fd: events == 0 ? -1 : flow.source, events: Int16(events), revents: 0))
                wake = [wake, flow.nextTime(mode)].compactMap { $0 }.min()
                if flow.isCut(mode) { wake = [wake, ContinuousClock.now + .milliseconds(1)].compactMap { $0 }.min() }
            }
        }
        poll(&entries, nfds_t(entries.count), wake.map { Self.milliseconds($0 - .now) } ?? -1)

        if entries[0].revents != 0 { while read(control.wakeDescriptor, &buffer, buffer.count) > 0 {} }
        for (index, connection) in connections.enumerated() {
            let ready = entries[(2 + 2 * index)...].prefix(2).map { Int32($0.revents) }
            if !connection.isConnected, ready[1] != 0 {
                finishConnecting(connection)
                continue
            }
            for (flow, (source, target)) in zip(connection.flows, [(ready[0], ready[1]), (ready[1], ready[0])]) {
                if source & (POLLIN | POLLHUP | POLLERR) != 0 { flow.becameReadable() }
                if target & (POLLOUT | POLLHUP | POLLERR) != 0 { flow.becameWritable() }
            }
        }
        if entries[1].revents & Int16(POLLIN) != 0 { takeConnections() }
    }

    private static func milliseconds(_ duration: Duration) -> Int32 {
        let (seconds, attoseconds) = duration.components
        return Int32(clamping: max(0, seconds * 1_000 + (attoseconds + 999_999_999_999_999) / 1_000_000_000_000_000))
    }

    private func takeConnections() {
        while true {
            let client = accept(listener, nil, nil)
            guard client >= 0 else { return }
            ProxySocket.prepare(client)
            var on: Int32 = 1
            setsockopt(client, Int32(IPPROTO_TCP), TCP_NODELAY, &on, socklen_t(MemoryLayout<Int32>.size))
            control.state.withLock { state in
                state.counters.accepted += 1
                state.counters.open += 1
            }
            guard let server = try? ProxySocket.make() else {
                // Out of descriptors: the client sees what it would see of a server in that state.
                ProxySocket.reset(client)
                control.state.withLock { $0.counters.open -= 1 }
                continue
            }
            let connection = ProxyConnection(client: client, server: server)
            connections.append(connection)
            if ProxySocket.withLoopback(serverPort, { connect(server, $0, $1) }) == 0 {
                connection.isConnected = true
            } else if errno != EINPROGRESS {
                drop(connection)
            }
        }
    }

    private func finishConnecting(_ connection: ProxyConnection) {
        var failure: Int32 = 0
        var size = socklen_t(MemoryLayout<Int32>.size)
        getsockopt(connection.server, SOL_SOCKET, SO_ERROR, &failure, &size)
        if failure == 0 { connection.isConnected = true } else { drop(connection) }
    }

    /// - Parameters:
    ///   - breaks: The proxy wants it so.
    ///   - gracefully: Both ends have said all they had to say.
    private func drop(_ connection: ProxyConnection, breaks: Bool = false, gracefully: Bool = false) {
        guard let index = connections.firstIndex(where: { $0 === connection }) else { return }
        connections.remove(at: index)
        for descriptor in [connection.client, connection.server] {
            if gracefully { close(descriptor) } else { ProxySocket.reset(descriptor) }
        }
        control.state.withLock { state in
            state.counters.open -= 1
            if breaks { state.counters.broken += 1 }
        }
    }
}
