import Foundation

/// A WebSocket of RFC 6455, as far as these tests need one: text, ping, pong, close.
final class WebSocketClient: Sendable {
    /// The server answered something else than 101.
    struct Refused: Error, CustomStringConvertible {
        let status: Int
        let body: String
        var description: String { "the handshake was answered \(status): \(body)" }
    }
    enum Frame: Sendable {
        case text(String)
        case ping([UInt8])
        case pong([UInt8])
        case close(Int?)
        case other(UInt8)
    }

    let socket: RawSocket
    private init(socket: RawSocket) { self.socket = socket }

    /// - Parameters:
    ///   - path: With query.
    ///   - token: Sent as bearer token.
    static func connect(
        _ server: AlbatrossServer, _ path: String, token: String? = nil, headers: [(String, String)] = [],
        receiveBuffer: Int? = nil
    ) async throws -> WebSocketClient {
        let socket = try await RawSocket(port: server.port, receiveBuffer: receiveBuffer)
        var request = "GET \(path) HTTP/1.1\r\nHost: 127.0.0.1:\(server.port)\r\nUpgrade: websocket\r\n"
        request += "Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
        if let token { request += "Authorization: Bearer \(token)\r\n" }
        for (name, value) in headers { request += "\(name): \(value)\r\n" }
        try await socket.send(request + "\r\n")
        let head = try await socket.head()
        guard head.status == 101 else {
            let length = head["content-length"].flatMap { Int($0) } ?? 0
            let body = try? await socket.next("body", within: .seconds(5)) { bytes in
                bytes.count >= length ? (String(decoding: bytes.prefix(length), as: UTF8.self), length) : nil
            }
            await socket.close()
            throw Refused(status: head.status, body: body ?? "")
        }
        // The example of RFC 6455, section 1.3.
        guard head["sec-websocket-accept"] == "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=" else {
            await socket.close()
            throw TimedOut(description: "wrong Sec-WebSocket-Accept")
        }
        return WebSocketClient(socket: socket)
    }

    func send(_ value: JSON) async throws { try await send(opcode: 1, Array(value.canonical.utf8)) }

    func send(opcode: UInt8, _ payload: [UInt8], isMasked: Bool = true, isFinal: Bool = true) async throws {
        var frame: [UInt8] = [(isFinal ? 0x80 : 0) | opcode]
        let mask: UInt8 = isMasked ? 0x80 : 0
        switch payload.count {
        case ..<126: frame.append(mask | UInt8(payload.count))
        case ..<65536: frame += [mask | 126, UInt8(payload.count >> 8), UInt8(payload.count & 255)]
        default:
            frame.append(mask | 127)
            for shift in stride(from: 56, through: 0, by: -8) { frame.append(UInt8(payload.count >> shift & 255)) }
        }
        if isMasked {
            let key: [UInt8] = [0x37, 0xFA, 0x21, 0x3D]
            frame += key
            frame += payload.enumerated().map { $0.element ^ key[$0.offset & 3] }
        } else {
            frame += payload
        }
        try await socket.send(frame)
    }

    func nextFrame(within limit: Duration = .seconds(20)) async throws -> Frame {
        try await socket.next("WebSocket frame", within: limit) { bytes in
            guard bytes.count >= 2 else { return nil }
            var length = Int(bytes[1] & 0x7F)
            var start = 2
            if length == 126 {
                guard bytes.count >= 4 else { return nil }
                length = Int(bytes[2]) << 8 | Int(bytes[3])
                start = 4
            } else if length == 127 {
                guard bytes.count >= 10 else { return nil }
                length = bytes[2..<10].reduce(0) { $0 << 8 | Int($1) }
                start = 10
            }
            guard bytes.count >= start + length else { return nil }
            let payload = Array(bytes[start..<(start + length)])
            let frame: Frame =
                switch bytes[0] & 0x0F {
                case 1: .text(String(decoding: payload, as: UTF8.self))
                case 8: .close(payload.count >= 2 ? Int(payload[0]) << 8 | Int(payload[1]) : nil)
                case 9: .ping(payload)
                case 10: .pong(payload)
                default: .other(bytes[0])
                }
            return (frame, start + length)
        }
    }

    /// The next message; pings are answered on the way.
    func next(within limit: Duration = .seconds(20)) async throws -> JSON {
        while true {
            switch try await nextFrame(within: limit) {
            case .text(let text): return try JSON(text: text)
            case .ping(let payload): try await send(opcode: 10, payload)
            case .pong: continue
            case .close(let code): throw TimedOut(description: "closed with \(code.map(String.init) ?? "no code")")
            case .other(let byte): throw TimedOut(description: "frame of unknown kind \(byte)")
            }
        }
    }

    /// The next message that fits; others are passed over.
    func next(_ what: String, within limit: Duration = .seconds(20), where fits: (JSON) -> Bool) async throws -> JSON {
        let clock = ContinuousClock()
        let end = clock.now + limit
        var seen: [String] = []
        while clock.now < end {
            let message = try await next(within: limit)
            if fits(message) { return message }
            seen.append(String(message.canonical.prefix(200)))
        }
        throw TimedOut(description: "no \(what) within \(limit); seen: \(seen.suffix(5))")
    }

    func close() async { await socket.close() }
}
