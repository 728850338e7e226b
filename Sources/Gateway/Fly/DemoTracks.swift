import CReferenceData
import Domain

/// The recorded flights inside the executable.
enum DemoTracks {
    /// By name.
    static func load() -> [String: Recording] {
        var length = 0
        guard let start = alb_demo_tracks(&length) else { return [:] }
        let bytes = UnsafeRawBufferPointer(start: start, count: length)
        return parse(String(decoding: bytes, as: UTF8.self))
    }

    /// Reads the form that Sources/CReferenceData/include/demo_tracks.h describes; a row that is none is left out.
    static func parse(_ text: String) -> [String: Recording] {
        var tracks: [String: Recording] = [:]
        var name = ""
        var callsign: String?
        var begin = Timestamp(milliseconds: 0)
        var rows: [Recording.Row] = []
        func close() {
            if rows.count >= 2 { tracks[name] = Recording(rows: rows, callsign: callsign) }
            rows = []
        }
        for line in text.utf8.split(separator: UInt8(ascii: "\n")) {
            let cells = line.split(separator: UInt8(ascii: "\t"), omittingEmptySubsequences: false)
                .map { String(decoding: $0, as: UTF8.self) }
            if let first = cells.first, first.hasPrefix(">"), cells.count == 3 {
                close()
                name = String(first.dropFirst())
                begin = Timestamp(iso8601: cells[1]) ?? Timestamp(milliseconds: 0)
                callsign = cells[2].isEmpty ? nil : cells[2]
                continue
            }
            guard cells.count == 8, let seconds = Double(cells[0]), let latitude = Double(cells[1]),
                let longitude = Double(cells[2]), let position = Position(latitude: latitude, longitude: longitude)
            else { continue }
            rows.append(
                Recording.Row(
                    time: begin + .seconds(seconds), position: position,
                    pressureAltitude: Double(cells[3]).map { Feet($0) },
                    groundSpeed: Double(cells[4]).map { Knots($0) },
                    track: Double(cells[5]).map { Degrees($0) },
                    verticalRate: Double(cells[6]).map { FeetPerMinute($0) },
                    onGround: cells[7] == "1" ? true : cells[7] == "0" ? false : nil))
        }
        close()
        return tracks
    }
}
