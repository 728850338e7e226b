import Domain

/// A recorded flight: one CSV file of `Fixtures/flights`, or one like it.
///
/// Columns `time` (ISO 8601), `lat`, `lon` (degrees) are needed; `altitude_ft` (pressure altitude), `ground_speed_kt`,
/// `track_deg`, `vertical_rate_fpm`, `on_ground` (1, 0, empty) and `callsign` are read where they are.
struct Recording: Sendable {
    struct Row: Sendable, Equatable {
        var time: Timestamp
        var position: Position
        var pressureAltitude: Feet?
        var groundSpeed: Knots?
        /// Degrees true.
        var track: Degrees?
        var verticalRate: FeetPerMinute?
        var onGround: Bool?
    }
    struct Failure: Error, CustomStringConvertible {
        let description: String
    }

    /// In the order of the file: repeated, late and early rows are part of the recording.
    let rows: [Row]
    let callsign: String?
    /// Rows of the file that tell no position; a tracker has nothing to send for them.
    var rowsWithoutPosition = 0

    init(rows: [Row], callsign: String? = nil) {
        self.rows = rows
        self.callsign = callsign
    }

    init(csv bytes: [UInt8]) throws(Failure) {
        let table: CSVTable
        do {
            table = try CSVTable(bytes, required: ["time", "lat", "lon"])
        } catch {
            throw Failure(description: "\(error)")
        }
        if let failure = table.failures.first { throw Failure(description: "\(failure)") }
        var rows: [Row] = []
        var without = 0
        rows.reserveCapacity(table.rows.count)
        for row in table.rows {
            guard let latitude = row["lat"].flatMap(Double.init), let longitude = row["lon"].flatMap(Double.init),
                let position = Position(latitude: latitude, longitude: longitude)
            else {
                without += 1
                continue
            }
            guard let text = row["time"], let time = Timestamp(iso8601: text) else {
                throw Failure(description: "line \(row.line), column time: not a time such as 2024-07-06T06:43:09.525Z")
            }
            func number(_ column: String) -> Double? {
                row[column].flatMap(Double.init).flatMap { $0.isFinite ? $0 : nil }
            }
            rows.append(
                Row(
                    time: time, position: position, pressureAltitude: number("altitude_ft").map { Feet($0) },
                    groundSpeed: number("ground_speed_kt").map { Knots(max(0, $0)) },
                    track: number("track_deg").map { Degrees($0) },
                    verticalRate: number("vertical_rate_fpm").map { FeetPerMinute($0) },
                    onGround: row["on_ground"].flatMap { $0 == "1" ? true : $0 == "0" ? false : nil }))
        }
        guard rows.count >= 2 else { throw Failure(description: "the file holds fewer than two positions") }
        self.rows = rows
        callsign = table.rows.lazy.compactMap { $0["callsign"] }.first
        rowsWithoutPosition = without
    }

    var first: Timestamp { rows.map(\.time).min() ?? Timestamp(milliseconds: 0) }
    var last: Timestamp { rows.map(\.time).max() ?? Timestamp(milliseconds: 0) }

    /// Only rows at least so far apart (in the order of the file); the last one stays.
    func thinned(to interval: Milliseconds) -> Recording {
        guard interval > Milliseconds(0) else { return self }
        var kept: [Row] = []
        for (index, row) in rows.enumerated() {
            let distance = kept.last.map { Milliseconds((row.time - $0.time).rawValue.magnitude.clampedToInt64) }
            if let distance, distance < interval, index < rows.count - 1 { continue }
            kept.append(row)
        }
        var copy = Recording(rows: kept, callsign: callsign)
        copy.rowsWithoutPosition = rowsWithoutPosition
        return copy
    }
}

extension UInt64 {
    fileprivate var clampedToInt64: Int64 { Int64(clamping: self) }
}
