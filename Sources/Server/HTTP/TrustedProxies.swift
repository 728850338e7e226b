public import HTTPTypes

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#endif

/// Networks whose `X-Forwarded-For` and `X-Forwarded-Proto` are believed. Anybody else may write what he likes there.
public struct TrustedProxies: Sendable {
    /// What is no network; a line for the operator.
    public struct Failure: Error, CustomStringConvertible {
        public let description: String
    }

    private struct Network {
        let address: [UInt8]
        let bits: Int

        func contains(_ other: [UInt8]) -> Bool {
            guard other.count == address.count else { return false }
            let (whole, rest) = bits.quotientAndRemainder(dividingBy: 8)
            guard other.prefix(whole) == address.prefix(whole) else { return false }
            return rest == 0 || (other[whole] ^ address[whole]) >> (8 - UInt8(rest)) == 0
        }
    }
    private let networks: [Network]

    /// - Parameter texts: `10.0.0.0/8`, `fd00::/8` or a single address.
    public init(_ texts: [String] = []) throws(Failure) {
        var networks: [Network] = []
        for text in texts {
            let parts = text.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
            guard let address = parts.first.flatMap({ Self.bytes($0) }),
                let bits = parts.count == 2 ? Int(parts[1]) : address.count * 8, 0...address.count * 8 ~= bits
            else { throw Failure(description: "\(text) is no network: write e.g. 10.0.0.0/8 or fd00::/8") }
            networks.append(Network(address: address, bits: bits))
        }
        self.networks = networks
    }

    /// - Parameter head: Gets the scheme that the client used.
    /// - Returns: The client's address: the last one in `X-Forwarded-For` that is no trusted proxy's, else the peer's.
    public func client(_ head: inout HTTPRequest, peer: String) -> String {
        guard !networks.isEmpty, isTrusted(peer) else { return peer }
        let scheme = Self.entries(head.headerFields[values: Self.forwardedProto]).last?.lowercased()
        if let scheme, scheme == "https" || scheme == "http" { head.scheme = scheme }
        var client = peer
        for entry in Self.entries(head.headerFields[values: Self.forwardedFor]).reversed() {
            guard let address = Self.address(entry) else { break }
            client = address
            if !isTrusted(address) { break }
        }
        return client
    }

    private func isTrusted(_ address: String) -> Bool {
        guard let bytes = Self.bytes(address[...]) else { return false }
        return networks.contains { $0.contains(bytes) }
    }

    // Fixed names: they are sound.
    private static let forwardedFor = HTTPField.Name("X-Forwarded-For")!
    private static let forwardedProto = HTTPField.Name("X-Forwarded-Proto")!

    private static func entries(_ values: [String]) -> [Substring] {
        values.flatMap { $0.split(separator: ",") }.map { entry in
            let text = entry.drop { $0 == " " || $0 == "\t" }
            return text.lastIndex { $0 != " " && $0 != "\t" }.map { text[...$0] } ?? text.prefix(0)
        }
    }

    /// Without brackets and port.
    private static func address(_ entry: Substring) -> String? {
        var text = entry
        if text.first == "[", let end = text.firstIndex(of: "]") {
            text = text[text.index(after: text.startIndex)..<end]
        } else if text.count(where: { $0 == ":" }) == 1, let colon = text.firstIndex(of: ":") {
            text = text[..<colon]
        }
        return bytes(text) == nil ? nil : String(text)
    }

    /// In network order; an IPv4 address in IPv6's clothes is one of IPv4.
    private static func bytes(_ text: Substring) -> [UInt8]? {
        guard text.utf8.count <= 45 else { return nil }
        var four = [UInt8](repeating: 0, count: 4)
        if inet_pton(AF_INET, String(text), &four) == 1 { return four }
        var sixteen = [UInt8](repeating: 0, count: 16)
        guard inet_pton(AF_INET6, String(text), &sixteen) == 1 else { return nil }
        let mapped: [UInt8] = [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF]
        return sixteen.starts(with: mapped) ? Array(sixteen[12...]) : sixteen
    }
}
