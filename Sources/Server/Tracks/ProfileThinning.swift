/// Chooses samples of a long flight for a chart, so that no peak vanishes.
enum ProfileThinning {
    /// - Parameters:
    ///   - count: Samples there are.
    ///   - limit: Samples wanted at most; 2 or more.
    ///   - series: Value of a series at an index; nil where it has none.
    /// - Returns: Ascending indices: all when they are few, else of every bucket of time the first sample and those with
    ///   the least and the greatest value of each series; the last sample is always there.
    static func indices(count: Int, limit: Int, series: [(Int) -> Double?]) -> [Int] {
        guard count > max(2, limit) else { return Array(0..<count) }
        let buckets = max(1, (limit - 1) / max(1, series.count * 2 + 1))
        var chosen: [Int] = []
        chosen.reserveCapacity(limit)
        for bucket in 0..<buckets {
            let start = bucket * count / buckets
            let end = (bucket + 1) * count / buckets
            var picks: Set<Int> = [start]
            for value in series {
                var least: (index: Int, value: Double)?
                var greatest: (index: Int, value: Double)?
                for index in start..<end {
                    guard let value = value(index) else { continue }
                    if least.map({ value < $0.value }) ?? true { least = (index, value) }
                    if greatest.map({ value > $0.value }) ?? true { greatest = (index, value) }
                }
                if let least { picks.insert(least.index) }
                if let greatest { picks.insert(greatest.index) }
            }
            chosen += picks.sorted()
        }
        if chosen.last != count - 1 { chosen.append(count - 1) }
        return chosen
    }
}
