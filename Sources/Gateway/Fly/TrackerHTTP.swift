import AsyncHTTPClient
import Domain
import Foundation
import NIOCore
import NIOHTTP1
import NIOPosix
import Protocols
import Synchronization

/// HTTP as a tracker does it: keep-alive, time-outs, and the same request again until it is answered. Nothing is sent
/// that an unmodified client would not send.
final class TrackerHTTP: Sendable {
    struct Request: Sendable {
        var method = HTTPMethod.GET
        /// Below the root, with its query.
        var path: String
        var headers: [(String, String)] = []
        var body: [UInt8]?
        /// What a client that does not repeat a call does about it: a position that is lost is lost.
        var isRepeated = true

        static func get(_ path: String, _ query: [(String, String)] = []) -> Request {
            let text = form(query)
            return Request(path: text.isEmpty ? path : path + "?" + text)
        }
        static func post(
            _ path: String, _ query: [(String, String)] = [], _ body: [UInt8], type: String?
        ) -> Request {
            var request = get(path, query)
            request.method = .POST
            if let type { request.headers = [("Content-Type", type)] }
            request.body = body
            return request
        }
        static func post(_ path: String, json body: [UInt8]) -> Request {
            post(path, [], body, type: "application/json")
        }
        static func post(
            _ path: String, _ query: [(String, String)] = [], form body: [(String, String)]
        ) -> Request {
            post(path, query, Array(form(body).utf8), type: "application/x-www-form-urlencoded")
        }
        func method(_ method: HTTPMethod) -> Request {
            var copy = self
            copy.method = method
            return copy
        }
        /// Sent once, whatever becomes of it.
        var once: Request {
            var copy = self
            copy.isRepeated = false
            return copy
        }

        /// Names and values, percent-encoded.
        static func form(_ pairs: [(String, String)]) -> String {
            pairs.map { "\(percentEncoded($0.0))=\(percentEncoded($0.1))" }.joined(separator: "&")
        }
        static func percentEncoded(_ text: String) -> String {
            var encoded = ""
            for byte in text.utf8 {
                switch byte {
                case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                    UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"),
                    UInt8(ascii: "~"), UInt8(ascii: "@"):
                    encoded.unicodeScalars.append(Unicode.Scalar(byte))
                default:
                    let digits = String(byte, radix: 16, uppercase: true)
                    encoded += byte < 16 ? "%0" + digits : "%" + digits
                }
            }
            return encoded
        }
    }
    struct Answer: Sendable {
        let status: Int
        let body: [UInt8]
        var json: JSONValue? { try? JSON.decode(body, limits: Self.limits) }
        var text: String { String(decoding: body, as: UTF8.self) }
        var isSuccess: Bool { (200..<300).contains(status) }
        /// What the server says in words.
        var message: String {
            if case .object(let object)? = json {
                if case .string(let text)? = object["message"] { return text }
                if case .string(let text)? = object["details"] { return text }
                if case .object(let error)? = object["error"], case .string(let text)? = error["message"] {
                    return text
                }
            }
            return String(decoding: body.prefix(120), as: UTF8.self).split(whereSeparator: \.isNewline).joined(
                separator: " ")
        }
        private static let limits: JSON.Limits = {
            var limits = JSON.Limits()
            limits.values = 5_000_000
            return limits
        }()
    }
    struct Counts: Sendable {
        var requests = 0
        var retries = 0
        /// Calls that the client does not repeat and nobody took.
        var lost = 0
    }

    private let client: HTTPClient
    /// Ends with a slash: the client puts path after path behind it.
    let root: String
    /// Of every request: user agent, key, what is accepted.
    private let standing: Mutex<[(String, String)]>
    private let counted = Mutex(Counts())
    /// Whether the server was ever heard.
    private let isReached = Mutex(false)
    /// How long one request is tried again.
    private let patience: Duration
    private static let largestAnswer = 64 << 20
    /// Of clients whose own name is not known.
    static let userAgent = "albatross-fly"

