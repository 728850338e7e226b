import HTTPTypes
import Hummingbird
import HummingbirdCore
import NIOCore

/// An answer that is no success, as RFC 9457 writes it.
struct Problem: Error, Sendable {
    let status: HTTPResponse.Status
    let title: String
    var detail: String?
    var retryAfter: Int?
    /// What is wrong with which field of the body.
    var errors: [(field: String, detail: String)] = []
    var headers: HTTPFields = [:]

    init(_ status: HTTPResponse.Status, _ title: String, detail: String? = nil, retryAfter: Int? = nil) {
        self.status = status
        self.title = title
        self.detail = detail
        self.retryAfter = retryAfter
    }

    /// The same for what is absent, another tenant's, or not to be seen.
    static let notFound = Problem(.notFound, "Not found", detail: "Nothing is here under this name.")
    static let forbidden = Problem(.forbidden, "Not allowed", detail: "Your role does not allow this.")
    static var unauthorized: Problem {
        var problem = Problem(
            .unauthorized, "Sign in", detail: "This needs a valid access token or API key of this airline.")
        problem.headers[.wwwAuthenticate] = "Bearer"
        return problem
    }
    static let unavailable = Problem(
        .serviceUnavailable, "Not available now", detail: "The store cannot be read at the moment.", retryAfter: 2)
    static func invalid(_ field: String, _ detail: String) -> Problem {
        var problem = Problem(.unprocessableContent, "Not accepted", detail: detail)
        problem.errors = [(field, detail)]
        return problem
    }

    var response: Response {
        let text = JSONText.object { text in
            text.field("type", "about:blank")
            text.field("title", title)
            text.field("status", status.code)
            if let detail { text.field("detail", detail) }
            if !errors.isEmpty {
                text.array("errors") { text in
                    for error in errors {
                        text.object { text in
                            text.field("field", error.field)
                            text.field("detail", error.detail)
                        }
                    }
                }
            }
        }
        var headers = headers
        headers[.contentType] = "application/problem+json"
        if let retryAfter { headers[.retryAfter] = String(retryAfter) }
        return Response(status: status, headers: headers, body: ResponseBody(byteBuffer: ByteBuffer(bytes: text.bytes)))
    }
}

extension Response {
    static func json(
        _ text: JSONText, status: HTTPResponse.Status = .ok, headers: HTTPFields = [:]
    ) -> Response {
        bytes(text.bytes, type: "application/json", status: status, headers: headers)
    }
    static func bytes(
        _ bytes: [UInt8], type: String, status: HTTPResponse.Status = .ok, headers: HTTPFields = [:]
    ) -> Response {
        var headers = headers
        headers[.contentType] = type
        return Response(status: status, headers: headers, body: ResponseBody(byteBuffer: ByteBuffer(bytes: bytes)))
    }
}
