import Synchronization

/// Lets a loop that reads what is new run at most so often: under load each turn then finds more to do, and alone it comes at
/// once.
struct Pace {
    let interval: Duration
    private var last: ContinuousClock.Instant?

    init(_ interval: Duration) { self.interval = interval }

    /// Returns when the interval since the last return is over, or when the task is cancelled.
    mutating func wait() async {
        if let last {
            let rest = interval - (.now - last)
            // Cancelled at shutdown, which the loop then sees.
            if rest > .zero { try? await Task.sleep(for: rest) }
        }
        last = .now
    }
}

/// One reader waits for "something may have happened", with a limit; hints that come while nobody waits are kept as one.
final class Signal: Sendable {
    private struct State {
        var isSet = false
        var waiter: CheckedContinuation<Void, Never>?
    }
    private let state = Mutex(State())

    func set() {
        let waiter = state.withLock { state in
            guard let waiter = state.waiter else {
                state.isSet = true
                return nil as CheckedContinuation<Void, Never>?
            }
            state.waiter = nil
            return waiter
        }
        waiter?.resume()
    }

    /// Passes every element of a stream on, until the task is cancelled.
    func pump(_ stream: AsyncStream<Void>) async {
        for await _ in stream { set() }
    }

    /// Returns after a hint, after `limit`, or when the task is cancelled.
    /// - Returns: Whether there was a hint.
    @discardableResult
    func wait(atMost limit: Duration) async -> Bool {
        if take() { return true }
        return await withTaskGroup(of: Bool.self) { group in
            group.addTask {
                await self.next()
                return !Task.isCancelled
            }
            group.addTask {
                try? await Task.sleep(for: limit)  // Cancelled when the hint came first.
                return false
            }
            let hinted = await group.next() ?? false
            group.cancelAll()
            return hinted
        }
    }

    /// - Returns: Whether there was a hint already.
    private func take() -> Bool {
        state.withLock { state in
            defer { state.isSet = false }
            return state.isSet
        }
    }

    private func next() async {
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let resume = state.withLock { state in
                    if state.isSet || Task.isCancelled {
                        state.isSet = false
                        return true
                    }
                    state.waiter = continuation
                    return false
                }
                if resume { continuation.resume() }
            }
        } onCancel: {
            let waiter = state.withLock { state in
                defer { state.waiter = nil }
                return state.waiter
            }
            waiter?.resume()
        }
    }
}
