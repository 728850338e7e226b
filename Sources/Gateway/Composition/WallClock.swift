import Domain
import Foundation

#if canImport(Glibc)
import Glibc
#elseif canImport(Darwin)
import Darwin
#endif

/// The time of day: the system's, or one that a test moves.
///
/// Most trackers send no time, so that the moment of receipt is the time of a position, and a flight of an hour takes an hour.
/// With `ALBATROSS_CLOCK` every process that is given the same file lives by the time in it, and ``SimulatedFlight`` moves it from
/// sample to sample: the flight is received at its own times, as fast as the machine goes and the same on every machine.
/// A release build has the system's clock alone, as it has no kill points (ADR 7).
struct WallClock: Sendable {
    /// Nil in every process but those of tests.
    private let file: Int32?

    /// - Parameter path: A file of eight bytes, milliseconds since 1970, least significant first; nil, or one that cannot be
    ///   opened, is the system's clock.
    init(path: String?) {
        #if DEBUG
        let descriptor = path.flatMap { $0.isEmpty ? nil : open($0, O_RDWR | O_CLOEXEC) } ?? -1
        file = descriptor >= 0 ? descriptor : nil
        #else
        file = nil
        #endif
    }

    /// This process's clock.
    static let shared = WallClock(path: ProcessInfo.processInfo.environment["ALBATROSS_CLOCK"])

    /// Whether somebody moves it.
    var isMoved: Bool { file != nil }

    func now() -> Timestamp {
        guard let file else {
            return Timestamp(milliseconds: Int64((Date().timeIntervalSince1970 * 1000).rounded(.down)))
        }
        var time: Int64 = 0
        _ = withUnsafeMutableBytes(of: &time) { pread(file, $0.baseAddress, 8, 0) }
        return Timestamp(milliseconds: Int64(littleEndian: time))
    }

    /// Moves the time of all processes that share the file.
    func move(to time: Timestamp) {
        guard let file else { return }
        let bytes = time.milliseconds.littleEndian
        _ = withUnsafeBytes(of: bytes) { pwrite(file, $0.baseAddress, 8, 0) }
    }
}
