/// Reads `application/x-www-form-urlencoded` bodies and query strings (WHATWG URL, section 5.1) as PHP does: `a[]=1&a[]=2`
/// is a list, the last plain value of a name wins, a stray `%` stays what it is, broken UTF-8 becomes U+FFFD.
public enum FormDecoder {
    /// Pairs beyond this make the whole form unreadable.
    public static let pairLimit = 4096

    /// - Returns: Members with string and list values; `nil` when there are too many pairs.
    public static func decode(_ bytes: some Collection<UInt8>) -> JSONObject? {
        var members: [JSONObject.Member] = []
        var places: [String: Int] = [:]
        var pairs = 0
        for pair in bytes.lazy.split(separator: UInt8(ascii: "&")) {
            pairs += 1
            guard pairs <= pairLimit else { return nil }
            let equals = pair.firstIndex(of: UInt8(ascii: "=")) ?? pair.endIndex
            var name = unescaped(pair[..<equals])
            let value: JSONValue =
                equals == pair.endIndex
                ? .string("") : .string(unescaped(pair[pair.index(after: equals)...]))
            var isList = false
            if let bracket = name.utf8.firstIndex(of: UInt8(ascii: "[")), bracket > name.startIndex,
                name.utf8.last == UInt8(ascii: "]")
            {
                isList = true
                name = String(name[..<bracket])
            }
            guard let place = places[name] else {
                places[name] = members.count
                members.append(JSONObject.Member(name, isList ? .array([value]) : value))
                continue
            }
            if isList, case .array(var list) = members[place].value {
                members[place].value = .null  // gives up the second reference, so that the list grows in place
                list.append(value)
                members[place].value = .array(list)
            } else {
                members[place].value = isList ? .array([value]) : value
            }
        }
        return JSONObject(members)
    }

    /// `+` is a space; `%` and two hexadecimal digits are a byte.
    static func unescaped(_ bytes: some Collection<UInt8>) -> String {
        var result: [UInt8] = []
        result.reserveCapacity(bytes.count)
        var index = bytes.startIndex
        while index < bytes.endIndex {
            let byte = bytes[index]
            index = bytes.index(after: index)
            if byte == UInt8(ascii: "+") {
                result.append(UInt8(ascii: " "))
                continue
            }
            if byte == UInt8(ascii: "%"), index < bytes.endIndex, let high = hexDigit(bytes[index]) {
                let second = bytes.index(after: index)
                if second < bytes.endIndex, let low = hexDigit(bytes[second]) {
                    result.append(high << 4 | low)
                    index = bytes.index(after: second)
                    continue
                }
            }
            result.append(byte)
        }
        return String(decoding: result, as: UTF8.self)
    }
}
