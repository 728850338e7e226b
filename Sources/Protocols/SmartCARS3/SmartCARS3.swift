import Domain

/// What both dialects share.
enum SmartCARS3 {
    enum Dialect: String, Sendable { case d5, d7 }

    static let capabilities = AdapterCapabilities([
        .position: .measured, .altitudeMSL: .measured, .groundSpeed: .measured, .aircraftType: .measured,
        .touchdownRate: .reported,
        .clientTime: .reported,
    ])

    static func bodyLimit(path: String) -> Int {
        SmartCARS3Endpoint.name(of: path) == "flights/complete" ? 4 << 20 : 1 << 20
    }

    /// The airline enters the address, once; pilots only sign in.
    static func setUp(root: String, pilot: String) -> [SetUpText] {
        [SetUpText(title: "Script URL", text: root), SetUpText(title: "Pilot ID", text: pilot)]
    }

    static func calls(_ dialect: Dialect) -> [String] {
        SmartCARS3Endpoint.allCases.filter { $0.isKnown(in: dialect) }.map(\.name)
    }
    static func call(of frame: RawFrame, _ dialect: Dialect) -> String? {
        SmartCARS3Endpoint(path: frame.path, dialect: dialect).flatMap {
            $0.accepts(frame.method, dialect) ? $0.name : nil
        }
    }

    /// The credential is settled before anything else is looked at, so that a stranger is told nothing about endpoints.
    static func decode(_ frame: RawFrame, _ dialect: Dialect) -> DecodedFrame {
        if frame.method == "OPTIONS" || frame.method == "HEAD" {
            return DecodedFrame(credential: .none, outcome: .success(.preflight))
        }
        let endpoint = SmartCARS3Endpoint(path: frame.path, dialect: dialect)
        let credential: Credential = endpoint?.isOpen == true ? .none : .session(token(frame.authorization))
        guard let endpoint else {
            let error = DecodeError(.unknownEndpoint, message: "The handler provided could not be found", status: 404)
            return DecodedFrame(credential: credential, outcome: .failure(error))
        }
        guard endpoint.accepts(frame.method, dialect) else {
            let message =
                "\(endpoint.method) request method expected, received a \(shown(frame.method)) request instead."
            return DecodedFrame(
                credential: credential, outcome: .failure(DecodeError(.wrongMethod, message: message, status: 405))
            )
        }
        var decoder = SmartCARS3Decoder(frame: frame, dialect: dialect, endpoint: endpoint)
        do throws(DecodeError) {
            let request = SmartCARS3Translator(receivedAt: frame.receivedAt, dialect: dialect)
                .request(try decoder.message())
            return DecodedFrame(
                credential: credential, outcome: .success(request), unrecognised: decoder.fields.unrecognised
            )
        } catch {
            return DecodedFrame(credential: credential, outcome: .failure(error))
        }
    }

    /// The scheme word is matched exactly.
    private static func token(_ authorization: String?) -> String {
        guard let authorization, authorization.hasPrefix("Bearer ") else { return "" }
        return String(authorization.dropFirst(7))
    }

    /// A method goes into a message only as far as it is a word.
    private static func shown(_ method: String) -> String {
        String(method.prefix(16).filter { $0.isASCII && $0.isLetter })
    }
}

/// The calls of the protocol.
enum SmartCARS3Endpoint: String, Sendable, CaseIterable {
    case probe = ""
    case login = "pilot/login"
    case resume = "pilot/resume"
    case verify = "pilot/verify"
    case statistics = "pilot/statistics"
    case airports = "data/airports"
    case aircraft = "data/aircraft"
    case news = "data/news"
    case subfleets = "data/subfleets"
    case flightTypes = "data/flight_types"
    case search = "flights/search"
    case bookings = "flights/bookings"
    case book = "flights/book"
    case rebook = "flights/rebook"
    case unbook = "flights/unbook"
    case charter = "flights/charter"
    case start = "flights/start"
    case update = "flights/update"
    case cancel = "flights/cancel"
    case complete = "flights/complete"
    case searchReports = "pireps/search"
    case latestReport = "pireps/latest"
    case reportDetails = "pireps/details"

    init?(path: String, dialect: SmartCARS3.Dialect) {
        guard let known = Self(rawValue: path) ?? Self(rawValue: Self.name(of: path)) else { return nil }
        guard known.isKnown(in: dialect) else { return nil }
        self = known
    }

    func isKnown(in dialect: SmartCARS3.Dialect) -> Bool {
        dialect == .d7 || (self != .subfleets && self != .flightTypes)
    }

    /// For people; the path of the probe is empty.
    var name: String { self == .probe ? "probe" : rawValue }

    /// The path without empty segments.
    static func name(of path: String) -> String {
        path.utf8.count > 256 ? "?" : path.split(separator: "/").joined(separator: "/")
    }

    /// Needs no session.
    var isOpen: Bool {
        switch self {
        case .probe, .login, .resume, .verify: true
        default: false
        }
    }

    var method: String {
        switch self {
        case .login, .resume, .verify, .book, .rebook, .unbook, .charter, .start, .update, .cancel, .complete: "POST"
        default: "GET"
        }
    }

    /// The phpVMS 7 module also takes POST where the older client asked that way.
    func accepts(_ method: String, _ dialect: SmartCARS3.Dialect) -> Bool {
        if method == self.method { return true }
        switch self {
        case .aircraft, .airports, .reportDetails, .searchReports: return dialect == .d7 && method == "POST"
        default: return false
        }
    }
}
