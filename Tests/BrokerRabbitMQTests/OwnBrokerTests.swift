import BrokerRabbitMQ
import Domain
import Foundation
import Logging
import TestSupport
import Testing

/// What can only be shown with a broker that nobody else uses.
@Suite(.serialized, .ownBroker) struct OwnBrokerTests {
    @Test func nothingIsLostWhenTheBrokerIsKilled() async throws {
        let broker = try OwnBroker.require()
        var options = TestBroker.options()
        options.publishTimeout = .seconds(2)
        let bus = try RabbitMQBus(url: broker.url, options: options, logger: .silent)
        try await bus.check()
        // RabbitMQ writes the list of its quorum queues half a second late. A queue that it loses with it stays without
        // a leader for ever; that is the broker's affair and not what is tested here.
        try await Task.sleep(for: .seconds(2))
        try await within(400) {
            var events = BusEvents()
            let sent = events.next(20_000)
            let publishing = Task {
                // As the relay does: what was not confirmed is published again, from the same place.
                var repeats = 0
                for start in stride(from: 0, to: sent.count, by: 100) {
                    try await eventually("\(start + 100) are confirmed") {
                        do { try await bus.publish(Array(sent[start..<start + 100])) } catch {
                            repeats += 1
                            return false
                        }
                        return true
                    }
                }
                return repeats
            }
            let killing = Task {
                for confirmed in [3000, 9000] {
                    try await eventually("\(confirmed) confirmed") { bus.counters.confirmed > confirmed }
                    try await broker.kill()
                    try await broker.restart()
                }
            }
            var reader = BusReader(bus)
            var seen = [Int64](repeating: 0, count: Partitions.count)
            var ids: [Int64: UUID] = [:]
            while ids.count < sent.count {
                let batch = try await reader.next()
                for event in batch.events {
                    let position = event.envelope.position
                    #expect(ids[position] == nil || ids[position] == event.envelope.id)
                    ids[position] = event.envelope.id
                    // Repeats and events of the past may come; nothing may be left out.
                    if position > seen[batch.partition] {
                        #expect(event.previous == seen[batch.partition])
                        seen[batch.partition] = position
                    }
                }
                batch.acknowledge()
            }
            try await killing.value
            #expect(try await publishing.value > 0, "the broker was killed while something was published")
            await reader.cancel()
        }
        #expect(bus.counters.reconnects >= 4, "two kills, two connections")
        bus.close()
    }

    @Test func waitsWhileTheBrokerIsBlockedAndSaysSo() async throws {
        let broker = try OwnBroker.require()
        var options = TestBroker.options()
        options.publishTimeout = .seconds(5)
        let bus = try RabbitMQBus(url: broker.url, options: options, logger: .silent)
        var events = BusEvents()
        try await publishUntilConfirmed(events.next(10), on: bus)
        let reconnects = bus.counters.reconnects
        try await broker.control("set_vm_memory_high_watermark", "absolute", "1000000")
        // The broker blocks a connection only when something is published on it.
        try await eventually("the broker blocks") {
            do { try await bus.publish(events.next(1)) } catch {}
            if case .blocked = bus.state { return true }
            return false
        }
        let published = bus.counters.published
        let start = ContinuousClock.now
        let late = events.next(30)
        let error = await #expect(throws: EventBusError.self) { try await bus.publish(late) }
        #expect(ContinuousClock.now - start < .seconds(50))
        #expect(error?.description.contains("blocked") == true)
        #expect(bus.counters.published == published, "nothing is sent to a broker that asked to wait")
        try await broker.control("set_vm_memory_high_watermark", "0.4")
        try await eventually("the broker takes events again") { bus.state == .connected }
        try await bus.publish(late)
        #expect(bus.counters.reconnects == reconnects)
        bus.close()
    }

    @Test func speaksTLSWithTheRightBrokerOnly() async throws {
        let broker = try OwnBroker.require()
        let place = broker.folder
        for authority in ["ca", "other"] {
            _ = try await OwnBroker.run([
                "openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", "\(place)/\(authority).key",
                "-out", "\(place)/\(authority).pem", "-days", "2", "-subj", "/CN=Albatross test \(authority)",
                "-addext", "basicConstraints=critical,CA:TRUE", "-addext", "keyUsage=keyCertSign",
            ])
        }
        _ = try await OwnBroker.run([
            "openssl", "req", "-newkey", "rsa:2048", "-nodes", "-keyout", "\(place)/server.key", "-out",
            "\(place)/server.csr", "-subj", "/CN=broker",
        ])
        try "subjectAltName=DNS:localhost,DNS:broker.example,IP:127.0.0.1\n"
            .write(toFile: "\(place)/server.ext", atomically: true, encoding: .utf8)
        _ = try await OwnBroker.run([
            "openssl", "x509", "-req", "-in", "\(place)/server.csr", "-CA", "\(place)/ca.pem", "-CAkey",
            "\(place)/ca.key", "-CAcreateserial", "-out", "\(place)/server.pem", "-days", "2", "-extfile",
            "\(place)/server.ext",
        ])
        let free = try FaultProxy(to: ("127.0.0.1", 1))
        let port = free.port
        free.stop()
        try await Task.sleep(for: .milliseconds(50))
        try await broker.control(
            "eval",
            """
            rabbit_networking:start_ssl_listener({"0.0.0.0", \(port)}, [{cacertfile, "\(place)/ca.pem"},
            {certfile, "\(place)/server.pem"}, {keyfile, "\(place)/server.key"}], 2).
            """)

        func bus(_ host: String, _ query: String) throws -> RabbitMQBus {
            try RabbitMQBus(
                url: "amqps://guest:guest@\(host):\(port)/?\(query)", options: TestBroker.options(), logger: .silent)
        }
        let ca = "cacertfile=\(place)/ca.pem"
        for (host, query) in [
            ("localhost", ca), ("127.0.0.1", ca), ("127.0.0.2", ca + "&server_name_indication=broker.example"),
            ("127.0.0.2", ca + "&server_name_indication=disable"), ("127.0.0.2", "verify=verify_none"),
        ] {
            let bus = try bus(host, query)
            try await bus.check()
            var events = BusEvents()
            let sent = events.next(2000) + [events.next(in: 3, size: 300_000)]
            try await bus.publish(sent)
            let found = try await within {
                var reader = BusReader(bus)
                let found = try await reader.take(sent.count)
                await reader.cancel()
                return found
            }
            #expect(Set(found) == Set(sent))
            bus.close()
        }
        for (host, query, reason) in [
            ("localhost", "cacertfile=\(place)/other.pem", "self-signed certificate"),
            ("localhost", "heartbeat=10", "self-signed certificate"),
            ("127.0.0.2", ca, "IP address mismatch"),
            ("localhost", ca + "&server_name_indication=elsewhere.example", "hostname mismatch"),
        ] {
            let error = await #expect(throws: EventBusError.self) { try await bus(host, query).check() }
            let line = error?.description ?? ""
            #expect(line.contains(reason), "\(line)")
            #expect(!line.contains("\n"))
        }
    }
}
