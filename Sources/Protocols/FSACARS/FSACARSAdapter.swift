public import Domain

/// The classic FSACARS (FS2002 to FSX), as phpVMS received it: docs/protocols/fsacars.md.
public struct FSACARSAdapter: TrackerAdapter {
    public static let id = AdapterID("fsacars")
    public static let title = "FSACARS (classic)"
    public static let capabilities = AdapterCapabilities([
        .position: .measured, .altitudeMSL: .measured, .groundSpeed: .measured, .aircraftType: .reported,
        .touchdownRate: .reported,
    ])
    /// No call carries a secret.
    public static let needsTrackerKey = true
    public static func bodyLimit(method: String, path: String) -> Int { 1 << 20 }

    public static let calls = FSACARSCall.allCases.map(\.rawValue)
    public static func call(of frame: RawFrame) -> String? { FSACARSCall(frame)?.rawValue }

    /// `/action.php/acars/fsacars/…`.
    public static func hostRoot(_ path: [Substring]) -> Int? { LegacyPath.hostRoot(path, "acars", "fsacars") }

    public static func setUp(root: String, pilot: String, site: TrackerSite) -> [SetUpText] {
        [SetUpText(title: "\(site.code).ini", text: iniFile(root: root, pilot: pilot, site: site))]
    }

    /// The client's settings, one file for an airline and pilot; lines end with CR LF. The switches are those that phpVMS
    /// hands out: with them the log has everything that a report is read from.
    private static func iniFile(root: String, pilot: String, site: TrackerSite) -> String {
        func section(_ name: String, _ values: [(String, String)]) -> [String] {
            ["[\(name)]"] + values.map { "\($0.0)=\(oneLine($0.1))" }
        }
        let base = root + "action.php/acars/fsacars/"
        let lines =
            section("Log", [("Log", base + "pirep"), ("Mail", ""), ("URL", ""), ("passwd", "")])
            + section(
                "FSacars",
                [
                    ("CompanyICAO", site.code), ("CompanyName", site.name), ("CompanySite", ""), ("UnitSystem", "GB"),
                    ("UseLocal", "0"), ("PilotNumber", pilot),
                    ("AcarsSite", base + "acars"), ("StatusSite", base + "status"), ("FPSite", base + "flightplans"),
                ])
            + section(
                "Events",
                [
                    "FlapsEvent", "ToutchDownEvent", "TOLDPosEvent", "TOCTODEvent", "ComFreqEvent", "GearEvent",
                    "FlightLengthEvent", "PIREPEvent", "FlightPosEvent", "DurationEvent", "FuelEvent", "WeightEvent",
                ].map { ($0, "1") })
            + section(
                "SendLog",
                [("Password", "0")]
                    + [
                        "PilotNumber", "Date", "Hour", "Callsign", "IATAN", "Regist", "Depart", "Arrival", "Alternate",
                        "PlaneType", "SpentFuel", "Dur", "Len", "Log", "Version",
                    ].map { ($0, "1") })
        return lines.joined(separator: "\r\n") + "\r\n"
    }
    private static func oneLine(_ text: String) -> String { text.filter { !$0.isNewline } }

    public init() {}

    public func decode(_ frame: RawFrame) -> DecodedFrame {
        let decoder = FSACARSDecoder(frame)
        do throws(DecodeError) {
            let message = try decoder.message()
            let request = FSACARSTranslator(receivedAt: frame.receivedAt, site: frame.site).request(message)
            var decoded = DecodedFrame(
                credential: decoder.credential, outcome: .success(request), unrecognised: decoder.unrecognised)
            if case .report(let report) = message { decoded.client = report.client }
            return decoded
        } catch {
            return DecodedFrame(credential: decoder.credential, outcome: .failure(error))
        }
    }

    public func encode(_ reply: TrackerReply, to frame: RawFrame) -> EncodedReply {
        FSACARSEncoder(call: FSACARSCall(frame), site: frame.site).encode(reply)
    }
    public func encode(_ error: DecodeError, to frame: RawFrame) -> EncodedReply {
        FSACARSEncoder(call: FSACARSCall(frame), site: frame.site).encode(error)
    }
}

/// What a path asks for.
enum FSACARSCall: String, Sendable, CaseIterable {
    case status, message, report
    case flightPlan = "flight-plan"

    /// `action.php/acars/fsacars/<action>`, or the action alone; case does not count.
    init?(_ frame: RawFrame) {
        var parts = LegacyPath.segments(frame)[...]
        // `acars` and `fsacars` are folders in front of an action, and actions themselves.
        for folder in ["acars", "fsacars"] where parts.count > 1 && parts.first == folder { parts.removeFirst() }
        switch parts.first {
        case "status": self = .status
        case "acars", "fsacars": self = .message
        case "flightplans", "schedules": self = .flightPlan
        case "pirep": self = .report
        default: return nil
        }
    }

    /// The field that names the pilot.
    var pilot: String {
        switch self {
        case .status: "pnumber"
        case .message: "pilotnumber"
        case .flightPlan, .report: "pilot"
        }
    }

    var fields: Set<String> {
        switch self {
        case .status:
            [
                "lat", "long", "GS", "Alt", "IATA", "pnumber", "depaptICAO", "destaptICAO", "depapt", "destapt",
                "disdepapt", "disdestapt", "timedepapt", "timedestapt", "Ph", "detailph", "cargo", "Regist", "Online",
                "q",
            ]
        case .message: ["pilotnumber", "mcontent", "q"]
        case .flightPlan: ["pilot", "q"]
        case .report:
            [
                "pilot", "date", "time", "callsign", "reg", "origin", "dest", "alt", "equipment", "fuel", "duration",
                "distance", "version", "more", "log", "tour", "q",
            ]
        }
    }
}
