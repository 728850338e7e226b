import Foundation

/// Wakes a thread that waits in `poll`.
final class Waker: Sendable {
    /// Readable while somebody wants the thread.
    let descriptor: Int32
    private let sender: Int32

    /// Nil when the process is out of file descriptors.
    init?() {
        var pair: [Int32] = [0, 0]
        guard pipe(&pair) == 0 else { return nil }
        descriptor = pair[0]
        sender = pair[1]
        for end in pair {
            _ = fcntl(end, F_SETFL, O_NONBLOCK)
            _ = fcntl(end, F_SETFD, FD_CLOEXEC)
        }
    }

    deinit {
        close(descriptor)
        close(sender)
    }

    func wake() {
        // A full pipe wakes as well.
        _ = [1 as UInt8].withUnsafeBytes { write(sender, $0.baseAddress, 1) }
    }

    func drain() {
        var buffer = [UInt8](repeating: 0, count: 64)
        while buffer.withUnsafeMutableBytes({ read(descriptor, $0.baseAddress, $0.count) }) == buffer.count {}
    }

    /// Waits until it is woken, or so long.
    func wait(_ patience: Duration?) {
        var entry = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
        poll(&entry, 1, patience.map(\.pollMilliseconds) ?? -1)
        drain()
    }
}

extension Duration {
    /// For `poll`: rounded up, so that the time has really passed.
    var pollMilliseconds: Int32 {
        let (seconds, attoseconds) = components
        return Int32(clamping: max(0, seconds * 1_000 + (attoseconds + 999_999_999_999_999) / 1_000_000_000_000_000))
    }
}
