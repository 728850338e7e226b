/// The events that were sent on one channel and not settled yet. The broker confirms or refuses them by their number, one
/// by one in any order or many at once.
struct ConfirmWindow {
    private struct Slot {
        var call: UInt64 = 0
        var bytes = 0
        var isOpen = false
    }
    /// Events, and bytes of payload, that may be unsettled.
    let limit: Int
    let byteLimit: Int
    private(set) var count = 0
    private(set) var bytes = 0
    /// Number of the next event; the first on a channel is 1 (AMQP 0-9-1 extension "confirms").
    private(set) var next: UInt64 = 1
    /// Lowest number that may be unsettled.
    private var lowest: UInt64 = 1
    /// A ring over `lowest..<next`, longer than the limit so that one late confirm does not hold up all others.
    private var slots: [Slot]

    init(limit: Int, byteLimit: Int) {
        self.limit = limit
        self.byteLimit = byteLimit
        slots = Array(repeating: Slot(), count: limit * 8)
    }

    private func index(_ tag: UInt64) -> Int { Int(tag % UInt64(slots.count)) }

    /// One event always fits into an empty window, however large it is.
    func hasRoom(for size: Int) -> Bool {
        count == 0 || (count < limit && next - lowest < UInt64(slots.count) && bytes + size <= byteLimit)
    }

    /// Notes that the event `next` was sent for a call.
    mutating func sent(for call: UInt64, bytes size: Int) {
        slots[index(next)] = Slot(call: call, bytes: size, isOpen: true)
        next += 1
        count += 1
        bytes += size
    }

    /// Settles one event, or with `multiple` every unsettled one up to it. Numbers that are not open are ignored.
    /// - Parameter body: Called with the call of each event that was open.
    mutating func settle(_ tag: UInt64, multiple: Bool, _ body: (UInt64) -> Void) {
        guard tag >= lowest, tag < next else { return }
        for one in (multiple ? lowest : tag)...tag {
            let place = index(one)
            guard slots[place].isOpen else { continue }
            slots[place].isOpen = false
            count -= 1
            bytes -= slots[place].bytes
            body(slots[place].call)
        }
        while lowest < next, !slots[index(lowest)].isOpen { lowest += 1 }
    }
}
