import Domain
import Secrets

import Foundation

/// What a process does.
enum ProcessRole: String, CaseIterable, Sendable {
    /// Answers trackers.
    case ingest
    /// Keeps read models, relays the log to the bus, judges reports.
    case project
    /// Answers `/v1`, the stream and the web UI.
    case query
}

/// Settings that come from flags, then from the environment.
struct Settings: Sendable {
    /// Folder of the SQLite store and of the server's secret.
    var data: String
    /// `postgres://…`; without it the store is SQLite in ``data``.
    var databaseURL: String?
    /// `amqp://…`: the event bus between processes.
    var rabbitmqURL: String?
    /// `redis://…`: the cache that processes share.
    var redisURL: String?
    /// First part of every name in broker and cache, so that installations can share them.
    var prefix = "albatross"
    /// A read replica of ``databaseURL``, for read models.
    var databaseReadURL: String?
    var roles = Set(ProcessRole.allCases)
    /// The server's secret as text, for processes that share no folder.
    var secretText: String?
    /// `ADDR:PORT`; port 0 lets the kernel choose.
    var http = "127.0.0.1:8080"
    /// `ADDR:PORT` for TLS, with ``tlsCertificate`` and ``tlsKey``.
    var https: String?
    /// PEM files.
    var tlsCertificate: String?
    var tlsKey: String?
    /// Networks of proxies whose `X-Forwarded-For` and `X-Forwarded-Proto` are believed.
    var trustedProxies: [String] = []
    /// Requests a second for one credential and one address, failed log-ins a minute for one account; 0 is off.
    var limitCredentialPerSecond = 20.0
    var limitAddressPerSecond = 200.0
    var limitLoginsPerMinute = 10
    /// Samples of frames kept for one airline and adapter; 0 keeps none.
    var frameSamples = 200
    /// Days that frames are kept, samples and those that were not understood; 0 is for as long as there is room.
    var frameDays = 30
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
        if let value = try number("ALBATROSS_FRAME_SAMPLES") { frameSamples = Int(min(value, 10_000)) }
        if let value = try number("ALBATROSS_FRAME_DAYS") { frameDays = Int(min(value, 36_500)) }
        if let value = environment["ALBATROSS_HTTPS"], !value.isEmpty { https = value }
        if let value = environment["ALBATROSS_TLS_CERT"], !value.isEmpty { tlsCertificate = value }
        if let value = environment["ALBATROSS_TLS_KEY"], !value.isEmpty { tlsKey = value }
        if let value = environment["ALBATROSS_TRUSTED_PROXIES"] {
            trustedProxies = value.split { $0 == "," || $0 == " " }.map(String.init)
        }
        if let value = environment["ALBATROSS_WEB_ROOT"], !value.isEmpty { webRoot = value }
        if let url = environment["DATABASE_URL"], !url.isEmpty {
            if url.hasPrefix("sqlite://") {
                data = String(url.dropFirst("sqlite://".count))
            } else if url.hasPrefix("postgres://") || url.hasPrefix("postgresql://") {
                databaseURL = url
            } else {
                throw SettingsError(
                    "DATABASE_URL must begin with sqlite:/// or postgres://; leave it out to use SQLite in --data")
            }
        }
        if let url = environment["RABBITMQ_URL"], !url.isEmpty { rabbitmqURL = url }
        if let url = environment["REDIS_URL"], !url.isEmpty { redisURL = url }
        if let value = environment["ALBATROSS_PREFIX"], !value.isEmpty { prefix = value }
        if let url = environment["DATABASE_READ_URL"], !url.isEmpty { databaseReadURL = url }
        if let value = environment["ALBATROSS_SECRET"], !value.isEmpty { secretText = value }
    }

    /// Takes `--roles`.
    /// - Throws: ``SettingsError`` for a name that is none, and for roles that this store and bus cannot be split into.
    mutating func take(roles text: String) throws {
        roles = []
        for name in text.split(separator: ",") {
            if name == "all" {
                roles = Set(ProcessRole.allCases)
            } else if let role = ProcessRole(rawValue: String(name)) {
                roles.insert(role)
            } else {
                throw SettingsError("--roles \(name) is no role: choose ingest, project, query or all")
            }
        }
        guard !roles.isEmpty else { throw SettingsError("--roles is empty: choose ingest, project, query or all") }
        if roles.count < ProcessRole.allCases.count, databaseURL == nil || rabbitmqURL == nil {
            throw SettingsError(
                "--roles \(text) needs a store and a bus that processes share: set DATABASE_URL=postgres://… and RABBITMQ_URL=amqp://…"
            )
        }
    }

    /// The secret that was set; nil when it is to be found in the folder.
    func secret() throws -> ServerSecret? {
        guard let secretText else { return nil }
        guard let secret = ServerSecret(base64: secretText) else {
            throw SettingsError("ALBATROSS_SECRET is not 32 bytes in Base64: make one with `openssl rand -base64 32`")
        }
        return secret
    }

    /// The folder for what is kept in files, made when it is missing.
    func folder() throws -> String {
        do {
            try FileManager.default.createDirectory(
                atPath: data, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
        } catch { throw SettingsError("cannot make the folder \(data): choose another --data DIR") }
        return data
    }
}

/// A wrong setting; the text is one line for the operator.
struct SettingsError: Error, CustomStringConvertible {
    let description: String
    init(_ description: String) { self.description = description }
}
