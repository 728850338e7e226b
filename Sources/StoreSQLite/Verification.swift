public import Domain
import GRDB

#if canImport(FoundationEssentials)
import FoundationEssentials
#else
import Foundation
#endif

/// Something that must not be in a store; `description` is one sentence for a person.
public enum StoreProblem: Hashable, Sendable, CustomStringConvertible {
    /// SQLite's own check of the file.
    case file(String)
    /// The event at a position does not match its checksum.
    case corrupted(position: Int64)
    /// Versions of a stream are not 1, 2, 3 …
    case versionGap(stream: StreamName, expected: Int64, found: Int64)
    /// A key of a stream that is not one of ours.
    case unknownStream(position: Int64)
    /// An event lies past the head, so its position could be given again.
    case beyondHead(position: Int64, head: Int64)
    /// The head is past the last event although nothing was erased.
    case missingTail(last: Int64, head: Int64)

    public var description: String {
        switch self {
        case .file(let line): "database file: \(line)"
        case .corrupted(let position): "the event at position \(position) does not match its checksum"
        case .versionGap(let stream, let expected, let found):
            "stream \(stream) has version \(found) where \(expected) should be"
        case .unknownStream(let position): "the event at position \(position) is in no stream that this release knows"
        case .beyondHead(let position, let head): "the last event is at position \(position), past the head \(head)"
        case .missingTail(let last, let head): "the last event is at position \(last), the head at \(head)"
        }
    }
}

/// Looks through a whole store and gives what is wrong with it; nothing when it is sound. Reads in pages of one snapshot
/// each, beside a server at work.
public struct StoreVerification: AsyncSequence {
    public typealias Element = StoreProblem
    let store: SQLiteStore

    public func makeAsyncIterator() -> Iterator { Iterator(store: store) }

    public struct Iterator: AsyncIteratorProtocol {
        private enum Step {
            case file, log(after: Int64), head, streams(after: VersionKey?), done
        }
        private let store: SQLiteStore
        private var step = Step.file
        private var found: [StoreProblem] = []
        /// Events seen so far.
        public private(set) var events: Int64 = 0

        init(store: SQLiteStore) { self.store = store }

        /// - Throws: ``EventStoreError`` when the store cannot be read.
        public mutating func next() async throws(EventStoreError) -> StoreProblem? {
            try await problem()
        }

        public mutating func next(isolation actor: isolated (any Actor)?) async throws(EventStoreError) -> StoreProblem?
        {
            try await problem()
        }

        private mutating func problem() async throws(EventStoreError) -> StoreProblem? {
            while found.isEmpty {
                switch step {
                case .file:
                    found = try await store.checkFile()
                    step = .log(after: 0)
                case .log(let position):
                    let (last, count, corrupted) = try await store.checkPage(after: position, limit: 2000)
                    found = corrupted.map { .corrupted(position: $0) }
                    events += Int64(count)
                    step = last.map { .log(after: $0) } ?? .head
                case .head:
                    found = try await store.checkHead()
                    step = .streams(after: nil)
                case .streams(let key):
                    let (last, problems) = try await store.checkVersions(after: key, limit: 10_000)
                    found = problems
                    step = last.map { .streams(after: $0) } ?? .done
                case .done: return nil
                }
                found.reverse()
            }
            return found.popLast()
        }
    }
}

/// A place in the index of streams and versions.
struct VersionKey: Sendable {
    let tenant: [UInt8]
    let category: String
    let stream: [UInt8]
    let version: Int64
}

extension SQLiteStore {
    /// What `albatross verify` looks at: the file, checksums, positions against the head, versions of each stream.
    public func verify() -> StoreVerification { StoreVerification(store: self) }

    func checkFile() async throws(EventStoreError) -> [StoreProblem] {
        try await read { db in
            try String.fetchAll(db, sql: "PRAGMA integrity_check(100)").filter { $0 != "ok" }.map {
                StoreProblem.file($0)
            }
        }
    }

    /// Checksums of a page of the log. Positions ascend by themselves: they are the table's key.
    func checkPage(
        after position: Int64, limit: Int
    ) async throws(EventStoreError) -> (last: Int64?, count: Int, corrupted: [Int64]) {
        try await read { [self] db in
            let statement = try db.prepared(
                "SELECT \(EventRow.columns) FROM event WHERE position > ? ORDER BY position LIMIT ?")
            defer { statement.reset() }
            try statement.bind([.integer(position), .integer(limit)])
            let codec = EventRow()
            var (last, count, corrupted): (Int64?, Int, [Int64]) = (nil, 0, [])
            while try statement.step() {
                let row = SQLiteRow(handle: statement.handle)
                last = row.integer(0)
                count += 1
                do throws(EventStoreError) {
                    _ = try codec.read(row) { id throws(EventStoreError) in try self.typeName(id, db) }
                } catch {
                    guard case .corrupted(let position) = error else { throw error }
                    corrupted.append(position)
                }
            }
            return (last, count, corrupted)
        }
    }

    func checkHead() async throws(EventStoreError) -> [StoreProblem] {
        try await read { db in
            let head = try db.prepared("SELECT position FROM event_head WHERE id = 1").first { $0.integer(0) } ?? -1
            let last = try db.prepared("SELECT max(position) FROM event").first { $0.integer(0) } ?? 0
            if last > head { return [.beyondHead(position: last, head: head)] }
            return last < head ? [.missingTail(last: last, head: head)] : []
        }
    }

    /// Versions in the order of the unique index, which holds all that is needed.
    func checkVersions(
        after key: VersionKey?, limit: Int
    ) async throws(EventStoreError) -> (last: VersionKey?, problems: [StoreProblem]) {
        try await read { db in
            let statement = try db.prepared(
                """
                SELECT tenant, category, stream, version, position FROM event
                WHERE (tenant, category, stream, version) > (?, ?, ?, ?)
                ORDER BY tenant, category, stream, version LIMIT ?
                """)
            defer { statement.reset() }
            try statement.bind([
                .blob(key?.tenant ?? []), .text(key?.category ?? ""), .blob(key?.stream ?? []),
                .integer(key?.version ?? -1),
                .integer(limit),
            ])
            var (last, problems): (VersionKey?, [StoreProblem]) = (key, [])
            var count = 0
            while try statement.step() {
                let row = SQLiteRow(handle: statement.handle)
                count += 1
                let found = VersionKey(
                    tenant: row.blob(0), category: row.text(1), stream: row.blob(2), version: row.integer(3))
                var expected: Int64 = 1
                if let last, last.stream == found.stream, last.category == found.category, last.tenant == found.tenant {
                    expected = last.version + 1
                }
                if let tenant = row.uuid(0), let category = StreamCategory(rawValue: found.category),
                    let id = row.uuid(2)
                {
                    if found.version != expected {
                        problems.append(
                            .versionGap(
                                stream: StreamName(TenantID(tenant), category, id), expected: expected,
                                found: found.version))
                    }
                } else {
                    problems.append(.unknownStream(position: row.integer(4)))
                }
                last = found
            }
            return (count < limit ? nil : last, problems)
        }
    }
}
