import COpenSSL

/// scrypt (RFC 7914) and the text that keeps its result: `$scrypt$ln=15,r=8,p=1$salt$hash`, base64 without padding.
struct Scrypt: Equatable {
    /// log2 of N.
    var logN = 15
    var r = 8
    var p = 1

    /// 32 MiB for one hash; OpenSSL refuses it at its own default of 32 MiB.
    private static let memory: UInt64 = 64 << 20
    static let saltLength = 16
    static let hashLength = 32

    func hash(_ password: String, salt: [UInt8], length: Int = hashLength) -> [UInt8]? {
        var password = password
        var hash = [UInt8](repeating: 0, count: length)
        let done = password.withUTF8 { bytes in
            // OpenSSL takes no address for an empty password.
            EVP_PBE_scrypt(
                UnsafeRawPointer(bytes.baseAddress)?.assumingMemoryBound(to: CChar.self), bytes.count, salt, salt.count,
                UInt64(1) << UInt64(logN), UInt64(r),
                UInt64(p), Self.memory, &hash, length)
        }
        return done == 1 ? hash : nil
    }

    func encoded(salt: [UInt8], hash: [UInt8]) -> String {
        "$scrypt$ln=\(logN),r=\(r),p=\(p)$\(Base64.encode(salt, .standard))$\(Base64.encode(hash, .standard))"
    }

    /// - Returns: `nil` for any other text, and for parameters that would take more memory or four times the work of ours.
    static func decode(_ text: String) -> (scrypt: Scrypt, salt: [UInt8], hash: [UInt8])? {
        let parts = text.split(separator: "$", omittingEmptySubsequences: false)
        guard parts.count == 5, parts[0].isEmpty, parts[1] == "scrypt" else { return nil }
        let settings = parts[2].split(separator: ",", omittingEmptySubsequences: false)
        func setting(_ index: Int, _ name: String, _ range: ClosedRange<Int>) -> Int? {
            guard settings.count == 3, settings[index].hasPrefix("\(name)="),
                let value = Int(settings[index].dropFirst(name.utf8.count + 1)), range.contains(value)
            else { return nil }
            return value
        }
        guard let logN = setting(0, "ln", 10...15), let r = setting(1, "r", 1...8), let p = setting(2, "p", 1...4),
            let salt = Base64.decode(parts[3], .standard), (8...64).contains(salt.count),
            let hash = Base64.decode(parts[4], .standard), (16...64).contains(hash.count)
        else { return nil }
        return (Scrypt(logN: logN, r: r, p: p), salt, hash)
    }
}
