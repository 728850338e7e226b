public import Domain
import EventSchema

#if canImport(FoundationEssentials)
import FoundationEssentials
#else
import Foundation
#endif

/// Why a booking was refused.
public enum BookingRefusal: Error, Hashable, Sendable {
    case scheduleUnknown
    /// Somebody (perhaps the caller) has a bid on this entry.
    case taken
    /// The pilot has as many open bids as the airline allows.
    case limit
    case bookingUnknown
    case aircraftUnknown
    case airportUnknown
    case chartersOff
}

/// Booking, changing, cancelling, charters.
public struct Bookings: Sendable {
    let executor: CommandExecutor
    let directory: Directory
    let store: any LookupReader
    let airports: any AirportDirectory

    public init(executor: CommandExecutor, store: any LookupReader, airports: any AirportDirectory) {
        self.executor = executor
        self.store = store
        self.airports = airports
        directory = Directory(store: store)
    }

    /// The key of the slot that a bid takes: one pilot per entry, or one bid per pilot and entry.
    static func slot(_ schedule: ScheduleID, _ user: UserID, exclusive: Bool) -> Reservation {
        Reservation(.bidSlot, exclusive ? "\(schedule)" : "\(schedule)/\(user)")
    }

    /// A schedule entry by the wire's id: its number or its UUID.
    public func schedule(_ tenant: TenantID, wireID: String) async throws -> Schedule? {
        if let id = ScheduleID(wireID) { return try await directory.schedule(tenant, id) }
        guard wireID.utf8.count <= 10, let number = Int(wireID), number > 0 else { return nil }
        return try await directory.schedule(tenant, number: number)
    }

    /// Books a timetable entry.
    /// - Parameter repeatIsSame: A second bid of the same pilot gives the first one back (phpVMS 7) instead of a refusal.
    public func book(
        _ tenant: Tenant, user: UserID, schedule wireID: String, aircraft: Int?, repeatIsSame: Bool
    ) async throws -> BookingDetails {
        guard let tenantID = tenant.id, let schedule = try await schedule(tenantID, wireID: wireID),
            let details = schedule.details, !schedule.isWithdrawn, details.isActive, details.charterOf == nil
        else { throw BookingRefusal.scheduleUnknown }
        if let aircraft {
            guard let entry = try await directory.aircraft(tenantID, number: aircraft), entry.isActive else {
                throw BookingRefusal.aircraftUnknown
            }
        }
        let slot = Self.slot(details.id, user, exclusive: tenant.settings.bookingExclusive)
        if let owner = try await store.owner(tenantID, of: slot) {
            return try await taken(tenantID, owner: owner, user: user, repeatIsSame: repeatIsSame)
        }
        let maximum = tenant.settings.bookingMaximum
        if maximum > 0, try await directory.bookings(tenantID, of: user).count >= maximum { throw BookingRefusal.limit }
        let booking = BookingDetails(
            id: .make(at: executor.now()), number: try await store.nextNumber(tenantID, kind: "booking", wanted: nil),
            user: user, schedule: details.id,
            aircraft: aircraft ?? (details.aircraft.count == 1 ? details.aircraft[0] : nil),
            madeAt: executor.now()
        )
        do {
            try await executor.transact(tenantID) { transaction in
                try transaction.perform(Booking.self, booking.id.uuid, .make(booking))
                transaction.reserve(slot, owner: booking.id.uuid)
            }
        } catch EventStoreError.reservationTaken(_, let owner) {
            return try await taken(tenantID, owner: owner, user: user, repeatIsSame: repeatIsSame)
        }
        return booking
    }

    private func taken(
        _ tenant: TenantID, owner: UUID, user: UserID, repeatIsSame: Bool
    ) async throws -> BookingDetails {
        let known = try await executor.read(Booking.self, tenant, owner).state
        guard repeatIsSame, let details = known.details, details.user == user else { throw BookingRefusal.taken }
        return details
    }

    /// The caller's open booking; another pilot's looks like an unknown one.
    public func open(_ tenant: TenantID, user: UserID, number: Int) async throws -> BookingDetails {
        guard let booking = try await directory.booking(tenant, number: number), booking.state == .open,
            let details = booking.details, details.user == user
        else { throw BookingRefusal.bookingUnknown }
        return details
    }

    public func changeAircraft(_ tenant: TenantID, user: UserID, number: Int, aircraft: Int) async throws {
        let details = try await open(tenant, user: user, number: number)
        guard let entry = try await directory.aircraft(tenant, number: aircraft), entry.isActive else {
            throw BookingRefusal.aircraftUnknown
        }
        do {
            try await executor.transact(tenant) { transaction in
                try transaction.perform(Booking.self, details.id.uuid, .changeAircraft(aircraft))
            }
        } catch is BookingRejection { throw BookingRefusal.bookingUnknown }
    }

