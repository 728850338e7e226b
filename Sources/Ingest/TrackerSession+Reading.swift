import Application
import Domain
import Protocols

/// What trackers read.
extension TrackerSession {
    // MARK: Pilots

    func statistics(of user: UserID) async throws -> StatisticsReply {
        let reports = try await gateway.directory.reports(id, of: user)
        let accepted = reports.filter { $0.state == .accepted }
        let rates = accepted.compactMap(\.landingRate)
        let average = rates.isEmpty ? nil : FeetPerMinute(rates.reduce(0) { $0 + $1.rawValue } / Double(rates.count))
        return StatisticsReply(
            flightTime: Minutes(accepted.reduce(0) { $0 + ($1.flightTime?.rawValue ?? 0) }),
            flights: accepted.count, reports: reports.count, averageLandingRate: average
        )
    }

    func profile(of user: UserID, session: String?) async throws -> ProfileReply {
        guard let profile = try await gateway.directory.user(id, user)?.profile else { throw Refusal.pilotUnknown }
        let last = try await gateway.directory.reports(id, of: user, limit: 1).first
        var home = tenant.settings.hub.flatMap { ICAOLocation($0) }
        if home == nil { home = try await gateway.airports(id).first?.icao }
        var location = home
        if let last, let opening = try await gateway.directory.flight(id, last.flight)?.opening {
            location = opening.arrival ?? home
        }
        return ProfileReply(
            profile: profile, airline: airlines[0], statistics: try await statistics(of: user), location: location,
            home: home, lastReport: last?.flight, bookings: try await bookings(of: user),
            subfleets: try await subfleets(), session: session)
    }

    // MARK: The airline

    var airlines: [AirlineReply] {
        tenant.codes.enumerated().map { index, code in
            AirlineReply(number: index + 1, icao: code, iata: index == 0 ? tenant.iata : nil, name: tenant.name)
        }
    }
    func airline(_ code: String) -> AirlineReply {
        let airlines = airlines
        return airlines.first { $0.icao == code } ?? airlines[0]
    }

    func airports(_ codes: [String]) throws(Refusal) -> [Airport] {
        var found: [Airport] = []
        for code in codes {
            guard let location = ICAOLocation(code), let airport = gateway.airports.airport(location) else {
                throw .airportUnknown(code.uppercased())
            }
            found.append(airport)
        }
        return found
    }

    func fleet() async throws -> [AircraftDetails] {
        try await gateway.directory.fleet(id).filter(\.isActive).sorted {
            ($0.name, $0.registration) < ($1.name, $1.registration)
        }
    }

    func subfleets() async throws -> [SubfleetReply] {
        var aircraft: [String: [AircraftDetails]] = [:]
        var names: [String] = []
        for entry in try await gateway.directory.fleet(id) {
            if aircraft[entry.subfleet] == nil { names.append(entry.subfleet) }
            aircraft[entry.subfleet, default: []].append(entry)
        }
        return names.enumerated().map { index, name in
            let members = aircraft[name] ?? []
            return SubfleetReply(
                number: index + 1, name: name, type: members.first?.type ?? "", airline: tenant.icao,
                aircraft: members.filter(\.isActive))
        }
    }

    // MARK: Timetable

    /// The entry with the aircraft that may fly it: a client cannot start a flight without one.
    func usable(_ entry: ScheduleDetails, _ fleet: [AircraftDetails]) -> ScheduleDetails {
        guard entry.aircraft.isEmpty else { return entry }
        let fitting = fleet.filter { entry.subfleets.isEmpty || entry.subfleets.contains($0.subfleet) }
        return entry.with(aircraft: fitting.map(\.number))
    }

