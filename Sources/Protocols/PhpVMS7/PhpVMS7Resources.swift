import Domain

/// The objects in answers: spec, section 3. Types are chosen so that no client of section 7.2 stumbles.
struct PhpVMS7Resources {
    let site: TrackerSite
    /// Subfleets are left out where the request says which relations it wants and these are not among them.
    var showsSubfleets: Bool

    init(site: TrackerSite, with: [String]?) {
        self.site = site
        showsSubfleets = with?.contains("subfleets") ?? true
    }

    /// The list `with=`; nil when it was not sent.
    static func with(_ frame: RawFrame) -> [String]? {
        guard frame.method == "GET", frame.query.utf8.contains(UInt8(ascii: "w")) else { return nil }
        var fields = PhpVMS7Fields(frame)
        guard fields.isSent("with") else { return nil }
        return (fields["with"]?.plainText ?? "").split(separator: ",").map { LegacyText.trimmed($0) }
    }

    /// Times of what the gateway keeps no time of; clients need dates there.
    private static let noDate = "2000-01-01T00:00:00.000000Z"

    /// An absolute URL below the root; empty segments are left out.
    func url(_ path: String) -> String {
        site.root + path.split(separator: "/").joined(separator: "/")
    }

    /// Number of an airline's code; the airline's own is 1.
    private func airlineNumber(_ code: String?) -> Int {
        code.flatMap { site.codes.firstIndex(of: $0) }.map { $0 + 1 } ?? 1
    }
    private func airline(_ code: String?) -> AirlineReply {
        let number = airlineNumber(code)
        return AirlineReply(
            number: number, icao: site.codes.isEmpty ? "" : site.codes[number - 1],
            iata: number == 1 ? site.iata : nil, name: site.name)
    }
    /// `VM102/C.A/L.1`.
    private func ident(_ airline: AirlineReply, _ number: String, code: String? = nil, leg: String? = nil) -> String {
        (airline.iata ?? airline.icao) + number + (code.map { "/C.\($0)" } ?? "") + (leg.map { "/L.\($0)" } ?? "")
    }
    /// Given names and the first letter of the last.
    static func shortened(_ name: String) -> String {
        let words = name.split(whereSeparator: \.isWhitespace)
        guard words.count > 1, let last = words.last?.first else { return name }
        return words.dropLast().joined(separator: " ") + " \(last)"
    }

    // MARK: The airline

    func airline(_ airline: AirlineReply, into writer: inout JSONWriter) {
        writer.object {
            $0.member("id", airline.number)
            $0.member("icao", airline.icao)
            $0.member("iata", airline.iata)
            $0.member("name", airline.name)
            $0.member("country", "")
            $0.nothing("logo")
        }
    }

    func airport(_ airport: Airport, isInPIREP: Bool = false, into writer: inout JSONWriter) {
        writer.object {
            $0.member("id", airport.icao.code)
            $0.member("iata", airport.iata)
            $0.member("icao", airport.icao.code)
            $0.member("name", airport.name)
            $0.nothing("location", "region")
            $0.member("country", airport.country)
            $0.nothing("timezone")
            $0.flag("hub", false)
            $0.nothing("notes")
            $0.member("lat", airport.position.latitude)
            $0.member("lon", airport.position.longitude)
            $0.member("elevation", isInPIREP ? nil : airport.elevation.map { $0.rawValue.rounded() })
            $0.nothing(
                "ground_handling_cost", "fuel_100ll_cost", "fuel_jeta_cost", "fuel_mogas_cost", "deleted_at")
            $0.member("description", description(airport))
        }
    }
    private func description(_ airport: Airport) -> String {
        airport.icao.code + (airport.iata.map { "/\($0)" } ?? "") + " - " + airport.name
    }

    /// An airport that is not on file has its code for a name.
    private func airport(_ airport: Airport?, code: ICAOLocation?, into writer: inout JSONWriter) {
        if let airport { return self.airport(airport, isInPIREP: true, into: &writer) }
        guard let code else { return writer.null() }
        writer.object {
            $0.member("id", code.code)
            $0.member("icao", code.code)
            $0.member("name", code.code)
        }
    }

