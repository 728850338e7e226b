import Application
import Domain
import HTTPTypes
import Hummingbird
import HummingbirdCore

/// A pilot's own trackers: what to paste into them, keys for them, and when they were last heard.
struct TrackerController: Sendable {
    let scope: TenantScope
    private var server: QueryServer { scope.server }
    private var setUp: TrackerSetUp { server.setUp }

    /// Keys that one person may have at a time.
    private static let keyLimit = 20

    private struct KeyBody: Decodable {
        let adapter: String?
    }

    func list(_ principal: Principal) async throws -> Response {
        let trackers = setUp.trackers(scope.tenant, principal.ident, try origin(), nil)
        var heard: [String: Timestamp] = [:]
        for tracker in trackers {
            heard[tracker.adapter] = try await setUp.heard.last(scope.id, principal.user, adapter: tracker.adapter)
        }
        let keys = try await server.directory.apiKeys(scope.id, of: principal.user)
        return .json(
            .object(capacity: 16_384) { text in
                text.field("pilot", principal.ident)
                text.array("trackers") { text in
                    for tracker in trackers {
                        text.object { text in
                            text.field("adapter", tracker.adapter)
                            text.field("title", tracker.title)
                            text.field("key", tracker.key)
                            text.field("last_heard_at", heard[tracker.adapter])
                            Self.write(tracker.texts, to: &text)
                        }
                    }
                }
                text.array("keys") { text in
                    for key in keys {
                        text.object { text in
                            text.field("id", "\(key.id)")
                            text.field("kind", key.kind.rawValue)
                            text.field("prefix", key.prefix)
                        }
                    }
                }
            }, headers: [.cacheControl: "no-store"])
    }

    private static func write(_ texts: [TrackerSetUp.Text], to text: inout JSONText) {
        text.array("texts") { list in
            for each in texts {
                list.object { object in
                    object.field("title", each.title)
                    object.field("text", each.text)
                }
            }
        }
    }

    func makeKey(_ principal: Principal) async throws -> Response {
        let body = try await RequestBodies.decode(KeyBody.self, scope.v1.request)
        let origin = try origin()
        guard let wanted = body.adapter,
            let kind = setUp.trackers(scope.tenant, principal.ident, origin, nil).first(where: { $0.adapter == wanted }
            )?
            .kind
        else { throw Problem.invalid("adapter", "adapter is one of this airline's trackers that take a key") }
        guard try await server.directory.apiKeys(scope.id, of: principal.user).count < Self.keyLimit else {
            throw Problem(
                .conflict, "Too many keys", detail: "Nobody has more than \(Self.keyLimit) keys: revoke one first.")
        }
        let (key, details) = setUp.makeKey(principal.user, kind)
        try await setUp.administration.createApiKey(scope.id, details)
        let texts = setUp.trackers(scope.tenant, principal.ident, origin, key).first { $0.adapter == wanted }?.texts
        return .json(
            .object(capacity: 4096) { text in
                text.field("id", "\(details.id)")
                text.field("kind", kind.rawValue)
                text.field("prefix", details.prefix)
                text.field("key", key)
                text.field("adapter", wanted)
                Self.write(texts ?? [], to: &text)
            }, status: .created, headers: [.cacheControl: "no-store"])
    }

    func revokeKey(_ text: String, _ principal: Principal) async throws -> Response {
        // Somebody else's key looks like one that is not there.
        guard let id = ApiKeyID(text),
            try await server.directory.apiKeys(scope.id, of: principal.user).contains(where: { $0.id == id })
        else { throw Problem.notFound }
        try await setUp.administration.revokeApiKey(scope.id, id)
        return Response(status: .noContent)
    }

    /// Scheme and authority that trackers are to use: what the page was loaded from (`?origin=`), else the request's host.
    private func origin() throws -> String {
        guard let origin = scope.query["origin"] else {
            return "http://\(scope.v1.request.head.authority ?? "localhost")"
        }
        let parts = origin.split(separator: "/", maxSplits: 2, omittingEmptySubsequences: false)
        let allowed = parts.last?.utf8.allSatisfy { byte in
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"):
                true
            default: ".:-[]".utf8.contains(byte)
            }
        }
        guard origin.utf8.count <= 300, parts.count == 3, parts[0] == "http:" || parts[0] == "https:", parts[1].isEmpty,
            allowed == true, parts[2].isEmpty == false
        else { throw Problem.invalid("origin", "origin is scheme and host, such as https://va.example") }
        return origin
    }
}
