import Foundation
import HTTPTypes
import HummingbirdCore
import Logging
import NIOCore
import Server
import ServiceLifecycle
import UnixSignals

/// P13: answers every POST with its own body, through the listener that the gateway uses and nothing else.
///
/// Prints `ready PORT`; ends at SIGTERM. `Benchmarks/http_floor.py` drives it and nginx in turn.
@main
enum HTTPFloor {
    static func main() async throws {
        var logger = Logger(label: "http-floor")
        logger.logLevel = .error
        let listener = try await HTTPListener.bind(
            host: "127.0.0.1", port: 0, logger: logger,
            responder: { request, _ in
                let body = try await request.body.collect(upTo: 1 << 20)
                return Response(
                    status: .ok, headers: [.contentType: "application/json"], body: ResponseBody(byteBuffer: body))
            },
            authorizeUpgrade: { _, _ in .refuse(Response(status: .notFound)) })
        // Unbuffered: who reads this is another program.
        FileHandle.standardOutput.write(Data("ready \(listener.port)\n".utf8))
        try await ServiceGroup(
            configuration: .init(
                services: [.init(service: listener)], gracefulShutdownSignals: [.sigterm, .sigint], logger: logger)
        ).run()
    }
}
