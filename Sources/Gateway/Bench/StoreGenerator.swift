import Application
import Domain
import EventSchema
import Logging
import ServiceLifecycle
import Synchronization

#if canImport(FoundationEssentials)
import FoundationEssentials
#else
import Foundation
#endif

/// Fills an empty store with the history of some airlines: pilots, fleet, timetable, bookings, flights with their
/// positions, reports and decisions. Everything goes through the commands and the append path of a server, read models
/// and judgements through its followers; only passwords and sockets are left out. The same seed gives the same airlines,
/// flights and positions; ids, and the order in which flights commit, are made anew.
struct StoreGenerator: Sendable {
    let parts: Composition
    let seed: UInt64
    /// Events to be written, about: what a report's decision adds is not known before.
    let events: Int

    static let airlines = 4
    private static let pilotsEach = 40
    private static let entriesEach = 64
    private static let aircraftEach = 10
    /// Flights under way at once.
    private static let workers = 48
    /// Positions of one flight in one append.
    private static let positionsAtOnce = 16
    /// Reports in review that staff decide on at the end.
    private static let reviewsWanted = 20
    /// Events of a flight besides its positions: booking made and closed, opened, two log lines, filed, ended, judged.
    private static let eventsBesides = 8
    private static let airports = [
        "EGLL", "LFPG", "EDDF", "EHAM", "LEMD", "LIRF", "LOWW", "LSZH", "EKCH", "ESSA", "ENGM", "LPPT", "EIDW", "EPWA",
    ]
    private static let types = [("B738", "Boeing 737-800"), ("A320", "Airbus A320"), ("E190", "Embraer 190")]
    /// Of the first flight; the others follow, one a minute.
    private static let start = Timestamp(milliseconds: 1_767_225_600_000)

    /// What was made.
    struct Outcome: Sendable {
        let events: Int64
        let flights: Int
        let filed: Int
        let reviewed: Int
    }

    private struct Airline: Sendable {
        let tenant: Tenant
        let id: TenantID
        var pilots: [UserProfile] = []
        var entries: [Entry] = []
        var aircraft: [Int] = []
        let staff: UserProfile
    }

    /// An entry of the timetable and where it leads.
    fileprivate struct Entry: Sendable {
        let details: ScheduleDetails
        let start: Position
        let end: Position
    }

    /// What becomes of a flight.
    private enum Fate: Sendable { case filed, cancelled, underWay }

    private struct Plan: Sendable {
        let number: Int
        let airline: Int
        let entry: Int
        let pilot: Int
        let aircraft: Int
        let adapter: String
        let network: String?
        let positions: Int
        let fate: Fate
        let startedAt: Timestamp
        let seed: UInt64
    }

    /// - Parameter progress: Called with events done and events wanted.
    /// - Throws: ``Refused`` when the store holds anything.
    func run(progress: @escaping @Sendable (Int64, Int64) -> Void) async throws -> Outcome {
        guard try await parts.store.head() == 0 else {
            throw Refused("the store is not empty: give an empty folder or database")
        }
        let judged = Counter()
        parts.tail.observeEnvelopes { if $0.event.type == "pirep.judged" { judged.add() } }
        let followers: [any Service] = [
            Projector(
                .keepsModel, store: parts.store, models: parts.store, directory: parts.directory, board: parts.board,
                tail: parts.tail, logger: parts.logger), parts.evaluation(),
        ]
        let group = ServiceGroup(
            configuration: .init(services: followers.map { .init(service: $0) }, logger: parts.logger))
        return try await withThrowingTaskGroup(of: Outcome?.self) { tasks in
            tasks.addTask {
                try await group.run()
                return nil
            }
            tasks.addTask {
                let outcome = try await fill(judged, progress)
                await group.triggerGracefulShutdown()
                return outcome
            }
            var outcome: Outcome?
            do {
                for try await found in tasks { outcome = found ?? outcome }
            } catch {
                tasks.cancelAll()
                throw error
            }
            guard let outcome else { throw Refused("what follows the log ended early: see the log above") }
            return outcome
        }
    }

