import Application
import Domain
import EventSchema
import Foundation
import Ingest
import Logging
import Protocols
import Secrets
import StoreSQLite
import Synchronization
import Testing
import Validation

/// An adapter without a wire format: the test says what a frame decodes to and gets the reply as it is. So the gateway is
/// tested by itself, with every request and credential that an adapter could give.
enum Script {
    struct Entry {
        let decoded: @Sendable (RawFrame) -> DecodedFrame
        var reply: TrackerReply?
        var error: DecodeError?
    }
    private static let entries = Mutex<[String: Entry]>([:])

    static func put(_ token: String, _ decoded: @escaping @Sendable (RawFrame) -> DecodedFrame) {
        entries.withLock { $0[token] = Entry(decoded: decoded) }
    }
    static func take(_ token: String) -> Entry? { entries.withLock { $0.removeValue(forKey: token) } }
    static func decode(_ frame: RawFrame) -> DecodedFrame {
        let decoded = entries.withLock { $0[frame.path]?.decoded }
        return decoded?(frame)
            ?? DecodedFrame(
                credential: .none, outcome: .failure(DecodeError(.malformed, message: "no script", status: 400)))
    }
    static func answered(_ frame: RawFrame, _ reply: TrackerReply?, _ error: DecodeError?) -> EncodedReply {
        entries.withLock {
            $0[frame.path]?.reply = reply
            $0[frame.path]?.error = error
        }
        return EncodedReply(status: 200, headers: [], body: [])
    }
}

struct PlainAdapter: TrackerAdapter {
    static let id = AdapterID("plain")
    static let title = "plain"
    static let calls: [String] = []
    static func call(of frame: RawFrame) -> String? { nil }
    static let capabilities = AdapterCapabilities([:])
    static func bodyLimit(method: String, path: String) -> Int { 1 << 20 }
    func decode(_ frame: RawFrame) -> DecodedFrame { Script.decode(frame) }
    func encode(_ reply: TrackerReply, to frame: RawFrame) -> EncodedReply { Script.answered(frame, reply, nil) }
    func encode(_ error: DecodeError, to frame: RawFrame) -> EncodedReply { Script.answered(frame, nil, error) }
}

/// One whose calls must come through a tracker key.
struct KeyedAdapter: TrackerAdapter {
    static let id = AdapterID("keyed")
    static let title = "keyed"
    static let calls: [String] = []
    static func call(of frame: RawFrame) -> String? { nil }
    static let needsTrackerKey = true
    static let capabilities = AdapterCapabilities([:])
    static func bodyLimit(method: String, path: String) -> Int { 1 << 20 }
    func decode(_ frame: RawFrame) -> DecodedFrame { Script.decode(frame) }
    func encode(_ reply: TrackerReply, to frame: RawFrame) -> EncodedReply { Script.answered(frame, reply, nil) }
    func encode(_ error: DecodeError, to frame: RawFrame) -> EncodedReply { Script.answered(frame, nil, error) }
}

/// Counts what a real hasher would spend a tenth of a second on.
final class CountingPasswords: PasswordHashing {
    let verified = Mutex(0)
    func hash(_ password: String) async throws(PasswordHashingError) -> String { "hash:\(password)" }
    func verify(_ password: String, against hash: String?) async throws(PasswordHashingError) -> Bool {
        verified.withLock { $0 += 1 }
        return hash == "hash:\(password)"
    }
    var count: Int { verified.withLock { $0 } }
}

final class TestClock: Sendable {
    private let time = Mutex(Timestamp(iso8601: "2026-11-21T12:00:00Z")!)
    var now: Timestamp { time.withLock { $0 } }
    func advance(_ span: Milliseconds) { time.withLock { $0 = $0 + span } }
}

/// A process with a gateway, on a database that others may share.
struct Node {
    let store: SQLiteStore
    let executor: CommandExecutor
    let directory: Directory
    let administration: Administration
    let accounts: Accounts
    let flights: Flights
    let bookings: Bookings
    let passwords: CountingPasswords
    let tokens: KeyedHash
    let notes: TrackerNotes
    let gateway: TrackerGateway

