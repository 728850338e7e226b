import Application
import Domain
import Protocols

/// One request of a pilot (or of nobody yet), turned into use cases.
struct TrackerSession: Sendable {
    let gateway: TrackerGateway
    let tenant: Tenant
    let id: TenantID
    let principal: Principal?
    let adapter: String
    let frame: RawFrame
    let address: String

    private var pilot: Principal {
        get throws(Refusal) {
            guard let principal else { throw .sessionInvalid }
            return principal
        }
    }

    func perform(_ request: TrackerRequest) async throws -> TrackerReply {
        do {
            switch request {
            case .positions(let key, let reports): return try await positions(key, reports)
            case .probe: return .probe
            case .preflight: return .preflight
            case .logIn(let logIn): return try await self.logIn(logIn)
            case .session(let token, let renew): return try await session(token, renew: renew)
            case .statistics: return try await statistics()
            case .airports: return .airports(try await gateway.airports(id))
            case .aircraft: return .aircraft(try await fleet())
            case .subfleets: return .subfleets(try await subfleets())
            case .flightTypes: return .flightTypes
            case .news: return .news(nil)
            case .searchSchedules(let query): return .schedules(try await search(query))
            case .bookings: return .bookings(try await bookings())
            case .book(let schedule, let aircraft):
                let booking = try await gateway.bookings.book(
                    tenant, user: try pilot.user, schedule: schedule, aircraft: aircraft,
                    repeatIsSame: adapter == SmartCARS3V7Adapter.id.rawValue)
                return .booked(booking: booking.number)
            case .changeBookedAircraft(let booking, let aircraft):
                try await gateway.bookings.changeAircraft(
                    id, user: try pilot.user, number: booking, aircraft: aircraft)
                return .bookingChanged(booking: booking)
            case .cancelBooking(let booking):
                try await gateway.bookings.cancel(id, user: try pilot.user, number: booking)
                return .bookingCancelled
            case .charter(let wanted): return try await charter(wanted)
            case .startFlight(let booking): return try await start(booking)
            case .cancelFlight(let key): return try await cancel(key)
            case .file(let key, let filing): return try await file(key, filing)
            case .searchReports(let query): return .reports(try await reports(query))
            case .latestReport: return .latestReport(try await reports(ReportQuery(), limit: 1).first)
            case .reportDetails(let id): return try await details(id)
            }
        } catch let refusal as BookingRefusal {
            switch refusal {
            case .scheduleUnknown: throw Refusal.scheduleUnknown
            case .taken: throw Refusal.bookingTaken
            case .bookingUnknown: throw Refusal.bookingUnknown
            case .aircraftUnknown: throw Refusal.aircraftUnknown
            case .airportUnknown: throw Refusal.airportUnknown
            case .chartersOff: throw Refusal.chartersOff
            }
        } catch let refusal as FlightRefusal {
            switch refusal {
            case .unknown, .bookingUnknown: throw Refusal.flightUnknown
            case .alreadyFiled: throw Refusal.alreadyFiled
            }
        } catch let refusal as LogInRefusal {
            switch refusal {
            case .wrong: throw Refusal.credentialsWrong
            case .unconfirmed: throw Refusal.pilotUnconfirmed
            case .tooMany(let seconds): throw Refusal.tooManyRequests(retryAfterSeconds: seconds)
            case .busy(let seconds): throw Refusal.overloaded(retryAfterSeconds: seconds)
            }
        }
    }

    // MARK: Sessions

    private func logIn(_ logIn: LogIn) async throws -> TrackerReply {
        let name: Accounts.Name =
            switch logIn.name {
            case .number(let number): .number(number)
            case .email(let email): .email(email)
            case .ident(let ident): .ident(ident)
            case .unusable: .unusable
            }
        let profile = try await gateway.accounts.logIn(id, name, password: logIn.password, address: address)
        return try await issue(profile)
    }

    private func issue(_ profile: UserProfile) async throws -> TrackerReply {
        // Whole seconds: the client is shown seconds, and the stored expiry is the one it was shown.
        let seconds = (frame.receivedAt + TrackerGateway.sessionLifetime).milliseconds / 1000
        let expires = Timestamp(milliseconds: seconds * 1000)
        let token = gateway.accounts.tokens.makeSessionToken(subject: profile.number, expires: expires)
        try await gateway.accounts.open(
            id, profile.id, kind: TrackerGateway.sessionKind, token: token, expires: expires)
        return .pilot(PilotReply(profile: profile, token: token, expires: expires))
    }

    private func session(_ token: String, renew: Bool) async throws -> TrackerReply {
        guard
            let (profile, expires) = try await gateway.accounts.session(
                id, kind: TrackerGateway.sessionKind, token: token)
        else { throw Refusal.sessionInvalid }
        if renew { return try await issue(profile) }
        return .pilot(PilotReply(profile: profile, token: token, expires: expires))
    }

