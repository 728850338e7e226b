/// A virtual airline (or the reserved `platform`). Its stream lives in the platform tenant, with slug and hosts reserved.
public struct Tenant: Aggregate, Codable, Equatable {
    public static let category = StreamCategory.tenant

    public var id: TenantID?
    public var slug = ""
    public var name = ""
    /// ICAO airline designator, e.g. `VMS`.
    public var icao = ""
    public var iata: String?
    public var hosts: [String] = []
    public var settings = TenantSettings()
    /// Newest first, at most ``noticeLimit``.
    public var notices: [Notice] = []
    /// Notices that are kept.
    public static let noticeLimit = 20

    public init() {}

    /// Documents that were stored before notices existed have none.
    public init(from decoder: any Decoder) throws {
        let values = try decoder.container(keyedBy: CodingKeys.self)
        id = try values.decodeIfPresent(TenantID.self, forKey: .id)
        slug = try values.decode(String.self, forKey: .slug)
        name = try values.decode(String.self, forKey: .name)
        icao = try values.decode(String.self, forKey: .icao)
        iata = try values.decodeIfPresent(String.self, forKey: .iata)
        hosts = try values.decode([String].self, forKey: .hosts)
        settings = try values.decode(TenantSettings.self, forKey: .settings)
        notices = try values.decodeIfPresent([Notice].self, forKey: .notices) ?? []
    }

    /// Every airline code of the tenant, its own first.
    public var codes: [String] { [icao] + settings.airlineCodes.filter { $0 != icao } }

    public func decide(_ command: TenantCommand) throws(TenantRejection) -> [TenantEvent] {
        switch command {
        case .create(let details):
            if id == details.id { return [] }
            guard TenantSlug.isValid(details.slug) else { throw .slugRefused(details.slug) }
            guard (2...4).contains(details.icao.utf8.count) else { throw .icaoRefused(details.icao) }
            return [.created(details)]
        case .addHost(let host):
            guard id != nil else { throw .unknown }
            return hosts.contains(host) ? [] : [.hostAdded(host)]
        case .removeHost(let host):
            guard id != nil else { throw .unknown }
            return hosts.contains(host) ? [.hostRemoved(host)] : []
        case .changeSettings(let new):
            guard id != nil else { throw .unknown }
            return new == settings ? [] : [.settingsChanged(new)]
        case .postNotice(let notice):
            guard id != nil else { throw .unknown }
            return notices.contains { $0.id == notice.id } ? [] : [.noticePosted(notice)]
        case .withdrawNotice(let notice):
            guard id != nil else { throw .unknown }
            return notices.contains { $0.id == notice } ? [.noticeWithdrawn(notice)] : []
        }
    }

    public mutating func apply(_ event: TenantEvent) {
        switch event {
        case .created(let details):
            id = details.id
            slug = details.slug
            name = details.name
            icao = details.icao
            iata = details.iata
        case .hostAdded(let host): hosts.append(host)
        case .hostRemoved(let host): hosts.removeAll { $0 == host }
        case .settingsChanged(let new): settings = new
        case .noticePosted(let notice):
            notices.insert(notice, at: 0)
            if notices.count > Self.noticeLimit { notices.removeLast() }
        case .noticeWithdrawn(let notice): notices.removeAll { $0.id == notice }
        }
    }
}

public struct TenantDetails: Hashable, Sendable, Codable {
    public let id: TenantID
    public let slug: String
    public let name: String
    public let icao: String
    public let iata: String?
    public init(id: TenantID, slug: String, name: String, icao: String, iata: String?) {
        self.id = id
        self.slug = slug
        self.name = name
        self.icao = icao
        self.iata = iata
    }
}

