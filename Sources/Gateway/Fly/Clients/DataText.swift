import Domain
import Foundation

/// Answers of the form `1|text` and `0|text`, of XACARS and FS Flight Keeper.
enum DataAnswer {
    /// - Returns: What stands behind `1|`.
    static func good(_ what: String, _ answer: TrackerHTTP.Answer, next: String) throws -> String {
        let text = answer.text.trimmingCharacters(in: .whitespacesAndNewlines)
        guard answer.isSuccess, !text.isEmpty else {
            throw Refused(
                "\(what) was answered \(answer.status) and nothing: give the adapter's root with /k/KEY/ as --url")
        }
        guard text == "1" || text.hasPrefix("1|") else {
            throw Refused("\(what): \(text.hasPrefix("0|") ? String(text.dropFirst(2)) : answer.message): \(next)")
        }
        return String(text.dropFirst(2))
    }
}

/// Numbers of messages count up: a repeat can be told by them.
struct MessageNumbers {
    private var count = 0
    mutating func next() -> (block: String, message: String) {
        count += 1
        return (Wire.two((count - 1) % 99 + 1), "M\(Wire.two(count))A")
    }
}

/// The text that XACARS and FS Flight Keeper have in common.
enum DataText {
    /// No recording tells the wind.
    static let calm = "00000"

    /// `N51 28.3151 W0 26.8892`.
    static func position(_ position: Position) -> String {
        func part(_ value: Double, _ letters: (Character, Character)) -> String {
            let steps = Int((value.magnitude * 600_000).rounded())
            return "\(value < 0 ? letters.1 : letters.0)\(steps / 600_000) "
                + Wire.fixed(Double(steps % 600_000) / 10_000, 4)
        }
        return part(position.latitude, ("N", "S")) + " " + part(position.longitude, ("E", "W"))
    }

    /// Degrees Celsius of the standard atmosphere.
    static func temperature(_ sample: FlightProfile.Sample) -> String {
        Wire.whole(max(-56.5, 15 - 0.0019812 * sample.altitude.rawValue))
    }

    /// Elements of the flight plan with both airports.
    static func plan(_ flight: AssignedFlight) -> String {
        ([flight.departure] + flight.route + [flight.arrival]).joined(separator: "~")
    }

    /// Nautical miles that are behind.
    static func flown(_ index: Int, _ script: FlightScript) -> String {
        Wire.whole(max(0, script.directDistance - script.remaining(index)))
    }

    /// `dd.mm.yyyy hh:mm`.
    static func dayFirst(_ time: Timestamp) -> String {
        let parts = time.components
        return "\(Wire.two(parts.day)).\(Wire.two(parts.month)).\(parts.year) \(Wire.minuteClock(time))"
    }

    /// Everything before `Message:`.
    static func header(
        _ script: FlightScript, _ index: Int, label: String, numbers: inout MessageNumbers, flight: String,
        line: String
    ) -> String {
        let time = script.time(index)
        let parts = time.components
        let (block, message) = numbers.next()
        let registration = script.flight.registration
        let dots = String(repeating: ".", count: max(0, 12 - registration.count))
        return [
            "[\(Wire.two(parts.month))/\(Wire.two(parts.day))/\(parts.year) \(Wire.minuteClock(time))Z]",
            "ACARS Mode: 2 Aircraft Reg: \(dots)\(registration)",
            "Msg Label: \(label) Block ID: \(block) Msg No: \(message)", "Flight ID: \(flight)", "",
        ].joined(separator: line)
    }
}
