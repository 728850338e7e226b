import Foundation
import Testing

extension EndToEnd {
    /// The command line as scripts use it: exit codes, JSON, standard input, beside a running server.
    @Suite(.serialized)
    struct CommandLineTests {
        @Test func worksBeforeTheFirstServe() async throws {
            try await withServer(started: false) { server in
                let tenant = try await server.run(
                    "tenant", "create", "demo", "--name", "Demo", "--icao", "DEM", "--json"
                ).json()
                #expect(tenant["id"]?.text?.count == 36)
                let user = try await server.run(
                    "user", "create", "--tenant", "demo", "--role", "pilot", "--id", "DEM0007", "--email",
                    "ada@demo.example",
                    "--name", "Ada Kern", "--password-stdin", "--json", stdin: "s3cret\n"
                ).json()
                #expect(user["id"]?.text?.count == 36)
                #expect(user["password"] == nil)
                _ = try await server.run(
                    "fleet", "import", "--tenant", "demo", try server.file("fleet.csv", Airline.fleet), "--json"
                ).json()
                let schedule = try server.file("schedule.csv", Airline.timetable("DEM", spare: 0))
                let dry = try await server.cli("schedule", "import", "--tenant", "demo", schedule, "--dry-run")
                #expect(dry.status == 0, "\(dry.errors)")
                _ = try await server.run("schedule", "import", "--tenant", "demo", schedule, "--json").json()
                let booking = try await server.run(
                    "booking", "create", "--tenant", "demo", "--user", "DEM0007", "--flight", "DEM101", "--json"
                ).json()
                #expect(booking["id"]?.text?.count == 36)
                let key = try await server.run("apikey", "create", "--tenant", "demo", "--user", "DEM0007", "--json")
                    .json()
                #expect(key["id"]?.text?.count == 36)
                #expect((key["key"]?.text?.count ?? 0) >= 32)
                let tenants = try await server.run("tenant", "list", "--json").json()
                #expect(tenants.canonical.contains("\"demo\""))
                #expect(try await server.cli("verify").status == 0)

                // What was made is there when the server comes; the line end is no part of the password.
                try await server.start()
                let airline = Airline(server: server, slug: "demo", icao: "DEM", password: "s3cret")
                let tracker = try await airline.tracker(7)
                let bookings = try await tracker.get("flights/bookings").json()
                #expect(bookings[0]?["number"] == "101")
                #expect(try await tracker.get("data/aircraft").json().items?.count == 2)
            }
        }

        @Test func dryRunChangesNothing() async throws {
            try await withServer(started: false) { server in
                try await server.run("tenant", "create", "demo", "--name", "Demo", "--icao", "DEM")
                let file = try server.file("schedule.csv", Airline.timetable("DEM", spare: 3))
                try await server.run("schedule", "import", "--tenant", "demo", file, "--dry-run")
                #expect(try await server.sqlite("SELECT count(*) FROM event WHERE category = 'schedule'") == "0")
                try await server.run("schedule", "import", "--tenant", "demo", file)
                let events = try await server.sqlite("SELECT count(*) FROM event WHERE category = 'schedule'")
                #expect(events == "5")
                // The same file again says nothing new.
                try await server.run("schedule", "import", "--tenant", "demo", file)
                #expect(try await server.sqlite("SELECT count(*) FROM event WHERE category = 'schedule'") == events)
            }
        }

        @Test(arguments: [
            ["--no-such-flag"], ["nonsense"], ["tenant", "create"], ["serve", "--http"],
            ["user", "create", "--tenant", "demo"],
            ["tenant", "set", "demo", "--live-public", "perhaps"],
        ])
        func wrongUsageExitsTwo(_ arguments: [String]) async throws {
            try await withServer(started: false) { server in
                let result = try await server.cli(arguments)
                #expect(result.status == 2, "\(result.output)\(result.errors)")
                #expect(!result.errors.isEmpty)
            }
        }

