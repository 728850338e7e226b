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
        /// Session token, or the key of a tracker that has none.
        let token: String
        let booking: Int
        let flightNumber: Int
        /// As it is printed: `BNC0001`.
        let code: String
        /// What the server calls the pilot's flight, where trackers are told.
        var flight = ""
    }
    let tenant: TenantID
    let pilots: [Pilot]

    /// - Parameters:
    ///   - points: Positions already stored of each flight, one a second, along a line of its own.
    ///   - key: The pilots get a key of this kind in place of a session.
    static func make(
        _ parts: Composition, slug: String, pilots count: Int, points: Int, key: ApiKeyDetails.Kind? = nil
    ) async throws -> BenchWorld {
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
                    try await pilot(parts, tenant, slug, index, departure, arrival, points: points, key: key, now: now)
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
        _ arrival: ICAOLocation, points: Int, key kind: ApiKeyDetails.Kind?, now: Timestamp
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
        let token: String
        if let kind {
            token = parts.tokens.makeToken()
            try await parts.administration.createApiKey(
                tenant,
                ApiKeyDetails(
                    id: .make(at: now), user: profile.id, kind: kind,
                    hash: Hex.lowerCase(parts.tokens.digest(of: token)), prefix: String(token.prefix(8))))
        } else {
            token = parts.tokens.makeSessionToken(subject: profile.number, expires: now + .hours(24))
            try await parts.accounts.open(
                tenant, profile.id, kind: "smartcars", token: token, expires: now + .hours(24))
        }
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
        let digits = String(profile.number)
        return Pilot(
            token: token, booking: booking.number, flightNumber: index + 1,
            code: "BNC" + String(repeating: "0", count: max(0, 4 - digits.count)) + digits)
    }
}
