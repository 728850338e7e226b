import Domain
import NIOCore

/// A flight as it is sent: encoded once, put into many frames.
final class LiveEntry: Sendable {
    let id: FlightID
    let idText: String
    let latitude: Double
    let longitude: Double
    /// The object without its closing brace and without the pilot.
    let open: [UInt8]
    /// `,"pilot":"…"`, left out for visitors.
    let pilot: [UInt8]

    init(id: FlightID, latitude: Double, longitude: Double, json: [UInt8], pilotIdent: String) {
        self.id = id
        idText = "\(id)"
        self.latitude = latitude
        self.longitude = longitude
        open = Array(json.dropLast())
        var text = JSONText(capacity: 32)
        text.add(pilotIdent)
        pilot = Array(",\"pilot\":".utf8) + text.bytes
    }

    func isInside(_ box: BoundingBox?) -> Bool {
        box?.contains(latitude: latitude, longitude: longitude) ?? true
    }
    func size(withPilot: Bool) -> Int { open.count + (withPilot ? pilot.count : 0) + 2 }
}

/// Whole WebSocket frames as bytes: unmasked, final, as a server sends them (RFC 6455, section 5.2).
enum StreamFrames {
    static func text(_ payload: [UInt8]) -> ByteBuffer {
        var buffer = ByteBuffer()
        buffer.reserveCapacity(payload.count + 10)
        writeHeader(0x1, payload.count, to: &buffer)
        buffer.writeBytes(payload)
        return buffer
    }
    static func control(_ opcode: UInt8, _ payload: [UInt8]) -> ByteBuffer {
        var buffer = ByteBuffer()
        writeHeader(opcode, min(125, payload.count), to: &buffer)
        buffer.writeBytes(payload.prefix(125))
        return buffer
    }
    static func close(_ code: UInt16, reason: String) -> ByteBuffer {
        control(0x8, [UInt8(code >> 8), UInt8(truncatingIfNeeded: code)] + Array(reason.utf8.prefix(120)))
    }

    /// A whole frame of a server as server-sent events have it (WHATWG HTML, section 9.2): messages with the sequence number as
    /// their id, pings as comments, the end as an event `close`.
    static func event(_ frame: ByteBuffer) -> ByteBuffer {
        var frame = frame
        var event = ByteBuffer()
        guard let opcode = frame.readInteger(as: UInt8.self), let length = frame.readInteger(as: UInt8.self) else {
            return event
        }
        frame.moveReaderIndex(forwardBy: length == 127 ? 8 : length == 126 ? 2 : 0)
        event.reserveCapacity(frame.readableBytes + 48)
        switch opcode & 0xF {
        case 0x1:
            if let sequence = sequence(frame) { event.writeString("id: \(sequence)\n") }
            event.writeString("data: ")
            event.writeBuffer(&frame)
            event.writeString("\n\n")
        case 0x8:
            let code = frame.readInteger(as: UInt16.self) ?? 1000
            let reason = frame.readString(length: frame.readableBytes) ?? ""
            let text = JSONText.object { text in
                text.field("code", Int(code))
                text.field("reason", reason)
            }
            event.writeString("event: close\ndata: ")
            event.writeBytes(text.bytes)
            event.writeString("\n\n")
        default: event.writeString(":\n\n")
        }
        return event
    }

    /// Of a message about the live map, in its first bytes.
    private static func sequence(_ message: ByteBuffer) -> Int64? {
        let key = Array("\"topic\":\"live\",\"seq\":".utf8)
        let start = message.readableBytesView.prefix(80)
        guard let at = start.indices.first(where: { start[$0...].starts(with: key) }) else { return nil }
        let digits = start[(at + key.count)...].prefix { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }
        return Int64(String(decoding: digits, as: UTF8.self))
    }

    private static func writeHeader(_ opcode: UInt8, _ length: Int, to buffer: inout ByteBuffer) {
        buffer.writeInteger(0x80 | opcode)
        if length < 126 {
            buffer.writeInteger(UInt8(length))
        } else if length <= 0xFFFF {
            buffer.writeInteger(UInt8(126))
            buffer.writeInteger(UInt16(length))
        } else {
            buffer.writeInteger(UInt8(127))
            buffer.writeInteger(UInt64(length))
        }
    }

    static func snapshot(
        _ entries: [LiveEntry], sequence: Int64, now: String, withPilot: Bool
    ) -> ByteBuffer {
        assemble("snapshot", list: "flights", entries, remove: nil, sequence: sequence, now: now, withPilot: withPilot)
    }
    static func delta(
        upsert: [LiveEntry], remove: [String], sequence: Int64, now: String, withPilot: Bool
    ) -> ByteBuffer {
        assemble("delta", list: "upsert", upsert, remove: remove, sequence: sequence, now: now, withPilot: withPilot)
    }

    private static func assemble(
        _ type: String, list: String, _ entries: [LiveEntry], remove: [String]?, sequence: Int64, now: String,
        withPilot: Bool
    ) -> ByteBuffer {
        let head = "{\"type\":\"\(type)\",\"topic\":\"live\",\"seq\":\(sequence),\"now\":\"\(now)\",\"\(list)\":["
        var length = head.utf8.count + 2
        for entry in entries { length += entry.size(withPilot: withPilot) }
        if !entries.isEmpty { length -= 1 }  // One comma fewer than entries.
        // Ids are UUIDs: nothing in them needs escaping.
        let tail = remove.map { ",\"remove\":[" + $0.map { "\"\($0)\"" }.joined(separator: ",") + "]" } ?? ""
        length += tail.utf8.count
        var buffer = ByteBuffer()
        buffer.reserveCapacity(length + 10)
        writeHeader(0x1, length, to: &buffer)
        buffer.writeString(head)
        var isFirst = true
        for entry in entries {
            if !isFirst { buffer.writeInteger(UInt8(ascii: ",")) }
            isFirst = false
            buffer.writeBytes(entry.open)
            if withPilot { buffer.writeBytes(entry.pilot) }
            buffer.writeInteger(UInt8(ascii: "}"))
        }
        buffer.writeString("]")
        buffer.writeString(tail)
        buffer.writeString("}")
        return buffer
    }
}