    func searched(_ airport: Airport, into writer: inout JSONWriter) {
        writer.object {
            $0.member("id", airport.icao.code)
            $0.member("iata", airport.iata)
            $0.member("icao", airport.icao.code)
            $0.member("name", airport.name)
            $0.flag("hub", false)
            $0.member("description", description(airport))
        }
    }

    func lookup(_ airport: Airport, into writer: inout JSONWriter) {
        writer.object {
            $0.member("icao", airport.icao.code)
            $0.member("iata", airport.iata)
            $0.member("name", airport.name)
            $0.nothing("location")
            $0.member("country", airport.country)
            $0.nothing("timezone")
            $0.member("lat", airport.position.latitude)
            $0.member("lon", airport.position.longitude)
        }
    }

    /// - Parameters:
    ///   - aircraft: Numbers of those to show; nil is all.
    ///   - departure: Where an aircraft is of which nobody knows.
    func subfleet(
        _ subfleet: SubfleetReply, only aircraft: Set<Int>? = nil, near departure: ICAOLocation? = nil,
        into writer: inout JSONWriter
    ) {
        writer.object {
            $0.member("id", subfleet.number)
            $0.member("airline_id", airlineNumber(subfleet.airline))
            $0.nothing("hub_id")
            $0.member("type", subfleet.type)
            $0.nothing("simbrief_type")
            $0.member("name", subfleet.name)
            $0.nothing("cost_block_hour", "cost_delay_minute")
            $0.member("fuel_type", 1)
            $0.member("ground_handling_multiplier", 100)
            $0.nothing("cargo_capacity", "fuel_capacity", "gross_weight")
            $0.dates(Self.noDate, Self.noDate)
            $0.name("fares")
            $0.array([Int]()) { $0.integer($1) }
            $0.name("aircraft")
            let shown = subfleet.aircraft.filter { $0.isActive && aircraft?.contains($0.number) ?? true }
            $0.array(shown) { self.aircraft($1, in: subfleet.number, near: departure, into: &$0) }
        }
    }

    /// - Parameter subfleet: Its number; 0 where it is not at hand, because clients want a number.
    func aircraft(
        _ aircraft: AircraftDetails, in subfleet: Int = 0, near departure: ICAOLocation? = nil,
        into writer: inout JSONWriter
    ) {
        writer.object {
            $0.member("id", aircraft.number)
            $0.member("subfleet_id", subfleet)
            $0.member("icao", aircraft.type)
            $0.nothing("iata")
            $0.member("airport_id", (aircraft.location ?? departure)?.code)
            $0.nothing("hub_id", "landing_time")
            $0.member("name", aircraft.name)
            $0.member("registration", aircraft.registration)
            $0.nothing("fin", "hex_code", "selcal")
            for name in ["dow", "zfw", "mtow", "mlw"] { $0.mass(name, nil) }
            $0.nothing("simbrief_type")
            $0.mass("fuel_onboard", nil)
            $0.member("flight_time", 0)
            $0.member("status", aircraft.isActive ? "A" : "S")
            $0.member("state", 0)
            $0.dates(Self.noDate, Self.noDate)
            $0.member("ident", "\(aircraft.registration) (\(aircraft.type))")
        }
    }

    func news(_ news: NewsReply, into writer: inout JSONWriter) {
        writer.object {
            $0.member("id", news.number)
            // Only the author's name is known.
            $0.member("user_id", 0)
            $0.member("subject", news.title)
            $0.member("body", news.body)
            $0.member("created_at", news.postedAt.inMicroseconds)
            $0.member("updated_at", news.postedAt.inMicroseconds)
            $0.name("user")
            $0.object {
                $0.member("id", 0)
                $0.member("name", Self.shortened(news.postedBy))
            }
        }
    }

    // MARK: Timetable

