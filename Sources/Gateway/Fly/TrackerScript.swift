import Domain
import Foundation
import Protocols

/// The bodies of one flight in smartCARS 3's own words.
struct TrackerScript: Sendable {
    private let profile: FlightProfile
    private let flight: SmartCARS3Client.Listed
    private let booking: Int
    private let trackingID: String
    private let aircraft: Int
    private let arrival: Position?
    private let shift: Milliseconds
    /// Pounds from block to block.
    let burn: Pounds
    private let blockFuel: Pounds
    /// Feet per minute, negative down.
    let landingRate: Double
    let flightTimeHours: Double
    private let log: [(time: Timestamp, message: String)]

    static let note = "Fuel and landing rate are derived from a recording"

    /// - Parameters:
    ///   - shift: Added to recorded times.
    ///   - landingRate: Claims this one instead of the derived one.
    init(
        profile: FlightProfile, flight: SmartCARS3Client.Listed, booking: Int, trackingID: String, aircraft: Int,
        arrival: Position?, shift: Milliseconds, fuel: FuelModel, landingRate: Double?
    ) {
        self.profile = profile
        self.flight = flight
        self.booking = booking
        self.trackingID = trackingID
        self.aircraft = aircraft
        self.arrival = arrival
        self.shift = shift
        burn = fuel.burn(profile.ordered)
        blockFuel = fuel.block(burn: burn)
        self.landingRate = landingRate ?? profile.landingRate?.rawValue ?? -180
        let first = profile.ordered.first?.time ?? Timestamp(milliseconds: 0)
        let last = profile.ordered.last?.time ?? first
        let seconds = ((profile.inBlock ?? last) - (profile.out ?? first)).seconds
        flightTimeHours = (seconds / 3600 * 10_000).rounded() / 10_000
        log = Self.log(profile, flight, blockFuel: blockFuel, landingRate: self.landingRate)
    }

    /// Body of `flights/update` for a sample of the recording.
    func update(_ index: Int) -> [UInt8] {
        let sample = profile.samples[index]
        let speed = sample.groundSpeed.rawValue
        let remaining = arrival.map { greatCircleDistance(from: sample.position, to: $0).rawValue } ?? 0
        return JSONWriter.bytes { writer in
            writer.member("bidID", booking)
            writer.member("uuid", trackingID)
            writer.member("latitude", sample.position.latitude)
            writer.member("longitude", sample.position.longitude)
            writer.member("heading", Self.rounded(sample.heading.rawValue, 1))
            writer.member("altitude", Int(sample.altitude.rawValue.rounded()))
            writer.member("groundSpeed", Self.rounded(speed, 1))
            writer.member("distanceRemaining", Self.rounded(remaining, 1))
            writer.member("timeRemaining", Self.rounded(remaining / (speed > 100 ? speed : 420), 3))
            writer.member("route", .array(flight.route.map(JSONValue.string)))
            writer.member("phase", sample.phase.rawValue)
            writer.member("network", "Offline")
            writer.member("aircraft", aircraft)
            writer.member("eventTimestamp", Self.stamp(sample.time + shift))
        }
    }

    /// Body of `flights/complete`.
    func completion() -> [UInt8] {
        let lines = log.map { "[\(Self.clock($0.time + shift))] \($0.message)" }
        let start = log.first?.time ?? Timestamp(milliseconds: 0)
        var events = JSONWriter()
        events.array(log.enumerated()) { writer, entry in
            writer.object {
                $0.member("eventId", "\(trackingID)-\(entry.offset)")
                $0.member("eventElapsedTime", (entry.element.time - start).seconds)
                $0.member("eventTimestamp", Self.stamp(entry.element.time + shift))
                $0.member("eventCondition", JSONValue.null)
                $0.member("message", entry.element.message)
            }
        }
        return JSONWriter.bytes { writer in
            writer.member("bidID", booking)
            writer.member("uuid", trackingID)
            writer.member("aircraft", aircraft)
            writer.member("remainingLoad", 120)
            writer.member("flightTime", flightTimeHours)
            writer.member("landingRate", Self.rounded(landingRate, 1))
            writer.member("fuelUsed", burn.rawValue)
            writer.member("route", .array(flight.route.map(JSONValue.string)))
            writer.member("comments", "\(Self.note) (albatross fly).")
            writer.member("flightLog", Data(lines.joined(separator: "\n").utf8).base64EncodedString())
            writer.member("flightData", Data(events.bytes).base64EncodedString())
        }
    }

    private static func log(
        _ profile: FlightProfile, _ flight: SmartCARS3Client.Listed, blockFuel: Pounds, landingRate: Double
    ) -> [(time: Timestamp, message: String)] {
        guard let first = profile.ordered.first, let last = profile.ordered.last else { return [] }
        var log: [(time: Timestamp, message: String)] = [
            (first.time, "\(flight.name) \(flight.departure) to \(flight.arrival)"), (first.time, note),
        ]
        if let out = profile.out { log.append((out, "Pushing back with \(Int(blockFuel.rawValue)) lbs of fuel")) }
        var phase = SmartCARSPhase.boarding
        for sample in profile.ordered where sample.phase != phase {
            phase = sample.phase
            let feet = Int(sample.altitude.rawValue)
            let knots = Int(sample.groundSpeed.rawValue)
            let message: String? =
                switch phase {
                case .boarding, .pushBack, .landed: nil
                case .taxi: "Taxiing"
                case .takeOff: "Taking off"
                case .climbOut: "Climbing out"
                case .climb: "Climbing, \(feet) ft"
                case .cruise: "Cruising at \(feet) ft, \(knots) kts"
                case .descent: "Descending from \(feet) ft"
                case .approach: "Approaching, \(feet) ft, \(knots) kts"
                case .final: "On final, \(feet) ft, \(knots) kts"
                case .goAround: "Going around"
                case .taxiToGate: "Taxiing to the gate"
                case .deboarding: "Arrived at the gate"
                }
            if let message { log.append((sample.time, message)) }
        }
        if let off = profile.off { log.append((off, "Wheels off")) }
        if let on = profile.on { log.append((on, "Touched down at \(Int(landingRate.rounded())) fpm")) }
        log.append((last.time, "Flight ended"))
        return log.enumerated().sorted { ($0.element.time, $0.offset) < ($1.element.time, $1.offset) }.map(\.element)
    }

    /// ISO 8601, always with milliseconds, as JavaScript writes it.
    static func stamp(_ time: Timestamp) -> String {
        let text = time.iso8601
        return time.components.millisecond == 0 ? text.dropLast() + ".000Z" : text
    }
    private static func clock(_ time: Timestamp) -> String {
        let parts = time.components
        func two(_ number: Int) -> String { number < 10 ? "0\(number)" : "\(number)" }
        return "\(two(parts.hour)):\(two(parts.minute)):\(two(parts.second))"
    }
    private static func rounded(_ value: Double, _ digits: Int) -> Double {
        let scale = digits == 1 ? 10.0 : 1000.0
        return (value * scale).rounded() / scale
    }
}
