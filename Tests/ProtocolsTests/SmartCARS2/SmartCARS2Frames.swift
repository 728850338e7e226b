import Domain
import Protocols

/// Frames of the protocol; names are the conformance cases of docs/protocols/smartcars2.md.
enum SmartCARS2Wire {
    static let session = "Gr4xkQ0ZbT9vW2nLs8YpEa1uJc5MfHd7RiKo3StBqXwVzNy6CgPlUeAhDjFmO0Ts"
    static let adapter = SmartCARS2Adapter()

    static let position: [(name: String, value: String)] = [
        ("action", "positionreport"), ("dbid", "7"), ("sessionid", session), ("code", "VMS"),
        ("flightnumber", "VMS101"), ("routeid", "101"), ("bidid", "12"), ("departureicao", "EGLL"),
        ("arrivalicao", "LFPG"), ("aircraft", "G-DEMA"), ("altitude", "1140"), ("magneticheading", "76"),
        ("trueheading", "72"), ("latitude", "53.413018235782"), ("longitude", "-6.33512218056819"),
        ("groundspeed", "145"), ("distanceremaining", "2"), ("phase", "8"), ("departuretime", "19:45:51"),
        ("timeremaining", "0:01"), ("arrivaltime", "19:51:00"), ("onlinenetwork", "VATSIM"),
    ]
    static let report: [(name: String, value: String)] = [
        ("action", "filepirep"), ("dbid", "7"), ("sessionid", session), ("code", "VMS"), ("flightnumber", "101"),
        ("departureicao", "EGLL"), ("arrivalicao", "LFPG"), ("aircraft", "1"), ("routeid", "101"), ("bidid", "12"),
        ("landingrate", "-182"), ("fuelused", "5321"), ("load", "150"), ("flighttime", "01.15"),
    ]
    static let log =
        "smartCARS version 2.1.34.3, 2026/11/21 UTC[10:00:00] Preflight started, flying offline[10:03:00] Pushing "
        + "back with 10883 lb of fuel[11:15:00] Arrived, flight duration: 01:15"
    static let reportBody = "route=MID+UN615+XAMAB&comments=nice+flight&log=\(escaped(log))"

    static func escaped(_ text: String) -> String {
        text.utf8.map { byte in
            let isPlain = byte < 0x80 && (Character(Unicode.Scalar(byte)).isLetter || byte >= 48 && byte <= 57)
            return isPlain ? String(Unicode.Scalar(byte)) : "%\(byte < 16 ? "0" : "")\(String(byte, radix: 16))"
        }.joined()
    }

    /// - Parameter changes: Values by name; nil takes the argument away.
    static func frame(
        _ arguments: [(name: String, value: String)], _ changes: [String: String?] = [:], body: String = "",
        method: String = "POST"
    ) -> RawFrame {
        var pairs: [String] = []
        for (name, value) in arguments {
            guard let value = changes[name] ?? value else { continue }
            pairs.append("\(name)=\(value)")
        }
        for (name, value) in changes.sorted(by: { $0.key < $1.key })
        where !arguments.contains(where: { $0.name == name }) { pairs.append("\(name)=\(value ?? "")") }
        return call(pairs.joined(separator: "&"), body: body, method: method)
    }

    static func call(_ query: String, body: String = "", method: String = "GET") -> RawFrame {
        var frame = RawFrame(
            method: method, path: "frame.php", query: query, contentType: "application/x-www-form-urlencoded",
            authorization: nil, body: Array(body.utf8), receivedAt: FixtureCorpus.receivedAt)
        frame.site = FixtureCorpus.site
        return frame
    }

    static func position(_ changes: [String: String?] = [:], body: String = "route=MID") -> DecodedFrame {
        adapter.decode(frame(position, changes, body: body))
    }
    static func report(_ changes: [String: String?] = [:], body: String = reportBody) -> DecodedFrame {
        adapter.decode(frame(report, changes, body: body))
    }
    static func answer(_ reply: TrackerReply, to query: String) -> String {
        adapter.encode(reply, to: call(query)).text
    }
}
