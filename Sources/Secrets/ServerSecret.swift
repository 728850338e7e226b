#if canImport(FoundationEssentials)
import FoundationEssentials
#else
import Foundation
#endif
#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#endif

/// The secret of one installation: keyed hashes are worth nothing without it, so a stolen database is not a stolen login.
public struct ServerSecret: Sendable {
    /// 32 bytes.
    public let bytes: [UInt8]

    public static let fileName = "secret.key"
    private static let length = 32

    private init(bytes: [UInt8]) { self.bytes = bytes }

    /// A secret as text, for processes that share no folder.
    /// - Parameter text: Base64 of 32 bytes, in either alphabet; nil when it is anything else.
    public init?(base64 text: String) {
        let standard = text.replacing("-", with: "+").replacing("_", with: "/")
        let padded = standard + String(repeating: "=", count: (4 - standard.count % 4) % 4)
        guard let data = Data(base64Encoded: padded), data.count == Self.length else { return nil }
        bytes = Array(data)
    }

    /// A secret for one purpose, so that what is made for one use is of no use in another (RFC 5869 in spirit: HMAC of the
    /// purpose under the secret).
    public func derived(for purpose: String) -> ServerSecret {
        ServerSecret(bytes: KeyedHash(key: bytes).digest(of: Array(purpose.utf8)))
    }

    /// A new secret that is kept nowhere, for tests and demonstrations.
    public static func temporary() -> ServerSecret { ServerSecret(bytes: SecureRandom.bytes(length)) }

    /// Reads the secret of a folder; makes it at the first call. Of several processes that make it at once one wins, and
    /// all read the winner's.
    /// - Parameter directory: Must exist.
    public static func load(directory: String) throws(ServerSecretError) -> ServerSecret {
        let path = directory + "/" + fileName
        if let found = try read(path) { return found }
        let draft = "\(path).\(getpid()).\(Base64.encode(SecureRandom.bytes(9), .url))"
        try write(SecureRandom.bytes(length), to: draft)
        // A link is made whole or not at all, and never over another one.
        let linked = link(draft, path) == 0 ? 0 : errno
        unlink(draft)
        guard linked == 0 || linked == EEXIST else { throw ServerSecretError(path, linked) }
        try sync(directory)
        guard let made = try read(path) else { throw ServerSecretError(path, ENOENT) }
        return made
    }

    private static func read(_ path: String) throws(ServerSecretError) -> ServerSecret? {
        let file = open(path, O_RDONLY | O_CLOEXEC)
        guard file >= 0 else {
            if errno == ENOENT { return nil }
            throw ServerSecretError(path, errno)
        }
        defer { close(file) }
        var bytes = [UInt8](repeating: 0, count: length + 1)
        var count = 0
        while count < bytes.count {
            let got = bytes.withUnsafeMutableBytes {
                systemRead(file, $0.baseAddress.map { $0 + count }, $0.count - count)
            }
            if got < 0, errno == EINTR { continue }
            guard got >= 0 else { throw ServerSecretError(path, errno) }
            if got == 0 { break }
            count += got
        }
        guard count == length else {
            throw ServerSecretError(
                description: "\(path) must hold \(length) bytes: restore it from a backup of the folder")
        }
        return ServerSecret(bytes: Array(bytes.prefix(length)))
    }

    private static func write(_ bytes: [UInt8], to path: String) throws(ServerSecretError) {
        let file = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        guard file >= 0 else { throw ServerSecretError(path, errno) }
        let written = bytes.withUnsafeBytes { systemWrite(file, $0.baseAddress, $0.count) }
        let failure = written == bytes.count && fsync(file) == 0 ? 0 : (written < 0 ? errno : EIO)
        close(file)
        if failure != 0 {
            unlink(path)
            throw ServerSecretError(path, failure)
        }
    }

    private static func sync(_ directory: String) throws(ServerSecretError) {
        let folder = open(directory, O_RDONLY | O_CLOEXEC)
        guard folder >= 0 else { throw ServerSecretError(directory, errno) }
        defer { close(folder) }
        guard fsync(folder) == 0 else { throw ServerSecretError(directory, errno) }
    }
}

/// Why the secret could not be read or made; `description` is one sentence for a person.
public struct ServerSecretError: Error, Hashable, Sendable, CustomStringConvertible {
    public let description: String

    init(description: String) { self.description = description }
    init(_ path: String, _ code: Int32) { description = "cannot use \(path): \(String(cString: strerror(code)))" }
}

// Inside the type the plain names mean its own functions.
private func systemRead(_ file: Int32, _ bytes: UnsafeMutableRawPointer?, _ count: Int) -> Int {
    read(file, bytes, count)
}
private func systemWrite(_ file: Int32, _ bytes: UnsafeRawPointer?, _ count: Int) -> Int { write(file, bytes, count) }