    /// Cancels a booking and gives its slot free; a charter's hidden entry goes with it.
    public func cancel(_ tenant: TenantID, user: UserID, number: Int) async throws {
        let details = try await open(tenant, user: user, number: number)
        do {
            try await executor.transact(tenant) { transaction in
                try transaction.perform(Booking.self, details.id.uuid, .cancel)
                try Self.release(details, in: &transaction)
            }
        } catch is BookingRejection { throw BookingRefusal.bookingUnknown }
    }

    /// Gives the slot of a booking free, in the append that ends it.
    static func release(_ details: BookingDetails, in transaction: inout Transaction) throws {
        transaction.release(slot(details.schedule, details.user, exclusive: true))
        transaction.release(slot(details.schedule, details.user, exclusive: false))
        let schedule = try transaction.state(Schedule.self, details.schedule.uuid)
        if schedule.details?.charterOf != nil {
            try transaction.perform(Schedule.self, details.schedule.uuid, .withdraw)
        }
    }

    /// What a pilot typed for a charter.
    public struct Charter: Sendable {
        public let callsign: String
        public let departure: String
        public let arrival: String
        public let route: [String]
        public let aircraft: Int
        public let level: Int
        public let isCargo: Bool
        public let departureTime: String
        public let arrivalTime: String
        /// Of a callsign without a code; nil is the airline's own.
        public var airline: String?
        public var flightTime: Minutes?
        public var distance: NauticalMiles?
        public init(
            callsign: String, departure: String, arrival: String, route: [String], aircraft: Int, level: Int,
            isCargo: Bool, departureTime: String, arrivalTime: String
        ) {
            self.callsign = callsign
            self.departure = departure
            self.arrival = arrival
            self.route = route
            self.aircraft = aircraft
            self.level = level
            self.isCargo = isCargo
            self.departureTime = departureTime
            self.arrivalTime = arrivalTime
        }
    }

    /// Makes a hidden entry and books it for the caller, in one append.
    public func charter(_ tenant: Tenant, user: UserID, _ wanted: Charter) async throws -> BookingDetails {
        guard let tenantID = tenant.id, tenant.settings.chartersAllowed else { throw BookingRefusal.chartersOff }
        guard let departure = ICAOLocation(wanted.departure).flatMap({ airports.airport($0) }),
            let arrival = ICAOLocation(wanted.arrival).flatMap({ airports.airport($0) })
        else { throw BookingRefusal.airportUnknown }
        guard let aircraft = try await directory.aircraft(tenantID, number: wanted.aircraft), aircraft.isActive else {
            throw BookingRefusal.aircraftUnknown
        }
        let (airline, number) = Self.split(wanted.callsign, airline: wanted.airline ?? tenant.icao)
        let schedule = ScheduleDetails(
            id: .make(at: executor.now()), number: try await store.nextNumber(tenantID, kind: "schedule", wanted: nil),
            airline: airline, flightNumber: number, departure: departure.icao, arrival: arrival.icao,
            route: wanted.route.filter { !$0.isEmpty }.joined(separator: " "), level: wanted.level,
            distance: wanted.distance ?? greatCircleDistance(from: departure.position, to: arrival.position),
            departureTime: wanted.departureTime, arrivalTime: wanted.arrivalTime,
            flightTime: wanted.flightTime
                ?? Self.duration(from: wanted.departureTime, to: wanted.arrivalTime),
            flightType: wanted.isCargo ? "H" : "C", aircraft: [wanted.aircraft], charterOf: user
        )
        let booking = BookingDetails(
            id: .make(at: executor.now()), number: try await store.nextNumber(tenantID, kind: "booking", wanted: nil),
            user: user, schedule: schedule.id, aircraft: wanted.aircraft, madeAt: executor.now()
        )
        try await executor.transact(tenantID) { transaction in
            try transaction.perform(Schedule.self, schedule.id.uuid, .publish(schedule))
            try transaction.perform(Booking.self, booking.id.uuid, .make(booking))
        }
        return booking
    }

    /// `DEM927` is `DEM` and `927`; a bare number belongs to the tenant's own airline.
    static func split(_ callsign: String, airline: String) -> (airline: String, number: String) {
        let text = callsign.uppercased()
        let letters = text.prefix { $0.isLetter }
        let rest = text.dropFirst(letters.count)
        if (2...3).contains(letters.count), !rest.isEmpty { return (String(letters), String(rest)) }
        return (airline, text)
    }

    /// Minutes from one `HH:MM` to the next.
    static func duration(from start: String, to end: String) -> Minutes {
        func minutes(_ text: String) -> Int? {
            let parts = text.split(separator: ":")
            guard parts.count == 2, let hour = Int(parts[0]), let minute = Int(parts[1]) else { return nil }
            return hour * 60 + minute
        }
        guard let from = minutes(start), let to = minutes(end) else { return Minutes(0) }
        return Minutes((to - from + 1440) % 1440)
    }
}
