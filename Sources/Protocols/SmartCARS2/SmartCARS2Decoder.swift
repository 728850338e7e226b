import Domain

/// Frame -> message: the query holds all but a few fields of the body, whatever the method.
struct SmartCARS2Decoder {
    private let query: LegacyForm
    private let body: LegacyForm
    let action: SmartCARS2Action?

    init(_ frame: RawFrame) {
        query = LegacyForm(query: frame.query)
        body = LegacyForm(body: frame)
        action = SmartCARS2Action(query)
    }

    /// Numbers of entities; 0 names nothing.
    private func id(_ name: String) -> Int {
        guard let text = query.text(name), text.utf8.count <= 10, text.utf8.allSatisfy(isDigit), let number = Int(text),
            number <= Int(Int32.max)
        else { return 0 }
        return number
    }
    /// What is empty or longer than the official column is no session.
    private func session(_ name: String) -> String {
        guard let text = query[name], text.utf8.count <= 64 else { return "" }
        return text
    }

    /// All of it stands in the query, so that a cut body changes nothing.
    var credential: Credential {
        switch action {
        case nil, .manualLogIn, .automaticLogIn, .verifySession: .none
        case .pilotCenter, .airports, .aircraft, .bids, .searchFlights, .searchPIREPs, .pirepData:
            .named(.number(id("dbid")))
        case .bid, .deleteBid, .createFlight, .positionReport, .filePIREP:
            .clientSession(pilot: id("dbid"), token: session("sessionid"))
        }
    }

    var unrecognised: [String: String] {
        guard let action else { return query.unrecognised(beyond: ["action"]) }
        let inQuery = query.unrecognised(beyond: action.arguments.union(["action"]))
        return inQuery.merging(body.unrecognised(beyond: action.fields)) { inQuery, _ in inQuery }
    }

    func message() throws(DecodeError) -> SmartCARS2Message {
        guard !query.isTooLong, !body.isTooLong else {
            throw DecodeError(.malformed, message: "The request has too many fields", status: 200)
        }
        switch action {
        case nil: return .probe
        case .manualLogIn:
            return .logIn(
                userID: query["userid"] ?? "", session: session("sessionid"), password: body["password"] ?? "")
        case .automaticLogIn:
            return .session(pilot: id("dbid"), old: session("oldsessionid"), new: session("sessionid"))
        case .verifySession: return .session(pilot: id("dbid"), old: session("sessionid"), new: nil)
        case .pilotCenter: return .pilotCenter
        case .airports: return .airports
        case .aircraft: return .aircraft
        case .bids: return .bids
        case .bid: return .bid(routeID: String(id("routeid")))
        case .deleteBid: return .deleteBid(bidID: id("bidid"))
        case .searchFlights: return .searchFlights(flightSearch)
        case .createFlight: return .charter(try charter())
        case .positionReport: return .position(try position())
        case .filePIREP: return .report(try report())
        case .searchPIREPs: return .searchReports(reportSearch)
        case .pirepData: return .reportData(id: String(id("pirepid")))
        }
    }

    // MARK: Searches

    /// A filter that cannot be read filters nothing.
    private var flightSearch: SmartCARS2FlightSearch {
        SmartCARS2FlightSearch(
            departure: query.text("departureicao"), arrival: query.text("arrivalicao"),
            minimumTime: query.number("mintime"), maximumTime: query.number("maxtime"),
            aircraft: query.text("aircraft"))
    }

    private var reportSearch: SmartCARS2ReportSearch {
        SmartCARS2ReportSearch(
            departure: query.text("departureicao"), arrival: query.text("arrivalicao"),
            from: query.text("startdate").flatMap(Self.day),
            to: query.text("enddate").flatMap(Self.day).map { $0 + Milliseconds(86_399_999) },
            aircraft: query.text("aircraft"), status: query.text("status").flatMap { LegacyNumber.whole($0) })
    }

