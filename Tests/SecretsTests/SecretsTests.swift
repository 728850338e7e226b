import Domain
import Foundation
@testable import Secrets
import Testing

func bytes(_ hex: String) -> [UInt8] {
    let digits = hex.filter { !$0.isWhitespace }
    return stride(from: 0, to: digits.count, by: 2).map { index in
        let start = digits.index(digits.startIndex, offsetBy: index)
        return UInt8(digits[start..<digits.index(start, offsetBy: 2)], radix: 16) ?? 0
    }
}

@Suite struct ScryptTests {
    struct Vector: Sendable {
        let password, salt: String
        let logN, r, p: Int
        let hash: String
    }
    /// Source: RFC 7914, section 12, but for the last vector, which takes a gigabyte.
    static let vectors = [
        Vector(
            password: "", salt: "", logN: 4, r: 1, p: 1,
            hash: """
                77d6576238657b203b19ca42c18a0497f16b4844e3074ae8dfdffa3fede21442
                fcd0069ded0948f8326a753a0fc81f17e8d3e0fb2e0d3628cf35e20c38d18906
                """),
        Vector(
            password: "password", salt: "NaCl", logN: 10, r: 8, p: 16,
            hash: """
                fdbabe1c9d3472007856e7190d01e9fe7c6ad7cbc8237830e77376634b373162
                2eaf30d92e22a3886ff109279d9830dac727afb94a83ee6d8360cbdfa2cc0640
                """),
        Vector(
            password: "pleaseletmein", salt: "SodiumChloride", logN: 14, r: 8, p: 1,
            hash: """
                7023bdcb3afd7348461c06cd81fd38ebfda8fbba904f8e3ea9b543f6545da1f2
                d5432955613f0fcf62d49705242a9af9e61e85dc0d651e40dfcf017b45575887
                """),
    ]

    @Test(arguments: vectors) func givesThePublishedValue(_ vector: Vector) {
        let scrypt = Scrypt(logN: vector.logN, r: vector.r, p: vector.p)
        #expect(scrypt.hash(vector.password, salt: Array(vector.salt.utf8), length: 64) == bytes(vector.hash))
    }

    @Test(arguments: [
        "", "x", "$scrypt$", "$argon2id$v=19$m=1$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAA",
        "$scrypt$ln=31,r=8,p=1$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAA",
        "$scrypt$ln=15,r=8000,p=1$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAA",
        "$scrypt$ln=15,r=8,p=1$AAAAAAAAAAAAAAAAAAAAAA$", "$scrypt$ln=15,r=8,p=1$$AAAAAAAAAAAAAAAAAAAAAA",
        "$scrypt$ln=15,r=8,p=1$AAAA AAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAA",
        "$scrypt$r=8,ln=15,p=1$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAA",
    ])
    func refusesOtherTexts(_ text: String) {
        #expect(Scrypt.decode(text) == nil)
    }
}

@Suite struct PasswordHasherTests {
    let hasher = PasswordHasher()

    @Test func knowsItsOwnHashes() async throws {
        let hash = try await hasher.hash("Grüße, Ada")
        #expect(hash.hasPrefix("$scrypt$ln=15,r=8,p=1$"))
        #expect(hash.utf8.count == 88, "16 bytes of salt, 32 of hash")
        #expect(try await hasher.verify("Grüße, Ada", against: hash))
        #expect(try await !hasher.verify("grüße, Ada", against: hash))
        #expect(try await !hasher.verify("", against: hash))
        #expect(try await hasher.hash("Grüße, Ada") != hash, "the salt is new each time")
        #expect(!hasher.needsRenewal(hash))
        #expect(hasher.needsRenewal(hash.replacingOccurrences(of: "ln=15", with: "ln=14")))
    }

    /// The work is what costs, so the work is compared: a time would say more about the machine.
    @Test(arguments: [nil, "", "not a hash", "$scrypt$ln=31,r=8,p=1$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAA"])
    func nobodyIsNeverRightAndCostsTheSame(_ other: String?) async throws {
        let known = try #require(hasher.comparison(for: try await hasher.hash("x")))
        let unknown = try #require(hasher.comparison(for: other))
        #expect(known.isKnown && !unknown.isKnown)
        #expect(known.stored.scrypt == unknown.stored.scrypt)
        #expect(known.stored.salt.count == unknown.stored.salt.count)
        #expect(known.stored.hash.count == unknown.stored.hash.count)
        #expect(try await !hasher.verify("x", against: other))
        #expect(try await !hasher.verifyAgainstNothing("x"))
    }

