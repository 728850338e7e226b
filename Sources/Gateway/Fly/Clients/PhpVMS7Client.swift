import Domain
import Foundation
import NIOHTTP1
import Protocols

/// The calls of a phpVMS 7 client in the manner of vmsACARS: docs/protocols/phpvms7.md.
struct PhpVMS7Client: TrackerClient {
    private let http: TrackerHTTP
    private var airline = 0
    private var aircraft = 0
    private var schedule = ""
    private(set) var flightID = ""
    /// Positions that were not sent yet.
    private var buffer: [Int] = []
    private var sentAt = ContinuousClock.now
    private var loggedEntries = 0
    /// Phases told.
    private var told: Set<Int> = []
    let tellsDecision = true

    private static let batch = 50
    /// Real time after which a batch goes out though it is not full.
    private static let batchTime = Duration.seconds(5)
    private static let name = "vmsacars"

    init(http: TrackerHTTP, pilot: FlightOrder.Pilot) throws {
        self.http = http
        http.setHeader("X-API-Key", try pilot.neededKey())
        http.setHeader("User-Agent", "\(Self.name) 2.1.0")
        http.setHeader("Accept", "application/json")
    }

    // MARK: Calls

    private func data(_ what: String, _ request: TrackerHTTP.Request, next: String) async throws -> JSONValue {
        let answer = try await http.send(request)
        if answer.status == 401 {
            throw Refused(
                "\(what): \(answer.message): make an API key with `albatross apikey create` and give it as --key")
        }
        guard answer.isSuccess else {
            throw Refused("\(what) refused with \(answer.status) (\(answer.message)): \(next)")
        }
        guard case .object(let object)? = answer.json else {
            throw Refused(
                "\(what) was answered with something that is no phpVMS answer: give the adapter's root as --url")
        }
        return object["data"] ?? .object(object)
    }
    private func get(_ path: String, _ query: [(String, String)] = []) async throws -> JSONValue {
        try await data(path, .get("api/" + path, query), next: "see the API key")
    }
    @discardableResult
    private func post(
        _ path: String, next: String, _ members: (inout JSONWriter) -> Void
    ) async throws -> JSONValue {
        try await data(path, .post("api/" + path, json: JSONWriter.bytes(members)), next: next)
    }

    // MARK: Before the flight

    mutating func assign(_ wanted: WantedFlight) async throws -> AssignedFlight {
        _ = try await get("version")
        // Only the module of vmsACARS has it; without one the client goes on with its own settings.
        _ = try await http.send(.get("api/vmsacars/config"))
        let user = try await get("user")
        var found = try await get("user/bids").list.first {
            wanted.name == nil || Self.name(of: $0["flight"]) == wanted.name
        }
        if found == nil { found = try await book(wanted) }
        guard let bid = found, let flight = bid["flight"], let number = flight["flight_number"]?.text,
            let id = flight["id"]?.text
        else {
            throw Refused("the bid holds no flight: see `albatross booking list`")
        }
        schedule = id
        airline = flight["airline_id"]?.whole ?? 1
        var fleet = flight["subfleets"]?.list ?? []
        if fleet.isEmpty { fleet = try await get("user/fleet").list }
        let listed = fleet.flatMap { $0["aircraft"]?.list ?? [] }
        let booked = bid["aircraft_id"]?.whole
        guard let craft = listed.first(where: { $0["id"]?.whole == booked }) ?? listed.first,
            let craftID = craft["id"]?.whole
        else {
            throw Refused("no aircraft in service may fly \(Self.name(of: flight) ?? number): see the fleet")
        }
        aircraft = craftID
        var assigned = AssignedFlight()
        assigned.pilot = user["ident"]?.text ?? ""
        assigned.code = flight["airline"]?["icao"]?.text ?? ""
        assigned.number = number
        assigned.departure = flight["dpt_airport_id"]?.text ?? ""
        assigned.arrival = flight["arr_airport_id"]?.text ?? ""
        assigned.route = (flight["route"]?.text ?? "").split(separator: " ").map(String.init)
        assigned.level = flight["level"]?.text ?? ""
        assigned.registration = craft["registration"]?.text ?? ""
        assigned.aircraftType = craft["icao"]?.text ?? ""
        return assigned
    }

