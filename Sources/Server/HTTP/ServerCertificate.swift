import Foundation
public import Logging
import NIOSSL
public import ServiceLifecycle
import Synchronization

/// The certificate of the HTTPS listener. Its files are looked at once a minute: one that was renewed is used for new
/// connections without a restart.
public final class ServerCertificate: Service {
    /// A line for the operator.
    public struct Failure: Error, CustomStringConvertible {
        public let description: String
    }

    private struct State {
        var context: NIOSSLContext
        var changed: [Date]
    }
    private let chain: String
    private let key: String
    private let logger: Logger
    private let state: Mutex<State>

    /// - Parameters:
    ///   - chain: PEM file: the certificate, then those that lead to an authority.
    ///   - key: PEM file.
    public init(chain: String, key: String, logger: Logger) throws(Failure) {
        self.chain = chain
        self.key = key
        self.logger = logger
        state = Mutex(State(context: try Self.load(chain, key), changed: Self.changed(chain, key)))
    }

    var context: NIOSSLContext { state.withLock { $0.context } }

    private static func load(_ chain: String, _ key: String) throws(Failure) -> NIOSSLContext {
        let certificates: [NIOSSLCertificate]
        do { certificates = try NIOSSLCertificate.fromPEMFile(chain) } catch {
            throw Failure(description: "\(chain) is no readable certificate in PEM (\(error)): set --tls-cert")
        }
        let secret: NIOSSLPrivateKey
        do { secret = try NIOSSLPrivateKey(file: key, format: .pem) } catch {
            throw Failure(description: "\(key) is no readable private key in PEM (\(error)): set --tls-key")
        }
        var configuration = TLSConfiguration.makeServerConfiguration(
            certificateChain: certificates.map { .certificate($0) }, privateKey: .privateKey(secret))
        configuration.minimumTLSVersion = .tlsv12
        configuration.applicationProtocols = ["http/1.1"]
        do { return try NIOSSLContext(configuration: configuration) } catch {
            throw Failure(
                description: "\(key) does not belong to \(chain) (\(error)): set --tls-cert and --tls-key to a pair")
        }
    }

    private static func changed(_ paths: String...) -> [Date] {
        paths.map { path in
            let attributes = try? FileManager.default.attributesOfItem(atPath: path)
            return attributes?[.modificationDate] as? Date ?? .distantPast
        }
    }

    /// Looks for changed files.
    func refresh() {
        let changed = Self.changed(chain, key)
        guard state.withLock({ $0.changed }) != changed else { return }
        do {
            let context = try Self.load(chain, key)
            state.withLock { $0 = State(context: context, changed: changed) }
            logger.notice("the certificate was read anew", metadata: ["file": "\(chain)"])
        } catch {
            // Half of a pair may be there already; the next look finds both.
            logger.error("the certificate is kept as it was", metadata: ["error": "\(error)"])
        }
    }

    /// Until the task is cancelled or shut down.
    public func run() async throws {
        await cancelWhenGracefulShutdown {
            while !Task.isCancelled {
                // Cancelled at shutdown, which the loop then sees.
                try? await Task.sleep(for: .seconds(60))
                self.refresh()
            }
        }
    }
}
