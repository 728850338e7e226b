import Domain
import Protocols

/// Requests of kACARS, to be changed piece by piece.
enum KACARS {
    static let adapter = KACARSAdapter()

    static func frame(
        _ body: [UInt8], method: String = "POST", path: String = "action.php/kacars_free", query: String = "",
        options: [String: String] = [:]
    ) -> RawFrame {
        var frame = RawFrame(
            method: method, path: path, query: query, contentType: nil, authorization: nil, body: body,
            receivedAt: FixtureCorpus.receivedAt)
        frame.trackerKey = "testkey"
        frame.site = FixtureCorpus.site
        frame.site.options = options
        return frame
    }
    static func frame(_ body: String, method: String = "POST", path: String = "action.php/kacars_free") -> RawFrame {
        frame(Array(body.utf8), method: method, path: path)
    }

    /// The envelope around an action.
    static func request(_ action: String, pilot: String? = "VMS0001", _ rest: String = "") -> RawFrame {
        let verify = pilot.map { "<verify><pilotID>\($0)</pilotID></verify>" } ?? ""
        return frame("<kacars><switch><data>\(action)</data></switch>\(verify)\(rest)</kacars>")
    }

    static func verify(
        _ pilot: String = "VMS0001", _ password: String = "secret", action: String = "verify"
    ) -> RawFrame {
        frame(
            "<kacars><switch><data>\(action)</data></switch><verify><pilotID>\(pilot)</pilotID>"
                + "<password>\(password)</password></verify></kacars>")
    }

    static let position: [(name: String, text: String)] = [
        ("flightNumber", "VMS1000"), ("registration", "N845MJ"), ("depICAO", "KJFK"), ("arrICAO", "KBOS"),
        ("depTime", "14:05"), ("route", "MERIT ROBUC3"), ("latitude", "41.000000"), ("longitude", "-73.000000"),
        ("heading", "52"), ("altitude", "12040"), ("groundSpeed", "300"), ("status", "Climb"),
    ]
    static let report: [(name: String, text: String)] = [
        ("flightNumber", "VMS1000"), ("depICAO", "KJFK"), ("arrICAO", "KBOS"), ("registration", "N845MJ"),
        ("pax", "44"), ("cargo", "800"), ("fuelUsed", "4120"), ("flightTime", "1.12"), ("landing", "-187"),
        ("log", "[14:05] Off block&lt;br /&gt;[15:17] On block&lt;br /&gt;"),
    ]

    /// - Parameter changes: Text by element; nil leaves the element out.
    static func fields(_ fields: [(name: String, text: String)], _ changes: [String: String?]) -> String {
        var parts = fields.compactMap { field -> String? in
            let text = changes[field.name] ?? field.text
            return text.map { "<\(field.name)>\($0)</\(field.name)>" }
        }
        for (name, text) in changes.sorted(by: { $0.key < $1.key }) where !fields.contains(where: { $0.name == name }) {
            if let text { parts.append("<\(name)>\(text)</\(name)>") }
        }
        return parts.joined()
    }
    static func update(_ changes: [String: String?] = [:]) -> RawFrame {
        request("liveupdate", "<liveupdate>\(fields(position, changes))</liveupdate>")
    }
    static func pirep(_ changes: [String: String?] = [:]) -> RawFrame {
        request("pirep", "<pirep>\(fields(report, changes))</pirep>")
    }
}