    func search(_ query: ScheduleQuery) async throws -> SchedulePage {
        let fleet = try await fleet()
        let subfleets = try await subfleets()
        let nothing = SchedulePage(entries: [], total: 0, subfleets: subfleets, booked: [])
        var wanted = Set<Int>()
        var isFiltered = false
        if let number = query.aircraft {
            guard let chosen = fleet.first(where: { $0.number == number }) else { return nothing }
            wanted = Set(fleet.filter { $0.type == chosen.type || $0.name == chosen.name }.map(\.number))
            isFiltered = true
        }
        if let name = query.aircraftName ?? query.type {
            wanted = Set(
                fleet.filter { $0.type == name.uppercased() || (query.type == nil && $0.name == name) }.map(\.number))
            isFiltered = true
        }
        var inSubfleet: Set<Int>?
        if let number = query.subfleet {
            guard let chosen = subfleets.first(where: { $0.number == number }) else { return nothing }
            inSubfleet = Set(chosen.aircraft.map(\.number))
        }
        let booked =
            principal == nil ? [] : try await gateway.directory.bookings(id, of: try pilot.user).map(\.schedule)
        var found: [ScheduleDetails] = []
        var bookedNumbers = Set<Int>()
        var total = 0
        var before: Int?
        repeat {
            let page = try await gateway.directory.schedules(id, before: before, limit: 500)
            for entry in page.entries where matches(entry, query) {
                let entry = usable(entry, fleet)
                if isFiltered, !entry.aircraft.contains(where: { wanted.contains($0) }) { continue }
                if let inSubfleet, !entry.aircraft.contains(where: { inSubfleet.contains($0) }) { continue }
                total += 1
                if total > query.offset ?? 0, found.count < query.limit {
                    found.append(entry)
                    if booked.contains(entry.id) { bookedNumbers.insert(entry.number) }
                }
                if found.count == query.limit, !query.countsAll {
                    return SchedulePage(entries: found, total: total, subfleets: subfleets, booked: bookedNumbers)
                }
            }
            before = page.next
        } while before != nil
        return SchedulePage(entries: found, total: total, subfleets: subfleets, booked: bookedNumbers)
    }

    private func matches(_ entry: ScheduleDetails, _ query: ScheduleQuery) -> Bool {
        let hours = Double(entry.flightTime.rawValue) / 60
        if let departure = query.departure, entry.departure.code != departure.uppercased() { return false }
        if let arrival = query.arrival, entry.arrival.code != arrival.uppercased() { return false }
        if let minimum = query.minimumFlightTimeHours, hours < minimum { return false }
        if let maximum = query.maximumFlightTimeHours, hours > maximum { return false }
        if let minimum = query.minimumDistance, entry.distance < minimum { return false }
        if let maximum = query.maximumDistance, entry.distance > maximum { return false }
        if let callsign = query.callsign, !(entry.airline + entry.flightNumber).contains(callsign.uppercased()) {
            return false
        }
        if let airline = query.airline, entry.airline != airline { return false }
        if let number = query.flightNumber, entry.flightNumber != number { return false }
        if let type = query.flightType, entry.flightType != type { return false }
        if let ids = query.ids, !ids.contains("\(entry.id)"), !ids.contains(String(entry.number)) { return false }
        return true
    }

    func schedule(_ wireID: String) async throws -> PlanReply {
        guard let entry = try await gateway.bookings.schedule(id, wireID: wireID), let details = entry.details,
            !entry.isWithdrawn, details.charterOf == nil || details.charterOf == principal?.user
        else { throw Refusal.scheduleUnknown }
        return try await plan(details, booking: nil)
    }

    func schedule(airline: String?, number: String) async throws -> PlanReply {
        guard !number.isEmpty, number.utf8.count <= 32 else { throw Refusal.scheduleUnknown }
        for code in airline.map({ [$0] }) ?? tenant.codes {
            let entries = try await gateway.directory.schedules(id, airline: code, flightNumber: number)
            if let entry = entries.first(where: \.isActive) { return try await plan(entry, booking: nil) }
        }
        throw Refusal.scheduleUnknown
    }

    private func plan(_ schedule: ScheduleDetails, booking: BookingDetails?) async throws -> PlanReply {
        let entry = usable(schedule, try await fleet())
        var aircraft: AircraftDetails?
        if let number = booking?.aircraft ?? entry.aircraft.first {
            aircraft = try await gateway.directory.aircraft(id, number: number)
        }
        return PlanReply(
            schedule: entry, booking: booking, aircraft: aircraft,
            departure: gateway.airports.airport(entry.departure), arrival: gateway.airports.airport(entry.arrival),
            subfleets: try await subfleets())
    }

    // MARK: Bids

    func plan(of booking: BookingDetails) async throws -> PlanReply {
        guard let schedule = try await gateway.directory.schedule(id, booking.schedule)?.details else {
            throw Refusal.bookingUnknown
        }
        return try await plan(schedule, booking: booking)
    }

    func nextBooking() async throws -> PlanReply? {
        guard let oldest = try await gateway.directory.bookings(id, of: try pilot.user).first else { return nil }
        return try await plan(of: oldest)
    }

