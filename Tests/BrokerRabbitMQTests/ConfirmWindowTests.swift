import Testing

@testable import BrokerRabbitMQ

@Suite struct ConfirmWindowTests {
    private func window(_ limit: Int, sent count: Int) -> ConfirmWindow {
        var window = ConfirmWindow(limit: limit, byteLimit: 1 << 20)
        for call in 0..<count { window.sent(for: UInt64(call), bytes: 10) }
        return window
    }

    private func settled(_ window: inout ConfirmWindow, _ tag: UInt64, multiple: Bool = false) -> [UInt64] {
        var calls: [UInt64] = []
        window.settle(tag, multiple: multiple) { calls.append($0) }
        return calls
    }

    @Test func numbersFromOne() {
        #expect(window(5, sent: 0).next == 1)
        #expect(window(5, sent: 3).next == 4)
    }

    @Test func settlesOneByOneInAnyOrder() {
        var window = window(5, sent: 4)
        #expect(settled(&window, 3) == [2])
        #expect(settled(&window, 1) == [0])
        #expect(settled(&window, 4) == [3])
        #expect(window.count == 1)
        #expect(settled(&window, 2) == [1])
        #expect(window.count == 0)
        #expect(window.bytes == 0)
    }

    @Test func settlesManyAtOnceWithoutWhatWasSettledBefore() {
        var window = window(10, sent: 6)
        #expect(settled(&window, 2) == [1])
        #expect(settled(&window, 4, multiple: true) == [0, 2, 3])
        #expect(window.count == 2)
        #expect(settled(&window, 6, multiple: true) == [4, 5])
        #expect(window.count == 0)
    }

    @Test(arguments: [UInt64(0), 2, 5, 6, .max])
    func ignoresNumbersThatAreNotOpen(_ tag: UInt64) {
        var window = window(10, sent: 4)
        _ = settled(&window, 2)
        #expect(settled(&window, tag).isEmpty)
        #expect(settled(&window, tag == 2 ? 0 : tag, multiple: tag > 4).isEmpty)
        #expect(window.count == 3)
    }

    @Test func isFullAtItsLimit() {
        var window = window(3, sent: 3)
        #expect(!window.hasRoom(for: 10))
        _ = settled(&window, 2)
        #expect(window.hasRoom(for: 10))
        window.sent(for: 9, bytes: 10)
        #expect(!window.hasRoom(for: 10))
    }

    @Test func isFullAtItsBytesButTakesOneOfAnySize() {
        var window = ConfirmWindow(limit: 10, byteLimit: 100)
        #expect(window.hasRoom(for: 1000))
        window.sent(for: 0, bytes: 90)
        #expect(window.hasRoom(for: 10))
        #expect(!window.hasRoom(for: 11))
    }

    /// One event that is confirmed late must not be overwritten by those after it.
    @Test func waitsForALateOneRatherThanForgetIt() {
        var window = ConfirmWindow(limit: 4, byteLimit: 1 << 20)
        window.sent(for: 77, bytes: 1)
        var sent = 1
        while window.hasRoom(for: 1), sent < 1000 {
            window.sent(for: 1, bytes: 1)
            #expect(settled(&window, window.next - 1) == [1])
            sent += 1
        }
        #expect(sent == 32)
        #expect(settled(&window, 1) == [77])
        #expect(window.hasRoom(for: 1))
    }

    @Test(arguments: 0..<20)
    func agreesWithASet(_ seed: UInt64) {
        var generator = Steps(state: seed &* 0x9e37_79b9_7f4a_7c15 | 1)
        var window = ConfirmWindow(limit: 20, byteLimit: 1 << 20)
        var open: Set<UInt64> = []
        for _ in 0..<2000 {
            if window.hasRoom(for: 1), Bool.random(using: &generator) {
                open.insert(window.next)
                window.sent(for: window.next * 3, bytes: 1)
            } else if window.next > 1 {
                let tag = UInt64.random(in: (window.next > 40 ? window.next - 40 : 1)..<window.next, using: &generator)
                let multiple = Int.random(in: 0..<10, using: &generator) == 0
                let expected = open.filter { multiple ? $0 <= tag : $0 == tag }
                #expect(settled(&window, tag, multiple: multiple) == expected.sorted().map { $0 * 3 })
                open.subtract(expected)
            }
            #expect(window.count == open.count)
        }
    }

    private struct Steps: RandomNumberGenerator {
        var state: UInt64
        mutating func next() -> UInt64 {
            state ^= state << 13
            state ^= state >> 7
            state ^= state << 17
            return state
        }
    }
}
