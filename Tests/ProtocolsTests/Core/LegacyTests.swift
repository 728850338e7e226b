import Domain
import Testing

@testable import Protocols

@Suite struct LegacyTests {
    private var site: TrackerSite { FixtureCorpus.site }

    @Test(arguments: ["VMS0001", "vms0001", " VMS0001 ", "VMSVMS0001", "1", "0001"])
    func readsAPilot(_ text: String) { #expect(LegacyNames.pilot(text, site) == .number(1)) }

    @Test(arguments: ["XYZ0001", "", "VMS", "VMS-1", "VMS 1", "VMS0000", "0", "99999999999", "1.0", "VMSVMS"])
    func readsNobody(_ text: String) { #expect(LegacyNames.pilot(text, site) == .unusable) }

    @Test func readsPilotsBesideTheCode() {
        #expect(LegacyNames.pilot("Ada@Demo.example", site) == .email("ada@demo.example"))
        #expect(LegacyNames.pilot("VMS9999", site) == .number(9999))
        var shifted = site
        shifted.pilotOffset = 100
        #expect(LegacyNames.pilot("VMS0101", shifted) == .number(1) && LegacyNames.pilot("101", shifted) == .number(1))
        #expect(LegacyNames.pilot("VMS0100", shifted) == .unusable)
        #expect(LegacyNames.printed(1, site) == "VMS0001" && LegacyNames.printed(1, shifted) == "VMS0101")
        var several = site
        several.codes = ["VM", "VMS"]
        #expect(LegacyNames.pilot("VMS0001", several) == .number(1))
    }

    @Test func splitsFlightNumbers() throws {
        func split(_ text: String, _ codes: [String] = ["VMS"]) -> [String?] {
            var site = site
            site.codes = codes
            return LegacyNames.flight(text, site).map { [$0.airline, $0.number] } ?? []
        }
        #expect(split("VMS1000") == ["VMS", "1000"] && split(" vms1000 ") == ["VMS", "1000"])
        #expect(split("1000") == [nil, "1000"] && split("  ") == [])
        #expect(split("VMSX12", ["VMS", "VMSX"]) == ["VMSX", "12"])
        #expect(split("A1VMS2", ["VMS", "ZZZ"]) == ["VMS", "A12"])
    }

    @Test(arguments: [
        ("N51 28.3151 W0 26.8892", 51.471918, -0.448153), ("N48 59.8956 E2 36.0990", 48.998260, 2.601650),
        ("S33 56.7700 E151 10.6300", -33.946167, 151.177167), ("N41 58.60 W087 54.30", 41.976667, -87.905),
        ("n51 28,3151 w0 26,8892", 51.471918, -0.448153),
        ("N51°28.3151 W0\u{FFFD}26.8892 [KODAP]", 51.471918, -0.448153),
    ])
    func readsPositions(_ text: String, _ latitude: Double, _ longitude: Double) throws {
        let position = try #require(LegacyPosition.read(text)?.position)
        #expect(abs(position.latitude - latitude) < 1e-6 && abs(position.longitude - longitude) < 1e-6)
    }

    @Test(arguments: [
        "", "garbage", "N91 0.0 W0 0.0", "N51 28.3", "N51 75.0 W0 0.0", "N W", "N9999 1 W1 1", "N51 28.3 X0 1.0",
    ])
    func refusesOtherPositions(_ text: String) { #expect(LegacyPosition.read(text) == nil) }

    @Test func keepsWhatFollowsAPosition() {
        #expect(LegacyPosition.read("N41 12.5000 W72 48.2500 [ROBUC]")?.rest == "[ROBUC]")
        #expect(LegacyPosition.read(latitude: "41,000000", longitude: " -73.5 ")?.longitude == -73.5)
        #expect(LegacyPosition.read(latitude: "abc", longitude: "1") == nil)
        #expect(LegacyPosition.read(latitude: "91", longitude: "1") == nil)
        #expect(LegacyPosition.read(latitude: "1e400", longitude: "1") == nil)
    }

    @Test(arguments: [
        ("02:04", 124), ("3.45", 225), ("1.3", 90), ("0:20", 20), ("01:13:16", 73), ("2", 120), ("1,12", 72),
        ("1.5", 110), ("10:30", 630), ("1.75", 105), ("1.60", 120), (" 01.15 ", 75),
    ])
    func readsDurations(_ text: String, _ minutes: Int) {
        // A single digit after the dot is tens of minutes.
        #expect(LegacyTime.duration(text)?.rawValue == minutes)
    }

    @Test(arguments: ["", "abc", "-1:00", "1:xx", "1:2:3:4", ":", ".", "99999:00"])
    func refusesOtherDurations(_ text: String) { #expect(LegacyTime.duration(text) == nil) }

    @Test func tellsWhatIsLeft() throws {
        let here = try #require(Position(latitude: 41, longitude: -73))
        let logan = try Sample.logan().position
        #expect(LegacyPosition.left(from: here, to: logan, at: Knots(300.0)) == (121, "0:24"))
        #expect(LegacyPosition.left(from: here, to: logan, at: Knots(0.0)) == (121, "00:00"))
        #expect(LegacyPosition.left(from: here, to: logan, at: nil).time == "00:00")
    }

    /// What a tracker sent may come back in such an answer; a browser that was led there runs nothing of it.
    @Test func answersAreNoPages() {
        let headers = EncodedReply.legacy("<script>").headers.map { "\($0.0): \($0.1)" }
        #expect(headers.contains("Content-Security-Policy: default-src 'none'; sandbox"))
        #expect(headers.contains("X-Content-Type-Options: nosniff"))
    }

    @Test func readsUntidyNumbers() {
        #expect(LegacyNumber.read("41,000000") == 41 && LegacyNumber.read(" -187 ") == -187)
        #expect(LegacyNumber.read("1.234,5") == 1234.5 && LegacyNumber.read("1,234.5") == 1234.5)
        #expect(LegacyNumber.read("1.234.567") == 1_234_567 && LegacyNumber.read("1.5E-05") == 1.5e-5)
        #expect(LegacyNumber.measure("1998 lbs").map { [$0.value] } == [1998])
        #expect(LegacyNumber.measure("18006ft")?.unit == "ft" && LegacyNumber.measure("162 Nm")?.unit == "nm")
        for text in ["", "abc", "-", "x5", "NaN", "Infinity", "1e400", "-.", ","] {
            #expect(LegacyNumber.read(text) == nil, "\(text)")
        }
        #expect(LegacyNumber.first(in: "TouchDown:Rate -215 ft/min Speed: 119 Knots") == -215)
        #expect(LegacyNumber.first(in: "no number") == nil && LegacyNumber.first(in: "a - 12") == 12)
        #expect(LegacyNumber.mass("8430 kg", standard: .pounds) == Kilograms(8430.0))
        #expect(LegacyNumber.mass("1638 Lbls", standard: .kilograms) == Kilograms(Pounds(1638.0)))
        #expect(LegacyNumber.whole("12.6") == 13 && LegacyNumber.whole("-1") == nil)
    }

    @Test func readsDates() {
        #expect(LegacyTime.dayFirst("21.11.2026 14:10")?.iso8601 == "2026-11-21T14:10:00Z")
        #expect(LegacyTime.monthFirst("[11/21/2026 14:32Z]")?.iso8601 == "2026-11-21T14:32:00Z")
        #expect(LegacyTime.yearFirst("2026/11/21 14:05:09")?.iso8601 == "2026-11-21T14:05:09Z")
        #expect(LegacyTime.dayFirst("31.02.2026 14:10") == nil && LegacyTime.dayFirst("x") == nil)
        let near = FixtureCorpus.receivedAt  // 2026-11-21T12:00Z
        #expect(LegacyTime.clock("14:10", near: near)?.iso8601 == "2026-11-21T14:10:00Z")
        #expect(LegacyTime.clock("0130", near: near)?.iso8601 == "2026-11-21T01:30:00Z")
        #expect(LegacyTime.clock("2359", near: near - .hours(12))?.iso8601 == "2026-11-20T23:59:00Z")
        #expect(LegacyTime.clock("25:00", near: near) == nil && LegacyTime.clock("1", near: near) == nil)
    }

    @Test func readsTextOfAnyEncoding() {
        #expect(LegacyText.decode(Array("Zürich €".utf8)) == "Zürich €")
        #expect(LegacyText.decode([0x5A, 0xFC, 0x72]) == "Zür" && LegacyText.decode([0x80, 0xB0]) == "€°")
        #expect(LegacyText.decode([0xEF, 0xBB, 0xBF, 0x41, 0, 7, 9, 0x0A]) == "A\t\n")
    }

    @Test func readsFormsEscapedOrNot() {
        func frame(_ query: String, _ body: String) -> RawFrame {
            RawFrame(
                method: "POST", path: "x", query: query, contentType: "application/x-www-form-urlencoded",
                authorization: nil, body: Array(body.utf8), receivedAt: FixtureCorpus.receivedAt)
        }
        let form = LegacyForm(frame("DATA1=a&DATA2=from%20query", "DATA2=N40 38.3851|W73~x+y%7C%zz&EMPTY=&N=1,5"))
        #expect(form["DATA1"] == "a" && form["DATA2"] == "N40 38.3851|W73~x y|%zz")
        #expect(form["EMPTY"] == "" && form.text("EMPTY") == nil && form["NONE"] == nil && form.number("N") == 1.5)
        #expect(LegacyForm(frame("a=%FC%B0", ""))["a"] == "ü°")
        #expect(
            LegacyForm(frame("pass=geheim&x=1&auth=y", "")).unrecognised(beyond: []) == [
                "pass": "[redacted]", "x": "1", "auth": "[redacted]",
            ])
        #expect(LegacyForm(frame(String(repeating: "a&", count: 5000), "")).isTooLong)
    }

    @Test func findsModuleAndAction() {
        func segments(_ path: String, _ query: String = "") -> [String] {
            LegacyPath.segments(
                RawFrame(
                    method: "GET", path: path, query: query, contentType: nil, authorization: nil, body: [],
                    receivedAt: FixtureCorpus.receivedAt))
        }
        #expect(segments("action.php/KACARS_FREE/") == ["kacars_free"])
        #expect(segments("index.php/kacars_free") == ["kacars_free"])
        #expect(segments("action.php", "q=/acars/xacars/acars") == ["acars", "xacars", "acars"])
        #expect(segments("") == [] && segments("acars//fspax") == ["acars", "fspax"])
        let path = "action.php/acars/fspax".split(separator: "/")
        #expect(LegacyPath.hostRoot(path, "acars", "fspax") == 0 && LegacyPath.hostRoot(path, "acars", "xacars") == nil)
    }

    static let message = """
        [11/21/2026 14:32Z]
        ACARS Mode: 2 Aircraft Reg: ......N845MJ
        Msg Label: PR Block ID: 01 Msg No: M07A
        Flight ID: VMS1000
        Message:
        POS N41 12.5000 W72 48.2500 [ROBUC]
        /HDG 52 /HDT 39
        /ALT 12040 CLIMB
        /IAS 285 /TAS 341
        /WND 31045 /OAT -12 /TAT 2
        /FOB 8650
        /DST 52 - 162
        """

    @Test(arguments: ["\n", "\r\n"])
    func readsAMessage(_ end: String) throws {
        let message = LegacyMessage(Self.message.replacing("\n", with: end))
        #expect(message.label == "PR" && message.registration == "N845MJ" && message.number == "M07A")
        #expect(message.time?.iso8601 == "2026-11-21T14:32:00Z" && message.event == "POS")
        #expect(message.waypoint == "ROBUC" && message.trend == "CLIMB" && message.items["DST"] == "52 - 162")
        let sample = try #require(message.sample(receivedAt: FixtureCorpus.receivedAt, prefersMagnetic: true))
        #expect(!sample.positionIsHeld && abs(sample.position.latitude - 41.208333) < 1e-6)
        #expect(sample.altitudeMSL == Feet(12040.0) && sample.heading == Degrees(52.0))
        #expect(sample.fuel == Kilograms(Pounds(8650.0)) && sample.windSpeed == Knots(45.0))
        // 341 kt through a wind of 45 kt from the left of the nose, a little ahead.
        let speed = try #require(sample.groundSpeed).rawValue
        #expect((330...345).contains(speed))
        #expect(message.sample(receivedAt: FixtureCorpus.receivedAt, prefersMagnetic: false)?.heading == Degrees(39.0))
    }

    @Test func readsMessagesWithoutAPosition() throws {
        let brakes = LegacyMessage(
            "[11/21/2026 14:35Z]\r\nMsg Label: PB Block ID: 01 Msg No: M01A\r\nMessage:\r\nBRK ON\r\n/ALT 13\r\n/IAS 0 /TAS 0\r\n/FOB 9800\r\n"
        )
        let sample = try #require(brakes.sample(receivedAt: FixtureCorpus.receivedAt, prefersMagnetic: false))
        #expect(sample.positionIsHeld && sample.altitudeMSL == Feet(13.0) && brakes.event == "BRK")
        #expect(sample.groundSpeed == Knots(0.0) && brakes.label == "PB")
        let text = LegacyMessage("Msg Label: CM\nMessage:\nHELLO")
        #expect(
            text.sample(receivedAt: FixtureCorpus.receivedAt, prefersMagnetic: false) == nil && text.body == "HELLO")
        #expect(LegacyMessage("Message:\nx").label == nil && LegacyMessage("Msg Label: PR\nx").body == nil)
    }
}
