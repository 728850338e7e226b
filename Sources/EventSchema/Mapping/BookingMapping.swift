internal import Domain
internal import SwiftProtobuf

extension ProtoBookingMade: EventMessage {
    static let eventType = "booking.made"
    func event() throws(FieldError) -> DomainEvent {
        guard hasDetails else { throw FieldError("BookingMade.details") }
        return .booking(.made(try details.value()))
    }
}

extension ProtoBookingAircraftChanged: EventMessage {
    static let eventType = "booking.aircraft-changed"
    func event() -> DomainEvent { .booking(.aircraftChanged(Int(aircraft))) }
}

extension ProtoBookingCancelled: EventMessage {
    static let eventType = "booking.cancelled"
    func event() -> DomainEvent { .booking(.cancelled) }
}

extension ProtoBookingClosed: EventMessage {
    static let eventType = "booking.closed"
    func event() throws(FieldError) -> DomainEvent {
        .booking(.closed(by: try FlightID(flight, "BookingClosed.flight")))
    }
}

extension ProtoBookingDetails {
    init(_ details: BookingDetails) {
        self.init()
        id = details.id.data
        number = Int64(details.number)
        user = details.user.data
        schedule = details.schedule.data
        if let value = details.aircraft { aircraft = Int64(value) }
        madeAtMs = details.madeAt.milliseconds
    }
    func value() throws(FieldError) -> BookingDetails {
        BookingDetails(
            id: try BookingID(id, "BookingDetails.id"), number: Int(number),
            user: try UserID(user, "BookingDetails.user"),
            schedule: try ScheduleID(schedule, "BookingDetails.schedule"), aircraft: hasAircraft ? Int(aircraft) : nil,
            madeAt: Timestamp(milliseconds: madeAtMs)
        )
    }
}
