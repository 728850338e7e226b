import Foundation
import TestSupport
import Testing

extension EndToEnd {
    /// N4 to N6 in number: a report is filed once, whatever happens to its answer. What the answers say is `FilingTests`.
    @Suite(.serialized)
    struct FaultsReplyTests {
        private func complete(_ tracker: Tracker, _ flight: Tracker.Flight) -> [[UInt8]] {
            let body = Bodies.complete(flight).bytes
            let head =
                "POST /acars/demo/smartcars3/flights/complete HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"
                + "Authorization: Bearer \(tracker.token)\r\nContent-Length: \(body.count)\r\n\r\n"
            return [Array(head.utf8), body]
        }

        private func expect(_ reports: Int, _ airline: Airline) async throws {
            let staff = try await airline.staff()
            try await eventually("\(reports) reports", within: .seconds(100)) {
                try await staff.all("pireps").count >= reports ? true : nil
            }
            let listed = try await staff.all("pireps")
            #expect(listed.count == reports)
            #expect(Set(listed.compactMap { $0["id"]?.text }).count == reports)
            let verified = try await airline.server.cli("verify")
            #expect(verified.status == 0, "\(verified.output)\(verified.errors)")
        }

        /// N4: the reply is cut on its way, then the client asks ten times more.
        @Test(.timeLimit(.minutes(Soak.size(5, long: 120))))
        func cutRepliesFileOnce() async throws {
            let rounds = Soak.cycles(100, long: 10_000)
            let pilots = 10
            try await withServer { server in
                let proxy = try FaultProxy(to: server.port)
                let airline = try await Airline.make(on: server, spare: pilots)
                var trackers: [Tracker] = []
                for index in 0..<pilots {
                    try await airline.addUser(100 + index, name: "Pilot \(index)")
                    trackers.append(try await airline.tracker(100 + index))
                }
                var random = RandomSource(seed: 0x44)
                for round in 0..<rounds {
                    let tracker = trackers[round % pilots]
                    let flight = try await tracker.begin(String(1000 + round % pilots))
                    try await tracker.report(flight, latitude: 51.4)
                    // Somewhere in its head: the report is stored by then.
                    let bytes = Int.random(in: 1...100, using: &random)
                    proxy.set(.cut(after: bytes, .toClient))
                    let socket = try await RawSocket(port: proxy.port)
                    for part in complete(tracker, flight) { try await socket.send(part) }
                    try await eventually("end of the connection") { socket.isClosed ? true : nil }
                    #expect(socket.received.count <= bytes)
                    await socket.close()
                    let first = try await tracker.complete(flight)
                    #expect(first.status == 200, "\(first.text)")
                    for _ in 0..<9 { #expect(try await tracker.complete(flight).body == first.body) }
                    if (round + 1).isMultiple(of: 1000) { Soak.say("N4: \(round + 1) of \(rounds)") }
                }
                #expect(proxy.counters.broken >= rounds)
                try await expect(rounds, airline)
                proxy.close()
                Soak.report("N4", "\(rounds) × reply cut, 10 retries", "1 stored, 10 equal answers each time")
            }
        }

        /// N6: a hundred connections send the same report at once.
        @Test(.timeLimit(.minutes(Soak.size(5, long: 60))))
        func concurrentSendsFileOnce() async throws {
            let (rounds, sends) = (Soak.cycles(20, long: 1000), 100)
            try await withServer { server in
                let airline = try await Airline.make(on: server, spare: 1)
                try await airline.addUser(7, name: "Ada Kern")
                let tracker = try await airline.tracker(7)
                for round in 0..<rounds {
                    let flight = try await tracker.begin("1000")
                    try await tracker.report(flight, latitude: 51.4)
                    let parts = complete(tracker, flight)
                    // Everything but the last byte first, so that they are decided on together.
                    var sockets: [RawSocket] = []
                    for _ in 0..<sends {
                        let socket = try await RawSocket(port: server.port)
                        try await socket.send(parts[0] + parts[1].dropLast())
                        sockets.append(socket)
                    }
                    for socket in sockets { try await socket.send(parts[1].suffix(1)) }
                    var bodies = Set<[UInt8]>()
                    for socket in sockets {
                        let answer = try await socket.answer(within: .seconds(60))
                        #expect(answer.head.status == 200)
                        bodies.insert(answer.body)
                        await socket.close()
                    }
                    #expect(bodies.count == 1, "round \(round)")
                }
                try await expect(rounds, airline)
                Soak.report("N6", "\(rounds) × \(sends) sends at once", "1 stored, \(sends) equal answers each time")
            }
        }

        /// N5: the same key again and again with something else, some of it at the same time as the first.
        @Test(.timeLimit(.minutes(Soak.size(5, long: 60))))
        func otherReportsUnderAKeyAreRefused() async throws {
            let rounds = Soak.cycles(50, long: 1000)
            try await withServer { server in
                let airline = try await Airline.make(on: server, spare: 1)
                try await airline.addUser(7, name: "Ada Kern")
                let tracker = try await airline.tracker(7)
                for round in 0..<rounds {
                    let flight = try await tracker.begin("1000")
                    try await tracker.report(flight, latitude: 51.4)
                    // Two different ones at once: one is first, and stays.
                    async let one = tracker.complete(flight, ["landingRate": .int(-100 - round)])
                    async let other = tracker.complete(flight, ["landingRate": .int(-2000 - round)])
                    let answers = try await [one, other]
                    #expect(answers.map(\.status).sorted() == [200, 409], "\(answers.map(\.text))")
                    let isFirst = answers[0].status == 200
                    let winner: [String: JSON?] = ["landingRate": .int((isFirst ? -100 : -2000) - round)]
                    for change in [
                        winner.merging(["comments": "other"]) { $1 }, ["landingRate": -1], ["fuelUsed": 1.5],
                    ] {
                        #expect(try await tracker.complete(flight, change).status == 409)
                    }
                    #expect(try await tracker.complete(flight, winner).body == answers[isFirst ? 0 : 1].body)
                    let staff = try await airline.staff()
                    let shown = try await staff.json("pireps/\(flight.id)")
                    #expect(shown["landing_rate_fpm"]?.number == Double((isFirst ? -100 : -2000) - round))
                }
                try await expect(rounds, airline)
                Soak.report(
                    "N5", "\(rounds) × two reports under one key at once, then 3 more",
                    "the first stays, the others get 409")
            }
        }
    }
}
