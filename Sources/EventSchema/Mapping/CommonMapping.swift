internal import Domain
internal import SwiftProtobuf

#if canImport(FoundationEssentials)
internal import FoundationEssentials
#else
internal import Foundation
#endif

extension Identifier {
    /// The 16 bytes in order.
    var data: Data { withUnsafeBytes(of: uuid.uuid) { Data($0) } }

    init(_ data: Data, _ field: @autoclosure () -> String) throws(FieldError) {
        guard data.count == 16 else { throw FieldError(field()) }
        self.init(UUID(uuid: data.withUnsafeBytes { $0.loadUnaligned(as: uuid_t.self) }))
    }
}

extension ICAOLocation {
    init(_ code: String, _ field: @autoclosure () -> String) throws(FieldError) {
        guard let location = ICAOLocation(code) else { throw FieldError(field()) }
        self = location
    }
}

extension Quantity {
    /// `nil` where the message has no value.
    init?(_ value: Double, if isPresent: Bool) {
        guard isPresent else { return nil }
        self.init(rawValue: value)
    }
}

extension Minutes {
    init?(_ value: Int64, if isPresent: Bool) {
        guard isPresent else { return nil }
        self.init(Int(value))
    }
}

extension Timestamp {
    init?(_ milliseconds: Int64, if isPresent: Bool) {
        guard isPresent else { return nil }
        self.init(milliseconds: milliseconds)
    }
}

extension ProtoPosition {
    init(_ position: Position) {
        self.init()
        latitude = position.latitude
        longitude = position.longitude
    }
    func value(_ field: @autoclosure () -> String) throws(FieldError) -> Position {
        guard let position = Position(latitude: latitude, longitude: longitude) else { throw FieldError(field()) }
        return position
    }
}

extension ProtoInterval {
    init(_ interval: Finding.Interval) {
        self.init()
        firstMs = interval.first.milliseconds
        lastMs = interval.last.milliseconds
    }
    var value: Finding.Interval {
        Finding.Interval(first: Timestamp(milliseconds: firstMs), last: Timestamp(milliseconds: lastMs))
    }
}

extension ProtoRulesetReference {
    init(_ ruleset: RulesetReference) {
        self.init()
        id = ruleset.id
        version = Int64(ruleset.version)
        hash = ruleset.hash
    }
    var value: RulesetReference { RulesetReference(id: id, version: Int(version), hash: hash) }
}

extension ProtoPhaseOfFlight {
    init(_ phase: PhaseOfFlight) {
        self =
            switch phase {
            case .boarding: .boarding
            case .pushback: .pushback
            case .taxiOut: .taxiOut
            case .takeoff: .takeoff
            case .climb: .climb
            case .cruise: .cruise
            case .descent: .descent
            case .approach: .approach
            case .landing: .landing
            case .taxiIn: .taxiIn
            case .arrived: .arrived
            }
    }
    func value(_ field: @autoclosure () -> String) throws(FieldError) -> PhaseOfFlight {
        switch self {
        case .boarding: .boarding
        case .pushback: .pushback
        case .taxiOut: .taxiOut
        case .takeoff: .takeoff
        case .climb: .climb
        case .cruise: .cruise
        case .descent: .descent
        case .approach: .approach
        case .landing: .landing
        case .taxiIn: .taxiIn
        case .arrived: .arrived
        case .unspecified, .UNRECOGNIZED: throw FieldError(field())
        }
    }
}
