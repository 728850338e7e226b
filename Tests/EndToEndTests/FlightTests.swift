import Foundation
import Testing

extension EndToEnd {
    /// Recorded flights, flown by `albatross fly` through the tracker protocol and judged by the rules.
    @Suite(.serialized)
    struct FlightTests {
        static let recording = "full-flight-surface-2024-07-06.csv"
        static let fleet = """
            subfleet,iata,icao,hub_id,airport_id,name,registration,fin,hex_code,selcal,mtow,zfw,status
            A320,320,A320,,,Airbus A320,G-DEMB,,,,,,A
            """

        /// An airline with pilot 7 and the flight of the recording: Paris to Toulouse, 80 minutes.
        private func airline(_ server: AlbatrossServer, _ slug: String) async throws -> Airline {
            let airline = try await Airline.make(
                on: server, slug, fleet: Self.fleet,
                timetable: [
                    Airline.scheduleHeader,
                    Airline.scheduleRow(
                        "DEM", "34", "LFPG", "LFBO", from: "06:45", to: "08:05", minutes: 80, distance: 323,
                        subfleets: "A320"),
                ].joined(separator: "\n") + "\n")
            try await airline.addUser(7, name: "Ada Kern")
            return airline
        }

        /// Flies a recording to the end and waits for its decision.
        /// - Returns: Id of the flight.
        private func fly(_ airline: Airline, _ recording: String, _ more: [String] = []) async throws -> String {
            let arguments =
                [
                    "fly", "--adapter", "smartcars3", "--url", airline.access().url, "--user", "7", "--password",
                    airline.password, "--track", Paths.flight(recording), "--flight", "DEM34", "--speed", "1000",
                    "--as-recorded", "--json",
                ] + more
            let result = try await airline.server.cli(arguments, usesData: false)
            try #require(result.status == 0, "fly exited \(result.status): \(result.output) \(result.errors)")
            let staff = try await airline.staff()
            let id = try await eventually("flight in the list") {
                try await staff.all("flights").first?["id"]?.text
            }
            _ = try await staff.judged(id)
            return id
        }

        /// Rows of a recording with a time and place of their own.
        static func rows(_ recording: String) throws -> Int {
            let text = try String(contentsOfFile: Paths.flight(recording), encoding: .utf8)
            let rows = text.split(whereSeparator: \.isNewline).dropFirst().map {
                $0.split(separator: ",").prefix(3).joined(separator: ",")
            }
            return Set(rows).count
        }

        static func time(_ value: JSON?) -> Date? {
            guard let text = value?.text else { return nil }
            for style in [Date.ISO8601FormatStyle(includingFractionalSeconds: true), Date.ISO8601FormatStyle()] {
                if let date = try? style.parse(text) { return date }
            }
            return nil
        }

