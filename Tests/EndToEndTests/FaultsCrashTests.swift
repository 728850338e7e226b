import Domain
import Foundation
import Testing

extension EndToEnd {
    /// F1 and F2: the process dies, at any moment and at every named one.
    @Suite(.serialized)
    struct FaultsCrashTests {
        enum Store: String, CaseIterable, Sendable {
            case sqlite = "SQLite"
            case postgres = "PostgreSQL"

            /// PostgreSQL alone, or with bus and cache.
            func backing(withBus: Bool = false) throws -> AlbatrossServer.Backing {
                switch self {
                case .sqlite: return .sqlite
                case .postgres:
                    var addresses = try ServerAddresses.shared()
                    if !withBus { (addresses.rabbitmq, addresses.redis) = (nil, nil) }
                    return .servers(addresses)
                }
            }
        }

        /// F1: kill -9 under load, again and again.
        @Test(.timeLimit(.minutes(Soak.size(10, long: 300))), arguments: Store.allCases)
        func losesNothingToKills(_ store: Store) async throws {
            let cycles = store == .sqlite ? Soak.cycles(25, long: 500) : Soak.cycles(8, long: 100)
            let writers = Soak.size(16, long: 64)
            try await withServer(on: store.backing()) { server in
                // In the long form a pilot may be cut off again and again for longer than a repeat without a time is known.
                let load = try await FaultLoad.make(
                    "F1 on \(store.rawValue)", on: server, writers: writers, seed: 0xF1, isStamped: Soak.isLong)
                let starts = Shared<[Duration]>([])
                try await load.run { load in
                    var random = RandomSource(seed: load.seed)
                    for cycle in 1...cycles {
                        // The moment is random by intent; nothing waits for a state here.
                        try await Task.sleep(for: .milliseconds(Int.random(in: 5...500, using: &random)))
                        let time = try await load.killAndRestart()
                        starts.withLock { $0.append(time) }
                        if cycle.isMultiple(of: 25) {
                            Soak.say("\(load.name): \(cycle) of \(cycles) kills, \(load.acknowledged) acknowledged")
                        }
                    }
                }
                let shown = try await load.check()
                let sorted = starts.withLock { $0 }.map(FaultLoad.milliseconds).sorted()
                // The bar is 2 s; here it only guards against a hang.
                #expect(sorted.last ?? 0 < 20_000)
                Soak.report(
                    "F1", "\(cycles) × kill -9 on \(store.rawValue), \(writers) writers",
                    "\(shown); restart to ready \(sorted[sorted.count / 2]) ms, worst \(sorted.last ?? 0) ms")
            }
        }

        /// F2: the process ends itself at a named step, as SIGKILL would.
        @Test(.timeLimit(.minutes(Soak.size(10, long: 120))), arguments: Store.allCases)
        func losesNothingAtAnyStep(_ store: Store) async throws {
            let rounds = Soak.cycles(3, long: 50)
            // With the bus, so that there is a relay.
            try await withServer(on: store.backing(withBus: true)) { server in
                let load = try await FaultLoad.make("F2 on \(store.rawValue)", on: server, writers: 8, seed: 0xF2)
                var steps: [KillPoint] = [
                    .received, .validated, .beforeCommit, .afterCommit, .afterAnswer, .midProjection, .midCheckpoint,
                ]
                if store == .postgres { steps.append(.beforeRelay) }
                let reached = steps
                try await load.run { load in
                    var random = RandomSource(seed: load.seed)
                    for round in 0..<rounds {
                        for step in reached {
                            // Late enough for the load to be back, early enough to be reached soon.
                            let count = Int.random(in: 2...20, using: &random)
                            load.set(url: nil)
                            try await server.stop()
                            // A step of the projection may be reached while it catches up, before the ready line.
                            let environment = ["ALBATROSS_KILL_AT": "\(step.rawValue):\(count)"]
                            let started = try? await load.restart(environment: environment)
                            let status = try await server.ended()
                            #expect(status == 128 + SIGKILL, "\(step) \(count): \(String(describing: started))")
                            load.set(url: nil)
                            // F5 is about the 15 s until a dead holder's lease ends; here nobody waits for that.
                            _ = try server.cluster?.query("DELETE FROM albatross.lease")
                            _ = try await load.restart()
                        }
                        if (round + 1).isMultiple(of: 10) { Soak.say("\(load.name): \(round + 1) of \(rounds) rounds") }
                    }
                }
                let shown = try await load.check()
                Soak.report("F2", "\(rounds) × each of \(reached.count) steps on \(store.rawValue)", shown)
            }
        }
    }
}
