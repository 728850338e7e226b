import Domain
import Foundation

/// One flight as any tracker in its cockpit would know it: samples, times, fuel, landing, log. Each ``TrackerClient`` says
/// it in its own words.
struct FlightScript: Sendable {
    /// What a tracker tells beside positions.
    enum Moment: Sendable { case out, off, on, inBlock }
    struct Entry: Sendable {
        let time: Timestamp
        let message: String
    }

    let profile: FlightProfile
    let flight: AssignedFlight
    let departure: Airport?
    let arrival: Airport?
    /// Added to recorded times.
    private let shift: Milliseconds
    /// From block to block.
    let burn: Pounds
    /// At the stand before the flight.
    let blockFuel: Pounds
    /// Burnt up to each sample, by time.
    private let burnt: [Pounds]
    /// Feet per minute, negative down.
    let landingRate: Double
    /// What happened, in order of time.
    let log: [Entry]
    /// Made for this flight; protocols whose client gives flights an id of its own use it.
    let clientID: UUID

    static let note = "Fuel and landing rate are derived from a recording"
    /// The pilot's comment.
    static let comment = "\(note) (albatross fly)."
    /// People on board, or nothing's worth of cargo: a recording holds neither.
    static let passengers = 120

    /// - Parameters:
    ///   - shift: Added to recorded times.
    ///   - landingRate: Claims this one instead of the derived one.
    init(
        profile: FlightProfile, flight: AssignedFlight, airports: any AirportDirectory, shift: Milliseconds,
        fuel: FuelModel, landingRate: Double?
    ) {
        self.profile = profile
        self.flight = flight
        self.shift = shift
        departure = ICAOLocation(flight.departure).flatMap { airports.airport($0) }
        arrival = ICAOLocation(flight.arrival).flatMap { airports.airport($0) }
        burnt = fuel.burnt(profile.ordered)
        burn = burnt.last ?? Pounds(0)
        blockFuel = fuel.block(burn: burn)
        self.landingRate = landingRate ?? profile.landingRate?.rawValue ?? -180
        log = Self.log(profile, flight, blockFuel: blockFuel, landingRate: self.landingRate, shift: shift)
        clientID = UUID()
    }

    // MARK: The flight as a whole

    var start: Timestamp { (profile.ordered.first?.time ?? Timestamp(milliseconds: 0)) + shift }
    var end: Timestamp { (profile.ordered.last?.time ?? Timestamp(milliseconds: 0)) + shift }
    var out: Timestamp? { profile.out.map { $0 + shift } }
    var off: Timestamp? { profile.off.map { $0 + shift } }
    var on: Timestamp? { profile.on.map { $0 + shift } }
    var inBlock: Timestamp? { profile.inBlock.map { $0 + shift } }
    /// From OUT to IN, or as much of it as was recorded.
    var blockSeconds: Double { ((inBlock ?? end) - (out ?? start)).seconds }
    /// From OFF to ON, or as much of it as was recorded.
    var airSeconds: Double { ((on ?? end) - (off ?? start)).seconds }
    /// Nautical miles along the track.
    var distanceFlown: Double {
        zip(profile.ordered, profile.ordered.dropFirst()).reduce(0) {
            $0 + greatCircleDistance(from: $1.0.position, to: $1.1.position).rawValue
        }
    }
    /// Nautical miles from airport to airport.
    var directDistance: Double {
        guard let departure, let arrival else { return 0 }
        return greatCircleDistance(from: departure.position, to: arrival.position).rawValue
    }
    var topAltitude: Int { Int(profile.ordered.map(\.altitude.rawValue).max() ?? 0) }

    // MARK: Samples

