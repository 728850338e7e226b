import Domain

/// A plausible fuel flow by size of aircraft and phase. Rounded figures of the order that manufacturers publish for the
/// groups; a recording holds none.
struct FuelModel: Sendable {
    /// Pounds an hour.
    let taxi: Double
    let climb: Double
    let cruise: Double
    let descent: Double

    static func of(_ type: String?) -> FuelModel {
        let type = type?.uppercased() ?? ""
        func begins(_ prefixes: String...) -> Bool { prefixes.contains { type.hasPrefix($0) } }
        if begins("A38", "B74", "A34", "B77", "A35", "MD11", "DC10", "A124") {
            return FuelModel(taxi: 4400, climb: 34_000, cruise: 19_000, descent: 6600)
        }
        if begins("A30", "A31", "A33", "B76", "B78") {
            return FuelModel(taxi: 2900, climb: 21_000, cruise: 12_000, descent: 4400)
        }
        if begins("AT4", "AT7", "DH8", "SF34", "JS", "D328") {
            return FuelModel(taxi: 440, climb: 2600, cruise: 1700, descent: 900)
        }
        if begins("E1", "E75", "CRJ", "F70", "F100", "RJ", "B46") {
            return FuelModel(taxi: 900, climb: 6600, cruise: 3700, descent: 1500)
        }
        if begins("C1", "C2", "P28", "PA", "DA", "SR", "BE", "PC", "TBM") {
            return FuelModel(taxi: 20, climb: 130, cruise: 85, descent: 60)
        }
        return FuelModel(taxi: 1500, climb: 10_500, cruise: 5300, descent: 2200)
    }

    private func flow(_ phase: SmartCARSPhase) -> Double {
        switch phase {
        case .boarding, .deboarding: 0
        case .pushBack, .taxi, .landed, .taxiToGate: taxi
        case .takeOff, .climbOut, .climb, .goAround: climb
        case .cruise: cruise
        case .descent: descent
        case .approach, .final: (descent + cruise) / 2
        }
    }

    /// Fuel burnt up to each sample.
    func burnt(_ samples: [FlightProfile.Sample]) -> [Pounds] {
        var total = 0.0
        var burnt = samples.isEmpty ? [] : [Pounds(0)]
        for (a, b) in zip(samples, samples.dropFirst()) {
            total += flow(a.phase) * max(0, (b.time - a.time).seconds) / 3600
            burnt.append(Pounds((total * 10).rounded() / 10))
        }
        return burnt
    }

    /// Fuel burnt from block to block.
    func burn(_ samples: [FlightProfile.Sample]) -> Pounds { burnt(samples).last ?? Pounds(0) }

    /// Fuel at the stand before the flight: burn, five percent, three quarters of an hour.
    func block(burn: Pounds) -> Pounds { Pounds(((burn.rawValue * 1.05 + cruise * 0.75) / 100).rounded(.up) * 100) }
}
