public import Domain
import EventSchema

#if canImport(FoundationEssentials)
import FoundationEssentials
#else
import Foundation
#endif

/// A refusal of an administrator's command; `message` says why and what to do.
public struct AdministrationError: Error, Hashable, Sendable {
    public enum Code: String, Hashable, Sendable { case taken, unknown, invalid }
    public let code: Code
    public let message: String
    public init(_ code: Code, _ message: String) {
        self.code = code
        self.message = message
    }
}

/// Tenants, people, keys, fleet and timetable: what administrators do, from the command line or the web.
public struct Administration: Sendable {
    let executor: CommandExecutor
    let directory: Directory
    let store: any LookupReader

    public init(executor: CommandExecutor, store: any LookupReader) {
        self.executor = executor
        self.store = store
        directory = Directory(store: store)
    }

    // MARK: Tenants

    public func createTenant(slug: String, name: String, icao: String, iata: String?) async throws -> TenantID {
        let id = TenantID.make(at: executor.now())
        let details = TenantDetails(id: id, slug: slug, name: name, icao: icao.uppercased(), iata: iata?.uppercased())
        do {
            try await executor.transact(platformTenant) { transaction in
                try transaction.perform(Tenant.self, id.uuid, .create(details))
                transaction.reserve(Reservation(.slug, slug), owner: id.uuid)
            }
        } catch EventStoreError.reservationTaken {
            throw AdministrationError(.taken, "the slug \"\(slug)\" is taken: choose another")
        } catch TenantRejection.slugRefused {
            throw AdministrationError(
                .invalid,
                "the slug \"\(slug)\" cannot be used: 2 to 31 of a-z, 0-9 and -, a letter first, no reserved word"
            )
        } catch TenantRejection.icaoRefused {
            throw AdministrationError(.invalid, "the ICAO code \"\(icao)\" cannot be used: give 2 to 4 letters")
        }
        return id
    }

    public func addHost(_ tenant: TenantID, host: String) async throws {
        let host = host.lowercased()
        do {
            try await executor.transact(platformTenant) { transaction in
                let events = try transaction.perform(Tenant.self, tenant.uuid, .addHost(host))
                if !events.isEmpty { transaction.reserve(Reservation(.host, host), owner: tenant.uuid) }
            }
        } catch EventStoreError.reservationTaken {
            throw AdministrationError(.taken, "the host \"\(host)\" belongs to another tenant")
        }
    }

    public func changeSettings(_ tenant: TenantID, _ settings: TenantSettings) async throws {
        try await executor.transact(platformTenant) { transaction in
            try transaction.perform(Tenant.self, tenant.uuid, .changeSettings(settings))
        }
    }

    /// Posts a notice to the airline's pilots; trackers show it as news.
    public func postNotice(
        _ tenant: TenantID, title: String, body: String, postedBy: String
    ) async throws -> Notice {
        let notice = Notice(
            id: .make(at: executor.now()),
            number: try await store.nextNumber(tenant, kind: "notice", wanted: nil), title: title, body: body,
            postedBy: postedBy, postedAt: executor.now()
        )
        try await executor.transact(platformTenant) { transaction in
            try transaction.perform(Tenant.self, tenant.uuid, .postNotice(notice))
        }
        return notice
    }

    public func withdrawNotice(_ tenant: TenantID, _ notice: NoticeID) async throws {
        let events = try await executor.transact(platformTenant) { transaction in
            try transaction.perform(Tenant.self, tenant.uuid, .withdrawNotice(notice))
        }
        if events.isEmpty { throw AdministrationError(.unknown, "no notice with this id in this tenant") }
    }

    // MARK: People

    /// - Parameters:
    ///   - ident: E.g. `VMS0007`: its digits become the pilot's number. Nil: the next free number behind the airline code.
    ///   - passwordHash: As `Secrets` encodes it.
    public func createUser(
        _ tenant: TenantID, role: Role, ident: String?, name: String, email: String, passwordHash: String?,
        rank: String = "Captain", isConfirmed: Bool = true
    ) async throws -> UserProfile {
        let code: String
        if tenant == platformTenant {
            code = "ADM"
        } else {
            guard let airline = try await directory.tenant(tenant)?.icao else {
                throw AdministrationError(.unknown, "no such tenant: see albatross tenant list")
            }
            code = airline
        }
        var wanted: Int?
        if let ident {
            let digits = ident.drop { !$0.isNumber }
            guard !digits.isEmpty, digits.count <= 9, digits.allSatisfy(\.isNumber), let number = Int(digits),
                number > 0
            else {
                throw AdministrationError(
                    .invalid, "the id \"\(ident)\" cannot be used: give letters and 1 to 9 digits, e.g. \(code)0007")
            }
            wanted = number
            if let known = try await directory.user(tenant, number: number)?.profile {
                throw AdministrationError(.taken, "number \(number) belongs to \(known.ident): choose another id")
            }
        }
        guard email.contains("@"), email.utf8.count <= 254 else {
            throw AdministrationError(.invalid, "\"\(email)\" is no e-mail address")
        }
        // A wanted number below the counter is still free when nobody has it: the reservation decides.
        let number: Int
        if let wanted {
            _ = try await store.nextNumber(tenant, kind: "user", wanted: wanted)
            number = wanted
        } else {
            number = try await store.nextNumber(tenant, kind: "user", wanted: nil)
        }
        let digits = String(number)
        let shown = ident?.uppercased() ?? code + String(repeating: "0", count: max(0, 4 - digits.count)) + digits
        let id = UserID.make(at: executor.now())
        let profile = UserProfile(
            id: id, number: number, ident: shown, name: name, email: email.lowercased(), role: role, rank: rank,
            isConfirmed: isConfirmed
        )
        do {
            try await executor.transact(tenant) { transaction in
                try transaction.perform(User.self, id.uuid, .create(profile, passwordHash: passwordHash))
                transaction.reserve(Reservation(.email, profile.email), owner: id.uuid)
                transaction.reserve(Reservation(.pilotCode, String(number)), owner: id.uuid)
            }
        } catch EventStoreError.reservationTaken(let reservation, _) {
            throw AdministrationError(
                .taken,
                reservation.scope == .email
                    ? "the e-mail address \(email) is used already in this tenant"
                    : "number \(number) is used already in this tenant: choose another id"
            )
        }
        return profile
    }

