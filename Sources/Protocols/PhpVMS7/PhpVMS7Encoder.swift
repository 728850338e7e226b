import Domain

/// Reply -> bytes: spec, sections 1.3, 1.6, 5 and 6. What single resources look like: `PhpVMS7Resources`.
struct PhpVMS7Encoder {
    let frame: RawFrame
    let route: PhpVMS7Route?
    let resources: PhpVMS7Resources

    init(_ frame: RawFrame) {
        self.frame = frame
        route = PhpVMS7Route(frame)
        resources = PhpVMS7Resources(site: frame.site, with: PhpVMS7Resources.with(frame))
    }

    static let headers: [(String, String)] = [("Content-Type", "application/json")]

    func encode(_ reply: TrackerReply) -> EncodedReply {
        switch reply {
        case .probe: return status
        case .preflight: return preflight
        case .profile(let profile): return self.profile(profile)
        case .airlines(let airlines): return self.airlines(airlines)
        case .airports(let airports): return self.airports(airports)
        case .subfleets(let subfleets): return self.subfleets(subfleets)
        case .aircraft(let aircraft): return self.aircraft(aircraft)
        case .news(let news): return page(news) { resources.news($1, into: &$0) }
        case .schedules(let page): return schedules(page)
        case .schedule(let plan): return schedule(plan)
        case .bookings(let bookings, let subfleets):
            return list(bookings) { resources.bid($1, subfleets, into: &$0) }
        case .booking(let plan?), .booked(let plan): return data { resources.bid(plan, into: &$0) }
        case .bookingCancelled: return list([Int]()) { $0.integer($1) }
        case .begun(let flight), .filed(let flight, isRepeat: _): return data { resources.pirep(flight, into: &$0) }
        case .progress(let count, let flight): return progress(count, flight)
        case .commented(let comment): return data(201) { resources.comment(comment, into: &$0) }
        case .flightCancelled: return cancelled
        case .flight(let flight): return self.flight(flight)
        case .track(let flight, let samples): return track(flight, samples)
        case .flights(let flights, let total): return self.flights(flights, total: total)
        case .refused(let refusal): return refused(refusal)
        // Answers to questions that this protocol has not.
        case .booking(nil), .pilot, .statistics, .flightTypes, .bookingChanged, .started, .reports, .latestReport,
            .reportDetails:
            return refused(.unavailable(retryAfterSeconds: 60))
        }
    }

    // MARK: Building blocks

    private func body(_ status: Int = 200, _ members: (inout JSONWriter) -> Void) -> EncodedReply {
        var writer = JSONWriter(capacity: 1024)
        writer.object(members)
        return EncodedReply(status: status, headers: Self.headers, body: writer.bytes)
    }

    private func data(_ status: Int = 200, _ value: (inout JSONWriter) -> Void) -> EncodedReply {
        body(status) {
            $0.name("data")
            value(&$0)
        }
    }

    private func list<Element>(
        _ elements: [Element], _ element: (inout JSONWriter, Element) -> Void
    ) -> EncodedReply {
        data { $0.array(elements, element) }
    }

    /// A page cut out of the whole list.
    private func page<Element>(
        _ all: [Element], _ element: (inout JSONWriter, Element) -> Void
    ) -> EncodedReply {
        let asked = PhpVMS7Page(PhpVMS7Fields(frame))
        let rows = all.dropFirst(asked.offset).prefix(asked.limit)
        return page(Array(rows), total: all.count, element)
    }

    private func page<Element>(
        _ rows: [Element], total: Int, _ element: (inout JSONWriter, Element) -> Void
    ) -> EncodedReply {
        let asked = PhpVMS7Page(PhpVMS7Fields(frame))
        let last = max(1, (total + asked.limit - 1) / asked.limit)
        let path = resources.url(frame.path)
        return body {
            $0.name("data")
            $0.array(rows, element)
            $0.name("links")
            $0.object { $0.nothing("first", "last", "prev", "next") }
            $0.name("meta")
            $0.object {
                $0.member("current_page", asked.page)
                $0.member("from", rows.isEmpty ? nil : asked.offset + 1)
                $0.member("last_page", last)
                $0.member("path", path)
                $0.member("per_page", asked.limit)
                $0.member("to", rows.isEmpty ? nil : asked.offset + rows.count)
                $0.member("total", total)
                $0.member("prev_page", asked.page > 1 ? link(path, to: asked.page - 1) : nil)
                $0.member("next_page", asked.page < last ? link(path, to: asked.page + 1) : nil)
            }
        }
    }

