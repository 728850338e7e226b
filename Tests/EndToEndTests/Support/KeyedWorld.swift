import Foundation
import Synchronization
import Testing

/// The airline that the old trackers' wire pages stand on (code VMS, pilots 1 to 4, two aircraft, two flights), a second
/// one with the same code, and as many new pilots and flights as cases want for themselves. Every pilot has a tracker key.
final class KeyedWorld: Sendable {
    struct Pilot: Sendable {
        let number: Int
        let ident: String
        let password: String
        let key: String
    }
    static let host = "legacy.example"
    static let spare = 60

    let airline: Airline
    /// Pilots 1 (bid on VMS1000), 2 (no bid), 3 (disabled) and 4 (bid on VMS2000, whose aircraft is out of service).
    let pilots: [Int: Pilot]
    /// Pilot 1 of the second airline.
    let stranger: Pilot
    private let nextPilot = Atomic<Int>(100)
    private let nextFlight = Atomic<Int>(0)

    private init(airline: Airline, pilots: [Int: Pilot], stranger: Pilot) {
        self.airline = airline
        self.pilots = pilots
        self.stranger = stranger
    }

    static func make(on server: AlbatrossServer) async throws -> KeyedWorld {
        let airline = Airline(server: server, slug: "demo", icao: "VMS", password: "s3cret")
        try await server.run("tenant", "create", "demo", "--name", "Demo", "--icao", "VMS")
        try await airline.addUser(99, role: "staff", name: "Sam Staff", email: "staff@demo.example")
        try await server.run("fleet", "import", "--tenant", "demo", try server.file("fleet.csv", fleet("A")))
        try await server.run("schedule", "import", "--tenant", "demo", try server.file("schedule.csv", timetable))
        var pilots: [Int: Pilot] = [:]
        for (number, password) in [(1, "secret"), (2, "secret2"), (3, "secret3"), (4, "secret4")] {
            pilots[number] = try await pilot(of: airline, number, password: password)
        }
        for (number, flight, aircraft) in [(1, "VMS1000", "N845MJ"), (4, "VMS2000", "N900XX")] {
            try await server.run(
                "booking", "create", "--tenant", "demo", "--user", airline.ident(number), "--flight", flight,
                "--registration", aircraft)
        }
        // Only then does the aircraft leave service and the pilot the airline.
        try await server.run("fleet", "import", "--tenant", "demo", try server.file("fleet.csv", fleet("M")))
        try await server.run("user", "disable", "--tenant", "demo", "--id", airline.ident(3))
        try await server.run("tenant", "host", "add", "demo", host)

        let other = Airline(server: server, slug: "other", icao: "VMS", password: "elsewhere")
        try await server.run("tenant", "create", "other", "--name", "Other", "--icao", "VMS")
        return KeyedWorld(
            airline: airline, pilots: pilots, stranger: try await pilot(of: other, 1, password: "elsewhere"))
    }

    /// - Parameter status: phpVMS 7's letter for the second aircraft.
    private static func fleet(_ status: String) -> String {
        """
        subfleet,iata,icao,hub_id,airport_id,name,registration,fin,hex_code,selcal,mtow,zfw,status
        E145,,E145,,,ERJ-145,N845MJ,,,,,,A
        B752,,B752,,,757,N900XX,,,,,,\(status)
        """
    }

    private static var timetable: String {
        func row(_ number: Int, _ arrival: String, level: Int, subfleet: String) -> String {
            "VMS,\(number),,,,KJFK,\(arrival),,,10:00,11:10,\(level),162,70,J,,,,MERIT ROBUC3,,,,1,\(subfleet),,"
        }
        var rows = [
            Airline.scheduleHeader, row(1000, "KBOS", level: 18000, subfleet: "E145"),
            row(2000, "KLGA", level: 18000, subfleet: "B752"),
        ]
        for index in 0..<spare { rows.append(row(3000 + index, "KBOS", level: 18000, subfleet: "E145")) }
        return rows.joined(separator: "\n") + "\n"
    }

