import Domain
import Protocols

/// Frames of the protocol; names are the conformance cases of docs/protocols/fsacars.md.
enum FSACARSWire {
    static let adapter = FSACARSAdapter()
    static let status =
        "lat=40.622543&long=-73.786499&GS=0&Alt=16&IATA=VMS1000&pnumber=VMS0001&depaptICAO=KJFK&destaptICAO=KBOS&Ph=1"
        + "&detailph=1&cargo=0&Regist=&Online=No"
    static let firstLog =
        "[2026/11/21 14:05:00]*Flight IATA:VMS1000*PAX:44*Route:MERIT ROBUC3*14:10  Take-off*"
    static let secondLog = "14:28  TouchDown:Rate -215 ft/min Speed: 119 Knots*"
    static let report: [(name: String, value: String)] = [
        ("pilot", "VMSVMS0001"), ("date", "2026/11/21"), ("time", "14:05:00"), ("callsign", ""), ("reg", "N845MJ"),
        ("origin", "KJFK"), ("dest", "KBOS"), ("alt", "KLGA"), ("equipment", "E145"), ("fuel", "1638"),
        ("duration", "00:20"), ("distance", "56"), ("version", "4015"), ("more", "0"), ("log", firstLog + secondLog),
    ]

    static func get(_ action: String, _ query: String, method: String = "GET", body: String = "") -> RawFrame {
        var frame = RawFrame(
            method: method, path: "action.php/acars/fsacars/\(action)", query: query,
            contentType: "application/x-www-form-urlencoded", authorization: nil, body: Array(body.utf8),
            receivedAt: FixtureCorpus.receivedAt)
        frame.site = FixtureCorpus.site
        return frame
    }

    /// - Parameter changes: Values by name; nil takes the field away.
    static func query(_ fields: [(name: String, value: String)], _ changes: [String: String?] = [:]) -> String {
        fields.compactMap { field in
            (changes[field.name] ?? field.value).map { "\(field.name)=\(escaped($0))" }
        }.joined(separator: "&")
    }
    /// What is escaped already stays.
    static func escaped(_ text: String) -> String {
        text.utf8.map { byte in
            let isPlain = byte > 0x20 && byte < 0x7F && byte != 0x26 && byte != 0x2B && byte != 0x23
            return isPlain ? String(Unicode.Scalar(byte)) : "%\(byte < 16 ? "0" : "")\(String(byte, radix: 16))"
        }.joined()
    }

    static func report(_ changes: [String: String?] = [:]) -> DecodedFrame {
        adapter.decode(get("pirep", query(report, changes)))
    }
    static func answer(_ reply: TrackerReply, to action: String) -> String {
        adapter.encode(reply, to: get(action, "pilot=VMS0001")).text
    }
}

extension DecodedFrame {
    var reportDetails: FlightDetails? { reportFiling?.content.details }
    var reportFiling: FilingRequest? {
        if case .file(_, let filing)? = request { return filing }
        return nil
    }
    var key: FlightKey? {
        switch request {
        case .file(let key, _)?: key
        case .progress(let key, _)?: key
        default: nil
        }
    }
    var inFlight: FlightProgress? {
        if case .progress(_, let progress)? = request { return progress }
        return nil
    }
}
