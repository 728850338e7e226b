import Foundation
import Testing

extension EndToEnd {
    /// N4 to N6: a report is filed once, whatever happens to its answer.
    @Suite(.serialized)
    struct FilingTests {
        private func flown(_ airline: Airline, _ number: Int, _ entry: String) async throws -> (Tracker, Tracker.Flight)
        {
            try await airline.addUser(number, name: "Pilot \(number)")
            let tracker = try await airline.tracker(number)
            let flight = try await tracker.begin(entry)
            try await tracker.report(flight, latitude: 51.4)
            try await tracker.report(flight, latitude: 49.1)
            return (tracker, flight)
        }

        private func reports(_ airline: Airline, _ flight: Tracker.Flight) async throws -> Int {
            // A projection: soon, not at once.
            let staff = try await airline.staff()
            try await eventually("report in the list") {
                try await staff.all("pireps").contains { Self.isOf($0, flight) } ? true : nil
            }
            return try await staff.all("pireps").count { Self.isOf($0, flight) }
        }
        private static func isOf(_ report: JSON, _ flight: Tracker.Flight) -> Bool {
            report["flight_id"]?.text == flight.id || report["id"]?.text == flight.id
        }

        @Test func filesOnceThroughRepeatsAndRestarts() async throws {
            try await withServer { server in
                let airline = try await Airline.make(on: server, spare: 2)
                let (tracker, flight) = try await flown(airline, 7, "1000")
                // N6: at once, over connections of their own.
                let answers = try await withThrowingTaskGroup(of: Answer.self) { group in
                    for _ in 0..<10 { group.addTask { try await tracker.complete(flight) } }
                    return try await group.reduce(into: [Answer]()) { $0.append($1) }
                }
                let first = try #require(answers.first)
                #expect(try first.json()["pirepID"]?.integer != nil)
                for answer in answers {
                    #expect(answer.status == 200)
                    #expect(answer.body == first.body)
                }
                #expect(try await reports(airline, flight) == 1)

                try await server.stop()
                try await server.start()
                let afterStop = Tracker(access: airline.access(), token: tracker.token, number: 7)
                #expect(try await afterStop.complete(flight).body == first.body)

                await server.kill()
                try await server.start()
                let afterKill = Tracker(access: airline.access(), token: tracker.token, number: 7)
                let again = try await afterKill.complete(flight)
                #expect(again.status == 200)
                #expect(again.body == first.body)
                #expect(try await reports(airline, flight) == 1)
                #expect(try await afterKill.get("pireps/search").json().items?.count == 1)
                #expect(try await afterKill.get("flights/bookings").text == "[]")
            }
        }

        /// N5: the first report under a key stays.
        @Test(arguments: Dialect.allCases)
        func refusesAnotherReportUnderTheSameKey(_ dialect: Dialect) async throws {
            try await withServer { server in
                let airline = try await Airline.make(on: server, spare: 1)
                try await airline.addUser(7, name: "Ada Kern")
                let tracker = try await airline.tracker(7, dialect)
                let flight = try await tracker.begin("1000")
                try await tracker.report(flight, latitude: 50)
                let first = try await tracker.complete(flight)
                #expect(first.status == 200)
                for change in [
                    ["landingRate": -90], ["fuelUsed": 1.5], ["comments": "another story"], ["flightTime": 2.5],
                    ["route": ["DCT"]],
                ] as [[String: JSON?]] {
                    let other = try await tracker.complete(flight, change)
                    #expect(other.status == 409, "\(change.keys): \(other.text)")
                    #expect(other.message?.isEmpty == false)
                }
                #expect(try await tracker.complete(flight).body == first.body)
                #expect(try await reports(airline, flight) == 1)
                let report = try await tracker.get("pireps/search").json()[0]
                #expect(report?["landingRate"]?.number == -182)
                #expect(report?["flightTime"]?.number == 1.25)
                let staff = try await airline.staff()
                let shown = try await staff.json("pireps/\(flight.id)")
                #expect(shown["comments"]?.text == "nice flight")
            }
        }

        /// N4: the connection is cut before the answer is read, then the client asks again, ten times.
        @Test func answersTheSameAfterALostReply() async throws {
            try await withServer { server in
                let airline = try await Airline.make(on: server, spare: 6)
                for round in 0..<6 {
                    let (tracker, flight) = try await flown(airline, 100 + round, String(1000 + round))
                    let body = Bodies.complete(flight).bytes
                    let socket = try await RawSocket(port: server.port)
                    try await socket.send(
                        "POST /acars/demo/smartcars3/flights/complete HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"
                            + "Authorization: Bearer \(tracker.token)\r\nContent-Length: \(body.count)\r\n\r\n")
                    try await socket.send(body)
                    // Half of them are cut at once, half after the commit.
                    if round.isMultiple(of: 2) {
                        try await eventually("report") {
                            try await tracker.get("flights/bookings").text == "[]" ? true : nil
                        }
                    }
                    await socket.close()
                    let first = try await tracker.complete(flight)
                    #expect(first.status == 200, "\(first.text)")
                    for _ in 0..<9 {
                        let again = try await tracker.complete(flight)
                        #expect(again.status == 200)
                        #expect(again.body == first.body)
                    }
                    #expect(try await reports(airline, flight) == 1)
                    #expect(try await tracker.get("pireps/search").json().items?.count == 1)
                }
            }
        }

        /// What the pilot sent is what everybody reads: the incumbent made 2.06 of 2.1 hours.
        @Test(arguments: [0.1, 1.25, 2.1, 11.983])
        func keepsFlightTimeAsSent(_ hours: Double) async throws {
            try await withServer { server in
                let airline = try await Airline.make(on: server, spare: 1)
                let (tracker, flight) = try await flown(airline, 7, "1000")
                #expect(try await tracker.complete(flight, ["flightTime": .double(hours)]).status == 200)
                #expect(try await tracker.get("pireps/search").json()[0]?["flightTime"]?.number == hours)
                let report = try await airline.staff().json("pireps/\(flight.id)")
                #expect(report["flight_time_min"]?.number == (hours * 60).rounded())
                // 5,321.4 lb.
                #expect(abs((report["fuel_used_kg"]?.number ?? 0) - 2413.75) < 0.1)
                #expect(report["landing_rate_fpm"]?.number == -182)
                #expect(report["pilot"] == "DEM0007")
            }
        }
    }
}
