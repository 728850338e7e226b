import Application
import Domain
import EventSchema
import NIOCore
import Synchronization

/// Every open WebSocket of this process, by tenant and event loop: one hop a loop and tick, however many sockets.
final class StreamHub: Sendable {
    /// Sockets of one tenant on one event loop; the list is only touched there.
    final class Members: Sendable {
        let loop: any EventLoop
        let list: NIOLoopBoundBox<[ObjectIdentifier: StreamConnection]>
        init(loop: any EventLoop) {
            self.loop = loop
            list = NIOLoopBoundBox([:], eventLoop: loop)
        }
    }
    private struct UserKey: Hashable {
        let tenant: TenantID
        let user: UserID
    }
    private struct State {
        var feeds: [TenantID: LiveFeed] = [:]
        var members: [TenantID: [ObjectIdentifier: Members]] = [:]
        var perUser: [UserKey: Int] = [:]
        var sockets = 0
        var isClosing = false
    }

    private let state = Mutex(State())
    private let board: LiveBoard
    let now: @Sendable () -> Timestamp
    private let (starts, start) = AsyncStream.makeStream(of: LiveFeed.self)
    /// The read models follow the board by their flush: who hears of a report may list it at once.
    static let reviewDelay = TimeAmount.milliseconds(400)

    init(board: LiveBoard, now: @escaping @Sendable () -> Timestamp) {
        self.board = board
        self.now = now
    }

    /// Runs the feeds until the task is cancelled or ``closeAll()`` was called.
    func run() async {
        await withDiscardingTaskGroup { group in
            for await feed in starts {
                group.addTask { await feed.run { self.deliver($0, to: feed.tenant) } }
            }
            group.cancelAll()
        }
    }

    var socketCount: Int { state.withLock { $0.sockets } }
    func socketCount(_ tenant: TenantID, _ user: UserID) -> Int {
        state.withLock { $0.perUser[UserKey(tenant: tenant, user: user)] ?? 0 }
    }
    var isClosing: Bool { state.withLock { $0.isClosing } }

    /// On the socket's event loop.
    func join(_ connection: StreamConnection, loop: any EventLoop) -> LiveFeed {
        let tenant = connection.tenant
        let (feed, isNew, members) = state.withLock { state in
            state.sockets += 1
            if let user = connection.principal?.user {
                state.perUser[UserKey(tenant: tenant, user: user), default: 0] += 1
            }
            let key = ObjectIdentifier(loop)
            let members = state.members[tenant]?[key] ?? Members(loop: loop)
            state.members[tenant, default: [:]][key] = members
            if let feed = state.feeds[tenant] { return (feed, false, members) }
            let feed = LiveFeed(tenant: tenant, board: board, now: now)
            state.feeds[tenant] = feed
            return (feed, true, members)
        }
        members.list.value[ObjectIdentifier(connection)] = connection
        feed.join()
        if isNew { start.yield(feed) }
        return feed
    }

    /// On the socket's event loop.
    func leave(_ connection: StreamConnection, loop: any EventLoop) {
        let tenant = connection.tenant
        let members = state.withLock { state in
            state.sockets -= 1
            if let user = connection.principal?.user {
                let key = UserKey(tenant: tenant, user: user)
                let count = state.perUser[key] ?? 0
                state.perUser[key] = count > 1 ? count - 1 : nil
            }
            return state.members[tenant]?[ObjectIdentifier(loop)]
        }
        members?.list.value[ObjectIdentifier(connection)] = nil
    }

    private func members(_ tenant: TenantID?) -> [Members] {
        state.withLock { state in
            if let tenant { return state.members[tenant].map { Array($0.values) } ?? [] }
            return state.members.values.flatMap { Array($0.values) }
        }
    }

    private func deliver(_ delivery: LiveFeed.Delivery, to tenant: TenantID) {
        for members in members(tenant) {
            switch delivery {
            case .delta(let delta):
                members.loop.execute { for connection in members.list.value.values { connection.deliver(delta) } }
            case .flight(let id, let frame):
                members.loop.execute {
                    for connection in members.list.value.values { connection.deliver(frame, of: .flight(id)) }
                }
            case .review(let frame):
                members.loop.scheduleTask(in: Self.reviewDelay) {
                    for connection in members.list.value.values { connection.deliver(frame, of: .review) }
                }
            }
        }
    }

    // MARK: Ends

    /// Tells every socket to go away (1001) and lets ``run()`` return.
    func closeAll() {
        state.withLock { $0.isClosing = true }
        close(nil, 1001, "the server stops") { _ in true }
        start.finish()
    }

    private func close(
        _ tenant: TenantID?, _ code: UInt16, _ reason: String,
        where isMeant: @escaping @Sendable (StreamConnection) -> Bool
    ) {
        for members in members(tenant) {
            members.loop.execute {
                for connection in Array(members.list.value.values) where isMeant(connection) {
                    connection.close(code, reason)
                }
            }
        }
    }

    /// Called for every event of the log, in order: closes the sockets of those who may not stay.
    func observe(_ envelope: EventEnvelope, _ event: DomainEvent) {
        switch event {
        case .user(.disabled), .user(.passwordChanged):
            let user = UserID(envelope.stream.id)
            close(envelope.stream.tenant, 1008, "sign in again") { $0.principal?.user == user }
        case .apiKey(.revoked):
            // Which of the user's keys a socket came with is not kept: those with a good one come back.
            close(envelope.stream.tenant, 1008, "sign in again") { $0.isByKey }
        case .tenant(.settingsChanged(let settings)) where !settings.livePublic:
            close(TenantID(envelope.stream.id), 1008, "not public") { $0.principal == nil }
        default: break
        }
    }
}
