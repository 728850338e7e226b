public import Domain

#if canImport(FoundationEssentials)
import FoundationEssentials
#else
import Foundation
#endif

/// What a reservation rests on has changed since it was read: look again.
struct SlotMoved: Error {}

/// A reservation that names the flight of something: taken by a new flight when it is free, or handed over when the flight
/// that holds it is no longer the one that is meant.
///
/// Two requests that hand over at once cannot both succeed: besides the slot itself each takes `after/<old flight>`, which
/// is free once only.
struct FlightSlot: Sendable {
    let reservation: Reservation
    var holder: FlightID?

    func take(for flight: FlightID, in transaction: inout Transaction) throws {
        if let holder {
            try transaction.demand(Flight.self, holder.uuid)
            transaction.release(reservation)
            transaction.reserve(
                Reservation(.openFlight, "after/\(holder)/\(reservation.scope.rawValue)/\(reservation.key)"),
                owner: flight.uuid)
        }
        transaction.reserve(reservation, owner: flight.uuid)
    }
}

extension Flights {
    /// A flight as a tracker describes it that names neither an id nor a booking.
    public struct Beginning: Sendable {
        public var pilot: Pilot
        public var adapter: String
        public var details: FlightDetails
        /// A timetable entry by the wire's id.
        public var schedule: String?
        public var clientKey: String?
        public var givesCode = false
        /// The pilot has one open flight of the adapter.
        public var replacesOpenFlight = false
        /// An open flight of the adapter with the same callsign and airports is the one that is meant; otherwise only a
        /// repeat of the very same beginning is.
        public var takesOpenFlight = false
        /// An open flight with the same callsign and airports, opened within this time, is the one that is meant.
        public var reuseWithin: Milliseconds?
        /// Unknown airports, aircraft and schedules are refused.
        public var isStrict = false
        public var addition: Addition
        public init(pilot: Pilot, adapter: String, details: FlightDetails, at: Timestamp) {
            self.pilot = pilot
            self.adapter = adapter
            self.details = details
            addition = Addition(at: at)
        }
    }

    /// What the airline knows of a flight that a tracker describes.
    struct Plan: Sendable {
        var airline: String
        var number: String
        var departure: ICAOLocation?
        var arrival: ICAOLocation?
        var schedule: ScheduleDetails?
        var booking: BookingDetails?
        var aircraft: AircraftDetails?
        var callsign: String { airline + number }
        var legs: String { FlightOpening.legs(callsign: callsign, departure: departure, arrival: arrival) }
    }

    func plan(
        _ tenant: Tenant, _ user: UserID, _ details: FlightDetails, schedule wireID: String? = nil,
        isStrict: Bool = false
    ) async throws -> Plan {
        guard let tenantID = tenant.id else { throw FlightRefusal.unknown }
        let number = details.flightNumber ?? ""
        var plan = Plan(airline: details.airline ?? tenant.icao, number: number)
        plan.departure = details.departure ?? nearest(details.start)
        plan.arrival = details.arrival ?? nearest(details.stop)
        if isStrict {
            for code in [plan.departure, plan.arrival, details.alternate].compactMap({ $0 })
            where airports?.airport(code) == nil { throw FlightRefusal.airportUnknown(code.code) }
        }
        if let wireID {
            plan.schedule = try await schedule(tenantID, wireID: wireID)
            if plan.schedule == nil, isStrict { throw FlightRefusal.scheduleUnknown }
        }
        if plan.schedule == nil, !number.isEmpty {
            // A bare number may be any of the airline's codes.
            let codes = details.airline.map { [$0] } ?? tenant.codes
            for code in codes where plan.schedule == nil {
                let entries = try await directory.schedules(tenantID, airline: code, flightNumber: number)
                plan.schedule = entries.first { Self.fits($0, plan) }
                if plan.schedule != nil { plan.airline = code }
            }
        }
        // Some trackers name only the airports on their way: FSACARS 4.
        let isByAirports = number.isEmpty && plan.schedule == nil && plan.departure != nil && plan.arrival != nil
        for bid in try await directory.bookings(tenantID, of: user) {
            guard let entry = try await directory.schedule(tenantID, bid.schedule)?.details else { continue }
            let isMeant =
                entry.id == plan.schedule?.id
                || (!number.isEmpty && entry.airline == plan.airline && entry.flightNumber == number
                    && Self.fits(entry, plan))
                || (isByAirports && Self.fits(entry, plan))
            guard isMeant else { continue }
            plan.booking = bid
            plan.schedule = plan.schedule ?? entry
            break
        }
        plan.departure = plan.departure ?? plan.schedule?.departure
        plan.arrival = plan.arrival ?? plan.schedule?.arrival
        if number.isEmpty, let schedule = plan.schedule {
            plan.airline = schedule.airline
            plan.number = schedule.flightNumber
        }
        plan.aircraft = try await aircraft(tenantID, details, plan, isStrict: isStrict)
        return plan
    }

