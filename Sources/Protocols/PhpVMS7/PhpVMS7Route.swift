/// The calls of the API by path: spec, section 4.
enum PhpVMS7Route: Hashable, Sendable {
    case status, live, liveMap, news
    case airlines, airline(String)
    case airports, hubs, airportSearch, airport(String), airportLookup(String), distance(String, String)
    case fleet, aircraft(String), pilotFleet
    case flights, flight(String), flightAircraft(String), flightRoute(String), briefing(String)
    case user, pilot(String)
    case bids, bidList, bid(String)
    case pireps, prefile, pirep(String), update(String), file(String), cancel(String)
    case position(String), positions(String), logs(String), events(String), map(String)
    case route(String), fields(String), comments(String), finances(String), recalculation(String)
    case acarsConfig, acarsRules, acarsSearch

    init?(_ frame: RawFrame) {
        self.init(path: frame.path)
        switch self {
        case .acarsConfig, .acarsRules, .acarsSearch:
            if frame.site.value(PhpVMS7Adapter.vmsACARS) == "off" { return nil }
        default: break
        }
    }

    /// - Parameter path: Begins with `api`; empty segments do not count.
    init?(path: String) {
        guard path.utf8.count <= 1024 else { return nil }
        let parts = path.split(separator: "/").map {
            $0.utf8.contains(UInt8(ascii: "%")) ? Self.decoded($0) : String($0)
        }
        guard parts.first == "api" else { return nil }
        guard let found = Self.known(parts.dropFirst()) else { return nil }
        self = found
    }

    private static func decoded(_ segment: Substring) -> String {
        FormDecoder.unescaped(segment.utf8.map { $0 == UInt8(ascii: "+") ? UInt8(ascii: "-") : $0 })
    }

    private static func known(_ parts: ArraySlice<String>) -> PhpVMS7Route? {
        let rest = Array(parts.dropFirst())
        switch (parts.first ?? "", rest.count) {
        case ("", _), ("status", 0), ("version", 0): return .status
        case ("news", 0): return .news
        case ("acars", 0): return .live
        case ("acars", 1): return rest[0] == "geojson" ? .liveMap : nil
        case ("airlines", 0): return .airlines
        case ("airlines", 1): return .airline(rest[0])
        case ("airports", _): return airports(rest)
        case ("fleet", 0), ("subfleet", 0): return .fleet
        case ("fleet", 2), ("subfleet", 2): return rest[0] == "aircraft" ? .aircraft(rest[1]) : nil
        case ("flights", _): return flights(rest)
        case ("user", 0): return .user
        case ("user", _): return owned(rest)
        case ("users", 1): return rest[0] == "me" ? .user : .pilot(rest[0])
        case ("users", 2): return rest[1] == "fleet" ? .pilotFleet : rest[1] == "pireps" ? .pireps : nil
        case ("bids", 0): return .bidList
        case ("bids", 1): return .bid(rest[0])
        case ("pireps", 0): return .pireps
        case ("pireps", 1): return rest[0] == "prefile" ? .prefile : .pirep(rest[0])
        case ("pireps", _): return pirep(rest[0], Array(rest.dropFirst()))
        case ("vmsacars", 1):
            let calls: [String: PhpVMS7Route] = ["config": .acarsConfig, "rules": .acarsRules, "search": .acarsSearch]
            return calls[rest[0]]
        default: return nil
        }
    }

    private static func airports(_ rest: [String]) -> PhpVMS7Route? {
        switch rest.count {
        case 0: .airports
        case 1: rest[0] == "hubs" ? .hubs : rest[0] == "search" ? .airportSearch : .airport(rest[0])
        case 2: rest[1] == "lookup" ? .airportLookup(rest[0]) : nil
        case 3: rest[1] == "distance" ? .distance(rest[0], rest[2]) : nil
        default: nil
        }
    }

    private static func flights(_ rest: [String]) -> PhpVMS7Route? {
        switch (rest.count, rest.last) {
        case (0, _): .flights
        case (1, "search"): .flights
        case (1, _): .flight(rest[0])
        case (2, "aircraft"): .flightAircraft(rest[0])
        case (2, "route"): .flightRoute(rest[0])
        case (2, "briefing"): .briefing(rest[0])
        default: nil
        }
    }

