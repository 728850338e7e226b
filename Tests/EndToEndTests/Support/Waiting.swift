import Synchronization
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

/// Something that has happened, told from one task to others.
final class Flag: Sendable {
    private let value = Atomic<Bool>(false)
    var isSet: Bool { value.load(ordering: .relaxed) }
    func set() { value.store(true, ordering: .relaxed) }
}

/// Counts from several tasks.
final class Counter: Sendable {
    private let value = Atomic<Int>(0)
    /// 0, 1, 2 …
    func next() -> Int { value.wrappingAdd(1, ordering: .relaxed).oldValue }
    var count: Int { value.load(ordering: .relaxed) }
}

/// A value of several tasks: what a `Mutex` in a variable cannot be, since closures cannot share it.
final class Shared<Value: Sendable>: Sendable {
    private let value: Mutex<Value>
    init(_ value: Value) { self.value = Mutex(value) }
    func withLock<Result: Sendable>(_ body: @Sendable (inout Value) throws -> Result) rethrows -> Result {
        try value.withLock { try body(&$0) }
    }
}