    init(_ folder: String, _ clock: TestClock, loginsPerMinute: Int = 0) throws {
        let now: @Sendable () -> Timestamp = { clock.now }
        store = try SQLiteStore.open(directory: folder, now: now)
        executor = CommandExecutor(store: store, now: now)
        directory = Directory(store: store)
        administration = Administration(executor: executor, store: store)
        passwords = CountingPasswords()
        tokens = KeyedHash(key: [UInt8](repeating: 7, count: 32))
        accounts = Accounts(
            directory: directory, sessions: store, passwords: passwords, tokens: tokens,
            loginsPerMinute: loginsPerMinute, now: now)
        flights = Flights(executor: executor, store: store, airports: TestWorld.airports) { _ in
            Ruleset.balanced.reference
        }
        bookings = Bookings(executor: executor, store: store, airports: TestWorld.airports)
        notes = TrackerNotes(
            quarantine: store, heard: HeardTrackers(store), limits: .init(), logger: Logger(label: "test"))
        gateway = TrackerGateway(
            accounts: accounts, directory: directory, bookings: bookings, flights: flights,
            airports: TestWorld.airports, quarantine: store, notes: notes,
            limits: .init(credentialPerSecond: 0, addressPerSecond: 0), logger: Logger(label: "test"), now: now)
    }
}

/// The airline of the protocol pages: VMS, pilots 1 to 3, N845MJ, VMS1000 from KJFK to KBOS.
final class TestWorld: Sendable {
    static let airports = WorldAirports(
        tabSeparated: """
            KJFK\tJFK\tKennedy\tUS\t40.639751\t-73.778925\t13
            KBOS\tBOS\tLogan\tUS\t42.364347\t-71.005181\t20
            KLGA\tLGA\tLa Guardia\tUS\t40.777245\t-73.872608\t21
            """, version: "test")

    let folder: String
    let clock: TestClock
    let nodes: [Node]
    let id: TenantID
    private let tenantBox: Mutex<Tenant>
    let pilots: [UserProfile]
    let keys: [String]
    var node: Node { nodes[0] }
    var tenant: Tenant { tenantBox.withLock { $0 } }

    private init(
        folder: String, clock: TestClock, nodes: [Node], id: TenantID, tenant: Tenant, pilots: [UserProfile],
        keys: [String]
    ) {
        self.folder = folder
        self.clock = clock
        self.nodes = nodes
        self.id = id
        tenantBox = Mutex(tenant)
        self.pilots = pilots
        self.keys = keys
    }

    static func make(
        nodes count: Int = 1, loginsPerMinute: Int = 0, booked: Bool = true,
        settings change: (inout TenantSettings) -> Void = { _ in }
    ) async throws -> TestWorld {
        let folder = NSTemporaryDirectory() + "albatross-ingest-\(UUID().uuidString)"
        let clock = TestClock()
        let nodes = try (0..<count).map { _ in try Node(folder, clock, loginsPerMinute: loginsPerMinute) }
        let node = nodes[0]
        let id = try await node.administration.createTenant(
            slug: "demo", name: "Virtual Meridian", icao: "VMS", iata: "VM")
        var settings = TenantSettings()
        change(&settings)
        try await node.administration.changeSettings(id, settings)
        _ = try await node.administration.register(
            id, .init(registration: "N845MJ", type: "E145", name: "ERJ-145", subfleet: "E145"))
        let airports = (ICAOLocation("KJFK")!, ICAOLocation("KBOS")!, ICAOLocation("KLGA")!)
        for (number, arrival) in [("1000", airports.1), ("2000", airports.2)] {
            _ = try await node.administration.publish(
                id, airline: "VMS", flightNumber: number, departure: airports.0, arrival: arrival
            ) { id, key in
                ScheduleDetails(
                    id: id, number: key, airline: "VMS", flightNumber: number, departure: airports.0, arrival: arrival,
                    route: "MERIT ROBUC3", level: 18000, distance: NauticalMiles(162.0), departureTime: "10:00",
                    arrivalTime: "11:10", flightTime: Minutes(70), aircraft: [1])
            }
        }
        var pilots: [UserProfile] = []
        var keys: [String] = []
        for number in 1...3 {
            let pilot = try await node.administration.createUser(
                id, role: .pilot, ident: "VMS000\(number)", name: "Pilot \(number)",
                email: "p\(number)@demo.example", passwordHash: "hash:secret\(number)")
            let key = node.tokens.makeToken()
            func keyed(_ text: String) -> String {
                node.tokens.digest(of: text).map { byte in
                    let digits = Array("0123456789abcdef")
                    return String([digits[Int(byte >> 4)], digits[Int(byte & 15)]])
                }.joined()
            }
            try await node.administration.createApiKey(
                id,
                ApiKeyDetails(
                    id: .make(at: clock.now), user: pilot.id, kind: .tracker, hash: keyed(key), prefix: "k",
                    digests: KeyDigests.all(of: key).map(keyed)))
            pilots.append(pilot)
            keys.append(key)
        }
        let tenant = try #require(try await node.directory.tenant(id))
        let world = TestWorld(
            folder: folder, clock: clock, nodes: nodes, id: id, tenant: tenant, pilots: pilots, keys: keys)
        if booked {
            _ = try await node.bookings.book(
                tenant, user: pilots[0].id, schedule: "1", aircraft: 1, repeatIsSame: false)
        }
        return world
    }

