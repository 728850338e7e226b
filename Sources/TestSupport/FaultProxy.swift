import Foundation
import Synchronization

/// A TCP proxy on loopback in front of a port, which does what networks do at their worst. What it does is changed while
/// connections run; a change is in force when the call returns.
public final class FaultProxy: Sendable {
    public enum Direction: Hashable, Sendable, CaseIterable { case toServer, toClient }

    public enum Mode: Hashable, Sendable {
        case pass
        /// Connections are taken, and nothing goes on in these directions. Nothing is lost either: as after a partition,
        /// what was sent goes on when the mode changes.
        case blackhole(Set<Direction>)
        /// Each piece goes on so much later, give or take the jitter, in both directions and in order.
        case delay(milliseconds: Int, jitter: Int)
        /// So many bytes a second, for each connection and direction.
        case throttle(bytesPerSecond: Int)
        /// Both ends of a connection are reset when exactly so many bytes went on in a direction, counted from the start
        /// of the connection or from the change to this mode.
        case cut(after: Int, Direction)
        /// Nobody listens. Connections that are there go on.
        case refuse

        public static var blackhole: Mode { .blackhole(Set(Direction.allCases)) }
    }

    public struct Counters: Hashable, Sendable {
        /// Connections that were taken.
        public var accepted = 0
        public var open = 0
        /// Connections that the proxy broke, by ``reset()`` or ``Mode/cut(after:_:)``.
        public var broken = 0
        public var bytesToServer = 0
        public var bytesToClient = 0
    }

    /// What cannot be set up, in one line.
    public struct Failure: Error, CustomStringConvertible {
        public let description: String
    }

    /// Where it listens, on 127.0.0.1; stays the same.
    public let port: Int
    private let control: ProxyControl

    /// - Parameter serverPort: Of 127.0.0.1. Nobody has to listen there yet: each connection is made anew.
    public init(to serverPort: Int, mode: Mode = .pass) throws {
        let (listener, port) = try ProxySocket.listener()
        self.port = port
        let control = try ProxyControl(mode)
        self.control = control
        let engine = Thread {
            ProxyEngine(listener: listener, serverPort: UInt16(clamping: serverPort), control: control).run()
        }
        engine.name = "fault-proxy"
        engine.start()
        // A mode to begin with is in force from the beginning.
        control.askAndWait { _ in }
    }

    deinit { control.ask { $0.isClosed = true } }

    public var mode: Mode { control.state.withLock { $0.mode } }
    public var counters: Counters { control.state.withLock { $0.counters } }

    public func set(_ mode: Mode) {
        control.askAndWait { state in
            state.mode = mode
            state.modeNumber += 1
        }
    }

    /// Breaks every connection now, so that both ends see a reset. Later ones are not touched.
    public func reset() { control.askAndWait { $0.resets = true } }

    /// Closes the listener and every connection. Done when the last reference goes, too.
    public func close() { control.askAndWait { $0.isClosed = true } }
}

/// What the proxy's owner asks of its thread.
final class ProxyControl: Sendable {
    struct State {
        var mode: FaultProxy.Mode
        /// Grows with each change of the mode.
        var modeNumber = 0
        var resets = false
        var isClosed = false
        /// Number of the last question, and of the last that was acted upon.
        var asked = 0
        var answered = 0
        var counters = FaultProxy.Counters()
    }
    let state: Mutex<State>
    private let changed = NSCondition()
    let wakeDescriptor: Int32
    private let sender: Int32

    init(_ mode: FaultProxy.Mode) throws {
        state = Mutex(State(mode: mode))
        var pair: [Int32] = [0, 0]
        guard pipe(&pair) == 0 else {
            throw FaultProxy.Failure(description: "no pipe: \(String(cString: strerror(errno)))")
        }
        pair.forEach(ProxySocket.prepare)
        wakeDescriptor = pair[0]
        sender = pair[1]
    }

    deinit {
        Foundation.close(wakeDescriptor)
        Foundation.close(sender)
    }

    @discardableResult
    func ask(_ change: (inout State) -> Void) -> Int {
        let number = state.withLock { state in
            change(&state)
            state.asked += 1
            return state.asked
        }
        // A full pipe wakes as well.
        _ = [1 as UInt8].withUnsafeBytes { write(sender, $0.baseAddress, 1) }
        return number
    }

    /// The thread never blocks but in `poll`, so this is short.
    func askAndWait(_ change: (inout State) -> Void) {
        let number = ask(change)
        changed.lock()
        while state.withLock({ $0.answered < number }) { changed.wait() }
        changed.unlock()
    }

    func answer(_ number: Int) {
        changed.lock()
        state.withLock { $0.answered = number }
        changed.broadcast()
        changed.unlock()
    }
}
