import CLibPQ

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#endif

/// Where to connect, and how long to try.
struct ConnectionTarget: Sendable {
    /// As libpq reads it: `postgres://…` or `host=… dbname=…`, with TLS by `sslmode` and `sslrootcert`.
    let url: String
    /// Whether the server keeps each statement that is sent, parsed and planned, for the life of the connection.
    var prepares = false
    /// For each address that the URL names; libpq makes it 2 at least.
    let timeoutSeconds: Int
}

/// One connection to the server, in pipeline mode. Lives on one thread, which may block: never an event loop, never one of
/// the cooperative pool. It leaves no setting behind and, unless told to, no prepared statement, so it may run through a
/// proxy that pools transactions.
///
/// Statements are queued with ``send(_:_:)``, a segment ends with ``sync()``, and ``receive()`` waits for the answers of
/// one segment. Nothing waits past ``deadline``: the connection counts as lost then.
final class Connection {
    private let handle: OpaquePointer
    private enum Statement {
        case query
        /// A `Parse` message, which has an answer of its own.
        case preparation(sql: String, name: String)
    }
    /// Statements of each segment that was sent and not received.
    private var segments: [[Statement]] = []
    private var queued: [Statement] = []
    /// Names of statements that the server keeps.
    private var names: [String: String] = [:]
    /// Names of those that it will keep if the queued segment gets that far.
    private var preparing: [String: String] = [:]
    private var nextName = 0
    private let prepares: Bool
    private var scratch: [UInt8] = []
    /// Why the connection can no longer be used.
    private var broken: PostgresFailure?
    var deadline = ContinuousClock.now

    init(_ target: ConnectionTarget) throws(PostgresFailure) {
        prepares = target.prepares
        // What stands before `dbname` is a default that the URL may change.
        let settings = [
            ("connect_timeout", "\(target.timeoutSeconds)"), ("application_name", "albatross"),
            ("keepalives_idle", "10"),
            ("keepalives_interval", "3"), ("keepalives_count", "3"), ("tcp_user_timeout", "15000"),
            ("dbname", target.url), ("client_encoding", "UTF8"),
        ]
        let opened = withCStrings(settings.map(\.0)) { keywords in
            withCStrings(settings.map(\.1)) { values in PQconnectdbParams(keywords, values, 1) }
        }
        guard let opened else { throw .lost("out of memory") }
        guard PQstatus(opened) == CONNECTION_OK else {
            let reason = oneLine(PQerrorMessage(opened))
            PQfinish(opened)
            throw .lost(reason)
        }
        handle = opened
        PQsetNoticeProcessor(opened, { _, _ in }, nil)
        guard PQsetnonblocking(opened, 1) == 0, PQenterPipelineMode(opened) == 1 else {
            throw .lost(oneLine(PQerrorMessage(opened)))
        }
    }

    deinit { PQfinish(handle) }

    /// Whether a URL can be parsed at all. What libpq would say about one that cannot may repeat a part of its password,
    /// above all of one with an `@`, `:` or `/` that should have been percent-encoded.
    static func accepts(url: String) -> Bool {
        for scheme in ["postgres://", "postgresql://"] where url.hasPrefix(scheme) {
            let authority = url.dropFirst(scheme.count).prefix { $0 != "/" && $0 != "?" }
            let parts = authority.split(separator: "@", omittingEmptySubsequences: false)
            guard parts.count <= 2, let hosts = parts.last else { return false }
            for host in hosts.split(separator: ",") {
                let port = host.split(separator: "]").last?.split(separator: ":", omittingEmptySubsequences: false)
                guard let port, port.count <= 2, port.count < 2 || Int32(port[1]) != nil || port[1].isEmpty else {
                    return false
                }
            }
        }
        guard let options = PQconninfoParse(url, nil) else { return false }
        PQconninfoFree(options)
        return true
    }

    // MARK: Pipeline

    /// Queues a statement. Parameters are `$1`, `$2` …; results come in binary form.
    func send(_ sql: String, _ parameters: [Parameter] = []) throws(PostgresFailure) {
        try checkUsable()
        scratch.removeAll(keepingCapacity: true)
        var starts: [Int] = []
        starts.reserveCapacity(parameters.count)
        for parameter in parameters {
            starts.append(scratch.count)
            parameter.write(to: &scratch)
        }
        // A value with no bytes at the very end must still have an address: no address means NULL.
        scratch.append(0)
        let end = scratch.count - 1
        let lengths = starts.indices.map { Int32(($0 + 1 < starts.count ? starts[$0 + 1] : end) - starts[$0]) }
        let types = parameters.map(\.type)
        let formats = [Int32](repeating: 1, count: parameters.count)
        let name = try prepares ? name(of: sql, types) : nil
        let sent = scratch.withUnsafeBytes { bytes in
            let base = bytes.assumingMemoryBound(to: CChar.self).baseAddress
            let values: [UnsafePointer<CChar>?] = starts.map { start in base.map { $0 + start } }
            if let name {
                return PQsendQueryPrepared(handle, name, Int32(parameters.count), values, lengths, formats, 1)
            }
            return PQsendQueryParams(handle, sql, Int32(parameters.count), types, values, lengths, formats, 1)
        }
        guard sent == 1 else { throw lose(oneLine(PQerrorMessage(handle))) }
        queued.append(.query)
    }

