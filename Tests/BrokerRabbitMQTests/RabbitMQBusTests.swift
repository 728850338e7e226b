import BrokerRabbitMQ
import Domain
import Foundation
import Logging
import Synchronization
import TestSupport
import Testing

@Suite(.serialized) struct RabbitMQBusTests {
    private func positions(_ events: [BusEvent]) -> [Int64] { events.map(\.envelope.position) }
    private func proxy() throws -> FaultProxy { try FaultProxy(to: TestBroker.place(TestBroker.url())) }

    // MARK: - Publisher

    @Test func connectsWithTheFirstCall() async throws {
        try await TestBroker.with { bus in
            #expect(bus.state == .idle)
            var events = BusEvents()
            try await bus.publish(events.next(3))
            #expect(bus.state == .connected)
            #expect(bus.counters.published == 3)
            #expect(bus.counters.confirmed == 3)
            #expect(bus.counters.reconnects == 0)
        }
    }

    @Test func everythingPublishedIsInAQueueOfEachGroup() async throws {
        let options = TestBroker.options(groups: ["a", "b"])
        try await TestBroker.with(options) { bus in
            var events = BusEvents()
            try await bus.publish(events.next(160))
            let raw = try RawBroker(url: TestBroker.url())
            for group in ["a", "b"] {
                for partition in Partitions.all {
                    #expect(try raw.count(RawBroker.queue(options, group, partition)) == 10)
                }
            }
        }
    }

