public import Domain
internal import SwiftProtobuf

/// Events to bytes and back: `decode(encode(x)) == x` for every event, and one value always gives the same bytes.
public enum EventCodec {
    /// Every event type this release knows, in the order of the aggregates.
    public static let allTypes: [String] = {
        var types: [String] = []
        for reader in readers where !types.contains(reader.type) { types.append(reader.type) }
        return types
    }()

    /// The event in the newest schema version of its type.
    public static func encode(_ event: DomainEvent) -> EncodedEvent {
        switch event {
        case .tenant(.created(let details)): encoded(ProtoTenantCreated(details))
        case .tenant(.hostAdded(let host)): encoded(ProtoTenantHostAdded.with { $0.host = host })
        case .tenant(.hostRemoved(let host)): encoded(ProtoTenantHostRemoved.with { $0.host = host })
        case .tenant(.settingsChanged(let settings)):
            encoded(ProtoTenantSettingsChanged.with { $0.settings = ProtoTenantSettings(settings) })
        case .tenant(.noticePosted(let notice)): encoded(ProtoTenantNoticePosted(notice))
        case .tenant(.noticeWithdrawn(let id)): encoded(ProtoTenantNoticeWithdrawn.with { $0.id = id.data })
        case .user(.created(let profile, let passwordHash)): encoded(ProtoUserCreated(profile, passwordHash))
        case .user(.passwordChanged(let hash)): encoded(ProtoUserPasswordChanged.with { $0.passwordHash = hash })
        case .user(.confirmed): encoded(ProtoUserConfirmed())
        case .user(.disabled): encoded(ProtoUserDisabled())
        case .user(.enabled): encoded(ProtoUserEnabled())
        case .user(.erased(let at)): encoded(ProtoUserErased.with { $0.atMs = at.milliseconds })
        case .apiKey(.created(let details)): encoded(ProtoApiKeyCreated(details))
        case .apiKey(.revoked): encoded(ProtoApiKeyRevoked())
        case .aircraft(.registered(let details)):
            encoded(ProtoAircraftRegistered.with { $0.details = ProtoAircraftDetails(details) })
        case .aircraft(.updated(let details)):
            encoded(ProtoAircraftUpdated.with { $0.details = ProtoAircraftDetails(details) })
        case .schedule(.published(let details)):
            encoded(ProtoSchedulePublished.with { $0.details = ProtoScheduleDetails(details) })
        case .schedule(.updated(let details)):
            encoded(ProtoScheduleUpdated.with { $0.details = ProtoScheduleDetails(details) })
        case .schedule(.withdrawn): encoded(ProtoScheduleWithdrawn())
        case .booking(.made(let details)):
            encoded(ProtoBookingMade.with { $0.details = ProtoBookingDetails(details) })
        case .booking(.aircraftChanged(let number)):
            encoded(ProtoBookingAircraftChanged.with { $0.aircraft = Int64(number) })
        case .booking(.cancelled): encoded(ProtoBookingCancelled())
        case .booking(.closed(let flight)): encoded(ProtoBookingClosed.with { $0.flight = flight.data })
        case .flight(.opened(let opening)): encoded(ProtoFlightOpened(opening))
        case .flight(.positionsRecorded(let samples, let clockShift)):
            encoded(ProtoFlightPositionsRecorded(samples, clockShift))
        case .flight(.linesRecorded(let lines)):
            encoded(ProtoFlightLogRecorded.with { $0.lines = lines.map(ProtoFlightLine.init) })
        case .flight(.detailsChanged(let details, let at)): encoded(ProtoFlightDetailsChanged(details, at))
        case .flight(.paused(let at)): encoded(ProtoFlightPaused.with { $0.atMs = at.milliseconds })
        case .flight(.resumed(let at)): encoded(ProtoFlightResumed.with { $0.atMs = at.milliseconds })
        case .flight(.commented(let comment)): encoded(ProtoFlightCommented(comment))
        case .flight(.cancelled(let at)): encoded(ProtoFlightCancelled.with { $0.atMs = at.milliseconds })
        case .flight(.abandoned(let at)): encoded(ProtoFlightAbandoned.with { $0.atMs = at.milliseconds })
        case .flight(.ended(let at)): encoded(ProtoFlightEnded.with { $0.atMs = at.milliseconds })
        case .pirep(.filed(let report)): encoded(ProtoPIREPFiled(report))
        case .pirep(.amended(let content)):
            encoded(ProtoPIREPAmended.with { $0.content = ProtoReportContent(content) })
        case .pirep(.withdrawn(let at)): encoded(ProtoPIREPWithdrawn.with { $0.atMs = at.milliseconds })
        case .pirep(.judged(let judgement)): encoded(ProtoPIREPJudged(judgement))
        case .pirep(.reviewed(let review)): encoded(ProtoPIREPReviewed(review))
        }
    }

