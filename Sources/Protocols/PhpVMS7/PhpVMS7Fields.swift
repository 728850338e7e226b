import Domain

/// Takes fields out of a request and collects what is wrong with them, in the order they are asked for. Texts are
/// trimmed, and an empty text is null: spec, section 1.2.
struct PhpVMS7Fields {
    private let members: JSONObject
    /// The body was neither JSON nor a form.
    let isMalformed: Bool
    /// In front of names in faults: `positions.0.`.
    private let prefix: String
    private(set) var faults: [DecodeError.Fault] = []
    private var asked: [String] = []

    init(_ members: JSONObject, prefix: String = "", isMalformed: Bool = false) {
        self.members = members
        self.prefix = prefix
        self.isMalformed = isMalformed
    }

    /// Query and body are one namespace; the body wins.
    init(_ frame: RawFrame) {
        var members: [JSONObject.Member] = []
        var isMalformed = false
        if !frame.query.isEmpty, let query = FormDecoder.decode(frame.query.utf8) { members = query.members }
        if !frame.body.isEmpty {
            if frame.contentType?.lowercased().hasPrefix("application/x-www-form-urlencoded") == true {
                if let form = FormDecoder.decode(frame.body) { members += form.members } else { isMalformed = true }
            } else if let value = try? JSON.decode(frame.body, limits: Self.limits) {  // a failure is told as such
                if case .object(let object) = value { members += object.members }
            } else {
                isMalformed = true
            }
        }
        self.init(JSONObject(members), isMalformed: isMalformed)
    }

    private static let limits: JSON.Limits = {
        var limits = JSON.Limits()
        limits.values = 1_000_000
        return limits
    }()

    /// Whether the field was sent, null or not.
    func isSent(_ name: String) -> Bool { members[name] != nil }

    /// The value of a field; nil when it is missing, null or an empty text.
    subscript(name: String) -> JSONValue? {
        mutating get {
            asked.append(name)
            return Self.cleaned(members[name])
        }
    }

    static func cleaned(_ value: JSONValue?) -> JSONValue? {
        switch value {
        case .null?, nil: return nil
        case .string(let text)?:
            let clean = LegacyText.trimmed(text.utf8.contains(0) ? text.filter { $0 != "\0" } : text)
            return clean.isEmpty ? nil : .string(clean)
        case .bool, .integer, .double, .array, .object: return value
        }
    }

    mutating func fault(_ name: String, _ message: String) {
        faults.append(DecodeError.Fault(prefix + name, message))
    }
    mutating func add(_ faults: [DecodeError.Fault]) { self.faults += faults }
    /// `The block fuel must be a number.`
    private func sentence(_ name: String, _ rest: String) -> String {
        "The \(prefix)\(name.split(separator: "_").joined(separator: " ")) \(rest)"
    }

    /// - Throws: What was wrong with the fields asked for so far.
    func check() throws(DecodeError) {
        var faults = faults
        if isMalformed, faults.isEmpty { faults = [DecodeError.Fault("body", "The body is not valid JSON.")] }
        guard let first = faults.first else { return }
        var error = DecodeError(
            isMalformed ? .malformed : .invalidField, field: first.field,
            message: faults.map(\.message).joined(separator: ", "), status: 400)
        error.faults = faults
        throw error
    }

    // MARK: Scalars

    /// - Parameter missing: What is said when the field is missing; nil where it may be.
    mutating func text(_ name: String, missing: String? = nil, limit: Int = 4096) -> String? {
        guard let value = self[name] else {
            if let missing { fault(name, missing) }
            return nil
        }
        guard let text = value.plainText else {
            fault(name, sentence(name, "must be a string."))
            return nil
        }
        return LegacyText.cut(text, to: limit)
    }

    /// A number of any size that can be meant.
    mutating func number(_ name: String, isRequired: Bool = false) -> Double? {
        guard let value = self[name] else {
            if isRequired { fault(name, sentence(name, "field is required.")) }
            return nil
        }
        guard let number = value.numeric, number.magnitude <= 1e9 else {
            fault(name, sentence(name, "must be a number."))
            return nil
        }
        return number
    }

    /// The number of a measurement, which is left out when no instrument shows it: a batch must not fail for it.
    mutating func measurement(_ name: String) -> Double? {
        guard let value = self[name] else { return nil }
        guard let number = value.numeric else {
            fault(name, sentence(name, "must be a number."))
            return nil
        }
        return number.magnitude <= 1e9 ? number : nil
    }

