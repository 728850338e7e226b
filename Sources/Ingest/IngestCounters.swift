import Synchronization

/// Numbers for `/metrics`.
public final class IngestCounters: Sendable {
    private let counts = Mutex<[String: Int]>([:])
    public init() {}

    func add(_ name: String, adapter: String, code: String? = nil) {
        let key = "albatross_\(name){adapter=\"\(adapter)\"\(code.map { ",code=\"\($0)\"" } ?? "")}"
        counts.withLock { $0[key, default: 0] += 1 }
    }

    /// In Prometheus' text form, ordered by name.
    public var lines: [String] { counts.withLock { $0.map { "\($0.key) \($0.value)" }.sorted() } }
}
