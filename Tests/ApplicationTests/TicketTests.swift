import Application
import Domain
import Foundation
import Secrets
import Synchronization
import StoreSQLite
import TestSupport
import Testing

@Suite struct TicketTests {
    private func accounts(_ world: World, _ clock: ManualClock) -> Accounts {
        Accounts(
            directory: world.directory, sessions: world.store, passwords: PasswordHasher(),
            tokens: KeyedHash(ServerSecret.temporary()), loginsPerMinute: 0, now: clock.read)
    }
    private func principal(_ world: World) async throws -> Principal {
        let pilot = try await world.pilot(1)
        let profile = try #require(try await world.directory.user(world.id, pilot.id)?.profile)
        return Principal(tenant: world.id, profile: profile)
    }

    @Test func opensOneSocketAndNoMore() async throws {
        let world = try await World.make()
        let accounts = accounts(world, ManualClock())
        let principal = try await principal(world)
        let ticket = try await accounts.makeTicket(principal)
        let opened = try await withThrowingTaskGroup(of: Principal?.self, returning: [Principal].self) { group in
            for _ in 0..<20 { group.addTask { try await accounts.takeTicket(world.id, ticket) } }
            var found: [Principal] = []
            for try await next in group { if let next { found.append(next) } }
            return found
        }
        #expect(opened == [principal])
        #expect(try await accounts.takeTicket(world.id, "made up") == nil)
        await world.close()
    }
    @Test func isWorthNothingInAnotherTenantOrTooLate() async throws {
        let world = try await World.make()
        let clock = ManualClock()
        let accounts = accounts(world, clock)
        let ticket = try await accounts.makeTicket(try await principal(world))
        let other = try await world.administration.createTenant(slug: "other", name: "Other", icao: "OTH", iata: nil)
        #expect(try await accounts.takeTicket(other, ticket) == nil)
        clock.advance(by: Accounts.ticketLifetime + .seconds(1))
        #expect(try await accounts.takeTicket(world.id, ticket) == nil)
        await world.close()
    }
}
