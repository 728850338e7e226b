public import Domain

/// XACARS for X-Plane and for MSFS, and what speaks like it: docs/protocols/xacars.md.
public struct XACARSAdapter: TrackerAdapter {
    public static let id = AdapterID("xacars")
    public static let title = "XACARS"
    public static let capabilities = AdapterCapabilities([
        .position: .measured, .altitudeMSL: .measured, .indicatedAirspeed: .measured, .fuel: .measured,
        .groundSpeed: .reported,
        .aircraftType: .reported, .pause: .reported,
    ])
    public static func bodyLimit(method: String, path: String) -> Int { 1 << 20 }
    public static var needsTrackerKey: Bool { true }
    /// `/action.php/acars/xacars/…`, or the file names of the demonstration server in any folder.
    public static func hostRoot(_ path: [Substring]) -> Int? {
        if let root = LegacyPath.hostRoot(path, "acars", "xacars") { return root }
        guard let file = path.last?.lowercased(), XACARSEndpoint(file: file) != nil else { return nil }
        return path.count - 1
    }

    public static let calls = XACARSCommand.allCases.map(\.rawValue) + ["flight-info", "report"]
    public static func call(of frame: RawFrame) -> String? {
        switch XACARSEndpoint(frame) {
        case .live: LegacyForm(frame).text("DATA2").flatMap { XACARSCommand($0)?.rawValue }
        case .info: "flight-info"
        case .report: "report"
        case nil: nil
        }
    }

    public static func setUp(root: String, pilot: String, site: TrackerSite) -> [SetUpText] {
        let base = root + "action.php/acars/xacars/"
        let lines = [
            "[Server]", "Address=\(base)acars", "PIREP=\(base)pirep", "FlightInfo=\(base)data", "User=\(pilot)", "",
            "[ACARS]", "POSReportTime=1", "EnableLiveACARS=1", "EnablePIREP=1", "AutoPIREP=1",
        ]
        return [SetUpText(title: "xacars.ini", text: lines.map { $0 + "\r\n" }.joined())]
    }

    public init() {}

    public func decode(_ frame: RawFrame) -> DecodedFrame {
        if frame.method == "OPTIONS" || frame.method == "HEAD" {
            return DecodedFrame(credential: .none, outcome: .success(.preflight))
        }
        let form = LegacyForm(frame)
        var decoded: DecodedFrame
        do throws(DecodeError) {
            let message = try XACARSDecoder(frame: frame, form: form).message()
            decoded = XACARSTranslator(frame: frame, form: form).decoded(message)
        } catch {
            decoded = DecodedFrame(credential: .none, outcome: .failure(error))
        }
        decoded.client = form.text("DATA1").map { LegacyText.cut($0, to: 64) }
        return decoded
    }

    public func encode(_ reply: TrackerReply, to frame: RawFrame) -> EncodedReply {
        XACARSEncoder(frame: frame).encode(reply)
    }
    public func encode(_ error: DecodeError, to frame: RawFrame) -> EncodedReply {
        XACARSEncoder(frame: frame).encode(error)
    }
    public func withoutSecrets(_ frame: RawFrame) -> RawFrame { XACARSSecrets.cut(frame) }
}

/// The three addresses of the protocol.
enum XACARSEndpoint: Sendable {
    case live, info, report

    /// phpVMS's actions, or the demonstration server's files.
    init?(_ frame: RawFrame) {
        let path = LegacyPath.segments(frame)
        if path.count == 3, path[0] == "acars", path[1] == "xacars" {
            switch path[2] {
            case "acars", "xacars": self = .live
            case "data": self = .info
            case "pirep": self = .report
            default: return nil
            }
        } else {
            guard let file = path.last, let named = Self(file: file) else { return nil }
            self = named
        }
    }

    init?(file: String) {
        switch file {
        case "liveacars.php": self = .live
        case "flightdata.php": self = .info
        case "pirep.php": self = .report
        default: return nil
        }
    }
}

/// The calls of the live address, by the second field.
enum XACARSCommand: String, Sendable, CaseIterable {
    case test = "TEST"
    case begin = "BEGINFLIGHT"
    case message = "MESSAGE"
    case pause = "PAUSEFLIGHT"
    case end = "ENDFLIGHT"

    init?(_ text: String) { self.init(rawValue: text.uppercased()) }
}
