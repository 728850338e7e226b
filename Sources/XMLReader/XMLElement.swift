/// An element with what is in it. Names are as written, with a prefix if there is one.
public struct XMLElement: Hashable, Sendable {
    public let name: String
    public internal(set) var attributes: [String: String]
    public internal(set) var children: [XMLElement]
    /// The text directly in the element, CDATA included, in order and joined.
    public internal(set) var text: String

    public init(
        name: String, attributes: [String: String] = [:], children: [XMLElement] = [], text: String = ""
    ) {
        self.name = name
        self.attributes = attributes
        self.children = children
        self.text = text
    }

    /// The first child of this name.
    public subscript(name: String) -> XMLElement? { children.first { $0.name == name } }
    /// Text of the first child of this name.
    public func childText(_ name: String) -> String? {
        for index in children.indices where children[index].name == name { return children[index].text }
        return nil
    }
    /// Text at the end of a path of children: `element.text("verify", "pilotID")`; nil when one of them is missing.
    public func text(_ path: String...) -> String? {
        var element = self
        for name in path {
            guard let next = element[name] else { return nil }
            element = next
        }
        return element.text
    }
    /// Neither children, attributes nor text.
    public var isEmpty: Bool { children.isEmpty && attributes.isEmpty && text.isEmpty }
}

/// Why a document was refused.
public enum XMLReaderError: Error, Hashable, Sendable {
    /// Not well-formed, or not UTF-8.
    case malformed
    /// A document type declaration: refused before anything in it is read.
    case doctype
    case tooLarge
    case tooDeep
    case tooManyElements
}