    /// Name of the prepared form of a statement; its preparation is queued the first time.
    private func name(of sql: String, _ types: [UInt32]) throws(PostgresFailure) -> String {
        if let known = names[sql] ?? preparing[sql] { return known }
        let name = "s\(nextName)"
        nextName += 1
        guard PQsendPrepare(handle, name, sql, Int32(types.count), types) == 1 else {
            throw lose(oneLine(PQerrorMessage(handle)))
        }
        queued.append(.preparation(sql: sql, name: name))
        preparing[sql] = name
        return name
    }

    /// Ends a segment and puts it on its way.
    func sync() throws(PostgresFailure) {
        try checkUsable()
        guard PQpipelineSync(handle) == 1, PQflush(handle) >= 0 else { throw lose(oneLine(PQerrorMessage(handle))) }
        segments.append(queued)
        queued = []
        preparing = [:]
    }

    /// Waits for the answers of the oldest segment, one a statement.
    /// - Throws: The first failure in it; what came after it in the segment was not done.
    func receive() throws(PostgresFailure) -> [ResultSet] {
        try checkUsable()
        if segments.isEmpty { return [] }
        let wanted = segments.removeFirst()
        var results: [ResultSet] = []
        results.reserveCapacity(wanted.count)
        var answered = 0
        var failure: PostgresFailure?
        var marks = 0
        while true {
            guard let result = try nextResult() else {
                // One mark ends each statement; more mean that libpq waits for nothing.
                marks += 1
                if marks > wanted.count + 1 { throw lose("answers do not match the statements") }
                continue
            }
            switch PQresultStatus(result) {
            case PGRES_PIPELINE_SYNC:
                PQclear(result)
                if let failure { throw failure }
                guard answered == wanted.count else { throw lose("answers do not match the statements") }
                return results
            case PGRES_TUPLES_OK, PGRES_COMMAND_OK, PGRES_EMPTY_QUERY:
                let result = ResultSet(handle: result)
                guard answered < wanted.count else { throw lose("answers do not match the statements") }
                switch wanted[answered] {
                case .query: results.append(result)
                case .preparation(let sql, let name): names[sql] = name
                }
                answered += 1
            case PGRES_PIPELINE_ABORTED: PQclear(result)
            default:
                let (state, message) = refusal(result)
                PQclear(result)
                guard let state, PQstatus(handle) == CONNECTION_OK, !PostgresFailure.endsConnection(state) else {
                    throw lose(message)
                }
                if failure == nil { failure = .server(state: state, message: message) }
            }
        }
    }

    /// Sends one segment of one statement and waits for its answer.
    func run(_ sql: String, _ parameters: [Parameter] = []) throws(PostgresFailure) -> ResultSet {
        try send(sql, parameters)
        try sync()
        let results = try receive()
        guard let last = results.last else { throw lose("no answer") }
        return last
    }

    /// Runs statements without parameters, separated by semicolons: migrations.
    func script(_ sql: String) throws(PostgresFailure) {
        try checkUsable()
        guard PQexitPipelineMode(handle) == 1 else { throw lose(oneLine(PQerrorMessage(handle))) }
        let result = PQexec(handle, sql)
        defer { PQclear(result) }
        guard PQstatus(handle) == CONNECTION_OK, PQenterPipelineMode(handle) == 1 else {
            throw lose(oneLine(PQerrorMessage(handle)))
        }
        guard PQresultStatus(result) == PGRES_FATAL_ERROR else { return }
        let (state, message) = refusal(result)
        throw .server(state: state ?? "", message: message)
    }

    /// What a result that is an error says. The primary message only: the detail line holds values of rows.
    private func refusal(_ result: OpaquePointer?) -> (state: String?, message: String) {
        // The characters of PG_DIAG_SQLSTATE and PG_DIAG_MESSAGE_PRIMARY, which Swift does not import.
        let state = PQresultErrorField(result, Int32(UInt8(ascii: "C"))).map { String(cString: $0) }
        let message = PQresultErrorField(result, Int32(UInt8(ascii: "M"))) ?? PQerrorMessage(handle).map { .init($0) }
        return (state, oneLine(message))
    }