    private static func owned(_ rest: [String]) -> PhpVMS7Route? {
        switch (rest[0], rest.count) {
        case ("fleet", 1): .pilotFleet
        case ("pireps", 1): .pireps
        case ("bids", 1): .bids
        case ("bids", 2): .bid(rest[1])
        default: nil
        }
    }

    private static func pirep(_ id: String, _ rest: [String]) -> PhpVMS7Route? {
        switch rest {
        case ["update"]: .update(id)
        case ["file"]: .file(id)
        case ["cancel"]: .cancel(id)
        case ["acars", "position"]: .position(id)
        case ["acars", "positions"]: .positions(id)
        case ["acars", "logs"]: .logs(id)
        case ["acars", "events"]: .events(id)
        case ["acars", "geojson"]: .map(id)
        case ["route"]: .route(id)
        case ["fields"]: .fields(id)
        case ["comments"]: .comments(id)
        case ["finances"]: .finances(id)
        case ["finances", "recalculate"]: .recalculation(id)
        default: nil
        }
    }

    var methods: [String] { call.methods }
    /// For the header `Allow`.
    var allowed: String {
        methods.map { $0 == "GET" ? "GET, HEAD" : $0 }.joined(separator: ", ")
    }

    func isPublic(_ method: String) -> Bool {
        switch self {
        case .status, .live, .liveMap, .map, .hubs, .airportSearch, .news: true
        case .pirep: method == "GET"
        default: false
        }
    }

    var isLarge: Bool {
        switch self {
        case .position, .positions, .logs, .events, .route, .file: true
        default: false
        }
    }

    /// The flight that the path names, cut to what an id can be.
    var flight: String? {
        switch self {
        case .pirep(let id), .update(let id), .file(let id), .cancel(let id), .position(let id), .positions(let id),
            .logs(let id), .events(let id), .map(let id), .route(let id), .fields(let id), .comments(let id),
            .finances(let id), .recalculation(let id):
            LegacyText.cut(id, to: 64)
        default: nil
        }
    }
}

extension PhpVMS7Route {
    /// What is asked for, without the ids.
    var call: PhpVMS7Call {
        switch self {
        case .status: .status
        case .live: .live
        case .liveMap: .liveMap
        case .news: .news
        case .airlines: .airlines
        case .airline: .airline
        case .airports: .airports
        case .hubs: .hubs
        case .airportSearch: .airportSearch
        case .airport: .airport
        case .airportLookup: .airportLookup
        case .distance: .distance
        case .fleet: .fleet
        case .aircraft: .aircraft
        case .pilotFleet: .pilotFleet
        case .flights: .flights
        case .flight: .flight
        case .flightAircraft: .flightAircraft
        case .flightRoute: .flightRoute
        case .briefing: .briefing
        case .user: .user
        case .pilot: .pilot
        case .bids: .bids
        case .bidList: .bidList
        case .bid: .bid
        case .pireps: .pireps
        case .prefile: .prefile
        case .pirep: .pirep
        case .update: .update
        case .file: .file
        case .cancel: .cancel
        case .position: .position
        case .positions: .positions
        case .logs: .logs
        case .events: .events
        case .map: .map
        case .route: .route
        case .fields: .fields
        case .comments: .comments
        case .finances: .finances
        case .recalculation: .recalculation
        case .acarsConfig: .acarsConfig
        case .acarsRules: .acarsRules
        case .acarsSearch: .acarsSearch
        }
    }
}

/// The routes without the ids in them.
enum PhpVMS7Call: String, Sendable, CaseIterable {
    case status, live, liveMap, news
    case airlines, airline
    case airports, hubs, airportSearch, airport, airportLookup, distance
    case fleet, aircraft, pilotFleet
    case flights, flight, flightAircraft, flightRoute, briefing
    case user, pilot
    case bids, bidList, bid
    case pireps, prefile, pirep, update, file, cancel
    case position, positions, logs, events, map
    case route, fields, comments, finances, recalculation
    case acarsConfig, acarsRules, acarsSearch

    var methods: [String] {
        switch self {
        case .bids: ["GET", "PUT", "POST", "DELETE"]
        case .prefile, .file, .positions, .logs, .events, .recalculation: ["POST"]
        case .pirep: ["GET", "PUT", "POST", "PATCH"]
        case .update: ["PUT", "POST"]
        case .cancel: ["PUT", "DELETE"]
        case .position, .fields, .comments: ["GET", "POST"]
        case .route: ["GET", "POST", "DELETE"]
        default: ["GET"]
        }
    }
}
