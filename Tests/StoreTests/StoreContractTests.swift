import Domain
import StoreSQLite
import Synchronization
import TestSupport
import Testing

#if canImport(FoundationEssentials)
import FoundationEssentials
#endif
import Foundation

@Suite struct StoreContractTests {
    @Test(arguments: StoreContract.all, [memory, sqlite])
    func keepsThePromise(_ check: StoreCheck, _ subject: StoreSubject) async throws {
        try await check.run(on: subject)
    }

    static let memory: StoreSubject = {
        let kept = Mutex<[String: MemoryStore]>([:])
        return StoreSubject("memory", quarantineLimit: 20, sampleLimit: 5) { place, clock in
            kept.withLock { kept in
                let store = kept[place] ?? MemoryStore(now: clock.read, quarantineLimit: 20, sampleLimit: 5)
                kept[place] = store
                return store
            }
        } close: { _ in
        }
    }()

    static let sqlite: StoreSubject = {
        let root = TemporaryFolder("contract")
        return StoreSubject("SQLite", quarantineLimit: 20, sampleLimit: 5) { place, clock in
            var options = SQLiteStore.Options()
            options.quarantineLimit = 20
            options.sampleLimit = 5
            return try SQLiteStore.open(directory: root.path + "/" + place, options: options, now: clock.read)
        } close: { store in
            if let store = store as? SQLiteStore { await store.close() }
        }
    }()
}

/// A value that closures share.
final class Shared<Value: Sendable>: Sendable {
    private let state: Mutex<Value>
    init(_ value: Value) { state = Mutex(value) }
    var value: Value { state.withLock { $0 } }
    func change(_ body: @Sendable (inout Value) -> Void) {
        state.withLock { value in
            var copy = value
            body(&copy)
            value = copy
        }
    }
}

/// A folder of its own for one test; goes with the last reference, those that live as long as the process at its end.
final class TemporaryFolder: Sendable {
    let path: String

    init(_ name: String) {
        path = NSTemporaryDirectory() + "/albatross-\(name)-\(UUID().uuidString)"
        let path = path
        Self.all.withLock { $0.append(path) }
        atexit {
            TemporaryFolder.all.withLock { paths in
                for path in paths { try? FileManager.default.removeItem(atPath: path) }
            }
        }
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }

    private static let all = Mutex<[String]>([])
}