    /// Airports that the client did not name fit every entry.
    private static func fits(_ entry: ScheduleDetails, _ plan: Plan) -> Bool {
        (plan.departure ?? entry.departure) == entry.departure && (plan.arrival ?? entry.arrival) == entry.arrival
    }

    private func nearest(_ position: Position?) -> ICAOLocation? {
        position.flatMap { airports?.airports(near: $0, within: NauticalMiles(5.0)).first?.icao }
    }

    private func schedule(_ tenant: TenantID, wireID: String) async throws -> ScheduleDetails? {
        if let id = ScheduleID(wireID) { return try await directory.schedule(tenant, id)?.details }
        guard wireID.utf8.count <= 10, let number = Int(wireID), number > 0 else { return nil }
        return try await directory.schedule(tenant, number: number)?.details
    }

    private func aircraft(
        _ tenant: TenantID, _ details: FlightDetails, _ plan: Plan, isStrict: Bool
    ) async throws -> AircraftDetails? {
        if let named = try await aircraft(tenant, number: details.aircraft, text: details.aircraftText) {
            if isStrict, !named.isActive { throw FlightRefusal.aircraftNotAvailable(named.number) }
            return named
        }
        if isStrict, details.aircraft != nil { throw FlightRefusal.aircraftUnknown }
        var planned: AircraftDetails?
        if let number = plan.booking?.aircraft ?? plan.schedule?.aircraft.first {
            planned = try await directory.aircraft(tenant, number: number)
        }
        // What the client names and nobody knows is not the planned aircraft, unless it names its type.
        guard let text = details.aircraftText?.uppercased(), !text.isEmpty else { return planned }
        return planned?.type == text || planned?.name.uppercased() == text ? planned : nil
    }

    /// An aircraft of the fleet as a tracker names it: by number, else by registration, else by a number as text.
    public func aircraft(_ tenant: TenantID, number: Int?, text: String?) async throws -> AircraftDetails? {
        if let number, let found = try await directory.aircraft(tenant, number: number) { return found }
        guard let text, !text.isEmpty, text.utf8.count <= 32 else { return nil }
        if let found = try await directory.aircraft(tenant, registration: text) { return found }
        guard let number = Int(text), number > 0 else { return nil }
        return try await directory.aircraft(tenant, number: number)
    }

    func opening(
        _ tenant: TenantID, _ plan: Plan, _ pilot: Pilot, adapter: String, details: FlightDetails,
        code: String? = nil, clientKey: String? = nil, at: Timestamp
    ) async throws -> FlightOpening {
        FlightOpening(
            id: .make(at: executor.now()), number: try await store.nextNumber(tenant, kind: "flight", wanted: nil),
            user: pilot.id, pilotIdent: pilot.ident, pilotName: pilot.name, adapter: adapter, booking: plan.booking,
            schedule: plan.schedule, aircraft: plan.aircraft, callsign: plan.callsign, flightNumber: plan.number,
            departure: plan.departure, arrival: plan.arrival,
            alternate: details.alternate ?? plan.schedule?.alternate, network: details.network,
            ruleset: ruleset(tenant), openedAt: at, code: code, clientKey: clientKey
        )
    }

    /// The slot of the one flight that a pilot has over an adapter without ids.
    static func adapterSlot(_ user: UserID, _ adapter: String) -> Reservation {
        Reservation(.openFlight, "adapter/\(user)/\(adapter)")
    }
    static func clientSlot(_ user: UserID, _ adapter: String, _ key: String) -> Reservation {
        Reservation(.openFlight, "client/\(user)/\(adapter)/\(key)")
    }
    static func prefileSlot(_ user: UserID, _ adapter: String, _ plan: Plan, _ details: FlightDetails) -> Reservation {
        Reservation(
            .openFlight,
            "begin/\(user)/\(adapter)/\(plan.legs)|\(details.routeCode ?? "")|\(details.routeLeg ?? "")")
    }

    /// The pilot's latest flight over an adapter that has one at a time.
    public func latest(_ tenant: TenantID, of user: UserID, adapter: String) async throws -> FlightRecord? {
        guard let id = try await directory.flight(tenant, holding: Self.adapterSlot(user, adapter)) else { return nil }
        return try await directory.flight(tenant, id)
    }

    /// The flight that a key of the client's own making names.
    public func flight(
        _ tenant: TenantID, of user: UserID, adapter: String, clientKey: String
    ) async throws -> FlightRecord? {
        let slot = Self.clientSlot(user, adapter, clientKey)
        guard let id = try await directory.flight(tenant, holding: slot) else { return nil }
        return try await directory.flight(tenant, id)
    }

