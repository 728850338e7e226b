import Dispatch
import Domain
import Foundation
import Synchronization

/// Runs a blocking function on a thread of its own.
func onThread<T: Sendable>(_ name: String, _ body: @escaping @Sendable () -> T) async -> T {
    await withCheckedContinuation { continuation in
        startThread(name) { continuation.resume(returning: body()) }
    }
}

func startThread(_ name: String, _ body: @escaping @Sendable () -> Void) {
    let thread = Thread(block: body)
    thread.name = name
    thread.stackSize = 1 << 20
    thread.start()
}

/// A bounded number of connections, each on a thread of its own that does one job at a time. What waits for them is
/// bounded too.
final class ConnectionPool: Sendable {
    private struct Job: Sendable {
        /// Runs on the connection's thread. What it gives answers the caller.
        let perform: @Sendable (Connection) throws(PostgresFailure) -> @Sendable () -> Void
        let failed: @Sendable (EventStoreError) -> Void
        /// Whether it may be done again when the connection was lost under it.
        let isRepeatable: Bool
    }
    private struct State {
        var jobs: [Job] = []
        var start = 0
        var workers: Int
        var isClosing = false
        var waitingForClose: [CheckedContinuation<Void, Never>] = []
        var count: Int { jobs.count - start }

        mutating func next() -> Job? {
            guard start < jobs.count else { return nil }
            let job = jobs[start]
            start += 1
            if start > 256, start * 2 > jobs.count {
                jobs.removeFirst(start)
                start = 0
            }
            return job
        }
    }
    /// What the threads know of the way to the server.
    private struct Way {
        var backoff = Backoff()
        /// Why it is barred, and when it is worth another try.
        var barred: (reason: PostgresFailure, until: ContinuousClock.Instant)?
    }
    private let state: Mutex<State>
    private let way = Mutex(Way())
    private let wake = DispatchSemaphore(value: 0)
    private let target: ConnectionTarget
    private let limit: Int

    /// - Parameters:
    ///   - size: Connections, opened when there is work for them.
    ///   - limit: Jobs that may wait; one more is refused.
    init(_ name: String, _ target: ConnectionTarget, size: Int, limit: Int) {
        self.target = target
        self.limit = limit
        state = Mutex(State(workers: size))
        for _ in 0..<size { startThread(name) { [self] in work() } }
    }

    /// Runs `body` on one of the connections, outside of any transaction.
    func run<T: Sendable>(
        isRepeatable: Bool, _ body: @escaping @Sendable (Connection) throws(PostgresFailure) -> T
    ) async throws(EventStoreError) -> T {
        let result: Result<T, EventStoreError> = await withCheckedContinuation { continuation in
            let job = Job(
                perform: { connection throws(PostgresFailure) in
                    let value = try body(connection)
                    return { continuation.resume(returning: .success(value)) }
                }, failed: { continuation.resume(returning: .failure($0)) }, isRepeatable: isRepeatable)
            let refusal: String? = state.withLock { state in
                if state.isClosing { return "the store is closed" }
                if state.count >= limit { return "too many requests wait for PostgreSQL" }
                state.jobs.append(job)
                return nil
            }
            if let refusal { return job.failed(.unavailable(refusal)) }
            wake.signal()
        }
        return try result.get()
    }

    /// Refuses new jobs; the threads end when what waits is done.
    func stop() {
        let workers = state.withLock { state in
            state.isClosing = true
            return state.workers
        }
        for _ in 0..<workers { wake.signal() }
    }

    /// ``stop()``, and waits for the end.
    func close() async {
        stop()
        await withCheckedContinuation { continuation in
            let isClosed = state.withLock { state in
                if state.workers > 0 { state.waitingForClose.append(continuation) }
                return state.workers == 0
            }
            if isClosed { continuation.resume() }
        }
    }

    /// Body of each thread.
    private func work() {
        var connection: Connection?
        while true {
            wake.wait()
            let (job, ends) = state.withLock { state in
                let job = state.next()
                return (job, job == nil && state.isClosing)
            }
            if ends { break }
            if let job { perform(job, on: &connection) }
        }
        connection = nil
        let waiting = state.withLock { state in
            state.workers -= 1
            return state.workers == 0 ? state.waitingForClose : []
        }
        for continuation in waiting { continuation.resume() }
    }

    private func perform(_ job: Job, on connection: inout Connection?) {
        var tries = job.isRepeatable ? 2 : 1
        while true {
            tries -= 1
            let failure: PostgresFailure
            do throws(PostgresFailure) {
                let ready = try ready(connection)
                connection = ready
                let answer = try job.perform(ready)
                return answer()
            } catch { failure = error }
            // What an error left open holds locks, so it ends now.
            if !failure.endsConnection, let open = connection, open.isReady() {
                return job.failed(failure.asStoreError)
            }
            connection = nil
            if !failure.endsConnection || tries == 0 { return job.failed(failure.asStoreError) }
        }
    }

    /// The connection when it is sound, else a new one.
    private func ready(_ connection: Connection?) throws(PostgresFailure) -> Connection {
        if let connection, connection.isReady() { return connection }
        let barred = way.withLock { way in way.barred.flatMap { $0.until > .now ? $0.reason : nil } }
        if let barred { throw barred }
        do throws(PostgresFailure) {
            let opened = try Connection(target)
            way.withLock { way in
                way.backoff.reset()
                way.barred = nil
            }
            return opened
        } catch {
            way.withLock { way in way.barred = (error, .now + way.backoff.next()) }
            throw error
        }
    }
}