    func bookings() async throws -> [BookingReply] { try await bookings(of: try pilot.user) }
    private func bookings(of user: UserID) async throws -> [BookingReply] {
        let fleet = try await fleet()
        var found: [BookingReply] = []
        for booking in try await gateway.directory.bookings(id, of: user) {
            guard let schedule = try await gateway.directory.schedule(id, booking.schedule)?.details else { continue }
            found.append(BookingReply(booking: booking, schedule: usable(schedule, fleet)))
        }
        return found
    }

    func number(of key: BookingKey) async throws -> Int {
        switch key {
        case .number(let number): return number
        case .schedule(let wireID):
            guard let entry = try await gateway.bookings.schedule(id, wireID: wireID)?.details else {
                throw Refusal.scheduleUnknown
            }
            guard
                let bid = try await gateway.directory.bookings(id, of: try pilot.user).first(where: {
                    $0.schedule == entry.id
                })
            else { throw Refusal.bookingUnknown }
            return bid.number
        }
    }

    func charter(_ wanted: CharterRequest) async throws -> TrackerReply {
        var charter = Bookings.Charter(
            callsign: wanted.callsign, departure: wanted.departure, arrival: wanted.arrival, route: wanted.route,
            aircraft: wanted.aircraft, level: wanted.cruise, isCargo: wanted.isCargo,
            departureTime: wanted.departureTime, arrivalTime: wanted.arrivalTime
        )
        charter.airline = wanted.airline
        charter.flightTime = wanted.flightTime
        charter.distance = wanted.distance
        let booking = try await gateway.bookings.charter(tenant, user: try pilot.user, charter)
        return .booked(try await plan(of: booking))
    }

    // MARK: Flights

    /// The flight as it is now.
    /// - Parameter state: Of an append just made; what is committed otherwise.
    func reply(_ flight: FlightID, state: Flight? = nil, light: Bool = false) async throws -> FlightReply {
        guard let snapshot = try await gateway.flights.snapshot(id, flight, light: light),
            let opening = (state ?? snapshot.flight).opening,
            let pilot = try await gateway.directory.user(id, opening.user)?.profile
        else { throw Refusal.flightUnknown }
        let flight = state ?? snapshot.flight
        let code = String(opening.callsign.dropLast(opening.flightNumber.count))
        var details = FlightDetails()
        details.airline = opening.schedule?.airline ?? code
        details.flightNumber = opening.flightNumber
        details.departure = opening.departure
        details.arrival = opening.arrival
        details.alternate = opening.alternate
        details.aircraft = opening.aircraft?.number
        details.network = opening.network
        if let schedule = opening.schedule {
            details.route = schedule.route
            details.level = schedule.level
            details.flightType = schedule.flightType
            details.plannedDistance = schedule.distance
            details.plannedTime = schedule.flightTime
        }
        details = details.merging(flight.details)
        let aircraft = try await gateway.flights.aircraft(
            id, number: details.aircraft, text: flight.details.aircraft == nil ? details.aircraftText : nil)
        return FlightReply(
            opening: opening, details: details, state: Self.state(flight, snapshot.pirep),
            report: snapshot.pirep.report, latest: flight.latest, positionCount: flight.positionCount,
            heardAt: flight.heardAt ?? opening.openedAt, endedAt: flight.endedAt, comments: flight.comments,
            pilot: pilot, airline: airline(details.airline ?? tenant.icao), aircraft: aircraft ?? opening.aircraft,
            departure: details.departure.flatMap { gateway.airports.airport($0) },
            arrival: details.arrival.flatMap { gateway.airports.airport($0) })
    }

    private static func state(_ flight: Flight, _ pirep: PIREP) -> FlightReply.State {
        switch flight.state {
        case .none, .open: flight.isPaused ? .paused : .open
        case .cancelled: .cancelled
        case .abandoned: .abandoned
        case .filed:
            switch pirep.state {
            case .none, .filed: .filed
            case .inReview: .inReview
            case .accepted: .accepted
            case .rejected: .rejected
            case .withdrawn: .cancelled
            }
        }
    }

    func flight(_ wireID: String) async throws -> FlightReply {
        guard let record = try await gateway.flights.flight(id, id: wireID) else { throw Refusal.flightUnknown }
        return try await reply(record.opening.id)
    }

