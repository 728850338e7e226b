import Foundation
import Testing

extension EndToEnd {
    /// `/v1/{tenant}/events`: what the stream says, for clients that cannot open a WebSocket.
    @Suite(.serialized)
    struct EventsTests {
        /// One answer of server-sent events.
        struct Events: Sendable {
            struct Event: Sendable {
                let name: String
                let id: String?
                let data: String
                func json() throws -> JSON { try JSON(text: data) }
            }
            let socket: RawSocket

            static func open(
                _ server: AlbatrossServer, _ path: String, token: String? = nil, headers: [(String, String)] = []
            ) async throws -> Events {
                let socket = try await RawSocket(port: server.port)
                var request = "GET \(path) HTTP/1.1\r\nHost: 127.0.0.1:\(server.port)\r\nAccept: text/event-stream\r\n"
                if let token { request += "Authorization: Bearer \(token)\r\n" }
                for (name, value) in headers { request += "\(name): \(value)\r\n" }
                // A request before it on the same connection, as browsers do.
                try await socket.send("GET /healthz HTTP/1.1\r\nHost: 127.0.0.1:\(server.port)\r\n\r\n")
                let first = try await socket.answer()
                #expect(first.head.status == 200)
                try await socket.send(request + "\r\n")
                let head = try await socket.head()
                guard head.status == 200 else {
                    await socket.close()
                    throw WebSocketClient.Refused(status: head.status, body: "")
                }
                #expect(head["content-type"] == "text/event-stream")
                #expect(head["content-length"] == nil && head["transfer-encoding"] == nil)
                return Events(socket: socket)
            }

            /// What stands before the next empty line.
            private static func event(_ bytes: [UInt8]) -> (String, Int)? {
                for index in bytes.indices.dropLast() where bytes[index] == 10 && bytes[index + 1] == 10 {
                    return (String(decoding: bytes[..<index], as: UTF8.self), index + 2)
                }
                return nil
            }

            /// The next event; comments are passed over.
            func next(within limit: Duration = .seconds(20)) async throws -> Event {
                while true {
                    let text: String = try await self.socket.next("event", within: limit, Self.event)
                    let lines = text.split(separator: "\n")
                    func value(_ name: String) -> String? {
                        lines.first { $0.hasPrefix(name + ": ") }.map { String($0.dropFirst(name.count + 2)) }
                    }
                    guard let data = value("data") else { continue }
                    return Event(name: value("event") ?? "message", id: value("id"), data: data)
                }
            }

            func next(where fits: (JSON) -> Bool) async throws -> Event {
                while true {
                    let event = try await next()
                    if fits(try event.json()) { return event }
                }
            }
        }

        private static func place(_ message: JSON, _ flight: String) -> Double? {
            let entries = (message["upsert"]?.items ?? []) + (message["flights"]?.items ?? [])
            return entries.last { $0["id"]?.text == flight }?["lat"]?.number
        }

        private func refusal(
            _ server: AlbatrossServer, _ path: String, token: String? = nil, headers: [(String, String)] = []
        ) async throws -> Int {
            do {
                let events = try await Events.open(server, path, token: token, headers: headers)
                await events.socket.close()
                return 200
            } catch let refused as WebSocketClient.Refused { return refused.status }
        }

        @Test func carriesTheLiveMap() async throws {
            try await withServer(on: .sqlite) { server in
                let airline = try await Airline.make(on: server, spare: 2)
                try await airline.addUser(7, name: "Ada Kern")
                let (staff, tracker) = (try await airline.staff(), try await airline.tracker(7))
                let flight = try await tracker.begin("1000")
                try await tracker.report(flight, latitude: 49)
                let events = try await Events.open(server, "/v1/demo/events", token: staff.token)
                let snapshot = try await events.next()
                #expect(try snapshot.json()["type"] == "snapshot")
                #expect(snapshot.id == (try snapshot.json()["seq"]?.integer).map(String.init))
                if Self.place(try snapshot.json(), flight.id) == nil {
                    _ = try await events.next { Self.place($0, flight.id) == 49 }
                }
                try await tracker.report(flight, latitude: 49.5)
                let delta = try await events.next { Self.place($0, flight.id) == 49.5 }
                #expect(try delta.json()["type"] == "delta")
                let known = try #require(delta.id)
                // Goes on where a lost connection ended, as browsers ask for it.
                await events.socket.close()
                try await tracker.report(flight, latitude: 49.75)
                let again = try await Events.open(
                    server, "/v1/demo/events?topic=live", token: staff.token, headers: [("Last-Event-ID", known)])
                let missed = try await again.next { Self.place($0, flight.id) == 49.75 }
                #expect(try missed.json()["type"] == "delta")
                // Outside of a box that crosses the date line.
                let elsewhere = try await Events.open(
                    server, "/v1/demo/events?bbox=170,-30,-170,0", token: staff.token)
                #expect(try await elsewhere.next().json()["flights"]?.items?.isEmpty == true)
                await elsewhere.socket.close()

                let one = try await Events.open(
                    server, "/v1/demo/events?topic=flight&id=\(flight.id)", token: staff.token)
                let review = try await Events.open(server, "/v1/demo/events?topic=review", token: staff.token)
                _ = try await tracker.complete(flight)
                let filed = try await one.next { $0["event"] == "pirep.filed" }
                #expect(try filed.json()["id"]?.text == flight.id)
                _ = try await review.next { $0["topic"] == "review" }
                // An orderly stop says so.
                try await server.stop()
                let farewell = try await one.next { $0["code"] != nil }
                #expect(farewell.name == "close")
                #expect(try farewell.json()["code"]?.integer == 1001)
            }
        }

