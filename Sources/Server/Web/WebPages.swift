import CWebAssets
import Domain
import HTTPTypes
import Hummingbird
import HummingbirdCore
import NIOCore

#if canImport(FoundationEssentials)
import FoundationEssentials
#else
import Foundation
#endif

/// The web UI: the shell for every page, and its files from the pack that is compiled in, or from a folder.
struct WebPages: Sendable {
    private struct Asset: Sendable {
        let type: String
        let gzip: ByteBuffer
        let size: Int
    }
    private let assets: [String: Asset]
    private let hash: String
    private let shell: (bytes: [UInt8], tag: String)?
    /// Serves this folder instead of the pack.
    private let root: String?

    static let policy = [
        "default-src 'none'", "script-src 'self'", "style-src 'self'", "img-src 'self' data: blob:",
        "connect-src 'self'",
        "worker-src blob:", "font-src 'self'", "base-uri 'none'", "form-action 'self'", "frame-ancestors 'self'",
    ].joined(separator: "; ")
    static let permissions =
        "accelerometer=(), autoplay=(), camera=(), display-capture=(), encrypted-media=(), "
        + "fullscreen=(self), clipboard-write=(self), geolocation=(), gyroscope=(), hid=(), idle-detection=(), "
        + "magnetometer=(), microphone=(), midi=(), payment=(), picture-in-picture=(), publickey-credentials-get=(), "
        + "screen-wake-lock=(), serial=(), usb=(), xr-spatial-tracking=()"

    init(root: String?) {
        self.root = root
        var count = 0
        var assets: [String: Asset] = [:]
        if let table = alb_assets(&count) {
            for index in 0..<count {
                let asset = table[index]
                let bytes = UnsafeBufferPointer(start: asset.gzip_bytes, count: asset.gzip_length)
                assets[String(cString: asset.path)] = Asset(
                    type: String(cString: asset.content_type), gzip: ByteBuffer(bytes: bytes), size: asset.raw_length)
            }
        }
        self.assets = assets
        hash = root == nil ? String(cString: alb_assets_hash()) : "dev"
        var length = 0
        if let start = alb_assets_shell(&length), root == nil {
            let text = start.withMemoryRebound(to: UInt8.self, capacity: length) {
                Array(UnsafeBufferPointer(start: $0, count: length))
            }
            shell = (Self.filled(text, prefix: "/static/" + hash), "\"" + hash + "\"")
        } else {
            shell = nil
        }
    }

    private static func filled(_ shell: [UInt8], prefix: String) -> [UInt8] {
        let mark = Array("{{static}}".utf8)
        var filled: [UInt8] = []
        filled.reserveCapacity(shell.count + 512)
        var index = 0
        while index < shell.count {
            if shell[index] == mark[0], shell[index...].starts(with: mark) {
                filled += prefix.utf8
                index += mark.count
            } else {
                filled.append(shell[index])
                index += 1
            }
        }
        return filled
    }

    /// Whether a path is one of the pages.
    static func isPage(_ segments: [String]) -> Bool {
        guard let first = segments.first else { return true }
        if first == "login" { return segments.count <= 2 }
        if first == "platform" { return segments.count <= 3 }
        guard TenantSlug.isValid(first) else { return false }
        let pages: Set<String> = [
            "live", "flights", "review", "me", "schedules", "fleet", "rulesets", "quarantine", "stats", "admin",
            "imports",
        ]
        return segments.count == 1 || (pages.contains(segments[1]) && segments.count <= 5)
    }

    /// The shell; it is the same for every page.
    func page(_ request: Request) -> Response {
        var headers: HTTPFields = [.cacheControl: "no-cache", .xContentTypeOptions: "nosniff"]
        headers[.contentSecurityPolicy] = Self.policy
        headers[Self.referrerPolicy] = "same-origin"
        headers[Self.permissionsPolicy] = Self.permissions
        let bytes: [UInt8]
        if let root {
            guard let text = FileManager.default.contents(atPath: root + "/index.html") else {
                return .bytes(
                    Array("The folder of the web UI has no index.html\n".utf8), type: "text/plain; charset=utf-8",
                    status: .notFound, headers: headers)
            }
            bytes = Self.filled(Array(text), prefix: "/static/dev")
        } else if let shell {
            headers[.eTag] = shell.tag
            if request.headers[.ifNoneMatch]?.contains(shell.tag) == true {
                return Response(status: .notModified, headers: headers)
            }
            bytes = shell.bytes
        } else {
            return .bytes(
                Array("Built without web UI: run `make web` and build again. The API is under /v1.\n".utf8),
                type: "text/plain; charset=utf-8", headers: headers)
        }
        return .bytes(bytes, type: "text/html; charset=utf-8", headers: headers)
    }

    /// `/static/{hash}/…`.
    func file(_ segments: [String], _ request: Request) -> Response {
        guard segments.count >= 3 else { return Problem.notFound.response }
        var headers: HTTPFields = [.xContentTypeOptions: "nosniff"]
        let parts = segments.dropFirst(2)
        // Nothing that could lead out of the folder; file names of ours never begin with a dot.
        guard parts.allSatisfy({ !$0.hasPrefix(".") && !$0.isEmpty && !$0.contains(where: { "/\\\0".contains($0) }) })
        else { return Problem.notFound.response }
        let path = parts.joined(separator: "/")
        if let root {
            guard let bytes = FileManager.default.contents(atPath: root + "/" + path) else {
                return Problem.notFound.response
            }
            headers[.cacheControl] = "no-cache"
            return .bytes(Array(bytes), type: Self.type(of: path), headers: headers)
        }
        guard segments[1] == hash, let asset = assets[path] else { return Problem.notFound.response }
        headers[.cacheControl] = "public, max-age=31536000, immutable"
        headers[.vary] = "Accept-Encoding"
        if Self.takesGzip(request.headers[.acceptEncoding]) {
            headers[.contentEncoding] = "gzip"
            headers[.contentType] = asset.type
            return Response(status: .ok, headers: headers, body: ResponseBody(byteBuffer: asset.gzip))
        }
        let plain = asset.gzip.withUnsafeReadableBytes { bytes in
            Inflate.gzip(bytes.bindMemory(to: UInt8.self), size: asset.size)
        }
        guard let plain else {
            return Problem(.notAcceptable, "Only gzip", detail: "This file is sent with gzip only.").response
        }
        return .bytes(plain, type: asset.type, headers: headers)
    }

    static func takesGzip(_ header: String?) -> Bool {
        guard let header else { return false }
        for part in header.lowercased().split(separator: ",") {
            let fields = part.split(separator: ";").map { $0.filter { $0 != " " } }
            guard let name = fields.first, name == "gzip" || name == "*" || name == "x-gzip" else { continue }
            return !fields.dropFirst().contains { ["q=0", "q=0.0", "q=0.00", "q=0.000"].contains($0) }
        }
        return false
    }

    private static func type(of path: String) -> String {
        switch path.split(separator: ".").last {
        case "css": "text/css; charset=utf-8"
        case "html": "text/html; charset=utf-8"
        case "js": "text/javascript; charset=utf-8"
        case "json": "application/json"
        case "png": "image/png"
        case "svg": "image/svg+xml"
        default: "text/plain; charset=utf-8"
        }
    }

    private static let referrerPolicy = Self.name("Referrer-Policy")
    private static let permissionsPolicy = Self.name("Permissions-Policy")
    private static func name(_ text: String) -> HTTPField.Name {
        guard let name = HTTPField.Name(text) else { preconditionFailure("no field name: \(text)") }
        return name
    }
}
