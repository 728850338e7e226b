import Domain
import Foundation
import Protocols
import Synchronization

/// How a recording is flown.
struct FlightOrder: Sendable {
    var user = ""
    var password = ""
    /// Code and number; nil: the first booking, else one that fits the recording.
    var flight: String?
    var speed = 60.0
    /// Recorded times are sent unchanged.
    var asRecorded = false
    /// The part before is uploaded at once, as from a buffer.
    var from = 0.0
    /// Seconds between two positions at least; 0 is all.
    var interval = 0.0
    var shuffle: UInt64?
    var repeats = 1
    /// Nothing is sent during the flight; all of it at its end.
    var late = false
    /// Ends here without a report.
    var stopAfter: Double?
    var landingRate: Double?
    /// How long a decision is waited for, seconds.
    var waitForDecision = 10.0
}

/// What came of it.
struct FlightResult: Sendable {
    var flight = ""
    var pilot = ""
    var departure = ""
    var arrival = ""
    /// `trackingID`: id of the flight and of its report.
    var id = ""
    /// As the server gave it; nil when no report was filed.
    var pirepID: JSONValue?
    /// `Pending`, `Accepted`, `Rejected`, or `not filed`.
    var status = "not filed"
    var positionsSent = 0
    var positionsShown: Int?
    var requests = 0
    var retries = 0
    var landingRate: Double?
    var fuelUsedPounds: Double?
    var flightTimeHours: Double?
    var rowsWithoutPosition = 0
}

/// One flight of a recording through a tracker's protocol, from log-in to the decision.
struct SimulatedFlight: Sendable {
    struct Progress: Sendable {
        var flight = ""
        var phase = ""
        var sent = 0
        var total = 0
        var altitude = 0
        var groundSpeed = 0
    }

    let order: FlightOrder
    let recording: Recording
    let airports: any AirportDirectory
    /// Told of every step; must not block.
    var progress: @Sendable (Progress) -> Void = { _ in }
    /// Told once, when the report is filed.
    var filed: @Sendable (FlightResult) -> Void = { _ in }

    func fly(root: String) async throws -> FlightResult {
        let http = try TrackerHTTP(root: root)
        do {
            let result = try await fly(SmartCARS3Client(http: http, user: order.user, password: order.password))
            await http.close()
            return result
        } catch {
            await http.close()
            throw error
        }
    }

    private func fly(_ client: SmartCARS3Client) async throws -> FlightResult {
        _ = try await client.probe()
        var result = FlightResult()
        result.pilot = try await client.logIn().ident
        let known = try await client.airports()
        let types = try await client.aircraft()
        let (flight, booking) = try await chosen(client)
        guard known.contains(flight.departure), known.contains(flight.arrival) else {
            throw Refused(
                "\(flight.name) flies \(flight.departure)-\(flight.arrival), which data/airports does not list: a client would not show it"
            )
        }
        guard
            let aircraft = flight.aircraft.first(where: { types[$0] != nil })
                ?? (flight.aircraft.isEmpty ? types.keys.min() : nil)
        else {
            throw Refused("no aircraft in service may fly \(flight.name): see the fleet")
        }
        result.flight = flight.name
        result.departure = flight.departure
        result.arrival = flight.arrival
        let track = recording.thinned(to: .seconds(order.interval))
        result.rowsWithoutPosition = track.rowsWithoutPosition
        let profile = FlightProfile(
            track, airports: airports,
            planned: [flight.departure, flight.arrival].compactMap { ICAOLocation($0) })
        result.id = try await client.start(booking: booking)

        let clock = Playback(track, order, now: Composition.now())
        let script = TrackerScript(
            profile: profile, flight: flight, booking: booking, trackingID: result.id, aircraft: aircraft,
            arrival: ICAOLocation(flight.arrival).flatMap { airports.airport($0)?.position }, shift: clock.shift,
            fuel: FuelModel.of(types[aircraft]), landingRate: order.landingRate)
        try await send(script, profile, clock, client, &result)
        result.flightTimeHours = script.flightTimeHours
        if order.stopAfter == nil {
            try await file(script, client, &result)
        }
        result.requests = client.http.counts.requests
        result.retries = client.http.counts.retries
        return result
    }

    /// The flight to fly: booked already, or searched and booked now.
    private func chosen(
        _ client: SmartCARS3Client
    ) async throws -> (flight: SmartCARS3Client.Listed, booking: Int) {
        func booked(_ listed: SmartCARS3Client.Listed) throws -> (SmartCARS3Client.Listed, Int) {
            guard let booking = listed.booking else { throw Refused("\(listed.name) is listed without a bidID") }
            return (listed, booking)
        }
        let bookings = try await client.bookings()
        guard let wanted = order.flight?.uppercased() else {
            if let first = bookings.first { return try booked(first) }
            var found = try await client.search(ends)
            if found.isEmpty { found = try await client.search([]) }
            guard let first = found.first else {
                throw Refused("the timetable has no flight to book: add flights with `albatross schedule import`")
            }
            return try booked(try await client.book(first))
        }
        if let match = bookings.first(where: { $0.name == wanted }) { return try booked(match) }
        var entry = try await client.search([("callsign", wanted)]).first { $0.name == wanted }
        // The phpVMS 7 module ignores that filter and lists the newest hundred.
        if entry == nil { entry = try await client.search(ends).first { $0.name == wanted } }
        guard let entry else {
            throw Refused(
                "no flight \(wanted) in the timetable: see flights/search, or add it with `albatross schedule import`")
        }
        return try booked(try await client.book(entry))
    }