        @Test func refusalsExitOneWithOneLine() async throws {
            try await withServer(started: false) { server in
                try await server.run("tenant", "create", "demo", "--name", "Demo", "--icao", "DEM")
                for arguments in [
                    ["tenant", "create", "demo", "--name", "Again", "--icao", "DEM"],
                    ["tenant", "create", "platform", "--name", "Reserved", "--icao", "PLT"],
                    ["tenant", "create", "Bad Slug", "--name", "Bad", "--icao", "BAD"],
                    ["tenant", "set", "nobody", "--live-public", "true"],
                    ["user", "disable", "--tenant", "demo", "--id", "DEM0099"],
                    ["schedule", "import", "--tenant", "demo", "/no/such/file.csv"],
                    ["fleet", "import", "--tenant", "demo", try server.file("bad.csv", "this,is\nno,fleet\n")],
                    ["booking", "create", "--tenant", "demo", "--user", "DEM0001", "--flight", "DEM999"],
                    ["apikey", "revoke", "00000000-0000-7000-8000-000000000000"],
                    ["pirep", "show", "--tenant", "demo", "00000000-0000-7000-8000-000000000000"],
                ] {
                    let result = try await server.cli(arguments)
                    #expect(result.status == 1, "\(arguments): \(result.status) \(result.output)\(result.errors)")
                    let lines = result.errors.split(separator: "\n")
                    #expect(lines.count == 1, "\(arguments): \(result.errors)")
                }
            }
        }

        @Test func wrongSettingsStopTheStart() async throws {
            for environment in [
                ["ALBATROSS_LIMIT_CREDENTIAL_PER_SECOND": "many"], ["DATABASE_URL": "mysql://nowhere/"],
            ] {
                try await withServer(environment: environment, started: false) { server in
                    let result = try await server.cli(["serve", "--http", "127.0.0.1:0"], within: .seconds(60))
                    #expect(result.status == 1, "\(environment): \(result.status)")
                    #expect(result.errors.split(separator: "\n").count == 1, "\(result.errors)")
                    #expect(!result.output.contains("ready"))
                }
            }
            try await withServer(started: false) { server in
                let result = try await server.cli(["serve", "--http", "nonsense"], within: .seconds(60))
                #expect([1, 2].contains(result.status))
            }
        }

        @Test func helpNamesTheCommands() async throws {
            try await withServer(started: false) { server in
                let process = try ChildProcess(
                    Paths.binary, ["--help"], environment: server.environment, folder: server.folder)
                #expect(try await process.exitCode(within: .seconds(60)) == 0)
                for command in [
                    "serve", "demo", "fly", "tenant", "user", "apikey", "schedule", "fleet", "booking", "pirep",
                    "rebuild", "verify", "bench", "decode",
                ] {
                    #expect(process.output.contains("  \(command) "), "\(command)")
                }
            }
        }

        /// A2 of the contract's section 10: SIGTERM ends a server with exit 0, also when nothing was ever asked.
        @Test func endsOrderlyOnSIGTERM() async throws {
            try await withServer { server in
                #expect(try await Web.send("GET", "\(server.url)/healthz").status == 200)
                #expect(try await Web.send("GET", "\(server.url)/readyz").status == 200)
                let metrics = try await Web.send("GET", "\(server.url)/metrics")
                #expect(metrics.status == 200 && metrics.text.contains("albatross_"))
                try await server.stop()
                try await server.start()
            }
        }

        /// A6: the command line is one more writer; the running server believes it within a second.
        @Test func passwordChangeHoldsWithinASecond() async throws {
            try await withServer { server in
                let airline = try await Airline.make(on: server)
                try await airline.addUser(7, name: "Ada Kern")
                let tracker = try await airline.tracker(7)
                let reader = try await Reader.logIn(airline, "DEM0007", password: airline.password)
                #expect(try await tracker.get("flights/bookings").status == 200)
                #expect(try await reader.get("flights").status == 200)
                try await server.run(
                    "user", "password", "--tenant", "demo", "--id", "DEM0007", "--password-stdin", stdin: "another1")
                // Ten times the bar guards against hangs; the bar itself is measured elsewhere.
                try await eventually("refusal of the old password", within: .seconds(10)) {
                    try await airline.access().logIn("7", password: "s3cret").status == 401 ? true : nil
                }
                #expect(try await airline.access().logIn("7", password: "another1").status == 200)
                try await eventually("end of the web session", within: .seconds(10)) {
                    try await reader.get("flights").status == 401 ? true : nil
                }
            }
        }

        @Test func disabledUserIsOut() async throws {
            try await withServer { server in
                let airline = try await Airline.make(on: server)
                try await airline.addUser(7, name: "Ada Kern")
                try await airline.addUser(9, name: "Ida Bell")
                let tracker = try await airline.tracker(7)
                let other = try await airline.tracker(9)
                let reader = try await Reader.logIn(airline, "DEM0007", password: airline.password)
                #expect(try await tracker.get("flights/bookings").status == 200)
                try await server.run("user", "disable", "--tenant", "demo", "--id", "DEM0007")
                try await eventually("refusal of the tracker's session", within: .seconds(10)) {
                    try await tracker.get("flights/bookings").status == 401 ? true : nil
                }
                try await eventually("refusal of the web session", within: .seconds(10)) {
                    try await reader.get("flights").status == 401 ? true : nil
                }
                #expect(try await airline.access().logIn("7", password: "s3cret").status == 401)
                #expect(try await other.get("flights/bookings").status == 200)
                try await server.run("user", "enable", "--tenant", "demo", "--id", "DEM0007")
                try await eventually("return", within: .seconds(10)) {
                    try await airline.access().logIn("7", password: "s3cret").status == 200 ? true : nil
                }
            }
        }

