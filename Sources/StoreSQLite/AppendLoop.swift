import Dispatch
import Domain
import GRDBSQLite
import Synchronization

/// Group commit. A thread of its own takes what waits, writes all of it in one transaction, commits, then answers all.
/// Nothing waits for more work to come: while one commit is on its way to the disk the next batch gathers by itself.
final class AppendLoop: Sendable {
    /// Bounds of one transaction: another tenant, or another process on the folder, waits no longer than one takes.
    static let requestsPerCommit = 4096
    static let bytesPerCommit = 8 << 20

    private struct State {
        var queue: WriteQueue<PendingWrite>
        var isAsleep = false
        var isClosing = false
        var isClosed = false
        var waitingForClose: [CheckedContinuation<Void, Never>] = []
    }
    private let state: Mutex<State>
    private let wake = DispatchSemaphore(value: 0)
    /// Why nothing may be written any more, once a commit did not reach stable storage.
    private let broken = Mutex<String?>(nil)
    let commits = CommitSignal()

    init(queueLimit: Int, queueBytes: Int) {
        state = Mutex(State(queue: WriteQueue(limit: queueLimit, byteLimit: queueBytes)))
    }

    /// Queues a write, or fails it at once.
    func submit(_ write: PendingWrite) {
        if let reason = broken.withLock({ $0 }) { return write.fail(.unavailable(reason)) }
        let (refusal, wakes): (String?, Bool) = state.withLock { state in
            if state.isClosing { return ("the store is closed", false) }
            guard state.queue.append(write) else { return ("queue full", false) }
            let wakes = state.isAsleep
            state.isAsleep = false
            return (nil, wakes)
        }
        if let refusal { return write.fail(.unavailable(refusal)) }
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
        while true {
            let (batch, ends): ([PendingWrite], Bool) = state.withLock { state in
                let batch = state.queue.take(atMost: Self.requestsPerCommit, bytes: Self.bytesPerCommit)
                state.isAsleep = batch.isEmpty && !state.isClosing
                return (batch, batch.isEmpty && state.isClosing)
            }
            if ends { break }
            if batch.isEmpty {
                // Other processes write to the same folder and cannot wake this one.
                if wake.wait(timeout: .now() + .milliseconds(100)) == .timedOut, writer.sawOtherCommits() {
                    commits.yield()
                }
            } else {
                write(batch, writer)
            }
        }
        writer.finish()
        commits.finish()
        let waiting = state.withLock { state in
            state.isClosed = true
            return state.waitingForClose
        }
        for continuation in waiting { continuation.resume() }
    }

    private enum Outcome {
        case appended(Int64)
        case done(@Sendable () -> Void)
        case refused(EventStoreError)
    }

    private func write(_ batch: [PendingWrite], _ writer: LogWriter) {
        if let reason = broken.withLock({ $0 }) {
            for write in batch { write.fail(.unavailable(reason)) }
            return
        }
        let outcomes: [Outcome]
        do {
            outcomes = try transaction(batch, writer)
        } catch {
            return recover(batch, from: error, writer)
        }
        for (write, outcome) in zip(batch, outcomes) {
            switch outcome {
            case .appended(let position):
                if case .append(_, let completion) = write.work { completion(.success(position)) }
            case .done(let completion): completion()
            case .refused(let error): write.fail(error)
            }
        }
        commits.yield()
    }

    private func transaction(_ batch: [PendingWrite], _ writer: LogWriter) throws(SQLiteFailure) -> [Outcome] {
        var outcomes: [Outcome] = []
        outcomes.reserveCapacity(batch.count)
        try writer.transaction { () throws(SQLiteFailure) in
            for write in batch {
                do throws(WriteStop) {
                    switch write.work {
                    case .append(let request, _): outcomes.append(.appended(try writer.append(request)))
                    case .other(let perform, _): outcomes.append(.done(try perform(writer)))
                    }
                } catch {
                    switch error {
                    case .refused(let reason): outcomes.append(.refused(reason))
                    case .failed(let failure): throw failure
                    }
                }
            }
        } onWait: {
            commits.yield()
        }
        return outcomes
    }

    /// Nothing of the batch is stored.
    private func recover(_ batch: [PendingWrite], from failure: SQLiteFailure, _ writer: LogWriter) {
        if let refusal = failure.refusal, batch.count == 1 {
            for write in batch { write.fail(refusal) }
            return
        }
        let reason = "\(failure.message) (SQLite \(failure.code))"
        if failure.isLostSync {
            // The kernel may have dropped the pages and would report success the next time: only a new start can tell
            // what is on the disk.
            broken.withLock { $0 = "the disk did not confirm a commit: \(reason); nothing is written until a restart" }
        }
        switch failure.primary {
        case _ where failure.isLostSync || batch.count == 1, SQLITE_FULL, SQLITE_IOERR, SQLITE_BUSY, SQLITE_CANTOPEN,
            SQLITE_READONLY, SQLITE_NOTADB:
            for write in batch { write.fail(.unavailable(reason)) }
        default:
            // Something in one of them: each for itself, so that only that one fails.
            for one in batch { write([one], writer) }
        }
    }
}
