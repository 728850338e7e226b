import Application
import Domain
import NIOCore
import Synchronization

/// What changed on a tenant's map in one tick. Frames for those who watch the whole map are made once and shared.
final class LiveDelta: Sendable {
    struct Change: Sendable {
        let id: FlightID
        let idText: String
        /// nil when the flight left the map.
        let entry: LiveEntry?
        /// What was shown before.
        let was: LiveEntry?
    }
    let sequence: Int64
    let changes: [Change]
    /// Made by the passing of time, not by an event: `sequence` does not rise.
    let isSweep: Bool
    private let now: String
    private let frames = Mutex<(pilots: ByteBuffer?, visitors: ByteBuffer?)>((nil, nil))

    init(sequence: Int64, changes: [Change], now: String, isSweep: Bool) {
        self.sequence = sequence
        self.changes = changes
        self.now = now
        self.isSweep = isSweep
    }

    func frame(withPilot: Bool) -> ByteBuffer {
        frames.withLock { frames in
            if let known = withPilot ? frames.pilots : frames.visitors { return known }
            let made = StreamFrames.delta(
                upsert: changes.compactMap(\.entry), remove: changes.filter { $0.entry == nil }.map(\.idText),
                sequence: sequence, now: now, withPilot: withPilot)
            if withPilot { frames.pilots = made } else { frames.visitors = made }
            return made
        }
    }

    /// Changes that somebody who looks at `box` has to hear of: flights in it, and flights that left it.
    func changes(in box: BoundingBox) -> [Change] {
        changes.filter { ($0.entry?.isInside(box) ?? false) || ($0.was?.isInside(box) ?? false) }
    }

    /// - Parameter changes: Out of ``changes(in:)``.
    func frame(_ changes: [Change], in box: BoundingBox, withPilot: Bool) -> ByteBuffer {
        var upsert: [LiveEntry] = []
        var remove: [String] = []
        for change in changes {
            if let entry = change.entry, entry.isInside(box) {
                upsert.append(entry)
            } else {
                remove.append(change.idText)
            }
        }
        return StreamFrames.delta(
            upsert: upsert, remove: remove, sequence: sequence, now: now, withPilot: withPilot)
    }
}

/// The live map of one tenant, encoded: follows the live board at most ten times a second while somebody watches.
final class LiveFeed: Sendable {
    private struct State {
        var current: [FlightID: LiveEntry] = [:]
        var sequence: Int64 = 0
        var snapshots: (pilots: ByteBuffer?, visitors: ByteBuffer?) = (nil, nil)
        /// Flights that left the map by the passing of time, for those who resume.
        var swept: [(at: Timestamp, id: FlightID)] = []
        var sockets = 0
        var watched: [FlightID: Int] = [:]
        var reviewers = 0
    }
    /// Goes to every socket, each takes what it subscribed to.
    enum Delivery: Sendable {
        case delta(LiveDelta)
        case flight(FlightID, ByteBuffer)
        case review(ByteBuffer)
    }

    let tenant: TenantID
    private let board: LiveBoard
    private let now: @Sendable () -> Timestamp
    private let state = Mutex(State())

    static let interval = Duration.milliseconds(100)
    static let sweepInterval = Duration.seconds(5)
    static let sweptSpan = Milliseconds.minutes(3)

    init(tenant: TenantID, board: LiveBoard, now: @escaping @Sendable () -> Timestamp) {
        self.tenant = tenant
        self.board = board
        self.now = now
    }

    // MARK: Following

    func run(_ deliver: @escaping @Sendable (Delivery) -> Void) async {
        await withTaskGroup(of: Void.self) { group in
            group.addTask { await self.follow(deliver) }
            group.addTask {
                while !Task.isCancelled {
                    try? await Task.sleep(for: Self.sweepInterval)  // Cancelled: the loop ends.
                    if let delta = self.sweep() { deliver(.delta(delta)) }
                }
            }
            await group.next()
            group.cancelAll()
        }
    }