    /// The same question, another page.
    private func link(_ path: String, to page: Int) -> String {
        let others = frame.query.split(separator: "&").filter { !$0.hasPrefix("page=") && $0 != "page" }
        return path + "?" + (others + ["page=\(page)"]).joined(separator: "&")
    }

    /// `{"message": "3 positions added", "attrs": [], "count": 3}`.
    private func message(_ text: String, count: Int? = nil) -> EncodedReply {
        body {
            $0.member("message", text)
            $0.name("attrs")
            $0.array([Int]()) { $0.integer($1) }
            if let count { $0.member("count", count) }
        }
    }

    // MARK: The site

    private var status: EncodedReply {
        body {
            $0.member("name", frame.site.name)
            $0.member("version", "7.0.10")
            $0.member("php", "8.2.0")
        }
    }

    private var preflight: EncodedReply {
        if route == .acarsRules { return list([Int]()) { $0.integer($1) } }
        let allowed = route.map { [("Allow", $0.allowed)] } ?? []
        return EncodedReply(status: 200, headers: Self.headers + allowed, body: [])
    }

    private func profile(_ profile: ProfileReply) -> EncodedReply {
        guard route == .acarsConfig else { return data { resources.user(profile, into: &$0) } }
        return body { resources.acarsConfig(profile, into: &$0) }
    }

    private func airlines(_ airlines: [AirlineReply]) -> EncodedReply {
        if case .airline(let id)? = route {
            guard let found = airlines.first(where: { String($0.number) == id }) else { return missing("Airline", id) }
            return data { resources.airline(found, into: &$0) }
        }
        let sorted = airlines.sorted { ($0.name, $0.number) < ($1.name, $1.number) }
        return page(sorted) { resources.airline($1, into: &$0) }
    }

    private func airports(_ airports: [Airport]) -> EncodedReply {
        var fields = PhpVMS7Fields(frame)
        func isOn(_ name: String) -> Bool { fields[name].map { PhpVMS7Fields.whole($0) != 0 } ?? false }
        switch route {
        case .airport:
            guard let airport = airports.first else { break }
            return data { resources.airport(airport, into: &$0) }
        case .airportLookup:
            guard let airport = airports.first else { break }
            return data { resources.lookup(airport, into: &$0) }
        case .distance(let from, let to):
            guard airports.count == 2 else { break }
            let distance = greatCircleDistance(from: airports[0].position, to: airports[1].position)
            return data {
                $0.object {
                    $0.member("fromIcao", LegacyText.cut(from, to: 8).uppercased())
                    $0.member("toIcao", LegacyText.cut(to, to: 8).uppercased())
                    $0.distance("distance", distance)
                }
            }
        // No airport is known as a hub here.
        case .hubs: return page([Airport]()) { resources.searched($1, into: &$0) }
        case .airportSearch:
            let found = isOn("hubs") ? [] : Self.matching(airports, fields["search"]?.plainText ?? "")
            return page(found) { resources.searched($1, into: &$0) }
        default:
            return page(isOn("hub") ? [] : airports.sorted { $0.icao < $1.icao }) {
                resources.airport($1, into: &$0)
            }
        }
        return missing("Airport", "")
    }

    /// `icao:k;name:tex` or plain text: part of any of the columns, whatever the case.
    private static func matching(_ airports: [Airport], _ search: String) -> [Airport] {
        let terms = search.lowercased().split(separator: ";").prefix(8).map { term -> (column: String?, text: String) in
            let parts = term.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
            return parts.count == 2 ? (String(parts[0]), String(parts[1])) : (nil, String(term))
        }
        guard !terms.isEmpty else { return airports }
        return airports.filter { airport in
            let columns = [
                "id": airport.icao.code, "icao": airport.icao.code, "iata": airport.iata ?? "", "name": airport.name,
            ]
            return terms.contains { term in
                columns.contains { name, value in
                    (term.column ?? name) == name && !term.text.isEmpty && value.lowercased().contains(term.text)
                }
            }
        }
    }

