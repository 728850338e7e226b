import Domain

/// Frame -> request: finds the fields and checks them. Texts: spec, sections 1.7 and 5.
struct PhpVMS7Decoder {
    let frame: RawFrame
    let route: PhpVMS7Route
    var fields: PhpVMS7Fields

    init(frame: RawFrame, route: PhpVMS7Route) {
        self.frame = frame
        self.route = route
        fields = PhpVMS7Fields(frame)
    }

    private var translator: PhpVMS7Translator { PhpVMS7Translator(frame: frame) }
    private var isRead: Bool { frame.method == "GET" }

    mutating func request() -> Result<TrackerRequest, DecodeError> {
        do throws(DecodeError) { return .success(try understood()) } catch { return .failure(error) }
    }

    private mutating func understood() throws(DecodeError) -> TrackerRequest {
        switch route {
        case .status: return .probe
        case .live, .liveMap: return .runningFlights
        case .news: return .news
        case .airlines, .airline: return .airlines
        case .airports, .hubs, .airportSearch: return .airports
        case .airport(let code), .airportLookup(let code): return .airportsNamed([LegacyText.cut(code, to: 8)])
        case .distance(let from, let to):
            return .airportsNamed([LegacyText.cut(from, to: 8), LegacyText.cut(to, to: 8)])
        case .fleet, .pilotFleet: return .subfleets
        case .aircraft(let id): return aircraft(id)
        case .flights, .acarsSearch: return .searchSchedules(search())
        case .flight(let id), .flightAircraft(let id), .flightRoute(let id):
            return .schedule(id: LegacyText.cut(id, to: 64))
        // There is no flight planner behind the gateway.
        case .briefing: throw DecodeError(.unknownEndpoint, message: "SimBrief not found", status: 404)
        case .user, .acarsConfig: return .identify
        case .acarsRules: return .preflight
        case .pilot(let id): return .profile(PhpVMS7Fields.whole(.string(id)) ?? 0)
        case .bids: return try bids()
        case .bidList: return .bookings
        case .bid(let id): return .booking(PhpVMS7Fields.whole(.string(id)) ?? 0)
        case .pireps: return .flights(ownFlights())
        case .prefile: return .begin(try prefile())
        case .pirep(let id), .update(let id):
            return isRead ? .flight(id: LegacyText.cut(id, to: 64)) : try update()
        case .file: return .file(key, try filing())
        case .cancel: return .cancelFlight(key, withdraws: true)
        case .position(let id), .positions(let id):
            return isRead ? .track(id: LegacyText.cut(id, to: 64)) : .progress(key, try positions())
        case .map(let id): return .track(id: LegacyText.cut(id, to: 64))
        case .logs: return .progress(key, try lines("logs", "log", .log))
        case .events: return .progress(key, try lines("events", "event", .event))
        case .route(let id):
            if isRead { return .flight(id: LegacyText.cut(id, to: 64)) }
            return .progress(key, frame.method == "DELETE" ? translator.route([]) : try waypoints())
        case .fields(let id):
            return isRead ? .flight(id: LegacyText.cut(id, to: 64)) : .progress(key, try customFields())
        case .comments(let id): return isRead ? .flight(id: LegacyText.cut(id, to: 64)) : try comment()
        case .finances(let id), .recalculation(let id): return .flight(id: LegacyText.cut(id, to: 64))
        }
    }

    private var key: FlightKey { FlightKey(id: route.flight ?? "") }

    // MARK: The airline

    /// By number, or by the column that `type` names; only a registration is found for aircraft out of service too.
    private mutating func aircraft(_ id: String) -> TrackerRequest {
        switch fields.text("type") {
        case nil, "id": .findAircraft(number: PhpVMS7Fields.whole(.string(id)) ?? 0, registration: nil)
        case "registration": .findAircraft(number: nil, registration: LegacyText.cut(id, to: 32))
        default: .aircraft
        }
    }

