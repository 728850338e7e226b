import Domain

/// The calls as sent: wire names and units, optional where an argument may be absent.
enum SmartCARS2Message: Sendable {
    case probe
    case logIn(userID: String, session: String, password: String)
    /// Without a new session the call only looks.
    case session(pilot: Int, old: String, new: String?)
    case pilotCenter, airports, aircraft, bids
    case bid(routeID: String)
    case deleteBid(bidID: Int)
    case searchFlights(SmartCARS2FlightSearch)
    case charter(SmartCARS2Charter)
    case position(SmartCARS2Position)
    case report(SmartCARS2Report)
    case searchReports(SmartCARS2ReportSearch)
    case reportData(id: String)
}

struct SmartCARS2FlightSearch: Sendable {
    var departure: String?
    var arrival: String?
    /// Hours.
    var minimumTime: Double?
    var maximumTime: Double?
    /// Name, not id.
    var aircraft: String?
}

struct SmartCARS2Charter: Sendable {
    let code: String
    let number: String
    let departure: String
    let arrival: String
    let aircraft: Int
    let isCargo: Bool
    let departureTime: String
    let arrivalTime: String
    let flightTime: Minutes?
    /// Feet or flight level.
    let level: Int
    /// Nautical miles.
    let distance: Double?
    let route: String
}

struct SmartCARS2Position: Sendable {
    let bidID: Int
    /// Registration.
    let aircraft: String?
    let position: Position
    /// Feet.
    let altitude: Double?
    /// Degrees, -360...360.
    let trueHeading: Double?
    /// Knots.
    let groundSpeed: Double?
    /// Nautical miles.
    let distanceRemaining: Double?
    let timeRemaining: Minutes?
    /// 0...12.
    let phase: Int?
    let network: String?
    let route: String?
    /// What has no place of its own, by wire name.
    let others: [String: String]
}

struct SmartCARS2Report: Sendable {
    let bidID: Int
    let code: String?
    let number: String?
    let departure: String?
    let arrival: String?
    /// Number of the aircraft.
    let aircraft: String?
    /// Feet per minute.
    let landingRate: Double?
    /// Pounds.
    let fuelUsed: Double?
    let load: Double?
    let flightTime: Minutes?
    let route: String?
    let comments: String?
    let log: SmartCARS2Log
}

struct SmartCARS2ReportSearch: Sendable {
    var departure: String?
    var arrival: String?
    var from: Timestamp?
    /// Last instant of the day.
    var to: Timestamp?
    var aircraft: String?
    var status: Int?
}

/// The log of a flight, one text without line breaks: a header, then `[time] text` entries.
struct SmartCARS2Log: Hashable, Sendable {
    /// Header and entries in order, white space around them cut.
    let entries: [String]
    /// What comes after as many entries stays in one piece.
    static let limit = 10_000

    /// Cuts before every `[`. The official server takes out the two-character texts `\r` and `\n`, and so do we.
    init(_ text: String) {
        let bytes = Array(text.utf8)
        var entries: [String] = []
        var entry: [UInt8] = []
        func end() {
            let text = LegacyText.trimmed(String(decoding: entry, as: UTF8.self))
            if !text.isEmpty { entries.append(text) }
            entry.removeAll(keepingCapacity: true)
        }
        var index = 0
        while index < bytes.count {
            let byte = bytes[index]
            if byte == UInt8(ascii: "\\"), index + 1 < bytes.count, "rn".utf8.contains(bytes[index + 1]) {
                index += 2
                continue
            }
            if byte == UInt8(ascii: "["), entries.count < Self.limit - 1 { end() }
            entry.append(byte)
            index += 1
        }
        end()
        self.entries = entries
    }

    /// Name and version of the client, from the header.
    var client: String? {
        guard let header = entries.first, header.hasPrefix("smartCARS version ") else { return nil }
        let version = header.dropFirst(18).prefix { $0.isASCII && ($0.isNumber || $0 == ".") }
        return version.isEmpty ? nil : "smartCARS \(version.prefix(32))"
    }
}