    private func subfleets(_ subfleets: [SubfleetReply]) -> EncodedReply {
        if route == .pilotFleet { return list(subfleets) { resources.subfleet($1, into: &$0) } }
        return page(subfleets) { resources.subfleet($1, into: &$0) }
    }

    /// One aircraft, or the whole fleet to look through for a column.
    private func aircraft(_ fleet: [AircraftDetails]) -> EncodedReply {
        guard case .aircraft(let id)? = route else { return list(fleet) { resources.aircraft($1, into: &$0) } }
        var fields = PhpVMS7Fields(frame)
        let column = fields["type"]?.plainText ?? "id"
        let found = fleet.first { aircraft in
            switch column {
            case "id", "registration": true
            case "icao": aircraft.type.uppercased() == id.uppercased()
            case "name": aircraft.name == id
            default: false
            }
        }
        guard let found else { return missing("Aircraft", id) }
        return data { resources.aircraft(found, into: &$0) }
    }

    // MARK: Timetable

    private func schedules(_ found: SchedulePage) -> EncodedReply {
        var resources = resources
        if route == .acarsSearch { resources.showsSubfleets = false }
        return page(found.entries, total: found.total) {
            resources.schedule($1, found.subfleets, isBooked: found.booked.contains($1.number), into: &$0)
        }
    }

    private func schedule(_ plan: PlanReply) -> EncodedReply {
        switch route {
        case .flightAircraft:
            var writer = JSONWriter()
            let usable = plan.subfleets.flatMap { subfleet in
                subfleet.aircraft.map { (subfleet: subfleet.number, aircraft: $0) }
            }.filter {
                let isNamed = plan.schedule.aircraft.contains($0.aircraft.number)
                return $0.aircraft.isActive && (plan.schedule.aircraft.isEmpty || isNamed)
            }
            writer.array(usable) {
                resources.aircraft($1.aircraft, in: $1.subfleet, near: plan.schedule.departure, into: &$0)
            }
            return EncodedReply(status: 200, headers: Self.headers, body: writer.bytes)
        // Way points are not resolved: there are no navigation data.
        case .flightRoute: return list([Int]()) { $0.integer($1) }
        default:
            return data {
                resources.schedule(plan.schedule, plan.subfleets, isBooked: plan.booking != nil, into: &$0)
            }
        }
    }

    // MARK: Flights

    private func progress(_ count: Int?, _ flight: FlightReply?) -> EncodedReply {
        let count = count ?? 0
        switch route {
        case .position, .positions: return message("\(count) positions added", count: count)
        case .logs, .events: return message("\(count) logs added", count: count)
        case .route where frame.method == "DELETE": return message("Route deleted")
        case .route: return message("\(count) points added", count: count)
        default:
            guard let flight else { return refused(.unavailable(retryAfterSeconds: 5)) }
            return self.flight(flight)
        }
    }

    private var cancelled: EncodedReply { message("PIREP \(route?.flight ?? "") cancelled") }

    private func flight(_ flight: FlightReply) -> EncodedReply {
        switch route {
        case .route:
            let points = (flight.details.waypoints ?? []).sorted { $0.order < $1.order }
            return list(points) { resources.waypoint($1, of: flight, into: &$0) }
        case .fields: return data { PhpVMS7Resources.fields(flight.details.fields, into: &$0) }
        case .comments: return list(flight.comments.reversed()) { resources.comment($1, into: &$0) }
        // There is no bookkeeping behind the gateway.
        case .finances, .recalculation: return list([Int]()) { $0.integer($1) }
        default: return data { resources.pirep(flight, into: &$0) }
        }
    }

    private func track(_ flight: FlightReply, _ samples: [PositionSample]) -> EncodedReply {
        let ordered = samples.enumerated().sorted {
            ($0.element.shownTime, $0.offset) < ($1.element.shownTime, $1.offset)
        }.map(\.element)
        guard case .map? = route else { return list(ordered) { resources.position($1, of: flight, into: &$0) } }
        return data { resources.map(flight, ordered, into: &$0) }
    }