    /// - Throws: ``EventSchemaError`` for a type or schema version that this release does not know and for a payload
    ///   that is no such event. Never traps, whatever the bytes. Fields that are not known are ignored.
    public static func decode(_ event: EncodedEvent) throws(EventSchemaError) -> DomainEvent {
        try versions.decode(event)
    }

    /// Every schema version of every event type ever written. When a schema changes, the new message is added here and
    /// the old one stays, with an `event()` that upcasts.
    private static let readers: [PayloadReader] = [
        PayloadReader(ProtoTenantCreated.self),
        PayloadReader(ProtoTenantHostAdded.self),
        PayloadReader(ProtoTenantHostRemoved.self),
        PayloadReader(ProtoTenantSettingsChanged.self),
        PayloadReader(ProtoTenantNoticePosted.self),
        PayloadReader(ProtoTenantNoticeWithdrawn.self),
        PayloadReader(ProtoUserCreated.self),
        PayloadReader(ProtoUserPasswordChanged.self),
        PayloadReader(ProtoUserConfirmed.self),
        PayloadReader(ProtoUserDisabled.self),
        PayloadReader(ProtoUserEnabled.self),
        PayloadReader(ProtoUserErased.self),
        PayloadReader(ProtoApiKeyCreated.self),
        PayloadReader(ProtoApiKeyRevoked.self),
        PayloadReader(ProtoAircraftRegistered.self),
        PayloadReader(ProtoAircraftUpdated.self),
        PayloadReader(ProtoSchedulePublished.self),
        PayloadReader(ProtoScheduleUpdated.self),
        PayloadReader(ProtoScheduleWithdrawn.self),
        PayloadReader(ProtoBookingMade.self),
        PayloadReader(ProtoBookingAircraftChanged.self),
        PayloadReader(ProtoBookingCancelled.self),
        PayloadReader(ProtoBookingClosed.self),
        PayloadReader(ProtoFlightOpened.self),
        PayloadReader(ProtoFlightPositionsRecorded.self),
        PayloadReader(ProtoFlightLogRecorded.self),
        PayloadReader(ProtoFlightDetailsChanged.self),
        PayloadReader(ProtoFlightPaused.self),
        PayloadReader(ProtoFlightResumed.self),
        PayloadReader(ProtoFlightCommented.self),
        PayloadReader(ProtoFlightCancelled.self),
        PayloadReader(ProtoFlightAbandoned.self),
        PayloadReader(ProtoFlightEnded.self),
        PayloadReader(ProtoPIREPFiled.self),
        PayloadReader(ProtoPIREPAmended.self),
        PayloadReader(ProtoPIREPWithdrawn.self),
        PayloadReader(ProtoPIREPJudged.self),
        PayloadReader(ProtoPIREPReviewed.self),
    ]
    private static let versions = EventVersions(readers)

    private static func encoded<M: EventMessage>(_ message: M) -> EncodedEvent {
        do {
            return EncodedEvent(
                type: M.eventType, schema: M.schema, payload: try message.serializedBytes(partial: true)
            )
        } catch {
            // SwiftProtobuf throws here for a missing required field or an `Any` that does not transcode, neither of
            // which `proto/` has, and from 2 GiB on, which the limits on requests keep far away.
            preconditionFailure("\(M.eventType): \(error)")
        }
    }
}
