import CLibXML2

/// Reads XML from outside. No network, no files, no document type, no entities but the five of XML itself, and bounds on
/// size, depth and number of elements, each of which ends the reading at once.
public enum XMLReader {
    public struct Limits: Sendable {
        /// Bytes of the document.
        public var size = 1 << 20
        public var depth = 32
        public var elements = 2000
        /// Attributes of one element.
        public var attributes = 64
        public init() {}
    }

    /// - Parameter bytes: UTF-8, whatever the document's declaration says; white space and a byte order mark in front are
    ///   skipped.
    /// - Returns: The root element.
    public static func read(_ bytes: [UInt8], limits: Limits = Limits()) throws(XMLReaderError) -> XMLElement {
        guard bytes.count <= limits.size else { throw .tooLarge }
        var content = bytes[...]
        if content.starts(with: [0xEF, 0xBB, 0xBF]) { content = content.dropFirst(3) }
        content = content.drop { $0 == 0x20 || (0x09...0x0D).contains($0) }
        guard content.first == UInt8(ascii: "<"), isText(content) else { throw .malformed }
        _ = initialised
        let builder = Builder(limits: limits)
        let isComplete = content.withUnsafeBytes { parse($0, builder) }
        if let failure = builder.failure { throw failure }
        guard isComplete, let root = builder.root else { throw .malformed }
        return root
    }

    /// Whether the bytes are UTF-8 without NUL.
    private static func isText(_ bytes: ArraySlice<UInt8>) -> Bool {
        var isASCII = true
        for byte in bytes {
            if byte == 0 { return false }
            if byte >= 0x80 { isASCII = false }
        }
        return isASCII || String(validating: bytes, as: UTF8.self) != nil
    }

    /// libxml2 wants its tables made once, before threads use it.
    private static let initialised: Void = xmlInitParser()

    private static func parse(_ bytes: UnsafeRawBufferPointer, _ builder: Builder) -> Bool {
        var handler = xmlSAXHandler()
        handler.initialized = UInt32(XML_SAX2_MAGIC)
        handler.internalSubset = { context, _, _, _ in Builder.of(context)?.fail(.doctype) }
        handler.startElementNs = { context, name, prefix, _, _, _, count, _, attributes in
            Builder.of(context)?.start(name, prefix, count, attributes)
        }
        handler.endElementNs = { context, _, _, _ in Builder.of(context)?.end() }
        handler.characters = { context, text, length in Builder.of(context)?.add(text, length) }
        handler.cdataBlock = { context, text, length in Builder.of(context)?.add(text, length) }
        // Errors are counted by the parser itself; without this they would go to standard error.
        handler.serror = { _, _ in }
        return withExtendedLifetime(builder) {
            let context = xmlCreatePushParserCtxt(
                &handler, Unmanaged.passUnretained(builder).toOpaque(), nil, 0, nil)
            guard let context else { return false }
            defer { xmlFreeParserCtxt(context) }
            builder.stop = { xmlStopParser(context) }
            defer { builder.stop = {} }
            let options =
                XML_PARSE_NONET.rawValue | XML_PARSE_NOERROR.rawValue | XML_PARSE_NOWARNING.rawValue
                | XML_PARSE_IGNORE_ENC.rawValue
            xmlCtxtUseOptions(context, Int32(bitPattern: options))
            xmlSwitchEncoding(context, XML_CHAR_ENCODING_UTF8)
            let status = xmlParseChunk(
                context, bytes.baseAddress?.assumingMemoryBound(to: CChar.self), Int32(bytes.count), 1)
            return status == 0 && context.pointee.wellFormed == 1
        }
    }
}

/// Collects elements while the parser calls back.
private final class Builder {
    private let limits: XMLReader.Limits
    private var open: [XMLElement] = []
    private var elements = 0
    var root: XMLElement?
    private(set) var failure: XMLReaderError?
    /// Tells the parser to read no further.
    var stop: () -> Void = {}

    init(limits: XMLReader.Limits) {
        self.limits = limits
        open.reserveCapacity(8)
    }

    static func of(_ context: UnsafeMutableRawPointer?) -> Builder? {
        context.map { Unmanaged<Builder>.fromOpaque($0).takeUnretainedValue() }
    }

    func fail(_ error: XMLReaderError) {
        if failure == nil { failure = error }
        stop()
    }

    func start(
        _ name: UnsafePointer<xmlChar>?, _ prefix: UnsafePointer<xmlChar>?, _ count: Int32,
        _ attributes: UnsafeMutablePointer<UnsafePointer<xmlChar>?>?
    ) {
        guard failure == nil, let name else { return }
        elements += 1
        if elements > limits.elements { return fail(.tooManyElements) }
        if open.count >= limits.depth { return fail(.tooDeep) }
        if count > limits.attributes { return fail(.tooManyElements) }
        var values: [String: String] = [:]
        // Five pointers an attribute: local name, prefix, namespace, first byte of the value, the byte after it.
        if let attributes {
            for index in 0..<Int(count) {
                guard let key = attributes[index * 5], let start = attributes[index * 5 + 3],
                    let end = attributes[index * 5 + 4]
                else { continue }
                values[Self.qualified(key, attributes[index * 5 + 1])] = String(
                    decoding: UnsafeBufferPointer(start: start, count: end - start), as: UTF8.self)
            }
        }
        open.append(XMLElement(name: Self.qualified(name, prefix), attributes: values))
    }

    func end() {
        guard failure == nil, let element = open.popLast() else { return }
        guard !open.isEmpty else {
            root = element
            return
        }
        let parent = open.count - 1
        // Elements that have children have several: one growth in place of four.
        if open[parent].children.isEmpty { open[parent].children.reserveCapacity(16) }
        open[parent].children.append(element)
    }

    func add(_ text: UnsafePointer<xmlChar>?, _ length: Int32) {
        guard failure == nil, let text, length > 0, !open.isEmpty else { return }
        open[open.count - 1].text += String(
            decoding: UnsafeBufferPointer(start: text, count: Int(length)), as: UTF8.self)
    }

    private static func qualified(_ name: UnsafePointer<xmlChar>, _ prefix: UnsafePointer<xmlChar>?) -> String {
        prefix.map { "\(String(cString: $0)):\(String(cString: name))" } ?? String(cString: name)
    }
}
