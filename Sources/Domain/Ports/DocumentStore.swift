#if canImport(FoundationEssentials)
public import FoundationEssentials
#else
public import Foundation
#endif

/// A stored document.
public struct Document: Hashable, Sendable {
    public let key: String
    public let value: [UInt8]

    public init(key: String, value: [UInt8]) {
        self.key = key
        self.value = value
    }
}

/// Where a scan starts and which way it goes. Keys compare by their UTF-8 bytes.
public struct DocumentRange: Sendable {
    /// Only keys that begin with this.
    public var prefix: String
    /// Only keys past this one in the direction of the scan (a cursor).
    public var past: String?
    public var descending: Bool
    public var limit: Int

    public init(prefix: String = "", past: String? = nil, descending: Bool = false, limit: Int = 1000) {
        self.prefix = prefix
        self.past = past
        self.descending = descending
        self.limit = limit
    }
}

/// Reads the documents that appends write beside their events.
public protocol LookupReader: Sendable {
    func lookup(_ tenant: TenantID, kind: String, key: String) async throws(EventStoreError) -> [UInt8]?
    func lookups(
        _ tenant: TenantID, kind: String, _ range: DocumentRange
    ) async throws(EventStoreError) -> [Document]
    /// Owner of a reservation.
    func owner(_ tenant: TenantID, of reservation: Reservation) async throws(EventStoreError) -> UUID?
    /// Hands out the next number (1...2³¹−1) of a kind inside a tenant: durable, never twice, gaps allowed.
    /// - Parameter wanted: This very number when it is still free above everything handed out, else the next.
    func nextNumber(_ tenant: TenantID, kind: String, wanted: Int?) async throws(EventStoreError) -> Int
    /// Puts a whole new set of lookups and reservations in the place of the old one, in one transaction, while appends
    /// wait. Refused with ``EventStoreError/unavailable(_:)`` when the log has grown past `position`.
    func replaceLookups(
        upTo position: Int64, documents: [(TenantID, DocumentWrite)], reservations: [(TenantID, Reservation, UUID)]
    ) async throws(EventStoreError)
    /// Every lookup and reservation, in key order, as text: for comparing with a replay. Lines read
    /// `lookup <tenant> <kind> <key> <value>` and `reservation <tenant> <scope> <key> <owner>`.
    func lookupDigest() async throws(EventStoreError) -> [String]
}

/// How far a projection has come: the generation that readers use, and its place in each partition of the log.
public struct ProjectionProgress: Hashable, Sendable {
    public let generation: Int
    /// Global position per partition, ``Partitions/count`` of them.
    public let positions: [Int64]
    /// Everything up to here is in it, whatever its partition.
    public var position: Int64 { positions.min() ?? 0 }

    public init(generation: Int, positions: [Int64]) {
        self.generation = generation
        self.positions = positions
    }
}

/// Keeps the documents of projections, each projection with its checkpoints. A generation is one life of a projection: a
/// rebuild fills the next one while readers stay on the old.
public protocol ReadModelStore: Sendable {
    /// Applies writes and moves the checkpoint of some partitions, in one transaction.
    ///
    /// In the generation that readers use, a checkpoint below the stored one of any of these partitions is refused with
    /// ``EventStoreError/unavailable(_:)``: another process is ahead. In a later generation it begins a rebuild anew: the
    /// documents of the one that was cut off go first. A generation below the readers' is gone, and refused.
    func commit(
        _ projection: String, generation: Int, partitions: Range<Int>, writes: [(TenantID, DocumentWrite)],
        checkpoint: Int64
    ) async throws(EventStoreError)
    /// Generation 1 at position 0 everywhere when the projection has never run.
    func progress(_ projection: String) async throws(EventStoreError) -> ProjectionProgress
    /// Makes a generation the one that readers use and drops those below.
    func activate(_ projection: String, generation: Int) async throws(EventStoreError)
    func document(
        _ tenant: TenantID, _ projection: String, kind: String, key: String
    ) async throws(EventStoreError) -> [UInt8]?
    func documents(
        _ tenant: TenantID, _ projection: String, kind: String, _ range: DocumentRange
    ) async throws(EventStoreError) -> [Document]
    /// Every document of a generation, in key order, as text: for comparing with a replay.
    func readModelDigest(_ projection: String, generation: Int) async throws(EventStoreError) -> [String]
}

