internal import Domain
internal import SwiftProtobuf

extension ProtoSchedulePublished: EventMessage {
    static let eventType = "schedule.published"
    func event() throws(FieldError) -> DomainEvent {
        guard hasDetails else { throw FieldError("SchedulePublished.details") }
        return .schedule(.published(try details.value()))
    }
}

extension ProtoScheduleUpdated: EventMessage {
    static let eventType = "schedule.updated"
    func event() throws(FieldError) -> DomainEvent {
        guard hasDetails else { throw FieldError("ScheduleUpdated.details") }
        return .schedule(.updated(try details.value()))
    }
}

extension ProtoScheduleWithdrawn: EventMessage {
    static let eventType = "schedule.withdrawn"
    func event() -> DomainEvent { .schedule(.withdrawn) }
}

extension ProtoScheduleDetails {
    init(_ details: ScheduleDetails) {
        self.init()
        id = details.id.data
        number = Int64(details.number)
        airline = details.airline
        flightNumber = details.flightNumber
        departure = details.departure.code
        arrival = details.arrival.code
        if let value = details.alternate { alternate = value.code }
        route = details.route
        level = Int64(details.level)
        distanceNm = details.distance.rawValue
        if let value = details.departureTime { departureTime = value }
        if let value = details.arrivalTime { arrivalTime = value }
        flightTimeMin = Int64(details.flightTime.rawValue)
        days = Int64(details.days)
        flightType = details.flightType
        notes = details.notes
        aircraft = details.aircraft.map(Int64.init)
        subfleets = details.subfleets
        if let value = details.charterOf { charterOf = value.data }
        active = details.isActive
    }
    func value() throws(FieldError) -> ScheduleDetails {
        ScheduleDetails(
            id: try ScheduleID(id, "ScheduleDetails.id"), number: Int(number), airline: airline,
            flightNumber: flightNumber, departure: try ICAOLocation(departure, "ScheduleDetails.departure"),
            arrival: try ICAOLocation(arrival, "ScheduleDetails.arrival"),
            alternate: hasAlternate ? try ICAOLocation(alternate, "ScheduleDetails.alternate") : nil, route: route,
            level: Int(level), distance: NauticalMiles(rawValue: distanceNm),
            departureTime: hasDepartureTime ? departureTime : nil, arrivalTime: hasArrivalTime ? arrivalTime : nil,
            flightTime: Minutes(Int(flightTimeMin)), days: Int(days), flightType: flightType, notes: notes,
            aircraft: aircraft.map { Int($0) }, subfleets: subfleets,
            charterOf: hasCharterOf ? try UserID(charterOf, "ScheduleDetails.charter_of") : nil, isActive: active
        )
    }
}
