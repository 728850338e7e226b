import Synchronization

/// Calls over one connection, on a thread of its own. Everything that waits goes out at once and is answered in order, so
/// callers share round trips. While Redis is away, or late, calls come back at once.
final class CommandLoop: Sendable {
    private struct Call {
        let wire: [UInt8]
        let deadline: ContinuousClock.Instant
        let answer: CheckedContinuation<RedisReply?, Never>
    }
    private enum Phase {
        case away
        case up
        /// An answer is overdue. It is the probe: when it comes the calls go on, else the connection goes.
        case late
        case closed
    }
    private struct State {
        var phase = Phase.away
        var queue: [Call] = []
        var queuedBytes = 0
        /// Whether the thread has to be woken for new work.
        var isAsleep = false
        var isClosing = false
        var waitingForAttempt: [CheckedContinuation<RedisCacheError?, Never>] = []
        var waitingForClose: [CheckedContinuation<Void, Never>] = []
    }
    /// Bytes that wait for the socket before no more calls are taken from the queue.
    private static let backlogLimit = 1 << 20
    private static let closed = RedisCacheError(.unavailable, "the cache is closed")

    private let state = Mutex(State())
    private let link: RedisLink

    init(_ link: RedisLink) { self.link = link }

    var isReachable: Bool { state.withLock { $0.phase == .up } }

    // MARK: For callers

    /// - Returns: The answer, nil when there is none within the time, which is then counted.
    func call(_ arguments: [[UInt8]]) async -> RedisReply? {
        guard isReachable else {
            link.tally.add { $0.failures += 1 }
            return nil
        }
        let wire = RedisCommand.encoded(arguments)
        let deadline = ContinuousClock.now + link.options.callTimeout
        return await withCheckedContinuation { continuation in
            submit(Call(wire: wire, deadline: deadline, answer: continuation))
        }
    }

    private func submit(_ call: Call) {
        enum Verdict { case queued(wakes: Bool), full, away }
        let verdict: Verdict = state.withLock { state in
            guard state.phase == .up, !state.isClosing else { return .away }
            guard state.queue.count < link.options.queueLimit,
                state.queuedBytes + call.wire.count <= link.options.queueBytes
            else { return .full }
            state.queue.append(call)
            state.queuedBytes += call.wire.count
            defer { state.isAsleep = false }
            return .queued(wakes: state.isAsleep)
        }
        switch verdict {
        case .queued(let wakes):
            if wakes { link.waker.wake() }
        case .full:
            link.tally.add { $0.dropped += 1 }
            call.answer.resume(returning: nil)
        case .away:
            link.tally.add { $0.failures += 1 }
            call.answer.resume(returning: nil)
        }
    }

    /// How the next try to connect ends, made without delay; nil for well, as at once when the connection is there.
    func attempt() async -> RedisCacheError? {
        await withCheckedContinuation { continuation in
            let answer: RedisCacheError?? = state.withLock { state in
                switch state.phase {
                case .up, .late: return .some(nil)
                case .closed: return Self.closed
                case .away:
                    state.waitingForAttempt.append(continuation)
                    return nil
                }
            }
            if let answer { continuation.resume(returning: answer) } else { link.waker.wake() }
        }
    }

    func stop() {
        state.withLock { $0.isClosing = true }
        link.waker.wake()
    }

    /// Waits until the connection is closed; what waits is answered with nothing. Does not wait for a try to connect.
    func close() async {
        stop()
        await withCheckedContinuation { continuation in
            let isClosed = state.withLock { state in
                if state.phase == .up || state.phase == .late { state.waitingForClose.append(continuation) }
                return state.phase == .away || state.phase == .closed
            }
            if isClosed { continuation.resume() }
        }
    }

    // MARK: The thread

    func run() {
        link.run(
            isWanted: { state.withLock { !$0.isClosing } }, opened: opened,
            serve: { connection throws(RedisCacheError) in try serve(connection) }, lost: lost)
        let (attempts, closes) = state.withLock { state in
            defer {
                state.phase = .closed
                state.waitingForAttempt = []
                state.waitingForClose = []
            }
            return (state.waitingForAttempt, state.waitingForClose)
        }
        failQueue()
        for attempt in attempts { attempt.resume(returning: Self.closed) }
        for close in closes { close.resume() }
    }

    private func opened() {
        let attempts = state.withLock { state in
            state.phase = .up
            defer { state.waitingForAttempt = [] }
            return state.waitingForAttempt
        }
        for attempt in attempts { attempt.resume(returning: nil) }
    }

    private func lost(_ error: RedisCacheError) {
        let attempts = state.withLock { state in
            state.phase = .away
            defer { state.waitingForAttempt = [] }
            return state.waitingForAttempt
        }
        failQueue()
        for attempt in attempts { attempt.resume(returning: error) }
    }

    private func failQueue() {
        let queue = state.withLock { state in
            defer {
                state.queue = []
                state.queuedBytes = 0
            }
            return state.queue
        }
        if !queue.isEmpty { link.tally.add { $0.failures += queue.count } }
        for call in queue { call.answer.resume(returning: nil) }
    }