    func schedule(
        _ schedule: ScheduleDetails, _ subfleets: [SubfleetReply], isBooked: Bool, into writer: inout JSONWriter
    ) {
        let airline = airline(schedule.airline)
        writer.object {
            $0.member("id", schedule.id.description)
            $0.member("airline_id", airline.number)
            $0.member("flight_number", Self.number(schedule.flightNumber))
            $0.nothing("callsign", "route_code", "route_leg")
            $0.member("dpt_airport_id", schedule.departure.code)
            $0.member("arr_airport_id", schedule.arrival.code)
            $0.member("alt_airport_id", schedule.alternate?.code)
            $0.member("dpt_time", schedule.departureTime)
            $0.member("arr_time", schedule.arrivalTime)
            $0.member("days", schedule.days)
            $0.member("level", schedule.level)
            $0.distance("distance", schedule.distance)
            $0.member("flight_time", schedule.flightTime.rawValue)
            $0.member("flight_type", schedule.flightType)
            $0.nothing("load_factor", "load_factor_variance", "pilot_pay")
            $0.member("route", schedule.route)
            $0.member("notes", schedule.notes.isEmpty ? nil : schedule.notes)
            $0.nothing("start_date", "end_date")
            $0.flag("has_bid", isBooked)
            $0.flag("active", schedule.isActive)
            $0.flag("visible", true)
            $0.nothing("event_id", "user_id")
            $0.member("created_at", Self.noDate)
            $0.member("updated_at", Self.noDate)
            $0.member("ident", ident(airline, schedule.flightNumber))
            $0.name("airline")
            self.airline(airline, into: &$0)
            if showsSubfleets {
                let usable = Set(schedule.aircraft)
                let shown = subfleets.filter { subfleet in
                    usable.isEmpty || subfleet.aircraft.contains { usable.contains($0.number) }
                }
                $0.name("subfleets")
                $0.array(shown) {
                    subfleet($1, only: usable.isEmpty ? nil : usable, near: schedule.departure, into: &$0)
                }
            }
            $0.name("fields")
            $0.object { _ in }
            $0.nothing("simbrief")
        }
    }

    /// A flight's number is a number here; letters in it are shown in `ident` only.
    private static func number(_ text: String) -> Int {
        Int(text) ?? Int(text.filter { $0.isASCII && $0.isNumber }.prefix(9)) ?? 0
    }

    func bid(_ bid: BookingReply, _ subfleets: [SubfleetReply], into writer: inout JSONWriter) {
        writer.object {
            members(of: bid.booking, into: &$0)
            $0.name("flight")
            schedule(bid.schedule, subfleets, isBooked: true, into: &$0)
        }
    }
    func bid(_ plan: PlanReply, into writer: inout JSONWriter) {
        writer.object {
            if let booking = plan.booking { members(of: booking, into: &$0) }
            $0.name("flight")
            schedule(plan.schedule, plan.subfleets, isBooked: true, into: &$0)
        }
    }
    /// - Parameter user: The pilot's number; 0 where only the booking is at hand, because clients want a number.
    private func members(of booking: BookingDetails, user: Int = 0, into writer: inout JSONWriter) {
        writer.member("id", booking.number)
        writer.member("user_id", user)
        writer.member("flight_id", booking.schedule.description)
        writer.member("aircraft_id", booking.aircraft)
        writer.member("created_at", booking.madeAt.inMicroseconds)
        writer.member("updated_at", booking.madeAt.inMicroseconds)
    }

    // MARK: Pilots

    func user(_ reply: ProfileReply, into writer: inout JSONWriter) {
        writer.object {
            members(of: reply.profile, reply, into: &$0)
            $0.name("airline")
            airline(reply.airline, into: &$0)
            $0.name("bids")
            $0.array(reply.bookings) { writer, bid in
                writer.object { members(of: bid.booking, user: reply.profile.number, into: &$0) }
            }
            $0.name("rank")
            $0.object {
                $0.member("name", reply.profile.rank)
                guard showsSubfleets else { return }
                $0.name("subfleets")
                $0.array(reply.subfleets) { subfleet($1, into: &$0) }
            }
        }
    }

