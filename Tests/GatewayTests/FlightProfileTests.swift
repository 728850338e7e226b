import Domain
import Foundation
@testable import Gateway
import Testing

/// What is derived from AFR34ZG, against the recording's own rows.
@Suite struct FlightProfileTests {
    static let folder = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().appending(path: "Fixtures/flights")
    static func recording(_ name: String) throws -> Recording {
        try Recording(csv: Array(try Data(contentsOf: folder.appending(path: "\(name).csv"))))
    }
    private static let afr34zg: Result<(Recording, FlightProfile), any Error> = Result {
        let full = try FlightProfileTests.recording("full-flight-surface-2024-07-06")
        return (full, FlightProfile(full, airports: BuiltInAirports()))
    }

    private func expect(_ time: Timestamp?, _ text: String, within seconds: Double) throws {
        let time = try #require(time)
        let expected = try #require(Timestamp(iso8601: text))
        #expect((time - expected).seconds.magnitude <= seconds, "\(time.iso8601) instead of \(text)")
    }

    /// OUT: 0.1 kt at 49.005808 N 2.573547 E until 06:46:45, 2.2 kt and more from 06:46:50.212. OFF and ON: the flag changes at
    /// 06:59:22.288 and, some seconds after the descent has ended, at 07:58:43.160. IN: under 1 kt from 08:02:34.227.
    @Test func findsOOOI() throws {
        let (_, profile) = try Self.afr34zg.get()
        try expect(profile.out, "2024-07-06T06:46:50.212Z", within: 5)
        try expect(profile.off, "2024-07-06T06:59:22.288Z", within: 2)
        try expect(profile.on, "2024-07-06T07:58:43.160Z", within: 10)
        try expect(profile.inBlock, "2024-07-06T08:02:34.227Z", within: 5)
    }

    @Test func goesThroughThePhasesInOrder() throws {
        let (_, profile) = try Self.afr34zg.get()
        var phases: [SmartCARSPhase] = []
        for sample in profile.ordered where sample.phase != phases.last { phases.append(sample.phase) }
        #expect(
            phases == [
                .boarding, .pushBack, .taxi, .takeOff, .climbOut, .climb, .cruise, .descent, .approach, .final, .landed,
                .taxiToGate, .deboarding,
            ])
    }

    /// LFPG lies 392 ft high, LFBO 499 ft.
    @Test func meetsTheFieldsAtBothEnds() throws {
        let (_, profile) = try Self.afr34zg.get()
        let ground = profile.ordered.filter(\.isOnGround)
        #expect(Set(ground.map(\.altitude)) == [Feet(392), Feet(499)])
        let air = profile.ordered.filter { !$0.isOnGround }
        let first = try #require(air.first)
        let last = try #require(air.last)
        #expect((392...450).contains(first.altitude.rawValue), "\(first.altitude)")
        #expect((490...540).contains(last.altitude.rawValue), "\(last.altitude)")
        // No step where the two offsets meet, nor anywhere else.
        for (a, b) in zip(air, air.dropFirst()) {
            let seconds = max(1, (b.time - a.time).seconds)
            #expect((b.altitude - a.altitude).magnitude.rawValue <= 150 * seconds, "\(a.time.iso8601)")
        }
        #expect(profile.ordered.map(\.altitude).max().map { (34_000...36_000).contains($0.rawValue) } == true)
    }

    @Test func derivesAPlausibleLandingRateAndFuel() throws {
        let (_, profile) = try Self.afr34zg.get()
        let rate = try #require(profile.landingRate).rawValue
        #expect((-400...(-60)).contains(rate))
        let burn = FuelModel.of("A320").burn(profile.ordered).rawValue
        #expect((5000...9000).contains(burn), "\(burn) lb")
        #expect(FuelModel.of("A388").cruise > FuelModel.of("A320").cruise)
    }

    @Test func keepsEveryRowInTheOrderOfTheFile() throws {
        for name in ["full-flight-surface-2024-07-06", "time-jumps-2022-07-13", "gps-spoofing-2024-09-17"] {
            let recording = try Self.recording(name)
            let profile = FlightProfile(recording, airports: BuiltInAirports())
            #expect(profile.samples.map(\.row) == recording.rows, "\(name)")
            #expect(recording.rowsWithoutPosition == 0)
        }
    }

    @Test func findsNoLandingInACutRecording() throws {
        let profile = FlightProfile(try Self.recording("afr34zg-cut"), airports: BuiltInAirports())
        #expect(profile.on == nil && profile.inBlock == nil && profile.landingRate == nil)
        #expect(profile.ordered.last?.phase == .descent)
    }

    @Test func thinsOnDemand() throws {
        let (recording, _) = try Self.afr34zg.get()
        #expect(recording.thinned(to: .seconds(0)).rows.count == 4416)
        let thin = recording.thinned(to: .seconds(5))
        #expect((700...1000).contains(thin.rows.count))
        #expect(thin.rows.last == recording.rows.last)
    }
}

@Suite struct PlaybackTests {
    private let recording = Recording(
        rows: (0...100).map {
            Recording.Row(
                time: Timestamp(milliseconds: 1_000_000 + Int64($0) * 10_000),
                position: Position(latitude: 0, longitude: 0)!)
        })
    private let now = Timestamp(milliseconds: 9_000_000_000)

    /// The last sample falls at the moment when it is sent.
    @Test func noTimeLeadsTheClock() {
        var order = FlightOrder()
        order.speed = 20
        #expect(recording.last + Playback(recording, order, now: now).shift == now + .seconds(50))
        order.from = 0.5
        #expect(recording.last + Playback(recording, order, now: now).shift == now + .seconds(25))
        order.late = true
        #expect(recording.last + Playback(recording, order, now: now).shift == now)
        order.late = false
        order.shuffle = 7
        #expect(recording.last + Playback(recording, order, now: now).shift == now)
        order.asRecorded = true
        #expect(Playback(recording, order, now: now).shift == Milliseconds(0))
    }

    @Test func shuffleCanBeRepeated() {
        var first = SplitMix64(seed: 7)
        var second = SplitMix64(seed: 7)
        #expect((0..<100).shuffled(using: &first) == (0..<100).shuffled(using: &second))
    }
}

@Suite struct DemoTracksTests {
    @Test func everySeatHasItsTracks() {
        let tracks = DemoTracks.load()
        let airports = BuiltInAirports()
        for seat in DemoAirline.seats {
            for name in seat.tracks {
                let rows = tracks[name]?.rows.count ?? 0
                #expect((500...1500).contains(rows), "\(name): \(rows)")
            }
            for code in [seat.departure, seat.arrival] {
                #expect(ICAOLocation(code).flatMap { airports.airport($0)?.elevation } != nil, "\(code)")
            }
        }
        #expect(Set(DemoAirline.seats.map(\.flightNumber)).count == DemoAirline.seats.count)
        #expect(Set(DemoAirline.seats.map(\.registration)).count == DemoAirline.seats.count)
    }

    @Test func thinningKeepsTheContacts() throws {
        let track = try #require(DemoTracks.load()["lfpg-lfbo"])
        let full = try FlightProfileTests.recording("full-flight-surface-2024-07-06")
        let airports = BuiltInAirports()
        let thin = FlightProfile(track, airports: airports)
        let whole = FlightProfile(full, airports: airports)
        for (a, b) in [(thin.off, whole.off), (thin.on, whole.on)] {
            #expect((try #require(a) - (try #require(b))).seconds.magnitude <= 1)
        }
    }
}