/// A tracker's or browser's session: found by the keyed hash of its token, never by the token.
public struct SessionRecord: Hashable, Sendable {
    public let tenant: TenantID
    /// `smartcars`, `refresh` …: a token of one kind opens nothing of another.
    public let kind: String
    public let hash: [UInt8]
    public let user: UserID
    public let expires: Timestamp

    public init(tenant: TenantID, kind: String, hash: [UInt8], user: UserID, expires: Timestamp) {
        self.tenant = tenant
        self.kind = kind
        self.hash = hash
        self.user = user
        self.expires = expires
    }
}

/// Sessions outlive a restart.
public protocol SessionStore: Sendable {
    func saveSession(_ session: SessionRecord) async throws(EventStoreError)
    /// The session as it was saved, also when it has expired: the caller looks at the time.
    func session(
        _ tenant: TenantID, kind: String, hash: [UInt8]
    ) async throws(EventStoreError) -> SessionRecord?
    /// Ends one session, or every session of a user when `hash` is nil; `true` when there was one. Of several callers at
    /// once only one is told `true`.
    func endSessions(
        _ tenant: TenantID, kind: String?, user: UserID, hash: [UInt8]?
    ) async throws(EventStoreError) -> Bool
    func removeExpiredSessions(before: Timestamp) async throws(EventStoreError)
}

/// A frame kept for staff: one that did not decode, or a sample of one that did. Secrets were cut out before.
public struct QuarantinedFrame: Hashable, Sendable, Codable {
    /// ``code`` of a frame that was understood and kept as a sample of what its client sends.
    public static let sampleCode = "sample"

    public let id: String
    public let adapter: String
    public let code: String
    public let detail: String
    public let method: String
    public let path: String
    public let bytes: [UInt8]
    public let receivedAt: Timestamp

    public init(
        id: String, adapter: String, code: String, detail: String, method: String, path: String, bytes: [UInt8],
        receivedAt: Timestamp
    ) {
        self.id = id
        self.adapter = adapter
        self.code = code
        self.detail = detail
        self.method = method
        self.path = path
        self.bytes = bytes
        self.receivedAt = receivedAt
    }

    public var isSample: Bool { code == Self.sampleCode }
}

/// Which frames are asked for.
public struct FrameFilter: Hashable, Sendable {
    /// Samples of frames that were understood; otherwise the frames that were not.
    public var samples: Bool
    /// Nil: whatever adapter.
    public var adapter: String?
    public init(samples: Bool = false, adapter: String? = nil) {
        self.samples = samples
        self.adapter = adapter
    }
}

/// Bounded per tenant, and samples also per tenant and adapter: the oldest frames go first.
public protocol QuarantineStore: Sendable {
    /// Durable when it returns. A frame whose id is known already is kept once.
    func quarantine(_ tenant: TenantID, _ frames: [QuarantinedFrame]) async throws(EventStoreError)
    /// Newest first.
    /// - Parameter past: Id of the last frame of the page before.
    func quarantined(
        _ tenant: TenantID, _ filter: FrameFilter, past: String?, limit: Int
    ) async throws(EventStoreError) -> [QuarantinedFrame]
    func quarantined(_ tenant: TenantID, id: String) async throws(EventStoreError) -> QuarantinedFrame?
    /// Drops what was received earlier, samples included.
    func removeFrames(_ tenant: TenantID, before: Timestamp) async throws(EventStoreError)
}

extension QuarantineStore {
    /// The frames that were not understood, newest first.
    public func quarantined(
        _ tenant: TenantID, past: String?, limit: Int
    ) async throws(EventStoreError) -> [QuarantinedFrame] {
        try await quarantined(tenant, FrameFilter(), past: past, limit: limit)
    }
}
