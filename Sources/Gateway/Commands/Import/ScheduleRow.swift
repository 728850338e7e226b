import Domain

/// One line of a timetable in phpVMS 7's columns.
///
/// Read: airline, flight_number, dpt_airport, arr_airport, alt_airport, days, dpt_time, arr_time, level, distance (NM),
/// flight_time (minutes), flight_type, route, notes, active or enabled, subfleets. The other columns of an export
/// (route_code, route_leg, callsign, load_factor, pilot_pay, fares, fields, start_date …) have no place here and are
/// left out. Source: phpVMS 7, `app/Services/ImportExport/FlightImporter.php`.
struct ScheduleRow: Equatable {
    var airline: String
    var flightNumber: String
    var departure: ICAOLocation
    var arrival: ICAOLocation
    var alternate: ICAOLocation?
    var days = 127
    var departureTime: String?
    var arrivalTime: String?
    var level = 0
    var distance: NauticalMiles
    var flightTime: Minutes
    var flightType = "J"
    var route = ""
    var notes = ""
    var isActive = true
    var subfleets: [String] = []

    static let requiredColumns = ["airline", "flight_number", "dpt_airport", "arr_airport"]

    /// What an entry is known by.
    var key: String { "\(airline)|\(flightNumber)|\(departure)|\(arrival)" }
    var name: String { "\(airline)\(flightNumber) \(departure)-\(arrival)" }

    /// - Parameters:
    ///   - tenant: Its IATA code in the column airline means its own airline.
    ///   - airports: Where distances come from, and which airports there are.
    init(_ row: CSVTable.Row, tenant: Tenant, airports: any AirportDirectory) throws(CSVTable.Failure) {
        let code = try row.required("airline").uppercased()
        guard (2...4).contains(code.utf8.count), code.utf8.allSatisfy(Self.isCodeByte) else {
            throw row.failure("airline", "\"\(code.prefix(20))\" is no airline code of 2 to 4 letters or digits")
        }
        airline = code == tenant.iata ? tenant.icao : code
        var number = try row.required("flight_number").uppercased()
        if number.hasPrefix(airline), number.dropFirst(airline.count).first?.isNumber == true {
            number.removeFirst(airline.count)
        }
        guard (1...10).contains(number.utf8.count), number.utf8.allSatisfy(Self.isCodeByte) else {
            throw row.failure(
                "flight_number", "\"\(number.prefix(20))\" is no flight number of 1 to 10 digits or letters")
        }
        flightNumber = number
        func airport(_ column: String) throws(CSVTable.Failure) -> Airport {
            let text = try row.required(column)
            guard let location = ICAOLocation(text), let airport = airports.airport(location) else {
                throw row.failure(column, "no airport \"\(text.prefix(20))\" in the world list: give its ICAO code")
            }
            return airport
        }
        let from = try airport("dpt_airport")
        let to = try airport("arr_airport")
        departure = from.icao
        arrival = to.icao
        alternate = row["alt_airport"] == nil ? nil : try airport("alt_airport").icao
        days = try Self.days(row)
        departureTime = try Self.time(row, "dpt_time")
        arrivalTime = try Self.time(row, "arr_time")
        level = try Self.level(row)
        if let text = row["distance"] {
            guard let value = Double(text), value.isFinite, (0...25_000).contains(value) else {
                throw row.failure("distance", "\"\(text.prefix(20))\" is no distance in nautical miles")
            }
            distance = NauticalMiles(value)
        } else {
            distance = NauticalMiles(
                (greatCircleDistance(from: from.position, to: to.position).rawValue * 10).rounded() / 10)
        }
        if let minutes = try row.integer("flight_time", 0...6000), minutes > 0 {
            flightTime = Minutes(minutes)
        } else if let departureTime, let arrivalTime {
            flightTime = Minutes((Self.minutes(arrivalTime) - Self.minutes(departureTime) + 1440) % 1440)
        } else {
            // A jet's block time: half an hour on the ground and in the climb, then 450 kt.
            flightTime = Minutes(Int((30 + distance.rawValue / 450 * 60).rounded()))
        }
        if let text = row["flight_type"] {
            guard text.utf8.count == 1, text.utf8.allSatisfy({ Self.isCodeByte($0 & 0xDF) && $0 > 64 }) else {
                throw row.failure(
                    "flight_type", "\"\(text.prefix(20))\" is no type: give one letter, J for scheduled passengers")
            }
            flightType = text.uppercased()
        }
        route = (row["route"] ?? "").uppercased().split(whereSeparator: \.isWhitespace).joined(separator: " ")
        notes = row["notes"] ?? ""
        isActive = try Self.isActive(row)
        subfleets = (row["subfleets"] ?? "").split(separator: ";").map { Self.subfleet($0) }.filter {
            !$0.isEmpty && $0 != "0"
        }
    }

