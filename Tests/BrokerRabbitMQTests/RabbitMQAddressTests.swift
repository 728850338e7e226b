import Foundation
import Logging
import Testing

@testable import BrokerRabbitMQ

@Suite struct RabbitMQAddressTests {
    @Test func readsEveryPart() throws {
        let address = try RabbitMQAddress(
            "amqp://us%65r:p%40ss%3a@broker.example:5673/a%2fb?heartbeat=7&connection_timeout=1500")
        #expect(address.host == "broker.example")
        #expect(address.port == 5673)
        #expect(address.user == "user")
        #expect(address.password == "p@ss:")
        #expect(address.virtualHost == "a/b")
        #expect(address.heartbeat == 7)
        #expect(address.connectionTimeout == 1500)
        #expect(address.tls == nil)
    }

    @Test(arguments: [
        ("amqp://host", "host", 5672, "/"), ("AMQP://host/", "host", 5672, "/"), ("amqps://host/v", "host", 5671, "v"),
        ("amqp://[::1]:99/%2f", "::1", 99, "/"), ("amqp://[fe80::2]", "fe80::2", 5672, "/"),
        ("amqp://user@host", "host", 5672, "/"),
    ])
    func fillsInWhatIsLeftOut(_ url: String, _ host: String, _ port: Int, _ virtualHost: String) throws {
        let address = try RabbitMQAddress(url)
        #expect(address.host == host)
        #expect(address.port == port)
        #expect(address.virtualHost == virtualHost)
        #expect((address.tls != nil) == url.hasPrefix("amqps"))
    }

    @Test func checksCertificateAndHostUnlessToldOtherwise() throws {
        let usual = try #require(try RabbitMQAddress("amqps://host").tls)
        #expect(usual.verifiesPeer)
        #expect(usual.serverName == "host")
        #expect(usual.authorities == nil)
        let other = try #require(
            try RabbitMQAddress("amqps://host?server_name_indication=inner.example&cacertfile=%2fetc%2fpasswd").tls)
        #expect(other.serverName == "inner.example")
        #expect(other.authorities == "/etc/passwd")
        let none = try #require(
            try RabbitMQAddress("amqps://host?verify=verify_none&server_name_indication=disable").tls)
        #expect(!none.verifiesPeer)
        #expect(none.serverName == nil)
    }

    @Test(arguments: [
        "", "host:5672", "http://host", "amqp://", "amqp:///vhost", "amqp://host:0", "amqp://host:65536",
        "amqp://host:x", "amqp://host:", "amqp://[::1", "amqp://[::1]x", "amqp://host/a/b", "amqp://host/%2",
        "amqp://host/%zz", "amqp://host/%00", "amqp://secret:secret%@host", "amqp://host?colour=red",
        "amqp://host?heartbeat=0", "amqp://host?heartbeat", "amqp://host?verify=verify_none",
        "amqps://host?verify=perhaps", "amqps://host?cacertfile=/nowhere/ca.pem", "amqps://host?certfile=/etc/passwd",
        "amqp://host/%ff",
    ])
    func refusesWithOneLine(_ url: String) {
        #expect {
            _ = try RabbitMQAddress(url)
        } throws: { error in
            guard let error = error as? RabbitMQAddressError else { return false }
            return !error.description.isEmpty && !error.description.contains("\n")
                && !error.description.contains("secret")
        }
    }

    @Test(arguments: ["", "with space", "ümlaut", "a/b", String(repeating: "x", count: 65)])
    func refusesNamesThatCannotBePartOfAQueue(_ name: String) {
        var options = RabbitMQBus.Options()
        options.groups = ["fine", name]
        #expect(throws: RabbitMQAddressError.self) {
            try RabbitMQBus(url: "amqp://host", options: options, logger: .silent)
        }
        options.groups = []
        options.prefix = name
        #expect(throws: RabbitMQAddressError.self) {
            try RabbitMQBus(url: "amqp://host", options: options, logger: .silent)
        }
    }
}

@Suite struct BackoffTests {
    @Test func doublesWithJitterUpToTheLongest() {
        var backoff = Backoff(.milliseconds(100) ... .seconds(5))
        var generator = SystemRandomNumberGenerator()
        var bound = Duration.milliseconds(100)
        var pauses: Set<Duration> = []
        for attempt in 0..<50 {
            let pause = backoff.next(using: &generator)
            #expect(pause <= bound)
            #expect(pause >= max(.milliseconds(100), bound / 2))
            if attempt > 10 { pauses.insert(pause) }
            bound = min(bound * 2, .seconds(5))
        }
        #expect(pauses.count > 10, "without jitter all clients come back at once")
        backoff.reset()
        #expect(backoff.next(using: &generator) == .milliseconds(100))
    }
}
