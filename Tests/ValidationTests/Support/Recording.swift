import Domain
import Foundation

/// A flight of `Fixtures/flights`.
struct Recording: Sendable, CustomStringConvertible {
    let name: String
    let samples: [PositionSample]
    var description: String { name }

    static let folder = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().deletingLastPathComponent().appending(path: "Fixtures/flights")

    static let full = Recording("full-flight-surface-2024-07-06")
    static let jump = Recording("afr34zg-jump")
    static let cut = Recording("afr34zg-cut")
    /// Made of faults: spoofed positions, a clock that jumps.
    static let faulty = [Recording("gps-spoofing-2024-09-17"), Recording("time-jumps-2022-07-13")]
    static let honest = [
        full, Recording("4xela-lirf-llbg-2019-11-03"), Recording("belevingsvlucht-2018-05-30"),
        Recording("n899dn-day-2025-02-04"),
    ]

    init(_ name: String) {
        self.name = name
        let text = (try? String(contentsOf: Self.folder.appending(path: "\(name).csv"), encoding: .utf8)) ?? ""
        var samples: [PositionSample] = []
        // Columns: time,lat,lon,altitude_ft,ground_speed_kt,track_deg,vertical_rate_fpm,on_ground,callsign,icao24
        for line in text.split(whereSeparator: \.isNewline).dropFirst() {
            let cells = line.split(separator: ",", omittingEmptySubsequences: false)
            guard cells.count >= 8, let time = Timestamp(iso8601: cells[0]), let latitude = Double(cells[1]),
                let longitude = Double(cells[2]), let position = Position(latitude: latitude, longitude: longitude)
            else { continue }
            var sample = PositionSample(eventTime: time, receivedAt: time, position: position)
            sample.clientTime = time
            sample.pressureAltitude = Double(cells[3]).map { Feet($0) }
            sample.groundSpeed = Double(cells[4]).map { Knots($0) }
            sample.heading = Double(cells[5]).map { Degrees($0) }
            sample.verticalSpeed = Double(cells[6]).map { FeetPerMinute($0) }
            sample.onGround = cells[7] == "1" ? true : cells[7] == "0" ? false : nil
            samples.append(sample)
        }
        self.samples = samples
    }

    /// AFR34ZG as a smartCARS 3 tracker would send it: true altitude, no ground flag. On the ground the altitude is that
    /// of the field; in the air it is the recorded pressure altitude shifted so that both ends meet the fields.
    static func asSmartCARS(
        _ samples: [PositionSample], every interval: Milliseconds = Milliseconds(0)
    ) -> [PositionSample] {
        let lastLow =
            samples.lastIndex { $0.eventTime < Timestamp(iso8601: "2024-07-06T07:28:00Z") ?? $0.eventTime } ?? 0
        var result: [PositionSample] = []
        var last: Timestamp?
        for (index, sample) in samples.enumerated() {
            if let last, sample.eventTime - last < interval { continue }
            last = sample.eventTime
            var sample = sample
            let isDeparture = index <= lastLow
            if sample.onGround == true {
                sample.altitudeMSL = Feet(isDeparture ? 392 : 499)
            } else if let pressure = sample.pressureAltitude {
                // QNH: 725 ft at lift-off from 392 ft, 450 ft at the touchdown on 499 ft.
                let offset = isDeparture ? -333.0 : 49
                sample.altitudeMSL = pressure + Feet(offset)
            }
            sample.pressureAltitude = nil
            sample.verticalSpeed = nil
            sample.onGround = nil
            sample.clientTime = nil
            result.append(sample)
        }
        return result
    }
}
