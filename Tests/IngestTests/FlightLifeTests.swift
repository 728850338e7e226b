import Application
import Domain
import Protocols
import StoreSQLite
import Testing

@Suite struct FlightLifeTests {
    private func begin(_ world: TestWorld) async throws -> FlightReply {
        var start = FlightStart(world.report().content.details)
        start.reuseWithin = .minutes(10)
        start.isStrict = true
        return try world.flight(of: try await world.ask(.begin(start)))
    }
    private func track(_ world: TestWorld, _ flight: FlightReply) async throws -> [PositionSample] {
        guard case .track(_, let samples) = try await world.ask(.track(id: "\(flight.id)")) else { return [] }
        return samples
    }

    @Test func aBatchSentTwiceIsStoredOnce() async throws {
        let world = try await TestWorld.make()
        let flight = try await begin(world)
        let start = world.clock.now
        for hasTime in [true, false] {
            let batch = (0..<5).map { index in
                world.position(
                    hasTime ? index : index + 10, id: "\(hasTime)x\(index)",
                    time: hasTime ? start + .seconds(Double(index)) : nil)
            }
            var progress = FlightProgress(positions: batch)
            progress.count = 5
            for positions in [batch, batch, batch.reversed(), Array(batch[2...3])] {
                progress.positions = positions
                guard case .progress(5, _) = try await world.ask(.progress(FlightKey(id: "\(flight.id)"), progress))
                else {
                    Issue.record("count")
                    return
                }
                world.clock.advance(.minutes(2))
            }
        }
        #expect(try await track(world, flight).count == 10)
        #expect(try await world.flights().first?.positionCount == 10)
        await world.close()
    }

    @Test func theLastSampleOfAnIDCounts() async throws {
        let world = try await TestWorld.make()
        let flight = try await begin(world)
        for step in [1, 2] {
            _ = try await world.ask(
                .progress(
                    FlightKey(id: "\(flight.id)"),
                    FlightProgress(positions: [
                        world.position(step, id: "x1"), world.position(step + 5, id: "x\(step + 1)"),
                    ])))
        }
        let latitudes = try await track(world, flight).map { ($0.position.latitude * 100).rounded() }
        #expect(latitudes.sorted() == [4066, 4070, 4071])
        await world.close()
    }

    @Test func aFrameWithoutAPositionHoldsTheLastOne() async throws {
        let world = try await TestWorld.make()
        let flight = try await begin(world)
        var held = world.position(50)
        held.sample.positionIsHeld = true
        held.sample.fuel = Kilograms(Pounds(9800.0))
        var progress = FlightProgress(positions: [held])
        progress.wantsFlight = true
        let key = FlightKey(id: "\(flight.id)")
        // Without a last one there is nothing to hold.
        #expect(try world.flight(of: try await world.ask(.progress(key, progress))).positionCount == 0)
        _ = try await world.ask(.progress(key, world.progress(1)))
        world.clock.advance(.seconds(40))
        progress.positions[0].sample.receivedAt = world.clock.now
        let after = try world.flight(of: try await world.ask(.progress(key, progress)))
        #expect(after.latest?.position == world.position(1).sample.position)
        #expect(after.latest?.fuel == Kilograms(Pounds(9800.0)))
        #expect(try await track(world, flight).count == 1)
        await world.close()
    }

    @Test func aPauseAddsNoPointUntilTheAircraftMoves() async throws {
        let world = try await TestWorld.make()
        let flight = try await begin(world)
        let key = FlightKey(id: "\(flight.id)")
        _ = try await world.ask(.progress(key, world.progress(1)))
        var pause = FlightProgress()
        pause.pause = true
        pause.wantsFlight = true
        for _ in 0..<2 {
            #expect(try world.flight(of: try await world.ask(.progress(key, pause))).state == .paused)
        }
        world.clock.advance(.minutes(2))
        let standing = try world.flight(of: try await world.ask(.progress(key, world.progress(1))))
        #expect(standing.positionCount == 1 && standing.state == .paused)
        world.clock.advance(.minutes(2))
        let moving = try world.flight(of: try await world.ask(.progress(key, world.progress(2))))
        #expect(moving.positionCount == 2 && moving.state == .open)
        _ = try await world.ask(.progress(key, pause))
        pause.pause = false
        #expect(try world.flight(of: try await world.ask(.progress(key, pause))).state == .open)
        let events = try await world.node.store.readStream(
            StreamName(world.id, .flight, flight.id.uuid), after: 0, limit: 100
        ).map(\.event.type).filter { $0 == "flight.paused" || $0 == "flight.resumed" }
        #expect(events == ["flight.paused", "flight.resumed", "flight.paused", "flight.resumed"])
        await world.close()
    }

