import Domain

/// The calls as sent; every field may be absent.
enum FSACARSMessage: Sendable {
    case status(FSACARSStatus)
    case message(String)
    case flightPlan
    case report(FSACARSReport)
}

struct FSACARSStatus: Sendable {
    let position: Position?
    /// Knots.
    let groundSpeed: Double?
    /// Feet.
    let altitude: Double?
    let flight: String?
    let departure: String?
    let arrival: String?
    /// Nautical miles.
    let distanceRemaining: Double?
    let timeRemaining: Minutes?
    /// 0...9, where it is one.
    let phase: Int?
    let isCargo: Bool
    let registration: String?
    let online: String?
    /// What has no place of its own, by wire name.
    let others: [String: String]
}

struct FSACARSReport: Sendable {
    let date: String
    let time: String
    let callsign: String?
    let registration: String?
    let origin: String?
    let destination: String?
    let alternate: String?
    let equipment: String?
    /// With or without unit.
    let fuel: String?
    let duration: String?
    /// Nautical miles.
    let distance: String?
    let version: String?
    let tour: String?
    /// The text of this call alone.
    let piece: String
    /// `more=1`: not the first part.
    let continues: Bool
    /// Of the parts before and this one.
    let log: FSACARSLog

    var client: String? { version.map { "FSACARS \(LegacyText.cut($0, to: 32))" } }
}

/// The log of a flight: entries between stars, `[date time]`, then `Name:value`, then `HH:MM  text`.
struct FSACARSLog: Hashable, Sendable {
    /// Not empty, white space around them cut.
    let entries: [String]
    private(set) var startedAt: Timestamp?
    /// Values of the header by name, lower case; of several the first.
    private(set) var header: [String: String] = [:]
    private(set) var events: [Event] = []
    struct Event: Hashable, Sendable {
        /// `HH:MM`.
        let clock: String
        let text: String
    }
    /// Entries beyond this are not looked at.
    private static let limit = 20_000

    init(_ text: String) {
        entries = text.split(separator: "*", maxSplits: Self.limit).map { LegacyText.trimmed($0) }
            .filter { !$0.isEmpty }
        for entry in entries {
            if entry.utf8.first == UInt8(ascii: "[") {
                startedAt = startedAt ?? LegacyTime.yearFirst(entry.filter { $0 != "[" && $0 != "]" })
            } else if let event = Self.event(entry) {
                events.append(event)
            } else if let colon = entry.firstIndex(of: ":") {
                let name = LegacyText.trimmed(entry[..<colon]).lowercased()
                let value = LegacyText.trimmed(entry[entry.index(after: colon)...])
                if !value.isEmpty, header[name] == nil { header[name] = value }
            }
        }
    }

    private static func event(_ entry: String) -> Event? {
        let bytes = Array(entry.utf8.prefix(6))
        let hour = bytes.prefix { isDigit($0) }.count
        guard (1...2).contains(hour), bytes.count >= hour + 3, bytes[hour] == UInt8(ascii: ":"),
            isDigit(bytes[hour + 1]), isDigit(bytes[hour + 2]), bytes.count == hour + 3 || bytes[hour + 3] == 0x20
        else { return nil }
        return Event(
            clock: String(decoding: bytes.prefix(hour + 3), as: UTF8.self),
            text: LegacyText.trimmed(String(decoding: entry.utf8.dropFirst(hour + 3), as: UTF8.self)))
    }

    /// What follows `name` in the last event that begins with it, in any case.
    func last(_ name: String) -> String? {
        events.last { $0.text.lowercased().hasPrefix(name) }.map {
            LegacyText.trimmed($0.text.dropFirst(name.count).drop { $0 == ":" })
        }
    }
}
