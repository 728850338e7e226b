/// Why a database could not be opened as a store; `description` is one sentence for a person, without the URL.
public enum PostgresOpenError: Error, Hashable, Sendable, CustomStringConvertible {
    /// The URL is not one that libpq reads.
    case malformedURL
    /// No connection, or PostgreSQL refused.
    case database(String)
    /// No migration was ever applied, or not all that this release needs; 0 is an empty database.
    case olderSchema(found: Int, known: Int)
    /// Written by a later release.
    case newerSchema(found: Int, known: Int)
    /// The login may do more than a service should, or less than it must.
    case role(String)
    /// The server answers a commit before it is on stable storage.
    case notDurable(setting: String)
    /// The server is a standby.
    case readOnly

    public var description: String {
        switch self {
        case .malformedURL: "the URL of PostgreSQL cannot be read: write postgres://USER:PASSWORD@HOST:PORT/DATABASE"
        case .database(let reason): "cannot open PostgreSQL: \(reason)"
        case .olderSchema(let found, let known):
            "the database has schema \(found), this release needs \(known): run `albatross migrate`"
        case .newerSchema(let found, let known):
            "the data was written by a later release (schema \(found), this one knows \(known)): run that release, or restore a backup made before the upgrade"
        case .role(let reason): reason
        case .notDurable(let setting):
            "PostgreSQL has synchronous_commit=\(setting), so commits would not be durable: set it to on"
        case .readOnly: "PostgreSQL at this address is a standby: give the address of the primary"
        }
    }
}
