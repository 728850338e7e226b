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

    public init() {}

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
    public init() {}
}

public enum TenantCommand: Sendable {
    case create(TenantDetails)
    case addHost(String)
    case removeHost(String)
    case changeSettings(TenantSettings)
}

public enum TenantEvent: Hashable, Sendable {
    case created(TenantDetails)
    case hostAdded(String)
    case hostRemoved(String)
    case settingsChanged(TenantSettings)
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
