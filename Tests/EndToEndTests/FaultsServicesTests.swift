import Foundation
import TestSupport
import Testing

extension EndToEnd {
    /// F3, F4, N1: what a whole gateway works with dies or cannot be reached.
    @Suite(.serialized)
    struct FaultsServicesTests {
        /// The longest that anybody may wait for an answer: 10 s; `make test` only guards against a hang, at ten times that.
        private static let longestWait = Duration.seconds(Soak.size(100, long: 10))

        /// F3.
        @Test(.timeLimit(.minutes(Soak.size(10, long: 120))))
        func postmasterIsKilled() async throws {
            let cycles = Soak.cycles(2, long: 50)
            let services = try await PrivateServices(.postgres)
            let addresses = ServerAddresses(postgres: try services.variable("ALBATROSS_TEST_POSTGRES"))
            try await withServer(on: .servers(addresses)) { server in
                let load = try await FaultLoad.make("F3", on: server, writers: 16, seed: 0xF3, mayRefuse: true)
                let backs = Shared<[Duration]>([])
                try await load.run { load in
                    for cycle in 1...cycles {
                        try await load.progress(200)
                        let refused = load.refused
                        try await services.kill(.postgres)
                        try await eventually("refusals", within: .seconds(100)) {
                            load.refused > refused + 20 ? true : nil
                        }
                        try await services.restart(.postgres)
                        let begin = ContinuousClock.now
                        try await load.progress(1)
                        let time = ContinuousClock.now - begin
                        backs.withLock { $0.append(time) }
                        if cycle.isMultiple(of: 10) { Soak.say("F3: \(cycle) of \(cycles)") }
                    }
                }
                let shown = try await load.check()
                #expect(load.slowest < Self.longestWait)
                let sorted = backs.withLock { $0 }.map(FaultLoad.milliseconds).sorted()
                // The bar is 5 s; here it only guards against a hang.
                #expect(sorted.last ?? 0 < 50_000)
                Soak.report(
                    "F3", "\(cycles) × kill -9 of the postmaster",
                    "\(shown); back in service \(sorted[sorted.count / 2]) ms after it, worst \(sorted.last ?? 0) ms")
            }
        }

        /// F4.
        @Test(.timeLimit(.minutes(Soak.size(10, long: 120))))
        func brokerAndCacheAreKilled() async throws {
            let cycles = Soak.cycles(2, long: 50)
            let services = try await PrivateServices(.rabbitmq, .redis)
            let redis = try services.variable("ALBATROSS_TEST_REDIS")
            let rabbitmq = try services.variable("ALBATROSS_TEST_RABBITMQ")
            let addresses = ServerAddresses(
                postgres: try ServerAddresses.shared().postgres, rabbitmq: rabbitmq, redis: redis)
            try await withServer(on: .servers(addresses)) { server in
                let load = try await FaultLoad.make("F4", on: server, writers: 8, seed: 0xF4)
                let oracle = try await BusOracle(server, url: rabbitmq)
                try await load.run { load in
                    for cycle in 1...cycles {
                        try await load.progress(100)
                        try await oracle.caughtUp()
                        try await services.kill(.rabbitmq)
                        // Stored all the same; the log is the outbox.
                        try await load.progress(300)
                        try await services.restart(.rabbitmq)
                        try await load.progress(100)
                        // Back in service before the next blow.
                        try await oracle.caughtUp()
                        try await services.kill(.redis)
                        try await load.progress(200)
                        try await services.restart(.redis)
                        try await load.progress(100)
                        let flushed = try ChildProcess(
                            "/usr/bin/redis-cli", ["-u", redis, "flushall"], environment: ["PATH": "/usr/bin"],
                            folder: server.folder)
                        #expect(try await flushed.exitCode(within: .seconds(30)) == 0)
                        try await load.progress(100)
                        if cycle.isMultiple(of: 10) { Soak.say("F4: \(cycle) of \(cycles)") }
                    }
                }
                let drained = try await oracle.check(within: .seconds(200))
                let shown = try await load.check()
                #expect(load.slowest < Self.longestWait)
                Soak.report(
                    "F4", "\(cycles) × kill -9 of RabbitMQ, of Redis, and a flush of Redis", "\(shown); \(drained)")
            }
        }

        /// N1.
        @Test(.timeLimit(.minutes(Soak.size(10, long: 300))))
        func networksAreParted() async throws {
            let rounds = Soak.cycles(1, long: 34)
            var addresses = try ServerAddresses.shared()
            let rabbitmq = try #require(addresses.rabbitmq)
            let proxies: [(String, FaultProxy)] = [
                ("PostgreSQL", try FaultProxy(to: ServerAddresses.port(of: addresses.postgres))),
                ("RabbitMQ", try FaultProxy(to: ServerAddresses.port(of: rabbitmq))),
                ("Redis", try FaultProxy(to: ServerAddresses.port(of: #require(addresses.redis)))),
            ]
            addresses.postgresPort = proxies[0].1.port
            addresses.rabbitmqPort = proxies[1].1.port
            addresses.redisPort = proxies[2].1.port
            try await withServer(on: .servers(addresses)) { server in
                let load = try await FaultLoad.make(
                    "N1", on: server, writers: 8, seed: 0x41, mayRefuse: true, isStamped: Soak.isLong)
                let oracle = try await BusOracle(server, url: rabbitmq)
                try await load.run { load in
                    var random = RandomSource(seed: load.seed)
                    for round in 1...rounds {
                        for directions in [
                            Set(FaultProxy.Direction.allCases), [.toServer], [.toClient],
                        ] {
                            for (name, proxy) in proxies {
                                try await load.progress(50)
                                let refused = load.refused
                                proxy.set(.blackhole(directions))
                                // How long it lasts is the test; nothing waits for a state here.
                                let time = Int.random(in: 1000...Soak.size(3000, long: 30_000), using: &random)
                                try await Task.sleep(for: .milliseconds(time))
                                if name == "PostgreSQL" {
                                    // Nobody waits for the network's return to be told.
                                    try await eventually("refusals", within: .seconds(100)) {
                                        load.refused > refused + 8 ? true : nil
                                    }
                                } else {
                                    // Only the store is needed to store.
                                    try await load.progress(50)
                                }
                                proxy.set(.pass)
                            }
                        }
                        Soak.say("N1: round \(round) of \(rounds), \(load.acknowledged) acknowledged")
                    }
                }
                let drained = try await oracle.check(within: .seconds(200))
                let shown = try await load.check()
                #expect(load.slowest < Self.longestWait)
                Soak.report(
                    "N1", "\(rounds) × PostgreSQL, RabbitMQ, Redis parted, both ways and each way",
                    "\(shown); \(drained)")
            }
            for (_, proxy) in proxies { proxy.close() }
        }
    }
}
