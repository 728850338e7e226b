public import Domain

#if canImport(FoundationEssentials)
public import FoundationEssentials
#else
public import Foundation
#endif

/// Leases run on the clock that the store was opened with.
extension SQLiteStore: LeaseStore {
    public func lease(_ name: String, holder: UUID, seconds: Int) async throws(EventStoreError) -> Bool {
        try await write(.maintenance) { writer throws(WriteStop) in
            try writer.lease(name, holder: holder, seconds: seconds)
        }
    }

    public func releaseLease(_ name: String, holder: UUID) async throws(EventStoreError) {
        try await write(.maintenance) { writer throws(WriteStop) in try writer.releaseLease(name, holder: holder) }
    }
}
