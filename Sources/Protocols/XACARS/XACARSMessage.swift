/// What a client asked for, in the protocol's own words and units.
enum XACARSMessage: Hashable, Sendable {
    case test(user: String)
    case begin(Begin)
    case message(flight: String, text: String)
    /// - Parameter state: `1` paused, `0` running; the X-Plane client sends none.
    case pause(flight: String, state: String?)
    case end(flight: String)
    case info(Info)
    case report(Report)

    /// DATA3 of `BEGINFLIGHT`, split at `|`.
    struct Begin: Hashable, Sendable {
        let fields: [String]
        subscript(index: Int) -> String? { value(of: fields, index) }
        /// Field 17; X-Airline puts it into field 1.
        var password: String? { self[17] ?? self[1] }
        /// Departure first, destination last; elements may be empty.
        var plan: [String] {
            fields.count > 5
                ? fields[5].split(separator: "~", omittingEmptySubsequences: false).map(LegacyText.trimmed) : []
        }
    }

    struct Info: Hashable, Sendable {
        /// Flight number, pilot code or `bid`.
        let what: String
        let pilot: String?
        let password: String?
        /// The pilot's bid is asked for, not a flight by its number. Version 2.0 names the pilot twice for it.
        var isBid: Bool { what.lowercased() == "bid" || pilot.map { $0.uppercased() == what.uppercased() } ?? false }
    }

    /// DATA2 of a report, split at `~`: 17 fields, or 34.
    struct Report: Hashable, Sendable {
        static let short = 17
        static let long = 34
        let fields: [String]
        var isLong: Bool { fields.count >= Self.long }
        subscript(index: Int) -> String? {
            index < Self.short || isLong ? value(of: fields, index) : nil
        }
    }

    /// Trimmed; nil when the field is missing or empty.
    private static func value(of fields: [String], _ index: Int) -> String? {
        guard index < fields.count else { return nil }
        let text = LegacyText.trimmed(fields[index])
        return text.isEmpty ? nil : text
    }
}
