public import Domain

/// Names an adapter: configuration key, URL part, metric label, fixture folder.
public struct AdapterID: RawRepresentable, Hashable, Sendable, Codable, CustomStringConvertible {
    public let rawValue: String
    public init(rawValue: String) { self.rawValue = rawValue }
    public init(_ rawValue: String) { self.rawValue = rawValue }
    public var description: String { rawValue }
}

/// A tracker's wire protocol. Stateless: all session state arrives in the frame. Pure: no I/O, no clock.
public protocol TrackerAdapter: Sendable {
    static var id: AdapterID { get }
    /// The tracker's name as its users know it.
    static var title: String { get }
    /// What the adapter's protocol can carry, for rules: validation rules, section 1.6.
    static var capabilities: AdapterCapabilities { get }
    /// Largest body of a request to this path below the adapter's root, in bytes.
    static func bodyLimit(method: String, path: String) -> Int
    /// Every call must come through `/k/{key}/`, because the protocol has calls that carry no secret.
    static var needsTrackerKey: Bool { get }
    /// What an airline can set for this adapter: `tenant set --tracker NAME=VALUE`.
    static var options: [TrackerOption] { get }
    /// Names of the protocol's calls, each once: what a pilot's tracker can ask for. Tests walk them, frames are kept by them.
    static var calls: [String] { get }
    /// Which of ``calls`` a request is, whatever else is wrong with it; nil for a call that the protocol does not have.
    static func call(of frame: RawFrame) -> String?
    /// Where unmodified clients look on a host name of its own.
    /// - Parameter path: Segments of the request's path, percent-encoding as sent; a tracker key is cut out.
    /// - Returns: How many leading segments stand before what ``decode(_:)`` gets as path; nil for a path of others.
    static func hostRoot(_ path: [Substring]) -> Int?
    /// Where a pilot's own key goes, for the set-up page.
    static var setUpKey: SetUpKey { get }
    /// What a pilot pastes into the tracker.
    /// - Parameters:
    ///   - root: The adapter's root with a slash at the end, with `/k/{key}/` in it where that is needed.
    ///   - pilot: The pilot's ident.
    static func setUp(root: String, pilot: String, site: TrackerSite) -> [SetUpText]
    init()
    /// Never traps, whatever the bytes. A frame that asks for something unknown is a ``DecodeError`` in the result.
    func decode(_ frame: RawFrame) -> DecodedFrame
    func encode(_ reply: TrackerReply, to frame: RawFrame) -> EncodedReply
    func encode(_ error: DecodeError, to frame: RawFrame) -> EncodedReply
    /// The frame with secrets cut out that stand where ``redacted(_:)`` cannot know them (positions in a list).
    func withoutSecrets(_ frame: RawFrame) -> RawFrame
}

extension TrackerAdapter {
    public static var needsTrackerKey: Bool { false }
    public static var setUpKey: SetUpKey { needsTrackerKey ? .inRoot : .none }
    public static var options: [TrackerOption] { [] }
    public static func hostRoot(_ path: [Substring]) -> Int? { nil }
    public static func setUp(root: String, pilot: String, site: TrackerSite) -> [SetUpText] {
        [SetUpText(title: "Address", text: root)]
    }
    public func withoutSecrets(_ frame: RawFrame) -> RawFrame { frame }
}

/// A setting of one adapter.
public struct TrackerOption: Hashable, Sendable {
    /// `kacars.version`: the adapter's id, a dot, a word.
    public let name: String
    public let standard: String
    /// One line for `--help`.
    public let help: String
    /// The values it may have; empty is any text up to 200 characters.
    public let choices: [String]
    public init(_ name: String, standard: String, help: String, choices: [String] = []) {
        self.name = name
        self.standard = standard
        self.help = help
        self.choices = choices
    }
}

/// Which key of the pilot's the texts of ``TrackerAdapter/setUp(root:pilot:site:)`` hold.
public enum SetUpKey: String, Hashable, Sendable {
    /// None: the tracker asks for name and password.
    case none
    /// A tracker key, in the addresses: `k/{key}/`.
    case inRoot
    /// An API key, where the texts say ``SetUpText/keyPlace(pilot:)``.
    case pasted
}

/// A piece of text for the set-up page: a value to type, or a file.
public struct SetUpText: Hashable, Sendable {
    /// Name of the box, setting or file it goes into.
    public let title: String
    public let text: String
    public init(title: String, text: String) {
        self.title = title
        self.text = text
    }

    /// Stands for an API key that nobody has made yet.
    public static func keyPlace(pilot: String) -> String { "API-KEY-OF-\(pilot)" }
}

/// The airline that a request was sent to, as far as codecs need it.
public struct TrackerSite: Hashable, Sendable {
    public var name = ""
    /// Airline codes, the airline's own first, upper case.
    public var codes: [String] = []
    public var iata: String?
    /// What a printed pilot number is above the pilot's own.
    public var pilotOffset = 0
    /// The adapter's root as the client may call it: scheme, host and path with a slash at the end, a tracker key never in it.
    public var root = ""
    /// Settings by name, only those that were set.
    public var options: [String: String] = [:]
    public init() {}

    /// A setting, or its standard.
    public func value(_ option: TrackerOption) -> String { options[option.name] ?? option.standard }
    /// The airline's own code.
    public var code: String { codes.first ?? "" }
}

