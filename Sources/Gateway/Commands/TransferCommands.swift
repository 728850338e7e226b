import Application
import ArgumentParser
import Domain
import Foundation
import Protocols
import Secrets

struct Export: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract:
            "Write a whole store, or one airline of it, to a file that `albatross import` takes, while servers go on.")
    @Argument(help: ArgumentHelp("New file.", valueName: "file")) var file: String
    @Option(help: "Only this airline.") var tenant: String?
    @OptionGroup var store: StoreOptions

    func run() async throws {
        try await store.withParts { parts in
            let counts = try await StoreTransfer(parts: parts).export(to: file, tenant: tenant) {
                Terminal.progress("\(file): \($0) events")
            }
            store.output.show(
                .make(["file": .string(file), "events": .number(counts.events), "records": .number(counts.others)]),
                "\(file): \(counts.events) events, \(counts.others) other records")
        }
    }
}

struct Import: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Fill an empty store from a file of `albatross export`, of SQLite or PostgreSQL alike.",
        discussion: """
            API keys and sessions are found by the server's secret: give this installation the one of the other
            (ALBATROSS_SECRET, or its secret.key in --data) before, or --other-secret to go on without them.
            """)
    @Argument(help: ArgumentHelp("File of `albatross export` or `albatross backup`.", valueName: "file"))
    var file: String
    @Flag(help: "The secret is another one here: keys and sessions of the file will open nothing.")
    var otherSecret = false
    @OptionGroup var store: StoreOptions

    func run() async throws {
        let (manifest, counts) = try StoreTransfer.check(file)
        try await store.withParts { parts in
            try await TransferSteps.load(file, manifest, counts, otherSecret: otherSecret, into: parts)
            store.output.show(
                .make(["file": .string(file), "events": .number(counts.events), "records": .number(counts.others)]),
                "Imported \(counts.events) events and \(counts.others) other records"
                    + (manifest.tenant.map { " of \($0)" } ?? ""))
        }
    }
}

struct Backup: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Write a consistent copy of the store to a file while servers go on, and read it back.",
        discussion: "The server's secret, when it is in --data, goes to FILE.key: keep that one apart from the copy.")
    @Argument(help: ArgumentHelp("New file.", valueName: "file")) var file: String
    @OptionGroup var store: StoreOptions

    func run() async throws {
        try await store.withParts { parts in
            let counts = try await StoreTransfer(parts: parts).export(to: file, tenant: nil) {
                Terminal.progress("\(file): \($0) events")
            }
            let key = parts.settings.secretText == nil ? file + ".key" : nil
            if let key {
                try TransferSteps.copySecret(from: parts.settings.data + "/" + ServerSecret.fileName, to: key)
            }
            store.output.show(
                .make([
                    "file": .string(file), "key": key.map(JSONValue.string), "events": .number(counts.events),
                    "records": .number(counts.others),
                ]),
                "\(file): \(counts.events) events, \(counts.others) other records"
                    + (key.map { "; the server's secret is in \($0), keep it apart" } ?? ""))
        }
    }
}

struct Restore: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Fill an empty folder or database from a file of `albatross backup`, and check all of it.")
    @Argument(help: ArgumentHelp("File of `albatross backup`; the secret is taken from FILE.key.", valueName: "file"))
    var file: String
    @Flag(help: "The secret is another one here: keys and sessions of the copy will open nothing.")
    var otherSecret = false
    @OptionGroup var store: StoreOptions

    func run() async throws {
        let (manifest, counts) = try StoreTransfer.check(file)
        let settings = try store.settings()
        let secret = try settings.folder() + "/" + ServerSecret.fileName
        if settings.secretText == nil, !otherSecret, FileManager.default.fileExists(atPath: file + ".key"),
            !FileManager.default.fileExists(atPath: secret)
        {
            try TransferSteps.copySecret(from: file + ".key", to: secret)
        }
        try await store.withParts { parts in
            try await TransferSteps.load(file, manifest, counts, otherSecret: otherSecret, into: parts)
            let (problems, events) = try await Verify.problems(of: parts)
            guard problems.isEmpty, events == counts.events else {
                throw Refused(
                    "what was restored is not sound (\(problems.first ?? "\(events) of \(counts.events) events")): use another copy"
                )
            }
            store.output.show(
                .make([
                    "file": .string(file), "events": .number(counts.events), "records": .number(counts.others),
                    "sound": .bool(true),
                ]), "Restored \(counts.events) events and \(counts.others) other records; all is sound")
        }
    }
}

/// What import and restore share.
private enum TransferSteps {
    static func load(
        _ file: String, _ manifest: TransferManifest, _ counts: TransferCounts, otherSecret: Bool,
        into parts: Composition
    ) async throws {
        guard otherSecret || manifest.secretMark == OpenedStore.mark(of: parts.secret) else {
            throw Refused(
                "\(file) was made under another server secret: set ALBATROSS_SECRET or put its secret.key into an empty --data, or give --other-secret to go on without its keys and sessions"
            )
        }
        try await StoreTransfer(parts: parts).load(file, counts) { step, done, total in
            Terminal.progress("\(step): \(done) of \(total) events (\(total == 0 ? 100 : done * 100 / total) %)")
        }
    }

    /// - Throws: ``Refused`` when there is a file already.
    static func copySecret(from: String, to: String) throws {
        guard let bytes = FileManager.default.contents(atPath: from) else {
            throw Refused("\(from) cannot be read: keep the server's secret with the copy by hand")
        }
        let descriptor = open(to, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else {
            throw Refused("cannot write \(to) (\(String(cString: strerror(errno)))): copy \(from) there by hand")
        }
        let file = FileHandle(fileDescriptor: descriptor, closeOnDealloc: true)
        try file.write(contentsOf: bytes)
        try file.synchronize()
        try file.close()
    }
}
