import Domain
import Foundation
import Protocols
import Synchronization

/// How a recording is flown.
struct FlightOrder: Sendable {
    /// Who flies, as it is typed into the tracker.
    struct Pilot: Sendable {
        var user: String?
        var password: String?
        /// API key, where the protocol has one.
        var key: String?
        /// Of the aircraft in the simulator; for trackers that no server tells one.
        var registration: String?

        func neededUser() throws -> String {
            guard let user else { throw Refused("this tracker wants the pilot's name: give --user") }
            return user
        }
        func neededPassword() throws -> String {
            guard let password else { throw Refused("this tracker wants the pilot's password: give --password") }
            return password
        }
        func neededKey() throws -> String {
            guard let key else {
                throw Refused(
                    "this tracker wants an API key: give --key, made with `albatross apikey create` or on the pilot's page"
                )
            }
            return key
        }
    }

    var adapter = FlyAdapter.smartcars3
    var pilot = Pilot()
    /// Code and number; nil: the first booking, else one that fits the recording.
    var flight: String?
    var speed = 60.0
    /// Recorded times are sent unchanged.
    var asRecorded = false
    /// The part before is uploaded at once, as from a buffer.
    var from = 0.0
    /// Seconds between two positions at least; 0 is all, nil is the client's usual rate.
    var interval: Double?
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
    /// Id of the flight, as the client learnt it; empty where the protocol tells none.
    var id = ""
    var isFiled = false
    /// As the server gave it; nil when no report was filed and where the protocol gives none.
    var pirepID: JSONValue?
    /// `Pending`, `Accepted`, `Rejected`; `filed` where the protocol tells no decision; `not filed`.
    var status = "not filed"
    var positionsSent = 0
    var positionsShown: Int?
    var requests = 0
    var retries = 0
    /// Calls that this client does not repeat and nobody took.
    var lost = 0
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
            var client: any TrackerClient = try order.adapter.client.init(http: http, pilot: order.pilot)
            var result = try await fly(&client)
            result.requests = http.counts.requests
            result.retries = http.counts.retries
            result.lost = http.counts.lost
            await http.close()
            return result
        } catch {
            await http.close()
            throw error
        }
    }

    private func fly(_ client: inout any TrackerClient) async throws -> FlightResult {
        var result = FlightResult()
        let flight = try await client.assign(wanted)
        result.pilot = flight.pilot
        result.flight = flight.name
        result.departure = flight.departure
        result.arrival = flight.arrival
        let interval = order.interval ?? order.adapter.client.usualInterval
        let track = recording.thinned(to: .seconds(interval))
        result.rowsWithoutPosition = track.rowsWithoutPosition
        let profile = FlightProfile(
            track, airports: airports,
            planned: [flight.departure, flight.arrival].compactMap { ICAOLocation($0) })

        let clock = Playback(track, order, now: Composition.now())
        let script = FlightScript(
            profile: profile, flight: flight, airports: airports, shift: clock.shift,
            fuel: FuelModel.of(flight.aircraftType), landingRate: order.landingRate)
        try await client.begin(script)
        result.id = client.flightID
        try await send(script, clock, &client, &result)
        result.flightTimeHours = Wire.rounded(script.blockSeconds / 3600, 4)
        if order.stopAfter == nil {
            try await file(script, &client, &result)
        }
        return result
    }

    private var wanted: WantedFlight {
        func airport(_ row: Recording.Row?) -> String? {
            row.flatMap { airports.airports(near: $0.position, within: NauticalMiles(5)).first?.icao.code }
        }
        return WantedFlight(
            name: order.flight?.uppercased(), departure: airport(recording.rows.first),
            arrival: airport(recording.rows.last))
    }

    private func send(
        _ script: FlightScript, _ clock: Playback, _ client: inout any TrackerClient, _ result: inout FlightResult
    ) async throws {
        let samples = script.profile.samples
        let sends = order.adapter.client.sendsPositions
        var indices = Array(samples.indices)
        if let stop = order.stopAfter {
            let span = (recording.last - recording.first).seconds
            let end = recording.first + .seconds(span * stop)
            indices.removeAll { samples[$0].time > end }
        }
        if let seed = order.shuffle {
            var generator = SplitMix64(seed: seed)
            indices.shuffle(using: &generator)
        }
        var shown = Progress(flight: result.flight, total: indices.count * order.repeats)
        for (place, index) in indices.enumerated() {
            try await clock.waitUntilDue(index: index, place: place, of: indices.count)
            for _ in 0..<order.repeats {
                try await client.fly(index, of: script)
                if sends { result.positionsSent += 1 }
            }
            shown.sent = result.positionsSent
            shown.phase = samples[index].phase.rawValue
            shown.altitude = Int(samples[index].altitude.rawValue)
            shown.groundSpeed = Int(samples[index].groundSpeed.rawValue)
            progress(shown)
        }
        try await client.endTrack(script)
    }

    private func file(
        _ script: FlightScript, _ client: inout any TrackerClient, _ result: inout FlightResult
    ) async throws {
        result.landingRate = script.landingRate
        result.fuelUsedPounds = script.burn.rawValue
        result.pirepID = try await client.file(script)
        result.isFiled = true
        result.id = client.flightID
        result.status = client.tellsDecision ? "Pending" : "filed"
        filed(result)
        guard client.tellsDecision else { return }
        let end = ContinuousClock.now + .seconds(order.waitForDecision)
        var wait = 0.2
        while true {
            if let status = try await client.decision() { result.status = status }
            guard result.status == "Pending", ContinuousClock.now < end else { break }
            try await Task.sleep(for: .seconds(wait))
            wait = min(1, wait * 2)
        }
        result.positionsShown = try await client.positionsShown()
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
    private let clock: WallClock
    /// When each sample is due by a clock that is moved.
    private let moments: [Timestamp]

    /// - Parameter now: The moment at which the first sample goes out.
    init(_ recording: Recording, _ order: FlightOrder, now: Timestamp, clock: WallClock = .shared) {
        self.order = order
        self.clock = clock
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
        } else if clock.isMoved {
            // Nothing is waited for: the time goes with the flight.
            shift = now - recording.first
        } else if order.late || order.shuffle != nil {
            // Everything may be sent first, so that everything must lie back already.
            shift = now - recording.last
        } else {
            // The last sample falls at the moment when it is sent: no time ever leads the clock.
            shift = (now + .seconds(length / order.speed)) - recording.last
        }
        var moments: [Timestamp] = []
        for row in recording.rows { moments.append(max(row.time + shift, moments.last ?? row.time + shift)) }
        self.moments = moments
    }

    /// Waits for a sample's moment; a clock that is moved is moved there instead.
    func waitUntilDue(index: Int, place: Int, of count: Int) async throws {
        try Task.checkCancellation()
        if clock.isMoved {
            clock.move(to: order.late || order.shuffle != nil ? moments[moments.count - 1] : moments[index])
            return
        }
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
