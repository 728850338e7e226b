import Domain
import StorePostgres
import TestSupport
import Testing

extension PostgresTests {
    @Suite struct PostgresContractTests {
        @Test(
            .timeLimit(.minutes(3)), arguments: StoreContract.all,
            [subject("PostgreSQL", prepares: true), subject("PostgreSQL without prepared statements", prepares: false)])
        func keepsThePromise(_ check: StoreCheck, _ subject: StoreSubject) async throws {
            try await check.run(on: subject)
        }

        static func subject(_ name: String, prepares: Bool) -> StoreSubject {
            let places = Shared<[String: TestDatabase]>([:])
            return StoreSubject(name, quarantineLimit: 20, sampleLimit: 5) { place, clock in
                var options = TestDatabase.options
                options.quarantineLimit = 20
                options.sampleLimit = 5
                options.preparesStatements = prepares
                if let known = places.value[place] { return try await known.open(options, now: clock.read) }
                let database = try await TestDatabase()
                places.change { $0[place] = database }
                return try await database.open(options, now: clock.read)
            } close: { store in
                if let store = store as? PostgresStore { await store.close() }
            } elapse: { _, span in
                // Leases run on the server's clock, which no test can turn.
                try await Task.sleep(for: .milliseconds(span.rawValue))
            }
        }
    }
}
