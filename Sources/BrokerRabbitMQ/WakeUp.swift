#if canImport(Glibc)
import Glibc
#else
import Musl
#endif

import CRabbitMQ

/// Wakes a thread that waits for a socket: an eventfd, which `poll` watches beside the socket.
final class WakeUp: Sendable {
    private let descriptor: Int32

    /// - Returns: `nil` when the process may open no more files.
    init?() {
        descriptor = eventfd(0, Int32(EFD_CLOEXEC | EFD_NONBLOCK))
        if descriptor < 0 { return nil }
    }

    deinit { close(descriptor) }

    func signal() {
        var one: UInt64 = 1
        // It fails only while the count is at its end, and then the thread is awake.
        _ = write(descriptor, &one, MemoryLayout<UInt64>.size)
    }

    /// Waits until ``signal()`` was called, `socket` has something to read, or the time is over.
    /// - Parameter socket: -1 for none.
    func wait(for socket: Int32 = -1, upTo timeout: Duration) {
        let milliseconds = Int32(max(0, min((timeout / .milliseconds(1)).rounded(.up), 1e9)))
        let isSignalled = withUnsafeTemporaryAllocation(of: pollfd.self, capacity: 2) { watched in
            watched.initializeElement(at: 0, to: pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0))
            watched.initializeElement(at: 1, to: pollfd(fd: socket, events: Int16(POLLIN), revents: 0))
            return poll(watched.baseAddress, 2, milliseconds) > 0 && watched[0].revents != 0
        }
        if isSignalled {
            var count: UInt64 = 0
            _ = read(descriptor, &count, MemoryLayout<UInt64>.size)
        }
    }
}
