import Testing

@testable import XMLReader

@Suite struct XMLReaderTests {
    private func read(_ text: String, _ limits: XMLReader.Limits = .init()) throws(XMLReaderError) -> XMLElement {
        try XMLReader.read(Array(text.utf8), limits: limits)
    }

    @Test func readsElementsAttributesAndText() throws {
        let root = try read(
            "\u{FEFF} \n<a x=\"1\" n:y='&lt;2&gt;' xmlns:n='u'>p<b>q&amp;</b><![CDATA[<r>]]><b/><n:c>Zürich</n:c></a> ")
        #expect(root.name == "a" && root.attributes == ["x": "1", "n:y": "<2>"])
        #expect(root.text == "p<r>" && root.children.count == 3)
        #expect(root.text("b") == "q&" && root.text("n:c") == "Zürich" && root.text("b", "c") == nil)
        #expect(root.children[1].isEmpty)
    }

    @Test(arguments: ["utf-16", "iso-8859-1", "windows-1252", "nonsense"])
    func readsUTF8WhateverTheDeclarationSays(_ encoding: String) throws {
        #expect(try read("<?xml version='1.0' encoding='\(encoding)'?><a>ü€</a>").text == "ü€")
    }

    @Test(arguments: [
        "", "  ", "x", "<", "<a", "<a>", "</a>", "<a></b>", "<a/><b/>", "<a>&nbsp;</a>", "<a>&b;</a>", "<a b=c/>",
        "<a>&#0;</a>", "a<b/>", "<a/>x", "<a>\u{1}</a>", "<a b='1' b='2'/>", "<?xml?>",
    ])
    func refusesWhatIsNotWellFormed(_ text: String) {
        #expect(throws: XMLReaderError.malformed) { try read(text) }
    }

    @Test func refusesBytesThatAreNoUTF8() {
        for bytes: [UInt8] in [[0x3C, 0x61, 0x2F, 0x3E, 0xFF], [0xFF, 0xFE, 0x3C, 0], [0x3C, 0x61, 0, 0x2F, 0x3E]] {
            #expect(throws: XMLReaderError.malformed) { try XMLReader.read(bytes) }
        }
    }

    @Test(arguments: [
        "<!DOCTYPE a><a/>", "<?xml version='1.0'?>\n<!DOCTYPE a SYSTEM 'http://127.0.0.1:1/x'><a/>",
        "<!DOCTYPE a [<!ENTITY x SYSTEM 'file:///etc/hostname'>]><a>&x;</a>",
        "<!DOCTYPE a [<!ENTITY % p SYSTEM 'file:///etc/hostname'> %p;]><a/>",
        "<!-- c --><!DOCTYPE a [<!ENTITY x 'y'>]><a>&x;</a>", "<!DOCTYPE a PUBLIC 'p' 'file:///etc/passwd' [",
    ])
    func refusesEveryDocumentType(_ text: String) {
        #expect(throws: XMLReaderError.doctype) { try read(text) }
    }

    @Test func refusesAnEntityBombBeforeItGrows() {
        var text = "<!DOCTYPE a [<!ENTITY e0 'x'>"
        for level in 1...60 { text += "<!ENTITY e\(level) '\(String(repeating: "&e\(level - 1);", count: 10))'>" }
        text += "]><a>&e60;</a>"
        let start = ContinuousClock.now
        #expect(throws: XMLReaderError.doctype) { try read(text) }
        // A guard against hanging, far above what it takes.
        #expect(ContinuousClock.now - start < .seconds(2))
    }

    @Test func refusesDepthNumberAndSize() {
        let deep = String(repeating: "<a>", count: 100_000)
        #expect(throws: XMLReaderError.tooDeep) { try read(deep) }
        let start = ContinuousClock.now
        #expect(throws: XMLReaderError.tooDeep) { try read("<r>" + deep + String(repeating: "</a>", count: 100_000)) }
        #expect(ContinuousClock.now - start < .seconds(2))
        #expect(throws: XMLReaderError.tooManyElements) {
            try read("<r>" + String(repeating: "<a/>", count: 2000) + "</r>")
        }
        let many = (0...64).map { "a\($0)='1'" }.joined(separator: " ")
        #expect(throws: XMLReaderError.tooManyElements) { try read("<r \(many)/>") }
        #expect(throws: XMLReaderError.tooLarge) {
            try read("<r>" + String(repeating: "x", count: 1 << 20) + "</r>")
        }
        var limits = XMLReader.Limits()
        limits.depth = 2
        #expect(throws: Never.self) { try read("<a><b/><b/></a>", limits) }
        #expect(throws: XMLReaderError.tooDeep) { try read("<a><b><c/></b></a>", limits) }
        limits.elements = 2
        #expect(throws: XMLReaderError.tooManyElements) { try read("<a><b/><b/></a>", limits) }
    }

    @Test func aLongTextInManyPiecesIsOneText() throws {
        let text = String(repeating: "é&amp;\r\n", count: 20_000)
        #expect(try read("<a>\(text)</a>").text == String(repeating: "é&\n", count: 20_000))
    }

    /// Whatever is cut off or changed, there is an answer and no trap.
    @Test func survivesEveryCutAndChange() {
        let document = Array(
            "<?xml version='1.0'?><k a='1'><s><d>x&lt;&#252;</d></s><!-- c --><p><![CDATA[y]]></p></k>".utf8)
        for end in 0..<document.count { _ = try? XMLReader.read(Array(document[..<end])) }
        for index in document.indices {
            for byte: UInt8 in [0, 0x21, 0x3C, 0x26, 0x5D, 0x80, 0xFF] {
                var changed = document
                changed[index] = byte
                _ = try? XMLReader.read(changed)
            }
        }
    }
}