    private func checkUsable() throws(PostgresFailure) { if let broken { throw broken } }

    private func lose(_ reason: String) -> PostgresFailure { lose(.lost(reason)) }

    private func lose(_ failure: PostgresFailure) -> PostgresFailure {
        broken = failure
        return failure
    }

    /// `nil` is only the mark between two statements.
    private func nextResult() throws(PostgresFailure) -> OpaquePointer? {
        while PQisBusy(handle) == 1 {
            let flushed = PQflush(handle)
            guard flushed >= 0 else { throw lose(oneLine(PQerrorMessage(handle))) }
            guard try wait(forRoom: flushed == 1, until: deadline) else { throw lose(.silent) }
        }
        let result = PQgetResult(handle)
        if result == nil, PQstatus(handle) != CONNECTION_OK { throw lose(oneLine(PQerrorMessage(handle))) }
        return result
    }

    /// Waits until the socket has something to read (and takes it) or, if asked, has room to write.
    /// - Returns: `false` when the time is over.
    private func wait(
        forRoom: Bool, until deadline: ContinuousClock.Instant, orFor descriptor: Int32? = nil
    ) throws(PostgresFailure) -> Bool {
        let events = Int16(POLLIN) | (forRoom ? Int16(POLLOUT) : 0)
        while true {
            let left = max(.zero, deadline - ContinuousClock.now)
            // Rounded up, so that the last bit of the time is not spent spinning.
            let milliseconds = left.components.seconds * 1000 + left.components.attoseconds / 1_000_000_000_000_000 + 1
            var polled = [pollfd(fd: PQsocket(handle), events: events, revents: 0)]
            if let descriptor { polled.append(pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)) }
            let ready = poll(&polled, nfds_t(polled.count), left == .zero ? 0 : Int32(clamping: milliseconds))
            if ready < 0 {
                if errno == EINTR { continue }
                throw lose(String(cString: strerror(errno)))
            }
            if ready == 0 {
                if ContinuousClock.now >= deadline { return false }
                continue
            }
            if polled[0].revents & ~Int16(POLLOUT) != 0, PQconsumeInput(handle) == 0 {
                throw lose(oneLine(PQerrorMessage(handle)))
            }
            return true
        }
    }

    // MARK: Between transactions

    /// Whether the connection can start a transaction: takes what the server said meanwhile, above all a farewell, and
    /// ends what an error left open.
    func isReady() -> Bool {
        deadline = .now + .seconds(2)
        do throws(PostgresFailure) {
            try checkUsable()
            while !segments.isEmpty {
                do { _ = try receive() } catch {
                    // A segment that nobody waited for was of no account.
                    guard case .server = error else { throw error }
                }
            }
            if try wait(forRoom: false, until: .now) {
                _ = PQisBusy(handle)
                guard PQstatus(handle) == CONNECTION_OK else { return false }
            }
            // An ending server says so before it closes the socket: the next look finds the end.
            if try wait(forRoom: false, until: .now) { guard PQstatus(handle) == CONNECTION_OK else { return false } }
            switch PQtransactionStatus(handle) {
            case PQTRANS_IDLE: return true
            case PQTRANS_INTRANS, PQTRANS_INERROR:
                _ = try run("ROLLBACK")
                return true
            default: return false
            }
        } catch { return false }
    }

    /// Waits for a notification (any will do), for the descriptor to be readable, or for the time to pass.
    func waitForNotification(for time: Duration, orFor descriptor: Int32) throws(PostgresFailure) {
        _ = try wait(forRoom: false, until: .now + time, orFor: descriptor)
        while let notification = PQnotifies(handle) { PQfreemem(notification) }
    }
}

/// libpq's messages end with a newline and may hold more.
func oneLine(_ message: UnsafePointer<CChar>?) -> String {
    message.map { oneLine(String(cString: $0)) } ?? "no message"
}

func oneLine(_ message: String) -> String {
    message.split(whereSeparator: \.isNewline).map { $0.drop { $0 == " " || $0 == "\t" } }.joined(separator: "; ")
}

/// Null-terminated array of C strings.
private func withCStrings<T>(
    _ strings: [String], _ body: (UnsafePointer<UnsafePointer<CChar>?>) -> T
) -> T {
    var bytes: [CChar] = []
    var starts: [Int] = []
    for string in strings {
        starts.append(bytes.count)
        bytes += string.utf8CString
    }
    return bytes.withUnsafeBufferPointer { buffer in
        var pointers: [UnsafePointer<CChar>?] = starts.map { start in buffer.baseAddress.map { $0 + start } }
        pointers.append(nil)
        return body(pointers)
    }
}
