import Synchronization

/// Messages of all subscribed channels over one connection, on a thread of its own, which Redis wants for nothing else.
/// There is none until somebody subscribes.
final class SubscriberLoop: Sendable {
    private typealias Reader = AsyncStream<[UInt8]>.Continuation

    private struct Subscriber {
        let reader: Reader
        /// Something may have been missed; the reader is told once the channel is subscribed again.
        var isOwedEmpty: Bool
    }
    private struct State {
        var channels: [[UInt8]: [Int: Subscriber]] = [:]
        var nextID = 0
        /// Whether the channels differ from what the thread saw last.
        var hasChanged = false
        /// From the first failure to the next connection.
        var isAway = false
        var isConnected = false
        var isClosing = false
        var waitingForClose: [CheckedContinuation<Void, Never>] = []
    }
    private let state = Mutex(State())
    private let link: RedisLink

    init(_ link: RedisLink) { self.link = link }

    // MARK: For callers

    func messages(_ channel: [UInt8]) -> AsyncStream<[UInt8]> {
        let (stream, reader) = AsyncStream.makeStream(
            of: [UInt8].self, bufferingPolicy: .bufferingNewest(link.options.subscriberBuffer))
        let id = state.withLock { state in
            state.nextID += 1
            return state.nextID
        }
        // Before it is known to the thread, so that an end is never missed.
        reader.onTermination = { [weak self] _ in self?.remove(id, from: channel) }
        let isClosing = state.withLock { state in
            if !state.isClosing {
                state.hasChanged = state.hasChanged || state.channels[channel] == nil
                state.channels[channel, default: [:]][id] = Subscriber(reader: reader, isOwedEmpty: state.isAway)
            }
            return state.isClosing
        }
        if isClosing { reader.finish() } else { link.waker.wake() }
        return stream
    }

    private func remove(_ id: Int, from channel: [UInt8]) {
        let isLast = state.withLock { state in
            state.channels[channel]?[id] = nil
            guard state.channels[channel]?.isEmpty == true else { return false }
            state.channels[channel] = nil
            state.hasChanged = true
            return true
        }
        if isLast { link.waker.wake() }
    }

    func stop() {
        state.withLock { $0.isClosing = true }
        link.waker.wake()
    }

    /// Waits until the connection is closed. Does not wait for a try to connect.
    func close() async {
        stop()
        await withCheckedContinuation { continuation in
            let waits = state.withLock { state in
                if state.isConnected { state.waitingForClose.append(continuation) }
                return state.isConnected
            }
            if !waits { continuation.resume() }
        }
        finishReaders()
    }

    private func finishReaders() {
        let readers = state.withLock { state in
            defer { state.channels = [:] }
            return state.channels.values.flatMap { $0.values.map(\.reader) }
        }
        // Outside the lock: this calls back into `remove`.
        for reader in readers { reader.finish() }
    }

    // MARK: The thread

    func run() {
        while state.withLock({ !$0.isClosing && $0.channels.isEmpty }) { link.waker.wait(nil) }
        link.run(
            isWanted: { state.withLock { !$0.isClosing } },
            opened: {
                state.withLock { state in
                    state.isAway = false
                    state.isConnected = true
                    state.hasChanged = true
                }
            },
            serve: { connection throws(RedisCacheError) in try serve(connection) },
            lost: { _ in
                state.withLock { state in
                    state.isAway = true
                    state.isConnected = false
                    for channel in state.channels.keys {
                        state.channels[channel] = state.channels[channel]?.mapValues {
                            Subscriber(reader: $0.reader, isOwedEmpty: true)
                        }
                    }
                }
            })
        let closes = state.withLock { state in
            state.isConnected = false
            defer { state.waitingForClose = [] }
            return state.waitingForClose
        }
        finishReaders()
        for close in closes { close.resume() }
    }

    private func serve(_ connection: RedisConnection) throws(RedisCacheError) {
        let ping = RedisCommand.encoded("PING")
        var subscribed: Set<[UInt8]> = []
        var probedAt: ContinuousClock.Instant?
        while true {
            let (wanted, isClosing): (Set<[UInt8]>?, Bool) = state.withLock { state in
                defer { state.hasChanged = false }
                return (state.hasChanged ? Set(state.channels.keys) : nil, state.isClosing)
            }
            if isClosing { return }
            if let wanted {
                try change("SUBSCRIBE", wanted.subtracting(subscribed), connection)
                try change("UNSUBSCRIBE", subscribed.subtracting(wanted), connection)
                subscribed = wanted
            }
            let now = ContinuousClock.now
            if now - connection.lastHeard >= link.options.probeInterval {
                guard let asked = probedAt, asked > connection.lastHeard else {
                    probedAt = now
                    try connection.send(ping)
                    continue
                }
                guard now - asked < link.options.longestSilence else {
                    throw RedisCacheError(.unavailable, "\(link.address.name) does not answer any more")
                }
                try connection.wait(for: link.waker, until: asked + link.options.longestSilence)
            } else {
                try connection.wait(for: link.waker, until: connection.lastHeard + link.options.probeInterval)
            }
            while let reply = try connection.next() { try take(reply) }
        }
    }

    private func change(
        _ command: String, _ channels: Set<[UInt8]>, _ connection: RedisConnection
    ) throws(RedisCacheError) {
        if !channels.isEmpty { try connection.send(RedisCommand.encoded([Array(command.utf8)] + channels)) }
    }

    private func take(_ reply: RedisReply) throws(RedisCacheError) {
        if case .error(let text) = reply {
            throw RedisCacheError(.refused, "\(link.address.name) refuses to subscribe: \(text)")
        }
        guard case .list(let parts) = reply, parts.count >= 3, case .bytes(let kind) = parts[0],
            case .bytes(let channel) = parts[1]
        else { return }
        if kind.elementsEqual("subscribe".utf8) {
            let owed = state.withLock { state in
                let subscribers = state.channels[channel] ?? [:]
                for id in subscribers.keys { state.channels[channel]?[id]?.isOwedEmpty = false }
                return subscribers.values.filter(\.isOwedEmpty).map(\.reader)
            }
            deliver([], to: owed)
        } else if kind.elementsEqual("message".utf8), case .bytes(let message) = parts[2] {
            deliver(message, to: state.withLock { ($0.channels[channel] ?? [:]).values.map(\.reader) })
        }
    }

    private func deliver(_ message: [UInt8], to readers: [Reader]) {
        var lost = 0
        for reader in readers {
            if case .dropped = reader.yield(message) { lost += 1 }
        }
        if lost > 0 { link.tally.add { $0.dropped += lost } }
    }
}
