/// Takes personal data out of what is stored. Nothing else ever changes an event.
public protocol EventRewriter: Sendable {
    /// Puts other payloads in the place of stored ones, in one transaction. Ids, versions, positions and times stay;
    /// checksums are made anew.
    /// - Parameter payloads: By position, of events of this tenant.
    /// - Throws: ``EventStoreError/corrupted(position:)`` when an event is not the one it should be.
    func rewrite(_ tenant: TenantID, _ payloads: [Int64: [UInt8]]) async throws(EventStoreError)
    /// Removes quarantined frames.
    func removeQuarantined(_ tenant: TenantID, ids: [String]) async throws(EventStoreError)
    /// Leaves nothing of what was replaced or removed in the database's files, as far as this login may see to that.
    func compact() async throws(EventStoreError)
}
