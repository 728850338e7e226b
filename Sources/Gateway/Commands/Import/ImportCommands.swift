import Application
import ArgumentParser
import Domain
import Foundation
import Protocols

struct ScheduleCommands: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "schedule", abstract: "Timetables.", subcommands: [Import.self])

    enum Format: String, ExpressibleByArgument, CaseIterable { case phpvms, csv }

    struct Import: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Add and update flights from a CSV file in phpVMS 7's columns.",
            discussion:
                "Lines that cannot be read are named with line and column; the others are imported. Exit 1 when a line failed."
        )
        @Option(help: "The airline's slug.") var tenant: String
        @Argument(help: "The file; - is standard input.") var file: String
        @Option(help: "Form of the file; both names mean phpVMS 7's columns.") var format = Format.phpvms
        @Flag(help: "Only check the file.") var dryRun = false
        @OptionGroup var store: StoreOptions

        func run() async throws {
            let bytes = try ImportRun.read(file)
            try await store.withParts { parts in
                let (id, tenant) = try await parts.tenant(slug: tenant)
                let table = try ImportRun.table(bytes, file, required: ScheduleRow.requiredColumns)
                try await ImportRun(kind: "flights", dryRun: dryRun, output: store.output).run(
                    table,
                    parse: { row throws(CSVTable.Failure) in
                        let entry = try ScheduleRow(row, tenant: tenant, airports: parts.airports)
                        return (entry, entry.key, entry.name)
                    },
                    store: { entry in
                        try await parts.administration.publish(
                            id, airline: entry.airline, flightNumber: entry.flightNumber, departure: entry.departure,
                            arrival: entry.arrival
                        ) { scheduleID, number in
                            ScheduleDetails(
                                id: scheduleID, number: number, airline: entry.airline,
                                flightNumber: entry.flightNumber,
                                departure: entry.departure, arrival: entry.arrival, alternate: entry.alternate,
                                route: entry.route, level: entry.level, distance: entry.distance,
                                departureTime: entry.departureTime, arrivalTime: entry.arrivalTime,
                                flightTime: entry.flightTime, days: entry.days, flightType: entry.flightType,
                                notes: entry.notes, subfleets: entry.subfleets, isActive: entry.isActive)
                        }.outcome
                    })
            }
        }
    }
}

struct FleetCommands: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "fleet", abstract: "Aircraft.", subcommands: [Import.self])

    struct Import: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Add and update aircraft from a CSV file in phpVMS 7's columns.",
            discussion:
                "Lines that cannot be read are named with line and column; the others are imported. Exit 1 when a line failed."
        )
        @Option(help: "The airline's slug.") var tenant: String
        @Argument(help: "The file; - is standard input.") var file: String
        @Flag(help: "Only check the file.") var dryRun = false
        @OptionGroup var store: StoreOptions

        func run() async throws {
            let bytes = try ImportRun.read(file)
            try await store.withParts { parts in
                let (id, _) = try await parts.tenant(slug: tenant)
                let table = try ImportRun.table(bytes, file, required: FleetRow.requiredColumns)
                try await ImportRun(kind: "aircraft", dryRun: dryRun, output: store.output).run(
                    table,
                    parse: { row throws(CSVTable.Failure) in
                        let aircraft = try FleetRow(row)
                        return (aircraft, aircraft.registration, aircraft.registration)
                    },
                    store: { aircraft in
                        var row = Administration.AircraftRow(
                            registration: aircraft.registration, type: aircraft.type, name: aircraft.name,
                            subfleet: aircraft.subfleet)
                        row.isActive = aircraft.isActive
                        row.location = aircraft.location
                        return try await parts.administration.register(id, row)
                    })
            }
        }
    }
}

/// Brings a table into the store, line by line.
struct ImportRun {
    let kind: String
    let dryRun: Bool
    let output: Output

    /// Appends in flight at once: the store's group commit makes few transactions of them, none larger than this.
    static let atOnce = 64

    static func read(_ file: String) throws -> [UInt8] {
        do {
            if file == "-" { return Array(try FileHandle.standardInput.readToEnd() ?? Data()) }
            return Array(try Data(contentsOf: URL(fileURLWithPath: file)))
        } catch {
            throw Refused("cannot read \(file): see that it is there and readable")
        }
    }