        /// T1: what opens and names nothing here opens and names nothing through events.
        @Test func opensForItsTenantOnly() async throws {
            try await withServer(on: .sqlite) { server in
                var readers: [(pilot: Reader, staff: Reader, tracker: Tracker, flight: Tracker.Flight)] = []
                for slug in ["alpha", "bravo"] {
                    let airline = try await Airline.make(on: server, slug, spare: 2)
                    try await airline.addUser(7, name: "Ada Kern")
                    let tracker = try await airline.tracker(7)
                    let flight = try await tracker.begin("1000")
                    try await tracker.report(flight, latitude: 49)
                    readers.append(
                        (
                            try await Reader.logIn(airline, "DEM0007", password: airline.password),
                            try await airline.staff(), tracker, flight
                        ))
                }
                let (alpha, bravo) = (readers[0], readers[1])
                let path = "/v1/alpha/events"
                for token in [nil, bravo.staff.token, bravo.pilot.token, alpha.tracker.token, "x", "a.b.c"] {
                    #expect(try await refusal(server, path, token: token) == 401)
                }
                let ticket = try #require(try await alpha.staff.post("stream/ticket", [:]).json()["ticket"]?.text)
                #expect(try await refusal(server, "/v1/bravo/events?ticket=\(ticket.queryEscaped)") == 401)
                #expect(try await refusal(server, "\(path)?ticket=\(ticket.queryEscaped)") == 200)
                #expect(try await refusal(server, "\(path)?ticket=\(ticket.queryEscaped)") == 401, "of one use")
                let origin = [("Origin", "https://evil.example")]
                #expect(try await refusal(server, path, token: alpha.staff.token, headers: origin) == 403)
                for (query, status) in [
                    ("topic=flight&id=\(bravo.flight.id)", 404), ("topic=flight&id=x", 404), ("topic=flight", 404),
                    ("topic=nonsense", 422), ("bbox=1,2,3", 422), ("bbox=a,b,c,d", 422), ("bbox=1,2,3,nan", 422),
                ] {
                    #expect(
                        try await refusal(server, "\(path)?\(query)", token: alpha.staff.token) == status, "\(query)")
                }
                #expect(try await refusal(server, "\(path)?topic=review", token: alpha.pilot.token) == 403)
                #expect(try await refusal(server, "/v1/charlie/events", token: alpha.staff.token) == 404)

                let events = try await Events.open(server, path, token: alpha.pilot.token)
                try await bravo.tracker.report(bravo.flight, latitude: 48)
                try await alpha.tracker.report(alpha.flight, latitude: 47)
                var seen = ""
                _ = try await events.next { message in
                    seen += message.canonical
                    return Self.place(message, alpha.flight.id) == 47
                }
                #expect(!seen.contains(bravo.flight.id))
                // Whatever is sent after it is not listened to.
                try await events.socket.send("GET /v1/bravo/events HTTP/1.1\r\n\r\n\u{0}\u{1}nonsense")
                try await alpha.tracker.report(alpha.flight, latitude: 46)
                _ = try await events.next { Self.place($0, alpha.flight.id) == 46 }
                await events.socket.close()
                #expect(try await Web.send("GET", "\(server.url)/healthz").status == 200)
            }
        }

        @Test func countsLikeSockets() async throws {
            try await withServer(on: .sqlite) { server in
                let staff = try await Airline.make(on: server).staff()
                var open: [Events] = []
                for _ in 0..<4 { open.append(try await Events.open(server, "/v1/demo/events", token: staff.token)) }
                #expect(try await refusal(server, "/v1/demo/events", token: staff.token) == 429)
                await open[0].socket.close()
                try await eventually("room for another", within: .seconds(20)) {
                    try await refusal(server, "/v1/demo/events", token: staff.token) == 200 ? true : nil
                }
                for events in open.dropFirst() { await events.socket.close() }
            }
        }
    }
}
