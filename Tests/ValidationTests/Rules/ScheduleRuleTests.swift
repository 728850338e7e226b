import Domain
import Testing

@testable import Validation

@Suite struct NoMatchingBookingTests {
    private var flight: Case { SyntheticFlight(interval: 5).flight }

    @Test(arguments: [
        ("AFR34ZG", "34ZG"), ("34ZG", "34ZG"), ("AFR0034", "34"), ("AF34", "34"), ("afr 34", "034"), ("", "34"),
    ])
    func matchesNumbersHoweverWritten(flown: String, scheduled: String) {
        var flight = flight
        flight.flightNumber = flown
        flight.scheduledNumber = scheduled
        #expect(flight.verdict("no-matching-booking") == .pass)
    }
    @Test func findsAnotherFlight() throws {
        var flight = flight
        flight.flightNumber = "AFR35"
        flight.scheduledNumber = "34"
        #expect(flight.verdict("no-matching-booking") == .violated)
        flight = self.flight
        flight.scheduledArrival = ICAOLocation("EGLL")
        let finding = try #require(flight.finding("no-matching-booking"))
        #expect(finding.verdict == .violated)
        #expect(finding.staffText.contains("differs in arrival"))
    }
    @Test func findsAFlightWithoutABooking() {
        var flight = flight
        flight.isBooked = false
        #expect(flight.verdict("no-matching-booking") == .violated)
        flight.ruleset = Ruleset.balanced.replacing(NoMatchingBooking(require: .schedule))
        #expect(flight.verdict("no-matching-booking") == .pass)
        flight.ruleset = Ruleset.balanced.replacing(NoMatchingBooking(require: .none))
        #expect(flight.verdict("no-matching-booking") == .notApplicable)
    }
    @Test func cannotCompareWhatIsNotKnown() {
        var flight = flight
        flight.hasSchedule = false
        #expect(flight.verdict("no-matching-booking") == .inconclusive)
        flight = self.flight
        flight.departure = nil
        #expect(flight.verdict("no-matching-booking") == .inconclusive)
    }
}

@Suite struct DepartureAndArrivalTests {
    private var flight: Case { SyntheticFlight(interval: 5).flight }

