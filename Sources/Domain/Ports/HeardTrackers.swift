/// When a pilot's tracker last called with success, by adapter. Kept in the store of sessions, beside them: such a record
/// opens nothing (no token has its hash), goes with the pilot's sessions, and ends by itself.
public struct HeardTrackers: Sendable {
    private let sessions: any SessionStore
    /// How long it is remembered.
    public static let life = Milliseconds.hours(24 * 90)

    public init(_ sessions: any SessionStore) { self.sessions = sessions }

    private static func kind(_ adapter: String) -> String { "heard-\(adapter)" }
    private static func place(_ user: UserID) -> [UInt8] { Array("\(user)".utf8) }

    public func save(
        _ tenant: TenantID, _ user: UserID, adapter: String, at time: Timestamp
    ) async throws(EventStoreError) {
        try await sessions.saveSession(
            SessionRecord(
                tenant: tenant, kind: Self.kind(adapter), hash: Self.place(user), user: user,
                expires: time + Self.life))
    }

    /// - Returns: Nil for a tracker that was not heard for ``life``.
    public func last(
        _ tenant: TenantID, _ user: UserID, adapter: String
    ) async throws(EventStoreError) -> Timestamp? {
        try await sessions.session(tenant, kind: Self.kind(adapter), hash: Self.place(user)).map {
            $0.expires - Self.life
        }
    }
}
