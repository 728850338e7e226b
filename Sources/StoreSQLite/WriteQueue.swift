import Domain

/// Whose turn it is: work of one lane keeps its order, lanes take turns.
enum Lane: Hashable, Sendable {
    case tenant(TenantID)
    case projection(String)
    case maintenance
}

/// A write that waits for the loop.
struct PendingWrite: Sendable {
    enum Work: Sendable {
        case append(AppendRequest, completion: @Sendable (Result<Int64, EventStoreError>) -> Void)
        /// `perform` may run again after a rolled-back transaction. What it gives runs after the commit.
        case other(
            perform: @Sendable (LogWriter) throws(WriteStop) -> @Sendable () -> Void,
            failed: @Sendable (EventStoreError) -> Void
        )
    }
    let lane: Lane
    /// About what it occupies while it waits.
    let bytes: Int
    let work: Work

    func fail(_ error: EventStoreError) {
        switch work {
        case .append(_, let completion): completion(.failure(error))
        case .other(_, let failed): failed(error)
        }
    }
}

/// What waits for the append loop: bounded, first in first out within a lane, round-robin over lanes.
struct WriteQueue {
    private struct Line {
        var waiting: [PendingWrite] = []
        var start = 0
        var count: Int { waiting.count - start }
    }

    let limit: Int
    let byteLimit: Int
    private(set) var count = 0
    private(set) var bytes = 0
    private var lines: [Lane: Line] = [:]
    /// Lanes with something in them, the next one first.
    private var turns: [Lane] = []
    private var turn = 0

    init(limit: Int, byteLimit: Int) {
        self.limit = limit
        self.byteLimit = byteLimit
    }

    var isEmpty: Bool { count == 0 }

    /// A quarter more than the limit is kept for lanes that have little waiting, so that one busy tenant cannot shut the
    /// others out.
    private func hasRoom(_ write: PendingWrite) -> Bool {
        if count < limit, bytes + write.bytes <= byteLimit { return true }
        return (lines[write.lane]?.count ?? 0) < limit / 64 && count < limit + limit / 4
            && bytes + write.bytes <= byteLimit + byteLimit / 4
    }

    /// - Returns: `false` when there is no room.
    mutating func append(_ write: PendingWrite) -> Bool {
        guard hasRoom(write) else { return false }
        count += 1
        bytes += write.bytes
        let isNew = lines[write.lane, default: Line()].count == 0
        lines[write.lane, default: Line()].waiting.append(write)
        if isNew { turns.append(write.lane) }
        return true
    }

    /// Takes one write of each lane in turn until nothing waits or a bound is reached; at least one.
    mutating func take(atMost most: Int, bytes mostBytes: Int) -> [PendingWrite] {
        var taken: [PendingWrite] = []
        taken.reserveCapacity(min(count, most))
        var size = 0
        while count > 0, taken.count < most, size < mostBytes {
            if turn >= turns.count { turn = 0 }
            let lane = turns[turn]
            guard var line = lines.removeValue(forKey: lane) else { break }
            // A lane that is alone gives all it has in one go.
            let share = turns.count == 1 ? most - taken.count : 1
            var given = 0
            while given < share, line.count > 0, size < mostBytes {
                let write = line.waiting[line.start]
                line.start += 1
                given += 1
                size += write.bytes
                taken.append(write)
            }
            count -= given
            if line.count == 0 {
                turns.remove(at: turn)
            } else {
                if line.start > 1024, line.start * 2 > line.waiting.count {
                    line.waiting.removeFirst(line.start)
                    line.start = 0
                }
                lines[lane] = line
                turn += 1
            }
        }
        bytes -= size
        return taken
    }
}
