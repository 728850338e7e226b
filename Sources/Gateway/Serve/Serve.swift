import ServiceLifecycle
import StoreSQLite
import Application
import ArgumentParser
import Domain
import Foundation
import Logging

/// `albatross serve`.
struct Serve: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Run the gateway: trackers, live map, API.",
        discussion: """
            Settings come from flags, then from the environment:
              DATABASE_URL                           sqlite:///FOLDER instead of --data, or postgres://USER:PASSWORD@HOST/NAME
              DATABASE_READ_URL                      a read replica of it, for lists and tracks
              RABBITMQ_URL                           amqp://USER:PASSWORD@HOST/VHOST or amqps://…: the bus between processes
              REDIS_URL                              redis://HOST:PORT/DB or rediss://…: the cache between processes
              ALBATROSS_PREFIX                       first part of every name in broker and cache (albatross)
              ALBATROSS_SECRET                       the server's secret in Base64, the same in every process of an installation;
                                                     without it secret.key in --data, made at the first start
              ALBATROSS_HTTPS                        --https
              ALBATROSS_TLS_CERT, ALBATROSS_TLS_KEY  --tls-cert, --tls-key
              ALBATROSS_TRUSTED_PROXIES              --trusted-proxy, several separated by commas
              ALBATROSS_LIMIT_CREDENTIAL_PER_SECOND  requests a second for one pilot's session (20; 0 is off)
              ALBATROSS_LIMIT_ADDRESS_PER_SECOND     requests a second from one address (200; 0 is off)
              ALBATROSS_LIMIT_LOGINS_PER_MINUTE      failed log-ins a minute for one account (10; 0 is off)
              ALBATROSS_FRAME_SAMPLES                samples of trackers' requests kept for one airline and adapter
                                                     (200; 0 keeps none)
              ALBATROSS_FRAME_DAYS                   days that such samples, and requests that were not understood, are
                                                     kept (30; 0 is without end)
              ALBATROSS_WEB_ROOT                     serve the web UI from this folder instead of the built-in one
            """)

    @OptionGroup var storeOptions: StoreOptions
    @Option(help: "Address and port for trackers, API and web UI; port 0 lets the kernel choose.")
    var http = "127.0.0.1:8080"
    @Option(help: "Address and port for the same over TLS.")
    var https: String?
    @Option(help: "Certificate for --https, with those that lead to its authority, in PEM; read anew when it changes.")
    var tlsCert: String?
    @Option(help: "Private key for --https, in PEM.")
    var tlsKey: String?
    @Option(
        help:
            "Network of a proxy in front, such as 10.0.0.0/8, whose X-Forwarded-For and X-Forwarded-Proto are believed; may be given several times."
    )
    var trustedProxy: [String] = []
    @Option(help: "Serve the web UI from this folder instead of the built-in one.")
    var webRoot: String?
    @Option(
        help:
            "Roles of this process, separated by commas: ingest (trackers), project (read models, judging), query (API, map), or all."
    )
    var roles = "all"

    func run() async throws {
        var settings = try storeOptions.settings()
        try settings.take(roles: roles)
        settings.http = http
        if let https { settings.https = https }
        if let tlsCert { settings.tlsCertificate = tlsCert }
        if let tlsKey { settings.tlsKey = tlsKey }
        if !trustedProxy.isEmpty { settings.trustedProxies = trustedProxy }
        if let webRoot { settings.webRoot = webRoot }
        var logger = Logger(label: "albatross")
        logger.logLevel = .notice
        let parts = try await Composition.make(settings: settings, logger: logger)
        try await Self.run(parts)
    }

    /// Runs until SIGTERM or SIGINT.
    /// - Parameter ready: Called when requests are answered, with the address that was bound.
    static func run(
        _ parts: Composition, ready: @escaping @Sendable (String) async throws -> Void = { _ in }
    ) async throws {
        if let password = try await FirstStart.createPlatformAdmin(parts) {
            Terminal.note(
                "First start: platform admin ADM0001 (tenant \"platform\"), password \(password) - shown once, change it with albatross user password"
            )
        }
        if WallClock.shared.isMoved {
            Terminal.note("Warning: ALBATROSS_CLOCK is set: this server lives by the time in a file")
        }
        let server = try await RunningServer.prepare(parts)
        try await withThrowingTaskGroup(of: Void.self) { tasks in
            tasks.addTask { try await server.group.run() }
            // The board must hold what the store holds before the first answer counts as ready.
            let deadline = ContinuousClock.now + .seconds(60)
            while !server.isReady(), ContinuousClock.now < deadline { try await Task.sleep(for: .milliseconds(5)) }
            Terminal.print("ready http=\(server.address)" + (server.secureAddress.map { " https=\($0)" } ?? ""))
            tasks.addTask { try await ready(server.address) }
            try await tasks.waitForAll()
        }
        await parts.close()
    }
}
