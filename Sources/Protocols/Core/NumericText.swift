/// Numbers in decimal text, without locale. Neither `NaN` nor `Infinity` is a number here.
enum NumericText {
    /// What PHP's `is_numeric` accepts: white space around, sign, digits with an optional fraction and exponent.
    /// - Returns: `nil` for anything else and for what no finite `Double` holds.
    static func double(_ text: String) -> Double? {
        var text = text
        return text.withUTF8 { bytes in
            var start = 0
            var end = bytes.count
            while start < end, isSpace(bytes[start]) { start += 1 }
            while start < end, isSpace(bytes[end - 1]) { end -= 1 }
            guard end - start <= 400 else { return nil }
            return double(UnsafeBufferPointer(rebasing: bytes[start..<end]))
        }
    }

    private static func isSpace(_ byte: UInt8) -> Bool { byte == 0x20 || (0x09...0x0D).contains(byte) }

    /// - Parameter token: `[+-]digits`, nothing around it.
    /// - Returns: `nil` when it does not fit, is something else, or is a negative zero.
    static func integer(_ token: UnsafeBufferPointer<UInt8>) -> Int64? {
        var index = 0
        let isNegative = token.first == UInt8(ascii: "-")
        if isNegative || token.first == UInt8(ascii: "+") { index = 1 }
        guard index < token.count else { return nil }
        var value: Int64 = 0
        while index < token.count {
            guard isDigit(token[index]) else { return nil }
            let (product, overflow) = value.multipliedReportingOverflow(by: 10)
            let digit = Int64(token[index] - UInt8(ascii: "0"))
            let (sum, carry) =
                isNegative ? product.subtractingReportingOverflow(digit) : product.addingReportingOverflow(digit)
            guard !overflow, !carry else { return nil }
            value = sum
            index += 1
        }
        return isNegative && value == 0 ? nil : value
    }

    private static let powers: [Double] = [
        1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19,
        1e20, 1e21, 1e22,
    ]

    /// - Parameter token: `[+-]digits[.digits][e[+-]digits]` with a digit on one side of the point, nothing around it.
    static func double(_ token: UnsafeBufferPointer<UInt8>) -> Double? {
        var index = 0
        var mantissa: UInt64 = 0
        var digits = 0
        var scale = 0
        var seen = false
        let isNegative = token.first == UInt8(ascii: "-")
        if isNegative || token.first == UInt8(ascii: "+") { index = 1 }
        var isFraction = false
        while index < token.count {
            let byte = token[index]
            if isDigit(byte) {
                seen = true
                if digits < 19 {
                    mantissa = mantissa * 10 + UInt64(byte - UInt8(ascii: "0"))
                    if mantissa > 0 { digits += 1 }
                    if isFraction { scale -= 1 }
                } else {
                    digits += 1
                    if !isFraction { scale += 1 }
                }
            } else if byte == UInt8(ascii: "."), !isFraction {
                isFraction = true
            } else {
                break
            }
            index += 1
        }
        guard seen else { return nil }
        if index < token.count {
            guard token[index] | 0x20 == UInt8(ascii: "e") else { return nil }
            index += 1
            var sign = 1
            if index < token.count, token[index] == UInt8(ascii: "-") || token[index] == UInt8(ascii: "+") {
                sign = token[index] == UInt8(ascii: "-") ? -1 : 1
                index += 1
            }
            guard index < token.count else { return nil }
            var exponent = 0
            while index < token.count {
                guard isDigit(token[index]) else { return nil }
                if exponent < 100_000 { exponent = exponent * 10 + Int(token[index] - UInt8(ascii: "0")) }
                index += 1
            }
            scale += sign * exponent
        }
        // Both factors are exact, so one operation rounds correctly. Source: W. D. Clinger, "How to Read Floating Point
        // Numbers Accurately", PLDI 1990.
        if digits <= 19, mantissa <= 1 << 53, (-22...22).contains(scale) {
            let value =
                scale < 0 ? Double(mantissa) / powers[-scale] : Double(mantissa) * powers[scale]
            return isNegative ? -value : value
        }
        if mantissa == 0 { return isNegative ? -0.0 : 0 }
        // A leading or trailing point is numeric for PHP but not for `Double`.
        var text = String(decoding: token, as: UTF8.self)
        if let point = text.firstIndex(of: "."), text.index(after: point) == text.endIndex {
            text.append("0")
        } else {
            text = text.replacingPoint()
        }
        guard let value = Double(text) else { return scale < 0 ? 0 : nil }
        return value.isFinite ? value : nil
    }
}

extension String {
    /// `.5` becomes `0.5`, `5.e3` becomes `5.0e3`.
    fileprivate func replacingPoint() -> String {
        var result: [UInt8] = []
        let bytes = Array(utf8)
        for (index, byte) in bytes.enumerated() {
            if byte == UInt8(ascii: "."), !(result.last.map(isDigit) ?? false) { result.append(UInt8(ascii: "0")) }
            result.append(byte)
            if byte == UInt8(ascii: "."), index + 1 < bytes.count, !isDigit(bytes[index + 1]) {
                result.append(UInt8(ascii: "0"))
            }
        }
        return String(decoding: result, as: UTF8.self)
    }
}
