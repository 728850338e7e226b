/// Unpacks gzip made by `scripts/pack-web.py`, for the rare client that takes none. RFC 1951 and 1952; input is trusted to
/// be ours, but never read past its end.
struct Inflate {
    private let input: UnsafeBufferPointer<UInt8>
    private var position: Int
    private var bits: UInt32 = 0
    private var bitCount: UInt32 = 0
    private var output: [UInt8] = []

    private struct Truncated: Error {}
    /// A canonical Huffman code: symbols by length.
    private struct Code {
        var counts = [Int](repeating: 0, count: 16)
        var symbols: [Int]
        init(_ lengths: some Collection<Int>) {
            symbols = [Int](repeating: 0, count: lengths.count)
            for length in lengths { counts[length] += 1 }
            counts[0] = 0
            var offsets = [Int](repeating: 0, count: 16)
            for length in 1..<15 { offsets[length + 1] = offsets[length] + counts[length] }
            for (symbol, length) in lengths.enumerated() where length > 0 {
                symbols[offsets[length]] = symbol
                offsets[length] += 1
            }
        }
    }

    /// - Returns: `nil` for what is no gzip without optional header fields.
    static func gzip(_ input: UnsafeBufferPointer<UInt8>, size: Int) -> [UInt8]? {
        guard input.count > 18, input[0] == 0x1F, input[1] == 0x8B, input[2] == 8, input[3] == 0 else { return nil }
        var inflate = Inflate(input: input, position: 10)
        inflate.output.reserveCapacity(size)
        do {
            try inflate.run(limit: size)
        } catch {
            return nil
        }
        return inflate.output.count == size ? inflate.output : nil
    }

    private init(input: UnsafeBufferPointer<UInt8>, position: Int) {
        self.input = input
        self.position = position
    }

    private mutating func take(_ count: UInt32) throws -> Int {
        while bitCount < count {
            guard position < input.count else { throw Truncated() }
            bits |= UInt32(input[position]) << bitCount
            position += 1
            bitCount += 8
        }
        let value = bits & ((1 << count) - 1)
        bits >>= count
        bitCount -= count
        return Int(value)
    }

    private mutating func symbol(_ code: Code) throws -> Int {
        var value = 0
        var first = 0
        var index = 0
        for length in 1..<16 {
            value |= try take(1)
            let count = code.counts[length]
            if value - count < first { return code.symbols[index + value - first] }
            index += count
            first = (first + count) << 1
            value <<= 1
        }
        throw Truncated()
    }

    private static let lengthBase = [
        3, 4, 5, 6, 7, 8, 9, 10, 11, 13, 15, 17, 19, 23, 27, 31, 35, 43, 51, 59, 67, 83, 99, 115, 131, 163, 195, 227,
        258,
    ]
    private static let lengthExtra: [UInt32] = [
        0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3, 4, 4, 4, 4, 5, 5, 5, 5, 0,
    ]
    private static let distanceBase = [
        1, 2, 3, 4, 5, 7, 9, 13, 17, 25, 33, 49, 65, 97, 129, 193, 257, 385, 513, 769, 1025, 1537, 2049, 3073, 4097,
        6145,
        8193, 12289, 16385, 24577,
    ]
    private static let distanceExtra: [UInt32] = [
        0, 0, 0, 0, 1, 1, 2, 2, 3, 3, 4, 4, 5, 5, 6, 6, 7, 7, 8, 8, 9, 9, 10, 10, 11, 11, 12, 12, 13, 13,
    ]
    private static let order = [16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15]

    private mutating func run(limit: Int) throws {
        var isLast = false
        while !isLast {
            isLast = try take(1) == 1
            switch try take(2) {
            case 0: try stored(limit: limit)
            case 1:
                let lengths = (0..<288).map { $0 < 144 ? 8 : $0 < 256 ? 9 : $0 < 280 ? 7 : 8 }
                try block(Code(lengths), Code([Int](repeating: 5, count: 30)), limit: limit)
            case 2: try dynamic(limit: limit)
            default: throw Truncated()
            }
        }
    }

    private mutating func stored(limit: Int) throws {
        bits = 0
        bitCount = 0
        guard position + 4 <= input.count else { throw Truncated() }
        let length = Int(input[position]) | Int(input[position + 1]) << 8
        position += 4
        guard position + length <= input.count, output.count + length <= limit else { throw Truncated() }
        output += input[position..<(position + length)]
        position += length
    }

    private mutating func dynamic(limit: Int) throws {
        let literals = try take(5) + 257
        let distances = try take(5) + 1
        let count = try take(4) + 4
        guard literals <= 286, distances <= 30 else { throw Truncated() }
        var lengths = [Int](repeating: 0, count: 19)
        for index in 0..<count { lengths[Self.order[index]] = try take(3) }
        let code = Code(lengths)
        lengths = []
        while lengths.count < literals + distances {
            let symbol = try symbol(code)
            switch symbol {
            case 0..<16: lengths.append(symbol)
            case 16:
                guard let last = lengths.last else { throw Truncated() }
                lengths += [Int](repeating: last, count: 3 + (try take(2)))
            case 17: lengths += [Int](repeating: 0, count: 3 + (try take(3)))
            default: lengths += [Int](repeating: 0, count: 11 + (try take(7)))
            }
        }
        guard lengths.count == literals + distances else { throw Truncated() }
        try block(Code(lengths[..<literals]), Code(lengths[literals...]), limit: limit)
    }

    private mutating func block(_ literals: Code, _ distances: Code, limit: Int) throws {
        while true {
            let symbol = try symbol(literals)
            if symbol < 256 {
                guard output.count < limit else { throw Truncated() }
                output.append(UInt8(symbol))
            } else if symbol == 256 {
                return
            } else {
                guard symbol - 257 < 29 else { throw Truncated() }
                let length = Self.lengthBase[symbol - 257] + (try take(Self.lengthExtra[symbol - 257]))
                let code = try self.symbol(distances)
                guard code < 30 else { throw Truncated() }
                let distance = Self.distanceBase[code] + (try take(Self.distanceExtra[code]))
                guard distance <= output.count, output.count + length <= limit else { throw Truncated() }
                for _ in 0..<length { output.append(output[output.count - distance]) }
            }
        }
    }
}
