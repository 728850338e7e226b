import XMLReader

/// Cuts passwords out of documents that are kept.
enum KACARSSecrets {
    private static let word = Array("password".utf8)

    /// Without what stands in elements of a password's name, and readable if it was. When in doubt it cuts more, and the
    /// rest is no document any more.
    static func cut(_ body: [UInt8]) -> [UInt8] {
        guard !places(of: word, in: body).isEmpty else { return body }
        if isReadable(body), let parts = elements(of: body), isReadable(parts.kept),
            places(of: word, in: parts.others).isEmpty
        {
            return parts.kept
        }
        return coarsely(body)
    }

    private static func isReadable(_ body: [UInt8]) -> Bool { (try? XMLReader.read(LegacyText.utf8(body))) != nil }

    /// A readable document with a mark in place of what secret elements hold, and the same without those elements; nil
    /// when its markup is more than clients send.
    private static func elements(of body: [UInt8]) -> (kept: [UInt8], others: [UInt8])? {
        var kept: [UInt8] = []
        var others: [UInt8] = []
        /// The secret element that is being read, and how many are open in it.
        var secret: (name: [UInt8], depth: Int)?
        var index = 0
        while index < body.count {
            let start = index
            let tag: Tag?
            if body[index] != UInt8(ascii: "<") {
                index = body[index...].firstIndex(of: UInt8(ascii: "<")) ?? body.count
                tag = nil
            } else if let section = XMLSection.all.first(where: { body[start...].starts(with: $0.opening) }) {
                guard let end = section.end(in: body, from: index) else { return nil }
                index = end
                tag = nil
            } else {
                guard let found = Tag(body, at: index) else { return nil }
                index = found.end
                tag = found
            }
            if let open = secret {
                let depth = open.depth + (tag?.change ?? 0)
                secret = depth == 0 ? nil : (open.name, depth)
                if depth == 0 { kept += Array("</".utf8) + open.name + Array(">".utf8) }
            } else if let tag, tag.change >= 0, Redaction.isSecret(String(decoding: tag.name, as: UTF8.self)) {
                // Without its attributes.
                kept += Array("<".utf8) + tag.name + Array((tag.change == 0 ? "/>" : ">").utf8)
                guard tag.change > 0 else { continue }
                kept += Redaction.mark
                secret = (tag.name, 1)
            } else {
                kept += body[start..<index]
                others += body[start..<index]
            }
        }
        return secret == nil ? (kept, others) : nil
    }

    private struct Tag {
        let name: [UInt8]
        /// Of how many elements are open.
        let change: Int
        let end: Int

        init?(_ body: [UInt8], at start: Int) {
            var index = start + 1
            var quote: UInt8?
            while index < body.count, quote != nil || body[index] != UInt8(ascii: ">") {
                let byte = body[index]
                if quote == byte {
                    quote = nil
                } else if quote == nil, byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "'") {
                    quote = byte
                }
                index += 1
            }
            guard index < body.count else { return nil }
            end = index + 1
            let inner = body[(start + 1)..<index]
            // Declarations may name anything.
            guard let first = inner.first, first != UInt8(ascii: "!") else { return nil }
            let closes = first == UInt8(ascii: "/")
            name = Array(inner.dropFirst(closes ? 1 : 0).prefix { $0 > 0x20 && $0 != UInt8(ascii: "/") })
            change = closes ? -1 : inner.last == UInt8(ascii: "/") ? 0 : 1
        }
    }

    /// Cuts everything between the first and the last of the word, or all behind the only one.
    private static func coarsely(_ body: [UInt8]) -> [UInt8] {
        let places = places(of: word, in: body)
        guard let first = places.first, let last = places.last else { return body }
        return body[..<(first + word.count)] + Redaction.mark + (first == last ? [] : body[last...])
    }

    /// In either case of letters.
    private static func places(of word: [UInt8], in bytes: [UInt8]) -> [Int] {
        bytes.indices.filter { index in
            index + word.count <= bytes.count && zip(bytes[index...], word).allSatisfy { $0 | 0x20 == $1 }
        }
    }
}
