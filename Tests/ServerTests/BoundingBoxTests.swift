import Testing

@testable import Server

@Suite struct BoundingBoxTests {
    @Test(arguments: [
        ([-10.0, 40, 10, 60], 50.0, 0.0, true),
        ([-10.0, 40, 10, 60], 50.0, 11.0, false),
        ([-10.0, 40, 10, 60], 61.0, 0.0, false),
        // Across the date line: west > east.
        ([170.0, -20, -170, 20], 0.0, 175.0, true),
        ([170.0, -20, -170, 20], 0.0, -175.0, true),
        ([170.0, -20, -170, 20], 0.0, 180.0, true),
        ([170.0, -20, -170, 20], 0.0, 0.0, false),
        ([170.0, -20, -170, 20], 0.0, 169.9, false),
        // A map that was turned on past the date line.
        ([170.0, -20, 190, 20], 0.0, -175.0, true),
        ([170.0, -20, 190, 20], 0.0, 165.0, false),
        ([-190.0, -20, -170, 20], 0.0, 175.0, true),
        // The whole way round.
        ([-200.0, -90, 200, 90], 10.0, 42.0, true),
        ([-180.0, -90, 180, 90], 90.0, 180.0, true),
    ]) func holdsWhatIsInside(_ values: [Double], _ latitude: Double, _ longitude: Double, _ isInside: Bool) throws {
        let box = try #require(BoundingBox(values))
        #expect(box.contains(latitude: latitude, longitude: longitude) == isInside)
    }

    @Test(arguments: [[], [1.0, 2, 3], [0, 10, 0, -10], [.nan, 0, 1, 1], [0, 0, .infinity, 1], [0, 0, 1, 1, 1]])
    func refusesWhatIsNone(_ values: [Double]) { #expect(BoundingBox(values) == nil) }
}
