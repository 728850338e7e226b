import Foundation
import Synchronization
import Testing

extension EndToEnd {
    /// The stream of a public tenant: snapshot, deltas, resuming, bounding boxes, slow readers.
    @Suite(.serialized)
    struct LiveTests {
        private func publicAirline(_ server: AlbatrossServer, spare: Int = 4) async throws -> (Airline, Tracker) {
            let airline = try await Airline.make(on: server, spare: spare)
            try await server.run("tenant", "set", "demo", "--live-public", "true")
            try await airline.addUser(7, name: "Ada Kern")
            try await eventually("public map", within: .seconds(10)) {
                try await Web.send("GET", "\(server.url)/v1/demo/live").status == 200 ? true : nil
            }
            return (airline, try await airline.tracker(7))
        }
        private func subscribed(
            _ server: AlbatrossServer, _ more: [String: JSON?] = [:]
        ) async throws -> (WebSocketClient, JSON) {
            let socket = try await WebSocketClient.connect(server, "/v1/demo/stream")
            try await socket.send((["op": "subscribe", "topic": "live"] as JSON).with(more))
            return (socket, try await socket.next("snapshot") { $0["type"] == "snapshot" })
        }
        private static func place(_ message: JSON, _ flight: String) -> Double? {
            let entries = (message["upsert"]?.items ?? []) + (message["flights"]?.items ?? [])
            return entries.last { $0["id"]?.text == flight }?["lat"]?.number
        }
        private static func removes(_ message: JSON, _ flight: String) -> Bool {
            message["remove"]?.items?.contains(.string(flight)) == true
        }

        @Test func sendsSnapshotThenDeltas() async throws {
            try await withServer { server in
                let (_, tracker) = try await publicAirline(server)
                let flight = try await tracker.begin("1000")
                let (socket, snapshot) = try await subscribed(server)
                #expect(snapshot["topic"] == "live")
                var seq = try #require(snapshot["seq"]?.integer)
                #expect(snapshot["flights"]?.items?.isEmpty == true)
                for step in 0..<5 {
                    let latitude = decimal(49, step, 1000)
                    try await tracker.report(flight, latitude: latitude)
                    let delta = try await socket.next("delta \(step)") { Self.place($0, flight.id) == latitude }
                    #expect(delta["type"] == "delta" && delta["topic"] == "live")
                    let next = try #require(delta["seq"]?.integer)
                    #expect(next > seq, "seq rises")
                    seq = next
                    let entry = try #require(delta["upsert"]?[0])
                    #expect(entry["callsign"]?.text?.contains("1000") == true)
                    #expect(entry["dep"] == "LEMD" && entry["arr"] == "LEBL")
                    #expect(entry["lon"]?.number == 0.9312)
                    #expect(
                        entry["alt_ft"]?.number == 33012 && entry["gs_kt"]?.number == 447 && entry["hdg"]?.number == 124
                    )
                    #expect(entry["type"] == "B738" && entry["reg"] == "G-DEMA")
                    #expect(entry["t"]?.text?.hasSuffix("Z") == true)
                    #expect(entry["phase"]?.text != nil)
                }
                // The same over plain HTTP.
                let live = try await Web.send("GET", "\(server.url)/v1/demo/live").json()
                #expect(live["flights"]?.items?.count == 1)
                #expect(Self.place(live, flight.id) == 49.04)
                #expect(try await tracker.post("flights/cancel", flight.key).status == 200)
                _ = try await socket.next("removal") { Self.removes($0, flight.id) }
                await socket.close()
            }
        }

        @Test func watchesOneFlight() async throws {
            try await withServer { server in
                let (airline, tracker) = try await publicAirline(server)
                let flight = try await tracker.begin("1000")
                try await tracker.report(flight, latitude: 49)
                let staff = try await airline.staff()
                let socket = try await WebSocketClient.connect(server, "/v1/demo/stream", token: staff.token)
                try await socket.send(["op": "subscribe", "topic": "flight", "id": .string(flight.id)])
                try await socket.send(["op": "subscribe", "topic": "review"])
                try await eventually("first event") { () -> Bool? in
                    // The subscription is checked first; an event that comes before that is not promised.
                    try await tracker.report(flight, latitude: 49 + Double.random(in: 0..<1))
                    let message = try? await socket.next(within: .milliseconds(500))
                    return message?["topic"] == "flight" ? true : nil
                }
                #expect(try await tracker.complete(flight).status == 200)
                _ = try await socket.next("filing") { $0["event"] == "pirep.filed" && $0["topic"] == "flight" }
                _ = try await socket.next("judgement") { $0["event"] == "pirep.judged" && $0["topic"] == "flight" }
                await socket.close()
            }
        }

