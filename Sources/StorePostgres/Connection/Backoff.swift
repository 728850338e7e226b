/// Pauses between tries to connect: twice as long each time up to 5 s, less a random part, so that the processes of a
/// fleet do not come back in step.
struct Backoff {
    private var failures = 0

    mutating func reset() { failures = 0 }

    mutating func next() -> Duration {
        let longest = Duration.milliseconds(min(5000, 100 << min(failures, 6)))
        failures += 1
        return longest * Double.random(in: 0.5...1)
    }
}
