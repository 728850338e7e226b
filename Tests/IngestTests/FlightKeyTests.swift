import Application
import Domain
import Foundation
import Protocols
import Testing

/// Decisions B3 and F2, each row raced on two gateways over one store.
@Suite struct FlightKeyTests {
    /// Runs requests at once, alternating between the gateways.
    private func race(
        _ world: TestWorld, _ count: Int = 12,
        _ request: @escaping @Sendable (Int) -> TrackerRequest
    ) async throws -> [TrackerReply] {
        try await withThrowingTaskGroup(of: TrackerReply.self) { group in
            for index in 0..<count {
                group.addTask { try await world.ask(request(index), node: index % world.nodes.count) }
            }
            return try await group.reduce(into: []) { $0.append($1) }
        }
    }

    @Test func aBookingHasOneFlight() async throws {
        let world = try await TestWorld.make(nodes: 2)
        let replies = try await race(world) { .progress(FlightKey(booking: 1), world.progress($0)) }
        #expect(Set(try replies.map { try world.flight(of: $0).id }).count == 1)
        let flights = try await world.flights()
        #expect(flights.count == 1 && flights[0].positionCount == 12)
        await world.close()
    }

    @Test func aKeyOfTheClientHasOneFlight() async throws {
        let world = try await TestWorld.make(nodes: 2)
        let replies = try await race(world) { .progress(FlightKey(client: "4f3a", legs: .boston), world.progress($0)) }
        #expect(Set(try replies.map { try world.flight(of: $0).id }).count == 1)
        #expect(try await world.flights().map(\.positionCount) == [12])
        // Another pilot's same key is another flight.
        let other = try await world.ask(.progress(FlightKey(client: "4f3a"), world.progress()), pilot: 2)
        #expect(try world.flight(of: other).opening.user == world.pilots[1].id)
        await world.close()
    }

    @Test func numberAndAirportsAreOneFlight() async throws {
        let world = try await TestWorld.make(nodes: 2)
        let replies = try await race(world) { .progress(FlightKey(legs: .boston), world.progress($0)) }
        #expect(Set(try replies.map { try world.flight(of: $0).id }).count == 1)
        let flights = try await world.flights()
        #expect(flights.count == 1 && flights[0].positionCount == 12)
        #expect(flights[0].opening.booking?.number == 1 && flights[0].opening.aircraft?.registration == "N845MJ")
        await world.close()
    }

    /// Two numbers at once, again and again: at every moment one flight is open, none is lost and none is there twice.
    @Test func anotherNumberTakesThePlaceOfTheOpenFlight() async throws {
        let world = try await TestWorld.make(nodes: 2)
        let first = try world.flight(of: try await world.ask(.progress(FlightKey(legs: .boston), world.progress())))
        let second = try world.flight(
            of: try await world.ask(.progress(FlightKey(legs: .laGuardia), world.progress(1)), node: 1))
        #expect(first.id != second.id)
        #expect(try await world.flights(states: [.open]).map(\.id) == [second.id])
        #expect(try await world.flights(states: [.abandoned]).map(\.id) == [first.id])
        for round in 0..<5 {
            _ = try await race(world, 24) {
                .progress(FlightKey(legs: $0 % 2 == 0 ? .boston : .laGuardia), world.progress(round * 24 + $0 + 2))
            }
            let open = try await world.flights(states: [.open])
            #expect(open.count == 1, "round \(round): \(open.map { ($0.id, $0.positionCount) })")
        }
        // What was sent is somewhere, once.
        #expect(try await world.flights().reduce(0) { $0 + $1.positionCount } == 2 + 5 * 24)
        await world.close()
    }

