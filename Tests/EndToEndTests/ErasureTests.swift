import Foundation
import Testing

extension EndToEnd {
    /// A person who is erased stands in no byte of the store, and the events are as sound as before.
    @Suite(.serialized)
    struct ErasureTests {
        private static let name = "Quentin Zebulon Marlowe"
        private static let email = "quentin.marlowe@canary.example"

        @Test(.timeLimit(.minutes(10)), arguments: StoreKind.allCases)
        func leavesNoByteBehind(_ kind: StoreKind) async throws {
            try await withPlaced(kind) { placed in
                let server = placed.server
                let airline = try await Airline.make(on: server, spare: 3)
                try await airline.addUser(7, name: Self.name, email: Self.email)
                try await airline.addUser(8, name: "Una Fern")
                try await server.start()
                let tracker = try await airline.tracker(7)
                let staff = try await airline.staff()
                let flight = try await tracker.begin("1000")
                for step in 0..<5 { try await tracker.report(flight, latitude: decimal(40, step, 10)) }
                let refused = try await server.cli("user", "erase", "--tenant", "demo", "--id", "DEM0007")
                #expect(refused.status == 1)
                #expect(refused.errors.contains("under way"), "\(refused.errors)")

                let filed = try await tracker.complete(
                    flight,
                    [
                        "comments": .string("Flown by \(Self.name)"),
                        "flightLog": .string(Data("[10:00:00] Captain \(Self.name) aboard".utf8).base64EncodedString()),
                    ])
                #expect(filed.status == 200, "\(filed.text)")
                _ = try await staff.judged(flight.id)
                let strange = try await tracker.access.send(
                    "POST", "flights/update", token: tracker.token, body: Array("{\"pilot\":\"\(Self.name)\",".utf8))
                #expect(strange.status >= 400)
                let other = try await airline.tracker(8)
                let theirs = try await other.begin("1001")
                try await other.report(theirs, latitude: 41)
                #expect(try await holds(placed, Self.name), "the canary was planted")
                #expect(try await holds(placed, Self.email), "the canary was planted")

                // Beside the running server.
                let erased = try await server.run("user", "erase", "--tenant", "demo", "--id", "DEM0007", "--json")
                    .json()
                #expect((erased["events"]?.integer ?? 0) >= 3)
                // What was not understood, and the sample of what was.
                #expect(erased["frames"]?.integer == 2)
                #expect(erased["left"]?.items == [])

                // What the server answers, and what it writes after the next events of its own.
                try await eventually("the erased name in the list") {
                    let listed = try await staff.json("flights/\(flight.id)").canonical
                    return listed.contains("Former pilot") && !listed.contains(Self.name) ? true : nil
                }
                let login = try await tracker.access.logIn("7", password: airline.password)
                #expect(login.status >= 400)
                #expect(try await tracker.get("flights/bookings").status >= 400)
                try await other.report(theirs, latitude: 41.001)
                #expect(try await staff.get("pilots").text.contains(Self.name) == false)
                try await placed.caughtUp()
                try await server.stop()

                #expect(try await !holds(placed, Self.name))
                #expect(try await !holds(placed, Self.email))
                let sound = try await server.run("verify", "--json").json()
                #expect(sound["sound"] == .bool(true), "\(sound.canonical)")
                let live = try await placed.flights()
                try await server.run("rebuild")
                #expect(try await placed.flights() == live, "a replay of the rewritten log gives the same")

                // The address is free again, the number is not.
                try await airline.addUser(9, name: "Ida Bell", email: Self.email.uppercased())
                let again = try await server.cli("user", "erase", "--tenant", "demo", "--id", "DEM0007")
                #expect(again.status == 1)
                #expect(again.errors.contains("already"))
            }
        }

        /// In any file of the folder, in either case; or in a dump of the database.
        private func holds(_ placed: PlacedServer, _ text: String) async throws -> Bool {
            if let dump = try placed.dump() {
                let digits = text.utf8.map { String(format: "%02x", $0) }.joined()
                return dump.contains(text) || dump.contains(digits)
            }
            return try placed.server.dataHolds(text)
        }
    }
}
