public import Domain
import EventSchema

#if canImport(FoundationEssentials)
import FoundationEssentials
#else
import Foundation
#endif

/// Why a request about a flight was refused.
public enum FlightRefusal: Error, Hashable, Sendable {
    /// No flight under this key for this pilot.
    case unknown
    case bookingUnknown
    /// Another report was filed under this key.
    case alreadyFiled
}

/// The life of a flight: opening, positions, cancelling, filing.
public struct Flights: Sendable {
    let executor: CommandExecutor
    let directory: Directory
    let store: any EventReader & LookupReader
    /// The version in force for a tenant when a flight is opened.
    let ruleset: @Sendable (TenantID) -> RulesetReference

    public init(
        executor: CommandExecutor, store: any EventReader & LookupReader,
        ruleset: @escaping @Sendable (TenantID) -> RulesetReference
    ) {
        self.executor = executor
        self.store = store
        self.ruleset = ruleset
        directory = Directory(store: store)
    }

    /// Who flies, and with what.
    public struct Pilot: Hashable, Sendable {
        public let id: UserID
        public let ident: String
        public let name: String
        public init(id: UserID, ident: String, name: String) {
            self.id = id
            self.ident = ident
            self.name = name
        }
    }

    /// The flight of a pilot's booking; opened when there is none or the last one was cancelled.
    /// - Parameters:
    ///   - aircraft: Number of the aircraft that the tracker names.
    ///   - network: As the tracker says.
    public func open(
        _ tenant: TenantID, pilot: Pilot, adapter: String, booking number: Int, aircraft: Int?, network: String?,
        receivedAt: Timestamp
    ) async throws -> FlightID {
        if let known = try await flight(tenant, booking: number, of: pilot.id) {
            if known.state == .open || known.state == .abandoned { return known.opening.id }
            throw FlightRefusal.bookingUnknown
        }
        guard let booking = try await directory.booking(tenant, number: number), booking.state == .open,
            let bid = booking.details, bid.user == pilot.id
        else { throw FlightRefusal.bookingUnknown }
        let schedule = try await directory.schedule(tenant, bid.schedule)?.details
        var flown: AircraftDetails?
        for candidate in [bid.aircraft, aircraft, schedule?.aircraft.first] {
            guard flown == nil, let candidate else { continue }
            flown = try await directory.aircraft(tenant, number: candidate)
        }
        let id = FlightID.make(at: executor.now())
        let opening = FlightOpening(
            id: id, number: try await store.nextNumber(tenant, kind: "flight", wanted: nil), user: pilot.id,
            pilotIdent: pilot.ident, pilotName: pilot.name, adapter: adapter, booking: bid, schedule: schedule,
            aircraft: flown, callsign: (schedule?.airline ?? "") + (schedule?.flightNumber ?? ""),
            flightNumber: schedule?.flightNumber ?? "", departure: schedule?.departure, arrival: schedule?.arrival,
            alternate: schedule?.alternate, network: network, ruleset: ruleset(tenant), openedAt: receivedAt
        )
        let slot = Reservation(.openFlight, "booking/\(number)")
        do {
            try await executor.transact(tenant) { transaction in
                try transaction.perform(Flight.self, id.uuid, .open(opening))
                transaction.reserve(slot, owner: id.uuid)
            }
            return id
        } catch EventStoreError.reservationTaken(_, let owner) {
            // Another request of the same flight was faster.
            return FlightID(owner)
        }
    }

    /// Completes the opening of a flight that was started without an aircraft, from what its first position names.
    public func name(_ tenant: TenantID, _ flight: FlightID, aircraft number: Int, network: String?) async throws {
        guard let opening = try await directory.flight(tenant, flight)?.opening, opening.aircraft == nil,
            let aircraft = try await directory.aircraft(tenant, number: number)
        else { return }
        let completed = opening.with(aircraft: aircraft, network: network ?? opening.network)
        try await executor.transact(tenant) { transaction in
            try transaction.perform(Flight.self, flight.uuid, .open(completed))
        }
    }

    /// A flight by an id that the gateway gave; another pilot's looks like an unknown one.
    public func flight(_ tenant: TenantID, id: String, of user: UserID) async throws -> FlightRecord? {
        let found: FlightID?
        if let id = FlightID(id) {
            found = id
        } else if id.utf8.count <= 10, let number = Int(id) {
            found = try await directory.flight(tenant, number: number)
        } else {
            found = nil
        }
        guard let found, let record = try await directory.flight(tenant, found), record.opening.user == user else {
            return nil
        }
        return record
    }

