import Domain
import Protocols

/// Replies: one line, `OK` or `NO` in front.
enum KestrelEncoder {
    static func encode(_ reply: TrackerReply) -> EncodedReply {
        switch reply {
        case .profile(let profile): text("OK \(profile.profile.name)")
        case .progress: text("OK")
        case .filed: text("OK filed")
        case .refused(let refusal):
            if let seconds = refusal.retryAfter {
                EncodedReply(
                    status: 429, headers: [("Content-Type", type), ("Retry-After", String(seconds))],
                    body: Array("NO later".utf8))
            } else {
                text("NO that is not for you", status: 403)
            }
        default: text("NO", status: 404)
        }
    }

    static func encode(_ error: DecodeError) -> EncodedReply { text(error.message, status: error.status) }

    private static let type = "text/plain; charset=UTF-8"
    private static func text(_ text: String, status: Int = 200) -> EncodedReply {
        EncodedReply(status: status, headers: [("Content-Type", type)], body: Array(text.utf8))
    }
}
