import Application
import Domain
import EventSchema
import Foundation
import Logging
import StoreSQLite
import Validation

/// An airline on a database of its own, with the parts that a process puts together.
struct World {
    let folder: String
    let store: SQLiteStore
    let executor: CommandExecutor
    let directory: Directory
    let administration: Administration
    let bookings: Bookings
    let flights: Flights
    let queries: FlightQueries
    let maintenance: Maintenance
    let airports: WorldAirports
    let tenant: Tenant
    let id: TenantID
    let schedule: ScheduleDetails

    static let now: @Sendable () -> Timestamp = { Timestamp(milliseconds: Int64(Date().timeIntervalSince1970 * 1000)) }

    static let airports = WorldAirports(
        tabSeparated: """
            LFPG\tCDG\tParis Charles de Gaulle\tFR\t49.012798\t2.55\t392
            LFBO\tTLS\tToulouse Blagnac\tFR\t43.629101\t1.36382\t499
            """, version: "test")

    static func make(_ folder: String? = nil) async throws -> World {
        let path = folder ?? NSTemporaryDirectory() + "albatross-application-\(UUID().uuidString)"
        let store = try SQLiteStore.open(directory: path, now: now)
        let executor = CommandExecutor(store: store, now: now)
        let directory = Directory(store: store)
        let administration = Administration(executor: executor, store: store)
        let id = try await administration.createTenant(slug: "demo", name: "Demo", icao: "DEM", iata: nil)
        _ = try await administration.register(
            id, .init(registration: "F-GHQA", type: "A320", name: "Airbus A320", subfleet: "A320"))
        let (_, schedule) = try await administration.publish(
            id, airline: "DEM", flightNumber: "34", departure: ICAOLocation("LFPG")!, arrival: ICAOLocation("LFBO")!
        ) { id, number in
            ScheduleDetails(
                id: id, number: number, airline: "DEM", flightNumber: "34", departure: ICAOLocation("LFPG")!,
                arrival: ICAOLocation("LFBO")!, route: "", level: 350, distance: NauticalMiles(325),
                departureTime: "06:45", arrivalTime: "08:05", flightTime: Minutes(80), aircraft: [1])
        }
        return World(
            folder: path, store: store, executor: executor, directory: directory, administration: administration,
            bookings: Bookings(executor: executor, store: store, airports: airports),
            flights: Flights(executor: executor, store: store) { _ in Ruleset.balanced.reference },
            queries: FlightQueries(store: store, models: store), maintenance: Maintenance(store: store, models: store),
            airports: airports, tenant: try await directory.tenant(id)!, id: id, schedule: schedule)
    }

    func close() async {
        await store.close()
        try? FileManager.default.removeItem(atPath: folder)
    }

    func pilot(_ number: Int) async throws -> Flights.Pilot {
        let profile = try await administration.createUser(
            id, role: .pilot, ident: "DEM\(number)", name: "Pilot \(number)", email: "p\(number)@demo.example",
            passwordHash: nil)
        return Flights.Pilot(id: profile.id, ident: profile.ident, name: profile.name)
    }

    /// A pilot's open flight on the schedule; other bookings of it are closed or cancelled before.
    func openFlight(_ pilot: Flights.Pilot) async throws -> FlightID {
        let booking = try await bookings.book(
            tenant, user: pilot.id, schedule: "\(schedule.number)", aircraft: 1, repeatIsSame: false)
        return try await flights.open(
            id, pilot: pilot, adapter: "smartcars3", booking: booking.number, aircraft: 1, network: nil,
            receivedAt: Self.now())
    }
}

extension World {
    /// Files a report as smartCARS 3 does.
    /// - Returns: The report's number.
    func file(
        _ flight: FlightID, _ content: FiledReport.Content, flightTimeHours: Double, fuelUsedAsSent: Double
    ) async throws -> Int {
        var filing = Flights.Filing(content: content, at: Self.now())
        filing.flightTimeHours = flightTimeHours
        filing.fuelUsedAsSent = fuelUsedAsSent
        try await flights.file(id, flight, filing)
        return try await flights.report(id, flight)?.number ?? 0
    }
}

/// The recording of AFR34ZG as a tracker with client times sends it: MSL altitude, no ground flag.
func recordedSamples() throws -> [PositionSample] {
    let path = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
        .appending(path: "../../Fixtures/flights/full-flight-surface-2024-07-06.csv").path
    let received = World.now()
    return try String(contentsOfFile: path, encoding: .utf8).split(separator: "\n").dropFirst().compactMap { line in
        let fields = line.split(separator: ",", omittingEmptySubsequences: false)
        guard fields.count >= 8, let time = Timestamp(iso8601: fields[0]), let latitude = Double(fields[1]),
            let longitude = Double(fields[2]), let position = Position(latitude: latitude, longitude: longitude)
        else { return nil }
        var sample = PositionSample(eventTime: time, receivedAt: received, position: position)
        sample.clientTime = time
        sample.groundSpeed = Double(fields[4]).map { Knots($0) }
        sample.heading = Double(fields[5]).map { Degrees($0) }
        let onGround = fields[7] == "1"
        sample.onGround = onGround
        sample.altitudeMSL = onGround ? Feet(latitude > 46 ? 392 : 499) : Double(fields[3]).map { Feet($0) }
        return sample
    }
}