    /// - Parameter reply: Nil beside a PIREP, where figures of the pilot are not looked up.
    private func members(of profile: UserProfile, _ reply: ProfileReply?, into writer: inout JSONWriter) {
        let minutes = reply?.statistics.flightTime.rawValue ?? 0
        writer.member("id", profile.number)
        writer.member("pilot_id", profile.number)
        writer.member("ident", profile.ident)
        writer.member("name", Self.shortened(profile.name))
        writer.member("name_private", Self.shortened(profile.name))
        writer.nothing("avatar", "discord_id", "vatsim_id")
        writer.member("rank_id", 1)
        writer.member("home_airport", reply?.home?.code ?? "")
        writer.member("curr_airport", (reply?.location ?? reply?.home)?.code ?? "")
        writer.member("last_pirep_id", reply?.lastReport?.description)
        writer.member("flights", reply?.statistics.flights ?? 0)
        writer.member("flight_time", minutes)
        writer.member("transfer_time", 0)
        writer.member("total_time", minutes)
        writer.member("timezone", "UTC")
        writer.member("state", 1)
    }

    /// Settings of the vmsACARS add-on.
    func acarsConfig(_ reply: ProfileReply, into writer: inout JSONWriter) {
        writer.member("app_name", site.name)
        writer.member("acars_user_id", reply.profile.number)
        writer.member("acars_airline_id", reply.airline.number)
        writer.member("module_version", "1.0.0")
        writer.member("phpvms_version", "7.0.10")
        writer.member("acars_update_timer", 30)
        writer.member("position_report_ground", 30)
        writer.member("position_report_under_transition", 30)
        writer.member("position_report_above_transition", 60)
        writer.flag("disable_free_flights", false)
        writer.member("download_url", "")
        for name in ["fields", "plugins", "rules", "settings"] {
            writer.name(name)
            writer.array([Int]()) { $0.integer($1) }
        }
        writer.name("units")
        writer.object {
            for (name, unit) in [
                ("d", "nmi"), ("f", "lbs"), ("s", "knot"), ("t", "F"), ("v", "gallons"), ("w", "lbs"),
            ] { $0.member(name, unit) }
        }
    }

    // MARK: Flights

    enum Style { case whole, listed, live }

