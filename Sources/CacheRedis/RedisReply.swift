import CHiredis

/// What Redis answers.
enum RedisReply: Equatable {
    case bytes([UInt8])
    case integer(Int64)
    case nothing
    /// The text of an error: an upper-case word, then a sentence.
    case error(String)
    case list([RedisReply])

    init(_ reply: redisReply) {
        switch reply.type {
        case REDIS_REPLY_STRING, REDIS_REPLY_STATUS: self = .bytes(Self.bytes(reply))
        case REDIS_REPLY_INTEGER: self = .integer(Int64(reply.integer))
        case REDIS_REPLY_NIL: self = .nothing
        case REDIS_REPLY_ARRAY:
            self = .list(
                (0..<Int(reply.elements)).map { index in
                    guard let element = reply.element?[index] else { return .nothing }
                    return RedisReply(element.pointee)
                })
        case REDIS_REPLY_ERROR: self = .error(String(decoding: Self.bytes(reply), as: UTF8.self))
        default: self = .error("ERR reply of an unknown kind")
        }
    }

    private static func bytes(_ reply: redisReply) -> [UInt8] {
        guard let text = reply.str else { return [] }
        return Array(UnsafeRawBufferPointer(start: text, count: Int(reply.len)))
    }
}

/// A command as it goes over the wire.
enum RedisCommand {
    static func encoded(_ arguments: [[UInt8]]) -> [UInt8] {
        let joined = arguments.flatMap { $0 }
        let lengths = arguments.map(\.count)
        var target: UnsafeMutablePointer<CChar>?
        // One byte more, so that there is an address even when every argument is empty.
        let count = (joined + [0]).withUnsafeBytes { bytes -> Int32 in
            guard let base = bytes.baseAddress?.assumingMemoryBound(to: CChar.self) else { return -1 }
            var offset = 0
            var pointers: [UnsafePointer<CChar>?] = lengths.map { length in
                defer { offset += length }
                return base + offset
            }
            return redisFormatCommandArgv(&target, Int32(arguments.count), &pointers, lengths)
        }
        guard count > 0, let target else { return [] }
        defer { redisFreeCommand(target) }
        return Array(UnsafeRawBufferPointer(start: target, count: Int(count)))
    }

    static func encoded(_ words: String...) -> [UInt8] { encoded(words.map { Array($0.utf8) }) }
}

/// Cuts a stream of bytes into replies.
struct ReplyReader: ~Copyable {
    private let reader: UnsafeMutablePointer<redisReader>
    private let limit: Int

    /// - Parameter limit: Bytes of one reply; a longer one is an error, so that nobody fills the memory.
    init?(limit: Int) {
        guard let reader = redisReaderCreate() else { return nil }
        self.reader = reader
        self.limit = limit
    }

    deinit { redisReaderFree(reader) }

    /// Takes the first `count` bytes.
    func feed(_ bytes: [UInt8], _ count: Int) throws(RedisCacheError) {
        let result = bytes.withUnsafeBytes {
            redisReaderFeed(reader, $0.baseAddress?.assumingMemoryBound(to: CChar.self), count)
        }
        guard result == REDIS_OK else { throw failure() }
    }

    /// - Returns: Nil when the bytes so far hold no further whole reply.
    func next() throws(RedisCacheError) -> RedisReply? {
        var object: UnsafeMutableRawPointer?
        guard redisReaderGetReply(reader, &object) == REDIS_OK else { throw failure() }
        guard let object else {
            guard reader.pointee.len - reader.pointee.pos <= limit else {
                throw RedisCacheError(.unavailable, "a reply is longer than \(limit) bytes")
            }
            return nil
        }
        defer { freeReplyObject(object) }
        return RedisReply(object.assumingMemoryBound(to: redisReply.self).pointee)
    }

    private func failure() -> RedisCacheError {
        let text = withUnsafeBytes(of: reader.pointee.errstr) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
        return RedisCacheError(.unavailable, "what answers is not Redis: \(text)")
    }
}