    private static func pilot(of airline: Airline, _ number: Int, password: String) async throws -> Pilot {
        try await airline.addUser(number, name: "Pilot \(number)", password: password)
        let ident = airline.ident(number)
        let made = try await airline.server.run(
            "apikey", "create", "--tenant", airline.slug, "--user", ident, "--kind", "tracker", "--json")
        return Pilot(
            number: number, ident: ident, password: password, key: try #require(try made.json()["key"]?.text))
    }

    func pilot(_ number: Int) throws -> Pilot { try #require(pilots[number]) }

    /// A pilot nobody used before.
    func freshPilot() async throws -> Pilot {
        let number = nextPilot.wrappingAdd(1, ordering: .relaxed).oldValue
        return try await Self.pilot(of: airline, number, password: "p\(number)-secret")
    }

    /// Code and number of a flight nobody booked before, KJFK to KBOS.
    func freshFlight() throws -> String {
        let index = nextFlight.wrappingAdd(1, ordering: .relaxed).oldValue
        try #require(index < Self.spare, "the suite needs more spare flights")
        return "VMS\(3000 + index)"
    }

    func book(_ flight: String, for pilot: Pilot) async throws {
        try await airline.server.run(
            "booking", "create", "--tenant", airline.slug, "--user", pilot.ident, "--flight", flight)
    }

    func staff() async throws -> Reader {
        try await Reader.logIn(airline, airline.ident(99), password: airline.password)
    }

    /// The reports of a pilot as staff see them, in full.
    func reports(of pilot: Pilot) async throws -> [JSON] {
        let staff = try await staff()
        var reports: [JSON] = []
        for entry in try await staff.all("pireps") where entry["pilot"]?.text == pilot.ident {
            reports.append(try await staff.json("pireps/\(try #require(entry["id"]?.text))"))
        }
        return reports
    }

    /// The one report of a pilot; lists follow the log within a second.
    func report(of pilot: Pilot) async throws -> JSON {
        try await eventually("report of \(pilot.ident)") { try await reports(of: pilot).first }
    }

    /// Shows that a pilot has this many reports, also once the lists had time to follow.
    func expectReports(
        _ count: Int, of pilot: Pilot, sourceLocation: SourceLocation = #_sourceLocation
    ) async throws {
        let found = try await eventually("\(count) reports of \(pilot.ident)") { () -> Int? in
            let found = try await reports(of: pilot).count
            return found >= count ? found : nil
        }
        #expect(found == count, sourceLocation: sourceLocation)
        try await Task.sleep(for: .milliseconds(1200))
        #expect(try await reports(of: pilot).count == count, sourceLocation: sourceLocation)
    }

    /// The flight of a pilot on the map.
    func live(_ pilot: Pilot) async throws -> JSON? {
        try await staff().json("live")["flights"]?.items?.first { $0["pilot"]?.text == pilot.ident }
    }
}

/// One server and one such airline for a whole suite.
struct KeyedSuiteWorld: SuiteTrait, TestScoping {
    @TaskLocal static var current: KeyedWorld?

    /// Runs once, around the suite: the trait is not recursive.
    @concurrent
    func provideScope(
        for test: Test, testCase: Test.Case?, performing function: @concurrent @Sendable () async throws -> Void
    ) async throws {
        try await withServer { server in
            let world = try await KeyedWorld.make(on: server)
            try await Self.$current.withValue(world) { try await function() }
        }
    }
}

extension Trait where Self == KeyedSuiteWorld {
    /// An airline whose pilots have tracker keys.
    static var keyedWorld: KeyedSuiteWorld { KeyedSuiteWorld() }
}

/// The suite's airline with tracker keys.
func keyedWorld(sourceLocation: SourceLocation = #_sourceLocation) throws -> KeyedWorld {
    try #require(KeyedSuiteWorld.current, "the suite has no .keyedWorld trait", sourceLocation: sourceLocation)
}