    // MARK: What a pilot reads

    private func statistics() async throws -> TrackerReply {
        let reports = try await gateway.directory.reports(id, of: try pilot.user)
        let accepted = reports.filter { $0.state == .accepted }
        let rates = accepted.compactMap(\.landingRate)
        let average = rates.isEmpty ? nil : FeetPerMinute(rates.reduce(0) { $0 + $1.rawValue } / Double(rates.count))
        return .statistics(
            StatisticsReply(
                flightTime: Minutes(accepted.reduce(0) { $0 + ($1.flightTime?.rawValue ?? 0) }),
                flights: accepted.count, reports: reports.count, averageLandingRate: average
            )
        )
    }

    private func fleet() async throws -> [AircraftDetails] {
        try await gateway.directory.fleet(id).filter(\.isActive).sorted {
            ($0.name, $0.registration) < ($1.name, $1.registration)
        }
    }

    private func subfleets() async throws -> [SubfleetReply] {
        var seen: [String: SubfleetReply] = [:]
        for aircraft in try await gateway.directory.fleet(id) where seen[aircraft.subfleet] == nil {
            seen[aircraft.subfleet] = SubfleetReply(
                number: seen.count + 1, name: aircraft.subfleet, type: aircraft.type, airline: tenant.icao)
        }
        return seen.values.sorted { $0.number < $1.number }
    }

    /// The entry with the aircraft that may fly it: a client cannot start a flight without one.
    private func usable(_ entry: ScheduleDetails, _ fleet: [AircraftDetails]) -> ScheduleDetails {
        guard entry.aircraft.isEmpty else { return entry }
        let fitting = fleet.filter { entry.subfleets.isEmpty || entry.subfleets.contains($0.subfleet) }
        return entry.with(aircraft: fitting.map(\.number))
    }

    private func search(_ query: ScheduleQuery) async throws -> [ScheduleDetails] {
        let fleet = try await fleet()
        var wantedType: String?
        var wantedName: String?
        if let number = query.aircraft {
            guard let wanted = fleet.first(where: { $0.number == number }) else { return [] }
            wantedType = wanted.type
            wantedName = wanted.name
        }
        var subfleet: String?
        if let number = query.subfleet {
            guard let wanted = try await subfleets().first(where: { $0.number == number }) else { return [] }
            subfleet = wanted.name
        }
        let inSubfleet = Set(fleet.filter { $0.subfleet == subfleet }.map(\.number))
        let ofType = Set(fleet.filter { $0.type == wantedType || $0.name == wantedName }.map(\.number))
        var found: [ScheduleDetails] = []
        var before: Int?
        repeat {
            let page = try await gateway.directory.schedules(id, before: before, limit: 500)
            for entry in page.entries where matches(entry, query) {
                let entry = usable(entry, fleet)
                if wantedType != nil, !entry.aircraft.contains(where: { ofType.contains($0) }) { continue }
                if subfleet != nil, !entry.aircraft.contains(where: { inSubfleet.contains($0) }) { continue }
                found.append(entry)
                if found.count == query.limit { return found }
            }
            before = page.next
        } while before != nil
        return found
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
        return true
    }

    private func bookings() async throws -> [BookingReply] {
        let fleet = try await fleet()
        var found: [BookingReply] = []
        for booking in try await gateway.directory.bookings(id, of: try pilot.user) {
            guard let schedule = try await gateway.directory.schedule(id, booking.schedule)?.details else { continue }
            found.append(BookingReply(booking: booking, schedule: usable(schedule, fleet)))
        }
        return found
    }

    private func charter(_ wanted: CharterRequest) async throws -> TrackerReply {
        let booking = try await gateway.bookings.charter(
            tenant, user: try pilot.user,
            Bookings.Charter(
                callsign: wanted.callsign, departure: wanted.departure, arrival: wanted.arrival, route: wanted.route,
                aircraft: wanted.aircraft, level: wanted.cruise, isCargo: wanted.isCargo,
                departureTime: wanted.departureTime, arrivalTime: wanted.arrivalTime
            )
        )
        return .booked(booking: booking.number)
    }

    // MARK: A flight in progress

    private func start(_ booking: Int) async throws -> TrackerReply {
        .started(try await open(booking, aircraft: nil, network: nil))
    }

    private func open(_ booking: Int, aircraft: Int?, network: String?) async throws -> FlightID {
        let pilot = try pilot
        return try await gateway.flights.open(
            id, pilot: Flights.Pilot(id: pilot.user, ident: pilot.ident, name: pilot.name), adapter: adapter,
            booking: booking, aircraft: aircraft, network: network, receivedAt: frame.receivedAt)
    }

