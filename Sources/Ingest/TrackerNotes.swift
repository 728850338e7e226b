public import Domain
public import Logging
import Protocols
public import ServiceLifecycle
import Synchronization

/// What is written down beside the path of requests, never on it: samples of what clients send, and when a pilot's
/// tracker was last heard. Both are hints: what does not fit into the queue is dropped and counted.
public final class TrackerNotes: Service {
    public struct Limits: Sendable {
        /// 0 is off.
        public var samples: Int
        public init(samples: Int = 200) { self.samples = samples }
    }

    private enum Note: Sendable {
        case sample(TenantID, QuarantinedFrame)
        case heard(TenantID, UserID, adapter: String, Timestamp)
    }
    private struct SampleKey: Hashable {
        let tenant: TenantID
        let id: String
    }
    private struct HeardKey: Hashable {
        let tenant: TenantID
        let user: UserID
        let adapter: String
    }

    private let quarantine: any QuarantineStore
    private let heard: HeardTrackers
    private let limits: Limits
    let counters = IngestCounters()
    private let logger: Logger
    private let queue: AsyncStream<Note>
    private let sender: AsyncStream<Note>.Continuation
    private let known = Mutex<Set<SampleKey>>([])
    private let written = Mutex<[HeardKey: Timestamp]>([:])

    private static let knownCapacity = 20_000
    private static let writtenCapacity = 50_000
    /// A tracker that calls all the time is written down once in this time.
    private static let interval = Milliseconds.minutes(1)
    /// Samples are for reading by people; what is longer shows the same again.
    private static let longest = 65_536

    public init(quarantine: any QuarantineStore, heard: HeardTrackers, limits: Limits, logger: Logger) {
        self.quarantine = quarantine
        self.heard = heard
        self.limits = limits
        self.logger = logger
        (queue, sender) = AsyncStream.makeStream(bufferingPolicy: .bufferingOldest(256))
    }

    /// Called for every request of a pilot that was understood and answered.
    func note(
        _ tenant: TenantID, _ user: UserID, _ adapter: any TrackerAdapter.Type, _ frame: RawFrame,
        _ decoded: DecodedFrame
    ) {
        let id = adapter.id.rawValue
        let key = HeardKey(tenant: tenant, user: user, adapter: id)
        let isDue = written.withLock { written in
            if let last = written[key], frame.receivedAt - last < Self.interval { return false }
            if written.count >= Self.writtenCapacity { written.removeAll(keepingCapacity: true) }
            written[key] = frame.receivedAt
            return true
        }
        if isDue { enqueue(.heard(tenant, user, adapter: id, frame.receivedAt), adapter: id) }
        guard limits.samples > 0, let call = adapter.call(of: frame) else { return }
        let secrets = decoded.credential.secrets
        let client = decoded.client ?? frame.userAgent.map { String($0.prefix(64)) } ?? "unnamed client"
        // The same client's same call has the same id in every process: the store keeps it once.
        let name = "sample-\(id)-\(Self.hash([id, client, call]))"
        let isNew = known.withLock { known in
            if known.count >= Self.knownCapacity { known.removeAll(keepingCapacity: true) }
            return known.insert(SampleKey(tenant: tenant, id: name)).inserted
        }
        guard isNew else { return }
        let detail = redacted(
            "\(call), \(client)", without: secrets + [frame.trackerKey, frame.apiKey].compactMap { $0 })
        enqueue(
            .sample(
                tenant,
                QuarantinedFrame(
                    id: name, adapter: id, code: QuarantinedFrame.sampleCode, detail: detail,
                    adapter.init().withoutSecrets(frame), secrets)), adapter: id)
    }

    private func enqueue(_ note: Note, adapter: String) {
        if case .dropped = sender.yield(note) { counters.add("notes_dropped_total", adapter: adapter) }
    }

    /// FNV-1a, 64 bits, of the parts with a byte between them that no text has.
    private static func hash(_ parts: [String]) -> String {
        var hash: UInt64 = 0xCBF2_9CE4_8422_2325
        for part in parts {
            for byte in Array(part.utf8) + [0xFF] { hash = (hash ^ UInt64(byte)) &* 0x0000_0100_0000_01B3 }
        }
        let text = String(hash, radix: 16)
        return String(repeating: "0", count: 16 - text.count) + text
    }

    /// Writes until the process ends.
    public func run() async throws {
        await cancelWhenGracefulShutdown {
            for await note in self.queue { await self.write(note) }
        }
    }

    private func write(_ note: Note) async {
        do {
            switch note {
            case .sample(let tenant, let frame): try await quarantine.quarantine(tenant, [frame])
            case .heard(let tenant, let user, let adapter, let time):
                try await heard.save(tenant, user, adapter: adapter, at: time)
            }
        } catch {
            // The next call of the same tracker, or the next start, tries again.
            logger.notice("a note on a tracker was not written", metadata: ["error": "\(error)"])
        }
    }
}
