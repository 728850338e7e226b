import Application
import ArgumentParser
import Domain
import Protocols

struct Rebuild: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Fill a read model anew from the log while it is served, and switch.")
    @Argument(help: ArgumentHelp("Which one; without a name all of them.", valueName: "name")) var name: String?
    @OptionGroup var store: StoreOptions

    func validate() throws {
        if let name, !Maintenance.names.contains(name) {
            throw ValidationError("no read model \"\(name)\": choose \(Maintenance.names.joined(separator: ", "))")
        }
    }

    func run() async throws {
        try await store.withParts { parts in
            let names = name.map { [$0] } ?? Maintenance.names
            for name in names {
                try await parts.maintenance.rebuild(name) { done, total in
                    Terminal.progress(
                        "\(name): \(done) of \(total) events (\(total == 0 ? 100 : done * 100 / total) %)")
                }
            }
            store.output.show(
                .make(["rebuilt": .array(names.map(JSONValue.string))]), "Rebuilt \(names.joined(separator: ", "))")
        }
    }
}

struct Verify: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract:
            "Check every stored event, and what follows from them against a replay; exit 0 only when all is sound.")
    @OptionGroup var store: StoreOptions

    func run() async throws {
        try await store.withParts { parts in
            var problems: [String] = []
            let events = try await parts.opened.verify { problem in
                problems.append(problem)
                return problems.count < 100
            }
            if problems.isEmpty {
                problems += try await parts.maintenance.compareWithReplay { done, total in
                    Terminal.progress("replayed \(done) of \(total)")
                }
            }
            store.output.show(
                .make([
                    "sound": .bool(problems.isEmpty), "events": .number(Int(events)),
                    "problems": .array(problems.map(JSONValue.string)),
                ]),
                problems.isEmpty ? "Sound: \(events) events" : problems.joined(separator: "\n"))
            guard problems.isEmpty else {
                throw Refused(
                    "\(problems.count) problem\(problems.count == 1 ? "" : "s") found: restore a backup, or run `albatross rebuild` where only a read model differs"
                )
            }
        }
    }
}
