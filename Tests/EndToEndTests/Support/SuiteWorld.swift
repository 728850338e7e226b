import Synchronization
import Testing

/// One server and one airline for a whole suite, ended when the suite ends.
struct SuiteWorld: SuiteTrait, TestScoping {
    @TaskLocal static var current: World?

    let spare: Int

    /// Runs once, around the suite: the trait is not recursive.
    @concurrent
    func provideScope(
        for test: Test, testCase: Test.Case?, performing function: @concurrent @Sendable () async throws -> Void
    ) async throws {
        try await withServer { server in
            let world = try await World.make(on: server, spare: spare)
            try await Self.$current.withValue(world) { try await function() }
        }
    }
}

extension Trait where Self == SuiteWorld {
    /// - Parameter spare: Timetable entries besides DEM101 and DEM102.
    static func world(spare: Int) -> SuiteWorld { SuiteWorld(spare: spare) }
}

/// What the wire page's conformance cases stand on: pilot 7, pilot 8 (unconfirmed), pilot 9, two aircraft, two entries;
/// and as many new pilots and entries as cases want for themselves.
final class World: Sendable {
    let airline: Airline
    let spare: Int
    private let nextPilot = Atomic<Int>(100)
    private let nextEntry = Atomic<Int>(0)

    init(airline: Airline, spare: Int) {
        self.airline = airline
        self.spare = spare
    }

    static func make(on server: AlbatrossServer, spare: Int) async throws -> World {
        let airline = try await Airline.make(on: server, spare: spare)
        try await airline.addUser(7, name: "Ada Kern", email: "ada@demo.example")
        try await airline.addUser(8, name: "Una Fern", confirmed: false)
        try await airline.addUser(9, name: "Ida Bell")
        try await server.run("tenant", "host", "add", "demo", "trackers.example")
        return World(airline: airline, spare: spare)
    }

    /// A pilot nobody used before, logged in.
    func pilot(_ access: Access) async throws -> Tracker {
        let number = nextPilot.wrappingAdd(1, ordering: .relaxed).oldValue
        try await airline.addUser(number, name: "Pilot \(number)")
        return try await Tracker.logIn(access, number, password: airline.password)
    }

    /// Flight number of an entry nobody booked before.
    func entry() throws -> String {
        let index = nextEntry.wrappingAdd(1, ordering: .relaxed).oldValue
        try #require(index < spare, "the suite needs more spare entries")
        return String(1000 + index)
    }
}

/// The suite's world.
func suiteWorld(sourceLocation: SourceLocation = #_sourceLocation) throws -> World {
    try #require(SuiteWorld.current, "the suite has no .world(spare:) trait", sourceLocation: sourceLocation)
}
