import Testing

/// Times in these tests only guard against hangs: decisions H1.
struct TimedOut: Error, CustomStringConvertible {
    let description: String
}

/// Asks again and again until the answer is there.
/// - Parameter what: Names what is waited for, for the failure.
@discardableResult
func eventually<Value>(
    _ what: String, within limit: Duration = .seconds(20), _ ask: () async throws -> Value?
) async throws -> Value {
    let clock = ContinuousClock()
    let end = clock.now + limit
    var lastError: (any Error)?
    while true {
        do {
            if let value = try await ask() { return value }
            lastError = nil
        } catch let error as CancellationError {
            throw error
        } catch {
            lastError = error
        }
        guard clock.now < end else {
            throw TimedOut(description: "no \(what) within \(limit)\(lastError.map { "; last error: \($0)" } ?? "")")
        }
        try await Task.sleep(for: .milliseconds(10))
    }
}

/// Runs something that must not hang.
func within<Value: Sendable>(
    _ limit: Duration, _ what: String, _ work: @escaping @Sendable () async throws -> Value
) async throws -> Value {
    try await withThrowingTaskGroup(of: Value.self) { group in
        group.addTask { try await work() }
        group.addTask {
            try await Task.sleep(for: limit)
            throw TimedOut(description: "\(what) took longer than \(limit)")
        }
        defer { group.cancelAll() }
        guard let value = try await group.next() else { throw CancellationError() }
        return value
    }
}