    func sample(_ index: Int) -> FlightProfile.Sample { profile.samples[index] }
    func time(_ index: Int) -> Timestamp { profile.samples[index].time + shift }
    /// The one that the flight begins with.
    var first: Int { profile.samples.indices.min { profile.samples[$0].place < profile.samples[$1].place } ?? 0 }
    /// The one that the flight ends with.
    var last: Int { profile.samples.indices.max { profile.samples[$0].place < profile.samples[$1].place } ?? 0 }
    func moment(_ index: Int) -> Moment? {
        let time = profile.samples[index].time
        if time == profile.out { return .out }
        if time == profile.off { return .off }
        if time == profile.on { return .on }
        return time == profile.inBlock ? .inBlock : nil
    }
    /// Whether a phase begins with this sample.
    func beginsPhase(_ index: Int) -> Bool {
        let place = profile.samples[index].place
        return place > 0 && profile.ordered[place - 1].phase != profile.samples[index].phase
    }
    /// Nautical miles to the arrival airport.
    func remaining(_ index: Int) -> Double {
        arrival.map { greatCircleDistance(from: profile.samples[index].position, to: $0.position).rawValue } ?? 0
    }
    /// Hours to the arrival airport; on the ground and near it at a usual speed.
    func hoursRemaining(_ index: Int) -> Double {
        let speed = profile.samples[index].groundSpeed.rawValue
        return remaining(index) / (speed > 100 ? speed : 420)
    }
    func fuel(_ index: Int) -> Pounds { Pounds(blockFuel.rawValue - burnt[profile.samples[index].place].rawValue) }
    /// As in still air: no recording tells the wind.
    func trueAirspeed(_ index: Int) -> Double { profile.samples[index].groundSpeed.rawValue }
    /// From the true airspeed by the density of the standard atmosphere, without compressibility.
    func indicatedAirspeed(_ index: Int) -> Double {
        let metres = profile.samples[index].altitude.rawValue * 0.3048
        let temperature = max(216.65, 288.15 - 0.0065 * metres) / 288.15
        let density =
            metres <= 11_000
            ? pow(temperature, 4.25588) : 0.29708 * exp(-(metres - 11_000) / 6341.62)
        return trueAirspeed(index) * density.squareRoot()
    }
    func verticalSpeed(_ index: Int) -> Double {
        let sample = profile.samples[index]
        return sample.isOnGround ? 0 : sample.row.verticalRate?.rawValue ?? 0
    }
    /// Over the nearer of the flight's two airports: there is no terrain in a recording.
    func height(_ index: Int) -> Double {
        let sample = profile.samples[index]
        guard !sample.isOnGround else { return 0 }
        let near = [departure, arrival].compactMap { $0 }.min {
            greatCircleDistance(from: $0.position, to: sample.position)
                < greatCircleDistance(from: $1.position, to: sample.position)
        }
        return max(0, sample.altitude.rawValue - (near?.elevation?.rawValue ?? 0))
    }

    // MARK: The log

    private static func log(
        _ profile: FlightProfile, _ flight: AssignedFlight, blockFuel: Pounds, landingRate: Double, shift: Milliseconds
    ) -> [Entry] {
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
        return log.enumerated().sorted { ($0.element.time, $0.offset) < ($1.element.time, $1.offset) }.map {
            Entry(time: $0.element.time + shift, message: $0.element.message)
        }
    }
}

/// Numbers and times as old and new clients write them.
enum Wire {
    /// So many decimals at most, as JSON writes numbers.
    static func rounded(_ value: Double, _ digits: Int) -> Double {
        let scale = pow(10, Double(digits))
        return (value * scale).rounded() / scale
    }
    /// Exactly so many decimals, with a dot.
    static func fixed(_ value: Double, _ digits: Int) -> String {
        String(format: "%.\(digits)f", locale: Locale(identifier: "en_US_POSIX"), value)
    }
    static func whole(_ value: Double) -> String { String(Int(value.rounded())) }
    static func two(_ number: Int) -> String { number < 10 ? "0\(number)" : "\(number)" }
    /// `HH:MM:SS`.
    static func clock(_ time: Timestamp) -> String {
        let parts = time.components
        return "\(two(parts.hour)):\(two(parts.minute)):\(two(parts.second))"
    }
    /// `HH:MM`.
    static func minuteClock(_ time: Timestamp) -> String { String(clock(time).prefix(5)) }
    /// `hh:mm` of a span, whole minutes.
    static func duration(_ seconds: Double) -> String {
        let minutes = Int((max(0, seconds) / 60).rounded())
        return "\(two(minutes / 60)):\(two(minutes % 60))"
    }
    /// ISO 8601, always with milliseconds, as JavaScript writes it.
    static func stamp(_ time: Timestamp) -> String {
        let text = time.iso8601
        return time.components.millisecond == 0 ? text.dropLast() + ".000Z" : text
    }
}