    func pirep(_ flight: FlightReply, _ style: Style = .whole, into writer: inout JSONWriter) {
        let details = flight.details
        let filedAt = flight.state.isFiled ? flight.report?.filedAt : nil
        let status = status(flight)
        writer.object {
            $0.member("id", flight.id.description)
            $0.member("user_id", flight.pilot.number)
            $0.member("airline_id", flight.airline.number)
            $0.member("aircraft_id", details.aircraft ?? flight.aircraft?.number)
            $0.nothing("event_id")
            $0.member("flight_id", flight.opening.schedule?.id.description)
            $0.member("flight_number", details.flightNumber ?? flight.opening.flightNumber)
            $0.member("route_code", details.routeCode)
            $0.member("route_leg", details.routeLeg)
            $0.member("flight_type", details.flightType ?? "J")
            $0.member("dpt_airport_id", details.departure?.code)
            $0.member("arr_airport_id", details.arrival?.code)
            $0.member("alt_airport_id", details.alternate?.code)
            $0.member("level", details.level)
            $0.distance("distance", details.distance)
            $0.distance("planned_distance", details.plannedDistance)
            $0.member("flight_time", details.flightTime?.rawValue ?? 0)
            $0.member("planned_flight_time", details.plannedTime?.rawValue)
            $0.member("zfw", details.zeroFuelWeight.map { Pounds($0).rawValue.rounded() })
            $0.mass("block_fuel", details.blockFuel)
            $0.mass("fuel_used", details.fuelUsed)
            $0.member("landing_rate", details.landingRate.map { $0.rawValue.hundredths })
            $0.member("score", details.score)
            $0.member("route", details.route)
            $0.member("notes", details.notes)
            $0.member("source", details.asSent["source"].flatMap { Int($0) } ?? 1)
            $0.member("source_name", details.client)
            $0.member("state", flight.state.phpVMS)
            $0.member("status", status)
            $0.member("submitted_at", (filedAt ?? sent("submitted_at", details))?.inMicroseconds)
            let on = details.inBlock ?? filedAt
            let off = details.out ?? filedAt.map { takeOff(flight, before: on ?? $0) }
            $0.member("block_off_time", off?.inSeconds)
            $0.member("block_on_time", on?.inSeconds)
            $0.member("created_at", (sent("created_at", details) ?? flight.opening.openedAt).inMicroseconds)
            $0.member("updated_at", flight.heardAt.inMicroseconds)
            $0.nothing("deleted_at")
            $0.member(
                "ident",
                ident(
                    flight.airline, details.flightNumber ?? flight.opening.flightNumber, code: details.routeCode,
                    leg: details.routeLeg))
            $0.member("phase", status)
            $0.member("status_text", PhpVMS7Status(rawValue: status)?.text ?? status)
            $0.name("aircraft")
            if let aircraft = flight.aircraft { self.aircraft(aircraft, into: &$0) } else { $0.null() }
            $0.name("airline")
            airline(flight.airline, into: &$0)
            $0.name("dpt_airport")
            airport(flight.departure, code: details.departure, into: &$0)
            $0.name("arr_airport")
            airport(flight.arrival, code: details.arrival, into: &$0)
            if style != .listed {
                $0.name("position")
                if let latest = flight.latest { position(latest, of: flight, into: &$0) } else { $0.null() }
                $0.name("user")
                $0.object { members(of: flight.pilot, nil, into: &$0) }
            }
            if style == .whole {
                $0.name("comments")
                $0.array(flight.comments.reversed()) { comment($1, into: &$0) }
                $0.nothing("flight", "simbrief")
            }
            $0.name("fields")
            Self.fields(details.fields, into: &$0)
        }
    }

    /// The phase as the client said it; a flight of another tracker has the one that fits its state.
    private func status(_ flight: FlightReply) -> String {
        if flight.state == .cancelled { return PhpVMS7Status.cancelled.rawValue }
        if let status = flight.details.status { return status }
        return (flight.state.isFiled ? PhpVMS7Status.arrived : .initiated).rawValue
    }
    private func sent(_ name: String, _ details: FlightDetails) -> Timestamp? {
        details.asSent[name].flatMap { Timestamp(iso8601: $0) }
    }
    /// A filed flight without a block-off time began as long ago as the report says.
    private func takeOff(_ flight: FlightReply, before end: Timestamp) -> Timestamp {
        guard let minutes = flight.details.blockTime ?? flight.details.flightTime else {
            return flight.opening.openedAt
        }
        return end - .minutes(Double(minutes.rawValue))
    }

    static func fields(_ fields: [String: String], into writer: inout JSONWriter) {
        writer.object {
            for (name, value) in fields.sorted(by: { $0.key < $1.key }) { $0.member(name, value) }
        }
    }

    func comment(_ comment: FlightComment, into writer: inout JSONWriter) {
        var number = 0
        if case .number(let found) = LegacyNames.pilot(comment.ident, site) { number = found }
        writer.object {
            $0.member("id", comment.number)
            $0.member("comment", comment.text)
            $0.member("created_at", comment.at.inMicroseconds)
            $0.name("user")
            $0.object {
                $0.member("id", number)
                $0.member("pilot_id", number)
                $0.member("ident", comment.ident)
                $0.member("name", Self.shortened(comment.name))
            }
        }
    }

