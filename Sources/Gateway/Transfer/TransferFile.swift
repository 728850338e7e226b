import Domain
import Foundation
import Synchronization

/// What stands at the beginning of a file.
struct TransferManifest: Codable, Equatable, Sendable {
    /// Slug of the one airline in it; nil for a whole store.
    var tenant: String?
    /// Milliseconds since 1970.
    var madeAt: Int64
    /// Of the server's secret under which keys and sessions in it are found.
    var secretMark: [UInt8]
}

/// What a file holds, as counted.
struct TransferCounts: Equatable, Sendable {
    var events = 0
    var others = 0
    var bytes = 0
}

/// The frame of a file: 16 bytes of name, 4 of version; then blocks, each length and CRC-32C (4 bytes each, little-endian)
/// in front of its content. The checksum covers the block's number too, so that none can be missing, doubled or moved. The
/// first block is the manifest (JSON), the last one says how many records there were.
enum TransferFormat {
    static let name = Array("albatross store\n".utf8)
    static let version: UInt32 = 1
    /// A block is closed when it has grown to this.
    static let blockSize = 1 << 20
    /// A file that says more is not one of ours: one event is far smaller.
    static let largestBlock = 256 << 20
    /// In front of the content of the last block.
    static let endTag: UInt8 = 0

    static func checksum(_ content: [UInt8], number: UInt64) -> UInt32 {
        var crc = CRC32C()
        withUnsafeBytes(of: number.littleEndian) { crc.update($0) }
        content.withUnsafeBytes { crc.update($0) }
        return crc.value
    }
}

/// Writes a file under another name, and gives it its own when it is whole and on the disk.
final class TransferWriter: Sendable {
    private struct State {
        var block: [UInt8] = []
        var number: UInt64 = 0
        var counts = TransferCounts()
    }
    private let state = Mutex(State())
    private let file: FileHandle
    private let path: String
    private let draft: String

    /// - Throws: ``Refused`` when there is such a file already, or none can be made.
    init(path: String, manifest: TransferManifest) throws {
        guard !FileManager.default.fileExists(atPath: path) else {
            throw Refused("\(path) is there already: give another name")
        }
        self.path = path
        draft = "\(path).partial"
        let descriptor = open(draft, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else {
            throw Refused("cannot write \(draft) (\(String(cString: strerror(errno)))): choose another folder")
        }
        file = FileHandle(fileDescriptor: descriptor, closeOnDealloc: true)
        var head = TransferFormat.name
        withUnsafeBytes(of: TransferFormat.version.littleEndian) { head.append(contentsOf: $0) }
        try file.write(contentsOf: Data(head))
        try state.withLock { try write(Array(JSONEncoder().encode(manifest)), &$0) }
    }

    /// Takes records in order.
    /// - Returns: Events so far.
    @discardableResult
    func take(_ records: [TransferRecord]) throws -> Int {
        try state.withLock { state in
            for record in records {
                try TransferCodec.append(record, to: &state.block)
                if case .event = record { state.counts.events += 1 } else { state.counts.others += 1 }
                if state.block.count >= TransferFormat.blockSize {
                    try write(state.block, &state)
                    state.block.removeAll(keepingCapacity: true)
                }
            }
            return state.counts.events
        }
    }

    private func write(_ content: [UInt8], _ state: inout State) throws {
        var frame: [UInt8] = []
        frame.reserveCapacity(content.count + 8)
        withUnsafeBytes(of: UInt32(content.count).littleEndian) { frame.append(contentsOf: $0) }
        withUnsafeBytes(of: TransferFormat.checksum(content, number: state.number).littleEndian) {
            frame.append(contentsOf: $0)
        }
        frame += content
        try file.write(contentsOf: Data(frame))
        state.number += 1
        state.counts.bytes += frame.count
    }

    /// Ends the file, brings it to the disk and reads it back.
    func finish() throws -> TransferCounts {
        let counts = try state.withLock { state in
            if !state.block.isEmpty { try write(state.block, &state) }
            var end = ByteSink(bytes: [TransferFormat.endTag])
            end.number(Int64(state.counts.events))
            end.number(Int64(state.counts.others))
            try write(end.bytes, &state)
            return state.counts
        }
        try file.synchronize()
        try file.close()
        let found = try TransferReader(path: draft).check { _ in }
        guard found.events == counts.events, found.others == counts.others else {
            throw Refused("\(draft) does not read back as it was written: see that the disk is sound")
        }
        // A link is made whole or not at all, and never over another file.
        guard link(draft, path) == 0 else {
            throw Refused("\(path) cannot be made (\(String(cString: strerror(errno)))): it is in \(draft)")
        }
        unlink(draft)
        let folder = open(
            (path as NSString).deletingLastPathComponent.isEmpty
                ? "." : (path as NSString).deletingLastPathComponent, O_RDONLY | O_CLOEXEC)
        defer { if folder >= 0 { close(folder) } }
        guard folder >= 0, fsync(folder) == 0 else {
            throw Refused("\(path) is written, but its folder was not brought to the disk: see that the disk is sound")
        }
        return counts
    }

    /// Leaves nothing behind.
    func discard() { unlink(draft) }
}

/// Reads a file.
final class TransferReader {
    private let file: FileHandle
    private let path: String
    let manifest: TransferManifest
    private var number: UInt64 = 0
    private var block = ByteSource([])
    private(set) var counts = TransferCounts()
    private var isDone = false