    /// Any scalar; what is no number is none.
    mutating func loose(_ name: String) -> Double? {
        guard let number = self[name]?.numeric, number.magnitude <= 1e9 else { return nil }
        return number
    }

    static func whole(_ value: JSONValue?) -> Int? {
        guard let number = value?.numeric, number.magnitude <= 2_147_483_647 else { return nil }
        return Int(exactly: number)
    }

    mutating func integer(_ name: String, message: String? = nil, isRequired: Bool = false) -> Int? {
        guard let value = self[name] else {
            if isRequired { fault(name, message ?? sentence(name, "field is required.")) }
            return nil
        }
        guard let number = Self.whole(value) else {
            fault(name, message ?? sentence(name, "must be an integer."))
            return nil
        }
        return number
    }

    /// The number of an entity that the gateway looks up.
    mutating func id(_ name: String, missing: String? = nil, unknown: String) -> Int? {
        guard let value = self[name] else {
            if let missing { fault(name, missing) }
            return nil
        }
        guard let number = Self.whole(value), number > 0 else {
            fault(name, unknown)
            return nil
        }
        return number
    }

    mutating func date(_ name: String) -> Timestamp? {
        guard let value = self[name] else { return nil }
        guard case .string(let text) = value, text.utf8.count <= 40, let time = Timestamp(iso8601: text) else {
            fault(name, sentence(name, "is not a valid date."))
            return nil
        }
        return time
    }

    // MARK: Lists

    /// The elements of a list that must not be empty, each with its own fields.
    mutating func elements(_ name: String) -> [PhpVMS7Fields]? {
        guard let value = self[name] else {
            fault(name, sentence(name, "field is required."))
            return nil
        }
        guard case .array(let list) = value, !list.isEmpty else {
            fault(name, sentence(name, "field is required."))
            return nil
        }
        return list.enumerated().map { Self.element($1, "\(name).\($0).") }
    }

    /// The elements of a list that may be missing or empty.
    mutating func optionalElements(_ name: String) -> [PhpVMS7Fields]? {
        guard let value = self[name] else { return nil }
        guard case .array(let list) = value else {
            fault(name, sentence(name, "must be an array."))
            return nil
        }
        return list.enumerated().map { Self.element($1, "\(name).\($0).") }
    }

    /// What is no object has no fields, so that the required ones are missing.
    private static func element(_ value: JSONValue, _ prefix: String) -> PhpVMS7Fields {
        if case .object(let object) = value { return PhpVMS7Fields(object, prefix: prefix) }
        return PhpVMS7Fields(JSONObject(), prefix: prefix)
    }

    /// Names and values as text; an empty list is an empty object.
    mutating func map(_ name: String, isRequired: Bool = false) -> [String: String]? {
        guard let value = self[name] else {
            if isRequired { fault(name, sentence(name, "field is required.")) }
            return nil
        }
        switch value {
        case .array(let list) where list.isEmpty: return [:]
        case .object(let object):
            var map: [String: String] = [:]
            for member in object.members {
                guard let name = Self.cleaned(.string(member.name))?.plainText else { continue }
                map[name] = Self.cleaned(member.value)?.scalarText ?? ""
            }
            return map
        default:
            fault(name, sentence(name, "must be an array."))
            return nil
        }
    }

    /// Marks fields that clients send and nobody reads.
    mutating func ignore(_ names: String...) { asked += names }

    /// Scalars that nobody asked for, at most `limit`, short and never secrets.
    func others(limit: Int) -> [String: String] {
        var result: [String: String] = [:]
        for member in members.members where result.count < limit {
            guard (1...64).contains(member.name.utf8.count), !asked.contains(member.name),
                let text = Self.cleaned(member.value)?.scalarText
            else { continue }
            result[member.name] = Redaction.isSecret(member.name) ? "[redacted]" : LegacyText.cut(text, to: 128)
        }
        return result
    }
    /// Of a body that was read in whole.
    var unrecognised: [String: String] { isMalformed || !faults.isEmpty ? [:] : others(limit: 32) }
}

extension JSONValue {
    /// A scalar as text.
    var scalarText: String? {
        if case .bool(let flag) = self { return flag ? "1" : "0" }
        return plainText
    }
}
