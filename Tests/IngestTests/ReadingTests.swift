import Application
import Domain
import Protocols
import Testing

@Suite struct ReadingTests {
    @Test func showsAPilot() async throws {
        let world = try await TestWorld.make { $0.hub = "KLGA" }
        guard case .profile(let before) = try await world.ask(.identify) else { return }
        #expect(before.location?.code == "KLGA" && before.home?.code == "KLGA" && before.bookings.count == 1)
        #expect(before.airline == AirlineReply(number: 1, icao: "VMS", iata: "VM", name: "Virtual Meridian"))
        #expect(before.subfleets.map(\.aircraft.count) == [1] && before.lastReport == nil)
        let filed = try world.flight(of: try await world.ask(.file(FlightKey(legs: .boston), world.report())))
        guard case .profile(let after) = try await world.ask(.profile(1), pilot: 2) else { return }
        #expect(after.location?.code == "KBOS" && after.lastReport == filed.id && after.bookings.isEmpty)
        await #expect(throws: Refusal.pilotUnknown) { try await world.ask(.profile(99)) }
        await world.close()
    }

    @Test func pagesThroughTheTimetable() async throws {
        let world = try await TestWorld.make()
        var query = ScheduleQuery()
        query.limit = 1
        query.countsAll = true
        guard case .schedules(let first) = try await world.ask(.searchSchedules(query)) else { return }
        query.offset = 1
        guard case .schedules(let second) = try await world.ask(.searchSchedules(query)) else { return }
        #expect(first.total == 2 && second.total == 2)
        #expect(Set((first.entries + second.entries).map(\.flightNumber)) == ["1000", "2000"])
        #expect(first.booked.union(second.booked) == [1])
        query = ScheduleQuery()
        query.airline = "VMS"
        query.flightNumber = "1000"
        query.departure = "kjfk"
        query.aircraftName = "ERJ-145"
        guard case .schedules(let exact) = try await world.ask(.searchSchedules(query)) else { return }
        #expect(exact.entries.map(\.flightNumber) == ["1000"])
        query.aircraftName = "Concorde"
        guard case .schedules(let none) = try await world.ask(.searchSchedules(query)) else { return }
        #expect(none.entries.isEmpty)
        await world.close()
    }

