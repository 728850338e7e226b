@testable import Gateway
import Testing

@Suite struct CSVReaderTests {
    private func rows(_ text: String) throws -> [[String]] {
        var reader = CSVReader(Array(text.utf8))
        var rows: [[String]] = []
        while let row = try reader.next() { rows.append(row.cells) }
        return rows
    }

    static let accepted: [(String, [[String]])] = [
        ("", []),
        ("a,b\n1,2\n", [["a", "b"], ["1", "2"]]),
        ("a,b\r\n1,2", [["a", "b"], ["1", "2"]]),
        ("a,b\r1,2\r", [["a", "b"], ["1", "2"]]),
        ("a,,\n,,\n", [["a", "", ""], ["", "", ""]]),
        ("\"x,y\",\"say \"\"hi\"\"\",\"\"\n", [["x,y", "say \"hi\"", ""]]),
        ("\"two\r\nlines\",z\n", [["two\nlines", "z"]]),
        ("\n\na\n\n", [["a"]]),
        ("\u{FEFF}a\n", [["a"]]),
        ("ä,\u{1F6E9}\n", [["ä", "\u{1F6E9}"]]),
    ]

    @Test(arguments: accepted)
    func readsWhatRFC4180Allows(_ text: String, _ expected: [[String]]) throws {
        #expect(try rows(text) == expected)
    }

    @Test func countsLinesOfTheFile() throws {
        var reader = CSVReader(Array("head\r\n\"a\r\nb\"\r\n\r\nlast".utf8))
        #expect(try reader.next()?.line == 1)
        #expect(try reader.next()?.line == 2)
        #expect(try reader.next()?.line == 5)
        #expect(try reader.next() == nil)
    }

    static let refused: [(String, Int)] = [
        ("a\n\"never closed\n\n", 2), ("a\nb\"c\n", 2), ("\"a\"b\n", 1), ("a\n\"x\ny\" z\n", 3),
    ]

    @Test(arguments: refused)
    func namesTheLineOfAFault(_ text: String, _ line: Int) {
        #expect {
            try rows(text)
        } throws: {
            ($0 as? CSVReader.Failure)?.line == line
        }
    }

    @Test func refusesWhatIsNotUTF8() {
        var reader = CSVReader([0x61, 0xFF, 0x0A])
        #expect(throws: CSVReader.Failure.self) { try reader.next() }
    }
}

@Suite struct CSVTableTests {
    @Test func findsColumnsByNameInAnyOrderAndCase() throws {
        let table = try CSVTable(Array(" B ,a,c\n2, 1 ,\n".utf8), required: ["a", "b"])
        let row = try #require(table.rows.first)
        #expect(row["a"] == "1" && row["b"] == "2" && row["c"] == nil && row["d"] == nil)
        #expect(row.line == 2)
    }

    @Test func namesMissingColumns() {
        #expect {
            try CSVTable(Array("a\n1\n".utf8), required: ["a", "b", "c"])
        } throws: {
            ($0 as? CSVTable.Failure)?.reason.contains("missing: b, c") == true
        }
    }

    @Test func refusesAColumnTwiceAndAnEmptyFile() {
        #expect(throws: CSVTable.Failure.self) { try CSVTable(Array("a,A\n".utf8), required: []) }
        #expect(throws: CSVTable.Failure.self) { try CSVTable([], required: []) }
    }

    @Test func goesOnAfterALineWithTooManyCells() throws {
        let table = try CSVTable(Array("a,b\n1,2,3\n4,5\n6\n".utf8), required: ["a"])
        #expect(table.failures.map(\.line) == [2])
        #expect(table.rows.map(\.line) == [3, 4])
    }
}
