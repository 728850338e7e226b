/// What a `redis://` or `rediss://` URL says.
struct RedisAddress: Hashable, Sendable {
    let host: String
    let port: Int
    /// Empty: the default user of Redis.
    let user: String
    let password: String?
    let database: Int
    /// Nil for `redis://`, which is plain text.
    let tls: TLS?

    struct TLS: Hashable, Sendable {
        /// PEM file of the only authorities that are trusted; nil: those of the operating system.
        let authorities: String?
    }

    /// For logs and errors: without user and password.
    var name: String {
        let place = host.contains(":") ? "[\(host)]" : host
        return "\(tls == nil ? "redis" : "rediss")://\(place):\(port)/\(database)"
    }

    /// - Parameter url: `redis[s]://[[user]:password@]host[:port][/database][?ca_file=/path.pem]`, with `%xx` for
    ///   characters that are not themselves.
    init(_ url: String) throws(RedisCacheError) {
        func wrong(_ why: String) -> RedisCacheError {
            RedisCacheError(
                .invalidURL, "the Redis URL \(why); it is redis[s]://[user:password@]host[:port][/database]")
        }
        guard let (scheme, address) = Self.split(url, at: "://"), ["redis", "rediss"].contains(scheme.lowercased())
        else {
            throw wrong("begins with neither redis:// nor rediss://")
        }
        guard !address.contains("#"), address.utf8.allSatisfy({ $0 > 0x20 && $0 != 0x7F }) else {
            throw wrong("holds a blank, a control character or a '#'")
        }
        let (place, query) = Self.split(address, at: "?") ?? (address, "")
        let (authority, path) = Self.split(place, at: "/") ?? (place, "")

        var hostAndPort = authority
        var user = ""
        var password: String?
        if let at = authority.lastIndex(of: "@") {
            hostAndPort = authority[authority.index(after: at)...]
            let login = authority[..<at]
            guard let (name, secret) = Self.split(login, at: ":"), let name = Self.decoded(name),
                let secret = Self.decoded(secret), !secret.isEmpty
            else { throw wrong("has a login that is not 'user:password' or ':password'") }
            user = name
            password = secret
        }

        var port = "6379"[...]
        if hostAndPort.hasPrefix("[") {
            guard let end = hostAndPort.firstIndex(of: "]") else { throw wrong("has a '[' without ']'") }
            host = String(hostAndPort[hostAndPort.index(after: hostAndPort.startIndex)..<end])
            let rest = hostAndPort[hostAndPort.index(after: end)...]
            guard rest.isEmpty || rest.hasPrefix(":") else { throw wrong("has something between ']' and the port") }
            if !rest.isEmpty { port = rest.dropFirst() }
        } else if let (name, digits) = Self.split(hostAndPort, at: ":") {
            host = String(name)
            port = digits
        } else {
            host = String(hostAndPort)
        }
        guard !host.isEmpty else { throw wrong("names no host") }
        guard let number = Self.number(port), (1...65_535).contains(number) else {
            throw wrong("has a port that is not 1 to 65535")
        }
        guard path.isEmpty || Self.number(path) != nil else { throw wrong("has a database that is not a number") }
        self.port = number
        self.user = user
        self.password = password
        database = Self.number(path) ?? 0

        var authorities: String?
        for item in query.split(separator: "&") {
            guard let (key, value) = Self.split(item, at: "="), key == "ca_file", let file = Self.decoded(value),
                !file.isEmpty
            else { throw wrong("has an option other than ca_file=FILE") }
            authorities = file
        }
        if scheme.lowercased() == "rediss" {
            tls = TLS(authorities: authorities)
        } else {
            guard authorities == nil else { throw wrong("has ca_file without TLS (rediss://)") }
            tls = nil
        }
    }

    private static func split(_ text: some StringProtocol, at mark: String) -> (Substring, Substring)? {
        let text = Substring(text)
        guard let range = text.firstRange(of: mark) else { return nil }
        return (text[..<range.lowerBound], text[range.upperBound...])
    }

    private static func number(_ text: Substring) -> Int? {
        guard (1...9).contains(text.utf8.count), text.utf8.allSatisfy({ (0x30...0x39).contains($0) }) else {
            return nil
        }
        return Int(text)
    }

    private static func decoded(_ text: Substring) -> String? {
        var bytes: [UInt8] = []
        var rest = text.utf8[...]
        while let byte = rest.popFirst() {
            guard byte == UInt8(ascii: "%") else {
                bytes.append(byte)
                continue
            }
            guard let high = rest.popFirst().flatMap(hexDigit), let low = rest.popFirst().flatMap(hexDigit) else {
                return nil
            }
            bytes.append(high << 4 | low)
        }
        return String(validating: bytes, as: UTF8.self)
    }

    private static func hexDigit(_ byte: UInt8) -> UInt8? {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): byte - UInt8(ascii: "0")
        case UInt8(ascii: "a")...UInt8(ascii: "f"): byte - UInt8(ascii: "a") + 10
        case UInt8(ascii: "A")...UInt8(ascii: "F"): byte - UInt8(ascii: "A") + 10
        default: nil
        }
    }
}