    private func serve(_ connection: RedisConnection) throws(RedisCacheError) {
        let ping = RedisCommand.encoded("PING")
        var sent = SentCalls()
        var isLate = false
        defer {
            // Before anybody is told, so that whoever calls again does not wait.
            state.withLock { $0.phase = .away }
            let told = sent.failAll()
            link.tally.add { $0.failures += told }
        }
        while true {
            let hasRoom = connection.backlog < Self.backlogLimit && sent.count < link.options.queueLimit
            guard let (batch, queueDeadline) = take(hasRoom) else { return }
            var now = ContinuousClock.now
            if !batch.isEmpty {
                for call in batch { sent.append(answer: call.answer, deadline: call.deadline, at: now) }
                // One write for all of them, and with TLS few records.
                try connection.send(batch.flatMap(\.wire))
            } else if sent.count == 0, now - connection.lastHeard >= link.options.probeInterval {
                sent.append(answer: nil, deadline: now + link.options.callTimeout, at: now)
                try connection.send(ping)
            }

            // When to look again if nothing comes: the first call runs out of time, the silence gets too long, or a
            // probe is due.
            let silence =
                sent.oldest.map { max(connection.lastHeard, $0) + link.options.longestSilence }
                ?? connection.lastHeard + link.options.probeInterval
            let wake = [silence, sent.nextDeadline, queueDeadline].compactMap { $0 }.min() ?? silence
            try connection.wait(for: link.waker, until: wake)

            var refusal: String?
            while let reply = try connection.next() {
                guard sent.count > 0 else { throw RedisCacheError(.unavailable, "Redis answers without a question") }
                if case .error(let text) = reply { refusal = refusal ?? Self.reasonToLeave(text) }
                sent.answerFirst(reply)
            }
            if let refusal { throw RedisCacheError(.unavailable, "\(link.address.name) cannot serve: \(refusal)") }
            now = .now
            // Before those who waited are told, so that whoever calls again does not wait.
            let willBeLate = sent.hasOverdue(at: now)
            if willBeLate != isLate { setLate(willBeLate) }
            isLate = willBeLate
            let late = sent.expire(now)
            if late > 0 { link.tally.add { $0.failures += late } }
            if let oldest = sent.oldest, now - max(connection.lastHeard, oldest) >= link.options.longestSilence {
                throw RedisCacheError(.unavailable, "\(link.address.name) does not answer any more")
            }
        }
    }

    private func setLate(_ isLate: Bool) {
        state.withLock { state in
            if state.phase == .up || state.phase == .late { state.phase = isLate ? .late : .up }
        }
    }

    /// - Returns: What goes out now and, when it has to wait, when the first of it runs out of time; nil at the end.
    private func take(_ hasRoom: Bool) -> (batch: [Call], deadline: ContinuousClock.Instant?)? {
        let now = ContinuousClock.now
        var expired: [Call] = []
        let taken: (batch: [Call], deadline: ContinuousClock.Instant?)? = state.withLock { state in
            if state.isClosing { return nil }
            expired = Array(state.queue.prefix { $0.deadline <= now })
            state.queue.removeFirst(expired.count)
            guard hasRoom else {
                state.queuedBytes = state.queue.reduce(0) { $0 + $1.wire.count }
                state.isAsleep = false
                return ([], state.queue.first?.deadline)
            }
            defer {
                state.queue = []
                state.queuedBytes = 0
                state.isAsleep = true
            }
            return (state.queue, nil)
        }
        if !expired.isEmpty { link.tally.add { $0.failures += expired.count } }
        for call in expired { call.answer.resume(returning: nil) }
        return taken
    }

    /// After a fail-over a connection may lead to what is now a replica; a new one leads to the right place.
    private static func reasonToLeave(_ text: String) -> String? {
        ["READONLY", "MASTERDOWN", "LOADING"].contains { text.hasPrefix($0) } ? text : nil
    }
}

/// Calls on their way, in the order in which their answers come. Belongs to the thread of the loop.
private struct SentCalls {
    private struct Entry {
        /// Nil for a probe, and once the caller was told that it took too long.
        var answer: CheckedContinuation<RedisReply?, Never>?
        let deadline: ContinuousClock.Instant
        let sent: ContinuousClock.Instant
    }
    private var entries: [Entry] = []
    private var first = 0
    /// The first whose time is not known to be over.
    private var firstInTime = 0

    var count: Int { entries.count - first }
    var oldest: ContinuousClock.Instant? { count > 0 ? entries[first].sent : nil }
    var nextDeadline: ContinuousClock.Instant? { firstInTime < entries.count ? entries[firstInTime].deadline : nil }
    /// Whether an answer is waited for that comes too late.
    func hasOverdue(at now: ContinuousClock.Instant) -> Bool { count > 0 && entries[first].deadline <= now }

    mutating func append(
        answer: CheckedContinuation<RedisReply?, Never>?, deadline: ContinuousClock.Instant,
        at now: ContinuousClock.Instant
    ) {
        entries.append(Entry(answer: answer, deadline: deadline, sent: now))
    }

    mutating func answerFirst(_ reply: RedisReply) {
        entries[first].answer?.resume(returning: reply)
        entries[first].answer = nil
        first += 1
        firstInTime = max(first, firstInTime)
        if first == entries.count || first > 1_024 {
            entries.removeFirst(first)
            firstInTime -= first
            first = 0
        }
    }

    /// Tells those whose time is over. Deadlines are as good as ascending, since all calls have the same time.
    /// - Returns: How many callers that were.
    mutating func expire(_ now: ContinuousClock.Instant) -> Int {
        var told = 0
        while firstInTime < entries.count, entries[firstInTime].deadline <= now {
            if let answer = entries[firstInTime].answer.take() {
                answer.resume(returning: nil)
                told += 1
            }
            firstInTime += 1
        }
        return told
    }

    /// - Returns: How many callers were told.
    mutating func failAll() -> Int {
        var told = 0
        for entry in entries[first...] {
            if let answer = entry.answer {
                answer.resume(returning: nil)
                told += 1
            }
        }
        entries = []
        first = 0
        firstInTime = 0
        return told
    }
}
