import Application
import Domain
import EventSchema
import Logging

#if canImport(FoundationEssentials)
import FoundationEssentials
#else
import Foundation
#endif

/// An airline made for a benchmark: pilots with sessions, each with an open flight. Made through the same commands that a
/// server runs; only the log-ins' password hashing is left out, by opening their sessions here.
struct BenchWorld: Sendable {
    struct Pilot: Sendable {
        let token: String
        let booking: Int
    }
    let tenant: TenantID
    let pilots: [Pilot]

    /// - Parameter points: Positions already stored of each flight, one a second, along a line of its own.
    static func make(_ parts: Composition, slug: String, pilots count: Int, points: Int) async throws -> BenchWorld {
        let now = Composition.now()
        let tenant = try await parts.administration.createTenant(slug: slug, name: "Bench", icao: "BNC", iata: nil)
        _ = try await parts.administration.register(
            tenant, .init(registration: "N1BNC", type: "B738", name: "Boeing 737-800", subfleet: "B738"))
        guard let departure = ICAOLocation("EGLL"), let arrival = ICAOLocation("LFPG") else {
            throw SettingsError("the built-in airports are missing")
        }
        let pilots = try await withThrowingTaskGroup(of: Pilot.self) { group in
            func add(_ index: Int) {
                group.addTask {
                    try await pilot(parts, tenant, slug, index, departure, arrival, points: points, now: now)
                }
            }
            var next = 0
            while next < min(64, count) {
                add(next)
                next += 1
            }
            var made: [Pilot] = []
            for try await pilot in group {
                made.append(pilot)
                if next < count {
                    add(next)
                    next += 1
                }
            }
            return made
        }
        return BenchWorld(tenant: tenant, pilots: pilots)
    }

    private static func pilot(
        _ parts: Composition, _ tenant: TenantID, _ slug: String, _ index: Int, _ departure: ICAOLocation,
        _ arrival: ICAOLocation, points: Int, now: Timestamp
    ) async throws -> Pilot {
        let profile = try await parts.administration.createUser(
            tenant, role: .pilot, ident: "BNC\(index + 1)", name: "Pilot \(index + 1)",
            email: "p\(index + 1)@\(slug).example", passwordHash: nil)
        let (_, schedule) = try await parts.administration.publish(
            tenant, airline: "BNC", flightNumber: "\(index + 1)", departure: departure, arrival: arrival
        ) { id, number in
            ScheduleDetails(
                id: id, number: number, airline: "BNC", flightNumber: "\(index + 1)", departure: departure,
                arrival: arrival, route: "", level: 350, distance: NauticalMiles(188), departureTime: nil,
                arrivalTime: nil, flightTime: Minutes(75))
        }
        guard let airline = try await parts.directory.tenant(tenant) else { throw SettingsError("no tenant") }
        let booking = try await parts.bookings.book(
            airline, user: profile.id, schedule: "\(schedule.number)", aircraft: 1, repeatIsSame: false)
        let token = parts.tokens.makeSessionToken(subject: profile.number, expires: now + .hours(24))
        try await parts.accounts.open(tenant, profile.id, kind: "smartcars", token: token, expires: now + .hours(24))
        if points > 0 {
            let flight = try await parts.flights.open(
                tenant, pilot: .init(id: profile.id, ident: profile.ident, name: profile.name), adapter: "smartcars3",
                booking: booking.number, aircraft: 1, network: nil, receivedAt: now)
            // Flights of one length on lines of their own, hours apart from each other: no two are the same flight.
            let start = now - .hours(2) - .minutes(Double(index))
            let samples = (0..<points).compactMap { step -> PositionSample? in
                guard
                    let position = Position(
                        latitude: 40 + Double(index % 200) * 0.05 + Double(step) * 0.002, longitude: Double(index % 90))
                else { return nil }
                let time = start + .seconds(Double(step))
                var sample = PositionSample(eventTime: time, receivedAt: now, position: position)
                sample.clientTime = time
                sample.altitudeMSL = Feet(20_000)
                sample.groundSpeed = Knots(430)
                return sample
            }
            try await parts.flights.record(tenant, flight, samples)
        }
        return Pilot(token: token, booking: booking.number)
    }
}
