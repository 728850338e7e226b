import Domain

extension PositionSample {
    /// The sample without values that no aircraft can have, so that no text makes a figure that breaks sums later.
    var plausible: PositionSample {
        func within<Value: Quantity>(_ value: Value?, _ range: ClosedRange<Double>) -> Value? {
            value.flatMap { range.contains($0.rawValue) ? $0 : nil }
        }
        var sample = self
        sample.altitudeMSL = within(altitudeMSL, -2000...100_000)
        sample.groundSpeed = within(groundSpeed, 0...2500)
        sample.indicatedAirspeed = within(indicatedAirspeed, 0...2500)
        sample.trueAirspeed = within(trueAirspeed, 0...2500)
        // What was worked out from a wrong airspeed is wrong too.
        if trueAirspeed != nil, sample.trueAirspeed == nil { sample.groundSpeed = sample.indicatedAirspeed }
        sample.windSpeed = within(windSpeed, 0...999)
        sample.fuel = within(fuel, 0...1_000_000)
        sample.outsideTemperature = outsideTemperature.flatMap { (-150...150).contains($0) ? $0 : nil }
        return sample
    }
}
