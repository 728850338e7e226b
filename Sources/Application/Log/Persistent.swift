import Logging
import ServiceLifecycle

/// Runs work that goes on until the process ends: after a failure it begins again, with a growing pause.
func persistently(_ name: String, _ logger: Logger, _ work: @escaping @Sendable () async throws -> Void) async {
    await cancelWhenGracefulShutdown {
        var failures = 0
        while !Task.isCancelled {
            do {
                try await work()
                return
            } catch is ProjectionMoved {
                failures = 0
            } catch {
                // What fails because the process ends is no failure.
                if Task.isCancelled || error is CancellationError { return }
                failures += 1
                logger.error("\(name) stopped, trying again", metadata: ["error": "\(error)"])
                let pause = min(5000, 100 << min(failures, 6))
                // Cancelled at shutdown, which the loop then sees.
                try? await Task.sleep(for: .milliseconds(Int.random(in: pause / 2...pause)))
            }
        }
    }
}

/// The generation of a projection changed while somebody worked on it, or another process is ahead: read again where it
/// stands and go on from there.
struct ProjectionMoved: Error {}
