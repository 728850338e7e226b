import Foundation
import Testing

extension EndToEnd {
    /// Export and import between the stores, backup and restore.
    @Suite(.serialized)
    struct TransferTests {
        private static func secret() -> String {
            Data((0..<32).map { _ in UInt8.random(in: 0...255) }).base64EncodedString()
        }

        /// A store with something in every table: generated history, an airline with a session, a key and a quarantined frame.
        private static func fill(
            _ placed: PlacedServer
        ) async throws -> (airline: Airline, tracker: Tracker, key: String) {
            let server = placed.server
            try await server.run("bench", "generate", "--events", "2500", "--seed", "5")
            let airline = try await Airline.make(on: server, spare: 2)
            try await airline.addUser(7, name: "Ada Kern")
            let key = try #require(
                try await server.run("apikey", "create", "--tenant", "demo", "--user", "DEM0007", "--json").json()[
                    "key"]?
                    .text)
            try await server.start()
            let tracker = try await airline.tracker(7)
            let flight = try await tracker.begin("1000")
            try await tracker.report(flight, latitude: 50.5)
            let strange = try await tracker.access.send(
                "POST", "flights/update", token: tracker.token, body: Array("{\"latitude\":".utf8))
            #expect(strange.status >= 400)
            try await server.stop()
            return (airline, tracker, key)
        }

        @Test(.timeLimit(.minutes(10)), arguments: [(StoreKind.sqlite, StoreKind.postgres), (.postgres, .sqlite)])
        func movesAWholeStore(_ from: StoreKind, _ to: StoreKind) async throws {
            let secret = Self.secret()
            try await withPlaced(from, secret: secret) { source in
                let (_, tracker, key) = try await Self.fill(source)
                let file = source.server.folder + "/store.export"
                let exported = try await source.server.run("export", file, "--json").json()
                #expect(try await source.query("SELECT count(*) FROM quarantine") != "0")
                try await withPlaced(to, secret: secret) { target in
                    let imported = try await target.server.run("import", file, "--json").json()
                    #expect(imported["events"] == exported["events"])
                    #expect(imported["records"] == exported["records"])
                    let (before, after) = (try await source.everything(), try await target.everything())
                    for (table, rows) in before {
                        #expect(!rows.isEmpty, "\(table) is empty: the test shows nothing")
                        #expect(after[table] == rows, "\(table) differs")
                    }
                    #expect(try await target.flights() == source.flights())
                    #expect(try await target.server.run("verify", "--json").json()["sound"] == .bool(true))

                    // Sessions and keys open what they opened, and numbers go on where they were.
                    try await target.server.start()
                    let moved = Tracker(
                        access: Access(
                            url: "\(target.server.url)/acars/demo/smartcars3/", dialect: .d5, host: nil),
                        token: tracker.token, number: 7)
                    let bookings = try await moved.get("flights/bookings")
                    #expect(bookings.status == 200, "\(bookings.text)")
                    let answer = try await Web.send(
                        "GET", "\(target.server.url)/v1/demo/flights", headers: [("Authorization", "Bearer \(key)")])
                    #expect(answer.status == 200, "\(answer.text)")
                    #expect(answer.text.contains("DEM0007"))
                    try await target.server.stop()

                    let again = target.server.folder + "/again.export"
                    try await target.server.run("export", again)
                    let refused = try await target.server.cli("import", file)
                    #expect(refused.status == 1)
                    #expect(refused.errors.contains("not empty"), "\(refused.errors)")
                }
            }
        }

