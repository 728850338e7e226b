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
    /// A write to a cancelled flight.
    case cancelled
    /// A change of a report that was decided on.
    case decided
    /// The report's state; `none` when the flight is cancelled already.
    case notCancellable(PIREP.State)
    case scheduleUnknown
    case aircraftUnknown
    case aircraftNotAvailable(Int)
    case airportUnknown(String)
}

/// The life of a flight: opening, positions, cancelling, filing.
public struct Flights: Sendable {
    let executor: CommandExecutor
    let directory: Directory
    let store: any EventReader & LookupReader
    let airports: (any AirportDirectory)?
    /// The version in force for a tenant when a flight is opened.
    let ruleset: @Sendable (TenantID) -> RulesetReference

    public init(
        executor: CommandExecutor, store: any EventReader & LookupReader, airports: (any AirportDirectory)? = nil,
        ruleset: @escaping @Sendable (TenantID) -> RulesetReference
    ) {
        self.executor = executor
        self.store = store
        self.ruleset = ruleset
        self.airports = airports
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
        if let known = try await flight(tenant, booking: number, of: pilot.id, adapter: adapter) {
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
        let slot = Self.bookingSlot(number, adapter)
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
        guard let record = try await flight(tenant, id: id), record.opening.user == user else { return nil }
        return record
    }

    /// A flight of the airline by an id that the gateway gave: UUID text, number, or the digits its client got.
    public func flight(_ tenant: TenantID, id: String) async throws -> FlightRecord? {
        let found: FlightID?
        if let id = FlightID(id) {
            found = id
        } else if (1...15).contains(id.utf8.count), let number = Int(id) {
            if id.utf8.count >= 10, let coded = try await directory.flight(tenant, code: id) {
                found = coded
            } else {
                found = number <= Int(Int32.max) ? try await directory.flight(tenant, number: number) : nil
            }
        } else {
            found = nil
        }
        guard let found else { return nil }
        return try await directory.flight(tenant, found)
    }

    /// The slot of the flight that a protocol has on a booking.
    static func bookingSlot(_ booking: Int, _ adapter: String) -> Reservation {
        Reservation(.openFlight, "booking/\(FlightOpening.key(booking: booking, adapter: adapter))")
    }

    /// The flight of a booking.
    public func flight(
        _ tenant: TenantID, booking: Int, of user: UserID, adapter: String
    ) async throws -> FlightRecord? {
        guard let id = try await directory.flight(tenant, booking: booking, adapter: adapter),
            let record = try await directory.flight(tenant, id), record.opening.user == user
        else { return nil }
        return record
    }

    /// What a frame of a tracker adds to a flight.
    public struct Addition: Sendable {
        public var samples: [PositionSample] = []
        public var lines: [FlightLine] = []
        public var details = FlightDetails()
        public var pause: Bool?
        public var ends = false
        /// Also taken after the report was filed.
        public var takesLate = false
        /// Refused once somebody or the rules decided on the report.
        public var needsUndecided = false
        /// Only for a flight that is under way: a key that names several flights over time is resolved anew otherwise.
        public var onlyOpen = false
        /// Brings an ended flight back only while it is still the latest of its pilot over this adapter.
        public var latestOf: String?
        public var at: Timestamp
        public init(at: Timestamp) { self.at = at }
    }

    /// Stores positions of a flight. Repeats store nothing and succeed.
    public func record(_ tenant: TenantID, _ flight: FlightID, _ samples: [PositionSample]) async throws {
        var addition = Addition(at: samples.last?.receivedAt ?? executor.now())
        addition.samples = samples
        try await add(tenant, flight, addition)
    }

    /// Adds what a frame said, all or nothing. Repeats store nothing and succeed.
    /// - Returns: The flight as it is then.
    @discardableResult
    public func add(_ tenant: TenantID, _ flight: FlightID, _ addition: Addition) async throws -> Flight {
        do {
            return try await executor.transact(tenant) { transaction in
                let before = try transaction.state(Flight.self, flight.uuid)
                switch before.state {
                case .none: throw FlightRefusal.unknown
                case .cancelled: throw FlightRefusal.cancelled
                // A filed flight is never moved by an update that comes after, unless the protocol promises to take it.
                case .filed: guard addition.takesLate else { throw FlightRefusal.unknown }
                case .abandoned:
                    guard !addition.onlyOpen else { throw FlightRefusal.unknown }
                    if let adapter = addition.latestOf, let user = before.opening?.user {
                        // Taken by the flight that has it, refused when another has it by now.
                        transaction.reserve(Self.adapterSlot(user, adapter), owner: flight.uuid)
                    }
                case .open: break
                }
                if addition.needsUndecided, before.state == .filed {
                    let report = try transaction.state(PIREP.self, flight.uuid).state
                    if report == .accepted || report == .rejected { throw FlightRefusal.decided }
                }
                try Self.write(addition, to: flight, in: &transaction)
                return try transaction.state(Flight.self, flight.uuid)
            }
        } catch is FlightRejection {
            throw FlightRefusal.unknown
        } catch EventStoreError.reservationTaken {
            throw FlightRefusal.unknown
        }
    }

    static func write(_ addition: Addition, to flight: FlightID, in transaction: inout Transaction) throws {
        let id = flight.uuid
        if !addition.details.isEmpty {
            try transaction.perform(Flight.self, id, .changeDetails(addition.details, at: addition.at))
        }
        let isUnderWay = try transaction.state(Flight.self, id).state != .filed
        if addition.pause == false, isUnderWay { try transaction.perform(Flight.self, id, .resume(at: addition.at)) }
        if !addition.samples.isEmpty { try transaction.record(addition.samples, of: flight) }
        if !addition.lines.isEmpty { try transaction.perform(Flight.self, id, .recordLines(addition.lines)) }
        if addition.pause == true, isUnderWay { try transaction.perform(Flight.self, id, .pause(at: addition.at)) }
        if addition.ends { try transaction.perform(Flight.self, id, .abandon(at: addition.at)) }
    }

    /// Adds a remark to a flight or its report.
    public func comment(_ tenant: TenantID, _ flight: FlightID, _ comment: FlightComment) async throws -> FlightComment
    {
        do {
            return try await executor.transact(tenant) { transaction in
                if try transaction.state(Flight.self, flight.uuid).state == .cancelled { throw FlightRefusal.cancelled }
                try transaction.perform(Flight.self, flight.uuid, .comment(comment))
                let comments = try transaction.state(Flight.self, flight.uuid).comments
                guard let stored = comments.last(where: { $0.user == comment.user && $0.text == comment.text }) else {
                    throw FlightRefusal.unknown
                }
                return stored
            }
        } catch is FlightRejection { throw FlightRefusal.unknown }
    }

    /// Cancels a flight; its booking stays.
    /// - Parameter withdraws: Takes back a filed report too while nobody decided on it, and refuses what is cancelled.
    public func cancel(
        _ tenant: TenantID, _ flight: FlightID, withdraws: Bool = false, at: Timestamp
    ) async throws {
        do {
            try await executor.transact(tenant) { transaction in
                let before = try transaction.state(Flight.self, flight.uuid)
                if withdraws, before.state == .cancelled { throw FlightRefusal.notCancellable(.none) }
                if withdraws, before.state == .filed {
                    try transaction.perform(PIREP.self, flight.uuid, .withdraw(at: at))
                    try transaction.perform(Flight.self, flight.uuid, .withdraw(at: at))
                } else {
                    try transaction.perform(Flight.self, flight.uuid, .cancel(at: at))
                }
                if let opening = before.opening, let booking = opening.booking {
                    transaction.release(Self.bookingSlot(booking.number, opening.adapter))
                }
            }
        } catch PIREPRejection.decided(let state) {
            throw FlightRefusal.notCancellable(state)
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

extension Flights {
    /// A flight and its report as they are now.
    public struct Snapshot: Sendable {
        public let flight: Flight
        public let pirep: PIREP
    }

    /// - Parameter light: Of a flight that ended only what its opening and its report say: lists need no more, and its
    ///   positions are not read.
    public func snapshot(_ tenant: TenantID, _ id: FlightID, light: Bool = false) async throws -> Snapshot? {
        guard let record = try await directory.flight(tenant, id) else { return nil }
        var pirep = PIREP()
        if record.state == .filed || record.state == .cancelled {
            pirep = try await executor.current(PIREP.self, tenant, id.uuid).state
        }
        guard light, record.state == .filed || record.state == .cancelled else {
            let flight = try await executor.current(Flight.self, tenant, id.uuid).state
            return flight.opening == nil ? nil : Snapshot(flight: flight, pirep: pirep)
        }
        var flight = Flight()
        flight.opening = record.opening
        flight.state = record.state
        flight.endedAt = record.endedAt
        flight.heardAt = record.endedAt ?? record.opening.openedAt
        flight.details = pirep.report?.content.details ?? FlightDetails()
        return Snapshot(flight: flight, pirep: pirep)
    }
}
