/// One flight of one pilot, from the tracker's first word to its end.
///
/// The state stays small however long the flight: the positions themselves are in the events.
public struct Flight: Aggregate, Equatable {
    public static let category = StreamCategory.flight

    public enum State: String, Sendable, Codable { case none, open, cancelled, abandoned, filed }
    public var state = State.none
    public var opening: FlightOpening?
    public var positionCount = 0
    /// The sample with the latest event time.
    public var latest: PositionSample?
    public var latestClientTime: Timestamp?
    /// Receipt and content of the last frames, newest last: a protocol without client time repeats itself in here.
    public var recent: [RecentFrame] = []
    /// How far the client's clock runs ahead (negative: behind the shift applied), applied to its times.
    public var clockShift = Milliseconds(0)
    /// Client times and contents of every sample; nil until an older sample asks for it.
    public var index: Set<SampleKey>?
    /// When the tracker declared the pause that still holds.
    public var pausedAt: Timestamp?
    public var isPaused: Bool { pausedAt != nil }
    /// Everything the tracker said of the flight as a whole.
    public var details = FlightDetails()
    public var comments: [FlightComment] = []
    /// When the owner was last heard.
    public var heardAt: Timestamp?
    public var endedAt: Timestamp?
    /// Receipt and content of the last lines, newest last.
    public var recentLines: [RecentFrame] = []

    public init() {}

    public struct RecentFrame: Hashable, Sendable {
        public let receivedAt: Timestamp
        public let content: UInt32
    }
    public struct SampleKey: Hashable, Sendable {
        public let time: Int64
        public let content: UInt32
        public init(_ sample: PositionSample) {
            content = sample.contentHash
            if let clientTime = sample.clientTime {
                time = clientTime.milliseconds
            } else {
                var hash = StableHash()
                hash.combine(optional: sample.clientID)
                time = Int64(bitPattern: hash.value)
            }
        }
    }

    /// A protocol without time repeats a frame within this span: decisions C1.
    static let repeatWindow = Milliseconds.seconds(30)
    /// Event time may not lead receipt by more: decisions C3.
    static let allowedLead = Milliseconds.seconds(120)
    /// A clock that runs ahead by more than this is shifted: decisions C3.
    static let tolerableLead = Milliseconds.seconds(5)
    /// An aircraft that moved this far is not paused.
    static let movement = NauticalMiles(0.05)
    /// Lines that a repeat is looked for in.
    static let lineMemory = 256
    /// Comments one flight takes.
    static let commentLimit = 500

    public func decide(_ command: FlightCommand) throws(FlightRejection) -> [FlightEvent] {
        switch command {
        case .open(let opening):
            guard let known = self.opening else { return [.opened(opening)] }
            // The first position may name what nobody knew at the start: the aircraft, the network.
            guard positionCount == 0, state == .open, known.aircraft == nil, opening.aircraft != nil else { return [] }
            return [.opened(opening)]
        case .recordPositions(let samples):
            guard opening != nil, state != .cancelled else { throw .notOpen(state) }
            return try recorded(samples)
        case .recordLines(let lines):
            guard opening != nil, state != .cancelled else { throw .notOpen(state) }
            let fresh = fresh(lines)
            return fresh.isEmpty ? [] : [.linesRecorded(fresh)]
        case .changeDetails(let new, let at):
            guard opening != nil, state != .cancelled else { throw .notOpen(state) }
            return details.merging(new) == details ? [] : [.detailsChanged(new, at: at)]
        case .pause(let at):
            guard opening != nil, state == .open || state == .abandoned else { throw .notOpen(state) }
            return isPaused ? [] : [.paused(at: at)]
        case .resume(let at):
            guard opening != nil, state == .open || state == .abandoned else { throw .notOpen(state) }
            return isPaused ? [.resumed(at: at)] : []
        case .comment(let comment):
            guard opening != nil, state != .cancelled, comments.count < Self.commentLimit else { throw .notOpen(state) }
            if let last = comments.last(where: { $0.user == comment.user }), last.text == comment.text,
                comment.at - last.at < Self.repeatWindow
            {
                return []
            }
            return [.commented(comment.with(number: comments.count + 1))]
        case .cancel(let at):
            switch state {
            case .cancelled: return []
            case .open, .abandoned: return [.cancelled(at: at)]
            case .none, .filed: throw .notOpen(state)
            }
        case .withdraw(let at):
            guard state == .filed else { throw .notOpen(state) }
            return [.cancelled(at: at)]
        case .abandon(let at):
            return state == .open ? [.abandoned(at: at)] : []
        case .end(let at):
            switch state {
            case .filed: return []
            case .open, .abandoned: return [.ended(at: at)]
            case .none, .cancelled: throw .notOpen(state)
            }
        }
    }

