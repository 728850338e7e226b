import Foundation
import NIOHTTP1
import Testing

extension EndToEnd {
    /// What stands between clients and the server: TLS, and proxies.
    @Suite(.serialized)
    struct NetworkTests {
        private static func run(
            _ server: AlbatrossServer, _ program: String, _ arguments: [String]
        ) async throws -> (status: Int32, output: String) {
            let process = try ChildProcess(
                "/usr/bin/\(program)", arguments, environment: ["PATH": "/usr/bin:/bin"], folder: server.folder)
            let status = try await process.exitCode(within: .seconds(60))
            return (status, process.output)
        }

        /// Port of the TLS listener, as the ready line says.
        private static func securePort(_ server: AlbatrossServer) throws -> Int {
            let field = server.log.split { $0 == " " || $0 == "\n" }.first { $0.hasPrefix("https=") }
            return try #require(field?.split(separator: ":").last.flatMap { Int($0) })
        }

        @Test func speaksTLS() async throws {
            let server = try AlbatrossServer(on: .sqlite)
            try await withServer(server, started: false) { server in
                let (certificate, key) = ("\(server.folder)/cert.pem", "\(server.folder)/key.pem")
                let made = try await Self.run(
                    server, "openssl",
                    [
                        "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days",
                        "2", "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost", "-keyout", key,
                        "-out",
                        certificate,
                    ])
                #expect(made.status == 0)
                let settings = [
                    "ALBATROSS_HTTPS": "127.0.0.1:0", "ALBATROSS_TLS_CERT": certificate, "ALBATROSS_TLS_KEY": key,
                ]
                for (name, value) in [("ALBATROSS_TLS_KEY", ""), ("ALBATROSS_TLS_CERT", "\(server.folder)/none.pem")] {
                    let refused = try await server.run(serveWith: settings.merging([name: value]) { $1 })
                    #expect(refused.status == 1)
                    #expect(refused.errors.contains("--tls-cert"), "\(refused.errors)")
                }
                try await server.start(environment: settings)
                let airline = try await Airline.make(on: server)
                try await airline.addUser(7, name: "Ada Kern")
                let url = "https://localhost:\(try Self.securePort(server))"
                func curl(_ path: String, _ more: String...) async throws -> (status: Int32, output: String) {
                    try await Self.run(
                        server, "curl",
                        [
                            "--silent", "--show-error", "--include", "--http1.1", "--max-time", "20", "--cacert",
                            certificate, "--connect-to", "localhost::127.0.0.1:", url + path,
                        ] + more)
                }
                #expect(try await curl("/healthz").output.hasPrefix("HTTP/1.1 200"))
                let login = try await curl(
                    "/acars/demo/smartcars3/pilot/login?username=7", "--header", "Content-Type: application/json",
                    "--data", #"{"password":"s3cret"}"#)
                #expect(login.output.hasPrefix("HTTP/1.1 200") && login.output.contains("\"session\""), "\(login)")
                // The cookie of the pages never goes over a plain connection.
                let session = #"{"tenant":"demo","id":"DEM0001","password":"s3cret","session":"cookie"}"#
                let pages = try await curl("/v1/login", "--header", "Content-Type: application/json", "--data", session)
                #expect(pages.output.lowercased().contains("; secure"), "\(pages)")
                let staff = try await airline.staff()
                let stream = try await curl(
                    "/v1/demo/stream", "--max-time", "2", "--no-buffer", "--header", "Upgrade: websocket", "--header",
                    "Connection: Upgrade", "--header", "Sec-WebSocket-Version: 13", "--header",
                    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==", "--header", "Authorization: Bearer \(staff.token)")
                #expect(stream.output.hasPrefix("HTTP/1.1 101"), "\(stream)")
                #expect(stream.output.contains("s3pPLMBiTxaQ9kYGzzhZRbK+xOo="), "\(stream)")
                // Old TLS and no TLS at all get nothing, and harm nobody.
                #expect(try await curl("/healthz", "--tls-max", "1.1").status != 0)
                let plain = try await RawSocket(port: try Self.securePort(server))
                try await plain.send("GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n")
                await #expect(throws: (any Error).self) { _ = try await plain.head() }
                await plain.close()
                #expect(try await curl("/healthz").output.hasPrefix("HTTP/1.1 200"))
            }
        }

        /// - Returns: How many of 20 requests were told to wait.
        private static func refused(
            _ server: AlbatrossServer, from address: (Int) -> String
        ) async throws -> Int {
            var count = 0
            for number in 1...20 {
                let answer = try await Web.send(
                    "GET", "\(server.url)/acars/demo/smartcars3/", headers: [("X-Forwarded-For", address(number))])
                if answer.status == 429 { count += 1 }
            }
            return count
        }

        @Test func countsPilotsBehindATrustedProxyApart() async throws {
            let limit = ["ALBATROSS_LIMIT_ADDRESS_PER_SECOND": "1"]
            try await withServer(
                environment: limit.merging(["ALBATROSS_TRUSTED_PROXIES": "127.0.0.0/8, 10.0.0.0/8"]) { $1 }, on: .sqlite
            ) { server in
                _ = try await Airline.make(on: server)
                #expect(try await Self.refused(server) { "198.51.100.1, 203.0.113.\($0), 10.0.0.1" } == 0)
                // What the client itself wrote in front moves nobody.
                #expect(try await Self.refused(server) { "198.51.100.\($0), 203.0.113.99" } > 0)
                let login: JSON = ["tenant": "demo", "id": "DEM0001", "password": "s3cret", "session": "cookie"]
                for (scheme, isSecure) in [("https", true), ("http", false)] {
                    let answer = try await Web.send(
                        "POST", "\(server.url)/v1/login",
                        headers: [("Content-Type", "application/json"), ("X-Forwarded-Proto", scheme)],
                        body: login.bytes)
                    #expect(answer.status == 200, "\(answer.text)")
                    #expect(answer.headers["Set-Cookie"].joined().contains("; Secure") == isSecure)
                }
            }
            try await withServer(environment: limit, on: .sqlite) { server in
                _ = try await Airline.make(on: server)
                #expect(try await Self.refused(server) { "203.0.113.\($0)" } > 0, "anybody could get round the limit")
                try await server.stop()
                let wrong = try await server.run(serveWith: ["ALBATROSS_TRUSTED_PROXIES": "proxy.example"])
                #expect(wrong.status == 1)
                #expect(wrong.errors.contains("--trusted-proxy: proxy.example is no network"), "\(wrong.errors)")
            }
        }
    }
}
