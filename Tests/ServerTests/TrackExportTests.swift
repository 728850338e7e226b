import Domain
import Foundation
import Testing

@testable import Server

@Suite struct TrackExportTests {
    static func sample(_ second: Int64, _ latitude: Double, _ longitude: Double, altitude: Double?) -> PositionSample {
        let time = Timestamp(milliseconds: 1_767_323_045_000 + second * 1000)
        var sample = PositionSample(
            eventTime: time, receivedAt: time, position: Position(latitude: latitude, longitude: longitude)!)
        sample.altitudeMSL = altitude.map { Feet($0) }
        sample.groundSpeed = Knots(450)
        return sample
    }
    static func export(callsign: String = "VMS101") -> TrackExport {
        TrackExport(
            id: "f", callsign: callsign, departure: "KJFK", arrival: "EGLL",
            samples: [sample(0, 40.639_751, -73.778_925, altitude: 13), sample(1, 40.7, -73.7, altitude: nil)])
    }

    @Test func writesGeoJSONWithSixDecimalsAndNoInventedAltitude() throws {
        let bytes = Self.export().bytes(.geojson)
        let text = String(decoding: bytes, as: UTF8.self)
        #expect(text.contains("[-73.778925,40.639751,13],[-73.700000,40.700000]"))
        let value = try #require(try JSONSerialization.jsonObject(with: Data(bytes)) as? [String: Any])
        let properties = try #require(value["properties"] as? [String: Any])
        #expect((properties["times"] as? [String]) == ["2026-01-02T03:04:05Z", "2026-01-02T03:04:06Z"])
    }

    @Test func escapesXML() {
        let export = Self.export(callsign: "<A&B>\"'\u{1}\u{B}")
        for format in [TrackExport.Format.gpx, .kml] {
            let text = String(decoding: export.bytes(format), as: UTF8.self)
            #expect(text.contains("&lt;A&amp;B&gt;&quot;&apos;"))
            #expect(!text.unicodeScalars.contains { $0.value < 0x20 && $0 != "\n" })
        }
    }

    @Test(arguments: [
        ("VMS101", "VMS101"), ("=1+1", "'=1+1"), ("+1", "'+1"), ("-1", "'-1"), ("@A1", "'@A1"), ("\tx", "'\tx"),
        ("a,b", "\"a,b\""), ("a\"b", "\"a\"\"b\""), ("=a\"\r\nb", "\"'=a\"\"\r\nb\""), ("", ""),
    ]) func neutralisesCells(_ text: String, _ expected: String) {
        #expect(TrackExport.cell(text) == expected)
    }

    @Test func writesOneLineOfCSVASample() {
        let text = String(decoding: Self.export(callsign: "=cmd").bytes(.csv), as: UTF8.self)
        let lines = text.utf8.split(separator: UInt8(ascii: "\n"))
        #expect(lines.count == 3)
        #expect(text.contains(",'=cmd\r\n"))
        // A negative number is a number, not a text cell.
        #expect(text.contains("40.639751,-73.778925,13"))
    }

    @Test func namesFilesSafely() {
        #expect(Self.export(callsign: "../\"\r\nX").fileName.allSatisfy { $0.isLetter || $0.isNumber || $0 == "-" })
    }
}