        @Test(.timeLimit(.minutes(10)), arguments: StoreKind.allCases)
        func movesOneAirline(_ from: StoreKind) async throws {
            let secret = Self.secret()
            try await withPlaced(from, secret: secret) { source in
                let (_, tracker, _) = try await Self.fill(source)
                let file = source.server.folder + "/demo.export"
                try await source.server.run("export", file, "--tenant", "demo")
                try await withPlaced(.sqlite, secret: secret) { target in
                    try await target.server.run("import", file)
                    let tenants = try await target.server.run("tenant", "list", "--json").json()
                    #expect(tenants.items?.compactMap { $0["slug"]?.text } == ["demo"])
                    #expect(try await target.server.run("verify", "--json").json()["sound"] == .bool(true))
                    let demo = try await source.flights().split(separator: "\n").filter { $0.contains("DEM0007") }
                    let moved = try await target.flights().split(separator: "\n").filter { $0.contains("DEM0007") }
                    #expect(demo == moved)
                    for table in ["event", "reservation", "session", "sequence"] {
                        let whole = Set(try #require(try await source.everything()[table]).split(separator: "\n"))
                        let part = try #require(try await target.everything()[table]).split(separator: "\n")
                        #expect(!part.isEmpty)
                        #expect(part.allSatisfy(whole.contains), "\(table) holds what the source has not")
                        // Nobody is logged in to the generated airlines.
                        if table != "session" {
                            #expect(part.count < whole.count, "\(table) holds more than one airline")
                        }
                    }
                    // The slug is taken here too.
                    let taken = try await target.server.cli(
                        "tenant", "create", "demo", "--name", "Other", "--icao", "OTH")
                    #expect(taken.status == 1)
                    try await target.server.start()
                    let access = Access(url: "\(target.server.url)/acars/demo/smartcars3/", dialect: .d5, host: nil)
                    let bookings = try await Tracker(access: access, token: tracker.token, number: 7)
                        .get("flights/bookings")
                    #expect(bookings.status == 200, "\(bookings.text)")
                    try await target.server.stop()
                }
            }
        }

        @Test func takesNothingFromADamagedFile() async throws {
            let secret = Self.secret()
            try await withPlaced(.sqlite, secret: secret) { source in
                try await source.server.run("tenant", "create", "demo", "--name", "Demo", "--icao", "DEM")
                let file = source.server.folder + "/store.export"
                try await source.server.run("export", file)
                let sound = try Data(contentsOf: URL(fileURLWithPath: file))
                try await withPlaced(.sqlite, secret: secret) { target in
                    func refusal(of bytes: Data) async throws -> String {
                        let path = target.server.folder + "/\(UUID().uuidString).export"
                        try bytes.write(to: URL(fileURLWithPath: path))
                        let result = try await target.server.cli("import", path)
                        #expect(result.status == 1, "\(result.output)")
                        return result.errors
                    }
                    // Every byte counts.
                    for place in stride(from: 24, to: sound.count, by: max(1, sound.count / 12)) {
                        var bytes = sound
                        bytes[bytes.startIndex + place] ^= 0x10
                        #expect(try await refusal(of: bytes).contains("damaged"), "byte \(place)")
                    }
                    for length in [21, sound.count / 2, sound.count - 1] {
                        #expect(try await refusal(of: sound.prefix(length)).contains("damaged"), "\(length) bytes")
                    }
                    #expect(try await refusal(of: sound + [0]).contains("damaged"))
                    var later = sound
                    later[later.startIndex + 16] = 2
                    #expect(try await refusal(of: later).contains("version 2"))
                    #expect(
                        try await refusal(of: Data("no file of ours, though long enough".utf8)).contains("not made by"))
                    // Nothing was stored by any of these.
                    try await target.server.run("import", file)
                }
                try await withPlaced(.sqlite, secret: Self.secret()) { target in
                    let refused = try await target.server.cli("import", file)
                    #expect(refused.status == 1)
                    #expect(refused.errors.contains("secret"))
                    try await target.server.run("import", file, "--other-secret")
                }
            }
        }

