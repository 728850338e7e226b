import Domain

/// Frame -> message: finds the fields, checks types and ranges. Texts: spec, sections 3 to 8.
struct SmartCARS3Decoder {
    let frame: RawFrame
    let dialect: SmartCARS3.Dialect
    let endpoint: SmartCARS3Endpoint
    /// Of the body of a POST, else of the query.
    var fields: SmartCARS3Fields

    init(frame: RawFrame, dialect: SmartCARS3.Dialect, endpoint: SmartCARS3Endpoint) {
        self.frame = frame
        self.dialect = dialect
        self.endpoint = endpoint
        switch endpoint {
        case .probe, .statistics, .airports, .aircraft, .news, .subfleets, .flightTypes, .bookings, .latestReport:
            fields = SmartCARS3Fields(JSONObject())
        case .search, .searchReports, .reportDetails: fields = Self.query(of: frame)
        default: fields = SmartCARS3Fields(body: frame)
        }
    }

    private static func query(of frame: RawFrame) -> SmartCARS3Fields {
        guard !frame.query.isEmpty else { return SmartCARS3Fields(JSONObject()) }
        guard let members = FormDecoder.decode(Array(frame.query.utf8)) else {
            return SmartCARS3Fields(JSONObject(), isMalformed: true)
        }
        return SmartCARS3Fields(members)
    }

    mutating func message() throws(DecodeError) -> SmartCARS3Message {
        switch endpoint {
        case .probe: return .probe
        case .login: return .login(try login())
        case .resume: return .session(try session(), renew: true)
        case .verify: return .session(try session(), renew: false)
        case .statistics: return .statistics
        case .airports: return .airports
        case .aircraft: return .aircraft
        case .news: return .news
        case .subfleets: return .subfleets
        case .flightTypes: return .flightTypes
        case .search: return .search(try search())
        case .bookings: return .bookings
        case .book: return try book()
        case .rebook: return try rebook()
        case .unbook: return .unbook(bidID: try bid("int"))
        case .charter: return .charter(try charter())
        case .start: return .start(bidID: try bid("int"))
        case .update: return .update(try update())
        case .cancel: return .cancel(try cancel())
        case .complete: return .complete(try complete())
        case .searchReports: return .searchReports(try searchReports())
        case .latestReport: return .latestReport
        case .reportDetails: return .reportDetails(id: try reportID())
        }
    }

    // MARK: Pilot

    private mutating func login() throws(DecodeError) -> SmartCARS3Login {
        var query = Self.query(of: frame)
        guard query["username"] != nil else {
            throw query.failure("username", missing: true, "Username is a required parameter (type `string`)")
        }
        guard fields["password"] != nil else {
            throw fields.failure("password", missing: true, "Password is a required field (type `string`)")
        }
        let username = query.string("username", limit: 1024)
        try query.check()
        let password = fields.string("password", limit: 4096)
        try fields.check()
        guard let username, let password else { throw impossible }
        return SmartCARS3Login(username: username, password: password)
    }

    private mutating func session() throws(DecodeError) -> String {
        guard fields["session"] != nil else {
            throw fields.failure("session", missing: true, "Session is a required field (type `string`)")
        }
        let token = fields.string("session", limit: 4096)
        try fields.check()
        guard let token else { throw impossible }
        // The phpVMS 7 module takes any string: there it was an API key.
        guard dialect == .d5 else { return token }
        let parts = token.split(separator: ".", omittingEmptySubsequences: false)
        guard parts.count == 3, let header = Self.part(parts[0]), let payload = Self.part(parts[1]) else {
            throw fields.failure("session", "The session provided was not in valid JWT format")
        }
        guard case .object(let head) = header, head["alg"] == .string("HS256"), head["typ"] == .string("JWT"),
            case .object(let claims) = payload, let subject = claims["sub"], let expiry = claims["exp"],
            subject != .null, expiry != .null
        else { throw fields.failure("session", "The session given was not signed by this website", status: 401) }
        return token
    }

    private static func part(_ text: Substring) -> JSONValue? {
        guard let bytes = Base64.decode(text, alphabet: .url, limit: 4096),
            let value = try? JSON.decode(bytes), value != .null  // the caller has its own text for "no JSON"
        else { return nil }
        return value
    }

    // MARK: Lists

    /// Filters are refused one at a time, as the phpVMS 5 server does.
    private mutating func search() throws(DecodeError) -> SmartCARS3Search {
        var search = SmartCARS3Search()
        search.departureAirport = fields.airport("departureAirport", required: false)
        try fields.check()
        search.arrivalAirport = fields.airport("arrivalAirport", required: false)
        try fields.check()
        search.aircraft = fields.id("aircraft", "int", required: false)
        try fields.check()
        search.callsign = fields.string("callsign", limit: 64, required: false)
        try fields.check()
        search.minimumFlightTime = fields.number("minimumFlightTime", "float", -1e6...1e6, required: false)
        try fields.check()
        search.maximumFlightTime = fields.number("maximumFlightTime", "float", -1e6...1e6, required: false)
        try fields.check()
        search.minimumDistance = fields.number("minimumDistance", "float", -1e9...1e9, required: false)
        try fields.check()
        search.maximumDistance = fields.number("maximumDistance", "float", -1e9...1e9, required: false)
        try fields.check()
        search.limit = fields.number("limit", "int", 0...1e9, required: false)
        try fields.check()
        fields.ignore("v")
        return search
    }

