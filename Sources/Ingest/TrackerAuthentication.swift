import Application
import Domain
import Protocols

/// Settles who asks.
struct TrackerAuthentication: Sendable {
    let gateway: TrackerGateway
    let tenant: Tenant
    let id: TenantID
    let adapter: any TrackerAdapter.Type
    let frame: RawFrame
    let address: String

    /// Kind of the sessions whose tokens clients make up themselves.
    static let clientSessionKind = "client-session"
    static let clientSessionLifetime = Milliseconds.hours(24 * 30)
    static func clientToken(_ pilot: Int, _ token: String) -> String? {
        (1...64).contains(token.utf8.count) ? "\(pilot)/\(token)" : nil
    }

    private var accounts: Accounts { gateway.accounts }

    /// - Throws: ``Refusal`` when the credential proves nobody.
    /// - Returns: nil for a request that needs no proof.
    func principal(_ decoded: DecodedFrame) async throws -> Principal? {
        switch decoded.credential {
        case .none: return nil
        case .session(let token):
            guard let found = try await accounts.principal(id, kind: TrackerGateway.sessionKind, token: token) else {
                throw Refusal.sessionInvalid
            }
            return found
        case .clientSession(let pilot, let token):
            guard let token = Self.clientToken(pilot, token),
                let found = try await accounts.principal(id, kind: Self.clientSessionKind, token: token),
                found.number == pilot
            else { throw Refusal.sessionInvalid }
            return found
        case .key(let key): return try await owner(of: key)
        case .named(let name):
            if case .success(let request) = decoded.outcome, !request.isOpenReading { throw Refusal.sessionInvalid }
            guard let found = try await accounts.named(id, self.name(name)) else { throw Refusal.pilotUnknown }
            return found
        case .pilot(let name, let secret): return try await pilot(name.map(self.name), secret)
        }
    }

    private func owner(of key: String?) async throws -> Principal {
        guard let key, (1...1024).contains(key.utf8.count) else { throw Refusal.sessionInvalid }
        for kind in ApiKeyDetails.Kind.allCases {
            if let found = try await accounts.principal(id, apiKey: key, kind: kind) { return found }
        }
        if let found = try await accounts.principal(id, kind: TrackerGateway.sessionKind, token: key) { return found }
        if let wait = accounts.countWrongKey(address: address) {
            throw Refusal.tooManyRequests(retryAfterSeconds: wait)
        }
        throw Refusal.sessionInvalid
    }

    private func name(_ name: PilotName) -> Accounts.Name {
        switch name {
        case .number(let number): .number(number)
        case .email(let email): .email(email)
        case .ident(let ident): .ident(ident)
        case .unusable: .unusable
        }
    }

    private func pilot(_ name: Accounts.Name?, _ secret: String?) async throws -> Principal {
        if let key = frame.trackerKey {
            guard let owner = try await accounts.principal(id, apiKey: key, kind: .tracker) else {
                if let wait = accounts.countWrongKey(address: address) {
                    throw Refusal.tooManyRequests(retryAfterSeconds: wait)
                }
                throw Refusal.pilotUnknown
            }
            // Another pilot's name through a key is an unknown pilot.
            if let name, try await !isName(name, of: owner) { throw Refusal.pilotUnknown }
            if let secret { _ = try await prove(.number(owner.number), secret) }
            return owner
        }
        guard let name else { throw Refusal.pilotUnknown }
        let window = Milliseconds.minutes(Double(tenant.settings.sameAddressMinutes))
        if adapter.needsTrackerKey, window <= Milliseconds(0) { throw Refusal.pilotUnknown }
        if let secret {
            let found = try await prove(name, secret)
            if window > Milliseconds(0) { accounts.sawPilot(id, found.user, address: address) }
            return found
        }
        guard window > Milliseconds(0), let found = try await accounts.named(id, name),
            accounts.hasSeenPilot(id, found.user, address: address, within: window)
        else { throw Refusal.pilotUnknown }
        return found
    }

    private func isName(_ name: Accounts.Name, of owner: Principal) async throws -> Bool {
        switch name {
        case .number(let number): number == owner.number
        case .ident(let ident): ident.uppercased() == owner.ident
        case .email: try await accounts.user(id, name)?.profile?.id == owner.user
        case .unusable: false
        }
    }

    private func prove(_ name: Accounts.Name, _ secret: String) async throws -> Principal {
        do {
            guard let found = try await accounts.prove(id, name, secret: secret, address: address) else {
                throw Refusal.pilotInactive
            }
            return found
        } catch let refusal as LogInRefusal {
            throw Refusal(refusal)
        }
    }
}

extension Refusal {
    init(_ refusal: LogInRefusal) {
        switch refusal {
        case .wrong: self = .credentialsWrong
        case .unconfirmed: self = .pilotUnconfirmed
        case .tooMany(let seconds): self = .tooManyRequests(retryAfterSeconds: seconds)
        case .busy(let seconds): self = .overloaded(retryAfterSeconds: seconds)
        }
    }
    init(_ refusal: BookingRefusal) {
        switch refusal {
        case .scheduleUnknown: self = .scheduleUnknown
        case .taken: self = .bookingTaken
        case .limit: self = .bookingLimit
        case .bookingUnknown: self = .bookingUnknown
        case .aircraftUnknown: self = .aircraftUnknown
        case .airportUnknown: self = .airportUnknown("")
        case .chartersOff: self = .chartersOff
        }
    }
    init(_ refusal: FlightRefusal) {
        switch refusal {
        case .unknown, .bookingUnknown: self = .flightUnknown
        case .alreadyFiled: self = .alreadyFiled
        case .cancelled: self = .flightCancelled
        case .decided: self = .flightDecided
        case .notCancellable(let state):
            switch state {
            case .none, .withdrawn: self = .cancelNotAllowed(.cancelled)
            case .filed: self = .cancelNotAllowed(.filed)
            case .inReview: self = .cancelNotAllowed(.inReview)
            case .accepted: self = .cancelNotAllowed(.accepted)
            case .rejected: self = .cancelNotAllowed(.rejected)
            }
        case .scheduleUnknown: self = .scheduleUnknown
        case .aircraftUnknown: self = .aircraftUnknown
        case .aircraftNotAvailable(let number): self = .aircraftNotAvailable(number)
        case .airportUnknown(let code): self = .airportUnknown(code)
        }
    }
}
