/// Reads comma-separated text as RFC 4180 describes it: quoted cells may hold commas, line ends and doubled quotes.
/// Line ends may be CRLF, LF or CR; a byte order mark is skipped.
struct CSVReader {
    struct Row: Equatable {
        /// Line of the file where the row begins, from 1.
        let line: Int
        let cells: [String]
    }
    struct Failure: Error, Equatable, CustomStringConvertible {
        let line: Int
        let reason: String
        var description: String { "line \(line): \(reason)" }
    }

    private let bytes: [UInt8]
    private var index = 0
    private var line = 1

    init(_ bytes: [UInt8]) {
        self.bytes = bytes
        if bytes.starts(with: [0xEF, 0xBB, 0xBF]) { index = 3 }
    }

    /// - Returns: The next row that is not empty, nil at the end.
    mutating func next() throws(Failure) -> Row? {
        while index < bytes.count {
            let start = line
            let cells = try row()
            if cells != [""] { return Row(line: start, cells: cells) }
        }
        return nil
    }

    private mutating func row() throws(Failure) -> [String] {
        var cells: [String] = []
        while true {
            cells.append(try cell())
            guard index < bytes.count else { return cells }
            if bytes[index] == UInt8(ascii: ",") {
                index += 1
                continue
            }
            endLine()
            return cells
        }
    }

    private mutating func cell() throws(Failure) -> String {
        guard index < bytes.count, bytes[index] == UInt8(ascii: "\"") else {
            let start = index
            while index < bytes.count, !Self.endsCell(bytes[index]) {
                guard bytes[index] != UInt8(ascii: "\"") else {
                    throw Failure(
                        line: line,
                        reason:
                            "a quote inside a cell that does not begin with one: quote the whole cell and double the quotes in it"
                    )
                }
                index += 1
            }
            return try text(bytes[start..<index])
        }
        let start = line
        index += 1
        var content: [UInt8] = []
        while true {
            guard index < bytes.count else {
                throw Failure(line: start, reason: "a quoted cell begins here and never ends")
            }
            let byte = bytes[index]
            if byte == UInt8(ascii: "\"") {
                index += 1
                guard index < bytes.count, bytes[index] == UInt8(ascii: "\"") else { break }
                content.append(byte)
                index += 1
            } else if byte == UInt8(ascii: "\r") || byte == UInt8(ascii: "\n") {
                content.append(UInt8(ascii: "\n"))
                endLine()
            } else {
                content.append(byte)
                index += 1
            }
        }
        guard index == bytes.count || Self.endsCell(bytes[index]) else {
            throw Failure(line: line, reason: "text after the closing quote of a cell")
        }
        return try text(content[...])
    }

    private func text(_ bytes: ArraySlice<UInt8>) throws(Failure) -> String {
        guard let text = String(validating: bytes, as: UTF8.self) else {
            throw Failure(line: line, reason: "not UTF-8 text: save the file as UTF-8")
        }
        return text
    }

    private static func endsCell(_ byte: UInt8) -> Bool {
        byte == UInt8(ascii: ",") || byte == UInt8(ascii: "\r") || byte == UInt8(ascii: "\n")
    }

    private mutating func endLine() {
        let wasReturn = bytes[index] == UInt8(ascii: "\r")
        index += 1
        if wasReturn, index < bytes.count, bytes[index] == UInt8(ascii: "\n") { index += 1 }
        line += 1
    }
}

/// A table whose first row names the columns, in any order and letter case.
struct CSVTable {
    struct Failure: Error, Equatable, CustomStringConvertible {
        let line: Int
        let column: String?
        let reason: String
        var description: String { "line \(line)" + (column.map { ", column \($0)" } ?? "") + ": \(reason)" }
    }
    /// One line, read by column name.
    struct Row {
        let line: Int
        fileprivate let columns: [String: Int]
        fileprivate let cells: [String]

        /// The trimmed cell; nil when it is empty or the file has no such column.
        subscript(name: String) -> String? {
            guard let index = columns[name], index < cells.count else { return nil }
            let text = cells[index].trimmingWhitespace()
            return text.isEmpty ? nil : text
        }
        func failure(_ column: String, _ reason: String) -> Failure {
            Failure(line: line, column: column, reason: reason)
        }
        func required(_ name: String) throws(Failure) -> String {
            guard let text = self[name] else { throw failure(name, "empty: it is needed") }
            return text
        }
        /// A whole number within a range.
        func integer(_ name: String, _ range: ClosedRange<Int>) throws(Failure) -> Int? {
            guard let text = self[name] else { return nil }
            guard let value = Int(text), range.contains(value) else {
                throw failure(
                    name, "\"\(text.prefix(20))\" is no whole number from \(range.lowerBound) to \(range.upperBound)")
            }
            return value
        }
    }

    let columns: [String]
    private(set) var rows: [Row] = []
    /// Lines that are no row of this table.
    private(set) var failures: [Failure] = []

    /// - Throws: ``Failure`` when there is no usable header; what comes after it is read line by line.
    init(_ bytes: [UInt8], required: [String]) throws(Failure) {
        var reader = CSVReader(bytes)
        let header: CSVReader.Row?
        do {
            header = try reader.next()
        } catch {
            throw Failure(line: error.line, column: nil, reason: error.reason)
        }
        guard let header else { throw Failure(line: 1, column: nil, reason: "the file is empty") }
        columns = header.cells.map { $0.trimmingWhitespace().lowercased() }
        var index: [String: Int] = [:]
        for (place, name) in columns.enumerated() where !name.isEmpty {
            guard index.updateValue(place, forKey: name) == nil else {
                throw Failure(line: header.line, column: name, reason: "the column is there twice")
            }
        }
        let missing = required.filter { index[$0] == nil }
        guard missing.isEmpty else {
            throw Failure(
                line: header.line, column: nil,
                reason: "the first line must name the columns; missing: \(missing.joined(separator: ", "))")
        }
        do {
            while let row = try reader.next() {
                if row.cells.count > columns.count {
                    failures.append(
                        Failure(
                            line: row.line, column: nil,
                            reason:
                                "\(row.cells.count) cells under \(columns.count) columns: quote cells that hold commas")
                    )
                } else {
                    rows.append(Row(line: row.line, columns: index, cells: row.cells))
                }
            }
        } catch {
            // What follows a broken quote cannot be told apart from it.
            failures.append(Failure(line: error.line, column: nil, reason: error.reason))
        }
    }
}

extension String {
    fileprivate func trimmingWhitespace() -> String {
        var text = self[...]
        while text.first?.isWhitespace == true { text.removeFirst() }
        while text.last?.isWhitespace == true { text.removeLast() }
        return String(text)
    }
}