        @Test func resumesWithWhatWasMissed() async throws {
            try await withServer { server in
                let (_, tracker) = try await publicAirline(server)
                let first = try await tracker.begin("1000")
                let second = try await tracker.begin("1001")
                try await tracker.report(first, latitude: 49)
                try await tracker.report(second, latitude: 49)
                let (socket, snapshot) = try await subscribed(server)
                var seq = try #require(snapshot["seq"]?.integer)
                if Self.place(snapshot, second.id) != 49 {
                    seq = try #require(
                        try await socket.next("both") { Self.place($0, second.id) == 49 }["seq"]?.integer)
                }
                await socket.close()
                try await tracker.report(first, latitude: 49.5)
                #expect(try await tracker.post("flights/cancel", second.key).status == 200)
                // Resume may be the first message. What comes first may lack the very last change, which then follows.
                let again = try await WebSocketClient.connect(server, "/v1/demo/stream")
                try await again.send(["op": "resume", "topic": "live", "seq": .int(seq)])
                var place: Double?
                var isGone = false
                while place != 49.5 || !isGone {
                    let message = try await again.next()
                    #expect(["delta", "snapshot"].contains(message["type"]?.text))
                    place = Self.place(message, first.id) ?? place
                    if message["type"] == "snapshot" { isGone = Self.place(message, second.id) == nil }
                    isGone = isGone || Self.removes(message, second.id)
                }
                await again.close()
            }
        }

        @Test func resumesAfterARestart() async throws {
            try await withServer { server in
                let (airline, tracker) = try await publicAirline(server)
                let flight = try await tracker.begin("1000")
                try await tracker.report(flight, latitude: 49)
                let (socket, snapshot) = try await subscribed(server)
                let seq = try #require(snapshot["seq"]?.integer)
                // An orderly stop says so.
                async let farewell = Self.closeCode(socket)
                try await server.stop()
                #expect(try await farewell == 1001)
                try await server.start()
                let again = Tracker(access: airline.access(), token: tracker.token, number: 7)
                try await again.report(flight, latitude: 49.5)
                for known in [seq, 1, 999_999_999, 0, -5] {
                    let socket = try await WebSocketClient.connect(server, "/v1/demo/stream")
                    try await socket.send(["op": "resume", "topic": "live", "seq": .int(known)])
                    let message = try await socket.next("newest place") { Self.place($0, flight.id) == 49.5 }
                    #expect(["delta", "snapshot"].contains(message["type"]?.text))
                    if known > 1_000_000 { #expect(message["type"] == "snapshot") }
                    await socket.close()
                }
                await server.kill()
                try await server.start()
                let (last, fresh) = try await subscribed(server)
                #expect(Self.place(fresh, flight.id) == 49.5, "the map is there again after a crash")
                await last.close()
            }
        }

        private static func closeCode(_ socket: WebSocketClient) async throws -> Int? {
            while true {
                if case .close(let code) = try await socket.nextFrame(within: .seconds(60)) { return code }
            }
        }

        @Test func keepsToTheBoundingBox() async throws {
            try await withServer { server in
                let (_, tracker) = try await publicAirline(server)
                let inside = try await tracker.begin("1000")
                let outside = try await tracker.begin("1001")
                try await tracker.report(inside, latitude: -18, longitude: 179.5)
                try await tracker.report(outside, latitude: -18, longitude: 10)
                // Across the date line.
                let (socket, snapshot) = try await subscribed(server, ["bbox": [170, -30, -170, 0]])
                if Self.place(snapshot, inside.id) == nil {
                    _ = try await socket.next("inside") { Self.place($0, inside.id) != nil }
                }
                #expect(Self.place(snapshot, outside.id) == nil)
                try await tracker.report(outside, latitude: -18, longitude: 11)
                try await tracker.report(inside, latitude: -18, longitude: -179.5)
                var seen: [JSON] = []
                _ = try await socket.next("place beyond the date line") { message in
                    seen.append(message)
                    return message["upsert"]?.items?.contains { $0["lon"]?.number == -179.5 } == true
                }
                #expect(!seen.contains { Self.place($0, outside.id) != nil })
                try await tracker.report(inside, latitude: -18, longitude: 20)
                _ = try await socket.next("removal of what left") { Self.removes($0, inside.id) }
                await socket.close()
            }
        }

        /// A11: what a client may not do ends its socket, not the server.
        @Test func closesOnBrokenFrames() async throws {
            try await withServer { server in
                _ = try await publicAirline(server)
                func code(_ send: (WebSocketClient) async throws -> Void) async throws -> Int? {
                    let socket = try await WebSocketClient.connect(server, "/v1/demo/stream")
                    try await send(socket)
                    let code = try await Self.closeCode(socket)
                    await socket.close()
                    return code
                }
                #expect(try await code { try await $0.send(opcode: 1, Array("{}".utf8), isMasked: false) } == 1002)
                #expect(try await code { try await $0.send(opcode: 2, [1, 2, 3]) } == 1003)
                #expect(
                    try await code { try await $0.send(opcode: 1, [UInt8](repeating: 0x20, count: 70_000)) } == 1009)
                #expect(try await code { try await $0.send(opcode: 9, [1], isFinal: false) } == 1002)
                #expect(
                    try await code { socket in
                        for _ in 0..<400 { try? await socket.send(opcode: 9, [1]) }
                    } == 1008)
                #expect(
                    try await code { socket in
                        for _ in 0..<40 { try? await socket.send(["op": "nonsense"]) }
                    } == 1008)
                // What is only wrong is told, and the socket stays.
                let (socket, _) = try await subscribed(server)
                for text in [
                    "{", "[]", "null", #"{"op":"subscribe"}"#, #"{"op":"subscribe","topic":"flight","id":"x"}"#,
                ] {
                    try await socket.send(opcode: 1, Array(text.utf8))
                    _ = try await socket.next("error") { $0["type"] == "error" }
                }
                try await socket.send(opcode: 9, [7])
                guard case .pong(let payload) = try await socket.nextFrame() else {
                    Issue.record("a ping is answered")
                    return
                }
                #expect(payload == [7])
                await socket.close()
                #expect(try await Web.send("GET", "\(server.url)/healthz").status == 200)
            }
        }

        /// N7 in small: who does not read costs little, and does not slow who does.
        @Test(.timeLimit(.minutes(5)))
        func slowReaderIsBounded() async throws {
            try await withServer { server in
                let (_, tracker) = try await publicAirline(server, spare: 40)
                var flights: [Tracker.Flight] = []
                for index in 0..<40 {
                    let flight = try await tracker.begin(String(1000 + index))
                    try await tracker.report(flight, latitude: 40)
                    flights.append(flight)
                }
                let slow = try await WebSocketClient.connect(server, "/v1/demo/stream", receiveBuffer: 4096)
                try await slow.send(["op": "subscribe", "topic": "live"])
                try await slow.socket.setReading(false)
                let (quick, _) = try await subscribed(server)

                let isOver = Flag()
                let all = flights
                let rounds = try await withThrowingTaskGroup(of: Int?.self) { group in
                    for part in 0..<4 {
                        group.addTask {
                            var round = 1
                            while !isOver.isSet {
                                for (index, flight) in all.enumerated() where index % 4 == part {
                                    try await tracker.report(flight, latitude: decimal(40, round, 10))
                                }
                                round += 1
                            }
                            return part == 0 ? round - 1 : nil
                        }
                    }
                    group.addTask {
                        defer { isOver.set() }
                        // The quick reader sees the map move all the while.
                        let clock = ContinuousClock()
                        let end = clock.now + .seconds(25)
                        var last = 40.0
                        while clock.now < end {
                            let message = try await quick.next(within: .seconds(20))
                            guard let place = Self.place(message, all[0].id) else { continue }
                            #expect(place >= last, "the marker went back")
                            last = place
                        }
                        return nil
                    }
                    return try await group.reduce(into: 0) { $0 = max($0, $1 ?? 0) }
                }
                #expect(rounds > 10)
                let final = 40.9
                for flight in flights { try await tracker.report(flight, latitude: final) }
                // Now it reads: a bounded rest, then either the newest of everything or word that it was too slow.
                try await slow.socket.setReading(true)
                var places: [String: Double] = [:]
                var bytes = 0
                var closed: Int??
                while closed == nil, Set(places.values) != [final] || places.count < flights.count {
                    switch try await slow.nextFrame(within: .seconds(40)) {
                    case .text(let text):
                        bytes += text.utf8.count
                        let message = try JSON(text: text)
                        for flight in flights {
                            if let place = Self.place(message, flight.id) {
                                #expect(place >= places[flight.id] ?? 0)
                                places[flight.id] = place
                            }
                        }
                    case .close(let code): closed = .some(code)
                    case .ping(let payload): try? await slow.send(opcode: 10, payload)
                    default: continue
                    }
                }
                if case .some(let code) = closed { #expect(code == 4008) }
                #expect(bytes < 8 << 20, "\(bytes) bytes were kept for a reader that did not read")
                await slow.close()
                await quick.close()
            }
        }
    }
}
