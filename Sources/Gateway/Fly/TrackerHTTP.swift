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
    struct Answer: Sendable {
        let status: Int
        let body: [UInt8]
        var json: JSONValue? { try? JSON.decode(body, limits: Self.limits) }
        /// What the server says in words.
        var message: String {
            if case .object(let object)? = json, case .string(let text)? = object["message"] { return text }
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
    }

    private let client: HTTPClient
    /// Ends with a slash: the client puts path after path behind it.
    let root: String
    private let session = Mutex("")
    private let counted = Mutex(Counts())
    /// How long one request is tried again.
    private let patience: Duration
    private static let largestAnswer = 64 << 20

    /// - Parameter root: The "script URL" that smartCARS Central is given.
    init(root: String, patience: Duration = .seconds(300)) throws {
        guard let url = URL(string: root), let scheme = url.scheme?.lowercased(), ["http", "https"].contains(scheme),
            url.host() != nil
        else {
            throw Refused(
                "\"\(root)\" is no URL: give the adapter's root, e.g. http://127.0.0.1:8080/acars/demo/smartcars3/")
        }
        self.root = root.hasSuffix("/") ? root : root + "/"
        self.patience = patience
        var configuration = HTTPClient.Configuration()
        configuration.timeout = .init(connect: .seconds(5), read: .seconds(20))
        configuration.redirectConfiguration = .disallow
        client = HTTPClient(eventLoopGroupProvider: .singleton, configuration: configuration)
    }

    func close() async { try? await client.shutdown() }

    var token: String {
        get { session.withLock { $0 } }
        set { session.withLock { $0 = newValue } }
    }
    var counts: Counts { counted.withLock { $0 } }

    func get(_ path: String) async throws -> Answer { try await send(.GET, path, nil) }
    func post(_ path: String, _ body: [UInt8]) async throws -> Answer { try await send(.POST, path, body) }

    /// Sends a request; on a lost connection, a time-out, 5xx or 429 the same one again after a while.
    private func send(_ method: HTTPMethod, _ path: String, _ body: [UInt8]?) async throws -> Answer {
        let start = ContinuousClock.now
        var attempt = 0
        while true {
            try Task.checkCancellation()
            var wait = min(15, 0.5 * Double(1 << min(attempt, 6)))
            let problem: String
            do {
                counted.withLock { $0.requests += 1 }
                let (answer, retryAfter) = try await once(method, path, body)
                guard answer.status == 429 || answer.status >= 500 else { return answer }
                if let retryAfter { wait = min(60, max(0.1, retryAfter)) }
                problem = "status \(answer.status): \(answer.message)"
                if start.duration(to: .now) + .seconds(wait) > patience { return answer }
            } catch let error as CancellationError {
                throw error
            } catch {
                try Task.checkCancellation()
                problem = Self.text(error)
                if start.duration(to: .now) + .seconds(wait) > patience {
                    throw Refused(
                        "\(root) cannot be reached (\(problem)): see that the server runs and the URL is right")
                }
                // A first call that nobody answers at all is a wrong URL rather than a pause of the line.
                if attempt >= 5, token.isEmpty {
                    throw Refused(
                        "\(root) cannot be reached (\(problem)): see that the server runs and the URL is right")
                }
            }
            attempt += 1
            counted.withLock { $0.retries += 1 }
            Terminal.progress("\(method.rawValue) \(path): \(problem), again in \(wait) s")
            try await Task.sleep(for: .seconds(wait))
        }
    }

    private func once(
        _ method: HTTPMethod, _ path: String, _ body: [UInt8]?
    ) async throws -> (answer: Answer, retryAfter: Double?) {
        var request = HTTPClientRequest(url: root + path)
        request.method = method
        request.headers.add(name: "User-Agent", value: "albatross-fly")
        request.headers.add(name: "Accept", value: "application/json")
        let token = token
        if !token.isEmpty { request.headers.add(name: "Authorization", value: "Bearer \(token)") }
        if let body {
            request.headers.add(name: "Content-Type", value: "application/json")
            request.body = .bytes(ByteBuffer(bytes: body))
        }
        let response = try await client.execute(request, timeout: .seconds(30))
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
