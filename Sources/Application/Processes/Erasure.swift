public import Domain
import EventSchema

#if canImport(FoundationEssentials)
import FoundationEssentials
#else
import Foundation
#endif

/// Takes what names a person out of a store: out of the events, which stay where they are and keep their checksums right, and
/// out of everything that was made from them. The person's flights and reports stay, under "Former pilot".
///
/// Every step can be done again, and the last one is what makes the person unknown: an erasure that was cut off is
/// finished by the next.
public struct Erasure: Sendable {
    let executor: CommandExecutor
    let directory: Directory
    let store: any EventReader & LookupReader & QuarantineStore
    let sessions: any SessionStore
    let rewriter: any EventRewriter
    let maintenance: Maintenance

    public init(
        executor: CommandExecutor, store: any EventReader & LookupReader & QuarantineStore,
        sessions: any SessionStore, rewriter: any EventRewriter, maintenance: Maintenance
    ) {
        self.executor = executor
        self.store = store
        self.sessions = sessions
        self.rewriter = rewriter
        self.maintenance = maintenance
        directory = Directory(store: store)
    }

    /// What was done.
    public struct Outcome: Hashable, Sendable {
        /// Events whose payload was replaced.
        public var events = 0
        /// Quarantined frames that named the person, and were removed.
        public var frames = 0
        /// Positions of events that still hold the name or the address, in a text of somebody else.
        public var left: [Int64] = []
    }

    /// - Parameter progress: Called with events looked through and events in all.
    /// - Throws: ``AdministrationError`` when the person is not known, or has a flight under way.
    public func erase(
        _ tenant: TenantID, _ user: UserID, progress: @Sendable (Int64, Int64) -> Void
    ) async throws -> Outcome {
        guard let known = try await directory.user(tenant, user), let profile = known.profile else {
            throw AdministrationError(.unknown, "no such person in this tenant")
        }
        guard known.erasedAt == nil else { throw AdministrationError(.unknown, "the person was erased already") }
        let flights = try await flights(tenant, user)
        guard !flights.contains(where: { $0.state == .open }) else {
            throw AdministrationError(
                .invalid, "a flight of \(profile.ident) is under way: let it end, or cancel it, and try again")
        }
        // From here on nobody adds anything under this name.
        try await executor.transact(tenant) { transaction in
            try transaction.perform(User.self, user.uuid, .disable)
        }
        _ = try await sessions.endSessions(tenant, kind: nil, user: user, hash: nil)
        let marks = PersonalMarks(user: user, profile: profile, flights: Set(flights.map(\.opening.id)))
        var outcome = Outcome()
        outcome.frames = try await removeFrames(tenant, marks)
        try await rewrite(tenant, marks, &outcome, progress)
        executor.forget(tenant)
        let at = executor.now()
        try await executor.transact(tenant) { transaction in
            try transaction.perform(User.self, user.uuid, .erase(at: at))
            transaction.release(Reservation(.email, profile.email))
            // The state that this was decided on may come from the rewritten log, which has no address.
            transaction.write(.delete(kind: LookupKind.userByEmail, key: profile.email))
            for flight in flights {
                let record = FlightRecord(
                    opening: flight.opening.erased, state: flight.state, endedAt: flight.endedAt)
                transaction.write(
                    .put(
                        kind: LookupKind.flight, key: "\(flight.opening.id)", value: DocumentCoding.encode(record)))
            }
        }
        for name in Maintenance.names { try await maintenance.rebuild(name) { _, _ in } }
        try await rewriter.compact()
        return outcome
    }

    private func flights(_ tenant: TenantID, _ user: UserID) async throws -> [FlightRecord] {
        var found: [FlightRecord] = []
        var before: Int?
        while true {
            let page = try await directory.flights(tenant, of: user, before: before, limit: 500)
            for (_, id) in page {
                if let record = try await directory.flight(tenant, id) { found.append(record) }
            }
            guard page.count == 500, let last = page.last else { return found }
            before = last.number
        }
    }

    private func removeFrames(_ tenant: TenantID, _ marks: PersonalMarks) async throws -> Int {
        var ids: [String] = []
        for filter in [FrameFilter(samples: false), FrameFilter(samples: true)] {
            var past: String?
            while true {
                let page = try await store.quarantined(tenant, filter, past: past, limit: 200)
                for frame in page
                where marks.isNamed(in: frame.bytes) || marks.isNamed(in: Array((frame.path + " " + frame.detail).utf8))
                {
                    ids.append(frame.id)
                }
                guard page.count == 200, let last = page.last else { break }
                past = last.id
            }
        }
        if !ids.isEmpty { try await rewriter.removeQuarantined(tenant, ids: ids) }
        return ids.count
    }

