internal import Domain
internal import SwiftProtobuf

extension ProtoTenantCreated: EventMessage {
    static let eventType = "tenant.created"
    init(_ details: TenantDetails) {
        self.init()
        id = details.id.data
        slug = details.slug
        name = details.name
        icao = details.icao
        if let value = details.iata { iata = value }
    }
    func event() throws(FieldError) -> DomainEvent {
        let details = TenantDetails(
            id: try TenantID(id, "TenantCreated.id"), slug: slug, name: name, icao: icao, iata: hasIata ? iata : nil
        )
        return .tenant(.created(details))
    }
}

extension ProtoTenantHostAdded: EventMessage {
    static let eventType = "tenant.host-added"
    func event() -> DomainEvent { .tenant(.hostAdded(host)) }
}

extension ProtoTenantHostRemoved: EventMessage {
    static let eventType = "tenant.host-removed"
    func event() -> DomainEvent { .tenant(.hostRemoved(host)) }
}

extension ProtoTenantSettingsChanged: EventMessage {
    static let eventType = "tenant.settings-changed"
    func event() throws(FieldError) -> DomainEvent {
        guard hasSettings else { throw FieldError("TenantSettingsChanged.settings") }
        return .tenant(.settingsChanged(try settings.value()))
    }
}

extension ProtoTenantNoticePosted: EventMessage {
    static let eventType = "tenant.notice-posted"
    init(_ notice: Notice) {
        self.init()
        id = notice.id.data
        number = Int64(notice.number)
        title = notice.title
        body = notice.body
        postedBy = notice.postedBy
        postedAtMs = notice.postedAt.milliseconds
    }
    func event() throws(FieldError) -> DomainEvent {
        let notice = Notice(
            id: try NoticeID(id, "TenantNoticePosted.id"), number: Int(number), title: title, body: body,
            postedBy: postedBy, postedAt: Timestamp(milliseconds: postedAtMs)
        )
        return .tenant(.noticePosted(notice))
    }
}

extension ProtoTenantNoticeWithdrawn: EventMessage {
    static let eventType = "tenant.notice-withdrawn"
    func event() throws(FieldError) -> DomainEvent {
        .tenant(.noticeWithdrawn(try NoticeID(id, "TenantNoticeWithdrawn.id")))
    }
}

extension ProtoTenantSettings {
    init(_ settings: TenantSettings) {
        self.init()
        livePublic = settings.livePublic
        bookingExclusive = settings.bookingExclusive
        chartersAllowed = settings.chartersAllowed
        liveMin = Int64(settings.liveMinutes)
        abandonHours = Int64(settings.abandonHours)
        airlineCodes = settings.airlineCodes
        pilotOffset = Int64(settings.pilotOffset)
        if let value = settings.hub { hub = value }
        bookingMaximum = Int64(settings.bookingMaximum)
        sameAddressMin = Int64(settings.sameAddressMinutes)
        disabledAdapters = settings.disabledAdapters
        trackerOptions = ProtoNamedText.list(settings.trackerOptions)
    }
    func value() throws(FieldError) -> TenantSettings {
        var settings = TenantSettings()
        settings.livePublic = livePublic
        settings.bookingExclusive = bookingExclusive
        settings.chartersAllowed = chartersAllowed
        settings.liveMinutes = Int(liveMin)
        settings.abandonHours = Int(abandonHours)
        settings.airlineCodes = airlineCodes
        settings.pilotOffset = Int(pilotOffset)
        settings.hub = hasHub ? hub : nil
        settings.bookingMaximum = Int(bookingMaximum)
        settings.sameAddressMinutes = Int(sameAddressMin)
        settings.disabledAdapters = disabledAdapters
        settings.trackerOptions = try trackerOptions.values("TenantSettings.tracker_options")
        return settings
    }
}
