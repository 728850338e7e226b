import Foundation
import Synchronization

/// Stands between a client and a server on loopback and breaks what the test says.
final class FaultProxy: Sendable {
    enum Mode: Sendable {
        case forwarding
        /// What the server says is read and thrown away.
        case swallowingReplies
        /// Nothing is read on either side: a partition.
        case silent
        /// New connections are closed at once.
        case refusing
    }
    private struct Pair {
        let client: Int32
        let server: Int32
    }
    private struct State {
        var mode = Mode.forwarding
        var cuts = 0
        var isOver = false
        var accepted = 0
    }
    private let state = Mutex(State())
    private let listener: Int32
    let port: Int

    init(to target: (host: String, port: Int)) throws {
        let listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        self.listener = listener
        var address = Self.address(0)
        var size = socklen_t(MemoryLayout<sockaddr_in>.size)
        let bound = withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(listener, $0, size) == 0 && listen(listener, 16) == 0 && getsockname(listener, $0, &size) == 0
            }
        }
        guard bound else { throw TestFailure("no port for a proxy") }
        port = Int(UInt16(bigEndian: address.sin_port))
        let thread = Thread { [weak self] in
            var pairs: [Pair] = []
            var cuts = 0
            while let state = self?.state.withLock({ $0 }), !state.isOver {
                if state.cuts != cuts {
                    for pair in pairs { Self.end(pair) }
                    pairs = []
                    cuts = state.cuts
                }
                self?.turn(&pairs, state.mode, listener, target.port)
            }
            for pair in pairs { Self.end(pair) }
            close(listener)
        }
        thread.start()
    }

    private static func address(_ port: Int) -> sockaddr_in {
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = UInt16(port).bigEndian
        address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
        return address
    }

    private static func end(_ pair: Pair) {
        // A reset, not an orderly end.
        var linger = linger(l_onoff: 1, l_linger: 0)
        setsockopt(pair.client, SOL_SOCKET, SO_LINGER, &linger, socklen_t(MemoryLayout.size(ofValue: linger)))
        close(pair.client)
        close(pair.server)
    }

    private func turn(_ pairs: inout [Pair], _ mode: Mode, _ listener: Int32, _ target: Int) {
        var watched = [pollfd(fd: listener, events: Int16(POLLIN), revents: 0)]
        for pair in mode == .silent ? [] : pairs {
            watched.append(pollfd(fd: pair.client, events: Int16(POLLIN), revents: 0))
            watched.append(pollfd(fd: pair.server, events: Int16(POLLIN), revents: 0))
        }
        guard poll(&watched, UInt(watched.count), 10) > 0 else { return }
        for one in watched.dropFirst() where one.revents != 0 {
            guard let pair = pairs.first(where: { $0.client == one.fd || $0.server == one.fd }) else { continue }
            var buffer = [UInt8](repeating: 0, count: 65_536)
            let count = recv(one.fd, &buffer, buffer.count, 0)
            if count <= 0 {
                pairs.removeAll { $0.client == pair.client }
                Self.end(pair)
                continue
            }
            if one.fd == pair.server, mode == .swallowingReplies { continue }
            var sent = 0
            while sent < count {
                let done = buffer.withUnsafeBytes {
                    send(
                        one.fd == pair.client ? pair.server : pair.client, $0.baseAddress?.advanced(by: sent),
                        count - sent, Int32(MSG_NOSIGNAL))
                }
                if done <= 0 { break }
                sent += done
            }
        }
        guard watched[0].revents != 0 else { return }
        let client = accept(listener, nil, nil)
        guard client >= 0 else { return }
        state.withLock { $0.accepted += 1 }
        var place = Self.address(target)
        let server = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        let isConnected = withUnsafePointer(to: &place) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(server, $0, socklen_t(MemoryLayout<sockaddr_in>.size)) == 0
            }
        }
        let pair = Pair(client: client, server: server)
        if mode == .refusing || !isConnected { Self.end(pair) } else { pairs.append(pair) }
    }

    var mode: Mode {
        get { state.withLock { $0.mode } }
        set { state.withLock { $0.mode = newValue } }
    }
    /// Connections so far.
    var accepted: Int { state.withLock { $0.accepted } }
    /// Resets every connection.
    func cut() { state.withLock { $0.cuts += 1 } }
    func stop() { state.withLock { $0.isOver = true } }
    deinit { stop() }
}
