import Domain
import Synchronization

/// How much of each projection this process has told anybody of: a read replica that has less is not asked, so that
/// nobody who waited for a position reads a model without it.
final class ReplicaFloor: Sendable {
    /// A state of a projection. Positions of partitions only rise within a generation, and a replica shows states that the
    /// primary had, so their sum tells which of two states is the later one.
    struct Mark: Comparable {
        var generation = 0
        var sum: Int64 = 0
        static func < (lhs: Mark, rhs: Mark) -> Bool {
            lhs.generation == rhs.generation ? lhs.sum < rhs.sum : lhs.generation < rhs.generation
        }
    }
    private let marks = Mutex<[String: Mark]>([:])

    func told(_ projection: String, _ progress: ProjectionProgress) {
        let mark = Mark(generation: progress.generation, sum: progress.positions.reduce(0, +))
        marks.withLock { $0[projection] = max($0[projection] ?? mark, mark) }
    }

    func floor(of projection: String) -> Mark { marks.withLock { $0[projection] } ?? Mark() }
}
