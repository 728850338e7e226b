public import Domain

/// FSPassengers, an add-on that files its reports by form: docs/protocols/fspassengers.md.
public struct FSPassengersAdapter: TrackerAdapter {
    public static let id = AdapterID("fspassengers")
    public static let title = "FSPassengers"
    public static let capabilities = AdapterCapabilities([.touchdownRate: .reported, .aircraftType: .reported])
    public static func bodyLimit(method: String, path: String) -> Int { 1 << 20 }
    public static let needsTrackerKey = true

    static let weight = TrackerOption(
        "fspassengers.weight", standard: "1", help: "Weights that clients report: 0 kg, 1 lb.", choices: ["0", "1"])
    static let distance = TrackerOption(
        "fspassengers.distance", standard: "2", help: "Distances: 0 km, 1 statute miles, 2 nautical miles.",
        choices: ["0", "1", "2"])
    static let speed = TrackerOption(
        "fspassengers.speed", standard: "1", help: "Speeds: 0 km/h, 1 knots.", choices: ["0", "1"])
    static let altitude = TrackerOption(
        "fspassengers.altitude", standard: "1", help: "Altitudes: 0 metres, 1 feet.", choices: ["0", "1"])
    static let fuel = TrackerOption(
        "fspassengers.fuel", standard: "3", help: "Fuel: 0 litres, 1 gallons, 2 kg, 3 lb.",
        choices: ["0", "1", "2", "3"])
    static let welcome = TrackerOption(
        "fspassengers.welcome", standard: "phpVMS/FSPAX ACARS", help: "Text that the pilot sees when connected.")
    static let allowNone = TrackerOption(
        "fspassengers.allow-none", standard: "0",
        help: "1: the client's default password, none, will do beside the tracker key of the address.",
        choices: ["0", "1"])
    public static let options = [weight, distance, speed, altitude, fuel, welcome, allowNone]

    public static let calls = FSPassengersMessage.Call.allCases.map(\.rawValue)
    public static func call(of frame: RawFrame) -> String? {
        (try? FSPassengersDecoder.message(frame))?.call.rawValue
    }

    /// `/action.php/acars/fspax`, also `index.php`.
    public static func hostRoot(_ path: [Substring]) -> Int? { LegacyPath.hostRoot(path, "acars", "fspax") }

    public static func setUp(root: String, pilot: String, site: TrackerSite) -> [SetUpText] {
        let base = root.hasSuffix("/") ? String(root.dropLast()) : root
        let parts = root.split(separator: "/")
        let key = parts.count >= 2 && parts[parts.count - 2] == "k" ? parts.last.map(String.init) : nil
        var texts = [
            SetUpText(title: "base_url", text: base),
            SetUpText(title: "path_export", text: "action.php/acars/fspax"),
            SetUpText(title: "username", text: pilot),
        ]
        // The key is as good as the password, and a file may hold it.
        if let key { texts.append(SetUpText(title: "password", text: key)) }
        return texts
    }

    public init() {}

    public func decode(_ frame: RawFrame) -> DecodedFrame {
        do throws(DecodeError) {
            let message = try FSPassengersDecoder.message(frame)
            let translator = FSPassengersTranslator(frame: frame)
            let credential = translator.credential(message)
            var decoded: DecodedFrame
            do throws(DecodeError) {
                decoded = DecodedFrame(
                    credential: credential, outcome: .success(try translator.request(message)),
                    unrecognised: message.unrecognised)
            } catch {
                decoded = DecodedFrame(credential: credential, outcome: .failure(error))
            }
            decoded.client = frame.userAgent.map { LegacyText.cut($0, to: 64) }
            return decoded
        } catch {
            return DecodedFrame(credential: .none, outcome: .failure(error))
        }
    }

    public func encode(_ reply: TrackerReply, to frame: RawFrame) -> EncodedReply {
        FSPassengersEncoder(site: frame.site).encode(reply)
    }
    /// The texts of these errors are whole bodies.
    public func encode(_ error: DecodeError, to frame: RawFrame) -> EncodedReply {
        EncodedReply(
            status: error.status, headers: [("Content-Type", "text/html; charset=UTF-8")],
            body: Array(error.message.utf8))
    }
}
