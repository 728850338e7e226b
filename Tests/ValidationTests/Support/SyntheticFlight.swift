import Domain
import Foundation

/// A gate-to-gate flight by numbers, LFPG to LFBO, every field filled in: parked, taxi, take-off run, a climb and a
/// descent at 1800 fpm with a level part between them, a flare, taxi, parked.
struct SyntheticFlight {
    static let start = Timestamp("2026-01-02T08:00:00Z")
    /// Seconds from OFF to ON.
    var airborne = 3720.0
    var interval = 1.0
    /// kg at OUT; burns 4000 kg in all.
    var fuel = 6400.0
    /// Last 5 s before contact, fpm.
    var sink = 180.0

    private static let parked = 120.0
    private static let taxiOut = 480.0
    private static let roll = 35.0
    private static let taxiIn = 300.0
    private static let from = (latitude: 49.009722, longitude: 2.547778, elevation: 392.0)
    private static let to = (latitude: 43.635, longitude: 1.367778, elevation: 499.0)

    static let out = start + .seconds(parked)
    var off: Timestamp { Self.start + .seconds(Self.parked + Self.taxiOut + Self.roll) }
    var on: Timestamp { off + .seconds(airborne) }
    var inBlock: Timestamp { on + .seconds(Self.roll + Self.taxiIn) }

    /// The samples, by second of event time.
    var samples: [PositionSample] {
        let offAt = Self.parked + Self.taxiOut + Self.roll
        let onAt = offAt + airborne
        let inAt = onAt + Self.roll + Self.taxiIn
        let end = inAt + Self.parked
        // Knots by time; the cruise speed makes the distance fit.
        func shape(_ t: Double, _ cruise: Double) -> Double {
            func ramp(_ a: Double, _ b: Double, _ x: Double) -> Double { a + (b - a) * min(1, max(0, x)) }
            if t < Self.parked || t >= inAt { return 0 }
            if t < Self.parked + Self.taxiOut { return 15 }
            if t < offAt { return ramp(15, 140, (t - Self.parked - Self.taxiOut) / Self.roll) }
            if t < onAt {
                let climb = ramp(140, cruise, (t - offAt) / 600)
                let descent = ramp(135, cruise, (onAt - t) / 900)
                return min(climb, descent)
            }
            if t < onAt + Self.roll { return ramp(135, 15, (t - onAt) / Self.roll) }
            return 15
        }
        let total = 326.38
        let steps = Int(end)
        func length(_ cruise: Double) -> Double {
            (0..<steps).reduce(0) { $0 + shape(Double($1) + 0.5, cruise) / 3600 }
        }
        var (low, high) = (100.0, 2000.0)
        for _ in 0..<40 {
            let middle = (low + high) / 2
            if length(middle) < total { low = middle } else { high = middle }
        }
        var path = [0.0]
        for step in 0..<steps { path.append((path.last ?? 0) + shape(Double(step) + 0.5, low) / 3600) }
        let flown = path.last ?? 1
        var samples: [PositionSample] = []
        var t = 0.0
        while t <= end {
            let index = min(steps, Int(t))
            let share = path[index] / flown
            let latitude = Self.from.latitude + (Self.to.latitude - Self.from.latitude) * share
            let longitude = Self.from.longitude + (Self.to.longitude - Self.from.longitude) * share
            guard let position = Position(latitude: latitude, longitude: longitude) else { break }
            let time = Self.start + .seconds(t)
            var sample = PositionSample(eventTime: time, receivedAt: time, position: position)
            sample.clientTime = time
            let isAirborne = t >= offAt && t < onAt
            let climbed = (t - offAt) * 30
            let left = onAt - t
            let flare = left <= 5 ? left * sink / 60 : 5 * sink / 60 + (left - 5) * 12
            let descended = left <= 30 ? flare : 5 * sink / 60 + 25 * 12 + (left - 30) * 30
            let height = isAirborne ? max(1, min(36_000, climbed + 1, descended)) : 0
            let elevation = t < (offAt + onAt) / 2 ? Self.from.elevation : Self.to.elevation
            sample.heightAGL = Feet(height)
            sample.altitudeMSL = Feet(height + elevation)
            sample.groundSpeed = Knots(shape(t, low))
            sample.indicatedAirspeed = Knots(min(shape(t, low), height < 10_500 ? 240 : 290))
            sample.onGround = !isAirborne
            sample.heading = Degrees(188)
            sample.fuel = Kilograms(fuel - 4000 * t / end)
            sample.simulationRate = 1
            sample.parkingBrake = t < Self.parked - 20 || t >= inAt
            sample.enginesRunning = t >= 60 && t < inAt + 30
            samples.append(sample)
            t += interval
        }
        return samples
    }

    /// The whole flight as an ordinary report.
    var flight: Case { Case(samples) }
}

extension [PositionSample] {
    /// Changes the samples of a stretch of event time.
    func changing(
        from: Timestamp, to: Timestamp, _ change: (inout PositionSample) -> Void
    ) -> [PositionSample] {
        map { sample in
            var sample = sample
            if sample.eventTime >= from, sample.eventTime <= to { change(&sample) }
            return sample
        }
    }
    /// Removes what lies strictly between two times.
    func cutting(from: Timestamp, to: Timestamp) -> [PositionSample] {
        filter { $0.eventTime <= from || $0.eventTime >= to }
    }
    func thinned(to interval: Milliseconds) -> [PositionSample] {
        var last: Timestamp?
        return filter { sample in
            if let last, sample.eventTime - last < interval { return false }
            last = sample.eventTime
            return true
        }
    }
}
