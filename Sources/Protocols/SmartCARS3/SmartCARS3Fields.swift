import Domain

/// Takes fields out of a body or query and collects what is wrong with them, in the order they are asked for: the
/// phpVMS 5 server names all bad fields in one message (spec, section 8).
struct SmartCARS3Fields {
    private let members: JSONObject
    /// The body was neither JSON nor a form.
    let isMalformed: Bool
    /// Field names of this source may be shown; those of a body that was only guessed to be a form may hold anything.
    private let namesAreTrusted: Bool
    private var asked: [String] = []
    private var found = 0
    private var failures: [String] = []
    private var firstFailure: String?
    private var onlyMissing = true

    init(_ members: JSONObject, isMalformed: Bool = false, namesAreTrusted: Bool = true) {
        self.members = members
        self.isMalformed = isMalformed
        self.namesAreTrusted = namesAreTrusted
        asked.reserveCapacity(16)
    }

    /// JSON whatever the content type, else a form, as the phpVMS 5 server does.
    init(body frame: RawFrame) {
        if frame.body.isEmpty {
            self.init(JSONObject())
            return
        }
        if let value = try? JSON.decode(frame.body) {  // what is no JSON may be a form
            if case .object(let object) = value {
                self.init(object)
                return
            }
            self.init(JSONObject(), isMalformed: true)
            return
        }
        guard let form = FormDecoder.decode(frame.body) else {
            self.init(JSONObject(), isMalformed: true)
            return
        }
        let isForm = frame.contentType?.lowercased().hasPrefix("application/x-www-form-urlencoded") == true
        self.init(form, isMalformed: !isForm, namesAreTrusted: isForm)
    }

    /// The value of a member; `nil` when it is missing or null.
    subscript(name: String) -> JSONValue? {
        mutating get {
            asked.append(name)
            guard let value = members[name] else { return nil }
            found += 1
            if case .null = value { return nil }
            return value
        }
    }

    mutating func fail(_ name: String, expected type: String, _ value: JSONValue?) {
        if firstFailure == nil { firstFailure = name }
        if value != nil { onlyMissing = false }
        failures.append("\(name) (expected `\(type)` [Raw Type: `\(value?.phpType ?? "NULL")`])")
    }

    /// - Throws: What was wrong with the fields asked for so far.
    func check() throws(DecodeError) {
        guard let firstFailure else { return }
        throw DecodeError(
            isMalformed ? .malformed : onlyMissing ? .missingField : .invalidField, field: firstFailure,
            message: "Invalid \(failures.count > 1 ? "types" : "type") for \(failures.joined(separator: ", "))",
            status: 400
        )
    }

    /// A special text instead of the collected ones.
    func failure(_ field: String, missing: Bool = false, _ message: String, status: Int = 400) -> DecodeError {
        DecodeError(
            isMalformed ? .malformed : missing ? .missingField : .invalidField, field: field, message: message,
            status: status
        )
    }

    mutating func number(_ name: String, _ type: String, _ range: ClosedRange<Double>, required: Bool = true) -> Double?
    {
        let value = self[name]
        if value == nil, !required { return nil }
        guard let number = value?.numeric, range.contains(number) else {
            fail(name, expected: type, value)
            return nil
        }
        return number == 0 ? 0 : number
    }

    /// A number that names something: any number will do, for what names nothing is unknown, not wrong.
    mutating func id(_ name: String, _ type: String, required: Bool = true) -> Double? {
        number(name, type, -Double.greatestFiniteMagnitude...Double.greatestFiniteMagnitude, required: required)
    }

    mutating func string(_ name: String, _ type: String = "string", limit: Int, required: Bool = true) -> String? {
        let value = self[name]
        if value == nil, !required { return nil }
        guard case .string(let text)? = value, text.utf8.count <= limit, !text.utf8.contains(0) else {
            fail(name, expected: type, value)
            return nil
        }
        return text
    }

    /// 3 or 4 letters or digits somewhere in the text.
    mutating func airport(_ name: String, required: Bool = true) -> String? {
        let value = self[name]
        if value == nil, !required { return nil }
        guard case .string(let text)? = value, text.utf8.count <= 64, Self.holdsAirport(text) else {
            fail(name, expected: "airport", value)
            return nil
        }
        return text
    }