    @Test func tellsThatItIsBusy() async throws {
        let hasher = PasswordHasher(threads: 1, waiting: 2)
        let results = await withTaskGroup(of: PasswordHashingError?.self) { group in
            for _ in 0..<12 {
                group.addTask {
                    do throws(PasswordHashingError) {
                        _ = try await hasher.hash("x")
                        return nil
                    } catch { return error }
                }
            }
            return await group.reduce(into: []) { $0.append($1) }
        }
        let refused = results.compactMap { $0 }
        #expect(!refused.isEmpty && refused.count < 12)
        #expect(refused.allSatisfy { $0 == .busy })
        _ = try await hasher.hash("again")
    }
}

@Suite struct KeyedHashTests {
    struct Vector: Sendable {
        let key, data, digest: String
    }
    /// Source: RFC 4231, section 4, HMAC-SHA-256; case 5 is cut to 128 bits there.
    static let vectors = [
        Vector(
            key: String(repeating: "0b", count: 20), data: "4869205468657265",
            digest: "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7"),
        Vector(
            key: "4a656665", data: "7768617420646f2079612077616e7420666f72206e6f7468696e673f",
            digest: "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"),
        Vector(
            key: String(repeating: "aa", count: 20), data: String(repeating: "dd", count: 50),
            digest: "773ea91e36800e46854db8ebd09181a72959098b3ef8c122d9635514ced565fe"),
        Vector(
            key: "0102030405060708090a0b0c0d0e0f10111213141516171819", data: String(repeating: "cd", count: 50),
            digest: "82558a389a443c0ea4cc819899f2083a85f0faa3e578f8077a2e3ff46729665b"),
        Vector(
            key: String(repeating: "0c", count: 20), data: "546573742057697468205472756e636174696f6e",
            digest: "a3b6167473100ee06e0c796c2955552b"),
        Vector(
            key: String(repeating: "aa", count: 131),
            data: """
                54657374205573696e67204c6172676572205468616e20426c6f636b2d53697a
                65204b6579202d2048617368204b6579204669727374
                """,
            digest: "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54"),
        Vector(
            key: String(repeating: "aa", count: 131),
            data: """
                5468697320697320612074657374207573696e672061206c6172676572207468
                616e20626c6f636b2d73697a65206b657920616e642061206c61726765722074
                68616e20626c6f636b2d73697a6520646174612e20546865206b6579206e6565
                647320746f20626520686173686564206265666f7265206265696e6720757365
                642062792074686520484d414320616c676f726974686d2e
                """,
            digest: "9b09ffa71b942fcb27635fbcd5b0e944bfdc63644f0713938a7f51535c3a35e2"),
    ]

    @Test(arguments: vectors) func givesThePublishedValue(_ vector: Vector) {
        let wanted = bytes(vector.digest)
        let digest = KeyedHash(key: bytes(vector.key)).digest(of: bytes(vector.data))
        #expect(digest.count == 32)
        #expect(Array(digest.prefix(wanted.count)) == wanted)
    }

    @Test func aTextAndItsBytesAreOne() {
        let hash = KeyedHash(key: [1, 2, 3])
        #expect(hash.digest(of: "tökén") == hash.digest(of: Array("tökén".utf8)))
        #expect(hash.digest(of: "") == hash.digest(of: [UInt8]()))
        #expect(hash.digest(of: "a") == hash.digest(of: "a"))
        #expect(hash.digest(of: "a") != KeyedHash(key: [1, 2, 4]).digest(of: "a"))
    }

    /// Source: FIPS 180-4 example values.
    @Test func sha256GivesThePublishedValue() {
        #expect(sha256(Array("abc".utf8)) == bytes("ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"))
        #expect(sha256([]) == bytes("e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"))
    }

