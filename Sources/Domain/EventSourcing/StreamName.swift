#if canImport(FoundationEssentials)
public import FoundationEssentials
#else
public import Foundation
#endif

/// `tenant/category/id`: one stream per aggregate.
public struct StreamName: Hashable, Sendable, CustomStringConvertible {
    public let tenant: TenantID
    public let category: StreamCategory
    public let id: UUID

    public init(_ tenant: TenantID, _ category: StreamCategory, _ id: UUID) {
        self.tenant = tenant
        self.category = category
        self.id = id
    }
    public var description: String { "\(tenant)/\(category.rawValue)/\(id.uuidString.lowercased())" }
}

/// What the writer believes about a stream. A unique index on (tenant, stream, version) is the real guard.
public enum ExpectedVersion: Hashable, Sendable {
    /// The stream does not exist yet.
    case noStream
    /// The stream's last version is this one; the first event of a stream has version 1.
    case exactly(Int64)
    case any
}