    private func follow(_ deliver: @escaping @Sendable (Delivery) -> Void) async {
        let clock = ContinuousClock()
        var lastTick = clock.now - Self.interval
        let changes = board.subscribe(tenant, capacity: 20_000)
        if let delta = tick() { deliver(.delta(delta)) }
        for await change in changes {
            for event in events(of: change) { deliver(event) }
            // One tick takes everything that is on the board; what it took is only skipped here.
            guard change.sequence > state.withLock({ $0.sockets == 0 ? .max : $0.sequence }) else { continue }
            let elapsed = clock.now - lastTick
            if elapsed < Self.interval {
                try? await Task.sleep(for: Self.interval - elapsed)  // Cancelled: the stream ends too.
            }
            if let delta = tick() { deliver(.delta(delta)) }
            lastTick = clock.now
        }
    }

    private func entry(_ view: FlightView) -> LiveEntry? {
        guard let place = view.latest?.position else { return nil }
        return LiveEntry(
            id: view.id, latitude: place.latitude, longitude: place.longitude,
            json: LiveJSON.bytes(view, withPilot: false), pilotIdent: view.pilotIdent)
    }

    /// Brings the feed to where the board is.
    func tick() -> LiveDelta? {
        state.withLock { state in
            var changes: [LiveDelta.Change] = []
            func put(_ view: FlightView) {
                guard let entry = entry(view) else { return }
                let was = state.current.updateValue(entry, forKey: view.id)
                changes.append(.init(id: view.id, idText: entry.idText, entry: entry, was: was))
            }
            func remove(_ id: FlightID) {
                guard let was = state.current.removeValue(forKey: id) else { return }
                changes.append(.init(id: id, idText: was.idText, entry: nil, was: was))
            }
            if let news = board.changes(tenant, after: state.sequence) {
                state.sequence = news.sequence
                for view in news.upsert { put(view) }
                for id in news.remove { remove(id) }
            } else {
                let all = board.snapshot(tenant)
                state.sequence = all.sequence
                let shown = Set(all.flights.map(\.id))
                for view in all.flights { put(view) }
                for id in state.current.keys.filter({ !shown.contains($0) }) { remove(id) }
            }
            guard !changes.isEmpty else { return nil }
            state.snapshots = (nil, nil)
            return LiveDelta(sequence: state.sequence, changes: changes, now: now().iso8601, isSweep: false)
        }
    }

    /// Takes flights off the map that nothing is heard of any more.
    func sweep() -> LiveDelta? {
        let now = now()
        return state.withLock { state in
            guard state.sockets > 0 else { return nil }
            // Asked under the lock: what a tick adds meanwhile must not be taken for gone.
            let shown = Set(board.snapshot(tenant).flights.map(\.id))
            var changes: [LiveDelta.Change] = []
            for (id, was) in state.current where !shown.contains(id) {
                changes.append(.init(id: id, idText: was.idText, entry: nil, was: was))
            }
            state.swept.removeAll { now - $0.at > Self.sweptSpan }
            guard !changes.isEmpty else { return nil }
            for change in changes {
                state.current[change.id] = nil
                state.swept.append((now, change.id))
            }
            state.snapshots = (nil, nil)
            return LiveDelta(sequence: state.sequence, changes: changes, now: now.iso8601, isSweep: true)
        }
    }

    // MARK: Subscribers

    /// A socket came; the first one wakes the feed.
    func join() {
        let isFirst = state.withLock { state in
            state.sockets += 1
            return state.sockets == 1
        }
        if isFirst { _ = tick() }
    }
    func leave() { state.withLock { $0.sockets -= 1 } }

