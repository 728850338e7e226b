import Domain
import EventSchema
import Foundation
import Logging
import StoreSQLite
import Synchronization
import Testing

@testable import Application

/// The store of a test with one event that reads as garbage (or, damaged, not at all) until it is mended.
private final class Poisoned: EventAppender, EventReader, Sendable {
    enum Fault { case garbage, damaged, missing }
    let store: SQLiteStore
    private let state: Mutex<(stream: StreamName, version: Int64, fault: Fault)?>

    init(_ store: SQLiteStore, _ stream: StreamName, version: Int64, _ fault: Fault) {
        self.store = store
        state = Mutex((stream, version, fault))
    }
    func mend() { state.withLock { $0 = nil } }

    private func poison(_ page: [EventEnvelope]) throws(EventStoreError) -> [EventEnvelope] {
        guard let poison = state.withLock({ $0 }) else { return page }
        var result: [EventEnvelope] = []
        for envelope in page {
            guard envelope.stream == poison.stream, envelope.version == poison.version else {
                result.append(envelope)
                continue
            }
            switch poison.fault {
            case .missing: continue
            case .damaged: throw .corrupted(position: envelope.position)
            case .garbage:
                result.append(
                    EventEnvelope(
                        position: envelope.position, stream: envelope.stream, version: envelope.version,
                        id: envelope.id,
                        event: EncodedEvent(type: envelope.event.type, schema: 1, payload: [0xFF, 0xFF]),
                        correlation: envelope.correlation, causation: nil, recordedAt: envelope.recordedAt))
            }
        }
        return result
    }
    func submit(_ request: AppendRequest, completion: @escaping @Sendable (Result<Int64, EventStoreError>) -> Void) {
        store.submit(request, completion: completion)
    }
    func readStream(
        _ stream: StreamName, after version: Int64, limit: Int
    ) async throws(EventStoreError) -> [EventEnvelope] {
        try poison(try await store.readStream(stream, after: version, limit: limit))
    }
    func readAll(after position: Int64, limit: Int) async throws(EventStoreError) -> [EventEnvelope] {
        try poison(try await store.readAll(after: position, limit: limit))
    }
    func head() async throws(EventStoreError) -> Int64 { try await store.head() }
    func commits() -> AsyncStream<Void> { store.commits() }
}

@Suite struct ProjectorTests {
    private func sample(_ minute: Int) -> PositionSample {
        let time = World.now() + .minutes(Double(minute - 60))
        return PositionSample(
            eventTime: time, receivedAt: time, position: Position(latitude: 48 - Double(minute) / 10, longitude: 2)!)
    }

    /// One projector of its own runs while `body` does; ends before this returns.
    private func projecting(
        _ store: any EventStore, _ world: World, _ body: (LogTail) async throws -> Void
    ) async throws {
        let tail = LogTail()
        let projector = Projector(
            .keepsModel, store: store, models: world.store, directory: world.directory,
            board: LiveBoard(now: World.now), tail: tail, logger: Logger(label: "test"))
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await projector.run() }
            try await body(tail)
            group.cancelAll()
        }
    }

    private func until(_ what: String, _ holds: () async throws -> Bool) async throws {
        for _ in 0..<1500 {
            if try await holds() { return }
            try await Task.sleep(for: .milliseconds(10))
        }
        Issue.record("waited 15 s for: \(what)")
    }

    @Test(arguments: ["garbage", "damaged", "missing"])
    func leavesAFaultyFlightAsideAndTakesItUpOnceItIsMended(_ fault: String) async throws {
        let world = try await World.make()
        var ids: [FlightID] = []
        for number in 1...20 {
            let id = try await world.openFlight(try await world.pilot(number))
            ids.append(id)
            for minute in 1...3 { try await world.flights.record(world.id, id, [sample(minute)]) }
            // Gives the only schedule free for the next pilot.
            try await world.flights.cancel(world.id, id, at: World.now())
            for booking in try await world.directory.bookings(
                world.id,
                of: try #require(
                    try await world.directory.flight(world.id, id)
                ).opening.user)
            {
                try await world.bookings.cancel(
                    world.id, user: booking.user, number: booking.number)
            }
        }
        let bad = ids[7]
        let kind: Poisoned.Fault = fault == "garbage" ? .garbage : fault == "damaged" ? .damaged : .missing
        let store = Poisoned(world.store, StreamName(world.id, .flight, bad.uuid), version: 3, kind)
        let head = try await store.head()
        try await projecting(store, world) { tail in
            // Version 4 shows that version 3 is missing.
            try await until("the log's end") { tail.position == head && tail.parked == 1 }
            for id in ids where id != bad {
                try await until("the other flights") { try await world.queries.flight(world.id, id)?.positions == 3 }
            }
            try await until("the parking is written") { try await world.maintenance.parked(world.id).count == 1 }
            let parked = try await world.maintenance.parked(world.id)
            #expect(parked.first?.flight == "\(bad)")
            #expect(try await world.queries.flight(world.id, bad)?.positions != 3)
            store.mend()
            try await world.maintenance.takeUp(world.id, bad)
            #expect(try await world.maintenance.parked(world.id).isEmpty)
            #expect(try await world.queries.flight(world.id, bad)?.positions == 3)
        }
        await world.close()
    }

    @Test func eventsThatComeTwiceOrLateToTheReadModelChangeNothing() async throws {
        let world = try await World.make()
        let id = try await world.openFlight(try await world.pilot(1))
        for minute in 1...5 { try await world.flights.record(world.id, id, [sample(minute)]) }
        let events = try await world.store.readAll(after: 0, limit: 1000)
        let head = try await world.store.head()
        let start = ProjectionProgress(generation: 1, positions: [Int64](repeating: 0, count: Partitions.count))
        var projection = FlightProjection(models: world.store, store: world.store, progress: start, mode: .writes)
        _ = try await projection.apply(events, through: head)
        try await projection.flush()
        let once = try await world.store.readModelDigest(FlightProjection.name, generation: 1)
        // As a follower that begins early, and as a consumer that missed the middle.
        var follower = FlightProjection(models: world.store, store: world.store, progress: start, mode: .follows)
        let changes = try await follower.apply(events, through: head)
        #expect(changes.isEmpty)
        var gappy = FlightProjection(
            models: world.store, store: world.store,
            progress: ProjectionProgress(generation: 2, positions: start.positions), mode: .rebuilds)
        let flight = events.filter { $0.stream.category == .flight }
        _ = try await gappy.apply(Array(flight.prefix(2)) + Array(flight.suffix(1)), through: head)
        try await gappy.flush()
        try await world.store.activate(FlightProjection.name, generation: 2)
        #expect(
            try await world.store.readModelDigest(FlightProjection.name, generation: 2).map { $0.suffix(2000) }
                == once.map { $0.suffix(2000) })
        await world.close()
    }
}
