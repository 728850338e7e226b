import Domain
import StorePostgres
import TestSupport
import Testing

extension PostgresTests {
    /// M4: whatever clients do at once, each stream is one total order.
    @Suite struct PostgresHistoryTests {
        @Test(.timeLimit(.minutes(5))) func everyStreamIsOneOrder() async throws {
            let clock = ManualClock()
            let database = try await TestDatabase()
            let stores = [try await database.open(), try await database.open()]
            let run = HistoryRun(
                stores: stores, tenant: .make(at: clock.now), now: clock.now, steps: 200, seed: 0xA4)
            let summary = try await run.run()
            #expect(summary.contradictions == [])
            #expect(summary.appended > 1000 && summary.refused > 500 && summary.empty > 250, "\(summary)")
            for store in stores { await store.close() }
        }
    }
}
