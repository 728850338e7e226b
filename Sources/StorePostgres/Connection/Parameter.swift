import Domain

#if canImport(FoundationEssentials)
import FoundationEssentials
#else
import Foundation
#endif

/// Numbers of the types that are sent and read (`pg_type.dat`).
enum TypeID {
    static let bytea: UInt32 = 17, int8: UInt32 = 20, int4: UInt32 = 23, text: UInt32 = 25, uuid: UInt32 = 2950
    static let byteaArray: UInt32 = 1001, int4Array: UInt32 = 1007, textArray: UInt32 = 1009
    static let int8Array: UInt32 = 1016, uuidArray: UInt32 = 2951
}

/// A value to send, in binary form.
enum Parameter {
    case integer(Int64)
    case text(String)
    case bytes([UInt8])
    case uuid(UUID)
    case array(ArrayParameter)

    static func integer(_ value: Int) -> Parameter { .integer(Int64(value)) }

    var type: UInt32 {
        switch self {
        case .integer: TypeID.int8
        case .text: TypeID.text
        case .bytes: TypeID.bytea
        case .uuid: TypeID.uuid
        case .array(let array): array.type
        }
    }

    func write(to buffer: inout [UInt8]) {
        switch self {
        case .integer(let value): buffer.append(bigEndian: value)
        case .text(let value): buffer.append(storable: value)
        case .bytes(let value): buffer += value
        case .uuid(let value): buffer.append(value)
        case .array(let array): buffer += array.encoded
        }
    }
}

/// A one-dimensional array as the server reads it: dimensions, "may hold NULL", type of the elements, their number, lower
/// bound, then length and bytes of each (`array_recv` in PostgreSQL's arrayfuncs.c).
struct ArrayParameter {
    let type: UInt32
    private(set) var count = 0
    private var bytes: [UInt8]

    /// - Parameters:
    ///   - type: Of the array.
    ///   - element: Of what is in it.
    private init(type: UInt32, element: UInt32) {
        self.type = type
        bytes = []
        bytes.append(bigEndian: Int32(1))
        bytes.append(bigEndian: Int32(1))
        bytes.append(bigEndian: Int32(bitPattern: element))
        bytes.append(bigEndian: Int32(0))
        bytes.append(bigEndian: Int32(1))
    }

    static var integers: ArrayParameter { ArrayParameter(type: TypeID.int8Array, element: TypeID.int8) }
    static var texts: ArrayParameter { ArrayParameter(type: TypeID.textArray, element: TypeID.text) }
    static var blobs: ArrayParameter { ArrayParameter(type: TypeID.byteaArray, element: TypeID.bytea) }
    static var uuids: ArrayParameter { ArrayParameter(type: TypeID.uuidArray, element: TypeID.uuid) }

    mutating func append(_ value: Int64) {
        count += 1
        bytes.append(bigEndian: Int32(8))
        bytes.append(bigEndian: value)
    }
    mutating func append(_ value: UUID) {
        count += 1
        bytes.append(bigEndian: Int32(16))
        bytes.append(value)
    }
    mutating func append(_ value: UUID?) {
        if let value { return append(value) }
        count += 1
        bytes.append(bigEndian: Int32(-1))
    }
    mutating func append(_ value: [UInt8]) {
        count += 1
        bytes.append(bigEndian: Int32(value.count))
        bytes += value
    }
    mutating func append(_ value: String) {
        count += 1
        let start = bytes.count
        bytes.append(bigEndian: Int32(0))
        bytes.append(storable: value)
        bytes.replace(at: start, Int32(bytes.count - start - 4))
    }

    var encoded: [UInt8] {
        var encoded = bytes
        encoded.replace(at: 12, Int32(count))
        return encoded
    }
}

extension [UInt8] {
    mutating func append(bigEndian value: some FixedWidthInteger) {
        Swift.withUnsafeBytes(of: value.bigEndian) { append(contentsOf: $0) }
    }
    fileprivate mutating func append(_ value: UUID) {
        Swift.withUnsafeBytes(of: value.uuid) { append(contentsOf: $0) }
    }
    fileprivate mutating func replace(at start: Int, _ value: Int32) {
        Swift.withUnsafeBytes(of: value.bigEndian) { bytes in
            for (offset, byte) in bytes.enumerated() { self[start + offset] = byte }
        }
    }

    /// PostgreSQL's text holds no NUL, a key may. U+0000 goes as 01 01 and U+0001 as 01 02, which keeps the order of keys
    /// and what is a prefix of what.
    mutating func append(storable text: String) {
        var text = text
        text.withUTF8 { utf8 in
            if !utf8.contains(where: { $0 < 2 }) { return append(contentsOf: utf8) }
            for byte in utf8 {
                if byte < 2 {
                    append(1)
                    append(byte + 1)
                } else {
                    append(byte)
                }
            }
        }
    }
}

extension String {
    /// The inverse of ``Swift/Array/append(storable:)``.
    init(stored bytes: UnsafeRawBufferPointer) {
        guard bytes.contains(1) else {
            self.init(decoding: bytes, as: UTF8.self)
            return
        }
        var plain: [UInt8] = []
        var isEscaped = false
        for byte in bytes {
            if isEscaped {
                plain.append(byte &- 1)
                isEscaped = false
            } else if byte == 1 {
                isEscaped = true
            } else {
                plain.append(byte)
            }
        }
        self.init(decoding: plain, as: UTF8.self)
    }
}
