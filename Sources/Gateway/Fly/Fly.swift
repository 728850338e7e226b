import ArgumentParser
import Domain
import Foundation
import Protocols
import Synchronization

/// Flies a recording as an unmodified tracker would, over the network.
struct Fly: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Fly a recorded flight through a tracker's protocol, to any server that speaks it.",
        discussion: """
            Recorded times are shifted as a whole so that the flight's last position falls at the moment when it is sent. What a \
            recording does not hold (fuel, landing rate, true altitude, phases) is derived, and the flight's log says so.
            """)

    @Option(help: "The protocol.") var adapter: FlyAdapter
    @Option(
        help:
            "The adapter's root, e.g. http://127.0.0.1:8080/acars/demo/smartcars3/, with /k/KEY/ behind it where the protocol needs a tracker key."
    )
    var url: String
    @Option(help: "Ident (VMS0001), number or e-mail address of the pilot.") var user: String?
    @Option(help: "The pilot's password, where the protocol has one.") var password: String?
    @Option(help: "The pilot's API key (phpvms7).") var key: String?
    @Option(help: "Registration of the aircraft in the simulator (fsacars4, fsfk: no server tells them one).")
    var registration: String?
    @Option(help: "CSV file: time, lat, lon, altitude_ft, ground_speed_kt, track_deg, vertical_rate_fpm, on_ground.")
    var track: String
    @Option(help: "Code and number, e.g. VMS101: booked when it is not. Default: the first booking.") var flight:
        String?
    @Option(help: "Times faster than real time.") var speed = 60.0
    @Flag(help: "Send the recorded times unchanged.") var asRecorded = false
    @Option(help: "Upload this part of the flight (0 to 1) at once, as from a buffer, and go on at speed from there.")
    var from = 0.0
    @Option(help: "At least so many seconds between two positions; 0 sends all (default: as the tracker does).")
    var interval: Double?
    @Option(defaultAsFlag: UInt64(1), help: "Send the positions in an order shuffled by this seed.") var shuffle:
        UInt64?
    @Option(help: "Send each position so many times.") var `repeat` = 1
    @Flag(help: "Send everything at the end of the flight, as fast as it goes.") var late = false
    @Option(help: "Stop after this part of the flight (0 to 1), without a report.") var stopAfter: Double?
    @Option(help: "Claim this landing rate, ft/min, negative down.") var landingRate: Double?
    @Flag(help: "One JSON value instead of text.") var json = false

    func validate() throws {
        guard speed > 0, speed <= 100_000 else { throw ValidationError("--speed must be above 0, at most 100000") }
        guard (0..<1).contains(from) else { throw ValidationError("--from must be 0 or more and below 1") }
        if let interval, !(0...3600).contains(interval) { throw ValidationError("--interval must be 0 to 3600") }
        guard (1...1000).contains(`repeat`) else { throw ValidationError("--repeat must be 1 to 1000") }
        if let stopAfter, !(0...1).contains(stopAfter) { throw ValidationError("--stop-after must be 0 to 1") }
        if let landingRate, !landingRate.isFinite { throw ValidationError("--landing-rate must be a number") }
    }

    func run() async throws {
        let recording: Recording
        do {
            recording = try Recording(csv: try ImportRun.read(track))
        } catch let failure as Recording.Failure {
            throw Refused("\(track): \(failure)")
        }
        var order = FlightOrder()
        order.adapter = adapter
        order.pilot = FlightOrder.Pilot(
            user: user, password: password, key: key, registration: registration)
        order.flight = flight
        order.speed = speed
        order.asRecorded = asRecorded
        order.from = from
        order.interval = interval
        order.shuffle = shuffle
        order.repeats = `repeat`
        order.late = late
        order.stopAfter = stopAfter
        order.landingRate = landingRate
        let meter = Meter()
        let flight = SimulatedFlight(
            order: order, recording: recording, airports: BuiltInAirports(), progress: { meter.show($0) })
        let result = try await flight.fly(root: url)
        Output(json: json).show(result.json, result.text)
    }

    /// A line once a second on a terminal, one every ten seconds elsewhere.
    private final class Meter: Sendable {
        private let last = Mutex(ContinuousClock.now - .seconds(60))
        func show(_ progress: SimulatedFlight.Progress) {
            let now = ContinuousClock.now
            let isDue = last.withLock { last in
                guard last.duration(to: now) >= (Terminal.isInteractive ? .seconds(1) : .seconds(10)) else {
                    return false
                }
                last = now
                return true
            }
            guard isDue else { return }
            let line =
                "\(progress.flight) \(progress.sent)/\(progress.total) positions, \(progress.phase), \(progress.altitude) ft, \(progress.groundSpeed) kt"
            if Terminal.isInteractive { Terminal.progress(line) } else { Terminal.note(line) }
        }
    }
}

extension FlightResult {
    var json: JSONValue {
        .make([
            "id": .string(id), "flight": .string(flight), "pilot": .string(pilot), "departure": .string(departure),
            "arrival": .string(arrival), "pirepID": pirepID, "status": .string(status),
            "positions_sent": .number(positionsSent), "positions_shown": .number(positionsShown),
            "requests": .number(requests), "retries": .number(retries), "lost": .number(lost),
            "filed": .bool(isFiled), "landing_rate": .number(landingRate),
            "fuel_used_lbs": .number(fuelUsedPounds), "flight_time_hours": .number(flightTimeHours),
            "rows_without_position": .number(rowsWithoutPosition),
        ])
    }
    var text: String {
        var text = "\(flight) \(departure)-\(arrival) by \(pilot): \(positionsSent) positions sent"
        if retries > 0 { text += ", \(retries) requests repeated" }
        if lost > 0 { text += ", \(lost) lost" }
        let flight = id.isEmpty ? "" : " (flight \(id))"
        guard isFiled else { return text + "; stopped without a report" + flight }
        return text + "; report \(pirepID.map { SmartCARS3Client.text($0) + " " } ?? "")\(status)" + flight
    }
}
