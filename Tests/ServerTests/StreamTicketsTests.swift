import Application
import Domain
import Testing

@testable import Server

@Suite struct StreamTicketsTests {
    let start = Timestamp(milliseconds: 1_767_323_045_000)
    let tenant = TenantID.make(at: Timestamp(milliseconds: 1))
    var principal: Principal {
        Principal(
            tenant: tenant,
            profile: UserProfile(
                id: .make(at: start), number: 1, ident: "VMS0001", name: "Ada", email: "a@b", role: .pilot, rank: "",
                isConfirmed: true))
    }

    @Test func opensOnce() {
        let tickets = StreamTickets()
        #expect(tickets.add("t", for: principal, at: start))
        #expect(tickets.take("t", of: tenant, at: start)?.ident == "VMS0001")
        #expect(tickets.take("t", of: tenant, at: start) == nil)
    }

    @Test func expires() {
        let tickets = StreamTickets()
        #expect(tickets.add("t", for: principal, at: start))
        #expect(tickets.take("t", of: tenant, at: start + .seconds(30)) == nil)
    }

    @Test func opensNothingOfAnotherTenantAndIsSpentThere() {
        let tickets = StreamTickets()
        #expect(tickets.add("t", for: principal, at: start))
        #expect(tickets.take("t", of: .make(at: start), at: start) == nil)
        #expect(tickets.take("t", of: tenant, at: start) == nil)
    }
}
