#if canImport(FoundationEssentials)
public import FoundationEssentials
#else
public import Foundation
#endif

/// Work that one process does at a time.
public protocol LeaseStore: Sendable {
    /// Takes or renews a lease, by the clock of the store.
    /// - Returns: Whether `holder` has it for the next `seconds`.
    func lease(_ name: String, holder: UUID, seconds: Int) async throws(EventStoreError) -> Bool
    /// Gives a lease back, so that the next holder need not wait; nothing happens when another has it.
    func releaseLease(_ name: String, holder: UUID) async throws(EventStoreError)
}