    private static func name(of flight: JSONValue?) -> String? {
        guard let number = flight?["flight_number"]?.text else { return nil }
        return (flight?["airline"]?["icao"]?.text ?? "") + number
    }

    private func book(_ wanted: WantedFlight) async throws -> JSONValue {
        var query: [(String, String)] = []
        if let name = wanted.name {
            query.append(("flight_number", WantedFlight.parts(of: name).number))
        } else {
            query += [wanted.departure.map { ("dep_icao", $0) }, wanted.arrival.map { ("arr_icao", $0) }]
                .compactMap { $0 }
        }
        let rows = try await get("flights/search", query + [("limit", "100")]).list
        guard let flight = rows.first(where: { wanted.name == nil || Self.name(of: $0) == wanted.name }),
            let id = flight["id"]?.text
        else {
            throw Refused(
                "no flight \(wanted.name ?? "") in the timetable: add it with `albatross schedule import`")
        }
        let request = TrackerHTTP.Request.post(
            "api/user/bids", json: JSONWriter.bytes { $0.member("flight_id", id) }
        ).method(.PUT)
        return try await data(
            "bidding for the flight", request, next: "choose another with --flight, or wait until it is free")
    }

    // MARK: The flight

    mutating func begin(_ script: FlightScript) async throws {
        let flight = script.flight
        let report = try await post("pireps/prefile", next: "see airports, aircraft and timetable") { writer in
            writer.member("airline_id", airline)
            writer.member("aircraft_id", aircraft)
            writer.member("flight_number", flight.number)
            writer.member("flight_id", schedule)
            writer.member("flight_type", "J")
            writer.member("dpt_airport_id", flight.departure)
            writer.member("arr_airport_id", flight.arrival)
            writer.member("alt_airport_id", "")
            writer.member("route", flight.route.joined(separator: " "))
            writer.member("planned_distance", Wire.rounded(script.directDistance, 0))
            writer.member("block_fuel", script.blockFuel.rawValue)
            writer.member("source", 1)
            writer.member("source_name", Self.name)
            writer.member("fields", .make(["Simulator": .string("albatross fly")]))
        }
        guard let id = report["id"]?.text else { throw Refused("the prefile was answered without an id") }
        flightID = id
    }

    mutating func fly(_ index: Int, of script: FlightScript) async throws {
        buffer.append(index)
        let isNew = script.beginsPhase(index) && told.insert(index).inserted
        guard isNew || buffer.count >= Self.batch || sentAt.duration(to: .now) >= Self.batchTime else { return }
        try await flush(script)
        guard isNew else { return }
        try await log(script, upTo: script.time(index))
        try await post("pireps/\(flightID)/update", next: "see the server's log") { writer in
            writer.member("status", Self.status(script.sample(index).phase))
            writer.member("distance", Wire.rounded(max(0, script.directDistance - script.remaining(index)), 1))
            writer.member("fuel_used", Wire.rounded(script.blockFuel.rawValue - script.fuel(index).rawValue, 1))
            writer.member("flight_time", Int(((script.time(index) - (script.out ?? script.start)).seconds / 60)))
        }
    }

    private mutating func flush(_ script: FlightScript) async throws {
        while !buffer.isEmpty {
            let batch = buffer.prefix(Self.batch)
            try await post("pireps/\(flightID)/acars/position", next: "the positions are kept, try again") { writer in
                writer.member("positions", .array(batch.map { position($0, script) }))
            }
            buffer.removeFirst(batch.count)
        }
        sentAt = .now
    }

