import GRDB
import GRDBSQLite
import Synchronization

/// Reads of the database, first come first served, on as many connections as the pool has. A connection that has begun goes on
/// while something waits: most reads take less than the change of thread that each would cost by itself.
///
/// What waits is bounded by who asks: each caller waits for its answer.
final class ReadLoop: Sendable {
    /// Called once, with a connection in a transaction of its own or the reason why there is none.
    typealias Reading = @Sendable (Result<Database, any Error>) -> Void

    private struct State {
        var waiting: [Reading] = []
        /// Of `waiting`, the next one's index.
        var next = 0
        /// Connections at work or about to be.
        var readers = 0
    }
    private let state = Mutex(State())
    private let pool: DatabasePool
    private let limit: Int

    init(pool: DatabasePool) {
        self.pool = pool
        limit = pool.configuration.maximumReaderCount
    }

    func submit(_ reading: @escaping Reading) {
        let starts = state.withLock { state in
            state.waiting.append(reading)
            guard state.readers < limit else { return false }
            state.readers += 1
            return true
        }
        guard starts else { return }
        pool.asyncUnsafeRead { connection in
            while let reading = self.take() { Self.perform(reading, connection) }
        }
    }

    /// - Returns: nil when nothing waits: the reader ends.
    private func take() -> Reading? {
        state.withLock { state in
            guard state.next < state.waiting.count else {
                state.waiting.removeAll(keepingCapacity: true)
                state.next = 0
                state.readers -= 1
                return nil
            }
            defer { state.next += 1 }
            if state.next >= 1024 {
                state.waiting.removeFirst(state.next)
                state.next = 0
            }
            return state.waiting[state.next]
        }
    }

    /// One snapshot for each reading, taken after it was asked for: it sees every commit that its caller knows of.
    private static func perform(_ reading: Reading, _ connection: Result<Database, any Error>) {
        let db: Database
        do {
            db = try connection.get()
            if sqlite3_get_autocommit(db.sqliteConnection) == 0 { try db.prepared("ROLLBACK").run() }
            try db.prepared("BEGIN").run()
        } catch {
            return reading(.failure(error))
        }
        reading(.success(db))
        // One that does not end is rolled back before the next.
        try? db.prepared("COMMIT").run()
    }
}
