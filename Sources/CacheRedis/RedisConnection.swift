import CHiredis
import Foundation

/// One connection to Redis. Belongs to one thread, which blocks in ``wait(for:until:)`` and nowhere else but in a
/// name look-up.
final class RedisConnection {
    private let socket: SocketDescriptor
    private let reader: ReplyReader
    private var tls: TLSSession?
    /// What the socket did not take yet.
    private var outgoing: [UInt8] = []
    private var buffer = [UInt8](repeating: 0, count: 64 << 10)
    private let address: RedisAddress
    /// When bytes came last, at first when the connection was made.
    private(set) var lastHeard = ContinuousClock.now

    /// Connects, checks the certificate, logs in and selects the database.
    /// - Parameters:
    ///   - waker: Gives up when it wakes and `isWanted` says no.
    ///   - maxReply: Bytes of one reply.
    init(
        to address: RedisAddress, within patience: Duration, maxReply: Int, waker: Waker, isWanted: () -> Bool
    ) throws(RedisCacheError) {
        self.address = address
        guard let reader = ReplyReader(limit: maxReply) else { throw RedisCacheError(.unavailable, "out of memory") }
        self.reader = reader
        // Before anything is sent, so that a wrong file is named even while Redis is away.
        if let tls = address.tls { self.tls = try TLSSession(host: address.host, authorities: tls.authorities) }
        let deadline = ContinuousClock.now + patience
        socket = try SocketDescriptor.connect(to: address, until: deadline, waker: waker, isWanted: isWanted)

        func step() throws(RedisCacheError) {
            guard isWanted() else { throw RedisCacheError(.unavailable, "the cache is closed") }
            guard ContinuousClock.now < deadline else {
                throw RedisCacheError(.unavailable, "\(address.name) takes the connection but does not answer")
            }
            try wait(for: waker, until: deadline)
        }
        if tls != nil {
            while try !handshake() { try step() }
        }
        let greetings = Self.greetings(address)
        for greeting in greetings { try send(greeting.command) }
        for greeting in greetings {
            var reply = try next()
            while reply == nil {
                try step()
                reply = try next()
            }
            if case .error(let text) = reply { throw greeting.refusal(text, address) }
        }
    }

    // MARK: Login

    private struct Greeting {
        let command: [UInt8]
        let isLogin: Bool

        func refusal(_ text: String, _ address: RedisAddress) -> RedisCacheError {
            let word = text.prefix { $0 != " " }
            if ["LOADING", "MASTERDOWN", "BUSY"].contains(word) {
                return RedisCacheError(.unavailable, "\(address.name) is not ready: \(text)")
            }
            // A server may repeat what it did not understand, and this was the password.
            let what = isLogin ? "the user name or password (\(word))" : "the connection: \(text)"
            return RedisCacheError(.refused, "\(address.name) refuses \(what)")
        }
    }

    private static func greetings(_ address: RedisAddress) -> [Greeting] {
        var all: [Greeting] = []
        if let password = address.password {
            let command =
                address.user.isEmpty
                ? RedisCommand.encoded("AUTH", password) : RedisCommand.encoded("AUTH", address.user, password)
            all.append(Greeting(command: command, isLogin: true))
        }
        if address.database != 0 {
            all.append(Greeting(command: RedisCommand.encoded("SELECT", "\(address.database)"), isLogin: false))
        }
        return all + [Greeting(command: RedisCommand.encoded("PING"), isLogin: false)]
    }

    // MARK: Traffic

    /// Bytes that are sent but not taken by the socket yet.
    var backlog: Int { outgoing.count }

    /// Sends, as far as the socket takes it at once; the rest goes in ``wait(for:until:)``.
    func send(_ bytes: [UInt8]) throws(RedisCacheError) {
        if tls == nil { outgoing += bytes } else { try tls?.write(bytes) }
        try flush()
    }

    /// A reply that came, nil when none is whole yet.
    func next() throws(RedisCacheError) -> RedisReply? { try reader.next() }

    /// Waits for something to read, room to write, the waker or the time; then reads and writes what there is.
    func wait(for waker: Waker, until deadline: ContinuousClock.Instant) throws(RedisCacheError) {
        let patience = max(.zero, deadline - .now)
        let events = outgoing.isEmpty ? POLLIN : POLLIN | POLLOUT
        var entries = [
            pollfd(fd: socket.number, events: Int16(events), revents: 0),
            pollfd(fd: waker.descriptor, events: Int16(POLLIN), revents: 0),
        ]
        guard poll(&entries, nfds_t(entries.count), patience.pollMilliseconds) > 0 else { return }
        if entries[1].revents != 0 { waker.drain() }
        if entries[0].revents & Int16(POLLOUT) != 0 { try flush() }
        if entries[0].revents & Int16(POLLIN | POLLHUP | POLLERR) != 0 { try receive() }
    }

    private func handshake() throws(RedisCacheError) -> Bool {
        do throws(RedisCacheError) {
            let isComplete = try tls?.handshake() ?? true
            try flush()
            return isComplete
        } catch {
            // The other side learns why. It is told once, and whether it listens does not matter.
            try? flush()
            throw error
        }
    }

    private func flush() throws(RedisCacheError) {
        if let sealed = tls?.takeOutgoing() { outgoing += sealed }
        while !outgoing.isEmpty {
            let count = outgoing.withUnsafeBytes {
                Foundation.send(socket.number, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
            }
            if count < 0 {
                if errno == EINTR { continue }
                if errno == EAGAIN { return }
                throw lost(errno)
            }
            outgoing.removeFirst(count)
        }
    }

    /// Takes part of what came: the replies in it are answered before more comes, so what is kept stays small.
    private func receive() throws(RedisCacheError) {
        for _ in 0..<4 {
            let count = buffer.withUnsafeMutableBytes { recv(socket.number, $0.baseAddress, $0.count, 0) }
            if count == 0 { throw RedisCacheError(.unavailable, "\(address.name) closed the connection") }
            if count < 0 {
                if errno == EINTR { continue }
                if errno == EAGAIN { return }
                throw lost(errno)
            }
            lastHeard = .now
            try take(count)
            if count < buffer.count { return }
        }
    }

    /// The first bytes of the buffer came from the socket.
    private func take(_ count: Int) throws(RedisCacheError) {
        guard tls != nil else { return try reader.feed(buffer, count) }
        try tls?.receive(buffer, count)
        guard try handshake() else { return }
        while let plain = try tls?.read(into: &buffer) {
            // What is answered without being asked, such as a key update, goes out now.
            if plain == 0 { return try flush() }
            try reader.feed(buffer, plain)
        }
        throw RedisCacheError(.unavailable, "\(address.name) closed the connection")
    }

    private func lost(_ number: Int32) -> RedisCacheError {
        RedisCacheError(.unavailable, "\(address.name): \(String(cString: strerror(number)))")
    }
}
