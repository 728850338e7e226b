import Domain

/// One line of a fleet in phpVMS 7's columns.
///
/// Read: subfleet, iata, icao, airport or airport_id (hub_id where both are empty), name, registration, status. The other
/// columns of an export (fin, hex_code, selcal, dow, zfw, mtow, mlw, simbrief_type …) have no place here and are left
/// out. Source: phpVMS 7, `app/Services/ImportExport/AircraftImporter.php`.
struct FleetRow: Equatable {
    var registration: String
    var type: String
    var name: String
    var subfleet: String
    var location: ICAOLocation?
    var isActive: Bool

    static let requiredColumns = ["subfleet", "registration"]

    init(_ row: CSVTable.Row) throws(CSVTable.Failure) {
        let registration = try row.required("registration").uppercased()
        guard (1...12).contains(registration.utf8.count),
            registration.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F && $0 != UInt8(ascii: ",") })
        else {
            throw row.failure("registration", "\"\(registration.prefix(20))\" is no registration of 1 to 12 characters")
        }
        self.registration = registration
        subfleet = try row.required("subfleet").split(whereSeparator: \.isWhitespace).joined(separator: " ")
        if let icao = row["icao"]?.uppercased() {
            guard (2...4).contains(icao.utf8.count), Self.isDesignator(icao) else {
                throw row.failure("icao", "\"\(icao.prefix(20))\" is no ICAO type designator such as B738")
            }
            type = icao
        } else {
            // phpVMS lets the type be empty; its subfleets are commonly named after it: `B738-CFM`.
            let word = subfleet.uppercased().prefix { $0.isASCII && ($0.isLetter || $0.isNumber) }
            guard (2...4).contains(word.utf8.count) else {
                throw row.failure(
                    "icao", "empty, and the subfleet \"\(subfleet.prefix(20))\" does not say the type: give e.g. B738")
            }
            type = String(word)
        }
        name = row["name"] ?? registration
        location = nil
        for column in ["airport_id", "airport", "hub_id"] {
            guard location == nil, let text = row[column] else { continue }
            guard let known = ICAOLocation(text) else {
                throw row.failure(column, "\"\(text.prefix(20))\" is no ICAO code of an airport")
            }
            location = known
        }
        switch row["status"]?.uppercased() ?? "A" {
        case "A": isActive = true
        // Maintenance, stored, retired, scrapped, written off: phpVMS 7, AircraftStatus.
        case "M", "S", "R", "C", "W": isActive = false
        default:
            throw row.failure(
                "status", "\"\((row["status"] ?? "").prefix(20))\": give A (active), M (out of service), S, R, C or W")
        }
    }

    private static func isDesignator(_ text: String) -> Bool {
        text.utf8.allSatisfy {
            (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains($0) || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0)
        }
    }
}