/// What an airline can set. Defaults: `architecture.md` section 10 of the contract.
public struct TenantSettings: Hashable, Sendable, Codable {
    /// Visitors may read the live map.
    public var livePublic = false
    /// One pilot per schedule entry.
    public var bookingExclusive = true
    public var chartersAllowed = true
    /// No data for this long: the marker is stale.
    public var liveMinutes = 15
    public var abandonHours = 24
    /// Codes of further airlines of the tenant, upper case.
    public var airlineCodes: [String] = []
    /// What the number in a pilot code is above the pilot's own number (phpVMS `PILOTID_OFFSET`).
    public var pilotOffset = 0
    /// Where pilots begin who have filed nothing yet.
    public var hub: String?
    /// Open bookings one pilot may have; 0 is no limit.
    public var bookingMaximum = 0
    /// Minutes for which a log-in also proves calls without a secret from the same address; 0 is off.
    public var sameAddressMinutes = 0
    /// Adapters that are switched off, by id.
    public var disabledAdapters: [String] = []
    /// Settings of trackers by name (`kacars.version`); what is absent has the adapter's default.
    public var trackerOptions: [String: String] = [:]
    public init() {}

    /// Settings that were stored before some of these existed read as their defaults.
    public init(from decoder: any Decoder) throws {
        let values = try decoder.container(keyedBy: CodingKeys.self)
        func take<Value: Decodable>(
            _ property: WritableKeyPath<TenantSettings, Value>, _ key: CodingKeys, into settings: inout TenantSettings
        ) throws {
            if let value = try values.decodeIfPresent(Value.self, forKey: key) { settings[keyPath: property] = value }
        }
        self.init()
        try take(\.livePublic, .livePublic, into: &self)
        try take(\.bookingExclusive, .bookingExclusive, into: &self)
        try take(\.chartersAllowed, .chartersAllowed, into: &self)
        try take(\.liveMinutes, .liveMinutes, into: &self)
        try take(\.abandonHours, .abandonHours, into: &self)
        try take(\.airlineCodes, .airlineCodes, into: &self)
        try take(\.pilotOffset, .pilotOffset, into: &self)
        hub = try values.decodeIfPresent(String.self, forKey: .hub)
        try take(\.bookingMaximum, .bookingMaximum, into: &self)
        try take(\.sameAddressMinutes, .sameAddressMinutes, into: &self)
        try take(\.disabledAdapters, .disabledAdapters, into: &self)
        try take(\.trackerOptions, .trackerOptions, into: &self)
    }
}

/// What an airline tells its pilots; trackers show it as news.
public struct Notice: Hashable, Sendable, Codable {
    public let id: NoticeID
    /// 1, 2, 3 … within the tenant.
    public let number: Int
    public let title: String
    /// Plain text or HTML, as written; never trusted as HTML.
    public let body: String
    public let postedBy: String
    public let postedAt: Timestamp
    public init(id: NoticeID, number: Int, title: String, body: String, postedBy: String, postedAt: Timestamp) {
        self.id = id
        self.number = number
        self.title = title
        self.body = body
        self.postedBy = postedBy
        self.postedAt = postedAt
    }
}

public enum TenantCommand: Sendable {
    case create(TenantDetails)
    case addHost(String)
    case removeHost(String)
    case changeSettings(TenantSettings)
    case postNotice(Notice)
    case withdrawNotice(NoticeID)
}

public enum TenantEvent: Hashable, Sendable {
    case created(TenantDetails)
    case hostAdded(String)
    case hostRemoved(String)
    case settingsChanged(TenantSettings)
    case noticePosted(Notice)
    case noticeWithdrawn(NoticeID)
}

public enum TenantRejection: Error, Hashable, Sendable {
    case unknown
    case slugRefused(String)
    case icaoRefused(String)
}

/// The part of URLs that names a tenant.
public enum TenantSlug {
    /// Slugs that are parts of the server's own URLs.
    public static let refused: Set<String> = [
        "login", "platform", "admin", "api", "acars", "v1", "static", "embed", "healthz", "readyz", "metrics", "debug",
        "action.php",
    ]
    /// `[a-z][a-z0-9-]{1,30}` and none of ``refused``.
    public static func isValid(_ slug: String) -> Bool {
        let bytes = Array(slug.utf8)
        guard (2...31).contains(bytes.count), (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(bytes[0]) else {
            return false
        }
        return !refused.contains(slug)
            && bytes.allSatisfy {
                (UInt8(ascii: "a")...UInt8(ascii: "z")).contains($0)
                    || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) || $0 == UInt8(ascii: "-")
            }
    }
}