    /// Everything on the map, and the place in the log it stands for.
    func snapshot(_ box: BoundingBox?, withPilot: Bool) -> (sequence: Int64, frame: ByteBuffer) {
        let now = now()
        return state.withLock { state in
            if box == nil, let known = withPilot ? state.snapshots.pilots : state.snapshots.visitors {
                return (state.sequence, known)
            }
            let entries = state.current.values.filter { $0.isInside(box) }
            let frame = StreamFrames.snapshot(
                entries, sequence: state.sequence, now: now.iso8601, withPilot: withPilot)
            if box == nil {
                if withPilot { state.snapshots.pilots = frame } else { state.snapshots.visitors = frame }
            }
            return (state.sequence, frame)
        }
    }

    /// What was missed after a sequence number, or a snapshot when that is not known.
    func resume(
        after sequence: Int64, _ box: BoundingBox?, withPilot: Bool
    ) -> (sequence: Int64, frame: ByteBuffer) {
        let now = now()
        let missed: (sequence: Int64, frame: ByteBuffer)? = state.withLock { state in
            // Asked under the lock, so that the board is never behind the feed here.
            guard let missed = board.changes(tenant, after: sequence) else { return nil }
            var ids = Set(missed.upsert.map(\.id))
            ids.formUnion(missed.remove)
            ids.formUnion(state.swept.map(\.id))
            // Newer than what the feed has seen comes with its next tick.
            let reached = max(sequence, state.sequence)
            return (
                state.sequence,
                delta(of: ids, box, sequence: reached, withPilot: withPilot, now: now, current: state.current)
            )
        }
        return missed ?? snapshot(box, withPilot: withPilot)
    }

    /// The latest state of some flights, for a socket that was behind.
    func latest(_ ids: Set<FlightID>, _ box: BoundingBox?, sequence: Int64, withPilot: Bool) -> ByteBuffer {
        let now = now()
        return state.withLock { state in
            delta(of: ids, box, sequence: sequence, withPilot: withPilot, now: now, current: state.current)
        }
    }

    private func delta(
        of ids: Set<FlightID>, _ box: BoundingBox?, sequence: Int64, withPilot: Bool, now: Timestamp,
        current: [FlightID: LiveEntry]
    ) -> ByteBuffer {
        var upsert: [LiveEntry] = []
        var remove: [String] = []
        for id in ids {
            if let entry = current[id], entry.isInside(box) { upsert.append(entry) } else { remove.append("\(id)") }
        }
        return StreamFrames.delta(
            upsert: upsert, remove: remove, sequence: sequence, now: now.iso8601, withPilot: withPilot)
    }

    // MARK: Events

    func watch(_ id: FlightID) { state.withLock { $0.watched[id, default: 0] += 1 } }
    func unwatch(_ id: FlightID) {
        state.withLock { state in
            guard let count = state.watched[id] else { return }
            state.watched[id] = count > 1 ? count - 1 : nil
        }
    }
    func watchReview() { state.withLock { $0.reviewers += 1 } }
    func unwatchReview() { state.withLock { $0.reviewers -= 1 } }

    private func events(of change: LiveChange) -> [Delivery] {
        let (isWatched, isReviewed) = state.withLock { ($0.watched[change.flight.id] != nil, $0.reviewers > 0) }
        var deliveries: [Delivery] = []
        for event in change.events {
            if isWatched { deliveries.append(.flight(change.flight.id, frame("flight", event, change))) }
            if isReviewed, event == "pirep.reviewed" || (event == "pirep.judged" && change.flight.report == .inReview) {
                deliveries.append(.review(frame("review", event, change)))
            }
        }
        return deliveries
    }

    private func frame(_ topic: String, _ event: String, _ change: LiveChange) -> ByteBuffer {
        let text = JSONText.object { text in
            text.field("type", "event")
            text.field("topic", topic)
            text.field("seq", change.sequence)
            text.field("event", event)
            text.field("id", "\(change.flight.id)")
            text.field("flight", "\(change.flight.id)")
            text.field("callsign", change.flight.callsign)
            text.field("state", change.flight.state)
            text.field("phase", change.flight.phase.rawValue)
        }
        return StreamFrames.text(text.bytes)
    }
}