    /// A search for flights between the airports that the recording's ends lie at.
    private var ends: [(String, String)] {
        func airport(_ row: Recording.Row?) -> String? {
            row.flatMap { airports.airports(near: $0.position, within: NauticalMiles(5)).first?.icao.code }
        }
        return [
            airport(recording.rows.first).map { ("departureAirport", $0) },
            airport(recording.rows.last).map { ("arrivalAirport", $0) },
        ].compactMap { $0 }
    }

    private func send(
        _ script: TrackerScript, _ profile: FlightProfile, _ clock: Playback, _ client: SmartCARS3Client,
        _ result: inout FlightResult
    ) async throws {
        var indices = Array(profile.samples.indices)
        if let stop = order.stopAfter {
            let span = (recording.last - recording.first).seconds
            let end = recording.first + .seconds(span * stop)
            indices.removeAll { profile.samples[$0].time > end }
        }
        if let seed = order.shuffle {
            var generator = SplitMix64(seed: seed)
            indices.shuffle(using: &generator)
        }
        var shown = Progress(flight: result.flight, total: indices.count * order.repeats)
        for (place, index) in indices.enumerated() {
            try await clock.waitUntilDue(index: index, place: place, of: indices.count)
            let sample = profile.samples[index]
            let body = script.update(index)
            for _ in 0..<order.repeats {
                try await client.update(body)
                result.positionsSent += 1
            }
            shown.sent = result.positionsSent
            shown.phase = sample.phase.rawValue
            shown.altitude = Int(sample.altitude.rawValue)
            shown.groundSpeed = Int(sample.groundSpeed.rawValue)
            progress(shown)
        }
    }

    private func file(_ script: TrackerScript, _ client: SmartCARS3Client, _ result: inout FlightResult) async throws {
        result.landingRate = script.landingRate
        result.fuelUsedPounds = script.burn.rawValue
        let report = try await client.complete(script.completion())
        result.pirepID = report
        result.status = "Pending"
        filed(result)
        let end = ContinuousClock.now + .seconds(order.waitForDecision)
        var wait = 0.2
        while true {
            if let status = try await client.status(of: report) { result.status = status }
            guard result.status == "Pending", ContinuousClock.now < end else { break }
            try await Task.sleep(for: .seconds(wait))
            wait = min(1, wait * 2)
        }
        result.positionsShown = try await client.details(of: report).positions
    }
}

/// When each sample is sent, and which time it carries.
struct Playback: Sendable {
    private let start = ContinuousClock.now
    private let order: FlightOrder
    /// Seconds of the recording from where it is played at speed, by index; 0 for what is uploaded at once.
    private let due: [Double]
    private let length: Double
    /// Added to recorded times.
    let shift: Milliseconds

    /// - Parameter now: The moment at which the first sample goes out.
    init(_ recording: Recording, _ order: FlightOrder, now: Timestamp) {
        self.order = order
        let span = (recording.last - recording.first).seconds
        let begin = recording.first + .seconds(span * order.from)
        length = (recording.last - begin).seconds
        // Rows that lie back in time go out when their turn comes.
        var latest = 0.0
        due = recording.rows.map { row in
            latest = max(latest, (row.time - begin).seconds)
            return latest
        }
        if order.asRecorded {
            shift = Milliseconds(0)
        } else if order.late || order.shuffle != nil {
            // Everything may be sent first, so that everything must lie back already.
            shift = now - recording.last
        } else {
            // The last sample falls at the moment when it is sent: no time ever leads the clock.
            shift = (now + .seconds(length / order.speed)) - recording.last
        }
    }

    func waitUntilDue(index: Int, place: Int, of count: Int) async throws {
        try Task.checkCancellation()
        guard !order.late else { return }
        let seconds = order.shuffle == nil ? due[index] : length * Double(place) / Double(max(1, count))
        let at = start + .seconds(seconds / order.speed)
        if at > ContinuousClock.now { try await Task.sleep(until: at, clock: .continuous) }
    }
}

/// A small generator with a seed, so that a run can be repeated. Source: S. Vigna, splitmix64.
struct SplitMix64: RandomNumberGenerator {
    private var state: UInt64
    init(seed: UInt64) { state = seed }
    mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var z = state
        z = (z ^ (z >> 30)) &* 0xbf58_476d_1ce4_e5b9
        z = (z ^ (z >> 27)) &* 0x94d0_49bb_1331_11eb
        return z ^ (z >> 31)
    }
}