    @Test func whatATrackerSaidIsMergedAndReadBack() async throws {
        let world = try await TestWorld.make()
        let flight = try await begin(world)
        let key = FlightKey(id: "\(flight.id)")
        var update = FlightProgress()
        update.details.status = "TKO"
        update.details.distance = NauticalMiles(20.0)
        update.details.fields = ["Simulator": "other"]
        update.details.waypoints = [
            .init(id: nil, name: "MERIT", order: 1, position: world.position(1).sample.position, kind: 2048)
        ]
        update.needsUndecided = true
        update.wantsFlight = true
        let after = try world.flight(of: try await world.ask(.progress(key, update)))
        #expect(after.details.status == "TKO" && after.details.fields == ["Simulator": "other"])
        #expect(after.details.flightNumber == "1000" && after.details.flightTime == Minutes(72))
        #expect(after.aircraft?.registration == "N845MJ" && after.departure?.icao.code == "KJFK")
        var empty = FlightProgress()
        empty.details.waypoints = []
        empty.wantsFlight = true
        #expect(try world.flight(of: try await world.ask(.progress(key, empty))).details.waypoints == [])
        guard case .commented(let comment) = try await world.ask(.comment(key, "A")),
            case .commented(let again) = try await world.ask(.comment(key, "A"))
        else {
            Issue.record("no comment")
            return
        }
        #expect(comment.number == 1 && again.number == 1 && comment.ident == "VMS0001")
        guard case .flight(let read) = try await world.ask(.flight(id: "\(flight.id)"), pilot: 2) else { return }
        #expect(read.comments.map(\.text) == ["A"])
        await world.close()
    }

    @Test func linesAreKeptOnce() async throws {
        let world = try await TestWorld.make()
        let flight = try await begin(world)
        let at = world.clock.now
        let lines = [
            FlightLine(.log, "Gear up", clientID: "l1", receivedAt: at), FlightLine(.event, "Takeoff", receivedAt: at),
            FlightLine(.off, "", time: at, receivedAt: at),
        ]
        for _ in 0..<3 {
            _ = try await world.ask(.progress(FlightKey(id: "\(flight.id)"), FlightProgress(lines: lines)))
        }
        world.clock.advance(.minutes(1))
        let late = lines.map {
            FlightLine(
                $0.kind, $0.text, time: $0.time, clientID: $0.clientID, receivedAt: world.clock.now)
        }
        _ = try await world.ask(.progress(FlightKey(id: "\(flight.id)"), FlightProgress(lines: late)))
        let state = try await world.node.executor.read(Flight.self, world.id, flight.id.uuid).state
        // The one without id and time may really have been written again.
        #expect(state.recentLines.count == 4)
        await world.close()
    }

