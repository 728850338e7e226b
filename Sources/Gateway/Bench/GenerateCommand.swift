import ArgumentParser
import Domain
import Protocols

/// `albatross bench`: workloads, and the stores that they need.
struct BenchCommands: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "bench",
        abstract: "Measure this machine: bench \(Bench.workloads.joined(separator: ", ")) or all.",
        subcommands: [Bench.self, Generate.self], defaultSubcommand: Bench.self)

    struct Generate: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Fill an empty store with the history of some airlines, as servers would have written it.")
        @Option(help: "Events to write, about.") var events = 1_000_000
        @Option(help: "Decides on airlines, flights and positions.") var seed: UInt64 = 1
        @OptionGroup var store: StoreOptions

        func validate() throws {
            guard events >= 2000 else { throw ValidationError("--events \(events) is too few: give 2000 or more") }
        }

        func run() async throws {
            try await store.withParts { parts in
                let outcome = try await StoreGenerator(parts: parts, seed: seed, events: events).run { done, wanted in
                    Terminal.progress("\(done) of \(wanted) events (\(done * 100 / max(1, wanted)) %)")
                }
                store.output.show(
                    .make([
                        "events": .number(Int(outcome.events)), "flights": .number(outcome.flights),
                        "filed": .number(outcome.filed), "reviewed": .number(outcome.reviewed),
                    ]),
                    "\(outcome.events) events: \(outcome.flights) flights, \(outcome.filed) reports, \(outcome.reviewed) decided by staff"
                )
            }
        }
    }
}
