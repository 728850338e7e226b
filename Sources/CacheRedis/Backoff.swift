/// How long to wait before the next try to connect: from 50 ms to the longest, doubled each time, and a fifth more or
/// less so that many gateways do not come at once.
struct Backoff {
    private var current: Duration = .milliseconds(50)
    let longest: Duration

    init(longest: Duration) { self.longest = longest }

    mutating func next() -> Duration {
        defer { current = min(current * 2, longest) }
        return min(current, longest) * Double.random(in: 0.8...1.2)
    }

    mutating func reset() { current = .milliseconds(50) }
}
