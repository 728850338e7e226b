import Domain
import StoreSQLite
import TestSupport
import Testing

/// M4: whatever clients do at once, each stream is one total order.
@Suite struct HistoryTests {
    let folder = TemporaryFolder("histories")
    let clock = ManualClock()

    @Test(.timeLimit(.minutes(5))) func everyStreamOfAFolderIsOneOrder() async throws {
        // Two stores, as two processes would have the folder open.
        let stores = try (0..<2).map { _ in try SQLiteStore.open(directory: folder.path, now: clock.read) }
        try await check(stores)
        for store in stores { await store.close() }
    }

    @Test(.timeLimit(.minutes(5))) func everyStreamInMemoryIsOneOrder() async throws {
        try await check([MemoryStore(now: clock.read, quarantineLimit: 20)])
    }

    private func check(_ stores: [any EventStore]) async throws {
        let run = HistoryRun(
            stores: stores, tenant: .make(at: clock.now), now: clock.now, steps: 200, seed: 0xA4)
        let summary = try await run.run()
        #expect(summary.contradictions == [])
        #expect(summary.appended > 1000 && summary.refused > 500 && summary.empty > 250, "\(summary)")
    }
}
