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
    let codec: any TrackerAdapter
    let frame: RawFrame
    let address: String

    var pilot: Principal {
        get throws(Refusal) {
            guard let principal else { throw .sessionInvalid }
            return principal
        }
    }

    func perform(_ request: TrackerRequest) async throws -> TrackerReply {
        do {
            switch request {
            case .progress(let key, let progress): return try await self.progress(key, progress)
            case .probe: return .probe
            case .preflight: return .preflight
            case .logIn(let logIn): return try await self.logIn(logIn)
            case .session(let token, let renew): return try await session(token, renew: renew)
            case .clientSession(let pilot, let old, let new):
                return try await clientSession(pilot, old: old, new: new)
            case .identify: return .profile(try await profile(of: try pilot.user, session: nil))
            case .profile(let number):
                guard let user = try await gateway.directory.user(id, number: number)?.profile else {
                    throw Refusal.pilotUnknown
                }
                return .profile(try await profile(of: user.id, session: nil))
            case .statistics: return .statistics(try await statistics(of: try pilot.user))
            case .airlines: return .airlines(airlines)
            case .airports: return .airports(try await gateway.airports(id))
            case .airportsNamed(let codes): return .airports(try airports(codes))
            case .aircraft: return .aircraft(try await fleet())
            case .findAircraft(let number, let registration):
                guard
                    let found = try await gateway.flights.aircraft(
                        id, number: number, text: registration)
                else { throw Refusal.aircraftUnknown }
                return .aircraft([found])
            case .subfleets: return .subfleets(try await subfleets())
            case .flightTypes: return .flightTypes
            case .news:
                return .news(
                    tenant.notices.map {
                        NewsReply(
                            number: $0.number, title: $0.title, body: $0.body, postedAt: $0.postedAt,
                            postedBy: $0.postedBy)
                    })
            case .searchSchedules(let query): return .schedules(try await search(query))
            case .schedule(let wireID): return .schedule(try await schedule(wireID))
            case .scheduleNumbered(let airline, let number):
                return .schedule(try await schedule(airline: airline, number: number))
            case .bookings: return .bookings(try await bookings(), subfleets: try await subfleets())
            case .booking(let number):
                return .booking(
                    try await plan(of: try await gateway.bookings.open(id, user: try pilot.user, number: number)))
            case .nextBooking: return .booking(try await nextBooking())
            case .book(let schedule, let aircraft, let repeatIsSame):
                let booking = try await gateway.bookings.book(
                    tenant, user: try pilot.user, schedule: schedule, aircraft: aircraft, repeatIsSame: repeatIsSame)
                return .booked(try await plan(of: booking))
            case .changeBookedAircraft(let booking, let aircraft):
                try await gateway.bookings.changeAircraft(
                    id, user: try pilot.user, number: booking, aircraft: aircraft)
                return .bookingChanged(booking: booking)
            case .cancelBooking(let key):
                try await gateway.bookings.cancel(id, user: try pilot.user, number: try await number(of: key))
                return .bookingCancelled
            case .charter(let wanted): return try await charter(wanted)
            case .startFlight(let booking): return .started(try await open(booking, aircraft: nil, network: nil))
            case .begin(let start): return try await begin(start)
            case .comment(let key, let text): return try await comment(key, text)
            case .cancelFlight(let key, let withdraws): return try await cancel(key, withdraws: withdraws)
            case .file(let key, let filing): return try await file(key, filing)
            case .flight(let wireID): return .flight(try await flight(wireID))
            case .track(let wireID):
                let flight = try await flight(wireID)
                return .track(flight, try await gateway.flights.samples(id, flight.id).track)
            case .flights(let query): return try await ownFlights(query)
            case .runningFlights: return try await runningFlights()
            case .searchReports(let query): return .reports(try await reports(query))
            case .latestReport: return .latestReport(try await reports(ReportQuery(), limit: 1).first)
            case .reportDetails(let id): return try await details(id)
            }
        } catch let refusal as BookingRefusal {
            throw Refusal(refusal)
        } catch let refusal as FlightRefusal {
            throw Refusal(refusal)
        } catch let refusal as LogInRefusal {
            throw Refusal(refusal)
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
        let (profile, isDisabled) = try await gateway.accounts.prove(
            id, name, password: logIn.password, address: address)
        if isDisabled { throw Refusal.pilotInactive }
        guard let session = logIn.session else { return try await issue(profile) }
        return try await openClientSession(profile, session)
    }

    private func openClientSession(_ profile: UserProfile, _ session: String) async throws -> TrackerReply {
        guard let token = TrackerAuthentication.clientToken(profile.number, session) else {
            throw Refusal.credentialsWrong
        }
        try await gateway.accounts.open(
            id, profile.id, kind: TrackerAuthentication.clientSessionKind, token: token,
            expires: frame.receivedAt + TrackerAuthentication.clientSessionLifetime)
        return .profile(try await self.profile(of: profile.id, session: session))
    }

    private func clientSession(_ pilot: Int, old: String, new: String?) async throws -> TrackerReply {
        guard let token = TrackerAuthentication.clientToken(pilot, old),
            let (profile, _) = try await gateway.accounts.session(
                id, kind: TrackerAuthentication.clientSessionKind, token: token), profile.number == pilot
        else { throw Refusal.sessionInvalid }
        guard let new else { return .profile(try await self.profile(of: profile.id, session: old)) }
        return try await openClientSession(profile, new)
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
}
