#if canImport(FoundationEssentials)
public import FoundationEssentials
#else
public import Foundation
#endif

/// The id of one kind of entity: a UUID, made as version 7 so that ids sort by the time they were made (RFC 9562, 5.7).
public struct Identifier<Entity>: Hashable, Sendable, Codable, CustomStringConvertible {
    public let uuid: UUID

    public init(_ uuid: UUID) { self.uuid = uuid }
    /// Reads the 36-character text form, upper or lower case.
    public init?(_ text: some StringProtocol) {
        guard text.utf8.count == 36, let uuid = UUID(uuidString: String(text)) else { return nil }
        self.uuid = uuid
    }
    /// A new id.
    /// - Parameter now: Time that goes into the first 48 bits.
    public static func make(at now: Timestamp) -> Identifier { Identifier(UUID.version7(at: now)) }

    /// Lower-case, 36 characters.
    public var description: String { uuid.uuidString.lowercased() }

    public init(from decoder: any Decoder) throws {
        let text = try decoder.singleValueContainer().decode(String.self)
        guard let value = Identifier(text) else {
            throw DecodingError.dataCorrupted(.init(codingPath: decoder.codingPath, debugDescription: "not a UUID"))
        }
        self = value
    }
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(description)
    }
}

extension UUID {
    /// A version 7 UUID: 48 bits of milliseconds, 74 random bits (RFC 9562, section 5.7).
    public static func version7(at now: Timestamp) -> UUID {
        var generator = SystemRandomNumberGenerator()
        let high = generator.next()
        let low = generator.next()
        let time = UInt64(bitPattern: now.milliseconds) & 0xFFFF_FFFF_FFFF
        return UUID(high: time << 16 | 0x7000 | (high & 0x0FFF), low: 0x8000_0000_0000_0000 | (low >> 2))
    }

    /// The two big-endian halves of the 16 bytes.
    public init(high: UInt64, low: UInt64) {
        func byte(_ word: UInt64, _ index: UInt64) -> UInt8 { UInt8(truncatingIfNeeded: word >> (56 - index * 8)) }
        self.init(
            uuid: (
                byte(high, 0), byte(high, 1), byte(high, 2), byte(high, 3), byte(high, 4), byte(high, 5),
                byte(high, 6), byte(high, 7), byte(low, 0), byte(low, 1), byte(low, 2), byte(low, 3), byte(low, 4),
                byte(low, 5), byte(low, 6), byte(low, 7)
            )
        )
    }

    /// The 16 bytes in order.
    public var bytes: [UInt8] { withUnsafeBytes(of: uuid) { Array($0) } }

    /// - Returns: `nil` unless there are exactly 16 bytes.
    public init?(bytes: some Collection<UInt8>) {
        guard bytes.count == 16 else { return nil }
        var high: UInt64 = 0
        var low: UInt64 = 0
        for (index, byte) in bytes.enumerated() {
            if index < 8 { high = high << 8 | UInt64(byte) } else { low = low << 8 | UInt64(byte) }
        }
        self.init(high: high, low: low)
    }
}

public typealias TenantID = Identifier<Tenant>
public typealias UserID = Identifier<User>
public typealias ApiKeyID = Identifier<ApiKey>
public typealias AircraftID = Identifier<Aircraft>
public typealias ScheduleID = Identifier<Schedule>
public typealias BookingID = Identifier<Booking>
/// A notice of an airline to its pilots.
public typealias NoticeID = Identifier<Notice>
/// A PIREP has the id of its flight.
public typealias FlightID = Identifier<Flight>
