import Domain

/// A flown track as files of other programs.
struct TrackExport: Sendable {
    enum Format: String, Sendable, CaseIterable {
        case geojson, gpx, kml, csv
        var contentType: String {
            switch self {
            case .geojson: "application/geo+json"
            case .gpx: "application/gpx+xml"
            case .kml: "application/vnd.google-earth.kml+xml"
            case .csv: "text/csv; charset=utf-8"
            }
        }
    }
    let id: String
    let callsign: String
    let departure: String?
    let arrival: String?
    /// In the order of their own time.
    let samples: [PositionSample]

    func bytes(_ format: Format) -> [UInt8] {
        switch format {
        case .geojson: geoJSON()
        case .gpx: Array(gpx().utf8)
        case .kml: Array(kml().utf8)
        case .csv: Array(csv().utf8)
        }
    }

    static func altitude(_ sample: PositionSample) -> Double? {
        (sample.altitudeMSL ?? sample.pressureAltitude)?.rawValue
    }
    private static func number(_ value: Double?, _ decimals: Int) -> String {
        guard let value, value.isFinite else { return "" }
        return String(decoding: JSONText.fixed(value, decimals: decimals), as: UTF8.self)
    }

    private func geoJSON() -> [UInt8] {
        JSONText.object(capacity: samples.count * 90 + 512) { text in
            text.field("type", "Feature")
            text.field("id", id)
            text.object("geometry") { text in
                text.field("type", "LineString")
                text.array("coordinates") { text in
                    for sample in samples {
                        text.array { text in
                            text.add(sample.position.longitude, decimals: 6)
                            text.add(sample.position.latitude, decimals: 6)
                            // An unknown altitude is left out: 0 would be a place.
                            if let altitude = Self.altitude(sample) { text.add(altitude, decimals: 0) }
                        }
                    }
                }
            }
            text.object("properties") { text in
                text.field("callsign", callsign)
                text.field("dep", departure)
                text.field("arr", arrival)
                text.array("times") { text in for sample in samples { text.add(sample.eventTime.iso8601) } }
                text.array("gs_kt") { text in
                    for sample in samples { text.add(sample.groundSpeed?.rawValue, decimals: 1) }
                }
            }
        }.bytes
    }

    private func gpx() -> String {
        var text = """
            <?xml version="1.0" encoding="UTF-8"?>
            <gpx version="1.1" creator="Albatross Gateway" xmlns="http://www.topografix.com/GPX/1/1">
            <trk><name>\(Self.xml(title))</name><trkseg>

            """
        for sample in samples {
            text +=
                "<trkpt lat=\"\(Self.number(sample.position.latitude, 6))\" lon=\"\(Self.number(sample.position.longitude, 6))\">"
            if let altitude = Self.altitude(sample) { text += "<ele>\(Self.number(altitude * 0.3048, 1))</ele>" }
            text += "<time>\(sample.eventTime.iso8601)</time></trkpt>\n"
        }
        return text + "</trkseg></trk>\n</gpx>\n"
    }

    private func kml() -> String {
        var text = """
            <?xml version="1.0" encoding="UTF-8"?>
            <kml xmlns="http://www.opengis.net/kml/2.2" xmlns:gx="http://www.google.com/kml/ext/2.2"><Document>
            <name>\(Self.xml(title))</name>
            <Placemark><name>\(Self.xml(callsign))</name><gx:Track><altitudeMode>absolute</altitudeMode>

            """
        for sample in samples { text += "<when>\(sample.eventTime.iso8601)</when>\n" }
        for sample in samples {
            let metres = Self.number((Self.altitude(sample) ?? 0) * 0.3048, 1)
            text +=
                "<gx:coord>\(Self.number(sample.position.longitude, 6)) \(Self.number(sample.position.latitude, 6)) \(metres)</gx:coord>\n"
        }
        return text + "</gx:Track></Placemark>\n</Document></kml>\n"
    }

    private func csv() -> String {
        var text = "time,lat,lon,alt_ft,agl_ft,gs_kt,ias_kt,vs_fpm,hdg,on_ground,fuel_kg,phase,callsign\r\n"
        for sample in samples {
            text +=
                [
                    sample.eventTime.iso8601, Self.number(sample.position.latitude, 6),
                    Self.number(sample.position.longitude, 6), Self.number(Self.altitude(sample), 0),
                    Self.number(sample.heightAGL?.rawValue, 0), Self.number(sample.groundSpeed?.rawValue, 1),
                    Self.number(sample.indicatedAirspeed?.rawValue, 1), Self.number(sample.verticalSpeed?.rawValue, 0),
                    Self.number(sample.heading?.rawValue, 1), sample.onGround.map { $0 ? "true" : "false" } ?? "",
                    Self.number(sample.fuel?.rawValue, 1), Self.cell(sample.claimedPhase?.rawValue ?? ""),
                    Self.cell(callsign),
                ].joined(separator: ",") + "\r\n"
        }
        return text
    }

    private var title: String { [callsign, departure, arrival].compactMap { $0 }.joined(separator: " ") }

    /// Text for XML; characters that XML 1.0 cannot hold are left out.
    static func xml(_ text: String) -> String {
        var escaped = ""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "&": escaped += "&amp;"
            case "<": escaped += "&lt;"
            case ">": escaped += "&gt;"
            case "\"": escaped += "&quot;"
            case "'": escaped += "&apos;"
            case "\t", "\n", "\r": escaped += " "
            case let scalar where scalar.value < 0x20 || scalar.value == 0xFFFE || scalar.value == 0xFFFF: continue
            default: escaped.unicodeScalars.append(scalar)
            }
        }
        return escaped
    }

    /// A text cell of CSV: quoted where needed, and never read as a formula by a spreadsheet.
    static func cell(_ text: String) -> String {
        var text = text
        if let first = text.unicodeScalars.first, "=+-@\t\r".unicodeScalars.contains(first) { text = "'" + text }
        guard text.unicodeScalars.contains(where: { "\",\r\n".unicodeScalars.contains($0) }) else { return text }
        var quoted = "\""
        for scalar in text.unicodeScalars {
            if scalar == "\"" { quoted += "\"" }
            quoted.unicodeScalars.append(scalar)
        }
        return quoted + "\""
    }

    /// For `Content-Disposition`: letters, digits and `-` only.
    var fileName: String {
        let kept = title.map { character in
            character.isASCII && (character.isLetter || character.isNumber) ? character : "-"
        }
        return kept.isEmpty ? "track" : String(kept.prefix(60))
    }
}
