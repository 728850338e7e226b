import Domain

/// The conversation on one WebSocket: what a message means, what is allowed, when to give up. No socket, no clock.
struct StreamSession: Sendable {
    enum Topic: Hashable, Sendable {
        case live
        case flight(FlightID)
        case review
    }
    enum Action: Equatable, Sendable {
        /// A snapshot now, changes from then on.
        case startLive(BoundingBox?)
        /// What was missed since, else as above.
        case resumeLive(after: Int64, BoundingBox?)
        case stopLive
        /// Find out whether this flight may be watched; then ``flightChecked(_:isAllowed:)``.
        case checkFlight(FlightID)
        case startFlight(FlightID)
        case stopFlight(FlightID)
        case startReview
        case stopReview
        case refuse(detail: String)
        case ping
        case close(UInt16, reason: String)
        case none
    }
    private struct Message: Decodable {
        let op: String
        let topic: String?
        let id: String?
        let seq: Int64?
        let bbox: [Double]?
    }

    static let errorLimit = 10
    static let pingInterval = Milliseconds.seconds(20)
    static let pongLimit = Milliseconds.seconds(40)
    /// Messages (control frames too) a socket may send at once, and a second.
    static let burst = 100.0
    static let rate = 20.0

    /// May read reports of others.
    private let reviews: Bool
    private let subscriptionLimit: Int
    private(set) var topics: Set<Topic> = []
    private var pending: Set<FlightID> = []
    private var errors = 0
    private var tokens = burst
    private var tokensAt: Timestamp
    private var pingedAt: Timestamp
    private var heardAt: Timestamp
    private(set) var isClosed = false
    /// Nothing is heard of the client once it has asked.
    var isOneWay = false

    init(reviews: Bool, subscriptionLimit: Int, at now: Timestamp) {
        self.reviews = reviews
        self.subscriptionLimit = subscriptionLimit
        tokensAt = now
        pingedAt = now
        heardAt = now
    }

    /// A frame of any kind came in.
    mutating func heard(at now: Timestamp) -> Action {
        heardAt = max(heardAt, now)
        tokens = min(Self.burst, tokens + max(0, (now - tokensAt).seconds) * Self.rate)
        tokensAt = now
        tokens -= 1
        return tokens < 0 ? close(1008, "too many messages") : .none
    }

    mutating func received(text: [UInt8]) -> Action {
        guard !isClosed else { return .none }
        guard let message = RequestBodies.decode(Message.self, text) else {
            return wrong("this is no message of the stream")
        }
        switch (message.op, message.topic) {
        case ("subscribe", "live"), ("resume", "live"):
            var area: BoundingBox?
            if let values = message.bbox {
                guard let box = BoundingBox(values) else {
                    return wrong("bbox is [west, south, east, north] in degrees")
                }
                area = box
            }
            if let refusal = take(.live) { return refusal }
            if message.op == "resume", let after = message.seq { return .resumeLive(after: after, area) }
            return .startLive(area)
        case ("subscribe", "flight"), ("resume", "flight"):
            guard let id = message.id.flatMap({ FlightID($0) }) else { return wrong("id is the id of a flight") }
            guard !topics.contains(.flight(id)), !pending.contains(id) else { return .none }
            guard topics.count + pending.count < subscriptionLimit else { return wrong("too many subscriptions") }
            pending.insert(id)
            return .checkFlight(id)
        case ("subscribe", "review"), ("resume", "review"):
            guard reviews else { return wrong("your role does not see the review desk") }
            if topics.contains(.review) { return .none }
            if let refusal = take(.review) { return refusal }
            return .startReview
        case ("unsubscribe", "live"): return topics.remove(.live) == nil ? .none : .stopLive
        case ("unsubscribe", "review"): return topics.remove(.review) == nil ? .none : .stopReview
        case ("unsubscribe", "flight"):
            guard let id = message.id.flatMap({ FlightID($0) }) else { return wrong("id is the id of a flight") }
            pending.remove(id)
            return topics.remove(.flight(id)) == nil ? .none : .stopFlight(id)
        case ("ping", _): return .none
        default: return wrong("unknown op or topic")
        }
    }

    /// The answer to ``Action/checkFlight(_:)``.
    mutating func flightChecked(_ id: FlightID, isAllowed: Bool) -> Action {
        guard pending.remove(id) != nil, !isClosed else { return .none }
        guard isAllowed else { return .refuse(detail: "no such flight") }
        topics.insert(.flight(id))
        return .startFlight(id)
    }

    mutating func receivedBinary() -> Action { close(1003, "text only") }

    /// Called every second or so.
    mutating func tick(at now: Timestamp) -> Action {
        guard !isClosed else { return .none }
        if !isOneWay, now - heardAt >= Self.pongLimit { return close(1001, "no sign of life") }
        if now - pingedAt >= Self.pingInterval {
            pingedAt = now
            return .ping
        }
        return .none
    }

    mutating func close(_ code: UInt16, _ reason: String) -> Action {
        guard !isClosed else { return .none }
        isClosed = true
        return .close(code, reason: reason)
    }

    private mutating func take(_ topic: Topic) -> Action? {
        guard topics.contains(topic) || topics.count + pending.count < subscriptionLimit else {
            return wrong("too many subscriptions")
        }
        topics.insert(topic)
        return nil
    }

    private mutating func wrong(_ detail: String) -> Action {
        errors += 1
        return errors >= Self.errorLimit ? close(1008, "too many errors") : .refuse(detail: detail)
    }
}

/// Whether a socket keeps up. While it does not, it is owed only which flights changed, never a queue of changes.
struct StreamBacklog: Sendable {
    static let patience = Milliseconds.seconds(10)
    private(set) var owed: Set<FlightID> = []
    private(set) var behindSince: Timestamp?

    enum Step: Equatable, Sendable { case send, hold, giveUp }

    /// Something is to be sent.
    mutating func offer(_ flights: some Sequence<FlightID>, isWritable: Bool, at now: Timestamp) -> Step {
        if isWritable, owed.isEmpty { return .send }
        owed.formUnion(flights)
        if behindSince == nil { behindSince = now }
        return check(at: now)
    }

    func check(at now: Timestamp) -> Step {
        guard let behindSince else { return .send }
        return now - behindSince >= Self.patience ? .giveUp : .hold
    }

    /// The socket can take more: what it is owed.
    mutating func settle() -> Set<FlightID> {
        defer {
            owed = []
            behindSince = nil
        }
        return owed
    }
}
