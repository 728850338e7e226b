public import Domain
public import Logging
public import ServiceLifecycle

#if canImport(FoundationEssentials)
import FoundationEssentials
#else
import Foundation
#endif

/// Work of which one process at a time does everything: it holds a lease, and the others wait for it (decisions A11).
///
/// A holder that was stopped for longer than the lease and goes on without knowing does no harm: every step of such work
/// is refused by its checkpoint, or is a repeat that changes nothing.
public struct Leased: Service {
    let name: String
    let leases: any LeaseStore
    let work: @Sendable () async throws -> Void
    let logger: Logger

    /// Seconds a lease lasts without being renewed.
    static let life = 15
    static let renewal = Duration.seconds(5)

    /// - Parameter work: Runs while this process has the lease; must end when its task is cancelled.
    public init(
        _ name: String, leases: any LeaseStore, logger: Logger, work: @escaping @Sendable () async throws -> Void
    ) {
        self.name = name
        self.leases = leases
        self.work = work
        self.logger = logger
    }

    public func run() async throws {
        let holder = UUID()
        await cancelWhenGracefulShutdown {
            while !Task.isCancelled {
                if await holds(holder) {
                    logger.info("lease taken", metadata: ["lease": "\(name)"])
                    await workWhileHeld(holder)
                }
                // Cancelled at shutdown, which the loop then sees.
                try? await Task.sleep(for: .seconds(1))
            }
        }
        // Frees it for the others at once; without that they wait until it runs out.
        try? await leases.releaseLease(name, holder: holder)
    }

    private func holds(_ holder: UUID) async -> Bool {
        do { return try await leases.lease(name, holder: holder, seconds: Self.life) } catch {
            logger.debug("lease not reached", metadata: ["lease": "\(name)", "error": "\(error)"])
            return false
        }
    }

    private func workWhileHeld(_ holder: UUID) async {
        await withTaskGroup(of: Void.self) { group in
            group.addTask {
                do { try await work() } catch {
                    if !Task.isCancelled { logger.error("\(name) stopped", metadata: ["error": "\(error)"]) }
                }
            }
            group.addTask {
                var lastHeld = ContinuousClock.now
                while !Task.isCancelled {
                    do { try await Task.sleep(for: Self.renewal) } catch { return }
                    do {
                        guard try await leases.lease(name, holder: holder, seconds: Self.life) else { return }
                        lastHeld = .now
                    } catch {
                        // The store may be away for a moment; past the lease's life somebody else may have it.
                        if ContinuousClock.now - lastHeld > .seconds(Self.life) { return }
                    }
                }
            }
            await group.next()
            group.cancelAll()
        }
    }
}