    public func changePassword(_ tenant: TenantID, _ user: UserID, hash: String) async throws {
        try await executor.transact(tenant) { transaction in
            try transaction.perform(User.self, user.uuid, .changePassword(hash))
        }
    }

    public func setDisabled(_ tenant: TenantID, _ user: UserID, _ disabled: Bool) async throws {
        try await executor.transact(tenant) { transaction in
            try transaction.perform(User.self, user.uuid, disabled ? .disable : .enable)
        }
    }

    public func createApiKey(_ tenant: TenantID, _ details: ApiKeyDetails) async throws {
        try await executor.transact(tenant) { transaction in
            try transaction.perform(ApiKey.self, details.id.uuid, .create(details))
        }
    }

    public func revokeApiKey(_ tenant: TenantID, _ id: ApiKeyID) async throws {
        do {
            try await executor.transact(tenant) { transaction in
                try transaction.perform(ApiKey.self, id.uuid, .revoke)
            }
        } catch is ApiKeyRejection {
            throw AdministrationError(.unknown, "no key with this id in this tenant")
        }
    }

    // MARK: Fleet and timetable

    /// An aircraft as an import names it.
    public struct AircraftRow: Hashable, Sendable {
        public var registration: String
        public var type: String
        public var name: String
        public var subfleet: String
        public var isActive = true
        public var location: ICAOLocation?
        public var maximumPassengers = 0
        public var maximumCargo = Kilograms.zero
        public var serviceCeiling = Feet(40_000)
        public var minimumRank: String?
        public init(registration: String, type: String, name: String, subfleet: String) {
            self.registration = registration.uppercased()
            self.type = type.uppercased()
            self.name = name
            self.subfleet = subfleet
        }
    }

    public enum ImportOutcome: String, Hashable, Sendable { case added, changed, unchanged }

    /// Adds an aircraft or updates the one with this registration.
    public func register(_ tenant: TenantID, _ row: AircraftRow) async throws -> ImportOutcome {
        let known = try await directory.aircraft(tenant, registration: row.registration)
        let id = known?.id ?? AircraftID.make(at: executor.now())
        let number: Int
        if let known {
            number = known.number
        } else {
            number = try await store.nextNumber(tenant, kind: "aircraft", wanted: nil)
        }
        let details = AircraftDetails(
            id: id, number: number, registration: row.registration, type: row.type, name: row.name,
            subfleet: row.subfleet, isActive: row.isActive, location: row.location, serviceCeiling: row.serviceCeiling,
            maximumPassengers: row.maximumPassengers, maximumCargo: row.maximumCargo, minimumRank: row.minimumRank
        )
        let events = try await executor.transact(tenant) { transaction in
            let events = try transaction.perform(Aircraft.self, id.uuid, .register(details))
            if known == nil { transaction.reserve(Reservation(.registration, row.registration), owner: id.uuid) }
            return events
        }
        return events.isEmpty ? .unchanged : known == nil ? .added : .changed
    }

    /// Adds a timetable entry or updates the one with the same code, number and airports.
    /// - Parameter make: Builds the details once id and number are known.
    public func publish(
        _ tenant: TenantID, airline: String, flightNumber: String, departure: ICAOLocation, arrival: ICAOLocation,
        make: @Sendable (ScheduleID, Int) -> ScheduleDetails
    ) async throws -> (outcome: ImportOutcome, details: ScheduleDetails) {
        let known = try await directory.schedule(
            tenant, airline: airline, flightNumber: flightNumber, departure: departure, arrival: arrival)
        let details: ScheduleDetails
        if let known, let old = try await directory.schedule(tenant, known)?.details {
            details = make(old.id, old.number)
        } else {
            details = make(
                .make(at: executor.now()), try await store.nextNumber(tenant, kind: "schedule", wanted: nil))
        }
        let events = try await executor.transact(tenant) { transaction in
            let events = try transaction.perform(Schedule.self, details.id.uuid, .publish(details))
            if known == nil {
                transaction.reserve(Reservation(.scheduleCode, details.code), owner: details.id.uuid)
            }
            return events
        }
        return (events.isEmpty ? .unchanged : known == nil ? .added : .changed, details)
    }
}
