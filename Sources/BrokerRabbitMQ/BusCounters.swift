import Synchronization

/// What a bus has done since it was made, for `/metrics`.
public struct BusCounters: Hashable, Sendable {
    /// Events sent to the broker, repeats included.
    public var published = 0
    /// Events that the broker took over.
    public var confirmed = 0
    /// Events that the broker refused.
    public var nacked = 0
    /// Connections that replaced a lost one.
    public var reconnects = 0
    /// Events given to consumers, repeats included.
    public var delivered = 0
    /// Messages that were no events of ours and went to the dead-letter queue.
    public var dead = 0
}

/// The counters, shared by the threads of a bus.
final class BusMeter: Sendable {
    private let counters = Mutex(BusCounters())
    var value: BusCounters { counters.withLock { $0 } }
    func add(_ count: Int = 1, to counter: WritableKeyPath<BusCounters, Int>) {
        if count != 0 { counters.withLock { $0[keyPath: counter] += count } }
    }
}

/// Whether events can be published now.
public enum BusState: Hashable, Sendable, CustomStringConvertible {
    /// Nothing was published yet, so there is no connection.
    case idle
    /// For the first time.
    case connecting
    case connected
    /// The broker takes nothing until its memory or disk alarm is over; the text is the broker's.
    case blocked(String)
    /// There is no connection; the text says why. It is tried again as long as the bus lives.
    case disconnected(String)
    case closed

    /// One line.
    public var description: String {
        switch self {
        case .idle: "idle"
        case .connecting: "connecting"
        case .connected: "connected"
        case .blocked(let reason): "blocked: \(reason)"
        case .disconnected(let reason): "disconnected: \(reason)"
        case .closed: "closed"
        }
    }
}
