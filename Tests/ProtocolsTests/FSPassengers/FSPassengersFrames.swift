import Domain
import Protocols

/// Posts of FSPassengers, to be changed field by field.
enum FSPassengers {
    static let adapter = FSPassengersAdapter()

    static func frame(
        _ body: [UInt8], method: String = "POST", path: String = "action.php/acars/fspax", query: String = "",
        options: [String: String] = [:]
    ) -> RawFrame {
        var frame = RawFrame(
            method: method, path: path, query: query, contentType: "application/x-www-form-urlencoded",
            authorization: nil, body: body, receivedAt: FixtureCorpus.receivedAt)
        frame.trackerKey = "testkey"
        frame.site = FixtureCorpus.site
        frame.site.options = options
        return frame
    }
    static func frame(_ body: String, options: [String: String] = [:]) -> RawFrame {
        frame(Array(body.utf8), options: options)
    }

    static let report: [(name: String, text: String)] = [
        ("FsPAskToRegister", "yes"), ("UserName", "VMS0001"), ("Password", "secret"), ("CompanyName", "Virtual"),
        ("PilotName", "Ada Kern"), ("FlightId", "VMS1000"), ("OnlineNetworkNbr", "0"), ("FlightDate", "2026-11-21"),
        ("AircraftName", "ERJ-145"), ("AircraftType", "MEJ"), ("NbrPassengers", "44"), ("CargoWeight", "1998 lbs"),
        ("StartFuelQuantity", "9800 lbs"), ("EndFuelQuantity", "5680 lbs"),
        ("DepartureIcaoName", "KJFK - Kennedy Intl - USA"), ("ArrivalIcaoName", "KBOS - Logan Intl - USA"),
        ("ArrivalLocalHour", "10:18"), ("TotalBlockTime", "01:12:16"), ("TotalAirbornTime", "01:01:02"),
        ("TotalDistance", "162 Nm"), ("MaxAltitude", "18006ft"), ("TouchDownVertSpeedFt", "-203.08"),
        ("CrashFlag", "0"), ("FlightResult", "Perfect"), ("PassengersOpinionText", "-Good.<br>\n-Fine.<br>\n"),
    ]

    static func escaped(_ text: String) -> String {
        text.utf8.map {
            isPlain($0) ? String(decoding: [$0], as: UTF8.self) : "%" + (($0 < 16 ? "0" : "") + String($0, radix: 16))
        }.joined()
    }
    private static func isPlain(_ byte: UInt8) -> Bool {
        UInt8(ascii: "0")...UInt8(ascii: "9") ~= byte || UInt8(ascii: "A")...UInt8(ascii: "Z") ~= byte
            || UInt8(ascii: "a")...UInt8(ascii: "z") ~= byte
    }

    /// - Parameter changes: Text by field; nil leaves the field out.
    static func body(_ changes: [String: String?] = [:]) -> String {
        var fields = report.compactMap { field -> (String, String)? in
            (changes[field.name] ?? field.text).map { (field.name, $0) }
        }
        for (name, text) in changes.sorted(by: { $0.key < $1.key }) where !report.contains(where: { $0.name == name }) {
            if let text { fields.append((name, text)) }
        }
        return fields.map { "\($0.0)=\(escaped($0.1))" }.joined(separator: "&")
    }
    static func register(_ changes: [String: String?] = [:], options: [String: String] = [:]) -> RawFrame {
        frame(body(changes), options: options)
    }
    static func connect(
        _ user: String = "VMS0001", _ password: String = "secret", options: [String: String] = [:]
    ) -> RawFrame {
        frame(
            "FsPAskConnexion=yes&UserName=\(escaped(user))&Password=\(escaped(password))", options: options)
    }
}
