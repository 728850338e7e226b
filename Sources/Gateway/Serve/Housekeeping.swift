import StoreSQLite
import Application
import Domain
import Logging
import ServiceLifecycle

/// What falls due: silent flights are ended as abandoned (anything their pilot sends later re-opens them), and expired
/// sessions are removed.
struct Housekeeping: Service {
    let parts: Composition
    static let interval = Duration.seconds(60)

    func run() async throws {
        await cancelWhenGracefulShutdown {
            while !Task.isCancelled {
                do {
                    try await sweep()
                } catch {
                    parts.logger.error("housekeeping failed, trying again", metadata: ["error": "\(error)"])
                }
                try? await Task.sleep(for: Self.interval)  // Cancelled at shutdown: the loop ends.
            }
        }
    }

    func sweep() async throws {
        let now = Composition.now()
        try await parts.store.removeExpiredSessions(before: now)
        for tenant in try await parts.directory.tenants() {
            guard let id = tenant.id else { continue }
            if parts.settings.frameDays > 0 {
                try await parts.store.removeFrames(
                    id, before: now - Milliseconds.hours(24 * Double(parts.settings.frameDays)))
            }
            let silence = Milliseconds.hours(Double(tenant.settings.abandonHours))
            for view in try await parts.queries.openFlights(id)
            where now - (view.latest?.seenAt ?? view.openedAt) > silence {
                try await parts.executor.transact(id) { transaction in
                    try transaction.perform(Flight.self, view.id.uuid, .abandon(at: now))
                }
            }
        }
    }
}