    @Test func cancelAfterFilingTakesTheReportBackUntilItIsDecided() async throws {
        let world = try await TestWorld.make()
        let flight = try await begin(world)
        let key = FlightKey(id: "\(flight.id)")
        _ = try await world.ask(.progress(key, world.progress(1)))
        let filed = try await world.ask(.file(key, world.report()))
        #expect(try world.flight(of: filed).state == .filed)
        guard case .filed(_, true) = try await world.ask(.file(key, world.report())) else {
            Issue.record("the same report is no repeat")
            return
        }
        await #expect(throws: Refusal.alreadyFiled) { try await world.ask(.file(key, world.report(fuel: 1))) }
        await #expect(throws: Refusal.flightUnknown) { try await world.ask(.cancelFlight(key, withdraws: false)) }
        _ = try await world.ask(.cancelFlight(key, withdraws: true))
        #expect(try await world.flights().map(\.state) == [.cancelled])
        #expect(try await world.node.directory.reports(world.id, of: world.pilots[0].id).map(\.state) == [.withdrawn])
        await #expect(throws: Refusal.cancelNotAllowed(.cancelled)) {
            try await world.ask(.cancelFlight(key, withdraws: true))
        }
        var late = world.progress(2)
        late.takesLate = true
        for request: TrackerRequest in [
            .progress(key, late), .comment(key, "x"), .file(key, world.report()),
        ] {
            await #expect(throws: Refusal.flightCancelled) { try await world.ask(request) }
        }
        await world.close()
    }

    @Test func positionsAfterFilingAreStoredWhereTheProtocolPromisesIt() async throws {
        let world = try await TestWorld.make()
        let flight = try await begin(world)
        let key = FlightKey(id: "\(flight.id)")
        _ = try await world.ask(.progress(key, world.progress(1)))
        _ = try await world.ask(.file(key, world.report()))
        await #expect(throws: Refusal.flightUnknown) { try await world.ask(.progress(key, world.progress(2))) }
        var late = world.progress(2)
        late.takesLate = true
        let after = try world.flight(of: try await world.ask(.progress(key, late)))
        #expect(after.positionCount == 2 && after.state == .filed)
        let types = try await world.node.store.readStream(
            StreamName(world.id, .flight, flight.id.uuid), after: 0, limit: 100
        ).map(\.event.type)
        #expect(types.last == "flight.positions-recorded" && types.contains("flight.ended"))
        // Once decided, a change of the report is refused, fields and positions are not.
        let staff = world.pilots[2]
        try await world.node.flights.review(
            world.id, flight.id,
            Review(outcome: .accept, reason: "", reviewer: staff.id, reviewerIdent: staff.ident, at: world.clock.now))
        var update = FlightProgress()
        update.details.notes = "x"
        update.takesLate = true
        _ = try await world.ask(.progress(key, update))
        update.needsUndecided = true
        update.details.notes = "y"
        let decided = update
        await #expect(throws: Refusal.flightDecided) { try await world.ask(.progress(key, decided)) }
        await #expect(throws: Refusal.cancelNotAllowed(.accepted)) {
            try await world.ask(.cancelFlight(key, withdraws: true))
        }
        await #expect(throws: Refusal.flightDecided) { try await world.ask(.file(key, world.report(fuel: 1))) }
        await world.close()
    }

    @Test func aStrictBeginningNamesWhatIsUnknown() async throws {
        let world = try await TestWorld.make()
        func refusal(_ change: (inout FlightStart) -> Void) async -> Refusal? {
            var start = FlightStart(world.report().content.details)
            start.isStrict = true
            change(&start)
            do {
                _ = try await world.ask(.begin(start))
                return nil
            } catch { return error as? Refusal }
        }
        #expect(await refusal { $0.details.arrival = ICAOLocation("ZZZZ") } == .airportUnknown("ZZZZ"))
        #expect(await refusal { $0.details.aircraft = 99 } == .aircraftUnknown)
        #expect(await refusal { $0.schedule = "99" } == .scheduleUnknown)
        #expect(await refusal { $0.schedule = "1" } == nil)
        var row = Administration.AircraftRow(registration: "N900XX", type: "B752", name: "757", subfleet: "757")
        row.isActive = false
        _ = try await world.node.administration.register(world.id, row)
        #expect(await refusal { $0.details.aircraft = 2 } == .aircraftNotAvailable(2))
        await world.close()
    }

    @Test func aNumberMayHaveToBeInTheTimetable() async throws {
        let world = try await TestWorld.make()
        func filing(_ airline: String?, _ number: String, _ need: FilingRequest.ScheduleNeed) -> TrackerRequest {
            let legs = FlightLegs(
                airline: airline, number: number, departure: ICAOLocation("KJFK"), arrival: ICAOLocation("KBOS"))
            var report = world.report(legs: legs)
            report.scheduleNeed = need
            return .file(FlightKey(legs: legs), report)
        }
        for request in [filing("VMS", "9999", .numberKnown), filing(nil, "7777", .bareNumberKnown)] {
            await #expect(throws: Refusal.scheduleUnknown) { try await world.ask(request) }
        }
        _ = try await world.ask(filing("VMS", "9999", .bareNumberKnown))
        let bare = try world.flight(of: try await world.ask(filing(nil, "1000", .bareNumberKnown)))
        #expect(bare.opening.callsign == "VMS1000" && bare.opening.booking?.number == 1)
        #expect(bare.report?.content.route == "MERIT ROBUC3")
        await world.close()
    }

    /// A codec that joins parts: its figures come from all of them.
    private func part(_ world: TestWorld, _ text: String, first: Bool) async throws -> TrackerReply {
        let base = world.report()
        return try await world.send(key: world.keys[0]) { frame in
            var filing = FilingRequest(base.content.details, log: [frame.earlierParts + text])
            filing.content.details.asSent["whole"] = frame.earlierParts + text
            filing.content.landingRate = LegacyNumber.first(in: frame.earlierParts + text).map { FeetPerMinute($0) }
            filing.piece = text
            filing.continues = !first
            return DecodedFrame(
                credential: .pilot(.number(1), secret: nil),
                outcome: .success(.file(FlightKey(client: "d|t|KJFK|KBOS", legs: .boston), filing)))
        }
    }

    @Test func aReportInPartsIsOneReport() async throws {
        let world = try await TestWorld.make()
        guard case .progress(nil, nil) = try await part(world, "lost", first: false) else {
            Issue.record("a part without a first one")
            return
        }
        #expect(try await world.node.store.quarantined(world.id, past: nil, limit: 10).map(\.code) == ["part-alone"])
        _ = try await part(world, "Take-off*Touch", first: true)
        _ = try await part(world, "Down:Rate -215 ft*", first: false)
        _ = try await part(world, "Down:Rate -215 ft*", first: false)
        _ = try await part(world, "Take-off*Touch", first: true)
        _ = try await part(world, "End*", first: false)
        let flights = try await world.flights()
        #expect(flights.count == 1)
        let content = try #require(flights.first?.report?.content)
        #expect(content.log == ["Take-off*TouchDown:Rate -215 ft*End*"])
        #expect(content.landingRate == FeetPerMinute(-215.0))
        await world.close()
    }

    @Test func aReportNamesItsPlacesByCoordinates() async throws {
        let world = try await TestWorld.make()
        var details = FlightDetails()
        details.flightNumber = "1000"
        details.start = Position(latitude: 40.64, longitude: -73.78)
        details.stop = Position(latitude: 42.36, longitude: -71.0)
        let flight = try world.flight(
            of: try await world.ask(.file(FlightKey(client: "4f3a"), FilingRequest(details))))
        #expect(flight.opening.departure?.code == "KJFK" && flight.opening.arrival?.code == "KBOS")
        await world.close()
    }

    @Test func lookupsEqualAReplay() async throws {
        let world = try await TestWorld.make()
        let flight = try await begin(world)
        _ = try await world.ask(.progress(FlightKey(id: "\(flight.id)"), world.progress(1)))
        _ = try await world.ask(.file(FlightKey(id: "\(flight.id)"), world.report()))
        _ = try await world.ask(.cancelFlight(FlightKey(id: "\(flight.id)"), withdraws: true))
        _ = try await world.ask(.progress(FlightKey(legs: .boston), world.progress()))
        _ = try await world.ask(.progress(FlightKey(legs: .laGuardia), world.progress()))
        _ = try await world.ask(.file(FlightKey(client: "k", legs: .boston), world.report()))
        let notice = try await world.node.administration.postNotice(
            world.id, title: "Hub", body: "moved", postedBy: "Ada")
        _ = try await world.node.administration.postNotice(world.id, title: "Second", body: "b", postedBy: "Ada")
        try await world.node.administration.withdrawNotice(world.id, notice.id)
        let maintenance = Maintenance(store: world.node.store, models: world.node.store)
        #expect(try await maintenance.compareWithReplay { _, _ in } == [])
        await world.close()
    }
}
