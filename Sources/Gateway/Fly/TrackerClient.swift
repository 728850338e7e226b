import ArgumentParser
import Domain
import Protocols

/// A tracker as it comes from its maker: it turns what the flight is into the requests of its own protocol, in its order,
/// form and words. When anything is sent is the business of ``SimulatedFlight``.
protocol TrackerClient {
    /// Seconds between two positions where nobody asks for others; 0 sends all.
    static var usualInterval: Double { get }
    /// Whether the protocol has positions at all.
    static var sendsPositions: Bool { get }

    init(http: TrackerHTTP, pilot: FlightOrder.Pilot) throws

    /// Signs in as far as the protocol has it, and finds the flight: booked already, or booked now where the client can.
    mutating func assign(_ wanted: WantedFlight) async throws -> AssignedFlight
    /// Opens the flight. Protocols without such a call send nothing.
    mutating func begin(_ script: FlightScript) async throws
    /// A sample of the recording is due.
    /// - Parameter index: Into the samples in the order of the recording.
    mutating func fly(_ index: Int, of script: FlightScript) async throws
    /// Nothing more comes of the track: sends what is still buffered.
    mutating func endTrack(_ script: FlightScript) async throws
    /// Files the report.
    /// - Returns: Its id as the server gave it; nil where the protocol gives none.
    mutating func file(_ script: FlightScript) async throws -> JSONValue?
    /// `Pending`, `Accepted` or `Rejected`; nil where the protocol does not tell, or not yet.
    func decision() async throws -> String?
    /// Positions that the server shows of the report; nil where the protocol shows none.
    func positionsShown() async throws -> Int?
    /// The server's id of the flight, as the client learnt it; empty where it learns none.
    var flightID: String { get }
    /// Whether a decision can be read.
    var tellsDecision: Bool { get }
}

extension TrackerClient {
    static var usualInterval: Double { 0 }
    static var sendsPositions: Bool { true }
    mutating func begin(_ script: FlightScript) async throws {}
    mutating func endTrack(_ script: FlightScript) async throws {}
    func decision() async throws -> String? { nil }
    func positionsShown() async throws -> Int? { nil }
    var flightID: String { "" }
    var tellsDecision: Bool { false }
}

/// What a pilot asks the client for.
struct WantedFlight: Sendable {
    /// Code and number, upper case; nil: whatever is booked.
    let name: String?
    /// Airports that the recording's ends lie at.
    let departure: String?
    let arrival: String?

    /// Code and number apart: `VMS101` is VMS and 101.
    static func parts(of name: String) -> (code: String, number: String) {
        let code = name.prefix(3).allSatisfy(\.isLetter) ? name.prefix(3) : name.prefix(2)
        return (String(code), String(name.dropFirst(code.count)))
    }

    /// The flight of a client that asks the server for none: the pilot typed it, and the simulator knows its ends.
    func typed(user: String, registration: String) throws -> AssignedFlight {
        guard let name else { throw Refused("this tracker is told no booking: give the flight's number as --flight") }
        guard let departure, let arrival else {
            throw Refused("the recording does not begin and end at an airport, and this tracker is told no booking")
        }
        var flight = AssignedFlight()
        flight.pilot = user
        (flight.code, flight.number) = Self.parts(of: name)
        flight.departure = departure
        flight.arrival = arrival
        flight.registration = registration
        return flight
    }
}

/// The flight as the client knows it before it starts.
struct AssignedFlight: Sendable {
    /// As the server calls the pilot, else as typed.
    var pilot = ""
    var code = ""
    var number = ""
    var departure = ""
    var arrival = ""
    var route: [String] = []
    /// Feet or flight level, as the server writes it.
    var level = ""
    /// Empty where the protocol does not say.
    var registration = ""
    /// ICAO type; empty where the protocol does not say.
    var aircraftType = ""
    var name: String { code + number }
}

/// The protocols that flights can be flown through.
enum FlyAdapter: String, ExpressibleByArgument, CaseIterable, Sendable {
    case smartcars3
    case smartcars3v7 = "smartcars3-v7"
    case smartcars2, phpvms7, kacars, xacars, fsacars, fsacars4, fsfk, fspassengers

    var client: any TrackerClient.Type {
        switch self {
        case .smartcars3, .smartcars3v7: SmartCARS3Client.self
        case .smartcars2: SmartCARS2Client.self
        case .phpvms7: PhpVMS7Client.self
        case .kacars: KACARSClient.self
        case .xacars: XACARSClient.self
        case .fsacars: FSACARSClient.self
        case .fsacars4: FSACARS4Client.self
        case .fsfk: FSFKClient.self
        case .fspassengers: FSPassengersClient.self
        }
    }
}
