import Foundation
import Protocols
import Synchronization

/// Standard output for results, standard error for everything said on the way.
enum Terminal {
    private static let lock = Mutex(false)

    static func print(_ text: String) { write(text + "\n", to: .standardOutput) }
    static func note(_ text: String) { write(text + "\n", to: .standardError) }

    /// Rewrites the line that shows progress; silent when standard error is no terminal, so that logs stay readable.
    static func progress(_ text: String) {
        guard isInteractive else { return }
        write("\r\u{1B}[2K" + text, to: .standardError)
        lock.withLock { $0 = true }
    }
    static let isInteractive = isatty(FileHandle.standardError.fileDescriptor) == 1

    private static func write(_ text: String, to handle: FileHandle) {
        let wasOpen = lock.withLock { isLineOpen in
            defer { if !text.hasPrefix("\r") { isLineOpen = false } }
            return isLineOpen
        }
        let start = wasOpen && !text.hasPrefix("\r") ? "\r\u{1B}[2K" : ""
        if !start.isEmpty { try? FileHandle.standardError.write(contentsOf: Data(start.utf8)) }
        // A closed pipe: nobody reads what is lost.
        try? handle.write(contentsOf: Data(text.utf8))
    }
}

/// The result of a command: text for people, or with `--json` one JSON value on one line.
struct Output {
    let json: Bool

    func show(_ value: JSONValue, _ text: @autoclosure () -> String) {
        if json {
            var writer = JSONWriter()
            writer.value(value)
            Terminal.print(String(decoding: writer.bytes, as: UTF8.self))
        } else {
            let text = text()
            if !text.isEmpty { Terminal.print(text) }
        }
    }
}

extension JSONValue {
    /// An object; members without a value are null.
    static func make(_ members: KeyValuePairs<String, JSONValue?>) -> JSONValue {
        .object(JSONObject(members.map { .init($0.key, $0.value ?? .null) }))
    }
    /// An object with one member more, where there is a text for it.
    func adding(_ name: String, _ text: String?) -> JSONValue {
        guard case .object(var object) = self, let text else { return self }
        object.members.append(.init(name, .string(text)))
        return .object(object)
    }
    static func text(_ value: (some CustomStringConvertible)?) -> JSONValue {
        value.map { .string($0.description) } ?? .null
    }
    static func number(_ value: Int?) -> JSONValue { value.map { .integer(Int64($0)) } ?? .null }
    static func number(_ value: Double?) -> JSONValue { value.map { .double($0) } ?? .null }
}

/// Columns of plain text.
enum TextTable {
    static func render(_ header: [String], _ rows: [[String]]) -> String {
        let all = [header] + rows
        let widths = header.indices.map { column in all.map { $0[column].count }.max() ?? 0 }
        return all.map { row in
            row.enumerated().map { column, cell in
                column == row.count - 1 ? cell : cell + String(repeating: " ", count: widths[column] - cell.count + 2)
            }.joined()
        }.joined(separator: "\n")
    }
}