    func position(_ sample: PositionSample, of flight: FlightReply, into writer: inout JSONWriter) {
        func sent(_ name: String) -> String? { sample.extras[name] }
        func number(_ name: String) -> JSONValue {
            guard let text = sample.extras[name] else { return .null }
            return NumericText.double(text).map { .double($0) } ?? .string(text)
        }
        let altitude = sample.altitudeMSL ?? sample.heightAGL
        writer.object {
            $0.member("id", sample.clientID ?? sample.madeUpID)
            $0.member("pirep_id", flight.id.description)
            $0.member("type", 0)
            $0.member("nav_type", number("nav_type"))
            $0.member("order", sent("order").flatMap { Int($0) } ?? 0)
            $0.member("name", sent("name"))
            $0.member("status", sent("status"))
            $0.member("log", sent("log"))
            $0.member("lat", sample.position.latitude)
            $0.member("lon", sample.position.longitude)
            $0.distance("distance", sent("distance").flatMap(NumericText.double).map { NauticalMiles($0) })
            $0.member("heading", sample.heading?.rawValue.hundredths)
            $0.member("altitude", altitude?.rawValue.hundredths)
            $0.member("altitude_agl", (sample.heightAGL ?? altitude)?.rawValue.hundredths)
            $0.member("altitude_msl", altitude?.rawValue.hundredths)
            $0.member("vs", sample.verticalSpeed?.rawValue.hundredths)
            $0.member("gs", sample.groundSpeed?.rawValue.hundredths)
            $0.member("ias", sample.indicatedAirspeed?.rawValue.hundredths)
            $0.member("transponder", number("transponder"))
            $0.member("autopilot", sent("autopilot"))
            $0.mass("fuel", sample.fuel)
            $0.member("fuel_flow", sample.fuelFlow.map { Pounds($0).rawValue.hundredths })
            $0.member("sim_time", sample.clientTime?.inSeconds)
            $0.member("source", sent("source"))
            let created = sent("created_at").flatMap { Timestamp(iso8601: $0) } ?? sample.receivedAt
            $0.member("created_at", created.inMicroseconds)
            $0.member("updated_at", sample.receivedAt.inMicroseconds)
        }
    }

    /// A row of the track of type 1.
    func waypoint(_ point: FlightDetails.Waypoint, of flight: FlightReply, into writer: inout JSONWriter) {
        writer.object {
            $0.member("id", point.id ?? "\(flight.id)-\(point.order)")
            $0.member("pirep_id", flight.id.description)
            $0.member("type", 1)
            $0.member("nav_type", point.kind)
            $0.member("order", point.order)
            $0.member("name", point.name)
            $0.nothing("status", "log")
            $0.member("lat", point.position.latitude)
            $0.member("lon", point.position.longitude)
            $0.distance("distance", nil)
            $0.nothing(
                "heading", "altitude", "altitude_agl", "altitude_msl", "vs", "gs", "ias", "transponder", "autopilot")
            $0.mass("fuel", nil)
            $0.nothing("fuel_flow", "sim_time", "source")
            $0.member("created_at", flight.opening.openedAt.inMicroseconds)
            $0.member("updated_at", flight.heardAt.inMicroseconds)
        }
    }

    // MARK: Maps

    private func collection<Element>(
        _ elements: [Element], into writer: inout JSONWriter, _ feature: (inout JSONWriter, Element) -> Void
    ) {
        writer.object {
            $0.member("type", "FeatureCollection")
            $0.name("features")
            $0.array(elements) { writer, element in
                writer.object {
                    $0.member("type", "Feature")
                    feature(&$0, element)
                }
            }
        }
    }

    private func point(
        _ sample: PositionSample, of flight: FlightReply, hasHeading: Bool, into writer: inout JSONWriter
    ) {
        let altitude = (sample.altitudeMSL ?? sample.heightAGL)?.rawValue.hundredths ?? 0
        writer.name("geometry")
        writer.object {
            $0.member("type", "Point")
            $0.name("coordinates")
            $0.array([sample.position.longitude, sample.position.latitude, altitude]) { $0.double($1) }
        }
        writer.name("properties")
        writer.object {
            $0.member("pirep_id", flight.id.description)
            $0.member("alt", altitude)
            if hasHeading { $0.member("heading", sample.heading?.rawValue.hundredths ?? 0) }
        }
    }

