import Foundation
@testable import StoreSQLite
import Testing

extension EndToEnd {
    /// F6 and F12: the disk is full; the process dies while it brings an old store up to date.
    @Suite(.serialized)
    struct FaultsStorageTests {
        /// A file system of a few megabytes in a mount namespace of its own, which goes with the process that holds it.
        final class SmallDisk: Sendable {
            let path: String
            private let holder: ChildProcess
            /// Runs a program inside.
            let wrapper: [String]

            init(megabytes: Int) async throws {
                path = "\(NSTemporaryDirectory())/albatross-disk-\(UUID().uuidString)"
                try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
                // Without root in a user namespace too, where the kernel allows that.
                let isRoot = geteuid() == 0
                holder = try ChildProcess(
                    "/usr/bin/unshare",
                    (isRoot ? [] : ["--user", "--map-root-user"]) + [
                        "--mount", "/bin/sh", "-c",
                        "mount -t tmpfs -o size=\(megabytes)m tmpfs '\(path)' && echo mounted && exec sleep 86400",
                    ], environment: ["PATH": "/usr/bin:/bin:/usr/sbin:/sbin"], folder: path)
                wrapper =
                    ["/usr/bin/nsenter", "--target", "\(holder.pid)", "--mount"]
                    + (isRoot ? [] : ["--user", "--preserve-credentials"])
                let holder = holder
                try await eventually("small disk (root, or user namespaces, needed)") { () -> Bool? in
                    if holder.output.contains("mounted") { return true }
                    guard holder.isRunning else { throw TimedOut(description: holder.errors) }
                    return nil
                }
            }

            /// Runs a line of shell inside, and gives what it printed.
            @discardableResult
            func sh(_ line: String) async throws -> String {
                let command = wrapper + ["/bin/sh", "-c", line]
                let process = try ChildProcess(
                    command[0], Array(command.dropFirst()), environment: ["PATH": "/usr/bin:/bin"],
                    folder: NSTemporaryDirectory())
                _ = try await process.exitCode(within: .seconds(60))
                defer {
                    try? FileManager.default.removeItem(atPath: process.outputPath)
                    try? FileManager.default.removeItem(atPath: process.errorPath)
                }
                return process.output
            }

            /// Takes every block that is left.
            func fill() async throws {
                try await sh("cat /dev/zero >> '\(path)/filler'")
                let left = try await sh("df --output=avail '\(path)' | tail -n 1")
                try #require(Int(left.trimmingCharacters(in: .whitespacesAndNewlines)) == 0, "\(left) are left")
            }
            func free() async throws { try await sh("rm '\(path)/filler'") }

            func close() async {
                holder.signal(SIGKILL)
                _ = await holder.exitCode()
                try? FileManager.default.removeItem(atPath: path)
            }
        }

        /// F6.
        @Test(.timeLimit(.minutes(Soak.size(10, long: 120))))
        func refusesWhileTheDiskIsFullAndGoesOn() async throws {
            let cycles = Soak.cycles(1, long: 20)
            let disk = try await SmallDisk(megabytes: 64)
            let small = try AlbatrossServer(on: .sqlite, data: disk.path + "/data", wrapper: disk.wrapper)
            try await withServer(small) { server in
                let load = try await FaultLoad.make(
                    "F6", on: server, writers: 8, seed: 0xF6, mayRefuse: true, isStamped: true)
                let staff = try await load.airline.staff()
                try await load.run { load in
                    for _ in 0..<cycles {
                        try await load.progress(100)
                        let refused = load.refused
                        try await disk.fill()
                        try await eventually("refusals", within: .seconds(100)) {
                            load.refused > refused + 20 ? true : nil
                        }
                        // What only reads is served as before.
                        #expect(try await staff.get("flights").status == 200)
                        #expect(try await staff.get("pireps").status == 200)
                        #expect(server.isRunning)
                        try await disk.free()
                        // Nobody does anything but wait.
                        try await load.progress(200)
                    }
                }
                let shown = try await load.check()
                #expect(load.refused > 20 * cycles)
                Soak.report("F6", "\(cycles) × disk full, then freed", shown)
            }
            await disk.close()
        }

        // MARK: F12

        private struct Flown {
            let airline: Airline
            let flight: String
            let latitudes: [Double]
        }

