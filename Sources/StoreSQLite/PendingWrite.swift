import Domain

/// A write that waits for the loop.
struct PendingWrite: QueuedWrite {
    enum Work: Sendable {
        case append(AppendRequest, completion: @Sendable (Result<Int64, EventStoreError>) -> Void)
        /// `perform` may run again after a rolled-back transaction. What it gives runs after the commit.
        case other(
            perform: @Sendable (LogWriter) throws(WriteStop) -> @Sendable () -> Void,
            failed: @Sendable (EventStoreError) -> Void
        )
    }
    let lane: Lane
    let bytes: Int
    let work: Work

    func fail(_ error: EventStoreError) {
        switch work {
        case .append(let request, let completion):
            request.fate.fail()
            completion(.failure(error))
        case .other(_, let failed): failed(error)
        }
    }
}
