public import Domain

#if canImport(FoundationEssentials)
public import FoundationEssentials
#else
public import Foundation
#endif

/// An aggregate whose state gives lookups: documents written in the append transaction, which decisions and tracker
/// replies read. They follow from the stream alone, so a replay gives the same documents.
public protocol LookupSource: Aggregate {
    static func lookups(id: UUID, before: Self, after: Self) -> [DocumentWrite]
}

/// Kinds of lookup documents.
enum LookupKind {
    static let tenantBySlug = "tenant-slug"
    static let tenantByID = "tenant"
    static let tenantByHost = "tenant-host"
    static let user = "user"
    static let userByNumber = "user-number"
    static let userByEmail = "user-email"
    static let userByIdent = "user-ident"
    static let apiKey = "apikey"
    static let apiKeyByHash = "apikey-hash"
    static let aircraft = "aircraft"
    static let aircraftByRegistration = "aircraft-registration"
    static let schedule = "schedule"
    static let scheduleByID = "schedule-id"
    static let scheduleByCode = "schedule-code"
    static let booking = "booking"
    static let bookingOfUser = "booking-user"
    static let flight = "flight"
    static let flightByNumber = "flight-number"
    /// Key `booking/family of adapters`: two trackers on one booking are two flights.
    static let flightOfBooking = "flight-booking"
    /// Key `user/number`.
    static let flightOfUser = "flight-user"
    static let flightByCode = "flight-code"
    /// Key `user/adapter/legs`: the latest flight of them.
    static let flightByLegs = "flight-legs"
    /// Flights under way, by number.
    static let flightOpen = "flight-open"
    static let reportOfUser = "report-user"
}

/// A number as a key that sorts like the number.
func sortable(_ number: Int) -> String {
    let digits = String(number)
    return String(repeating: "0", count: max(0, 10 - digits.utf8.count)) + digits
}

enum DocumentCoding {
    static func encode(_ value: some Encodable) -> [UInt8] {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        // Every value encoded here is a plain struct of finite numbers and text; an empty document is unreadable and
        // shows up in `verify` rather than taking the process down.
        return (try? encoder.encode(value)).map { Array($0) } ?? []
    }
    static func decode<Value: Decodable>(_ type: Value.Type, _ bytes: [UInt8]) -> Value? {
        try? JSONDecoder().decode(type, from: Data(bytes))
    }
}

extension Tenant: LookupSource {
    public static func lookups(id: UUID, before: Tenant, after: Tenant) -> [DocumentWrite] {
        guard before != after else { return [] }
        let key = id.uuidString.lowercased()
        var writes: [DocumentWrite] = [
            .put(kind: LookupKind.tenantByID, key: key, value: DocumentCoding.encode(after)),
            .put(kind: LookupKind.tenantBySlug, key: after.slug, value: Array(key.utf8)),
        ]
        for host in before.hosts where !after.hosts.contains(host) {
            writes.append(.delete(kind: LookupKind.tenantByHost, key: host))
        }
        for host in after.hosts where !before.hosts.contains(host) {
            writes.append(.put(kind: LookupKind.tenantByHost, key: host, value: Array(key.utf8)))
        }
        return writes
    }
}

extension User: LookupSource {
    public static func lookups(id: UUID, before: User, after: User) -> [DocumentWrite] {
        guard before != after, let profile = after.profile else { return [] }
        let key = id.uuidString.lowercased()
        var writes: [DocumentWrite] = [
            .put(kind: LookupKind.user, key: key, value: DocumentCoding.encode(after))
        ]
        if before.profile == nil {
            writes += [
                .put(kind: LookupKind.userByNumber, key: sortable(profile.number), value: Array(key.utf8)),
                .put(kind: LookupKind.userByIdent, key: profile.ident, value: Array(key.utf8)),
            ]
            // Whoever was erased has none, in a replay from the start.
            if !profile.email.isEmpty {
                writes.append(.put(kind: LookupKind.userByEmail, key: profile.email, value: Array(key.utf8)))
            }
        }
        if let old = before.profile?.email, old != profile.email, !old.isEmpty {
            writes.append(.delete(kind: LookupKind.userByEmail, key: old))
        }
        return writes
    }
}

extension ApiKey: LookupSource {
    public static func lookups(id: UUID, before: ApiKey, after: ApiKey) -> [DocumentWrite] {
        guard before != after, let details = after.details else { return [] }
        let key = id.uuidString.lowercased()
        return [.put(kind: LookupKind.apiKey, key: key, value: DocumentCoding.encode(after))]
            + ([details.hash] + (details.digests ?? [])).map { hash in
                after.isRevoked
                    ? .delete(kind: LookupKind.apiKeyByHash, key: hash)
                    : .put(kind: LookupKind.apiKeyByHash, key: hash, value: Array(key.utf8))
            }
    }
}

extension Aircraft: LookupSource {
    public static func lookups(id: UUID, before: Aircraft, after: Aircraft) -> [DocumentWrite] {
        guard before != after, let details = after.details else { return [] }
        let key = sortable(details.number)
        var writes: [DocumentWrite] = [
            .put(kind: LookupKind.aircraft, key: key, value: DocumentCoding.encode(details)),
            .put(kind: LookupKind.aircraftByRegistration, key: details.registration, value: Array(key.utf8)),
        ]
        if let old = before.details?.registration, old != details.registration {
            writes.append(.delete(kind: LookupKind.aircraftByRegistration, key: old))
        }
        return writes
    }
}