    /// - Parameter root: The adapter's root, as it is typed into the tracker.
    init(root: String, patience: Duration = .seconds(300)) throws {
        guard let url = URL(string: root), let scheme = url.scheme?.lowercased(), ["http", "https"].contains(scheme),
            url.host() != nil
        else {
            throw Refused(
                "\"\(root)\" is no URL: give the adapter's root, e.g. http://127.0.0.1:8080/acars/demo/smartcars3/")
        }
        self.root = root.hasSuffix("/") ? root : root + "/"
        self.patience = patience
        standing = Mutex([("User-Agent", Self.userAgent)])
        var configuration = HTTPClient.Configuration()
        configuration.timeout = .init(connect: .seconds(5), read: .seconds(20))
        configuration.redirectConfiguration = .disallow
        client = HTTPClient(eventLoopGroupProvider: .singleton, configuration: configuration)
    }

    func close() async { try? await client.shutdown() }

    /// Sets a header of every further request; nil takes it away.
    func setHeader(_ name: String, _ value: String?) {
        standing.withLock { headers in
            headers.removeAll { $0.0 == name }
            if let value { headers.append((name, value)) }
        }
    }
    var counts: Counts { counted.withLock { $0 } }

    /// A call that the client does not repeat.
    /// - Returns: nil when nobody took it.
    func sendOnce(_ request: Request) async throws -> Answer? {
        let answer = try? await send(request.once)
        try Task.checkCancellation()
        if let answer, answer.isSuccess { return answer }
        counted.withLock { $0.lost += 1 }
        return answer
    }

    /// Sends a request; on a lost connection, a time-out, 5xx or 429 the same one again after a while.
    func send(_ request: Request) async throws -> Answer {
        let start = ContinuousClock.now
        var attempt = 0
        while true {
            try Task.checkCancellation()
            var wait = min(15, 0.5 * Double(1 << min(attempt, 6)))
            let problem: String
            do {
                counted.withLock { $0.requests += 1 }
                let (answer, retryAfter) = try await once(request)
                isReached.withLock { $0 = true }
                guard answer.status == 429 || answer.status >= 500, request.isRepeated else { return answer }
                if let retryAfter { wait = min(60, max(0.1, retryAfter)) }
                problem = "status \(answer.status): \(answer.message)"
                if start.duration(to: .now) + .seconds(wait) > patience { return answer }
            } catch let error as CancellationError {
                throw error
            } catch {
                try Task.checkCancellation()
                problem = Self.text(error)
                // A first call that nobody answers at all is a wrong URL rather than a pause of the line.
                let isWrong = attempt >= 5 && !isReached.withLock { $0 }
                if !request.isRepeated || isWrong || start.duration(to: .now) + .seconds(wait) > patience {
                    throw Refused(
                        "\(root) cannot be reached (\(problem)): see that the server runs and the URL is right")
                }
            }
            attempt += 1
            counted.withLock { $0.retries += 1 }
            Terminal.progress("\(request.method.rawValue) \(request.path.prefix(60)): \(problem), again in \(wait) s")
            try await Task.sleep(for: .seconds(wait))
        }
    }

    private func once(_ request: Request) async throws -> (answer: Answer, retryAfter: Double?) {
        var message = HTTPClientRequest(url: root + request.path)
        message.method = request.method
        for (name, value) in standing.withLock({ $0 }) + request.headers {
            message.headers.add(name: name, value: value)
        }
        if let body = request.body { message.body = .bytes(ByteBuffer(bytes: body)) }
        let response = try await client.execute(message, timeout: .seconds(30))
        let content = try await response.body.collect(upTo: Self.largestAnswer)
        return (
            Answer(status: Int(response.status.code), body: Array(content.readableBytesView)),
            response.headers.first(name: "Retry-After").flatMap(Double.init)
        )
    }

    private static func text(_ error: any Error) -> String {
        switch error {
        case let error as NIOConnectionError:
            if let first = error.connectionErrors.first?.error { return text(first) }
            return "no address for \(error.host)"
        case let error as IOError: return String(cString: strerror(error.errnoCode))
        case let error as HTTPClientError: return error.shortDescription
        default: return "\(error)".split(whereSeparator: \.isNewline).joined(separator: " ")
        }
    }
}