    private func fill(
        _ judged: Counter, _ progress: @escaping @Sendable (Int64, Int64) -> Void
    ) async throws -> Outcome {
        var airlines: [Airline] = []
        for index in 0..<Self.airlines { airlines.append(try await airline(index)) }
        let plans = self.plans(besides: Int(try await parts.store.head()), airlines)
        let next = Counter()
        try await withThrowingTaskGroup(of: Void.self) { group in
            for _ in 0..<min(Self.workers, plans.count) {
                group.addTask { [airlines] in
                    while true {
                        let index = next.add() - 1
                        guard index < plans.count else { return }
                        try await fly(plans[index], airlines[plans[index].airline])
                        if index % 16 == 0 { progress(try await parts.store.head(), Int64(events)) }
                    }
                }
            }
            try await group.waitForAll()
        }
        let filed = plans.count { $0.fate == .filed }
        try await followed(judged, filed, progress)
        let reviewed = try await review(airlines)
        try await followed(judged, filed, progress)
        return Outcome(
            events: try await parts.store.head(), flights: plans.count, filed: filed, reviewed: reviewed)
    }

    /// Waits until every report is judged and the read models' follower has seen the end of the log.
    private func followed(
        _ judged: Counter, _ filed: Int, _ progress: @Sendable (Int64, Int64) -> Void
    ) async throws {
        while true {
            let head = try await parts.store.head()
            progress(head, Int64(events))
            if judged.value >= filed, parts.tail.position >= head { return }
            try await Task.sleep(for: .milliseconds(20))
        }
    }

    // MARK: Airlines

    private func airline(_ index: Int) async throws -> Airline {
        var random = SeededRandom(seed ^ UInt64(index + 1) &* 0x9E37_79B9_7F4A_7C15)
        let code = "B\(["A", "B", "C", "D"][index % 4])X"
        let id = try await parts.administration.createTenant(
            slug: "airline-\(index + 1)", name: "Airline \(index + 1)", icao: code, iata: nil)
        guard let tenant = try await parts.directory.tenant(id) else { throw Refused("a tenant was not stored") }
        let staff = try await parts.administration.createUser(
            id, role: .staff, ident: "\(code)9001", name: "Staff \(index + 1)",
            email: "staff@airline-\(index + 1).example",
            passwordHash: nil)
        var airline = Airline(tenant: tenant, id: id, staff: staff)
        for number in 1...Self.pilotsEach {
            airline.pilots.append(
                try await parts.administration.createUser(
                    id, role: .pilot, ident: "\(code)\(String(number + 10_000).dropFirst())",
                    name: "Pilot \(code) \(number)", email: "pilot\(number)@airline-\(index + 1).example",
                    passwordHash: nil))
        }
        for number in 1...Self.aircraftEach {
            let (type, name) = Self.types[number % Self.types.count]
            let registration = "N\(number + 100)\(code)"
            _ = try await parts.administration.register(
                id, .init(registration: registration, type: type, name: name, subfleet: type))
            guard let details = try await parts.directory.aircraft(id, registration: registration) else { continue }
            airline.aircraft.append(details.number)
        }
        for number in 1...Self.entriesEach {
            let from = Int(random.next() % UInt64(Self.airports.count))
            let to = (from + 1 + Int(random.next() % UInt64(Self.airports.count - 1))) % Self.airports.count
            guard let departure = ICAOLocation(Self.airports[from]), let arrival = ICAOLocation(Self.airports[to]),
                let start = parts.airports.airport(departure)?.position,
                let end = parts.airports.airport(arrival)?.position
            else { throw Refused("the built-in airports are missing") }
            let distance = greatCircleDistance(from: start, to: end)
            let details = try await parts.administration.publish(
                id, airline: code, flightNumber: "\(100 + number)", departure: departure, arrival: arrival
            ) { id, sequence in
                ScheduleDetails(
                    id: id, number: sequence, airline: code, flightNumber: "\(100 + number)", departure: departure,
                    arrival: arrival, route: "DCT", level: 350, distance: distance, departureTime: nil,
                    arrivalTime: nil, flightTime: Minutes(Int(distance.rawValue / 420 * 60) + 25))
            }.details
            airline.entries.append(Entry(details: details, start: start, end: end))
        }
        return airline
    }

    // MARK: Flights

