public import Domain

/// smartCARS 3 as the phpVMS 5 server speaks it (dialect D5): docs/protocols/smartcars3.md.
public struct SmartCARS3Adapter: TrackerAdapter {
    public static let id = AdapterID("smartcars3")
    public static let capabilities = SmartCARS3.capabilities
    public static func bodyLimit(method: String, path: String) -> Int { SmartCARS3.bodyLimit(path: path) }
    /// `/api/phpvms5/`, also in a folder.
    public static func hostRoot(_ path: [Substring]) -> Int? {
        for start in 0...1 where path.count >= start + 2 && path[start] == "api" && path[start + 1] == "phpvms5" {
            return start + 2
        }
        return nil
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
