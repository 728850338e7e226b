public import Domain

extension RawFrame {
    /// Reads a captured request as fixtures, the quarantine and `albatross decode` keep it: `POST pilot/login?username=7`,
    /// header lines, an empty line, the body as sent. Lines end with LF or CRLF.
    /// - Returns: `nil` without a request line of method and path.
    public init?(captured bytes: [UInt8], receivedAt: Timestamp, site: TrackerSite = TrackerSite()) {
        var index = 0
        func line() -> String? {
            guard index < bytes.count else { return nil }
            let end = bytes[index...].firstIndex(of: 0x0A) ?? bytes.count
            var text = bytes[index..<end]
            index = min(end + 1, bytes.count)
            if text.last == 0x0D { text.removeLast() }
            return String(decoding: text, as: UTF8.self)
        }
        guard let request = line() else { return nil }
        let parts = request.split(separator: " ", maxSplits: 2, omittingEmptySubsequences: false)
        guard parts.count >= 2, !parts[0].isEmpty else { return nil }
        let target = parts[1].split(separator: "?", maxSplits: 1, omittingEmptySubsequences: false)
        var contentType: String?
        var authorization: String?
        var apiKey: String?
        var userAgent: String?
        while let header = line(), !header.isEmpty {
            let pair = header.split(separator: ":", maxSplits: 1)
            guard pair.count == 2 else { continue }
            let value = String(pair[1].drop { $0 == " " })
            switch pair[0].lowercased() {
            case "content-type": contentType = value
            case "authorization": authorization = value
            case "x-api-key": apiKey = value
            case "user-agent": userAgent = value
            default: continue
            }
        }
        var segments = (target.first ?? "").split(separator: "/", omittingEmptySubsequences: false)
        var trackerKey: String?
        if segments.count >= 3, segments[0] == "k" {
            trackerKey = String(segments[1])
            segments.removeFirst(2)
        }
        self.init(
            method: String(parts[0]), path: segments.joined(separator: "/"),
            query: target.count > 1 ? String(target[1]) : "",
            contentType: contentType, authorization: authorization, body: Array(bytes[index...]), receivedAt: receivedAt
        )
        self.apiKey = apiKey
        self.userAgent = userAgent
        self.trackerKey = trackerKey
        self.site = site
    }
}
