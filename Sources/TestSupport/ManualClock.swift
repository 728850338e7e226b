public import Domain
import Synchronization

/// A clock that stands until it is told to go.
public final class ManualClock: Sendable {
    private let time: Mutex<Timestamp>

    public init(_ start: Timestamp = Timestamp(milliseconds: 1_767_323_045_000)) { time = Mutex(start) }

    public var now: Timestamp { time.withLock { $0 } }
    /// For parameters of the form `now: @Sendable () -> Timestamp`.
    public var read: @Sendable () -> Timestamp { { self.now } }
    /// - Parameter span: Negative turns it back.
    public func advance(by span: Milliseconds) { time.withLock { $0 = $0 + span } }
    public func set(_ value: Timestamp) { time.withLock { $0 = value } }
}
