public import Domain

#if canImport(FoundationEssentials)
import FoundationEssentials
#else
import Foundation
#endif

extension Flights {
    /// A report as a tracker files it.
    public struct Filing: Sendable {
        public var content: FiledReport.Content
        public var flightTimeHours: Double?
        public var fuelUsedAsSent: Double?
        /// Taken without a position before it; the gateway completes what the report leaves open.
        public var standsAlone = false
        /// What comes with the report and belongs to the flight.
        public var addition: Addition
        public init(content: FiledReport.Content, at: Timestamp) {
            self.content = content
            addition = Addition(at: at)
        }
        public var at: Timestamp { addition.at }
    }

    /// A filing key is remembered for this long: decisions F2.
    static let filingMemory = Milliseconds.hours(24 * 7)
    /// A flight that ended without a report waits for one this long: decisions B3.
    static let reportDelay = Milliseconds.hours(24)

    /// Files the report of a flight: the report, the flight's end and the booking's closing are one append.
    /// - Returns: Whether it repeats the report that is there.
    @discardableResult
    public func file(_ tenant: TenantID, _ flight: FlightID, _ filing: Filing) async throws -> Bool {
        let completed = try await completed(tenant, flight, filing)
        let bids = try await bids(tenant, flight)
        do {
            return try await executor.transact(tenant) { transaction in
                try Self.file(flight, completed, closing: bids, in: &transaction)
            }
        } catch PIREPRejection.alreadyFiled {
            let state = try await executor.current(PIREP.self, tenant, flight.uuid).state.state
            if filing.standsAlone, state == .accepted || state == .rejected { throw FlightRefusal.decided }
            throw FlightRefusal.alreadyFiled
        } catch is FlightRejection {
            throw FlightRefusal.unknown
        }
    }

    /// A filing with what it leaves open, ready to be stored.
    struct Completed: Sendable {
        var filing: Filing
        var sentHash: UInt64?
        var possibleRepeat: FlightID?
    }

    static func hash(of content: FiledReport.Content) -> UInt64 {
        var hash = StableHash()
        for byte in DocumentCoding.encode(content) { hash.combine(byte) }
        return hash.value
    }

    private func completed(_ tenant: TenantID, _ flight: FlightID, _ filing: Filing) async throws -> Completed {
        guard filing.standsAlone else { return Completed(filing: filing) }
        let state = try await executor.current(Flight.self, tenant, flight.uuid).state
        return try await completed(tenant, filing, state.details, schedule: state.opening?.schedule)
    }

    private func completed(
        _ tenant: TenantID, _ filing: Filing, _ known: FlightDetails, schedule: ScheduleDetails?
    ) async throws -> Completed {
        var completed = Completed(filing: filing, sentHash: Self.hash(of: filing.content))
        let details = filing.content.details
        if filing.content.route.isEmpty {
            completed.filing.content.route = known.route ?? schedule?.route ?? ""
        }
        func take<Value>(
            _ property: WritableKeyPath<FiledReport.Content, Value?>, _ said: KeyPath<FlightDetails, Value?>
        ) {
            if filing.content[keyPath: property] == nil {
                completed.filing.content[keyPath: property] = known[keyPath: said]
            }
        }
        // What the tracker reported in flight counts where the report is silent.
        take(\.flightTime, \.flightTime)
        take(\.blockTime, \.blockTime)
        take(\.landingRate, \.landingRate)
        take(\.fuelUsed, \.fuelUsed)
        take(\.distance, \.distance)
        if completed.filing.fuelUsedAsSent == nil {
            completed.filing.fuelUsedAsSent = completed.filing.content.fuelUsed.map { Pounds($0).rawValue }
        }
        var said = details
        said.asSent[Self.pieces] = nil
        completed.filing.addition.details = completed.filing.addition.details.merging(said)
        completed.filing.content.aircraft = try await aircraft(
            tenant, number: details.aircraft ?? filing.content.aircraft, text: details.aircraftText)?.number
        if completed.filing.content.aircraft == nil, details.aircraft == nil, details.aircraftText == nil {
            completed.filing.content.aircraft = known.aircraft
        }
        return completed
    }

