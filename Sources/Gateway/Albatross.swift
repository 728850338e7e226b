import Application
import ArgumentParser
import Domain
import Foundation
import Logging
import StorePostgres
import StoreSQLite

/// The command line: architecture of the commands in docs/operations.md.
struct Albatross: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "albatross",
        abstract: "Gateway between flight trackers and virtual airlines.",
        subcommands: [
            Serve.self, Demo.self, Fly.self, TenantCommands.self, UserCommands.self, ApiKeyCommands.self,
            ScheduleCommands.self, FleetCommands.self, BookingCommands.self, PIREPCommands.self, Migrate.self,
            Rebuild.self, Parked.self, Verify.self, FrameCommands.self, Export.self, Import.self, Backup.self,
            Restore.self, Decode.self, BenchCommands.self,
        ])

    /// Runs one command line.
    /// - Returns: The exit status: 0 done, 1 refused (one line on standard error says why and what to do), 2 wrong usage.
    static func run(_ arguments: [String]) async -> Int32 {
        do {
            var command = try parseAsRoot(arguments)
            if var command = command as? any AsyncParsableCommand {
                try await command.run()
            } else {
                try command.run()
            }
            return 0
        } catch {
            return report(error)
        }
    }

    /// Says what went wrong where a person or script looks for it.
    private static func report(_ error: any Error) -> Int32 {
        switch exitCode(for: error) {
        case .success:
            Terminal.print(fullMessage(for: error))
            return 0
        case .validationFailure:
            Terminal.note(fullMessage(for: error))
            return 2
        default:
            if let code = error as? ExitCode { return code.rawValue }
            Terminal.note("albatross: \(ErrorText.line(for: error))")
            return 1
        }
    }
}

@main
enum EntryPoint {
    static func main() async {
        // Standard output belongs to results; everything that is logged goes beside it.
        LoggingSystem.bootstrap { StreamLogHandler.standardError(label: $0) }
        // A reader that went away (`albatross … | head`) is an error to handle, not a reason to die.
        signal(SIGPIPE, SIG_IGN)
        exit(await Albatross.run(Array(CommandLine.arguments.dropFirst())))
    }
}

/// A refusal: one line that says why and what to do.
struct Refused: Error, CustomStringConvertible {
    let description: String
    init(_ description: String) { self.description = description }
}

/// Errors as one line for a person.
enum ErrorText {
    static func line(for error: any Error) -> String {
        let text: String =
            switch error {
            case let error as Refused: error.description
            case let error as AdministrationError: error.message
            case let error as SettingsError: error.description
            case let error as StoreOpenError: error.description
            case let error as PostgresOpenError: error.description
            case let error as EventStoreError: store(error)
            case let error as FlightRefusal: flight(error)
            case let error as PasswordHashingError: password(error)
            case is CancellationError: "interrupted"
            default: "\(error)"
            }
        return text.split(whereSeparator: \.isNewline).joined(separator: " ")
    }

    private static func store(_ error: EventStoreError) -> String {
        switch error {
        case .wrongExpectedVersion: "somebody else changed this at the same moment: try again"
        case .reservationTaken(let reservation, _): "\(reservation.scope.rawValue) \"\(reservation.key)\" is taken"
        case .unavailable(let reason):
            "the store cannot be used now (\(reason)): try again, or see that the disk has room"
        case .corrupted(let position):
            "event \(position) does not match its checksum: run `albatross verify`, then restore a backup"
        }
    }
    private static func flight(_ error: FlightRefusal) -> String {
        switch error {
        case .unknown: "no such flight in this tenant"
        case .bookingUnknown: "no such booking of this pilot"
        case .alreadyFiled: "another report was filed for this flight"
        case .cancelled: "the flight was cancelled"
        case .decided, .notCancellable: "the report was decided on, or the flight is cancelled"
        case .scheduleUnknown: "no such flight in the timetable"
        case .aircraftUnknown, .aircraftNotAvailable: "no such aircraft in service"
        case .airportUnknown(let code): "the airport \(code) is not known"
        }
    }
    private static func password(_ error: PasswordHashingError) -> String {
        switch error {
        case .busy: "too many passwords are being hashed: try again"
        case .failed(let reason): "the password could not be hashed: \(reason)"
        }
    }
}