    private mutating func search() -> ScheduleQuery {
        let page = PhpVMS7Page(fields)
        var query = ScheduleQuery()
        query.limit = page.limit
        query.offset = page.offset
        query.countsAll = true
        func word(_ name: String, limit: Int = 64) -> String? {
            fields[name]?.plainText.map { LegacyText.cut($0, to: limit).uppercased() }
        }
        let departures = [word("dpt_airport_id"), word("dep_icao")].compactMap { $0 }
        let arrivals = [word("arr_airport_id"), word("arr_icao")].compactMap { $0 }
        query.departure = departures.first
        query.arrival = arrivals.first
        query.flightNumber = word("flight_number")
        query.callsign = word("callsign")
        query.type = word("icao_type")
        if let type = word("flight_type"), type != "0" { query.flightType = type }
        query.ids = word("flight_id").map { [$0.lowercased()] }
        query.minimumDistance = fields["dgt"]?.numeric.map { NauticalMiles($0) }
        query.maximumDistance = fields["dlt"]?.numeric.map { NauticalMiles($0) }
        query.minimumFlightTimeHours = fields["tgt"]?.numeric.map { $0 / 60 }
        query.maximumFlightTimeHours = fields["tlt"]?.numeric.map { $0 / 60 }
        query.subfleet = fields["subfleet_id"].map { PhpVMS7Fields.whole($0) ?? 0 }
        if let airline = fields["airline_id"] {
            query.airline = PhpVMS7Fields.whole(airline).flatMap { translator.airline($0) } ?? "-"
        }
        // No flight here has a route code or needs a type rating, so that nothing matches one.
        let isImpossible =
            fields["route_code"] != nil || fields["type_rating_id"] != nil || Set(departures).count > 1
            || Set(arrivals).count > 1
        if isImpossible { query.ids = [] }
        return query
    }

    private mutating func bids() throws(DecodeError) -> TrackerRequest {
        switch frame.method {
        case "GET": return .bookings
        case "DELETE":
            if let bid = fields["bid_id"] { return .cancelBooking(.number(PhpVMS7Fields.whole(bid) ?? 0)) }
            let flight = fields.text("flight_id", missing: "The flight id field is required.", limit: 64)
            try fields.check()
            return .cancelBooking(.schedule(flight ?? ""))
        default:
            let flight = fields.text("flight_id", missing: "The flight id field is required.", limit: 64)
            let aircraft = fields.id("aircraft_id", unknown: "The aircraft doesn't exist")
            fields.ignore("user_id")
            try fields.check()
            return .book(schedule: flight ?? "", aircraft: aircraft, repeatIsSame: true)
        }
    }

    // MARK: Flights

    /// Cancelled flights are shown only when they are asked for; a flight that fell silent is off the lists: spec, 5.9.
    private mutating func ownFlights() -> FlightQuery {
        let page = PhpVMS7Page(fields)
        var query = FlightQuery()
        query.limit = page.limit
        query.offset = page.offset
        switch PhpVMS7Fields.whole(fields["state"]) {
        case nil: query.states = FlightReply.State.allCases.filter { $0 != .cancelled && $0 != .abandoned }
        case let code?: query.states = FlightReply.State.allCases.filter { $0 != .abandoned && $0.phpVMS == code }
        }
        return query
    }

    private mutating func prefile() throws(DecodeError) -> FlightStart {
        var report = PhpVMS7Report()
        report.airlineID = airline(missing: "An airline is required")
        report.aircraftID = fields.id(
            "aircraft_id", missing: "An aircraft is required", unknown: "The aircraft doesn't exist")
        report.flightNumber = fields.text(
            "flight_number", missing: "The flight number field is required.", limit: 32)
        report.departure = fields.text("dpt_airport_id", missing: "A departure airport is required", limit: 64)
        report.arrival = fields.text("arr_airport_id", missing: "An arrival airport is required", limit: 64)
        report.sourceName = fields.text("source_name", missing: "PIREP Source is required", limit: 100)
        common(&report)
        fields.ignore("state", "source")
        try fields.check()
        for (name, code) in [("dpt_airport_id", report.departure), ("arr_airport_id", report.arrival)] {
            // What cannot be an airport's code is an unknown airport.
            if code.flatMap({ ICAOLocation($0) }) == nil {
                throw DecodeError(.invalidField, field: name, message: "Airport not found", status: 404)
            }
        }
        return translator.start(report)
    }