    private func recorded(_ samples: [PositionSample]) throws(FlightRejection) -> [FlightEvent] {
        var fresh: [PositionSample] = []
        var recent = self.recent
        var newest = latestClientTime
        var shift = clockShift
        var index = self.index
        var last = latest
        var resumes: Timestamp?
        for var sample in samples {
            if sample.positionIsHeld {
                guard let last else { continue }
                sample.position = last.position
            }
            let content = sample.contentHash
            if sample.clientTime == nil, sample.clientID != nil {
                // Without a time only the client's id tells a repeat from an aircraft that stands still.
                guard index != nil else { throw .indexNeeded }
                if index?.insert(SampleKey(sample)).inserted == false { continue }
                sample.eventTime = sample.receivedAt
            } else if let time = sample.clientTime {
                if let known = newest, time <= known {
                    guard index != nil else { throw .indexNeeded }
                    if index?.contains(SampleKey(sample)) == true { continue }
                }
                index?.insert(SampleKey(sample))
                newest = max(newest ?? time, time)
                // A clock that is constantly ahead is shifted as a whole; one that is late may be an upload of a buffer.
                let lead = time - sample.receivedAt
                if lead > Self.tolerableLead, lead > shift { shift = lead }
                sample.eventTime = time - shift
            } else {
                recent.removeAll { sample.receivedAt - $0.receivedAt > Self.repeatWindow }
                if recent.contains(where: { $0.content == content }) { continue }
                recent.append(RecentFrame(receivedAt: sample.receivedAt, content: content))
                if recent.count > 8 { recent.removeFirst() }
                sample.eventTime = sample.receivedAt
            }
            if sample.eventTime - sample.receivedAt > Self.allowedLead { sample.eventTime = sample.receivedAt }
            if let pausedAt, resumes == nil, sample.eventTime >= pausedAt {
                // A paused frame adds no point to the track; one that moved shows that the pause is over, whatever the
                // tracker declared.
                if let last, greatCircleDistance(from: last.position, to: sample.position) < Self.movement { continue }
                resumes = sample.eventTime
            }
            last = sample
            fresh.append(sample)
        }
        guard !fresh.isEmpty else { return [] }
        return (resumes.map { [.resumed(at: $0)] } ?? []) + [.positionsRecorded(fresh, clockShift: shift)]
    }

    private func fresh(_ lines: [FlightLine]) -> [FlightLine] {
        var known = recentLines
        return lines.filter { line in
            let content = line.contentHash
            let isRepeat = known.contains {
                $0.content == content
                    && (line.isIdentified || line.receivedAt - $0.receivedAt < Self.repeatWindow)
            }
            known.append(RecentFrame(receivedAt: line.receivedAt, content: content))
            return !isRepeat
        }
    }

    /// What its owner sends brings an abandoned flight back: decisions B5.
    private mutating func heard(at: Timestamp) {
        heardAt = max(heardAt ?? at, at)
        if state == .abandoned {
            state = .open
            endedAt = nil
        }
    }

    public mutating func apply(_ event: FlightEvent) {
        switch event {
        case .opened(let opening):
            self.opening = opening
            state = .open
            heardAt = max(heardAt ?? opening.openedAt, opening.openedAt)
        case .positionsRecorded(let samples, let shift):
            clockShift = shift
            if let receivedAt = samples.last?.receivedAt { heard(at: receivedAt) }
            for sample in samples {
                positionCount += 1
                if latest.map({ sample.eventTime >= $0.eventTime }) ?? true { latest = sample }
                if sample.clientTime == nil, sample.clientID != nil {
                    index?.insert(SampleKey(sample))
                } else if let time = sample.clientTime {
                    latestClientTime = max(latestClientTime ?? time, time)
                    index?.insert(SampleKey(sample))
                } else {
                    recent.removeAll { sample.receivedAt - $0.receivedAt > Self.repeatWindow }
                    recent.append(RecentFrame(receivedAt: sample.receivedAt, content: sample.contentHash))
                    if recent.count > 8 { recent.removeFirst() }
                }
            }
        case .linesRecorded(let lines):
            if let receivedAt = lines.last?.receivedAt { heard(at: receivedAt) }
            recentLines += lines.map { RecentFrame(receivedAt: $0.receivedAt, content: $0.contentHash) }
            if recentLines.count > Self.lineMemory { recentLines.removeFirst(recentLines.count - Self.lineMemory) }
        case .detailsChanged(let new, let at):
            details = details.merging(new)
            heard(at: at)
        case .paused(let at):
            pausedAt = at
            heard(at: at)
        case .resumed(let at):
            pausedAt = nil
            heard(at: at)
        case .commented(let comment): comments.append(comment)
        case .cancelled(let at):
            state = .cancelled
            endedAt = at
        case .abandoned(let at):
            state = .abandoned
            endedAt = at
        case .ended(let at):
            state = .filed
            endedAt = at
            pausedAt = nil
        }
    }
}