    @Test func aBeginningReplacesTheOpenFlightAndARepeatDoesNot() async throws {
        let world = try await TestWorld.make(nodes: 2)
        var start = FlightStart(world.report().content.details)
        start.replacesOpenFlight = true
        start.givesCode = true
        let begin = start
        let replies = try await race(world) { _ in .begin(begin) }
        let flights = try replies.map { try world.flight(of: $0) }
        #expect(Set(flights.map(\.id)).count == 1 && Set(flights.map(\.code)).count == 1)
        #expect((10...15).contains(flights[0].code.utf8.count) && flights[0].code.allSatisfy(\.isNumber))
        // The code is a key of the flight, for its pilot only.
        _ = try await world.ask(.progress(FlightKey(id: flights[0].code), world.progress(1)))
        await #expect(throws: Refusal.flightOfAnother) {
            try await world.ask(.progress(FlightKey(id: flights[0].code), world.progress(2)), pilot: 2)
        }
        _ = try await world.ask(.progress(FlightKey(id: flights[0].code), world.progress(3)))
        // After positions the same beginning is a new flight, and the old code does not bring the old flight back.
        let again = try world.flight(of: try await world.ask(.begin(begin)))
        await #expect(throws: Refusal.flightUnknown) {
            try await world.ask(.progress(FlightKey(id: flights[0].code), world.progress(4)), node: 1)
        }
        #expect(again.id != flights[0].id && again.code != flights[0].code)
        #expect(try await world.flights(states: [.open]).map(\.id) == [again.id])
        await world.close()
    }

    @Test func aPrefileIsRepeatedWithinTenMinutesOnly() async throws {
        let world = try await TestWorld.make(nodes: 2)
        var details = world.report().content.details
        details.status = "BST"
        details.fields = ["Simulator": "X-Plane 12"]
        var start = FlightStart(details)
        start.reuseWithin = .minutes(10)
        let prefile = start
        let first = Set(try await race(world) { _ in .begin(prefile) }.map { try world.flight(of: $0).id })
        #expect(first.count == 1)
        start.details.fields = ["Gate": "G26"]
        start.details.route = "OTHER"
        start.details.status = "INI"
        let merged = try world.flight(of: try await world.ask(.begin(start), node: 1))
        #expect(first.contains(merged.id))
        #expect(merged.details.fields == ["Simulator": "X-Plane 12", "Gate": "G26"])
        #expect(merged.details.route != "OTHER" && merged.details.status == "INI")
        world.clock.advance(.minutes(10))
        let later = Set(try await race(world) { _ in .begin(prefile) }.map { try world.flight(of: $0).id })
        #expect(later.count == 1 && later.isDisjoint(with: first))
        // phpVMS pilots may have several flights under way; a cancelled one is not given back.
        #expect(try await world.flights(states: [.open]).count == 2)
        let id = try #require(later.first)
        _ = try await world.ask(.cancelFlight(FlightKey(id: "\(id)"), withdraws: true))
        let fresh = try world.flight(of: try await world.ask(.begin(prefile)))
        #expect(!later.contains(fresh.id) && !first.contains(fresh.id))
        await world.close()
    }

    @Test func aReportOfTheOpenFlightEndsIt() async throws {
        let world = try await TestWorld.make(nodes: 2)
        let flight = try world.flight(of: try await world.ask(.progress(FlightKey(legs: .boston), world.progress())))
        let replies = try await race(world) { _ in .file(FlightKey(legs: .boston), world.report()) }
        var repeats = 0
        for case .filed(let filed, let isRepeat) in replies {
            #expect(filed.id == flight.id && filed.state == .filed)
            repeats += isRepeat ? 1 : 0
        }
        #expect(repeats == 11)
        #expect(try await world.node.directory.bookings(world.id, of: world.pilots[0].id).isEmpty)
        #expect(try await world.node.directory.reports(world.id, of: world.pilots[0].id).count == 1)
        await world.close()
    }

    /// FSACARS: positions name number and airports, the report has a key of its own.
    @Test func aReportWithAKeyFindsTheFlightThatPositionsOpened() async throws {
        let world = try await TestWorld.make(nodes: 2)
        let flight = try world.flight(of: try await world.ask(.progress(FlightKey(legs: .boston), world.progress())))
        let replies = try await race(world) { _ in
            .file(FlightKey(client: "2026/11/21|14:05:00", legs: .boston), world.report())
        }
        #expect(Set(try replies.map { try world.flight(of: $0).id }) == [flight.id])
        // Other content under the same key is refused, under another key it is another report.
        await #expect(throws: Refusal.alreadyFiled) {
            try await world.ask(
                .file(FlightKey(client: "2026/11/21|14:05:00", legs: .boston), world.report(fuel: 1)))
        }
        let next = try world.flight(
            of: try await world.ask(.file(FlightKey(client: "2026/11/22|14:05:00", legs: .boston), world.report())))
        #expect(next.id != flight.id)
        await world.close()
    }

    @Test func twoTrackersOnOneBookingAreTwoFlights() async throws {
        let world = try await TestWorld.make()
        let first = try world.flight(of: try await world.ask(.progress(FlightKey(booking: 1), world.progress())))
        let second = try world.flight(
            of: try await world.ask(.progress(FlightKey(booking: 1), world.progress()), adapter: KeyedAdapter.self))
        #expect(first.id != second.id && second.opening.booking?.number == 1)
        _ = try await world.ask(.file(FlightKey(booking: 1), world.report()))
        #expect(try await world.flights().map(\.state) == [.open, .filed])
        await world.close()
    }

    @Test func aReportAloneIsStoredOnceAndAnotherIsMarked() async throws {
        let world = try await TestWorld.make(nodes: 2)
        let replies = try await race(world) { _ in .file(FlightKey(legs: .boston), world.report()) }
        #expect(Set(try replies.map { try world.flight(of: $0).id }).count == 1)
        #expect(try await world.node.directory.reports(world.id, of: world.pilots[0].id).count == 1)
        #expect(try await world.node.directory.bookings(world.id, of: world.pilots[0].id).isEmpty)
        world.clock.advance(.minutes(1))
        let other = try world.flight(
            of: try await world.ask(.file(FlightKey(legs: .boston), world.report(fuel: 4000)), node: 1))
        let first = try world.flight(of: replies[0])
        #expect(other.id != first.id && other.report?.possibleRepeat == first.id)
        #expect(first.report?.possibleRepeat == nil)
        // Six days on the first is still a repeat, a day more and it is a report of its own.
        world.clock.advance(.hours(24 * 6))
        guard case .filed(let sixth, true) = try await world.ask(.file(FlightKey(legs: .boston), world.report())) else {
            Issue.record("no repeat")
            return
        }
        #expect(sixth.id == first.id)
        world.clock.advance(.hours(24))
        let eighth = try await race(world) { _ in .file(FlightKey(legs: .boston), world.report()) }
        #expect(Set(try eighth.map { try world.flight(of: $0).id }).count == 1)
        #expect(try world.flight(of: eighth[0]).id != first.id)
        await world.close()
    }

    @Test func aReportWaitsADayForItsFlight() async throws {
        for (hours, isSame) in [(23.0, true), (25.0, false)] {
            let world = try await TestWorld.make()
            var ending = world.progress(1)
            ending.ends = true
            _ = try await world.ask(.progress(FlightKey(legs: .boston), world.progress()))
            let ended = try world.flight(of: try await world.ask(.progress(FlightKey(legs: .boston), ending)))
            #expect(ended.state == .abandoned)
            world.clock.advance(.hours(hours))
            let filed = try world.flight(of: try await world.ask(.file(FlightKey(legs: .boston), world.report())))
            #expect((filed.id == ended.id) == isSame)
            await world.close()
        }
    }

    @Test func aTrackerThatGoesOnAfterTheEndStaysInItsFlight() async throws {
        let world = try await TestWorld.make()
        var ending = world.progress(1)
        ending.ends = true
        let first = try world.flight(of: try await world.ask(.progress(FlightKey(legs: .boston), world.progress())))
        _ = try await world.ask(.progress(FlightKey(legs: .boston), ending))
        world.clock.advance(.minutes(5))
        let late = try world.flight(of: try await world.ask(.progress(FlightKey(legs: .boston), world.progress(2))))
        #expect(late.id == first.id && late.state == .open)
        _ = try await world.ask(.progress(FlightKey(legs: .boston), ending))
        world.clock.advance(.minutes(31))
        let next = try world.flight(of: try await world.ask(.progress(FlightKey(legs: .boston), world.progress(3))))
        #expect(next.id != first.id)
        await world.close()
    }

    /// Silence never costs a flight: decisions B5.
    @Test func aReportAfterADayOfSilenceFindsItsFlight() async throws {
        let world = try await TestWorld.make()
        let flight = try world.flight(of: try await world.ask(.progress(FlightKey(legs: .boston), world.progress())))
        world.clock.advance(.hours(24))
        let end = world.clock.now
        try await world.node.executor.transact(world.id) { transaction in
            try transaction.perform(Flight.self, flight.id.uuid, .abandon(at: end))
        }
        world.clock.advance(.hours(2))
        let filed = try world.flight(of: try await world.ask(.file(FlightKey(legs: .boston), world.report())))
        #expect(filed.id == flight.id)
        await world.close()
    }

    @Test func nothingAtAllMeansTheFlightUnderWay() async throws {
        let world = try await TestWorld.make()
        let line = FlightLine(.message, "HELLO", receivedAt: world.clock.now)
        await #expect(throws: Refusal.flightUnknown) {
            try await world.ask(.progress(FlightKey(), FlightProgress(lines: [line])))
        }
        let flight = try world.flight(of: try await world.ask(.progress(FlightKey(legs: .boston), world.progress())))
        var progress = FlightProgress(lines: [line])
        progress.wantsFlight = true
        let same = try world.flight(of: try await world.ask(.progress(FlightKey(), progress)))
        #expect(same.id == flight.id)
        // The flight of another adapter is not meant.
        await #expect(throws: Refusal.flightUnknown) {
            try await world.ask(.progress(FlightKey(), FlightProgress(lines: [line])), adapter: KeyedAdapter.self)
        }
        await world.close()
    }

    @Test func idsOfOthersAreOthersOrUnknown() async throws {
        let world = try await TestWorld.make()
        let flight = try world.flight(of: try await world.ask(.progress(FlightKey(legs: .boston), world.progress())))
        for id in ["\(flight.id)", "\(flight.number)"] {
            await #expect(throws: Refusal.flightOfAnother) {
                try await world.ask(.progress(FlightKey(id: id), world.progress(1)), pilot: 2)
            }
        }
        for id in ["DOESNTEXIST", "0", "-1", "999999999999999", "0199a3f2-7c11-7abc-8def-0123456789ab", ""] {
            await #expect(throws: Refusal.flightUnknown) {
                try await world.ask(.progress(FlightKey(id: id), world.progress(1)))
            }
        }
        // A frame that cannot be decoded says no more about another's flight.
        for (pilot, id, refusal) in [(2, "\(flight.id)", Refusal.flightOfAnother), (1, "nope", .flightUnknown)] {
            await #expect(throws: refusal) {
                try await world.send(key: world.keys[pilot - 1]) { _ in
                    var decoded = DecodedFrame(
                        credential: .pilot(.number(pilot), secret: nil),
                        outcome: .failure(DecodeError(.invalidField, message: "x", status: 400)))
                    decoded.subject = FlightKey(id: id)
                    return decoded
                }
            }
        }
        let other = try await world.node.administration.createTenant(
            slug: "other", name: "Other", icao: "VMS", iata: nil)
        let tenant = try #require(try await world.node.directory.tenant(other))
        await #expect(throws: Refusal.flightUnknown) {
            try await world.send(tenant: tenant) { _ in
                DecodedFrame(credential: .none, outcome: .success(.flight(id: "\(flight.id)")))
            }
        }
        await world.close()
    }
}