    @Test func aMessageLooksAsDocumented() async throws {
        let options = TestBroker.options()
        try await TestBroker.with(options) { bus in
            var events = BusEvents()
            let sent = events.next(2, in: [12])
            try await bus.check()
            let raw = try RawBroker(url: TestBroker.url())
            // A queue with a single active consumer gives nothing to anybody else.
            let tap = options.prefix + ".tap"
            try raw.declare(tap, limit: 10, exchange: options.prefix + ".events", pattern: "#")
            try await bus.publish(sent)
            for event in sent {
                let message = try #require(try raw.get(tap))
                let stream = event.envelope.stream
                #expect(message.routingKey == "p12.\(stream.tenant).flight.positions-recorded")
                #expect(message.id == event.envelope.id.uuidString.lowercased())
                #expect(message.isPersistent)
                #expect(message.body == event.envelope.event.payload)
                #expect(
                    message.headers == [
                        "position": "\(event.envelope.position)", "prev": "\(event.previous)",
                        "tenant": "\(stream.tenant)", "stream": stream.id.uuidString.lowercased(),
                        "category": "flight", "version": "\(event.envelope.version)",
                        "type": "flight.positions-recorded", "schema": "1",
                        "recorded-at": "\(event.envelope.recordedAt.milliseconds)",
                        "correlation": event.envelope.correlation.uuidString.lowercased(),
                    ])
            }
        }
    }

    @Test func callsInFlightArePublishedInTheirOrder() async throws {
        try await TestBroker.with { bus in
            var events = BusEvents()
            let sent = events.next(2000, in: [6])
            let failures = Failures()
            for start in stride(from: 0, to: sent.count, by: 7) {
                bus.submit(Array(sent[start..<min(start + 7, sent.count)])) { failures.note($0) }
            }
            let found = try await within { [positions] in
                var reader = BusReader(bus)
                let found = try await reader.take(2000)
                await reader.cancel()
                return positions(found)
            }
            #expect(found == Array(1...2000))
            try await eventually("every call is answered") { failures.answers == 286 }
            #expect(failures.reasons.isEmpty)
        }
    }

    @Test func repeatsAfterAnUnknownOutcomeCarryTheSameIDs() async throws {
        let proxy = try proxy()
        let url = try TestBroker.url(TestBroker.url(), port: proxy.port)
        let options = TestBroker.options()
        try await TestBroker.with(options, url: url) { bus in
            var events = BusEvents()
            try await bus.publish(events.next(1, in: [8]))
            proxy.mode = .swallowingReplies
            let sent = events.next(50, in: [8])
            let outcome = Failures()
            bus.submit(sent) { outcome.note($0) }
            let raw = try RawBroker(url: TestBroker.url())
            try await eventually("the events are in their queue") {
                try raw.count(RawBroker.queue(options, "a", 8)) == 51
            }
            #expect(outcome.answers == 0)
            proxy.cut()
            try await eventually("the call fails") { outcome.reasons.count == 1 }
            proxy.mode = .forwarding
            try await bus.publish(sent)
            let found = try await within {
                var reader = BusReader(bus)
                let found = try await reader.take(101)
                await reader.cancel()
                return found
            }
            #expect(positions(found) == Array(1...51) + Array(2...51))
            #expect(Array(found[1...50]) == Array(found[51...]))
            #expect(Array(found[51...]) == sent)
            #expect(bus.counters.reconnects >= 1)
        }
    }

    @Test func anEventThatTheBrokerRefusesFailsItsCall() async throws {
        var options = TestBroker.options()
        // One at a time, so that the call has confirmed events before the refused one.
        options.window = 1
        try await TestBroker.with(options) { bus in
            try await bus.check()
            let raw = try RawBroker(url: TestBroker.url())
            try raw.declare(
                options.prefix + ".full", limit: 1, exchange: options.prefix + ".events", pattern: "p07.#")
            var events = BusEvents()
            try await bus.publish([events.next(in: 7), events.next(in: 8)])
            let error = await #expect(throws: EventBusError.self) {
                try await bus.publish(events.next(20, in: [8, 8, 7, 8]))
            }
            #expect(error?.description.contains("refused") == true)
            #expect(bus.counters.nacked >= 1)
            try await bus.publish(events.next(10, in: [8]))
            #expect(bus.counters.reconnects == 0)
        }
    }

    @Test func failsInBoundedTimeWhileTheBrokerIsSilent() async throws {
        let proxy = try proxy()
        var options = TestBroker.options()
        options.publishTimeout = .milliseconds(500)
        try await TestBroker.with(options, url: TestBroker.url(TestBroker.url(), port: proxy.port)) { bus in
            var events = BusEvents()
            let first = events.next(1, in: [2])
            try await publishUntilConfirmed(first, on: bus)
            proxy.mode = .silent
            let sent = events.next(20, in: [2])
            let start = ContinuousClock.now
            await #expect(throws: EventBusError.self) { try await bus.publish(sent) }
            #expect(ContinuousClock.now - start < .seconds(30))
            #expect(ContinuousClock.now - start >= .milliseconds(450))
            proxy.mode = .forwarding
            try await publishUntilConfirmed(sent, on: bus)
            let found = try await within {
                var reader = BusReader(bus)
                var found: Set<BusEvent> = []
                while found.count < 21 { found.formUnion(try await reader.take(1)) }
                await reader.cancel()
                return found
            }
            #expect(found.isSuperset(of: sent))
        }
    }

    /// A caller that goes on behind a failed call must not have its events before those that are published again.
    @Test func aFailedCallTakesThoseBehindItAlong() async throws {
        let proxy = try proxy()
        var options = TestBroker.options()
        options.window = 1
        options.publishTimeout = .seconds(300)
        try await TestBroker.with(options, url: TestBroker.url(TestBroker.url(), port: proxy.port)) { bus in
            var events = BusEvents()
            try await bus.publish(events.next(1))
            proxy.mode = .swallowingReplies
            let sent = bus.counters.published
            let (first, second) = (Failures(), Failures())
            bus.submit(events.next(1)) { first.note($0) }
            // The window is one event, so nothing of this is sent.
            bus.submit(events.next(5)) { second.note($0) }
            try await eventually("the first is sent") { bus.counters.published == sent + 1 }
            proxy.cut()
            try await eventually("both fail") { first.answers == 1 && second.answers == 1 }
            #expect(first.reasons.count == 1)
            #expect(second.reasons == first.reasons)
            #expect(bus.counters.published == sent + 1)
        }
    }

    @Test func saysInOneLineThatNobodyListens() async throws {
        let proxy = try proxy()
        let port = proxy.port
        proxy.stop()
        try await Task.sleep(for: .milliseconds(50))
        var options = TestBroker.options()
        options.publishTimeout = .milliseconds(300)
        let log = LogLines()
        let bus = try RabbitMQBus(url: "amqp://guest:secret@127.0.0.1:\(port)", options: options, logger: log.logger)
        var events = BusEvents()
        let error = await #expect(throws: EventBusError.self) { try await bus.publish(events.next(3)) }
        #expect(error?.description.contains("cannot connect to 127.0.0.1:\(port)") == true)
        guard case .disconnected = bus.state else {
            Issue.record("the state is \(bus.state)")
            return
        }
        try await eventually("it is tried again") { log.all.count >= 1 }
        try await Task.sleep(for: .milliseconds(500))
        #expect(log.all.count == 1, "one line, however often it is tried")
        #expect(!log.all.joined().contains("secret"))
        bus.close()
        #expect(bus.state == .closed)
    }

    @Test(arguments: ["amqp://guest:wrong-secret@", "amqp://nobody:wrong-secret@"])
    func saysInOneLineThatTheLogInIsRefused(_ start: String) async throws {
        let (host, port) = try TestBroker.place(TestBroker.url())
        let bus = try RabbitMQBus(url: "\(start)\(host):\(port)", options: TestBroker.options(), logger: .silent)
        let error = await #expect(throws: EventBusError.self) { try await bus.check() }
        #expect(error?.description.contains("ACCESS_REFUSED") == true)
        #expect(error?.description.contains("wrong-secret") == false)
        #expect(error?.description.contains("\n") == false)
    }

    @Test func saysInOneLineThatThereIsNoVirtualHost() async throws {
        let (host, port) = try TestBroker.place(TestBroker.url())
        let bus = try RabbitMQBus(
            url: "amqp://guest:guest@\(host):\(port)/nowhere", options: TestBroker.options(), logger: .silent)
        let error = await #expect(throws: EventBusError.self) { try await bus.check() }
        #expect(error?.description.contains("nowhere") == true)
    }

    @Test func takesNoMoreThanItsQueueHolds() async throws {
        let proxy = try proxy()
        proxy.mode = .refusing
        var options = TestBroker.options()
        options.queueLimit = 100
        options.publishTimeout = .seconds(30)
        let bus = try RabbitMQBus(
            url: TestBroker.url(TestBroker.url(), port: proxy.port), options: options, logger: .silent)
        var events = BusEvents()
        let waiting = Failures()
        bus.submit(events.next(90)) { waiting.note($0) }
        bus.submit(events.next(10)) { waiting.note($0) }
        let start = ContinuousClock.now
        await #expect(throws: EventBusError.self) { try await bus.publish(events.next(1)) }
        #expect(ContinuousClock.now - start < .seconds(20))
        #expect(waiting.answers == 0)
        bus.close()
        try await eventually("what waited fails at the end") { waiting.reasons.count == 2 }
        await #expect(throws: EventBusError.self) { try await bus.publish(events.next(1)) }
    }

    @Test func refusesAnEventThatIsTooLarge() async throws {
        try await TestBroker.with { bus in
            var events = BusEvents()
            await #expect(throws: EventBusError.self) {
                try await bus.publish([events.next(in: 1, size: (16 << 20) + 1)])
            }
            let large = events.next(in: 1, size: 5 << 20)
            try await bus.publish([large, events.next(in: 1)])
            let found = try await within {
                var reader = BusReader(bus)
                let found = try await reader.take(2)
                await reader.cancel()
                return found
            }
            #expect(found.first == large)
        }
    }

    // MARK: - Subscriber

    @Test func aCutConnectionOfAConsumerLosesNothing() async throws {
        let proxy = try proxy()
        let url = try TestBroker.url(TestBroker.url(), port: proxy.port)
        let options = TestBroker.options()
        try await TestBroker.with(options) { publisher in
            var events = BusEvents()
            try await publisher.publish(events.next(300, in: [1]))
            let bus = try RabbitMQBus(url: url, options: options, logger: .silent)
            try await within {
                var reader = BusReader(bus)
                let first = try await reader.next()
                proxy.cut()
                let again = try await reader.next()
                #expect(again.events.first?.envelope.position == 1, "what was not acknowledged comes first")
                // It belongs to the lost connection and must not acknowledge anything on this one.
                first.acknowledge()
                await reader.cancel()
                var second = BusReader(bus)
                let found = try await second.take(300)
                #expect(found.map(\.envelope.position) == Array(1...300))
                await second.cancel()
            }
            #expect(bus.counters.reconnects == 1)
        }
    }

    @Test func theNextConsumerTakesOverWhenTheFirstIsCutOff() async throws {
        let proxy = try proxy()
        let url = try TestBroker.url(TestBroker.url(), port: proxy.port, query: "heartbeat=3")
        let options = TestBroker.options()
        try await TestBroker.with(options) { bus in
            let log = LogLines()
            let far = try RabbitMQBus(url: url, options: options, logger: log.logger)
            try await within {
                var events = BusEvents()
                let sent = events.next(160)
                try await bus.publish(sent)
                var first = BusReader(far)
                let held = try await first.next()
                var second = BusReader(bus)
                // A partition without a sign: only the missing heartbeats tell.
                proxy.mode = .silent
                let found = try await second.take(160)
                for partition in Partitions.all {
                    #expect(
                        found.filter { $0.partition == partition } == sent.filter { $0.partition == partition })
                }
                try await eventually("the first notices too") { log.all.contains { $0.hasPrefix("warning") } }
                held.acknowledge()
                await second.cancel()
                await first.cancel()
            }
        }
    }

    @Test func heartbeatsAreServedWhileNobodyDoesAnything() async throws {
        let (_, port) = try TestBroker.place(TestBroker.url())
        let url = try TestBroker.url(TestBroker.url(), port: port, query: "heartbeat=3")
        try await TestBroker.with(url: url) { bus in
            try await within {
                var events = BusEvents()
                try await bus.publish(events.next(1, in: [1]))
                var reader = BusReader(bus)
                let held = try await reader.next()
                // The broker gives a silent peer up after two heartbeats.
                try await Task.sleep(for: .seconds(9))
                held.acknowledge()
                try await bus.publish(events.next(1, in: [1]))
                let next = try await reader.next()
                #expect(next.events.map(\.envelope.position) == [2])
                await reader.cancel()
            }
            #expect(bus.counters.reconnects == 0)
        }
    }

    @Test func garbageGoesToTheDeadLettersAndTheRestFlows() async throws {
        let options = TestBroker.options()
        let log = LogLines()
        try await TestBroker.with(options, logger: log.logger) { bus in
            var events = BusEvents()
            let raw = try RawBroker(url: TestBroker.url())
            let queue = RawBroker.queue(options, "a", 3)
            try await bus.publish(events.next(2, in: [3]))
            try raw.publish("rubbish", to: queue)
            try await bus.publish(events.next(2, in: [3]))
            for number in 0..<30 { try raw.publish("rubbish \(number)", to: queue) }
            try await bus.publish(events.next(250, in: [3]))
            let found = try await within { [positions] in
                var reader = BusReader(bus)
                let found = try await reader.take(254)
                await reader.cancel()
                return positions(found)
            }
            #expect(found == Array(1...254))
            let dead = options.prefix + ".dead"
            try await eventually("the dead letters arrive") { try raw.count(dead) == 31 }
            #expect(try raw.get(dead)?.body == Array("rubbish".utf8))
            #expect(bus.counters.dead == 31)
            #expect(bus.counters.delivered == 254)
            let lines = log.all.filter { $0.hasPrefix("error") }
            #expect(lines.count == 31)
            #expect(lines.allSatisfy { $0.contains(queue) && $0.contains("no headers") && !$0.contains("rubbish") })
            try await eventually("nothing is left") { try raw.count(queue) == 0 }
        }
    }

    @Test func aDeletedQueueComesBack() async throws {
        let options = TestBroker.options()
        try await TestBroker.with(options) { bus in
            var events = BusEvents()
            let before = events.next(5, in: [2])
            try await bus.publish(before)
            try await within {
                var reader = BusReader(bus)
                #expect(try await reader.take(5) == before)
                try RawBroker(url: TestBroker.url()).remove(options)
                try await eventually("the consumer declares its queues again") {
                    // A queue that is not there closes the channel it was asked on.
                    (try? RawBroker(url: TestBroker.url()).count(RawBroker.queue(options, "a", 15))) != nil
                }
                await reader.cancel()
            }
        }
    }

    @Test func aWrongGroupEndsAtOnce() async throws {
        let bus = try RabbitMQBus(url: TestBroker.url(), options: TestBroker.options(), logger: .silent)
        let count = try await within {
            var count = 0
            for await _ in bus.batches(group: "no such name") { count += 1 }
            return count
        }
        #expect(count == 0)
    }

    @Test func aStreamThatIsDroppedEndsItsThread() async throws {
        let name = "t\(UInt32.random(in: 0...9_999_999))"
        let options = TestBroker.options(groups: [name])
        try await TestBroker.with(options) { bus in
            func threads() throws -> Int {
                try FileManager.default.contentsOfDirectory(atPath: "/proc/self/task").count { task in
                    (try? String(contentsOfFile: "/proc/self/task/\(task)/comm", encoding: .utf8)) == "bus-\(name)\n"
                }
            }
            do {
                let stream = bus.batches(group: name)
                try await eventually("the thread runs") { try threads() == 1 }
                withExtendedLifetime(stream) {}
            }
            try await eventually("the thread ends") { try threads() == 0 }
        }
    }
}

/// Answers of calls, in the order they came.
final class Failures: Sendable {
    private let state = Mutex<(answers: Int, reasons: [String])>((0, []))
    var answers: Int { state.withLock { $0.answers } }
    var reasons: [String] { state.withLock { $0.reasons } }
    func note(_ result: Result<Void, EventBusError>) {
        state.withLock { state in
            state.answers += 1
            if case .failure(let error) = result { state.reasons.append(error.description) }
        }
    }
}
