public import Domain

/// FS Flight Keeper 1.0 to 3.x: docs/protocols/fsfk.md.
public struct FSFKAdapter: TrackerAdapter {
    public static let id = AdapterID("fsfk")
    public static let title = "FS Flight Keeper"
    public static let capabilities = AdapterCapabilities([
        .position: .measured, .altitudeMSL: .measured, .indicatedAirspeed: .measured, .fuel: .measured,
        .groundSpeed: .reported,
        .aircraftType: .reported, .pause: .reported, .touchdownRate: .reported,
    ])
    public static func bodyLimit(method: String, path: String) -> Int { 1 << 20 }
    public static var needsTrackerKey: Bool { true }
    public static func hostRoot(_ path: [Substring]) -> Int? { LegacyPath.hostRoot(path, "fsfk") }
    public static let calls =
        FSFKCommand.allCases.map(\.rawValue) + ["report"] + FSFKFiles.File.allCases.map(\.rawValue)
    public static func call(of frame: RawFrame) -> String? {
        switch FSFKEndpoint(frame) {
        case .live: LegacyForm(frame).text("DATA2").flatMap { FSFKCommand($0)?.rawValue }
        case .report: "report"
        case .file(let file): file.rawValue
        case nil: nil
        }
    }

    public static func setUp(root: String, pilot: String, site: TrackerSite) -> [SetUpText] {
        FSFKFiles.File.allCases.map { file in
            SetUpText(title: file.rawValue, text: FSFKFiles(root: root, pilot: pilot).text(file))
        }
    }

    public init() {}

    public func decode(_ frame: RawFrame) -> DecodedFrame {
        if frame.method == "OPTIONS" || frame.method == "HEAD" {
            return DecodedFrame(credential: .none, outcome: .success(.preflight))
        }
        let form = LegacyForm(frame)
        var decoded: DecodedFrame
        do throws(DecodeError) {
            let message = try FSFKDecoder(frame: frame, form: form).message()
            decoded = FSFKTranslator(frame: frame, form: form).decoded(message)
        } catch {
            // A report that cannot be read is kept for its airline only if a key shows whose it is.
            let isReport = FSFKEndpoint(frame) == .report
            decoded = DecodedFrame(
                credential: isReport ? .pilot(nil, secret: nil) : .none, outcome: .failure(error))
        }
        decoded.client = form.text("DATA1").map { LegacyText.cut($0, to: 64) }
        return decoded
    }

    public func encode(_ reply: TrackerReply, to frame: RawFrame) -> EncodedReply {
        FSFKEncoder(frame: frame).encode(reply)
    }
    public func encode(_ error: DecodeError, to frame: RawFrame) -> EncodedReply {
        FSFKEncoder(frame: frame).encode(error)
    }
    public func withoutSecrets(_ frame: RawFrame) -> RawFrame { FSFKSecrets.cut(frame) }
}

/// The addresses of the protocol.
enum FSFKEndpoint: Hashable, Sendable {
    case live, report
    case file(FSFKFiles.File)

    init?(_ frame: RawFrame) {
        let path = LegacyPath.segments(frame)
        guard path.count == 2, path[0] == "fsfk" else { return nil }
        switch path[1] {
        case "acars": self = .live
        case "pirep": self = .report
        case "vaconfig_template": self = .file(.airline)
        case "liveacars_template": self = .file(.live)
        case "pirep_template": self = .file(.report)
        default: return nil
        }
    }
}

/// The calls of the live address, by the second field.
enum FSFKCommand: String, Sendable, CaseIterable {
    case test = "TEST"
    case begin = "BEGINFLIGHT"
    case message = "MESSAGE"
    case pause = "PAUSEFLIGHT"
    case plan = "UPDATEFLIGHTPLAN"
    case end = "ENDFLIGHT"

    init?(_ text: String) { self.init(rawValue: text.uppercased()) }
}
