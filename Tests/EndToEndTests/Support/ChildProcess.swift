import Foundation
import Synchronization

/// A program that was started by its path, with its output in files. It is awaited on a thread of its own and never
/// signalled by name.
final class ChildProcess: Sendable {
    struct Failure: Error, CustomStringConvertible { let description: String }

    let pid: pid_t
    let outputPath: String
    let errorPath: String
    private struct State {
        var exit: Int32?
        var waiters: [CheckedContinuation<Int32, Never>] = []
    }
    private let state = Mutex(State())

    /// - Parameters:
    ///   - folder: Where the files of its output go.
    ///   - input: What it reads on standard input; nil is an empty one.
    init(
        _ path: String, _ arguments: [String], environment: [String: String], folder: String, input: [UInt8]? = nil
    ) throws {
        let name = UUID().uuidString
        outputPath = "\(folder)/\(name).out"
        errorPath = "\(folder)/\(name).err"
        var inputPath = "/dev/null"
        if let input {
            inputPath = "\(folder)/\(name).in"
            try Data(input).write(to: URL(fileURLWithPath: inputPath))
        }
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_addopen(&actions, 0, inputPath, O_RDONLY, 0)
        posix_spawn_file_actions_addopen(&actions, 1, outputPath, O_WRONLY | O_CREAT | O_TRUNC, 0o600)
        posix_spawn_file_actions_addopen(&actions, 2, errorPath, O_WRONLY | O_CREAT | O_TRUNC, 0o600)
        // The test process may ignore or block signals that the child must answer.
        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        var none = sigset_t()
        sigemptyset(&none)
        var defaults = sigset_t()
        sigemptyset(&defaults)
        for signal in [SIGTERM, SIGINT, SIGHUP, SIGPIPE] { sigaddset(&defaults, signal) }
        posix_spawnattr_setsigmask(&attributes, &none)
        posix_spawnattr_setsigdefault(&attributes, &defaults)
        posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF))

        var argv: [UnsafeMutablePointer<CChar>?] = ([path] + arguments).map { strdup($0) } + [nil]
        var envp: [UnsafeMutablePointer<CChar>?] = environment.map { strdup("\($0.key)=\($0.value)") } + [nil]
        defer { for pointer in argv + envp { free(pointer) } }
        var pid: pid_t = 0
        let code = posix_spawn(&pid, path, &actions, &attributes, &argv, &envp)
        guard code == 0 else {
            throw Failure(description: "\(path) could not be started: \(String(cString: strerror(code)))")
        }
        self.pid = pid
        let child = pid
        Thread.detachNewThread { [self] in
            var status: Int32 = 0
            while waitpid(child, &status, 0) < 0, errno == EINTR {}
            // As a shell reports it: the exit code, or 128 and the signal.
            let exit = status & 0x7F == 0 ? (status >> 8) & 0xFF : 128 + (status & 0x7F)
            let waiters = state.withLock { state in
                state.exit = exit
                defer { state.waiters = [] }
                return state.waiters
            }
            for waiter in waiters { waiter.resume(returning: exit) }
        }
    }

    var isRunning: Bool { state.withLock { $0.exit == nil } }
    var output: String { (try? String(contentsOfFile: outputPath, encoding: .utf8)) ?? "" }
    var errors: String { (try? String(contentsOfFile: errorPath, encoding: .utf8)) ?? "" }

    func signal(_ signal: Int32) {
        // Under the lock: an ended child's number may belong to somebody else.
        state.withLock { state in
            if state.exit == nil { _ = kill(pid, signal) }
        }
    }

    /// Waits for its end. 128 + n: ended by signal n.
    func exitCode() async -> Int32 {
        await withCheckedContinuation { continuation in
            let known = state.withLock { state in
                if state.exit == nil { state.waiters.append(continuation) }
                return state.exit
            }
            if let known { continuation.resume(returning: known) }
        }
    }

    /// Waits for its end, and kills it when that does not come in time.
    func exitCode(within limit: Duration) async throws -> Int32 {
        try await withThrowingTaskGroup(of: Int32?.self) { group in
            group.addTask { await self.exitCode() }
            group.addTask {
                try await Task.sleep(for: limit)
                return nil
            }
            defer { group.cancelAll() }
            if case .some(.some(let code)) = try await group.next() { return code }
            signal(SIGKILL)
            throw Failure(
                description:
                    "process \(pid) was still running after \(limit) and was killed; it last said: \(errors.suffix(2000))"
            )
        }
    }
}