    /// Open bids that a report of a flight closes: the flight's own, else the pilot's bid on the same number.
    private func bids(_ tenant: TenantID, _ flight: FlightID) async throws -> [BookingDetails] {
        guard let opening = try await directory.flight(tenant, flight)?.opening else { return [] }
        return try await bids(
            tenant, opening.user, own: opening.booking, callsign: opening.callsign, schedule: opening.schedule?.id)
    }
    private func bids(
        _ tenant: TenantID, _ user: UserID, own: BookingDetails?, callsign: String, schedule: ScheduleID?
    ) async throws -> [BookingDetails] {
        let open = try await directory.bookings(tenant, of: user)
        if let own, open.contains(where: { $0.id == own.id }) { return [own] }
        for bid in open {
            guard let entry = try await directory.schedule(tenant, bid.schedule)?.details else { continue }
            if bid.schedule == schedule || entry.airline + entry.flightNumber == callsign { return [bid] }
        }
        return own.map { [$0] } ?? []
    }

    private static func file(
        _ flight: FlightID, _ completed: Completed, closing bids: [BookingDetails], in transaction: inout Transaction
    ) throws -> Bool {
        let filing = completed.filing
        let state = try transaction.state(Flight.self, flight.uuid)
        guard let opening = state.opening else { throw FlightRefusal.unknown }
        if state.state == .cancelled { throw FlightRefusal.cancelled }
        // Without a single position there is no flight to report: smartCARS 3, section 6.5.
        guard filing.standsAlone || state.positionCount > 0 || state.state == .filed else {
            throw FlightRefusal.unknown
        }
        let report = FiledReport(
            flight: flight, number: opening.number, user: opening.user, filedAt: filing.at,
            flightTimeHours: filing.flightTimeHours, fuelUsedAsSent: filing.fuelUsedAsSent, content: filing.content,
            sentHash: completed.sentHash, possibleRepeat: completed.possibleRepeat
        )
        let filed = try transaction.perform(PIREP.self, flight.uuid, .file(report))
        if filed.isEmpty { return true }
        try write(filing.addition, to: flight, in: &transaction)
        try transaction.perform(Flight.self, flight.uuid, .end(at: filing.at))
        for booking in bids {
            let closed = try transaction.perform(Booking.self, booking.id.uuid, .close(flight))
            // A bid that was given back before may be another pilot's by now.
            if !closed.isEmpty { try Bookings.release(booking, in: &transaction) }
        }
        if let booking = opening.booking {
            transaction.release(bookingSlot(booking.number, opening.adapter))
        }
        return false
    }

    /// Files a report that names no flight: into the flight under way that it fits, or one that ended without a report not
    /// long ago, else as a flight without telemetry, opened and ended in the same append.
    /// - Returns: The flight, and whether the report repeats one that is there.
    public func fileAlone(
        _ tenant: Tenant, _ wanted: Beginning, _ filing: Filing
    ) async throws -> (id: FlightID, isRepeat: Bool) {
        guard let tenantID = tenant.id else { throw FlightRefusal.unknown }
        let plan = try await plan(tenant, wanted.pilot.id, wanted.details)
        let user = wanted.pilot.id
        let key =
            wanted.clientKey.map { Self.clientSlot(user, wanted.adapter, $0) }
            ?? Reservation(
                .filing, "\(user)/\(wanted.adapter)/\(plan.legs)/\(String(Self.hash(of: filing.content), radix: 16))")
        for _ in 0..<Self.attempts {
            var slot = FlightSlot(reservation: key, holder: try await directory.flight(tenantID, holding: key))
            if let holder = slot.holder {
                if wanted.clientKey != nil { return (holder, try await file(tenantID, holder, filing)) }
                let filedAt = try await executor.current(PIREP.self, tenantID, holder.uuid).state.report?.filedAt
                if let filedAt, filing.at - filedAt < Self.filingMemory { return (holder, true) }
            }
            do {
                if let target = try await waiting(tenantID, wanted, plan, at: filing.at) {
                    return (target, try await file(tenantID, target, filing, taking: slot))
                }
                return (try await fileNew(tenant, wanted, plan, filing, taking: slot), false)
            } catch EventStoreError.reservationTaken {
                continue
            } catch PIREPRejection.alreadyFiled {
                // The flight got another report in the meantime: this one stands alone.
                slot.holder = nil
                continue
            } catch is SlotMoved {
                continue
            } catch is FlightRejection {
                continue
            }
        }
        throw EventStoreError.unavailable("the flight changes hands too often")
    }