    private mutating func searchReports() throws(DecodeError) -> SmartCARS3ReportSearch {
        var search = SmartCARS3ReportSearch()
        search.departureAirport = fields.airport("departureAirport", required: false)
        try fields.check()
        search.arrivalAirport = fields.airport("arrivalAirport", required: false)
        try fields.check()
        search.startDate = fields.date("startDate")
        try fields.check()
        if let end = fields.date("endDate") {
            let day = Int64((end.seconds / 86_400).rounded(.down))
            search.endDate = Timestamp(milliseconds: (day + 1) * 86_400_000 - 1)
        }
        try fields.check()
        if let status = fields.string("status", "status", limit: 16, required: false) {
            if ["accepted", "pending", "rejected", "denied"].contains(status.lowercased()) {
                search.status = status.lowercased()
            } else {
                fields.fail("status", expected: "status", .string(status))
            }
        }
        try fields.check()
        search.aircraft = fields.id("aircraft", "int", required: false)
        try fields.check()
        fields.ignore("v")
        return search
    }

    private mutating func reportID() throws(DecodeError) -> String {
        if dialect == .d7 {
            let id = fields.string("id", limit: 64)
            try fields.check()
            return id ?? ""
        }
        let number = fields.id("id", "int")
        try fields.check()
        fields.ignore("v")
        return String(SmartCARS3Translator.number(number))
    }

    // MARK: Bookings

    private mutating func bid(_ type: String) throws(DecodeError) -> Double {
        let bid = fields.id("bidID", type)
        try fields.check()
        return bid ?? 0
    }

    private mutating func book() throws(DecodeError) -> SmartCARS3Message {
        let flight = fields.string("flightID", limit: 64)
        try fields.check()
        let aircraft = fields.id("aircraftID", "integer", required: false)
        try fields.check()
        return .book(flightID: flight ?? "", aircraftID: aircraft)
    }

    /// The servers read `aircraftID`, their published description says `aircraft`.
    private mutating func rebook() throws(DecodeError) -> SmartCARS3Message {
        let bid = fields.id("bidID", "integer")
        let alias = fields["aircraft"]
        let hasName = fields["aircraftID"] != nil
        let aircraft: Double?
        if !hasName, let alias {
            aircraft = alias.numeric
            if aircraft == nil { fields.fail("aircraft", expected: "integer", alias) }
        } else {
            aircraft = fields.id("aircraftID", "integer")
        }
        try fields.check()
        return .rebook(bidID: bid ?? 0, aircraftID: aircraft ?? 0)
    }

    private mutating func charter() throws(DecodeError) -> SmartCARS3Charter {
        let number = callsign()
        let departure = fields.airport("departure")
        let arrival = fields.airport("arrival")
        let route = fields.route()
        let aircraft = fields.id("aircraft", "int")
        let cruise = fields.number("cruise", "int", 0...100_000)
        let type = fields.string("type", limit: 1_000_000)
        let departureTime = fields.clock("departureTime")
        let arrivalTime = fields.clock("arrivalTime")
        try fields.check()
        guard type == "P" || type == "C" else {
            throw fields.failure("type", "Invalid type for type (expected `C` or `P` [Raw Type: `string`])")
        }
        fields.ignore("airlineID", "distance", "uuid")
        guard let number, let departure, let arrival, let route, let aircraft, let cruise, let type, let departureTime,
            let arrivalTime
        else { throw impossible }
        return SmartCARS3Charter(
            number: number, departure: departure, arrival: arrival, route: route, aircraft: aircraft, cruise: cruise,
            type: type, departureTime: departureTime, arrivalTime: arrivalTime
        )
    }

    /// The phpVMS 7 module takes a bare number as well.
    private mutating func callsign() -> String? {
        if dialect == .d7, case .integer(let number)? = fields["number"], (0...999_999_999).contains(number) {
            return String(number)
        }
        let value = fields["number"]
        guard case .string(let text)? = value, !text.utf8.contains(0) else {
            fields.fail("number", expected: "string", value)
            return nil
        }
        let callsign = text.filter { $0 != " " }
        guard (1...16).contains(callsign.utf8.count) else {
            fields.fail("number", expected: "string", value)
            return nil
        }
        return callsign
    }

    /// For what a passed check excludes; says nothing and is never sent unless a check above is wrong.
    var impossible: DecodeError { DecodeError(.malformed, message: "The request could not be read", status: 400) }
}
