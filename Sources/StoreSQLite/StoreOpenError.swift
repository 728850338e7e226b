/// Why a folder could not be opened as a store; `description` is one sentence for a person.
public enum StoreOpenError: Error, Hashable, Sendable, CustomStringConvertible {
    /// The folder or a file in it cannot be made, read or written.
    case folder(path: String, reason: String)
    /// Written by a later release.
    case newerSchema(found: Int, known: Int)
    /// Another process has the folder open and the step at hand needs it alone.
    case inUse(path: String)
    /// SQLite refused.
    case database(String)
    /// The writer does not bring each commit to stable storage.
    case notDurable(level: Int)

    public var description: String {
        switch self {
        case .folder(let path, let reason): "cannot use the data folder \(path): \(reason)"
        case .newerSchema(let found, let known):
            "the data was written by a later release (schema \(found), this one knows \(known)): run that release, or restore a backup made before the upgrade"
        case .inUse(let path): "another albatross process uses \(path): stop it and try again"
        case .database(let reason): "cannot open the database: \(reason)"
        case .notDurable(let level):
            "the database refused synchronous=FULL (level \(level)): commits would not be durable"
        }
    }
}