    func close() async {
        for node in nodes { await node.store.close() }
        try? FileManager.default.removeItem(atPath: folder)
    }

    func change(_ change: (inout TenantSettings) -> Void) async throws {
        var settings = tenant.settings
        change(&settings)
        try await node.administration.changeSettings(id, settings)
        let fresh = try #require(try await node.directory.tenant(id))
        tenantBox.withLock { $0 = fresh }
    }

    /// Sends a request and gives what the adapter would word.
    func send(
        _ adapter: any TrackerAdapter.Type = PlainAdapter.self, node index: Int = 0, key: String? = nil,
        address: String = "192.0.2.1", tenant other: Tenant? = nil,
        _ decode: @escaping @Sendable (RawFrame) -> DecodedFrame
    ) async throws -> TrackerReply {
        let token = UUID().uuidString
        Script.put(token, decode)
        var frame = RawFrame(
            method: "POST", path: token, query: "", contentType: nil, authorization: nil, body: [],
            receivedAt: clock.now)
        frame.trackerKey = key
        _ = await nodes[index].gateway.handle(other ?? tenant, adapter: adapter, frame, address: address)
        let entry = try #require(Script.take(token))
        if let error = entry.error { throw error }
        let reply = try #require(entry.reply)
        if case .refused(let refusal) = reply { throw refusal }
        return reply
    }

    /// A request of a pilot who is proven by a tracker key.
    func ask(
        _ request: TrackerRequest, pilot: Int = 1, adapter: any TrackerAdapter.Type = PlainAdapter.self,
        node index: Int = 0
    ) async throws -> TrackerReply {
        try await send(adapter, node: index, key: keys[pilot - 1]) { _ in
            DecodedFrame(credential: .pilot(.number(pilot), secret: nil), outcome: .success(request))
        }
    }

    func flight(of reply: TrackerReply) throws -> FlightReply {
        switch reply {
        case .begun(let flight), .flight(let flight), .filed(let flight, _): return flight
        case .progress(_, let flight): return try #require(flight)
        default: throw DecodeError(.malformed, message: "no flight in \(reply)", status: 500)
        }
    }
    func flights(of pilot: Int = 1, states: [FlightReply.State] = []) async throws -> [FlightReply] {
        var query = FlightQuery()
        query.states = states
        query.limit = 100
        guard case .flights(let found, _) = try await ask(.flights(query), pilot: pilot) else { return [] }
        return found
    }
}

extension FlightLegs {
    static let boston = FlightLegs(
        airline: "VMS", number: "1000", departure: ICAOLocation("KJFK"), arrival: ICAOLocation("KBOS"))
    static let laGuardia = FlightLegs(
        airline: "VMS", number: "2000", departure: ICAOLocation("KJFK"), arrival: ICAOLocation("KLGA"))
}

extension TestWorld {
    /// A position `step` hundredths of a degree from Kennedy.
    func position(_ step: Int = 0, id: String? = nil, time: Timestamp? = nil) -> PositionReport {
        var sample = PositionSample(
            eventTime: clock.now, receivedAt: clock.now,
            position: Position(latitude: 40.64 + Double(step) / 100, longitude: -73.78)!)
        sample.clientID = id
        sample.clientTime = time
        sample.groundSpeed = Knots(140.0)
        return PositionReport(sample: sample)
    }
    func progress(_ step: Int = 0, wantsFlight: Bool = true) -> FlightProgress {
        var progress = FlightProgress(positions: [position(step)])
        progress.wantsFlight = wantsFlight
        return progress
    }
    /// A report of VMS1000 from KJFK to KBOS.
    func report(fuel: Double = 4120, legs: FlightLegs = .boston) -> FilingRequest {
        var details = FlightDetails()
        details.airline = legs.airline
        details.flightNumber = legs.number
        details.departure = legs.departure
        details.arrival = legs.arrival
        details.flightTime = Minutes(72)
        details.landingRate = FeetPerMinute(-187.0)
        details.fuelUsed = Kilograms(Pounds(fuel))
        details.asSent["fuelUsed"] = "\(fuel) lb"
        return FilingRequest(details, log: ["[14:05] Off block"])
    }
}
