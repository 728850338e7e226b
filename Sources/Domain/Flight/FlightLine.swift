/// One line that a tracker wrote while it flew: a log entry, an event, a message of the pilot.
public struct FlightLine: Hashable, Sendable, Codable {
    public enum Kind: String, Sendable, Codable, CaseIterable {
        case log, event
        /// Typed by the pilot.
        case message
        /// Block-off, wheels-off, wheels-on, block-on as the tracker claims them.
        case out, off, on, inBlock = "in"
    }
    public let kind: Kind
    public let text: String
    /// As sent; nil where the line has no time.
    public let time: Timestamp?
    public let position: Position?
    /// The client's own id of the line: the same id again replaces nothing and repeats.
    public let clientID: String?
    public let receivedAt: Timestamp
    public init(
        _ kind: Kind, _ text: String, time: Timestamp? = nil, position: Position? = nil, clientID: String? = nil,
        receivedAt: Timestamp
    ) {
        self.kind = kind
        self.text = text
        self.time = time
        self.position = position
        self.clientID = clientID
        self.receivedAt = receivedAt
    }

    /// Equal for a repeat of the line, the same on every machine.
    var contentHash: UInt32 {
        var hash = StableHash()
        hash.combine(kind.rawValue)
        hash.combine(text)
        hash.combine(time?.milliseconds ?? .min)
        hash.combine(optional: clientID)
        return UInt32(truncatingIfNeeded: hash.value ^ hash.value >> 32)
    }
    /// Whether a repeat can be told however late it comes.
    var isIdentified: Bool { clientID != nil || time != nil }
}

/// A remark on a flight or its report.
public struct FlightComment: Hashable, Sendable, Codable {
    /// 1, 2, 3 … within the flight.
    public let number: Int
    public let user: UserID
    public let ident: String
    public let name: String
    public let text: String
    public let at: Timestamp
    public init(number: Int, user: UserID, ident: String, name: String, text: String, at: Timestamp) {
        self.number = number
        self.user = user
        self.ident = ident
        self.name = name
        self.text = text
        self.at = at
    }
    func with(number: Int) -> FlightComment {
        FlightComment(number: number, user: user, ident: ident, name: name, text: text, at: at)
    }
}
