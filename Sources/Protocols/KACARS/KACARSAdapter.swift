public import Domain

/// kACARS_Free as the phpVMS module 1.0.1.1 speaks it: docs/protocols/kacars.md.
public struct KACARSAdapter: TrackerAdapter {
    public static let id = AdapterID("kacars")
    public static let title = "kACARS"
    public static let capabilities = AdapterCapabilities([
        .position: .measured, .altitudeMSL: .measured, .groundSpeed: .measured, .aircraftType: .measured,
        .touchdownRate: .reported,
    ])
    public static func bodyLimit(method: String, path: String) -> Int { 1 << 20 }
    public static let needsTrackerKey = true

    static let version = TrackerOption(
        "kacars.version", standard: "1.0.1.1", help: "Version of the kACARS client that pilots should have.")
    static let forceOut = TrackerOption(
        "kacars.force-out", standard: "1", help: "1: clients of another version end; 0: they go on.",
        choices: ["0", "1"])
    static let charter = TrackerOption(
        "kacars.charter", standard: "1", help: "1: charter flights and another aircraft are allowed; 0: not.",
        choices: ["0", "1"])
    static let logTime = TrackerOption(
        "kacars.log-time", standard: "0", help: "Time stamps of the log: 0 the computer's, 1 the simulator's.",
        choices: ["0", "1"])
    static let logPause = TrackerOption(
        "kacars.log-pause", standard: "0", help: "Pauses in the log: 0 written, 1 not.", choices: ["0", "1"])
    static let weight = TrackerOption(
        "kacars.weight", standard: "lb", help: "Unit of cargo in flights, aircraft and reports.",
        choices: ["lb", "kg"])
    public static let options = [version, forceOut, charter, logTime, logPause, weight]

    public static let calls = KACARSMessage.Action.allCases.map(\.rawValue)
    public static func call(of frame: RawFrame) -> String? {
        // What cannot be read asks for nothing that could be named.
        (try? KACARSDecoder.message(frame))?.action.rawValue
    }

    /// `/action.php/kacars_free`, also `index.php`.
    public static func hostRoot(_ path: [Substring]) -> Int? { LegacyPath.hostRoot(path, "kacars_free") }

    public static func setUp(root: String, pilot: String, site: TrackerSite) -> [SetUpText] {
        [
            SetUpText(title: "Website URL", text: root + "action.php/kacars_free"),
            SetUpText(title: "Pilot ID", text: pilot),
        ]
    }

    public init() {}

    public func decode(_ frame: RawFrame) -> DecodedFrame {
        do throws(DecodeError) {
            let message = try KACARSDecoder.message(frame)
            let translator = KACARSTranslator(frame: frame)
            var decoded: DecodedFrame
            do throws(DecodeError) {
                decoded = DecodedFrame(
                    credential: translator.credential(message), outcome: .success(try translator.request(message)),
                    unrecognised: message.unrecognised)
            } catch {
                decoded = DecodedFrame(credential: translator.credential(message), outcome: .failure(error))
            }
            decoded.client = frame.userAgent.map { LegacyText.cut($0, to: 64) }
            return decoded
        } catch {
            // Only the owner of a tracker key fills the quarantine; what nobody keeps is answered to anybody.
            return DecodedFrame(
                credential: error.isWorthKeeping ? .pilot(nil, secret: nil) : .none, outcome: .failure(error))
        }
    }

    public func encode(_ reply: TrackerReply, to frame: RawFrame) -> EncodedReply {
        KACARSEncoder(frame: frame).encode(reply)
    }
    public func encode(_ error: DecodeError, to frame: RawFrame) -> EncodedReply {
        KACARSEncoder(frame: frame).encode(error)
    }

    /// Without what stands in an element of the password's name, CDATA sections included.
    public func withoutSecrets(_ frame: RawFrame) -> RawFrame {
        // Sixteen-bit text hides every name from whoever looks for it.
        if frame.body.contains(0) { return frame.withoutBody }
        return frame.with(body: KACARSSecrets.cut(frame.body))
    }
}