        @Test func revokedKeyIsOut() async throws {
            try await withServer { server in
                let airline = try await Airline.make(on: server)
                let key = try await server.run(
                    "apikey", "create", "--tenant", "demo", "--user", "DEM0001", "--json"
                ).json()
                let id = try #require(key["id"]?.text)
                let reader = Reader(airline: airline, token: try #require(key["key"]?.text))
                try await eventually("key to work", within: .seconds(10)) {
                    try await reader.get("flights").status == 200 ? true : nil
                }
                #expect(try !server.dataHolds(reader.token), "keys are stored as a hash only")
                try await server.run("apikey", "revoke", id)
                try await eventually("refusal of the key", within: .seconds(10)) {
                    try await reader.get("flights").status == 401 ? true : nil
                }
                // A tracker's key opens nothing here.
                let trackerKey = try await server.run(
                    "apikey", "create", "--tenant", "demo", "--user", "DEM0001", "--kind", "tracker", "--json"
                ).json()
                let other = Reader(airline: airline, token: try #require(trackerKey["key"]?.text))
                #expect(try await other.get("flights").status == 401)
            }
        }

        /// Imports and decisions by command line show in the running server.
        @Test func commandsShowInTheRunningServer() async throws {
            try await withServer { server in
                let airline = try await Airline.make(on: server, spare: 2)
                try await airline.addUser(7, name: "Ada Kern")
                let tracker = try await airline.tracker(7)
                #expect(try await tracker.get("flights/search").json().items?.count == 4)
                let more = [
                    Airline.scheduleHeader,
                    Airline.scheduleRow("DEM", "555", "EDDF", "EDDM", from: "08:00", to: "09:00", minutes: 60),
                ]
                try await server.run(
                    "schedule", "import", "--tenant", "demo",
                    try server.file("more.csv", more.joined(separator: "\n") + "\n"))
                try await eventually("new entry") {
                    try await tracker.get("flights/search", [("departureAirport", "EDDF")]).json().items?.count == 1
                        ? true : nil
                }
                // A client draws no flight whose airports it was not told.
                try await eventually("new airports") {
                    let airports = try await tracker.get("data/airports").json().items ?? []
                    return airports.contains { $0["code"] == "EDDM" } ? true : nil
                }
                let flight = try await tracker.begin("1000")
                try await tracker.report(flight, latitude: 50)
                #expect(try await tracker.complete(flight).status == 200)
                let staff = try await airline.staff()
                let judged = try await staff.judged(flight.id)
                let listed = try await server.run("pirep", "list", "--tenant", "demo", "--json").json()
                #expect(listed[0]?["id"] == .string(flight.id))
                let shown = try await server.run("pirep", "show", "--tenant", "demo", flight.id, "--json").json()
                #expect(shown["state"] == judged["state"])
                try await server.run("pirep", "accept", "--tenant", "demo", flight.id, "--json")
                try await eventually("acceptance") {
                    try await staff.json("pireps/\(flight.id)")["state"] == "accepted" ? true : nil
                }
                let again = try await server.cli(
                    "pirep", "reject", "--tenant", "demo", flight.id, "--reason", "changed my mind about it")
                #expect(again.status == 1)
            }
        }

        @Test func secondServerOnTheSameDataIsRefusedOrShares() async throws {
            try await withServer { server in
                let airline = try await Airline.make(on: server)
                let second = try ChildProcess(
                    Paths.binary, ["serve", "--data", server.data, "--http", "127.0.0.1:0"],
                    environment: server.environment,
                    folder: server.folder)
                defer { second.signal(SIGKILL) }
                try await eventually("word of the second server", within: .seconds(100)) {
                    !second.isRunning || second.output.contains("ready ") ? true : nil
                }
                if !second.isRunning {
                    #expect(await second.exitCode() == 1)
                    #expect(second.errors.split(separator: "\n").count == 1)
                }
                // Either way the first one goes on.
                #expect(try await airline.access().send("GET", "").status == 200)
            }
        }
    }
}
