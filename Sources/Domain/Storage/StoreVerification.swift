#if canImport(FoundationEssentials)
import FoundationEssentials
#else
import Foundation
#endif

/// Something that must not be in a store; `description` is one sentence for a person.
public enum StoreProblem: Hashable, Sendable, CustomStringConvertible {
    /// The database's own check of its files or its schema.
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
        case .file(let line): "database: \(line)"
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
    private let store: any VerifiedStore

    package init(_ store: any VerifiedStore) { self.store = store }

    public func makeAsyncIterator() -> Iterator { Iterator(store: store) }

    public struct Iterator: AsyncIteratorProtocol {
        private enum Step {
            case file, log(after: Int64), head, streams(after: VersionRow?), done
        }
        private let store: any VerifiedStore
        private var step = Step.file
        private var found: [StoreProblem] = []
        /// Events seen so far.
        public private(set) var events: Int64 = 0

        init(store: any VerifiedStore) { self.store = store }

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
                    let page = try await store.versions(after: key, limit: Self.versionsPerPage)
                    found = Self.problems(page, after: key)
                    step = page.count < Self.versionsPerPage ? .done : .streams(after: page.last)
                case .done: return nil
                }
                found.reverse()
            }
            return found.popLast()
        }

        private static let versionsPerPage = 10_000

        /// - Parameter previous: The row before the page.
        private static func problems(_ page: [VersionRow], after previous: VersionRow?) -> [StoreProblem] {
            var previous = previous
            var problems: [StoreProblem] = []
            for row in page {
                defer { previous = row }
                guard let tenant = UUID(bytes: row.tenant), let category = StreamCategory(rawValue: row.category),
                    let stream = UUID(bytes: row.stream)
                else {
                    problems.append(.unknownStream(position: row.position))
                    continue
                }
                let expected = previous.flatMap { $0.isSameStream(as: row) ? $0.version + 1 : nil } ?? 1
                if row.version != expected {
                    problems.append(
                        .versionGap(
                            stream: StreamName(TenantID(tenant), category, stream), expected: expected,
                            found: row.version))
                }
            }
            return problems
        }
    }
}

/// What a store gives for its verification, each in one snapshot.
package protocol VerifiedStore: Sendable {
    /// The database's own checks.
    func checkFile() async throws(EventStoreError) -> [StoreProblem]
    /// Checksums of a page of the log.
    /// - Returns: Last position, `nil` past the end; events of the page; those that do not match.
    func checkPage(
        after position: Int64, limit: Int
    ) async throws(EventStoreError) -> (last: Int64?, count: Int, corrupted: [Int64])
    func checkHead() async throws(EventStoreError) -> [StoreProblem]
    /// A page of the unique index, in its order.
    func versions(after row: VersionRow?, limit: Int) async throws(EventStoreError) -> [VersionRow]
}

/// A row of the index of streams and versions.
package struct VersionRow: Sendable {
    package let tenant: [UInt8]
    package let category: String
    package let stream: [UInt8]
    package let version: Int64
    package let position: Int64

    package init(tenant: [UInt8], category: String, stream: [UInt8], version: Int64, position: Int64) {
        self.tenant = tenant
        self.category = category
        self.stream = stream
        self.version = version
        self.position = position
    }

    func isSameStream(as other: VersionRow) -> Bool {
        stream == other.stream && category == other.category && tenant == other.tenant
    }
}
