#if canImport(Glibc)
import Glibc
#else
import Musl
#endif

/// Why the address of a broker, or an option of the bus, cannot be used; one line, without the password.
public struct RabbitMQAddressError: Error, Hashable, Sendable, CustomStringConvertible {
    public let description: String
    init(_ description: String) { self.description = description }
}

/// Where the broker is and how to get in.
/// - Source: "RabbitMQ URI Specification" and "RabbitMQ URI Query Parameters", rabbitmq.com/docs.
struct RabbitMQAddress: Hashable, Sendable {
    struct TLS: Hashable, Sendable {
        /// PEM file; `nil` for the system's certificates.
        var authorities: String?
        /// PEM files of the client's own certificate and its key.
        var certificate: String?
        var key: String?
        var verifiesPeer = true
        /// What the certificate must be for and what is indicated to the server; `nil` when neither is wanted.
        var serverName: String?
    }
    var host: String
    var port: Int
    var user = "guest"
    var password = "guest"
    var virtualHost = "/"
    var tls: TLS?
    /// Seconds.
    var heartbeat: Int?
    /// Milliseconds.
    var connectionTimeout: Int?

    /// For logs: without user and password.
    var place: String { host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)" }

    /// Reads `amqp://user:password@host:port/vhost?option=value&…` or `amqps://…`. No virtual host, or an empty one, is
    /// `/`.
    init(_ url: String) throws(RabbitMQAddressError) {
        guard let colon = url.firstRange(of: "://") else {
            throw RabbitMQAddressError("a RabbitMQ address begins with amqp:// or amqps://")
        }
        let secure: Bool
        switch url[..<colon.lowerBound].lowercased() {
        case "amqp": secure = false
        case "amqps": secure = true
        default: throw RabbitMQAddressError("a RabbitMQ address begins with amqp:// or amqps://")
        }
        let (beforeQuery, query) = Self.split(url[colon.upperBound...], at: "?")
        let (authority, path) = Self.split(beforeQuery, at: "/")
        var place = authority
        if let at = authority.lastIndex(of: "@") {
            let (name, secret) = Self.split(authority[..<at], at: ":")
            user = try Self.decode(name, "user")
            password = try secret.map { (text) throws(RabbitMQAddressError) in try Self.decode(text, "password") } ?? ""
            place = authority[authority.index(after: at)...]
        }
        port = secure ? 5671 : 5672
        if place.hasPrefix("["), let end = place.firstIndex(of: "]") {
            host = String(place[place.index(after: place.startIndex)..<end])
            let rest = place[place.index(after: end)...]
            guard rest.isEmpty || rest.hasPrefix(":") else {
                throw RabbitMQAddressError("the RabbitMQ address has something between ] and its port")
            }
            if !rest.isEmpty { port = try Self.number(rest.dropFirst(), "port", 1...65_535) }
        } else {
            let (name, digits) = Self.split(place, at: ":")
            host = try Self.decode(name, "host")
            if let digits { port = try Self.number(digits, "port", 1...65_535) }
        }
        guard !host.isEmpty else { throw RabbitMQAddressError("the RabbitMQ address names no host") }
        if let path, !path.isEmpty {
            guard !path.contains("/") else {
                throw RabbitMQAddressError("the virtual host of the RabbitMQ address has a slash; write it as %2f")
            }
            virtualHost = try Self.decode(path, "virtual host")
        }
        if secure { tls = TLS(serverName: host) }
        for option in (query ?? "").split(separator: "&") { try read(option: option) }
        if let tls, (tls.certificate == nil) != (tls.key == nil) {
            throw RabbitMQAddressError("certfile and keyfile of the RabbitMQ address go together")
        }
    }

    private mutating func read(option: Substring) throws(RabbitMQAddressError) {
        let (key, text) = Self.split(option, at: "=")
        let name = String(key)
        let value = try Self.decode(text ?? "", "option \(name)")
        switch name {
        case "heartbeat": heartbeat = try Self.number(value, "option heartbeat", 1...3600)
        case "connection_timeout":
            connectionTimeout = try Self.number(value, "option connection_timeout", 100...600_000)
        case "cacertfile", "certfile", "keyfile", "verify", "server_name_indication":
            guard var secured = tls else {
                throw RabbitMQAddressError("option \(name) of the RabbitMQ address needs amqps://")
            }
            try Self.read(option: name, value, &secured)
            tls = secured
        default: throw RabbitMQAddressError("the RabbitMQ address has an unknown option \(Self.printable(name))")
        }
    }

    private static func read(option: String, _ value: String, _ tls: inout TLS) throws(RabbitMQAddressError) {
        switch option {
        case "verify":
            guard value == "verify_peer" || value == "verify_none" else {
                throw RabbitMQAddressError("option verify of the RabbitMQ address is verify_peer or verify_none")
            }
            tls.verifiesPeer = value == "verify_peer"
        case "server_name_indication": tls.serverName = value == "disable" || value.isEmpty ? nil : value
        default:
            guard access(value, R_OK) == 0 else {
                throw RabbitMQAddressError("\(option) of the RabbitMQ address cannot be read: \(printable(value))")
            }
            switch option {
            case "cacertfile": tls.authorities = value
            case "certfile": tls.certificate = value
            default: tls.key = value
            }
        }
    }

    private static func split(_ text: Substring, at mark: Character) -> (Substring, Substring?) {
        guard let place = text.firstIndex(of: mark) else { return (text, nil) }
        return (text[..<place], text[text.index(after: place)...])
    }

    private static func number(
        _ text: some StringProtocol, _ what: String, _ range: ClosedRange<Int>
    ) throws(RabbitMQAddressError) -> Int {
        guard let value = Int(text), range.contains(value) else {
            throw RabbitMQAddressError(
                "the \(what) of the RabbitMQ address is no number from \(range.lowerBound) to \(range.upperBound)")
        }
        return value
    }

    /// Percent-decoding (RFC 3986, section 2.1). No NUL: the library takes C strings.
    private static func decode(_ text: Substring, _ what: String) throws(RabbitMQAddressError) -> String {
        var bytes: [UInt8] = []
        var rest = text.utf8[...]
        while let byte = rest.popFirst() {
            guard byte == UInt8(ascii: "%") else {
                bytes.append(byte)
                continue
            }
            guard let high = rest.popFirst().flatMap(HexDigit.value), let low = rest.popFirst().flatMap(HexDigit.value)
            else { throw RabbitMQAddressError("the \(what) of the RabbitMQ address has a wrong % escape") }
            bytes.append(high << 4 | low)
        }
        guard let decoded = String(validating: bytes, as: UTF8.self), !bytes.contains(0) else {
            throw RabbitMQAddressError("the \(what) of the RabbitMQ address is no text")
        }
        return decoded
    }

    private static func printable(_ text: String) -> String { Printable.line(text) }
}

/// Text of others on one line of a log.
enum Printable {
    /// At most 200 characters, without control characters.
    static func line(_ text: String) -> String {
        String(
            text.prefix(200).map { character in
                character.unicodeScalars.contains { $0.properties.generalCategory == .control } ? " " : character
            })
    }
}