    @Test func findsAnotherDeparture() throws {
        var flight = flight
        flight.departure = ICAOLocation("EGLL")
        let finding = try #require(flight.finding("wrong-departure-airport"))
        #expect(finding.verdict == .violated)
        #expect(finding.staffText.contains("nearest LFPG"))
        #expect(finding.evidence.count == 1)
    }
    @Test func cannotJudgeADepartureThatWasNotSeenOrIsNotKnown() {
        var flight = flight
        flight.samples = Array(flight.samples.dropFirst(300))
        #expect(flight.verdict("wrong-departure-airport") == .inconclusive)
        flight = self.flight
        flight.departure = ICAOLocation("ZZZZ")
        #expect(flight.verdict("wrong-departure-airport") == .inconclusive)
        flight.departure = nil
        flight.hasSchedule = false
        #expect(flight.verdict("wrong-departure-airport") == .notApplicable)
    }
    /// 8.8.1: a runway 2.1 NM from the reference point belongs to the airport; a nearer neighbour does not win.
    @Test func prefersThePlannedAirportInsideTheRadius() throws {
        let airports = TestAirports()
        let icao = try #require(ICAOLocation("KDEN"))
        let denver = try #require(airports.airport(icao))
        let runway = try #require(
            Position(latitude: denver.position.latitude, longitude: denver.position.longitude - 2.1 / 60 / 0.7676)
        )
        #expect((greatCircleDistance(from: runway, to: denver.position).rawValue - 2.1).magnitude < 0.05)
        #expect(airports.match(runway, radius: 5, planned: denver.icao) == denver)
        let between = try #require(Position(latitude: 48.985, longitude: 2.47))
        #expect(airports.match(between, radius: 5, planned: ICAOLocation("LFPG"))?.icao.code == "LFPG")
        #expect(airports.match(between, radius: 5, planned: nil)?.icao.code == "LFPB")
        #expect(airports.match(runway, radius: 5, planned: denver.icao, groundAltitude: 6000) == nil)
    }
    @Test func findsAnotherArrival() throws {
        var flight = flight
        flight.arrival = ICAOLocation("EGLL")
        let judgement = flight.judge()
        let finding = try #require(judgement["landed-elsewhere"])
        #expect(finding.verdict == .violated)
        #expect(finding.severity == .major)
        #expect(finding.pilotText.hasPrefix("Your flight ended at LFBO"))
        #expect(judgement["diversion"]?.verdict == .pass)
    }
    @Test func takesAFiledAlternateForADiversion() throws {
        // 8.8.2.
        var flight = flight
        flight.arrival = ICAOLocation("EGLL")
        flight.alternate = ICAOLocation("LFBO")
        var judgement = flight.judge()
        #expect(judgement["landed-elsewhere"]?.verdict == .pass)
        #expect(judgement["diversion"]?.verdict == .violated)
        #expect(judgement["diversion"]?.action == .flag)
        #expect(judgement.figures.arrival?.code == "LFBO")
        flight.diversion = DeclaredDiversion(airport: ICAOLocation("LFBO"), hasReason: true)
        judgement = flight.judge()
        #expect(judgement["diversion"]?.verdict == .violated)
        #expect(judgement["diversion"]?.action == .accept)
        flight.alternate = nil
        #expect(flight.verdict("landed-elsewhere") == .pass)
        flight.diversion = DeclaredDiversion(airport: nil, hasReason: true)
        #expect(flight.verdict("landed-elsewhere") == .pass)
    }
    @Test func takesAReturnForADiversion() {
        var flight = flight
        // Opened the other way round: it ends where the plan began.
        flight.departure = ICAOLocation("LFBO")
        flight.arrival = ICAOLocation("LFPG")
        let judgement = flight.judge()
        #expect(judgement["landed-elsewhere"]?.verdict == .pass)
        #expect(judgement["diversion"]?.tier == "return-to-field")
    }
    @Test func findsALandingInAField() throws {
        // 8.8.3.
        var flight = flight
        flight.samples = flight.samples.map { sample in
            guard sample.eventTime > SyntheticFlight().off + .minutes(10),
                let position = Position(
                    latitude: sample.position.latitude + 0.002 * (sample.eventTime - SyntheticFlight().off).seconds
                        / 10,
                    longitude: sample.position.longitude
                )
            else { return sample }
            var copy = PositionSample(eventTime: sample.eventTime, receivedAt: sample.receivedAt, position: position)
            copy.onGround = sample.onGround
            copy.groundSpeed = sample.groundSpeed
            return copy
        }
        let finding = try #require(flight.finding("landed-elsewhere"))
        #expect(finding.verdict == .violated)
        #expect(finding.severity == .critical)
        #expect(finding.tier == "off-airport")
        #expect(finding.action == .flag)
    }
    @Test func cannotJudgeAnArrivalThatWasNotSeenOrIsNotKnown() {
        var flight = flight
        flight.samples = flight.samples.filter { $0.eventTime < SyntheticFlight().on - .minutes(10) }
        #expect(flight.verdict("landed-elsewhere") == .inconclusive)
        #expect(flight.verdict("diversion") == .inconclusive)
        flight = self.flight
        flight.arrival = ICAOLocation("ZZZZ")
        #expect(flight.verdict("landed-elsewhere") == .inconclusive)
        flight.arrival = nil
        flight.hasSchedule = false
        #expect(flight.verdict("landed-elsewhere") == .notApplicable)
        #expect(flight.verdict("diversion") == .notApplicable)
    }
}

@Suite struct WrongAircraftTypeTests {
    private func flight(booked: String, flown: String) -> Case {
        var flight = Case()
        flight.aircraft = Case.aircraft(1, booked)
        flight.flown = Case.aircraft(2, flown)
        return flight
    }
    @Test(arguments: [("B738", "B738"), ("A20N", "A320"), ("B738", "B38M"), ("AT76", "AT72"), ("ZZZ1", "zzz1")])
    func passesTheTypeAndItsFamily(booked: String, flown: String) {
        // 8.9.1 and 8.9.3.
        #expect(flight(booked: booked, flown: flown).verdict("wrong-aircraft-type") == .pass)
    }
    @Test func findsAnotherType() throws {
        let finding = try #require(flight(booked: "B738", flown: "A320").finding("wrong-aircraft-type"))
        #expect(finding.verdict == .violated)
        #expect(finding.staffText.contains("booked B738"))
        var exact = flight(booked: "A20N", flown: "A320")
        exact.ruleset = Ruleset.balanced.replacing(WrongAircraftType(match: .exact))
        #expect(exact.verdict("wrong-aircraft-type") == .violated)
    }
    @Test func waitsForAnAnswerToAnUnknownAircraft() {
        // 8.9.2.
        #expect(flight(booked: "B738", flown: "").verdict("wrong-aircraft-type") == .inconclusive)
        var flight = Case()
        flight.aircraft = nil
        #expect(flight.verdict("wrong-aircraft-type") == .inconclusive)
    }
    @Test func doesNotApplyWhenAnyAircraftMayFly() {
        var flight = flight(booked: "B738", flown: "A320")
        flight.bookedAircraft = nil
        #expect(flight.verdict("wrong-aircraft-type") == .notApplicable)
        flight.bookedAircraft = 1
        flight.capabilities.fields[.aircraftType] = .absent
        #expect(flight.verdict("wrong-aircraft-type") == .notApplicable)
    }
    @Test func comparesWithTheSchedulesAircraft() {
        var flight = flight(booked: "B738", flown: "A320")
        flight.bookedAircraft = nil
        flight.scheduleAircraft = [2, 5]
        #expect(flight.verdict("wrong-aircraft-type") == .pass)
        flight.scheduleAircraft = [5]
        #expect(flight.verdict("wrong-aircraft-type") == .inconclusive)
    }
}