    /// The flight of a booking.
    public func flight(_ tenant: TenantID, booking: Int, of user: UserID) async throws -> FlightRecord? {
        guard let id = try await directory.flight(tenant, booking: booking),
            let record = try await directory.flight(tenant, id), record.opening.user == user
        else { return nil }
        return record
    }

    /// Stores positions of a flight. Repeats store nothing and succeed.
    public func record(_ tenant: TenantID, _ flight: FlightID, _ samples: [PositionSample]) async throws {
        do {
            try await executor.transact(tenant) { transaction in
                let state = try transaction.state(Flight.self, flight.uuid).state
                // A filed or cancelled flight is never moved by an update that comes after.
                guard state == .open || state == .abandoned else { throw FlightRefusal.unknown }
                try transaction.record(samples, of: flight)
            }
        } catch is FlightRejection { throw FlightRefusal.unknown }
    }

    /// Cancels a flight; its booking stays.
    public func cancel(_ tenant: TenantID, _ flight: FlightID, at: Timestamp) async throws {
        do {
            try await executor.transact(tenant) { transaction in
                try transaction.perform(Flight.self, flight.uuid, .cancel(at: at))
                if let booking = try transaction.state(Flight.self, flight.uuid).opening?.booking {
                    transaction.release(Reservation(.openFlight, "booking/\(booking.number)"))
                }
            }
        } catch is FlightRejection { throw FlightRefusal.unknown }
    }

    /// Files the report of a flight: the report, the flight's end and the booking's closing are one append.
    /// - Returns: The report's number; a repeat gets the first one again.
    public func file(
        _ tenant: TenantID, _ flight: FlightID, content: FiledReport.Content, flightTimeHours: Double?,
        fuelUsedAsSent: Double?, at filedAt: Timestamp
    ) async throws -> Int {
        do {
            return try await executor.transact(tenant) { transaction in
                let state = try transaction.state(Flight.self, flight.uuid)
                guard let opening = state.opening else { throw FlightRefusal.unknown }
                // Without a single position there is no flight to report: smartCARS 3, section 6.5.
                guard state.positionCount > 0 || state.state == .filed else { throw FlightRefusal.unknown }
                let report = FiledReport(
                    flight: flight, number: opening.number, user: opening.user, filedAt: filedAt,
                    flightTimeHours: flightTimeHours, fuelUsedAsSent: fuelUsedAsSent, content: content
                )
                let filed = try transaction.perform(PIREP.self, flight.uuid, .file(report))
                if !filed.isEmpty {
                    try transaction.perform(Flight.self, flight.uuid, .end(at: filedAt))
                    if let booking = opening.booking {
                        try transaction.perform(Booking.self, booking.id.uuid, .close(flight))
                        try Bookings.release(booking, in: &transaction)
                        transaction.release(Reservation(.openFlight, "booking/\(booking.number)"))
                    }
                }
                return opening.number
            }
        } catch PIREPRejection.alreadyFiled {
            throw FlightRefusal.alreadyFiled
        } catch is FlightRejection {
            throw FlightRefusal.unknown
        }
    }

    /// A person's decision on a report.
    public func review(_ tenant: TenantID, _ flight: FlightID, _ review: Review) async throws {
        try await executor.transact(tenant) { transaction in
            try transaction.perform(PIREP.self, flight.uuid, .review(review))
        }
    }

    /// The report of a flight as committed.
    public func report(_ tenant: TenantID, _ flight: FlightID) async throws -> FiledReport? {
        try await executor.read(PIREP.self, tenant, flight.uuid).state.report
    }

    /// All positions of a flight in stored order.
    public func samples(_ tenant: TenantID, _ flight: FlightID) async throws -> [PositionSample] {
        var samples: [PositionSample] = []
        var version: Int64 = 0
        let stream = StreamName(tenant, Flight.category, flight.uuid)
        while true {
            let page = try await store.readStream(stream, after: version, limit: 1000)
            for envelope in page {
                if case .flight(.positionsRecorded(let more, _)) = try EventCodec.decode(envelope.event) {
                    samples += more
                }
                version = envelope.version
            }
            if page.count < 1000 { return samples }
        }
    }
}
