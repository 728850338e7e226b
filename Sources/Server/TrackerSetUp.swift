public import Application
public import Domain

/// What pilots are told about pointing their trackers at this server. The texts come from outside: the query server
/// knows no tracker's protocol.
public struct TrackerSetUp: Sendable {
    /// A value to type, or a file; `title` is the name of the box, setting or file.
    public struct Text: Sendable {
        public let title: String
        public let text: String
        public init(title: String, text: String) {
            self.title = title
            self.text = text
        }
    }
    public struct Tracker: Sendable {
        /// Id of the adapter.
        public let adapter: String
        public let title: String
        /// `none`, `address` (a tracker key in the addresses) or `pasted` (an API key in a box of its own).
        public let key: String
        /// Of the key that it takes.
        public let kind: ApiKeyDetails.Kind?
        public let texts: [Text]
        public init(adapter: String, title: String, key: String, kind: ApiKeyDetails.Kind?, texts: [Text]) {
            self.adapter = adapter
            self.title = title
            self.key = key
            self.kind = kind
            self.texts = texts
        }
    }

    let administration: Administration
    let heard: HeardTrackers
    let trackers: @Sendable (Tenant, _ pilot: String, _ origin: String, _ key: String?) -> [Tracker]
    let makeKey: @Sendable (UserID, ApiKeyDetails.Kind) -> (key: String, details: ApiKeyDetails)

    /// - Parameters:
    ///   - trackers: Those that the airline has on, with the texts for a pilot. `origin` is scheme and authority, `key`
    ///     the pilot's own where it was just made.
    ///   - makeKey: A fresh key and what is kept of it.
    public init(
        administration: Administration, heard: HeardTrackers,
        trackers: @escaping @Sendable (Tenant, _ pilot: String, _ origin: String, _ key: String?) -> [Tracker],
        makeKey: @escaping @Sendable (UserID, ApiKeyDetails.Kind) -> (key: String, details: ApiKeyDetails)
    ) {
        self.administration = administration
        self.heard = heard
        self.trackers = trackers
        self.makeKey = makeKey
    }
}