    /// The flights that bring the store to the wanted size.
    private func plans(besides written: Int, _ airlines: [Airline]) -> [Plan] {
        var random = SeededRandom(seed)
        var plans: [Plan] = []
        var left = events - written - Self.reviewsWanted
        while left > Self.eventsBesides {
            let number = plans.count
            let airline = number % Self.airlines
            let isFiled = random.next() % 20 != 0
            let wanted = 60 + Int(random.next() % 180)
            let positions = max(1, min(wanted, left - Self.eventsBesides))
            plans.append(
                Plan(
                    number: number, airline: airline,
                    // In turn, so that an entry is free again when its next flight books it.
                    entry: number / Self.airlines % Self.entriesEach,
                    pilot: Int(random.next() % UInt64(Self.pilotsEach)),
                    aircraft: airlines[airline].aircraft[
                        Int(random.next() % UInt64(max(1, airlines[airline].aircraft.count)))],
                    adapter: random.next() % 2 == 0 ? "smartcars3" : "phpvms7",
                    network: random.next() % 3 == 0 ? nil : "VATSIM", positions: positions,
                    fate: isFiled ? .filed : .cancelled, startedAt: Self.start + .minutes(Double(number)),
                    seed: random.next()))
            left -= positions + (isFiled ? Self.eventsBesides : 5)
        }
        // The last ones are still in the air.
        return plans.enumerated().map { index, plan in
            guard plans.count - index <= min(8, plans.count / 10) else { return plan }
            return Plan(
                number: plan.number, airline: plan.airline, entry: plan.entry, pilot: plan.pilot,
                aircraft: plan.aircraft, adapter: plan.adapter, network: plan.network, positions: plan.positions,
                fate: .underWay, startedAt: plan.startedAt, seed: plan.seed)
        }
    }

    private func fly(_ plan: Plan, _ airline: Airline) async throws {
        let (tenant, pilot, entry) = (airline.id, airline.pilots[plan.pilot], airline.entries[plan.entry])
        let booking = try await parts.bookings.book(
            airline.tenant, user: pilot.id, schedule: "\(entry.details.number)", aircraft: plan.aircraft,
            repeatIsSame: false)
        let flight = try await parts.flights.open(
            tenant, pilot: .init(id: pilot.id, ident: pilot.ident, name: pilot.name), adapter: plan.adapter,
            booking: booking.number, aircraft: plan.aircraft, network: plan.network, receivedAt: plan.startedAt)
        let track = GeneratedTrack(plan.seed, over: entry, positions: plan.positions)
        let half = plan.positions / 2
        try await record(tenant, flight, plan, track, 0..<half)
        try await line(tenant, flight, "Top of climb", at: track.time(half, after: plan.startedAt))
        try await record(tenant, flight, plan, track, half..<plan.positions)
        let end = track.time(plan.positions, after: plan.startedAt)
        switch plan.fate {
        case .underWay: return
        case .cancelled:
            try await parts.executor.transact(tenant) { transaction in
                try transaction.perform(Flight.self, flight.uuid, .cancel(at: end))
            }
            try await parts.bookings.cancel(tenant, user: pilot.id, number: booking.number)
        case .filed:
            try await line(tenant, flight, "On blocks", at: end)
            var details = FlightDetails()
            details.route = entry.details.route
            details.aircraft = plan.aircraft
            details.flightTime = Minutes(Int(track.duration.seconds / 60))
            details.landingRate = FeetPerMinute(track.touchdownRate)
            details.fuelUsed = Kilograms(track.fuelUsed)
            let content = FiledReport.Content(
                details, comments: "Flight \(plan.number + 1)", log: ["Boarding completed", "Take-off", "Landing"])
            try await parts.flights.file(tenant, flight, Flights.Filing(content: content, at: end))
        }
    }

    private func record(
        _ tenant: TenantID, _ flight: FlightID, _ plan: Plan, _ track: GeneratedTrack, _ range: Range<Int>
    ) async throws {
        for start in stride(from: range.lowerBound, to: range.upperBound, by: Self.positionsAtOnce) {
            let samples = (start..<min(range.upperBound, start + Self.positionsAtOnce)).compactMap {
                track.sample($0, after: plan.startedAt, isTimed: plan.adapter == "phpvms7", network: plan.network)
            }
            // An event each, as a tracker's requests make them, in one append.
            try await parts.executor.transact(tenant) { transaction in
                for sample in samples {
                    try transaction.perform(Flight.self, flight.uuid, .recordPositions([sample]))
                }
            }
        }
    }

