import Glibc
import Synchronization

/// A TCP proxy on loopback that can play dead in several ways.
final class FaultProxy: Sendable {
    enum Mode {
        case pass
        /// New connections are closed at once.
        case refuse
        /// What either side says goes nowhere; connections stay open.
        case silent
        /// The server hears everything, the client nothing.
        case mute
    }
    private struct State {
        var mode = Mode.pass
        var sockets: [Int32] = []
        var isClosed = false
    }
    private let state = Mutex(State())
    private let listener: Int32
    private let target: UInt16
    let port: UInt16

    /// - Parameter target: Port on 127.0.0.1 that connections go on to.
    init(to target: UInt16) throws {
        self.target = target
        let listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        self.listener = listener
        var address = Self.loopback(0)
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let bound = withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
                bind(listener, address, length) == 0 && listen(listener, 64) == 0
                    && getsockname(listener, address, &length) == 0
            }
        }
        struct NoListener: Error {}
        guard bound else { throw NoListener() }
        port = UInt16(bigEndian: address.sin_port)
        Self.thread { [weak self] in
            while true {
                let client = accept(listener, nil, nil)
                guard client >= 0, let self else { return }
                self.serve(client)
            }
        }
    }

    /// What happens from now on, also to connections that are open.
    func set(_ mode: Mode) { state.withLock { $0.mode = mode } }

    /// Ends every open connection.
    func cut() {
        for socket in state.withLock({ $0.sockets }) { shutdown(socket, Int32(SHUT_RDWR)) }
    }

    func close() {
        state.withLock { $0.isClosed = true }
        shutdown(listener, Int32(SHUT_RDWR))
        cut()
    }

    private static func loopback(_ port: UInt16) -> sockaddr_in {
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        address.sin_port = port.bigEndian
        return address
    }

    private static func thread(_ body: @escaping @Sendable () -> Void) {
        final class Box: Sendable {
            let body: @Sendable () -> Void
            init(_ body: @escaping @Sendable () -> Void) { self.body = body }
        }
        var id = pthread_t()
        pthread_create(
            &id, nil,
            { argument in
                guard let argument else { return nil }
                Unmanaged<Box>.fromOpaque(argument).takeRetainedValue().body()
                return nil
            }, Unmanaged.passRetained(Box(body)).toOpaque())
        pthread_detach(id)
    }

    private func serve(_ client: Int32) {
        let server = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        var address = Self.loopback(target)
        let isConnected =
            state.withLock { $0.mode } != .refuse
            && withUnsafePointer(to: &address) { pointer in
                pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                    connect(server, $0, socklen_t(MemoryLayout<sockaddr_in>.size)) == 0
                }
            }
        guard isConnected else {
            for socket in [client, server] { Glibc.close(socket) }
            return
        }
        for socket in [client, server] {
            var on: Int32 = 1
            setsockopt(socket, Int32(IPPROTO_TCP), TCP_NODELAY, &on, socklen_t(MemoryLayout<Int32>.size))
        }
        state.withLock { $0.sockets += [client, server] }
        Self.thread { self.pump(from: client, to: server, isAnswer: false) }
        Self.thread { self.pump(from: server, to: client, isAnswer: true) }
    }

    private func pump(from source: Int32, to sink: Int32, isAnswer: Bool) {
        var buffer = [UInt8](repeating: 0, count: 65_536)
        while true {
            let count = recv(source, &buffer, buffer.count, 0)
            guard count > 0 else { break }
            switch state.withLock({ $0.mode }) {
            case .silent: continue
            case .mute where isAnswer: continue
            case .pass, .mute, .refuse: break
            }
            var sent = 0
            while sent < count {
                let written = buffer[sent..<count].withUnsafeBytes {
                    send(sink, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
                }
                guard written > 0 else { break }
                sent += written
            }
        }
        // The other side is told; descriptors live as long as the process, as another thread may still hold them.
        shutdown(sink, Int32(SHUT_RDWR))
        shutdown(source, Int32(SHUT_RDWR))
    }
}
