import Domain

#if canImport(FoundationEssentials)
import FoundationEssentials
#else
import Foundation
#endif

/// Settings that come from flags, then from the environment.
struct Settings: Sendable {
    /// Folder of the SQLite store and of the server's secret.
    var data: String
    /// `ADDR:PORT`; port 0 lets the kernel choose.
    var http = "127.0.0.1:8080"
    /// Requests a second for one credential and one address, failed log-ins a minute for one account; 0 is off.
    var limitCredentialPerSecond = 20.0
    var limitAddressPerSecond = 200.0
    var limitLoginsPerMinute = 10
    /// Serves the web UI from this folder instead of from the executable.
    var webRoot: String?

    init(data: String) { self.data = data }

    /// Reads `ALBATROSS_…` and `DATABASE_URL`.
    /// - Throws: ``SettingsError`` with one line that says which value is wrong.
    mutating func read(environment: [String: String]) throws {
        func number(_ name: String) throws -> Double? {
            guard let text = environment[name], !text.isEmpty else { return nil }
            guard let value = Double(text), value >= 0, value.isFinite else {
                throw SettingsError("\(name)=\(text) is no number of 0 or more: set it right or leave it out")
            }
            return value
        }
        if let value = try number("ALBATROSS_LIMIT_CREDENTIAL_PER_SECOND") { limitCredentialPerSecond = value }
        if let value = try number("ALBATROSS_LIMIT_ADDRESS_PER_SECOND") { limitAddressPerSecond = value }
        if let value = try number("ALBATROSS_LIMIT_LOGINS_PER_MINUTE") { limitLoginsPerMinute = Int(value) }
        if let value = environment["ALBATROSS_WEB_ROOT"], !value.isEmpty { webRoot = value }
        if let url = environment["DATABASE_URL"], !url.isEmpty {
            guard url.hasPrefix("sqlite://") else {
                throw SettingsError(
                    "DATABASE_URL must begin with sqlite:/// in this version; leave it out to use --data")
            }
            data = String(url.dropFirst("sqlite://".count))
        }
    }
}

/// A wrong setting; the text is one line for the operator.
struct SettingsError: Error, CustomStringConvertible {
    let description: String
    init(_ description: String) { self.description = description }
}
