import Application
import ArgumentParser
import Domain
import Protocols
import StorePostgres

struct Rebuild: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Fill a read model anew from the log while it is served, and switch.")
    @Argument(help: ArgumentHelp("Which one; without a name all of them.", valueName: "name")) var name: String?
    @Option(help: "Take up one parked flight of this airline instead; with --stream.")
    var tenant: String?
    @Option(help: "Id of the parked flight, as `albatross parked` shows it.")
    var stream: String?
    @OptionGroup var store: StoreOptions

    func validate() throws {
        if (tenant == nil) != (stream == nil) {
            throw ValidationError("--tenant and --stream go together: see `albatross parked`")
        }
        if let name, !Maintenance.names.contains(name) {
            throw ValidationError("no read model \"\(name)\": choose \(Maintenance.names.joined(separator: ", "))")
        }
    }

    func run() async throws {
        try await store.withParts { parts in
            if let tenant, let stream {
                guard let flight = FlightID(stream) else {
                    throw Refused("\(stream) is no flight's id: see `albatross parked`")
                }
                do {
                    try await parts.maintenance.takeUp(try await parts.tenant(slug: tenant).id, flight)
                } catch let error where !(error is EventStoreError || error is Refused) {
                    throw Refused(
                        "the flight cannot be read yet (\(error)): run `albatross verify` to see what is wrong")
                }
                return store.output.show(.make(["rebuilt": .array([.string(stream)])]), "Taken up again: \(stream)")
            }
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

struct Migrate: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Bring the tables of the PostgreSQL store up to date.",
        discussion: """
            DATABASE_URL (or --url) must name a login that may create tables; servers then run with one that is a member
            of albatross_app and owns nothing. SQLite needs no migration: serve does it at the start.
            """)
    @Option(help: "postgres://OWNER:PASSWORD@HOST/NAME; without it DATABASE_URL.")
    var url: String?
    @Option(help: "Login of the servers, made a member of the group roles they need.")
    var serviceLogin: String?
    @OptionGroup var store: StoreOptions

    func run() async throws {
        guard let url = try url ?? store.settings().databaseURL else {
            throw Refused("the store is SQLite, which needs no migration; for PostgreSQL set DATABASE_URL=postgres://…")
        }
        let (from, to) = try await PostgresStore.migrate(url: url, serviceLogin: serviceLogin)
        store.output.show(
            .make(["from": .number(from), "to": .number(to)]),
            from == to ? "The schema is at version \(to) already" : "The schema went from version \(from) to \(to)")
    }
}

struct Parked: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "List the flights that a projection left aside because their events cannot be read.")
    @OptionGroup var store: StoreOptions

    func run() async throws {
        try await store.withParts { parts in
            var rows: [JSONValue] = []
            var lines: [String] = []
            for tenant in try await parts.directory.tenants() {
                guard let id = tenant.id else { continue }
                for (projection, flight, parked) in try await parts.maintenance.parked(id) {
                    rows.append(
                        .make([
                            "projection": .string(projection), "tenant": .string(tenant.slug),
                            "stream": .string(flight), "category": .string(parked.category.rawValue),
                            "version": .number(Int(parked.version)), "error": .string(parked.error),
                        ]))
                    lines.append("\(projection)  \(tenant.slug)  \(flight)  \(parked.error)")
                }
            }
            store.output.show(.array(rows), lines.isEmpty ? "Nothing is parked" : lines.joined(separator: "\n"))
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
            let (problems, events) = try await Self.problems(of: parts)
            store.output.show(
                .make([
                    "sound": .bool(problems.isEmpty), "events": .number(events),
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

    /// Looks through the log, and when it is sound through what follows from it.
    static func problems(of parts: Composition) async throws -> (problems: [String], events: Int) {
        var problems: [String] = []
        var log = parts.opened.verify().makeAsyncIterator()
        while let problem = try await log.next() {
            problems.append(problem.description)
            if problems.count == 100 { break }
            Terminal.progress("checked \(log.events) events")
        }
        if problems.isEmpty {
            problems += try await parts.maintenance.compareWithReplay { done, total in
                Terminal.progress("replayed \(done) of \(total)")
            }
        }
        return (problems, Int(log.events))
    }
}
