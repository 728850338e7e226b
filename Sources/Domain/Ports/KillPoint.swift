#if DEBUG
import Synchronization

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#endif
#endif

/// Named steps of the way from a request to its read model, at which a debug build can be made to end as by `kill -9`: the
/// fault tests set `ALBATROSS_KILL_AT=afterCommit:3`, and the process is gone when it gets there the third time. A release
/// build has none of this (ADR 7).
public enum KillPoint: String, CaseIterable, Sendable {
    /// A tracker's request is here, whole.
    case received
    /// It is decoded, and who sent it is known.
    case validated
    /// Its events are in the open transaction.
    case beforeCommit
    /// They are on stable storage; nobody was told.
    case afterCommit
    /// The answer went to the socket.
    case afterAnswer
    /// Committed events were read for the bus, and not published.
    case beforeRelay
    /// An event is in a view of the read model, in memory.
    case midProjection
    /// Documents of a read model are written, the checkpoint is not; the transaction is open.
    case midCheckpoint
    /// A step of the schema is done; the transaction is open.
    case midMigration

    #if DEBUG
    /// Counts, and ends the process where the environment says so.
    public static func reach(_ point: KillPoint) { plan?.reach(point) }

    private final class Plan: Sendable {
        let point: KillPoint
        let left: Atomic<Int>

        init?(_ text: String) {
            let parts = text.split(separator: ":")
            guard parts.count == 2, let point = KillPoint(rawValue: String(parts[0])), let count = Int(parts[1]) else {
                return nil
            }
            self.point = point
            left = Atomic(count)
        }

        func reach(_ point: KillPoint) {
            guard point == self.point, left.subtract(1, ordering: .relaxed).newValue == 0 else { return }
            kill(getpid(), SIGKILL)
        }
    }
    private static let plan = getenv("ALBATROSS_KILL_AT").flatMap { Plan(String(cString: $0)) }
    #else
    /// Nothing.
    @inlinable public static func reach(_ point: KillPoint) {}
    #endif
}
