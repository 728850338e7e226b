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
    /// What the adapter's protocol can carry, for rules: validation rules, section 1.6.
    static var capabilities: AdapterCapabilities { get }
    /// Largest body of a request to this path below the adapter's root, in bytes.
    static func bodyLimit(method: String, path: String) -> Int
    init()
    /// Never traps, whatever the bytes. A frame that asks for something unknown is a ``DecodeError`` in the result.
    func decode(_ frame: RawFrame) -> DecodedFrame
    func encode(_ reply: TrackerReply, to frame: RawFrame) -> EncodedReply
    func encode(_ error: DecodeError, to frame: RawFrame) -> EncodedReply
}

/// A request of a tracker over HTTP, below the adapter's root.
public struct RawFrame: Sendable {
    /// Upper case.
    public let method: String
    /// What follows the adapter's root, without leading slash and query, percent-encoding as sent.
    public let path: String
    /// Without `?`; empty when there is none.
    public let query: String
    public let contentType: String?
    public let authorization: String?
    public let body: [UInt8]
    public let receivedAt: Timestamp
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
    /// The same request without what it carries.
    public var withoutBody: RawFrame {
        RawFrame(
            method: method, path: path, query: query, contentType: contentType, authorization: authorization, body: [],
            receivedAt: receivedAt)
    }
}

/// What proves who asks.
public enum Credential: Hashable, Sendable {
    /// The request needs none (or carries it inside, as a log-in does).
    case none
    /// A session token as sent; empty when the request should have one and has not.
    case session(String)
}

/// A frame, understood or not. The gateway checks the credential before it looks at the outcome.
public struct DecodedFrame: Sendable {
    public let credential: Credential
    public let outcome: Result<TrackerRequest, DecodeError>
    /// Fields that nothing understands, name and raw text.
    public let unrecognised: [String: String]
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
    }
    public let code: Code
    public let field: String?
    public let message: String
    /// Status of protocols that speak HTTP statuses.
    public let status: Int
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