    @Test func findsFlightsByNumberAndBids() async throws {
        let world = try await TestWorld.make { $0.airlineCodes = ["VMX"] }
        guard case .schedule(let plan) = try await world.ask(.scheduleNumbered(airline: "VMS", number: "1000")) else {
            return
        }
        #expect(plan.schedule.route == "MERIT ROBUC3" && plan.aircraft?.registration == "N845MJ")
        #expect(plan.departure?.icao.code == "KJFK")
        guard case .schedule = try await world.ask(.scheduleNumbered(airline: nil, number: "1000")) else { return }
        for (airline, number) in [("VMX", "1000"), ("VMS", "9999"), ("VMS", "")] {
            await #expect(throws: Refusal.scheduleUnknown) {
                try await world.ask(.scheduleNumbered(airline: airline, number: number))
            }
        }
        guard case .booking(let next?) = try await world.ask(.nextBooking) else {
            Issue.record("no bid")
            return
        }
        #expect(next.booking?.number == 1)
        guard case .booking(nil) = try await world.ask(.nextBooking, pilot: 2) else {
            Issue.record("a bid of nobody")
            return
        }
        await #expect(throws: Refusal.bookingUnknown) { try await world.ask(.booking(1), pilot: 2) }
        await #expect(throws: Refusal.bookingUnknown) { try await world.ask(.cancelBooking(.schedule("2"))) }
        _ = try await world.ask(.cancelBooking(.schedule("\(plan.schedule.id)")))
        await #expect(throws: Refusal.bookingUnknown) { try await world.ask(.cancelBooking(.number(1))) }
        guard case .airlines(let airlines) = try await world.ask(.airlines) else { return }
        #expect(airlines.map(\.icao) == ["VMS", "VMX"] && airlines.map(\.number) == [1, 2])
        await world.close()
    }

    @Test func bidsAreLimited() async throws {
        let world = try await TestWorld.make { $0.bookingMaximum = 1 }
        await #expect(throws: Refusal.bookingLimit) {
            try await world.ask(.book(schedule: "2", aircraft: nil, repeatIsSame: true))
        }
        guard case .booked(let same) = try await world.ask(.book(schedule: "1", aircraft: nil, repeatIsSame: true))
        else { return }
        #expect(same.booking?.number == 1)
        await world.close()
    }

    @Test func listsWhatIsUnderWay() async throws {
        let world = try await TestWorld.make()
        func running() async throws -> [FlightReply] {
            guard
                case .flights(let found, _) = try await world.send(
                    PlainAdapter.self, { _ in DecodedFrame(credential: .none, outcome: .success(.runningFlights)) })
            else { return [] }
            return found
        }
        var start = FlightStart(world.report().content.details)
        start.reuseWithin = .minutes(10)
        let flight = try world.flight(of: try await world.ask(.begin(start)))
        #expect(try await running().isEmpty)
        _ = try await world.ask(.progress(FlightKey(id: "\(flight.id)"), world.progress(1)))
        let found = try await running()
        #expect(found.map(\.id) == [flight.id] && found[0].latest?.position == world.position(1).sample.position)
        world.clock.advance(.minutes(61))
        #expect(try await running().isEmpty)
        _ = try await world.ask(.progress(FlightKey(id: "\(flight.id)"), world.progress(2)))
        #expect(try await running().count == 1)
        _ = try await world.ask(.file(FlightKey(id: "\(flight.id)"), world.report()))
        #expect(try await running().isEmpty)
        await world.close()
    }

    @Test func pagesThroughOwnFlights() async throws {
        let world = try await TestWorld.make()
        for fuel in 1...5 {
            _ = try await world.ask(.file(FlightKey(legs: .boston), world.report(fuel: Double(fuel))))
        }
        var query = FlightQuery()
        query.limit = 2
        query.offset = 1
        guard case .flights(let page, 5) = try await world.ask(.flights(query)) else {
            Issue.record("total")
            return
        }
        #expect(page.map { $0.details.asSent["fuelUsed"] } == ["4.0 lb", "3.0 lb"])
        query = FlightQuery()
        query.states = [.open]
        guard case .flights(let none, 0) = try await world.ask(.flights(query)) else {
            Issue.record("total")
            return
        }
        #expect(none.isEmpty)
        guard case .reports(let reports) = try await world.ask(.searchReports(ReportQuery())) else { return }
        #expect(reports.count == 5 && reports[0].fuelUsed == 5 && reports[0].flightTimeHours == 1.2)
        guard case .reportDetails(let details) = try await world.ask(.reportDetails(id: "\(reports[0].number)")) else {
            return
        }
        #expect(details.log == ["[14:05] Off block"] && details.summary?.number == reports[0].number)
        await #expect(throws: Refusal.reportUnknown) {
            try await world.ask(.reportDetails(id: "\(reports[0].number)"), pilot: 2)
        }
        await world.close()
    }

    @Test func showsNotices() async throws {
        let world = try await TestWorld.make()
        for title in ["First", "Second"] {
            _ = try await world.node.administration.postNotice(
                world.id, title: title, body: "<p>x</p>", postedBy: "Ada")
        }
        try await world.change { _ in }
        guard case .news(let news) = try await world.ask(.news) else { return }
        #expect(news.map(\.title) == ["Second", "First"] && news.map(\.number) == [2, 1])
        await world.close()
    }

    @Test func namesAirportsAndAircraft() async throws {
        let world = try await TestWorld.make()
        guard case .airports(let pair) = try await world.ask(.airportsNamed(["kbos", "KJFK"])) else { return }
        #expect(pair.map(\.icao.code) == ["KBOS", "KJFK"])
        await #expect(throws: Refusal.airportUnknown("ZZZZ")) { try await world.ask(.airportsNamed(["zzzz"])) }
        for (number, text) in [(1, nil), (nil, "n845mj"), (nil, "1"), (9, "N845MJ")] as [(Int?, String?)] {
            guard case .aircraft(let found) = try await world.ask(.findAircraft(number: number, registration: text))
            else { return }
            #expect(found.map(\.registration) == ["N845MJ"])
        }
        await #expect(throws: Refusal.aircraftUnknown) {
            try await world.ask(.findAircraft(number: nil, registration: "NOPE"))
        }
        await world.close()
    }
}
