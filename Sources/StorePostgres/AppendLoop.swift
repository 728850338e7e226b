import Dispatch
import Domain
import Synchronization

/// Group commit. A thread of its own takes what waits, writes all of it in one transaction, commits, then answers all.
/// Nothing waits for more work to come: while one commit is on its way the next batch gathers by itself.
///
/// While the database is away everything is refused at once, and the thread tries to connect.
final class AppendLoop: Sendable {
    /// Bounds of one transaction: another tenant, or another process on the database, waits no longer than one takes.
    static let requestsPerCommit = 2048
    static let bytesPerCommit = 2 << 20

    private struct State {
        var queue: WriteQueue<PendingAppend>
        var isAsleep = false
        /// Why nothing can be written now.
        var away: EventStoreError?
        var isClosing = false
        var isClosed = false
        var waitingForClose: [CheckedContinuation<Void, Never>] = []
    }
    private let state: Mutex<State>
    private let wake = DispatchSemaphore(value: 0)
    private let commits: CommitSignal

    init(queueLimit: Int, queueBytes: Int, commits: CommitSignal) {
        state = Mutex(State(queue: WriteQueue(limit: queueLimit, byteLimit: queueBytes)))
        self.commits = commits
    }

    /// Queues an append, or fails it at once.
    func submit(_ append: PendingAppend) {
        let (refusal, wakes): (EventStoreError?, Bool) = state.withLock { state in
            if state.isClosing { return (.unavailable("the store is closed"), false) }
            if let away = state.away { return (away, false) }
            guard state.queue.append(append) else { return (.unavailable("queue full"), false) }
            let wakes = state.isAsleep
            state.isAsleep = false
            return (nil, wakes)
        }
        if let refusal { return append.completion(.failure(refusal)) }
        if wakes { wake.signal() }
    }

    /// How much waits, for metrics.
    var depth: Int { state.withLock { $0.queue.count } }

    /// Refuses new work; the loop ends when what waits is done.
    func stop() {
        state.withLock { $0.isClosing = true }
        wake.signal()
    }

    /// ``stop()``, and waits for the end.
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

    /// The thread's body.
    func run(_ writer: LogWriter) {
        var backoff = Backoff()
        while true {
            let (batch, isAway, ends): ([PendingAppend], Bool, Bool) = state.withLock { state in
                let batch = state.queue.take(atMost: Self.requestsPerCommit, bytes: Self.bytesPerCommit)
                state.isAsleep = batch.isEmpty && !state.isClosing
                return (batch, state.away != nil, batch.isEmpty && state.isClosing)
            }
            if ends { break }
            if !batch.isEmpty {
                write(batch, writer)
            } else if isAway {
                _ = wake.wait(timeout: .now() + .milliseconds(Int(backoff.next().wholeMilliseconds)))
                connect(writer)
            } else {
                backoff.reset()
                rest(writer)
            }
        }
        writer.disconnect()
        let waiting = state.withLock { state in
            state.isClosed = true
            return state.waitingForClose
        }
        for continuation in waiting { continuation.resume() }
    }

    /// Waits for work. A busy loop tells other processes of its commits now and then; of the last one it tells them here.
    private func rest(_ writer: LogWriter) {
        guard writer.owesNotice else { return wake.wait() }
        let pause = Int(LogWriter.noticeInterval.wholeMilliseconds)
        if wake.wait(timeout: .now() + .milliseconds(pause)) == .timedOut { writer.giveNotice() }
    }

    private func connect(_ writer: LogWriter) {
        do throws(PostgresFailure) {
            try writer.connect()
            state.withLock { $0.away = nil }
        } catch { refuseAll(error.asStoreError) }
    }

    /// Answers what waits and, from now on, what comes.
    private func refuseAll(_ error: EventStoreError) {
        let waiting = state.withLock { state in
            state.away = error
            return state.queue.take(atMost: .max, bytes: .max)
        }
        for append in waiting { append.completion(.failure(error)) }
    }

    private func write(_ batch: [PendingAppend], _ writer: LogWriter) {
        let results: [Result<Int64, EventStoreError>]
        do throws(PostgresFailure) {
            results = try writer.commit(batch.map(\.request))
        } catch {
            return recover(batch, from: error, writer)
        }
        for (append, result) in zip(batch, results) { append.completion(result) }
        commits.yield()
    }

    /// Nothing of the batch is acknowledged. When the connection was lost while it waited for the answer to its COMMIT
    /// nobody knows whether it is stored: whoever asks again with an expected version is told.
    private func recover(_ batch: [PendingAppend], from failure: PostgresFailure, _ writer: LogWriter) {
        if !failure.concernsAll, batch.count > 1 {
            // Something in one of them: halves, down to the one that fails alone.
            for part in Self.halves(of: batch) { write(part, writer) }
            return
        }
        for append in batch { append.completion(.failure(failure.asStoreError)) }
        switch failure {
        case .lost: if writer.couldNotConnect { refuseAll(failure.asStoreError) } else { connect(writer) }
        // Who waits has waited long already.
        case .silent: refuseAll(failure.asStoreError)
        case .server, .refused: break
        }
    }

    /// Tenants stay whole as long as there are several.
    static func halves(of batch: [PendingAppend]) -> [[PendingAppend]] {
        var tenants: [TenantID: Int] = [:]
        for append in batch where tenants[append.request.tenant] == nil {
            tenants[append.request.tenant] = tenants.count
        }
        if tenants.count == 1 {
            let middle = batch.count / 2
            return [Array(batch[..<middle]), Array(batch[middle...])]
        }
        let middle = tenants.count / 2
        let isFirst = batch.map { (tenants[$0.request.tenant] ?? 0) < middle }
        return [true, false].map { half in zip(batch, isFirst).filter { $0.1 == half }.map(\.0) }
    }
}
