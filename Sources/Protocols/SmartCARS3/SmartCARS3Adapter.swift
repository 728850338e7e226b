public import Domain

/// smartCARS 3 as the phpVMS 5 server speaks it (dialect D5): docs/protocols/smartcars3.md.
public struct SmartCARS3Adapter: TrackerAdapter {
    public static let id = AdapterID("smartcars3")
    public static let title = "smartCARS 3"
    public static let capabilities = SmartCARS3.capabilities
    public static func bodyLimit(method: String, path: String) -> Int { SmartCARS3.bodyLimit(path: path) }
    public static let calls = SmartCARS3.calls(.d5)
    public static func call(of frame: RawFrame) -> String? { SmartCARS3.call(of: frame, .d5) }
    /// `/api/phpvms5/`, also in a folder.
    public static func hostRoot(_ path: [Substring]) -> Int? {
        for start in 0...1 where path.count >= start + 2 && path[start] == "api" && path[start + 1] == "phpvms5" {
            return start + 2
        }
        return nil
    }
    public static func setUp(root: String, pilot: String, site: TrackerSite) -> [SetUpText] {
        SmartCARS3.setUp(root: root, pilot: pilot)
    }
    public init() {}
    public func decode(_ frame: RawFrame) -> DecodedFrame { SmartCARS3.decode(frame, .d5) }
    public func encode(_ reply: TrackerReply, to frame: RawFrame) -> EncodedReply {
        SmartCARS3Encoder(dialect: .d5, frame: frame).encode(reply)
    }
    public func encode(_ error: DecodeError, to frame: RawFrame) -> EncodedReply {
        SmartCARS3Encoder(dialect: .d5, frame: frame).encode(error)
    }
}
