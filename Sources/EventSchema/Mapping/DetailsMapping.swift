internal import Domain
internal import SwiftProtobuf

extension ProtoNamedText {
    /// Sorted, so that one value always gives the same bytes.
    static func list(_ values: [String: String]) -> [ProtoNamedText] {
        values.sorted { $0.key.utf8.lexicographicallyPrecedes($1.key.utf8) }.map { pair in
            ProtoNamedText.with {
                $0.name = pair.key
                $0.value = pair.value
            }
        }
    }
}

extension [ProtoNamedText] {
    func values(_ field: @autoclosure () -> String) throws(FieldError) -> [String: String] {
        var values: [String: String] = [:]
        for pair in self {
            guard values.updateValue(pair.value, forKey: pair.name) == nil else { throw FieldError(field()) }
        }
        return values
    }
}

extension ProtoFlightDetails {
    init(_ details: FlightDetails) {
        self.init()
        if let value = details.airline { airline = value }
        if let value = details.flightNumber { flightNumber = value }
        if let value = details.routeCode { routeCode = value }
        if let value = details.routeLeg { routeLeg = value }
        if let value = details.flightType { flightType = value }
        if let value = details.departure { departure = value.code }
        if let value = details.arrival { arrival = value.code }
        if let value = details.alternate { alternate = value.code }
        if let value = details.aircraft { aircraft = Int64(value) }
        if let value = details.aircraftText { aircraftText = value }
        if let value = details.level { level = Int64(value) }
        if let value = details.route { route = value }
        if let value = details.notes { notes = value }
        if let value = details.client { client = value }
        if let value = details.status { status = value }
        if let value = details.network { network = value }
        if let value = details.flightRules { flightRules = value }
        if let value = details.plannedDistance { plannedDistanceNm = value.rawValue }
        if let value = details.distance { distanceNm = value.rawValue }
        if let value = details.plannedTime { plannedTimeMin = Int64(value.rawValue) }
        if let value = details.flightTime { flightTimeMin = Int64(value.rawValue) }
        if let value = details.blockTime { blockTimeMin = Int64(value.rawValue) }
        if let value = details.blockFuel { blockFuelKg = value.rawValue }
        if let value = details.fuelUsed { fuelUsedKg = value.rawValue }
        if let value = details.zeroFuelWeight { zeroFuelWeightKg = value.rawValue }
        if let value = details.passengers { passengers = Int64(value) }
        if let value = details.cargo { cargoKg = value.rawValue }
        if let value = details.landingRate { landingRateFpm = value.rawValue }
        if let value = details.score { score = Int64(value) }
        if let value = details.out { outMs = value.milliseconds }
        if let value = details.off { offMs = value.milliseconds }
        if let value = details.on { onMs = value.milliseconds }
        if let value = details.inBlock { inMs = value.milliseconds }
        if let value = details.start { start = ProtoPosition(value) }
        if let value = details.stop { stop = ProtoPosition(value) }
        if let value = details.crashed { crashed = value }
        if !details.fields.isEmpty { fields = ProtoNamedText.list(details.fields) }
        if let value = details.fares {
            fares.fares = value.map { fare in
                ProtoFlightDetails.Fare.with {
                    $0.id = fare.id
                    $0.count = fare.count
                }
            }
        }
        if let value = details.waypoints { waypoints.points = value.map(ProtoFlightDetails.Waypoint.init) }
        if !details.asSent.isEmpty { asSent = ProtoNamedText.list(details.asSent) }
    }

    func value() throws(FieldError) -> FlightDetails {
        var details = FlightDetails()
        if hasAirline { details.airline = airline }
        if hasFlightNumber { details.flightNumber = flightNumber }
        if hasRouteCode { details.routeCode = routeCode }
        if hasRouteLeg { details.routeLeg = routeLeg }
        if hasFlightType { details.flightType = flightType }
        if hasDeparture { details.departure = try ICAOLocation(departure, "FlightDetails.departure") }
        if hasArrival { details.arrival = try ICAOLocation(arrival, "FlightDetails.arrival") }
        if hasAlternate { details.alternate = try ICAOLocation(alternate, "FlightDetails.alternate") }
        if hasAircraft { details.aircraft = Int(aircraft) }
        if hasAircraftText { details.aircraftText = aircraftText }
        if hasLevel { details.level = Int(level) }
        if hasRoute { details.route = route }
        if hasNotes { details.notes = notes }
        if hasClient { details.client = client }
        if hasStatus { details.status = status }
        if hasNetwork { details.network = network }
        if hasFlightRules { details.flightRules = flightRules }
        details.plannedDistance = NauticalMiles(plannedDistanceNm, if: hasPlannedDistanceNm)
        details.distance = NauticalMiles(distanceNm, if: hasDistanceNm)
        details.plannedTime = Minutes(plannedTimeMin, if: hasPlannedTimeMin)
        details.flightTime = Minutes(flightTimeMin, if: hasFlightTimeMin)
        details.blockTime = Minutes(blockTimeMin, if: hasBlockTimeMin)
        details.blockFuel = Kilograms(blockFuelKg, if: hasBlockFuelKg)
        details.fuelUsed = Kilograms(fuelUsedKg, if: hasFuelUsedKg)
        details.zeroFuelWeight = Kilograms(zeroFuelWeightKg, if: hasZeroFuelWeightKg)
        if hasPassengers { details.passengers = Int(passengers) }
        details.cargo = Kilograms(cargoKg, if: hasCargoKg)
        details.landingRate = FeetPerMinute(landingRateFpm, if: hasLandingRateFpm)
        if hasScore { details.score = Int(score) }
        details.out = Timestamp(outMs, if: hasOutMs)
        details.off = Timestamp(offMs, if: hasOffMs)
        details.on = Timestamp(onMs, if: hasOnMs)
        details.inBlock = Timestamp(inMs, if: hasInMs)
        if hasStart { details.start = try start.value("FlightDetails.start") }
        if hasStop { details.stop = try stop.value("FlightDetails.stop") }
        if hasCrashed { details.crashed = crashed }
        details.fields = try fields.values("FlightDetails.fields")
        if hasFares { details.fares = fares.fares.map { FlightDetails.Fare(id: $0.id, count: $0.count) } }
        if hasWaypoints {
            var points: [FlightDetails.Waypoint] = []
            for point in waypoints.points { points.append(try point.value()) }
            details.waypoints = points
        }
        details.asSent = try asSent.values("FlightDetails.as_sent")
        return details
    }
}

extension ProtoFlightDetails.Waypoint {
    init(_ waypoint: FlightDetails.Waypoint) {
        self.init()
        if let value = waypoint.id { id = value }
        name = waypoint.name
        order = Int64(waypoint.order)
        position = ProtoPosition(waypoint.position)
        if let value = waypoint.kind { kind = Int64(value) }
    }
    func value() throws(FieldError) -> FlightDetails.Waypoint {
        FlightDetails.Waypoint(
            id: hasID ? id : nil, name: name, order: Int(order),
            position: try position.value("FlightDetails.Waypoint.position"), kind: hasKind ? Int(kind) : nil
        )
    }
}
