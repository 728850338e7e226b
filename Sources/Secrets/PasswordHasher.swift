import Dispatch
public import Domain
import Foundation
import Synchronization

/// Hashes passwords with scrypt on two threads of its own. At most 64 wait; one more is told that it is busy, so guessing
/// passwords starves neither the event loops nor the cooperative pool, and costs bounded memory (32 MiB a thread).
public final class PasswordHasher: PasswordHashing {
    private let work: WorkQueue
    private let scrypt = Scrypt()
    /// A hash that no password has, of the usual cost: what an unknown name is compared with.
    private let nobody: String

    /// - Parameters:
    ///   - threads: Each hashes about ten passwords a second.
    ///   - waiting: How many may wait.
    public init(threads: Int = 2, waiting: Int = 64) {
        work = WorkQueue(limit: waiting)
        nobody = scrypt.encoded(
            salt: SecureRandom.bytes(Scrypt.saltLength), hash: SecureRandom.bytes(Scrypt.hashLength))
        for _ in 0..<threads {
            let thread = Thread { [work] in work.run() }
            thread.name = "scrypt"
            thread.stackSize = 1 << 20
            thread.start()
        }
    }

    deinit { work.stop() }

    public func hash(_ password: String) async throws(PasswordHashingError) -> String {
        let scrypt = scrypt
        let hashed = try await perform {
            let salt = SecureRandom.bytes(Scrypt.saltLength)
            return scrypt.hash(password, salt: salt).map { scrypt.encoded(salt: salt, hash: $0) }
        }
        guard let hashed else { throw .failed("scrypt was refused") }
        return hashed
    }

    public func verify(_ password: String, against hash: String?) async throws(PasswordHashingError) -> Bool {
        guard let (stored, isKnown) = comparison(for: hash) else { throw .failed("no hash to compare with") }
        let found = try await perform {
            stored.scrypt.hash(password, salt: stored.salt, length: stored.hash.count)
        }
        guard let found else { throw .failed("scrypt was refused") }
        return constantTimeEqual(found, stored.hash) && isKnown
    }

    /// What a password is compared with. Nobody's hash, and a text that is none of ours, cost the same as a wrong password
    /// and are never right.
    func comparison(for hash: String?) -> (stored: (scrypt: Scrypt, salt: [UInt8], hash: [UInt8]), isKnown: Bool)? {
        if let known = hash.flatMap({ Scrypt.decode($0) }) { return (known, true) }
        return Scrypt.decode(nobody).map { ($0, false) }
    }

    /// What checking the password of an unknown name costs, and its answer.
    public func verifyAgainstNothing(_ password: String) async throws(PasswordHashingError) -> Bool {
        try await verify(password, against: nil)
    }

    /// Whether a stored hash was made with other settings than today's, so that it should be made anew at the next login.
    public func needsRenewal(_ hash: String) -> Bool { Scrypt.decode(hash).map { $0.scrypt != scrypt } ?? true }

    private func perform<T: Sendable>(_ body: @escaping @Sendable () -> T) async throws(PasswordHashingError) -> T {
        let result: Result<T, PasswordHashingError> = await withCheckedContinuation { continuation in
            let taken = work.add { continuation.resume(returning: .success(body())) }
            if !taken { continuation.resume(returning: .failure(.busy)) }
        }
        return try result.get()
    }
}

/// Work that waits for a thread, with a bound.
final class WorkQueue: Sendable {
    private struct State {
        var waiting: [@Sendable () -> Void] = []
        var isStopped = false
    }
    private let limit: Int
    private let state = Mutex(State())
    private let ready = DispatchSemaphore(value: 0)

    init(limit: Int) { self.limit = limit }

    /// - Returns: `false` when no more may wait.
    func add(_ job: @escaping @Sendable () -> Void) -> Bool {
        let added = state.withLock { state in
            guard state.waiting.count < limit, !state.isStopped else { return false }
            state.waiting.append(job)
            return true
        }
        if added { ready.signal() }
        return added
    }

    func stop() {
        state.withLock { $0.isStopped = true }
        ready.signal()
    }

    /// A thread's body: works until ``stop()``, and through what waited then.
    func run() {
        while true {
            ready.wait()
            let (job, isStopped) = state.withLock { state in
                (state.waiting.isEmpty ? nil : state.waiting.removeFirst(), state.isStopped)
            }
            job?()
            if isStopped, job == nil {
                // Pass the word on to the next thread.
                ready.signal()
                return
            }
        }
    }
}
