import Domain

/// The attributes of a PIREP as a client sends them: wire units (nautical miles, pounds, feet, minutes), nil where an
/// attribute is not given.
struct PhpVMS7Report: Sendable {
    var airlineID: Int?
    var aircraftID: Int?
    var flightID: String?
    var flightNumber: String?
    var departure: String?
    var arrival: String?
    var alternate: String?
    var flightType: String?
    var routeCode: String?
    var routeLeg: String?
    var status: String?
    var level: Double?
    var distance: Double?
    var plannedDistance: Double?
    /// Minutes.
    var flightTime: Int?
    var plannedFlightTime: Int?
    var blockTime: Int?
    var zfw: Double?
    var blockFuel: Double?
    var fuelUsed: Double?
    var landingRate: Double?
    var score: Int?
    var route: String?
    var notes: String?
    var source: Int?
    var sourceName: String?
    var blockOff: Timestamp?
    var blockOn: Timestamp?
    var created: Timestamp?
    var submitted: Timestamp?
    /// 0, 1 or 7; every other state is not a client's to set.
    var state: Int?
    var fields: [String: String] = [:]
    var fares: [FlightDetails.Fare]?
}

/// An element of `positions`.
struct PhpVMS7Position: Sendable {
    var id: String?
    var latitude = 0.0
    var longitude = 0.0
    var simTime: Timestamp?
    var created: Timestamp?
    /// Feet.
    var altitude: Double?
    var altitudeAGL: Double?
    var altitudeMSL: Double?
    var heading: Double?
    var verticalSpeed: Double?
    var groundSpeed: Double?
    var indicatedAirspeed: Double?
    /// Pounds.
    var fuel: Double?
    /// Pounds an hour.
    var fuelFlow: Double?
    var distance: Double?
    var status: String?
    /// What else was sent, by name.
    var others: [String: String] = [:]
}

/// An element of `logs` or `events`.
struct PhpVMS7Line: Sendable {
    var id: String?
    var text = ""
    var latitude: Double?
    var longitude: Double?
    var simTime: Timestamp?
    var created: Timestamp?
}

/// An element of `route`.
struct PhpVMS7Waypoint: Sendable {
    var id: String?
    var name = ""
    var order = 0
    var latitude = 0.0
    var longitude = 0.0
    var kind: Int?
}

/// Page and page size as asked for: spec, section 1.6.
struct PhpVMS7Page: Sendable {
    let page: Int
    let limit: Int
    var offset: Int { (page - 1) * limit }

    init(_ fields: PhpVMS7Fields) {
        var fields = fields
        page = max(1, min(1_000_000, PhpVMS7Fields.whole(fields["page"]) ?? 1))
        let limit = PhpVMS7Fields.whole(fields["limit"]) ?? 20
        self.limit = limit < 1 ? 20 : min(100, limit)
    }
}