    func liveMap(_ flights: [FlightReply], into writer: inout JSONWriter) {
        collection(flights.filter { $0.latest != nil }, into: &writer) { writer, flight in
            if let latest = flight.latest { point(latest, of: flight, hasHeading: true, into: &writer) }
        }
    }

    /// - Parameter samples: In order.
    func map(_ flight: FlightReply, _ samples: [PositionSample], into writer: inout JSONWriter) {
        writer.object {
            $0.name("position")
            if let position = samples.last?.position ?? flight.arrival?.position {
                $0.object {
                    $0.member("lat", position.latitude)
                    $0.member("lon", position.longitude)
                }
            } else {
                $0.null()
            }
            $0.name("line")
            collection(samples.count < 2 ? [] : [samples], into: &$0) { writer, samples in
                writer.name("geometry")
                writer.object {
                    $0.member("type", "LineString")
                    $0.name("coordinates")
                    $0.array(samples) { writer, sample in
                        writer.array([sample.position.longitude, sample.position.latitude]) { $0.double($1) }
                    }
                }
                writer.name("properties")
                writer.object { _ in }
            }
            $0.name("points")
            collection(samples, into: &$0) { point($1, of: flight, hasHeading: false, into: &$0) }
            $0.name("airports")
            $0.object {
                for (name, airport) in [("a", flight.arrival), ("d", flight.departure)] {
                    $0.name(name)
                    guard let airport else {
                        $0.null()
                        continue
                    }
                    $0.object {
                        $0.member("icao", airport.icao.code)
                        $0.member("lat", airport.position.latitude)
                        $0.member("lon", airport.position.longitude)
                    }
                }
            }
        }
    }
}

extension PositionSample {
    /// What a track is ordered by.
    var shownTime: Timestamp { clientTime ?? eventTime }
    /// The same at every reading.
    fileprivate var madeUpID: String {
        "\(String(shownTime.milliseconds, radix: 16))-\(String(contentHash, radix: 16))"
    }
}

extension Double {
    /// Rounded to two decimals.
    fileprivate var hundredths: Double { (self * 100).rounded() / 100 }
}

extension JSONWriter {
    fileprivate mutating func flag(_ name: String, _ value: Bool) {
        self.name(name)
        bool(value)
    }
    mutating func nothing(_ names: String...) {
        for name in names {
            self.name(name)
            null()
        }
    }
    fileprivate mutating func dates(_ created: String, _ updated: String) {
        member("created_at", created)
        member("updated_at", updated)
        nothing("deleted_at")
    }

    /// A distance in four units; unset is an object of zeros.
    mutating func distance(_ name: String, _ distance: NauticalMiles?) {
        let miles = distance?.rawValue ?? 0
        self.name(name)
        object {
            $0.member("m", (miles * 1852).hundredths)
            $0.member("km", (miles * 1.852).hundredths)
            $0.member("mi", (miles * 1852 / 1609.344).hundredths)
            $0.member("nmi", miles.hundredths)
        }
    }
    /// Fuel and mass in two units, with phpVMS's factor; unset is an object of zeros.
    fileprivate mutating func mass(_ name: String, _ mass: Kilograms?) {
        let pounds = mass.map { Pounds($0).rawValue } ?? 0
        self.name(name)
        object {
            $0.member("kg", (pounds * 0.453_592_4).hundredths)
            $0.member("lbs", pounds.hundredths)
        }
    }
}

extension Timestamp {
    /// `2026-08-22T12:00:00.000000Z`.
    fileprivate var inMicroseconds: String {
        let fraction = String(1000 + (milliseconds % 1000 + 1000) % 1000).dropFirst()
        return "\(iso8601.prefix(19)).\(fraction)000Z"
    }
    /// `2026-08-22T12:00:00Z`.
    fileprivate var inSeconds: String { "\(iso8601.prefix(19))Z" }
}
