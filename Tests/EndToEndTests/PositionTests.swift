import Foundation
import Testing

extension EndToEnd {
    /// R1 and R2 for positions, R7 for the map.
    @Suite(.serialized, .world(spare: 10))
    struct PositionTests {
        /// The incumbent answered 200 to each of these and kept 14.
        @Test func keepsSixtyPositionsSentBackToBack() async throws {
            let world = try suiteWorld()
            let tracker = try await world.pilot(world.airline.access())
            let flight = try await tracker.begin(try world.entry())
            let sent = (0..<60).map { decimal(48, $0, 125) }
            // One after another, so the client keeps to one connection.
            for latitude in sent { try await tracker.report(flight, latitude: latitude) }
            let track = try await world.airline.staff().track(flight.id)
            #expect(track.latitudes.count == 60)
            #expect(track.latitudes == sent)
        }

        @Test func takesRepeatsOnceWithinTheWindow() async throws {
            let world = try suiteWorld()
            let tracker = try await world.pilot(world.airline.access())
            let flight = try await tracker.begin(try world.entry())
            for index in 0..<20 {
                for _ in 0..<3 { try await tracker.report(flight, latitude: decimal(48, index, 1000)) }
            }
            let track = try await world.airline.staff().track(flight.id)
            #expect(track.latitudes.count == 20)
            #expect(Set(track.latitudes).count == 20)
        }

        /// Shuffled, each sent twice, over eight connections at once: each is there once, in the order of its own time.
        @Test func ordersByOwnTimeAndDropsRepeats() async throws {
            let world = try suiteWorld()
            let tracker = try await world.pilot(world.airline.access())
            let flight = try await tracker.begin(try world.entry())
            let begin = Date(timeIntervalSinceNow: -3600)
            let points = (0..<120).map { index in
                (decimal(48, index, 125), Self.stamp(begin.addingTimeInterval(Double(index) * 5)))
            }
            var random = RandomSource(seed: 20_261_121)
            let sends = (points + points).shuffled(using: &random)
            try await withThrowingTaskGroup(of: Void.self) { group in
                for part in 0..<8 {
                    group.addTask {
                        for (index, point) in sends.enumerated() where index % 8 == part {
                            try await tracker.report(flight, latitude: point.0, at: point.1)
                        }
                    }
                }
                try await group.waitForAll()
            }
            let track = try await world.airline.staff().track(flight.id)
            #expect(track.latitudes.count == points.count)
            #expect(track.latitudes == points.map(\.0))
        }

        /// A buffer that comes late is stored, and the marker stays where the newest position put it.
        @Test func markerNeverMovesBackInTime() async throws {
            let world = try suiteWorld()
            let tracker = try await world.pilot(world.airline.access())
            let flight = try await tracker.begin(try world.entry())
            let staff = try await world.airline.staff()
            let now = Date()
            try await tracker.report(flight, latitude: 49.5, at: Self.stamp(now.addingTimeInterval(-1)))
            func marker() async throws -> Double? {
                try await staff.json("live")["flights"]?.items?.first { $0["id"]?.text == flight.id }?["lat"]?.number
            }
            try await eventually("marker") { try await marker() == 49.5 ? true : nil }
            for index in 0..<30 {
                try await tracker.report(
                    flight, latitude: decimal(48, index, 1000),
                    at: Self.stamp(now.addingTimeInterval(Double(index) - 600)))
            }
            // The model has seen all of them when it has seen the newest.
            try await tracker.report(flight, latitude: 49.75, at: Self.stamp(now))
            var seen: Set<Double> = []
            try await eventually("newest marker") {
                let latitude = try await marker()
                if let latitude { seen.insert(latitude) }
                return latitude == 49.75 ? true : nil
            }
            #expect(seen.isSubset(of: [49.5, 49.75]), "the marker went back to \(seen)")
            #expect(try await staff.track(flight.id).points.count == 32)
        }

        /// Five decimals are about a metre.
        @Test func keepsFiveDecimals() async throws {
            let world = try suiteWorld()
            let tracker = try await world.pilot(world.airline.access())
            let flight = try await tracker.begin(try world.entry())
            try await tracker.report(flight, latitude: 48.12345, longitude: -179.98765)
            try await tracker.report(flight, latitude: -48.12345, longitude: 179.98765)
            let track = try await world.airline.staff().track(flight.id)
            #expect(track.points.map { abs($0.latitude) } == [48.12345, 48.12345])
            #expect(track.points.contains { abs(abs($0.longitude) - 179.98765) < 0.000_005 })
        }

        static func stamp(_ date: Date) -> String {
            date.formatted(
                .iso8601.year().month().day().time(includingFractionalSeconds: true).timeZone(separator: .omitted))
        }
    }
}
