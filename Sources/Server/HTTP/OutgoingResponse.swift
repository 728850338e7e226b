import Domain
import HTTPTypes
import HummingbirdCore
import NIOCore
import Synchronization

#if canImport(FoundationEssentials)
import FoundationEssentials
#else
import Foundation
#endif

/// An answer as bytes: status line, fields and body in one buffer, one write.
struct OutgoingResponse: Sendable {
    let bytes: ByteBuffer
    /// The connection ends after it.
    let closes: Bool

    init(_ response: Response, to incoming: IncomingRequest) async throws {
        var body: ByteBuffer?
        // 1xx, 204 and 304 have no body (RFC 9110, section 6.4.1).
        let isBodiless = response.status.code == 204 || response.status.code == 304
        if response.body.contentLength != 0, !isBodiless {
            let collected = CollectedBody()
            try await response.body.write(collected)
            body = collected.buffer
        }
        closes = !incoming.keepsAlive
        bytes = Self.encode(
            response.status, response.headers, body, isHead: incoming.request.method == .head, isBodiless: isBodiless,
            closes: closes)
    }

    /// A short answer of the listener itself, in the one form that trackers' clients and browsers both read.
    init(status: HTTPResponse.Status, closes: Bool) {
        self.closes = closes
        let headers: HTTPFields = [
            .contentType: "application/json", .accessControlAllowOrigin: "*",
            .accessControlAllowMethods: "GET, POST, OPTIONS, HEAD",
            .accessControlAllowHeaders: "Content-Type, Access-Control-Allow-Headers, Authorization, X-Requested-With",
        ]
        bytes = Self.encode(
            status, headers, ByteBuffer(string: "{\"message\":\"\(status.reasonPhrase)\"}"), isHead: false,
            isBodiless: false, closes: closes)
    }

    /// The head of an answer that ends with the connection.
    static func head(_ response: Response) -> ByteBuffer {
        encode(response.status, response.headers, nil, isHead: false, isBodiless: true, closes: true)
    }

    private static func encode(
        _ status: HTTPResponse.Status, _ headers: HTTPFields, _ body: ByteBuffer?, isHead: Bool, isBodiless: Bool,
        closes: Bool
    ) -> ByteBuffer {
        var bytes = ByteBuffer()
        bytes.reserveCapacity(256 + headers.count * 48 + (body?.readableBytes ?? 0))
        bytes.writeString("HTTP/1.1 ")
        bytes.writeString(String(status.code))
        bytes.writeString(" ")
        bytes.writeString(status.reasonPhrase)
        bytes.writeString("\r\n")
        var declared: String?
        for field in headers {
            // Framing is decided here and nowhere else.
            switch field.name {
            case .contentLength:
                declared = field.value
                continue
            case .transferEncoding, .connection: continue
            default: break
            }
            bytes.writeString(field.name.rawName)
            bytes.writeString(": ")
            bytes.writeString(field.value)
            bytes.writeString("\r\n")
        }
        if !isBodiless {
            bytes.writeString("content-length: ")
            bytes.writeString(isHead ? declared ?? String(body?.readableBytes ?? 0) : String(body?.readableBytes ?? 0))
            bytes.writeString("\r\n")
        }
        bytes.writeString("date: ")
        bytes.writeString(HTTPDate.now())
        bytes.writeString(closes ? "\r\nconnection: close\r\n\r\n" : "\r\n\r\n")
        if var body, !isHead { bytes.writeBuffer(&body) }
        return bytes
    }
}

/// Takes what a response body writes.
private final class CollectedBody: ResponseBodyWriter {
    var buffer = ByteBuffer()
    func write(_ part: ByteBuffer) async throws {
        if buffer.readableBytes == 0 {
            buffer = part
        } else {
            buffer.writeImmutableBuffer(part)
        }
    }
    func finish(_ trailingHeaders: HTTPFields?) async throws {}
}

/// The `Date` field (RFC 9110, section 5.6.7), made once a second.
enum HTTPDate {
    private static let last = Mutex<(second: Int64, text: String)>((-1, ""))

    static func now() -> String {
        let second = Int64(Date().timeIntervalSince1970.rounded(.down))
        return last.withLock { last in
            if last.second != second { last = (second, text(second)) }
            return last.text
        }
    }

    static func text(_ second: Int64) -> String {
        let days = ["Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"]
        let months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
        let parts = Timestamp(milliseconds: second * 1000).components
        func two(_ value: Int) -> String { value < 10 ? "0\(value)" : "\(value)" }
        return "\(days[Int((second / 86_400) % 7)]), \(two(parts.day)) \(months[parts.month - 1]) \(parts.year) "
            + "\(two(parts.hour)):\(two(parts.minute)):\(two(parts.second)) GMT"
    }
}
