#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#endif

/// A lock on a data folder that ends with the process, however it ends: shared by all that have the store open,
/// exclusive for what needs the folder alone (an upgrade, a restore).
public final class FolderLock: Sendable {
    public enum Mode: Sendable { case shared, exclusive }

    private let descriptor: Int32

    /// Takes the lock, or fails at once.
    /// - Parameter directory: Must exist.
    public init(directory: String, _ mode: Mode) throws(StoreOpenError) {
        let path = directory + "/albatross.lock"
        descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw .folder(path: directory, reason: String(cString: strerror(errno))) }
        guard flock(descriptor, (mode == .shared ? LOCK_SH : LOCK_EX) | LOCK_NB) == 0 else {
            // `deinit` runs and closes it: a second close could hit what another thread has opened meanwhile.
            let reason = errno
            if reason == EWOULDBLOCK { throw .inUse(path: directory) }
            throw .folder(path: directory, reason: String(cString: strerror(reason)))
        }
    }

    /// Changes the mode; while it changes the lock may be lost to another process for a moment.
    func change(to mode: Mode) -> Bool { flock(descriptor, (mode == .shared ? LOCK_SH : LOCK_EX) | LOCK_NB) == 0 }

    deinit { close(descriptor) }
}
