import BrokerRabbitMQ
import Logging
import TestSupport
import Testing

@Suite struct BusContractTests {
    @Test(arguments: BusContract.all)
    func memoryKeepsThePromise(_ check: BusCheck) async throws {
        try await check.run(
            on: BusSubject("memory") {
                MemoryBus(groups: $0)
            } close: { _ in
            })
    }

    @Test(.serialized, arguments: BusContract.all)
    func rabbitMQKeepsThePromise(_ check: BusCheck) async throws {
        let url = try TestBroker.url()
        let options = TestBroker.options(groups: check.groups)
        try await check.run(
            on: BusSubject("RabbitMQ") { _ in
                let bus = try RabbitMQBus(url: url, options: options, logger: .silent)
                try await bus.check()
                return bus
            } close: { bus in
                if let bus = bus as? RabbitMQBus { bus.close() }
                try RawBroker(url: url).remove(options)
            })
    }
}
