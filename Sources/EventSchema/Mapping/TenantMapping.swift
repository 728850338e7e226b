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
        return .tenant(.settingsChanged(settings.value))
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
    }
    var value: TenantSettings {
        var settings = TenantSettings()
        settings.livePublic = livePublic
        settings.bookingExclusive = bookingExclusive
        settings.chartersAllowed = chartersAllowed
        settings.liveMinutes = Int(liveMin)
        settings.abandonHours = Int(abandonHours)
        return settings
    }
}
