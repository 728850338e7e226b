public import Domain

/// smartCARS 3 as the phpVMS 7 module speaks it (dialect D7): docs/protocols/smartcars3.md.
public struct SmartCARS3V7Adapter: TrackerAdapter {
    public static let id = AdapterID("smartcars3-v7")
    public static let title = "smartCARS 3 (phpVMS 7)"
    public static let capabilities = SmartCARS3.capabilities
    public static func bodyLimit(method: String, path: String) -> Int { SmartCARS3.bodyLimit(path: path) }
    public static let calls = SmartCARS3.calls(.d7)
    public static func call(of frame: RawFrame) -> String? { SmartCARS3.call(of: frame, .d7) }
    /// `/api/smartcars/`.
    public static func hostRoot(_ path: [Substring]) -> Int? {
        path.count >= 2 && path[0] == "api" && path[1] == "smartcars" ? 2 : nil
    }
    public static func setUp(root: String, pilot: String, site: TrackerSite) -> [SetUpText] {
        SmartCARS3.setUp(root: root, pilot: pilot)
    }
    public init() {}
    public func decode(_ frame: RawFrame) -> DecodedFrame { SmartCARS3.decode(frame, .d7) }
    public func encode(_ reply: TrackerReply, to frame: RawFrame) -> EncodedReply {
        SmartCARS3Encoder(dialect: .d7, frame: frame).encode(reply)
    }
    public func encode(_ error: DecodeError, to frame: RawFrame) -> EncodedReply {
        SmartCARS3Encoder(dialect: .d7, frame: frame).encode(error)
    }
}
