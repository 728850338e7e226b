import Application
import ArgumentParser
import Domain
import Foundation
import Logging
import Protocols
import UnixSignals

/// A server with an airline in it, and pilots who fly recordings through the trackers' own protocols.
struct Demo: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Run a demonstration: an airline, its live map, and simulated pilots flying recorded flights.")
    @OptionGroup var store: StoreOptions
    @Option(help: "Address and port; port 0 lets the kernel choose.") var http = "127.0.0.1:8080"
    @Option(help: "Times faster than real time.") var speed = 20.0
    @Option(help: "Serve the web UI from this folder instead of the built-in one.") var webRoot: String?

    /// More pilots than this a seat has no numbers for.
    private static let mostPilotsPerSeat = 99

    func validate() throws {
        guard speed >= 1, speed <= 90 else { throw ValidationError("--speed must be 1 to 90") }
    }

    func run() async throws {
        var settings = try store.settings()
        settings.http = http
        if let webRoot { settings.webRoot = webRoot }
        // All pilots of the demonstration sit at one address and upload what lies behind them at once.
        settings.limitCredentialPerSecond = 0
        settings.limitAddressPerSecond = 0
        var logger = Logger(label: "albatross")
        logger.logLevel = .notice
        let parts = try await Composition.make(settings: settings, logger: logger)
        let airline = try await DemoAirline.make(
            parts, pilotsPerSeat: min(Self.mostPilotsPerSeat, Int(speed.rounded(.up)) + 2))

        let (addresses, address) = AsyncStream.makeStream(of: String.self)
        try await withThrowingTaskGroup(of: Void.self) { tasks in
            tasks.addTask {
                defer { address.finish() }
                try await Serve.run(parts) { bound in
                    address.yield(bound)
                    address.finish()
                }
            }
            let pilots = DemoPilots(parts: parts, airline: airline, speed: speed)
            tasks.addTask {
                for await bound in addresses {
                    welcome(bound)
                    await fly(pilots, to: bound)
                }
            }
            try await tasks.waitForAll()
        }
    }

    /// The server listens for the signal that ends it by itself; the pilots stop at once, so that it need not wait for them.
    private func fly(_ pilots: DemoPilots, to address: String) async {
        await withTaskGroup(of: Void.self) { group in
            group.addTask { await pilots.fly(to: address) }
            group.addTask { for await _ in await UnixSignalsSequence(trapping: .sigterm, .sigint) { break } }
            await group.next()
            group.cancelAll()
        }
    }

    private func welcome(_ bound: String) {
        let url = "http://\(bound)"
        Terminal.print(
            """
            Demo Air on \(url)/
              live map            \(url)/\(DemoAirline.slug)/live
              administrator       VMS0001    password \(DemoAirline.password)
              review desk         VMS0002    password \(DemoAirline.password)
              a pilot for you     VMS0007    password \(DemoAirline.password)
              tracker address     \(url)/acars/\(DemoAirline.slug)/smartcars3/
            \(DemoAirline.seats.count) simulated pilots fly recorded flights at \(speed == speed.rounded() ? String(Int(speed)) : String(speed)) times real time. Ctrl-C ends it.
            """)
        let host = bound.prefix { $0 != ":" }
        if host != "127.0.0.1", !bound.hasPrefix("[::1]") {
            Terminal.note(
                "Warning: \(bound) can be reached from outside, and the demonstration's passwords are public.")
        }
    }
}