    private static func isCodeByte(_ byte: UInt8) -> Bool {
        (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(byte) || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
    }

    /// `Y738?pilot_pay=1` names a subfleet with attributes; here the name counts.
    private static func subfleet(_ text: Substring) -> String {
        String(text.prefix { $0 != "?" && $0 != "=" }).split(whereSeparator: \.isWhitespace).joined(separator: " ")
    }

    /// Digits 1 (Monday) to 7 (Sunday) in any order, as phpVMS exports them; nothing or 0 is every day. Bit 0 of the result is
    /// Monday.
    private static func days(_ row: CSVTable.Row) throws(CSVTable.Failure) -> Int {
        guard let text = row["days"], text != "0" else { return 127 }
        var days = 0
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "1")...UInt8(ascii: "7"): days |= 1 << Int(byte - UInt8(ascii: "1"))
            case UInt8(ascii: " "), UInt8(ascii: "."), UInt8(ascii: "-"), UInt8(ascii: ";"): continue
            default:
                throw row.failure(
                    "days", "\"\(text.prefix(20))\": give the digits 1 (Monday) to 7 (Sunday), e.g. 12345")
            }
        }
        return days == 0 ? 127 : days
    }

    /// `0830`, `08:30`, `8:30`, `8:30 PM`, `08:30Z`; nil when empty.
    private static func time(_ row: CSVTable.Row, _ column: String) throws(CSVTable.Failure) -> String? {
        guard let text = row[column] else { return nil }
        let upper = text.uppercased()
        let digits = upper.split { !$0.isASCII || !$0.isNumber }.map(String.init)
        var hour: Int?
        var minute: Int?
        switch (digits.count, digits.first?.count) {
        case (1, 4), (1, 3):
            hour = Int(digits[0].dropLast(2))
            minute = Int(digits[0].suffix(2))
        case (2, 1), (2, 2), (3, 1), (3, 2):
            hour = Int(digits[0])
            minute = digits[1].count == 2 ? Int(digits[1]) : nil
        default: break
        }
        if let known = hour, upper.hasSuffix("PM") || upper.hasSuffix("AM") {
            hour = (1...12).contains(known) ? known % 12 + (upper.hasSuffix("PM") ? 12 : 0) : nil
        }
        guard let hour, let minute, (0...23).contains(hour), (0...59).contains(minute) else {
            throw row.failure(column, "\"\(text.prefix(20))\" is no time of day: write 08:30")
        }
        return (hour < 10 ? "0" : "") + "\(hour):" + (minute < 10 ? "0" : "") + "\(minute)"
    }

    private static func minutes(_ time: String) -> Int {
        let parts = time.split(separator: ":").compactMap { Int($0) }
        return parts.count == 2 ? parts[0] * 60 + parts[1] : 0
    }

    private static func level(_ row: CSVTable.Row) throws(CSVTable.Failure) -> Int {
        guard let text = row["level"] else { return 0 }
        let digits = text.uppercased().hasPrefix("FL") ? text.dropFirst(2) : text[...]
        guard let level = Int(digits), (0...60_000).contains(level) else {
            throw row.failure("level", "\"\(text.prefix(20))\" is no level: write 350 or 35000")
        }
        return level
    }

    /// Older exports say `active`, newer ones `enabled`.
    private static func isActive(_ row: CSVTable.Row) throws(CSVTable.Failure) -> Bool {
        let column = row["enabled"] == nil ? "active" : "enabled"
        guard let text = row[column] else { return true }
        switch text.lowercased() {
        case "1", "true", "yes", "y", "on", "t": return true
        case "0", "false", "no", "n", "off", "f": return false
        default: throw row.failure(column, "\"\(text.prefix(20))\" is neither 1 nor 0")
        }
    }
}