    func ownFlights(_ query: FlightQuery) async throws -> TrackerReply {
        var found: [FlightReply] = []
        var total = 0
        var before: Int?
        while true {
            let page = try await gateway.directory.flights(id, of: try pilot.user, before: before, limit: 200)
            for (_, flight) in page {
                // Without a filter only the flights of the page have to be read.
                let isOnPage = total >= query.offset && found.count < query.limit
                guard isOnPage || !query.states.isEmpty else {
                    total += 1
                    continue
                }
                let reply = try await reply(flight, light: true)
                guard query.states.isEmpty || query.states.contains(reply.state) else { continue }
                if total >= query.offset, found.count < query.limit { found.append(reply) }
                total += 1
            }
            guard page.count == 200, let last = page.last else { break }
            before = last.number
        }
        return .flights(found, total: total)
    }

    /// A flight that was silent for longer is off the map: decisions B5.
    private static let mapTime = Milliseconds.minutes(60)
    private static let mapLimit = 500

    func runningFlights() async throws -> TrackerReply {
        var found: [FlightReply] = []
        for flight in try await gateway.directory.openFlights(id, limit: Self.mapLimit) {
            let reply = try await reply(flight)
            if reply.positionCount > 0, frame.receivedAt - reply.heardAt < Self.mapTime { found.append(reply) }
        }
        found.sort { $0.heardAt > $1.heardAt }
        return .flights(found, total: found.count)
    }

    // MARK: Reports

    func reports(_ query: ReportQuery, limit: Int = 100) async throws -> [ReportReply] {
        var named: Set<Int>?
        if let name = query.aircraftName {
            named = Set(
                try await gateway.directory.fleet(id).filter { $0.name == name || $0.type == name.uppercased() }
                    .map(\.number))
        }
        var found: [ReportReply] = []
        for record in try await gateway.directory.reports(id, of: try pilot.user) {
            if let from = query.from, record.filedAt < from { continue }
            if let to = query.to, record.filedAt > to { continue }
            if let aircraft = query.aircraft, record.aircraft != aircraft { continue }
            guard let reply = try await report(record) else { continue }
            if let wanted = query.status, wanted != reply.status { continue }
            if let wanted = query.departure, reply.departure.code != wanted.uppercased() { continue }
            if let wanted = query.arrival, reply.arrival.code != wanted.uppercased() { continue }
            if let named, !named.contains(reply.aircraft ?? 0) { continue }
            found.append(reply)
            if found.count == limit { break }
        }
        return found
    }

    private func report(_ record: ReportRecord) async throws -> ReportReply? {
        let status: ReportQuery.Status
        switch record.state {
        case .accepted: status = .accepted
        case .rejected: status = .rejected
        case .none, .filed, .inReview: status = .pending
        case .withdrawn: return nil
        }
        guard let opening = try await gateway.directory.flight(id, record.flight)?.opening,
            let departure = opening.departure, let arrival = opening.arrival
        else { return nil }
        return ReportReply(
            flight: record.flight, number: record.number, filedAt: record.filedAt,
            airline: opening.schedule?.airline ?? tenant.icao, flightNumber: opening.flightNumber,
            route: record.route, distance: opening.schedule?.distance ?? .zero,
            isCargo: opening.schedule?.isCargo ?? false, flightType: opening.schedule?.flightType ?? "J",
            departure: departure, arrival: arrival, aircraft: record.aircraft ?? opening.aircraft?.number,
            status: status,
            flightTimeHours: record.flightTimeHours ?? Double(record.flightTime?.rawValue ?? 0) / 60,
            landingRate: record.landingRate, fuelUsed: record.fuelUsedAsSent ?? 0
        )
    }

    func details(_ wireID: String) async throws -> TrackerReply {
        guard let record = try await gateway.flights.flight(id, id: wireID, of: try pilot.user),
            record.state == .filed, let report = try await gateway.flights.report(id, record.opening.id)
        else { throw Refusal.reportUnknown }
        let samples = try await gateway.flights.samples(id, record.opening.id).track
        let all = try await gateway.directory.reports(id, of: try pilot.user)
        var summary: ReportReply?
        if let entry = all.first(where: { $0.flight == record.opening.id }) { summary = try await self.report(entry) }
        return .reportDetails(
            ReportDetailsReply(
                log: report.content.log, track: samples.sorted { $0.eventTime < $1.eventTime },
                events: report.content.events, summary: summary
            )
        )
    }
}
