import COpenSSL
public import Domain
import Dispatch
import Foundation
import Synchronization

/// scrypt (RFC 7914) with N = 2^15, r = 8, p = 1: about 0.1 s and 32 MiB a password, on two threads of its own, so that
/// guessing can neither hold an event loop nor take the machine.
public final class ScryptPasswords: PasswordHashing {
    static let logN: UInt64 = 15
    static let r: UInt64 = 8
    static let p: UInt64 = 1
    /// OpenSSL's default bound is 32 MiB, a little less than these parameters need.
    static let memoryBound: UInt64 = 64 << 20

    private let queue = DispatchQueue(label: "passwords", attributes: .concurrent)
    private let slots = DispatchSemaphore(value: 2)
    private let waiting = Mutex(0)
    private let limit: Int

    /// - Parameter limit: How many may wait; one more is refused.
    public init(limit: Int = 64) { self.limit = limit }

    public func hash(_ password: String) async throws(PasswordHashingError) -> String {
        let salt = randomBytes(16)
        guard let derived = try await derive(password, salt: salt) else { throw .failed("scrypt failed") }
        return
            "$scrypt$ln=\(Self.logN),r=\(Self.r),p=\(Self.p)$\(Data(salt).base64EncodedString())$\(Data(derived).base64EncodedString())"
    }

    public func verify(_ password: String, against hash: String?) async throws(PasswordHashingError) -> Bool {
        let parts = hash?.split(separator: "$") ?? []
        let known: (salt: [UInt8], value: [UInt8])?
        if parts.count == 4, parts[0] == "scrypt", parts[1] == "ln=\(Self.logN),r=\(Self.r),p=\(Self.p)",
            let salt = Data(base64Encoded: String(parts[2])), let value = Data(base64Encoded: String(parts[3]))
        {
            known = (Array(salt), Array(value))
        } else {
            known = nil
        }
        // Nobody by this name costs the same.
        guard let derived = try await derive(password, salt: known?.salt ?? [UInt8](repeating: 0, count: 16)) else {
            throw .failed("scrypt failed")
        }
        guard let known, known.value.count == derived.count else { return false }
        return CRYPTO_memcmp(known.value, derived, derived.count) == 0
    }

    private func derive(_ password: String, salt: [UInt8]) async throws(PasswordHashingError) -> [UInt8]? {
        let isAdmitted = waiting.withLock { waiting in
            guard waiting < limit else { return false }
            waiting += 1
            return true
        }
        guard isAdmitted else { throw .busy }
        return await withCheckedContinuation { continuation in
            queue.async { [self] in
                slots.wait()
                let derived = Self.scrypt(Array(password.utf8), salt: salt, logN: Self.logN, r: Self.r, p: Self.p, length: 32)
                slots.signal()
                waiting.withLock { $0 -= 1 }
                continuation.resume(returning: derived)
            }
        }
    }

    /// The function itself.
    static func scrypt(
        _ password: [UInt8], salt: [UInt8], logN: UInt64, r: UInt64, p: UInt64, length: Int
    ) -> [UInt8]? {
        var derived = [UInt8](repeating: 0, count: length)
        let done = password.withUnsafeBytes { bytes in
            EVP_PBE_scrypt(
                bytes.bindMemory(to: CChar.self).baseAddress, password.count, salt, salt.count, 1 << logN, r, p,
                memoryBound, &derived, length)
        }
        return done == 1 ? derived : nil
    }
}

/// Bytes of the operating system's generator.
func randomBytes(_ count: Int) -> [UInt8] {
    var generator = SystemRandomNumberGenerator()
    return (0..<count).map { _ in UInt8.random(in: .min ... .max, using: &generator) }
}