        private func expect(
            _ value: JSON?, near text: String, within seconds: Double, sourceLocation: SourceLocation = #_sourceLocation
        ) throws {
            let wanted = try #require(Self.time(.string(text)))
            let found = try #require(
                Self.time(value), "\(value?.canonical ?? "nothing")", sourceLocation: sourceLocation)
            #expect(
                abs(found.timeIntervalSince(wanted)) <= seconds, "\(found) instead of \(wanted)",
                sourceLocation: sourceLocation)
        }

        /// AFR34ZG, worked out by hand from the rows of the recording:
        /// - OUT 06:46:50.212: up to 06:46:45 the speed is 0.1 kt at 49.005808 N 2.573547 E. From 06:46:50.212 to 06:47:32 it is
        ///   2.2 kt to 3.5 kt in every row, and at 06:47:33 the aircraft is 77 m further west: over 2 kt for 5 s and over 30 m.
        /// - OFF 06:59:22.288: first row in the air; the last one on the ground (165 kt) is of 06:59:21.144.
        /// - ON 07:58:43.160: first row on the ground, 140 kt; the last one in the air is of 07:58:42.393.
        /// - IN 08:02:34.227: the speed falls under 1 kt and stays there to the end of the recording.
        @Test func judgesTheRecordedFlight() async throws {
            try await withServer { server in
                let airline = try await airline(server, "demo")
                let id = try await fly(airline, Self.recording)
                let staff = try await airline.staff()
                let rows = try Self.rows(Self.recording)
                #expect(rows == 4416)
                #expect(try await staff.track(id).points.count == rows)

                let flight = try await staff.json("flights/\(id)")
                let oooi = try #require(flight["oooi"])
                try expect(oooi["out_at"], near: "2024-07-06T06:46:50Z", within: 30)
                try expect(oooi["off_at"], near: "2024-07-06T06:59:22Z", within: 30)
                try expect(oooi["on_at"], near: "2024-07-06T07:58:43Z", within: 30)
                try expect(oooi["in_at"], near: "2024-07-06T08:02:34Z", within: 30)
                #expect(flight["dep"] == "LFPG" && flight["arr"] == "LFBO")
                #expect(flight["pilot"] == "DEM0007")
                #expect(flight["reg"] == "G-DEMB")

                let report = try await staff.judged(id)
                #expect(report["decision"]?["outcome"] == "accept", "\(report["findings"]?.canonical ?? "")")
                #expect(report["state"] == "accepted")
                // D7: an honest recording raises no integrity rule.
                let violated = (report["findings"]?.items ?? []).filter { $0["verdict"] == "violated" }
                for rule in [
                    "teleport", "implied-speed-mismatch", "impossible-vertical-rate", "touchdown-not-observed",
                ] {
                    #expect(!violated.contains { $0["rule"]?.text == rule }, "\(rule)")
                }
                // The pilot's tracker is told as well.
                let tracker = try await airline.tracker(7)
                #expect(try await tracker.get("pireps/search").json()[0]?["status"] == "Accepted")
            }
        }

        /// Displaced by 60 NM from 07:27:10.113 to 07:32:09.447: Fixtures/flights/README.md.
        @Test func flagsTheJump() async throws {
            try await withServer { server in
                let airline = try await airline(server, "demo")
                let id = try await fly(airline, "afr34zg-jump.csv")
                let report = try await airline.staff().judged(id)
                #expect(report["decision"]?["outcome"] == "flag", "\(report["decision"]?.canonical ?? "")")
                let findings = report["findings"]?.items ?? []
                let jumps = findings.filter { $0["rule"] == "teleport" && $0["verdict"] == "violated" }
                try #require(!jumps.isEmpty, "\(report["findings"]?.canonical ?? "")")
                let evidence = jumps.flatMap { $0["evidence"]?.items ?? [] }
                for (from, to) in [
                    ("2024-07-06T07:27:09.185Z", "2024-07-06T07:27:10.113Z"),
                    ("2024-07-06T07:32:09.447Z", "2024-07-06T07:32:10.482Z"),
                ] {
                    let first = try #require(Self.time(.string(from)))
                    let last = try #require(Self.time(.string(to)))
                    let shown = evidence.contains { interval in
                        guard let begin = Self.time(interval["first"]), let end = Self.time(interval["last"]) else {
                            return false
                        }
                        return begin <= first.addingTimeInterval(0.002) && end >= last.addingTimeInterval(-0.002)
                            && end.timeIntervalSince(begin) < 400
                    }
                    #expect(shown, "no evidence of the jump at \(to): \(evidence.map(\.canonical))")
                }
            }
        }

        /// The last ten minutes are missing: the last row is in the descent.
        @Test func flagsTheCutFlight() async throws {
            try await withServer { server in
                let airline = try await airline(server, "demo")
                let id = try await fly(airline, "afr34zg-cut.csv")
                let staff = try await airline.staff()
                let report = try await staff.judged(id)
                #expect(report["decision"]?["outcome"] == "flag", "\(report["decision"]?.canonical ?? "")")
                let findings = report["findings"]?.items ?? []
                #expect(
                    findings.contains { $0["rule"] == "touchdown-not-observed" && $0["verdict"] == "violated" },
                    "\(report["findings"]?.canonical ?? "")")
                #expect(try await staff.track(id).points.count == 3823)
            }
        }

        /// How the positions arrive changes nothing: shuffled, each twice, and late give the same judgement to the byte.
        @Test func judgesTheSameHoweverThePositionsArrive() async throws {
            try await withServer { server in
                var verdicts: [(String, String)] = []
                for (index, more) in [[], ["--shuffle"], ["--repeat", "2"], ["--late"]].enumerated() {
                    let airline = try await airline(server, "demo-\(index)")
                    let id = try await fly(airline, Self.recording, more)
                    let staff = try await airline.staff()
                    #expect(try await staff.track(id).points.count == 4416, "\(more)")
                    verdicts.append((more.joined(separator: " "), try await verdict(staff, id)))
                }
                for (name, verdict) in verdicts.dropFirst() { #expect(verdict == verdicts[0].1, "\(name)") }
            }
        }

        /// Findings, score, outcome and OOOI as canonical text.
        private func verdict(_ staff: Reader, _ id: String) async throws -> String {
            let report = try await staff.judged(id)
            let flight = try await staff.json("flights/\(id)")
            let parts: JSON = [
                "findings": try #require(report["findings"]), "score": try #require(report["score"]),
                "outcome": try #require(report["decision"]?["outcome"]), "oooi": try #require(flight["oooi"]),
            ]
            return parts.canonical
        }

        /// The simulated tracker's own clock: without --as-recorded the flight lies in the present and is on the map.
        @Test func fliesInThePresent() async throws {
            try await withServer { server in
                let airline = try await airline(server, "demo")
                let process = try ChildProcess(
                    Paths.binary,
                    [
                        "fly", "--adapter", "smartcars3", "--url", airline.access().url, "--user", "7", "--password",
                        airline.password, "--track", Paths.flight(Self.recording), "--flight", "DEM34", "--speed", "60",
                        "--json",
                    ],
                    environment: server.environment, folder: server.folder)
                defer { process.signal(SIGKILL) }
                let staff = try await airline.staff()
                let marker = try await eventually("marker", within: .seconds(60)) {
                    guard process.isRunning else {
                        throw TimedOut(description: "fly ended: \(process.output) \(process.errors)")
                    }
                    return try await staff.json("live")["flights"]?.items?.first
                }
                #expect(marker["pilot"]?.text == "DEM0007" || marker["pilot"]?.text == nil)
                #expect(marker["dep"] == "LFPG" && marker["arr"] == "LFBO" && marker["type"] == "A320")
                let seen = try #require(Self.time(marker["t"]))
                #expect(abs(seen.timeIntervalSinceNow) < 6 * 3600)
                #expect(seen.timeIntervalSinceNow < 180, "the time lies in the future")
            }
        }
    }
}
