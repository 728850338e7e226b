public import Domain

#if canImport(FoundationEssentials)
import FoundationEssentials
#else
import Foundation
#endif

/// The reserved tenant that holds the list of tenants, host names and platform admins.
public let platformTenant = TenantID(UUID(high: 0, low: 0x8000_0000_0000_0001))

/// Typed reading of lookups. Everything is as committed a moment ago, own writes included.
public struct Directory: Sendable {
    let store: any LookupReader
    public init(store: any LookupReader) { self.store = store }

    private func text(_ tenant: TenantID, _ kind: String, _ key: String) async throws(EventStoreError) -> String? {
        try await store.lookup(tenant, kind: kind, key: key).map { String(decoding: $0, as: UTF8.self) }
    }
    private func value<Value: Decodable>(
        _ type: Value.Type, _ tenant: TenantID, _ kind: String, _ key: String
    ) async throws(EventStoreError) -> Value? {
        try await store.lookup(tenant, kind: kind, key: key).flatMap { DocumentCoding.decode(type, $0) }
    }
    private func values<Value: Decodable>(
        _ type: Value.Type, _ tenant: TenantID, _ kind: String, _ range: DocumentRange
    ) async throws(EventStoreError) -> [Value] {
        try await store.lookups(tenant, kind: kind, range).compactMap { DocumentCoding.decode(type, $0.value) }
    }
    /// Pages through a whole kind.
    private func all<Value: Decodable>(
        _ type: Value.Type, _ tenant: TenantID, _ kind: String, prefix: String = ""
    ) async throws(EventStoreError) -> [Value] {
        var range = DocumentRange(prefix: prefix)
        var found: [Value] = []
        while true {
            let page = try await store.lookups(tenant, kind: kind, range)
            found += page.compactMap { DocumentCoding.decode(type, $0.value) }
            guard page.count == range.limit, let last = page.last else { return found }
            range.past = last.key
        }
    }

    // MARK: Tenants

    public func tenant(slug: String) async throws(EventStoreError) -> Tenant? {
        guard let id = try await text(platformTenant, LookupKind.tenantBySlug, slug) else { return nil }
        return try await value(Tenant.self, platformTenant, LookupKind.tenantByID, id)
    }
    public func tenant(_ id: TenantID) async throws(EventStoreError) -> Tenant? {
        try await value(Tenant.self, platformTenant, LookupKind.tenantByID, "\(id)")
    }
    public func tenant(host: String) async throws(EventStoreError) -> Tenant? {
        guard let id = try await text(platformTenant, LookupKind.tenantByHost, host) else { return nil }
        return try await value(Tenant.self, platformTenant, LookupKind.tenantByID, id)
    }
    public func tenants() async throws(EventStoreError) -> [Tenant] {
        try await all(Tenant.self, platformTenant, LookupKind.tenantByID)
    }

    // MARK: People

    public func user(_ tenant: TenantID, _ id: UserID) async throws(EventStoreError) -> User? {
        try await value(User.self, tenant, LookupKind.user, "\(id)")
    }
    public func user(_ tenant: TenantID, number: Int) async throws(EventStoreError) -> User? {
        guard let id = try await text(tenant, LookupKind.userByNumber, sortable(number)) else { return nil }
        return try await value(User.self, tenant, LookupKind.user, id)
    }
    /// Case does not matter.
    public func user(_ tenant: TenantID, email: String) async throws(EventStoreError) -> User? {
        guard let id = try await text(tenant, LookupKind.userByEmail, email.lowercased()) else { return nil }
        return try await value(User.self, tenant, LookupKind.user, id)
    }
    /// Case does not matter.
    public func user(_ tenant: TenantID, ident: String) async throws(EventStoreError) -> User? {
        guard let id = try await text(tenant, LookupKind.userByIdent, ident.uppercased()) else { return nil }
        return try await value(User.self, tenant, LookupKind.user, id)
    }
    public func users(_ tenant: TenantID) async throws(EventStoreError) -> [User] {
        try await all(User.self, tenant, LookupKind.user)
    }
    public func apiKey(_ tenant: TenantID, hash: String) async throws(EventStoreError) -> ApiKey? {
        guard let id = try await text(tenant, LookupKind.apiKeyByHash, hash) else { return nil }
        return try await value(ApiKey.self, tenant, LookupKind.apiKey, id)
    }
    public func apiKey(_ tenant: TenantID, _ id: ApiKeyID) async throws(EventStoreError) -> ApiKey? {
        try await value(ApiKey.self, tenant, LookupKind.apiKey, "\(id)")
    }

