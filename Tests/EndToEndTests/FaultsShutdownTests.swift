import Foundation
import Testing

extension EndToEnd {
    /// F11: the orderly end.
    @Suite(.serialized)
    struct FaultsShutdownTests {
        static let requests = 200
        static let sockets = 500
        private static func latitude(_ number: Int) -> Double { decimal(40, number, 10) }
        private static func number(_ latitude: Double) -> Int { Int(((latitude - 40) / 0.0001).rounded()) }

        /// 200 requests of which the server has the head and half of the body, 500 open sockets, and trackers that go on.
        @Test(.timeLimit(.minutes(Soak.size(10, long: 120))))
        func everybodyIsAnsweredAtSIGTERM() async throws {
            let rounds = Soak.cycles(5, long: 100)
            try await withServer { server in
                let airline = try await Airline.make(on: server, spare: 8)
                try await server.run("tenant", "set", "demo", "--live-public", "true")
                var begun: [(Tracker, Tracker.Flight)] = []
                for index in 0..<8 {
                    try await airline.addUser(100 + index, name: "Writer \(index)")
                    let tracker = try await airline.tracker(100 + index)
                    begun.append((tracker, try await tracker.begin(String(1000 + index))))
                }
                let flights = begun
                let acknowledged = Shared<[String: Set<Int>]>([:])
                var figures: [String] = []
                var next = 0
                for round in 0..<rounds {
                    let access = airline.access()
                    let port = server.port
                    let viewers = try await viewers(server)
                    var waiting: [(RawSocket, String, Int, rest: [UInt8])] = []
                    for index in 0..<Self.requests {
                        let (tracker, flight) = flights[index % flights.count]
                        next += 1
                        let body = Bodies.update(flight, ["latitude": .double(Self.latitude(next))]).bytes
                        let socket = try await RawSocket(port: server.port)
                        try await socket.send(
                            "POST /acars/demo/smartcars3/flights/update HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"
                                + "Authorization: Bearer \(tracker.token)\r\nContent-Length: \(body.count)\r\n\r\n")
                        try await socket.send(body.prefix(body.count / 2))
                        waiting.append((socket, flight.id, next, Array(body.dropFirst(body.count / 2))))
                    }
                    let first = next
                    let counter = Counter()
                    let acknowledgedBefore = acknowledged.withLock { $0.values.reduce(0) { $0 + $1.count } }
                    let begin = try await withThrowingTaskGroup(of: ContinuousClock.Instant?.self) { group in
                        for (tracker, flight) in flights {
                            group.addTask {
                                // Until the server is gone.
                                while true {
                                    let step = first + 1 + counter.next()
                                    let body = Bodies.update(flight, ["latitude": .double(Self.latitude(step))]).bytes
                                    guard
                                        let answer = try? await Web.send(
                                            "POST", access.url + "flights/update",
                                            headers: [("Authorization", "Bearer \(tracker.token)")], body: body)
                                    else { return nil }
                                    guard answer.status == 200 else {
                                        #expect(answer.status == 503, "\(answer.status) \(answer.text)")
                                        return nil
                                    }
                                    acknowledged.withLock { _ = $0[flight.id, default: []].insert(step) }
                                }
                            }
                        }
                        let halves = waiting
                        group.addTask {
                            try await eventually("load") {
                                acknowledged.withLock { $0.values.reduce(0) { $0 + $1.count } }
                                    > acknowledgedBefore + 50 ? true : nil
                            }
                            let begin = ContinuousClock.now
                            async let stopped: Void = server.stop()
                            // The other half, once the server has begun to stop: it takes nobody any more.
                            try await eventually("end of listening") {
                                guard let socket = try? await RawSocket(port: port) else { return true }
                                await socket.close()
                                return nil
                            }
                            for (socket, _, _, rest) in halves { try await socket.send(rest) }
                            for (socket, flight, step, _) in halves {
                                let answer = try await socket.answer(within: .seconds(50))
                                #expect([200, 503].contains(answer.head.status), "\(answer.head.status)")
                                if answer.head.status == 200 {
                                    acknowledged.withLock { _ = $0[flight, default: []].insert(step) }
                                }
                                await socket.close()
                            }
                            try await stopped
                            return begin
                        }
                        var begin: ContinuousClock.Instant?
                        for try await found in group { begin = begin ?? found }
                        return try #require(begin)
                    }
                    let time = ContinuousClock.now - begin
                    // The bar is 5 s; here it only guards against a hang.
                    #expect(time < .seconds(50))
                    for viewer in viewers {
                        #expect(try await Self.code(of: viewer) == 1001)
                        await viewer.close()
                    }
                    next = first + counter.count + 1
                    figures.append("\(FaultLoad.milliseconds(time))")
                    try await server.start()
                    if (round + 1).isMultiple(of: 10) { Soak.say("F11: \(round + 1) of \(rounds)") }
                }
                let staff = try await airline.staff()
                for (flight, steps) in acknowledged.withLock({ $0 }) {
                    let stored = try await staff.track(flight).latitudes.map(Self.number)
                    #expect(steps.isSubset(of: stored), "lost \(steps.subtracting(stored).sorted())")
                    #expect(Set(stored).count == stored.count)
                }
                let count = acknowledged.withLock { $0.values.reduce(0) { $0 + $1.count } }
                let sorted = figures.compactMap { Int($0) }.sorted()
                Soak.report(
                    "F11", "\(rounds) × SIGTERM with \(Self.requests) requests and \(Self.sockets) sockets",
                    "\(count) positions acknowledged, 0 lost; all answered, all sockets closed with 1001; end after \(sorted[sorted.count / 2]) ms, worst \(sorted.last ?? 0) ms"
                )
            }
        }

        private func viewers(_ server: AlbatrossServer) async throws -> [WebSocketClient] {
            try await withThrowingTaskGroup(of: [WebSocketClient].self) { group in
                for _ in 0..<20 {
                    group.addTask {
                        var viewers: [WebSocketClient] = []
                        for _ in 0..<Self.sockets / 20 {
                            let viewer = try await WebSocketClient.connect(server, "/v1/demo/stream")
                            try await viewer.send(["op": "subscribe", "topic": "live"])
                            _ = try await viewer.next("snapshot") { $0["type"] == "snapshot" }
                            viewers.append(viewer)
                        }
                        return viewers
                    }
                }
                return try await group.reduce(into: []) { $0 += $1 }
            }
        }

        /// The code that a viewer was closed with, behind whatever it was still sent.
        private static func code(of viewer: WebSocketClient) async throws -> Int? {
            while true {
                if case .close(let code) = try await viewer.nextFrame() { return code }
            }
        }
    }
}