/// A request of a tracker over HTTP, below the adapter's root.
public struct RawFrame: Sendable {
    /// Upper case.
    public let method: String
    /// What follows the adapter's root (and tracker key), without leading slash and query, percent-encoding as sent.
    public let path: String
    /// Without `?`; empty when there is none.
    public let query: String
    public let contentType: String?
    public let authorization: String?
    public let body: [UInt8]
    public let receivedAt: Timestamp
    /// Of the header `X-API-Key`.
    public var apiKey: String?
    public var userAgent: String?
    /// From `/k/{key}/`.
    public var trackerKey: String?
    public var site = TrackerSite()
    /// For a further part of a report: the text of the parts before it, joined. See ``FilingRequest/piece``.
    public var earlierParts = ""
    public init(
        method: String, path: String, query: String, contentType: String?, authorization: String?, body: [UInt8],
        receivedAt: Timestamp
    ) {
        self.method = method
        self.path = path
        self.query = query
        self.contentType = contentType
        self.authorization = authorization
        self.body = body
        self.receivedAt = receivedAt
    }
}

extension RawFrame {
    /// The same request with another path, query or body.
    public func with(path: String? = nil, query: String? = nil, body: [UInt8]? = nil) -> RawFrame {
        var copy = RawFrame(
            method: method, path: path ?? self.path, query: query ?? self.query, contentType: contentType,
            authorization: authorization, body: body ?? self.body, receivedAt: receivedAt)
        copy.apiKey = apiKey
        copy.userAgent = userAgent
        copy.trackerKey = trackerKey
        copy.site = site
        copy.earlierParts = earlierParts
        return copy
    }
    /// The same request without what it carries.
    public var withoutBody: RawFrame { with(body: []) }
}

/// Who a client says a pilot is.
public typealias PilotName = LogIn.Name

/// What proves who asks. The gateway settles it before it looks at the request.
public enum Credential: Hashable, Sendable {
    /// The request needs none (or carries it inside, as a log-in does).
    case none
    /// A session token as sent; empty when the request should have one and has not.
    case session(String)
    /// A session token that the client made up itself, good for this pilot's number only.
    case clientSession(pilot: Int, token: String)
    /// An API key, a tracker key or a session token, whichever the pilot pasted; nil when there is none.
    case key(String?)
    /// A pilot's name, with a secret (password, tracker key or digest of one) where the call has one. The tracker key of
    /// the path counts as well; without any proof the call is refused as from an unknown pilot. No name: whoever owns
    /// the key of the path.
    case pilot(PilotName?, secret: String?)
    /// A pilot's name that nothing proves: opens only what ``TrackerRequest/isOpenReading`` allows.
    case named(PilotName)

    /// What is secret about it, for cutting it out of what is kept.
    public var secrets: [String] {
        switch self {
        case .none, .named: []
        case .session(let token): [token]
        case .clientSession(_, let token): [token]
        case .key(let key): [key].compactMap { $0 }
        case .pilot(_, let secret): [secret].compactMap { $0 }
        }
    }
}

/// A frame, understood or not. The gateway checks the credential before it looks at the outcome.
public struct DecodedFrame: Sendable {
    public let credential: Credential
    public let outcome: Result<TrackerRequest, DecodeError>
    /// Fields that nothing understands, name and raw text.
    public let unrecognised: [String: String]
    /// Name and version of the client where the frame shows them; samples of frames are kept by it.
    public var client: String?
    /// The flight that must exist and be the caller's before a ``DecodeError`` is told: then the refusal is told instead.
    public var subject: FlightKey?
    public init(
        credential: Credential, outcome: Result<TrackerRequest, DecodeError>, unrecognised: [String: String] = [:]
    ) {
        self.credential = credential
        self.outcome = outcome
        self.unrecognised = unrecognised
    }
}

/// Why a frame was not understood. `message` is what the client is told; it never holds secrets.
public struct DecodeError: Error, Hashable, Sendable {
    public enum Code: String, Hashable, Sendable, CaseIterable {
        case unknownEndpoint = "unknown-endpoint"
        case wrongMethod = "wrong-method"
        case malformed
        case missingField = "missing-field"
        case invalidField = "invalid-field"
        case tooLarge = "too-large"
        /// Understood, and nothing that this gateway takes (a file, a picture).
        case unsupported
    }
    public let code: Code
    public let field: String?
    public let message: String
    /// Status of protocols that speak HTTP statuses.
    public let status: Int
    /// Every field that is wrong, where a protocol names them all: dotted name and text, in order.
    public var faults: [Fault] = []
    public struct Fault: Hashable, Sendable {
        public let field: String
        public let message: String
        public init(_ field: String, _ message: String) {
            self.field = field
            self.message = message
        }
    }
    public init(_ code: Code, field: String? = nil, message: String, status: Int) {
        self.code = code
        self.field = field
        self.message = message
        self.status = status
    }
    /// Only frames that somebody could learn from are kept: not a wrong method or an unknown endpoint.
    public var isWorthKeeping: Bool { code == .malformed || code == .invalidField || code == .missingField }
}

/// An answer in bytes.
public struct EncodedReply: Hashable, Sendable {
    public let status: Int
    /// Name and value, in order.
    public let headers: [(String, String)]
    public let body: [UInt8]
    public init(status: Int, headers: [(String, String)], body: [UInt8]) {
        self.status = status
        self.headers = headers
        self.body = body
    }
    public static func == (lhs: EncodedReply, rhs: EncodedReply) -> Bool {
        lhs.status == rhs.status && lhs.body == rhs.body
            && lhs.headers.elementsEqual(rhs.headers) { $0.0 == $1.0 && $0.1 == $1.1 }
    }
    public func hash(into hasher: inout Hasher) {
        hasher.combine(status)
        hasher.combine(body)
    }
}
