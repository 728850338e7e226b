#if canImport(FoundationEssentials)
public import FoundationEssentials
#else
public import Foundation
#endif

/// A piece of a store on its way into another one.
public enum TransferRecord: Hashable, Sendable {
    /// Last position that was handed out; it may lie past the last event.
    case head(Int64)
    case event(EventEnvelope)
    case reservation(TenantID, scope: String, key: String, owner: UUID)
    /// The next number of a kind.
    case sequence(TenantID, kind: String, next: Int64)
    case session(SessionRecord)
    /// - Parameter number: The frame's place among its tenant's.
    case quarantined(TenantID, number: Int64, QuarantinedFrame)
    /// Of a projection that the log does not give again.
    case document(TenantID, projection: String, kind: String, key: String, value: [UInt8])
    case checkpoint(projection: String, partition: Int, position: Int64)
    /// Follows from the events: in no file, but written with them.
    case lookup(TenantID, kind: String, key: String, value: [UInt8])
}

/// Whose data goes out.
public struct TransferScope: Sendable {
    /// The one airline that goes out; nil is the whole store.
    public let tenant: TenantID?
    /// The stream in which the platform keeps that airline; what the airline has reserved there is owned by its id.
    public let entry: StreamName?

    /// The whole store.
    public static let store = TransferScope(tenant: nil, entry: nil)
    public static func tenant(_ tenant: TenantID, entry: StreamName) -> TransferScope {
        TransferScope(tenant: tenant, entry: entry)
    }

    private init(tenant: TenantID?, entry: StreamName?) {
        self.tenant = tenant
        self.entry = entry
    }
}

/// Gives a whole store away, and takes one in.
public protocol TransferStore: Sendable {
    /// Gives everything that the log does not give again, and the log, as one snapshot holds them: the head first, then the
    /// events by position, then the rest. Servers go on meanwhile.
    /// - Parameters:
    ///   - projections: Left out, as the log gives them again or they belong to this installation.
    ///   - take: Called in order, on a thread that it may block. What it throws ends the transfer.
    func exportRecords(
        _ scope: TransferScope, leavingOut projections: Set<String>,
        _ take: @escaping @Sendable ([TransferRecord]) throws -> Void
    ) async throws(EventStoreError)
    /// Takes records into an empty store, in one transaction: all or nothing.
    /// - Parameter source: Called for each attempt; gives the records one by one, nil at the end. May block.
    /// - Throws: ``EventStoreError/unavailable(_:)`` when the store is not empty, or another process uses it.
    func importRecords(
        _ source: @escaping @Sendable () throws -> @Sendable () throws -> TransferRecord?
    ) async throws(EventStoreError)
}
