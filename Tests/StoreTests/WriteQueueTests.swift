import Domain
@testable import StoreSQLite
import Testing

@Suite struct WriteQueueTests {
    func write(_ lane: Lane, bytes: Int = 1) -> PendingWrite {
        PendingWrite(
            lane: lane, bytes: bytes, work: .other(perform: { _ throws(WriteStop) in {} }, failed: { _ in }))
    }
    func lane(_ name: String) -> Lane { .projection(name) }

    func put(_ lane: Lane, bytes: Int = 1, into queue: inout WriteQueue<PendingWrite>, fits: Bool = true) {
        let taken = queue.append(write(lane, bytes: bytes))
        #expect(taken == fits)
    }

    @Test func lanesTakeTurnsAndKeepTheirOrder() {
        var queue = WriteQueue<PendingWrite>(limit: 100, byteLimit: 1000)
        for size in 1...5 { put(lane("busy"), bytes: size, into: &queue) }
        put(lane("quiet"), bytes: 10, into: &queue)
        let first = queue.take(atMost: 4, bytes: 1000)
        #expect(first.map(\.lane) == [lane("busy"), lane("quiet"), lane("busy"), lane("busy")])
        #expect(first.map(\.bytes) == [1, 10, 2, 3])
        put(lane("quiet"), bytes: 20, into: &queue)
        let rest = queue.take(atMost: 9, bytes: 1000)
        #expect(rest.map(\.bytes).sorted() == [4, 5, 20])
        #expect(queue.isEmpty && queue.bytes == 0)
        let nothing = queue.take(atMost: 9, bytes: 1000)
        #expect(nothing.isEmpty)
    }

    @Test func aBatchEndsAtItsBytes() {
        var queue = WriteQueue<PendingWrite>(limit: 100, byteLimit: 1000)
        for _ in 0..<5 { put(lane("a"), bytes: 40, into: &queue) }
        let three = queue.take(atMost: 10, bytes: 100)
        #expect(three.count == 3)
        let one = queue.take(atMost: 10, bytes: 1)
        #expect(one.count == 1)
        #expect(queue.count == 1 && queue.bytes == 40)
    }

    @Test func isBoundedInRequestsAndBytes() {
        var queue = WriteQueue<PendingWrite>(limit: 3, byteLimit: 100)
        put(lane("a"), bytes: 60, into: &queue)
        put(lane("a"), bytes: 60, into: &queue, fits: false)
        put(lane("a"), into: &queue)
        put(lane("a"), into: &queue)
        put(lane("a"), into: &queue, fits: false)
    }

    @Test func aBusyLaneDoesNotShutTheOthersOut() {
        var queue = WriteQueue<PendingWrite>(limit: 1000, byteLimit: 1_000_000)
        var taken = 0
        while queue.append(write(lane("busy"))) { taken += 1 }
        #expect(taken == 1000)
        put(lane("quiet"), into: &queue)
        put(lane("busy"), into: &queue, fits: false)
    }

    @Test func longLinesStayInOrder() {
        var queue = WriteQueue<PendingWrite>(limit: 100_000, byteLimit: 1 << 40)
        var (next, expected) = (1, 1)
        for _ in 0..<50 {
            for _ in 0..<200 {
                put(lane("a"), bytes: next, into: &queue)
                next += 1
            }
            for write in queue.take(atMost: 150, bytes: 1 << 40) {
                #expect(write.bytes == expected)
                expected += 1
            }
        }
        while let write = queue.take(atMost: 1, bytes: 1).first {
            #expect(write.bytes == expected)
            expected += 1
        }
        #expect(expected == next)
    }
}