    private func position(_ index: Int, _ script: FlightScript) -> JSONValue {
        let sample = script.sample(index)
        let number = String(index, radix: 16)
        // The same whenever the same position is sent.
        let id =
            script.clientID.uuidString.lowercased().prefix(24) + String(repeating: "0", count: 12 - number.count)
            + number
        return .make([
            "id": .string(String(id)), "lat": .double(sample.position.latitude),
            "lon": .double(sample.position.longitude),
            "altitude_agl": .double(script.height(index).rounded()),
            "altitude_msl": .double(sample.altitude.rawValue.rounded()),
            "heading": .double(Wire.rounded(sample.heading.rawValue, 1)),
            "vs": .double(script.verticalSpeed(index).rounded()),
            "gs": .double(Wire.rounded(sample.groundSpeed.rawValue, 1)),
            "ias": .double(Wire.rounded(script.indicatedAirspeed(index), 1)),
            "fuel": .double(Wire.rounded(script.fuel(index).rawValue, 1)),
            "distance": .double(Wire.rounded(max(0, script.directDistance - script.remaining(index)), 1)),
            "status": .string(Self.status(sample.phase)), "sim_time": .string(Wire.stamp(script.time(index))),
            "created_at": .string(Wire.stamp(script.time(index))),
        ])
    }

    private mutating func log(_ script: FlightScript, upTo time: Timestamp?) async throws {
        let entries = script.log[loggedEntries...].prefix { entry in time.map { entry.time <= $0 } ?? true }
        guard !entries.isEmpty else { return }
        try await post("pireps/\(flightID)/acars/logs", next: "see the server's log") { writer in
            writer.member(
                "logs",
                .array(
                    entries.map {
                        .make(["log": .string($0.message), "created_at": .string(Wire.stamp($0.time))])
                    }))
        }
        loggedEntries += entries.count
    }

    private static func status(_ phase: SmartCARSPhase) -> String {
        switch phase {
        case .boarding: "BST"
        case .pushBack: "PBT"
        case .taxi, .taxiToGate: "TXI"
        case .takeOff: "TOF"
        case .climbOut, .climb, .goAround: "ICL"
        case .cruise, .descent: "ENR"
        case .approach: "TEN"
        case .final: "FIN"
        case .landed: "LAN"
        case .deboarding: "ONB"
        }
    }

    mutating func endTrack(_ script: FlightScript) async throws { try await flush(script) }

    mutating func file(_ script: FlightScript) async throws -> JSONValue? {
        try await log(script, upTo: nil)
        let report = try await post("pireps/\(flightID)/file", next: "the flight stays open: file it again") { writer in
            writer.member("flight_time", Int((script.blockSeconds / 60).rounded()))
            writer.member("distance", Wire.rounded(script.distanceFlown, 1))
            writer.member("fuel_used", script.burn.rawValue)
            writer.member("block_fuel", script.blockFuel.rawValue)
            writer.member("landing_rate", Wire.rounded(script.landingRate, 1))
            if let out = script.out { writer.member("block_off_time", Wire.stamp(out)) }
            if let inBlock = script.inBlock { writer.member("block_on_time", Wire.stamp(inBlock)) }
            writer.member("notes", FlightScript.comment)
        }
        return report["id"]
    }

    func decision() async throws -> String? {
        let report = try await get("pireps/\(flightID)")
        return [1: "Pending", 2: "Accepted", 6: "Rejected"][report["state"]?.whole ?? 0]
    }

    func positionsShown() async throws -> Int? { try await get("pireps/\(flightID)/acars/position").list.count }
}

extension JSONValue {
    fileprivate subscript(_ name: String) -> JSONValue? {
        if case .object(let object) = self { object[name] } else { nil }
    }
    fileprivate var list: [JSONValue] { if case .array(let list) = self { list } else { [] } }
    /// Numbers count as text: which of the two an id is differs from server to server.
    fileprivate var text: String? {
        switch self {
        case .string(let text): text
        case .integer(let number): String(number)
        default: nil
        }
    }
    fileprivate var whole: Int? { numeric.flatMap { Int(exactly: $0) } }
}
