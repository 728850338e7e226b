import Domain

/// The calls of a flight in progress: spec, section 6.
extension SmartCARS3Decoder {
    static let logLimit = 2 << 20
    static let lineLimit = 50_000

    mutating func update() throws(DecodeError) -> SmartCARS3Update {
        let isD5 = dialect == .d5
        let bid = fields.id("bidID", "integer", required: isD5)
        let timeRemaining = fields.number("timeRemaining", "float", -24...200, required: isD5)
        let latitude = fields.number("latitude", "latitude", -90...90)
        let longitude = fields.number("longitude", "longitude", -180...180)
        let heading = fields.number("heading", "heading", 0...360)
        let altitude = fields.number("altitude", "integer", -2000...100_000)
        // Below zero has a text of its own, further down.
        let groundSpeed = fields.number("groundSpeed", "integer", -.greatestFiniteMagnitude...2500)
        let distance = fields.number("distanceRemaining", "integer", -.greatestFiniteMagnitude...20_000, required: isD5)
        let route = fields.route(required: isD5)
        let phase = fields.phase(required: true)
        let network = fields.network(required: isD5)
        let aircraft = fields.id("aircraft", "integer", required: isD5)
        let uuid = trackingID()
        let time = fields.instant("eventTimestamp")
        try fields.check()
        if let distance, distance < 0 {
            throw fields.failure("distanceRemaining", "Distance remaining must be above 0")
        }
        if let groundSpeed, groundSpeed < 0 {
            throw fields.failure("groundSpeed", "Ground speed must be above 0")
        }
        guard let latitude, let longitude, let position = Position(latitude: latitude, longitude: longitude) else {
            throw impossible
        }
        return SmartCARS3Update(
            key: SmartCARS3Key(bidID: bid, uuid: uuid), position: position, heading: heading, altitude: altitude,
            groundSpeed: groundSpeed, distanceRemaining: distance, timeRemaining: timeRemaining, route: route,
            phase: phase, network: network, aircraft: aircraft, eventTimestamp: time
        )
    }

    mutating func cancel() throws(DecodeError) -> SmartCARS3Key {
        let bid = fields.id("bidID", "integer", required: dialect == .d5)
        let uuid = trackingID()
        try fields.check()
        return SmartCARS3Key(bidID: bid, uuid: uuid)
    }

    mutating func complete() throws(DecodeError) -> SmartCARS3Complete {
        let isD5 = dialect == .d5
        let bid = fields.id("bidID", "int", required: isD5)
        let aircraft = fields.id("aircraft", "int", required: isD5)
        let load = fields.number("remainingLoad", "int", 0...1_000_000, required: isD5)
        let flightTime = fields.number("flightTime", "double", 0...72)
        let landingRate = fields.number("landingRate", "int", -10_000...10_000)
        let fuelUsed = fields.number("fuelUsed", "float", 0...1_000_000)
        let route = fields.route(required: isD5)
        let log = list("flightLog")
        let data = list("flightData")
        let comments = comments()
        let uuid = trackingID()
        try fields.check()
        guard let flightTime, let landingRate, let fuelUsed else { throw impossible }
        guard let lines = log.flatMap(Self.lines) else { throw fields.failure("flightLog", "Invalid flight log") }
        guard let events = data.flatMap(Self.events) else { throw fields.failure("flightData", "Invalid flight data") }
        return SmartCARS3Complete(
            key: SmartCARS3Key(bidID: bid, uuid: uuid), aircraft: aircraft, remainingLoad: load,
            flightTime: flightTime, landingRate: landingRate, fuelUsed: fuelUsed, route: route, comments: comments,
            flightLog: lines, flightData: events
        )
    }

    /// The phpVMS 5 server does not read `uuid`, and clients that once spoke to one may send what it made up.
    private mutating func trackingID() -> String? {
        if dialect == .d7 { return fields.string("uuid", limit: 64) }
        guard case .string(let text)? = fields["uuid"], FlightID(text) != nil else { return nil }
        return text
    }

    /// Text of Base64; the phpVMS 7 module also takes the list itself.
    private mutating func list(_ name: String) -> JSONValue? {
        let value = fields[name]
        switch value {
        case .string: return value
        case .array where dialect == .d7: return value
        default:
            fields.fail(name, expected: "string", value)
            return nil
        }
    }

    private mutating func comments() -> String? {
        guard let value = fields["comments"] else { return nil }
        guard let text = value.plainText, text.utf8.count <= 64 << 10 else {
            fields.fail("comments", expected: "string", value)
            return nil
        }
        return text.withoutNUL
    }

    private static func lines(_ value: JSONValue) -> [String]? {
        var lines: [String] = []
        switch value {
        case .string(let text):
            guard let bytes = Base64.decode(text, limit: logLimit) else { return nil }
            for line in bytes.split(separator: 0x0A, omittingEmptySubsequences: false) {
                guard lines.count < lineLimit else { return nil }
                lines.append(String(decoding: line.last == 0x0D ? line.dropLast() : line, as: UTF8.self).withoutNUL)
            }
            if lines.last?.isEmpty == true { lines.removeLast() }
        case .array(let elements):
            guard elements.count <= lineLimit else { return nil }
            var total = 0
            for element in elements {
                guard let text = element.plainText else { return nil }
                total += text.utf8.count
                guard total <= logLimit else { return nil }
                lines.append(text.withoutNUL)
            }
        default: return nil
        }
        return lines
    }

    private static func events(_ value: JSONValue) -> [TrackerEvent]? {
        var list = value
        if case .string(let text) = value {
            guard let bytes = Base64.decode(text, limit: logLimit),
                let decoded = try? JSON.decode(bytes)  // the caller has one text for every fault
            else { return nil }
            list = decoded
        }
        guard case .array(let elements) = list, elements.count <= lineLimit else { return nil }
        var events: [TrackerEvent] = []
        events.reserveCapacity(elements.count)
        for element in elements {
            guard case .object(let event) = element else { return nil }
            let time = event["eventTimestamp"]?.plainText?.withoutNUL
            events.append(
                TrackerEvent(
                    id: event["eventId"]?.plainText?.withoutNUL ?? "",
                    elapsedSeconds: event["eventElapsedTime"]?.numeric,
                    time: time.flatMap { $0.utf8.count <= 40 ? Timestamp(iso8601: $0) : nil }, timeText: time,
                    condition: event["eventCondition"]?.plainText?.withoutNUL,
                    message: event["message"]?.plainText?.withoutNUL ?? "",
                    type: event["type"]?.plainText?.withoutNUL
                )
            )
        }
        return events
    }
}

extension String {
    /// No store keeps NUL in text.
    fileprivate var withoutNUL: String {
        utf8.contains(0) ? String(decoding: utf8.filter { $0 != 0 }, as: UTF8.self) : self
    }
}
