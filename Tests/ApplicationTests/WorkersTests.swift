import Domain
import Foundation
import Logging
import Synchronization
import StoreSQLite
import TestSupport
import Testing

@testable import Application

/// Projection workers on a bus against a replay of the log.
@Suite struct WorkersTests {
    private let logger = Logger(label: "test")

    /// An airline with 12 flights, 8 positions each, taking turns, a third of them cancelled at the end.
    private func flown() async throws -> World {
        let world = try await World.make()
        var ids: [FlightID] = []
        for number in 1...12 {
            let pilot = try await world.pilot(number)
            let id = try await world.openFlight(pilot)
            ids.append(id)
            for booking in try await world.directory.bookings(world.id, of: pilot.id) {
                try await world.bookings.cancel(world.id, user: pilot.id, number: booking.number)
            }
        }
        let now = World.now()
        for step in 0..<8 {
            for id in ids {
                let time = now - .minutes(Double(20 - step))
                let sample = PositionSample(
                    eventTime: time, receivedAt: time,
                    position: Position(latitude: 48 - Double(step) / 10, longitude: 2)!)
                try await world.flights.record(world.id, id, [sample])
            }
        }
        for id in ids.prefix(4) { try await world.flights.cancel(world.id, id, at: now) }
        return world
    }

    private func workers(_ world: World, _ bus: MemoryBus) -> ProjectionWorkers {
        ProjectionWorkers(
            store: world.store, models: world.store, directory: world.directory, subscriber: bus, logger: logger,
            committed: { _ in })
    }
    private func relay(_ world: World, _ bus: MemoryBus) -> Relay {
        Relay(store: world.store, models: world.store, publisher: bus, logger: logger)
    }

    /// Documents of the read model without their checkpoints; indexes and all.
    private func model(_ world: World) async throws -> [String] {
        try await world.store.readModelDigest(
            FlightProjection.name, generation: try await world.store.progress(FlightProjection.name).generation
        ).filter { !$0.contains(" parked ") }
    }

    /// Waits until the read model holds the whole log, then compares it with one that a rebuild makes.
    private func equalsReplay(_ world: World, sourceLocation: SourceLocation = #_sourceLocation) async throws {
        let head = try await world.store.head()
        for _ in 0..<2000 {
            let progress = try await world.store.progress(FlightProjection.name)
            if try await Relay.reached(progress, world.store) >= head { break }
            try await Task.sleep(for: .milliseconds(10))
        }
        let live = try await model(world)
        try await world.maintenance.rebuild(FlightProjection.name) { _, _ in }
        let rebuilt = try await model(world)
        // A line names its generation.
        func strip(_ lines: [String]) -> [String] {
            lines.map { $0.split(separator: " ").filter { Int($0) == nil || $0.count > 2 }.joined(separator: " ") }
                .sorted()
        }
        #expect(strip(live) == strip(rebuilt), sourceLocation: sourceLocation)
        #expect(live.count >= 12 * 2, sourceLocation: sourceLocation)
    }

    @Test func whatIsRelayedIsProjectedOnceAndInOrder() async throws {
        let world = try await flown()
        let bus = MemoryBus(groups: [ProjectionWorkers.group], batchLimit: 7)
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { await relay(world, bus).run() }
            group.addTask { try await workers(world, bus).run() }
            try await equalsReplay(world)
            group.cancelAll()
        }
        await world.close()
    }

    @Test func aPurgedQueueAndRepeatsAndDisorderChangeNothing() async throws {
        let world = try await flown()
        let bus = MemoryBus(groups: [ProjectionWorkers.group], batchLimit: 5)
        var lasts = [Int64](repeating: 0, count: Partitions.count)
        let events = try await world.store.readAll(after: 0, limit: 10_000).map { envelope in
            let partition = Partitions.partition(of: envelope.stream)
            defer { lasts[partition] = envelope.position }
            return BusEvent(envelope: envelope, previous: lasts[partition])
        }
        // Half of it is lost, some comes twice, some much too late.
        for (index, event) in events.enumerated() where index % 2 == 0 || index > events.count - 40 {
            bus.deliver([event], to: ProjectionWorkers.group)
            if index % 6 == 0 { bus.deliver([event], to: ProjectionWorkers.group) }
        }
        for event in events.prefix(30) { bus.deliver([event], to: ProjectionWorkers.group) }
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await workers(world, bus).run() }
            // The relay brings the rest once more.
            group.addTask { await relay(world, bus).run() }
            try await equalsReplay(world)
            group.cancelAll()
        }
        await world.close()
    }

    @Test func anotherWorkerGoesOnWhereTheFirstWasCutOff() async throws {
        let world = try await flown()
        let bus = MemoryBus(groups: [ProjectionWorkers.group], batchLimit: 3)
        let relaying = Task { await relay(world, bus).run() }
        for _ in 0..<6 {
            let first = Task { try await workers(world, bus).run() }
            try await Task.sleep(for: .milliseconds(15))
            first.cancel()
            // Not waited for: the next one begins while this one may still be at work.
        }
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await workers(world, bus).run() }
            try await equalsReplay(world)
            group.cancelAll()
        }
        relaying.cancel()
        await relaying.value
        await world.close()
    }

    @Test func relayGoesOnWhenTheBusComesBack() async throws {
        let world = try await flown()
        let bus = MemoryBus(groups: [ProjectionWorkers.group])
        bus.fail(with: EventBusError("down"))
        let relay = relay(world, bus)
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { await relay.run() }
            group.addTask { try await workers(world, bus).run() }
            try await Task.sleep(for: .milliseconds(200))
            #expect(try await relay.backlog() > 0)
            bus.fail(with: nil)
            try await equalsReplay(world)
            #expect(try await relay.backlog() == 0)
            group.cancelAll()
        }
        await world.close()
    }

    @Test func oneProcessAtATimeHoldsALease() async throws {
        let world = try await World.make()
        let running = Shared(0)
        let most = Shared(0)
        func holder() -> Leased {
            Leased("work", leases: world.store, logger: logger) {
                running.add(1)
                most.raise(to: running.value)
                defer { running.add(-1) }
                try await Task.sleep(for: .seconds(3600))
            }
        }
        let first = Task { try await holder().run() }
        while running.value == 0 { try await Task.sleep(for: .milliseconds(5)) }
        let second = Task { try await holder().run() }
        try await Task.sleep(for: .milliseconds(300))
        #expect(running.value == 1)
        first.cancel()
        _ = try await first.value
        while running.value == 0 { try await Task.sleep(for: .milliseconds(5)) }
        second.cancel()
        _ = try await second.value
        #expect(most.value == 1)
        await world.close()
    }
}

private final class Shared: Sendable {
    private let count: Mutex<Int>
    init(_ value: Int) { count = Mutex(value) }
    var value: Int { count.withLock { $0 } }
    func add(_ amount: Int) { count.withLock { $0 += amount } }
    func raise(to other: Int) { count.withLock { $0 = max($0, other) } }
}
