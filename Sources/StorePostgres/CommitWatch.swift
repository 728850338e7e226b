import Domain
import Synchronization

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#endif

/// Looks for commits of other processes: at the head every 250 ms, and at once when one of them sends a notification. A
/// notification is only a hint, which a proxy that pools transactions may swallow. Has a connection and a thread of its
/// own.
final class CommitWatch: Sendable {
    static let channel = "albatross_commit"

    private struct State {
        var isClosing = false
        var isClosed = false
        var waitingForClose: [CheckedContinuation<Void, Never>] = []
    }
    private let state = Mutex(State())
    private let target: ConnectionTarget
    private let interval: Duration
    private let commits: CommitSignal
    private static let restInterval = Duration.milliseconds(10)
    private let bell = Bell()

    init(_ target: ConnectionTarget, interval: Duration, commits: CommitSignal) {
        self.target = target
        self.interval = interval
        self.commits = commits
        startThread("commit watch") { [self] in watch() }
    }

    func stop() {
        state.withLock { $0.isClosing = true }
        bell.ring()
    }

    func close() async {
        stop()
        await withCheckedContinuation { continuation in
            let isClosed = state.withLock { state in
                if !state.isClosed { state.waitingForClose.append(continuation) }
                return state.isClosed
            }
            if isClosed { continuation.resume() }
        }
    }

    private func watch() {
        var backoff = Backoff()
        while !state.withLock({ $0.isClosing }) {
            do throws(PostgresFailure) {
                try follow { backoff.reset() }
            } catch {
                // Whatever it was: something may have been missed when it is over.
                commits.yield()
                pause(backoff.next())
            }
        }
        let waiting = state.withLock { state in
            state.isClosed = true
            return state.waitingForClose
        }
        for continuation in waiting { continuation.resume() }
    }

    /// Follows the head on one connection until the watch ends.
    private func follow(connected: () -> Void) throws(PostgresFailure) {
        let connection = try Connection(target)
        connection.deadline = .now + .seconds(5)
        _ = try connection.run("LISTEN \(Self.channel)")
        var seen: Int64?
        while !state.withLock({ $0.isClosing }) {
            let head = try connection.query(
                .app, nil, "SELECT position FROM albatross.event_head WHERE id = 1", timeout: .seconds(5)
            ).integer(0, 0)
            if seen == nil { connected() }
            if head != seen { commits.yield() }
            seen = head
            // A busy writer's notifications come as one.
            pause(Self.restInterval)
            try connection.waitForNotification(for: interval, orFor: bell.descriptor)
        }
    }

    private func pause(_ time: Duration) {
        var polled = pollfd(fd: bell.descriptor, events: Int16(POLLIN), revents: 0)
        poll(&polled, 1, Int32(time.wholeMilliseconds))
    }
}

/// A descriptor that becomes readable when it is rung, for a thread that waits for a socket too. Where the system gives
/// none it is -1, which `poll` passes over.
private final class Bell: Sendable {
    let descriptor: Int32
    private let other: Int32

    init() {
        var ends: [Int32] = [-1, -1]
        if pipe(&ends) == 0 { for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) } }
        (descriptor, other) = (ends[0], ends[1])
    }

    deinit {
        for end in [descriptor, other] where end >= 0 { close(end) }
    }

    func ring() {
        var byte: UInt8 = 1
        // The pipe has room for the one byte that is ever needed.
        _ = write(other, &byte, 1)
    }
}