    private func line(_ tenant: TenantID, _ flight: FlightID, _ text: String, at time: Timestamp) async throws {
        try await parts.executor.transact(tenant) { transaction in
            try transaction.perform(Flight.self, flight.uuid, .recordLines([FlightLine(.log, text, receivedAt: time)]))
        }
    }

    /// Staff decide on some of the reports that the rules left to them.
    private func review(_ airlines: [Airline]) async throws -> Int {
        var count = 0
        for airline in airlines {
            let waiting = try await parts.store.documents(
                airline.id, "flights", kind: "review", DocumentRange(limit: Self.reviewsWanted / airlines.count))
            for document in waiting {
                guard let id = UUID(uuidString: document.key) else { continue }
                let outcome: Review.Outcome = count % 4 == 0 ? .reject : .accept
                try await parts.executor.transact(airline.id) { transaction in
                    try transaction.perform(
                        PIREP.self, id,
                        .review(
                            Review(
                                outcome: outcome, reason: "Track, profile and log were looked at",
                                reviewer: airline.staff.id,
                                reviewerIdent: airline.staff.ident, at: Composition.now())))
                }
                count += 1
            }
        }
        return count
    }
}

/// Random numbers that a seed decides (SplitMix64: G. Steele, D. Lea, C. Flood, "Fast Splittable Pseudorandom Number
/// Generators", 2014).
struct SeededRandom: RandomNumberGenerator {
    private var state: UInt64
    init(_ seed: UInt64) { state = seed }
    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var word = state
        word = (word ^ word >> 30) &* 0xBF58_476D_1CE4_E5B9
        word = (word ^ word >> 27) &* 0x94D0_49BB_1331_11EB
        return word ^ word >> 31
    }
}

/// A flight from gate to gate: along the great circle's chord, climb in the first fifth, descent in the last quarter.
private struct GeneratedTrack: Sendable {
    let start: Position
    let end: Position
    let positions: Int
    let duration: Milliseconds
    let cruise: Double
    let touchdownRate: Double
    let fuelUsed: Double

    init(_ seed: UInt64, over entry: StoreGenerator.Entry, positions: Int) {
        var random = SeededRandom(seed)
        start = entry.start
        end = entry.end
        self.positions = positions
        duration = .minutes(Double(entry.details.flightTime.rawValue) * (0.95 + Double(random.next() % 100) / 1000))
        cruise = 30_000 + Double(random.next() % 9) * 1000
        // Some land hard.
        touchdownRate = -(80 + Double(random.next() % 320) + (random.next() % 25 == 0 ? 600 : 0))
        fuelUsed = (duration.seconds / 3600 * 2500).rounded()
    }

    func time(_ index: Int, after departure: Timestamp) -> Timestamp {
        departure + .seconds((duration.seconds * Double(index) / Double(max(1, positions))).rounded())
    }

    func sample(
        _ index: Int, after departure: Timestamp, isTimed: Bool, network: String?
    ) -> PositionSample? {
        let share = Double(index) / Double(max(1, positions - 1))
        let isOnGround = share < 0.02 || share > 0.98
        guard
            let position = Position(
                latitude: start.latitude + (end.latitude - start.latitude) * share,
                longitude: start.longitude + (end.longitude - start.longitude) * share)
        else { return nil }
        let time = time(index, after: departure)
        var sample = PositionSample(eventTime: time, receivedAt: time, position: position)
        if isTimed { sample.clientTime = time }
        let height = cruise * min(1, max(0, (share - 0.02) / 0.18), max(0, (0.98 - share) / 0.23))
        sample.altitudeMSL = Feet(height.rounded())
        sample.heightAGL = Feet(height.rounded())
        sample.groundSpeed = Knots(isOnGround ? 12 : (180 + 260 * min(1, height / cruise)).rounded())
        sample.heading = initialCourse(from: start, to: end)
        sample.onGround = isOnGround
        sample.fuel = Kilograms((8000 - fuelUsed * share).rounded())
        sample.verticalSpeed = FeetPerMinute(isOnGround ? 0 : share < 0.2 ? 1800 : share > 0.75 ? -1500 : 0)
        sample.network = network
        return sample
    }
}