    /// - Throws: ``Refused`` for what is no file of ours, or of another version.
    init(path: String) throws {
        self.path = path
        guard let file = FileHandle(forReadingAtPath: path) else {
            throw Refused("\(path) cannot be read: see that it is there and that you may")
        }
        self.file = file
        let head = [UInt8](try file.read(upToCount: TransferFormat.name.count + 4) ?? Data())
        guard head.count == TransferFormat.name.count + 4, head.starts(with: TransferFormat.name) else {
            throw Refused("\(path) was not made by `albatross export` or `albatross backup`")
        }
        let version = head.suffix(4).reversed().reduce(UInt32(0)) { $0 << 8 | UInt32($1) }
        guard version == TransferFormat.version else {
            throw Refused(
                "\(path) has version \(version) of the format, this release reads \(TransferFormat.version): use the release that made it"
            )
        }
        let first = try Self.block(file, 0, path)
        guard let manifest = try? JSONDecoder().decode(TransferManifest.self, from: Data(first)) else {
            throw Self.damaged(path, "its first block says nothing")
        }
        self.manifest = manifest
        number = 1
    }

    private static func damaged(_ path: String, _ what: String) -> Refused {
        Refused("\(path) is damaged (\(what)): nothing was taken from it; use another copy")
    }

    private static func block(_ file: FileHandle, _ number: UInt64, _ path: String) throws -> [UInt8] {
        let head = [UInt8](try file.read(upToCount: 8) ?? Data())
        guard head.count == 8 else { throw damaged(path, "it ends after block \(number)") }
        func word(_ start: Int) -> UInt32 { (0..<4).reduce(0) { $0 | UInt32(head[start + $1]) << UInt32(8 * $1) } }
        guard word(0) <= TransferFormat.largestBlock else { throw damaged(path, "block \(number) has no sound length") }
        let content = [UInt8](try file.read(upToCount: Int(word(0))) ?? Data())
        guard content.count == Int(word(0)) else { throw damaged(path, "block \(number) is cut short") }
        guard TransferFormat.checksum(content, number: number) == word(4) else {
            throw damaged(path, "block \(number) does not match its checksum")
        }
        return content
    }

    /// The next record; nil at the end, where the counts have to be right and nothing may follow.
    func next() throws -> TransferRecord? {
        if isDone { return nil }
        do {
            while block.isAtEnd {
                let content = try Self.block(file, number, path)
                number += 1
                counts.bytes += content.count
                block = ByteSource(content)
                guard content.first == TransferFormat.endTag else { continue }
                _ = try block.tag()
                let (events, others) = (try block.number(), try block.number())
                guard events == Int64(counts.events), others == Int64(counts.others), block.isAtEnd,
                    try file.read(upToCount: 1)?.isEmpty ?? true
                else { throw Self.damaged(path, "it does not hold what its end says") }
                isDone = true
                return nil
            }
            let record = try TransferCodec.record(&block)
            if case .event = record { counts.events += 1 } else { counts.others += 1 }
            return record
        } catch let error as TransferFileError { throw Self.damaged(path, error.description) }
    }

    /// Reads to the end.
    /// - Parameter progress: Called now and then with the records so far.
    func check(_ progress: (Int) -> Void) throws -> TransferCounts {
        while try next() != nil {
            if (counts.events + counts.others) % 20_000 == 0 { progress(counts.events + counts.others) }
        }
        return counts
    }
}