        /// What was acknowledged before the backup began is in it, whatever is written meanwhile.
        @Test(.timeLimit(.minutes(10)), arguments: StoreKind.allCases)
        func backsUpUnderWrites(_ kind: StoreKind) async throws {
            try await withPlaced(kind) { source in
                let server = source.server
                try await server.run("bench", "generate", "--events", "4000", "--seed", "9")
                let airline = try await Airline.make(on: server, spare: 4)
                for index in 0..<4 { try await airline.addUser(100 + index, name: "Writer \(index)") }
                try await server.start()
                let acknowledged = Shared<[String: Set<Int>]>([:])
                let isOver = Flag()
                var begun: [(Tracker, Tracker.Flight)] = []
                for index in 0..<4 {
                    let tracker = try await airline.tracker(100 + index)
                    begun.append((tracker, try await tracker.begin(String(1000 + index))))
                }
                let file = server.folder + "/store.backup"
                let promised: [String: Set<Int>] = try await withThrowingTaskGroup(
                    of: [String: Set<Int>]?.self
                ) { group in
                    for (tracker, flight) in begun {
                        group.addTask {
                            var step = 0
                            while !isOver.isSet {
                                try await tracker.report(flight, latitude: decimal(40, step, 10))
                                acknowledged.withLock { [step] in _ = $0[flight.id, default: []].insert(step) }
                                step += 1
                            }
                            return nil
                        }
                    }
                    group.addTask {
                        defer { isOver.set() }
                        func written() -> Int { acknowledged.withLock { $0.values.reduce(0) { $0 + $1.count } } }
                        try await eventually("load") { written() > 40 ? true : nil }
                        let promised = acknowledged.withLock { $0 }
                        try await server.run("backup", file)
                        let during = written()
                        try await eventually("writes after it") { written() > during ? true : nil }
                        return promised
                    }
                    return try await group.reduce(into: [:]) { if let found = $1 { $0 = found } }
                }
                #expect(promised.values.map(\.count).reduce(0, +) > 40)
                try await server.stop()

                try await withPlaced(kind) { target in
                    let restored = try await target.server.run("restore", file, "--json").json()
                    #expect(restored["sound"] == .bool(true))
                    #expect(try await target.server.run("verify", "--json").json()["sound"] == .bool(true))
                    try await target.server.start()
                    let there = Airline(server: target.server, slug: "demo", icao: "DEM", password: airline.password)
                    let staff = try await there.staff()
                    for (flight, steps) in promised {
                        let stored = try await staff.track(flight).latitudes.map { Int((($0 - 40) / 0.0001).rounded()) }
                        #expect(steps.isSubset(of: stored), "\(flight) lost \(steps.subtracting(stored).sorted())")
                    }
                    // The secret came with the copy: a session of before still opens.
                    let access = Access(url: "\(target.server.url)/acars/demo/smartcars3/", dialect: .d5, host: nil)
                    let bookings = try await Tracker(access: access, token: begun[0].0.token, number: 100)
                        .get("flights/bookings")
                    #expect(bookings.status == 200, "\(bookings.text)")
                    try await target.server.stop()
                    let refused = try await target.server.cli("restore", file)
                    #expect(refused.status == 1)
                }
            }
        }

        @Test func restoresOnlyWhereNoServerRuns() async throws {
            let secret = Self.secret()
            try await withPlaced(.sqlite, secret: secret) { source in
                let file = source.server.folder + "/store.backup"
                try await source.server.run("tenant", "create", "demo", "--name", "Demo", "--icao", "DEM")
                try await source.server.run("backup", file)
                try await withPlaced(.sqlite, secret: secret) { target in
                    try await target.server.start()
                    let refused = try await target.server.cli("restore", file)
                    #expect(refused.status == 1)
                    #expect(refused.errors.contains("stop it"), "\(refused.errors)")
                    try await target.server.stop()
                }
            }
        }

        /// A new table must be carried by exports or be known as one that follows from the log.
        @Test(arguments: StoreKind.allCases)
        func knowsEveryTable(_ kind: StoreKind) async throws {
            try await withPlaced(kind) { placed in
                try await placed.server.run("tenant", "list")
                let names = try await placed.query(
                    kind == .sqlite
                        ? "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'"
                        : "SELECT tablename FROM pg_tables WHERE schemaname = 'albatross'")
                let carried: Set<Substring> = [
                    "event", "event_head", "event_type", "reservation", "sequence", "session", "quarantine",
                    "quarantine_head", "read_model", "checkpoint", "projection",
                ]
                let derived: Set<Substring> = ["lookup", "lease", "schema_version"]
                for name in names.split(separator: "\n") {
                    #expect(carried.contains(name) || derived.contains(name), "exports know nothing of table \(name)")
                }
            }
        }
    }
}