    private func flights(_ flights: [FlightReply], total: Int) -> EncodedReply {
        switch route {
        case .live: return list(flights.filter { $0.state == .open }) { resources.pirep($1, .live, into: &$0) }
        case .liveMap:
            return data { resources.liveMap(flights.filter { $0.state == .open }, into: &$0) }
        default:
            var fields = PhpVMS7Fields(frame)
            // A state that no flight here can have.
            if let state = PhpVMS7Fields.whole(fields["state"]),
                !FlightReply.State.allCases.contains(where: { $0.phpVMS == state })
            {
                return page([FlightReply](), total: 0) { resources.pirep($1, .listed, into: &$0) }
            }
            return page(flights, total: total) { resources.pirep($1, .listed, into: &$0) }
        }
    }

    // MARK: Refusals

    func encode(_ error: DecodeError) -> EncodedReply {
        switch error.code {
        case .wrongMethod:
            return problem(
                405, "http-exception", error.message, headers: [("Allow", route?.allowed ?? "GET, HEAD")])
        case .unknownEndpoint: return problem(404, "not-found", error.message)
        case .invalidField where error.status == 404:
            var fields = PhpVMS7Fields(frame)
            return airportNotFound(fields[error.field ?? ""]?.plainText ?? "")
        case .malformed, .missingField, .invalidField:
            let faults =
                error.faults.isEmpty ? [DecodeError.Fault(error.field ?? "body", error.message)] : error.faults
            return validation(faults)
        case .tooLarge, .unsupported: return problem(error.status, "http-exception", error.message)
        }
    }

    private func validation(_ faults: [DecodeError.Fault]) -> EncodedReply {
        var names: [String] = []
        var messages: [String: [String]] = [:]
        for fault in faults {
            if messages[fault.field] == nil { names.append(fault.field) }
            messages[fault.field, default: []].append(fault.message)
        }
        let details = faults.map(\.message).joined(separator: ", ")
        return problem(400, "validation-exception", "Validation Error", details: details) {
            $0.name("errors")
            $0.object { writer in
                for name in names {
                    writer.name(name)
                    writer.array(messages[name] ?? []) { $0.string($1) }
                }
            }
        }
    }

    /// The shape of every error but a missing key's.
    private func problem(
        _ status: Int, _ slug: String, _ title: String, details: String? = nil, headers: [(String, String)] = [],
        _ extras: (inout JSONWriter) -> Void = { _ in }
    ) -> EncodedReply {
        let reply = body(status) {
            $0.member("type", "https://phpvms.net/errors/\(slug)")
            $0.member("title", title)
            $0.member("details", details ?? title)
            $0.member("status", status)
            $0.name("error")
            $0.object {
                $0.member("status", status)
                $0.member("message", details ?? title)
            }
            extras(&$0)
        }
        return EncodedReply(status: status, headers: reply.headers + headers, body: reply.body)
    }

    private func unauthorised(_ reason: String) -> EncodedReply {
        body(401) {
            $0.name("error")
            $0.object {
                $0.member("code", "401")
                $0.member("http_code", "Unauthorized")
                $0.member("message", "Invalid or missing API key (\(reason))")
            }
        }
    }

    /// - Parameter id: As sent; shown only as far as it can be an id.
    private func missing(_ model: String, _ id: String) -> EncodedReply {
        problem(404, "not-found", "No query results for model [\(model)] \(Self.shown(id))")
    }

    private func airportNotFound(_ code: String) -> EncodedReply {
        let icao = Self.shown(code.uppercased())
        return problem(404, "airport-not-found", "Airport \(icao) not found") { $0.member("icao", icao) }
    }