    private mutating func update() throws(DecodeError) -> TrackerRequest {
        var report = PhpVMS7Report()
        given(&report)
        try fields.check()
        if report.state == 1 { return .file(key, translator.filing(report, isUpdate: true)) }
        return .progress(key, translator.update(report))
    }

    private mutating func filing() throws(DecodeError) -> FilingRequest {
        var report = PhpVMS7Report()
        report.distance = fields.number("distance", isRequired: true)
        report.flightTime = fields.integer(
            "flight_time", message: "Flight time, in minutes, is required", isRequired: true)
        given(&report, isFiling: true)
        try fields.check()
        return translator.filing(report, isUpdate: false)
    }

    private mutating func airline(missing: String?) -> Int? {
        guard let number = fields.id("airline_id", missing: missing, unknown: "The airline doesn't exist") else {
            return nil
        }
        if translator.airline(number) == nil { fields.fault("airline_id", "The airline doesn't exist") }
        return number
    }

    /// Attributes of an update or a filing; those that name the flight must not be emptied.
    private mutating func given(_ report: inout PhpVMS7Report, isFiling: Bool = false) {
        func kept(_ name: String, _ message: String) -> String? {
            fields.text(name, missing: fields.isSent(name) && !isFiling ? message : nil, limit: 64)
        }
        report.airlineID = airline(missing: nil)
        report.aircraftID = fields.id("aircraft_id", unknown: "The aircraft doesn't exist")
        report.flightNumber = kept("flight_number", "The flight number field is required.")
        report.departure = kept("dpt_airport_id", "A departure airport is required")
        report.arrival = kept("arr_airport_id", "An arrival airport is required")
        report.sourceName = fields.text("source_name", limit: 25)
        common(&report, hasFigures: isFiling)
        report.fuelUsed = fields.number("fuel_used")
        report.landingRate = fields.number("landing_rate")
        if isFiling {
            fields.ignore("state", "submitted_at", "source")
        } else {
            report.state = PhpVMS7Fields.whole(fields["state"]).flatMap { [0, 1, 7].contains($0) ? $0 : nil }
            report.source = PhpVMS7Fields.whole(fields["source"]).flatMap { [0, 1].contains($0) ? $0 : nil }
            report.submitted = fields["submitted_at"]?.plainText.flatMap { Timestamp(iso8601: $0.prefix(40)) }
        }
    }

    /// - Parameter hasFigures: Distance and flight time were read already.
    private mutating func common(_ report: inout PhpVMS7Report, hasFigures: Bool = false) {
        report.flightID = fields.text("flight_id", limit: 64)
        report.alternate = fields.text("alt_airport_id", limit: 64)
        report.flightType = fields.text("flight_type", limit: 8)
        report.routeCode = fields.text("route_code", limit: 32)
        report.routeLeg = fields.text("route_leg", limit: 32)
        report.status = fields.text("status", limit: 64)
        report.level = fields.number("level")
        if !hasFigures { report.distance = fields.number("distance") }
        report.plannedDistance = fields.number("planned_distance")
        report.zfw = fields.number("zfw")
        report.blockFuel = fields.number("block_fuel")
        let minutes = "Flight time, in minutes, is required"
        report.blockTime = fields.integer("block_time")
        if !hasFigures { report.flightTime = fields.integer("flight_time", message: minutes) }
        report.plannedFlightTime = fields.integer("planned_flight_time", message: minutes)
        report.score = fields.integer("score")
        report.route = fields.text("route", limit: 8000)
        report.notes = fields.text("notes", limit: 65_536)
        report.blockOff = fields.date("block_off_time")
        report.blockOn = fields.date("block_on_time")
        report.created = fields.date("created_at")
        report.fields = fields.map("fields") ?? [:]
        report.fares = fares()
        fields.ignore("updated_at", "user_id", "id")
    }

    private mutating func fares() -> [FlightDetails.Fare]? {
        guard let elements = fields.optionalElements("fares") else { return nil }
        var fares: [FlightDetails.Fare] = []
        for var element in elements {
            let id = element.text("id", missing: "The fare id is required.", limit: 64)
            let count = element.number("count", isRequired: true)
            fields.add(element.faults)
            if let id, let count { fares.append(FlightDetails.Fare(id: id, count: count)) }
        }
        return fares.isEmpty ? nil : fares
    }