        /// An airline with a judged report, on a running server.
        private func fly(_ server: AlbatrossServer) async throws -> Flown {
            let airline = try await Airline.make(on: server, spare: 1)
            try await airline.addUser(7, name: "Ada Kern")
            let tracker = try await airline.tracker(7)
            let flight = try await tracker.begin("1000")
            let latitudes = (0..<20).map { decimal(48, $0, 500) }
            for latitude in latitudes { try await tracker.report(flight, latitude: latitude) }
            #expect(try await tracker.complete(flight).status == 200)
            let staff = try await airline.staff()
            try await eventually("report") { try await staff.all("pireps").isEmpty ? nil : true }
            _ = try await staff.judged(flight.id)
            return Flown(airline: airline, flight: flight.id, latitudes: latitudes)
        }

        private func expect(_ flown: Flown, on server: AlbatrossServer) async throws {
            let airline = Airline(
                server: server, slug: flown.airline.slug, icao: flown.airline.icao, password: flown.airline.password)
            let staff = try await airline.staff()
            #expect(try await staff.track(flown.flight).latitudes == flown.latitudes)
            #expect(try await staff.all("pireps").count == 1)
            let verified = try await server.cli("verify")
            #expect(verified.status == 0, "\(verified.output)\(verified.errors)")
        }

        /// Any file, not only that of a server.
        private func sqlite(_ path: String, _ sql: String, _ server: AlbatrossServer) async throws -> String {
            let process = try ChildProcess(
                "/usr/bin/sqlite3", ["-bail", path], environment: server.environment, folder: server.folder,
                input: Array(sql.utf8))
            let status = try await process.exitCode(within: .seconds(60))
            try #require(status == 0, "sqlite3: \(process.errors)")
            return process.output.trimmingCharacters(in: .whitespacesAndNewlines)
        }

        /// The store of a server as a release with an earlier schema would have left it: its tables, these rows.
        private func old(_ schema: Int, of server: AlbatrossServer) async throws -> String {
            let path = "\(server.folder)/schema-\(schema).sqlite"
            let current = "\(server.data)/\(SQLiteStore.fileName)"
            var script = "PRAGMA journal_mode = WAL;\n"
            script += "CREATE TABLE schema_version (version INTEGER PRIMARY KEY, applied_at INTEGER NOT NULL);\n"
            for migration in Migration.all where migration.version <= schema {
                script += migration.sql + "\nINSERT INTO schema_version VALUES (\(migration.version), 0);\n"
            }
            _ = try await sqlite(path, script, server)
            let tables = try await sqlite(
                path, "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'", server)
            var copy = "ATTACH '\(current)' AS now;\n"
            for table in tables.split(separator: "\n") where table != "schema_version" {
                if table == "checkpoint", schema < 2 {
                    // One position for the whole log.
                    copy +=
                        "INSERT INTO checkpoint SELECT projection, generation, min(position), 1 FROM now.checkpoint GROUP BY 1, 2;\n"
                } else {
                    copy += "INSERT OR REPLACE INTO \(table) SELECT * FROM now.\(table);\n"
                }
            }
            _ = try await sqlite(path, copy, server)
            return path
        }

        /// A server on a copy of a store's file, with the secret of the server that made it.
        private func server(on path: String, of server: AlbatrossServer) throws -> AlbatrossServer {
            let copy = try AlbatrossServer(on: .sqlite)
            try FileManager.default.createDirectory(atPath: copy.data, withIntermediateDirectories: true)
            try FileManager.default.copyItem(atPath: path, toPath: "\(copy.data)/\(SQLiteStore.fileName)")
            try FileManager.default.copyItem(
                atPath: server.data + "/secret.key", toPath: copy.data + "/secret.key")
            return copy
        }

        private static let schema = "SELECT max(version) FROM schema_version"

