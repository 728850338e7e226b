import Hummingbird
import HummingbirdCore
import NIOCore

#if canImport(FoundationEssentials)
import FoundationEssentials
#else
import Foundation
#endif

/// Bodies of `/v1`: JSON, small, flat.
enum RequestBodies {
    static let limit = 64 * 1024
    static let depth = 16

    /// - Parameter isOptional: An empty body counts as `{}`.
    /// - Throws: ``Problem`` 413 or 400.
    static func decode<Value: Decodable>(
        _ type: Value.Type, _ request: Request, isOptional: Bool = false
    ) async throws -> Value {
        let buffer: ByteBuffer
        do {
            buffer = try await request.body.collect(upTo: limit)
        } catch {
            throw Problem(.contentTooLarge, "Too large", detail: "The body is over \(limit) bytes.")
        }
        var bytes = Array(buffer.readableBytesView)
        if bytes.isEmpty, isOptional { bytes = Array("{}".utf8) }
        guard let value = decode(type, bytes) else {
            throw Problem(.badRequest, "Not understood", detail: "The body is no JSON object of the expected shape.")
        }
        return value
    }

    static func decode<Value: Decodable>(_ type: Value.Type, _ bytes: [UInt8]) -> Value? {
        guard bytes.count <= limit, isShallow(bytes) else { return nil }
        return try? JSONDecoder().decode(type, from: Data(bytes))
    }

    /// Whether nothing is nested deeper than ``depth``: found before a parser recurses into it.
    static func isShallow(_ bytes: [UInt8]) -> Bool {
        var level = 0
        var inString = false
        var escaped = false
        for byte in bytes {
            if inString {
                if escaped {
                    escaped = false
                } else if byte == UInt8(ascii: "\\") {
                    escaped = true
                } else if byte == UInt8(ascii: "\"") {
                    inString = false
                }
                continue
            }
            switch byte {
            case UInt8(ascii: "\""): inString = true
            case UInt8(ascii: "{"), UInt8(ascii: "["):
                level += 1
                if level > depth { return false }
            case UInt8(ascii: "}"), UInt8(ascii: "]"): level -= 1
            default: break
            }
        }
        return true
    }
}