    private static func shown(_ id: String) -> String {
        String(id.prefix(36).filter { $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "-") })
    }

    private func refused(_ refusal: Refusal) -> EncodedReply {
        var fields = PhpVMS7Fields(frame)
        let pirep = Self.shown(route?.flight ?? "")
        switch refusal {
        case .sessionInvalid, .credentialsWrong, .pilotUnknown:
            if case .pilot? = route, refusal == .pilotUnknown {
                return problem(404, "user-not-found", "User not found")
            }
            let isThere = PhpVMS7Adapter.key(frame)?.isEmpty == false
            return unauthorised(isThere ? "No user matches the provided key" : "X-API-KEY header missing")
        case .pilotInactive, .pilotUnconfirmed:
            return unauthorised("User is not ACTIVE, please contact an administrator")
        case .flightUnknown, .reportUnknown:
            switch route {
            // phpVMS answers so: the flight is not there any more, which is all that the client wants.
            case .cancel: return cancelled
            case .map:
                return problem(404, "pirep-not-found", "PIREP \(pirep) not found") { $0.member("pirep_id", pirep) }
            default: return missing("Pirep", pirep)
            }
        case .flightOfAnother: return problem(403, "unauthorized", "This PIREP belongs to another pilot")
        case .flightCancelled:
            return problem(400, "pirep-cancelled", "PIREP has been cancelled, updates are not allowed") {
                $0.member("pirep_id", pirep)
            }
        case .flightDecided: return problem(400, "pirep-error", "PIREP is read-only") { $0.member("pirep_id", pirep) }
        case .alreadyFiled:
            return problem(400, "pirep-error", "PIREP has already been submitted") { $0.member("pirep_id", pirep) }
        case .cancelNotAllowed(let state):
            return problem(400, "pirep-cancel-not-allowed", "This PIREP can't be cancelled") {
                $0.member("pirep_id", pirep)
                $0.member("state", state.phpVMS)
            }
        case .airportUnknown(let code):
            switch route {
            case .airport: return missing("Airport", code)
            case .airportLookup: return list([Int]()) { $0.integer($1) }
            default: return airportNotFound(code)
            }
        case .aircraftUnknown:
            if case .aircraft(let id)? = route { return missing("Aircraft", id) }
            return validation([DecodeError.Fault("aircraft_id", "The aircraft doesn't exist")])
        case .aircraftNotAvailable(let number):
            return problem(400, "aircraft-not-available", "The aircraft is not available for flight") {
                $0.member("aircraft_id", number)
            }
        case .airlineUnknown: return validation([DecodeError.Fault("airline_id", "The airline doesn't exist")])
        case .scheduleUnknown:
            switch route {
            case .flight(let id), .flightAircraft(let id), .flightRoute(let id): return missing("Flight", id)
            case .bids: return missing("Flight", fields["flight_id"]?.plainText ?? "")
            default: return validation([DecodeError.Fault("flight_id", "The selected flight id is invalid.")])
            }
        case .bookingUnknown:
            // A bid goes away with the filing; a client that asks by flight then expects success.
            if route == .bids, frame.method == "DELETE", fields["bid_id"] == nil { return encode(.bookingCancelled) }
            var id = fields["bid_id"]?.plainText ?? ""
            if case .bid(let named)? = route { id = named }
            id = Self.shown(id)
            return problem(404, "bid-not-found", "The bid \(id) was not found") {
                if let number = Int(id) { $0.member("bid_id", number) } else { $0.member("bid_id", id) }
            }
        case .bookingTaken:
            return problem(409, "bid-exists", "A bid already exists for this flight") {
                $0.member("flight_id", fields["flight_id"]?.plainText)
            }
        case .bookingLimit: return problem(409, "user-bid-limit", "User has the maximum number of bids")
        case .noAircraftOnBooking, .chartersOff: return problem(403, "unauthorized", "This is not allowed here")
        // Whoever is on the way keeps his data until the interface is back.
        case .adapterOff:
            return route?.flight == nil
                ? problem(404, "not-found", "Not Found")
                : problem(503, "internal-error", "The interface is switched off", headers: [("Retry-After", "300")])
        case .tooManyRequests(let seconds), .overloaded(let seconds):
            return problem(
                429, "http-exception", "Too Many Attempts.", headers: [("Retry-After", String(max(1, seconds)))])
        case .unavailable(let seconds):
            return problem(
                503, "internal-error", "The service is not available at the moment",
                headers: [("Retry-After", String(max(1, seconds)))])
        }
    }
}