@Suite struct BlockTimeDeviationTests {
    /// Block time in minutes; the ends of the synthetic flight take 850 s.
    private func flight(block: Double, scheduled: Int = 95) -> Case {
        var flight = SyntheticFlight(airborne: block * 60 - 850, interval: 5).flight
        for index in flight.samples.indices { flight.samples[index].parkingBrake = nil }
        flight.scheduledMinutes = scheduled
        return flight
    }
    @Test(arguments: [(131.0, "long"), (64, "short")])
    func findsLongAndShortFlights(block: Double, tier: String) throws {
        // 8.10.1 and 8.10.3.
        let finding = try #require(flight(block: block).finding("block-time-deviation"))
        #expect(finding.verdict == .violated)
        #expect(finding.tier == tier)
        #expect(try (#require(finding.measured).value - block).magnitude < 0.3)
        #expect(finding.threshold == .init(tier == "long" ? 125 : 71.3, "min"))
        #expect(finding.action == .flag)
    }
    @Test(arguments: [95.0, 122, 72])
    func passesWhatIsWithinOneOfTheLimits(block: Double) {
        #expect(flight(block: block).verdict("block-time-deviation") == .pass)
    }
    @Test func takesPausesOff() throws {
        // 8.10.2: 131 min with 15 min paused is 116 min.
        var flight = flight(block: 116)
        let pause = SyntheticFlight().off + .minutes(40)
        flight.samples = flight.samples.map { sample in
            guard sample.eventTime > pause else { return sample }
            var sample = sample
            sample.eventTime = sample.eventTime + .minutes(15)
            return sample
        }
        flight.samples = flight.samples.changing(from: pause - .seconds(4), to: pause) { $0.simulationRate = 0 }
        let judgement = flight.judge()
        #expect(judgement["block-time-deviation"]?.verdict == .pass)
        #expect(judgement.figures.blockTime == Minutes(131))
        #expect(try (#require(judgement["block-time-deviation"]?.measured).value - 116).magnitude < 0.3)
    }
    @Test func takesFrozenPositionsForAPause() throws {
        // 8.4.3: no flag, but frozen in the air for 12 min.
        var flight = flight(block: 116)
        let freeze = SyntheticFlight().off + .minutes(40)
        let frozen = try #require(flight.samples.first { $0.eventTime >= freeze })
        var samples = flight.samples.filter { $0.eventTime <= freeze }
        for second in stride(from: 5.0, to: 720, by: 5) {
            var sample = frozen
            sample.eventTime = freeze + .seconds(second)
            samples.append(sample)
        }
        samples += flight.samples.filter { $0.eventTime > freeze }.map { sample in
            var sample = sample
            sample.eventTime = sample.eventTime + .minutes(12)
            return sample
        }
        flight.samples = samples
        let measured = try #require(flight.finding("block-time-deviation")?.measured)
        #expect((measured.value - 116).magnitude < 0.4)
    }
    @Test func doesNotApplyWithoutASchedule() {
        #expect(flight(block: 131, scheduled: 0).verdict("block-time-deviation") == .notApplicable)
        var flight = flight(block: 131)
        flight.hasSchedule = false
        #expect(flight.verdict("block-time-deviation") == .notApplicable)
    }
    @Test func cannotJudgeHalfAFlight() {
        var flight = flight(block: 131)
        flight.samples = Array(flight.samples.dropFirst(flight.samples.count / 2))
        #expect(flight.verdict("block-time-deviation") == .inconclusive)
    }
    @Test func scalesAfterADiversion() {
        // Half way, back and on: twice the distance takes twice the time.
        var flight = flight(block: 131)
        flight.scheduledArrival = ICAOLocation("LFPB")
        flight.arrival = ICAOLocation("LFPB")
        flight.alternate = ICAOLocation("LFBO")
        #expect(flight.verdict("diversion") == .violated)
        #expect(flight.finding("block-time-deviation")?.staffText.contains("scaled") == true)
    }
}
