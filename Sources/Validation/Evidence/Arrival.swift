import Domain

/// Where the flight ended, against the plan.
enum Arrival {
    case planned(distance: Double)
    case diverted(to: Airport, Kind, distance: Double)
    case elsewhere(Airport, distance: Double)
    case offAirport(distance: Double)
    /// The track does not show it.
    case unseen
    case unknownAirport(ICAOLocation)
    case unplanned
    enum Kind: String {
        case alternate, declared
        case returned = "return-to-field"
    }
}

extension Evidence {
    var arrivalIndex: Int? { inBlock ?? on }
    func arrival(radius: Double) -> Arrival {
        guard let planned = planned.arrival else { return .unplanned }
        guard on != nil, let index = arrivalIndex else { return .unseen }
        guard let field = airports.airport(planned) else { return .unknownAirport(planned) }
        let position = points[index].position
        let distance = greatCircleDistance(from: position, to: field.position).rawValue
        if distance <= radius { return .planned(distance: distance) }
        let wanted = [diversion?.airport, self.planned.alternate, self.planned.departure]
        let kinds: [Arrival.Kind] = [.declared, .alternate, .returned]
        for (icao, kind) in zip(wanted, kinds) {
            guard let icao, let airport = match(index, radius: radius, planned: icao), airport.icao == icao else {
                continue
            }
            return .diverted(to: airport, kind, distance: distance)
        }
        guard let nearest = match(index, radius: radius, planned: nil) else { return .offAirport(distance: distance) }
        // Declared without naming the field.
        if let diversion, diversion.airport == nil { return .diverted(to: nearest, .declared, distance: distance) }
        return .elsewhere(nearest, distance: distance)
    }
}
