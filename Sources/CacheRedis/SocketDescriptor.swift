import Foundation

/// A connected TCP socket that never blocks, closed with its owner.
struct SocketDescriptor: ~Copyable {
    let number: Int32

    private init(_ number: Int32) { self.number = number }

    deinit { close(number) }

    /// Tries the addresses of the host one after the other. Asking for them may block as long as the system's resolver is
    /// willing to wait, unless the host is an address itself.
    static func connect(
        to address: RedisAddress, until deadline: ContinuousClock.Instant, waker: Waker, isWanted: () -> Bool
    ) throws(RedisCacheError) -> SocketDescriptor {
        var hints = addrinfo()
        hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
        hints.ai_flags = AI_ADDRCONFIG | AI_NUMERICSERV
        var list: UnsafeMutablePointer<addrinfo>?
        // A host that is an address needs no look-up, and no interface with one of its family.
        var numeric = hints
        numeric.ai_flags = AI_NUMERICHOST | AI_NUMERICSERV
        var result = getaddrinfo(address.host, "\(address.port)", &numeric, &list)
        if result != 0 { result = getaddrinfo(address.host, "\(address.port)", &hints, &list) }
        guard result == 0, let first = list else {
            throw RedisCacheError(
                .unavailable, "the host of \(address.name) cannot be found: \(String(cString: gai_strerror(result)))")
        }
        defer { freeaddrinfo(first) }
        var reason = "no address"
        var candidate: UnsafeMutablePointer<addrinfo>? = first
        while let entry = candidate {
            let socket = Self.open(entry.pointee)
            if let failure = socket.connect(entry.pointee, until: deadline, waker: waker, isWanted: isWanted) {
                reason = failure
            } else {
                return socket
            }
            candidate = entry.pointee.ai_next
        }
        throw RedisCacheError(.unavailable, "\(address.name) cannot be reached: \(reason)")
    }

    private static func open(_ entry: addrinfo) -> SocketDescriptor {
        let flags = Int32(SOCK_STREAM.rawValue | SOCK_NONBLOCK.rawValue | SOCK_CLOEXEC.rawValue)
        let number = socket(entry.ai_family, flags, 0)
        var on: Int32 = 1
        let size = socklen_t(MemoryLayout<Int32>.size)
        setsockopt(number, Int32(IPPROTO_TCP), TCP_NODELAY, &on, size)
        setsockopt(number, SOL_SOCKET, SO_KEEPALIVE, &on, size)
        return SocketDescriptor(number)
    }

    /// - Returns: Why not, or nil when it is connected.
    private func connect(
        _ entry: addrinfo, until deadline: ContinuousClock.Instant, waker: Waker, isWanted: () -> Bool
    ) -> String? {
        guard number >= 0 else { return String(cString: strerror(errno)) }
        if Foundation.connect(number, entry.ai_addr, entry.ai_addrlen) != 0 {
            guard errno == EINPROGRESS else { return String(cString: strerror(errno)) }
            var entries = [
                pollfd(fd: number, events: Int16(POLLOUT), revents: 0),
                pollfd(fd: waker.descriptor, events: Int16(POLLIN), revents: 0),
            ]
            while entries[0].revents == 0 {
                guard isWanted() else { return "the cache is closed" }
                let patience = deadline - .now
                guard patience > .zero else { return "no answer in time" }
                poll(&entries, nfds_t(entries.count), patience.pollMilliseconds)
                if entries[1].revents != 0 { waker.drain() }
            }
            var failure: Int32 = 0
            var size = socklen_t(MemoryLayout<Int32>.size)
            getsockopt(number, SOL_SOCKET, SO_ERROR, &failure, &size)
            if failure != 0 { return String(cString: strerror(failure)) }
        }
        return isToItself ? "nobody listens" : nil
    }

    /// TCP connects a socket with itself when the kernel gives it the very port of this machine that it calls and that
    /// nobody listens on. Whoever does that keeps the server from coming back.
    private var isToItself: Bool {
        func name(_ ask: (Int32, UnsafeMutablePointer<sockaddr>, UnsafeMutablePointer<socklen_t>) -> Int32) -> [UInt8] {
            var storage = [UInt8](repeating: 0, count: MemoryLayout<sockaddr_storage>.size)
            var size = socklen_t(storage.count)
            let result = storage.withUnsafeMutableBytes { bytes in
                bytes.baseAddress.map { ask(number, $0.assumingMemoryBound(to: sockaddr.self), &size) }
            }
            return result == 0 ? Array(storage.prefix(Int(size))) : []
        }
        let own = name { getsockname($0, $1, $2) }
        return !own.isEmpty && own == name { getpeername($0, $1, $2) }
    }
}
