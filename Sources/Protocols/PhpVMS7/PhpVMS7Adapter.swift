public import Domain

/// The HTTP API of phpVMS 7 as its ACARS clients use it: docs/protocols/phpvms7.md.
public struct PhpVMS7Adapter: TrackerAdapter {
    public static let id = AdapterID("phpvms7")
    public static let title = "vmsACARS and other phpVMS 7 clients"
    public static let setUpKey = SetUpKey.pasted
    public static let capabilities = AdapterCapabilities([
        .position: .measured, .altitudeMSL: .measured, .heightAGL: .measured, .groundSpeed: .measured,
        .indicatedAirspeed: .measured,
        .verticalSpeed: .measured, .fuel: .measured, .aircraftType: .measured, .touchdownRate: .reported,
        .pause: .reported, .clientTime: .reported,
    ])

    /// After an outage thousands of positions come in batches.
    public static func bodyLimit(method: String, path: String) -> Int {
        PhpVMS7Route(path: path)?.isLarge == true ? 4 << 20 : 1 << 20
    }

    static let vmsACARS = TrackerOption(
        "phpvms7.vmsacars", standard: "on", help: "Answer the calls that only the vmsACARS client makes.",
        choices: ["on", "off"])
    public static let options = [vmsACARS]

    public static let calls = PhpVMS7Call.allCases.flatMap { call in call.methods.map { "\($0) \(call.rawValue)" } }
    public static func call(of frame: RawFrame) -> String? {
        guard let route = PhpVMS7Route(frame), route.methods.contains(frame.method) else { return nil }
        return "\(frame.method) \(route.call.rawValue)"
    }

    /// `/api/`, also in folders: clients put it behind the site's URL whatever that is.
    public static func hostRoot(_ path: [Substring]) -> Int? {
        guard let place = path.prefix(4).firstIndex(of: "api") else { return nil }
        return path[..<place].allSatisfy(\.isEmpty) ? 0 : place
    }

    public static func setUp(root: String, pilot: String, site: TrackerSite) -> [SetUpText] {
        let url = root.hasSuffix("/") ? String(root.dropLast()) : root
        let host = url.split(separator: "/", omittingEmptySubsequences: true).dropFirst().first ?? ""
        var file = JSONWriter()
        file.object {
            $0.member("ApiKey", SetUpText.keyPlace(pilot: pilot))
            $0.member("Domain", String(host))
            $0.member("Name", site.name)
            $0.member("Url", url)
        }
        return [
            SetUpText(title: "Site URL", text: url),
            SetUpText(title: "API key", text: SetUpText.keyPlace(pilot: pilot)),
            SetUpText(title: "vmsACARS configuration file", text: String(decoding: file.bytes, as: UTF8.self)),
        ]
    }

    public init() {}

    public func decode(_ frame: RawFrame) -> DecodedFrame {
        guard let route = PhpVMS7Route(frame) else {
            let unknown = DecodeError(.unknownEndpoint, message: "Not Found", status: 404)
            return DecodedFrame(credential: .none, outcome: .failure(unknown))
        }
        if frame.method == "OPTIONS" || frame.method == "HEAD" {
            return DecodedFrame(credential: .none, outcome: .success(.preflight))
        }
        guard route.methods.contains(frame.method) else {
            let message = "The method is not supported for this route. Supported methods: \(route.allowed)."
            return DecodedFrame(
                credential: .none, outcome: .failure(DecodeError(.wrongMethod, message: message, status: 405)))
        }
        let credential: Credential = route.isPublic(frame.method) ? .none : .key(Self.key(frame))
        var decoder = PhpVMS7Decoder(frame: frame, route: route)
        let outcome = decoder.request()
        // Reading calls have questions of their own that are answered elsewhere (pages) or ignored.
        var decoded = DecodedFrame(
            credential: credential, outcome: outcome,
            unrecognised: frame.method == "GET" ? [:] : decoder.fields.unrecognised)
        decoded.client = frame.userAgent.map { LegacyText.cut($0, to: 64) }
        if frame.method != "GET", let id = route.flight { decoded.subject = FlightKey(id: id) }
        return decoded
    }

    /// `X-API-Key` alone counts where it is sent; otherwise `Authorization`, with or without the word `Bearer`.
    static func key(_ frame: RawFrame) -> String? {
        if let key = frame.apiKey { return key }
        guard let key = frame.authorization else { return nil }
        return key.hasPrefix("Bearer ") ? String(key.dropFirst(7)) : key
    }

    public func encode(_ reply: TrackerReply, to frame: RawFrame) -> EncodedReply {
        PhpVMS7Encoder(frame).encode(reply)
    }
    public func encode(_ error: DecodeError, to frame: RawFrame) -> EncodedReply {
        PhpVMS7Encoder(frame).encode(error)
    }
}