    /// A person's keys that open something, oldest first.
    public func apiKeys(_ tenant: TenantID, of user: UserID) async throws(EventStoreError) -> [ApiKeyDetails] {
        try await all(ApiKey.self, tenant, LookupKind.apiKey).compactMap { key in
            key.isRevoked || key.details?.user != user ? nil : key.details
        }
    }

    // MARK: Fleet and timetable

    public func fleet(_ tenant: TenantID) async throws(EventStoreError) -> [AircraftDetails] {
        try await all(AircraftDetails.self, tenant, LookupKind.aircraft)
    }
    public func aircraft(_ tenant: TenantID, number: Int) async throws(EventStoreError) -> AircraftDetails? {
        try await value(AircraftDetails.self, tenant, LookupKind.aircraft, sortable(number))
    }
    public func aircraft(
        _ tenant: TenantID, registration: String
    ) async throws(EventStoreError) -> AircraftDetails? {
        guard let key = try await text(tenant, LookupKind.aircraftByRegistration, registration.uppercased()) else {
            return nil
        }
        return try await value(AircraftDetails.self, tenant, LookupKind.aircraft, key)
    }
    public func schedule(_ tenant: TenantID, number: Int) async throws(EventStoreError) -> Schedule? {
        try await value(Schedule.self, tenant, LookupKind.schedule, sortable(number))
    }
    public func schedule(_ tenant: TenantID, _ id: ScheduleID) async throws(EventStoreError) -> Schedule? {
        guard let key = try await text(tenant, LookupKind.scheduleByID, "\(id)") else { return nil }
        return try await value(Schedule.self, tenant, LookupKind.schedule, key)
    }
    public func schedule(
        _ tenant: TenantID, airline: String, flightNumber: String, departure: ICAOLocation, arrival: ICAOLocation
    ) async throws(EventStoreError) -> ScheduleID? {
        try await text(
            tenant, LookupKind.scheduleByCode, "\(airline)|\(flightNumber)|\(departure)|\(arrival)"
        ).flatMap { ScheduleID($0) }
    }
    /// The timetable's entries with this code and number, withdrawn ones left out.
    public func schedules(
        _ tenant: TenantID, airline: String, flightNumber: String
    ) async throws(EventStoreError) -> [ScheduleDetails] {
        var found: [ScheduleDetails] = []
        let range = DocumentRange(prefix: "\(airline)|\(flightNumber)|", limit: 50)
        for document in try await store.lookups(tenant, kind: LookupKind.scheduleByCode, range) {
            guard let id = ScheduleID(String(decoding: document.value, as: UTF8.self)) else { continue }
            if let details = try await schedule(tenant, id)?.details { found.append(details) }
        }
        return found
    }
    /// One page of the timetable by descending number; withdrawn entries are left out, charters unless asked for.
    /// - Returns: The entries and the cursor of the next page, nil at the end.
    public func schedules(
        _ tenant: TenantID, before: Int?, limit: Int, withCharters: Bool = false
    ) async throws(EventStoreError) -> (entries: [ScheduleDetails], next: Int?) {
        let range = DocumentRange(past: before.map(sortable), descending: true, limit: limit)
        let page = try await store.lookups(tenant, kind: LookupKind.schedule, range)
        let entries = page.compactMap { DocumentCoding.decode(Schedule.self, $0.value) }
            .filter { !$0.isWithdrawn }.compactMap(\.details).filter {
                (withCharters || $0.charterOf == nil) && $0.isActive
            }
        return (entries, page.count == limit ? page.last.flatMap { Int($0.key) } : nil)
    }

    // MARK: Bookings, flights, reports

