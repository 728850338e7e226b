/// How long to wait before the next attempt: doubling, with jitter, so that many clients of one broker do not come back
/// in the same instant.
struct Backoff {
    let range: ClosedRange<Duration>
    private var attempt = 0

    init(_ range: ClosedRange<Duration>) { self.range = range }

    /// Between half of the doubled time and all of it, never below the shortest or above the longest.
    mutating func next(using generator: inout some RandomNumberGenerator) -> Duration {
        var step = range.lowerBound
        for _ in 0..<attempt where step < range.upperBound { step *= 2 }
        attempt += 1
        step = min(step, range.upperBound)
        return max(range.lowerBound, step * Double.random(in: 0.5...1, using: &generator))
    }

    mutating func next() -> Duration {
        var generator = SystemRandomNumberGenerator()
        return next(using: &generator)
    }

    mutating func reset() { attempt = 0 }
}
