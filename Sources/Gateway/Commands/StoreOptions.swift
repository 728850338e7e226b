import StoreSQLite
import Application
import ArgumentParser
import Domain
import Foundation
import Logging

/// What every command that uses the store takes.
struct StoreOptions: ParsableArguments {
    @Option(help: "Folder of the data (default ./data, or where DATABASE_URL points).")
    var data: String?
    @Flag(help: "One JSON value instead of text.")
    var json = false

    var output: Output { Output(json: json) }

    /// Settings from flags, then from the environment.
    func settings() throws -> Settings {
        var settings = Settings(data: "./data")
        try settings.read(environment: ProcessInfo.processInfo.environment)
        if let data { settings.data = data }
        return settings
    }

    static func logger() -> Logger {
        var logger = Logger(label: "albatross")
        logger.logLevel = .warning
        return logger
    }

    /// Opens the parts of this process on the data, beside whatever else uses it, and closes them.
    func withParts<Value>(_ body: (Composition) async throws -> Value) async throws -> Value {
        let parts = try await Composition.make(settings: try settings(), logger: Self.logger())
        do {
            let value = try await body(parts)
            await parts.close()
            return value
        } catch {
            await parts.close()
            throw error
        }
    }
}

extension Composition {
    /// The tenant with this slug; `platform` is none.
    func tenant(slug: String) async throws -> (id: TenantID, tenant: Tenant) {
        guard let tenant = try await directory.tenant(slug: slug), let id = tenant.id else {
            throw Refused(
                "no tenant \"\(slug)\": see `albatross tenant list`, or make it with `albatross tenant create`")
        }
        return (id, tenant)
    }

    /// A person by ident, e-mail address or bare number.
    func user(_ tenant: TenantID, named name: String) async throws -> (user: User, profile: UserProfile) {
        var found = try await directory.user(tenant, ident: name)
        if found == nil, name.contains("@") { found = try await directory.user(tenant, email: name) }
        if found == nil, let number = Int(name) { found = try await directory.user(tenant, number: number) }
        guard let found, let profile = found.profile else {
            throw Refused("no user \"\(name)\" in this tenant: see `albatross user list`")
        }
        return (found, profile)
    }
}

/// Reads a password from standard input.
enum PasswordInput {
    /// Everything to the end of input, without one line end at the end.
    static func read() throws -> String {
        let data = try FileHandle.standardInput.readToEnd() ?? Data()
        guard let text = trimmed(data) else { throw Refused("the password on standard input is not UTF-8 text") }
        guard !text.isEmpty else {
            throw Refused("the password on standard input is empty: pipe it in, e.g. `… --password-stdin < file`")
        }
        return text
    }

    static func trimmed(_ data: Data) -> String? {
        guard var text = String(data: data, encoding: .utf8) else { return nil }
        // "\r\n" is one Character.
        if text.last?.isNewline == true { text.removeLast() }
        return text
    }
}
