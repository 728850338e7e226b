public import Domain

/// Any event of any aggregate, as projections and processes see it.
public enum DomainEvent: Hashable, Sendable {
    case tenant(TenantEvent)
    case user(UserEvent)
    case apiKey(ApiKeyEvent)
    case aircraft(AircraftEvent)
    case schedule(ScheduleEvent)
    case booking(BookingEvent)
    case flight(FlightEvent)
    case pirep(PIREPEvent)
}
