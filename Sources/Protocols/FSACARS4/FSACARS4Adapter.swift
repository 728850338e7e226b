public import Domain

/// FSACARS 4 (FSX, P3D, MSFS, X-Plane): docs/protocols/fsacars.md, part B.
public struct FSACARS4Adapter: TrackerAdapter {
    public static let id = AdapterID("fsacars4")
    public static let title = "FSACARS 4"
    /// Positions carry no secret.
    public static let setUpKey = SetUpKey.inRoot
    public static let capabilities = AdapterCapabilities([
        .position: .measured, .altitudeMSL: .measured, .groundSpeed: .measured, .onGround: .measured,
        .aircraftType: .reported,
        .touchdownRate: .reported,
    ])
    static let serverPassword = TrackerOption(
        "fsacars4.serverpass", standard: "", help: "Server password of org.cfg; empty: none is asked for")
    /// Words of org.cfg for what the client sends in place of the password.
    static let hashAlgorithm = TrackerOption(
        "fsacars4.hashalgo", standard: "HTTPS",
        help: "What clients send: the password (HTTPS), or a digest of the pilot's tracker key",
        choices: ["HTTPS", "MD5", "SHA1", "SHA256", "SHA512"])
    public static let options = [serverPassword, hashAlgorithm]

    public static func bodyLimit(method: String, path: String) -> Int { 1 << 20 }

    public static let calls = FSACARS4Call.allCases.map(\.rawValue)
    public static func call(of frame: RawFrame) -> String? { FSACARS4Call(frame)?.rawValue }

    public static func setUp(root: String, pilot: String, site: TrackerSite) -> [SetUpText] {
        let values = [
            ("orgname", site.name), ("hashalgo", site.value(hashAlgorithm)), ("userquery", root + "userquery"),
            ("pirep", root + "pirep"), ("posrep", root + "posrep"), ("dispatch", root + "dispatch"),
            ("serverpass", site.value(serverPassword)),
        ]
        return values.map { SetUpText(title: "org.cfg: \($0.0)", text: $0.1) }
            + [SetUpText(title: "User", text: pilot)]
    }

    public init() {}

    public func decode(_ frame: RawFrame) -> DecodedFrame {
        let decoder = FSACARS4Decoder(frame)
        do throws(DecodeError) {
            let message = try decoder.message()
            var decoded = DecodedFrame(
                credential: decoder.credential,
                outcome: .success(FSACARS4Translator(receivedAt: frame.receivedAt, site: frame.site).request(message)),
                unrecognised: decoder.unrecognised)
            if case .report(let report) = message { decoded.client = report.client }
            return decoded
        } catch {
            return DecodedFrame(credential: decoder.credential, outcome: .failure(error))
        }
    }

    public func encode(_ reply: TrackerReply, to frame: RawFrame) -> EncodedReply {
        FSACARS4Encoder(call: FSACARS4Call(frame)).encode(reply)
    }
    public func encode(_ error: DecodeError, to frame: RawFrame) -> EncodedReply {
        FSACARS4Encoder(call: FSACARS4Call(frame)).encode(error)
    }
}

/// The four addresses of org.cfg; `.php` behind them is welcome.
enum FSACARS4Call: String, Sendable, CaseIterable {
    case userQuery = "userquery"
    case dispatch
    case position = "posrep"
    case report = "pirep"

    init?(_ frame: RawFrame) {
        guard frame.path.utf8.count <= 1024, let last = frame.path.split(separator: "/").last?.lowercased() else {
            return nil
        }
        self.init(rawValue: last.hasSuffix(".php") ? String(last.dropLast(4)) : last)
    }
}