extension Schedule: LookupSource {
    public static func lookups(id: UUID, before: Schedule, after: Schedule) -> [DocumentWrite] {
        guard before != after, let details = after.details else { return [] }
        let key = sortable(details.number)
        let byID = id.uuidString.lowercased()
        if after.isWithdrawn {
            // Kept by number for bookings made before; gone from searches and from the import's matching.
            return [
                .put(kind: LookupKind.schedule, key: key, value: DocumentCoding.encode(after)),
                .delete(kind: LookupKind.scheduleByCode, key: details.code),
            ]
        }
        var writes: [DocumentWrite] = [
            .put(kind: LookupKind.schedule, key: key, value: DocumentCoding.encode(after)),
            .put(kind: LookupKind.scheduleByID, key: byID, value: Array(key.utf8)),
        ]
        if let old = before.details?.code, old != details.code {
            writes.append(.delete(kind: LookupKind.scheduleByCode, key: old))
        }
        if details.charterOf == nil {
            writes.append(.put(kind: LookupKind.scheduleByCode, key: details.code, value: Array(byID.utf8)))
        }
        return writes
    }
}

extension ScheduleDetails {
    /// What an import matches by: code, number and airports.
    var code: String { "\(airline)|\(flightNumber)|\(departure)|\(arrival)" }
}

extension Booking: LookupSource {
    public static func lookups(id: UUID, before: Booking, after: Booking) -> [DocumentWrite] {
        guard before != after, let details = after.details else { return [] }
        let key = sortable(details.number)
        let ofUser = "\(details.user)/\(key)"
        return [
            .put(kind: LookupKind.booking, key: key, value: DocumentCoding.encode(after)),
            after.state == .open
                ? .put(kind: LookupKind.bookingOfUser, key: ofUser, value: Array(key.utf8))
                : .delete(kind: LookupKind.bookingOfUser, key: ofUser),
        ]
    }
}

/// A flight without its positions.
public struct FlightRecord: Codable, Hashable, Sendable {
    public let opening: FlightOpening
    public let state: Flight.State
    public let endedAt: Timestamp?
}

extension FlightOpening {
    /// A booking as one protocol knows its flight by; the dialects of a protocol (`smartcars3-v7`) are one.
    static func key(booking: Int, adapter: String) -> String {
        "\(sortable(booking))/\(adapter.prefix { $0 != "-" })"
    }
    /// What a protocol without ids tells the pilot's flights apart by: callsign and airports.
    public static func legs(callsign: String, departure: ICAOLocation?, arrival: ICAOLocation?) -> String {
        "\(callsign)|\(departure?.code ?? "")|\(arrival?.code ?? "")"
    }
    public var legs: String { Self.legs(callsign: callsign, departure: departure, arrival: arrival) }
}

extension Flight: LookupSource {
    public static func lookups(id: UUID, before: Flight, after: Flight) -> [DocumentWrite] {
        // Positions, the only hot event, touch no lookup.
        guard before.state != after.state || before.positionCount == after.positionCount, let opening = after.opening,
            before.state != after.state || before.opening != opening
        else { return [] }
        let key = id.uuidString.lowercased()
        let isOpen = after.state == .open
        var writes: [DocumentWrite] = [
            .put(
                kind: LookupKind.flight, key: key,
                value: DocumentCoding.encode(
                    FlightRecord(opening: opening, state: after.state, endedAt: after.endedAt))
            ),
            isOpen
                ? .put(kind: LookupKind.flightOpen, key: sortable(opening.number), value: Array(key.utf8))
                : .delete(kind: LookupKind.flightOpen, key: sortable(opening.number)),
        ]
        if before.opening == nil {
            let owner = "\(opening.user)/"
            writes += [
                .put(kind: LookupKind.flightByNumber, key: sortable(opening.number), value: Array(key.utf8)),
                .put(kind: LookupKind.flightOfUser, key: owner + sortable(opening.number), value: Array(key.utf8)),
                .put(
                    kind: LookupKind.flightByLegs, key: "\(owner)\(opening.adapter)/\(opening.legs)",
                    value: Array(key.utf8)
                ),
            ]
            if let code = opening.code {
                writes.append(.put(kind: LookupKind.flightByCode, key: code, value: Array(key.utf8)))
            }
        }
        if let booking = opening.booking {
            // A cancelled flight gives its booking free for another; a filed one keeps it, so a repeat finds its report.
            let ofBooking = FlightOpening.key(booking: booking.number, adapter: opening.adapter)
            writes.append(
                after.state == .cancelled
                    ? .delete(kind: LookupKind.flightOfBooking, key: ofBooking)
                    : .put(kind: LookupKind.flightOfBooking, key: ofBooking, value: Array(key.utf8))
            )
        }
        return writes
    }
}

/// A report as lists and figures need it.
public struct ReportRecord: Codable, Hashable, Sendable {
    public let flight: FlightID
    public let number: Int
    public let filedAt: Timestamp
    public let state: PIREP.State
    public let aircraft: Int?
    public let route: String
    public let flightTime: Minutes?
    public let flightTimeHours: Double?
    public let landingRate: FeetPerMinute?
    public let fuelUsedAsSent: Double?
}

extension PIREP: LookupSource {
    public static func lookups(id: UUID, before: PIREP, after: PIREP) -> [DocumentWrite] {
        guard before.state != after.state, let report = after.report else { return [] }
        let record = ReportRecord(
            flight: report.flight, number: report.number, filedAt: report.filedAt, state: after.state,
            aircraft: report.content.aircraft, route: report.content.route,
            flightTime: report.content.flightTime ?? report.content.blockTime,
            flightTimeHours: report.flightTimeHours, landingRate: report.content.landingRate,
            fuelUsedAsSent: report.fuelUsedAsSent
        )
        return [
            .put(
                kind: LookupKind.reportOfUser, key: "\(report.user)/\(sortable(report.number))",
                value: DocumentCoding.encode(record)
            )
        ]
    }
}