        /// Every schema that was ever released, the process killed in each of its steps and at random moments.
        @Test(.timeLimit(.minutes(Soak.size(5, long: 60))))
        func upgradesOldFoldersThroughKills() async throws {
            let kills = Soak.cycles(4, long: 50)
            try await withServer(on: .sqlite) { origin in
                let flown = try await fly(origin)
                try await origin.stop()
                for schema in 1..<Migration.current {
                    let path = try await old(schema, of: origin)
                    let copy = try server(on: path, of: origin)
                    try await withServer(copy, started: false) { server in
                        let file = "\(server.data)/\(SQLiteStore.fileName)"
                        for step in 1...(Migration.current - schema) {
                            let ended = try await server.run(serveWith: ["ALBATROSS_KILL_AT": "midMigration:\(step)"])
                            #expect(ended.status == 128 + SIGKILL, "\(ended.errors)")
                            #expect(try await sqlite(file, Self.schema, server) == "\(schema)")
                        }
                        try await server.start()
                        #expect(try await sqlite(file, Self.schema, server) == "\(Migration.current)")
                        try await expect(flown, on: server)
                    }
                    // At any moment: before, in the middle, behind.
                    var random = RandomSource(seed: 0xF12)
                    for _ in 0..<kills {
                        let copy = try self.server(on: path, of: origin)
                        try await withServer(copy, started: false) { server in
                            let process = try ChildProcess(
                                Paths.binary, ["serve", "--data", server.data, "--http", "127.0.0.1:0"],
                                environment: server.environment, folder: server.folder)
                            // The moment is random by intent; nothing waits for a state here.
                            try await Task.sleep(for: .milliseconds(Int.random(in: 5...120, using: &random)))
                            process.signal(SIGKILL)
                            _ = await process.exitCode()
                            try await server.start()
                            try await expect(flown, on: server)
                        }
                    }
                }
                // The other way: what a later release wrote is left alone.
                let file = "\(origin.data)/\(SQLiteStore.fileName)"
                _ = try await sqlite(file, "INSERT INTO schema_version VALUES (\(Migration.current + 1), 0)", origin)
                for arguments in [["serve", "--http", "127.0.0.1:0"], ["verify"], ["rebuild"]] {
                    let refused = try await origin.cli(arguments)
                    #expect(refused.status == 1)
                    #expect(refused.errors.contains("run that release, or restore a backup"), "\(refused.errors)")
                }
                _ = try await sqlite(
                    file, "DELETE FROM schema_version WHERE version > \(Migration.current)", origin)
                try await origin.start()
                try await expect(flown, on: origin)
                Soak.report(
                    "F12", "SQLite, schemas 1 to \(Migration.current), kill in each step and \(kills) × at random",
                    "upgraded each time, a later schema refused")
            }
        }

        /// The tables of a database are made by `albatross migrate`; until it is done nothing serves.
        @Test(.timeLimit(.minutes(Soak.size(5, long: 60))))
        func upgradesDatabasesThroughKills() async throws {
            let kills = Soak.cycles(4, long: 50)
            var addresses = try ServerAddresses.shared()
            (addresses.rabbitmq, addresses.redis) = (nil, nil)
            let empty = try AlbatrossServer(on: .servers(addresses), isMigrated: false)
            try await withServer(empty, started: false) { server in
                let cluster = try #require(server.cluster)
                func expectRefusal(_ arguments: [String], usesData: Bool = true, _ words: String) async throws {
                    let refused = try await server.cli(arguments, usesData: usesData)
                    #expect(refused.status == 1)
                    #expect(refused.errors.contains(words), "\(refused.errors)")
                }
                let serve = ["serve", "--http", "127.0.0.1:0"]
                try await expectRefusal(serve, "run `albatross migrate`")
                let killed = try await server.cli(
                    cluster.migration, usesData: false, environment: ["ALBATROSS_KILL_AT": "midMigration:1"])
                #expect(killed.status == 128 + SIGKILL)
                try await expectRefusal(serve, "run `albatross migrate`")
                var random = RandomSource(seed: 0xF12)
                for _ in 0..<kills {
                    let process = try ChildProcess(
                        Paths.binary, cluster.migration, environment: server.environment, folder: server.folder)
                    // The moment is random by intent; nothing waits for a state here.
                    try await Task.sleep(for: .milliseconds(Int.random(in: 5...150, using: &random)))
                    process.signal(SIGKILL)
                    _ = await process.exitCode()
                }
                let migrated = try await server.cli(cluster.migration, usesData: false)
                #expect(migrated.status == 0, "\(migrated.errors)")
                try await server.start()
                let flown = try await fly(server)
                try await expect(flown, on: server)
                try await server.stop()
                let later = try #require(Int(cluster.query("SELECT max(version) FROM albatross.schema_version"))) + 1
                _ = try cluster.query("INSERT INTO albatross.schema_version (version) VALUES (\(later))")
                try await expectRefusal(serve, "run that release, or restore a backup")
                try await expectRefusal(cluster.migration, usesData: false, "run that release, or restore a backup")
                _ = try cluster.query("DELETE FROM albatross.schema_version WHERE version = \(later)")
                try await server.start()
                try await expect(flown, on: server)
                Soak.report(
                    "F12", "PostgreSQL, schema 1, kill in the step and \(kills) × at random",
                    "migrated afterwards, refused before; a later schema refused")
            }
        }
    }
}
