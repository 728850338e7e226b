import Foundation
import Logging
import Testing

@testable import Server

@Suite struct ServerCertificateTests {
    private static func make(_ folder: String, _ name: String) throws {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/openssl")
        process.arguments = [
            "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2",
            "-subj",
            "/CN=\(name)", "-keyout", "\(folder)/\(name).key", "-out", "\(folder)/\(name).pem",
        ]
        process.standardError = FileHandle.nullDevice
        try process.run()
        process.waitUntilExit()
        try #require(process.terminationStatus == 0)
    }

    private static func place(_ folder: String, _ name: String, _ kind: String, at time: Date) throws {
        let target = "\(folder)/server.\(kind)"
        try? FileManager.default.removeItem(atPath: target)
        try FileManager.default.copyItem(atPath: "\(folder)/\(name).\(kind)", toPath: target)
        try FileManager.default.setAttributes([.modificationDate: time], ofItemAtPath: target)
    }

    @Test func takesARenewedPairAndKeepsTheOldOneUntilItIsWhole() throws {
        let folder = NSTemporaryDirectory() + "/certificate-\(UUID().uuidString)"
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: folder) }
        for name in ["one", "two"] { try Self.make(folder, name) }
        let time = Date(timeIntervalSince1970: 1_700_000_000)
        for kind in ["pem", "key"] { try Self.place(folder, "one", kind, at: time) }
        let certificate = try ServerCertificate(
            chain: folder + "/server.pem", key: folder + "/server.key", logger: Logger(label: "test"))
        let first = certificate.context
        certificate.refresh()
        #expect(certificate.context === first)
        try Self.place(folder, "two", "pem", at: time + 60)
        certificate.refresh()
        #expect(certificate.context === first, "half of a pair")
        try Self.place(folder, "two", "key", at: time + 60)
        certificate.refresh()
        #expect(certificate.context !== first)
        #expect(throws: ServerCertificate.Failure.self) {
            try ServerCertificate(
                chain: folder + "/one.pem", key: folder + "/two.key", logger: Logger(label: "test"))
        }
        #expect(throws: ServerCertificate.Failure.self) {
            try ServerCertificate(chain: folder + "/none.pem", key: folder + "/two.key", logger: Logger(label: "test"))
        }
    }
}
