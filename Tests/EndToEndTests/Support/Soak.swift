import Foundation

/// Short and long forms of the fault tests: the same code with other numbers. `make soak` runs the long ones.
enum Soak {
    static let isLong = ProcessInfo.processInfo.environment["ALBATROSS_SOAK"] == "1"

    /// A number of the form that runs; `ALBATROSS_SOAK_CYCLES` replaces it where it counts cycles.
    static func size(_ short: Int, long: Int) -> Int { isLong ? long : short }
    static func cycles(_ short: Int, long: Int) -> Int {
        ProcessInfo.processInfo.environment["ALBATROSS_SOAK_CYCLES"].flatMap { Int($0) } ?? size(short, long: long)
    }

    /// Says how a test goes, at once: output to a pipe would otherwise come at the end.
    static func say(_ text: String) { FileHandle.standardError.write(Data("\(text)\n".utf8)) }

    /// Says what a test has shown; `scripts/soak.sh` makes a row of a table of it.
    static func report(_ id: String, _ what: String, _ figures: String) {
        say("\(id), \(what): \(figures)")
        guard let path = ProcessInfo.processInfo.environment["ALBATROSS_SOAK_ROWS"],
            let file = FileHandle(forWritingAtPath: path)
        else { return }
        file.seekToEndOfFile()
        file.write(Data("| \(id) | \(what) | \(figures) |\n".utf8))
        try? file.close()  // The row is written.
    }
}
