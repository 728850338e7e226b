import Application
import Domain
import StoreSQLite
import Testing
import Validation

/// Two processes on one store, of which one remembers what the other has changed meanwhile.
@Suite struct StaleStateTests {
    @Test func doesNotRefuseByWhatItRemembers() async throws {
        let world = try await World.make()
        let id = try await world.openFlight(try await world.pilot(1))
        // Never told of commits: its memory is as stale as memory gets.
        let other = CommandExecutor(store: world.store, now: World.now)
        let unknown = FlightID.make(at: World.now())
        await #expect(throws: (any Error).self) {
            try await other.transact(world.id) { try $0.perform(Flight.self, unknown.uuid, .cancel(at: World.now())) }
        }
        try await world.executor.transact(world.id) { transaction in
            let opening = try #require(try transaction.state(Flight.self, id.uuid).opening)
            try transaction.perform(Flight.self, unknown.uuid, .open(opening))
        }
        // Refused from memory before the flight was opened elsewhere; right now.
        try await other.transact(world.id) { try $0.perform(Flight.self, unknown.uuid, .cancel(at: World.now())) }
        #expect(try await world.executor.read(Flight.self, world.id, unknown.uuid).state.state == .cancelled)
        await world.close()
    }
}
