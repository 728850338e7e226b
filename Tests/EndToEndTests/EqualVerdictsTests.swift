import Domain
import Foundation
import Protocols
import Testing
import Validation

extension EndToEnd {
    /// One recorded flight through every tracker's protocol: what a protocol carries is judged alike, what it does not
    /// carry is never held against the pilot. The tables of docs/protocols/README.md are made here.
    ///
    /// Most protocols have no time, so that the receipt is the time of a position. The server and the simulated tracker live
    /// by one clock that the flight moves (`ALBATROSS_CLOCK`): every run receives the same at the same time.
    @Suite(.serialized)
    struct EqualVerdictsTests {
        static let interval = 5
        static let baseline = "smartcars3"
        static let adapters = [
            "smartcars3", "smartcars3-v7", "phpvms7", "smartcars2", "kacars", "xacars", "fsacars", "fsacars4", "fsfk",
            "fspassengers",
        ]
        private static let moments = ["out_at", "off_at", "on_at", "in_at"]

        /// What came of the flight through one adapter.
        struct Judged: Sendable {
            let adapter: String
            let positions: Int
            /// OUT, OFF, ON, IN; seconds of the day.
            let times: [Double?]
            let verdicts: [String: String]
            let outcome: String
        }

        private static func capabilities(_ adapter: String) throws -> AdapterCapabilities {
            try #require(AdapterRegistry.adapter(adapter)?.capabilities, "\(adapter) is not in the registry")
        }

        /// OUT and IN are where the speed passes a limit: of a protocol that has whole knots alone the last creep to the stand
        /// reads as none, up to three samples apart. Lift-off and touchdown are a sample apart where a ground flag or a height
        /// is read from altitudes.
        static let tolerance = Double(3 * interval)

        @Test func judgesOneFlightAlikeThroughEveryProtocol() async throws {
            #expect(Set(Self.adapters) == Set(AdapterRegistry.all.map { $0.id.rawValue }))
            let clock = try MovedClock()
            defer { clock.remove() }
            var flown: [Judged] = []
            try await withServer(environment: ["ALBATROSS_CLOCK": clock.path]) { server in
                let airline = try await Airline.make(
                    on: server, fleet: FlightTests.fleet, timetable: Self.timetable)
                for (number, adapter) in Self.adapters.enumerated() {
                    // Each on a day of its own: another pilot's equal track at the same time is a rule of its own.
                    try clock.move(to: Self.begin + Double(number * 86_400))
                    flown.append(try await fly(airline, adapter, number))
                }
            }
            try checkVerdicts(flown)
            try checkTimes(flown)
            try Self.compare(Self.tables(flown))
        }

        // MARK: Flying

        /// The first row of the recording, on a day of the timetable.
        private static let begin = 1_772_347_389.525  // 2026-03-01T06:43:09.525Z

        private static let timetable: String = {
            let rows = adapters.indices.map {
                Airline.scheduleRow(
                    "DEM", String(300 + $0), "LFPG", "LFBO", from: "06:45", to: "08:05", minutes: 80, distance: 323,
                    route: "OKASI LMG FISTO", subfleets: "A320")
            }
            return ([Airline.scheduleHeader] + rows).joined(separator: "\n") + "\n"
        }()

        private func fly(_ airline: Airline, _ adapter: String, _ number: Int) async throws -> Judged {
            let server = airline.server
            let pilot = 100 + number
            let ident = airline.ident(pilot)
            let flight = "DEM\(300 + number)"
            try await airline.addUser(pilot, name: "Pilot \(pilot)")
            try await server.run(
                "booking", "create", "--tenant", airline.slug, "--user", ident, "--flight", flight, "--registration",
                "G-DEMB")
            var arguments = [
                "fly", "--adapter", adapter, "--track", Paths.flight(FlightTests.recording), "--flight", flight,
                "--interval", String(Self.interval), "--json",
            ]
            var root = "\(server.url)/acars/\(airline.slug)/\(adapter)/"
            if adapter == "phpvms7" {
                arguments += ["--key", try await key(airline, ident)]
            } else {
                arguments += ["--user", ident, "--password", airline.password, "--registration", "G-DEMB"]
                if !adapter.hasPrefix("smartcars") { root += "k/\(try await key(airline, ident))/" }
            }
            let result = try await server.cli(arguments + ["--url", root], usesData: false)
            try #require(result.status == 0, "\(adapter) exited \(result.status): \(result.output) \(result.errors)")
            #expect(try result.json()["lost"]?.integer == 0, "\(adapter): \(result.output)")

            let staff = try await airline.staff()
            let id = try await eventually("report of \(ident)") {
                try await staff.all("pireps").first { $0["pilot"]?.text == ident }?["id"]?.text
            }
            _ = try await staff.judged(id)
            // Also what passed and what does not apply.
            let report = try await staff.json("pireps/\(id)?all=1")
            let oooi = try await staff.json("flights/\(id)")["oooi"]
            let day = Self.begin.rounded(.down) - Self.begin.truncatingRemainder(dividingBy: 86_400).rounded(.down)
            var verdicts: [String: String] = [:]
            for finding in report["findings"]?.items ?? [] {
                if let rule = finding["rule"]?.text { verdicts[rule] = finding["verdict"]?.text }
            }
            return Judged(
                adapter: adapter, positions: try await staff.track(id).points.count,
                times: Self.moments.map { name in
                    FlightTests.time(oooi?[name]).map { $0.timeIntervalSince1970 - day - Double(number * 86_400) }
                },
                verdicts: verdicts, outcome: report["decision"]?["outcome"]?.text ?? "none")
        }

