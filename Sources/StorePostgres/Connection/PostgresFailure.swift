import Domain

/// Why something did not happen on a connection. Carries no value of a parameter.
enum PostgresFailure: Error {
    /// The connection is gone; whether what was under way was committed is not known.
    case lost(String)
    /// Given up on by us, as no answer came in time; otherwise as ``lost(_:)``.
    case silent
    /// The server refused a statement.
    case server(state: String, message: String)
    /// The server did as asked, and what it said forbids the rest.
    case refused(EventStoreError)

    var asStoreError: EventStoreError {
        switch self {
        case .lost(let reason): .unavailable("PostgreSQL cannot be reached: \(reason)")
        case .silent: .unavailable("PostgreSQL did not answer in time")
        case .server(let state, let message): .unavailable("\(message) (PostgreSQL \(state))")
        case .refused(let error): error
        }
    }

    var endsConnection: Bool {
        switch self {
        case .lost, .silent: true
        case .server, .refused: false
        }
    }

    /// What the whole server, or another transaction, is to blame for: no request of a batch is better off without the
    /// others. Class 53 is a lack of disk, memory or connections, 40 a deadlock, 55P03 and 57014 a timeout, 58 a failure of
    /// the disk (PostgreSQL, appendix A).
    var concernsAll: Bool {
        switch self {
        case .lost, .silent: true
        case .server(let state, _):
            state.hasPrefix("53") || state.hasPrefix("40") || state.hasPrefix("58") || state == "55P03"
                || state == "57014" || state == "25006"
        case .refused: false
        }
    }

    /// States that end a connection: the server goes down, or (25006) has become a standby, which another address may
    /// not be.
    static func endsConnection(_ state: String) -> Bool {
        state.hasPrefix("57P") || state.hasPrefix("08") || state == "25006" || state == "25P03"
    }
}