    private static func holdsAirport(_ text: String) -> Bool {
        var run = 0
        for byte in text.utf8 {
            guard byte != 0 else { return false }
            let isPart = isDigit(byte) || (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte | 0x20)
            run = isPart ? run + 1 : 0
            if run == 3 { return true }
        }
        return false
    }

    /// A list of way points, at most 2,000.
    mutating func route(required: Bool = true) -> [String]? {
        let value = self["route"]
        if value == nil, !required { return nil }
        guard case .array(let elements)? = value, elements.count <= 2000 else {
            fail("route", expected: "array", value)
            return nil
        }
        var route: [String] = []
        route.reserveCapacity(elements.count)
        for element in elements {
            guard let text = element.plainText, text.utf8.count <= 64, !text.utf8.contains(0) else {
                fail("route", expected: "array", value)
                return nil
            }
            route.append(text)
        }
        return route
    }

    mutating func phase(required: Bool) -> SmartCARS3Phase? {
        let value = self["phase"]
        if value == nil, !required { return nil }
        guard case .string(let text)? = value, let phase = SmartCARS3Phase(wire: text) else {
            fail("phase", expected: "phase", value)
            return nil
        }
        return phase
    }

    mutating func network(required: Bool) -> SmartCARS3Network? {
        let value = self["network"]
        if value == nil, !required { return nil }
        guard case .string(let text)? = value, let network = SmartCARS3Network(wire: text) else {
            fail("network", expected: "network", value)
            return nil
        }
        return network
    }

    /// Date and time.
    mutating func instant(_ name: String) -> Timestamp? {
        guard let value = self[name] else { return nil }
        guard case .string(let text) = value, text.utf8.count <= 40, let time = Timestamp(iso8601: text) else {
            fail(name, expected: "date", value)
            return nil
        }
        return time
    }

    /// A day, with or without a time.
    /// - Returns: Its midnight, or the instant if there is a time.
    mutating func date(_ name: String) -> Timestamp? {
        guard let value = self[name] else { return nil }
        guard case .string(let text) = value, text.utf8.count <= 40,
            let time = Timestamp(iso8601: text.utf8.count == 10 ? "\(text)T00:00:00Z" : text)
        else {
            fail(name, expected: "date", value)
            return nil
        }
        return time
    }

    /// `HH:MM`, also with a one-digit hour or with seconds, as `HH:MM`.
    mutating func clock(_ name: String) -> String? {
        let value = self[name]
        guard case .string(let text)? = value, let time = Self.clock(text) else {
            fail(name, expected: "string", value)
            return nil
        }
        return time
    }

    private static func clock(_ text: String) -> String? {
        let parts = text.split(separator: ":", omittingEmptySubsequences: false)
        guard (2...3).contains(parts.count), (1...2).contains(parts[0].utf8.count),
            parts.dropFirst().allSatisfy({ $0.utf8.count == 2 }), parts.allSatisfy({ $0.utf8.allSatisfy(isDigit) }),
            let hour = Int(parts[0]), hour < 24, let minute = Int(parts[1]), minute < 60
        else { return nil }
        return "\(hour < 10 ? "0" : "")\(hour):\(minute < 10 ? "0" : "")\(minute)"
    }

    /// Marks fields that clients send and no server reads.
    mutating func ignore(_ names: String...) {
        for name in names { _ = self[name] }
    }

    /// Fields nobody asked for, at most 32, values cut to 256 characters and never secrets.
    var unrecognised: [String: String] {
        guard namesAreTrusted, members.members.count > found else { return [:] }
        let known = Set(asked)
        var result: [String: String] = [:]
        for member in members.members where !known.contains(member.name) && result.count < 32 {
            guard member.name.utf8.count <= 64 else { continue }
            if Redaction.isSecret(member.name) {
                result[member.name] = "[redacted]"
                continue
            }
            let raw: String
            switch member.value {
            case .string(let text): raw = text
            case .array, .object: raw = member.value.phpType  // may hold secrets further down
            default:
                var writer = JSONWriter(capacity: 32)
                writer.value(member.value)
                raw = String(decoding: writer.bytes, as: UTF8.self)
            }
            result[member.name] = String(raw.prefix(256))
        }
        return result
    }
}

extension JSONValue {
    /// A string, or a number as text.
    var plainText: String? {
        switch self {
        case .string(let text): text
        case .integer(let value): String(value)
        case .double(let value): value.description
        default: nil
        }
    }
}
