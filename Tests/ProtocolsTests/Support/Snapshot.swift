import Domain
import Protocols

/// Decoded frames as JSON, for fixtures: structures are objects without their absent fields, an enumeration case with a
/// payload is an object of one member, times are ISO 8601.
enum Snapshot {
    static func of(_ frame: DecodedFrame) -> JSONValue {
        var members: [JSONObject.Member] = []
        switch frame.credential {
        case .none: members.append(.init("credential", .null))
        case .session(let token): members.append(.init("credential", .string(token)))
        case .clientSession, .key, .pilot, .named: members.append(.init("credential", of(any: frame.credential)))
        }
        switch frame.outcome {
        case .success(let request): members.append(.init("request", of(any: request)))
        case .failure(let error): members.append(.init("error", of(any: error)))
        }
        if let client = frame.client { members.append(.init("client", .string(client))) }
        if let subject = frame.subject { members.append(.init("subject", of(any: subject))) }
        if !frame.unrecognised.isEmpty { members.append(.init("unrecognised", of(any: frame.unrecognised))) }
        return .object(JSONObject(members))
    }

    private static func of(any value: Any) -> JSONValue {
        switch value {
        case let text as String: return .string(text)
        case let number as Int: return .integer(Int64(number))
        case let number as Double: return number == number.rounded() ? .integer(Int64(number)) : .double(number)
        case let flag as Bool: return .bool(flag)
        case let time as Timestamp: return .string(time.iso8601)
        case let minutes as Minutes: return .integer(Int64(minutes.rawValue))
        case let quantity as any Quantity: return of(any: quantity.rawValue)
        case let name as any RawRepresentable: return of(any: name.rawValue)
        case let pairs as [String: String]:
            return .object(JSONObject(pairs.sorted { $0.key < $1.key }.map { .init($0.key, .string($0.value)) }))
        default: break
        }
        let mirror = Mirror(reflecting: value)
        switch mirror.displayStyle {
        case .optional: return mirror.children.first.map { of(any: $0.value) } ?? .null
        case .collection: return .array(mirror.children.map { of(any: $0.value) })
        case .enum:
            guard let payload = mirror.children.first, let name = payload.label else { return .string("\(value)") }
            return .object(JSONObject([.init(name, of(any: payload.value))]))
        default:
            let members = mirror.children.compactMap { child -> JSONObject.Member? in
                let value = of(any: child.value)
                return value == .null ? nil : .init(child.label ?? "?", value)
            }
            return .object(JSONObject(members))
        }
    }

    /// The same value with members in alphabetical order, without those that are false or empty: requests have many fields
    /// of which one frame uses few.
    static func sorted(_ value: JSONValue) -> JSONValue {
        switch value {
        case .array(let elements): .array(elements.map(sorted))
        case .object(let object):
            .object(
                JSONObject(
                    object.members.sorted { $0.name < $1.name }.map { .init($0.name, sorted($0.value)) }
                        .filter { ![.bool(false), .array([]), .object(JSONObject([]))].contains($0.value) }
                )
            )
        default: value
        }
    }
}