    /// `MM/DD/YYYY` as the lists show it, or the year first.
    private static func day(_ text: String) -> Timestamp? {
        guard text.utf8.count <= 32 else { return nil }
        let numbers = text.split { !$0.isASCII || !$0.isNumber }.prefix(3).map { $0.utf8.count <= 4 ? Int($0) : nil }
        guard numbers.count == 3, let first = numbers[0], let second = numbers[1], let third = numbers[2] else {
            return nil
        }
        if first > 31 { return Timestamp(year: first, month: second, day: third) }
        return Timestamp(year: third, month: first, day: second)
    }

    // MARK: Writes

    /// Absent when empty or `N/A`.
    private func known(_ name: String) -> String? {
        guard let text = query.text(name), text.uppercased() != "N/A" else { return nil }
        return text
    }

    private func number(_ name: String, _ range: ClosedRange<Double>) throws(DecodeError) -> Double? {
        guard let text = known(name) else { return nil }
        guard let (value, unit) = LegacyNumber.measure(text), unit.isEmpty, range.contains(value) else {
            throw DecodeError(.invalidField, field: name, message: "\(name) is no number or out of range", status: 200)
        }
        return value == 0 ? 0 : value
    }

    private func charter() throws(DecodeError) -> SmartCARS2Charter {
        // A box that the pilot did not touch holds its caption.
        func time(_ name: String) -> String {
            guard let text = query.text(name), text != "Time" else { return "" }
            return LegacyText.cut(text, to: 16)
        }
        let level = try number("cruisealtitude", 0...100_000)
        return SmartCARS2Charter(
            code: query.text("flightcode") ?? "", number: query.text("flightnumber") ?? "",
            departure: query.text("departureicao") ?? "", arrival: query.text("arrivalicao") ?? "",
            aircraft: id("aircraft"), isCargo: query.text("flighttype") == "1", departureTime: time("departuretime"),
            arrivalTime: time("arrivaltime"), flightTime: LegacyTime.duration(time("flighttime")),
            level: level.map { Int($0.rounded()) } ?? 0, distance: try number("distance", 0...20_000),
            route: body.text("route") ?? "")
    }

    private func position() throws(DecodeError) -> SmartCARS2Position {
        let latitude = try number("latitude", -90...90)
        let longitude = try number("longitude", -180...180)
        guard let latitude, let longitude, let position = Position(latitude: latitude, longitude: longitude) else {
            throw DecodeError(
                .missingField, field: latitude == nil ? "latitude" : "longitude", message: "There is no position",
                status: 200)
        }
        let phase = try number("phase", 0...12)
        if let phase, phase != phase.rounded() {
            throw DecodeError(.invalidField, field: "phase", message: "phase is no index", status: 200)
        }
        var others: [String: String] = [:]
        for name in ["magneticheading", "departuretime", "arrivaltime"] {
            if let text = known(name) { others[name] = LegacyText.cut(text, to: 32) }
        }
        return SmartCARS2Position(
            bidID: id("bidid"), aircraft: query.text("aircraft"), position: position,
            altitude: try number("altitude", -2000...100_000), trueHeading: try number("trueheading", -360...360),
            groundSpeed: try number("groundspeed", 0...2500),
            distanceRemaining: try number("distanceremaining", 0...20_000),
            timeRemaining: known("timeremaining").flatMap { LegacyTime.duration($0) }, phase: phase.map { Int($0) },
            network: known("onlinenetwork"), route: body.text("route"), others: others)
    }

    private func report() throws(DecodeError) -> SmartCARS2Report {
        var flightTime: Minutes?
        if let text = known("flighttime") {
            flightTime = LegacyTime.duration(text)
            guard let time = flightTime, time.rawValue <= 72 * 60 else {
                throw DecodeError(
                    .invalidField, field: "flighttime", message: "flighttime is no time or out of range", status: 200)
            }
        }
        return SmartCARS2Report(
            bidID: id("bidid"), code: query.text("code"), number: query.text("flightnumber"),
            departure: query.text("departureicao"), arrival: query.text("arrivalicao"),
            aircraft: query.text("aircraft"), landingRate: try number("landingrate", -10_000...10_000),
            fuelUsed: try number("fuelused", 0...1_000_000), load: try number("load", 0...1_000_000),
            flightTime: flightTime, route: body.text("route"), comments: body.text("comments"),
            log: SmartCARS2Log(body["log"] ?? ""))
    }
}