/// Everything that rules need as it was when the flight was opened: decisions D3.
public struct FlightOpening: Hashable, Sendable, Codable {
    public let id: FlightID
    /// D5 `pirepID`.
    public let number: Int
    public let user: UserID
    public let pilotIdent: String
    public private(set) var pilotName: String
    public let adapter: String
    public let booking: BookingDetails?
    public let schedule: ScheduleDetails?
    /// The aircraft booked, or the one the tracker first named.
    public private(set) var aircraft: AircraftDetails?
    public let callsign: String
    public let flightNumber: String
    public let departure: ICAOLocation?
    public let arrival: ICAOLocation?
    public let alternate: ICAOLocation?
    public private(set) var network: String?
    public let ruleset: RulesetReference
    public let openedAt: Timestamp
    /// The id that clients get whose protocol wants digits (XACARS): random, 10 to 15 of them.
    public let code: String?
    /// The key that the client made for this flight (FSACARS 4 `fhash`).
    public let clientKey: String?
    public init(
        id: FlightID, number: Int, user: UserID, pilotIdent: String, pilotName: String, adapter: String,
        booking: BookingDetails?, schedule: ScheduleDetails?, aircraft: AircraftDetails?, callsign: String,
        flightNumber: String, departure: ICAOLocation?, arrival: ICAOLocation?, alternate: ICAOLocation?,
        network: String?, ruleset: RulesetReference, openedAt: Timestamp, code: String? = nil,
        clientKey: String? = nil
    ) {
        self.code = code
        self.clientKey = clientKey
        self.id = id
        self.number = number
        self.user = user
        self.pilotIdent = pilotIdent
        self.pilotName = pilotName
        self.adapter = adapter
        self.booking = booking
        self.schedule = schedule
        self.aircraft = aircraft
        self.callsign = callsign
        self.flightNumber = flightNumber
        self.departure = departure
        self.arrival = arrival
        self.alternate = alternate
        self.network = network
        self.ruleset = ruleset
        self.openedAt = openedAt
    }
}

extension FlightOpening {
    /// The same opening with the aircraft that the first position named.
    public func with(aircraft: AircraftDetails, network: String?) -> FlightOpening {
        var copy = self
        copy.aircraft = aircraft
        copy.network = network
        return copy
    }
    /// Without the pilot's name.
    public var erased: FlightOpening {
        var copy = self
        copy.pilotName = UserProfile.erasedName
        return copy
    }
}

/// Which ruleset judges: id, version and content hash.
public struct RulesetReference: Hashable, Sendable, Codable {
    public let id: String
    public let version: Int
    public let hash: String
    public init(id: String, version: Int, hash: String) {
        self.id = id
        self.version = version
        self.hash = hash
    }
}

public enum FlightCommand: Sendable {
    case open(FlightOpening)
    /// Their `eventTime` is set by the decision.
    case recordPositions([PositionSample])
    case recordLines([FlightLine])
    case changeDetails(FlightDetails, at: Timestamp)
    case pause(at: Timestamp)
    case resume(at: Timestamp)
    /// Its number is set by the decision.
    case comment(FlightComment)
    case cancel(at: Timestamp)
    /// Its report was withdrawn before anybody decided on it.
    case withdraw(at: Timestamp)
    case abandon(at: Timestamp)
    /// The report was filed.
    case end(at: Timestamp)
}

public enum FlightEvent: Hashable, Sendable {
    case opened(FlightOpening)
    case positionsRecorded([PositionSample], clockShift: Milliseconds)
    case linesRecorded([FlightLine])
    /// What was said, not the whole.
    case detailsChanged(FlightDetails, at: Timestamp)
    case paused(at: Timestamp)
    case resumed(at: Timestamp)
    case commented(FlightComment)
    case cancelled(at: Timestamp)
    case abandoned(at: Timestamp)
    case ended(at: Timestamp)
}

public enum FlightRejection: Error, Hashable, Sendable {
    case notOpen(Flight.State)
    /// Load the flight's sample index and decide again: a sample is not newer than the flight's newest.
    case indexNeeded
}