        private func key(_ airline: Airline, _ ident: String) async throws -> String {
            let made = try await airline.server.run(
                "apikey", "create", "--tenant", airline.slug, "--user", ident, "--kind", "tracker", "--json")
            return try #require(try made.json()["key"]?.text)
        }

        // MARK: What must hold

        private static let rules = Ruleset.balanced.settings.map(\.rule)

        private func checkVerdicts(_ flown: [Judged]) throws {
            for rule in Self.rules {
                var carried: [Judged] = []
                for flight in flown {
                    let verdict = try #require(
                        flight.verdicts[rule], "\(flight.adapter) has no verdict of \(rule): \(flight.verdicts)")
                    if Ruleset.balanced.carriesInputs(of: rule, try Self.capabilities(flight.adapter)) {
                        carried.append(flight)
                    } else {
                        #expect(
                            ["not-applicable", "inconclusive"].contains(verdict),
                            "\(rule) is \(verdict) through \(flight.adapter), which does not carry what it needs")
                    }
                }
                // smartCARS 3 is the first in the list; where it does not carry the inputs the first that does is.
                guard let first = carried.first else { continue }
                for flight in carried.dropFirst() {
                    #expect(
                        flight.verdicts[rule] == first.verdicts[rule],
                        "\(rule) is \(flight.verdicts[rule] ?? "nothing") through \(flight.adapter), \(first.verdicts[rule] ?? "nothing") through \(first.adapter)"
                    )
                }
            }
        }

        private func checkTimes(_ flown: [Judged]) throws {
            let baseline = try #require(flown.first { $0.adapter == Self.baseline })
            for flight in flown {
                let hasTrack = try Self.capabilities(flight.adapter)[.position] != .absent
                for (index, name) in Self.moments.enumerated() {
                    guard hasTrack else {
                        #expect(flight.times[index] == nil, "\(flight.adapter) has no positions, but \(name)")
                        continue
                    }
                    let expected = try #require(baseline.times[index], "no \(name)")
                    let time = try #require(flight.times[index], "\(flight.adapter): no \(name)")
                    #expect(
                        abs(time - expected) <= Self.tolerance,
                        "\(flight.adapter): \(name) is \(time - expected) s from smartCARS 3's")
                }
            }
        }

        // MARK: Tables

        private static func tables(_ flown: [Judged]) throws -> String {
            func clock(_ seconds: Double?) -> String {
                guard let seconds else { return "–" }
                let whole = Int(seconds.rounded(.down))
                return String(format: "%02d:%02d:%02d", whole / 3600, whole / 60 % 60, whole % 60)
            }
            var lines = ["| adapter | time of a position | positions | OUT | OFF | ON | IN | decision |"]
            lines.append("|---|---|---|---|---|---|---|---|")
            for flight in flown {
                let capabilities = try capabilities(flight.adapter)
                let time =
                    capabilities[.position] == .absent
                    ? "no positions" : capabilities[.clientTime] == .absent ? "its receipt" : "the tracker's"
                let cells =
                    ["`\(flight.adapter)`", time, String(flight.positions)] + flight.times.map(clock)
                    + [flight.outcome]
                lines.append("| " + cells.joined(separator: " | ") + " |")
            }
            let words = ["pass": "pass", "violated": "**violated**", "inconclusive": "open", "not-applicable": "–"]
            lines += ["", "`–` does not apply, `open` could not be judged.", ""]
            lines.append("| rule | " + flown.map { "`\($0.adapter)`" }.joined(separator: " | ") + " |")
            lines.append("|---|" + String(repeating: "---|", count: flown.count))
            for rule in rules {
                let cells = flown.map { words[$0.verdicts[rule] ?? ""] ?? "missing" }
                lines.append("| `\(rule)` | " + cells.joined(separator: " | ") + " |")
            }
            return lines.joined(separator: "\n")
        }

        /// The tables in the documentation are what was flown.
        private static func compare(_ tables: String) throws {
            let path = "\(Paths.package)/docs/protocols/README.md"
            let (begin, end) = ("<!-- equal-verdicts -->\n", "<!-- /equal-verdicts -->")
            let text = try String(contentsOfFile: path, encoding: .utf8)
            let first = try #require(text.range(of: begin), "\(path) has no \(begin)")
            let last = try #require(text.range(of: end), "\(path) has no \(end)")
            let shown = "\n\(tables)\n\n"
            if ProcessInfo.processInfo.environment["ALBATROSS_WRITE_TABLES"] == "1" {
                try (text[..<first.upperBound] + shown + text[last.lowerBound...])
                    .write(toFile: path, atomically: true, encoding: .utf8)
                return
            }
            #expect(
                text[first.upperBound..<last.lowerBound] == shown,
                """
                docs/protocols/README.md shows other tables than what was flown. Run
                  ALBATROSS_WRITE_TABLES=1 swift test --filter EqualVerdictsTests
                to write these:
                \(tables)
                """)
        }
    }
}

/// A time of day that processes read from a file.
struct MovedClock {
    let path: String

    init() throws {
        path = NSTemporaryDirectory() + "/albatross-clock-\(UUID().uuidString)"
        guard FileManager.default.createFile(atPath: path, contents: nil) else {
            throw TimedOut(description: "\(path) cannot be made")
        }
        try move(to: 1_772_340_000)
    }

    /// - Parameter time: Seconds since 1970.
    func move(to time: Double) throws {
        let bytes = withUnsafeBytes(of: Int64((time * 1000).rounded()).littleEndian) { Data($0) }
        let file = try FileHandle(forUpdating: URL(fileURLWithPath: path))
        try file.write(contentsOf: bytes)
        try file.close()
    }

    func remove() { try? FileManager.default.removeItem(atPath: path) }
}
