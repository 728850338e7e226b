import Testing

@testable import Server

@Suite struct ProfileThinningTests {
    @Test func keepsAllWhenTheyAreFew() {
        #expect(ProfileThinning.indices(count: 5, limit: 10, series: [{ Double($0) }]) == [0, 1, 2, 3, 4])
        #expect(ProfileThinning.indices(count: 0, limit: 10, series: []).isEmpty)
    }

    @Test(arguments: [10, 50, 100, 4000]) func neverLosesAPeak(_ limit: Int) {
        let count = 43_200
        let series: [(Int) -> Double?] = [
            { $0 == 20_011 ? 9999 : Double($0 % 7) }, { $0 == 31_337 ? -5000 : nil }, { $0 == 3 ? 77 : 1 },
        ]
        let chosen = ProfileThinning.indices(count: count, limit: limit, series: series)
        #expect(chosen.contains(20_011) && chosen.contains(31_337) && chosen.contains(3))
        #expect(chosen.first == 0 && chosen.last == count - 1)
        #expect(chosen == Set(chosen).sorted())
        #expect(chosen.count <= max(limit, 8))
    }
}
