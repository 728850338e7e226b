import Domain
import Protocols

extension RawFrame {
    static func post(_ path: String, _ body: String, type: String? = "application/json") -> RawFrame {
        RawFrame(
            method: "POST", path: path, query: "", contentType: type, authorization: "Bearer a.b.c",
            body: Array(body.utf8), receivedAt: FixtureCorpus.receivedAt
        )
    }

    static func get(_ path: String, _ query: String = "", authorization: String? = "Bearer a.b.c") -> RawFrame {
        RawFrame(
            method: "GET", path: path, query: query, contentType: nil, authorization: authorization, body: [],
            receivedAt: FixtureCorpus.receivedAt
        )
    }
}

extension DecodedFrame {
    var request: TrackerRequest? { try? outcome.get() }
    var error: DecodeError? {
        if case .failure(let error) = outcome { return error }
        return nil
    }
    var sample: PositionSample? {
        if case .progress(_, let progress)? = request { return progress.positions.first?.sample }
        return nil
    }
}

extension EncodedReply {
    var text: String { String(decoding: body, as: UTF8.self) }
    func header(_ name: String) -> String? { headers.first { $0.0 == name }?.1 }
}

/// SplitMix64: the same numbers from the same seed everywhere. Source: G. Steele et al., OOPSLA 2014.
struct SeededGenerator: RandomNumberGenerator {
    private var state: UInt64
    init(seed: UInt64) { state = seed }
    mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var word = state
        word = (word ^ word >> 30) &* 0xbf58_476d_1ce4_e5b9
        word = (word ^ word >> 27) &* 0x94d0_49bb_1331_11eb
        return word ^ word >> 31
    }
}

/// Bodies of `flights/update` and `flights/complete` whose fields can be exchanged for other JSON text.
enum Wire {
    static let update: [(name: String, json: String)] = [
        ("bidID", "1"), ("uuid", #""0199a3f2-7c11-7abc-8def-0123456789ab""#), ("latitude", "50.2101"),
        ("longitude", "0.9312"), ("heading", "124"), ("altitude", "33012"), ("groundSpeed", "447"),
        ("distanceRemaining", "104"), ("timeRemaining", "0.31"), ("route", #"["MID","UN615","XAMAB"]"#),
        ("phase", #""CRUISE""#), ("network", #""VATSIM""#), ("aircraft", "1"),
    ]
    static let complete: [(name: String, json: String)] = [
        ("bidID", "2"), ("uuid", #""0199a3f2-7c11-7abc-8def-0123456789ab""#), ("aircraft", "1"),
        ("remainingLoad", "150"), ("flightTime", "1.25"), ("landingRate", "-182"), ("fuelUsed", "5321.4"),
        ("route", #"["MID","UN615","XAMAB"]"#), ("flightLog", #""YQpi""#), ("flightData", #""W10=""#),
        ("comments", "null"),
    ]

    /// - Parameter changes: JSON text by field; an empty text leaves the field out.
    static func body(_ fields: [(name: String, json: String)], _ changes: [String: String] = [:]) -> String {
        var parts = fields.compactMap { field -> String? in
            let json = changes[field.name] ?? field.json
            return json.isEmpty ? nil : "\"\(field.name)\":\(json)"
        }
        for (name, json) in changes.sorted(by: { $0.key < $1.key }) where !fields.contains(where: { $0.name == name }) {
            parts.append("\"\(name)\":\(json)")
        }
        return "{\(parts.joined(separator: ","))}"
    }
    static func update(_ changes: [String: String] = [:]) -> RawFrame {
        .post("flights/update", body(update, changes))
    }
    static func complete(_ changes: [String: String] = [:]) -> RawFrame {
        .post("flights/complete", body(complete, changes))
    }
}

extension DecodedFrame {
    var filing: FilingRequest? {
        if case .file(_, let filing)? = request { return filing }
        return nil
    }
    var flightKey: FlightKey? {
        switch request {
        case .file(let key, _)?: key
        case .progress(let key, _)?: key
        default: nil
        }
    }
    var progress: FlightProgress? {
        if case .progress(_, let progress)? = request { return progress }
        return nil
    }
}