    // MARK: On the way

    /// Faults are told for so many elements; a batch of thousands needs no thousands of texts.
    private static let faultLimit = 100

    private mutating func positions() throws(DecodeError) -> FlightProgress {
        var positions: [PhpVMS7Position] = []
        for var element in fields.elements("positions") ?? [] {
            positions.append(Self.position(&element))
            if fields.faults.count < Self.faultLimit { fields.add(element.faults) }
        }
        try fields.check()
        return translator.positions(positions)
    }

    private static func position(_ element: inout PhpVMS7Fields) -> PhpVMS7Position {
        var position = PhpVMS7Position()
        position.id = element.text("id", limit: 64)
        position.latitude = coordinate(&element, "lat")
        position.longitude = coordinate(&element, "lon")
        position.simTime = element.date("sim_time")
        position.created = element.date("created_at")
        position.altitude = element.measurement("altitude")
        position.altitudeAGL = element.measurement("altitude_agl")
        position.altitudeMSL = element.measurement("altitude_msl")
        position.heading = element.measurement("heading")
        if let heading = position.heading, !(0...360).contains(heading) {
            element.fault("heading", "The heading must be between 0 and 360.")
        }
        position.verticalSpeed = element.loose("vs")
        position.groundSpeed = element.loose("gs")
        position.indicatedAirspeed = element.loose("ias")
        position.fuel = element.measurement("fuel")
        position.fuelFlow = element.measurement("fuel_flow")
        position.distance = element.measurement("distance")
        position.status = element.text("status", limit: 64)
        // The rest is kept by name: transponder, autopilot, log, name, order, nav_type, source and what nobody reads.
        element.ignore("type", "pirep_id")
        position.others = element.others(limit: 24)
        return position
    }

    /// Out of range is not wrong: the element is dropped later.
    private static func coordinate(_ element: inout PhpVMS7Fields, _ name: String) -> Double {
        guard let value = element[name] else {
            element.fault(name, "The \(name) field is required.")
            return 0
        }
        guard let number = value.numeric else {
            element.fault(name, "The \(name) must be a number.")
            return 0
        }
        return number
    }

    private mutating func lines(
        _ list: String, _ name: String, _ kind: FlightLine.Kind
    ) throws(DecodeError) -> FlightProgress {
        var lines: [PhpVMS7Line] = []
        for var element in fields.elements(list) ?? [] {
            var line = PhpVMS7Line()
            line.text = element.text(name, missing: "The \(name) field is required.") ?? ""
            line.id = element.text("id", limit: 64)
            line.latitude = element.measurement("lat")
            line.longitude = element.measurement("lon")
            line.simTime = element.date("sim_time")
            line.created = element.date("created_at")
            if fields.faults.count < Self.faultLimit { fields.add(element.faults) }
            lines.append(line)
        }
        try fields.check()
        return translator.lines(lines, kind)
    }

    private mutating func waypoints() throws(DecodeError) -> FlightProgress {
        var points: [PhpVMS7Waypoint] = []
        for var element in fields.elements("route") ?? [] {
            var point = PhpVMS7Waypoint()
            point.name = element.text("name", missing: "The name field is required.", limit: 64) ?? ""
            point.order = element.integer("order", isRequired: true) ?? 0
            point.latitude = Self.coordinate(&element, "lat")
            point.longitude = Self.coordinate(&element, "lon")
            point.id = element.text("id", limit: 64)
            point.kind = element.integer("nav_type")
            if fields.faults.count < Self.faultLimit { fields.add(element.faults) }
            points.append(point)
        }
        try fields.check()
        return translator.route(points)
    }

    private mutating func customFields() throws(DecodeError) -> FlightProgress {
        let map = fields.map("fields", isRequired: true)
        try fields.check()
        return translator.fields(map ?? [:])
    }

    private mutating func comment() throws(DecodeError) -> TrackerRequest {
        let text = fields.text("comment", missing: "The comment field is required.", limit: 10_000)
        try fields.check()
        return .comment(key, text ?? "")
    }
}
