import Domain
import HTTPTypes
import Hummingbird
import HummingbirdCore
import Ingest
import NIOCore
import Protocols

/// Carries trackers' HTTP requests to the ingest and its answers back.
struct TrackerEndpoint: Sendable {
    let routes: TenantRoutes
    let gateway: TrackerGateway
    let now: @Sendable () -> Timestamp

    /// - Returns: nil when the request is no tracker's.
    func respond(to request: Request, peer: String) async -> Response? {
        let target = request.head.path ?? "/"
        let mark = target.utf8.firstIndex(of: UInt8(ascii: "?"))
        let path = String(target[..<(mark ?? target.endIndex)])
        let query = mark.map { String(target[target.index(after: $0)...]) } ?? ""
        do {
            switch try await routes.match(path: path, host: request.head.authority) {
            case .elsewhere: return nil
            case .unknown: return Self.plain(.notFound, "No tracker interface is served here")
            case .found(let match): return await answer(match, request, query: query, peer: peer)
            }
        } catch {
            return Self.plain(.serviceUnavailable, "The store cannot be reached", retryAfter: 5)
        }
    }

    private func answer(
        _ match: TenantRoutes.Match, _ request: Request, query: String, peer: String
    ) async -> Response {
        let method = request.method.rawValue
        let limit = match.adapter.bodyLimit(method: method, path: match.path)
        func frame(_ body: [UInt8]) -> RawFrame {
            var frame = RawFrame(
                method: method, path: match.path, query: query, contentType: request.headers[.contentType],
                authorization: request.headers[.authorization], body: body, receivedAt: now())
            frame.apiKey = Self.apiKey.flatMap { request.headers[$0] }
            frame.userAgent = request.headers[.userAgent]
            frame.trackerKey = match.trackerKey
            let scheme = request.head.scheme ?? "http"
            frame.site.root = "\(scheme)://\(request.head.authority ?? "localhost")\(match.root)"
            return frame
        }
        let whole: RawFrame
        do {
            let body = try await request.body.collect(upTo: limit)
            whole = frame(Array(body.readableBytesView))
        } catch {
            let tooLarge = DecodeError(
                .tooLarge, message: "The request could not be read or is over \(limit) bytes", status: 413)
            return Self.response(match.adapter.init().encode(tooLarge, to: frame([])))
        }
        KillPoint.reach(.received)
        if whole.body.count <= Self.shortBody {
            return Self.response(await gateway.handle(match.tenant, adapter: match.adapter, whole, address: peer))
        }
        return await withTaskExecutorPreference(globalConcurrentExecutor) {
            Self.response(await gateway.handle(match.tenant, adapter: match.adapter, whole, address: peer))
        }
    }

    /// Bodies up to here are decoded on the event loop, in a tenth of a millisecond: every single position.
    private static let shortBody = 4096

    /// `X-API-Key`.
    private static let apiKey = HTTPField.Name("X-API-Key")

    private static func response(_ reply: EncodedReply) -> Response {
        var headers = HTTPFields()
        headers.reserveCapacity(reply.headers.count + 1)
        for (name, value) in reply.headers {
            if let name = HTTPField.Name(name) { headers.append(HTTPField(name: name, value: value)) }
        }
        headers[.contentLength] = String(reply.body.count)
        return Response(
            status: HTTPResponse.Status(code: reply.status), headers: headers,
            body: reply.body.isEmpty ? ResponseBody() : ResponseBody(byteBuffer: ByteBuffer(bytes: reply.body)))
    }

    private static func plain(_ status: HTTPResponse.Status, _ message: String, retryAfter: Int? = nil) -> Response {
        var headers: HTTPFields = [.contentType: "application/json", .accessControlAllowOrigin: "*"]
        if let retryAfter { headers[.retryAfter] = String(retryAfter) }
        return Response(
            status: status, headers: headers,
            body: ResponseBody(byteBuffer: ByteBuffer(string: "{\"message\":\"\(message)\"}")))
    }
}
