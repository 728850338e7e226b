import Application
import Domain
import EventSchema
import Foundation
import Testing
import Validation

@testable import Application

@Suite struct CommandTests {
    @Test func hundredBiddersOnOneSlotHaveOneWinner() async throws {
        let world = try await World.make()
        defer { Task { await world.close() } }
        let pilots = try await (1...20).asyncMap { try await world.pilot($0) }
        let outcomes = await withTaskGroup(of: Bool.self) { group in
            for index in 0..<100 {
                let pilot = pilots[index % pilots.count]
                group.addTask {
                    (try? await world.bookings.book(
                        world.tenant, user: pilot.id, schedule: "\(world.schedule.number)", aircraft: nil,
                        repeatIsSame: false)) != nil
                }
            }
            return await group.reduce(into: [Bool]()) { $0.append($1) }
        }
        #expect(outcomes.filter { $0 }.count == 1)
        var booked = 0
        for pilot in pilots { booked += try await world.directory.bookings(world.id, of: pilot.id).count }
        #expect(booked == 1)
    }

    @Test func positionsSentTogetherAreEachStoredOnce() async throws {
        let world = try await World.make()
        defer { Task { await world.close() } }
        let flight = try await world.openFlight(try await world.pilot(1))
        let samples = Array(try recordedSamples().prefix(400))
        // Each sent twice, all at once and in disorder.
        try await withThrowingTaskGroup(of: Void.self) { group in
            for sample in (samples + samples).shuffled() {
                group.addTask { try await world.flights.record(world.id, flight, [sample]) }
            }
            try await group.waitForAll()
        }
        let stored = try await world.flights.samples(world.id, flight)
        #expect(stored.count == samples.count)
        #expect(Set(stored.map(\.eventTime)) == Set(samples.map(\.eventTime)))
    }

    /// A store that is closed, or away, refuses within the call that queues.
    @Test func aRefusalAtOnceIsAnAnswer() async throws {
        let world = try await World.make()
        let flight = try await world.openFlight(try await world.pilot(1))
        let samples = Array(try recordedSamples().prefix(2))
        try await world.flights.record(world.id, flight, [samples[0]])
        await world.close()
        await #expect(throws: EventStoreError.unavailable("the store is closed")) {
            try await world.flights.record(world.id, flight, [samples[1]])
        }
    }

    @Test func aProtocolWithoutTimeKeepsEveryDifferentFrame() async throws {
        let world = try await World.make()
        defer { Task { await world.close() } }
        let flight = try await world.openFlight(try await world.pilot(1))
        let start = World.now()
        for index in 0..<60 {
            var sample = PositionSample(
                eventTime: start, receivedAt: start + Milliseconds(Int64(index) * 200),
                position: Position(latitude: 49 + Double(index) * 0.0001, longitude: 2.5)!)
            sample.groundSpeed = Knots(140)
            try await world.flights.record(world.id, flight, [sample])
            // The same frame again, as a client that lost the answer sends it.
            sample.receivedAt = sample.receivedAt + Milliseconds(90)
            try await world.flights.record(world.id, flight, [sample])
        }
        #expect(try await world.flights.samples(world.id, flight).count == 60)
    }

    @Test func aReportFiledAtOnceManyTimesIsOneReport() async throws {
        let world = try await World.make()
        defer { Task { await world.close() } }
        let pilot = try await world.pilot(1)
        let flight = try await world.openFlight(pilot)
        try await world.flights.record(world.id, flight, [try recordedSamples()[0]])
        var content = FiledReport.Content(route: "DIRECT", log: ["one", "two"])
        content.landingRate = FeetPerMinute(-180)
        let filed = content
        let numbers = try await withThrowingTaskGroup(of: Int.self) { group in
            for _ in 0..<100 {
                group.addTask {
                    try await world.file(flight, filed, flightTimeHours: 1.25, fuelUsedAsSent: 1)
                }
            }
            return try await group.reduce(into: Set<Int>()) { $0.insert($1) }
        }
        #expect(numbers.count == 1)
        #expect(try await world.directory.reports(world.id, of: pilot.id).count == 1)
        #expect(try await world.directory.bookings(world.id, of: pilot.id).isEmpty)
        content.landingRate = FeetPerMinute(-20)
        let other = content
        await #expect(throws: FlightRefusal.alreadyFiled) {
            _ = try await world.file(flight, other, flightTimeHours: 1.25, fuelUsedAsSent: 1)
        }
    }

    @Test func anotherTenantsIdsAreUnknown() async throws {
        let world = try await World.make()
        defer { Task { await world.close() } }
        let pilot = try await world.pilot(1)
        let flight = try await world.openFlight(pilot)
        let other = try await world.administration.createTenant(slug: "other", name: "Other", icao: "OTH", iata: nil)
        #expect(try await world.directory.flight(other, flight) == nil)
        #expect(try await world.directory.user(other, pilot.id) == nil)
        #expect(try await world.directory.flight(other, booking: 1, adapter: "smartcars3") == nil)
        await #expect(throws: FlightRefusal.unknown) {
            try await world.flights.record(other, flight, [try recordedSamples()[0]])
        }
    }

    @Test func lookupsEqualAReplayAfterAMixedHistory() async throws {
        let world = try await World.make()
        defer { Task { await world.close() } }
        let pilot = try await world.pilot(1)
        let flight = try await world.openFlight(pilot)
        try await world.flights.record(world.id, flight, Array(try recordedSamples().prefix(50)))
        try await world.flights.cancel(world.id, flight, at: World.now())
        let booking = try await world.directory.bookings(world.id, of: pilot.id)[0]
        try await world.bookings.cancel(world.id, user: pilot.id, number: booking.number)
        _ = try await world.bookings.charter(
            world.tenant, user: pilot.id,
            .init(
                callsign: "927", departure: "LFPG", arrival: "LFBO", route: [""], aircraft: 1, level: 350,
                isCargo: false, departureTime: "10:00", arrivalTime: "11:00"))
        #expect(try await world.maintenance.compareWithReplay { _, _ in } == [])
    }
}

extension Sequence {
    func asyncMap<Value>(_ transform: (Element) async throws -> Value) async rethrows -> [Value] {
        var values: [Value] = []
        for element in self { values.append(try await transform(element)) }
        return values
    }
}
