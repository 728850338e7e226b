import Domain
import Foundation
import Testing

@testable import Gateway

/// What the simulated trackers write.
@Suite struct TrackerClientTests {
    @Test(arguments: [
        (51.471918, -0.448153, "N51 28.3151 W0 26.8892"), (-33.946167, 151.177167, "S33 56.7700 E151 10.6300"),
        // Minutes do not become 60.
        (9.99999999, -0.99999999, "N10 0.0000 W1 0.0000"), (0, 0, "N0 0.0000 E0 0.0000"),
    ])
    func writesPositionsInMinutes(_ latitude: Double, _ longitude: Double, _ text: String) throws {
        let position = try #require(Position(latitude: latitude, longitude: longitude))
        #expect(DataText.position(position) == text)
    }

    @Test(arguments: [("VMS101", "VMS", "101"), ("VM7", "VM", "7"), ("AFR34ZG", "AFR", "34ZG"), ("U21", "U2", "1")])
    func readsCodeAndNumber(_ name: String, _ code: String, _ number: String) {
        let parts = WantedFlight.parts(of: name)
        #expect(parts.code == code && parts.number == number)
    }

    @Test func encodesForms() {
        let text = TrackerHTTP.Request.form([("DATA1", "XACARS|3.0"), ("a b", "1&2=3\né")])
        #expect(text == "DATA1=XACARS%7C3.0&a%20b=1%262%3D3%0A%C3%A9")
    }

    @Test func readsAnswersOfTheDataProtocols() throws {
        func answer(_ text: String) -> TrackerHTTP.Answer { TrackerHTTP.Answer(status: 200, body: Array(text.utf8)) }
        #expect(try DataAnswer.good("x", answer("1|482910573846\n"), next: "") == "482910573846")
        #expect(try DataAnswer.good("x", answer("1|"), next: "").isEmpty)
        for text in ["0|Login failed", "", "10|x", "<html>"] {
            #expect(throws: Refused.self, "\(text)") { try DataAnswer.good("x", answer(text), next: "") }
        }
    }

    @Test func writesTimes() {
        #expect(Wire.duration(4535) == "01:16")
        #expect(Wire.stamp(Timestamp(milliseconds: 0)) == "1970-01-01T00:00:00.000Z")
        #expect(Wire.fixed(-0.5, 6) == "-0.500000")
    }

    /// A clock that is moved gives samples the flight's times and waits for none.
    @Test func movesTheClock() async throws {
        let path = NSTemporaryDirectory() + "/albatross-clock-\(UUID().uuidString)"
        #expect(FileManager.default.createFile(atPath: path, contents: nil))
        defer { try? FileManager.default.removeItem(atPath: path) }
        let clock = WallClock(path: path)
        #expect(clock.isMoved && !WallClock(path: path + "-missing").isMoved && !WallClock(path: nil).isMoved)
        clock.move(to: Timestamp(milliseconds: 1_000_000))
        #expect(WallClock(path: path).now() == Timestamp(milliseconds: 1_000_000))
        let rows = try [0.0, 60, 30, 7200].map {
            Recording.Row(
                time: Timestamp(seconds: $0), position: try #require(Position(latitude: 0, longitude: $0 / 1000)))
        }
        let playback = Playback(Recording(rows: rows), FlightOrder(), now: clock.now(), clock: clock)
        #expect(playback.shift == Milliseconds(1_000_000))
        var times: [Int64] = []
        for index in rows.indices {
            try await playback.waitUntilDue(index: index, place: index, of: rows.count)
            times.append(clock.now().milliseconds)
        }
        // Time never goes back, also where the recording does.
        #expect(times == [1_000_000, 1_060_000, 1_060_000, 8_200_000])
    }
}