    /// The flight that waits for a report of these legs.
    private func waiting(
        _ tenant: TenantID, _ wanted: Beginning, _ plan: Plan, at: Timestamp
    ) async throws -> FlightID? {
        if let latest = try await latest(tenant, of: wanted.pilot.id, adapter: wanted.adapter), latest.state == .open,
            latest.opening.legs == plan.legs
        {
            return latest.opening.id
        }
        guard
            let id = try await directory.flight(
                tenant, of: wanted.pilot.id, adapter: wanted.adapter, legs: plan.legs),
            let record = try await directory.flight(tenant, id)
        else { return nil }
        switch record.state {
        case .open: return id
        case .abandoned: return at - (record.endedAt ?? at) <= Self.reportDelay ? id : nil
        case .none, .cancelled, .filed: return nil
        }
    }

    /// - Returns: Whether the report repeats one that another gateway has just stored.
    private func file(
        _ tenant: TenantID, _ flight: FlightID, _ filing: Filing, taking slot: FlightSlot
    ) async throws -> Bool {
        let completed = try await completed(tenant, flight, filing)
        let bids = try await bids(tenant, flight)
        return try await executor.transact(tenant) { transaction in
            let state = try transaction.state(Flight.self, flight.uuid).state
            guard state == .open || state == .abandoned else { throw SlotMoved() }
            let isRepeat = try Self.file(flight, completed, closing: bids, in: &transaction)
            try slot.take(for: flight, in: &transaction)
            return isRepeat
        }
    }

    private func fileNew(
        _ tenant: Tenant, _ wanted: Beginning, _ plan: Plan, _ filing: Filing, taking slot: FlightSlot
    ) async throws -> FlightID {
        guard let tenantID = tenant.id else { throw FlightRefusal.unknown }
        var completed = try await completed(tenantID, filing, wanted.details, schedule: plan.schedule)
        if let earlier = try await directory.flight(
            tenantID, of: wanted.pilot.id, adapter: wanted.adapter, legs: plan.legs),
            let record = try await directory.flight(tenantID, earlier), record.state == .filed,
            filing.at - (record.endedAt ?? filing.at) <= Self.reportDelay
        {
            completed.possibleRepeat = earlier
        }
        let opening = try await opening(
            tenantID, plan, wanted.pilot, adapter: wanted.adapter, details: wanted.details,
            clientKey: wanted.clientKey, at: filing.at)
        let bids = try await bids(
            tenantID, wanted.pilot.id, own: plan.booking, callsign: plan.callsign, schedule: plan.schedule?.id)
        let ready = completed
        try await executor.transact(tenantID) { transaction in
            try transaction.perform(Flight.self, opening.id.uuid, .open(opening))
            try transaction.perform(
                Flight.self, opening.id.uuid, .changeDetails(wanted.details, at: filing.at))
            _ = try Self.file(opening.id, ready, closing: bids, in: &transaction)
            try slot.take(for: opening.id, in: &transaction)
        }
        return opening.id
    }

    /// Whether the timetable has a flight number.
    /// - Parameter airline: Nil: under any of the airline's codes.
    public func isScheduled(_ tenant: Tenant, airline: String?, number: String) async throws -> Bool {
        guard let id = tenant.id, !number.isEmpty else { return false }
        for code in airline.map({ [$0] }) ?? tenant.codes {
            if try await !directory.schedules(id, airline: code, flightNumber: number).isEmpty { return true }
        }
        return false
    }

    /// Name under which a report that comes in parts keeps the text it was read from.
    public static let pieces = "pieces"

    /// The text of the parts of a report that have come, joined; nil when there is no report.
    public func parts(_ tenant: TenantID, _ flight: FlightID) async throws -> String? {
        try await executor.current(PIREP.self, tenant, flight.uuid).state.report.map {
            $0.content.details.asSent[Self.pieces] ?? ""
        }
    }

    /// Marks a filing as the first part of a report, or the whole of one that could have more.
    public static func marking(_ content: FiledReport.Content, parts: String) -> FiledReport.Content {
        var content = content
        content.details.asSent[pieces] = parts
        return content
    }

    /// Puts the content of a report that got a further part in the place of the old one.
    /// - Parameter earlier: The parts that the content was made from; nothing is stored when there are others by now.
    /// - Returns: Whether it was stored.
    public func amend(
        _ tenant: TenantID, _ flight: FlightID, _ content: FiledReport.Content, after earlier: String
    ) async throws -> Bool {
        var filing = Filing(content: content, at: executor.now())
        filing.standsAlone = true
        let completed = try await completed(tenant, flight, filing)
        return try await executor.transact(tenant) { transaction in
            let report = try transaction.state(PIREP.self, flight.uuid).report
            guard report?.content.details.asSent[Self.pieces] == earlier else { return false }
            try transaction.perform(PIREP.self, flight.uuid, .amend(completed.filing.content))
            return true
        }
    }
}
