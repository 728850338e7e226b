import Domain

/// An append that waits for the loop.
struct PendingAppend: QueuedWrite {
    let request: AppendRequest
    let bytes: Int
    let completion: @Sendable (Result<Int64, EventStoreError>) -> Void
    var lane: Lane { .tenant(request.tenant) }

    init(_ request: AppendRequest, completion: @escaping @Sendable (Result<Int64, EventStoreError>) -> Void) {
        self.request = request
        self.completion = { result in
            if case .failure = result { request.fate.fail() }
            completion(result)
        }
        bytes = request.size
    }
}
