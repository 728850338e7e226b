public import Domain
public import ServiceLifecycle

/// Tells the other processes through the shared cache that something was committed, so that what follows the log there looks at
/// once instead of at its next poll. Only a hint: without it everything comes a moment later.
public final class CommitHints: Service {
    private let cache: any SharedCache
    private let signal = Signal()
    static let channel = "commits"

    public init(cache: any SharedCache) { self.cache = cache }

    /// Something was committed here; many calls make one message.
    public func committed() { signal.set() }

    public func run() async throws {
        await cancelWhenGracefulShutdown {
            while !Task.isCancelled {
                if await self.signal.wait(atMost: .seconds(30)) { await self.cache.publish(Self.channel, [1]) }
            }
        }
    }

    /// Yields when another process committed something.
    public func hints() -> AsyncStream<Void> {
        let messages = cache.messages(Self.channel)
        let (stream, continuation) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))
        let task = Task {
            for await _ in messages { continuation.yield() }
            continuation.finish()
        }
        continuation.onTermination = { _ in task.cancel() }
        return stream
    }
}
