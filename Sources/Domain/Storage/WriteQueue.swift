/// Whose turn it is: work of one lane keeps its order, lanes take turns.
package enum Lane: Hashable, Sendable {
    case tenant(TenantID)
    case projection(String)
    case maintenance
}

/// A write that waits for an append loop.
package protocol QueuedWrite: Sendable {
    var lane: Lane { get }
    /// About what it occupies while it waits.
    var bytes: Int { get }
}

extension AppendRequest {
    /// About what it occupies in a queue.
    package var size: Int {
        var size = 512
        for write in writes { for event in write.events { size += event.payload.count + 192 } }
        for document in lookups { size += document.size }
        return size + 128 * (reserve.count + release.count)
    }
}

extension DocumentWrite {
    /// About what it occupies in a queue.
    package var size: Int {
        switch self {
        case .put(_, let key, let value): 128 + key.utf8.count + value.count
        case .delete: 128
        }
    }
}

/// What waits for the append loop: bounded, first in first out within a lane, round-robin over lanes.
package struct WriteQueue<Write: QueuedWrite> {
    private struct Line {
        var waiting: [Write] = []
        var start = 0
        var count: Int { waiting.count - start }
    }

    private let limit: Int
    private let byteLimit: Int
    package private(set) var count = 0
    package private(set) var bytes = 0
    private var lines: [Lane: Line] = [:]
    /// Lanes with something in them, the next one first.
    private var turns: [Lane] = []
    private var turn = 0

    package init(limit: Int, byteLimit: Int) {
        self.limit = limit
        self.byteLimit = byteLimit
    }

    package var isEmpty: Bool { count == 0 }

    /// A quarter more than the limit is kept for lanes that have little waiting, so that one busy tenant cannot shut the
    /// others out.
    private func hasRoom(_ write: Write) -> Bool {
        if count < limit, bytes + write.bytes <= byteLimit { return true }
        return (lines[write.lane]?.count ?? 0) < limit / 64 && count < limit + limit / 4
            && bytes + write.bytes <= byteLimit + byteLimit / 4
    }

    /// - Returns: `false` when there is no room.
    package mutating func append(_ write: Write) -> Bool {
        guard hasRoom(write) else { return false }
        count += 1
        bytes += write.bytes
        let isNew = lines[write.lane, default: Line()].count == 0
        lines[write.lane, default: Line()].waiting.append(write)
        if isNew { turns.append(write.lane) }
        return true
    }

    /// Takes one write of each lane in turn until nothing waits or a bound is reached; at least one.
    package mutating func take(atMost most: Int, bytes mostBytes: Int) -> [Write] {
        var taken: [Write] = []
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
