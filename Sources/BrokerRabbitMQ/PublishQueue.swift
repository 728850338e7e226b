import Dispatch
import Domain
import Synchronization

/// The calls of ``RabbitMQBus/submit(_:completion:)`` that are not answered yet, in the order they were made. A call that
/// fails takes every call behind it along, so that nothing overtakes what its caller publishes again.
final class PublishQueue: Sendable {
    typealias Completion = @Sendable (Result<Void, EventBusError>) -> Void

    /// A call on its way to the publisher's thread.
    struct Call: Sendable {
        let serial: UInt64
        let events: [BusEvent]
    }
    /// What the thread finds when it looks.
    struct Work {
        /// Calls that failed meanwhile are this one and those behind it, but for `calls`.
        var cut: UInt64?
        var calls: [Call] = []
        var isClosed = false
    }
    private struct Waiting {
        let count: Int
        let completion: Completion
    }
    private struct State {
        /// Calls not answered yet.
        var waiting: [UInt64: Waiting] = [:]
        var work = Work()
        var nextSerial: UInt64 = 0
        /// Events of all calls in `waiting`.
        var events = 0
        var bus = BusState.idle
        var isAsleep = false
    }
    private let state = Mutex(State())
    private let limit: Int
    private let timeout: Duration
    private let wake: WakeUp

    /// - Parameters:
    ///   - limit: Events that may wait. A single call of more is taken when nothing else waits.
    ///   - timeout: After which a call fails.
    init(limit: Int, timeout: Duration, wake: WakeUp) {
        self.limit = limit
        self.timeout = timeout
        self.wake = wake
    }

    var busState: BusState {
        get { state.withLock { $0.bus } }
        set { state.withLock { if $0.bus != .closed { $0.bus = newValue } } }
    }

    func submit(_ events: [BusEvent], completion: @escaping Completion) {
        if events.isEmpty { return completion(.success(())) }
        if let refusal = events.lazy.compactMap({ MessageLimits.refusal($0) }).first {
            return completion(.failure(EventBusError(refusal)))
        }
        let (serial, refusal, wakes): (UInt64, String?, Bool) = state.withLock { state in
            if state.work.isClosed { return (0, "the bus is closed", false) }
            guard state.waiting.isEmpty || state.events + events.count <= limit else {
                return (0, "\(state.events) events wait for RabbitMQ already (\(state.bus))", false)
            }
            let serial = state.nextSerial
            state.nextSerial += 1
            state.waiting[serial] = Waiting(count: events.count, completion: completion)
            state.events += events.count
            state.work.calls.append(Call(serial: serial, events: events))
            let wakes = state.isAsleep
            state.isAsleep = false
            return (serial, nil, wakes)
        }
        if let refusal { return completion(.failure(EventBusError(refusal))) }
        if wakes { wake.signal() }
        // Not the thread's task: it may be waiting for a connection or for the kernel.
        let (seconds, attoseconds) = timeout.components
        let nanoseconds = Int(clamping: seconds) * 1_000_000_000 + Int(attoseconds / 1_000_000_000)
        DispatchQueue.global().asyncAfter(deadline: .now() + .nanoseconds(nanoseconds)) { [weak self] in
            self?.expire(serial)
        }
    }

    private func expire(_ serial: UInt64) {
        let (isWaiting, bus) = state.withLock { ($0.waiting[serial] != nil, $0.bus) }
        if isWaiting { fail(from: serial, "RabbitMQ did not confirm in time (\(bus))") }
    }

    /// Fails a call and all behind it.
    func fail(from serial: UInt64, _ reason: String) {
        let failed = state.withLock { state in
            let failed = state.waiting.filter { $0.key >= serial }
            for (key, call) in failed {
                state.waiting[key] = nil
                state.events -= call.count
            }
            state.work.calls.removeAll { $0.serial >= serial }
            if !failed.isEmpty { state.work.cut = min(state.work.cut ?? serial, serial) }
            return failed
        }
        if failed.isEmpty { return }
        wake.signal()
        for (_, call) in failed.sorted(by: { $0.key < $1.key }) { call.completion(.failure(EventBusError(reason))) }
    }

    /// Every event of a call is confirmed.
    func succeed(_ serial: UInt64) {
        let call = state.withLock { state in
            let call = state.waiting.removeValue(forKey: serial)
            state.events -= call?.count ?? 0
            return call
        }
        call?.completion(.success(()))
    }

    /// Takes what came since the last time.
    func take() -> Work {
        state.withLock { state in
            let work = state.work
            state.work.calls = []
            state.work.cut = nil
            state.isAsleep = false
            return work
        }
    }

    /// Whether calls wait that the thread has not taken.
    var hasCalls: Bool { state.withLock { !$0.work.calls.isEmpty } }
    var isClosed: Bool { state.withLock { $0.work.isClosed } }

    /// Waits for something to take, for the socket, or for the end of the time.
    func wait(for socket: Int32 = -1, upTo timeout: Duration) {
        let sleeps = state.withLock { state in
            // A cut has left its signal behind and ends the sleep at once.
            state.isAsleep = state.work.calls.isEmpty && !state.work.isClosed
            return state.isAsleep
        }
        if sleeps { wake.wait(for: socket, upTo: timeout) }
    }

    /// Waits for the end of the time, or of the bus; calls may come meanwhile.
    func pause(for timeout: Duration) {
        let end = ContinuousClock.now + timeout
        while !isClosed {
            let left = end - ContinuousClock.now
            if left <= .zero { return }
            wake.wait(upTo: left)
        }
    }

    /// Fails what waits and refuses what comes.
    func close() {
        state.withLock { state in
            state.work.isClosed = true
            state.bus = .closed
        }
        fail(from: 0, "the bus is closed")
        wake.signal()
    }
}
