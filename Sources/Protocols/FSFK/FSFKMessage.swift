import XMLReader

/// What a client asked for, in the protocol's own words and units.
enum FSFKMessage: Hashable, Sendable {
    /// A configuration file.
    case file
    case test(user: String)
    case begin(Begin)
    case message(flight: String, text: String)
    /// - Parameter state: `1` paused, anything else running.
    case pause(flight: String, state: String?)
    case plan(flight: String, Plan)
    case end(flight: String)
    case report(Report)

    /// DATA3 of `BEGINFLIGHT`, split at `|`: 10 fields in version 1.0, 21 in 3.0.
    struct Begin: Hashable, Sendable {
        static let least = 10
        let fields: [String]
        subscript(index: Int) -> String? { value(of: fields, index) }
    }

    /// DATA4 of `UPDATEFLIGHTPLAN`: plan, latitudes, longitudes, origin, destination, distance, way point of now.
    struct Plan: Hashable, Sendable {
        static let least = 7
        let fields: [String]
        subscript(index: Int) -> String? { value(of: fields, index) }
    }

    /// The element `FLIGHTDATA`.
    struct Report: Hashable, Sendable {
        let element: XMLElement
        /// Trimmed; nil when the element is missing or empty.
        subscript(name: String) -> String? {
            guard let text = element[name]?.text else { return nil }
            let trimmed = LegacyText.trimmed(text)
            return trimmed.isEmpty ? nil : trimmed
        }
        /// The lines that say something.
        func lines(_ name: String) -> [String] {
            (self[name] ?? "").split { $0.isNewline }.map { LegacyText.trimmed($0) }.filter { !$0.isEmpty }
        }
    }

    private static func value(of fields: [String], _ index: Int) -> String? {
        guard index < fields.count else { return nil }
        let text = LegacyText.trimmed(fields[index])
        return text.isEmpty ? nil : text
    }
}