    static func table(_ bytes: [UInt8], _ file: String, required: [String]) throws -> CSVTable {
        do {
            return try CSVTable(bytes, required: required)
        } catch {
            throw Refused("\(file): \(error)")
        }
    }

    /// - Parameters:
    ///   - parse: Gives the value of a line, what it is known by, and its name for messages.
    ///   - store: Stores one value.
    func run<Value: Sendable>(
        _ table: CSVTable, parse: (CSVTable.Row) throws(CSVTable.Failure) -> (value: Value, key: String, name: String),
        store: @escaping @Sendable (Value) async throws -> Administration.ImportOutcome
    ) async throws {
        var failures = table.failures
        var good: [(line: Int, value: Value)] = []
        var seen: [String: Int] = [:]
        for row in table.rows {
            do throws(CSVTable.Failure) {
                let (value, key, name) = try parse(row)
                if let earlier = seen[key] {
                    throw CSVTable.Failure(
                        line: row.line, column: nil, reason: "\(name) is on line \(earlier) already: keep one of them")
                }
                seen[key] = row.line
                good.append((row.line, value))
            } catch {
                failures.append(error)
            }
        }
        var counts: [Administration.ImportOutcome: Int] = [:]
        if !dryRun {
            let (stored, refused) = try await put(good, store)
            counts = stored
            failures += refused
        }
        failures.sort { $0.line < $1.line }
        for failure in failures { Terminal.note("\(failure)") }
        let counted =
            "\(counts[.added] ?? 0) added, \(counts[.changed] ?? 0) changed, \(counts[.unchanged] ?? 0) unchanged"
        output.show(
            .make([
                "dry_run": .bool(dryRun), "read": .number(table.rows.count + table.failures.count),
                "good": .number(dryRun ? good.count : counts.values.reduce(0, +)),
                "added": .number(counts[.added] ?? 0),
                "changed": .number(counts[.changed] ?? 0), "unchanged": .number(counts[.unchanged] ?? 0),
                "failed": .number(failures.count),
                "errors": .array(
                    failures.map {
                        .make(["line": .number($0.line), "column": .text($0.column), "reason": .string($0.reason)])
                    }),
            ]),
            dryRun
                ? "Checked \(kind): \(good.count) good, \(failures.count) failed; nothing stored"
                : "Imported \(kind): \(counted), \(failures.count) failed")
        guard failures.isEmpty else {
            throw Refused(
                "\(failures.count) line\(failures.count == 1 ? "" : "s") failed: mend and import the file again, good lines may stay in it"
            )
        }
    }

    private enum Done: Sendable {
        case stored(Administration.ImportOutcome)
        case refused(CSVTable.Failure)
    }

    private func put<Value: Sendable>(
        _ values: [(line: Int, value: Value)],
        _ store: @escaping @Sendable (Value) async throws -> Administration.ImportOutcome
    ) async throws -> (counts: [Administration.ImportOutcome: Int], failures: [CSVTable.Failure]) {
        var counts: [Administration.ImportOutcome: Int] = [:]
        var failures: [CSVTable.Failure] = []
        try await withThrowingTaskGroup(of: Done.self) { group in
            var waiting = values[...]
            var done = 0
            func start() {
                guard let (line, value) = waiting.popFirst() else { return }
                group.addTask {
                    do {
                        return .stored(try await store(value))
                    } catch let error as AdministrationError {
                        return .refused(CSVTable.Failure(line: line, column: nil, reason: error.message))
                    } catch EventStoreError.reservationTaken(let taken, _) {
                        return .refused(CSVTable.Failure(line: line, column: nil, reason: "\(taken.key) is taken"))
                    }
                }
            }
            // A small file keeps its order, and so its numbers; a large one uses the store's group commit.
            for _ in 0..<(values.count <= 200 ? 1 : Self.atOnce) { start() }
            while let result = try await group.next() {
                switch result {
                case .stored(let outcome): counts[outcome, default: 0] += 1
                case .refused(let failure): failures.append(failure)
                }
                done += 1
                if done % 200 == 0 { Terminal.progress("\(kind): \(done) of \(values.count)") }
                start()
            }
        }
        return (counts, failures)
    }
}