    @Test func comparesSecrets() {
        #expect(constantTimeEqual([1, 2], [1, 2]))
        #expect(constantTimeEqual([], []))
        let different: [([UInt8], [UInt8])] = [([1, 2], [1, 3]), ([1], [1, 0]), ([], [0])]
        for (first, second) in different { #expect(!constantTimeEqual(first, second)) }
    }
}

@Suite struct SecretTokenTests {
    @Test func tokensAreLongAndDifferent() {
        let tokens = (0..<1000).map { _ in SecretToken.make() }
        #expect(Set(tokens).count == 1000)
        #expect(tokens.allSatisfy { $0.utf8.count == 43 && Base64.decode($0, .url)?.count == 32 })
    }

    @Test func aSessionTokenHasTheShapeThatSmartCARSReads() throws {
        let token = SecretToken.makeSession(subject: 7, expires: Timestamp(milliseconds: 1_767_323_045_999))
        let parts = token.split(separator: ".")
        try #require(parts.count == 3)
        func text(_ part: Substring) -> String? {
            Base64.decode(part, .url).map { String(decoding: $0, as: UTF8.self) }
        }
        #expect(text(parts[0]) == #"{"typ":"JWT","alg":"HS256"}"#)
        #expect(text(parts[1]) == #"{"sub":7,"exp":1767323045}"#)
        #expect(Base64.decode(parts[2], .url)?.count == 32)
        #expect(!token.contains("="))
        #expect(token != SecretToken.makeSession(subject: 7, expires: Timestamp(milliseconds: 1_767_323_045_999)))
    }

    /// Source: RFC 4648, section 10.
    @Test(arguments: [
        ("", ""), ("f", "Zg"), ("fo", "Zm8"), ("foo", "Zm9v"), ("foob", "Zm9vYg"), ("foobar", "Zm9vYmFy"),
    ])
    func base64GivesThePublishedValue(_ plain: String, _ encoded: String) {
        #expect(Base64.encode(Array(plain.utf8), .url) == encoded)
        #expect(Base64.decode(encoded, .url) == Array(plain.utf8))
    }

    @Test(arguments: ["Z", "Zh", "Zg==", "Z g", "Zm9v\n", "+/+/"]) func base64RefusesWhatItWouldNotWrite(_ text: String)
    {
        #expect(Base64.decode(text, .url) == nil)
    }
}

@Suite final class ServerSecretTests {
    let directory: String

    init() throws {
        directory = NSTemporaryDirectory() + "/albatross-secret-\(UUID().uuidString)"
        try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
    }

    deinit { try? FileManager.default.removeItem(atPath: directory) }

    @Test func isMadeOnceAlsoByManyAtOnce() async throws {
        let directory = directory
        let found = try await withThrowingTaskGroup(of: [UInt8].self) { group in
            for _ in 0..<32 { group.addTask { try ServerSecret.load(directory: directory).bytes } }
            return try await group.reduce(into: Set<[UInt8]>()) { $0.insert($1) }
        }
        #expect(found.count == 1)
        #expect(found.first?.count == 32)
        let files = try FileManager.default.contentsOfDirectory(atPath: directory)
        #expect(files == [ServerSecret.fileName])
        let mode = try FileManager.default.attributesOfItem(atPath: directory + "/" + ServerSecret.fileName)[
            .posixPermissions]
        #expect(mode as? Int == 0o600)
        #expect(try ServerSecret.load(directory: directory).bytes == found.first)
    }

    @Test func refusesAFileOfAnotherLength() throws {
        for length in [0, 31, 33] {
            try Data(count: length).write(to: URL(fileURLWithPath: directory + "/" + ServerSecret.fileName))
            #expect(throws: ServerSecretError.self) { try ServerSecret.load(directory: directory) }
        }
        #expect(throws: ServerSecretError.self) { try ServerSecret.load(directory: directory + "/none") }
    }

    @Test func purposesHaveSecretsOfTheirOwn() {
        let secret = ServerSecret.temporary()
        #expect(secret.derived(for: "tokens").bytes == secret.derived(for: "tokens").bytes)
        #expect(secret.derived(for: "tokens").bytes != secret.derived(for: "totp").bytes)
        #expect(secret.derived(for: "tokens").bytes != secret.bytes)
    }
}