    /// Opens a flight, or gives back the one that is meant.
    /// - Returns: The flight, and whether it is a new one.
    public func begin(_ tenant: Tenant, _ wanted: Beginning) async throws -> (id: FlightID, isNew: Bool) {
        guard let tenantID = tenant.id else { throw FlightRefusal.unknown }
        let plan = try await plan(
            tenant, wanted.pilot.id, wanted.details, schedule: wanted.schedule, isStrict: wanted.isStrict)
        for _ in 0..<Self.attempts {
            let slots = try await slots(tenantID, wanted, plan)
            do {
                if let meant = try await meant(tenantID, slots, wanted, plan) { return (meant, false) }
            } catch FlightRefusal.unknown {
                // It was open a moment ago.
                continue
            }
            let code = wanted.givesCode ? Self.makeCode() : nil
            let opening = try await opening(
                tenantID, plan, wanted.pilot, adapter: wanted.adapter, details: wanted.details, code: code,
                clientKey: wanted.clientKey, at: wanted.addition.at)
            do {
                try await executor.transact(tenantID) { transaction in
                    try Self.open(opening, slots, wanted, plan, in: &transaction)
                }
                return (opening.id, true)
            } catch EventStoreError.reservationTaken {
                continue
            } catch is SlotMoved {
                continue
            }
        }
        throw EventStoreError.unavailable("the flight changes hands too often")
    }
    static let attempts = 32

    /// 12 digits, the first not 0.
    private static func makeCode() -> String { String(Int64.random(in: 100_000_000_000...999_999_999_999)) }

    private func slots(
        _ tenant: TenantID, _ wanted: Beginning, _ plan: Plan
    ) async throws -> [FlightSlot] {
        var reservations: [Reservation] = []
        let user = wanted.pilot.id
        if let key = wanted.clientKey { reservations.append(Self.clientSlot(user, wanted.adapter, key)) }
        if wanted.replacesOpenFlight { reservations.append(Self.adapterSlot(user, wanted.adapter)) }
        if wanted.reuseWithin != nil {
            reservations.append(Self.prefileSlot(user, wanted.adapter, plan, wanted.details))
        }
        var slots: [FlightSlot] = []
        for reservation in reservations {
            slots.append(
                FlightSlot(
                    reservation: reservation, holder: try await directory.flight(tenant, holding: reservation)))
        }
        return slots
    }

    /// Whether the flight that holds a slot is the one that a beginning means.
    private static func isMeant(_ flight: Flight, _ slot: FlightSlot, _ wanted: Beginning, _ plan: Plan) -> Bool {
        guard let opening = flight.opening else { return false }
        if let key = wanted.clientKey, slot.reservation == clientSlot(wanted.pilot.id, wanted.adapter, key) {
            return flight.state != .cancelled
        }
        guard flight.state == .open, opening.legs == plan.legs else { return false }
        if let within = wanted.reuseWithin { return wanted.addition.at - opening.openedAt < within }
        if wanted.takesOpenFlight { return true }
        // The same beginning again, because its answer was lost.
        return flight.positionCount <= 1 && flight.details.merging(wanted.details) == flight.details
            && wanted.addition.at - opening.openedAt < .minutes(10)
    }

    /// The flight that holds a slot and is meant, with what came along added to it.
    private func meant(
        _ tenant: TenantID, _ slots: [FlightSlot], _ wanted: Beginning, _ plan: Plan
    ) async throws -> FlightID? {
        for slot in slots {
            guard let holder = slot.holder else { continue }
            let state = try await executor.current(Flight.self, tenant, holder.uuid).state
            guard Self.isMeant(state, slot, wanted, plan) else { continue }
            try await repeatBeginning(tenant, holder, wanted)
            return holder
        }
        return nil
    }

    private func repeatBeginning(_ tenant: TenantID, _ flight: FlightID, _ wanted: Beginning) async throws {
        var addition = wanted.addition
        // A flight of a key that the client made stays the one that is meant when it has ended.
        addition.onlyOpen = wanted.clientKey == nil
        if wanted.reuseWithin != nil {
            // Its own attributes stay; the phase begins anew, fields and fares are merged in.
            addition.details.status = wanted.details.status
            addition.details.fields = wanted.details.fields
            addition.details.fares = wanted.details.fares
        }
        try await add(tenant, flight, addition)
    }

    private static func open(
        _ opening: FlightOpening, _ slots: [FlightSlot], _ wanted: Beginning, _ plan: Plan,
        in transaction: inout Transaction
    ) throws {
        for slot in slots {
            if let holder = slot.holder {
                let state = try transaction.state(Flight.self, holder.uuid)
                if isMeant(state, slot, wanted, plan) { throw SlotMoved() }
                if wanted.replacesOpenFlight, state.state == .open,
                    slot.reservation == adapterSlot(wanted.pilot.id, wanted.adapter)
                {
                    try transaction.perform(Flight.self, holder.uuid, .abandon(at: wanted.addition.at))
                }
            }
            try slot.take(for: opening.id, in: &transaction)
        }
        try transaction.perform(Flight.self, opening.id.uuid, .open(opening))
        var addition = wanted.addition
        addition.details = wanted.details.merging(addition.details)
        try write(addition, to: opening.id, in: &transaction)
        if let code = opening.code {
            transaction.reserve(Reservation(.openFlight, "code/\(code)"), owner: opening.id.uuid)
        }
    }
}