    public func booking(_ tenant: TenantID, number: Int) async throws(EventStoreError) -> Booking? {
        try await value(Booking.self, tenant, LookupKind.booking, sortable(number))
    }
    /// Open bookings of a pilot, oldest first.
    public func bookings(_ tenant: TenantID, of user: UserID) async throws(EventStoreError) -> [BookingDetails] {
        var found: [BookingDetails] = []
        let range = DocumentRange(prefix: "\(user)/")
        for document in try await store.lookups(tenant, kind: LookupKind.bookingOfUser, range) {
            let key = String(decoding: document.value, as: UTF8.self)
            if let details = try await value(Booking.self, tenant, LookupKind.booking, key)?.details {
                found.append(details)
            }
        }
        return found
    }
    public func flight(_ tenant: TenantID, _ id: FlightID) async throws(EventStoreError) -> FlightRecord? {
        try await value(FlightRecord.self, tenant, LookupKind.flight, "\(id)")
    }
    public func flight(_ tenant: TenantID, number: Int) async throws(EventStoreError) -> FlightID? {
        try await text(tenant, LookupKind.flightByNumber, sortable(number)).flatMap { FlightID($0) }
    }
    /// The flight of a booking: the open one, or the one that was filed on it.
    public func flight(
        _ tenant: TenantID, booking: Int, adapter: String
    ) async throws(EventStoreError) -> FlightID? {
        try await text(tenant, LookupKind.flightOfBooking, FlightOpening.key(booking: booking, adapter: adapter))
            .flatMap { FlightID($0) }
    }
    /// A flight by the digits its client got.
    public func flight(_ tenant: TenantID, code: String) async throws(EventStoreError) -> FlightID? {
        try await text(tenant, LookupKind.flightByCode, code).flatMap { FlightID($0) }
    }
    /// The latest flight of a pilot over an adapter with this callsign and these airports.
    public func flight(
        _ tenant: TenantID, of user: UserID, adapter: String, legs: String
    ) async throws(EventStoreError) -> FlightID? {
        try await text(tenant, LookupKind.flightByLegs, "\(user)/\(adapter)/\(legs)").flatMap { FlightID($0) }
    }
    /// Flights of a pilot, newest first.
    /// - Parameter before: Number of the last flight of the page before.
    public func flights(
        _ tenant: TenantID, of user: UserID, before: Int?, limit: Int
    ) async throws(EventStoreError) -> [(number: Int, id: FlightID)] {
        let range = DocumentRange(
            prefix: "\(user)/", past: before.map { "\(user)/\(sortable($0))" }, descending: true, limit: limit)
        return try await store.lookups(tenant, kind: LookupKind.flightOfUser, range).compactMap { document in
            guard let number = Int(document.key.suffix(10)),
                let id = FlightID(String(decoding: document.value, as: UTF8.self))
            else { return nil }
            return (number, id)
        }
    }
    /// Flights under way, the latest opened first.
    public func openFlights(_ tenant: TenantID, limit: Int) async throws(EventStoreError) -> [FlightID] {
        try await store.lookups(tenant, kind: LookupKind.flightOpen, DocumentRange(descending: true, limit: limit))
            .compactMap { FlightID(String(decoding: $0.value, as: UTF8.self)) }
    }
    /// Owner of a reservation, as the flight it is.
    func flight(_ tenant: TenantID, holding reservation: Reservation) async throws(EventStoreError) -> FlightID? {
        try await store.owner(tenant, of: reservation).map { FlightID($0) }
    }
    /// Reports of a pilot, newest first.
    public func reports(
        _ tenant: TenantID, of user: UserID, limit: Int = 100_000
    ) async throws(EventStoreError) -> [ReportRecord] {
        var range = DocumentRange(prefix: "\(user)/", descending: true, limit: min(limit, 1000))
        var found: [ReportRecord] = []
        while true {
            let page = try await store.lookups(tenant, kind: LookupKind.reportOfUser, range)
            found += page.compactMap { DocumentCoding.decode(ReportRecord.self, $0.value) }
            guard page.count == range.limit, found.count < limit, let last = page.last else { return found }
            range.past = last.key
        }
    }
}