    private func rewrite(
        _ tenant: TenantID, _ marks: PersonalMarks, _ outcome: inout Outcome,
        _ progress: @Sendable (Int64, Int64) -> Void
    ) async throws {
        let total = try await store.head()
        var position: Int64 = 0
        while true {
            let page = try await store.readAll(after: position, limit: 2000)
            var payloads: [Int64: [UInt8]] = [:]
            for envelope in page {
                position = envelope.position
                guard envelope.stream.tenant == tenant else { continue }
                let event = try EventCodec.decode(envelope.event)
                let changed = marks.erased(event, of: envelope.stream)
                // Only what differs: an old schema version stays what it is as long as nothing in it is personal.
                let payload = changed == event ? envelope.event.payload : EventCodec.encode(changed).payload
                if changed != event { payloads[envelope.position] = payload }
                if marks.isNamed(in: payload) { outcome.left.append(envelope.position) }
            }
            if !payloads.isEmpty { try await rewriter.rewrite(tenant, payloads) }
            outcome.events += payloads.count
            progress(position, max(position, total))
            if page.count < 2000 { return }
        }
    }
}

/// What a person is known by, and what an event is without it.
struct PersonalMarks: Sendable {
    let user: UserID
    let profile: UserProfile
    let flights: Set<FlightID>

    /// Whether the name or the address stands in these bytes, in upper or lower case.
    func isNamed(in bytes: [UInt8]) -> Bool {
        let text = String(decoding: bytes, as: UTF8.self).lowercased()
        return [profile.name, profile.email].contains { !$0.isEmpty && text.contains($0.lowercased()) }
    }

    /// A text that the person, or the person's tracker, wrote: one that names the person goes as a whole.
    private func erased(_ text: String) -> String { isNamed(in: Array(text.utf8)) ? "" : text }

    private func erased(_ content: FiledReport.Content) -> FiledReport.Content {
        var content = content
        content.comments = nil
        content.details.notes = nil
        content.log = content.log.map(erased)
        content.events = content.events.map {
            TrackerEvent(
                id: $0.id, elapsedSeconds: $0.elapsedSeconds, time: $0.time, timeText: $0.timeText,
                condition: $0.condition.map(erased), message: erased($0.message), type: $0.type)
        }
        return content
    }

    func erased(_ event: DomainEvent, of stream: StreamName) -> DomainEvent {
        let isOwn = flights.contains(FlightID(stream.id))
        switch event {
        case .user(.created(let profile, _)) where stream.id == user.uuid:
            return .user(.created(profile.erased, passwordHash: nil))
        case .user(.passwordChanged) where stream.id == user.uuid: return .user(.passwordChanged(""))
        case .flight(.opened(let opening)) where opening.user == user: return .flight(.opened(opening.erased))
        case .flight(.commented(let comment)) where comment.user == user:
            return .flight(
                .commented(
                    FlightComment(
                        number: comment.number, user: user, ident: comment.ident, name: UserProfile.erasedName,
                        text: "",
                        at: comment.at)))
        case .flight(.linesRecorded(let lines)) where isOwn:
            return .flight(
                .linesRecorded(
                    lines.map {
                        FlightLine(
                            $0.kind, $0.kind == .message ? "" : erased($0.text), time: $0.time, position: $0.position,
                            clientID: $0.clientID, receivedAt: $0.receivedAt)
                    }))
        case .flight(.detailsChanged(var details, let at)) where isOwn:
            details.notes = nil
            return .flight(.detailsChanged(details, at: at))
        case .pirep(.filed(let report)) where report.user == user:
            return .pirep(
                .filed(
                    FiledReport(
                        flight: report.flight, number: report.number, user: report.user, filedAt: report.filedAt,
                        flightTimeHours: report.flightTimeHours, fuelUsedAsSent: report.fuelUsedAsSent,
                        content: erased(report.content), sentHash: report.sentHash,
                        possibleRepeat: report.possibleRepeat)))
        case .pirep(.amended(let content)) where isOwn: return .pirep(.amended(erased(content)))
        case .tenant, .user, .apiKey, .aircraft, .schedule, .booking, .flight, .pirep: return event
        }
    }
}