    /// The flight that a key names: an id that we gave, when it is known, else the booking's.
    /// - Returns: nil when there is none yet.
    private func find(_ key: FlightKey) async throws -> FlightID? {
        let user = try pilot.user
        if let text = key.id, let known = FlightID(text), let record = try await gateway.directory.flight(id, known) {
            // A known flight of somebody else looks like an unknown one, whatever booking stands beside it.
            guard record.opening.user == user else { throw Refusal.flightUnknown }
            return known
        }
        guard let booking = key.booking else { throw Refusal.flightUnknown }
        return try await gateway.flights.flight(id, booking: booking, of: user)?.opening.id
    }

    private func positions(_ key: FlightKey, _ reports: [PositionReport]) async throws -> TrackerReply {
        let user = try pilot.user
        let samples = reports.map(\.sample)
        if let flight = gateway.binding(id, user, key) {
            do {
                try await gateway.flights.record(id, flight, samples)
                return .positionsStored
            } catch FlightRefusal.unknown {
                gateway.bind(id, user, key, to: nil)
            }
        }
        let found: FlightID
        if let known = try await find(key) {
            found = known
            if let aircraft = reports.first?.aircraft {
                try await gateway.flights.name(id, known, aircraft: aircraft, network: samples.first?.network)
            }
        } else if let booking = key.booking {
            found = try await open(booking, aircraft: reports.first?.aircraft, network: samples.first?.network)
        } else {
            throw Refusal.flightUnknown
        }
        try await gateway.flights.record(id, found, samples)
        gateway.bind(id, user, key, to: found)
        return .positionsStored
    }

    private func cancel(_ key: FlightKey) async throws -> TrackerReply {
        if let flight = try await find(key) {
            try await gateway.flights.cancel(id, flight, at: frame.receivedAt)
            return .flightCancelled
        }
        // Cancelling a flight that never sent an update succeeds, when the booking is the caller's.
        guard let booking = key.booking else { throw Refusal.flightUnknown }
        _ = try await gateway.bookings.open(id, user: try pilot.user, number: booking)
        return .flightCancelled
    }

    private func file(_ key: FlightKey, _ filing: FilingRequest) async throws -> TrackerReply {
        guard let flight = try await find(key) else { throw Refusal.flightUnknown }
        let number = try await gateway.flights.file(
            id, flight, content: filing.content, flightTimeHours: filing.flightTimeHours,
            fuelUsedAsSent: filing.fuelUsedAsSent, at: frame.receivedAt)
        return .filed(number: number, flight)
    }

    // MARK: Reports

    private func reports(_ query: ReportQuery, limit: Int = 100) async throws -> [ReportReply] {
        var found: [ReportReply] = []
        for record in try await gateway.directory.reports(id, of: try pilot.user) {
            if let from = query.from, record.filedAt < from { continue }
            if let to = query.to, record.filedAt > to { continue }
            if let aircraft = query.aircraft, record.aircraft != aircraft { continue }
            let status: ReportQuery.Status =
                switch record.state {
                case .accepted: .accepted
                case .rejected: .rejected
                case .none, .filed, .inReview: .pending
                }
            if let wanted = query.status, wanted != status { continue }
            guard let opening = try await gateway.directory.flight(id, record.flight)?.opening,
                let departure = opening.departure, let arrival = opening.arrival
            else { continue }
            if let wanted = query.departure, departure.code != wanted.uppercased() { continue }
            if let wanted = query.arrival, arrival.code != wanted.uppercased() { continue }
            found.append(
                ReportReply(
                    flight: record.flight, number: record.number, filedAt: record.filedAt,
                    airline: opening.schedule?.airline ?? tenant.icao, flightNumber: opening.flightNumber,
                    route: record.route, distance: opening.schedule?.distance ?? .zero,
                    isCargo: opening.schedule?.isCargo ?? false, flightType: opening.schedule?.flightType ?? "J",
                    departure: departure, arrival: arrival, aircraft: record.aircraft ?? opening.aircraft?.number,
                    status: status,
                    flightTimeHours: record.flightTimeHours ?? Double(record.flightTime?.rawValue ?? 0) / 60,
                    landingRate: record.landingRate, fuelUsed: record.fuelUsedAsSent ?? 0
                )
            )
            if found.count == limit { break }
        }
        return found
    }

    private func details(_ wireID: String) async throws -> TrackerReply {
        guard let record = try await gateway.flights.flight(id, id: wireID, of: try pilot.user),
            record.state == .filed, let report = try await gateway.flights.report(id, record.opening.id)
        else { throw Refusal.reportUnknown }
        let samples = try await gateway.flights.samples(id, record.opening.id)
        return .reportDetails(
            ReportDetailsReply(
                log: report.content.log, track: samples.sorted { $0.eventTime < $1.eventTime },
                events: report.content.events
            )
        )
    }
}
